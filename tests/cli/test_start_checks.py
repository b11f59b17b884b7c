"""How an image starts, and what its user may write, by pairs of images: modes and owners as the
kernel reads them, paths as a runtime looks them up."""

import re

import pytest
from oddtar import directory, file, hardlink, opaque, symlink, whiteout

SAFE = ("warn", "info")
PASSWD = file("etc/passwd", 0o644, body="root:x:0:0::/:\napp:x:1000:1000::/:\n")
GROUP = file("etc/group", 0o644, body="root:x:0:\napp:x:1000:\nstaff:x:50:bob,app\nops:x:60:bob\n")
WHO = [PASSWD, GROUP]


def table(rows):
    return {"argvalues": [row[1:] for row in rows], "ids": [row[0] for row in rows]}


# Classes of a file's mode -------------------------------------------------------------------------

# user, uid and gid of the file, which three bits of its mode decide
CLASSES = [
    ("owner", "1000", 1000, 5, 6),
    ("owner-comes-before-group", "1000:1000", 1000, 1000, 6),
    ("group-from-passwd", "1000", 5, 1000, 3),
    ("group-from-passwd-by-name", "app", 5, 1000, 3),
    ("group-that-is-named", "1000:77", 5, 77, 3),
    ("group-named-instead-of-passwd", "app:77", 5, 1000, 0),
    ("supplementary-group", "app", 5, 50, 3),
    ("supplementary-group-of-a-number", "1000", 5, 50, 3),
    ("no-supplementary-groups-beside-a-named-one", "app:app", 5, 50, 0),
    ("group-of-others", "app", 5, 60, 0),
    ("number-without-passwd-has-group-0", "4711", 5, 0, 3),
    ("number-without-passwd-is-in-no-other-group", "4711", 5, 1000, 0),
    ("group-0-is-not-everyones", "app", 5, 0, 0),
    ("others", "app", 5, 5, 0),
]
by_class = pytest.mark.parametrize("user, uid, gid, shift", **table(CLASSES))


@by_class
def test_only_the_class_that_matches_lets_execute(start, user, uid, gid, shift):
    """Owner, group, others: the first that matches decides, also when a later one would allow."""
    for mode in (0o111, 0o555):
        one_class, all_others = mode & (7 << shift), mode & ~(7 << shift)
        allowed = start([*WHO, file("run", one_class, uid, gid)], user=user, Entrypoint=["/run"])
        denied = start([*WHO, file("run", all_others, uid, gid)], user=user, Entrypoint=["/run"])
        assert allowed.findings("entrypoint-not-executable") == []
        found = denied.finding("entrypoint-not-executable")
        assert (found["path"], int(found["mode"], 8)) == ("/run", all_others)
        assert (found["uid"], found["gid"], found["layer"]["index"]) == (uid, gid, 0)
        assert found["level"] in SAFE
        assert allowed.verdict == denied.verdict == "pass"


@by_class
def test_only_the_class_that_matches_lets_write_a_volume(start, user, uid, gid, shift):
    modes = {3 << shift: [], 7 << shift: []}
    if uid != 1000:
        modes[1 << shift] = modes[5 << shift] = ["/data"]
        modes[0o777 & ~(7 << shift)] = modes[0o777 & ~(2 << shift)] = ["/data"]
    for mode, found in modes.items():
        result = start([*WHO, directory("data", mode, uid, gid)], user=user, Volumes={"/data": {}})
        assert result.paths("unwritable-state") == found, f"{mode:o}"
        assert result.verdict == "pass"


@by_class
def test_volume_that_cannot_be_searched_cannot_be_written(start, user, uid, gid, shift):
    """Names in a directory are made by who may write it and search it."""
    layer = [*WHO, directory("data", 6 << shift, uid, gid)]
    assert start(layer, user=user, Volumes={"/data": {}}).paths("unwritable-state") == ["/data"]


