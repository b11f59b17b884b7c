"""Images that are none, or lie: each is an operational error that names what is wrong and where."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from oddimage import (
    INDEX_TYPE,
    Image,
    Layer,
    Symlink,
    blob_path,
    digest,
    docker_archive,
    docker_tree,
    dump,
    oci_archive,
    oci_layout,
    oci_tree,
    put_index,
    put_manifest,
    tree_tar,
    write_dir,
    write_tar,
)
from oddtar import archive, file
from program import ERROR, FAIL, assert_printable, assert_refused, run, scan

LAYER = archive(file("bin/app", 0o755, body=b"x" * 3000))
ELSEWHERE = digest(b"no such blob")
HUGE = 10 << 20  # bytes of JSON

# OCI images that lie about one blob. Each is tried as an archive and as a directory.
OCI_LIES = {
    "layer-digest-of-other-content": Image([Layer(LAYER, lies={"digest": ELSEWHERE})]),
    "layer-size-too-small": Image([Layer(LAYER, lies={"size": len(LAYER) - 1})]),
    "layer-size-too-large": Image([Layer(LAYER, lies={"size": len(LAYER) + 1})]),
    "layer-size-negative": Image([Layer(LAYER, lies={"size": -1})]),
    "layer-size-missing": Image([Layer(LAYER, lies={"size": None})]),
    "layer-size-text": Image([Layer(LAYER, lies={"size": str(len(LAYER))})]),
    "layer-size-fraction": Image([Layer(LAYER, lies={"size": len(LAYER) + 0.5})]),
    "layer-size-beyond-64-bits": Image([Layer(LAYER, lies={"size": 1 << 70})]),
    "layer-digest-missing": Image([Layer(LAYER, lies={"digest": None})]),
    "layer-digest-number": Image([Layer(LAYER, lies={"digest": 5})]),
    "layer-digest-empty": Image([Layer(LAYER, lies={"digest": ""})]),
    "layer-digest-short": Image([Layer(LAYER, lies={"digest": "sha256:abcd"})]),
    "layer-digest-no-hexadecimal": Image([Layer(LAYER, lies={"digest": "sha256:" + "g" * 64})]),
    "layer-digest-without-algorithm": Image([Layer(LAYER, lies={"digest": "a" * 64})]),
    "layer-digest-of-unknown-algorithm": Image([Layer(LAYER, lies={"digest": "md5:" + "a" * 32})]),
    "layer-digest-climbs-out": Image(
        [Layer(LAYER, lies={"digest": "sha256:../../../../../../etc/hostname"})]
    ),
    "layer-digest-with-newline": Image([Layer(LAYER, lies={"digest": digest(LAYER) + "\n"})]),
    "config-digest": Image([LAYER], config_lies={"digest": ELSEWHERE}),
    "config-size": Image([LAYER], config_lies={"size": 3}),
    "config-size-negative": Image([LAYER], config_lies={"size": -5}),
    "config-size-missing": Image([LAYER], config_lies={"size": None}),
    "config-missing": Image([LAYER], manifest={"config": None}),
    "config-is-no-json": Image([LAYER], config=b"User=1000"),
    "config-is-a-list": Image([LAYER], config=b"[]"),
    "config-is-empty": Image([LAYER], config=b""),
    "config-cut": Image([LAYER], config=b'{"config":{"User":"1000"}'),
    "config-with-trailing-text": Image(
        [LAYER], config=b'{"config":{"User":"1000"}} {"config":{"User":"0"}}'
    ),
    "config-with-user-twice": Image([], config=b'{"config":{"User":"1000","User":"0"}}'),
    "config-with-config-twice": Image(
        [], config=b'{"config":{"User":"1000"},"config":{"User":"0"}}'
    ),
    "manifest-digest": Image([LAYER], manifest_lies={"digest": ELSEWHERE}),
    "manifest-size": Image([LAYER], manifest_lies={"size": 2}),
    "manifest-size-negative": Image([LAYER], manifest_lies={"size": -2}),
    "manifest-size-missing": Image([LAYER], manifest_lies={"size": None}),
    "manifest-is-no-json": Image([LAYER], manifest=b"manifest"),
    "manifest-is-a-list": Image([LAYER], manifest=b"[]"),
    "manifest-is-empty": Image([LAYER], manifest=b""),
    "manifest-without-layers": Image([LAYER], manifest={"layers": None}),
    "manifest-layers-no-list": Image([LAYER], manifest={"layers": {"a": 1}}),
    "manifest-layers-of-text": Image([LAYER], manifest={"layers": ["a"]}),
    "fewer-diff-ids-than-layers": Image(
        [LAYER, LAYER], config={"rootfs": {"type": "layers", "diff_ids": [digest(LAYER)]}}
    ),
    "deep-manifest": Image([LAYER], manifest=b"[" * 300000),
    "deep-config": Image([LAYER], config=b'{"config":' * 200000),
    "huge-manifest": Image([LAYER], manifest=b" " * HUGE + b"{}"),
    "huge-config": Image([LAYER], config=b'{"config":{"User":"' + b"1" * HUGE + b'"}}'),
}


@pytest.mark.parametrize("store", [oci_archive, oci_layout])
@pytest.mark.parametrize("image", OCI_LIES.values(), ids=OCI_LIES)
def test_oci_image_that_lies(tmp_path, image, store):
    path = store(tmp_path / "image", image)
    assert_refused(scan(path), path)


@pytest.mark.parametrize("part", ["layer", "config", "manifest"])
@pytest.mark.parametrize("how", ["missing", "empty", "changed", "cut", "folder", "fifo", "endless"])
def test_oci_blob_that_is_not_what_was_promised(tmp_path, part, how):
    """The message names the blob."""
    image = Image([LAYER])
    tree = oci_tree(image)
    config = digest(image.config_bytes())
    manifest = json.loads(tree["index.json"])["manifests"][0]["digest"]
    name = {"layer": digest(LAYER), "config": config, "manifest": manifest}[part]
    path = write_dir(tmp_path / "layout", tree)
    blob, data = path / blob_path(name), tree[blob_path(name)]
    blob.unlink()
    spoil = {
        "missing": lambda: None,
        "empty": blob.touch,
        "changed": lambda: blob.write_bytes(b"!" + data[1:]),
        "cut": lambda: blob.write_bytes(data[:-1]),
        "folder": blob.mkdir,
        "fifo": lambda: os.mkfifo(blob),
        "endless": lambda: blob.symlink_to("/dev/zero"),
    }
    spoil[how]()
    assert_refused(scan(path), path, name[7:19])


INDEXES = {
    "no-json": b"index",
    "empty": b"",
    "list": b"[]",
    "null": b"null",
    "no-manifests": b"{}",
    "manifests-null": b'{"manifests":null}',
    "manifests-object": b'{"manifests":{}}',
    "manifests-of-text": b'{"manifests":["a"]}',
    "deep": b'{"manifests":' * 100000,
    "huge": b'{"manifests":[' + b" " * HUGE + b"]}",
    "no-images": b'{"manifests":[]}',
    "manifests-twice": b'{"manifests":[],"manifests":[]}',
    "invalid-utf-8": b'{"manifests":"\xff"}',
    "nul": b'{"manifests"\0:[]}',
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_index_that_is_none(tmp_path, index):
    path = oci_layout(tmp_path / "layout", Image([LAYER]), index=index)
    assert_refused(scan(path), path)


def test_index_that_holds_itself(tmp_path):
    """An index whose blob is swapped for one that names it; its digest is wrong, but following it
    must not come first."""
    tree = oci_tree(Image([LAYER]))
    lie = {"mediaType": INDEX_TYPE, "digest": ELSEWHERE, "size": 300}
    tree["index.json"] = dump({"schemaVersion": 2, "manifests": [lie]})
    tree[blob_path(ELSEWHERE)] = dump(
        {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [lie]}
    ).ljust(300)
    assert_refused(scan(write_dir(tmp_path / "layout", tree)), ELSEWHERE[7:19])


def test_bomb_of_indexes(tmp_path):
    """Each index names the one below it many times over: 20 to the 8th images from nine small
    blobs."""
    tree = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
    lines = [put_manifest(tree, Image([LAYER]))] * 20
    for _ in range(8):
        lines = [put_index(tree, lines)] * 20
    tree["index.json"] = dump({"schemaVersion": 2, "manifests": lines})
    assert scan(write_dir(tmp_path / "layout", tree)).code in (0, ERROR)


def test_media_type_of_a_manifest_does_not_hide_it(tmp_path):
    tree = oci_tree(Image([archive(file("bin/app", 0o4755))]))
    line = json.loads(tree["index.json"])["manifests"][0]
    tree["index.json"] = dump(
        {"schemaVersion": 2, "manifests": [{**line, "mediaType": "text/html"}]}
    )
    assert scan(write_dir(tmp_path / "layout", tree)).code in (FAIL, ERROR)


# docker-archives ----------------------------------------------------------------------------------


def docker_with(manifest=None, **change):
    """A docker-archive's tree with its manifest replaced, or changed in its only line."""
    tree = docker_tree(Image([LAYER]))
    line = {**json.loads(tree["manifest.json"])[0], **change}
    tree["manifest.json"] = dump([line]) if manifest is None else manifest
    return tree


