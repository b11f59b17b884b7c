"""What a Dockerfile may look like: BuildKit's grammar, and what it refuses."""

from lint_case import case, refused, root

BOM = b"\xef\xbb\xbf"
LONG = 64 * 1024

LAYOUT = [
    case("layout-no-final-newline", b"FROM scratch\nUSER 1000", uid=1000),
    case("layout-byte-order-mark", BOM + b"FROM scratch\nUSER 1000\n", uid=1000),
    case("layout-byte-order-mark-and-directive",
         BOM + b"# escape=`\nFROM scratch\nUSER 10`\n00\n", uid=1000),
    case("layout-crlf", b"FROM scratch\r\nUSER 1000\r\n", uid=1000, declared="1000"),
    root("layout-crlf-root", b"FROM scratch\r\n\r\n# x\r\nUSER 0\r\n", at=4),
    case("layout-crlf-continued", b"FROM scratch\r\nUSER 10\\\r\n00\r\n", uid=1000),
    case("layout-empty-lines-and-comments", "\n\n# a\nFROM scratch\n\n  # b\n\nUSER 1000\n\n# USER 0\n",
         uid=1000),
    case("layout-comment-is-no-instruction", "FROM scratch\nUSER 1000\n#USER 0\n  # USER 0\n", uid=1000),
    case("layout-tabs", "\tFROM\tscratch\n\tUSER\t1000\n", uid=1000),
    case("layout-long-line", b"FROM scratch\nLABEL a=" + b"x" * 60000 + b"\nUSER 1000\n", uid=1000),
    refused("layout-line-too-long", b"FROM scratch\nLABEL a=" + b"x" * LONG + b"\nUSER 1000\n", 2),
    case("layout-arg-before-from", "ARG a\nARG b=1\nFROM scratch\nUSER 1000\n", uid=1000),
    refused("layout-empty", b"", 0),
    refused("layout-only-comments", b"# nothing\n\n# here\n", 0),
    refused("layout-only-arg", b"ARG a=1\n", 0),
    refused("layout-no-from", b"USER 1000\n", 1),
    refused("layout-run-before-from", b"RUN true\nFROM scratch\nUSER 1000\n", 1),
    refused("layout-unknown-instruction", b"FROM scratch\nUSERS 1000\n", 2),
    refused("layout-unknown-instruction-before-user", b"FROM scratch\nCPOY a b\nUSER 1000\n", 2),
    refused("layout-from-two-words", b"FROM scratch a\nUSER 1000\n", 1),
    refused("layout-from-nothing", b"FROM\nUSER 1000\n", 1),
    refused("layout-from-without-as", b"FROM scratch is a\nUSER 1000\n", 1),
    refused("layout-unknown-flag", b"FROM scratch\nCOPY --nosuch=1 a b\nUSER 1000\n", 2),
    refused("layout-unknown-flag-of-from", b"FROM --nosuch scratch\nUSER 1000\n", 1),
    refused("layout-flag-twice", b"FROM scratch\nCOPY --chown=1 --chown=2 a b\nUSER 1000\n", 2),
    refused("layout-copy-one-word", b"FROM scratch\nCOPY a\nUSER 1000\n", 2),
    refused("layout-env-one-word", b"FROM scratch\nENV a\nUSER 1000\n", 2),
    refused("layout-env-without-equals", b"FROM scratch\nENV a=1 b\nUSER 1000\n", 2),
    refused("layout-workdir-nothing", b"FROM scratch\nWORKDIR\nUSER 1000\n", 2),
    refused("layout-arg-nothing", b"FROM scratch\nARG\nUSER 1000\n", 2),
    case("layout-maintainer", "FROM scratch\nMAINTAINER me <me@example.com>\nUSER 1000\n", uid=1000),
    case("layout-everything", """
        # syntax=docker/dockerfile:1
        ARG A=1
        FROM scratch AS x
        LABEL a="b c" d=e
        ENV P=/a Q="b c"
        SHELL ["/bin/bash", "-o", "pipefail", "-c"]
        STOPSIGNAL SIGTERM
        HEALTHCHECK --interval=5s --timeout=3s CMD ["/h"]
        EXPOSE 8080/tcp 9090
        VOLUME ["/tmp"]
        USER 1000:1000
        ENTRYPOINT ["/a"]
        CMD ["b"]
        """, uid=1000, gid=1000),
    case("layout-healthcheck-none", "FROM scratch\nHEALTHCHECK NONE\nUSER 1000\n", uid=1000),
]

