#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Counts JUnit results: summary.py DIR NAME... reads DIR/NAME.xml for each NAME.

Lists what was skipped, with its reason, and what failed. A result that is missing, or that holds
no test, is a failure. The last line is "N passed, N failed, N skipped".
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree


def outcome(case):
    for kind in ("failure", "error", "skipped"):
        found = case.find(kind)
        if found is not None:
            reason = found.get("message") or (found.text or "").strip().split("\n")[0]
            return ("skipped" if kind == "skipped" else "failed"), reason
    return "passed", ""


def cases_of(path):
    """The test cases of a JUnit file. Meson copies what tests print as it is, and tests of hostile
    names print characters that XML does not have."""
    text = path.read_bytes().decode(errors="replace")
    clean = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)
    return list(ElementTree.fromstring(clean.encode()).iter("testcase"))


def main(directory, *names):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name in names:
        path = pathlib.Path(directory, name + ".xml")
        try:
            cases = cases_of(path)
        except (OSError, ElementTree.ParseError) as error:
            cases = []
            print(f"failed: {name}: no result: {error}")
        if not cases:
            counts["failed"] += 1
            print(f"failed: {name}: ran no test")
        for case in cases:
            result, reason = outcome(case)
            counts[result] += 1
            if result != "passed":
                print(f"{result}: {name}: {case.get('classname', '')} {case.get('name')}: {reason}")
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
