/* SPDX-License-Identifier: Apache-2.0 */
/* What RUN text does: a text, where it is run, and the acts and users that come of it. */
#include "build/effects.h"

#include <string.h>

#include "core/limits.h"

static const char *const kind_names[NZ_ACT_N] = {
    [NZ_ACT_SETUID] = "setuid",
    [NZ_ACT_SETGID] = "setgid",
    [NZ_ACT_CAPABILITY] = "capability",
    [NZ_ACT_SETUID_PACKAGE] = "package",
    [NZ_ACT_PRIVILEGED_TOOL] = "tool",
    [NZ_ACT_NOPASSWD] = "nopasswd",
    [NZ_ACT_PRIVILEGED_GROUP] = "group",
    [NZ_ACT_EMPTY_PASSWORD] = "no-password",
    [NZ_ACT_UID0_ALIAS] = "alias",
    [NZ_ACT_WORLD_WRITABLE] = "world-writable",
    [NZ_ACT_WRITABLE_CODE] = "code",
    [NZ_ACT_WRITABLE_PASSWD] = "writable-passwd",
    [NZ_ACT_UNWRITABLE_STATE] = "unwritable",
    [NZ_ACT_NEEDS_ROOT] = "needs-root",
};

#define DEBIAN_PASSWD                                                                              \
  "root:x:0:0:root:/root:/bin/bash\n"                                                              \
  "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"                                         \
  "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
#define DEBIAN_GROUP                                                                               \
  "root:x:0:\nsudo:x:27:\nwww-data:x:33:\nusers:x:100:\nshadow:x:42:\nnogroup:x:65534:\n"
#define ALPINE_PASSWD "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"
#define ALPINE_GROUP  "root:x:0:root\nwheel:x:10:root\nnogroup:x:65533:\nnobody:x:65534:\n"
#define REDHAT_PASSWD "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/sbin/nologin\n"
#define REDHAT_GROUP  "root:x:0:\nwheel:x:10:\nnobody:x:65534:\n"

/* The bases of rows. */
typedef enum { DEBIAN, ALPINE, REDHAT, SCRATCH, STRANGE } Base;

static NzAccounts *
accounts_of(Base base)
{
  switch (base) {
  case DEBIAN:
    return nz_accounts_new(NZ_FAMILY_DEBIAN, DEBIAN_PASSWD, DEBIAN_GROUP, NULL);
  case ALPINE:
    return nz_accounts_new(NZ_FAMILY_ALPINE, ALPINE_PASSWD, ALPINE_GROUP, NULL);
  case REDHAT:
    return nz_accounts_new(NZ_FAMILY_REDHAT, REDHAT_PASSWD, REDHAT_GROUP, NULL);
  case SCRATCH:
    return nz_accounts_new(NZ_FAMILY_SCRATCH, NULL, NULL, NULL);
  default:
    return nz_accounts_new(NZ_FAMILY_UNKNOWN, NULL, NULL, "the base is not at hand");
  }
}

static void
run(NzStageState *state, const char *text)
{
  g_autoptr(NzShellText) split = nz_shell_split(text, strlen(text), NULL);
  NzSourceFile *source = nz_source_new("Dockerfile", text, strlen(text));
  NzJoined *joined = nz_joined_new();
  g_free(joined->data);
  joined->data = g_strdup(text);
  joined->len = strlen(text);
  joined->end = (guint32)strlen(text);
  if (joined->pieces->len == 0)
    g_array_append_val(joined->pieces, ((NzPiece){0, 0}));
  nz_effects_run(state, split, joined, source);
  nz_joined_free(joined);
  nz_source_free(source);
}

/* "2:5 setuid /x?; ..." */
static char *
acts_of(const NzStageState *state)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < state->acts->len; i++) {
    const NzAct *act = state->acts->pdata[i];
    g_string_append_printf(out, "%s%u:%u %s %s%s", i ? "; " : "", act->place->line,
                           act->place->column, kind_names[act->kind], act->what,
                           act->maybe ? "?" : "");
  }
  return g_string_free(out, FALSE);
}

/* "1000:1000", "non-root", "unknown", ... */
static char *
user_of(const NzStageState *state, const char *declared)
{
  g_autoptr(NzUser) user = nz_accounts_resolve(state->accounts, declared);
  g_assert_nonnull(user->why);
  if (!user->has_uid)
    return g_strdup(nz_user_state_name(user->state));
  return user->has_gid ? g_strdup_printf("%u:%u", user->uid, user->gid)
                       : g_strdup_printf("%u:?", user->uid);
}

typedef struct {
  Base base;
  const char *text;
  const char *acts;
  const char *declared, *resolved; /* or NULL */
  const char *user;                /* who runs it; NULL: root */
} Row;

