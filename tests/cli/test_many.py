"""Many images in one run: those of an engine, those of a list, several at once; and how images of
engines are asked for by name. What real engines hold is in tests/e2e."""

import json
import os
import re
import shutil
import socket
import subprocess
import threading

import jsonschema
import pytest

import events
import program
from oddcontainers import Store, manifest_of
from oddimage import Image, Layer, digest, docker_archive, write_dir
from oddstore import DATABASE, containerd_root
from oddtar import archive, file
from program import (ERROR, FAIL, PASS, PROGRAM, SCHEMA, USAGE, assert_consistent,
                     assert_printable, assert_refused, run)

PASSWD = file("etc/passwd", body=b"root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n")
PACKAGES = [file("var/lib/dpkg/info/util-linux.list", body=b"/bin/su\n/bin/mount\n"),
            file("var/lib/dpkg/info/sudo.list", body=b"/bin/sudo\n")]
BASE = Layer(archive(PASSWD, *PACKAGES, file("bin/su", 0o4755), file("bin/mount", 0o4755)),
             created_by="ADD base")
SUDO = Layer(archive(file("bin/sudo", 0o4755)), created_by="RUN apt-get install sudo")


def own(text):
    return Layer(archive(file("app", body=text)), created_by="COPY app")


DEBIAN = Image([BASE], user="app", tags=("docker.io/library/debian:12", "localhost/debian:12"))
WEB = Image([BASE, own(b"web")], user="0", tags=("quay.io/team/web:latest",))
SHELL = Image([BASE, SUDO], user="app", tags=("localhost/shell:2",))
GOOD = Image([own(b"good")], tags=("localhost/good:1",))
NAMELESS = Image([own(b"nameless")], tags=())
FLEET = (DEBIAN, WEB, SHELL, GOOD, NAMELESS)
NAMES = ["docker.io/library/debian:12", "quay.io/team/web:latest", "localhost/shell:2",
         "localhost/good:1"]


def id_of(image):
    return digest(image.config_bytes())


def digest_of(image):
    return digest(manifest_of(image))


@pytest.fixture
def host(tmp_path):
    """host(*images, change=None, containerd=()): what Podman and containerd of this host hold, after
    change(store); returns the environment that says so."""

    def make(*images, change=None, containerd=()):
        shutil.rmtree(tmp_path / "store", ignore_errors=True)
        store = Store(tmp_path / "store")
        for image in images or FLEET:
            store.add(image, *image.tags)
        if change:
            change(store)
        if containerd:
            write_dir(tmp_path / "data" / "containerd", containerd_root(*containerd))
        conf = tmp_path / "storage.conf"
        conf.write_text(f'[storage]\ndriver = "overlay"\ngraphroot = "{tmp_path}/store"\n')
        return {"CONTAINERS_STORAGE_CONF": str(conf), "XDG_DATA_HOME": str(tmp_path / "data"),
                "HOME": str(tmp_path)}

    return make


def remove(store, number):
    """All of an image but its line in the list."""
    shutil.rmtree(store.document(store.images[number], "manifest").parent)


def scan(env, *args, **knobs):
    return program.scan("--no-cache", *args, env=env, **knobs)


def scan_all(env, *args, **knobs):
    return run("scan", "--no-cache", "--all", "containers-storage", *args, env=env, **knobs)


def listed(env, *args):
    return run("images", "--format", "json", *args, env=env)


def test_schema_of_events_has_all_of_the_reports_subjects():
    mine, reports = (json.loads(path.read_text())["$defs"]["subject"] for path in (events.SCHEMA, SCHEMA))
    jsonschema.Draft202012Validator.check_schema(json.loads(events.SCHEMA.read_text()))
    assert set(mine["properties"]) == {*reports["properties"], "event"}
    assert set(mine["required"]) == {*reports["required"], "event"}
    with pytest.raises(jsonschema.ValidationError):
        events.validator().validate({"event": "summary"})


