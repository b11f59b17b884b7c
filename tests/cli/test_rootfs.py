"""dir:PATH, a root filesystem as it lies on disk: judged from inside, never through the host."""

import os
import socket
import subprocess

import pytest
from program import (
    ERROR,
    FAIL,
    PASS,
    assert_consistent,
    assert_printable,
    assert_refused,
    run,
    scan,
)

pytestmark = pytest.mark.usefixtures("as_root")


@pytest.fixture
def rootfs(tmp_path):
    """A function that makes files in a root filesystem: make("usr/bin/su", 0o4755, uid=0) -> its
    path."""

    def make(name, mode=0o755, uid=0, gid=0, body=b""):
        path = tmp_path / "rootfs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        os.chown(path, uid, gid)
        path.chmod(mode)
        return path

    make.path = tmp_path / "rootfs"
    make("etc/passwd", 0o644, body=b"root:x:0:0::/:\napp:x:1000:1000::/:\n")
    make("bin/app")
    return make


def judge(rootfs, *args):
    result = scan(*args, f"dir:{rootfs.path}")
    assert_consistent(result)
    return result


def test_no_user_is_unknown(rootfs):
    """A root filesystem names no user, so it can fail, but not pass."""
    result = judge(rootfs)
    assert (result.code, result.verdict, result.user["state"]) == (FAIL, "unknown", "unknown")


@pytest.mark.parametrize(
    "user, state, code",
    [
        ("1000", "non-root", PASS),
        ("app", "non-root", PASS),
        ("0", "root", FAIL),
        ("root", "root", FAIL),
        ("nobody", "wont-start", FAIL),
    ],
)
def test_user_option_is_judged_against_its_passwd(rootfs, user, state, code):
    result = judge(rootfs, "--user", user)
    assert (result.user["state"], result.code) == (state, code)


@pytest.mark.parametrize(
    "mode, uid, gid, rule",
    [
        (0o4755, 0, 0, "setuid-root"),
        (0o4644, 0, 0, "setuid-inert"),
        (0o2755, 0, 0, "setgid-root"),
        (0o4755, 7, 7, "setuid-other"),
    ],
)
def test_modes(rootfs, mode, uid, gid, rule):
    rootfs("usr/bin/su", mode, uid, gid)
    one = judge(rootfs, "--user", "1000").finding(rule)
    assert (one["path"], int(one["mode"], 8), one["uid"], one["gid"]) == (
        "/usr/bin/su",
        mode,
        uid,
        gid,
    )


def test_all_names_of_a_hardlink(rootfs):
    os.link(rootfs("usr/bin/su", 0o4755), rootfs.path / "usr/bin/alias")
    assert judge(rootfs).paths("setuid-root") == ["/usr/bin/alias", "/usr/bin/su"]


def test_file_capabilities(rootfs):
    value = bytes.fromhex("0100000200200000000000000000000000000000")
    path = rootfs("usr/bin/ping")
    try:
        os.setxattr(path, "security.capability", value)
    except OSError as error:
        pytest.fail(f"this filesystem holds no capabilities: {error}")
    assert (
        "cap_net_raw"
        in judge(rootfs, "--user", "1000").finding("file-capabilities")["message"].lower()
    )


def test_symlinks_are_not_followed(rootfs):
    outside = rootfs("../outside/su", 0o4755)
    (rootfs.path / "su").symlink_to(outside)
    (rootfs.path / "out").symlink_to(outside.parent)
    (rootfs.path / "loop").symlink_to("loop")
    (rootfs.path / "up").symlink_to("..")
    assert judge(rootfs, "--user", "1000").verdict == "pass"


