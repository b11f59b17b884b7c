"""The CNF test suite's results file, read by a YAML reader and held to its schema_version 1."""

import re
from datetime import datetime, timezone

import pytest
import yaml
from oddimage import Image, Layer, docker_archive
from oddtar import archive, file
from program import ERROR, FAIL, PASS, run, scan

TOP = [
    "name",
    "testsuite_version",
    "schema_version",
    "status",
    "command",
    "exit_code",
    "summary",
    "items",
]
SUMMARY = [
    "total",
    "passed",
    "failed",
    "skipped",
    "na",
    "error",
    "max_passed",
    "essential_passed",
    "essential_max_passed",
    "points",
    "maximum_points",
]
ITEM = [
    "name",
    "status",
    "message",
    "type",
    "points",
    "start_time",
    "end_time",
    "task_runtime",
    "details",
    "remediation",
    "impacted_resources",
]
RESOURCE = ["kind", "name", "container", "reason"]
STATUSES = ["passed", "failed", "skipped", "na", "error"]
WORTH = {"essential": 100, "normal": 5}
ESSENTIAL = {"image-user", "setuid-root"}

CLEAN = Image([archive(file("bin/app"))], tags=("example.com/clean:1",))
SETUID = Image([archive(file("opt/su", 0o4755))], tags=("example.com/setuid:1",))
ROOT = Image([archive(file("bin/app"))], user="0", tags=("example.com/root:1",))
LOST = Image([archive(file("bin/app"))], user="nobody", tags=("example.com/lost:1",))
WARNED = Image([archive(file("bin/app", 0o2755))], tags=("example.com/warned:1",))
INERT = Image([archive(file("bin/app", 0o4644))], tags=("example.com/inert:1",))


