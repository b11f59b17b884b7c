"""What a policy changes and what it says about that; where one is found; the verb that looks at it."""

import csv
import datetime
import io
import json
import os
import re
import subprocess
import time

import pytest
import yaml
from oddimage import Image, docker_archive, oci_archive
from oddtar import archive, file
from program import (
    ERROR,
    FAIL,
    PASS,
    PROGRAM,
    ROOT,
    USAGE,
    assert_printable,
    assert_refused,
    run,
    scan,
)
from policies import documented, EXCEPTION, SETUID, TAG, exception, images, judge, notes, policy  # noqa: F401

# Levels -------------------------------------------------------------------------------------------

LEVELS = [
    # image, rules, rule looked at, level it must have (None: gone), verdict
    ("setuid", {}, "setuid-root", "fail", "fail"),
    ("setuid", {"setuid-root": "fail"}, "setuid-root", "fail", "fail"),
    ("setuid", {"setuid-root": "warn"}, "setuid-root", "warn", "pass"),
    ("setuid", {"setuid-root": "info"}, "setuid-root", "info", "pass"),
    ("setuid", {"setuid-root": "off"}, "setuid-root", None, "pass"),
    ("setuid", {"CIS-DI-0008": "off"}, "setuid-root", None, "pass"),
    ("setuid", {"cis-di-0008": "off", "setuid-root": "warn"}, "setuid-root", "warn", "pass"),
    ("setuid", {"setuid-root": "warn", "CIS-DI-0008": "off"}, "setuid-root", "warn", "pass"),
    ("setuid", {"image-user": "off"}, "setuid-root", "fail", "fail"),
    ("warned", {}, "setgid-root", "warn", "pass"),
    ("warned", {"setgid-root": "fail"}, "setgid-root", "fail", "fail"),
    ("rooted", {"image-user": "warn"}, "image-user", "warn", "pass"),
    ("lost", {"image-user": "info"}, "image-user", "info", "unknown"),
    ("lost", {"image-user": "off"}, "image-user", None, "pass"),
]


@pytest.mark.parametrize("image, rules, rule, level, verdict", LEVELS)
def test_level_of_a_rule(images, policy, image, rules, rule, level, verdict):
    result = judge(policy({"rules": rules}), images[image])
    assert {one["level"] for one in result.findings(rule)} == ({level} if level else set())
    assert result.verdict == verdict


@pytest.mark.parametrize(
    "image, rules, says",
    [
        ("setuid", {"setuid-root": "off"}, "turns off setuid-root: 2 findings left out; CBPP-0002"),
        ("warned", {"setuid-root": "off"}, "turns off setuid-root: 0 findings left out; CBPP-0002"),
        ("warned", {"setuid-root": "warn"}, "lowers setuid-root to warn; CBPP-0002"),
        ("warned", {"image-user": "info"}, "lowers image-user to info; CBPP-0002"),
        ("warned", {"setgid-root": "off"}, "turns off setgid-root: 1 finding left out"),
    ],
)
def test_what_is_taken_away_is_said(images, policy, image, rules, says):
    path = policy({"rules": rules})
    result = judge(path, images[image])
    assert f"{path} {says}" in notes(result)
    left = {one["rule"]: one["findings"] for one in result.subject.get("left_out", [])}
    assert left == {rule: int(says.split()[3]) for rule in rules if "finding" in says and " 0 " not in says}
    assert says in run("scan", "--policy", path, images[image]).out.decode()


def test_a_rule_that_found_nothing_and_is_not_required_goes_unsaid(images, policy):
    result = judge(
        policy({"rules": {"uid0-alias": "off", "setgid-root": "info"}}), images["warned"]
    )
    assert "uid0-alias" not in notes(result) and "setgid-root" not in notes(result)


# Precedence: command line, file, built in ---------------------------------------------------------

