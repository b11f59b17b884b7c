"""`nonzero watch` where it cannot, may not, or is told something that means nothing. What it sees of
real containers is tested in tests/e2e/test_watch.py."""

import json
import os
import shutil
import subprocess

import pytest
from conftest import unavailable
from oddimage import Image, oci_archive
from oddtar import archive, file
from program import ERROR, FAIL, PROGRAM, USAGE, reachable_program, run

WATCHER = os.path.join(os.path.dirname(PROGRAM), "nonzero-watch")

WRONG = {
    ("--interval", "soon"): "--interval: soon is no time",
    ("--interval", "1ms"): "at least 100 ms",
    ("--duration", "1000d"): "--duration: 1000d is no time",
    ("--duration", "-5s"): "--duration",
    ("--buffer", "3M"): "power of two",
    ("--buffer", "1K"): "4K to 256M",
    ("--buffer", "99999999999999999999"): "--buffer",
    ("--engine", "rkt"): "--engine: rkt is none of docker, podman",
    ("--container", "[a"): "--container [a",
    ("--namespace", "[a"): "--namespace [a",
    ("--once", "--interval", "5s"): "--once looks once",
    ("--once", "--duration", "5s"): "--once looks once",
    ("--enforce", "stop"): "--enforce",
    ("--scan-report", "a") * 65: "--scan-report: more than 64",
    ("--dry-run",): "--dry-run goes with --enforce",
    ("--enforce", "kill", "--once"): "--enforce kill acts on events",
    ("--enforce", "kill", "--no-bpf"): "--enforce kill acts on events",
    ("--format", "xlsx"): "there is no format xlsx",
    ("somewhere",): "takes no argument",
    ("--onec",): "did you mean --once?",
}


@pytest.fixture(scope="module")
def watcher():
    if not os.access(WATCHER, os.X_OK):
        unavailable("nonzero-watch was not built")
    place = os.path.dirname(reachable_program())
    return shutil.copy(WATCHER, place)


@pytest.mark.parametrize("options", WRONG, ids=" ".join)
def test_what_means_nothing_is_refused(watcher, options):
    result = run("watch", *options)
    assert result.code == USAGE, result
    assert WRONG[options] in result.err.decode(), result


def test_a_watcher_that_is_not_there_is_named():
    result = run("watch", "--once", env={"NONZERO_WATCH": "/nonexistent/nonzero-watch"})
    assert result.code == ERROR, result
    assert "cannot start /nonexistent/nonzero-watch" in result.err.decode()
    assert "-Dwatch" in result.err.decode()


def nobody():
    if os.geteuid() != 0:
        unavailable("needs root, to be another user")
    return {"user": 65534, "group": 65534, "extra_groups": []}


def test_without_capabilities_they_are_named_and_proc_is_read(watcher):
    result = run("watch", "--once", "--format", "json", **nobody(), env={"NONZERO_WATCH": watcher})
    said = result.err.decode()
    assert "CAP_BPF and CAP_PERFMON" in said and "SYS_PTRACE" in said
    assert "looking at /proc instead" in said
    start = json.loads(result.out.splitlines()[0])
    assert start["mode"] == "proc" and "CAP_BPF" in start["fallback"]
    assert json.loads(result.out.splitlines()[-1])["event"] == "summary"
    assert result.code in (FAIL, ERROR)  # never a pass: nobody may read others' processes


def test_without_capabilities_nothing_is_enforced(watcher):
    result = run("watch", "--enforce", "kill", "--duration", "1s", **nobody(),
                 env={"NONZERO_WATCH": watcher})
    assert result.code == ERROR, result
    assert "nothing can be ended in time" in result.err.decode()


