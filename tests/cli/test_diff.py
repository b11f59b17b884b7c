"""`nonzero diff OLD NEW`: what is new, gone, changed; only what is new decides the exit code."""

import json

import jsonschema
import pytest
from oddimage import Image, Layer, docker_archive, oci_archive, oci_layout
from oddtar import archive, capability, directory, file
from program import (
    ERROR,
    FAIL,
    PASS,
    ROOT,
    SCHEMA,
    USAGE,
    assert_printable,
    assert_refused,
    run,
)

DIFF_SCHEMA = ROOT / "docs" / "diff-v1.schema.json"
PASSWD = file("etc/passwd", body=b"root:x:0:0::/:\napp:x:1000:1000::/:\nweb:x:1001:1001::/:\n")


def capable(name, mask, mode=0o755):
    return file(name, mode, xattrs={"security.capability": capability(mask)})


def image(*entries, **knobs):
    return Image([archive(PASSWD, *entries)], **knobs)


def in_layers(*layers, **knobs):
    return Image([archive(PASSWD), *[archive(*layer) for layer in layers]], **knobs)


def write_pair(tmp_path, old, new):
    return (
        docker_archive(tmp_path / "old.tar", old),
        docker_archive(tmp_path / "new.tar", new),
    )


def diff(*args, **knobs):
    return run("diff", "--format", "json", *args, **knobs)


def document(result):
    made = json.loads(result.out)
    jsonschema.validate(made, json.loads(DIFF_SCHEMA.read_text()))
    assert (made["verdict"] == "fail") == (result.code == FAIL), result
    assert (result.code == FAIL) == any("worse" in one for one in made["findings"]["new"]), result
    return made


def names(entries):
    """rule and path, or the rule alone."""
    found = [one.get("after") or one["before"] for one in entries]
    return sorted(
        one["rule"] + " " + one["path"] if "path" in one else one["rule"] for one in found
    )


SU = file("opt/su", 0o4755)
SU_CAP = 1 << 7  # cap_setuid
NET_CAP = 1 << 13  # cap_net_raw

