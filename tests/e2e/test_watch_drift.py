"""What runs, held to what the scan of its image says: users, setuid files of the image and of others."""

import contextlib
import json
import pathlib
import signal
import time

import kit
import layouts
import pytest
import watching

LIMITS = ("--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000")
USERS = {"clean": "1000", "setuid": "1000", "rooted": ""}


@pytest.fixture(scope="module")
def archives(scratch):
    """Images as archives: one that passes, one with a setuid file in its upper layer, one that starts as root."""
    made = {}
    actor = watching.actor()
    for name, user in USERS.items():
        base = [layouts.file("actor", 0o755, body=actor), layouts.directory("proc"),
                layouts.directory("tmp", 0o1777), layouts.directory("vol")]
        upper = [layouts.file("usr/bin/become", 0o4755, body=actor), layouts.symlink("bin", "usr/bin")]
        layout = scratch / f"drift-{name}"
        layouts.write_layout(str(layout), [base, upper] if name == "setuid" else [base], user=user)
        made[name] = scratch / f"drift-{name}.tar"
        kit.run("skopeo", "--insecure-policy", "copy", "--quiet", f"oci:{layout}:{layouts.TAG}",
                f"docker-archive:{made[name]}:drift:{name}")
    yield made
    for path in made.values():
        path.unlink()


@pytest.fixture(scope="module")
def reports(archives, scratch):
    """What a scan says of each."""
    paths = {}
    for name, archive in archives.items():
        paths[name] = scratch / f"drift-{name}.json"
        done = kit.run(kit.NONZERO, "scan", "--no-policy", "--format", "json", "--output", paths[name], archive,
                       check=False)
        assert done.returncode in (0, 1), done.stderr.decode()
    return paths


@pytest.fixture(scope="module", params=["podman", "docker"])
def engine(request, archives):
    run = (request.getfixturevalue("storage").podman if request.param == "podman"
           else request.getfixturevalue("own_docker"))
    for archive in archives.values():
        run("load", "-i", archive)
    return run


@pytest.fixture
def with_volume(request):
    """The options by which a directory is at /vol; Podman's volumes are nosuid where nothing is said."""
    suid = ":suid" if request.node.callspec.params["engine"] == "podman" else ""
    return lambda directory: ("--volume", f"{directory}:/vol{suid}")


@contextlib.contextmanager
def running(engine, image, *options, argv=("/actor", "wait")):
    done = engine("run", "--detach", *LIMITS, *options, f"drift:{image}", *argv)
    container = done.stdout.decode().strip()
    try:
        yield container
    finally:
        engine("kill", container, check=False)
        engine("rm", "--force", container, check=False)


def setuid_program(path):
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(watching.actor())
    path.chmod(0o4755)
    return path


def drifts(verdict):
    return [one for one in verdict["findings"] if one["rule"] == "runtime-drift"]


def root_of(verdict, path):
    return next(one for one in verdict["findings"] if one["rule"] == "root-process" and one["path"] == path)


def test_the_report_names_the_image_as_its_engine_does(engine, reports):
    for name, path in reports.items():
        report = json.loads(path.read_bytes())
        said = engine("image", "inspect", "--format", "{{.Id}}", f"drift:{name}").stdout.decode().strip()
        subject = report["subjects"][0]
        assert said.removeprefix("sha256:") in (subject["image_id"].removeprefix("sha256:"),
                                                subject["digest"].removeprefix("sha256:"))


def test_root_in_an_image_that_passed_is_a_drift(engine, reports):
    with watching.Watch("--scan-report", reports["clean"]) as watch:
        with running(engine, "clean", "--user", "0") as rooted, running(engine, "clean") as other:
            assert watch.root(rooted)
            assert watch.next(lambda event: event["event"] == "container" and event["container"]["id"] == other)
        watch.stop()
    found = drifts(watch.verdict(rooted))
    assert len(found) == 1 and "path" not in found[0]
    assert f"the scan in {reports['clean']} passed this image as user 1000, and root runs" in found[0]["message"]
    quiet = watch.verdict(other)
    assert (quiet["verdict"], quiet["findings"], quiet.get("notes")) == ("pass", [], None)


@pytest.mark.parametrize("asked", ["/usr/bin/become", "/bin/become"])
def test_a_setuid_file_of_the_image_is_named_with_its_layer(engine, reports, asked):
    with watching.Watch("--scan-report", reports["setuid"]) as watch:
        with running(engine, "setuid", argv=(asked, "wait")) as container:
            assert watch.root(container, cause="setuid-binary")
        watch.stop()
    verdict = watch.verdict(container)
    found = root_of(verdict, asked)
    assert found["layer"]["index"] == 1 and found["layer"]["digest"].startswith("sha256:")
    assert "; the image has /usr/bin/become, of layer 1" in found["message"]
    assert not [one for one in drifts(verdict) if "path" in one]


