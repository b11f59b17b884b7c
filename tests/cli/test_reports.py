"""What is printed, where, and the exit code: the contract that scripts live by."""

import json
import os
import pty
import re
import select
import subprocess

import jsonschema
import pytest
from oddimage import Image, Layer, digest, docker_archive, oci_archive
from oddtar import archive, file
from program import (
    ERROR,
    FAIL,
    PASS,
    PROGRAM,
    SCHEMA,
    USAGE,
    assert_printable,
    assert_refused,
    run,
    scan,
)

CLEAN = Image([archive(file("bin/app"))])
SETUID = Image([Layer(archive(file("usr/bin/su", 0o4755)), created_by="RUN apt-get install login")])
ROOT = Image([archive(file("bin/app"))], user="0")
LOST = Image([archive(file("bin/app"))], user="nobody")
WARNED = Image([archive(file("bin/app", 0o2755))])

IMAGES = {
    "clean": (CLEAN, PASS, "pass"),
    "setuid": (SETUID, FAIL, "fail"),
    "root": (ROOT, FAIL, "fail"),
    "lost": (LOST, FAIL, "unknown"),
    "warned": (WARNED, PASS, "pass"),
}


@pytest.fixture(params=IMAGES)
def case(request, tmp_path):
    """An image's path, the exit code and the verdict that it must have."""
    image, code, verdict = IMAGES[request.param]
    return docker_archive(tmp_path / "image.tar", image), code, verdict


@pytest.fixture
def paths(tmp_path):
    """All of them by name, and `broken`, which is none."""
    made = {
        name: docker_archive(tmp_path / f"{name}.tar", image)
        for name, (image, _, _) in IMAGES.items()
    }
    made["broken"] = tmp_path / "broken.tar"
    made["broken"].write_bytes(b"broken")
    return made


def test_exit_code_and_verdict_in_both_formats(case):
    path, code, verdict = case
    assert run("scan", path).code == code
    result = scan(path)
    assert (result.code, result.verdict, result.subject["verdict"]) == (code, verdict, verdict)
    assert result.err == b""


def test_text_is_the_default_and_begins_with_the_verdict(case):
    path, code, verdict = case
    result = run("scan", path)
    assert verdict in result.out.decode().splitlines()[0].lower(), result
    assert result.out == run("scan", "--format", "text", path).out
    assert result.out == run("scan", "--format=text", path).out
    assert_printable(result.out)


def test_text_says_what_where_why_and_what_to_do(paths):
    text = run("scan", paths["setuid"]).out.decode()
    for word in ("setuid-root", "/usr/bin/su", SETUID.tags[0]):
        assert word in text
    assert "image-user" in run("scan", paths["root"]).out.decode()
    assert "nobody" in run("scan", paths["lost"]).out.decode()


def test_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text()))


def test_json_report_fits_the_contract(case):
    report = scan(case[0]).report
    jsonschema.validate(report, json.loads(SCHEMA.read_text()))
    assert report["schema"] == "nonzero/report/v1"
    assert report["tool"]["name"] == "nonzero"
    assert report["tool"]["version"]
    assert report["profile"] == "cbpp-0002"
    assert set(report) <= {"schema", "tool", "profile", "verdict", "subjects", "errors"}
    (subject,) = report["subjects"]
    assert subject["kind"] == "image"
    assert subject["platform"] == "linux/amd64"
    assert subject["user"]["why"]
    for finding in subject.get("findings", []):
        assert {"rule", "level", "message"} <= set(finding)
        assert (
            None not in finding.values() and "" not in finding.values()
        ), "keys that do not apply are left out"


def test_finding_is_complete(tmp_path):
    one = scan(oci_archive(tmp_path / "image.tar", SETUID)).finding("setuid-root")
    assert one["level"] == "fail"
    assert (one["path"], one["mode"], one["uid"], one["gid"]) == ("/usr/bin/su", "4755", 0, 0)
    assert one["layer"] == {
        "index": 0,
        "digest": SETUID.layers[0].diff_id,
        "created_by": "RUN apt-get install login",
    }
    assert "package" not in one
    assert one["message"] and one["remedy"]


def test_subject_carries_the_digest_of_its_manifest(tmp_path):
    path = oci_archive(tmp_path / "image.tar", CLEAN)
    assert re.fullmatch("sha256:[0-9a-f]{64}", scan(path).subject["digest"])


def test_same_input_same_bytes(paths):
    for form in ("json", "text"):
        assert (
            len(
                {
                    run("scan", "--format", form, paths["setuid"], paths["root"]).out
                    for _ in range(5)
                }
            )
            == 1
        )


