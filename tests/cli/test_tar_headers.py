"""Tar headers, read as Go's archive/tar reads them: what runtimes unpack is what must be judged.

Each case is the raw content of one layer and the paths that are setuid to root in it, or None where
the layer is an error. `test_tar_peers.py` compares ordinary headers with other programs; here stand
those about which programs differ.
"""

import pytest
from oddimage import Image, docker_archive
from oddtar import (
    BLOCK,
    GNU,
    USTAR,
    V7,
    archive,
    base256,
    checksum,
    directory,
    file,
    gnu_long_link,
    gnu_long_name,
    header,
    octal,
    padded,
    pax,
    pax_global,
    pax_record,
    reseal,
    signed_checksum,
    sparse_gnu,
    sparse_pax,
)
from program import ERROR, assert_consistent, assert_refused, scan

SU = file("su", 0o4755)
END = bytes(2 * BLOCK)
DATA = [(0, b"a" * BLOCK), (8192, b"b" * BLOCK)]
LONG = "d" * 99 + "/" + "n" * 99


def without_checksum(block, text):
    return block[:148] + text + block[156:]


NUMBERS = [
    ("octal", [file("a", 0o4755, fields={"mode": b"0004755\0"})], ["/a"]),
    ("octal-without-end", [file("a", fields={"mode": b"00004755"})], ["/a"]),
    ("octal-with-spaces", [file("a", fields={"mode": b"  4755 \0"})], ["/a"]),
    ("octal-with-nuls-before", [file("a", fields={"mode": b"\0\0\x004755\0"})], ["/a"]),
    ("octal-cut-by-nul", [file("a", fields={"mode": b"4755\x00123"})], ["/a"]),
    ("mode-with-file-type", [file("a", fields={"mode": b"0104755\0"})], ["/a"]),
    ("mode-in-base-256", [file("a", fields={"mode": base256(0o4755, 8)})], ["/a"]),
    ("mode-empty", [file("a", fields={"mode": b"\0" * 8}), SU], ["/su"]),
    ("mode-no-octal", [file("a", fields={"mode": b"0004785\0"}), SU], None),
    ("mode-text", [file("a", fields={"mode": b"rwsr-xr-x"[:8]}), SU], None),
    ("uid-spaces", [file("a", 0o4755, fields={"uid": b"        "})], ["/a"]),
    ("uid-no-octal", [file("a", 0o4755, fields={"uid": b"0000009\0"})], None),
    ("uid-base-256-zero", [file("a", 0o4755, fields={"uid": base256(0, 8)})], ["/a"]),
    ("uid-base-256", [file("a", 0o4755, fields={"uid": base256(1000, 8)})], []),
    (
        "uid-base-256-of-all-ones",
        [file("a", 0o4755, fields={"uid": b"\xbf" + b"\xff" * 7})],
        ["/a"],
    ),
    ("size-base-256", [file("a", body=b"x" * 700, fields={"size": base256(700, 12)}), SU], ["/su"]),
    ("size-negative", [file("a", fields={"size": base256(-1, 12)}), SU], None),
    ("size-beyond-64-bits", [file("a", fields={"size": b"\xbf" + b"\xff" * 11}), SU], None),
    ("size-no-octal", [file("a", fields={"size": b"0000000009x\0"}), SU], None),
    ("size-minus", [file("a", fields={"size": b"-0000000001\0"}), SU], None),
    ("size-larger-than-the-archive", [file("a", fields={"size": octal(1 << 32, 12)}), SU], None),
    ("checksum-signed", [file("\xe9\xe8", 0o4755, sum_with=signed_checksum)], ["/éè"]),
    ("checksum-unsigned", [file("\xe9\xe8", 0o4755, sum_with=checksum)], ["/éè"]),
    ("checksum-wrong", [file("a", sum_with=lambda block: checksum(block) + 1), SU], None),
    ("checksum-missing", [file("a", sum_with=None), SU], None),
    ("checksum-without-spaces", [without_checksum(SU, b"%08o" % checksum(SU))], ["/su"]),
    ("checksum-after-spaces", [without_checksum(SU, b"%7o\0" % checksum(SU))], ["/su"]),
    ("checksum-in-base-256", [without_checksum(SU, base256(checksum(SU), 8)), SU], None),
]

