"""containerd's root read directly: its database of names and its content, right, damaged, hostile."""

import os

import pytest

import oddbolt
import program
from oddimage import Image, Layer, Symlink, digest, oci_archive, write_dir
from oddstore import CONTENT, DATABASE, containerd_root
from oddtar import archive, directory, file, whiteout

PASSWD = file("etc/passwd", 0o644, body=b"root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n")
BELOW = archive(directory("bin"), file("bin/su", 0o4755), PASSWD, file("bin/gone", 0o4755))
ABOVE = archive(file("bin/new", 0o6755, 7, 8), whiteout("bin/gone"))
NAME = "example.com/app:1"


def app(**knobs):
    layers = [Layer(BELOW, packed="gzip"), Layer(ABOVE, packed="zstd")]
    return Image(layers, **{"user": "app", "tags": (NAME,), **knobs})


def scan(root, name=NAME, *args, **knobs):
    return program.scan("--no-cache", *args, f"containerd:[{root}]{name}", **knobs)


def facts(result):
    return sorted((one["rule"], one.get("path"), one.get("mode"), one.get("uid"), one.get("gid"),
                   one.get("layer", {}).get("index"), one.get("layer", {}).get("digest"))
                  for one in result.findings())


@pytest.fixture
def store(tmp_path):
    def make(*images, change=None, **knobs):
        tree = containerd_root(*(images or [app()]), **knobs)
        if change:
            change(tree)
        return write_dir(tmp_path / "root", tree)

    return make


def test_an_image_in_the_store_is_judged_as_its_archive_is(store, tmp_path):
    result = scan(store())
    program.assert_consistent(result)
    saved = program.scan(oci_archive(tmp_path / "app.tar", app()))
    assert facts(result) == facts(saved) and len(facts(result)) > 2
    assert result.subject["name"] == saved.subject["name"] == NAME
    assert result.subject["digest"] == saved.subject["digest"]


@pytest.mark.parametrize("name", ["default/example.com/app:1", "example.com/app:1", "app:1",
                                  "default/app:1"])
def test_names_may_begin_with_the_namespace_and_be_short(store, name):
    result = scan(store(), name)
    assert result.subject["name"] == NAME
    assert result.subject["source"].endswith("]default/example.com/app:1")


def test_a_namespace_tells_images_of_one_name_apart(tmp_path):
    one, other = app(), app(user="0")
    first = containerd_root(one, space="default")
    second = containerd_root(other, space="k8s.io")
    targets = {}
    for space, image in (("default", one), ("k8s.io", other)):
        manifest = next(data for path, data in containerd_root(image).items()
                        if path.startswith(CONTENT) and b'"layers": [{' in data)
        targets[f"{space}/{NAME}"] = (digest(manifest), len(manifest))
    tree = {**first, **second, DATABASE: oddbolt.database(oddbolt.containerd(targets))}
    root = write_dir(tmp_path / "root", tree)
    assert scan(root, "default/" + NAME).user["uid"] == 1000
    assert scan(root, "k8s.io/" + NAME).user["state"] == "root"
    program.assert_refused(scan(root), "default/" + NAME, "k8s.io/" + NAME)


def test_an_image_is_found_by_the_id_that_the_kubelet_knows(tmp_path):
    image = app()
    tree = containerd_root(image, space="k8s.io")
    manifest = next(data for data in tree.values() if b'"layers": [{' in data)
    target = (digest(manifest), len(manifest))
    config = digest(image.config_bytes())
    tree[DATABASE] = oddbolt.database(oddbolt.containerd(
        {"k8s.io/" + NAME: target, "k8s.io/" + config: target}))
    root = write_dir(tmp_path / "root", tree)
    assert scan(root, config).subject["name"] == NAME
    assert scan(root, config[7:19]).subject["name"] == NAME


def test_a_list_of_many_names_is_read_through_its_branches(tmp_path):
    image = app()
    tree = containerd_root(image)
    manifest = next(data for data in tree.values() if b'"layers": [{' in data)
    names = {f"default/{NAME}{n:04}": (digest(manifest), len(manifest)) for n in range(1500)}
    tree[DATABASE] = oddbolt.database(oddbolt.containerd(names))
    root = write_dir(tmp_path / "root", tree)
    assert scan(root, NAME + "1234").subject["name"] == NAME + "1234"


# --- platforms ---


def two_platforms():
    return app(), app(architecture="arm64", user="0")


def drop_arm(tree):
    """As a pull for one platform leaves it."""
    arm = next(path for path, data in tree.items() if b'"architecture": "arm64"' in data and
               b"rootfs" in data)
    config = arm.rsplit("/", 1)[1]
    manifest = next(path for path, data in tree.items() if config.encode() in data and
                    b'"layers": [{' in data)
    del tree[arm], tree[manifest]


def test_a_platform_that_was_never_pulled_is_noted_and_not_judged(store):
    result = scan(store(*two_platforms(), nest=1, change=drop_arm))
    assert result.subject["platform"] == "linux/amd64"
    assert any("never pulled" in note for note in result.subject["notes"])


def test_both_platforms_are_judged_when_both_are_there(store):
    result = scan(store(*two_platforms(), nest=1))
    assert [one["platform"] for one in result.subjects] == ["linux/amd64", "linux/arm64"]
    assert not any("never pulled" in str(one.get("notes")) for one in result.subjects)