# A name ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, image", [
    ("docker.io/library/debian:12", DEBIAN), ("debian:12", DEBIAN), ("localhost/debian:12", DEBIAN),
    ("docker.io/debian:12", DEBIAN), ("quay.io/team/web", WEB), ("team/web", WEB), ("web", WEB),
    ("web:latest", WEB), (f"web@{digest_of(WEB)}", WEB), (digest_of(WEB), WEB), (id_of(WEB), WEB),
    (id_of(NAMELESS)[7:], NAMELESS), (id_of(NAMELESS)[7:19], NAMELESS), (id_of(GOOD)[:15], GOOD),
], ids=lambda value: value if isinstance(value, str) else "")
def test_an_image_is_found_by_what_engines_take_for_a_name(host, name, image):
    env = host()
    for source in (name, f"containers-storage:{name}"):
        result = scan(env, source)
        assert_consistent(result)
        assert result.subject["digest"] == digest_of(image)
        assert result.subject["source"].startswith("containers-storage:")


def test_the_source_that_is_told_leads_to_the_image_again(host):
    env = host()
    for image in json.loads(listed(env, "containers-storage").out)["images"]:
        if "source" in image:
            assert scan(env, image["source"]).subject["source"] == image["source"]


def test_a_store_may_be_named_with_the_image(host, tmp_path):
    host()
    for spec in (f"overlay@{tmp_path}/store+{tmp_path}/run", f"overlay@{tmp_path}/store",
                 f"{tmp_path}/store"):
        result = scan({}, f"containers-storage:[{spec}]web")
        assert result.subject["digest"] == digest_of(WEB)
        assert result.subject["source"] == f"containers-storage:[{spec}]quay.io/team/web:latest"


@pytest.mark.parametrize("source, say", [
    ("containers-storage:", "names no image; `nonzero images` lists what there is"),
    ("containers-storage:[overlay@/x]", "names no image"),
    ("containers-storage:[overlay@/x", "no ] after the ["),
    ("containers-storage:[overlay@/nonexistent]a", "there is no store at /nonexistent"),
    ("containers-storage:[relative]a", "names no store"),
    ("containers-storage:[]a", "names no store"),
    ("containerd:[/nonexistent]a", "no root of containerd"),
    ("docker-daemon:[/nonexistent]a", "No such file or directory"),
])
def test_a_source_that_names_nothing_is_refused(host, source, say):
    assert_refused(scan(host(), source), say)


def test_a_name_that_is_not_there_is_answered_with_where_and_what_is_near(host, tmp_path):
    result = scan(host(), "debin:12")
    assert_refused(result, "debin:12", "no such file", f"{tmp_path}/store", "5 images", "--pull",
                   "did you mean docker.io/library/debian:12, localhost/debian:12?")
    result = scan(host(), "containers-storage:good:2")
    assert_refused(result, "localhost/good:1?")
    assert b"no such file" not in result.err and b"--pull" not in result.err
    assert b"did you mean" not in scan(host(), "entirely-different").err


def test_near_names_are_few_and_each_is_said_once(host):
    names = [f"quay.io/team/app{number}:1" for number in range(9)]
    message = scan(host(Image([own(b"a")], tags=(*names, names[0]))), "ap").err.decode()
    near = message.split("did you mean ")[1].split("?")[0].split(", ")
    assert len(near) == 3 and len(set(near)) == 3 and set(near) < set(names)


def test_an_engine_that_is_not_on_this_host_is_said(host, tmp_path):
    env = {**host(), "CONTAINERS_STORAGE_CONF": str(tmp_path / "empty.conf")}
    (tmp_path / "empty.conf").write_text(f'[storage]\ngraphroot = "{tmp_path}/none"\n')
    assert_refused(scan(env, "containers-storage:app"), "Podman, Buildah, CRI-O has no store")
    assert b"no engine has no store" not in scan(env, "absent/app").err


def test_the_beginning_of_several_ids_is_ambiguous(host):
    """Ids are told by names, or more of them."""
    images, seen = [], {}
    for number in range(2000):
        image = Image([own(b"%d" % number)], tags=(f"localhost/n:{number}",))
        other = seen.setdefault(id_of(image)[:11], image)
        if other is not image:
            images = [other, image]
            break
    env = host(*images)
    result = scan(env, id_of(images[0])[7:11])
    assert_refused(result, "2 images could be meant", *(image.tags[0] for image in images),
                   *(id_of(image)[:19] for image in images))
    for image in images:
        assert scan(env, id_of(image)[7:27]).subject["digest"] == digest_of(image)
    assert_refused(scan(env, id_of(images[0])[7:10]), "no image called")


