#!/usr/bin/python3
"""Measures `nonzero lint` of Kubernetes: 10,000 manifests in folders, 3 containers each, and one from start to
exit.  bench/run.py has its tables among the others; by itself it needs no images:

    bench/manifests.py [--nonzero PROGRAM] [--files N]
"""

import random

from sources import Sources

CONTAINERS = 3

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


SOURCES = Sources(key="manifests", noun="manifest", write=manifest, ending=".yaml", word="runAsUser", files=10000,
                  holds=f" with {CONTAINERS} containers each", seconds=2, megabytes=64, one_ms=5, runs=5)


if __name__ == "__main__":
    SOURCES.main(__doc__)
