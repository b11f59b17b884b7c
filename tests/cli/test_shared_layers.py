"""Images side by side that share layers: one reads them and the others wait for it, whatever becomes
of that one."""

import os
import time

import pytest
from oddimage import Image, Layer, digest
from oddtar import archive, file
from program import ERROR, FAIL, scan
from registry import Answer, serving

SHARED = Layer(archive(file("usr/bin/su", 0o4755, body=os.urandom(300_000))), "gzip")
OWN = Layer(archive(file("usr/bin/wall", 0o4755, body=os.urandom(300_000))), "gzip")
SLOW = 1.0  # seconds, for both images to be on their way


@pytest.fixture
def registry():
    with serving(Image([SHARED, OWN])) as one:
        yield one


def asked(registry, layer):
    return len([one for one in registry.asked("blobs") if digest(layer.blob) in one.path])


def scan_twice(registry, tmp_path, jobs="2"):
    """The image, by its tag and by its digest, at once."""
    sources = [registry.source, f"docker://{registry.host}/{registry.name}@{registry.manifest}"]
    environment = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path),
                   "CONTAINERS_REGISTRIES_CONF": os.devnull}
    return scan("--plain-http", "--no-cache", "--jobs", jobs, *sources, env=environment)


def slow(layer, then=lambda request: None):
    def rule(request):
        if digest(layer.blob) not in request.path:
            return None
        time.sleep(SLOW)
        return then(request)
    return rule


def found(subject):
    return [one["path"] for one in subject["findings"] if one["rule"] == "setuid-root"]


@pytest.mark.parametrize("jobs", ["2", "4"])
def test_a_layer_is_read_once_for_images_that_are_judged_at_once(registry, tmp_path, jobs):
    registry.rule(slow(SHARED))
    result = scan_twice(registry, tmp_path, jobs)
    assert result.code == FAIL, result
    assert [found(one) for one in result.report["subjects"]] == [["/usr/bin/su", "/usr/bin/wall"]] * 2
    assert (asked(registry, SHARED), asked(registry, OWN)) == (1, 1)


def test_an_image_that_fails_leaves_its_layers_to_the_one_that_waits(registry, tmp_path):
    registry.rule(slow(SHARED, lambda request: Answer(404) if request.nth == 0 else None))
    result = scan_twice(registry, tmp_path)
    assert result.code == ERROR, result
    assert [found(one) for one in result.report["subjects"]] == [["/usr/bin/su", "/usr/bin/wall"]]
    assert asked(registry, SHARED) == 2
