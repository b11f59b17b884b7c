"""`nonzero watch` beside Docker, Podman and containerd: what became root, how, and that nothing is hidden.

Containers are of images with static programs alone (tests/e2e/watch); the words after a container's name are
what its first process does. To begin to watch costs a second, so most is played before one watcher (a scene),
and looked at afterwards. NONZERO_SOAK=10 makes the counts those of a long run."""

import dataclasses
import json
import os
import pathlib
import shutil
import signal
import tempfile
import time

import engines
import kit
import pytest
import watchkit
from watchkit import MARK, Watcher, side_by_side, told, watching

SOAK = int(os.environ.get("NONZERO_SOAK", "1"))
BURST = 20 * SOAK
SHORT_LIVED = 5000 if SOAK == 1 else 20000
TRIES = 100 * SOAK
ALL = ("docker", "podman", "containerd")
TWO = ("docker", "podman")
INIT = "runc:[2:INIT]"
NO_SECCOMP = ("--security-opt", "seccomp=unconfined")
MAPPED = ("--uidmap", "0:100000:65536")


@dataclasses.dataclass(frozen=True)
class Case:
    """What a container does, and the root processes to be told of: "cause program when"."""

    name: str
    acts: str
    roots: tuple = ()
    image: str = "app"
    options: tuple = ()
    engines: tuple = ("docker",)
    host_uid: int = 0


CASES = [
    Case("image-root", "sleep 300", ("image-default acts exec",), image="root", engines=ALL),
    Case("runtime-root", "sleep 300", ("runtime-user acts exec",), options=("--user", "0"), engines=TWO),
    Case("image-other", "fork exec /acts sleep 300", engines=ALL),
    Case("runtime-other", "exec /acts sleep 300", image="root", options=("--user", "1000"), engines=TWO),
    Case("setuid", "exec /setuid sleep 300", ("setuid-binary setuid exec",), engines=ALL),
    Case("su", "fork exec /setuid setuid 0 exec /acts sleep 300",
         ("setuid-binary setuid exec", "inherited acts exec"), engines=("podman",)),
    Case("capable", "exec /capable setuid 0 sleep 300", ("file-capabilities capable set-id",), engines=ALL),
    Case("capable-unused", "exec /capable sleep 300"),
    Case("capable-named", f"exec /capable name {INIT} setuid 0 sleep 300", ("file-capabilities capable set-id",)),
    Case("setuid-named", f"exec /setuid name {INIT} fork sleep 300",
         ("setuid-binary setuid exec", "inherited setuid exit"), engines=("podman",)),
    Case("runc-copy", f"exec /capable name {INIT} setuid 0 memory runc_cloned:/proc/self/exe sleep 300",
         ("file-capabilities capable set-id", "inherited memory exec")),
    Case("thread", "exec /capable thread setuid 0 sleep 5 setuid 1000 sleep 300",
         ("file-capabilities capable set-id",), engines=("podman",)),
    Case("ambient", "ambient 1000 exec /acts sleep 5 setuid 0 sleep 300",
         ("image-default acts exec", "set-id acts set-id"), image="root", engines=TWO),
    # Root all the while: a saved 0 is one call away from being it again.
    Case("saved", "setresuid 1000 1000 0 sleep 5 seteuid 0 sleep 300", ("image-default acts exec",), image="root"),
    Case("forked", "fork sleep 300", ("image-default acts exec", "inherited acts exit"), image="root",
         engines=("podman",)),
    Case("re-parented", "orphan exec /acts sleep 300",
         ("image-default acts exec", "inherited acts exit", "inherited acts exec"), image="root"),
    Case("unshared", "unshare exec /acts sleep 300", ("user-namespace acts exec",), options=NO_SECCOMP, engines=TWO,
         host_uid=1000),
    Case("unshared-forked", "fork unshare fork exec /acts sleep 300",
         ("user-namespace acts exec", "user-namespace acts exit"), options=NO_SECCOMP, host_uid=1000),
    Case("mapped", "sleep 300", ("image-default acts exec",), image="root", options=MAPPED, engines=("podman",),
         host_uid=100000),
    Case("mapped-setuid", "exec /setuid fork exec /acts sleep 300",
         ("setuid-binary setuid exec", "inherited acts exec"), options=MAPPED, engines=("podman",), host_uid=100000),
    Case("mapped-other", "fork exec /acts sleep 300", options=MAPPED, engines=("podman",)),
    Case("mount-namespace", "mount-namespace - fork exec /acts sleep 300",
         ("image-default acts exec", "inherited acts exec"), image="root",
         options=("--cap-add", "SYS_ADMIN", *NO_SECCOMP)),
    # As nsenter --target 1 --mount does, which is where an attacker goes next.
    Case("host-mount-namespace", "mount-namespace /proc/1/ns/mnt exec /proc/self/exe sleep 300",
         ("image-default acts exec", "inherited acts exec"), image="root",
         options=("--pid", "host", *NO_SECCOMP,
                  *(word for one in ("SYS_ADMIN", "SYS_CHROOT", "SYS_PTRACE") for word in ("--cap-add", one)))),
    # A file that is setuid to another user, started by root: root is one call away, which needs no capability.
    Case("demoted", "sleep 100 seteuid 0 sleep 50 seteuid 1000 sleep 100", ("image-default demoted exec",),
         image="root", options=("--entrypoint", "/demoted")),
]
PLAYED = [(engine, case) for case in CASES for engine in case.engines]
CASE_IDS = [f"{engine}-{case.name}" for engine, case in PLAYED]


