"""What is wrong with a policy is said with its place, and a hostile one costs little."""

import json
import os
import re
import socket

import jsonschema
import pytest
import yaml
from oddimage import Image, docker_archive
from oddtar import archive, file
from program import ERROR, FAIL, PASS, ROOT, USAGE, assert_printable, assert_refused, run, scan
from policies import documented, exception, images, notes, policy  # noqa: F401

# Errors, with their place -------------------------------------------------------------------------

REST = "path: /x, reason: r, owner: o"

WRONG = {
    "not closed": ("rules: {a: b\n", "2:1", "not valid YAML"),
    "no colon": ("rules:\n  a\n", "2:3", "rules must be a map"),
    "indentation": ("rules:\n  image-user: off\n setuid-root: off\n", "3:", "not valid YAML"),
    "tab": ("rules:\n\timage-user: off\n", "2:1", "a tab in the indentation"),
    "tab behind a space": ("rules:\n \timage-user: off\n", "2:2", "a tab in the indentation"),
    "two documents": ("---\nfail-on: warn\n---\nfail-on: fail\n", "3:1", "a second document"),
    "a list": ("- a\n", "1:1", "a policy must be a map"),
    "a text": ("nothing", "1:1", "a policy must be a map"),
    "anchor": ("fail-on: &a warn\n", "1:", "an anchor"),
    "alias": ("rules: {image-user: off}\nfail-on: *a\n", "2:", "an alias"),
    "alias bomb": ("a: &a [x]\nb: &b [*a, *a]\n", "1:", "an anchor"),
    "tag": ("fail-on: !!str warn\n", "1:", "a tag"),
    "merge key": ("rules:\n  <<: {image-user: off}\n", "2:7", "must be a text"),
    "directive": ("%YAML 1.2\n---\nfail-on: warn\n", "1:1", "a directive"),
    "long level": ("fail-on: " + "x" * 5000, "1:10", "x" * 60 + "... is no level"),
    "key is a list": ("? [a]\n: b\n", "1:3", "a key must be a plain text"),
    "deep": ("rules: " + "[" * 40 + "]" * 40, "1:16", "more than 8 levels"),
    "key twice": (
        "fail-on: warn\nrules: {}\nfail-on: fail\n",
        "3:1",
        "stands in line 1 already",
    ),
    "rule twice": (
        "rules:\n  image-user: off\n  image-user: off\n",
        "3:3",
        "stands in line 2 already",
    ),
    "rule by two cases": ("rules:\n  image-user: off\n  Image-User: warn\n", "3:3", "from line 2"),
    "aliases of a rule": ("rules:\n  DL3002: off\n  CIS-DI-0001: off\n", "3:3", "from line 2"),
    "unknown key": (
        "fail_on: warn\n",
        "1:1",
        "there is no key fail_on here; did you mean fail-on?",
    ),
    "unknown key, deeper": (
        "exceptions:\n  - rule: setuid-root\n    pat: /x\n    reason: r\n    owner: o\n",
        "3:5",
        "there is no key pat here; did you mean path?",
    ),
    "unlike any key": (
        "include: /etc/passwd\n",
        "1:1",
        "there are profile, fail-on, rules and exceptions",
    ),
    "unknown rule": (
        "rules:\n  setuid-rot: off\n",
        "2:3",
        "there is no rule setuid-rot; did you mean setuid-root?",
    ),
    "unknown rule in exception": (
        "exceptions: [{rule: setuidroot, " + REST + "}]",
        "1:21",
        "did you mean setuid-root?",
    ),
    "bad level": (
        "rules:\n  image-user: error\n",
        "2:15",
        "error is no level; write fail, warn, info or off",
    ),
    "fail-on off": ("fail-on: off\n", "1:10", "off is no level; write fail, warn or info"),
    "bad profile": (
        "profile: openshit\n",
        "1:10",
        "there is no profile openshit; did you mean openshift?",
    ),
    "empty level": ("rules:\n  image-user:\n", "2:", "image-user has no value"),
    "null level": ("rules:\n  image-user: ~\n", "2:15", "image-user has no value"),
    "level is a list": ("rules:\n  image-user: [off]\n", "2:", "must be a text, and is a list"),
    "rules is a list": ("rules:\n  - image-user\n", "2:", "rules must be a map"),
    "exceptions is a map": ("exceptions:\n  rule: x\n", "2:3", "exceptions must be a list"),
    "exception is a text": ("exceptions:\n  - setuid-root\n", "2:5", "an exception must be a map"),
    "empty exception": ("exceptions:\n  -\n", "2:", "an exception has no value"),
    "no rule": ("exceptions:\n  - {path: /x, reason: r, owner: o}\n", "2:5", "lacks rule"),
    "no reason": (
        "exceptions:\n  - {rule: setuid-root, path: /x, owner: o}\n",
        "2:5",
        "lacks reason",
    ),
    "no owner": (
        "exceptions:\n  - {rule: setuid-root, path: /x, reason: r}\n",
        "2:5",
        "lacks owner",
    ),
    "empty reason": (
        "exceptions:\n  - rule: setuid-root\n    path: /x\n    owner: o\n    reason: ''\n",
        "5:13",
        "reason has no value",
    ),
    "blank owner": (
        "exceptions:\n  - rule: setuid-root\n    path: /x\n    owner: '  '\n    reason: r\n",
        "4:12",
        "owner has no value",
    ),
    "long reason": (
        "exceptions:\n  - {rule: setuid-root, path: /x, owner: o, reason: " + "r" * 1001 + "}",
        "2:53",
        "longer than 1000 bytes",
    ),
    "escape sequence": ('fail-on: "\\e[31mwarn"\n', "1:", "a control character"),
    "raw escape": ("fail-on: \x1b[31mwarn\n", "1:10", "a control character"),
    "NUL": ('fail-on: "wa\\0rn"\n', "1:", "a control character"),
    "direction mark": ("fail-on: warn # \u202e\n", "1:17", "not seen"),
    "lone CR": ("fail-on: warn\rrules: {}\n", "1:14", "a control character"),
    "line end in a pattern": (
        'exceptions: [{rule: setuid-root, path: "/x\\ny", reason: r, owner: o}]',
        "1:",
        "path must stand on one line",
    ),
    "excepting the expiry": (
        "exceptions: [{rule: expired-exception, " + REST + "}]",
        "1:21",
        "cannot be excepted",
    ),
    "quotes in a row": ("fail-on: 'w''''n'\n", "1:10", "several quotes in a row"),
    "column counts characters": ("# \n'\u00e9\u00e9': x\n", "2:1", "there is no key"),
    "set not closed": (
        "exceptions: [{rule: setuid-root, path: '/x[a', reason: r, owner: o}]",
        "1:",
        "path: [ is not closed",
    ),
    "long pattern": (
        "exceptions: [{rule: setuid-root, path: /" + "x" * 600 + ", reason: r, owner: o}]",
        "1:40",
        "longer than 512",
    ),
}

