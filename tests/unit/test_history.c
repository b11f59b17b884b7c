/* SPDX-License-Identifier: Apache-2.0 */
/* Where a history says that the base ends: by tables of the lines that builders write. */
#include "image/history.h"

#include <string.h>

#include "core/limits.h"
#include "support.h"

#define NOP "/bin/sh -c #(nop) "

/* A line is created_by, after "-" if it made no layer, and before " // " a comment. */
static void
read_lines(NzHistory *history, const char *const *lines)
{
  for (guint i = 0; lines[i]; i++) {
    gboolean empty = lines[i][0] == '-';
    g_auto(GStrv) parts = g_strsplit(lines[i] + empty, " // ", 2);
    nz_history_add(history, parts[0] ? parts[0] : "", parts[0] ? parts[1] : NULL, empty);
  }
  nz_history_end(history);
}

static const struct {
  const char *what;
  const char *const lines[12];
  guint entries, layers;
  const char *sign, *from;
} bases[] = {
    {"nothing", {NULL}, 0, 0, NULL, NULL},
    {"one image: its CMD is followed by nothing", {"ADD", "RUN", "-CMD x"}, 0, 0, NULL, NULL},
    {"BuildKit", {"ADD", "-CMD [\"sh\"]", "RUN a # buildkit"}, 2, 1, "CMD", NULL},
    {"the classic builder", {"ADD", "-" NOP " CMD [\"sh\"]", "/bin/sh -c a"}, 2, 1, "CMD", NULL},
    {"the classic builder of old",
     {"ADD", "-" NOP "Entrypoint [\"a\"]", "RUN"},
     2,
     1,
     "ENTRYPOINT",
     NULL},
    {"the topmost of three images",
     {"ADD", "-CMD a", "RUN", "-ENTRYPOINT b", "-EXPOSE 80", "-CMD b", "COPY", "-CMD c"},
     6,
     2,
     "CMD",
     NULL},
    {"CMD before ENTRYPOINT", {"ADD", "-CMD a", "-ENTRYPOINT a", "COPY"}, 3, 1, "ENTRYPOINT", NULL},
    {"own instructions without a layer", {"ADD", "-CMD a", "-USER 5", "-CMD b"}, 2, 1, "CMD", NULL},
    {"a second ENTRYPOINT",
     {"ADD", "-ENTRYPOINT a", "-USER 5", "-ENTRYPOINT b"},
     2,
     1,
     "ENTRYPOINT",
     NULL},
    {"one Dockerfile's tail", {"ADD", "-ENTRYPOINT a", "-EXPOSE 80", "-CMD b"}, 0, 0, NULL, NULL},
    {"USER behind CMD may be of one Dockerfile", {"ADD", "-CMD a", "-USER 5"}, 0, 0, NULL, NULL},
    {"CMD below the first layer", {"-CMD a", "ADD", "RUN"}, 1, 0, "CMD", NULL},
    {"a shell command is no instruction", {"ADD", "/bin/sh -c CMD=a b", "RUN"}, 0, 0, NULL, NULL},
    {"words that only begin like one",
     {"ADD", "-CMDLINE x", "-ENTRYPOINTS", "RUN"},
     0,
     0,
     NULL,
     NULL},
    {"Buildah with --layers",
     {"ADD", "-CMD a // FROM 0123456789ab", "-ENV // FROM debian:12", "RUN // FROM 0123456789ac",
      "COPY // FROM 0123456789ad"},
     2,
     1,
     "FROM",
     "debian:12"},
    {"Buildah in one layer, the comment first",
     {"ADD", "-CMD a", "-ENV // FROM debian:12", "-USER 5", "CMD b"},
     2,
     1,
     "FROM",
     "debian:12"},
    {"Buildah in one layer, the comment last",
     {"ADD", "-CMD a", "-ENV", "-USER 5", "CMD b // FROM debian:12"},
     2,
     1,
     "FROM",
     "debian:12"},
    {"the same on a base without CMD",
     {"ADD", "-ENV", "-USER 5", "RUN // FROM b"},
     3,
     1,
     "FROM",
     "b"},
    {"Docker on what Buildah made", {"ADD", "RUN // FROM a", "-CMD a", "RUN"}, 3, 2, "CMD", NULL},
    {"Buildah on what Buildah made",
     {"ADD", "RUN // FROM a", "-CMD a", "RUN // FROM b"},
     3,
     2,
     "FROM",
     "b"},
    {"FROM nothing", {"ADD", "RUN // FROM ", "RUN // from a"}, 0, 0, NULL, NULL},
};

static void
test_the_base_ends_where_its_builder_said(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(bases); i++) {
    g_test_message("%s", bases[i].what);
    g_auto(NzHistory) h = {0};
    read_lines(&h, bases[i].lines);
    g_assert_cmpuint(h.base.entries, ==, bases[i].entries);
    g_assert_cmpuint(h.base.layers, ==, bases[i].layers);
    g_assert_cmpstr(h.sign, ==, bases[i].sign);
    g_assert_cmpstr(h.from, ==, bases[i].from);
  }
}

static const struct {
  const char *const lines[8];
  guint user_at;
  const char *user;
  guint doubtful;
} users[] = {
    {{"ADD", "-CMD"}, 0, NULL, 0},
    {{"ADD", "-USER 5", "-CMD a", "-USER app:app ", "RUN"}, 4, "app:app", 0},
    {{"ADD", "-" NOP " USER 0", "RUN"}, 2, "0", 0},
    {{"ADD", "-USER", "RUN"}, 2, "", 0},
    {{"ADD", "-USERS 5", "/bin/sh -c USER 5"}, 0, NULL, 0},
    /* Buildah of old writes all of a build before its one layer, and says FROM there. */
    {{"ADD", "-ENV", "-USER 5", "RUN // FROM b"}, 3, "5", 2},
    {{"ADD", "-CMD a", "-USER 5", "RUN // FROM b"}, 3, "5", 0},
    {{"ADD", "-USER 5", "-ENTRYPOINT a", "CMD b // FROM b"}, 2, "5", 2},
    {{"ADD", "-USER 5", "RUN // FROM b", "RUN // FROM 0123456789ab"}, 2, "5", 0},
};

static void
test_the_last_user_is_found(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(users); i++) {
    g_auto(NzHistory) h = {0};
    read_lines(&h, users[i].lines);
    g_assert_cmpuint(h.user_at, ==, users[i].user_at);
    g_assert_cmpstr(h.user, ==, users[i].user);
    g_assert_cmpuint(h.n_doubtful, ==, users[i].doubtful);
  }
}

static void
test_hostile_lines_are_bounded(void)
{
  g_auto(NzHistory) h = {0};
  g_autofree char *name = g_strnfill(NZ_BASE_NAME_MAX + 1, 'x');
  g_autofree char *from = g_strconcat("FROM ", name, NULL);
  g_autofree char *many = g_strnfill(100000, '7');
  g_autofree char *user = g_strconcat("USER ", many, NULL);
  nz_history_add(&h, "ADD", NULL, FALSE);
  nz_history_add(&h, NULL, "FROM a\033[2J\xff", FALSE);
  nz_history_add(&h, user, from, TRUE);
  nz_history_end(&h);
  g_assert_cmpstr(h.from, ==, "a\\x1b[2J\\xff");
  g_assert_cmpuint(strlen(h.user), ==, NZ_USER_MAX);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/history/base", test_the_base_ends_where_its_builder_said);
  g_test_add_func("/history/user", test_the_last_user_is_found);
  g_test_add_func("/history/hostile", test_hostile_lines_are_bounded);
  return g_test_run();
}
