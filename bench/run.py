#!/usr/bin/python3
"""Measures nonzero beside other programs, in the same run, and prints Markdown tables.

    bench/make-images.sh            build the images first (once)
    bench/run.py                    print the tables
    bench/run.py --write            and put them into docs/BENCHMARKS.md
    bench/run.py --only gzip-one    one row (any number of times)

It reports; it never fails because a machine is busy.  It stops only when an image or a program is
missing.
"""

import argparse
import os
import pathlib
import platform
import re
import statistics
import sys

import lint
import manifests
import stores
import watch
from measure import Row, Runner, Sample, compare, ratio_cells, table, verdict

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = HERE.parent / "docs" / "BENCHMARKS.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
PEAK_LIMIT_MB = 24
START_LIMIT_MS = 3

IGZIP = ["igzip", "-dc", "one-gz.layer"]


TARGETS = [
    Row("gzip-one", "one gzip layer", "oci-archive:one-gz.tar", IGZIP, "`igzip -dc LAYER`", 1.15),
    Row("gzip-six", "the same files in six gzip layers", "oci-archive:six-gz.tar", IGZIP,
        "`igzip -dc` of the one layer", 0.65),
    Row("plain", "plain docker-archive", "docker-archive:plain.tar",
        ["bsdtar", "-tvf", "root.tar"], "`bsdtar -tvf layer.tar`, extracted beforehand", 0.40),
    Row("plain-outer", "plain docker-archive", "docker-archive:plain.tar",
        ["bsdtar", "-tvf", "plain.tar"], "`bsdtar -tvf` of the outer archive: five names, "
        "the layer unread"),
    Row("zstd", "one zstd layer", "oci-archive:one-zstd.tar",
        ["zstd", "-dc", "one-zstd.layer"], "`zstd -dc LAYER`", 1.15),
]

LARGE = [
    Row("many", "3,000,000 entries, plain docker-archive", "docker-archive:many.tar"),
    Row("many-gz", "3,000,000 entries, gzip OCI archive", "oci-archive:many-gz.tar"),
]

TODAY = [
    Row("today-tar", "one gzip layer", "oci-archive:one-gz.tar",
        ["sh", "-c", "tar -tvzf one-gz.layer | grep '^-..s'"],
        "`tar -tvzf LAYER \\| grep '^-..s'` (one layer; knows no whiteouts, no user)"),
    Row("today-tar-plain", "plain docker-archive", "docker-archive:plain.tar",
        ["sh", "-c", "tar -xOf plain.tar --wildcards '*/layer.tar' | tar -tvf - | grep '^-..s'"],
        "`tar -xO … \\| tar -tvf - \\| grep '^-..s'`"),
    Row("today-umoci", "one gzip layer", "oci-archive:one-gz.tar",
        ["sh", "-c", "umoci unpack --image one-gz.oci:latest unpacked >&2 && "
                     "find unpacked/rootfs -perm /6000"],
        "`umoci unpack` + `find -perm /6000` (the archive untarred beforehand)",
        before=["rm", "-rf", "unpacked"], most_runs=1),
]


def measure_start(runner, nonzero, runs):
    """The whole life of a scan of a tiny image, nothing subtracted; /bin/true shows what starting
    any program costs here."""
    ours, floor = Sample(), Sample()
    argv = [nonzero, "scan", "--no-cache", "docker-archive:tiny.tar"]
    for _ in range(10):
        runner.spawn(argv)
    for _ in range(runs):
        ours.add(runner.spawn(argv), (0, 1))
        floor.add(runner.spawn(["/bin/true"]), (0,))
    return ours, floor


