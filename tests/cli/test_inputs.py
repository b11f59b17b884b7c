"""Every kind of image file, every way to name it, and every way its bytes can arrive."""

import gzip

import pytest
from oddimage import (
    Image,
    Layer,
    docker_archive,
    docker_tree,
    oci_archive,
    oci_tree,
    tree_tar,
    write_dir,
    write_tar,
)
from oddpack import PACKERS, gzip_members, zstd_frames
from oddtar import archive, file
from program import ERROR, FAIL, PASS, assert_consistent, assert_refused, run, scan

CLEAN = archive(file("bin/app", 0o755))
DIRTY = archive(file("bin/app", 0o4755))

# The trees that are tars when stored; the OCI layout is a directory as well.
ARCHIVES = {
    "skopeo": lambda *images: docker_tree(*images, style="skopeo"),
    "legacy": lambda *images: docker_tree(*images, style="legacy"),
    "linked": lambda *images: docker_tree(*images, style="linked"),
    "hybrid": lambda *images: docker_tree(*images, style="hybrid"),
    "layerless": lambda *images: docker_tree(*images, style="layerless"),
    "oci-archive": oci_tree,
}
KINDS = [*ARCHIVES, "oci"]
TRANSPORTS = {"oci-archive": "oci-archive:", "oci": "oci:"}  # all others are docker-archives


def store(tmp_path, kind, *images, name="image", **knobs):
    if kind == "oci":
        return write_dir(tmp_path / name, oci_tree(*images))
    return write_tar(tmp_path / f"{name}.tar", ARCHIVES[kind](*images), **knobs)


def judged(result, verdict):
    """A whole report of one subject with this verdict, and nothing but it."""
    assert_consistent(result)
    assert result.subject["kind"] == "image", result
    assert result.verdict == verdict, result
    assert result.paths("setuid-root") == (["/bin/app"] if verdict == "fail" else []), result


BOTH = pytest.mark.parametrize(
    "layer, verdict", [(CLEAN, "pass"), (DIRTY, "fail")], ids=["clean", "dirty"]
)


@BOTH
@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_guessed_from_content(tmp_path, kind, layer, verdict):
    judged(scan(store(tmp_path, kind, Image([layer]))), verdict)


@BOTH
@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_named_by_transport(tmp_path, kind, layer, verdict):
    path = store(tmp_path, kind, Image([layer]))
    judged(scan(f"{TRANSPORTS.get(kind, 'docker-archive:')}{path}"), verdict)


@pytest.mark.parametrize("kind", KINDS)
def test_relative_path(tmp_path, kind):
    path = store(tmp_path, kind, Image([DIRTY]))
    judged(scan(path.name, cwd=tmp_path), "fail")


@pytest.mark.parametrize("prefix", ["", "./"])
@pytest.mark.parametrize("folders", [False, True], ids=["no-folders", "folders"])
@pytest.mark.parametrize("kind", ARCHIVES)
def test_member_names_of_archives(tmp_path, kind, prefix, folders):
    judged(
        scan(store(tmp_path, kind, Image([CLEAN, DIRTY]), prefix=prefix, folders=folders)), "fail"
    )


@pytest.mark.parametrize("kind", ARCHIVES)
def test_members_in_reverse_order(tmp_path, kind):
    tree = ARCHIVES[kind](Image([CLEAN, DIRTY, CLEAN]))
    judged(scan(write_tar(tmp_path / "image.tar", dict(reversed(tree.items())))), "pass")


@BOTH
@pytest.mark.parametrize("kind", ARCHIVES)
def test_standard_input(kind, layer, verdict):
    judged(scan("-", stdin=tree_tar(ARCHIVES[kind](Image([layer])))), verdict)


@pytest.mark.parametrize("kind", ARCHIVES)
def test_standard_input_in_small_pieces(kind):
    data = tree_tar(ARCHIVES[kind](Image([CLEAN, DIRTY])))
    judged(
        scan("-", stdin=[data[start : start + 700] for start in range(0, len(data), 700)]), "fail"
    )


