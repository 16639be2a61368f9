#!/usr/bin/env python3
# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Counts what a request costs, on a machine of any speed: instructions, system calls, allocations, bytes, hash blocks.

A count of a server is the difference of two runs that differ in nothing but the number of requests, one in flight at a
time, divided by that number. Instructions are those of user code, counted by callgrind, which has no SHA extensions: so
the functions that hash blocks are left out, and what remains does not depend on the processor's. Every count is compared
with expected.json: more than 2 % above fails.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from callgrind import Profile  # noqa: E402
from running import Failed, Server, put_load  # noqa: E402

EXPECTED = HERE / "expected.json"
TOLERANCE = 0.02
SLACK = 0.01  # absolute: something that happens once in a hundred requests is not of the requests
HASHING = r"sha256.*compress|compress.*sha"
CONNECTIONS = 10_000
ONE_AT_A_TIME = ["--mode", "latency", "--sign", "--payload", "64"]
READS = ["--mode", "get", "--sign", "--http", "1"]

# The C library chooses its functions for texts by the processor: here always the same, which every x86-64 one can run.
PLAIN_LIBRARY = "glibc.cpu.hwcaps=-AVX2,-AVX,-AVX512F,-AVX512VL,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM,-BMI2"

# name of the server: arguments behind the port
SERVERS = {"gateway": [], "epoll": [], "raw_epoll": ["--verify"]}


def run(command, seconds=300):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=seconds)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def works(command):
    """Whether a tool is there and may do its work here; a container may forbid to trace a process."""
    return shutil.which(command[0]) and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0