FORMATS = [
    ("v7", [file("su", 0o4755, magic=V7)], ["/su"]),
    ("v7-has-no-prefix", [file("su", 0o4755, magic=V7, fields={"prefix": b"usr/bin"})], ["/su"]),
    ("ustar-prefix", [file("su", 0o4755, fields={"prefix": b"usr/bin"})], ["/usr/bin/su"]),
    (
        "ustar-prefix-full",
        [file("su", 0o4755, fields={"prefix": b"p" * 155})],
        ["/" + "p" * 155 + "/su"],
    ),
    (
        "ustar-version-odd",
        [file("su", 0o4755, magic=b"ustar\x00  ", fields={"prefix": b"usr"})],
        ["/usr/su"],
    ),
    (
        "gnu-has-no-prefix",
        [file("su", 0o4755, magic=GNU, fields={"prefix": b"00000000000\0"})],
        ["/su"],
    ),
    (
        "gnu-with-a-prefix-by-old-go",
        [file("su", 0o4755, magic=GNU, fields={"prefix": b"usr/bin"})],
        ["/usr/bin/su"],
    ),
    (
        "star-prefix",
        [
            reseal(
                file("su", 0o4755, fields={"prefix": b"usr/bin"}),
                at_476=b"00000000000\x00" * 2,
                at_508=b"tar\0",
            )
        ],
        ["/usr/bin/su"],
    ),
    (
        "unknown-magic-is-v7",
        [file("su", 0o4755, magic=b"foo\0bar\0", fields={"prefix": b"usr"})],
        ["/su"],
    ),
    ("name-of-all-100-bytes", [file("n" * 100, 0o4755)], ["/" + "n" * 100]),
    ("name-cut-by-nul", [file("su", 0o4755, fields={"name": b"su\0garbage"})], ["/su"]),
    ("type-nul", [file("su", 0o4755, type="\0")], ["/su"]),
    (
        "type-nul-with-slash-is-a-folder",
        [file("su/", 0o4755, type="\0"), file("su/x", 0o4755)],
        ["/su/x"],
    ),
    (
        "type-nul-with-slash-has-no-body",
        [header("d/", type="\0", mode=0o4755, size=BLOCK), SU],
        ["/su"],
    ),
    ("type-0-with-slash-is-a-file", [file("su/", 0o4755)], ["/su"]),
    ("folder-without-slash", [header("d", type="5", mode=0o4755), file("d/su", 0o4755)], ["/d/su"]),
]

# A size on a type that has no body; what follows is the next header.
NO_BODY = [
    (
        f"type-{type}-has-no-body",
        [header("x", type=type, link="su", size=BLOCK), file("a", 0o4755)],
        ["/a"],
    )
    for type in "23456"
] + [
    (
        "hardlink-has-no-body",
        [file("t"), header("x", type="1", link="t", mode=0o755, size=BLOCK), SU],
        ["/su"],
    ),
    (
        "hardlink-has-no-body-by-pax",
        [file("t"), pax({"size": "512"}), header("x", type="1", link="t", mode=0o755), SU],
        ["/su"],
    ),
    ("folder-has-no-body-by-pax", [pax({"size": "1024"}), directory("d"), SU], ["/su"]),
]