@BOTH
@pytest.mark.parametrize(
    "pack", [gzip.compress, gzip_members, zstd_frames], ids=["gzip", "gzip-members", "zstd-frames"]
)
@pytest.mark.parametrize("kind", ARCHIVES)
def test_whole_archive_compressed(tmp_path, kind, pack, layer, verdict):
    data = pack(tree_tar(ARCHIVES[kind](Image([layer]))))
    path = tmp_path / "image.tar.packed"
    path.write_bytes(data)
    judged(scan(path), verdict)
    judged(scan("-", stdin=data), verdict)


@BOTH
@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("kind", KINDS)
def test_layer_compression(tmp_path, kind, packed, layer, verdict):
    layers = [
        Layer(CLEAN, packed),
        Layer(archive(file("share/text", body=b"text " * 50000), layer[:-1024]), packed),
    ]
    path = store(tmp_path, kind, Image(layers))
    judged(scan(path), verdict)
    judged(scan("--verify", path), verdict)


def test_one_image_may_mix_compressions(tmp_path):
    layers = [Layer(archive(file(f"bin/{packed}", 0o4755)), packed) for packed in PACKERS]
    result = scan(store(tmp_path, "oci", Image(layers)))
    assert result.paths("setuid-root") == sorted(f"/bin/{packed}" for packed in PACKERS)
    assert [one["layer"]["index"] for one in result.findings("setuid-root")] == [
        list(PACKERS).index(one["path"][5:]) for one in result.findings("setuid-root")
    ]


def test_layer_that_is_listed_twice(tmp_path):
    """docker save stores the second use of a layer as a symlink to the first."""
    for kind in ("linked", "legacy", "oci"):
        result = scan(
            store(tmp_path, kind, Image([DIRTY, archive(file("bin/.wh.app", 0)), DIRTY]), name=kind)
        )
        judged(result, "fail")
        assert result.finding("setuid-root")["layer"]["index"] == 2, result


def test_image_without_layers(tmp_path):
    for kind in ("skopeo", "oci"):
        judged(scan(store(tmp_path, kind, Image([]), name=kind)), "pass")


# References ---------------------------------------------------------------------------------------

PAIR = (
    Image([CLEAN], tags=("example.com/clean:1.0",)),
    Image([DIRTY], tags=("example.com/dirty:2.0",)),
)


@pytest.mark.parametrize(
    "kind, transport",
    [
        ("skopeo", "docker-archive:"),
        ("legacy", "docker-archive:"),
        ("hybrid", "docker-archive:"),
        ("oci-archive", "oci-archive:"),
        ("oci", "oci:"),
    ],
)
def test_reference_chooses_the_image(tmp_path, kind, transport):
    path = store(tmp_path, kind, *PAIR)
    judged(scan(f"{transport}{path}:example.com/clean:1.0"), "pass")
    judged(scan(f"{transport}{path}:example.com/dirty:2.0"), "fail")
    assert_refused(scan(f"{transport}{path}:example.com/other:3.0"), "example.com/other:3.0")


def test_archive_of_two_images_hides_neither(tmp_path):
    for kind in ("skopeo", "legacy", "oci-archive", "oci"):
        result = scan(store(tmp_path, kind, *PAIR, name=kind))
        assert result.code in (FAIL, ERROR), f"the failing image went unseen\n{result}"
        if result.code == FAIL:
            assert sorted(one["verdict"] for one in result.subjects) == ["fail", "pass"], result


def test_source_is_told_as_it_was_named(tmp_path):
    path = store(tmp_path, "oci-archive", Image([CLEAN]))
    assert str(path) in scan(f"oci-archive:{path}").subject["source"]


