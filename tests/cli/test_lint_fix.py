"""`nonzero lint --fix`: the least edit that makes an image start as a user, or a refusal with its
reason; all other bytes stay."""

import difflib
import os
import stat

import pytest
from lint_kit import USER, lint, put
from program import ERROR, FAIL, PASS, USAGE, assert_printable, run

# What --fix mends: text, and what the result must have.
MENDED = {
    "debian": ("FROM debian:12\nCOPY app /app\nCMD [\"/app\"]\n", (b"useradd", b"\nUSER ")),
    "debian-slim": ("FROM python:3.12-slim\nCOPY . /app\nCMD [\"python\", \"/app/x.py\"]\n", (b"useradd",)),
    "ubuntu": ("FROM ubuntu:22.04\nENTRYPOINT [\"/app\"]\n", (b"useradd",)),
    "alpine": ("FROM alpine:3.20\nCOPY app /app\nCMD [\"/app\"]\n", (b"adduser",)),
    "red-hat": ("FROM fedora:40\nCOPY app /app\nCMD [\"/app\"]\n", (b"useradd",)),
    "scratch": ("FROM scratch\nCOPY app /app\nENTRYPOINT [\"/app\"]\n", (b"\nUSER ",)),
    "distroless": ("FROM gcr.io/distroless/static-debian12\nCOPY app /app\nENTRYPOINT [\"/app\"]\n", (b"\nUSER ",)),
    "last-user-is-root": ("FROM debian:12\nRUN useradd -u 1234 app\nUSER app\nRUN true\nUSER root\nCMD [\"/a\"]\n", ()),
    "user-zero": ("FROM scratch\nCOPY app /app\nUSER 0\nENTRYPOINT [\"/app\"]\n", ()),
    "user-root-and-group": ("FROM debian:12\nUSER root:root\nCMD [\"/a\"]\n", ()),
    "several-stages": ("FROM golang:1.22 AS build\nRUN go build -o /app .\nFROM scratch\n"
                       "COPY --from=build /app /app\nENTRYPOINT [\"/app\"]\n", ()),
    "setuid": ("FROM debian:12\nRUN chmod u+s /opt/x\nUSER 1000:1000\n", ()),
    "setuid-number": ("FROM debian:12\nRUN true && chmod 4755 /opt/x && true\nUSER 1000:1000\n", (b"0755",)),
    "setuid-copied": ("FROM scratch\nCOPY --chmod=4755 x /x\nUSER 1000:1000\n", ()),
    "state-and-root": ("FROM debian:12\nVOLUME /data\nCMD [\"/a\"]\n", (b" /data\nVOLUME /data", b"\nUSER ")),
    "workdir": ("FROM debian:12\nWORKDIR /work\nCOPY . .\nCMD [\"./a\"]\n", ()),
    "heredoc": ("FROM debian:12\nRUN <<EOF\nset -e\ntrue\nEOF\nCMD [\"/a\"]\n", ()),
    "escape": ("# escape=`\nFROM debian:12\nRUN true && `\n    true\nCMD [\"/a\"]\n", ()),
    "indented-and-commented": ("# a\nFROM debian:12 \n\n  # b\n  RUN true   \n\n# c\nCMD [\"/a\"]\n# d\n", ()),
}

# What it must not guess at.
REFUSED = {
    "gosu": "FROM debian:12\nENTRYPOINT [\"gosu\", \"app\", \"/app\"]\n",
    "su-exec": "FROM alpine:3.20\nENTRYPOINT [\"su-exec\", \"app\", \"/app\"]\n",
    "unknown-base": "FROM registry.example.com/team/base:1\nCMD [\"/app\"]\n",
    "unknown-base-and-root": "FROM registry.example.com/team/base:1\nUSER root\nCMD [\"/app\"]\n",
    "base-by-argument": "ARG base\nFROM ${base:-registry.example.com/b:1}\nCMD [\"/app\"]\n",
}


@pytest.fixture
def fix(tmp_path):
    """Runs --fix on a Dockerfile with this text: fix(text) -> (result, bytes of the file)."""

    def fix(text, *args, name="Dockerfile"):
        if text is not None:
            put(tmp_path, {name: text, "app": "x", "x": "x", "a": "x"})
        result = run("lint", "--no-policy", "--fix", *args, name, cwd=tmp_path)
        assert_printable(result.err)
        return result, (tmp_path / name).read_bytes()

    return fix


def changed(before, after):
    """The lines that were taken out, and those that were put in."""
    lines = list(difflib.ndiff(before.splitlines(True), after.splitlines(True)))
    return [l[2:] for l in lines if l[:1] == "-"], [l[2:] for l in lines if l[:1] == "+"]


