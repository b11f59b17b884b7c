"""`nonzero watch` beside Kubernetes' pods: containerd by its CRI, which is asked as the kubelet asks."""

import dataclasses
import json

import cri
import kit
import pytest
import watchkit
from watchkit import MARK, oci_archive, told, watching

TEAM, OTHERS = f"{MARK}-team", f"{MARK}-others"
PID_MODES = {"own": cri.CONTAINER, "shared": cri.POD}  # whose process namespace a container is in
MODES = {"bpf": (), "proc": ("--no-bpf",)}
IMAGES = {name: f"localhost/nzw-{name}:1" for name in watchkit.IMAGES}


@pytest.fixture(scope="module")
def archives(scratch):
    kit.need_root()
    return watchkit.make_archives(scratch / "watch-cri")


@pytest.fixture(scope="module")
def runtime(scratch, archives):
    with cri.runtime(scratch / "cri", archives) as one:
        yield one


def about(pod, name, image, runtime):
    """What every event says of a container."""
    return {"id": pod.containers[name], "engine": "containerd", "name": name, "pod": pod.name,
            "namespace": pod.namespace, "image": IMAGES[image], "image_id": runtime.images[image]}


def all_told(watcher, container):
    return [told(one) for one in watcher.seen("root", container)]


# --- who becomes root, and why ---

@dataclasses.dataclass(frozen=True)
class Case:
    """What a container does, and the root processes to be told of: "cause program when"."""

    name: str
    acts: str = "sleep 300"
    roots: tuple = ()
    image: str = "app"
    user: int | None = None  # runAsUser


CASES = [
    Case("image-root", roots=("image-default acts exec",), image="root"),
    Case("image-other", "fork exec /acts sleep 300"),
    Case("asked-for-root", "fork exec /acts sleep 300", ("runtime-user acts exec", "inherited acts exec"), user=0),
    Case("asked-for-other", image="root", user=1000),
    Case("setuid", "exec /setuid sleep 300", ("setuid-binary setuid exec",)),
    Case("capable", "exec /capable setuid 0 sleep 300", ("file-capabilities capable set-id",)),
    Case("at-once", "sleep 0", ("image-default acts exec",), image="root"),
]
ENTERED = {  # what `kubectl exec` runs, as the container's user; and what is told of it
    "app": [("/acts fork exec /acts sleep 20", []),
            ("/setuid sleep 20", ["setuid-binary setuid exec"]),
            ("/capable setuid 0 sleep 20", ["file-capabilities capable set-id"])],
    "root": [("/acts fork exec /acts sleep 20", ["exec-injected acts exec", "inherited acts exec"])],
}


@pytest.fixture(scope="module")
def played(runtime):
    """The watcher that saw all cases, and the pod of each mode."""
    pods = {}
    with watching("--namespace", TEAM) as watcher:
        for mode, pid in PID_MODES.items():
            pod = pods[mode] = runtime.pod(f"pod-{mode}", TEAM, pid=pid)
            for case in CASES:
                runtime.run(pod, case.name, *case.acts.split(), image=case.image, user=case.user)
            for image, acts in ENTERED.items():
                container = runtime.run(pod, f"entered-{image}", image="app", user=0 if image == "root" else None)
                for words, _ in acts:
                    assert runtime.exec(container, *words.split()) == 0
            # As `kubectl debug --target` does.
            runtime.run(pod, "debug", "sleep", "300", image="root", target=pod.containers["entered-app"])
            for container in pod.containers.values():
                watcher.wait("container", container)
        for pod in pods.values():
            for case in CASES:
                assert runtime.ended(pod.containers[case.name]) == 0, case.name
            assert runtime.ended(pod.containers["debug"]) == 0
    return watcher, pods


