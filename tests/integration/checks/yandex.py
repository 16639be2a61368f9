# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""--dialect yandex: the WebSocket Connection Service over REST, called by curl, by node's fetch and by raw bytes."""
import base64
import json
import pathlib
import re
import shutil
import urllib.parse

from support import clients
from support.checks import check, expect, expect_equal, expect_in, skip
from support.gateway import KEYS, clean_environment, run_to_end
from support.raw_http import RawHttp, encode_request, manage, request
from support.raw_websocket import BINARY, CLOSE, TEXT, RawWebSocket

TOKEN = "t1.an-iam-token"
API_KEY = "AQVN-a-key"
TOKENS = {"YC_TOKEN": TOKEN, "YC_API_KEY": API_KEY}
FETCH = pathlib.Path(__file__).resolve().parent.parent / "node" / "yandex.mjs"


def path_of(identifier, behind=""):
    return f"/apigateways/websocket/v1/connections/{identifier}{behind}"


def call(gateway, method, identifier, body=None, behind="", credentials=f"Bearer {TOKEN}"):
    """One request: (status, the JSON object of the answer)."""
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = request(gateway, method, path_of(identifier, behind), [("Authorization", credentials)], data)
    expect_equal(answer.header("Content-Type"), "application/json", "Content-Type")
    return answer.status, answer.json()


def send(gateway, identifier, body, behind=":send", **more):
    return call(gateway, "POST", identifier, body, behind, **more)


def encoded(data):
    return base64.b64encode(data).decode()


def only_yandex(context):
    return context.start("--dialect", "yandex", "--api-id", "d5d0gateway", environment=TOKENS)


def curl(*arguments):
    """The JSON object that curl got and the status."""
    if not shutil.which("curl"):
        skip("curl is not installed")
    command = ["curl", "--silent", "--show-error", "--write-out", "\n%{http_code}", *arguments]
    body, _, status = clients.run(command).stdout.rpartition(b"\n")
    return int(status), json.loads(body)


@check("yandex: curl sends to a client, looks at it and disconnects it, and then it is not found")
def by_curl(context):
    with only_yandex(context) as gateway, RawWebSocket(gateway) as websocket:
        expect_equal(websocket.answer.header("X-Yc-Apigateway-Websocket-Connection-Id"), websocket.id, "the id in the 101")
        url = gateway.endpoint.removesuffix("/prod") + path_of(websocket.id)
        bearer = ("--header", f"Authorization: Bearer {TOKEN}")
        body = json.dumps({"data": encoded(b"Hello!"), "type": "TEXT"})
        expect_equal(curl(*bearer, "--data", body, url + ":send"), (200, {}), "Send")
        expect_equal(websocket.receive(), (TEXT, b"Hello!"), "what the client received")
        status, shown = curl(*bearer, url)
        expect_equal((status, shown["id"], shown["gatewayId"]), (200, websocket.id, "d5d0gateway"), "Get")
        expect_equal(shown["identity"]["sourceIp"], "127.0.0.1", "sourceIp")
        expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", shown["connectedAt"]), f"connectedAt: {shown}")
        expect_equal(curl(*bearer, "--request", "DELETE", url), (200, {}), "Disconnect")
        expect_equal(websocket.receive_frame(), (True, CLOSE, b"\x03\xe8"), "the close frame: 1000 without a reason")
        websocket.send(CLOSE, b"\x03\xe8")
        for arguments in (("--data", body, url + ":send"), (url,), ("--request", "DELETE", url)):
            status, error = curl(*bearer, *arguments)
            expect_equal((status, error["code"]), (404, 5), f"{arguments} afterwards")


@check("yandex: a program of node's fetch and encodeURIComponent works")
def by_fetch(context):
    if not shutil.which("node"):
        skip("node is not installed")
    with only_yandex(context) as gateway, RawWebSocket(gateway) as websocket:
        url = gateway.endpoint.removesuffix("/prod")
        result = clients.run(["node", str(FETCH), url, websocket.id], clean_environment(TOKENS))
        expect_equal(websocket.receive(), (TEXT, "Grüße".encode()), "the text")
        expect_equal(websocket.receive(), (BINARY, b"\x00\xff"), "the bytes")
        expect_equal(websocket.receive_close(), 1000, "the close code")
        expect_equal(json.loads(result.stdout), [[200, {}], [200, {}], [200, websocket.id], [200, {}], [404, 5]], "answers")


