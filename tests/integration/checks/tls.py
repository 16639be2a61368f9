# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""The gateway over TLS: with the real clients, with what is to be refused, and with certificates read anew."""
import re
import shutil
import signal
import ssl

from checks.websocket import converse_with_npm, converse_with_python
from support import chromium, clients
from support.certificates import certificates, key_hash
from support.checks import Failed, check, expect, expect_equal, expect_in, expect_soon, skip
from support.gateway import run_to_end
from support.raw_http import RawHttp, manage
from support.raw_websocket import TEXT, RawWebSocket


def start(context, *options, server=None, client_root=None):
    """A gateway with --echo over TLS; None stands for the good certificate."""
    if not shutil.which("openssl"):
        skip("openssl is not installed")
    if "--tls-certificate" not in run_to_end(context.path, "--help")[1]:
        skip("this gateway has no --tls-certificate")
    server = server or certificates().server
    tls = ["--tls-certificate", server.certificate, "--tls-key", server.key]
    if client_root:
        tls += ["--tls-client-ca", client_root]
    gateway = context.start("--stage", "prod", "--echo", *tls, *options)
    gateway.tls = raw_context()
    return gateway


def raw_context(**settings):
    context = ssl.create_default_context(cafile=certificates().root)
    for name, value in settings.items():
        setattr(context, name, value)
    return context


def connect(gateway, tls):
    return RawHttp(gateway.host, gateway.port, tls=tls)


def post_get_delete(context, client):
    reason = client.missing()
    if reason:
        skip(reason)
    with start(context) as gateway, RawWebSocket(gateway) as websocket:
        keys = clients.Keys(root=certificates().root)
        expect_in("https://", gateway.endpoint, "the endpoint that was printed")
        message = "over TLS ä".encode() * 5000
        for operation, body in (("post", message), ("get", None), ("delete", None)):
            result = client.call(operation, gateway.endpoint, websocket.id, body, keys)
            expect(not result.error and result.status in (None, 200, 204), f"{operation}: {result}")
            if operation == "post":
                expect(websocket.receive() == (TEXT, message), "the message did not arrive as it was")
        expect_equal(websocket.receive_close(), 1000, "close code")


def distrust(context, client, name):
    """The client refuses; the gateway is none the worse for it."""
    reason = client.missing()
    if reason:
        skip(reason)
    made = certificates()
    server, root = {
        "an unknown root": (made.server, made.client_root),
        "an expired certificate": (made.expired, made.root),
        "a self-signed certificate": (made.lonely, made.root),
    }[name]
    with start(context, server=server) as gateway:
        try:
            result = client.call("get", gateway.endpoint, "AAAAAAAAAAAAAAAA", None, clients.Keys(root=root))
        except Exception as error:  # each client has its own
            result = error
        expect(re.search(r"certificate|self.signed", str(result), re.I), f"{client.name} made of it: {result}")
        tls = raw_context(check_hostname=False, verify_mode=ssl.CERT_NONE)
        connect(gateway, tls).close()


for each in (clients.AwsCli(2), clients.Boto3(), clients.Curl(), clients.JavaScript()):
    check(f"TLS: {each.name}: post, get, delete", each)(post_get_delete)
    for bad in ("an unknown root", "an expired certificate", "a self-signed certificate"):
        check(f"TLS: {each.name} refuses {bad}", each, bad)(distrust)


@check("TLS: npm ws over wss")
def npm(context):
    with start(context) as gateway:
        converse_with_npm(gateway, {"NODE_EXTRA_CA_CERTS": certificates().root})


@check("TLS: python3-websockets over wss")
def python(context):
    with start(context) as gateway:
        converse_with_python(gateway, {"SSL_CERT_FILE": certificates().root})


