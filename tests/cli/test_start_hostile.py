"""Configurations, scripts and account files that nobody honest writes: bounded time and memory (see
program.TIMEOUT, MAX_RSS), an answer, and nothing raw in it."""

import json

import pytest
from oddimage import Image, docker_archive
from oddtar import archive, device, directory, file, symlink
from program import ERROR, FAIL, PASS, assert_printable, run, scan

MEGABYTE = 1 << 20
SECONDS = 20  # for a thing that takes milliseconds when nothing is wrong


def bounded(result):
    assert result.code in (PASS, FAIL, ERROR), result
    assert result.cpu < SECONDS, result
    if result.code == ERROR:
        assert result.err.strip()
    else:
        assert result.report
    assert_printable(result.err)
    return result


def hostile(tmp_path, *layers, args=(), user="1000", **config):
    """Scans an image that may be refused, with its configuration as it is given."""
    path = tmp_path / "image.tar"
    docker_archive(
        path,
        Image([archive(*layer) for layer in layers], config={"config": {"User": user, **config}}),
    )
    return bounded(scan(*args, path))


# Types that the configuration must not have -------------------------------------------------------

WRONG = [0, 1.5, True, "text", "", [], {}, [0], [None], [[]], [{}], {"a": 0}, {"a": []}, {"": {}},
         ["a", 1, "b"], ["\x00"], ["\ud800"], [""], 10**400]  # fmt: skip


@pytest.mark.parametrize(
    "key",
    ["Entrypoint", "Cmd", "Env", "Volumes", "ExposedPorts", "WorkingDir", "Shell", "Healthcheck"],
)
@pytest.mark.parametrize("value", WRONG, ids=lambda value: repr(value)[:20])
def test_wrong_type_in_the_configuration(tmp_path, key, value):
    hostile(tmp_path, [file("a")], args=("--profile", "openshift"), **{key: value})


def test_same_key_twice_in_other_case_is_survived(tmp_path):
    config = b'{"os":"linux","architecture":"amd64","config":{"User":"1000","Cmd":["/a"],"cmd":["/b"],"CMD":7},"rootfs":{"type":"layers","diff_ids":[]}}'
    path = docker_archive(tmp_path / "image.tar", Image([], config=config))
    bounded(scan(path))


@pytest.mark.parametrize(
    "text", ["\x1b[31m", "\n", "\r", "\t", "\x7f", "\u202e", "\u0000", "`", '"', "x" * 5000, "%s%n"]
)
def test_odd_text_reaches_the_reader_escaped(tmp_path, text):
    layer = [
        file("etc/passwd", 0o666, body=f"{text}::0:0::/:\napp:x:1000:1000::/:\n"),
        file("etc/sudoers", body=f"{text}app ALL=NOPASSWD: ALL\n"),
        file("etc/sudoers.d/a" + text.replace("\0", "")[:100], body="app ALL=NOPASSWD: ALL\n"),
        file("e.sh", body=f"#!/bin/sh\nexec gosu 'app{text}' x\nexec gosu {text} x\n"),
    ]
    path = tmp_path / "image.tar"
    image = Image(
        [archive(*layer)],
        config={
            "config": {
                "User": "1000",
                "Entrypoint": ["/e.sh", text],
                "Env": ["PATH=/bin:" + text],
                "WorkingDir": "/" + text,
                "Volumes": {"/v" + text: {}},
                "ExposedPorts": {"80" + text: {}, "80/" + text: {}, text: {}, "80/tcp": {}},
            }
        },
    )
    docker_archive(path, image)
    bounded(scan(path))
    shown = run("scan", "--color=never", "--verbose", path)
    assert shown.code in (PASS, FAIL, ERROR)
    assert_printable(shown.out)
    assert_printable(shown.err)
    assert b"\xe2\x80\xae" not in shown.out, "a mark that turns the line around"


# Too many and too long ----------------------------------------------------------------------------

MANY = 100_000


def test_many_volumes(tmp_path):
    result = hostile(tmp_path, [directory("data")], Volumes={f"/data/{i}": {} for i in range(MANY)})
    if result.code != ERROR:
        assert result.findings("unwritable-state")
        assert result.subject.get("notes"), "what is not looked at is said"


def test_many_ports(tmp_path):
    result = hostile(tmp_path, [], ExposedPorts={f"{i}/{p}": {} for i in range(50_000) for p in ("tcp", "udp")})  # fmt: skip
    if result.code != ERROR:
        assert len(result.findings("low-port")) <= 2048
        assert result.subject.get("notes"), "what is not looked at is said"


def test_many_variables(tmp_path):
    env = [f"V{i}=x" for i in range(MANY)] + ["PATH=/opt"]
    result = hostile(tmp_path, [file("opt/x", 0o777)], Env=env)
    assert result.code == ERROR or result.paths("writable-code") == ["/opt/x"]


def test_many_folders_on_path(tmp_path):
    path = ":".join(f"/d{i}" for i in range(MANY))
    hostile(
        tmp_path, [file("d1/x", 0o777), file("d5000/x", 0o777)], Env=["PATH=" + path], Cmd=["x"]
    )


def test_many_arguments(tmp_path):
    hostile(tmp_path, [file("x")], Entrypoint=["/x"] * MANY, Cmd=["/x"] * MANY)


def test_long_argument(tmp_path):
    hostile(tmp_path, [], Cmd=["sh", "-c", "gosu app x;" * 100_000], WorkingDir="/x" * 100_000)


def test_many_programs_that_the_user_can_write(tmp_path):
    layer = [directory("bin", 0o777)] + [file(f"bin/x{i}", 0o777) for i in range(40_000)]
    assert hostile(tmp_path, layer).findings("writable-code")


