"""Images of a real containerd, read where it keeps them, beside the archives that they came from."""

import json
import threading

import engines
import kit
import pytest
import stores

NAME = "example.org/rich:1"


@pytest.fixture(scope="module")
def image(storage):
    return stores.in_store(storage, stores.build(storage, "localhost/kept"))


@pytest.fixture(scope="module")
def archives(storage, scratch, image):
    """The image as OCI archives, by the compression of their layers."""
    paths = {}
    for compression in ("gzip", "zstd"):
        layout = scratch / f"kept-{compression}"
        paths[compression] = scratch / f"kept-{compression}.tar"
        storage.skopeo("--dest-compress-format", compression, "--dest-compress", image,
                       f"oci:{layout}:{NAME}-{compression}")
        kit.run("tar", "-C", layout, "-cf", paths[compression], ".")
    return paths


@pytest.fixture(scope="module")
def containerd(containerd_engine, archives):
    for path in archives.values():
        containerd_engine("-n", "app", "images", "import", "--no-unpack", path)
    yield containerd_engine
    for space in ("app", "other", "churn"):
        names = containerd_engine("-n", space, "images", "ls", "-q").stdout.decode().split()
        if names:
            containerd_engine("-n", space, "images", "rm", *names, check=False)


def source(ctr, name):
    return f"containerd:[{ctr.root}]{name}"


def scan(ctr, name, *options):
    return kit.scan(source(ctr, name), "--no-cache", *options)


def refused(ctr, name, *mentions, options=()):
    stores.refused(kit.run(kit.NONZERO, "scan", "--no-cache", *options, source(ctr, name),
                           check=False), *mentions)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_the_store_says_what_the_archive_says(containerd, archives, compression):
    subject = scan(containerd, f"app/{NAME}-{compression}")
    stores.assert_same(subject, kit.scan(archives[compression]))
    listed = containerd("-n", "app", "images", "ls").stdout.decode()
    assert any(f"{NAME}-{compression} " in line and subject["digest"] in line
               for line in listed.splitlines())
    assert kit.rules_of(subject) & {"media-type-mismatch"} == set()


def test_it_is_found_by_short_names_and_by_its_digest(containerd):
    whole = scan(containerd, f"app/{NAME}-gzip")
    for name in (f"{NAME}-gzip", "rich:1-gzip", "app/rich:1-gzip", whole["digest"],
                 whole["digest"][7:20]):
        assert scan(containerd, name)["digest"] == whole["digest"]
    refused(containerd, "app/example.org/rihc:1-gzip", "example.org/rich:1")


def test_another_namespace_is_another_name(containerd, archives):
    containerd("-n", "other", "images", "import", "--no-unpack", archives["gzip"])
    subject = scan(containerd, f"other/{NAME}-gzip")
    assert subject["source"].endswith(f"]other/{NAME}-gzip")
    assert subject["digest"] == scan(containerd, f"{NAME}-gzip")["digest"]


def test_a_platform_that_is_not_there_is_noted(containerd, storage, scratch, image):
    """As a pull of one platform leaves an index."""
    archive, name = scratch / "index.tar", "example.org/both:1"
    for arch in ("amd64", "arm64"):
        container = storage.buildah("from", "--arch", arch, "scratch")
        storage.buildah("config", "--user", "1000" if arch == "amd64" else "0", container)
        storage.buildah("commit", "--quiet", "--rm", container, f"localhost/one-{arch}")
    storage.buildah("manifest", "create", name)
    for arch in ("amd64", "arm64"):
        storage.buildah("manifest", "add", "--arch", arch, name, f"localhost/one-{arch}")
    storage.buildah("manifest", "push", "--quiet", "--all", name, f"oci-archive:{archive}:{name}")
    containerd("-n", "app", "images", "import", "--all-platforms", "--no-unpack", archive)
    done = kit.run(kit.NONZERO, "scan", "--no-cache", "--format", "json", source(containerd, name),
                   check=False)
    assert {one["platform"] for one in json.loads(done.stdout)["subjects"]} == {
        "linux/amd64", "linux/arm64"}

    index = scratch / "index"
    storage.skopeo("--all", f"oci-archive:{archive}", f"oci:{index}:{name}")
    manifests = json.loads((index / "index.json").read_text())["manifests"]
    blob = index / "blobs" / manifests[0]["digest"].replace(":", "/")
    arm = next(one["digest"] for one in json.loads(blob.read_text())["manifests"]
               if one["platform"]["architecture"] == "arm64")
    containerd("-n", "app", "content", "rm", arm)
    (containerd.root / "io.containerd.content.v1.content/blobs" / arm.replace(":", "/")).unlink(
        missing_ok=True)
    subject = scan(containerd, name)
    assert subject["platform"] == "linux/amd64" and subject["user"]["uid"] == 1000
    assert any("never pulled" in note for note in subject["notes"])
    refused(containerd, name, "linux/arm64", options=("--platform", "linux/arm64"))


