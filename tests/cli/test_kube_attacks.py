"""Hostile manifests for `nonzero lint`: what kubectl and the API server would read as root must never
pass here, whatever the spelling."""

import contextlib
import os
import pty
import subprocess

import pytest
from kube_case import HEAD
from lint_kit import assert_no_verdict, lint, put, rules
from program import ERROR, FAIL, PASS, PROGRAM, run

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
    "line-separator-in-a-comment": context("runAsUser: 1000 # note\u2028      runAsNonRoot: no"),
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


# Windows, where nobody reads runAsUser --------------------------------------------------------------

WANTS = "{matchExpressions: [{key: kubernetes.io/os, operator: In, values: [%s]}]}"
AFFINITY = ("  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
            "{nodeSelectorTerms: [%s]}}}\n")
NODES = {
    "old-label": ("  nodeSelector: {beta.kubernetes.io/os: windows}\n", "unknown"),
    "affinity": (AFFINITY % (WANTS % "windows"), "unknown"),
    "affinity-to-either": (AFFINITY % (WANTS % "windows, linux"), "non-root"),
    "affinity-of-one-term": (AFFINITY % (WANTS % "windows" + ", " + WANTS % "linux"), "non-root"),
    "os-says-otherwise": ("  os: {name: linux}\n" + AFFINITY % (WANTS % "windows"), "non-root"),
    "binary-label": ("  nodeSelector: {kubernetes.io/os: !!binary d2luZG93cw==}\n", "unknown"),
}


@pytest.mark.parametrize("name", NODES)
def test_pod_that_only_nodes_of_windows_take_is_of_windows(tmp_path, name):
    fields, state = NODES[name]
    result = judged(tmp_path, HEAD + fields + context("runAsUser: 1000")[len(HEAD):])
    assert result.subjects[0]["user"]["state"] == state


# Pods where nobody looks ----------------------------------------------------------------------------

EVIL = "{name: evil, image: images.example/evil, securityContext: {runAsUser: 0}}"
EVIL_POD = f"{{apiVersion: v1, kind: Pod, metadata: {{name: evil}}, spec: {{containers: [{EVIL}]}}}}"

BURIED = {
    # kubectl takes whatever has items for a list.
    "items-of-a-config-map": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\nitems: [{EVIL_POD}]\n",
    "items-of-a-pod": context("runAsUser: 1000")
    + f"items:\n- metadata: {{name: evil}}\n  spec: {{containers: [{EVIL}]}}\n",
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


# Memory and time: the runner holds each to its bounds ------------------------------------------------

LONG = "x" * 1_000_000


def containers(count, fields=""):
    return "[" + ", ".join(f"{{name: c{i}, image: x{fields}}}" for i in range(count)) + "]"


def pod_of(metadata, spec):
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{{metadata}}}\nspec: {{{spec}}}\n"


