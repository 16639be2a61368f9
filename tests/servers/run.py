#!/usr/bin/python3
# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Runs the same checks against each server of examples/servers: run.py [--churn SECONDS] PROGRAM..."""
import argparse
import concurrent.futures
import os
import pathlib
import shlex
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

from churn import churn  # noqa: E402
import draining  # noqa: E402
from ending import ending  # noqa: E402
from feed import feed  # noqa: E402
from slow_keys import SERVERS, slow_keys  # noqa: E402
from smoke import smoke  # noqa: E402
from support.checks import Check  # noqa: E402
from support.gateway import Server  # noqa: E402
from support.running import finish, report, run_check  # noqa: E402


class Context:
    """How the checks start a server: behind a command such as `setarch -R`, on a port that is free."""

    def __init__(self, options):
        self.prefix = shlex.split(options.prefix)
        self.seconds = options.churn

    def start(self, program, environment=None):
        return Server([*self.prefix, program, "0"], environment or {})


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="+", help="the servers")
    parser.add_argument("--churn", type=float, default=6, help="seconds of the churn check; 0: without it")
    parser.add_argument("--prefix", default="", help="a command that starts the server")
    parser.add_argument("--jobs", type=int, default=1, help="checks at the same time")
    parser.add_argument("--json", help="write the results there")
    return parser.parse_args()


def main():
    options = arguments()
    context = Context(options)
    chosen = []
    for program in map(os.path.abspath, options.programs):
        name = pathlib.Path(program).name
        chosen.append(Check(f"{name}: smoke", smoke, (program,), False))
        chosen.append(Check(f"{name}: feed", feed, (program,), False))
        chosen.append(Check(f"{name}: ending", ending, (program,), False))
        if name in draining.SERVERS:
            chosen.append(Check(f"{name}: draining", draining.draining, (program,), False))
        if options.churn:
            chosen.append(Check(f"{name}: churn", churn, (program,), False))
        if name in SERVERS:
            chosen.append(Check(f"{name}: slow keys", slow_keys, (program,), False))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(run_check, context, check) for check in chosen]
        results = [report(future.result()) for future in concurrent.futures.as_completed(running)]
    return finish(results, options.json)


if __name__ == "__main__":
    sys.exit(main())
