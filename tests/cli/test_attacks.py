"""Images made to pass: each row was run by a real runtime or unpacker as root, or left a setuid-root program in its
filesystem, where a reader of the letter of the formats sees nothing. And inputs whose size did not bound the work."""

import itertools
import os
import shutil
import struct
import subprocess
import zlib

import pytest
from oddimage import (
    LAYER_TYPE,
    REF_NAME,
    Image,
    Layer,
    digest,
    docker_archive,
    docker_tree,
    dump,
    oci_archive,
    oci_tree,
    put_index,
    put_manifest,
    write_tar,
)
from oddpack import zstd_frame
from oddtar import (
    archive,
    directory,
    file,
    hardlink,
    header,
    opaque,
    pax,
    symlink,
    whiteout,
)
from program import PASS, assert_printable, assert_refused, run, scan


def setuid(name, **knobs):
    return file(name, 0o4755, **knobs)


def plain(name, **knobs):
    return file(name, 0o755, **knobs)


def passwd(text, path="etc/passwd"):
    return file(path, 0o644, body=text)


def acl(*entries):
    """A POSIX ACL as the kernel stores it: (tag, permissions, id)."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def assert_no_pass(result):
    assert result.code != PASS, result


# Layers ---------------------------------------------------------------------------------------------------------

ROOT, ALL = "app:x:0:0::/:/bin/sh\n", 0xFFFFFFFF
APP = "app:x:1000:1000::/:/bin/sh\n"
FOLDER = [directory("d"), setuid("d/su")]

# Where each layer is unpacked into a folder of its own (overlay), what a layer makes and removes again hides nothing
# of the layers below it.
LAYERS = [
    ("file-then-folder-again", [FOLDER, [plain("d"), directory("d")]]),
    ("symlink-then-folder-again", [FOLDER, [symlink("d", "x"), directory("d")]]),
    ("by-two-spellings", [FOLDER, [symlink("s", "."), plain("d"), directory("s/d")]]),
    ("whiteout-then-file-then-folder", [FOLDER, [whiteout("d"), plain("d"), directory("d")]]),
    (
        "whiteout-inside-what-is-replaced",
        [FOLDER, [directory("d"), whiteout("d/su"), plain("d"), directory("d")]],
    ),
    (
        "opaque-inside-what-is-replaced",
        [FOLDER, [directory("d"), opaque("d"), plain("d"), directory("d")]],
    ),
    # A global header is no file, but containerd and Podman 4 first remove what its name names.
    # aufs' folders are ordinary ones to overlay.
    ("in-a-folder-of-aufs", [[setuid(".wh..wh.plnk/su")]]),
    ("in-a-folder-that-begins-as-aufs", [[setuid(".wh..wh.x/y/su")]]),
    ("link-in-a-folder-of-aufs", [[plain("a"), hardlink(".wh..wh.plnk/y", "a", 0o4755)]]),
    # What is reached through a link of a lower layer is elsewhere in overlay, so that a removal misses it.
    (
        "behind-a-lower-link-then-removed",
        [[symlink("bin", "usr/bin"), directory("usr/bin")], [setuid("bin/su")], [whiteout("usr/bin/su")]],
    ),
    (
        "behind-a-lower-link-then-replaced",
        [[symlink("bin", "usr/bin"), directory("usr/bin")], [setuid("bin/su")], [plain("usr/bin/su")]],
    ),
    # Overlay's own attributes: Docker and Podman set them, and the kernel follows redirects.
    (
        "overlay-redirect",
        [
            [directory("y"), setuid("y/su")],
            [whiteout("y"), directory("x", xattrs={"trusted.overlay.redirect": "/y"})],
        ],
    ),
    # An ACL set after the mode is the mode: no x bit in the header, rwxr-xr-x on disk (Podman, umoci).
    (
        "acl-that-makes-it-executable",
        [
            [
                file(
                    "su",
                    0o4644,
                    xattrs={"system.posix_acl_access": acl((1, 7, ALL), (4, 5, ALL), (0x20, 5, ALL))},
                )
            ]
        ],
    ),
]


@pytest.mark.parametrize("layers", [row[1] for row in LAYERS], ids=[row[0] for row in LAYERS])
def test_setuid_file_that_a_runtime_sees_is_never_a_pass(judge, layers):
    assert_no_pass(judge(*[archive(*entries) for entries in layers]))


def test_global_header_by_the_name_of_a_file_is_an_error(tmp_path):
    """A global header is no file, but containerd and Podman 4 first remove what its name names: here
    the whiteout that hides a setuid file."""
    layers = [archive(setuid("su")), archive(whiteout("su"), header("su", type="g"))]
    path = docker_archive(tmp_path / "image.tar", Image([Layer(one) for one in layers]))
    assert_refused(scan(path), path)


PASSWDS = [
    # bytes.TrimSpace takes Unicode's spaces off a line; so the first entry's name is app.
    ("no-break-space", [[passwd("\u00a0" + ROOT + APP)]]),
    ("next-line", [[passwd("\u0085" + ROOT + APP)]]),
    ("em-space", [[passwd("\u2003" + ROOT + APP)]]),
    ("ideographic-space", [[passwd("\u3000" + ROOT + APP)]]),
    (
        "behind-a-lower-link-then-covered",
        [[symlink("etc", "real"), directory("real")], [passwd(ROOT)], [passwd(APP, "real/passwd")]],
    ),
]


@pytest.mark.parametrize("layers", [row[1] for row in PASSWDS], ids=[row[0] for row in PASSWDS])
def test_user_that_a_runtime_takes_for_root_is_never_a_pass(judge, layers):
    assert_no_pass(judge(*[archive(*entries) for entries in layers], user="app"))


# Indexes: an image that a runtime picks may not be passed over beside a clean one ------------------------------------

EVIL, CLEAN = archive(setuid("usr/bin/su")), archive(plain("usr/bin/x"))
ATTESTATION = {"vnd.docker.reference.type": "attestation-manifest"}
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
AMD64, UNKNOWN = {"os": "linux", "architecture": "amd64"}, {"os": "unknown", "architecture": "unknown"}

# name, laid over the descriptor in the index
HIDDEN = [
    ("attestation-by-annotation-alone", {"annotations": ATTESTATION}),
    ("media-type-empty", {"mediaType": ""}),
    ("media-type-with-parameter", {"mediaType": MANIFEST + "; charset=utf-8"}),
    ("platform-key-twice", {"platform": UNKNOWN, "Platform": AMD64}),
    ("platform-os-twice", {"platform": {**UNKNOWN, "OS": "linux", "Architecture": "amd64"}}),
]


@pytest.mark.parametrize("lies", [row[1] for row in HIDDEN], ids=[row[0] for row in HIDDEN])
def test_image_in_an_index_is_not_passed_over(tmp_path, lies):
    tree = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
    evil = {**put_manifest(tree, Image([EVIL], tags=()), platform=AMD64), **lies}
    clean = put_manifest(tree, Image([CLEAN], tags=()), platform={**AMD64, "architecture": "arm64"})
    line = put_index(tree, [evil, clean], annotations={REF_NAME: "app:1"})
    tree["index.json"] = dump({"schemaVersion": 2, "manifests": [line]})
    assert_no_pass(scan(write_tar(tmp_path / "image.tar", tree)))


@pytest.mark.parametrize("media_type", ["application/octet-stream", "application/json", "text/html", ""])
def test_config_type_that_docker_takes_for_an_image_does_not_hide_it(tmp_path, media_type):
    evil = Image([EVIL], config_lies={"mediaType": media_type}, tags=("evil:1",))
    assert_no_pass(scan(oci_archive(tmp_path / "image.tar", evil, Image([CLEAN], architecture="arm64"))))


def test_layerless_line_of_a_hybrid_archive_is_judged(tmp_path):
    """`docker load` makes an image of it, which starts as root."""
    tree = oci_tree(Image([CLEAN]))
    tree["root.json"] = Image([], user="0").config_bytes()
    tree["manifest.json"] = dump([{"Config": "root.json", "RepoTags": ["root:1"], "Layers": None}])
    assert_no_pass(scan(write_tar(tmp_path / "image.tar", tree)))


# Archives: members that are other bytes to those who unpack them ------------------------------------------------------


def member(name, data):
    return file(name, 0o644, body=data)


def lines(layer="layer.tar"):
    return member("manifest.json", dump([{"Config": "c.json", "RepoTags": ["a:1"], "Layers": [layer]}]))


def config(tar, user="1000"):
    return Image([tar], user=user).config_bytes()


# A header, then (in the file, not in what lies in the archive) its body, then a setuid file.
SPARSE_HEAD, SPARSE_REST = header("pad", size=512), setuid("su") + bytes(1024)
SPARSE = {
    "GNU.sparse.major": "0",
    "GNU.sparse.minor": "1",
    "GNU.sparse.name": "layer.tar",
    "GNU.sparse.size": str(1024 + len(SPARSE_REST)),
    "GNU.sparse.numblocks": "2",
    "GNU.sparse.map": f"0,512,1024,{len(SPARSE_REST)}",
}

# Docker and Podman (oci-archive) unpack the archive before they read it; a member behind a linked folder then lies over
# another. Podman reads a docker-archive by archive/tar, which fills the holes of sparse members.
MEMBERS = [
    (
        "layer-behind-a-linked-folder",
        [
            member("layer.tar", CLEAN),
            symlink("d", "."),
            member("d/layer.tar", EVIL),
            member("c.json", config(EVIL)),
            lines(),
        ],
    ),
    (
        "config-behind-a-linked-folder",
        [
            member("layer.tar", CLEAN),
            member("c.json", config(CLEAN)),
            lines(),
            symlink("d", "."),
            member("d/c.json", config(CLEAN, user="0")),
        ],
    ),
    (
        "sparse-layer",
        [
            pax(SPARSE) + header("layer.tar", size=512 + len(SPARSE_REST)) + SPARSE_HEAD + SPARSE_REST,
            member("c.json", config(SPARSE_HEAD + bytes(512) + SPARSE_REST)),
            lines(),
        ],
    ),
]


@pytest.mark.parametrize("through", ["file", "pipe"])
@pytest.mark.parametrize("members", [row[1] for row in MEMBERS], ids=[row[0] for row in MEMBERS])
def test_member_that_unpackers_see_otherwise_is_never_a_pass(tmp_path, members, through):
    path = tmp_path / "image.tar"
    path.write_bytes(archive(*members))
    assert_no_pass(scan(path) if through == "file" else scan("-", stdin=path.read_bytes()))


def test_index_behind_a_linked_folder_is_never_a_pass(tmp_path):
    evil, clean = oci_tree(Image([EVIL])), oci_tree(Image([CLEAN]))
    members = [member(name, data) for name, data in {**evil, **clean}.items()]
    path = tmp_path / "image.tar"
    path.write_bytes(archive(*members, symlink("x", "."), member("x/index.json", evil["index.json"])))
    assert_no_pass(scan(path))


@pytest.mark.parametrize("media_type", [LAYER_TYPE, LAYER_TYPE + "+zstd"])
def test_layer_that_is_both_a_tar_and_zstd_is_never_a_pass(tmp_path, media_type):
    """A tar whose first name is the head of a skippable frame, which goes on over its entries. Podman does not know such
    frames and reads the tar."""
    rest = setuid("usr/bin/su") + bytes(1024)
    name = struct.pack("<II", 0x184D2A50, 512 + len(rest) - 8)
    blob = header(name) + rest + zstd_frame(CLEAN)
    layer = Layer(blob, blob=blob, media_type=media_type)
    assert_no_pass(scan(oci_archive(tmp_path / "image.tar", Image([layer]))))


def test_pipe_and_file_give_the_same_verdict_for_a_name_that_looks_like_json(tmp_path):
    path = docker_archive(tmp_path / "image.tar", Image([archive(plain("{x"))]))
    assert scan(path).code == scan("-", stdin=path.read_bytes()).code


# Messages -------------------------------------------------------------------------------------------------------------


def test_name_of_a_layer_in_a_message_is_printed_as_text(tmp_path):
    path = tmp_path / "image.tar"
    path.write_bytes(archive(member("c.json", config(CLEAN)), lines("\x1b[2J\x1b[31mlayer.tar")))
    result = scan(path)
    assert_no_pass(result)
    assert_printable(result.err)


def test_name_of_the_archive_is_printed_as_text(tmp_path):
    path = write_tar(tmp_path / "\x1b[31mimage.tar", docker_tree(Image([CLEAN], tags=())))
    assert_printable(run("scan", path).out)


# A directory -----------------------------------------------------------------------------------------------------------


def test_overlay_over_two_filesystems_is_one_filesystem(tmp_path, as_root):
    """There a file's st_dev is not its directory's, though nothing is mounted on it."""
    lower, upper, merged = (tmp_path / name for name in ("lower", "upper", "merged"))
    mounted = []

    def mount(*args):
        if subprocess.run(["mount", *map(os.fspath, args)], stderr=subprocess.DEVNULL).returncode:
            pytest.skip("no mounts here")
        mounted.append(args[-1])

    try:
        for folder in (lower, upper, merged):
            folder.mkdir()
        for folder in (lower, upper):
            mount("-t", "tmpfs", "none", folder)
        for folder in (lower / "bin", upper / "up", upper / "work"):
            folder.mkdir()
        shutil.copy("/bin/true", lower / "bin/su")
        (lower / "bin/su").chmod(0o4755)
        mount(
            "-t", "overlay", "-o", f"lowerdir={lower},upperdir={upper}/up,workdir={upper}/work", "none", merged
        )
        assert_no_pass(scan("--user", "1000", f"dir:{merged}"))
    finally:
        for folder in reversed(mounted):
            subprocess.run(["umount", os.fspath(folder)], check=True)


# Time and memory ------------------------------------------------------------------------------------------------------

SECONDS = 10  # generous: each took minutes or more


def squeeze(chunks):
    """gzip of chunks that are never held all at once: what this process holds counts as the program's (program.py)."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return b"".join([packer.compress(chunk) for chunk in chunks] + [packer.compress(archive()), packer.flush()])


