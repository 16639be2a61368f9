# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""The WebSocket side: handshake, frames, limits and closing."""
import json
import time

from support import clients
from support.checks import check, expect, expect_equal, skip
from support.raw_http import RawHttp, encode_request, manage, request
from support.raw_websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawWebSocket


@check("--greet tells the id that X-Connection-Id tells")
def greeting(context):
    with context.start("--greet") as gateway, RawWebSocket(gateway) as websocket:
        kind, payload = websocket.receive()
        expect_equal((kind, json.loads(payload)), (TEXT, {"connectionId": websocket.id}), "the greeting")
        expect_equal(payload, f'{{"connectionId":"{websocket.id}"}}'.encode(), "the greeting's bytes")
        expect_equal(manage(gateway, "POST", websocket.id, b"then this").status, 200, "POST")
        expect_equal(websocket.receive(), (TEXT, b"then this"), "the second message")


@check("ids differ and X-Connection-Id works as the id")
def ids(context):
    gateway = context.shared()
    websockets = [RawWebSocket(gateway) for _ in range(20)]
    try:
        expect_equal(len({websocket.id for websocket in websockets}), 20, "different ids")
        for number, websocket in enumerate(websockets):
            expect_equal(manage(gateway, "POST", websocket.id, str(number).encode()).status, 200, "POST")
        for number, websocket in enumerate(websockets):
            expect_equal(websocket.receive(), (TEXT, str(number).encode()), "what the client received")
    finally:
        for websocket in websockets:
            websocket.connection.close()


@check("no id begins with a hyphen: the AWS CLI would take it for an option")
def no_hyphen(context):
    gateway = context.shared()
    for _ in range(1500):  # one in 64 would, by chance
        with RawWebSocket(gateway) as websocket:
            expect(not websocket.id.startswith("-"), f"an id is {websocket.id}")


