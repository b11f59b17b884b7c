"""What other linters get wrong: each of these is passed, or failed, by at least one that is in use."""

from lint_case import case, root

CASES = [
    # hadolint: only a USER line that says root is found, in any stage.
    root("peer-missing-user-passes", "FROM debian:12\nRUN true\n", at=1),
    case("peer-builder-stage-counts", "FROM golang:1.22 AS build\nUSER root\nRUN go build\nFROM scratch\n"
         "COPY --from=build /app /app\nUSER 1000\n", uid=1000, lacks=("image-user",)),
    root("peer-quoted-root", "FROM debian:12\nUSER 'root'\n", at=2),
    root("peer-variable-root", "FROM debian:12\nARG who=root\nUSER ${who}\n", at=3, why=("who",)),
    root("peer-variable-unset", "FROM debian:12\nUSER $APP_UID\n", at=2, why=("APP_UID",)),
    # trivy: the last USER of all stages.
    root("peer-last-user-of-the-file", "FROM debian:12 AS a\nUSER 1000\nFROM debian:12\nRUN true\n", at=3),
    case("peer-last-user-of-another-stage", "FROM debian:12 AS app\nUSER 1000\nFROM debian:12 AS test\nUSER root\n"
         "FROM app\n", uid=1000, lacks=("image-user",)),
    # checkov: any USER anywhere.
    root("peer-any-user-passes", "FROM debian:12\nUSER 1000\nRUN make\nUSER root\n", at=4),
    root("peer-user-in-a-builder-passes", "FROM node:20 AS build\nUSER node\nFROM debian:12\n", at=3),
    # semgrep: proposes a user that is not there.
    case("peer-user-that-does-not-exist", "FROM debian:12\nUSER non-root\n", ("wont-start", "unknown"), at=2),
    # tally: spellings of 0, and other names of it.
    root("peer-double-zero", "FROM debian:12\nUSER 00\n", at=2),
    root("peer-plus-zero", "FROM debian:12\nUSER +0\n", at=2),
    root("peer-double-quoted-root", 'FROM debian:12\nUSER "root"\n', at=2),
    root("peer-only-a-group", "FROM debian:12\nUSER :1000\n", at=2),
    root("peer-variables-of-both", "FROM debian:12\nARG U\nARG G\nUSER $U:$G\n", at=4, declared=":"),
    root("peer-alias-of-root", "FROM debian:12\nRUN useradd -o -u 0 admin\nUSER admin\n", at=3,
         has=(("uid0-alias", 2),)),
    root("peer-zero-and-group", "FROM debian:12\nUSER 0:0\n", at=2),
    # spiffe/spire#4871: arguments before FROM that no stage declares.
    root("peer-global-arguments", "ARG uid=1000\nARG gid=1000\nFROM scratch\nUSER ${uid}:${gid}\n", at=4,
         declared=":", why=("uid",)),
    # All: no rule for setuid and capabilities.
    case("peer-setuid", "FROM debian:12\nRUN chmod u+s /usr/bin/find\nUSER 1000\n", uid=1000,
         has=(("setuid-root", 2, "fail"),)),
    case("peer-copy-setuid", "FROM scratch\nCOPY --chmod=4755 x /x\nUSER 1000\n", uid=1000,
         has=(("setuid-root", 2, "fail"),)),
    case("peer-setcap", "FROM debian:12\nRUN setcap cap_setuid+ep /usr/bin/python3\nUSER 1000\n", uid=1000,
         has=(("file-capabilities", 2),)),
    # Substring searches.
    case("peer-sudo-in-an-address", "FROM debian:12\nRUN curl https://example.com/sudo/install\nUSER 1000\n",
         uid=1000, lacks=("privileged-tools",)),
    case("peer-chmod-in-a-text", "FROM debian:12\nRUN echo 'never chmod u+s /bin/x'\nUSER 1000\n", uid=1000,
         lacks=("setuid-root",)),
]
