"""Named odd layers, each with what three real unpackers make of it.

AGREED   umoci, the overlay mount and Podman make the same tree, and nonzero must report just that.
ENGINES  umoci ignores the attributes in a hardlink's header; container engines apply them, and engines
         are what starts processes.  nonzero must report what they leave.
DISPUTED no two need agree.  nonzero must report `ambiguous-layer`, or side with umoci.
BROKEN   some or all refuse.  nonzero must not let it pass: an error, a finding or `unknown`.

What each judge leaves is written down, so that a change in a judge is noticed too.
"""

import dataclasses

import compare
import engines
import judges
import kit
import layouts
import pytest
from layouts import directory, file, hardlink, opaque, symlink, whiteout

NET_RAW = bytes.fromhex("0100000200200000000000000000000000000000")
ROOT = {"mode": 0o4755}
PLAIN = {"mode": 0o755}
USR = [directory("usr/"), directory("usr/bin/"), symlink("bin", "usr/bin")]
REFUSES = "refuses"
SAME = "same"


@dataclasses.dataclass(frozen=True)
class Odd:
    name: str
    layers: list
    umoci: dict | str            # path -> mode, of the privileged files; or REFUSES
    overlay: dict | str = SAME   # where it differs from umoci
    podman: dict | str = SAME    # where it differs from the overlay mount

    def expected(self):
        overlay = self.umoci if self.overlay == SAME else self.overlay
        return {"umoci": self.umoci, "overlay": overlay,
                "podman": overlay if self.podman == SAME else self.podman}


AGREED = [
    Odd("deleting-one-name-leaves-the-other",
        [[file("a", **ROOT), hardlink("b", "a", 0o4755)], [whiteout("a")]], {"/b": "4755"}),
    Odd("replacing-one-name-leaves-the-other",
        [[file("a", **ROOT), hardlink("b", "a", 0o4755)], [file("a", **PLAIN)]], {"/b": "4755"}),
    Odd("a-whole-directory-deleted",
        [[directory("d/"), directory("d/e/"), file("d/e/su", **ROOT)], [whiteout("d")]], {}),
    Odd("a-directory-deleted-and-another-layer-makes-it-again",
        [[directory("d/"), file("d/su", **ROOT)], [whiteout("d")], [directory("d/"), file("d/b", **PLAIN)]], {}),
    Odd("opaque-before-the-files-of-its-layer",
        [[directory("d/"), file("d/old", **ROOT)], [directory("d/"), opaque("d"), file("d/new", **ROOT)]],
        {"/d/new": "4755"}),
    Odd("opaque-after-the-files-of-its-layer",
        [[directory("d/"), file("d/old", **ROOT)], [directory("d/"), file("d/new", **ROOT), opaque("d")]],
        {"/d/new": "4755"}),
    Odd("opaque-without-a-directory-entry",
        [[directory("d/"), file("d/old", **ROOT)], [opaque("d")]], {}),
    Odd("a-file-replaces-a-directory",
        [[directory("d/"), file("d/su", **ROOT)], [file("d", **PLAIN)]], {}),
    Odd("a-symlink-replaces-a-directory",
        [[directory("d/"), file("d/su", **ROOT), directory("e/")], [symlink("d", "e")]], {}),
    Odd("a-directory-replaces-a-symlink",
        [[*USR, file("usr/bin/su", **ROOT)], [directory("bin/"), file("bin/sh", **ROOT)]],
        {"/usr/bin/su": "4755", "/bin/sh": "4755"}),
    Odd("a-directory-over-a-directory-merges",
        [[directory("d/"), file("d/su", **ROOT)], [directory("d/", 0o700), file("d/x", **PLAIN)]],
        {"/d/su": "4755"}),
    Odd("a-symlinked-parent-of-the-same-layer",
        [[*USR, file("bin/su", **ROOT)]], {"/usr/bin/su": "4755"}),
    Odd("an-absolute-symlinked-parent",
        [[directory("usr/"), directory("usr/bin/"), symlink("bin", "/usr/bin"), file("bin/su", **ROOT)]],
        {"/usr/bin/su": "4755"}),
    Odd("a-symlinked-parent-that-climbs-out-stays-inside",
        [[directory("usr/"), directory("usr/bin/"), symlink("bin", "../../../usr/bin"), file("bin/su", **ROOT)]],
        {"/usr/bin/su": "4755"}),
    Odd("two-symlinked-parents-in-a-row",
        [[directory("a/"), directory("a/b/"), symlink("x", "a"), symlink("a/y", "b"), file("x/y/su", **ROOT)]],
        {"/a/b/su": "4755"}),
    Odd("a-link-target-named-through-a-symlink",
        [[*USR, file("usr/bin/su", **ROOT), hardlink("su2", "bin/su", 0o4755)]],
        {"/usr/bin/su": "4755", "/su2": "4755"}),
    Odd("names-with-dots-and-slashes",
        [[directory("./d/"), file("./d/./a", **ROOT), file("d//b", **ROOT), file("d/../c", **ROOT)],
         [whiteout("./d/a")]], {"/d/b": "4755", "/c": "4755"}),
    Odd("absolute-names", [[file("/a", **ROOT)], [file("a", **PLAIN)]], {}),
    Odd("a-whiteout-of-what-is-not-there", [[file("a", **ROOT)], [whiteout("b")]], {"/a": "4755"}),
    Odd("a-name-that-climbs-out-stays-inside", [[file("../../su", **ROOT)]], {"/su": "4755"}),
    Odd("a-link-that-climbs-out-stays-inside", [[file("a", **ROOT), hardlink("b", "../../a", 0o4755)]],
        {"/a": "4755", "/b": "4755"}),
    Odd("a-link-to-a-symlink-is-a-symlink",
        [[file("a", **ROOT), symlink("l", "a"), hardlink("b", "l", 0o4755)]], {"/a": "4755"}),
    Odd("an-empty-capability-is-there", [[file("a", **PLAIN, capability=bytes(3) + b"\2" + bytes(16))]],
        {"/a": "0755"}),
    Odd("implied-parents", [[file("deep/er/su", **ROOT)]], {"/deep/er/su": "4755"}),
]