@pytest.fixture(scope="module")
def archives(scratch):
    kit.need_root()
    return watchkit.make_archives(scratch / "watch-proof")


@pytest.fixture(scope="module")
def all_engines(own_docker, storage, containerd_engine, archives):
    kinds = {"docker": watchkit.Docker(own_docker, archives), "podman": watchkit.Podman(storage, archives),
             "containerd": watchkit.Containerd(containerd_engine, archives)}
    yield kinds
    side_by_side([one.close for one in kinds.values()])


# --- scenes: each a part of what the one watcher sees; a test looks at what they return ---

SCENES = []


def scene(function):
    SCENES.append(function)
    return function


class Played:
    """The watcher that saw all scenes; what each returned, by its name, or raised."""

    def __init__(self, watcher):
        self.watcher, self.outcomes = watcher, {}

    def play(self, function, *arguments):
        try:
            self.outcomes[function.__name__] = function(self.watcher, *arguments)
        except (Exception, pytest.fail.Exception) as error:  # one scene's, and its test's alone
            self.outcomes[function.__name__] = error

    def __getitem__(self, function):
        outcome = self.outcomes[function.__name__]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def roots(self, container):
        return self.watcher.seen("root", container)

    def told(self, container):
        return sorted(map(told, self.roots(container)))

    def verdict(self, container):
        return self.watcher.verdict(container)


@pytest.fixture(scope="module")
def played(all_engines, archives, scratch):
    already = start_before(all_engines)
    with watching() as watcher:
        one = Played(watcher)
        one.outcomes["start_before"] = already
        for function in SCENES:
            one.play(function, all_engines, archives, scratch)
    return one


def start_before(all_engines):
    """What runs before the watcher does: {engine: [root, raised by a setuid file, other]}."""
    return {kind: [one.run("found-root", image="root"),
                   one.run("found-setuid", "exec", "/setuid", "fork", "sleep", "600000"),
                   one.run("found-other")] for kind, one in all_engines.items()}


@scene
def cases(_watcher, all_engines, *_):
    """{(engine, case's name): how it ended}"""
    def play(kind, case):
        return all_engines[kind].play(case.name, *case.acts.split(), image=case.image, options=case.options,
                                      check=False)

    done = side_by_side([lambda kind=kind, case=case: play(kind, case) for kind, case in PLAYED])
    return dict(zip(CASE_IDS, done))


