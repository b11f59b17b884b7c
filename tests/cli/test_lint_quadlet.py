"""`nonzero lint` on Podman's Quadlet units: .container, by its image or .build, and .build."""

import pytest
from lint_kit import ROOT, USER, assert_no_verdict, lint, places, put, rules
from program import ERROR, FAIL, PASS

IMAGE = "Image=registry.example.com/app:1"


@pytest.fixture
def unit(tmp_path):
    """The subject of app.container, whose section [Container] has these lines, from line 2 on."""

    def unit(*lines, files=(), args=(), name="app.container"):
        text = "[Container]\n" + "\n".join(lines) + "\n"
        put(tmp_path, {"app.container": text, **dict(files)})
        (one,) = lint(*args, name, cwd=tmp_path).subjects
        assert "app" in one["name"]
        return one

    return unit


# lines, state, uid, gid
USERS = [
    ([IMAGE], "unknown", None, None),
    ([IMAGE, "User=1000"], "non-root", 1000, None),
    ([IMAGE, "User=1000", "Group=1001"], "non-root", 1000, 1001),
    ([IMAGE, "User=1000:1001"], "non-root", 1000, 1001),
    ([IMAGE, "User=0"], "root", 0, None),
    ([IMAGE, "User=00"], "root", 0, None),
    ([IMAGE, "User=0", "Group=1000"], "root", 0, None),
    ([IMAGE, "User=app"], "unknown", None, None),
    ([IMAGE, "User=0", "User=1000"], "non-root", 1000, None),
    ([IMAGE, "User=1000", "User=0"], "root", 0, None),
    ([IMAGE, "User = 1000 "], "non-root", 1000, None),
    ([IMAGE, "# User=1000", "; User=1000"], "unknown", None, None),
    ([IMAGE, "PodmanArgs=--user 1000"], "non-root", 1000, None),
    ([IMAGE, "PodmanArgs=--user=0"], "root", 0, None),
    ([IMAGE, "PodmanArgs=-u 0 --init"], "root", 0, None),
    ([IMAGE, "PodmanArgs=--init \\", "  --user 1000"], "non-root", 1000, None),
    (["Image=docker.io/library/debian:12"], "root", 0, None),
    (["Image=gcr.io/distroless/static-debian12:nonroot"], "non-root", 65532, None),
]


@pytest.mark.parametrize("lines, state, uid, gid", USERS, ids=[" ".join(u[0][0:]) for u in USERS])
def test_unit_starts_as(unit, lines, state, uid, gid):
    one = unit(*lines)
    assert one["user"]["state"] == state, one
    assert uid is None or one["user"]["uid"] == uid
    assert gid is None or one["user"]["gid"] == gid
    assert one["verdict"] == {"root": "fail", "non-root": "pass"}.get(state, "unknown"), one


def test_line_of_the_user(unit):
    assert ("app.container", 3) in places(unit(IMAGE, "User=0"), "image-user")


# line, rule, is it found
MORE = [
    ("AddCapability=SYS_ADMIN", "added-capability", True),
    ("AddCapability=CAP_NET_ADMIN CAP_SYS_ADMIN", "added-capability", True),
    ("AddCapability=all", "added-capability", True),
    ("DropCapability=all", "added-capability", False),
    ("PodmanArgs=--cap-add SYS_ADMIN", "added-capability", True),
    ("PodmanArgs=--cap-add=SYS_ADMIN", "added-capability", True),
    ("PodmanArgs=--privileged", "privileged-container", True),
    ("PodmanArgs=--privileged=true", "privileged-container", True),
    ("PodmanArgs=--privileged=false", "privileged-container", False),
    ("PodmanArgs=--label --privileged", "privileged-container", False),
    ("Label=a=--privileged", "privileged-container", False),
    ("NoNewPrivileges=true", "new-privileges", False),
    ("NoNewPrivileges=yes", "new-privileges", False),
    ("NoNewPrivileges=false", "new-privileges", True),
    ("PodmanArgs=--security-opt no-new-privileges", "new-privileges", False),
    ("PodmanArgs=--security-opt=no-new-privileges", "new-privileges", False),
    ("ReadOnly=true", "new-privileges", True),
    ("UserNS=host", "host-userns", True),
    ("PodmanArgs=--userns=host", "host-userns", True),
    ("UserNS=keep-id", "host-userns", False),
    ("UserNS=auto", "host-userns", False),
    ("PublishPort=8080:80", "low-port", True),
    ("PublishPort=80:8080", "low-port", False),
]


