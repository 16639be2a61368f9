#!/usr/bin/env python3
# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Every C++ block of the README stands, line for line, in an example that is compiled and run."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1]).resolve()
examples = {p.name: p.read_text(encoding="utf-8") for p in sorted((root / "examples").glob("*.cpp"))}
blocks = re.findall(r"^```cpp\n(.*?)^```", (root / "README.md").read_text(encoding="utf-8"), re.M | re.S)
wrong = [b for b in blocks if not any(b in text for text in examples.values())]
for block in wrong:
    print("not in any example:\n" + block)
print(f"{len(blocks) - len(wrong)} of {len(blocks)} blocks found")
sys.exit(1 if wrong or len(blocks) < 4 else 0)
