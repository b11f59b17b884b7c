"""Base or own: --base, annotations, labels and history say who brought a finding, and change no
verdict."""

import gzip

import pytest
from oddimage import (
    Image,
    Layer,
    docker_archive,
    oci_archive,
    oci_layout,
)
from oddtar import archive, directory, file, whiteout
from program import ERROR, FAIL, PASS, USAGE, assert_consistent, assert_printable, run, scan

SU = file("usr/bin/su", 0o4755)
BASE_LAYERS = [Layer(archive(SU, file("usr/bin/mount", 0o4755)), created_by="ADD rootfs /")]
OWN_LAYERS = [
    Layer(archive(file("bin/app")), created_by="COPY app /bin"),
    Layer(archive(file("opt/helper", 0o4755)), created_by="RUN make"),
]
NAME = "org.opencontainers.image.base.name"
DIGEST = "org.opencontainers.image.base.digest"
DEBIAN = "docker.io/library/debian:12"
SHA = "sha256:" + "5" * 64

# A history in short: "-" before what made no layer.
DEBIAN_BUILDKIT = ["ADD rootfs /", '-CMD ["bash"]']
DEBIAN_CLASSIC = ["/bin/sh -c #(nop) ADD file:1 in / ", '-/bin/sh -c #(nop)  CMD ["bash"]']


def entry(text):
    """ "created_by // comment", with "-" before what made no layer."""
    created_by, _, comment = text.partition(" // ")
    made = {"created_by": created_by.removeprefix("-")}
    if comment:
        made["comment"] = comment
    return made | ({"empty_layer": True} if text.startswith("-") else {})


def history(*texts):
    return {"history": [entry(text) for text in texts]}


def base_image(**knobs):
    return Image(list(BASE_LAYERS), **{"tags": ("example.com/base:1",), "user": None, **knobs})


def child_image(**knobs):
    return Image([*BASE_LAYERS, *OWN_LAYERS], **knobs)


def scan_with_base(tmp_path, child, *bases, args=()):
    base = oci_layout(tmp_path / "base", *bases)
    image = oci_archive(tmp_path / "image.tar", child)
    return scan(*args, "--base", f"oci:{base}", image)


def origins(result):
    return {one.get("path", one["rule"]): one.get("origin") for one in result.findings()}


BOTH = {"/usr/bin/su": "base", "/usr/bin/mount": "base", "/opt/helper": "own"}


# --base -------------------------------------------------------------------------------------------


def test_layers_of_the_base_are_told_from_own(tmp_path):
    result = scan_with_base(tmp_path, child_image(), base_image())
    assert_consistent(result)
    assert origins(result) == BOTH
    base = result.subject["base"]
    assert (base["layers"], base["why"]) == (1, "--base")
    assert base["name"].endswith("example.com/base:1")
    assert "notes" not in result.subject


def test_text_says_which_to_fix_first(tmp_path):
    base = docker_archive(tmp_path / "base.tar", base_image())
    image = docker_archive(tmp_path / "image.tar", child_image())
    text = run("scan", "--base", base, image).out.decode()
    assert (
        "example.com/base:1 (lowest 1 of 3 layers; --base): 2 of level fail from the base, 1 own"
        in text
    )
    assert "fix the base first" in text
    rows = [line.split() for line in text.splitlines() if "setuid-root" in line and "/" in line]
    assert {row[2]: row[5] for row in rows} == BOTH
    assert "ORIGIN" in text


def test_text_says_own_first_when_the_base_brings_no_fail(tmp_path):
    clean = Layer(archive(file("usr/bin/write", 0o2755)), created_by="ADD")
    base = docker_archive(tmp_path / "base.tar", Image([clean], user="5"))
    image = docker_archive(tmp_path / "image.tar", Image([clean, *OWN_LAYERS], user="5"))
    text = run("scan", "--base", base, image).out.decode()
    assert "0 of level fail from the base, 1 own" in text
    assert "fix your own layers first" in text
    assert "fix the base first" not in text


def test_without_a_known_base_there_is_no_such_column(tmp_path):
    text = run("scan", docker_archive(tmp_path / "image.tar", child_image())).out.decode()
    assert "ORIGIN" not in text
    assert "  base " not in text


