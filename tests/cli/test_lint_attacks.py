"""Hostile sources for `nonzero lint`: work without end, and ways to be root that it must see."""

import pytest
from lint_kit import lint, put
from program import ERROR, FAIL, PASS

SECONDS = 12  # some take one; it holds on a busy machine and under sanitizers
HEAD = "FROM debian:12\nRUN useradd -u 1000 app && cp /bin/true /x\n"


def judged(place, text):
    put(place, {"Dockerfile": text.encode()})
    result = lint("Dockerfile", cwd=place)
    assert result.cpu < SECONDS, result
    return result


# Work ----------------------------------------------------------------------------------------------


def numbered(form, count):
    return "".join(form.replace("%", str(i)) for i in range(count))


LIMITS = {
    "environment-for-each-run": HEAD + numbered("ENV A%=%\n", 5000) + "ENV B=1\nRUN true\n" * 60000,
    "stages-on-each-other": "FROM debian:12 AS s\nFROM s AS s0\n"
    + "".join(f"FROM s{i} AS s{i + 1}\n" for i in range(60000)),
    "stages-that-copy-from-each-other": "FROM scratch AS s0\n"
    + "".join(f"FROM scratch AS s{i + 1}\nCOPY --from=s{i} /d /d/\n" for i in range(40000)),
    "stages-that-know-much": "FROM debian:12 AS s\n"
    + numbered("RUN mkdir /a%\n", 15000)
    + numbered("FROM s AS t%\n", 900)
    + "FROM scratch\n"
    + numbered("COPY --from=t% /a /b\n", 900),
    "braces-in-each-run": HEAD + "RUN echo {1..100}{1..100}{1..100}\n" * 60000,
    "sources-of-a-copy": HEAD + "COPY " + "abc def \\\n" * 180000 + "/x/\n",
}


@pytest.mark.parametrize("name", LIMITS)
def test_work_without_end_is_an_error(tmp_path, name):
    result = judged(tmp_path, LIMITS[name] + "USER 1000\n")
    assert result.code == ERROR and b"limit" in result.err, result


def test_stages_that_people_have_are_judged(tmp_path):
    text = "FROM scratch AS s0\n" + "".join(f"FROM s{i} AS s{i + 1}\n" for i in range(900))
    assert judged(tmp_path, text + "USER 1000\n").code == PASS


# RUN that is not read ------------------------------------------------------------------------------

UNREAD = {
    "shell": 'SHELL ["python3", "-c"]\nRUN import os\n',
    "script": "RUN <<EOF\n#!/usr/bin/python3\nimport os\nEOF\n",
}


@pytest.mark.parametrize("name", UNREAD)
def test_run_that_is_not_read_may_have_made_users(tmp_path, name):
    text = "FROM scratch\nCOPY <<A /etc/passwd\nroot:x:0:0::/:/bin/sh\nA\n" + UNREAD[name] + "USER app\n"
    assert judged(tmp_path, text).subjects[0]["verdict"] == "unknown"


def test_mksh_is_a_shell(tmp_path):
    text = HEAD + 'SHELL ["/bin/mksh", "-c"]\nRUN chmod 4755 /x\nUSER 1000\n'
    assert judged(tmp_path, text).code == FAIL


# Setuid files that the Dockerfile makes -------------------------------------------------------------

SETUID = r"""
chmod +4755 /x
chmod =4755 /x
install -m=4755 /bin/true /y
//bin/chmod 4755 /x
/usr/../bin/chmod 4755 /x
cd /bin; ./chmod 4755 /x
env - chmod 4755 /x
runuser -c "chmod 4755 /x"
dpkg-statoverride --update --add root root 4755 /x
find / -name x -exec env chmod 4755 {} \;
find / -name x -okdir chmod 4755 {} \;
chmod u+s /x; chmod --help 755 /x
chmod u+s /x; mv /x /opt/; chmod 755 /x
chmod u+s /x; mv /x /y; rm -f /x
chmod u+s /x; cp -p /x /y; rm /x
chmod u+s /x; cp --preserve=mode /x /y; rm /x
chmod u+s /x; ln /x /y; rm /x
chmod u+s /x; su app -c "chmod u-s /x"; true
chmod u+s /x; grep -q a /b && chmod u-s /x; true
chmod u+s /x; find / -perm -4000 -type d -exec chmod u-s {} +
chmod u+s /x; find / -perm -4000 -type l -exec chmod u-s {} +
chmod u+s /x; find / -perm -4000 -mmin +5 -exec chmod u-s {} +
chmod u+s /x; find / -perm -4000 -mindepth 2 -exec chmod u-s {} +
chmod u+s /x; find / -perm -4000 -perm -2000 -exec chmod u-s {} +
chmod u+s /x; find / -perm -4000 -o -perm -2000 -exec chmod a-s {} +
chmod u+s /x; find / -perm -4000 -exec false ';' -exec chmod u-s {} ';'
chmod u+s /x; find / -perm -4000 -exec chmod u-s /y ';'
chmod u+s /x; find / -perm -4000 | head -1 | xargs chmod u-s
chmod u+s /x; find / -perm -4000 | grep -v /x | xargs chmod u-s
""".strip().split(
    "\n"
)

