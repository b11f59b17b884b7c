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
    for name in ("image", "lint", "format", "user", "platform"):
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


ROOT, USER = "FROM scratch\nCMD [\"/app\"]\n", "FROM scratch\nUSER 1000\n"


@pytest.fixture
def sources(images):
    """Beside the archives Dockerfiles: one starts as root, one has a blank in its name."""
    for name, text in (("good", USER), ("bad", ROOT), ("a b", USER)):
        (images / f"{name}.Dockerfile").write_text(text, encoding="ascii")
    (images / ".git").mkdir()  # what is above it ignores all that is built
    return images


@pytest.mark.parametrize("lint, code, verdict", [
    ("good.Dockerfile", 0, "pass"), ("bad.Dockerfile", 1, "fail"), (".", 1, "fail"), ("absent", 2, "error"),
    ("good.Dockerfile\na b.Dockerfile\n", 0, "pass"), ("good.Dockerfile\nbad.Dockerfile", 1, "fail")])
def test_the_action_lints_sources_alone(sources, path, lint, code, verdict):
    got, outputs, _, complaints = act(sources, path, lint=lint)
    assert (got, outputs) == (code, {"exit-code": str(code), "verdict": verdict}), complaints


def test_the_action_annotates_sources(sources, path):
    got, _, out, _ = act(sources, path, lint="bad.Dockerfile")
    assert got == 1 and out.startswith("::error file=bad.Dockerfile,line=1,"), out


@pytest.mark.parametrize("image, lint, code", [
    ("good.oci.tar", "good.Dockerfile", 0), ("bad.oci.tar", "good.Dockerfile", 1),
    ("good.oci.tar", "bad.Dockerfile", 1), ("good.oci.tar", "absent", 2), ("absent.tar", "bad.Dockerfile", 2)])
def test_the_action_tells_the_worse_of_an_image_and_its_sources(sources, path, image, lint, code):
    assert act(sources, path, image=image, lint=lint)[0] == code


def test_the_report_is_the_images_where_there_is_one(sources, path):
    got, _, out, _ = act(sources, path, image="good.oci.tar", lint="bad.Dockerfile", format="json", output="report.json")
    assert got == 1 and "::error file=bad.Dockerfile" in out
    (one,) = json.loads((sources / "report.json").read_text())["subjects"]
    assert one["kind"] == "image"
    assert act(sources, path, lint="bad.Dockerfile", format="sarif", output="lint.sarif")[0] == 1
    assert json.loads((sources / "lint.sarif").read_text())["version"] == "2.1.0"


def test_the_action_lints_by_the_policy_it_is_given(sources, path):
    (sources / "mine.yaml").write_text("rules: {image-user: off}\n", encoding="ascii")
    assert act(sources, path, lint="bad.Dockerfile", policy="mine.yaml")[0] == 0
    assert act(sources, path, lint="good.Dockerfile", platform="nonsense")[0] == 64
    assert act(sources, path, lint="good.Dockerfile", user="1000")[0] == 0, "it is the image's"


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


def run_gitlab_job(images, path, name="nonzero", **variables):
    """(process, what its report holds)"""
    job = read(f"packaging/gitlab-ci/{name}.yml")[name]
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


def test_the_gitlab_job_lints_the_repository(sources, path):
    job = read("packaging/gitlab-ci/nonzero-lint.yml")["nonzero-lint"]
    assert job["artifacts"]["reports"]["codequality"] == job["variables"]["NONZERO_REPORT"]
    assert job["artifacts"]["when"] == "always"
    done, report = run_gitlab_job(sources, path, "nonzero-lint")
    assert done.returncode == 1, done.stderr.decode()
    assert [one["location"]["path"] for one in report] == ["bad.Dockerfile"]
    done, report = run_gitlab_job(sources, path, "nonzero-lint", NONZERO_PATHS="good.Dockerfile good.Dockerfile")
    assert (done.returncode, report) == (0, []), done.stderr.decode()


@pytest.fixture
def commits(place, path, tmp_path):
    """A function: runs a hook of this project over files of a repository at `place`."""
    kit.need("pre-commit", "git")
    environment = {**os.environ, "PATH": path, "HOME": str(tmp_path), "PRE_COMMIT_HOME": str(tmp_path / "cache"),
                   "GIT_CONFIG_NOSYSTEM": "1"}

    def repository(directory):
        kit.run("git", "init", "--quiet", directory)
        for key, value in (("user.name", "e2e"), ("user.email", "e2e@example.com")):
            kit.run("git", "-C", directory, "config", key, value)

    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / ".pre-commit-hooks.yaml").write_text((kit.PROJECT / ".pre-commit-hooks.yaml").read_text())
    repository(hooks)
    kit.run("git", "-C", hooks, "add", ".")
    kit.run("git", "-C", hooks, "commit", "--quiet", "-m", "hooks")
    revision = kit.run("git", "-C", hooks, "rev-parse", "HEAD").stdout.decode().strip()
    repository(place)

    def run(hook, *files):
        (place / ".pre-commit-config.yaml").write_text(yaml.safe_dump(
            {"repos": [{"repo": str(hooks), "rev": revision, "hooks": [{"id": hook}]}]}))
        kit.run("git", "-C", place, "add", ".pre-commit-config.yaml", *files)
        done = kit.run("pre-commit", "run", "--all-files", cwd=place, env=environment, check=False)
        return done.returncode, done.stdout.decode() + done.stderr.decode()

    return run


def test_the_hook_stops_a_commit_of_an_image_that_fails(images, commits):
    kit.run("tar", "-cf", images / "no-image.tar", "-C", images, "good")
    code, said = commits("nonzero-scan", "good.oci.tar", "no-image.tar")
    assert code == 0 and "Passed" in said, said
    code, said = commits("nonzero-scan", "bad.oci.tar")
    assert code == 1 and "setuid-root" in said, said


def test_the_hook_stops_a_commit_of_a_source_that_fails(place, commits):
    def put(name, text):
        (place / name).write_text(text, encoding="ascii")
        return name

    # What only looks like a source is none.
    others = [put("Dockerfile.dockerignore", "node_modules\n"), put("composer.yaml", "a: b\n"),
              put("meson.build", "project('x')\n"),
              put("compose.override.yaml", "services: {a: {environment: {X: y}}}\n")]
    code, said = commits("nonzero-lint", *others)
    assert code == 0 and "Skipped" in said, said
    code, said = commits("nonzero-lint", put("Dockerfile", USER),
                         put("compose.yaml", "services:\n  a:\n    build: .\n"))
    assert code == 0 and "Passed" in said, said
    for name, text in (("app.Dockerfile", ROOT), ("docker-compose.prod.yml", "services: {a: {image: a, user: '0'}}\n"),
                       ("a.container", "[Container]\nImage=a\nUser=0\n"), ("Containerfile", ROOT)):
        code, said = commits("nonzero-lint", put(name, text))
        assert code == 1 and "image-user" in said, (name, said)
        commits("nonzero-lint", put(name, text.replace("'0'", "'7'").replace("=0", "=7") if text != ROOT else USER))


def test_the_scripts_are_clean():
    kit.need("shellcheck")
    kit.run("shellcheck", SCAN, PACKAGING / "deb.sh", PACKAGING / "demo.sh")