static const Row rows[] = {
#include "effects_rows.h"
};

/* All rows that are wrong are said, not the first alone. */
static void
same(const Row *row, const char *got, const char *want)
{
  if (strcmp(got, want) == 0)
    return;
  g_test_message("%s: \"%s\" instead of \"%s\"", row->text, got, want);
  g_test_fail();
}

static void
test_row(gconstpointer data)
{
  const Row *row = data;
  g_autoptr(NzStageState) state = nz_stage_state_new(accounts_of(row->base));
  state->user = g_strdup(row->user);
  state->is_root = row->user == NULL;
  run(state, row->text);
  g_autofree char *acts = acts_of(state);
  same(row, acts, row->acts);
  if (!row->declared)
    return;
  g_autofree char *resolved = user_of(state, row->declared);
  same(row, resolved, row->resolved);
}

/* --- what is concluded --- */

typedef struct {
  const char *steps; /* a line each: "RUN ...", "USER ...", "WORKDIR ...", "VOLUME ...",
                        "COPY OWNER MODE DEST", "START ..." */
  const char *acts;
} Story;

static const Story stories[] = {
    /* directories for data that root made */
    {"RUN mkdir -p /data\nUSER 1000", "1 unwritable /data (mkdir)"},
    {"RUN mkdir -p /var/lib/x /var/log/x\nUSER 1000",
     "1 unwritable /var/lib/x (mkdir); 1 unwritable /var/log/x (mkdir)"},
    {"RUN mkdir -p /app/data\nUSER 1000", "1 unwritable /app/data (mkdir)"},
    {"RUN mkdir -p /data\nRUN chown 1000 /data\nUSER 1000", ""},
    {"RUN mkdir -p /data && chown -R 1000:1000 /data\nUSER 1000", ""},
    {"RUN useradd -u 1000 app && mkdir /data && chown app: /data\nUSER app", ""},
    {"RUN useradd -u 1000 app && mkdir /data && chown app: /data\nUSER 1000", ""},
    {"RUN useradd app && mkdir /data && chown app: /data\nUSER app", ""},
    {"RUN useradd app && mkdir /data\nUSER app", "1 unwritable /data (mkdir)"},
    {"RUN mkdir -p /data && chown -R 1001 /data\nUSER 1000", "1 unwritable /data (mkdir)"},
    {"RUN mkdir -p /data && chgrp 0 /data && chmod g=u /data\nUSER 1000:0", ""},
    {"RUN mkdir -p /data && chmod g=u /data\nUSER 1000:5", "1 unwritable /data (mkdir)"},
    {"RUN install -d -o 1000 -g 1000 /data\nUSER 1000", ""},
    {"RUN install -d /data\nUSER 1000", "1 unwritable /data (mkdir)"},
    {"RUN mkdir -p /data\nRUN chown \"$(id -u)\" /data\nUSER 1000", ""},
    {"RUN mkdir -p /data\nRUN rm -r /data\nUSER 1000", ""},
    {"RUN mkdir -p /data\nRUN mv /data /srv/x\nUSER 1000", ""},
    {"USER 1000\nRUN mkdir -p /home/x/data", ""},
    {"RUN mkdir -p /data", ""},
    {"RUN mkdir -p /usr/share/x /app/bin /opt/tool /etc/x /tmp/data\nUSER 1000", ""},
    {"RUN mkdir -p /var/cache/apt/archives /var/lib/apt/lists\nUSER 1000", ""},
    {"RUN find /data -exec chown 1000 {} +; mkdir -p /data\nUSER 1000", ""},
    /* the working directory */
    {"WORKDIR /app\nUSER 1000", "1 unwritable /app (WORKDIR)"},
    {"WORKDIR /app\nRUN chown 1000 .\nUSER 1000", ""},
    {"WORKDIR /app\nRUN chown -R 1000 /app\nUSER 1000", ""},
    {"USER 1000\nWORKDIR /app", ""}, /* builders differ */
    {"WORKDIR /tmp\nUSER 1000", ""},
    {"WORKDIR /app\nCOPY 1000 0 /app/\nUSER 1000", ""}, /* code may be root's */
    {"COPY 1000 0 /app/\nWORKDIR /app\nUSER 1000", ""},
    {"COPY - 0 /app/\nWORKDIR /app\nUSER 1000", ""},
    /* volumes */
    {"VOLUME /data\nUSER 1000", "1 unwritable /data (VOLUME)"},
    {"VOLUME /data\nRUN chown 1000 /data\nUSER 1000", ""},
    {"RUN mkdir /data && chown 1000 /data\nVOLUME /data\nUSER 1000", ""},
    {"RUN mkdir /data\nVOLUME /data\nUSER 1000", "1 unwritable /data (VOLUME)"},
    {"VOLUME /var/lib/x\nUSER 1000", ""}, /* the base may have it */
    {"RUN apt-get install -y x\nVOLUME /data\nUSER 1000", ""},
    /* code */
    {"COPY 1000 0 /app/\nUSER 1000\nSTART /app/server", "1 code /app (COPY --chown=1000)"},
    {"COPY 1000 0 /app/\nUSER 1000\nSTART node /app/server.js", "1 code /app (COPY --chown=1000)"},
    {"COPY 1000 0 /data/\nUSER 1000\nSTART /app/server", ""},
    {"COPY 1001 0 /app/\nUSER 1000\nSTART /app/server", ""},
    {"COPY - 0 /app/\nUSER 1000\nSTART /app/server", ""},
    {"COPY - 0777 /usr/local/bin/x\nUSER 1000",
     "1 world-writable /usr/local/bin/x (COPY --chmod=0777); "
     "1 code /usr/local/bin/x (COPY --chmod=0777)"},
    {"COPY - 0 /app/\nRUN chown -R 1000 /app\nUSER 1000\nSTART /app/server",
     "2 code /app (chown 1000)"},
    {"COPY - 0 /app/\nRUN chmod -R 777 /app\nUSER 1000\nSTART /app/server",
     "2 world-writable /app (chmod 777); 2 code /app (chmod 777)"},
    {"COPY 1000 0 /app/\nSTART /app/server", ""}, /* root may write all */
    /* modes of COPY */
    {"COPY - 4755 /usr/bin/x", "1 setuid /usr/bin/x (COPY --chmod=4755)"},
    {"COPY - 4755 /usr/bin/x\nRUN chmod 755 /usr/bin/x", ""},
    {"COPY 1000 0 /etc/passwd", "1 writable-passwd /etc/passwd (COPY --chown=1000)"},
    {"COPY - 0 /etc/passwd", ""},
    {"RUN chmod u+s /x\nCOPY - 0 /x", ""},
    {"RUN chmod 4644 /x", ""},
    {"RUN chmod 4644 /x && chmod +x /x", "1 setuid /x (chmod +x)"},
    /* writing where only root may */
    {"WORKDIR /app\nUSER 1000\nRUN mkdir dist", "3 needs-root mkdir /app/dist (-); "
                                                "1 unwritable /app (WORKDIR)"},
    {"WORKDIR /app\nRUN chown 1000 .\nUSER 1000\nRUN mkdir dist", ""},
};

