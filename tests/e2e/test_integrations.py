"""The pre-commit hook, the GitHub action and the GitLab template: read, and run for real."""

import json
import os
import re
import subprocess

import kit
import layouts
import pytest
import yaml

PACKAGING = kit.PROJECT / "packaging"
SCAN = PACKAGING / "github-action" / "scan.sh"


def read(path):
    return yaml.safe_load((kit.PROJECT / path).read_text())


@pytest.fixture
def images(place):
    """Two archives: one that passes, one that does not."""
    for name, mode in (("good", 0o755), ("bad", 0o4755)):
        layout = layouts.write_layout(place / name, [[layouts.file("su", mode)]], "1000")
        kit.run("tar", "-C", layout, "-cf", place / f"{name}.oci.tar", ".")
    return place


@pytest.fixture
def path(tmp_path):
    """PATH with the program on it as `nonzero`."""
    (tmp_path / "nonzero").symlink_to(kit.NONZERO)
    return f"{tmp_path}:/usr/bin:/bin"


def act(images, path, **inputs):
    """Runs the action's script; (exit code, outputs, standard output, standard error)."""
    outputs = images / "outputs"
    outputs.write_text("")
    variables = {f"NONZERO_{name.upper()}": value for name, value in inputs.items()}
    done = subprocess.run([SCAN], cwd=images, capture_output=True, check=False, timeout=120,
                          env={"PATH": path, "GITHUB_OUTPUT": str(outputs), **variables})
    told = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    return done.returncode, told, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("image, code, verdict", [
    ("good.oci.tar", 0, "pass"), ("oci-archive:bad.oci.tar", 1, "fail"), ("absent.tar", 2, "error")])
def test_the_action_tells_the_verdict(images, path, image, code, verdict):
    got, outputs, _, _ = act(images, path, image=image)
    assert got == code
    assert outputs == {"exit-code": str(code), "verdict": verdict}


def test_the_action_writes_the_report_where_it_is_told(images, path):
    got = act(images, path, image="bad.oci.tar", format="json", output="my report.json", user="1001",
              platform="linux/amd64")
    assert got[0] == 1, got
    assert json.loads((images / "my report.json").read_text())["schema"] == "nonzero/report/v1"


@pytest.mark.parametrize("hostile", [
    "x; touch owned", "$(touch owned)", "`touch owned`", "x\ntouch owned", "' ; touch owned; '", "--output=owned"])
def test_the_actions_inputs_are_never_run(images, path, hostile):
    for name in ("image", "format", "user", "platform"):
        code = act(images, path, **{"image": "good.oci.tar", name: hostile})[0]
        assert code in (1, 2, 64), (name, hostile)
        assert not (images / "owned").exists()


def test_the_action_pipes_what_docker_saves(images, path, tmp_path):
    """`docker` is played by a script here: the daemon itself is tried in test_real_images."""
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\n[ "$*" = "save -- app:1" ] && cat {images}/bad.oci.tar\n')
    docker.chmod(0o755)
    assert act(images, path, docker_image="app:1")[1]["verdict"] == "fail"
    assert act(images, path, docker_image="gone")[1]["verdict"] == "error"


def test_the_action_wants_one_image(images, path):
    assert act(images, path)[0] == 64
    assert act(images, path, image="good.oci.tar", docker_image="app")[0] == 64


def test_the_action_builds_a_program_where_there_is_none(images):
    code, outputs, _, complaints = act(images, "/usr/bin:/bin", image="good.oci.tar")
    assert (code, outputs.get("verdict")) == (0, "pass"), complaints