@by_class
def test_only_the_class_that_matches_lets_write_code(start, user, uid, gid, shift):
    for place, config in (
        ("usr/bin/tool", {}),
        ("srv/run", {"Entrypoint": ["/srv/run"]}),
        ("srv/run", {"Cmd": ["/srv/run"]}),
    ):
        writable = start([*WHO, file(place, 0o555 | 2 << shift, uid, gid)], user=user, **config)
        found = writable.finding("writable-code")
        assert (found["path"], int(found["mode"], 8)) == ("/" + place, 0o555 | 2 << shift)
        assert (found["uid"], found["gid"]) == (uid, gid)
        assert found["level"] in SAFE
        if uid != 1000:  # an owner gives himself what he lacks
            mode = 0o777 & ~(2 << shift)
            denied = start([*WHO, file(place, mode, uid, gid)], user=user, **config)
            assert denied.findings("writable-code") == []


@by_class
def test_only_the_class_that_matches_lets_pass_a_directory(start, user, uid, gid, shift):
    for search, good in ((1 << shift, True), (0o777 & ~(1 << shift), False)):
        way = directory("way", search, uid, gid)
        result = start(
            [
                *WHO,
                way,
                file("way/in/run", 0o755),
                file("way/in/loose", 0o777),
                directory("way/in/data", 0o777),
                file("way/in/sudo", 0o755),
            ],
            user=user,
            Entrypoint=["/way/in/run"],
            Env=["PATH=/way/in"],
            Volumes={"/way/in/data": {}},
        )
        assert bool(result.findings("entrypoint-not-executable")) != good
        assert bool(result.findings("unwritable-state")) != good
        assert result.paths("writable-code") == (["/way/in/loose"] if good else [])
        assert result.paths("privileged-tools") == (["/way/in/sudo"] if good else [])


def test_root_passes_all_but_a_program_without_any_execute_bit(start):
    closed = [
        directory("way", 0o700, 5, 5),
        file("way/run", 0o100, 5, 5),
        directory("data", 0o500, 5, 5),
    ]
    for user in ("0", None, "0:5"):
        result = start(closed, user=user, Entrypoint=["/way/run"], Volumes={"/data": {}})
        assert result.rules() == {"image-user"}
        inert = start([file("run", 0o666)], user=user, Entrypoint=["/run"])
        assert inert.finding("entrypoint-not-executable")["path"] == "/run"


# entrypoint-not-executable: where the program is --------------------------------------------------

RUN = file("srv/app/run", 0o755)
ABSENT, GOOD = True, False

