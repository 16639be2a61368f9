# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""gateway --extensions: what the management API has beyond AWS'. docs/management-api.md, docs/openapi.yaml."""
import json
import pathlib
import tempfile
import threading
import time

from checks.clients import succeed
from checks.order import fill
from support import clients
from support.checks import check, expect, expect_equal, expect_in, skip
from support.feed import Feed
from support.raw_http import request, signed
from support.raw_websocket import BINARY, CLOSE, TEXT, RawWebSocket

COLLECTION = "/@connections"


def extended(context, *options):
    return context.start("--extensions", "--drain-timeout", "0.2", *options)


def one(gateway, method, websocket, query="", body=b"", behind=""):
    return signed(gateway, method, gateway.path(f"{COLLECTION}/{websocket.id}{behind}{query}"), body)


def many(gateway, method, query="", body=b""):
    return signed(gateway, method, gateway.path(COLLECTION + query), body)


def tag(gateway, websocket, text):
    expect_equal(one(gateway, "PUT", websocket, behind=f"/tags/{text}").status, 204, f"PUT of the tag {text}")


@check("extensions: AWS' calls are answered as without them")
def as_without(context):
    with extended(context) as gateway, RawWebSocket(gateway) as websocket:
        for client in (clients.Boto3(), clients.AwsCli(2), clients.JavaScript()):
            if client.missing():
                continue
            succeed(client.call("post", gateway.endpoint, websocket.id, b"Hello!"), [200], f"POST by {client.name}")
            expect_equal(websocket.receive(), (TEXT, b"Hello!"), f"{client.name}: what the client received")
            succeed(client.call("get", gateway.endpoint, websocket.id), [200], f"GET by {client.name}")
        expect_equal(one(gateway, "DELETE", websocket).status, 204, "DELETE")
        expect_equal(websocket.receive_close(), 1000, "the close code")
        answer = one(gateway, "POST", websocket, body=b"late")
        expect_equal((answer.status, answer.error_type), (410, "GoneException"), "POST afterwards")


@check("extensions: DELETE closes with a code, a reason and a last message")
def close_code(context):
    with extended(context) as gateway, RawWebSocket(gateway) as websocket:
        for query in ("?code=1005", "?code=1006", "?code=999", "?code=5000", "?code=x", "?code=", "?reason=" + "r" * 124):
            answer = one(gateway, "DELETE", websocket, query)
            expect_equal((answer.status, answer.error_type), (400, "BadRequestException"), f"DELETE {query}")
        expect_equal(one(gateway, "DELETE", websocket, "?code=4001&reason=bye%20bye", b"the last").status, 204, "DELETE")
        expect_equal(websocket.receive(), (TEXT, b"the last"), "the last message")
        expect_equal(websocket.receive_frame(), (True, CLOSE, b"\x0f\xa1bye bye"), "the close frame")
        websocket.send(CLOSE, b"\x0f\xa1")
        answer = one(gateway, "GET", websocket)
        expect_equal((answer.status, answer.error_type), (410, "GoneException"), "GET afterwards")
        expect_equal((answer.json()["closeCode"], answer.json()["closedBy"]), (4001, "server"), "what is remembered")
        expect_equal(answer.json()["reason"], "bye bye", "the reason")
        expect(answer.json()["closedAt"].endswith("Z"), "closedAt")


@check("extensions: GET of a connection that the client has closed tells its code")
def tombstone(context):
    with extended(context) as gateway, RawWebSocket(gateway) as websocket:
        websocket.send(CLOSE, b"\x0f\xa2enough")
        expect_equal(websocket.receive_close(), 4002, "the echoed code")
        answer = one(gateway, "GET", websocket)
        expect_equal((answer.status, answer.json()["closeCode"], answer.json()["closedBy"]), (410, 4002, "peer"), "GET")
        expect_equal(answer.json()["reason"], "enough", "the reason")