def child_of(pid):
    """The process that a tracer has started."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if int(fields[1]) == pid:
            return int(stat.parent.name)
    raise Failed(f"process {pid} has no child")


class Counts:
    """All counts of one build; `skipped` says which could not be made, and why."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.values, self.skipped = {}, {}
        self.traces, self.emulates = works(["strace", "-o", "/dev/null"]), works(["valgrind", "--tool=none"])
        self.programs = {name: build / name for name in SERVERS}

    def all(self):
        for name, arguments in SERVERS.items():
            if not self.programs[name].is_file():
                self.skipped[f"{name}: *"] = "the server has not been built"
                continue
            self.instructions(name, arguments, "signed post", ONE_AT_A_TIME)
            self.instructions(name, arguments, "signed GET", READS)
            self.system_calls(name, arguments)
            self.allocations(name, arguments)
            self.idle_bytes(name, arguments)
        self.verification()
        self.lookup()

    def posts(self, server, count, kind=ONE_AT_A_TIME):
        put_load(self.build / "load", server, [*kind, "--count", str(count)])

    def slope(self, measure, fewer=200, more=1200):
        return (measure(more) - measure(fewer)) / (more - fewer)

    def instructions(self, name, arguments, request, kind):
        what = f"{name}: user instructions per {request}, beside SHA-256"
        if not self.emulates:
            self.skipped[what] = "valgrind does not work here"
            return

        def measure(count):
            out = self.folder / f"{name}-{kind[1]}-{count}.callgrind"
            tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
            server = Server([*tool, str(self.programs[name]), "0", *arguments])
            try:
                self.posts(server, count, kind)
            finally:
                server.stop(60)
            profile = Profile(out)
            return profile.instructions - profile.instructions_of(HASHING)

        self.values[what] = self.slope(measure)

    def system_calls(self, name, arguments):
        what = f"{name}: system calls per signed post"
        if not self.traces:
            self.skipped[what] = "strace does not work here"
            return

        def measure(count):
            out = self.folder / f"{name}-{count}.strace"
            server = Server(["strace", "-c", "-f", "-o", str(out), str(self.programs[name]), "0", *arguments])
            try:
                self.posts(server, count)
            finally:
                os.kill(child_of(server.pid), signal.SIGTERM)
                server.wait(60)
            total = [line.split() for line in out.read_text(encoding="utf-8").splitlines() if line.endswith(" total")]
            return int(total[0][3])

        self.values[what] = self.slope(measure)

    def counted(self, name, arguments, stderr):
        """A server with the counter, and a function that reads it."""
        server = Server([str(self.build / f"counted_{name}"), "0", *arguments], stderr=stderr.fileno())

        def read():
            had = len(pathlib.Path(stderr.name).read_text(encoding="utf-8").splitlines())
            server.process.send_signal(signal.SIGUSR2)
            lines = []
            while len(lines) == had or not lines or not lines[-1].endswith("\n"):
                lines = pathlib.Path(stderr.name).read_text(encoding="utf-8").splitlines(keepends=True)
                if server.process.poll() is not None:
                    raise Failed(f"counted_{name} has ended")
            words = lines[-1].split()
            return {"allocations": int(words[1]), "bytes": int(words[3])}

        return server, read

    def allocations(self, name, arguments):
        with tempfile.NamedTemporaryFile() as stderr:
            server, read = self.counted(name, arguments, stderr)
            try:
                self.posts(server, 200)

                def measure(count):
                    before = read()["allocations"]
                    self.posts(server, count)
                    return read()["allocations"] - before

                self.values[f"{name}: allocations per signed post"] = self.slope(measure)
            finally:
                server.stop()

    def idle_bytes(self, name, arguments):
        what = f"{name}: bytes of heap per idle connection"
        if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < CONNECTIONS + 100:
            self.skipped[what] = f"{CONNECTIONS} connections need that many open files"
            return
        with tempfile.NamedTemporaryFile() as stderr:
            server, read = self.counted(name, arguments, stderr)
            try:
                self.posts(server, 10)  # it has all that it needs once
                before = read()["bytes"]
                command = [str(self.build / "load"), "--port", str(server.port), "--server-pid", str(server.pid)]
                command += ["--mode", "idle", "--hold", "--sources", "4", "--connections", str(CONNECTIONS)]
                command += ["--concurrency", "1"]  # what handshakes at the same time leave in pools is theirs
                load = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                opened = load.stdout.readline()
                after = read()["bytes"]
                load.communicate(timeout=60)
                if opened != "open\n" or load.returncode != 0:
                    raise Failed(f"{CONNECTIONS} connections could not be opened")
                self.values[what] = (after - before) / CONNECTIONS
            finally:
                server.stop()

    def profile(self, name, arguments, options):
        out = self.folder / f"{name}.callgrind"
        tool = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}", *options]
        times = json.loads(run([*tool, str(self.build / name), *arguments]))["times"]
        return Profile(out), times

    def verification(self):
        program = self.build / "verification"
        if not program.is_file():
            self.skipped["verification: *"] = "it needs the headers of valgrind"
            return
        for label, arguments in {"64 B": ["64"], "64 B and a token of 800": ["64", "800"], "4 KB": ["4096"]}.items():
            counted = json.loads(run([str(program), *arguments]))
            self.values[f"verification of {label}: SHA-256 blocks"] = counted["blocks"]
            self.values[f"verification of {label}: allocations"] = counted["allocations"]
        what = "verification of 64 B: user instructions, beside SHA-256"
        if self.emulates:
            profile, times = self.profile("verification", ["64"], [])
            self.values[what] = (profile.instructions - profile.instructions_of(HASHING)) / times
        else:
            self.skipped[what] = "valgrind does not work here"

    def lookup(self):
        program = self.build / "lookup"
        if not program.is_file():
            self.skipped["hub: *"] = "it needs the headers of valgrind"
            return
        counted = json.loads(run([str(program)]))
        self.values["hub of 1,000,000: bytes of heap per connection"] = counted["bytes"]
        self.values["hub of 1,000,000: allocations per send"] = counted["allocations"]
        if not self.emulates:
            self.skipped["hub of 1,000,000: instructions and cache misses"] = "valgrind does not work here"
            return
        # a last level of 32 MB, whatever this machine has
        profile, times = self.profile("lookup", [], ["--cache-sim=yes", "--LL=33554432,16,64"])
        misses = sum(profile.totals[event] for event in ("ILmr", "DLmr", "DLmw"))
        self.values["hub of 1,000,000: user instructions per send to a random id"] = profile.instructions / times
        self.values["hub of 1,000,000: last-level misses per send to a random id"] = misses / times


