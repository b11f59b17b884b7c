"""What `nonzero lint --fix` writes is built, and started: it runs as another user than root, writes its state
and cannot write its code. By the tools of the distributions themselves, BusyBox's adduser among them."""

import io
import os
import re
import shutil
import tarfile

import kit
import pytest
from test_lint_reality import lean_root

APPLETS = ("ADDGROUP ADDUSER ASH CAT CHMOD CHOWN ECHO ID INSTALL MKDIR SLEEP TOUCH TRUE").split()
OPTIONS = ("ASH_ECHO STATIC LFS LONG_OPTS SH_IS_ASH FEATURE_ADDUSER_TO_GROUP FEATURE_INSTALL_LONG_OPTIONS "
           "FEATURE_SHADOWPASSWDS").split()
# The numbers that adduser takes: as Alpine has them.
NUMBERS = {"FIRST_SYSTEM_ID": 100, "LAST_SYSTEM_ID": 999, "LAST_ID": 60000}


def fetch_source(folder):
    """Debian's source of BusyBox, by apt, in directories of our own."""
    (folder / "lists/partial").mkdir(parents=True)
    (folder / "sources.list").write_text(
        "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
        "http://deb.debian.org/debian bookworm main\n", encoding="ascii")
    apt = ("apt-get", "-q", "-o", f"Dir::Etc::SourceList={folder}/sources.list", "-o", "Dir::Etc::SourceParts=-",
           "-o", f"Dir::State::Lists={folder}/lists", "-o", "APT::Sandbox::User=root")
    for what in (["update"], ["source", "--download-only", "busybox"]):
        done = kit.run(*apt, *what, check=False, cwd=folder)
        if done.returncode != 0:
            kit.must_or_skip(f"apt-get {what[0]} of sources: {done.stderr.decode(errors='replace')[-300:]}")
    (source,) = folder.glob("busybox_*.orig.tar.*")
    kit.run("tar", "-xf", source, "--strip-components=1", cwd=folder)


def configure(folder):
    kit.run("make", "allnoconfig", cwd=folder)
    path = folder / ".config"
    wanted = {**dict.fromkeys((*APPLETS, *OPTIONS), "y"), **NUMBERS}
    lines = [f"CONFIG_{name}={value}" for name, value in wanted.items()]
    names = {"SH_IS_NONE", *wanted}
    others = [line for line in path.read_text(encoding="ascii").splitlines()
              if re.sub(r"^#? ?CONFIG_(\w+).*", r"\1", line) not in names]
    path.write_text("\n".join(others + lines) + "\n", encoding="ascii")
    kit.run("make", "oldconfig", cwd=folder, input=b"\n" * 1000)
    missing = set(lines) - set(path.read_text(encoding="ascii").splitlines())
    assert not missing, f"this BusyBox has no {missing}"


@pytest.fixture(scope="module")
def whole_busybox(scratch):
    """Bytes of a BusyBox with the tools that Alpine has: Debian's is built without adduser. Cached."""
    path = kit.CACHE / "busybox-with-adduser"
    if not path.exists():
        kit.need("make", "cc", "bzip2")
        folder = scratch / "busybox"
        folder.mkdir()
        fetch_source(folder)
        configure(folder)
        kit.run("make", "-j2", cwd=folder)
        shutil.move(folder / "busybox", path)
        shutil.rmtree(folder)
    return path.read_bytes()


ACCOUNTS = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n",
    "etc/group": b"root:x:0:root\nwheel:x:10:root\nnobody:x:65534:\n",
    "etc/shadow": b"root:*::0:::::\nnobody:!::0:::::\n",
}
DISTROLESS = {
    "etc/passwd": b"root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
    "etc/group": b"root:x:0:\nnonroot:x:65532:\n",
}


def small_root(path, files, links=()):
    with tarfile.open(path, "w") as tar:
        for name in ("bin", "etc", "tmp", "opt", "home", "root"):
            one = tarfile.TarInfo(name)
            one.type, one.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(one)
        for name, body in files.items():
            one = tarfile.TarInfo(name)
            one.size, one.mode = len(body), 0o755 if name.startswith("bin/") else 0o644
            tar.addfile(one, io.BytesIO(body))
        for name in links:
            one = tarfile.TarInfo(f"bin/{name}")
            one.type, one.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(one)
    return path