DOCKER_LIES = {
    "no-json": docker_with(b"manifest"),
    "empty": docker_with(b""),
    "object": docker_with(b"{}"),
    "null": docker_with(b"null"),
    "no-images": docker_with(b"[]"),
    "of-text": docker_with(b'["a"]'),
    "cut": docker_with(b'[{"Config":"'),
    "deep": docker_with(b"[" * 1000000),
    "deep-objects": docker_with(b'[{"Config":' + b'{"a":' * 200000),
    "huge": docker_with(b" " * HUGE + b"[]"),
    "huge-list": docker_with(b"[" + b"{}," * (3 << 20) + b"{}]"),
    "layers-twice": docker_with(b'[{"Config":"c","Layers":["a"],"Layers":["b"]}]'),
    "config-missing": docker_with(Config="no.json"),
    "config-number": docker_with(Config=5),
    "config-null": docker_with(Config=None),
    "config-empty": docker_with(Config=""),
    "config-climbs-out": docker_with(Config="../../../../../../etc/hostname"),
    "config-absolute": docker_with(Config="/etc/hostname"),
    "layer-missing": docker_with(Layers=["no.tar"]),
    "layer-climbs-out": docker_with(Layers=["../../../../../dev/zero"]),
    "layer-absolute": docker_with(Layers=["/dev/zero"]),
    "layer-number": docker_with(Layers=[5]),
    "layers-text": docker_with(Layers="a"),
    "layer-too-many": docker_with(Layers=[digest(LAYER)[7:] + ".tar"] * 2),
    "layer-too-few": docker_with(Layers=[]),
    "layer-is-no-tar": {**docker_with(), digest(LAYER)[7:] + ".tar": b"no tar at all" * 100},
    "layer-is-the-manifest": docker_with(Layers=["manifest.json"]),
    "layer-is-a-dangling-link": {**docker_with(), digest(LAYER)[7:] + ".tar": Symlink("no.tar")},
    "layer-links-to-itself": {
        **docker_with(),
        digest(LAYER)[7:] + ".tar": Symlink(digest(LAYER)[7:] + ".tar"),
    },
    "layer-links-out": {**docker_with(), digest(LAYER)[7:] + ".tar": Symlink("/etc/hostname")},
}