def test_names_are_read_while_containerd_writes(containerd):
    """Tags come and go all the time; an image that stays is found each time."""
    ended = threading.Event()

    def churn():
        place = 0
        while not ended.is_set():
            place += 1
            containerd("-n", "app", "images", "tag", f"{NAME}-gzip", f"example.org/churn:{place}")
            containerd("-n", "app", "images", "rm", f"example.org/churn:{place}", check=False)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(60):
            assert scan(containerd, f"app/{NAME}-gzip")["user"]["uid"] == 1000
    finally:
        ended.set()
        thread.join()


def test_images_that_are_removed_meanwhile_are_judged_right_or_refused(containerd, archives):
    ended = threading.Event()
    expected = stores.facts(kit.scan(archives["zstd"]))

    def churn():
        while not ended.is_set():
            containerd("-n", "churn", "images", "import", "--no-unpack", archives["zstd"])
            containerd("-n", "churn", "images", "rm", "--sync", f"{NAME}-zstd", check=False)

    containerd("-n", "app", "images", "rm", "--sync", f"{NAME}-zstd")
    thread = threading.Thread(target=churn)
    thread.start()
    judged = 0
    try:
        for _ in range(60):
            done = kit.run(kit.NONZERO, "scan", "--no-cache", "--format", "json",
                           source(containerd, f"churn/{NAME}-zstd"), check=False)
            if done.returncode == 2:
                stores.refused(done)
                message = done.stderr.decode()
                assert "no image called" in message or "removed while it was read" in message
            else:
                assert stores.facts(stores.judged(done)) == expected
                judged += 1
    finally:
        ended.set()
        thread.join()
        containerd("-n", "app", "images", "import", "--no-unpack", archives["zstd"])
    assert judged > 0


def test_layers_that_were_thrown_away_are_an_error_that_says_so(containerd):
    """As discard_unpacked_layers does; once containerd does not run, nothing brings them back."""
    manifest = json.loads(
        containerd("-n", "app", "content", "get", scan(containerd, f"app/{NAME}-gzip")["digest"]
                   ).stdout)
    layer = manifest["layers"][0]["digest"]
    blob = containerd.root / "io.containerd.content.v1.content/blobs" / layer.replace(":", "/")
    data = blob.read_bytes()
    blob.unlink()
    try:
        refused(containerd, f"app/{NAME}-gzip", layer.split(":")[1], "discard_unpacked_layers",
                "content fetch")
    finally:
        blob.write_bytes(data)


def test_another_user_is_told_to_use_sudo(containerd):
    program = stores.Program()
    try:
        stores.refused(program.scan_as_nobody(source(containerd, NAME)), "use sudo")
    finally:
        program.close()


def test_the_root_is_where_the_configuration_says(containerd, place):
    config = kit.run("containerd", "config", "default").stdout.decode()
    config = config.replace('root = "/var/lib/containerd"', f'root = "{containerd.root}"', 1)
    done = stores.scan_with_etc(place, {"containerd/config.toml": config},
                                f"containerd:app/{NAME}-gzip")
    assert stores.judged(done)["digest"] == scan(containerd, f"app/{NAME}-gzip")["digest"]
    broken = stores.scan_with_etc(place, {"containerd/config.toml": "root = [\n"},
                                  f"containerd:app/{NAME}-gzip")
    stores.refused(broken, "/etc/containerd/config.toml")


def test_a_containerd_that_does_not_run_is_read_all_the_same(scratch, archives):
    directory = scratch / "containerd-stopped"
    with engines.containerd_daemon(str(directory)) as ctr:
        ctr("-n", "app", "images", "import", "--no-unpack", archives["gzip"])
    stores.assert_same(kit.scan(f"containerd:[{directory}/root]app/{NAME}-gzip"),
                       kit.scan(archives["gzip"]))
