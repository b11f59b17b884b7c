"""Pods by chance, the same ones at each run, judged by the program and by tests/lib/kube_oracle.py; and one
pod written in many ways, of which all must be judged alike."""

import json
import random

import pytest
import yaml
from kube_case import image_name
from kube_images import image_args
from kube_oracle import IMAGE_USERS, containers, state, violations
from program import run

PODS = 200
QUIET = ("--no-policy", "--format", "json")


def some(rng, chance, *values):
    """One of the values, or nothing."""
    return rng.choice(values) if rng.random() < chance else None


def filled(**fields):
    return {key: value for key, value in fields.items() if value is not None}


def context(rng, of_pod):
    made = filled(
        runAsNonRoot=some(rng, 0.5, True, True, False),
        runAsUser=some(rng, 0.4, 0, 1, 1000),
        runAsGroup=some(rng, 0.3, 0, 1000),
        seccompProfile=some(rng, 0.4, {"type": "RuntimeDefault"}, {"type": "RuntimeDefault"}, {"type": "Unconfined"}),
        seLinuxOptions=some(rng, 0.15, {"type": "container_t"}, {"type": "container_engine_t"}, {"level": "s0"},
                            {"user": "u"}),
        appArmorProfile=some(rng, 0.1, {"type": "RuntimeDefault"}, {"type": "Unconfined"}),
    )
    if of_pod:
        made.update(filled(
            fsGroup=some(rng, 0.2, 0, 1000),
            sysctls=some(rng, 0.2, [{"name": "kernel.shm_rmid_forced", "value": "1"}],
                         [{"name": "net.ipv4.tcp_keepalive_time", "value": "1"}],
                         [{"name": "net.ipv4.tcp_rmem", "value": "1"}], [{"name": "net.ipv4.tcp_notsent_lowat", "value": "1"}]),
        ))
    else:
        made.update(filled(
            allowPrivilegeEscalation=some(rng, 0.7, False, False, True),
            capabilities=some(rng, 0.7, {"drop": ["ALL"]}, {"drop": ["ALL"]}, {"drop": ["KILL"]},
                              {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}, {"drop": ["ALL"], "add": ["CHOWN"]},
                              {"add": ["SYS_TIME"]}),
        ))
        if made.get("allowPrivilegeEscalation") is not False:
            made.update(filled(privileged=some(rng, 0.15, True, False)))
    return made


def container(rng, name):
    made = filled(
        name=name,
        image=image_name(rng.choice(list(IMAGE_USERS))),
        securityContext=context(rng, False) if rng.random() < 0.8 else None,
    )
    if name == "debug":  # an ephemeral container, which has neither
        return made
    return made | filled(
        ports=some(rng, 0.1, [{"containerPort": 8080}], [{"containerPort": 8080, "hostPort": 8080}]),
        livenessProbe=some(rng, 0.1, {"httpGet": {"port": 80, "host": "10.0.0.1"}}, {"tcpSocket": {"port": 80}}),
    )


def pod(rng, number):
    spec = filled(
        hostUsers=some(rng, 0.3, True, False),
        securityContext=context(rng, True) if rng.random() < 0.8 else None,
        volumes=some(rng, 0.2, [{"name": "v", "emptyDir": {}}], [{"name": "v", "hostPath": {"path": "/"}}],
                     [{"name": "v", "nfs": {"server": "s", "path": "/"}}]),
        initContainers=[container(rng, "init")] if rng.random() < 0.5 else None,
        containers=[container(rng, f"c{i}") for i in range(rng.randint(1, 3))],
        ephemeralContainers=[container(rng, "debug")] if rng.random() < 0.3 else None,
    )
    if spec.get("hostUsers") is not False:  # the API server takes none of them together
        spec.update(filled(hostPID=some(rng, 0.1, True), hostNetwork=some(rng, 0.1, True)))
    else:
        one = rng.choice(spec["containers"]).setdefault("securityContext", {})
        one.update(filled(procMount=some(rng, 0.3, "Unmasked", "Default")))
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{number}"}, "spec": spec}


@pytest.fixture(scope="module")
def pods():
    rng = random.Random(6)
    return [pod(rng, number) for number in range(PODS)]


@pytest.fixture(scope="module")
def place(tmp_path_factory, pods):
    made = tmp_path_factory.mktemp("random")
    (made / "pods.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": pods}, indent=1))
    return made