def test_the_actions_inputs_all_reach_the_script_as_variables():
    action = read("packaging/github-action/action.yml")
    assert action["runs"]["using"] == "composite" and action["name"] and action["description"]
    (step,) = action["runs"]["steps"]
    assert "${{" not in step["run"] and step["shell"] == "bash"
    assert step["env"] == {"NONZERO_" + name.upper().replace("-", "_"): "${{ inputs.%s }}" % name
                           for name in action["inputs"]}
    used = set(re.findall(r"\bNONZERO_[A-Z_]+", SCAN.read_text()))
    assert used >= set(step["env"])
    assert set(action["outputs"]) == {"exit-code", "verdict"}


def run_gitlab_job(images, path, **variables):
    """(process, what its report holds)"""
    job = read("packaging/gitlab-ci/nonzero.yml")["nonzero"]
    variables = {**job["variables"], "NONZERO_IMAGE": "bad.oci.tar", **variables}
    done = subprocess.run(["sh", "-ec", "\n".join(job["script"])], cwd=images, capture_output=True, check=False,
                          timeout=120, env={"PATH": path, **variables})
    report = images / variables["NONZERO_REPORT"]
    return done, json.loads(report.read_text()) if report.exists() else None


def test_the_gitlab_job_fails_and_leaves_its_report(images, path):
    job = read("packaging/gitlab-ci/nonzero.yml")["nonzero"]
    assert job["artifacts"]["reports"]["codequality"] == job["variables"]["NONZERO_REPORT"]
    assert job["artifacts"]["when"] == "always"
    done, report = run_gitlab_job(images, path, NONZERO_FORMAT="json")
    assert done.returncode == 1 and report["verdict"] == "fail", done.stderr.decode()


def test_the_gitlab_jobs_report_is_a_code_quality_report(images, path):
    done, report = run_gitlab_job(images, path)
    if b"there is no format gitlab" in done.stderr:
        kit.must_or_skip("this nonzero has no format gitlab")
    assert done.returncode == 1, done.stderr.decode()
    assert any("setuid-root" in str(one["check_name"]) for one in report)


def test_the_hook_stops_a_commit_of_an_image_that_fails(images, path, tmp_path):
    kit.need("pre-commit", "git")
    environment = {**os.environ, "PATH": path, "HOME": str(tmp_path), "PRE_COMMIT_HOME": str(tmp_path / "cache"),
                   "GIT_CONFIG_NOSYSTEM": "1"}

    def repository(directory, *files):
        kit.run("git", "init", "--quiet", directory)
        for key, value in (("user.name", "e2e"), ("user.email", "e2e@example.com")):
            kit.run("git", "-C", directory, "config", key, value)
        kit.run("git", "-C", directory, "add", *files)
        return directory

    hooks = images / "hooks"
    hooks.mkdir()
    (hooks / ".pre-commit-hooks.yaml").write_text((kit.PROJECT / ".pre-commit-hooks.yaml").read_text())
    repository(hooks, ".")
    kit.run("git", "-C", hooks, "commit", "--quiet", "-m", "hooks")
    revision = kit.run("git", "-C", hooks, "rev-parse", "HEAD").stdout.decode().strip()
    (images / ".pre-commit-config.yaml").write_text(yaml.safe_dump(
        {"repos": [{"repo": str(hooks), "rev": revision, "hooks": [{"id": "nonzero-scan"}]}]}))
    kit.run("tar", "-cf", images / "no-image.tar", "-C", images, "good")
    repository(images, ".pre-commit-config.yaml", "good.oci.tar", "no-image.tar")

    def commits():
        return kit.run("pre-commit", "run", "--all-files", cwd=images, env=environment, check=False)

    done = commits()
    assert done.returncode == 0 and b"Passed" in done.stdout, done.stdout.decode() + done.stderr.decode()
    kit.run("git", "-C", images, "add", "bad.oci.tar")
    done = commits()
    assert done.returncode == 1 and b"setuid-root" in done.stdout, done.stdout.decode()


def test_the_scripts_are_clean():
    kit.need("shellcheck")
    kit.run("shellcheck", SCAN, PACKAGING / "deb.sh", PACKAGING / "demo.sh")
