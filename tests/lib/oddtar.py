"""Tar archives, byte by byte, right or wrong as asked.

Every function returns bytes; an archive is their concatenation, so a test says exactly what stands
in it:

    archive(file("usr/bin/su", 0o4755), pax({"uid": "5"}), file("a"), raw_bytes)

Nothing is checked and nothing is repaired: a knob that lies writes the lie.
"""

BLOCK = 512
USTAR = b"ustar\x0000"
GNU = b"ustar  \x00"
V7 = b"\x00" * 8

# A field of the header: where it starts and how long it is.
FIELDS = {
    "name": (0, 100),
    "mode": (100, 8),
    "uid": (108, 8),
    "gid": (116, 8),
    "size": (124, 12),
    "mtime": (136, 12),
    "checksum": (148, 8),
    "type": (156, 1),
    "linkname": (157, 100),
    "magic": (257, 8),
    "uname": (265, 32),
    "gname": (297, 32),
    "devmajor": (329, 8),
    "devminor": (337, 8),
    "prefix": (345, 155),
}


def to_bytes(text):
    """Names are bytes in an archive; str is a convenience of the tests."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def padded(data):
    return data + bytes(-len(data) % BLOCK)


def octal(value, width):
    """A number as ustar writes it: octal digits and a closing NUL."""
    return b"%0*o\x00" % (width - 1, value)


def base256(value, width):
    """A number as GNU writes it when octal has no room: two's complement, high bit of the first
    byte set."""
    raw = bytearray((value % (1 << (8 * width))).to_bytes(width, "big"))
    raw[0] |= 0x80
    return bytes(raw)


def number(value, width):
    return octal(value, width) if 0 <= value < 8 ** (width - 1) else base256(value, width)


def checksum(block):
    """The sum of the header's bytes with its checksum field read as spaces."""
    return sum(block[:148]) + 8 * 32 + sum(block[156:])


def signed_checksum(block):
    """The same sum as historic writers made it, with bytes as signed chars."""
    return checksum(block) - 256 * sum(byte > 127 for byte in block[:148] + block[156:])


def header(
    name,
    *,
    type="0",
    mode=0o644,
    uid=0,
    gid=0,
    size=0,
    mtime=0,
    link=b"",
    magic=USTAR,
    fields=None,
    sum_with=checksum,
):
    """One header block. `fields` replaces raw fields by name, `sum_with` computes the checksum
    (None leaves it out)."""
    values = {
        "name": to_bytes(name),
        "type": to_bytes(type),
        "linkname": to_bytes(link),
        "magic": magic,
        "mode": number(mode, 8),
        "uid": number(uid, 8),
        "gid": number(gid, 8),
        "size": number(size, 12),
        "mtime": number(mtime, 12),
    }
    values.update(fields or {})
    block = bytearray(BLOCK)
    for field, value in values.items():
        start, length = FIELDS[field]
        if len(value) > length:
            raise ValueError(f"{field} takes {length} bytes, not {len(value)}")
        block[start : start + len(value)] = value
    if sum_with and "checksum" not in values:
        block[148:156] = b"%06o\x00 " % sum_with(bytes(block))
    return bytes(block)


def reseal(block, **raw):
    """The same header with raw bytes put at offsets (`at_345=b"x"`) and the checksum made right
    again."""
    block = bytearray(block)
    for key, value in raw.items():
        start = int(key.removeprefix("at_"))
        block[start : start + len(value)] = value
    block[148:156] = b"%06o\x00 " % checksum(bytes(block))
    return bytes(block)


def pax_record(key, value):
    """`LEN KEY=VALUE\\n`, where LEN counts itself."""
    tail = b" " + to_bytes(key) + b"=" + to_bytes(value) + b"\n"
    length = len(tail)
    while len(b"%d" % length) + len(tail) != length:
        length = len(b"%d" % length) + len(tail)
    return b"%d" % length + tail


def pax(records, *, type="x", body=None, **knobs):
    """A PAX header for the next entry; `body` replaces the records by raw bytes."""
    if body is None:
        body = b"".join(pax_record(key, value) for key, value in records.items())
    knobs.setdefault("size", len(body))
    return header("PaxHeaders/0", type=type, **knobs) + padded(body)


def pax_global(records, **knobs):
    return pax(records, type="g", **knobs)


def gnu_long_name(name, *, type="L", **knobs):
    """A GNU long name for the next entry (`type="K"`: a long link target)."""
    body = to_bytes(name) + b"\x00"
    knobs.setdefault("size", len(body))
    knobs.setdefault("magic", GNU)
    return header("././@LongLink", type=type, **knobs) + padded(body)


def gnu_long_link(target, **knobs):
    return gnu_long_name(target, type="K", **knobs)


