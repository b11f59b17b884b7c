"""The formats for services: sarif, junit, github and gitlab. Each is read by somebody else's rules:
the standard's schema, an XML schema, the way a runner takes a log apart."""

import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from datetime import datetime
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from oddimage import Image, Layer, docker_archive
from oddtar import archive, file
from program import ERROR, FAIL, PASS, ROOT, USAGE, assert_printable, run, scan

FORMATS = ["sarif", "junit", "github", "gitlab"]
SCHEMAS = ROOT / "tests" / "data" / "schema"

# What an image's builder may try on the readers of a report.
NAMES = [
    b"a\n::error::forged",
    b"::warning::forged",
    b"##[add-path]forged",
    b"x ##[error]forged",
    b"%0A::error::forged,file=b:1%",
    b"]]><forged>&amp;'\"",
    b"</testcase><!--",
    b"[link](https://example.com/)",
    b"\x01\x08\x1b[2J\x7f\r\t",
    b"\xff\xfe\xc0\x80\xed\xa0\x80",
    "\ufffe\uffff\u202e\u2028\U0001f600".encode(),
    b" {0} \\u0000",
    b"usr/bin/caf\xc3\xa9?query#part:2",
]

CASES = {
    "clean": Image([archive(file("bin/app"))]),
    "setuid": Image([Layer(archive(file("opt/su", 0o4755)), created_by="RUN apt-get")]),
    "root": Image([archive(file("bin/app"))], user="0"),
    "lost": Image([archive(file("bin/app"))], user="nobody"),
    "warned": Image([archive(file("bin/app", 0o2755), file("bin/inert", 0o2745))]),
    "many": Image([archive(*[file(f"opt/{i % 40}/helper-{i}", 0o4755) for i in range(1200)])]),
    "hostile": Image([archive(*[file(name, 0o4755) for name in NAMES])], user="a\n::error::b"),
}
VERDICTS = dict(
    clean="pass",
    setuid="fail",
    root="fail",
    lost="unknown",
    warned="pass",
    many="fail",
    hostile="fail",
)


@pytest.fixture
def paths(tmp_path):
    """An archive of each case by its name, and `broken`, which is none."""
    made = {name: docker_archive(tmp_path / f"{name}.tar", image) for name, image in CASES.items()}
    made["broken"] = tmp_path / "broken.tar"
    made["broken"].write_bytes(b"broken")
    return made


@pytest.fixture(
    params=[[name] for name in CASES] + [list(CASES), ["setuid", "broken", "lost"]], ids=",".join
)
def images(request, paths):
    """The archives of one run."""
    return [paths[name] for name in request.param]


def known(images):
    """What the JSON report of the same run says: the measure of the other formats."""
    report = scan(*images).report
    findings = [(s, f) for s in report["subjects"] for f in s["findings"]]
    return report, findings, report.get("errors", [])


def write(form, images, *args):
    result = run("scan", "--format", form, *args, *images)
    assert result.code == scan(*images).code, result
    return result.out


# All of them ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_no_byte_of_an_image_drives_a_terminal(images, form):
    assert_printable(write(form, images))


@pytest.mark.parametrize("form", FORMATS)
def test_exit_code_is_that_of_the_verdict(paths, form):
    for name, verdict in VERDICTS.items():
        code = PASS if verdict == "pass" else FAIL
        assert run("scan", "--format", form, paths[name]).code == code
    assert run("scan", "--format", form, paths["clean"], paths["broken"]).code == ERROR


def test_unknown_format_is_answered_with_those_there_are(paths):
    result = run("scan", "--format", "xm\x1bl", paths["clean"])
    assert result.code == USAGE
    assert_printable(result.err)
    for form in ["text", "json", *FORMATS]:
        assert form in result.err.decode()


def test_help_lists_the_formats():
    text = run("scan", "--help").out.decode()
    for form in ["text", "json", *FORMATS]:
        assert re.search(rf"^  {form} +\w", text, re.M), form