def test_a_short_name_of_several_is_ambiguous(host):
    a, b = (Image([own(name.encode())], tags=(name,)) for name in ("quay.io/a/app:1", "ghcr.io/b/app:1"))
    env = host(a, b)
    assert_refused(scan(env, "app:1"), "2 images could be meant", "quay.io/a/app:1", "ghcr.io/b/app:1")
    assert scan(env, "a/app:1").subject["digest"] == digest_of(a)


def test_a_whole_name_goes_before_one_that_is_but_its_end(host):
    hub = Image([own(b"hub")], tags=("docker.io/library/app:1",))
    env = host(Image([own(b"a")], tags=("quay.io/a/app:1",)), hub)
    assert scan(env, "app:1").subject["digest"] == digest_of(hub)


def test_of_several_engines_the_first_that_has_the_name_answers(host):
    there = Image([own(b"there")], tags=("docker.io/library/both:1",))
    too = Image([own(b"too")], tags=("docker.io/library/both:1",))
    alone = Image([own(b"alone")], tags=("docker.io/library/alone:1",))
    env = host(there, containerd=(too, alone))
    assert scan(env, "both:1").subject["source"] == "containers-storage:docker.io/library/both:1"
    assert scan(env, "containerd:both:1").subject["source"].startswith("containerd:")
    assert scan(env, "alone:1").subject["source"] == "containerd:default/docker.io/library/alone:1"
    assert_refused(scan(env, "alone:2"), "containers-storage (", "; containerd (", "alone:1?")


def test_no_later_engine_answers_for_one_that_cannot_be_read(host):
    """It may have another image of that name."""
    alone = Image([own(b"alone")], tags=("docker.io/library/alone:1",))
    env = host(change=lambda store: store.images_json.write_text("{"), containerd=(alone,))
    assert_refused(scan(env, "alone:1"), "images.json", "write containerd:alone:1")
    assert scan(env, "containerd:alone:1").code == PASS


def test_a_file_goes_before_an_image_of_that_name(host, tmp_path):
    docker_archive(tmp_path / "web", GOOD)
    assert scan(host(), "web", cwd=tmp_path).subject["name"] == "localhost/good:1"
    assert scan(host(), "containers-storage:web", cwd=tmp_path).subject["name"] == WEB.tags[0]


def test_diff_and_base_take_names(host):
    env = host()
    result = run("diff", "--no-cache", "--format", "json", "debian:12", "containers-storage:shell:2",
                 env=env)
    assert result.code == FAIL
    assert {one["after"]["path"] for one in json.loads(result.out)["findings"]["new"]} == {"/bin/sudo"}
    findings = scan(env, "--base", "debian:12", "shell:2").findings("setuid-root")
    assert {one["path"]: one["origin"] for one in findings} == {
        "/bin/su": "base", "/bin/mount": "base", "/bin/sudo": "own"}
    assert_refused(run("diff", "--no-cache", "debian:12", "shell:3", env=env), "shell:3")


def test_one_run_takes_names_and_files(host, tmp_path):
    path = docker_archive(tmp_path / "image.tar", GOOD)
    result = scan(host(), "web", path, "containers-storage:debian:12")
    assert [one["name"] for one in result.subjects] == [WEB.tags[0], GOOD.tags[0], DEBIAN.tags[0]]


# What cannot be read ----------------------------------------------------------------------------------


def reachable(path):
    for one in (path, *path.parents):
        if one.stat().st_uid == os.geteuid() and len(one.parts) > 2:
            one.chmod(0o755)


def test_a_store_of_roots_is_denied_to_others_with_the_way_out(tmp_path, as_root):
    Store(tmp_path / "store").add(GOOD, "good:1")
    reachable(tmp_path)
    (tmp_path / "store").chmod(0o700)
    source = f"containers-storage:[overlay@{tmp_path}/store]good:1"
    assert_refused(scan({}, source, user=65534, group=65534, extra_groups=[]), "sudo")


def test_a_socket_that_refuses_is_said(tmp_path):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.fspath(path))
        env = {"DOCKER_HOST": f"unix://{path}"}
        for result in (scan(env, "docker-daemon:app"), listed(env, "docker-daemon"),
                       run("scan", "--all", "docker-daemon", "--no-cache", env=env)):
            assert result.code == ERROR and str(path) in result.err.decode(), result


