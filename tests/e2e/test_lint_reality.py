"""`nonzero lint` against what Docker builds: the image that BuildKit makes of a Dockerfile is scanned, and
the two must agree; what --fix writes is built and started, and looked at from outside."""

import io
import json
import os
import pathlib
import re
import shutil
import tarfile

import kit
import pytest

# Found by either, they must be found by both. Others need the files of the base image.
RULES = {"image-user", "user-not-numeric", "uid0-alias", "unwritable-state", "low-port"}

APPLETS = ("sh", "id", "sleep", "true", "cat", "echo", "mkdir", "chown", "chmod", "install", "ln", "rm",
           "touch", "sed", "tee")
ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n",
    "etc/group": "root:x:0:root\nwheel:x:10:root\nnobody:x:65534:\n",
    "etc/shadow": "root:*::0:::::\nnobody:!::0:::::\n",
}


def small_root(path, busybox):
    """The tar of a root like Alpine's: busybox, its links, three accounts files. Debian's busybox has no
    adduser, though."""
    with tarfile.open(path, "w") as tar:
        for name in ("bin", "etc", "root", "home", "tmp", "opt"):
            one = tarfile.TarInfo(name)
            one.type, one.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(one)
        for name, body, mode in (("bin/busybox", busybox, 0o755), ("opt/x", b"x", 0o755), *(
                (name, text.encode(), 0o644) for name, text in ACCOUNTS.items())):
            one = tarfile.TarInfo(name)
            one.size, one.mode = len(body), mode
            tar.addfile(one, io.BytesIO(body))
        for name in APPLETS:
            one = tarfile.TarInfo(f"bin/{name}")
            one.type, one.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(one)
    return path


# Of the Debian root, what the Dockerfiles below need: the rest takes half a minute to remove.
LEAN = re.compile(r"\./((bin|sbin|lib|lib64|tmp|root|home|opt|etc|var|usr|var/mail|usr/lib(64)?|usr/lib/[^/]*-gnu)"
                  r"|(etc/(?!ssl|terminfo)|usr/s?bin/|usr/lib64/).*|usr/lib/[^/]*-gnu/[^/]*\.so[^/]*"
                  r"|usr/lib/[^/]*-gnu/security/.*)$")


def lean_root(path, debian_root):
    """Without the user that is not Debian's own."""
    with tarfile.open(debian_root) as whole, tarfile.open(path, "w") as tar:
        for one in whole:
            if not LEAN.match(one.name.rstrip("/")):
                continue
            body = whole.extractfile(one).read() if one.isreg() else b""
            if one.name in ("./etc/passwd", "./etc/group", "./etc/shadow", "./etc/gshadow"):
                body = re.sub(rb"(?m)^app:.*\n", b"", body)
                one.size = len(body)
            tar.addfile(one, io.BytesIO(body))
    return path