@check("extensions: ?type= sets the kind of a message")
def kinds(context):
    with extended(context) as gateway, RawWebSocket(gateway) as websocket:
        for query, body, received in (
            ("", b"text", (TEXT, b"text")),
            ("?type=binary", b"text", (BINARY, b"text")),
            ("?type=text", b"text", (TEXT, b"text")),
            ("?ack=queued", b"\xff", (BINARY, b"\xff")),
            ("?unknown=1", b"x", (TEXT, b"x")),
        ):
            expect_equal(one(gateway, "POST", websocket, query, body).status, 200, f"POST {query}")
            expect_equal(websocket.receive(), received, f"POST {query}")
        for query, body in (("?type=text", b"\xff"), ("?type=audio", b"x"), ("?type=text&type=text", b"x"), ("?type=%zz", b"x")):
            answer = one(gateway, "POST", websocket, query, body)
            expect_equal((answer.status, answer.error_type), (400, "BadRequestException"), f"POST {query}")
        expect_equal(one(gateway, "POST", websocket, "", b"end").status, 200, "POST")
        expect_equal(websocket.receive(), (TEXT, b"end"), "nothing came of the refused ones")


@check("extensions: ack=written is answered when the message has left, and one that is over never comes")
def written(context):
    large = "x" * 120_000
    with extended(context, "--threads", "2") as gateway, RawWebSocket(gateway, receive_buffer=4096) as websocket:
        expect_equal(one(gateway, "POST", websocket, "?ack=written", b"first").status, 200, "POST")
        expect_equal(websocket.receive(), (TEXT, b"first"), "the message")
        for query in ("?ttl=0", "?ttl=x", "?ack=soon", "?ack=written&ttl=31"):
            answer = one(gateway, "POST", websocket, query, b"never")
            expect_equal((answer.status, answer.error_type), (400, "BadRequestException"), f"POST {query}")
        sent = []  # until the client, which reads nothing, has no more room
        for number in range(200):
            body = f"{number} {large}".encode()
            answer = one(gateway, "POST", websocket, "?ack=written&ttl=1", body)
            sent.append(body)
            if answer.status != 200:
                break
        expect_equal((answer.status, answer.error_type), (504, "GatewayTimeoutException"), "a POST that finds no room")
        if "was not sent" in answer.json()["message"]:
            sent.pop()
        late = one(gateway, "POST", websocket, "?ack=written&ttl=1", b"late")
        expect_equal((late.status, late.json()["message"]), (504, "The message was not sent: its time was over"), "late")
        expect_equal(one(gateway, "POST", websocket, "?ttl=1", b"late too").status, 200, "POST: queued")
        expect_equal(one(gateway, "POST", websocket, "", b"behind").status, 200, "POST")
        time.sleep(1.2)
        for body in [*sent, b"behind"]:
            expect(websocket.receive() == (TEXT, body), f"not what was sent: {body[:20]}")
        expect_equal(one(gateway, "POST", websocket, "?ack=written", b"last").status, 200, "POST")
        expect_equal(websocket.receive(), (TEXT, b"last"), "the message")


@check("extensions: a feed tells what happens to connections, and goes on where its reader was")
def events(context):
    with extended(context, "--threads", "2") as gateway:
        target = gateway.path(f"{COLLECTION}?events")
        with Feed(gateway, target) as feed:
            expect_equal((feed.status, feed.event()), (200, ("ready", {})), "the first event")
            with RawWebSocket(gateway) as websocket:
                name, data = feed.event()
                expect_equal((name, data["connectionId"], data["tags"]), ("opened", websocket.id, []), "an event")
                tag(gateway, websocket, "room:7")
                name, data = feed.event()
                expect_equal((name, data["connectionId"], data["tag"]), ("tagged", websocket.id, "room:7"), "an event")
                seen = feed.last
                websocket.send(CLOSE, b"\x0f\xa2enough")
                expect_equal(websocket.receive_close(), 4002, "the echoed code")
        with Feed(gateway, target, seen) as feed:
            name, data = feed.event()
            told = (name, data["connectionId"], data["closeCode"], data["reason"], data["closedBy"])
            expect_equal(told, ("closed", websocket.id, 4002, "enough", "peer"), "what came meanwhile")
        with Feed(gateway, target, "1-1") as feed:
            expect_equal(feed.event()[0], "missed", "of another server")
        for target in ("?events&tag=a", "?events&count=true"):
            expect_equal(many(gateway, "GET", target).status, 400, f"GET {target}")
        unsigned = request(gateway, "GET", gateway.path(f"{COLLECTION}?events"))
        expect_equal(unsigned.status, 403, "GET without a signature")