def test_what_an_own_layer_changed_is_own(tmp_path):
    child = Image([*BASE_LAYERS, Layer(archive(file("usr/bin/su", 0o4711)))])
    assert origins(scan_with_base(tmp_path, child, base_image())) == {
        "/usr/bin/su": "own",
        "/usr/bin/mount": "base",
    }


def test_what_an_own_layer_removed_is_gone(tmp_path):
    child = Image([*BASE_LAYERS, Layer(archive(whiteout("usr/bin/su")))])
    assert origins(scan_with_base(tmp_path, child, base_image())) == {"/usr/bin/mount": "base"}


@pytest.mark.parametrize("packed", ["gzip", "zstd"])
def test_layers_compressed_anew_are_the_same(tmp_path, packed):
    anew = [Layer(layer.tar, packed=packed) for layer in BASE_LAYERS]
    child = Image([*anew, *OWN_LAYERS])
    assert origins(scan_with_base(tmp_path, child, base_image())) == BOTH


@pytest.mark.parametrize(
    "layers, common",
    [
        (OWN_LAYERS, 0),  # another image altogether
        ([*OWN_LAYERS, *BASE_LAYERS], 0),  # the base's layer, but not lowest
        ([Layer(archive(SU, file("usr/bin/mount", 0o4755), file("bin/app")))], 0),  # squashed
    ],
    ids=["other", "not-lowest", "squashed"],
)
def test_image_that_was_not_built_on_the_base(tmp_path, layers, common):
    result = scan_with_base(tmp_path, Image(list(layers)), base_image())
    assert_consistent(result)
    assert set(origins(result).values()) <= {None}
    assert "base" not in result.subject
    (note,) = result.subject["notes"]
    assert "not built on" in note and f"of its 1 layers, {common} are the lowest" in note


def test_image_that_shares_only_some_layers_of_the_base(tmp_path):
    base = Image([*BASE_LAYERS, Layer(archive(directory("updated")))])
    result = scan_with_base(tmp_path, child_image(), base)
    assert "of its 2 layers, 1 are the lowest" in result.subject["notes"][0]
    assert set(origins(result).values()) == {None}


def test_failed_base_is_no_matter_for_a_guess(tmp_path):
    """Who names a base is not answered with another."""
    child = child_image(config=history(*DEBIAN_BUILDKIT, "COPY app", "RUN make"))
    result = scan_with_base(tmp_path, child, Image(list(OWN_LAYERS)))
    assert "base" not in result.subject and set(origins(result).values()) == {None}


def test_only_config_and_manifest_of_the_base_are_read(tmp_path):
    base = oci_layout(tmp_path / "base", base_image())
    (base / "blobs" / BASE_LAYERS[0].diff_id.replace(":", "/")).unlink()
    image = oci_archive(tmp_path / "image.tar", child_image())
    assert origins(scan("--base", f"oci:{base}", image)) == BOTH


def test_base_may_be_an_archive_compressed_as_a_whole(tmp_path):
    plain = docker_archive(tmp_path / "base.tar", base_image())
    (tmp_path / "base.tar.gz").write_bytes(gzip.compress(plain.read_bytes()))
    image = docker_archive(tmp_path / "image.tar", child_image())
    assert origins(scan("--base", tmp_path / "base.tar.gz", image)) == BOTH


PLATFORMS = [
    base_image(architecture="arm64", config={"os": "linux"}),
    Image([Layer(archive(file("etc/os-release")))], architecture="amd64"),
]


@pytest.mark.parametrize("architecture, layers", [("arm64", 1), ("amd64", None)])
def test_base_is_that_of_the_same_platform(tmp_path, architecture, layers):
    result = scan_with_base(tmp_path, child_image(architecture=architecture), *PLATFORMS)
    assert result.subject.get("base", {}).get("layers") == layers
    assert result.code == FAIL


def test_each_platform_has_its_own_base(tmp_path):
    base = oci_layout(tmp_path / "base", *PLATFORMS)
    amd64 = Image([*PLATFORMS[1].layers, *OWN_LAYERS], architecture="amd64")
    image = oci_archive(tmp_path / "image.tar", child_image(architecture="arm64"), amd64, nest=1)
    result = scan("--base", f"oci:{base}", image)
    assert {one["platform"]: one["base"]["layers"] for one in result.subjects} == {
        "linux/arm64": 1,
        "linux/amd64": 1,
    }
    found = {
        one["platform"]: {f["path"]: f["origin"] for f in one["findings"]}
        for one in result.subjects
    }
    assert found == {"linux/arm64": BOTH, "linux/amd64": {"/opt/helper": "own"}}