@pytest.mark.parametrize("mode", PID_MODES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_root_process_is_named_rightly(played, runtime, mode, case):
    watcher, pods = played
    expected = about(pods[mode], case.name, case.image, runtime)
    roots = watcher.seen("root", expected["id"])
    assert [told(one) for one in roots] == list(case.roots), watcher.told(expected["id"])
    assert {(one["state"], one["uid"], one["host_uid"]) for one in roots} <= {("root-on-host", 0, 0)}
    verdict = watcher.verdict(expected["id"])
    assert verdict["container"] == expected and verdict["lost"] == 0
    assert verdict["verdict"] == ("fail" if case.roots else "pass")
    drift = "runtime-drift" in {one["rule"] for one in verdict["findings"]}
    assert drift == bool(case.roots and case.image == "app")
    described = watcher.seen("container", expected["id"])[-1]
    declared = watchkit.IMAGES[case.image]
    assert described["image_user"] == (declared or "")
    assert described["uid"] == (int(declared or 0) if case.user is None else case.user)


@pytest.mark.parametrize("mode", PID_MODES)
def test_a_debug_container_is_one_of_its_own(played, runtime, mode):
    watcher, pods = played
    expected = about(pods[mode], "debug", "root", runtime)
    assert all_told(watcher, expected["id"]) == ["image-default acts exec"]
    assert watcher.verdict(expected["id"])["container"] == expected


@pytest.mark.parametrize("mode", PID_MODES)
@pytest.mark.parametrize("image", ENTERED)
def test_what_is_run_from_outside_is_told_of(played, mode, image):
    watcher, pods = played
    first = ["runtime-user acts exec"] if image == "root" else []
    expected = [one for _, roots in ENTERED[image] for one in roots]
    container = pods[mode].containers[f"entered-{image}"]
    assert all_told(watcher, container) == first + expected, watcher.told(container)


@pytest.mark.parametrize("mode", PID_MODES)
def test_a_sandbox_that_is_root_is_not_accused(played, runtime, mode):
    watcher, pods = played
    described = watcher.wait("container", pods[mode].id)
    assert (described["kind"], described["uid"]) == ("sandbox", 0)
    assert described["container"] == {
        "id": pods[mode].id, "engine": "containerd", "pod": pods[mode].name, "namespace": TEAM,
        "image": cri.PAUSE, "image_id": runtime.images["root"]}
    assert not watcher.seen("root", pods[mode].id) and not watcher.seen("verdict", pods[mode].id)


def test_who_is_put_into_a_sandbox_is_accused(runtime):
    with watching("--namespace", TEAM) as watcher:
        pod = runtime.pod("entered", TEAM)
        runtime.ctr("-n", cri.SPACE, "tasks", "exec", "--exec-id", "entered", pod.id, "/acts", "sleep", "20")
        watcher.wait("root", pod.id)
    assert all_told(watcher, pod.id) == ["exec-injected acts exec"]
    assert watcher.verdict(pod.id)["verdict"] == "fail"


def test_a_container_that_is_started_again_is_another(runtime):
    """The kubelet counts attempts: the same names, another id."""
    with watching("--namespace", TEAM) as watcher:
        pod = runtime.pod("restarts", TEAM)
        ids = []
        for attempt, image in enumerate(("root", "app", "root")):
            ids.append(runtime.run(pod, "main", image=image, attempt=attempt))
            assert watcher.wait("container", ids[-1])["container"] == about(pod, "main", image, runtime)
            runtime.remove_container(ids[-1])
    assert [watcher.verdict(one)["verdict"] for one in ids] == ["fail", "pass", "fail"]


def test_a_pod_that_is_made_again_is_another(runtime):
    """As a StatefulSet's are: the same pod, namespace and container, of another image each time; and once
    with the same UID and control group, as those of static pods are."""
    uids = [None, None, "0c7ed5a5-62d4-4d6f-a3c9-9dbb5f0c3f10", "0c7ed5a5-62d4-4d6f-a3c9-9dbb5f0c3f10"]
    with watching("--namespace", TEAM) as watcher:
        ids = []
        for turn, uid in enumerate(uids):
            image = ("root", "app")[turn % 2]
            pod = runtime.pod("again-0", TEAM, uid=uid)
            ids.append(runtime.run(pod, "main", image=image))
            assert watcher.wait("container", ids[-1])["container"] == about(pod, "main", image, runtime)
            runtime.remove(pod)
    assert len(set(ids)) == len(ids)
    assert [watcher.verdict(one)["verdict"] for one in ids] == ["fail", "pass", "fail", "pass"]


def test_a_pod_without_the_kubelets_group_is_one(runtime):
    """CRI's own clients (crictl) ask for none: it is /k8s.io/ID then."""
    with watching("--namespace", TEAM) as watcher:
        pod = runtime.pod("plain", TEAM, group="")
        runtime.run(pod, "main", image="root")
        watcher.wait("root", pod.containers["main"])
        watcher.wait("container", pod.id)
    assert watcher.verdict(pod.containers["main"])["container"] == about(pod, "main", "root", runtime)
    assert not watcher.seen("root", pod.id)


def test_a_pods_author_excuses_nobody(runtime):
    """Annotations of a pod that say what CRI says by its own."""
    said = {f"io.kubernetes.cri.{key}": value for key, value in (
        ("container-type", "sandbox"), ("container-name", "innocent"), ("sandbox-name", "another"),
        ("sandbox-namespace", "kube-system"), ("image-name", "registry.example/another:1"), ("own", "there"))}
    with watching("--namespace", TEAM) as watcher:
        pod = runtime.pod("author", TEAM, annotations=said)
        container = runtime.run(pod, "main", image="root")
        watcher.wait("root", container)
        watcher.wait("container", container)
    assert runtime.annotations(container)["io.kubernetes.cri.own"] == "there", "they did not reach the bundle"
    assert watcher.verdict(container)["container"] == about(pod, "main", "root", runtime)
    assert watcher.verdict(container)["verdict"] == "fail"


def test_pods_outlive_their_engine(scratch, archives):
    """Names are read of its files, while it is stopped and after it came back."""
    with cri.runtime(scratch / "cri-stopped", archives, leave=True) as runtime:
        pod = runtime.pod("outlives", TEAM)
        runtime.run(pod, "main", image="root")
    wanted = about(pod, "main", "root", runtime)
    try:
        for mode in MODES.values():
            with watching("--once", "--namespace", TEAM, *mode) as watcher:
                pass
            assert watcher.verdict(wanted["id"])["container"] == wanted
    finally:
        with cri.runtime(scratch / "cri-stopped", archives, pods=[pod]) as runtime:
            with watching("--namespace", TEAM) as watcher:
                assert runtime.exec(wanted["id"], "/acts", "sleep", "20") == 0
    assert all_told(watcher, wanted["id"]) == ["image-default acts found", "exec-injected acts exec"]
    assert watcher.verdict(wanted["id"])["container"] == wanted


# --- a tag that is moved while a container of it runs ---

MOVED = f"localhost/{MARK}-moved:1"


@pytest.fixture(scope="module")
def moved(archives, scratch):
    """Archives of two images of one name: that of a user, and root's."""
    programs = {name: (archives["programs"] / name).read_bytes() for name in ("acts", "mark")}
    images = {name: watchkit.image(programs, name) for name in watchkit.IMAGES}
    for image in images.values():
        image.tags = (MOVED,)
        image.config["config"]["Labels"] = {"moved": "yes"}  # an id of its own
    return {name: oci_archive(scratch / f"moved-{name}.tar", image) for name, image in images.items()}


def look(container):
    with watching("--once", "--container", container) as watcher:
        pass
    described, causes = watcher.seen("container", container)[-1], all_told(watcher, container)
    return described["container"].get("image_id"), described.get("image_user"), causes, described


def test_an_image_whose_name_another_has_by_now_is_the_old_one(runtime, moved):
    runtime.load(moved["app"])
    pod, old = runtime.pod("moved", TEAM), runtime.image_id(MOVED)
    asked, other = runtime.run(pod, "asked", image=old, user=0), runtime.run(pod, "other", image=old)
    runtime.load(moved["root"])
    assert runtime.image_id(MOVED, after=old) != old
    for container, causes in ((asked, ["runtime-user acts found"]), (other, [])):
        assert look(container)[:3] == (old, "1000", causes)
    assert look(other)[3]["container"]["image"] == MOVED
    runtime.ctr("-n", cri.SPACE, "images", "rm", MOVED)
    assert look(asked)[:3] == (old, "1000", ["runtime-user acts found"])


def test_of_ctrs_containers_it_is_not_known(runtime, archives, moved):
    """Nothing but the name is kept of their images."""
    plain = watchkit.Containerd(runtime.ctr, archives)
    plain.command("images", "import", moved["root"])
    container = plain.called("moved")
    plain.command("run", "--detach", "--null-io", MOVED, container)
    try:
        before = look(container)
        assert before[1:3] == ("", ["image-default acts found"]) and before[0]
        plain.command("images", "import", moved["app"])
        after = look(container)
        assert after[:3] == (None, None, ["started acts found"])
        assert MOVED in after[3]["incomplete"] and "anew" in after[3]["incomplete"]
    finally:
        plain.remove(container)
        plain.close()


# --- what runs already, filters and exceptions ---

@pytest.fixture(scope="module")
def standing(runtime):
    """{namespace: pod}, each with a container that is root and one that is not."""
    pods = {}
    for space in (TEAM, OTHERS):
        pods[space] = pod = runtime.pod("standing", space)
        runtime.run(pod, "root", image="root")
        runtime.run(pod, "asked", user=0)
        runtime.run(pod, "other")
    yield pods
    for pod in pods.values():
        runtime.remove(pod)


@pytest.mark.parametrize("mode", MODES)
def test_what_already_runs_is_found(standing, runtime, mode):
    with watching("--once", "--namespace", OTHERS, *MODES[mode]) as watcher:
        assert watcher.end(None) == 1
    pod = standing[OTHERS]
    assert all_told(watcher, pod.containers["root"]) == ["image-default acts found"]
    assert all_told(watcher, pod.containers["asked"]) == ["runtime-user acts found"]
    verdicts = {one["container"]["id"]: one for one in watcher.seen("verdict")}
    assert set(verdicts) == set(pod.containers.values()), "others' or the sandbox's"
    for name, image, verdict in (("root", "root", "fail"), ("asked", "app", "fail"), ("other", "app", "pass")):
        told_of = verdicts[pod.containers[name]]
        assert (told_of["container"], told_of["verdict"]) == (about(pod, name, image, runtime), verdict)


@pytest.mark.parametrize("options,spaces,names", [
    (("--namespace", TEAM), {TEAM}, {"root", "asked", "other"}),
    (("--namespace", f"{MARK}-*", "--container", "asked"), {TEAM, OTHERS}, {"asked"}),
    (("--namespace", f"{MARK}-*", "--engine", "containerd"), {TEAM, OTHERS}, {"root", "asked", "other"}),
    (("--namespace", TEAM, "--engine", "cri-o"), set(), set()),
    (("--namespace", f"{MARK}-nobody"), set(), set()),
], ids=("namespace", "container", "engine", "another-engine", "nobody"))
def test_filters_choose_containers(standing, options, spaces, names):
    with watching("--once", "--no-bpf", *options) as watcher:
        pass
    chosen = {pod.containers[name] for space, pod in standing.items() if space in spaces
              for name in pod.containers if name in names}
    assert {one["container"]["id"] for one in watcher.seen("verdict")} & {
        one for pod in standing.values() for one in pod.containers.values()} == chosen


def policy(place, *keys):
    path = place / "policy.yaml"
    lines = "".join(f"    {key}\n" for key in keys)
    path.write_text(f"exceptions:\n  - rule: root-process\n{lines}    reason: it must be root\n    owner: team\n",
                    encoding="ascii")
    return path


EXCEPTIONS = {  # the keys, and who of TEAM's and of OTHERS' containers is excepted
    "namespace": ((f"namespace: {TEAM}",), {"root", "asked"}, set()),
    "container": ((f"namespace: {MARK}-*", "container: asked"), {"asked"}, {"asked"}),
    "image": ((f"namespace: {OTHERS}", f"image: {IMAGES['root']}"), set(), {"root"}),
    "another": (("namespace: kube-system",), set(), set()),
}


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_a_policy_excepts_by_namespace(standing, place, name):
    keys, *excepted = EXCEPTIONS[name]
    with watching("--once", "--namespace", f"{MARK}-*", policy=policy(place, *keys)) as watcher:
        pass
    for space, names in zip((TEAM, OTHERS), excepted):
        for container in ("root", "asked"):
            of = standing[space].containers[container]
            events = watcher.seen("root", of)
            assert len(events) == 1 and ("excepted" in events[0]) == (container in names), watcher.told(of)
            found = [one for one in watcher.verdict(of)["findings"] if one["rule"] == "root-process"]
            assert ["excepted" in one for one in found] == [container in names]


def test_the_report_names_pods(standing):
    done = kit.run(kit.NONZERO, "watch", "--no-policy", "--once", "--no-bpf", "--namespace", TEAM, check=False,
                   timeout=60)
    assert done.returncode == 1
    text = done.stdout.decode()
    assert f"{TEAM}/standing" in text and "asked" in text, text


# --- enforcement: of the tests' namespaces, for other containers may run on this host ---

@pytest.fixture
def marks(place):
    place.chmod(0o777)
    (place / "out").mkdir()
    (place / "out").chmod(0o777)
    return place / "out"


def taken(marks):
    return (marks / "mark").stat().st_size if (marks / "mark").exists() else 0


def test_enforcement_ends_root_of_a_namespace_and_no_sandbox(runtime, marks):
    mounts = [(marks, "/out")]
    with watching("--enforce", "kill", "--namespace", TEAM) as watcher:
        pod, left = runtime.pod("ended", TEAM), runtime.pod("left", OTHERS)
        for name, options in (("root", {"image": "root"}), ("asked", {"user": 0})):
            assert runtime.ended(runtime.run(pod, name, "exec", "/mark", mounts=mounts, **options)) == 128 + 9
        other = runtime.run(pod, "other", mounts=mounts)
        assert runtime.exec(other, "/setuid-mark") == 128 + 9
        assert taken(marks) == 0
        assert runtime.exec(other, "/mark") == 0
        assert runtime.ended(runtime.run(left, "root", "exec", "/mark", image="root", mounts=mounts)) == 0
        assert runtime.ready(pod) and runtime.ready(left)
        assert taken(marks) == 2
    assert [one.get("action") for one in watcher.seen("root") if one["container"].get("pod") == "ended"] == (
        ["killed"] * 3), json.dumps(watcher.seen("root"), indent=1)
    assert not watcher.seen("root", left.containers["root"])


@pytest.mark.parametrize("keys,marked", [((f"namespace: {TEAM}",), 1), (("namespace: kube-system",), 0)],
                         ids=("this", "another"))
def test_enforcement_honours_exceptions_by_namespace(runtime, marks, place, keys, marked):
    with watching("--enforce", "kill", "--namespace", TEAM, policy=policy(place, *keys)):
        pod = runtime.pod("excepted", TEAM)
        code = runtime.ended(runtime.run(pod, "root", "exec", "/mark", image="root", mounts=[(marks, "/out")]))
    assert (taken(marks), code) == (marked, 0 if marked else 128 + 9)