@check("extensions: curl --aws-sigv4 reaches the collection, tags and the feed")
def with_curl(context):
    curl = clients.Curl()
    if missing := curl.missing():
        skip(missing)
    with extended(context) as gateway, RawWebSocket(gateway) as websocket:
        endpoint = curl.arguments(gateway.endpoint, "")[-1].rstrip("/")

        def call(behind, *options):
            output = clients.run([*curl.arguments(gateway.endpoint, "")[:-1], *options, endpoint + behind], status=(0, 28))
            return curl.parse(output.stdout)

        expect_equal(call(f"/{websocket.id}/tags/room:7", "--request", "PUT").status, 204, "PUT of a tag")
        expect_equal(call("?tag=room%3A7", "--data-binary", "Hello!").status, 200, "POST to a tag")
        expect_equal(websocket.receive(), (TEXT, b"Hello!"), "the message")
        expect_equal(call("?count=true").connection, {"count": 1}, "GET ?count=true")
        expect_in(websocket.id, call("").text, "the list")
        feed = call("?events=", "--no-buffer", "--max-time", "1")
        expect_equal(feed.status, 200, "GET ?events=")
        expect_in("event: ready", feed.text, "the feed")


@check("extensions: tags are set, shown and taken away, and bounded")
def tags(context):
    with extended(context) as gateway, RawWebSocket(gateway) as websocket:
        tag(gateway, websocket, "user%3A42")
        tag(gateway, websocket, "room:7")
        tag(gateway, websocket, "room:7")
        expect_equal(one(gateway, "GET", websocket).json()["tags"], ["user:42", "room:7"], "tags")
        expect_equal(one(gateway, "DELETE", websocket, behind="/tags/user%3A42").status, 204, "DELETE")
        expect_equal(one(gateway, "GET", websocket).json()["tags"], ["room:7"], "tags")
        for bad in ("a%20b", "%C3%A4", "x" * 65):
            expect_equal(one(gateway, "PUT", websocket, behind=f"/tags/{bad}").status, 400, f"PUT of {bad}")
        for i in range(31):
            tag(gateway, websocket, f"t{i}")
        expect_equal(one(gateway, "PUT", websocket, behind="/tags/one-more").status, 400, "the 33rd")
        expect_equal(one(gateway, "POST", websocket, behind="/tags/x").header("Allow"), "DELETE, PUT", "Allow")
        expect_equal(one(gateway, "DELETE", websocket).status, 204, "DELETE of the connection")
        expect_equal(one(gateway, "PUT", websocket, behind="/tags/late").status, 410, "PUT afterwards")
        expect_equal(many(gateway, "GET", "?tag=room:7").json()["connections"], [], "those with the tag")


@check("extensions: POST and DELETE reach many connections, each once, and tell of those that were not")
def batches(context):
    with extended(context, "--threads", "2") as gateway:
        sockets = [RawWebSocket(gateway) for _ in range(6)]
        for socket in sockets[:3]:
            tag(gateway, socket, "room:7")
        gone = sockets.pop()
        expect_equal(one(gateway, "DELETE", gone).status, 204, "DELETE of one")

        answer = many(gateway, "POST", "?tag=room%3A7", b"to the room")
        expect_equal((answer.status, answer.json()), (200, {"matched": 3, "accepted": 3, "refused": 0, "errors": []}), "by tag")
        query = "".join(f"&id={socket.id}" for socket in [*sockets[2:], sockets[2], gone])
        answer = many(gateway, "POST", "?" + query[1:], b"by id")
        errors = [{"connectionId": gone.id, "error": "GoneException"}]
        expect_equal(answer.json(), {"matched": 4, "accepted": 3, "refused": 1, "errors": errors}, "by id")
        expect_equal(many(gateway, "POST", "?all=true&type=binary", b"all").json()["accepted"], 5, "to all")
        for i, socket in enumerate(sockets):
            expected = [(TEXT, b"to the room")] * (i < 3) + [(TEXT, b"by id")] * (i >= 2) + [(BINARY, b"all")]
            expect_equal([socket.receive() for _ in expected], expected, f"what client {i} received")

        for method in ("POST", "DELETE"):
            for query in ("", "?all=false", "?all=true&tag=room:7", f"?id={sockets[0].id}&tag=room:7", "?tag=", "?tag=a%20b"):
                answer = many(gateway, method, query, b"x")
                expect_equal((answer.status, answer.error_type), (400, "BadRequestException"), f"{method} {query}")
        answer = many(gateway, "DELETE", "?tag=room:7&code=4007&reason=closed", b"bye")
        expect_equal(answer.json()["accepted"], 3, "DELETE by tag")
        for socket in sockets[:3]:
            expect_equal(socket.receive(), (TEXT, b"bye"), "the last message")
            expect_equal(socket.receive_close(), 4007, "the close code")
        expect_equal(many(gateway, "GET", "?count=true").json(), {"count": 2}, "those that are left")


