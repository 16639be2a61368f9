# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""gateway --extensions: SDKs that repeat a POST, because its answer got lost, do not make the client read it twice."""
import re

from checks.clients import need, succeed
from support import clients, sigv4
from support.checks import check, expect_equal
from support.cutting_proxy import CuttingProxy
from support.raw_http import manage, request
from support.raw_websocket import TEXT, RawWebSocket

MESSAGE = "only once, ä€😀".encode()
SDKS = ((clients.Boto3(), False), (clients.JavaScript(), True))  # whether it signs its id of the call


def expect_messages(gateway, websocket, count):
    """The message arrived so often, and nothing else before what is sent now."""
    expect_equal(manage(gateway, "POST", websocket.id, b"the end").status, 200, "POST of the end")
    received = []
    while not received or received[-1] != (TEXT, b"the end"):
        received.append(websocket.receive())
    expect_equal(received[:-1], [(TEXT, MESSAGE)] * count, "what the client received")


def retried(context, client, signs_id, reset, options, count):
    """`signs_id`: None if the client gives its call no id."""
    need(client)
    with context.start("--stage", "prod", "--drain-timeout", "0.2", *options) as gateway:
        with RawWebSocket(gateway) as websocket, CuttingProxy(gateway, reset) as proxy:
            result = client.call("post", proxy.endpoint, websocket.id, MESSAGE, clients.Keys(attempts=3))
            succeed(result, [200], "POST")
            expect_equal(proxy.statuses, [200, 200], "the server's answers, of which the first was lost")
            expect_messages(gateway, websocket, count)
            first, second = (each.fields.get("amz-sdk-invocation-id") for each in proxy.requests)
            expect_equal((first == second, first is None), (True, signs_id is None), f"the ids {first} and {second}")
            signed = re.search(r"SignedHeaders=([^,]*)", proxy.requests[0].fields["authorization"])[1].split(";")
            expect_equal("amz-sdk-invocation-id" in signed, bool(signs_id), f"the id is among {signed}")


for sdk, signed_id in SDKS:
    for resets, words in ((False, "ended"), (True, "reset")):
        title = f"retries: {sdk.name} repeats a POST whose connection was {words}, the client reads it once"
        check(title, sdk, signed_id, resets, ("--extensions",), 1)(retried)
    title = f"retries: {sdk.name} repeats a POST, and without --extensions the client reads it twice"
    check(title, sdk, signed_id, False, (), 2)(retried)


# Debian's names its calls nothing, so that there is nothing to know the second attempt by
cli_title = "retries: AWS CLI v2 repeats a POST without an id, the client reads it twice"
check(cli_title, clients.AwsCli(2), None, False, ("--extensions",), 2)(retried)


@check("retries: a second call of the SDK with the same message is another message")
def two_calls(context):
    boto3 = clients.Boto3()
    need(boto3)
    with context.start("--stage", "prod", "--drain-timeout", "0.2", "--extensions") as gateway:
        with RawWebSocket(gateway) as websocket:
            client = boto3.open(gateway.endpoint)
            for _ in range(2):
                client.post_to_connection(ConnectionId=websocket.id, Data=MESSAGE)
            expect_messages(gateway, websocket, 2)


@check("retries: equal signatures alone are two messages; an Idempotency-Key makes them one")
def same_bytes(context):
    with context.start("--stage", "prod", "--drain-timeout", "0.2", "--extensions") as gateway:
        for name, count in ((None, 2), ("Idempotency-Key", 1)):
            with RawWebSocket(gateway) as websocket:
                target = gateway.path(f"/@connections/{sigv4.encode(websocket.id)}")
                headers = sigv4.signed_headers("POST", target, gateway.authority, MESSAGE, ())
                headers = [*headers, *([(name, "order 17")] if name else [])]
                for _ in range(2):
                    expect_equal(request(gateway, "POST", target, headers, MESSAGE).status, 200, "POST")
                expect_messages(gateway, websocket, count)
