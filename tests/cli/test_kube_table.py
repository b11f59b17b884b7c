"""`nonzero lint` by a table of Kubernetes manifests: who each container runs as, whether the kubelet
starts it, what is found, and the line that decided. The manifests are judged in one run."""

import re

import kube_cases_become
import kube_cases_gate
import kube_cases_kinds
import kube_cases_peers
import kube_cases_precedence
import kube_cases_shapes
import kube_cases_userns
import kube_cases_windows
import pytest
from kube_images import image_args
from lint_case import ABSENT
from program import CODES, ERROR, run

CASES = (
    kube_cases_precedence.CASES
    + kube_cases_gate.CASES
    + kube_cases_kinds.CASES
    + kube_cases_userns.CASES
    + kube_cases_windows.CASES
    + kube_cases_become.CASES
    + kube_cases_peers.CASES
    + kube_cases_shapes.CASES
)
BY_NAME = {one.name: one for one in CASES}
assert len(BY_NAME) == len(CASES), "two cases of one name"


class Answer:
    def __init__(self):
        self.subjects, self.errors, self.notes = {}, [], []


def judge(place, cases, images, *args):
    """{name: Answer} of the cases, in one run."""
    for one in cases:
        (place / one.file).write_bytes(one.text)
    answers = {one.name: Answer() for one in cases}
    paths = [one.file for one in cases]
    result = run("lint", "--no-policy", "--format", "json", *images, *args, *paths, cwd=place)
    assert result.out, result
    report = result.report
    for subject in report["subjects"]:
        answer = answers[subject["source"].rsplit(".", 1)[0]]
        answer.subjects.setdefault(subject["name"], []).append(subject)
        answer.notes += subject.get("notes", [])
    for error in report.get("errors", []):
        answers[error["source"].rsplit(".", 1)[0]].errors.append(error["message"])
    expected = ERROR if report.get("errors") else CODES[report["verdict"]]
    assert result.code == expected, result
    for line in result.err.decode().splitlines():
        for one in cases:
            if one.file in line:
                answers[one.name].notes.append(line)
    return answers


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return image_args(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def answers(tmp_path_factory, images):
    return judge(tmp_path_factory.mktemp("table"), CASES, images)


def levels(subject, rule):
    return {one["level"] for one in subject["findings"] if one["rule"] == rule}


def assert_refused(case, answer):
    """The message says where: FILE:LINE:COLUMN."""
    assert not answer.subjects, f"judged what the API server does not take: {answer.subjects}"
    found = re.search(rf"{re.escape(case.file)}:(\d+):\d+", " ".join(answer.errors))
    assert found, f"no position in {answer.errors}"
    assert case.error in (0, int(found[1])), f"line {case.error}, not {answer.errors}"


def assert_user(case, subject, wanted):
    user = subject["user"]
    assert user["state"] in wanted.states, user
    assert wanted.uid == user.get("uid", ABSENT), f"uid of {user}"
    assert wanted.gid == user.get("gid", ABSENT), f"gid of {user}"
    assert user["file"] == case.file, user
    text = case.text.removeprefix(b"\xef\xbb\xbf").decode().split("\n")[user["line"] - 1]
    assert 1 <= user["column"] <= len(text) + 1, user
    assert not wanted.lines or user["line"] in wanted.lines, f"line {wanted.lines}: {user}"
    said = " ".join(
        [user["why"], *(one["message"] for one in subject["findings"] if one["rule"] == "kubelet-refuses")]
    )
    for words in wanted.says:
        assert words in said, f"{words!r} is not in {said!r}"


def assert_findings(subject, wanted):
    rules = {one["rule"] for one in subject["findings"]}
    for one in wanted.has:
        rule, level = (one, None) if isinstance(one, str) else one
        found = levels(subject, rule)
        assert found and level in (None, *found), f"{rule} {level}: only {rules}, {found}"
    assert not rules & set(wanted.lacks), rules
    if wanted.only is not None:
        assert rules == set(wanted.only), subject["findings"]
    if wanted.state in ("root", "root-in-userns"):
        assert levels(subject, "image-user") == {"fail"}, subject["findings"]
    elif wanted.state == "non-root":
        assert "image-user" not in rules and "fail" not in levels(subject, "kubelet-refuses"), rules
    assert subject["verdict"] == wanted.expected_verdict, subject


@pytest.mark.parametrize("name", BY_NAME)
def test_manifest(answers, name):
    case, answer = BY_NAME[name], answers[name]
    if case.error is not None and answer.errors:
        assert_refused(case, answer)
        return
    assert case.error is None or case.containers, "neither refused nor to be judged"
    assert not answer.errors, answer.errors
    assert set(answer.subjects) == set(case.containers)
    for name, wanted in case.containers.items():
        (subject,) = answer.subjects[name]
        assert subject["kind"] == "workload-container"
        assert_user(case, subject, wanted)
        assert_findings(subject, wanted)
    for word in case.notes:
        assert any(word in note for note in answer.notes), f"{word} in {answer.notes}"


def test_each_finding_has_its_place(answers):
    """File, line and column, all within the file."""
    seen = 0
    for name, answer in answers.items():
        lines = BY_NAME[name].text.removeprefix(b"\xef\xbb\xbf").decode().split("\n")
        for subject in (one for same in answer.subjects.values() for one in same):
            for one in subject["findings"]:
                assert one["file"] == BY_NAME[name].file, one
                assert 1 <= one["column"] <= len(lines[one["line"] - 1]) + 1, (name, one)
                seen += 1
    assert seen > 150


@pytest.mark.parametrize("name", ["user-of-both", "containers-of-every-type", "merge-key", "gate-image-app"])
def test_manifest_is_judged_alone_as_among_others(answers, images, tmp_path, name):
    """Nothing of one file tells on another."""
    alone = judge(tmp_path, [BY_NAME[name]], images)[name]
    assert (alone.subjects, alone.errors) == (answers[name].subjects, answers[name].errors)


@pytest.mark.parametrize("name", ["user-of-both", "documents", "list", "json"])
def test_standard_input_is_judged_as_a_file(answers, images, tmp_path, name):
    """What helm template and kustomize build print."""
    result = run("lint", "--no-policy", "--format", "json", *images, "-", stdin=BY_NAME[name].text, cwd=tmp_path)
    found = {one["name"]: (one["verdict"], one["user"]["state"], one["user"]["line"]) for one in result.subjects}
    expected = {
        name: (one["verdict"], one["user"]["state"], one["user"]["line"])
        for name, (one,) in answers[name].subjects.items()
    }
    assert found == expected


def test_folder_is_searched_for_manifests(answers, images, tmp_path):
    cases = [BY_NAME[name] for name in ("user-of-both", "kind-deployment", "json", "list")]
    for place, one in enumerate(cases):
        path = tmp_path / f"chart-{place}" / one.file
        path.parent.mkdir()
        path.write_bytes(one.text)
    (tmp_path / "values.yaml").write_text("image: nginx\nport: 80\n")
    (tmp_path / "notes.txt").write_text("apiVersion: v1\nkind: Pod\n")
    result = run("lint", "--no-policy", "--format", "json", *images, ".", cwd=tmp_path)
    found = sorted((one["name"], one["verdict"]) for one in result.subjects)
    assert found == sorted(
        (name, subject["verdict"])
        for one in cases
        for name, (subject,) in answers[one.name].subjects.items()
    )
