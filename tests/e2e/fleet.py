"""A host with images in three engines, and nonzero on it as if they were the host's own: what lies where
engines keep it is seen by that process alone."""

import json
import os
import pathlib
import sys

import engines
import kit

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from oddimage import Image, Layer, digest, docker_archive, oci_archive, oci_layout  # noqa: E402
from oddtar import archive, file  # noqa: E402

PASSWD = b"root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"
BASE = Layer(archive(file("etc/passwd", body=PASSWD),
                     file("var/lib/dpkg/info/util-linux.list", body=b"/bin/su\n/bin/mount\n"),
                     file("bin/su", 0o4755), file("bin/mount", 0o4755)),
             packed="gzip", created_by="ADD base")


def of(name, *layers, user="1000"):
    """An image that is no other's: its topmost layer holds its name."""
    own = Layer(archive(file("name", body=name.encode())), packed="gzip", created_by="COPY name")
    return Image([*layers, own], user=user, tags=(name,))


# By the name that Podman, Docker or containerd has for it.
IN_PODMAN = {name: of(name, *layers, user=user) for name, user, layers in (
    ("docker.io/library/debian:12", "app", [BASE]),
    ("quay.io/team/web:latest", "0", [BASE]),
    ("localhost/good:1", "1000", []),
    ("localhost/shell:2", "app", [BASE]),
)}
IN_PODMAN["localhost/base:1"] = Image([BASE], tags=("localhost/base:1",))
IN_DOCKER = {name: of(name, *layers, user=user) for name, user, layers in (
    ("debian:12", "app", [BASE]),
    ("team/site:latest", "1000", []),
    ("registry.example/only/docker:3", "", [BASE]),
)}
IN_CONTAINERD = {name: of(name, *layers, user=user) for name, user, layers in (
    ("docker.io/library/debian:12", "1000", []),
    ("registry.example/pod:7", "1000", [BASE]),
)}
SPACE = "k8s.io"

# The places in the process that nonzero is, of what lies elsewhere.
SETTLE = """
mount -t tmpfs tmpfs /var/lib
for pair; do
  case $pair in --) shift; break ;; esac
  mkdir -p "${pair#*=}"
  mount --bind "${pair%%=*}" "${pair#*=}"
  shift
done
exec "$@"
"""


class Host:
    def __init__(self, directory, docker, containerd):
        directory.mkdir()
        self.docker, self.containerd, self.directory = docker, containerd, directory
        self.storage = engines.Storage(directory / "podman")
        self.conf = directory / "storage.conf"
        self.conf.write_text('[storage]\ndriver = "overlay"\n')
        layout = oci_layout(directory / "layout", *IN_PODMAN.values())
        for name in IN_PODMAN:
            self.add_to_podman(layout, name)
        self.storage.podman("tag", "localhost/shell:2", "localhost/shell:old")
        docker("load", "--input", docker_archive(directory / "docker.tar", *IN_DOCKER.values()))
        containerd("-n", SPACE, "images", "import", "--no-unpack",
                   oci_archive(directory / "containerd.tar", *IN_CONTAINERD.values()))

    def add_to_podman(self, layout, name):
        place = f"[overlay@{self.storage.directory}/storage+{self.storage.directory}/run]"
        self.storage.skopeo(f"oci:{layout}:{name}", f"containers-storage:{place}{name}")

    def run(self, *arguments, **options):
        """nonzero with these arguments, where the engines are."""
        return self.run_as([kit.NONZERO], *arguments, **options)

    def run_as(self, program, *arguments, without=(), places=None, **options):
        """`program`, a list, where the engines are but those of `without`, or where `places` are."""
        options.setdefault("check", False)
        places = places or {"podman": (f"{self.storage.directory}/storage", "/var/lib/containers/storage"),
                            "docker": (self.docker.root, "/var/lib/docker"),
                            "containerd": (self.containerd.root, "/var/lib/containerd")}
        binds = [f"{there}={here}" for name, (there, here) in places.items() if name not in without]
        environment = {**os.environ, "CONTAINERS_STORAGE_CONF": str(self.conf), "DOCKER_HOST": "",
                       **options.pop("env", {})}
        return kit.run("unshare", "--mount", "--propagation", "private", "sh", "-ec", SETTLE, "sh",
                       *binds, "--", *program, *arguments, env=environment, **options)

    def scan(self, *arguments, **options):
        """The report, whatever the verdict."""
        done = self.run("scan", "--no-cache", "--format", "json", *arguments, **options)
        return kit.read_report(done, arguments)

    def images(self, *arguments, **options):
        done = self.run("images", "--format", "json", *arguments, **options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["images"]

    def close(self):
        self.storage.close()


def id_of(image):
    """As Podman and Docker call it."""
    return digest(image.config_bytes())


def whole(name):
    """A name with what Docker leaves out."""
    first, slash, _ = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    return name if "." in first or first == "localhost" else f"docker.io/{name}"
