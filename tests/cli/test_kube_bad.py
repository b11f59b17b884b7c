"""Manifests that Kubernetes would not take, or nobody can read: an error with a position and what to do, or a note of
what was not covered; never a pass that nobody has looked at, and always soon."""

import pytest
from lint_kit import assert_no_verdict, lint, put
from program import ERROR, FAIL, PASS

SECONDS = 20  # far off: it holds on a busy machine and under sanitizers
HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n"
BOX = "  containers: [{name: c, image: i, securityContext: {runAsUser: 1000}}]\n"


def judged(place, text, name="m.yaml"):
    put(place, {name: text if isinstance(text, bytes) else text.encode()})
    result = lint(name, cwd=place)
    assert result.cpu < SECONDS, result
    return result


def context(text):
    return HEAD + f"  containers: [{{name: c, image: i, securityContext: {{{text}}}}}]\n"


# (text, line, what the message names)
BROKEN = {
    "bracket": (HEAD + "  containers: [{name: c\n", 6, ["not valid YAML"]),
    "tab": (HEAD + "\tcontainers: []\n", 5, ["tab"]),
    "tab-below": (HEAD + "  containers:\n  - name: c\n\t  image: i\n", 7, ["tab"]),
    "latin-1": (HEAD.encode() + b"  # \xe9\n", 5, ["UTF-8"]),
    "utf-16": ((HEAD + BOX).encode("utf-16"), 1, ["UTF-8"]),
    "nul": (HEAD.encode() + b"  # \0\n", 5, ["NUL"]),
    "twice": (HEAD + BOX + BOX, 6, ["line 5"]),
    "twice-in-context": (context("runAsUser: 0, runAsUser: 1"), 5, ["line 5"]),
    "twice-json": ('{"kind": "Pod", "apiVersion": "v1",\n "kind": "Pod"}', 2, ["line 1"]),
    "no-anchor": (HEAD + "  containers: *a\n", 5, ["&a"]),
    "anchor-of-another": ("a: &a []\nkind: Service\napiVersion: v1\n---\n" + HEAD + "  containers: *a\n", 9, ["&a"]),
    "merge-of-text": (HEAD + "  <<: a\n", 5, ["merge key"]),
    "two-json": ('{"kind": "Service", "apiVersion": "v1"}\n{"kind": "Service", "apiVersion": "v1"}\n', 2, ["---"]),
    "no-kind": ("apiVersion: v1\nspec: {}\n", 1, ["kind"]),
    "list": ("- apiVersion: v1\n  kind: Pod\n", 1, ["apiVersion and kind"]),
    "text": ("kind\n", 1, ["apiVersion and kind"]),
    "items": ("apiVersion: v1\nkind: List\nitems: [a]\n", 3, ["apiVersion and kind"]),
    "template": (HEAD + "  {{- toYaml .Values.pod | nindent 2 }}\n", 5, ["helm template"]),
    "template-value": (HEAD.replace("p}", "{{ .x }}}") + BOX, 3, ["helm template"]),
    # types, in the API server's words
    "user-text": (context('runAsUser: "1000"'), 5, ["without quotes", "json: cannot unmarshal string into Go struct "
                  "field SecurityContext.spec.containers.securityContext.runAsUser of type int64"]),
    "user-name": (context("runAsUser: app"), 5, ["write a number"]),
    "user-float": (context("runAsUser: 1000.5"), 5, ["number 1000.5", "int64"]),
    "user-large": (context("runAsUser: 9223372036854775808"), 5, ["int64"]),
    "user-bool": (context("runAsUser: true"), 5, ["cannot unmarshal bool"]),
    "user-list": (context("runAsUser: [1000]"), 5, ["cannot unmarshal array"]),
    "non-root-text": (context('runAsNonRoot: "true"'), 5, ["without quotes", "of type bool"]),
    "non-root-number": (context("runAsNonRoot: 1"), 5, ["write true or false"]),
    "drop-text": (context("capabilities: {drop: ALL}"), 5, ["[ ]"]),
    "context-list": (HEAD + "  securityContext: []\n" + BOX, 5, ["PodSecurityContext"]),
    "containers-map": (HEAD + "  containers: {a: {image: i}}\n", 5, ["a list"]),
    "container-null": (HEAD + "  containers:\n  - ~\n", 6, ["a map"]),
    "annotation": ("apiVersion: v1\nkind: Pod\nmetadata: {annotations: {a: 1}}\nspec:\n" + BOX, 3, ["in quotes"]),
    "name-that-is-a-bool": (HEAD + "  containers: [{name: y, image: i}]\n", 5, ["YAML 1.1"]),
    # names that no field has
    "non-root-case": (context("runAsNonroot: true"), 5, ["did you mean runAsNonRoot"]),
    "user-case": (context("RunAsUser: 1000"), 5, ["did you mean runAsUser"]),
    "context-case": (HEAD + "  securitycontext: {runAsNonRoot: true}\n" + BOX, 5, ["did you mean securityContext"]),
    "escalation-slip": (context("allowPriviledgeEscalation: false"), 5, ["allowPrivilegeEscalation"]),
    "host-pid-case": (HEAD + "  hostPid: true\n" + BOX, 5, ["did you mean hostPID"]),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_manifest_is_an_error_with_its_place(tmp_path, case):
    text, line, mentions = BROKEN[case]
    assert_no_verdict(judged(tmp_path, text), *mentions, position=("m.yaml", line))


def test_one_broken_file_hides_no_other(tmp_path):
    put(tmp_path, {"a.yaml": HEAD + "  containers: [", "b.yaml": HEAD + BOX})
    result = lint(".", cwd=tmp_path)
    assert_no_verdict(result, position=("a.yaml", 6))
    assert [one["source"] for one in result.subjects] == ["b.yaml"]


# Fields that count for nothing where they stand: the others decide, and it is said.
MISPLACED = {
    "privileged-of-pod": ("  securityContext: {privileged: false}\n", "privileged is no field here, but of a container's"),
    "user-of-spec": ("  runAsUser: 1000\n", "runAsUser is no field here, but of a container's securityContext"),
    "unknown": ("  securityContext: {runAsCaptain: true}\n", 'unknown field "spec.securityContext.runAsCaptain"'),
}


@pytest.mark.parametrize("case", MISPLACED)
def test_field_in_another_place_is_noted(tmp_path, case):
    text, note = MISPLACED[case]
    result = judged(tmp_path, HEAD + text + BOX)
    assert any(note in one for one in result.subject["notes"]), result


def test_pod_of_a_custom_resource_with_another_type_is_not_covered(tmp_path):
    text = "apiVersion: example.com/v1\nkind: Widget\nspec: {containers: [{name: c, image: i, securityContext: " \
           "{runAsUser: app}}]}\n---\n" + HEAD + BOX
    result = judged(tmp_path, text)
    assert result.code == PASS and result.subject["name"] == "Pod/p c", result
    assert "line 3: not covered: spec of a Widget" in result.subject["notes"][0]


# Bombs ---------------------------------------------------------------------------------------------

def aliases(levels, each):
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * each)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def test_alias_bomb_is_an_error(tmp_path):
    assert_no_verdict(judged(tmp_path, aliases(30, 9) + HEAD + BOX), "more than", position=("m.yaml", 0))


