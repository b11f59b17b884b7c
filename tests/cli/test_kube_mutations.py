"""A pod that passes everything is broken in one field at a time: exactly the one right finding comes,
on the container that it is of."""

from dataclasses import dataclass

import pytest
from kube_cases_profiles import RULES
from kube_images import image_args
from kube_pod import text
from program import PASS, run

ALL = ("app", "debug", "init")
IMAGES = ("--images", "none")


@dataclass(frozen=True)
class Mutation:
    """`rules` are those found by cbpp-0002 on the containers `of`, and by the profile restricted
    `restricted`; `maybe` are rules that may be there as well."""

    name: str
    edits: dict
    rules: tuple = ()
    restricted: tuple = ()
    of: tuple = ALL
    maybe: tuple = ()
    state: str = "non-root"
    verdict: str = None


def m(name, edits, rules="", restricted="", **knobs):
    knobs.setdefault("of", ALL)
    return Mutation(name, edits, tuple(rules.split()), tuple(restricted.split()), **knobs)


APP = ("app",)
INIT = ("init",)
DEBUG = ("debug",)
SC = "securityContext"

MUTATIONS = [
    m("nothing", {}),
    # Who it is.
    m("user-0", {"pod.runAsUser": 0}, "kubelet-refuses", "runAsUser", state="wont-start", verdict="fail"),
    m("user-0-of-app", {f"app.{SC}.runAsUser": 0}, "kubelet-refuses", "runAsUser", of=APP, state="wont-start",
      verdict="fail"),
    m("user-0-of-init", {f"init.{SC}.runAsUser": 0}, "kubelet-refuses", "runAsUser", of=INIT, state="wont-start",
      verdict="fail"),
    m("user-0-of-debug", {f"debug.{SC}.runAsUser": 0}, "kubelet-refuses", "runAsUser", of=DEBUG, state="wont-start",
      verdict="fail"),
    m("user-0-ungated", {f"app.{SC}.runAsUser": 0, f"app.{SC}.runAsNonRoot": False}, "image-user",
      "runAsUser runAsNonRoot", of=APP, state="root", verdict="fail", maybe=("no-run-as-non-root",)),
    m("user-0-of-its-own-namespace", {"pod.runAsUser": 0, "pod.runAsNonRoot": None, "spec.hostUsers": False},
      "image-user", "", state="root-in-userns", verdict="fail", maybe=("no-run-as-non-root",)),
    m("no-gate", {"pod.runAsNonRoot": None}, "no-run-as-non-root", "runAsNonRoot"),
    m("gate-off", {"pod.runAsNonRoot": False}, "no-run-as-non-root", "runAsNonRoot"),
    m("gate-off-in-app", {f"app.{SC}.runAsNonRoot": False}, "no-run-as-non-root", "runAsNonRoot", of=APP),
    # The gate holds root off; whether anything starts, the image decides.
    m("no-user", {"pod.runAsUser": None}, "kubelet-refuses", ""),
    m("no-user-and-no-gate", {"pod.runAsUser": None, "pod.runAsNonRoot": None}, "image-user", "runAsNonRoot",
      state="unknown", verdict="unknown", maybe=("no-run-as-non-root",)),
    # Groups.
    m("group-0", {"pod.runAsGroup": 0}, "root-group"),
    m("group-0-of-app", {f"app.{SC}.runAsGroup": 0}, "root-group", of=APP),
    m("no-group", {"pod.runAsGroup": None}, maybe=("root-group",)),
    m("fs-group-0", {"pod.fsGroup": 0}, "root-group"),
    m("fs-group", {"pod.fsGroup": 1000}),
    m("supplemental-group-0", {"pod.supplementalGroups": [1, 0]}, "root-group"),
    # Becoming root.
    m("escalation", {f"app.{SC}.allowPrivilegeEscalation": True}, "new-privileges", "allowPrivilegeEscalation", of=APP),
    m("escalation-unset", {f"app.{SC}.allowPrivilegeEscalation": None}, "new-privileges", "allowPrivilegeEscalation",
      of=APP),
    m("escalation-unset-of-init", {f"init.{SC}.allowPrivilegeEscalation": None}, "new-privileges",
      "allowPrivilegeEscalation", of=INIT),
    m("escalation-unset-of-debug", {f"debug.{SC}.allowPrivilegeEscalation": None}, "new-privileges",
      "allowPrivilegeEscalation", of=DEBUG),
    m("privileged", {f"app.{SC}.privileged": True, f"app.{SC}.allowPrivilegeEscalation": None}, "privileged-container",
      "privileged allowPrivilegeEscalation", of=APP, verdict="fail", maybe=("new-privileges",)),
    m("privileged-init", {f"init.{SC}.privileged": True, f"init.{SC}.allowPrivilegeEscalation": None},
      "privileged-container", "privileged allowPrivilegeEscalation", of=INIT, verdict="fail", maybe=("new-privileges",)),
    # The API server takes no privileged container that may not gain privileges.
    m("privileged-without-escalation", {f"app.{SC}.privileged": True}, "kubelet-refuses privileged-container",
      "privileged", of=APP, state="wont-start", verdict="fail"),
    m("adds-sys-admin", {f"app.{SC}.capabilities.add": ["SYS_ADMIN"]}, "added-capability", "capabilities_restricted", of=APP),
    m("adds-setuid", {f"app.{SC}.capabilities.add": ["SETUID"]}, "added-capability", "capabilities_restricted", of=APP),
    m("drops-less", {f"app.{SC}.capabilities.drop": ["NET_RAW"]}, "", "capabilities_restricted", of=APP),
    m("drops-nothing", {f"app.{SC}.capabilities": None}, "", "capabilities_restricted", of=APP),
    m("host-pid", {"spec.hostPID": True}, "host-namespaces", "hostNamespaces"),
    m("host-ipc", {"spec.hostIPC": True}, "", "hostNamespaces", maybe=("host-namespaces",)),
    m("host-network", {"spec.hostNetwork": True}, "", "hostNamespaces", maybe=("host-namespaces",)),
    m("unmasked", {f"app.{SC}.procMount": "Unmasked", "spec.hostUsers": False}, "unmasked-proc", "procMount_restricted", of=APP),
    m("own-user-namespace", {"spec.hostUsers": False}),
    # What only the profile looks at.
    m("no-seccomp", {"pod.seccompProfile": None}, "", "seccompProfile_restricted"),
    m("seccomp-unconfined", {"pod.seccompProfile.type": "Unconfined"}, "", "seccompProfile_restricted"),
    m("seccomp-unconfined-of-app", {f"app.{SC}.seccompProfile": {"type": "Unconfined"}}, "", "seccompProfile_restricted", of=APP),
    m("apparmor-unconfined", {"pod.appArmorProfile": {"type": "Unconfined"}}, "", "appArmorProfile"),
    m("selinux-user", {f"app.{SC}.seLinuxOptions": {"user": "system_u"}}, "", "seLinuxOptions", of=APP),
    m("sysctl", {"pod.sysctls": [{"name": "kernel.msgmax", "value": "1"}]}, "", "sysctls"),
    m("host-path", {"spec.volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, "", "restrictedVolumes"),
    m("nfs", {"spec.volumes": [{"name": "v", "nfs": {"server": "s", "path": "/"}}]}, "", "restrictedVolumes"),
    m("empty-dir", {"spec.volumes": [{"name": "v", "emptyDir": {}}]}),
    m("host-port", {"app.ports": [{"containerPort": 8080, "hostPort": 8080}]}, "", "hostPorts", of=APP),
    m("host-process", {"pod.windowsOptions": {"hostProcess": True}}, "kubelet-refuses", "windowsHostProcess",
      state="wont-start", verdict="fail", maybe=("privileged-container",)),
    m("host-probe", {"app.livenessProbe": {"tcpSocket": {"host": "10.0.0.1", "port": 1}}}, "",
      "hostProbesAndHostLifecycle", of=APP),
]
BY_NAME = {one.name: one for one in MUTATIONS}


def judge(place, *args):
    """{(mutation, container): subject}"""
    for one in MUTATIONS:
        (place / f"{one.name}.json").write_text(text(one.edits))
    paths = [f"{one.name}.json" for one in MUTATIONS]
    report = run("lint", "--no-policy", "--format", "json", *IMAGES, *args, *paths, cwd=place).report
    assert "errors" not in report, report["errors"]
    return {
        (one["source"].removesuffix(".json"), one["name"].split()[-1]): one for one in report["subjects"]
    }


@pytest.fixture(scope="module")
def by_default(tmp_path_factory):
    return judge(tmp_path_factory.mktemp("mutations"))


@pytest.fixture(scope="module")
def by_restricted(tmp_path_factory):
    return judge(tmp_path_factory.mktemp("restricted"), "--profile", "restricted:v1.36")


@pytest.mark.parametrize("name", BY_NAME)
def test_one_broken_field_is_one_finding(by_default, name):
    one = BY_NAME[name]
    for container in ALL:
        subject = by_default[name, container]
        broken = container in one.of
        rules = {found["rule"] for found in subject["findings"]}
        wanted = set(one.rules) if broken else set()
        assert rules - set(one.maybe if broken else ()) == wanted - set(one.maybe), (container, subject["findings"])
        assert subject["user"]["state"] == (one.state if broken else "non-root"), subject["user"]
        assert subject["verdict"] == (one.verdict if broken and one.verdict else "pass"), subject


@pytest.mark.parametrize("name", BY_NAME)
def test_one_broken_field_is_one_violation(by_restricted, name):
    """By the profile restricted: of the container it is of; of the pod's own fields, of each."""
    one = BY_NAME[name]
    for container in ALL:
        subject = by_restricted[name, container]
        wanted = {RULES[check] for check in one.restricted} if container in one.of else set()
        assert {finding["rule"] for finding in subject["findings"]} == wanted, (container, subject["findings"])
        assert subject["verdict"] == ("fail" if wanted else "pass"), subject


@pytest.mark.parametrize("args", [(), ("--profile", "restricted"), ("--profile", "baseline")])
def test_pod_that_passes_exits_with_0(tmp_path, args):
    (tmp_path / "good.json").write_text(text({}))
    assert run("lint", "--no-policy", *IMAGES, *args, "good.json", cwd=tmp_path).code == PASS


def test_pod_without_a_user_passes_once_its_image_is_known(tmp_path):
    (tmp_path / "good.json").write_text(text({"pod.runAsUser": None}))
    images = image_args(tmp_path / "images")
    assert run("lint", "--no-policy", *images, "good.json", cwd=tmp_path).code == PASS
