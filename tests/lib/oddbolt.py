"""Bolt databases (bbolt's file format 2), right or wrong in chosen places, as containerd keeps one.

    database({"v1": {"default": {"images": {"a": image(digest, size)}}}}) -> bytes

A bucket is a dict, a value is bytes. Everything is in the byte order of this host, as bolt writes it.
"""

import struct

MAGIC, VERSION = 0xED0CDAED, 2
BRANCH, LEAF, META, FREELIST = 1, 2, 4, 16
HEADER = struct.Struct("=QHHI")


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value


def meta(place, root, pages, transaction, page_size, *, magic=MAGIC, version=VERSION, checksum=None):
    body = struct.pack("=IIIIQQQQQ", magic, version, page_size, 0, root, 0, 2, pages, transaction)
    body += struct.pack("=Q", fnv(body) if checksum is None else checksum)
    return (HEADER.pack(place, META, 0, 0) + body).ljust(page_size, b"\0")


def leaf(items):
    """The bytes after a page's header; items are (flags, key, value)."""
    heads, data = b"", b""
    for place, (flags, key, value) in enumerate(items):
        position = 16 * (len(items) - place) + len(data)
        heads += struct.pack("=IIII", flags, position, len(key), len(value))
        data += key + value
    return heads + data


def branch(children):
    """The same; children are (first key, page)."""
    heads, data = b"", b""
    for place, (key, page) in enumerate(children):
        position = 16 * (len(children) - place) + len(data)
        heads += struct.pack("=IIQ", position, len(key), page)
        data += key
    return heads + data


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


class Database:
    """Pages as they are added; `pages` may be changed before `bytes()`."""

    def __init__(self, page_size=1024, inline=True):
        self.page_size, self.inline = page_size, inline
        self.pages = {2: HEADER.pack(2, FREELIST, 0, 0).ljust(page_size, b"\0")}
        self.next = 3
        self.root = 3

    def add(self, flags, count, data, page=None):
        page = self.next if page is None else page
        room = -(-(16 + len(data)) // self.page_size)
        self.next = max(self.next, page + room)
        raw = HEADER.pack(page, flags, count, room - 1) + data
        self.pages[page] = raw.ljust(room * self.page_size, b"\0")
        return page

    def bucket(self, content):
        """Adds a bucket and returns the value that stands for it in its parent."""
        items = []
        for key, value in sorted((as_bytes(key), value) for key, value in content.items()):
            is_bucket = isinstance(value, dict)
            items.append((int(is_bucket), key, self.bucket(value) if is_bucket else value))
        data = leaf(items)
        flat = not any(flags for flags, _, _ in items)
        if self.inline and flat and len(data) + 16 <= self.page_size // 4:
            return struct.pack("=QQ", 0, 0) + HEADER.pack(0, LEAF, len(items), 0) + data
        return struct.pack("=QQ", self.tree(items), 0)

    def tree(self, items):
        groups, group = [], []
        for item in items:
            if len(group) > 1 and len(leaf(group + [item])) + 16 > self.page_size:
                groups.append(group)
                group = []
            group.append(item)
        groups.append(group)
        level = [
            (group[0][1] if group else b"", self.add(LEAF, len(group), leaf(group)))
            for group in groups
        ]
        while len(level) > 1:
            parts = [level[at : at + 8] for at in range(0, len(level), 8)]
            level = [(part[0][0], self.add(BRANCH, len(part), branch(part))) for part in parts]
        return level[0][1]

    def bytes(self, transaction=7, **knobs):
        """The file. The newer meta is the one with the odd place if the transaction is odd."""
        metas = [
            meta(place, self.root, self.next, transaction - ((transaction + place) % 2),
                 self.page_size, **knobs)
            for place in (0, 1)
        ]
        out = bytearray(b"".join(metas).ljust(self.next * self.page_size, b"\0"))
        for page, data in self.pages.items():
            out[page * self.page_size : page * self.page_size + len(data)] = data
        return bytes(out)


def tree(content, **knobs):
    database_ = Database(**knobs)
    (database_.root,) = struct.unpack_from("=Q", database_.bucket(content))
    return database_


def database(content, **knobs):
    return tree(content, **{"inline": True, **knobs}).bytes()


# --- what containerd keeps in one ---


def varint(value):
    value = value * 2 if value >= 0 else -value * 2 - 1
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def time(seconds):
    return struct.pack(">BqiH", 1, seconds + 62135596800, 0, 0xFFFF)


def image(digest, size, media_type="application/vnd.oci.image.manifest.v1+json"):
    return {
        "createdat": time(1700000000),
        "updatedat": time(1700000000),
        "target": {
            "digest": digest.encode(),
            "mediatype": media_type.encode(),
            "size": varint(size),
        },
    }


def containerd(images):
    """Of {"NAMESPACE/NAME": (digest, size)}."""
    spaces = {}
    for name, target in images.items():
        space, name = name.split("/", 1)
        spaces.setdefault(space, {"images": {}})["images"][name] = image(*target)
    return {"v1": {**spaces, "version": b"\x06"}}
