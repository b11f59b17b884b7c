"""`--profile baseline:vX.Y` and `restricted:vX.Y`: which pods the API server's own admission takes, for
every version of its policies, and which of its checks refuse the others. `openshift:*`: which pods the
security context constraints take."""

import pytest
from kube_cases_profiles import CASES, NEWEST
from kube_pod import line_of, text
from program import FAIL, PASS, USAGE, run

BY_NAME = {one.name: one for one in CASES}
assert len(BY_NAME) == len(CASES)
PROFILES = ["baseline", "restricted"]
# Every version where something changed, and its neighbours.
MINORS = sorted({0, 7, 8, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, NEWEST})


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = tmp_path_factory.mktemp("profiles")
    for one in CASES:
        (made / f"{one.name}.json").write_text(text(one.edits))
    return made


def judge(place, profile):
    """{case: its subjects} by a profile."""
    paths = [f"{one.name}.json" for one in CASES]
    args = ("--no-policy", "--images", "none", "--profile", profile, "--format", "json")
    report = run("lint", *args, *paths, cwd=place).report
    assert "errors" not in report, report["errors"]
    found = {one.name: [] for one in CASES}
    for subject in report["subjects"]:
        found[subject["source"].removesuffix(".json")].append(subject)
    return found


@pytest.mark.parametrize("minor", [*MINORS, "latest", ""])
@pytest.mark.parametrize("profile", PROFILES)
def test_profile_is_that_of_the_api_server(place, profile, minor):
    version = f":v1.{minor}" if isinstance(minor, int) else f":{minor}" if minor else ""
    wrong = []
    for name, subjects in judge(place, profile + version).items():
        assert len(subjects) == 3, name
        wanted = BY_NAME[name].rules(profile, minor if isinstance(minor, int) else NEWEST)
        rules = {one["rule"] for subject in subjects for one in subject["findings"]}
        verdicts = {one["verdict"] for one in subjects}
        if rules != wanted or verdicts - {"pass"} != ({"fail"} if wanted else set()):
            wrong.append(f"{name}: {sorted(wanted)}, not {sorted(rules)} ({verdicts})")
    assert not wrong, "\n".join(wrong)


# The words of the API server -----------------------------------------------------------------------

MESSAGES = [
    ("privileged", 'container "app" must not set securityContext.privileged=true'),
    ("host-pid", "hostPID=true"),
    ("host-all", "hostIPC=true"),
    ("escalation-unset", 'container "app" must set securityContext.allowPrivilegeEscalation=false'),
    ("drops-nothing", 'container "app" must set securityContext.capabilities.drop=["ALL"]'),
    ("adds-sys-admin", 'container "app" must not include "SYS_ADMIN" in securityContext.capabilities.add'),
    ("non-root-unset", 'must set securityContext.runAsNonRoot=true'),
    ("non-root-false", "pod must not set securityContext.runAsNonRoot=false"),
    ("non-root-false-of-app", 'container "app" must not set securityContext.runAsNonRoot=false'),
    ("user-0", "pod must not set runAsUser=0"),
    ("user-0-of-app", 'container "app" must not set runAsUser=0'),
    ("unmasked", 'container "app" must not set securityContext.procMount to "Unmasked"'),
    ("seccomp-unset", 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'),
    ("volume-nfs", 'volume "v" uses restricted volume type "nfs"'),
    ("host-port", 'container "app" uses hostPort 80'),
    ("sysctl-bad", "kernel.msgmax"),
    ("probe-livenessProbe-httpGet", "10.0.0.1"),
    ("selinux-type", "spc_t"),
    ("apparmor-unconfined", "Unconfined"),
    ("host-process", "securityContext.windowsOptions.hostProcess=true"),
]


@pytest.fixture(scope="module")
def restricted(place):
    return judge(place, "restricted")


@pytest.mark.parametrize("name, words", MESSAGES)
def test_message_is_the_api_servers(restricted, name, words):
    said = [one["message"] for subject in restricted[name] for one in subject["findings"]]
    assert any(words in message for message in said), said


# Where it stands -----------------------------------------------------------------------------------

PLACES = [
    ("privileged", '"privileged"'),
    ("host-pid", '"hostPID"'),
    ("escalation-true", '"allowPrivilegeEscalation": true'),
    ("adds-sys-admin", '"SYS_ADMIN"'),
    ("non-root-false", '"runAsNonRoot": false'),
    ("user-0", '"runAsUser": 0'),
    ("unmasked", '"procMount"'),
    ("seccomp-unconfined", '"Unconfined"'),
    ("volume-hostPath", '"hostPath"'),
    ("host-port", '"hostPort"'),
    ("sysctl-bad", '"kernel.msgmax"'),
    ("apparmor-annotation-unconfined", '"unconfined"'),
    ("host-process", '"hostProcess"'),
]


@pytest.mark.parametrize("name, word", PLACES)
def test_violation_stands_where_it_is_written(restricted, place, name, word):
    manifest = (place / f"{name}.json").read_text()
    line = line_of(manifest, word)
    lines = {one["line"] for subject in restricted[name] for one in subject["findings"]}
    # The field, or what holds it.
    assert lines & set(range(line - 3, line + 1)), (line, lines)


# The names of profiles -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["restricted:1.31", "restricted:v1", "restricted:v2.0", "restricted:v1.x", "restricted:v1.031", "restricted:",
     "restricted:newest", "baseline:v1.-1", "baseline:v1.99999999999999999999", "privileged:v1.x", "Restricted",
     "restricted:v1.31 ", "openshift:anything", "nothing"],
)
def test_profile_that_does_not_exist_is_wrong_usage(place, name):
    result = run("lint", "--no-policy", "--images", "none", "--profile", name, "nothing.json", cwd=place)
    assert result.code == USAGE, result
    assert result.out == b"" and result.err.strip()


