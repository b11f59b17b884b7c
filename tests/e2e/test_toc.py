"""Layers with a table of contents, as real tools write them: the entries by the table are those of the
whole layer, and cost a small part of it.

eStargz and zstd:chunked by stargz-snapshotter (ctr-remote, in a containerd of the test's own), and
zstd:chunked by containers/storage (skopeo), which writes other tables.
"""

import contextlib
import dataclasses
import json
import os
import random
import signal
import subprocess
import tarfile
import time

import kit
import layouts
import pytest
from layouts import device, directory, file, hardlink, opaque, symlink, whiteout

TOCLIST = kit.PROJECT / "build" / "tests" / "toclist"
NAME = "example.com/toc"
NET_RAW = bytes.fromhex("0100000200200000000000000000000000000000")
KEPT = ("etc", "usr/bin", "usr/sbin", "var/lib/dpkg", "bin", "sbin", "lib")
STARGZ = "containerd.io/snapshot/stargz/toc.digest"
NO_TABLE = 3


def noise(size, seed):
    return random.Random(seed).randbytes(size)


def fifo(name):
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.FIFOTYPE, 0o622
    return info, b""


def attributed(name, attribute, value):
    info, body = file(name, 0o600)
    info.pax_headers["SCHILY.xattr." + attribute] = value.decode("utf-8", "surrogateescape")
    return info, body


ODD = [
    directory("./d/"), whiteout("d/gone"), opaque("usr/share"),
    file("su", 0o4755), file("d/sg", 0o2755, 0, 7), file("sticky", 0o1777, 2**21, 2**31),
    file("ping", 0o755, capability=NET_RAW), hardlink("ping2", "ping", 0o4711, 5, 6),
    symlink("link", "../../x/" + "y" * 150), file("n" * 90 + "/" + "m" * 90 + "/" + "o" * 90, 0o755),
    file("d/\u00fc\u4e2d \U0001f600\n\"\\<&>", 0o755), file("empty", 0o755, body=b""),
    device("null", 1, 3), device("overlay-whiteout", 0, 0), fifo("fifo"),
    file("big", body=noise(300_000, 1)), file("holes", body=noise(5000, 2) + bytes(90_000) + noise(9, 3)),
    file("etc/passwd", body=b"root:x:0:0::/:\n" + noise(100_000, 4).hex().encode()),
    file("etc/group", body=b"root:x:0:\n"), file("etc/sudoers.d/x", body=b"a ALL=NOPASSWD: ALL\n"),
    file("app/entrypoint.sh", 0o755, body=b"#!/bin/sh\nexec gosu app x\n"),
    file("twice", 0o4755), file("twice", 0o755),
    attributed("acl", "system.posix_acl_access",
               bytes.fromhex("02000000" "01000700ffffffff" "20000500ffffffff")),
    attributed("opaque", "user.overlay.opaque", b"y"),
]


def some_of(root, path):
    """A tar of what matters of a Debian root, to keep the slow compressors short."""
    with tarfile.open(root) as source, tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as out:
        for info in source:
            if info.name.removeprefix("./").startswith(KEPT):
                out.addfile(info, source.extractfile(info) if info.isreg() else None)
    return path.read_bytes()


# --- what a layout holds ---


@dataclasses.dataclass(frozen=True)
class Layer:
    path: str
    size: int
    annotations: dict

    def table_arguments(self):
        for prefix in ("io.github.containers.zstd-chunked.", "io.containers.zstd-chunked."):
            if prefix + "manifest-position" in self.annotations:
                return ["chunked", self.annotations[prefix + "manifest-position"],
                        self.annotations[prefix + "manifest-checksum"]]
        return ["stargz", self.annotations[STARGZ]]


def layers_of(layout):
    def blob(digest):
        return layout / "blobs" / "sha256" / digest.removeprefix("sha256:")

    document = json.loads((layout / "index.json").read_text())
    while "manifests" in document:
        document = json.loads(blob(document["manifests"][0]["digest"]).read_text())
    return [Layer(blob(d["digest"]), d["size"], d.get("annotations", {})) for d in document["layers"]]


# --- the writers ---


@contextlib.contextmanager
def containerd(directory):
    kit.need_root()
    kit.need("containerd", "ctr-remote")
    directory.mkdir()
    config = directory / "config.toml"
    config.write_text(f'version = 2\nroot = "{directory}/root"\nstate = "{directory}/state"\n'
                      'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
                      f'[grpc]\naddress = "{directory}/sock"\n[ttrpc]\naddress = "{directory}/ttrpc"\n')
    with open(directory / "log", "wb") as log:
        process = subprocess.Popen(["containerd", "-c", config], stdout=log, stderr=log)

    def ctr(*arguments, **options):
        return kit.run("ctr-remote", "--address", f"{directory}/sock", *arguments, **options)

    try:
        for _ in range(100):
            if process.poll() is not None or ctr("version", check=False).returncode == 0:
                break
            time.sleep(0.1)
        if ctr("version", check=False).returncode != 0:
            kit.must_or_skip("containerd does not start: " + (directory / "log").read_text()[-300:])
        yield ctr
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def work(scratch):
    directory = scratch / "toc"
    directory.mkdir()
    return directory


