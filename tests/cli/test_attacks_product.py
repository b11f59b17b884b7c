"""Attacks on what stands around the judging: reports, policies, outputs, comparisons, and the surroundings that the
program is started in."""

import itertools
import json
import os
import resource
import subprocess
from xml.etree import ElementTree

import pytest
import yaml
from oddimage import REF_NAME, Image, Layer, docker_archive, docker_tree, oci_tree, write_tar
from oddtar import archive, capability, file
from program import ERROR, FAIL, PASS, PROGRAM, assert_consistent, assert_refused, reachable_program, run, scan

PLAIN, SETUID, SETGID = archive(file("bin/a")), archive(file("su", 0o4755)), archive(file("sg", 0o2755))
TAG = "example.com/app:1.0"


@pytest.fixture
def image(tmp_path):
    """image("su", SETUID) is the path of an image with that layer."""

    def image(name, *layers, **knobs):
        return docker_archive(tmp_path / f"{name}.tar", Image(list(layers), **knobs))

    return image


def temporaries(place):
    return [name for name in os.listdir(place) if name.startswith(".nonzero-")]


# Where it is started ---------------------------------------------------------------------------------------------

CLOSED = [which for n in (1, 2, 3) for which in itertools.combinations((0, 1, 2), n)]


def run_with_closed(closed, *args):
    """The exit code, and what was printed."""

    def close():
        for fd in closed:
            os.close(fd)

    done = subprocess.run(
        [PROGRAM, *map(os.fspath, args)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        preexec_fn=close,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("closed", CLOSED, ids=lambda closed: "-".join(map(str, closed)))
def test_message_never_ends_in_a_file_or_pipe_of_ours(tmp_path, closed):
    """One that went to the process which puts files into place was an order to do so."""
    out, broken = tmp_path / "report.json", tmp_path / "broken.tar"
    out.write_text("old")
    broken.write_bytes(b"no archive" * 1000)
    code, _, _ = run_with_closed(closed, "scan", "-v", "-f", "json", "-o", out, broken)
    assert (code, out.read_text(), temporaries(tmp_path)) == (ERROR, "old", [])


@pytest.mark.parametrize("closed", CLOSED, ids=lambda closed: "-".join(map(str, closed)))
def test_report_to_closed_standard_output_is_an_error(tmp_path, image, closed):
    out = tmp_path / "report.json"
    code, printed, _ = run_with_closed(
        closed, "scan", "-f", "json", "-o", out, "-f", "text", image("plain", PLAIN)
    )
    assert code == (ERROR if 1 in closed else PASS)
    assert bool(printed) == (1 not in closed)
    assert out.read_text().endswith("}\n")


def limited(which, value, *args, **popen):
    return subprocess.run(
        [PROGRAM, *map(os.fspath, args)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        preexec_fn=lambda: resource.setrlimit(which, (value, value)),
        timeout=60,
        **popen,
    )


@pytest.mark.parametrize("size", [0, 10, 4096])
def test_file_that_may_not_grow_is_an_error_and_leaves_nothing(tmp_path, image, size):
    many = image("many", archive(*[file(f"su{i}", 0o4755) for i in range(100)]))
    out = tmp_path / "report.json"
    out.write_text("old")
    done = limited(resource.RLIMIT_FSIZE, size, "scan", "-f", "json", "-o", out, many)
    assert (done.returncode, out.read_text(), temporaries(tmp_path)) == (ERROR, "old", [])
    assert b"File too large" in done.stderr


def test_few_descriptors_are_an_error_and_put_nothing_on_standard_output(tmp_path, image):
    su, out, codes = image("su", SETUID), tmp_path / "report.json", set()
    for n in range(5, 20):
        out.write_text("old")
        done = limited(resource.RLIMIT_NOFILE, n, "scan", "-f", "json", "-o", out, su)
        assert done.stdout == b"" and done.returncode in (FAIL, ERROR), (n, done)
        assert (out.read_text() == "old") == (done.returncode == ERROR), (n, done)
        assert bool(done.stderr) == (done.returncode == ERROR), (n, done)
        assert temporaries(tmp_path) == []
        codes.add(done.returncode)
    assert codes == {FAIL, ERROR}


def test_thread_that_cannot_be_made_is_an_error_that_says_so(as_root, image):
    done = subprocess.run(
        [reachable_program(), "scan", "--no-policy", "-"],
        input=image("plain", PLAIN).read_bytes(),
        capture_output=True,
        user=65533,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (1, 1)),
        timeout=60,
    )
    assert done.returncode == ERROR, done
    assert done.stderr.startswith(b"nonzero: ") and b"thread" in done.stderr, done
    assert done.stdout == b""


# What fails an image -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "code"), [("fail", PASS), ("warn", FAIL), ("info", FAIL)], ids=["fail", "warn", "info"]
)
def test_new_finding_that_fails_the_image_fails_the_comparison(image, level, code):
    old, new = image("old", PLAIN), image("new", SETGID)
    result = run("diff", "--fail-on", level, old, new)
    assert result.code == code, result
    assert result.out.startswith(b"WORSE") == (code == FAIL), result
    assert run("diff", "--fail-on", level, new, new).code == PASS
    assert run("diff", "--fail-on", level, new, old).code == PASS


def junit_counts(result):
    root = ElementTree.fromstring(result.out)
    return int(root.get("failures")), int(root.get("errors"))


@pytest.mark.parametrize("level", ["warn", "info"])
def test_junit_fails_where_the_image_does_whatever_fails_it(image, level):
    sg = image("sg", SETGID)
    assert junit_counts(run("scan", "-f", "junit", sg)) == (0, 0)
    result = run("scan", "--fail-on", level, "-f", "junit", sg)
    assert result.code == FAIL and junit_counts(result)[0] > 0, result


def test_cnf_fails_where_the_image_does_whatever_fails_it(image, tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text("rules:\n  setuid-root: info\nfail-on: info\n")
    result = run("scan", "--policy", policy, "-f", "cnf", image("su", SETUID))
    items = {item["name"]: item for item in yaml.safe_load(result.out)["items"]}
    assert result.code == FAIL, result
    assert items["setuid-root"]["status"] == "failed"
    assert [one["name"] for one in items["setuid-root"]["impacted_resources"]] == ["/su"]


# Policies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    ["sha256*", "sha*", "s*", "sha256:[0-9a-f]*", "sha256:[!x]**", "*a2*", "sha???:**", "[a-z]ha256:*", "sha256:?*"],
)
def test_exception_for_every_digest_is_refused(image, tmp_path, pattern):
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        f"exceptions:\n  - rule: setuid-root\n    digest: '{pattern}'\n    reason: r\n    owner: o\n"
    )
    assert_refused(scan("--policy", policy, image("su", SETUID)), policy, "would cover every finding")


