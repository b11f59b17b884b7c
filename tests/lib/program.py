"""Runs `nonzero` and reads what it says. Every run is bounded: in time, and in peak memory measured
by wait4."""

import atexit
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("NONZERO", ROOT / "build" / "nonzero"))
SCHEMA = ROOT / "docs" / "report-v1.schema.json"

# A child's peak memory starts at what it shares with its parent: with fork that is what this
# process holds now, with vfork all that it ever held.
subprocess._USE_VFORK = False

# Seconds and bytes that no input may exceed. Sanitizers need more of both than the program itself.
TIMEOUT = float(os.environ.get("NONZERO_TEST_TIMEOUT", "60"))
MAX_RSS = int(os.environ.get("NONZERO_TEST_MAX_RSS", str(256 << 20)))

PASS, FAIL, ERROR, USAGE = 0, 1, 2, 64


@cache
def validator():
    """Of reports. The schema's name is left out: it is no address, whatever it looks like."""
    schema = json.loads(SCHEMA.read_bytes())
    schema.pop("$id", None)
    return jsonschema.Draft202012Validator(schema)


@dataclass
class Result:
    args: list
    code: int  # negative: killed by that signal
    out: bytes
    err: bytes
    rss: int  # bytes at the peak
    seconds: float
    cpu: float  # seconds, of all its processes: what a busy machine hardly changes

    def __str__(self):
        return (
            f"nonzero {' '.join(map(str, self.args))}\n"
            f"exit {self.code}, {self.rss >> 20} MiB, {self.seconds:.2f} s ({self.cpu:.2f} s of CPU)\n"
            f"stdout: {self.out[:2000]!r}\nstderr: {self.err[:2000]!r}"
        )

    @cached_property
    def report(self):
        """The JSON report, which must fit the schema."""
        report = json.loads(self.out)
        validator().validate(report)
        return report

    @property
    def subjects(self):
        return self.report["subjects"]

    @property
    def subject(self):
        """The only subject."""
        assert len(self.subjects) == 1, self
        return self.subjects[0]

    @property
    def verdict(self):
        return self.report["verdict"]

    @property
    def user(self):
        return self.subject["user"]

    def findings(self, *rules):
        """The only subject's findings, all or those of some rules."""
        return [
            one for one in self.subject.get("findings", []) if not rules or one["rule"] in rules
        ]

    def finding(self, rule):
        """The only finding of a rule."""
        found = self.findings(rule)
        assert len(found) == 1, f"{len(found)} findings of {rule}\n{self}"
        return found[0]

    def rules(self):
        return {one["rule"] for one in self.findings()}

    def paths(self, *rules):
        return sorted(one.get("path", "") for one in self.findings(*rules))


@cache
def reachable_program():
    """A copy that another user can execute, wherever the build directory is."""
    place = tempfile.mkdtemp(prefix="nonzero-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    os.chmod(place, 0o755)
    return shutil.copy(PROGRAM, place)


@cache
def cache_home():
    """The tests' own: what the machine's user keeps of layers is not for them."""
    place = tempfile.mkdtemp(prefix="nonzero-cache-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


def inherited_rss():
    """A process inherits the peak memory of the one that starts it: here, of a test that built a
    large archive. Forgets that peak; what is in use now cannot be told from the program's own."""
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def run(*args, stdin=None, env=None, cwd=None, **popen):
    """Runs the program to its end. `stdin` is bytes or an iterable of bytes, fed through a pipe as
    another program would."""
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LC_ALL": "C.UTF-8",
        "CONTAINERS_STORAGE_CONF": os.environ.get("CONTAINERS_STORAGE_CONF", ""),
        "XDG_CACHE_HOME": cache_home(),
        **(env or {}),
    }
    environment.update(
        {key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")}
    )
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        inherited = inherited_rss()
        started = time.monotonic()
        process = subprocess.Popen(
            [reachable_program() if "user" in popen else PROGRAM, *map(os.fspath, args)],
            stdout=out,
            stderr=err,
            env=environment,
            # Another user may not enter where the tests were started.
            cwd="/" if cwd is None and "user" in popen else cwd,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            **popen,
        )
        feeder = threading.Thread(target=feed, args=(process.stdin, stdin), daemon=True)
        if stdin is not None:
            feeder.start()
        watchdog = threading.Timer(TIMEOUT, process.kill)
        watchdog.start()
        _, status, usage = os.wait4(process.pid, 0)
        watchdog.cancel()
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if stdin is not None:
            feeder.join()
        out.seek(0)
        err.seek(0)
        result = Result(
            list(args),
            process.returncode,
            out.read(),
            err.read(),
            usage.ru_maxrss << 10,
            seconds,
            usage.ru_utime + usage.ru_stime,
        )
    assert result.code >= 0, f"killed by signal {-result.code} after {seconds:.1f} s\n{result}"
    assert result.rss < max(MAX_RSS, inherited + (16 << 20)), f"needed too much memory\n{result}"
    return result


def feed(pipe, data):
    """Writes `data` into the program's standard input; the program may have read enough before its
    end."""
    try:
        for chunk in [data] if isinstance(data, bytes) else data:
            pipe.write(chunk)
        pipe.close()
    except BrokenPipeError:
        pass


def scan(*args, **knobs):
    """`nonzero scan --format json ARGS`."""
    return run("scan", "--format", "json", *args, **knobs)


CODES = {"pass": PASS, "fail": FAIL, "unknown": FAIL}


def assert_consistent(result):
    """Exit code, report and subjects tell the same story."""
    worst = max((one["verdict"] for one in result.subjects), key=["pass", "unknown", "fail"].index)
    assert result.verdict == worst, result
    assert result.code == (ERROR if result.report.get("errors") else CODES[worst]), result


def assert_refused(result, *mentions):
    """An operational error: exit 2, a message on stderr that names what and where, nothing on
    stdout."""
    assert result.code == ERROR, result
    assert result.out == b"", f"printed something as if it had been judged\n{result}"
    assert result.err.strip(), f"no message\n{result}"
    for mention in mentions:
        assert (
            os.fspath(mention).encode() in result.err
        ), f"the message does not name {mention}\n{result}"
    assert_printable(result.err)


def assert_printable(text):
    """No control characters but newlines, so that a hostile name cannot drive a terminal or forge a
    line's colour."""
    bad = [
        char
        for char in text.decode("utf-8")
        if (char < " " and char != "\n") or "\x7f" <= char <= "\x9f"
    ]
    assert not bad, f"raw control characters {bad!r} in {text[:2000]!r}"