def curl(gateway, *options):
    """(exit code, HTTP status, HTTP version) of a request without a signature."""
    if not shutil.which("curl"):
        skip("curl is not installed")
    command = ["curl", "--silent", "--max-time", "20", "--cacert", certificates().root, "--output", "/dev/null"]
    command += ["--write-out", "%{http_code} %{http_version}", *options, f"{gateway.endpoint}/@connections/x"]
    result = clients.run(command, status=None)
    status, version = result.stdout.decode().split()
    return result.returncode, int(status), version


@check("TLS: --tls-client-ca: curl with a certificate of that root, of another one and with none")
def client_certificates(context):
    made = certificates()
    with start(context, client_root=made.client_root) as gateway:
        for tls_version in ("1.2", "1.3"):
            limit = ["--tlsv1.2", "--tls-max", tls_version]
            own = ["--cert", made.client.certificate, "--key", made.client.key]
            expect_equal(curl(gateway, *limit, *own), (0, 403, "1.1"), f"TLS {tls_version} with a certificate")
            for other in ([], ["--cert", made.stranger.certificate, "--key", made.stranger.key]):
                code, status, _ = curl(gateway, *limit, *other)
                expect(code != 0 and status == 0, f"TLS {tls_version} with {other}: {code}, {status}")


@check("TLS: 1.2 and 1.3 are spoken, 1.1 is not")
def versions(context):
    with start(context) as gateway:
        for tls_version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            tls = raw_context(minimum_version=tls_version, maximum_version=tls_version)
            with connect(gateway, tls) as connection:
                expect_equal(connection.socket.version().replace(".", "_"), tls_version.name, "version")
                bits = connection.socket.cipher()[2]
                expect(bits >= 128 and re.search("GCM|CHACHA20", connection.socket.cipher()[0]), "a weak cipher")
        old = ["--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"]
        code, status, _ = curl(gateway, *old)
        expect_equal((code, status), (35, 0), "curl with TLS 1.1")


