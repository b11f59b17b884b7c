"""A real docker-registry, filled by skopeo and podman: what is found in it is what is found in the
archives that it was filled from."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time

import kit
import pytest

sys.path.insert(0, str(kit.PROJECT / "tests" / "lib"))

from oddimage import Image, Layer, digest, oci_tree, write_tar  # noqa: E402
from oddtar import archive, directory, file, whiteout  # noqa: E402
from registry import make_ca  # noqa: E402

USER, PASSWORD = "reader", "marker-Pa55word-marker"
PASSWD = b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"


def free_port():
    with contextlib.closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Registry:
    """docker-registry on loopback, its storage below `place`."""

    def __init__(self, place, **http):
        kit.need("docker-registry", "skopeo")
        self.place, self.host = place, f"127.0.0.1:{free_port()}"
        auth = http.pop("auth", None)
        conf = {
            "version": "0.1",
            "storage": {"filesystem": {"rootdirectory": str(place / "store")}},
            "http": {"addr": self.host, **http},
            **({"auth": auth} if auth else {}),
        }
        (place / "config.yml").write_text(json.dumps(conf))
        with open(place / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["docker-registry", "serve", place / "config.yml"], stdout=log, stderr=log
            )
        self.wait()

    def wait(self):
        name, _, port = self.host.partition(":")
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection((name, int(port)), 1):
                return
            time.sleep(0.05)
        pytest.fail((self.place / "log").read_text())

    def close(self):
        self.process.terminate()
        self.process.wait(10)

    def log(self):
        return (self.place / "log").read_text()

    def sent(self, path):
        """Bytes of the bodies that nonzero was sent for what has `path` in it."""
        lines = [line for line in self.log().splitlines() if '"nonzero/' in line and path in line]
        return sum(int(line.split('HTTP/1.1" ')[1].split()[1]) for line in lines if "GET " in line)


@pytest.fixture(scope="module")
def images():
    """Two platforms, gzip and zstd, deletions, and files of both layers."""
    body = os.urandom(400_000)
    below = archive(directory("etc"), file("etc/passwd", body=PASSWD), file("usr/bin/su", 0o4755, body=body),
                    file("usr/bin/gone", 0o4755), file("usr/bin/wall", 0o2755, uid=0, gid=5))  # fmt: skip
    above = archive(whiteout("usr/bin/gone"), file("usr/bin/ping", 0o4755))
    layers = [Layer(below, "gzip"), Layer(above, "zstd")]
    other = [Layer(archive(file("etc/passwd", body=PASSWD)), "gzip")]
    return [
        Image(layers, user="app"),
        Image(other, user="0", architecture="arm64", variant="v8"),
    ]


@pytest.fixture(scope="module")
def both(tmp_path_factory, images):
    """An archive with an index of two platforms."""
    return write_tar(tmp_path_factory.mktemp("both") / "both.tar", oci_tree(*images, nest=1))


@pytest.fixture(scope="module")
def plain(tmp_path_factory, both):
    registry = Registry(tmp_path_factory.mktemp("plain"))
    copy("--all", "--dest-tls-verify=false", f"oci-archive:{both}", f"docker://{registry.host}/team/app:1")
    yield registry
    registry.close()


def copy(*args):
    kit.run("skopeo", "--insecure-policy", "copy", "--quiet", *args)


@pytest.fixture
def look(tmp_path):
    """`look(args)` is the finished process; nothing secret is in what it printed."""

    def look(*args, **env):
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path),
                       "CONTAINERS_REGISTRIES_CONF": os.devnull, **env}  # fmt: skip
        done = kit.run(kit.NONZERO, "scan", "--format", "json", "--no-cache", *args, check=False,
                       env=environment, timeout=60)  # fmt: skip
        assert PASSWORD.encode() not in done.stdout + done.stderr
        return done

    return look


def judged(done, source):
    return kit.read_report(done, source)["subjects"]


def assert_same(one, other):
    """The same findings and user."""
    assert one["user"] == other["user"]
    assert one.get("findings") == other.get("findings")
    assert one["platform"] == other["platform"]


def refused(done, *mentions):
    assert done.returncode == 2, done
    assert done.stdout == b""
    for mention in mentions:
        assert mention.encode() in done.stderr, done.stderr


# ---------------------------------------------------------------------------------------------------


def test_what_is_found_is_what_the_archive_has(plain, both, look):
    source = f"docker://{plain.host}/team/app:1"
    (subject,) = judged(look("--plain-http", source), source)
    (same,) = judged(look("--platform", "linux/amd64", f"oci-archive:{both}"), "archive")
    assert {"setuid-root", "setgid-other"} <= kit.rules_of(subject)
    assert "/usr/bin/gone" not in kit.file_findings(subject)
    assert_same(subject, same)
    assert any("1 more manifests" in note for note in subject["notes"])


def test_platforms(plain, both, look):
    source = f"docker://{plain.host}/team/app:1"
    subjects = judged(look("--plain-http", "--platform", "all", source), source)
    archived = judged(look(f"oci-archive:{both}"), "archive")
    assert [one["platform"] for one in subjects] == ["linux/amd64", "linux/arm64/v8"]
    for one, other in zip(subjects, archived, strict=True):
        assert_same(one, other)
    (arm,) = judged(look("--plain-http", "--platform", "linux/arm64", source), source)
    assert arm["platform"] == "linux/arm64/v8"
    refused(look("--plain-http", "--platform", "linux/s390x", source), "linux/amd64", "linux/s390x")


def test_by_digest(plain, look):
    raw = kit.run("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{plain.host}/team/app:1").stdout
    source = f"docker://{plain.host}/team/app@{digest(raw)}"
    (subject,) = judged(look("--plain-http", source), source)
    assert subject["name"].endswith(digest(raw))


def test_docker_manifests(plain, images, look, tmp_path):
    """skopeo writes Docker's media types; a single manifest is judged whatever its platform."""
    single = write_tar(tmp_path / "one.tar", oci_tree(images[1]))
    name = f"docker://{plain.host}/team/one:1"
    copy("--dest-tls-verify=false", "--format", "v2s2", f"oci-archive:{single}", name)
    (subject,) = judged(look("--plain-http", name), name)
    assert subject["platform"].startswith("linux/arm64")
    assert subject["user"]["state"] == "root"


