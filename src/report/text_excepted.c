/* SPDX-License-Identifier: Apache-2.0 */
#include "report/text_excepted.h"

#include "core/text.h"
#include "report/table.h"

static void
add_row(GPtrArray *rows, const NzFinding *f)
{
  char **row = g_new0(char *, 6);
  row[0] = g_strdup(f->rule);
  row[1] = f->place ? nz_place_text(f->place) : f->path ? nz_printable(f->path, -1) : g_strdup("");
  row[2] = g_strdup(f->excepted->reason);
  row[3] = g_strdup(f->excepted->owner);
  row[4] = g_strdup(f->excepted->expires ? f->excepted->expires : "never");
  g_ptr_array_add(rows, row);
}

void
nz_text_write_excepted(const NzSubject *subject, FILE *out)
{
  static const char *const heads[] = {"RULE", "PATH", "REASON", "OWNER", "EXPIRES", NULL};
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
  g_autoptr(GHashTable) exceptions = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < subject->findings->len; i++) {
    const NzFinding *f = subject->findings->pdata[i];
    if (!f->excepted)
      continue;
    g_hash_table_add(exceptions, (gpointer)f->excepted);
    add_row(rows, f);
  }
  if (rows->len == 0)
    return;
  guint n = g_hash_table_size(exceptions);
  fprintf(out, "\nexcepted: %u finding%s by %u exception%s\n", rows->len, rows->len == 1 ? "" : "s",
          n, n == 1 ? "" : "s");
  nz_table_print(heads, rows, out);
}
