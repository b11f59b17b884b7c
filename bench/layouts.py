"""OCI layouts that bench/make_stores.py fills stores with: a host of images that share layers, and an
image of a registry with all that real ones have around their layers."""

import hashlib
import io
import json
import os
import random
import tarfile

from images import COPY

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


class Layout:
    def __init__(self, place):
        self.blobs = place / "blobs" / "sha256"
        self.blobs.mkdir(parents=True)
        (place / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        self.place, self.images = place, []

    def add(self, stream, media_type):
        """The descriptor of what STREAM gives, which becomes a blob."""
        digest, size, part = hashlib.sha256(), 0, self.blobs / "part"
        with open(part, "wb") as out:
            while chunk := stream.read(COPY):
                digest.update(chunk)
                out.write(chunk)
                size += len(chunk)
        os.rename(part, self.blobs / digest.hexdigest())
        return {"mediaType": media_type, "digest": "sha256:" + digest.hexdigest(), "size": size}

    def document(self, value, media_type):
        return self.add(io.BytesIO(json.dumps(value).encode()), media_type)

    def manifest(self, layers, user, **more):
        """The descriptor of an image; its LAYERS are not compressed. MORE goes into its configuration."""
        config = {"architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00Z",
                  "config": {"User": user, "Cmd": ["/bin/sh"], **more.pop("config", {})},
                  "rootfs": {"type": "layers", "diff_ids": [one["digest"] for one in layers]},
                  "history": [{"created": "1970-01-01T00:00:00Z", "created_by": f"bench layer {place}"}
                              for place in range(len(layers))], **more}
        return self.document({"schemaVersion": 2, "mediaType": MANIFEST,
                              "config": self.document(config, CONFIG), "layers": layers}, MANIFEST)

    def name(self, descriptor, name):
        self.images.append({**descriptor, "annotations": {"org.opencontainers.image.ref.name": name}})
        (self.place / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": self.images}))


def application(number, files=200):
    """A small layer, as applications put on a base: some hundred files of some kilobytes, a user of
    its own, and in every seventh a setuid program."""
    noise, out = random.Random(number), io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        def add(name, body=b"", mode=0o644, kind=tarfile.REGTYPE):
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.type = len(body), mode, kind
            tar.addfile(info, io.BytesIO(body))

        add("srv", mode=0o755, kind=tarfile.DIRTYPE)
        add(f"srv/app{number}", mode=0o755, kind=tarfile.DIRTYPE)
        for place in range(files):
            add(f"srv/app{number}/module-{place:03d}.so", noise.randbytes(noise.randrange(20_000)))
        add(f"srv/app{number}/run", b"#!/bin/sh\nexec /bin/true\n", 0o4755 if number % 7 == 0 else 0o755)
    return io.BytesIO(out.getvalue())


def write_host(six_tar, place, count):
    """`base` of six layers, `app-N` of those and one more, `only-N` of that one alone."""
    layout = Layout(place)
    with tarfile.open(six_tar) as tar:
        names = json.load(tar.extractfile("manifest.json"))[0]["Layers"]
        base = [layout.add(tar.extractfile(name), LAYER) for name in names]
    layout.name(layout.manifest(base, "1000:1000"), "base")
    for number in range(1, count):
        own = layout.add(application(number), LAYER)
        user = ("1000", "www-data", "")[number % 3]
        layout.name(layout.manifest([*base, own], user), f"app-{number}")
        layout.name(layout.manifest([own], "1000"), f"only-{number}")


def write_hub(place):
    """What a public registry keeps around an image: eight platforms, each with its attestation, ten
    layers, thirty lines of history and an environment."""
    layout, entries = Layout(place), []
    history = [{"created": "2024-05-01T10:00:00.123456789Z", "comment": "buildkit.dockerfile.v0",
                "created_by": f"RUN /bin/sh -c set -eux; apt-get update; apt-get install -y package-{line} "
                              "&& rm -rf /var/lib/apt/lists/* # buildkit", "empty_layer": line >= 10}
               for line in range(30)]
    for number, machine in enumerate(("amd64", "arm64", "386", "arm", "ppc64le", "s390x", "riscv64", "mips64le")):
        layers = [layout.add(application(1000 + 10 * number + place, 2), LAYER) for place in range(10)]
        one = layout.manifest(
            layers, "nginx", architecture=machine, history=history,
            config={"Env": [f"VERSION_{line}={line}.2.3-4~bookworm" for line in range(12)],
                    "Entrypoint": ["/docker-entrypoint.sh"], "ExposedPorts": {"80/tcp": {}}})
        notes = {"org.opencontainers.image.revision": "0" * 40, "org.opencontainers.image.version": "1.27.3",
                 "org.opencontainers.image.url": "https://hub.example.com/_/nginx"}
        entries.append({**one, "platform": {"architecture": machine, "os": "linux"}, "annotations": notes})
        entries.append({**layout.manifest([layers[0]], "", architecture="unknown", os="unknown"),
                        "platform": {"architecture": "unknown", "os": "unknown"},
                        "annotations": {"vnd.docker.reference.type": "attestation-manifest",
                                        "vnd.docker.reference.digest": one["digest"]}})
    layout.name(layout.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}, INDEX), "hub")

