"""Each check by pairs of images that differ in exactly what it looks for, and what a finding
tells."""

import pytest
from oddimage import Image, Layer, digest, docker_archive, oci_archive
from oddtar import archive, capability, device, directory, file, hardlink, symlink, whiteout
from program import ERROR, assert_consistent, assert_refused, scan

CAP_NET_RAW, CAP_NET_BIND, CAP_SYS_ADMIN, CAP_BPF, CAP_SETUID = (
    1 << 13,
    1 << 10,
    1 << 21,
    1 << 39,
    1 << 7,
)
CAPS = "security.capability"

# A file's mode, uid and gid, and the rules that find it.
MODES = [
    (0o755, 0, 0, set()),
    (0o644, 0, 0, set()),
    (0o1777, 0, 0, set()),
    (0o777, 0, 0, set()),
    (0o755, 1000, 1000, set()),
    (0o4755, 0, 0, {"setuid-root"}),
    (0o4711, 0, 0, {"setuid-root"}),
    (0o4100, 0, 0, {"setuid-root"}),
    (0o4010, 0, 0, {"setuid-root"}),
    (0o4001, 0, 0, {"setuid-root"}),
    (0o4755, 0, 1000, {"setuid-root"}),
    (0o4644, 0, 0, {"setuid-inert"}),
    (0o4000, 0, 0, {"setuid-inert"}),
    (0o4666, 0, 0, {"setuid-inert"}),
    (0o2755, 0, 0, {"setgid-root"}),
    (0o2755, 1000, 0, {"setgid-root"}),
    (0o2755, 0, 1000, set()),
    (0o4755, 1, 0, {"setuid-other"}),
    (0o4755, 65534, 65534, {"setuid-other"}),
    (0o5755, 0, 0, {"setuid-root"}),
]


@pytest.mark.parametrize(
    "mode, uid, gid, rules", MODES, ids=[f"{row[0]:o}-{row[1]}-{row[2]}" for row in MODES]
)
def test_mode_and_owner_decide_the_rule(judge, mode, uid, gid, rules):
    result = judge(archive(file("opt/x", mode, uid, gid)))
    assert result.rules() - {"setgid-other"} == rules
    assert result.verdict == ("fail" if "setuid-root" in rules else "pass")
    for one in result.findings():
        assert one["level"] in (("fail",) if one["rule"] == "setuid-root" else ("warn", "info"))
        assert one["path"] == "/opt/x"
        assert int(one["mode"], 8) == mode
        assert (one["uid"], one["gid"]) == (uid, gid)
        assert one["message"] and one["remedy"]


def test_file_may_be_setuid_and_setgid(judge):
    assert "setuid-root" in judge(archive(file("x", 0o6755))).rules()
    assert judge(archive(file("x", 0o6755, uid=5, gid=0))).rules() == {
        "setuid-other",
        "setgid-root",
    }


# file-capabilities --------------------------------------------------------------------------------

CAPABILITIES = [
    ("one", capability(CAP_NET_RAW), ["cap_net_raw"]),
    ("two", capability(CAP_NET_RAW | CAP_SYS_ADMIN), ["cap_net_raw", "cap_sys_admin"]),
    ("high-word", capability(CAP_BPF), ["cap_bpf"]),
    ("both-words", capability(CAP_BPF | CAP_NET_BIND), ["cap_bpf", "cap_net_bind_service"]),
    ("not-effective", capability(CAP_NET_RAW, effective=False), ["cap_net_raw"]),
    ("inheritable", capability(0, inheritable=CAP_NET_RAW), ["cap_net_raw"]),
    ("revision-3", capability(CAP_SETUID, revision=3), ["cap_setuid"]),
    (
        "revision-3-with-root-uid",
        capability(CAP_SETUID, revision=3, root_uid=100000),
        ["cap_setuid", "100000"],
    ),
]


