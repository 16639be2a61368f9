# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""What the machine does to a gateway: a link that goes down, no files, no memory, another time."""
import glob
import os
import shutil
import subprocess
import time

import tools
from support import sigv4
from support.checks import check, expect, expect_equal, skip
from support.gateway import KEYS
from support.raw_http import manage
from support.raw_websocket import CLOSE, PING, PONG, TEXT, RawWebSocket


class Namespace:
    """A network namespace with one link to it; the addresses are of the block for benchmarks (RFC 2544)."""

    def __init__(self):
        self.name = f"faults{os.getpid()}"
        self.outside, self.inside = f"fo{os.getpid() % 100000}", f"fi{os.getpid() % 100000}"
        net = f"198.18.{os.getpid() // 64 % 256}.{os.getpid() % 64 * 4}".rpartition(".")
        self.server, self.client = (f"{net[0]}.{int(net[2]) + i}" for i in (1, 2))

    @staticmethod
    def ip(*arguments):
        return subprocess.run(["ip", *arguments], capture_output=True, check=False, timeout=20).returncode == 0

    def __enter__(self):
        if not shutil.which("ip"):
            skip("ip (package iproute2) is not installed")
        if not self.ip("netns", "add", self.name):
            skip("no right to make network namespaces")
        steps = (
            ("link", "add", self.outside, "type", "veth", "peer", "name", self.inside, "netns", self.name),
            ("address", "add", f"{self.server}/30", "dev", self.outside),
            ("link", "set", self.outside, "up"),
            ("-n", self.name, "address", "add", f"{self.client}/30", "dev", self.inside),
            ("-n", self.name, "link", "set", self.inside, "up"),
        )
        for step in steps:
            if not self.ip(*step):
                self.__exit__()
                skip(f"ip {' '.join(step)} failed")
        return self

    def __exit__(self, *_):
        self.ip("netns", "del", self.name)
        self.ip("link", "del", self.outside)

    def cut(self):
        expect(self.ip("-n", self.name, "link", "set", self.inside, "down"), "the link cannot be cut")


@check("R6 clients behind a link that is down are dropped")
def link_down(context):
    clients, interval, patience = context.size((100, 1, 2), (500, 5, 5))
    with Namespace() as namespace:
        options = ["--listen", f"{namespace.server}:0"]
        options += ["--ping-interval", str(interval), "--pong-timeout", str(patience)]
        prefix = ("ip", "netns", "exec", namespace.name)
        with context.start(*options) as gateway, \
                tools.Readers(context, gateway, clients, "--host", namespace.server, prefix=prefix) as reading:
            identifiers = reading.ids()
            time.sleep(interval + 0.5)
            expect_equal(gateway.metrics.read()["websockets_open"], clients, "WebSockets that are open")
            began = time.monotonic()
            namespace.cut()
            slowest, statuses = 0.0, set()
            for identifier in identifiers[:20]:
                asked = time.monotonic()
                statuses.add(manage(gateway, "POST", identifier, b"x").status)
                slowest = max(slowest, time.monotonic() - asked)
            expect(statuses <= {200, 410}, f"answers for clients that cannot be reached: {statuses}")
            tools.wait_for(lambda: gateway.metrics.read()["websockets_open"] == 0, interval + patience + 20,
                           "the clients are dropped")
            gone = time.monotonic() - began
            after = {manage(gateway, "POST", each, b"x").status for each in identifiers[:20]}
            expect_equal(after, {410}, "answers after that")
    limit = interval + patience + 1
    expect(slowest < 5, f"a POST took {slowest:.1f} s")
    expect(gone < limit + context.size(10, 0.5), f"dropped only after {gone:.1f} s")
    context.figure("R6 link down",
                   f"{clients} clients dropped {gone:.1f} s after it, slowest POST meanwhile {slowest * 1000:.0f} ms, "
                   "410 after", f"within {limit} s, POST within 1 s", gone < limit and slowest < 1)


