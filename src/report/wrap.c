/* SPDX-License-Identifier: Apache-2.0 */
#include "report/wrap.h"

#include "core/text.h"

/* Terminal or not: longer lines are hard to read. */
#define TEXT_WIDTH 96

void
nz_write_wrapped(FILE *out, const char *label, const char *text)
{
  g_autofree char *wrapped = nz_wrap(text, 9, TEXT_WIDTH);
  fprintf(out, "  %-7s%s\n", label, wrapped);
}
