"""Bad input of `nonzero lint` for Kubernetes: an error with FILE:LINE:COLUMN and exit 2, or the word that
something was not covered; never a pass that nobody has looked at, and always soon."""

import os

import pytest
from kube_case import HEAD
from lint_kit import assert_no_verdict, lint, put
from program import ERROR, FAIL, PASS, assert_printable, run

SECONDS = 20  # far off: it holds on a busy machine and under sanitizers
MEGA = 1 << 20
QUIET = ("--no-policy", "--images", "none")

GOOD = HEAD + """\
  securityContext: {runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000}
  containers:
  - name: app
    image: images.example/app:1
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""
SECOND = GOOD.replace("name: web", "name: second")


def judged(place, text, name="pod.yaml"):
    put(place, {name: text if isinstance(text, bytes) else text.encode()})
    result = lint(name, cwd=place)
    assert result.cpu < SECONDS, result
    assert_printable(result.err)
    return result


def test_what_all_of_these_break_passes(tmp_path):
    assert judged(tmp_path, GOOD).code == PASS
    assert judged(tmp_path, GOOD + "---\n" + SECOND).code == PASS


# What cannot be read -------------------------------------------------------------------------------


def after(text, broken):
    """A good document, and a broken one."""
    return text + "---\n" + broken, text.count("\n") + 1


BROKEN = {
    # name: (text, line; 0: any)
    "flow-without-an-end": (HEAD + "  containers: [{name: app, image: x\n", 0),
    "quote-without-an-end": (GOOD + '  hostname: "web\n', 0),
    "two-colons": (HEAD + "  containers: a: b\n", 6),
    "bad-indentation": (GOOD + " hostname: web\n", 11),
    "tab-as-indentation": (HEAD + "\tcontainers:\n\t- name: app\n", 6),
    "tab-behind-blanks": (HEAD + "  containers:\n  - name: app\n  \timage: x\n", 8),
    "list-item-in-a-map": (HEAD + "  hostname: a\n  - name: app\n", 7),
    "unknown-alias": (HEAD + "  securityContext: *tight\n  containers: [{name: app, image: x}]\n", 6),
    "alias-of-itself": (HEAD + "  securityContext: &a {x: *a}\n  containers: [{name: app, image: x}]\n", 0),
    "merge-of-itself": (HEAD + "  securityContext: &a\n    <<: *a\n  containers: [{name: app, image: x}]\n", 0),
    "merge-of-a-scalar": (GOOD + "  x: &s word\n  affinity: {<<: *s}\n", 0),
    "unknown-directive-and-no-start": ("%YAML 3.0\n" + GOOD, 1),
    "reserved-character": (HEAD + "  containers: @x\n", 6),
    "backtick": (HEAD + "  containers: `x`\n", 6),
    "complex-key": (HEAD + "  ? [a, b]\n  : c\n  containers: [{name: app, image: x}]\n", 6),
    "duplicate-key": (GOOD + "  hostPID: false\n  hostPID: true\n", 12),
    "duplicate-context": (GOOD + "  securityContext: {runAsUser: 0}\n", 11),
    "duplicate-containers": (GOOD + "  containers: [{name: a, image: b}]\n", 11),
    "duplicate-user": (GOOD.replace("runAsUser: 1000,", "runAsUser: 1000, runAsUser: 0,"), 6),
    "duplicate-kind": (GOOD.replace("kind: Pod\n", "kind: ConfigMap\nkind: Pod\n"), 3),
    "duplicate-spec": (GOOD + "spec: {containers: []}\n", 11),
    "duplicate-quoted-key": (GOOD + "  hostPID: false\n  'hostPID': true\n", 12),
    "second-document": after(GOOD, "apiVersion: v1\nkind: [\n"),
    "second-document-of-tabs": after(GOOD, "a:\n\tb: c\n"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_yaml_is_an_error_with_its_place(tmp_path, name):
    text, line = BROKEN[name]
    if name.startswith("second-document"):
        line = 0
    assert_no_verdict(judged(tmp_path, text), position=("pod.yaml", line))


BROKEN_JSON = {
    "truncated": ('{"apiVersion": "v1", "kind": "Pod", "spec": {\n', 0),
    "duplicate-key": ('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},\n"spec": {"hostPID": false,\n'
                      '"hostPID": true, "containers": [{"name": "a", "image": "b"}]}}\n', 3),
    "rubbish-behind": ('{"apiVersion": "v1", "kind": "Pod"} x\n', 1),
    "bad-escape": ('{"apiVersion": "v1", "kind": "P\\xod"}\n', 1),
}


@pytest.mark.parametrize("name", BROKEN_JSON)
def test_broken_json_is_an_error_with_its_place(tmp_path, name):
    text, line = BROKEN_JSON[name]
    assert_no_verdict(judged(tmp_path, text, "pod.json"), position=("pod.json", line))


def test_error_does_not_hide_the_other_files(tmp_path):
    put(tmp_path, {"a.yaml": GOOD, "b.yaml": HEAD + "\tx: y\n", "c.yaml": SECOND})
    result = lint("a.yaml", "b.yaml", "c.yaml", cwd=tmp_path)
    assert result.code == ERROR
    assert [one["name"] for one in result.subjects] == ["Pod/web app", "Pod/second app"]
    assert [one["source"] for one in result.report["errors"]] == ["b.yaml"]


# Templates -----------------------------------------------------------------------------------------

TEMPLATES = {
    "value": HEAD + "  containers:\n  - name: app\n    image: {{ .Values.image }}\n",
    "quoted-value": HEAD + '  containers:\n  - name: app\n    image: "{{ .Values.image }}"\n',
    "user": GOOD.replace("runAsUser: 1000", "runAsUser: {{ .Values.uid }}"),
    "block": HEAD + "  containers:\n  {{- range .Values.all }}\n  - name: {{ .name }}\n  {{- end }}\n",
    "condition": "{{- if .Values.on }}\n" + GOOD + "{{- end }}\n",
    "context": GOOD.replace("  securityContext: {runAs", "  securityContext:\n{{ toYaml .x | indent 4 }}\n  x: {runAs"),
    "include": GOOD.replace("metadata:\n", "metadata:\n  labels: {{- include \"chart.labels\" . | nindent 4 }}\n"),
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_is_no_manifest(tmp_path, name):
    """Said, with how to render it."""
    result = judged(tmp_path, TEMPLATES[name], "templates/pod.yaml")
    assert result.code == ERROR, result
    assert b"helm template" in result.err, result
    assert b"templates/pod.yaml:" in result.err, result


def test_templates_of_a_chart_in_a_folder_are_said_to_be_not_covered(tmp_path):
    put(tmp_path, {
        "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "values.yaml": "image: nginx\n",
        "templates/pod.yaml": TEMPLATES["block"],
        "templates/_helpers.tpl": '{{- define "x" -}}{{- end -}}\n',
    })
    result = lint(".", cwd=tmp_path)
    assert result.code != PASS, result
    assert b"templates/pod.yaml" in result.err and b"helm template" in result.err, result


# Nothing that is judged ----------------------------------------------------------------------------

NOTHING = {
    "empty": "",
    "blank-lines": "\n\n\n",
    "comment": "# a pod, some day\n",
    "marks": "---\n---\n...\n",
    "null": "null\n",
    "word": "Pod\n",
    "number": "1000\n",
    "list": "- apiVersion: v1\n  kind: Pod\n",
    "map-of-something-else": "image: nginx\nport: 80\n",
    "no-kind": GOOD.replace("kind: Pod\n", ""),
    "kind-of-nothing": GOOD.replace("kind: Pod", "kind:"),
    "kind-number": GOOD.replace("kind: Pod", "kind: 1"),
    "no-containers": HEAD.replace("spec:\n", "spec: {}\n"),
    "spec-null": HEAD.replace("spec:\n", "spec: null\n"),
    "no-spec": HEAD.replace("spec:\n", ""),
    "containers-empty": HEAD + "  containers: []\n",
    "containers-null": HEAD + "  containers: null\n",
    "container-null": HEAD + "  containers: [null]\n",
    "deployment-without-a-template": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n",
    "list-of-nothing": "apiVersion: v1\nkind: List\nitems: []\n",
    "items-null": "apiVersion: v1\nkind: List\nitems: null\n",
    "pod-of-another-group": GOOD.replace("apiVersion: v1", "apiVersion: example.com/v1").replace("containers", "boxes"),
    "unknown-kind": "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 3}\n",
    "unknown-kind-with-an-image": "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {image: nginx}\n",
    "kustomization": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n",
    "custom-resource-definition": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
    "metadata: {name: w}\nspec:\n  versions:\n  - name: v1\n    schema:\n      openAPIV3Schema:\n        properties:\n"
    "          spec: {properties: {containers: {type: array, items: {properties: {image: {type: string}}}}}}\n",
    "tekton-task": "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: t}\nspec:\n  steps:\n  - {name: a, image: x}\n",
    "argo-workflow": "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n  templates:\n"
    "  - name: a\n    container: {image: x}\n",
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_not_judged_is_said(tmp_path, name):
    """A file that is named, of which no container is judged: never exit 0 without a word."""
    result = judged(tmp_path, NOTHING[name], "manifest.yaml")
    subjects = result.subjects if result.out else []
    assert not any(one["verdict"] == "pass" for one in subjects), result
    if not subjects:
        assert result.err.strip(), f"a silent pass\n{result}"
        assert b"manifest.yaml" in result.err, result
    assert result.code != PASS or not subjects


@pytest.mark.parametrize("name", ["unknown-kind", "unknown-kind-with-an-image", "tekton-task", "argo-workflow"])
def test_what_is_not_covered_beside_a_pod_is_said(tmp_path, name):
    kind = NOTHING[name].split("kind: ")[1].split("\n")[0]
    result = judged(tmp_path, GOOD + "---\n" + NOTHING[name])
    assert result.subjects, result
    said = result.err.decode() + " ".join(note for one in result.subjects for note in one.get("notes", []))
    assert kind in said, result


# Bytes ---------------------------------------------------------------------------------------------

BYTES = {
    "utf-16": GOOD.encode("utf-16"),
    "utf-16-big": GOOD.encode("utf-16-be"),
    "utf-32": GOOD.encode("utf-32"),
    "not-utf-8": GOOD.encode().replace(b"name: app", b"name: \xff\xfe"),
    "surrogate": GOOD.encode().replace(b"name: app", b"name: \xed\xa0\x80"),
    "zero": GOOD.encode().replace(b"name: app", b"name: a\0p"),
    "zero-in-a-number": GOOD.encode().replace(b"runAsUser: 1000", b"runAsUser: 10\x0000"),
    "escape": GOOD.encode().replace(b"name: app", b"name: \x1b[2J"),
    "gzip": b"\x1f\x8b\x08\x00" + b"\x00\xff\x13" * 500,
    "elf": b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 16,
    "random": bytes((i * 7919 + i // 3) % 256 for i in range(20000)),
}


@pytest.mark.parametrize("name", BYTES)
def test_odd_bytes_are_no_silent_pass(tmp_path, name):
    """UTF-16 and UTF-32 are YAML; what they say may be judged."""
    result = judged(tmp_path, BYTES[name])
    if name.startswith("utf-"):
        assert result.code == ERROR or (result.code == PASS and len(result.subjects) == 1), result
    else:
        assert result.code in (ERROR, FAIL), result


HOSTILE = "a\\x1b]0;x\\x07\\n::error::forged\\u202e\\u2028\\U0001f600"


@pytest.mark.parametrize("where", ["name: web", "name: app", "images.example/app:1", "kind: Pod"])
def test_no_text_of_a_manifest_drives_a_terminal(tmp_path, where):
    key, _, _ = where.rpartition(" ")
    text = GOOD.replace(where, f'{key} "{HOSTILE}"' if key else f'"{HOSTILE}"')
    put(tmp_path, {"pod.yaml": text})
    for form in ("text", "github", "gitlab", "junit", "html", "sarif", "cnf"):
        result = run("lint", *QUIET, "--format", form, "pod.yaml", cwd=tmp_path)
        assert_printable(result.err)
        assert_printable(result.out.replace(b"\r\n", b"\n") if form == "html" else result.out)
        assert not result.out.startswith(b"::error::forged") and b"\n::error::forged" not in result.out, result


# Sizes ---------------------------------------------------------------------------------------------


def bomb(width=10, depth=12):
    """A list of lists of lists ..., by aliases: 10 to the 12th words."""
    lines = ["  a0: &a0 [x]"]
    lines += [f"  a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * width)}]" for i in range(depth)]
    return "\n".join(lines) + "\n"


def merge_bomb(depth=24):
    """Maps that merge two aliases of the map before."""
    lines = ["  m0: &m0 {k0: v}"]
    lines += [f"  m{i + 1}: &m{i + 1} {{<<: [*m{i}, *m{i}], k{i + 1}: v}}" for i in range(depth)]
    return "\n".join(lines) + "\n"


def container(name, user=1000):
    return (f"  - name: {name}\n    image: images.example/app:1\n    securityContext:\n"
            f"      {{runAsUser: {user}, runAsNonRoot: true, runAsGroup: 1, allowPrivilegeEscalation: false}}\n")


# Each is written to make something grow with its square, or without end. The last container is root.
ROOT = "  - {name: last, image: x, securityContext: {runAsUser: 0}}\n"
GROWING = {
    "alias-bomb": HEAD + bomb() + "  containers:\n" + ROOT,
    "alias-bomb-in-a-known-field": HEAD + bomb() + "  tolerations: *a12\n  containers:\n" + ROOT,
    "alias-bomb-of-containers": HEAD + "  c0: &c0 [{name: a, image: b}]\n" + "".join(
        f"  c{i + 1}: &c{i + 1} [*c{i}, *c{i}]\n" for i in range(40)) + "  containers: *c40\n",
    "merge-bomb": HEAD + merge_bomb() + "  containers:\n" + ROOT,
    "merge-bomb-in-a-context": HEAD + merge_bomb() + "  securityContext: {<<: *m24}\n  containers:\n" + ROOT,
    "merge-chain": HEAD + "  m0: &m0 {runAsUser: 0}\n" + "".join(
        f"  m{i + 1}: &m{i + 1} {{<<: *m{i}}}\n" for i in range(3000))
    + "  securityContext: {<<: *m3000}\n  containers:\n" + ROOT,
    "deep-flow": HEAD + "  x: " + "[" * 100000 + "]" * 100000 + "\n  containers:\n" + ROOT,
    "deep-maps": HEAD + "  x: " + "{a: " * 50000 + "1" + "}" * 50000 + "\n  containers:\n" + ROOT,
    "deep-block": HEAD + "".join(" " * (2 + i) + "a:\n" for i in range(3000)) + "  containers:\n" + ROOT,
    "deep-lists": "apiVersion: v1\nkind: List\nitems:\n" + "- " * 5000 + "x\n",
    "lists-in-lists": '{"kind":"List","apiVersion":"v1","items":[' * 3000 + "]}" * 3000,
    "containers": HEAD + "  containers:\n" + "".join(container(f"c{i}") for i in range(3000)) + ROOT,
    "keys": HEAD + "".join(f"  k{i}: v\n" for i in range(100000)) + "  containers:\n" + ROOT,
    "annotations": GOOD.replace("spec:", "  annotations:\n" + "".join(f"    k{i}: v\n" for i in range(50000)) + "spec:")
    + ROOT,
    "documents": "".join(f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{i}}}\n" for i in range(20000))
    + "---\n" + HEAD + "  containers:\n" + ROOT,
    "marks": "---\n" * 200000 + HEAD + "  containers:\n" + ROOT,
    "long-line": HEAD + "  x: " + "y" * (4 * MEGA) + "\n  containers:\n" + ROOT,
    "long-key": HEAD + "  " + "k" * (2 * MEGA) + ": v\n  containers:\n" + ROOT,
    "comments": HEAD + "# more\n" * 300000 + "  containers:\n" + ROOT,
    "anchors": HEAD + "".join(f"  k{i}: &k{i} v\n" for i in range(30000)) + "  containers:\n" + ROOT,
    "number": HEAD + "  containers:\n  - {name: a, image: x, securityContext: {runAsUser: " + "9" * 100000 + "}}\n",
    "capabilities": HEAD + "  containers:\n  - {name: a, image: x, securityContext: {runAsUser: 0, capabilities: {add: ["
    + "CHOWN, " * 50000 + "KILL]}}}\n",
    "one-line": '{"apiVersion":"v1","kind":"List","items":[' + ",".join(
        '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p%d"},"spec":{"containers":[{"name":"a","image":"x",'
        '"securityContext":{"runAsUser":0}}]}}' % i for i in range(5000)) + "]}\n",
    "quotes": HEAD + '  x: "' + "\\\\" * MEGA + '"\n  containers:\n' + ROOT,
}


@pytest.mark.parametrize("name", GROWING)
def test_nothing_grows_without_end(tmp_path, name):
    result = judged(tmp_path, GROWING[name])
    if result.code == ERROR:
        assert_no_verdict(result, "pod.yaml")
    else:
        assert result.code == FAIL, result


def huge(path, line, size=100 * MEGA):
    """A pod, and 100 MB behind it; in the file system most of it is written once."""
    with open(path, "wb") as file:
        file.write(GOOD.encode())
        block = line * (MEGA // len(line))
        while file.tell() < size:
            file.write(block)
    return path


@pytest.mark.parametrize("line", [b"# comment\n", b"  x: y\n", b"---\n", b"\n", b"x", b"---\nkind: ConfigMap\n"])
def test_file_of_100_megabytes_is_an_error(tmp_path, line):
    huge(tmp_path / "pod.yaml", line)
    result = lint("pod.yaml", cwd=tmp_path)
    assert_no_verdict(result, "pod.yaml")
    assert result.cpu < SECONDS
    os.unlink(tmp_path / "pod.yaml")


def test_huge_json_is_an_error(tmp_path):
    put(tmp_path, {"pod.json": '{"apiVersion":"v1","kind":"Pod","x":"' + "y" * (100 * MEGA) + '"}'})
    assert_no_verdict(lint("pod.json", cwd=tmp_path), "pod.json")
    os.unlink(tmp_path / "pod.json")


def test_endless_standard_input_is_an_error():
    def endless():
        yield GOOD.encode()
        while True:
            yield b"# more\n" * 10000

    result = lint("-", stdin=endless())
    assert result.code == ERROR and result.cpu < SECONDS


# Files ---------------------------------------------------------------------------------------------


def test_file_that_is_not_there_is_an_error(tmp_path):
    assert_no_verdict(lint("pod.yaml", cwd=tmp_path), "pod.yaml")


def test_folder_without_manifests_is_no_silent_pass(tmp_path):
    put(tmp_path, {"values.yaml": "image: nginx\n", "README.md": "# read me\n"})
    result = lint(".", cwd=tmp_path)
    assert result.code != PASS and result.err.strip(), result


def test_link_in_a_circle_ends(tmp_path):
    put(tmp_path, {"a/pod.yaml": GOOD})
    (tmp_path / "a" / "b").symlink_to("..")
    result = lint(".", cwd=tmp_path)
    assert result.code == PASS and len(result.subjects) == 1, result


# YAML that only some readers take ------------------------------------------------------------------

TAGS = {
    "user-of-text": "securityContext: {runAsUser: !!str 1000}",
    "user-of-a-fraction": "securityContext: {runAsUser: !!float 1000.5}",
    "user-of-binary": "securityContext: {runAsUser: !!binary MTAwMA==}",
    "user-of-a-tag": "securityContext: {runAsUser: !Ref uid}",
    "context-of-a-tag": "securityContext: !Include tight.yaml",
    "context-of-a-set": "securityContext: !!set {runAsUser}",
    "python": "securityContext: !!python/object/apply:os.system [id]",
}


@pytest.mark.parametrize("name", TAGS)
def test_tag_does_not_make_a_user(tmp_path, name):
    text = HEAD + f"  {TAGS[name]}\n  containers:\n  - {{name: app, image: x}}\n"
    assert judged(tmp_path, text).code in (ERROR, FAIL)
