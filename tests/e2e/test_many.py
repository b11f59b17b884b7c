"""All images of a host in one run, where Podman, Docker and containerd keep them."""

import json
import threading

import events
import fleet
import kit
import pytest
from fleet import BASE, IN_CONTAINERD, IN_DOCKER, IN_PODMAN, SPACE, id_of, whole
from oddimage import docker_archive, oci_layout


@pytest.fixture(scope="module")
def expected(host):
    """{image's id or digest: what is said of it as an archive}."""
    verdicts = {}
    for images in (IN_PODMAN, IN_DOCKER, IN_CONTAINERD):
        for image in images.values():
            archive = docker_archive(host.directory / "one.tar", image)
            verdicts[id_of(image)] = told(kit.scan(archive))
    return verdicts


def told(subject):
    findings = sorted((one["rule"], one.get("path", ""), one.get("package", ""),
                       one.get("layer", {}).get("index", -1)) for one in subject["findings"])
    return subject["verdict"], subject["user"], findings


def image_of(subject):
    engine, name = subject["source"].split(":", 1)
    images = {"containers-storage": IN_PODMAN, "docker-daemon": IN_DOCKER, "containerd": IN_CONTAINERD}
    return {whole(tag): image for tag, image in images[engine].items()}[name.removeprefix(f"{SPACE}/")]


