"""Images joined to Kubernetes manifests: what the manifest leaves open the image decides, where it is at
hand. Images are written byte by byte; a store stands for Podman's, a server for a registry."""

import os

import pytest
from lint_kit import put, rules, subjects
from oddcontainers import Store
from oddimage import Image, Layer, digest, docker_archive, oci_archive, oci_layout
from oddtar import archive, directory, file
from program import CODES, ERROR, FAIL, PASS, USAGE, run
from registry import Answer, serving

PASSWD = b"root:x:0:0::/:\napp:x:1000:2000::/:\n"
GROUP = b"wheel:x:10:app\n"
ETC = archive(directory("etc"), file("etc/passwd", body=PASSWD), file("etc/group", body=GROUP))
HERE = "registry.example.com/team/app:1"
GATED = "runAsNonRoot: true"


def pod(*containers, context=""):
    """A manifest of containers: (name, image) or (name, image, securityContext)."""
    lines = ["apiVersion: v1", "kind: Pod", "metadata: {name: p}", "spec:", f"  securityContext: {{{context}}}",
             "  containers:"]
    for name, image, *own in containers:
        lines.append(f"  - {{name: {name}, image: '{image}', securityContext: {{{own[0] if own else ''}}}}}")
    return "\n".join(lines) + "\n"


def lint(text, *args, place, env=None):
    """The report of a manifest, without the policies and engines of this host."""
    put(place, {"pod.yaml": text})
    environment = {"HOME": str(place), "XDG_RUNTIME_DIR": str(place), "XDG_DATA_HOME": str(place / "none"),
                   "CONTAINERS_REGISTRIES_CONF": os.devnull, **(env or {})}
    result = run("lint", "--format", "json", "--no-policy", *args, "pod.yaml", cwd=place, env=environment)
    if result.out:
        assert result.code == (ERROR if result.report.get("errors") else CODES[result.verdict]), result
    return result


def user(result, name="a"):
    return subjects(result)[f"Pod/p {name}"]["user"]


def who(result, name="a"):
    one = user(result, name)
    return one["state"], one.get("uid"), one.get("gid")


# --- an image that stands for a name ---

WRITERS = {
    "docker-archive": lambda place, image: docker_archive(place / "image.tar", image),
    "oci-archive": lambda place, image: oci_archive(place / "image.tar", image),
    "oci": lambda place, image: oci_layout(place / "layout", image),
}


@pytest.mark.parametrize("transport", WRITERS)
def test_an_image_file_stands_for_a_name(tmp_path, transport):
    path = WRITERS[transport](tmp_path, Image([Layer(ETC, "gzip")], user="app"))
    result = lint(pod(("a", HERE)), "--images", "none", "--image", f"{HERE}={transport}:{path}", place=tmp_path)
    assert who(result) == ("non-root", 1000, 2000), result
    assert transport in user(result)["why"]
    assert result.code == PASS


# USER of the image; who that is without a gate; who it is with it: a state, or words of the refusal.
USERS = [
    (None, ("root", 0, 0), "image will run as root"),
    ("", ("root", 0, 0), "image will run as root"),
    ("0:1000", ("root", 0, 0), "image will run as root"),
    ("+0", ("root", 0, 0), "image will run as root"),
    ("root", ("root", 0, 0), "non-numeric user (root)"),
    ("app", ("non-root", 1000, 2000), "non-numeric user (app)"),
    ("app:wheel", ("non-root", 1000, 2000), "non-numeric user (app)"),
    ("1000", ("non-root", 1000, 2000), ("non-root", 1000, 2000)),
    ("1000:77", ("non-root", 1000, 2000), ("non-root", 1000, 2000)),
    ("4711:4711", ("non-root", 4711, 0), ("non-root", 4711, 0)),
    ("ghost", ("wont-start", None, None), "non-numeric user (ghost)"),
    ("4294967296", ("wont-start", None, None), "invalid user id (4294967296)"),
    ("-1", ("wont-start", None, None), "invalid user id (-1)"),
]


