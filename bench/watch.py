#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures `nonzero watch`: a loop of fork and exec with it and without, its memory, its work when nothing
happens, and the time from a root process to its line.  bench/run.py has its tables among the others; by
itself it needs no images:

    bench/watch.py [--nonzero PROGRAM] [--rounds N]

The container is one by its control group and its mount namespace; no engine is needed for that."""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass

from measure import table, verdict

PROJECT = pathlib.Path(__file__).resolve().parents[1]
KEYS = ["watch-cost", "watch-told", "watch-rest", "watch-latency"]
SPAWNS, BLOCK, ROUNDS = 1000, 20, 20  # 20,000 with and 20,000 without
COST_RATIO = 1.01
MEMORY_LIMIT_MB = 10
IDLE_LIMIT = 0.001
LATENCY_LIMIT_MS = 10
IDLE_SECONDS = 30
BUSY = 4  # processes of the load, for each processor
TICK = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def watcher(nonzero, *options):
    process = subprocess.Popen([nonzero, "watch", "--no-policy", "--format", "json", *options],
                               stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        assert json.loads(process.stdout.readline())["mode"] == "bpf", "BPF cannot be loaded here"
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        process.wait()


def cgroup_roots():
    """Where a control group can be made: v2, and the v1 hierarchies."""
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for line in mounts:
            left, right = line.split(" - ")
            if right.split()[0] in ("cgroup", "cgroup2") and "cpuset" not in right and left.split()[3] == "/":
                yield left.split()[4]


@contextlib.contextmanager
def container():
    """A control group as Docker makes it; yields what runs a command in it."""
    name = "docker/" + os.urandom(32).hex()
    groups = [f"{root}/{name}" for root in cgroup_roots()]
    for group in groups:
        os.makedirs(group, exist_ok=True)
    enter = "".join(f"echo $$ > {group}/cgroup.procs; " for group in groups)
    try:
        yield lambda *argv: ["sh", "-c", f'{enter} exec unshare --mount "$@"', "sh", *map(str, argv)]
    finally:
        time.sleep(0.2)
        for group in groups:
            with contextlib.suppress(OSError):
                os.rmdir(group)


@dataclass
class Loop:
    """Microseconds that the start and end of one process took: the wall clock's, of the block of 20 that was
    faster than nine in ten, and the processors', of all of them."""

    time: float
    cpu: float


def spawn(argv):
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        blocks = [int(line) for line in process.stdout]
        _, process.returncode, usage = os.wait4(process.pid, 0)
    return Loop(statistics.quantiles(blocks, n=10)[0] / 1000, (usage.ru_utime + usage.ru_stime) / SPAWNS * 1e6)


def in_turns(nonzero, argv, rounds):
    """Pairs of a Loop without and one with it, the one first in one round and the other in the next."""
    pairs = []
    for number in range(rounds):
        print(f"\rwatch: {number + 1}/{rounds} ", end="", file=sys.stderr)
        loops = {}
        for beside in (False, True) if number % 2 else (True, False):
            with watcher(nonzero) as process:
                threading.Thread(target=process.stdout.read, daemon=True).start()
                if beside:
                    loops[beside] = spawn(argv)
            if not beside:  # after the same work, which a busy machine's scheduler remembers
                loops[beside] = spawn(argv)
        pairs.append((loops[False], loops[True]))
    print(file=sys.stderr)
    return pairs


def cost_row(what, pairs, target):
    cells = [what, f"{len(pairs) * SPAWNS:,}"]
    for unit in ("time", "cpu"):
        both = [(getattr(without, unit), getattr(beside, unit)) for without, beside in pairs]
        ratio = statistics.median(beside / without for without, beside in both)
        without, beside = (statistics.median(one) for one in zip(*both))
        cells += [f"{without:.1f} µs, {beside:.1f} µs", f"{ratio:.3f}x"]
        if unit == "time":
            cells += [f"≤ {target:.2f}x", verdict(ratio <= target)] if target else ["—", "—"]
    return cells


