#!/usr/bin/env python3
# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""What the README shows is so: each C++ block stands, line for line, in an example that is compiled and run, and its
tables of limits and deadlines name every one that the options have, and no other."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1]).resolve()
readme = (root / "README.md").read_text(encoding="utf-8")
failures = []

examples = [p.read_text(encoding="utf-8") for p in sorted((root / "examples").glob("*.cpp"))]
blocks = re.findall(r"^```cpp\n(.*?)^```", readme, re.M | re.S)
failures += ["not in any example:\n" + block for block in blocks if not any(block in text for text in examples)]
if len(blocks) < 4:
    failures.append("the README has lost its examples")

options = {"": "gateway/gateway_options.hpp", "hub.": "hub_options.hpp", "head.": "protocol/http1_request.hpp",
           "frames.": "protocol/websocket_frame.hpp"}
structs = {"": "gateway_options", "hub.": "hub_options", "head.": "head_limits", "frames.": "frame_limits"}
defined = {"router.max_body"}
for prefix, header in options.items():
    text = (root / "include" / "backchannel" / header).read_text(encoding="utf-8")
    body = re.search(r"^struct " + structs[prefix] + r" \{$(.*?)^\};$", text, re.M | re.S).group(1)
    number = r"std::(?:size_t|uint32_t|uint64_t|chrono::milliseconds)\s+(\w+)\s*[={]"
    defined |= {prefix + name for name in re.findall(number, body)}
defined.remove("hub.retired_kept")  # a least number, not a limit

tables = re.findall(r"^\| (?:limit|deadline) \|.*?(?=\n\n)", readme, re.M | re.S)
first_cells = [line.split("|")[1] for table in tables for line in table.splitlines()[2:]]
named = {name for cell in first_cells for name in re.findall(r"`([\w.]+)`", cell)}
failures += [f"{name} is missing in the README's tables" for name in sorted(defined - named)]
failures += [f"{name} stands in the README's tables and is no option" for name in sorted(named - defined)]

print("\n".join(failures) or f"{len(blocks)} blocks, {len(named)} limits and deadlines: all found")
sys.exit(1 if failures else 0)