@pytest.mark.parametrize("through", ["file", "standard-input"])
@pytest.mark.parametrize("tree", DOCKER_LIES.values(), ids=DOCKER_LIES)
def test_docker_archive_that_lies(tmp_path, tree, through):
    if through == "file":
        path = write_tar(tmp_path / "image.tar", tree)
        assert_refused(scan(path), path)
    else:
        assert_refused(scan("-", stdin=tree_tar(tree)))


def test_member_that_stands_twice_is_never_a_pass(tmp_path):
    """Readers differ about which of two members of one name counts."""
    clean, dirty = (
        docker_tree(Image([archive(file("bin/app", mode))])) for mode in (0o755, 0o4755)
    )
    for first, second in ((clean, dirty), (dirty, clean)):
        path = tmp_path / "image.tar"
        path.write_bytes(tree_tar(first)[:-1024] + tree_tar(second))
        assert scan(path).code in (FAIL, ERROR)


# --verify -----------------------------------------------------------------------------------------


def test_diff_ids_are_checked_when_asked(tmp_path):
    wrong = docker_archive(tmp_path / "wrong.tar", Image([Layer(LAYER, diff_id=ELSEWHERE)]))
    right = docker_archive(tmp_path / "right.tar", Image([Layer(LAYER, "gzip"), LAYER]))
    assert_refused(scan("--verify", wrong), wrong, ELSEWHERE[7:19])
    assert scan("--verify", right).code == 0
    for path in (wrong, right):
        result = scan(path)
        assert result.code == 0
        assert [
            note for note in result.subject["notes"] if "verif" in note.lower()
        ], "bodies were skipped, and it is not said"
    assert not [
        note for note in scan("--verify", right).subject.get("notes", []) if "not verified" in note
    ]


