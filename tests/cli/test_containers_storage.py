"""containers-storage:, the store of Podman, Buildah and CRI-O, as they write it and as nobody should.
What real engines write is in tests/e2e."""

import gzip
import json
import os
import stat

import pytest
from oddimage import Image, Layer, digest, dump
from oddcontainers import Store, tar_split
from oddtar import archive, capability, device, directory, file, hardlink, opaque, symlink, whiteout
from program import ERROR, FAIL, PASS, assert_consistent, assert_refused, run, scan

pytestmark = pytest.mark.usefixtures("as_root")
NAME = "localhost/app:1"
PASSWD = b"root:x:0:0::/:\napp:x:1000:1000::/:\n"
SU = file("usr/bin/su", 0o4755, body=b"#!su")
BASE = archive(
    directory("etc"), file("etc/passwd", 0o644, body=PASSWD), directory("usr"), directory("usr/bin"), SU
)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def judge(store, *args, name=NAME, **knobs):
    result = scan("--no-cache", *args, store.source(name), **knobs)
    if result.code != ERROR:
        assert_consistent(result)
    return result


def refused(store, *words, args=()):
    """Exit 2 and a message with these words, soon."""
    result = judge(store, *args)
    assert result.code == ERROR, result
    message = result.err.decode()
    for word in words:
        assert word in message, result
    assert result.seconds < 10, result
    return result


# --- what an engine writes ---


def test_a_named_user_is_looked_up_in_the_bodies_on_disk(store):
    store.add(Image([BASE], user="app"), NAME)
    result = judge(store)
    assert (result.code, result.user["uid"]) == (FAIL, 1000)
    assert result.paths("setuid-root") == ["/usr/bin/su"]


def test_only_bodies_that_matter_are_opened(store):
    store.add(Image([BASE], user="app"), NAME)
    (store.files(store.layers[0]) / "usr/bin/su").unlink()
    assert judge(store).paths("setuid-root") == ["/usr/bin/su"]


def test_layers_count_in_the_order_of_their_parents(store):
    store.add(Image([BASE, archive(whiteout("usr/bin/su"))]), NAME)
    store.layers.reverse()
    store.write()
    assert judge(store).code == PASS


def test_volatile_layers_count(store):
    store.add(Image([BASE]), NAME)
    (store.layers_json.parent / "volatile-layers.json").write_text(json.dumps(store.layers))
    store.layers_json.write_text("[]")
    assert judge(store).paths("setuid-root") == ["/usr/bin/su"]


def test_names_digests_and_ids_ask_for_an_image(store):
    listed = store.add(Image([BASE]), NAME)
    for name in ("app:1", listed["id"], listed["id"][:12], "app@" + listed["digest"]):
        assert judge(store, name=name).subject["name"] == NAME


def test_an_image_without_layers_is_one(store):
    store.add(Image([]), NAME)
    assert judge(store).code == PASS


def test_a_manifest_list_stands_for_its_images_that_are_there(store):
    listed = store.add(Image([BASE]), "localhost/one:1")
    index = dump(
        {
            "schemaVersion": 2,
            "manifests": [{"digest": listed["digest"], "size": 1}, {"digest": digest(b"no"), "size": 1}],
        }
    )
    entry = {"id": "5" * 64, "names": [NAME], "big-data-digests": {"manifest": digest(index)}}
    store.images.append(entry)
    store.document(entry, "manifest").parent.mkdir()
    store.document(entry, "manifest").write_bytes(index)
    store.write()
    assert judge(store).paths("setuid-root") == ["/usr/bin/su"]


def test_another_platform_is_not_found(store):
    store.add(Image([BASE]), NAME)
    refused(store, "it is for linux/amd64, not for linux/arm64", args=("--platform", "linux/arm64"))


def test_a_layer_may_lie_in_an_additional_store(tmp_path):
    image = Image([BASE, archive(file("a", 0o4755))])
    shared, own = Store(tmp_path / "shared"), Store(tmp_path / "own")
    shared.add(image, "localhost/shared:1")
    own.add(image, NAME)
    bottom = own.layers.pop(0)
    own.split(bottom).unlink()
    own.write()
    conf = tmp_path / "storage.conf"
    conf.write_text(
        "[storage] # both\n"
        f'driver = "overlay"\ngraphroot = "{own.root}"\nrunroot = "/run/x"\n'
        f"[storage.options]\nadditionalimagestores = [\n  '{shared.root}', # shared\n]\n"
    )
    env = {**os.environ, "CONTAINERS_STORAGE_CONF": str(conf)}
    for name in (NAME, "localhost/shared:1"):
        result = scan("--no-cache", f"containers-storage:{name}", env=env)
        assert result.code == FAIL, result
        assert result.paths("setuid-root") == ["/a", "/usr/bin/su"], result


