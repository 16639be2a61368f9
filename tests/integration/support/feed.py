# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""A reader of the feed of changes, whatever server streams it."""
import json

from support import sigv4
from support.checks import expect
from support.raw_http import RawHttp, encode_request


class Feed:
    """Reads GET ?events; each event is (name, data), and `last` the id of the newest."""

    def __init__(self, server, target, last=None, version="1.1"):
        self.connection = RawHttp(server.host, server.port)
        self.text = b""
        self.between = False
        more = [("Last-Event-ID", last)] if last else []
        request = encode_request("GET", target, [*sigv4.signed_headers("GET", target, server.authority), *more])
        self.connection.send(request.replace(b"HTTP/1.1\r\n", f"HTTP/{version}\r\n".encode(), 1))
        self.status = int(self.line().split()[1])
        self.headers = {}
        while line := self.line():
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        self.chunked = self.headers.get("transfer-encoding") == "chunked"

    def line(self):
        return self.connection.input.readline().decode().rstrip("\r\n")

    def more(self):
        """The next bytes of the body; none: it is over."""
        if not self.chunked:
            return self.connection.input.read1(65536)
        if self.between:
            self.line()  # uWebSockets ends a chunk when the next one begins
        self.between = True
        return self.connection.input.read(int(self.line(), 16))

    def event(self):
        while True:
            text, end, rest = self.text.partition(b"\n\n")
            if not end:
                piece = self.more()
                expect(piece, f"the feed ended behind {self.text!r}")
                self.text += piece
                continue
            self.text = rest
            if text == b":":
                continue
            fields = dict(line.split(": ", 1) for line in text.decode().split("\n"))
            self.last = fields["id"]
            return fields["event"], json.loads(fields["data"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()