@pytest.mark.parametrize("kind,case", PLAYED, ids=CASE_IDS)
def test_each_root_process_is_named_rightly(played, all_engines, kind, case):
    done = played[cases][f"{kind}-{case.name}"]
    assert done.returncode == 0, done.stderr
    container = all_engines[kind].id_of(case.name)
    roots = played.roots(container)
    assert {one["uid"] for one in roots} <= {0}
    assert {one["host_uid"] for one in roots} <= {case.host_uid}
    assert {one["state"] for one in roots} <= {"root-in-userns" if case.host_uid else "root-on-host"}
    verdict = played.verdict(container)
    assert played.told(container) == sorted(case.roots), played.watcher.told(container)
    assert verdict["lost"] == 0 and verdict["root_processes"] == len(case.roots)
    assert verdict["container"]["engine"] == kind
    assert f"nzw-{case.image}:1" in verdict["container"]["image"]
    rules = {one["rule"] for one in verdict["findings"]} & {"root-process", "root-in-userns"}
    if not case.roots:
        assert verdict["verdict"] == "pass" and not rules
    elif case.host_uid:
        assert rules == {"root-in-userns"}
    else:
        assert verdict["verdict"] == "fail" and rules == {"root-process"}


@pytest.mark.parametrize("kind", ALL)
def test_what_already_runs_is_found(played, kind):
    rooted, raised, other = played[start_before][kind]
    assert played.told(rooted) == ["image-default acts found"]
    assert [one["when"] for one in played.roots(raised)] == ["found", "found"]
    # How it was done is no longer to be seen; what it was not, is.
    assert not {one["cause"] for one in played.roots(raised)} & {"image-default", "runtime-user", "exec-injected"}
    assert not played.roots(other)
    assert [played.verdict(one)["verdict"] for one in (rooted, raised, other)] == ["fail", "fail", "pass"]


ENTERED = [  # user, words, what is told
    (None, "/acts fork exec /acts sleep 20", []),
    ("0", "/acts fork exec /acts sleep 20", ["exec-injected acts exec", "inherited acts exec"]),
    (None, "/setuid sleep 20", ["setuid-binary setuid exec"]),
    (None, "/capable setuid 0 sleep 20", ["file-capabilities capable set-id"]),
]


@scene
def entered(_watcher, all_engines, *_):
    """{engine: container}"""
    def play(engine):
        container = engine.run("entered")
        for user, words, _ in ENTERED:
            engine.exec("entered", *words.split(), user=user)
        return container

    return dict(zip(ALL, side_by_side([lambda kind=kind: play(all_engines[kind]) for kind in ALL])))


@pytest.mark.parametrize("kind", ALL)
def test_what_is_run_from_outside_is_told_of(played, kind):
    container = played[entered][kind]
    expected = [one for _, _, roots in ENTERED for one in roots]
    assert [told(one) for one in played.roots(container)] == expected, played.watcher.told(container)


@scene
def gone_at_once(_watcher, all_engines, *_):
    """Ids of containers that end with their first instructions."""
    docker, podman = all_engines["docker"], all_engines["podman"]
    for turn in range(3):
        docker.play(f"brief-{turn}", image="root", options=("--entrypoint", "/mark"))
        podman.play(f"brief-{turn}", image="root", options=("--entrypoint", "/mark"))
    return [engine.id_of(f"brief-{turn}") for turn in range(3) for engine in (docker, podman)]


def test_a_container_that_is_gone_at_once_fails_all_the_same(played):
    for container in played[gone_at_once]:
        assert played.told(container) in (["image-default mark exec"], ["started mark exec"])
        verdict = played.verdict(container)
        assert verdict["verdict"] == "fail"
        assert "name" in verdict["container"] or verdict.get("notes"), "nameless without a word"


@scene
def of_another_namespace(_watcher, all_engines, archives, _scratch):
    """The id of a container of containerd's, in a namespace that somebody chose."""
    plain = watchkit.Containerd(all_engines["containerd"].plain, archives, space=MARK)
    try:
        plain.play("elsewhere", "sleep", "300", image="root")
    finally:
        plain.close()
    return plain.id_of("elsewhere")


