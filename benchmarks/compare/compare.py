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
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import time

AGAIN = "again"
FIGURES = ("server_cpu_ns", "per_second", "p50_us", "p99_us", "anonymous_bytes")


class Failed(Exception):
    pass


def named(text):
    name, separator, value = text.partition("=")
    if not separator or not name or not value:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, got {text!r}")
    return name, value


def pinned(cpu, command):
    return (["taskset", "-c", str(cpu)] if cpu is not None else []) + command


def found(build, command):
    """The command as a list, its program taken from the build folder if it is there."""
    words = shlex.split(command)
    program = build / words[0]
    return [str(program), *words[1:]] if program.is_file() else words


class Server:
    """A server that listens; ended by `stop`."""

    def __init__(self, command, cpu=None, seconds=30):
        self.process = subprocess.Popen(
            pinned(cpu, command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        until = time.monotonic() + seconds
        self.port = None
        while self.port is None and time.monotonic() < until:
            line = self.process.stdout.readline()
            if not line:
                raise Failed(f"{shlex.join(command)} ended with {self.process.wait()} before it listened")
            match = re.search(r"//(?:127\.0\.0\.1|localhost):(\d+)", line)
            self.port = int(match[1]) if match else None
        if self.port is None:
            self.stop()
            raise Failed(f"{shlex.join(command)} does not say where it listens")

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def put_load(load, server, arguments, cpu=None):
    """One run of the load generator: its figures. Faults end everything: figures of wrong deliveries are worth nothing."""
    command = pinned(cpu, [str(load), "--port", str(server.port), "--server-pid", str(server.pid), "--json", *arguments])
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise Failed(f"{shlex.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}".strip())
    result = json.loads(done.stdout)
    times = result.pop("times")
    return {**result, "p50_us": times["p50_us"], "p99_us": times["p99_us"]}


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
                    if name not in servers:
                        servers[name] = Server(self.commands[name], self.cpus[0])
                    given = [*arguments, *shlex.split(options.get(name, ""))]
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
                "command": shlex.join([pathlib.Path(self.commands[name][0]).name, *self.commands[name][1:]]),
                **{f: summary([run[f] for run in mine]) for f in FIGURES if any(run[f] for run in mine)},
                "ratios": {f: summary(ratios(mine, base, f)) for f in FIGURES if ratios(mine, base, f)},
                "runs": mine,
            }
            for name, mine in runs.items()
        }


def print_case(name, arguments, result):
    print(f"\n{name}: {arguments}")
    print(f"  {'server':<14}{'CPU us':>9}{'ratio':>8}  {'range':<14}{'per s':>9}{'p50 us':>8}{'p99 us':>8}{'bytes':>8}")
    for server, figures in result.items():
        known = {figure: figures.get(figure, {"median": 0})["median"] for figure in FIGURES}
        ratio = figures["ratios"].get("server_cpu_ns", figures["ratios"].get("anonymous_bytes"))
        spread = f"{ratio['least']:.2f} .. {ratio['most']:.2f}" if ratio else ""
        print(
            f"  {server:<14}{known['server_cpu_ns'] / 1000:>9.2f}{ratio['median'] if ratio else 0:>8.2f}  {spread:<14}"
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
    comparison = Comparison(given.build, servers, given.rounds, *((given.server_cpu, given.client_cpu) if pin else (None, None)))
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