# Exit codes of several ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names, code, verdict",
    [
        (["clean", "warned"], PASS, "pass"),
        (["clean", "setuid"], FAIL, "fail"),
        (["lost", "clean"], FAIL, "unknown"),
        (["lost", "setuid"], FAIL, "fail"),
        (["clean", "broken"], ERROR, None),
        (["setuid", "broken"], ERROR, "fail"),
        (["broken", "clean", "setuid"], ERROR, "fail"),
    ],
)
def test_worst_subject_decides(paths, names, code, verdict):
    result = scan(*[paths[name] for name in names])
    assert result.code == code
    assert len(result.subjects) == len([name for name in names if name != "broken"])
    assert run("scan", *[paths[name] for name in names]).code == code
    if verdict:
        assert result.verdict == verdict
    else:
        assert result.verdict != "fail"


@pytest.mark.parametrize("form", ["json", "text"])
def test_nothing_judged_prints_nothing(paths, form):
    assert_refused(run("scan", "--format", form, paths["broken"]), paths["broken"])
    assert_refused(run("scan", "--format", form, paths["broken"], paths["broken"]), paths["broken"])


# Usage --------------------------------------------------------------------------------------------

WRONG = [
    [],
    ["scan"],
    ["no-such-verb"],
    ["scan", "--no-such-option", "x"],
    ["scan", "--format", "x", "y"],
    ["scan", "--format"],
    ["scan", "--format=", "x"],
    ["--no-such-option"],
    ["scan", "--output"],
    ["scan", "--platform"],
]


@pytest.mark.parametrize("args", WRONG, ids=" ".join)
def test_wrong_usage(args):
    result = run(*args)
    assert result.code == USAGE, result
    assert result.out == b"", result
    assert result.err, result
    assert_printable(result.err)


@pytest.mark.parametrize("args", [["--help"], ["scan", "--help"], ["--version"]], ids=" ".join)
def test_help_and_version(args):
    result = run(*args)
    assert result.code == PASS, result
    assert result.err == b""
    assert b"nonzero" in result.out


def test_help_names_every_option():
    text = run("scan", "--help").out.decode()
    for option in (
        "--format",
        "--platform",
        "--verify",
        "--user",
        "--output",
        "--quiet",
        "--verbose",
    ):
        assert option in text


def test_options_may_stand_behind_the_image(paths):
    assert json.loads(run("scan", paths["clean"], "--format", "json").out)["verdict"] == "pass"


def test_image_whose_name_begins_with_a_dash(tmp_path):
    docker_archive(tmp_path / "-image.tar", CLEAN)
    assert run("scan", "--", "-image.tar", cwd=tmp_path).code == PASS
    assert run("scan", "./-image.tar", cwd=tmp_path).code == PASS


# --quiet, --verbose, --output ---------------------------------------------------------------------


def test_quiet_says_less_and_verbose_more(case):
    path, code, _ = case
    plain, quiet, verbose = (
        run("scan", path),
        run("scan", "--quiet", path),
        run("scan", "--verbose", path),
    )
    assert (plain.code, quiet.code, verbose.code) == (code, code, code)
    assert len(quiet.out) < len(plain.out)
    assert len(quiet.out) + len(quiet.err) < len(plain.out) + len(plain.err)
    assert len(verbose.out) + len(verbose.err) >= len(plain.out) + len(plain.err)


def test_quiet_does_not_hide_errors(paths):
    assert_refused(run("scan", "--quiet", paths["broken"]), paths["broken"])


@pytest.mark.parametrize("form", ["json", "text"])
def test_output_goes_to_the_file_and_nowhere_else(case, tmp_path, form):
    path, code, _ = case
    result = run("scan", "--format", form, "--output", tmp_path / "report", path)
    assert (result.code, result.out) == (code, b"")
    assert (tmp_path / "report").read_bytes() == run("scan", "--format", form, path).out
    assert sorted(os.listdir(tmp_path)) == ["image.tar", "report"], "nothing else is left behind"


def test_output_replaces_a_file_whole(paths, tmp_path):
    report = tmp_path / "report"
    report.write_bytes(b"old " * 10000)
    assert run("scan", "--output", report, paths["clean"]).code == PASS
    assert b"old" not in report.read_bytes()


