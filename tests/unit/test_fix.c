/* SPDX-License-Identifier: Apache-2.0 */
/* What --fix makes of Dockerfiles, byte by byte; that doing it twice changes nothing; and diffs. */
#include <glib/gstdio.h>
#include <string.h>

#include "fix/fix.h"
#include "lint/lint.h"

/* --- bases --- */

#define ROOT_LINE "root:x:0:0:root:/root:/bin/sh\n"

static const struct {
  const char *name, *user, *passwd, *group, *entrypoint, *trigger, *volume;
  NzFamily family;
} bases[] = {
    {"debian", NULL, ROOT_LINE "www-data:x:33:33::/:\n", "root:x:0:\n", NULL, NULL, NULL,
     NZ_FAMILY_DEBIAN},
    {"taken", NULL, ROOT_LINE "app:x:10001:10001::/:\n", "root:x:0:\napp:x:10001:\n", NULL, NULL,
     NULL, NZ_FAMILY_DEBIAN},
    {"alpine", NULL, ROOT_LINE, "root:x:0:\n", NULL, NULL, NULL, NZ_FAMILY_ALPINE},
    {"fedora", NULL, ROOT_LINE, "root:x:0:\n", NULL, NULL, NULL, NZ_FAMILY_REDHAT},
    {"ubi9/ubi-minimal", NULL, ROOT_LINE, "root:x:0:\n", NULL, NULL, NULL, NZ_FAMILY_REDHAT},
    {"distroless", NULL, ROOT_LINE "nonroot:x:65532:65532::/:\n", "root:x:0:\nnonroot:x:65532:\n",
     NULL, NULL, NULL, NZ_FAMILY_DISTROLESS},
    {"node", NULL, ROOT_LINE "node:x:1000:1000::/home/node:\n", "root:x:0:\nnode:x:1000:\n",
     "docker-entrypoint.sh", NULL, NULL, NZ_FAMILY_DEBIAN},
    {"nginx", NULL, ROOT_LINE "nginx:x:101:101::/:\n", "root:x:0:\nnginx:x:101:\n",
     "/docker-entrypoint.sh", NULL, NULL, NZ_FAMILY_DEBIAN},
    {"redis", NULL, ROOT_LINE "redis:x:999:1000::/:\n", "root:x:0:\nredis:x:1000:\n",
     "docker-entrypoint.sh", NULL, "/data", NZ_FAMILY_DEBIAN},
    {"jenkins", "jenkins", ROOT_LINE "jenkins:x:1000:1000::/:\n", "root:x:0:\njenkins:x:1000:\n",
     NULL, NULL, NULL, NZ_FAMILY_DEBIAN},
    {"home", "jenkins", ROOT_LINE "jenkins:x:1000:1000::/:\n", "root:x:0:\njenkins:x:1000:\n", NULL,
     NULL, "/var/home", NZ_FAMILY_DEBIAN},
    {"unprivileged", "101", ROOT_LINE "nginx:x:101:101::/:\n", "root:x:0:\nnginx:x:101:\n",
     "/docker-entrypoint.sh", NULL, NULL, NZ_FAMILY_DEBIAN},
    {"triggers", NULL, ROOT_LINE, "root:x:0:\n", NULL, "COPY . /app", NULL, NZ_FAMILY_DEBIAN},
    {"with-volume", NULL, ROOT_LINE, "root:x:0:\n", NULL, NULL, "/data", NZ_FAMILY_DEBIAN},
    {"partly/server", NULL, ROOT_LINE, "root:x:0:\n", NULL, NULL, NULL, NZ_FAMILY_DEBIAN},
    {"partly/python", NULL, ROOT_LINE, "root:x:0:\n", NULL, NULL, NULL, NZ_FAMILY_DEBIAN},
    {"partly/php:8-apache", NULL, ROOT_LINE, "root:x:0:\n", NULL, NULL, NULL, NZ_FAMILY_DEBIAN},
    {"odd", NULL, ROOT_LINE, "root:x:0:\n", NULL, NULL, NULL, NZ_FAMILY_UNKNOWN},
};

static GStrv
list_of_one(const char *text)
{
  return text ? g_strsplit(text, "\n", -1) : NULL;
}

static NzBuildBase *
find_base(const char *name, const char *platform G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
  NzBuildBase *base = nz_build_base_new(name);
  for (guint i = 0; i < G_N_ELEMENTS(bases); i++) {
    if (strcmp(bases[i].name, name) != 0)
      continue;
    base->because = g_strdup("by the test");
    base->user = g_strdup(bases[i].user);
    base->user_known = TRUE;
    base->accounts_whole = !g_str_has_prefix(name, "partly/");
    base->family = bases[i].family;
    base->passwd = g_strdup(bases[i].passwd);
    base->group = g_strdup(bases[i].group);
    base->entrypoint = list_of_one(bases[i].entrypoint);
    base->triggers = list_of_one(bases[i].trigger);
    base->volumes = list_of_one(bases[i].volume);
    base->environment = g_new0(char *, 1);
    return base;
  }
  base->unknown = g_strdup("the test has no such image");
  return base;
}

/* --- judged --- */