# layers, configuration, is it found to be no program
PROGRAMS = [
    ("absolute", [[RUN]], {"Entrypoint": ["/srv/app/run"]}, GOOD),
    ("none-is-named", [[RUN]], {}, GOOD),
    ("empty-lists", [[RUN]], {"Entrypoint": [], "Cmd": []}, GOOD),
    ("nulls", [[RUN]], {"Entrypoint": None, "Cmd": None}, GOOD),
    ("cmd", [[RUN]], {"Cmd": ["/srv/app/run"]}, GOOD),
    ("cmd-absent", [[RUN]], {"Cmd": ["/srv/app/walk"]}, ABSENT),
    ("empty-entrypoint-and-cmd", [[RUN]], {"Entrypoint": [], "Cmd": ["/srv/app/run"]}, GOOD),
    ("cmd-is-an-argument", [[RUN]], {"Entrypoint": ["/srv/app/run"], "Cmd": ["/absent"]}, GOOD),
    ("cmd-is-no-program", [[RUN]], {"Entrypoint": ["/absent"], "Cmd": ["/srv/app/run"]}, ABSENT),
    ("absent", [[RUN]], {"Entrypoint": ["/srv/app/walk"]}, ABSENT),
    ("directory", [[RUN]], {"Entrypoint": ["/srv/app"]}, ABSENT),
    ("below-a-file", [[RUN]], {"Entrypoint": ["/srv/app/run/x"]}, ABSENT),
    ("case-matters", [[RUN]], {"Entrypoint": ["/srv/app/Run"]}, ABSENT),
    ("dots", [[RUN]], {"Entrypoint": ["/srv/../srv/./app//run"]}, GOOD),
    ("above-the-root", [[RUN]], {"Entrypoint": ["/../../srv/app/run"]}, GOOD),
    ("relative", [[RUN]], {"Entrypoint": ["./run"], "WorkingDir": "/srv/app"}, GOOD),
    ("relative-deep", [[RUN]], {"Entrypoint": ["app/run"], "WorkingDir": "/srv"}, GOOD),
    ("relative-up", [[RUN]], {"Entrypoint": ["../app/run"], "WorkingDir": "/srv/x/.."}, ABSENT),
    ("relative-to-the-root", [[RUN]], {"Entrypoint": ["./srv/app/run"]}, GOOD),
    ("relative-elsewhere", [[RUN]], {"Entrypoint": ["./run"], "WorkingDir": "/srv"}, ABSENT),
    ("bare-name-is-not-relative", [[RUN]], {"Cmd": ["run"], "WorkingDir": "/srv/app"}, ABSENT),
    ("path", [[RUN]], {"Cmd": ["run"], "Env": ["PATH=/srv/app"]}, GOOD),
    ("path-second", [[RUN]], {"Cmd": ["run"], "Env": ["A=b", "PATH=/bin:/srv/app"]}, GOOD),
    ("last-path-counts", [[RUN]], {"Cmd": ["run"], "Env": ["PATH=/bin", "PATH=/srv/app"]}, GOOD),
    ("earlier-path-does-not", [[RUN]], {"Cmd": ["run"], "Env": ["PATH=/srv/app", "PATH=/bin"]}, ABSENT),
    ("path-lacks-it", [[RUN]], {"Cmd": ["run"], "Env": ["PATH=/usr/bin:/bin"]}, ABSENT),
    ("path-of-another-name", [[RUN]], {"Cmd": ["run"], "Env": ["XPATH=/srv/app"]}, ABSENT),
    ("default-path", [[file("usr/local/sbin/run")]], {"Cmd": ["run"]}, GOOD),
    ("default-path-bin", [[file("bin/run")]], {"Cmd": ["run"]}, GOOD),
    (
        "path-passes-over-what-is-not-executable",
        [[file("a/run", 0o644), file("b/run", 0o755)]],
        {"Cmd": ["run"], "Env": ["PATH=/a:/b"]},
        GOOD,
    ),
    (
        "path-passes-over-a-directory",
        [[directory("a/run"), file("b/run", 0o755)]],
        {"Cmd": ["run"], "Env": ["PATH=/a:/b"]},
        GOOD,
    ),
    ("path-through-a-link", [[symlink("bin", "usr/bin"), file("usr/bin/x")]], {"Cmd": ["x"]}, GOOD),
    ("merged-usr", [[symlink("bin", "usr/bin"), file("usr/bin/x")]], {"Cmd": ["/bin/x"]}, GOOD),
    ("link", [[symlink("run", "srv/app/run"), RUN]], {"Cmd": ["/run"]}, GOOD),
    ("absolute-link", [[symlink("a/run", "/srv/app/run"), RUN]], {"Cmd": ["/a/run"]}, GOOD),
    ("link-beyond-the-root", [[symlink("r", "../../srv/app/run"), RUN]], {"Cmd": ["/r"]}, GOOD),
    ("dangling-link", [[symlink("run", "srv/app/walk"), RUN]], {"Cmd": ["/run"]}, ABSENT),
    ("link-to-itself", [[symlink("run", "run")]], {"Cmd": ["/run"]}, ABSENT),
    ("loop", [[symlink("a", "b"), symlink("b", "a")]], {"Cmd": ["/a"]}, ABSENT),
    ("loop-of-directories", [[symlink("a", "a/a"), RUN]], {"Cmd": ["/a/run"]}, ABSENT),
    (
        "forty-links",
        [[RUN, symlink("l0", "srv/app/run")] + [symlink(f"l{i}", f"l{i-1}") for i in range(1, 40)]],
        {"Cmd": ["/l39"]},
        GOOD,
    ),
    (
        "forty-one-links",
        [[RUN, symlink("l0", "srv/app/run")] + [symlink(f"l{i}", f"l{i-1}") for i in range(1, 41)]],
        {"Cmd": ["/l40"]},
        ABSENT,
    ),
    ("hard-link", [[RUN, hardlink("run", "srv/app/run")]], {"Cmd": ["/run"]}, GOOD),
    ("hard-link-changes-mode", [[RUN, hardlink("r", "srv/app/run", 0o644)]], {"Cmd": ["/r"]}, ABSENT),
    ("removed-above", [[RUN], [whiteout("srv/app/run")]], {"Cmd": ["/srv/app/run"]}, ABSENT),
    ("folder-removed-above", [[RUN], [whiteout("srv")]], {"Cmd": ["/srv/app/run"]}, ABSENT),
    ("folder-emptied-above", [[RUN], [opaque("srv/app")]], {"Cmd": ["/srv/app/run"]}, ABSENT),
    ("removed-and-back", [[RUN], [whiteout("srv")], [RUN]], {"Cmd": ["/srv/app/run"]}, GOOD),
    ("chmod-above", [[file("run", 0o644)], [file("run", 0o755)]], {"Cmd": ["/run"]}, GOOD),
    ("chmod-away-above", [[file("run", 0o755)], [file("run", 0o644)]], {"Cmd": ["/run"]}, ABSENT),
    ("replaced-by-a-directory", [[file("run")], [directory("run")]], {"Cmd": ["/run"]}, ABSENT),
    ("replaced-by-a-link", [[RUN], [symlink("srv/app/run", "/x")]], {"Cmd": ["/srv/app/run"]}, ABSENT),
    ("way-closed-above", [[RUN], [directory("srv", 0o700)]], {"Cmd": ["/srv/app/run"]}, ABSENT),
    ("way-opened-above", [[directory("srv", 0o700), RUN], [directory("srv")]], {"Cmd": ["/srv/app/run"]}, GOOD),
    ("folder-replaced-by-a-file", [[RUN], [file("srv")]], {"Cmd": ["/srv/app/run"]}, ABSENT),
    ("folder-replaced-by-a-link", [[RUN], [symlink("srv", "x")]], {"Cmd": ["/srv/app/run"]}, ABSENT),
    ("script-that-cannot-be-read",
     [[file("bin/sh"), file("e", 0o711, body="#!/bin/sh\n")]], {"Cmd": ["/e"]}, ABSENT),
    ("binary-that-cannot-be-read", [[file("e", 0o711, body="\x7fELF")]], {"Cmd": ["/e"]}, GOOD),
    ("shell-form", [[file("bin/sh")]], {"Cmd": ["/bin/sh", "-c", "absent --flag"]}, GOOD),
]  # fmt: skip


