"""Indexes of several platforms: one subject each, and --platform chooses."""

import pytest
from oddimage import Image, docker_archive, oci_archive, oci_layout
from oddtar import archive, file
from program import ERROR, FAIL, PASS, USAGE, assert_consistent, assert_refused, run, scan

CLEAN = archive(file("bin/app", 0o755))
DIRTY = archive(file("bin/app", 0o4755))

IMAGES = (
    Image([CLEAN], architecture="amd64"),
    Image([DIRTY], architecture="arm64", variant="v8"),
    Image([CLEAN], architecture="arm", variant="v7", user="0"),
    Image([CLEAN], architecture="arm", variant="v6"),
)
VERDICTS = {
    "linux/amd64": "pass",
    "linux/arm64": "fail",
    "linux/arm/v7": "fail",
    "linux/arm/v6": "pass",
}


@pytest.fixture(params=["index.json", "index", "index-of-index"])
def path(request, tmp_path):
    """The same four platforms: as lines of index.json, in one index below it, and in an index below
    that."""
    nest = ["index.json", "index", "index-of-index"].index(request.param)
    return oci_layout(tmp_path / "layout", *IMAGES, nest=nest, attest=True)


def test_one_subject_for_each_platform(path):
    result = scan(path)
    assert_consistent(result)
    told = {
        one["platform"].replace("linux/arm64/v8", "linux/arm64"): one["verdict"]
        for one in result.subjects
    }
    assert told == VERDICTS


def test_attestations_are_not_images(path):
    assert not [one for one in scan(path).subjects if "unknown" in one["platform"]]


@pytest.mark.parametrize("platform, verdict", [*VERDICTS.items(), ("linux/arm64/v8", "fail")])
def test_platform_chooses(path, platform, verdict):
    result = scan("--platform", platform, path)
    assert_consistent(result)
    assert result.subject["verdict"] == verdict
    assert result.subject["platform"].startswith(platform)
    assert result.code == (PASS if verdict == "pass" else FAIL)


@pytest.mark.parametrize("platform", ["windows/amd64", "linux/s390x", "linux/arm/v5"])
def test_platform_that_is_not_there_is_an_error(path, platform):
    assert_refused(scan("--platform", platform, path), platform)


@pytest.mark.parametrize("platform", ["", "linux", "linux/", "/amd64", "a/b/c/d"])
def test_platform_that_is_none_is_wrong_usage(path, platform):
    result = run("scan", "--platform", platform, path)
    assert result.code == USAGE, result
    assert result.out == b""
    assert result.err


def test_platform_is_read_from_the_config_where_the_index_has_none(tmp_path):
    image = Image([CLEAN], architecture="riscv64", manifest_lies={"platform": None})
    path = oci_archive(tmp_path / "image.tar", image)
    assert scan(path).subject["platform"] == "linux/riscv64"
    assert scan("--platform", "linux/riscv64", path).code == PASS
    assert_refused(scan("--platform", "linux/amd64", path), "linux/amd64")


def test_docker_archive_has_the_platform_of_its_config(tmp_path):
    path = docker_archive(tmp_path / "image.tar", Image([CLEAN], architecture="s390x"))
    assert scan(path).subject["platform"] == "linux/s390x"
    assert_refused(scan("--platform", "linux/amd64", path), "linux/amd64")


def test_archive_of_attestations_alone_is_not_a_pass(tmp_path):
    image = Image([CLEAN], os="unknown", architecture="unknown")
    result = scan(oci_archive(tmp_path / "image.tar", image, nest=1))
    assert result.code in (FAIL, ERROR), result


def test_platform_of_the_index_does_not_hide_a_manifest(tmp_path):
    """An image that claims to be an attestation by its platform alone must not make a pass of the
    whole."""
    hidden = Image([DIRTY], manifest_lies={"platform": {"os": "linux", "architecture": "unknown"}})
    result = scan(oci_archive(tmp_path / "image.tar", Image([CLEAN]), hidden, nest=1))
    assert result.code in (FAIL, ERROR), result


def test_index_that_names_the_same_manifest_twice(tmp_path):
    result = scan(oci_archive(tmp_path / "image.tar", Image([DIRTY]), Image([DIRTY]), nest=1))
    assert result.code == FAIL
    assert {one["verdict"] for one in result.subjects} == {"fail"}


def test_deeply_nested_indexes_are_bounded(tmp_path):
    """Forty levels are nobody's image."""
    result = scan(oci_archive(tmp_path / "image.tar", Image([DIRTY]), nest=40))
    assert result.code in (FAIL, ERROR), result
