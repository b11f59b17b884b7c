# SPDX-License-Identifier: Apache-2.0
"""libnonzero through its public header alone, as another program would use it: installed somewhere,
found by pkg-config, shared and static."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from oddimage import Image, oci_archive
from oddtar import archive, file
from program import PROGRAM, ROOT, scan

BUILD = Path(PROGRAM).parent
EXAMPLE = ROOT / "examples" / "judge.c"
SETUID = Image([archive(file("opt/su", 0o4755))])
CLEAN = Image([archive(file("opt/app"))])
SANITIZED = "asan" in BUILD.name
# A program that is not instrumented cannot load a library that is.
INSTRUMENTED = ["-fsanitize=address,undefined"] if SANITIZED else []


def tool(*args, **knobs):
    done = subprocess.run(list(map(str, args)), check=False, capture_output=True, timeout=300, **knobs)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    stage = tmp_path_factory.mktemp("stage")
    tool("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", stage)
    [pc] = stage.rglob("nonzero.pc")
    return stage, pc.parent


@pytest.fixture(scope="module")
def compile_(installed, tmp_path_factory):
    stage, pc = installed
    environment = {**os.environ, "PKG_CONFIG_PATH": str(pc), "PKG_CONFIG_SYSROOT_DIR": str(stage)}

    def build(source, *more, how="shared", compiler="cc"):
        wanted = ["--cflags", "--libs"] + (["--static"] if how == "static" else [])
        # The sysroot is for this package, not for those of the system that it needs.
        flags = tool("pkg-config", *wanted, "nonzero", env=environment).split()
        flags = [flag if "/nonzero" in flag or str(stage) not in flag else
                 flag if Path(flag[2:]).exists() else flag.replace(str(stage), "") for flag in flags]
        if how == "static":
            [library] = stage.rglob("libnonzero.a")
            flags = [str(library) if flag == "-lnonzero" else flag for flag in flags]
        out = tmp_path_factory.mktemp("program") / "program"
        tool(compiler, source, *more, *INSTRUMENTED, "-Wall", "-Wextra", "-Werror", "-o", out, *flags)
        library = next(stage.rglob("libnonzero.so")).parent

        def run(*args):
            return subprocess.run([str(out), *map(str, args)], check=False, capture_output=True,
                                  timeout=60, env={**os.environ, "LD_LIBRARY_PATH": str(library)})

        return run

    return build


@pytest.mark.parametrize("how", ["shared", "static"])
def test_the_example_says_what_the_program_says(compile_, tmp_path, how):
    judge = compile_(EXAMPLE, how=how)
    good, bad = (oci_archive(tmp_path / name, image) for name, image in
                 (("good.tar", CLEAN), ("bad.tar", SETUID)))
    for path in (good, bad):
        done, expected = judge(path), scan(path)
        assert done.returncode == expected.code
        assert f": {expected.subject['verdict']}, uid 1000" in done.stdout.decode()
        named = re.findall(r"^  (\S+) (/\S+): ", done.stdout.decode(), re.M)
        assert named == [(one["rule"], one["path"]) for one in expected.findings() if one["level"] == "fail"]


def test_the_example_tells_what_cannot_be_read(compile_, tmp_path):
    done = compile_(EXAMPLE)(tmp_path / "absent.tar", oci_archive(tmp_path / "good.tar", CLEAN))
    assert done.returncode == 2
    assert b"absent.tar" in done.stderr and b": pass, uid 1000" in done.stdout


def test_the_example_is_under_50_lines():
    assert len(EXAMPLE.read_text().splitlines()) < 50


def test_the_library_has_the_headers_symbols_and_no_others(installed):
    stage, _ = installed
    library = next(stage.rglob("libnonzero.so")).resolve()
    listed = [line.split()[-1] for line in tool("nm", "-D", "--defined-only", library).splitlines()]
    symbols = {name.split("@@")[0] for name in listed if not name.startswith("NONZERO_")}
    assert all("@@NONZERO_" in name for name in listed if not name.startswith("NONZERO_"))
    header = re.sub(r"/\*.*?\*/", "", (ROOT / "include" / "nonzero.h").read_text(), flags=re.S)
    assert symbols == set(re.findall(r"\b(nonzero_\w+)\(", header))


def test_the_header_stands_alone_in_c_and_in_cxx(compile_, tmp_path):
    text = '#include <nonzero.h>\nint main(void) { return nonzero_version()[0] == 0; }\n'
    for suffix, compiler, dialect in ((".c", "cc", "-std=c99"), (".cc", "c++", "-std=c++11")):
        source = tmp_path / f"alone{suffix}"
        source.write_text(text)
        assert compile_(source, dialect, "-pedantic", compiler=compiler)().returncode == 0


TOUR = r"""
#include <nonzero.h>
#include <stdlib.h>
#include <string.h>

