# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""What compiling a program costs: processor time and memory of the compiler."""
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = "benchmarks/servers/peers"
ROUNDS = 3
COMPILER = ["g++", "-std=c++20", "-O2", "-w", "-I", str(ROOT / "include"), "-I", str(ROOT / "benchmarks")]

# what it is, the source, options
PROGRAMS = (
    ("the library in one's own server", "examples/01_embed.cpp", ()),
    ("the same, with the target `compiled`", "examples/01_embed.cpp", ("-DBACKCHANNEL_SEPARATE_COMPILATION",)),
    ("a server on epoll with the library's adapter", "benchmarks/servers/epoll.cpp", ()),
    ("the gateway", "benchmarks/servers/gateway.cpp", ()),
    ("the same service on Beast", f"{PEERS}/beast.cpp", ()),
    ("the same service on RESTinio", f"{PEERS}/restinio.cpp", ()),
    ("an HTTP server on cpp-httplib, as Debian has it: most of it compiled", "benchmarks/compile/httplib.cpp", ()),
)


def compiled(source, options, out):
    """Seconds of processor time and MB of memory; nothing if it does not compile here."""
    command = [*COMPILER, *options, "-c", str(ROOT / source), "-o", str(out)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return (used.ru_utime + used.ru_stime, used.ru_maxrss / 1000) if process.returncode == 0 else None


def compile_costs():
    """The least of some rounds: whatever else the machine does only adds to it. What does not compile is left out."""
    costs = {}
    with tempfile.TemporaryDirectory() as folder:
        for what, source, options in PROGRAMS:
            tried = [compiled(source, options, pathlib.Path(folder, "out.o")) for _ in range(ROUNDS)]
            if None not in tried:
                costs[what] = {"source": source, "options": options, "seconds": min(t[0] for t in tried),
                               "megabytes": min(t[1] for t in tried)}
    return costs


def compile_rows(costs):
    for what, cost in costs.items():
        yield [what, f"`{' '.join([cost['source'], *cost['options']])}`", f"{cost['seconds']:.1f}",
               f"{cost['megabytes']:,.0f}"]
