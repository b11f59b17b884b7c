"""Images are found by what people write for them: as Podman and Docker themselves find them, and across
the engines of a host in the order that is documented."""

import json
import os

import fleet
import kit
import pytest
import stores
from fleet import IN_CONTAINERD, IN_DOCKER, IN_PODMAN, SPACE, id_of

DEBIAN, WEB = "docker.io/library/debian:12", "quay.io/team/web:latest"


def found(host, source, **options):
    """The id of the image's configuration, or None when there is no such image."""
    done = host.run("scan", "--no-cache", "--format", "json", source, **options)
    if done.returncode == 2:
        assert b"no image called" in done.stderr or b"names no image" in done.stderr, done.stderr
        return None
    subject, = kit.read_report(done, source)["subjects"]
    return subject


def spellings(names, image, name, image_digest):
    """Ways to write what is there, and what is not."""
    identity = id_of(image)
    repository = name.rsplit(":", 1)[0]
    return [
        *names, DEBIAN, "docker.io/debian:12", "library/debian:12", "debian:12", "debian", "debian:1",
        "debian:121", "ebian:12", "Debian:12", "quay.io/debian:12", "localhost/debian:12",
        identity, identity[7:], identity[7:19], identity[:19], identity[7:40], "f" * 64, "f" * 12,
        f"{repository}@{image_digest}", f"{name}@{image_digest}", f"{repository}@sha256:{'0' * 64}",
        f"absent@{image_digest}", "absent", "localhost/absent:1", f"{repository}:absent",
    ]


def test_podman_finds_the_same(host):
    """But for the beginning of an id behind its kind, which only Docker takes, and a digest behind any
    name, which only Podman takes."""
    image_digest = json.loads(host.storage.podman("image", "inspect", WEB).stdout)[0]["Digest"]
    otherwise = {id_of(IN_PODMAN[WEB])[:19]: True, f"absent@{image_digest}": False}
    extra = ["web", "web:latest", "team/web", "io/team/web", "eb", "good:1", "good", "shell:2", "shell:old",
             "localhost/shell:old", "library/good:1"]
    for name in spellings([*IN_PODMAN, *extra], IN_PODMAN[WEB], WEB, image_digest):
        done = host.storage.podman("image", "inspect", "--format", "{{.Id}}", name, check=False)
        theirs = f"sha256:{done.stdout.decode().strip()}" if done.returncode == 0 else None
        ours = found(host, f"containers-storage:{name}")
        assert otherwise.get(name, bool(theirs)) == bool(ours), f"{name}: {theirs} {done.stderr} {ours}"
        if theirs and ours:
            digest = host.storage.podman("image", "inspect", "--format", "{{.Digest}}", theirs)
            assert ours["digest"] == digest.stdout.decode().strip(), name


def test_docker_finds_the_same(host):
    """But for names less their registry, which Docker does not take."""
    name = "team/site:latest"
    for name in spellings([*IN_DOCKER, "team/site", "docker.io/team/site", "site"], IN_DOCKER[name], name,
                          f"sha256:{'1' * 64}"):
        done = host.docker("image", "inspect", "--format", "{{.Id}}", name, check=False)
        theirs = done.stdout.decode().strip() if done.returncode == 0 else None
        ours = found(host, f"docker-daemon:{name}")
        if name == "site":
            assert not theirs and ours["digest"] == id_of(IN_DOCKER["team/site:latest"])
        else:
            assert (ours or {}).get("digest") == theirs, name


def test_the_first_engine_that_has_the_name_answers(host):
    for name in ("debian:12", DEBIAN):
        order = [found(host, name)["source"], found(host, name, without=["podman"])["source"],
                 found(host, name, without=["podman", "docker"])["source"]]
        assert order == [f"containers-storage:{DEBIAN}", f"docker-daemon:{DEBIAN}",
                         f"containerd:{SPACE}/{DEBIAN}"]
    assert found(host, "debian:12", without=["podman", "docker", "containerd"]) is None


@pytest.mark.parametrize("name, source", [
    ("web", f"containers-storage:{WEB}"),
    ("team/site", "docker-daemon:docker.io/team/site:latest"),
    ("only/docker:3", "docker-daemon:registry.example/only/docker:3"),
    ("pod:7", f"containerd:{SPACE}/registry.example/pod:7"),
    (f"{SPACE}/registry.example/pod:7", f"containerd:{SPACE}/registry.example/pod:7"),
    (f"containerd:{SPACE}/{DEBIAN}", f"containerd:{SPACE}/{DEBIAN}"),
])
def test_a_name_is_found_wherever_it_is(host, name, source):
    subject = found(host, name)
    assert subject["source"] == source
    assert found(host, source)["digest"] == subject["digest"]


def test_an_id_is_found_in_any_engine(host):
    for image in (*IN_PODMAN.values(), *IN_DOCKER.values()):
        for name in (id_of(image), id_of(image)[7:19]):
            assert found(host, name) is not None
    digest = found(host, "pod:7")["digest"]
    assert found(host, digest)["source"] == f"containerd:{SPACE}/registry.example/pod:7"


