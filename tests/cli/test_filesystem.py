"""From layers to the effective filesystem: what hides, replaces, merges and links what.

Each case is layers and the paths that must be found setuid to root in what they make together.
Cases that only mean something if the reader is wrong about them in one direction come with their
mirror image.
"""

import pytest
from oddimage import Image, docker_archive
from oddtar import archive, device, directory, file, hardlink, opaque, symlink, whiteout
from program import ERROR, FAIL, scan


def setuid(path):
    return file(path, 0o4755)


def plain(path):
    return file(path, 0o755)


# name, layers (each a list of entries), paths
CASES = [
    ("found", [[setuid("usr/bin/su")]], ["/usr/bin/su"]),
    ("not-setuid", [[plain("usr/bin/su")]], []),
    ("sorted-out-of-many", [[plain("a"), setuid("b"), plain("c"), setuid("d/e")]], ["/b", "/d/e"]),
    # Whiteouts hide what lies below them, and nothing else.
    ("whiteout", [[setuid("bin/su")], [whiteout("bin/su")]], []),
    ("whiteout-of-another", [[setuid("bin/su")], [whiteout("bin/s")]], ["/bin/su"]),
    ("whiteout-of-a-longer-name", [[setuid("bin/su")], [whiteout("bin/sud")]], ["/bin/su"]),
    ("whiteout-elsewhere", [[setuid("bin/su")], [whiteout("sbin/su")]], ["/bin/su"]),
    (
        "whiteout-of-folder",
        [[directory("bin"), setuid("bin/su"), setuid("bin/x/y/z")], [whiteout("bin")]],
        [],
    ),
    ("whiteout-of-folder-without-entry", [[setuid("bin/su")], [whiteout("bin")]], []),
    (
        "whiteout-of-folder-spares-longer-names",
        [[setuid("bin/su"), setuid("binary")], [whiteout("bin")]],
        ["/binary"],
    ),
    ("whiteout-does-not-reach-up", [[whiteout("bin/su")], [setuid("bin/su")]], ["/bin/su"]),
    ("whiteout-two-layers-down", [[setuid("bin/su")], [plain("bin/x")], [whiteout("bin/su")]], []),
    (
        "whiteout-then-back",
        [[setuid("bin/su")], [whiteout("bin/su")], [setuid("bin/su")]],
        ["/bin/su"],
    ),
    ("whiteout-then-back-clean", [[setuid("bin/su")], [whiteout("bin/su")], [plain("bin/su")]], []),
    ("whiteout-with-mode", [[setuid("bin/su")], [file("bin/.wh.su", 0o4755)]], []),
    (
        "whiteout-with-a-body",
        [[setuid("bin/su")], [file("bin/.wh.su", 0, body="x" * 1000), setuid("bin/x")]],
        ["/bin/x"],
    ),
    ("whiteout-as-hardlink", [[setuid("bin/su")], [plain("a"), hardlink("bin/.wh.su", "a")]], []),
    (
        "whiteout-of-folder-then-new-content",
        [[setuid("opt/su")], [whiteout("opt")], [setuid("opt/new")]],
        ["/opt/new"],
    ),
    ("whiteout-of-nothing", [[whiteout("nothing/here")], [setuid("bin/su")]], ["/bin/su"]),
    ("whiteout-dotted", [[setuid("./bin/su")], [file("./bin/.wh.su", 0)]], []),
    (
        "whiteout-of-wh-like-name",
        [[setuid("bin/wh.su"), setuid("bin/x.wh.su")], [whiteout("bin/su")]],
        ["/bin/wh.su", "/bin/x.wh.su"],
    ),
    (
        "whiteout-of-symlink-spares-target",
        [[setuid("usr/bin/su"), symlink("su", "usr/bin/su")], [whiteout("su")]],
        ["/usr/bin/su"],
    ),
    (
        "whiteout-of-symlinked-folder-spares-target",
        [[setuid("usr/bin/su"), symlink("bin", "usr/bin")], [whiteout("bin")]],
        ["/usr/bin/su"],
    ),
    # Opaque directories: their place in the layer does not matter.
    ("opaque-first", [[setuid("bin/su")], [opaque("bin"), setuid("bin/new")]], ["/bin/new"]),
    ("opaque-last", [[setuid("bin/su")], [setuid("bin/new"), opaque("bin")]], ["/bin/new"]),
    (
        "opaque-amid",
        [[setuid("bin/su")], [setuid("bin/a"), opaque("bin"), setuid("bin/b")]],
        ["/bin/a", "/bin/b"],
    ),
    (
        "opaque-after-its-folder",
        [[setuid("bin/su")], [directory("bin"), opaque("bin"), setuid("bin/new")]],
        ["/bin/new"],
    ),
    (
        "opaque-reaches-down-the-tree",
        [[setuid("a/b/c/su")], [opaque("a"), setuid("a/b/new")]],
        ["/a/b/new"],
    ),
    (
        "opaque-last-with-deep-new-file",
        [[setuid("a/b/old")], [setuid("a/b/new"), opaque("a")]],
        ["/a/b/new"],
    ),
    (
        "opaque-spares-siblings",
        [[setuid("bin/su"), setuid("binary/su")], [opaque("bin")]],
        ["/binary/su"],
    ),
    ("opaque-root", [[setuid("bin/su")], [file(".wh..wh..opq", 0), setuid("new")]], ["/new"]),
    (
        "opaque-root-dotted",
        [[setuid("bin/su")], [file("./.wh..wh..opq", 0), setuid("new")]],
        ["/new"],
    ),
    ("opaque-hides-same-name-below", [[setuid("bin/su")], [plain("bin/su"), opaque("bin")]], []),
    (
        "opaque-then-upper-layer",
        [[setuid("bin/su")], [opaque("bin")], [setuid("bin/top")]],
        ["/bin/top"],
    ),
    (
        "opaque-in-two-layers",
        [[setuid("bin/a")], [opaque("bin"), setuid("bin/b")], [setuid("bin/c"), opaque("bin")]],
        ["/bin/c"],
    ),
    ("opaque-lookalike", [[setuid("bin/su")], [file("bin/.wh..wh.opq", 0)]], ["/bin/su"]),
    (
        "aufs-metadata",
        [
            [setuid("bin/su")],
            [directory(".wh..wh.plnk"), file(".wh..wh.aufs", 0o444), directory(".wh..wh.orph")],
        ],
        ["/bin/su"],
    ),
    (
        # Docker, Podman and umoci leave what is below aufs' own directories where it is.
        "file-below-aufs-metadata-is-a-file",
        [[file(".wh..wh.plnk/1234.5678", 0o4755), setuid("bin/su")]],
        ["/.wh..wh.plnk/1234.5678", "/bin/su"],
    ),
    # One path in several layers: the upper one is the file.
    ("re-moded-above", [[setuid("bin/su")], [plain("bin/su")]], []),
    ("setuid-above", [[plain("bin/su")], [setuid("bin/su")]], ["/bin/su"]),
    ("re-owned-above", [[setuid("bin/su")], [file("bin/su", 0o4755, uid=5)]], []),
    ("file-over-folder", [[setuid("opt/su"), setuid("opt/a/b")], [plain("opt")]], []),
    ("setuid-file-over-folder", [[setuid("opt/su")], [setuid("opt")]], ["/opt"]),
    ("symlink-over-folder", [[setuid("opt/su")], [symlink("opt", "usr")]], []),
    ("symlink-over-file", [[setuid("bin/su")], [symlink("bin/su", "busybox")]], []),
    ("device-over-file", [[setuid("bin/su")], [device("bin/su", 1, 3, mode=0o4755)]], []),
    ("fifo-over-folder", [[setuid("opt/su")], [file("opt", type="6")]], []),
    (
        "folder-over-folder",
        [[directory("opt", 0o700), setuid("opt/su")], [directory("opt", 0o755)]],
        ["/opt/su"],
    ),
    ("folder-over-file", [[setuid("bin/su")], [directory("bin/su")]], []),
    (
        "folder-over-file-with-content",
        [[setuid("bin/su")], [directory("bin/su"), setuid("bin/su/x")]],
        ["/bin/su/x"],
    ),
    (
        "folder-over-symlink",
        [[setuid("usr/bin/su"), symlink("bin", "usr/bin")], [directory("bin"), setuid("bin/x")]],
        ["/bin/x", "/usr/bin/su"],
    ),
    (
        "folder-over-symlink-is-another-folder",
        [[setuid("usr/bin/su"), symlink("bin", "usr/bin")], [directory("bin"), plain("bin/su")]],
        ["/usr/bin/su"],
    ),
    ("folder-that-is-setuid", [[directory("opt", 0o6755)]], []),
    (
        "symlink-that-is-setuid",
        [[symlink("su", "bin/su"), file("sl", 0o4777, type="2", link="x")]],
        [],
    ),
    (
        "special-files-that-are-setuid",
        [
            [
                device("dev/null", 1, 3, mode=0o4755),
                device("dev/sda", 8, 0, "4", mode=0o4755),
                file("run/fifo", 0o4755, type="6"),
            ]
        ],
        [],
    ),
    # Symlinked parents resolve inside the root, whatever their target says.
    (
        "through-symlink",
        [[symlink("bin", "usr/bin"), directory("usr/bin"), setuid("bin/su")]],
        ["/usr/bin/su"],
    ),
    (
        "through-absolute-symlink",
        [[symlink("bin", "/usr/bin"), directory("usr/bin"), setuid("bin/su")]],
        ["/usr/bin/su"],
    ),
    (
        "through-symlink-beyond-the-root",
        [[symlink("bin", "../../../usr/bin"), directory("usr/bin"), setuid("bin/su")]],
        ["/usr/bin/su"],
    ),
    (
        "through-two-symlinks",
        [[symlink("a", "b"), symlink("b", "c/d"), directory("c/d"), setuid("a/su")]],
        ["/c/d/su"],
    ),
    (
        "through-symlink-in-the-middle",
        [[directory("x/y"), symlink("x/l", "y"), setuid("x/l/su")]],
        ["/x/y/su"],
    ),
    (
        "through-dot-dot-target",
        [[directory("a/b"), directory("a/c"), symlink("a/b/l", "../c"), setuid("a/b/l/su")]],
        ["/a/c/su"],
    ),
    (
        "symlink-gone-above",
        [[symlink("bin", "usr/bin"), setuid("usr/bin/su")], [whiteout("bin")], [setuid("bin/su")]],
        ["/bin/su", "/usr/bin/su"],
    ),
    (
        "symlink-to-a-file-is-one-finding",
        [[setuid("usr/bin/su"), symlink("bin/su", "../usr/bin/su")]],
        ["/usr/bin/su"],
    ),
    (
        "file-replaces-symlink-not-its-target",
        [[setuid("usr/bin/su"), symlink("su", "usr/bin/su")], [plain("su")]],
        ["/usr/bin/su"],
    ),
    (
        "unused-loops",
        [
            [
                symlink("a", "b"),
                symlink("b", "a"),
                symlink("c", "c"),
                symlink("d", "d/e"),
                setuid("su"),
            ]
        ],
        ["/su"],
    ),
    # Hardlinks are one inode: the last header's mode and owner hold for all its names.
    (
        "link",
        [[setuid("bin/su"), hardlink("bin/alias", "bin/su", 0o4755)]],
        ["/bin/alias", "/bin/su"],
    ),
    (
        "link-makes-both-setuid",
        [[plain("bin/su"), hardlink("bin/alias", "bin/su", 0o4755)]],
        ["/bin/alias", "/bin/su"],
    ),
    ("link-clears-both", [[setuid("bin/su"), hardlink("bin/alias", "bin/su", 0o755)]], []),
    ("link-re-owns-both", [[setuid("bin/su"), hardlink("bin/alias", "bin/su", 0o4755, uid=9)]], []),
    (
        "link-gives-both-to-root",
        [[file("bin/su", 0o4755, uid=9), hardlink("bin/alias", "bin/su", 0o4755)]],
        ["/bin/alias", "/bin/su"],
    ),
    (
        "link-of-link",
        [[plain("a"), hardlink("b", "a", 0o755), hardlink("c", "b", 0o4755)]],
        ["/a", "/b", "/c"],
    ),
    (
        "last-link-decides",
        [[plain("a"), hardlink("b", "a", 0o4755), hardlink("c", "a", 0o755)]],
        [],
    ),
    (
        "link-across-layers",
        [[setuid("bin/su")], [hardlink("bin/alias", "bin/su", 0o4755)]],
        ["/bin/alias", "/bin/su"],
    ),
    (
        "link-across-layers-makes-both-setuid",
        [[plain("bin/su")], [hardlink("bin/alias", "bin/su", 0o4755)]],
        ["/bin/alias", "/bin/su"],
    ),
    (
        "link-across-layers-clears-both",
        [[setuid("bin/su")], [hardlink("bin/alias", "bin/su", 0o755)]],
        [],
    ),
    (
        "link-outlives-its-target",
        [[setuid("bin/su"), hardlink("bin/alias", "bin/su", 0o4755)], [whiteout("bin/su")]],
        ["/bin/alias"],
    ),
    (
        "target-outlives-its-link",
        [[setuid("bin/su"), hardlink("bin/alias", "bin/su", 0o4755)], [whiteout("bin/alias")]],
        ["/bin/su"],
    ),
    (
        "replaced-target-leaves-link",
        [[setuid("bin/su"), hardlink("bin/alias", "bin/su", 0o4755)], [plain("bin/su")]],
        ["/bin/alias"],
    ),
    (
        "replaced-link-leaves-target",
        [[setuid("bin/su"), hardlink("bin/alias", "bin/su", 0o4755)], [plain("bin/alias")]],
        ["/bin/su"],
    ),
    (
        "link-to-plain-file-of-a-lower-layer",
        [[plain("a"), plain("b")], [hardlink("c", "a", 0o4755)]],
        ["/a", "/c"],
    ),
    (
        "link-target-dotted",
        [[plain("bin/su"), hardlink("./bin/alias", "./bin/su", 0o4755)]],
        ["/bin/alias", "/bin/su"],
    ),
    (
        "link-target-absolute",
        [[plain("bin/su"), hardlink("bin/alias", "/bin/su", 0o4755)]],
        ["/bin/alias", "/bin/su"],
    ),
    (
        "link-through-symlink",
        [[symlink("bin", "usr/bin"), plain("usr/bin/su"), hardlink("bin/alias", "bin/su", 0o4755)]],
        ["/usr/bin/alias", "/usr/bin/su"],
    ),
    ("link-over-a-setuid-file", [[setuid("a")], [plain("b"), hardlink("a", "b", 0o755)]], []),
    (
        "folder-of-links-removed",
        [[setuid("x/a"), hardlink("y/b", "x/a", 0o4755)], [whiteout("x")]],
        ["/y/b"],
    ),
]


