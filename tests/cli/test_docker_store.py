"""Docker's data root read directly: what a store that is right, damaged or hostile gives."""

import gzip
import json
import os
import socket

import pytest

import program
from oddimage import Image, Layer, Symlink, digest, docker_archive
from oddstore import (body_path, cache_id, chain_ids, docker_root, layer_path, split_of, write_dir)
from oddtar import archive, directory, file, hardlink, whiteout

PASSWD = file("etc/passwd", 0o644, body=b"root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n")
BELOW = archive(directory("bin"), file("bin/su", 0o4755, body=b"x" * 700), PASSWD,
                hardlink("bin/su2", "bin/su", 0o4755), file("bin/gone", 0o4755))
ABOVE = archive(file("bin/new", 0o6755, 7, 8, body=b"y"), whiteout("bin/gone"))


def app(**knobs):
    knobs = {"user": "app", "tags": ("app:1",), **knobs}
    return Image([BELOW, ABOVE], **knobs)


def chains_of(image):
    return chain_ids([layer.diff_id for layer in image.layers])


def scan(root, name="app:1", *args, **knobs):
    return program.scan("--no-cache", *args, f"docker-daemon:[{root}]{name}", **knobs)


def facts(result):
    return sorted((one["rule"], one.get("path"), one.get("mode"), one.get("uid"), one.get("gid"),
                   one.get("layer", {}).get("index"), one.get("layer", {}).get("digest"))
                  for one in result.findings())


@pytest.fixture
def store(tmp_path):
    """store(change=None, **knobs): a data root with `app`, after change(tree, image)."""

    def make(change=None, image=None, **knobs):
        image = image or app()
        tree = docker_root(image, **knobs)
        if change:
            change(tree, image)
        return write_dir(tmp_path / "root", tree)

    return make


@pytest.mark.parametrize("driver", ["overlay2", "fuse-overlayfs", "vfs"])
def test_an_image_in_the_store_is_judged_as_its_archive_is(store, tmp_path, driver):
    root = store(driver=driver)
    result = scan(root)
    program.assert_consistent(result)
    saved = program.scan(docker_archive(tmp_path / "app.tar", app(), style="legacy"))
    assert facts(result) == facts(saved) and len(facts(result)) > 2
    assert result.subject["name"] == saved.subject["name"] == "app:1"
    assert result.subject["digest"] == digest(app().config_bytes())
    assert result.user["uid"] == 1000


@pytest.mark.parametrize("name", ["app:1", "docker.io/library/app:1", "library/app:1"])
def test_names_are_those_that_docker_takes(store, name):
    assert scan(store(), name).subject["name"] == "app:1"


def test_an_image_without_a_name_is_found_by_its_id(store):
    image = app(tags=())
    root = store(image=image)
    assert scan(root, digest(image.config_bytes())[7:19]).user["uid"] == 1000


def test_verify_reads_all_bodies_and_checks_the_diff_ids(store):
    root = store()
    assert "diff_ids were not verified" in str(scan(root).subject["notes"])
    verified = scan(root, "app:1", "--verify")
    assert "notes" not in verified.subject or "diff_ids" not in str(verified.subject["notes"])
    body = root / body_path(chains_of(app())[0], "bin/su")
    body.write_bytes(b"z" * 700)
    assert facts(scan(root)) == facts(verified)  # nobody looks at it
    program.assert_refused(scan(root, "app:1", "--verify"), "layer 0")


def test_a_platform_that_it_is_not_for_is_an_error(store):
    root = store()
    assert scan(root, "app:1", "--platform", "linux/amd64").user["uid"] == 1000
    program.assert_refused(scan(root, "app:1", "--platform", "linux/arm64"), "linux/amd64")


def test_vfs_without_tar_split_is_refused(store):
    program.assert_refused(scan(store(driver="vfs", split=False)), "docker save")


def test_without_tar_split_nothing_can_be_verified(store):
    program.assert_refused(scan(store(split=False), "app:1", "--verify"), "tar-split.json.gz")


