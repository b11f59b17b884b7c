/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/error.h"
#include "fix/fix.h"

/* By place; what is inserted where something else is replaced comes before it, and of two at one
 * place the fix that stands first. */
static int
compare_edits(gconstpointer a, gconstpointer b)
{
  const NzPlace *left = (*(NzEdit *const *)a)->place, *right = (*(NzEdit *const *)b)->place;
  if (left->start != right->start)
    return left->start < right->start ? -1 : 1;
  return (left->end > right->end) - (left->end < right->end);
}

/* g_ptr_array_sort() keeps the order of what is equal. */
static GPtrArray *
collect(const GPtrArray *fixes)
{
  GPtrArray *edits = g_ptr_array_new();
  for (guint i = 0; i < fixes->len; i++) {
    const NzFix *fix = fixes->pdata[i];
    for (guint j = 0; !fix->refused && j < fix->edits->len; j++)
      g_ptr_array_add(edits, fix->edits->pdata[j]);
  }
  g_ptr_array_sort(edits, compare_edits);
  return edits;
}

char *
nz_fixes_apply(const char *data, gsize len, const GPtrArray *fixes, gsize *new_len, GError **error)
{
  g_autoptr(GPtrArray) edits = collect(fixes);
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
