"""The traps of /etc/passwd and /etc/group: read as moby's parser reads them, from the effective
filesystem."""

import pytest
from oddimage import Image, Layer, oci_archive
from oddtar import archive, device, directory, file, hardlink, symlink, whiteout
from program import ERROR, FAIL, assert_consistent, assert_refused, scan


def passwd(text, path="etc/passwd"):
    return file(path, 0o644, body=text)


# passwd, USER, uid (None: it does not start)
LINES = [
    ("uid-is-no-number", "app:x:abc:1000::/:", "app", 0),
    ("uid-is-empty", "app:x::1000::/:", "app", 0),
    ("uid-is-missing", "app:x", "app", 0),
    ("name-alone", "app", "app", 0),
    ("uid-is-hexadecimal", "app:x:0x3e8:1000::/:", "app", 0),
    ("uid-has-a-space", "app:x: 1000:1000::/:", "app", 0),
    ("uid-has-a-fraction", "app:x:1000.5:1000::/:", "app", 0),
    ("uid-has-a-plus", "app:x:+1000:1000::/:", "app", 1000),
    ("uid-has-zeros", "app:x:001000:1000::/:", "app", 1000),
    ("uid-is-minus-zero", "app:x:-0:1000::/:", "app", 0),
    ("first-match-wins", "app:x:1000:1::/:\napp:x:0:0::/:", "app", 1000),
    ("first-match-wins-root", "app:x:0:0::/:\napp:x:1000:1::/:", "app", 0),
    ("empty-lines", "\n\n\napp:x:1000:1::/:\n\n", "app", 1000),
    ("spaces-around-the-line", "   app:x:1000:1::/:   ", "app", 1000),
    ("tab-before-the-line", "\tapp:x:1000:1::/:", "app", 1000),
    ("carriage-return", "app:x:1000:1::/:\r\nother:x:5:5::/:\r\n", "app", 1000),
    ("carriage-return-after-uid", "app:x:1000\r\n", "app", 1000),
    ("no-newline-at-the-end", "root:x:0:0::/:\napp:x:1000:1::/:", "app", 1000),
    ("comment-is-a-name", "#app:x:1000:1::/:", "app", None),
    ("name-with-a-space", "my app:x:1000:1::/:", "my app", 1000),
    ("nis-line", "+::::::\napp:x:1000:1::/:", "app", 1000),
    ("nul-in-the-name", "app\0:x:1000:1::/:", "app", None),
    ("nul-in-a-name-hides-no-other", "app\0:x:1000:1::/:\napp:x:0:0::/:", "app", 0),
    ("latin-1-elsewhere", b"fran\xe7ois:x:1001:1::/:\napp:x:1000:1::/:", "app", 1000),
    ("utf-8-name", "zoë:x:1000:1::/:", "zoë", 1000),
    ("byte-order-mark", "\ufeffapp:x:1000:1::/:", "app", None),
    ("empty-file", "", "app", None),
    ("more-fields-than-seven", "app:x:1000:1::/:/bin/sh:0:0", "app", 1000),
    ("number-field-matches", "app:x:1000:7::/:", "1000", 1000),
    ("uid-unparsable-is-found-by-zero", "app:x:none:7::/:", "0", 0),
    ("line-just-short-enough", "app:x:1000:1:" + "g" * 60000 + ":/:", "app", 1000),
]


@pytest.mark.parametrize(
    "text, user, uid", [row[1:] for row in LINES], ids=[row[0] for row in LINES]
)
def test_passwd_lines(judge, text, user, uid):
    result = judge(archive(passwd(text)), user=user)
    if uid is None:
        assert result.user["state"] == "wont-start"
        assert result.verdict == "unknown"
    else:
        assert result.user["state"] == ("non-root" if uid else "root")
        assert result.user["uid"] == uid


@pytest.mark.parametrize(
    "text",
    ["{long}\napp:x:1000:1::/:\n", "app:x:1000:1::/:\n{long}\n", "app:x:1000:1:{long}:/:\n"],
    ids=["before", "after", "itself"],
)
def test_line_beyond_64_kib_stops_the_start(judge, text):
    """moby reads lines with a scanner of 64 KiB and gives up on the whole file, wherever the line
    stands."""
    result = judge(archive(passwd(text.format(long="x" * 70000))), user="app")
    assert result.code == FAIL
    assert result.user["state"] == "wont-start"