@pytest.mark.parametrize("text, word", [("[storage", "line 1"), ("\n[storage]\ndriver = 1", "driver"),
                                        ("a = 1\na = 2", "line 2")])
def test_a_configuration_that_is_none_is_an_error(tmp_path, text, word):
    conf = tmp_path / "storage.conf"
    conf.write_text(text)
    env = {**os.environ, "CONTAINERS_STORAGE_CONF": str(conf)}
    result = scan(f"containers-storage:{NAME}", env=env)
    assert result.code == ERROR and word in result.err.decode() and str(conf) in result.err.decode()


def test_names_that_are_no_text_are_found(store):
    odd = archive(file(b"etc/\xff\xfe", 0o4755, body=b"x"), file("caf\u00e9<&>\u2028", 0o4755, body=b"y"))
    store.add(Image([odd]), NAME)
    assert judge(store, "--verify").paths("setuid-root") == ["/caf\u00e9<&>\u2028", "/etc/\\xff\\xfe"]


# --- files on disk instead of tar-split ---


def on_disk(store, layer=-1):
    """The layer has no tar-split any more: its files are read."""
    store.split(store.layers[layer]).unlink()
    return store.files(store.layers[layer])


def test_files_on_disk_say_the_same(store):
    lower = archive(
        directory("d"), file("d/a", 0o4755), file("d/b", 0o4755), directory("e"), file("e/old", 0o4755)
    )
    upper = archive(
        directory("d"),
        whiteout("d/a"),
        directory("e"),
        opaque("e"),
        file("e/new", 0o2755, gid=5),
        hardlink("twin", "e/new", 0o2755, gid=5),
        file("ping", xattrs={"security.capability": capability(1 << 13)}),
    )
    store.add(Image([lower, upper]), NAME)
    before = judge(store)
    files = on_disk(store)
    (files / "d/.wh.a").unlink()
    os.mknod(files / "d/a", stat.S_IFCHR)
    (files / "e/.wh..wh..opq").unlink()
    os.setxattr(files / "e", "trusted.overlay.opaque", b"y")
    os.setxattr(files / "ping", "security.capability", capability(1 << 13))
    after = judge(store)
    assert len(before.findings()) == 4
    assert after.findings() == before.findings()


def test_override_stat_says_what_a_file_is(store):
    store.add(Image([BASE], user="app"), NAME)
    before = judge(store)
    files = on_disk(store)
    for path in [files, *files.rglob("*")]:
        mode = stat.S_IMODE(path.lstat().st_mode)
        os.setxattr(path, "user.containers.override_stat", f"0:0:{mode:04o}".encode())
        os.chmod(path, 0o755)
        os.chown(path, 100000, 100000)
    os.chown(store.root, 1000, 1000)
    assert judge(store).findings() == before.findings() != []


@pytest.mark.parametrize("value", [b"", b"0", b"0:0", b"0:0:9", b"-1:0:755", b"0:0:4755:dir", b"0:0:10000",
                                   b"4294967296:0:755", b"0:0:0755:symlink", b"0:0:0755:"])
def test_an_override_that_is_none_is_an_error(store, value):
    store.add(Image([BASE]), NAME)
    os.setxattr(on_disk(store) / "usr/bin/su", "user.containers.override_stat", value)
    refused(store, "/usr/bin/su", "override_stat")


def test_ids_of_another_user_namespace_are_not_guessed(store):
    store.add(Image([BASE]), NAME)
    on_disk(store)
    os.chown(store.root, 1000, 1000)
    refused(store, "who owns it in the image cannot be known")


def test_ids_of_a_mapped_layer_are_not_guessed(store):
    store.add(Image([BASE]), NAME)
    on_disk(store)
    store.layers[0]["uidmap"] = [{"container_id": 0, "host_id": 100000, "size": 65536}]
    store.write()
    refused(store, "who owns it in the image cannot be known")
    store.layers[0]["uidmap"] = [{"container_id": 0, "host_id": 0, "size": 4294967295}]
    store.write()
    assert judge(store).paths("setuid-root") == ["/usr/bin/su"]


