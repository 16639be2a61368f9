# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""One hub used by more and more threads, with the benchmark `contended` of micro/hub.cpp."""
import json
import statistics
import subprocess

SENDS = 16  # of each round of the benchmark, beside one connection opened and closed


def contention(build, rounds):
    """{threads: nanoseconds a round of one thread takes, and whether there were more threads than processors}"""
    program = build / "micro_hub"
    if not program.is_file():
        return {}
    command = [str(program), "--benchmark_filter=^contended", f"--benchmark_repetitions={rounds}",
               "--benchmark_min_time=0.1", "--benchmark_format=json", "--benchmark_enable_random_interleaving=true"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=300)
    times, crowded = {}, set()
    for run in json.loads(done.stdout)["benchmarks"]:
        if run["run_type"] != "iteration":
            continue
        # Google Benchmark divides the time by the iterations of all threads together
        times.setdefault(run["threads"], []).append(run["real_time"] * run["threads"])
        if run.get("label") == "oversubscribed":
            crowded.add(run["threads"])
    return {n: {"ns": statistics.median(values), "crowded": n in crowded} for n, values in sorted(times.items())}


def contention_rows(results):
    alone = results[min(results)]["ns"]
    for threads, result in results.items():
        label = f"{threads}, more than processors" if result["crowded"] else str(threads)
        yield [label, f"{result['ns'] / 1000:.2f}", f"{threads * alone / result['ns']:.2f}"]
