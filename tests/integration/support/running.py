# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Runs single checks, tells about them, and counts them."""
import json
import pathlib
import sys
import time
import traceback

from support import checks


def run_check(context, check):
    began = time.monotonic()
    try:
        check.function(context, *check.arguments)
        outcome, detail = "passed", ""
    except checks.Skipped as reason:
        outcome, detail = "skipped", str(reason)
    except checks.Failed as error:
        outcome, detail = "failed", str(error)
    except Exception:  # a check that breaks is a failed check, and the others go on
        outcome, detail = "failed", traceback.format_exc()
    return {"name": check.name, "outcome": outcome, "detail": detail, "seconds": round(time.monotonic() - began, 3)}


def report(result):
    line = {"passed": "ok    ", "failed": "FAILED", "skipped": "skip  "}[result["outcome"]]
    print(f"{line} {result['name']} ({result['seconds']:.2f} s)")
    if result["outcome"] == "skipped":
        print(f"skipped: {result['detail']}")
    elif result["detail"]:
        print("    " + result["detail"].rstrip().replace("\n", "\n    "))
    sys.stdout.flush()
    return result


def finish(results, json_path):
    """Prints the counts, writes the results if there is a path for them, and gives the exit code."""
    counts = {name: sum(result["outcome"] == name for result in results) for name in ("passed", "failed", "skipped")}
    if json_path:
        pathlib.Path(json_path).write_text(json.dumps({"counts": counts, "results": results}, indent=1), encoding="utf-8")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not counts["passed"] else 0
