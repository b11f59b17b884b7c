"""Whom `nonzero watch` is told to tell, where that means nothing; and what is packaged with it, judged by
nonzero itself."""

import json
import pathlib
import shutil
import subprocess

import pytest
from conftest import unavailable
from program import PROGRAM, USAGE, run

PROJECT = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = PROJECT / "packaging"

WRONG = {
    ("--audit-size", "big"): "--audit-size: big is no size",
    ("--audit-size", "1T"): "--audit-size: 1T is no size",
    ("--audit-size", "-1"): "--audit-size: -1 is no size",
    ("--audit-size", ""): "--audit-size",
    ("--audit-size", "99999999999999999999"): "--audit-size",
    ("--audit-keep", "0"): "--audit-keep: from 1 to 1000",
    ("--audit-keep", "1001"): "--audit-keep: from 1 to 1000",
    ("--audit-keep", "x"): "x",
    ("--log", "paper"): "--log: there is no log called paper; write journald or syslog",
    ("--once", "--live"): "--once looks once",
    ("--once", "--listen", "9464"): "--once looks once",
}


@pytest.mark.parametrize("options", WRONG, ids=" ".join)
def test_what_means_nothing_is_refused(options):
    result = run("watch", *options)
    assert result.code == USAGE, result
    assert WRONG[options] in result.err.decode(), result


def test_what_is_packaged_passes_with_the_exceptions_that_a_watcher_needs():
    """Each of them is needed, and nothing else is found."""
    result = run("lint", "--no-images", "--format", "json", "--verbose", "--policy",
                 PACKAGING / "kubernetes" / "exceptions.yaml", PACKAGING / "kubernetes",
                 PACKAGING / "watch")
    report = json.loads(result.out)
    assert result.code == 0 and report["verdict"] == "pass"
    kinds = {subject["kind"] for subject in report["subjects"]}
    assert kinds == {"workload-container", "dockerfile"}
    findings = [finding for subject in report["subjects"] for finding in subject["findings"]]
    assert [finding["rule"] for finding in findings if "excepted" not in finding] == []
    assert {finding["rule"] for finding in findings} == {"host-namespaces", "added-capability",
                                                         "new-privileges", "file-capabilities"}


def test_the_watcher_is_no_root_itself():
    result = run("lint", "--no-images", "--no-policy", "--format", "json", PACKAGING / "kubernetes",
                 PACKAGING / "watch")
    users = [subject["user"] for subject in json.loads(result.out)["subjects"]]
    assert [(user["state"], user["uid"]) for user in users] == [("non-root", 65532)] * 2


def test_the_unit_is_one_that_systemd_takes(tmp_path):
    built = pathlib.Path(PROGRAM).with_name("nonzero-watch.service")
    if not shutil.which("systemd-analyze") or not built.exists():
        unavailable("needs systemd-analyze and a build with the watcher")
    unit = tmp_path / "nonzero-watch.service"
    program = tmp_path / "nonzero"
    program.write_text("#!/bin/sh\n", encoding="ascii")
    program.chmod(0o755)
    lines = [f"ExecStart={program} watch" if line.startswith("ExecStart=") else line
             for line in built.read_text(encoding="utf-8").splitlines()
             if not line.startswith("Documentation=")]
    unit.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=30", unit],
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout.decode()[-300:]
