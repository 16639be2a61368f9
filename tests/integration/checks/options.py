# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""The gateway's command line, its output and its end."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile

from support import clients
from support.checks import Failed, check, expect, expect_equal, expect_in, skip
from support.gateway import ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, run_to_end
from support.raw_http import manage, request
from support.raw_websocket import TEXT, RawWebSocket


@check("--help and --version are printed and end with 0")
def help_and_version(context):
    status, text, _ = run_to_end(context.path, "--help")
    expect_equal(status, 0, "--help")
    for option in (
        "--listen --stage --region --credentials --access-key --secret-key --session-token --policy --auth --public-host "
        "--trusted-proxy --sigv4-candidates --threads --greet --echo --allowed-origin --max-frame --max-message --max-body "
        "--queue-limit --idle-timeout --max-lifetime --header-timeout --request-timeout --write-timeout --ping-interval "
        "--pong-timeout --max-connections --max-connections-per-address --drain-timeout --metrics-listen --log --deflate "
        "--tls-certificate --tls-key --tls-client-ca --dialect --bearer-token --api-key --insecure-bearer --api-id --extensions "
        "--rate-limit --help --version"
    ).split():
        expect_in(option, text, "--help")
    status, text, _ = run_to_end(context.path, "--version")
    expect_equal(status, 0, "--version")
    expect(re.search(r"\b\d+\.\d+\.\d+\b", text), f"--version prints {text!r}")


def refused(context, name, options):
    if "--listen" not in options:
        options = [*options, "--listen", "127.0.0.1:0"]
    status, text, errors = run_to_end(context.path, *options, seconds=5)
    expect_equal(status, 2, f"exit code; stderr: {errors}")
    expect_equal(text, "", "stdout")
    expect_in(name, errors, "the message")


for name, *options in (
    ("--no-such-option", "--no-such-option"),
    ("--listen", "--listen"),
    ("--listen", "--listen", "nonsense"),
    ("--listen", "--listen", "127.0.0.1:65536"),
    ("--listen", "--listen", "::1:8080"),
    ("--stage", "--stage", "two/parts"),
    ("--stage", "--stage", "%41"),
    ("--threads", "--threads", "0"),
    ("--threads", "--threads", "many"),
    ("--auth", "--auth", "maybe"),
    ("--sigv4-candidates", "--sigv4-candidates", "some"),
    ("--trusted-proxy", "--trusted-proxy", "10.0.0.0/33"),
    ("--trusted-proxy", "--trusted-proxy", "somewhere"),
    ("--public-host", "--public-host", "http://with.a.scheme"),
    ("--allowed-origin", "--allowed-origin", "app.example"),
    ("--max-body", "--max-body", "-1"),
    ("--max-frame", "--max-frame", "x"),
    ("--max-message", "--max-message", ""),
    ("--queue-limit", "--queue-limit", "99999999999999999999999"),
    ("--idle-timeout", "--idle-timeout", "-5"),
    ("--max-lifetime", "--max-lifetime", "soon"),
    ("--request-timeout", "--request-timeout", "1e400"),
    ("--ping-interval", "--ping-interval", "nan"),
    ("--header-timeout", "--header-timeout", "inf"),
    ("--credentials", "--credentials", "/no/such/file"),
    ("--credentials: cannot read /", "--credentials", "/"),
    ("--policy", "--policy", "/no/such/file"),
    ("--policy: cannot read /", "--policy", "/"),
    ("--rate-limit", "--rate-limit", "0"),
    ("--rate-limit", "--rate-limit", ""),
    ("--rate-limit", "--rate-limit", "-1"),
    ("--rate-limit", "--rate-limit", "5:"),
    ("--rate-limit", "--rate-limit", "5:0"),
    ("--rate-limit", "--rate-limit", "5:10:20"),
    ("--rate-limit", "--rate-limit", "0.5"),
    ("--rate-limit", "--rate-limit", "4294967296"),
    ("--rate-limit", "--auth", "none", "--rate-limit", "5"),
    ("--rate-limit", "--dialect", "yandex", "--rate-limit", "5"),
    ("--secret-key", "--access-key", "AKID"),
    ("--access-key", "--secret-key", "secret"),
    ("--dialect", "--dialect", "azure"),
    ("--dialect", "--dialect", ""),
    ("--bearer-token", "--bearer-token", "t"),
    ("--api-key", "--dialect", "aws", "--api-key", "k"),
    ("--extensions", "--dialect", "yandex", "--extensions"),
    ("--policy: does not bind the callers of --dialect yandex", "--dialect", "yandex", "--policy", "/no/such/file"),
    ("--policy: does not bind the callers of --dialect yandex", "--dialect", "aws,yandex", "--policy", "/no/such/file"),
):
    check(f"bad option: {' '.join(options)} ends with 2 and is named", name, options)(refused)


@check("a port that is taken is told, with a code other than 0")
def port_taken(context):
    with context.start() as gateway:
        status, text, errors = run_to_end(context.path, "--listen", gateway.authority)
        expect(status != 0 and text == "", f"ended with {status}, stdout {text!r}")
        expect_in(str(gateway.port), errors, "the message")


