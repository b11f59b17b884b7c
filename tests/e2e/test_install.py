"""`make install` and `make uninstall`, into a directory."""

import os
import subprocess

import kit
import layouts

FILES = ["bin/nonzero", "share/bash-completion/completions/nonzero", "share/doc/nonzero/LICENSE",
         "share/fish/vendor_completions.d/nonzero.fish", "share/man/man1/nonzero.1",
         "share/man/man1/nonzero-scan.1", "share/zsh/site-functions/_nonzero"]
PATH = "/usr/bin:/usr/sbin:/bin:/sbin"


def make(*arguments):
    kit.run("make", "-C", kit.PROJECT, *arguments, env={**os.environ, "PATH": PATH}, timeout=600)


def installed(directory):
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


def test_install_and_uninstall_honour_prefix_and_destdir(tmp_path):
    for prefix in ("/opt/nz", "/usr/local"):     # the second is what it is without PREFIX
        stage = tmp_path / prefix.replace("/", "_")
        make("install", f"DESTDIR={stage}", *([] if prefix == "/usr/local" else [f"PREFIX={prefix}"]))
        found = installed(stage)
        assert found >= {f"{prefix}/{name}".lstrip("/") for name in FILES}
        assert all(name.startswith(prefix.lstrip("/") + "/") for name in found)
        modes = {oct(path.stat().st_mode & 0o7777) for path in stage.rglob("*")}
        assert modes <= {"0o755", "0o644"}
        make("uninstall")
        assert not installed(stage)


def test_the_installed_program_runs_from_anywhere(tmp_path):
    make("install", f"DESTDIR={tmp_path}/stage")
    layout = layouts.write_layout(tmp_path / "image", [[layouts.file("su", 0o755)]], "1000")
    done = subprocess.run([tmp_path / "stage/usr/local/bin/nonzero", "scan", layout], cwd="/", check=False,
                          env={}, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
