"""Runs a program and its rival in turns and compares them: what all tables of bench/run.py use."""

import ctypes
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Row:
    """One comparison.  `ratio` is the most that nonzero's time may be of the rival's; None asks
    nothing.  `before` is run, untimed, ahead of each of the rival's runs, `fresh` ahead of each of
    nonzero's."""

    key: str
    what: str
    image: str
    rival: list = field(default_factory=list)
    rival_name: str = ""
    ratio: float | None = None
    before: list | None = None
    most_runs: int = 1000
    options: tuple = ("--no-cache",)
    fresh: list | None = None
    environment: dict = field(default_factory=dict)
    rival_codes: tuple = (0,)  # (0, 1) where it is nonzero


@dataclass
class Result:
    seconds: float
    cpu: float
    peak: float  # MB
    code: int
    helpers: dict  # {name of the process: its peak in MB}: those that outlive it or that it left


class Runner:
    """Runs programs in the image directory and measures each by wait4."""

    def __init__(self, directory):
        self.directory = directory
        self.null = os.open(os.devnull, os.O_RDWR)
        # A child's ru_maxrss starts at the size of who spawned it, and Python is not small; time(1)
        # in between is (1.5 MB), and reports the wait4 of its own child.
        self.timer = shutil.which("time")
        self.peak_file = os.path.join(directory, "peak.tmp")
        self.servers = set()  # children that are not to be waited for
        # What a program leaves behind becomes our child, and wait4 says how large it was.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def orphans(self):
        """Wait for what the last program left; {name: peak}."""
        peaks = {}
        own = f"/proc/self/task/{os.getpid()}/children"
        while left := set(map(int, pathlib.Path(own).read_text().split())) - self.servers:
            pid = min(left)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            name = pathlib.Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
            usage = os.wait4(pid, 0)[2]
            peaks[name] = max(peaks.get(name, 0), usage.ru_maxrss / 1024)
        return peaks

    def spawn(self, argv, environment=None):
        path = shutil.which(argv[0]) or argv[0]
        actions = [(os.POSIX_SPAWN_DUP2, self.null, fd) for fd in (0, 1, 2)]
        begin = time.perf_counter()
        pid = os.posix_spawn(path, argv, {**os.environ, **(environment or {})}, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
        seconds = time.perf_counter() - begin
        cpu = usage.ru_utime + usage.ru_stime
        return Result(seconds, cpu, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status),
                      self.orphans())

    def measure(self, argv, environment=None):
        if not self.timer:
            return self.spawn(argv, environment)
        result = self.spawn([self.timer, "-f", "%M", "-o", self.peak_file, *argv], environment)
        with open(self.peak_file, encoding="ascii") as stream:
            result.peak = int(stream.read().split()[-1]) / 1024
        os.unlink(self.peak_file)
        return result

    def prepare(self, argv):
        if argv:
            subprocess.run(argv, cwd=self.directory, check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL)


@dataclass
class Sample:
    results: list = field(default_factory=list)
    wrong_exit: int | None = None

    def add(self, result, good_codes):
        self.results.append(result)
        if result.code not in good_codes:
            self.wrong_exit = result.code

    @property
    def times(self):
        return [one.seconds for one in self.results]

    @property
    def median(self):
        return statistics.median(self.times)

    @property
    def peak(self):
        return max(one.peak for one in self.results)

    @property
    def helpers(self):
        peaks = {}
        for one in self.results:
            for name, peak in one.helpers.items():
                peaks[name] = max(peaks.get(name, 0), peak)
        return peaks

    def time_text(self):
        if self.wrong_exit is not None:
            return f"failed (exit {self.wrong_exit})"
        return f"{self.median:.2f} s" if self.median >= 1 else f"{self.median * 1000:.0f} ms"

    def cpu_text(self):
        return f"{statistics.median(one.cpu for one in self.results):.2f} s"

    def peak_text(self):
        return f"failed (exit {self.wrong_exit})" if self.wrong_exit is not None else f"{self.peak:.1f} MB"


def compare(runner, nonzero, row, runs):
    """Alternate the two programs, after one run of each that is not counted."""
    ours, theirs = Sample(), Sample()
    argv = [nonzero, "scan", *row.options, *([row.image] if row.image else [])]
    for number in range(min(runs, row.most_runs) + 1):
        print(f"\r{row.key}: {number}/{min(runs, row.most_runs)} ", end="", file=sys.stderr)
        runner.prepare(row.fresh)
        result = runner.measure(argv, row.environment)
        if number:
            ours.add(result, (0, 1))
        if row.rival:
            runner.prepare(row.before)
            result = runner.measure(row.rival, row.environment)
            if number:
                theirs.add(result, row.rival_codes)
    runner.prepare(row.before)
    print("\r\033[K" if sys.stderr.isatty() else "", end="\n", file=sys.stderr)
    return ours, theirs


def verdict(good):
    return "yes" if good else "**no**"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def ratio_cells(ours, theirs, target):
    if ours.wrong_exit is not None or theirs.wrong_exit is not None:
        return ["—", f"≤ {target:.2f}x" if target else "—", "not measured"]
    ratio = ours.median / theirs.median
    shown = f"{ratio:.2f}x" if ratio >= 0.1 else f"{ratio:.3f}x"
    if target is None:
        return [shown, "—", "—"]
    return [shown, f"≤ {target:.2f}x", verdict(ratio <= target)]