def test_a_namespace_of_containerd_may_have_any_name(played):
    assert played.told(played[of_another_namespace]) == ["image-default acts exec"]


@scene
def of_the_host(_watcher, _engines, archives, _scratch):
    """The name of a group that is named as containerd's are, and is not: its root process is a program of the host's."""
    with watchkit.Groups(parent=f"{MARK}-own") as groups:
        groups.play_called(archives["programs"], ["not-a-container"])
    return "not-a-container"


def test_a_group_that_containerd_does_not_vouch_for_is_none(played):
    assert not played.watcher.seen(container=played[of_the_host])


@scene
def made_inside(_watcher, _engines, archives, _scratch):
    """The id by which a container of containerd's calls a group that it has made below its own."""
    space = f"{MARK}-inside"
    task = pathlib.Path("/run/containerd/io.containerd.runtime.v2.task", space, "outer")
    task.mkdir(parents=True)
    try:
        with watchkit.Groups(space), watchkit.Groups(f"{space}/outer"), watchkit.Groups(f"{space}/outer/docker") as groups:
            return groups.play(archives["programs"], 1)[0]
    finally:
        task.rmdir()
        task.parent.rmdir()


def test_what_a_container_makes_inside_passes_for_no_other(played):
    assert not played.watcher.seen(container=played[made_inside])
    assert played.watcher.seen("root", container="outer")


STAGES = ("createRuntime", "createContainer", "startContainer")


@scene
def hooked(_watcher, all_engines, archives, scratch):
    """{stage: container} that started by way of a hook."""
    podman = all_engines["podman"]
    for stage in STAGES:
        # Those of startContainer are files of the container.
        program = "/acts" if stage == "startContainer" else str(archives["programs"] / "acts")
        hook = {"version": "1.0.0", "hook": {"path": program, "args": ["acts", "sleep", "20"]},
                "when": {"always": True}, "stages": [stage]}
        hooks = scratch / f"watch-{stage}"
        hooks.mkdir()
        (hooks / "one.json").write_text(json.dumps(hook), encoding="ascii")
        podman.play(f"hook-{stage.lower()}", "sleep", "300", before=("--hooks-dir", hooks))
    return {stage: podman.id_of(f"hook-{stage.lower()}") for stage in STAGES}


@pytest.mark.parametrize("stage", STAGES)
def test_hooks_of_the_runtime_are_not_accused(played, stage):
    container = played[hooked][stage]
    assert not played.roots(container), played.watcher.told(container)
    assert played.verdict(container)["verdict"] == "pass"


@scene
def burst(_watcher, all_engines, *_):
    """Ids of containers of users other than root, as many at once as the host lets start."""
    kinds = [all_engines[TWO[turn % 2]] for turn in range(BURST)]

    def play(turn):
        kinds[turn].play(f"burst-{turn}", "start", "2", "/mark", "sleep", "20")
        return kinds[turn].id_of(f"burst-{turn}")

    return side_by_side([lambda turn=turn: play(turn) for turn in range(BURST)], workers=8)


def test_a_burst_accuses_nobody(played):
    containers = played[burst]
    assert len(set(containers)) == BURST
    assert [one for one in containers if played.roots(one)] == []
    assert {played.verdict(one)["verdict"] for one in containers} == {"pass"}


def accounted(watcher, container, started):
    """Of so many root processes none is missed: each is told of, or counted as lost."""
    verdict = watcher.verdict(container)
    lines = len(watcher.seen("root", container))
    assert verdict["verdict"] != "pass"
    assert verdict["root_processes"] == started, verdict
    assert lines <= verdict["seen"] and (verdict["lost"] > 0 or lines == started), (lines, verdict)
    return verdict


@scene
def short(_watcher, all_engines, *_):
    all_engines["docker"].play("short", "start", str(SHORT_LIVED), "/mark", image="root")
    return all_engines["docker"].id_of("short")


def test_processes_that_live_under_a_millisecond_are_not_missed(played):
    accounted(played.watcher, played[short], SHORT_LIVED + 1)


