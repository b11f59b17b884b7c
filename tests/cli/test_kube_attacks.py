"""Hostile manifests for `nonzero lint`: what kubectl and the API server would read as root must never
pass here, whatever the spelling."""

import pytest
from kube_case import HEAD
from lint_kit import assert_no_verdict, lint, put, rules
from program import FAIL, PASS

GOOD = "runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, allowPrivilegeEscalation: false"
POD = HEAD + "  containers:\n  - name: app\n    image: images.example/app:1\n"


def judged(place, text, *args):
    put(place, {"pod.yaml": text.encode()})
    return lint("--images", "none", *args, "pod.yaml", cwd=place)


def context(text):
    """POD, with fields of its securityContext as a block."""
    lines = "".join(f"      {line}\n" for line in text.strip("\n").split("\n"))
    return POD + "    securityContext:\n" + lines


# Root that a reader of YAML 1.2 alone would not see -------------------------------------------------

HIDDEN = {
    "line-separator-in-a-comment": context("runAsUser: 1000 # note").replace("note\n", "note\u2028      runAsNonRoot: no\n"),
    "next-line-in-a-comment": context("runAsNonRoot: true # x\u0085      privileged: true"),
    "byte-order-mark-inside": context("runAsUser: 1000").replace("kind:", "\ufeffkind:"),
    "byte-order-mark-before-a-key": context("runAsNonRoot: true\n\ufeffrunAsUser: 0"),
    "question-mark-key-in-brackets": POD + "    securityContext: {runAsUser: 1000, ?privileged : true}\n",
    "binary-that-is-no-base64": context("runAsUser: 1000\n!!binary '*': 0"),
    "escaped-tag": context('runAsUser: !!%69nt "0"'),
    "directive-for-tags": "%TAG ! tag:yaml.org,2002:\n---\n" + context('runAsUser: !int "0"'),
    "nul-in-a-key": context('"runAsNonRoot\\0": true\nrunAsUser: 1000'),
    "nul-in-a-key-of-json": POD + '    securityContext: {"runAsNonRoot\\u0000": true, "runAsUser": 1000}\n',
    "block-as-a-key": HEAD + "  ? |-\n\n  : x\n  hostPID: true\n  containers: [{name: app, image: x, "
    "securityContext: {runAsUser: 0}}]\n",
    "merge-behind-what-it-replaces": context("runAsUser: 1000\n<<: {runAsUser: 0}"),
    "merge-in-brackets-behind": POD + "    securityContext: {runAsUser: 1000, <<: {runAsUser: 0}}\n",
    "merge-behind-a-merge": context("<<: {runAsUser: 1000}\n<<: {runAsUser: 0}"),
    "merge-list-behind": context("runAsUser: 1000\n<<: [{runAsGroup: 1}, {runAsUser: 0}]"),
    "anchor-with-a-colon": context("runAsUser: &a:b 1000"),
    "tag-with-a-comma": context("capabilities: {drop: [!x, ALL]}\nrunAsUser: 1000"),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_readers_take_differently_is_refused(tmp_path, name):
    assert_no_verdict(judged(tmp_path, HIDDEN[name]), position=("pod.yaml", 0))


ROOT = {
    "binary-key": context(f"{GOOD.split(', ')[0]}\n!!binary cnVuQXNVc2Vy: 0"),
    "escaped-key": context('"\\u0072unAsUser": 0'),
    "float": context("runAsUser: 0.0"),
    "negative-zero": context("runAsUser: -0"),
    "exponent": context("runAsUser: 0e0"),
    "octal": context("runAsUser: 0o0"),
    "underscores": context("runAsUser: 0_0"),
    "tagged-text": context('runAsUser: !!int "0"'),
    "complex-key": context("? runAsUser\n: 0"),
    "merged-first": context("<<: {runAsUser: 0}\nprivileged: false"),
    "null-over-the-pod": HEAD + "  securityContext: {runAsUser: 0}\n" + context("runAsUser: ~")[len(HEAD):],
    "gate-off-in-old-words": HEAD
    + "  securityContext: {runAsNonRoot: true}\n"
    + context("runAsNonRoot: No\nrunAsUser: 0")[len(HEAD):],
}


@pytest.mark.parametrize("name", ROOT)
def test_root_in_any_spelling_fails(tmp_path, name):
    result = judged(tmp_path, ROOT[name])
    assert result.code == FAIL, result
    assert result.subjects[0]["user"]["state"] in ("root", "wont-start")


def test_whole_float_is_a_user(tmp_path):
    result = judged(tmp_path, context("runAsUser: 1e3\nrunAsGroup: 08"))
    assert result.code == PASS
    assert (result.subjects[0]["user"]["uid"], result.subjects[0]["user"]["gid"]) == (1000, 8)


@pytest.mark.parametrize("zero", ["0x0", "0_0", "0.0", '!!int "0"', "00"])
def test_group_0_in_any_spelling_is_found(tmp_path, zero):
    pod = "  securityContext: {supplementalGroups: [%s]}\n" % zero
    result = judged(tmp_path, HEAD + pod + context("runAsUser: 1000\nrunAsGroup: 1")[len(HEAD):])
    assert "root-group" in rules(result.subjects[0])


def test_merge_of_the_same_value_may_stand_anywhere(tmp_path):
    assert judged(tmp_path, context("runAsUser: 1000\n<<: {runAsUser: 1000, runAsNonRoot: true}")).code == PASS


# Pods where nobody looks ----------------------------------------------------------------------------

EVIL = "{name: evil, image: images.example/evil, securityContext: {runAsUser: 0}}"
EVIL_POD = f"{{apiVersion: v1, kind: Pod, metadata: {{name: evil}}, spec: {{containers: [{EVIL}]}}}}"

BURIED = {
    # kubectl takes whatever has items for a list.
    "items-of-a-config-map": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\nitems: [{EVIL_POD}]\n",
    "items-of-a-pod": context("runAsUser: 1000") + f"items:\n- metadata: {{name: evil}}\n  spec: {{containers: [{EVIL}]}}\n",
    "list-of-lists": "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: [%s]}]\n" % EVIL_POD,
    "custom-resource-called-a-list": "apiVersion: example.com/v1\nkind: AllowList\nitems: []\n"
    f"spec: {{template: {{spec: {{containers: [{EVIL}]}}}}}}\n",
    "items-of-a-custom-list": "apiVersion: example.com/v1\nkind: AllowList\n"
    f"items: [{{spec: {{template: {{spec: {{containers: [{EVIL}]}}}}}}}}]\n",
    "pod-in-a-container-of-a-custom-resource": "apiVersion: example.com/v1\nkind: Fleet\nmetadata: {name: f}\n"
    f"spec: {{containers: [{{name: a, image: b, securityContext: {{{GOOD}}}, sidecar: {{containers: [{EVIL}]}}}}]}}\n",
    "behind-the-end-of-a-document": context("runAsUser: 1000") + "...\n" + EVIL_POD + "\n",
    "on-the-line-of-the-separator": context("runAsUser: 1000") + "--- " + EVIL_POD + "\n",
    "windows-line-ends": (context("runAsUser: 1000") + "---\n" + EVIL_POD + "\n").replace("\n", "\r\n"),
    "workload-of-another-group": "apiVersion: v1\nkind: Deployment\nmetadata: {name: d}\n"
    f"spec: {{template: {{spec: {{containers: [{EVIL}]}}}}}}\n",
}


@pytest.mark.parametrize("name", BURIED)
def test_buried_pod_is_judged(tmp_path, name):
    result = judged(tmp_path, BURIED[name])
    evil = [one for one in result.subjects if one["name"].endswith(" evil")]
    assert len(evil) == 1 and evil[0]["user"]["state"] == "root", result
    assert result.code == FAIL
