"""Docker's API, with a daemon in its place that says anything. A real one: tests/e2e."""

import contextlib
import json
import os
import socket
import threading

import pytest

import program
from oddimage import Image, digest, docker_tree, tree_tar
from oddtar import archive, file

IMAGE = Image([archive(file("bin/su", 0o4755))], user="1000", tags=("app:1",))
ID = digest(IMAGE.config_bytes())
SAVED = tree_tar(docker_tree(IMAGE, style="legacy"))


def entry(**fields):
    return {"Id": ID, "RepoTags": ["app:1"], "RepoDigests": None, "Size": 5, "Created": 9, **fields}


def answer(body, status="200 OK", length=None):
    length = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n".encode() + body


LIST = answer(json.dumps([entry()]).encode())


@contextlib.contextmanager
def daemon(path, answers):
    """Answers each request by what stands in `answers` for its path; one that does not is 404.
    Yields the list of paths asked for."""
    asked = []

    def serve(one):
        with one:
            data = b""
            while b"\r\n\r\n" not in data:
                more = one.recv(65536)
                if not more:
                    return
                data += more
            asked.append(data.split()[1].decode())
            said = answers.get(asked[-1], answer(b"{}", "404 Not Found"))
            with contextlib.suppress(OSError):
                for part in [said] if isinstance(said, bytes) else said:
                    one.sendall(part)

    def accept():
        while True:
            try:
                one, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(one,), daemon=True).start()

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(path))
        listening.listen(8)
        threading.Thread(target=accept, daemon=True).start()
        yield asked
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def ask(tmp_path):
    def ask(answers, name="app:1"):
        path = tmp_path / "docker.sock"
        answers = {"/images/json": LIST, f"/images/{ID}/get": answer(SAVED), **answers}
        with daemon(path, answers) as asked:
            result = program.scan("--no-cache", f"docker-daemon:[{path}]{name}")
        return result, asked

    return ask


def test_the_list_is_asked_and_then_one_image_by_its_id(ask):
    result, asked = ask({})
    assert result.paths("setuid-root") == ["/bin/su"]
    assert result.subject["name"] == "app:1"
    assert asked == ["/images/json", f"/images/{ID}/get"]


@pytest.mark.parametrize("name", ["app:1", ID, ID[7:19], "docker.io/library/app:1"])
def test_names_and_ids_are_taken(ask, name):
    assert ask({}, name)[0].subject["name"] == "app:1"


def endless():
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n["
    while True:
        yield b" " * 65536


LISTS = {
    "no-json": (answer(b"<html>"), "/images/json"),
    "object": (answer(b"{}"), "no list"),
    "no-id": (answer(b'[{"RepoTags": ["app:1"]}]'), "has no id"),
    "id-climbs": (answer(json.dumps([entry(Id="sha256:../../etc")]).encode()), "has no id"),
    "id-asks-for-more": (answer(json.dumps([entry(Id="x/get?y")]).encode()), "has no id"),
    "tags-are-no-list": (answer(json.dumps([entry(RepoTags="app:1")]).encode()), "RepoTags"),
    "image-is-no-object": (answer(b"[1]"), "is no object"),
    "refused": (answer(b"{}", "500 Internal Server Error"), "500"),
    "cut": (answer(b"[", length=100), "docker.sock"),
    "no-http": (b"SSH-2.0-x\r\n", "docker.sock"),
    "nothing": (b"", "docker.sock"),
}


@pytest.mark.parametrize("wrong", LISTS)
def test_a_list_that_is_wrong_is_an_error(ask, wrong):
    said, mention = LISTS[wrong]
    program.assert_refused(ask({"/images/json": said})[0], mention)


def test_a_list_without_an_end_is_given_up(ask):
    # run() bounds the memory of all.
    result, _ = ask({"/images/json": endless()})
    program.assert_refused(result, "docker.sock")


IMAGES = {
    "gone": (answer(b'{"message":"no such image"}', "404 Not Found"), "removed meanwhile"),
    "refused": (answer(b"{}", "500 Internal Server Error"), "500"),
    "cut": (answer(SAVED[:2000], length=len(SAVED)), "app:1"),
    "cut-between-members": (answer(SAVED[:1024]), "app:1"),
    "empty": (answer(b""), "app:1"),
    "no-archive": (answer(b"{}" * 1000), "app:1"),
}


@pytest.mark.parametrize("wrong", IMAGES)
def test_an_archive_that_is_wrong_is_an_error(ask, wrong):
    said, mention = IMAGES[wrong]
    program.assert_refused(ask({f"/images/{ID}/get": said})[0], mention)


def test_names_of_the_daemon_do_not_drive_a_terminal(ask):
    said = answer(json.dumps([entry(RepoTags=["\x1b[2J:1"])]).encode())
    program.assert_refused(ask({"/images/json": said}, "[2J:1x")[0], "no image called")


def test_a_socket_that_nobody_listens_on_is_said(tmp_path):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(os.fspath(path))
    program.assert_refused(program.scan(f"docker-daemon:[{path}]app:1"), path)