# name: (old, new, exit code, new, gone, changed, same)
CASES = {
    "nothing": (image(), image(), PASS, [], [], [], 0),
    "same-fail": (image(SU), image(SU), PASS, [], [], [], 1),
    "both-fail-otherwise": (
        image(SU),
        image(file("bin/mount", 0o4755)),
        FAIL,
        ["setuid-root /bin/mount"],
        ["setuid-root /opt/su"],
        [],
        0,
    ),
    "new-setuid": (image(), image(SU), FAIL, ["setuid-root /opt/su"], [], [], 0),
    "gone-setuid": (image(SU), image(), PASS, [], ["setuid-root /opt/su"], [], 0),
    "new-warning": (
        image(),
        image(file("bin/wall", 0o2755)),
        PASS,
        ["setgid-root /bin/wall"],
        [],
        [],
        0,
    ),
    "new-info": (
        image(),
        image(file("bin/x", 0o4644)),
        PASS,
        ["setuid-inert /bin/x"],
        [],
        [],
        0,
    ),
    "became-root": (image(user="1000"), image(user="0"), FAIL, ["image-user"], [], [], 0),
    "stopped-being-root": (image(user="0"), image(user="5"), PASS, [], ["image-user"], [], 0),
    "root-by-another-name": (image(user="0"), image(user=None), PASS, [], [], [], 1),
    "became-unknown": (image(user="5"), image(user="ghost"), FAIL, ["image-user"], [], [], 0),
    "unknown-still": (image(user="ghost"), image(user="spook"), PASS, [], [], [], 1),
    "unknown-became-root": (image(user="ghost"), image(user="0"), FAIL, ["image-user"], [], [], 0),
    "root-became-unknown": (image(user="0"), image(user="ghost"), FAIL, ["image-user"], [], [], 0),
    "another-name": (image(user="app"), image(user="web"), PASS, [], [], [], 1),
    "moved-to-another-layer": (in_layers([SU], []), in_layers([], [SU]), PASS, [], [], [], 1),
    "another-mode": (
        image(SU),
        image(file("opt/su", 0o4711)),
        PASS,
        [],
        [],
        ["setuid-root /opt/su"],
        0,
    ),
    "another-owner": (
        image(file("bin/x", 0o2755, gid=5)),
        image(file("bin/x", 0o2755, gid=6)),
        PASS,
        [],
        [],
        ["setgid-other /bin/x"],
        0,
    ),
    "another-rule": (
        image(file("opt/su", 0o4755, uid=5)),
        image(SU),
        FAIL,
        ["setuid-root /opt/su"],
        ["setuid-other /opt/su"],
        [],
        0,
    ),
    "more-capabilities": (
        image(capable("bin/ping", NET_CAP)),
        image(capable("bin/ping", NET_CAP | SU_CAP)),
        PASS,
        [],
        [],
        ["file-capabilities /bin/ping"],
        0,
    ),
    "another-level": (
        image(capable("bin/ping", NET_CAP, 0o644)),
        image(capable("bin/ping", NET_CAP)),
        PASS,
        [],
        [],
        ["file-capabilities /bin/ping"],
        0,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_new_and_what_it_means(tmp_path, case):
    old, new, code, *expected = CASES[case]
    result = diff(*write_pair(tmp_path, old, new))
    assert result.code == code, result
    found = document(result)["findings"]
    told = [names(found[kind]) for kind in ("new", "gone", "changed")] + [found["same"]]
    assert told == expected, result
    assert found["excepted"] == 0
    assert result.err == b""


CHANGED = {
    "another-mode": ["mode"],
    "another-owner": ["owner"],
    "more-capabilities": ["message"],
    "another-level": ["level", "mode"],
}


@pytest.mark.parametrize("case, fields", CHANGED.items())
def test_what_changed_is_named(tmp_path, case, fields):
    old, new, *_ = CASES[case]
    (entry,) = document(diff(*write_pair(tmp_path, old, new)))["findings"]["changed"]
    assert entry["changed"] == fields
    assert entry["before"]["path"] == entry["after"]["path"]


USERS = [
    ("5", "5", []),
    ("5", "6", ["uid", "declared"]),
    ("5", "5:7", ["gid", "declared"]),
    ("1000:1000", "app", ["declared"]),
    ("app", "0", ["state", "uid", "gid", "declared"]),
]


@pytest.mark.parametrize("old, new, fields", USERS)
def test_users_are_compared(tmp_path, old, new, fields):
    made = document(diff(*write_pair(tmp_path, image(user=old), image(user=new))))
    assert made["user_changed"] == fields
    assert (made["old"]["user"]["declared"], made["new"]["user"]["declared"]) == (old, new)


def test_undecided_finding_is_worse_even_as_a_warning(tmp_path):
    """A setuid file that another unpacker would see."""
    twice = image(SU, file("opt/su", 0o755))
    result = diff(*write_pair(tmp_path, image(), twice))
    assert result.code == FAIL, result
    (entry,) = document(result)["findings"]["new"]
    assert entry["after"]["rule"] == "ambiguous-layer" and entry["after"]["undecided"]
    assert diff(*write_pair(tmp_path, twice, twice)).code == PASS


def test_layer_as_a_whole_is_known_by_its_rule(tmp_path):
    def mislabelled(*before):
        wrong = Layer(
            archive(file("a")), packed="gzip", media_type="application/vnd.oci.image.layer.v1.tar"
        )
        return Image([Layer(archive(directory(name))) for name in before] + [wrong])

    old = oci_archive(tmp_path / "old.tar", mislabelled())
    new = oci_archive(tmp_path / "new.tar", mislabelled("x", "y"))
    found = document(diff(old, new))["findings"]
    assert (found["new"], found["gone"], found["same"]) == ([], [], 1)


def test_schema_defines_users_and_findings_as_the_report_does():
    mine, reports = (json.loads(path.read_text())["$defs"] for path in (DIFF_SCHEMA, SCHEMA))
    jsonschema.Draft202012Validator.check_schema(json.loads(DIFF_SCHEMA.read_text()))
    for name in ("verdict", "id", "position", "digest", "user", "finding"):
        assert mine[name] == reports[name]


# For people ---------------------------------------------------------------------------------------

WORDS = {
    "new-setuid": "WORSE",
    "became-root": "WORSE",
    "gone-setuid": "BETTER",
    "stopped-being-root": "BETTER",
    "same-fail": "SAME",
    "new-warning": "NO WORSE",
}


@pytest.mark.parametrize("case, word", WORDS.items())
def test_text_begins_with_a_word(tmp_path, case, word):
    old, new, code, *_ = CASES[case]
    result = run("diff", *write_pair(tmp_path, old, new))
    assert result.out.decode().startswith(word + "  example.com/app:1.0"), result
    assert result.code == code


def test_text_says_what_changed_and_what_to_do(tmp_path):
    old = image(SU, file("bin/gone", 0o4755), file("bin/wall", 0o2755))
    new = image(
        file("opt/su", 0o4711), file("bin/come", 0o4755), file("bin/wall", 0o2755), user="0"
    )
    text = run("diff", *write_pair(tmp_path, old, new)).out.decode()
    rows = {line.split()[3]: line.split() for line in text.splitlines() if " setuid-root " in line}
    assert rows["/bin/gone"][0] == "gone"
    assert rows["/bin/come"][0] == "new"
    assert rows["/opt/su"][0] == "changed" and "4755 -> 4711" in text
    assert "/bin/wall" not in text, "what stayed is counted only"
    assert "2 new, 1 gone, 1 changed, 1 as before" in text
    assert "non-root 1000:1000 (USER 1000) -> root 0:0 (USER 0)" in text
    assert "\nsetuid-root\n  to do  " in text and "\nimage-user\n  to do  " in text


def test_differences_of_level_info_are_counted_unless_verbose(tmp_path):
    pair = write_pair(tmp_path, image(), image(file("bin/x", 0o4644)))
    assert b"/bin/x" not in run("diff", *pair).out
    assert b"1 differences of level info" in run("diff", *pair).out
    assert b"/bin/x" in run("diff", "--verbose", *pair).out


def test_hostile_names_cannot_drive_a_terminal(tmp_path):
    evil = file(b"bin/\x1b[2J\x9b\xc2\x9b\nsu", 0o4755)
    for pair in ((image(), image(evil)), (image(evil), image(user="\x1b[31m"))):
        assert_printable(run("diff", *write_pair(tmp_path, *pair)).out)
        document(diff(*write_pair(tmp_path, *pair)))


# Options ------------------------------------------------------------------------------------------


def test_user_is_applied_to_both(tmp_path):
    pair = write_pair(tmp_path, image(user="0"), image(user="5"))
    made = document(diff("--user", "7", *pair))
    assert (made["old"]["user"]["uid"], made["new"]["user"]["uid"]) == (7, 7)
    assert made["findings"]["gone"] == []


def test_verify_is_applied_to_both(tmp_path):
    lie = Image([Layer(archive(), diff_id="sha256:" + "0" * 64)])
    for pair in ((lie, image()), (image(), lie)):
        paths = write_pair(tmp_path, *pair)
        assert run("diff", *paths).code == PASS
        assert_refused(run("diff", "--verify", *paths), "diff_id")


def test_quiet_tells_by_the_exit_code(tmp_path):
    pair = write_pair(tmp_path, image(), image(SU))
    result = run("diff", "--quiet", *pair)
    assert (result.code, result.out, result.err) == (FAIL, b"", b"")


def test_output_goes_to_a_file(tmp_path):
    pair = write_pair(tmp_path, image(), image(SU))
    result = diff("--output", tmp_path / "made", *pair)
    assert (result.code, result.out) == (FAIL, b"")
    assert (tmp_path / "made").read_bytes() == diff(*pair).out
    result = diff("--output", tmp_path / "no" / "made", *pair)
    assert result.code == ERROR and b"no/made" in result.err


def test_color_when_asked_for(tmp_path):
    pair = write_pair(tmp_path, image(), image(SU))
    assert b"\x1b[1;31mWORSE" in run("diff", "--color=always", *pair).out
    assert b"\x1b" not in run("diff", *pair).out


def test_one_may_come_by_standard_input(tmp_path):
    old, new = write_pair(tmp_path, image(), image(SU))
    assert diff(old, "-", stdin=new.read_bytes()).code == FAIL
    assert diff("-", new, stdin=old.read_bytes()).code == FAIL


def platforms(tmp_path, name, dirty):
    return oci_layout(
        tmp_path / name,
        image(architecture="amd64"),
        image(*[SU] * dirty, architecture="arm64"),
        nest=1,
    )


@pytest.mark.parametrize("platform, code", [("linux/amd64", PASS), ("linux/arm64", FAIL)])
def test_platform_is_applied_to_both(tmp_path, platform, code):
    pair = platforms(tmp_path, "old", False), platforms(tmp_path, "new", True)
    result = diff("--platform", platform, *pair)
    assert result.code == code
    made = document(result)
    assert made["old"]["platform"] == made["new"]["platform"] == platform


def test_several_images_are_an_error_that_lists_them(tmp_path):
    several = platforms(tmp_path, "several", False)
    one = docker_archive(tmp_path / "one.tar", image())
    for pair in ((one, several), (several, one)):
        assert_refused(run("diff", *pair), several, "linux/amd64", "linux/arm64", "--platform")


def test_platforms_that_differ_are_noted(tmp_path):
    pair = write_pair(tmp_path, image(architecture="amd64"), image(architecture="arm64"))
    assert b"note: the platforms differ: linux/amd64, and linux/arm64" in run("diff", *pair).out


@pytest.mark.parametrize("broken", ["old", "new", "both"])
def test_image_that_cannot_be_read_is_an_error(tmp_path, broken):
    pair = write_pair(tmp_path, image(), image())
    for path in pair:
        if broken in (path.stem, "both"):
            path.write_bytes(b"broken")
    result = run("diff", *pair)
    assert_refused(result, *[path for path in pair if broken in (path.stem, "both")])


WRONG = [
    [],
    ["a"],
    ["a", "b", "c"],
    ["-", "-"],
    ["--format", "x", "a", "b"],
    ["--quiet", "--verbose", "a", "b"],
    ["--quiet", "--output", "x", "a", "b"],
    ["--platform", "x", "a", "b"],
    ["--color", "x", "a", "b"],
    ["--max-ratio", "-1", "a", "b"],
    ["--base", "x", "a", "b"],
]


@pytest.mark.parametrize("args", WRONG, ids=" ".join)
def test_wrong_usage(args):
    result = run("diff", *args)
    assert (result.code, result.out) == (USAGE, b""), result
    assert result.err
    assert_printable(result.err)


def test_same_input_same_bytes(tmp_path):
    pair = write_pair(tmp_path, image(SU), image(file("bin/a", 0o4755), user="0"))
    for form in ("text", "json"):
        assert len({run("diff", "--format", form, *pair).out for _ in range(5)}) == 1


def test_many_findings_are_compared_in_time(tmp_path):
    """Names that differ in their end only, ten thousand on each side."""
    many = [
        [file(f"bin/{'x' * 60}{n + shift}", 0o4755) for n in range(10_000)] for shift in (0, 5000)
    ]
    result = diff(*write_pair(tmp_path, image(*many[0]), image(*many[1])))
    found = json.loads(result.out)["findings"]
    assert [len(found[kind]) for kind in ("new", "gone")] == [5000, 5000]
    assert found["same"] == 5000
    assert result.cpu < 10
