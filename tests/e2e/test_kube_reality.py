"""Manifests as kubectl reads them: what it makes of words, numbers, merge keys and aliases, `nonzero lint`
must make of them too. It may refuse more; it may never pass what kubectl takes for root."""

import json
import os
import pathlib
import random
import sys

import kit
import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from kube_oracle import containers, state  # noqa: E402  (found through the path above)

HEAD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n"
IMAGE = "images.example/root:1"
APP = f"  containers:\n  - name: app\n    image: {IMAGE}\n"


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory):
    """What kubectl reads in a manifest: the pod's spec, or None where it refuses."""
    kit.need("kubectl")
    place = tmp_path_factory.mktemp("kubectl")

    def read(text):
        (place / "pod.yaml").write_text(text)
        # Of what needs no server, this decodes into the types of the API.
        command = ("kubectl", "set", "env", "--local", "-f", place / "pod.yaml", "SOME=x", "-o", "json")
        done = kit.run(*command, check=False, env={**os.environ, "HOME": str(place)})
        return json.loads(done.stdout)["spec"] if done.returncode == 0 and done.stdout.strip() else None

    return read


def judge(place, text):
    """{container: state} of it, or None where it is refused; and whether all passed."""
    (place / "pod.yaml").write_text(text)
    done = kit.run(kit.NONZERO, "lint", "--no-policy", "--images", "none", "--image", f"{IMAGE}=0", "--format", "json",
                   place / "pod.yaml", check=False)
    if done.returncode == 2:
        assert done.stderr.strip(), "refused without a word"
        return None, False
    report = json.loads(done.stdout)
    return {one["name"].split()[-1]: one["user"]["state"] for one in report["subjects"]}, done.returncode == 0


def assert_agreed(kubectl, place, text, stricter=False):
    spec = kubectl(text)
    found, passed = judge(place, text)
    if spec is None:
        assert not passed, f"passed what kubectl refuses\n{text}"
        return
    if found is None:
        assert stricter, f"refused what kubectl takes\n{text}"
        return
    wanted = {one["name"]: state(spec, one, "zero") for one in containers(spec)}
    assert found == wanted, text


USERS = ["0", "00", "+0", "-0", "0x0", "0o0", "0b0", "0_0", "_0", "0_", "~", "null", "Null", "NULL", "", "nil", "01750",
         "0777", "0o1750", "1_000", "1__0", '"1000"', "'0'", '!!int "0"', '!!int "1000"', "!!str 0", "!!int 010", "1:0",
         "190:20:30", "2001-01-01", "0x3e8", "9223372036854775808", "18446744073709551616", "true", "[0]", "{}",
         "|\n      0", "! 0", "&a 0", "0 # x", "1000#x", "\u0663", ".inf", ".nan", "1,000"]
GATES = ["true", "True", "TRUE", "tRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y", "n", "N", "no", "off", "OFF",
         "false", "False", "FALSE", "1", "0", "~", "null", "", '"true"', "!!bool true", '!!bool "true"', "!!bool yes",
         "!!str true", "t", "[true]", "enabled"]
# What has a point or an exponent is refused here, whatever it comes to.
FLOATS = ["1e3", "1000.0", "0.0", "-0.0", ".0", "0.", "1.", "08", "!!float 1000", "1000.5"]


@pytest.mark.parametrize("word", USERS + FLOATS)
def test_user_is_the_number_that_kubectl_reads(kubectl, tmp_path, word):
    text = f"{HEAD}  securityContext:\n    runAsUser: {word}\n{APP}"
    assert_agreed(kubectl, tmp_path, text, stricter=word in FLOATS)


@pytest.mark.parametrize("word", GATES)
def test_gate_is_the_word_that_kubectl_reads(kubectl, tmp_path, word):
    assert_agreed(kubectl, tmp_path, f"{HEAD}  securityContext:\n    runAsNonRoot: {word}\n{APP}")


# Maps that are merged ------------------------------------------------------------------------------

