"""Compressed streams, ordinary and odd: many members, many frames, padding between them, and bombs
that cost nothing.

zstd is the `zstd` program's; a bomb's frames are written here, since no compressor would make them.
"""

import gzip
import struct
import subprocess
import zlib


def gzip_member(data, *, level=6, name=None, comment=None, extra=None, header_crc=False):
    """One gzip member with the header fields that most writers leave out."""
    flags = (
        4 * (extra is not None)
        | 8 * (name is not None)
        | 16 * (comment is not None)
        | 2 * header_crc
    )
    head = struct.pack("<BBBBIBB", 0x1F, 0x8B, 8, flags, 0, 0, 255)
    if extra is not None:
        head += struct.pack("<H", len(extra)) + extra
    head += b"".join(text + b"\x00" for text in (name, comment) if text is not None)
    if header_crc:
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    deflate = zlib.compressobj(level, zlib.DEFLATED, -15)
    body = deflate.compress(data) + deflate.flush()
    return head + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def cut(data, pieces):
    """`data` in so many pieces, none of them aligned to a tar block."""
    step = max(1, len(data) // pieces + 1)
    return [data[start : start + step] for start in range(0, len(data), step)]


def gzip_members(data, members=7):
    """`data` over many members with an empty one among them, as eStargz and parallel compressors
    write it."""
    parts = [gzip_member(piece) for piece in cut(data, members)]
    return b"".join(parts[:1] + [gzip_member(b"")] + parts[1:])


def zstd_frame(data, *options):
    return subprocess.run(
        ["zstd", "-q", "-c", *options], input=data, stdout=subprocess.PIPE, check=True
    ).stdout


def zstd_skippable(payload=b"not for you", nibble=0):
    """A frame that a reader must step over; zstd:chunked keeps its table of contents in one."""
    return struct.pack("<II", 0x184D2A50 + nibble, len(payload)) + payload


def zstd_frames(data, frames=5):
    """`data` over many frames, skippable ones between and around them."""
    parts = [
        zstd_frame(piece) + zstd_skippable(nibble=place % 16)
        for place, piece in enumerate(cut(data, frames))
    ]
    return zstd_skippable() + b"".join(parts)


def gzip_zeros(size, member=64 << 20):
    """A gzip stream of `size` zero bytes, about a thousandth as long; one member is compressed and
    repeated."""
    whole, rest = divmod(size, member)
    return gzip_member(bytes(member), level=9) * whole + gzip_member(bytes(rest))


def zstd_zeros(size):
    """A zstd frame of `size` zero bytes: run-length blocks, four bytes for each 128 KiB."""
    block = 128 << 10
    whole, rest = divmod(size, block)
    head = struct.pack(
        "<IBB", 0xFD2FB528, 0, 7 << 3
    )  # no content size, no checksum, a window of 128 KiB
    run = struct.pack("<I", (block << 3) | 2)[:3] + b"\x00"
    return head + run * whole + struct.pack("<I", (rest << 3) | 3)[:3] + b"\x00"


PACKERS = {
    "none": lambda data: data,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "gzip-members": gzip_members,
    "zstd": zstd_frame,
    "zstd-frames": zstd_frames,
}

MEDIA_SUFFIX = {
    "none": "",
    "gzip": "+gzip",
    "gzip-members": "+gzip",
    "zstd": "+zstd",
    "zstd-frames": "+zstd",
}