@scene
def again(watcher, all_engines, *_):
    """Ids of containers that had one name, each removed before the next began."""
    docker, ids = all_engines["docker"], []
    for turn in range(5 * SOAK):
        ids.append(docker.run("again", image=("root", "app")[turn % 2]))
        watcher.wait("container", ids[-1])
        docker.remove(docker.called("again"))
    return ids


def test_a_name_that_is_used_again_is_the_new_containers(played):
    """The same name, of another image each time: nothing stale is told."""
    for turn, container in enumerate(played[again]):
        verdict = played.verdict(container)
        assert verdict["container"]["name"].endswith("-again")
        assert f"nzw-{('root', 'app')[turn % 2]}:1" in verdict["container"]["image"]
        assert verdict["verdict"] == ("fail", "pass")[turn % 2]


@scene
def restarted(watcher, _engines, archives, scratch):
    """(name as it was given, as it was told, cause), of containers of an engine that stops and comes back."""
    told_of = []
    for turn in range(2):
        with engines.docker_daemon(str(scratch / "docker-again")) as command:
            docker = watchkit.Docker(command, archives)
            container = docker.run(f"restarted-{turn}", image="root")
            cause = watcher.wait("root", container)["cause"]
            described = watcher.wait("container", container)["container"]
            told_of.append((docker.called(f"restarted-{turn}"), described.get("name"), cause))
            docker.close()
    return told_of


def test_engines_may_be_restarted(played):
    assert len(played[restarted]) == 2
    for called, name, cause in played[restarted]:
        assert (name, cause) == (called, "image-default")


def test_its_summary_counts_all(played):
    summary = played.watcher.seen("summary")[0]
    assert played.watcher.events[-1] is summary
    verdicts = played.watcher.seen("verdict")
    assert summary["containers"] == len(verdicts)
    assert summary["fail"] == sum(one["verdict"] == "fail" for one in verdicts)
    assert played.watcher.process.returncode == 1


# --- watchers of their own ---

@pytest.fixture(scope="module")
def standing(all_engines):
    """{engine: (root, other)}: containers that stay."""
    return {kind: (one.run("standing-root", image="root"), one.run("standing-other"))
            for kind, one in all_engines.items()}


def watch(*options, **popen):
    popen.setdefault("timeout", 60)
    return kit.run(kit.NONZERO, "watch", "--no-policy", *options, check=False, **popen)


@pytest.mark.parametrize("kind,mode", [("docker", ()), ("podman", ("--no-bpf",)), ("containerd", ("--no-bpf",))])
def test_the_verdict_is_the_exit_code(standing, kind, mode):
    for container, code in zip(standing[kind], (1, 0)):
        done = watch("--once", "--quiet", "--container", container, *mode)
        assert (done.returncode, done.stdout) == (code, b""), done.stderr


def test_nothing_judged_is_no_pass():
    assert watch("--once", "--no-bpf", "--container", f"{MARK}-nobody").returncode == 1


WRONG_USAGE = [
    ("--interval", "soon"), ("--interval", "-1s"), ("--duration", "never"), ("--buffer", "5000"), ("--buffer", "2K"),
    ("--enforce", "maim"), ("--dry-run",), ("--engine", "lorry"), ("--format", "poem"), ("--nonsense",),
    ("argument",), ("--once", "--interval", "1s"),
]


@pytest.mark.parametrize("options", WRONG_USAGE, ids=" ".join)
def test_wrong_usage_is_refused(options):
    done = watch(*options)
    assert done.returncode == 64
    assert options[0].lstrip("-") in done.stderr.decode()


@pytest.mark.parametrize("name,text", [("broken.yaml", "exceptions: ["), ("absent.yaml", None)])
def test_a_policy_that_cannot_be_read_is_an_error(place, name, text):
    if text:
        (place / name).write_text(text, encoding="ascii")
    done = kit.run(kit.NONZERO, "watch", "--once", "--policy", place / name, check=False, timeout=60)
    assert done.returncode == 2 and name in done.stderr.decode()