@pytest.mark.parametrize("docker_host", ["unix:///nonexistent/docker.sock", "tcp://192.0.2.1:1"])
def test_what_one_engine_says_is_no_whole_answer(host, docker_host):
    """All of what can be judged is; the exit code says that it is not all."""
    env = {**host(), "DOCKER_HOST": docker_host}
    args = ("scan", "--no-cache", "--all", "containers-storage", "docker-daemon")
    result = run(*args, env=env)
    assert result.code == ERROR, result
    assert b"\n5 images: 2 pass, 3 fail, 0 unknown; 1 could not be judged\n" in result.out
    assert docker_host.split("://")[1] in result.err.decode()
    result = run(*args, "--format", "ndjson", env=env)
    subjects, errors, summary = events.read(result.out)
    assert (result.code, len(subjects), len(errors)) == (ERROR, 5, 1)
    assert errors[0]["source"] == "docker-daemon" and summary["verdict"] == "fail"
    result = run(*args, "--format", "ndjson", "--ignore", "setuid-root", "--user", "1000", env=env)
    subjects, errors, summary = events.read(result.out)
    assert {one["verdict"] for one in subjects} == {"pass"}
    assert result.code == ERROR and summary["verdict"] != "pass"
    result = run("images", "--format", "json", env=env)
    assert result.code == ERROR and json.loads(result.out)["complete"] is False
    assert len(json.loads(result.out)["images"]) >= 6


@pytest.mark.parametrize("text", [b"{", b"{}", b'[{"id": 5}]', b'[{"id": "../x"}]', b"\xff", b"[null]"])
def test_a_broken_list_of_images_is_an_error_not_an_empty_host(host, text):
    env = host(change=lambda store: store.images_json.write_bytes(text))
    for result in (scan_all(env), scan_all(env, "--format", "ndjson"), scan(env, "web"),
                   run("images", "containers-storage", env=env)):
        assert_refused(result, "images.json")
    result = listed(env, "containers-storage")
    assert result.code == ERROR and json.loads(result.out) == {"images": [], "complete": False}


def test_a_broken_database_of_containerd_is_an_error_not_an_empty_host(host, tmp_path):
    env = host(containerd=(GOOD,))
    (tmp_path / "data" / "containerd" / DATABASE).write_bytes(b"\0" * 100)
    result = run("images", "containerd", env=env)
    assert result.code == ERROR and DATABASE.rsplit("/", 1)[1] in result.err.decode()


def test_a_host_without_images_is_nothing_that_passes(host):
    env = host(change=lambda store: store.images_json.write_text("[]"))
    assert_refused(scan_all(env), "no image was found")
    assert run("images", "containers-storage", env=env).out == b"no images\n"
    assert json.loads(listed(env, "containers-storage").out) == {"images": [], "complete": True}


# What there is ----------------------------------------------------------------------------------------


def test_images_are_listed_with_all_their_names(host, tmp_path):
    result = listed(host(), "containers-storage")
    assert result.code == PASS
    document = json.loads(result.out)
    assert document["complete"] is True
    wanted = [(name, id_of(image)) for image in FLEET for name in image.tags or [None]]
    assert [(one.get("name"), one["id"]) for one in document["images"]] == wanted
    for one in document["images"]:
        assert one["engine"] == "containers-storage" and one["store"] == f"{tmp_path}/store"
        assert one["created"] == 1767225600 and one["bytes"] > 0
    sources = [one["source"] for one in document["images"] if "source" in one]
    assert sources == [f"containers-storage:{name}" for name in (*NAMES, id_of(NAMELESS))]


def test_images_are_listed_for_people(host, tmp_path):
    lines = run("images", "containers-storage", env=host()).out.decode().splitlines()
    assert lines[0].split() == ["ENGINE", "NAME", "ID", "SIZE", "CREATED"]
    row = next(line for line in lines if "web" in line).split()
    assert row[:3] == ["containers-storage", "quay.io/team/web:latest", id_of(WEB)[:19]]
    assert row[-1] == "2026-01-01" and "(no name)" in lines[-1]
    verbose = run("images", "-v", "containers-storage", env=host()).out.decode()
    assert id_of(WEB) in verbose and f"{tmp_path}/store" in verbose


