"""What every CLI test shares: the program, images in a temporary folder, and no silent skips."""

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
# What this host's own engines have is not the tests'.
os.environ["CONTAINERS_STORAGE_CONF"] = str(
    Path(__file__).resolve().parents[1] / "data" / "no-store.conf"
)
pytest.register_assert_rewrite("program")

import program  # noqa: E402  (found through the path above)
from oddimage import Image, docker_archive, overlaid  # noqa: E402
from oddtar import archive  # noqa: E402


def pytest_sessionstart(session):
    if not os.access(program.PROGRAM, os.X_OK):
        pytest.exit(
            f"no program to test at {program.PROGRAM}: build it, or set NONZERO", returncode=3
        )


def pytest_collection_modifyitems(config, items):
    """A sanitizer build never confines itself: what needs that is not meant for it."""
    meant = [one for one in items if "confined" in getattr(one, "fixturenames", ())]
    if not meant or b"sanitizer build" not in program.run("scan", "-v", "-", stdin=b"").err:
        return
    config.hook.pytest_deselected(items=meant)
    items[:] = [one for one in items if one not in meant]


def unavailable(what):
    """A test cannot run here: a failure, unless whoever runs the tests has said that it is
    expected."""
    if os.environ.get("NONZERO_TEST_ALLOW_SKIPS"):
        pytest.skip(what)
    pytest.fail(f"{what} (NONZERO_TEST_ALLOW_SKIPS=1 skips such tests)")


@pytest.fixture
def as_root():
    """For tests that must own files as others and give them setuid bits."""
    if os.geteuid() != 0:
        unavailable("needs root")


@pytest.fixture
def tool():
    """`tool("bsdtar")` is its path; a missing one is not passed over."""
    return lambda name: shutil.which(name) or unavailable(f"needs {name}")


@pytest.fixture
def judge(tmp_path):
    """Scans an image of these layers as a docker-archive; the report must be consistent with the
    exit code.

    judge(layer, layer, user="app") -> Result. `args` go to the program, all else to Image.
    """

    def judge(*layers, args=(), path=tmp_path / "image.tar", **knobs):
        result = program.scan(*args, docker_archive(path, Image(list(layers), **knobs)))
        program.assert_consistent(result)
        return result

    return judge


@pytest.fixture
def start(judge):
    """Scans an image of layers, each a list of entries, by how it starts: what is named goes into
    the image's configuration.

    start([file("run")], [whiteout("run")], user="app", Cmd=["/run"]) -> Result
    """

    def start(*layers, user="1000", args=(), **config):
        config = overlaid({"User": user}, config)
        return judge(*[archive(*layer) for layer in layers], args=args, config={"config": config})

    return start


@pytest.fixture
def refuse(tmp_path):
    """Scans an image of these layers, which must be an operational error."""

    def refuse(*layers, args=(), **knobs):
        path = docker_archive(tmp_path / "image.tar", Image(list(layers), **knobs))
        program.assert_refused(program.scan(*args, path), path)

    return refuse
