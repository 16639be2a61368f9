# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""A TCP proxy that keeps the first answer of the server to itself and cuts the client's connection instead."""
import socket
import struct
import threading

SECONDS = 20


class Message:
    """A request or an answer, as its bytes; its body is as long as its Content-Length says."""

    def __init__(self, connection):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.more(connection)
        head, _, body = data.partition(b"\r\n\r\n")
        self.line, *lines = head.decode("latin-1").split("\r\n")
        self.fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(self.fields.get("content-length", 0)):
            piece = self.more(connection)
            data, body = data + piece, body + piece
        self.data = data

    @staticmethod
    def more(connection):
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("the connection ended inside a message")
        return piece


class CuttingProxy:
    """`requests` are the requests that came, in order, and `statuses` what the server answered; one for a connection.

    The first one's answer is not passed on: the client sees the end of the connection, or with `reset` a reset.
    """

    def __init__(self, gateway, reset=False):
        self.gateway = gateway
        self.reset = reset
        self.requests, self.statuses = [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}{gateway.path().rstrip('/')}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.settimeout(SECONDS)
                    self.forward(connection)
                except OSError:
                    pass  # the client gave up; what it makes of that is its own result

    def forward(self, connection):
        request = Message(connection)
        self.requests.append(request)
        with socket.create_connection((self.gateway.host, self.gateway.port), SECONDS) as upstream:
            upstream.sendall(request.data)
            answer = Message(upstream)
        self.statuses.append(int(answer.line.split(" ")[1]))
        if len(self.statuses) > 1:
            connection.sendall(answer.data)
        elif self.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
