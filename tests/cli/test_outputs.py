"""Several formats in one run: which goes where, what contradicts itself, and that a file appears
whole or not at all."""

import fcntl
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import termios
import time

import pytest
from conftest import unavailable
from oddimage import Image, docker_archive
from oddtar import archive, file
from program import ERROR, FAIL, PASS, PROGRAM, USAGE, assert_printable, assert_refused, run

OLD = b"what was there before"


@pytest.fixture
def image(tmp_path):
    return docker_archive(tmp_path / "image.tar", Image([archive(file("bin/app"))]))


@pytest.fixture
def large(tmp_path):
    """An image whose report is long."""
    files = [file(f"usr/bin/{number:04}", 0o4755) for number in range(200)]
    return docker_archive(tmp_path / "large.tar", Image([archive(*files)]))


@pytest.fixture
def place(tmp_path):
    """A folder for outputs alone; nothing but them may be in it."""
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


def names(folder):
    return sorted(os.listdir(folder))


def is_json(data):
    return json.loads(data)["schema"] == "nonzero/report/v1"


def is_text(data):
    return data.startswith(b"PASS")


# Which goes where ---------------------------------------------------------------------------------


def test_each_output_is_of_the_format_of_the_same_number(image, place):
    result = run(
        *["scan", "--format", "json", "--output", "a", "--format", "text", "--output", "b"],
        *["--format", "json", image],
        cwd=place,
    )
    assert (result.code, result.err) == (PASS, b"")
    assert is_json((place / "a").read_bytes())
    assert is_text((place / "b").read_bytes())
    assert is_json(result.out)
    assert names(place) == ["a", "b"]


@pytest.mark.parametrize(
    "args, files, out",
    [
        (["-o", "a"], {"a": is_text}, None),
        (["-o", "a", "-f", "json"], {"a": is_json}, None),
        (["-f", "json", "-o", "-"], {}, is_json),
        (["-o", "-"], {}, is_text),
        (["-f", "json", "-f", "text", "-o", "a", "-o", "b"], {"a": is_json, "b": is_text}, None),
        (["-o", "a", "-o", "b", "-f", "json", "-f", "text"], {"a": is_json, "b": is_text}, None),
        (["-f", "json", "-o", "a", "-f", "text", "-o", "-"], {"a": is_json}, is_text),
        (["-f", "json", "-o", "-", "-f", "text", "-o", "a"], {"a": is_text}, is_json),
        (["-f", "json", "-o", "a", "-f", "json", "-o", "b"], {"a": is_json, "b": is_json}, None),
        (["-f", "json", "-o", "a", "-f", "text"], {"a": is_json}, is_text),
        (["-f", "json", "-o", "/dev/null", "-f", "text", "-o", "/dev/null"], {}, None),
    ],
)
def test_pairs(image, place, args, files, out):
    result = run("scan", *args, image, cwd=place)
    assert (result.code, result.err) == (PASS, b""), result
    assert names(place) == sorted(files)
    for name, fits in files.items():
        assert fits((place / name).read_bytes())
    assert out(result.out) if out else result.out == b""