@check("yandex: the spellings of paths, base64 and types that callers use")
def spellings(context):
    with only_yandex(context) as gateway, RawWebSocket(gateway) as websocket:
        escaped = "".join(f"%{byte:02X}" for byte in websocket.id.encode())
        data = b"\xfb\xff\xfe?>"
        for identifier, behind, body, received in (
            (websocket.id, ":send", {"data": encoded(b"plain")}, (TEXT, b"plain")),
            (websocket.id, "/:send", {"type": 2, "data": encoded(b"slash")}, (TEXT, b"slash")),
            (websocket.id, "%3Asend", {"data": encoded(b"x"), "type": "BINARY"}, (BINARY, b"x")),
            (escaped, ":send", {"data": encoded(b"y"), "type": 1}, (BINARY, b"y")),
            (urllib.parse.quote(websocket.id, safe=""), ":send", {"data": encoded(data)}, (BINARY, data)),
            (websocket.id, ":send", {"data": base64.urlsafe_b64encode(data).decode()}, (BINARY, data)),
            (websocket.id, ":send", {"data": encoded(data).rstrip("=")}, (BINARY, data)),
            (websocket.id, ":send", {"data": encoded(b"u"), "type": "DATA_TYPE_UNSPECIFIED"}, (TEXT, b"u")),
            (websocket.id, ":send", {"data": encoded(b"v"), "connection_id": "other", "new": [1, {}]}, (TEXT, b"v")),
            (websocket.id, ":send", {"data": encoded(b"w" * 131072)}, (TEXT, b"w" * 131072)),
        ):
            expect_equal(send(gateway, identifier, body, behind), (200, {}), f"{identifier}{behind} {str(body)[:80]}")
            expect_equal(websocket.receive(), received, "what the client received")


@check("yandex: errors have the code, the status and the form of google.rpc.Status")
def errors(context):
    with only_yandex(context) as gateway, RawWebSocket(gateway) as websocket:
        deep = b'{"data":' + b"[" * 100_000
        for status, code, answer in (
            (400, 3, send(gateway, websocket.id, {})),
            (400, 3, send(gateway, websocket.id, b"not JSON")),
            (400, 3, send(gateway, websocket.id, deep)),
            (400, 3, send(gateway, websocket.id, b'{"data":"YQ==","data":"Yg=="}')),
            (400, 3, send(gateway, websocket.id, b'{"data":"YQ==","x":"\xff"}')),
            (400, 3, send(gateway, websocket.id, {"data": "?"})),
            (400, 3, send(gateway, websocket.id, {"data": encoded(b"\xff"), "type": "TEXT"})),
            (400, 3, send(gateway, websocket.id, {"data": encoded(b"x"), "type": "AUDIO"})),
            (400, 3, send(gateway, websocket.id, {"data": encoded(b"x" * 131073)})),
            (404, 5, send(gateway, "d20438soh73hn36u5srtfji21qg7eb04b", {"data": "YQ=="})),
            (400, 3, send(gateway, "x" * 51, {"data": "YQ=="})),
            (501, 12, send(gateway, websocket.id, {"data": "YQ=="}, ":broadcast")),
            (401, 16, send(gateway, websocket.id, {"data": "YQ=="}, credentials="Bearer other")),
            (401, 16, send(gateway, websocket.id, {"data": "YQ=="}, credentials="Basic dTpw")),
        ):
            expect_equal((answer[0], answer[1].get("code")), (status, code), f"{answer}")
            expect(answer[1]["message"], "a message")
            expect_equal(answer[1]["details"][0]["@type"], "type.googleapis.com/google.rpc.RequestInfo", "details")
        expect_equal(send(gateway, websocket.id, {"data": "YQ=="}), (200, {}), "a good request afterwards")
        expect_equal(websocket.receive(), (TEXT, b"a"), "the only message")


