"""The lines of `--format ndjson`, each of which must fit the schema."""

import json
from functools import cache
from pathlib import Path

import jsonschema

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "events-v1.schema.json"


@cache
def validator():
    """It refers to the report's schema, beside it."""
    schema = json.loads(SCHEMA.read_bytes())
    return jsonschema.Draft202012Validator(
        schema, resolver=jsonschema.RefResolver(SCHEMA.as_uri(), schema))


def read(out):
    """(subjects, errors, summary), which tell the same story."""
    events = [json.loads(line) for line in out.decode().splitlines()]
    for event in events:
        validator().validate(event)
    kinds = [event["event"] for event in events]
    subjects, errors = kinds.count("subject"), kinds.count("error")
    assert kinds == ["subject"] * subjects + ["error"] * errors + ["summary"]
    summary = events[-1]
    assert summary["errors"] == errors
    for verdict in ("pass", "fail", "unknown"):
        assert summary[verdict] == sum(one.get("verdict") == verdict for one in events[:-1])
    return events[:subjects], events[subjects:-1], summary
