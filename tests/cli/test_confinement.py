"""The scanner gives up what reading does not need, before it reads: seen from outside. What a hostile
reader could still do is tried in tests/unit/test_confine.c."""

import ctypes
import errno
import os
import platform
import re
import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest
from conftest import unavailable
from oddimage import Image, docker_archive, oci_archive, oci_layout
from oddtar import archive, directory, file, symlink
from program import ERROR, FAIL, PASS, PROGRAM, ROOT, assert_refused, run, scan

IMAGE = Image(
    [
        archive(directory("etc"), file("etc/passwd", 0o644, body=b"app:x:7:7::/:/bin/sh\n")),
        archive(file("usr/bin/su", 0o4755), symlink("bin", "usr/bin")),
    ],
    user="app",
)


def summary_of(result):
    (line,) = [one for one in result.err.decode().splitlines() if "confined" in one]
    return line


@pytest.fixture
def image(tmp_path):
    return docker_archive(tmp_path / "image.tar", IMAGE)


@pytest.fixture
def confined(image):
    """The program confines itself here, in full."""
    summary = summary_of(run("scan", "--verbose", image))
    if "not in force" in summary or "not confined" in summary:
        unavailable(f"needs a kernel with Landlock and seccomp: {summary}")


# Said and seen ------------------------------------------------------------------------------------


def test_verbose_says_in_one_line_what_is_in_force(image, confined):
    result = run("scan", "--verbose", image)
    assert result.code == FAIL
    assert re.fullmatch(
        r"nonzero: confined by no new privileges, Landlock \(ABI \d+\), seccomp\n",
        result.err.decode(),
    )


def test_confinement_is_said_with_verbose_alone(image):
    assert summary_of(run("scan", "--verbose", image))
    assert run("scan", image).err == b""


def status(pid, task=None):
    where = f"/proc/{pid}/task/{task}/status" if task else f"/proc/{pid}/status"
    return dict(re.findall(r"^(\w+):\s*(.*)$", Path(where).read_text(), re.M))


def until(done, seconds=20):
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def assert_confined(pid):
    until(lambda: status(pid)["Seccomp"] == "2")
    for task in os.listdir(f"/proc/{pid}/task"):
        assert (status(pid, task)["Seccomp"], status(pid, task)["NoNewPrivs"]) == ("2", "1")


