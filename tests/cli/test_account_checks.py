"""Accounts by which the image's user becomes root, by pairs: passwd and shadow, who may write them,
and sudoers as sudo reads it."""

import pytest
from oddtar import directory, file, hardlink, symlink, whiteout

SAFE = ("warn", "info")


def table(rows):
    return {"argvalues": [row[1:] for row in rows], "ids": [row[0] for row in rows]}


def text(path, body, mode=0o644, uid=0, gid=0):
    return file(path, mode, uid, gid, body=body)


# root-no-password ---------------------------------------------------------------------------------

LOCKED = "$y$j9T$salt$hash"

# passwd, shadow (None: there is none), names of uid 0 without a password
EMPTY = [
    ("locked", "root:x:0:0::/:", "root:*:19000::::::", []),
    ("locked-by-a-mark", "root:x:0:0::/:", "root:!:19000::::::", []),
    ("locked-by-two-marks", "root:x:0:0::/:", "root:!!:::::::", []),
    ("locked-although-empty", "root:x:0:0::/:", "root:!:::::::", []),
    ("hashed", "root:x:0:0::/:", f"root:{LOCKED}:19000::::::", []),
    ("hash-in-passwd", "root:$1$a$b:0:0::/:", None, []),
    ("star-in-passwd", "root:*:0:0::/:", None, []),
    ("mark-in-passwd", "root:!:0:0::/:", "root:!:::::::", []),
    ("empty-in-shadow", "root:x:0:0::/:", "root::19000::::::", ["root"]),
    ("empty-in-shadow-alone-on-its-line", "root:x:0:0::/:", "root:", ["root"]),
    ("empty-in-passwd", "root::0:0::/:", None, ["root"]),
    ("empty-in-passwd-hides-shadow", "root::0:0::/:", "root:!:::::::", ["root"]),
    ("no-shadow", "root:x:0:0::/:", None, []),
    ("not-in-shadow", "root:x:0:0::/:", "app::1::::::", []),
    ("empty-shadow", "root:x:0:0::/:", "", []),
    ("no-passwd", None, "root::19000::::::", []),
    ("another-user", "root:x:0:0::/:\napp::1000:1000::/:", "root:!:::::::", []),
    ("another-user-in-shadow", "root:x:0:0::/:\napp:x:1000:1::/:", "root:*::\napp:::", []),
    ("alias-of-root", "root:x:0:0::/:\ntoor::0:0::/:", "root:*:::::::", ["toor"]),
    ("alias-in-shadow", "root:x:0:0::/:\ntoor:x:0:0::/:", "root:*::\ntoor::1::", ["toor"]),
    ("both", "root::0:0::/:\ntoor:x:0:0::/:", "toor::1::", ["root", "toor"]),
    ("group-0-is-not-uid-0", "app::1000:0::/:", None, []),
    ("root-that-is-not-0", "root::5:0::/:", None, []),
    ("name-that-begins-alike", "root:x:0:0::/:", "rootless::1::::::\nroot:*:::::::", []),
    ("uid-with-zeros", "toor::00:0::/:", None, ["toor"]),
    ("last-line-without-newline", "app:x:5:5::/:\nroot:x:0:0::/:", "a:b\nroot::", ["root"]),
    ("space-is-no-password-but-not-empty", "root: :0:0::/:", None, []),
]


@pytest.mark.parametrize("passwd, shadow, names", **table(EMPTY))
def test_accounts_of_uid_0_without_a_password(start, passwd, shadow, names):
    layer = [file("a")]
    layer += [text("etc/passwd", passwd)] if passwd is not None else []
    layer += [text("etc/shadow", shadow, 0o640, 0, 42)] if shadow is not None else []
    result = start(layer)
    found = result.findings("root-no-password")
    assert bool(found) == bool(names), result
    said = " ".join(one["message"] for one in found)
    assert all(name in said.split() for name in names), result
    assert all(one["level"] in SAFE for one in found)
    assert result.verdict == "pass"


