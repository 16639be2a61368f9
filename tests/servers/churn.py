# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Clients that come and go, mostly without a word, while others post to them."""
import collections
import random
import socket
import struct
import threading
import time

from support import sigv4
from support.checks import Failed, expect, expect_equal
from support.raw_http import RawHttp, encode_request
from support.raw_websocket import CLOSE, TEXT, RawWebSocket

CLIENTS = 20
POSTERS = 6


class Crowd:
    """What the threads share."""

    def __init__(self, server, seconds):
        self.server = server
        self.deadline = time.monotonic() + seconds
        self.lock = threading.Lock()
        self.open = collections.deque(maxlen=2 * CLIENTS)  # the ids of the latest clients; some have left
        self.statuses = collections.Counter()
        self.connected = 0
        self.received = 0
        self.complaints = []

    def going_on(self):
        return time.monotonic() < self.deadline and not self.complaints

    def run(self, act, number):
        try:
            act(self, random.Random(number))
        except Exception as error:  # one complaint ends all
            self.complaints.append(f"{act.__name__}: {error!r}")


def end_with_reset(connection):
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def come_and_go(crowd, chance):
    while crowd.going_on():
        with RawWebSocket(crowd.server) as websocket:
            identifier = websocket.receive_greeting()
            with crowd.lock:
                crowd.open.append(identifier)
                crowd.connected += 1
            websocket.set_timeout(chance.choice([0.001, 0.01, 0.05, 0.5]))
            try:
                for _ in range(chance.randrange(5)):
                    kind, message = websocket.receive()
                    expect_equal((kind, message.split()[0]), (TEXT, identifier.encode()), "a message for somebody else")
                    crowd.received += 1
            except Failed as error:
                if "waiting for a frame" not in str(error):
                    raise
            end = chance.choice(["reset", "close frame", "nothing"])
            if end == "reset":
                end_with_reset(websocket.connection)
            elif end == "close frame":
                websocket.send(CLOSE, b"\x03\xe8")


def post(crowd, chance):
    connection = None
    authority = crowd.server.authority
    while crowd.going_on():
        if not crowd.open:
            time.sleep(0.01)
            continue
        identifier = crowd.open[-1 - chance.randrange(len(crowd.open))]
        target = f"/prod/@connections/{identifier}"
        body = f"{identifier} {'x' * chance.choice([0, 100, 5000])}".encode()
        connection = connection or RawHttp(crowd.server.host, crowd.server.port)
        connection.send(encode_request("POST", target, sigv4.signed_headers("POST", target, authority, body), body))
        answer = connection.receive("POST")
        crowd.statuses[answer.status] += 1
        expect(answer.status in (200, 410, 429), f"an answer that nobody expects: {answer!r}")
        if (answer.header("Connection") or "").lower() == "close":
            connection.close()
            connection = None
    if connection:
        connection.close()


def last_client(crowd):
    """Whoever comes after the storm is served."""
    with RawWebSocket(crowd.server) as websocket, RawHttp(crowd.server.host, crowd.server.port) as connection:
        identifier = websocket.receive_greeting()
        target = f"/prod/@connections/{identifier}"
        headers = sigv4.signed_headers("POST", target, crowd.server.authority, b"still there")
        connection.send(encode_request("POST", target, headers, b"still there"))
        expect_equal(connection.receive("POST").status, 200, "POST after the churn")
        expect_equal(websocket.receive(), (TEXT, b"still there"), "the message after the churn")


def churn(context, program):
    with context.start(program) as server:
        crowd = Crowd(server, context.seconds)
        threads = [threading.Thread(target=crowd.run, args=(come_and_go, i)) for i in range(CLIENTS)]
        threads += [threading.Thread(target=crowd.run, args=(post, -1 - i)) for i in range(POSTERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(context.seconds + 60)
        expect(not crowd.complaints, f"{'; '.join(crowd.complaints[:3])}; stderr: {server.stderr()[-6000:]}")
        expect(not any(thread.is_alive() for thread in threads), "a client or a caller waits for ever")
        told = f"{crowd.connected} connected, {crowd.received} received, {dict(crowd.statuses)}"
        expect(crowd.connected >= CLIENTS and crowd.received and crowd.statuses[200] and crowd.statuses[410], told)
        print(f"       {told}")
        last_client(crowd)
