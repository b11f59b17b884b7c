"""What the tests of `nonzero watch` lean on: tiny images of static programs, three engines that run them in
the same words, and a watcher whose events can be waited for."""

import concurrent.futures
import contextlib
import hashlib
import json
import os
import pathlib
import signal
import struct
import subprocess
import sys
import threading
import time

import engines
import kit

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from oddimage import Image, Layer, docker_archive, oci_archive  # noqa: E402
from oddtar import archive, directory, file  # noqa: E402

SOURCES = pathlib.Path(__file__).resolve().parent / "watch"
# Every container of these tests is called so: others may run on this host meanwhile.
MARK = f"nzw{os.getpid()}"
CAP_SETUID = 1 << 7
PASSWD = b"root:x:0:0::/:/acts\napp:x:1000:1000::/:/acts\n"
IMAGES = {"app": "1000", "root": None}  # by the image's User
WAIT = 20  # seconds that anything may take on a busy machine


def compiled(directory):
    """{name: bytes} of the static programs."""
    kit.need("gcc")
    flags = {"acts": ["-O2", "-pthread"], "mark": ["-Os", "-nostdlib", "-fno-stack-protector"]}
    for name, extra in flags.items():
        kit.run("gcc", "-static", *extra, "-o", directory / name, SOURCES / f"{name}.c")
    return {name: (directory / name).read_bytes() for name in flags}


def capability(permitted):
    """security.capability, revision 2, effective."""
    return struct.pack("<IIIII", 0x02000001, permitted, 0, 0, 0)


def image(programs, name):
    acts = programs["acts"]
    files = archive(
        directory("etc"), directory("proc"), directory("dev"), directory("sys"), directory("tmp", 0o1777),
        file("etc/passwd", 0o644, body=PASSWD), file("acts", body=acts), file("mark", body=programs["mark"]),
        file("setuid-mark", 0o4755, body=programs["mark"]),
        file("setuid", 0o4755, body=acts), file("demoted", 0o4755, uid=1000, body=acts),
        file("capable", body=acts, xattrs={"security.capability": capability(CAP_SETUID)}))
    return Image([Layer(files)], user=IMAGES[name], tags=(f"localhost/nzw-{name}:1",),
                 config={"config": {key: value for key, value in (
                     ("User", IMAGES[name]), ("Entrypoint", ["/acts"]), ("Cmd", ["sleep", "600000"])) if value}})


class Engine:
    """One engine's containers. Words that `acts` understands come after a container's name."""

    kind = "docker"
    detach = ("--detach",)

    def __init__(self, command):
        self.command, self.names = command, []

    def called(self, name):
        return f"{MARK}-{self.kind}-{name}"

    def play(self, name, *acts, **options):
        """A container from its start to its end."""
        return self.start(name, acts, **options)

    def run(self, name, *acts, **options):
        """A container in the background; its id."""
        return self.start(name, acts, self.detach, **options).stdout.decode().strip()

    def create(self, name, *acts, image="app", options=()):
        """A container that does not run yet; its id."""
        self.names.append(self.called(name))
        return self.command("create", *self.run_options, "--name", self.called(name), *options,
                            f"localhost/nzw-{image}:1", *acts).stdout.decode().strip()

    def start(self, name, acts, how=(), image="app", options=(), before=(), check=True):
        self.names.append(self.called(name))
        return self.command(*before, "run", *how, *self.run_options, "--name", self.called(name), *options,
                            f"localhost/nzw-{image}:1", *acts, check=check)

    def id_of(self, name):
        """Of one that is not removed."""
        return self.command("inspect", "--format", "{{.Id}}", self.called(name)).stdout.decode().strip()

    def exec(self, name, *argv, user=None, check=True):
        user = ("--user", user) if user is not None else ()
        return self.command("exec", *user, self.called(name), *argv, check=check)

    def remove(self, *names):
        for start in range(0, len(names), 50):
            self.command("rm", "--force", *names[start:start + 50], check=False)

    def close(self):
        self.remove(*self.names)


