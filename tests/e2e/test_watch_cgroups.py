"""`nonzero watch` where control groups are arranged in other ways than this host's: cgroup v2 alone, with the
engines' own driver; and v2 with systemd's, which makes a scope of each container."""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import time

import cgroup_hosts
import engines
import kit
import pytest
import watchkit
from watchkit import Watcher, side_by_side, told, watching

FOREVER = ("sleep", "600000")
POD = "9495f9a7-e1e2-4ca3-8ca5-b0e0aee88fc5"
SLICE = f"kubepods-besteffort-pod{POD.replace('-', '_')}.slice"
KINDS = ("podman", "docker", "containerd")
# What a container does; the root processes to be told of as it happens, and those that are found later.
CASES = {"root": (FOREVER, ["image-default acts exec"], ["image-default acts found"]),
         "other": (FOREVER, [], []),
         "raised": (("exec", "/setuid", *FOREVER), ["setuid-binary setuid exec"], ["setuid-binary setuid found"]),
         "entered": (FOREVER, ["exec-injected acts exec"], [])}
LOOKS = {"once": ("--once",), "once-proc": ("--once", "--no-bpf"),
         "interval": ("--interval", "200ms", "--duration", "1s")}


class Podman(watchkit.Podman):
    # The controllers of what these limit may be v1's.
    run_options = (*watchkit.Podman.run_options, "--pids-limit", "0")


class Containerd(watchkit.Containerd):
    def start(self, name, acts, how=(), **options):
        return super().start(name, acts, (*how, "--cpu-shares", "0"), **options)


class Pods(Containerd):
    """Containers called as Kubernetes calls them, by systemd's driver."""

    def __init__(self, command, archives):
        super().__init__(command, archives, space="k8s.io")

    def called(self, name):
        return hashlib.sha256(super().called(name).encode()).hexdigest()

    def start(self, name, acts, how=(), **options):
        group = ("--runc-systemd-cgroup", "--cgroup", f"{SLICE}:cri-containerd:{self.called(name)}")
        return super().start(name, acts, (*how, *group), **options)


@contextlib.contextmanager
def three_engines(place, archives, within, driver, of_containerd):
    with contextlib.ExitStack() as stack:
        storage = engines.Storage(place / "podman", within, driver)
        stack.callback(storage.close)
        docker = stack.enter_context(engines.docker_daemon(str(place / "docker"), within=within, cgroup_driver=driver))
        ctr = stack.enter_context(engines.containerd_daemon(str(place / "containerd"), within=within))
        said = docker("info", "--format", "{{.CgroupVersion}} {{.CgroupDriver}}").stdout.decode().strip()
        assert said == f"2 {driver}"
        kinds = {"podman": Podman(storage, archives), "docker": watchkit.Docker(docker, archives),
                 "containerd": of_containerd(ctr, archives)}
        for engine in kinds.values():
            stack.callback(engine.close)
        yield kinds


def play(engine):
    """{case: id}; all of them run on."""
    ids = {name: engine.run(name, *acts, image="root" if name == "root" else "app")
           for name, (acts, *_) in CASES.items()}
    engine.exec("entered", "/acts", "sleep", "10")
    engine.exec("entered", "/acts", "sleep", "10", user="0")
    return ids


def look(program, options):
    watcher = Watcher(*options, program=program)
    watcher.end(None)
    return watcher


@dataclasses.dataclass
class Played:
    ids: dict  # {(engine, case): id}
    groups: dict  # {(engine, case): what /proc/PID/cgroup says of it}
    watchers: dict  # by who they are


def played(kinds, programs, more, end=lambda: None):
    """What watchers of the same containers saw: of each program one that is there from the beginning, and those
    that only look. MORE plays what is not alike for all kinds, and END ends it."""
    with contextlib.ExitStack() as stack:
        watchers = {who: stack.enter_context(watching(program=program)) for who, program in programs.items()}
        all_ids = side_by_side([lambda one=one: play(one) for one in kinds.values()])
        ids = {(kind, name): one for kind, some in zip(kinds, all_ids) for name, one in some.items()}
        ids.update(more(kinds))
        first = next(iter(watchers.values()))
        roots = {key: first.wait("root", one) for key, one in ids.items() if key[1] != "other"}
        groups = {key: pathlib.Path(f"/proc/{event['pid']}/cgroup").read_text(encoding="utf-8").rstrip()
                  for key, event in roots.items() if key[1] != "entered"}
        looks = [(f"{who}-{what}", program, options) for who, program in programs.items()
                 for what, options in LOOKS.items()]
        done = side_by_side([lambda one=one: look(*one[1:]) for one in looks])
        watchers.update({name: watcher for (name, *_), watcher in zip(looks, done)})
        side_by_side([end, *(engine.close for engine in kinds.values())])
        time.sleep(1.5)  # each second it is looked for groups that are gone
    return Played(ids, groups, watchers)


def check_seen(one, who, kind, name, roots):
    watcher, container = one.watchers[who], one.ids[kind, name]
    assert sorted(map(told, watcher.seen("root", container))) == roots, watcher.told(container)
    verdict = watcher.verdict(container)
    assert (verdict["verdict"], verdict["lost"]) == ("fail" if roots else "pass", 0)
    assert "ended" in verdict
    assert verdict["container"]["engine"] == kind
    assert "localhost/nzw-" in verdict["container"]["image"]


