#!/usr/bin/env python3
# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Measures a short set of cases with every server that was built, and writes performance.md with its plot.

Everything in the text comes from the runs of this one call: the machine, the commands, the figures, and beside each case
how far the baseline is from itself.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import resource
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
from compare import AGAIN, Comparison, print_case  # noqa: E402
from compile_cost import COMPILER, ROUNDS, compile_costs, compile_rows  # noqa: E402
from contention import SENDS, contention, contention_rows  # noqa: E402
from plot import bars  # noqa: E402
from running import Failed  # noqa: E402

BASELINE = "raw epoll"
OFFLINE = "serverless-offline"
NOISE = 0.03
TIMES = "--duration 500 --warm-up 150"
UNTIMED = {"connect", "idle"}

# name in the text: program, arguments behind the port, whether it verifies signatures
SERVERS = {
    BASELINE: ("raw_epoll", ["--verify"], True),
    "raw epoll, coalescing": ("raw_epoll", ["--verify", "--coalesce"], True),
    "backchannel on epoll": ("epoll", [], True),
    "backchannel gateway": ("gateway", [], True),
    "Beast": ("beast", [], False),
    "RESTinio": ("restinio", [], False),
    "libwebsockets": ("libwebsockets", [], False),
    "npm ws": ("ws.mjs", [], False),
    OFFLINE: ("serverless-offline/serverless-offline.mjs", [], False),
}

# more options of the load generator for a server: what serverless-offline.mjs says it needs, and more time for the
# compiler at run time, which has much more code before it than with ws
OPTIONS = {OFFLINE: "--path / --warm-up 1000"}

# name: (what it is, options of the load generator, the measured unit)
CASES = {
    "spread": ("posts of 64 B to 100 connections, 8 in flight", "--connections 100 --payload 64 --sign"),
    "4 KB": ("posts of 4 KB to 100 connections, 8 in flight", "--connections 100 --payload 4096 --sign"),
    "pipelined": ("posts of 64 B to 100 connections, 8 in flight on each of 8 HTTP connections",
                  "--connections 100 --pipeline 8 --payload 64 --sign"),
    "hot": ("posts of 64 B to 1 connection, 64 in flight", "--connections 1 --http 64 --payload 64 --sign"),
    "large": ("posts of 128 KB to 100 connections, 8 in flight", "--connections 100 --payload 131072 --sign"),
    "info": ("GET of a connection's state, 8 in flight", "--mode get --connections 100 --sign"),
    "fan-out": ("one message to each of 1,000 connections", "--mode broadcast --connections 1000 --http 1 --payload 64"),
    "fan-out x8": ("one message to each of 1,000 connections, 8 such in one turn",
                   "--mode broadcast --connections 1000 --http 1 --pipeline 8 --payload 64"),
    "alone": ("posts of 64 B, one at a time", "--mode latency --connections 100 --payload 64 --sign"),
    "connect": ("WebSocket handshakes, until the id is known", "--mode connect --connections 1000 --rounds 3"),
    "idle": ("bytes of the server's memory per idle connection", "--mode idle --connections 5000 --sources 4"),
}


# a server that can't serve a case: it is left out there, and the page says why
UNANSWERED, ABSENT = "requests stayed unanswered", "it has no such request"
UNFIT = {
    "pipelined": {"libwebsockets": UNANSWERED},
    "info": {OFFLINE: ABSENT},
    "fan-out": {OFFLINE: ABSENT},
    "fan-out x8": {"libwebsockets": UNANSWERED, OFFLINE: ABSENT},
}

# posts of 64 B to so many connections
CROWDS = (1, 10, 100, 1_000, 10_000, 19_000)
CROWD = "--connections {} --sources {} --payload 64 --sign"
CROWD_SERVERS = (BASELINE, "backchannel on epoll", "backchannel gateway")

# the library's servers with so many loops, which share both processors with the load
LOOPS = (1, 2)
SHARED = "--connections 100 --http 16 --payload 64 --sign"