FAIL_ON = [
    # image, in the file, on the command line, verdict
    ("warned", None, None, "pass"),
    ("warned", "warn", None, "fail"),
    ("warned", "info", None, "fail"),
    ("warned", "fail", None, "pass"),
    ("warned", None, "warn", "fail"),
    ("warned", "warn", "fail", "pass"),
    ("warned", "fail", "info", "fail"),
    ("lost", None, None, "unknown"),
    ("lost", None, "warn", "fail"),
    ("setuid", None, "fail", "fail"),
]


@pytest.mark.parametrize("image, in_file, on_line, verdict", FAIL_ON)
def test_fail_on(images, policy, image, in_file, on_line, verdict):
    path = policy({"fail-on": in_file} if in_file else "")
    result = judge(path, images[image], *(["--fail-on", on_line] if on_line else []))
    assert result.verdict == verdict
    level = on_line or in_file or "fail"
    assert (f"findings of level {level}" in notes(result)) == (level != "fail")
    levels = {one["level"] for one in result.findings()}
    assert levels == {one["level"] for one in scan("--no-policy", images[image]).findings()}


@pytest.mark.parametrize(
    "rules, ignored, gone",
    [
        ({}, ["setuid-root"], True),
        ({}, ["CIS-DI-0008"], True),
        ({}, ["cis-di-0008", "image-user"], True),
        ({"setuid-root": "fail"}, ["setuid-root"], True),
        ({"setuid-root": "fail"}, ["image-user"], False),
    ],
)
def test_ignore_wins_over_the_file_and_is_shown(images, policy, rules, ignored, gone):
    args = [f"--ignore={rule}" for rule in ignored]
    result = judge(policy({"rules": rules}), images["setuid"], *args)
    assert (result.findings("setuid-root") == []) == gone
    assert ("the command line ignores setuid-root: 2 findings" in notes(result)) == gone


def test_ignore_needs_no_file(images):
    result = scan("--no-policy", "--ignore", "setuid-root", images["setuid"])
    assert result.code == PASS
    assert "policy" not in result.report


def test_profile_of_the_file(images, policy):
    assert (
        judge(policy({"profile": "openshift"}), images["warned"]).report["profile"] == "openshift"
    )
    assert judge(policy(""), images["warned"]).report["profile"] == "cbpp-0002"


# Exceptions ---------------------------------------------------------------------------------------

COVERS = [
    # what the exception has, the paths that it covers
    ({}, ["/usr/bin/su"]),
    ({"rule": "CIS-DI-0008"}, ["/usr/bin/su"]),
    ({"rule": "image-user"}, []),
    ({"path": "/usr/**"}, ["/usr/bin/su"]),
    ({"path": "**/su"}, ["/opt/a/su", "/usr/bin/su"]),
    ({"path": "/*/su"}, []),
    ({"path": "/USR/bin/su"}, []),
    ({"path": None, "image": TAG}, ["/opt/a/su", "/usr/bin/su"]),
    ({"path": "**", "image": "example.com/**"}, ["/opt/a/su", "/usr/bin/su"]),
    ({"image": "example.com/*/app:*"}, ["/usr/bin/su"]),
    ({"image": "example.com/app:*"}, []),
    ({"image": "example.org/**"}, []),
    ({"image": "**", "path": "/opt/**"}, ["/opt/a/su"]),
    ({"namespace": "prod"}, []),
    ({"container": "web"}, []),
    ({"executable": "/usr/bin/su"}, []),
    ({"expires": "2026-06-30"}, ["/usr/bin/su"]),
]


@pytest.mark.parametrize("has, covered", COVERS)
def test_an_exception_covers_what_matches_all_it_names(images, policy, has, covered):
    path = policy({"exceptions": [exception(**has)]})
    result = judge(path, images["setuid"], "--today=2026-06-30")
    found = result.findings("setuid-root")
    assert sorted(one["path"] for one in found) == ["/opt/a/su", "/usr/bin/su"]
    assert sorted(one["path"] for one in found if "excepted" in one) == covered
    assert result.verdict == ("pass" if len(covered) == 2 else "fail")