# What contradicts itself --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args, mentions",
    [
        (["-f", "json", "-f", "text"], "standard output"),
        (["-f", "json", "-f", "json"], "standard output"),
        (["-f", "json", "-f", "text", "-f", "json", "-o", "a"], "standard output"),
        (["-f", "json", "-o", "-", "-f", "text"], "standard output"),
        (["-f", "json", "-o", "-", "-f", "text", "-o", "-"], "standard output"),
        (["-f", "json", "-o", "a", "-f", "text", "-o", "a"], "same file"),
        (["-f", "json", "-o", "a", "-f", "text", "-o", "./a"], "same file"),
        (["-f", "json", "-o", "a", "-f", "text", "-o", "sub/../a"], "same file"),
        (["-f", "json", "-o", "sub/a", "-f", "text", "-o", "link/a"], "same file"),
        (["-f", "json", "-o", "old", "-f", "text", "-o", "symlink"], "same file"),
        (["-f", "json", "-o", "old", "-f", "text", "-o", "hardlink"], "same file"),
        (["-f", "json", "-o", "/dev/stdout", "-f", "text"], "same file"),
        (["-o", "a", "-o", "b"], "--output"),
        (["-f", "json", "-o", "a", "-o", "b"], "--output"),
        (["-f", "text", "-f", "json", "-o", "a"], "--format"),
        (["-f", "yaml"], "yaml"),
        (["-f", "json", "-o", "a", "-f", "yaml", "-o", "b"], "yaml"),
        (["-f", "\033[1m"], "\\x1b"),
        (["-f", ""], "format"),
        (["-o", ""], "--output"),
        (["-q", "-o", "a"], "--quiet"),
        (["-q", "-f", "json", "-o", "a"], "--quiet"),
        (["-o", "image.tar"], "image.tar"),
        (["-f", "json", "-o", "a", "-f", "text", "-o", "image.tar"], "image.tar"),
    ],
)
def test_contradictions_are_wrong_usage(image, place, args, mentions):
    shutil.move(image, place / "image.tar")
    (place / "sub").mkdir()
    (place / "link").symlink_to("sub")
    (place / "old").write_bytes(OLD)
    (place / "symlink").symlink_to("old")
    (place / "hardlink").hardlink_to(place / "old")
    before = names(place)
    result = run("scan", *args, "image.tar", cwd=place)
    assert (result.code, result.out) == (USAGE, b""), result
    assert mentions in result.err.decode()
    assert_printable(result.err)
    assert names(place) == before and names(place / "sub") == []
    assert (place / "old").read_bytes() == OLD


def test_output_and_standard_output_in_one_file_are_wrong_usage(image, place):
    with open(place / "report", "wb") as out:
        args = [PROGRAM, "scan", "-f", "json", "-o", place / "report", "-f", "text", image]
        done = subprocess.run(args, stdout=out, stderr=subprocess.PIPE)
    assert done.returncode == USAGE and b"same file" in done.stderr


# What cannot be written is said before anything is read -------------------------------------------


def before_reading(*args, cwd=None, wrap=(), **popen):
    """Runs a scan of standard input on which nothing ever comes."""
    reader, writer = os.pipe()
    try:
        return subprocess.run(
            [*wrap, PROGRAM, "scan", *map(os.fspath, args), "-"],
            stdin=reader,
            capture_output=True,
            timeout=20,
            cwd=cwd,
            **popen,
        )
    finally:
        os.close(reader)
        os.close(writer)


def assert_said_before(done, *mentions):
    assert (done.returncode, done.stdout) == (ERROR, b""), done
    for mention in mentions:
        assert mention in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1
    assert_printable(done.stderr)


@pytest.mark.parametrize(
    "where, why",
    [
        ("missing/report", "No such file"),
        ("file/report", "Not a directory"),
        (".", "Is a directory"),
        ("folder", "Is a directory"),
        ("folder/", "Is a directory"),
        ("new/", "directory"),
        ("dangling", "No such file"),
        ("loop", "symbolic links"),
        ("x" * 300, "too long"),
        ("/dev/full", "No space left"),
        ("/dev/fd/999", "Bad file descriptor"),
        ("/dev/fd/0", "Bad file descriptor"),
        ("/proc/self/status/x", "Not a directory"),
    ],
)
def test_unwritable_output(place, where, why):
    (place / "file").write_bytes(OLD)
    (place / "folder").mkdir()
    (place / "dangling").symlink_to("nowhere")
    (place / "loop").symlink_to("loop")
    before = names(place)
    for args in (["-o", where], ["-f", "json", "-o", "first", "-f", "text", "-o", where]):
        assert_said_before(before_reading(*args, cwd=place), where, why)
        assert names(place) == before