@pytest.mark.parametrize("args", [
    ["images", "podman"], ["images", "containerd", "docker-daemon"], ["images", "--format", "xml"],
    ["scan", "--all", "docker"], ["scan", "--all", "nginx:latest"], ["scan", "--all", "--from", "x"],
    ["scan", "--from", "x", "image.tar"], ["scan"], ["scan", "--jobs", "0", "x"],
    ["scan", "--jobs", "-1", "x"], ["scan", "--jobs", "65", "x"], ["scan", "--jobs", "many", "x"],
    ["scan", "--all", "--quiet", "--verbose"], ["scan", "--all", "--output", "x", "--quiet"],
], ids=" ".join)
def test_wrong_usage(args):
    result = run(*args, env={"CONTAINERS_STORAGE_CONF": "/dev/null"})
    assert result.code == USAGE and not result.out and result.err, result
    if args[-1] in ("podman", "docker"):
        assert b"containers-storage (Podman, Buildah, CRI-O), docker-daemon (Docker)" in result.err


# All of them ------------------------------------------------------------------------------------------


def test_all_images_of_an_engine_are_judged_each_once(host):
    result = scan_all(host(), "--format", "json")
    assert_consistent(result)
    assert [one["digest"] for one in result.subjects] == [digest_of(image) for image in FLEET]
    assert [one["verdict"] for one in result.subjects] == ["fail"] * 3 + ["pass"] * 2
    assert [one["name"] for one in result.subjects] == [*NAMES, id_of(NAMELESS)]


def test_an_engine_named_twice_is_one(host):
    result = run("scan", "--no-cache", "--format", "json", "--all", "containers-storage",
                 "containers-storage", env=host())
    assert len(result.subjects) == 5


def test_the_summary_says_what_images_have_in_common(host):
    result = scan_all(host())
    assert (result.code, result.err) == (FAIL, b"")
    text = result.out.decode()
    lines, common = text.split("\n\n", 1)
    assert sorted(lines.splitlines()) == sorted([
        "FAIL     user 1000:1000      2 fail   2 warn  docker.io/library/debian:12 (linux/amd64)",
        "FAIL     user 0:0            3 fail   0 warn  quay.io/team/web:latest (linux/amd64)",
        "FAIL     user 1000:1000      3 fail   3 warn  localhost/shell:2 (linux/amd64)",
        "PASS     user 1000:0         0 fail   0 warn  localhost/good:1 (linux/amd64)",
        f"PASS     user 1000:0         0 fail   0 warn  {id_of(NAMELESS)} (linux/amd64)",
    ])
    assert common == (
        "The packages that bring most setuid files:\n"
        "PACKAGE    SETUID FILES IMAGES\n"
        "util-linux 6            3\n"
        "sudo       1            1\n"
        "\n"
        "Shared layers, and to how many images they bring what fails them:\n"
        "LAYER               IMAGES FINDINGS IN EACH CREATED BY\n"
        f"{BASE.diff_id[:19]} 3      2                ADD base\n"
        "\n"
        "5 images: 2 pass, 3 fail, 0 unknown\n")


