"""What `nonzero lint` judges and what it says: which files of a folder, standard input, exit codes,
formats, comments that ignore, the policy."""

import json
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree

import jsonschema
import pytest
from lint_kit import ROOT, USER, assert_no_verdict, counting, lint, places, put, rules
from program import ERROR, FAIL, PASS, USAGE, assert_printable, run
from program import ROOT as PROJECT

COMPOSE = "services:\n  app:\n    build: .\n"
UNIT = "[Container]\nImage=debian:12\nUser=1000\n"


@pytest.fixture
def found(tmp_path):
    """The files that a folder's judgement is about, relative to it: found({name: text})."""

    def found(files, *args, where="."):
        put(tmp_path, {".git/HEAD": "ref: refs/heads/main\n", **files})
        sources = {one["source"] for one in lint(*args, where, cwd=tmp_path).subjects}
        return {os.path.normpath(one) for one in sources}

    return found


# Which files ---------------------------------------------------------------------------------------

DOCKERFILES = [
    "Dockerfile",
    "dockerfile",
    "app.Dockerfile",
    "app.dockerfile",
    "Dockerfile.dev",
    "Dockerfile.dev.arm64",
    "Containerfile",
    "Containerfile.dev",
    "sub/Dockerfile",
    "a/b/c/d/Dockerfile",
    ".devcontainer/Dockerfile",
    "with space/Dockerfile",
]
NOT_DOCKERFILES = [
    "README.md",
    "Makefile",
    "dockerfiles.txt",
    "MyDockerfile",
    "Dockerfiles",
    "Dockerfile-notes",
    "Dockerfile.dockerignore",
    "compose.md",
    "app.service",
    ".git/Dockerfile",
]


def test_names_of_dockerfiles(found):
    assert found({name: USER for name in DOCKERFILES + NOT_DOCKERFILES}) == set(DOCKERFILES)


@pytest.mark.parametrize(
    "name", ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"]
)
def test_names_of_compose_files(found, name):
    assert found({"Dockerfile": USER, name: COMPOSE}) >= {name}


def test_names_of_units(found):
    files = {"app.container": UNIT, "b/c.build": "[Build]\nImageTag=x\nSetWorkingDirectory=unit\n",
             "b/Dockerfile": USER, "x.volume": "[Volume]\n"}
    assert found(files) == {"app.container", "b/c.build", "b/Dockerfile"}


def test_file_that_is_named_is_judged_whatever_its_name(tmp_path):
    put(tmp_path, {"build.txt": USER, ".gitignore": "*"})
    assert lint("build.txt", cwd=tmp_path).code == PASS


def test_without_a_path_the_working_directory_is_judged(tmp_path):
    put(tmp_path, {"sub/Dockerfile": ROOT})
    (one,) = lint(cwd=tmp_path).subjects
    assert os.path.normpath(one["source"]) == "sub/Dockerfile"


def test_order_is_always_the_same(tmp_path):
    put(tmp_path, {f"{name}/Dockerfile": USER for name in "cab"})
    first = [one["source"] for one in lint(tmp_path).subjects]
    assert first == sorted(first)


def test_one_file_named_twice_and_in_a_folder_is_judged(tmp_path):
    put(tmp_path, {"Dockerfile": ROOT})
    result = lint("Dockerfile", ".", cwd=tmp_path)
    assert {os.path.normpath(one["source"]) for one in result.subjects} == {"Dockerfile"}


