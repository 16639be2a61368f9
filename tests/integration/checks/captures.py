# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Requests captured from clients that are not packaged, signed anew for this gateway, this connection and this minute.

The bytes are the captured ones but for the id in the target, the Host, the date and the signature, which follows the same
canonical rules as the captured one (tests/data/captures/README.md).
"""
import hashlib
import json
import pathlib
import re

from support import sigv4
from support.checks import check, expect, expect_equal, skip
from support.gateway import KEYS, SESSION_TOKEN
from support.raw_http import RawHttp
from support.raw_websocket import RawWebSocket

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "data" / "captures"
CLIENTS = ("aws-cli-v1", "awscurl")
RULES = ("W1", "W1n", "W0", "N1", "K-sdk", "K-enc", "K-raw", "K-at1", "K-at0")


def read_request(data):
    """(method, target, version, headers, body) of a captured request."""
    head, _, body = data.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    method, target, version = line.split(" ")
    headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
    return method, target, version, headers, body


def put_id(target, captured_ids, identifier):
    """The target with the new id spelled like the captured one: with or without its escapes."""
    prefix, _, last = target.rpartition("/")
    for captured in captured_ids:
        if last == captured:
            return f"{prefix}/{identifier}"
        if last.upper() == sigv4.encode(captured).upper():
            return f"{prefix}/{sigv4.encode(identifier)}"
    raise ValueError(f"no known id in {target}")


def sign_again(entry, index, data, gateway, identifier):
    method, target, version, headers, body = read_request(data)
    target = put_id(target, index["connection_ids"], identifier)
    if not entry.get("proxy") and entry.get("host_rule", "host") == "host":
        headers = [(name, gateway.authority if name.lower() == "host" else value) for name, value in headers]
    if entry["auth"] == "none":
        return method, encode(method, target, version, headers, body)

    amz_date = sigv4.now()
    headers = [(name, amz_date if name.lower() == "x-amz-date" else value) for name, value in headers]
    (host,) = (value for name, value in headers if name.lower() == "host")
    signed_host = {
        "host": host,
        "host-without-port": host.partition(":")[0],
        "host-with-default-port-80": f"{host}:80",
        "public-host": entry.get("public_host"),
    }[entry.get("host_rule", "host")]
    as_signed = [(name, signed_host if name.lower() == "host" else value) for name, value in headers]
    declared = [value for name, value in headers if name.lower() == "x-amz-content-sha256"]
    payload = declared[0] if declared else hashlib.sha256(body).hexdigest()
    rule = next(rule for rule in RULES if rule in entry["uri_rules"])
    path, _, query = target.partition("?")
    names = entry["signed_headers"]
    canonical = sigv4.canonical_request(
        method, sigv4.canonical_path(path, rule), sigv4.canonical_query(query), as_signed, names, payload
    )
    region = entry["scope"].split("/")[1]
    value, scope = sigv4.signature(canonical, amz_date, region)
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={entry['access_key_id']}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={value}"
    )
    headers = [(name, authorization if name.lower() == "authorization" else value) for name, value in headers]
    return method, encode(method, target, version, headers, body)


def encode(method, target, version, headers, body):
    lines = [f"{method} {target} {version}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def replay(context, entry, index):
    data = (FOLDER / entry["file"]).read_bytes()
    _, target, _, _, body = read_request(data)
    options = ["--stage", "prod" if target.startswith("/prod/") else ""]
    if entry.get("public_host"):
        options += ["--public-host", entry.get("public_host")]
    if entry.get("host_rule", "host") == "host-with-default-port-80":
        options += ["--public-host", "localhost:80"]
    environment = {**KEYS, "AWS_SESSION_TOKEN": SESSION_TOKEN} if entry.get("session_token") else KEYS
    with context.start(*options, environment=environment) as gateway, RawWebSocket(gateway) as websocket:
        method, request = sign_again(entry, index, data, gateway, websocket.id)
        with RawHttp(gateway.host, gateway.port) as connection:
            connection.send(request)
            answer = connection.receive(method)
        if entry["auth"] == "none":
            expect_equal(
                (answer.status, answer.error_type), (403, "MissingAuthenticationTokenException"), f"unsigned {method}"
            )
            return
        status = {"POST": 200, "GET": 200, "DELETE": 204}[method]
        expect(answer.status == status, f"{method} as {request!r} was answered with {answer!r}")
        if method == "POST":
            expect_equal(websocket.receive()[1], body, "what the client received")
        elif method == "GET":
            expect_equal(answer.json()["identity"]["sourceIp"], "127.0.0.1", "sourceIp")
        else:
            expect_equal(websocket.receive_close(), 1000, "close code")


def register():
    index_file = FOLDER / "index.json"
    if not index_file.exists():
        check("captured requests, signed again")(lambda context: skip("tests/data/captures is not there"))
        return
    index = json.loads(index_file.read_text(encoding="utf-8"))
    for entry in index["captures"]:
        if entry["client"] in CLIENTS:
            name = re.sub(r"^[0-9]+-|\.http$", "", entry["file"])
            check(f"captured and signed again: {name}", entry, index)(replay)


register()