@pytest.mark.parametrize("form", FORMATS)
def test_ten_thousand_findings_are_written_at_once(tmp_path, form):
    """The bound is far off: it holds on a busy machine and under sanitizers, and fails when the time
    grows with the square."""
    many = Image([archive(*[file(f"opt/{i % 100}/helper-{i}", 0o4755) for i in range(10000)])])
    result = run("scan", "--format", form, docker_archive(tmp_path / "many.tar", many))
    assert result.code == FAIL
    assert result.out.count(b"helper-9999") > 0
    assert result.cpu < 20, result.cpu


# SARIF --------------------------------------------------------------------------------------------


def sarif(images, *args):
    """The only run of a log, which must fit the standard's schema."""
    log = json.loads(write("sarif", images, *args))
    schema = json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_bytes())
    jsonschema.Draft4Validator(schema).validate(log)
    assert log["version"] == "2.1.0"
    (one,) = log["runs"]
    return one


LEVELS = {"fail": "error", "warn": "warning", "info": "note"}


def test_sarif_has_a_result_for_each_finding(images):
    report, findings, _ = known(images)
    one = sarif(images)
    rules = one["tool"]["driver"]["rules"]
    assert len(one["results"]) == len(findings)
    for result, (subject, finding) in zip(one["results"], findings):
        assert result["ruleId"] == finding["rule"] == rules[result["ruleIndex"]]["id"]
        assert result["level"] == LEVELS[finding["level"]]
        assert result["suppressions"] == [], "present for each, or for none"
        properties = result["properties"]
        assert properties["subject"] == subject["name"]
        assert properties["platform"] == subject["platform"]
        for key in ("path", "mode", "uid", "gid", "layer", "package", "undecided"):
            assert properties.get(key) == finding.get(key), key
        remedy = properties.get("remedy") or rules[result["ruleIndex"]]["help"]["text"]
        assert finding["remedy"] in remedy
    assert one["properties"] == {"profile": "cbpp-0002", "verdict": report["verdict"]}


def test_sarif_has_an_artifact_for_each_subject(images):
    report, _, _ = known(images)
    artifacts = [one["properties"] for one in sarif(images)["artifacts"]]
    for artifact, subject in zip(artifacts, report["subjects"], strict=True):
        for key in ("kind", "name", "source", "platform", "digest", "verdict", "user"):
            assert artifact.get(key) == subject.get(key), key


def test_sarif_locations_are_relative_references_to_the_path_itself(paths):
    results = sarif([paths["hostile"]])["results"]
    found = set()
    for result in results:
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri), uri
        assert not uri.startswith("/")
        assert location["physicalLocation"]["region"]["startLine"] == 1
        found.add(unquote_to_bytes(uri))
    # A path's "//" is one slash to the kernel.
    assert {name.replace(b"//", b"/") for name in NAMES} < found
    assert b"example.com/app:1.0" in found, "the image's user is a finding about no file"


def test_sarif_message_holds_no_link_from_an_image(paths):
    for result in sarif([paths["hostile"]])["results"]:
        assert "](" not in result["message"]["text"]
        assert "\n" not in result["message"]["text"]


def test_sarif_rules_explain_themselves(paths):
    rules = sarif([paths["clean"]])["tool"]["driver"]["rules"]
    by_id = {rule["id"]: rule for rule in rules}
    assert len(by_id) == len(rules)
    for rule in rules:
        for key in ("shortDescription", "fullDescription"):
            assert rule[key]["text"]
        assert rule["help"]["text"] and rule["help"]["markdown"]
        assert len(rule["properties"]["tags"]) <= 20, "more than code scanning takes"
    assert "DL3002" in by_id["image-user"]["properties"]["tags"]
    assert "CIS-DI-0008" in by_id["setuid-root"]["properties"]["tags"]
    assert by_id["setuid-root"]["defaultConfiguration"]["level"] == "error"
    assert by_id["setgid-root"]["defaultConfiguration"]["level"] == "warning"


