# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""A tiny HTTP/1.1 client that sends exactly the bytes it is told to."""
import json
import socket

from support import sigv4
from support.checks import Failed

TIMEOUT_SECONDS = 20


class Answer:
    def __init__(self, status, headers=(), body=b"", version="HTTP/1.1"):
        self.status = status
        self.headers = list(headers)
        self.body = body
        self.version = version

    def header(self, name):
        """The value of the header, None if it is absent."""
        for other, value in self.headers:
            if other.lower() == name.lower():
                return value
        return None

    @property
    def error_type(self):
        return (self.header("x-amzn-ErrorType") or "").partition(":")[0]

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            raise Failed(f"not JSON: {self!r}") from None

    def __repr__(self):
        return f"Answer({self.status}, {self.headers}, {self.body!r})"


def encode_request(method, target, headers, body=b""):
    """A request with exactly these headers, and a Content-Length if there is none and the method may have a body."""
    names = {name.lower() for name, _ in headers}
    if "content-length" not in names and "transfer-encoding" not in names and (body or method == "POST"):
        headers = [*headers, ("Content-Length", str(len(body)))]
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class RawHttp:
    """One connection, kept alive."""

    def __init__(self, host, port, timeout=TIMEOUT_SECONDS, tls=None):
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=host)
        self.input = self.socket.makefile("rb")

    def close(self):
        self.input.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)

    def at_end(self):
        """Waits for the end of what the server sends; True if nothing more came."""
        try:
            return self.input.read(1) == b""
        except ConnectionResetError:
            return True

    def receive(self, method="GET"):
        """The next final answer; interim answers are skipped."""
        while True:
            answer = self.receive_any(method)
            if answer.status >= 200 or answer.status == 101:
                return answer

    def receive_any(self, method="GET"):
        try:
            line = self.input.readline()
        except (TimeoutError, ConnectionResetError) as error:
            raise Failed(f"no answer to {method}: {error!r}") from None
        if not line:
            raise Failed(f"the connection ended before the answer to {method}")
        version, status, *_ = line.decode("latin-1").split(" ", 2)
        headers = []
        while (line := self.input.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name, value.strip()))
        answer = Answer(int(status), headers, b"", version)
        if method == "HEAD" or answer.status < 200 or answer.status in (204, 304):
            return answer
        if (answer.header("Transfer-Encoding") or "").lower() == "chunked":
            answer.body = self.receive_chunks()
        elif answer.header("Content-Length") is not None:
            answer.body = self.input.read(int(answer.header("Content-Length")))
        else:
            answer.body = self.input.read()
        return answer

    def receive_chunks(self):
        body = b""
        while size := int(self.input.readline().split(b";")[0], 16):
            body += self.input.read(size)
            self.input.readline()
        while self.input.readline() not in (b"\r\n", b""):
            pass
        return body


def request(gateway, method, target, headers=None, body=b""):
    """One request on a connection of its own; `headers` without Host get the gateway's."""
    headers = list(headers or [])
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", gateway.authority))
    with RawHttp(gateway.host, gateway.port, tls=getattr(gateway, "tls", None)) as connection:
        connection.send(encode_request(method, target, headers, body))
        return connection.receive(method)


def signed(gateway, method, target, body=b"", headers=(), **signing):
    """One signed request on a connection of its own."""
    return request(
        gateway, method, target, sigv4.signed_headers(method, target, gateway.authority, body, headers, **signing), body
    )


def manage(gateway, method, identifier, body=b"", headers=(), **signing):
    """One signed request to @connections/ID under the gateway's stage."""
    target = gateway.path(f"/@connections/{sigv4.encode(identifier)}")
    return signed(gateway, method, target, body, headers, **signing)
