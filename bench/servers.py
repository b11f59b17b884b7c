"""Stores and servers of engines for bench/make_stores.py and bench/stores.py: real ones, each with
all it writes below the images' directory, and on loopback."""

import contextlib
import hashlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

TRIES, PAUSE = 150, 0.2
ONE = "localhost/bench:one"


def run(*argv, **options):
    done = subprocess.run([str(one) for one in argv], capture_output=True, check=False, text=True,
                          **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(one) for one in argv)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


class Podman:
    """A store of containers/storage with the overlay driver."""

    def __init__(self, place):
        self.place, self.root, self.run_root = place, place / "root", place / "run"
        if len(str(self.run_root)) > 50:  # Podman takes no longer one
            name = hashlib.sha256(bytes(place)).hexdigest()[:8]
            self.run_root = pathlib.Path("/run") / f"nonzero-bench-{name}"
        self.options = ["--root", str(self.root), "--runroot", str(self.run_root), "--storage-driver", "overlay"]
        self.command = ["podman", *self.options]
        self.configuration = place / "storage.conf"

    def prepare(self):
        self.place.mkdir(exist_ok=True)
        self.configuration.write_text(f'[storage]\ndriver = "overlay"\ngraphroot = "{self.root}"\n'
                                      f'runroot = "{self.run_root}"\n')

    def source(self, name):
        return f"containers-storage:[overlay@{self.root}+{self.run_root}]{name}"

    def add(self, source, name):
        run("skopeo", "--insecure-policy", "copy", "--quiet", source, self.source(name))

    def mount_and_find(self, name):
        return ["sh", "-c", f'find "$({" ".join(self.command)} image mount {name})" -perm /6000']

    def unmount(self, name):
        return " ".join([*self.command, "image", "unmount", name])

    def close(self):
        """Podman leaves its store mounted on itself."""
        unmount_below(self.root, self.run_root)


def unmount_below(*places):
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        points = [line.split()[1] for line in mounts]
    for point in reversed(points):
        if point.startswith(tuple(f"{place}/" for place in places)):
            subprocess.run(["umount", point], check=False)


def free_port():
    with contextlib.closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def serving(argv, log_path, ready):
    """A server while the block runs; `ready` says when it can be asked."""
    with open(log_path, "wb") as log:
        process = subprocess.Popen([str(one) for one in argv], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log)
    try:
        for _ in range(TRIES):
            if process.poll() is not None or ready():
                break
            time.sleep(PAUSE)
        if process.poll() is not None or not ready():
            sys.exit(f"{argv[0]} does not start; see {log_path}")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(*argv):
    return subprocess.run([str(one) for one in argv], capture_output=True, check=False).returncode == 0


class Registry:
    """docker-registry. What it sent is in its log."""

    def __init__(self, place):
        self.place, self.log = place, place / "log"
        self.host = None

    @contextlib.contextmanager
    def serving(self):
        self.place.mkdir(exist_ok=True)
        self.host = f"127.0.0.1:{free_port()}"
        conf = self.place / "config.yml"
        conf.write_text(json.dumps({
            "version": "0.1", "storage": {"filesystem": {"rootdirectory": str(self.place / "store")}},
            "http": {"addr": self.host}}))
        with serving(["docker-registry", "serve", conf], self.log, self.up) as process:
            yield process

    def up(self):
        name, _, port = self.host.partition(":")
        with contextlib.suppress(OSError), socket.create_connection((name, int(port)), 1):
            return True
        return False

    def sent(self):
        """Bytes of all bodies sent so far, and how many requests there were."""
        time.sleep(0.2)  # a line is written after its answer
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if ' HTTP/1.1" ' in line]
        bodies = [int(line.split(' HTTP/1.1" ')[1].split()[1]) for line in lines if '"GET ' in line]
        return sum(bodies), len(lines)


class Docker:
    """dockerd with the overlay2 driver."""

    def __init__(self, place):
        self.place, self.data = place, place / "data"
        self.client = ["/usr/bin/docker", "-H", f"unix://{place}/socket"]

    @contextlib.contextmanager
    def serving(self):
        self.place.mkdir(exist_ok=True)
        daemon = "/usr/sbin/dockerd"
        argv = [daemon, "--storage-driver", "overlay2", "--iptables=false", "--bridge=none",
                "--data-root", self.data, "--exec-root", self.place / "exec",
                "--pidfile", self.place / "pid", "-H", f"unix://{self.place}/socket"]
        with serving(argv, self.place / "log", lambda: answers(*self.client, "version")) as process:
            yield process
        unmount_below(self.data, self.place / "exec")

    def source(self, name):
        return f"docker-daemon:[{self.data}]{name}"


class Containerd:
    """containerd for stargz-snapshotter's ctr-remote, which writes eStargz."""

    def __init__(self, place):
        self.place = place
        self.client = ["ctr-remote", "--address", f"{place}/socket"]

    @contextlib.contextmanager
    def serving(self):
        self.place.mkdir(exist_ok=True)
        conf = self.place / "config.toml"
        conf.write_text(f'version = 2\nroot = "{self.place}/root"\nstate = "{self.place}/state"\n'
                        'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
                        f'[grpc]\naddress = "{self.place}/socket"\n[ttrpc]\naddress = "{self.place}/ttrpc"\n')
        with serving(["containerd", "-c", conf], self.place / "log",
                     lambda: answers(*self.client, "version")) as process:
            yield process
        unmount_below(self.place)