# .gitignore, and what is found all the same
IGNORED = [
    ("vendor/\n", {"vendor/Dockerfile"}),
    ("vendor\n", {"vendor/Dockerfile"}),
    ("vendor/**\n", {"vendor/Dockerfile"}),
    ("/vendor\n", {"vendor/Dockerfile"}),
    ("*.Dockerfile\n", {"a.Dockerfile", "sub/a.Dockerfile"}),
    ("/*.Dockerfile\n", {"a.Dockerfile"}),
    ("sub/*.Dockerfile\n", {"sub/a.Dockerfile"}),
    ("**/a.Dockerfile\n", {"a.Dockerfile", "sub/a.Dockerfile"}),
    ("*.Dockerfile\n!a.Dockerfile\n", set()),
    ("*.Dockerfile\n!/a.Dockerfile\n", {"sub/a.Dockerfile"}),
    ("# vendor\n\nsub\n", {"sub/Dockerfile", "sub/a.Dockerfile"}),
    ("\\#vendor\n", set()),
    ("a.Dockerfil?\n", {"a.Dockerfile", "sub/a.Dockerfile"}),
    ("[ab].Dockerfile\n", {"a.Dockerfile", "sub/a.Dockerfile"}),
    ("[!a].Dockerfile\n", set()),
    ("vendor/\n!vendor/Dockerfile\n", {"vendor/Dockerfile"}),
    ("vendor/*\n!vendor/Dockerfile\n", set()),
    ("Dockerfile/\n", set()),
    ("s*b\n", {"sub/Dockerfile", "sub/a.Dockerfile"}),
    ("sub/**/Dockerfile\n", {"sub/Dockerfile"}),
    ("vendor/  \n", {"vendor/Dockerfile"}),
    ("vendor/\r\n", {"vendor/Dockerfile"}),
    ("*\n!*/\n!/Dockerfile\n",
     {"a.Dockerfile", "sub/Dockerfile", "sub/a.Dockerfile", "vendor/Dockerfile"}),
]
TREE = {"Dockerfile", "a.Dockerfile", "sub/Dockerfile", "sub/a.Dockerfile", "vendor/Dockerfile"}


@pytest.mark.parametrize("text, gone", IGNORED, ids=[repr(i[0]) for i in IGNORED])
def test_gitignore(found, text, gone):
    assert found({**{name: USER for name in TREE}, ".gitignore": text.encode()}) == TREE - gone


@pytest.mark.parametrize("text, gone", IGNORED, ids=[repr(i[0]) for i in IGNORED])
def test_git_says_so_too(tmp_path, tool, text, gone):
    """The table above is git's."""
    put(tmp_path, {**{name: USER for name in TREE}, ".gitignore": text.encode()})
    git = [tool("git"), "-c", "safe.directory=*", "-C", tmp_path]
    subprocess.run([*git, "init", "-q"], check=True)
    done = subprocess.run([*git, "ls-files", "-o", "--exclude-standard"], check=True, capture_output=True)
    assert {n for n in done.stdout.decode().split("\n") if n.endswith("file")} == TREE - gone


def test_gitignore_of_a_folder_below(found):
    files = {**{name: USER for name in TREE}, "sub/.gitignore": "/Dockerfile\n",
             ".gitignore": "a.Dockerfile\n"}
    assert found(files) == {"Dockerfile", "vendor/Dockerfile"}


def test_gitignore_of_a_folder_below_takes_back(found):
    files = {**{name: USER for name in TREE}, "sub/.gitignore": "!a.Dockerfile\n",
             ".gitignore": "a.Dockerfile\n"}
    assert found(files) == TREE - {"a.Dockerfile"}


def test_gitignore_above_the_folder_that_is_named(found):
    files = {**{name: USER for name in TREE}, ".gitignore": "sub/a.Dockerfile\n"}
    assert found(files, where="sub") == {"sub/Dockerfile"}


@pytest.mark.parametrize("ignore", [{".gitignore": "/sub\n"}, {".gitignore": "sub/\n"}, {"sub/.gitignore": "*\n"}], ids=str)
def test_an_ignored_folder_that_is_named_is_looked_through(found, tmp_path, ignore):
    files = {"sub/deep/Dockerfile": USER, "sub/deep/other/Dockerfile": USER, **ignore}
    assert found(files, where="sub/deep") == {"sub/deep/Dockerfile", "sub/deep/other/Dockerfile"}
    assert_no_verdict(lint(".", cwd=tmp_path), "nothing")