ENGINES = [
    Odd("link-header-setuid-makes-both-setuid",
        [[file("a", **PLAIN), hardlink("b", "a", 0o4755)]], {}, {"/a": "4755", "/b": "4755"}),
    Odd("link-header-plain-clears-setuid",
        [[file("a", **ROOT), hardlink("b", "a", 0o755)]], {"/a": "4755", "/b": "4755"}, {}),
    Odd("link-header-with-another-owner",
        [[file("a", **ROOT), hardlink("b", "a", 0o4755, 1000, 1000)]],
        {"/a": "4755", "/b": "4755"}, {"/a": "4755 1000", "/b": "4755 1000"}),
    Odd("link-header-with-another-owner-drops-the-capability",
        [[file("a", **PLAIN, capability=NET_RAW), hardlink("b", "a", 0o755, 1000, 1000)]],
        {"/a": "0755", "/b": "0755"}, {}),
    Odd("link-header-brings-a-capability",
        [[file("a", **PLAIN), hardlink("b", "a", 0o755, capability=NET_RAW)]],
        {}, {"/a": "0755", "/b": "0755"}),
    Odd("link-to-a-lower-layer-makes-both-setuid",
        [[file("a", **PLAIN)], [hardlink("b", "a", 0o4755)]], {}, {"/a": "4755", "/b": "4755"}, REFUSES),
    Odd("link-to-a-lower-layer-with-another-owner",
        [[file("a", **ROOT)], [hardlink("b", "a", 0o755, 1000, 1000)]],
        {"/a": "4755", "/b": "4755"}, {}, REFUSES),
]

DISPUTED = [
    # Docker chowns whatever the owner was, and the kernel then takes the capability; Podman does not.
    Odd("link-header-without-the-capability",
        [[file("a", **PLAIN, capability=NET_RAW), hardlink("b", "a", 0o755)]],
        {"/a": "0755", "/b": "0755"}, {}, {"/a": "0755", "/b": "0755"}),
    Odd("aufs-metadata",
        [[directory(".wh..wh.plnk/"), file(".wh..wh.plnk/1.2", **ROOT), file("a", **ROOT)]],
        {"/.wh..wh.plnk/1.2": "4755", "/a": "4755"}),
    Odd("a-whiteout-after-its-own-file", [[file("a", **ROOT), whiteout("a")]], {"/a": "4755"}, SAME, REFUSES),
    Odd("a-whiteout-before-its-own-file", [[whiteout("a"), file("a", **ROOT)]], {"/a": "4755"}),
    Odd("a-path-twice-setuid-last", [[file("a", **PLAIN), file("a", **ROOT)]], {"/a": "4755"}, SAME, REFUSES),
    Odd("a-path-twice-setuid-first", [[file("a", **ROOT), file("a", **PLAIN)]], {}, SAME, REFUSES),
    Odd("a-path-twice-in-two-spellings", [[*USR, file("bin/su", **PLAIN), file("usr/bin/su", **ROOT)]],
        {"/usr/bin/su": "4755"}),
    Odd("a-symlinked-parent-of-a-lower-layer", [USR, [file("bin/su", **ROOT)]],
        {"/usr/bin/su": "4755"}, {"/bin/su": "4755"}),
    Odd("a-whiteout-through-a-symlink-of-a-lower-layer",
        [[*USR, file("usr/bin/su", **ROOT)], [whiteout("bin/su")]], {}, {"/usr/bin/su": "4755"}),
    Odd("a-character-device-0-0-over-a-file",
        [[file("a", **ROOT)], [layouts.device("a", 0, 0)]], {}),
]