@pytest.fixture(scope="module")
def alpine_root(scratch, whole_busybox):
    """The tar of a root as Alpine's is, but for apk."""
    links = ["sh", *(one.lower() for one in APPLETS)]
    return small_root(scratch / "alpine.tar", {"bin/busybox": whole_busybox, **ACCOUNTS}, links)


@pytest.fixture(scope="module")
def docker(own_docker, debian_root, alpine_root, scratch):
    """Docker with bases of the names that lint has in its table."""
    path = ("--change", "ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin")
    own_docker("import", *path, lean_root(scratch / "lean-fix.tar", debian_root), "debian:12")
    own_docker("import", *path, alpine_root, "alpine:3.20")
    own_docker("import", small_root(scratch / "distroless.tar", DISTROLESS),
                  "gcr.io/distroless/static-debian12:latest")
    yield own_docker


@pytest.fixture
def context(place, busybox, whole_busybox):
    (place / "busybox").write_bytes(whole_busybox)
    (place / "busybox").chmod(0o755)
    (place / "code").mkdir()
    (place / "code/run").write_bytes(busybox)
    (place / "code/run").chmod(0o755)
    return place


def mend(folder, text):
    path = folder / "Dockerfile"
    path.write_bytes(text.encode())
    done = kit.run(kit.NONZERO, "lint", "--no-policy", "--no-images", "--fix", path, check=False)
    assert done.returncode == 0, f"{done.stdout.decode()}\n{done.stderr.decode()}"
    once = path.read_bytes()
    assert once != text.encode(), "nothing was to mend: the test is wrong"
    kit.run(kit.NONZERO, "lint", "--no-policy", "--no-images", "--fix", path, check=False)
    assert path.read_bytes() == once, "twice changes nothing"
    return once


def build(docker, folder):
    name = f"mended/{folder.name}"
    docker("build", "--quiet", "--network", "none", "--tag", name, folder,
           env={**os.environ, "DOCKER_BUILDKIT": "1"})
    return name


def start(docker, image):
    """What the image's own command prints, and its exit code."""
    done = docker("run", "--rm", "--network", "none", "--ulimit", "nofile=1024:1024", image, check=False,
                  timeout=60)
    return done.stdout.decode().strip(), done.returncode, done.stderr.decode()


DEBIAN, ALPINE = "FROM debian:12\nCOPY busybox /busybox\n", "FROM alpine:3.20\nCOPY busybox /busybox\n"


def command(*lines):
    """A CMD that says who it is, and what more it can do."""
    return 'CMD ["/busybox", "sh", "-c", "' + " && ".join(("echo $(/busybox id -u):$(/busybox id -g)", *lines)) + '"]\n'


NEW, NUMBER = "10001:10001", "65532:65532"
# Dockerfile, as whom it starts once it is mended.
MENDED = {
    "debian": (DEBIAN + command(), NEW),
    "debian-volumes": (
        DEBIAN + "RUN mkdir /state\nVOLUME [\"/data\", \"/state\", \"/my data\"]\n"
        + command("/busybox touch /data/x /state/x '/my data/x'"), NEW),
    "debian-data-and-code": (
        "FROM debian:12\nCOPY busybox /busybox\nWORKDIR /srv/code\nCOPY code .\nRUN mkdir -p /var/lib/mine\n"
        "VOLUME /srv/code/data\n"
        + command("/busybox touch /var/lib/mine/x data/x", "! /busybox touch x", "! /busybox touch run"), NEW),
    "debian-workdir": (DEBIAN + "WORKDIR /work\n" + command("/busybox touch x"), NEW),
    "debian-user-of-its-own": (DEBIAN + "RUN groupadd -g 1235 crew && useradd -u 1234 -g crew who\n" + command(),
                               "1234:1235"),
    "debian-user-without-a-number": (DEBIAN + "RUN useradd who\nUSER who\n" + command(), NEW),
    "debian-user-root-again": (DEBIAN + "USER 1234\nRUN true\nUSER root\nRUN install -d /opt/y\nVOLUME /data\n"
                               + command("/busybox touch /data/x", "! /busybox touch /opt/y/x"), NEW),
    "debian-carriage-returns": ((DEBIAN + "VOLUME /data\n" + command("/busybox touch /data/x")).replace("\n", "\r\n"),
                                NEW),
    "debian-named": (DEBIAN + "RUN useradd -u 1234 who\nUSER \"who\"\n" + command(), "1234:1234"),
    "debian-state-of-a-user": (DEBIAN + "USER 1234:1235\nVOLUME /data\n" + command("/busybox touch /data/x"),
                               "1234:1235"),
    "alpine": (ALPINE + command(), NEW),
    "alpine-volumes": (
        ALPINE + "RUN mkdir /state\nVOLUME /data /state\n" + command("touch /data/x /state/x", "! touch /bin/x"),
        NEW),
    "alpine-user-without-a-number": (ALPINE + "RUN adduser -D who\nUSER who\n" + command(), NEW),
    "scratch": ("FROM scratch\nCOPY busybox /busybox\n" + command("! /busybox touch /x"), NUMBER),
    "scratch-root": ("FROM scratch\nCOPY busybox /busybox\nUSER 0\n" + command(), NUMBER),
    "scratch-with-a-passwd": (
        DEBIAN.replace("12", "12 AS b", 1) + "RUN useradd -u 1234 who\nFROM scratch\nCOPY busybox /busybox\n"
        "COPY --from=b /etc/passwd /etc/passwd\n" + command(), "1234:1234"),
    "distroless": ("FROM gcr.io/distroless/static-debian12\nCOPY busybox /busybox\n" + command(), NUMBER),
}