@check("stdout carries the one line, whatever happens")
def one_line(context):
    with context.start("--stage", "prod", "--echo", "--greet") as gateway:
        with RawWebSocket(gateway) as websocket:
            websocket.receive_greeting()
            for method in ("POST", "GET", "PUT", "DELETE", "DELETE"):
                manage(gateway, method, websocket.id)
        request(gateway, "GET", "/nonsense")
        expect_equal(gateway.endpoint, f"http://127.0.0.1:{gateway.port}/prod", "the endpoint")
        gateway.stop()
        expect_equal(gateway.stdout, f"listening on {gateway.endpoint}\n", "stdout")


def ends(context, number):
    gateway = context.start("--threads", "2", "--echo")
    with RawWebSocket(gateway) as websocket:
        websocket.send(TEXT, b"busy")
        expect_equal(websocket.receive(), (TEXT, b"busy"), "echo")
        gateway.process.send_signal(number)
        expect_equal(websocket.receive_close(), 1001, "close code of the client")
        websocket.connection.close()
        expect_equal(gateway.stop(None), 0, f"exit code; stderr: {gateway.stderr()}")


for each in (signal.SIGTERM, signal.SIGINT):
    check(f"{each.name} ends it with 0 while clients are connected", each)(ends)


@check("SIGTERM right after the line on stdout ends it with 0")
def ends_at_once(context):
    for _ in range(50):
        gateway = context.start("--threads", "2")
        expect_equal(gateway.stop(), 0, "exit code")


@check("an empty stage: no trailing slash, WebSocket clients connect to /")
def empty_stage(context):
    gateway = context.shared("")
    expect_equal(gateway.endpoint, f"http://127.0.0.1:{gateway.port}", "the endpoint")
    with RawWebSocket(gateway, "/") as websocket:
        answer = request(gateway, "POST", f"/prod/@connections/{websocket.id}", body=b"x")
        expect_equal((answer.status, answer.error_type), (403, "ForbiddenException"), "a stage where there is none")
        expect_equal(manage(gateway, "POST", websocket.id, b"hello").status, 200, "POST")
        expect_equal(websocket.receive(), (TEXT, b"hello"), "what the client received")


@check("an IPv6 listener")
def ipv6(context):
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        skip(f"no IPv6 loopback: {error}")
    with context.start("--listen", "[::1]:0", "--stage", "prod") as gateway:
        expect_equal(gateway.endpoint, f"http://[::1]:{gateway.port}/prod", "the endpoint")
        with RawWebSocket(gateway, headers=[("Origin", f"http://[::1]:{gateway.port}")]) as websocket:
            expect_equal(manage(gateway, "GET", websocket.id).json()["identity"]["sourceIp"], "::1", "sourceIp")
            for client in (clients.Boto3(), clients.Curl()):
                if not client.missing():
                    result = client.call("post", gateway.endpoint, websocket.id, b"six")
                    expect_equal(result.error, "", f"{client.name}: {result}")
                    expect_equal(websocket.receive(), (TEXT, b"six"), "what the client received")


def credentials_file(folder, mode, text):
    path = pathlib.Path(folder, "credentials")
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return str(path)


PROFILE = f"# a comment\n[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key={SECRET_KEY}\n"


@check("--credentials reads an AWS credentials file; no warning if only the owner can read it")
def credentials(context):
    with tempfile.TemporaryDirectory() as folder:
        path = credentials_file(folder, 0o600, PROFILE)
        with context.start("--credentials", path, environment={}) as gateway, RawWebSocket(gateway) as websocket:
            expect_equal(manage(gateway, "POST", websocket.id, b"x").status, 200, "POST")
            expect("warning" not in gateway.stderr().lower(), f"a warning: {gateway.stderr()}")


@check("--credentials warns of a file that others can read")
def credentials_warning(context):
    with tempfile.TemporaryDirectory() as folder:
        for mode in (0o644, 0o640, 0o604):
            path = credentials_file(folder, mode, PROFILE)
            with context.start("--credentials", path, environment={}) as gateway:
                expect_in("warning", gateway.stderr().lower(), f"mode {mode:o}")
                expect_in(path, gateway.stderr(), f"mode {mode:o}")
                expect(SECRET_KEY not in gateway.stderr(), "the secret is printed")


@check("--credentials with a session token and several profiles")
def credentials_profiles(context):
    with tempfile.TemporaryDirectory() as folder:
        text = f"{PROFILE}aws_session_token = {SESSION_TOKEN}\n\n[second]\naws_access_key_id = AKIDSECOND\n"
        path = credentials_file(folder, 0o600, text + "aws_secret_access_key = second\n")
        with context.start("--credentials", path, environment={}) as gateway, RawWebSocket(gateway) as websocket:
            expect_equal(manage(gateway, "GET", websocket.id, token=SESSION_TOKEN).status, 200, "the default profile")
            answer = manage(gateway, "GET", websocket.id, key="AKIDSECOND", secret="second")
            expect_equal(answer.status, 200, "the second profile")