def check_found(one, who, kind):
    watcher = one.watchers[who]
    for name, (_, _, roots) in CASES.items():
        container = one.ids[kind, name]
        assert sorted(map(told, watcher.seen("root", container))) == roots, watcher.told(container)
        otherwise = "unknown" if who.endswith("interval") else "pass"  # what is between two looks is not seen
        assert watcher.verdict(container)["verdict"] == ("fail" if roots else otherwise)


# --- cgroup v2 alone ---


def in_group_below(kinds):
    """A process that becomes root in a group which somebody made below its container's."""
    one = kinds["docker"].run("below", "exec", "/capable", "sleep", "2000", "setuid", "0", *FOREVER)
    group = cgroup_hosts.unified_mount() / "docker" / one
    (group / "below").mkdir()
    (group / "below" / "cgroup.procs").write_text((group / "cgroup.procs").read_text(encoding="ascii").split()[0],
                                                  encoding="ascii")
    return {("docker", "below"): one}


@pytest.fixture(scope="module")
def unified(scratch):
    place = scratch / "unified"
    place.mkdir()
    archives = watchkit.make_archives(place / "archives")
    with cgroup_hosts.unified(place) as within:
        with three_engines(place, archives, within, "cgroupfs", Containerd) as kinds:
            yield played(kinds, {"inside": (*within, kit.NONZERO), "outside": (kit.NONZERO,)}, in_group_below)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("who", ["inside", "outside"])
def test_containers_of_a_host_with_v2_alone_are_seen(unified, who, name, kind):
    check_seen(unified, who, kind, name, CASES[name][1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", LOOKS)
@pytest.mark.parametrize("who", ["inside", "outside"])
def test_what_runs_on_a_host_with_v2_alone_is_found(unified, who, what, kind):
    check_found(unified, f"{who}-{what}", kind)


@pytest.mark.parametrize("who", ["inside", "outside"])
def test_a_group_below_a_container_is_the_containers(unified, who):
    assert unified.groups["docker", "below"].endswith("/below")
    check_seen(unified, who, "docker", "below", ["file-capabilities capable set-id"])


# --- systemd's driver ---

SCOPES = {("podman", "root"): "/machine.slice/libpod-{}.scope",
          ("docker", "root"): "/system.slice/docker-{}.scope",
          ("containerd", "root"): f"/kubepods.slice/kubepods-besteffort.slice/{SLICE}/cri-containerd-{{}}.scope",
          ("podman", "split"): "/system.slice/web.service/libpod-payload-{}",
          ("podman", "rootless"): "/system.slice/own.service/libpod-payload-{}"}


def in_service(host, podman):
    """A container in the group of the service that starts it, as Quadlet has it."""
    name = podman.called("split")
    podman.names.append(name)
    host.service("web", *podman.storage.podman_line, "run", "--cgroups=split", *podman.run_options, "--name", name,
                 "localhost/nzw-root:1", *FOREVER)
    for _ in range(100):
        if podman.command("container", "exists", name, check=False).returncode == 0:
            break
        time.sleep(0.1)
    return {("podman", "split"): podman.id_of("split")}


def rootless(host, archives):
    """A container of a user's own Podman, in the group of a service of that user."""
    place = host.shared / "rootless"
    place.mkdir()
    os.chown(place, cgroup_hosts.USER, cgroup_hosts.USER)
    podman = " ".join(["podman", "--root", f"{place}/storage", "--storage-driver", "vfs", "--runtime", "runc",
                       "--cgroup-manager", "cgroupfs"])
    host.user_service("own", "sh", "-ec", f"""
        exec >{place}/log 2>&1
        for each in {" ".join(map(str, archives["docker"]))}; do {podman} load --input $each; done
        exec {podman} run --cgroups=split --network none --pids-limit 0 --cidfile {place}/id \\
          localhost/nzw-root:1 {" ".join(FOREVER)}""")
    for _ in range(300):
        if (place / "id").exists() and (place / "id").stat().st_size:
            return {("podman", "rootless"): (place / "id").read_text(encoding="ascii")}
        time.sleep(0.1)
    return pytest.fail((place / "log").read_text(errors="replace"), pytrace=False)


@pytest.fixture(scope="module")
def booted(scratch):
    place = scratch / "booted"
    place.mkdir()
    with cgroup_hosts.booted(place) as host:
        archives = watchkit.make_archives(host.shared / "archives")
        with three_engines(host.shared, archives, host.scope, "systemd", Pods) as kinds:
            yield played(kinds, {"outside": (kit.NONZERO,)},
                         lambda kinds: {**in_service(host, kinds["podman"]), **rootless(host, archives)},
                         lambda: host.kill("own"))


@pytest.mark.parametrize("kind,name", SCOPES)
def test_systemds_driver_makes_the_groups_that_are_known(booted, kind, name):
    assert booted.groups[kind, name].endswith(SCOPES[kind, name].format(booted.ids[kind, name]))
    check_seen(booted, "outside", kind, name, CASES["root"][1])


def test_root_of_a_users_own_podman_is_that_user(booted):
    (event,) = booted.watchers["outside"].seen("root", booted.ids["podman", "rootless"])
    assert (event["state"], event["host_uid"]) == ("root-in-userns", cgroup_hosts.USER)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CASES)
def test_containers_by_systemds_driver_are_seen(booted, name, kind):
    check_seen(booted, "outside", kind, name, CASES[name][1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", LOOKS)
def test_what_runs_by_systemds_driver_is_found(booted, what, kind):
    check_found(booted, f"outside-{what}", kind)