DIRECTIVES = [
    case("directive-escape", "# escape=`\nFROM scratch\nUSER 10`\n00\n", uid=1000),
    case("directive-escape-in-capitals", "# ESCAPE = `\nFROM scratch\nUSER 10`\n00\n", uid=1000),
    case("directive-escape-no-blank", "#escape=`\nFROM scratch\nUSER 10`\n00\n", uid=1000),
    case("directive-escape-of-words", "# escape=`\nFROM scratch\nENV v=1\nUSER `$v\n", "wont-start",
         declared="$v"),
    case("directive-backslash-is-text", "# escape=`\nFROM scratch\nUSER 10\\00\n", "wont-start"),
    case("directive-after-a-directive", "# syntax=docker/dockerfile:1\n# escape=`\nFROM scratch\nUSER 10`\n00\n",
         uid=1000),
    case("directive-check", "# check=skip=all\nFROM scratch\nUSER 1000\n", uid=1000),
    refused("directive-after-a-comment", "# hello\n# escape=`\nFROM scratch\nUSER 10`\n00\n", 5),
    refused("directive-after-an-empty-line", b"\n# escape=`\nFROM scratch\nUSER 10`\n00\n", 5),
    refused("directive-after-from", "FROM scratch\n# escape=`\nUSER 10`\n00\n", 4),
    refused("directive-twice", "# escape=`\n# escape=\\\nFROM scratch\nUSER 1000\n", 2),
    refused("directive-escape-wrong", "# escape=x\nFROM scratch\nUSER 1000\n", 1),
    case("directive-not-one", "# escape\nFROM scratch\nUSER 10\\\n00\n", uid=1000),
]

CONTINUED = [
    case("continued", "FROM scratch\nUSER \\\n1000\n", uid=1000),
    root("continued-position", "FROM scratch\nENV a=1 \\\n    b=2\nUSER \\\n   0\n", at=4),
    case("continued-trailing-blanks", b"FROM scratch\nUSER 10\\  \t\n00\n", uid=1000),
    case("continued-comment-inside", "FROM scratch\nUSER 10\\\n# no\n   # no\n00\n", uid=1000),
    case("continued-empty-line-inside", "FROM scratch\nUSER 10\\\n\n00\n", uid=1000),
    case("continued-keyword", "FROM scratch\nUS\\\nER 1000\n", uid=1000),
    case("continued-swallows-the-next", "FROM scratch\nRUN true \\\nUSER 0\nUSER 1000\n", uid=1000),
    root("continued-swallows-user", "FROM scratch\nENTRYPOINT /app \\\nUSER 1000\n", at=1),
    refused("continued-swallows-user-into-env", "FROM scratch\nENV a=b\\\nUSER 1000\n", 3),
    case("continued-blank-is-kept", "FROM scratch\nUSER 10 \\\n00\n", "wont-start", declared="10 00"),
    case("continued-comment-does-not-continue", "FROM scratch\n# a \\\nUSER 1000\n", uid=1000),
    case("continued-at-the-end", b"FROM scratch\nUSER 1000\\", uid=1000),
    case("continued-double-backslash-is-none", "FROM scratch\nENV a=b\\\\\nUSER 1000\n", uid=1000),
    case("continued-run-lines", """
        FROM debian:12
        RUN set -e; \\
            # a comment
            true && \\
            chmod u+s /opt/x
        USER 1000
        """, uid=1000, has=(("setuid-root", 5, "fail"),)),
]

