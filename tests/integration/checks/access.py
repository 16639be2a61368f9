# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Who may do what: --auth none, --policy, --rate-limit and --trusted-proxy."""
import json
import pathlib
import tempfile
import time

from support import clients
from support.checks import check, expect, expect_equal, expect_in, skip
from support.gateway import ACCESS_KEY, KEYS, SECRET_KEY, run_to_end
from support.raw_http import manage, request
from support.raw_websocket import TEXT, RawWebSocket


def unsigned(gateway, identifier, headers=(), method="POST"):
    return request(gateway, method, gateway.path(f"/@connections/{identifier}"), headers, b"x" if method == "POST" else b"")


@check("--auth none is refused on a listener that is not loopback")
def not_loopback(context):
    for listener in ("0.0.0.0:0", "[::]:0"):
        status, text, errors = run_to_end(context.path, "--auth", "none", "--listen", listener)
        expect_equal((status, text), (2, ""), f"exit code and stdout on {listener}")
        expect_in("--auth", errors, "the message")


@check("--auth none serves unsigned requests on loopback and prints no keys")
def auth_none(context):
    with context.start("--auth", "none", environment={}) as gateway, RawWebSocket(gateway) as websocket:
        expect_equal(unsigned(gateway, websocket.id).status, 200, "unsigned POST")
        expect_equal(websocket.receive(), (TEXT, b"x"), "what the client received")
        expect_equal(manage(gateway, "GET", websocket.id).status, 200, "signed GET")
        expect("AWS_SECRET_ACCESS_KEY" not in gateway.stderr(), f"keys are printed: {gateway.stderr()}")