static NzSubject *
judge(const char *text, gsize len, const char *target)
{
  g_autoptr(GError) error = NULL;
  NzLintOptions options = {.profile = "cbpp-0002",
                           .target = target,
                           .platform = "linux/amd64",
                           .fix = TRUE,
                           .find_base = find_base};
  g_autoptr(NzSourceFile) source = nz_source_new("Dockerfile", text, len);
  g_autoptr(GPtrArray) subjects = g_ptr_array_new();
  nz_lint_source(source, NZ_SOURCE_DOCKERFILE, NULL, &options, subjects, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(subjects->len, ==, 1);
  return subjects->pdata[0];
}

static char *
apply(const char *text, gsize len, const NzSubject *subject, gsize *n)
{
  g_autoptr(GError) error = NULL;
  char *after = nz_fixes_apply(text, len, subject->fixes, n, &error);
  g_assert_no_error(error);
  return after;
}

/* With what was refused, too. */
static char *
apply_all(const char *text, const NzSubject *subject)
{
  gsize n;
  for (guint i = 0; i < subject->fixes->len; i++)
    g_clear_pointer(&((NzFix *)subject->fixes->pdata[i])->refused, g_free);
  return apply(text, strlen(text), subject, &n);
}

static const char *
first_refusal(const NzSubject *subject)
{
  for (guint i = 0; i < subject->fixes->len; i++) {
    const NzFix *fix = subject->fixes->pdata[i];
    if (fix->refused)
      return fix->refused;
  }
  return NULL;
}

#define MAKE_DEBIAN                                                                                \
  "RUN groupadd -g 10001 app && useradd -u 10001 -g app -M -s /usr/sbin/nologin app\n"
#define MAKE_ALPINE                                                                                \
  "RUN addgroup -g 10001 app && adduser -D -H -u 10001 -G app -s /sbin/nologin app\n"
#define MAKE_REDHAT "RUN groupadd -g 10001 app && useradd -u 10001 -g app -M -s /sbin/nologin app\n"
#define USER_NEW    "USER 10001:10001\n"
#define CMD         "CMD [\"/app\"]\n"

/* --- what is applied --- */

typedef struct {
  const char *name, *before, *after; /* after NULL: it stays */
} Mended;

static const Mended mended[] = {
    /* whom it starts as */
    {"debian", "FROM debian\nCOPY app /app\n" CMD,
     "FROM debian\nCOPY app /app\n" MAKE_DEBIAN USER_NEW CMD},
    {"alpine", "FROM alpine\nCOPY app /app\n" CMD,
     "FROM alpine\nCOPY app /app\n" MAKE_ALPINE USER_NEW CMD},
    {"red-hat", "FROM fedora\nCOPY app /app\n" CMD,
     "FROM fedora\nCOPY app /app\n" MAKE_REDHAT USER_NEW CMD},
    {"red-hat-without-useradd", "FROM ubi9/ubi-minimal\n" CMD,
     "FROM ubi9/ubi-minimal\n" USER_NEW CMD},
    {"red-hat-with-useradd-installed",
     "FROM ubi9/ubi-minimal\nRUN microdnf install -y shadow-utils\n" CMD,
     "FROM ubi9/ubi-minimal\nRUN microdnf install -y shadow-utils\n" MAKE_REDHAT USER_NEW CMD},
    {"distroless", "FROM distroless\nCOPY app /app\n" CMD,
     "FROM distroless\nCOPY app /app\nUSER 65532:65532\n" CMD},
    {"scratch", "FROM scratch\nCOPY app /app\n" CMD,
     "FROM scratch\nCOPY app /app\nUSER 65532:65532\n" CMD},
    {"number-and-name-are-taken", "FROM taken\n" CMD,
     "FROM taken\nRUN groupadd -g 10002 nonroot && useradd -u 10002 -g nonroot -M -s "
     "/usr/sbin/nologin nonroot\nUSER 10002:10002\n" CMD},
    {"number-is-taken-by-a-group", "FROM debian\nRUN groupadd -g 10001 staff2\n" CMD,
     "FROM debian\nRUN groupadd -g 10001 staff2\nRUN groupadd -g 10002 app && useradd -u 10002 -g "
     "app "
     "-M -s /usr/sbin/nologin app\nUSER 10002:10002\n" CMD},
    {"user-of-this-file", "FROM debian\nRUN useradd -u 1234 web\n" CMD,
     "FROM debian\nRUN useradd -u 1234 web\nUSER 1234:1234\n" CMD},
    {"user-of-this-file-without-a-number", "FROM debian\nRUN useradd -m web\n" CMD,
     "FROM debian\nRUN useradd -u 10001 -m web\nUSER 10001\n" CMD},
    {"user-of-the-image", "FROM node\nCOPY . /app\nCMD [\"node\", \"/app/x.js\"]\n",
     "FROM node\nCOPY . /app\nUSER 1000:1000\nCMD [\"node\", \"/app/x.js\"]\n"},
    {"user-that-the-base-starts-as", "FROM unprivileged\nUSER root\nRUN apt-get install -y curl\n",
     "FROM unprivileged\nUSER root\nRUN apt-get install -y curl\nUSER 101\n"},
    {"base-with-a-name", "FROM jenkins\nUSER root\nRUN apt-get install -y git\n",
     "FROM jenkins\nUSER root\nRUN apt-get install -y git\nUSER 1000:1000\n"},
    {"image-of-a-language", "FROM partly/python\nCOPY a /a\n",
     "FROM partly/python\nCOPY a /a\n" MAKE_DEBIAN USER_NEW},
    {"image-of-which-the-start-is-not-kept", "FROM partly/server\nENTRYPOINT [\"/app\"]\n",
     "FROM partly/server\n" MAKE_DEBIAN USER_NEW "ENTRYPOINT [\"/app\"]\n"},
    {"image-of-php-with-a-command", "FROM partly/php:8-apache\n" CMD,
     "FROM partly/php:8-apache\n" MAKE_DEBIAN USER_NEW CMD},
    {"script-without-harm",
     "FROM debian\nCOPY <<EOF /run.sh\n#!/bin/sh\nif [ -n \"$R\" ]; then\nchown 1 /x\n"
     "fi\nexec /app\nEOF\nENTRYPOINT [\"/run.sh\"]\n",
     "FROM debian\nCOPY <<EOF /run.sh\n#!/bin/sh\nif [ -n \"$R\" ]; then\nchown 1 /x\nfi\nexec "
     "/app\nEOF\n" MAKE_DEBIAN USER_NEW "ENTRYPOINT [\"/run.sh\"]\n"},
    {"passwd-of-the-build-stage",
     "FROM debian AS build\nRUN useradd -u 1234 web\nFROM scratch\n"
     "COPY --from=build /etc/passwd /etc/passwd\n" CMD,
     "FROM debian AS build\nRUN useradd -u 1234 web\nFROM scratch\n"
     "COPY --from=build /etc/passwd /etc/passwd\nUSER 1234:1234\n" CMD},

    /* a USER that is root's */
    {"user-root", "FROM scratch\nUSER root\n" CMD, "FROM scratch\nUSER 65532:65532\n" CMD},
    {"user-0", "FROM scratch\nUSER 0\n" CMD, "FROM scratch\nUSER 65532:65532\n" CMD},
    {"user-00-and-group", "FROM scratch\nUSER 00:5\n" CMD, "FROM scratch\nUSER 65532:65532\n" CMD},
    {"user-quoted", "FROM scratch\nUSER \"0\"\n" CMD, "FROM scratch\nUSER \"65532:65532\"\n" CMD},
    {"user-quoted-empty", "FROM scratch\nUSER ''\n" CMD, "FROM scratch\nUSER '65532:65532'\n" CMD},
    {"user-with-odd-blanks", "FROM scratch\n  user\t 0  \n" CMD,
     "FROM scratch\n  user\t 65532:65532  \n" CMD},
    {"user-root-then-copy", "FROM scratch\nUSER root\nCOPY a /a\n" CMD,
     "FROM scratch\nUSER 65532:65532\nCOPY a /a\n" CMD},
    {"user-root-needs-its-run",
     "FROM debian\nRUN useradd -u 1234 web\nUSER web\nRUN make\nUSER root\n"
     "RUN apt-get update\n" CMD,
     "FROM debian\nRUN useradd -u 1234 web\nUSER web\nRUN make\nUSER root\n"
     "RUN apt-get update\nUSER 1234:1234\n" CMD},
    {"user-root-is-replaced-and-the-new-one-made-before", "FROM debian\nUSER root\n" CMD,
     "FROM debian\n" MAKE_DEBIAN USER_NEW CMD},
    {"user-root-stays-where-another-was-before",
     "FROM debian\nUSER 1000\nRUN make\nUSER root\n" CMD,
     "FROM debian\nUSER 1000\nRUN make\nUSER root\n" MAKE_DEBIAN USER_NEW CMD},
    {"user-root-of-a-parent-stage", "FROM scratch AS a\nUSER 0\nFROM a\n" CMD,
     "FROM scratch AS a\nUSER 0\nFROM a\nUSER 65532:65532\n" CMD},
    {"workdir-after-user", "FROM scratch\nUSER 0\nWORKDIR /tmp\n" CMD,
     "FROM scratch\nUSER 0\nWORKDIR /tmp\nUSER 65532:65532\n" CMD},

    /* where USER goes */
    {"before-all-that-trails",
     "FROM scratch\nCOPY a /a\nEXPOSE 8080\nLABEL a=b\nHEALTHCHECK NONE\nENTRYPOINT [\"/a\"]\n" CMD,
     "FROM scratch\nCOPY a /a\nUSER 65532:65532\nEXPOSE 8080\nLABEL a=b\nHEALTHCHECK NONE\n"
     "ENTRYPOINT [\"/a\"]\n" CMD},
    {"after-copy-that-follows-cmd", "FROM scratch\n" CMD "COPY a /a\n",
     "FROM scratch\n" CMD "COPY a /a\nUSER 65532:65532\n"},
    {"comments-stay-with-what-follows", "FROM scratch\nCOPY a /a\n# how it starts\n" CMD,
     "FROM scratch\nCOPY a /a\nUSER 65532:65532\n# how it starts\n" CMD},
    {"blank-lines-stay", "FROM scratch\nCOPY a /a\n\n\n# x\n" CMD,
     "FROM scratch\nCOPY a /a\nUSER 65532:65532\n\n\n# x\n" CMD},
    {"in-the-last-stage", "FROM debian AS b\nRUN make\nFROM scratch\nCOPY --from=b /a /a\n" CMD,
     "FROM debian AS b\nRUN make\nFROM scratch\nCOPY --from=b /a /a\nUSER 65532:65532\n" CMD},
    {"after-a-heredoc", "FROM debian\nRUN <<EOF\ntrue\nEOF\n" CMD,
     "FROM debian\nRUN <<EOF\ntrue\nEOF\n" MAKE_DEBIAN USER_NEW CMD},
    {"after-continuations", "FROM debian\nRUN true && \\\n  # why\n  true\n" CMD,
     "FROM debian\nRUN true && \\\n  # why\n  true\n" MAKE_DEBIAN USER_NEW CMD},
    {"after-another-escape", "# escape=`\nFROM debian\nRUN true && `\n  true\n" CMD,
     "# escape=`\nFROM debian\nRUN true && `\n  true\n" MAKE_DEBIAN USER_NEW CMD},

    /* bytes that stay */
    {"carriage-returns", "FROM scratch\r\nCOPY a /a\r\nCMD [\"/a\"]\r\n",
     "FROM scratch\r\nCOPY a /a\r\nUSER 65532:65532\r\nCMD [\"/a\"]\r\n"},
    {"carriage-returns-and-user", "FROM scratch\r\nUSER 0\r\n",
     "FROM scratch\r\nUSER 65532:65532\r\n"},
    {"no-last-line-end", "FROM scratch", "FROM scratch\nUSER 65532:65532"},
    {"no-last-line-end-and-two-lines", "FROM debian",
     "FROM debian\nRUN groupadd -g 10001 app && useradd -u 10001 -g app -M -s /usr/sbin/nologin "
     "app\n"
     "USER 10001:10001"},
    {"no-last-line-end-but-carriage-returns", "FROM scratch\r\nCOPY a /a",
     "FROM scratch\r\nCOPY a /a\r\nUSER 65532:65532"},
    {"byte-order-mark",
     "\xef\xbb\xbf"
     "FROM scratch\n",
     "\xef\xbb\xbf"
     "FROM scratch\nUSER 65532:65532\n"},
    {"no-utf-8", "FROM scratch\n# caf\xe9 \xff\nLABEL a=\xe9\n",
     "FROM scratch\nUSER 65532:65532\n# caf\xe9 \xff\nLABEL a=\xe9\n"},
    {"indented", "FROM scratch\n\tCOPY a /a\n\tCMD [\"/a\"]\n",
     "FROM scratch\n\tCOPY a /a\n\tUSER 65532:65532\n\tCMD [\"/a\"]\n"},
    {"lower-case", "from scratch\ncopy a /a\n", "from scratch\ncopy a /a\nuser 65532:65532\n"},
    {"blanks-at-the-end", "FROM scratch  \n\n", "FROM scratch  \nUSER 65532:65532\n\n"},

    /* state */
    {"volume", "FROM debian\nVOLUME /data\n" CMD,
     "FROM debian\n" MAKE_DEBIAN
     "RUN install -d -o 10001 -g 10001 /data\nVOLUME /data\n" USER_NEW CMD},
    {"volume-of-alpine", "FROM alpine\nVOLUME [\"/data\"]\n" CMD,
     "FROM alpine\n" MAKE_ALPINE
     "RUN install -d -o 10001 -g 10001 /data\nVOLUME [\"/data\"]\n" USER_NEW CMD},
    {"volumes", "FROM debian\nVOLUME /data /state\n" CMD,
     "FROM debian\n" MAKE_DEBIAN "RUN install -d -o 10001 -g 10001 /data\n"
     "RUN install -d -o 10001 -g 10001 /state\nVOLUME /data /state\n" USER_NEW CMD},
    {"volume-with-a-blank", "FROM debian\nVOLUME [\"/my data\"]\n" CMD,
     "FROM debian\n" MAKE_DEBIAN
     "RUN install -d -o 10001 -g 10001 '/my data'\nVOLUME [\"/my data\"]\n" USER_NEW CMD},
    {"volume-that-is-made", "FROM debian\nRUN mkdir /data\nVOLUME /data\n" CMD,
     "FROM debian\nRUN mkdir /data\n" MAKE_DEBIAN
     "RUN chown 10001:10001 /data\nVOLUME /data\n" USER_NEW CMD},
    {"volume-by-a-variable", "FROM debian\nENV D=/data\nVOLUME $D\n" CMD,
     "FROM debian\nENV D=/data\n" MAKE_DEBIAN
     "RUN install -d -o 10001 -g 10001 /data\nVOLUME $D\n" USER_NEW CMD},
    {"volume-for-all", "FROM debian\nVOLUME /tmp\n" CMD,
     "FROM debian\nVOLUME /tmp\n" MAKE_DEBIAN USER_NEW CMD},
    {"volume-that-all-may-write",
     "FROM debian\nRUN mkdir /data && chmod 1777 /data\nVOLUME /data\n" CMD,
     "FROM debian\nRUN mkdir /data && chmod 1777 /data\nVOLUME /data\n" MAKE_DEBIAN USER_NEW CMD},
    {"directory-for-data", "FROM debian\nRUN mkdir -p /var/lib/app\nCOPY app /app\n" CMD,
     "FROM debian\nRUN mkdir -p /var/lib/app\nCOPY app /app\n" MAKE_DEBIAN
     "RUN chown 10001:10001 /var/lib/app\n" USER_NEW CMD},
    {"code-stays-roots",
     "FROM debian\nWORKDIR /app\nCOPY . .\nVOLUME /app/data\nCMD [\"/app/run\"]\n",
     "FROM debian\nWORKDIR /app\nCOPY . .\n" MAKE_DEBIAN
     "RUN install -d -o 10001 -g 10001 /app/data\n"
     "VOLUME /app/data\n" USER_NEW "CMD [\"/app/run\"]\n"},
    {"volume-in-a-directory-that-is-there",
     "FROM debian\nCOPY code /srv/code\nVOLUME /srv/data\n" CMD,
     "FROM debian\nCOPY code /srv/code\n" MAKE_DEBIAN "RUN install -d -o 10001 -g 10001 /srv/data\n"
     "VOLUME /srv/data\n" USER_NEW CMD},
    {"volume-of-the-base-is-its-users", "FROM home\nUSER root\nRUN make\n",
     "FROM home\nUSER root\nRUN make\nUSER 1000:1000\n"},
    {"empty-workdir", "FROM debian\nWORKDIR /work\n" CMD,
     "FROM debian\nWORKDIR /work\n" MAKE_DEBIAN "RUN chown 10001:10001 /work\n" USER_NEW CMD},
    {"workdir-with-code", "FROM debian\nWORKDIR /app\nCOPY . .\nCMD [\"./a\"]\n",
     "FROM debian\nWORKDIR /app\nCOPY . .\n" MAKE_DEBIAN USER_NEW "CMD [\"./a\"]\n"},
    {"state-of-an-image-with-a-user", "FROM debian\nVOLUME /data\nUSER 1000:1000\n" CMD,
     "FROM debian\nRUN install -d -o 1000 -g 1000 /data\nVOLUME /data\nUSER 1000:1000\n" CMD},
    {"state-behind-the-user", "FROM debian\nUSER 1000:1000\nVOLUME /data\n" CMD,
     "FROM debian\nRUN install -d -o 1000 -g 1000 /data\nUSER 1000:1000\nVOLUME /data\n" CMD},

    /* names */
    {"name-with-a-number", "FROM debian\nRUN useradd -u 1000 app\nUSER app\n",
     "FROM debian\nRUN useradd -u 1000 app\nUSER 1000:1000\n"},
    {"name-in-quotes", "FROM debian\nRUN useradd -u 1000 app\nUSER \"app\"\n",
     "FROM debian\nRUN useradd -u 1000 app\nUSER \"1000:1000\"\n"},
    {"name-and-group", "FROM debian\nRUN groupadd -g 7 g && useradd -u 1000 -g g app\nUSER app:g\n",
     "FROM debian\nRUN groupadd -g 7 g && useradd -u 1000 -g g app\nUSER 1000:7\n"},
    {"name-with-groups-keeps-them",
     "FROM debian\nRUN groupadd -g 7 g && useradd -u 1000 -G g app\nUSER app\n",
     "FROM debian\nRUN groupadd -g 7 g && useradd -u 1000 -G g app\nUSER 1000\n"},
    {"name-of-the-base", "FROM jenkins\nCOPY a /a\n" CMD,
     "FROM jenkins\nCOPY a /a\nUSER 1000:1000\n" CMD},
    {"name-without-a-number",
     "FROM debian\nRUN apt-get update && useradd -m app && true\nUSER app\n",
     "FROM debian\nRUN apt-get update && useradd -u 10001 -m app && true\nUSER 10001\n"},
    {"name-without-a-number-of-adduser",
     "FROM debian\nRUN adduser --disabled-password app\nUSER app\n",
     "FROM debian\nRUN adduser --uid 10001 --disabled-password app\nUSER 10001\n"},
    {"name-without-a-number-of-busybox", "FROM alpine\nRUN adduser -D app\nUSER app\n",
     "FROM alpine\nRUN adduser -u 10001 -D app\nUSER 10001\n"},
    {"name-without-a-number-and-a-group", "FROM debian\nRUN useradd app\nUSER app:app\n",
     "FROM debian\nRUN useradd -u 10001 app\nUSER 10001:app\n"},
    {"number-stays", "FROM debian\nUSER 1000\n", NULL},

    /* setuid */
    {"chmod-u+s", "FROM debian\nRUN chmod u+s /opt/x\nUSER 1000\n",
     "FROM debian\nRUN chmod u-s /opt/x\nUSER 1000\n"},
    {"chmod-first-of-a-chain", "FROM debian\nRUN chmod u+s /opt/x && true\nUSER 1000\n",
     "FROM debian\nRUN true\nUSER 1000\n"},
    {"chmod-last-of-a-chain", "FROM debian\nRUN true \\\n && chmod u+s /opt/x\nUSER 1000\n",
     "FROM debian\nRUN true\nUSER 1000\n"},
    {"chmod-twice-in-a-chain",
     "FROM debian\nRUN chmod u+s /a && chmod u+s /b && chmod u+s /c && true\nUSER 1000\n",
     "FROM debian\nRUN chmod u-s /b && true\nUSER 1000\n"},
    {"chmod-alone-in-a-chain", "FROM debian\nRUN chmod u+s /a && chmod u+s /b\nUSER 1000\n",
     "FROM debian\nRUN chmod u-s /b\nUSER 1000\n"},
    {"chmod-inside-a-chain",
     "FROM debian\nRUN a && \\\n    chmod u+s /opt/x && \\\n    b\nUSER 1000\n",
     "FROM debian\nRUN a && \\\n    b\nUSER 1000\n"},
    {"chmod-whose-result-counts", "FROM debian\nRUN a && chmod u+s /opt/x || true\nUSER 1000\n",
     "FROM debian\nRUN a && chmod u-s /opt/x || true\nUSER 1000\n"},
    {"chmod-behind-a-semicolon", "FROM debian\nRUN a; chmod u+s /opt/x\nUSER 1000\n",
     "FROM debian\nRUN a; chmod u-s /opt/x\nUSER 1000\n"},
    {"chmod-with-a-comment-between",
     "FROM debian\nRUN a && \\\n# why\n chmod u+s /opt/x\nUSER 1000\n",
     "FROM debian\nRUN a && \\\n# why\n chmod u-s /opt/x\nUSER 1000\n"},
    {"chmod-4755", "FROM debian\nRUN chmod 4755 /opt/x\nUSER 1000\n",
     "FROM debian\nRUN chmod 0755 /opt/x\nUSER 1000\n"},
    {"chmod-06755", "FROM debian\nRUN chmod 06755 /opt/x\nUSER 1000\n",
     "FROM debian\nRUN chmod 00755 /opt/x\nUSER 1000\n"},
    {"chmod-5755-keeps-sticky", "FROM debian\nRUN chmod 5755 /opt/x\nUSER 1000\n",
     "FROM debian\nRUN chmod 1755 /opt/x\nUSER 1000\n"},
    {"chmod-with-options", "FROM debian\nRUN chmod -v -- u+s /opt/x\nUSER 1000\n",
     "FROM debian\nRUN chmod -v -- u-s /opt/x\nUSER 1000\n"},
    {"chmod-list", "FROM debian\nRUN chmod go-w,u+s /opt/x\nUSER 1000\n",
     "FROM debian\nRUN chmod go-w /opt/x\nUSER 1000\n"},
    {"chmod-u+xs", "FROM debian\nRUN chmod u+xs /opt/x\nUSER 1000\n",
     "FROM debian\nRUN chmod u+x /opt/x\nUSER 1000\n"},
    {"chmod-u=rwxs", "FROM debian\nRUN chmod u=rwxs,go=rx /opt/x\nUSER 1000\n",
     "FROM debian\nRUN chmod u=rwx,go=rx /opt/x\nUSER 1000\n"},
    {"chmod-+s", "FROM debian\nRUN chmod +s /opt/x\nUSER 1000\n",
     "FROM debian\nRUN chmod -s /opt/x\nUSER 1000\n"},
    {"chmod-quoted", "FROM debian\nRUN chmod 'u+s' /opt/x\nUSER 1000\n",
     "FROM debian\nRUN chmod 'u-s' /opt/x\nUSER 1000\n"},
    {"install", "FROM debian\nRUN install -m 4755 a /opt/x\nUSER 1000\n",
     "FROM debian\nRUN install -m 0755 a /opt/x\nUSER 1000\n"},
    {"install-joined", "FROM debian\nRUN install -m4755 a /opt/x\nUSER 1000\n",
     "FROM debian\nRUN install -m0755 a /opt/x\nUSER 1000\n"},
    {"install-long", "FROM debian\nRUN install --mode=4755 a /opt/x\nUSER 1000\n",
     "FROM debian\nRUN install --mode=0755 a /opt/x\nUSER 1000\n"},
    {"copy", "FROM scratch\nCOPY --chmod=4755 x /x\nUSER 1000\n",
     "FROM scratch\nCOPY --chmod=0755 x /x\nUSER 1000\n"},
    {"copy-of-a-parent-stage", "FROM scratch AS a\nCOPY --chmod=4755 x /x\nFROM a\nUSER 1000\n",
     "FROM scratch AS a\nCOPY --chmod=0755 x /x\nFROM a\nUSER 1000\n"},
    {"setuid-and-root", "FROM debian\nRUN true && chmod 4755 /opt/x\n" CMD,
     "FROM debian\nRUN true && chmod 0755 /opt/x\n" MAKE_DEBIAN USER_NEW CMD},
    {"two-in-one-chain", "FROM debian\nRUN chmod 4755 /opt/x && chmod 2755 /opt/y\nUSER 1000\n",
     "FROM debian\nRUN chmod 0755 /opt/x && chmod 0755 /opt/y\nUSER 1000\n"},
    {"excepted-stays",
     "FROM debian\n# nonzero ignore=setuid-root reason=\"x\"\nRUN chmod u+s /opt/x\nUSER 1000\n",
     NULL},
    {"excepted-user-stays", "# nonzero ignore=image-user reason=\"x\"\nFROM debian\n", NULL},
};

static void
assert_text(const char *got, gsize n, const char *wanted)
{
  if (strlen(wanted) == n && memcmp(got, wanted, n) == 0)
    return;
  g_test_message("wanted:\n%s\ngot:\n%s", wanted, got);
  g_test_fail();
}

static void
test_mended(gconstpointer data)
{
  const Mended *one = data;
  gsize n, m;
  g_autoptr(NzSubject) subject = judge(one->before, strlen(one->before), NULL);
  g_autofree char *after = apply(one->before, strlen(one->before), subject, &n);
  if (first_refusal(subject))
    g_test_message("refused: %s", first_refusal(subject));
  assert_text(after, n, one->after ? one->after : one->before);
  g_autoptr(NzSubject) again = judge(after, n, NULL);
  g_autofree char *twice = apply(after, n, again, &m);
  assert_text(twice, m, after);
}

/* --- what is refused --- */

typedef struct {
  const char *name, *before, *why, *proposal; /* proposal NULL: whatever it is */
  const char *target;
} Refused;

static const Refused refused[] = {
    {"unknown-base", "FROM corp/base\n" CMD, "corp/base is not known",
     "FROM corp/base\n" USER_NEW CMD, NULL},
    {"unknown-family", "FROM odd\n" CMD, "what system", "FROM odd\n" USER_NEW CMD, NULL},
    {"unknown-base-and-user-root", "FROM corp/base\nUSER root\n", "corp/base",
     "FROM corp/base\n" USER_NEW, NULL},
    {"gosu", "FROM debian\nRUN useradd -u 7 web\nENTRYPOINT [\"gosu\", \"web\", \"/app\"]\n",
     "drops root",
     "FROM debian\nRUN useradd -u 7 web\nUSER 7:7\nENTRYPOINT [\"gosu\", \"web\", \"/app\"]\n",
     NULL},
    {"su-exec", "FROM alpine\nENTRYPOINT exec su-exec web /app\n", "drops root", NULL, NULL},
    {"sudo", "FROM debian\nCMD [\"sudo\", \"/app\"]\n", "become root", NULL, NULL},
    {"entrypoint-of-the-base", "FROM nginx\nCOPY a /a\n", "/docker-entrypoint.sh",
     "FROM nginx\nCOPY a /a\nUSER 101:101\n", NULL},
    {"entrypoint-and-volume-of-the-base", "FROM redis\nCOPY a /a\n", "docker-entrypoint.sh", NULL,
     NULL},
    {"volume-of-the-base", "FROM with-volume\n" CMD, "before this stage", NULL, NULL},
    {"image-whose-start-is-not-known", "FROM partly/server\n" CMD, "does without root is not known",
     NULL, NULL},
    {"image-of-php-and-apache", "FROM partly/php:8-apache\n", "is not known", NULL, NULL},
    {"script-that-needs-root",
     "FROM debian\nCOPY <<EOF /run.sh\n#!/bin/sh\nchown 1 /x\nexec /app\nEOF\nENTRYPOINT "
     "[\"/run.sh\"]\n",
     "/run.sh: chown", NULL, NULL},
    {"script-that-drops-root",
     "FROM debian\nCOPY <<EOF /run.sh\n#!/bin/sh\nexec gosu app /app\nEOF\nENTRYPOINT "
     "[\"/run.sh\"]\n",
     "drops root", NULL, NULL},
    {"script-that-cannot-be-read", "FROM debian\nCOPY . /\nENTRYPOINT [\"/run.sh\"]\n",
     "cannot be read", NULL, NULL},
    {"program-that-needs-root", "FROM debian\nCMD [\"/usr/sbin/sshd\", \"-D\"]\n", "sshd", NULL,
     NULL},
    {"program-that-changes", "FROM debian\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n", "nginx",
     NULL, NULL},
    {"program-behind-others",
     "FROM debian\nENTRYPOINT [\"tini\", \"--\"]\nCMD [\"cron\", \"-f\"]\n", "cron", NULL, NULL},
    {"program-in-a-shell", "FROM debian\nCMD service app start && sleep 1d\n", "service", NULL,
     NULL},
    {"program-in-sh-c", "FROM debian\nCMD [\"sh\", \"-c\", \"chown 1 /x && exec /app\"]\n", "chown",
     NULL, NULL},
    {"onbuild", "FROM scratch\nONBUILD COPY . /\n" CMD, "ONBUILD in line 2", NULL, NULL},
    {"onbuild-of-the-base", "FROM triggers\n" CMD, "ONBUILD", NULL, NULL},
    {"variable", "FROM scratch\nARG U=root\nUSER $U\n" CMD, "variable",
     "FROM scratch\nARG U=root\nUSER 65532:65532\n" CMD, NULL},
    {"unset-variable", "FROM scratch\nUSER ${U}\n" CMD, "variable",
     "FROM scratch\nUSER 65532:65532\n" CMD, NULL},
    {"named-by-a-variable", "FROM debian\nARG U=app\nRUN useradd -u 1000 app\nUSER $U\n",
     "variable", "FROM debian\nARG U=app\nRUN useradd -u 1000 app\nUSER 1000:1000\n", NULL},
    {"windows", "# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\n" CMD,
     "ContainerUser", NULL, NULL},
    {"stage-of-others", "FROM scratch AS a\nCOPY a /a\nFROM a\nUSER 1000\n", "other stages", NULL,
     "a"},
    {"two-users", "FROM debian\nRUN useradd -u 1 a && useradd -u 2 b\n" CMD, "several users", NULL,
     NULL},
    {"volume-without-a-shell", "FROM distroless\nVOLUME /data\n" CMD, "no shell", NULL, NULL},
    {"volume-with-code", "FROM debian\nCOPY . /app\nVOLUME /app\nCMD [\"/app/run\"]\n",
     "holds what", NULL, NULL},
    {"volume-of-the-system", "FROM debian\nVOLUME /var/lib\n" CMD, "system's", NULL, NULL},
    {"odd-name-of-a-volume", "FROM debian\nVOLUME /d\xc3\xa4ta\n" CMD, "too odd", NULL, NULL},
    {"foreign-shell", "FROM debian\nSHELL [\"pwsh\", \"-c\"]\nRUN x\n" CMD, "SHELL", NULL, NULL},
    {"user-that-is-not-there", "FROM debian\nUSER web\n" CMD, "not known", NULL, NULL},
    {"continuation-without-an-end", "FROM debian\nRUN true \\\n", "continuation", NULL, NULL},
    {"setcap", "FROM debian\nRUN a && setcap cap_net_raw+ep /x\nUSER 1000\n", "capability",
     "FROM debian\nRUN a\nUSER 1000\n", NULL},
    {"installed-sudo", "FROM debian\nRUN apt-get install -y curl sudo git\nUSER 1000\n", "calls it",
     "FROM debian\nRUN apt-get install -y curl git\nUSER 1000\n", NULL},
    {"setuid-in-a-shared-stage",
     "FROM scratch AS a\nCOPY --chmod=4755 x /x\nFROM a AS b\nFROM a\nUSER 1000\n", "other stages",
     NULL, NULL},
};

static void
test_refused(gconstpointer data)
{
  const Refused *one = data;
  gsize n;
  g_autoptr(NzSubject) subject = judge(one->before, strlen(one->before), one->target);
  g_autofree char *after = apply(one->before, strlen(one->before), subject, &n);
  assert_text(after, n, one->before);
  const char *why = first_refusal(subject);
  g_assert_nonnull(why);
  if (!strstr(why, one->why)) {
    g_test_message("%s", why);
    g_test_fail();
  }
  g_autofree char *all = apply_all(one->before, subject);
  g_assert_cmpstr(all, !=, one->before);
  if (one->proposal)
    assert_text(all, strlen(all), one->proposal);
}

/* --- titles, findings --- */

static const NzFix *
only_fix(const NzSubject *subject)
{
  g_assert_cmpuint(subject->fixes->len, ==, 1);
  return subject->fixes->pdata[0];
}

static void
test_low_ports_are_in_the_title(void)
{
  const char text[] = "FROM scratch\nEXPOSE 80 53/udp 8053\n" CMD;
  g_autoptr(NzSubject) subject = judge(text, strlen(text), NULL);
  g_assert_cmpstr(only_fix(subject)->title, ==,
                  "start as 65532:65532; listen on 8080 and 9053 and publish it with "
                  "`-p 80:8080 -p 53:9053/udp`");
}

static void
test_title_says_who_and_what_it_owns(void)
{
  const char text[] = "FROM debian\nVOLUME /a /b /c\n";
  g_autoptr(NzSubject) subject = judge(text, strlen(text), NULL);
  g_assert_cmpstr(only_fix(subject)->title, ==,
                  "start as 10001:10001, the new user app, who owns /a, /b and /c");
}

static void
test_findings_have_their_fixes(void)
{
  const char text[] = "FROM debian\nRUN a && chmod 6755 /opt/x\n" CMD;
  g_autoptr(NzSubject) subject = judge(text, strlen(text), NULL);
  guint tied = 0;
  for (guint i = 0; i < subject->findings->len; i++) {
    const NzFinding *f = subject->findings->pdata[i];
    gboolean wanted = strcmp(f->rule, "image-user") == 0 || g_str_has_prefix(f->rule, "setuid") ||
                      g_str_has_prefix(f->rule, "setgid");
    g_assert_true(!wanted || g_ptr_array_find(subject->fixes, f->fix, NULL));
    tied += wanted;
  }
  g_assert_cmpuint(tied, ==, 3);
  g_assert_cmpuint(subject->fixes->len, ==, 2);
}

/* Editors put in what is at one place in an order of their own. */
static void
test_no_two_edits_of_a_fix_are_at_one_place(void)
{
  const char text[] = "FROM debian\nVOLUME /a /b\n" CMD;
  g_autoptr(NzSubject) subject = judge(text, strlen(text), NULL);
  const GPtrArray *edits = only_fix(subject)->edits;
  g_assert_cmpuint(edits->len, ==, 2);
  for (guint i = 1; i < edits->len; i++)
    g_assert_cmpuint(((NzEdit *)edits->pdata[i - 1])->place->end, <,
                     ((NzEdit *)edits->pdata[i])->place->start);
}

/* --- applied --- */

static void
add_edit(GPtrArray *fixes, guint32 start, guint32 end, const char *text)
{
  NzPlace *place = g_new0(NzPlace, 1);
  place->file = g_strdup("f");
  place->start = start;
  place->end = end;
  NzFix *fix = nz_fix_new("t");
  g_ptr_array_add(fix->edits, nz_edit_new(place, text));
  g_ptr_array_add(fixes, fix);
}

static char *
apply_edits(GPtrArray *fixes, GError **error)
{
  gsize n = 0;
  char *text = nz_fixes_apply("0123456789", 10, fixes, &n, error);
  if (text)
    g_assert_cmpuint(strlen(text), ==, n);
  return text;
}

static void
test_edits_are_applied_by_place(void)
{
  g_autoptr(GPtrArray) fixes = g_ptr_array_new_with_free_func((GDestroyNotify)nz_fix_free);
  add_edit(fixes, 10, 10, "$");
  add_edit(fixes, 4, 6, "");
  add_edit(fixes, 0, 0, "a");
  add_edit(fixes, 0, 0, "b");
  add_edit(fixes, 0, 1, "c");
  g_autofree char *text = apply_edits(fixes, NULL);
  g_assert_cmpstr(text, ==, "abc1236789$");
}

static void
test_edits_that_overlap_are_an_error(void)
{
  static const guint32 others[][2] = {{3, 5}, {4, 4}, {5, 7}, {3, 7}, {10, 12}, {11, 11}};
  for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) fixes = g_ptr_array_new_with_free_func((GDestroyNotify)nz_fix_free);
    add_edit(fixes, 3, 6, "x");
    add_edit(fixes, others[i][0], others[i][1], "y");
    g_autofree char *text = apply_edits(fixes, &error);
    g_assert_null(text);
    g_assert_nonnull(error);
  }
}

