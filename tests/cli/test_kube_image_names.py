"""Which image of a manifest `--image NAME=SOURCE` stands for, and what is wrong with a source."""

import pytest
from kube_case import HEAD
from kube_images import IMAGES
from lint_kit import put
from oddimage import oci_archive
from program import ERROR, FAIL, PASS, USAGE, run

DIGEST = "sha256:" + "a" * 64


def judged(place, images, *args):
    """{image: (state, uid)} of a pod with a container for each image."""
    text = HEAD + "  containers:\n" + "".join(f'  - {{name: c{i}, image: "{one}"}}\n' for i, one in enumerate(images))
    put(place, {"pod.yaml": text})
    result = run("lint", "--no-policy", "--images", "none", "--format", "json", *args, "pod.yaml", cwd=place)
    users = [one["user"] for one in result.subjects]
    return {one: (user["state"], user.get("uid")) for one, user in zip(images, users, strict=True)}


def test_names_are_compared_as_the_kubelet_reads_them(tmp_path):
    same = ["unheard", "unheard:latest", "docker.io/library/unheard", "docker.io/unheard:latest"]
    other = ["unheard:1", "example.com/unheard", "someone/unheard", f"unheard@{DIGEST}", "unheard:Latest"]
    found = judged(tmp_path, same + other, "--image", "unheard=4242")
    assert found == dict.fromkeys(same, ("non-root", 4242)) | dict.fromkeys(other, ("unknown", None))


def test_name_with_a_registry_its_port_and_a_tag(tmp_path):
    name = "registry.example:5000/team/app:1.0"
    found = judged(tmp_path, [name, "registry.example:5000/team/app", "registry.example/team/app:1.0"],
                   "--image", f"{name}=4242")
    assert list(found.values()) == [("non-root", 4242), ("unknown", None), ("unknown", None)]


def test_digest_is_a_name_of_its_own(tmp_path):
    found = judged(tmp_path, [f"app@{DIGEST}", "app", f"app@{DIGEST.replace('a', 'b')}"], "--image", f"app@{DIGEST}=4242")
    assert list(found.values()) == [("non-root", 4242), ("unknown", None), ("unknown", None)]


def test_tag_beside_a_digest_is_not_believed(tmp_path):
    """The kubelet pulls the digest: of a well-known image, whatever it was tagged."""
    image = "gcr.io/distroless/static:nonroot"
    found = judged(tmp_path, [image, f"{image}@{DIGEST}", f"gcr.io/distroless/static@{DIGEST}"])
    assert [state for state, _ in found.values()] == ["non-root", "unknown", "unknown"]


def test_several_images(tmp_path):
    archive = oci_archive(tmp_path / "root.tar", IMAGES["none"])
    found = judged(tmp_path, ["a", "b", "c"], "--image", "a=1", "--image", f"b=oci-archive:{archive}")
    assert found == {"a": ("non-root", 1), "b": ("root", 0), "c": ("unknown", None)}


@pytest.mark.parametrize("image", ["app", "=1", ""])
def test_image_without_a_name_or_a_source_is_wrong_usage(tmp_path, image):
    put(tmp_path, {"pod.yaml": HEAD + "  containers: [{name: app, image: app}]\n"})
    assert run("lint", "--no-policy", "--image", image, "pod.yaml", cwd=tmp_path).code == USAGE


@pytest.mark.parametrize("where", ["", "everywhere", "Local"])
def test_images_are_looked_for_where_it_is_said(tmp_path, where):
    put(tmp_path, {"pod.yaml": HEAD + "  containers: [{name: app, image: app}]\n"})
    result = run("lint", "--no-policy", "--images", where, "pod.yaml", cwd=tmp_path)
    assert result.code == USAGE
    for word in ("local", "registry", "none"):
        assert word in result.err.decode()


@pytest.mark.parametrize("source", ["oci-archive:missing.tar", "oci-archive:pod.yaml", "docker-archive:pod.yaml", "oci:."])
def test_source_that_cannot_be_read_is_no_pass_and_says_why(tmp_path, source):
    put(tmp_path, {"pod.yaml": HEAD + "  containers: [{name: app, image: app}]\n"})
    args = ("lint", "--no-policy", "--images", "none", "--image", f"app={source}", "pod.yaml")
    result = run(*args, cwd=tmp_path)
    assert result.code in (FAIL, ERROR), result
    said = (result.out + result.err).decode()
    assert any(word in said for word in ("cannot open", "no image archive", "index.json", source)), result


def test_source_that_no_container_asks_for_is_not_read(tmp_path):
    put(tmp_path, {"pod.yaml": HEAD + "  containers:\n  - name: app\n    image: app\n    securityContext:\n"
                   "      {runAsUser: 1000, runAsNonRoot: true}\n"})
    args = ("lint", "--no-policy", "--images", "none", "--image", "other=oci-archive:missing.tar", "pod.yaml")
    assert run(*args, cwd=tmp_path).code in (PASS, ERROR)
