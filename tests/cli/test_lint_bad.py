"""Bad input of `nonzero lint`: an error with a position and exit 2, or a verdict; never a pass that
nobody has looked at, and always soon."""

import os

import pytest
from lint_kit import ROOT, USER, assert_no_verdict, lint, put
from program import ERROR, FAIL, PASS

SECONDS = 20  # far off: it holds on a busy machine and under sanitizers
KILO = 1024


def judged(place, name="Dockerfile", *args):
    result = lint(name, *args, cwd=place)
    assert result.cpu < SECONDS, result
    return result


# No Dockerfiles ------------------------------------------------------------------------------------

BINARY = {
    "elf": b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 16,
    "png": b"\x89PNG\r\n\x1a\n" + os.urandom(0) + bytes(range(255, -1, -1)) * 8,
    "gzip": b"\x1f\x8b\x08\x00" + b"\x00\xff\x13" * 500,
    "zeros": bytes(4096),
    "zero-in-a-line": b"FROM scratch\nUSER 10\x0000\n",
    "zero-behind-from": b"FROM scratch\x00\nUSER 1000\n",
    "zero-at-the-end": b"FROM scratch\nUSER 1000\n\x00",
    "utf-16": "FROM scratch\nUSER 1000\n".encode("utf-16"),
    "utf-16-big": "FROM scratch\nUSER 1000\n".encode("utf-16-be"),
    "latin-1-instruction": b"FROM scratch\n\xdcSER 1000\n",
    "random": bytes((i * 7919 + i // 3) % 256 for i in range(20000)),
}


@pytest.mark.parametrize("name", BINARY)
def test_binary_file_is_no_pass(tmp_path, name):
    put(tmp_path, {"Dockerfile": BINARY[name]})
    result = judged(tmp_path)
    assert result.code in (ERROR, FAIL), result
    if result.code == ERROR:
        assert_no_verdict(result, position=("Dockerfile", 0))


def test_odd_bytes_in_comments_and_labels_are_text(tmp_path):
    put(tmp_path, {"Dockerfile": b"FROM scratch\n# \xff\xfe\nLABEL a=\xff\nUSER 1000\n"})
    assert judged(tmp_path).code == PASS


# Lines and sizes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [64 * KILO, 64 * KILO + 1, 200 * KILO])
@pytest.mark.parametrize("kind", ["RUN true ", "# ", "ENV a=", "USER "])
def test_line_that_buildkit_does_not_read_is_an_error(tmp_path, size, kind):
    line = kind + "x" * (size - len(kind))
    put(tmp_path, {"Dockerfile": f"FROM scratch\nENV b=1\n{line}\nUSER 1000\n".encode()})
    assert_no_verdict(judged(tmp_path), position=("Dockerfile", 3))


def test_long_lines_are_read(tmp_path):
    put(tmp_path, {"Dockerfile": "FROM scratch\n" + ("LABEL a=" + "x" * 60000 + "\n") * 20 + "USER 1000\n"})
    assert judged(tmp_path).code == PASS


def test_long_instruction_of_short_lines_is_read(tmp_path):
    text = "FROM debian:12\nRUN true" + " \\\n && echo " + " \\\n && echo ".join("x" * 50 for _ in range(5000))
    put(tmp_path, {"Dockerfile": text + "\nUSER 1000\n"})
    assert judged(tmp_path).code == PASS


def test_file_that_is_too_large_is_an_error(tmp_path):
    put(tmp_path, {"Dockerfile": "FROM scratch\n" + "# comment\n" * 400000 + "USER 1000\n"})
    assert_no_verdict(judged(tmp_path), "Dockerfile")


def test_endless_standard_input_is_an_error():
    def endless():
        yield b"FROM scratch\n"
        while True:
            yield b"# more\n" * 10000

    result = lint("-", stdin=endless())
    assert result.code == ERROR and result.cpu < SECONDS


# Each is written to make something grow with its square, or without end.
GROWING = {
    "stages": "FROM scratch AS s0\n" + "".join(f"FROM s{i} AS s{i + 1}\n" for i in range(20000)) + "USER 1000\n",
    "users": "FROM scratch\n" + "USER 0\n" * 50000 + "USER 1000\n",
    "environment": "FROM scratch\n" + "".join(f"ENV v{i}=$v{i - 1}x\n" for i in range(20000)) + "USER 1000\n",
    "doubling": "FROM scratch\nENV v0=xxxxxxxxxx\n"
    + "".join(f"ENV v{i + 1}=$v{i}$v{i}\n" for i in range(60))
    + "USER ${v60:+1000}\n",
    "nested-braces": "FROM scratch\nUSER " + "${a:-" * 10000 + "1000" + "}" * 10000 + "\n",
    "nested-shell": "FROM debian:12\nRUN " + "(" * 20000 + "true" + ")" * 20000 + "\nUSER 1000\n",
    "nested-substitutions": "FROM debian:12\nRUN " + "$(" * 20000 + "true" + ")" * 20000 + "\nUSER 1000\n",
    "nested-sh-c": "FROM debian:12\nRUN " + "sh -c " * 5000 + "true\nUSER 1000\n",
    "commands": "FROM debian:12\nRUN " + "true;" * 12000 + "true\nUSER 1000\n",
    "pattern": "FROM scratch\nENV v=" + "a" * 20000 + "\nUSER ${v##" + "*a" * 200 + "b}\n",
    "replace": "FROM scratch\nENV v=" + "a" * 20000 + "\nUSER ${v//" + "a*" * 100 + "b/c}\n",
    "accounts": "FROM debian:12\n"
    + "".join(f"RUN useradd -u {i + 1000} u{i}\n" for i in range(20000))
    + "USER 1000\n",
    "paths": "FROM debian:12\n"
    + "".join(f"RUN mkdir /d{i} && chown 1000 /d{i}\n" for i in range(20000))
    + "USER 1000\n",
    "chmods": "FROM debian:12\n" + "".join(f"RUN chmod 777 /d{i}\n" for i in range(20000)) + "USER 1000\n",
    "onbuild": "FROM scratch AS s0\n" + "ONBUILD ENV a=b\n" * 10000 + "FROM s0\nUSER 1000\n",
    "heredocs": "FROM scratch\nCOPY " + " ".join(f"<<E{i}" for i in range(2000)) + " /d/\n"
    + "".join(f"x\nE{i}\n" for i in range(2000)) + "USER 1000\n",
    "continuations": "FROM scratch\nENV a=b" + " \\\n c=d" * 60000 + "\nUSER 1000\n",
    "json": "FROM scratch\nCMD " + "[" * 30000 + "]" * 30000 + "\nUSER 1000\n",
}


@pytest.mark.parametrize("name", GROWING)
def test_nothing_grows_without_end(tmp_path, name):
    put(tmp_path, {"Dockerfile": GROWING[name].encode()})
    result = judged(tmp_path)
    assert result.code in (PASS, FAIL, ERROR)
    if result.code == ERROR:
        assert_no_verdict(result, "Dockerfile")
    elif result.code == PASS:
        assert result.user["state"] == "non-root"


# Never ended ---------------------------------------------------------------------------------------

OPEN = {
    "heredoc": ("FROM debian:12\nRUN <<EOF\ntrue\nUSER 1000\n", 2),
    "heredoc-of-copy": ("FROM scratch\nCOPY <<EOF /x\nUSER 1000\n", 2),
    "second-heredoc": ("FROM scratch\nCOPY <<A <<B /d/\nx\nA\nUSER 1000\n", 2),
    "quote-of-user": ('FROM scratch\nUSER "1000\n', 2),
    "single-quote-of-user": ("FROM scratch\nUSER '1000\n", 2),
    "quote-of-env": ('FROM scratch\nENV a="b\nUSER 1000\n', 2),
    "brace": ("FROM scratch\nUSER ${v\n", 2),
    "quote-of-workdir": ('FROM scratch\nWORKDIR "/x\nUSER 1000\n', 2),
    "brace-of-from": ("FROM ${v\nUSER 1000\n", 1),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_does_not_end_is_an_error_where_it_begins(tmp_path, name):
    text, line = OPEN[name]
    put(tmp_path, {"Dockerfile": text})
    assert_no_verdict(judged(tmp_path), position=("Dockerfile", line))


def test_shell_quote_that_does_not_end_hides_no_verdict(tmp_path):
    """The build fails in the shell; a reader goes on."""
    put(tmp_path, {"Dockerfile": "FROM debian:12\nRUN echo 'x\nUSER 0\n"})
    assert judged(tmp_path).code in (FAIL, ERROR)


# Circles -------------------------------------------------------------------------------------------


def test_stages_in_a_circle(tmp_path):
    put(tmp_path, {"Dockerfile": "FROM scratch AS a\nCOPY --from=b /x /x\nFROM scratch AS b\n"
                                 "COPY --from=a /x /x\nUSER 1000\n"})
    assert_no_verdict(judged(tmp_path), position=("Dockerfile", 0))


def test_variables_in_a_circle_are_none(tmp_path):
    put(tmp_path, {"Dockerfile": "FROM scratch\nENV a=$b b=$a\nENV a=$b b=$a\nUSER ${a:-1000}\n"})
    assert judged(tmp_path).user["uid"] == 1000


def include(name):
    return f"include: [{name}]\nservices:\n  s{name[0]}:\n    image: x\n"


def test_includes_in_a_circle_of_many(tmp_path):
    names = [f"{chr(97 + i)}.yaml" for i in range(12)]
    put(tmp_path, {name: include(names[(i + 1) % 12]) for i, name in enumerate(names)})
    assert_no_verdict(judged(tmp_path, "a.yaml"), ".yaml:")


def test_includes_without_end_are_an_error(tmp_path):
    for i in range(300):
        put(tmp_path, {f"c{i}.yaml": f"include: [c{i + 1}.yaml]\nservices:\n  s{i}:\n    image: x\n"})
    put(tmp_path, {"c300.yaml": "services:\n  last:\n    image: x\n"})
    assert_no_verdict(judged(tmp_path, "c0.yaml"), ".yaml")


def test_extends_in_a_circle(tmp_path):
    put(tmp_path, {"compose.yaml": "services:\n  a: {extends: b}\n  b: {extends: c}\n  c: {extends: a}\n"})
    assert_no_verdict(judged(tmp_path, "compose.yaml"), position=("compose.yaml", 0))


# YAML ----------------------------------------------------------------------------------------------


def laughs(levels, width=10):
    lines = ["x-0: &a0 [" + ", ".join(["lol"] * width) + "]"]
    for i in range(1, levels):
        lines.append(f"x-{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * width) + "]")
    return "\n".join(lines) + f"\nservices:\n  app:\n    image: debian:12\n    cap_add: *a{levels - 1}\n"


MERGES = "x-0: &m0 {a: b}\n" + "".join(
    f"x-{i}: &m{i}\n" + "".join(f"  k{j}: {{<<: *m{i - 1}}}\n" for j in range(10)) for i in range(1, 12)
) + "services:\n  app:\n    image: debian:12\n    labels: *m11\n"

YAML = {
    "aliases": laughs(12),
    "merges": MERGES,
    "alias-of-itself": "services: &s\n  app:\n    image: debian:12\n    labels: *s\n",
    "deep-sequence": "services:\n  app:\n    image: debian:12\n    cap_add: " + "[" * 50000 + "]" * 50000 + "\n",
    "deep-mapping": "services:\n  app:\n    image: debian:12\n    labels: " + "{a: " * 50000 + "}" * 50000 + "\n",
    "many-services": "services:\n" + "".join(f"  s{i}:\n    image: debian:12\n" for i in range(20000)),
    "long-scalar": "services:\n  app:\n    image: debian:12\n    user: '" + "0" * 1000000 + "'\n",
    "many-documents": "---\nservices: {}\n" * 20000,
    "binary": b"\x00\x01\x02services:\n",
    "not-utf-8": b"services:\n  app:\n    image: \xff\xfe\n    user: '1000'\n",
    "tag": "services: !!python/object/apply:os.system ['true']\n",
    "nothing": "",
    "only-a-comment": "# nothing\n",
    "no-services": "version: '3'\n",
    "html": "<html><body>Not found</body></html>\n",
}


@pytest.mark.parametrize("name", YAML)
def test_hostile_yaml_is_no_pass(tmp_path, name):
    text = YAML[name]
    put(tmp_path, {"compose.yaml": text if isinstance(text, bytes) else text.encode()})
    result = judged(tmp_path, "compose.yaml")
    assert result.code in (FAIL, ERROR), result
    if result.code == ERROR:
        assert_no_verdict(result, "compose.yaml")


def test_yaml_bomb_is_an_error_with_its_place(tmp_path):
    put(tmp_path, {"compose.yaml": laughs(12)})
    assert_no_verdict(judged(tmp_path, "compose.yaml"), position=("compose.yaml", 0))


def test_few_aliases_are_no_bomb(tmp_path):
    put(tmp_path, {"compose.yaml": "x-u: &u '1000'\nservices:\n  app:\n    image: debian:12\n    user: *u\n"})
    assert judged(tmp_path, "compose.yaml").code == PASS


# Windows -------------------------------------------------------------------------------------------

SERVERCORE = "mcr.microsoft.com/windows/servercore:ltsc2022"


@pytest.mark.parametrize(
    "text, code",
    [
        (f"# escape=`\r\nFROM {SERVERCORE}\r\nUSER ContainerAdministrator\r\n", FAIL),
        (f"FROM {SERVERCORE}\r\nRUN powershell -Command `\r\n  Get-Item C:\\\r\nUSER ContainerUser\r\n", None),
        (f"# escape=`\r\nFROM {SERVERCORE}\r\nSHELL [\"powershell\", \"-Command\"]\r\n"
         "RUN net user app /add; `\r\n    Write-Host 'chmod u+s x'\r\nUSER ContainerUser\r\n", PASS),
        (f"# escape=`\r\nFROM {SERVERCORE}\r\nCOPY a.exe C:\\a\\\r\nUSER ContainerAdministrator\r\n", FAIL),
    ],
)
def test_windows_files(tmp_path, text, code):
    put(tmp_path, {"Dockerfile": text.encode()})
    result = judged(tmp_path)
    assert result.code == code if code is not None else result.code in (PASS, FAIL, ERROR)


# The rest goes on -----------------------------------------------------------------------------------


def test_bad_files_hide_no_good_ones(tmp_path):
    files = {f"{name}/Dockerfile": body for name, body in BINARY.items()}
    put(tmp_path, {**files, "user/Dockerfile": USER, "root/Dockerfile": ROOT})
    result = judged(tmp_path, ".")
    assert result.code == ERROR
    verdicts = {os.path.normpath(one["source"]): one["verdict"] for one in result.subjects}
    assert verdicts["user/Dockerfile"] == "pass" and verdicts["root/Dockerfile"] == "fail"


def test_missing_dotenv_that_decides_is_no_pass(tmp_path):
    put(tmp_path, {"Dockerfile": ROOT, "compose.yaml":
                   "services:\n  app:\n    build: .\n    user: ${RUN_AS}\n"})
    assert judged(tmp_path, "compose.yaml").code == FAIL


def test_dotenv_that_is_broken_is_an_error(tmp_path):
    put(tmp_path, {"Dockerfile": ROOT, ".env": "RUN_AS='1000\n", "compose.yaml":
                   "services:\n  app:\n    build: .\n    user: ${RUN_AS}\n"})
    result = judged(tmp_path, "compose.yaml")
    assert result.code in (ERROR, FAIL), result


def test_env_file_that_is_missing_is_said(tmp_path):
    """`env_file` sets nothing that decides who starts: its absence hides no verdict."""
    put(tmp_path, {"Dockerfile": ROOT, "compose.yaml":
                   "services:\n  app:\n    build: .\n    env_file: gone.env\n"})
    assert judged(tmp_path, "compose.yaml").code in (FAIL, ERROR)


def test_folder_of_a_thousand(tmp_path):
    put(tmp_path, {f"d{i % 50}/{i}.Dockerfile": USER if i % 3 else ROOT for i in range(1000)})
    result = judged(tmp_path, ".")
    assert len(result.subjects) == 1000
    assert sum(one["verdict"] == "fail" for one in result.subjects) == 334