/* Where step number LINE stands. */
static NzPlace *
line_place(guint line)
{
  NzPlace *place = g_new0(NzPlace, 1);
  place->file = g_strdup("Dockerfile");
  place->line = line;
  return place;
}

static void
copy_step(NzStageState *state, const char *rest, guint line)
{
  g_auto(GStrv) words = g_strsplit(rest, " ", -1);
  gboolean owned = strcmp(words[0], "-") != 0;
  guint64 mode = g_ascii_strtoull(words[1], NULL, 8);
  g_autofree char *how = owned ? g_strdup_printf("COPY --chown=%s", words[0])
                               : g_strdup_printf("COPY --chmod=%s", words[1]);
  nz_effects_copy(state, words[2], owned ? words[0] : NULL, NULL, (guint16)mode, how,
                  line_place(line));
}

static void
tell_step(NzStageState *state, const char *step, guint line, GPtrArray *volumes,
          NzPlace **workdir_place)
{
  const char *rest = strchr(step, ' ') + 1;
  g_autoptr(NzPlace) place = line_place(line);
  if (g_str_has_prefix(step, "RUN ")) {
    /* Its text is a file of its own: lines are put right, also of what it did to paths. */
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 1; i < line; i++)
      g_string_append_c(text, '\n');
    g_string_append(text, rest);
    run(state, text->str);
  } else if (g_str_has_prefix(step, "USER ")) {
    state->user = g_strdup(rest);
    state->is_root = FALSE;
  } else if (g_str_has_prefix(step, "WORKDIR ")) {
    g_free(state->workdir);
    state->workdir = g_strdup(rest);
    nz_effects_workdir(state, rest, place);
    *workdir_place = g_steal_pointer(&place);
  } else if (g_str_has_prefix(step, "VOLUME ")) {
    nz_effects_volume(state, rest, place);
    g_ptr_array_add(volumes, (gpointer)rest);
  } else if (g_str_has_prefix(step, "START ")) {
    g_auto(GStrv) words = g_strsplit(rest, " ", -1);
    nz_effects_program(state, (const char *const *)words, g_strv_length(words));
  } else {
    copy_step(state, rest, line);
  }
}

