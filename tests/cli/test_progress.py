"""What a person sees while layers are read: on a terminal, as it is after each write. Everybody else
sees nothing of it."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time

import pytest
from oddimage import Image, Layer, docker_archive
from oddtar import archive, file
from program import FAIL, PROGRAM
from registry import Answer, serving

SIZE = 2_000_000  # of each layer, which no compression makes smaller


class Screen:
    """A terminal, as far as progress uses one. What it does not know is an error, and so is a line
    that wraps."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines, self.x, self.y = [""], 0, 0
        self.shown = []  # after each return to the first line: all lines

    def feed(self, text):
        for token in re.findall(r"\033\[[0-9]*[A-Za-z]|\r|\n|[^\r\n\033]+|\033", text):
            self.take(token)

    def take(self, token):
        if token == "\r":
            self.x = 0
        elif token == "\n":
            self.y += 1
            self.lines += [""] * (self.y + 1 - len(self.lines))
        elif up := re.fullmatch(r"\033\[(\d+)A", token):
            assert self.y >= int(up[1]) and int(up[1]) < self.rows, "it goes up too far"
            self.y -= int(up[1])
        elif token == "\033[K":
            self.lines[self.y] = self.lines[self.y][: self.x]
        elif token == "\033[J":
            self.lines[self.y :] = [self.lines[self.y][: self.x]]
            self.shown.append([line for line in self.lines if line])
        else:
            assert not token.startswith("\033"), token
            line = self.lines[self.y].ljust(self.x)
            self.lines[self.y] = line[: self.x] + token + line[self.x + len(token) :]
            self.x += len(token)
            assert self.x < self.columns, "it wraps"