# Nobody, or not everybody, can unpack these at all.
BROKEN = [
    Odd("a-file-used-as-a-directory-in-its-own-layer", [[file("a", **ROOT), file("a/su", **ROOT)]], REFUSES),
    Odd("a-file-used-as-a-directory-by-a-later-layer", [[file("a", **ROOT)], [file("a/su", **ROOT)]],
        REFUSES, {"/a/su": "4755"}),
    Odd("a-link-to-nothing", [[hardlink("b", "a", 0o4755)]], REFUSES),
    Odd("a-loop-of-symlinked-parents", [[symlink("x", "y"), symlink("y", "x"), file("x/su", **ROOT)]],
        REFUSES),
    Odd("a-dangling-symlinked-parent", [[symlink("x", "nowhere"), file("x/su", **ROOT)]],
        {"/nowhere/su": "4755"}, REFUSES),
]


def names(cases):
    return [case.name for case in cases]


def modes(files):
    """{path: mode}; with the owner where it is not root."""
    return {path: file.mode + (f" {file.uid}" if file.uid else "") for path, file in files.items()}


def build(case, place):
    return layouts.write_layout(place / "image", case.layers, "1000")


def by_umoci(layout, place):
    return judges.privileged_files(judges.umoci_unpack(layout, layouts.TAG, place / "umoci"))


def by_overlay(layout, place):
    with judges.overlay(judges.layout_layers(layout), str(place / "overlay")) as merged:
        return judges.privileged_files(merged)


def by_podman(layout, storage):
    with engines.podman_tree(storage, layout, layouts.TAG) as root:
        return judges.privileged_files(root)


def judged(judge, *arguments):
    try:
        return modes(judge(*arguments))
    except judges.Refused:
        return REFUSES


EVERY = AGREED + ENGINES + DISPUTED + BROKEN


@pytest.mark.parametrize("case", EVERY, ids=names(EVERY))
def test_what_the_judges_make_of(case, place, storage):
    layout = build(case, place)
    assert {"umoci": judged(by_umoci, layout, place), "overlay": judged(by_overlay, layout, place),
            "podman": judged(by_podman, layout, storage)} == case.expected()


@pytest.mark.parametrize("case", AGREED, ids=names(AGREED))
def test_nonzero_agrees_on(case, place):
    layout = build(case, place)
    found = kit.file_findings(kit.scan(f"oci:{layout}"))
    compare.assert_same_files(found, by_umoci(layout, place))


@pytest.mark.parametrize("case", ENGINES, ids=names(ENGINES))
def test_nonzero_sides_with_the_engines_on(case, place):
    layout = build(case, place)
    found = kit.file_findings(kit.scan(f"oci:{layout}"))
    compare.assert_same_files(found, by_overlay(layout, place))


@pytest.mark.parametrize("case", DISPUTED, ids=names(DISPUTED))
def test_nonzero_calls_ambiguous_or_sides_with_umoci_on(case, place):
    layout = build(case, place)
    subject = kit.scan(f"oci:{layout}")
    if "ambiguous-layer" not in kit.rules_of(subject):
        compare.assert_same_files(kit.file_findings(subject), by_umoci(layout, place))


@pytest.mark.parametrize("case", BROKEN, ids=names(BROKEN))
def test_nonzero_does_not_let_pass(case, place):
    layout = build(case, place)
    subject = kit.scan_or_error(f"oci:{layout}")
    if subject is not None and "ambiguous-layer" not in kit.rules_of(subject):
        assert subject["verdict"] != "pass"
