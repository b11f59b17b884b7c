# SPDX-License-Identifier: Apache-2.0
"""`nonzero lsp`, driven as editors do: what it says of a document is what `nonzero lint` says of the
file, wherever the editor counts columns in."""

import json
import re
import subprocess

import pytest
from conftest import unavailable
from editor import UTF8, UTF16, Editor, applied, edits_of, frame, units
from program import PROGRAM, run

ROOT_USER = "FROM debian:12\nRUN chmod u+s /opt/tool\nUSER root\n"
SMILE = "FROM debian:12\nRUN echo '\U0001f600 \u00e4' && chmod u+s /opt/tool\nUSER root\n"

WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 999, "character": 0}}


def part(line, start, end):
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}


def lint(path):
    """The findings of `nonzero lint` that count."""
    result = run("lint", "--format", "json", "--no-images", path.name, cwd=path.parent)
    return [one for one in result.subject["findings"] if "excepted" not in one]


def as_range(finding, text, encoding):
    """Where the report says a finding is, as an editor counts."""
    lines = text.split("\n")

    def position(line, column):
        before = lines[line - 1][: column - 1]
        return {"line": line - 1, "character": units(before, encoding)}

    return {
        "start": position(finding["line"], finding["column"]),
        "end": position(finding["end_line"], finding["end_column"]),
    }


@pytest.fixture
def confined():
    """A scan confines itself here, in full: so should the server."""
    summary = run("scan", "--verbose", "-", stdin=b"").err
    if b"not in force" in summary or b"not confined" in summary:
        unavailable(f"needs a kernel with Landlock and seccomp: {summary}")


