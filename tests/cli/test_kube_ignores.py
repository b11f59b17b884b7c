"""Comments and annotations of Kubernetes manifests that ignore rules, by our names and other tools'."""

import pytest
from lint_kit import counting, lint, put, subjects
from program import FAIL, PASS

MANIFEST = """\
{head}apiVersion: apps/v1
kind: Deployment
metadata:
  name: d
  annotations: {own}
spec:
  template:
    metadata:
      annotations: {pods}
    {spec}spec:
      securityContext:
        {pod}runAsUser: 0
      containers:
      {item}- name: a
        image: i
        securityContext:
          {line}privileged: true{tail}
      - name: b
        image: i
        securityContext:
          allowPrivilegeEscalation: false
"""


def judged(place, **parts):
    slots = dict.fromkeys(["head", "spec", "pod", "item", "line", "tail"], "")
    slots |= {"own": "{}", "pods": "{}"} | parts
    put(place, {"m.yaml": MANIFEST.format(**slots)})
    result = lint("m.yaml", cwd=place)
    return {name.split()[-1]: counting(one) - {"no-run-as-non-root", "new-privileges"} for name, one in subjects(result).items()}, result


BOTH = {"a": {"image-user", "privileged-container"}, "b": {"image-user"}}
NO_USER = {"a": {"privileged-container"}, "b": set()}
NO_PRIVILEGED = {"a": {"image-user"}, "b": {"image-user"}}
USER_OF_A = {"a": {"privileged-container"}, "b": {"image-user"}}

CASES = {
    "nothing": ({}, BOTH),
    # above a key, an item, a document
    "above-the-line": ({"line": "# nonzero ignore=privileged-container reason=x\n          "}, NO_PRIVILEGED),
    "behind-the-value": ({"tail": " # nonzero ignore=privileged-container"}, NO_PRIVILEGED),
    "above-the-pods-line": ({"pod": "# nonzero ignore=image-user\n        "}, NO_USER),
    "above-the-container": ({"item": "# nonzero ignore=image-user reason=x\n      "}, USER_OF_A),
    "above-the-pod": ({"spec": "# nonzero ignore=image-user\n    "}, NO_USER),
    "above-the-document": ({"head": "# nonzero ignore=image-user\n"}, NO_USER),
    "in-the-document-before": ({"head": "# nonzero ignore=image-user\napiVersion: v1\nkind: Service\n---\n"}, BOTH),
    "of-another-line": ({"item": "# nonzero ignore=privileged-container\n\n      # why\n      "}, NO_PRIVILEGED),
    # other tools' names, and comments
    "ours-by-their-name": ({"line": "# nonzero ignore=KSV-0017\n          "}, NO_PRIVILEGED),
    "trivy": ({"line": "#trivy:ignore:AVD-KSV-0017\n          "}, NO_PRIVILEGED),
    "trivy-until": ({"line": "#trivy:ignore:AVD-KSV-0017:exp:2030-01-01\n          "}, BOTH),
    "checkov": ({"tail": " # checkov:skip=CKV_K8S_16:x"}, NO_PRIVILEGED),
    "kics": ({"line": "# kics-scan ignore-line\n          "}, BOTH),
    # annotations of the object and of the pods
    "polaris": ({"own": '{polaris.fairwinds.com/runAsRootAllowed-exempt: "true"}'}, NO_USER),
    "polaris-of-pods": ({"pods": '{polaris.fairwinds.com/runAsPrivileged-exempt: "true"}'}, NO_PRIVILEGED),
    "polaris-false": ({"own": '{polaris.fairwinds.com/runAsRootAllowed-exempt: "false"}'}, BOTH),
    "polaris-all": ({"own": '{polaris.fairwinds.com/exempt: "true"}'}, {"a": set(), "b": set()}),
    "kube-linter": ({"own": "{ignore-check.kube-linter.io/run-as-non-root: it must}"}, NO_USER),
    "kube-linter-all": ({"own": "{kube-linter.io/ignore-all: it must}"}, {"a": set(), "b": set()}),
    "kube-score": ({"own": "{kube-score/ignore: 'x, container-security-context-privileged'}"}, NO_PRIVILEGED),
    "checkov-of-object": ({"own": "{checkov.io/skip1: CKV_K8S_16=it must, checkov.io/skip2: CKV_K8S_23}"},
                          {"a": set(), "b": set()}),
    "others": ({"own": "{example.com/skip: CKV_K8S_16, checkov.io/skipper: CKV_K8S_16}"}, BOTH),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_ignored(tmp_path, case):
    parts, expected = CASES[case]
    found, result = judged(tmp_path, **parts)
    assert found == expected, result
    assert result.code == (FAIL if any(expected.values()) else PASS)


def test_reason_and_owner_are_shown(tmp_path):
    _, result = judged(tmp_path, own="{checkov.io/skip1: CKV_K8S_16=it must}",
                       item="# nonzero ignore=image-user reason=\"old image\"\n      ")
    excepted = {one["rule"]: one["excepted"] for one in subjects(result)["Deployment/d a"]["findings"]
                if "excepted" in one}
    assert excepted["privileged-container"]["reason"] == "it must"
    assert excepted["privileged-container"]["owner"] == "the annotation checkov.io/skip1 in m.yaml:5"
    assert excepted["image-user"]["reason"] == "old image"
    assert excepted["image-user"]["owner"] == "the comment in m.yaml:14"


def test_name_that_is_no_rule_is_noted_once(tmp_path):
    _, result = judged(tmp_path, head="# nonzero ignore=image-usr\n")
    notes = [note for one in result.subjects for note in one.get("notes", [])]
    assert notes == ["the comment in line 1 names image-usr, which is no rule"], result


def test_annotations_of_others_do_not_change_what_the_cluster_admits(tmp_path):
    put(tmp_path, {"m.yaml": MANIFEST.format(**dict.fromkeys(["head", "spec", "pod", "item", "line", "tail"], ""),
                                             own="{kube-linter.io/ignore-all: x}", pods="{}")})
    assert lint("--profile", "baseline", "m.yaml", cwd=tmp_path).code == FAIL
