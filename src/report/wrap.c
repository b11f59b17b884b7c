/* SPDX-License-Identifier: Apache-2.0 */
#include "report/wrap.h"

#include <glib.h>

/* Terminal or not: longer lines are hard to read. */
#define TEXT_WIDTH 96

void
nz_write_wrapped(FILE *out, const char *label, const char *text)
{
  g_auto(GStrv) words = g_strsplit(text, " ", -1);
  int column = fprintf(out, "  %-7s", label);
  for (guint i = 0; words[i]; i++) {
    int width = (int)g_utf8_strlen(words[i], -1);
    if (i > 0 && column + 1 + width > TEXT_WIDTH)
      column = fprintf(out, "\n         ") - 1;
    else if (i > 0)
      column += fprintf(out, " ");
    column += width;
    fputs(words[i], out);
  }
  fputc('\n', out);
}