# What is no image ---------------------------------------------------------------------------------


def test_what_is_no_image(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"x")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_bytes(b"hello\n" * 1000)
    (tmp_path / "zeros").write_bytes(bytes(10240))
    (tmp_path / "rootfs.tar").write_bytes(archive(file("bin/app", body=b"x")))
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    for name in (
        "folder",
        "nothing",
        "empty",
        "text",
        "zeros",
        "rootfs.tar",
        "dangling",
        "loop",
        "missing",
        "text/below",
    ):
        assert_refused(scan(tmp_path / name), tmp_path / name)


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero", "/dev/urandom", "/dev/full"])
def test_device(device):
    assert_refused(scan(device), device)
    assert_refused(scan(f"docker-archive:{device}"), device)
    assert_refused(scan(f"oci-archive:{device}"), device)


@pytest.mark.parametrize(
    "data",
    [b"", b"x", bytes(512), bytes(1024), b"\x1f\x8b", b"\x28\xb5\x2f\xfd", archive(file("a"))],
    ids=["nothing", "byte", "zero-block", "end", "gzip-magic", "zstd-magic", "some-tar"],
)
def test_standard_input_that_is_no_image(data):
    assert_refused(scan("-", stdin=data))


def test_endless_standard_input():
    assert_refused(scan("-", stdin=(bytes(1 << 20) for _ in range(1 << 12))))


def test_no_permission():
    """A folder of its own: pytest's are closed to other users, and so would be what lies in
    them."""
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        closed = docker_archive(folder / "closed.tar", Image([LAYER]))
        layout = oci_layout(folder / "layout", Image([LAYER]))
        other = {} if os.geteuid() else {"user": 65534, "group": 65534, "extra_groups": []}
        assert run("scan", closed, **other).code == 0
        closed.chmod(0)
        blob = layout / blob_path(digest(LAYER))
        blob.chmod(0)
        assert_refused(run("scan", closed, **other), closed, "ermission")
        assert_refused(run("scan", layout, **other), layout, "ermission")
    finally:
        shutil.rmtree(folder)


def test_message_is_for_people(tmp_path):
    result = run("scan", tmp_path / "missing.tar")
    assert_refused(result, tmp_path / "missing.tar")
    assert_printable(result.err)
    assert b"nonzero" in result.err