@pytest.fixture(scope="module")
def docker(own_docker, debian_root, busybox, scratch):
    """Docker with images of the names that lint's table of bases has, made here."""
    own_docker("import", "--change", "ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                  lean_root(scratch / "lean.tar", debian_root), "debian:12")
    own_docker("import", small_root(scratch / "small.tar", busybox), "alpine:3.20")
    yield own_docker


@pytest.fixture
def context(place, busybox):
    """A folder with a program to copy."""
    (place / "app").write_bytes(busybox)
    (place / "app").chmod(0o755)
    (place / "passwd").write_text("root:x:0:0::/:/\napp:x:1001:1002::/:/\n", encoding="ascii")
    return place


def build(docker, folder, *args):
    """The name of the image that BuildKit makes of a folder."""
    name = f"reality/{pathlib.Path(folder).name}"
    docker("build", "--quiet", "--network", "none", "--tag", name, *args, folder,
           env={**os.environ, "DOCKER_BUILDKIT": "1"})
    return name


def lint(folder, *args):
    done = kit.run(kit.NONZERO, "lint", "--no-policy", "--no-images", "--format", "json", *args,
                   folder / "Dockerfile",
                   check=False)
    report = kit.read_report(done, folder)
    (subject,) = report["subjects"]
    return subject


DEBIAN, ALPINE, SCRATCH = "FROM debian:12\n", "FROM alpine:3.20\n", "FROM scratch\nCOPY app /app\n"

# Dockerfile, arguments of both.
SAMPLE = {
    "scratch": (SCRATCH, ()),
    "scratch-number": (SCRATCH + "USER 1000\n", ()),
    "scratch-number-and-group": (SCRATCH + "USER 1000:1001\n", ()),
    "scratch-00": (SCRATCH + "USER 00\n", ()),
    "scratch-quoted": (SCRATCH + 'USER "1000"\n', ()),
    "scratch-only-a-group": (SCRATCH + "USER :1000\n", ()),
    "scratch-unset": ("ARG u=1000\n" + SCRATCH + "USER $u\n", ()),
    "scratch-nobody-there": (SCRATCH + "USER app\n", ()),
    "scratch-comment-behind": (SCRATCH + "USER 1000 # app\n", ()),
    "copied-passwd": (SCRATCH + "COPY passwd /etc/passwd\nUSER app\n", ()),
    "build-argument": (SCRATCH + "ARG u\nUSER ${u:-0}\n", ("--build-arg", "u=1000")),
    "target": (f"{SCRATCH.replace('scratch', 'scratch AS a', 1)}USER 1000\nFROM a\nUSER 0\n",
               ("--target", "a")),
    "reset-by-nothing": (SCRATCH.replace("scratch", "scratch AS a", 1) + "USER 1000\nFROM a\nUSER $n\n", ()),
    "inherited": (SCRATCH.replace("scratch", "scratch AS a", 1) + "USER 1000\nFROM a AS b\nFROM b\n", ()),
    "onbuild": (SCRATCH.replace("scratch", "scratch AS a", 1) + "ONBUILD USER 1000\nFROM a\n", ()),
    "debian": (DEBIAN, ()),
    "debian-nobody": (DEBIAN + "USER nobody\n", ()),
    "debian-www-data": (DEBIAN + "USER www-data\n", ()),
    "debian-useradd": (DEBIAN + "RUN groupadd -g 1235 crew && useradd -u 1234 -g crew who\nUSER who\n", ()),
    "debian-useradd-system": (DEBIAN + "RUN useradd -r who\nUSER who\n", ()),
    "debian-alias": (DEBIAN + "RUN useradd -o -u 0 toor\nUSER toor\n", ()),
    "debian-userdel": (DEBIAN + "RUN useradd -u 1234 who && userdel who\nUSER who\n", ()),
    "debian-usermod": (DEBIAN + "RUN useradd -u 1234 who && usermod -u 1235 who\nUSER who\n", ()),
    "debian-echo": (DEBIAN + "RUN echo 'who:x:1234:1235::/:/bin/sh' >> /etc/passwd\nUSER who\n", ()),
    "debian-state": (DEBIAN + "VOLUME /data\nWORKDIR /work\nUSER 1234\nEXPOSE 80\n", ()),
    "debian-own-state": (DEBIAN + "RUN install -d -o 1234 /data\nVOLUME /data\nUSER 1234\nWORKDIR /work\n", ()),
    "alpine": (ALPINE, ()),
    "alpine-nobody": (ALPINE + "USER nobody\n", ()),
    "alpine-echo": (ALPINE + "RUN echo who:x:1234:1235::/:/bin/sh >> /etc/passwd\nUSER who\n", ()),
}


@pytest.mark.parametrize("name", SAMPLE)
def test_lint_and_the_image_agree(docker, context, name):
    text, args = SAMPLE[name]
    (context / "Dockerfile").write_text(text, encoding="utf-8")
    judged = lint(context, *args)
    image = build(docker, context, *args)
    scanned = kit.scan(f"docker-daemon:[{docker.root}]{image}:latest")
    ours, theirs = judged["user"], scanned["user"]
    # Of a name that nobody made, lint need not know all that the base image has.
    assert ours["state"] == theirs["state"] or (ours["state"], theirs["state"]) == (
        "unknown", "wont-start"), f"{ours}\n{theirs}"
    for key in ("uid", "gid"):
        if key in ours:
            assert ours[key] == theirs[key], f"{ours}\n{theirs}"
    if name != "debian-useradd-system":
        assert ours.get("uid") == theirs.get("uid"), "the number is known"
    assert ours.get("declared", "") == theirs.get("declared", "")
    assert kit.rules_of(judged) & RULES == kit.rules_of(scanned) & RULES
    docker("rmi", "--force", image, check=False)


PRIVATE = "registry.example.com/base:1"


@pytest.fixture(scope="module")
def bases(docker, scratch):
    """Where the private base image lies: in a store, in an archive."""
    docker("tag", "debian:12", PRIVATE)
    docker("save", "--output", scratch / "base.tar", PRIVATE)
    return {"store": f"docker-daemon:[{docker.root}]{PRIVATE}", "archive": f"docker-archive:{scratch}/base.tar"}


@pytest.mark.parametrize("form, user", [
    ("store", None), ("store", "nobody"), *(("archive", user) for user in (
        None, "nobody", "nosuch", "daemon:www-data", "33", "4711:4711"))])
def test_base_image_is_looked_into(docker, bases, context, form, user):
    """Its accounts are those that the container will have."""
    (context / "Dockerfile").write_text(f"FROM {PRIVATE}\n" + (f"USER {user}\n" if user else ""), encoding="ascii")
    judged = lint(context, "--base", f"{PRIVATE}={bases[form]}")["user"]
    image = build(docker, context)
    scanned = kit.scan(f"docker-daemon:[{docker.root}]{image}:latest")["user"]
    for key in ("state", "uid", "gid"):
        assert judged.get(key) == scanned.get(key), f"{judged}\n{scanned}"
    docker("rmi", "--force", image, check=False)


# What is done to /opt/x, and is it setuid then. (COPY --chmod=4755 is not here: this Docker's BuildKit
# loses the bit, later ones keep it.)
BITS = {
    "chmod": ("RUN chmod u+s /opt/x\n", True),
    "chmod-number": ("RUN true && chmod 04755 /opt/x\n", True),
    "taken-back": ("RUN chmod 4755 /opt/x\nRUN chmod a-s /opt/x\n", False),
    "owner-taken-after": ("RUN chmod 4755 /opt/x && chown 1234 /opt/x\n", False),
    "installed": ("RUN install -m 4755 /bin/true /opt/x\n", True),
    "quoted": ("RUN echo 'chmod u+s /opt/x'\n", False),
    "found": ("RUN chmod 4755 /opt/x && chmod 0755 /opt/x\n", False),
}


@pytest.mark.parametrize("name", BITS)
def test_setuid_files_agree(docker, context, name):
    text, there = BITS[name]
    (context / "Dockerfile").write_text(f"{DEBIAN}RUN touch /opt/x && chmod 755 /opt/x\n{text}USER 1234\n",
                                       encoding="utf-8")
    image = build(docker, context)
    scanned = kit.scan(f"docker-daemon:[{docker.root}]{image}:latest")
    found = kit.file_findings(scanned).get("/opt/x", {})
    assert ("setuid-root" in found) == there, "the test is wrong of the build"
    assert ("setuid-root" in kit.rules_of(lint(context))) == there
    docker("rmi", "--force", image, check=False)


# --fix ---------------------------------------------------------------------------------------------

APP = 'ENTRYPOINT ["/sleep", "60"]\n'
MENDED = {
    "scratch": f"FROM scratch\nCOPY app /sleep\n{APP}",
    "scratch-root": f"FROM scratch\nCOPY app /sleep\nUSER 0:0\n{APP}",
    "debian": f"{DEBIAN}COPY app /sleep\n{APP}",
    "debian-root-again": f"{DEBIAN}RUN useradd -u 1234 who\nUSER who\nUSER root\nCOPY app /sleep\n{APP}",
    "debian-state": f"{DEBIAN}COPY app /sleep\nVOLUME /data\nWORKDIR /work\n"
                    'ENTRYPOINT ["/bin/sh", "-c", "touch /data/x && exec /sleep 60"]\n',
    "stages": "FROM debian:12 AS build\nRUN true\nFROM scratch\nCOPY --from=build /bin/true /true\n"
              f"COPY app /sleep\n{APP}",
}


def started_as(docker, image):
    """The four uids and the groups of the first process, as this host sees them."""
    container = docker("run", "--detach", "--network", "none", "--ulimit", "nofile=1024:1024",
                       image).stdout.decode().strip()
    try:
        state = json.loads(docker("inspect", "--format", "{{json .State}}", container).stdout)
        logs = docker("logs", container, check=False)
        assert state["Running"], f"{state}\n{logs.stdout}\n{logs.stderr}"
        status = pathlib.Path(f"/proc/{state['Pid']}/status").read_text(encoding="ascii")
        return [[int(n) for n in re.search(rf"^{key}:(.*)$", status, re.M)[1].split()]
                for key in ("Uid", "Gid", "Groups")]
    finally:
        docker("rm", "--force", container, check=False)


@pytest.mark.parametrize("name", MENDED)
def test_what_is_mended_is_built_and_runs_as_a_user(docker, context, name):
    path = context / "Dockerfile"
    path.write_text(MENDED[name], encoding="utf-8")
    image = build(docker, context)
    uids, _, _ = started_as(docker, image)
    assert uids == [0, 0, 0, 0], "the test is wrong: it is no root before"

    done = kit.run(kit.NONZERO, "lint", "--no-policy", "--no-images", "--fix", path, check=False)
    assert done.returncode == 0, f"{done.stdout.decode()}\n{done.stderr.decode()}"
    judged = lint(context)
    image = build(docker, context)
    uids, gids, groups = started_as(docker, image)
    assert 0 not in uids + gids + groups, path.read_text(encoding="utf-8")
    assert set(uids) == {judged["user"]["uid"]}
    scanned = kit.scan(f"docker-daemon:[{docker.root}]{image}:latest")
    assert scanned["user"]["state"] == "non-root"
    assert scanned["user"]["uid"] == judged["user"]["uid"]
    assert "unwritable-state" not in kit.rules_of(scanned)
    docker("rmi", "--force", image, check=False)


# Buildah -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["scratch", "scratch-number-and-group", "scratch-quoted", "scratch-only-a-group",
                                  "copied-passwd", "inherited"])
def test_buildah_agrees_too(storage, context, name):
    """Another builder, which reads Dockerfiles with a parser of its own."""
    text, args = SAMPLE[name]
    (context / "Dockerfile").write_text(text, encoding="utf-8")
    judged = lint(context, *args)
    layout = context / "layout"
    storage.buildah("build", "--isolation", "chroot", "--quiet", *args, "--tag", "localhost/reality", context)
    storage.buildah("push", "--quiet", "localhost/reality", f"oci:{layout}:t")
    theirs = kit.scan(f"oci:{layout}")["user"]
    storage.buildah("rmi", "--force", "localhost/reality", check=False)
    shutil.rmtree(layout)
    for key in ("state", "uid", "gid"):
        assert judged["user"].get(key) == theirs.get(key), f"{judged['user']}\n{theirs}"
