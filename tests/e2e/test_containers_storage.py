"""Stores that real Podman, Buildah and Skopeo fill: one image, however it is reached, is judged alike,
and what an engine does meanwhile never makes half a result."""

import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time

import kit
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from oddimage import Image, oci_archive  # noqa: E402
from oddtar import (archive, capability, directory, file, gnu_long_name, hardlink, opaque, pax,  # noqa: E402
                    sparse_pax, symlink, whiteout)

NAME = "localhost/rich:1"
PASSWD = b"root:x:0:0::/:\napp:x:1000:1000::/:\n"
KEYS = ("rule", "path", "mode", "uid", "gid", "package", "message")


def scan(source, *options):
    """Each time anew: nothing that was learned of a layer before counts."""
    return kit.scan(source, "--no-cache", *options)


def rich(layers=12):
    """Everything that may differ between an archive and files on disk."""
    base = archive(
        directory("etc"), file("etc/passwd", 0o644, body=PASSWD), file("etc/shadow", 0o640, gid=42, body=b"root:*:\n"),
        directory("usr"), directory("usr/bin"), symlink("bin", "usr/bin"),
        file("usr/bin/su", 0o4755, body=b"su" * 700), hardlink("usr/bin/su2", "usr/bin/su", 0o4755),
        file("usr/bin/wall", 0o2755, gid=5, body=b"w"), file("usr/bin/at", 0o6755, uid=1, gid=1, body=b"a"),
        file("usr/bin/inert", 0o4644, body=b"i"), file("usr/bin/empty", 0o4755),
        file("usr/bin/ping", body=b"p", xattrs={"security.capability": capability(1 << 13)}),
        directory("d"), file("d/gone", 0o4755, body=b"1"), file("d/kept", 0o4755, body=b"2"),
        directory("e"), file("e/hidden", 0o4755, body=b"3"),
        directory("var"), directory("var/lib"), directory("var/lib/dpkg"), directory("var/lib/dpkg/info"),
        file("var/lib/dpkg/info/util-linux.list", 0o644, body=b"/usr/bin/su\n/usr/bin/wall\n"),
        file("caf\u00e9 <&>\n", 0o4755, body=b"4"), file(b"bytes\xff", 0o4755, body=b"5"),
        gnu_long_name("n" * 180), file("short", 0o4755, body=b"6" * 512),
        pax({"path": "p" * 150, "size": "3"}), file("p", 0o4755, body=b"abc"),
        sparse_pax("holes", [(0, b"x" * 512), (8192, b"y" * 10)], 16384, "0.1", mode=0o4755),
    )
    above = archive(
        directory("d"), whiteout("d/gone"), directory("e"), opaque("e"), file("e/new", 0o4755, body=b"7"),
        file("usr/bin/wall", 0o755, body=b"w2"), directory("bin2", 0o777),
    )
    more = [archive(file(f"more/{n}", 0o4755, body=b"%d" % n)) for n in range(layers - 2)]
    return Image([base, above, *more], user="app", tags=(NAME,))


class Engine:
    """A store of its own with one driver."""

    def __init__(self, place, driver="overlay"):
        kit.need_root()
        kit.need("podman", "buildah", "skopeo")
        self.driver, self.root = driver, place / driver
        self.run_root = tempfile.mkdtemp(prefix="nz", dir="/var/tmp")  # Podman: 50 characters at most
        self.options = ["--root", self.root, "--runroot", self.run_root, "--storage-driver", driver]
        self.spec = f"[{driver}@{self.root}+{self.run_root}]"

    def podman(self, *arguments, **options):
        return kit.run("podman", *self.options, *arguments, **options)

    def buildah(self, *arguments, **options):
        return kit.run("buildah", *self.options, *arguments, **options).stdout.decode().strip()

    def add(self, path, name=NAME):
        kit.run("skopeo", "--insecure-policy", "copy", "--quiet", f"oci-archive:{path}",
                f"containers-storage:{self.spec}{name}")

    def source(self, name=NAME):
        return f"containers-storage:{self.spec}{name}"

    def layers(self):
        return json.loads((self.root / f"{self.driver}-layers" / "layers.json").read_text())

    def drop_tar_split(self):
        for path in (self.root / f"{self.driver}-layers").glob("*.tar-split.gz"):
            path.unlink()

    def close(self):
        """Podman leaves its store mounted on itself."""
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            points = [line.split()[1] for line in mounts]
        for point in reversed(points):
            if point.startswith((f"{self.root}/", f"{self.run_root}/")):
                kit.run("umount", "-l", point, check=False)
        shutil.rmtree(self.run_root, ignore_errors=True)


