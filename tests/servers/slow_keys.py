# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Keys that are looked up on another thread for a second: nobody else waits, and a caller that leaves leaves nothing."""
import os
import time

from churn import end_with_reset
from support import sigv4
from support.checks import expect, expect_equal
from support.raw_http import RawHttp, encode_request
from support.raw_websocket import TEXT, RawWebSocket

LOOKUP_SECONDS = 1  # in which a loaded machine sends what is sent meanwhile
CALLERS = 20
SERVERS = {"asio", "beast", "epoll", "wslay"}  # their examples have a store that answers later


def signed_post(server, identifier, body):
    target = f"/prod/@connections/{identifier}"
    return encode_request("POST", target, sigv4.signed_headers("POST", target, server.authority, body), body)


def callers_wait_together(server, websocket, identifier):
    callers = [RawHttp(server.host, server.port) for _ in range(CALLERS)]
    began = time.monotonic()
    for number, caller in enumerate(callers):
        caller.send(signed_post(server, identifier, str(number).encode()))
    websocket.send(TEXT, b"meanwhile")
    received = [websocket.receive()[1] for _ in range(CALLERS + 1)]
    expect_equal(received[0], b"meanwhile", "what is served first")
    expect_equal(sorted(received[1:]), sorted(str(i).encode() for i in range(CALLERS)), "what the callers posted")
    for caller in callers:
        expect_equal(caller.receive("POST").status, 200, "POST")
        caller.close()
    took = time.monotonic() - began
    expect(LOOKUP_SECONDS <= took < CALLERS * LOOKUP_SECONDS, f"{CALLERS} lookups at once took {took:.3f} s")


def open_files(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def callers_leave(server, websocket, identifier):
    before = open_files(server)
    for _ in range(CALLERS):
        caller = RawHttp(server.host, server.port)
        caller.send(signed_post(server, identifier, b"nobody waits for the answer"))
        end_with_reset(caller)
        caller.close()
    with RawHttp(server.host, server.port) as caller:
        caller.send(signed_post(server, identifier, b"the last"))
        expect_equal(caller.receive("POST").status, 200, "POST after callers have left")
    while websocket.receive()[1] != b"the last":
        pass
    deadline = time.monotonic() + 10
    while open_files(server) > before:
        expect(time.monotonic() < deadline, f"{open_files(server) - before} files of callers that have left are still open")
        time.sleep(0.02)


def slow_keys(context, program):
    with context.start(program, {"KEY_LOOKUP_MS": str(int(LOOKUP_SECONDS * 1000))}) as server:
        with RawWebSocket(server) as websocket:
            identifier = websocket.receive_greeting()
            callers_wait_together(server, websocket, identifier)
            callers_leave(server, websocket, identifier)