static int images, errors;
static void on_image(const char *name, uint64_t bytes, void *data)
{
  (void)name, (void)bytes, (void)data;
  images++;
}
static void on_error(const char *source, const char *message, void *data)
{
  errors += *(int *)data;
  printf("error %s: %s\n", source, message);
}

int
main(int argc, char **argv)
{
  (void)argc;
  int one = 1;
  char *error = NULL, *summary = NULL;
  nonzero_events events = {.image = on_image, .error = on_error};
  nonzero_scanner *scanner = nonzero_scanner_new();
  nonzero_scanner_set_events(scanner, &events, &one);
  printf("bad %d\n", nonzero_scanner_set(scanner, "platform", "nonsense", &error));
  printf("said %d\n", error && strstr(error, "linux/arm64") != NULL);
  free(error);
  printf("none %d\n", nonzero_scanner_set(scanner, "no-such", "x", NULL));
  printf("ignore %d\n", nonzero_scanner_set(scanner, "ignore", "DL3002", NULL));
  const char *inputs[] = {argv[1], argv[2], NULL};
  nonzero_scanner_confine(scanner, inputs, &summary);
  printf("summary %d\n", strncmp(summary, "confined", 8) == 0 || strncmp(summary, "not", 3) == 0);
  free(summary);
  printf("absent %d\n", nonzero_scanner_scan(scanner, "/absent"));
  printf("scanned %d\n", nonzero_scanner_scan(scanner, argv[2]));
  nonzero_layer_progress layers[16];
  printf("at work %d %d\n", (int)nonzero_scanner_layers(scanner, layers, 16),
         nonzero_scanner_bytes_read(scanner) > 0);
  nonzero_report *report = nonzero_scanner_finish(scanner);
  const nonzero_subject *subject = nonzero_report_subject(report, 0);
  printf("user %d %lld %lld\n", nonzero_subject_user_state(subject),
         (long long)nonzero_subject_uid(subject), (long long)nonzero_subject_gid(subject));
  for (size_t i = 0; nonzero_subject_finding(subject, i); i++) {
    const nonzero_finding *finding = nonzero_subject_finding(subject, i);
    uint16_t mode;
    uint32_t uid;
    if (nonzero_finding_owner(finding, &mode, &uid, NULL) == 0)
      printf("finding %s %s %o %u %d\n", nonzero_finding_rule(finding),
             nonzero_finding_path(finding), mode, uid, nonzero_finding_layer(finding));
  }
  printf("past %d %d\n", nonzero_report_subject(report, 1) == NULL,
         nonzero_report_error(report, 1) == NULL);
  printf("format %d\n", nonzero_report_write(report, "nonsense", stdout, 0, NULL));
  nonzero_report_free(report);

  nonzero_diff *diff = nonzero_scanner_diff(scanner, argv[1], argv[2]);
  printf("worse %d\n", nonzero_diff_is_worse(diff));
  nonzero_diff_free(diff);
  diff = nonzero_scanner_diff(scanner, argv[1], argv[1]);
  printf("worse %d\n", nonzero_diff_is_worse(diff));
  nonzero_diff_free(diff);
  printf("diff %d\n", nonzero_scanner_diff(scanner, argv[1], "/absent") == NULL);
  nonzero_scanner_cancel(scanner);
  printf("cancelled %d\n", nonzero_scanner_scan(scanner, argv[1]));
  nonzero_scanner_free(scanner);
  nonzero_scanner_free(NULL);
  nonzero_report_free(NULL);
  printf("counted %d %d\n", images > 0, errors);
  return 0;
}
"""


def test_a_tour_of_the_library(compile_, tmp_path):
    source = tmp_path / "tour.c"
    source.write_text(TOUR)
    old, new = (oci_archive(tmp_path / name, image) for name, image in (("old", CLEAN), ("new", SETUID)))
    done = compile_(source)(old, new)
    assert done.returncode == 0, done.stderr.decode()
    lines = [line for line in done.stdout.decode().splitlines() if not line.startswith("error ")]
    assert lines == [
        "bad -1", "said 1", "none -1", "ignore 0", "summary 1", "absent -1", "scanned 0", "at work 0 1",
        "user 1 1000 0", "finding setuid-root /opt/su 4755 0 0", "past 1 1", "format -1",
        "worse 1", "worse 0", "diff 1", "cancelled -1", "counted 1 3",
    ]  # fmt: skip


AGAIN = r"""
#include <nonzero.h>

