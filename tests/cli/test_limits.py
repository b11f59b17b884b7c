"""Inputs that ask for more than anyone has: bounded time and memory (see program.TIMEOUT, MAX_RSS),
and a clear answer."""

import subprocess

import pytest
from oddimage import Image, Layer, docker_archive, docker_tree, oci_archive, oci_layout, tree_tar
from oddpack import gzip_member, gzip_zeros, zstd_frame, zstd_zeros
from oddtar import (
    BLOCK,
    GNU,
    archive,
    base256,
    checksum,
    directory,
    file,
    gnu_long_name,
    hardlink,
    header,
    octal,
    pax,
    pax_record,
    reseal,
    sparse_gnu,
    symlink,
)
from program import ERROR, FAIL, PASS, assert_refused, scan

SU = file("su", 0o4755)
GIGABYTE = 1 << 30


def store(tmp_path, blob):
    """An OCI image of one layer, given as it is compressed; its diff_id is not its own."""
    return oci_archive(tmp_path / "image.tar", Image([Layer(blob=blob, packed="none")]))


def unlimited(path):
    """Without the limit on what a layer may inflate to, which would end most of these early: each
    must be borne, or be stopped by a limit of its own."""
    return scan("--max-ratio=0", path)


# Bombs --------------------------------------------------------------------------------------------

both = pytest.mark.parametrize("judge", [scan, unlimited])


@both
def test_gzip_bomb(tmp_path, judge):
    """One file of a gigabyte of zeros in a megabyte of gzip."""
    blob = gzip_member(header("zeros", fields={"size": base256(GIGABYTE, 12)})) + gzip_zeros(
        GIGABYTE
    )
    assert judge(store(tmp_path, blob + gzip_member(archive()))).code in (PASS, ERROR)


@both
def test_zstd_bomb(tmp_path, judge):
    """One file of ten gigabytes of zeros in less than a megabyte of zstd."""
    blob = zstd_frame(header("zeros", fields={"size": base256(10 * GIGABYTE, 12)})) + zstd_zeros(
        10 * GIGABYTE
    )
    assert len(blob) < 1 << 20
    assert judge(store(tmp_path, blob + zstd_frame(archive()))).code in (PASS, ERROR)


@both
def test_file_behind_a_bomb_is_still_seen(tmp_path, judge):
    blob = zstd_frame(header("zeros", fields={"size": base256(GIGABYTE, 12)})) + zstd_zeros(
        GIGABYTE
    )
    assert judge(store(tmp_path, blob + zstd_frame(archive(SU)))).code in (FAIL, ERROR)


@both
def test_bomb_of_padding(tmp_path, judge):
    """Zeros after the end of the archive."""
    assert judge(store(tmp_path, zstd_zeros(4 * GIGABYTE))).code in (PASS, ERROR)


@pytest.mark.parametrize("pack", [gzip_zeros, zstd_zeros])
def test_bomb_that_is_the_whole_archive(pack):
    assert_refused(scan("-", stdin=pack(GIGABYTE)))


def test_bomb_that_is_the_manifest(tmp_path):
    path = tmp_path / "image.tar.gz"
    path.write_bytes(gzip_member(header("manifest.json", size=GIGABYTE)) + gzip_zeros(GIGABYTE))
    assert_refused(scan(path), path)


def test_compressed_archive_of_compressed_archives(tmp_path):
    """Only a layer's own compression is undone, not what is compressed inside it."""
    inner = gzip_member(gzip_member(gzip_member(archive(SU))))
    assert scan(store(tmp_path, inner)).code in (FAIL, ERROR)


def test_zstd_window_of_gigabytes(tmp_path):
    """The window alone would be 2 TiB; no honest writer asks for more than 128 MiB without being
    told to."""
    frame = zstd_frame(archive(SU))
    odd = frame[:4] + bytes([0, 0xF8]) + zstd_zeros(BLOCK)[6:]
    assert_refused(scan(store(tmp_path, odd)))


# Headers without end ------------------------------------------------------------------------------