/* --- diffs --- */

static void
test_diff_of_equals_is_empty(void)
{
  g_autofree char *diff = nz_unified_diff("f", "a\n", 2, "a\n", 2);
  g_assert_cmpstr(diff, ==, "");
}

static void
test_diff_has_context_and_ranges(void)
{
  const char a[] = "1\n2\n3\n4\n5\n6\n7\n8\n", b[] = "1\n2\n3\n4\nx\n5\n6\n7\n8\n";
  g_autofree char *diff = nz_unified_diff("dir/f", a, strlen(a), b, strlen(b));
  g_assert_cmpstr(diff, ==, "--- dir/f\n+++ dir/f\n@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+x\n 5\n 6\n 7\n");
}

static void
test_diff_says_where_the_last_line_has_no_end(void)
{
  g_autofree char *diff = nz_unified_diff("f", "a", 1, "a\nb", 3);
  g_assert_cmpstr(diff, ==,
                  "--- f\n+++ f\n@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n"
                  "\\ No newline at end of file\n");
}

static void
test_diff_of_and_to_nothing(void)
{
  g_autofree char *more = nz_unified_diff("f", "", 0, "a\n", 2);
  g_autofree char *less = nz_unified_diff("f", "a\n", 2, "", 0);
  g_assert_cmpstr(more, ==, "--- f\n+++ f\n@@ -0,0 +1 @@\n+a\n");
  g_assert_cmpstr(less, ==, "--- f\n+++ f\n@@ -1 +0,0 @@\n-a\n");
}

