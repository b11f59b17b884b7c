/* SPDX-License-Identifier: Apache-2.0 */
#include "core/diff.h"

#include <string.h>

#include "core/text.h"

static const char *const field_names[] = {"level",   "mode",      "owner",
                                          "message", "undecided", "excepted"};
static const char *const user_field_names[] = {"state", "uid", "gid", "declared"};

const char *
nz_diff_kind_name(NzDiffKind kind)
{
  static const char *const names[] = {
      [NZ_DIFF_NEW] = "new", [NZ_DIFF_GONE] = "gone", [NZ_DIFF_CHANGED] = "changed"};
  return names[kind];
}

static void
foreach_bit(guint bits, const char *const *names, guint n, NzDiffFieldFunc func, gpointer user_data)
{
  for (guint i = 0; i < n; i++)
    if (bits & (1u << i))
      func(names[i], user_data);
}

void
nz_diff_foreach_field(guint fields, NzDiffFieldFunc func, gpointer user_data)
{
  foreach_bit(fields, field_names, G_N_ELEMENTS(field_names), func, user_data);
}

void
nz_diff_foreach_user_field(guint fields, NzDiffFieldFunc func, gpointer user_data)
{
  foreach_bit(fields, user_field_names, G_N_ELEMENTS(user_field_names), func, user_data);
}

/* --- which findings are of the same thing --- */

/* With its message as well, what a finding is about. No path holds a NUL, and no rule a newline. Of
 * a place in a source only the file counts: lines move. */
static char *
exact_key(const NzFinding *f)
{
  return g_strconcat(f->rule, "\n", f->place ? f->place->file : "", "\n", f->path ? f->path : "",
                     "\n", f->message, NULL);
}

/* NULL: only its message tells it from others of its rule. */
static char *
loose_key(const NzFinding *f)
{
  if (f->path || f->place)
    return g_strconcat(f->rule, "\n", f->place ? f->place->file : "", "\n", f->path ? f->path : "",
                       NULL);
  return nz_finding_is_about_user(f) || f->layer ? g_strdup(f->rule) : NULL;
}

typedef struct {
  const GPtrArray *before, *after;
  gboolean *taken;        /* by index in BEFORE */
  const NzFinding **pair; /* by index in AFTER */
} Pairing;

static void
queue_free(gpointer data)
{
  g_queue_free(data);
}

/* Pairs findings with equal keys that have none yet, each with one. */
static void
pair_by(Pairing *self, char *(*key_of)(const NzFinding *))
{
  g_autoptr(GHashTable) waiting =
      g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, queue_free);
  for (guint i = 0; i < self->before->len; i++) {
    char *key = self->taken[i] ? NULL : key_of(self->before->pdata[i]);
    if (!key)
      continue;
    GQueue *queue = g_hash_table_lookup(waiting, key);
    if (queue) {
      g_free(key);
    } else {
      queue = g_queue_new();
      g_hash_table_insert(waiting, key, queue);
    }
    g_queue_push_tail(queue, GUINT_TO_POINTER(i + 1));
  }
  for (guint i = 0; i < self->after->len; i++) {
    g_autofree char *key = self->pair[i] ? NULL : key_of(self->after->pdata[i]);
    GQueue *queue = key ? g_hash_table_lookup(waiting, key) : NULL;
    guint found = queue ? GPOINTER_TO_UINT(g_queue_pop_head(queue)) : 0;
    if (found == 0)
      continue;
    self->taken[found - 1] = TRUE;
    self->pair[i] = self->before->pdata[found - 1];
  }
}

/* --- what differs --- */

static gboolean
fails(const NzFinding *f)
{
  return f && f->fails;
}

static gboolean
leaves_undecided(const NzFinding *f)
{
  return f && !f->excepted && f->undecided;
}

static gboolean
is_worse(const NzFinding *before, const NzFinding *after)
{
  return (fails(after) && !fails(before)) || (leaves_undecided(after) && !leaves_undecided(before));
}