HEREDOCS = [
    case("heredoc-user-inside-is-text", "FROM debian:12\nUSER 1000\nRUN <<EOF\nUSER 0\nEOF\n", uid=1000),
    root("heredoc-from-inside-is-text", "FROM debian:12\nRUN <<EOF\nFROM scratch\nUSER 1000\nEOF\n", at=1),
    case("heredoc-run", "FROM debian:12\nRUN <<EOF\ntrue\nchmod u+s /opt/x\nEOF\nUSER 1000\n", uid=1000,
         has=(("setuid-root", 4, "fail"),)),
    case("heredoc-quoted", "FROM debian:12\nRUN <<'EOF'\nchmod u+s /opt/x\nEOF\nUSER 1000\n", uid=1000,
         has=(("setuid-root", 3, "fail"),)),
    case("heredoc-double-quoted", 'FROM debian:12\nRUN <<"E F"\nchmod u+s /opt/x\nE F\nUSER 1000\n',
         uid=1000, has=(("setuid-root", 3),)),
    case("heredoc-dash", "FROM debian:12\nRUN <<-EOF\n\tchmod u+s /opt/x\n\tEOF\nUSER 1000\n", uid=1000,
         has=(("setuid-root", 3),)),
    refused("heredoc-indented-end-without-dash", "FROM debian:12\nRUN <<EOF\ntrue\n\tEOF\nUSER 1000\n", 2),
    case("heredoc-fed-to-a-shell", "FROM debian:12\nRUN bash -e <<EOF\nchmod u+s /opt/x\nEOF\nUSER 1000\n",
         uid=1000, has=(("setuid-root", 3),)),
    case("heredoc-fed-to-cat", "FROM debian:12\nRUN cat <<EOF > /x\nchmod u+s /opt/x\nEOF\nUSER 1000\n",
         uid=1000, lacks=("setuid-root",)),
    case("heredoc-of-python", "FROM python:3.12\nRUN <<EOF python3\nprint('chmod u+s /opt/x')\nEOF\n"
         "USER 1000\n", uid=1000, lacks=("setuid-root",)),
    case("heredoc-shebang", "FROM debian:12\nRUN <<EOF\n#!/usr/bin/env python3\n"
         "chmod = 'u+s /opt/x'\nEOF\nUSER 1000\n", uid=1000, lacks=("setuid-root",)),
    case("heredoc-two-in-a-line", "FROM scratch\nCOPY <<A <<B /d/\nUSER 0\nA\nUSER 0\nB\nUSER 1000\n",
         uid=1000),
    case("heredoc-copied-name", "FROM scratch\nCOPY <<passwd /etc/\napp:x:1234:1::/:/\npasswd\nUSER app\n",
         uid=1234),
    case("heredoc-number-of-the-descriptor", "FROM debian:12\nRUN cat 3<<EOF\nUSER 0\nEOF\nUSER 1000\n",
         uid=1000),
    case("heredoc-not-in-quotes", "FROM debian:12\nRUN echo '<<EOF'\nUSER 1000\n", uid=1000),
    case("heredoc-here-string-is-none", "FROM debian:12\nRUN cat <<<EOF\nUSER 1000\n", uid=1000),
    case("heredoc-not-of-env", "FROM scratch\nENV a=<<EOF\nUSER 1000\n", uid=1000),
    case("heredoc-continuation-inside", "FROM debian:12\nRUN <<EOF\ntrue \\\n  && chmod u+s /opt/x\nEOF\n"
         "USER 1000\n", uid=1000, has=(("setuid-root", 4),)),
    case("heredoc-onbuild", "FROM debian:12 AS a\nONBUILD RUN <<EOF\nchmod u+s /opt/x\nEOF\nUSER 1000\n",
         uid=1000, lacks=("setuid-root",), verdict="pass"),
    case("heredoc-sudoers", "FROM debian:12\nCOPY <<EOF /etc/sudoers.d/app\napp ALL=(ALL) NOPASSWD: ALL\n"
         "EOF\nUSER 1000\n", uid=1000, has=(("sudoers-nopasswd", None),)),
    refused("heredoc-open", "FROM debian:12\nRUN <<EOF\ntrue\nUSER 1000\n", 2),
    refused("heredoc-open-of-two", "FROM scratch\nCOPY <<A <<B /d/\nx\nA\nUSER 1000\n", 2),
]