def test_output_without_permission(as_root, place):
    os.chmod(place, 0o755)
    (place / "report").write_bytes(OLD)
    for folder in place.parents:
        if not folder.stat().st_mode & stat.S_IXOTH:
            os.chmod(folder, folder.stat().st_mode | stat.S_IXOTH)
    run_as = {"user": 65534, "group": 65534, "extra_groups": []}
    for name in ("report", "new"):
        assert_refused_as(run("scan", "-o", place / name, "-", stdin=b"", **run_as), name)
    os.chown(place, 65534, 65534)
    (place / "report").chmod(0o444)  # another's file in a folder of ours: it could be replaced
    assert_refused_as(run("scan", "-o", place / "report", "-", stdin=b"", **run_as), "report")
    assert names(place) == ["report"] and (place / "report").read_bytes() == OLD


def assert_refused_as(result, name):
    assert_refused(result, name, "Permission denied")


@pytest.fixture
def mounted(as_root, tmp_path):
    """mounted(options) is a tmpfs."""
    folders = []

    def mount(options):
        folder = tmp_path / f"mounted{len(folders)}"
        folder.mkdir()
        args = ["mount", "-t", "tmpfs", "-o", options, "none", folder]
        if subprocess.run(args, stderr=subprocess.DEVNULL).returncode:
            unavailable("needs mounts")
        folders.append(folder)
        return folder

    yield mount
    for folder in folders:
        subprocess.run(["umount", folder], check=True)


def test_output_on_a_read_only_filesystem(mounted):
    folder = mounted("ro")
    assert_said_before(before_reading("-o", folder / "report"), "report", "Read-only")


def test_output_on_a_full_device(mounted):
    folder = mounted("size=16k")
    with pytest.raises(OSError):
        (folder / "filler").write_bytes(bytes(64 << 10))
    assert_said_before(before_reading("-o", folder / "report"), "report", "No space left")
    assert names(folder) == ["filler"]


def test_device_that_fills_up_leaves_the_old_file(mounted, large):
    folder = mounted("size=16k")
    (folder / "report").write_bytes(OLD)
    result = run("scan", "-f", "json", "-o", folder / "report", large)
    assert_refused(result, "report", "No space left")
    assert names(folder) == ["report"] and (folder / "report").read_bytes() == OLD


# All or nothing -----------------------------------------------------------------------------------