def packed_image(path, *layers, **knobs):
    """Layers are iterables of chunks; their diff_ids are not true, which nobody looks at here."""
    packed = [Layer(b"%d" % place, blob=squeeze(chunks)) for place, chunks in enumerate(layers)]
    return docker_archive(path, Image(packed, **knobs))


def assert_quick(*args):
    result = scan(*args)
    assert result.cpu < SECONDS, result
    return result


DEEP = "a/" * 2046 + "a"


def deep_links(levels=37):
    """Links whose targets add up: s/s/.../s lies 2,047 folders deeper with each s."""
    return [symlink("/".join(["s"] * depth), DEEP) for depth in range(1, levels + 1)]


def test_folder_far_deeper_than_a_path(tmp_path):
    inside = "s/" * 37
    entries = [setuid(f"{inside}f{place}") for place in range(100)]
    assert_quick(packed_image(tmp_path / "image.tar", deep_links() + entries))


def test_folder_over_its_whiteout_past_all_names(tmp_path):
    """More paths than are remembered do not hide that the folder shows the lower one again in overlay."""
    fill = (header(f"f{place}") for place in range(750010))
    layer = itertools.chain(fill, [whiteout("d"), directory("d")])
    assert_no_pass(scan(packed_image(tmp_path / "image.tar", [setuid("d/su")], layer)))