OPEN, SHUT = text("etc/shadow", "root::1::::::"), text("etc/shadow", "root:*:1::::::")
ROOT = text("etc/passwd", "root:x:0:0::/:")
SHADOWS = [
    ("locked-above", [[ROOT, OPEN], [SHUT]], False),
    ("opened-above", [[ROOT, SHUT], [OPEN]], True),
    ("removed-above", [[ROOT, OPEN], [whiteout("etc/shadow")]], False),
    ("folder-removed-above", [[ROOT, OPEN], [whiteout("etc")]], False),
    ("behind-a-link", [[ROOT, symlink("etc/shadow", "shadow-"), text("etc/shadow-", "root::1:")]], True),
    ("loop", [[ROOT, symlink("etc/shadow", "shadow")]], False),
    ("hard-link", [[ROOT, text("etc/shadow-", "root::1::"), hardlink("etc/shadow", "etc/shadow-")]], True),
    ("directory", [[ROOT, directory("etc/shadow")]], False),
    ("backup-does-not-count", [[ROOT, SHUT, text("etc/shadow-", "root::1::::::")]], False),
]  # fmt: skip


@pytest.mark.parametrize("layers, found", **table(SHADOWS))
def test_shadow_of_the_effective_filesystem_counts(start, layers, found):
    assert bool(start(*layers).findings("root-no-password")) == found


# writable-passwd ----------------------------------------------------------------------------------

MODES = [
    ("usual", 0o644, 0, 0, False),
    ("read-only", 0o444, 0, 0, False),
    ("roots-alone", 0o600, 0, 5, False),
    ("readable-group", 0o640, 0, 42, False),
    ("all", 0o666, 0, 0, True),
    ("others-alone", 0o602, 0, 0, True),
    ("group-0", 0o664, 0, 0, True),
    ("another-group", 0o660, 0, 42, True),
    ("another-owner", 0o644, 1000, 0, True),
    ("another-owner-may-give-himself-leave", 0o444, 1000, 0, True),
]


@pytest.mark.parametrize("name", ["passwd", "shadow", "group", "sudoers"])
@pytest.mark.parametrize("mode, uid, gid, found", **table(MODES))
def test_account_files_that_others_may_write(start, name, mode, uid, gid, found):
    result = start([text("etc/" + name, "", mode, uid, gid)])
    assert bool(result.findings("writable-passwd")) == found
    assert result.verdict == "pass"
    if found:
        one = result.finding("writable-passwd")
        assert (one["path"], int(one["mode"], 8)) == ("/etc/" + name, mode)
        assert (one["uid"], one["gid"], one["layer"]["index"]) == (uid, gid, 0)
        assert one["level"] in SAFE


LOOSE, TIGHT = text("etc/passwd", "", 0o666), text("etc/passwd", "")
PASSWDS = [
    ("tightened-above", [[LOOSE], [TIGHT]], []),
    ("loosened-above", [[TIGHT], [LOOSE]], ["/etc/passwd"]),
    ("removed-above", [[LOOSE], [whiteout("etc/passwd")]], []),
    ("folder-removed-above", [[LOOSE], [whiteout("etc")]], []),
    ("elsewhere", [[text("opt/etc/passwd", "", 0o666), text("etc/passwd2", "", 0o666)]], []),
    ("link-has-no-mode", [[symlink("etc/passwd", "p"), text("etc/p", "")]], []),
    ("link-to-a-loose-file", [[symlink("etc/passwd", "/p"), text("p", "", 0o666)]], ["/p"]),
    ("hard-link-loosens", [[TIGHT, hardlink("p", "etc/passwd", 0o666)]], ["/etc/passwd"]),
    ("folder-that-all-may-write", [[directory("etc", 0o777), TIGHT]], ["/etc"]),
    ("folder-of-another", [[directory("etc", 0o755, 1000), TIGHT]], ["/etc"]),
    ("one-file-by-two-names", [[symlink("etc/passwd", "/p"), symlink("etc/group", "/p"),
                                text("p", "", 0o666)]], ["/p"]),
    ("folder-that-its-group-may-write", [[directory("etc", 0o775), TIGHT]], ["/etc"]),
    ("folder-that-nobody-else-may-search", [[directory("etc", 0o762), TIGHT]], []),
    ("folder-above", [[directory(".", 0o777), directory("etc"), TIGHT]], ["/"]),
    ("folder-without-account-files", [[directory("etc", 0o777), file("etc/x")]], []),
    ("sticky-folder-of-another", [[directory("etc", 0o1755, 7), TIGHT]], ["/etc"]),
    ("sticky-folder-keeps-roots-files", [[directory("etc", 0o1777), TIGHT]], []),
]