@pytest.mark.parametrize(
    "uid", ["4294967296", "4294967295", "-1", "99999999999999999999", "18446744073709551616"]
)
def test_uid_field_out_of_range_is_never_a_pass(judge, uid):
    result = judge(archive(passwd(f"app:x:{uid}:1::/:")), user="app")
    assert result.code == FAIL
    assert result.user["state"] != "non-root"


def test_gid_comes_from_passwd_unless_it_is_named(judge):
    layer = archive(
        passwd("app:x:1000:77::/:"), file("etc/group", 0o644, body="ops:x:88:\nbad:x:none:\n")
    )
    for user, gid in (
        ("app", 77),
        ("1000", 77),
        ("app:ops", 88),
        ("app:99", 99),
        ("app:bad", 0),
        ("5000", 0),
    ):
        assert judge(layer, user=user).user["gid"] == gid, user


# Where the effective passwd is --------------------------------------------------------------------

APP, ROOT_APP = "app:x:1000:1000::/:", "app:x:0:0::/:"

# layers, uid (None: it does not start)
PLACES = [
    ("plain", [archive(passwd(APP))], 1000),
    ("dotted-name", [archive(passwd(APP, "./etc/passwd"))], 1000),
    ("absolute-name", [archive(passwd(APP, "/etc/passwd"))], 1000),
    ("changed-above", [archive(passwd(APP)), archive(passwd(ROOT_APP))], 0),
    ("mended-above", [archive(passwd(ROOT_APP)), archive(passwd(APP))], 1000),
    ("removed-above", [archive(passwd(APP)), archive(whiteout("etc/passwd"))], None),
    ("folder-removed-above", [archive(passwd(APP)), archive(whiteout("etc"))], None),
    (
        "folder-emptied-above",
        [archive(passwd(APP)), archive(directory("etc"), file("etc/.wh..wh..opq", 0))],
        None,
    ),
    (
        "folder-emptied-and-filled",
        [archive(passwd(ROOT_APP)), archive(passwd(APP), file("etc/.wh..wh..opq", 0))],
        1000,
    ),
    ("folder-made-a-file", [archive(passwd(APP)), archive(file("etc", 0o644))], None),
    (
        "removed-and-back",
        [archive(passwd(ROOT_APP)), archive(whiteout("etc/passwd")), archive(passwd(APP))],
        1000,
    ),
    ("symlink", [archive(symlink("etc/passwd", "../run/users"), passwd(ROOT_APP, "run/users"))], 0),
    (
        "symlink-to-what-is-called-as-scripts-are",
        [archive(symlink("etc/passwd", "/srv/users.sh"), passwd(ROOT_APP, "srv/users.sh"))],
        0,
    ),
    (
        "symlink-to-what-would-be-a-large-script",
        [
            archive(
                symlink("etc/passwd", "/srv/users.sh"),
                passwd("\n" * 100_000 + ROOT_APP, "srv/users.sh"),
            )
        ],
        0,
    ),
    (
        "absolute-symlink",
        [archive(symlink("etc/passwd", "/run/users"), passwd(ROOT_APP, "run/users"))],
        0,
    ),
    (
        "symlink-beyond-the-root",
        [archive(symlink("etc/passwd", "../../../../run/users"), passwd(ROOT_APP, "run/users"))],
        0,
    ),
    (
        "chain-of-symlinks",
        [
            archive(
                symlink("etc/passwd", "b"),
                symlink("etc/b", "/c"),
                symlink("c", "run/users"),
                passwd(ROOT_APP, "run/users"),
            )
        ],
        0,
    ),
    (
        "symlink-before-its-target",
        [archive(symlink("etc/passwd", "users")), archive(passwd(ROOT_APP, "etc/users"))],
        0,
    ),
    (
        "symlink-whose-target-changes",
        [
            archive(symlink("etc/passwd", "users"), passwd(APP, "etc/users")),
            archive(passwd(ROOT_APP, "etc/users")),
        ],
        0,
    ),
    (
        "symlink-whose-target-goes",
        [
            archive(symlink("etc/passwd", "users"), passwd(APP, "etc/users")),
            archive(whiteout("etc/users")),
        ],
        None,
    ),
    (
        "symlinked-folder",
        [archive(symlink("etc", "private/etc"), passwd(ROOT_APP, "private/etc/passwd"))],
        0,
    ),
    (
        "through-symlinked-folder",
        [archive(directory("private/etc"), symlink("etc", "private/etc"), passwd(ROOT_APP))],
        0,
    ),
    (
        "replaced-by-symlink",
        [
            archive(passwd(APP)),
            archive(symlink("etc/passwd", "users"), passwd(ROOT_APP, "etc/users")),
        ],
        0,
    ),
    (
        "symlink-replaced",
        [
            archive(symlink("etc/passwd", "users"), passwd(ROOT_APP, "etc/users")),
            archive(passwd(APP)),
        ],
        1000,
    ),
    ("dangling-symlink", [archive(symlink("etc/passwd", "nowhere"))], None),
    ("symlink-to-itself", [archive(symlink("etc/passwd", "passwd"))], None),
    ("symlink-to-a-folder", [archive(directory("run"), symlink("etc/passwd", "../run"))], None),
    ("folder", [archive(directory("etc/passwd"))], None),
    ("device", [archive(device("etc/passwd", 1, 3))], None),
    ("fifo", [archive(file("etc/passwd", type="6"))], None),
]


