"""Container images as files: docker-archives of every age, OCI layouts and archives, and all the
ways they can lie.

An `Image` is data; `docker_tree` and `oci_tree` turn images into a tree (a dict of path -> bytes),
which a test may change before `write_dir` or `tree_tar` stores it. Lies are dicts laid over a
descriptor or a manifest; None deletes a key:

    Layer(archive(file("a")), lies={"size": -1})        a descriptor with a negative size
    Image([...], manifest_lies={"digest": "sha256:0"})  an index that names no such manifest
"""

import hashlib
import json
import os
from dataclasses import dataclass, field

from oddpack import MEDIA_SUFFIX, PACKERS
from oddtar import archive, directory, file, symlink

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
INDEX_TYPE = OCI + "index.v1+json"
MANIFEST_TYPE = OCI + "manifest.v1+json"
CONFIG_TYPE = OCI + "config.v1+json"
LAYER_TYPE = OCI + "layer.v1.tar"
REF_NAME = "org.opencontainers.image.ref.name"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def dump(value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def overlaid(base, lies):
    """`base` with the lies told: their keys replace its keys, None deletes."""
    return {key: value for key, value in {**base, **lies}.items() if value is not None}


@dataclass
class Layer:
    tar: bytes = archive()
    packed: str = "none"  # a name of oddpack.PACKERS
    created_by: str = "RUN something"
    media_type: str = None  # None: the one that fits `packed`
    blob: bytes = None  # None: `tar` packed as said
    diff_id: str = None  # None: the true one
    lies: dict = field(default_factory=dict)

    def __post_init__(self):
        if self.blob is None:
            self.blob = PACKERS[self.packed](self.tar)
        self.media_type = self.media_type or LAYER_TYPE + MEDIA_SUFFIX[self.packed]
        self.diff_id = self.diff_id or digest(self.tar)


@dataclass
class Image:
    layers: list = field(default_factory=list)  # Layer, or the bytes of a tar
    user: object = "1000"  # None: the config has no User
    os: str = "linux"
    architecture: str = "amd64"
    variant: str = None
    tags: tuple = ("example.com/app:1.0",)
    config: object = field(default_factory=dict)  # laid over the config; bytes replace it whole
    config_lies: dict = field(default_factory=dict)  # laid over the config's descriptor
    manifest: object = field(default_factory=dict)  # laid over the manifest; bytes replace it whole
    manifest_lies: dict = field(default_factory=dict)  # laid over the manifest's descriptor

    def __post_init__(self):
        self.layers = [layer if isinstance(layer, Layer) else Layer(layer) for layer in self.layers]

    @property
    def platform(self):
        return overlaid(
            {"os": self.os, "architecture": self.architecture, "variant": self.variant}, {}
        )

    def config_bytes(self):
        if isinstance(self.config, bytes):
            return self.config
        return dump(
            overlaid(
                {
                    "architecture": self.architecture,
                    "os": self.os,
                    "variant": self.variant,
                    "config": overlaid({"User": self.user}, {}),
                    "rootfs": {
                        "type": "layers",
                        "diff_ids": [layer.diff_id for layer in self.layers],
                    },
                    "history": [{"created_by": layer.created_by} for layer in self.layers],
                },
                self.config,
            )
        )


def descriptor(media_type, data, lies=None, **more):
    return overlaid(
        {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}, lies or {}
    )


def blob_path(name):
    return "blobs/" + name.replace(":", "/", 1)


def put(tree, media_type, data, lies=None, **more):
    """Stores a blob under its true digest and returns its descriptor, which may lie."""
    tree[blob_path(digest(data))] = data
    return descriptor(media_type, data, lies, **more)


def put_manifest(tree, image, **more):
    """Stores an image's layers, config and manifest; returns the manifest's descriptor."""
    layers = [put(tree, layer.media_type, layer.blob, layer.lies) for layer in image.layers]
    config = put(tree, CONFIG_TYPE, image.config_bytes(), image.config_lies)
    manifest = image.manifest
    if not isinstance(manifest, bytes):
        manifest = overlaid(
            {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": layers},
            manifest,
        )
    return put(tree, MANIFEST_TYPE, dump(manifest), image.manifest_lies, **more)


def put_index(tree, descriptors, **more):
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": descriptors}
    return put(tree, INDEX_TYPE, dump(index), **more)


def put_attestation(tree, subject):
    """What BuildKit stores beside each image: a manifest for the platform unknown/unknown."""
    layer = put(
        tree, "application/vnd.in-toto+json", b'{"_type":"https://in-toto.io/Statement/v0.1"}'
    )
    config = put(
        tree,
        CONFIG_TYPE,
        dump(
            {
                "architecture": "unknown",
                "os": "unknown",
                "config": {},
                "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
            }
        ),
    )
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": [layer]}
    return put(
        tree,
        MANIFEST_TYPE,
        dump(manifest),
        platform={"os": "unknown", "architecture": "unknown"},
        annotations={
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": subject["digest"],
        },
    )


def oci_tree(*images, nest=0, attest=False, index=None):
    """An OCI layout. Several images, or `nest` > 0, make indexes of platforms below index.json.

    With nest=0 each image is its own line of index.json, named by its first tag; else one named index
    holds all.
    """
    tree = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
    lines = []
    for image in images:
        names = {"annotations": {REF_NAME: image.tags[0]}} if image.tags and not nest else {}
        lines.append(put_manifest(tree, image, platform=image.platform, **names))
        if attest:
            lines.append(put_attestation(tree, lines[-1]))
    for level in range(nest, 0, -1):
        names = (
            {"annotations": {REF_NAME: images[0].tags[0]}} if level == 1 and images[0].tags else {}
        )
        lines = [put_index(tree, lines, **names)]
    tree["index.json"] = dump(
        index if index is not None else {"schemaVersion": 2, "manifests": lines}
    )
    return tree


def docker_tree(*images, style="skopeo"):
    """A docker-archive.

    skopeo    flat: CONFIGHEX.json, DIFFHEX.tar
    legacy    docker save before 25: ID/layer.tar, ID/json, ID/VERSION, repositories
    linked    the same with every second use of a layer as a symlink to the first, as docker save
    writes it hybrid    docker save since 25: an OCI layout and manifest.json over the same blobs
    layerless the same, and manifest.json says no Layers
    """
    if style in ("hybrid", "layerless"):
        return hybrid_tree(images, with_layers=style == "hybrid")
    tree, lines, seen = {}, [], {}
    for place, image in enumerate(images):
        paths = [
            store_layer(tree, style, f"{place}.{depth}", layer, seen)
            for depth, layer in enumerate(image.layers)
        ]
        config = image.config_bytes()
        config_path = digest(config)[7:] + ".json"
        tree[config_path] = config
        lines.append({"Config": config_path, "RepoTags": list(image.tags) or None, "Layers": paths})
    tree["manifest.json"] = dump(lines)
    if style != "skopeo":
        tree["repositories"] = b"{}"
    return tree


def store_layer(tree, style, salt, layer, seen):
    """Puts one layer where this style of docker-archive keeps it, and returns its path."""
    hexadecimal = digest(layer.tar)[7:]
    if style == "skopeo":
        path = hexadecimal + ".tar"
        tree[path] = layer.blob
        return path
    folder = digest((salt + hexadecimal).encode())[7:]
    path = folder + "/layer.tar"
    tree[folder + "/VERSION"] = b"1.0"
    tree[folder + "/json"] = dump({"id": folder})
    linked = style == "linked" and hexadecimal in seen
    tree[path] = Symlink("../" + seen[hexadecimal]) if linked else layer.blob
    seen.setdefault(hexadecimal, path)
    return path


def hybrid_tree(images, with_layers=True):
    tree, lines = oci_tree(*images), []
    for image in images:
        layers = [blob_path(digest(layer.blob)) for layer in image.layers]
        lines.append(
            overlaid(
                {
                    "Config": blob_path(digest(image.config_bytes())),
                    "RepoTags": list(image.tags),
                    "Layers": layers if with_layers else None,
                },
                {},
            )
        )
    tree["manifest.json"] = dump(lines)
    return tree


@dataclass
class Symlink:
    target: str


def tree_tar(tree, prefix="", folders=False):
    """The tree as a tar: `prefix` is put before every name ("./"), `folders` gives each its
    directory entry."""
    chunks, made = [], set()
    for path, data in tree.items():
        parent = os.path.dirname(path)
        if folders and parent and parent not in made:
            made.add(parent)
            chunks.append(directory(prefix + parent))
        if isinstance(data, Symlink):
            chunks.append(symlink(prefix + path, data.target))
        else:
            chunks.append(file(prefix + path, 0o644, body=data))
    return archive(*chunks)


def write_tar(path, tree, **knobs):
    path.write_bytes(tree_tar(tree, **knobs))
    return path


def write_dir(path, tree):
    for name, data in tree.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(data, Symlink):
            target.symlink_to(data.target)
        else:
            target.write_bytes(data)
    return path


def docker_archive(path, *images, style="skopeo", **knobs):
    return write_tar(path, docker_tree(*images, style=style), **knobs)


def oci_archive(path, *images, nest=0, attest=False, index=None, **knobs):
    return write_tar(path, oci_tree(*images, nest=nest, attest=attest, index=index), **knobs)


def oci_layout(path, *images, **knobs):
    return write_dir(path, oci_tree(*images, **knobs))
