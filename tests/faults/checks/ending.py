# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Connections that come and go, and gateways that end."""
import collections
import json
import pathlib
import signal
import socket
import time

import tools
from support.checks import check, expect, expect_equal, skip


def lifecycles(text):
    """For each connection id what was logged about its WebSocket, in order."""
    events = collections.defaultdict(list)
    for line in text.splitlines():
        if '"event":"websocket_' in line:
            event = json.loads(line)
            events[event["connectionId"]].append(event["event"])
    return events


def churn(context, gateway, closed, killed, at_once):
    """Two parts of the connections end with a close frame or a reset, one by a SIGKILL of their client."""
    options = ["--count", closed, "--concurrency", 100, "--sources", 50, "--end", "mixed"]
    with tools.Client(context, "churn", gateway, *options, seconds=900) as client:
        while killed > 0:
            share = min(killed, at_once)
            with tools.Readers(context, gateway, share, "--sources", 50) as victims:
                victims.kill()
            killed -= share
        return client.result()


@check("R4 connections that come and go leave nothing behind")
def come_and_go(context):
    closed, killed = context.size((2000, 1000), (66_667, 33_333))
    at_once = context.connections(250, 3000)
    warm = 2 * at_once
    with context.start("--log", "--ping-interval", "2", "--pong-timeout", "2") as gateway:
        def settled():
            return gateway.metrics.read()["connections_open"] == 0

        tools.wait_for(settled, 10, "the gateway runs")  # and has all its files
        files = tools.open_files(gateway.process.pid)
        churn(context, gateway, warm, warm, at_once)
        tools.wait_for(settled, 30, "the first connections have gone")
        memory = tools.resident_kib(gateway.process.pid)
        result = churn(context, gateway, closed, killed, at_once)
        expect_equal(result["opened"], closed, f"connects; {result}")
        tools.wait_for(settled, 30, "the connections have gone")
        metrics = gateway.metrics.read()
        expect_equal((metrics["hub_open"], metrics["websockets_open"]), (0, 0), "what is open")
        tools.wait_for(lambda: tools.open_files(gateway.process.pid) <= files, 10, "files are closed")
        growth = 100 * (tools.resident_kib(gateway.process.pid) - memory) / memory
        total = closed + killed + 2 * warm
        events = lifecycles(gateway.stderr())
        expect_equal(len(events), total, "connection ids that were opened")
        wrong = [(name, what) for name, what in events.items() if what != ["websocket_opened", "websocket_closed"]]
        expect_equal(wrong[:3], [], "ids with anything but one connect and one disconnect after it")
    expect(growth < context.size(20, 5), f"memory grew by {growth:.1f} %")
    context.figure("R4 come and go",
                   f"{closed + killed} connects ({killed} killed), {result['per_second']}/s beside the killing: one "
                   f"connect and one disconnect each; 0 left in the hub, 0 files more, memory {growth:+.1f} %",
                   "of 100000 none wrong, memory within 5 %", growth < 5)


@check("R7 SIGTERM under load: nobody new, everything accepted is delivered, each client gets 1001")
def sigterm_under_load(context):
    connections, rate = context.connections(300, 5000), context.size(200, 1000)
    with context.start("--drain-timeout", "8") as gateway, \
            tools.Readers(context, gateway, connections, seconds=300) as reading, \
            tools.post(context, gateway, reading.ids(), "--rate", rate, "--connections", 16, seconds=120) as caller:
        time.sleep(context.size(1, 5))
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)

        def refused():
            try:
                socket.create_connection((gateway.host, gateway.port), 5).close()
            except ConnectionRefusedError:
                return True
            return False

        until_refused = tools.wait_for(refused, 5, "nobody new is let in", pause=0.005)
        status = gateway.process.wait(30)
        ended = time.monotonic() - began
        read, posted = reading.result(), caller.result()
        expect_equal(status, 0, "the exit code")
        expect_equal(read["ends"], {"code 1001": connections}, "how the clients were closed")
        tools.expect_good(read, "R7")
        accepted, received = set(tools.accepted(caller)), set(reading.received())
        expect(len(accepted) > rate / 2, f"only {len(accepted)} messages were accepted")
        expect_equal(len(accepted - received), 0, "messages answered 200 and not delivered")
        expect(ended < context.size(15, 10), f"it took {ended:.1f} s to end")
    context.figure("R7 SIGTERM under load",
                   f"{connections} clients, {rate} POST/s: new connects refused after {until_refused * 1000:.0f} ms, "
                   f"{connections} times 1001, {len(accepted)} accepted and all delivered, {posted['unanswered']} "
                   f"unanswered, exit 0 after {ended:.1f} s", "exit 0 within 10 s, none lost", ended < 10)