def test_exception_for_some_digests_is_not(image, tmp_path):
    policy = tmp_path / "policy.yaml"
    for pattern in ("sha256:0*", "*abc", "sha256:[0-7]*", "sha512:" + "0" * 128):
        policy.write_text(
            f"exceptions:\n  - rule: setuid-root\n    digest: '{pattern}'\n    reason: r\n    owner: o\n"
        )
        assert run("policy", "check", policy).code == PASS


@pytest.mark.parametrize(
    ("policy_owner", "here_owner", "used"),
    [(0, 0, True), (1000, 1000, True), (1000, 0, False), (1001, 1000, False), (0, 1000, True)],
)
def test_policy_that_another_user_put_above_is_not_obeyed(
    as_root, tmp_path, image, policy_owner, here_owner, used
):
    """As anybody can in /tmp."""
    su, policy, here = image("su", SETUID), tmp_path / ".nonzero.yaml", tmp_path / "here"
    policy.write_text("rules:\n  setuid-root: off\n")
    os.chown(policy, policy_owner, -1)
    here.mkdir()
    os.chown(here, here_owner, -1)
    result = scan(su, cwd=here)
    if used:
        assert result.code == PASS, result
    else:
        assert_refused(result, policy, "another user", "--policy=", "--no-policy")
    assert scan("--policy", policy, su, cwd=here).code == PASS
    assert scan("--no-policy", su, cwd=here).code == FAIL


# What a report may cost ------------------------------------------------------------------------------------------------