def test_sarif_says_what_could_not_be_judged(paths):
    images = [paths["setuid"], paths["broken"]]
    (invocation,) = sarif(images)["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == ERROR
    errors = [one for one in invocation["toolExecutionNotifications"] if one["level"] == "error"]
    assert len(errors) == 1
    assert str(paths["broken"]) in errors[0]["message"]["text"]


def test_sarif_tells_when_it_ran_and_with_what_end(paths):
    (invocation,) = sarif([paths["setuid"]])["invocations"]
    assert invocation["executionSuccessful"] is True, "it ran, whatever it found"
    assert invocation["exitCode"] == FAIL
    times = [invocation[key] for key in ("startTimeUtc", "endTimeUtc")]
    start, end = (datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%fZ") for time in times)
    assert 0 <= (end - start).total_seconds() < 60
    assert abs((datetime.utcnow() - end).total_seconds()) < 600


# Fingerprints -------------------------------------------------------------------------------------


def prints(form, images):
    """The fingerprint of each finding, by rule and path."""
    if form == "gitlab":
        return {
            (one["check_name"], one["location"]["path"]): one["fingerprint"]
            for one in json.loads(write("gitlab", images))
        }
    return {
        (
            one["ruleId"],
            one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        ): one[
            "partialFingerprints"
        ]["primaryLocationLineHash"]
        for one in sarif(images)["results"]
    }


@pytest.mark.parametrize("form", ["sarif", "gitlab"])
def test_fingerprints_stay_when_layers_and_bodies_change(tmp_path, form):
    su, ping = file("opt/su", 0o4755), file("usr/bin/ping", 0o4755)
    (tmp_path / "elsewhere").mkdir()
    before = docker_archive(tmp_path / "a.tar", Image([archive(su)], user="0"))
    changed = [archive(file("bin/app", body=b"new")), archive(su), archive(ping)]
    after = docker_archive(tmp_path / "elsewhere" / "b.tar", Image(changed, user="0"))
    old, new = prints(form, [before]), prints(form, [after])
    assert len(old) == 2 and len(new) == 3
    assert old.items() < new.items()


@pytest.mark.parametrize("form", ["sarif", "gitlab"])
def test_fingerprints_differ_by_image_rule_and_path(tmp_path, form):
    layer = archive(file("opt/su", 0o4755), file("usr/bin/su2", 0o4755), file("b", 0o2755))
    first = docker_archive(tmp_path / "a.tar", Image([layer]))
    second = docker_archive(tmp_path / "b.tar", Image([layer], tags=("example.com/other:1",)))
    a, b = prints(form, [first]), prints(form, [second])
    assert len(set(a.values()) | set(b.values())) == 6


def test_fingerprints_are_given_once_in_a_file(images):
    twice = images + images
    for one in (
        [issue["fingerprint"] for issue in json.loads(write("gitlab", twice))],
        [r["partialFingerprints"]["primaryLocationLineHash"] for r in sarif(twice)["results"]],
    ):
        assert len(one) == len(set(one))
        assert all(re.fullmatch("[0-9a-f]{64}", text) for text in one)


# JUnit --------------------------------------------------------------------------------------------


@pytest.fixture
def junit(tool, tmp_path):
    """The root of a report, which must fit the schema."""

    def junit(images):
        path = tmp_path / "report.xml"
        path.write_bytes(write("junit", images))
        done = subprocess.run(
            [tool("xmllint"), "--noout", "--schema", SCHEMAS / "jenkins-junit.xsd", path],
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")[:2000]
        return ElementTree.parse(path).getroot()

    return junit


ENDINGS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def test_junit_counts_are_those_of_its_cases(junit, images):
    root = junit(images)
    assert len(root) == len(images)
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        for attribute, tag in ENDINGS.items():
            held = sum(case.find(tag) is not None for case in cases)
            assert int(suite.get(attribute)) == held
        names = [case.get("name") for case in cases]
        assert len(names) == len(set(names))
    for attribute in ("tests", "failures", "errors"):
        assert int(root.get(attribute)) == sum(int(suite.get(attribute)) for suite in root)


def ended(root, rule):
    """How the only suite's case of a rule ended, and its text."""
    (case,) = [one for one in root.iter("testcase") if one.get("name") == rule]
    for tag in ENDINGS.values():
        if case.find(tag) is not None:
            return tag, case.find(tag).get("type"), case.find(tag).text
    return "passed", None, case.findtext("system-out")


def test_junit_cases_end_as_the_rules_found(junit, paths):
    setuid = junit([paths["setuid"]])
    tag, kind, text = ended(setuid, "setuid-root")
    assert (tag, kind) == ("failure", "fail")
    for word in ("/opt/su", "4755", "0:0", "to do: "):
        assert word in text
    assert ended(setuid, "image-user") == ("passed", None, None)
    tag, kind, text = ended(junit([paths["lost"]]), "image-user")
    assert (tag, kind) == ("error", "unknown")
    assert "nobody" in text
    warned = junit([paths["warned"]])
    tag, _, text = ended(warned, "setgid-root")
    assert tag == "passed" and "/bin/app" in text
    tag, _, text = ended(warned, "setuid-inert")
    assert tag == "passed" and "/bin/inert" in text


def test_junit_fails_or_errs_just_where_the_verdict_is_no_pass(junit, paths):
    for name, verdict in VERDICTS.items():
        root = junit([paths[name]])
        failures, errors = int(root.get("failures")), int(root.get("errors"))
        assert (failures > 0) == (verdict == "fail"), name
        assert (failures + errors > 0) == (verdict != "pass"), name
        assert verdict != "unknown" or errors > 0, name


def test_junit_suites_of_one_image_name_are_told_apart(junit, paths):
    """Readers would take the cases of one for those of the other."""
    names = [suite.get("name") for suite in junit([paths["clean"], paths["setuid"]])]
    assert names == ["example.com/app:1.0 (linux/amd64)", "example.com/app:1.0 (linux/amd64) #2"]


def test_junit_names_each_finding_in_one_line(junit, paths):
    _, _, text = ended(junit([paths["hostile"]]), "setuid-root")
    lines = [line for line in text.splitlines() if not line.startswith("to do: ")]
    assert len(lines) == len(NAMES)
    assert all(line.startswith("fail  /") for line in lines)
    assert "]]><forged>&amp;'\"" in text
    assert "\\xef\\xbf\\xbe\\xef\\xbf\\xbf" in text, "no XML document can hold U+FFFE"


def test_junit_says_what_could_not_be_judged(junit, paths):
    suites = {suite.get("name"): suite for suite in junit([paths["clean"], paths["broken"]])}
    (case,) = suites[str(paths["broken"])]
    error = case.find("error")
    assert error.get("type") == "not-judged"
    assert "no image archive" in error.get("message")


def test_junit_tells_times(junit, paths):
    root = junit([paths["clean"], paths["setuid"]])
    took = [float(suite.get("time")) for suite in root]
    assert all(0 < seconds < 60 for seconds in took)
    assert sum(took) <= float(root.get("time")) + 0.001
    for suite in root:
        datetime.strptime(suite.get("timestamp"), "%Y-%m-%dT%H:%M:%S")


# GitHub -------------------------------------------------------------------------------------------


def commands(out):
    """What a runner makes of a log: (command, properties, message) and the lines that are none."""
    found, plain = [], []
    for line in out.decode().splitlines():
        assert "##[" not in line, "the runner's older form, which may stand anywhere"
        if not line.lstrip().startswith("::"):
            plain.append(line)
            continue
        head, _, message = line.lstrip()[2:].partition("::")
        name, _, rest = head.partition(" ")
        properties = dict(item.split("=", 1) for item in rest.split(","))
        for old, new in (("%2C", ","), ("%3A", ":")):
            properties = {key: value.replace(old, new) for key, value in properties.items()}
        unescaped = {key: unescape(value) for key, value in properties.items()}
        found.append((name, unescaped, unescape(message)))
    return found, plain


def unescape(text):
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


NOTED = {"fail": "error", "warn": "warning", "info": "notice"}


@pytest.mark.parametrize("verbose", [False, True], ids=["brief", "verbose"])
def test_github_annotates_what_counts(images, verbose):
    report, findings, errors = known(images)
    found, plain = commands(write("github", images, *["--verbose"] * verbose))
    want = [NOTED[one["level"]] for _, one in findings if verbose or one["level"] != "info"]
    want += ["error"] * len(errors)
    names = [name for name, _, _ in found]
    assert names == sorted(want, key=["error", "warning", "notice"].index)
    for name, properties, message in found:
        assert set(properties) <= {"file", "title"}
        assert "\n" not in message and "\r" not in message
    rules = sorted(properties["title"] for _, properties, _ in found)
    shown = [one["rule"] for _, one in findings if verbose or one["level"] != "info"]
    assert rules == sorted(shown + ["not judged"] * len(errors))
    assert len(plain) == len(report["subjects"]) + bool(errors)
    for line, subject in zip(plain, report["subjects"]):
        assert line.startswith("nonzero: ")
        assert f": {subject['verdict']}; " in line


def test_github_annotations_name_image_and_file(paths):
    ((name, properties, message),), (summary,) = commands(write("github", [paths["setuid"]]))
    assert name == "error"
    assert properties == {"file": "opt/su", "title": "setuid-root"}
    assert message.startswith("example.com/app:1.0 (linux/amd64): /opt/su: ")
    assert summary == "nonzero: example.com/app:1.0 (linux/amd64): fail; 1 fail, 0 warn, 0 info"


def test_github_failures_come_before_what_could_not_be_read(paths):
    found, plain = commands(write("github", [paths["broken"], paths["warned"], paths["setuid"]]))
    titles = [properties["title"] for _, properties, _ in found]
    assert titles == ["setuid-root", "not judged", "setgid-root"]
    assert plain[-1] == "nonzero: 1 could not be judged"


def test_github_image_name_forges_no_command(tmp_path):
    name = "::error::x\n::error::y ##[error]z"
    image = Image([archive(file("opt/su", 0o4755))], tags=(name,))
    out = run("scan", "-f", "github", docker_archive(tmp_path / "image.tar", image)).out
    found, plain = commands(out)
    assert len(found) == 1 and len(plain) == 1, out


def test_github_errors_about_an_image_forge_no_command(tmp_path):
    """The runner reads standard error as it reads standard output."""
    name = "::error::x\n::error::y ##[error]z"
    broken = Image([b"no tar at all" * 99], tags=(name,))
    result = run(
        "scan", "-f", "github", docker_archive(tmp_path / "image.tar", CASES["clean"], broken)
    )
    assert result.code == ERROR
    assert b"error]z" in result.err
    found, plain = commands(result.err)
    assert not found and len(plain) == 1, result


# GitLab -------------------------------------------------------------------------------------------

SEVERITIES = {"fail": "critical", "warn": "major", "info": "info"}


def test_gitlab_has_an_issue_for_each_finding(images):
    _, findings, errors = known(images)
    issues = json.loads(write("gitlab", images))
    assert len(issues) == len(findings) + len(errors)
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["location"]["lines"] == {"begin": 1}
        assert issue["location"]["path"] and issue["description"]
    for issue, error in zip(issues, errors):
        assert (issue["check_name"], issue["severity"]) == ("not-judged", "blocker")
        assert error["source"] in issue["description"]
    for issue, (subject, finding) in zip(issues[len(errors) :], findings):
        assert issue["check_name"] == finding["rule"]
        assert issue["severity"] == SEVERITIES[finding["level"]]
        assert subject["name"] in issue["description"]
        if "path" in finding:
            assert issue["location"]["path"] == re.sub("^/|(?<=/)/", "", finding["path"])


def test_gitlab_of_a_clean_image_is_an_empty_list(paths):
    assert json.loads(write("gitlab", [paths["clean"]])) == []