@check("R10 out of files: no spinning, open connections go on, and accepting comes back")
def out_of_files(context):
    if not shutil.which("prlimit"):
        skip("prlimit (package util-linux) is not installed")
    seconds = context.size(2, 10)
    with context.start("--echo", prefix=("prlimit", "--nofile=256:256")) as gateway, \
            RawWebSocket(gateway) as old:
        options = ["--connections", 1000, "--concurrency", 1000]
        with tools.Client(context, "listen", gateway, *options) as crowd:
            tools.wait_for(lambda: tools.open_files(gateway.process.pid) >= 256, 20, "all files are in use")
            time.sleep(0.5)
            used, began, slowest = tools.cpu_seconds(gateway.process.pid), time.monotonic(), 0.0
            while time.monotonic() - began < seconds:
                time.sleep(0.2)
                asked = time.monotonic()
                old.send(TEXT, b"still here")
                expect_equal(old.receive(), (TEXT, b"still here"), "the echo")
                slowest = max(slowest, time.monotonic() - asked)
            share = 100 * (tools.cpu_seconds(gateway.process.pid) - used) / (time.monotonic() - began)
            crowd.kill()
        began = time.monotonic()
        with RawWebSocket(gateway):
            again = time.monotonic() - began
        expect(gateway.metrics.read()["accept_errors_total"] > 0, "no failure to accept was counted")
    expect(share < context.size(25, 10), f"{share:.1f} % CPU")
    expect(again < 10, f"the next client waited {again:.1f} s")
    context.figure("R10 out of files",
                   f"256 files, 1000 clients: {share:.1f} % CPU, slowest echo {slowest * 1000:.0f} ms, next client let "
                   f"in {again:.2f} s after files are free", "under 5 % CPU, within 1 s", share < 5 and again < 1)


@check("R11 allocations that fail")
def allocations(context):
    if not context.allocations:
        skip("no --allocations program was given")
    rounds = context.size(100, 2000)
    environment = {**os.environ, "BACKCHANNEL_ALLOCATION_FAILURES": str(rounds)}
    done = subprocess.run([context.allocations], env=environment, capture_output=True, check=False, timeout=1200)
    expect_equal(done.returncode, 0, done.stdout.decode("utf-8", "replace")[-1500:])
    context.figure("R11 the k-th allocation fails, and every k-th",
                   f"k = 1 to {rounds}: no crash, no leak, the next client is served", "k = 1 to 2000", True)


def faketime_library():
    found = sorted(glob.glob("/usr/lib/*/faketime/libfaketime.so.1"))
    if not found:
        skip("libfaketime is not installed")
    return found[0]


def watch_one_client(gateway, jump):
    """How far each ping and the closing of an idle client were from their times; `jump` is called in between."""
    errors = []
    with RawWebSocket(gateway) as client:
        began = last = time.monotonic()
        while True:
            _, opcode, payload = client.receive_frame()
            now = time.monotonic()
            if opcode == CLOSE:
                return max([*errors, abs(now - began - 4)])
            expect_equal(opcode, PING, "what comes to a client that is left alone")
            errors.append(abs(now - last - 1))
            last = now
            client.send(PONG, payload)
            if len(errors) == 2:
                jump()


@check("R12 a clock that jumps moves no timer, and signatures follow it")
def clock_jumps(context):
    shift = context.temporary("shift")

    def jump(seconds):
        unfinished = context.temporary("shift")
        unfinished.write_text(f"{seconds:+d}\n", encoding="ascii")
        unfinished.rename(shift)

    jump(0)
    environment = {
        **KEYS, "LD_PRELOAD": faketime_library(), "FAKETIME_TIMESTAMP_FILE": str(shift), "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    options = ["--ping-interval", "1", "--pong-timeout", "1", "--idle-timeout", "4"]
    worst = 0.0
    with context.start(*options, environment=environment) as gateway:
        for seconds in (86_400, -86_400, 0):
            worst = max(worst, watch_one_client(gateway, lambda to=seconds: jump(to)))
            with RawWebSocket(gateway) as client:
                for offset in (86_400, 0, -86_400):
                    status = manage(gateway, "POST", client.id, b"x", amz_date=sigv4.now(offset)).status
                    expect_equal(status, 200 if offset == seconds else 403,
                                 f"POST signed {offset:+d} s off while the clock is {seconds:+d} s off")
    expect(worst < context.size(3, 1), f"a timer was {worst:.2f} s off")
    context.figure("R12 clock jumps of a day", f"worst timer {worst:.2f} s off; signatures right after each of 3 jumps",
                   "1 s", worst < 1)