@pytest.mark.parametrize("args", [[], ["-f", "json", "-o", "report", "-f", "text"]])
def test_scan_that_waits_for_standard_input_is_confined(image, confined, tmp_path, args):
    process = subprocess.Popen(
        [PROGRAM, "scan", *args, "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    assert_confined(process.pid)
    data = image.read_bytes()
    process.stdin.write(data[:3000])  # threads are at work
    process.stdin.flush()
    assert_confined(process.pid)
    out, err = process.communicate(data[3000:], timeout=20)
    assert (process.returncode, err) == (FAIL, b"") and out.startswith(b"FAIL")


def test_scan_that_waits_for_a_named_pipe_is_confined(image, confined, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    process = subprocess.Popen(
        [PROGRAM, "scan", tmp_path / "pipe"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert_confined(process.pid)
    (tmp_path / "pipe").write_bytes(image.read_bytes())
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (FAIL, b"")


@pytest.mark.parametrize("verb", [["diff"], ["scan", "--base"]])
def test_other_inputs_are_read_confined(image, confined, tool, tmp_path, verb):
    other = oci_layout(tmp_path / "other", IMAGE)
    command = [*verb, f"oci:{other}", "-"]
    with open(image, "rb") as stdin:
        calls = trace(tool("strace"), *command, cwd=tmp_path, stdin=stdin)
    assert assert_content_with_less(calls, other)


# Every way to name an input -----------------------------------------------------------------------


def names_of_inputs(place):
    """Makes inputs below `place`; the arguments that name them from there."""
    docker_archive(place / "image.tar", IMAGE)
    oci_archive(place / "oci.tar", IMAGE)
    oci_layout(place / "layout", IMAGE)
    root = place / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "passwd").write_bytes(b"app:x:7:7::/:/bin/sh\n")
    (place / "sub").mkdir()
    (place / "link.tar").symlink_to("image.tar")
    (place / "link").symlink_to("layout")
    (place / "absolute").symlink_to(place / "link.tar")
    return {
        "image.tar": FAIL,
        "sub/../image.tar": FAIL,
        str(place / "image.tar"): FAIL,
        "link.tar": FAIL,
        "absolute": FAIL,
        "docker-archive:image.tar": FAIL,
        f"docker-archive:link.tar:{IMAGE.tags[0]}": FAIL,
        "oci-archive:oci.tar:@0": FAIL,
        "layout": FAIL,
        "oci:link": FAIL,
        "oci:layout:@0": FAIL,
        "dir:root": FAIL,  # it names no user
        "root": FAIL,
        "-": FAIL,
        "/dev/stdin": FAIL,
        "/dev/fd/0": FAIL,
        "/proc/self/fd/0": FAIL,
        "missing": ERROR,
        "docker-archive:missing": ERROR,
        "dir:missing": ERROR,
        "oci:missing": ERROR,
        "sub": ERROR,
    }


def test_every_name_of_an_input_works_confined(confined, tmp_path):
    for name, code in names_of_inputs(tmp_path).items():
        with open(tmp_path / "image.tar", "rb") as stdin:
            done = subprocess.run(
                [PROGRAM, "scan", name], stdin=stdin, capture_output=True, cwd=tmp_path
            )
        assert done.returncode == code, (name, done)
        assert b"ermission denied" not in done.stderr, (name, done)
        if "missing" in name:
            assert b"no such file" in done.stderr.lower(), (name, done)


def test_pipes_of_a_shell_are_inputs(confined, image):
    script = f'{PROGRAM} scan <(cat "$0") <(cat "$0")'
    done = subprocess.run(["bash", "-c", script, image], capture_output=True)
    assert (done.returncode, done.stderr) == (FAIL, b"") and done.stdout.count(b"FAIL") == 2


def test_unreadable_input_has_its_own_error(as_root, confined, image):
    image.chmod(0)
    for folder in list(image.parents)[:3]:
        folder.chmod(0o755)
    run_as = {"user": 65534, "group": 65534, "extra_groups": []}
    assert_refused(run("scan", image, **run_as), image, "Permission denied")


def test_layout_that_links_out_of_itself_is_refused(confined, tmp_path):
    layout = oci_layout(tmp_path / "layout", IMAGE)
    shutil.move(layout / "index.json", tmp_path / "index.json")
    (layout / "index.json").symlink_to("../index.json")
    assert_refused(run("scan", f"oci:{layout}"), "out of the layout")


# Nothing it needs is refused, nothing else is opened ----------------------------------------------

# What the C library asks for late, and does without. clone3: its flags cannot be looked at, so that
# it is declared missing. overcommit_memory: how malloc gives memory back.
EXPECTED = re.compile(r"^clone3\(.* ENOSYS|^openat\(AT_FDCWD, \"/proc/sys/vm/overcommit_memory\"")

ARGUMENTS = {
    "plain": [],
    "verbose": ["--verbose", "--color=always", "--verify"],
    "outputs": ["--format", "json", "--output", "report", "--format", "text"],
}


def formats():
    text = run("scan", "--help").out.decode().partition("FORMAT is one of\n")[2]
    return re.findall(r"^  (\w+)", text.partition("\n\n")[0], re.M)


def trace(strace, *command, cwd, stdin):
    """The system calls from the confinement on, of all threads; joined where strace cut them."""
    log = cwd / "trace"
    subprocess.run(
        [strace, "-f", "-qq", "-s", "400", "-o", log, PROGRAM, *command],
        stdin=stdin,
        capture_output=True,
        cwd=cwd,
    )
    calls, cut, confined = [], {}, {}
    for line in log.read_text(errors="replace").splitlines():
        pid, call = line.split(maxsplit=1)
        if unfinished := re.fullmatch(r"(.*) <unfinished \.\.\.>", call):
            cut[pid] = unfinished[1]
            continue
        if resumed := re.fullmatch(r"<\.\.\. \w+ resumed>(.*)", call):
            call = cut.pop(pid) + resumed[1]
        if confined:
            calls.append((pid, call))
        if call.startswith("seccomp(SECCOMP_SET_MODE_FILTER"):
            confined[pid] = True
            children = {pid}
    assert confined, "it did not confine itself"
    # The process that renames the outputs began before, and is not meant.
    for pid, call in calls:
        if pid in children and (made := re.match(r"clone\(.*CLONE_THREAD.* = (\d+)$", call)):
            children.add(made[1])
    return [call for pid, call in calls if pid in children]


def assert_content_with_less(calls, path):
    """Nothing was refused, and of all paths only this one was opened."""
    calls = [call for call in calls if not EXPECTED.match(call)]
    refused = [call for call in calls if re.search(r" = -1 (EPERM|EACCES|ENOSYS)|SIGSYS", call)]
    assert not refused
    opened = [call for call in calls if re.match(r"open(at)?\((AT_FDCWD|\")", call)]
    assert not [call for call in opened if f'"{path}"' not in call]
    return opened


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_nothing_is_refused_and_nothing_else_opened(confined, tool, tmp_path, kind):
    strace = tool("strace")
    place = tmp_path / "place"
    place.mkdir()
    for name, code in names_of_inputs(place).items():
        path = name.split(":")[1] if ":" in name else name
        with open(place / "image.tar", "rb") as stdin:
            calls = trace(strace, "scan", *ARGUMENTS[kind], name, cwd=place, stdin=stdin)
        opened = assert_content_with_less(calls, path)
        assert opened or code == ERROR or name == "-", name


def test_no_format_is_refused_anything(confined, tool, image, tmp_path):
    args = [word for name in formats() for word in ("-f", name, "-o", tmp_path / name)]
    assert len(args) >= 8
    calls = trace(tool("strace"), "scan", *args, image, cwd=tmp_path, stdin=subprocess.DEVNULL)
    assert_content_with_less(calls, image)
    for name in formats():
        assert (tmp_path / name).stat().st_size > 0


@pytest.mark.parametrize(
    "database, where",
    [
        ("real.sqlite", "var/lib/rpm/rpmdb.sqlite"),
        ("real.ndb", "var/lib/rpm/Packages.db"),
        ("real.bdb", "var/lib/rpm/Packages"),
    ],
)
def test_no_package_database_is_refused_anything(confined, tool, tmp_path, database, where):
    data = (ROOT / "tests" / "data" / "rpm" / database).read_bytes()
    layer = archive(file("usr/bin/su", 0o4755), file(where, 0o644, body=data))
    image = docker_archive(tmp_path / "image.tar", Image([layer]))
    calls = trace(tool("strace"), "scan", image, cwd=tmp_path, stdin=subprocess.DEVNULL)
    assert_content_with_less(calls, image)


# Kernels that lack a part -------------------------------------------------------------------------

NUMBERS = {
    "x86_64": {"landlock_create_ruleset": 444, "seccomp": 317},
    "aarch64": {"landlock_create_ruleset": 444, "seccomp": 277},
}


def taken_away(call):
    """For preexec_fn: what the program calls answers ENOSYS, as a kernel does that has it not."""
    number = NUMBERS[platform.machine()][call]
    code = [
        (0x20, 0, 0, 0),  # load the number
        (0x15, 0, 1, number),  # is it this one?
        (0x06, 0, 0, 0x00050000 | errno.ENOSYS),
        (0x06, 0, 0, 0x7FFF0000),
    ]
    filter_ = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in code))
    program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(filter_))
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def take_away():
        prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
        if prctl(22, 2, program, 0, 0):  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
            os._exit(99)

    take_away.filter = filter_  # kept as long as the function
    return take_away


@pytest.mark.parametrize(
    "call, says",
    [
        ("landlock_create_ruleset", r"confined by no new privileges, seccomp; not in force: Landlock"),
        (
            "seccomp",
            r"confined by no new privileges, Landlock \(ABI \d+\); not in force: seccomp",
        ),
    ],
)
def test_works_on_a_kernel_without(confined, image, tmp_path, call, says):
    args = ["--format", "json", "--output", tmp_path / "report", image]
    assert scan(image).code == FAIL
    result = run("scan", "--verbose", *args, preexec_fn=taken_away(call))
    assert result.code == FAIL
    assert re.search(says, summary_of(result))
    assert (tmp_path / "report").read_bytes() == run("scan", "--verbose", "-f", "json", image).out


def test_passes_where_it_should(confined, tmp_path):
    clean = docker_archive(tmp_path / "clean.tar", Image([archive(file("bin/app"))]))
    assert run("scan", clean, preexec_fn=taken_away("seccomp")).code == PASS