class Docker(Engine):
    run_options = ("--network", "none")

    def __init__(self, command, archives):
        super().__init__(command)
        for path in archives["docker"]:
            self.command("load", "--input", path)


class Podman(Docker):
    kind = "podman"
    run_options = tuple(word for word in engines.PODMAN_RUN if word not in ("run", "--rm"))

    def __init__(self, storage, archives):
        super().__init__(storage.podman, archives)
        self.storage = storage


class Containerd(Engine):
    kind = "containerd"

    def __init__(self, command, archives, space="default"):
        super().__init__(lambda *words, **options: command("-n", space, *words, **options))
        self.plain, self.space = command, space
        self.command("images", "import", archives["oci"])
        self.turn = 0

    def id_of(self, name):
        return self.called(name)

    def run(self, name, *acts, **options):
        self.start(name, acts, self.detach, **options)
        return self.called(name)

    def start(self, name, acts, how=(), image="app", options=(), check=True):
        self.names.append(self.called(name))
        return self.command("run", *how, "--null-io", "--allow-new-privs", *options, f"localhost/nzw-{image}:1",
                            self.called(name), *(("/acts", *acts) if acts else ()), check=check)

    def exec(self, name, *argv, user=None, check=True):
        self.turn += 1
        user = ("--user", user) if user is not None else ()
        return self.command("tasks", "exec", "--exec-id", f"e{self.turn}", *user, self.called(name), *argv,
                            check=check)

    def remove(self, *names):
        for name in names:
            self.command("tasks", "kill", "--signal", "KILL", name, check=False)
            self.command("tasks", "rm", "--force", name, check=False)
            self.command("containers", "rm", name, check=False)

    def close(self):
        super().close()
        for top in hierarchies():  # containerd leaves the groups of its namespaces
            with contextlib.suppress(OSError):
                pathlib.Path(top, self.space).rmdir()