static void
test_odd_names_are_quoted_as_patch_reads_them(void)
{
  g_autofree char *blank = nz_unified_diff("a b", "", 0, "x\n", 2);
  g_autofree char *odd = nz_unified_diff("a\"\n", "", 0, "x\n", 2);
  g_assert_true(g_str_has_prefix(blank, "--- a b\t\n+++ a b\t\n@@"));
  g_assert_true(g_str_has_prefix(odd, "--- \"a\\\"\\012\"\n"));
}

/* What patch makes of A with our diff. */
static char *
patched(const char *directory, const char *a, gsize a_len, const char *diff)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *file = g_build_filename(directory, "f", NULL);
  g_autofree char *patch = g_build_filename(directory, "p", NULL);
  const char *argv[] = {"patch", "-s", "-p0", "--binary", "-i", "p", NULL};
  int status;
  char *text;
  g_file_set_contents(file, a, (gssize)a_len, &error);
  g_assert_no_error(error);
  g_file_set_contents(patch, diff, -1, &error);
  g_assert_no_error(error);
  g_spawn_sync(directory, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status,
               &error);
  g_assert_no_error(error);
  g_assert_true(g_spawn_check_wait_status(status, &error));
  g_file_get_contents(file, &text, NULL, &error);
  g_assert_no_error(error);
  return text;
}

