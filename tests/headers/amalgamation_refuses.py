# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""What scripts/amalgamate.py must refuse, and what it must get right, on small trees made for the purpose."""
import pathlib
import subprocess
import sys
import tempfile

SCRIPT = sys.argv[1]


def guard(name, text):
    macro = "BACKCHANNEL_" + name.upper().replace("/", "_").replace(".", "_")
    return f"// text\n#ifndef {macro}\n#define {macro}\n{text}#endif\n"


def block(name):
    return f"#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)\n#include <backchannel/{name}>\n#endif\n"


def run(files, *arguments):
    """Returns (exit status, messages, the single header) for a tree with `files`."""
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch)
        tree = {"version.hpp": '#define BACKCHANNEL_VERSION "1.2.3"\n', "src.hpp": "", **files}
        for name, text in tree.items():
            path = root / "include/backchannel" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            raw = text.startswith("RAW")
            path.write_bytes((text[3:] if raw else guard(name, text)).encode("utf-8"))
        (root / "LICENSE").write_text("licence\n")
        command = [sys.executable, SCRIPT, "--root", scratch]
        result = subprocess.run(command + list(arguments), capture_output=True, text=True)
        output = root / "single_include/backchannel/backchannel.hpp"
        return result.returncode, result.stderr, output.read_text() if output.exists() else ""


REFUSED = {
    "first reached inside a conditional": {
        "backchannel.hpp": "#ifdef X\n#include <backchannel/a.hpp>\n#endif\n", "a.hpp": "int a;\n"},
    "impl/b.ipp is first reached inside a conditional": {
        "backchannel.hpp": block("impl/a.ipp") + block("impl/b.ipp"),
        "impl/a.ipp": "#ifdef X\n#include <backchannel/impl/b.ipp>\n#endif\n", "impl/b.ipp": "",
        "src.hpp": "#include <backchannel/impl/a.ipp>\n#include <backchannel/impl/b.ipp>\n"},
    "include cycle: backchannel/a.hpp -> backchannel/b.hpp -> backchannel/a.hpp": {
        "backchannel.hpp": "#include <backchannel/a.hpp>\n", "a.hpp": "#include <backchannel/b.hpp>\n",
        "b.hpp": "#include <backchannel/a.hpp>\n"},
    "backchannel/none.hpp: cannot be read": {"backchannel.hpp": "#include <backchannel/none.hpp>\n"},
    "cannot resolve #include \"a.hpp\"": {"backchannel.hpp": '#include "a.hpp"\n', "a.hpp": ""},
    "cannot resolve #include HEADER": {"backchannel.hpp": "#include HEADER\n"},
    "absolute path /usr/include/stdio.h": {"backchannel.hpp": "#include </usr/include/stdio.h>\n"},
    "macro BACKCHANNEL_EXTRA is left defined": {"backchannel.hpp": "#define BACKCHANNEL_EXTRA 1\n"},
    "macro MAX is left defined": {"backchannel.hpp": "#undef MAX\n#define MAX(a, b) a\n"},
    "must stand in #if": {"backchannel.hpp": "#include <backchannel/impl/a.ipp>\n", "impl/a.ipp": ""},
    "only .ipp files may stand": {"backchannel.hpp": block("a.hpp"), "a.hpp": ""},
    "src.hpp does not include backchannel/impl/a.ipp": {"backchannel.hpp": block("impl/a.ipp"), "impl/a.ipp": ""},
    "the include guard must be BACKCHANNEL_A_HPP": {
        "backchannel.hpp": "#include <backchannel/a.hpp>\n", "a.hpp": "RAW#ifndef A_HPP\n#define A_HPP\n#endif\n"},
    "lines must end in LF": {"backchannel.hpp": "int a;\r\n"},
    "#pragma once": {"backchannel.hpp": "#pragma once\n"},
}


def test_refusals():
    for reason, files in REFUSED.items():
        status, messages, output = run(files)
        assert status == 1 and reason in messages and not output, (reason, status, messages)


def test_order():
    status, messages, output = run({
        "backchannel.hpp": "#include <backchannel/b.hpp>\n#include <backchannel/a.hpp>\n"
                           "/* \n#include <backchannel/none.hpp>\n*/\nchar quote = '\"'; // \"\n",
        "a.hpp": "#include <vector>\nint a;\n#define LOCAL 1\n#undef LOCAL\n",
        "b.hpp": "#include <vector>\n#include <backchannel/a.hpp>\nint b;\n" + block("impl/b.ipp"),
        "c.hpp": "int c;\n", "impl/inner.ipp": "int inner;\n",
        "impl/b.ipp": "#include <backchannel/b.hpp>\n#include <backchannel/c.hpp>\n"
                      "#include <backchannel/impl/inner.ipp>\nint body;\n",
        "src.hpp": "#include <backchannel/impl/b.ipp>\n"})
    assert status == 0, messages
    assert output.count("#include <vector>") == 2 and "#include <backchannel/b" not in output, output
    order = ("int a;", "int b;", "char quote", "int c;", "\n#if !defined", "int inner;", "int body;")
    parts = [output.index(part) for part in order]
    assert parts == sorted(parts) and output.count("int a;") == 1 and "none.hpp>\n*/" in output, output
    assert "\n// backchannel 1.2.3, " in output, output


def test_check():
    status, messages, _ = run({"backchannel.hpp": ""}, "--check")
    assert status == 1 and "backchannel.hpp differs" in messages and "src.hpp differs" in messages, messages


for test in (test_refusals, test_order, test_check):
    test()
