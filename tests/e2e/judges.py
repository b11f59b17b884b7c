"""Trees of what an image really holds, made by programs that are not ours.

`umoci unpack` is the first judge.  The second is the kernel: every layer unpacked on its own, its
whiteouts turned into those of overlayfs, and all of them mounted over each other; that is what
Docker's overlay2 driver does, which on every image of test_odd_layers.py was seen to leave the same
files or to refuse.  For odd images there is a third, Podman (engines.podman_tree).
"""

import contextlib
import json
import os
import shutil
import stat
import tarfile
from dataclasses import dataclass

import kit

WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"
CAPABILITY = "security.capability"
REFUSED = 3


class Refused(Exception):
    """The judge would not unpack this image."""


@dataclass(frozen=True, order=True)
class File:
    mode: str
    uid: int
    gid: int
    capable: bool


def privileged_files(tree):
    """{absolute path: File} by find(1) and getcap(8), regular files only."""
    listing = kit.run("find", tree, "-xdev", "-type", "f", "-perm", "/6000",
                      "-printf", r"%P\0%m\0%U\0%G\0").stdout.split(b"\0")[:-1]
    files = {}
    for name, mode, uid, gid in zip(*[iter(listing)] * 4):
        files["/" + os.fsdecode(name)] = (mode.decode().zfill(4), int(uid), int(gid), False)
    prefix = len(os.fspath(tree))
    for line in kit.run("getcap", "-r", tree).stdout.splitlines():
        name = os.fsdecode(line.rpartition(b" ")[0])[prefix:]
        facts = os.lstat(os.fspath(tree) + name)
        files[name] = (f"{stat.S_IMODE(facts.st_mode):04o}", facts.st_uid, facts.st_gid, True)
    return {name: File(*facts) for name, facts in files.items()}


def every_file(tree):
    """{path: (kind, mode, uid, gid, capability, link target)} of a whole tree, for judge against judge."""
    facts = {}
    root = os.fspath(tree)
    for folder, folders, names in os.walk(root):
        for name in folders + names:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            kind = stat.S_IFMT(status.st_mode)
            mode, capability, target = stat.S_IMODE(status.st_mode), None, None
            if stat.S_ISLNK(kind):
                mode, target = None, os.readlink(path)
            elif stat.S_ISDIR(kind):
                mode = None  # attributes of implied directories are each unpacker's own choice
            if stat.S_ISREG(kind):
                with contextlib.suppress(OSError):
                    capability = os.getxattr(path, CAPABILITY, follow_symlinks=False).hex()
            owner = (None, None) if mode is None else (status.st_uid, status.st_gid)
            facts[path[len(root):]] = (oct(kind), mode, *owner, capability, target)
    return facts


def umoci_unpack(layout, tag, into):
    """Return the root filesystem that umoci makes of an OCI layout directory."""
    kit.need_root()
    kit.need("umoci")
    shutil.rmtree(into, ignore_errors=True)
    done = kit.run("umoci", "unpack", "--image", f"{layout}:{tag}", into, check=False)
    if done.returncode != 0:
        raise Refused(done.stderr.decode(errors="replace"))
    return os.path.join(into, "rootfs")


def umoci_user(layout, tag, into):
    """(uid, gid) that umoci puts into the runtime's config.json, or None when it refuses."""
    try:
        umoci_unpack(layout, tag, into)
    except Refused:
        return None
    with open(os.path.join(into, "config.json"), encoding="utf-8") as stream:
        user = json.load(stream)["process"]["user"]
    return user["uid"], user["gid"]


def layout_layers(layout):
    """Paths of the layer blobs of an OCI layout with one image, lowest first."""
    def blob(digest):
        return os.path.join(layout, "blobs", *digest.split(":"))

    with open(os.path.join(layout, "index.json"), encoding="utf-8") as stream:
        manifest_digest = json.load(stream)["manifests"][0]["digest"]
    with open(blob(manifest_digest), encoding="utf-8") as stream:
        return [blob(layer["digest"]) for layer in json.load(stream)["layers"]]


def open_layer(path):
    with open(path, "rb") as stream:
        magic = stream.read(4)
    if magic == b"\x28\xb5\x2f\xfd":
        import io
        return tarfile.open(fileobj=io.BytesIO(kit.run("zstd", "-dcq", path).stdout))
    return tarfile.open(path)


def _set_attributes(info, path):
    os.chown(path, info.uid, info.gid, follow_symlinks=False)
    if not info.issym():
        os.chmod(path, info.mode & 0o7777)
    for key, value in info.pax_headers.items():
        if key.startswith("SCHILY.xattr."):
            os.setxattr(path, key.removeprefix("SCHILY.xattr."),
                        value.encode("utf-8", "surrogateescape"), follow_symlinks=False)