def test_special_header_beyond_its_cap_is_an_error(refuse):
    """CVE-2022-2879: Go read special headers of any size into memory; since then they end at 1
    MiB."""
    for special in (
        pax({"comment": "x" * (1 << 20)}),
        gnu_long_name("x" * (1 << 20)),
        gnu_long_name("x" * (1 << 20), type="K"),
        pax({"comment": "x" * (1 << 20)}, type="g"),
    ):
        refuse(archive(special, SU))


def test_special_header_within_its_cap_is_read(judge):
    for special in (pax({"comment": "x" * 1000000}), pax({"comment": "x" * 1000000}, type="g")):
        assert judge(archive(special, SU)).paths("setuid-root") == ["/su"]


@pytest.mark.parametrize("type", "xgLK")
def test_special_header_that_says_eight_gigabytes(tmp_path, type):
    """CVE-2022-2879, with the bytes to fill it."""
    blob = zstd_frame(header("x", type=type, magic=GNU, size=8 * GIGABYTE - BLOCK)) + zstd_zeros(
        8 * GIGABYTE - BLOCK
    )
    assert_refused(unlimited(store(tmp_path, blob + zstd_frame(archive(SU)))))


def test_endless_special_headers(tmp_path):
    """A million extended headers of 1 KiB and no entry for them."""
    some = b"".join(pax({"path": "a" * 400}) for _ in range(1000))
    assert unlimited(store(tmp_path, zstd_frame(some) * 1000)).code in (PASS, ERROR)


def test_endless_records(tmp_path):
    """As many records as fit one header, again and again: each must go when the next one comes."""
    records = pax({}, body=b"".join(pax_record(f"k{number}", "") for number in range(80000)))
    assert len(records) < 1 << 20
    result = unlimited(
        store(tmp_path, zstd_frame(records + file("a")) * 100 + zstd_frame(archive(SU)))
    )
    assert result.code in (FAIL, ERROR), result


def test_cve_2025_58183_sparse_map_of_pax_1_0_without_end(tmp_path):
    """The map of the 1.0 format is read from the body until as many lines as it says."""
    table = b"1999999\n" + b"0\n0\n" * 1999999
    special = pax(
        {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.name": "a",
            "GNU.sparse.realsize": "0",
        }
    )
    layer = archive(special, file("x", body=table + bytes(-len(table) % BLOCK)), SU)
    assert_refused(unlimited(store(tmp_path, zstd_frame(layer))))


def test_cve_2025_58183_sparse_map_of_gnu_without_end(tmp_path):
    """Each block of an old GNU map says that another follows."""
    block = header("a", type="S", magic=GNU)
    block = reseal(block, at_386=octal(0, 12) + octal(0, 12), at_482=b"\1", at_483=octal(0, 12))
    more = (octal(0, 12) + octal(0, 12)) * 21 + b"\1" + bytes(7)
    assert_refused(unlimited(store(tmp_path, zstd_frame(block) + zstd_frame(more * 10000) * 200)))


def test_cve_2025_62518_header_of_an_inner_archive_stays_hidden(judge):
    """tokio-tar: with a PAX size over a ustar size of zero, the body's own headers were read as
    entries."""
    inner = archive(file("inner", 0o4755))
    result = judge(
        archive(pax({"size": str(len(inner))}), header("a.tar"), inner, file("outer", 0o4755))
    )
    assert result.paths("setuid-root") == ["/outer"]


def test_cve_2026_33055_header_behind_a_pax_size_of_zero_is_seen(judge):
    """tar-rs: with a ustar size over a PAX size of zero, entries were skipped as a body."""
    hidden = archive(file("hidden", 0o4755), end=0)
    result = judge(archive(pax({"size": "0"}), header("a.tar", size=len(hidden)), hidden))
    assert result.paths("setuid-root") == ["/hidden"]


def test_sparse_file_of_exabytes(judge):
    assert judge(archive(sparse_gnu("a", [(0, b"x" * BLOCK)], 1 << 62, 0o4755), SU)).paths(
        "setuid-root"
    ) == ["/a", "/su"]


# Many and deep ------------------------------------------------------------------------------------


