# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""What somebody who runs the gateway relies on: ending it, its metrics, its log, and peers that are gone or stuck."""
import json
import signal
import time

from support.checks import Failed, check, expect, expect_equal, expect_in, expect_soon
from support.gateway import Server
from support.metrics import MetricsPort
from support.raw_http import RawHttp, encode_request, manage, request
from support.raw_websocket import PING, PONG, TEXT, RawWebSocket


@check("SIGTERM: nobody new, /healthz 503, clients leave one after the other with 1001, exit 0")
def drain(context):
    with context.start("--metrics-listen", "127.0.0.1:0", "--drain-timeout", "4") as gateway:
        metrics = MetricsPort(gateway)
        expect_equal(request(gateway, "GET", "/healthz").status, 200, "/healthz")
        websockets = [RawWebSocket(gateway) for _ in range(10)]
        with RawHttp(gateway.host, gateway.port) as kept:
            kept.send(encode_request("GET", "/healthz", [("Host", gateway.authority)]))
            expect_equal(kept.receive().status, 200, "/healthz on a connection that is kept")
            began = time.monotonic()
            gateway.process.send_signal(signal.SIGTERM)
            expect(kept.at_end(), "the idle connection is open after SIGTERM")
        try:
            RawHttp(gateway.host, gateway.port).close()
            raise Failed("a connection was accepted after SIGTERM")
        except ConnectionRefusedError:
            pass
        expect_equal(request(metrics, "GET", "/healthz").status, 503, "/healthz while draining")
        closed = sorted((websocket.receive_close(), time.monotonic() - began) for websocket in websockets)
        expect_equal({code for code, _ in closed}, {1001}, "close codes")
        expect_equal(gateway.process.wait(10), 0, "exit code")
        ended = time.monotonic() - began
        expect(0.5 < ended < 4, f"ended after {ended:.1f} s")
        for websocket in websockets:
            websocket.connection.close()


@check("SIGTERM: what was accepted is delivered before the close frame; a client that stays is dropped at the deadline")
def drain_delivers(context):
    with context.start("--drain-timeout", "3") as gateway:
        silent, slow = RawWebSocket(gateway), RawWebSocket(gateway)
        sent = 0
        while manage(gateway, "POST", slow.id, b"x" * 100_000).status == 200:
            sent += 1
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        received = 0
        try:
            while slow.receive()[1] == b"x" * 100_000:
                received += 1
        except Failed as closed:
            expect_in("closed while a message", str(closed), "the end of the messages")
        expect_equal(received, sent, "messages received")
        expect_equal(gateway.process.wait(10), 0, "exit code")
        expect(2.5 < time.monotonic() - began < 8, f"ended after {time.monotonic() - began:.1f} s")
        silent.connection.close()
        slow.connection.close()


@check("a second signal ends the gateway at once")
def second_signal(context):
    gateway = context.start("--drain-timeout", "60")
    websocket = RawWebSocket(gateway)
    gateway.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    expect(gateway.running(), "the gateway has ended before its clients did")
    gateway.process.send_signal(signal.SIGTERM)
    expect_equal(gateway.process.wait(2), -signal.SIGTERM, "exit code")
    websocket.connection.close()


@check("--metrics-listen counts what happens")
def metrics_count(context):
    with context.start("--metrics-listen", "127.0.0.1:0") as gateway:
        metrics = MetricsPort(gateway)
        expect_equal(metrics.read()["connections_accepted_total"], 0, "connections at the start")
        with RawWebSocket(gateway) as websocket:
            websocket.send(TEXT, b"hello")
            expect_equal(manage(gateway, "POST", websocket.id, b"12345").status, 200, "POST")
            expect_equal(websocket.receive(), (TEXT, b"12345"), "the message")
            expect_equal(manage(gateway, "POST", websocket.id, b"x", secret="wrong").status, 403, "wrong secret")
            now = metrics.read()
            expect_equal(now["websockets_open"], 1, "websockets_open")
            expect_equal(now["hub_open"], 1, "hub_open")
            expect_equal(manage(gateway, "DELETE", websocket.id).status, 204, "DELETE")
            expect_equal(websocket.receive_close(), 1000, "the close code")
        expect_equal(manage(gateway, "GET", websocket.id).status, 410, "GET")
        with RawHttp(gateway.host, gateway.port) as broken:
            broken.send(b"GET / HTTP/1.1\r\nHost: x\r\nBad Name: x\r\n\r\n")
            expect_equal(broken.receive().status, 400, "a bad header")
        for name, value in (
            ("websockets_open", 0), ("hub_open", 0), ("websockets_opened_total", 1), ("messages_received_total", 1),
            ('websockets_closed_total{code="1000"}', 1), ('hub_sends_total{result="accepted"}', 1),
            ("hub_accepted_bytes_total", 5), ('requests_denied_total{reason="bad_signature"}', 1),
            ('management_responses_total{operation="post",status="200"}', 1),
            ('management_responses_total{operation="delete",status="204"}', 1),
            ('management_responses_total{operation="get",status="410"}', 1), ('responses_total{class="1xx"}', 1),
        ):
            expect_equal(metrics.read()[name], value, name)
        expect(sum(value for name, value in metrics.read().items() if name.startswith("requests_rejected_total")) == 1,
               "one request was rejected")
        expect_equal(request(metrics, "POST", "/metrics").status, 405, "POST /metrics")
        expect_equal(request(metrics, "GET", "/other").status, 404, "GET /other")