@pytest.mark.parametrize("layers, config, absent", **table(PROGRAMS))
def test_program_is_looked_up_as_the_runtime_does(start, layers, config, absent):
    result = start(*layers, **config)
    found = result.findings("entrypoint-not-executable")
    assert bool(found) == absent, result
    assert all(one["level"] in SAFE for one in found)
    assert result.verdict == "pass"


# writable-code: what is found, and once -----------------------------------------------------------

LOOSE = {"mode": 0o777}

# layers, configuration, paths of code that the user can write
CODE = [
    ("nothing", [[file("usr/bin/x")]], {}, []),
    ("on-the-default-path", [[file("usr/local/bin/x", **LOOSE)]], {}, ["/usr/local/bin/x"]),
    ("sbin-too", [[file("sbin/x", **LOOSE)]], {}, ["/sbin/x"]),
    ("not-on-path", [[file("opt/x", **LOOSE)]], {}, []),
    ("below-a-folder-of-path", [[file("usr/bin/deep/x", **LOOSE)]], {}, []),
    ("on-env-path", [[file("opt/x", **LOOSE)]], {"Env": ["PATH=/bin:/opt"]}, ["/opt/x"]),
    ("env-path-alone-counts", [[file("usr/bin/x", **LOOSE)]], {"Env": ["PATH=/opt"]}, []),
    ("path-with-a-slash", [[file("opt/x", **LOOSE)]], {"Env": ["PATH=/opt/"]}, ["/opt/x"]),
    ("path-with-empty-parts", [[file("opt/x", **LOOSE)]], {"Env": ["PATH=:/opt::"]}, ["/opt/x"]),
    ("path-twice", [[file("opt/x", **LOOSE)]], {"Env": ["PATH=/opt:/opt"]}, ["/opt/x"]),
    (
        "merged-usr-once",
        [[symlink("bin", "usr/bin"), file("usr/bin/x", **LOOSE)]],
        {"Env": ["PATH=/bin:/usr/bin"]},
        ["/usr/bin/x"],
    ),
    (
        "link-on-path-to-a-file-elsewhere",
        [[symlink("usr/bin/x", "/opt/x"), file("opt/x", **LOOSE)]],
        {},
        ["/opt/x"],
    ),
    (
        "path-and-entrypoint-once",
        [[file("usr/bin/x", **LOOSE)]],
        {"Entrypoint": ["x"]},
        ["/usr/bin/x"],
    ),
    ("script-of-a-shell", [[file("bin/sh"), file("srv/r.sh", 0o666)]],
     {"Entrypoint": ["/bin/sh", "/srv/r.sh"]}, ["/srv/r.sh"]),
    ("cmd-that-names-a-script", [[file("srv/e"), file("srv/c", **LOOSE)]],
     {"Entrypoint": ["/srv/e"], "Cmd": ["/srv/c"]}, ["/srv/c"]),
    ("relative-entrypoint", [[file("srv/r", **LOOSE)]],
     {"Entrypoint": ["./r"], "WorkingDir": "/srv"}, ["/srv/r"]),
    ("entrypoint-behind-a-link", [[symlink("r", "srv/r"), file("srv/r", **LOOSE)]],
     {"Entrypoint": ["/r"]}, ["/srv/r"]),
    ("tightened-above", [[file("bin/x", **LOOSE)], [file("bin/x")]], {}, []),
    ("loosened-above", [[file("bin/x")], [file("bin/x", **LOOSE)]], {}, ["/bin/x"]),
    ("given-away-above", [[file("bin/x")], [file("bin/x", 0o755, 1000)]], {}, ["/bin/x"]),
    ("removed-above", [[file("bin/x", **LOOSE)], [whiteout("bin/x")]], {}, []),
    ("hard-link", [[file("opt/x", **LOOSE), hardlink("bin/x", "opt/x", 0o777)]], {}, ["/bin/x"]),
    ("owner-may-always-give-himself-leave", [[file("bin/x", 0o555, 1000)]], {}, ["/bin/x"]),
    ("folder-of-path-that-all-may-write", [[directory("opt", 0o777), file("opt/x")]],
     {"Env": ["PATH=/opt"]}, ["/opt"]),
    ("folder-of-path-that-the-user-owns", [[directory("opt", 0o755, 1000), file("opt/x")]],
     {"Env": ["PATH=/opt"]}, ["/opt"]),
    ("folder-that-cannot-be-searched", [[directory("opt", 0o766), file("opt/x")]],
     {"Env": ["PATH=/opt"]}, []),
]  # fmt: skip


