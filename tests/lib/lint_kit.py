"""Folders of sources, and what `nonzero lint` says of them."""

import re
import textwrap

from program import CODES, ERROR, PASS, assert_printable, run

USER = "FROM scratch\nUSER 1000\n"
ROOT = "FROM scratch\n"


def put(place, files):
    """Writes files: {name: text (may be indented), bytes, or None for a folder}."""
    for name, body in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if body is None:
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(body if isinstance(body, bytes) else textwrap.dedent(body).lstrip("\n").encode())
    return place


def lint(*args, **knobs):
    """`nonzero lint --format json ARGS`, by no policy but one that ARGS names; its report must agree
    with its exit code."""
    policy = () if any(str(one).startswith("--policy") for one in args) else ("--no-policy",)
    result = run("lint", "--format", "json", "--no-images", *policy, *args, **knobs)
    if result.out:
        report = result.report
        worst = max(
            (one["verdict"] for one in report["subjects"]),
            key=["pass", "unknown", "fail"].index,
            default="pass",
        )
        if report.get("errors"):
            assert report["verdict"] != "pass" and result.code == ERROR, result
        else:
            assert report["verdict"] == worst and result.code == CODES[worst], result
    else:
        assert result.code not in (PASS, 1), f"a verdict without a report\n{result}"
    return result


def subjects(result):
    """{name: subject}; each name once."""
    found = {}
    for one in result.subjects:
        assert one["name"] not in found, f"two subjects {one['name']}\n{result}"
        found[one["name"]] = one
    return found


def rules(subject):
    return {one["rule"] for one in subject["findings"]}


def counting(subject):
    """The rules of what nobody answers for."""
    return {one["rule"] for one in subject["findings"] if "excepted" not in one}


def places(subject, *wanted):
    """{(file, line)} of the findings of these rules."""
    return {
        (one.get("file"), one.get("line")) for one in subject["findings"] if one["rule"] in wanted
    }


def assert_no_verdict(result, *mentions, position=None):
    """Exit 2, and a message on standard error that names each of MENTIONS, and POSITION as
    NAME:LINE:COLUMN (column of any value); nothing was passed."""
    assert result.code == ERROR, result
    text = result.err.decode("utf-8", "replace")
    for mention in mentions:
        assert str(mention) in text, f"the message does not name {mention}\n{result}"
    if position:
        name, line = position
        where = rf"{re.escape(name)}:{line}:\d+" if line else rf"{re.escape(name)}:\d+:\d+"
        assert re.search(where, text), f"no {name}:{line}:COLUMN\n{result}"
    assert_printable(result.err)
    if result.out:
        assert result.report["verdict"] != "pass", result
