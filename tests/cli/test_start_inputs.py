"""One image with all that the checks of start look for: the same through every input and option,
told in text and in JSON, and never the verdict's concern."""

import json

import pytest
from oddimage import Image, docker_archive, oci_archive, oci_layout
from oddtar import archive, directory, file, symlink
from program import PASS, USAGE, assert_consistent, assert_printable, run, scan

RULES = {
    "root-no-password",
    "sudoers-nopasswd",
    "writable-passwd",
    "writable-code",
    "unwritable-state",
    "entrypoint-not-executable",
    "low-port",
    "drops-root",
    "privileged-tools",
}
LAYER = archive(
    file("etc/passwd", 0o666, body="root::0:0::/:\napp:x:1000:1000::/:\nweb:x:33:33::/:\n"),
    file("etc/sudoers", 0o440, body="root ALL=(ALL) ALL\n\napp ALL=(ALL) NOPASSWD: ALL\n"),
    symlink("bin", "usr/bin"),
    file("usr/bin/sh"),
    file("usr/bin/sudo"),
    file("usr/bin/tool", 0o775, 0, 1000),
    directory("data"),
    file("start.sh", 0o744, body='#!/bin/sh\n\nexec gosu web "$@"\n'),
)
CONFIG = {
    "User": "1000",
    "Entrypoint": ["/start.sh"],
    "Cmd": ["tool"],
    "ExposedPorts": {"80/tcp": {}},
    "Volumes": {"/data": {}},
}
IMAGE = Image([LAYER], config={"config": CONFIG})
BARE = Image([LAYER], config={"config": {"User": "1000"}})


def test_every_input_finds_the_same(tmp_path):
    archived = docker_archive(tmp_path / "docker.tar", IMAGE)
    oci = oci_archive(tmp_path / "oci.tar", IMAGE)
    results = [
        scan(archived),
        scan("--verify", archived),
        scan(docker_archive(tmp_path / "new.tar", IMAGE, style="hybrid")),
        scan(oci),
        scan(oci_layout(tmp_path / "layout", IMAGE)),
    ]
    for result in results:
        assert_consistent(result)
        assert result.verdict == "pass"
        assert RULES <= {one["rule"] for subject in result.subjects for one in subject["findings"]}
    told = [{(one["rule"], one.get("path"), one["message"]) for one in r.subjects[0]["findings"]} for r in results]  # fmt: skip
    assert all(one == told[0] for one in told)


@pytest.mark.parametrize("write", [docker_archive, oci_archive])
def test_archive_on_a_pipe_finds_the_same_or_says_what_it_could_not(tmp_path, write):
    path = write(tmp_path / "image.tar", IMAGE)
    piped, direct = scan("-", stdin=path.read_bytes()), scan(path)
    assert_consistent(piped)
    missing = direct.rules() - piped.rules()
    assert piped.rules() <= direct.rules()
    assert not missing or len(piped.subject["notes"]) > len(
        direct.subject.get("notes", [])
    ), missing


def test_directory_without_a_configuration_is_judged_by_its_files(tmp_path, as_root):
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text("root::0:0::/:\napp:x:1000:1000::/:\n")
    (root / "etc/passwd").chmod(0o666)
    (root / "etc/sudoers").write_text("app ALL=(ALL) NOPASSWD: ALL\n")
    result = scan("--user", "1000", f"dir:{root}")
    assert_consistent(result)
    assert result.rules() == {"root-no-password", "sudoers-nopasswd", "writable-passwd"}


def test_text_names_every_rule_and_the_facts(tmp_path):
    path = docker_archive(tmp_path / "image.tar", IMAGE)
    shown = run("scan", "--verbose", "--color=never", path)
    assert shown.code == PASS
    assert_printable(shown.out)
    text = shown.out.decode()
    for words in (*RULES, "-p 80:8080", "33:33", "/start.sh", "line 3", "/etc/sudoers", "/data",
                  "/usr/bin/tool", "/usr/bin/sudo"):  # fmt: skip
        assert words in text, words


def test_facts_in_json(tmp_path):
    result = scan(docker_archive(tmp_path / "image.tar", IMAGE))
    for one in result.findings(*RULES):
        assert one["level"] in ("warn", "info")
        assert one["message"] and one["remedy"]
    assert result.finding("writable-passwd")["path"] == "/etc/passwd"
    assert result.finding("sudoers-nopasswd")["path"] == "/etc/sudoers"
    assert "line 3" in result.finding("sudoers-nopasswd")["message"]
    assert result.finding("writable-code")["path"] == "/usr/bin/tool"
    assert result.finding("unwritable-state")["path"] == "/data"
    assert result.finding("entrypoint-not-executable")["path"] == "/start.sh"
    assert result.finding("privileged-tools")["path"] == "/usr/bin/sudo"
    assert "33:33" in result.finding("drops-root")["message"]


def test_image_that_names_nothing_has_no_findings_of_start(tmp_path):
    rules = scan(docker_archive(tmp_path / "image.tar", BARE)).rules()
    assert (
        rules & {"unwritable-state", "entrypoint-not-executable", "low-port", "drops-root"} == set()
    )


def test_user_option_decides_as_whom(tmp_path):
    path = docker_archive(tmp_path / "image.tar", IMAGE)
    web = scan("--user", "33", path)
    assert web.paths("writable-code") == []
    assert "image's user" not in web.finding("sudoers-nopasswd")["message"]
    root = scan("--user", "0", path)
    assert (
        root.rules() & {"writable-code", "unwritable-state", "entrypoint-not-executable"} == set()
    )


def test_openshift_profile_adds_its_rule_and_decides_by_it(tmp_path):
    path = docker_archive(tmp_path / "image.tar", IMAGE)
    result = scan("--profile", "openshift", path)
    assert_consistent(result)
    assert result.verdict == "fail"
    assert {"/data", "/start.sh"} == set(result.paths("arbitrary-uid"))
    assert {one["level"] for one in result.findings("arbitrary-uid")} == {"fail"}
    assert RULES - {"entrypoint-not-executable", "unwritable-state"} <= result.rules()


@pytest.mark.parametrize("profile", ["", "nothing", "OpenShift2", "openshift,cbpp-0002", "\x1b[1m"])
def test_profile_that_is_none(tmp_path, profile):
    path = docker_archive(tmp_path / "image.tar", IMAGE)
    result = scan("--profile", profile, path)
    assert result.code == USAGE
    assert_printable(result.err)


def test_default_profile_can_be_named(tmp_path):
    path = docker_archive(tmp_path / "image.tar", IMAGE)
    assert json.loads(scan("--profile", "cbpp-0002", path).out) == json.loads(scan(path).out)


def test_images_of_one_archive_are_judged_by_their_own_configuration(tmp_path):
    other = Image([LAYER], tags=("example.com/b:1",), config={"config": {**CONFIG, "User": "33", "ExposedPorts": {}}})  # fmt: skip
    result = scan(docker_archive(tmp_path / "image.tar", IMAGE, other))
    first, second = result.subjects
    assert "low-port" in {one["rule"] for one in first["findings"]}
    assert "low-port" not in {one["rule"] for one in second["findings"]}
    assert "writable-code" not in {one["rule"] for one in second["findings"]}
