/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/progress_draw.h"

#include <string.h>

/* Layers that are read faster than this never have a line: it could not be read. */
#define YOUNG_MS 300u

/* Columns of a bar. */
#define BAR_MIN 5u
#define BAR_MAX 30u

/* --- columns --- */

static guint
width_of(gunichar c)
{
  if (g_unichar_iszerowidth(c))
    return 0;
  return g_unichar_iswide(c) ? 2 : 1;
}

static guint
width(const char *text)
{
  guint n = 0;
  for (; *text; text = g_utf8_next_char(text))
    n += width_of(g_utf8_get_char(text));
  return n;
}

/* Adds TEXT, or as much of it as MAX columns have room for, with an ellipsis. */
static void
add_cut(GString *out, const char *text, guint max)
{
  if (width(text) <= max) {
    g_string_append(out, text);
    return;
  }
  guint dots = MIN(max, 3), left = max - dots, n;
  for (; (n = width_of(g_utf8_get_char(text))) <= left; text = g_utf8_next_char(text)) {
    g_string_append_unichar(out, g_utf8_get_char(text));
    left -= n;
  }
  g_string_append_len(out, "...", dots);
}

static guint
percent(guint64 done, guint64 total)
{
  return done >= total ? 100 : (guint)((double)done * 100 / (double)total);
}

/* --- lines --- */

/* Columns that what is read has, when its name is longer, before more is said of it. */
#define NAME_MIN 12u

/* Adds PART to TAIL where it leaves room for a name of NAME columns. */
static void
add_part(GString *tail, const char *part, guint name, guint columns)
{
  if (width(tail->str) + width(part) + MIN(name, NAME_MIN) <= columns)
    g_string_append(tail, part);
}

static void
add_head(GString *out, const NzProgressView *view, guint columns)
{
  g_autoptr(GString) tail = g_string_new(NULL);
  g_autofree char *size = g_format_size(view->done);
  g_autofree char *first = g_strconcat(": ", size, NULL);
  g_autofree char *share = g_strdup_printf(", %u %%", percent(view->done, view->total));
  const nonzero_layer_progress *layer = view->layers;
  guint name = width(view->what);
  add_part(tail, first, name, columns);
  if (view->total > 0)
    add_part(tail, share, name, columns);
  if (!view->is_counts && view->n_layers > 0 && layer->n_layers > 1) {
    g_autofree char *layers = g_strdup_printf(", %u of %u layers", layer->n_done, layer->n_layers);
    add_part(tail, layers, name, columns);
  }
  add_cut(out, view->what, columns - width(tail->str));
  g_string_append(out, tail->str);
}

static void
add_bar(GString *out, guint64 done, guint64 total, guint columns)
{
  guint full = done >= total ? columns : (guint)((double)done * columns / (double)total);
  g_string_append(out, "  [");
  for (guint i = 0; i < columns; i++)
    g_string_append_c(out, i < full ? '#' : '-');
  g_string_append_c(out, ']');
}

/* The richest form that COLUMNS have room for. */
static void
add_layer(GString *out, const nonzero_layer_progress *layer, guint columns)
{
  g_autofree char *name = g_strdup_printf("  %-19s", layer->name);
  g_autofree char *done = g_format_size(layer->bytes_read);
  if (layer->bytes == 0) {
    g_autofree char *line = g_strconcat(name, "  ", done, NULL);
    add_cut(out, line, columns);
    return;
  }
  g_autofree char *all = g_format_size(layer->bytes);
  g_autofree char *share = g_strdup_printf("  %3u %%", percent(layer->bytes_read, layer->bytes));
  g_autofree char *sizes = g_strconcat("  ", done, " of ", all, NULL);
  guint used = width(name) + width(share), brackets = 4;
  gboolean is_rich = used + width(sizes) + brackets + BAR_MIN <= columns;
  used += is_rich ? width(sizes) : 0;
  guint bar = used + brackets < columns ? MIN(BAR_MAX, columns - used - brackets) : 0;
  g_autoptr(GString) line = g_string_new(name);
  if (bar >= BAR_MIN)
    add_bar(line, layer->bytes_read, layer->bytes, bar);
  g_string_append(line, share);
  if (is_rich)
    g_string_append(line, sizes);
  add_cut(out, line->str, columns);
}

char *
nz_progress_draw(const NzProgressView *view, guint columns, guint rows)
{
  GString *out = g_string_new(NULL);
  guint room = columns > 1 ? columns - 1 : 0, n = 1; /* a full line may already begin another */
  add_head(out, view, room);
  for (gsize i = 0; i < view->n_layers && n + 1 < rows; i++) {
    const nonzero_layer_progress *layer = &view->layers[i];
    if (layer->milliseconds < YOUNG_MS || (layer->n_layers < 2 && !view->is_counts))
      continue;
    g_string_append_c(out, '\n');
    add_layer(out, layer, room);
    n++;
  }
  return g_string_free(out, FALSE);
}