EXTENDED = [
    ("pax-path", [pax({"path": "usr/su"}), file("x", 0o4755)], ["/usr/su"]),
    ("pax-path-empty-keeps-ustar", [pax({"path": ""}), file("x", 0o4755)], ["/x"]),
    ("pax-uid", [pax({"uid": "1000"}), file("x", 0o4755)], []),
    ("pax-uid-to-root", [pax({"uid": "0"}), file("x", 0o4755, uid=1000)], ["/x"]),
    (
        "pax-uid-empty-keeps-ustar",
        [pax({"uid": ""}), file("x", 0o4755), pax({"uid": ""}), file("y", 0o4755, uid=5)],
        ["/x"],
    ),
    ("pax-uid-no-number", [pax({"uid": "root"}), file("x", 0o4755, uid=1000)], None),
    ("pax-uid-octal-lookalike", [pax({"uid": "010"}), file("x", 0o4755)], []),
    ("pax-does-not-carry-mode", [pax({"mode": "0755"}), file("x", 0o4755)], ["/x"]),
    (
        "pax-only-for-the-next",
        [pax({"path": "a", "uid": "5"}), file("x", 0o4755), file("y", 0o4755)],
        ["/y"],
    ),
    (
        "pax-twice-the-last-alone-counts",
        [pax({"path": "a"}), pax({"uid": "5"}), file("x", 0o4755), SU],
        ["/su"],
    ),
    (
        "pax-twice-drops-the-first",
        [pax({"uid": "5"}), pax({"path": "a"}), file("x", 0o4755)],
        ["/a"],
    ),
    (
        "pax-record-twice-the-last-counts",
        [pax({}, body=pax_record("path", "a") + pax_record("path", "b")), file("x", 0o4755)],
        ["/b"],
    ),
    ("pax-value-with-newline", [pax({"path": "a\nb/../su"}), file("x", 0o4755)], ["/su"]),
    ("pax-value-with-equals", [pax({"path": "a=b"}), file("x", 0o4755)], ["/a=b"]),
    ("pax-value-like-a-record", [pax({"comment": "11 path=no\n"}), SU], ["/su"]),
    ("pax-path-with-nul", [pax({"path": "a\0b"}), SU], None),
    (
        "pax-unknown-records",
        [pax({"foo": "bar", "SCHILY.dev": "1", "LIBARCHIVE.x": b"\0\xff"}), SU],
        ["/su"],
    ),
    ("pax-empty", [pax({}), SU], ["/su"]),
    ("pax-length-wrong", [pax({}, body=b"99 path=a\n"), SU], None),
    ("pax-length-too-short", [pax({}, body=b"5 path=abc\n"), SU], None),
    ("pax-length-zero", [pax({}, body=b"0 path=a\n"), SU], None),
    ("pax-length-negative", [pax({}, body=b"-10 path=a\n"), SU], None),
    ("pax-length-huge", [pax({}, body=b"99999999999999999999 path=a\n"), SU], None),
    ("pax-without-newline", [pax({}, body=b"9 path=ab"), SU], None),
    ("pax-without-equals", [pax({}, body=b"10 pathab\n"), SU], None),
    ("pax-without-space", [pax({}, body=b"pathab=c\n"), SU], None),
    ("pax-without-key", [pax({}, body=b"6 =ab\n"), SU], None),
    ("pax-then-end", [SU, pax({"path": "a"})], ["/su"]),
    ("pax-name-with-slash-is-a-file", [pax({"path": "su/"}), file("x", 0o4755)], ["/su"]),
    (
        "global-does-not-carry",
        [pax_global({"path": "a", "uid": "1000", "size": "512"}), SU],
        ["/su"],
    ),
    ("global-root-does-not-carry", [pax_global({"uid": "0"}), file("x", 0o4755, uid=1000)], []),
    ("global-is-no-file", [pax_global({"comment": "x"}, mode=0o4755), SU], ["/su"]),
    ("gnu-long-name", [gnu_long_name("usr/bin/su"), file("x", 0o4755, magic=GNU)], ["/usr/bin/su"]),
    (
        "gnu-long-name-overrides-pax",
        [pax({"path": "pax"}), gnu_long_name("gnu"), file("x", 0o4755)],
        ["/gnu"],
    ),
    (
        "gnu-long-name-overrides-pax-after-it",
        [gnu_long_name("gnu"), pax({"path": "pax"}), file("x", 0o4755)],
        ["/gnu"],
    ),
    ("gnu-long-name-twice", [gnu_long_name("a"), gnu_long_name("b"), file("x", 0o4755)], ["/b"]),
    ("gnu-long-name-only-for-the-next", [gnu_long_name("a"), file("x", 0o4755), SU], ["/a", "/su"]),
    ("gnu-long-name-cut-by-nul", [gnu_long_name("a\0b"), file("x", 0o4755)], ["/a"]),
    (
        "gnu-long-name-without-nul",
        [gnu_long_name(LONG, size=len(LONG)), file("x", 0o4755)],
        ["/" + LONG],
    ),
    ("gnu-long-name-makes-a-folder", [gnu_long_name("d/"), file("x", 0o4755, type="\0")], []),
    (
        "gnu-long-link",
        [file("t"), gnu_long_link("t"), header("l", type="1", link="wrong", mode=0o4755)],
        ["/l", "/t"],
    ),
    (
        "gnu-long-link-overrides-pax",
        [
            file("t"),
            pax({"linkpath": "wrong"}),
            gnu_long_link("t"),
            header("l", type="1", link="x", mode=0o4755),
        ],
        ["/l", "/t"],
    ),
    (
        "gnu-long-name-and-link",
        [
            file("t"),
            gnu_long_link("t"),
            gnu_long_name(LONG),
            header("l", type="1", link="x", mode=0o4755),
        ],
        ["/" + LONG, "/t"],
    ),
    (
        "pax-linkpath-empty-keeps-ustar",
        [file("t"), pax({"linkpath": ""}), header("l", type="1", link="t", mode=0o4755)],
        ["/l", "/t"],
    ),
]

