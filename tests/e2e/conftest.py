"""The parts that tests share: the Debian root (cached), the images made of it, scratch space."""

import hashlib
import os
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import engines  # noqa: E402
import fleet  # noqa: E402
import kit  # noqa: E402

PACKAGES = ("iputils-ping", "passwd", "util-linux", "sudo", "libcap2-bin", "openssh-client",
            "bsdextrautils", "cron", "busybox-static")
HOOKS = ('chroot "$1" useradd --uid 1000 --user-group --no-create-home app',)


def pytest_configure(config):
    """The reason of every skip is printed, whoever runs this."""
    if "s" not in config.option.reportchars:
        config.option.reportchars += "s"


@pytest.fixture(scope="module", autouse=True)
def engines_can_enter(request):
    """In a chroot no engine enters a container by `exec`: the kernel leads it to the host's root. Nor is there a user
    namespace to be had, by which it is told."""
    if request.module.__name__.startswith("test_watch") and kit.run("unshare", "--user", "true", check=False).returncode:
        kit.must_or_skip("needs user namespaces, and not to be in a chroot: engines enter no container there")


@pytest.fixture(scope="session")
def debian_root():
    """A tar of a Debian minbase root with setuid, setgid and capable files and a user `app`."""
    recipe = hashlib.sha256(repr((PACKAGES, HOOKS)).encode()).hexdigest()[:12]
    path = kit.CACHE / f"debian-{recipe}.tar"
    with kit.made_once(path) as part:
        if part:
            kit.need_root()
            kit.need("mmdebstrap")
            done = kit.run("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase",
                           '--aptopt=APT::Install-Recommends "false"', "--include=" + ",".join(PACKAGES),
                           *(f"--customize-hook={hook}" for hook in HOOKS), "bookworm", part,
                           check=False, timeout=900)
            if done.returncode != 0:
                kit.must_or_skip("mmdebstrap could not make a root: " +
                                 done.stderr.decode(errors="replace")[-400:])
    return path


@pytest.fixture(scope="session")
def scratch():
    """A directory on a real disk (overlayfs cannot lie on every tmpfs), gone afterwards."""
    directory = kit.CACHE / ("work-" + os.environ.get("PYTEST_XDIST_WORKER", "alone"))
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def storage(scratch):
    place = engines.Storage(scratch / "containers")
    yield place
    place.close()


@pytest.fixture(scope="session")
def reachable(scratch):
    """What others than root must pass through to reach a socket in it."""
    for one in (scratch, *scratch.parents):
        if one != pathlib.Path("/") and one.stat().st_mode & 0o5 != 0o5:
            os.chmod(one, one.stat().st_mode | 0o5)
    return scratch


@pytest.fixture(scope="session")
def docker_engine(reachable):
    """A Docker; docker.root is its data root, docker.socket its socket."""
    directory = reachable / "docker-store"
    with engines.docker_daemon(str(directory)) as docker:
        docker.root, docker.socket = directory / "data", directory / "docker.sock"
        yield docker


@pytest.fixture(scope="module")
def own_docker(reachable, request):
    """A Docker of the module's own, for those that leave images in it."""
    directory = reachable / f"docker-{request.module.__name__}"
    with engines.docker_daemon(str(directory)) as docker:
        docker.root, docker.socket = directory / "data", directory / "docker.sock"
        yield docker


@pytest.fixture(scope="session")
def containerd_engine(scratch):
    """A containerd; ctr.root is its root."""
    directory = scratch / "containerd"
    with engines.containerd_daemon(str(directory)) as ctr:
        ctr.root = directory / "root"
        yield ctr


@pytest.fixture(scope="session")
def host(scratch, docker_engine, containerd_engine):
    """Podman, Docker and containerd with images, where this host would have them."""
    one = fleet.Host(scratch / "fleet", docker_engine, containerd_engine)
    yield one
    one.close()


@pytest.fixture(scope="session")
def busybox(debian_root, scratch):
    """Bytes of a static busybox."""
    done = kit.run("tar", "-xOf", debian_root, "./bin/busybox", check=False)
    if done.returncode != 0:
        done = kit.run("tar", "-xOf", debian_root, "./usr/bin/busybox")
    return done.stdout


@pytest.fixture
def place(scratch, request):
    """A directory of the test's own, gone afterwards; podman makes an image name of it: [a-z0-9]."""
    directory = pathlib.Path(scratch) / hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    yield directory
    shutil.rmtree(directory, ignore_errors=True)