@pytest.mark.parametrize("name", MENDED)
def test_what_is_mended_starts_as_a_user_and_works(docker, context, name):
    text, user = MENDED[name]
    mended = mend(context, text).decode()
    image = build(docker, context)
    said, code, errors = start(docker, image)
    docker("rmi", "--force", image, check=False)
    assert (said, code) == (user, 0), f"{mended}\n{errors}"


def test_without_the_fix_it_is_root(docker, context):
    """The tests above would say so if a fix did nothing."""
    (context / "Dockerfile").write_text(DEBIAN + command(), encoding="ascii")
    assert start(docker, build(docker, context))[0] == "0:0"


def test_account_has_the_name_and_no_shell(docker, context):
    for text, shell in ((DEBIAN, "/usr/sbin/nologin"), (ALPINE, "/sbin/nologin")):
        mend(context, text + 'CMD ["/busybox", "cat", "/etc/passwd"]\n')
        said, code, _ = start(docker, build(docker, context))
        (line,) = [one for one in said.splitlines() if one.startswith("app:")]
        assert code == 0 and line.split(":")[2:4] == ["10001", "10001"] and line.endswith(":" + shell)


def test_setuid_bits_are_gone(docker, context):
    text = ("FROM debian:12\nCOPY code /opt\nRUN chmod 4755 /opt/run && \\\n    chmod u+s /usr/bin/env && \\\n"
            "    install -m 6755 /opt/run /opt/other\nUSER 1234\n")
    mended = mend(context, text).decode()
    assert "4755" not in mended and "u+s" not in mended and "6755" not in mended
    image = build(docker, context)
    found = kit.file_findings(kit.scan(f"docker-daemon:[{docker.root}]{image}:latest"))
    assert not {"/opt/run", "/opt/other", "/usr/bin/env"} & set(found)


def test_buildah_takes_it_too(storage, docker, alpine_root, context):
    """Another builder, and its way with VOLUME."""
    base = context / "base"
    base.mkdir()
    shutil.copy(alpine_root, base / "root.tar")
    (base / "Dockerfile").write_text("FROM scratch\nADD root.tar /\n", encoding="ascii")
    built = ("build", "--isolation", "chroot", "--quiet", "--tag")
    storage.buildah(*built, "localhost/alpine:3.20", base)
    shutil.rmtree(base)
    mend(context, ALPINE + "VOLUME /data\n" + command("/busybox touch /data/x"))
    storage.buildah(*built, "localhost/mended", context)
    archive = context / "archive.tar"
    storage.buildah("push", "--quiet", "localhost/mended", f"docker-archive:{archive}:mended/buildah:1")
    docker("load", "--input", archive)
    said, code, errors = start(docker, "mended/buildah:1")
    assert (said, code) == (NEW, 0), errors
