/* SPDX-License-Identifier: Apache-2.0 */
#include "core/place.h"

#include <string.h>

NzPlace *
nz_place_copy(const NzPlace *self)
{
  if (!self)
    return NULL;
  NzPlace *copy = g_new(NzPlace, 1);
  *copy = *self;
  copy->file = g_strdup(self->file);
  return copy;
}

char *
nz_place_text(const NzPlace *self)
{
  return g_strdup_printf("%s:%u:%u", self->file, self->line, self->column);
}

int
nz_place_compare(const NzPlace *a, const NzPlace *b)
{
  if (!a || !b)
    return (a != NULL) - (b != NULL);
  int by_file = strcmp(a->file, b->file);
  if (by_file)
    return by_file;
  if (a->start != b->start)
    return a->start < b->start ? -1 : 1;
  return (a->end > b->end) - (a->end < b->end);
}

/* ":123" at *AT, which moves past it. Nine digits are more than any source has lines. */
static gboolean
read_number(const char **at, guint *number)
{
  const char *p = *at;
  guint n = 0, digits = 0;
  if (*p++ != ':')
    return FALSE;
  for (; g_ascii_isdigit(*p) && digits < 9; p++, digits++)
    n = 10 * n + (guint)(*p - '0');
  if (digits == 0 || n == 0)
    return FALSE;
  *number = n;
  *at = p;
  return TRUE;
}

const char *
nz_place_of_message(const char *message, const char *file, guint *line, guint *column)
{
  if (!g_str_has_prefix(message, file))
    return NULL;
  const char *at = message + strlen(file);
  if (!read_number(&at, line) || !read_number(&at, column) || !g_str_has_prefix(at, ": "))
    return NULL;
  return at + 2;
}

void
nz_place_free(NzPlace *self)
{
  if (!self)
    return;
  g_free(self->file);
  g_free(self);
}

NzEdit *
nz_edit_new(NzPlace *place, const char *text)
{
  NzEdit *self = g_new(NzEdit, 1);
  self->place = place;
  self->text = g_strdup(text);
  return self;
}

void
nz_edit_free(NzEdit *self)
{
  if (!self)
    return;
  nz_place_free(self->place);
  g_free(self->text);
  g_free(self);
}

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

static gboolean
is_same(const NzEdit *a, const NzEdit *b)
{
  return compare_edits(&a, &b) == 0 && strcmp(a->text, b->text) == 0;
}

/* What two fixes do alike is done once: a file may have been judged twice, and of an anchor two
 * users may want the same. What is dropped goes to the end first, where it is freed with the
 * array's own function. */
static void
drop_doubles(GPtrArray *edits)
{
  guint kept = MIN(edits->len, 1);
  for (guint i = 1; i < edits->len; i++) {
    if (is_same(edits->pdata[kept - 1], edits->pdata[i]))
      continue;
    gpointer edit = edits->pdata[i];
    edits->pdata[i] = edits->pdata[kept];
    edits->pdata[kept++] = edit;
  }
  g_ptr_array_set_size(edits, (gint)kept);
}

/* g_ptr_array_sort() keeps the order of what is equal. */
void
nz_edits_sort(GPtrArray *edits)
{
  g_ptr_array_sort(edits, compare_edits);
  drop_doubles(edits);
}

NzFix *
nz_fix_new(const char *title)
{
  NzFix *self = g_new0(NzFix, 1);
  g_atomic_ref_count_init(&self->refs);
  self->title = g_strdup(title);
  self->edits = g_ptr_array_new_with_free_func((GDestroyNotify)nz_edit_free);
  return self;
}

NzFix *
nz_fix_ref(NzFix *self)
{
  g_atomic_ref_count_inc(&self->refs);
  return self;
}

void
nz_fix_free(NzFix *self)
{
  if (!self || !g_atomic_ref_count_dec(&self->refs))
    return;
  nz_fix_free(self->instead);
  g_free(self->title);
  g_free(self->refused);
  g_free(self->patch);
  g_ptr_array_unref(self->edits);
  g_free(self);
}