@pytest.mark.parametrize("name", ["trusted.overlay.redirect", "trusted.overlay.metacopy", "user.overlay.whiteout"])
def test_what_only_an_overlay_can_read_is_an_error(store, name):
    store.add(Image([BASE]), NAME)
    os.setxattr(on_disk(store) / "usr/bin/su", name, b"x")
    refused(store, "/usr/bin/su", name)


def test_without_tar_split_nothing_is_verified(store):
    store.add(Image([BASE]), NAME)
    on_disk(store)
    refused(store, "nothing in the store can verify it", args=("--verify",))


def test_vfs_has_the_whole_tree_in_its_top_layer(tmp_path):
    store = Store(tmp_path / "store", "vfs")
    store.add(Image([BASE, archive(file("a", 0o4755))]), NAME)
    assert judge(store).paths("setuid-root") == ["/a", "/usr/bin/su"]
    for layer in store.layers:
        store.split(layer).unlink()
    os.link(store.files(store.layers[0]) / "usr/bin/su", store.files(store.layers[1]) / "su")
    result = judge(store)
    assert result.paths("setuid-root") == ["/a", "/su"], result


# --- what is refused ---


def test_a_changed_body_is_found_by_its_checksum(store):
    store.add(Image([BASE], user="app"), NAME)
    passwd = store.files(store.layers[0]) / "etc/passwd"
    passwd.write_bytes(PASSWD.replace(b"1000:1000", b"0000:1000"))
    refused(store, "etc/passwd", "content has changed")


def test_verify_reads_every_body(store):
    store.add(Image([BASE]), NAME)
    assert judge(store, "--verify").code == FAIL
    (store.files(store.layers[0]) / "usr/bin/su").write_bytes(b"#!xx")
    assert judge(store).code == FAIL
    refused(store, "usr/bin/su", "content has changed", args=("--verify",))


def test_a_tar_split_that_lies_is_found_by_verify(store):
    store.add(Image([BASE]), NAME)
    store.split(store.layers[0]).write_bytes(gzip.compress(tar_split(BASE.replace(b"0004755", b"0000755"))))
    refused(store, args=("--verify",))


def test_a_body_is_never_opened_outside_the_store(store, tmp_path):
    """A link in the place of a body, or of a directory above it."""
    secret = tmp_path / "secret"
    secret.write_bytes(PASSWD)
    store.add(Image([BASE], user="app"), NAME)
    etc = store.files(store.layers[0]) / "etc"
    (etc / "passwd").unlink()
    (etc / "passwd").symlink_to(secret)
    refused(store, "etc/passwd")
    (etc / "passwd").unlink()
    etc.rmdir()
    (tmp_path / "passwd").write_bytes(PASSWD)
    etc.symlink_to(tmp_path)
    refused(store, "etc/passwd")


def test_parents_in_a_circle_end(store):
    store.add(Image([BASE, archive(file("a"))]), NAME)
    store.layers[0]["parent"] = store.layers[1]["id"]
    store.write()
    refused(store, "layers that are their own parents")


def test_a_missing_layer_is_said(store):
    store.add(Image([BASE, archive(file("a"))]), NAME)
    gone = store.layers.pop(0)
    store.write()
    refused(store, gone["id"], "is not in the store")


def test_a_layer_that_is_being_made_or_removed_is_said(store):
    store.add(Image([BASE]), NAME)
    store.layers[0]["flags"] = {"incomplete": True}
    store.write()
    refused(store, "being pulled or removed")


@pytest.mark.parametrize("bad", ["../../etc", "..", ".", "a/b", "", "x" * 200, 5, "a\nb"])
def test_ids_are_no_paths(store, bad):
    store.add(Image([BASE]), NAME)
    store.images[0]["id"] = bad
    store.write()
    refused(store, "images.json")
    store.images[0]["id"] = "5" * 64
    store.layers[0]["id"] = bad
    store.write()
    assert judge(store).code == ERROR


def test_a_link_in_the_place_of_a_document_is_not_followed(store, tmp_path):
    listed = store.add(Image([BASE]), NAME)
    manifest = store.document(listed, "manifest")
    manifest.rename(tmp_path / "manifest")
    manifest.symlink_to(tmp_path / "manifest")
    refused(store, "manifest", "symbolic links")


@pytest.mark.parametrize("text", ["", "null", "{}", "[1]", "[", "[{}]", '[{"id": 1}]', '[{"id": "a", "ID": "b"}]',
                                  "[" * 5000])
