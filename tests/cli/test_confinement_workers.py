"""The processes that work for a scan give up what they do not need: the one that keeps the cache, and
the program that fetches. What they could still do is tried in tests/unit/test_confine.c."""

import contextlib
import json
import os
import re
import signal
import stat
import subprocess
import threading
from pathlib import Path

import pytest
from conftest import unavailable
from oddimage import Image, Layer
from oddtar import archive, file
from program import FAIL, PROGRAM, run
from registry import Answer, serving
from test_confinement import EXPECTED, status, summary_of, taken_away, until


@pytest.fixture
def confined():
    summary = summary_of(run("scan", "--verbose", "-", stdin=b""))
    if "not in force" in summary or "not confined" in summary:
        unavailable(f"needs a kernel with Landlock and seccomp: {summary}")


@pytest.fixture
def registry():
    body = os.urandom(100_000)
    image = Image([Layer(archive(file("usr/bin/su", 0o4755, body=body)), "gzip")])
    with serving(image) as one:
        yield one


@pytest.fixture
def start(registry, tmp_path):
    """Starts a scan of the registry's image."""
    home = tmp_path / "home"
    home.mkdir()
    # A name by which this scan's is found: it is not the scan's child.
    fetch = os.environ.get("NONZERO_FETCH", os.path.join(os.path.dirname(PROGRAM), "nonzero-fetch"))
    (tmp_path / "nonzero-fetch").symlink_to(os.path.abspath(fetch))
    environment = {
        **os.environ,
        "HOME": str(home),
        "CONTAINERS_REGISTRIES_CONF": os.devnull,
        "NONZERO_FETCH": str(tmp_path / "nonzero-fetch"),
    }
    started = []

    def start(*args, env=None, **knobs):
        process = subprocess.Popen(
            [
                PROGRAM,
                "scan",
                "--plain-http",
                "--cache-dir",
                tmp_path / "cache",
                *args,
                registry.source,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environment, **(env or {})},
            **knobs,
        )
        process.fetch = os.fsencode(tmp_path / "nonzero-fetch")
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def judge(start, **knobs):
    process = start("-f", "json", **knobs)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (FAIL, b"")
    return json.loads(out)


def stalling(registry):
    """The layer begins to come, and goes on when the event is set."""
    go_on = threading.Event()

    def chunks(data):
        yield data[:1000]
        go_on.wait(20)
        yield data[1000:]

    def rule(request):
        truth = registry.truth(request)
        if request.kind == "blobs" and len(truth.body) > 50_000:
            return Answer(truth.status, truth.headers, chunks=chunks(truth.body))
        return None

    registry.rule(rule)
    return go_on


def processes():
    """(pid, parent, arguments) of all that run."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            arguments = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
            yield int(entry), int(status(entry)["PPid"]), arguments


def workers(registry, process):
    """The pids, while a layer is on its way: the cache's, the fetching one's, the helpers'."""
    until(lambda: len(registry.asked("blobs")) >= 2)
    running = list(processes())
    ours = [os.fsencode(argument) for argument in process.args]
    (cache,) = [pid for pid, _, args in running if args[:-1] == ours and pid != process.pid]
    both = {pid: parent for pid, parent, args in running if args[0] == process.fetch}
    (helpers,) = [pid for pid, parent in both.items() if parent in both]
    (fetch,) = both.keys() - {helpers}
    return cache, fetch, helpers


def privileges(pid):
    tasks = os.listdir(f"/proc/{pid}/task")
    return {(status(pid, task)["Seccomp"], status(pid, task)["NoNewPrivs"]) for task in tasks}


def test_workers_are_confined_while_they_work(confined, registry, start):
    go_on = stalling(registry)
    process = start()
    cache, fetch, helpers = workers(registry, process)
    assert privileges(process.pid) == privileges(cache) == privileges(fetch) == {("2", "1")}
    assert privileges(helpers) == {("0", "0")}  # what it runs is as everywhere
    go_on.set()
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (FAIL, b"") and b"/usr/bin/su" in out


def test_memory_of_workers_is_nobodys(registry, start):
    go_on = stalling(registry)
    process = start()
    cache, fetch, _ = workers(registry, process)
    for pid in (cache, fetch):
        # The files in there are root's when a process may not be looked into.
        assert os.stat(f"/proc/{pid}/mem").st_uid == 0
    with open(f"/proc/{fetch}/limits") as limits:
        assert re.search(r"Max core file size +0 +0 ", limits.read())
    go_on.set()


def test_workers_end_when_the_scan_is_killed(registry, start):
    stalling(registry)
    process = start()
    pids = workers(registry, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: not any(is_running(pid) for pid in pids))


