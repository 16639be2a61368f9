# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Every real AWS client at hand makes the same calls."""
import random

from support import clients
from support.checks import check, expect, expect_equal, expect_in, skip
from support.gateway import KEYS, SECRET_KEY, SESSION_TOKEN
from support.raw_websocket import BINARY, TEXT, RawWebSocket

LIMIT = 131072


def need(client):
    reason = client.missing()
    if reason:
        skip(reason)


def succeed(result, statuses, what):
    expect(not result.error and result.status in (None, *statuses), f"{what}: {result}")


def refuse(result, status, error, what):
    expect(result.error == error and result.status in (None, status), f"{what}: expected {error}, got {result}")


def post_get_delete(context, client, stage):
    need(client)
    gateway = context.shared(stage)
    with RawWebSocket(gateway, headers=[("User-Agent", "the tests/1.0")]) as websocket:
        message = "Hello from the backend! ä€😀".encode()
        succeed(client.call("post", gateway.endpoint, websocket.id, message), [200], "POST")
        expect_equal(websocket.receive(), (TEXT, message), "what the client received")

        result = client.call("get", gateway.endpoint, websocket.id)
        succeed(result, [200], "GET")
        expect_equal(result.connection["identity"], {"sourceIp": "127.0.0.1", "userAgent": "the tests/1.0"}, "identity")
        for member in ("connectedAt", "lastActiveAt"):
            expect(result.connection.get(member), f"GET tells no {member}: {result}")

        succeed(client.call("delete", gateway.endpoint, websocket.id), [204], "DELETE")
        expect_equal(websocket.receive_close(), 1000, "close code")
        refuse(client.call("post", gateway.endpoint, websocket.id, message), 410, "GoneException", "POST to the closed id")


def wrong_secret(context, client):
    need(client)
    gateway = context.shared()
    keys = clients.Keys(secret_key=SECRET_KEY[:-1] + "Z")
    with RawWebSocket(gateway) as websocket:
        result = client.call("post", gateway.endpoint, websocket.id, b"no", keys)
        refuse(result, 403, "InvalidSignatureException", "POST with a wrong secret")
        expect_in("signature we calculated does not match", result.text, "the message")
        succeed(client.call("post", gateway.endpoint, websocket.id, b"yes"), [200], "POST")
        expect_equal(websocket.receive(), (TEXT, b"yes"), "the only message")


def body_limit(context, client):
    need(client)
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        largest = b"x" * LIMIT
        result = client.call("post", gateway.endpoint, websocket.id, largest + b"x")
        refuse(result, 413, "PayloadTooLargeException", f"POST of {LIMIT + 1} bytes")
        succeed(client.call("post", gateway.endpoint, websocket.id, largest), [200], f"POST of {LIMIT} bytes")
        kind, received = websocket.receive()
        expect(kind == TEXT and received == largest, f"received {len(received)} bytes of type {kind}")


def binary_body(context, client):
    need(client)
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        body = bytes(range(256)) * 3
        succeed(client.call("post", gateway.endpoint, websocket.id, body), [200], "POST")
        expect_equal(websocket.receive(), (BINARY, body), "what the client received")


def empty_body(context, client):
    need(client)
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        succeed(client.call("post", gateway.endpoint, websocket.id, b""), [200], "POST")
        expect_equal(websocket.receive(), (TEXT, b""), "what the client received")


for each in clients.ALL:
    for stage_name, words in (("prod", "with a stage"), ("", "without a stage")):
        title = f"{each.name}: post, get, delete, post to the closed id, {words}"
        check(title, each, stage_name)(post_get_delete)
    check(f"{each.name}: a wrong secret is InvalidSignatureException", each)(wrong_secret)
    check(f"{each.name}: {LIMIT} bytes arrive, one more is PayloadTooLargeException", each)(body_limit)
    check(f"{each.name}: a binary body arrives as it is", each)(binary_body)
    check(f"{each.name}: an empty body arrives as an empty text message", each)(empty_body)


@check("boto3: random bodies arrive as they are")
def random_bodies(context):
    boto3 = clients.Boto3()
    need(boto3)
    gateway = context.shared()
    seed = random.randrange(1 << 32)
    source = random.Random(seed)
    client = boto3.open(gateway.endpoint)
    with RawWebSocket(gateway) as websocket:
        for number in range(1000 if context.full else 60):
            size = int(2 ** source.uniform(0, 17))
            if source.random() < 0.5:
                body = source.randbytes(size)
            else:
                body = "".join(source.choice("aäß€😀\x00\n \"\\") for _ in range(size // 4)).encode()
            client.post_to_connection(ConnectionId=websocket.id, Data=body)
            try:
                body.decode()
                kind = TEXT
            except UnicodeDecodeError:
                kind = BINARY
            expect(websocket.receive() == (kind, body), f"round {number} of seed {seed}, {len(body)} bytes")


@check("AWS CLI v2: --cli-binary-format raw-in-base64-out sends the text as it is")
def cli_text(context):
    cli = clients.AwsCli(2)
    need(cli)
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        command = [cli.path, "apigatewaymanagementapi", "post-to-connection", "--endpoint-url", gateway.endpoint]
        command += ["--connection-id", websocket.id, "--data", "hello123", "--cli-binary-format", "raw-in-base64-out"]
        clients.run(command, clients.Keys().environment())
        expect_equal(websocket.receive(), (TEXT, b"hello123"), "what the client received")


@check("session token: boto3 with the token is served, without it or with another one it is refused")
def session_token(context):
    boto3 = clients.Boto3()
    need(boto3)
    token = SESSION_TOKEN
    environment = {**KEYS, "AWS_SESSION_TOKEN": token}
    with context.start("--stage", "prod", environment=environment) as gateway, RawWebSocket(gateway) as websocket:
        keys = clients.Keys(token=token)
        succeed(boto3.call("post", gateway.endpoint, websocket.id, b"with token", keys), [200], "POST with the token")
        expect_equal(websocket.receive(), (TEXT, b"with token"), "what the client received")
        for other in (None, "another"):
            result = boto3.call("post", gateway.endpoint, websocket.id, b"no", clients.Keys(token=other))
            expect(result.status == 403 and result.error, f"POST with token {other}: {result}")
        curl = clients.Curl()
        if not curl.missing():
            succeed(curl.call("get", gateway.endpoint, websocket.id, None, keys), [200], "GET by curl with the token")
