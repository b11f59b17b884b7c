"""Ordinary tar archives from a seeded table, read by Python, GNU tar and bsdtar: where the three
agree, so must we.

test_tar_headers.py has the headers about which they differ.
"""

import io
import os
import random
import stat
import subprocess
import tarfile

import pytest
from oddimage import Image, docker_archive
from oddtar import (
    BLOCK,
    GNU,
    USTAR,
    V7,
    archive,
    base256,
    directory,
    file,
    gnu_long_name,
    header,
    octal,
    pax,
    padded,
    sparse_gnu,
    sparse_pax,
    symlink,
)
from program import assert_consistent, scan

SEEDS = range(int(os.environ.get("NONZERO_TEST_ARCHIVES", "300")))

MODES = [
    0o644,
    0o755,
    0o4755,
    0o4755,
    0o4711,
    0o4644,
    0o2755,
    0o6755,
    0o6711,
    0o4000,
    0o7777,
    0o1777,
    0,
]
OWNERS = [0, 0, 0, 1, 1000, 65534, 0o7777777, 0o10000000, 2147483647, 2147483648, 4294967294]


def name_of(random, number):
    """A path that no other entry has; now and then one that needs a prefix or an extended
    header."""
    length = random.choice([1, 5, 20, 90, 99, 100, 101, 150, 254])
    stem = f"{number}" + "".join(random.choice("abcdefghijkl") for _ in range(length))
    folders = "".join(f"d{random.randrange(5)}/" for _ in range(random.choice([0, 0, 1, 2, 5])))
    return folders + stem[:length] + f".{number}"


def body_of(random):
    return bytes(random.choice([0, 0, 1, 511, 512, 513, 5000]))


def as_ustar(random, name, **knobs):
    """With the prefix field where the name is long and can be split."""
    if len(name) > 100:
        place = name.rfind("/", 0, 156)
        if 0 < place and len(name) - place <= 101:
            return file(name[place + 1 :], fields={"prefix": name[:place].encode()}, **knobs)
    return file(name, **knobs)


def as_v7(random, name, **knobs):
    return file(name, magic=V7, type=random.choice("0\0"), **knobs)


def as_gnu(random, name, **knobs):
    if len(name) > 100 or random.random() < 0.2:
        return gnu_long_name(name) + file(name[:100], magic=GNU, **knobs)
    return file(name, magic=GNU, **knobs)


def as_pax(random, name, mode, uid, gid, body):
    """What PAX says is true; what ustar says beside it is not."""
    records = {
        "path": name,
        "uid": str(uid),
        "gid": str(gid),
        "size": str(len(body)),
        "mtime": "1.5",
    }
    said = {key: value for key, value in records.items() if random.random() < 0.6 or key == "path"}
    block = header(
        "x" * random.randrange(1, 90),
        mode=mode,
        uid=7 if "uid" in said else uid,
        gid=8 if "gid" in said else gid,
        size=0 if "size" in said else len(body),
        magic=random.choice([USTAR, USTAR, V7]),
    )
    return pax(said) + block + padded(body)


def as_base_256(random, name, mode, uid, gid, body):
    fields = {"uid": base256(uid, 8), "gid": base256(gid, 8), "size": base256(len(body), 12)}
    return file(name, mode, body=body, magic=random.choice([USTAR, GNU]), fields=fields)


def as_odd_octal(random, name, mode, uid, gid, body):
    """Numbers padded with spaces, or without a closing NUL."""
    fields = {
        "mode": b"%6o \0" % mode,
        "size": random.choice([b"%11o " % len(body), b"%012o" % len(body), octal(len(body), 12)]),
    }
    return file(name, uid=uid, gid=gid, body=body, fields=fields)


def as_sparse(random, name, mode, uid, gid, body):
    data = [(0, b"x" * BLOCK), (random.choice([1024, 65536, 1 << 30]), b"y" * BLOCK)]
    version = random.choice(["gnu", "0.0", "0.1", "1.0"])
    if version == "gnu" and len(name) <= 100:
        return sparse_gnu(name, data, data[1][0] + BLOCK, mode, uid, gid)
    return sparse_pax(
        name,
        data,
        data[1][0] + BLOCK,
        "1.0" if version == "gnu" or len(name) > 100 else version,
        mode,
        uid,
        gid,
    )