def _remove(path):
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISDIR(os.lstat(path).st_mode):
            shutil.rmtree(path)
        else:
            os.unlink(path)


def _extract_entry(tar, info, lower):
    name = "/" + os.path.normpath(info.name).lstrip("/")
    if name == "/.":
        return
    parent, leaf = os.path.split(name)
    os.makedirs(parent, exist_ok=True)
    if leaf == OPAQUE:
        os.setxattr(parent, "trusted.overlay.opaque", b"y")
        return
    if leaf.startswith(".wh..wh."):
        return
    if leaf.startswith(WHITEOUT):
        with contextlib.suppress(FileExistsError):  # of its own layer: the file stays
            os.mknod(os.path.join(parent, leaf.removeprefix(WHITEOUT)), stat.S_IFCHR, os.makedev(0, 0))
        return
    if info.isdir():
        if not os.path.isdir(name) or os.path.islink(name):
            _remove(name)
            os.mkdir(name)
    elif info.issym():
        _remove(name)
        os.symlink(info.linkname, name)
    elif info.islnk():
        target = "/" + os.path.normpath(info.linkname).lstrip("/")
        if not os.path.lexists(target):  # in a lower layer: overlayfs would copy it up
            os.makedirs(os.path.dirname(target), exist_ok=True)
            _copy_up(lower, target)
        _remove(name)
        os.link(target, name, follow_symlinks=False)
    elif info.isreg():
        _remove(name)
        with open(name, "xb") as out:
            shutil.copyfileobj(tar.extractfile(info), out)
    else:
        kind = {tarfile.CHRTYPE: stat.S_IFCHR, tarfile.BLKTYPE: stat.S_IFBLK}.get(info.type, stat.S_IFIFO)
        _remove(name)
        os.mknod(name, kind, os.makedev(info.devmajor, info.devminor))
    _set_attributes(info, name)


def _copy_up(lower, target):
    mode, uid, gid, attributes, body = lower(target)
    with open(target, "xb") as out:
        out.write(body)
    os.chown(target, uid, gid)
    os.chmod(target, mode)
    for key, value in attributes.items():
        os.setxattr(target, key, value)


def _lower_files(tar, mounted):
    """What cross-layer hardlinks of this layer may need, read before the chroot hides it."""
    wanted = {}
    for info in tar:
        if info.islnk():
            target = "/" + os.path.normpath(info.linkname).lstrip("/")
            path = mounted + target if mounted else None
            if path and os.path.isfile(path) and not os.path.islink(path):
                status = os.lstat(path)
                with open(path, "rb") as stream:
                    wanted[target] = (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid,
                                      {key: os.getxattr(path, key) for key in os.listxattr(path)
                                       if not key.startswith("trusted.overlay.")}, stream.read())
    return wanted.__getitem__


def _unpack_layer(layer, directory, mounted):
    """Unpack in a chroot, so that the kernel and nobody else resolves symlinked parents."""
    with open_layer(layer) as tar:
        lower = _lower_files(tar, mounted)
        entries = tar.getmembers()
        pid = os.fork()
        if pid == 0:
            try:
                os.chroot(directory)
                os.chdir("/")
                os.umask(0o022)
                for info in entries:
                    _extract_entry(tar, info, lower)
                os._exit(0)
            except (OSError, KeyError) as problem:  # KeyError: a hardlink to nothing
                os.write(2, f"{layer}: {problem!r}\n".encode())
                os._exit(REFUSED)
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status) == REFUSED:
        raise Refused(layer)
    assert status == 0, f"the overlay judge broke down over {layer}"


@contextlib.contextmanager
def mounted(directories, point):
    """A read-only overlay of directories, the lowest first."""
    os.makedirs(point, exist_ok=True)
    empty = point + ".empty"
    os.makedirs(empty, exist_ok=True)
    lowers = ":".join([*reversed(directories), empty])
    kit.run("mount", "-t", "overlay", "overlay", "-o", f"ro,lowerdir={lowers}", point)
    try:
        yield point
    finally:
        kit.run("umount", point)


@contextlib.contextmanager
def overlay(layers, into):
    """Mount the layers (blob paths, lowest first) over each other; yields the merged root."""
    kit.need_root()
    shutil.rmtree(into, ignore_errors=True)
    os.makedirs(into)
    directories = []
    for number, layer in enumerate(layers):
        # Short names: mount(2) takes one page of options.
        directory = os.path.join(into, str(number))
        os.mkdir(directory)
        with contextlib.ExitStack() as stack:
            below = None
            if directories:
                below = stack.enter_context(mounted(directories, os.path.join(into, "below")))
            _unpack_layer(layer, directory, below)
        directories.append(directory)
    with mounted(directories, os.path.join(into, "merged")) as root:
        yield root