def written(tmp_path, text, name="Dockerfile"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_it_says_what_it_can_do(tmp_path):
    with Editor(tmp_path) as editor:
        can = editor.server["capabilities"]
        assert can["positionEncoding"] == UTF16
        assert can["textDocumentSync"]["change"] == 2
        assert can["hoverProvider"] is True
        kinds = can["codeActionProvider"]["codeActionKinds"]
        assert kinds == ["quickfix", "source.fixAll.nonzero"]
        assert editor.server["serverInfo"]["name"] == "nonzero"
        assert editor.hang_up() == 0


@pytest.mark.parametrize("text", [ROOT_USER, SMILE], ids=["ascii", "smile"])
@pytest.mark.parametrize("encoding", [UTF8, UTF16])
def test_diagnostics_stand_where_lint_says(tmp_path, encoding, text):
    path = written(tmp_path, text)
    with Editor(tmp_path, encoding) as editor:
        said = editor.open(path)
    expected = lint(path)
    assert {one["rule"] for one in expected} >= {"image-user", "setuid-root"}
    assert len(said) == len(expected)
    severities = {"fail": 1, "warn": 2, "info": 3}
    for diagnostic, finding in zip(said, expected):
        assert diagnostic["code"] == finding["rule"]
        assert diagnostic["source"] == "nonzero"
        assert diagnostic["message"] == finding["message"]
        assert diagnostic["severity"] == severities[finding["level"]]
        assert diagnostic["range"] == as_range(finding, text, encoding)


def test_columns_are_those_of_the_encoding(tmp_path):
    """The word chmod, in a line with a character of four bytes and two surrogates before it."""
    starts = {}
    path = written(tmp_path, SMILE)
    for encoding in (UTF8, UTF16):
        with Editor(tmp_path, encoding) as editor:
            (found,) = [one for one in editor.open(path) if one["code"] == "setuid-root"]
            starts[encoding] = found["range"]["start"]["character"]
    assert starts[UTF8] - starts[UTF16] == 3


def test_the_editors_text_counts_and_not_the_file(tmp_path):
    path = written(tmp_path, "FROM debian:12\nUSER 65532:65532\n")
    with Editor(tmp_path) as editor:
        assert editor.open(path) == []
        said = editor.change(path, {"range": part(1, 5, 16), "text": "0"})
        assert [one["code"] for one in said] == ["image-user"]
        assert said[0]["range"]["start"]["line"] == 1
        said = editor.change(path, {"range": part(1, 5, 6), "text": "65532"}, version=3)
        assert said == []
        said = editor.change(path, {"text": "FROM scratch\n"}, version=4)
        assert [one["code"] for one in said] == ["image-user"]


def test_an_edit_behind_wide_characters_is_where_the_editor_means_it(tmp_path):
    path = written(tmp_path, "FROM debian:12\n# \U0001f600\U0001f600 USER 0\n")
    with Editor(tmp_path) as editor:
        editor.open(path)
        said = editor.change(path, {"range": part(1, 6, 7), "text": "\n"})
        (user,) = [one for one in said if one["code"] == "image-user"]
        assert user["range"]["start"]["line"] == 2


def test_what_does_not_parse_is_said_where_it_is(tmp_path):
    path = written(tmp_path, "FROM debian:12\nNONSENSE x\n")
    refused = run("lint", path.name, cwd=tmp_path)
    assert refused.code == 2
    with Editor(tmp_path) as editor:
        (said,) = editor.open(path)
    assert said["code"] == "not-judged"
    assert said["severity"] == 1
    assert said["range"]["start"]["line"] == 1
    assert said["message"].encode() in refused.err


def test_closing_takes_the_diagnostics_away(tmp_path):
    path = written(tmp_path, ROOT_USER)
    with Editor(tmp_path) as editor:
        assert editor.open(path)
        editor.tell("textDocument/didClose", textDocument={"uri": path.as_uri()})
        assert editor.diagnostics() == []


def test_files_of_other_kinds_are_left_alone(tmp_path):
    path = written(tmp_path, ROOT_USER, "notes.txt")
    with Editor(tmp_path) as editor:
        assert editor.open(path, language="plaintext") == []


def test_a_document_without_a_file_is_judged_by_its_language(tmp_path):
    item = {"uri": "untitled:Untitled-1", "languageId": "dockerfile", "version": 1, "text": ROOT_USER}
    with Editor(tmp_path) as editor:
        editor.tell("textDocument/didOpen", textDocument=item)
        assert "image-user" in [one["code"] for one in editor.diagnostics()]


# --- hover ---


def test_hover_explains_a_rule(tmp_path):
    path = written(tmp_path, ROOT_USER)
    with Editor(tmp_path) as editor:
        (found,) = [one for one in editor.open(path) if one["code"] == "setuid-root"]
        start = found["range"]["start"]
        text = editor.hover(path, start["line"], start["character"])
        check = json.loads(run("checks", "--json", "setuid-root").out)["checks"][0]
        assert "**setuid-root**" in text
        assert check["why"] in text
        for name in check["names"]:
            assert name in text
        assert editor.hover(path, 0, 0) is None


def test_hover_on_a_user_line_has_the_verdict_with_its_reason(tmp_path):
    path = written(tmp_path, ROOT_USER)
    with Editor(tmp_path) as editor:
        editor.open(path)
        for character in (0, 6):
            assert "starts as **root** 0" in editor.hover(path, 2, character)
    passes = written(tmp_path, "FROM debian:12\nUSER 65532\n", "pass.Dockerfile")
    with Editor(tmp_path) as editor:
        assert editor.open(passes) == []
        text = editor.hover(passes, 1, 0)
        assert "**pass**" in text
        assert "starts as **non-root** 65532" in text


def test_bytes_of_a_source_are_no_markdown(tmp_path):
    path = written(tmp_path, "FROM debian:12\nUSER [a](command:x)<img>`b`\n")
    with Editor(tmp_path) as editor:
        editor.open(path)
        text = editor.hover(path, 1, 6)
    assert "command" in text
    assert not re.search(r"(?<!\\)(\]|<img|`b)", text)


# --- code actions ---


def test_all_fixes_applied_give_what_fix_writes(tmp_path):
    path = written(tmp_path, SMILE)
    with Editor(tmp_path) as editor:
        editor.open(path)
        (action,) = editor.actions(path, WHOLE, "source.fixAll")
    assert action["kind"] == "source.fixAll.nonzero"
    mended = applied(SMILE, edits_of(action, path))
    run("lint", "--fix", "--no-images", path.name, cwd=tmp_path)
    assert mended == path.read_text()
    assert mended != SMILE


def test_a_quick_fix_mends_what_is_under_the_cursor(tmp_path):
    path = written(tmp_path, ROOT_USER)
    with Editor(tmp_path) as editor:
        (found,) = [one for one in editor.open(path) if one["code"] == "image-user"]
        actions = editor.actions(path, found["range"], "quickfix")
        action = next(one for one in actions if found in one["diagnostics"])
        assert action["kind"] == "quickfix" and action["isPreferred"] is True
        text = applied(ROOT_USER, edits_of(action, path))
        said = editor.change(path, {"text": text})
        assert "image-user" not in [one["code"] for one in said]


def test_a_fix_that_is_refused_says_why_and_cannot_be_applied(tmp_path):
    path = written(tmp_path, "FROM registry.example.com/nobody/knows:1\n")
    with Editor(tmp_path) as editor:
        editor.open(path)
        actions = editor.actions(path, WHOLE)
    refused = [one for one in actions if "disabled" in one]
    assert refused and not any("edit" in one for one in refused)
    assert all(one["disabled"]["reason"] for one in refused)


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    image: {image}\n"
NGINX = "docker.io/nginxinc/nginx-unprivileged:latest"


def test_a_manifest_is_known_by_what_it_holds_and_mended_as_by_fix(tmp_path):
    text = POD.replace("{image}", NGINX) + "  - name: b\n    image: " + NGINX + "\n"
    path = written(tmp_path, text, "deploy.yaml")
    with Editor(tmp_path) as editor:
        said = {one["code"] for one in editor.open(path, language="yaml")}
        assert "new-privileges" in said
        (action,) = editor.actions(path, WHOLE, "source.fixAll")
        quick = [one for one in editor.actions(path, WHOLE, "quickfix") if "edit" in one]
        assert len(quick) == 1, "both containers have one fix"
        mended = applied(text, edits_of(action, path))
        assert editor.change(path, {"text": "a: 1\n"}) == []
        assert "new-privileges" not in {one["code"] for one in editor.change(path, {"text": mended}, version=3)}
    run("lint", "--fix", "--no-images", path.name, cwd=tmp_path)
    assert mended == path.read_text() != text


@pytest.mark.parametrize("name, text", [("values.yaml", "image: nginx\n"), ("x.json", '{"a": 1}\n'),
                                        ("templates/a.yaml", POD)])
def test_other_yaml_is_left_alone(tmp_path, name, text):
    (tmp_path / "templates").mkdir()
    path = written(tmp_path, text.replace("{image}", "{{ .Values.image }}"), name)
    with Editor(tmp_path) as editor:
        assert editor.open(path, language="yaml") == []


# --- policies and comments ---


def test_the_policy_counts_and_is_read_again_when_saved(tmp_path):
    path = written(tmp_path, ROOT_USER)
    policy = tmp_path / ".nonzero.yaml"
    with Editor(tmp_path) as editor:
        assert "setuid-root" in [one["code"] for one in editor.open(path)]
        policy.write_text("rules:\n  setuid-root: off\n  image-user: warn\n")
        said = editor.save(path)
        assert "setuid-root" not in [one["code"] for one in said]
        assert [one["severity"] for one in said if one["code"] == "image-user"] == [2]
        policy.write_text("rules: [\n")
        said = editor.save(path)
        assert "policy" in [one["code"] for one in said]
        assert "setuid-root" in [one["code"] for one in said]
        policy.unlink()
        editor.tell("workspace/didChangeWatchedFiles", changes=[])
        assert "policy" not in [one["code"] for one in editor.diagnostics()]


def test_exceptions_name_files_as_lint_does_in_the_workspace(tmp_path):
    (tmp_path / "app").mkdir()
    path = written(tmp_path / "app", ROOT_USER)
    (tmp_path / ".nonzero.yaml").write_text(
        "exceptions:\n  - rule: setuid-root\n    path: /app/Dockerfile\n    reason: r\n    owner: o\n"
    )
    with Editor(tmp_path) as editor:
        said = [one["code"] for one in editor.open(path)]
        assert "setuid-root" not in said and "image-user" in said
        text = editor.hover(path, 1, 10)
        assert text is None or "Excepted" in text


def test_ignore_comments_count(tmp_path):
    path = written(tmp_path, "FROM debian:12\n# nonzero ignore=image-user reason=\"x\"\nUSER root\n")
    with Editor(tmp_path) as editor:
        assert "image-user" not in [one["code"] for one in editor.open(path)]


# --- Compose ---


def test_a_service_says_what_its_dockerfile_is(tmp_path):
    written(tmp_path, ROOT_USER)
    path = written(tmp_path, "services:\n  web:\n    build: .\n", "compose.yaml")
    with Editor(tmp_path) as editor:
        said = editor.open(path, language="yaml")
    users = [one for one in said if one["code"] == "image-user"]
    assert users and users[0]["message"].startswith("web: ")


def test_a_compose_file_is_judged_with_its_override(tmp_path):
    path = written(tmp_path, "services:\n  web:\n    image: debian:12\n", "compose.yaml")
    over = written(tmp_path, "services:\n  web:\n    user: '65532'\n", "compose.override.yaml")
    with Editor(tmp_path) as editor:
        assert "image-user" not in [one["code"] for one in editor.open(path, language="yaml")]
        assert editor.open(over, language="yaml") == []
        over.unlink()
        assert "image-user" in [one["code"] for one in editor.save(path)]


# --- what it may do ---


def test_it_gives_up_what_it_does_not_need(tmp_path, confined):
    with Editor(tmp_path) as editor:
        editor.open(written(tmp_path, ROOT_USER))
        with open(f"/proc/{editor.process.pid}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    assert status["Seccomp"] == "2"
    assert status["NoNewPrivs"] == "1"


# --- bad manners ---


def test_unknown_requests_are_errors_and_unknown_notifications_are_not(tmp_path):
    with Editor(tmp_path) as editor:
        assert editor.request("textDocument/rename")["error"]["code"] == -32601
        editor.tell("$/cancelRequest", id=1)
        editor.tell("some/thing")
        assert editor.hang_up() == 0


def test_a_request_before_initialize_is_an_error(tmp_path):
    with Editor(tmp_path, initialize=False) as editor:
        assert editor.request("textDocument/hover")["error"]["code"] == -32002


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 3000, b"null", b"[]", b'"x"']
)
def test_bad_json_is_answered_and_the_talk_goes_on(tmp_path, body):
    with Editor(tmp_path) as editor:
        editor.send(frame(body))
        answer = editor.receive()
        assert answer["id"] is None
        assert answer["error"]["code"] in (-32700, -32600)
        assert editor.hang_up() == 0


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 18446744073709551616\r\n\r\n",
        b"X: y\r\n" * 10_000,
        b"Content-Length: 10\r\n\r\n{}",
        bytes(range(256)) * 64,
    ],
)
def test_what_is_no_frame_ends_the_server_with_an_error(data):
    result = subprocess.run(
        [PROGRAM, "lsp"], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60
    )
    assert result.returncode == 2
    assert b'"code":-32700' in result.stdout


def test_an_editor_that_goes_away_ends_the_server(tmp_path):
    with Editor(tmp_path) as editor:
        editor.open(written(tmp_path, ROOT_USER))
        editor.process.stdin.close()
        assert editor.process.wait(60) == 1
        editor.process.stdin = None


def test_it_takes_no_arguments():
    assert run("lsp", "Dockerfile").code == 64
