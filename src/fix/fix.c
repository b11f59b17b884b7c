/* SPDX-License-Identifier: Apache-2.0 */
/* A Dockerfile's fixes, each of which is a file: who it starts as (user.c), a name that becomes a
 * number (named.c), directories that it must write (state.c), setuid bits (modes.c), and proposals
 * about other privileges (privileges.c). */
#include "fix/fix.h"

#include <string.h>

#include "fix/fix_private.h"

/* TRUE when an edit of A touches what one of B changes. Both may insert at one place. */
static gboolean
do_overlap(const NzFix *a, const NzFix *b)
{
  for (guint i = 0; i < a->edits->len; i++) {
    const NzPlace *left = ((const NzEdit *)a->edits->pdata[i])->place;
    for (guint j = 0; j < b->edits->len; j++) {
      const NzPlace *right = ((const NzEdit *)b->edits->pdata[j])->place;
      if (left->start < right->end && right->start < left->end)
        return TRUE;
    }
  }
  return FALSE;
}

gboolean
nz_mend_overlaps(const NzMend *self, const NzFix *fix)
{
  return self->fixes->len > 0 && do_overlap(self->fixes->pdata[self->fixes->len - 1], fix);
}

static void
forget(const NzMend *self, const NzFix *fix)
{
  for (guint i = 0; i < self->findings->len; i++) {
    NzFinding *f = self->findings->pdata[i];
    if (f->fix == fix)
      f->fix = NULL;
  }
}

/* A proposal may take out what a fix changes: one that may be applied is not given up for it. */
static void
drop_overlaps(NzMend *self)
{
  for (guint i = 0; i < self->fixes->len; i++)
    for (guint j = self->fixes->len; j-- > i + 1;) {
      NzFix *one = self->fixes->pdata[i], *other = self->fixes->pdata[j];
      if (!do_overlap(one, other))
        continue;
      NzFix *lost = one->refused && !other->refused ? one : other;
      forget(self, lost);
      g_ptr_array_remove(self->fixes, lost);
      if (lost == one)
        j = self->fixes->len;
    }
}

static int
compare_fixes(gconstpointer a, gconstpointer b)
{
  const NzFix *left = *(NzFix *const *)a, *right = *(NzFix *const *)b;
  const NzEdit *one = left->edits->len > 0 ? left->edits->pdata[0] : NULL;
  const NzEdit *other = right->edits->len > 0 ? right->edits->pdata[0] : NULL;
  return nz_place_compare(one ? one->place : NULL, other ? other->place : NULL);
}

void
nz_fix_dockerfile(const NzBuild *build, GPtrArray *findings, GPtrArray *fixes)
{
  NzMend self = {.build = build,
                 .source = build->file->source,
                 .stage = build->stages->pdata[build->target],
                 .findings = findings,
                 .fixes = fixes};
  if (findings->len == 0)
    return;
  nz_mend_learn_users(&self);
  nz_mend_learn_places(&self);
  nz_mend_start_user(&self);
  nz_mend_named_user(&self);
  if (!build->windows) {
    nz_mend_state(&self);
    nz_mend_modes(&self);
    nz_mend_privileges(&self);
  }
  drop_overlaps(&self);
  g_ptr_array_sort(fixes, compare_fixes);
  g_array_unref(self.root);
  g_ptr_array_unref(self.placed);
}