def test_it_ends_after_its_duration(standing):
    rooted, other = standing["podman"]
    begin = time.monotonic()
    watcher = Watcher("--interval", "200ms", "--duration", "1500ms", "--container", rooted, "--container", other)
    assert watcher.end(None) == 1
    assert time.monotonic() - begin >= 1.5
    assert watcher.events[-1]["event"] == "summary"
    assert len(watcher.seen("root", rooted)) == 1, "told of once, however often it is seen"
    assert watcher.verdict(rooted)["verdict"] == "fail"
    assert watcher.verdict(other)["verdict"] == "unknown", "what lived between two looks was not seen"


FILTERS = [
    (("--engine", "docker"), {"docker"}),
    (("--engine", "podman", "--engine", "containerd"), {"podman", "containerd"}),
    (("--container", f"{MARK}-*-standing-root"), set(ALL)),
    (("--container", f"{MARK}-pod*-standing-root"), {"podman"}),
    (("--container", f"{MARK}-*-standing-root", "--engine", "containerd"), {"containerd"}),
    (("--namespace", "team-a"), set()),
]


@pytest.mark.parametrize("options,wanted", FILTERS, ids=("engine", "engines", "name", "names", "both", "namespace"))
def test_filters_choose_containers(standing, options, wanted):
    watcher = Watcher("--once", "--no-bpf", *options)
    assert watcher.end(None) in (0, 1)
    mine = {kind for kind, (rooted, _) in standing.items() if watcher.seen("verdict", rooted)}
    assert mine == wanted, watcher.told()


@pytest.mark.parametrize("form", ["text", "json", "html", "sarif", "junit", "cnf", "github", "gitlab", "summary"])
def test_every_format_names_the_container(standing, form):
    done = watch("--once", "--no-bpf", "--format", form, "--container", standing["docker"][0])
    assert done.returncode == 1
    assert f"{MARK}-docker-standing-root" in done.stdout.decode(), done.stderr


NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all")
HIDE = ("unshare", "--mount", "sh", "-c", 'mount -t proc -o hidepid=invisible proc /proc && exec "$@"', "sh")
LESS = [  # who, and the capabilities that must be asked for
    (NOBODY, ("bpf", "perfmon")),
    (("setpriv", "--inh-caps=-all", "--bounding-set=-all"), ("bpf", "perfmon")),
    (("setpriv", "--bounding-set=-bpf,-sys_admin"), ("bpf",)),
    (("setpriv", "--bounding-set=-perfmon,-sys_admin"), ("perfmon",)),
]


