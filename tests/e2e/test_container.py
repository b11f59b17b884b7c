"""packaging/Containerfile: nonzero's own image passes its own scan, and works.

Built by buildah on a Debian that mmdebstrap makes here, with the compiler in it: nothing is pulled.
"""

import hashlib
import re

import engines
import kit
import layouts
import pytest

IMAGE = "localhost/e2e-nonzero"
BASE = "localhost/e2e-builder"


def build_packages():
    """The group `build` of packaging/deps.sh."""
    text = (kit.PROJECT / "packaging" / "deps.sh").read_text()
    return sorted(re.search('(?m)^build="([^"]*)"', text)[1].split())


@pytest.fixture(scope="module")
def builder_root():
    """A tar of a Debian with all that a build needs; kept for the next run."""
    packages = build_packages()
    recipe = hashlib.sha256(repr(packages).encode()).hexdigest()[:12]
    path = kit.CACHE / f"builder-{recipe}.tar"
    with kit.made_once(path) as part:
        if part:
            kit.need_root()
            kit.need("mmdebstrap")
            done = kit.run("mmdebstrap", "--quiet", "--mode=root", "--variant=apt",
                           '--aptopt=APT::Install-Recommends "false"', "--dpkgopt=path-exclude=/usr/share/doc/*",
                           "--include=" + ",".join(packages), "bookworm", part, check=False, timeout=900)
            if done.returncode != 0:
                kit.must_or_skip("mmdebstrap could not make a root: " +
                                 done.stderr.decode(errors="replace")[-400:])
    return path


@pytest.fixture(scope="module")
def image(builder_root, storage):
    container = storage.buildah("from", "scratch")
    storage.buildah("add", "--quiet", container, builder_root, "/")
    storage.buildah("commit", "--quiet", container, BASE)
    storage.buildah("rm", container)
    storage.buildah("build", "--quiet", "--isolation", "chroot", "--pull-never", "--build-arg", f"BASE={BASE}",
                    "-f", kit.PROJECT / "packaging" / "Containerfile", "-t", IMAGE, kit.PROJECT, timeout=600)
    return IMAGE


@pytest.fixture(scope="module")
def archive(image, storage, scratch):
    path = scratch / "nonzero-image.tar"
    storage.podman("save", "--quiet", "--format", "oci-archive", "-o", path, image)
    return path


def test_the_image_passes_its_own_scan_with_nothing_to_except(archive):
    subject = kit.scan(archive)
    assert subject["verdict"] == "pass"
    assert subject.get("findings", []) == []
    assert subject["user"]["uid"] == 65532


def test_the_image_holds_one_program_and_its_licence(image, storage):
    root = storage.podman("image", "mount", image).stdout.decode().strip()
    try:
        found = kit.run("find", root, "-type", "f", "-printf", "%P %m\\n").stdout.decode().splitlines()
        assert sorted(found) == ["usr/bin/nonzero 755", "usr/share/licenses/nonzero/LICENSE 644"]
        kind = kit.run("readelf", "--wide", "--program-headers", "--dynamic", f"{root}/usr/bin/nonzero").stdout
        assert b"DYN (Position-Independent" in kind and b"INTERP" not in kind and b"(NEEDED)" not in kind
    finally:
        storage.podman("image", "unmount", image, check=False)


def test_the_image_scans_an_archive_on_standard_input(archive, image, storage, place):
    for user, setuid, verdict in (("1000", 0o755, "pass"), ("", 0o4755, "fail")):
        layout = layouts.write_layout(place / verdict, [[layouts.file("su", setuid)]], user)
        kit.run("tar", "-C", layout, "-cf", place / "image.tar", ".")
        with open(place / "image.tar", "rb") as stdin:
            done = storage.podman(*engines.PODMAN_RUN, "-i", "--read-only", "--cap-drop=all", image,
                                  "scan", "--format", "json", "-", stdin=stdin, check=False)
        assert kit.read_report(done, "-")["verdict"] == verdict


def test_the_static_programs_report_is_that_of_the_installed_one(image, storage, place):
    """It prints its tables without libsmartcols."""
    files = [layouts.file("usr/bin/a-program-with-a-long-name", 0o4755), layouts.file("su", 0o6755, 5, 77777),
             layouts.file("usr/bin/\u00fcml\u00e4ut", 0o2755), layouts.file("inert", 0o4644)]
    layout = layouts.write_layout(place / "image", [files[:2], files[2:]], "1000")
    kit.run("tar", "-C", layout, "-cf", place / "image.tar", ".")
    reports = []
    for program in ([kit.NONZERO], None):
        for options in ([], ["--verbose", "--color=always"]):
            with kit.reading(place / "image.tar") as stdin:     # a pipe, as podman gives
                if program:
                    done = kit.run(*program, "scan", *options, "-", stdin=stdin, check=False,
                                   env={"LC_ALL": "C.UTF-8"})
                else:
                    done = storage.podman(*engines.PODMAN_RUN, "-i", "--env", "LC_ALL=C.UTF-8", image, "scan",
                                          *options, "-", stdin=stdin, check=False)
            assert done.returncode == 1, done.stderr.decode()
            reports.append(done.stdout.decode())
    assert reports[:2] == reports[2:]
    assert "a-program-with-a-long-name" in reports[0]