# Where a size says one thing and another size another, a reader that picks the wrong one sees other
# entries.
HIDDEN = file("hidden", 0o4755)  # one block, hidden in the body of another file
DESYNC = [
    (
        "pax-size-rules-the-body",
        [pax({"size": str(len(HIDDEN))}), header("a"), HIDDEN, SU],
        ["/su"],
    ),
    (
        "pax-size-zero-reveals",
        [pax({"size": "0"}), header("a", size=len(HIDDEN)), HIDDEN],
        ["/hidden"],
    ),
    (
        "pax-size-empty-keeps-ustar",
        [pax({"size": ""}), header("a", size=len(HIDDEN)), HIDDEN, SU],
        ["/su"],
    ),
    (
        "pax-size-spares-an-intervening-long-name",
        [pax({"size": "0"}), gnu_long_name("a"), header("x", size=BLOCK), HIDDEN, SU],
        ["/hidden", "/su"],
    ),
    (
        "pax-size-spares-an-intervening-long-name-large",
        [pax({"size": "1024"}), gnu_long_name("a"), header("x"), HIDDEN, HIDDEN, SU],
        ["/su"],
    ),
    (
        "pax-size-spares-an-intervening-pax",
        [pax({"size": "0"}), pax({"path": "a"}), header("x", size=BLOCK), HIDDEN, SU],
        ["/su"],
    ),
    (
        "pax-size-does-not-carry",
        [pax({"size": "512"}), header("a"), HIDDEN, header("b"), SU],
        ["/su"],
    ),
    ("pax-size-negative", [pax({"size": "-1"}), header("a"), SU], None),
    ("pax-size-no-number", [pax({"size": "0x200"}), header("a"), HIDDEN, SU], None),
    ("pax-size-beyond-64-bits", [pax({"size": "18446744073709551616"}), header("a"), SU], None),
    (
        "pax-size-and-base-256-differ",
        [pax({"size": "512"}), header("a", fields={"size": base256(1024, 12)}), HIDDEN, SU],
        ["/su"],
    ),
    (
        "gnu-sparse-size-is-no-size",
        [pax({"GNU.sparse.size": "512", "GNU.sparse.realsize": "512"}), header("a"), SU],
        ["/su"],
    ),
]

SPARSE = [
    ("gnu", [sparse_gnu("a", DATA, 16384, 0o4755), SU], ["/a", "/su"]),
    ("gnu-not-setuid", [sparse_gnu("a", DATA, 16384, 0o755), SU], ["/su"]),
    (
        "gnu-extended",
        [
            sparse_gnu(
                "a",
                DATA,
                1 << 20,
                0o4755,
                extension=[
                    [(16384 + place * 1024, b"x" * BLOCK) for place in range(21)],
                    [(1 << 19, b"y" * BLOCK)],
                ],
            ),
            SU,
        ],
        ["/a", "/su"],
    ),
    (
        "gnu-by-ustar-magic",
        [reseal(sparse_gnu("a", DATA, 16384)[:BLOCK], at_257=USTAR) + DATA[0][1] + DATA[1][1], SU],
        None,
    ),
    ("pax-0.0", [sparse_pax("a", DATA, 16384, "0.0", 0o4755), SU], ["/a", "/su"]),
    ("pax-0.1-renames", [sparse_pax("usr/a", DATA, 16384, "0.1", 0o4755), SU], ["/su", "/usr/a"]),
    ("pax-1.0-renames", [sparse_pax("usr/a", DATA, 16384, "1.0", 0o4755), SU], ["/su", "/usr/a"]),
    ("pax-1.0-not-setuid", [sparse_pax("usr/a", DATA, 16384, "1.0", 0o755), SU], ["/su"]),
    (
        "pax-1.0-owner",
        [sparse_pax("a", DATA, 16384, "1.0", 0o4755, records={"uid": "7"}), SU],
        ["/su"],
    ),
    ("pax-1.0-all-hole", [sparse_pax("a", [], 16384, "1.0", 0o4755), SU], ["/a", "/su"]),
    (
        "pax-version-unknown",
        [pax({"GNU.sparse.major": "2", "GNU.sparse.minor": "0", "GNU.sparse.name": "no"}), SU],
        ["/su"],
    ),
    (
        "map-overlaps",
        [sparse_pax("a", [(0, b"a" * BLOCK), (100, b"b" * BLOCK)], 16384, "1.0"), SU],
        None,
    ),
    (
        "map-beyond-the-size",
        [sparse_pax("a", [(0, b"a" * BLOCK), (16384, b"b" * BLOCK)], 16384, "0.1"), SU],
        None,
    ),
    ("map-negative", [sparse_pax("a", [(-512, b"a" * BLOCK)], 16384, "0.1"), SU], None),
    (
        "map-is-no-number",
        [
            pax({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}),
            file("a", body=padded(b"x\n")),
            SU,
        ],
        None,
    ),
    (
        "map-is-longer-than-the-file",
        [
            pax({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}),
            file("a", body=padded(b"9\n0\n1\n")),
            SU,
        ],
        None,
    ),
]