# --- hostile and damaged ---


def top(image):
    return chains_of(image)[-1]


def put(name, data):
    return lambda tree, image: tree.__setitem__(layer_path(top(image), name), data)


def drop(name):
    return lambda tree, image: tree.pop(layer_path(top(image), name))


def config_path(image):
    return f"image/overlay2/imagedb/content/sha256/{digest(image.config_bytes())[7:]}"


def change_config(tree, image):
    tree[config_path(image)] += b" "


def drop_layer(tree, image):
    folder = layer_path(top(image), "")
    for path in [path for path in tree if path.startswith(folder)]:
        del tree[path]


def drop_bodies(tree, image):
    folder = f"overlay2/{cache_id(top(image))}/"
    for path in [path for path in tree if path.startswith(folder)]:
        del tree[path]


def link_diff_out(tree, image):
    drop_bodies(tree, image)
    tree[f"overlay2/{cache_id(top(image))}/diff"] = Symlink("/etc")


def parent_is_itself(tree, image):
    tree[layer_path(top(image), "parent")] = top(image).encode()


def bottom_has_a_parent(tree, image):
    tree[layer_path(chains_of(image)[0], "parent")] = top(image).encode()


def split_of_another(tree, image):
    tree[layer_path(chains_of(image)[0], "tar-split.json.gz")] = split_of(
        archive(file("etc/passwd", body=b"root:x:0:0::/:\n" * 3)))


def passwd_is_a_link(target):
    def change(tree, image):
        tree[body_path(chains_of(image)[0], "etc/passwd")] = Symlink(target)

    return change


def cut(tree, image):
    path = layer_path(top(image), "tar-split.json.gz")
    tree[path] = tree[path][:-9]