@pytest.mark.parametrize(
    "value, words", [row[1:] for row in CAPABILITIES], ids=[row[0] for row in CAPABILITIES]
)
def test_capabilities_are_decoded(judge, value, words):
    result = judge(archive(file("bin/ping", xattrs={CAPS: value})))
    one = result.finding("file-capabilities")
    assert one["path"] == "/bin/ping"
    assert one["level"] in ("warn", "info")
    for word in words:
        assert word in one["message"].lower()
    assert result.verdict == "pass"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x02",
        b"\0" * 20,
        capability(1, revision=1),
        capability(1, revision=7),
        capability(1)[:-1],
        capability(1, revision=3)[:-2],
        capability(1, tail=b"x" * 1000),
        b"\xff" * 20,
        b"\n=\n",
    ],
)
def test_capabilities_that_are_none_are_survived(tmp_path, value):
    """The kernel refuses such values. Reading goes on, or the message names the file."""
    layer = archive(file("bin/ping", xattrs={CAPS: value}), file("bin/su", 0o4755))
    path = docker_archive(tmp_path / "image.tar", Image([layer]))
    result = scan(path)
    if result.code == ERROR:
        assert_refused(result, path, "/bin/ping")
    else:
        assert result.paths("setuid-root") == ["/bin/su"]


# layers of (layer entries), paths with capabilities in the end
CAPS_CASES = [
    ("none", [[file("a")]], []),
    (
        "another-xattr",
        [[file("a", xattrs={"user.x": capability(1), "security.selinux": b"x"})]],
        [],
    ),
    ("removed", [[file("a", xattrs={CAPS: capability(1)})], [whiteout("a")]], []),
    ("replaced", [[file("a", xattrs={CAPS: capability(1)})], [file("a")]], []),
    ("given-above", [[file("a")], [file("a", xattrs={CAPS: capability(1)})]], ["/a"]),
    (
        "both-names",
        [
            [
                file("a", xattrs={CAPS: capability(1)}),
                hardlink("b", "a", xattrs={CAPS: capability(1)}),
            ]
        ],
        ["/a", "/b"],
    ),
    (
        "link-gives-both",
        [[file("a"), hardlink("b", "a", xattrs={CAPS: capability(1)})]],
        ["/a", "/b"],
    ),
    (
        "link-changes-owner",
        [[file("a", xattrs={CAPS: capability(1)}), hardlink("b", "a", uid=1000, gid=1000)]],
        [],
    ),
    ("on-a-folder", [[directory("a", xattrs={CAPS: capability(1)})]], []),
    (
        "libarchive-spelling-is-not-gos",
        [[file("a", records={"LIBARCHIVE.xattr.security.capability": "AQAAAg=="})]],
        [],
    ),
]


@pytest.mark.parametrize(
    "layers, paths", [row[1:] for row in CAPS_CASES], ids=[row[0] for row in CAPS_CASES]
)
def test_effective_capabilities(judge, layers, paths):
    assert judge(*[archive(*entries) for entries in layers]).paths("file-capabilities") == paths


# media-type-mismatch ------------------------------------------------------------------------------

BASE = "application/vnd.oci.image.layer.v1.tar"
DOCKER = "application/vnd.docker.image.rootfs.diff.tar"
MEDIA_TYPES = [
    ("none", BASE, False),
    ("gzip", BASE + "+gzip", False),
    ("zstd", BASE + "+zstd", False),
    ("none", DOCKER, False),
    ("gzip", DOCKER + ".gzip", False),
    ("zstd", DOCKER + ".zstd", False),
    ("none", BASE + "+gzip", True),
    ("zstd", BASE + "+gzip", True),
    ("gzip", BASE, True),
    ("gzip", BASE + "+zstd", True),
    ("zstd-frames", BASE, True),
    ("none", DOCKER + ".gzip", True),
]


