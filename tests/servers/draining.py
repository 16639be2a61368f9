# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""A server that drains its hub when it is told to end says 1001 to each client, little by little, and ends with them."""
import concurrent.futures
import contextlib
import signal
import time

from support.checks import expect, expect_equal
from support.raw_websocket import RawWebSocket

SERVERS = {"civetweb", "epoll", "httplib", "poco"}
CLIENTS = 40
WINDOW = 1.0  # of examples/servers/until_signal.hpp


def goodbye(client):
    code = client.receive_close()
    return code, time.monotonic()


def draining(context, program):
    with contextlib.ExitStack() as held:
        server = held.enter_context(context.start(program))
        clients = [held.enter_context(RawWebSocket(server)) for _ in range(CLIENTS)]
        for client in clients:
            client.receive_greeting()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            waiting = [pool.submit(goodbye, client) for client in clients]
            told = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            answers = [future.result() for future in waiting]
        expect_equal({code for code, _ in answers}, {1001}, "close codes")
        times = sorted(when - told for _, when in answers)
        expect(times[0] < 0.5 * WINDOW, f"the first client was told after {times[0]:.2f} s")
        expect(times[-1] - times[0] > 0.5 * WINDOW, f"all were told within {times[-1] - times[0]:.2f} s")
        server.process.wait(10)