def test_links_of_folders_are_not_followed_round_and_round(tmp_path):
    put(tmp_path, {"a/Dockerfile": USER})
    (tmp_path / "a/again").symlink_to("..")
    result = lint(tmp_path)
    assert result.code == PASS and len(result.subjects) == 1


def test_nothing_to_judge_is_no_pass(tmp_path):
    put(tmp_path, {"empty/README": "x"})
    assert_no_verdict(lint("empty", cwd=tmp_path), "empty")
    assert_no_verdict(lint("gone/Dockerfile", cwd=tmp_path), "gone/Dockerfile")


def test_file_that_cannot_be_read_is_an_error_and_hides_no_other(tmp_path):
    put(tmp_path, {"good/Dockerfile": USER, "root/Dockerfile": ROOT})
    result = lint("good/Dockerfile", "gone", "root/Dockerfile", cwd=tmp_path)
    assert_no_verdict(result, "gone")
    assert [one["verdict"] for one in result.subjects] == ["pass", "fail"]


def test_folder_in_place_of_a_file_and_a_pipe(tmp_path):
    put(tmp_path, {"Dockerfile": None, "b/Dockerfile": USER})
    assert lint(tmp_path).code == PASS
    os.mkfifo(tmp_path / "b/Dockerfile.pipe")
    result = lint(tmp_path)
    assert result.seconds < 20 and result.code in (PASS, ERROR)


# Standard input ------------------------------------------------------------------------------------


def test_standard_input():
    result = lint("-", stdin=USER.encode())
    assert result.code == PASS and result.subject["kind"] == "dockerfile"
    result = lint("-", stdin=ROOT.encode())
    assert result.code == FAIL
    assert result.finding("image-user")["line"] == 1


def test_standard_input_that_does_not_parse():
    assert_no_verdict(lint("-", stdin=b"FROM scratch\nUSRE 1\n"), ":2:")


def test_nothing_on_standard_input_is_no_pass():
    assert_no_verdict(lint("-", stdin=b""))


def test_standard_input_beside_a_file(tmp_path):
    put(tmp_path, {"Dockerfile": ROOT})
    assert [one["verdict"] for one in lint("-", "Dockerfile", stdin=USER.encode(), cwd=tmp_path).subjects] == [
        "pass", "fail"]


# Exit codes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    [
        ["--no-such-option"],
        ["--format", "nosuch"],
        ["--base", "without-equals"],
        ["--build-context", "without-equals"],
        ["--build-arg", "=1"],
        ["--fail-on", "nosuch"],
        ["--ignore", "no-such-rule"],
        ["--diff"],
        ["--policy", "a", "--no-policy"],
    ],
    ids=" ".join,
)
def test_wrong_usage(tmp_path, args):
    put(tmp_path, {"Dockerfile": USER})
    result = run("lint", *args, tmp_path / "Dockerfile")
    assert (result.code, result.out) == (USAGE, b""), result
    assert result.err
    assert_printable(result.err)


def test_worst_of_all_files_is_the_exit_code(tmp_path):
    put(tmp_path, {"a/Dockerfile": USER, "b/Dockerfile": "FROM registry.example.com/x\n", "c/Dockerfile": ROOT})
    for names, code, verdict in (
        ("a", PASS, "pass"), ("ab", FAIL, "unknown"), ("abc", FAIL, "fail"), ("ac", FAIL, "fail")):
        result = lint(*[f"{name}/Dockerfile" for name in names], cwd=tmp_path)
        assert (result.code, result.verdict) == (code, verdict)