@pytest.mark.parametrize("what", ["exact", "glob", "other"])
def test_an_exception_of_a_digest(tmp_path, policy, what):
    image = oci_archive(tmp_path / "image.tar", SETUID)
    digest = scan("--no-policy", image).subject["digest"]
    pattern = {"exact": digest, "glob": digest[:20] + "*", "other": "sha256:" + "0" * 64}[what]
    path = policy({"exceptions": [exception(path=None, digest=pattern)]})
    assert judge(path, image).verdict == ("fail" if what == "other" else "pass")


def test_an_excepted_user_is_said_in_every_report(images, policy):
    path = policy({"exceptions": [exception(rule="image-user", path=None, image=TAG)]})
    result = judge(path, images["rooted"])
    assert result.verdict == "pass"
    assert result.finding("image-user")["excepted"] == {
        "reason": EXCEPTION["reason"],
        "owner": EXCEPTION["owner"],
    }
    assert result.user["state"] == "root"


def test_text_shows_the_policy_and_exceptions_in_use(images, policy):
    path = policy({"exceptions": [exception(path="**/su", expires="2026-06-30")]})
    text = run(
        "scan", "--policy", path, "--today=2026-01-01", "--ignore=DL3004", images["setuid"]
    ).out.decode()
    assert re.search(rf"^  policy +{re.escape(str(path))}$", text, re.M)
    assert "excepted: 2 findings by 1 exception" in text
    rows = [line for line in text.splitlines() if "2026-06-30" in line]
    assert len(rows) == 2
    for word in ("setuid-root", "/usr/bin/su", EXCEPTION["reason"], EXCEPTION["owner"]):
        assert word in text
    assert "found    nothing" in text and "chmod" not in text, "no advice on what does not count"


def test_report_names_the_policy_only_when_there_is_one(images, policy):
    path = policy("")
    assert judge(path, images["warned"]).report["policy"] == str(path)
    assert "policy" not in scan("--no-policy", images["warned"]).report
    assert b"  policy  " in run("scan", "--policy", path, images["warned"]).out
    assert b"  policy  " not in run("scan", "--no-policy", images["warned"]).out


def test_verbose_names_the_policy_and_unused_exceptions(images, policy):
    path = policy({"exceptions": [exception(), exception(path="/nothing/here")]})
    quiet = run("scan", "--policy", path, images["setuid"])
    assert quiet.err == b""
    loud = run("scan", "--policy", path, "--verbose", images["setuid"]).err.decode()
    assert str(path) in loud
    assert re.findall(r":(\d+): the exception for setuid-root matched nothing", loud) == ["6"]


def test_many_words_are_read_as_another_reader_reads_them(policy):
    """Each style of YAML's texts, with escapes by the hundred, against PyYAML."""
    reasons = [
        "reason: plain text goes\n      on here",
        "reason: 'it''s " + "''x" * 300 + "'",
        r'reason: "a \"quoted\" one, \u00e9 \x41 \\ ' + r"\\" * 300 + '"',
        "reason: >-\n      folded\n      lines",
        "reason: |-\n      literal line " + "x" * 600,
        "reason: 2026-01-01",
        "reason: yes # a comment",
        "reason: h\u00e9llo \u65e5\u672c",
    ]
    text = "exceptions:\n"
    for reason in reasons:
        text += f"  - rule: setuid-root\n    path: /x\n    owner: me\n    {reason}\n"
    want = [
        " ".join(str(one["reason"]).split("\n"))
        for one in yaml.load(text, yaml.BaseLoader)["exceptions"]
    ]
    rows = export(policy(text))
    assert [row["reason"] for row in rows] == want


# Expiry -------------------------------------------------------------------------------------------

EXPIRY = [
    # the last day, today, in force
    ("2026-06-30", "2026-06-29", True),
    ("2026-06-30", "2026-06-30", True),
    ("2026-06-30", "2026-07-01", False),
    ("2024-02-29", "2024-02-29", True),
    ("2024-02-29", "2024-03-01", False),
    ("2026-12-31", "2027-01-01", False),
    ("9999-12-31", "2026-01-01", True),
    (None, "9999-12-31", True),
]


