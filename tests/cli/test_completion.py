"""What bash, zsh and fish themselves complete, with the files that the build made from the option
tables; and the man pages made from the same."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from program import PROGRAM, ROOT, run

DOCS = Path(PROGRAM).parent / "src" / "docs"
ENGINES = {"containers-storage:", "docker-daemon:", "containerd:"}
PREFIXES = {"docker-archive:", "oci-archive:", "oci:", "dir:", "docker://", *ENGINES}

BASH = """
source /usr/share/bash-completion/bash_completion
source "$1"
COMP_LINE=$2
shift 2
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMP_POINT=${#COMP_LINE}
compopt() { :; }
_nonzero nonzero "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
((${#COMPREPLY[@]})) && printf '%s\\n' "${COMPREPLY[@]}"
"""

# compadd tells what would be offered: the words that it adds to an array of ours, not to the list.
ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
line() { local got; zpty -r shell got "*$1*" }
zpty -w shell 'PS1=; stty -echo columns 1000; fpath=('${1:h}' $fpath); autoload -Uz compinit; compinit -u -D'
zpty -w shell 'compadd() {
  local -a got given
  given=("$@")
  if [[ ${given[(I)-[OAD]]} -gt 0 ]]; then builtin compadd "$@"; return; fi
  builtin compadd -A got "$@"
  (( $#got )) && print -rl -- ${(P)${:-IPREFIX}}${^got}  >>$CAPTURE
  builtin compadd "$@"
}'
zpty -w shell "CAPTURE=$3; cd $4; bindkey '^I' complete-word; zle -C complete-word complete-word all_of_it"
zpty -w shell 'all_of_it() { _main_complete; : >$CAPTURE.end }'
zpty -w shell 'print REA''DY'
line READY
zpty -w -n shell "$2"$'\\t'
for ((n = 0; n < 1000; n++)); do [[ -e $3.end ]] && break; sleep 0.02; done
zpty -w -n shell $'\\C-u'
zpty -w shell 'print DO''NE'
line DONE
zpty -d shell
"""


def shell(*argv, cwd):
    done = subprocess.run(
        [os.fspath(a) for a in argv],
        capture_output=True,
        timeout=60,
        cwd=cwd,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": os.fspath(cwd), "TERM": "dumb"},
    )
    assert not done.stderr, done.stderr.decode()
    return done.stdout.decode()


def in_bash(words, cwd):
    """`:` and `=` part words in bash, and what is before them is not part of the answer."""
    line = " ".join(words)
    split = [part for word in words for part in re.split("(?<=.)([:=])", word)]
    return set(shell("bash", "-c", BASH, "bash", DOCS / "nonzero", line, *split, cwd=cwd).split())


def in_zsh(words, cwd):
    captured = cwd / ".captured"
    end = cwd / ".captured.end"
    captured.unlink(missing_ok=True)
    end.unlink(missing_ok=True)
    shell("zsh", "-f", "-c", ZSH, "zsh", DOCS / "_nonzero", " ".join(words), captured, cwd, cwd=cwd)
    assert end.exists(), "the completion did not come to its end"
    return set(captured.read_text().split("\n")) - {""} if captured.exists() else set()


def in_fish(words, cwd):
    source = f"source '{DOCS}/nonzero.fish'; complete -C '{' '.join(words)}'"
    lines = shell("fish", "--no-config", "-c", source, cwd=cwd).splitlines()
    return {line.split("\t")[0] for line in lines}


SHELLS = pytest.mark.parametrize("complete", [in_bash, in_zsh, in_fish])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "image.tar").write_bytes(b"")
    (tmp_path / "images").mkdir()
    return tmp_path


@SHELLS
def test_a_verb_is_completed(complete, folder):
    assert complete(["nonzero", "sc"], folder) == {"scan"}


@SHELLS
def test_an_option_is_completed(complete, folder):
    got = complete(["nonzero", "scan", "--fo"], folder)
    assert {option.rstrip("=") for option in got} == {"--format"}


@SHELLS
@pytest.mark.parametrize("words", [["--format", ""], ["-f", ""]])
def test_a_format_is_completed_with_those_that_exist(complete, words, folder):
    got = complete(["nonzero", "scan", *words], folder)
    assert {"text", "json"} <= got
    for name in got:
        assert run("scan", "--format", name).err == run("scan").err, f"{name} is no format"


@SHELLS
def test_a_rule_is_completed_with_those_that_exist(complete, folder):
    got = complete(["nonzero", "checks", "setuid-r"], folder)
    assert got == {"setuid-root"}
    assert run("checks", *got).code == 0


@SHELLS
def test_a_value_after_an_equals_sign_is_completed(complete, folder):
    got = complete(["nonzero", "scan", "--color=al"], folder)
    assert {word.removeprefix("--color=") for word in got} == {"always"}


@SHELLS
def test_images_and_files_to_write_are_paths(complete, folder):
    for words in (["ima"], ["--output", "ima"], ["--verify", "ima"]):
        got = {path.rstrip("/") for path in complete(["nonzero", "scan", *words], folder)}
        assert {path for path in got if path not in PREFIXES} == {"image.tar", "images"}


@SHELLS
def test_a_path_is_completed_after_its_transport(complete, folder):
    got = complete(["nonzero", "scan", "oci:images"], folder)
    assert {path.rstrip("/").removeprefix("oci:") for path in got} == {"images"}


@SHELLS
def test_where_an_image_is_is_completed(complete, folder):
    (folder / "containers").mkdir()
    got = {word.rstrip("/") for word in complete(["nonzero", "scan", "container"], folder)}
    assert got == {"containers-storage:", "containerd:", "containers"}
    assert complete(["nonzero", "scan", "docker"], folder) == {
        one for one in PREFIXES if one.startswith("docker")}


@SHELLS
def test_a_name_is_no_file(complete, folder):
    if complete is not in_fish:  # which offers files behind any colon
        assert complete(["nonzero", "scan", "containerd:ima"], folder) == set()
        assert complete(["nonzero", "scan", "docker://ima"], folder) == set()


@SHELLS
def test_an_engine_is_completed_with_those_that_exist(complete, folder):
    got = complete(["nonzero", "images", ""], folder)
    assert {f"{name}:" for name in got} == ENGINES


@SHELLS
def test_a_user_is_not_a_file(complete, folder):
    assert complete(["nonzero", "scan", "--user", "ima"], folder) == set()


def options_of(verb):
    text = run(verb, "--help").out.decode()
    return set(re.findall("(?m)^ +(?:-., )?(--[a-z-]+)", text))


def verbs():
    text = run("--help").out.decode()
    return re.findall("(?m)^  ([a-z]+) ", text)


@SHELLS
def test_every_option_of_every_verb_is_offered(complete, folder):
    for verb in verbs():
        got = complete(["nonzero", verb, "--"], folder)
        assert {option.rstrip("=") for option in got} == options_of(verb), verb


def pages():
    return sorted((DOCS / "man1").glob("*.1"))


def test_every_verb_has_a_page_that_tells_all_its_options():
    assert sorted(page.stem for page in pages()) == sorted(
        ["nonzero", *(f"nonzero-{verb}" for verb in verbs())]
    )
    for verb in verbs():
        text = (DOCS / "man1" / f"nonzero-{verb}.1").read_text()
        found = {option.replace("\\-", "-") for option in re.findall(r"\\fB(\\-\\-\S+?)\\fR", text)}
        told = set(re.findall(r"\\fB\\-\\-\\fR\\fB(\S+?)\\fR", text))
        assert {"--" + name.replace("\\-", "-") for name in told} | found >= options_of(verb)


def test_the_overview_tells_every_rule_with_its_remedy():
    text = (DOCS / "man1" / "nonzero.1").read_text()
    for source in (ROOT / "src" / "check").glob("*.c"):
        for rule in re.findall(r'\.rule = "([a-z0-9-]+)"', source.read_text()):
            assert "\n\\fB" + rule.replace("-", "\\-") + "\\fR" in text, rule


def assert_clean(page):
    for argv in (
        ["mandoc", "-Tlint", "-Wwarning", page],
        ["groff", "-man", "-ww", "-z", "-Kutf8", page],
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
    ):
        done = subprocess.run(argv, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0 and not done.stderr, done.stderr.decode()
        assert argv[0] != "mandoc" or not done.stdout, done.stdout.decode()


def test_the_pages_are_clean_to_three_formatters():
    for page in pages():
        assert_clean(page)


def test_a_verb_that_nobody_wrote_about_has_a_page(tmp_path):
    subprocess.run([DOCS / "nonzero-docs", "man", tmp_path, "2026-01-01"], check=True, timeout=60)
    for verb in verbs():
        page = tmp_path / f"nonzero-{verb}.1"
        assert_clean(page)
        text = page.read_text()
        assert ".SH OPTIONS" in text and ".SH DESCRIPTION" in text
        for option in options_of(verb):
            assert option.lstrip("-").replace("-", "\\-") in text


def test_completions_are_clean_to_the_shells_own_readers():
    for argv in (
        ["bash", "-n", DOCS / "nonzero"],
        ["zsh", "-n", DOCS / "_nonzero"],
        ["fish", "-n", DOCS / "nonzero.fish"],
        ["shellcheck", DOCS / "nonzero"],
    ):
        done = subprocess.run(argv, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, f"{argv}: {done.stdout.decode()}{done.stderr.decode()}"