def watch(args, size=(80, 24), env=None, stdout=subprocess.PIPE):
    """Runs the program with standard error on a terminal: its exit code, and what came there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    process = subprocess.Popen(
        [PROGRAM, "scan", "--no-cache", *args],
        stdin=subprocess.DEVNULL, stdout=stdout, stderr=theirs,
        env={**os.environ, "TERM": "xterm", "CONTAINERS_REGISTRIES_CONF": os.devnull, **(env or {})},
    )  # fmt: skip
    os.close(theirs)
    got = []

    def read():
        try:
            while data := os.read(ours, 65536):
                got.append(data)
        except OSError:
            pass  # nobody has it open any more

    reader = threading.Thread(target=read)
    reader.start()
    process.communicate(timeout=50)
    reader.join(10)
    os.close(ours)
    return process.returncode, b"".join(got).decode()


def seen(args, size=(80, 24), **knobs):
    code, text = watch(args, size, **knobs)
    screen = Screen(*size)
    screen.feed(text)
    return code, screen


def slowly(data, seconds, of=40):
    """An iterable of DATA that takes SECONDS."""
    step = -(-len(data) // of)
    for start in range(0, len(data), step):
        time.sleep(seconds / of)
        yield data[start : start + step]


@pytest.fixture(scope="module")
def image():
    layers = [archive(file(f"usr/lib/{i}", body=os.urandom(SIZE))) for i in range(2)]
    layers.append(archive(file("usr/bin/su", 0o4755)))
    return Image([Layer(layer, "gzip") for layer in layers])


@pytest.fixture
def registry(image):
    """The large layers take more than a second, the second one longer."""
    with serving(image) as one:

        def rule(request):
            if request.kind != "blobs" or len(one.truth(request).body) < SIZE:
                return None
            truth = one.truth(request)
            seconds = 1.2 if one.layer(0) in request.path else 1.7
            return Answer(truth.status, truth.headers, chunks=slowly(truth.body, seconds))

        one.rule(rule)
        yield one


def remote(registry, *args):
    return ["--plain-http", *args, registry.source]


BAR = re.compile(
    r"  (sha256:[0-9a-f]{12})  \[(#*)(-*)\]  +(\d+) %  ([\d.]+)\xa0(\w+) of ([\d.]+)\xa0MB"
)


def bars(screen):
    """For each time the screen was drawn, its bars by layer: percent."""
    return [
        {bar[1]: int(bar[4]) for line in shown if (bar := BAR.fullmatch(line))}
        for shown in screen.shown
    ]


def test_each_large_layer_has_a_bar_that_grows_and_goes(registry):
    code, screen = seen(remote(registry))
    assert code == FAIL
    drawn = bars(screen)
    large = {registry.layer(i)[:19] for i in range(2)}
    assert set().union(*drawn) == large
    for layer in large:
        percents = [bars[layer] for bars in drawn if layer in bars]
        assert percents == sorted(percents) and percents[0] < 60 < percents[-1] <= 100
    assert screen.shown[-1] == [] and not any(screen.lines)


def test_first_line_counts_bytes_and_layers(registry):
    _, screen = seen(remote(registry))
    heads = [shown[0] for shown in screen.shown if shown]
    name = re.escape(registry.source.removeprefix("docker://"))
    counts = [re.match(name + r": [\d.]+\xa0[kMB]+.*, (\d) of 3 layers$", head) for head in heads]
    counts = [int(count[1]) for count in counts if count]
    assert counts == sorted(counts) and counts[0] == 0 and counts[-1] > 0
    # What comes from a registry counts.
    assert any(re.search(r": [1-9][\d.]*\xa0MB", head) for head in heads)


@pytest.mark.parametrize("columns, has_bar", [(20, False), (40, True), (132, True)])
def test_nothing_is_wider_than_the_terminal(registry, columns, has_bar):
    code, screen = seen(remote(registry), size=(columns, 24))  # the screen fails where it wraps
    assert code == FAIL and any(len(shown) > 1 for shown in screen.shown)
    assert has_bar == any("[#" in line or "[-" in line for one in screen.shown for line in one)


def test_low_terminal_has_fewer_bars(registry):
    _, screen = seen(remote(registry), size=(80, 2))
    assert screen.shown and all(len(shown) <= 1 for shown in screen.shown)


def test_terminal_of_unknown_size_is_drawn_on(registry):
    code, text = watch(remote(registry), size=(0, 0))
    assert code == FAIL and BAR.search(text)


@pytest.mark.parametrize("terminal", ["dumb", ""])
def test_dumb_terminal_has_one_line(registry, terminal):
    code, text = watch(remote(registry), env={"TERM": terminal})
    assert code == FAIL
    assert "\033" not in text and "\n" not in text and "of 3 layers" in text
    *_, last, wiped, end = text.split("\r")
    assert last.strip() and not wiped.strip() and len(wiped) >= len(last) and end == ""


def test_quiet_shows_nothing(registry):
    assert watch(remote(registry, "--quiet")) == (FAIL, "")


def test_pipe_gets_nothing(registry):
    done = subprocess.run(
        [PROGRAM, "scan", "--no-cache", *remote(registry)],
        capture_output=True,
        env={**os.environ, "TERM": "xterm", "CONTAINERS_REGISTRIES_CONF": os.devnull},
    )
    assert (done.returncode, done.stderr) == (FAIL, b"")


def test_short_scan_shows_nothing(image, tmp_path):
    assert watch([docker_archive(tmp_path / "image.tar", image)]) == (FAIL, "")


def test_several_images_are_counted_and_their_layers_have_bars(registry):
    code, screen = seen(["--jobs", "2", *remote(registry), registry.source])
    assert code == FAIL
    heads = {shown[0].partition(":")[0] for shown in screen.shown if shown}
    assert "0 of 2 images" in heads and heads <= {f"{n} of 2 images" for n in range(3)}
    assert any(bars(screen)) and screen.shown[-1] == []


def test_message_stands_on_lines_of_its_own(registry, tmp_path):
    """An error that comes while bars are shown."""
    code, screen = seen(["--jobs", "1", *remote(registry), str(tmp_path / "missing")], (250, 24))
    assert code == 2
    (line,) = [line for line in screen.lines if line]
    assert line.startswith("nonzero: ") and "missing" in line


def test_pipe_of_an_archive_has_one_line(image, tmp_path):
    data = docker_archive(tmp_path / "image.tar", image).read_bytes()
    os.mkfifo(tmp_path / "pipe")

    def write():
        with open(tmp_path / "pipe", "wb") as pipe:
            for part in slowly(data, 1.5):
                pipe.write(part)

    threading.Thread(target=write, daemon=True).start()
    code, screen = seen([str(tmp_path / "pipe")])
    assert code == FAIL
    assert any(screen.shown) and all(len(shown) <= 1 for shown in screen.shown)
