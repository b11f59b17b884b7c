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

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *path = g_strdup_printf("/effects/row/%03u", i);
    g_test_add_data_func(path, &rows[i], test_row);
  }
  return g_test_run();
}
