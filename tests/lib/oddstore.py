"""Stores of engines as files, right or wrong in chosen places: Docker's graph drivers, containerd's
root. What a real engine writes is tested in tests/e2e.

`docker_root` and `containerd_root` return the tree; `write_dir` of oddimage stores one after a test
has changed it."""

import base64
import gzip
import hashlib
import io
import json
import tarfile

import oddbolt
from oddimage import digest, dump, oci_tree, write_dir


def crc64():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ 0xD800000000000000 if value & 1 else value >> 1
        table.append(value)

    def crc(data):
        value = 2**64 - 1
        for byte in data:
            value = table[(value ^ byte) & 0xFF] ^ value >> 8
        return (value ^ 2**64 - 1).to_bytes(8, "big")

    return crc


crc = crc64()


def split_of(tar):
    """tar-split's lines, compressed, for a plain tar without sparse files."""
    lines, at = [], 0

    def add(kind, payload, **more):
        text = base64.b64encode(payload).decode() if payload is not None else None
        line = {"type": kind, **more, "payload": text, "position": len(lines)}
        lines.append(json.dumps(line, separators=(",", ":")))  # as Go writes it

    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        for member in archive:
            add(2, tar[at : member.offset_data])
            size = member.size if member.isfile() else 0
            body = tar[member.offset_data : member.offset_data + size]
            add(1, crc(body) if size else None, name=member.name, **({"size": size} if size else {}))
            at = member.offset_data + size
    add(2, tar[at:])
    return gzip.compress("\n".join(lines).encode() + b"\n", mtime=0)


def files_of(tar):
    """{name: content} of the plain files."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return {one.name: archive.extractfile(one).read() for one in archive if one.isfile()}


def chain_ids(diff_ids):
    chains = []
    for diff_id in diff_ids:
        text = f"{chains[-1]} {diff_id}" if chains else diff_id
        chains.append(digest(text.encode()) if chains else text)
    return chains


def cache_id(chain):
    return hashlib.sha256(b"cache" + chain.encode()).hexdigest()


def layer_path(chain, name, driver="overlay2"):
    """Of a layer's part: diff, parent, cache-id, tar-split.json.gz."""
    return f"image/{driver}/layerdb/{chain.replace(':', '/')}/{name}"


def body_path(chain, name, driver="overlay2"):
    folder = f"vfs/dir/{cache_id(chain)}" if driver == "vfs" else f"{driver}/{cache_id(chain)}/diff"
    return f"{folder}/{name}"


def docker_root(*images, driver="overlay2", split=True):
    """A data root of Docker."""
    tree, repositories = {}, {}
    for image in images:
        config = image.config_bytes()
        place = f"image/{driver}/imagedb/content/sha256/"
        tree[place + digest(config)[7:]] = config
        for tag in image.tags:
            repositories.setdefault(tag.rsplit(":", 1)[0], {})[tag] = digest(config)
        chains = chain_ids([layer.diff_id for layer in image.layers])
        for at, (layer, chain) in enumerate(zip(image.layers, chains)):
            parts = {"diff": layer.diff_id.encode(), "cache-id": cache_id(chain).encode(),
                     "size": b"1"}
            if at:
                parts["parent"] = chains[at - 1].encode()
            if split:
                parts["tar-split.json.gz"] = split_of(layer.tar)
            for name, data in parts.items():
                tree[layer_path(chain, name, driver)] = data
            tree[body_path(chain, "keep", driver)] = b""
            for name, data in files_of(layer.tar).items():
                tree[body_path(chain, name, driver)] = data
    tree[f"image/{driver}/repositories.json"] = dump({"Repositories": repositories})
    return tree


CONTENT = "io.containerd.content.v1.content/"
DATABASE = "io.containerd.metadata.v1.bolt/meta.db"


def containerd_root(*images, space="default", **knobs):
    """A root of containerd; images are named by their first tag. With `nest`, all are one index."""
    layout = oci_tree(*images, **knobs)
    lines = json.loads(layout.pop("index.json"))["manifests"]
    layout.pop("oci-layout")
    names = [image.tags[0] for image in images]
    records = oddbolt.containerd({
        f"{space}/{name}": (line["digest"], line["size"], line["mediaType"])
        for name, line in zip(names, lines)})
    tree = {CONTENT + path: data for path, data in layout.items()}
    tree[DATABASE] = oddbolt.database(records)
    return tree


__all__ = ["body_path", "cache_id", "chain_ids", "containerd_root", "docker_root",
           "layer_path", "write_dir", "CONTENT", "DATABASE"]
