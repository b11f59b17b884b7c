"""The Debian package: built, read by lintian, and installed in a Debian that has nothing else."""

import filecmp
import os
import re
import shutil

import kit
import layouts
import pytest

INSTALLED = ["usr/bin/nonzero", "usr/share/man/man1/nonzero.1.gz", "usr/share/man/man1/nonzero-scan.1.gz",
             "usr/share/bash-completion/completions/nonzero", "usr/share/zsh/vendor-completions/_nonzero",
             "usr/share/fish/vendor_completions.d/nonzero.fish", "usr/share/doc/nonzero/copyright"]


def build(out, **environment):
    kit.need("dpkg-buildpackage", "dh")
    kit.run(kit.PROJECT / "packaging" / "deb.sh", out, cwd=kit.PROJECT, timeout=600,
            env={**os.environ, "PATH": "/usr/bin:/usr/sbin:/bin:/sbin", **environment})
    return out


@pytest.fixture(scope="module")
def packages(scratch):
    return build(scratch / "deb", SOURCE_DATE_EPOCH="1750000000")


def only(directory, pattern):
    found = sorted(directory.glob(pattern))
    assert len(found) == 1, found
    return found[0]


@pytest.fixture(scope="module")
def root(packages, scratch):
    """A new Debian with apt, into which apt has installed the package and what it depends on."""
    kit.need_root()
    kit.need("mmdebstrap")
    layout = layouts.write_layout(scratch / "small", [[layouts.file("su", 0o4755)]], "1000")
    kit.run("tar", "-C", layout, "-cf", scratch / "small.tar", ".")
    directory = scratch / "deb-root"
    done = kit.run("mmdebstrap", "--quiet", "--mode=root", "--variant=apt",
                   '--aptopt=APT::Install-Recommends "false"',
                   f'--customize-hook=cp {only(packages, "nonzero_*.deb")} "$1/tmp/nonzero.deb"',
                   f'--customize-hook=cp {scratch}/small.tar "$1/srv/"',
                   '--customize-hook=chroot "$1" apt-get install -y --no-install-recommends /tmp/nonzero.deb',
                   "bookworm", directory, check=False, timeout=600)
    if done.returncode != 0:
        kit.must_or_skip("mmdebstrap could not make a root with the package: " +
                         done.stderr.decode(errors="replace")[-1500:])
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def test_lintian_has_nothing_to_say(packages):
    kit.need("lintian")
    done = kit.run("lintian", "--allow-root", "--fail-on", "error,warning", only(packages, "*.changes"),
                   check=False)
    assert done.returncode == 0 and not done.stdout, done.stdout.decode()


def test_the_package_comes_out_the_same_from_another_directory(packages, scratch):
    again = build(scratch / "elsewhere" / "deb", SOURCE_DATE_EPOCH="1750000000")
    for pattern in ("nonzero_*.deb", "nonzero-dbgsym_*.deb"):
        # Not by ==: pytest would look for hours for how megabytes differ.
        assert filecmp.cmp(only(again, pattern), only(packages, pattern), shallow=False), pattern


def test_the_installed_program_runs_where_nothing_else_is(root):
    version = kit.run("chroot", root, "nonzero", "--version").stdout.decode()
    assert version.split()[1] in kit.run("chroot", root, "dpkg-query", "-Wf", "${Version}", "nonzero").stdout.decode()
    done = kit.run("chroot", root, "nonzero", "scan", "--format", "json", "/srv/small.tar", check=False)
    assert kit.read_report(done, "small.tar")["verdict"] == "fail"
    assert "setuid-root" in kit.rules_of(kit.read_report(done, "small.tar")["subjects"][0])


def test_the_libraries_that_are_opened_later_are_there_too(root):
    names = set(re.findall(r'"(lib\w+\.so\.\d+)"', "".join(
        path.read_text() for path in (kit.PROJECT / "src").glob("*/*.c"))))
    assert len(names) >= 3
    recommended = kit.run("chroot", root, "dpkg-query", "-Wf", "${Recommends}", "nonzero").stdout.decode().split(", ")
    for name in names:
        package = name.replace(".so.", "")  # as Debian calls it
        assert package in recommended or list((root / "usr/lib").glob(f"*/{name}")), name


def test_the_package_brings_pages_and_completions(root):
    for name in INSTALLED:
        assert (root / name).is_file(), name
    listed = kit.run("chroot", root, "dpkg", "-L", "nonzero").stdout.decode().split()
    assert set(listed) >= {"/" + name for name in INSTALLED}


def test_the_package_makes_nothing_privileged(packages):
    listing = kit.run("dpkg-deb", "--contents", only(packages, "nonzero_*.deb")).stdout.decode()
    for line in listing.splitlines():
        assert line.split()[0] in ("drwxr-xr-x", "-rwxr-xr-x", "-rw-r--r--"), line
        assert line.split()[1] == "root/root", line


def test_it_goes_away_without_a_trace(root):
    kit.run("chroot", root, "apt-get", "purge", "-y", "nonzero")
    for name in INSTALLED:
        assert not (root / name).exists(), name
