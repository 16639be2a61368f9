# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""run.py CASE.cpp -- COMPILER [FLAG...]: refused with its `// expect:` texts, accepted when corrected.

A comment `// flags:` has more for the compiler while it is to refuse, one `// without:` what it must not say, as it would
mislead.
"""
import pathlib
import re
import subprocess
import sys


def compile_case(command, case, *flags):
    result = subprocess.run(command + ["-fsyntax-only", *flags, case], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return result.returncode, result.stdout.decode("utf-8", "replace")


def main():
    case, separator, *command = sys.argv[1:]
    text = pathlib.Path(case).read_text(encoding="utf-8")
    expected = re.findall(r"^// expect: (.+)$", text, re.M)
    flags = " ".join(re.findall(r"^// flags: (.+)$", text, re.M)).split()
    if separator != "--" or not expected:
        return f"{case}: no `// expect:` comment"
    status, output = compile_case(command, case, *flags)
    if status == 0:
        return f"{case}: compiles, expected an error that says: {expected[0]}"
    said = output.replace('\\"', '"')  # compilers quote the text of a static_assert on one line but escape its quotes
    missing = [text for text in expected if text not in said]
    if missing:
        return f"{output}\n{case}: the error does not say: {missing[0]}"
    misleading = [text for text in re.findall(r"^// without: (.+)$", text, re.M) if text in said]
    if misleading:
        return f"{output}\n{case}: the error says: {misleading[0]}"
    status, output = compile_case(command, case, "-DCOMPILE_FAIL_CORRECTED")
    return f"{output}\n{case}: the corrected form is refused" if status != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