def is_running(pid):
    try:
        return status(pid)["State"][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_no_descriptor_is_passed_on(registry, start, tmp_path):
    go_on = stalling(registry)
    (tmp_path / "secret").write_text("secret")
    secret = os.open(tmp_path / "secret", os.O_RDONLY)
    process = start(pass_fds=[secret])
    for pid in workers(registry, process):
        if os.geteuid() == 0:
            links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
            assert not [link for link in links if link.endswith("/secret")]
    os.close(secret)
    go_on.set()


# Nothing they need is refused ---------------------------------------------------------------------


def calls_by_process(log):
    """{pid: its calls from its confinement on}; a thread is a process here."""
    calls, cut = {}, {}
    for line in log.read_text(errors="replace").splitlines():
        pid, call = line.split(maxsplit=1)
        if unfinished := re.fullmatch(r"(.*) <unfinished \.\.\.>", call):
            cut[pid] = unfinished[1]
            continue
        if resumed := re.fullmatch(r"<\.\.\. \w+ resumed>(.*)", call):
            call = cut.pop(pid, "") + resumed[1]
        if pid in calls:
            calls[pid].append(call)
        made = re.match(r"clone\(.*CLONE_THREAD.* = (\d+)$", call)
        if made and pid in calls:
            calls.setdefault(made[1], [])
        if call.startswith("seccomp(SECCOMP_SET_MODE_FILTER"):
            calls[pid] = []
    return calls


def trace(strace, tmp_path, registry):
    log = tmp_path / "trace"
    done = subprocess.run(
        [strace, "-f", "-qq", "-s", "400", "-o", log, PROGRAM, "scan", "--plain-http",
         "--cache-dir", tmp_path / "cache", registry.source],
        env={**os.environ, "HOME": str(tmp_path), "CONTAINERS_REGISTRIES_CONF": os.devnull},
        stdin=subprocess.DEVNULL, capture_output=True,
    )  # fmt: skip
    assert done.returncode == FAIL, done
    return calls_by_process(log)


def test_workers_are_refused_nothing(confined, tool, tmp_path, registry):
    for round_ in ("makes the cache", "uses it"):
        calls = trace(tool("strace"), tmp_path, registry)
        refused = [
            (pid, call)
            for pid, those in calls.items()
            for call in those
            if re.search(r" = -1 (EPERM|EACCES|ENOSYS)|SIGSYS", call) and not EXPECTED.match(call)
        ]
        assert not refused, round_
        database = f'"{tmp_path}/cache/facts.sqlite"'
        (keeper,) = [those for those in calls.values() if any(database in call for call in those)]
        opened = [call for call in keeper if re.match(r"open(at)?\(", call)]
        opened = [call for call in opened if not EXPECTED.match(call)]
        assert opened and all(f'"{tmp_path}/cache/' in call for call in opened), round_


# Kernels that lack a part -------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["landlock_create_ruleset", "seccomp"])
def test_workers_work_on_a_kernel_without(confined, registry, start, call):
    first = judge(start, preexec_fn=taken_away(call))
    asked = len(registry.asked("blobs"))
    again = judge(start, preexec_fn=taken_away(call))
    assert first["subjects"] == again["subjects"]
    assert len(registry.asked("blobs")) == asked + 1  # the configuration alone: the layer was kept


# Credential helpers -------------------------------------------------------------------------------

SAYS = """echo '{"Username": "reader", "Secret": "secret"}'"""


def log_in_by(registry, tmp_path, script):
    """A helper that is asked for what the registry wants: an environment."""
    registry.rule(
        lambda request: None
        if "authorization" in request.headers
        else Answer(401, {"WWW-Authenticate": 'Basic realm="here"'})
    )
    folder = tmp_path / "home" / ".docker"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"credsStore": "test"}))
    program = tmp_path / "docker-credential-test"
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}"}


def test_a_helper_runs_as_it_would_elsewhere(registry, start, tmp_path):
    """It may write, and programs that it starts may gain privileges: some ask a daemon or sudo."""
    env = log_in_by(
        registry,
        tmp_path,
        f'cat /proc/self/status > "$HOME/status"; ulimit -c > "$HOME/core"; {SAYS}',
    )
    core = subprocess.run(["sh", "-c", "ulimit -c"], capture_output=True).stdout
    judge(start, env=env)
    said = (tmp_path / "home" / "status").read_text()
    here = open("/proc/self/status").read()
    for what in ("Seccomp", "NoNewPrivs", "SigBlk", "CapEff"):
        line = re.compile(rf"^{what}:\s.*$", re.M)
        assert line.search(said)[0] == line.search(here)[0]
    # Signals that a program which was started ignores: as they were.
    assert int(re.search(r"^SigIgn:\s(\w+)", said, re.M)[1], 16) & (1 << (signal.SIGPIPE - 1)) == 0
    assert (tmp_path / "home" / "core").read_bytes() == core


def test_a_helper_ends_when_nobody_waits_for_it(registry, start, tmp_path):
    env = log_in_by(
        registry,
        tmp_path,
        'echo $$ > "$HOME/pid.new"; mv "$HOME/pid.new" "$HOME/pid"; exec sleep 100',
    )
    process = start(env=env)
    until((tmp_path / "home" / "pid").exists)
    pid = int((tmp_path / "home" / "pid").read_text())
    assert is_running(pid)
    process.kill()
    until(lambda: not is_running(pid))
