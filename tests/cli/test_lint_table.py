"""`nonzero lint` by a table of Dockerfiles: whom the image starts as, what is found, in which line.
The files are judged together, one run for each set of arguments."""

import re
from itertools import groupby

import lint_cases_grammar
import lint_cases_peers
import lint_cases_rules
import lint_cases_user
import pytest
from lint_case import ABSENT, ANY
from program import ERROR, PASS, run

CASES = (
    lint_cases_user.CASES + lint_cases_grammar.CASES + lint_cases_rules.CASES + lint_cases_peers.CASES
)
BY_NAME = {one.name: one for one in CASES}
# What a file that says nothing else may hold: the copies of the table take it as it is.
CONTEXT = {"x": "x", "app": "x", "run": "x", "d/x": "x"}


def put(place, files):
    for name, body in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body if isinstance(body, bytes) else body.encode())


def judge_all(place, cases, args):
    """{name: (subject or None, messages)} of the cases that have these arguments."""
    paths = []
    for one in cases:
        put(place / one.name, {**CONTEXT, **one.files, "Dockerfile": one.text})
        paths.append(f"{one.name}/Dockerfile")
    options = ("--no-policy", "--no-images", "--format", "json")
    result = run("lint", *options, *args, *paths, cwd=place)
    answers = {one.name: [None, []] for one in cases}
    if not result.out:
        # Nothing could be judged: there is no report, and the messages say why.
        assert result.code == ERROR, result
        for line in result.err.decode().splitlines():
            path = line.removeprefix("nonzero: ")
            if path.startswith("note: "):  # of a sanitizer build: that it is not confined
                continue
            answers[path.split("/")[0]][1].append(path)
        return answers
    for subject in result.report["subjects"]:
        answer = answers[subject["source"].split("/")[0]]
        assert answer[0] is None, f"two subjects of {subject['source']}"
        answer[0] = subject
    for error in result.report.get("errors", []):
        answers[error["source"].split("/")[0]][1].append(error["message"])
    return answers


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What the program says of each case."""
    found = {}
    place = tmp_path_factory.mktemp("table")
    for args, cases in groupby(sorted(CASES, key=lambda one: one.args), key=lambda one: one.args):
        found.update(judge_all(place, list(cases), args))
    return found


def lines_of(subject, rule):
    return {(one.get("line"), one["level"]) for one in subject["findings"] if one["rule"] == rule}


def assert_found(subject, rule, line, level=ANY):
    found = lines_of(subject, rule)
    good = [one for one in found if (line in (None, one[0])) and level == one[1]]
    assert good, f"{rule} in line {line}, level {level}: only {sorted(found, key=str)}"


def assert_position(message, case):
    """NAME:LINE:COLUMN, of the line where the mistake is."""
    match = re.search(rf"{case.name}/Dockerfile:(\d+):(\d+)", message)
    assert match, f"no position in {message!r}"
    assert case.error in (0, int(match[1])), f"line {case.error}, not {message!r}"


def assert_user(subject, case):
    user = subject["user"]
    assert user["state"] in case.states
    for key in ("uid", "gid", "declared"):
        expected = getattr(case, key)
        if key not in user:
            assert expected is ABSENT or expected is ANY, f"no {key} in {user}"
        else:
            assert expected is not ABSENT and expected == user[key], f"{key} of {user}"
    if case.at:
        assert (user["file"], user["line"]) == (f"{case.name}/Dockerfile", case.at), user
    for word in case.why:
        assert word in user["why"], f"{word} is not in the reason: {user['why']}"


def assert_findings(subject, case):
    rules = {one["rule"] for one in subject["findings"]}
    if case.state == "root":
        assert_found(subject, "image-user", case.at or None, "fail")
    elif case.state == "non-root":
        assert "image-user" not in rules
    elif case.at:
        assert_found(subject, "image-user", case.at)
    for one in case.has:
        assert_found(subject, *one)
    assert not rules & set(case.lacks)
    for rule, words in case.says.items():
        texts = [
            f"{one['message']} {one.get('remedy', '')}"
            for one in subject["findings"]
            if one["rule"] == rule
        ]
        assert any(all(word in text for word in words) for text in texts), f"{words}: {texts}"


@pytest.mark.parametrize("name", BY_NAME)
def test_dockerfile(answers, name):
    case = BY_NAME[name]
    subject, messages = answers[name]
    if case.error is not None:
        if case.lenient and subject is not None:
            assert subject["verdict"] != "pass", subject
            return
        assert subject is None, f"judged what no build accepts: {subject}"
        assert messages, "neither judged nor refused"
        if case.text.strip() and not case.args:
            assert_position(messages[0], case)
        return
    assert subject is not None, messages
    assert not messages
    assert subject["kind"] == "dockerfile"
    assert_user(subject, case)
    assert_findings(subject, case)
    assert subject["verdict"] == case.expected_verdict, subject
    assert case.expected_verdict is not ANY or subject["verdict"] != "pass", subject


def test_each_finding_has_its_place(answers):
    """File, line and column, all within the file."""
    seen = 0
    for name, (subject, _) in answers.items():
        lines = BY_NAME[name].text.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        for one in subject["findings"] if subject else []:
            assert one["file"].startswith(f"{name}/"), one
            assert one["column"] >= 1, one
            if one["file"] == f"{name}/Dockerfile":
                text = lines[one["line"] - 1].decode("utf-8", "replace")
                assert one["column"] <= len(text) + 1, (name, one)
            seen += 1
    assert seen > 150


def test_cases_are_judged_alone_as_among_others(answers, tmp_path):
    """Nothing of one file tells on another."""
    for name in ("user-quoted-zero", "name-useradd", "run-chmod-u+s", "onbuild-runs-once"):
        alone = judge_all(tmp_path, [BY_NAME[name]], ())[name]
        assert alone == answers[name]


def test_exit_code_of_a_pass_and_of_an_error(tmp_path):
    put(tmp_path, {"good/Dockerfile": "FROM scratch\nUSER 1000\n", "bad/Dockerfile": "FROM\n"})
    assert run("lint", "--no-policy", tmp_path / "good/Dockerfile").code == PASS
    both = run("lint", "--no-policy", tmp_path / "good/Dockerfile", tmp_path / "bad/Dockerfile")
    assert both.code == ERROR
