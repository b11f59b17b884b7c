"""What the tests of engines' stores share: an image with everything that layers can do, and how to
compare what is said of it."""

import json
import os
import pathlib
import shutil
import tempfile

import kit

PASSWD = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"


def write(path, text="x\n", mode=0o644, uid=0, gid=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.chown(path, uid, gid)
    os.chmod(path, mode)


def below(root):
    write(root / "etc/passwd", PASSWD)
    write(root / "etc/group", "root:x:0:\napp:x:1000:\n")
    write(root / "bin/su", mode=0o4755)
    os.link(root / "bin/su", root / "bin/su-too")
    write(root / "bin/gone", mode=0o4755)
    write(root / "bin/changed", mode=0o755)
    write(root / "bin/of-app", mode=0o4755, uid=1000, gid=1000)
    write(root / "bin/group", mode=0o2755, gid=42)
    write(root / "bin/ping", mode=0o755)
    kit.run("setcap", "cap_net_raw+ep", root / "bin/ping")
    write(root / "opt/old/hidden", mode=0o4755)
    write(root / "srv/removed/hidden", mode=0o4755)
    write(root / "large", "0123456789abcdef" * 40000)
    os.mknod(root / "null", 0o20666, os.makedev(1, 3))
    os.symlink("bin/su", root / "link")


def above(root):
    os.unlink(root / "bin/gone")
    os.chmod(root / "bin/changed", 0o4711)
    shutil.rmtree(root / "opt/old")
    write(root / "opt/old/new", mode=0o6755)
    shutil.rmtree(root / "srv/removed")
    os.unlink(root / "bin/su-too")
    os.link(root / "bin/changed", root / "bin/changed-too")
    write(root / "with space/\u00fc\n", mode=0o4755)


def top(root):
    write(root / "etc/passwd", PASSWD + "toor:x:0:0::/:/bin/sh\n")


# What the image holds in the end, by the files that give privilege.
PATHS = {"/bin/su", "/bin/of-app", "/bin/group", "/bin/ping", "/bin/changed", "/bin/changed-too",
         "/opt/old/new", "/with space/\u00fc\n"}


def build(storage, name, user="app", steps=(below, above, top)):
    """An image of as many layers as there are steps."""
    image = "scratch"
    for place, step in enumerate(steps):
        container = storage.buildah("from", image)
        root = pathlib.Path(storage.buildah("mount", container))
        step(root)
        storage.buildah("umount", container)
        storage.buildah("config", "--user", user, container)
        image = storage.buildah("commit", "--quiet", "--rm", container, f"{name}-{place}")
    storage.buildah("tag", image, name)
    return name


def in_store(storage, name):
    return (f"containers-storage:[overlay@{storage.directory}/storage+{storage.directory}/run]{name}")


def facts(subject):
    return sorted((one["rule"], one.get("path") or "", one.get("mode"), one.get("uid"),
                   one.get("gid"), one.get("layer", {}).get("index"))
                  for one in subject.get("findings", []))


def assert_same(subject, other):
    assert facts(subject) == facts(other)
    assert subject["user"] == other["user"]
    assert PATHS == set(kit.file_findings(subject)), "not the image that was built"


def scan_with_etc(directory, files, source):
    """A scan on a host that has FILES ({path below /etc: text}) as well."""
    etc = directory / "etc"
    for name, text in files.items():
        write(etc / name, text)
    done = kit.run("unshare", "--mount", "sh", "-c",
                   'mount -t overlay overlay -o "lowerdir=$1:/etc" /etc && shift && exec "$@"', "sh",
                   etc, kit.NONZERO, "scan", "--no-cache", "--format", "json", source, check=False)
    shutil.rmtree(etc)
    return done


class Program:
    """nonzero and what belongs to it where any user can start it."""

    def __init__(self):
        self.place = tempfile.mkdtemp(prefix="nonzero-")
        os.chmod(self.place, 0o755)
        for name in (kit.NONZERO, kit.NONZERO.parent / "nonzero-fetch"):
            shutil.copy(name, self.place)

    def scan_as_nobody(self, source):
        return kit.run("runuser", "-u", "nobody", "--", f"{self.place}/nonzero", "scan", "--format",
                       "json", source, check=False, cwd="/")

    def close(self):
        shutil.rmtree(self.place, ignore_errors=True)


def judged(done):
    """The one subject of a run of the program."""
    report = json.loads(done.stdout)
    assert len(report["subjects"]) == 1, done.stderr
    return report["subjects"][0]


def refused(done, *mentions):
    message = done.stderr.decode()
    assert done.returncode == 2 and not done.stdout, message
    for mention in mentions:
        assert mention in message, message