@pytest.fixture(scope="module")
def elsewhere():
    """A copy of the programs where every user may run them."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        os.chmod(directory, 0o755)
        for path in kit.NONZERO.parent.glob("nonzero*"):
            if path.is_file() and os.access(path, os.X_OK):
                shutil.copy2(path, directory)
        yield pathlib.Path(directory) / "nonzero"


@pytest.mark.parametrize("who,needed", LESS, ids=("nobody", "root-without-any", "root-without-bpf",
                                                  "root-without-perfmon"))
def test_without_privileges_it_says_which_it_needs(standing, elsewhere, who, needed):
    """And looks at /proc instead; what it may not look at is no pass."""
    rooted, other = standing["docker"]
    watcher = Watcher("--duration", "1s", program=(*who, elsewhere))
    code = watcher.end(None)
    message = watcher.errors.decode().lower()
    assert code in (1, 2), message
    assert all(one in message for one in needed) and "/proc" in message, message
    if code == 1:
        assert watcher.seen("start")[0]["mode"] == "proc"
        assert "pass" not in {one["verdict"] for one in watcher.seen("verdict")}
        assert watcher.seen("summary")[0]["verdict"] != "pass"
        assert watcher.verdict(other)["verdict"] == "unknown"
        if who[1].startswith("--bounding-set"):
            assert watcher.verdict(rooted)["verdict"] == "fail"


def test_processes_that_proc_hides_are_no_pass(elsewhere):
    done = kit.run(*HIDE, *NOBODY, elsewhere, "watch", "--no-policy", "--once", check=False, timeout=60)
    assert done.returncode in (1, 2), done.stdout
    assert "hidepid" in done.stderr.decode(), done.stderr


def test_root_sees_what_proc_hides_from_others(standing):
    container = standing["podman"][0]
    watcher = Watcher("--once", "--no-bpf", "--container", container, program=(*HIDE, kit.NONZERO))
    assert watcher.end(None) == 1
    assert watcher.verdict(container)["verdict"] == "fail"


# --- floods, and the watcher's death ---

def test_a_flooded_buffer_makes_no_pass(all_engines):
    """4K, and nobody who reads it: what one container loses must not make another look clean."""
    podman = all_engines["podman"]
    with watching("--buffer", "4K") as watcher:
        watcher.process.send_signal(signal.SIGSTOP)
        podman.play("flood", "start", "2000", "/mark", image="root")
        podman.play("flood-setuid", "exec", "/setuid", "sleep", "20")
        podman.play("flood-other", "fork", "exec", "/acts", "sleep", "20")
        watcher.process.send_signal(signal.SIGCONT)
    verdict = accounted(watcher, podman.id_of("flood"), 2001)
    assert verdict["lost"] > 0
    assert watcher.verdict(podman.id_of("flood-setuid"))["verdict"] in ("fail", "unknown")
    assert not watcher.seen("root", podman.id_of("flood-other"))
    summary = watcher.seen("summary")[0]
    assert summary["verdict"] != "pass" and summary["lost"] >= verdict["lost"]


def test_a_reader_who_does_not_read_hides_nothing(all_engines):
    """Its output is a pipe that is full, and then it is killed: the next one begins as if it had not been."""
    docker = all_engines["docker"]
    with watching() as watcher:
        watcher.pause.clear()
        docker.play("unread", "start", "3000", "/mark", image="root")
        docker.play("unread-setuid", "exec", "/setuid", "sleep", "50")
        watcher.pause.set()
    accounted(watcher, docker.id_of("unread"), 3001)
    assert watcher.verdict(docker.id_of("unread-setuid"))["verdict"] in ("fail", "unknown")


def test_containers_in_numbers_are_all_counted_and_kept_small(archives):
    """As an engine makes them: control groups of its form, a mount namespace, a process; gone at once."""
    rooted, others, sizes = [], [], []
    with watching() as watcher, watchkit.Groups() as groups:
        for _ in range(4):
            rooted += groups.play(archives["programs"], 30 * SOAK)
            others += groups.play(archives["programs"], 10 * SOAK, user=1000)
            sizes.append(watchkit.resident(watcher.process.pid))
    told_of = {one["container"]["id"] for one in watcher.seen("root")}
    assert set(rooted) <= told_of and not set(others) & told_of
    verdicts = {one["container"]["id"]: one["verdict"] for one in watcher.seen("verdict")}
    assert {verdicts[one] for one in rooted} == {"fail"}, "each has a verdict, also where too many ended to be kept"
    assert watcher.seen("summary")[0]["fail"] >= len(rooted)
    assert max(sizes) <= 10 * 2**20, sizes


def test_nothing_stays_in_the_kernel_when_it_is_killed():
    with watching() as watcher:
        held = watchkit.held_in_kernel(watcher.process.pid)
        assert {kind for kind, _ in held} >= {"prog", "map", "link"}, held
        watcher.process.kill()
        watcher.process.wait()
        end = time.monotonic() + watchkit.WAIT
        while (left := held & watchkit.in_kernel()) and time.monotonic() < end:
            time.sleep(0.1)
        assert not left


# --- enforcement: of one container, by its id, for others may run on this host ---

@pytest.fixture(scope="module")
def marks(reachable):
    """A directory that every user of a container may write to, and how many marks were left there."""
    directory = reachable / "watch-marks"
    directory.mkdir()
    directory.chmod(0o777)

    def taken():
        mark = directory / "mark"
        count = mark.stat().st_size if mark.exists() else 0
        mark.unlink(missing_ok=True)
        return count

    taken.directory = directory
    return taken


@dataclasses.dataclass(frozen=True)
class Enforced:
    """What a container does, how many marks it leaves by itself, and what must not end it."""

    name: str
    acts: str
    marks: int = 0  # 0: each root process ends before it can leave one
    image: str = "app"
    options: tuple = ()
    watch: tuple = ("--enforce", "kill")
    exception: str = ""
    roots: int = 1


ENFORCED = [
    Enforced("setuid", f"start {TRIES} /setuid-mark", roots=TRIES),
    Enforced("from-the-start", "", image="root", options=("--entrypoint", "/mark")),
    Enforced("by-the-runtime", "", options=("--entrypoint", "/mark", "--user", "0")),
    Enforced("by-set-id", "fork exec /capable setuid 0 exec /mark"),
    Enforced("by-a-thread", "fork exec /capable thread setuid 0 exec /mark"),
    Enforced("others-live", f"start {TRIES} /mark", TRIES, roots=0),
    Enforced("dry-run", "start 5 /setuid-mark", 5, watch=("--enforce", "kill", "--dry-run"), roots=5),
    Enforced("not-asked-for", "start 5 /setuid-mark", 5, watch=(), roots=5),
    Enforced("excepted-program", "start 5 /setuid-mark", 5, exception="executable: /setuid-mark", roots=5),
    Enforced("excepted-image", "start 5 /setuid-mark", 5, exception="image: localhost/nzw-app*", roots=5),
    Enforced("excepted-name", "start 5 /setuid-mark", 5, exception=f"container: {MARK}-*-excepted-name", roots=5),
    Enforced("another-excepted", "start 5 /setuid-mark", exception="executable: /usr/bin/sudo", roots=5),
    Enforced("exception-over", "start 5 /setuid-mark",
             exception="executable: /setuid-mark\n    expires: 2020-01-31", roots=5),
]
POLICY = """exceptions:
  - rule: root-process
    {exception}
    reason: it must be root
    owner: team