MAYBE = r"""
$(which chmod) 4755 /x
strace chmod 4755 /x
setpriv --reuid 0 chmod 4755 /x
parallel chmod 4755 ::: /x
dpkg-statoverride --add root root 4755 /x
""".strip().split(
    "\n"
)

NONE = r"""
echo chmod 4755 /x
grep chmod 4755 /x
apt-get install chmod
chmod u+s /x; find / -xdev -perm /6000 -type f -exec chmod a-s {} \; || true
chmod u+s /x; find / -perm +6000 -type f -exec ls -l {} \; -exec chmod a-s {} \;
chmod u+s /x; find / \( -perm -4000 -o -perm -2000 \) -type f -exec chmod a-s {} +
chmod u+s /x; find / -xdev -perm /6000 -type f -print0 | xargs -0 -r chmod a-s
chmod u+s /x; mv /x /y; chmod u-s /y
chmod u+s /x; cp /x /y; rm /x
chmod u+s /x; ln -s /x /y; rm /x
""".strip().split(
    "\n"
)

SOURCES = {
    "/x /y": FAIL,
    "/* /": FAIL,
    "/[x] /": FAIL,
    "/d/* /z/": FAIL,
    "/t/bin/foo /z": FAIL,
    "/u/bin/foo /z": FAIL,
    "/e /z": FAIL,
    "/etc/hosts /z": PASS,
    "--chmod=755 /x /y": PASS,
}


@pytest.mark.parametrize(
    "verdict, command", [("fail", one) for one in SETUID] + [("pass", one) for one in NONE]
)
def test_setuid_files_of_commands(tmp_path, verdict, command):
    result = judged(tmp_path, HEAD + "RUN " + command + "\nUSER 1000\n")
    assert result.subjects[0]["verdict"] == verdict, result


@pytest.mark.parametrize("command", MAYBE)
def test_setuid_files_of_programs_that_nobody_knows(tmp_path, command):
    result = judged(tmp_path, HEAD + "RUN " + command + "\nUSER 1000\n")
    assert result.subjects[0]["verdict"] == "unknown", result


@pytest.mark.parametrize("words", SOURCES)
def test_setuid_files_of_another_stage(tmp_path, words):
    stage = HEAD.replace("debian:12", "debian:12 AS b") + (
        "WORKDIR /d\nRUN cp /bin/true x && chmod 4755 /x x && chmod -R u+s /t/bin && chmod u+s /u/bin/*"
        " && mkdir /f && cp /bin/true /f/x && chmod u+s /f/x && mv /f /e\n"
    )
    result = judged(tmp_path, stage + f"FROM debian:12\nCOPY --from=b {words}\nUSER 1000\n")
    assert result.code == SOURCES[words], result


def test_busybox_copies_setuid_bits(tmp_path):
    text = "FROM alpine:3.20\nRUN cp /bin/true /x && chmod 4755 /x && cp /x /y && rm /x\nUSER 1000\n"
    assert judged(tmp_path, text).code == FAIL


@pytest.mark.parametrize("args", ["-itu root", "-itu0", "-dite A=1 --user=0"])
def test_short_options_of_podman_stand_together(tmp_path, args):
    put(tmp_path, {"a.container": f"[Container]\nImage=debian:12\nUser=1000\nPodmanArgs={args}\n".encode()})
    assert lint("a.container", cwd=tmp_path).code == FAIL