def numbered(count, mode=0o644, folder=b"d/", type=b"0"):
    """So many headers with names of their own, a thousand at a time. Faster than asking `header`
    for each."""
    template = header(folder + b"00000000", mode=mode, type=type)
    base, start = checksum(template), len(folder)
    for first in range(0, count, 1000):
        blocks = []
        for place in range(first, min(first + 1000, count)):
            digits = b"%08d" % place
            block = bytearray(template)
            block[start : start + 8] = digits
            block[148:156] = b"%06o\0 " % (base + sum(digits) - 8 * 48)
            blocks.append(block)
        yield b"".join(blocks)


def test_ten_million_empty_entries(tmp_path):
    """One header ten million times: five gigabytes, told in one finding and not in ten million."""
    blob = zstd_frame(file("a") * 10000) * 1000 + zstd_frame(archive(SU))
    result = unlimited(store(tmp_path, blob))
    assert result.code in (FAIL, ERROR), result
    assert len(result.out) < 1 << 20


def test_half_a_million_files(tmp_path):
    blob = b"".join(zstd_frame(b"".join(part)) for part in [list(numbered(500000))]) + zstd_frame(
        archive(SU)
    )
    result = unlimited(store(tmp_path, blob))
    assert result.paths("setuid-root") == ["/su"]


def test_hundred_thousand_setuid_files(tmp_path):
    result = unlimited(store(tmp_path, zstd_frame(b"".join(numbered(100000, 0o4755)) + archive())))
    assert result.code in (FAIL, ERROR), result


def test_hundred_thousand_whiteouts_and_links(tmp_path):
    links = b"".join(hardlink(f"l{number}", "a", 0o755) for number in range(50000))
    lower = zstd_frame(archive(file("a"), SU, b"".join(numbered(50000)), links))
    upper = zstd_frame(
        archive(b"".join(numbered(50000, folder=b"d/.wh.")), hardlink("su", "a", 0o755))
    )
    image = Image([Layer(blob=lower), Layer(blob=upper)])
    assert scan(oci_archive(tmp_path / "image.tar", image)).code in (PASS, ERROR)


def test_thousand_layers(tmp_path):
    layers = [
        Layer(archive(file(f"f{number}", 0o4755 if number % 2 else 0o755)))
        for number in range(1000)
    ]
    for store_as in (docker_archive, oci_layout):
        result = scan(store_as(tmp_path / store_as.__name__, Image(layers)))
        assert result.code == ERROR or len(result.findings("setuid-root")) == 500, result


@pytest.mark.parametrize("depth", [100, 10000, 200000])
def test_deep_path(tmp_path, depth):
    result = scan(
        docker_archive(tmp_path / "image.tar", Image([archive(file("a/" * depth + "su", 0o4755))]))
    )
    assert result.code in ((FAIL,) if depth == 100 else (FAIL, ERROR)), result


def test_many_deep_paths(tmp_path):
    """The cost is not the product of count and depth."""
    blob = zstd_frame(archive(*[file("a/" * 2000 + f"f{number}") for number in range(3000)], SU))
    assert unlimited(store(tmp_path, blob)).code in (FAIL, ERROR)


def test_each_folder_deeper_than_the_last(tmp_path):
    entries = [directory("/".join(["d"] * depth)) for depth in range(1, 3000)]
    assert unlimited(store(tmp_path, zstd_frame(archive(*entries, SU)))).code in (FAIL, ERROR)


def test_name_of_a_megabyte(tmp_path):
    result = scan(
        docker_archive(tmp_path / "image.tar", Image([archive(file("a" * 1000000, 0o4755))]))
    )
    assert result.code in (FAIL, ERROR), result


# Links --------------------------------------------------------------------------------------------


def test_symlinks_that_double_at_each_step(tmp_path):
    """l1 -> l0/../l0, l2 -> l1/../l1 ...: two to the 60th steps if each is followed in earnest."""
    links = [directory("l0")] + [
        symlink(f"l{step}", f"l{step - 1}/../l{step - 1}") for step in range(1, 61)
    ]
    result = scan(
        docker_archive(
            tmp_path / "image.tar", Image([archive(*links), archive(file("l60/su", 0o4755))])
        )
    )
    assert result.code in (FAIL, ERROR), result