def test_a_setuid_file_that_ends_at_once_is_known_by_its_name(engine, reports):
    with watching.Watch("--scan-report", reports["setuid"]) as watch:
        with running(engine, "setuid", argv=("/actor", "spawn", "20", "/usr/bin/become")) as container:
            assert watch.root(container, cause="setuid-binary")
        watch.stop()
    verdict = watch.verdict(container)
    assert root_of(verdict, "/usr/bin/become")["layer"]["index"] == 1
    assert not [one for one in drifts(verdict) if "path" in one]


def assert_is_foreign(verdict, path, report):
    found = [one for one in drifts(verdict) if one.get("path") == path]
    assert len(found) == 1, json.dumps(verdict, indent=1)
    assert f"by the scan in {report} the image has no setuid file of this name" in found[0]["message"]
    assert "layer" not in root_of(verdict, path)


def test_a_setuid_file_of_a_volume_is_none_of_the_image(engine, reports, reachable, with_volume):
    program = setuid_program(reachable / "drift-volume" / "become")
    volume = with_volume(program.parent)
    with watching.Watch("--scan-report", reports["clean"], "--scan-report", reports["setuid"]) as watch:
        with running(engine, "setuid", *volume, argv=("/vol/become", "wait")) as container:
            assert watch.root(container, cause="setuid-binary")
        watch.stop()
    assert_is_foreign(watch.verdict(container), "/vol/become", reports["setuid"])


def test_a_setuid_file_that_was_put_into_the_container_is_none_of_the_image(engine, reports):
    with watching.Watch("--scan-report", reports["setuid"]) as watch:
        with running(engine, "setuid") as container:
            pid = engine("inspect", "--format", "{{.State.Pid}}", container).stdout.decode().strip()
            setuid_program(pathlib.Path(f"/proc/{pid}/root/usr/bin/put"))
            engine("exec", "--detach", "--workdir", "/usr", container, "./bin/put", "wait")
            assert watch.root(container, cause="setuid-binary")
        watch.stop()
    assert_is_foreign(watch.verdict(container), "/usr/bin/put", reports["setuid"])


def test_what_is_found_running_is_held_to_the_scan_too(engine, reports, reachable, with_volume):
    program = setuid_program(reachable / "drift-found" / "become")
    volume = with_volume(program.parent)
    with running(engine, "setuid", *volume, argv=("/vol/become", "wait")) as container:
        time.sleep(0.5)
        with watching.Watch("--once", "--no-bpf", "--scan-report", reports["setuid"]) as watch:
            watch.stop()
    assert_is_foreign(watch.verdict(container), "/vol/become", reports["setuid"])


def test_an_image_of_root_that_runs_as_another_and_one_without_a_scan_are_noted(engine, reports):
    with watching.Watch("--scan-report", reports["rooted"]) as watch:
        with running(engine, "rooted", "--user", "1000") as other, running(engine, "clean") as unknown:
            for one in (other, unknown):
                assert watch.next(lambda event, one=one: event["event"] == "container" and
                                  event["container"]["id"] == one)
        watch.stop()
    verdict = watch.verdict(other)
    assert (verdict["verdict"], verdict["findings"]) == ("pass", [])
    assert verdict["notes"] == [f"the scan in {reports['rooted']} says that its image starts as root; it is run "
                                "as another user"]
    assert watch.verdict(unknown)["notes"] == ["no scan report given names its image"]


def test_reports_are_read_anew_and_broken_ones_change_nothing(engine, reports, scratch):
    path = scratch / "drift-reread.json"
    path.write_bytes(reports["clean"].read_bytes())
    path.chmod(0o600)
    with watching.Watch("--scan-report", path) as watch, running(engine, "clean", "--user", "0") as container:
        assert watch.root(container)
        path.write_text('{"schema": "nonzero/report/v1", "subjects": [', encoding="utf-8")
        watch.process.send_signal(signal.SIGHUP)
        time.sleep(1)
        watch.stop()
    assert b"the scan reports were not read anew, those before stay" in watch.errors
    assert f"{path} passed this image" in drifts(watch.verdict(container))[0]["message"]


def test_every_format_names_the_layer(engine, reports):
    with running(engine, "setuid", argv=("/usr/bin/become", "wait")) as container:
        for name in ("text", "html", "sarif", "junit"):
            done = kit.run(kit.NONZERO, "watch", "--no-policy", "--once", "--format", name, "--container",
                           container[:12], "--scan-report", reports["setuid"], check=False)
            assert done.returncode == 1, done.stderr.decode()
            assert b"/usr/bin/become, of layer 1" in done.stdout, name
