# SPDX-License-Identifier: Apache-2.0
"""Profiles of pods: which names there are, what they ask for, and that nothing else is asked then."""

import json
import re

import pytest
from editor import Editor
from lint_kit import assert_no_verdict, counting, lint, put, rules, subjects
from program import ERROR, FAIL, PASS, ROOT, USAGE, run

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: prod
spec:
  securityContext:
    runAsNonRoot: true
    seccompProfile: {type: RuntimeDefault}
  containers:
  - name: app
    image: registry.example.com/app
    securityContext:
      allowPrivilegeEscalation: false
      capabilities: {drop: [ALL]}
"""
# Starts as root, and no check of baseline minds.
ROOT_POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: app, image: a, securityContext: {runAsUser: 0}}]}
"""
TWO = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      hostPID: true
      containers:
      - {name: bad, image: a, securityContext: {privileged: true}}
      - {name: good, image: a}
"""


def judged(tmp_path, text, *args):
    return lint("pod.yaml", *args, cwd=put(tmp_path, {"pod.yaml": text}))


# Names --------------------------------------------------------------------------------------------

NAMES = ["baseline", "baseline:latest", "baseline:v1.0", "restricted:v1.9", "restricted:v1.37",
         "openshift:restricted-v2", "openshift:nonroot-v2"]  # fmt: skip
NO_NAMES = {
    "restricted:v1.38": "restricted:v1.38 is not known yet: there are v1.0 to v1.37, and latest",
    "restricted:1.31": "1.31 is no version of restricted; did you mean restricted:v1.31?",
    "restricted:v1.031": "v1.031 is no version of restricted: there are v1.0 to v1.37, and latest",
    "baseline:": "nothing is no version of baseline",
    "restrickted": "there is no profile restrickted; did you mean restricted?",
    "openshift:anyuid": "there is no profile openshift:anyuid; did you mean openshift",
    "privileged": "there is no profile privileged; there are cbpp-0002, openshift, baseline",
    "": "there is no profile ; there are",
    "baseline:\x1b[1m": "\\x1b[1m is no version of baseline",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_is_named_in_the_report_as_it_was_asked_for(tmp_path, name):
    result = judged(tmp_path, POD, "--profile", name)
    assert (result.report["profile"], result.verdict, result.code) == (name, "pass", PASS)


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_profile_is_wrong_usage(tmp_path, name):
    result = judged(tmp_path, POD, "--profile", name)
    assert (result.code, result.out) == (USAGE, b"")
    assert NO_NAMES[name] in result.err.decode()


def test_help_and_completions_name_them():
    text = " ".join(run("lint", "--help").out.decode().split())
    for name in ("baseline", "restricted:v1.31", "openshift:restricted-v2", "openshift:nonroot-v2"):
        assert name in text


# What is asked ------------------------------------------------------------------------------------


def test_restricted_refuses_what_the_api_server_refuses_with_its_words_and_place(tmp_path):
    text = POD.replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true")
    result = judged(tmp_path, text, "--profile", "restricted:v1.31")
    (finding,) = result.subject["findings"]
    assert (result.code, result.verdict) == (FAIL, "fail")
    assert finding["rule"] == "pss-privilege-escalation" and finding["level"] == "fail"
    assert (finding["file"], finding["line"], finding["column"]) == ("pod.yaml", 14, 7)
    assert finding["message"] == (
        'allowPrivilegeEscalation != false (container "app" must set '
        "securityContext.allowPrivilegeEscalation=false)"
    )
    assert "allowPrivilegeEscalation: false" in finding["remedy"]


def test_a_check_is_asked_from_its_version_on(tmp_path):
    text = POD.replace("    image:", "    livenessProbe: {httpGet: {host: a.example, port: 1}}\n    image:")
    assert judged(tmp_path, text, "--profile", "baseline:v1.33").verdict == "pass"
    for name in ("baseline:v1.34", "restricted:v1.35", "baseline", "restricted:latest"):
        assert rules(judged(tmp_path, text, "--profile", name).subject) == {"pss-host-probes"}


def test_nothing_else_is_asked(tmp_path):
    """Root passes baseline: the profile means what the cluster's check of that name means."""
    result = judged(tmp_path, ROOT_POD, "--profile", "baseline")
    assert (result.verdict, result.subject["findings"]) == ("pass", [])
    assert result.subject["user"]["state"] == "root"
    assert "image-user" in rules(judged(tmp_path, ROOT_POD).subject)
    assert rules(judged(tmp_path, ROOT_POD, "--profile", "openshift").subject) == rules(
        judged(tmp_path, ROOT_POD).subject
    )