@check("--echo sends text and binary messages back as they came")
def echo(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        for kind, payload in ((TEXT, b""), (TEXT, "ä€😀".encode()), (BINARY, b"\x00\xff"), (BINARY, b"y" * 30000)):
            websocket.send(kind, payload)
            expect(websocket.receive() == (kind, payload), f"echo of {len(payload)} bytes")


@check("a fragmented message comes back whole, with a ping answered in between")
def fragments(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        euro = "€".encode()
        websocket.send(TEXT, b"one " + euro[:1], fin=False)
        websocket.send(PING, b"between")
        websocket.send(CONTINUATION, euro[1:], fin=False)
        websocket.send(CONTINUATION, b" two")
        expect_equal(websocket.receive_frame(), (True, PONG, b"between"), "pong")
        expect_equal(websocket.receive(), (TEXT, "one € two".encode()), "echo")


@check("a ping is answered with its payload")
def ping(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        for payload in (b"", b"p" * 125):
            websocket.send(PING, payload)
            expect_equal(websocket.receive_frame(), (True, PONG, payload), "pong")


def breach(context, frames, code):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        for arguments in frames:
            websocket.send(*arguments[:2], **(arguments[2] if len(arguments) > 2 else {}))
        expect_equal(websocket.receive_close(), code, "close code")
        expect_equal(manage(gateway, "GET", websocket.id).status, 410, "GET afterwards")


for words, sent, close_code in (
    ("an unmasked frame is closed with 1002", [(TEXT, b"bare", {"masked": False})], 1002),
    ("a reserved opcode is closed with 1002", [(3, b"")], 1002),
    ("a continuation of nothing is closed with 1002", [(CONTINUATION, b"x")], 1002),
    ("a fragmented ping is closed with 1002", [(PING, b"", {"fin": False})], 1002),
    ("invalid UTF-8 in a text message is closed with 1007", [(TEXT, b"\xff\xfe")], 1007),
    ("a close code that may not be sent is closed with 1002", [(CLOSE, (1005).to_bytes(2, "big"))], 1002),
):
    check(f"WebSocket: {words}", sent, close_code)(breach)


@check("a client's close is answered with its code and retires the id")
def client_close(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        websocket.send(CLOSE, (1000).to_bytes(2, "big") + b"bye")
        expect_equal(websocket.receive_close(), 1000, "close code")
        expect(websocket.connection.at_end(), "the connection stays open after the closing handshake")
        expect_equal(manage(gateway, "POST", websocket.id, b"x").error_type, "GoneException", "POST afterwards")


@check("a client that vanishes is GoneException soon")
def client_vanishes(context):
    gateway = context.shared()
    websocket = RawWebSocket(gateway)
    identifier = websocket.id
    websocket.connection.close()
    deadline = time.monotonic() + 10
    while (answer := manage(gateway, "POST", identifier, b"x")).status == 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    expect_equal(answer.error_type, "GoneException", "POST")


@check("DELETE is a close with 1000 that the client sees after what was sent before")
def delete_after_posts(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        for number in range(5):
            expect_equal(manage(gateway, "POST", websocket.id, str(number).encode()).status, 200, "POST")
        expect_equal(manage(gateway, "DELETE", websocket.id).status, 204, "DELETE")
        for number in range(5):
            expect_equal(websocket.receive(), (TEXT, str(number).encode()), "what the client received")
        expect_equal(websocket.receive_close(), 1000, "close code")
        for method in ("POST", "GET", "DELETE"):
            expect_equal(manage(gateway, method, websocket.id).error_type, "GoneException", method)


@check("--idle-timeout closes a silent client with 1001, not one that speaks", alone=True)
def idle(context):
    with context.start("--idle-timeout", "1", "--echo") as gateway:
        with RawWebSocket(gateway) as silent, RawWebSocket(gateway) as speaking:
            began = time.monotonic()
            for _ in range(8):
                time.sleep(0.3)
                speaking.send(TEXT, b"still here")
                expect_equal(speaking.receive(), (TEXT, b"still here"), "echo")
            expect_equal(silent.receive_close(), 1001, "close code of the silent client")
            expect_equal(speaking.receive_close(), 1001, "close code of the other one, silent by now")
            expect(time.monotonic() - began < 8, f"it took {time.monotonic() - began:.1f} s")


@check("--max-lifetime closes a client that speaks with 1001", alone=True)
def lifetime(context):
    with context.start("--max-lifetime", "2", "--echo") as gateway, RawWebSocket(gateway) as websocket:
        began = time.monotonic()
        for _ in range(4):
            time.sleep(0.3)
            websocket.send(TEXT, b"still here")
            expect_equal(websocket.receive(), (TEXT, b"still here"), "echo")
        expect_equal(websocket.receive_close(), 1001, "close code")
        expect(1.5 < time.monotonic() - began < 8, f"it took {time.monotonic() - began:.1f} s")


@check("--max-message closes a client that sends a longer message with 1009")
def max_message(context):
    with context.start("--max-message", "1000", "--echo") as gateway:
        with RawWebSocket(gateway) as websocket:
            websocket.send(TEXT, b"x" * 1000)
            expect_equal(websocket.receive(), (TEXT, b"x" * 1000), "echo of the longest message")
            websocket.send(TEXT, b"x" * 1001)
            expect_equal(websocket.receive_close(), 1009, "close code")
        with RawWebSocket(gateway) as websocket:
            websocket.send(TEXT, b"x" * 600, fin=False)
            websocket.send(CONTINUATION, b"x" * 401)
            expect_equal(websocket.receive_close(), 1009, "close code after fragments")


@check("--max-frame closes a client that sends a longer frame with 1009")
def max_frame(context):
    with context.start("--max-frame", "500", "--max-message", "2000", "--echo") as gateway:
        with RawWebSocket(gateway) as websocket:
            websocket.send(TEXT, b"x" * 500, fin=False)
            websocket.send(CONTINUATION, b"x" * 500)
            expect_equal(websocket.receive(), (TEXT, b"x" * 1000), "echo of two frames")
            websocket.send(TEXT, b"x" * 501)
            expect_equal(websocket.receive_close(), 1009, "close code")


@check("--request-timeout ends a request that does not arrive", alone=True)
def request_timeout(context):
    with context.start("--request-timeout", "1", "--stage", "prod") as gateway:
        for data in (b"GET /prod HTTP/1.1\r\nHost: ", b"POST /prod/@connections/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12"):
            with RawHttp(gateway.host, gateway.port) as connection:
                began = time.monotonic()
                connection.send(data)
                ending = connection.input.read()
                expect(ending == b"" or b" 4" in ending.partition(b"\r\n")[0], f"{data!r} was answered {ending!r}")
                expect(0.5 < time.monotonic() - began < 10, f"{data!r}: it took {time.monotonic() - began:.1f} s")
        with RawWebSocket(gateway) as websocket:
            time.sleep(2)
            expect_equal(manage(gateway, "POST", websocket.id, b"x").status, 200, "POST to a WebSocket older than that")


def handshake(gateway, changes):
    """The answer to a handshake with some headers changed (None: left out)."""
    headers = {
        "Host": gateway.authority,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        **changes,
    }
    present = [(name, value) for name, value in headers.items() if value is not None]
    with RawHttp(gateway.host, gateway.port) as connection:
        connection.send(encode_request("GET", gateway.path(), present))
        return connection.receive()


@check("handshakes that RFC 6455 forbids are refused")
def bad_handshakes(context):
    gateway = context.shared()
    expect_equal(handshake(gateway, {}).status, 101, "a good handshake")
    expect_equal(handshake(gateway, {"Connection": "keep-alive, UPGRADE", "Upgrade": "WebSocket"}).status, 101, "other case")
    answer = handshake(gateway, {"Sec-WebSocket-Version": "8"})
    expect_equal((answer.status, answer.header("Sec-WebSocket-Version")), (426, "13"), "version 8")
    for changes in ({"Sec-WebSocket-Key": None}, {"Sec-WebSocket-Key": "c2hvcnQ="}, {"Sec-WebSocket-Version": None}):
        expect(400 <= handshake(gateway, changes).status < 500, f"{changes} is not refused")
    expect(handshake(gateway, {"Upgrade": None, "Connection": None}).status != 101, "no Upgrade")


def origin_status(gateway, origin, host=None):
    headers = [] if origin is None else [("Origin", origin)]
    with RawWebSocket(gateway, headers=headers, host=host) as websocket:
        return websocket.answer.status


@check("without --allowed-origin a present Origin must match the request's own authority")
def own_origin(context):
    gateway = context.shared()
    for origin, status in (
        (None, 101),
        (f"http://{gateway.authority}", 101),
        ("http://evil.example", 403),
        (f"http://{gateway.authority}.evil.example", 403),
        (f"http://{gateway.host}", 403),
        ("null", 403),
        ("", 403),
    ):
        expect_equal(origin_status(gateway, origin), status, f"Origin {origin!r}")
    expect_equal(origin_status(gateway, f"http://localhost:{gateway.port}", f"localhost:{gateway.port}"), 101, "localhost")


@check("--allowed-origin accepts the listed origins only")
def listed_origins(context):
    options = ["--allowed-origin", "https://app.example", "--allowed-origin", "https://other.example:8443"]
    with context.start(*options) as gateway:
        for origin, status in (
            (None, 101),
            ("https://app.example", 101),
            ("https://other.example:8443", 101),
            ("https://other.example", 403),
            ("http://app.example", 403),
            ("https://app.example.evil.example", 403),
            ("null", 403),
        ):
            expect_equal(origin_status(gateway, origin), status, f"Origin {origin!r}")


@check("--allowed-origin '*' accepts every origin")
def any_origin(context):
    with context.start("--allowed-origin", "*") as gateway:
        for origin in (None, "https://app.example", "null"):
            expect_equal(origin_status(gateway, origin), 101, f"Origin {origin!r}")


@check("python3-websockets: connects, receives a post and the close")
def python_websockets(context):
    converse_with_python(context.shared())


def converse_with_python(gateway, variables=None):
    script = """
import asyncio, sys, websockets
async def main():
    async with websockets.connect(sys.argv[1]) as websocket:
        print(websocket.response_headers["X-Connection-Id"], flush=True)
        await websocket.send("echoed")
        async for message in websocket:
            print(repr(message), flush=True)
        print(websocket.close_code, flush=True)
asyncio.run(main())
"""
    try:
        import websockets  # noqa: F401
    except ImportError:
        skip("python3-websockets is not installed")
    expected = ["'echoed'", "'posted'", "1000"]
    converse(gateway, ["/usr/bin/python3", "-c", script], lambda line: line.strip(), expected, str, variables)


@check("npm ws: connects, receives a post and the close")
def npm_websockets(context):
    converse_with_npm(context.shared())


def converse_with_npm(gateway, variables=None):
    if clients.node_missing("ws"):
        skip(clients.node_missing("ws"))
    expected = [
        {"event": "message", "binary": False, "hex": "text ä".encode().hex()},
        {"event": "message", "binary": True, "hex": "00ff80"},
        {"event": "message", "binary": False, "hex": b"posted".hex()},
        {"event": "close", "code": 1000},
    ]
    command = ["node", str(clients.HERE / "node" / "websocket.mjs")]
    converse(gateway, command, lambda line: json.loads(line)["id"], expected, json.loads, variables)


def converse(gateway, command, read_id, expected, read=str, variables=None):
    """Runs a client that prints its id, echoes that arrive, "posted" and the close code, line by line."""
    import subprocess

    environment = clients.clean_environment(variables)
    with subprocess.Popen(
        [*command, gateway.websocket_url()], stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        try:
            identifier = read_id(process.stdout.readline())
            for _ in expected[:-2]:
                compare(read(process.stdout.readline().strip()), expected[0], "echo")
                expected = expected[1:]
            expect_equal(manage(gateway, "POST", identifier, b"posted").status, 200, "POST")
            compare(read(process.stdout.readline().strip()), expected[0], "the posted message")
            expect_equal(manage(gateway, "DELETE", identifier).status, 204, "DELETE")
            compare(read(process.stdout.readline().strip()), expected[1], "the close")
            expect_equal(process.wait(20), 0, "exit code of the client")
        finally:
            process.kill()


def compare(actual, expected, what):
    if isinstance(expected, dict):
        actual = {name: actual.get(name) for name in expected}
    expect_equal(actual, expected, what)


@check("plain GET of the stage is no WebSocket and no crash")
def plain_get(context):
    gateway = context.shared()
    expect(400 <= request(gateway, "GET", gateway.path()).status < 500, "GET of the stage's path")
    expect(400 <= request(gateway, "GET", "/no/such/path").status < 500, "GET of an unknown path")
