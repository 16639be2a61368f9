# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""A server that is told to end while clients and callers are connected ends, and lets go of each of them."""
import contextlib

from support import sigv4
from support.checks import expect, expect_equal
from support.raw_http import RawHttp, encode_request
from support.raw_websocket import RawWebSocket

CLIENTS = 60
CALLERS = 30


def connect_caller(server, identifier):
    caller = RawHttp(server.host, server.port)
    target = f"/prod/@connections/{identifier}"
    caller.send(encode_request("GET", target, sigv4.signed_headers("GET", target, server.authority)))
    expect_equal(caller.receive("GET").status, 200, "GET")
    return caller


def expect_end(connection):
    """Whatever is said before it, such as a close frame."""
    try:
        while connection.socket.recv(4096):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        expect(False, "a connection of a server that has ended is still open")


def ending(context, program):
    with contextlib.ExitStack() as held:
        with context.start(program) as server:
            clients = [held.enter_context(RawWebSocket(server)) for _ in range(CLIENTS)]
            identifiers = [client.receive_greeting() for client in clients]
            callers = [held.enter_context(connect_caller(server, name)) for name in identifiers[:CALLERS]]
            # the server is told to end behind this line, and must end with 0
        for connection in [*(client.connection for client in clients), *callers]:
            expect_end(connection)
