"""Scripts that start as root and become another user: found where a shell would run the tool, and
nowhere else."""

import pytest
from oddtar import directory, file, symlink, whiteout

SAFE = ("warn", "info")
WHO = [
    file("etc/passwd", 0o644, body="root:x:0:0::/:\napp:x:999:998::/:\nweb:x:33:33::/:\n"),
    file("etc/group", 0o644, body="root:x:0:\napp:x:998:\nops:x:70:\n"),
    file("bin/sh"),
]


def table(rows):
    return {"argvalues": [row[1:] for row in rows], "ids": [row[0] for row in rows]}


# line of a script, the tool, and what the message must name
DROPS = [
    ("gosu", 'exec gosu app "$@"', "gosu", "999:998"),
    ("gosu-with-group", 'exec gosu app:ops "$@"', "gosu", "999:70"),
    ("gosu-uid", 'exec gosu 999 "$@"', "gosu", "999"),
    ("gosu-ids", 'exec gosu 999:70 "$@"', "gosu", "999:70"),
    ("gosu-by-path", 'exec /usr/local/bin/gosu app "$@"', "gosu", "999:998"),
    ("gosu-reexecutes-the-script", 'exec gosu app "$0" "$@"', "gosu", "999:998"),
    ("gosu-quoted", 'exec gosu "app" "$@"', "gosu", "999:998"),
    ("gosu-single-quotes", "exec gosu 'app' \"$@\"", "gosu", "999:998"),
    ("gosu-without-exec", "gosu app /srv/run", "gosu", "999:998"),
    ("su-exec", 'exec su-exec app "$@"', "su-exec", "999:998"),
    ("set", 'set -- su-exec app "$@"', "su-exec", "999:998"),
    ("set-gosu", 'set -- gosu app:app "$@"', "gosu", "999:998"),
    ("setpriv", 'exec setpriv --reuid=999 --regid=998 --init-groups "$@"', "setpriv", "999"),
    ("setpriv-apart", 'exec setpriv --reuid app --regid app --clear-groups "$@"', "setpriv", "999"),
    (
        "setpriv-group",
        'exec setpriv --reuid=app --regid=ops --clear-groups "$@"',
        "setpriv",
        "999:70",
    ),
    ("setpriv-ids", 'exec setpriv --reuid=999 --regid=70 --clear-groups "$@"', "setpriv", "999:70"),
    ("setpriv-user-last", 'exec setpriv --init-groups --reuid=app -- "$@"', "setpriv", "999"),
    ("s6", 'exec s6-setuidgid app "$@"', "s6-setuidgid", "999:998"),
    ("su", 'su app -c "/srv/run"', "su", "999:998"),
    ("su-dash", 'exec su - app -c "$*"', "su", "999:998"),
    ("su-shell", "exec su -s /bin/sh app -c '/srv/run'", "su", "999:998"),
    ("su-command-first", "su -c /srv/run app", "su", "999:998"),
    ("su-long", "su --shell=/bin/sh --command=/srv/run app", "su", "999:998"),
    ("runuser", 'exec runuser -u app -- "$@"', "runuser", "999:998"),
    ("runuser-as-su", 'exec runuser app -c "$*"', "runuser", "999:998"),
    ("runuser-user-apart", 'exec runuser --user app -- "$@"', "runuser", "999:998"),
    ("runuser-group", 'exec runuser -u app -g ops -- "$@"', "runuser", "999:70"),
    ("su-group", "su -g ops app -c x", "su", "999:70"),
    ("sudo-uid", "sudo -u '#999' x", "sudo", "--user 999"),
    ("behind-and", '[ "$(id -u)" = 0 ] && exec gosu app "$@"', "gosu", "999:998"),
    ("behind-or", 'true || exec gosu app "$@"', "gosu", "999:998"),
    ("behind-then", 'if [ "$1" = x ]; then exec gosu app "$@"; fi', "gosu", "999:998"),
    ("behind-semicolon", 'cd /; exec gosu app "$@"', "gosu", "999:998"),
    ("in-a-case", 'start) exec gosu app "$@" ;;', "gosu", "999:998"),
    ("in-a-function", 'main() { exec gosu app "$@"; }', "gosu", "999:998"),
    ("in-a-subshell", '(exec gosu app "$@")', "gosu", "999:998"),
    ("variable-before", 'HOME=/srv exec gosu app "$@"', "gosu", "999:998"),
    ("behind-env", 'exec env HOME=/srv gosu app "$@"', "gosu", "999:998"),
    ("behind-tini", 'exec tini -- gosu app "$@"', "gosu", "999:998"),
    ("continued", 'exec \\\n  gosu \\\n  app "$@"', "gosu", "999:998"),
    ("tabs", '\texec\tgosu\tapp\t"$@"', "gosu", "999:998"),
    ("computed", 'exec gosu "$APP_USER" "$@"', "gosu", None),
    ("computed-with-braces", "exec gosu ${APP_USER:-app} $@", "gosu", None),
    ("computed-by-a-command", 'exec gosu "$(id -un 999)" "$@"', "gosu", None),
    ("computed-ids", 'exec su-exec "$PUID:$PGID" "$@"', "su-exec", None),
    ("unknown-user", 'exec gosu nobody-here "$@"', "gosu", "nobody-here"),
]

