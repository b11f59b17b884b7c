"""Which Kubernetes manifests `nonzero lint` finds and judges: folders, names, standard input, JSON, Lists, custom
resources; and what it says of those that it does not judge."""

import json
import os

import pytest
from lint_kit import USER, lint, put, subjects
from program import ERROR, FAIL, PASS, assert_printable, run

SAFE = "securityContext: {runAsUser: 1000, runAsNonRoot: true, allowPrivilegeEscalation: false}"
POD = f"""\
apiVersion: v1
kind: Pod
metadata: {{name: p}}
spec:
  containers:
  - {{name: c, image: i, {SAFE}}}
"""
ROOT_POD = POD.replace("runAsUser: 1000", "runAsUser: 0").replace("runAsNonRoot: true, ", "")
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}]}\n"
TEMPLATE = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n"
WIDGET = "apiVersion: example.com/v1\nkind: Widget\nspec: {size: 1}\n"


def error_text(result):
    assert_printable(result.err)
    return result.err.decode()


# Folders -------------------------------------------------------------------------------------------

MANIFESTS = {
    "pod.yaml": POD,
    "pod.yml": POD,
    "a/b/pod.json": json.dumps({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p"},
                                "spec": {"containers": [{"name": "c", "image": "i"}]}}),
    "kind-first.yaml": "kind: Pod\n" + POD.replace("kind: Pod\n", ""),
    "commented.yaml": "# one\n\n---\n# Source: c/templates/x.yaml\n" + POD,
    "second.yaml": SERVICE + "---\n" + POD,
    "crlf.yaml": POD.replace("\n", "\r\n"),
    "bom.yaml": b"\xef\xbb\xbf" + POD.encode(),
    "quoted.yaml": POD.replace("apiVersion", '"apiVersion"').replace("kind", "'kind'"),
    "indented.yaml": "".join("  " + line + "\n" for line in POD.splitlines()),
    "flow.yaml": "{apiVersion: v1, kind: Pod, spec: {containers: [{name: c, image: i}]}}\n",
    "last-key.json": json.dumps({"apiVersion": "v1", "items": [{"x": "y" * 100_000}], "kind": "ConfigMapList"})[:-1]
                     .replace('"kind": "ConfigMapList"', '"kind": "PodList", "metadata": {}}')
                     .replace('[{"x"', '[{"spec": {"containers": [{"name": "c", "image": "i"}]}}, {"x"'),
}
OTHERS = {
    "values.yaml": "image: nginx\nkind: x\n",
    "Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n",
    "package.json": '{"name": "x", "scripts": {"kind": "a", "apiVersion": "b"}}',
    "nested.json": '{"a": {"apiVersion": "v1", "kind": "Pod"}}',
    "nested.yaml": "a:\n  apiVersion: v1\n  kind: Pod\n",
    "list.yaml": "- apiVersion: v1\n  kind: Pod\n",
    "text.json": "apiVersion kind",
    "openapi.yaml": "openapi: 3.0.0\ninfo: {title: x}\n",
    "broken.yaml": "a: [\n",
    "empty.yaml": "",
    "pod.txt": POD,
    "large.json": '{"a": "' + "x" * 3_000_000 + '"}',
}
QUIET = {
    "kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n",
    "service.yaml": SERVICE,
    "crd.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  versions:\n"
                "  - schema: {default: {containers: [{name: c, image: i}]}}\n",
}


def test_folder_is_looked_through_for_manifests_alone(tmp_path):
    put(tmp_path, {**MANIFESTS, **OTHERS, **QUIET})
    result = lint(".", cwd=tmp_path)
    assert {os.path.normpath(one["source"]) for one in result.subjects} == set(MANIFESTS)
    # A sanitizer build notes that it is not confined.
    assert not [line for line in result.err.splitlines() if b"sanitizer build" not in line], result


def test_link_to_nothing_is_passed_over(tmp_path):
    put(tmp_path, {"pod.yaml": POD})
    (tmp_path / ".#pod.yaml").symlink_to("user@host.123")
    assert lint(".", cwd=tmp_path).code == PASS
    assert lint(".#pod.yaml", cwd=tmp_path).code == ERROR


def test_compose_files_and_dockerfiles_stay_what_they_are(tmp_path):
    put(tmp_path, {"Dockerfile": USER, "compose.yaml": "services: {a: {image: i}}\n", "pod.yaml": POD})
    kinds = {one["source"]: one["kind"] for one in lint(".", cwd=tmp_path).subjects}
    assert kinds == {"Dockerfile": "dockerfile", "compose.yaml": "compose-service", "pod.yaml": "workload-container"}


@pytest.mark.parametrize("name", ["deploy", "deploy.yaml", "x.tpl", "Pod"])
def test_named_file_is_told_by_what_it_holds(tmp_path, name):
    put(tmp_path, {name: POD})
    result = lint(name, cwd=tmp_path)
    assert result.code == PASS and result.subject["name"] == "Pod/p c", result


def test_dockerfile_that_writes_a_manifest_is_a_dockerfile(tmp_path):
    put(tmp_path, {"build": f"FROM scratch\nCOPY <<EOF /pod.yaml\n{POD}EOF\nUSER 1000\n"})
    assert lint("build", cwd=tmp_path).subject["kind"] == "dockerfile"