@pytest.fixture
def engine(place):
    made = []

    def make(driver="overlay", below=place):
        made.append(Engine(below, driver))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def image(place):
    return oci_archive(place / "rich.tar", rich())


def told(subject, layers=True):
    """What a report says of an image, less how it was reached."""
    findings = sorted(
        (tuple(str(one.get(key)) for key in KEYS) + ((one.get("layer") or {}).get("index") if layers else None,)
         for one in subject["findings"]), key=str)
    return {"user": subject["user"], "verdict": subject["verdict"], "findings": findings}


@pytest.mark.parametrize("driver", ["overlay", "vfs"])
def test_archive_tar_split_and_files_say_the_same(engine, image, driver, place):
    store = engine(driver)
    store.add(image)
    expected = told(scan(f"oci-archive:{image}"))
    assert len(expected["findings"]) > 25
    saved = place / "saved.tar"
    if driver == "overlay":
        # tar-split cannot give sparse files back: `podman save` fails on such a layer.
        plain = Image([archive(file("a", 0o4755, body=b"x"))], user="5", tags=("localhost/plain:1",))
        store.add(oci_archive(place / "plain.tar", plain), "localhost/plain:1")
        store.podman("save", "--format", "oci-archive", "-o", saved, "localhost/plain:1")
        assert told(scan(f"oci-archive:{saved}")) == told(scan(store.source("localhost/plain:1")))
    assert told(scan(store.source())) == expected
    assert told(scan(store.source(), "--verify")) == expected
    store.drop_tar_split()
    whole = driver == "vfs"  # one tree
    expected["findings"] = told(scan(f"oci-archive:{image}"), layers=not whole)["findings"]
    assert told(scan(store.source()), layers=not whole) == expected


def test_what_buildah_commits_is_read(engine, image):
    """Whiteouts and opaque directories that an overlay made, not an archive."""
    store = engine()
    store.add(image)
    container = store.buildah("from", "--pull-never", NAME)
    mounted = pathlib.Path(store.buildah("mount", container))
    (mounted / "d/kept").unlink()
    (mounted / "e/new").unlink()
    (mounted / "e").rmdir()
    (mounted / "e").mkdir()
    (mounted / "e/newer").write_bytes(b"x")
    os.chmod(mounted / "e/newer", 0o4755)
    os.link(mounted / "e/newer", mounted / "e/newest")
    os.chmod(mounted / "usr/bin/inert", 0o4755)
    store.buildah("umount", container)
    store.buildah("config", "--user", "0", container)
    store.buildah("commit", "--quiet", "--rm", container, "localhost/changed:1")
    paths = set(kit.file_findings(scan(store.source("changed:1"), "--verify")))
    assert {"/e/newer", "/e/newest", "/usr/bin/inert"} <= paths
    assert not {"/d/kept", "/e/new", "/d/gone", "/e/hidden"} & paths
    before = told(scan(store.source("changed:1")))
    assert before["user"]["state"] == "root"
    store.drop_tar_split()
    assert told(scan(store.source("changed:1"))) == before