for day in (
    "2026-02-30",
    "2026-02-29",
    "2026-13-01",
    "2026-1-1",
    "tomorrow",
    "2026-01-01T00:00:00Z",
    "1969-12-31",
):
    WRONG["expires " + day] = (
        f"exceptions:\n  - rule: setuid-root\n    path: /x\n    expires: {day}\n    reason: r\n    owner: o\n",
        "4:14",
        f"{day} is no day; write YYYY-MM-DD",
    )
for pattern in ("su", "*", "*/su", "usr/bin/su", "./su"):
    WRONG["path " + pattern] = (
        f"exceptions:\n  - rule: setuid-root\n    path: '{pattern}'\n    reason: r\n    owner: o\n",
        "3:11",
        "matches no path, which all begin with /",
    )
for key, pattern in [
    ("path", "**"),
    ("path", "/**"),
    ("path", "**/*"),
    ("path", "/**/*"),
    ("path", "/?**"),
    ("path", "/[!~]**"),
    ("image", "*"),
    ("image", "**"),
    ("image", "**:*"),
    ("digest", "sha256:*"),
    ("digest", "*"),
    ("namespace", "*"),
    ("container", "*"),
    ("executable", "/**"),
]:
    WRONG[f"{key} {pattern} for all"] = (
        f"exceptions:\n  - rule: setuid-root\n    {key}: '{pattern}'\n    reason: r\n    owner: o\n",
        f"3:{7 + len(key)}",
        "would cover every finding of setuid-root",
    )