@check("TLS: ALPN chooses http/1.1, and refuses who does not speak it")
def protocols(context):
    with start(context) as gateway:
        expect_equal(curl(gateway, "--http2"), (0, 403, "1.1"), "curl, which offers h2 and http/1.1")
        for offered, chosen in ((["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1")):
            tls = raw_context()
            tls.set_alpn_protocols(offered)
            with connect(gateway, tls) as connection:
                expect_equal(connection.socket.selected_alpn_protocol(), chosen, f"the choice among {offered}")
        tls = raw_context()
        tls.set_alpn_protocols(["h2"])
        try:
            connect(gateway, tls).close()
            raise Failed("h2 alone was accepted")
        except ssl.SSLError as error:
            expect_in("no application protocol", str(error).replace("_", " ").lower(), "what the client made of it")


def name_of_server(gateway):
    with connect(gateway, gateway.tls) as connection:
        return dict(entry for part in connection.socket.getpeercert()["subject"] for entry in part)["commonName"]


@check("TLS: SIGHUP reads the certificates anew; open connections go on, and a broken file changes nothing")
def reload(context):
    made = certificates()
    own = type(made.server)(made.file("reloaded.pem"), made.file("reloaded.key"))

    def put(identity):
        shutil.copy(identity.certificate, own.certificate)
        shutil.copy(identity.key, own.key)

    put(made.server)
    with start(context, server=own) as gateway, RawWebSocket(gateway) as websocket:
        expect_equal(name_of_server(gateway), "server", "the certificate at first")
        put(made.next_server)
        expect_equal(name_of_server(gateway), "server", "the certificate before the signal")
        gateway.process.send_signal(signal.SIGHUP)
        expect_soon(lambda: name_of_server(gateway) == "next-server", "the new certificate")
        websocket.send(TEXT, b"still here")
        expect_equal(websocket.receive(), (TEXT, b"still here"), "the echo on the old connection")

        with open(own.certificate, "w", encoding="utf-8") as file:
            file.write("broken\n")
        gateway.process.send_signal(signal.SIGHUP)
        expect_soon(lambda: own.certificate in gateway.stderr(), "a message that names the broken file")
        expect_equal(name_of_server(gateway), "next-server", "the certificate after a failed reload")
        expect_equal(manage(gateway, "POST", websocket.id, b"posted").status, 200, "POST")
        expect_equal(websocket.receive(), (TEXT, b"posted"), "the posted message")


@check("TLS: what cannot be used is named, with exit code 2")
def unusable(context):
    made = certificates()
    start(context).stop()
    for options, name in (
        (["--tls-certificate", made.server.certificate], "--tls-key"),
        (["--tls-key", made.server.key], "--tls-certificate"),
        (["--tls-certificate", made.server.certificate, "--tls-key", made.next_server.key], made.next_server.key),
        (["--tls-certificate", made.file("missing"), "--tls-key", made.server.key], made.file("missing")),
    ):
        status, _, errors = run_to_end(context.path, "--listen", "127.0.0.1:0", *options, seconds=5)
        expect_equal(status, 2, f"exit code with {options}; stderr: {errors}")
        expect_in(name, errors, "the message")


@check("TLS: a connection without TLS is ended, and the close of a WebSocket has a close_notify")
def ends(context):
    with start(context) as gateway:
        with RawHttp(gateway.host, gateway.port) as plain:
            plain.send(f"GET /prod HTTP/1.1\r\nHost: {gateway.authority}\r\n\r\n".encode())
            expect(plain.at_end(), "an answer to a request without TLS")
        with RawWebSocket(gateway) as websocket:
            expect_equal(manage(gateway, "DELETE", websocket.id).status, 204, "DELETE")
            expect_equal(websocket.receive_close(), 1000, "close code")
            tls_socket = websocket.connection.socket
            tls_socket.suppress_ragged_eofs = False  # an end without close_notify is an exception
            expect_equal(tls_socket.recv(1), b"", "what comes after the close frame")


CONVERSATION = """
const socket = new WebSocket("URL");
socket.binaryType = "arraybuffer";
let step = 0;
socket.onerror = () => tell({ error: true });
socket.onclose = (event) => tell({ code: event.code, clean: event.wasClean });
socket.onmessage = (event) => {
    const data = event.data;
    if (step === 0) {
        tell({ id: JSON.parse(data).connectionId });
        socket.send("text \\u00e4");
    } else if (step === 1) {
        tell({ echo: data });
        socket.send(new Uint8Array(30000).fill(7));
    } else if (step === 2) {
        tell({ size: data.byteLength, last: new Uint8Array(data)[data.byteLength - 1] });
    } else {
        tell({ posted: data });
        socket.close(1000);
    }
    step += 1;
};
"""


@check("TLS: Chromium over wss: messages both ways, a posted one and the close", alone=True)
def browser(context):
    if chromium.missing():
        skip(chromium.missing())
    trust = f"--ignore-certificate-errors-spki-list={key_hash(certificates().server)}"
    script = CONVERSATION.replace("URL", "wss://localhost:PORT/prod")
    for allowed in (True, False):
        with chromium.Page() as page:
            origin = page.origin if allowed else "https://app.example"
            with start(context, "--greet", "--allowed-origin", origin) as gateway:
                page.script = script.replace("PORT", str(gateway.port))
                with chromium.Chromium(page.origin + "/", trust):
                    if not allowed:
                        expect_equal(page.next(), {"error": True}, "a page of another origin")
                        continue
                    identifier = page.next()["id"]
                    expect_equal(page.next(), {"echo": "text ä"}, "the echo of a text")
                    expect_equal(page.next(), {"size": 30000, "last": 7}, "the echo of bytes")
                    expect_equal(manage(gateway, "POST", identifier, b"hello").status, 200, "POST")
                    expect_equal(page.next(), {"posted": "hello"}, "the posted message")
                    expect_equal(page.next(), {"code": 1000, "clean": True}, "the close")