def start_table(ours, floor):
    if ours.wrong_exit is not None:
        return f"The tiny image could not be scanned: exit {ours.wrong_exit}."
    quantile = statistics.quantiles(ours.times, n=20)[-1]
    return table(
        ["start to exit of a tiny image", "median", "95th percentile", "target", "met", "`/bin/true`"],
        [[f"{len(ours.times)} runs", f"{ours.median * 1000:.2f} ms", f"{quantile * 1000:.2f} ms",
          f"≤ {START_LIMIT_MS} ms", verdict(ours.median * 1000 <= START_LIMIT_MS),
          f"{floor.median * 1000:.2f} ms"]])


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def machine(runner):
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kernel = re.match(r"[\d.]+", platform.release())[0]
    size = os.path.getsize(os.path.join(runner.directory, "root.tar")) / 1e9
    return (f"Machine: {len(os.sched_getaffinity(0))} cores ({processor()}), {memory:.0f} GB of memory, "
            f"Linux {kernel}. The image: {size:.2f} GB uncompressed. "
            f"Load average when the run began: {os.getloadavg()[0]:.1f}.")


def report(runner, nonzero, options):
    parts = [machine(runner)]
    peaks = []

    def selected(rows):
        return [row for row in rows if not options.only or row.key in options.only]

    def compared(rows):
        cells = []
        for row in selected(rows):
            ours, theirs = compare(runner, nonzero, row, options.runs)
            peaks.append((row, ours, theirs))
            cells.append((row, ours, theirs))
        return cells

    speed = compared(TARGETS)
    if speed:
        parts.append(table(
            ["image", "`nonzero scan`", "rival", "its time", "ratio", "target", "met", "CPU, both"],
            [[row.what, ours.time_text(), row.rival_name, theirs.time_text(),
              *ratio_cells(ours, theirs, row.ratio), f"{ours.cpu_text()}, {theirs.cpu_text()}"]
             for row, ours, theirs in speed]))
    large = compared(LARGE)
    if peaks:
        parts.append(table(
            ["peak memory", "`nonzero scan`", "target", "met", "time", "the rival's peak"],
            [[row.what, ours.peak_text(), f"≤ {PEAK_LIMIT_MB} MB",
              verdict(ours.peak <= PEAK_LIMIT_MB) if ours.wrong_exit is None else "not measured",
              ours.time_text(), theirs.peak_text() if row.rival else "—"]
             for row, ours, theirs in speed + large if row.key != "plain-outer"]))
    if not options.only or "start" in options.only:
        parts.append(start_table(*measure_start(runner, nonzero, options.starts)))
    today = compared(TODAY)
    if today:
        parts.append("What people do today, beside it:")
        parts.append(table(
            ["image", "`nonzero scan`", "today", "its time", "its peak", "ratio"],
            [[row.what, ours.time_text(), row.rival_name, theirs.time_text(), theirs.peak_text(),
              ratio_cells(ours, theirs, None)[0]] for row, ours, theirs in today]))
    places = stores.report(runner, nonzero, options)
    if places:
        parts.extend(["Where images already lie:", *places])
    sources = lint.SOURCES.report(runner, nonzero, options) + manifests.SOURCES.report(runner, nonzero, options)
    if sources:
        parts.extend(["Sources:", *sources])
    watched = watch.report(runner, nonzero, options)
    if watched:
        parts.extend(["Running containers:", *watched])
    return "\n\n".join(parts)