static guint
compare_findings(const NzFinding *a, const NzFinding *b)
{
  gboolean reworded =
      !nz_finding_is_about_user(a) && a->path && strcmp(a->message, b->message) != 0;
  gboolean have_modes = a->has_mode && b->has_mode;
  return (a->level != b->level ? NZ_DIFF_LEVEL : 0) |
         (have_modes && a->mode != b->mode ? NZ_DIFF_MODE : 0) |
         (have_modes && (a->uid != b->uid || a->gid != b->gid) ? NZ_DIFF_OWNER : 0) |
         (reworded ? NZ_DIFF_MESSAGE : 0) | (a->undecided != b->undecided ? NZ_DIFF_UNDECIDED : 0) |
         (!a->excepted != !b->excepted ? NZ_DIFF_EXCEPTED : 0);
}

static guint
compare_users(const NzUser *a, const NzUser *b)
{
  if (!a || !b)
    return a == b ? 0 : NZ_DIFF_STATE;
  return (a->state != b->state ? NZ_DIFF_STATE : 0) |
         (a->has_uid != b->has_uid || a->uid != b->uid ? NZ_DIFF_UID : 0) |
         (a->has_gid != b->has_gid || a->gid != b->gid ? NZ_DIFF_GID : 0) |
         (g_strcmp0(a->declared, b->declared) != 0 ? NZ_DIFF_DECLARED : 0);
}

static void
add_entry(NzDiff *self, const NzFinding *before, const NzFinding *after)
{
  NzDiffEntry e = {.before = before, .after = after};
  e.fields = before && after ? compare_findings(before, after) : 0;
  e.worse = after && is_worse(before, after);
  if (after && !before && after->excepted) {
    self->n_excepted++;
    return;
  }
  if (before && after && !e.worse && e.fields == 0) {
    self->n_same++;
    return;
  }
  e.kind = !after ? NZ_DIFF_GONE : !before || e.worse ? NZ_DIFF_NEW : NZ_DIFF_CHANGED;
  guint *const counts[] = {[NZ_DIFF_NEW] = &self->n_new,
                           [NZ_DIFF_GONE] = &self->n_gone,
                           [NZ_DIFF_CHANGED] = &self->n_changed};
  (*counts[e.kind])++;
  self->worse |= e.worse;
  g_array_append_val(self->entries, e);
}

NzDiff *
nz_diff_new(const NzSubject *before, const NzSubject *after)
{
  NzDiff *self = g_new0(NzDiff, 1);
  self->before = before;
  self->after = after;
  self->entries = g_array_new(FALSE, FALSE, sizeof(NzDiffEntry));
  self->user_fields = compare_users(before->user, after->user);
  g_autofree gboolean *taken = g_new0(gboolean, before->findings->len + 1);
  g_autofree const NzFinding **pair = g_new0(const NzFinding *, after->findings->len + 1);
  Pairing pairing = {before->findings, after->findings, taken, pair};
  pair_by(&pairing, exact_key);
  pair_by(&pairing, loose_key);
  for (guint i = 0; i < after->findings->len; i++)
    add_entry(self, pair[i], after->findings->pdata[i]);
  for (guint i = 0; i < before->findings->len; i++)
    if (!taken[i])
      add_entry(self, before->findings->pdata[i], NULL);
  return self;
}

void
nz_diff_free(NzDiff *self)
{
  if (!self)
    return;
  g_array_unref(self->entries);
  g_free(self);
}

void
nz_diff_only_new(const NzDiff *self, const NzSubject *after, NzSubject *fresh)
{
  *fresh = *after;
  fresh->findings = g_ptr_array_new();
  for (guint i = 0; i < self->entries->len; i++) {
    const NzDiffEntry *e = &g_array_index(self->entries, NzDiffEntry, i);
    if (e->kind == NZ_DIFF_NEW)
      g_ptr_array_add(fresh->findings, (gpointer)e->after);
  }
  nz_subject_conclude(fresh);
}