@pytest.mark.parametrize("layers, config, paths", **table(CODE))
def test_code_that_the_user_can_write(start, layers, config, paths):
    result = start(*layers, **config)
    assert result.paths("writable-code") == paths, result
    assert result.verdict == "pass"


def test_writable_code_tells_layer_and_package(start):
    dpkg = file("var/lib/dpkg/info/tool.list", 0o644, body="/usr/bin/tool\n")
    found = start([dpkg, file("usr/bin/tool")], [file("usr/bin/tool", 0o775, 0, 1000)], user="1000:1000").finding("writable-code")  # fmt: skip
    assert (found["package"], found["layer"]["index"]) == ("tool", 1)
    assert (found["mode"], found["uid"], found["gid"]) == ("0775", 0, 1000)
    assert found["remedy"]


# unwritable-state ---------------------------------------------------------------------------------

VOLUME = {"Volumes": {"/data": {}}}
WORKDIR = {"WorkingDir": "/data"}
OURS = {"uid": 1000, "gid": 1000}

# layers, paths that cannot be written
STATE = [
    ("of-root", [[directory("data")]], ["/data"]),
    ("of-the-user", [[directory("data", **OURS)]], []),
    ("sticky-and-open", [[directory("data", 0o1777)]], []),
    ("open", [[directory("data", 0o777)]], []),
    ("sticky-alone", [[directory("data", 0o1755)]], ["/data"]),
    ("of-the-user-but-closed-to-him", [[directory("data", 0o577, **OURS)]], ["/data"]),
    ("absent-is-made-by-root", [[file("a")]], ["/data"]),
    ("known-by-a-file-in-it-alone", [[file("data/x", **OURS)]], ["/data"]),
    ("chowned-above", [[directory("data")], [directory("data", **OURS)]], []),
    ("taken-back-above", [[directory("data", **OURS)], [directory("data")]], ["/data"]),
    ("removed-above", [[directory("data", **OURS)], [whiteout("data")]], ["/data"]),
    ("emptied-above", [[directory("data", **OURS)], [opaque("data")]], []),
    ("file-put-in-above", [[directory("data", **OURS)], [file("data/x")]], []),
    ("made-again-above", [[directory("data")], [whiteout("data"), directory("data", **OURS)]], []),
    ("file", [[file("data", 0o666, **OURS)]], ["/data"]),
    ("dangling-link", [[symlink("data", "srv/d")]], ["/data"]),
    ("loop", [[symlink("data", "data")]], ["/data"]),
    ("link-to-ours", [[symlink("data", "srv/d"), directory("srv/d", **OURS)]], []),
    ("link-to-roots", [[symlink("data", "/srv/d"), directory("srv/d")]], ["/data"]),
    ("parent-closed-by-link", [[symlink("data", "srv/d"), directory("srv", 0o700),
                                directory("srv/d", **OURS)]], ["/data"]),
]  # fmt: skip