@pytest.mark.parametrize("layers, paths", **table(PASSWDS))
def test_writable_passwd_of_the_effective_filesystem(start, layers, paths):
    assert start(*layers).paths("writable-passwd") == paths


# sudoers-nopasswd ---------------------------------------------------------------------------------

LET, ASK = "app ALL=(ALL) NOPASSWD: ALL\n", "app ALL=(ALL) ALL\n"

# who is named with which line, or None
SUDOERS = [
    ("let-in", LET, "app", 1),
    ("asked", ASK, None, 0),
    ("tag-without-space", "app ALL=(ALL:ALL) NOPASSWD:ALL", "app", 1),
    ("no-runas", "app ALL=NOPASSWD: ALL", "app", 1),
    ("spaces-and-tabs", "  app\tALL = ( ALL )\tNOPASSWD :\tALL", "app", 1),
    ("group", "%wheel ALL=(ALL) NOPASSWD: ALL", "%wheel", 1),
    ("uid", "#1000 ALL=(ALL) NOPASSWD: ALL", "#1000", 1),
    ("gid", "%#10 ALL=(ALL) NOPASSWD: ALL", "%#10", 1),
    ("all", "ALL ALL=(ALL) NOPASSWD: ALL", "ALL", 1),
    ("one-command", "app ALL=(root) NOPASSWD: /usr/bin/apt", "app", 1),
    ("third-line", "# a\n\n" + LET, "app", 3),
    ("comment", "# " + LET, None, 0),
    ("comment-at-the-end", "app ALL=(ALL) ALL # NOPASSWD: ALL", None, 0),
    ("let-in-with-comment", "app ALL=(ALL) NOPASSWD: ALL # for now", "app", 1),
    ("continued", "app ALL=(ALL) \\\n  NOPASSWD: ALL\n", "app", 1),
    ("comment-does-not-go-on", "# asked \\\n" + LET, "app", 2),
    ("all-but-one", "ALL, !bob ALL=(ALL) NOPASSWD: ALL", "ALL", 1),
    ("all-but-him", "ALL, !app ALL=(ALL) NOPASSWD: ALL", "ALL", 1),
    ("quoted", '"app" ALL=(ALL) NOPASSWD: ALL', "app", 1),
    ("list-of-hosts", "app here, there=(ALL) NOPASSWD: ALL", "app", 1),
    ("no-authentication-for-a-command", "Defaults!/bin/x !authenticate\n" + ASK, "app", None),
    ("no-authentication-to-become-root", "Defaults>root !authenticate\n" + ASK, "app", None),
    ("asked-again", "Defaults !authenticate\nDefaults authenticate\n" + ASK, None, 0),
    ("asked-by-tag-all-the-same", "Defaults !authenticate\napp ALL=PASSWD: ALL", None, 0),
    ("text-of-another-default", 'Defaults badpass_message="!authenticate"\n' + ASK, None, 0),
    ("list", "bob, app ALL=(ALL) NOPASSWD: ALL", "app", 1),
    ("second-command", "app ALL=(ALL) PASSWD: /bin/a, NOPASSWD: /bin/b", "app", 1),
    ("second-host", "app here=(ALL) ALL : there=(ALL) NOPASSWD: ALL", "app", 1),
    ("several-tags", "app ALL=(ALL) NOEXEC: NOPASSWD: SETENV: ALL", "app", 1),
    ("asked-by-tag", "app ALL=(ALL) PASSWD: ALL", None, 0),
    ("tag-in-a-path", "app ALL=(ALL) /opt/NOPASSWD, /opt/NOPASSWD\\:x", None, 0),
    ("alias", "User_Alias DEVS = bob, app\nDEVS ALL=(ALL) NOPASSWD: ALL", "app", 2),
    ("alias-after-use", "DEVS ALL=(ALL) NOPASSWD: ALL\nUser_Alias DEVS = app", "app", 1),
    ("two-aliases", "User_Alias A = bob : DEVS = app\nDEVS ALL=(ALL) NOPASSWD: ALL", "app", 2),
    ("once-for-each-line", "User_Alias A = app, app\napp, A ALL=NOPASSWD: ALL", "app", 2),
    ("alias-alone", "User_Alias DEVS = app", None, 0),
    ("alias-of-commands", "Cmnd_Alias X = /bin/x\napp ALL=(ALL) NOPASSWD: X", "app", 2),
    ("no-authentication", "Defaults !authenticate\n" + ASK, "app", None),
    ("no-authentication-later", ASK + "Defaults !authenticate\n", "app", None),
    ("no-authentication-among-others", "Defaults env_reset, !authenticate\n" + ASK, "app", None),
    ("no-authentication-for-him", "Defaults:app !authenticate\n" + ASK, "app", None),
    ("authentication", "Defaults authenticate\n" + ASK, None, 0),
    ("no-other-default", "Defaults !requiretty, !lecture\n" + ASK, None, 0),
    ("nobody-to-authenticate", "Defaults !authenticate\n", None, 0),
    ("root-is-root", "root ALL=(ALL:ALL) NOPASSWD: ALL", None, 0),
    ("root-is-root-without-asking", "Defaults !authenticate\nroot ALL=(ALL) ALL", None, 0),
    ("carriage-returns", "app ALL=(ALL) NOPASSWD: ALL\r\n", "app", 1),
]  # fmt: skip


