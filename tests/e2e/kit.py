"""What every end-to-end test leans on: running programs, and being honest about what could not run."""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import subprocess

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
CACHE = PROJECT / "build" / "e2e"
NONZERO = pathlib.Path(os.environ.get("NONZERO", PROJECT / "build" / "nonzero")).resolve()

# The rules about files that make a process privileged.
FILE_RULES = {"setuid-root", "setgid-root", "setuid-other", "setgid-other", "setuid-inert",
              "file-capabilities"}


@contextlib.contextmanager
def made_once(path):
    """Holds a lock while PATH, which tests share and keep, is made: by the first that asks for it. Yields
    where to make it, or None when it is there; it appears under its name when all of it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_name(path.name + ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            yield None
            return
        part = path.with_name("part-" + path.name)
        if part.is_dir():
            shutil.rmtree(part)
        part.unlink(missing_ok=True)
        yield part
        part.rename(path)


def must_or_skip(reason):
    """Nothing is skipped silently: with CI=true whatever cannot run is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"cannot run here, and CI=true forbids skipping: {reason}", pytrace=False)
    pytest.skip(reason)


def need_root():
    if os.geteuid() != 0:
        must_or_skip("needs root")


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            must_or_skip(f"needs the program {program}")


def run(*argv, check=True, **options):
    """Run a program; its output is in the failure when it fails."""
    options.setdefault("timeout", 300)
    done = subprocess.run([str(a) for a in argv], capture_output=True, check=False, **options)
    if check and done.returncode != 0:
        pytest.fail(f"{' '.join(str(a) for a in argv)}: exit {done.returncode}\n"
                    f"{done.stderr.decode(errors='replace')}", pytrace=False)
    return done


@contextlib.contextmanager
def reading(path):
    """The file through a pipe."""
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as process:
        yield process.stdout
        process.stdout.close()


def read_report(done, source):
    assert done.returncode in (0, 1), (
        f"nonzero scan {source}: exit {done.returncode}\n{done.stderr.decode(errors='replace')}")
    report = json.loads(done.stdout.decode("utf-8", errors="surrogateescape"))
    assert report["schema"] == "nonzero/report/v1"
    assert (report["verdict"] == "pass") == (done.returncode == 0), "verdict and exit code disagree"
    return report


def _scan(source, *options, stdin=None):
    if not os.access(NONZERO, os.X_OK):
        must_or_skip(f"no program at {NONZERO}; build it, or name it in NONZERO")
    return run(NONZERO, "scan", "--format", "json", *options, source, check=False, stdin=stdin, timeout=120)


def _only_subject(done, source):
    report = read_report(done, source)
    assert len(report["subjects"]) == 1, f"{source}: {len(report['subjects'])} subjects"
    return report["subjects"][0]


def scan(source, *options, stdin=None):
    """The one subject of `nonzero scan SOURCE`."""
    return _only_subject(_scan(source, *options, stdin=stdin), source)


def scan_or_error(source):
    """The one subject, or None for a clean refusal: exit 2 with a message."""
    done = _scan(source)
    if done.returncode == 2:
        assert done.stderr.strip(), "an error without a word"
        return None
    return _only_subject(done, source)


def file_findings(subject):
    """{path: {rule: finding}} of the rules about privileged files."""
    found = {}
    for finding in subject.get("findings", []):
        if finding["rule"] in FILE_RULES:
            rules = found.setdefault(finding["path"], {})
            assert finding["rule"] not in rules, f"reported twice: {finding}"
            rules[finding["rule"]] = finding
    return found


def rules_of(subject):
    return {finding["rule"] for finding in subject.get("findings", [])}