@check("a broken credentials file is refused with its name")
def credentials_broken(context):
    with tempfile.TemporaryDirectory() as folder:
        for text in ("", "[default]\naws_access_key_id = AKID\n", "no section\n"):
            path = credentials_file(folder, 0o600, text)
            status, _, errors = run_to_end(context.path, "--credentials", path, environment={})
            expect_equal(status, 2, f"exit code for {text!r}")
            expect_in(path, errors, "the message")


@check("--access-key and --secret-key work and warn that ps shows them")
def keys_on_command_line(context):
    options = ["--access-key", "AKIDTYPED", "--secret-key", "typed", "--session-token", "token"]
    with context.start(*options, environment={}) as gateway, RawWebSocket(gateway) as websocket:
        answer = manage(gateway, "GET", websocket.id, key="AKIDTYPED", secret="typed", token="token")
        expect_equal(answer.status, 200, "GET")
        expect(re.search(r"\bps\b", gateway.stderr()), f"no warning of ps: {gateway.stderr()!r}")


@check("keys from the environment cause no warning and are not printed")
def keys_in_environment(context):
    with context.start() as gateway:
        expect(not re.search(r"\bps\b|warning", gateway.stderr().lower()), f"a warning: {gateway.stderr()!r}")
        expect(SECRET_KEY not in gateway.stderr(), "the secret is printed")


@check("without credentials a random key pair is printed, with an aws command that works as pasted")
def random_keys(context):
    cli = clients.AwsCli(2)
    seen = set()
    for _ in range(2):
        with context.start("--greet", "--stage", "prod", environment={}) as gateway:
            errors = gateway.stderr()
            key = re.search(r"AWS_ACCESS_KEY_ID=['\"]?([A-Za-z0-9]+)", errors)
            secret = re.search(r"AWS_SECRET_ACCESS_KEY=['\"]?([A-Za-z0-9+/=_-]+)", errors)
            expect(key and secret, f"no key pair is printed: {errors}")
            seen.add(secret[1])
            with RawWebSocket(gateway) as websocket:
                identifier = websocket.receive_greeting()
                answer = manage(gateway, "POST", identifier, b"x", key=key[1], secret=secret[1])
                expect_equal(answer.status, 200, "POST with the printed keys")
                expect_equal(websocket.receive(), (TEXT, b"x"), "what the client received")
                if len(seen) == 1 and not cli.missing():
                    paste(errors, identifier)
                    kind, _ = websocket.receive()
                    expect_equal(kind, TEXT, "the type of what the pasted command sent")
    expect_equal(len(seen), 2, "different secrets")


def paste(errors, identifier):
    """Runs the printed lines as a shell would, with the id put in for its placeholder."""
    lines = re.sub(r"\\\n\s*", "", errors).splitlines()
    chosen = [line.strip().removeprefix("$ ") for line in lines if re.search(r"AWS_\w+=|\baws apigatewaymanagementapi", line)]
    expect(any("post-to-connection" in line for line in chosen), f"no aws command is printed: {errors}")
    script = "\n".join(chosen)
    script, count = re.subn(r"(--connection-id[ =])(\"[^\"]*\"|'[^']*'|\S+)", rf"\1'{identifier}'", script)
    expect(count, f"the printed command names no --connection-id: {script}")
    environment = clients.clean_environment({"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull})
    environment["PATH"] = f"/usr/bin:{environment.get('PATH', '')}"
    result = subprocess.run(
        ["/bin/sh", "-ec", script], stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=60, check=False
    )
    if result.returncode != 0:
        raise Failed(f"the printed command ended with {result.returncode}: {script}\n{result.stderr.decode()}")


@check("--region: with it a signature for another region is refused, without it any is accepted")
def region(context):
    with context.start("--region", "eu-west-1") as gateway, RawWebSocket(gateway) as websocket:
        expect_equal(manage(gateway, "GET", websocket.id, region="eu-west-1").status, 200, "its region")
        answer = manage(gateway, "GET", websocket.id, region="us-east-1")
        expect_equal((answer.status, answer.error_type), (403, "InvalidSignatureException"), "another region")
    with context.start() as gateway, RawWebSocket(gateway) as websocket:
        for name in ("eu-west-1", "local-1", ""):
            expect_equal(manage(gateway, "GET", websocket.id, region=name).status, 200, f"region {name!r}")


@check("--public-host: a signature for the public host counts though Host is another")
def public_host(context):
    options = ["--public-host", "api.example.test", "--public-host", "other.example.test:8443"]
    with context.start(*options) as gateway, RawWebSocket(gateway) as websocket:
        for host in ("api.example.test", "other.example.test:8443"):
            answer = manage(gateway, "GET", websocket.id, signed_authority=host)
            expect_equal(answer.status, 200, f"signed for {host}")
        answer = manage(gateway, "GET", websocket.id, signed_authority="evil.example.test")
        expect_equal((answer.status, answer.error_type), (403, "InvalidSignatureException"), "signed for another host")