MENTIONS = [
    ("nothing", 'exec "$@"'),
    ("comment", '# exec gosu app "$@"'),
    ("indented-comment", '   # exec gosu app "$@"'),
    ("comment-behind-code", 'exec "$@" # was: gosu app'),
    ("echo", 'echo "exec gosu app"'),
    ("echo-bare", "echo gosu app"),
    ("printf", "printf '%s\\n' 'gosu app'"),
    ("install", "apt-get install -y gosu su-exec"),
    ("check", "command -v gosu >/dev/null"),
    ("which", "which gosu || true"),
    ("version", "gosu --version"),
    ("file", "[ -x /usr/local/bin/gosu ] && true"),
    ("chmod", "chmod +x /usr/local/bin/gosu"),
    ("part-of-a-name", 'exec my-gosu app "$@"'),
    ("part-of-a-path", "cat /gosu/app"),
    ("assignment", "tool=gosu"),
    ("sudo-words", "echo result su app"),
    ("already-root", 'exec gosu root "$@"'),
]


@pytest.mark.parametrize("line, tool, ids", **table(DROPS))
def test_script_that_becomes_another_user(start, line, tool, ids):
    script = f"#!/bin/sh\nset -e\n{line}\n"
    result = start(
        [*WHO, file("entry.sh", 0o755, body=script)], user=None, Entrypoint=["/entry.sh"]
    )
    found = result.finding("drops-root")
    assert found["level"] in SAFE
    assert "/entry.sh" in found["message"] and tool in found["message"]
    if "\\\n" not in line:
        assert "line 3" in found["message"]
    assert ids is None or ids in found["message"], found


@pytest.mark.parametrize("line", [row[1] for row in MENTIONS], ids=[row[0] for row in MENTIONS])
def test_script_that_only_mentions_a_tool(start, line):
    script = f"#!/bin/sh\nset -e\n{line}\n"
    result = start(
        [*WHO, file("entry.sh", 0o755, body=script)], user=None, Entrypoint=["/entry.sh"]
    )
    assert result.findings("drops-root") == [], result


def test_message_names_what_to_start_it_as(start):
    script = '#!/bin/sh\nexec gosu app "$@"\n'
    result = start([*WHO, file("entry.sh", body=script)], user=None, Entrypoint=["/entry.sh"])
    message = result.finding("drops-root")["message"]
    assert "--user 999:998" in message and "app" in message and "line 2" in message


DROP = '#!/bin/sh\nexec gosu app "$@"\n'
SCRIPT, PLAIN = file("srv/e.sh", body=DROP), file("srv/e.sh", body="#!/bin/sh\nexec x\n")
LIB = file("srv/lib.sh", body=DROP)

