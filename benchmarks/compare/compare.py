#!/usr/bin/env python3
# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Compares servers under the same load, in interleaved runs.

In every round each case is measured once with each server, in an order that is rotated from round to round, so that
whatever else the machine does hits all of them. The first server is the baseline; it runs twice, and the ratio of the two
("again") is what nothing explains but chance: a difference below that, or below 3 %, is none.

    compare.py --build build/bench/benchmarks --server raw='raw_epoll 0 --verify' --server gateway='gateway 0' \\
        --case hot='--connections 1 --http 64 --sign' --rounds 21 --json figures.json

A server's command is looked for in the build folder; it prints `http://127.0.0.1:PORT/` when it listens. Its CPU time per
request is the figure to compare: the rate depends on the load generator too, which takes as much time as the server.
"""
import argparse
import json
import pathlib
import shlex
import shutil
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import Failed, Server, found, put_load  # noqa: E402

AGAIN = "again"
FIGURES = ("server_cpu_ns", "per_second", "p50_us", "p99_us", "anonymous_bytes")


def named(text):
    name, separator, value = text.partition("=")
    if not separator or not name or not value:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, got {text!r}")
    return name, value


def summary(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def ratios(mine, base, figure):
    return [a[figure] / b[figure] for a, b in zip(mine, base) if b[figure]]


class Comparison:
    def __init__(self, build, servers, rounds, server_cpu, client_cpu):
        self.load, self.rounds, self.cpus = build / "load", rounds, (server_cpu, client_cpu)
        baseline = next(iter(servers))
        self.commands = {name: found(build, command) for name, command in servers.items()}
        self.commands = {baseline: self.commands.pop(baseline), AGAIN: found(build, servers[baseline]), **self.commands}

    def measure(self, arguments, options):
        """The figures of one case by server: a list of one per round."""
        names, idle = list(self.commands), "idle" in arguments
        runs, servers = {name: [] for name in names}, {}
        try:
            for turn in range(self.rounds):
                for name in names[turn % len(names) :] + names[: turn % len(names)]:
                    given = [*arguments, *shlex.split(options.get(name, ""))]
                    if name not in servers:
                        servers[name] = Server(self.commands[name], self.cpus[0])
                        if not idle:  # the first run is slower for some, as that of a compiler at run time
                            put_load(self.load, servers[name], given, self.cpus[1])
                    runs[name].append(put_load(self.load, servers[name], given, self.cpus[1]))
                    if idle:  # memory of a server that has not had any connections before
                        servers.pop(name).stop()
        finally:
            for server in servers.values():
                server.stop()
        return runs

    def run(self, case, options):
        runs = self.measure(shlex.split(case), options)
        base = next(iter(runs.values()))
        return {
            name: {
                "command": shlex.join(pathlib.Path(word).name for word in self.commands[name]),
                **{f: summary([run[f] for run in mine]) for f in FIGURES if any(run[f] for run in mine)},
                "ratios": {f: summary(ratios(mine, base, f)) for f in FIGURES if ratios(mine, base, f)},
                "runs": mine,
            }
            for name, mine in runs.items()
        }


def print_case(name, arguments, result):
    print(f"\n{name}: {arguments}")
    print(f"  {'server':<24}{'CPU us':>9}{'ratio':>8}  {'range':<14}{'per s':>9}{'p50 us':>8}{'p99 us':>8}{'bytes':>8}")
    for server, figures in result.items():
        known = {figure: figures.get(figure, {"median": 0})["median"] for figure in FIGURES}
        ratio = figures["ratios"].get("server_cpu_ns", figures["ratios"].get("anonymous_bytes"))
        spread = f"{ratio['least']:.2f} .. {ratio['most']:.2f}" if ratio else ""
        print(
            f"  {server:<24}{known['server_cpu_ns'] / 1000:>9.2f}{ratio['median'] if ratio else 0:>8.2f}  {spread:<14}"
            f"{known['per_second']:>9.0f}{known['p50_us']:>8.0f}{known['p99_us']:>8.0f}{known['anonymous_bytes']:>8.0f}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="folder with `load` and the servers")
    parser.add_argument("--server", type=named, action="append", required=True, metavar="NAME=COMMAND")
    parser.add_argument("--case", type=named, action="append", required=True, metavar="NAME=OPTIONS", help="of `load`")
    parser.add_argument("--option", type=named, action="append", default=[], metavar="NAME=OPTIONS",
                        help="options of `load` for one server")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--server-cpu", type=int, default=0)
    parser.add_argument("--client-cpu", type=int, default=1)
    parser.add_argument("--no-pinning", action="store_true", help="let the servers and the load run anywhere")
    parser.add_argument("--json", type=pathlib.Path, help="file for all figures")
    given = parser.parse_args()
    servers, cases = dict(given.server), dict(given.case)
    if given.rounds < 1 or AGAIN in servers:
        parser.error(f"--rounds is at least 1, and no server is called {AGAIN}")
    if not (given.build / "load").is_file():
        parser.error(f"no program `load` in {given.build}: build the target bench_load")
    pin = not given.no_pinning and shutil.which("taskset")
    processors = (given.server_cpu, given.client_cpu) if pin else (None, None)
    comparison = Comparison(given.build, servers, given.rounds, *processors)
    results = {}
    try:
        for name, case in cases.items():
            results[name] = {"load": case, "servers": comparison.run(case, dict(given.option))}
            print_case(name, case, results[name]["servers"])
    except (Failed, subprocess.TimeoutExpired) as failure:
        print(f"compare.py: {failure}", file=sys.stderr)
        return 1
    finally:
        if given.json:
            given.json.write_text(json.dumps({"rounds": given.rounds, "cases": results}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
