"""A real Debian image, built by buildah in several layers and written by every tool in every form.

Whatever the form, the findings must be those that find(1) and getcap(8) see in the tree that
`umoci unpack` makes; a real overlay mount and Podman's own mount must be the same tree.
"""

import os
import shutil

import compare
import engines
import judges
import kit
import pytest

IMAGE = "localhost/e2e-debian"
TAG = "latest"


def chroot(root, *argv):
    kit.run("chroot", root, *argv)


def second_layer(root):
    """Deletions, and hardlinks to files of the layer below."""
    os.unlink(f"{root}/usr/bin/chsh")
    shutil.rmtree(f"{root}/usr/lib/openssh")
    chroot(root, "ln", "/usr/bin/passwd", "/usr/local/bin/passwd-too")
    chroot(root, "mkdir", "/opt/tools", "/opt/kept")
    for name in ("/opt/tools/old", "/opt/tools/older", "/opt/kept/su"):
        chroot(root, "cp", "/bin/su", name)
        chroot(root, "chmod", "4755", name)


def third_layer(root):
    """Modes, owners and capabilities of files of lower layers."""
    chroot(root, "chmod", "u-s", "/usr/bin/newgrp")
    chroot(root, "chmod", "4755", "/usr/bin/env")
    chroot(root, "chmod", "4644", "/usr/bin/gpasswd")
    chroot(root, "chown", "app:app", "/usr/bin/expiry")     # takes the setgid bit away
    chroot(root, "chown", "app:app", "/usr/bin/chage")
    chroot(root, "chmod", "6755", "/usr/bin/chage")
    chroot(root, "chmod", "2755", "/usr/bin/who")
    chroot(root, "setcap", "cap_net_bind_service,cap_setuid+ep", "/usr/bin/sort")
    chroot(root, "setcap", "-r", "/usr/bin/ping")
    chroot(root, "cp", "/usr/bin/id", "/usr/bin/id-capable")
    chroot(root, "setcap", "cap_sys_admin+i", "/usr/bin/id-capable")


def fourth_layer(root):
    """A directory replaced by another of its name (opaque), one by a symlink, and hardlinks."""
    shutil.rmtree(f"{root}/opt/tools")
    chroot(root, "mkdir", "/opt/tools")
    chroot(root, "cp", "/bin/su", "/opt/tools/new")
    chroot(root, "chmod", "4711", "/opt/tools/new")
    chroot(root, "ln", "/opt/tools/new", "/opt/tools/new-too")
    shutil.rmtree(f"{root}/opt/kept")
    chroot(root, "ln", "-s", "tools", "/opt/kept")
    chroot(root, "cp", "/bin/su", "/bin/through-a-symlink")
    chroot(root, "chmod", "4755", "/bin/through-a-symlink")


@pytest.fixture(scope="module")
def image(debian_root, storage):
    """The image's name in the storage: four layers, USER app."""
    container = storage.buildah("from", "scratch")
    storage.buildah("add", "--quiet", container, debian_root, "/")
    storage.buildah("config", "--user", "app", container)
    storage.buildah("commit", "--quiet", container, IMAGE)
    storage.buildah("rm", container)
    for change in (second_layer, third_layer, fourth_layer):
        container = storage.buildah("from", "--pull-never", IMAGE)
        change(storage.buildah("mount", container))
        storage.buildah("config", "--created-by", change.__doc__, container)
        storage.buildah("commit", "--quiet", container, IMAGE)
        storage.buildah("rm", container)
    return IMAGE


