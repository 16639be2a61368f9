# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""docs/openapi.yaml is valid OpenAPI, and what the gateway answers is as it says."""
import json
import pathlib
import tempfile

from support import clients
from support.checks import check, expect_equal, expect_in, skip
from support.raw_http import signed
from support.raw_websocket import RawWebSocket

DESCRIPTION = pathlib.Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"
COLLECTION, ONE, TAG = "/@connections", "/@connections/{connectionId}", "/@connections/{connectionId}/tags/{tag}"


class Calls:
    """Makes calls and keeps the answers."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.answers = []

    def __call__(self, status, method, template, query="", body=b"", identifier="", tag=""):
        path = template.replace("{connectionId}", identifier).replace("{tag}", tag)
        answer = signed(self.gateway, method, self.gateway.path(path + query), body)
        expect_equal(answer.status, status, f"{method} {path}{query}")
        self.answers.append(
            {
                "path": template,
                "method": method,
                "status": status,
                "headers": {name.lower(): value for name, value in answer.headers},
                "body": answer.body.decode(),
            }
        )


def validate(answers):
    if missing := clients.node_missing("@apidevtools/swagger-parser") or clients.node_missing("ajv"):
        skip(missing)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "answers.json")
        path.write_text(json.dumps(answers), encoding="utf-8")
        command = ["node", str(clients.HERE / "node" / "openapi.mjs"), str(DESCRIPTION), str(path)]
        return clients.run(command, status=(0, 1)).stdout.decode()


@check("openapi: the answers of the gateway are as docs/openapi.yaml says")
def answers(context):
    with context.start("--extensions", "--drain-timeout", "0.2", "--queue-limit", "1000") as gateway:
        call = Calls(gateway)
        with RawWebSocket(gateway) as websocket, RawWebSocket(gateway) as other:
            open_one = {"identifier": websocket.id}
            call(204, "PUT", TAG, tag="user%3A42", **open_one)
            call(400, "PUT", TAG, tag="%20", **open_one)
            call(200, "GET", ONE, **open_one)
            call(200, "HEAD", ONE, **open_one)
            call(200, "POST", ONE, "?type=text", b"x", **open_one)
            call(400, "POST", ONE, "?type=x", b"x", **open_one)
            call(200, "POST", ONE, "?ack=written&ttl=2", b"x", **open_one)
            call(400, "POST", ONE, "?ack=written&ttl=31", b"x", **open_one)
            call(429, "POST", ONE, "", b"x" * 2000, **open_one)
            call(413, "POST", ONE, "", b"x" * 131073, **open_one)
            call(200, "GET", COLLECTION)
            call(200, "GET", COLLECTION, "?limit=1")
            call(200, "GET", COLLECTION, "?count=true&tag=user%3A42")
            call(400, "GET", COLLECTION, "?limit=0")
            call(200, "POST", COLLECTION, "?tag=user%3A42", b"x")
            call(200, "POST", COLLECTION, f"?id={other.id}&id=AAAAAAAAAAAAAAAA", b"x")
            call(200, "POST", COLLECTION, "?all=true", b"x" * 2000)
            call(400, "DELETE", COLLECTION)
            call(204, "DELETE", TAG, tag="user%3A42", **open_one)
            call(400, "DELETE", ONE, "?code=1005", **open_one)
            call(204, "DELETE", ONE, "?code=4000&reason=bye", b"last", **open_one)
            call(410, "DELETE", ONE, **open_one)
            call(410, "GET", ONE, **open_one)
            call(410, "HEAD", ONE, **open_one)
            call(410, "POST", ONE, "", b"x", **open_one)
            call(410, "PUT", TAG, tag="a", **open_one)
            call(410, "GET", ONE, identifier="AAAAAAAAAAAAAAAA")
            call(400, "GET", ONE, identifier="bad!")
            call(200, "DELETE", COLLECTION, "?all=true&code=4001")
        expect_equal(validate(call.answers).strip(), "good", "the validator")


@check("openapi: the validator sees an answer that is not as described")
def sees_faults(_):
    good = {"path": COLLECTION, "method": "GET", "status": 200, "headers": {}, "body": '{"count":1}'}
    expect_equal(validate([good]).strip(), "good", "a good answer")
    for fault, word in (
        ({"body": '{"count":-1}'}, "must be >= 0"),
        ({"body": '{"count":1,"more":2}'}, "additional properties"),
        ({"status": 400, "body": '{"message":"x"}'}, "x-amzn-ErrorType"),
        ({"path": "/@connection"}, "is not described"),
        ({"method": "PATCH"}, "is not described"),
    ):
        expect_in(word, validate([{**good, **fault}]), f"the complaint about {fault}")