SOURCES = """\
  containers:
  - name: one
    image: images.example/root:1
    securityContext: &one {runAsUser: 1000}
  - name: zero
    image: images.example/root:1
    securityContext: &zero {runAsUser: 0}
  - name: null
    image: images.example/root:1
    securityContext: &unset {runAsUser: null}
  - name: app
    image: images.example/root:1
    securityContext:
""".replace("name: null", "name: unset")

MERGES = {
    "before-a-key": "<<: *zero\n      runAsUser: 1000",
    "of-one-before-a-key": "<<: *one\n      runAsUser: 0",
    "behind-a-key": "runAsUser: 1000\n      <<: *zero",
    "of-one-behind-a-key": "runAsUser: 0\n      <<: *one",
    "of-nothing-behind-a-key": "runAsUser: 1000\n      <<: *unset",
    "twice": "<<: *one\n      <<: *zero",
    "twice-the-other-way": "<<: *zero\n      <<: *one",
    "list": "<<: [*one, *zero]",
    "list-the-other-way": "<<: [*zero, *one]",
    "list-behind-a-key": "runAsUser: 1000\n      <<: [*zero, *one]",
    "quoted": '"<<": *one',
    "tagged": "!!merge <<: *one",
    "inline": "<<: {runAsUser: 1000}",
    "in-a-merge": "<<: {<<: *one, runAsUser: 0}",
    "in-a-merge-behind": "<<: {runAsUser: 1000, <<: *zero}",
    "of-a-scalar": "<<: 1000",
    "of-null": "<<: null",
}


@pytest.mark.parametrize("name", MERGES)
def test_merge_is_kubectls(kubectl, tmp_path, name):
    stricter = "behind" in name or "twice" in name or name in ("quoted", "of-null")
    assert_agreed(kubectl, tmp_path, f"{HEAD}{SOURCES}      {MERGES[name]}\n", stricter)


# By chance -----------------------------------------------------------------------------------------

VALUES = {
    "runAsUser": ["0", "1000", "1", "null", "~", "", '"1000"', "0x0", "&v 1000", "!!int 0",
                  "\n          1000", "# x\n          0"],
    "runAsNonRoot": ["true", "false", "yes", "on", "null", '"true"', "True"],
    "runAsGroup": ["0", "1000"],
    "capabilities": ["{drop: [ALL]}", "\n          drop:\n          - ALL"],
}


def written(rng, key, indent):
    name = rng.choice([key] * 4 + [f'"{key}"', f"'{key}'", f"!!str {key}", f"? {key}\n{' ' * indent}"])
    return f"{' ' * indent}{name}: {rng.choice(VALUES[key])}\n"


def context(rng, indent, anchors):
    text = ""
    if anchors and rng.random() < 0.4:
        merge = rng.choice(["<<: *{}", "<<: [*{}]", "!!merge <<: *{}"])
        text += " " * indent + merge.format(rng.choice(anchors)) + "\n"
    return text + "".join(written(rng, key, indent) for key in rng.sample(list(VALUES), rng.randint(0, 3)))


def pod(rng):
    anchors, parts = [], []
    for part in rng.sample(["pod", "containers"], 2):
        if part == "pod":
            parts.append(f"  securityContext: &p\n{context(rng, 6, anchors)}")
            anchors.append("p")
            continue
        text = "  containers:\n"
        for number in range(rng.randint(1, 3)):
            text += f"  - name: c{number}\n    image: {IMAGE}\n"
            chance = rng.random()
            if chance < 0.2 and anchors:
                text += f"    securityContext: *{rng.choice(anchors)}\n"
            elif chance < 0.9:
                text += f"    securityContext: &c{number}\n{context(rng, 6, anchors)}"
                anchors.append(f"c{number}")
        parts.append(text)
    return HEAD + "".join(parts)


@pytest.mark.parametrize("seed", range(10))
def test_pods_by_chance_are_read_as_kubectl_reads_them(kubectl, tmp_path, seed):
    rng = random.Random(seed)
    for _ in range(12):
        assert_agreed(kubectl, tmp_path, pod(rng))
