"""Stores of containers/storage (Podman, Buildah, CRI-O) written byte by byte, and all the ways they can
lie. `Store` writes what an engine would; a test then changes the files.

    store = Store(tmp_path / "store")
    store.add(Image([archive(file("a"))]), "localhost/a:1")
    scan(store.source("localhost/a:1"))
"""

import base64
import gzip
import io
import json
import os
import tarfile
from pathlib import Path

from oddimage import CONFIG_TYPE, MANIFEST_TYPE, descriptor, digest, dump
from oddstore import crc


def tar_split(tar):
    """The lines that tar-split keeps of an archive, uncompressed."""
    lines, done = [], 0

    def add(**line):
        lines.append(json.dumps({**line, "position": len(lines)}, separators=(",", ":")))

    def add_raw(end):
        add(type=2, payload=base64.b64encode(tar[done:end]).decode())

    with tarfile.open(fileobj=io.BytesIO(tar), errors="surrogateescape") as opened:
        for member in opened:
            add_raw(member.offset_data)
            size = member.size if member.isreg() else 0
            done = member.offset_data + size
            name = member.name.encode(errors="surrogateescape")
            try:
                named = {"name": name.decode()}
            except UnicodeDecodeError:
                named = {"name_raw": base64.b64encode(name).decode()}
            if size:
                checksum = base64.b64encode(crc(tar[member.offset_data : done])).decode()
                add(type=1, **named, size=size, payload=checksum)
            else:
                add(type=1, **named, payload=None)
    add_raw(len(tar))
    return ("\n".join(lines) + "\n").encode()


def file_of_key(key):
    plain = all(c in ".0123456789abcdefghijklmnopqrstuvwxyz" for c in key)
    return key if plain else "=" + base64.b64encode(key.encode()).decode()


def manifest_of(image):
    return dump(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": descriptor(CONFIG_TYPE, image.config_bytes()),
            "layers": [descriptor(one.media_type, one.blob) for one in image.layers],
        }
    )


class Store:
    def __init__(self, root, driver="overlay"):
        self.root, self.driver = Path(root), driver
        self.images, self.layers = [], []
        for name in ("images", "layers"):
            (self.root / f"{driver}-{name}").mkdir(parents=True)
        self.write()

    def source(self, name):
        return f"containers-storage:[{self.driver}@{self.root}]{name}"

    def write(self):
        """The lists, as they are in `images` and `layers`."""
        self.images_json.write_text(json.dumps(self.images))
        self.layers_json.write_text(json.dumps(self.layers))

    @property
    def images_json(self):
        return self.root / f"{self.driver}-images" / "images.json"

    @property
    def layers_json(self):
        return self.root / f"{self.driver}-layers" / "layers.json"

    def split(self, layer):
        return self.root / f"{self.driver}-layers" / f"{layer['id']}.tar-split.gz"

    def files(self, layer):
        if self.driver == "vfs":
            return self.root / "vfs" / "dir" / layer["id"]
        return self.root / "overlay" / layer["id"] / "diff"

    def document(self, image, key):
        return self.root / f"{self.driver}-images" / image["id"] / file_of_key(key)

    def add_layer(self, tar, parent=None):
        """Its files are unpacked as they are: whoever needs whiteouts on disk makes them."""
        chain = digest(((parent or "") + digest(tar)).encode())[7:]
        layer = {
            "id": chain,
            "created": "2026-01-01T00:00:00Z",
            "diff-digest": digest(tar),
            "diff-size": len(tar),
        }
        if parent:
            layer["parent"] = parent
        if all(one["id"] != chain for one in self.layers):
            self.layers.append(layer)
            self.split(layer).write_bytes(gzip.compress(tar_split(tar), mtime=0))
            self.files(layer).mkdir(parents=True)
            with tarfile.open(fileobj=io.BytesIO(tar), errors="surrogateescape") as opened:
                opened.extractall(os.fspath(self.files(layer)).encode().decode(), numeric_owner=True)
        return layer

    def add(self, image, *names):
        """Returns what the list says of it; its layers are the last of `layers`."""
        parent = None
        for layer in image.layers:
            parent = self.add_layer(layer.tar, parent)["id"]
        config, manifest = image.config_bytes(), manifest_of(image)
        listed = {
            "id": digest(config)[7:],
            "digest": digest(manifest),
            "names": list(names),
            "layer": parent,
            "created": "2026-01-01T00:00:00Z",
            "big-data-names": ["manifest", digest(config)],
            "big-data-digests": {"manifest": digest(manifest), digest(config): digest(config)},
        }
        self.document(listed, "manifest").parent.mkdir()
        self.document(listed, "manifest").write_bytes(manifest)
        self.document(listed, digest(config)).write_bytes(config)
        self.images.append(listed)
        self.write()
        return listed