@pytest.mark.parametrize("layers, paths", [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_effective_filesystem(judge, layers, paths):
    result = judge(*[archive(*entries) for entries in layers])
    assert result.paths("setuid-root") == paths, result
    assert result.verdict == ("fail" if paths else "pass"), result
    assert not result.findings("ambiguous-layer"), result


def test_whiteout_device_is_no_whiteout_in_an_archive(judge):
    """Overlay writes whiteouts as character devices 0:0 on disk; in a tar it is a device like any
    other."""
    result = judge(
        archive(setuid("bin/su"), setuid("su")), archive(device("bin", 0, 0), device("x", 0, 0))
    )
    assert result.paths("setuid-root") == ["/su"]


# What one layer says twice ------------------------------------------------------------------------

# name, layers, paths that the last header leaves setuid
AMBIGUOUS = [
    ("setuid-then-plain", [[setuid("bin/su"), plain("bin/su")]], []),
    ("plain-then-setuid", [[plain("bin/su"), setuid("bin/su")]], ["/bin/su"]),
    ("two-spellings", [[setuid("bin/su"), plain("./bin//su")]], []),
    (
        "two-spellings-by-symlink",
        [[symlink("bin", "usr/bin"), setuid("usr/bin/su"), plain("bin/su")]],
        [],
    ),
    ("file-then-its-whiteout", [[setuid("bin/su"), whiteout("bin/su")]], None),
    ("whiteout-then-file", [[plain("bin/x")], [whiteout("bin/su"), setuid("bin/su")]], None),
    ("file-then-folders-whiteout", [[setuid("opt/bin/su"), whiteout("opt")]], None),
    ("file-then-folder", [[setuid("opt"), directory("opt")]], []),
    ("link-then-plain", [[plain("a"), hardlink("b", "a", 0o4755), plain("b")]], ["/a"]),
]


@pytest.mark.parametrize(
    "layers, paths", [row[1:] for row in AMBIGUOUS], ids=[row[0] for row in AMBIGUOUS]
)
def test_ambiguous_layer_is_told_and_never_certified(judge, layers, paths):
    """Unpackers differ, so a setuid file that one of them would leave keeps the verdict from being
    a pass."""
    result = judge(*[archive(*entries) for entries in layers])
    assert result.code == FAIL, result
    found = result.findings("ambiguous-layer")
    assert found, result
    assert all(one["level"] in ("warn", "info", "fail") for one in found)
    if paths is not None:
        assert result.paths("setuid-root") == paths, result


# Through a symlink of a lower layer: umoci follows it, while overlay, where each layer is unpacked
# on its own, gets a folder that replaces it. What only one of the two hides is not certified.
LOWER_SYMLINK = [
    ("setuid-file", [[symlink("bin", "usr/bin"), directory("usr/bin")], [setuid("bin/su")]]),
    ("over-setuid", [[symlink("bin", "usr/bin"), setuid("usr/bin/su")], [plain("bin/su")]]),
    ("setuid-over", [[symlink("bin", "usr/bin"), plain("usr/bin/su")], [setuid("bin/su")]]),
    ("whiteout", [[symlink("bin", "usr/bin"), setuid("usr/bin/su")], [whiteout("bin/su")]]),
    ("opaque", [[symlink("bin", "usr/bin"), setuid("usr/bin/su")], [opaque("bin")]]),
    ("twice", [[symlink("b", "a"), directory("c")], [symlink("b", "c")], [setuid("b/su")]]),
]


@pytest.mark.parametrize(
    "layers", [row[1] for row in LOWER_SYMLINK], ids=[row[0] for row in LOWER_SYMLINK]
)
def test_entry_through_a_symlink_of_a_lower_layer_is_never_certified(judge, layers):
    result = judge(*[archive(*entries) for entries in layers])
    assert result.code == FAIL, result
    assert result.findings("setuid-root", "ambiguous-layer"), result


def test_repeated_folder_is_not_ambiguous(judge):
    result = judge(archive(directory("opt"), plain("opt/a"), directory("opt"), plain("opt/b")))
    assert result.verdict == "pass"


# What no filesystem can be made of ----------------------------------------------------------------

BROKEN = [
    ("bare-whiteout", [[plain("a")], [file("bin/.wh.", 0)]]),
    ("bare-whiteout-at-the-root", [[file(".wh.", 0)]]),
    ("through-a-loop-of-symlinks", [[symlink("a", "b"), symlink("b", "a")], [setuid("a/su")]]),
    ("through-a-symlink-to-itself", [[symlink("a", "a"), setuid("a/su")]]),
]


@pytest.mark.parametrize("layers", [row[1] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_layer_that_cannot_be_unpacked_is_an_error(refuse, layers):
    refuse(*[archive(*entries) for entries in layers])


# Unpackers disagree or fail here; whatever is said, it must not be that all is well.
DOUBTFUL = [
    ("through-a-dangling-symlink", [[symlink("bin", "nowhere"), setuid("bin/su")]]),
    ("through-a-file", [[plain("usr")], [setuid("usr/bin/su")]]),
    ("through-a-symlink-to-a-file", [[plain("usr"), symlink("bin", "usr")], [setuid("bin/su")]]),
    ("link-to-nothing", [[hardlink("bin/su", "bin/missing", 0o4755)]]),
    ("link-to-itself", [[hardlink("bin/su", "bin/su", 0o4755)]]),
    ("links-to-each-other", [[hardlink("a", "b", 0o4755), hardlink("b", "a", 0o4755)]]),
    ("link-to-what-comes-later", [[hardlink("a", "b", 0o4755), plain("b")]]),
    ("link-to-what-was-removed", [[setuid("a")], [whiteout("a")], [hardlink("b", "a", 0o4755)]]),
    ("unknown-type", [[file("bin/su", 0o4755, type="Z")]]),
    ("contiguous-file", [[file("bin/su", 0o4755, type="7")]]),
]


@pytest.mark.parametrize("layers", [row[1] for row in DOUBTFUL], ids=[row[0] for row in DOUBTFUL])
def test_layer_that_unpackers_disagree_about_is_never_a_pass(tmp_path, layers):
    result = scan(
        docker_archive(tmp_path / "image.tar", Image([archive(*entries) for entries in layers]))
    )
    assert result.code in (FAIL, ERROR), result