def test_merge_bomb_is_an_error(tmp_path):
    lines = ["a0: &a0 {" + ", ".join(f"k{n}: 1" for n in range(500)) + "}"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 9)]
    assert judged(tmp_path, "\n".join(lines) + "\n" + HEAD + BOX).code == ERROR


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, '{"a":' * 100_000])
def test_depth_is_an_error(tmp_path, text):
    assert judged(tmp_path, "kind: Pod\napiVersion: v1\na: " + text).code == ERROR


def test_many_comments_that_ignore_take_no_time(tmp_path):
    assert judged(tmp_path, "# nonzero ignore=image-user reason=x\n" * 50_000 + HEAD + BOX).code == PASS


@pytest.mark.parametrize("line", ["a: b", "{", "# c", "- a", "---"])
def test_file_of_100_mb_is_an_error_soon(tmp_path, line):
    text = (line + "\n").encode()
    result = judged(tmp_path, HEAD.encode() + text * (100_000_000 // len(text)))
    assert_no_verdict(result, "32 MiB")


def test_file_below_the_limit_is_read_to_its_end(tmp_path):
    line = b"# " + b"x" * 97 + b"\n"
    assert judged(tmp_path, (HEAD + BOX).encode() + line * 300_000).code == PASS


def test_file_of_many_containers_is_an_error(tmp_path):
    pod = HEAD + "  containers:\n" + "  - {name: c, image: i}\n" * 1000
    many = judged(tmp_path, "---\n".join([pod] * 201))
    assert_no_verdict(many, "more than 200000 containers", position=("m.yaml", 0))


def test_pod_of_many_containers_is_an_error(tmp_path):
    """Each is held beside the others: 2,048 take no second."""
    def pod(count):
        return HEAD + "  containers:\n" + "".join(f"  - {{name: c{n}, image: i}}\n" for n in range(count))
    assert judged(tmp_path, pod(2048)).code == FAIL
    assert_no_verdict(judged(tmp_path, pod(2049)), "2048 containers in one pod", position=("m.yaml", 1))
