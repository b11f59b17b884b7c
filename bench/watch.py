#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `nonzero watch` costs and how fast it is: a loop of fork and exec beside it and without it, its
memory, its work when nothing happens, and the time from a root process' exec to its line.

    bench/watch.py [--rounds 20] [--nonzero build/nonzero]

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
from datetime import datetime

PROJECT = pathlib.Path(__file__).resolve().parents[1]
SPAWNS, BLOCK = 1000, 20
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


def spawn(program, prefix=()):
    done = subprocess.run([*prefix, program, str(SPAWNS), str(BLOCK), "/bin/true"], capture_output=True,
                          check=True)
    return [int(line) for line in done.stdout.split()]


def cost(nonzero, program, rounds):
    """Blocks without and with, in turns: their medians, and the best of each, which a busy host
    disturbs least."""
    without, beside = [], []
    for number in range(rounds):
        print(f"\rcost: {number + 1}/{rounds} ", end="", file=sys.stderr)
        without += spawn(program)
        with watcher(nonzero):
            beside += spawn(program)
    print(file=sys.stderr)
    return without, beside


def inside(nonzero, program):
    """The same of root processes in a container, each of which is told of."""
    with container() as enter:
        argv = enter(program, SPAWNS, BLOCK, "/bin/true")
        without = [int(line) for line in subprocess.run(argv, capture_output=True, check=True).stdout.split()]
        with watcher(nonzero) as process:
            threading.Thread(target=process.stdout.read, daemon=True).start()
            beside = [int(line)
                      for line in subprocess.run(argv, capture_output=True, check=True).stdout.split()]
    return without, beside


def memory_and_rest(nonzero):
    with watcher(nonzero) as process:
        threading.Thread(target=process.stdout.read, daemon=True).start()
        time.sleep(6)
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        peak, now = (int(status.split(key)[1].split()[0]) / 1024 for key in ("VmHWM:", "VmRSS:"))

        def ticks():
            stat = pathlib.Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
            return sum(map(int, stat.split()[11:13]))

        before, began = ticks(), time.monotonic()
        time.sleep(30)
        return peak, now, (ticks() - before) / TICK / (time.monotonic() - began)


def first_in_line():
    """The reader's turn comes before others': it is not what is measured."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))


def latencies(nonzero, program, burners):
    load = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(burners)]
    times = []
    try:
        with container() as enter, watcher(nonzero) as process:

            def read():
                first_in_line()
                for line in process.stdout:
                    arrived, event = time.time(), json.loads(line)
                    if event["event"] == "root" and event["when"] == "exec":
                        then = datetime.fromisoformat(event["time"].replace("Z", "+00:00"))
                        times.append((arrived - then.timestamp()) * 1000)

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


def at(times, part):
    return times[min(int(len(times) * part), len(times) - 1)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--nonzero", default=PROJECT / "build" / "nonzero")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        program = f"{place}/spawn"
        subprocess.run(["gcc", "-O2", PROJECT / "bench" / "spawn.c", "-o", program], check=True)
        without, beside = cost(options.nonzero, program, options.rounds)
        print(f"fork and exec of /bin/true, {options.rounds * SPAWNS} times without and with:\n"
              f"  median {statistics.median(without) / 1000:.1f} us, {statistics.median(beside) / 1000:.1f} us: "
              f"{statistics.median(beside) / statistics.median(without):.3f}x\n"
              f"  best   {min(without) / 1000:.1f} us, {min(beside) / 1000:.1f} us: "
              f"{min(beside) / min(without):.3f}x (reach: <= 1.01x)")
        without, beside = inside(options.nonzero, program)
        print(f"the same as root in a container, each told of: best {min(without) / 1000:.1f} us, "
              f"{min(beside) / 1000:.1f} us: {min(beside) / min(without):.3f}x")
        peak, now, idle = memory_and_rest(options.nonzero)
        print(f"memory {now:.1f} MB (reach: <= 10), while loading {peak:.1f} MB; idle {idle:.2%} of a "
              "processor (reach: <= 0.1%)")
        for burners in (0, 4 * os.cpu_count()):
            times = latencies(options.nonzero, program, burners)
            print(f"exec to line, {len(times)} root processes beside {burners} busy ones: median "
                  f"{at(times, 0.5):.2f} ms, p99 {at(times, 0.99):.2f} ms, most {times[-1]:.2f} ms "
                  "(reach: p99 <= 10)")


if __name__ == "__main__":
    main()