@pytest.fixture(scope="module")
def forms(image, storage, scratch):
    """A function from a form's name to its path; each is written once, when first asked for."""
    folder = scratch / "forms"
    folder.mkdir()
    oci = f"oci-archive:{folder}/podman-oci"

    def podman_save(form):
        return lambda path: storage.podman("save", "--quiet", "--format", form, "-o", path, image)

    def skopeo(transport, *options):
        def copy(path):
            get("podman-oci")
            tag = ":" + (IMAGE + ":" if transport == "docker-archive" else "") + TAG
            storage.skopeo(*options, oci, f"{transport}:{path}{tag}")
        return copy

    def mislabelled(path):
        get("podman-docker")
        storage.skopeo("--dest-oci-accept-uncompressed-layers", f"docker-archive:{folder}/podman-docker",
                       f"oci:{path}:{TAG}")

    def docker_save(path):
        get("podman-docker")
        with engines.docker_daemon(str(scratch / "docker")) as docker:
            docker("load", "--quiet", "-i", folder / "podman-docker")
            docker("save", "-o", path, IMAGE)

    recipes = {
        "podman-docker": podman_save("docker-archive"),
        "podman-oci": podman_save("oci-archive"),
        "podman-oci-dir": podman_save("oci-dir"),
        "skopeo-docker": skopeo("docker-archive"),
        "skopeo-oci": skopeo("oci", "--dest-oci-accept-uncompressed-layers"),
        "skopeo-oci-archive": skopeo("oci-archive"),
        "skopeo-oci-gzip": skopeo("oci", "--dest-compress-format", "gzip"),
        "skopeo-oci-zstd": skopeo("oci", "--dest-compress-format", "zstd"),
        "skopeo-oci-archive-zstd": skopeo("oci-archive", "--dest-compress-format", "zstd"),
        "skopeo-mislabelled": mislabelled,
        "docker-save": docker_save,
    }

    def get(name):
        path = folder / name
        if not path.exists():
            recipes[name](path)
        return path

    return get


@pytest.fixture(scope="module")
def layout(forms):
    return forms("skopeo-oci")


@pytest.fixture(scope="module")
def unpacked(layout, scratch):
    root = judges.umoci_unpack(layout, TAG, scratch / "umoci-debian")
    yield root
    shutil.rmtree(scratch / "umoci-debian", ignore_errors=True)


@pytest.fixture(scope="module")
def truth(unpacked):
    """{path: judges.File} of the privileged files."""
    return judges.privileged_files(unpacked)


def test_the_tree_holds_what_was_put_there(truth):
    """Guards the other tests: a judge that sees nothing agrees with everybody."""
    assert truth["/usr/bin/su"] == judges.File("4755", 0, 0, False)
    assert truth["/usr/bin/env"].mode == "4755"
    assert truth["/usr/bin/gpasswd"].mode == "4644"
    assert truth["/usr/bin/chage"] == judges.File("6755", 1000, 1000, False)
    assert truth["/usr/bin/who"].mode == "2755"
    assert truth["/usr/bin/sort"].capable and truth["/usr/bin/id-capable"].capable
    assert truth["/opt/tools/new"] == truth["/opt/tools/new-too"] == judges.File("4711", 0, 0, False)
    assert truth["/usr/bin/passwd"] == truth["/usr/local/bin/passwd-too"]
    assert truth["/usr/bin/through-a-symlink"].mode == "4755"
    assert not truth.keys() & {"/usr/bin/chsh", "/usr/bin/newgrp", "/usr/bin/ping", "/usr/bin/expiry",
                               "/opt/tools/old", "/opt/kept/su", "/usr/lib/openssh/ssh-keysign"}
    assert len(truth) > 15


def test_an_overlay_mount_is_the_same_tree(layout, unpacked, truth, place):
    with judges.overlay(judges.layout_layers(layout), str(place / "overlay")) as merged:
        compare.assert_same_trees(judges.every_file(unpacked), judges.every_file(merged))
        assert judges.privileged_files(merged) == truth


def test_podmans_mount_is_the_same_tree(storage, image, truth):
    root = storage.podman("image", "mount", image).stdout.decode().strip()
    try:
        assert judges.privileged_files(root) == truth
    finally:
        storage.podman("image", "unmount", image)


def assert_judged_right(subject, truth, source):
    compare.assert_same_files(kit.file_findings(subject), truth, source)
    assert subject["verdict"] == "fail"
    user = subject["user"]
    assert (user["declared"], user["state"], user["uid"], user["gid"]) == ("app", "non-root", 1000, 1000)


SOURCES = {
    "podman-docker": "docker-archive:{}",
    "podman-oci": "oci-archive:{}",
    "podman-oci-dir": "oci:{}",
    "skopeo-docker": "docker-archive:{}",
    "skopeo-oci": "oci:{}",
    "skopeo-oci-archive": "oci-archive:{}",
    "skopeo-oci-gzip": "oci:{}",
    "skopeo-oci-zstd": "oci:{}",
    "skopeo-oci-archive-zstd": "oci-archive:{}",
    "docker-save": "docker-archive:{}",
}


@pytest.mark.parametrize("form", SOURCES)
def test_findings_equal_the_unpacked_tree(form, forms, truth):
    source = SOURCES[form].format(forms(form))
    assert_judged_right(kit.scan(source), truth, source)


@pytest.mark.parametrize("form", ["podman-docker", "podman-oci-dir", "skopeo-oci-archive-zstd"])
def test_the_form_is_guessed_without_a_prefix(form, forms, truth):
    source = str(forms(form))
    assert_judged_right(kit.scan(source), truth, source)