def test_output_is_untouched_when_nothing_was_judged(paths, tmp_path):
    report = tmp_path / "report"
    report.write_bytes(b"old")
    before = sorted(os.listdir(tmp_path))
    assert_refused(run("scan", "--output", report, paths["broken"]), paths["broken"])
    assert report.read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == before
    assert_refused(run("scan", "--output", tmp_path / "new", paths["broken"]), paths["broken"])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("where", ["no/such/folder/report", "folder"])
def test_output_that_cannot_be_written_is_an_error(paths, tmp_path, where):
    (tmp_path / "folder").mkdir()
    result = run("scan", "--output", tmp_path / where, paths["clean"])
    assert result.code == ERROR, result
    assert str(tmp_path / where).encode() in result.err


@pytest.mark.parametrize("form", ["json", "text"])
def test_full_standard_output_is_an_error(paths, form):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [PROGRAM, "scan", "--format", form, paths["clean"]],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert done.returncode == ERROR
    assert done.stderr


# Terminals ----------------------------------------------------------------------------------------


def on_terminal(*args, **env):
    """Standard output and error of the program on a terminal, together."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, *map(str, args)],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        env={"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **env},
    )
    os.close(slave)
    text = b""
    while select.select([master], [], [], 60)[0]:
        try:
            piece = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        text += piece
    os.close(master)
    process.wait(timeout=60)
    return text


def test_no_escape_sequences_unless_on_a_terminal(case):
    result = run("scan", case[0], env={"TERM": "xterm-256color"})
    assert b"\x1b" not in result.out + result.err


def test_no_color_is_honoured(paths):
    assert b"\x1b[" in on_terminal("scan", paths["setuid"]), "colour on a terminal"
    assert b"\x1b" not in on_terminal("scan", paths["setuid"], NO_COLOR="1")


def test_hostile_name_cannot_drive_a_terminal(tmp_path):
    name = b"bin/\x1b]0;title\x07\x1b[2J\x9b2J\xc2\x9b2Jsu"
    path = docker_archive(tmp_path / "image.tar", Image([archive(file(name, 0o4755))]))
    text = on_terminal("scan", path)
    assert b"setuid-root" in text
    for sequence in (b"\x1b]", b"\x07", b"\x1b[2J", b"\x9b"):
        assert sequence not in text


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_a_path_in_another_alphabet_ends_the_report_in_every_locale(tmp_path, locale):
    path = docker_archive(tmp_path / "image.tar", Image([archive(file("bin/\u65e5\u672c", 0o4755))]))
    for text in (on_terminal("scan", path, LC_ALL=locale), run("scan", path, env={"LC_ALL": locale}).out):
        assert "/bin/\u65e5\u672c 4755 0:0".encode() in text


def test_columns_stand_below_each_other_whatever_is_in_them(tmp_path):
    names = ["bin/\u65e5\u672c", "bin/e\u0301", "bin/plain-name"]
    path = docker_archive(tmp_path / "image.tar", Image([archive(*(file(name, 0o4755) for name in names))]))
    lines = [line for line in run("scan", path).out.decode().splitlines() if "setuid-root" in line and "4755" in line]
    after = next(line for line in lines if "plain-name" in line).index("4755")
    # In characters: two of them are two columns wide each, one is none.
    assert sorted(line.index("4755") for line in lines) == [after - 2, after, after + 1]


def test_a_table_is_fitted_to_the_terminal(tmp_path):
    """By libsmartcols, which is opened for a terminal alone."""
    history = "RUN " + "something-long " * 20
    image = Image([Layer(archive(file("usr/bin/su", 0o4755)), created_by=history)])
    path = docker_archive(tmp_path / "image.tar", image)
    narrow = on_terminal("scan", path, COLUMNS="70").decode().splitlines()
    row = next(line for line in narrow if "setuid-root" in line and "4755" in line)
    assert len(re.sub(r"\x1b\[[0-9;]*m", "", row)) <= 70
    wide = run("scan", path, env={"COLUMNS": "70"}).out.decode().splitlines()
    assert len(next(line for line in wide if "setuid-root" in line and "4755" in line)) > 70


# The image's id -----------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [docker_archive, oci_archive])
def test_an_image_has_the_id_that_engines_give_it(tmp_path, write):
    result = scan(write(tmp_path / "image.tar", SETUID))
    assert result.subject["image_id"] == digest(SETUID.config_bytes())
    assert (result.subject["digest"] == result.subject["image_id"]) == (write is docker_archive)


def test_a_root_filesystem_has_no_id(tmp_path):
    (tmp_path / "root").mkdir()
    assert "image_id" not in scan(f"dir:{tmp_path / 'root'}").subject