def test_long_chain_of_symlinks(tmp_path):
    """The kernel follows 40; Go's resolvers 255."""
    links = [symlink(f"l{step}", f"l{step + 1}") for step in range(5000)] + [directory("l5000")]
    result = scan(
        docker_archive(
            tmp_path / "image.tar", Image([archive(*links), archive(file("l0/su", 0o4755))])
        )
    )
    assert result.code in (FAIL, ERROR), result


def test_short_chain_of_symlinks_is_followed(judge):
    links = [symlink(f"l{step}", f"l{step + 1}") for step in range(30)] + [directory("l30")]
    assert judge(archive(*links), archive(file("l0/su", 0o4755))).paths("setuid-root") == [
        "/l30/su"
    ]


def test_many_entries_through_a_loop(tmp_path):
    layer = archive(
        symlink("a", "b"),
        symlink("b", "a"),
        *[file(f"a/{number}", 0o4755) for number in range(20000)],
    )
    assert_refused(unlimited(store(tmp_path, zstd_frame(layer))))


# Truncation and corruption ------------------------------------------------------------------------

TREE = docker_tree(
    Image([Layer(archive(file("bin/app", body=b"x" * 5000), file("bin/su", 0o4755)), "gzip")])
)


def test_archive_cut_anywhere_is_never_a_pass(tmp_path):
    """docker-archive: cut at every sixteenth of what counts, at block borders and amid them."""
    whole = tree_tar(TREE).rstrip(b"\0")
    for cut in sorted(
        {len(whole) * part // 16 + extra for part in range(16) for extra in (-100, -1, 0)}
        - {-100, -1}
    ):
        path = tmp_path / "cut.tar"
        path.write_bytes(whole[:cut])
        assert_refused(scan(path), path)


@pytest.mark.parametrize("packed", ["gzip", "gzip-members", "zstd"])
def test_compressed_layer_cut_or_changed_is_an_error(tmp_path, packed):
    """In a docker-archive no digest of the compressed bytes stands in the way: the stream itself
    must tell."""
    layer = archive(file("bin/app", body=bytes(range(256)) * 40), file("bin/su"))
    blob = Layer(layer, packed).blob
    half = len(blob) // 2
    spoilt = [blob[: len(blob) // 3], blob[:half], blob[:-1], blob[:-5]]
    spoilt += [blob[:-2] + bytes([blob[-2] ^ 1]) + blob[-1:]]
    spoilt += [
        blob[:half] + bytes(byte ^ 0xFF for byte in blob[half : half + 3]) + blob[half + 3 :]
    ]
    for bad in spoilt:
        path = docker_archive(tmp_path / "image.tar", Image([Layer(blob=bad)]))
        assert_refused(scan(path), path)


def test_gzip_header_fields_are_stepped_over(tmp_path):
    blob = gzip_member(
        archive(SU), name=b"layer.tar", comment=b"a comment", extra=b"AB\x02\x00xx", header_crc=True
    )
    assert unlimited(store(tmp_path, blob)).paths("setuid-root") == ["/su"]


def test_gzip_header_without_end(tmp_path):
    """A file name that never ends."""
    assert_refused(unlimited(store(tmp_path, gzip_member(b"", name=b"n" * (20 << 20))[:-9])))


def test_entries_behind_the_first_member_are_seen(tmp_path):
    blob = (
        gzip_member(file("a"))
        + gzip_member(b"")
        + gzip_member(SU[:100])
        + gzip_member(SU[100:] + archive())
    )
    assert unlimited(store(tmp_path, blob)).paths("setuid-root") == ["/su"]


@pytest.mark.parametrize(
    "tail", [b"garbage", b"\x1f\x8b", bytes(512)], ids=["text", "half-a-member", "zeros"]
)
def test_garbage_behind_the_last_member(tmp_path, tail):
    """Some readers ignore it and some do not; what came before it counts in any case."""
    assert unlimited(store(tmp_path, gzip_member(archive(SU)) + tail)).code in (FAIL, ERROR)


@pytest.mark.parametrize("program", ["bzip2", "xz"])
def test_compression_that_is_not_supported_is_never_a_pass(tmp_path, tool, program):
    blob = subprocess.run(
        [tool(program), "-c"], input=archive(SU), capture_output=True, check=True
    ).stdout
    assert unlimited(store(tmp_path, blob)).code in (FAIL, ERROR)