@check("extensions: a client that does not read is refused in a batch, and stays, on whichever loop the caller is", alone=True)
def full_queue(context):
    body = b"x" * 60000
    with extended(context, "--threads", "2", "--queue-limit", "200000") as gateway:
        with RawWebSocket(gateway, receive_buffer=16384) as websocket:
            refused = {"connectionId": websocket.id, "error": "LimitExceededException"}
            for _ in range(10):  # each call has a connection of its own
                fill(gateway, websocket.id, len(body))
                answer = many(gateway, "POST", f"?id={websocket.id}", body).json()
                expect_equal(answer, {"matched": 1, "accepted": 0, "refused": 1, "errors": [refused]}, "POST to many")
                answer = many(gateway, "DELETE", f"?id={websocket.id}", body).json()
                expect_equal(answer, {"matched": 1, "accepted": 0, "refused": 1, "errors": [refused]}, "DELETE of many")
                answer = one(gateway, "DELETE", websocket, body=body)
                expect_equal((answer.status, answer.error_type), (429, "LimitExceededException"), "DELETE")
                expect_equal(one(gateway, "GET", websocket).status, 200, "GET")


@check("extensions: a list's pages show each connection once, whatever comes and goes between them")
def listing(context):
    with extended(context) as gateway:
        sockets = [RawWebSocket(gateway) for _ in range(12)]
        for socket in sockets[::2]:
            tag(gateway, socket, "even")
        for query, expected in (("", sockets), ("&tag=even", sockets[::2])):
            shown, cursor, others = [], "", []
            while True:
                page = many(gateway, "GET", f"?limit=3{query}{cursor}").json()
                expect(len(page["connections"]) <= 3, "a page is no longer than its limit")
                shown += [connection["connectionId"] for connection in page["connections"]]
                if "cursor" not in page:
                    break
                cursor = f"&cursor={page['cursor']}"
                others.append(RawWebSocket(gateway))
                if len(others) > 1:
                    expect_equal(one(gateway, "DELETE", others.pop(0)).status, 204, "DELETE between two pages")
            expect_equal(len(shown), len(set(shown)), "no connection is shown twice")
            expect({socket.id for socket in expected} <= set(shown), "none that was open all the time is missed")
            for other in others:
                expect_equal(one(gateway, "DELETE", other).status, 204, "DELETE")
        expect_equal(many(gateway, "GET", "?count=true&tag=even").json(), {"count": 6}, "count")
        for query in ("?limit=0", "?limit=1001", "?limit=x", "?cursor=x", "?cursor=-1", "?tag="):
            expect_equal(many(gateway, "GET", query).status, 400, f"GET {query}")
        first = many(gateway, "GET", "?limit=1").json()["connections"][0]
        expect_equal(first["identity"]["sourceIp"], "127.0.0.1", "what is shown of one")


@check("extensions: HEAD tells whether a connection is open")
def head(context):
    with extended(context) as gateway, RawWebSocket(gateway) as websocket:
        answer = one(gateway, "HEAD", websocket)
        expect_equal((answer.status, answer.body), (200, b""), "HEAD")
        size = str(len(one(gateway, "GET", websocket).body))
        expect_equal(answer.header("Content-Length"), size, "the size that GET would have")
        expect_equal(one(gateway, "DELETE", websocket).status, 204, "DELETE")
        expect_equal(one(gateway, "HEAD", websocket).status, 410, "HEAD afterwards")
        expect_equal(one(gateway, "PATCH", websocket).header("Allow"), "DELETE, GET, HEAD, POST", "Allow")
        expect_equal(many(gateway, "PUT").header("Allow"), "DELETE, GET, POST", "Allow of the collection")