def test_a_name_that_is_nowhere_is_answered_with_all_places_and_near_names(host):
    done = host.run("scan", "--no-cache", "pdo:7")
    stores.refused(done, "containers-storage (/var/lib/containers/storage, 5 images)",
                   "docker-daemon (/var/lib/docker, 3 images)", "containerd (/var/lib/containerd, ",
                   "registry.example/pod:7", "--pull")
    done = host.run("scan", "--no-cache", "docker-daemon:pdo:7")
    message = done.stderr.decode()
    assert done.returncode == 2 and "/var/lib/docker" in message and "/var/lib/containers" not in message


def test_podmans_configuration_says_where_its_images_are(host, monkeypatch):
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(host.directory / "own.conf"))
    (host.directory / "own.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{host.storage.directory}/storage"\n'
        f'runroot = "{host.storage.run_root}"\n')
    done = kit.run(kit.NONZERO, "scan", "--no-cache", "--format", "json", "containers-storage:web",
                   check=False)
    assert stores.judged(done)["source"] == f"containers-storage:{WEB}"


def test_an_additional_store_is_looked_into_after_podmans_own(host):
    conf = host.directory / "additional.conf"
    conf.write_text('[storage]\ndriver = "overlay"\n[storage.options]\n'
                    'additionalimagestores = ["/var/lib/shared"]\n')
    podman = f"{host.storage.directory}/storage"
    empty = host.directory / "empty"
    for name in ("overlay-images", "overlay-layers", "overlay"):
        (empty / name).mkdir(parents=True, exist_ok=True)
    subject = found(host, "web", env={"CONTAINERS_STORAGE_CONF": str(conf)},
                    places={"podman": (empty, "/var/lib/containers/storage"),
                            "shared": (podman, "/var/lib/shared")})
    assert subject["source"] == f"containers-storage:{WEB}"


def test_a_docker_at_another_place_is_found_by_its_configuration(host):
    """daemon.json is read from /etc, which only this process has so."""
    etc = host.directory / "etc-docker"
    etc.mkdir(exist_ok=True)
    (etc / "daemon.json").write_text('{"data-root": "/var/lib/elsewhere"}')
    subject = found(host, "docker-daemon:team/site",
                    places={"etc": (etc, "/etc/docker"),
                            "docker": (host.docker.root, "/var/lib/elsewhere")})
    assert subject["source"] == "docker-daemon:docker.io/team/site:latest"


def test_docker_host_names_the_docker_that_is_asked(host):
    env = {"DOCKER_HOST": f"unix://{host.docker.socket}"}
    subject = found(host, "team/site", without=["docker"], env=env)
    assert subject["digest"] == id_of(IN_DOCKER["team/site:latest"])
    assert len(host.images("docker-daemon", without=["docker"], env=env)) == 3


def test_an_engine_that_does_not_run_is_said_or_read_all_the_same(host):
    gone = {"DOCKER_HOST": f"unix://{host.directory}/none.sock"}
    done = host.run("scan", "--no-cache", "docker-daemon:debian:12", env=gone)
    stores.refused(done, "none.sock", "does the Docker daemon run?")
    done = host.run("scan", "--no-cache", "docker-daemon:debian:12", without=["docker"])
    stores.refused(done, "Docker has no store on this host")
    done = host.run("scan", "--no-cache", "pod:7", env=gone)
    stores.refused(done, "does the Docker daemon run?", "write containerd:pod:7")
    assert found(host, "web", env=gone)["source"] == f"containers-storage:{WEB}"


def test_others_than_root_are_told_what_to_do(host):
    """And what is theirs is judged: here nothing."""
    program = stores.Program()
    os.chmod(host.docker.socket, 0o660)
    try:
        wrapped = ["runuser", "-u", "nobody", "--", f"{program.place}/nonzero"]
        places = {"docker": (host.docker.root, "/var/lib/docker"),
                  "containerd": (host.containerd.root, "/var/lib/containerd")}
        done = host.run_as(wrapped, "images", "--format", "json", places=places)
        assert done.returncode == 2 and json.loads(done.stdout) == {"images": [], "complete": False}
        message = done.stderr.decode()
        assert "/var/lib/docker may be read by root only: use sudo" in message
        assert "/var/lib/containerd may be read by root only: use sudo" in message
        done = host.run_as(wrapped, "scan", "--all", places=places)
        stores.refused(done, "use sudo")
        done = host.run_as(wrapped, "scan", "debian:12", places=places)
        stores.refused(done, "could not be asked", "use sudo")
        done = host.run_as(wrapped, "scan", "docker-daemon:debian:12", places=places,
                           env={"DOCKER_HOST": f"unix://{host.docker.socket}"})
        stores.refused(done, "be in the group docker", "sudo")
    finally:
        program.close()


def test_diff_and_base_take_names_of_engines(host):
    done = host.run("diff", "--no-cache", "--format", "json", "good:1", "docker-daemon:debian:12")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["old"]["source"] == "containers-storage:localhost/good:1"
    assert document["new"]["source"] == f"docker-daemon:{DEBIAN}"
    new = {one["after"].get("path") for one in document["findings"]["new"]}
    assert {"/bin/su", "/bin/mount"} <= new
    subject, = host.scan("--base", "base:1", "docker-daemon:only/docker:3")["subjects"]
    assert subject["base"]["name"] == "localhost/base:1" and subject["base"]["layers"] == 1
    assert {one["origin"] for one in subject["findings"] if one["rule"] == "setuid-root"} == {"base"}
    done = host.run("scan", "--no-cache", "--base", "absent:1", "web")
    assert done.returncode == 2 and b"absent:1" in done.stderr