def test_hidden_processes_are_no_pass(watcher):
    if os.geteuid() != 0:
        unavailable("needs root, to mount /proc")
    # The propagation is changed of /proc alone: / may be no mount point (chroot).
    script = ("mount --make-private /proc && mount -t proc -o hidepid=invisible proc /proc && "
              f"exec setpriv --reuid=64321 --regid=64321 --clear-groups {reachable_program()} "
              "watch --once --no-policy --no-bpf --format json")
    done = subprocess.run(["unshare", "--mount", "--propagation", "unchanged", "--fork", "sh", "-c", script], capture_output=True,
                          timeout=60, check=False, cwd="/")
    if b"mount:" in done.stderr:
        unavailable("/proc cannot be mounted here")
    assert done.returncode == ERROR, done
    assert b"hidepid" in done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["verdict"] == "unknown" and summary["errors"] == 1


def test_a_watch_ends_when_nobody_reads(watcher):
    with subprocess.Popen([PROGRAM, "watch", "--format", "json", "--no-bpf", "--interval", "100ms"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        # It writes when there is something to tell; at the end there always is.
        process.terminate()
        assert process.wait(30) == ERROR
        assert b"standard output" in process.stderr.read()


def test_a_duration_ends_it_with_a_summary(watcher):
    result = run("watch", "--no-bpf", "--interval", "100ms", "--duration", "300ms", "--format", "json",
                 "--container", "none-is-called-so")
    events = [json.loads(line) for line in result.out.splitlines()]
    assert events[0]["event"] == "start" and events[-1]["event"] == "summary"
    assert result.seconds < 20
    assert events[-1]["containers"] == 0 and events[-1]["verdict"] == "unknown"
    assert result.code == FAIL
    assert b"nothing was judged" in result.err


NO_REPORTS = {
    "another file": ("FROM scratch\n", "no report of `nonzero scan --format json`"),
    "an empty file": ("", "no report of `nonzero scan --format json`"),
    "a report of a diff": ('{"schema": "nonzero/diff/v1"}', "it is of nonzero/diff/v1"),
    "half a report": ('{"schema": "nonzero/report/v1", "subjects": [', "it ends before its end"),
}


@pytest.mark.parametrize("what", NO_REPORTS)
def test_what_is_no_scan_report_is_refused_at_the_start(watcher, tmp_path, what):
    text, message = NO_REPORTS[what]
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")
    result = run("watch", "--no-bpf", "--once", "--no-policy", "--scan-report", path)
    assert result.code == ERROR, result
    assert f"the scan report {path}: " in result.err.decode() and message in result.err.decode()
    assert result.out == b""


def test_a_scan_report_that_is_not_there_is_named(watcher):
    result = run("watch", "--no-bpf", "--once", "--scan-report", "/nonexistent/report.json")
    assert result.code == ERROR, result
    assert "the scan report /nonexistent/report.json: cannot open it" in result.err.decode()


def test_reports_of_lint_are_none_of_images(watcher, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM scratch\nUSER 1000\n", encoding="utf-8")
    report = tmp_path / "report.json"
    report.write_bytes(run("lint", "--no-policy", "--format", "json", tmp_path / "Dockerfile").out)
    result = run("watch", "--no-bpf", "--once", "--no-policy", "--scan-report", report)
    assert result.code == ERROR and "it is of no image" in result.err.decode(), result


def test_reports_that_scan_writes_are_read_and_named_at_the_start(watcher, tmp_path):
    images = [Image([archive(file("usr/bin/su", 0o4755), file("bin/\n\xff", 0o4755))], user=user)
              for user in ("1000", "0", "nobody")]
    report = tmp_path / "report.json"
    report.write_bytes(run("scan", "--no-policy", "--format", "json",
                           oci_archive(tmp_path / "image.tar", *images)).out)
    assert len(json.loads(report.read_bytes())["subjects"]) == 3
    result = run("watch", "--no-bpf", "--once", "--no-policy", "--format", "json", "--container",
                 "none-is-called-so", "--scan-report", report, "--scan-report", report)
    start = json.loads(result.out.splitlines()[0])
    assert start["scan_reports"] == [str(report)] * 2, result