static char *
random_text(GRand *rand, const char *like)
{
  GString *text = g_string_new(NULL);
  g_auto(GStrv) lines = g_strsplit(like, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    gint what = g_rand_int_range(rand, 0, 8);
    if (what == 0)
      continue;
    if (what == 1)
      g_string_append_printf(text, "new %d\n", g_rand_int_range(rand, 0, 3));
    g_string_append_printf(text, "%s\n", lines[i]);
  }
  if (text->len > 0 && g_rand_boolean(rand))
    g_string_truncate(text, text->len - 1);
  return g_string_free(text, FALSE);
}

static void
test_patch_takes_the_diff(void)
{
  g_autofree char *patch = g_find_program_in_path("patch");
  if (!patch && !g_getenv("CI")) {
    g_test_skip("there is no patch here");
    return;
  }
  g_autoptr(GRand) rand = g_rand_new_with_seed(7);
  g_autofree char *directory = g_dir_make_tmp("nonzero-fix-XXXXXX", NULL);
  g_autofree char *text = g_strdup("a\nb\n\n\nb\na\nc\r\nd\n\nb\nb\ne\nf\ng\nh\ni\nj\nk\n");
  for (guint i = 0; i < 60; i++) {
    g_autofree char *other = random_text(rand, text);
    g_autofree char *diff = nz_unified_diff("f", text, strlen(text), other, strlen(other));
    if (*diff && *other) {
      g_autofree char *result = patched(directory, text, strlen(text), diff);
      g_assert_cmpstr(result, ==, other);
    }
    if (*other) {
      g_free(text);
      text = g_strconcat(other, "\nx\ny\nz\n", NULL);
    }
  }
  g_autofree char *file = g_build_filename(directory, "f", NULL);
  g_autofree char *diff = g_build_filename(directory, "p", NULL);
  g_unlink(file);
  g_unlink(diff);
  g_rmdir(directory);
}