@pytest.mark.parametrize("declared, free, gated", USERS, ids=[repr(row[0]) for row in USERS])
def test_the_image_decides_and_the_gate_refuses(tmp_path, declared, free, gated):
    path = oci_archive(tmp_path / "image.tar", Image([ETC], user=declared))
    text = pod(("free", HERE), ("gated", HERE, GATED))
    result = lint(text, "--images", "none", "--image", f"{HERE}=oci-archive:{path}", place=tmp_path)
    assert who(result, "free") == free, result
    if isinstance(gated, tuple):
        assert who(result, "gated") == gated, result
    else:
        assert user(result, "gated")["state"] == "wont-start" and gated in user(result, "gated")["why"], result
        assert "kubelet-refuses" in rules(subjects(result)["Pod/p gated"])
        assert "image-user" not in rules(subjects(result)["Pod/p gated"])


def test_the_group_is_that_of_the_images_passwd_unless_it_is_said(tmp_path):
    path = oci_archive(tmp_path / "image.tar", Image([ETC], user=None))
    text = pod(("entry", HERE, "runAsUser: 1000"), ("none", HERE, "runAsUser: 4711"),
               ("said", HERE, "runAsUser: 1000, runAsGroup: 3000"))
    result = lint(text, "--images", "none", "--image", f"{HERE}=oci-archive:{path}", place=tmp_path)
    assert [user(result, name)["gid"] for name in ("entry", "none", "said")] == [2000, 0, 3000], result
    assert "root-group" in rules(subjects(result)["Pod/p none"])
    assert "root-group" not in rules(subjects(result)["Pod/p entry"])


@pytest.mark.parametrize("value, expected", [("0", "root"), ("", "root"), ("1000", "non-root"), ("app", "unknown")])
def test_a_user_can_be_said_for_an_image(tmp_path, value, expected):
    result = lint(pod(("a", HERE)), "--images", "none", "--image", f"{HERE}={value}", place=tmp_path)
    assert user(result)["state"] == expected, result
    assert "--image" in user(result)["why"] or expected == "unknown", result


@pytest.mark.parametrize(
    "written, said",
    [("nginx", "docker.io/library/nginx:latest"), ("docker.io/library/nginx:latest", "nginx"),
     ("quay.io/a/b", "quay.io/a/b:latest"), ("a/b:2", "docker.io/a/b:2")],
)
def test_names_that_mean_the_same_image_are_the_same(tmp_path, written, said):
    result = lint(pod(("a", written)), "--images", "none", "--image", f"{said}=4711", place=tmp_path)
    assert who(result)[:2] == ("non-root", 4711), result


def test_another_tag_is_another_image(tmp_path):
    result = lint(pod(("a", "quay.io/a/b:2")), "--images", "none", "--image", "quay.io/a/b:1=4711", place=tmp_path)
    assert user(result)["state"] == "unknown", result


def test_what_is_not_known_says_what_would_settle_it(tmp_path):
    result = lint(pod(("a", HERE)), "--images", "none", place=tmp_path)
    assert result.code == FAIL and user(result)["state"] == "unknown", result
    for words in (HERE, "runAsUser", "--image"):
        assert words in user(result)["why"], result


def test_an_image_file_that_is_broken_decides_nothing(tmp_path):
    (tmp_path / "image.tar").write_bytes(b"no image at all")
    args = ("--images", "none", "--image", f"{HERE}=oci-archive:{tmp_path / 'image.tar'}")
    result = lint(pod(("a", HERE)), *args, place=tmp_path)
    assert result.code == FAIL and user(result)["state"] == "unknown", result


# --- the engines of this host ---


@pytest.fixture
def podman(tmp_path, as_root):
    """podman(NAME, image, ...): what Podman's store holds; returns the environment that says so."""

    def make(*pairs):
        store = Store(tmp_path / "store")
        listed = [store.add(image, name) for name, image in pairs]
        conf = tmp_path / "storage.conf"
        conf.write_text(f'[storage]\ndriver = "overlay"\ngraphroot = "{tmp_path}/store"\n')
        return {"CONTAINERS_STORAGE_CONF": str(conf)}, listed

    return make