FORMATS = ["text", "json", "html", "sarif", "junit", "cnf", "github", "gitlab"]
LONG = "/".join(["\x01" * 200] * 19)
ALL = capability(0xFF)


def privileged(n, prefix=""):
    return archive(*[file(f"{prefix}f{i}", 0o6755, xattrs={"security.capability": ALL}) for i in range(n)])


def test_long_paths_of_many_programs_are_refused(tmp_path):
    """The tree holds what they have in common once, and each finding all of it."""
    path = docker_archive(tmp_path / "long.tar", Image([Layer(privileged(4000, LONG + "/"), packed="gzip")]))
    assert path.stat().st_size < 1 << 20
    assert_refused(scan(path), path, "too many", "8 MiB")


@pytest.mark.parametrize("form", FORMATS)
def test_longest_paths_are_reported_in_bounds(tmp_path, form):
    path = docker_archive(tmp_path / "long.tar", Image([Layer(privileged(500, LONG + "/"), packed="gzip")]))
    out = tmp_path / "report"
    assert run("scan", "-f", form, "-o", out, path).code == FAIL
    assert out.stat().st_size > 500 * 3800


def test_most_short_paths_are_reported_in_bounds(tmp_path):
    path = docker_archive(tmp_path / "short.tar", Image([Layer(privileged(54_000), packed="gzip")]))
    assert run("scan", "-o", tmp_path / "report", path).code == FAIL


def test_hundreds_of_images_with_one_layer_are_bounded_together(tmp_path):
    layer = Layer(privileged(3000), packed="gzip")
    images = [Image([layer], user=str(1000 + i), tags=(f"a:{i}",)) for i in range(300)]
    path = docker_archive(tmp_path / "many.tar", *images)
    result = scan("-o", tmp_path / "report.json", path)
    assert result.code == ERROR, result
    assert b"a:299: not judged: what was found in the" in result.err


def test_hundreds_of_images_with_few_findings_are_all_judged(tmp_path):
    layer = Layer(SETUID)
    images = [Image([layer], user=str(1000 + i), tags=(f"a:{i}",)) for i in range(1000)]
    result = scan(docker_archive(tmp_path / "many.tar", *images))
    assert_consistent(result)
    assert (result.code, len(result.subjects)) == (FAIL, 1000)


def test_costly_patterns_are_bounded_for_all_images_together(tmp_path):
    exception = "  - rule: setuid-root\n    path: '/**{}*[c]'\n    reason: r\n    owner: o\n"
    policy = tmp_path / "policy.yaml"
    policy.write_text("exceptions:\n" + exception.format("*a" * 40) * 350)
    layer = Layer(archive(*[file("a" * 200 + f"{i}b", 0o4755) for i in range(300)]), packed="gzip")
    images = [Image([layer], user=str(1000 + i), tags=(f"a:{i}",)) for i in range(200)]
    path = docker_archive(tmp_path / "many.tar", *images)
    result = scan("--policy", policy, path)
    assert_consistent(result)
    last = result.subjects[-1]
    assert last["verdict"] == "fail" and any("too costly" in note for note in last["notes"]), last["notes"]


@pytest.mark.parametrize("kind", ["docker", "oci"])
def test_large_configuration_of_hundreds_of_images_is_refused(tmp_path, kind):
    config = {"config": {"User": "1000", "Entrypoint": ["/" + "e" * 60_000] * 60}}
    one = Image([PLAIN], config=config)
    if kind == "docker":
        tree = docker_tree(one)
        [line] = json.loads(tree["manifest.json"])
        tree["manifest.json"] = json.dumps([{**line, "RepoTags": [f"a:{i}"]} for i in range(1000)]).encode()
    else:
        tree = oci_tree(one)
        index = json.loads(tree["index.json"])
        [line] = index["manifests"]
        named = [{**line, "annotations": {REF_NAME: f"a{i}"}} for i in range(1000)]
        tree["index.json"] = json.dumps({**index, "manifests": named}).encode()
    path = write_tar(tmp_path / "many.tar", tree)
    assert_refused(scan(path), path, "64 MiB")
    name = "a:7" if kind == "docker" else "a7"
    assert scan(f"{kind}-archive:{path}:{name}").code == PASS