def peak_memory(process):
    """Most bytes that the process ever had in memory."""
    status = pathlib.Path("/proc", str(process.pid), "status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024


@check("yandex: 100 MB of garbage get code 3, not memory")
def garbage(context):
    with only_yandex(context) as gateway, RawWebSocket(gateway) as websocket:
        before = peak_memory(gateway.process)
        for start in (b'{"data":"', b"[" * 1000, b'{"x":"'):
            head = [
                ("Host", gateway.authority),
                ("Authorization", f"Bearer {TOKEN}"),
                ("Content-Length", str(100_000_000)),
            ]
            with RawHttp(gateway.host, gateway.port) as connection:
                connection.send(encode_request("POST", path_of(websocket.id, ":send"), head) + start)
                try:
                    for _ in range(1525):
                        connection.send(b"A" * 65536)
                except OSError:
                    pass  # it need not listen to the end
                answer = connection.receive("POST")
                expect_equal((answer.status, answer.json()["code"]), (400, 3), "the answer")
        grown = peak_memory(gateway.process) - before
        expect(grown < 32 * 1024 * 1024, f"{grown} bytes more memory")


@check("yandex and aws on one port: both manage a client, and no credential opens the other's API")
def both(context):
    with context.start("--dialect", "aws,yandex", environment={**KEYS, **TOKENS}) as gateway, RawWebSocket(gateway) as websocket:
        expect_equal(send(gateway, websocket.id, {"data": encoded(b"one")}), (200, {}), "Send")
        expect_equal(manage(gateway, "POST", websocket.id, b"two").status, 200, "PostToConnection")
        expect_equal(send(gateway, websocket.id, {"data": encoded(b"three")}, credentials=f"Api-Key {API_KEY}"), (200, {}), "key")
        expect_equal([websocket.receive()[1] for _ in range(3)], [b"one", b"two", b"three"], "in order")
        for credentials in (f"Bearer {TOKEN}", f"Api-Key {API_KEY}"):
            answer = request(gateway, "GET", gateway.path(f"/@connections/{websocket.id}"), [("Authorization", credentials)])
            expect_equal(answer.status, 403, f"GetConnection with {credentials}")
        for credentials in (f"Bearer {KEYS['AWS_SECRET_ACCESS_KEY']}", f"Api-Key {TOKEN}", f"Bearer {API_KEY}"):
            expect_equal(call(gateway, "GET", websocket.id, credentials=credentials)[0], 401, f"Get with {credentials}")
        expect_equal(call(gateway, "DELETE", websocket.id), (200, {}), "Disconnect")
        expect_equal(websocket.receive_close(), 1000, "the close code")
        expect_equal(manage(gateway, "GET", websocket.id).status, 410, "GetConnection afterwards")


@check("yandex: tokens are refused on a port that others could listen to, unless --insecure-bearer is given")
def insecure(context):
    for dialects in ("yandex", "aws,yandex"):
        arguments = ("--dialect", dialects, "--listen", "192.0.2.1:0")
        status, text, message = run_to_end(context.path, *arguments, environment=TOKENS)
        expect_equal((status, text), (2, ""), "exit code and stdout")
        expect_in("--insecure-bearer", message, "the message")
        status, _, message = run_to_end(context.path, *arguments, "--insecure-bearer", environment={**KEYS, **TOKENS})
        expect_equal(status, 1, "exit code with the flag, for an address that this machine does not have")
        expect_in("cannot listen", message, "the message")


@check("yandex: a gateway that was given no token makes one and tells it")
def random_token(context):
    with context.start("--dialect", "yandex", environment={}) as gateway, RawWebSocket(gateway) as websocket:
        token = re.search(r"Authorization: Bearer (\S+)'", gateway.stderr())
        expect(token and len(token.group(1)) >= 32, gateway.stderr())
        expect_equal(call(gateway, "GET", websocket.id, credentials=f"Bearer {token.group(1)}")[0], 200, "Get with it")
        expect_equal(request(gateway, "GET", gateway.path(f"/@connections/{websocket.id}")).status, 404, "AWS' path")


@check("yandex: --auth none serves callers on this machine without a token")
def without_token(context):
    with context.start("--dialect", "aws,yandex", "--auth", "none") as gateway, RawWebSocket(gateway) as websocket:
        answer = request(gateway, "GET", path_of(websocket.id))
        expect_equal((answer.status, answer.json()["id"]), (200, websocket.id), "Get")
        answer = request(gateway, "GET", path_of(websocket.id), [("Origin", "http://evil.example")])
        expect_equal((answer.status, answer.json()["code"]), (403, 7), "Get by a web page")
