# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Reads what valgrind's callgrind has counted."""
import re


class Profile:
    """The totals of a run by event, and the instructions of functions themselves, without those that they call."""

    def __init__(self, path):
        self.totals, self.own, names = {}, {}, {}
        function, events, skip = None, [], False
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("events:"):
                    events = line.split()[1:]
                elif line.startswith("totals:"):
                    self.totals = dict(zip(events, map(int, line.split()[1:])))
                elif line.startswith("fn="):
                    number, name = re.match(r"fn=\((\d+)\)(?: (.*))?", line).groups()
                    function = names.setdefault(number, name)
                elif line.startswith("cfn="):
                    number, name = re.match(r"cfn=\((\d+)\)(?: (.*))?", line).groups()
                    names.setdefault(number, name)
                elif line.startswith("calls="):
                    skip = True  # the next line is the cost of the callee
                elif line[:1].isdigit() or line[:1] in "+-*":
                    if not skip:
                        self.own[function] = self.own.get(function, 0) + int(line.split()[1])
                    skip = False

    @property
    def instructions(self):
        return self.totals["Ir"]

    def instructions_of(self, pattern):
        """Those of the functions whose name matches."""
        return sum(n for name, n in self.own.items() if name and re.search(pattern, name))