def test_many_drop_ins(tmp_path):
    layer = [file("etc/sudoers", body="@includedir /etc/sudoers.d\n")]
    layer += [file(f"etc/sudoers.d/a{i}", body="app ALL=NOPASSWD: ALL\n") for i in range(20_000)]
    assert hostile(tmp_path, layer).findings("sudoers-nopasswd")


def test_many_accounts_of_uid_0(tmp_path):
    body = "".join(f"r{i}::0:0::/:\n" for i in range(50_000))
    result = hostile(tmp_path, [file("etc/passwd", body=body)])
    assert 0 < len(result.findings("root-no-password")) < 50_000
    assert any("more" in note for note in result.subject["notes"]), "what is not told is said"


def test_accounts_times_shadow_lines(tmp_path):
    """Each account is looked up in shadow: what that costs must not grow with both."""
    passwd = "".join(f"{i:x}:x:0\n" for i in range(90_000))
    shadow = "".join(f"{i:x}:\n" for i in range(90_000))
    layer = [file("etc/passwd", body=passwd), file("etc/shadow", body=shadow)]
    assert hostile(tmp_path, layer).findings("root-no-password")


# Text without end ---------------------------------------------------------------------------------

TEXTS = {
    "megabytes-of-lines": lambda: b"exec gosu app x\napp ALL=NOPASSWD: ALL\n" * 100_000,
    "one-line": lambda: b"gosu app " * 500_000,
    "one-word": lambda: b"x" * (5 * MEGABYTE),
    "nuls": lambda: bytes(3 * MEGABYTE),
    "continued-for-ever": lambda: b"\\\n" * MEGABYTE,
    "open-quote": lambda: b"'" + b"x" * (2 * MEGABYTE),
    "quotes": lambda: b"\"'" * MEGABYTE,
    "substitutions": lambda: b"$(`${" * 500_000,
    "spaces": lambda: b" " * (3 * MEGABYTE),
    "commas": lambda: b"a," * MEGABYTE,
    "colons": lambda: b"root:" * MEGABYTE,
    "colons-alone": lambda: b":" * (2 * MEGABYTE),
    "aliases": lambda: b"".join(b"User_Alias A%d = A%d\n" % (i, i + 1) for i in range(50_000)),
    "members": lambda: b"User_Alias A = " + b"b," * 100_000 + b"c\n" + b"A ALL=NOPASSWD: ALL\n" * 5_000,
    "latin-1": lambda: bytes(range(128, 256)) * 1000,
    "all-bytes": lambda: bytes(range(256)) * 1000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_endless_text_as_every_file(tmp_path, name):
    text = TEXTS[name]()
    layer = [
        file("e.sh", body=b"#!/bin/sh\n" + text),
        file("etc/sudoers", body=text),
        file("etc/sudoers.d/x", body=text),
        file("etc/shadow", body=text),
    ]
    hostile(tmp_path, layer, Entrypoint=["/e.sh"], Cmd=["/e.sh"])


def test_drop_before_a_megabyte_is_seen_or_the_file_is_said_not_to_be_read(tmp_path):
    body = b"#!/bin/sh\nexec gosu app x\n" + b"# padding\n" * 200_000
    result = hostile(tmp_path, [file("e.sh", body=body)], user="0", Entrypoint=["/e.sh"])
    assert result.findings("drops-root") or "e.sh" in json.dumps(result.subject.get("notes", []))


def test_sudoers_of_a_megabyte_is_read_or_said_not_to_be(tmp_path):
    body = b"app ALL=NOPASSWD: ALL\n" + b"# padding\n" * 200_000
    result = hostile(tmp_path, [file("etc/sudoers", body=body)])
    notes = json.dumps(result.subject.get("notes", []))
    assert result.findings("sudoers-nopasswd") or "sudoers" in notes


# Links and odd files ------------------------------------------------------------------------------


def test_links_without_end(tmp_path):
    layer = [symlink(f"l{i}", f"l{i + 1}") for i in range(20_000)]
    layer += [symlink(f"d{i}", f"d{i + 1}/d{i + 1}") for i in range(60)]
    hostile(
        tmp_path,
        layer,
        Entrypoint=["/l0"],
        Cmd=["/d0/x"],
        WorkingDir="/d1/d1/d1",
        Env=["PATH=" + ":".join(f"/l{i}:/d{i}" for i in range(60))],
        Volumes={f"/d{i}/d{i}/l{i}": {} for i in range(200)},
    )


def test_long_chains_of_links_on_path_and_in_sudoers(tmp_path):
    layer = [file("etc/sudoers", body="@includedir /etc/sudoers.d\n")]
    layer += [symlink(f"c{i}", "./" * 2000 + f"c{i + 1}") for i in range(38)]
    layer += [symlink(f"{place}/l{i}", "/c0") for i in range(20_000) for place in ("bin", "etc/sudoers.d")]
    hostile(tmp_path, layer, Cmd=["x"])


def test_deep_folders(tmp_path):
    deep = "/".join(["d"] * 1500)
    layer = [file(deep + "/x", 0o777)]
    hostile(tmp_path, layer, Env=["PATH=/" + deep], Cmd=["x"], Volumes={"/" + deep: {}})


@pytest.mark.parametrize(
    "make",
    [device, directory, lambda path: symlink(path, path), lambda path: device(path, type="6")],
)
def test_files_that_are_none(tmp_path, make):
    paths = ["e.sh", "etc/sudoers", "etc/sudoers.d/x", "etc/shadow", "bin/sudo", "data"]
    layer = [make(path) for path in paths]
    result = hostile(tmp_path, layer, Entrypoint=["/e.sh"], Volumes={"/data": {}})
    assert result.rules() & {"sudoers-nopasswd", "root-no-password", "drops-root"} == set()
    assert result.findings("entrypoint-not-executable")
