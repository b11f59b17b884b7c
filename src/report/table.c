/* SPDX-License-Identifier: Apache-2.0 */
#include "report/table.h"

#include <unistd.h>

#include "report/smartcols.h"

/* Of a text that is not the locale's, libsmartcols 2.38 measures the first character for ever. */
void
nz_table_prepare(FILE *out)
{
  if (isatty(fileno(out)) && g_get_charset(NULL))
    nz_smartcols_open(NULL);
}

struct libscols_table *
nz_table_new(FILE *out)
{
  nz_table_prepare(out);
  struct libscols_table *table = scols_new_table();
  if (!table)
    g_error("out of memory");
  scols_table_set_stream(table, out);
  scols_table_enable_noencoding(table, 1);
  return table;
}

void
nz_table_print(const char *const *heads, const GPtrArray *rows, FILE *out)
{
  struct libscols_table *table = nz_table_new(out);
  for (guint i = 0; heads[i]; i++)
    scols_table_new_column(table, heads[i], 0, 0);
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
