#!/usr/bin/python3
# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Runs the fault and load tests: run.py --gateway PATH --client PATH [--full] [--json FILE] [--results FILE]."""
import argparse
import importlib
import os
import pathlib
import pkgutil
import resource
import signal
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import checks  # noqa: E402
from support import checks as registry  # noqa: E402
from support.gateway import Gateway  # noqa: E402
from support.metrics import MetricsPort  # noqa: E402
from support.running import finish, report, run_check  # noqa: E402


class Context:
    """What a check gets: the programs, whether to do the full size, and where figures and files go."""

    def __init__(self, options, folder):
        self.path = os.path.abspath(options.gateway)
        self.client = os.path.abspath(options.client)
        self.allocations = options.allocations
        self.full = options.full
        self.hold_seconds = options.hold
        self.soak_seconds = options.soak
        self.folder = pathlib.Path(folder)
        self.files = 0
        self.numbers = 0  # of messages that were given away
        self.results = options.results
        self.rows = []

    def size(self, quick, full):
        return full if self.full else quick

    def connections(self, quick, full):
        """The same for connections of one process: never more than its files allow."""
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        return min(self.size(quick, full), limit - 1000 if limit > 4000 else limit * 3 // 4)

    def temporary(self, name):
        """A path for a file that does not exist yet."""
        self.files += 1
        return self.folder / f"{self.files}-{name}"

    def start(self, *options, prefix=(), environment=None):
        """A gateway, with its `metrics`; `prefix` is a command that starts it."""
        options = ["--metrics-listen", "127.0.0.1:0", *options]
        command = [*prefix, self.path, *options]
        gateway = Gateway(command[0], *command[1:], environment=environment)
        gateway.metrics = MetricsPort(gateway)
        return gateway

    def figure(self, name, measured, goal, met=None):
        """One line of the results. Goals of time and speed are told, not enforced: the machine may be busy."""
        verdict = "" if met is None else "yes" if met else "NO"
        self.rows.append(f"| {name} | {measured} | {goal} | {verdict} |")
        print(f"       {name}: {measured} (goal: {goal}{'; met: ' + verdict if verdict else ''})", flush=True)

    def write_results(self):
        if self.results:
            title = "full size" if self.full else "quick size"
            head = [f"Fault tests, {title}", "", "| test | measured | goal | goal met |", "| --- | --- | --- | --- |"]
            pathlib.Path(self.results).write_text("\n".join([*head, *self.rows, ""]), encoding="utf-8")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", required=True, help="the gateway program")
    parser.add_argument("--client", required=True, help="the load_client program")
    parser.add_argument("--allocations", help="the allocation_failures program")
    parser.add_argument("--filter", default="", help="only checks whose name contains this text")
    parser.add_argument("--full", action="store_true", help="full size, and limits of time as they are meant")
    parser.add_argument("--hold", type=int, default=600, help="seconds that idle connections are held at full size")
    parser.add_argument("--soak", type=int, default=1800, help="seconds of the mixed load at full size")
    parser.add_argument("--json", help="write the outcomes there")
    parser.add_argument("--results", help="write a table of figures there (Markdown)")
    return parser.parse_args()


def main():
    options = arguments()
    for program in (options.gateway, options.client):
        if not os.access(program, os.X_OK):
            print(f"run.py: no program: {program}", file=sys.stderr)
            return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    for module in sorted(module.name for module in pkgutil.iter_modules(checks.__path__)):
        importlib.import_module(f"checks.{module}")

    results = []
    with tempfile.TemporaryDirectory() as folder:
        context = Context(options, folder)
        for check in registry.registered:  # one after the other: they measure
            if options.filter in check.name:
                results.append(report(run_check(context, check)))
                context.write_results()
    return finish(results, options.json)


if __name__ == "__main__":
    sys.exit(main())
