# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""One client and each call, made by real AWS clients."""
import pathlib
import time

from support import clients, sigv4
from support.checks import expect, expect_equal, skip
from support.gateway import SECRET_KEY
from support.raw_http import RawHttp, encode_request
from support.raw_websocket import BINARY, CLOSE, TEXT, RawWebSocket

LIMIT = 131072
# They read a body that is far too long to its end, or for some seconds. Of the others POCO and RESTinio cut the client off,
# some answer in their own words (Drogon, websocketpp), and some have not been tried.
READ_ON = {"asio", "beast", "civetweb", "epoll", "libwebsockets", "qt", "wslay"}
WITHOUT_REASON = {"httplib"}  # which does not tell it


def refused(result, status, error, what):
    expect_equal((result.status, result.error), (status, error), what)


def wait_until_gone(client, server, identifier):
    deadline = time.monotonic() + 10
    while client.call("get", server.endpoint, identifier).status != 410:
        expect(time.monotonic() < deadline, "10 s after a client left, GET still finds it")
        time.sleep(0.05)


def manage(client, server, program):
    with RawWebSocket(server, headers=[("User-Agent", "the tests/1.0")]) as websocket:
        expect(websocket.open, f"the handshake: {websocket.answer!r}")
        identifier = websocket.receive_greeting()
        for kind, message in ((TEXT, "from the client ä€😀".encode()), (BINARY, b"\x00\xff\xfe"), (TEXT, b"")):
            websocket.send(kind, message)
            expect_equal(websocket.receive(), (kind, message), "the echo")

        def post(message, kind):
            expect_equal(client.call("post", server.endpoint, identifier, message).status, 200, "POST")
            expect_equal(websocket.receive(), (kind, message), "what the client received")

        post("Hello from the backend! ä€😀".encode(), TEXT)
        post(b"\xff\x00" * 1000, BINARY)
        post(b"", TEXT)
        post(b"x" * LIMIT, TEXT)
        result = client.call("post", server.endpoint, identifier, b"x" * (LIMIT + 1))
        refused(result, 413, "PayloadTooLargeException", "POST of too much")
        if pathlib.Path(program).name in READ_ON:
            for size in (2_000_000, 5_000_000):
                for _ in range(10 if client.name == "boto3" else 1):
                    result = client.call("post", server.endpoint, identifier, b"x" * size)
                    refused(result, 413, "PayloadTooLargeException", f"POST of {size} bytes")
        keys = clients.Keys(secret_key=SECRET_KEY[:-1] + "Z")
        refused(client.call("post", server.endpoint, identifier, b"no", keys), 403, "InvalidSignatureException", "forged")

        result = client.call("get", server.endpoint, identifier)
        expect_equal(result.status, 200, "GET")
        expect_equal(result.connection["identity"], {"sourceIp": "127.0.0.1", "userAgent": "the tests/1.0"}, "identity")

        expect_equal(client.call("delete", server.endpoint, identifier).status, 204, "DELETE")
        expect_equal(websocket.receive_close(), 1000, "close code")
        refused(client.call("post", server.endpoint, identifier, b"late"), 410, "GoneException", "POST after DELETE")


def leave(client, server):
    """Each way in which a client can go."""
    for close in (lambda w: w.send(CLOSE, b"\x03\xe9"), lambda w: w.send(CLOSE), lambda w: w.connection.close()):
        websocket = RawWebSocket(server)
        identifier = websocket.receive_greeting()
        expect_equal(client.call("get", server.endpoint, identifier).status, 200, "GET")
        close(websocket)
        wait_until_gone(client, server, identifier)
        websocket.connection.close()


def reason_is_told(server, program):
    """GET of a client that has left tells what it said."""
    with RawWebSocket(server) as websocket:
        target = f"/prod/@connections/{websocket.receive_greeting()}"
        websocket.send(CLOSE, b"\x0f\xa2enough")
        deadline = time.monotonic() + 10
        while True:
            with RawHttp(server.host, server.port) as connection:
                connection.send(encode_request("GET", target, sigv4.signed_headers("GET", target, server.authority)))
                answer = connection.receive("GET")
            if answer.status == 410:
                break
            expect(time.monotonic() < deadline, "10 s after a client left, GET still finds it")
            time.sleep(0.05)
    expected = "" if pathlib.Path(program).name in WITHOUT_REASON else "enough"
    expect_equal(answer.json()["reason"], expected, "the reason")


def own_routes(server):
    with RawHttp(server.host, server.port) as connection:
        connection.send(encode_request("GET", "/not/ours", [("Host", server.authority)]))
        expect_equal(connection.receive("GET").status, 404, "a path that is not the router's")


def head_has_no_body(server):
    with RawHttp(server.host, server.port) as connection:
        connection.send(encode_request("HEAD", "/prod/@connections/AAAAAAAAAAAAAAAA", [("Host", server.authority)]))
        answer = connection.receive("HEAD")
        if answer.status == 404:
            return  # Crow asks no catch-all route about it, and sends a body of its own
        expect_equal(answer.status, 403, "HEAD")
        if answer.header("Connection") == "close":
            return
        connection.send(encode_request("GET", "/prod/@connections/AAAAAAAAAAAAAAAA", [("Host", server.authority)]))
        expect_equal(connection.receive("GET").status, 403, "the answer behind that to HEAD")


def smoke(context, program):
    usable = [client for client in (clients.Boto3(), clients.Curl()) if not client.missing()]
    if not usable:
        skip("neither python3-boto3 nor a curl with --aws-sigv4")
    with context.start(program) as server:
        for client in usable:
            manage(client, server, program)
        leave(usable[0], server)
        reason_is_told(server, program)
        own_routes(server)
        head_has_no_body(server)
