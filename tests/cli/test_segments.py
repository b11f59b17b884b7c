"""A large uncompressed layer is read in two places at once. Whoever made it chose the bytes of its files, and among them
may be what looks like the layer's own headers: the answer is that of the same layer compressed, which has one reader."""

import re
import subprocess

import pytest
from oddimage import Image, Layer, docker_archive
from oddtar import archive, file, hardlink, header, pax, pax_global
from program import ERROR, PROGRAM, scan

MIB = 1 << 20

# What the layers hold before and behind their middle, where the second reader begins. In front there is enough to read
# that the first does not get there before the second.
HALF = 32 * MIB
FRONT = b"".join(file(f"front/{number}") for number in range(20000))
FRONT += file("front/rest", body=bytes(HALF - len(FRONT) - 512))
BACK = file("back", body=bytes(HALF))
SU, HIDDEN = file("bin/su", 0o4755), file("hidden/su", 0o4755)
MIDDLE = 4 * MIB


def nested(*last):
    """A file in the middle, all of it headers, with LAST at its end."""
    last = b"".join(last)
    return file("data", 0o644, body=HIDDEN * ((MIDDLE - len(last)) // len(HIDDEN)) + last)


def renamed(number):
    return pax({"path": f"usr/bin/{number}"}) + file("harmless", 0o4755 if number == 900 else 0o755)


LAYERS = {
    "an archive in a file": [FRONT, nested(), BACK, SU],
    "with an end": [FRONT, nested(bytes(1024)), BACK, SU],
    "with an error": [FRONT, nested(b"x" * 512), BACK, SU],
    "whose last file reaches over real ones": [
        FRONT,
        nested(header("hidden/reach", size=len(BACK) + len(SU))),
        BACK,
        SU,
        file("last"),
    ],
    "whose last file reaches past the end": [FRONT, nested(header("hidden/reach", size=1 << 32)), BACK, SU],
    "with a name for the next real file": [FRONT, nested(pax({"path": "hidden/name"})), SU, BACK],
    "names by extended headers": [FRONT, *[renamed(n) for n in range(2000)], BACK],
    "global headers between": [FRONT, *[pax_global({"comment": "x"}) + file(f"{n}") for n in range(999)], BACK, SU],
    "links to the other half": [FRONT, SU, *[file(f"{n}") for n in range(2000)], hardlink("bin/sudo", "bin/su", 0o4755), BACK],
    "a layer that ends in the middle": [FRONT, SU, bytes(1024), nested(), BACK],
}


def story(result):
    """What a report says of files: nothing that names the image's bytes."""
    keys = ("rule", "level", "path", "mode", "uid", "gid", "message")
    found = [[one.get(key) for key in keys] for subject in result.subjects for one in subject["findings"]]
    return result.code, result.verdict, sorted(found, key=str)


def both(tmp_path, layer):
    plain, packed = (
        docker_archive(tmp_path / f"{packed}.tar", Image([Layer(layer, packed=packed)])) for packed in ("none", "gzip")
    )
    return scan(plain), scan(packed)


@pytest.mark.parametrize("what", LAYERS)
def test_what_lies_in_files_changes_nothing(what, tmp_path):
    plain, packed = both(tmp_path, archive(*LAYERS[what]))
    assert story(plain) == story(packed)
    setuid = {one["path"] for one in plain.subjects[0]["findings"] if one["rule"] == "setuid-root"}
    assert setuid and not any("hidden" in path for path in setuid)


def test_an_error_in_the_second_half_stands_where_it_is(tmp_path):
    files = b"".join(file(f"{n}", body=b"x") for n in range(2000))
    layer = bytearray(archive(FRONT, files, BACK))
    at = len(FRONT) + 1900 * 1024
    layer[at] ^= 1
    plain, packed = both(tmp_path, bytes(layer))
    assert plain.code == packed.code == ERROR
    texts = [re.search(rb"bad tar header at byte.*", one.err)[0] for one in (plain, packed)]
    assert texts[0] == texts[1] and b"at byte %d, of or after 1899" % at in texts[0]


def places_of_a_second_reader(strace, image, log):
    """Where in the archive the second reader looked; none when it had come too late."""
    command = [strace, "-f", "-qq", "-e", "trace=prctl,pread64", "-o", log, PROGRAM, "scan", image]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    calls = log.read_text()
    reader = re.search(r'^(\d+) +prctl\(PR_SET_NAME, "segments"', calls, re.MULTILINE)
    if not reader:
        return []
    return [int(at) for at in re.findall(rf"^{reader[1]} +pread64\(.*, (\d+)(?:\)| <unf)", calls, re.MULTILINE)]


def test_a_second_reader_looks_into_the_middle(tmp_path, tool):
    """Else the other tests here would test nothing. On a busy machine the first may be at its end
    before the second begins: it has more than one chance."""
    image = docker_archive(tmp_path / "image.tar", Image([archive(*LAYERS["an archive in a file"])]))
    runs = (places_of_a_second_reader(tool("strace"), image, tmp_path / "calls") for _ in range(20))
    assert any(HALF < at < HALF + MIDDLE + MIB for places in runs for at in places), "is there but one processor?"


def test_a_small_layer_has_one_reader(tmp_path, tool):
    image = docker_archive(tmp_path / "image.tar", Image([archive(FRONT, SU)]))
    log = tmp_path / "calls"
    command = [tool("strace"), "-f", "-qq", "-e", "trace=prctl", "-o", log, PROGRAM, "scan", image]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    assert '"layer"' in log.read_text() and '"segments"' not in log.read_text()
