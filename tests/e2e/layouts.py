"""Writes small OCI layouts whose layers are lists of tar entries."""

import gzip
import hashlib
import io
import json
import os
import tarfile

EPOCH = "1970-01-01T00:00:00Z"
TAG = "latest"


def file(name, mode=0o644, uid=0, gid=0, body=b"x", capability=None):
    info = tarfile.TarInfo(name)
    info.mode, info.uid, info.gid, info.size = mode, uid, gid, len(body)
    _set_capability(info, capability)
    return info, body


def _set_capability(info, capability):
    if capability:
        info.pax_headers["SCHILY.xattr.security.capability"] = capability.decode(
            "utf-8", "surrogateescape")


def _bodiless(kind, name, mode, uid, gid, linkname=""):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid, info.linkname = kind, mode, uid, gid, linkname
    return info, b""


def directory(name, mode=0o755, uid=0, gid=0):
    return _bodiless(tarfile.DIRTYPE, name, mode, uid, gid)


def symlink(name, target):
    return _bodiless(tarfile.SYMTYPE, name, 0o777, 0, 0, target)


def hardlink(name, target, mode=0o644, uid=0, gid=0, capability=None):
    info, body = _bodiless(tarfile.LNKTYPE, name, mode, uid, gid, target)
    _set_capability(info, capability)
    return info, body


def device(name, major, minor):
    info, body = _bodiless(tarfile.CHRTYPE, name, 0o600, 0, 0)
    info.devmajor, info.devminor = major, minor
    return info, body


def whiteout(name):
    parent, leaf = os.path.split(name)
    return file(os.path.join(parent, ".wh." + leaf), body=b"")


def opaque(name):
    return file(os.path.join(name, ".wh..wh..opq"), body=b"")


def layer_bytes(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, body in entries:
            tar.addfile(info, io.BytesIO(body))
    return out.getvalue()


def write_layout(path, layers, user="", compress=None):
    """`layers`: lists of entries, or the bytes of whole tars.  `compress`: "gzip" or None, by layer."""
    blobs = os.path.join(path, "blobs", "sha256")
    os.makedirs(blobs)

    def blob(data):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(blobs, digest), "wb") as out:
            out.write(data)
        return {"digest": "sha256:" + digest, "size": len(data)}

    descriptors, diff_ids = [], []
    for number, entries in enumerate(layers):
        plain = entries if isinstance(entries, bytes) else layer_bytes(entries)
        diff_ids.append("sha256:" + hashlib.sha256(plain).hexdigest())
        zipped = compress and compress[number % len(compress)] == "gzip"
        descriptors.append({
            "mediaType": "application/vnd.oci.image.layer.v1.tar" + ("+gzip" if zipped else ""),
            **blob(gzip.compress(plain, 1, mtime=0) if zipped else plain)})
    config = {"architecture": "amd64", "os": "linux", "created": EPOCH,
              "config": {"User": user, "Cmd": ["/bin/id"], "Env": ["PATH=/bin:/usr/bin"]},
              "rootfs": {"type": "layers", "diff_ids": diff_ids},
              "history": [{"created": EPOCH, "created_by": f"layer {n}"} for n in range(len(layers))]}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                           **blob(json.dumps(config).encode())},
                "layers": descriptors}
    index = {"schemaVersion": 2, "manifests": [
        {"mediaType": manifest["mediaType"], **blob(json.dumps(manifest).encode()),
         "platform": {"architecture": "amd64", "os": "linux"},
         "annotations": {"org.opencontainers.image.ref.name": TAG}}]}
    with open(os.path.join(path, "index.json"), "w", encoding="utf-8") as out:
        json.dump(index, out)
    with open(os.path.join(path, "oci-layout"), "w", encoding="utf-8") as out:
        json.dump({"imageLayoutVersion": "1.0.0"}, out)
    return path
