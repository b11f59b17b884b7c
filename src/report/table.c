/* SPDX-License-Identifier: Apache-2.0 */
#include "report/table.h"

#include <libsmartcols/libsmartcols.h>

void
nz_table_print(const char *const *heads, const GPtrArray *rows, FILE *out)
{
  struct libscols_table *table = scols_new_table();
  if (!table)
    g_error("out of memory");
  for (guint i = 0; heads[i]; i++)
    scols_table_new_column(table, heads[i], 0, 0);
  scols_table_set_stream(table, out);
  scols_table_enable_noencoding(table, 1);
  for (guint n = 0; n < rows->len; n++) {
    char *const *row = rows->pdata[n];
    struct libscols_line *line = scols_table_new_line(table, NULL);
    if (!line)
      g_error("out of memory");
    for (guint i = 0; heads[i]; i++)
      scols_line_set_data(line, i, row[i]);
  }
  scols_print_table(table);
  scols_unref_table(table);
}