@pytest.mark.parametrize("last, today, active", EXPIRY)
def test_an_exception_holds_to_the_end_of_its_last_day(images, policy, last, today, active):
    path = policy({"exceptions": [exception(path="**/su", expires=last)]})
    result = judge(path, images["setuid"], f"--today={today}")
    assert result.verdict == ("pass" if active else "fail")
    assert all(("excepted" in one) == active for one in result.findings("setuid-root"))
    expired = result.findings("expired-exception")
    assert len(expired) == (0 if active else 1)
    for one in expired:
        assert one["level"] == "warn"
        for word in (last, EXCEPTION["owner"], "2 findings", "setuid-root", "line 2"):
            assert word in one["message"]
    assert f"as of {today}" in notes(result)


def test_an_expired_exception_that_would_match_nothing_is_no_finding(images, policy):
    path = policy({"exceptions": [exception(path="/none", expires="2020-01-01")]})
    assert judge(path, images["setuid"]).findings("expired-exception") == []


def test_another_exception_may_take_over(images, policy):
    path = policy({"exceptions": [exception(expires="2020-01-01"), exception(path="**/su")]})
    result = judge(path, images["setuid"])
    assert result.verdict == "pass"
    assert len(result.findings("expired-exception")) == 1


@pytest.mark.parametrize("level, verdict", [("fail", "fail"), ("warn", "pass"), ("off", "pass")])
def test_level_of_expired_exceptions(images, policy, level, verdict):
    rules = {"expired-exception": level, "setgid-root": "warn"}
    one = exception(rule="setgid-root", path="/bin/app", expires="2020-01-01")
    result = judge(policy({"rules": rules, "exceptions": [one]}), images["warned"])
    assert result.verdict == verdict
    assert len(result.findings("expired-exception")) == (level != "off")


@pytest.mark.parametrize("days, active", [(1, True), (0, True), (-2, False)])
def test_today_is_the_clock_in_utc_and_no_variable_turns_it_back(images, policy, days, active):
    while time.time() % 86400 > 86390:  # not over midnight
        time.sleep(1)
    day = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days)
    path = policy({"exceptions": [exception(path="**/su", expires=day.isoformat())]})
    env = {"SOURCE_DATE_EPOCH": "1577836800", "TZ": "Pacific/Kiritimati"}
    assert run("scan", "--policy", path, images["setuid"], env=env).code == (
        PASS if active else FAIL
    )


# Where it is found --------------------------------------------------------------------------------

PLACES = [
    "here/.nonzero.yaml",
    ".nonzero.yaml",
    "config/nonzero/policy.yaml",
    "home/.config/nonzero/policy.yaml",
]