ENDS = [
    ("two-zero-blocks", [SU, END], ["/su"]),
    ("no-zero-block", [SU], ["/su"]),
    ("one-zero-block", [SU, bytes(BLOCK)], ["/su"]),
    ("many-zero-blocks", [SU, bytes(100 * BLOCK)], ["/su"]),
    ("one-zero-block-then-an-entry", [file("a"), bytes(BLOCK), SU], None),
    ("entries-after-the-end", [file("a"), END, SU, END], []),
    ("garbage-after-the-end", [SU, END, b"garbage" * 100], ["/su"]),
    ("nothing", [], []),
    ("zeros-alone", [END], []),
    ("half-a-header", [SU, file("a")[:100]], None),
    ("half-a-zero-block", [SU, bytes(100)], None),
    ("half-a-body", [SU, file("a", body=b"x" * 1000)[:-700]], None),
    ("body-without-its-padding", [SU, file("a", body=b"x" * 100)[: BLOCK + 100]], ["/su"]),
    ("half-a-pax-header", [SU, pax({"path": "a" * 1000})[: BLOCK + 100]], None),
    ("garbage-instead-of-a-header", [SU, b"\xff" * BLOCK], None),
]

CASES = [
    (f"{group}/{name}", chunks, paths)
    for group, cases in (
        ("number", NUMBERS),
        ("format", FORMATS),
        ("no-body", NO_BODY),
        ("extended", EXTENDED),
        ("desync", DESYNC),
        ("sparse", SPARSE),
    )
    for name, chunks, paths in cases
]
CASES = [(name, archive(*chunks), paths) for name, chunks, paths in CASES]
CASES += [(f"end/{name}", archive(*chunks, end=0), paths) for name, chunks, paths in ENDS]


@pytest.mark.parametrize("layer, paths", [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_header(tmp_path, layer, paths):
    path = docker_archive(tmp_path / "image.tar", Image([layer]))
    result = scan(path)
    if paths is None:
        assert_refused(result, path)
    else:
        assert_consistent(result)
        assert result.paths("setuid-root") == paths, result


def test_negative_size_of_what_has_no_body_desyncs_nothing(tmp_path):
    """Go steps over it, since a folder has no body; an error is as good. Missing the next entry is
    not."""
    layer = archive(directory("a", fields={"size": base256(-512, 12)}), SU)
    result = scan(docker_archive(tmp_path / "image.tar", Image([layer])))
    assert result.code == ERROR or result.paths("setuid-root") == ["/su"], result


# The owner that lchown would set: a uid_t of 32 bits, where all ones mean "leave it as it is",
# which is root's.
OWNERS = [
    (0, 0),
    (1, 1),
    (1000, 1000),
    (0o7777777, 0o7777777),
    (0o7777777 + 1, 0o7777777 + 1),
    (2147483647, 2147483647),
    (2147483648, 2147483648),
    (4294967294, 4294967294),
    (4294967295, 0),
    (4294967296, 0),
    (4294967297, 1),
    (8589934592, 0),
    (-1, 0),
    (-2, 4294967294),
]


@pytest.mark.parametrize("how", ["base-256", "pax"])
@pytest.mark.parametrize("written, owner", OWNERS)
def test_owner_is_what_lchown_makes_of_it(judge, written, owner, how):
    if how == "pax":
        entry = file("su", 0o4755, uid=1, gid=1, records={"uid": str(written), "gid": str(written)})
    else:
        entry = file("su", 0o4755, fields={"uid": base256(written, 8), "gid": base256(written, 8)})
    finding = judge(archive(entry)).finding("setuid-other" if owner else "setuid-root")
    assert (finding["uid"], finding["gid"]) == (owner, owner)