def test_several_images_for_the_platform_need_a_name(tmp_path):
    bases = [base_image(), Image([Layer(archive())], tags=("example.com/base:2",))]
    result = scan_with_base(tmp_path, child_image(), *bases)
    assert result.code == ERROR
    assert b"base:1" in result.err and b"base:2" in result.err and b":REF" in result.err
    assert set(origins(result).values()) == {None}, "it is judged all the same"
    image = tmp_path / "image.tar"
    assert origins(scan("--base", f"oci:{tmp_path}/base:example.com/base:1", image)) == BOTH


def test_one_image_under_several_names_is_one(tmp_path):
    bases = [base_image(), base_image(tags=("example.com/base:latest",))]
    assert origins(scan_with_base(tmp_path, child_image(), *bases)) == BOTH


def not_there(tmp_path):
    return tmp_path / "nowhere", b"no such file"


def no_image(tmp_path):
    (tmp_path / "text").write_text("no image")
    return tmp_path / "text", b"text"


def a_directory(tmp_path):
    (tmp_path / "root" / "etc").mkdir(parents=True)
    return f"dir:{tmp_path}/root", b"no layers"


def other_platform(tmp_path):
    return docker_archive(tmp_path / "b.tar", base_image(architecture="s390x")), b"linux/amd64"


@pytest.mark.parametrize("make", [not_there, no_image, a_directory, other_platform])
def test_base_that_cannot_be_used_is_an_error_said_once(tmp_path, make):
    image = docker_archive(tmp_path / "image.tar", child_image())
    base, mention = make(tmp_path)
    result = scan("--base", base, image, image)
    assert result.code == ERROR
    assert mention in result.err and result.err.count(b"--base") == 1, result
    assert len(result.subjects) == 2 and len(result.report["errors"]) == 1


def test_base_on_standard_input_is_wrong_usage(tmp_path):
    result = run("scan", "--base", "-", docker_archive(tmp_path / "image.tar", child_image()))
    assert (result.code, result.out) == (USAGE, b"")
    assert b"--base" in result.err


# The user -----------------------------------------------------------------------------------------

USERS = [
    # the base's User, the child's, the child's own history -> origin of image-user
    (None, None, [], "base"),
    ("0", "0", [], "base"),
    ("0", "0", ["-USER 0"], "own"),
    ("5", "0", ["-USER 0"], "own"),
    ("5", "0", [], "own"),
    (None, "root", [], "own"),
]


@pytest.mark.parametrize("base_user, user, own, origin", USERS)
def test_user_is_the_bases_unless_the_image_says_it(tmp_path, base_user, user, own, origin):
    below = ["ADD rootfs /", *([f"-USER {base_user}"] if base_user else []), '-CMD ["sh"]']
    base = base_image(user=base_user, config=history(*below))
    child = child_image(user=user, config=history(*below, "COPY app", "RUN make", *own))
    result = scan_with_base(tmp_path, child, base)
    assert result.finding("image-user")["origin"] == origin


def test_user_of_the_command_line_is_nobodys(tmp_path):
    result = scan_with_base(tmp_path, child_image(), base_image(), args=["--user", "0"])
    assert "origin" not in result.finding("image-user")
    assert {one["origin"] for one in result.findings("setuid-root")} == {"base", "own"}


# Annotations, labels, history ---------------------------------------------------------------------

