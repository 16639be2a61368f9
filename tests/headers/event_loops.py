#!/usr/bin/env python3
# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""What docs/event-loops.md shows is so: under the name of each example of an event loop stand, line for line and in order,
the pieces between the example's `// [glue]` marks, and they are ten lines of code at most, none longer than 100 columns."""
import pathlib
import re
import sys
import textwrap

MARK = "// [glue]"
root = pathlib.Path(sys.argv[1]).resolve()
page = (root / "docs" / "event-loops.md").read_text(encoding="utf-8")
failures = []

quoted = {}
for section in re.split(r"^## ", page, flags=re.M)[1:]:
    file = re.search(r"\(\.\./examples/event_loops/(\w+\.cpp)\)", section)
    if file:
        quoted[file.group(1)] = re.findall(r"^```cpp\n(.*?)^```", section, re.M | re.S)

examples = {p.name: p.read_text(encoding="utf-8") for p in sorted((root / "examples" / "event_loops").glob("*.cpp"))}
for name, text in examples.items():
    parts = re.split(r"^ *" + re.escape(MARK) + r"\n", text, flags=re.M)
    pieces = parts[1::2]
    if len(parts) % 2 == 0 or not pieces or text.count(MARK) != len(parts) - 1:
        failures.append(f"{name}: marks of glue come in pairs, each on a line of its own")
        continue
    lines = [line for piece in pieces for line in piece.splitlines()]
    code = [line for line in lines if line.strip() and not line.strip().startswith("//")]
    if len(code) > 10:
        failures.append(f"{name}: {len(code)} lines of glue")
    failures += [f"{name}: more than 100 columns:\n{line}" for line in lines if len(line) > 100]
    if quoted.get(name) != [textwrap.dedent(piece) for piece in pieces]:
        failures.append(f"{name}: docs/event-loops.md does not show its glue")
failures += [f"{name} is in docs/event-loops.md and no example" for name in sorted(quoted.keys() - examples.keys())]
if len(examples) < 7:
    failures.append("an example is missing")

print("\n".join(failures) or f"{len(examples)} event loops: at most ten lines each, shown as they are")
sys.exit(1 if failures else 0)