def test_asking_for_the_platform_that_was_never_pulled_is_an_error(store):
    root = store(*two_platforms(), nest=1, change=drop_arm)
    program.assert_refused(scan(root, NAME, "--platform", "linux/arm64"), "linux/arm64", "pull")
    program.assert_refused(scan(root, NAME, "--platform", "linux/s390x"), "linux/s390x")


# --- hostile and damaged ---


def content_of(tree, what):
    return next(path for path, data in tree.items() if path.startswith(CONTENT) and what(data))


def gone(what):
    return lambda tree: tree.pop(content_of(tree, what))


def is_layer(data):
    return data[:2] == b"\x1f\x8b"


def is_manifest(data):
    return b'"layers": [{' in data


def is_config(data):
    return b'"diff_ids"' in data


def altered(what):
    def change(tree):
        path = content_of(tree, what)
        tree[path] = tree[path][:-1] + bytes([tree[path][-1] ^ 1])

    return change


def linked_out(tree):
    path = content_of(tree, is_manifest)
    tree[path] = Symlink("/etc/passwd")


def record(**fields):
    """The database with a record of these fields."""

    def change(tree):
        image = {**oddbolt.image("sha256:" + "0a" * 32, 5), "target": fields}
        names = {"v1": {"default": {"images": {NAME: image}}}}
        tree[DATABASE] = oddbolt.database(names)

    return change


def broken_database(data):
    return lambda tree: tree.__setitem__(DATABASE, data(tree[DATABASE]) if callable(data) else data)


def loop(_):
    database = oddbolt.Database()
    database.root = database.add(oddbolt.BRANCH, 1, oddbolt.branch([(b"", 3)]))
    return database.bytes()


WRONG = {
    "layer-discarded": (gone(is_layer), "discard_unpacked_layers"),
    "manifest-gone": (gone(is_manifest), "removed while it was read"),
    "config-gone": (gone(is_config), "removed while it was read"),
    "layer-altered": (altered(is_layer), "wrong digest"),
    "manifest-altered": (altered(is_manifest), "wrong digest"),
    "config-altered": (altered(is_config), "wrong digest"),
    "manifest-is-a-link": (linked_out, "leads out"),
    "no-target": (record(), "no digest or no size"),
    "no-size": (record(digest=b"sha256:" + b"0a" * 32), "no digest or no size"),
    "negative-size": (record(digest=b"sha256:" + b"0a" * 32, size=oddbolt.varint(-5)), "no size"),
    "digest-climbs": (record(digest=b"sha256:../../../etc/passwd", size=b"\x02"), "no digest"),
    "digest-is-no-text": (record(digest=b"\xff\xfe", size=b"\x02"), "no digest"),
    "database-empty": (broken_database(b""), "meta.db"),
    "database-text": (broken_database(b"not a database\n" * 1000), "no bolt database"),
    "database-cut": (broken_database(lambda data: data[:4096]), "past the end of the file"),
    "database-loop": (broken_database(loop), "meta.db"),
    "database-is-a-link": (broken_database(Symlink("/etc/passwd")), "meta.db"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_damaged_store_is_an_error_that_says_where(store, wrong):
    change, mention = WRONG[wrong]
    program.assert_refused(scan(store(change=change)), mention)


def test_a_name_that_is_no_text_does_not_reach_the_terminal(store):
    def change(tree):
        images = {b"\x1b[2J\xff": oddbolt.image("sha256:" + "0a" * 32, 5)}
        tree[DATABASE] = oddbolt.database({"v1": {"default": {"images": images}}})

    program.assert_refused(scan(store(change=change)), "no text")


def test_a_fifo_for_the_database_does_not_hang(store):
    root = store()
    (root / DATABASE).unlink()
    os.mkfifo(root / DATABASE)
    program.assert_refused(scan(root), "is no file")


def test_a_huge_database_costs_neither_time_nor_memory(store):
    root = store()
    os.truncate(root / DATABASE, 8 << 30)
    assert scan(root).user["uid"] == 1000
    os.truncate(root / DATABASE, 20 << 30)
    program.assert_refused(scan(root), "GiB")


def test_what_is_no_root_of_containerd_is_said(tmp_path):
    program.assert_refused(scan(tmp_path), "no root of containerd")


def test_a_root_of_another_user_is_denied_with_the_way_out(store, as_root):
    root = store()
    root.chmod(0o700)
    for one in root.parents:
        if one.stat().st_uid == os.geteuid() and len(one.parts) > 2:
            one.chmod(0o755)
    program.assert_refused(scan(root, user=65534, group=65534, extra_groups=[]), "use sudo")


def test_dockers_own_containerd_is_read_as_docker(tmp_path):
    """Docker since 29 keeps images there, in the namespace moby."""
    write_dir(tmp_path / "containerd" / "daemon",
              containerd_root(app(tags=("docker.io/library/app:1",)), space="moby"))
    for name in ("app:1", "docker.io/library/app:1"):
        result = program.scan(f"docker-daemon:[{tmp_path}]{name}")
        assert result.user["uid"] == 1000
        assert result.subject["source"].endswith("]docker.io/library/app:1")
    elsewhere = tmp_path / "elsewhere"
    write_dir(elsewhere / "containerd" / "daemon", containerd_root(app(), space="default"))
    program.assert_refused(program.scan(f"docker-daemon:[{elsewhere}]{NAME}"), "0 images")