@pytest.mark.parametrize("profile", ["baseline", "restricted", "restricted:v1.0", "baseline:v1.37", "restricted:latest"])
def test_profile_is_named_in_the_report(place, profile):
    result = run("lint", "--no-policy", "--images", "none", "--profile", profile, "--format", "json", "nothing.json",
                 cwd=place)
    assert result.code == PASS and result.report["profile"] == profile


def test_profile_does_not_ask_for_images(place):
    """Pod Security looks at fields alone: what the image says changes nothing."""
    for images in (("--images", "none"), ("--images", "none", "--image", "images.example/1000:1=0")):
        result = run("lint", "--no-policy", *images, "--profile", "restricted", "user-unset.json", cwd=place)
        assert result.code == PASS, result


# OpenShift -----------------------------------------------------------------------------------------

# Under both constraints a pod may say no more than they would give it: no capability but
# NET_BIND_SERVICE, no host, no volumes but the common ones; restricted-v2 takes no UID but the
# namespace's, nonroot-v2 any but 0.
SCC = [
    ("nothing-of-its-own", {"pod.runAsUser": None}, PASS, None),
    ("privileged", {"pod.runAsUser": None, "app.securityContext.privileged": True}, FAIL, FAIL),
    ("host-pid", {"pod.runAsUser": None, "spec.hostPID": True}, FAIL, FAIL),
    ("host-network", {"pod.runAsUser": None, "spec.hostNetwork": True}, FAIL, FAIL),
    ("host-port", {"pod.runAsUser": None, "app.ports": [{"containerPort": 80, "hostPort": 80}]}, FAIL, FAIL),
    ("host-path", {"pod.runAsUser": None, "spec.volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, FAIL, FAIL),
    ("nfs", {"pod.runAsUser": None, "spec.volumes": [{"name": "v", "nfs": {"server": "s", "path": "/"}}]}, FAIL, FAIL),
    ("adds-sys-admin", {"pod.runAsUser": None, "app.securityContext.capabilities.add": ["SYS_ADMIN"]}, FAIL, FAIL),
    ("adds-net-bind-service", {"pod.runAsUser": None, "app.securityContext.capabilities.add": ["NET_BIND_SERVICE"]},
     PASS, None),
    ("escalation", {"pod.runAsUser": None, "app.securityContext.allowPrivilegeEscalation": True}, FAIL, FAIL),
    ("user-0", {"pod.runAsUser": 0}, FAIL, FAIL),
    ("user-0-of-app", {"app.securityContext.runAsUser": 0}, FAIL, FAIL),
    ("user-1000", {"pod.runAsUser": 1000}, None, PASS),
    ("seccomp-unconfined", {"pod.runAsUser": None, "pod.seccompProfile": {"type": "Unconfined"}}, FAIL, FAIL),
]


@pytest.mark.parametrize("name, edits, restricted_v2, nonroot_v2", SCC, ids=[one[0] for one in SCC])
def test_security_context_constraints(tmp_path, name, edits, restricted_v2, nonroot_v2):
    (tmp_path / "pod.json").write_text(text(edits))
    for profile, wanted in (("restricted-v2", restricted_v2), ("nonroot-v2", nonroot_v2)):
        if wanted is not None:
            args = ("--no-policy", "--images", "none", "--profile", f"openshift:{profile}", "pod.json")
            result = run("lint", *args, cwd=tmp_path)
            assert result.code == wanted, (profile, result)