def first_line(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[0].strip() if done.returncode == 0 and done.stdout else "unknown"


def machine():
    cpu, cores = platform.processor() or "unknown", 0
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            cpu, cores = line.partition(":")[2].strip(), cores + 1
    kernel = re.match(r"[\d.]+", platform.release())[0].rstrip(".")
    return {"processor": cpu, "cores": cores, "kernel": kernel, "compiler": first_line(["g++", "--version"])}


def commands(build):
    """The servers that were built: name, command."""
    found = {}
    for name, (program, arguments, _) in SERVERS.items():
        if program.endswith(".mjs"):
            script = HERE.parent / "servers" / "peers" / program
            if (script.parent / "node_modules").is_dir():
                found[name] = " ".join(["node", str(script), "0", *arguments])
            continue
        if (build / program).is_file():
            found[name] = " ".join([str(build / program), "0", *arguments])
    return found


def noise_of(result):
    """How far the baseline is from itself in this case, but not less than what we never call a difference."""
    ratios = result[AGAIN]["ratios"]
    return max(NOISE, abs(ratios.get("server_cpu_ns", ratios.get("anonymous_bytes"))["median"] - 1))


def told(ratio, noise):
    text = f"{ratio['median']:.2f} [{ratio['least']:.2f} .. {ratio['most']:.2f}]"
    certain = abs(ratio["median"] - 1) > noise and not ratio["least"] <= 1 <= ratio["most"]
    return text if noise == 0 or certain else f"{text} (no difference)"


def rows(case, result):
    noise = noise_of(result)
    figure = "anonymous_bytes" if case == "idle" else "server_cpu_ns"
    for name, figures in result.items():
        if figure not in figures:
            continue
        value = figures[figure]["median"]
        ratio = "1" if name == BASELINE else told(figures["ratios"][figure], 0 if name == AGAIN else noise)
        label = f"{BASELINE}, again (control)" if name == AGAIN else name
        if case == "idle":
            yield [label, f"{value:,.0f}"]
            continue
        cells = [label, f"{value / 1000:,.1f}", ratio, f"{figures['per_second']['median']:,.0f}"]
        if "p50_us" in figures:
            cells += [f"{figures['p50_us']['median']:,.0f}", f"{figures['p99_us']['median']:,.0f}"]
        yield cells


def table(head, lines):
    return ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head), *("| " + " | ".join(r) + " |" for r in lines)]


def heading(case, result):
    if case == "idle":
        return ["server", "bytes per connection"]
    head = ["server", "server CPU, us", f"ratio to {BASELINE}", "per second"]
    return head + (["p50, us", "p99, us"] if "p50_us" in result[BASELINE] else [])


def section(case, result):
    what, options = CASES[case]
    text = [f"## {what[0].upper()}{what[1:]}", "", *table(heading(case, result), rows(case, result)), ""]
    if case in UNFIT:
        text += ["Left out: " + "; ".join(f"{name}, as {why}" for name, why in UNFIT[case].items()) + ".", ""]
    return [*text, f"    load {options}" if case in UNTIMED else f"    load {options} {TIMES}", ""]


def crowds(build, rounds):
    """Posts to more and more connections: {count: result}."""
    known = commands(build)
    mine = {name: known[name] for name in CROWD_SERVERS if name in known}
    open_files, results = resource.getrlimit(resource.RLIMIT_NOFILE)[1], {}
    for count in CROWDS:
        if count + 100 > open_files:
            continue
        arguments = f"{CROWD.format(count, count // 10_000 + 1)} {TIMES}"
        results[count] = Comparison(build, mine, rounds, 0, 1).run(arguments, {})
        print_case(f"{count} connections", arguments, results[count])
    return results


def crowds_section(results):
    names = list(next(iter(results.values())))
    lines = []
    for count, result in results.items():
        noise = noise_of(result)
        cells = [f"{count:,}", f"{result[BASELINE]['server_cpu_ns']['median'] / 1000:,.1f}"]
        for name in names[1:]:
            cells.append(told(result[name]["ratios"]["server_cpu_ns"], 0 if name == AGAIN else noise))
        lines.append(cells)
    head = ["connections", f"{BASELINE}, us", *(f"ratio of {name}" for name in names[1:])]
    head[2] = f"{BASELINE}, again (control)"
    text = ["## Posts of 64 B to few and to many connections, 8 in flight", "", *table(head, lines), ""]
    return [*text, f"    load {CROWD.format('N', 'M')} {TIMES}", ""]


def loops(build, rounds):
    """The same posts served by one loop and by more: a result whose baseline is raw epoll, which has one."""
    known = commands(build)
    servers = {BASELINE: known[BASELINE]}
    for name in CROWD_SERVERS[1:]:
        servers |= {f"{name}, {n} loop{'s'[: n > 1]}": f"{known[name]} --threads {n}" for n in LOOPS if name in known}
    result = Comparison(build, servers, rounds, None, None).run(f"{SHARED} {TIMES}", {})
    print_case("loops", SHARED, result)
    return result


def loops_section(result):
    cores = os.cpu_count()
    what = [f"Nothing is pinned here: the servers and the load generator share {cores} processors. With two loops half of",
            "the posts arrive at another loop than their connection's, and hop."]
    if cores < max(LOOPS) + 1:
        what[-1] += f" Two loops and a load generator are more threads than {cores} processors."
    body = [*what, "", *table(heading("loops", result), rows("loops", result)), "", f"    load {SHARED} {TIMES}", ""]
    return ["## Posts of 64 B to 100 connections, 16 in flight, on one loop and on two", "", *body]


def contention_section(results):
    if not results:
        return []
    what = ["Each thread opens a connection in the same hub of 10,000, sends a message to each of "
            f"{SENDS} others, and closes it;",
            "the Transport does nothing, so that this is the hub alone. Sending takes no lock that connections share;",
            "opening and closing take the hub's."]
    head = ["threads", "a round of one thread, us", "rounds of all, relative to one thread"]
    return ["## One hub on many threads", "", *what, "", *table(head, contention_rows(results)), "",
            "    micro_hub --benchmark_filter=^contended", ""]