PREAMBLE = f"""# Benchmarks

How fast `nonzero scan` is, and how much memory it takes, beside programs that do less: decompress
the layer, or list it.

## Method

- `bench/make-images.sh` builds the images with `mmdebstrap` and `skopeo`: a Debian root with a
  compiler, a JDK, PostgreSQL and two web servers, about 1.2 GB and 25,000 entries, as one layer and
  spread over six.
- `bench/run.py` alternates `nonzero` and its rival, so that a machine that slows down slows both.
  One run of each is thrown away; the medians of the others are compared. Output goes to
  `/dev/null`, files are in the page cache.
- Time is the wall clock from spawn to exit, with nothing subtracted; beside it stands the CPU time,
  which a busy machine changes less. Memory is the kernel's
  `ru_maxrss`, the greatest of all runs.
- A gzip or zstd rival gets the layer's blob, extracted beforehand, and only decompresses it.
  `nonzero` reads the archive, verifies the blob's SHA-256, decompresses and reads every header.
- `bsdtar -tvf` has two readings. The one with a target lists the image's `layer.tar`, extracted
  beforehand: that favours the rival, which then has one archive to walk. Listing the outer
  archive prints five names and says nothing of what is in the image; it is shown for completeness.
- `bench/make_stores.py` fills stores of real engines (Podman, Docker with overlay2) and a real
  docker-registry below the images' directory, and `bench/stores.py` measures them; servers listen on
  loopback, or on a socket in that directory, for the rows that need them.
- Scans go without what was learned of layers before (`--no-cache`), but for the rows that say so: they
  have a cache of their own. "Nothing in the page cache" drops it before each run of either.
- `podman image mount` is undone before each run of the rival, untimed.
- The host has fifty images: a base of six layers, the 1.28 GB one, and 49 with one more layer of 200
  files and 2 MB on it. "Each unique layer once" is one run on a list that holds the base, and each of
  the 49 other layers as an image of its own: every layer is read once, and as many images opened.
- Bytes from a registry are the bodies of all its answers, by its own log, for one scan. A server counts
  what it wrote, so that an answer which was given up counts with more than arrived.
- The Dockerfiles of `nonzero lint` are made by `bench/lint.py`, always the same: 5,000 that differ in bases,
  stages, steps and users, 20 in a folder. `grep` reads the same files and knows nothing of them. One
  Dockerfile, from start to exit, is measured beside `/bin/true`.
- The Kubernetes manifests are made by `bench/manifests.py`, always the same: 10,000 workloads of seven kinds, each
  of three containers that differ in images, fields and securityContext, 20 in a folder.
- What is beside `nonzero` while it runs (`nonzero-fetch`, and the process that keeps the cache) has
  peaks of its own, by `wait4` too. Their sum counts the libraries that both map twice.
- `nonzero watch` is measured by `bench/watch.py`, in a control group and a mount namespace made as an engine makes
  them. A loop of 1,000 `posix_spawn`s of `/bin/true` runs with the watcher and without it, in turns; the ratio is the
  median of the pairs', each by its blocks of 20 that were faster than nine in ten. From a root process to its line: each process' argument is the time when it was asked
  for, so that its fork and exec are in what is measured.
- Targets are data: the tables at the head of `bench/run.py`, and `bench/stores.py`. A missed target
  is a line in the table, never a failing test.

To measure again, as root: `make bench`, or `bench/make-images.sh && bench/run.py --write`.

## Results

{BEGIN}
{END}
"""


def write_document(text):
    DOCUMENT.parent.mkdir(exist_ok=True)
    old = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else PREAMBLE
    if BEGIN not in old or END not in old:
        sys.exit(f"{DOCUMENT}: the markers {BEGIN} and {END} are gone; put them back")
    head, rest = old.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    DOCUMENT.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", default=HERE.parent / "build" / "bench", type=pathlib.Path)
    parser.add_argument("--nonzero", default=os.environ.get("NONZERO", HERE.parent / "build" / "nonzero"))
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each program (default 5)")
    parser.add_argument("--starts", type=int, default=300, help="runs of the tiny image (default 300)")
    parser.add_argument("--only", action="append", metavar="KEY",
                        help="measure one row: " + ", ".join(["start", *(row.key for row in TARGETS + LARGE + TODAY),
                                                              *stores.KEYS, *lint.SOURCES.keys, *manifests.SOURCES.keys, *watch.KEYS]))
    parser.add_argument("--write", action="store_true", help="put the tables into docs/BENCHMARKS.md")
    options = parser.parse_args()
    if not (options.images / "many-gz.tar").exists():
        sys.exit(f"{options.images}: the images are not built; run bench/make-images.sh")
    nonzero = os.path.abspath(options.nonzero)
    if not os.access(nonzero, os.X_OK):
        sys.exit(f"{nonzero}: no such program; build it, or name it with --nonzero")
    if options.write and options.only:
        sys.exit("--write wants the whole table: leave out --only")
    os.chdir(options.images)
    runner = Runner(str(options.images.resolve()))
    text = report(runner, nonzero, options)
    print(text)
    if options.write:
        write_document(text)


if __name__ == "__main__":
    main()