def test_full_standard_output_is_an_error(tmp_path):
    put(tmp_path, {"Dockerfile": USER})
    with open("/dev/full", "wb") as full:
        from program import PROGRAM

        done = subprocess.run([PROGRAM, "lint", tmp_path / "Dockerfile"], stdout=full,
                              stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == ERROR and done.stderr


# Formats -------------------------------------------------------------------------------------------

MIXED = {
    "root/Dockerfile": "FROM debian:12\n# \u00fcber\nRUN  chmod u+s /opt/x\n",
    "user/Dockerfile": USER,
    "caf\u00e9 1/Dockerfile": "FROM debian:12\nUSER root\n",
}


@pytest.fixture
def mixed(tmp_path):
    return put(tmp_path, MIXED)


def write(form, place, *args, paths=(".",)):
    result = run("lint", "--no-policy", "--format", form, *args, *paths, cwd=place)
    assert_printable(result.out)
    return result


def test_sarif_fits_the_standard_and_has_regions(mixed):
    result = write("sarif", mixed)
    assert result.code == FAIL
    log = json.loads(result.out)
    schema = json.loads((PROJECT / "tests/data/schema/sarif-2.1.0-rtm.5.json").read_bytes())
    jsonschema.Draft4Validator(schema).validate(log)
    seen = set()
    for one in log["runs"][0]["results"]:
        (location,) = one["locations"]
        physical = location["physicalLocation"]
        uri, region = physical["artifactLocation"]["uri"], physical["region"]
        assert not uri.startswith(("/", "file:", "./")), uri
        assert region["startColumn"] >= 1
        seen.add((one["ruleId"], uri, region["startLine"]))
    assert ("setuid-root", "root/Dockerfile", 3) in seen
    assert ("image-user", "root/Dockerfile", 1) in seen
    assert ("image-user", "caf%C3%A9%201/Dockerfile", 2) in seen


def test_sarif_regions_are_the_text_itself(mixed):
    log = json.loads(write("sarif", mixed).out)
    for one in log["runs"][0]["results"]:
        physical = one["locations"][0]["physicalLocation"]
        region = physical["region"]
        if one["ruleId"] == "image-user" and "caf" in physical["artifactLocation"]["uri"]:
            line = MIXED["caf\u00e9 1/Dockerfile"].split("\n")[region["startLine"] - 1]
            part = line[region["startColumn"] - 1 : region["endColumn"] - 1]
            assert "root" in part, part
            return
    pytest.fail("no result of that file")


def test_sarif_has_fixes(mixed):
    log = json.loads(write("sarif", mixed).out)
    fixes = [fix for one in log["runs"][0]["results"] for fix in one.get("fixes", [])]
    assert fixes
    for fix in fixes:
        for change in fix["artifactChanges"]:
            for replacement in change["replacements"]:
                assert replacement["deletedRegion"]["startLine"] >= 1
                assert "text" in replacement["insertedContent"]


def test_github_annotations_name_file_and_line(mixed):
    lines = write("github", mixed).out.decode().splitlines()
    assert any(re.match(r"::error .*file=root/Dockerfile,line=1\b", line) for line in lines), lines
    assert any(re.match(r"::error .*file=root/Dockerfile,line=3\b", line) for line in lines), lines
    assert all(line.startswith("::") for line in lines if "file=" in line)


def test_gitlab_issues_name_file_and_line(mixed):
    issues = json.loads(write("gitlab", mixed).out)
    seen = {(one["check_name"], one["location"]["path"], one["location"]["lines"]["begin"]) for one in issues}
    assert {("image-user", "root/Dockerfile", 1), ("setuid-root", "root/Dockerfile", 3),
            ("image-user", "caf\u00e9 1/Dockerfile", 2)} <= seen
    prints = [one["fingerprint"] for one in issues]
    assert len(prints) == len(set(prints))


def test_fingerprints_outlive_a_line_that_is_put_in_before(tmp_path):
    def prints(text):
        put(tmp_path, {"Dockerfile": text})
        return {one["fingerprint"] for one in json.loads(write("gitlab", tmp_path).out)}

    assert prints("FROM debian:12\nRUN chmod u+s /x\n") == prints("# new\n\nFROM debian:12\nRUN chmod u+s /x\n")


def test_junit_is_what_its_schema_says(mixed, tool):
    path = mixed / "report.xml"
    path.write_bytes(write("junit", mixed).out)
    schema = PROJECT / "tests/data/schema/jenkins-junit.xsd"
    done = subprocess.run([tool("xmllint"), "--noout", "--schema", schema, path], capture_output=True)
    assert done.returncode == 0, done.stderr
    root = ElementTree.parse(path).getroot()
    assert int(root.get("failures")) > 0
    assert "root/Dockerfile:3" in path.read_text(encoding="utf-8")


def test_text_says_file_line_and_column(mixed):
    text = write("text", mixed).out.decode()
    assert re.search(r"root/Dockerfile:1:\d+", text)
    assert re.search(r"root/Dockerfile:3:\d+", text)
    assert "setuid-root" in text


@pytest.mark.parametrize("form", ["cnf", "html"])
def test_other_formats_are_written(mixed, form):
    result = write(form, mixed)
    assert result.code == FAIL and b"setuid-root" in result.out


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "github", "gitlab", "cnf", "html"])
def test_errors_are_in_every_format_and_on_standard_error(tmp_path, form):
    put(tmp_path, {"bad/Dockerfile": "FROM scratch\nUSRE 1000\n", "good/Dockerfile": USER})
    result = write(form, tmp_path)
    assert result.code == ERROR
    assert b"bad/Dockerfile:2:1" in result.err, result


