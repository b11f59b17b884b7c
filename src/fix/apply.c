/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/error.h"
#include "fix/fix.h"

/* The fixes that others stand instead of. */
static GHashTable *
collect_replaced(const GPtrArray *fixes)
{
  GHashTable *replaced = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < fixes->len; i++)
    for (NzFix *fix = ((const NzFix *)fixes->pdata[i])->instead;
         fix && g_hash_table_add(replaced, fix); fix = fix->instead)
      ;
  return replaced;
}

static GPtrArray *
collect(const GPtrArray *fixes, gboolean proposed)
{
  GPtrArray *edits = g_ptr_array_new();
  g_autoptr(GHashTable) replaced = collect_replaced(fixes);
  for (guint i = 0; i < fixes->len; i++) {
    const NzFix *fix = fixes->pdata[i];
    gboolean wanted = proposed ? !g_hash_table_contains(replaced, fix) : !fix->refused;
    for (guint j = 0; wanted && j < fix->edits->len; j++)
      g_ptr_array_add(edits, fix->edits->pdata[j]);
  }
  nz_edits_sort(edits);
  return edits;
}

static char *
apply(const char *data, gsize len, const GPtrArray *edits, gsize *new_len, GError **error)
{
  g_autoptr(GString) out = g_string_sized_new(len + 1);
  gsize at = 0;
  for (guint i = 0; i < edits->len; i++) {
    const NzEdit *edit = edits->pdata[i];
    const NzPlace *place = edit->place;
    if (place->start < at || place->end < place->start || place->end > len) {
      nz_set_input(error, "line %u: two edits overlap, or the file is not the one that was judged",
                   place->line);
      return NULL;
    }
    g_string_append_len(out, data + at, (gssize)(place->start - at));
    g_string_append(out, edit->text);
    at = place->end;
  }
  g_string_append_len(out, data + at, (gssize)(len - at));
  *new_len = out->len;
  return g_string_free(g_steal_pointer(&out), FALSE);
}

char *
nz_fixes_apply(const char *data, gsize len, const GPtrArray *fixes, gsize *new_len, GError **error)
{
  g_autoptr(GPtrArray) edits = collect(fixes, FALSE);
  return apply(data, len, edits, new_len, error);
}

char *
nz_fixes_apply_all(const char *data, gsize len, const GPtrArray *fixes, gsize *new_len,
                   GError **error)
{
  g_autoptr(GPtrArray) edits = collect(fixes, TRUE);
  return apply(data, len, edits, new_len, error);
}
