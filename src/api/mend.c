/* SPDX-License-Identifier: Apache-2.0 */
/* The fixes of a report, by the files that they mend. */
#include <nonzero.h>
#include <string.h>

#include "api/api.h"
#include "fix/fix.h"

typedef struct {
  const char *source; /* borrowed */
  GPtrArray *fixes;   /* NzFix, borrowed, each once */
} Fixable;

static void
fixable_free(gpointer data)
{
  Fixable *self = data;
  g_ptr_array_unref(self->fixes);
  g_free(self);
}

/* The fixes of a file's subjects. */
static Fixable *
fixable_new(const GPtrArray *subjects, guint first, guint end)
{
  Fixable *self = g_new0(Fixable, 1);
  g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
  self->fixes = g_ptr_array_new();
  self->source = ((const NzSubject *)subjects->pdata[first])->source;
  for (guint i = first; i < end; i++) {
    const NzSubject *subject = subjects->pdata[i];
    for (guint j = 0; j < subject->fixes->len; j++)
      if (g_hash_table_add(known, subject->fixes->pdata[j]))
        g_ptr_array_add(self->fixes, subject->fixes->pdata[j]);
  }
  return self;
}

GPtrArray *
nz_api_find_fixable(const GPtrArray *subjects)
{
  GPtrArray *all = g_ptr_array_new_with_free_func(fixable_free);
  guint end;
  for (guint first = 0; first < subjects->len; first = end) {
    const char *name = ((const NzSubject *)subjects->pdata[first])->source;
    gboolean has_fix = FALSE;
    for (end = first; end < subjects->len; end++) {
      const NzSubject *subject = subjects->pdata[end];
      if (strcmp(subject->source, name) != 0)
        break;
      has_fix |= subject->fixes->len > 0;
    }
    if (has_fix)
      g_ptr_array_add(all, fixable_new(subjects, first, end));
  }
  return all;
}

static const Fixable *
nth(const nonzero_report *report, size_t index)
{
  return index < report->fixable->len ? report->fixable->pdata[index] : NULL;
}

const char *
nonzero_report_fixable(const nonzero_report *report, size_t index)
{
  const Fixable *file = nth(report, index);
  return file ? file->source : NULL;
}

int
nonzero_report_fix(const nonzero_report *report, size_t index, int proposed, const char *before,
                   size_t len, char **after, size_t *after_len, char **error)
{
  const Fixable *file = nth(report, index);
  g_autoptr(GError) failed = NULL;
  gsize n = 0;
  char *text = NULL;
  if (file)
    text = (proposed ? nz_fixes_apply_all : nz_fixes_apply)(before, len, file->fixes, &n, &failed);
  if (!text) {
    nz_api_set_error(error, failed ? failed->message : "there is nothing to mend");
    return -1;
  }
  *after = text;
  *after_len = n;
  return 0;
}

static const NzFix *
find_fix(const nonzero_report *report, size_t index, size_t which)
{
  const Fixable *file = nth(report, index);
  return file && which < file->fixes->len ? file->fixes->pdata[which] : NULL;
}

const char *
nonzero_report_fix_title(const nonzero_report *report, size_t index, size_t which,
                         const char **refused)
{
  const NzFix *fix = find_fix(report, index, which);
  if (!fix)
    return NULL;
  *refused = fix->refused;
  return fix->title;
}

const char *
nonzero_report_fix_patch(const nonzero_report *report, size_t index, size_t which)
{
  const NzFix *fix = find_fix(report, index, which);
  return fix ? fix->patch : NULL;
}