def look(tmp_path, *args, config=True, home=True):
    """The policy that `nonzero policy show` finds from tmp_path/here."""
    (tmp_path / "here").mkdir(exist_ok=True)
    env = {}
    if config:
        env["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    if home:
        env["HOME"] = str(tmp_path / "home")
    result = run("policy", "show", *args, cwd=tmp_path / "here", env=env)
    assert result.code == PASS, result
    return re.search(r"^policy +(.*)$", result.out.decode(), re.M)[1]


@pytest.mark.parametrize(
    "there, config, wins",
    [
        ([0, 1, 2, 3], True, 0),
        ([1, 2, 3], True, 1),
        ([2, 3], True, 2),
        ([3], True, None),
        ([3], False, 3),
        ([0, 3], False, 0),
        ([], True, None),
    ],
)
def test_the_first_policy_found_is_used(tmp_path, policy, there, config, wins):
    if os.path.exists("/etc/nonzero/policy.yaml"):
        pytest.fail("this machine has a policy of its own: /etc/nonzero/policy.yaml")
    for place in there:
        policy("", tmp_path / PLACES[place])
    want = "none: what is built in" if wins is None else str(tmp_path / PLACES[wins])
    assert look(tmp_path, config=config) == want


def test_relative_config_home_is_passed_over(tmp_path, policy):
    policy("", tmp_path / "here/config/nonzero/policy.yaml")
    result = run("policy", "show", cwd=tmp_path / "here", env={"XDG_CONFIG_HOME": "config"})
    assert b"built in" in result.out.splitlines()[0]


def test_policies_are_not_merged(tmp_path, images, policy):
    policy({"rules": {"setuid-root": "off"}}, tmp_path / "near/.nonzero.yaml")
    policy({"rules": {"image-user": "off"}}, tmp_path / ".nonzero.yaml")
    assert scan(images["setuid"], cwd=tmp_path / "near").code == PASS
    assert scan(images["rooted"], cwd=tmp_path / "near").code == FAIL
    assert scan(images["rooted"], cwd=tmp_path).code == PASS


def test_a_named_policy_and_none_override_the_search(tmp_path, images, policy):
    policy({"rules": {"setuid-root": "off"}}, tmp_path / ".nonzero.yaml")
    other = policy("", tmp_path / "other.yaml")
    assert scan(images["setuid"], cwd=tmp_path).code == PASS
    assert scan("--policy", other, images["setuid"], cwd=tmp_path).code == FAIL
    assert scan("--no-policy", images["setuid"], cwd=tmp_path).code == FAIL


def test_a_broken_policy_nearer_by_is_not_passed_over(tmp_path, images, policy):
    policy("", tmp_path / ".nonzero.yaml")
    broken = policy("rules: [", tmp_path / "near/.nonzero.yaml")
    result = scan(images["warned"], cwd=tmp_path / "near")
    assert_refused(result, broken)


def test_a_working_directory_that_is_gone(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'cd "{gone}" && rmdir "{gone}" && exec "$0" policy show'
    done = subprocess.run(["/bin/sh", "-c", script, PROGRAM], capture_output=True, timeout=60)
    assert done.returncode == PASS, done


# nonzero policy -----------------------------------------------------------------------------------


def export(path, *args):
    result = run("policy", "export", *args, path)
    assert result.code == PASS, result
    text = result.out.decode("utf-8")
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_check_warns_of_what_is_over_and_what_soon_will_be(policy):
    days = ["2026-05-31", "2026-06-01", "2026-06-02", "2026-07-01", "2026-07-02", None]
    path = policy({"exceptions": [exception(expires=day) for day in days]})
    result = run("policy", "check", "--today=2026-06-01", path)
    assert result.code == PASS
    lines = result.out.decode().splitlines()
    assert [re.search(r"(is|was) over after ([0-9-]+)", line).groups() for line in lines[:-1]] == [
        ("was", "2026-05-31"),
        ("is", "2026-06-01"),
        ("is", "2026-06-02"),
        ("is", "2026-07-01"),
    ]
    assert "6 exceptions" in lines[-1]


def test_show_says_who_set_what(policy):
    path = policy(
        {
            "profile": "openshift",
            "rules": {"setuid-root": "warn", "CIS-DI-0001": "off"},
            "exceptions": [exception(expires="2026-01-01"), exception(image="a/*")],
        }
    )
    text = run("policy", "show", "--today=2026-01-02", path).out.decode()
    lines = text.splitlines()
    assert lines[0].split() == ["policy", str(path)]
    assert lines[1].split() == ["profile", "openshift", f"({path})"]
    assert lines[2].split() == ["fail-on", "fail", "(built", "in)"]
    rules = {
        line.split()[0]: line.split()[1:] for line in lines if "built in" in line or ":" in line
    }
    assert rules["setuid-root*"] == ["warn", f"{path}:3"]
    assert rules["image-user*"] == ["off", f"{path}:4"]
    assert rules["setgid-root"] == ["as", "found", "built", "in"]
    assert [line.split()[0] for line in lines[-2:]] == ["expired", "active"]
    assert "path=/usr/bin/su image=a/*" in text


def test_export_is_csv_that_another_reader_reads(policy):
    odd = {
        "reason": 'a "quoted", listed\nreason',
        "owner": "=cmd|' /C calc'!A0",
        "mitigation": "+1",
        "expires": "2026-01-01",
    }
    path = policy(
        {
            "rules": {"image-user": "off", "setgid-root": "off"},
            "exceptions": [
                exception(**odd),
                exception(rule="setgid-root", image="@x/**", owner="-me"),
                exception(
                    rule="DL3002", path=None, image=TAG, namespace="prod", executable="/bin/x"
                ),
            ],
        }
    )
    rows = export(path, "--today=2026-06-01")
    assert rows == export(path, "--format", "csv", "--today=2026-06-01")
    off, first, second, third = rows
    assert (off["practice"], off["compliant"], off["rule"], off["in_force"]) == (
        "CBPP-0002",
        "false",
        "image-user",
        "true",
    )
    assert "turned off" in off["reason"]
    assert first == {
        "practice": "CBPP-0002",
        "compliant": "false",
        "rule": "setuid-root",
        "image": "",
        "digest": "",
        "path": "/usr/bin/su",
        "namespace": "",
        "container": "",
        "executable": "",
        "reason": 'a "quoted", listed reason',
        "mitigation": "'+1",
        "owner": "'=cmd|' /C calc'!A0",
        "expires": "2026-01-01",
        "in_force": "false",
        "policy": str(path),
    }
    assert (second["practice"], second["compliant"], second["in_force"]) == ("", "", "true")
    assert (second["image"], second["owner"]) == ("'@x/**", "'-me")
    assert (third["rule"], third["namespace"], third["executable"]) == (
        "image-user",
        "prod",
        "/bin/x",
    )


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["lint"],
        ["check", "a", "b"],
        ["check", "--format", "csv"],
        ["export", "--format", "json"],
        ["show", "--today", "x"],
        ["show", "--no-such-option"],
    ],
    ids=" ".join,
)
def test_wrong_usage_of_the_verb(args):
    result = run("policy", *args)
    assert (result.code, result.out) == (USAGE, b""), result
    assert_printable(result.err)


