"""A base and its children by Buildah: --base knows the layers, whatever writes and packs them anew; the
annotations and the history that Buildah leaves tell the same without it."""

import json
import shutil

import kit
import pytest

BASE = "localhost/e2e-base:1"
CHILD = "localhost/e2e-child:1"
FIND = {"/bin/base-su": "base", "/bin/changed": "own", "/bin/own-su": "own"}


def build(storage, context, name, text, *options):
    (context / "Containerfile").write_text(text)
    storage.buildah("build", "--quiet", "--isolation", "chroot", "--tag", name, *options, context)


@pytest.fixture(scope="module", params=["--layers=true", "--layers=false"])
def images(request, storage, scratch):
    """A folder with the layouts `base` and `child`."""
    folder = scratch / ("base" + request.param)
    context = folder / "context"
    context.mkdir(parents=True)
    (context / "tool").write_bytes(b"a program")
    build(storage, context, BASE, """\
FROM scratch
COPY --chmod=4755 tool /bin/base-su
COPY --chmod=4755 tool /bin/changed
CMD ["/bin/base-su"]
""", request.param)
    build(storage, context, CHILD, f"""\
FROM {BASE}
COPY --chmod=4711 tool /bin/changed
COPY --chmod=4755 tool /bin/own-su
ENV A=1
USER 5
USER 0
""", request.param)
    for name, image in (("base", BASE), ("child", CHILD)):
        storage.buildah("push", "--quiet", image, f"oci:{folder}/{name}:latest")
    yield folder
    shutil.rmtree(folder)


def origins(subject):
    return {one.get("path", one["rule"]): one.get("origin") for one in subject["findings"]}


def n_layers(images):
    """As the base's own manifest counts them."""
    def read(digest):
        return json.loads((images / "base" / "blobs" / digest.replace(":", "/")).read_text())

    index = json.loads((images / "base" / "index.json").read_text())
    return len(read(index["manifests"][0]["digest"])["layers"])


def test_named_base_is_known(images):
    subject = kit.scan(f"oci:{images}/child", "--base", f"oci:{images}/base")
    assert origins(subject) == {**FIND, "image-user": "own"}
    assert subject["base"]["layers"] == n_layers(images)


@pytest.mark.parametrize("form", ["docker-archive", "zstd"])
def test_base_written_anew_is_the_same(images, storage, form):
    path = images / form
    if form == "zstd":
        storage.skopeo("--dest-compress-format", "zstd", f"oci:{images}/base:latest", f"oci:{path}:latest")
        source = f"oci:{path}"
    else:
        storage.skopeo(f"oci:{images}/base:latest", f"docker-archive:{path}")
        source = f"docker-archive:{path}"
    assert origins(kit.scan(f"oci:{images}/child", "--base", source)) == {**FIND, "image-user": "own"}


def test_base_is_guessed_from_what_buildah_leaves(images):
    subject = kit.scan(f"oci:{images}/child")
    assert subject["base"]["name"] == BASE
    assert subject["base"]["layers"] == n_layers(images)
    assert subject["base"]["why"].startswith("guessed from the history")
    assert origins(subject) == {**FIND, "image-user": "own"}


def test_child_is_no_base_of_its_base(images):
    subject = kit.scan(f"oci:{images}/base", "--base", f"oci:{images}/child")
    assert "base" not in subject
    assert any("not built on" in note for note in subject["notes"])


def test_child_is_worse_than_its_base(images):
    done = kit.run(kit.NONZERO, "diff", "--user", "5", f"oci:{images}/base", f"oci:{images}/child", check=False)
    assert done.returncode == 1 and b"/bin/own-su" in done.stdout, done
    done = kit.run(kit.NONZERO, "diff", "--user", "5", f"oci:{images}/child", f"oci:{images}/base", check=False)
    assert done.returncode == 0 and b"gone" in done.stdout, done