WRONG["an exception of a rule alone"] = (
    "exceptions:\n  - rule: setuid-root\n    reason: r\n    owner: o\n",
    "2:5",
    "`setuid-root: off`",
)


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_with_line_and_column(images, policy, case):
    text, place, says = WRONG[case]
    path = policy("")
    path.write_bytes(text.encode())  # as it is, whatever the platform's line ends
    check = run("policy", "check", path)
    assert (check.code, check.out) == (ERROR, b""), check
    message = check.err.decode()
    assert_printable(check.err)
    assert re.search(rf"nonzero: {re.escape(str(path))}:\d+:\d+: ", message), message
    assert f"{path}:{place}" in message and says in message, message
    scanned = scan("--policy", path, images["warned"])
    assert_refused(scanned, path)
    assert scanned.err == check.err


def test_not_utf8(images, policy):
    path = policy("")
    path.write_bytes(b"# \xc3\xa9\nfail-on: w\xe4rn\n")
    assert_refused(run("policy", "check", path), f"{path}:2:11", "not UTF-8")
    path.write_bytes("fail-on: warn".encode("utf-16"))
    assert_refused(run("policy", "check", path), f"{path}:1:1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "# nothing\n",
        "---\n",
        "{}",
        "rules:\nexceptions:\n",
        "rules: {}\nexceptions: []\n",
        "\ufeffrules:\n",
        "fail-on: warn\r\nrules:\r\n",
    ],
)
def test_an_empty_policy_is_one(policy, text):
    path = policy("")
    path.write_bytes(text.encode())
    result = run("policy", "check", path)
    assert result.code == PASS, result


@pytest.mark.parametrize(
    "args",
    [
        ["--policy", "x", "--no-policy"],
        ["--no-policy=1"],
        ["--ignore", "setuid-rot"],
        ["--ignore="],
        ["--fail-on", "off"],
        ["--fail-on", "FAIL"],
        ["--today", "2026-02-30"],
        ["--today", ""],
    ],
    ids=" ".join,
)
def test_wrong_options(images, args):
    result = run("scan", *args, images["warned"])
    assert (result.code, result.out) == (USAGE, b""), result
    assert_printable(result.err)


def test_ignoring_an_unknown_rule_names_the_nearest(images):
    assert b"did you mean setuid-root?" in run("scan", "--ignore=setuid-rot", images["warned"]).err


# Hostile files ------------------------------------------------------------------------------------


def make_fifo(path):
    os.mkfifo(path)


def make_socket(path):
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's path may not be long
    socket.socket(socket.AF_UNIX).bind(path.name)
    os.chdir(here)


ODD = {
    "folder": (os.mkdir, "no regular file"),
    "fifo": (make_fifo, "no regular file"),
    "socket": (make_socket, "cannot open"),
    "large": (lambda path: path.write_bytes(b"#" * (64 * 1024 + 1)), "larger than 64 KiB"),
    "huge": (
        lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 1 << 40),
        "larger than 64 KiB",
    ),
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("named", [True, False])
def test_what_is_no_small_regular_file_is_refused(tmp_path, images, kind, named):
    make, says = ODD[kind]
    path = tmp_path / ".nonzero.yaml"
    make(path)
    args = ["--policy", path] if named else []
    assert_refused(scan(*args, images["warned"], cwd=tmp_path), path, says)


