# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""The feed of changes: streamed by servers that can, refused by the others."""
import os
import socket
import struct
import time

from support import sigv4
from support.checks import expect, expect_equal
from support.feed import Feed
from support.raw_http import RawHttp, encode_request
from support.raw_websocket import CLOSE, TEXT, RawWebSocket

WITHOUT = {"crow", "qt", "websocketpp"}  # servers that cannot stream an answer
ONLY_HTTP_1_1 = {"drogon": 501, "httplib": 501, "uwebsockets": 400}  # and what they say to HTTP/1.0
FEED = "/prod/@connections?events"


def expect_event(feed, name, **expected):
    told, data = feed.event()
    expect_equal((told, {key: data.get(key) for key in expected}), (name, expected), "an event")


def expect_body(server, request, status, method="GET"):
    with RawHttp(server.host, server.port) as connection:
        connection.send(request)
        answer = connection.receive(method)
    expect_equal(answer.status, status, f"{method} of the feed")
    return answer


def refuses(server, version="1.1", status=501):
    request = encode_request("GET", FEED, sigv4.signed_headers("GET", FEED, server.authority))
    request = request.replace(b"HTTP/1.1\r\n", f"HTTP/{version}\r\n".encode(), 1)
    answer = expect_body(server, request, status)
    if status == 501:
        expect_equal(answer.error_type, "NotImplementedException", "the error's type")


def tells(server):
    with Feed(server, FEED) as feed:
        expect_equal(feed.status, 200, "GET of the feed")
        expect_equal(feed.headers["content-type"], "text/event-stream", "its type")
        expect("content-length" not in feed.headers, "the feed has a length")
        expect_event(feed, "ready")
        with RawWebSocket(server) as websocket:
            identifier = websocket.receive_greeting()
            expect_event(feed, "opened", connectionId=identifier, tags=[])
            seen = feed.last
            websocket.send(CLOSE, b"\x0f\xa2enough")
            expect_event(feed, "closed", connectionId=identifier, closedBy="peer")
    with Feed(server, FEED, seen) as feed:
        name, data = feed.event()
        expect_equal((name, data["connectionId"]), ("closed", identifier), "what came meanwhile")
        with RawWebSocket(server) as websocket:
            expect_event(feed, "opened", connectionId=websocket.receive_greeting())
    with Feed(server, FEED, "1-1") as feed:
        expect_event(feed, "missed")
    return data["closeCode"]


def leave(feed, how):
    if how == "reset":
        feed.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif how == "half":
        feed.connection.socket.shutdown(socket.SHUT_WR)


def expect_opened(feed, identifier):
    while feed.event()[1].get("connectionId") != identifier:
        pass


def is_served(server, feed=None):
    with RawWebSocket(server) as websocket:
        identifier = websocket.receive_greeting()
        if feed:
            expect_opened(feed, identifier)
        target = f"/prod/@connections/{identifier}"
        request = encode_request("POST", target, sigv4.signed_headers("POST", target, server.authority, b"hi"), b"hi")
        expect_body(server, request, 200, "POST")
        expect_equal(websocket.receive(), (TEXT, b"hi"), "a message")


def readers_leave(server):
    """Readers that go while they wait, and while they do not read; the server serves on, also new readers."""
    for how in ("reset", "close", "half"):
        for _ in range(5):
            with Feed(server, FEED) as feed:
                expect_event(feed, "ready")
                leave(feed, how)
        is_served(server)
    lazy = [Feed(server, FEED) for _ in range(3)]
    for _ in range(50):
        with RawWebSocket(server) as websocket:
            websocket.receive_greeting()
    for feed in lazy:
        leave(feed, "reset")
        feed.connection.close()
    with Feed(server, FEED) as feed:
        expect_event(feed, "ready")
        is_served(server, feed)


def open_files(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def expect_no_more_files(server, before):
    """Whoever has left is not kept."""
    deadline = time.monotonic() + 20
    while open_files(server) > before:
        expect(time.monotonic() < deadline, f"{open_files(server)} files are open, {before} were before")
        time.sleep(0.05)


def feed(context, program):
    name = program.rsplit("/", 1)[-1]
    with context.start(program) as server:
        request = encode_request("HEAD", FEED, sigv4.signed_headers("HEAD", FEED, server.authority))
        expect_body(server, request, 404 if name == "crow" else 405, "HEAD")
        if name in WITHOUT:
            refuses(server)
            return
        code = tells(server)
        expect(code == 4002 or name == "httplib", f"the close code is {code}")  # cpp-httplib does not tell it
        if name in ONLY_HTTP_1_1:
            refuses(server, "1.0", ONLY_HTTP_1_1[name])
        else:
            with Feed(server, FEED, version="1.0") as old:
                expect_event(old, "ready")
                expect(not old.chunked, "chunks for an HTTP/1.0 client")
        before = open_files(server)
        readers_leave(server)
        expect_no_more_files(server, before)
        for _ in range(3):  # and nothing happens behind that
            with Feed(server, FEED) as left:
                expect_event(left, "ready")
        expect_no_more_files(server, before)
        waiting = Feed(server, FEED)  # does not keep the server from ending
        expect_event(waiting, "ready")
    waiting.connection.close()