@pytest.mark.parametrize("packed, media_type, mismatch", MEDIA_TYPES)
def test_media_type_that_does_not_fit_is_told(tmp_path, packed, media_type, mismatch):
    layer = Layer(archive(file("bin/su", 0o4755)), packed, media_type=media_type)
    result = scan(oci_archive(tmp_path / "image.tar", Image([layer])))
    assert_consistent(result)
    assert bool(result.findings("media-type-mismatch")) == mismatch
    assert all(one["level"] in ("warn", "info") for one in result.findings("media-type-mismatch"))
    assert result.paths("setuid-root") == ["/bin/su"], "content decides, not the media type"


# Where a finding comes from -----------------------------------------------------------------------


def test_layer_of_a_finding(tmp_path):
    """The layer that set the mode, with its line of history; lines that made no layer are stepped
    over."""
    layers = [
        Layer(archive(file("bin/low", 0o4755)), "gzip"),
        Layer(archive(file("bin/mid", 0o755)), "gzip"),
        Layer(archive(file("bin/mid", 0o4755), file("bin/top", 0o4755)), "gzip"),
    ]
    history = [
        {"created_by": "ADD base"},
        {"created_by": "ENV x=1", "empty_layer": True},
        {"created_by": "COPY mid"},
        {"created_by": "USER 1000", "empty_layer": True},
        {"created_by": "RUN chmod u+s"},
        {"created_by": "CMD x", "empty_layer": True},
    ]
    image = Image(layers, config={"history": history})
    for write in (docker_archive, oci_archive):
        result = scan(write(tmp_path / f"{write.__name__}.tar", image))
        told = {one["path"]: one["layer"] for one in result.findings("setuid-root")}
        assert {path: (layer["index"], layer["created_by"]) for path, layer in told.items()} == {
            "/bin/low": (0, "ADD base"),
            "/bin/mid": (2, "RUN chmod u+s"),
            "/bin/top": (2, "RUN chmod u+s"),
        }
        for layer in told.values():
            assert layer["digest"] in (
                layers[layer["index"]].diff_id,
                digest(layers[layer["index"]].blob),
            )


@pytest.mark.parametrize(
    "history",
    [
        None,
        [],
        [{}],
        [{"created_by": "only one"}],
        [{"empty_layer": True}] * 9,
        [{"created_by": "x"}] * 9,
    ],
)
def test_history_that_does_not_fit_the_layers_is_survived(judge, history):
    result = judge(
        archive(file("a", 0o4755)), archive(file("b", 0o4755)), config={"history": history}
    )
    assert [one["layer"]["index"] for one in result.findings("setuid-root")] == [0, 1]


def test_layer_of_a_link_is_the_one_that_made_it(judge):
    result = judge(archive(file("a", 0o755)), archive(hardlink("b", "a", 0o4755)))
    assert [
        one["layer"]["index"] for one in result.findings("setuid-root") if one["path"] == "/b"
    ] == [1]


# Packages -----------------------------------------------------------------------------------------

SU = file("usr/bin/su", 0o4755)
STATUS = "Package: util-linux\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.38\n\n"


def database(path, text):
    return file(path, 0o644, body=text)