# layers, configuration, found
PLACES = [
    ("entrypoint", [[SCRIPT]], {"Entrypoint": ["/srv/e.sh"]}, True),
    ("plain", [[PLAIN]], {"Entrypoint": ["/srv/e.sh"]}, False),
    ("cmd", [[SCRIPT]], {"Cmd": ["/srv/e.sh"]}, True),
    ("cmd-behind-an-entrypoint", [[SCRIPT]], {"Entrypoint": ["/bin/sh"], "Cmd": ["/srv/e.sh"]}, True),
    ("behind-tini", [[SCRIPT, file("sbin/tini")]],
     {"Entrypoint": ["/sbin/tini", "--", "/srv/e.sh"]}, True),
    ("of-a-shell", [[SCRIPT]], {"Entrypoint": ["/bin/sh", "/srv/e.sh"]}, True),
    ("of-a-shell-with-options", [[SCRIPT]], {"Entrypoint": ["sh", "-e", "-x", "/srv/e.sh"]}, True),
    ("on-path", [[file("usr/local/bin/e.sh", body=DROP)]], {"Entrypoint": ["e.sh"]}, True),
    ("on-env-path", [[SCRIPT]], {"Entrypoint": ["e.sh"], "Env": ["PATH=/srv"]}, True),
    ("relative", [[SCRIPT]], {"Entrypoint": ["./e.sh"], "WorkingDir": "/srv"}, True),
    ("argument-relative", [[SCRIPT]], {"Cmd": ["sh", "e.sh"], "WorkingDir": "/srv"}, True),
    ("chain-of-links", [[symlink("a", "b"), symlink("b", "srv/e.sh"), SCRIPT]],
     {"Entrypoint": ["/a"]}, True),
    ("through-merged-usr", [[symlink("sbin", "usr/sbin"), file("usr/sbin/e.sh", body=DROP)]],
     {"Entrypoint": ["/sbin/e.sh"]}, True),
    ("link-at-the-root", [[symlink("e.sh", "usr/local/bin/e.sh"), file("usr/local/bin/e.sh", body=DROP)]],
     {"Entrypoint": ["/e.sh"]}, True),
    ("link-on-path", [[symlink("bin/e.sh", "/srv/e.sh"), SCRIPT]], {"Entrypoint": ["e.sh"]}, True),
    ("through-a-folder-link", [[symlink("s", "srv"), SCRIPT]], {"Entrypoint": ["/s/e.sh"]}, True),
    ("loop", [[symlink("a", "b"), symlink("b", "a")]], {"Entrypoint": ["/a"]}, False),
    ("not-started", [[SCRIPT]], {"Entrypoint": ["/bin/other"]}, False),
    ("shell-string", [[]], {"Cmd": ["/bin/sh", "-c", "exec gosu app /srv/run"]}, True),
    ("shell-string-second-command", [[]], {"Cmd": ["sh", "-c", "cd / && su-exec app x"]}, True),
    ("shell-string-with-options", [[]], {"Entrypoint": ["bash", "-ec", "exec gosu app x"]}, True),
    ("shell-string-plain", [[]], {"Cmd": ["/bin/sh", "-c", "exec x"]}, False),
    ("shell-string-mentions", [[]], {"Cmd": ["/bin/sh", "-c", "echo gosu app"]}, False),
    ("shell-string-names-a-script", [[SCRIPT]], {"Cmd": ["/bin/sh", "-c", "/srv/e.sh"]}, True),
    ("direct", [[file("bin/gosu")]], {"Entrypoint": ["gosu", "app", "/srv/run"]}, True),
    ("direct-split", [[file("bin/gosu")]], {"Entrypoint": ["/bin/gosu"], "Cmd": ["app", "x"]}, True),
    ("direct-su-exec-behind-tini", [[file("bin/tini")]],
     {"Entrypoint": ["tini", "--", "su-exec", "app"], "Cmd": ["x"]}, True),
    ("replaced-above", [[SCRIPT], [PLAIN]], {"Entrypoint": ["/srv/e.sh"]}, False),
    ("introduced-above", [[PLAIN], [SCRIPT]], {"Entrypoint": ["/srv/e.sh"]}, True),
    ("removed-above", [[SCRIPT], [whiteout("srv/e.sh")]], {"Entrypoint": ["/srv/e.sh"]}, False),
    ("directory", [[directory("srv/e.sh")]], {"Entrypoint": ["/srv/e.sh"]}, False),
    ("binary", [[file("e", body=b"\x7fELF\0\0\nexec gosu app x\n\0")]], {"Entrypoint": ["/e"]}, False),
    ("bash", [[file("e", body="#!/usr/bin/env bash\nexec gosu app x\n")]], {"Entrypoint": ["/e"]}, True),
    ("carriage-returns", [[file("e", body="#!/bin/sh\r\nexec gosu app x\r\n")]], {"Entrypoint": ["/e"]}, True),
]  # fmt: skip


@pytest.mark.parametrize("layers, config, found", **table(PLACES))
def test_scripts_that_the_image_starts_are_read(start, layers, config, found):
    result = start([*WHO, *layers[0]], *layers[1:], user=None, **config)
    assert bool(result.findings("drops-root")) == found, result


def test_each_line_is_told_once(start):
    script = "#!/bin/sh\nif x; then\n  exec gosu app a\nfi\nexec su-exec web b\n"
    result = start([*WHO, file("e", body=script)], user=None, Entrypoint=["/e"])
    said = sorted(one["message"] for one in result.findings("drops-root"))
    assert len(said) == 2
    assert "line 3" in said[0] and "999:998" in said[0]
    assert "line 5" in said[1] and "33:33" in said[1]


def test_line_that_does_the_same_twice_is_told_once(start):
    script = "#!/bin/sh\nif x; then gosu app a; else gosu app b; fi\n"
    result = start([*WHO, file("e", body=script)], user=None, Entrypoint=["/e"])
    assert len(result.findings("drops-root")) == 1


def test_script_that_is_named_twice_is_told_once(start):
    result = start([*WHO, SCRIPT], user=None, Entrypoint=["/srv/e.sh"], Cmd=["/srv/e.sh"])
    assert len(result.findings("drops-root")) == 1


def test_script_behind_a_link_that_was_not_kept_is_said_not_to_be_read(start):
    layer = [*WHO, symlink("start.sh", "deep/down/start"), file("deep/down/start", body=DROP)]
    result = start(layer, user=None, Entrypoint=["/start.sh"])
    assert any("/deep/down/start" in note for note in result.subject["notes"])


def test_program_behind_a_link_is_not_missed(start):
    layer = [symlink("bin/tool", "deep/tool"), file("deep/tool", body=b"\x7fELF")]
    notes = start(layer, Entrypoint=["/bin/tool"]).subject["notes"]
    assert not [note for note in notes if "not read" in note]


def test_becoming_root_is_not_dropping_it(start):
    script = '#!/bin/sh\nexec gosu root "$@"\n'
    result = start([*WHO, file("e", body=script)], user=None, Entrypoint=["/e"])
    assert all("--user 0" not in one["message"] for one in result.findings("drops-root"))


def test_verdict_does_not_depend_on_the_script(start):
    for user, verdict in (("999", "pass"), (None, "fail")):
        for entry in (SCRIPT, PLAIN):
            result = start([*WHO, entry], user=user, Entrypoint=["/srv/e.sh"])
            assert result.verdict == verdict
