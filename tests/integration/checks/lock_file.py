# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""The lock file of the Node.js clients."""
import json

from support.checks import check, expect, expect_equal
from support.clients import HERE


@check("package-lock.json names no host and package.json pins exact versions")
def lock_file(_):
    lock = (HERE / "package-lock.json").read_text(encoding="utf-8")
    for word in ("://", '"resolved"', '"funding"'):
        expect(word not in lock, f"{word} is in package-lock.json; strip it")
    package = json.loads((HERE / "package.json").read_text(encoding="utf-8"))
    for name, version in {**package["dependencies"], **package["overrides"]}.items():
        expect(version[:1].isdigit(), f"{name} is not pinned: {version}")
        locked = json.loads(lock)["packages"][f"node_modules/{name}"]["version"]
        expect_equal(locked, version, f"the locked version of {name}")
