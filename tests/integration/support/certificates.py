# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Certificates for the checks, made by the openssl command."""
import base64
import dataclasses
import hashlib
import pathlib
import tempfile
import threading

from support import clients

SERVER = "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"
CLIENT = "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n"
ROOT = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"]


@dataclasses.dataclass(frozen=True)
class Identity:
    """Files in PEM."""

    certificate: str
    key: str


def openssl(*arguments):
    return clients.run(["openssl", *map(str, arguments)]).stdout


class Certificates:
    """A root with certificates of servers, and another root with those of clients."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root_identity = self.self_signed("root", ROOT)
        self.client_root_identity = self.self_signed("client-root", ROOT)
        self.root = self.root_identity.certificate
        self.client_root = self.client_root_identity.certificate
        self.server = self.issued("server", self.root_identity, SERVER)
        self.next_server = self.issued("next-server", self.root_identity, SERVER)
        self.expired = self.issued("expired", self.root_identity, SERVER, days=-1)
        self.lonely = self.self_signed("lonely", ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        self.client = self.issued("client", self.client_root_identity, CLIENT)
        self.stranger = self.issued("stranger", self.root_identity, CLIENT)

    def file(self, name):
        return str(pathlib.Path(self.folder.name, name))

    def request(self, name, *more):
        identity = Identity(self.file(f"{name}.pem"), self.file(f"{name}.key"))
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", identity.key]
        openssl("req", *key, "-subj", f"/CN={name}", "-config", "/dev/null", *more)
        return identity

    def self_signed(self, name, extensions):
        return self.request(name, "-x509", "-days", 2, "-out", self.file(f"{name}.pem"), *extensions)

    def issued(self, name, issuer, extensions, days=2):
        identity = self.request(name, "-new", "-out", self.file(f"{name}.csr"))
        pathlib.Path(self.file(f"{name}.ext")).write_text(extensions, encoding="utf-8")
        sign = ["-CA", issuer.certificate, "-CAkey", issuer.key, "-CAcreateserial", "-days", days]
        paths = ["-in", self.file(f"{name}.csr"), "-out", identity.certificate, "-extfile", self.file(f"{name}.ext")]
        openssl("x509", "-req", *sign, *paths)
        return identity


def key_hash(identity):
    """The hash of the public key, as --ignore-certificate-errors-spki-list of Chromium wants it."""
    public = openssl("pkey", "-in", identity.key, "-pubout", "-outform", "DER")
    return base64.b64encode(hashlib.sha256(public).digest()).decode()


made = []
lock = threading.Lock()


def certificates():
    """The same for all checks."""
    with lock:
        if not made:
            made.append(Certificates())
        return made[0]
