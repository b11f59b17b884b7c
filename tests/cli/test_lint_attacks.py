"""Hostile sources for `nonzero lint`: work without end, and ways to be root that it must see."""

import pytest
from lint_kit import lint, put
from program import ERROR, FAIL, PASS

SECONDS = 12  # some take one; it holds on a busy machine and under sanitizers
HEAD = "FROM debian:12\nRUN useradd -u 1000 app && cp /bin/true /x\n"


def judged(place, text):
    put(place, {"Dockerfile": text.encode()})
    result = lint("Dockerfile", cwd=place)
    assert result.seconds < SECONDS, result
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