def entry(name, *, body=b"", xattrs=None, records=None, link=b"", **knobs):
    """A whole entry. Names that do not fit, extended attributes and `records` go into a PAX header
    before it."""
    name, link, records = to_bytes(name), to_bytes(link), dict(records or {})
    for key, value in (xattrs or {}).items():
        records["SCHILY.xattr." + key] = value
    if len(name) > 100:
        records.setdefault("path", name)
    if len(link) > 100:
        records.setdefault("linkpath", link)
    knobs.setdefault("size", len(body))
    extended = pax(records) if records else b""
    return extended + header(name[:100], link=link[:100], **knobs) + padded(body)


def file(name, mode=0o755, uid=0, gid=0, body=b"", **knobs):
    return entry(name, mode=mode, uid=uid, gid=gid, body=to_bytes(body), **knobs)


def directory(name, mode=0o755, uid=0, gid=0, **knobs):
    return entry(to_bytes(name).rstrip(b"/") + b"/", type="5", mode=mode, uid=uid, gid=gid, **knobs)


def symlink(name, target, **knobs):
    return entry(name, type="2", link=target, mode=0o777, **knobs)


def hardlink(name, target, mode=0o755, uid=0, gid=0, **knobs):
    return entry(name, type="1", link=target, mode=mode, uid=uid, gid=gid, **knobs)


def device(name, major=0, minor=0, type="3", mode=0o644, **knobs):
    return entry(
        name,
        type=type,
        mode=mode,
        fields={"devmajor": octal(major, 8), "devminor": octal(minor, 8)},
        **knobs,
    )


def whiteout(path):
    """Hides `path` of lower layers."""
    parent, slash, name = to_bytes(path).rpartition(b"/")
    return file(parent + slash + b".wh." + name, 0)


def opaque(path):
    """Empties the directory `path` of lower layers."""
    return file(to_bytes(path).rstrip(b"/") + b"/.wh..wh..opq", 0)


def sparse_gnu(name, chunks, real_size, mode=0o755, uid=0, gid=0, extension=(), **knobs):
    """Old GNU sparse: up to four (offset, bytes) in the header, 21 more in each block of
    `extension`."""

    def pairs(of):
        return b"".join(number(offset, 12) + number(len(data), 12) for offset, data in of)

    stored = b"".join(
        data for _, data in list(chunks) + [pair for block in extension for pair in block]
    )
    block = header(
        name, type="S", mode=mode, uid=uid, gid=gid, size=len(stored), magic=GNU, **knobs
    )
    block = reseal(
        block, at_386=pairs(chunks), at_482=bytes([bool(extension)]), at_483=number(real_size, 12)
    )
    more = b""
    for place, of in enumerate(extension):
        more += pairs(of).ljust(504, b"\x00") + bytes([place + 1 < len(extension)]) + bytes(7)
    return block + more + padded(stored)


def sparse_pax(
    name, chunks, real_size, version="1.0", mode=0o755, uid=0, gid=0, records=None, **knobs
):
    """PAX sparse 0.0, 0.1 or 1.0. The header carries a stand-in name; the real one is in the
    records."""
    data = b"".join(body for _, body in chunks)
    places = [(offset, len(body)) for offset, body in chunks]
    stand_in = (b"GNUSparseFile.0/" + to_bytes(name).rpartition(b"/")[2])[:100]
    if version == "1.0":
        table = b"%d\n" % len(places) + b"".join(b"%d\n%d\n" % place for place in places)
        data = padded(table) + data
        body = pax_records(
            {
                "GNU.sparse.major": "1",
                "GNU.sparse.minor": "0",
                "GNU.sparse.name": name,
                "GNU.sparse.realsize": str(real_size),
            }
        )
    elif version == "0.1":
        table = ",".join("%d,%d" % place for place in places)
        body = pax_records(
            {
                "GNU.sparse.size": str(real_size),
                "GNU.sparse.numblocks": str(len(places)),
                "GNU.sparse.name": name,
                "GNU.sparse.map": table,
            }
        )
    else:
        stand_in = to_bytes(name)
        body = pax_records(
            {"GNU.sparse.size": str(real_size), "GNU.sparse.numblocks": str(len(places))}
        )
        for offset, length in places:
            body += pax_record("GNU.sparse.offset", str(offset)) + pax_record(
                "GNU.sparse.numbytes", str(length)
            )
    body += pax_records(records or {})
    return pax({}, body=body) + entry(stand_in, body=data, mode=mode, uid=uid, gid=gid, **knobs)


def pax_records(records):
    return b"".join(pax_record(key, value) for key, value in records.items())


def capability(permitted, *, inheritable=0, effective=True, revision=2, root_uid=0, tail=b""):
    """A security.capability value. `permitted` is a 64-bit mask; revision 3 carries the root uid of
    its namespace."""
    words = [(revision << 24) | int(effective)]
    for shift in (0, 32)[: 1 if revision == 1 else 2]:
        words += [(permitted >> shift) & 0xFFFFFFFF, (inheritable >> shift) & 0xFFFFFFFF]
    if revision == 3:
        words.append(root_uid)
    return b"".join(word.to_bytes(4, "little") for word in words) + tail


def archive(*chunks, end=2):
    """The chunks and the closing zero blocks (real archives have two; `end` says otherwise)."""
    return b"".join(chunks) + bytes(BLOCK * end)