FORMS = [
    case("form-json-run", 'FROM debian:12\nRUN ["chmod", "u+s", "/opt/x"]\nUSER 1000\n', uid=1000,
         has=(("setuid-root", 2, "fail"),)),
    case("form-json-run-shell", 'FROM debian:12\nRUN ["/bin/sh", "-c", "chmod 4755 /opt/x"]\nUSER 1000\n',
         uid=1000, has=(("setuid-root", 2),)),
    case("form-json-does-not-run-a-shell", 'FROM debian:12\nRUN ["echo", "x; chmod u+s /opt/x"]\n'
         "USER 1000\n", uid=1000, lacks=("setuid-root",)),
    case("form-json-invalid-is-shell", "FROM debian:12\nRUN ['chmod', 'u+s'] ; chmod u+s /opt/x\n"
         "USER 1000\n", uid=1000, has=(("setuid-root", 2),)),
    refused("form-json-of-numbers", "FROM debian:12\nCMD [1, 2]\nUSER 1000\n", 2),
    refused("form-json-nested", 'FROM debian:12\nCMD ["a", ["b"]]\nUSER 1000\n', 2),
    case("form-json-continued", 'FROM debian:12\nRUN ["chmod", \\\n  "u+s", \\\n  "/opt/x"]\nUSER 1000\n',
         uid=1000, has=(("setuid-root", 4),)),
    case("form-json-copy", 'FROM scratch\nCOPY ["passwd", "/etc/passwd"]\nUSER app\n', uid=1001,
         files={"passwd": "app:x:1001:1002::/:/\n"}),
    case("form-json-escapes", 'FROM debian:12\nRUN ["chmod", "u\\u002bs", "/opt/x"]\nUSER 1000\n',
         uid=1000, has=(("setuid-root", 2),)),
    case("form-shell-instruction", 'FROM debian:12\nSHELL ["/bin/bash", "-c"]\nRUN chmod u+s /opt/x\n'
         "USER 1000\n", uid=1000, has=(("setuid-root", 3),)),
    case("form-run-mount", "FROM debian:12\nRUN --mount=type=cache,target=/x chmod u+s /opt/x\nUSER 1000\n",
         uid=1000, has=(("setuid-root", 2),)),
    case("form-run-network", "FROM debian:12\nRUN --network=none chmod u+s /opt/x\nUSER 1000\n", uid=1000,
         has=(("setuid-root", 2),)),
    case("form-copy-link", "FROM scratch\nCOPY --link --chmod=4755 x /x\nUSER 1000\n", uid=1000,
         has=(("setuid-root", 2),)),
    case("form-copy-flags-with-variables", "FROM scratch\nARG m=4755\nCOPY --chmod=$m x /x\nUSER 1000\n",
         uid=1000, has=(("setuid-root", 3),)),
    refused("form-run-mount-unknown", "FROM debian:12\nRUN --mount=type=nosuch,target=/x true\nUSER 1000\n", 2),
    refused("form-run-security-unknown", "FROM debian:12\nRUN --security=nosuch true\nUSER 1000\n", 2),
]

CYCLES = [
    refused("cycle-of-two", "FROM scratch AS a\nCOPY --from=b /x /x\nFROM scratch AS b\n"
            "COPY --from=a /x /x\nUSER 1000\n", 0),
    refused("cycle-of-one", "FROM scratch AS a\nCOPY --from=a /x /x\nUSER 1000\n", 0),
    refused("cycle-through-a-mount", "FROM debian:12 AS a\nRUN --mount=from=b,target=/x true\n"
            "FROM debian:12 AS b\nCOPY --from=a /x /x\nUSER 1000\n", 0),
    case("cycle-is-none", "FROM scratch AS a\nUSER 1000\nFROM a AS b\nFROM b\nCOPY --from=a /x /x\n",
         uid=1000),
    refused("from-index-out-of-range", "FROM scratch\nCOPY --from=7 /x /x\nUSER 1000\n", 0,
            lenient=True),
]

WINDOWS = [
    case("windows-administrator", "# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\n"
         "USER ContainerAdministrator\n", "root", verdict="fail", at=3),
    case("windows-user", "# escape=`\nFROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n"
         "USER ContainerUser\n", "non-root"),
    case("windows-servercore-default", "FROM mcr.microsoft.com/windows/servercore:ltsc2022\n", "root",
         verdict="fail"),
    case("windows-paths", "# escape=`\nFROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n"
         "COPY app.exe C:\\app\\\nWORKDIR C:\\app\nUSER ContainerUser\n", "non-root"),
]

CASES = LAYOUT + DIRECTIVES + CONTINUED + HEREDOCS + FORMS + CYCLES + WINDOWS