@pytest.mark.parametrize("verb", ["check", "export"])
def test_nothing_to_look_at_is_an_error(tmp_path, verb):
    assert_refused(run("policy", verb, cwd=tmp_path), "there is no policy")


def test_full_standard_output_is_an_error(policy):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [PROGRAM, "policy", "export", policy("")],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert done.returncode == ERROR and done.stderr


# The documentation --------------------------------------------------------------------------------


def test_the_documented_policy_is_right_and_does_what_it_says(policy, tmp_path):
    path = policy(documented())
    assert run("policy", "check", "--today=2026-01-01", path).code == PASS
    image = Image(
        [archive(file("usr/bin/sudo", 0o4755))], tags=["registry.example.com/base/debian:12"]
    )
    result = judge(path, docker_archive(tmp_path / "image", image), "--today=2026-01-01")
    assert "excepted" in result.finding("setuid-root")


# what fails by --fail-on fails in every report ----------------------------------------------------


@pytest.mark.parametrize("level, fails", [("fail", False), ("warn", True)])
def test_reports_fail_what_fail_on_fails(images, level, fails):
    args = ("--no-policy", f"--fail-on={level}", images["warned"])
    junit = run("scan", "-f", "junit", *args)
    cnf = run("scan", "-f", "cnf", *args)
    assert (b"<failure" in junit.out) == fails
    assert ("exit_code: 1" in cnf.out.decode()) == fails
    assert junit.code == cnf.code == (FAIL if fails else PASS)


@pytest.mark.parametrize("level, worse", [("fail", False), ("warn", True)])
def test_diff_is_worse_by_what_fail_on_fails(images, tmp_path, level, worse):
    clean = oci_archive(tmp_path / "clean.tar", Image([archive(file("opt/app"))]))
    result = run("diff", "--no-policy", f"--fail-on={level}", clean, images["warned"])
    assert result.code == (FAIL if worse else PASS)


def test_check_warns_of_required_rules_that_are_off(policy):
    result = run(
        "policy",
        "check",
        policy({"rules": {"setuid-root": "off", "image-user": "info", "low-port": "off"}}),
    )
    warned = [line for line in result.out.decode().splitlines() if "CBPP-0002 requires" in line]
    assert len(warned) == 2
    assert any("setuid-root, and it is off" in line for line in warned)
    assert any("image-user, and it is info" in line for line in warned)
