"""A pod as data that passes everything, and edits that break it.

An edit is a path and a value: {"spec.hostPID": True}. `app` and `init` stand for the containers, `pod`
for the pod's security context; None takes a field away.
"""

import copy
import json

from kube_case import image_name

GOOD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "runAsGroup": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [],
        "containers": [],
        "ephemeralContainers": [],
    },
}
TIGHT = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
LISTS = {"init": "initContainers", "app": "containers", "debug": "ephemeralContainers"}


def good():
    """Three containers: init, app, debug."""
    made = copy.deepcopy(GOOD)
    for name, where in LISTS.items():
        made["spec"][where].append(
            {"name": name, "image": image_name("1000"), "securityContext": copy.deepcopy(TIGHT)}
        )
    return made


def place(made, step):
    if step == "pod":
        return made["spec"]["securityContext"]
    if step in LISTS:
        return made["spec"][LISTS[step]][0]
    return made[step]


def edited(edits):
    """`good()`, changed."""
    made = good()
    for path, value in edits.items():
        first, *steps = path.split(".") if "/" not in path else path.split("|")
        node = place(made, first) if steps else made
        steps = steps or [first]
        for step in steps[:-1]:
            node = node.setdefault(step, {})
        if value is None:
            node.pop(steps[-1], None)
        else:
            node[steps[-1]] = value
    return made


def text(edits):
    return json.dumps(edited(edits), indent=1)


def line_of(manifest, word):
    """Of the only line that has this word."""
    (found,) = [number for number, line in enumerate(manifest.splitlines(), 1) if word in line]
    return found