class Watcher:
    """`nonzero watch` with these options, reading its events as they come."""

    def __init__(self, *options, program=(kit.NONZERO,), policy=None):
        policy = ("--policy", policy) if policy else ("--no-policy",)
        self.process = subprocess.Popen([*map(str, (*program, "watch", "--format", "json", *policy, *options))],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.events, self.errors, self.changed = [], b"", threading.Condition()
        self.pause = threading.Event()  # cleared: its output is not read
        self.pause.set()
        self.threads = [threading.Thread(target=one) for one in (self.read_events, self.read_errors)]
        for thread in self.threads:
            thread.start()

    def read_events(self):
        for line in self.process.stdout:
            self.pause.wait()
            arrived = time.time()
            event = json.loads(line)
            event["arrived"] = arrived
            with self.changed:
                self.events.append(event)
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def read_errors(self):
        self.errors = self.process.stderr.read()

    def seen(self, event=None, container=None, **wanted):
        """The events so far that are like this."""
        with self.changed:
            return [one for one in self.events if like(one, event, container, wanted)]

    def wait(self, event=None, container=None, count=1, timeout=WAIT, **wanted):
        end = time.monotonic() + timeout
        while len(found := self.seen(event, container, **wanted)) < count:
            with self.changed:
                left = end - time.monotonic()
                assert left > 0 and (self.process.poll() is None or self.changed.wait(0.5)), (
                    f"no {event} {wanted} of {container}: {self.told(container)}")
                self.changed.wait(min(left, 0.2))
        return found[0] if count == 1 else found

    def told(self, container=None):
        kept = [one for one in self.events if container is None or like(one, None, container, {})]
        shown = kept if len(kept) < 12 else [*kept[:6], *kept[-6:]]
        return "\n".join([*map(json.dumps, shown), self.errors.decode(errors="replace")])

    def end(self, number=signal.SIGINT):
        """Its exit code, after a signal (None: as it ends by itself)."""
        if number and self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(WAIT)
        for thread in self.threads:
            thread.join()
        return code

    def verdict(self, container):
        found = self.seen("verdict", container)
        assert len(found) == 1, self.told(container)
        return found[0]


def like(event, kind, container, wanted):
    if kind and event["event"] != kind:
        return False
    about = event.get("container", {})
    if container and container not in (about.get("id"), about.get("name")):
        return False
    return all(event.get(key) == value for key, value in wanted.items())


@contextlib.contextmanager
def watching(*options, **how):
    """A watcher that has begun, and ends with the block."""
    watcher = Watcher(*options, **how)
    try:
        watcher.wait("start")
        yield watcher
        watcher.end()
    finally:
        if watcher.process.poll() is None:
            watcher.process.kill()
        watcher.end(None)


def told(event):
    """A root event in short: "cause program when"."""
    path = event["executable"]
    program = "memory" if "memfd" in path or path.startswith("/dev/fd/") else os.path.basename(path)
    return f"{event['cause']} {program} {event['when']}"


def side_by_side(jobs, workers=6):
    """The results of functions; what failed raises."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return [future.result() for future in [pool.submit(job) for job in jobs]]


def make_archives(directory):
    directory.mkdir(exist_ok=True)
    programs = compiled(directory)
    images = [image(programs, name) for name in IMAGES]
    return {"programs": directory,
            "docker": [docker_archive(directory / f"{name}.tar", one) for name, one in zip(IMAGES, images)],
            "oci": oci_archive(directory / "oci.tar", *images)}


def held_in_kernel(pid):
    """What of BPF a process holds: ("prog", "map" or "link", id)."""
    found = set()
    for info in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        for line in info.read_text(encoding="ascii").splitlines():
            key, _, value = line.partition(":")
            if key in ("prog_id", "map_id", "link_id"):
                found.add((key[:-3], int(value)))
    return found


def in_kernel():
    kit.need("bpftool")
    return {(kind, one["id"]) for kind in ("prog", "map", "link")
            for one in json.loads(kit.run("bpftool", "--json", kind, "list").stdout)}


def resident(pid):
    """Bytes of memory that a process has to itself or shares."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file_:
        return int(file_.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Groups:
    """Containers without an engine, by the hundred: where Docker's are in every hierarchy, in a mount namespace
    of their own. Elsewhere than in `docker` they are what some program of the host's has made."""

    def __init__(self, parent="docker"):
        self.count, self.made, self.parent = 0, [], parent
        # A group of cpuset's takes no process before it has processors.
        self.tops = [pathlib.Path(top) for top in hierarchies() if "cpuset" not in top]

    def __enter__(self):
        for top in self.tops:
            if not (top / self.parent).exists():
                (top / self.parent).mkdir()
                self.made.append(top / self.parent)
        return self

    def __exit__(self, *_):
        for path in self.made:
            with contextlib.suppress(OSError):  # an engine's by now
                path.rmdir()

    def play(self, programs, times, user=0):
        """The ids of so many, each of which has one process of that user."""
        names = [hashlib.sha256(f"{MARK}-{self.count + turn}".encode()).hexdigest() for turn in range(times)]
        self.count += times
        self.play_called(programs, names, user)
        return names

    def play_called(self, programs, names, user=0):
        kit.run("sh", "-ec", PLAY_IN_GROUPS, programs / "acts", programs / "mark", user,
                " ".join(f"{top}/{self.parent}" for top in self.tops), *names)


# In each group by turns: the groups of a name are made, one process joins them all, they are removed.
PLAY_IN_GROUPS = """
mark=$1 user=$2 tops=$3; shift 3
for name; do
  groups=
  for top in $tops; do groups="$groups $top/$name"; done
  mkdir $groups
  (
    read -r pid _ </proc/self/stat
    for group in $groups; do echo $pid >"$group/cgroup.procs"; done
    exec "$0" mount-namespace - setuid "$user" exec "$mark"
  )
  rmdir $groups
done
"""


def hierarchies():
    """Where control groups of this host are, each once however often it is mounted."""
    found = {}
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for line in mounts:
            fields, _, tail = line.partition(" - ")
            _, _, device, root, top, *_ = fields.split()
            if tail.split()[0] in ("cgroup", "cgroup2") and root == "/":
                found.setdefault(device, top)
    return list(found.values())