@pytest.mark.parametrize("name", MENDED)
def test_mended_file_starts_as_a_user(fix, tmp_path, name):
    text, words = MENDED[name]
    result, after = fix(text)
    assert result.code == PASS, result
    again = lint("Dockerfile", cwd=tmp_path)
    assert again.code == PASS, f"{after.decode()}\n{again}"
    user = again.user
    assert user["state"] == "non-root" and user["uid"] != 0 and user["gid"] != 0, after.decode()
    # A WORKDIR full of code is rightly root's: that is of level info.
    left = again.findings("user-not-numeric", "unwritable-state", "needs-root")
    assert not [one for one in left if one["level"] != "info"], after.decode()
    for word in words:
        assert word in after, after.decode()


@pytest.mark.parametrize("name", MENDED)
def test_mending_twice_changes_nothing(fix, name):
    _, once = fix(MENDED[name][0])
    result, twice = fix(None)
    assert twice == once
    assert result.code == PASS


@pytest.mark.parametrize("name", MENDED)
def test_edit_is_small_and_other_lines_stay(fix, name):
    text = MENDED[name][0]
    _, after = fix(text)
    out, new = changed(text, after.decode())
    assert len(out) <= 2, f"took out {out}"
    assert 1 <= len(new) <= 8, f"put in {new}"


@pytest.mark.parametrize("name", MENDED)
def test_diff_shows_it_and_writes_nothing(fix, tmp_path, tool, name):
    text = MENDED[name][0]
    stamp = put(tmp_path, {"Dockerfile": text}).joinpath("Dockerfile").stat()
    result, after = fix(None, "--diff")
    assert after == text.encode()
    assert (tmp_path / "Dockerfile").stat().st_mtime_ns == stamp.st_mtime_ns
    assert b"--- " in result.out and b"+++ " in result.out and b"@@ " in result.out, result
    # The diff is one that patch takes, and makes of the file what --fix makes of it.
    import subprocess

    done = subprocess.run([tool("patch"), "-s", "-o", "patched", "Dockerfile"], input=result.out,
                          cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done
    _, fixed = fix(None)
    assert (tmp_path / "patched").read_bytes() == fixed


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_reason(fix, name):
    text = REFUSED[name]
    result, after = fix(text)
    assert after == text.encode(), "nothing is written"
    assert result.code == FAIL, result
    said = (result.out + result.err).decode()
    assert "Dockerfile" in said
    assert any(word in said for word in ("refus", "not applied", "not mended", "proposal", "by hand")), said


def test_refusal_prints_the_proposal(fix):
    result, _ = fix(REFUSED["gosu"])
    assert b"USER" in result.out + result.err, result


def test_file_that_is_good_stays(fix, tmp_path):
    put(tmp_path, {"Dockerfile": USER})
    before = (tmp_path / "Dockerfile").stat()
    result, after = fix(None)
    assert after == USER.encode() and result.code == PASS
    stat_now = (tmp_path / "Dockerfile").stat()
    assert (stat_now.st_mtime_ns, stat_now.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_line_ends_stay(fix):
    text = MENDED["debian"][0].replace("\n", "\r\n").encode()
    _, after = fix(text)
    assert after.count(b"\n") == after.count(b"\r\n") > text.count(b"\n")


def test_byte_order_mark_stays(fix):
    _, after = fix(b"\xef\xbb\xbf" + MENDED["scratch"][0].encode())
    assert after.startswith(b"\xef\xbb\xbfFROM") and after.count(b"\xef\xbb\xbf") == 1


def test_missing_end_of_the_last_line(fix, tmp_path):
    for text in (b"FROM scratch", b"FROM scratch\nUSER 0", b'FROM debian:12\nCMD ["/a"]'):
        _, after = fix(text)
        assert lint("Dockerfile", cwd=tmp_path).code == PASS, after


def test_bytes_that_are_no_utf_8_stay(fix):
    text = b"FROM scratch\n# \xff\xfe caf\xe9\nLABEL a=\xe9\nENTRYPOINT [\"/a\"]\n"
    _, after = fix(text)
    for line in text.splitlines(True):
        assert line in after


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755])
def test_mode_and_owner_stay(tmp_path, mode):
    put(tmp_path, {"Dockerfile": MENDED["scratch"][0]})
    path = tmp_path / "Dockerfile"
    path.chmod(mode)
    if os.geteuid() == 0:
        os.chown(path, 1234, 1235)
    run("lint", "--no-policy", "--fix", path)
    now = path.stat()
    assert b"USER" in path.read_bytes()
    assert stat.S_IMODE(now.st_mode) == mode
    if os.geteuid() == 0:
        assert (now.st_uid, now.st_gid) == (1234, 1235)


def test_only_the_named_file_is_written(tmp_path):
    root = MENDED["scratch"][0]
    put(tmp_path, {"a/Dockerfile": root, "b/Dockerfile": root, "c": "c"})
    run("lint", "--no-policy", "--fix", "a/Dockerfile", cwd=tmp_path)
    assert (tmp_path / "b/Dockerfile").read_text() == root
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()) == [
        "a/Dockerfile", "b/Dockerfile", "c"], "nothing is left behind"