TAIL = ["COPY app /bin", "RUN make"]
HISTORIES = {
    # name: (history, layers of the base or None)
    "buildkit": ([*DEBIAN_BUILDKIT, *TAIL, '-CMD ["app"]'], 1),
    "classic": (
        [
            *DEBIAN_CLASSIC,
            "/bin/sh -c #(nop) COPY file:2 in /bin ",
            "/bin/sh -c make",
            '-/bin/sh -c #(nop)  ENTRYPOINT ["app"]',
            '-/bin/sh -c #(nop)  CMD ["-h"]',
        ],
        1,
    ),
    "buildah-layers": (
        [
            "/bin/sh -c #(nop) ADD file:1 in / ",
            "-/bin/sh -c #(nop) ENV A=1 // FROM 0123456789ab",
            f"-/bin/sh -c #(nop) ENV B=1 // FROM {DEBIAN}",
            "/bin/sh -c #(nop) COPY file:2 in /bin  // FROM ba9876543210",
            "/bin/sh -c make // FROM ba9876543211",
        ],
        1,
    ),
    "kaniko": ([*DEBIAN_CLASSIC, "COPY app /bin", "RUN make"], 1),
    "metadata-only-base": (["ADD rootfs /", "COPY app", "RUN make", '-CMD ["a"]', '-CMD ["b"]'], 3),
    "no-end": (["ADD rootfs /", *TAIL, '-CMD ["app"]'], None),
    "no-instructions": (["bazel build", "bazel build", "bazel build"], None),
    "one-cmd-first": (['-CMD ["app"]', "ADD rootfs /", *TAIL], None),
    "none": ([], None),
    "too-few": ([*DEBIAN_BUILDKIT, "RUN make"], None),
    "too-many": ([*DEBIAN_BUILDKIT, *TAIL, "RUN more"], None),
}


@pytest.mark.parametrize("shape", HISTORIES)
@pytest.mark.parametrize("annotated", [True, False])
def test_history_tells_where_the_base_ends(tmp_path, shape, annotated):
    texts, layers = HISTORIES[shape]
    manifest = {"annotations": {NAME: DEBIAN, DIGEST: SHA}} if annotated else {}
    child = child_image(config=history(*texts), manifest=manifest)
    result = scan(oci_archive(tmp_path / "image.tar", child))
    assert_consistent(result)
    assert result.verdict == "fail"
    base = result.subject.get("base", {})
    assert base.get("layers") == layers
    if annotated:
        assert (base["name"], base["digest"]) == (DEBIAN, SHA)
    if layers == 1:
        assert origins(result) == BOTH
        assert base["why"].startswith("guessed from the history")
    elif layers is None:
        assert set(origins(result).values()) == {None}
        assert ("base" in result.subject) == annotated


def test_missing_history_is_said_with_verbose_only(tmp_path):
    path = docker_archive(tmp_path / "image.tar", child_image(config={"history": None}))
    assert b"  base " not in run("scan", path).out
    assert b"where its layers end is not known: it has no history" in run("scan", "-v", path).out


SAID = [
    # annotations, labels, the history's comment -> name
    ({NAME: "a:1"}, {NAME: "l:1"}, "FROM f:1", "a:1"),
    ({}, {NAME: "l:1"}, "FROM f:1", "f:1"),
    (None, {NAME: "l:1"}, "", "l:1"),
    (None, None, "FROM f:1", "f:1"),
    (None, None, "", None),
]


@pytest.mark.parametrize("annotations, labels, comment, name", SAID)
def test_what_is_said_of_the_base_counts_by_how_near_it_is_to_the_build(
    tmp_path, annotations, labels, comment, name
):
    texts = [*DEBIAN_BUILDKIT, "COPY app" + (f" // {comment}" if comment else ""), "RUN make"]
    child = child_image(
        config={**history(*texts), "config": {"User": "1000", "Labels": labels}},
        manifest={"annotations": annotations},
    )
    result = scan(oci_archive(tmp_path / "image.tar", child))
    assert result.subject["base"].get("name") == name
    assert origins(result) == BOTH


def test_archive_that_is_both_docker_and_oci_has_the_annotations(tmp_path):
    """And labels, which come second."""
    child = child_image(
        config={"config": {"User": "5", "Labels": {NAME: "l:1", DIGEST: SHA}}},
        manifest={"annotations": {NAME: "a:1"}},
    )
    result = scan(docker_archive(tmp_path / "image.tar", child, style="hybrid"))
    assert result.subject["base"]["name"] == "a:1"
    assert "digest" not in result.subject["base"]


