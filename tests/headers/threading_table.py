#!/usr/bin/env python3
# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""The table of docs/threading.md is whole: every public member function of the classes below is in it, it names no other,
and each of its rows has a test case whose name begins with the row's first cell."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1]).resolve()
include = root / "include" / "backchannel"
failures = []

# class as the table calls it: header, how its definition begins; then the same of a base
classes = {
    "connection_hub": ("connection_hub.hpp", "class connection_hub {"),
    "hub_ref": ("hub_ref.hpp", "class hub_ref {"),
    "session": ("session.hpp", "class session {"),
    "management_router": ("management_router.hpp", "class management_router {"),
    "incoming_request": ("incoming_request.hpp", "class incoming_request {"),
    "completion": ("completion.hpp", "class completion {"),
    "message": ("message.hpp", "class message {"),
    "shared_message": ("message.hpp", "class shared_message {"),
    "allow_all": ("auth/allow_all.hpp", "struct allow_all {"),
    "static_keys": ("auth/access_keys.hpp", "class static_keys {"),
    "sigv4": ("auth/sigv4.hpp", "class sigv4 {"),
    "sigv4::verification": ("auth/sigv4.hpp", "class verification {"),
    "bearer": ("auth/bearer.hpp", "class bearer : public authorization_tokens {",
               "auth/bearer.hpp", "class authorization_tokens {"),
    "api_key": ("auth/bearer.hpp", "class api_key : public authorization_tokens {",
                "auth/bearer.hpp", "class authorization_tokens {"),
    "any_of": ("auth/any_of.hpp", "class any_of {"),
    "any_of::verification": ("auth/any_of.hpp", "class any_of<Auths...>::verification {"),
    "with_policy": ("auth/with_policy.hpp", "class with_policy : public ",
                    "auth/revising_authorizer.hpp", "class revising_authorizer {"),
    "with_rate_limit": ("auth/with_rate_limit.hpp", "class with_rate_limit : public ",
                        "auth/revising_authorizer.hpp", "class revising_authorizer {"),
    "token_buckets": ("auth/token_buckets.hpp", "class token_buckets {"),
    "iam_policy": ("auth/iam_policy.hpp", "class iam_policy {"),
    "gateway": ("gateway/gateway.hpp", "class gateway {"),
    "gateway_client": ("gateway/handler.hpp", "class gateway_client {"),
    "pinned": ("support/pinned.hpp", "class pinned {"),
    "message_queue": ("support/message_queue.hpp", "class message_queue {"),
    "outbox": ("support/outbox.hpp", "class outbox {"),
}


def public_text(text, start):
    """The public part of the class whose definition begins there, without comments, bodies and nested classes."""
    text = re.sub(r"//.*|^#.*", "", text[text.index(start):], flags=re.M)
    kept, depth = [], 0
    for c in text:
        depth += (c == "{") - (c == "}")
        if c == "}" and depth == 0:
            break
        if depth <= 1:
            kept.append(c)
        if c == "}" and depth == 1:
            kept.append(";")  # a body's end is a declaration's
    body = "".join(kept).split("{", 1)[1]
    public, shown = start.startswith("struct"), []
    for part in re.split(r"\b(public|protected|private):(?!:)", body):
        if part in ("public", "protected", "private"):
            public = part == "public"
        elif public:
            shown.append(part)
    return "".join(shown)


def functions(name, header, start, *base):
    """Names of the public member functions that the class writes itself, and of its constructor and its destructor."""
    own = name.split("::")[-1]
    found = set()
    text = public_text((include / header).read_text(encoding="utf-8"), start)
    inherited = functions(name, *base)[0] if base else set()
    for declaration in text.split(";"):
        declaration = re.sub(r"\btemplate <[^;]*?>\s|requires\s*\([^()]*(?:\([^()]*\)[^()]*)*\)", " ", declaration)
        if "= delete" in declaration or re.match(r"\s*(using|friend|static_assert|static constexpr|struct|class)\b",
                                                 declaration):
            continue
        operator = re.search(r"\boperator\s*(bool|\(\)|=)\s*\(", declaration)
        plain = re.search(r"(~?\w+)\s*\(", declaration.replace("explicit(", ""))
        if operator:
            found.add("operator" + (" bool" if operator[1] == "bool" else operator[1]))
        elif plain:
            found.add(plain[1])
    return {f"{name}::{f}" for f in found} | inherited, f"{name}::{own}", f"{name}::~{own}"


page = (root / "docs" / "threading.md").read_text(encoding="utf-8")
lines = [line for line in page.splitlines() if line.startswith("| ")]
head, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
if head != ["function", "callable from", "locks taken", "may call user code", "may block", "re-entrant"]:
    failures.append("the table has lost its columns")
failures += [f"{row[0]} has {len(row)} cells, or an empty one" for row in rows if len(row) != 6 or not all(row)]

documented = set()
for row in rows:
    first, *others = re.findall(r"`([^`]+)`", row[0])
    scope = first.rsplit("::", 1)[0]
    documented |= {first} | {f"{scope}::{other}" for other in others}

written, optional = set(), set()
for name, where in classes.items():
    members, constructor, destructor = functions(name, *where)
    written |= members
    optional.add(destructor)
    # those that touch their own object only need no row, as the page says
    if name not in ("connection_hub", "session", "management_router", "gateway"):
        optional |= {constructor, f"{name}::operator="}
if len(written) < 80:
    failures.append(f"only {len(written)} functions were found in the headers")
failures += [f"{name} is not in the table" for name in sorted(written - optional - documented)]
failures += [f"{name} is in the table and in no header" for name in sorted(documented - written - optional)]

sources = [*(root / "tests" / "unit").rglob("*.cpp")]
cases = [case for path in sources
         for case in re.findall(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"', path.read_text(encoding="utf-8"))]
for row in rows:
    name = row[0].replace("`", "")
    if not any(case.startswith(name + ": ") for case in cases):
        failures.append(f"no test case begins with: {name}: ")

print("\n".join(failures) or f"{len(rows)} rows for {len(documented)} functions: all tested")
sys.exit(1 if failures else 0)
