"""`nonzero watch --enforce kill`: no first instruction of a root process takes effect, and what the policy
allows is let be."""

import os

import pytest
import watching
from test_watch import docker, engine, layout_of, podman  # noqa: F401  (fixtures)

TRIES = 1000
STARTS = 200 if os.environ.get("NONZERO_SOAK") else 10
KILLED = 137

POLICY = """\
exceptions:
  - rule: root-process
    {what}
    reason: a test
    owner: tests@example.com
"""


def policy(place, what):
    path = place / "policy.yaml"
    path.write_text(POLICY.format(what=what))
    return ["--policy", path]


class Enforcer(watching.Watch):
    def __init__(self, *options):
        super().__init__("--enforce", "kill", *options, no_policy="--policy" not in options)


@pytest.fixture
def volume(place):
    os.chmod(place, 0o1777)
    (place / "marks").mkdir()
    os.chmod(place / "marks", 0o1777)
    return place / "marks"


def run(engine, image_user, argv, options=(), volume=None):
    """The exit code of a container, and its id."""
    if volume:
        options = (*options, "--volume", f"{volume}:/marks")
    container = engine.create(image_user, options, argv)
    code = engine.start(container).returncode
    engine.remove(container)
    return code, container


def test_a_container_that_starts_as_root_does_nothing(engine, volume):
    with Enforcer() as watch:
        for number in range(STARTS):
            code, container = run(engine, "", ["/actor", "mark", f"/marks/{number}"], volume=volume)
            assert code == KILLED
        event = watch.root(container)
        assert event["action"] == "killed"
        assert run(engine, "1000", ["/actor", "mark", "/marks/other"], volume=volume)[0] == 0
        watch.stop()
    assert [path.name for path in volume.iterdir()] == ["other"]


@pytest.mark.parametrize("options", ["no-exceptions", "others-excepted"])
def test_of_a_thousand_setuid_programs_none_does_anything(podman, place, options):
    """Without exceptions the kernel decides; with one that asks for another executable, the first waits
    until it is decided."""
    chosen = [] if options == "no-exceptions" else policy(place, "executable: /usr/sbin/other")
    with Enforcer(*chosen) as watch:
        code, container = run(podman, "1000", ["/actor", "marks", str(TRIES), "/setuid-actor"])
        assert code == 0, "one of them made its file"
        watch.stop()
    told = watch.roots(container)
    assert watch.verdict(container)["root_processes"] == TRIES
    assert all(event["action"] == "killed" for event in told)


def test_who_becomes_root_by_a_call_is_ended(podman):
    with Enforcer() as watch:
        assert run(podman, "1000", ["/capable-actor", "setuid"])[0] == KILLED
        watch.stop()


# What the policy allows: (an exception's keys, what is started, whether it lives).
EXCEPTIONS = {
    "by container": ("container: allowed", ("--name", "allowed"), ["/actor", "exit"], True),
    "by another container": ("container: allowed", ("--name", "refused"), ["/actor", "exit"], False),
    "by executable": ("executable: /actor", (), ["/actor", "spawn", "3"], True),
    "by another executable": ("executable: /setuid-actor", (), ["/actor", "exit"], False),
    "one executable of two": ("executable: /actor", (), ["/actor", "marks", "3", "/setuid-actor"], True),
}


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_exceptions_are_honoured(engine, place, name):
    what, options, argv, lives = EXCEPTIONS[name]
    with Enforcer(*policy(place, what)) as watch:
        code, container = run(engine, "", argv, options)
        watch.stop()
    assert code == (0 if lives else KILLED)
    events = watch.roots(container)
    assert events
    for event in events:
        assert ("excepted" in event) != ("action" in event), event


def test_a_dry_run_ends_nothing_and_says_what_it_would(engine, volume):
    with Enforcer("--dry-run") as watch:
        code, container = run(engine, "", ["/actor", "mark", "/marks/made"], volume=volume)
        watch.stop()
    assert code == 0 and (volume / "made").exists()
    assert [event["action"] for event in watch.roots(container)] == ["would-kill"]


@pytest.mark.parametrize("options, lives", [((), True), (("--fail-on", "warn"), False)])
def test_root_of_a_user_namespace_is_ended_where_it_fails_a_container(podman, options, lives):
    with Enforcer(*options) as watch:
        code, _ = run(podman, "", ["/actor", "exit"], ("--uidmap", "0:100000:65536"))
        watch.stop()
    assert code == (0 if lives else KILLED)


def test_filters_leave_others_alone(podman):
    with Enforcer("--container", "chosen*") as watch:
        assert run(podman, "", ["/actor", "exit"], ("--name", "another"))[0] == 0
        assert run(podman, "", ["/actor", "exit"], ("--name", "chosen-one"))[0] == KILLED
        watch.stop()


def test_what_runs_already_stays(podman):
    container = podman.create("", (), ["/actor", "wait"])
    podman.launch(container)
    with Enforcer() as watch:
        assert watch.root(container)["when"] == "found"
        watch.stop()
    done = podman.storage.podman("inspect", "--format", "{{.State.Running}}", container)
    podman.remove(container)
    assert done.stdout.strip() == b"true"
