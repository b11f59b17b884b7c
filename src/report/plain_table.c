/* SPDX-License-Identifier: Apache-2.0 */
/* Tables without libsmartcols: as wide as they are. */
#include <glib.h>

#include "report/smartcols.h"

struct libscols_column {
  char *name;
  int flags;
  glong width;
};

struct libscols_cell {
  char *data, *color;
};

struct libscols_line {
  GPtrArray *cells; /* as many as there are columns */
};

struct libscols_table {
  GPtrArray *columns, *lines;
  FILE *out;
  gboolean colors;
};

/* In columns of a terminal. */
static glong
width_of(const char *text)
{
  glong width = 0;
  for (; *text; text = g_utf8_next_char(text)) {
    gunichar c = g_utf8_get_char(text);
    width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
  }
  return width;
}

static void
column_free(gpointer data)
{
  struct libscols_column *self = data;
  g_free(self->name);
  g_free(self);
}

static void
cell_free(gpointer data)
{
  struct libscols_cell *self = data;
  g_free(self->data);
  g_free(self->color);
  g_free(self);
}

static void
line_free(gpointer data)
{
  struct libscols_line *self = data;
  g_ptr_array_unref(self->cells);
  g_free(self);
}

struct libscols_table *
nz_plain_scols_new_table(void)
{
  struct libscols_table *self = g_new0(struct libscols_table, 1);
  self->columns = g_ptr_array_new_with_free_func(column_free);
  self->lines = g_ptr_array_new_with_free_func(line_free);
  self->out = stdout;
  return self;
}

void
nz_plain_scols_unref_table(struct libscols_table *self)
{
  g_ptr_array_unref(self->columns);
  g_ptr_array_unref(self->lines);
  g_free(self);
}

struct libscols_column *
nz_plain_scols_table_new_column(struct libscols_table *self, const char *name,
                                G_GNUC_UNUSED double width, int flags)
{
  struct libscols_column *column = g_new0(struct libscols_column, 1);
  column->name = g_strdup(name);
  column->flags = flags;
  column->width = width_of(name);
  g_ptr_array_add(self->columns, column);
  return column;
}

int
nz_plain_scols_table_enable_colors(struct libscols_table *self, int enable)
{
  self->colors = enable != 0;
  return 0;
}

int
nz_plain_scols_table_enable_noencoding(G_GNUC_UNUSED struct libscols_table *self,
                                       G_GNUC_UNUSED int enable)
{
  return 0;
}

int
nz_plain_scols_table_set_stream(struct libscols_table *self, FILE *stream)
{
  self->out = stream;
  return 0;
}

struct libscols_line *
nz_plain_scols_table_new_line(struct libscols_table *self,
                              G_GNUC_UNUSED struct libscols_line *parent)
{
  struct libscols_line *line = g_new0(struct libscols_line, 1);
  line->cells = g_ptr_array_new_with_free_func(cell_free);
  for (guint i = 0; i < self->columns->len; i++)
    g_ptr_array_add(line->cells, g_new0(struct libscols_cell, 1));
  g_ptr_array_add(self->lines, line);
  return line;
}

struct libscols_cell *
nz_plain_scols_line_get_cell(struct libscols_line *line, size_t column)
{
  return column < line->cells->len ? line->cells->pdata[column] : NULL;
}

int
nz_plain_scols_line_set_data(struct libscols_line *line, size_t column, const char *data)
{
  return nz_plain_scols_line_refer_data(line, column, g_strdup(data));
}

int
nz_plain_scols_line_refer_data(struct libscols_line *line, size_t column, char *data)
{
  struct libscols_cell *cell = nz_plain_scols_line_get_cell(line, column);
  if (!cell)
    return -1;
  g_free(cell->data);
  cell->data = data;
  return 0;
}

int
nz_plain_scols_cell_set_color(struct libscols_cell *cell, const char *sequence)
{
  g_free(cell->color);
  cell->color = g_strdup(sequence);
  return 0;
}

static void
measure(struct libscols_table *self)
{
  for (guint i = 0; i < self->lines->len; i++) {
    const struct libscols_line *line = self->lines->pdata[i];
    for (guint at = 0; at < self->columns->len; at++) {
      const struct libscols_cell *cell = line->cells->pdata[at];
      struct libscols_column *column = self->columns->pdata[at];
      if (cell->data)
        column->width = MAX(column->width, width_of(cell->data));
    }
  }
}

static gboolean
is_shown(const struct libscols_table *self, guint at)
{
  const struct libscols_column *column = self->columns->pdata[at];
  return !(column->flags & SCOLS_FL_HIDDEN);
}

/* How many columns from FROM to before TO are shown. */
static guint
count_shown(const struct libscols_table *self, guint from, guint to)
{
  guint n = 0;
  for (guint at = from; at < to; at++)
    n += is_shown(self, at) ? 1 : 0;
  return n;
}

/* Nothing is padded at the end of a line. */
static void
print_cell(const struct libscols_table *self, guint at, const char *data, const char *color)
{
  if (!is_shown(self, at))
    return;
  const struct libscols_column *column = self->columns->pdata[at];
  int padding = (int)(column->width - width_of(data));
  gboolean right = (column->flags & SCOLS_FL_RIGHT) != 0;
  gboolean first = count_shown(self, 0, at) == 0;
  gboolean last = count_shown(self, at + 1, self->columns->len) == 0;
  color = self->colors ? color : NULL;
  fprintf(self->out, "%s%s%*s%s%*s%s", first ? "" : " ", color ? color : "", right ? padding : 0,
          "", data, right || last ? 0 : padding, "", color ? "\033[0m" : "");
}

int
nz_plain_scols_print_table(struct libscols_table *self)
{
  measure(self);
  for (guint at = 0; at < self->columns->len; at++)
    print_cell(self, at, ((struct libscols_column *)self->columns->pdata[at])->name, NULL);
  fputc('\n', self->out);
  for (guint i = 0; i < self->lines->len; i++) {
    const struct libscols_line *line = self->lines->pdata[i];
    for (guint at = 0; at < self->columns->len; at++) {
      const struct libscols_cell *cell = line->cells->pdata[at];
      print_cell(self, at, cell->data ? cell->data : "", cell->color);
    }
    fputc('\n', self->out);
  }
  return 0;
}