def cost_table(nonzero, program, keys, rounds):
    rows = []
    argv = [program, str(SPAWNS), str(BLOCK), "/bin/true"]
    if "watch-cost" in keys:
        rows.append(cost_row("outside of containers", in_turns(nonzero, argv, rounds), COST_RATIO))
    if "watch-told" in keys:
        with container() as enter:
            pairs = in_turns(nonzero, enter(*argv), max(rounds // 4, 2))
        rows.append(cost_row("root in a container, a line for each", pairs, None))
    return table(["fork and exec of `/bin/true`", "each way", "without and with `nonzero watch`", "ratio of pairs",
                  "target", "met", "CPU, without and with", "ratio of pairs"], rows)


def processes():
    """How many the host has started since it booted."""
    stat = pathlib.Path("/proc/stat").read_text(encoding="ascii")
    return int(stat.split("\nprocesses ")[1].split()[0])


def rest_table(nonzero):
    with watcher(nonzero) as process:
        threading.Thread(target=process.stdout.read, daemon=True).start()
        time.sleep(6)
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        peak, now = (int(status.split(key)[1].split()[0]) / 1024 for key in ("VmHWM:", "VmRSS:"))

        def ticks():
            stat = pathlib.Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
            return sum(map(int, stat.split()[11:13]))

        before, started, began = ticks(), processes(), time.monotonic()
        time.sleep(IDLE_SECONDS)
        idle = (ticks() - before) / TICK / (time.monotonic() - began)
        started = processes() - started
    return table(["`nonzero watch` at rest, and what the host started meanwhile", "memory", "target", "met",
                  "while it loads", "of a processor", "target", "met"],
                 [[f"{IDLE_SECONDS} s, {started:,} processes",
                   f"{now:.1f} MB", f"≤ {MEMORY_LIMIT_MB} MB", verdict(now <= MEMORY_LIMIT_MB), f"{peak:.1f} MB",
                   f"{idle:.2%}", f"≤ {IDLE_LIMIT:.1%}", verdict(idle <= IDLE_LIMIT)]])


def first_in_line():
    """The reader's turn comes before others': it is not what is measured."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))


def latencies(nonzero, program, burners):
    """Milliseconds from when a root process was asked for (its argument) until its line was read."""
    load = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(burners)]
    times = []
    try:
        with container() as enter, watcher(nonzero) as process:

            def read():
                first_in_line()
                for line in process.stdout:
                    arrived, event = time.time_ns(), json.loads(line)
                    if event["event"] == "root" and event["executable"].endswith("/true"):
                        times.append((arrived - int(event["arguments"][1])) / 1e6)

            reader = threading.Thread(target=read)
            reader.start()
            subprocess.run(enter(program, 5 * SPAWNS, BLOCK, "/bin/true"), check=True,
                           stdout=subprocess.DEVNULL)
            process.send_signal(signal.SIGINT)
            reader.join()
    finally:
        for one in load:
            one.kill()
            one.wait()
    return sorted(times)


def latency_table(nonzero, program):
    rows = []
    for burners in (0, BUSY * len(os.sched_getaffinity(0))):
        times = latencies(nonzero, program, burners)
        late = times[len(times) * 99 // 100]
        rows.append([f"{burners} busy processes beside it" if burners else "nothing beside it",
                     f"{len(times):,} of {5 * SPAWNS:,}", f"{statistics.median(times):.2f} ms", f"{late:.2f} ms",
                     f"≤ {LATENCY_LIMIT_MS} ms", verdict(late <= LATENCY_LIMIT_MS), f"{times[-1]:.2f} ms"])
    return table(["from `posix_spawn` of a root process to its line", "seen", "median", "99th percentile", "target",
                  "met", "the last"], rows)


def cannot():
    """Why there is nothing to measure here."""
    if os.geteuid() != 0:
        return "`nonzero watch` was not measured: that needs root."
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        return "`nonzero watch` was not measured: this kernel has no BTF."
    return None


def report(_runner, nonzero, options):
    """The tables, for bench/run.py."""
    keys = [key for key in KEYS if not options.only or key in options.only]
    if not keys:
        return []
    if reason := cannot():
        return [reason]
    parts = []
    with tempfile.TemporaryDirectory(prefix="nonzero-bench-") as place:
        program = f"{place}/spawn"
        subprocess.run(["gcc", "-O2", PROJECT / "bench" / "spawn.c", "-o", program], check=True)
        if {"watch-cost", "watch-told"} & set(keys):
            parts.append(cost_table(nonzero, program, keys, getattr(options, "rounds", ROUNDS)))
        if "watch-rest" in keys:
            parts.append(rest_table(nonzero))
        if "watch-latency" in keys:
            parts.append(latency_table(nonzero, program))
    return parts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--nonzero", default=os.environ.get("NONZERO", PROJECT / "build" / "nonzero"))
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"pairs of {SPAWNS} each (default {ROUNDS})")
    parser.add_argument("--only", action="append", choices=KEYS)
    options = parser.parse_args()
    print(f"Load average: {os.getloadavg()[0]:.1f}\n\n" + "\n\n".join(report(None, options.nonzero, options)))


if __name__ == "__main__":
    main()
