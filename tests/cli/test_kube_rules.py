"""What containers of pods are found to have beside their user: levels, words, the names of other tools."""

import pytest
from lint_kit import lint, put, rules
from oddimage import Image, oci_archive
from oddtar import archive, file
from program import FAIL, PASS

HARD = "runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, allowPrivilegeEscalation: false"


def pod(spec="", own=HARD, more="", context=""):
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  securityContext: {{{context}}}\n"
        + "".join(f"  {line}\n" for line in spec.splitlines())
        + f"  containers:\n  - name: a\n    image: quay.io/a/b:1\n    securityContext: {{{own}}}\n"
        + "".join(f"    {line}\n" for line in more.splitlines())
    )


@pytest.fixture
def judged(tmp_path):
    def judge(text, *args):
        put(tmp_path, {"pod.yaml": text})
        return lint(*args, "pod.yaml", cwd=tmp_path)

    return judge


def test_a_hardened_pod_has_nothing(judged):
    result = judged(pod())
    assert result.code == PASS and rules(result.subject) == set(), result


def own(text):
    return pod(own=f"{HARD}, {text}")


# text, rule, level, words of the message
FOUND = [
    (pod(own="runAsUser: 0"), "image-user", "fail", "starts as root: runAsUser: 0 of the container"),
    (pod("hostUsers: false", own="runAsUser: 0"), "image-user", "fail", "starts as root of a user namespace"),
    (pod(own=""), "image-user", "warn", "starts as an unknown user"),
    (pod(own="runAsNonRoot: true, runAsUser: 0"), "kubelet-refuses", "fail", "runAsUser breaks non-root policy"),
    (pod(own="runAsNonRoot: true"), "kubelet-refuses", "warn", "whether the kubelet starts it is not known"),
    (pod(own="runAsUser: -1"), "kubelet-refuses", "fail", "the API server says"),
    (pod(own="privileged: true, runAsUser: 1"), "privileged-container", "fail", "privileged: true"),
    (own("capabilities: {add: [ALL]}"), "added-capability", "fail", "ALL"),
    (own("capabilities: {add: [cap_sys_admin]}"), "added-capability", "warn", "SYS_ADMIN, which is as good as root"),
    (own("capabilities: {add: [CHOWN]}"), "added-capability", "warn", "CHOWN"),
    (own("capabilities: {add: [NET_BIND_SERVICE]}"), "added-capability", "warn", "ip_unprivileged_port_start"),
    (own("capabilities: {add: [NET_BIND_SERVICE]}"), "added-capability", "warn", "does not reach a process"),
    (pod(own="runAsUser: 1, allowPrivilegeEscalation: true"), "new-privileges", "info", "allowPrivilegeEscalation: true"),
    (pod(own="runAsUser: 1"), "new-privileges", "info", "is not set, which is true"),
    (pod("hostPID: true"), "host-namespaces", "warn", "hostPID: true shows the processes"),
    (pod("hostIPC: true"), "host-namespaces", "warn", "hostIPC: true"),
    (pod("hostNetwork: true"), "host-namespaces", "info", "hostNetwork: true"),
    (pod("hostUsers: true"), "host-userns", "info", "hostUsers: true"),
    (pod("hostUsers: true", own="runAsUser: 0"), "host-userns", "warn", "hostUsers: true"),
    (pod("hostUsers: false", own=f"{HARD}, procMount: Unmasked"), "unmasked-proc", "warn", "procMount: Unmasked"),
    (pod(own="runAsUser: 1, runAsGroup: 0"), "root-group", "warn", "runAsGroup: 0 of the container"),
    (pod(context="fsGroup: 0"), "root-group", "warn", "fsGroup: 0"),
    (pod(context="supplementalGroups: [0]"), "root-group", "warn", "supplementalGroups: 0"),
    (pod(own="runAsUser: 1"), "no-run-as-non-root", "info", "runAsNonRoot is not set"),
    (pod(own="runAsUser: 1, runAsNonRoot: false"), "no-run-as-non-root", "info", "runAsNonRoot: false of the container"),
    (pod(own=""), "no-run-as-non-root", "warn", "the next image may start as root"),
    (pod(more="ports: [{containerPort: 80}]"), "low-port", "info", "the Service's targetPort"),
    (pod(own="runAsUser: 0", more="ports: [{containerPort: 80}]"), "low-port", "warn", "listen on 8080"),
]