def test_columns_count_characters(tmp_path):
    put(tmp_path, {"Dockerfile": 'FROM debian:12\nRUN echo "\u00e4\u00f6\u00fc\u20ac" && chmod u+s /x\nUSER 1000\n'})
    column = lint("Dockerfile", cwd=tmp_path).finding("setuid-root")["column"]
    line = 'RUN echo "\u00e4\u00f6\u00fc\u20ac" && chmod u+s /x'
    assert line[column - 1 :].startswith(("chmod", "u+s", "/x")), line[column - 1 :]


def test_names_cannot_drive_a_terminal(tmp_path):
    put(tmp_path, {"\x1b[31mred\n/Dockerfile": "FROM scratch\nUSER \x1b[2J\n",
                   "b/Dockerfile": b"FROM debian:12\nRUN chmod u+s '/\x1b[2J\xff'\nUSER 1000\n"})
    for form in ("text", "json", "sarif", "junit", "github", "gitlab"):
        assert write(form, tmp_path).code == FAIL


# Comments that ignore ------------------------------------------------------------------------------

IGNORES = [
    ("own", "FROM scratch\n# nonzero ignore=image-user reason=\"a test\"\nUSER 0\n"),
    ("own-no-blank", "FROM scratch\n#nonzero ignore=image-user reason=\"a test\"\nUSER 0\n"),
    ("own-several", "FROM scratch\n# nonzero ignore=setuid-root,image-user reason=\"a test\"\nUSER 0\n"),
    ("own-above-the-stage", "# nonzero ignore=image-user reason=\"a test\"\nFROM scratch\nUSER 0\n"),
    ("own-by-a-peers-name", "FROM scratch\n# nonzero ignore=DL3002 reason=\"a test\"\nUSER 0\n"),
    ("hadolint", "FROM scratch\n# hadolint ignore=DL3002\nUSER 0\n"),
    ("hadolint-several", "FROM scratch\n# hadolint ignore=DL3006,DL3002\nUSER 0\n"),
    ("checkov", "FROM scratch\n#checkov:skip=CKV_DOCKER_8:a test\nUSER 0\n"),
    ("checkov-with-a-blank", "FROM scratch\n# checkov:skip=CKV_DOCKER_8: a test\nUSER 0\n"),
    ("tally", "FROM scratch\n# tally ignore=hadolint/DL3002\nUSER 0\n"),
]