@pytest.fixture(scope="module")
def plain(debian_root, work):
    """The image, its layers not compressed."""
    root = some_of(debian_root, work / "root.tar")
    return layouts.write_layout(work / "plain", [root, ODD], "1000")


@pytest.fixture(scope="module")
def by_stargz(plain, work):
    """Converts a layout with ctr-remote's OPTIONS; its layers."""
    with containerd(work / "containerd") as ctr:
        def convert(layout, name, *options):
            source, target = f"{NAME}-{name}:latest", f"{NAME}-{name}:converted"
            archive = work / f"{name}.tar"
            kit.run("tar", "-C", layout, "-cf", archive, ".")
            ctr("images", "import", "--no-unpack", "--base-name", f"{NAME}-{name}", archive)
            ctr("images", "convert", "--oci", *options, source, target)
            ctr("images", "export", archive, target)
            out = work / name
            out.mkdir()
            kit.run("tar", "-C", out, "-xf", archive)
            archive.unlink()
            return layers_of(out)
        yield convert


@pytest.fixture(scope="module", params=["estargz", "estargz-parts", "zstdchunked", "storage"])
def layers(request, by_stargz, plain, work):
    options = {
        "estargz": ("--estargz", "--estargz-compression-level", "1"),
        "estargz-parts": ("--estargz", "--estargz-compression-level", "1", "--estargz-chunk-size", "30000"),
        "zstdchunked": ("--zstdchunked",),
    }.get(request.param)
    if options:
        return by_stargz(plain, request.param, *options)
    kit.need("skopeo")
    out = work / "storage"
    kit.run("skopeo", "--insecure-policy", "copy", "--quiet", "--dest-compress-format", "zstd:chunked",
            f"oci:{plain}:latest", f"oci:{out}:latest")
    return layers_of(out)


# --- the tests ---


def toclist(path, *arguments, check=True):
    kit.need(TOCLIST)
    return kit.run(TOCLIST, path, *arguments, check=check)


def fetched(done):
    """Of the last line of standard error: bytes, requests."""
    words = done.stderr.decode().split()
    return int(words[0]), int(words[4])


def test_the_table_says_what_the_whole_layer_says(layers):
    assert len(layers) == 2
    for layer in layers:
        by_table = toclist(layer.path, *layer.table_arguments())
        whole = toclist(layer.path)
        assert by_table.stdout.splitlines() == whole.stdout.splitlines()
        assert by_table.stdout.count(b"\n") >= len(ODD)


def test_the_debian_root_costs_little(layers):
    """Its table, passwd, group, shadow and, where they are cheap, the lists of packages."""
    root = layers[0]
    size, requests = fetched(toclist(root.path, *root.table_arguments()))
    assert size < root.size * 0.04 + 300_000
    assert requests <= 20


def test_setuid_files_are_in_what_was_compared(layers):
    """The comparison above is of something."""
    odd = toclist(layers[1].path, *layers[1].table_arguments()).stdout.decode()
    assert "- 4755 0:0 /su\n" in odd and "- 0755 0:0 /twice\n" in odd
    assert "h 4711 5:6 /ping2 -> ping\n" in odd
    assert "[cap_net_raw=ep]" in odd and "overlay\n" in odd and "/d/.wh.gone\n" in odd
    assert " body 1 200015:" in odd # a passwd of several parts
    assert "\u4e2d" in odd and "- 0705 0:0 /acl\n" in odd
    assert "- 4755 0:0 /usr/bin/passwd\n" in toclist(
        layers[0].path, *layers[0].table_arguments()).stdout.decode()


def test_names_that_json_cannot_hold_are_not_taken_from_a_table(by_stargz, work):
    bad = tarfile.TarInfo("d/\udcff-su")
    bad.mode = 0o4755
    layout = layouts.write_layout(work / "bytes", [[(bad, b""), file("a")]])
    [layer] = by_stargz(layout, "bytes-converted", "--estargz")
    done = toclist(layer.path, *layer.table_arguments(), check=False)
    assert (done.returncode, done.stdout) == (NO_TABLE, b"")
    assert b"- 4755 0:0 /d/\\xff-su\n" in toclist(layer.path).stdout


def test_a_table_that_was_changed_is_refused(layers, work):
    layer = layers[1]
    arguments = layer.table_arguments()
    arguments[-1] = "sha256:" + "0" * 64
    done = toclist(layer.path, *arguments, check=False)
    assert done.returncode == 2 and b"wrong digest" in done.stderr


def test_an_image_of_such_layers_is_judged_like_the_plain_one(layers, plain):
    """Locally the whole layers are read: tables change nothing."""
    layout = os.path.dirname(os.path.dirname(os.path.dirname(layers[0].path)))
    converted, original = kit.scan(f"oci:{layout}"), kit.scan(f"oci:{plain}")
    assert kit.file_findings(converted).keys() == kit.file_findings(original).keys()
    assert "/usr/bin/passwd" in kit.file_findings(converted)
    assert not any("table of contents" in note for note in converted.get("notes", []))
