# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""A proxy that keeps the first answer of the gateway to itself and cuts the client's connection instead."""
import socket
import struct

from support.proxy import Proxy


class CuttingProxy(Proxy):
    """`requests` are the requests that came, in order, and `statuses` what the server answered; one for a connection.

    The first one's answer is not passed on: the client sees the end of the connection, or with `reset` a reset.
    """

    def __init__(self, gateway, reset=False):
        super().__init__(gateway)
        self.reset = reset
        self.requests, self.statuses = [], []
        self.endpoint = f"http://{self.authority}{gateway.path().rstrip('/')}"

    def forward(self, connection, request):
        self.requests.append(request)
        answer = self.ask(request.data)
        self.statuses.append(int(answer.line.split(" ")[1]))
        if len(self.statuses) > 1:
            connection.sendall(answer.data)
        elif self.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
