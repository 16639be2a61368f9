# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""sign_with_botocore.py DIR [--count N] [--seed N] [--verify PROGRAM]

Signs random requests with the installed botocore and writes them to DIR as raw bytes with an index.json, in the format
of tests/data/captures. With --verify, runs `PROGRAM DIR` (verify_captures) and exits as it does. Without botocore it
prints `skipped: reason` and exits with 77.
"""
import argparse
import datetime
import hashlib
import json
import pathlib
import random
import subprocess
import sys
import types
from urllib.parse import quote, urlsplit

try:
    import botocore
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


class Clock(datetime.datetime):
    """Stands in for datetime while botocore signs."""

    shown = None

    @classmethod
    def utcnow(cls):
        return cls.shown

    @classmethod
    def now(cls, tz=None):
        return cls.shown.replace(tzinfo=tz)


def set_clock(moment):
    Clock.shown = moment
    names = {name: getattr(datetime, name) for name in dir(datetime) if not name.startswith("_")}
    botocore.auth.datetime = types.SimpleNamespace(**{**names, "datetime": Clock})
    if hasattr(botocore.auth, "get_current_datetime"):
        botocore.auth.get_current_datetime = lambda *_, **__: moment


class Maker:
    def __init__(self, rng, keys):
        self.rng = rng
        self.keys = keys

    def word(self, low, high, alphabet=UNRESERVED):
        return "".join(self.rng.choice(alphabet) for _ in range(self.rng.randint(low, high)))

    def segment(self):
        """A path segment that means itself, in a spelling that a client may choose."""
        text = self.word(1, 12, UNRESERVED.replace(".", "") + "=+@:!$&'()*,;")
        escape = self.rng.choice(["", "@!$&'()*,;:=+", "=", "!$&'()*,;:@"])
        return quote(text, safe=escape + "~")

    def path(self):
        prefix = "".join("/" + self.segment() for _ in range(self.rng.randint(0, 2)))
        if self.rng.random() < 0.15:
            return prefix + "/" + self.segment()
        slashes = "//" if self.rng.random() < 0.1 else "/"
        return prefix + slashes + self.rng.choice(["@connections", "%40connections"]) + "/" + self.segment()

    def query(self):
        pairs = []
        for _ in range(self.rng.choice([0, 0, 0, 1, 2, 5])):
            name = quote(self.word(1, 6, UNRESERVED + " =&+/\u00e9"), safe="-._~")
            value = quote(self.word(0, 8, UNRESERVED + " =&+/\u00e9"), safe="-._~")
            if not any(name == other for other, _ in pairs):
                pairs.append((name, value))
        return "&".join(name + ("=" + value if value or self.rng.random() < 0.5 else "") for name, value in pairs)

    def headers(self):
        result = []
        for _ in range(self.rng.choice([0, 0, 1, 3, 6])):
            name = self.rng.choice(["X-Amz-Meta-" + self.word(1, 5, "abcXYZ"), "X-" + self.word(1, 8, "abcXYZ-9"),
                                    "Accept", "Content-Type", "Cache-Control"])
            value = "".join(self.rng.choice([self.word(1, 8, UNRESERVED + ",;=\""), " ", "  ", "\t"])
                            for _ in range(self.rng.randint(0, 6))).strip(" \t")
            result.append((name, value))
            if self.rng.random() < 0.2:
                result.append((self.rng.choice([name, name.lower()]), self.word(0, 6)))
        return result

    def body(self):
        size = self.rng.choice([0, 1, 5, 55, 56, 63, 64, 65, 1000, 20000])
        return bytes(self.rng.randrange(256) for _ in range(size))

    def make(self, number):
        rng = self.rng
        moment = datetime.datetime(2020, 1, 1) + datetime.timedelta(seconds=rng.randrange(10**9))
        set_clock(moment)
        key = rng.choice(self.keys)
        token = self.word(1, 60, UNRESERVED + "+/=") if rng.random() < 0.4 else None
        region = rng.choice(["us-east-1", "eu-central-1", "local-1", ""])
        service = rng.choice(["execute-api", "execute-api", "s3-but-not", "x"])
        credentials = Credentials(key["access_key_id"], key["secret_access_key"], token)
        presigned = rng.random() < 0.3
        method = rng.choice(["GET", "DELETE"] if presigned else ["POST", "GET", "DELETE"])
        body = b"" if presigned else self.body()
        host = rng.choice(["api.example.org", "127.0.0.1:8080", "[::1]:9000", "a-b.example:443"])
        query = self.query()
        request = AWSRequest(method, f"http://{host}{self.path()}" + ("?" + query if query else ""), data=body)
        for name, value in self.headers():
            request.headers.add_header(name, value)
        unsigned_payload = not presigned and rng.random() < 0.1
        if unsigned_payload:
            request.headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"
        elif not presigned and rng.random() < 0.3:
            request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()
        if presigned:
            expires = rng.choice([1, 60, 3600, 604800])
            botocore.auth.SigV4QueryAuth(credentials, service, region, expires=expires).add_auth(request)
        else:
            botocore.auth.SigV4Auth(credentials, service, region).add_auth(request)

        parts = urlsplit(request.url)
        target = parts.path + ("?" + parts.query if parts.query else "")
        public_host = parts.netloc if rng.random() < 0.1 else None
        sent_host = "backend:1" if public_host else rng.choice([parts.netloc, parts.netloc.upper()])
        chunked = bool(body) and rng.random() < 0.2
        lines = [("Host", sent_host)] + [(n, v) for n, v in request.headers.items() if n.lower() != "host"]
        lines.append(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body))))
        moved = [line for line in lines if rng.random() < 0.5]
        same = {name.lower() for name, _ in moved}
        # lines of one name keep their order, whatever stands between them
        lines = [line for line in lines if line[0].lower() in same] + \
                [line for line in lines if line[0].lower() not in same]
        head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines) + "\r\n"
        entry = {
            "file": f"{number:04d}.http", "client": "botocore", "version": botocore.__version__,
            "variant": "presigned" if presigned else "header", "tls": False, "chunked": chunked, "method": method,
            "target": target, "body_len": len(body), "body_sha256": hashlib.sha256(body).hexdigest(),
            "auth": "query" if presigned else "header", "access_key_id": key["access_key_id"],
            "session_token": token, "scope": moment.strftime("%Y%m%d") + f"/{region}/{service}/aws4_request",
            "amz_date": moment.strftime("%Y%m%dT%H%M%SZ"), "payload_rule": "declared" if unsigned_payload else "body",
        }
        if public_host:
            entry["public_host"] = public_host
        return entry, head.encode("latin-1") + (self.chunk(body) if chunked else body)

    def chunk(self, body):
        result, at = b"", 0
        while at < len(body):
            piece = body[at:at + self.rng.randint(1, len(body))]
            result += f"{len(piece):x}".encode() + b"\r\n" + piece + b"\r\n"
            at += len(piece)
        return result + b"0\r\n\r\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--verify")
    arguments = parser.parse_args()
    print(f"botocore {botocore.__version__}, seed {arguments.seed}")
    sys.stdout.flush()
    rng = random.Random(arguments.seed)
    keys = [{"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
            {"access_key_id": "AKID/WITH/SLASHES", "secret_access_key": "s"},
            {"access_key_id": "A", "secret_access_key": "k" * 100}]
    folder = pathlib.Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    maker = Maker(rng, keys)
    entries = []
    for number in range(arguments.count):
        entry, raw = maker.make(number)
        (folder / entry["file"]).write_bytes(raw)
        entries.append(entry)
    index = {"format": "sigv4-captures/1", "credentials": keys, "service": "execute-api", "count": len(entries),
             "captures": entries}
    (folder / "index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")
    return subprocess.call([arguments.verify, str(folder)]) if arguments.verify else 0


if __name__ == "__main__":
    sys.exit(main())
