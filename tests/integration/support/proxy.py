# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""A TCP proxy in front of a gateway, on a thread of its own: one request for a connection, one connection at a time."""
import socket
import threading

SECONDS = 30


class Message:
    """A request or an answer, as its bytes; its body is as long as its Content-Length says."""

    def __init__(self, connection):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.more(connection)
        head, _, self.body = data.partition(b"\r\n\r\n")
        self.line, *self.field_lines = head.decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in self.field_lines)
        self.fields = {name.lower(): value.strip() for name, _, value in fields}
        while len(self.body) < int(self.fields.get("content-length", 0)):
            piece = self.more(connection)
            data, self.body = data + piece, self.body + piece
        self.data = data

    @staticmethod
    def more(connection):
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("the connection ended inside a message")
        return piece


class Proxy:
    """`forward(connection, request)` is the subclass's; `gateway` may be set until the first request."""

    def __init__(self, gateway=None):
        self.gateway = gateway
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.authority = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.settimeout(SECONDS)
                    self.forward(connection, Message(connection))
                except OSError:
                    pass  # the client gave up; what it makes of that is its own result

    def ask(self, data):
        """The gateway's answer to a request."""
        with socket.create_connection((self.gateway.host, self.gateway.port), SECONDS) as upstream:
            upstream.sendall(data)
            return Message(upstream)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.close()
