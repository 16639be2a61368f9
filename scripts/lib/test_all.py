# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Builds and tests every configuration and counts what passed; started by scripts/test."""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

from test_results import Results, read_catch2, read_counts, read_ctest, read_integration, read_mutants

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
LOGS = BUILD / "test-logs"
INTEGRATION = ROOT / "tests" / "integration"
FAULTS = ROOT / "tests" / "faults"
SERVERS = ROOT / "tests" / "servers"
CATCH2_LABELS = {"unit", "gateway"}
LONG_PROGRAMS = {"gateway_tests", "allocation_failures", "unit_tests"}  # these first
SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": f"second_deadlock_stack=1:suppressions='{SERVERS / 'thread_sanitizer.supp'}'",
}


def run(log_name, command, seconds, environment=None, cwd=ROOT):
    """Runs a command with its output in a log: its exit code, 124 after the time is over."""
    log = LOGS / f"{log_name}.log"
    with open(log, "ab") as output:
        output.write(f"$ {' '.join(map(str, command))}\n".encode())
        output.flush()
        try:
            return subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                cwd=cwd,
                timeout=seconds,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            output.write(f"\nended after {seconds} s\n".encode())
            return 124
        except OSError as error:
            output.write(f"{error}\n".encode())
            return 127


def end_of(log_name, size=3000):
    text = (LOGS / f"{log_name}.log").read_text(encoding="utf-8", errors="replace")
    return text[-size:]