int
main(int argc, char **argv)
{
  (void)argc;
  nonzero_scanner *scanner = nonzero_scanner_new();
  nonzero_scanner_set(scanner, "policy", argv[1], NULL);
  nonzero_scanner_set(scanner, "fail-on", "warn", NULL);
  nonzero_scanner_set(scanner, "ignore", "setgid-other", NULL);
  for (int i = 0; i < 3; i++) {
    nonzero_scanner_scan(scanner, argv[2]);
    nonzero_report *report = nonzero_scanner_finish(scanner);
    const nonzero_subject *subject = nonzero_report_subject(report, 0);
    printf("%d %s\n", nonzero_report_verdict(report), nonzero_finding_rule(nonzero_subject_finding(subject, 0)));
    nonzero_report_free(report);
  }
  nonzero_report *nothing = nonzero_scanner_finish(scanner);
  printf("nothing %d %d\n", nonzero_report_verdict(nothing), nonzero_report_exit_code(nothing));
  nonzero_scanner_scan(scanner, argv[3]);
  nonzero_diff *diff = nonzero_scanner_diff(scanner, argv[3], argv[2]);
  nonzero_scanner_free(scanner);
  printf("worse %d\n", nonzero_diff_is_worse(diff));
  nonzero_diff_write(diff, "github", stdout, 0, NULL);
  nonzero_diff_free(diff);
  nonzero_report_free(nothing);
  return 0;
}
"""


def test_a_scanner_keeps_its_options_from_report_to_report(compile_, tmp_path):
    """One that forgot what fails an image would let the second pass. And nothing is no pass."""
    source, policy = tmp_path / "again.c", tmp_path / "policy.yaml"
    source.write_text(AGAIN)
    policy.write_text("rules:\n  setuid-root: warn\n")
    old, new = (oci_archive(tmp_path / name, image) for name, image in (("old", CLEAN), ("new", SETUID)))
    done = compile_(source)(policy, new, old)
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode().splitlines()
    assert lines[:5] == ["2 setuid-root"] * 3 + ["nothing 1 1", "worse 1"]
    assert any(line.startswith("::warning file=opt/su") for line in lines[5:]), lines


def test_pkg_config_names_what_a_static_program_needs(installed):
    _, pc = installed
    text = (pc / "nonzero.pc").read_text()
    assert re.search(r"^Version: \d+\.\d+\.\d+$", text, re.M)
    assert "glib-2.0" in re.search(r"^Requires.private: (.*)$", text, re.M).group(1)
    assert "Requires:" not in text, "a program that is linked with the shared library needs nothing else"