static void
test_story(gconstpointer data)
{
  const Story *story = data;
  g_autoptr(NzStageState) first = nz_stage_state_new(accounts_of(DEBIAN));
  g_autoptr(NzStageState) state = nz_stage_state_copy(first);
  g_autoptr(GPtrArray) volumes = g_ptr_array_new();
  g_autoptr(NzPlace) workdir_place = NULL;
  g_auto(GStrv) steps = g_strsplit(story->steps, "\n", -1);
  for (guint i = 0; steps[i]; i++)
    tell_step(state, steps[i], i + 1, volumes, &workdir_place);
  g_ptr_array_add(volumes, NULL);
  g_autoptr(NzUser) user = nz_accounts_resolve(state->accounts, state->user);
  nz_effects_conclude(state, user, (const char *const *)volumes->pdata, workdir_place);
  g_autoptr(GString) got = g_string_new(NULL);
  for (guint i = 0; i < state->acts->len; i++) {
    const NzAct *act = state->acts->pdata[i];
    if (act->kind == NZ_ACT_SETUID_PACKAGE)
      continue;
    g_string_append_printf(got, "%s%u %s %s (%s)", i ? "; " : "", act->place->line,
                           kind_names[act->kind], act->what, act->how ? act->how : "-");
  }
  if (strcmp(got->str, story->acts) != 0) {
    g_test_message("%s: \"%s\" instead of \"%s\"", story->steps, got->str, story->acts);
    g_test_fail();
  }
}

/* --- bounds --- */

static void
test_bounds(void)
{
  g_autoptr(NzStageState) state = nz_stage_state_new(accounts_of(DEBIAN));
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < NZ_ACTS_MAX + 500; i++)
    g_string_append_printf(text, "chmod u+s /x%u\n", i);
  run(state, text->str);
  g_assert_cmpuint(state->acts->len, ==, NZ_ACTS_MAX);
}

/* Each command goes over all that those before it made: known until there are too many, and then
 * unknown, in a time that does not grow with the square. */
static void
test_work_is_bounded(void)
{
  g_autoptr(NzStageState) state = nz_stage_state_new(accounts_of(DEBIAN));
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < 5000; i++)
    g_string_append_printf(text, "mkdir /a/%u; chown -R u /a; useradd u%u\n", i, i);
  gint64 start = g_get_monotonic_time();
  run(state, text->str);
  g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
  g_assert_null(nz_paths_find(state->paths, "/a/1"));
}

static void
test_copies_stand_alone(void)
{
  g_autoptr(NzStageState) state = nz_stage_state_new(accounts_of(DEBIAN));
  run(state, "chmod u+s /x; useradd -u 5 app; mkdir /data");
  g_autoptr(NzStageState) copy = nz_stage_state_copy(state);
  run(copy, "chmod a-s /x; userdel app; rm -r /data");
  g_autofree char *acts = acts_of(state), *copied = acts_of(copy), *user = user_of(state, "app"),
                  *gone = user_of(copy, "app");
  g_assert_cmpstr(acts, ==, "1:11 setuid /x");
  g_assert_cmpstr(copied, ==, "");
  g_assert_cmpstr(user, ==, "5:5");
  g_assert_cmpstr(gone, ==, "wont-start");
  g_assert_nonnull(nz_paths_find(state->paths, "/data"));
  g_assert_null(nz_paths_find(copy->paths, "/data"));
}

static void
test_paths_are_made_absolute(void)
{
  static const char *const cases[][3] = {
      {"/", "a", "/a"},        {"/a", "b/../c", "/a/c"}, {"/a", "..", "/"},
      {"/a", "../../..", "/"}, {"/a", "/b//c/", "/b/c"}, {"/a", ".", "/a"},
      {"/a", "./b/.", "/a/b"}, {"/", "/", "/"},          {"/a/", "...", "/a/..."}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *path = nz_build_path(cases[i][0], cases[i][1]);
    g_assert_cmpstr(path, ==, cases[i][2]);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *path = g_strdup_printf("/effects/row/%03u", i);
    g_test_add_data_func(path, &rows[i], test_row);
  }
  for (guint i = 0; i < G_N_ELEMENTS(stories); i++) {
    g_autofree char *path = g_strdup_printf("/effects/story/%03u", i);
    g_test_add_data_func(path, &stories[i], test_story);
  }
  g_test_add_func("/effects/acts-are-bounded", test_bounds);
  g_test_add_func("/effects/work-is-bounded", test_work_is_bounded);
  g_test_add_func("/effects/copies-stand-alone", test_copies_stand_alone);
  g_test_add_func("/effects/paths-are-made-absolute", test_paths_are_made_absolute);
  return g_test_run();
}
