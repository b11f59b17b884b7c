"""Which user an image starts as, against those who really start it: Podman with runc, Docker, umoci."""

import re

import engines
import judges
import kit
import layouts
import pytest

PASSWD = b"""root:x:0:0:root:/:/bin/sh
app:x:1000:1000::/:/bin/sh
toor:x:0:0::/:/bin/sh
groupless:x:1001:1234::/:/bin/sh
"""
GROUP = b"""root:x:0:
app:x:1000:
staff:x:50:app
"""
REFUSED = None

# USER: what every engine makes of it, (uid, gid) or REFUSED.
USERS = {
    "": (0, 0), "0": (0, 0), "00": (0, 0), "+0": (0, 0), "-0": (0, 0), "root": (0, 0), "toor": (0, 0),
    ":": (0, 0), ":1000": (0, 1000), ":app": (0, 1000), "0:1000": (0, 1000), "root:app": (0, 1000),
    "0:0": (0, 0), "toor:app": (0, 1000),
    "app": (1000, 1000), "app:": (1000, 1000), "app:app": (1000, 1000), "app:0": (1000, 0),
    "app:app:app": (1000, 1000), "1000": (1000, 1000), "1000:app": (1000, 1000),
    "1000:1000": (1000, 1000), "1000:0": (1000, 0), "1000:root": (1000, 0), "+1000": (1000, 1000),
    "01000": (1000, 1000), "groupless": (1001, 1234), "groupless:app": (1001, 1000),
    "4242": (4242, 0), "4242:4242": (4242, 4242), "2147483647": (2147483647, 0),
    "nosuch": REFUSED, "nosuch:app": REFUSED, "app:nosuch": REFUSED, "1000:nosuch": REFUSED,
    "ROOT": REFUSED, "0x0": REFUSED, "-1": REFUSED, "2147483648": REFUSED, "4294967295": REFUSED,
    "4294967296": REFUSED, "1000:2147483648": REFUSED, " app": REFUSED, "app ": REFUSED,
    "1000 ": REFUSED, " 0": REFUSED, "1e3": REFUSED, "1_000": REFUSED, "\u0663": REFUSED,
}

# Another passwd or group, in a second layer: (USER, passwd or None, group or None, result).
DATABASES = {
    "no-passwd-number": ("1000", None, None, (1000, 0)),
    "no-passwd-root": ("root", None, None, REFUSED),
    "no-passwd-name": ("app", None, None, REFUSED),
    "no-passwd-empty": ("", None, None, (0, 0)),
    "no-group-number": ("1000:1000", PASSWD, None, (1000, 1000)),
    "no-group-name": ("app:app", PASSWD, None, REFUSED),
    "root-is-another-uid": ("root", b"root:x:1000:1000::/:/bin/sh\n", GROUP, (1000, 1000)),
    "app-is-uid-0": ("app", b"app:x:0:0::/:/bin/sh\n", GROUP, (0, 0)),
    "a-name-twice-the-first-counts": (
        "app", b"app:x:1000:1000::/:/bin/sh\napp:x:0:0::/:/bin/sh\n", GROUP, (1000, 1000)),
    "a-name-twice-the-first-is-root": (
        "app", b"app:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n", GROUP, (0, 0)),
    "comments-and-blank-lines": ("app", b"\n# app:x:0:0\n  \napp:x:1000:1000::/:/bin/sh\n", GROUP, (1000, 1000)),
    "no-final-newline": ("app", b"app:x:1000:1000::/:/bin/sh", GROUP, (1000, 1000)),
    "short-line": ("app", b"app:x:1000\n", GROUP, (1000, 0)),
    "name-only": ("app", b"app\n", GROUP, (0, 0)),
    "uid-not-a-number": ("app", b"app:x:many:1000::/:/bin/sh\n", GROUP, (0, 1000)),
    "windows-line-ends": ("app", b"app:x:1000:1000::/:/bin/sh\r\n", GROUP, (1000, 1000)),
    "space-around": ("app", b"  app:x:1000:1000::/:/bin/sh  \n", GROUP, (1000, 1000)),
}

# A passwd made to deceive: (USER, passwd, what Podman starts, what umoci writes, verdicts that will do).
# None may pass.  Where somebody starts it as root it must fail; where the runtimes differ on what would
# start, or the number fits no signed 32-bit integer, `unknown` will do as well.
HOSTILE = {
    "uid-2^32-starts-as-root": (
        "app", b"app:x:4294967296:1000::/:/bin/sh\n", (0, 1000), (0, 1000), {"fail"}),
    "uid-2^31": (
        "app", b"app:x:2147483648:1000::/:/bin/sh\n", (2147483648, 1000), (2147483648, 1000),
        {"fail", "unknown"}),
    "uid-negative": (
        "app", b"app:x:-1:1000::/:/bin/sh\n", REFUSED, (4294967295, 1000), {"fail", "unknown"}),
    # CVE-2026-46680: one runtime looked such a number up as a name, and found uid 0.
    "a-number-as-a-name": ("2000", PASSWD + b"2000:x:0:0::/:/bin/sh\n", (2000, 0), (2000, 0), {"fail"}),
}