def test_images_and_layers_of_an_additional_store_count(engine, image, place, monkeypatch):
    shared, own = engine(below=place / "shared"), engine(below=place / "own")
    shared.add(image)
    conf = place / "storage.conf"
    conf.write_text(f'[storage]\ndriver = "overlay"\ngraphroot = "{own.root}"\nrunroot = "{own.run_root}"\n'
                    f'[storage.options]\nadditionalimagestores = ["{shared.root}"]\n')
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", os.fspath(conf))
    container = kit.run("buildah", "from", "--pull-never", NAME).stdout.decode().strip()
    kit.run("buildah", "config", "--user", "7", container)
    kit.run("buildah", "commit", "--quiet", "--rm", container, "localhost/own:1")
    assert told(scan("containers-storage:localhost/rich:1")) == told(scan(f"oci-archive:{image}"))
    subject = scan("containers-storage:localhost/own:1")
    assert subject["user"]["uid"] == 7
    assert kit.file_findings(subject).keys() == kit.file_findings(scan(f"oci-archive:{image}")).keys()


def test_a_store_of_a_user_is_read_by_tar_split_or_override_stat(engine, image):
    """As rootless Podman leaves it: on disk all is owned by ids of the user's namespace."""
    store = engine()
    store.add(image)
    expected = told(scan(f"oci-archive:{image}"))
    capable = []
    for layer in store.layers():
        diff = store.root / "overlay" / layer["id"] / "diff"
        for path in [*diff.rglob("*"), diff]:
            st, names = path.lstat(), os.listxattr(path, follow_symlinks=False)
            if "user.containers.override_stat" in names:
                continue  # by its other name
            if stat.S_ISREG(st.st_mode) or stat.S_ISDIR(st.st_mode):
                value = f"{st.st_uid}:{st.st_gid}:{stat.S_IMODE(st.st_mode):04o}".encode()
                os.setxattr(path, "user.containers.override_stat", value)
            if stat.S_ISCHR(st.st_mode):
                continue
            os.lchown(path, 100000 + st.st_uid, 100000 + st.st_gid)
            if "security.capability" in names:
                capable.append(path)
    for path in capable:
        os.setxattr(path, "security.capability", capability(1 << 13, revision=3, root_uid=100000))
    os.chown(store.root, 100000, 100000)
    assert capable
    assert told(scan(store.source())) == expected
    store.drop_tar_split()
    assert told(scan(store.source())) == expected
    os.removexattr(store.root / "overlay" / store.layers()[0]["id"] / "diff/usr/bin/su",
                   "user.containers.override_stat")
    assert kit.run(kit.NONZERO, "scan", "--no-cache", store.source(), check=False).returncode == 2


@pytest.mark.parametrize("by_files", [False, True])
def test_what_an_engine_does_meanwhile_never_makes_half_a_result(engine, image, by_files):
    store = engine()
    store.add(image)
    expected = told(scan(f"oci-archive:{image}"))
    stop, answers = threading.Event(), {"whole": 0, "refused": 0}

    def churn():
        while not stop.is_set():
            store.podman("rmi", "--force", NAME, check=False)
            store.add(image)
            if by_files:
                store.drop_tar_split()

    if by_files:
        store.drop_tar_split()
    thread = threading.Thread(target=churn)
    thread.start()
    until = time.monotonic() + 4
    try:
        while time.monotonic() < until:
            done = subprocess.run([kit.NONZERO, "scan", "--no-cache", "--format", "json", store.source()],
                                  capture_output=True, timeout=60, check=False)
            if done.returncode == 2:
                answers["refused"] += 1
                words = done.stderr.decode()
                assert any(text in words for text in ("no image called", "scan again", "being pulled or removed",
                                                      "no store at", "not in the store")), words
                continue
            answers["whole"] += 1
            assert told(kit.read_report(done, NAME)["subjects"][0]) == expected
    finally:
        stop.set()
        thread.join()
    assert answers["whole"] > 3, answers