def test_a_list_of_images_that_is_none(store, text):
    store.add(Image([BASE]), NAME)
    store.images_json.write_text(text)
    assert judge(store).code == ERROR


@pytest.mark.parametrize("text", ["null", "{}", "[1]", "[", "[{}]", '[{"id": 1}]', "[" * 5000])
def test_a_list_of_layers_that_is_none(store, text):
    store.add(Image([BASE]), NAME)
    store.layers_json.write_text(text)
    refused(store)


def test_a_list_has_a_limit(store):
    store.add(Image([BASE]), NAME)
    with open(store.images_json, "ab") as out:
        out.truncate(1 << 40)
    refused(store, "a document of more than 16 MiB")


def test_the_configuration_must_be_the_images_id(store):
    listed = store.add(Image([BASE]), NAME)
    config = store.document(listed, "sha256:" + listed["id"])
    config.write_bytes(config.read_bytes().replace(b'"1000"', b'"0"'))
    refused(store, "wrong digest")


def test_the_manifest_must_have_its_digest(store):
    listed = store.add(Image([BASE]), NAME)
    manifest = store.document(listed, "manifest")
    manifest.write_bytes(manifest.read_bytes() + b" ")
    refused(store, "manifest", "wrong digest")


def test_an_id_of_another_configuration_is_an_error(store):
    listed = store.add(Image([BASE]), NAME)
    os.rename(store.document(listed, "manifest").parent, store.root / "overlay-images" / ("5" * 64))
    listed["id"] = "5" * 64
    store.write()
    refused(store, "is not its id")


def test_the_store_and_the_configuration_must_agree_on_a_layer(store):
    store.add(Image([Layer(BASE, diff_id=digest(b"other"))]), NAME)
    refused(store, "layer 0 is sha256:", "in the configuration")


@pytest.mark.parametrize("damage", [b"", b"x", gzip.compress(b"{}\n"), gzip.compress(tar_split(BASE))[:-20],
                                    gzip.compress(tar_split(BASE)[:-9])],
                         ids=["empty", "no-gzip", "no-line", "gzip-cut", "lines-cut"])
def test_a_damaged_tar_split_is_an_error(store, damage):
    store.add(Image([BASE]), NAME)
    store.split(store.layers[0]).write_bytes(damage)
    refused(store)


def test_an_old_manifest_is_no_image(store):
    listed = store.add(Image([BASE]), NAME)
    text = dump({"schemaVersion": 1, "fsLayers": []})
    store.document(listed, "manifest").write_bytes(text)
    listed["big-data-digests"]["manifest"] = digest(text)
    store.write()
    refused(store, "schema 1")


def test_a_device_in_a_tar_split_is_suspect_as_in_an_archive(store):
    store.add(Image([BASE, archive(device("gone", 0, 0))]), NAME)
    assert "ambiguous-layer" in judge(store).rules()


def test_a_store_of_another_user_teaches_nothing_about_other_images(tmp_path):
    """Its headers may lie about a layer that an honest store has too."""
    honest, liar = Store(tmp_path / "honest"), Store(tmp_path / "liar")
    for store in (honest, liar):
        store.add(Image([BASE]), NAME)
    lies = tar_split(BASE.replace(b"0004755", b"0000755").replace(SU[148:156], b"%06o\0 " % (
        int(SU[148:154], 8) - 4)))
    liar.split(liar.layers[0]).write_bytes(gzip.compress(lies))
    os.chown(liar.root, 1000, 1000)
    cache = ("--cache-dir", tmp_path / "cache")
    for _ in range(2):
        assert scan(*cache, liar.source(NAME)).code == PASS
    assert scan(*cache, honest.source(NAME)).paths("setuid-root") == ["/usr/bin/su"]


# --- asking for it ---


@pytest.mark.parametrize("spec, words", [("[]", "names no store"), ("[relative]", "names no store"),
                                         ("[@/x]", "names no store"), ("[/nowhere]", "no store at /nowhere"),
                                         ("[overlay@/nowhere", "no ]")])
def test_a_store_that_is_none(spec, words):
    result = run("scan", f"containers-storage:{spec}a")
    assert result.code == ERROR and words in result.err.decode(), result


def test_a_store_that_may_not_be_read_says_what_to_do(store, tmp_path):
    store.add(Image([BASE]), NAME)
    os.chmod(store.root, 0o700)
    os.chmod(tmp_path, 0o755)
    result = run("scan", store.source(NAME), user=65534)
    assert_refused(result)
    assert "as root (sudo)" in result.err.decode(), result
