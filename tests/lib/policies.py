"""What tests of policies share: images with a finding each, and fixtures that write them and policies.
A test module imports the fixtures that it asks for."""

import re

import pytest
import yaml
from oddimage import Image, docker_archive
from oddtar import archive, file
from program import ROOT, assert_consistent, scan

TAG = "example.com/team/app:1.0"
SETUID = Image([archive(file("usr/bin/su", 0o4755), file("opt/a/su", 0o4755))], tags=[TAG])
WARNED = Image([archive(file("bin/app", 0o2755))], tags=[TAG])
ROOTED = Image([archive(file("bin/app"))], user="0", tags=[TAG])
LOST = Image([archive(file("bin/app"))], user="nobody", tags=[TAG])

EXCEPTION = {
    "rule": "setuid-root",
    "path": "/usr/bin/su",
    "reason": "people change users here",
    "owner": "team@example.com",
}


def exception(**changes):
    return {key: value for key, value in {**EXCEPTION, **changes}.items() if value is not None}


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    made = {"setuid": SETUID, "warned": WARNED, "rooted": ROOTED, "lost": LOST}
    return {name: docker_archive(folder / name, image) for name, image in made.items()}


@pytest.fixture
def policy(tmp_path):
    """Writes a policy, a Python value or a text, and returns its path."""

    def write(content, path=tmp_path / "policy.yaml"):
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def judge(path, image, *args):
    """The image under the policy, which must be consistent."""
    result = scan("--policy", path, *args, image)
    assert_consistent(result)
    assert result.err == b"", result
    return result


def notes(result):
    return "\n".join(result.subject.get("notes", []))


def documented():
    """The policy that docs/POLICY.md shows."""
    return re.search(r"```yaml\n(.*?)```", (ROOT / "docs/POLICY.md").read_text(), re.S)[1]