@pytest.mark.parametrize("body, who, line", **table(SUDOERS))
def test_sudoers_lines_that_ask_no_password(start, body, who, line):
    result = start([text("etc/sudoers", body, 0o440), file("usr/bin/sudo")])
    found = result.findings("sudoers-nopasswd")
    assert bool(found) == bool(who), result
    if who:
        assert {one["path"] for one in found} == {"/etc/sudoers"}
        assert {one["level"] for one in found} <= set(SAFE)
        said = " ".join(one["message"] for one in found)
        assert who in said.replace(",", " ").split()
        assert line is None or f"line {line} " in said
        assert len({one["message"] for one in found}) == len(found)
    assert result.verdict == "pass"


INCLUDE = text("etc/sudoers", "root ALL=(ALL) ALL\n@includedir /etc/sudoers.d\n", 0o440)
OLD_INCLUDE = text("etc/sudoers", "#includedir /etc/sudoers.d\n", 0o440)
DROP_INS = [
    ("read", [[INCLUDE, text("etc/sudoers.d/app", LET)]], ["/etc/sudoers.d/app"]),
    ("old-spelling", [[OLD_INCLUDE, text("etc/sudoers.d/app", LET)]], ["/etc/sudoers.d/app"]),
    ("asked", [[INCLUDE, text("etc/sudoers.d/app", ASK)]], []),
    ("dot-in-the-name", [[INCLUDE, text("etc/sudoers.d/app.conf", LET)]], []),
    ("hidden", [[INCLUDE, text("etc/sudoers.d/.app", LET)]], []),
    ("backup", [[INCLUDE, text("etc/sudoers.d/app~", LET)]], []),
    ("deeper", [[INCLUDE, text("etc/sudoers.d/x/app", LET)]], []),
    ("readme", [[INCLUDE, text("etc/sudoers.d/README", "# " + LET)]], []),
    ("removed", [[INCLUDE, text("etc/sudoers.d/app", LET)], [whiteout("etc/sudoers.d/app")]], []),
    ("all-removed", [[INCLUDE, text("etc/sudoers.d/app", LET)], [whiteout("etc/sudoers.d")]], []),
    ("corrected", [[INCLUDE, text("etc/sudoers.d/app", LET)], [text("etc/sudoers.d/app", ASK)]], []),
    ("link", [[INCLUDE, text("etc/sudoers.d/x.y", LET), symlink("etc/sudoers.d/app", "x.y")]],
     ["/etc/sudoers.d/x.y"]),
    ("linked-and-named", [[INCLUDE, text("etc/sudoers.d/a", LET), symlink("etc/sudoers.d/b", "a")]],
     ["/etc/sudoers.d/a"]),
    ("relative-include", [[text("etc/sudoers", "@includedir sudoers.d\n"),
                           text("etc/sudoers.d/app", LET)]], ["/etc/sudoers.d/app"]),
    ("file-that-is-included", [[text("etc/sudoers", '@include "/etc/sudoers.d/a.conf"\n'),
                                text("etc/sudoers.d/a.conf", LET)]], ["/etc/sudoers.d/a.conf"]),
    ("default-for-all-files", [[INCLUDE, text("etc/sudoers.d/a", ASK),
                                text("etc/sudoers.d/b", "Defaults !authenticate\n")]],
     ["/etc/sudoers.d/a"]),
    ("alias-of-another-file", [[INCLUDE, text("etc/sudoers.d/a", "A ALL=NOPASSWD: ALL\n"),
                                text("etc/sudoers.d/b", "User_Alias A = app\n")]],
     ["/etc/sudoers.d/a"]),
    ("elsewhere", [[INCLUDE, text("opt/etc/sudoers", LET)]], []),
    ("not-included", [[text("etc/sudoers", ASK, 0o440), text("etc/sudoers.d/app", LET)]], []),
]  # fmt: skip