@pytest.mark.parametrize("text, rule, level, words", FOUND, ids=[f"{row[1]}:{row[3][:30]}" for row in FOUND])
def test_a_container_is_found(judged, text, rule, level, words):
    subject = judged(text).subject
    found = [one for one in subject["findings"] if one["rule"] == rule]
    assert len(found) == 1, subject
    assert found[0]["level"] == level and words in found[0]["message"], found
    assert found[0]["file"] == "pod.yaml" and found[0]["line"] >= 1


# text, a rule that would be wrong
NOT_FOUND = [
    (own("capabilities: {drop: [ALL]}"), "added-capability"),
    (own("capabilities: {add: [CHOWN], drop: [chown]}"), "added-capability"),
    (own("capabilities: {add: [ALL], drop: [ALL]}"), "added-capability"),
    (own("privileged: false"), "privileged-container"),
    (pod("hostPID: false\nhostIPC: false\nhostNetwork: false"), "host-namespaces"),
    (pod("hostUsers: false"), "host-userns"),
    (own("procMount: Default"), "unmasked-proc"),
    (pod(context="fsGroup: 1000, supplementalGroups: [1]"), "root-group"),
    (pod(own="runAsUser: 0, runAsGroup: 0"), "root-group"),
    (pod(own="runAsNonRoot: true, runAsUser: 1"), "root-group"),
    (pod(context="runAsNonRoot: true", own="runAsUser: 1"), "no-run-as-non-root"),
    (pod(more="ports: [{containerPort: 8080}]"), "low-port"),
    (pod(context="sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: '0'}]",
         more="ports: [{containerPort: 80}]"), "low-port"),
    (pod(own="runAsNonRoot: true, runAsUser: 0"), "image-user"),
]


@pytest.mark.parametrize("text, rule", NOT_FOUND, ids=[f"{row[1]}:{i}" for i, row in enumerate(NOT_FOUND)])
def test_a_container_is_not_found(judged, text, rule):
    assert rule not in rules(judged(text).subject)


def test_a_named_user_of_an_image_is_given_its_number(tmp_path):
    """Without a gate it starts, and with one it would be refused. A name of Windows is no such."""
    image = oci_archive(tmp_path / "image.tar", Image([archive(file("etc/passwd", body="app:x:1000:7::/:\n"))],
                                                      user="app"))  # fmt: skip
    put(tmp_path, {"pod.yaml": pod(own=""), "windows.yaml":
                   pod("os: {name: windows}", own="windowsOptions: {runAsUserName: ContainerUser}")})
    known = f"quay.io/a/b:1=oci-archive:{image}"
    found = lint("--image", known, "pod.yaml", cwd=tmp_path).subject["findings"]
    assert [one["message"] for one in found if one["rule"] == "user-not-numeric"] == [
        "the user is named (app); set `runAsUser: 1000`"]
    assert "user-not-numeric" not in rules(lint("windows.yaml", cwd=tmp_path).subject)


def test_what_to_do_depends_on_who_refuses(judged):
    remedies = [judged(pod(own=text)).subject["findings"][0]["remedy"]
                for text in ("runAsNonRoot: true, runAsUser: 0", "runAsUser: -1")]
    assert "runAsUser" in remedies[0] and "the field that the message names" in remedies[1], remedies


def test_net_bind_service_is_advised_against_where_it_does_not_help(judged):
    """As root it does what it says."""
    found = judged(pod(own="runAsUser: 0, capabilities: {add: [NET_BIND_SERVICE]}")).subject["findings"]
    assert "does not reach" not in next(one["message"] for one in found if one["rule"] == "added-capability")


# A name of another tool, and what finds it.
NAMES = [
    ("KSV-0012", "runAsUser: 0", "image-user"), ("KSV-0105", "runAsUser: 0", "image-user"),
    ("CKV_K8S_23", "runAsUser: 0", "image-user"), ("CKV_K8S_40", "runAsUser: 0", "image-user"),
    ("C-0013", "runAsUser: 0", "image-user"), ("run-as-non-root", "runAsUser: 0", "image-user"),
    ("runAsRootAllowed", "runAsUser: 0", "image-user"),
    ("container-security-context-user-group-id", "runAsUser: 0", "image-user"),
    ("KSV-0017", "runAsNonRoot: true, runAsUser: 1000, privileged: true", "privileged-container"),
    ("CKV_K8S_25", f"{HARD}, capabilities: {{add: [ALL]}}", "added-capability"),
]


@pytest.mark.parametrize("name, context, rule", NAMES, ids=[row[0] for row in NAMES])
def test_other_tools_names_ignore(judged, name, context, rule):
    before = judged(pod(own=context))
    assert before.code == FAIL and rule in rules(before.subject), before
    assert rule not in rules(judged(pod(own=context), "--ignore", name).subject)