@check("--auth none refuses management requests from browsers")
def browsers(context):
    with context.start("--auth", "none") as gateway, RawWebSocket(gateway) as websocket:
        for header in (
            ("Origin", "http://evil.example"),
            ("Origin", f"http://{gateway.authority}"),
            ("Origin", "null"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-origin"),
        ):
            for method in ("POST", "GET", "DELETE"):
                expect_equal(unsigned(gateway, websocket.id, [header], method).status, 403, f"{method} with {header}")
        expect_equal(unsigned(gateway, websocket.id).status, 200, "POST without")
        expect_equal(websocket.receive(), (TEXT, b"x"), "the only message")


@check("--auth none refuses a Host that is neither loopback nor a public host")
def rebinding(context):
    with context.start("--auth", "none", "--public-host", "api.example.test") as gateway, RawWebSocket(gateway) as websocket:
        for host, status in (
            (gateway.authority, 200),
            (f"localhost:{gateway.port}", 200),
            (f"LOCALHOST:{gateway.port}", 200),
            (f"127.0.0.2:{gateway.port}", 200),
            (f"[::1]:{gateway.port}", 200),
            ("api.example.test", 200),
            ("evil.example.test", 403),
            (f"evil.example.test:{gateway.port}", 403),
            (f"127.0.0.1.evil.example.test:{gateway.port}", 403),
            (f"localhost.evil.example.test:{gateway.port}", 403),
            (f"10.0.0.1:{gateway.port}", 403),
        ):
            expect_equal(unsigned(gateway, websocket.id, [("Host", host)]).status, status, f"Host {host}")


def policy_file(folder, policy):
    path = pathlib.Path(folder, "policy.json")
    path.write_text(policy if isinstance(policy, str) else json.dumps(policy), encoding="utf-8")
    return str(path)


def statement(effect, resource):
    return {"Effect": effect, "Action": "execute-api:ManageConnections", "Resource": resource}


@check("--policy allows what it names, and its Deny wins")
def policy(context):
    rules = [
        statement("Allow", "arn:aws:execute-api:*:*:*/prod/*/@connections/*"),
        statement("Deny", "arn:aws:execute-api:*:*:*/prod/DELETE/@connections/*"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = policy_file(folder, {"Version": "2012-10-17", "Statement": rules})
        with context.start("--policy", path, "--stage", "prod") as gateway, RawWebSocket(gateway) as websocket:
            expect_equal(manage(gateway, "POST", websocket.id, b"allowed").status, 200, "POST")
            expect_equal(websocket.receive(), (TEXT, b"allowed"), "what the client received")
            expect_equal(manage(gateway, "GET", websocket.id).status, 200, "GET")
            answer = manage(gateway, "DELETE", websocket.id)
            expect_equal((answer.status, answer.error_type), (403, "AccessDeniedException"), "DELETE")
            expect_in("execute-api:ManageConnections", answer.body.decode(), "the message")
            expect_equal(manage(gateway, "GET", websocket.id).status, 200, "GET after the refused DELETE")


@check("--policy that allows nothing for the stage refuses everything")
def policy_denies(context):
    rules = [statement("Allow", "arn:aws:execute-api:*:*:*/dev/*/@connections/*")]
    with tempfile.TemporaryDirectory() as folder:
        path = policy_file(folder, {"Version": "2012-10-17", "Statement": rules})
        with context.start("--policy", path, "--stage", "prod") as gateway, RawWebSocket(gateway) as websocket:
            for method in ("POST", "GET", "DELETE"):
                answer = manage(gateway, method, websocket.id)
                expect_equal((answer.status, answer.error_type), (403, "AccessDeniedException"), method)
            answer = manage(gateway, "GET", websocket.id, secret="wrong")
            expect_equal(answer.error_type, "InvalidSignatureException", "a wrong secret")


@check("--policy with what is not understood is refused at the start")
def policy_refused(context):
    conditional = statement("Allow", "*") | {"Condition": {"StringEquals": {"aws:username": "x"}}}
    with tempfile.TemporaryDirectory() as folder:
        for text in ("", "{", "[]", {"Version": "2012-10-17", "Statement": [conditional]}):
            status, output, errors = run_to_end(context.path, "--policy", policy_file(folder, text))
            expect_equal((status, output), (2, ""), f"exit code and stdout for {text!r}")
            expect_in("--policy", errors, "the message")


TWO_KEYS = "".join(
    f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
    for name, key, secret in (("default", ACCESS_KEY, SECRET_KEY), ("second", "AKIDSECOND", "second"))
)


@check("--rate-limit: each access key has its own, beyond it 429 with Retry-After, and later 200 again")
def rate_limit(context):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "credentials")
        path.write_text(TWO_KEYS, encoding="utf-8")
        path.chmod(0o600)
        options = ["--rate-limit", "1:5", "--credentials", str(path)]
        with context.start(*options, environment={}) as gateway, RawWebSocket(gateway) as websocket:
            begin = time.monotonic()
            for _ in range(10):  # strangers take nothing
                expect_equal(manage(gateway, "GET", websocket.id, secret="wrong").status, 403, "a wrong secret")
            for key, secret in ((ACCESS_KEY, SECRET_KEY), ("AKIDSECOND", "second")):
                admitted = 0
                while (answer := manage(gateway, "GET", websocket.id, key=key, secret=secret)).status == 200:
                    admitted += 1
                    expect(admitted < 1000, "there is no limit")
                passed = time.monotonic() - begin
                expect(5 <= admitted <= 5 + passed, f"{admitted} were admitted in {passed} s")
                expect_equal((answer.status, answer.error_type), (429, "LimitExceededException"), "one more")
                expect_equal(answer.json(), {"message": "Rate exceeded"}, "its body")
                expect_equal(answer.header("Retry-After"), "1", "Retry-After")
            while manage(gateway, "POST", websocket.id, b"later").status == 429:
                expect(time.monotonic() < begin + 30, "no token has come")
                time.sleep(0.02)
            expect_equal(websocket.receive(), (TEXT, b"later"), "the only message")


@check("without --rate-limit there is no limit")
def no_rate_limit(context):
    with context.start() as gateway, RawWebSocket(gateway) as websocket:
        statuses = {manage(gateway, "GET", websocket.id).status for _ in range(200)}
        expect_equal(statuses, {200}, "statuses")


def retries(context, mode):
    client = clients.Boto3()
    if reason := client.missing():
        skip(reason)
    with context.start("--rate-limit", "1:1") as gateway, RawWebSocket(gateway) as websocket:
        boto = client.open(gateway.endpoint, mode=mode, total_max_attempts=10)
        for _ in range(5):  # on a slow machine a token may have come before it asks
            while manage(gateway, "GET", websocket.id).status == 429:
                time.sleep(0.02)
            answer = boto.post_to_connection(ConnectionId=websocket.id, Data=b"patient")["ResponseMetadata"]
            expect_equal((answer["HTTPStatusCode"], websocket.receive()), (200, (TEXT, b"patient")), "what boto3 did")
            if answer["RetryAttempts"] > 0:
                return
        expect(False, "boto3 was never limited")


for each in ("standard", "legacy"):
    check(f"--rate-limit: boto3 in {each} mode comes back by itself and gets through", each, alone=True)(retries)


def source_ip(gateway, *forwarded):
    headers = [("X-Forwarded-For", value) for value in forwarded]
    with RawWebSocket(gateway, headers=headers) as websocket:
        expect(websocket.open, f"{headers}: {websocket.answer!r}")
        return manage(gateway, "GET", websocket.id).json()["identity"]["sourceIp"]


@check("X-Forwarded-For is not read without --trusted-proxy")
def untrusted_proxy(context):
    gateway = context.shared()
    expect_equal(source_ip(gateway, "203.0.113.9"), "127.0.0.1", "sourceIp")
    with context.start("--trusted-proxy", "192.0.2.0/24") as gateway:
        expect_equal(source_ip(gateway, "203.0.113.9"), "127.0.0.1", "sourceIp behind an untrusted proxy")


@check("--trusted-proxy: the right-most untrusted entry of X-Forwarded-For is the client")
def trusted_proxy(context):
    options = ["--trusted-proxy", "127.0.0.0/8", "--trusted-proxy", "2001:db8::/32", "--trusted-proxy", "192.0.2.1"]
    with context.start(*options, environment=KEYS) as gateway:
        for forwarded, expected in (
            ([], "127.0.0.1"),
            (["203.0.113.9"], "203.0.113.9"),
            (["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            (["198.51.100.7, 203.0.113.9, 192.0.2.1"], "203.0.113.9"),
            (["203.0.113.9", "127.0.0.5"], "203.0.113.9"),
            (["203.0.113.9, 2001:db8::5"], "203.0.113.9"),
            (["2001:0DB9:0:0::1"], "2001:db9::1"),
        ):
            expect_equal(source_ip(gateway, *forwarded), expected, f"sourceIp for {forwarded}")
