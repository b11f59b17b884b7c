"""Stores of engines as files, right or wrong in chosen places: Podman's store, Docker's graph drivers,
containerd's root. What a real engine writes is tested in tests/e2e.

`containers_root`, `docker_root` and `containerd_root` return the tree; `write_dir` of oddimage stores one after a test
has changed it."""

import base64
import gzip
import hashlib
import io
import json
import tarfile

import oddbolt
from oddimage import (CONFIG_TYPE, MANIFEST_TYPE, descriptor, digest, dump, oci_tree,
                      write_dir)


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


IMAGES = "overlay-images/images.json"


def key_file(key):
    return "=" + base64.b64encode(key.encode()).decode() if set(key) - set(".0123456789abcdefghijklmnopqrstuvwxyz") else key


def containers_manifest(image):
    layers = [descriptor(layer.media_type, layer.blob) for layer in image.layers]
    config = descriptor(CONFIG_TYPE, image.config_bytes())
    return dump({"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config,
                 "layers": layers})


def containers_root(*images):
    """A store of Podman's, with the overlay driver; every tag is a name."""
    tree, lines, layers = {}, [], {}
    for image in images:
        chains = [chain[7:] for chain in chain_ids([layer.diff_id for layer in image.layers])]
        for at, (layer, chain) in enumerate(zip(image.layers, chains)):
            layers[chain] = {"id": chain, "diff-digest": layer.diff_id, "diff-size": len(layer.tar),
                             **({"parent": chains[at - 1]} if at else {})}
            tree[f"overlay-layers/{chain}.tar-split.gz"] = split_of(layer.tar)
            tree[f"overlay/{chain}/diff/keep"] = b""
            for name, data in files_of(layer.tar).items():
                tree[f"overlay/{chain}/diff/{name}"] = data
        config, manifest = image.config_bytes(), containers_manifest(image)
        lines.append({"id": digest(config)[7:], "digest": digest(manifest),
                      "names": list(image.tags), "layer": chains[-1] if chains else "",
                      "created": "2026-01-02T00:00:00Z",
                      "big-data-digests": {"manifest": digest(manifest)}})
        place = f"overlay-images/{digest(config)[7:]}/"
        tree[place + "manifest"] = manifest
        tree[place + key_file(digest(config))] = config
    tree[IMAGES] = dump(lines)
    tree["overlay-layers/layers.json"] = dump(list(layers.values()))
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


__all__ = ["body_path", "cache_id", "chain_ids", "containerd_root", "containers_root",
           "docker_root", "layer_path", "write_dir", "CONTENT", "DATABASE", "IMAGES"]