@pytest.fixture
def waiting(place):
    """waiting(args) is a scan that has opened its outputs in `place`, and waits for its standard
    input."""
    started = []

    def start(*args, **popen):
        process = subprocess.Popen(
            [PROGRAM, "scan", *args, "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=place,
            **popen,
        )
        started.append(process)
        until(lambda: any(name.startswith(".nonzero-") for name in names(place)))
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def until(done, seconds=20):
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def until_it_reads(process, data=b"x"):
    process.stdin.write(data)
    process.stdin.flush()
    until(lambda: fcntl.ioctl(process.stdin, termios.FIONREAD, bytes(4)) == bytes(4))


def finish(process, data):
    out, err = process.communicate(data, timeout=60)
    return process.returncode, out, err


def test_nothing_is_visible_before_the_end(waiting, place, image):
    (place / "a").write_bytes(OLD)
    process = waiting("-f", "json", "-o", "a", "-f", "text", "-o", "b")
    assert (place / "a").read_bytes() == OLD and not (place / "b").exists()
    assert finish(process, image.read_bytes()) == (PASS, b"", b"")
    assert names(place) == ["a", "b"]
    assert is_json((place / "a").read_bytes()) and is_text((place / "b").read_bytes())


def test_failed_scan_leaves_all_files(waiting, place):
    (place / "a").write_bytes(OLD)
    before = (place / "a").stat().st_ino
    code, out, err = finish(waiting("-f", "json", "-o", "a", "-f", "text", "-o", "b"), b"broken")
    assert (code, out) == (ERROR, b"") and err
    assert names(place) == ["a"]
    assert ((place / "a").read_bytes(), (place / "a").stat().st_ino) == (OLD, before)


def heed_signals():
    """Whoever runs the tests in the background has some of them ignored."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_DFL)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
@pytest.mark.parametrize("whole_group", [False, True])
def test_killed_scan_leaves_all_files_and_no_temporary(waiting, place, signum, whole_group):
    if signum == signal.SIGKILL and whole_group:
        return  # nobody is left to tidy up
    (place / "a").write_bytes(OLD)
    process = waiting("-o", "a", start_new_session=True, preexec_fn=heed_signals)
    if signum == signal.SIGKILL:
        until_it_reads(process)
    (os.killpg if whole_group else os.kill)(process.pid, signum)
    assert finish(process, None)[0] == -signum
    until(lambda: names(place) == ["a"])
    assert (place / "a").read_bytes() == OLD


def test_file_that_fails_while_it_is_written_takes_all_with_it(large, place):
    (place / "a").write_bytes(OLD)

    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    args = ["-f", "text", "-o", "b", "-f", "json", "-o", "a", "-f", "text"]
    done = subprocess.run(
        [PROGRAM, "scan", *args, large],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=place,
        preexec_fn=small_files,
    )
    assert (done.returncode, done.stdout) == (ERROR, b"")
    assert b"File too large" in done.stderr and b"written: nothing" in done.stderr
    assert names(place) == ["a"] and (place / "a").read_bytes() == OLD


def test_error_says_which_output_did_appear(waiting, place, image):
    process = waiting("-f", "json", "-o", "a", "-f", "text", "-o", "b")
    data = image.read_bytes()
    until_it_reads(process, data[:1])
    (place / "b").mkdir()
    code, _, err = finish(process, data[1:])
    assert code == ERROR
    assert b"cannot write b: Is a directory; written: a" in err
    assert names(place) == ["a", "b"] and is_json((place / "a").read_bytes())


def test_broken_pipe_on_standard_output_spares_the_files(large, place):
    reader, writer = os.pipe()
    os.close(reader)
    args = [PROGRAM, "scan", "-f", "json", "-o", "a", "-f", "text", large]
    done = subprocess.run(args, stdout=writer, stderr=subprocess.PIPE, cwd=place)
    os.close(writer)
    assert done.returncode == ERROR
    assert b"standard output: Broken pipe; written: a" in done.stderr
    assert is_json((place / "a").read_bytes())


def test_closed_standard_output_does_not_lend_its_number_to_a_file(image, place):
    script = f'exec {PROGRAM} scan -f json -o a -f text "$0" >&-'
    done = subprocess.run(["sh", "-c", script, image], stderr=subprocess.PIPE, cwd=place)
    assert done.returncode == ERROR and b"standard output" in done.stderr
    assert is_json((place / "a").read_bytes())
    done = subprocess.run(["sh", "-c", script.replace("-f text", ""), image], cwd=place)
    assert done.returncode == PASS and is_json((place / "a").read_bytes())


# What a file keeps, and what is no file -----------------------------------------------------------


def test_link_stays_a_link(image, place):
    (place / "sub").mkdir()
    (place / "sub" / "real").write_bytes(OLD)
    (place / "link").symlink_to("sub/real")
    assert run("scan", "-f", "json", "-o", "link", image, cwd=place).code == PASS
    assert os.readlink(place / "link") == "sub/real"
    assert is_json((place / "sub" / "real").read_bytes())
    assert names(place) == ["link", "sub"] and names(place / "sub") == ["real"]


def test_replaced_file_keeps_its_mode(image, place):
    (place / "a").write_bytes(OLD)
    (place / "a").chmod(0o600)
    assert run("scan", "-o", "a", "-f", "text", image, cwd=place).code == PASS
    assert stat.S_IMODE((place / "a").stat().st_mode) == 0o600


def test_replaced_file_keeps_its_owner(as_root, image, place):
    (place / "a").write_bytes(OLD)
    os.chown(place / "a", 1234, 4321)
    assert run("scan", "-o", "a", "-f", "text", image, cwd=place).code == PASS
    assert ((place / "a").stat().st_uid, (place / "a").stat().st_gid) == (1234, 4321)


def test_new_file_obeys_the_umask(image, place):
    assert run("scan", "-o", place / "a", image, umask=0o027).code == PASS
    assert stat.S_IMODE((place / "a").stat().st_mode) == 0o640


def test_named_pipe_is_written_as_it_is(image, place):
    os.mkfifo(place / "pipe")
    process = subprocess.Popen([PROGRAM, "scan", "-f", "json", "-o", place / "pipe", image])
    assert is_json((place / "pipe").read_bytes())
    assert process.wait(timeout=20) == PASS
    assert stat.S_ISFIFO((place / "pipe").stat().st_mode) and names(place) == ["pipe"]


def test_wait_for_a_reader_of_a_named_pipe_can_be_interrupted(image, place):
    os.mkfifo(place / "pipe")
    args = [PROGRAM, "scan", "-f", "json", "-o", "a", "-f", "text", "-o", "pipe", image]
    process = subprocess.Popen(args, cwd=place)
    time.sleep(0.2)
    process.terminate()
    assert process.wait(timeout=20) == -signal.SIGTERM
    assert names(place) == ["pipe"]


@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}"])
def test_descriptor_of_the_shell_is_written_where_it_is(image, place, name):
    with open(place / "log", "ab+") as log:
        log.write(b"first line\n")
        log.flush()
        where = name.format(log.fileno())
        done = subprocess.run(
            [PROGRAM, "scan", "-f", "json", "-o", where, image], pass_fds=[log.fileno()]
        )
        assert done.returncode == PASS
        os.write(log.fileno(), b"last line\n")
    lines = (place / "log").read_bytes()
    assert lines.startswith(b"first line\n{") and lines.endswith(b"\nlast line\n")
    assert is_json(lines[len(b"first line\n") : -len(b"last line\n")])
    assert names(place) == ["log"]


def test_dev_stdout_is_standard_output(image, place):
    with open(place / "log", "wb") as log:
        script = 'echo first; "$0" scan -f json -o /dev/stdout "$1"; echo last'
        subprocess.run(["sh", "-c", script, PROGRAM, image], stdout=log, check=True)
    lines = (place / "log").read_bytes()
    assert lines.startswith(b"first\n{") and lines.endswith(b"last\n")
    assert os.path.islink("/dev/stdout") and names(place) == ["log"]


def test_exit_code_is_the_verdict_whatever_the_outputs(large, place):
    assert run("scan", "-f", "json", "-o", "a", "-f", "text", large, cwd=place).code == FAIL


# nonzero diff -------------------------------------------------------------------------------------


def test_diff_compares_in_some_formats_and_reports_what_is_new_in_others(image, large, place):
    result = run(
        *["diff", "-f", "json", "-o", "a.json", "-f", "sarif", "-o", "b.sarif", "-f", "text"],
        *[image, large],
        cwd=place,
    )
    assert (result.code, result.err) == (FAIL, b"")
    assert json.loads((place / "a.json").read_bytes())["schema"] == "nonzero/diff/v1"
    (sarif,) = json.loads((place / "b.sarif").read_bytes())["runs"]
    new = [one for one in sarif["results"] if one["ruleId"] == "setuid-root"]
    assert len(new) == 200
    assert result.out.startswith(b"WORSE")
    assert names(place) == ["a.json", "b.sarif"]


@pytest.mark.parametrize(
    "args, code",
    [
        (["-f", "json", "-f", "text"], USAGE),
        (["-f", "json", "-o", "a", "-f", "text", "-o", "./a"], USAGE),
        (["-o", "image.tar"], USAGE),
        (["-q", "-o", "a"], USAGE),
        (["-o", "missing/a"], ERROR),
    ],
)
def test_diff_refuses_the_same_outputs(image, place, args, code):
    shutil.move(image, place / "image.tar")
    result = run("diff", *args, "image.tar", "image.tar", cwd=place)
    assert (result.code, result.out) == (code, b"") and result.err
    assert names(place) == ["image.tar"]