def test_states_are_those_of_a_second_opinion(pods, place, tmp_path):
    report = run("lint", *QUIET, *image_args(tmp_path / "images"), "pods.json", cwd=place).report
    found = {one["name"]: one["user"]["state"] for one in report["subjects"]}
    wanted = {
        f"Pod/{one['metadata']['name']} {each['name']}": state(
            one["spec"], each, each["image"].split("/")[1].split(":")[0]
        )
        for one in pods
        for each in containers(one["spec"])
    }
    assert set(found) == set(wanted)
    wrong = {name: (found[name], wanted[name]) for name in found if found[name] != wanted[name]}
    assert not wrong
    assert set(wanted.values()) == {"root", "root-in-userns", "non-root", "wont-start"}


@pytest.mark.parametrize("minor", [0, 18, 19, 22, 24, 26, 28, 30, 31, 33, 34, 35, 37])
@pytest.mark.parametrize("profile", ["baseline", "restricted"])
def test_violations_are_those_of_a_second_opinion(pods, place, profile, minor):
    args = ("--images", "none", "--profile", f"{profile}:v1.{minor}")
    report = run("lint", *QUIET, *args, "pods.json", cwd=place).report
    found = {one["metadata"]["name"]: set() for one in pods}
    for subject in report["subjects"]:
        found[subject["name"].split()[0].removeprefix("Pod/")] |= {one["rule"] for one in subject["findings"]}
    wrong = []
    for one in pods:
        wanted = violations(one["spec"], profile, minor)
        if found[one["metadata"]["name"]] != wanted:
            wrong.append((one["metadata"]["name"], wanted ^ found[one["metadata"]["name"]]))
    assert not wrong


# One pod in many ways ------------------------------------------------------------------------------


class Aliases(yaml.SafeDumper):
    """Equal maps are written once, and named after that."""

    def __init__(self, *args, **knobs):
        super().__init__(*args, **knobs)
        self.seen = {}

    def represent_data(self, data):
        if isinstance(data, (dict, list)) and data:
            data = self.seen.setdefault(json.dumps(data, sort_keys=True), data)
        return super().represent_data(data)

    def ignore_aliases(self, data):
        return not isinstance(data, (dict, list)) or not data


def yaml_of(data, **knobs):
    return yaml.dump(data, sort_keys=False, allow_unicode=True, **knobs)


WAYS = {
    "json": json.dumps,
    "json-indented": lambda data: json.dumps(data, indent=3),
    "json-escaped": lambda data: json.dumps(data).replace("runAs", "\\u0072un\\u0041s"),
    "block": lambda data: yaml_of(data, Dumper=yaml.SafeDumper),
    "flow": lambda data: yaml_of(data, Dumper=yaml.SafeDumper, default_flow_style=True),
    "half-flow": lambda data: yaml_of(data, Dumper=yaml.SafeDumper, default_flow_style=None),
    "narrow": lambda data: yaml_of(data, Dumper=yaml.SafeDumper, width=10),
    "deep": lambda data: yaml_of(data, Dumper=yaml.SafeDumper, indent=7),
    "canonical": lambda data: yaml_of(data, Dumper=yaml.SafeDumper, canonical=True),
    "aliases": lambda data: yaml_of(data, Dumper=Aliases),
    "sorted": lambda data: yaml.safe_dump(data),
    "windows-line-ends": lambda data: yaml_of(data, Dumper=yaml.SafeDumper).replace("\n", "\r\n"),
    "commented": lambda data: "".join(
        f"{line} # comment: [{{\n\n" for line in yaml_of(data, Dumper=yaml.SafeDumper, width=10**6).splitlines()),
}


@pytest.fixture(scope="module")
def plain(pods, place):
    report = run("lint", *QUIET, "--images", "none", "pods.json", cwd=place).report
    return told(report)


def told(report):
    return [
        (one["name"], one["verdict"], one["user"]["state"], sorted((f["rule"], f["message"]) for f in one["findings"]))
        for one in report["subjects"]
    ]


@pytest.mark.parametrize("way", WAYS)
def test_pods_are_judged_alike_however_they_are_written(pods, plain, tmp_path, way):
    suffix = "json" if way.startswith("json") else "yaml"
    (tmp_path / f"pods.{suffix}").write_text(WAYS[way]({"apiVersion": "v1", "kind": "List", "items": pods}), newline="")
    report = run("lint", *QUIET, "--images", "none", f"pods.{suffix}", cwd=tmp_path).report
    assert "errors" not in report, report["errors"]
    assert told(report) == plain


@pytest.mark.parametrize("way", ["block", "flow", "half-flow", "aliases"])
def test_documents_are_judged_as_a_list_is(pods, plain, tmp_path, way):
    (tmp_path / "pods.yaml").write_text("".join("---\n" + WAYS[way](one) for one in pods[:100]))
    report = run("lint", *QUIET, "--images", "none", "pods.yaml", cwd=tmp_path).report
    found = told(report)
    assert found == plain[: len(found)] and len(found) >= 200