def test_rules_of_profiles_run_under_no_other(tmp_path):
    for args in ((), ("--profile", "openshift")):
        found = rules(subjects(judged(tmp_path, TWO, *args))["Deployment/web bad"])
        assert found and not any(rule.startswith(("pss-", "scc-")) for rule in found)


@pytest.mark.parametrize(
    "name, pods, containers",
    [("baseline", {"pss-host-namespaces"}, {"pss-privileged"}),
     ("openshift:restricted-v2", {"scc-host-namespaces"}, {"scc-privileged"})],
)  # fmt: skip
def test_what_the_pod_does_counts_for_each_of_its_containers(tmp_path, name, pods, containers):
    found = subjects(judged(tmp_path, TWO, "--profile", name))
    assert rules(found["Deployment/web bad"]) == pods | containers
    assert rules(found["Deployment/web good"]) == pods


def test_files_of_other_kinds_are_judged_as_ever(tmp_path):
    files = {"pod.yaml": POD, "Dockerfile": "FROM scratch\nUSER 0\n"}
    result = lint(".", "--profile", "restricted", cwd=put(tmp_path, files))
    verdicts = {one["source"]: one["verdict"] for one in result.subjects}
    assert verdicts == {"./pod.yaml": "pass", "./Dockerfile": "fail"} or verdicts == {
        "pod.yaml": "pass", "Dockerfile": "fail"}  # fmt: skip


# What only the namespace knows --------------------------------------------------------------------

NAMESPACE = """\
---
apiVersion: v1
kind: Namespace
metadata:
  name: prod
  annotations: {openshift.io/sa.scc.uid-range: 1000650000/10000}
"""


def test_a_user_that_cannot_be_verified_is_unknown_and_says_so(tmp_path):
    text = POD.replace("runAsNonRoot: true", "runAsUser: 1000650001")
    result = judged(tmp_path, text, "--profile", "openshift:restricted-v2")
    (finding,) = result.subject["findings"]
    assert (result.verdict, result.code) == ("unknown", FAIL)
    assert (finding["rule"], finding["level"]) == ("scc-run-as-user", "warn")
    assert "the manifest holds no Namespace prod" in finding["message"]
    assert judged(tmp_path, text + NAMESPACE, "--profile", "openshift:restricted-v2").verdict == "pass"
    other = text.replace("1000650001", "1000") + NAMESPACE
    result = judged(tmp_path, other, "--profile", "openshift:restricted-v2")
    assert result.verdict == "fail"
    assert "must be in the ranges: [1000650000, 1000659999]" in result.finding("scc-run-as-user")["message"]


# Policies and ignores -----------------------------------------------------------------------------


def test_a_policy_names_the_profile(tmp_path):
    put(tmp_path, {"pod.yaml": TWO, "policy.yaml": "profile: restricted:v1.31\n"})
    result = lint("pod.yaml", "--policy", "policy.yaml", cwd=tmp_path)
    assert result.report["profile"] == "restricted:v1.31"
    assert "pss-run-as-non-root" in rules(subjects(result)["Deployment/web good"])
    result = lint("pod.yaml", "--policy", "policy.yaml", "--profile", "baseline", cwd=tmp_path)
    assert result.report["profile"] == "baseline"
    assert rules(subjects(result)["Deployment/web good"]) == {"pss-host-namespaces"}


@pytest.mark.parametrize(
    "name, message",
    [("restricted:v1.99", "restricted:v1.99 is not known yet"),
     ("restricted:31", "31 is no version of restricted"),
     ("restrict", "did you mean restricted?"),
     ("user-only", "user-only is asked for by --user-only alone")],
)  # fmt: skip
def test_a_policy_with_no_such_profile_is_refused_with_its_place(tmp_path, name, message):
    put(tmp_path, {"pod.yaml": POD, "policy.yaml": f"profile: {name}\n"})
    result = lint("pod.yaml", "--policy", "policy.yaml", cwd=tmp_path)
    assert_no_verdict(result, message, position=("policy.yaml", 1))