WRONG = {
    "cache-id-climbs": (put("cache-id", b"../../../../etc"), "cache-id"),
    "cache-id-absolute": (put("cache-id", b"/etc"), "cache-id"),
    "cache-id-empty": (put("cache-id", b""), "cache-id"),
    "cache-id-long": (put("cache-id", b"a" * 300), "cache-id"),
    "cache-id-huge": (put("cache-id", b"a" * 5000), "cache-id"),
    "cache-id-drives-a-terminal": (put("cache-id", b"\x1b[2J"), "cache-id"),
    "cache-id-is-a-link": (put("cache-id", Symlink("/etc/hostname")), "link"),
    "cache-id-missing": (drop("cache-id"), "cache-id is missing"),
    "diff-missing": (drop("diff"), "diff is missing"),
    "diff-of-another": (put("diff", b"sha256:" + b"0" * 64), "another diff_id"),
    "parent-missing": (drop("parent"), "layer below"),
    "parent-is-itself": (parent_is_itself, "layer below"),
    "bottom-has-a-parent": (bottom_has_a_parent, "layer below"),
    "layer-missing": (drop_layer, "removed while it was read"),
    "bodies-missing": (drop_bodies, "removed while it was read"),
    "diff-is-a-link": (link_diff_out, "link"),
    "split-is-a-link": (put("tar-split.json.gz", Symlink("/etc/passwd")), "link"),
    "split-is-no-gzip": (put("tar-split.json.gz", b"{}"), "layer 1"),
    "split-is-no-json": (put("tar-split.json.gz", gzip.compress(b"x\n")), "layer 1"),
    "split-is-cut": (cut, "layer 1"),
    "split-of-another": (split_of_another, "layer 0"),
    "passwd-leads-out": (passwd_is_a_link("/etc/passwd"), "layer 0"),
    "passwd-climbs-out": (passwd_is_a_link("../" * 20 + "etc/passwd"), "layer 0"),
    "config-changed": (change_config, "wrong digest"),
    "config-missing": (lambda tree, image: tree.pop(config_path(image)), "is missing"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_damaged_store_is_an_error_that_says_where(store, wrong):
    change, mention = WRONG[wrong]
    program.assert_refused(scan(store(change)), mention)


def test_a_directory_in_the_bodies_that_is_a_link_leads_nowhere_outside(store):
    """A link in the layer's files is followed as in a root of its own."""

    def change(tree, image):
        chain = chains_of(image)[0]
        tree[body_path(chain, "real/passwd")] = tree.pop(body_path(chain, "etc/passwd"))
        tree[body_path(chain, "etc")] = Symlink("/real")

    assert scan(store(change)).user["uid"] == 1000


def test_a_fifo_for_a_body_does_not_hang(store):
    root = store()
    body = root / body_path(chains_of(app())[0], "etc/passwd")
    body.unlink()
    os.mkfifo(body)
    program.assert_refused(scan(root), "etc/passwd")


REPOSITORIES = {
    "no-json": b"{",
    "list": b"[]",
    "no-id": json.dumps({"Repositories": {"app": {"app:1": "latest"}}}).encode(),
    "id-climbs": json.dumps({"Repositories": {"app": {"app:1": "sha256:" + "../" * 21 + "x"}}}).encode(),
    "id-null": json.dumps({"Repositories": {"app": {"app:1": None}}}).encode(),
    "sha512": json.dumps({"Repositories": {"app": {"app:1": "sha512:" + "0" * 128}}}).encode(),
}


@pytest.mark.parametrize("wrong", REPOSITORIES)
def test_a_list_of_names_that_is_broken_is_an_error(store, wrong):
    def change(tree, _):
        tree["image/overlay2/repositories.json"] = REPOSITORIES[wrong]

    program.assert_refused(scan(store(change)), "repositories.json")


def test_too_many_layers_are_an_error(store):
    layer = Layer(archive())
    image = Image([layer], tags=("app:1",),
                  config={"rootfs": {"type": "layers", "diff_ids": [layer.diff_id] * 1025}})
    program.assert_refused(scan(store(image=image)), "layers")


def test_a_name_that_is_not_there_is_answered_with_the_nearest(store):
    result = scan(store(), "ap:1")
    program.assert_refused(result, "docker.io/library/app:1")


# --- where ---


def test_what_is_no_data_root_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    program.assert_refused(scan(tmp_path / "empty"), "no data root of Docker")
    program.assert_refused(scan(tmp_path / "missing"), "No such file")
    (tmp_path / "file").write_text("x")
    program.assert_refused(scan(tmp_path / "file"), "neither a data root of Docker nor its socket")


def test_a_root_of_another_user_is_denied_with_the_way_out(store, as_root):
    root = store()
    (root / "image").chmod(0o700)
    reach(root)
    program.assert_refused(scan(root, user=65534, group=65534, extra_groups=[]), "use sudo")


def reach(path):
    for one in path.parents:
        if one.stat().st_uid == os.geteuid() and len(one.parts) > 2:
            one.chmod(0o755)


def test_a_socket_of_another_user_is_denied_with_the_group(tmp_path, as_root):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(path))
        path.chmod(0o600)
        reach(path)
        result = scan(path, user=65534, group=65534, extra_groups=[])
    program.assert_refused(result, "the group docker")


def test_a_docker_host_elsewhere_is_not_asked(tmp_path):
    result = program.scan("docker-daemon:app", env={"DOCKER_HOST": "tcp://192.0.2.1:2375"})
    program.assert_refused(result, "tcp://192.0.2.1:2375", "docker save")
    gone = program.scan("docker-daemon:app", env={"DOCKER_HOST": f"unix://{tmp_path}/none"})
    program.assert_refused(gone, "does the Docker daemon run?")


def test_a_remapped_docker_is_found_below_its_root(tmp_path):
    root = tmp_path / "root"
    write_dir(root / "165536.165536", docker_root(app()))
    assert scan(root).user["uid"] == 1000
    write_dir(tmp_path / "other" / "1.1", docker_root(app(), split=False))
    program.assert_refused(scan(tmp_path / "other"), "user namespace")