def test_the_list_is_what_engines_say_themselves(host):
    listed = host.images()
    ours = {(one["engine"], one.get("name"), one["id"]) for one in listed}
    podman = host.storage.podman("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
    docker = host.docker("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
    theirs = {("containers-storage", *line.split()) for line in podman.stdout.decode().splitlines()}
    for line in docker.stdout.decode().splitlines():
        name, identity = line.split()
        theirs.add(("docker-daemon", whole(name), identity))
    for line in host.containerd("-n", SPACE, "images", "ls").stdout.decode().splitlines()[1:]:
        name, _, identity = line.split()[:3]
        theirs.add(("containerd", f"{SPACE}/{name}", identity))
    assert ours == theirs
    assert all(one["bytes"] > 0 for one in listed if one["engine"] == "containers-storage")
    assert [one["engine"] for one in listed] == sorted(
        (one["engine"] for one in listed),
        key=["containers-storage", "docker-daemon", "containerd"].index)


def test_one_engine_is_listed_alone(host):
    assert {one["engine"] for one in host.images("docker-daemon")} == {"docker-daemon"}
    done = host.run("images", "containerd", "--verbose")
    assert done.returncode == 0 and b"/var/lib/containerd" in done.stdout and b"podman" not in done.stdout


def test_every_image_of_the_host_is_judged_as_its_archive_is(host, expected):
    subjects = host.scan("--all")["subjects"]
    assert len(subjects) == len(IN_PODMAN) + len(IN_DOCKER) + len(IN_CONTAINERD) == len(expected)
    for subject in subjects:
        assert told(subject) == expected[id_of(image_of(subject))], subject["source"]
    assert [one["source"] for one in subjects] == [
        one["source"] for one in host.images() if "source" in one]


def test_engines_are_chosen_by_name(host):
    subjects = host.scan("--all", "docker-daemon", "containerd")["subjects"]
    assert {one["source"].split(":")[0] for one in subjects} == {"docker-daemon", "containerd"}
    assert len(subjects) == len(IN_DOCKER) + len(IN_CONTAINERD)


def test_jobs_change_nothing(host):
    outs = {host.run("scan", "--no-cache", "--all", "--format", "json", "--jobs", jobs).stdout
            for jobs in ("1", "2", "16")}
    assert len(outs) == 1


def test_the_summary_counts_what_images_share(host):
    done = host.run("scan", "--no-cache", "--all")
    assert done.returncode == 1 and not done.stderr
    lines, packages, layers, end = done.stdout.decode().rstrip("\n").split("\n\n")
    bearers = [image for images in (IN_PODMAN, IN_DOCKER, IN_CONTAINERD) for image in images.values()
               if BASE in image.layers]
    assert packages.splitlines()[2].split() == ["util-linux", str(2 * len(bearers)), str(len(bearers))]
    # Podman and Docker know a layer by its content, containerd by what was pulled.
    rows = [line.split()[:3] for line in layers.splitlines()[2:]]
    assert rows == [[BASE.diff_id[:19], str(len(bearers) - 1), "2"]]
    verdicts = [line.split()[0] for line in lines.splitlines()]
    assert end == (f"{len(verdicts)} images: {verdicts.count('PASS')} pass, {verdicts.count('FAIL')} fail, "
                   "0 unknown")


def test_lines_of_events_fit_the_schema(host):
    done = host.run("scan", "--no-cache", "--all", "--format", "ndjson")
    subjects, errors, _ = events.read(done.stdout)
    assert not errors
    assert {one["source"] for one in subjects} == {
        one["source"] for one in host.scan("--all")["subjects"]}


def test_a_list_names_images_of_engines(host, expected):
    lines = "# the fleet\r\nweb\r\ndocker-daemon:debian:12\r\n\r\npod:7\r\nabsent:1\r\n"
    done = host.run("scan", "--no-cache", "--from", "-", "--format", "json", input=lines.encode())
    assert done.returncode == 2 and b"absent:1: no such file, and no image called" in done.stderr
    report = json.loads(done.stdout)
    assert [one["source"] for one in report["subjects"]] == [
        "containers-storage:quay.io/team/web:latest", "docker-daemon:docker.io/library/debian:12",
        f"containerd:{SPACE}/registry.example/pod:7"]
    assert [one["source"] for one in report["errors"]] == ["absent:1"]
    for subject in report["subjects"]:
        assert told(subject) == expected[id_of(image_of(subject))]


def test_an_engine_that_cannot_be_read_makes_the_answer_no_whole_one(host):
    broken = host.directory / "broken"
    (broken / "overlay-images").mkdir(parents=True, exist_ok=True)
    (broken / "overlay-images" / "images.json").write_text("[{")
    places = {"podman": (broken, "/var/lib/containers/storage"),
              "docker": (host.docker.root, "/var/lib/docker")}
    done = host.run("scan", "--no-cache", "--all", "--format", "ndjson", places=places)
    subjects, errors, _ = events.read(done.stdout)
    assert done.returncode == 2 and b"images.json" in done.stderr
    assert (len(subjects), len(errors)) == (len(IN_DOCKER), 1)
    done = host.run("images", "--format", "json", places=places)
    assert done.returncode == 2 and json.loads(done.stdout)["complete"] is False
    assert len(json.loads(done.stdout)["images"]) == len(IN_DOCKER)


def test_what_was_learned_of_a_layer_serves_all_engines(host, expected, tmp_path):
    """The cache, filled by some of them or by all."""
    options = ("--cache-dir", tmp_path / "cache", "--format", "json")
    for _ in range(2):
        done = host.run("scan", "--all", *options)
        for subject in kit.read_report(done, "--all")["subjects"]:
            assert told(subject) == expected[id_of(image_of(subject))], subject["source"]


def test_images_that_come_and_go_meanwhile_are_judged_right_or_said(host, expected):
    """Those that stay are judged each time; one that went is an error, never half of it. While it comes
    it has no name yet."""
    name = "localhost/fleeting:1"
    image = fleet.of(name, BASE)
    layout = oci_layout(host.directory / "fleeting", image)
    right = told(kit.scan(docker_archive(host.directory / "fleeting.tar", image)))
    ended = threading.Event()

    def churn():
        while not ended.is_set():
            host.add_to_podman(layout, name)
            host.storage.podman("rmi", "--force", name, check=False)

    thread = threading.Thread(target=churn)
    thread.start()
    there = 0
    try:
        for _ in range(25):
            done = host.run("scan", "--no-cache", "--all", "--format", "json")
            report = json.loads(done.stdout)
            subjects = {one["source"]: one for one in report["subjects"]}
            fleeting = [subjects.pop(f"containers-storage:{one}", None) for one in (name, id_of(image))]
            assert len(subjects) == len(expected)
            for subject in subjects.values():
                assert told(subject) == expected[id_of(image_of(subject))]
            for subject in filter(None, fleeting):
                assert told(subject) == right
                there += 1
            assert done.returncode == (2 if report.get("errors") else 1)
            for error in report.get("errors", []):
                assert error["source"].startswith("containers-storage") and error["message"]
    finally:
        ended.set()
        thread.join()
    assert there > 0