def test_standard_input_is_what_helm_prints(tmp_path):
    text = f"---\n# Source: app/templates/service.yaml\n{SERVICE}---\n# Source: app/templates/pod.yaml\n{ROOT_POD}"
    result = lint("-", cwd=tmp_path, stdin=text.encode())
    assert result.code == FAIL and result.subject["source"] == "<stdin>", result
    assert result.subject["findings"][0]["line"] == 14


def test_names_of_subjects(tmp_path):
    text = POD.replace("{name: p}", "{name: p, namespace: prod}") + "---\n" + POD
    put(tmp_path, {"pod.yaml": text})
    assert set(subjects(lint("pod.yaml", cwd=tmp_path))) == {"Pod/prod/p c", "Pod/p c"}


# What is not judged --------------------------------------------------------------------------------

def test_named_file_without_a_pod_says_so(tmp_path):
    put(tmp_path, {"service.yaml": SERVICE, "pod.yaml": POD})
    result = lint("service.yaml", "pod.yaml", cwd=tmp_path)
    assert result.code == PASS and "service.yaml: no pod is in it" in error_text(result), result
    alone = lint("service.yaml", cwd=tmp_path)
    assert alone.code == ERROR and "service.yaml: no pod is in it" in error_text(alone), alone


def test_objects_that_hold_no_known_pod_are_said_with_their_line(tmp_path):
    put(tmp_path, {"pod.yaml": POD + "---\n" + WIDGET})
    result = lint("pod.yaml", cwd=tmp_path)
    assert result.subject["notes"] == [
        "line 8: not covered: a Widget (example.com/v1) holds no pod template that is known"], result


@pytest.mark.parametrize("named", [True, False])
def test_objects_that_hold_no_known_pod_are_said_where_nothing_else_is(tmp_path, named):
    put(tmp_path, {"widget.yaml": WIDGET, "pod.yaml": POD})
    result = lint(*(["widget.yaml", "pod.yaml"] if named else ["."]), cwd=tmp_path)
    assert result.code == PASS and "widget.yaml: line 1: not covered: a Widget" in error_text(result), result


def test_template_in_a_folder_is_said_and_a_named_one_is_an_error(tmp_path):
    put(tmp_path, {"chart/templates/a.yaml": TEMPLATE, "pod.yaml": POD})
    folder = lint(".", cwd=tmp_path)
    assert folder.code == PASS, folder
    assert "not covered: chart/templates/a.yaml:4:9: a template" in error_text(folder)
    named = lint("chart/templates/a.yaml", cwd=tmp_path)
    assert named.code == ERROR and "`helm template CHART | nonzero lint -`" in error_text(named), named


def test_folder_of_templates_alone_is_no_pass(tmp_path):
    put(tmp_path, {"a.yaml": TEMPLATE})
    assert lint(".", cwd=tmp_path).code == ERROR


def test_quiet_says_what_was_not_judged(tmp_path):
    put(tmp_path, {"widget.yaml": WIDGET, "pod.yaml": POD})
    result = run("lint", "--quiet", "--no-policy", "--no-images", ".", cwd=tmp_path)
    assert result.code == PASS and "not covered" in error_text(result), result


def test_notes_end_with_a_note(tmp_path):
    put(tmp_path, {"many.yaml": POD + ("---\n" + WIDGET) * 200})
    notes = lint("many.yaml", cwd=tmp_path).subject["notes"]
    assert len(notes) == 101 and "more to say" in notes[-1]


# Large ---------------------------------------------------------------------------------------------

def test_list_of_hundreds(tmp_path):
    pods = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{n}"},
             "spec": {"containers": [{"name": "c", "image": "i", "securityContext": {"runAsUser": n % 2}}]}}
            for n in range(600)]
    put(tmp_path, {"list.json": json.dumps({"apiVersion": "v1", "items": pods, "kind": "List"})})
    found = subjects(lint("list.json", cwd=tmp_path))
    assert len(found) == 600
    assert found["Pod/p0 c"]["user"]["state"] == "root" and found["Pod/p1 c"]["user"]["state"] == "non-root"


def test_rendered_output_may_be_large(tmp_path):
    config = "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n" + ("    " + "x" * 120 + "\n") * 30_000
    put(tmp_path, {"all.yaml": config + "---\n" + POD})
    result = lint("all.yaml", cwd=tmp_path)
    assert result.code == PASS and result.subject["name"] == "Pod/p c", result


# Podman --------------------------------------------------------------------------------------------

def test_what_podman_plays(tmp_path):
    text = ("# Created with podman-5.0.0\napiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n"
            "    bind-mount-options: /srv:Z\n  creationTimestamp: \"2024-05-01T10:00:00Z\"\n  name: web-pod\nspec:\n"
            "  containers:\n  - image: i\n    name: web\n    ports:\n    - containerPort: 80\n      hostPort: 8080\n"
            "    securityContext:\n      runAsUser: 0\n")
    put(tmp_path, {"pod.yaml": text})
    result = lint("pod.yaml", cwd=tmp_path)
    assert result.code == FAIL and result.subject["name"] == "Pod/web-pod web", result
