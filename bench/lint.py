#!/usr/bin/python3
"""Measures `nonzero lint`: 5,000 Dockerfiles in a folder, and one from start to exit.  bench/run.py
has its tables among the others; by itself it needs no images:

    bench/lint.py [--nonzero PROGRAM] [--files N]
"""

import argparse
import os
import pathlib
import random
import shutil
import statistics
import sys
import tempfile

from measure import Runner, Sample, ratio_cells, table, verdict

HERE = pathlib.Path(__file__).resolve().parent
KEYS = ["lint", "lint-one"]
FILES = 5000
LIMIT_SECONDS = 0.5
LIMIT_ONE_MS = 2
PEAK_LIMIT_MB = 24

BASES = ["debian:12", "debian:bookworm-slim", "ubuntu:24.04", "alpine:3.20", "python:3.12-slim", "node:20-alpine",
         "golang:1.22", "scratch", "gcr.io/distroless/static-debian12", "registry.example.com/team/base:1.4"]
PACKAGES = ["ca-certificates", "curl", "git", "tini", "libpq5", "openssl", "tzdata", "build-essential", "sudo",
            "fuse3", "jq", "unzip"]
USERS = ["1000", "1000:1000", "app", "app:app", "${APP_UID:-1000}:${APP_GID:-1000}", "$APP_USER", "root", "0",
         "nonroot", '"1001"']
STEPS = [
    "RUN mkdir -p /srv/data && chown -R app:app /srv/data && chmod 750 /srv/data",
    "RUN set -eux; \\\n    for f in a b c; do \\\n        install -m 0755 \"bin/$f\" /usr/local/bin/; \\\n    done",
    "RUN --mount=type=cache,target=/root/.cache pip install --no-cache-dir -r requirements.txt",
    "RUN curl -fsSL https://example.com/v${VERSION}/app.tar.gz | tar -xz -C /opt && ln -s /opt/app /usr/bin/app",
    "RUN <<EOF\nset -e\nif [ -f /etc/app.conf ]; then\n  sed -i 's/^#port/port/' /etc/app.conf\nfi\nEOF",
    "COPY --chown=app:app --chmod=0755 . /srv/app/",
    "COPY <<-CONF /etc/app.conf\n\tport = 8080\n\tlog = \"stdout\"\nCONF",
    "ENV PATH=/opt/app/bin:$PATH LANG=C.UTF-8 \\\n    APP_HOME=/srv/app",
    "LABEL org.opencontainers.image.source=\"https://example.com/app\" maintainer=\"team@example.com\"",
    "RUN npm ci --omit=dev && npm cache clean --force",
    "RUN chmod u+s /usr/local/bin/helper",
    "# hadolint ignore=DL3008",
    "HEALTHCHECK --interval=30s CMD [\"curl\", \"-f\", \"http://localhost:8080/\"]",
    "VOLUME [\"/srv/data\"]",
    "EXPOSE 8080 80/tcp",
]


def stage(dice, name, base):
    """A stage's lines."""
    lines = [f"FROM {base}" + (f" AS {name}" if name else ""), "ARG VERSION=1.0", "ARG APP_UID=1000"]
    if base.startswith(("debian", "ubuntu", "python")):
        chosen = " ".join(sorted(dice.sample(PACKAGES, dice.randint(1, 5))))
        lines.append("RUN apt-get update && apt-get install -y --no-install-recommends \\\n"
                     f"        {chosen} \\\n    && rm -rf /var/lib/apt/lists/*")
        lines.append("RUN groupadd -g 1000 app && useradd -u 1000 -g app -M app")
    elif "alpine" in base:
        lines.append(f"RUN apk add --no-cache {dice.choice(PACKAGES)} && addgroup -S app && adduser -S -G app app")
    lines.append("WORKDIR /srv/app")
    lines.extend(dice.sample(STEPS, dice.randint(2, 7)))
    return lines


def dockerfile(number):
    """One of as many different ones as are asked for; always the same."""
    dice = random.Random(number)
    lines = ["# syntax=docker/dockerfile:1", f"# service {number}", "ARG APP_USER=app", ""]
    for index in range(dice.choice([0, 0, 1, 1, 2])):
        lines += stage(dice, f"build{index}", dice.choice(BASES)) + [""]
    lines += stage(dice, "", dice.choice(BASES))
    if dice.random() < 0.8:
        lines.append(f"USER {dice.choice(USERS)}")
    lines.append(dice.choice(['ENTRYPOINT ["/srv/app/run"]', "CMD /srv/app/run --port 8080",
                              'CMD ["gosu", "app", "/srv/app/run"]']))
    return "\n".join(lines) + "\n"


