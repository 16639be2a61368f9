#!/usr/bin/python3
# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Runs the integration checks against a gateway: run.py --gateway PATH [--filter TEXT] [--full] [--list]."""
import argparse
import concurrent.futures
import importlib
import os
import pathlib
import pkgutil
import signal
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import checks  # noqa: E402
from support import checks as registry  # noqa: E402
from support.gateway import Gateway  # noqa: E402
from support.running import finish, report, run_check  # noqa: E402


class Context:
    """What a check gets: where the gateway is, whether to do the long rest, and gateways that checks share."""

    def __init__(self, path, full):
        self.path = path
        self.full = full
        self.lock = threading.Lock()
        self.shared_gateways = {}

    def start(self, *options, environment=None):
        """A gateway of the check's own."""
        return Gateway(self.path, *options, environment=environment)

    def shared(self, stage="prod"):
        """A gateway with keys and echo that is kept for other checks; one that died is replaced."""
        with self.lock:
            gateway = self.shared_gateways.get(stage)
            if gateway is None or not gateway.running():
                gateway = self.start("--stage", stage, "--echo")
                self.shared_gateways[stage] = gateway
            return gateway

    def end(self):
        """Stops the shared gateways; the complaints about them."""
        complaints = []
        for stage, gateway in self.shared_gateways.items():
            status = gateway.stop()
            if status != 0:
                complaints.append(f"the shared gateway with stage {stage!r} ended with {status}: {gateway.stderr()[-4000:]}")
        return complaints


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", help="the gateway program")
    parser.add_argument("--filter", default="", help="only checks whose name contains this text")
    parser.add_argument("--full", action="store_true", help="the long rounds too")
    parser.add_argument("--jobs", type=int, default=max(2, os.cpu_count() or 2), help="checks at the same time")
    parser.add_argument("--json", help="write the results there")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    return parser.parse_args()


def main():
    options = arguments()
    for module in pkgutil.iter_modules(checks.__path__):
        importlib.import_module(f"checks.{module.name}")
    chosen = [check for check in registry.registered if options.filter in check.name]
    if options.list:
        print("\n".join(check.name for check in chosen))
        return 0
    if not options.gateway or not os.access(options.gateway, os.X_OK):
        print(f"run.py: no gateway program: {options.gateway}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    context = Context(os.path.abspath(options.gateway), options.full)
    results = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        together = [pool.submit(run_check, context, check) for check in chosen if not check.alone]
        for future in concurrent.futures.as_completed(together):
            results.append(report(future.result()))
    for check in chosen:
        if check.alone:
            results.append(report(run_check(context, check)))
    if context.shared_gateways:
        complaints = context.end()
        results.append(
            report(
                {
                    "name": "the gateways that checks shared end with 0",
                    "outcome": "failed" if complaints else "passed",
                    "detail": "\n".join(complaints),
                    "seconds": 0.0,
                }
            )
        )

    return finish(results, options.json)


if __name__ == "__main__":
    sys.exit(main())
