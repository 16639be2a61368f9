# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""URLs that carry their signature."""
from support import clients
from support.checks import check, expect_equal, skip
from support.raw_http import request
from support.raw_websocket import RawWebSocket


def presign(gateway, operation, identifier):
    """The path and query of a presigned URL that boto3 made."""
    boto3 = clients.Boto3()
    if boto3.missing():
        skip(boto3.missing())
    url = boto3.open(gateway.endpoint).generate_presigned_url(operation, {"ConnectionId": identifier}, ExpiresIn=60)
    return url[url.index("/", len("http://")) :]


@check("presigned by boto3: GET tells about the connection")
def presigned_get(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        answer = request(gateway, "GET", presign(gateway, "get_connection", websocket.id))
        expect_equal((answer.status, answer.json()["identity"]["sourceIp"]), (200, "127.0.0.1"), "GET")


@check("presigned by boto3: DELETE disconnects, once")
def presigned_delete(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        target = presign(gateway, "delete_connection", websocket.id)
        expect_equal(request(gateway, "DELETE", target).status, 204, "DELETE")
        expect_equal(websocket.receive_close(), 1000, "close code")
        expect_equal(request(gateway, "DELETE", target).error_type, "GoneException", "the second DELETE")


@check("presigned by boto3: a URL for GET is refused for DELETE and for another connection")
def presigned_other(context):
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket, RawWebSocket(gateway) as other:
        target = presign(gateway, "get_connection", websocket.id)
        expect_equal(request(gateway, "DELETE", target).status, 403, "DELETE")
        stranger = presign(gateway, "get_connection", other.id).partition("?")[0] + "?" + target.partition("?")[2]
        expect_equal(request(gateway, "GET", stranger).error_type, "InvalidSignatureException", "another connection")
