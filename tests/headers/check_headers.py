# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""What including the core costs: check_headers.py --include DIR -- COMPILER [FLAG...]

* <backchannel/backchannel.hpp> stays within the standard headers of its closure plus 8,000 preprocessed lines;
* the closure reaches no library and none of the standard headers that are costly or out of place in it;
* <backchannel/fwd.hpp> stays under 1,000 lines;
* <backchannel/src.hpp> names every body of the core.
"""
import argparse
import pathlib
import re
import subprocess
import sys

BUDGET = 8000
FORWARD_BUDGET = 1000
LIBRARIES = re.compile(r"(^|/)(asio|boost|openssl)(/|\.hpp$)|(^|/)(zlib|immintrin)\.h$")
STANDARD = {"iostream", "regex", "random", "thread", "future", "ranges"}


def preprocess(command, code):
    """Returns (number of non-blank lines, [(depth, file)...] in the order of inclusion) of a translation unit."""
    result = subprocess.run(command + ["-x", "c++", "-E", "-P", "-H", "-"], input=code, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(result.stderr)
    tree = [(len(m[1]), m[2]) for m in re.finditer(r"^(\.+) (.+)$", result.stderr, re.M)]
    return sum(1 for line in result.stdout.split("\n") if line.strip()), tree


def check_umbrella(command, include):
    total, tree = preprocess(command, "#include <backchannel/backchannel.hpp>\n")
    own = str(include) + "/"
    parents, direct, problems = [], [], []
    for depth, path in tree:
        del parents[depth - 1:]
        from_own = not parents or parents[-1].startswith(own)
        if not path.startswith(own):
            name = pathlib.PurePath(path).name
            if from_own:
                direct.append(path)
            if from_own and (LIBRARIES.search(path) or name in STANDARD):
                route = " -> ".join(p.replace(own, "") for p in parents + [path])
                problems.append(f"closure of the umbrella reaches {route}")
            elif not from_own and not LIBRARIES.search(parents[-1]) and (LIBRARIES.search(path) or name in STANDARD):
                print(f"note: <{name}> comes with {parents[-1]}")
        parents.append(path)
    # One that a standard header has included before does not show above: the compiler skips it by its guard.
    for path in {path for _, path in tree if path.startswith(own)}:
        for name in includes(pathlib.Path(path)):
            if name in STANDARD or LIBRARIES.search(name):
                problems.append(f"{path.replace(own, '')} includes <{name}>")
    floor, _ = preprocess(command, "".join(f'#include "{path}"\n' for path in direct))
    print(f"umbrella: {total} lines, standard headers alone: {floor}, own: {total - floor} of at most {BUDGET}")
    if total > floor + BUDGET:
        problems.append(f"umbrella: {total - floor} lines over the standard headers, budget {BUDGET}")
    return problems


def check_forward(command):
    lines, _ = preprocess(command, "#include <backchannel/fwd.hpp>\n")
    print(f"fwd.hpp: {lines} lines of fewer than {FORWARD_BUDGET}")
    return [] if lines < FORWARD_BUDGET else [f"fwd.hpp: {lines} lines, budget {FORWARD_BUDGET}"]


def includes(path):
    return re.findall(r"^\s*#\s*include\s*<(.+?)>", path.read_text(encoding="utf-8"), re.M)


def check_src(include):
    bodies = {path.relative_to(include).as_posix() for path in include.glob("backchannel/impl/**/*.ipp")}
    bodies = {name for name in bodies if not re.search("impl/(gateway|adapters)/|impl/crypto/openssl", name)}
    named = includes(include / "backchannel/src.hpp")
    for name in named:  # bodies that a body includes come with it
        named += [inner for inner in includes(include / name) if inner.endswith(".ipp") and inner not in named]
    problems = [f"src.hpp does not include {name}" for name in sorted(bodies - set(named))]
    problems += [f"src.hpp includes {name}, which is no body of the core" for name in sorted(set(named) - bodies)]
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--include", type=pathlib.Path, required=True)
    parser.add_argument("compiler", nargs="+")
    options = parser.parse_args()
    include = options.include.resolve()
    command = options.compiler + ["-I", str(include)]
    problems = check_src(include)
    if (include / "backchannel/fwd.hpp").exists():
        problems += check_forward(command)
    if (include / "backchannel/backchannel.hpp").exists():
        problems += check_umbrella(command, include)
    for problem in problems:
        print(f"FAILED {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
