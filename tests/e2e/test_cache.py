"""What is kept of layers, with a store that Skopeo fills as Podman does: whatever was read before,
whatever becomes of the cache meanwhile, a scan says what it says without one."""

import contextlib
import gzip
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import kit
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from oddimage import Image, oci_archive  # noqa: E402
from oddstore import split_of  # noqa: E402
from oddtar import archive, directory, file, hardlink, opaque, symlink, whiteout  # noqa: E402

PASSWD = b"root:x:0:0::/:\napp:x:1000:1000::/:\n"
DROPS = b"#!/bin/sh\nexec gosu app \"$@\"\n"


def base(su=0o4755):
    """The script has no name by which scripts are known."""
    return archive(
        directory("etc"), file("etc/passwd", 0o644, body=PASSWD), file("etc/shadow", 0o640, body=b"root:*:\n"),
        directory("usr"), directory("usr/bin"), symlink("bin", "usr/bin"), file("usr/bin/su", su, body=b"su"),
        directory("opt"), file("opt/launch", 0o755, body=DROPS), file("opt/other", 0o755, body=b"#!/bin/sh\n"),
        file("opt/users", 0o644, body=PASSWD + b"toor:x:0:0::/:\n"), directory("home", 0o777))


def crowd(folder):
    """Enough to be at work for a while."""
    return archive(directory(folder), *(file(f"{folder}/{n:05}", 0o755, uid=n % 2) for n in range(6000)),
                   file(f"{folder}/tool", 0o4755, body=b"x"))


def image(name, *above, user="app", **config):
    config = {"config": {"User": user, **config}}
    return Image([archive_of_base, *above], user=user, tags=(f"localhost/{name}:1",), config=config)


archive_of_base = base()
shared, other = crowd("srv"), crowd("var")
IMAGES = [
    image("plain", shared, Entrypoint=["/bin/su"]),
    image("script", shared, archive(file("app", 0o755)), user="0", Entrypoint=["/opt/launch"]),
    image("both", other, shared, Entrypoint=["/opt/other"], Cmd=["/opt/launch"]),
    image("passwd", shared, archive(whiteout("etc/passwd"), symlink("etc/passwd2", "x")),
          archive(symlink("etc/passwd", "../opt/users")), user="toor"),
    image("opaque", other, archive(directory("opt"), opaque("opt"), file("own", 0o4755), hardlink("own2", "own", 0o4755)),
          Cmd=["launch"]),
    image("path", shared, Cmd=["launch"], Env=["PATH=/opt:/bin"]),
    image("link", other, archive(symlink("start", "opt/launch")), user="0", Entrypoint=["/start"]),
    image("bare"),
]
NAMES = [one.tags[0] for one in IMAGES]


