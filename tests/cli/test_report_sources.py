# SPDX-License-Identifier: Apache-2.0
"""What the formats say of sources, held to the schemas: of a report that the unit test makes by
hand, with all that a source may have."""

import json
import subprocess
from pathlib import Path

import events
import jsonschema
import program
import pytest
from program import ROOT, validator

SCHEMAS = ROOT / "tests" / "data" / "schema"
WRITER = Path(program.PROGRAM).parent / "tests" / "test_report_sources"


def written(form):
    assert WRITER.exists(), f"{WRITER} is built with the tests of the program"
    return subprocess.run([WRITER, "--write", form], stdout=subprocess.PIPE, check=True).stdout


def test_json_fits_its_schema():
    report = json.loads(written("json"))
    validator().validate(report)
    kinds = [subject["kind"] for subject in report["subjects"]]
    assert kinds == ["dockerfile", "compose-service", "quadlet"]
    assert len(report["subjects"][0]["fixes"]) == 2


def test_events_fit_their_schema():
    subjects, errors, _ = events.read(written("ndjson"))
    assert len(subjects) == 3 and len(errors) == 1
    assert subjects[0]["findings"][0]["line"] == 7


@pytest.mark.parametrize("key", ["line", "column", "end_line", "end_column"])
def test_schema_wants_all_of_a_place(key):
    report = json.loads(written("json"))
    del report["subjects"][0]["findings"][0][key]
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(report)


def test_sarif_fits_its_schema():
    log = json.loads(written("sarif"))
    schema = json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_bytes())
    jsonschema.Draft7Validator(schema).validate(log)
    fixes = [result for result in log["runs"][0]["results"] if "fixes" in result]
    assert [result["ruleId"] for result in fixes] == ["image-user"]
    notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    region = notes[0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 3, "startColumn": 14}


def test_junit_fits_its_schema(tmp_path, tool):
    path = tmp_path / "junit.xml"
    path.write_bytes(written("junit"))
    result = subprocess.run(
        [tool("xmllint"), "--noout", "--schema", SCHEMAS / "jenkins-junit.xsd", path],
        stderr=subprocess.PIPE,
    )
    assert result.returncode == 0, result.stderr
