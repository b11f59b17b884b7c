"""Libraries that are opened when they are needed: without one, only what needs it fails, and says so."""

from pathlib import Path

import pytest
from conftest import unavailable
from oddimage import Image, Layer, docker_archive, oci_archive
from oddtar import archive, file
from program import ERROR, PASS, PROGRAM, assert_refused, run, scan

LAYER = archive(file("etc/passwd", 0o644, body=b"app:x:7:7::/:/bin/sh\n"))


@pytest.fixture
def without(tmp_path):
    """The environment in which a library of that name is found, and is none."""

    def environment(name):
        if name.encode() not in Path(PROGRAM).read_bytes():
            unavailable(f"this program never opens {name}")
        place = tmp_path / "broken"
        place.mkdir()
        (place / name).write_bytes(b"no library")
        return {"LD_LIBRARY_PATH": str(place)}

    return environment


def test_a_gzip_layer_needs_isal(tmp_path, without):
    image = oci_archive(tmp_path / "image.tar", Image([Layer(LAYER, packed="gzip")], user="7:7"))
    assert scan(image).code == PASS
    assert_refused(run("scan", image, env=without("libisal.so.2")), "libisal.so.2 cannot be opened")


def test_a_plain_layer_does_not(tmp_path, without):
    image = docker_archive(tmp_path / "image.tar", Image([LAYER], user="7:7"))
    assert scan(image, env=without("libisal.so.2")).code == PASS


def test_a_compose_file_needs_libfyaml(tmp_path, without):
    compose = tmp_path / "compose.yaml"
    compose.write_text("services:\n  one:\n    image: scratch\n    user: '7:7'\n")
    assert run("lint", compose).code != ERROR
    assert_refused(run("lint", compose, env=without("libfyaml.so.0")), "libfyaml.so.0 cannot be opened")


OPENED = ["libisal.so.2", "libfyaml.so.0", "libsqlite3.so.0", "libsmartcols.so.1"]


@pytest.mark.parametrize("library", OPENED)
def test_a_dockerfile_needs_none(tmp_path, without, library):
    source = tmp_path / "Dockerfile"
    source.write_text('FROM scratch\nUSER 7:7\nCMD ["/a"]\n')
    result = run("lint", source, env=without(library))
    assert result.code == PASS
    assert b"library" not in result.err
