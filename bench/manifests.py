#!/usr/bin/python3
"""Measures `nonzero lint` of Kubernetes: 10,000 manifests in folders, 3 containers each, and one from start to
exit.  bench/run.py has its tables among the others; by itself it needs no images:

    bench/manifests.py [--nonzero PROGRAM] [--files N]
"""

import argparse
import os
import pathlib
import random
import shutil
import statistics
import sys
import tempfile

from lint import turns
from measure import Runner, ratio_cells, table, verdict

HERE = pathlib.Path(__file__).resolve().parent
KEYS = ["manifests", "manifests-one"]
FILES = 10000
CONTAINERS = 3
LIMIT_SECONDS = 2
LIMIT_ONE_MS = 5
PEAK_LIMIT_MB = 64

IMAGES = ["nginx:1.27", "redis:7.2", "postgres:16", "registry.example.com/team/web:1.4.2", "busybox:1.36",
          "gcr.io/distroless/static-debian12", "registry.example.com/team/worker@sha256:" + "ab" * 32,
          "envoyproxy/envoy:v1.30.1", "python:3.12-slim"]
NAMES = ["web", "worker", "proxy", "cache", "exporter", "migrate", "agent", "api"]
WORKLOADS = [("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "Job"),
             ("batch/v1", "CronJob"), ("v1", "Pod"), ("argoproj.io/v1alpha1", "Rollout")]
CONTEXTS = [
    "",
    "securityContext:\n  runAsNonRoot: true\n  runAsUser: 1000\n  allowPrivilegeEscalation: false\n"
    "  readOnlyRootFilesystem: true\n  capabilities:\n    drop: [ALL]\n  seccompProfile:\n    type: RuntimeDefault\n",
    "securityContext:\n  allowPrivilegeEscalation: false\n  capabilities:\n    drop:\n    - ALL\n"
    "    add: [NET_BIND_SERVICE]\n",
    "securityContext:\n  runAsUser: 0\n",
    "securityContext:\n  privileged: true\n",
]
POD_CONTEXTS = [
    "",
    "securityContext:\n  runAsNonRoot: true\n  runAsUser: 10001\n  runAsGroup: 10001\n  fsGroup: 10001\n"
    "  seccompProfile:\n    type: RuntimeDefault\n",
    "securityContext:\n  fsGroup: 2000\n  supplementalGroups: [3000]\n",
]
PARTS = [
    "ports:\n- name: http\n  containerPort: 8080\n  protocol: TCP\n",
    "env:\n- name: DATABASE_URL\n  valueFrom:\n    secretKeyRef: {name: app, key: url}\n- name: LEVEL\n  value: \"info\"\n",
    "resources:\n  requests: {cpu: 100m, memory: 128Mi}\n  limits:\n    cpu: \"1\"\n    memory: 512Mi\n",
    "readinessProbe:\n  httpGet:\n    path: /ready\n    port: http\n  periodSeconds: 5\n",
    "volumeMounts:\n- name: data\n  mountPath: /var/lib/app\n- {name: tmp, mountPath: /tmp}\n",
    "args: [\"--listen\", \":8080\", '--log=json']\n",
    "command:\n- /bin/sh\n- -c\n- |\n  set -e\n  exec app --config /etc/app.conf\n",
]


def indent(text, width):
    return "".join(" " * width + line + "\n" for line in text.splitlines())


def container(dice, name):
    body = f"name: {name}\nimage: {dice.choice(IMAGES)}\n" + "".join(dice.sample(PARTS, dice.randint(1, 4)))
    body += dice.choice(CONTEXTS)
    lines = body.splitlines()
    return f"- {lines[0]}\n" + indent("\n".join(lines[1:]), 2)


def pod_spec(dice):
    names = dice.sample(NAMES, CONTAINERS)
    spec = dice.choice(["", "serviceAccountName: app\n", "hostPID: true\n"]) + dice.choice(POD_CONTEXTS)
    first = dice.choice([0, 0, 1])
    if first:
        spec += "initContainers:\n" + container(dice, names[0])
    spec += "containers:\n" + "".join(container(dice, name) for name in names[first:])
    return spec + "volumes:\n- name: data\n  persistentVolumeClaim: {claimName: data}\n- name: tmp\n  emptyDir: {}\n"


def manifest(number):
    """One of as many different ones as are asked for; always the same."""
    dice = random.Random(number)
    version, kind = dice.choice(WORKLOADS)
    metadata = (f"metadata:\n  name: app-{number}\n  namespace: team-{number % 40}\n  labels:\n"
                f"    app.kubernetes.io/name: app-{number}\n    app.kubernetes.io/managed-by: Helm\n")
    head = f"# Source: app/templates/{kind.lower()}.yaml\napiVersion: {version}\nkind: {kind}\n{metadata}spec:\n"
    labels = f"metadata:\n  labels:\n    app.kubernetes.io/name: app-{number}\nspec:\n"
    if kind == "Pod":
        return head + indent(pod_spec(dice), 2)
    template = "template:\n" + indent(labels + indent(pod_spec(dice), 2), 2)
    if kind == "CronJob":
        return head + "  schedule: '*/5 * * * *'\n  jobTemplate:\n    spec:\n" + indent(template, 6)
    selector = f"  selector:\n    matchLabels:\n      app.kubernetes.io/name: app-{number}\n" if kind != "Job" else ""
    return head + selector + indent(template, 2)


def generate(directory, files):
    """FILES manifests below DIRECTORY, 20 to a folder; their size together."""
    size = 0
    for number in range(files):
        folder = directory / f"team-{number // 20}"
        folder.mkdir(parents=True, exist_ok=True)
        text = manifest(number)
        (folder / f"{number}.yaml").write_text(text, encoding="utf-8")
        size += len(text)
    return size


def many_table(runner, nonzero, directory, files, size, runs):
    ours, theirs = turns(runner, [([nonzero, "lint", "--no-policy", str(directory)], (1,)),
                                  (["grep", "-rc", "runAsUser", str(directory)], (0, 1))], runs, runner.measure)
    return table(
        ["manifests", "`nonzero lint DIR`", "target", "met", "peak", "target", "met", "`grep -rc runAsUser DIR`",
         "ratio", "CPU, both"],
        [[f"{files:,} with {CONTAINERS} containers each, {size / 1e6:.1f} MB", ours.time_text(),
          f"≤ {LIMIT_SECONDS:g} s", verdict(ours.median <= LIMIT_SECONDS) if ours.wrong_exit is None else "not measured",
          ours.peak_text(), f"≤ {PEAK_LIMIT_MB} MB", verdict(ours.peak <= PEAK_LIMIT_MB), theirs.time_text(),
          ratio_cells(ours, theirs, None)[0], f"{ours.cpu_text()}, {theirs.cpu_text()}"]])


def one_table(runner, nonzero, path, starts):
    ours, floor = turns(runner, [([nonzero, "lint", "--no-policy", str(path)], (0, 1)), (["/bin/true"], (0,))],
                        starts, runner.spawn)
    if ours.wrong_exit is not None:
        return f"One manifest could not be judged: exit {ours.wrong_exit}."
    quantile = statistics.quantiles(ours.times, n=20)[-1]
    return table(
        ["start to exit of one manifest", "median", "95th percentile", "target", "met", "`/bin/true`"],
        [[f"{len(ours.times)} runs", f"{ours.median * 1000:.2f} ms", f"{quantile * 1000:.2f} ms",
          f"≤ {LIMIT_ONE_MS} ms", verdict(ours.median * 1000 <= LIMIT_ONE_MS), f"{floor.median * 1000:.2f} ms"]])


def report(runner, nonzero, options):
    """The tables, for bench/run.py."""
    keys = [key for key in KEYS if not options.only or key in options.only]
    if not keys:
        return []
    directory = pathlib.Path(runner.directory) / "manifests"
    shutil.rmtree(directory, ignore_errors=True)
    files = getattr(options, "files", FILES)
    size = generate(directory, files)
    parts = []
    if "manifests" in keys:
        parts.append(many_table(runner, nonzero, directory, files, size, options.runs))
    if "manifests-one" in keys:
        parts.append(one_table(runner, nonzero, directory / "team-0" / "0.yaml", options.starts))
    shutil.rmtree(directory)
    return parts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--nonzero", default=os.environ.get("NONZERO", HERE.parent / "build" / "nonzero"))
    parser.add_argument("--files", type=int, default=FILES, help=f"how many manifests (default {FILES})")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each program (default 5)")
    parser.add_argument("--starts", type=int, default=300, help="runs of the one manifest (default 300)")
    parser.add_argument("--only", action="append", choices=KEYS)
    parser.add_argument("--keep", metavar="DIR", type=pathlib.Path, help="write the manifests there, and end")
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
