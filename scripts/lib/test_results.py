# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Counts tests: Catch2's XML reports (2.13 and 3 alike), CTest's JUnit files, the JSON of the integration tests and of
scripts/bench --gate, and what scripts/mutants prints."""
import dataclasses
import re
import xml.etree.ElementTree


@dataclasses.dataclass
class Results:
    passed: int = 0
    failures: list = dataclasses.field(default_factory=list)  # (name, detail)
    skips: list = dataclasses.field(default_factory=list)  # (name, reason)

    def add(self, other, prefix=""):
        self.passed += other.passed
        self.failures += [(prefix + name, detail) for name, detail in other.failures]
        self.skips += [(prefix + name, reason) for name, reason in other.skips]

    def summary(self):
        return f"{self.passed} passed, {len(self.failures)} failed, {len(self.skips)} skipped"


def describe(case):
    """Where and why a Catch2 test case failed."""
    lines = []
    for element in case.iter():
        if element.tag == "Expression" and element.get("success") == "false":
            original = (element.findtext("Original") or "").strip()
            expanded = (element.findtext("Expanded") or "").strip()
            lines.append(f"{element.get('filename')}:{element.get('line')}: {original} with {expanded}")
        if element.tag in ("Exception", "FatalErrorCondition", "Failure"):
            lines.append(f"{element.get('filename')}:{element.get('line')}: {(element.text or '').strip()}")
    return "\n".join(lines)


def read_catch2(path):
    """The cases of an XML report, also of one that ends in the middle because the program did."""
    results = Results()
    running = None
    try:
        for event, element in xml.etree.ElementTree.iterparse(path, ("start", "end")):
            if element.tag != "TestCase":
                continue
            if event == "start":
                running = element.get("name")
                continue
            running = None
            overall = element.find("OverallResult")
            if overall is None or overall.get("success") != "true":
                results.failures.append((element.get("name"), describe(element)))
            elif overall.get("skips", "0") != "0":
                results.skips.append((element.get("name"), "the test skips itself"))
            else:
                results.passed += 1
            element.clear()
    except (OSError, xml.etree.ElementTree.ParseError) as error:
        results.failures.append((running or "(report)", f"the program ended in the middle of it: {error}"))
    return results


def read_ctest(path):
    """The entries of a JUnit file that CTest wrote."""
    results = Results()
    try:
        cases = list(xml.etree.ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, xml.etree.ElementTree.ParseError) as error:
        results.failures.append(("ctest", f"no report: {error}"))
        return results
    for case in cases:
        name, output = case.get("name"), case.findtext("system-out") or ""
        skipped = case.find("skipped")
        if case.get("status") == "run":
            results.passed += 1
        elif skipped is not None and "SKIP_RETURN_CODE" in (skipped.get("message") or ""):
            reason = re.search(r"^(?:skipped: )?(.+)\s*\Z", output.strip(), re.MULTILINE)
            results.skips.append((name, reason[1] if reason else "no reason given"))
        else:
            why = skipped.get("message") if skipped is not None else ""
            results.failures.append((name, f"{why}{output[-3000:]}"))
    return results


def read_integration(report):
    results = Results()
    for check in report["results"]:
        if check["outcome"] == "passed":
            results.passed += 1
        elif check["outcome"] == "skipped":
            results.skips.append((check["name"], check["detail"]))
        else:
            results.failures.append((check["name"], check["detail"]))
    return results


def read_counts(report):
    results = Results()
    for count in report["counts"]:
        if count["verdict"] == "passed":
            results.passed += 1
        elif count["verdict"] == "skipped":
            results.skips.append((count["name"], count["text"]))
        else:
            detail = f"{count['text']}: {count['value']}, expected {count['expected']}"
            results.failures.append((count["name"], detail))
    return results


def read_mutants(output):
    results = Results()
    for name, what in re.findall(r"^([\w.]+): (noticed by|NOT NOTICED|error: .*)", output, re.MULTILINE):
        if what == "noticed by":
            results.passed += 1
        else:
            results.failures.append((name, what))
    return results
