#!/usr/bin/env python3
# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""What the pages show is so: each C++ block of the README stands, line for line, in an example that is compiled and run,
each of docs/policies.md in an exemplar that is compiled; the README's tables of limits and deadlines name every one that
the options have, and no other; docs/policies.md quotes every sentence of a concept's check, and no other."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1]).resolve()
readme = (root / "README.md").read_text(encoding="utf-8")
failures = []

# page: where its code stands, how many blocks it has at least
pages = {"README.md": ("examples/*.cpp", 4), "docs/policies.md": ("tests/exemplars/**/*.cpp", 15)}
blocks = 0
for page, (sources, least) in pages.items():
    shown = re.findall(r"^```cpp\n(.*?)^```", (root / page).read_text(encoding="utf-8"), re.M | re.S)
    texts = [p.read_text(encoding="utf-8") for p in sorted(root.glob(sources))]
    failures += [f"{page}: not in any of {sources}:\n{b}" for b in shown if not any(b in text for text in texts)]
    if len(shown) < least:
        failures.append(f"{page} has lost its code")
    blocks += len(shown)

# The sentences of the checks: adjacent literals are one text, as are the lines of a quotation.
asserted = set()
for header in ("concepts.hpp", "auth/access_keys.hpp", "auth/any_of.hpp", "auth/sigv4.hpp", "auth/with_policy.hpp",
               "auth/with_rate_limit.hpp", "connection_hub.hpp", "gateway/handler.hpp", "incoming_request.hpp",
               "management_router.hpp"):
    text = (root / "include" / "backchannel" / header).read_text(encoding="utf-8")
    for literals in re.findall(r'static_assert\([^;]*?((?:"[^"]*"\s*)+)\);', text):
        asserted.add("".join(re.findall(r'"([^"]*)"', literals)))
policies = (root / "docs" / "policies.md").read_text(encoding="utf-8")
quoted = {" ".join(line[2:] for line in quotation.splitlines())
          for quotation in re.findall(r"^> .*?(?=\n\n|\Z)", policies, re.M | re.S)}
failures += [f"docs/policies.md does not quote: {text}" for text in sorted(asserted - quoted)]
failures += [f"docs/policies.md quotes what no check says: {text}" for text in sorted(quoted - asserted)]

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

print("\n".join(failures) or
      f"{blocks} blocks, {len(quoted)} sentences, {len(named)} limits and deadlines: all found")
sys.exit(1 if failures else 0)
