# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""The events example: a gateway tells a Node.js backend what happens, and the backend answers with the AWS SDK."""
import json
import os
import pathlib
import queue
import shutil
import subprocess
import tempfile
import threading
import time

from support import clients
from support.checks import Failed, check, expect, expect_equal, expect_soon, skip
from support.gateway import Gateway
from support.proxy import SECONDS, Proxy
from support.raw_websocket import BINARY, CLOSE, TEXT, RawWebSocket

BACKEND = pathlib.Path(__file__).resolve().parents[3] / "examples" / "event_backend" / "backend.mjs"


class Backend:
    """The example's backend, with the SDK that is installed for these tests."""

    def __init__(self):
        missing = clients.node_missing("@aws-sdk/client-apigatewaymanagementapi")
        if missing:
            skip(missing)
        self.folder = tempfile.TemporaryDirectory()
        program = shutil.copy(BACKEND, self.folder.name)
        os.symlink(clients.NODE_MODULES, pathlib.Path(self.folder.name, "node_modules"))
        self.lines = queue.Queue()
        self.process = subprocess.Popen(
            ["node", program, "--port", "0", "--http"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=clients.Keys().environment(),
        )
        threading.Thread(target=self.read, daemon=True).start()
        try:
            self.url = self.lines.get(timeout=SECONDS).removeprefix("listening on ").strip()
        except queue.Empty:
            self.__exit__()
            raise Failed("the backend did not start") from None

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.decode())

    def event(self):
        try:
            return json.loads(self.lines.get(timeout=SECONDS))
        except queue.Empty:
            raise Failed("the backend was sent no event") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(SECONDS)
        self.folder.cleanup()


class DomainProxy(Proxy):
    """Stands for the proxy of a custom domain: puts the gateway's authority into Host."""

    def forward(self, connection, request):
        expect_equal(request.fields["host"], self.authority, "the Host that the backend sends")
        kept = [line for line in request.field_lines if line.lower().partition(":")[0] not in ("host", "connection")]
        head = [request.line, *kept, f"Host: {self.gateway.authority}", "Connection: close"]
        connection.sendall(self.ask("\r\n".join([*head, "\r\n"]).encode("latin-1") + request.body).data)


def start(context, backend, *options):
    program = pathlib.Path(context.path).with_name("05_events")
    if not os.access(program, os.X_OK):
        skip("05_events is not built (it needs Boost.JSON)")
    return Gateway(str(program), "--backend", backend.url, *options)


def say(websocket, message):
    websocket.send(TEXT, json.dumps(message).encode())