@pytest.mark.parametrize(
    "target",
    ["/etc/passwd", "../../../../../../../../../../etc/passwd", "/proc/self/root/etc/passwd"],
)
def test_passwd_is_never_the_hosts(rootfs, target):
    """`daemon` is in the host's passwd, and not in this one."""
    (rootfs.path / "etc/passwd").unlink()
    (rootfs.path / "etc/passwd").symlink_to(target)
    result = judge(rootfs, "--user", "daemon")
    assert result.user["state"] in ("wont-start", "unknown")
    assert result.verdict == "unknown"


def test_passwd_symlink_resolves_inside(rootfs):
    (rootfs.path / "etc/passwd").rename(rootfs.path / "etc/users")
    (rootfs.path / "etc/passwd").symlink_to("/etc/users")
    assert judge(rootfs, "--user", "app").user["uid"] == 1000


def test_folder_symlink_resolves_inside(rootfs):
    (rootfs.path / "etc").rename(rootfs.path / "private")
    (rootfs.path / "etc").symlink_to("/private")
    assert judge(rootfs, "--user", "app").user["uid"] == 1000


def test_special_files_are_not_opened(rootfs):
    """A fifo would block, a device would be read without end."""
    (rootfs.path / "etc/passwd").unlink()
    os.mkfifo(rootfs.path / "etc/passwd")
    os.mkfifo(rootfs.path / "bin/fifo")
    os.chmod(rootfs.path / "bin/fifo", 0o4755)
    os.mknod(rootfs.path / "bin/zero", 0o4755 | 0o020000, os.makedev(1, 5))
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(rootfs.path)
        listener.bind("socket")
        os.chdir(here)
        os.chmod(rootfs.path / "socket", 0o4755)
        result = scan("--user", "app", f"dir:{rootfs.path}")
    assert result.code in (FAIL, ERROR), result
    if result.code == FAIL:
        assert not result.findings("setuid-root")
        assert result.verdict == "unknown"


def test_hostile_names(rootfs):
    for name in (b"new\nline", b"\x1b[31m", b"\xff\xfe", b"tab\t", b"\xc2\x9b"):
        path = os.fsencode(rootfs.path) + b"/" + name
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        os.chmod(path, 0o4755)
    assert len(judge(rootfs).findings("setuid-root")) == 5
    assert_printable(run("scan", f"dir:{rootfs.path}").out)


def test_deep_folders(rootfs):
    """Deeper than any path that a system call takes."""
    here = os.open(rootfs.path, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    deepest = os.open("su", os.O_CREAT | os.O_WRONLY, 0o755, dir_fd=here)
    os.fchmod(deepest, 0o4755)
    os.close(deepest)
    os.close(here)
    result = scan(f"dir:{rootfs.path}")
    remove_deep(rootfs.path / "d")
    assert result.code in (FAIL, ERROR), result
    if result.code == FAIL:
        assert result.paths("setuid-root") == ["/" + "d/" * 3000 + "su"]


def remove_deep(path):
    """shutil.rmtree recurses too deep for this; rm does not."""
    subprocess.run(["rm", "-rf", path], check=True)


def test_archive_whiteouts_mean_nothing_here(rootfs):
    rootfs("bin/su", 0o4755)
    rootfs("bin/.wh.su")
    rootfs("bin/.wh..wh..opq")
    assert judge(rootfs).paths("setuid-root") == ["/bin/su"]


def test_package_of_a_file(rootfs):
    rootfs("usr/bin/su", 0o4755)
    rootfs("var/lib/dpkg/info/util-linux.list", 0o644, body=b"/.\n/usr/bin/su\n")
    assert judge(rootfs).finding("setuid-root")["package"] == "util-linux"


def test_empty_root_and_no_root(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    assert scan("--user", "1000", f"dir:{tmp_path / 'empty'}").code in (PASS, ERROR)
    assert_refused(scan(f"dir:{tmp_path / 'file'}"), tmp_path / "file")
    assert_refused(scan(f"dir:{tmp_path / 'missing'}"), tmp_path / "missing")
    assert_refused(scan("dir:/dev/null"), "/dev/null")
