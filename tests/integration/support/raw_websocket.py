# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""A tiny WebSocket client (RFC 6455) that shows every frame and sends exactly the frames it is told to."""
import base64
import hashlib
import json
import os
import socket
import struct

from support.checks import Failed, expect, expect_equal
from support.raw_http import RawHttp, encode_request

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class RawWebSocket:
    """Connects at once; `answer` is the answer to the handshake, `open` tells whether it was 101."""

    def __init__(self, gateway, path=None, headers=(), host=None, receive_buffer=None, timeout=20):
        self.key = base64.b64encode(os.urandom(16)).decode()
        self.connection = RawHttp(gateway.host, gateway.port, timeout, gateway.tls)
        if receive_buffer:
            self.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        handshake = [
            ("Host", host or gateway.authority),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", self.key),
            ("Sec-WebSocket-Version", "13"),
            *headers,
        ]
        self.connection.send(encode_request("GET", path or gateway.path(), handshake))
        self.answer = self.connection.receive("GET")
        self.open = self.answer.status == 101
        if self.open:
            seed = (self.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()
            accept = base64.b64encode(hashlib.sha1(seed).digest()).decode()
            expect_equal(self.answer.header("Sec-WebSocket-Accept"), accept, "Sec-WebSocket-Accept")

    @property
    def id(self):
        identifier = self.answer.header("X-Connection-Id")
        expect(self.open and identifier, f"no connection id in the answer to the handshake: {self.answer!r}")
        return identifier

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def set_timeout(self, seconds):
        self.connection.socket.settimeout(seconds)

    def send(self, opcode, payload=b"", fin=True, masked=True):
        first = (0x80 if fin else 0) | opcode
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", first, size)
        elif size < 65536:
            head = struct.pack("!BBH", first, 126, size)
        else:
            head = struct.pack("!BBQ", first, 127, size)
        if masked:
            mask = os.urandom(4)
            head = bytes([head[0], head[1] | 0x80]) + head[2:] + mask
            repeated = (mask * (size // 4 + 1))[:size]
            payload = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")
        self.connection.send(head + payload)

    def read(self, size):
        try:
            data = self.connection.input.read(size)
        except (TimeoutError, ConnectionResetError) as error:
            raise Failed(f"waiting for a frame: {error!r}") from None
        if len(data) != size:
            raise Failed("the connection ended inside or before a frame, without a close frame")
        return data

    def receive_frame(self):
        """(fin, opcode, payload) of the next frame, whatever it is."""
        first, second = self.read(2)
        expect(not second & 0x80, "a frame from the server is masked")
        expect(not first & 0x70, "a frame has reserved bits set that were not negotiated")
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self.read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.read(8))
        return bool(first & 0x80), first & 0x0F, self.read(size)

    def receive(self):
        """(TEXT or BINARY, payload) of the next message; pings are answered. A close frame is a failure."""
        kind, message = None, b""
        while True:
            fin, opcode, payload = self.receive_frame()
            if opcode == PING:
                self.send(PONG, payload)
            elif opcode == CLOSE:
                raise Failed(f"closed while a message was awaited: {payload!r}")
            elif opcode != PONG:
                kind = opcode if kind is None else kind
                message += payload
                if fin:
                    return kind, message

    def receive_close(self):
        """The code of the close frame that comes next (messages before it are dropped), 1005 if it has none."""
        while True:
            _, opcode, payload = self.receive_frame()
            if opcode == PING:
                self.send(PONG, payload)
            elif opcode == CLOSE:
                try:
                    self.send(CLOSE, payload[:2])
                except OSError:
                    pass
                return struct.unpack("!H", payload[:2])[0] if payload else 1005

    def receive_greeting(self):
        """The id in the first message of a gateway that greets."""
        kind, payload = self.receive()
        expect_equal(kind, TEXT, "the greeting's frame type")
        return json.loads(payload)["connectionId"]