def test_all_files_of_a_folder_are_mended(tmp_path):
    put(tmp_path, {f"{name}/Dockerfile": text for name, (text, _) in MENDED.items()})
    result = run("lint", "--no-policy", "--fix", ".", cwd=tmp_path)
    assert result.code == PASS, result
    assert lint(".", cwd=tmp_path).code == PASS


def test_link_stays_a_link(tmp_path):
    put(tmp_path, {"real/Dockerfile": MENDED["scratch"][0]})
    (tmp_path / "Dockerfile").symlink_to("real/Dockerfile")
    run("lint", "--no-policy", "--fix", "Dockerfile", cwd=tmp_path)
    assert (tmp_path / "Dockerfile").is_symlink()
    assert b"USER" in (tmp_path / "real/Dockerfile").read_bytes() or lint(
        "Dockerfile", cwd=tmp_path).code == FAIL


def test_file_that_cannot_be_written_is_an_error(tmp_path):
    put(tmp_path, {"d/Dockerfile": MENDED["scratch"][0]})
    os.chmod(tmp_path, 0o755)
    result = run("lint", "--no-policy", "--fix", tmp_path / "d/Dockerfile",
                 **({"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}))
    if os.geteuid() != 0:
        return
    for one in tmp_path.parents:
        if not os.stat(one).st_mode & 0o001:
            return  # the other user cannot even read it: an error as well
    assert result.code in (ERROR, FAIL), result
    assert (tmp_path / "d/Dockerfile").read_text() == MENDED["scratch"][0]


def test_file_that_does_not_parse_is_not_written(fix):
    text = "FROM scratch\nUSRE 1000\n"
    result, after = fix(text)
    assert result.code == ERROR and after == text.encode()


def test_standard_input_is_mended_to_standard_output_or_refused():
    text = MENDED["scratch"][0].encode()
    result = run("lint", "--no-policy", "--fix", "-", stdin=text)
    assert result.code in (PASS, FAIL, USAGE), result
    assert result.out or result.err


def test_json_has_the_fix_with_its_edits(tmp_path):
    """What an editor needs: places and texts, which make of the file what --fix makes of it."""
    text = MENDED["last-user-is-root"][0]
    put(tmp_path, {"Dockerfile": text})
    subject = lint("Dockerfile", cwd=tmp_path).subject
    fixes = [one for one in subject.get("fixes", []) if "refused" not in one]
    assert fixes
    lines = text.splitlines(True)
    starts = [sum(map(len, lines[:i])) for i in range(len(lines) + 1)]
    new = text
    for edit in sorted(fixes[0]["edits"], key=lambda e: (e["line"], e["column"]), reverse=True):
        begin = starts[edit["line"] - 1] + edit["column"] - 1
        end = starts[edit["end_line"] - 1] + edit["end_column"] - 1
        new = new[:begin] + edit["text"] + new[end:]
    assert lint("-", stdin=new.encode()).code == PASS, new


def test_ignored_findings_are_not_mended(fix):
    text = 'FROM debian:12\n# nonzero ignore=setuid-root reason="x"\nRUN chmod u+s /opt/x\nUSER 1000:1000\n'
    result, after = fix(text)
    assert after == text.encode() and result.code == PASS


def test_code_stays_roots(fix, tmp_path):
    """Only what is written is given to the user."""
    text = "FROM debian:12\nWORKDIR /app\nCOPY . .\nVOLUME /app/data\nCMD [\"/app/run\"]\n"
    _, after = fix(text)
    result = lint("Dockerfile", cwd=tmp_path)
    assert result.code == PASS, after.decode()
    assert not result.findings("writable-code"), after.decode()
    state = [one["message"] for one in result.findings("unwritable-state")]
    assert not [text for text in state if "/app/data" in text], after.decode()
    assert b"chown -R" not in after or b"/app/data" in after


def test_packages_are_installed_before_the_user(fix, tmp_path):
    text = "FROM debian:12\nUSER 1000\nRUN apt-get update\nUSER root\nRUN apt-get install -y curl\nCMD [\"/a\"]\n"
    _, after = fix(text)
    lines = after.decode().splitlines()
    assert lines.index("RUN apt-get install -y curl") < max(
        i for i, line in enumerate(lines) if line.startswith("USER ")), after.decode()
    assert lint("Dockerfile", cwd=tmp_path).user["state"] == "non-root"


def test_low_port_gets_its_mapping(fix):
    result, after = fix("FROM debian:12\nEXPOSE 80\nCMD [\"/a\"]\n")
    assert b"-p 80:" in result.out + result.err + after, result
