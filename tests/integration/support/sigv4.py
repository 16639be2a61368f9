# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Signs requests with AWS Signature Version 4, with the canonical paths that the measured clients use."""
import datetime
import hashlib
import hmac
import re
import urllib.parse

from support.gateway import ACCESS_KEY, REGION, SECRET_KEY

SERVICE = "execute-api"


def encode(text):
    return urllib.parse.quote(text, safe="-._~")


def encode_path(text):
    return urllib.parse.quote(text, safe="/-._~")


def decode(text):
    return urllib.parse.unquote(text)


def canonical_path(path, rule="W1"):
    """The canonical URI of a wire path. W1 is what AWS computes; the others are named as in the captures' index."""
    if rule == "W1":
        return encode_path(path)
    if rule == "W1n":
        return encode_path("/" + "/".join(part for part in path.split("/") if part not in ("", ".", "..")))
    if rule == "W0":
        return path
    if rule == "N1":
        return re.sub(r"%25([0-9A-Fa-f]{2})", r"%\1", encode_path(path))
    prefix, identifier = re.fullmatch(r"(.*)/@connections/(.*)", decode(path)).groups()
    tail = {
        "K-sdk": "/%40connections/" + encode(encode(identifier)),
        "K-enc": "/%2540connections/" + encode(encode(identifier)),
        "K-raw": "/%40connections/" + encode(identifier),
        "K-at1": "/@connections/" + encode(identifier),
        "K-at0": "/@connections/" + identifier,
    }[rule]
    return encode_path(prefix) + tail


def canonical_query(query):
    pairs = []
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if decode(name) != "X-Amz-Signature":
            pairs.append((encode(decode(name)), encode(decode(value))))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def canonical_request(method, path, query, headers, signed_names, payload_hash):
    lines = []
    for name in signed_names:
        values = [" ".join(value.split()) for other, value in headers if other.lower() == name]
        lines.append(f"{name}:{','.join(values)}\n")
    return "\n".join([method, path, query, "".join(lines), ";".join(signed_names), payload_hash])


def signature(canonical, amz_date, region=REGION, secret=SECRET_KEY):
    date = amz_date[:8]
    scope = f"{date}/{region}/{SERVICE}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{amz_date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in (date, region, SERVICE, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), scope


def now(offset_seconds=0):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=offset_seconds)
    return moment.strftime("%Y%m%dT%H%M%SZ")


def signed_headers(
    method,
    target,
    authority,
    body=b"",
    headers=(),
    *,
    signed_authority=None,
    rule="W1",
    key=ACCESS_KEY,
    secret=SECRET_KEY,
    region=REGION,
    token=None,
    amz_date=None,
):
    """Host, X-Amz-Date and Authorization for the request, followed by `headers` (which are not signed)."""
    path, _, query = target.partition("?")
    amz_date = amz_date or now()
    own = [("Host", signed_authority or authority), ("X-Amz-Date", amz_date)]
    names = ["host", "x-amz-date"]
    if token is not None:
        own.append(("X-Amz-Security-Token", token))
        names.append("x-amz-security-token")
    canonical = canonical_request(
        method, canonical_path(path, rule), canonical_query(query), own, names, hashlib.sha256(body).hexdigest()
    )
    value, scope = signature(canonical, amz_date, region, secret)
    authorization = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={';'.join(names)}, Signature={value}"
    return [("Host", authority), *own[1:], ("Authorization", authorization), *headers]