REFUSED = {
    "long-text-behind-aliases": f'apiVersion: example.com/v1\nkind: Fleet\na: &a "{LONG}"\nb:\n' + "- *a\n" * 20000,
    "containers-without-end": pod_of("name: a", f"containers: {containers(20000)}"),
    "name-without-end": pod_of(f'name: "{LONG}"', f"containers: {containers(900)}"),
    "image-without-end": pod_of("name: a", f'containers: [{{name: a, image: "{LONG}"}}]'),
    "user-name-without-end": pod_of("name: a", f'os: {{name: windows}}, securityContext: {{windowsOptions: '
                                    f'{{runAsUserName: "{LONG}"}}}}, containers: {containers(900)}'),
    "annotation-without-end": pod_of(f'name: a, annotations: {{checkov.io/skip1: "CKV_K8S_40={LONG}"}}',
                                     f"containers: {containers(900)}"),
    "annotations-without-end": pod_of("name: a, annotations: {"
                                      + ", ".join(f"checkov.io/skip{i}: CKV_K8S_40" for i in range(20000)) + "}",
                                      f"containers: {containers(900)}"),
    "merge-keys-without-end": HEAD + "".join(f"  <<: {{k{i}: 1}}\n" for i in range(50000)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_grows_with_its_square_is_refused(tmp_path, name):
    assert_no_verdict(judged(tmp_path, REFUSED[name]), position=("pod.yaml", 0))


def test_long_key_of_a_custom_resource_is_told_in_short(tmp_path):
    text = f'apiVersion: example.com/v1\nkind: Fleet\nmetadata: {{name: a}}\n"{LONG}": ' \
           f'{{containers: {containers(900, ", securityContext: {runAsUser: -1}")}}}\n'
    result = judged(tmp_path, text)
    assert result.code == FAIL and len(result.out) < 4_000_000


def test_reason_of_an_annotation_is_told_in_short(tmp_path):
    text = pod_of(f'name: a, annotations: {{checkov.io/skip1: "CKV_K8S_40={LONG[:200_000]}"}}',
                  f"containers: {containers(900, ', securityContext: {runAsUser: 0}')}")
    result = judged(tmp_path, text)
    assert result.code in (PASS, FAIL) and len(result.out) < 4_000_000


@pytest.mark.parametrize("profile", ["cbpp-0002", "restricted", "openshift:restricted-v2"])
def test_thousands_of_pods_and_namespaces_are_judged_soon(tmp_path, profile):
    count = 8000
    text = "".join(f"---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n{i}}}\n" for i in range(count))
    text += "".join(f"---\n{pod_of(f'name: p, namespace: n{count - 1 - i}', 'containers: ' + containers(1))}"
                    for i in range(count))
    put(tmp_path, {"pod.yaml": text.encode()})
    result = run("lint", "--no-policy", "--images", "none", "-q", "--profile", profile, "pod.yaml", cwd=tmp_path)
    assert result.code == (PASS if profile.startswith("openshift") else FAIL) and result.cpu < 20


# What --fix may write -------------------------------------------------------------------------------

MENDABLE = POD + "    securityContext: {runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000}\n"


def fix(place, *args):
    return run("lint", "--no-policy", "--images", "none", "--fix", *args, cwd=place)


def test_link_in_a_folder_is_not_followed_out_of_it(tmp_path):
    put(tmp_path, {"out/victim.yaml": MENDABLE, "repo/own.yaml": MENDABLE, "repo/sub/inner.yaml": MENDABLE})
    (tmp_path / "repo/link.yaml").symlink_to("../out/victim.yaml")
    (tmp_path / "repo/near.yaml").symlink_to("sub/inner.yaml")
    result = fix(tmp_path, "repo")
    assert result.code == ERROR and b"repo/link.yaml: not changed" in result.err, result
    assert (tmp_path / "out/victim.yaml").read_text() == MENDABLE
    for own in ("own.yaml", "sub/inner.yaml"):
        assert "allowPrivilegeEscalation: false" in (tmp_path / "repo" / own).read_text()
    assert (tmp_path / "repo/link.yaml").is_symlink() and (tmp_path / "repo/near.yaml").is_symlink()


def test_link_that_is_named_is_followed(tmp_path):
    put(tmp_path, {"out/pod.yaml": MENDABLE})
    (tmp_path / "link.yaml").symlink_to("out/pod.yaml")
    assert fix(tmp_path, "link.yaml").code == PASS
    assert "allowPrivilegeEscalation: false" in (tmp_path / "out/pod.yaml").read_text()


def test_file_that_changed_since_it_was_judged_is_not_written(tmp_path):
    put(tmp_path, {"a.yaml": MENDABLE})
    reads, writes = os.pipe()
    args = ["lint", "--no-policy", "--images", "none", "--fix", "--jobs", "1", "a.yaml", f"/dev/fd/{reads}"]
    with subprocess.Popen([PROGRAM, *args], cwd=tmp_path, pass_fds=[reads], stderr=subprocess.PIPE,
                          stdout=subprocess.PIPE) as program:
        os.close(reads)
        # More than a pipe holds: written once the program reads its second input.
        with open(writes, "wb") as pipe:
            pipe.write(b"# more\n" * 20000)
            other = MENDABLE.replace("name: web", "name: other-name-than-before")
            (tmp_path / "a.yaml").write_text(other)
            pipe.write(MENDABLE.encode())
        out, err = program.communicate(timeout=60)
    assert program.returncode == ERROR and b"a.yaml: it is not what was judged" in err, (out, err)
    assert (tmp_path / "a.yaml").read_text() == other


def test_diff_does_not_steer_a_terminal(tmp_path):
    put(tmp_path, {"Dockerfile": "FROM scratch\n# \x1b[31mred \u202e\tx\nCMD [\"x\"]\n"})
    terminal, end = pty.openpty()
    args = [PROGRAM, "lint", "--no-policy", "--no-images", "--fix", "--diff", "Dockerfile"]
    with subprocess.Popen(args, cwd=tmp_path, stdout=end, stderr=end, stdin=subprocess.DEVNULL):
        os.close(end)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while piece := os.read(terminal, 65536):
                shown += piece
    os.close(terminal)
    assert b"+USER" in shown and b"red" in shown
    assert b"\x1b" not in shown and "\u202e".encode() not in shown
    piped = run(*args[1:], cwd=tmp_path)
    assert " # \x1b[31mred \u202e\tx\n".encode() in piped.out


# Exceptions ----------------------------------------------------------------------------------------

ADMITTED = """\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: monitoring}
spec:
  template:
    spec:
      containers:
      - {name: agent, image: x, securityContext: {runAsUser: 0, privileged: true}}
"""
COVERS = {
    "namespace: monitoring": True,
    "namespace: 'mon*'\n  container: agent": True,
    "container: agent": True,
    "image: DaemonSet/monitoring/agent agent": True,
    "image: DaemonSet/**": True,
    "path: /pod.yaml": True,
    "namespace: default": False,
    "container: other": False,
    "namespace: monitoring\n  container: other": False,
    "executable: /agent": False,
}


@pytest.mark.parametrize("pattern", COVERS)
def test_exception_of_a_policy_covers_a_container_by_its_names(tmp_path, pattern):
    head = "exceptions:\n" + "".join(
        f"- rule: {rule}\n  reason: it reads the host\n  owner: platform\n  {pattern}\n"
        for rule in ("image-user", "privileged-container"))
    put(tmp_path, {"policy.yaml": head.encode()})
    result = judged(tmp_path, ADMITTED, "--policy", "policy.yaml")
    assert result.code == (PASS if COVERS[pattern] else FAIL), result


def test_exception_by_namespace_covers_no_manifest_that_names_none(tmp_path):
    put(tmp_path, {"policy.yaml": b"exceptions:\n- rule: image-user\n  reason: x\n  owner: y\n  namespace: 'm*'\n"})
    text = ADMITTED.replace(", namespace: monitoring", "").replace(", privileged: true", "")
    assert judged(tmp_path, text, "--policy", "policy.yaml").code == FAIL


@pytest.mark.parametrize("name", [name for name, (_, state) in NODES.items() if state == "unknown"])
def test_pod_of_windows_gets_no_fields_of_linux(tmp_path, name):
    put(tmp_path, {"pod.yaml": HEAD + NODES[name][0] + POD[len(HEAD):]})
    result = fix(tmp_path, "--diff", "pod.yaml")
    assert b"runAsUser" not in result.out and b"proposal" not in result.err, result
