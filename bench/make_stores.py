#!/usr/bin/python3
"""Fills the stores and the registry that bench/stores.py measures.  Called by bench/make-images.sh.

    make_stores.py IMAGES       the directory with root.tar, plain.tar, six-plain.tar, one-gz.tar

Run as root.  Idempotent: what is there is kept; remove a `filled` file to have its store filled
again (unmount what is below it before removing a store).  About 5 GB when done:

    podman/     Podman's store with the image as one layer
    host/       Podman's store with 50 images on a base of six layers
    unique/     Podman's store with each of the 49 layers that are not of that base, alone
    docker/     dockerd's data (overlay2) with the image as one layer
    registry/   docker-registry's storage: the image as eStargz and as zstd:chunked, and a small
                one with all that public registries keep around an image
"""

import os
import pathlib
import shutil
import sys

import layouts
from images import write_split
from servers import ONE, Containerd, Docker, Podman, Registry, run

HOST_IMAGES = 50
CHUNKED, ESTARGZ, HUB = "bench/chunked:1", "bench/estargz:1", "bench/hub:1"


def wanted(place):
    if (place / "filled").exists():
        return False
    print(f"make-images: {place.name}", file=sys.stderr)
    place.mkdir(exist_ok=True)
    return True


def filled(place):
    (place / "filled").touch()


def fill_podman(images):
    store = Podman(images / "podman")
    if wanted(store.place):
        store.prepare()
        store.add(f"docker-archive:{images}/plain.tar", ONE)
        store.close()
        filled(store.place)


def fill_host(images):
    host, unique = Podman(images / "host"), Podman(images / "unique")
    if not wanted(host.place):
        return
    layout = images / "host.part"
    shutil.rmtree(layout, ignore_errors=True)
    layouts.write_host(images / "six-plain.tar", layout, HOST_IMAGES)
    for store in (host, unique):
        store.prepare()
    host.add(f"oci:{layout}:base", "localhost/bench:base")
    for number in range(1, HOST_IMAGES):
        host.add(f"oci:{layout}:app-{number}", f"localhost/app:{number}")
        unique.add(f"oci:{layout}:only-{number}", f"localhost/only:{number}")
    for store in (host, unique):
        store.close()
    shutil.rmtree(layout)
    filled(host.place)


def fill_docker(images):
    docker = Docker(images / "docker")
    if wanted(docker.place):
        with docker.serving():
            run(*docker.client, "load", "--quiet", "--input", images / "plain.tar")
            run(*docker.client, "tag", "bench:one", ONE)
        filled(docker.place)


def write_estargz(images, target):
    """Not in OCI's own compressors: by containerd's, which needs its daemon and room for a copy."""
    containerd = Containerd(images / "containerd")
    source, converted = "bench.invalid/one:latest", "bench.invalid/one:estargz"
    with containerd.serving():
        run(*containerd.client, "images", "import", "--no-unpack", "--base-name", "bench.invalid/one",
            images / "one-gz.tar")
        run(*containerd.client, "images", "convert", "--oci", "--estargz", source, converted)
        run(*containerd.client, "images", "export", target, converted)
    shutil.rmtree(containerd.place)


def fill_registry(images):
    registry = Registry(images / "registry")
    if not wanted(registry.place):
        return
    part, trimmed, hub = images / "estargz.part", images / "trimmed.part", images / "hub.part"
    shutil.rmtree(hub, ignore_errors=True)
    layouts.write_hub(hub)
    # skopeo 1.9 drops what follows a layer's two closing blocks, and its diff_id is wrong then.
    write_split(str(images / "root.tar"), str(trimmed), 1)
    write_estargz(images, part)
    with registry.serving():
        def push(source, name, *options):
            run("skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", *options, source,
                f"docker://{registry.host}/{name}")
        push(f"oci-archive:{part}", ESTARGZ)
        push(f"docker-archive:{trimmed}", CHUNKED, "--format", "oci",
             "--dest-compress-format", "zstd:chunked")
        push(f"oci:{hub}:hub", HUB, "--all")
    part.unlink()
    trimmed.unlink()
    shutil.rmtree(hub)
    filled(registry.place)


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    if os.geteuid() != 0:
        sys.exit("make-images: the stores of engines are not built: that needs root")
    images = pathlib.Path(arguments[0]).resolve()
    for fill in (fill_podman, fill_host, fill_docker, fill_registry):
        fill(images)


if __name__ == "__main__":
    main(sys.argv[1:])
