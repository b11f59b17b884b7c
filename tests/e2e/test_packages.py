"""The package that owns a file, from databases of other kinds than Debian's (see test_real_images.py)."""

import kit
import layouts
import pytest

SPEC = """
Name: e2e-suid
Version: 1.0
Release: 1
Summary: A setuid file
License: None
BuildArch: noarch
%description
A setuid file.
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/libexec/e2e
echo x > %{buildroot}/usr/bin/e2e-su
echo x > %{buildroot}/usr/libexec/e2e/helper
echo x > %{buildroot}/usr/bin/e2e-plain
%files
%attr(4755, root, root) /usr/bin/e2e-su
%attr(2755, root, root) /usr/libexec/e2e/helper
/usr/bin/e2e-plain
"""

APK = """C:Q1abcdefghijklmnopqrstuvwxyzA=
P:alpine-baselayout
V:3.4.3-r1
A:x86_64
S:100
I:200
T:base layout
U:about:blank
L:GPL-2.0-only
o:alpine-baselayout
t:1683642107
c:65502ca9379dd29d1ac4b0bf0dcf03a3dd1b324a
F:bin
F:etc
R:motd
Z:Q1XmduVVNURHQ27TvYp1Lr5TMtFcA=

C:Q1bcdefghijklmnopqrstuvwxyzAB=
P:busybox-suid
V:1.36.1-r2
A:x86_64
L:GPL-2.0-only
F:bin
R:bbsuid
a:0:0:4111
Z:Q1XmduVVNURHQ27TvYp1Lr5TMtFcA=
F:usr
M:0:0:755
F:usr/sbin
R:helper
a:0:42:2755
Z:Q1XmduVVNURHQ27TvYp1Lr5TMtFcA=

"""

STATUS = "Package: {0}\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody\nDescription: {0}\n"


def packages_of(layers, place):
    """{path: package or None} as nonzero reports it."""
    layout = layouts.write_layout(place / "image", layers, "1000:1000")
    found = kit.file_findings(kit.scan(f"oci:{layout}"))
    return {path: finding.get("package") for path, rules in found.items() for finding in rules.values()}


def parents(*names):
    return [layouts.directory(name + "/") for name in names]


def test_apk(place):
    layer = parents("bin", "usr", "usr/sbin", "lib", "lib/apk", "lib/apk/db") + [
        layouts.file("bin/bbsuid", 0o4111), layouts.file("usr/sbin/helper", 0o2755, 0, 42),
        layouts.file("usr/sbin/other", 0o4755), layouts.file("lib/apk/db/installed", body=APK.encode())]
    assert packages_of([layer], place) == {
        "/bin/bbsuid": "busybox-suid", "/usr/sbin/helper": "busybox-suid", "/usr/sbin/other": None}


def test_the_database_of_a_later_layer_counts(place):
    base = parents("bin", "lib", "lib/apk", "lib/apk/db") + [
        layouts.file("bin/bbsuid", 0o4111), layouts.file("lib/apk/db/installed", body=APK.encode())]
    later = [layouts.file("lib/apk/db/installed", body=APK.replace("busybox-suid", "renamed").encode())]
    assert packages_of([base, later], place) == {"/bin/bbsuid": "renamed"}


def test_distroless_status_d(place):
    """One file of status and one of md5sums for each package; no list files."""
    folder = "var/lib/dpkg/status.d/"
    layer = parents("usr", "usr/bin", "var", "var/lib", "var/lib/dpkg", folder.rstrip("/")) + [
        layouts.file("usr/bin/su", 0o4755), layouts.file("usr/bin/mount", 0o4755),
        layouts.file(folder + "util-linux", body=STATUS.format("util-linux").encode()),
        layouts.file(folder + "util-linux.md5sums", body=b"0" * 32 + b"  usr/bin/su\n"),
        layouts.file(folder + "mount", body=STATUS.format("mount").encode()),
        layouts.file(folder + "mount.md5sums", body=b"1" * 32 + b"  usr/bin/mount\n")]
    assert packages_of([layer], place) == {"/usr/bin/su": "util-linux", "/usr/bin/mount": "mount"}


@pytest.fixture(scope="module")
def rpm_package(scratch):
    kit.need("rpm", "rpmbuild")
    top = scratch / "rpmbuild"
    top.mkdir()
    (top / "e2e.spec").write_text(SPEC)
    kit.run("rpmbuild", "-bb", "--define", f"_topdir {top}", top / "e2e.spec")
    return next(top.glob("RPMS/**/*.rpm"))


@pytest.mark.parametrize("database", ["/var/lib/rpm", "/usr/lib/sysimage/rpm"])
def test_rpm(database, rpm_package, place):
    """The judge is rpm itself, on the root it installed into.  (Debian's rpm writes sqlite only.)"""
    kit.need_root()
    root = place / "root"
    root.mkdir()
    options = ["--root", root, "--dbpath", database]
    kit.run("rpm", *options, "--install", "--nodeps", "--nosignature", rpm_package)
    for name in ("/usr/bin/e2e-su", "/usr/libexec/e2e/helper"):
        assert kit.run("rpm", *options, "-qf", "--qf", "%{NAME}", name).stdout == b"e2e-suid"
    layer = kit.run("tar", "-C", root, "--numeric-owner", "-cf", "-", ".").stdout
    assert packages_of([layer], place) == {
        "/usr/bin/e2e-su": "e2e-suid", "/usr/libexec/e2e/helper": "e2e-suid"}