@pytest.mark.parametrize("text", [i[1] for i in IGNORES], ids=[i[0] for i in IGNORES])
def test_comment_ignores(text):
    result = lint("-", stdin=text.encode())
    assert "image-user" not in counting(result.subject), result
    assert result.code == PASS, result


NOT_IGNORES = [
    ("another-rule", "FROM scratch\n# nonzero ignore=setuid-root reason=\"a test\"\nUSER 0\n"),
    ("another-instruction", "FROM scratch\n# nonzero ignore=image-user reason=\"x\"\nENV a=b\nUSER 0\n"),
    ("another-stage", "# nonzero ignore=image-user reason=\"x\"\nFROM scratch AS a\nFROM scratch\nUSER 0\n"),
    ("not-a-comment", "FROM scratch\nENV a=\"# nonzero ignore=image-user reason=x\"\nUSER 0\n"),
    ("in-a-heredoc",
     "FROM scratch\nCOPY <<EOF /x\n# nonzero ignore=image-user reason=\"x\"\nEOF\nUSER 0\n"),
    ("in-words", "FROM scratch\n# see nonzero ignore=image-user\nUSER 0\n"),
    ("below", "FROM scratch\nUSER 0\n# nonzero ignore=image-user reason=\"x\"\n"),
    ("hadolint-another", "FROM scratch\n# hadolint ignore=DL3006\nUSER 0\n"),
    ("check-skips-only-its-own", "# check=skip=StageNameCasing\nFROM scratch\nUSER 0\n"),
]


@pytest.mark.parametrize("text", [i[1] for i in NOT_IGNORES], ids=[i[0] for i in NOT_IGNORES])
def test_comment_does_not_ignore(text):
    result = lint("-", stdin=text.encode())
    assert result.code == FAIL and "image-user" in counting(result.subject), result


def test_what_is_ignored_is_shown_with_its_reason():
    text = b'FROM debian:12\n# nonzero ignore=setuid-root reason="needs raw sockets"\nRUN chmod u+s /x\nUSER 1000\n'
    result = lint("-", stdin=text)
    assert result.code == PASS
    one = result.finding("setuid-root")
    assert "needs raw sockets" in one["excepted"]["reason"]
    for form in ("text", "sarif"):
        assert b"needs raw sockets" in run("lint", "--no-policy", "--format", form, "-", stdin=text).out


def test_comment_covers_its_instruction_alone():
    text = (b'FROM debian:12\n# nonzero ignore=setuid-root reason="x"\nRUN chmod u+s /x\n'
            b"RUN chmod u+s /y\nUSER 1000\n")
    result = lint("-", stdin=text)
    assert result.code == FAIL
    assert {one["line"]: "excepted" in one for one in result.findings("setuid-root")} == {3: True, 4: False}


def test_comment_within_an_instruction():
    text = b'FROM debian:12\n# nonzero ignore=setuid-root reason="x"\n\n# another\nRUN true && \\\n chmod u+s /x\nUSER 1000\n'
    assert lint("-", stdin=text).code == PASS


# Policy --------------------------------------------------------------------------------------------

SETUID = "FROM debian:12\nRUN chmod u+s /opt/x\nUSER 1000\n"


def test_policy_beside_it_is_found(tmp_path):
    put(tmp_path, {"Dockerfile": SETUID, ".nonzero.yaml": "rules:\n  setuid-root: warn\n"})
    result = run("lint", "--format", "json", "Dockerfile", cwd=tmp_path)
    assert result.code == PASS and result.finding("setuid-root")["level"] == "warn"
    assert lint("Dockerfile", cwd=tmp_path).code == FAIL, "--no-policy"