def test_what_is_not_there(plain, look):
    refused(look("--plain-http", f"docker://{plain.host}/team/app:2"), "404", "team/app:2")
    refused(look("--plain-http", f"docker://{plain.host}/team/other:1"), "404", "team/other:1")


def test_nothing_is_insecure_in_silence(plain, look):
    refused(look(f"docker://{plain.host}/team/app:1"), "--plain-http")


def test_a_table_of_contents_costs_little(plain, scratch, storage, look):
    """podman pushes zstd:chunked; most of its bytes stay where they are."""
    root = scratch / "chunked"
    root.mkdir()
    (root / "files.tar").write_bytes(
        archive(file("usr/bin/su", 0o4755), file("usr/data", body=os.urandom(4 << 20)))
    )
    (root / "Containerfile").write_text("FROM scratch\nADD files.tar /\nUSER 1000\n")
    storage.buildah("bud", "--tag", "localhost/chunked", os.fspath(root))
    source = f"docker://{plain.host}/team/chunked:1"
    storage.podman("push", "--quiet", "--tls-verify=false", "--compression-format", "zstd:chunked",
                   "localhost/chunked", source)  # fmt: skip
    (quick,) = judged(look("--plain-http", source), source)
    sent = plain.sent("/v2/team/chunked/")
    assert list(kit.file_findings(quick)) == ["/usr/bin/su"]
    assert sent < 100_000, f"{sent} bytes"
    (whole,) = judged(look("--plain-http", "--verify", source), source)
    assert plain.sent("/v2/team/chunked/") - sent > 4 << 20
    assert kit.file_findings(whole) == kit.file_findings(quick)


# With a login, and TLS ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def secure(tmp_path_factory, both):
    kit.need("htpasswd", "openssl")
    place = tmp_path_factory.mktemp("secure")
    make_ca(place)
    users = kit.run("htpasswd", "-Bbn", USER, PASSWORD).stdout
    (place / "users").write_bytes(users)
    registry = Registry(
        place,
        tls={"certificate": str(place / "server.crt"), "key": str(place / "server.key")},
        auth={"htpasswd": {"realm": "here", "path": str(place / "users")}},
    )
    certs = place / "certs"
    certs.mkdir()
    (certs / "ca.crt").write_bytes((place / "ca.crt").read_bytes())
    copy("--all", f"--dest-cert-dir={certs}", f"--dest-creds={USER}:{PASSWORD}",
         f"oci-archive:{both}", f"docker://{registry.host}/team/app:1")  # fmt: skip
    yield registry
    registry.close()


def log_in(registry, path, password=PASSWORD):
    kit.run("skopeo", "login", f"--authfile={path}", f"--cert-dir={registry.place}/certs", "-u", USER,
            "-p", password, registry.host)  # fmt: skip
    return path


def test_a_login_by_tls(secure, both, look, tmp_path):
    source = f"docker://{secure.host}/team/app:1"
    args = ["--tls-ca", secure.place / "ca.crt", "--authfile", log_in(secure, tmp_path / "auth.json")]
    (subject,) = judged(look(*args, source), source)
    (same,) = judged(look("--platform", "linux/amd64", f"oci-archive:{both}"), "archive")
    assert_same(subject, same)


def test_no_login(secure, look):
    source = f"docker://{secure.host}/team/app:1"
    refused(look("--tls-ca", secure.place / "ca.crt", source), "401", f"podman login {secure.host}")


def test_a_wrong_password(secure, look, tmp_path):
    auth = log_in(secure, tmp_path / "auth.json")
    text = json.loads(auth.read_text())
    text["auths"][secure.host]["auth"] = "cmVhZGVyOndyb25nLXdyb25n"
    auth.write_text(json.dumps(text))
    source = f"docker://{secure.host}/team/app:1"
    done = look("--tls-ca", secure.place / "ca.crt", "--authfile", auth, source)
    refused(done, "refuses the credentials", f"podman login {secure.host}")
    assert b"wrong-wrong" not in done.stderr


def test_a_ca_that_is_not_known(secure, look):
    refused(look(f"docker://{secure.host}/team/app:1"), "TLS", "--tls-ca")