def toolchain(build):
    """The compiler that the build used, as `g++ 12`."""
    cache = (build.parent / "CMakeCache.txt").read_text(encoding="utf-8")
    compiler = next(line for line in cache.splitlines() if line.startswith("CMAKE_CXX_COMPILER:")).partition("=")[2]
    version = run([compiler, "-dumpversion"]).strip().split(".")[0]
    return f"{'clang++' if 'clang' in run([compiler, '--version']) else 'g++'} {version}"


def judge(counts, expected, used):
    """(verdict, name, value, expected, goal, text) for each count; the verdict is passed, failed or skipped."""
    known, foreign = expected["counts"], used != expected["toolchain"]
    for name, value in counts.values.items():
        entry = known.get(name)
        goal = entry.get("goal") if entry else None
        if entry is None or "expected" not in entry:
            yield "failed", name, value, None, goal, "not in expected.json: scripts/bench --gate --update"
        elif "instructions" in name and foreign:
            yield "skipped", name, value, entry["expected"], goal, f"compiled by {used}, not {expected['toolchain']}"
        elif value > entry["expected"] * (1 + TOLERANCE) + SLACK:
            yield "failed", name, value, entry["expected"], goal, "worse"
        elif value < entry["expected"] * (1 - TOLERANCE) - SLACK:
            yield "passed", name, value, entry["expected"], goal, "better: bring expected.json down (--update)"
        else:
            yield "passed", name, value, entry["expected"], goal, ""
    for name, reason in counts.skipped.items():
        yield "skipped", name, None, None, None, reason
    reasons = tuple(name.rstrip("*") for name in counts.skipped if name.endswith("*"))
    for name in known:
        excused = name in {**counts.values, **counts.skipped} or any(name.startswith(reason) for reason in reasons)
        if not excused and "expected" in known[name]:
            yield "failed", name, None, known[name]["expected"], known[name].get("goal"), "was not counted"


def shown(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"


def update(counts, expected, used):
    for name, value in counts.values.items():
        expected["counts"].setdefault(name, {})["expected"] = round(value, 2) + 0.0  # never -0.0
    expected["toolchain"] = used
    EXPECTED.write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="folder of the target bench_counts")
    parser.add_argument("--update", action="store_true", help="write what was counted to expected.json")
    parser.add_argument("--json", type=pathlib.Path, help="file for the counts")
    given = parser.parse_args()
    os.environ["GLIBC_TUNABLES"] = PLAIN_LIBRARY
    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
    used = toolchain(given.build)
    with tempfile.TemporaryDirectory() as folder:
        counts = Counts(given.build, pathlib.Path(folder))
        try:
            counts.all()
        except (Failed, subprocess.TimeoutExpired) as failure:
            print(f"counts.py: {failure}", file=sys.stderr)
            print(f"{len(counts.values)} counted\n0 passed, 1 failed, 0 skipped")
            return 1
    if given.update:
        update(counts, expected, used)
    rows = list(judge(counts, expected, used))
    print(f"{'count':<66}{'now':>10}{'expected':>10}{'goal':>8}")
    for verdict, name, value, wanted, goal, text in rows:
        note = f"  {verdict.upper() if verdict != 'passed' else ''} {text}".rstrip()
        print(f"{name:<66}{shown(value):>10}{shown(wanted):>10}{shown(goal):>8}{note}")
    if given.json:
        table = [dict(zip(("verdict", "name", "value", "expected", "goal", "text"), row)) for row in rows]
        given.json.write_text(json.dumps({"toolchain": used, "counts": table}, indent=1) + "\n", encoding="utf-8")
    total = {verdict: sum(row[0] == verdict for row in rows) for verdict in ("passed", "failed", "skipped")}
    print(", ".join(f"{n} {verdict}" for verdict, n in total.items()))
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