class Store:
    def __init__(self, place):
        kit.need_root()
        kit.need("skopeo")
        self.place, self.root = place, place / "storage"
        self.run_root = tempfile.mkdtemp(prefix="nz", dir="/var/tmp")
        self.conf = place / "storage.conf"
        self.conf.write_text(f'[storage]\ndriver = "overlay"\ngraphroot = "{self.root}"\n'
                             f'runroot = "{self.run_root}"\n')
        self.expected = {}

    def fill(self):
        for one in IMAGES:
            path = oci_archive(self.place / "image.tar", one)
            kit.run("skopeo", "--insecure-policy", "copy", "--quiet", f"oci-archive:{path}",
                    f"containers-storage:[overlay@{self.root}+{self.run_root}]{one.tags[0]}")
        self.expected = {name: self.scan(name, "--no-cache").stdout for name in NAMES}

    def command(self, name, *options):
        return [kit.NONZERO, "scan", "--format", "json", *options, f"containers-storage:{name}"]

    def environment(self):
        return {**os.environ, "CONTAINERS_STORAGE_CONF": os.fspath(self.conf)}

    def start(self, name, *options):
        return subprocess.Popen([str(word) for word in self.command(name, *options)], env=self.environment(),
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def scan(self, name, *options, before=(), **more):
        done = kit.run(*before, *self.command(name, *options), check=False, env=self.environment(), **more)
        assert done.returncode in (0, 1), (name, options, done.stderr.decode())
        return done

    def says_the_same(self, names, *options, **more):
        for name in names:
            assert self.scan(name, *options, **more).stdout == self.expected[name], (name, options)

    def splits(self):
        return sorted((self.root / "overlay-layers").glob("*.tar-split.gz"))

    @contextlib.contextmanager
    def unreadable(self):
        """Layers that are there and cannot be read: what is said of them is known from before."""
        before = {path: path.read_bytes() for path in self.splits()}
        try:
            for path in before:
                path.write_bytes(b"garbage")
            yield
        finally:
            for path, data in before.items():
                path.write_bytes(data)

    def is_known(self, name, *options):
        with self.unreadable():
            done = kit.run(*self.command(name, *options), check=False, env=self.environment())
        assert done.returncode == 2 or done.stdout == self.expected[name]
        return done.returncode != 2

    def stat(self, cache):
        done = kit.run(kit.NONZERO, "cache", "stat", "--cache-dir", cache)
        assert not done.stderr
        return done.stdout.decode()

    def close(self):
        """The library leaves its store mounted on itself."""
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            points = [line.split()[1] for line in mounts]
        for point in reversed(points):
            if point.startswith((os.fspath(self.root), self.run_root)):
                kit.run("umount", "-l", point, check=False)
        shutil.rmtree(self.run_root, ignore_errors=True)


@pytest.fixture(scope="module")
def store(scratch):
    place = scratch / "cache-store"
    place.mkdir()
    one = Store(place)
    try:
        one.fill()
        yield one
    finally:
        one.close()


@pytest.fixture
def cache(place):
    return place / "cache"


def at(cache):
    return ("--cache-dir", cache)


# --- what it is for ---


def test_the_images_are_worth_something(store):
    subject = kit.scan(f"oci-archive:{oci_archive(store.place / 'image.tar', IMAGES[1])}")
    assert "drops-root" in kit.rules_of(subject)
    assert len({store.expected[name] for name in NAMES}) == len(NAMES)


def test_the_second_scan_says_what_the_first_said(store, cache):
    for name in NAMES:
        store.says_the_same([name] * 2, *at(cache))
        assert store.is_known(name, *at(cache)), "nothing was kept"
        assert not store.is_known(name, "--no-cache")
    assert "stack" in store.stat(cache) and "layer" in store.stat(cache)
    assert cache.stat().st_mode & 0o777 == 0o700
    assert (cache / "facts.sqlite").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("seed", range(6))
def test_in_any_order_images_that_share_layers_are_judged_alike(store, cache, seed):
    order = NAMES * 2
    random.Random(seed).shuffle(order)
    store.says_the_same(order, *at(cache))


@pytest.mark.parametrize("first,second", itertools.permutations(
    [f"localhost/{name}:1" for name in ("plain", "script", "both")], 2))
def test_a_script_in_a_layer_that_others_brought_is_read(store, cache, first, second):
    store.says_the_same([first, second, first], *at(cache))
    assert store.is_known(first, *at(cache)) and store.is_known(second, *at(cache))


def test_all_images_at_once_are_judged_as_one_by_one(store, cache):
    sources = [f"containers-storage:{name}" for name in NAMES]
    runs = [kit.run(kit.NONZERO, "scan", "--format", "json", *options, *sources, check=False,
                    env=store.environment()).stdout
            for options in (("--no-cache",), at(cache), (*at(cache), "--jobs", "4"), ("--jobs", "4", *at(cache)))]
    assert runs[0] and len(set(runs)) == 1


# --- at once, and killed ---


def test_scans_side_by_side_fill_an_empty_cache(store, cache):
    for _ in range(2):
        started = [subprocess.Popen([str(word) for word in store.command(name, *at(cache))], stdout=subprocess.PIPE,
                                    env=store.environment()) for name in NAMES]
        for name, process in zip(NAMES, started):
            assert process.communicate(timeout=60)[0] == store.expected[name]
        store.stat(cache)
    assert all(store.is_known(name, *at(cache)) for name in NAMES)


def keeper_of(cache):
    """The process that has the cache open, or None."""
    path = os.path.realpath(cache / "facts.sqlite")
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for fd in range(3, 8):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/fd/{fd}").startswith(path):
                    return int(pid)
    return None


def test_killed_at_any_moment_it_is_whole_or_mended(store, cache):
    rand = random.Random(4)
    for n in range(40):
        if n % 4 == 0:
            shutil.rmtree(cache, ignore_errors=True)
        process = store.start(NAMES[n % len(NAMES)], *at(cache))
        time.sleep(rand.uniform(0, 0.12))
        if n % 2:
            process.kill()
        else:
            keeper = keeper_of(cache)
            if keeper:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(keeper, signal.SIGKILL)
            assert process.wait(30) in (0, 1)
        process.wait()
        if n % 8 == 7:
            store.says_the_same([NAMES[n % len(NAMES)], NAMES[n % 3]], *at(cache))
            store.stat(cache)
    store.says_the_same(NAMES, *at(cache))
    assert all(store.is_known(name, *at(cache)) for name in NAMES)


def test_nothing_is_left_running(store, cache):
    store.says_the_same(NAMES[:1], *at(cache))
    deadline = time.monotonic() + 5
    while keeper_of(cache) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not keeper_of(cache)


def test_a_keeper_that_is_stopped_is_done_without(store, cache):
    store.says_the_same(NAMES[:1], *at(cache))
    process, keeper = store.start(NAMES[2], *at(cache)), None
    while process.poll() is None and not keeper:
        keeper = keeper_of(cache)
    if keeper:
        os.kill(keeper, signal.SIGSTOP)
    try:
        assert process.wait(30) in (0, 1)
    finally:
        if keeper:
            with contextlib.suppress(ProcessLookupError):
                os.kill(keeper, signal.SIGKILL)
    store.says_the_same(NAMES, *at(cache))


# --- where it cannot be ---


@contextlib.contextmanager
def mounted(directory, *options):
    directory.mkdir(parents=True, exist_ok=True)
    kit.run("mount", *options, directory)
    try:
        yield
    finally:
        kit.run("umount", "-l", directory)


@pytest.mark.parametrize("size", ["16k", "128k", "400k", "1m"])
def test_on_a_full_disk_scans_go_on(store, cache, size):
    with mounted(cache, "-t", "tmpfs", "-o", f"size={size},mode=700", "none"):
        store.says_the_same(NAMES, *at(cache))
        store.says_the_same(NAMES, *at(cache))
        if size != "16k":  # not even the tables have room
            store.stat(cache)
            kit.run(kit.NONZERO, "cache", "prune", "--all", "--cache-dir", cache)
        store.says_the_same(NAMES[:2], *at(cache))


def test_a_disk_that_fills_up_keeps_what_there_was(store, cache):
    with mounted(cache, "-t", "tmpfs", "-o", "size=4m,mode=700", "none"):
        store.says_the_same(NAMES[:1], *at(cache))
        with contextlib.suppress(OSError), open(cache / "ballast", "wb") as ballast:
            while True:
                ballast.write(b"x" * 4096)
                ballast.flush()
        store.says_the_same(NAMES, *at(cache))
        assert store.is_known(NAMES[0], *at(cache))
        kit.run(kit.NONZERO, "cache", "prune", "--all", "--cache-dir", cache)


def test_where_it_can_only_be_read_it_is_read(store, cache):
    store.says_the_same(NAMES[:2], *at(cache))
    kit.run("mount", "--bind", cache, cache)
    try:
        kit.run("mount", "-o", "remount,ro,bind", cache)
        store.says_the_same(NAMES, *at(cache))
        assert store.is_known(NAMES[0], *at(cache))
        assert not store.is_known(NAMES[2], *at(cache))
        store.stat(cache)
    finally:
        kit.run("umount", "-l", cache)
    with mounted(cache / "empty", "-t", "tmpfs", "-o", "ro,mode=700", "none"):
        store.says_the_same(NAMES[:2], *at(cache / "empty"))


def test_where_it_cannot_be_scans_go_on_without(store, cache):
    cache.mkdir()
    (cache / "file").write_text("x")
    (cache / "open").mkdir()
    os.chmod(cache / "open", 0o777)
    (cache / "foreign").mkdir()
    os.chown(cache / "foreign", 4242, 4242)
    (cache / "taken" / "facts.sqlite").mkdir(parents=True)
    for place in ("/proc/x/y", cache / "file", cache / "file" / "x", cache / "open", cache / "foreign",
                  cache / "taken"):
        store.says_the_same(NAMES[:2], *at(place))
    assert not list((cache / "open").iterdir()) and not list((cache / "foreign").iterdir())


def test_without_a_home_scans_go_on(store, place):
    """As root it is below /var/cache; as another user there is no place for it."""
    bare = ("env", "-u", "HOME", "-u", "XDG_CACHE_HOME")
    private = ("unshare", "--mount", "--propagation", "private", "sh", "-ec",
               'mount -t tmpfs none /var/cache; "$@" >"$0" || [ $? = 1 ]; ls /var/cache/nonzero/facts.sqlite')
    out = place / "out"
    kit.run(*private, out, *bare, *store.command(NAMES[0]), env=store.environment())
    assert out.read_bytes() == store.expected[NAMES[0]]
    done = kit.run("setpriv", "--reuid", "65534", "--clear-groups", *bare, kit.NONZERO, "cache", "stat", check=False)
    if done.returncode not in (126, 127):  # where others may enter the build directory
        assert done.returncode == 2 and b"no place for a cache" in done.stderr, done.stderr


# --- damage ---


@pytest.mark.parametrize("way", ["bytes", "cut", "garbage", "text", "empty", "zeros"])
def test_a_damaged_cache_is_mended(store, cache, way):
    rand = random.Random(way)
    path = cache / "facts.sqlite"
    for _ in range(3):
        store.says_the_same(NAMES[:4], *at(cache))
        data = bytearray(path.read_bytes())
        if way == "bytes":
            for _ in range(40):
                data[rand.randrange(len(data))] = rand.randrange(256)
        damaged = {"bytes": data, "cut": data[:rand.randrange(len(data))], "garbage": rand.randbytes(len(data)),
                   "text": b"not a database\n" * 100, "empty": b"", "zeros": bytes(len(data))}[way]
        path.write_bytes(damaged)
        store.says_the_same(NAMES[:4], *at(cache))
        store.stat(cache)
    store.says_the_same(NAMES[:4], *at(cache))
    assert all(store.is_known(name, *at(cache)) for name in NAMES[:4])


def test_a_cache_damaged_while_it_is_used_is_mended(store, cache):
    rand = random.Random(1)
    for n in range(12):
        process = store.start(NAMES[n % len(NAMES)], *at(cache))
        time.sleep(rand.uniform(0, 0.05))
        with contextlib.suppress(OSError), open(cache / "facts.sqlite", "r+b") as file_at_work:
            size = os.fstat(file_at_work.fileno()).st_size
            for _ in range(10):
                file_at_work.seek(rand.randrange(max(size, 1)))
                file_at_work.write(rand.randbytes(100))
        assert process.wait(30) in (0, 1)
        store.says_the_same([NAMES[n % len(NAMES)]], *at(cache))
        store.stat(cache)


# --- what is not to be believed ---


def test_what_another_version_kept_is_not_used(store, cache, place):
    folder = place / "other"
    folder.mkdir()
    for name in ("nonzero", "nonzero-fetch"):
        shutil.copy(kit.NONZERO.parent / name, folder)
    program = (folder / "nonzero").read_bytes()
    changed, n = re.subn(rb"(nonzero [0-9.]+ facts )\d", rb"\1x", program)
    assert n == 1
    (folder / "nonzero").write_bytes(changed)
    store.says_the_same(NAMES[:1], *at(cache))
    command = [folder / "nonzero", *store.command(NAMES[0], *at(cache))[1:]]
    with store.unreadable():
        assert kit.run(*command, check=False, env=store.environment()).returncode == 2
    assert kit.run(*command, check=False, env=store.environment()).stdout == store.expected[NAMES[0]]
    with store.unreadable():
        assert kit.run(*command, check=False, env=store.environment()).stdout == store.expected[NAMES[0]]
    assert store.is_known(NAMES[0], *at(cache)), "what the other kept took the place of ours"


def test_with_verify_nothing_is_used_or_kept(store, cache):
    store.scan(NAMES[0], "--verify", *at(cache))
    assert not store.is_known(NAMES[0], *at(cache))
    store.says_the_same(NAMES[:1], *at(cache))
    assert store.is_known(NAMES[0], *at(cache))
    with store.unreadable():
        done = kit.run(*store.command(NAMES[0], "--verify", *at(cache)), check=False, env=store.environment())
    assert done.returncode == 2


@contextlib.contextmanager
def without_su(store):
    """The base layer says something else, by the same name."""
    changed = split_of(base(su=0o755))
    for path in store.splits():
        before = path.read_bytes()
        if b"dXNyL2Jpbi9zd" in gzip.decompress(before):  # usr/bin/su
            try:
                path.write_bytes(changed)
                yield
            finally:
                path.write_bytes(before)
            return
    pytest.fail("no layer has /usr/bin/su")


def test_a_layer_that_was_changed_is_found_with_verify(store, cache):
    store.says_the_same(NAMES[:1], *at(cache))
    with without_su(store):
        done = kit.run(*store.command(NAMES[0], "--verify", *at(cache)), check=False, env=store.environment())
        assert done.returncode == 2 and b"diff_id" in done.stderr, done.stderr
        assert store.scan(NAMES[0], "--no-cache").stdout != store.expected[NAMES[0]], "the change changes nothing"
        store.says_the_same(NAMES[:1], *at(cache))  # what its name says


def test_a_store_that_is_only_named_speaks_for_no_other(store, cache):
    """Whoever made it can call anything by the digest of a layer that others have."""
    hostile = f"containers-storage:[overlay@{store.root}+{store.run_root}]{NAMES[0]}"
    with without_su(store):
        done = kit.run(kit.NONZERO, "scan", "--format", "json", *at(cache), hostile, check=False)
    found, expected = (kit.file_findings(json.loads(text)["subjects"][0])
                       for text in (done.stdout, store.expected[NAMES[0]]))
    assert "/usr/bin/su" in expected and "/usr/bin/su" not in found
    store.says_the_same(NAMES, *at(cache))


# --- the verb ---


def test_prune_empties_it_and_scans_fill_it_again(store, cache):
    store.says_the_same(NAMES, *at(cache))
    full = (cache / "facts.sqlite").stat().st_size
    done = kit.run(kit.NONZERO, "cache", "prune", "--max-size", "200K", "--cache-dir", cache)
    assert b"removed" in done.stdout
    assert (cache / "facts.sqlite").stat().st_size < full
    store.says_the_same(NAMES[:2], *at(cache))
    kit.run(kit.NONZERO, "cache", "prune", "--all", "--cache-dir", cache)
    assert not store.is_known(NAMES[0], *at(cache))
    store.says_the_same(NAMES[:2], *at(cache))
    assert store.is_known(NAMES[0], *at(cache))
