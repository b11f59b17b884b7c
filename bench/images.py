#!/usr/bin/python3
"""Writes the images that bench/run.py measures.  Called by bench/make-images.sh.

    images.py plain ROOT.tar OUT.tar          docker-archive, one uncompressed layer
    images.py split ROOT.tar OUT.tar COUNT    docker-archive, the same files over COUNT layers
    images.py tiny OUT.tar                    docker-archive of a few kilobytes
    images.py many OUT.tar OUT-oci.tar COUNT  one layer of COUNT empty files, as a plain
                                              docker-archive and as a gzip OCI archive

Compressed forms of the first two are made from them by skopeo, so that they are compressed as
real images are.
"""

import gzip
import hashlib
import json
import os
import sys
import tarfile

BLOCK = 512
TAR_END = b"\0" * (2 * BLOCK)
COPY = 1 << 20
USER = "1000:1000"


def padding(size):
    return b"\0" * (-size % BLOCK)


def header(name, size=0, mode=0o644, kind=tarfile.REGTYPE, uid=0, gid=0):
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.type, info.uid, info.gid = size, mode, kind, uid, gid
    return info.tobuf(tarfile.GNU_FORMAT)


def member(name, body, **attributes):
    return header(name, len(body), **attributes) + body + padding(len(body))


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(COPY):
            digest.update(chunk)
    return digest.hexdigest()


def copy_into(out, path):
    with open(path, "rb") as stream:
        while chunk := stream.read(COPY):
            out.write(chunk)
    out.write(padding(os.path.getsize(path)))


def config_json(diff_ids):
    return json.dumps({
        "architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00Z",
        "config": {"User": USER, "Cmd": ["/bin/sh"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + d for d in diff_ids]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": f"bench layer {i}"}
                    for i in range(len(diff_ids))],
    }).encode()


def write_docker_archive(out_path, layer_paths, repo_tag):
    """The form of `docker save` before Docker 25: <id>/layer.tar for each layer."""
    diff_ids = [digest_of(path) for path in layer_paths]
    config = config_json(diff_ids)
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [repo_tag],
                            "Layers": [d + "/layer.tar" for d in diff_ids]}]).encode()
    with open(out_path + ".part", "wb") as out:
        for diff_id, path in zip(diff_ids, layer_paths):
            out.write(header(diff_id + "/", kind=tarfile.DIRTYPE, mode=0o755))
            out.write(member(diff_id + "/VERSION", b"1.0"))
            out.write(header(diff_id + "/layer.tar", os.path.getsize(path)))
            copy_into(out, path)
        out.write(member(config_name, config))
        out.write(member("manifest.json", manifest))
        out.write(TAR_END)
    os.rename(out_path + ".part", out_path)