def test_an_engine_of_this_host_has_the_image(tmp_path, podman):
    env, _ = podman((HERE, Image([ETC], user="app")))
    result = lint(pod(("a", HERE), ("b", HERE, GATED)), place=tmp_path, env=env)
    assert who(result) == ("non-root", 1000, 2000), result
    assert "containers-storage" in user(result)["why"]
    assert "non-numeric user (app)" in user(result, "b")["why"]


def test_none_asks_no_engine(tmp_path, podman):
    env, _ = podman((HERE, Image([ETC], user="app")))
    for args in (("--images", "none"), ("--no-images",)):
        assert user(lint(pod(("a", HERE)), *args, place=tmp_path, env=env))["state"] == "unknown"


def test_a_digest_is_that_image_and_no_other(tmp_path, podman):
    """The tag was moved since: what counts is the digest."""
    env, (old, new) = podman(("registry.example.com/team/app:0", Image([ETC], user="1000")),
                             (HERE, Image([ETC], user="0")))
    name = HERE.rpartition(":")[0]
    text = pod(("old", f"{name}@{old['digest']}"), ("tag", f"{HERE}@{old['digest']}"),
               ("new", f"{name}@{new['digest']}"), ("gone", f"{name}@sha256:{'0' * 64}"))
    result = lint(text, place=tmp_path, env=env)
    states = [user(result, one)["state"] for one in ("old", "tag", "new", "gone")]
    assert states == ["non-root", "non-root", "root", "unknown"], result


# --- registries ---


@pytest.fixture
def registry():
    with serving(Image([Layer(ETC, "gzip")], user="1000:1000")) as one:
        yield one


def named(user):
    return serving(Image([Layer(ETC, "gzip")], user=user))


def ask(registry, text, tmp_path, *args, **knobs):
    return lint(text, "--images", "registry", "--plain-http", *args, place=tmp_path, **knobs)


def name_in(registry):
    return f"{registry.host}/{registry.name}:1"


def layers_asked(registry):
    return [one.path for one in registry.asked("blobs") if registry.layer() in one.path]


def test_a_registry_is_asked_for_a_few_kilobytes(registry, tmp_path):
    """A number needs no layer."""
    result = ask(registry, pod(("a", name_in(registry))), tmp_path)
    assert who(result)[:2] == ("non-root", 1000), result
    assert not layers_asked(registry), registry.requests


def test_a_name_is_looked_up_in_the_layers(tmp_path):
    with named("app") as registry:
        result = ask(registry, pod(("a", name_in(registry))), tmp_path)
        assert who(result) == ("non-root", 1000, 2000), result
        assert len(layers_asked(registry)) == 1


def test_a_name_that_the_gate_refuses_is_not_looked_up(tmp_path):
    with named("app") as registry:
        result = ask(registry, pod(("a", name_in(registry), GATED)), tmp_path)
        assert "non-numeric user (app)" in user(result)["why"], result
        assert not layers_asked(registry), registry.requests


def test_each_image_is_read_once(registry, tmp_path):
    name = name_in(registry)
    text = pod(*[(f"c{i}", name, GATED if i % 2 else "") for i in range(8)])
    result = ask(registry, text, tmp_path)
    assert {one["user"]["state"] for one in result.subjects} == {"non-root"}, result
    assert len(registry.asked("manifests")) == 1, [one.path for one in registry.requests]
    assert len(registry.asked("blobs")) == 1, [one.path for one in registry.requests]


def test_an_image_that_decides_nothing_is_not_asked_for(registry, tmp_path):
    result = ask(registry, pod(("a", name_in(registry), "runAsUser: 0")), tmp_path)
    assert who(result)[:2] == ("root", 0), result
    assert not registry.requests


def test_a_registry_is_asked_by_digest(registry, tmp_path):
    name = f"{registry.host}/{registry.name}@{registry.manifest}"
    assert who(ask(registry, pod(("a", name)), tmp_path))[:2] == ("non-root", 1000)
    assert [one.path.rpartition("/")[2] for one in registry.asked("manifests")] == [registry.manifest]