def test_opaque_again_and_again(tmp_path):
    entries = [symlink(f"a{place}", "b") for place in range(80000)] + [file(".wh..wh..opq", 0)] * 80000
    assert_quick(packed_image(tmp_path / "image.tar", entries))


@pytest.mark.parametrize(
    "head", [b"P:" + b"a" * (8 << 20) + b"\nF:x\n", b"P:a\nF:" + b"a" * (8 << 20) + b"\n"], ids=["package", "folder"]
)
def test_long_line_of_a_package_list(tmp_path, head):
    body = head + b"R:a\n" * ((7 << 20) // 4)
    assert_quick(packed_image(tmp_path / "image.tar", [file("lib/apk/db/installed", 0o644, body=body)]))


def test_user_of_megabytes(tmp_path):
    lists = passwd("a\n" * (500 * 1024))
    assert_quick(packed_image(tmp_path / "image.tar", [lists], user="u" * 4_000_000))


def test_history_of_megabytes_is_not_repeated_for_each_finding(tmp_path):
    tar = archive(*[setuid(f"b{place}") for place in range(150)])
    result = assert_quick(docker_archive(tmp_path / "image.tar", Image([Layer(tar, created_by="h" * 4_000_000)])))
    assert len(result.out) < 20 << 20


def test_one_config_of_megabytes_for_many_images(tmp_path):
    layer = Layer(CLEAN, created_by="h" * 4_000_000)
    entry = {"Config": "c.json", "RepoTags": None, "Layers": ["layer.tar"]}
    tree = {
        "manifest.json": dump([entry] * 200),
        "c.json": Image([layer]).config_bytes(),
        "layer.tar": CLEAN,
    }
    scan(write_tar(tmp_path / "image.tar", tree))  # bounded in memory by run()


def test_flood_of_long_symlinks(tmp_path):
    links = (symlink("y" * 3900 + str(place), "x" * 4000) for place in range(60000))
    path = packed_image(tmp_path / "image.tar", links)
    assert_refused(scan(path), path)


def test_flood_of_passwd_files(tmp_path):
    files = (file(f"d{place}/etc/passwd", 0o644, body=bytes(1 << 20)) for place in range(600))
    path = packed_image(tmp_path / "image.tar", files)
    assert_refused(scan(path), path)


def test_flood_of_long_member_names(tmp_path):
    members = (pax({"path": str(place) + "n" * 1_000_000}) + header("x") for place in range(600))
    path = tmp_path / "image.tar.gz"
    path.write_bytes(squeeze(members))
    run("scan", path)
