# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Order, back-pressure and many clients at once."""
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from support import clients, sigv4
from support.checks import Failed, check, expect, expect_equal, skip
from support.raw_http import RawHttp, encode_request, manage
from support.raw_websocket import CLOSE, TEXT, RawWebSocket


def post(connection, gateway, identifier, body):
    """Status of a signed POST on a connection that is kept."""
    target = gateway.path(f"/@connections/{sigv4.encode(identifier)}")
    headers = sigv4.signed_headers("POST", target, gateway.authority, body)
    connection.send(encode_request("POST", target, headers, body))
    return connection.receive("POST").status


@check("1000 posts arrive in order")
def thousand(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket, RawHttp(gateway.host, gateway.port) as connection:
        for number in range(1000):
            expect_equal(post(connection, gateway, websocket.id, b"%d" % number), 200, f"POST {number}")
        for number in range(1000):
            expect_equal(websocket.receive(), (TEXT, b"%d" % number), "what the client received")


@check("1000 pipelined posts arrive in order")
def thousand_pipelined(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket, RawHttp(gateway.host, gateway.port) as connection:
        target = gateway.path(f"/@connections/{sigv4.encode(websocket.id)}")
        requests = []
        for number in range(1000):
            body = b"%d" % number
            requests.append(encode_request("POST", target, sigv4.signed_headers("POST", target, gateway.authority, body), body))
        sender = threading.Thread(target=connection.send, args=(b"".join(requests),))
        sender.start()
        for number in range(1000):
            expect_equal(connection.receive("POST").status, 200, f"POST {number}")
        sender.join()
        for number in range(1000):
            expect_equal(websocket.receive(), (TEXT, b"%d" % number), "what the client received")


@check("long posts of eight callers at once: each is verified for itself")
def long_at_once(context):
    gateway = context.shared()
    chance = random.Random(8)
    with ExitStack() as stack:
        websockets = [stack.enter_context(RawWebSocket(gateway)) for _ in range(8)]
        callers, senders, expected = [], [], []
        for which, websocket in enumerate(websockets):
            target = gateway.path(f"/@connections/{sigv4.encode(websocket.id)}")
            wire, statuses, bodies = [], [], []
            for number in range(12):
                body = b"%d %d " % (which, number) + bytes([97 + which]) * chance.randrange(3000, 131000)
                headers = sigv4.signed_headers("POST", target, gateway.authority, body)
                forged = chance.random() < 0.25
                wire.append(encode_request("POST", target, headers, body[:-1] + b"?" if forged else body))
                statuses.append(403 if forged else 200)
                bodies += [] if forged else [body]
            caller = stack.enter_context(RawHttp(gateway.host, gateway.port))
            callers.append((caller, statuses))
            expected.append(bodies)
            senders.append(threading.Thread(target=caller.send, args=(b"".join(wire),)))
        readers = ThreadPoolExecutor(8)
        stack.callback(readers.shutdown)
        heard = [
            readers.submit(lambda w=websocket, n=len(bodies): [w.receive() for _ in range(n)])
            for websocket, bodies in zip(websockets, expected)
        ]
        for sender in senders:
            sender.start()
        for caller, statuses in callers:
            expect_equal([caller.receive("POST").status for _ in statuses], statuses, "what the caller was told")
        for sender in senders:
            sender.join()
        for messages, bodies in zip(heard, expected):
            expect(messages.result() == [(TEXT, body) for body in bodies], "a client received something else")


@check("--threads 2: posts that follow each other over different connections arrive in order")
def threads_in_order(context):
    count = 6000 if context.full else 600
    with context.start("--threads", "2") as gateway:
        connections = [RawHttp(gateway.host, gateway.port) for _ in range(8)]
        websockets = [RawWebSocket(gateway) for _ in range(8)]
        try:
            for number in range(count):
                for websocket in websockets[number % 2 :: 2]:
                    status = post(connections[number % 8], gateway, websocket.id, b"%d" % number)
                    expect_equal(status, 200, f"POST {number}")
            for which, websocket in enumerate(websockets):
                for number in range(which % 2, count, 2):
                    expect_equal(websocket.receive(), (TEXT, b"%d" % number), f"client {which}")
        finally:
            for connection in connections:
                connection.close()
            for websocket in websockets:
                websocket.connection.close()


def fill(gateway, identifier, size=65536, most=2000):
    """Posts numbered messages until one is refused: (how many were accepted, the refusal)."""
    for number in range(most):
        answer = manage(gateway, "POST", identifier, b"%08d" % number + b"x" * (size - 8))
        if answer.status != 200:
            return number, answer
    raise Failed(f"{most} posts of {size} bytes to a client that does not read were all accepted")


@check("a client that does not read: LimitExceededException, then all that was accepted in order", alone=True)
def slow_client(context):
    boto3 = clients.Boto3()
    with context.start("--queue-limit", "262144", "--threads", "2") as gateway:
        with RawWebSocket(gateway, receive_buffer=16384) as websocket, RawWebSocket(gateway) as other:
            accepted, refusal = fill(gateway, websocket.id)
            expect_equal((refusal.status, refusal.error_type), (429, "LimitExceededException"), "the refusal")
            if not boto3.missing():
                result = boto3.call("post", gateway.endpoint, websocket.id, b"y" * 65536)
                expect_equal((result.status, result.error), (429, "LimitExceededException"), "boto3")
            expect_equal(manage(gateway, "POST", other.id, b"unhindered").status, 200, "POST to another client")
            expect_equal(other.receive(), (TEXT, b"unhindered"), "what the other client received")
            for number in range(accepted):
                expect_equal(websocket.receive()[1][:8], b"%08d" % number, "what the slow client received")
            expect_equal(manage(gateway, "POST", websocket.id, b"reading again").status, 200, "POST afterwards")
            expect_equal(websocket.receive(), (TEXT, b"reading again"), "what it received then")


@check("a client that does not read can be disconnected", alone=True)
def slow_client_deleted(context):
    with context.start("--queue-limit", "262144") as gateway:
        with RawWebSocket(gateway, receive_buffer=16384) as websocket:
            accepted, _ = fill(gateway, websocket.id)
            expect_equal(manage(gateway, "DELETE", websocket.id).status, 204, "DELETE")
            expect_equal(manage(gateway, "POST", websocket.id, b"x").status, 410, "POST afterwards")
            for number in range(accepted):
                expect_equal(websocket.receive()[1][:8], b"%08d" % number, "what the slow client received")
            expect_equal(websocket.receive_close(), 1000, "close code")


@check("curl posts to a client that does not read: LimitExceededException", alone=True)
def slow_client_curl(context):
    curl = clients.Curl()
    if curl.missing():
        skip(curl.missing())
    with context.start("--queue-limit", "65536") as gateway, RawWebSocket(gateway, receive_buffer=16384) as websocket:
        fill(gateway, websocket.id)
        result = curl.call("post", gateway.endpoint, websocket.id, b"y" * 65536)
        expect_equal((result.status, result.error), (429, "LimitExceededException"), "curl")


@check("clients that come and go while others post: every 200 is a delivery or a close", alone=True)
def churn(context):
    """Each message that was answered 200 before the DELETE must reach the client before its close frame."""
    seconds = 60 if context.full else 5
    failures, rounds = [], [0]
    with context.start("--threads", "2", "--echo") as gateway:
        end = time.monotonic() + seconds

        def work(seed):
            source = random.Random(seed)
            try:
                with RawHttp(gateway.host, gateway.port) as connection:
                    while time.monotonic() < end and not failures:
                        one_round(connection, source)
                        rounds[0] += 1
            except Exception as error:  # told by the check, not by the thread
                failures.append(f"seed {seed}: {error!r}")

        def one_round(connection, source):
            with RawWebSocket(gateway) as websocket:
                count = source.randrange(20)
                bodies = [b"z" * int(2 ** source.uniform(0, 14)) + b"%d" % number for number in range(count)]
                for body in bodies:
                    expect_equal(post(connection, gateway, websocket.id, body), 200, "POST")
                if source.random() < 0.3:
                    return  # it vanishes without a close frame and with messages unread
                if source.random() < 0.5:
                    websocket.send(CLOSE, (1000).to_bytes(2, "big"))
                    expect_equal([websocket.receive()[1] for _ in bodies], bodies, "before the client's close")
                    return
                expect_equal(manage(gateway, "DELETE", websocket.id).status, 204, "DELETE")
                expect_equal([websocket.receive()[1] for _ in bodies], bodies, "before the close")
                expect_equal(websocket.receive_close(), 1000, "close code")
                expect_equal(post(connection, gateway, websocket.id, b"x"), 410, "POST afterwards")

        workers = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    expect(not failures, "\n".join(failures))
    expect(rounds[0] >= 4, f"only {rounds[0]} rounds in {seconds} s")