"""


@pytest.mark.parametrize("case", ENFORCED, ids=lambda case: case.name)
def test_enforcement_ends_a_root_process_before_its_first_instruction(all_engines, marks, place, case):
    docker, policy = all_engines["docker"], None
    if case.exception:
        policy = place / "policy.yaml"
        policy.write_text(POLICY.format(exception=case.exception), encoding="ascii")
    container = docker.create(f"ended-{case.name}", *case.acts.split(), image=case.image,
                              options=("--volume", f"{marks.directory}:/out", *case.options))
    with watching("--container", container, *case.watch, policy=policy) as watcher:
        docker.command("start", "--attach", container, check=False)
    assert marks() == case.marks, watcher.told(container)
    verdict = watcher.verdict(container)
    assert verdict["root_processes"] == case.roots, "ended, and not told of"
    if case.roots:
        assert verdict["verdict"] == ("pass" if case.exception and case.marks else "fail")


def test_enforcement_leaves_other_containers_alone(all_engines, marks):
    docker = all_engines["docker"]
    volume = ("--volume", f"{marks.directory}:/out")
    ended, left = (docker.create(name, "start", "5", "/setuid-mark", options=volume) for name in ("ended", "left"))
    with watching("--enforce", "kill", "--container", ended):
        docker.command("start", "--attach", left)
        assert marks() == 5
        docker.command("start", "--attach", ended, check=False)
    assert marks() == 0


def test_enforcement_ends_what_is_run_from_outside(all_engines, marks):
    podman = all_engines["podman"]
    container = podman.run("ended-exec", options=("--volume", f"{marks.directory}:/out"))
    with watching("--enforce", "kill", "--container", container) as watcher:
        for _ in range(5):
            assert podman.exec("ended-exec", "/mark", user="0", check=False).returncode != 0
        assert podman.exec("ended-exec", "/acts", "sleep", "1").returncode == 0
    assert marks() == 0
    assert [told(one) for one in watcher.seen("root", container)] == ["exec-injected mark exec"] * 5