LINKS = [
    (
        "hardlink",
        [archive(passwd(ROOT_APP, "run/users"), hardlink("etc/passwd", "run/users", 0o644))],
    ),
    (
        "hardlink-to-a-lower-layer",
        [
            archive(passwd(ROOT_APP, "run/users")),
            archive(hardlink("etc/passwd", "run/users", 0o644)),
        ],
    ),
    (
        "hardlink-replaces",
        [
            archive(passwd(APP), passwd(ROOT_APP, "run/users")),
            archive(hardlink("etc/passwd", "run/users", 0o644)),
        ],
    ),
    (
        "hardlink-outlives-its-target",
        [
            archive(passwd(ROOT_APP, "run/users"), hardlink("etc/passwd", "run/users", 0o644)),
            archive(whiteout("run/users")),
        ],
    ),
]


@pytest.mark.parametrize("layers, uid", [row[1:] for row in PLACES], ids=[row[0] for row in PLACES])
def test_effective_passwd(judge, layers, uid):
    result = judge(*layers, user="app")
    if uid is None:
        assert result.code == FAIL
        assert result.user["state"] in ("wont-start", "unknown"), result
        assert result.verdict == "unknown"
    else:
        assert result.user["uid"] == uid, result
        assert result.user["state"] == ("non-root" if uid else "root")


@pytest.mark.parametrize("layers", [row[1] for row in LINKS], ids=[row[0] for row in LINKS])
def test_passwd_that_is_a_hardlink(judge, layers):
    """Its content stands with another name, maybe in another layer: found, or told as unknown."""
    result = judge(*layers, user="app")
    assert result.code == FAIL
    assert result.user["state"] in ("root", "unknown"), result


def test_huge_passwd_is_bounded(tmp_path):
    text = b"".join(
        b"user%d:x:%d:1::/home/user:/bin/sh\n" % (number, number) for number in range(1, 400000)
    )
    layer = Layer(archive(passwd(text + b"app:x:0:0::/:\n")), "gzip")
    result = scan(oci_archive(tmp_path / "image.tar", Image([layer], user="app")))
    assert result.code in (FAIL, ERROR), result
    if result.code == FAIL:
        assert_consistent(result)
        assert result.user["state"] != "non-root"
    else:
        assert_refused(result, "passwd")


# uid0-alias ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, aliases",
    [
        ("root:x:0:0::/:\napp:x:1000:1::/:\n", []),
        ("root:x:0:0::/:\ntoor:x:0:0::/:\n", ["toor"]),
        ("root:x:0:0::/:\nlazy:x:none:0::/:\n", ["lazy"]),
    ],
)
def test_another_name_for_root_is_told(judge, text, aliases):
    result = judge(archive(passwd(text)), user="1000")
    found = result.findings("uid0-alias")
    assert len(found) == len(aliases)
    for name, one in zip(aliases, found):
        assert name in one["message"]
        assert one["level"] in ("warn", "info")
    assert result.verdict == "pass"
