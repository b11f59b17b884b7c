"""What is known of real containers, and whom a watch tells beside standard output."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import jsonschema
import kit
import layouts
import pytest
import watching

LIMITS = ("--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000")
LIST = kit.PROJECT / "build" / "tests" / "containerlist"
WAIT = ("/actor", "wait")
CAPABILITIES = "+bpf,+perfmon,+sys_ptrace,+dac_read_search"


@pytest.fixture(scope="module")
def layout(scratch):
    """An image whose USER is a name: app, 1000."""
    place = scratch / "outlets"
    entries = [layouts.file("actor", 0o755, body=watching.actor()),
               layouts.directory("etc"),
               layouts.file("etc/passwd", body=b"root:x:0:0::/:/actor\napp:x:1000:1000::/:/actor\n"),
               layouts.directory("proc"), layouts.directory("tmp", 0o1777)]
    layouts.write_layout(str(place), [entries], user="app")
    return place


@pytest.fixture(scope="module")
def archive(layout, scratch):
    path = scratch / "outlets.tar"
    kit.run("skopeo", "--insecure-policy", "copy", "--quiet", f"oci:{layout}:{layouts.TAG}",
            f"docker-archive:{path}:outlets:1")
    yield path
    path.unlink()


@pytest.fixture(scope="module")
def podman(storage, archive):
    storage.podman("load", "-i", archive)
    return storage.podman


@pytest.fixture(scope="module")
def docker(own_docker, archive):
    own_docker("load", "-i", archive)
    return own_docker


@contextlib.contextmanager
def running(engine, *options, argv=WAIT):
    """A container that waits; its id and the pid of its first process."""
    container = engine("run", "--detach", *LIMITS, *options, "outlets:1", *argv).stdout.decode().strip()
    try:
        pid = engine("inspect", "--format", "{{.State.Pid}}", container).stdout.decode().strip()
        yield container, int(pid)
    finally:
        engine("kill", container, check=False)  # its first process takes no other signal, and Podman waits for it
        engine("rm", "--force", container, check=False)


def describe(*pids):
    kit.need_root()
    if not LIST.exists():
        kit.must_or_skip("build/tests/containerlist was not built")
    done = kit.run(LIST, *pids)
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


# --- what is known of containers ---

STARTS = {"as the image says": ((), 1000, "not-root"),
          "as root": (("--user", "0"), 0, "runtime"),
          "as root by name": (("--user", "root"), 0, "runtime"),
          "as another": (("--user", "1001:5"), 1001, "not-root")}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("name", ["podman", "docker"])
def test_a_container_is_known_wherever_its_engine_keeps_it(request, name, start):
    options, uid, cause = STARTS[start]
    engine = request.getfixturevalue(name)
    with running(engine, "--name", "known", *options) as (container, pid):
        fact = describe(pid)[0]
    assert (fact["engine"], fact["id"], fact["name"]) == (name, container, "known")
    assert fact["image"].endswith("outlets:1")
    assert fact["image_id"].startswith("sha256:")
    assert (fact["uid"], fact["image_user"], fact["cause"]) == (uid, "app", cause)
    assert "why" not in fact


def test_what_podman_removes_at_its_end_and_maps_is_known(podman):
    with running(podman, "--rm", "--uidmap", "0:100000:65536", "--user", "0") as (_, pid):
        fact = describe(pid)[0]
    assert fact["userns"] and fact["uid"] == 0 and fact["cause"] == "runtime"
    assert fact["image_user"] == "app"


def test_a_process_that_exec_started_leads_to_the_container(docker, podman):
    for engine in (docker, podman):
        with running(engine) as (container, first):
            engine("exec", "--detach", "--user", "0", container, *WAIT)
            group = pathlib.Path(f"/proc/{first}/cgroup").read_text(encoding="utf-8")
            pids = [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and
                    int(entry) != first and _group(entry) == group]
            assert pids
            fact = describe(pids[0])[0]
        assert fact["id"] == container and fact["uid"] == 1000 and "why" not in fact


def _group(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
    except OSError:
        return None


def test_a_container_of_containerd_is_described(containerd_engine, layout, scratch):
    path = scratch / "described.tar"
    kit.run("skopeo", "--insecure-policy", "copy", "--quiet", f"oci:{layout}:{layouts.TAG}",
            f"oci-archive:{path}:described:latest")
    containerd_engine("-n", "k8s.io", "image", "import", path)
    path.unlink()
    images = containerd_engine("-n", "k8s.io", "image", "ls", "-q").stdout.decode().split()
    image = next(one for one in images if "described" in one)
    name, uid = "c" * 64, "2f9d6c3e-8a41-4f6b-9b7e-0c1d2e3f4a5b"
    notes = {"container-type": "container", "container-name": "web", "sandbox-name": "web-5d",
             "sandbox-namespace": "blue", "image-name": "registry.example/web:1"}
    options = [f"--annotation=io.kubernetes.cri.{key}={value}" for key, value in notes.items()]
    containerd_engine("-n", "k8s.io", "run", "--detach", "--cgroup",
                      f"/kubepods/besteffort/pod{uid}/{name}", *options, image, name, *WAIT)
    try:
        tasks = containerd_engine("-n", "k8s.io", "tasks", "ls").stdout.decode().splitlines()
        pid = next(line.split()[1] for line in tasks if line.startswith(name))
        fact = describe(pid)[0]
    finally:
        containerd_engine("-n", "k8s.io", "tasks", "kill", "-s", "9", name, check=False)
        time.sleep(0.5)
        containerd_engine("-n", "k8s.io", "containers", "rm", name, check=False)
    assert (fact["engine"], fact["name"], fact["pod"], fact["namespace"]) == (
        "containerd", "web", "web-5d", "blue")
    assert (fact["image"], fact["image_user"], fact["uid"]) == ("registry.example/web:1", "app", 1000)


# --- the audit log ---

def audit_lines(path):
    schema = json.loads((kit.PROJECT / "docs" / "audit-v1.schema.json").read_bytes())
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        jsonschema.Draft202012Validator(schema).validate(line)
    return lines


def wait_until(true, timeout=15):
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        found = true()
        if found:
            return found
        time.sleep(0.05)
    return true()


def test_root_sessions_are_in_the_audit_log_with_their_ends(docker, podman, place):
    log = place / "audit.log"
    with contextlib.ExitStack() as stack:
        pids = [stack.enter_context(running(engine)) for engine in (docker, podman)]
        with watching.Watch("--audit-log", str(log)) as watch:
            for engine, (container, _) in zip((docker, podman), pids):
                engine("exec", "--user", "0", container, "/actor", "exit")
                assert watch.root(container)
            watch.stop()
    lines = audit_lines(log)
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    for container, _ in pids:
        sessions = [line for line in lines
                    if line["event"] == "session" and line["container"]["id"] == container]
        ends = [line for line in lines
                if line["event"] == "session-end" and line["container"] == container]
        process = sessions[-1]["process"]
        assert process["cause"] == "exec-injected" and process["executable"] == "/actor"
        assert process["root_on_host"] and process["host_uid"] == 0
        assert process["pid"] in [end["pid"] for end in ends]


def test_a_full_disk_for_the_audit_log_is_counted_and_holds_nothing_up(podman, place):
    disk = place / "disk"
    disk.mkdir()
    kit.run("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk)
    try:
        (disk / "filler").write_bytes(b"x" * 4096)
        with running(podman) as (container, _), \
                watching.Watch("--audit-log", str(disk / "audit.log")) as watch:
            for _ in range(40):
                podman("exec", "--user", "0", container, "/actor", "exit")
            assert wait_until(lambda: watch.next(lambda e: len(watch.roots(container)) >= 40, 1))
            (disk / "filler").unlink()
            podman("exec", "--user", "0", container, "/actor", "exit")
            watch.stop()
        lines = audit_lines(disk / "audit.log")
        assert b"lines of the audit log could not be written" in watch.errors
        assert [line for line in lines if line["event"] == "gap"]
        assert lines[-1]["event"] == "stop"
        assert watch.verdict(container)["verdict"] == "fail"
    finally:
        kit.run("umount", disk)


# --- metrics ---

def get(address, path):
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_metrics_count_what_the_events_say(podman):
    port = free_port()
    with running(podman, "--user", "0") as (container, _), \
            watching.Watch("--listen", str(port)) as watch:
        podman("exec", container, "/actor", "exit")
        assert watch.root(container, cause="exec-injected")
        address = f"127.0.0.1:{port}"
        wanted = 'nonzero_watch_root_processes_total{cause="exec-injected"} '
        page = wait_until(lambda: next(
            (text for _, text in [get(address, "/metrics")]
             for line in text.splitlines() if line.startswith(wanted) and int(line.split()[-1]) > 0), None))
        assert page and 'nonzero_watch_info{version="0.1.0",mode="bpf"} 1' in page
        assert container not in page
        assert get(address, "/healthz") == (200, "ok\n")
        watch.stop()
    assert f"metrics are at http://127.0.0.1:{port}/metrics".encode() in watch.errors


# --- reload, systemd, privileges ---

def write_policy(path, container):
    path.write_text("exceptions:\n- rule: root-process\n"
                    f"  container: {container}\n  reason: r\n  owner: o\n", encoding="utf-8")


class Service:
    """A watch as systemd starts it: quiet, with a socket to tell."""

    def __init__(self, place, *options, prefix=()):
        self.path = place / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        os.chmod(self.path, 0o777)
        self.socket.settimeout(20)
        environment = {**os.environ, "NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": "400000"}
        self.process = subprocess.Popen([*prefix, kit.NONZERO, "watch", *options], env=environment,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert "READY=1" in self.heard("READY=1")

    def heard(self, what):
        while True:
            text = self.socket.recv(4096).decode()
            if what in text:
                return text

    def tell(self, number):
        self.process.send_signal(number)

    def end(self):
        self.tell(signal.SIGTERM)
        self.heard("STOPPING=1")
        out, errors = self.process.communicate(timeout=30)
        return self.process.returncode, out.decode(), errors.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.socket.close()


def test_a_broken_policy_on_reload_keeps_the_old_one(podman, place):
    policy, log = place / "policy.yaml", place / "audit.log"
    write_policy(policy, "kept")
    with running(podman, "--name", "kept", "--user", "0"), \
            Service(place, "--policy", policy, "--quiet", "--audit-log", log,
                    "--container", "kept") as service:
        policy.write_text("exceptions: [", encoding="utf-8")
        service.tell(signal.SIGHUP)
        service.heard("RELOADING=1")
        assert "could not be read anew" in service.heard("READY=1")
        code, _, errors = service.end()
    assert code == 0, errors  # it is still excepted
    assert "the policy was not read anew, the one before stays" in errors
    refused = [line for line in audit_lines(log) if line["event"] == "policy-refused"]
    assert len(refused) == 1 and "policy.yaml" in refused[0]["why"]


def test_a_policy_is_read_anew(podman, place):
    policy = place / "policy.yaml"
    write_policy(policy, "other")
    with running(podman, "--name", "reread", "--user", "0"), \
            Service(place, "--policy", policy, "--quiet", "--container", "reread") as service:
        write_policy(policy, "reread")
        service.tell(signal.SIGHUP)
        service.heard("was read anew")
        code, _, errors = service.end()
    assert code == 0, errors


def test_the_watchdog_is_fed(place):
    with Service(place, "--quiet") as service:
        for _ in range(3):
            service.heard("WATCHDOG=1")
        service.end()


def test_privileges_are_given_up_by_all_threads(place):
    with Service(place, "--quiet", "--audit-log", place / "audit.log", "--listen", "0") as service:
        tasks = pathlib.Path(f"/proc/{service.process.pid}/task")
        texts = [(task / "status").read_text(encoding="utf-8") for task in tasks.iterdir()]
        assert len(texts) >= 4
        for text in texts:
            values = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
            assert int(values["CapEff"], 16) & ~(1 << 2 | 1 << 19 | 1 << 38 | 1 << 39) == 0
            assert values["CapEff"] == values["CapPrm"] and int(values["CapInh"], 16) == 0
            assert values["NoNewPrivs"] == "1"
        service.end()


def test_a_user_with_four_capabilities_sees_as_much(podman, reachable, place):
    kit.need("setpriv")
    program = reachable / "watch-bin"
    shutil.rmtree(program, ignore_errors=True)
    program.mkdir()
    for name in ("nonzero", "nonzero-watch"):
        shutil.copy2(kit.NONZERO.with_name(name), program / name)
    as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps",
                 f"-all,{CAPABILITIES}", "--ambient-caps", f"-all,{CAPABILITIES}"]
    with running(podman, "--name", "seen") as (container, _):
        done = subprocess.Popen([*as_nobody, program / "nonzero", "watch", "--format", "json",
                                 "--no-policy", "--duration", "6s"], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, bufsize=0)
        first = done.stdout.readline()
        podman("exec", "--user", "0", container, "/actor", "exit")
        out, errors = done.communicate(timeout=60)
    assert json.loads(first)["mode"] == "bpf", errors.decode()
    events = [json.loads(line) for line in out.decode().splitlines()]
    found = [event for event in events if event["event"] == "root" and
             event["container"]["id"] == container]
    assert found and found[0]["container"].get("name") == "seen"


def test_a_watcher_in_a_container_sees_the_others(podman, storage, reachable, scratch, place):
    """As packaging/kubernetes has it: another user than root, whose one file has the capabilities."""
    kit.need("setcap")
    system = scratch / "watcher-image"
    entries = [layouts.symlink(name, f"usr/{name}") for name in ("bin", "lib", "lib64")]
    entries += [layouts.directory(name) for name in ("usr", "opt", "proc", "run", "tmp", "var")]
    layouts.write_layout(str(system), [entries], user="65532:65532")
    image = storage.podman("pull", "--quiet", f"oci:{system}:{layouts.TAG}").stdout.decode().strip()
    program = place / "bin"
    program.mkdir(mode=0o755)
    for name in ("nonzero", "nonzero-watch"):
        shutil.copy2(kit.NONZERO.with_name(name), program / name)
    kit.run("setcap", "cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search=ep",
            program / "nonzero-watch")
    watcher = ["--rm", "--name", "watcher", "--pid", "host", "--security-opt", "seccomp=unconfined",
               "--cap-drop", "all", "--cap-add", "bpf,perfmon,sys_ptrace,dac_read_search",
               "--read-only", "-v", "/usr:/usr:ro", "-v", f"{program}:/opt:ro",
               "-v", f"{storage.directory}:{storage.directory}:ro,rslave",
               "-v", f"{storage.run_root}:{storage.run_root}:ro,rslave"]
    with running(podman, "--name", "others") as (container, _):
        command = ["podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs", *storage.root, "run",
                   *LIMITS, *watcher, image, "/opt/nonzero", "watch", "--no-policy", "--format", "json",
                   "--duration", "8s"]
        with subprocess.Popen(command, env=storage.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, bufsize=0) as done:
            first = done.stdout.readline()
            podman("exec", "--user", "0", container, "/actor", "exit")
            out, errors = done.communicate(timeout=120)
    assert first and json.loads(first)["mode"] == "bpf", errors.decode()
    events = [json.loads(line) for line in out.decode().splitlines()]
    found = [event for event in events if event["event"] == "root" and
             event["container"]["id"] == container]
    assert found and found[0]["cause"] == "exec-injected" and found[0]["container"]["name"] == "others"


# --- the live view ---

@pytest.fixture
def tmux(place):
    kit.need("tmux")
    socket_path = place / "tmux"

    def run(*arguments, **options):
        return kit.run("tmux", "-S", socket_path, *arguments, **options).stdout.decode()

    yield run
    run("kill-server", check=False)


def screen_with(tmux, *texts):
    return wait_until(lambda: next((text for text in [tmux("capture-pane", "-p")]
                                    if all(one in text for one in texts)), None))


def test_the_live_view_shows_filters_and_quits(podman, tmux):
    with running(podman, "--name", "viewed") as (container, _), \
            running(podman, "--name", "clean"):
        tmux("new-session", "-d", "-x", "100", "-y", "30",
             f"{kit.NONZERO} watch --no-policy --live -c viewed -c clean; echo ended $?; sleep 60")
        assert screen_with(tmux, "nonzero watch", "q quit")
        podman("exec", "--user", "0", container, "/actor", "exit")
        screen = screen_with(tmux, "FAIL", "viewed", "exec-injected", "/actor")
        assert screen, tmux("capture-pane", "-p")
        tmux("send-keys", "/", "clea")
        assert screen_with(tmux, "filter: clea_")
        tmux("send-keys", "Enter")
        assert wait_until(lambda: "FAIL" not in tmux("capture-pane", "-p").split("NEWEST")[0])
        tmux("send-keys", "Escape")
        assert screen_with(tmux, "FAIL", "verdict: all")
        tmux("send-keys", "f")
        assert screen_with(tmux, "verdict: fail")
        tmux("resize-window", "-x", "60", "-y", "12")
        screen = screen_with(tmux, "NEWEST")
        assert max(len(line) for line in screen.splitlines()) <= 60
        tmux("send-keys", "q")
        assert screen_with(tmux, "ended 1"), tmux("capture-pane", "-p")


# --- what cannot be opened ---

BAD = {"a directory that is not there": ("--audit-log", "{place}/no/audit.log", "cannot open the audit log"),
       "a directory": ("--audit-log", "{place}", "cannot open the audit log"),
       "no address": ("--listen", "web", "no place to listen"),
       "a port that is in use": ("--listen", "{port}", "cannot listen at"),
       "no terminal": ("--live", "--quiet", "the live view needs a terminal")}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_opened_is_said_at_once(what, place):
    kit.need_root()
    option, value, message = BAD[what]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        value = value.format(place=place, port=taken.getsockname()[1])
        done = kit.run(kit.NONZERO, "watch", "--no-policy", option, value, check=False, timeout=60)
    assert done.returncode == 2
    assert message in done.stderr.decode()