@pytest.mark.parametrize("config", [VOLUME, WORKDIR], ids=["volume", "workdir"])
@pytest.mark.parametrize("layers, paths", **table(STATE))
def test_state_that_the_user_cannot_write(start, layers, paths, config):
    result = start(*layers, **config)
    found = result.findings("unwritable-state")
    assert [bool(one) for one in found] == [True] * len(paths), result
    for one in found:
        assert one["path"] in ("/data", "/srv/d")
        assert one["level"] in SAFE
        assert ("VOLUME" in one["message"]) == (config is VOLUME)
        assert ("WORKDIR" in one["message"]) == (config is WORKDIR)
    assert result.verdict == "pass"


def test_directory_that_cannot_be_written_tells_its_mode_and_owner(start):
    found = start([directory("data", 0o750, 7, 8)], **VOLUME).finding("unwritable-state")
    assert (found.get("mode"), found.get("uid"), found.get("gid")) == ("0750", 7, 8)


@pytest.mark.parametrize("workdir", ["", "/", "//", "/x/..", None])
def test_root_directory_is_no_place_for_state(start, workdir):
    config = {} if workdir is None else {"WorkingDir": workdir}
    assert start([directory("."), file("a")], **config).rules() == set()


def test_volumes_are_told_one_by_one(start):
    layer = [directory("a"), directory("b", **OURS), directory("c"), directory("c/d", 0o1777)]
    volumes = {"/a": {}, "/b/": {}, "/c/": {}, "/c/d": {}, "/e": {}}
    paths = start(layer, Volumes=volumes).paths("unwritable-state")
    assert [path.rstrip("/") for path in paths] == ["/a", "/c", "/e"]


def test_directory_that_is_named_twice_is_told_once(start):
    volumes = {"/data": {}, "/data/": {}, "/x/../data": {}}
    result = start([directory("data")], Volumes=volumes, WorkingDir="/data")
    assert result.paths("unwritable-state") == ["/data"]


def test_relative_workdir_begins_at_the_root(start):
    assert start([directory("data", **OURS)], WorkingDir="data").findings("unwritable-state") == []
    found = start([directory("data")], WorkingDir="data").finding("unwritable-state")
    assert found["path"] == "/data"


# low-port -----------------------------------------------------------------------------------------

PORTS = ["1/tcp", "22/tcp", "80/tcp", "80", "443/tcp", "53/udp", "1023/tcp", "1023/udp", 
         "36/sctp", "20-21/tcp", "1020-1030/tcp",
         ]  # fmt: skip
NO_PORTS = ["1024/tcp", "8080/tcp", "8080", "1024/udp", "65535/tcp", "65536/tcp", "1024-1030/tcp",
            "80800/tcp", "4294967376/tcp", "18446744073709551696/tcp",
            "", "/", "/tcp", "tcp", "abc", "abc/tcp", "-80/tcp", "+80/tcp", " 80/tcp", 
            "80x/tcp", "8e1/tcp", "80.0/tcp",
            "0x50/tcp", "\uff18\uff10/tcp", "$PORT"]  # fmt: skip