def test_a_registry_that_lies_about_a_digest_decides_nothing(registry, tmp_path):
    name = f"{registry.host}/{registry.name}@sha256:{'1' * 64}"
    registry.rule(lambda request: Answer(200, {}, registry.blob(registry.manifest))
                  if request.kind == "manifests" else None)  # fmt: skip
    result = ask(registry, pod(("a", name)), tmp_path)
    assert result.code == FAIL and user(result)["state"] == "unknown", result


def test_a_registry_that_fails_makes_it_unknown_and_says_why(registry, tmp_path):
    registry.rule(lambda request: Answer(403))
    result = ask(registry, pod(("a", name_in(registry))), tmp_path)
    assert result.code == FAIL and user(result)["state"] == "unknown", result
    assert registry.host in user(result)["why"]


def test_an_engine_is_asked_before_the_registry(registry, tmp_path, podman):
    env, _ = podman((name_in(registry), Image([ETC], user="4711")))
    result = ask(registry, pod(("a", name_in(registry))), tmp_path, env=env)
    assert who(result)[:2] == ("non-root", 4711), result
    assert not registry.requests


def test_no_registry_is_asked_unless_it_is_said(registry, tmp_path):
    for args in ((), ("--images", "local"), ("--images", "none")):
        result = lint(pod(("a", name_in(registry))), *args, place=tmp_path)
        assert user(result)["state"] == "unknown", result
    assert not registry.requests


def test_an_image_of_a_registry_stands_for_a_name(registry, tmp_path):
    args = ("--images", "none", "--plain-http", "--image", f"{HERE}={registry.source}")
    assert who(lint(pod(("a", HERE)), *args, place=tmp_path))[:2] == ("non-root", 1000)


# --- usage ---


@pytest.mark.parametrize(
    "args, word",
    [(("--images", "remote"), "local, registry or none"), (("--images", "local", "--no-images"), "--no-images"),
     (("--image", "nginx"), "NAME=VALUE"), (("--image", "=1000"), "NAME=VALUE")],
)
def test_wrong_usage(tmp_path, args, word):
    result = lint(pod(("a", HERE)), *args, place=tmp_path)
    assert result.code == USAGE and word in result.err.decode(), result


# --- the chain of decisions ---


def explain(tmp_path, text, *args):
    put(tmp_path, {"pod.yaml": text})
    result = run("lint", "--explain", "--no-policy", "--images", "none", *args, "pod.yaml", cwd=tmp_path)
    return result.out.decode()


def test_explain_prints_the_chain_as_a_tree(tmp_path):
    path = oci_archive(tmp_path / "image.tar", Image([ETC], user="app"))
    out = explain(tmp_path, pod(("a", HERE), context=GATED), "--image", f"{HERE}=oci-archive:{path}")
    lines = out.splitlines()
    at = next(i for i, line in enumerate(lines) if "runAsNonRoot: true of the pod" in line)
    assert lines[at].startswith("  \u251c\u2500 ") and "pod.yaml:5:35" in lines[at], out
    assert lines[at + 1].startswith("  \u251c\u2500 runAsUser is not set"), out
    assert lines[at + 2].startswith("  \u2502  \u2514\u2500 the image "), out
    assert lines[at + 3].startswith("  \u2514\u2500 the kubelet refuses it: container has runAsNonRoot"), out


def test_explain_in_json_has_the_steps_with_their_places(tmp_path):
    result = lint(pod(("a", HERE, "runAsUser: 0")), "--explain", "--images", "none", place=tmp_path)
    steps = user(result)["steps"]
    assert [one["text"] for one in steps if "line" in one] == ["runAsUser: 0 of the container"], result
    assert steps[1]["line"] == 7


def test_without_explain_no_steps_are_kept(tmp_path):
    result = lint(pod(("a", HERE, "runAsUser: 0")), "--images", "none", place=tmp_path)
    assert "steps" not in user(result)


def test_explain_where_the_terminal_knows_no_unicode(tmp_path):
    put(tmp_path, {"pod.yaml": pod(("a", HERE, "runAsUser: 0"))})
    result = run("lint", "--explain", "--no-policy", "--images", "none", "pod.yaml", cwd=tmp_path,
                 env={"LC_ALL": "C"})  # fmt: skip
    assert b"|- " in result.out and b"`- " in result.out, result
    assert result.out.isascii(), result
