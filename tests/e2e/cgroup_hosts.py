"""Parts of this host that take it for another: one with cgroup v2 alone, and one that systemd has started.
A command begins with the words that lead into it."""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import subprocess
import time

import kit
import watchkit

PACKAGES = ("systemd", "dbus", "podman", "docker.io", "containerd", "runc", "uidmap")

# Engines look at what /sys/fs/cgroup is; the watcher at /proc/cgroups, too.
UNIFY = """
umount -lR /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount --bind "$1" /proc/cgroups
echo ready
exec sleep infinity
"""

# Its group is the root that it sees.
ENTER = """
echo $$ >"$0/cgroup.procs"
exec unshare --pid --fork --kill-child --mount --cgroup --ipc --uts --net sh -ec "$1" sh "$2" "$3" "$4"
"""

# Nothing of the host's can be written from there but the directory $3: a systemd clears /tmp, among others.
BOOT = """
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
cd "$2/root"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for each in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs $each; done
chmod 1777 tmp
mkdir run/proc # who is no root may mount a /proc where there is a whole one
mount -t proc proc run/proc
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
for each in null,3 zero,5 full,7 random,8 urandom,9; do mknod -m 666 "dev/${each%,*}" c 1 "${each#*,}"; done
mknod -m 666 dev/tty c 5 0
mkdir -p ".$3" old
mount --bind "$3" ".$3"
pivot_root . old
umount -l /old
mkdir -p /run/systemd/system
printf '[Unit]\\nDefaultDependencies=no\\n' >/run/systemd/system/nothing.target
exec env -i container=test /lib/systemd/systemd --system --unit=nothing.target
"""


USER = 1000
ADD_USER = f"""
useradd --create-home --uid {USER} app
install -d -o app /run/user/{USER}
"""


@contextlib.contextmanager
def running(*argv, **options):
    """A process that is killed in the end."""
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, **options) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def unified(directory):
    """The words for a host of cgroup v2 alone, with the controllers that v1 leaves to it here."""
    kit.need_root()
    kit.need("unshare", "nsenter")
    table = directory / "proc-cgroups"
    rows = [line.split("\t") for line in pathlib.Path("/proc/cgroups").read_text(encoding="ascii").splitlines()]
    table.write_text("".join("\t".join([row[0], row[1] if row[0][0] == "#" else "0", *row[2:]]) + "\n"
                             for row in rows), encoding="ascii")
    with running("unshare", "--mount", "--propagation", "private", "sh", "-ec", UNIFY, "sh", table,
                 stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        if process.stdout.readline() != b"ready\n":
            kit.must_or_skip("no cgroup2 over /sys/fs/cgroup: " + process.stderr.read().decode(errors="replace"))
        yield ("nsenter", f"--mount=/proc/{process.pid}/ns/mnt", "--")


def systemd_root():
    """A Debian root with systemd and engines, made once."""
    path = kit.CACHE / f"systemd-{hashlib.sha256(repr(PACKAGES).encode()).hexdigest()[:12]}"
    with kit.made_once(path) as part:
        if part:
            kit.need("mmdebstrap")
            done = kit.run("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase",
                           '--aptopt=APT::Install-Recommends "false"', "--include=" + ",".join(PACKAGES),
                           "bookworm", part, check=False, timeout=900)
            if done.returncode != 0:
                kit.must_or_skip("mmdebstrap could not make a root: " +
                                 done.stderr.decode(errors="replace")[-400:])
    return path


def unified_mount():
    for line in pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        left, _, right = line.partition(" - ")
        if right.split()[0] == "cgroup2" and left.split()[3] == "/":
            return pathlib.Path(left.split()[4])
    return kit.must_or_skip("cgroup v2 is mounted nowhere")


@contextlib.contextmanager
def group_of(name):
    """A group of v2's, gone afterwards with those below it."""
    group = unified_mount() / name
    group.mkdir()
    try:
        yield group
    finally:
        for _ in range(100):  # the last processes may still be ending
            for path, _, _ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(path)
            if not group.exists():
                break
            time.sleep(0.05)


@dataclasses.dataclass(frozen=True)
class Booted:
    enter: tuple
    shared: pathlib.Path  # a directory that is the same here and there

    @property
    def scope(self):
        """The words for a scope of its own below system.slice."""
        return (*self.enter, "systemd-run", "--scope", "--quiet", "--collect", "--")

    def service(self, name, *argv, options=()):
        """A service that does nothing but this. Without those that all others need: they would start, too."""
        kit.run(*self.enter, "systemd-run", "--quiet", f"--unit={name}", "--property=DefaultDependencies=no",
                "--property=Delegate=yes", *options, *argv)

    def user_service(self, name, *argv):
        """A service of a user who is not root, with a home and a directory for what runs."""
        kit.run(*self.enter, "sh", "-ec", ADD_USER)
        self.service(name, *argv, options=(f"--uid={USER}", "--setenv=HOME=/home/app",
                                           f"--setenv=XDG_RUNTIME_DIR=/run/user/{USER}"))

    def kill(self, name):
        kit.run(*self.enter, "systemctl", "kill", "--signal=KILL", name, check=False)


@contextlib.contextmanager
def booted(directory):
    """A host of cgroup v2 that systemd has started."""
    kit.need_root()
    kit.need("unshare", "nsenter", "pivot_root")
    root, place, shared = systemd_root(), directory / "systemd", directory / "shared"
    for each in (place / "upper", place / "work", place / "root", shared):
        each.mkdir(parents=True)
    with group_of(watchkit.MARK) as group, open(place / "log", "wb") as log:
        # Killed, unshare takes the first process of the namespace with it, and that one all others.
        with running("sh", "-ec", ENTER, group, BOOT, root, place, shared, stdout=log, stderr=log) as process:
            yield Booted(wait_for(process, place / "log"), shared)


def wait_for(process, log):
    """The words that lead to systemd, once it answers."""
    for _ in range(100):
        time.sleep(0.1)
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
        if not children:
            continue
        enter = ("nsenter", f"--target={children.strip()}", "--mount", "--pid", "--cgroup", "--ipc", "--uts", "--net",
                 "--")
        if kit.run(*enter, "systemctl", "is-active", "nothing.target", check=False).returncode == 0:
            return enter
    return kit.must_or_skip("systemd does not start: " + log.read_text(errors="replace")[-400:])