def write_oci_archive(out_path, layer_path, diff_id, media_type):
    blobs = {}

    def blob(data):
        name = hashlib.sha256(data).hexdigest()
        blobs["blobs/sha256/" + name] = data
        return {"digest": "sha256:" + name, "size": len(data)}

    layer_digest = digest_of(layer_path)
    manifest = {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **blob(config_json([diff_id]))},
        "layers": [{"mediaType": media_type, "digest": "sha256:" + layer_digest,
                    "size": os.path.getsize(layer_path)}],
    }
    index = {"schemaVersion": 2, "manifests": [
        {"mediaType": manifest["mediaType"], **blob(json.dumps(manifest).encode()),
         "platform": {"architecture": "amd64", "os": "linux"}}]}
    with open(out_path + ".part", "wb") as out:
        out.write(member("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'))
        out.write(member("index.json", json.dumps(index).encode()))
        for name, data in blobs.items():
            out.write(member(name, data))
        out.write(header("blobs/sha256/" + layer_digest, os.path.getsize(layer_path)))
        copy_into(out, layer_path)
        out.write(TAR_END)
    os.rename(out_path + ".part", out_path)


def raw_members(tar_path):
    """Yield (member, start, end): each entry with the bytes of all its headers and its body."""
    with tarfile.open(tar_path) as tar:
        previous = None
        for info in tar:
            if previous is not None:
                yield previous, previous.offset, info.offset
            previous = info
            tar.members = []  # tarfile would keep every entry otherwise
        if previous is not None:
            body = previous.size if previous.isreg() else 0
            yield previous, previous.offset, previous.offset_data + body + (-body % BLOCK)


def split_layers(tar_path, count, work_prefix):
    """Cut at equal sizes; repeat the headers of parent directories, as builders' diffs do; keep a
    hardlink in the layer of its target.  The effective filesystem stays what it was."""
    total = os.path.getsize(tar_path)
    layers = [[] for _ in range(count)]
    layer_of, directories, seen = {}, {}, [set() for _ in range(count)]
    for info, start, end in raw_members(tar_path):
        name = os.path.normpath(info.name)
        index = min(count - 1, (start + end) // 2 * count // total)
        if info.islnk():
            index = layer_of[os.path.normpath(info.linkname)]
        layer_of[name] = index
        if info.isdir():
            directories[name] = (start, end)
        parent, missing = os.path.dirname(name) or ".", []
        while parent in directories and parent not in seen[index]:
            missing.append(parent)
            if parent == ".":
                break
            parent = os.path.dirname(parent) or "."
        for directory in reversed(missing):
            seen[index].add(directory)
            if directory != name:
                layers[index].append(directories[directory])
        if info.isdir():
            if name in seen[index] and name != ".":
                continue
            seen[index].add(name)
        layers[index].append((start, end))
    paths = []
    with open(tar_path, "rb") as source:
        for index, spans in enumerate(layers):
            paths.append(f"{work_prefix}.layer{index}")
            with open(paths[-1], "wb") as out:
                for start, end in spans:
                    source.seek(start)
                    left = end - start
                    while left:
                        chunk = source.read(min(left, COPY))
                        out.write(chunk)
                        left -= len(chunk)
                out.write(TAR_END)
    return paths


def write_split(tar_path, out_path, count):
    paths = split_layers(tar_path, count, out_path)
    write_docker_archive(out_path, paths, "bench:six")
    for path in paths:
        os.unlink(path)


def write_tiny(out_path):
    layer = out_path + ".layer"
    with open(layer, "wb") as out:
        for name in ("etc/", "usr/", "usr/bin/"):
            out.write(header(name, kind=tarfile.DIRTYPE, mode=0o755))
        out.write(member("etc/passwd", b"root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"))
        out.write(member("etc/group", b"root:x:0:\napp:x:1000:\n"))
        out.write(member("usr/bin/app", b"\x7fELF", mode=0o755))
        out.write(TAR_END)
    write_docker_archive(out_path, [layer], "bench:tiny")
    os.unlink(layer)


def many_entries(count, per_directory=1000):
    """COUNT empty files with ordinary names, and one setuid-root file at the end."""
    template = bytearray(header("x" * 100, mode=0o644))
    template[0:100] = b"\0" * 100
    template[148:156] = b" " * 8
    base = sum(template)
    chunks = []
    for number in range(count):
        directory, leaf = divmod(number, per_directory)
        if leaf == 0:
            chunks.append(header(f"srv/data/{directory:05d}/", kind=tarfile.DIRTYPE, mode=0o755))
        name = b"srv/data/%05d/record-%07d.json" % (directory, number)
        entry = template.copy()
        entry[0:len(name)] = name
        entry[148:156] = b"%06o\0 " % (base + sum(name))
        chunks.append(entry)
        if len(chunks) >= 4096:
            yield b"".join(chunks)
            chunks.clear()
    yield b"".join(chunks)
    yield member("last", b"\x7fELF", mode=0o4755) + TAR_END


def write_many(docker_path, oci_path, count):
    layer, packed = docker_path + ".layer", oci_path + ".layer.gz"
    diff_id = hashlib.sha256()
    with open(layer, "wb") as plain, open(packed, "wb") as raw, \
            gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as zipped:
        for chunk in many_entries(count):
            plain.write(chunk)
            zipped.write(chunk)
            diff_id.update(chunk)
    write_docker_archive(docker_path, [layer], "bench:many")
    write_oci_archive(oci_path, packed, diff_id.hexdigest(),
                      "application/vnd.oci.image.layer.v1.tar+gzip")
    os.unlink(layer)
    os.unlink(packed)


def main(arguments):
    match arguments:
        case ["plain", root, out]:
            write_docker_archive(out, [root], "bench:one")
        case ["split", root, out, count]:
            write_split(root, out, int(count))
        case ["tiny", out]:
            write_tiny(out)
        case ["many", docker_out, oci_out, count]:
            write_many(docker_out, oci_out, int(count))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