def test_devices_are_refused(images):
    assert_refused(scan("--policy", "/dev/zero", images["warned"]), "/dev/zero", "no regular file")


def test_a_missing_policy_is_an_error_when_named(tmp_path, images):
    missing = tmp_path / "no/such.yaml"
    assert_refused(scan("--policy", missing, images["warned"]), missing)
    assert_refused(run("policy", "check", missing), missing)


def test_the_policy_is_said_to_be_wrong_before_anything_is_read(tmp_path, policy):
    result = scan("--policy", policy("rules: ["), tmp_path / "no-such-image")
    assert result.code == ERROR
    assert b"no-such-image" not in result.err


def test_links_are_followed_where_they_are_named_and_not_where_they_are_found(
    tmp_path, images, policy
):
    """A repository must not have the program read, and quote, a file of its choice."""
    secret = policy("password: hunter2\n", tmp_path / "secret")
    link = tmp_path / "repository/.nonzero.yaml"
    link.parent.mkdir()
    link.symlink_to(secret)
    result = scan(images["warned"], cwd=link.parent)
    assert_refused(result, link, "symbolic link")
    assert b"password" not in result.err
    good = policy({"fail-on": "warn"}, tmp_path / "good")
    link.unlink()
    link.symlink_to(good)
    assert scan("--policy", link, images["warned"]).code == FAIL


def test_as_many_exceptions_as_there_may_be(tmp_path, images, policy):
    def many(n):
        return policy(
            "exceptions:\n"
            + "".join(
                f"- {{rule: setuid-root, path: /{i}, reason: r, owner: o}}\n" for i in range(n)
            )
        )

    assert run("policy", "check", many(500)).code == PASS
    assert_refused(run("policy", "check", many(501)), "more than 500 exceptions")


def test_a_full_hostile_file_is_read_in_no_time(policy):
    keys = "".join(f"{i:x}: {{}}\n" for i in range(7000))
    for text in (
        keys[:65536],
        "rules: {" + "a: b, " * 10000 + "}",
        "- " * 32000,
        "[" * 65536,
        "'" * 65535,
        "a: |\n" + " \n" * 30000,
    ):
        result = run("policy", "check", policy(text))
        assert result.code == ERROR, result
        assert result.cpu < 10


def test_costly_patterns_are_bounded(tmp_path, policy):
    """An image and a policy made for each other."""
    deep = "/".join(["a" * 200] * 19)
    image = docker_archive(
        tmp_path / "image", Image([archive(*[file(f"{deep}/{i}b", 0o4755) for i in range(400)])])
    )
    globs = ["/" + "**a" * 150 + f"{i}*" for i in range(100)]
    path = policy({"exceptions": [exception(path=one) for one in globs]})
    result = scan("--policy", path, image)
    assert result.code == FAIL
    assert len(result.findings("setuid-root")) == 400
    assert "too costly" in notes(result)


# The schema ---------------------------------------------------------------------------------------


def test_policies_fit_their_schema(policy):
    schema = json.loads((ROOT / "docs/policy.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    schema.pop("$id", None)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(yaml.load(documented(), yaml.BaseLoader))
    everything = {
        "profile": "cbpp-0002",
        "fail-on": "info",
        "rules": {"image-user": "off"},
        "exceptions": [
            exception(
                image="a",
                digest="sha256:ab*",
                namespace="n",
                executable="/x",
                mitigation="m",
                expires="2026-01-01",
            )
        ],
    }
    validator.validate(everything)
    for name in (
        "unknown key",
        "bad level",
        "fail-on off",
        "no reason",
        "expires tomorrow",
        "rules is a list",
    ):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(yaml.load(WRONG[name][0], yaml.BaseLoader))