def generate(directory, files):
    """FILES Dockerfiles below DIRECTORY, 20 to a folder; their size together."""
    size = 0
    for number in range(files):
        folder = directory / f"team-{number // 20}"
        folder.mkdir(parents=True, exist_ok=True)
        text = dockerfile(number)
        (folder / f"{number}.Dockerfile").write_text(text, encoding="utf-8")
        size += len(text)
    return size


def turns(runner, commands, runs, method):
    """A Sample of each command, run in turns; the first turn is not counted."""
    samples = [Sample() for _ in commands]
    for number in range(runs + 1):
        for sample, (argv, codes) in zip(samples, commands):
            result = method(argv)
            if number:
                sample.add(result, codes)
    return samples


def many_table(runner, nonzero, directory, files, size, runs):
    ours, theirs = turns(runner, [([nonzero, "lint", "--no-policy", str(directory)], (1,)),
                                  (["grep", "-rc", "USER", str(directory)], (0, 1))], runs, runner.measure)
    return table(
        ["Dockerfiles", "`nonzero lint DIR`", "target", "met", "peak", "target", "met", "`grep -rc USER DIR`",
         "ratio", "CPU, both"],
        [[f"{files:,}, {size / 1e6:.1f} MB", ours.time_text(), f"≤ {LIMIT_SECONDS:g} s",
          verdict(ours.median <= LIMIT_SECONDS) if ours.wrong_exit is None else "not measured", ours.peak_text(),
          f"≤ {PEAK_LIMIT_MB} MB", verdict(ours.peak <= PEAK_LIMIT_MB), theirs.time_text(),
          ratio_cells(ours, theirs, None)[0], f"{ours.cpu_text()}, {theirs.cpu_text()}"]])


def one_table(runner, nonzero, path, starts):
    ours, floor = turns(runner, [([nonzero, "lint", "--no-policy", str(path)], (0, 1)), (["/bin/true"], (0,))],
                        starts, runner.spawn)
    if ours.wrong_exit is not None:
        return f"One Dockerfile could not be judged: exit {ours.wrong_exit}."
    quantile = statistics.quantiles(ours.times, n=20)[-1]
    return table(
        ["start to exit of one Dockerfile", "median", "95th percentile", "target", "met", "`/bin/true`"],
        [[f"{len(ours.times)} runs", f"{ours.median * 1000:.2f} ms", f"{quantile * 1000:.2f} ms",
          f"≤ {LIMIT_ONE_MS} ms", verdict(ours.median * 1000 <= LIMIT_ONE_MS), f"{floor.median * 1000:.2f} ms"]])


def report(runner, nonzero, options):
    """The tables, for bench/run.py."""
    keys = [key for key in KEYS if not options.only or key in options.only]
    if not keys:
        return []
    directory = pathlib.Path(runner.directory) / "lint"
    shutil.rmtree(directory, ignore_errors=True)
    files = getattr(options, "files", FILES)
    size = generate(directory, files)
    parts = []
    if "lint" in keys:
        parts.append(many_table(runner, nonzero, directory, files, size, options.runs))
    if "lint-one" in keys:
        parts.append(one_table(runner, nonzero, directory / "team-0" / "0.Dockerfile", options.starts))
    shutil.rmtree(directory)
    return parts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--nonzero", default=os.environ.get("NONZERO", HERE.parent / "build" / "nonzero"))
    parser.add_argument("--files", type=int, default=FILES, help=f"how many Dockerfiles (default {FILES})")
    parser.add_argument("--runs", type=int, default=10, help="counted runs of each program (default 10)")
    parser.add_argument("--starts", type=int, default=300, help="runs of the one Dockerfile (default 300)")
    parser.add_argument("--only", action="append", choices=KEYS)
    parser.add_argument("--keep", metavar="DIR", type=pathlib.Path, help="write the Dockerfiles there, and end")
    options = parser.parse_args()
    if options.keep:
        print(f"{generate(options.keep, options.files)} bytes in {options.keep}")
        return
    nonzero = os.path.abspath(options.nonzero)
    if not os.access(nonzero, os.X_OK):
        sys.exit(f"{nonzero}: no such program; build it, or name it with --nonzero")
    with tempfile.TemporaryDirectory(prefix="nonzero-bench-") as directory:
        os.chdir(directory)
        print("\n\n".join(report(Runner(directory), nonzero, options)))
        os.chdir("/")


if __name__ == "__main__":
    main()