def base_layer(busybox):
    return [layouts.directory("bin/"), layouts.file("bin/busybox", 0o755, body=busybox),
            layouts.symlink("bin/id", "busybox"), layouts.directory("etc/"),
            layouts.file("etc/passwd", body=PASSWD), layouts.file("etc/group", body=GROUP)]


def database_layer(passwd, group):
    layer = []
    for name, body in (("etc/passwd", passwd), ("etc/group", group)):
        layer.append(layouts.whiteout(name) if body is None else layouts.file(name, body=body))
    return layer


def started_as(done):
    """(uid, gid) from the output of id(1), or REFUSED when the engine would not start the container."""
    if done.returncode == 0:
        return tuple(int(n) for n in re.match(rb"uid=(\d+)\S* gid=(\d+)", done.stdout).groups())
    message = done.stderr.decode(errors="replace")
    # Not any error will do: it must be this one.
    assert re.search(r"unable to find (user|group)|uids and gids must be in range", message), message
    return REFUSED


def by_podman(storage, layout):
    image = storage.podman("pull", "--quiet", f"oci:{layout}:{layouts.TAG}").stdout.decode().strip()
    try:
        return started_as(storage.podman(*engines.PODMAN_RUN, image, check=False))
    finally:
        storage.podman("rmi", "--force", image, check=False)


@pytest.fixture(scope="module")
def by_docker(scratch, storage, busybox):
    """A function from a USER to what Docker starts."""
    layout = layouts.write_layout(scratch / "docker-user", [base_layer(busybox)])
    archive = scratch / "docker-user.tar"
    storage.skopeo(f"oci:{layout}:{layouts.TAG}", f"docker-archive:{archive}:e2e/user:latest")
    with engines.docker_daemon(str(scratch / "docker-users")) as docker:
        docker("load", "--quiet", "-i", archive)
        yield lambda user: started_as(docker(
            "run", "--rm", "--network", "none", "--ulimit", "nofile=1024:1024", f"--user={user}",
            "e2e/user:latest", check=False))


def assert_judged(subject, declared, expected):
    user, rules = subject["user"], kit.rules_of(subject)
    if expected is REFUSED:
        assert user["state"] == "wont-start" or subject["verdict"] == "fail", subject
        assert subject["verdict"] != "pass"
        assert user["state"] != "non-root"
        return
    uid, gid = expected
    assert user["state"] == ("root" if uid == 0 else "non-root"), subject
    assert (user["uid"], user["gid"]) == (uid, gid), subject
    assert ("image-user" in rules) == (uid == 0), subject
    assert user["declared"] == declared or (not declared and "declared" not in user)


@pytest.mark.parametrize("declared", USERS, ids=[repr(u) for u in USERS])
def test_podman_and_umoci_start(declared, place, storage, busybox):
    layout = layouts.write_layout(place / "image", [base_layer(busybox)], declared)
    assert by_podman(storage, layout) == USERS[declared]
    assert judges.umoci_user(layout, layouts.TAG, place / "umoci") == USERS[declared]


@pytest.mark.parametrize("declared", [u for u in USERS if u], ids=[repr(u) for u in USERS if u])
def test_docker_starts(declared, by_docker):
    assert by_docker(declared) == USERS[declared]


@pytest.mark.parametrize("declared", USERS, ids=[repr(u) for u in USERS])
def test_nonzero_judges(declared, place, busybox):
    layout = layouts.write_layout(place / "image", [base_layer(busybox)], declared)
    assert_judged(kit.scan(f"oci:{layout}"), declared, USERS[declared])


@pytest.mark.parametrize("case", DATABASES)
def test_podman_and_umoci_start_with(case, place, storage, busybox):
    declared, passwd, group, expected = DATABASES[case]
    layout = layouts.write_layout(
        place / "image", [base_layer(busybox), database_layer(passwd, group)], declared)
    assert by_podman(storage, layout) == expected
    assert judges.umoci_user(layout, layouts.TAG, place / "umoci") == expected


@pytest.mark.parametrize("case", DATABASES)
def test_nonzero_judges_with(case, place, busybox):
    declared, passwd, group, expected = DATABASES[case]
    layout = layouts.write_layout(
        place / "image", [base_layer(busybox), database_layer(passwd, group)], declared)
    assert_judged(kit.scan(f"oci:{layout}"), declared, expected)


@pytest.mark.parametrize("case", HOSTILE)
def test_podman_and_umoci_start_from_hostile(case, place, storage, busybox):
    declared, passwd, podman, umoci, _ = HOSTILE[case]
    layout = layouts.write_layout(
        place / "image", [base_layer(busybox), database_layer(passwd, GROUP)], declared)
    assert by_podman(storage, layout) == podman
    assert judges.umoci_user(layout, layouts.TAG, place / "umoci") == umoci


@pytest.mark.parametrize("case", HOSTILE)
def test_nonzero_does_not_trust_hostile(case, place, busybox):
    declared, passwd, _, _, verdicts = HOSTILE[case]
    layout = layouts.write_layout(
        place / "image", [base_layer(busybox), database_layer(passwd, GROUP)], declared)
    subject = kit.scan(f"oci:{layout}")
    assert subject["verdict"] in verdicts
    assert subject["user"]["why"]