@pytest.mark.parametrize("port", PORTS)
def test_low_port_names_the_line_that_maps_it(start, port):
    """`-p` is HOST:CONTAINER: clients go on using the port, the process listens on a high one."""
    result = start([file("a")], ExposedPorts={port: {}})
    found = result.finding("low-port")
    assert found["level"] in SAFE
    assert result.verdict == "pass"
    line = re.search(r"`-p (\d+)(?:-(\d+))?:(\d+)(?:-(\d+))?(?:/(\w+))?`", found["message"])
    assert line, found
    number, _, protocol = port.partition("/")
    low, _, high = number.partition("-")
    assert line[1] == low and (line[2] or "") == high, "the host's port is the exposed one"
    assert 1024 <= int(line[3]) <= 65535, "the container's port is one that anybody may open"
    assert bool(line[2]) == bool(line[4])
    if line[2]:
        assert int(line[4]) - int(line[3]) == int(line[2]) - int(line[1])
    assert (line[5] or "tcp") == (protocol or "tcp"), "-p maps tcp unless it is told"


def test_port_80_is_mapped_to_8080(start):
    assert "`-p 80:8080`" in start([file("a")], ExposedPorts={"80/tcp": {}}).finding("low-port")["message"]  # fmt: skip


@pytest.mark.parametrize("port", NO_PORTS)
def test_port_that_anyone_may_open_or_that_is_none(start, port):
    assert start([file("a")], ExposedPorts={port: {}}).rules() == set()


def test_low_ports_are_told_one_by_one(start):
    ports = {"80/tcp": {}, "443/tcp": {}, "443/udp": {}, "8443/tcp": {}}
    assert len(start([file("a")], ExposedPorts=ports).findings("low-port")) == 3


def test_port_that_is_spelled_twice_is_told_once(start):
    ports = {"80": {}, "80/tcp": {}, "80/TCP": {}}
    assert len(start([file("a")], ExposedPorts=ports).findings("low-port")) == 1


def test_port_that_is_taken_is_not_proposed(start):
    ports = {"80/tcp": {}, "8080/tcp": {}, "443/tcp": {}, "8443/tcp": {}}
    for one in start([file("a")], ExposedPorts=ports).findings("low-port"):
        assert not re.search(r":(8080|8443)\b", one["message"]), "the image listens there already"


# privileged-tools ---------------------------------------------------------------------------------

BIN = {"Env": ["PATH=/usr/bin:/bin"]}

# layers, configuration, paths
TOOLS = [
    ("sudo", [[file("usr/bin/sudo")]], {}, ["/usr/bin/sudo"]),
    ("su", [[file("bin/su")]], {}, ["/bin/su"]),
    ("doas", [[file("usr/local/bin/doas")]], {}, ["/usr/local/bin/doas"]),
    ("all", [[file("bin/su"), file("bin/sudo"), file("sbin/doas")]], {}, ["/bin/su", "/bin/sudo", "/sbin/doas"]),
    ("sum-is-another", [[file("bin/sum"), file("bin/sudoku"), file("bin/xsu")]], {}, []),
    ("not-on-path", [[file("opt/sudo")]], {}, []),
    ("on-env-path", [[file("opt/sudo")]], {"Env": ["PATH=/opt"]}, ["/opt/sudo"]),
    ("default-path-is-replaced", [[file("sbin/sudo")]], BIN, []),
    ("for-root-alone", [[file("bin/sudo", 0o700)]], {}, []),
    ("not-executable", [[file("bin/sudo", 0o644)]], {}, []),
    ("for-another-group", [[file("bin/sudo", 0o750, 0, 60)]], {}, []),
    ("in-a-closed-folder", [[directory("bin", 0o700), file("bin/sudo")]], {}, []),
    ("directory", [[directory("bin/sudo")]], {}, []),
    ("link", [[symlink("bin/su", "busybox"), file("bin/busybox")]], {}, ["/bin/su"]),
    ("link-to-what-he-may-not-run", [[symlink("bin/su", "/x"), file("x", 0o744)]], {}, []),
    ("dangling-link", [[symlink("bin/su", "busybox")]], {}, []),
    ("loop", [[symlink("bin/su", "su")]], {}, []),
    ("hard-link", [[file("x"), hardlink("bin/su", "x")]], {}, ["/bin/su"]),
    ("removed-above", [[file("bin/su")], [whiteout("bin/su")]], {}, []),
    ("folder-removed-above", [[file("bin/su")], [whiteout("bin")]], {}, []),
    ("chmod-above", [[file("bin/su")], [file("bin/su", 0o700)]], {}, []),
    ("merged-usr-once", [[symlink("bin", "usr/bin"), file("usr/bin/su")]], BIN, ["/usr/bin/su"]),
]  # fmt: skip