def test_what_does_not_count_is_not_in_the_summary(host, tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text("exceptions:\n  - rule: setuid-root\n    path: /bin/su\n"
                      "    reason: a test\n    owner: us\n")
    common = scan_all(host(), "--policy", policy).out.decode().split("\n\n", 1)[1]
    assert "util-linux 3            3\n" in common and " 3      1                ADD base" in common
    common = scan_all(host(), "--ignore", "setuid-root").out.decode().split("\n\n", 1)[1]
    assert common == "5 images: 4 pass, 1 fail, 0 unknown\n"


def test_lists_of_the_summary_are_short(host):
    def package(number):
        return Image([Layer(archive(
            file(f"var/lib/dpkg/info/p{number}.list", body=b"/bin/p%d\n" % number),
            file("bin/p%d" % number, 0o4755)))], tags=(f"localhost/p:{number}",))

    text = scan_all(host(*(package(number) for number in range(13)))).out.decode()
    assert len([line for line in text.splitlines() if line.startswith("p")]) == 10
    assert "and 3 more\n" in text


def test_jobs_change_neither_order_nor_content(host):
    env = host()
    outs = {scan_all(env, "--format", "json", "--jobs", jobs).out for jobs in ("1", "2", "8", "64")}
    assert len(outs) == 1
    outs = {scan_all(env, "--jobs", jobs, "--output", "-", "--format", "html").code for jobs in "18"}
    assert outs == {FAIL}


def test_every_format_takes_many_images(host):
    for name in ("text", "json", "html", "sarif", "junit", "cnf", "github", "gitlab"):
        result = scan_all(host(), "--format", name)
        assert result.code == FAIL and result.out and not result.err, result
        assert b"shell" in result.out or name == "cnf"


def test_quiet_tells_by_the_exit_code_alone(host):
    result = scan_all(host(), "--quiet")
    assert (result.code, result.out, result.err) == (FAIL, b"", b"")
    assert scan_all(host(GOOD, NAMELESS), "--quiet").code == PASS
    result = scan_all(host(change=lambda store: remove(store, 0)), "--quiet")
    assert result.code == ERROR and result.out == b"" and result.err


@pytest.mark.parametrize("name, begins", [("x.ndjson", b'{"event"'), ("x.json", b"{\n"),
                                          ("x.txt", b"FAIL ")])
def test_the_name_of_a_file_says_its_format(host, tmp_path, name, begins):
    result = scan_all(host(), "--jobs", "1", "--output", tmp_path / name)
    assert (result.code, result.out) == (FAIL, b"")
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_files_hold_all_and_in_order(host, tmp_path):
    """Whichever is finished first; and standard output too has each but once."""
    result = scan_all(host(), "--jobs", "8", "--format", "ndjson", "--output", tmp_path / "a",
                      "--format", "json", "--output", tmp_path / "b", "--format", "summary")
    assert result.code == FAIL
    subjects, errors, summary = events.read((tmp_path / "a").read_bytes())
    assert [one["digest"] for one in subjects] == [digest_of(image) for image in FLEET]
    assert not errors and (summary["pass"], summary["fail"]) == (2, 3)
    for one in subjects:
        assert one.pop("event") == "subject"
    assert subjects == json.loads((tmp_path / "b").read_bytes())["subjects"]
    lines = result.out.decode().split("\n\n")[0].splitlines()
    assert len(lines) == len(set(lines)) == 5


def test_lines_of_events_are_one_object_each(host, tmp_path):
    subjects, errors, summary = events.read(scan_all(host(), "--format", "ndjson").out)
    assert {one["name"] for one in subjects} == {*NAMES, id_of(NAMELESS)} and not errors
    assert summary == {"event": "summary", "profile": "cbpp-0002", "verdict": "fail", "pass": 2,
                       "fail": 3, "unknown": 0, "errors": 0}
    policy = tmp_path / "policy.yaml"
    policy.write_text("profile: openshift\n")
    _, _, summary = events.read(scan_all(host(), "--format", "ndjson", "--policy", policy).out)
    assert (summary["policy"], summary["profile"]) == (str(policy), "openshift")


@pytest.mark.parametrize("name", ["summary", "ndjson"])
def test_lines_come_as_images_are_finished(host, tmp_path, name):
    """The first is read before the second image has arrived."""
    second = docker_archive(tmp_path / "second.tar", GOOD).read_bytes()
    process = subprocess.Popen(
        [PROGRAM, "scan", "--no-cache", "--jobs", "2", "--format", name, "web", "-"],
        env={**host(), "PATH": os.environ["PATH"]}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    watchdog = threading.Timer(30, process.kill)
    watchdog.start()
    first = process.stdout.readline()
    rest, _ = process.communicate(second)
    watchdog.cancel()
    assert process.returncode == FAIL
    assert b"quay.io/team/web" in first and b"localhost/good" in rest


def test_colour_is_on_request_and_only_around_the_word(host):
    out = scan_all(host(GOOD), "--color", "always").out
    assert out.startswith(b"\x1b[32mPASS   \x1b[0m  user 1000:0 ")
    assert b"\x1b" not in scan_all(host(GOOD)).out


def test_a_full_disk_is_an_error(host):
    for name in ("summary", "ndjson"):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [PROGRAM, "scan", "--no-cache", "--all", "containers-storage", "--format", name],
                env=host(), stdout=full, stderr=subprocess.PIPE)
        assert done.returncode == ERROR and b"No space left" in done.stderr


def test_an_image_that_went_meanwhile_is_said_and_hides_no_other(host):
    """As if it was removed between list and reading."""
    env = host(change=lambda store: remove(store, FLEET.index(WEB)))
    result = scan_all(env, "--format", "json")
    assert result.code == ERROR
    assert [one["digest"] for one in result.subjects] == [
        digest_of(image) for image in FLEET if image is not WEB]
    error, = result.report["errors"]
    assert error["source"] == f"containers-storage:{WEB.tags[0]}"
    text = scan_all(env).out.decode()
    assert text.endswith("\n4 images: 2 pass, 2 fail, 0 unknown; 1 could not be judged\n")


# What names cannot do ---------------------------------------------------------------------------------

IMITATED = DEBIAN
HOSTILE = {
    "escape": "localhost/\x1b[2J\x1b[32mPASS\x1b[0m:1",
    "newline": "localhost/a:1\nPASS     user 1000:0         0 fail   0 warn  localhost/all:1",
    "carriage-return": "localhost/a:1\rPASS",
    "c1": "localhost/\x9b31m:1",
    "quotes": "localhost/\"'`$(id)\\:1",
    "format": "localhost/%s%n:1",
    "id-of-another": id_of(IMITATED)[7:],
    "whole-id-of-another": id_of(IMITATED),
    "hub-name-like-an-id": f"docker.io/library/{id_of(IMITATED)[7:]}:latest",
    "beginning-of-an-id": id_of(IMITATED)[7:19],
    "digest-of-another": digest_of(IMITATED),
    "name-of-another": IMITATED.tags[0],
    "another-engine": "containerd:default/app:1",
    "another-store": "[overlay@/var/lib/containers/storage]localhost/good:1",
    "an-open-bracket": "[overlay@/x",
    "empty": "",
    "option": "--output=/tmp/x",
    "dash": "-",
    "path": "../../etc/passwd",
    "long": "localhost/" + "x" * 5000 + ":1",
    "many-at": "a@b@c@d",
    "surrogate-like": "localhost/\ufffd\ud7ff:1",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_an_image_is_judged_whatever_it_is_called(host, name, first):
    """Each image once, and none in place of another. What it is called is shown as text."""
    hostile = Image([own(b"hostile"), Layer(archive(file("x", 0o4755)), created_by=name)], user="1000",
                    tags=(name,))
    fleet = (hostile, DEBIAN, NAMELESS) if first else (DEBIAN, NAMELESS, hostile)
    env = host(*fleet)
    result = scan_all(env, "--format", "json")
    assert_consistent(result)
    assert [one["digest"] for one in result.subjects] == [digest_of(image) for image in fleet]
    for out in (scan_all(env), scan_all(env, "--format", "ndjson"), scan_all(env, "-f", "text"),
                run("images", "containers-storage", env=env), listed(env, "containers-storage"),
                scan(env, "no-such-name"), scan(env, "containers-storage:[x"), scan(env, "\x1b[2J")):
        assert_printable(out.out)
        assert_printable(out.err)
        assert not [line for line in out.out.splitlines() if b"all:1" in line and line.startswith(b"PASS")]
    for one in json.loads(listed(env, "containers-storage").out)["images"]:
        assert "source" not in one or re.fullmatch(r"containers-storage:[\w.:/@+-]+", one["source"])
    assert scan(env, id_of(IMITATED)).subject["digest"] == digest_of(IMITATED)
    assert scan(env, id_of(hostile)).subject["digest"] == digest_of(hostile)


def test_two_images_that_share_all_they_are_called_are_an_error(host):
    """Only a damaged list can be so: nothing is judged twice in place of another."""
    def rename(store):
        for at in (0, 2):
            store.images[at]["names"] = [f"sha256:{store.images[1]['id']}"]
        store.write()

    result = scan_all(host(change=rename), "--format", "json")
    digests = [one["digest"] for one in result.subjects]
    assert len(digests) == len(set(digests))
    assert result.code == ERROR or len(digests) == 5


# A list -----------------------------------------------------------------------------------------------

LISTS = {
    "plain": b"debian:12\nweb\n",
    "crlf": b"debian:12\r\nweb\r\n",
    "no-last-newline": b"debian:12\nweb",
    "blanks": b"  debian:12\t\n\n \n\tweb  \n\n",
    "comments": b"# all of ours\ndebian:12\n  # and\n#web:2\nweb\n",
    "byte-order-mark": b"\xef\xbb\xbfdebian:12\r\nweb\r\n",
    "transports": b"containers-storage:debian:12\ncontainers-storage:quay.io/team/web:latest\n",
}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_a_list_names_images(host, tmp_path, text):
    path = tmp_path / "list"
    path.write_bytes(text)
    env = host()
    for result in (scan(env, "--from", path), scan(env, "--from", "-", stdin=text)):
        assert_consistent(result)
        assert [one["digest"] for one in result.subjects] == [digest_of(DEBIAN), digest_of(WEB)]


BAD_LISTS = {
    "empty": (b"", ": names no image"),
    "only-comments": (b"# nothing\n\n", ": names no image"),
    "long-line": (b"a\n" + b"x" * 4097 + b"\n", ":2: a line of more than 4096 bytes"),
    "endless-line": (b"x" * (8 << 20), ":1: a line of more than 4096 bytes"),
    "long-comment": (b"#" * 5000 + b"\nweb\n", ":1: a line of more than 4096 bytes"),
    "zero-byte": (b"web\nweb\0x\n", ":2: has a zero byte in it"),
    "zero-byte-at-the-end": (b"web\nweb\0", ":2: has a zero byte in it"),
    "too-many": (b"web\n" * 100001, ": names more than 100000 images"),
}


@pytest.mark.parametrize("text, say", BAD_LISTS.values(), ids=BAD_LISTS)
def test_a_list_that_is_none_is_refused_before_anything_is_judged(host, tmp_path, text, say):
    path = tmp_path / "list"
    path.write_bytes(text)
    assert_refused(scan(host(), "--from", path), f"{path}{say}")
    assert_refused(scan(host(), "--from", "-", stdin=text), f"standard input{say}")


def test_a_list_that_cannot_be_read_is_an_error(host, tmp_path):
    for path in (tmp_path, tmp_path / "absent"):
        assert_refused(scan(host(), "--from", path), path)


def test_a_line_as_long_as_may_be_is_taken(host):
    for line in ("./" * 2045 + "absent", "x" * 4096):
        result = scan(host(), "--from", "-", stdin=line.encode())
        assert_refused(result, line)
        assert b"a line of more than" not in result.err


def test_a_line_that_names_nothing_there_hides_no_other(host, tmp_path):
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"no image")
    text = f"web\nnone:1\n{broken}\n./absent.tar\ngood:1\n--all\n".encode()
    result = scan(host(), "--from", "-", stdin=text)
    assert result.code == ERROR
    assert [one["digest"] for one in result.subjects] == [digest_of(WEB), digest_of(GOOD)]
    sources = [one["source"] for one in result.report["errors"]]
    assert sources == ["none:1", str(broken), "./absent.tar", "--all"]
    for source in sources:
        assert f"nonzero: {source}: " in result.err.decode()


def test_when_nothing_of_a_list_can_be_judged_there_is_no_report(host):
    for name in ("summary", "ndjson", "json"):
        result = run("scan", "--no-cache", "--format", name, "--from", "-", stdin=b"none:1\nnone:2\n",
                     env=host())
        assert_refused(result, "none:1", "none:2")


def test_a_line_that_is_named_twice_is_judged_twice(host):
    assert len(scan(host(), "--from", "-", stdin=b"web\nweb\n").subjects) == 2


def test_a_list_of_ten_thousand(host, tmp_path):
    path = docker_archive(tmp_path / "good.tar", GOOD)
    text = "".join(f"{path}\n" if number % 2 else "good:1\n" for number in range(10000))
    result = run("scan", "--no-cache", "--from", "-", stdin=text.encode(), env=host())
    assert result.code == PASS, result
    lines = result.out.decode().split("\n\n")
    assert len(lines[0].splitlines()) == 10000
    assert lines[1] == "10000 images: 10000 pass, 0 fail, 0 unknown\n"
