#!/usr/bin/env python3
# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Writes single_include/backchannel from include/backchannel.

    amalgamate.py             write backchannel.hpp, src.hpp and, if there is a gateway, backchannel_gateway.hpp
    amalgamate.py --check     write nothing; exit 1 and name each file that differs
    amalgamate.py --version   print the version of the library

The result depends on the source tree only. Own headers are put where they are first included; include guards stay, so
the single header and the modular headers can meet in one translation unit; system includes stay where they are. All
bodies (.ipp) come last, in one block that separate compilation switches off everywhere but in <backchannel/src.hpp>.
"""
import argparse
import pathlib
import re
import sys

COPYRIGHT = "// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE."
# not in the umbrella
OPT_IN = ["auth/with_policy", "auth/with_rate_limit", "auth/yandex_roles", "dialect/extensions", "dialect/yandex"]
PUBLIC_MACROS = {"BACKCHANNEL_ABI", "BACKCHANNEL_DECL", "BACKCHANNEL_EXCEPTIONS", "BACKCHANNEL_VERSION"}
BODIES = "#if !defined(BACKCHANNEL_SEPARATE_COMPILATION) || defined(BACKCHANNEL_SRC_HPP)"
BODY_CONDITION = re.compile(
    r"!\s*defined\(BACKCHANNEL_SEPARATE_COMPILATION\)(\s*\|\|\s*defined\(BACKCHANNEL_SRC_HPP\))?$")
DIRECTIVE = re.compile(r"\s*#\s*(\w+)\s*(.*?)\s*$")
NOT_CODE = re.compile(
    r"""R"([^()\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|'(?:\\[^\n]+?|[^'\\\n])'|//[^\n]*|/\*.*?(?:\*/|$)""", re.S)


class Problem(Exception):
    pass


def directives(name, text):
    """Yields (line number, keyword, argument); what stands in a comment is none."""
    blank = lambda m: m[0] if m[0][0] in "\"'" else re.sub(r"[^\n]", " ", m[0])
    for number, line in enumerate(NOT_CODE.sub(blank, text).split("\n")):
        found = DIRECTIVE.match(line)
        if found:
            yield number, found[1], found[2]


class Source:
    """One file of the library: its lines, own includes, macros and the lines that the output leaves out."""

    def __init__(self, include, name):
        self.name, self.includes, self.dropped, self.macros = name, [], set(), []
        try:
            text = (include / name).read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Problem(f"{name}: cannot be read: {error}")
        if "\r" in text or not text.endswith("\n"):
            raise Problem(f"{name}: lines must end in LF, the last one too")
        self.lines = text[:-1].split("\n")
        self.guard = re.sub(r"\W", "_", name.replace("backchannel/", "", 1)).upper()
        self.guard = "BACKCHANNEL_" + self.guard
        self.scan(list(directives(name, text)))

    def scan(self, found):
        if [d[1:] for d in found[:2]] != [("ifndef", self.guard), ("define", self.guard)] or found[-1][1] != "endif":
            raise Problem(f"{self.name}: the include guard must be {self.guard} and enclose the file")
        depth, block = 0, None  # block: line of the #if that encloses the .ipp includes
        for number, keyword, argument in found:
            where = f"{self.name}:{number + 1}"
            if keyword in ("if", "ifdef", "ifndef"):
                depth += 1
                if depth == 2 and BODY_CONDITION.match(argument) and not self.name.endswith("/src.hpp"):
                    block = number
            elif keyword == "endif":
                depth -= 1
                if block is not None and depth == 1:
                    self.dropped.update(range(block, number + 1))
                    block = None
                if depth == 0 and number != found[-1][0]:
                    raise Problem(f"{where}: code after the include guard")
            elif keyword in ("define", "undef"):
                self.macros.append((keyword, re.match(r"\w+", argument)[0]))
            elif keyword == "pragma" and argument == "once":
                raise Problem(f"{where}: #pragma once instead of an include guard")
            elif keyword == "include":
                self.include(where, number, argument, depth, block)
            if block is not None and keyword not in ("if", "include"):
                raise Problem(f"{where}: only .ipp files may stand in the block of bodies")

    def include(self, where, number, argument, depth, block):
        target = re.match(r"<([^<>]+)>$", argument)
        if target is None:
            raise Problem(f"{where}: cannot resolve #include {argument}; own headers are <backchannel/x.hpp>")
        target = target[1]
        if target.startswith("/") or re.match(r"[A-Za-z]:", target):
            raise Problem(f"{where}: absolute path {target}")
        own = target.startswith("backchannel/")
        body = target.endswith(".ipp")
        if own and body and block is None and not self.name.endswith((".ipp", "/src.hpp")):
            raise Problem(f"{where}: {target} must stand in #if !defined(BACKCHANNEL_SEPARATE_COMPILATION)")
        if block is not None and not (own and body):
            raise Problem(f"{where}: only .ipp files may stand in the block of bodies")
        if own:
            self.includes.append((number, target, depth > 1 and block is None))