static void
test_diff_of_what_is_all_different_is_bounded(void)
{
  g_autoptr(GString) a = g_string_new("first\n"), b = g_string_new("first\n");
  for (guint i = 0; i < 20000; i++) {
    g_string_append_printf(a, "a%u\n", i);
    g_string_append_printf(b, "b%u\n", i);
  }
  g_autofree char *diff = nz_unified_diff("f", a->str, a->len, b->str, b->len);
  g_assert_true(
      g_str_has_prefix(diff, "--- f\n+++ f\n@@ -1,20001 +1,20001 @@\n first\n-a0\n-a1\n"));
  g_assert_true(g_str_has_suffix(diff, "+b19999\n"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(mended); i++) {
    g_autofree char *path = g_strconcat("/fix/mended/", mended[i].name, NULL);
    g_test_add_data_func(path, &mended[i], test_mended);
  }
  for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
    g_autofree char *path = g_strconcat("/fix/refused/", refused[i].name, NULL);
    g_test_add_data_func(path, &refused[i], test_refused);
  }
  g_test_add_func("/fix/low ports are in the title", test_low_ports_are_in_the_title);
  g_test_add_func("/fix/title says who and what it owns", test_title_says_who_and_what_it_owns);
  g_test_add_func("/fix/findings have their fixes", test_findings_have_their_fixes);
  g_test_add_func("/fix/no two edits of a fix are at one place",
                  test_no_two_edits_of_a_fix_are_at_one_place);
  g_test_add_func("/fix/edits are applied by place", test_edits_are_applied_by_place);
  g_test_add_func("/fix/edits that overlap are an error", test_edits_that_overlap_are_an_error);
  g_test_add_func("/diff/of equals is empty", test_diff_of_equals_is_empty);
  g_test_add_func("/diff/has context and ranges", test_diff_has_context_and_ranges);
  g_test_add_func("/diff/says where the last line has no end",
                  test_diff_says_where_the_last_line_has_no_end);
  g_test_add_func("/diff/of and to nothing", test_diff_of_and_to_nothing);
  g_test_add_func("/diff/odd names are quoted as patch reads them",
                  test_odd_names_are_quoted_as_patch_reads_them);
  g_test_add_func("/diff/patch takes it", test_patch_takes_the_diff);
  g_test_add_func("/diff/of what is all different is bounded",
                  test_diff_of_what_is_all_different_is_bounded);
  return g_test_run();
}