def listen_overflows():
    """How many SYNs the kernel has dropped as a backlog was full."""
    lines = pathlib.Path("/proc/net/netstat").read_text(encoding="ascii").splitlines()
    for names, values in zip(lines[::2], lines[1::2]):
        if names.startswith("TcpExt:"):
            return int(dict(zip(names.split(), values.split()))["ListenDrops"])
    skip("the kernel does not count full backlogs")


def storm(context, name, reading, wanted, dropped, began):
    """Waits until all clients are back after a cut, and returns how connections have ended by then."""
    tools.wait_for(reading.ids_file.exists, 60, "all clients are back")
    dropped = listen_overflows() - dropped
    after = reading.snapshot()
    expect_equal((after["open"], after["handshakes"]["count"]), (wanted, wanted), "clients that are back")
    back, slowest = max(0, (after["last_open_ns"] - began) / 1e9), tools.milliseconds(after, of="handshakes")
    context.figure(f"R13 reconnect storm after {name}",
                   f"{wanted} clients back {back:.1f} s later, handshake p99 {slowest:.0f} ms, {dropped} SYNs dropped "
                   "for a full backlog", "back within 10 s, p99 under 1 s, none dropped",
                   back < 10 and slowest < 1000 and dropped == 0)
    expect(back < context.size(40, 10), f"back after {back:.1f} s")
    return after["ends"]


@check("R13 everybody reconnects at once")
def reconnect_storm(context):
    wanted = context.connections(1000, 10_000)
    options = ["--max-connections", "100000"]
    shape = ["--reconnect", "--concurrency", wanted, "--sources", 20]
    priority = tools.before_others(1)
    with context.start(*options, prefix=priority) as first, \
            tools.Readers(context, first, wanted, *shape, seconds=300, prefix=priority) as reading:
        reading.snapshot()
        reading.ids_file.unlink()  # it comes again when all are back
        dropped, began = listen_overflows(), time.monotonic_ns()
        reading.process.send_signal(signal.SIGUSR2)
        ends = storm(context, "an RST of each", reading, wanted, dropped, began)
        expect_equal(ends, {"reset": wanted}, "how connections ended, with a gateway that was always there")
        tools.wait_for(lambda: first.metrics.read()["hub_open"] == wanted, 20, "those that were cut are forgotten")

        reading.ids_file.unlink()
        first.process.kill()
        first.process.wait()
        before = {}

        def cut_off():
            before.update(reading.snapshot())
            return before["open"] == before["pending"] == 0

        tools.wait_for(cut_off, 20, "all clients notice")
        dropped = listen_overflows()
        first.stop = lambda: 0  # it ended as it was meant to
        with context.start(*options, "--listen", f"127.0.0.1:{first.port}", prefix=priority) as second:
            ends = storm(context, "a SIGKILL of the gateway", reading, wanted, dropped, time.monotonic_ns())
            expect_equal({**ends, "refused": 0}, {**before["ends"], "refused": 0}, "ends, refusals aside")
            expect_equal(second.metrics.read()["websockets_opened_total"], wanted, "handshakes of the new gateway")
            reading.stop()