def compile_section(costs):
    head = ["program", "source", "CPU, s", "memory, MB"]
    command = " ".join(word.replace(f"{ROOT}/", "") for word in COMPILER)
    return ["## Compiling", "", f"The least of {ROUNDS} runs of `{command} -c SOURCE`.", "",
            *table(head, compile_rows(costs)), ""]


def page(results, growth, threads, shared, costs, where, load, rounds, plot):
    unsigned = [name for name, (_, _, verifies) in SERVERS.items() if not verifies]
    measured = {name for result in results.values() for name in result}
    unsigned = [name for name in unsigned if name in measured]
    tuned = [name for name in unsigned if name != OFFLINE]
    lines = [
        "# Performance",
        "",
        "What one request costs the server, beside the same request served by the least that one thread on epoll can do",
        f"(`benchmarks/servers/raw_epoll.cpp`, \"{BASELINE}\"), which verifies signatures too but parses next to nothing,",
        "has no limits, no timeouts and no error handling. This page and its plot were written by `scripts/bench`, from",
        "one run of it; nothing in them is from elsewhere.",
        "",
        f"- {where['processor']}, {where['cores']} cores; Linux {where['kernel']}; {where['compiler']}; release build.",
        "- Everything on 127.0.0.1: the server has one core, the load generator another, if nothing else is said. Other work was",
        f"  not stopped; the load average was {load:.1f} when this began.",
        "- Server CPU is the processor time, of user and kernel, that the server process took per request (per",
        "  connection, per broadcast). It is the figure to compare. The rate depends on the load generator as well, which",
        "  needs as much time as the server.",
        f"- Each ratio is the median of {rounds} interleaved rounds, with its range. The baseline runs twice in each round,",
        "  as a control: what it differs from itself nothing explains but chance. Ratios nearer to 1 than that, or than",
        "  3 %, and those with a range on both sides of 1 are marked as no difference.",
        "- A request is done when its answer and its message have both arrived. Every message is checked: none was lost,",
        "  doubled, altered or delivered to somebody else, or there would be no figures.",
    ]
    if tuned:
        lines += [f"- {', '.join(tuned)}: the same service written with that library, tuned, as in",
                  "  `benchmarks/servers/peers`."]
    if OFFLINE in unsigned:
        lines += [f"- {OFFLINE}: the local @connections that its users have, with default options, without its log and",
                  f"  without the Serverless Framework; the load generator has `{OPTIONS[OFFLINE]}` for it."]
    if unsigned:
        lines += [f"- {', '.join(unsigned)} get the same signed requests and verify nothing."]
    shown = {}
    for result in [*results.values(), threads]:
        shown |= {name: figures["command"] for name, figures in result.items() if name != AGAIN}
    lines += ["- The servers were started so, 0 being any port:", ""]
    lines += [f"      {command}" for command in shown.values()]
    lines += ["", "What does not depend on the machine (instructions, system calls, allocations, bytes) is counted by",
              "`scripts/bench --gate` and compared with `benchmarks/counts/expected.json` on every run of the tests.", "",
              f"![Server CPU time relative to {BASELINE}]({plot})", ""]
    for case, result in results.items():
        lines += section(case, result)
    lines += crowds_section(growth) + loops_section(threads) + contention_section(shared) + compile_section(costs)
    return "\n".join(lines).rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="folder of the target bench")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "docs")
    parser.add_argument("--json", type=pathlib.Path, help="file for all figures")
    given = parser.parse_args()
    if (pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").count("processor\t:")) < 2:
        parser.error("this needs two processors, one for the server and one for the load")
    results, load = {}, os.getloadavg()[0]
    try:
        for case, (_, options) in CASES.items():
            arguments = options if case in UNTIMED else f"{options} {TIMES}"
            rounds = min(given.rounds, 3) if case in UNTIMED else given.rounds
            servers = {n: c for n, c in commands(given.build).items() if n not in UNFIT.get(case, ())}
            comparison = Comparison(given.build, servers, rounds, 0, 1)
            results[case] = comparison.run(arguments, OPTIONS)
            print_case(case, arguments, results[case])
        growth, threads = crowds(given.build, given.rounds), loops(given.build, given.rounds)
        shared, costs = contention(given.build, given.rounds), compile_costs()
    except (Failed, subprocess.SubprocessError) as failure:
        print(f"report.py: {failure}", file=sys.stderr)
        return 1
    given.output.mkdir(parents=True, exist_ok=True)
    plotted = {case: {name: figures["ratios"]["server_cpu_ns"] for name, figures in result.items()
                      if name not in (BASELINE, AGAIN) and "server_cpu_ns" in figures["ratios"]}
               for case, result in results.items() if case != "idle"}
    plot = bars({CASES[case][0]: ratios for case, ratios in plotted.items()}, BASELINE)
    (given.output / "performance.svg").write_text(plot, encoding="utf-8")
    text = page(results, growth, threads, shared, costs, machine(), load, given.rounds, "performance.svg")
    (given.output / "performance.md").write_text(text, encoding="utf-8")
    if given.json:
        everything = {"machine": machine(), "cases": results, "crowds": growth, "loops": threads,
                      "contention": shared, "compiling": costs}
        given.json.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    print(f"\nwritten: {given.output}/performance.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