@pytest.mark.parametrize("line, rule, there", MORE, ids=[f"{m[1]}:{m[0]}" for m in MORE])
def test_unit_is_found(unit, line, rule, there):
    one = unit(IMAGE, "User=1000", line)
    assert (rule in rules(one)) == there, one
    if there and rule != "new-privileges":
        assert ("app.container", 4) in places(one, rule), one


@pytest.mark.parametrize(
    "line, state",
    [("UserNS=auto", "root-in-userns"), ("PodmanArgs=--userns=auto", "root-in-userns"),
     ("UserNS=nomap", "root-in-userns"), ("UserNS=host", "root"), ("ReadOnly=true", "root")],
)
def test_root_in_a_user_namespace_is_told_apart_and_fails(unit, line, state):
    one = unit(IMAGE, "User=0", line)
    assert (one["user"]["state"], one["verdict"]) == (state, "fail"), one


def test_privileged_unit_is_no_pass(unit):
    assert unit(IMAGE, "User=1000", "PodmanArgs=--privileged")["verdict"] == "fail"


# .build --------------------------------------------------------------------------------------------


def build(*lines):
    return "[Build]\nImageTag=localhost/app:1\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "lines, state",
    [
        (["File=./Dockerfile", "SetWorkingDirectory=unit"], "non-root"),
        (["SetWorkingDirectory=unit"], "non-root"),
        (["SetWorkingDirectory=unit", "File=root/Dockerfile"], "root"),
        (["SetWorkingDirectory=root"], "root"),
        (["SetWorkingDirectory=unit", "Target=first"], "root"),
        (["SetWorkingDirectory=unit", "File=args", "PodmanArgs=--build-arg who=1000"], "non-root"),
        (["SetWorkingDirectory=unit", "File=args"], "root"),
    ],
)
def test_container_of_a_build(unit, lines, state):
    files = {
        "app.build": build(*lines),
        "Dockerfile": f"FROM scratch AS first\n{USER}",
        "root/Dockerfile": ROOT,
        "args": "FROM scratch\nARG who\nUSER $who\n",
    }
    assert unit("Image=app.build", files=files)["user"]["state"] == state


def test_build_by_itself(tmp_path):
    put(tmp_path, {"app.build": build("SetWorkingDirectory=unit"), "Dockerfile": ROOT})
    result = lint("app.build", cwd=tmp_path)
    assert result.code == FAIL
    assert any(("Dockerfile", 1) in places(one, "image-user") for one in result.subjects)
    put(tmp_path, {"Dockerfile": USER})
    assert lint("app.build", cwd=tmp_path).code == PASS


def test_findings_of_the_build_are_the_units(unit):
    files = {
        "app.build": build("SetWorkingDirectory=unit"),
        "Dockerfile": "FROM debian:12\nRUN chmod u+s /x\nUSER 1000\n",
    }
    one = unit("Image=app.build", files=files)
    assert one["verdict"] == "fail"
    assert places(one, "setuid-root") == {("Dockerfile", 2)}


def test_user_over_the_build(unit):
    files = {"app.build": build("SetWorkingDirectory=unit"), "Dockerfile": ROOT}
    assert unit("Image=app.build", "User=1000", files=files)["verdict"] == "pass"


def test_build_that_is_not_there_is_no_pass(tmp_path):
    put(tmp_path, {"app.container": "[Container]\nImage=gone.build\n"})
    result = lint("app.container", cwd=tmp_path)
    assert result.code in (FAIL, ERROR)


BROKEN = {
    "no-section": ("User=1000\n", {}),
    "no-container": ("[Unit]\nDescription=x\n", {}),
    "no-image": ("[Container]\nUser=1000\n", {}),
    "no-equals": (f"[Container]\n{IMAGE}\nUser\n", {}),
    "section-open": ("[Container\nUser=1000\n", {}),
    "dockerfile-that-is-not-there": (
        "[Container]\nImage=app.build\n",
        {"app.build": build("SetWorkingDirectory=unit")},
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_unit_is_an_error(tmp_path, name):
    text, files = BROKEN[name]
    put(tmp_path, {"app.container": text, **files})
    result = lint("app.container", cwd=tmp_path)
    assert_no_verdict(result)
    assert b"app.container:" in result.err or b"app.build:" in result.err, result