def test_what_nobody_brought_is_counted_apart(tmp_path):
    """The passwd is of no layer alone, and the user is that of the command line."""
    base = docker_archive(tmp_path / "base.tar", base_image())
    image = docker_archive(tmp_path / "image.tar", child_image())
    text = run("scan", "--user", "0", "--base", base, image).out.decode()
    assert ": 2 of level fail from the base, 1 own, 1 not known whose" in text


GUESSED_USERS = [
    ("0", ["ADD", "-USER 0", "-CMD x"], TAIL, "base"),
    ("0", ["ADD", "-CMD x"], [*TAIL, "-USER 0"], "own"),
    ("0", ["ADD", "-USER 5", "-CMD x"], ["-/bin/sh -c #(nop)  USER 0", *TAIL], "own"),
    (None, ["ADD", "-CMD x"], TAIL, "base"),  # nobody says anything
    ("0", ["ADD", "-CMD x"], TAIL, None),  # Kaniko writes no USER into the history
    ("0", ["ADD", "-USER 7", "-CMD x"], TAIL, None),  # nor when the base did
]


@pytest.mark.parametrize("user, below, own, origin", GUESSED_USERS)
def test_origin_of_the_user_is_guessed(tmp_path, user, below, own, origin):
    child = child_image(user=user, config=history(*below, *own))
    result = scan(docker_archive(tmp_path / "image.tar", child))
    assert result.finding("image-user").get("origin") == origin


# Hostile ------------------------------------------------------------------------------------------

HOSTILE = {
    "long": ({NAME: "x" * 100_000, DIGEST: SHA}, None, SHA),
    "no-digest": ({NAME: "a", DIGEST: "sha256:../../etc"}, "a", None),
    "escapes": ({NAME: "a\x1b[2J\u202eb\nc"}, "a\\x1b[2J\\xe2\\x80\\xaeb\\x0ac", None),
    "no-strings": ({NAME: ["a"], DIGEST: 5}, None, None),
    "empty": ({NAME: "", DIGEST: ""}, None, None),
}


@pytest.mark.parametrize("place", ["annotations", "labels"])
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_annotations_are_bounded_and_printable(tmp_path, case, place):
    said, name, digest = HOSTILE[case]
    child = child_image(
        config={"config": {"User": "5", "Labels": said if place == "labels" else {}}},
        manifest={"annotations": said if place == "annotations" else {}},
    )
    path = oci_archive(tmp_path / "image.tar", child)
    result = scan(path)
    assert_consistent(result)
    base = result.subject.get("base", {})
    assert (base.get("name"), base.get("digest")) == (name, digest)
    assert_printable(run("scan", "-v", path).out)


@pytest.mark.parametrize("key", ["Labels", "annotations"])
def test_annotations_that_are_no_map_are_refused(tmp_path, key):
    child = child_image(
        config={"config": {"Labels": ["a"]}} if key == "Labels" else {},
        manifest={"annotations": ["a"]} if key == "annotations" else {},
    )
    result = scan(oci_archive(tmp_path / "image.tar", child))
    assert result.code == ERROR and key.encode() in result.err, result


def test_comment_of_a_history_cannot_drive_a_terminal(tmp_path):
    texts = ["ADD", "COPY // FROM a\x1b[2J\x07b", "RUN make"]
    path = docker_archive(tmp_path / "image.tar", child_image(config=history(*texts)))
    assert scan(path).subject["base"]["name"] == "a\\x1b[2J\\x07b"
    assert_printable(run("scan", path).out)


def test_what_an_image_says_of_its_base_changes_no_verdict(tmp_path):
    """Neither for the better nor for the worse."""
    clean = Image(
        [archive(file("bin/app"))] * 2,
        config=history(*DEBIAN_BUILDKIT, "COPY"),
        manifest={"annotations": {NAME: DEBIAN, DIGEST: SHA}},
    )
    assert scan(oci_archive(tmp_path / "clean.tar", clean)).code == PASS
    dirty = child_image(config=history(*DEBIAN_BUILDKIT, *TAIL))
    assert scan(oci_archive(tmp_path / "dirty.tar", dirty)).code == FAIL


def test_very_long_history_is_read(tmp_path):
    texts = [*DEBIAN_BUILDKIT, *TAIL, *["-ENV A=1"] * 30_000]
    result = scan(docker_archive(tmp_path / "image.tar", child_image(config=history(*texts))))
    assert origins(result) == BOTH