@pytest.mark.parametrize("form", ["podman-docker", "podman-oci", "skopeo-oci-archive", "docker-save",
                                  "skopeo-oci-archive-zstd"])
def test_standard_input(form, forms, truth):
    """From a pipe: no program may seek in it."""
    with kit.reading(forms(form)) as pipe:
        assert_judged_right(kit.scan("-", stdin=pipe), truth, form)


@pytest.mark.parametrize("form,reference", [
    ("podman-oci", f"{IMAGE}:{TAG}"),  # podman writes the whole name, skopeo what it is told
    ("skopeo-oci", TAG),
    ("podman-docker", f"{IMAGE}:{TAG}"),
])
def test_a_reference_chooses_the_image(form, reference, forms, truth):
    source = f"{SOURCES[form].format(forms(form))}:{reference}"
    assert_judged_right(kit.scan(source), truth, source)


def test_diff_ids_can_be_verified(forms, truth):
    source = f"docker-archive:{forms('podman-docker')}"
    assert_judged_right(kit.scan(source, "--verify"), truth, source)


def test_layers_that_are_not_what_their_media_type_says(forms, truth):
    """Skopeo 1.9 itself writes such: plain layers of a docker-archive, labelled tar+gzip."""
    layout = forms("skopeo-mislabelled")
    for layer in judges.layout_layers(layout):
        with open(layer, "rb") as stream:
            if stream.read(2) == b"\x1f\x8b":
                kit.must_or_skip("this skopeo labels layers rightly")
    subject = kit.scan(f"oci:{layout}")
    assert_judged_right(subject, truth, "skopeo-mislabelled")
    assert "media-type-mismatch" in kit.rules_of(subject)


def test_a_plain_root_directory(unpacked, truth):
    subject = kit.scan(f"dir:{unpacked}")
    compare.assert_same_files(kit.file_findings(subject), truth)


def test_findings_name_the_layer_that_put_the_file_there(layout):
    subject = kit.scan(f"oci:{layout}")
    found = kit.file_findings(subject)

    def layer(path):
        return next(iter(found[path].values()))["layer"]

    assert layer("/usr/bin/su")["index"] == 0
    for path, index, change in [("/usr/local/bin/passwd-too", 1, second_layer),
                                ("/usr/bin/env", 2, third_layer), ("/usr/bin/sort", 2, third_layer),
                                ("/opt/tools/new", 3, fourth_layer)]:
        assert layer(path)["index"] == index, path
        assert change.__doc__ in layer(path)["created_by"], path


@pytest.mark.parametrize("declared", ["1000:1000", "app:staff", "root", ""], ids=repr)
def test_the_user_is_the_one_podman_starts(declared, storage, image, place):
    name = f"{IMAGE}-user"
    container = storage.buildah("from", "--pull-never", image)
    storage.buildah("config", "--user", declared, container)
    storage.buildah("commit", "--quiet", "--rm", container, name)
    storage.podman("save", "--quiet", "-o", place / "image.tar", name)
    ids = [int(storage.podman(*engines.PODMAN_RUN, name, "id", option).stdout) for option in ("-u", "-g")]
    user = kit.scan(f"docker-archive:{place}/image.tar")["user"]
    assert [user["uid"], user["gid"]] == ids
    assert user["state"] == ("non-root" if ids[0] else "root")


def dpkg_owner(root, path):
    """What dpkg says, under the name the file has and under those it had before /usr was merged."""
    names = [path] + ([path.removeprefix("/usr")] if path.startswith("/usr/") else [])
    for name in names:
        done = kit.run("chroot", root, "dpkg-query", "-S", name, check=False)
        for line in done.stdout.decode().splitlines():
            owner, _, named = line.partition(": ")
            if named == name and not line.startswith("diversion"):
                return owner.partition(":")[0]
    return None


def test_packages_are_those_dpkg_names(layout, unpacked, truth):
    wrong, known = [], 0
    for path, rules in sorted(kit.file_findings(kit.scan(f"oci:{layout}")).items()):
        expected = dpkg_owner(unpacked, path)
        known += expected is not None
        for rule, finding in rules.items():
            if (finding.get("package") or "").partition(":")[0] != (expected or ""):
                wrong.append(f"{path} ({rule}): {finding.get('package')}; dpkg says {expected}")
    assert not wrong, "\n".join(wrong)
    assert known > 10
