"""Buildah, Podman, Skopeo and Docker, each with storage of its own below the test's directory."""

import contextlib
import os
import signal
import shutil
import subprocess
import tempfile
import time

import judges
import kit

# Podman 4.3: its own default limits need CAP_SYS_RESOURCE, crun 1.8 refuses hybrid cgroups.
PODMAN_RUN = ["run", "--rm", "--network", "none", "--ulimit", "nofile=1024:1024",
              "--ulimit", "nproc=1000:1000"]


class Storage:
    """One containers/storage, shared by buildah and podman and by nobody else on the host. WITHIN are the words
    that lead into namespaces where it is used."""

    def __init__(self, directory, within=(), cgroup_manager="cgroupfs"):
        kit.need_root()
        kit.need("buildah", "podman", "skopeo")
        self.directory, self.within = os.fspath(directory), within
        self.run_root = tempfile.mkdtemp(prefix="nz", dir="/var/tmp")  # Podman: 50 characters at most
        self.root = ["--root", f"{self.directory}/storage", "--runroot", self.run_root,
                     "--storage-driver", "overlay"]
        self.podman_line = ["podman", "--runtime", "runc", "--cgroup-manager", cgroup_manager, *self.root]
        self.environment = {**os.environ, "TMPDIR": f"{self.directory}/tmp"}
        os.makedirs(self.environment["TMPDIR"], exist_ok=True)

    def buildah(self, *arguments, **options):
        return kit.run(*self.within, "buildah", *self.root, *arguments, env=self.environment,
                       **options).stdout.decode().strip()

    def podman(self, *arguments, **options):
        return kit.run(*self.within, *self.podman_line, *arguments, env=self.environment, **options)

    def skopeo(self, *arguments):
        return kit.run("skopeo", "--insecure-policy", "copy", "--quiet", *arguments, env=self.environment)

    def close(self):
        self.buildah("rm", "--all", check=False)
        self.podman("rm", "--all", "--force", "--time", "0", check=False)
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            points = [line.split()[1] for line in mounts]
        for point in reversed(points):
            if point.startswith((self.directory + "/", self.run_root + "/")):
                kit.run("umount", "-l", point, check=False)
        shutil.rmtree(self.run_root, ignore_errors=True)


def stop(process):
    """Ends a daemon that a test started."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


WITHOUT_CRI = 'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'


@contextlib.contextmanager
def containerd_daemon(directory, plugins=WITHOUT_CRI, within=()):
    """Debian's containerd with a socket, root and state of its own; yields a function that runs ctr."""
    kit.need_root()
    kit.need("containerd", "ctr")
    os.makedirs(directory, exist_ok=True)
    socket, config = f"{directory}/containerd.sock", f"{directory}/config.toml"
    with open(config, "w", encoding="utf-8") as file:
        file.write(f'version = 2\nroot = "{directory}/root"\nstate = "{directory}/state"\n'
                   f'{plugins}[grpc]\n  address = "{socket}"\n[ttrpc]\n  address = "{socket}.ttrpc"\n')
    with open(f"{directory}/containerd.log", "wb") as log:
        process = subprocess.Popen([*within, "containerd", "-c", config], stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log)

    def ctr(*arguments, **options):
        return kit.run(*within, "ctr", "-a", socket, *arguments, **options)

    try:
        for _ in range(150):
            if process.poll() is not None or ctr("version", check=False).returncode == 0:
                break
            time.sleep(0.1)
        if ctr("version", check=False).returncode != 0:
            with open(f"{directory}/containerd.log", encoding="utf-8", errors="replace") as log:
                lines = log.read().splitlines()
            kit.must_or_skip("containerd does not start: " + (lines[-1] if lines else "no message"))
        yield ctr
    finally:
        stop(process)


@contextlib.contextmanager
def docker_daemon(directory, driver="overlay2", within=(), cgroup_driver=None):
    """Debian's dockerd with a socket, data and state of its own; yields a function that runs docker."""
    kit.need_root()
    daemon, client = "/usr/sbin/dockerd", "/usr/bin/docker"
    kit.need(daemon, client)
    os.makedirs(directory, exist_ok=True)
    socket = f"unix://{directory}/docker.sock"
    with open(f"{directory}/dockerd.log", "wb") as log:
        process = subprocess.Popen(
            [*within, daemon, "--storage-driver", driver, "--iptables=false", "--bridge=none",
             *(["--exec-opt", f"native.cgroupdriver={cgroup_driver}"] if cgroup_driver else []),
             "--data-root", f"{directory}/data", "--exec-root", f"{directory}/exec",
             "--pidfile", f"{directory}/docker.pid", "-H", socket],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def docker(*arguments, **options):
        return kit.run(*within, client, "-H", socket, *arguments, **options)

    try:
        for _ in range(150):
            if process.poll() is not None or docker("version", check=False).returncode == 0:
                break
            time.sleep(0.2)
        if docker("version", check=False).returncode != 0:
            with open(f"{directory}/dockerd.log", encoding="utf-8", errors="replace") as log:
                lines = log.read().splitlines()
            kit.must_or_skip("dockerd does not start: " + (lines[-1] if lines else "no message"))
        yield docker
    finally:
        stop(process)


@contextlib.contextmanager
def podman_tree(storage, layout, tag):
    """The root of an OCI layout's image as containers/storage keeps and mounts it."""
    pulled = storage.podman("pull", "--quiet", f"oci:{layout}:{tag}", check=False)
    if pulled.returncode != 0:
        message = pulled.stderr.decode(errors="replace")
        assert "processing tar file" in message, message
        raise judges.Refused(message)
    image = pulled.stdout.decode().strip()
    try:
        yield storage.podman("image", "mount", image).stdout.decode().strip()
    finally:
        storage.podman("image", "unmount", image, check=False)
        storage.podman("rmi", "--force", image, check=False)
