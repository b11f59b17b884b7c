/* SPDX-License-Identifier: Apache-2.0 */
#include "report/text_steps.h"

/* How a tree is drawn; where the terminal has no UTF-8, with what all have. */
typedef struct {
  const char *branch, *last, *line, *gap;
} Drawing;

static const Drawing lines = {"\xe2\x94\x9c\xe2\x94\x80 ", "\xe2\x94\x94\xe2\x94\x80 ",
                              "\xe2\x94\x82  ", "   "};
static const Drawing ascii = {"|- ", "`- ", "|  ", "   "};

/* TRUE when none comes behind step I that hangs on the same one at DEPTH. */
static gboolean
is_last(const GPtrArray *steps, guint i, guint depth)
{
  for (i++; i < steps->len; i++) {
    const NzStep *step = steps->pdata[i];
    if (step->depth <= depth)
      return step->depth < depth;
  }
  return TRUE;
}

static void
write_step(const GPtrArray *steps, guint i, const Drawing *with, gboolean color, FILE *out)
{
  const NzStep *step = steps->pdata[i];
  fputs("  ", out);
  for (guint depth = 0; depth < step->depth; depth++)
    fputs(is_last(steps, i, depth) ? with->gap : with->line, out);
  fprintf(out, "%s%s", is_last(steps, i, step->depth) ? with->last : with->branch, step->text);
  if (step->place) {
    g_autofree char *place = nz_place_text(step->place);
    fprintf(out, color ? "  \033[2m%s\033[0m" : "  (%s)", place);
  }
  fputc('\n', out);
}

void
nz_text_write_steps(const NzSubject *subject, gboolean color, FILE *out)
{
  const Drawing *with = g_get_charset(NULL) ? &lines : &ascii;
  for (guint i = 0; subject->steps && i < subject->steps->len; i++)
    write_step(subject->steps, i, with, color, out);
}