class Strict(yaml.SafeLoader):
    """No key twice."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), keys
        return super().construct_mapping(node, deep)


@pytest.fixture
def results(tmp_path):
    """results(image, image, code=...) is the file's content; bytes are an input that is no
    image."""

    def results(*images, code):
        paths = []
        for at, image in enumerate(images):
            path = tmp_path / f"{at}.tar"
            if isinstance(image, bytes):
                path.write_bytes(image)
            else:
                docker_archive(path, image)
            paths.append(path)
        done = run("scan", "--format", "cnf", *paths)
        assert done.code == code, done
        assert re.fullmatch(rb"[\n\x20-\x7e\x80-\xff]*", done.out), "no raw control characters"
        document = yaml.load(done.out.decode(), Strict)
        assert_fits(document)
        assert document["exit_code"] == code
        return document

    return results


def assert_text(value):
    assert type(value) is str and value and "\n" not in value


def assert_time(text):
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", text)
    return datetime.fromisoformat(text[:26]).replace(tzinfo=timezone.utc)


def assert_item(item):
    assert list(item) == ITEM
    for key in ("name", "message"):
        assert_text(item[key])
    assert item["status"] in STATUSES
    assert item["type"] == ("essential" if item["name"] in ESSENTIAL else "normal")
    assert type(item["points"]) is int
    assert item["points"] == (WORTH[item["type"]] if item["status"] == "passed" else 0)
    start, end = assert_time(item["start_time"]), assert_time(item["end_time"])
    assert abs((datetime.now(timezone.utc) - end).total_seconds()) < 600
    assert type(item["task_runtime"]) is float
    assert item["task_runtime"] == pytest.approx((end - start).total_seconds(), abs=1e-6)
    assert item["task_runtime"] >= 0
    for key in ("details", "remediation"):
        assert type(item[key]) is list
        for text in item[key]:
            assert_text(text)
    for resource in item["impacted_resources"]:
        assert [key for key in RESOURCE if key in resource] == list(resource)
        assert {"kind", "name", "reason"} <= set(resource)
        for value in resource.values():
            assert_text(value)


def assert_fits(document):
    """Exactly the keys of the schema in their order, their types, and numbers that add up."""
    assert list(document) == TOP
    assert document["name"] == "cnf testsuite"
    assert document["schema_version"] == 1 and type(document["schema_version"]) is int
    version = run("--version").out.decode().strip()
    assert document["testsuite_version"] == version
    assert document["command"].startswith("nonzero scan ")
    assert type(document["exit_code"]) is int
    assert document["status"] == ["passed", "failed", "error"][document["exit_code"]]
    items, summary = document["items"], document["summary"]
    assert list(summary) == SUMMARY
    assert all(type(number) is int for number in summary.values())
    for item in items:
        assert_item(item)
    names = [item["name"] for item in items]
    assert len(names) == len(set(names)), "an item is a rule over all subjects"
    assert ESSENTIAL <= set(names)
    essential = [item for item in items if item["type"] == "essential"]
    assert summary == {
        "total": len(items),
        **{status: sum(item["status"] == status for item in items) for status in STATUSES},
        "max_passed": len(items),
        "essential_passed": sum(item["status"] == "passed" for item in essential),
        "essential_max_passed": len(essential),
        "points": sum(item["points"] for item in items),
        "maximum_points": sum(WORTH[item["type"]] for item in items),
    }


def statuses(document):
    """Of the items that did not pass."""
    return {
        item["name"]: item["status"] for item in document["items"] if item["status"] != "passed"
    }


def item(document, name):
    (one,) = [one for one in document["items"] if one["name"] == name]
    return one


def test_clean_image_scores_all_points(results):
    document = results(CLEAN, code=PASS)
    assert statuses(document) == {}
    assert document["summary"]["points"] == document["summary"]["maximum_points"]
    assert all(
        not one["impacted_resources"] and not one["remediation"] for one in document["items"]
    )


def test_setuid_program_fails_its_rule_alone_and_is_named(results):
    document = results(SETUID, code=FAIL)
    assert statuses(document) == {"setuid-root": "failed"}
    one = item(document, "setuid-root")
    assert one["impacted_resources"] == [
        {
            "kind": "File",
            "name": "/opt/su",
            "container": "example.com/setuid:1 (linux/amd64)",
            "reason": "runs as root whoever starts it (mode 4755, owner 0:0)",
        }
    ]
    assert "1 finding" in one["message"] and "1 findings" not in one["message"]
    assert len(one["remediation"]) == 1 and "chmod" in one["remediation"][0]


def test_image_that_starts_as_root_is_a_resource_itself(results):
    document = results(ROOT, code=FAIL)
    assert statuses(document) == {"image-user": "failed"}
    (resource,) = item(document, "image-user")["impacted_resources"]
    assert list(resource) == ["kind", "name", "reason"]
    assert (resource["kind"], resource["name"]) == ("Image", "example.com/root:1 (linux/amd64)")
    assert "starts as root" in resource["reason"]


def test_undecided_is_an_error_and_never_passed(results):
    document = results(LOST, code=FAIL)
    assert statuses(document)["image-user"] == "error"
    assert document["summary"]["error"] == 1
    assert document["summary"]["essential_passed"] == 1
    assert item(document, "image-user")["impacted_resources"]


def test_warning_fails_its_own_item_and_not_the_run(results):
    document = results(WARNED, code=PASS)
    assert statuses(document) == {"setgid-root": "failed"}
    assert document["status"] == "passed"


def test_level_info_passes_and_is_told(results):
    document = results(INERT, code=PASS)
    assert statuses(document) == {}
    one = item(document, "setuid-inert")
    assert one["details"] == ["1 finding of level info, not counted"]
    assert one["impacted_resources"] == []


def test_several_images_are_one_item_a_rule(results):
    document = results(CLEAN, SETUID, ROOT, SETUID, code=FAIL)
    assert statuses(document) == {"image-user": "failed", "setuid-root": "failed"}
    assert [one["container"] for one in item(document, "setuid-root")["impacted_resources"]] == [
        "example.com/setuid:1 (linux/amd64)"
    ] * 2
    assert "4 images" in item(document, "uid0-alias")["message"]


def test_image_that_cannot_be_read_beside_one_that_can(results):
    document = results(CLEAN, b"broken", code=ERROR)
    assert document["status"] == "error"
    assert set(statuses(document).values()) == {"error"}, "no rule passed where not all was read"
    assert document["summary"]["points"] == document["summary"]["passed"] == 0
    for one in document["items"]:
        assert one["message"] == "1 input could not be read"
        assert any("1.tar" in text for text in one["details"])
    failed = results(SETUID, b"broken", code=ERROR)
    assert item(failed, "setuid-root")["status"] == "failed", "what is known to fail fails"
    assert item(failed, "image-user")["status"] == "error"


HOSTILE = [
    b'a"b',
    b"a\\b",
    b"a: b",
    b"- a",
    b"a #b",
    b"{a: [b]}",
    b"!!python/object:x",
    b"&a *a",
    b"%TAG",
    b"---",
    b"line\nname: b\n  - c",
    b"\ttab\r",
    b"\x1b[2J\x07",
    b"\xff\xfe",
    "\u0085\u2028\u202e\ufeff".encode(),
    "\ufffe\uffff\U0001fffe".encode(),
    "\u00e9toile \U0001f600".encode(),
    b"\\x41",
    b"no",
    b"~",
]


def test_hostile_names_stay_in_their_strings(results):
    tags = ('example.com/"x": [1, 2] #\n- y',)
    names = [b"d%d/" % at + name for at, name in enumerate(HOSTILE)]
    document = results(
        Image(
            [Layer(archive(*[file(name, 0o4755) for name in names]))],
            user='"\n- name: "x"',
            tags=tags,
        ),
        code=FAIL,
    )
    found = [one["name"] for one in item(document, "setuid-root")["impacted_resources"]]
    assert len(found) == len(names)
    for name in (b'a"b', b"a: b", b"- a", b"{a: [b]}", b"!!python/object:x", b"no", b"~"):
        assert f"/d{HOSTILE.index(name)}/{name.decode()}" in found
    assert f"/d{HOSTILE.index(b'a' + bytes([92]) + b'b')}/a\\b" in found
    assert any("étoile \U0001f600" in one for one in found)
    assert any("line\\x0aname: b\\x0a" in one for one in found), "what is not seen is spelt out"
    assert any(one.endswith("/\\xff\\xfe") for one in found)


def test_it_tells_what_json_tells(tmp_path):
    path = docker_archive(tmp_path / "image.tar", SETUID)
    told = {one["path"] for one in scan(path).findings("setuid-root")}
    document = yaml.safe_load(run("scan", "--format", "cnf", path).out)
    assert {one["name"] for one in item(document, "setuid-root")["impacted_resources"]} == told
    assert document["command"] == f"nonzero scan --format cnf {path}"