class Amalgamation:
    """The closure of some headers without what `base` has already."""

    def __init__(self, include, headers, base=None):
        self.include, self.sources = include, dict(base.sources) if base else {}
        self.macros, self.lines, self.bodies, self.stack, self.written = {}, [], [], [], set()
        known = len(base.sources) if base else 0
        for name in headers:
            self.reach("", name, False)
        for body in self.bodies:  # grows while headers that only bodies need come in
            for _, target, conditional in self.sources[body].includes:
                self.reach(body, target, conditional)
        fresh = list(self.sources)[known:]
        if self.bodies:
            self.lines += ["", BODIES]
            for body in self.bodies:
                self.body("", body, False)
            self.lines += ["", "#endif"]
        for name in fresh:
            for keyword, macro in self.sources[name].macros:
                self.macros[macro] = (keyword, name)
        allowed = PUBLIC_MACROS | {source.guard for source in self.sources.values()}
        for macro, (keyword, name) in self.macros.items():
            if keyword == "define" and macro not in allowed:
                raise Problem(f"{name}: macro {macro} is left defined and not public")

    def reach(self, name, target, conditional):
        if target in self.stack:
            raise Problem("include cycle: " + " -> ".join(self.stack[self.stack.index(target):] + [target]))
        if target in self.sources:
            return
        if conditional:
            raise Problem(f"{name}: {target} is first reached inside a conditional")
        if target.endswith(".ipp"):
            self.sources[target] = Source(self.include, target)
            self.bodies.append(target)
        else:
            self.header(target)

    def header(self, name):
        source = self.sources[name] = Source(self.include, name)
        self.stack.append(name)
        self.text(source, self.reach)
        self.stack.pop()

    def body(self, name, target, conditional):
        if target in self.bodies and target not in self.written:
            if conditional:
                raise Problem(f"{name}: {target} is first reached inside a conditional")
            self.written.add(target)
            self.text(self.sources[target], self.body)

    def text(self, source, enter):
        """Appends the file; `enter` is called where it includes another file of the library."""
        includes = {number: rest for number, *rest in source.includes}
        self.lines += ["", f"// ---- {source.name}"]
        for number, line in enumerate(source.lines):
            if number in includes:
                enter(source.name, *includes[number])
            elif number not in source.dropped and line != COPYRIGHT:
                self.lines.append(line)


def outputs(root):
    """Returns the files of single_include/backchannel as a map from name to text."""
    include = root / "include"
    version = re.search(r'^#define BACKCHANNEL_VERSION "(.+)"', read(include / "backchannel/version.hpp"), re.M)[1]
    banner = [COPYRIGHT, "//", f"// backchannel {version}, written by scripts/amalgamate.py from include/backchannel."]
    banner.append("//")
    banner += [("// " + line).rstrip() for line in read(root / "LICENSE").rstrip("\n").split("\n")]
    opt_in = [name for name in (f"backchannel/{name}.hpp" for name in OPT_IN) if (include / name).is_file()]
    core = Amalgamation(include, ["backchannel/backchannel.hpp", *opt_in])
    src = Source(include, "backchannel/src.hpp")
    named = {target for name in core.bodies for _, target, _ in core.sources[name].includes}
    missing = sorted(set(core.bodies) - named - {target for _, target, _ in src.includes})
    if missing:
        raise Problem(f"{src.name} does not include {', '.join(missing)}")
    own = {number for number, *_ in src.includes}
    first = min(own, default=len(src.lines) - 1)
    small = [line for number, line in enumerate(src.lines[1:first], 1) if number not in own]
    files = {"backchannel.hpp": banner + core.lines}
    files["src.hpp"] = banner + [""] + small + ['#include "backchannel.hpp"', "", "#endif"]
    if (include / "backchannel/gateway/gateway.hpp").is_file():
        gateway = Amalgamation(include, ["backchannel/gateway/gateway.hpp"], core)
        files["backchannel_gateway.hpp"] = banner + ["", '#include "backchannel.hpp"'] + gateway.lines
    files = {name: re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n" for name, lines in files.items()}
    for name, text in files.items():
        if str(root) in text:
            raise Problem(f"{name}: contains the path of the source tree")
    return files


def read(path):
    return path.read_bytes().decode("utf-8")


def main():
    parser = argparse.ArgumentParser(description="Writes the single headers of backchannel.")
    root = pathlib.Path(__file__).resolve().parent.parent
    parser.add_argument("--check", action="store_true", help="compare with the files that exist, write nothing")
    parser.add_argument("--output", type=pathlib.Path, help="default: single_include/backchannel")
    parser.add_argument("--root", type=pathlib.Path, default=root, help="the source tree")
    parser.add_argument("--version", action="store_true", help="print the version of the library")
    options = parser.parse_args()
    root = options.root.resolve()
    if options.version:
        print(re.search(r'BACKCHANNEL_VERSION "(.+)"', read(root / "include/backchannel/version.hpp"))[1])
        return 0
    output = options.output or root / "single_include" / "backchannel"
    try:
        files = outputs(root)
    except Problem as problem:
        print(f"amalgamate.py: {problem}", file=sys.stderr)
        return 1
    if options.check:
        present = {path.name: path.read_bytes() for path in output.glob("*")}
        wanted = {name: text.encode("utf-8") for name, text in files.items()}
        different = sorted(name for name in present.keys() | wanted.keys() if present.get(name) != wanted.get(name))
        for name in different:
            print(f"amalgamate.py: {output / name} differs, run scripts/amalgamate.py", file=sys.stderr)
        return 1 if different else 0
    output.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (output / name).write_bytes(text.encode("utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
