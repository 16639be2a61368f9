# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""System calls that fail: strace makes them."""
import concurrent.futures
import re
import shutil
import subprocess

import tools
from support.checks import Failed, check, expect, expect_equal, skip
from support.raw_http import manage
from support.raw_websocket import TEXT, RawWebSocket

CALLS = {"accept": "accept,accept4", "recvmsg": "recvmsg,recvfrom", "sendmsg": "sendmsg,sendto",
         "epoll_wait": "epoll_wait,epoll_pwait"}
ERRORS = ("EAGAIN", "EINTR", "ECONNRESET", "EPIPE", "ENOMEM")
STEP = 7  # from one call that fails to the next
COVERED = 300


def can_inject():
    if not shutil.which("strace"):
        skip("strace is not installed")
    command = ["strace", "-o", "/dev/null", "-e", "inject=getpid:error=EPERM", "true"]
    if subprocess.run(command, capture_output=True, check=False, timeout=20).returncode != 0:
        skip("no right to trace processes")


def visit(gateway):
    """A client's whole life; whether it went well."""
    try:
        with RawWebSocket(gateway, timeout=3) as client:
            client.send(TEXT, b"hello")
            expect_equal(client.receive(), (TEXT, b"hello"), "the echo")
            expect_equal(manage(gateway, "POST", client.id, b"posted").status, 200, "POST")
            expect_equal(client.receive(), (TEXT, b"posted"), "what was posted")
            client.send(8, b"\x03\xe8")
            expect_equal(client.receive_close(), 1000, "the close code")
        return True
    except (Failed, OSError):
        return False


def run_with_failures(context, calls, error, first):
    """(faults, spoiled visits) of one gateway whose calls fail from the `first` on, each STEP after the last."""
    log = context.temporary("strace")
    last = first + (COVERED - 1) // STEP * STEP
    inject = f"inject={calls}:error={error}:when={first}..{last}+{STEP}"
    prefix = ("strace", "-D", "-f", "-qq", "-o", str(log), "-e", f"trace={calls}", "-e", inject)
    options = ["--echo", "--header-timeout", "2", "--request-timeout", "2", "--write-timeout", "2"]
    with context.start(*options, prefix=prefix) as gateway, concurrent.futures.ThreadPoolExecutor(4) as pool:
        def covered():
            lines = log.read_text(encoding="utf-8", errors="replace")
            return len(re.findall(r"^\d+ +\w+\(", lines, re.M)) > COVERED + STEP

        spoiled = visits = 0
        while not covered():
            outcomes = list(pool.map(lambda _: visit(gateway), range(40)))
            visits += len(outcomes)
            spoiled += outcomes.count(False)
            expect(gateway.running() and visits < 4000, f"{calls} {error} {first}: {visits} visits, {spoiled} spoiled")
        faults = log.read_text(encoding="utf-8", errors="replace").count("(INJECTED)")
        expect(visit(gateway), f"{calls} {error} {first}: the next client is not served")
        tools.wait_for(lambda: gateway.metrics.read()["connections_open"] == 0, 30,
                       f"{calls} {error} {first}: the connections are gone")
        expect_equal(gateway.metrics.read()["hub_open"], 0, f"{calls} {error} {first}: connections left in the hub")
    expect(faults >= COVERED // STEP, f"{calls} {error} {first}: only {faults} faults were injected")
    expect(spoiled <= faults, f"{calls} {error} {first}: {spoiled} clients were hurt by {faults} faults")
    return faults, spoiled


def system_call_fails(context, name):
    can_inject()
    runs = [(error, first) for error in ERRORS for first in range(1, STEP + 1)]
    if not context.full:
        runs = [("EINTR", 2), ("ECONNRESET", 4)] if name != "accept" else [("ENOMEM", 3)]
    faults = spoiled = 0
    for error, first in runs:
        made, hurt = run_with_failures(context, CALLS[name], error, first)
        faults += made
        spoiled += hurt
    goal = f"each of the first {COVERED} once with each of {', '.join(ERRORS)}: no crash, nobody else hurt"
    measured = f"{faults} faults, {spoiled} clients hurt, every next client served, exit 0"
    context.figure(f"R16 {name} fails", measured, goal, True)


for call in CALLS:
    check(f"R16 {call} fails now and then", call)(system_call_fails)