@check("--log writes one line of JSON for each event, and no secret")
def log(context):
    with context.start("--log", "--stage", "prod") as gateway:
        with RawWebSocket(gateway) as websocket:
            identifier = websocket.id
            target = f"/prod/@connections/{identifier}?token=0123secret"
            expect_equal(request(gateway, "POST", target, [("Authorization", "Bearer topsecret")], b"quiet").status, 403,
                         "an unsigned POST")
            expect_equal(manage(gateway, "POST", identifier, b"bodysecret").status, 200, "POST")
        expect_soon(lambda: "websocket_closed" in gateway.stderr(), "a line for the close")
        lines = [json.loads(line) for line in gateway.stderr().splitlines() if line.startswith("{")]
        events = [line["event"] for line in lines]
        for event in ("connection_accepted", "websocket_opened", "request_denied", "request_answered",
                      "websocket_closed"):
            expect_in(event, events, "the events")
        opened = next(line for line in lines if line["event"] == "websocket_opened")
        expect_equal((opened["sourceIp"], opened["connectionId"]), ("127.0.0.1", identifier), "websocket_opened")
        expect_equal([line["path"] for line in lines if line.get("method") == "POST"],
                     [f"/prod/@connections/{identifier}"] * 2, "the paths of the POSTs")
        for secret in ("0123secret", "topsecret", "bodysecret", "quiet"):
            expect(secret not in gateway.stderr(), f"{secret} is in the log")


@check("--log ends nobody's connection when its reader goes")
def log_reader_goes(context):
    script = 'exec "$0" "$@" 2> >(head -n 1 > /dev/null)'
    with Server(["bash", "-c", script, context.path, "--log", "--listen", "127.0.0.1:0"]) as gateway:
        with RawWebSocket(gateway) as websocket:
            for _ in range(50):
                expect_equal(manage(gateway, "POST", websocket.id, b"x").status, 200, "POST")
                time.sleep(0.01)


@check("a peer that answers no ping is dropped and its id is gone; one that answers stays", alone=True)
def vanished_peer(context):
    with context.start("--ping-interval", "0.5", "--pong-timeout", "0.5") as gateway:
        with RawWebSocket(gateway) as silent, RawWebSocket(gateway) as alive:
            began = time.monotonic()
            pings = 0
            while time.monotonic() - began < 2.5:
                _, opcode, payload = alive.receive_frame()
                expect_equal(opcode, PING, "what comes to a client that is left alone")
                alive.send(PONG, payload)
                pings += 1
            expect(3 <= pings <= 6, f"{pings} pings in 2.5 s")
            expect_equal(manage(gateway, "POST", alive.id, b"x").status, 200, "POST to the one that answers")
            expect_equal(manage(gateway, "POST", silent.id, b"x").status, 410, "POST to the one that does not")


@check("a client that takes nothing is answered for with 429, then dropped; nobody else notices", alone=True)
def stalled_peer(context):
    with context.start("--write-timeout", "1", "--queue-limit", "200000") as gateway:
        with RawWebSocket(gateway, receive_buffer=4096) as stuck, RawWebSocket(gateway) as other:
            while (status := manage(gateway, "POST", stuck.id, b"x" * 50_000).status) == 200:
                pass
            expect_equal(status, 429, "POST to a client whose queue is full")
            expect_equal(manage(gateway, "POST", other.id, b"fine").status, 200, "POST to the other")
            expect_equal(other.receive(), (TEXT, b"fine"), "what the other received")
            expect_soon(lambda: manage(gateway, "GET", stuck.id).status != 200, "the stuck client is dropped")
            expect_equal(manage(gateway, "POST", other.id, b"still").status, 200, "POST to the other")
            expect_equal(other.receive(), (TEXT, b"still"), "what the other received")


@check("--max-connections and --max-connections-per-address answer 503")
def connection_limits(context):
    for options in (("--max-connections", "2"), ("--max-connections-per-address", "2")):
        with context.start(*options) as gateway:
            kept = [RawHttp(gateway.host, gateway.port) for _ in range(2)]
            for connection in kept:
                connection.send(encode_request("GET", "/healthz", [("Host", gateway.authority)]))
                expect_equal(connection.receive().status, 200, "/healthz")
            with RawHttp(gateway.host, gateway.port) as third:
                third.send(encode_request("GET", "/healthz", [("Host", gateway.authority)]))
                expect_equal(third.receive().status, 503, f"one too many ({options[0]})")
                expect(third.at_end(), "the refused connection is open")
            kept.pop().close()
            deadline = time.monotonic() + 5
            while request(gateway, "GET", "/healthz").status != 200:
                expect(time.monotonic() < deadline, "no place comes back")
            kept.pop().close()
