"""Images of a real Docker, read in its store and by its socket, beside what `docker save` says."""

import json
import os
import pathlib
import subprocess
import time

import engines
import kit
import pytest
import stores


@pytest.fixture(scope="module")
def archive(storage, scratch):
    path = scratch / "docker-store.tar"
    name = stores.build(storage, "localhost/rich")
    storage.skopeo(stores.in_store(storage, name), f"docker-archive:{path}:rich:1")
    return path


@pytest.fixture(scope="module")
def daemon(docker_engine, archive):
    """The Docker with the image."""
    docker_engine("load", "--input", archive)
    docker_engine.saved = kit.run(*save(docker_engine, "rich:1"), timeout=60).stdout
    yield docker_engine
    docker_engine("rmi", "--force", "rich:1", check=False)


def save(docker, name):
    return "/usr/bin/docker", "-H", f"unix://{docker.socket}", "save", name


@pytest.fixture(scope="module")
def saved(daemon, scratch):
    path = scratch / "saved.tar"
    path.write_bytes(daemon.saved)
    with kit.reading(path) as stream:
        return kit.scan("-", stdin=stream)


@pytest.fixture(scope="module")
def program():
    one = stores.Program()
    yield one
    one.close()


def in_root(docker, name="rich:1"):
    return f"docker-daemon:[{docker.root}]{name}"


def by_socket(docker, name="rich:1"):
    return f"docker-daemon:[{docker.socket}]{name}"


def test_the_store_says_what_docker_save_says(daemon, saved):
    subject = kit.scan(in_root(daemon))
    stores.assert_same(subject, saved)
    assert subject["name"] == saved["name"] == "rich:1"
    identity = daemon("inspect", "--format", "{{.Id}}", "rich:1").stdout.decode().strip()
    assert subject["digest"] == identity
    assert kit.scan(in_root(daemon, identity[7:19]))["digest"] == identity


def test_the_socket_says_what_docker_save_says(daemon, saved):
    subject = kit.scan(by_socket(daemon))
    stores.assert_same(subject, saved)
    assert subject["name"] == "rich:1"


def test_docker_host_names_the_socket(daemon, saved, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{daemon.socket}")
    stores.assert_same(kit.scan("docker-daemon:rich:1"), saved)


def test_all_bodies_are_as_their_diff_ids_say(daemon):
    notes = kit.scan(in_root(daemon), "--verify").get("notes", [])
    assert not any("diff_ids" in note for note in notes)


def test_without_tar_split_the_files_say_the_same(daemon, saved, scratch):
    root = scratch / "no-split"
    kit.run("cp", "-a", daemon.root, root)
    lost = list((root / "image/overlay2/layerdb").glob("sha256/*/tar-split.json.gz"))
    assert len(lost) >= 3
    for path in lost:
        path.unlink()
    stores.assert_same(kit.scan(f"docker-daemon:[{root}]rich:1"), saved)


def test_another_user_is_told_the_group_and_may_use_the_socket_when_it_is_his(
        daemon, saved, program):
    os.chmod(daemon.socket, 0o660)
    stores.refused(program.scan_as_nobody(by_socket(daemon)), "the group docker", "sudo")
    stores.refused(program.scan_as_nobody(in_root(daemon)), "by root only", "sudo")
    os.chmod(daemon.socket, 0o666)
    stores.assert_same(stores.judged(program.scan_as_nobody(by_socket(daemon))), saved)


def test_a_name_that_it_has_not_is_answered_with_the_nearest(daemon):
    for source in (in_root(daemon, "rihc:1"), by_socket(daemon, "rihc:1")):
        done = kit.run(kit.NONZERO, "scan", source, check=False)
        stores.refused(done, "rihc:1", "docker.io/library/rich:1")


@pytest.mark.parametrize("way", [in_root, by_socket])
def test_an_image_that_is_removed_meanwhile_is_judged_right_or_refused(daemon, saved, archive, way):
    """Whatever the moment: never half an image."""
    reasons = ("no image called", "removed while it was read", "removed meanwhile")
    for place in range(5):
        with subprocess.Popen(["/usr/bin/docker", "-H", f"unix://{daemon.socket}", "rmi", "rich:1"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as removing:
            time.sleep(place * 0.01)
            done = kit.run(kit.NONZERO, "scan", "--format", "json", way(daemon), check=False)
            removing.wait()
        daemon("load", "--input", archive)
        if done.returncode == 2:
            stores.refused(done)
            assert any(reason in done.stderr.decode() for reason in reasons), done.stderr
        else:
            assert stores.facts(stores.judged(done)) == stores.facts(saved)
    assert stores.facts(kit.scan(way(daemon))) == stores.facts(saved)


def test_the_data_root_is_where_the_configuration_says(daemon, saved, place):
    config = json.dumps({"data-root": os.fspath(daemon.root)})
    for name in ("docker-daemon:rich:1", "rich:1"):
        done = stores.scan_with_etc(place, {"docker/daemon.json": config}, name)
        stores.assert_same(stores.judged(done), saved)
    broken = stores.scan_with_etc(place, {"docker/daemon.json": "{"}, "docker-daemon:rich:1")
    stores.refused(broken, "/etc/docker/daemon.json")


def test_a_docker_that_does_not_run_is_read_all_the_same(reachable, archive, saved):
    directory = reachable / "docker-stopped"
    with engines.docker_daemon(str(directory), driver="vfs") as docker:
        docker("load", "--input", archive)
        stores.assert_same(kit.scan(f"docker-daemon:[{directory}/data]rich:1"), saved)
    stores.assert_same(kit.scan(f"docker-daemon:[{directory}/data]rich:1"), saved)
    done = kit.run(kit.NONZERO, "scan", f"docker-daemon:[{directory}/docker.sock]rich:1",
                   check=False)
    stores.refused(done, "docker.sock")