def test_policy_turns_off(tmp_path):
    put(tmp_path, {"Dockerfile": SETUID, "p.yaml": "rules:\n  setuid-root: off\n"})
    result = lint("--policy=p.yaml", "Dockerfile", cwd=tmp_path)
    assert result.code == PASS and not result.findings("setuid-root")


@pytest.mark.parametrize(
    "path, covers",
    [("/app/Dockerfile", True), ("**/Dockerfile", True), ("/opt/x", True), ("/other/Dockerfile", False)],
)
def test_exception_by_file(tmp_path, path, covers):
    policy = ("exceptions:\n  - rule: setuid-root\n    path: '%s'\n    reason: a test\n"
              "    owner: me@example.com\n" % path)
    put(tmp_path, {"app/Dockerfile": SETUID, "p.yaml": policy})
    result = lint("--policy=p.yaml", "app/Dockerfile", cwd=tmp_path)
    assert result.code == (PASS if covers else FAIL)
    assert ("excepted" in result.finding("setuid-root")) == covers


def test_fail_on_and_ignore(tmp_path):
    put(tmp_path, {"Dockerfile": "FROM debian:12\nRUN chmod g+s /opt/x\nUSER 1000\n"})
    assert lint("Dockerfile", cwd=tmp_path).code == PASS
    assert lint("--fail-on", "warn", "Dockerfile", cwd=tmp_path).code == FAIL
    assert lint("--fail-on", "warn", "--ignore", "setgid-root", "Dockerfile", cwd=tmp_path).code == PASS


def test_ignore_by_a_peers_name(tmp_path):
    put(tmp_path, {"Dockerfile": ROOT})
    assert lint("--ignore", "DL3002", "Dockerfile", cwd=tmp_path).code == PASS
    assert "image-user" not in rules(lint("--ignore", "DL3002", "Dockerfile", cwd=tmp_path).subject)


def test_unknown_stays_unknown_at_a_lower_level(tmp_path):
    put(tmp_path, {"Dockerfile": "FROM registry.example.com/x\n", "p.yaml": "rules:\n  image-user: info\n"})
    assert lint("--policy=p.yaml", "Dockerfile", cwd=tmp_path).verdict == "unknown"


# Bases and contexts --------------------------------------------------------------------------------


def test_base_from_an_archive(tmp_path):
    """An image that lies here says its user and its accounts."""
    from oddimage import Image, docker_archive
    from oddtar import archive, file

    passwd = file("etc/passwd", body="root:x:0:0::/:/\napp:x:4711:4711::/:/\n")
    base = docker_archive(tmp_path / "base.tar", Image([archive(passwd)], user="app"))
    put(tmp_path, {"Dockerfile": "FROM registry.example.com/base:1\n"})
    known = f"registry.example.com/base:1=docker-archive:{base}"
    result = lint("--base", known, "Dockerfile", cwd=tmp_path)
    assert (result.user["state"], result.user["uid"]) == ("non-root", 4711), result
    assert result.code == PASS


def test_build_context_is_a_folder_to_copy_from(tmp_path):
    put(tmp_path, {"Dockerfile": "FROM scratch\nCOPY --from=etc passwd /etc/passwd\nUSER app\n",
                   "other/passwd": "app:x:4711:4711::/:/\n"})
    result = lint("--build-context", "etc=other", "Dockerfile", cwd=tmp_path)
    assert result.user["uid"] == 4711
    assert ("Dockerfile", 3) in places(result.subject, "user-not-numeric")


def test_context_does_not_reach_outside(tmp_path):
    """A link in the context is the image's, not the host's."""
    put(tmp_path, {"secret": "app:x:4711:4711::/:/\n", "c/Dockerfile":
                   "FROM scratch\nCOPY passwd /etc/passwd\nUSER app\n"})
    (tmp_path / "c/passwd").symlink_to("../secret")
    result = lint("c/Dockerfile", cwd=tmp_path)
    assert result.code == FAIL and result.user["state"] in ("unknown", "wont-start"), result