@pytest.mark.parametrize("layers, config, paths", **table(TOOLS))
def test_tools_that_become_root_on_the_users_path(start, layers, config, paths):
    result = start(*layers, **config)
    found = result.findings("privileged-tools")
    names = sorted(one["path"].rpartition("/")[2].replace("busybox", "su").replace("x", "su") for one in found)  # fmt: skip
    assert names == sorted(path.rpartition("/")[2] for path in paths), result
    assert all(one["level"] in SAFE for one in found)
    assert result.verdict == "pass"


def test_setuid_bit_of_a_tool_decides_what_is_said(start):
    inert = start([file("bin/sudo", 0o755)]).finding("privileged-tools")
    live = start([file("bin/sudo", 0o4755)]).finding("privileged-tools")
    assert inert["message"] != live["message"]


# arbitrary-uid ------------------------------------------------------------------------------------

OPENSHIFT = ("--profile", "openshift")

# layers, configuration, paths that do not work under any uid with group 0
ARBITRARY = [
    ("plain", [[file("run")]], {"Cmd": ["/run"]}, []),
    ("program-for-its-owner", [[file("run", 0o700, 1000)]], {"Cmd": ["/run"]}, ["/run"]),
    ("program-for-another-group", [[file("run", 0o750, 1000, 1000)]], {"Cmd": ["/run"]}, ["/run"]),
    ("program-for-group-0", [[file("run", 0o750, 1000, 0)]], {"Cmd": ["/run"]}, []),
    ("program-closed-to-group-0", [[file("run", 0o705, 1000, 0)]], {"Cmd": ["/run"]}, ["/run"]),
    ("program-behind-a-closed-folder", [[directory("a", 0o700, 1000), file("a/run")]],
     {"Cmd": ["/a/run"]}, ["/a/run"]),
    ("volume-of-the-user", [[directory("data", 0o755, 1000, 1000)]], VOLUME, ["/data"]),
    ("volume-of-user-and-group-0", [[directory("data", 0o755, 1000, 0)]], VOLUME, ["/data"]),
    ("volume-for-group-0", [[directory("data", 0o775, 1000, 0)]], VOLUME, []),
    ("volume-for-group-0-alone", [[directory("data", 0o070, 1000, 0)]], VOLUME, []),
    ("volume-for-another-group", [[directory("data", 0o775, 1000, 1000)]], VOLUME, ["/data"]),
    ("volume-for-all", [[directory("data", 0o1777)]], VOLUME, []),
    ("volume-closed-to-group-0", [[directory("data", 0o707, 1000, 0)]], VOLUME, ["/data"]),
    ("volume-of-uid-0", [[directory("data", 0o700)]], VOLUME, ["/data"]),
    ("volume-absent", [[file("a")]], VOLUME, ["/data"]),
    ("volume-given-above", [[directory("data", 0o755)], [directory("data", 0o775)]], VOLUME, []),
]  # fmt: skip


@pytest.mark.parametrize("layers, config, paths", **table(ARBITRARY))
def test_works_under_any_uid_with_group_0(start, layers, config, paths):
    result = start(*layers, user="1000", args=OPENSHIFT, **config)
    assert result.paths("arbitrary-uid") == paths, result
    assert result.report["profile"] == "openshift"
    assert result.verdict == ("fail" if paths else "pass")
    assert start(*layers, user="1000", **config).findings("arbitrary-uid") == []


def test_supplementary_groups_of_the_image_do_not_help_an_arbitrary_uid(start):
    layer = [*WHO, directory("data", 0o770, 5, 50)]
    assert start(layer, user="app", **VOLUME).findings("unwritable-state") == []
    assert start(layer, user="app", args=OPENSHIFT, **VOLUME).paths("arbitrary-uid") == ["/data"]