@pytest.mark.parametrize("layers, paths", **table(DROP_INS))
def test_files_of_sudoers_d_that_sudo_reads(start, layers, paths):
    assert start(*layers).paths("sudoers-nopasswd") == paths


# What is not kept while layers stream by is said not to have been read.
NOT_READ = [
    ("drop-in", [INCLUDE, text("srv/s", LET), symlink("etc/sudoers.d/app", "/srv/s")],
     "/etc/sudoers.d/app"),
    ("included-file", [text("etc/sudoers", "@include /srv/s\n"), text("srv/s", LET)], "/srv/s"),
    ("included-folder", [text("etc/sudoers", "@includedir /srv\n"), directory("srv")], "/srv"),
    ("shadow", [text("etc/passwd", "root:x:0:0::/:"), symlink("etc/shadow", "/srv/s"),
                text("srv/s", "root::1:")], "/etc/shadow"),
]  # fmt: skip


@pytest.mark.parametrize("layer, path", **table(NOT_READ))
def test_account_files_behind_links_are_said_not_to_be_read(start, layer, path):
    notes = start(layer).subject["notes"]
    assert [note for note in notes if note.startswith("not read") and note.endswith(": " + path)]


def test_account_files_that_are_not_there_are_not_missed(start):
    layer = [text("etc/passwd", "root:x:0:0::/:"), text("etc/sudoers", "@includedir /etc/x\n")]
    assert not [note for note in start(layer).subject["notes"] if "not read" in note]


PASSWD = text("etc/passwd", "root:x:0:0::/:\napp:x:1000:10::/:\nbob:x:1001:11::/:\n")
GROUP = text("etc/group", "wheel:x:10:\nusers:x:11:\nops:x:12:bob,app\n")

# sudoers' user, USER, is he meant
MEANT = [
    ("name", "app", "app", True),
    ("name-of-a-number", "app", "1000", True),
    ("another-name", "bob", "app", False),
    ("uid", "#1000", "app", True),
    ("another-uid", "#1001", "app", False),
    ("primary-group", "%wheel", "app", True),
    ("supplementary-group", "%ops", "app", True),
    ("gid", "%#12", "app", True),
    ("another-group", "%users", "app", False),
    ("all", "ALL", "app", True),
    ("netgroup", "+app", "app", False),
    ("user-without-a-name", "app", "4711", False),
]


@pytest.mark.parametrize("who, user, meant", **table(MEANT))
def test_sudoers_says_whether_it_means_the_images_user(start, who, user, meant):
    sudoers = text("etc/sudoers", f"{who} ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    found = start([PASSWD, GROUP, sudoers], user=user).findings("sudoers-nopasswd")
    assert any("image's user" in one["message"] for one in found) == meant
    assert meant or all(one["level"] in SAFE for one in found)


def test_sudoers_that_lets_become_another_does_not_say_root(start):
    sudoers = text("etc/sudoers", "app ALL=(bob) NOPASSWD: ALL\n", 0o440)
    assert all("root" not in one["message"] for one in start([PASSWD, sudoers]).findings())
