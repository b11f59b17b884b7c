"""A tiny image is read by one thread, a larger one by several. Nobody can tell by the answer."""

import subprocess

import pytest
from oddimage import Image, Layer, docker_tree, oci_tree, write_tar
from oddtar import archive, directory, file, hardlink, opaque, symlink, whiteout
from program import PROGRAM, scan

SU = file("usr/bin/su", 0o4755)
PASSWD = file("etc/passwd", 0o644, body=b"root:x:0:0::/:/bin/sh\napp:x:7:7::/:/bin/sh\n")
BASE = archive(directory("usr"), directory("usr/bin"), SU, PASSWD, symlink("usr/bin/sh", "su"))
# More of them than one block of a log holds.
MANY = archive(*[file(f"opt/some-folder/file-{number:040d}") for number in range(3000)], SU)

IMAGES = {
    "one layer": [BASE],
    "removed again": [BASE, archive(whiteout("usr/bin/su"))],
    "removed and put back": [BASE, archive(opaque("usr/bin")), archive(SU)],
    "no layers": [],
    "many entries": [Layer(MANY, packed="gzip"), archive(whiteout("usr/bin/su"))],
    "a link to itself": [BASE, archive(hardlink("a", "a")), archive(file("b"))],
    "a link to itself, and many entries": [BASE, Layer(archive(hardlink("a", "a")) + MANY, packed="zstd")],
    "a link to itself among many entries": [Layer(MANY[:-1024] + archive(hardlink("a", "a"), MANY), packed="gzip")],
    "a cut layer": [BASE, BASE[:700], BASE],
    "a cut stream": [Layer(MANY, packed="gzip", blob=Layer(MANY, packed="gzip").blob[:-100]), BASE],
}


def answer(path, tree, *args):
    write_tar(path, tree)
    result = scan(*args, path)
    subjects = [
        {key: value for key, value in one.items() if key not in ("started", "finished")}
        for one in (result.subjects if result.out else [])
    ]
    return result.code, result.err, subjects


@pytest.mark.parametrize("args", [[], ["--verify"]], ids=["", "verified"])
@pytest.mark.parametrize("tree", [docker_tree, oci_tree], ids=["docker", "oci"])
@pytest.mark.parametrize("what", IMAGES)
def test_the_answer_is_the_same(what, tree, args, tmp_path):
    small = tree(Image(IMAGES[what], user="app"))
    assert sum(map(len, small.values())) < 256 * 1024
    larger = {**small, "more": bytes(300_000)}
    assert answer(tmp_path / "image.tar", small, *args) == answer(tmp_path / "image.tar", larger, *args)


def test_a_tiny_image_needs_no_thread(tmp_path, tool):
    image = write_tar(tmp_path / "image.tar", docker_tree(Image([BASE, BASE])))
    command = [tool("strace"), "-f", "-qq", "-e", "trace=clone,clone3", PROGRAM, "scan", image]
    assert b"CLONE_THREAD" not in subprocess.run(command, capture_output=True, check=False).stderr
    write_tar(image, {**docker_tree(Image([BASE, BASE])), "more": bytes(300_000)})
    assert b"CLONE_THREAD" in subprocess.run(command, capture_output=True, check=False).stderr