def test_the_schema_of_policies_takes_the_same_names():
    schema = json.loads((ROOT / "docs/policy.schema.json").read_text())["properties"]["profile"]
    plain, versioned = schema["anyOf"]

    def takes(name):
        return name in plain["enum"] or bool(re.search(versioned["pattern"], name))

    assert all(takes(name) for name in [*NAMES, "cbpp-0002", "openshift"])
    assert not any(takes(name) for name in [*NO_NAMES, "user-only"])


@pytest.mark.parametrize("name", ["pss-host-namespaces", "hostNamespaces", "KSV-0010", "ckv_k8s_17",
                                  "C-0038", "disallow-host-namespaces"])  # fmt: skip
def test_a_rule_is_ignored_by_any_name(tmp_path, name):
    text = POD.replace("spec:", "spec:\n  hostPID: true", 1)
    assert judged(tmp_path, text, "--profile", "restricted").verdict == "fail"
    assert judged(tmp_path, text, "--profile", "restricted", "--ignore", name).verdict == "pass"


def test_a_policy_sets_levels(tmp_path):
    text = POD.replace("spec:", "spec:\n  hostPID: true", 1)
    policy = "profile: restricted\nrules: {hostNamespaces: warn}\n"
    put(tmp_path, {"pod.yaml": text, "policy.yaml": policy})
    result = lint("pod.yaml", "--policy", "policy.yaml", cwd=tmp_path)
    assert (result.verdict, result.finding("pss-host-namespaces")["level"]) == ("pass", "warn")
    put(tmp_path, {"policy.yaml": "profile: restricted\nrules: {KSV-0010: off}\n"})
    result = lint("pod.yaml", "--policy", "policy.yaml", cwd=tmp_path)
    assert (result.verdict, counting(result.subject)) == ("pass", set())


# What is broken passes nothing --------------------------------------------------------------------


@pytest.mark.parametrize(
    "good, bad",
    [("runAsNonRoot: true", "runAsNonRoot: 'true'"),
     ("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: 'false'"),
     ("drop: [ALL]", "drop: ALL"),
     ("{type: RuntimeDefault}", "RuntimeDefault"),
     ("  securityContext:\n    runAs", "  hostPID: 'true'\n  securityContext:\n    runAs"),
     ("    image:", "    ports: [{hostPort: '80'}]\n    image:"),
     ("    image:", "    livenessProbe: {httpGet: {host: [a]}}\n    image:"),
     ("  containers:", "  volumes: {a: b}\n  containers:")],
)  # fmt: skip
@pytest.mark.parametrize("name", ["restricted", "baseline:v1.0", "openshift:restricted-v2"])
def test_a_field_of_the_wrong_type_is_an_error(tmp_path, name, good, bad):
    assert good in POD
    result = judged(tmp_path, POD.replace(good, bad, 1), "--profile", name)
    assert (result.code, result.out) == (ERROR, b"")
    assert_no_verdict(result, position=("pod.yaml", None))


# Reports and editors ------------------------------------------------------------------------------


def test_junit_has_a_case_for_what_was_asked_and_no_other(tmp_path):
    put(tmp_path, {"pod.yaml": ROOT_POD})
    args = ("lint", "--no-policy", "--no-images", "--format", "junit", "pod.yaml", "--profile")
    text = run(*args, "openshift:nonroot-v2", cwd=tmp_path).out.decode()
    cases = set(re.findall(r'<testcase [^>]*\bname="([^"]+)"', text))
    assert {"scc-run-as-user", "scc-privileged"} <= cases
    assert all(case.startswith("scc-") for case in cases)
    text = run(*args, "baseline:v1.33", cwd=tmp_path).out.decode()
    cases = set(re.findall(r'<testcase [^>]*\bname="([^"]+)"', text))
    assert "pss-privileged" in cases
    assert not cases & {"pss-run-as-user", "pss-host-probes", "image-user", "scc-privileged"}


def test_an_editor_judges_other_files_as_ever_under_a_profile_of_pods(tmp_path):
    text = "FROM scratch\nUSER 0\n"
    put(tmp_path, {"Dockerfile": text, ".nonzero.yaml": "profile: restricted:v1.31\n"})
    with Editor(tmp_path) as editor:
        assert "image-user" in {one["code"] for one in editor.open(tmp_path / "Dockerfile")}
