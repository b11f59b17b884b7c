"""`nonzero lint --fix` and `--emit patch` on Kubernetes manifests: the smallest edit, every other byte
kept, what would be a guess refused. PyYAML reads what came of it."""

import copy
import difflib
import json
import random
import subprocess

import kube_cases_fix_pod  # noqa: F401
import kube_cases_fix_style  # noqa: F401
import pytest
import yaml
from kube_case_fix import CASES, image_args
from kube_write import Writer
from program import FAIL, PASS, USAGE, assert_printable, run

CHANGED = [name for name, one in CASES.items() if one.before != one.after]
LISTS = ("containers", "initContainers", "ephemeralContainers")
UNKNOWN = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: unknown}]}\n"


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return image_args(tmp_path_factory.mktemp("images"))


@pytest.fixture
def lint(tmp_path, images):
    """lint(text, *args) -> (result, bytes of the file after it)."""

    def lint(text, *args, name="m.yaml"):
        if text is not None:
            (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        result = run("lint", "--no-policy", *images, *args, name, cwd=tmp_path)
        assert_printable(result.err)
        return result, (tmp_path / name).read_bytes()

    return lint


def documents(text):
    if text.startswith(b"{"):  # PyYAML takes no tabs
        return [json.loads(text)]
    return [one for one in yaml.load_all(text.decode("utf-8-sig"), Loader=yaml.CSafeLoader) if one is not None]


def merged(old, patch):
    """OLD with PATCH laid over it, as Kustomize does it for Kubernetes' own kinds."""
    if not isinstance(patch, dict):
        return patch
    made = dict(old or {})
    for key, value in patch.items():
        if key in LISTS:
            made[key] = copy.deepcopy(made[key])
            for one in value:
                (at,) = [i for i, other in enumerate(made[key]) if other["name"] == one["name"]]
                made[key][at] = merged(made[key][at], one)
        else:
            made[key] = merged(made.get(key), value)
    return made


def patched(old, patches):
    """The documents OLD with PATCHES laid over those that they name; each must name one."""
    made = [copy.deepcopy(one) for one in old]
    flat = [(one, i, None) for i, one in enumerate(made)]
    for one, i, _ in list(flat):
        if one.get("kind") == "List":
            flat += [(item, i, j) for j, item in enumerate(one["items"])]

    def name(one):
        metadata = one.get("metadata", {})
        return one.get("apiVersion"), one.get("kind"), metadata.get("name"), metadata.get("namespace")

    for patch in patches:
        ((one, i, j),) = [entry for entry in flat if name(entry[0]) == name(patch)]
        if j is None:
            made[i] = merged(one, patch)
        else:
            made[i]["items"][j] = merged(one, patch)
    return made


# --- the table ---


@pytest.mark.parametrize("name", CASES)
def test_edit_is_this(lint, name):
    case = CASES[name]
    result, after = lint(case.before, "--fix", *case.args, name="m" + case.suffix)
    assert after == case.after, "\n".join(
        difflib.unified_diff(case.after.decode().split("\n"), after.decode().split("\n"), "wanted", "got", n=2)
    )
    told = result.err.decode()
    assert ("not changed" in told) == bool(case.refused), result
    for words in case.refused:
        assert words in told, result


@pytest.mark.parametrize("name", CASES)
def test_twice_changes_nothing(lint, name):
    case = CASES[name]
    result, twice = lint(case.after, "--fix", *case.args, name="m" + case.suffix)
    assert twice == case.after
    assert b": changed: " not in result.err, result


@pytest.mark.parametrize("name", CHANGED)
def test_diff_is_what_patch_takes(lint, tmp_path, tool, name):
    case = CASES[name]
    result, after = lint(case.before, "--fix", "--diff", *case.args, name="m" + case.suffix)
    assert after == case.before, "a diff changed the file"
    command = [tool("patch"), "-s", "--binary", "-o", "patched", "m" + case.suffix]
    done = subprocess.run(command, input=result.out, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done
    # What nobody could apply by itself takes another round.
    once = (tmp_path / "patched").read_bytes()
    _, settled = lint(once, "--fix", *case.args, name="m" + case.suffix)
    assert settled == case.after == once


@pytest.mark.parametrize("name", CHANGED)
def test_patch_and_manifest_are_the_mended_manifest(lint, name):
    case = CASES[name]
    result, after = lint(case.before, "--emit", "patch", *case.args, name="m" + case.suffix)
    assert after == case.before, "a patch changed the file"
    patches = documents(result.out)
    if name == "custom-resource":
        assert not patches and b"no strategic merge patch can say this" in result.out, result
        return
    assert patches, result
    assert patched(documents(case.before), patches) == documents(case.after), result.out.decode()
    for words in case.refused:
        assert f"# m{case.suffix}: not changed: ".encode() in result.out
        assert words in result.out.decode(), result


def test_no_more_is_changed_than_what_the_table_says():
    """Lines that go come back with more in them: nothing but values and empty maps is taken away."""
    for name in CHANGED:
        before, after = (text.decode().splitlines() for text in (CASES[name].before, CASES[name].after))
        gone = [line[2:] for line in difflib.ndiff(before, after) if line[0] == "-"]
        assert len(gone) <= 4, f"{name}: {gone}"


# --- any hand ---


def random_pod(rng, number):
    """A pod, and whether it was mended by more than insertions."""
    contexts = ({}, {"readOnlyRootFilesystem": True}, {"capabilities": {"drop": ["NET_RAW"]}}, None, None)
    containers = []
    for name in ("a", "web")[: rng.choice((1, 1, 2))]:
        one = {"name": name, "image": rng.choice(("numeric", "named"))}
        if rng.random() < 0.5:
            one["ports"] = [{"containerPort": 8080}]
        if rng.random() < 0.3:
            one["args"] = ["sh", "# no comment", "a: b"]
        context = copy.deepcopy(rng.choice(contexts))
        if context is not None:
            one["securityContext"] = context
        keys = list(one)
        rng.shuffle(keys)
        containers.append({key: one[key] for key in keys})
    spec = {"containers": containers}
    if rng.random() < 0.4:
        spec["securityContext"] = rng.choice(({}, {"fsGroup": 5}, {"supplementalGroups": [5, 6]}))
    if rng.random() < 0.3:
        spec["restartPolicy"] = "Always"
    keys = list(spec)
    rng.shuffle(keys)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{number}"},
            "spec": {key: spec[key] for key in keys}}


def nothing_is_empty(value):
    """As the API server has it: an empty map says no more than none."""
    if isinstance(value, dict):
        made = {key: nothing_is_empty(one) for key, one in value.items()}
        return {key: one for key, one in made.items() if one not in (None, {})}
    return [nothing_is_empty(one) for one in value] if isinstance(value, list) else value


def fits(before, after):
    """TRUE when the line AFTER is BEFORE, or that with more between; what follows an empty map that was
    filled is in another line."""
    rest = iter(after)
    kept = before.split("{}")[0].rstrip() if "{}" in before and "{}" not in after else before
    return before == after or all(one in rest for one in kept)


def keeps(before, after):
    """TRUE when all lines of BEFORE stand in AFTER, in this order."""
    rest = iter(after.splitlines())
    return all(any(fits(line, one) for one in rest) for line in before.splitlines())


def test_a_pod_is_mended_alike_however_it_is_written(tmp_path, images):
    rng = random.Random(1)
    plain, written = tmp_path / "plain", tmp_path / "written"
    plain.mkdir()
    written.mkdir()
    texts = {}
    for number in range(300):
        pod, name = random_pod(rng, number), f"{number}.yaml"
        (plain / name).write_text(json.dumps(pod, indent=2))
        texts[name] = Writer(rng).write(pod)
        assert nothing_is_empty(documents(texts[name].encode())[0]) == nothing_is_empty(pod), texts[name]
        (written / name).write_bytes(texts[name].encode())
    for folder in (plain, written):
        result = run("lint", "--no-policy", "--quiet", "--fix", *images, ".", cwd=folder)
        assert result.code == PASS, result
        assert b"not changed" not in result.err, result
    for name, before in texts.items():
        wanted = json.loads((plain / name).read_text())
        after = (written / name).read_bytes().decode()
        (got,) = documents(after.encode())
        assert nothing_is_empty(got) == nothing_is_empty(wanted), f"{before}\n-----\n{after}"
        assert keeps(before, after), f"{before}\n-----\n{after}"
        assert after.count("\r\n") in (0, after.count("\n")), "two kinds of line ends"
        assert after.endswith("\n") == before.endswith("\n")


# --- the rest of the program ---


def applied(text, fix):
    lines = text.splitlines(True)
    starts = [sum(map(len, lines[:i])) for i in range(len(lines) + 1)]
    for edit in reversed(fix["edits"]):
        begin = starts[edit["line"] - 1] + edit["column"] - 1
        end = starts[edit["end_line"] - 1] + edit["end_column"] - 1
        text = text[:begin] + edit["text"] + text[end:]
    return text


def test_a_proposal_in_a_report_holds_what_was_verified_too(lint):
    case = CASES["drop-in-lines"]
    subject = lint(case.before, "--format", "json")[0].report["subjects"][0]
    done, proposed = subject["fixes"]
    assert applied(case.before.decode(), done) == case.after.decode()
    assert proposed["refused"] and subject["fixes"][proposed["instead_of"]] == done
    assert applied(case.before.decode(), proposed) == case.after.decode().replace("[CHOWN]", "[]")


def test_reports_hold_the_fixes(lint):
    case = CASES["two-alike"]
    report = lint(case.before, "--format", "json")[0].report
    for subject in report["subjects"]:
        (fix,) = subject["fixes"]
        assert "refused" not in fix and fix["edits"], fix
        assert {one["rule"] for one in subject["findings"] if "fix" in one} >= {"new-privileges"}
    assert applied(case.before.decode(), fix) == case.after.decode()
    assert documents(fix["patch"].encode())[0]["metadata"] == {"name": "web", "namespace": "prod"}
    sarif = lint(case.before, "--format", "sarif")[0]
    assert [one for one in json.loads(sarif.out)["runs"][0]["results"] if one.get("fixes")]
    assert b"allowPrivilegeEscalation: false" in lint(case.before, "--format", "html")[0].out


def test_ignored_findings_are_not_mended(lint):
    text = CASES["gate-is-open"].before.replace(b"# for now", b'# nonzero ignore=no-run-as-non-root reason="x"')
    assert lint(text, "--fix")[1] == text


def test_patch_goes_to_a_file_and_comes_from_standard_input(lint, tmp_path, images):
    before = CASES["bare"].before
    result = run("lint", "--no-policy", *images, "--emit", "patch", "-o", "p.yaml", "-", stdin=before, cwd=tmp_path)
    assert result.out == b"" and result.code == PASS, result
    written = documents((tmp_path / "p.yaml").read_bytes())
    assert patched(documents(before), written) == documents(CASES["bare"].after)


def test_patch_is_none_where_all_is_well(lint):
    result, _ = lint(CASES["bare"].after, "--emit", "patch")
    assert result.out == b"" and result.code == PASS, result


def test_verdict_is_that_of_the_files_as_they_are(lint):
    root = CASES["root-beside-an-image-with-a-user"].before
    assert lint(root, "--emit", "patch")[0].code == FAIL
    assert lint(root, "--fix", "--diff")[0].code == FAIL
    assert lint(root, "--fix")[0].code == PASS


@pytest.mark.parametrize(
    "args", [("--emit", "diff"), ("--emit", "patch", "--fix"), ("--emit", "patch", "--format", "json"),
             ("--emit", "patch", "--explain")]
)
def test_wrong_usage_of_emit(lint, args):
    result, _ = lint(UNKNOWN, *args)
    assert result.code == USAGE and b"--emit" in result.err, result


def test_proposal_is_printed_and_not_done(lint):
    result, after = lint(UNKNOWN, "--fix")
    told = result.err.decode()
    assert result.code == FAIL and b"runAsNonRoot" not in after, result
    assert told.count("not changed") == 1 and "a proposal, to be looked at" in told, told
    assert any(line.startswith("+") and "runAsNonRoot: true, runAsUser: 10001" in line for line in told.splitlines())


@pytest.mark.parametrize("image, uid", [("redis", 999), ("node", 1000), ("postgres", 999)])
def test_proposal_takes_the_account_that_the_image_has(lint, image, uid):
    text = UNKNOWN.replace("unknown", f"docker.io/library/{image}:latest")
    result, _ = lint(text, "--fix", "--diff")
    if b"whom the image" in result.err:
        pytest.skip(f"the table of well-known images no longer has {image}")
    assert f"runAsUser: {uid}" in result.err.decode(), result


def test_one_odd_pod_does_not_keep_others_from_being_mended(lint):
    """What shares an anchor with a container that must stay is left; the next document is mended."""
    odd, good = CASES["anchor-of-some"].before, CASES["bare"].before
    _, after = lint(odd + b"---\n" + good, "--fix")
    assert after == odd + b"---\n" + CASES["bare"].after


def test_hostile_names_stay_one_line(lint):
    text = UNKNOWN.replace("name: a", 'name: "a\\n---\\nkind: Pod\\u202e"').replace("image: unknown", "image: numeric")
    result, _ = lint(text, "--emit", "patch")
    if result.out:
        assert_printable(result.out)
        assert len(documents(result.out)) <= 1, result


def pod_of(images):
    lines = [f"  - name: a{number}\n    image: {image}\n" for number, image in enumerate(images)]
    return "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n" + "".join(lines)


def test_many_reasons_are_told_together(lint):
    images = [f"unknown{number}" for number in range(20)]
    result, after = lint(pod_of(images), "--fix")
    told = [line for line in result.err.decode().splitlines() if "not changed" in line]
    assert 1 < len(told) < len(images), result
    for image in images:
        assert any(f"whom the image {image} starts as" in line for line in told), image
    assert after.count(b"allowPrivilegeEscalation: false") == len(images)
    assert b"runAsUser" not in after


def test_pod_of_very_many_containers_is_left_and_that_is_said(lint):
    text = pod_of(["numeric"] * 33)
    result, after = lint(text, "--fix")
    assert after == text.encode() and b"is not mended: it has more than 32 containers" in result.out, result
    assert lint(pod_of(["numeric"] * 32), "--fix")[1].count(b"drop:") == 32


@pytest.mark.parametrize("key, value", [("add", "SYS_ADMIN"), ("drop", "CHOWN")])
def test_long_lists_take_no_more_time_than_their_length(lint, key, value):
    items = f"        - {value}\n" * 50000
    text = pod_of(["numeric"]) + f"    securityContext:\n      capabilities:\n        {key}:\n{items}"
    result = lint(text, "--fix", "--diff", "--quiet")[0]
    assert result.code in (PASS, FAIL), result
    assert b"- ALL" in result.out, result
