/* SPDX-License-Identifier: Apache-2.0 */
#include "lsp/position.h"

#include <string.h>

static void
find_lines(NzLines *self)
{
  const char *text = self->text->str;
  guint32 at = 0;
  g_array_set_size(self->lines, 0);
  g_array_append_val(self->lines, at);
  for (gsize i = 0; i < self->text->len; i++) {
    if (text[i] != '\n' && (text[i] != '\r' || text[i + 1] == '\n'))
      continue;
    at = (guint32)i + 1;
    g_array_append_val(self->lines, at);
  }
}

NzLines *
nz_lines_new(const char *text, gsize len, NzUnits units)
{
  NzLines *self = g_new(NzLines, 1);
  self->text = g_string_new_len(text, (gssize)len);
  self->lines = g_array_new(FALSE, FALSE, sizeof(guint32));
  self->units = units;
  find_lines(self);
  return self;
}

void
nz_lines_free(NzLines *self)
{
  if (!self)
    return;
  g_string_free(self->text, TRUE);
  g_array_unref(self->lines);
  g_free(self);
}

void
nz_lines_replace(NzLines *self, gsize start, gsize end, const char *with, gsize len)
{
  GString *text = g_string_sized_new(self->text->len - (end - start) + len);
  g_string_append_len(text, self->text->str, (gssize)start);
  g_string_append_len(text, with, (gssize)len);
  g_string_append_len(text, self->text->str + end, (gssize)(self->text->len - end));
  g_string_free(self->text, TRUE);
  self->text = text;
  find_lines(self);
}

/* How many units the character at P has, and how many bytes. */
static guint
units_at(const NzLines *self, const char *p, gsize *bytes)
{
  *bytes = (gsize)(g_utf8_next_char(p) - p);
  if (self->units == NZ_UNITS_UTF8)
    return (guint)*bytes;
  return *bytes == 4 ? 2 : 1;
}

static guint32
line_start(const NzLines *self, guint i)
{
  return g_array_index(self->lines, guint32, i);
}

gsize
nz_lines_end(const NzLines *self, guint i)
{
  gsize start = line_start(self, i);
  gsize end = i + 1 < self->lines->len ? line_start(self, i + 1) : self->text->len;
  const char *text = self->text->str;
  while (end > start && (text[end - 1] == '\n' || text[end - 1] == '\r'))
    end--;
  return end;
}

guint
nz_lines_line(const NzLines *self, gsize offset)
{
  guint low = 0, high = self->lines->len; /* the line is in [low, high) */
  while (high - low > 1) {
    guint middle = low + (high - low) / 2;
    if (line_start(self, middle) <= offset)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* A number that is not negative. */
static gboolean
get_number(const json_t *object, const char *key, guint64 *n)
{
  const json_t *value = json_object_get(object, key);
  if (!json_is_integer(value) || json_integer_value(value) < 0)
    return FALSE;
  *n = (guint64)json_integer_value(value);
  return TRUE;
}

gboolean
nz_lines_offset(const NzLines *self, const json_t *position, gsize *offset)
{
  guint64 line, character, units = 0;
  if (!get_number(position, "line", &line) || !get_number(position, "character", &character))
    return FALSE;
  if (line >= self->lines->len) {
    *offset = self->text->len;
    return TRUE;
  }
  gsize at = line_start(self, (guint)line), end = nz_lines_end(self, (guint)line);
  while (at < end && units < character) {
    gsize bytes;
    guint n = units_at(self, self->text->str + at, &bytes);
    if (units + n > character) /* within a character: before it */
      break;
    units += n;
    at += bytes;
  }
  *offset = MIN(at, end);
  return TRUE;
}

gboolean
nz_lines_offsets(const NzLines *self, const json_t *range, gsize *start, gsize *end)
{
  if (!nz_lines_offset(self, json_object_get(range, "start"), start) ||
      !nz_lines_offset(self, json_object_get(range, "end"), end))
    return FALSE;
  *end = MAX(*start, *end);
  return TRUE;
}

json_t *
nz_lines_position(const NzLines *self, gsize offset)
{
  offset = MIN(offset, self->text->len);
  guint line = nz_lines_line(self, offset);
  gsize at = line_start(self, line), units = 0;
  offset = MIN(offset, nz_lines_end(self, line));
  while (at < offset) {
    gsize bytes;
    guint n = units_at(self, self->text->str + at, &bytes);
    if (at + bytes > offset)
      break;
    units += n;
    at += bytes;
  }
  return json_pack("{s:i, s:I}", "line", (int)line, "character", (json_int_t)units);
}

json_t *
nz_lines_range(const NzLines *self, gsize start, gsize end)
{
  return json_pack("{s:o, s:o}", "start", nz_lines_position(self, start), "end",
                   nz_lines_position(self, MAX(start, end)));
}

gsize
nz_lines_offset_of_place(const NzLines *self, guint line, guint column)
{
  const char *at = self->text->str, *end = at + self->text->len;
  while (line > 1 && at < end) {
    const char *next = memchr(at, '\n', (gsize)(end - at));
    at = next ? next + 1 : end;
    line--;
  }
  while (column > 1 && at < end && *at != '\n') {
    at = g_utf8_next_char(at);
    column--;
  }
  return (gsize)(MIN(at, end) - self->text->str);
}
