"""Which user an image starts with: the spellings of USER, and the passwd and group that decide
names."""

import pytest
from oddimage import Image, docker_archive
from oddtar import archive, directory, file
from program import ERROR, FAIL, PASS, scan

PASSWD = """\
root:x:0:0:root:/root:/bin/sh
toor:x:0:0:another root:/root:/bin/sh
app:x:1000:1001:App:/home/app:/bin/sh
two:x:1002:1002:first:/:/bin/sh
two:x:0:0:second:/:/bin/sh
ghost:x:2147483647:5::/:/bin/sh
"""
GROUP = """\
root:x:0:
app:x:1001:
staff:x:50:app
wheel:x:0:app
"""


def etc(passwd=PASSWD, group=GROUP):
    return archive(
        directory("etc"),
        file("etc/passwd", 0o644, body=passwd),
        file("etc/group", 0o644, body=group),
    )


ROOT = [
    None,
    "",
    ":",
    ":1000",
    ":staff",
    "0",
    "00",
    "000000000000000000000000",
    "+0",
    "-0",
    "0:0",
    "0:1000",
    "0:staff",
    "root",
    "root:x",
    "root:1000",
    "root:app",
    "toor",
    "toor:app",
    "0:",
    "+0:1000",
]

# USER, uid, gid
NON_ROOT = [
    ("1000", 1000, 1001),  # found in passwd by number, whose gid counts
    ("1000:0", 1000, 0),
    ("1000:1000", 1000, 1000),
    ("01000", 1000, 1001),
    ("+1000", 1000, 1001),
    ("1000:", 1000, 1001),
    ("1000:staff", 1000, 50),
    ("1000:app:0", 1000, 1001),  # what follows a second colon is nobody's
    ("4321", 4321, 0),  # unknown to passwd: the group is root's
    ("4321:4321", 4321, 4321),
    ("2147483647", 2147483647, 5),
    ("app", 1000, 1001),
    ("app:", 1000, 1001),
    ("app:0", 1000, 0),
    ("app:staff", 1000, 50),
    ("two", 1002, 1002),  # the first match wins
]

WONT_START = [
    "nobody",
    "ROOT",
    "Root",
    " root",
    "root ",
    "0x0",
    "0x3e8",
    "1e3",
    "1_000",
    " 0",
    "0 ",
    "1000 ",
    "\t1000",
    "10.0",
    "App",
    "app\n",
    "--0",
    "+",
    "-",
    "٠",
    "١٠٠٠",
    "root\u200b",
    "x:root",
    "nobody:0",
    "app:nogroup",
]

HOSTILE = [
    "2147483648",
    "4294967295",
    "4294967296",
    "4294967297",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "99999999999999999999999999999999999999",
    "2147483648:0",
    "+2147483648",
    "0000000000000000004294967296",
]


@pytest.mark.parametrize("user", ROOT, ids=repr)
def test_root(judge, user):
    result = judge(etc(), user=user)
    assert result.code == FAIL
    assert result.verdict == "fail"
    assert result.user["state"] == "root"
    assert result.user["uid"] == 0
    assert result.finding("image-user")["level"] == "fail"
    assert result.finding("image-user")["remedy"]


@pytest.mark.parametrize("user, uid, gid", NON_ROOT)
def test_non_root(judge, user, uid, gid):
    result = judge(etc(), user=user)
    assert result.code == PASS, result
    assert result.user["state"] == "non-root"
    assert (result.user["uid"], result.user["gid"]) == (uid, gid)
    assert result.user["declared"] == user
    assert not [one for one in result.findings("image-user") if one["level"] == "fail"]


@pytest.mark.parametrize("user", WONT_START, ids=repr)
def test_name_that_passwd_lacks_cannot_be_certified(judge, user):
    result = judge(etc(), user=user)
    assert result.code == FAIL
    assert result.verdict == "unknown"
    assert result.user["state"] == "wont-start"
    assert result.user["why"]
    assert result.finding("image-user")["level"] == "warn"


@pytest.mark.parametrize("user", HOSTILE)
def test_number_beyond_31_bits_fails(judge, user):
    """CVE-2024-40635: such numbers overflowed to uid 0."""
    result = judge(etc(), user=user)
    assert result.code == FAIL
    assert result.verdict == "fail"
    assert result.user["state"] == "wont-start"
    assert result.finding("image-user")["level"] == "fail"