def without_address_randomisation():
    """A prefix for sanitized programs: their fixed shadow memory and much randomisation do not always go together."""
    prefix = ["setarch", platform.machine(), "-R"]
    if not shutil.which("setarch"):
        return []
    return prefix if subprocess.run([*prefix, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0 else []


def can_sanitize(sanitizers, program="int main() {}\n"):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "probe.cpp")
        source.write_text(program, encoding="utf-8")
        command = ["clang++", f"-fsanitize={sanitizers}", str(source), "-o", str(source.with_suffix(""))]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def labels_of(entry):
    """The labels of one of CTest's entries."""
    return {label for item in entry.get("properties", []) if item["name"] == "LABELS" for label in item["value"]}


class Configuration:
    """One preset of CMakePresets.json: configure, build, run."""

    def __init__(self, preset, total):
        self.preset = preset
        self.total = total
        self.folder = BUILD / preset
        self.entries = []

    def fail(self, what, log_name):
        self.total.failures.append((f"{self.preset}: {what}", end_of(log_name)))
        print(f"{self.preset}: {what} FAILED, see build/test-logs/{log_name}.log", flush=True)
        return False

    def configure(self, *definitions):
        log = f"{self.preset}-build"
        suite = os.environ.get("BACKCHANNEL_SIGV4_SUITE", "")
        command = ["cmake", "--preset", self.preset, f"-DBACKCHANNEL_SIGV4_SUITE={suite}", "-DBACKCHANNEL_TEST_UNITY=ON"]
        command += definitions
        if run(log, command, 300) != 0:
            return self.fail("configure", log)
        self.list_entries()
        return True

    def list_entries(self):
        shown = subprocess.run(
            ["ctest", "--test-dir", str(self.folder), "--show-only=json-v1"], capture_output=True, check=False, cwd=ROOT
        )
        self.entries = json.loads(shown.stdout)["tests"]

    def build(self, *targets):
        began, log = time.monotonic(), f"{self.preset}-build"
        command = ["cmake", "--build", str(self.folder), *(["--target", *targets] if targets else []), "--", "-k", "0"]
        if run(log, command, 2400) != 0:
            return self.fail("build", log)
        self.list_entries()  # CTest tells the commands of programs that exist
        print(f"{self.preset}: built in {time.monotonic() - began:.0f} s", flush=True)
        return True

    def catch2_programs(self):
        """(name, command, properties) of the tests that are Catch2 programs."""
        for entry in self.entries:
            properties = {item["name"]: item["value"] for item in entry.get("properties", [])}
            if CATCH2_LABELS & set(properties.get("LABELS", [])) and "command" in entry:
                yield entry["name"], entry["command"], properties

    def program_names(self):
        return [entry["name"] for entry in self.entries if CATCH2_LABELS & labels_of(entry)]

    def report(self, what, results, began):
        self.total.add(results, f"{self.preset}: {what}: ")
        print(f"{self.preset}: {what}: {results.summary()} ({time.monotonic() - began:.0f} s)", flush=True)

    def run_catch2(self, prefix=(), environment=None, name=None, factor=1):
        """Runs the Catch2 programs themselves, to count their cases; two at a time."""

        def run_program(program, command, properties):
            began, log = time.monotonic(), f"{self.preset}-{program}{'-' + prefix[0] if factor != 1 else ''}"
            report = LOGS / f"{log}.xml"
            report.unlink(missing_ok=True)
            variables = dict(item.split("=", 1) for item in properties.get("ENVIRONMENT", []))
            seconds = float(properties.get("TIMEOUT", 300)) * factor
            arguments = [*prefix, *command, "--reporter", "xml", "--out", str(report)]
            folder = properties.get("WORKING_DIRECTORY", str(self.folder))
            status = run(log, arguments, seconds, {**variables, **(environment or {})}, folder)
            results = read_catch2(report)
            if status != 0 and not results.failures:  # a sanitizer's complaint at the end, say
                results.failures.append((f"exit code {status}", end_of(log)))
            elif results.failures:
                results.failures[-1] = (results.failures[-1][0], f"{results.failures[-1][1]}\n{end_of(log)}")
            return log.removeprefix(f"{self.preset}-"), results, began

        programs = [program for program in self.catch2_programs() if name in (None, program[0])]
        programs.sort(key=lambda program: program[0] not in LONG_PROGRAMS)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            running = [pool.submit(run_program, *program) for program in programs]
            for future in concurrent.futures.as_completed(running):
                self.report(*future.result())

    def run_ctest(self, *selection):
        """Runs the entries that are not Catch2 programs."""
        began, log = time.monotonic(), f"{self.preset}-ctest"
        report = LOGS / f"{log}.xml"
        report.unlink(missing_ok=True)
        command = ["ctest", "--test-dir", str(self.folder), "--output-on-failure", "--parallel", "2"]
        command += ["--output-junit", str(report), "--label-exclude", "^(" + "|".join(sorted(CATCH2_LABELS)) + ")$"]
        run(log, [*command, *selection], 2400)
        self.report("ctest", read_ctest(report), began)


def install_node_packages():
    """npm ci, unless node_modules is that of this lock file already."""
    if not shutil.which("npm"):
        print("npm is not installed; the tests with Node.js clients are skipped", flush=True)
        return
    modules = INTEGRATION / "node_modules"
    digest = hashlib.sha256((INTEGRATION / "package-lock.json").read_bytes()).hexdigest()
    stamp = modules / ".lock-digest"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return
    for _ in range(2):
        if run("npm", ["npm", "ci", "--no-audit", "--no-fund"], 600, cwd=INTEGRATION) == 0:
            stamp.write_text(digest, encoding="utf-8")
            return
    shutil.rmtree(modules, ignore_errors=True)
    print("npm ci failed, see build/test-logs/npm.log; the tests with Node.js clients are skipped", flush=True)


def run_checks(configuration, what, command, seconds, environment=None):
    """Runs a program that counts its checks, and writes them where --json says."""
    began, log = time.monotonic(), f"{configuration.preset}-{what}"
    report = LOGS / f"{log}.json"
    report.unlink(missing_ok=True)
    status = run(log, ["/usr/bin/python3", *map(str, command), "--json", str(report)], seconds, environment)
    results = Results()
    if report.exists():
        results = read_integration(json.loads(report.read_text(encoding="utf-8")))
    if not report.exists() or (status != 0 and not results.failures):
        results.failures.append((f"run.py ended with {status}", end_of(log)))
    configuration.report(what, results, began)


def run_integration(configuration, full, environment=None):
    gateway = configuration.folder / "examples" / "gateway"
    command = [INTEGRATION / "run.py", "--gateway", gateway, *(["--full"] if full else [])]
    run_checks(configuration, "integration", command, 3600 if full else 1200, environment)


def run_faults(configuration, full):
    """Faults and load; their figures are in a table beside the logs. At full size they are of a release build."""
    gateway = configuration.folder / "examples" / "gateway"
    if full:
        folder = BUILD / "release"
        release = ["-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DBACKCHANNEL_BUILD_TESTS=OFF"]
        steps = (["-S", str(ROOT), "-B", str(folder), *release], ["--build", str(folder)])
        if any(run("release-build", ["cmake", *step], 1200) != 0 for step in steps):
            configuration.fail("release build", "release-build")
            return
        gateway = folder / "examples" / "gateway"
    tests = configuration.folder / "tests"
    command = [FAULTS / "run.py", "--results", LOGS / "faults.md", "--gateway", gateway]
    command += ["--client", tests / "load_client", "--allocations", tests / "allocation_failures"]
    command += ["--full"] if full else []
    run_checks(configuration, "faults", command, 5400 if full else 600)


def run_servers(configuration, seconds, prefix=(), environment=None):
    """Each server of examples/servers that could be built here; no churn for 0 seconds."""
    programs = sorted(path for path in (configuration.folder / "examples" / "servers").iterdir() if os.access(path, os.X_OK))
    programs = [path for path in programs if path.is_file()]
    if not programs:
        configuration.total.skips.append((f"{configuration.preset}: servers", "none of the servers is installed"))
        return
    command = [SERVERS / "run.py", "--churn", seconds, "--jobs", 3, "--prefix", " ".join(prefix), *programs]
    run_checks(configuration, "servers", command, 1200, environment)


def run_simulation(configuration, prefix=(), environment=None):
    """More schedules than CI has time for, and others than it has."""
    began, log = time.monotonic(), f"{configuration.preset}-simulation"
    program = configuration.folder / "tests" / "simulation" / "simulation"
    status = run(log, [*prefix, program, "--seed", "1000000", "--schedules", "20000"], 1800, environment)
    failures = [] if status == 0 else [("20000 schedules", end_of(log))]
    configuration.report("simulation", Results(passed=int(status == 0), failures=failures), began)


def test_gcc(total, full):
    configuration = Configuration("gcc", total)
    debug = f"-DCMAKE_CXX_FLAGS_DEBUG={'-g1' if full else ''}"  # lines, for valgrind
    if not configuration.configure(debug) or not configuration.build():
        return
    configuration.run_catch2()
    configuration.run_ctest()
    install_node_packages()
    run_integration(configuration, full)
    run_faults(configuration, full)
    run_servers(configuration, 6 if full else 0)
    if not full:
        return
    run_simulation(configuration)
    if shutil.which("valgrind"):
        # Its threads take turns: without --fair-sched one that never waits keeps the others from theirs. Keys that are
        # found on a thread of their own, by an authorizer that is asked again there, are some 500 threads deep. The
        # operators of count_allocations.cpp are to stay what they are.
        prefix = ["valgrind", "--quiet", "--fair-sched=yes", "--max-threads=2000", "--error-exitcode=99"]
        prefix += ["--soname-synonyms=somalloc=nouserintercepts", "--leak-check=full", "--num-callers=30"]
        configuration.run_catch2(prefix, name="unit_tests", factor=40)
    else:
        total.skips.append(("gcc: valgrind", "valgrind is not installed"))


def test_hardened(total):
    """With the flags that distributions build servers with, and the library's assertions on."""
    configuration = Configuration("hardened", total)
    if configuration.configure() and configuration.build(*configuration.program_names()):
        configuration.run_catch2()


def test_clang(total, full):
    configuration = Configuration("clang", total)
    if not configuration.configure(f"-DBACKCHANNEL_TEST_VARIANTS={'ON' if full else 'OFF'}"):
        return
    # The time of CI is bounded. With a sanitizer clang++ compiles the programs and the servers, and a header that compiles
    # alone with g++ includes what it needs.
    whole = full or not can_sanitize("address,undefined")
    if configuration.build(*([] if whole else ["compiler_checks", "backchannel_examples"])):
        if whole:
            configuration.run_catch2()
        labels = ["headers", "odr", "compile_fail", "examples", *(["fuzz"] if whole else [])]
        configuration.run_ctest("--label-regex", f"^({'|'.join(labels)})$")


def test_sanitized(total, preset, sanitizers, full):
    if not can_sanitize(sanitizers):
        total.skips.append((preset, f"clang++ has no runtime for -fsanitize={sanitizers}"))
        return
    configuration = Configuration(preset, total)
    threads_only = preset == "thread" and not full  # in one thread it has nothing to look for
    if not configuration.configure(f"-DBACKCHANNEL_TEST_THREADS_ONLY={'ON' if threads_only else 'OFF'}"):
        return
    targets = [*configuration.program_names(), "server_examples", *(["backchannel_gateway_example"] if full else [])]
    simulated = full and preset == "address"  # it has one thread
    targets += ["simulation"] if simulated else []
    if not configuration.build(*targets):
        return
    configuration.run_catch2(without_address_randomisation(), SANITIZER_ENVIRONMENT)
    run_servers(configuration, 6, without_address_randomisation(), SANITIZER_ENVIRONMENT)
    if simulated:
        run_simulation(configuration, without_address_randomisation(), SANITIZER_ENVIRONMENT)
    if full:
        run_integration(configuration, False, SANITIZER_ENVIRONMENT)


def run_target(configuration, name, command, seconds):
    """Runs one target on a copy of its corpus; an input that breaks it is kept in the logs."""
    program, corpus = command[0], pathlib.Path(command[-1])
    found = configuration.folder / "corpus" / corpus.name
    shutil.rmtree(found, ignore_errors=True)
    shutil.copytree(corpus, found)
    limits = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"]
    arguments = [*without_address_randomisation(), program, *limits, f"-artifact_prefix={LOGS / name}-", str(found)]
    status = run(name, arguments, seconds + 120, SANITIZER_ENVIRONMENT)
    if status == 0:
        return Results(passed=1)
    kept = [str(path.relative_to(ROOT)) for path in sorted(LOGS.glob(f"{name}-*"))]
    detail = f"exit code {status}; the input: {', '.join(kept) or 'none was kept'}\n{end_of(name)}"
    return Results(failures=[(name, detail)])


def test_fuzz(total, full):
    sanitizers = "fuzzer,address,undefined"
    probe = 'extern "C" int LLVMFuzzerTestOneInput(unsigned char const*, unsigned long) { return 0; }\n'
    if not can_sanitize(sanitizers, probe):
        total.skips.append(("fuzz", f"clang++ has no runtime for -fsanitize={sanitizers}"))
        return
    configuration = Configuration("fuzz", total)
    if not configuration.configure() or not configuration.build("fuzz"):
        return
    began, results = time.monotonic(), Results()
    targets = [(entry["name"], entry["command"]) for entry in configuration.entries if "fuzz" in labels_of(entry)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for result in pool.map(lambda target: run_target(configuration, *target, 600 if full else 20), targets):
            results.add(result)
    configuration.report("targets", results, began)


def test_mutants(total, full):
    """Mistakes in the headers, made on purpose: one that no test notices counts as a failed test."""
    began, log = time.monotonic(), "mutants"
    command = [sys.executable, str(ROOT / "scripts" / "mutants"), *([] if full else ["--quick"])]
    status = run(log, command, 3600 if full else 600)
    results = read_mutants(end_of(log, 1 << 20))
    if status != 0 and not results.failures:
        results.failures.append((f"scripts/mutants ended with {status}", end_of(log)))
    total.add(results, "mutants: ")
    print(f"mutants: {results.summary()} ({time.monotonic() - began:.0f} s)", flush=True)


def test_counts(total):
    """What a request costs, counted: as many instructions, system calls, allocations and bytes as before."""
    began, log, report = time.monotonic(), "counts", LOGS / "counts.json"
    status = run(log, [str(ROOT / "scripts" / "bench"), "--gate", "--json", str(report)], 1200)
    results = read_counts(json.loads(report.read_text(encoding="utf-8"))) if report.exists() else Results()
    if status != 0 and not results.failures:
        results.failures.append((f"scripts/bench --gate ended with {status}", end_of(log)))
    total.add(results, "counts: ")
    print(f"counts: {results.summary()} ({time.monotonic() - began:.0f} s)", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/test", description=__doc__)
    parser.add_argument("--full", action="store_true", help="the long rest too")
    full = parser.parse_args().full
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    if shutil.which("ccache"):
        os.environ.setdefault("CMAKE_CXX_COMPILER_LAUNCHER", "ccache")
    began = time.monotonic()
    total = Results()

    test_gcc(total, full)
    test_mutants(total, full)
    test_counts(total)
    if full:
        test_hardened(total)
    if shutil.which("clang++"):
        test_clang(total, full)
        test_sanitized(total, "address", "address,undefined", full)
        test_sanitized(total, "thread", "thread", full)
        test_fuzz(total, full)
    else:
        total.skips += [(preset, "clang++ is not installed") for preset in ("clang", "address", "thread", "fuzz")]

    for name, reason in total.skips:
        print(f"{name}\nskipped: {reason}")
    for name, detail in total.failures:
        print(f"FAILED {name}")
        if detail.strip():
            print("    " + detail.strip().replace("\n", "\n    "))
    print(f"({(time.monotonic() - began) / 60:.0f} min; logs in build/test-logs)")
    print(total.summary())
    return 1 if total.failures or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
