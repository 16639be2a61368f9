# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""What the management API answers, byte for byte."""
import email.utils
import json
import re
import time

from support import clients, sigv4
from support.checks import check, expect, expect_equal, expect_in, skip
from support.raw_http import RawHttp, encode_request, manage, request, signed
from support.raw_websocket import BINARY, TEXT, RawWebSocket

LIMIT = 131072
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def expect_error(answer, status, error, what):
    expect_equal((answer.status, answer.error_type), (status, error), what)
    expect(isinstance(answer.json().get("message"), str), f"{what}: no message in {answer!r}")


@check("answers carry Date, x-amzn-RequestId and the right lengths")
def answer_headers(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        identifiers = set()
        for method, status in (("POST", 200), ("GET", 200), ("DELETE", 204), ("GET", 410)):
            answer = manage(gateway, method, websocket.id, b"body" if method == "POST" else b"")
            expect_equal(answer.status, status, method)
            date = email.utils.parsedate_to_datetime(answer.header("Date")).timestamp()
            expect(abs(date - time.time()) < 5, f"{method}: Date is {answer.header('Date')}")
            request_id = answer.header("x-amzn-RequestId") or ""
            expect(re.fullmatch(UUID, request_id), f"{method}: x-amzn-RequestId is {request_id!r}")
            identifiers.add(request_id)
            length = answer.header("Content-Length")
            expect_equal(length, None if status == 204 else str(len(answer.body)), f"Content-Length of {method}")
        expect_equal(len(identifiers), 4, "different request ids")


@check("GET tells ISO 8601 times, and lastActiveAt moves with a message of the client")
def get_times(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        first = manage(gateway, "GET", websocket.id).json()
        for member in ("connectedAt", "lastActiveAt"):
            expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", first[member]), f"{member}: {first}")
        expect_equal(first["identity"]["userAgent"], "", "userAgent of a client that sent none")
        time.sleep(1.1)
        websocket.send(TEXT, b"I am here")
        expect_equal(websocket.receive(), (TEXT, b"I am here"), "echo")
        second = manage(gateway, "GET", websocket.id).json()
        expect_equal(second["connectedAt"], first["connectedAt"], "connectedAt")
        expect(second["lastActiveAt"] > first["lastActiveAt"], f"lastActiveAt: {first} {second}")


@check("an unknown id is GoneException, a malformed one BadRequestException")
def unknown_id(context):
    gateway = context.shared()
    expect_error(manage(gateway, "POST", "AAAAAAAAAAAAAAAA", b"x"), 410, "GoneException", "an unknown id")
    expect_error(manage(gateway, "POST", "not an id", b"x"), 400, "BadRequestException", "a malformed id")
    expect_error(manage(gateway, "POST", "", b"x"), 400, "BadRequestException", "an empty id")


@check("a wrong stage is ForbiddenException for management requests")
def wrong_stage(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        for stage in ("/dev", ""):
            target = f"{stage}/@connections/{sigv4.encode(websocket.id)}"
            for method in ("POST", "GET", "DELETE"):
                expect_error(signed(gateway, method, target), 403, "ForbiddenException", f"{method} {target}")
        expect_equal(manage(gateway, "GET", websocket.id).status, 200, "GET with the right stage")


@check("a wrong stage is ForbiddenException for WebSocket clients")
def wrong_websocket_stage(context):
    gateway = context.shared()
    for path in ("/dev", "/"):
        with RawWebSocket(gateway, path) as websocket:
            expect_error(websocket.answer, 403, "ForbiddenException", path)


@check("HEAD and other methods are answered 405 with Allow")
def other_methods(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        for method in ("HEAD", "PUT", "PATCH", "OPTIONS"):
            answer = manage(gateway, method, websocket.id)
            expect_equal(answer.status, 405, method)
            allowed = sorted(re.split(r", *", answer.header("Allow") or ""))
            expect_equal(allowed, ["DELETE", "GET", "POST"], f"Allow of {method}")


@check("HEAD has no body and leaves the connection usable")
def head_then_get(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket, RawHttp(gateway.host, gateway.port) as connection:
        target = gateway.path(f"/@connections/{sigv4.encode(websocket.id)}")
        for method, status in (("HEAD", 405), ("GET", 200)):
            headers = sigv4.signed_headers(method, target, gateway.authority)
            connection.send(encode_request(method, target, headers))
            expect_equal(connection.receive(method).status, status, method)


@check("an unsigned request is MissingAuthenticationTokenException")
def unsigned(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        target = gateway.path(f"/@connections/{sigv4.encode(websocket.id)}")
        answer = request(gateway, "POST", target, body=b"x")
        expect_error(answer, 403, "MissingAuthenticationTokenException", "unsigned")
        answer = request(gateway, "POST", target, [("Authorization", "Bearer secret-token")], b"x")
        expect_error(answer, 403, "IncompleteSignatureException", "a bearer token")
        expect(b"secret-token" not in answer.body, f"the answer repeats the token: {answer!r}")


@check("an unknown key, an old, a future and a foreign date are refused")
def refused_signatures(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        answer = manage(gateway, "POST", websocket.id, b"x", key="AKIDUNKNOWN")
        expect_error(answer, 403, "UnrecognizedClientException", "an unknown key")
        answer = manage(gateway, "POST", websocket.id, b"x", amz_date=sigv4.now(-360))
        expect_error(answer, 403, "InvalidSignatureException", "six minutes old")
        expect_in("Signature expired", answer.json()["message"], "six minutes old")
        answer = manage(gateway, "POST", websocket.id, b"x", amz_date=sigv4.now(360))
        expect_error(answer, 403, "InvalidSignatureException", "six minutes ahead")
        expect_in("Signature not yet current", answer.json()["message"], "six minutes ahead")
        for offset in (-270, 270):
            answer = manage(gateway, "POST", websocket.id, b"x", amz_date=sigv4.now(offset))
            expect_equal(answer.status, 200, f"a date {offset} s from now")


@check("a body other than the signed one is refused and not delivered")
def altered_body(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        target = gateway.path(f"/@connections/{sigv4.encode(websocket.id)}")
        headers = sigv4.signed_headers("POST", target, gateway.authority, b"signed")
        expect_error(request(gateway, "POST", target, headers, b"other!"), 403, "InvalidSignatureException", "another body")
        expect_equal(request(gateway, "POST", target, headers, b"signed").status, 200, "the signed body")
        expect_equal(websocket.receive(), (TEXT, b"signed"), "the only message")


@check("equal requests with equal signatures are all delivered")
def equal_signatures(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        target = gateway.path(f"/@connections/{sigv4.encode(websocket.id)}")
        headers = sigv4.signed_headers("POST", target, gateway.authority, b"again")
        for _ in range(3):
            expect_equal(request(gateway, "POST", target, headers, b"again").status, 200, "POST")
            expect_equal(websocket.receive(), (TEXT, b"again"), "what the client received")


@check("a body over the limit is refused before it is sent")
def refused_early(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket, RawHttp(gateway.host, gateway.port) as connection:
        target = gateway.path(f"/@connections/{sigv4.encode(websocket.id)}")
        headers = sigv4.signed_headers("POST", target, gateway.authority)
        connection.send(encode_request("POST", target, [*headers, ("Content-Length", str(1 << 30))]))
        expect_error(connection.receive("POST"), 413, "PayloadTooLargeException", "Content-Length of 1 GiB")


@check("--max-body bounds the body of a post")
def max_body(context):
    with context.start("--max-body", "1000") as gateway, RawWebSocket(gateway) as websocket:
        answer = manage(gateway, "POST", websocket.id, b"x" * 1001)
        expect_error(answer, 413, "PayloadTooLargeException", "1001 bytes")
        expect_equal(manage(gateway, "POST", websocket.id, b"x" * 1000).status, 200, "1000 bytes")
        expect_equal(websocket.receive(), (TEXT, b"x" * 1000), "what the client received")


@check("pipelined requests are answered in order and delivered in order")
def pipelined(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket, RawHttp(gateway.host, gateway.port) as connection:
        target = gateway.path(f"/@connections/{sigv4.encode(websocket.id)}")
        expected = []
        data = b""
        for number in range(30):
            body = f"message {number}".encode()
            method = ("POST", "GET", "PUT")[number % 3]
            body = body if method == "POST" else b""
            data += encode_request(method, target, sigv4.signed_headers(method, target, gateway.authority, body), body)
            expected.append((method, {"POST": 200, "GET": 200, "PUT": 405}[method]))
        connection.send(data)
        expect_equal([(method, connection.receive(method).status) for method, _ in expected], expected, "answers")
        for number in range(0, 30, 3):
            expect_equal(websocket.receive(), (TEXT, f"message {number}".encode()), "what the client received")


@check("a request that arrives byte by byte is answered")
def byte_by_byte(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket, RawHttp(gateway.host, gateway.port) as connection:
        target = gateway.path(f"/@connections/{sigv4.encode(websocket.id)}")
        headers = sigv4.signed_headers("POST", target, gateway.authority, b"slow")
        for byte in encode_request("POST", target, headers, b"slow"):
            connection.send(bytes([byte]))
        expect_equal(connection.receive("POST").status, 200, "POST")
        expect_equal(websocket.receive(), (TEXT, b"slow"), "what the client received")


def run_curl(*arguments):
    curl = clients.Curl()
    if curl.missing():
        skip(curl.missing())
    return curl.parse(clients.run([*curl.arguments(*arguments[:2]), *arguments[2:]]).stdout)


@check("curl with Expect: 100-continue is told to go on")
def expect_continue(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        options = ["--header", "Expect: 100-continue", "--expect100-timeout", "20", "--data-binary", "waited"]
        began = time.monotonic()
        expect_equal(run_curl(gateway.endpoint, websocket.id, *options).status, 200, "POST")
        expect(time.monotonic() - began < 15, "curl had to wait for its time-out")
        expect_equal(websocket.receive(), (TEXT, b"waited"), "what the client received")


@check("Expect: 100-continue with a long body that has come already is answered without 100")
def expect_nothing(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket, RawHttp(gateway.host, gateway.port) as connection:
        target = gateway.path(f"/@connections/{sigv4.encode(websocket.id)}")
        body = b"x" * 20000
        headers = [*sigv4.signed_headers("POST", target, gateway.authority, body), ("Expect", "100-continue")]
        first = []
        for _ in range(10):
            connection.send(encode_request("POST", target, headers, body))
            first.append(connection.receive_any("POST").status)
            if first[-1] == 100:  # it came in two parts
                expect_equal(connection.receive_any("POST").status, 200, "POST")
            expect_equal(websocket.receive(), (TEXT, body), "what the client received")
        expect(200 in first, f"the first answers were {first}")


@check("Expect: 100-continue with a body over the limit is refused without 100")
def expect_too_large(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket, RawHttp(gateway.host, gateway.port) as connection:
        target = gateway.path(f"/@connections/{sigv4.encode(websocket.id)}")
        headers = sigv4.signed_headers("POST", target, gateway.authority)
        extra = [("Content-Length", str(LIMIT + 1)), ("Expect", "100-continue")]
        connection.send(encode_request("POST", target, [*headers, *extra]))
        expect_equal(connection.receive_any("POST").status, 413, "the first answer")


@check("curl's signed chunked POST is delivered")
def curl_chunked(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        options = ["--header", "Transfer-Encoding: chunked", "--data-binary", "in chunks"]
        expect_equal(run_curl(gateway.endpoint, websocket.id, *options).status, 200, "POST")
        expect_equal(websocket.receive(), (TEXT, b"in chunks"), "what the client received")


@check("a chunked body over the limit is PayloadTooLargeException")
def chunked_too_large(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket, RawHttp(gateway.host, gateway.port) as connection:
        target = gateway.path(f"/@connections/{sigv4.encode(websocket.id)}")
        body = b"x" * (LIMIT + 1)
        headers = sigv4.signed_headers("POST", target, gateway.authority, body)
        connection.send(encode_request("POST", target, [*headers, ("Transfer-Encoding", "chunked")]))
        connection.send(f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")
        expect_error(connection.receive("POST"), 413, "PayloadTooLargeException", "the chunked body")


@check("curl that signs the path as it stands is served with --sigv4-candidates all only")
def candidates(context):
    with context.start("--sigv4-candidates", "aws") as gateway, RawWebSocket(gateway) as websocket:
        target = gateway.path(f"/%40connections/{sigv4.encode(websocket.id)}")
        expect_equal(signed(gateway, "GET", target, rule="W1").status, 200, "the AWS rule")
        answer = signed(gateway, "GET", target, rule="W0")
        expect_error(answer, 403, "InvalidSignatureException", "the path as it stands")
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        target = gateway.path(f"/%40connections/{sigv4.encode(websocket.id)}")
        for rule in ("W1", "W0", "N1", "K-sdk", "K-enc", "K-raw", "K-at1", "K-at0"):
            expect_equal(signed(gateway, "GET", target, rule=rule).status, 200, rule)


@check("malformed requests are answered 400 and end the connection")
def malformed(context):
    gateway = context.shared()
    host = f"Host: {gateway.authority}\r\n"
    for data in (
        "GET / HTTP/1.1\r\n\r\n",
        f"GET / HTTP/1.1\r\n{host}{host}\r\n",
        f"GET / HTTP/1.1\r\n{host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        f"GET / HTTP/1.1\r\n{host}Name : value\r\n\r\n",
        f"POST / HTTP/1.1\r\n{host}Content-Length: -1\r\n\r\n",
        "no request at all\r\n\r\n",
    ):
        with RawHttp(gateway.host, gateway.port) as connection:
            connection.send(data.encode())
            expect_equal(connection.receive().status, 400, repr(data))
            expect(connection.at_end(), f"{data!r}: the connection stays open")


@check("--echo answers GET and POST /echo/http, the latter with the body")
def echo_http(context):
    gateway = context.shared()
    expect_equal(request(gateway, "GET", "/echo/http").status, 200, "GET /echo/http")
    for body in (b"", b"text", bytes(range(256)) * 40):
        answer = request(gateway, "POST", "/echo/http", body=body)
        expect_equal((answer.status, answer.body), (200, body), "POST /echo/http")


@check("without --echo neither messages nor /echo/http come back")
def no_echo(context):
    with context.start() as gateway, RawWebSocket(gateway) as websocket:
        expect(request(gateway, "GET", "/echo/http").status >= 400, "GET /echo/http is answered")
        websocket.send(TEXT, b"to nobody")
        expect_equal(manage(gateway, "POST", websocket.id, b"first").status, 200, "POST")
        expect_equal(websocket.receive(), (TEXT, b"first"), "the first message")


@check("text and binary are told apart by the body alone")
def frame_types(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        for body, kind in (
            (b"plain", TEXT),
            ("ä€😀".encode(), TEXT),
            (json.dumps({"a": 1}).encode(), TEXT),
            (b"\xff", BINARY),
            (b"\xed\xa0\x80", BINARY),
            (b"\xc0\x80", BINARY),
            ("😀".encode()[:3], BINARY),
            (b"\x00\x01", TEXT),
        ):
            answer = manage(gateway, "POST", websocket.id, body, [("Content-Type", "application/octet-stream")])
            expect_equal(answer.status, 200, "POST")
            expect_equal(websocket.receive(), (kind, body), "what the client received")