def conversation(backend, gateway, domain):
    """One client's whole life, seen by the client and by the backend."""
    headers = [("User-Agent", "events-check"), ("X-Twice", "1"), ("x-twice", "2")]
    before = int(time.time() * 1000)
    with RawWebSocket(gateway, gateway.path() + "?room=a%20b&room=c", headers) as websocket:
        event = backend.event()
        connected = event["requestContext"]
        expect_equal((connected["eventType"], connected["routeKey"]), ("CONNECT", "$connect"), "the first event")
        expect_equal(connected["connectionId"], websocket.id, "connectionId")
        expect_equal((connected["domainName"], connected["stage"]), (domain, gateway.stage), "domainName and stage")
        expect_equal(connected["identity"], {"sourceIp": "127.0.0.1", "userAgent": "events-check"}, "identity")
        query = event["queryStringParameters"], event["multiValueQueryStringParameters"]
        expect_equal(query, ({"room": "c"}, {"room": ["a b", "c"]}), "the query")
        expect_equal((event["headers"]["X-Twice"], event["multiValueHeaders"]["X-Twice"]), ("2", ["1", "2"]), "X-Twice")
        expect(before <= connected["connectedAt"] <= time.time() * 1000, f"connectedAt: {connected['connectedAt']}")

        say(websocket, {"action": "echo", "data": {"text": "ä€😀"}})
        expect_equal(websocket.receive(), (TEXT, '{"text":"ä€😀"}'.encode()), "the answer to echo")
        event = backend.event()
        context = event["requestContext"]
        expect_equal((context["eventType"], context["routeKey"]), ("MESSAGE", "echo"), "the event of echo")
        expect_equal(json.loads(event["body"])["data"], {"text": "ä€😀"}, "body")
        expect(abs(context["connectedAt"] - connected["connectedAt"]) < 1000, "connectedAt differs")

        say(websocket, {"action": "whoami"})
        answer = {"connectionId": websocket.id, "sourceIp": "127.0.0.1", "userAgent": "events-check"}
        expect_equal(json.loads(websocket.receive()[1]), answer, "the answer to whoami")
        expect_equal(backend.event()["requestContext"]["routeKey"], "whoami", "the route of whoami")

        for kind, sent in ((TEXT, b"no JSON"), (TEXT, b'{"action":"$connect"}'), (BINARY, b'\x00\xff{}')):
            websocket.send(kind, sent)
            expect_equal(websocket.receive(), (kind, sent), "the answer of $default")
            event = backend.event()
            expect_equal(event["requestContext"]["routeKey"], "$default", f"the route of {sent!r}")
            expect_equal(event["isBase64Encoded"], kind == BINARY, f"isBase64Encoded of {sent!r}")

        for number in range(30):
            say(websocket, {"action": "echo", "data": number})
        answers = [json.loads(websocket.receive()[1]) for _ in range(30)]
        expect_equal(answers, list(range(30)), "the answers, in order")
        expect_equal([json.loads(backend.event()["body"])["data"] for _ in range(30)], answers, "the events, in order")

        say(websocket, {"action": "leave"})
        expect_equal(websocket.receive_close(), 1000, "the close code")
        expect_equal(backend.event()["requestContext"]["routeKey"], "leave", "the route of leave")
        context = backend.event()["requestContext"]
        expect_equal((context["eventType"], context["routeKey"]), ("DISCONNECT", "$disconnect"), "the last event")
        expect_equal(context["disconnectStatusCode"], 1000, "disconnectStatusCode")
        expect_equal(context["connectionId"], connected["connectionId"], "connectionId of the last event")


@check("events: a backend gets them and answers with the AWS SDK, stage in the path")
def with_stage(context):
    with Backend() as backend, start(context, backend, "--stage", "prod") as gateway:
        conversation(backend, gateway, gateway.authority)


@check("events: the same without a stage")
def without_stage(context):
    with Backend() as backend, start(context, backend) as gateway:
        conversation(backend, gateway, gateway.authority)


@check("events: the same behind a proxy with a custom domain, whose Host is what was signed")
def custom_domain(context):
    with DomainProxy() as proxy, Backend() as backend, start(context, backend, "--domain", proxy.authority) as gateway:
        proxy.gateway = gateway
        conversation(backend, gateway, proxy.authority)


@check("events: DISCONNECT tells the client's close code and reason, and 1006 of one that vanishes")
def disconnects(context):
    with Backend() as backend, start(context, backend, "--stage", "prod") as gateway:
        last_words = (4321).to_bytes(2, "big") + "grüße".encode()
        for frame, code, reason in ((last_words, 4321, "grüße"), (None, 1006, "")):
            websocket = RawWebSocket(gateway)
            expect_equal(backend.event()["requestContext"]["eventType"], "CONNECT", "the first event")
            if frame:
                websocket.send(CLOSE, frame)
                expect_equal(websocket.receive_close(), code, "the close code")
            websocket.connection.close()
            last = backend.event()["requestContext"]
            expect_equal((last["disconnectStatusCode"], last["disconnectReason"]), (code, reason), "the last event")


@check("events: a backend that is away costs its events, not the gateway")
def backend_away(context):
    with Backend() as backend:
        away = start(context, backend, "--stage", "prod")
    with away as gateway:
        with RawWebSocket(gateway) as websocket:
            say(websocket, {"action": "echo", "data": 1})
            websocket.send(CLOSE, (1000).to_bytes(2, "big"))
            expect_equal(websocket.receive_close(), 1000, "the close code")
        missed = "the backend missed an event"
        expect_soon(lambda: gateway.stderr().count(missed) >= 3, "three reports of missed events", SECONDS)
        expect_equal(gateway.stderr().count(missed), 3, "events that are reported as missed")