def as_neighbour(random, name, mode, uid, gid, body):
    """A folder or a symlink whose mode bits are none of our business."""
    if random.random() < 0.5:
        return directory(name, mode, uid, gid)
    return symlink(name, "somewhere", uid=uid, gid=gid)


WRITERS = [as_ustar, as_v7, as_gnu, as_pax, as_base_256, as_odd_octal, as_sparse, as_neighbour]


def generated(seed):
    choice = random.Random(seed)
    chunks = []
    for number in range(choice.randrange(1, 25)):
        write = choice.choice(WRITERS)
        chunks.append(
            write(
                choice,
                name_of(choice, number),
                mode=choice.choice(MODES),
                uid=choice.choice(OWNERS),
                gid=choice.choice(OWNERS),
                body=body_of(choice),
            )
        )
    return archive(*chunks, end=choice.choice([2, 2, 2, 20, 0]))


# Each peer's answer: {path: ("-rwsr-xr-x", uid, gid)}, with paths as nonzero prints them.


def by_python(data):
    kinds = {tarfile.DIRTYPE: stat.S_IFDIR, tarfile.SYMTYPE: stat.S_IFLNK}
    with tarfile.open(fileobj=io.BytesIO(data)) as members:
        return {
            "/"
            + one.name: (
                stat.filemode(one.mode | kinds.get(one.type, stat.S_IFREG)),
                one.uid,
                one.gid,
            )
            for one in members
        }


def listed(command, data, owner):
    done = subprocess.run(
        command,
        input=data,
        capture_output=True,
        check=True,
        env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
    )
    lines = (line.split(" -> ")[0].split() for line in done.stdout.decode().splitlines())
    return {"/" + words[-1].rstrip("/"): (words[0], *owner(words)) for words in lines}


def by_gnu_tar(data):
    command = ["tar", "--numeric-owner", "--quoting-style=literal", "-tvf", "-"]
    return listed(command, data, lambda words: map(int, words[1].split("/")))


def by_bsdtar(data):
    return listed(
        ["bsdtar", "--numeric-owner", "-tvf", "-"], data, lambda words: map(int, words[2:4])
    )


def wanted(mode, uid, gid):
    """The rules of which one must find a file of this listing; none may where there are none."""
    if mode[0] != "-" or mode[3] not in "sS":
        return set()
    if not set("xst") & set(mode):
        return {"setuid-inert", "setuid-other"} if uid else {"setuid-inert"}
    return {"setuid-other"} if uid else {"setuid-root"}


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_where_the_peers_agree(tmp_path, tool, seed):
    tool("bsdtar")
    data = generated(seed)
    peers = [by_python(data), by_gnu_tar(data), by_bsdtar(data)]
    agreed = {
        path: seen
        for path, seen in peers[0].items()
        if all(peer.get(path) == seen for peer in peers)
    }
    assert len(agreed) >= len(peers[0]) / 2, "the table makes archives that mean nothing to compare"

    result = scan(docker_archive(tmp_path / "image.tar", Image([data])))
    assert_consistent(result)
    for path, (mode, uid, gid) in agreed.items():
        found = [
            one
            for one in result.findings()
            if one.get("path") == path and one["rule"].startswith("setuid-")
        ]
        rules = wanted(mode, uid, gid)
        assert len(found) == bool(rules), f"{path} {mode} {uid}:{gid}\n{result}"
        for one in found:
            told = (stat.filemode(stat.S_IFREG | int(one["mode"], 8)), one["uid"], one["gid"])
            assert one["rule"] in rules, f"{path} {mode} {uid}:{gid}\n{result}"
            assert told == (mode, uid, gid), result
    assert {one["path"] for one in result.findings("setuid-root")} <= set(peers[0])