@pytest.mark.parametrize(
    "spelling",
    [
        "docker-archive:{oci}",
        "oci-archive:{docker}",
        "oci:{docker}",
        "dir:{docker}",
        "oci-archive:{missing}",
        "oci:{missing}",
        "dir:{missing}",
        "{missing}",
    ],
)
def test_transport_that_does_not_fit_is_refused(tmp_path, spelling):
    paths = {
        "docker": store(tmp_path, "skopeo", Image([CLEAN]), name="docker"),
        "missing": tmp_path / "missing",
        "oci": oci_archive(tmp_path / "oci.tar", Image([CLEAN])),
    }
    used = next(path for key, path in paths.items() if f"{{{key}}}" in spelling)
    assert_refused(scan(spelling.format(**paths)), used)


# Several images -----------------------------------------------------------------------------------


def test_several_images_in_one_call(tmp_path):
    paths = [
        store(tmp_path, kind, Image([layer]), name=f"{kind}-{verdict}")
        for kind in KINDS
        for layer, verdict in ((CLEAN, "pass"), (DIRTY, "fail"))
    ]
    result = scan(*paths)
    assert_consistent(result)
    assert result.code == FAIL
    assert [str(path) in one["source"] for path, one in zip(paths, result.subjects)] == [
        True
    ] * len(paths)
    assert [one["verdict"] for one in result.subjects] == ["pass", "fail"] * len(KINDS)


def test_several_clean_images_pass(tmp_path):
    paths = [store(tmp_path, "skopeo", Image([CLEAN]), name=name) for name in "abc"]
    assert scan(*paths).code == PASS


def test_unreadable_image_does_not_silence_the_others(tmp_path):
    clean, dirty = (
        store(tmp_path, "skopeo", Image([layer]), name=name)
        for layer, name in ((CLEAN, "c"), (DIRTY, "d"))
    )
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"no image")
    result = scan(clean, broken, dirty)
    assert result.code == ERROR
    assert [one["verdict"] for one in result.subjects] == ["pass", "fail"]
    assert len(result.report["errors"]) == 1
    assert str(broken) in result.report["errors"][0]["source"]
    assert result.report["errors"][0]["message"]
    assert str(broken).encode() in result.err


@pytest.mark.parametrize(
    "name, say",
    [
        ("absent/app:1", "no such file, and no image called absent/app:1"),
        ("absent/app:1", "--pull looks for a name in its registry too"),
        ("docker-daemon:absent/app:1", "no image called absent/app:1"),
        ("./absent.tar", "no such file"),
    ],
)
def test_name_that_is_not_there_is_answered_with_what_it_could_be(name, say):
    result = run("scan", name)
    assert_refused(result, say)
    assert ("--pull" in result.err.decode()) == (name == "absent/app:1")


def test_reference_without_a_transport_is_answered_with_what_to_write(tmp_path):
    path = docker_archive(tmp_path / "image.tar", Image([archive(file("a"))]))
    assert_refused(run("scan", f"{path}:latest"), f"docker-archive:{path}:latest")


@pytest.mark.parametrize(
    "args, hint",
    [
        (["scn"], "did you mean scan?"),
        (["scan", "--fromat=json", "x"], "did you mean --format?"),
        (["scan", "-f", "jsn", "x"], "did you mean json?"),
        (["checks", "setuid_root"], "did you mean setuid-root?"),
    ],
)
def test_what_is_nearly_right_is_answered_with_what_may_be_meant(args, hint):
    result = run(*args)
    assert result.code == 64 and hint in result.err.decode()


@pytest.mark.parametrize("name, begins", [("a.json", b"{"), ("a.html", b"<!"), ("a.sarif", b"{"), ("a.xml", b"<?xml"), ("a.txt", b"PASS")])
def test_format_follows_the_name_of_the_output_where_none_is_named(tmp_path, name, begins):
    path = docker_archive(tmp_path / "image.tar", Image([archive(file("a"))]))
    assert run("scan", "-o", tmp_path / name, path).code == 0
    assert (tmp_path / name).read_bytes().lower().startswith(begins.lower())


def test_help_of_a_command_by_two_ways():
    assert run("help", "scan").out == run("scan", "--help").out