@pytest.mark.parametrize("user", ["2147483648", "4294967296", "4294967295"])
def test_number_beyond_31_bits_that_passwd_has_as_a_name_fails(judge, user):
    """CVE-2026-46680: the number was looked up as a name."""
    result = judge(etc(PASSWD + f"{user}:x:0:0::/:/bin/sh\n"), user=user)
    assert result.verdict == "fail"


@pytest.mark.parametrize(
    "user, line", [("1000", "1000:x:0:0::/:"), ("4321", "4321:x:0:0::/:"), ("007", "007:x:0:0::/:")]
)
def test_passwd_whose_name_is_the_number_fails(judge, user, line):
    result = judge(etc(line + "\n" + PASSWD), user=user)
    assert result.verdict == "fail"
    assert result.finding("image-user")["level"] == "fail"


@pytest.mark.parametrize(
    "user", ["-1", "-2", "-1000", "-2147483648", "-4294967296", "-99999999999999999999"]
)
def test_negative_number_is_never_a_pass(judge, user):
    result = judge(etc(), user=user)
    assert result.code == FAIL
    assert result.user["state"] != "non-root"


@pytest.mark.parametrize("group", ["2147483648", "4294967296", "-1", "99999999999999999999"])
def test_group_out_of_range_does_not_start(judge, group):
    result = judge(etc(), user=f"1000:{group}")
    assert result.code == FAIL
    assert result.user["state"] == "wont-start"


@pytest.mark.parametrize("user", ["root", "app", "nobody"])
def test_name_without_any_passwd_is_never_a_pass(judge, user):
    result = judge(archive(file("bin/app")), user=user)
    assert result.code == FAIL
    assert result.user["state"] in ("wont-start", "unknown", "root")


@pytest.mark.parametrize(
    "config",
    [{"config": None}, {"config": {}}, {"config": {"User": None, "Cmd": []}}],
    ids=["no-config", "empty-config", "null-user"],
)
def test_config_that_says_nothing_means_root(judge, config):
    assert judge(etc(), config=config).user["state"] == "root"


@pytest.mark.parametrize("user", [1000, ["1000"], {"a": "1000"}, True, 1000.5])
def test_user_that_is_no_string_is_never_a_pass(tmp_path, user):
    result = scan(docker_archive(tmp_path / "image.tar", Image([etc()], user=user)))
    assert result.code in (FAIL, ERROR), result


REST = b'"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}'


@pytest.mark.parametrize(
    "config",
    [
        b'{"config": {"User": "1000", "user": "0"}, %s}',
        b'{"config": {"User": "1000", "USER": ""}, %s}',
        b'{"config": {"User": "1000"}, "Config": {"User": "0"}, %s}',
    ],
    ids=["user", "USER", "Config"],
)
def test_key_that_differs_in_case_alone_is_never_a_pass(tmp_path, config):
    """Runtimes read JSON with Go, where such a key is the same key and the last one counts."""
    result = scan(docker_archive(tmp_path / "image.tar", Image([], config=config % REST)))
    assert result.code in (FAIL, ERROR), result


# --user -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "declared, asked, state",
    [
        ("0", "1000", "non-root"),
        ("1000", "0", "root"),
        ("app", "toor", "root"),
        (None, "app", "non-root"),
        ("app", "nobody", "wont-start"),
        ("app", "4294967296", "wont-start"),
    ],
)
def test_user_option_overrides_the_image(judge, declared, asked, state):
    assert judge(etc(), user=declared, args=("--user", asked)).user["state"] == state


# user-not-numeric ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "user, numeric", [("app", "1000:1001"), ("app:staff", "1000:50"), ("app:0", "1000:0")]
)
def test_named_user_is_warned_of_with_its_numbers(judge, user, numeric):
    """The kubelet refuses a name under runAsNonRoot; the number it wants is told."""
    finding = judge(etc(), user=user).finding("user-not-numeric")
    assert finding["level"] == "warn"
    assert numeric.split(":")[0] in finding["message"] + finding.get("remedy", "")


@pytest.mark.parametrize("user", ["1000", "1000:1000", "+1000"])
def test_numeric_user_is_not_warned_of(judge, user):
    assert not judge(etc(), user=user).findings("user-not-numeric")
