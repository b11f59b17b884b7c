"""Names are bytes: cleaned as paths, never trusted as text, never printed raw."""

import re

import pytest
from oddimage import Image, Layer, docker_archive
from oddtar import archive, directory, file, symlink, whiteout
from program import ERROR, FAIL, assert_consistent, assert_printable, run, scan

# The name in the archive and the path of the file that it is.
CLEANED = [
    ("usr/bin/su", "/usr/bin/su"),
    ("./usr/bin/su", "/usr/bin/su"),
    ("/usr/bin/su", "/usr/bin/su"),
    ("//usr///bin/./su", "/usr/bin/su"),
    ("usr/lib/../bin/su", "/usr/bin/su"),
    ("usr/bin/su/", "/usr/bin/su"),
    ("././././su", "/su"),
    ("a/b/../../su", "/su"),
    (" su ", "/ su "),
    ("...", "/..."),
    ("..su", "/..su"),
    ("a\\b", "/a\\b"),
    ("-su", "/-su"),
    ("su:0", "/su:0"),
    ("étoile", "/étoile"),
    ("日本/語", "/日本/語"),
    ("x" * 100, "/" + "x" * 100),
    ("x" * 101, "/" + "x" * 101),
    ("x" * 255, "/" + "x" * 255),
    ("/".join(["d" * 50] * 20), "/" + "/".join(["d" * 50] * 20)),
]


@pytest.mark.parametrize("name, path", CLEANED, ids=[row[0][:30] for row in CLEANED])
def test_name_is_cleaned(judge, name, path):
    assert judge(archive(file(name, 0o4755))).paths("setuid-root") == [path]


@pytest.mark.parametrize("name", [row[0] for row in CLEANED], ids=[row[0][:30] for row in CLEANED])
@pytest.mark.parametrize(
    "cover",
    [lambda name: file(name, 0o755), lambda name: whiteout(name.rstrip("/"))],
    ids=["file", "whiteout"],
)
def test_every_spelling_is_the_same_file(judge, name, cover):
    path = next(path for given, path in CLEANED if given == name)
    assert judge(archive(file(name, 0o4755)), archive(cover(path[1:]))).verdict == "pass"
    assert judge(archive(file(path, 0o4755)), archive(cover(name))).verdict == "pass"


@pytest.mark.parametrize("name", ["../su", "../../../../bin/su", "bin/../../su", "/../su"])
def test_name_that_climbs_out_stays_inside_or_is_refused(tmp_path, name):
    result = scan(docker_archive(tmp_path / "image.tar", Image([archive(file(name, 0o4755))])))
    assert result.code in (FAIL, ERROR), result
    if result.code == FAIL:
        assert not [path for path in result.paths() if ".." in path.split("/")]


@pytest.mark.parametrize("name", ["", ".", "/", "..", "./"])
def test_name_of_the_root_itself(tmp_path, name):
    for entry in (directory(name), file(name, 0o4755)):
        result = scan(
            docker_archive(tmp_path / "image.tar", Image([archive(entry, file("bin/su", 0o4755))]))
        )
        assert result.code in (FAIL, ERROR), result


# Names that attack whoever prints them.
HOSTILE = {
    "newline": b"bin/su\nPASS  everything is fine",
    "carriage-return": b"bin/su\rPASS",
    "escape": b"bin/\x1b[2J\x1b[1;1H\x1b[32mPASS\x1b[0m",
    "title": b"bin/\x1b]0;title\x07su",
    "bell-and-delete": b"bin/\x07\x08\x7fsu",
    "c1-in-utf-8": b"bin/\xc2\x9b31msu",
    "c1-raw": b"bin/\x9b31msu",
    "invalid-utf-8": b"bin/\xff\xfe\x80su",
    "cut-utf-8": b"bin/su\xe2\x82",
    "overlong-utf-8": b"bin/\xc0\xafsu",
    "surrogate": b"bin/\xed\xa0\x80su",
    "beyond-unicode": b"bin/\xf4\x90\x80\x80su",
    "quotes": b'bin/"su"\'`$(id)`\\',
    "markup": b"bin/<script>alert(1)</script>&amp;",
    "tab": b"bin/\tsu",
    "format": b"bin/%s%n%x",
}


@pytest.fixture(params=HOSTILE.values(), ids=HOSTILE)
def hostile(request, tmp_path):
    """An image whose file names, history, tag and user are all this name."""
    name = request.param
    text = name.decode("utf-8", "replace")
    layer = Layer(
        archive(file(name, 0o4755), file(name + b".g", 0o2755), symlink(b"l" + name, name)),
        created_by=text,
    )
    return docker_archive(tmp_path / "image.tar", Image([layer], user=text, tags=(text,)))


@pytest.mark.parametrize("option", ["--verbose", "--quiet", "--verify"])
def test_hostile_name_is_printed_as_text(hostile, option):
    result = run("scan", option, hostile)
    assert result.code == FAIL, result
    assert_printable(result.out)
    assert_printable(result.err)
    assert not [line for line in result.out.splitlines() if line.startswith(b"PASS")], result


def test_hostile_name_is_valid_json(hostile):
    result = scan(hostile)
    assert_consistent(result)
    assert_printable(result.out)
    assert len(result.findings("setuid-root")) == 1


def unescaped(path):
    """With control characters as themselves, whether they came as \\xNN or as JSON escapes."""
    return re.sub(r"\\x([01][0-9a-f])", lambda match: chr(int(match[1], 16)), path)


@pytest.mark.parametrize(
    "name, shown",
    [
        (HOSTILE["newline"], "/bin/su\nPASS  everything is fine"),
        (HOSTILE["tab"], "/bin/\tsu"),
        (HOSTILE["quotes"], '/bin/"su"\'`$(id)`\\'),
        (b"bin/\xffsu", "/bin/\\xffsu"),
        (b"bin/\xc3\xa9\xff", "/bin/é\\xff"),
    ],
)
def test_path_in_json_is_exact(judge, name, shown):
    """Text stays as it is; a byte that is no UTF-8, or no text, is written as \\xNN."""
    path = judge(archive(file(name, 0o4755))).finding("setuid-root")["path"]
    assert unescaped(path) == unescaped(shown)


def test_hostile_name_in_a_message_is_printed_as_text(tmp_path):
    """The message about a broken layer names the entry."""
    for name in HOSTILE.values():
        layer = archive(file(name, size=-1))
        result = run("scan", docker_archive(tmp_path / "image.tar", Image([layer])))
        assert result.code == ERROR, result
        assert result.out == b""
        assert_printable(result.err)


def test_names_that_differ_in_bytes_are_different_files(judge):
    """No normalisation, no case folding, no locale."""
    result = judge(
        archive(file("é", 0o4755), file("e\u0301", 0o4755), file("É", 0o4755)),
        archive(file("É", 0o755)),
    )
    assert len(result.findings("setuid-root")) == 2
    result = judge(
        archive(file("bin/\ufffd", 0o755), file(b"bin/\xff", 0o4755), file(b"bin/\xfe", 0o4755))
    )
    assert len(result.findings("setuid-root")) == 2


def test_locale_changes_nothing(tmp_path):
    path = docker_archive(
        tmp_path / "image.tar", Image([archive(file("é", 0o4755), file(b"\xff", 0o4755))])
    )
    outputs = {
        scan(path, env={"LC_ALL": locale, "LANG": locale}).out
        for locale in ("C", "C.UTF-8", "POSIX", "xx_YY")
    }
    assert len(outputs) == 1