def allow(resource):
    return {"Effect": "Allow", "Action": "execute-api:ManageConnections", "Resource": f"arn:aws:execute-api:*:*:*/prod/{resource}"}


@check("extensions: calls on the collection need a grant of their own, and each target another")
def grants(context):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "policy.json")

        def start(*statements):
            path.write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), encoding="utf-8")
            return extended(context, "--policy", str(path))

        with start(allow("*/@connections/*")) as gateway, RawWebSocket(gateway) as websocket:
            for method, query in (("GET", ""), ("POST", "?all=true"), ("DELETE", "?all=true"), ("GET", "?count=true")):
                answer = many(gateway, method, query, b"x" if method == "POST" else b"")
                expect_equal((answer.status, answer.error_type), (403, "AccessDeniedException"), f"{method} {query}")
                expect_in(f"/prod/{method}/@connections", answer.body.decode(), "the resource")
            expect_equal(one(gateway, "PUT", websocket, behind="/tags/a").status, 204, "PUT of a tag")
        with start(allow("*/@connections")) as gateway, RawWebSocket(gateway) as websocket:
            expect_equal(many(gateway, "GET", "?count=true").json(), {"count": 0}, "a count of what may be seen")
            answer = many(gateway, "POST", "?all=true", b"x").json()
            errors = [{"connectionId": websocket.id, "error": "AccessDeniedException"}]
            expect_equal(answer, {"matched": 1, "accepted": 0, "refused": 1, "errors": errors}, "POST to all")
            expect_equal(one(gateway, "PUT", websocket, behind="/tags/a").status, 403, "PUT of a tag")
        with start(allow("POST/@connections"), allow("POST/@connections/*")) as gateway, RawWebSocket(gateway) as websocket:
            expect_equal(many(gateway, "POST", "?all=true", b"x").json()["accepted"], 1, "POST to all")
            expect_equal(websocket.receive(), (TEXT, b"x"), "what the client received")
            expect_equal(many(gateway, "DELETE", "?all=true").status, 403, "DELETE of all")


@check("extensions: unsigned calls are refused, and without --extensions there are none")
def unsigned(context):
    with extended(context) as gateway, RawWebSocket(gateway) as websocket:
        for method, target in (
            ("GET", gateway.path(COLLECTION)),
            ("POST", gateway.path(COLLECTION + "?all=true")),
            ("PUT", gateway.path(f"{COLLECTION}/{websocket.id}/tags/a")),
            ("HEAD", gateway.path(f"{COLLECTION}/{websocket.id}")),
        ):
            expect_equal(request(gateway, method, target, body=b"").status, 403, f"{method} {target}")
        expect_equal(one(gateway, "GET", websocket).json()["tags"], [], "tags")
        expect_equal(signed(gateway, "GET", gateway.path("/@connections/")).status, 400, "an empty id")
    gateway = context.shared()
    with RawWebSocket(gateway) as websocket:
        expect_equal(one(gateway, "HEAD", websocket).status, 405, "HEAD without --extensions")
        expect("tags" not in one(gateway, "GET", websocket).json(), "no tags without --extensions")


@check("extensions: a message to 500 clients is theirs in order, beside messages to each")
def broadcast(context):
    with extended(context, "--threads", "2") as gateway:
        sockets = [RawWebSocket(gateway) for _ in range(500 if context.full else 100)]
        body = b"b" * 20_000

        def post_each():
            for socket in sockets:
                one(gateway, "POST", socket, body=b"own")

        poster = threading.Thread(target=post_each)
        poster.start()
        for _ in range(5):
            expect_equal(many(gateway, "POST", "?all=true", body).json()["accepted"], len(sockets), "POST to all")
        poster.join()
        for socket in sockets:
            received = sorted(socket.receive()[1] for _ in range(6))
            expect_equal(received, sorted([b"own", *[body] * 5]), "what each received")
