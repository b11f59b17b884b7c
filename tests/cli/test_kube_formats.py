"""Every format of a report holds the containers of a manifest: who each is, its verdict, and the file, line
and column of each finding."""

import json
import re
import xml.etree.ElementTree as ElementTree

import jsonschema
import pytest
import yaml
from program import FAIL, ROOT, run

TEXT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: prod
spec:
  template:
    spec:
      securityContext:
        runAsGroup: 1000
      initContainers:
      - name: init
        image: images.example/init:1
        securityContext:
          runAsUser: 0
      containers:
      - name: good
        image: images.example/good:1
        securityContext:
          runAsUser: 1000
          runAsNonRoot: true
          allowPrivilegeEscalation: false
          capabilities: {drop: [ALL]}
      - name: refused
        image: images.example/refused:1
        securityContext:
          runAsNonRoot: true
          runAsUser: 0
      - name: lost
        image: images.example/lost:1
---
apiVersion: v1
kind: Pod
metadata: {name: inner}
spec:
  hostUsers: false
  containers:
  - {name: app, image: images.example/app:1, securityContext: {runAsUser: 0}}
"""
STATES = {
    "Deployment/prod/web init": ("root", "fail"),
    "Deployment/prod/web good": ("non-root", "pass"),
    "Deployment/prod/web refused": ("wont-start", "fail"),
    "Deployment/prod/web lost": ("unknown", "unknown"),
    "Pod/inner app": ("root-in-userns", "fail"),
}
FORMATS = ["text", "json", "sarif", "junit", "cnf", "github", "gitlab", "html"]
LEVELS = {"fail": "error", "warn": "warning", "info": "note"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = tmp_path_factory.mktemp("formats")
    (made / "web.yaml").write_text(TEXT)
    return made


@pytest.fixture(scope="module")
def write(place):
    """What a format says of it."""
    made = {}

    def write(form):
        if form not in made:
            made[form] = run("lint", "--no-policy", "--images", "none", "--format", form, "web.yaml", cwd=place)
            assert made[form].code == FAIL, made[form]
        return made[form].out.decode()

    return write


@pytest.fixture(scope="module")
def report(write):
    return json.loads(write("json"))


@pytest.fixture(scope="module")
def findings(report):
    return [(subject, one) for subject in report["subjects"] for one in subject["findings"]]


def test_json_is_as_the_schema_says(report):
    schema = json.loads((ROOT / "docs" / "report-v1.schema.json").read_bytes())
    jsonschema.Draft202012Validator(schema).validate(report)
    found = {one["name"]: (one["user"]["state"], one["verdict"]) for one in report["subjects"]}
    assert found == STATES
    assert {one["kind"] for one in report["subjects"]} == {"workload-container"}
    assert {one["source"] for one in report["subjects"]} == {"web.yaml"}
    assert report["verdict"] == "fail"


def test_json_has_the_place_of_what_decided_and_of_each_finding(report, findings):
    for one in [*(subject["user"] for subject in report["subjects"]), *(finding for _, finding in findings)]:
        assert one["file"] == "web.yaml" and one["line"] >= 1 and one["column"] >= 1
        assert (one["end_line"], one["end_column"]) >= (one["line"], one["column"])
    lines = TEXT.splitlines()
    users = {one["name"].split()[-1]: one["user"] for one in report["subjects"]}
    assert "runAsUser: 0" in lines[users["init"]["line"] - 1]
    assert "images.example/lost:1" in lines[users["lost"]["line"] - 1]


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_names_each_container_that_does_not_pass(write, form):
    text = write(form).replace("\\/", "/")
    for name, (_, verdict) in STATES.items():
        container = name.split()[-1]
        if verdict != "pass":
            assert container in text, f"{form} does not name {container}"
    assert "web.yaml" in text


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_has_the_message_of_each_finding_that_fails(write, findings, form):
    """But for what each escapes in its own way."""
    text = re.sub(r"[^a-z]", "", re.sub(r"&#?\w+;|%[0-9A-F]{2}|\\u[0-9a-f]{4}", "", write(form)).lower())
    for _, one in findings:
        if one["level"] == "fail":
            words = re.sub(r"[^a-z]", "", one["message"].lower())
            assert words[:40] in text, (form, one["message"])


def test_text_has_place_and_state(write, findings):
    text = write("text")
    for _, one in findings:
        if one["level"] == "fail":
            assert f"web.yaml:{one['line']}:{one['column']}" in text, one
    assert re.search(r"user namespace", text)


def test_text_explains_each_rule_once_however_many_have_it(write, findings):
    """And says whose each thing to do is, where not all are to do the same."""
    text = write("text")
    shown = {one["rule"] for _, one in findings if one["level"] != "info"}
    for rule in shown:
        assert len(re.findall(rf"^{rule}: ", text, re.M)) == 1, rule
    assert text.count("\n  why ") == len(shown)
    assert text.count(" not shown; --verbose") == 1
    end = text[text.index("\nimage-user: ") :]
    assert re.search(r"\n  for +Deployment/prod/web init", end) and re.search(r"\n  for +Deployment/prod/web lost", end)


def test_text_tells_the_fix_of_a_pod_once(tmp_path):
    containers = "".join(f"  - {{name: c{i}, image: images.example/app:1}}\n" for i in range(20))
    (tmp_path / "pod.yaml").write_text(f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n{containers}")
    report = run("lint", "--no-policy", "--images", "none", "--fix", "pod.yaml", cwd=tmp_path)
    assert report.out.decode().count("\nproposal: ") == 1, report


def test_sarif(write, findings):
    log = json.loads(write("sarif"))
    schema = json.loads((ROOT / "tests/data/schema/sarif-2.1.0-rtm.5.json").read_bytes())
    jsonschema.Draft4Validator(schema).validate(log)
    found = []
    for one in log["runs"][0]["results"]:
        place = one["locations"][0]["physicalLocation"]
        where = (place["artifactLocation"]["uri"], place["region"]["startLine"], place["region"]["startColumn"])
        found.append((one["ruleId"], one["level"], *where))
    wanted = [(one["rule"], LEVELS[one["level"]], "web.yaml", one["line"], one["column"]) for _, one in findings]
    assert sorted(found) == sorted(wanted)


def test_junit(write, report):
    suites = ElementTree.fromstring(write("junit"))
    text = ElementTree.tostring(suites, encoding="unicode")
    for name in STATES:
        assert name in text, name
    assert suites.iter("failure") and "web.yaml" in text
    wanted = sum(1 for one in report["subjects"] for f in one["findings"] if f["level"] == "fail")
    assert len(list(suites.iter("failure"))) >= min(wanted, 3)


def test_github(write, findings):
    lines = write("github").splitlines()
    for _, one in findings:
        kind = {"fail": "error", "warn": "warning", "info": "notice"}[one["level"]]
        if one["level"] == "info":
            continue
        assert any(
            line.startswith(f"::{kind} ") and f"line={one['line']}," in line and "file=web.yaml" in line
            and f"col={one['column']}" in line
            for line in lines
        ), one


def test_gitlab(write, findings):
    entries = json.loads(write("gitlab"))
    found = {(one["check_name"], one["location"]["path"]) for one in entries}
    assert {(one["rule"], "web.yaml") for _, one in findings if one["level"] != "info"} <= found
    lines = set()
    for one in entries:
        begin = one["location"].get("lines", {}).get("begin")
        lines.add(begin if begin else one["location"]["positions"]["begin"]["line"])
    assert {one["line"] for _, one in findings if one["level"] == "fail"} <= lines
    assert len({one["fingerprint"] for one in entries}) == len(entries)


def test_cnf(write):
    results = yaml.safe_load(write("cnf"))
    assert results["status"] == "failed"
    resources = [
        f"{one['name']} {one['container']}"
        for some in results["items"] if some["status"] == "failed"
        for one in some.get("impacted_resources") or []
    ]
    for name, (_, verdict) in STATES.items():
        named = [one for one in resources if name in one]
        assert named or verdict != "fail", (name, resources)
        assert not named or verdict != "pass", (name, resources)
        assert all(re.search(r"web\.yaml:\d+:\d+", one) for one in named), named


def test_html_is_one_page_with_each_container(write):
    page = write("html")
    for name, (_, verdict) in STATES.items():
        assert name in page.replace("&#x2F;", "/"), name
        assert verdict in page.lower()
    assert page.lstrip().lower().startswith("<!doctype html>")