PACKAGES = [
    (
        "dpkg",
        [[database("var/lib/dpkg/info/util-linux.list", "/.\n/usr\n/usr/bin\n/usr/bin/su\n"), SU]],
        "util-linux",
    ),
    (
        "dpkg-with-architecture",
        [[database("var/lib/dpkg/info/util-linux:amd64.list", "/.\n/usr/bin/su\n"), SU]],
        "util-linux",
    ),
    (
        "dpkg-without-last-newline",
        [[database("var/lib/dpkg/info/util-linux.list", "/.\n/usr/bin/su"), SU]],
        "util-linux",
    ),
    (
        "dpkg-name-that-continues",
        [[database("var/lib/dpkg/info/sudo.list", "/.\n/usr/bin/sudo\n/usr/bin/su.x\n"), SU]],
        None,
    ),
    (
        "dpkg-merged-usr",
        [
            [
                symlink("bin", "usr/bin"),
                database("var/lib/dpkg/info/util-linux.list", "/.\n/bin/su\n"),
                SU,
            ]
        ],
        "util-linux",
    ),
    (
        "dpkg-in-a-lower-layer",
        [[database("var/lib/dpkg/info/util-linux.list", "/usr/bin/su\n")], [SU]],
        "util-linux",
    ),
    (
        "dpkg-in-an-upper-layer",
        [[SU], [database("var/lib/dpkg/info/util-linux.list", "/usr/bin/su\n")]],
        "util-linux",
    ),
    (
        "dpkg-removed",
        [
            [database("var/lib/dpkg/info/util-linux.list", "/usr/bin/su\n"), SU],
            [whiteout("var/lib/dpkg")],
        ],
        None,
    ),
    (
        "distroless",
        [
            [
                database("var/lib/dpkg/status.d/util-linux", STATUS),
                database(
                    "var/lib/dpkg/status.d/util-linux.md5sums",
                    "0123456789abcdef0123456789abcdef  usr/bin/su\n",
                ),
                SU,
            ]
        ],
        "util-linux",
    ),
    (
        "apk",
        [
            [
                database(
                    "lib/apk/db/installed",
                    "C:Q1=\nP:musl\nV:1\nF:lib\nR:x\n\nP:shadow\nV:4.13\nF:usr\nF:usr/bin\n"
                    "R:passwd\na:0:0:4755\nZ:Q1\nR:su\na:0:0:4755\n\nP:zlib\nF:lib\nR:z\n",
                ),
                SU,
            ]
        ],
        "shadow",
    ),
    (
        "apk-name-alone-is-not-enough",
        [[database("lib/apk/db/installed", "P:shadow\nF:opt\nR:su\n\n"), SU]],
        None,
    ),
    (
        "apk-in-usr",
        [
            [
                symlink("lib", "usr/lib"),
                database("usr/lib/apk/db/installed", "P:shadow\nF:usr/bin\nR:su\n\n"),
                SU,
            ]
        ],
        "shadow",
    ),
    ("none", [[SU]], None),
]


@pytest.mark.parametrize(
    "layers, package", [row[1:] for row in PACKAGES], ids=[row[0] for row in PACKAGES]
)
def test_package_that_owns_the_file(judge, layers, package):
    assert (
        judge(*[archive(*entries) for entries in layers]).finding("setuid-root").get("package")
        == package
    )


@pytest.mark.parametrize(
    "path",
    [
        "var/lib/dpkg/info/x.list",
        "var/lib/dpkg/status.d/x.md5sums",
        "lib/apk/db/installed",
        "var/lib/rpm/rpmdb.sqlite",
        "usr/lib/sysimage/rpm/Packages.db",
        "var/lib/rpm/Packages",
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0" * 5000,
        b"\xff" * 5000,
        b"\n" * 5000,
        b"/" * 5000,
        b"SQLite format 3\0" + b"\xff" * 5000,
        b"P:" + b"x" * 100000,
        b"F:\nR:\nP:\n" * 1000,
    ],
    ids=["empty", "nuls", "ones", "newlines", "slashes", "sqlite", "long-line", "no-names"],
)
def test_package_database_of_garbage_is_survived(judge, path, body):
    assert judge(archive(file(path, 0o644, body=body), SU)).paths("setuid-root") == ["/usr/bin/su"]


def test_package_database_that_is_no_file_is_survived(judge):
    entries = [
        directory("lib/apk/db/installed"),
        device("var/lib/dpkg/info/x.list", 1, 5),
        symlink("var/lib/dpkg/info/y.list", "y.list"),
        symlink("var/lib/rpm", "rpm"),
        SU,
    ]
    assert judge(archive(*entries)).paths("setuid-root") == ["/usr/bin/su"]
