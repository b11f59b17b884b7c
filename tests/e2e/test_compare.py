"""The comparison itself: it must see every kind of difference."""

import compare
import pytest
from judges import File

SU = {"/bin/su": File("4755", 0, 0, False)}


def finding(rule="setuid-root", mode="4755", uid=0, gid=0):
    return {rule: {"rule": rule, "mode": mode, "uid": uid, "gid": gid}}


def test_what_is_right_is_right():
    assert not compare.problems({"/bin/su": finding()}, SU)


@pytest.mark.parametrize("found", [
    {},
    {"/bin/su": finding(), "/bin/other": finding()},
    {"/usr/bin/su": finding()},
    {"/bin/su": finding(mode="4711")},
    {"/bin/su": finding(uid=1000)},
    {"/bin/su": finding(gid=42)},
    {"/bin/su": finding("setuid-other")},
    {"/bin/su": finding("setuid-inert")},
    {"/bin/su": finding("setgid-root")},
    {"/bin/su": {**finding(), **finding("file-capabilities")}},
], ids=["missing", "one-more", "other-path", "mode", "owner", "group", "not-root", "inert", "setgid",
        "capable"])
def test_what_is_wrong_is_seen(found):
    assert compare.problems(found, SU)


@pytest.mark.parametrize("file,rules", [
    (File("4755", 0, 0, False), {"setuid-root"}),
    (File("4001", 0, 0, False), {"setuid-root"}),
    (File("4644", 0, 0, False), {"setuid-inert"}),
    (File("4755", 1000, 0, False), {"setuid-other"}),
    (File("2755", 0, 0, False), {"setgid-root"}),
    (File("2755", 0, 42, False), {"setgid-other"}),
    (File("6755", 0, 42, False), {"setuid-root", "setgid-other"}),
    (File("2745", 0, 0, False), {"setuid-inert"}),
    (File("6745", 0, 0, False), {"setuid-root", "setuid-inert"}),
    (File("0755", 0, 0, True), {"file-capabilities"}),
    (File("4755", 0, 0, True), {"setuid-root", "file-capabilities"}),
])
def test_rules_of_a_file(file, rules):
    assert compare.rules_for(file) == rules
