/* SPDX-License-Identifier: Apache-2.0 */
#include "build/source.h"

#include <string.h>

#include "core/text.h"

NzSourceFile *
nz_source_new(const char *name, const char *data, gsize len)
{
  NzSourceFile *self = g_new0(NzSourceFile, 1);
  self->name = nz_printable(name, -1);
  char *copy = g_malloc(len + 1);
  if (len > 0)
    memcpy(copy, data, len);
  copy[len] = '\0';
  self->bytes = g_bytes_new_take(copy, len);
  self->data = copy;
  self->len = len;
  return self;
}

void
nz_source_free(NzSourceFile *self)
{
  if (!self)
    return;
  g_free(self->name);
  g_bytes_unref(self->bytes);
  if (self->lines) {
    g_array_unref(self->lines);
    g_array_unref(self->marks);
  }
  g_free(self);
}

/* The index of the last of N numbers, the first of which is 0, that is not above OFFSET. */
static guint
last_not_above(const guint32 *numbers, guint n, gsize stride, guint32 offset)
{
  guint low = 0, high = n;
  while (high - low > 1) {
    guint middle = low + (high - low) / 2;
    guint32 number = *(const guint32 *)(const void *)((const char *)numbers + middle * stride);
    if (number <= offset)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* The next character. A byte that is no UTF-8 is one. */
static const char *
next_character(const char *p, const char *end)
{
  guchar byte = (guchar)*p;
  gunichar c = byte < 0x80 ? byte : g_utf8_get_char_validated(p, end - p);
  return p + (c == (gunichar)-1 || c == (gunichar)-2 ? 1 : g_utf8_skip[byte]);
}

static guint
count_characters(const char *p, const char *end)
{
  guint n = 0;
  for (; p < end; n++)
    p = next_character(p, end);
  return n;
}

/* A whole file may be one line: its characters are counted once, and from the mark before a place
 * to that place. */
#define MARK_EVERY 1024u

typedef struct {
  guint32 offset, column; /* characters of the line before it */
} Mark;

static void
add_marks(NzSourceFile *self, guint32 begin, guint32 end)
{
  const char *p = self->data + begin, *stop = self->data + end, *last = p;
  for (guint32 column = 0; p < stop; column++) {
    if (p - last >= (gssize)MARK_EVERY) {
      Mark mark = {(guint32)(p - self->data), column};
      g_array_append_val(self->marks, mark);
      last = p;
    }
    p = next_character(p, stop);
  }
}

static void
find_lines(NzSourceFile *self)
{
  self->lines = g_array_sized_new(FALSE, FALSE, sizeof(guint32), 64);
  self->marks = g_array_new(FALSE, FALSE, sizeof(Mark));
  for (guint32 begin = 0;;) {
    g_array_append_val(self->lines, begin);
    const char *newline = memchr(self->data + begin, '\n', self->len - begin);
    guint32 end = newline ? (guint32)(newline - self->data) : (guint32)self->len;
    if (end - begin > MARK_EVERY)
      add_marks(self, begin, end);
    if (!newline)
      return;
    begin = end + 1;
  }
}

/* How many characters of the line that begins at BEGIN stand before OFFSET. */
static guint
count_before(const NzSourceFile *self, guint32 begin, guint32 offset)
{
  const Mark *marks = (const Mark *)(const void *)self->marks->data;
  guint n = self->marks->len;
  if (offset - begin > MARK_EVERY && n > 0 && marks[0].offset <= offset) {
    const Mark *mark = &marks[last_not_above(&marks[0].offset, n, sizeof *marks, offset)];
    if (mark->offset > begin)
      return mark->column + count_characters(self->data + mark->offset, self->data + offset);
  }
  return count_characters(self->data + begin, self->data + offset);
}

guint
nz_source_line(NzSourceFile *self, guint32 offset, guint *column)
{
  if (!self->lines)
    find_lines(self);
  offset = MIN(offset, (guint32)self->len);
  const guint32 *begins = (const guint32 *)(const void *)self->lines->data;
  guint line = last_not_above(begins, self->lines->len, sizeof *begins, offset);
  if (column)
    *column = 1 + count_before(self, begins[line], offset);
  return line + 1;
}

guint32
nz_source_line_begin(const NzSourceFile *self, guint32 offset, guint32 *next)
{
  if (!self->lines)
    find_lines((NzSourceFile *)self); /* what is learned of it is no change */
  const guint32 *begins = (const guint32 *)(const void *)self->lines->data;
  guint line = last_not_above(begins, self->lines->len, sizeof *begins, offset);
  if (next)
    *next = line + 1 < self->lines->len ? begins[line + 1] : (guint32)self->len;
  return begins[line];
}

NzPlace *
nz_source_place(NzSourceFile *self, NzSpan span)
{
  NzPlace *place = g_new0(NzPlace, 1);
  place->file = g_strdup(self->name);
  place->start = span.start;
  place->end = span.end;
  place->line = nz_source_line(self, span.start, &place->column);
  place->end_line = nz_source_line(self, span.end, &place->end_column);
  return place;
}

NzJoined *
nz_joined_new(void)
{
  NzJoined *self = g_new0(NzJoined, 1);
  self->data = g_malloc0(1);
  self->pieces = g_array_sized_new(FALSE, FALSE, sizeof(NzPiece), 1);
  return self;
}

void
nz_joined_free(NzJoined *self)
{
  if (!self)
    return;
  g_free(self->data);
  g_array_unref(self->pieces);
  g_free(self);
}

/* Room for LEN bytes and a NUL. It follows from the length alone. */
static gsize
room_for(gsize len)
{
  return len == 0 ? 1 : (gsize)1 << g_bit_storage(len);
}

void
nz_joined_append(NzJoined *self, const char *text, gsize len, guint32 offset)
{
  gboolean follows = self->pieces->len > 0 && offset == self->end;
  if (!follows && self->pieces->len > 0 && len == 0)
    return;
  if (!follows) {
    /* A piece of no bytes says no more than where the text would begin. */
    if (self->len == 0)
      g_array_set_size(self->pieces, 0);
    NzPiece piece = {(guint32)self->len, offset};
    g_array_append_val(self->pieces, piece);
  }
  if (room_for(self->len + len) != room_for(self->len))
    self->data = g_realloc(self->data, room_for(self->len + len));
  if (len > 0)
    memcpy(self->data + self->len, text, len);
  self->len += len;
  self->data[self->len] = '\0';
  self->end = offset + (guint32)len;
}

static guint32
offset_of(const NzJoined *self, gsize at)
{
  const NzPiece *pieces = (const NzPiece *)(const void *)self->pieces->data;
  if (self->pieces->len == 0)
    return self->end;
  const NzPiece *piece =
      &pieces[last_not_above(&pieces->at, self->pieces->len, sizeof *pieces, (guint32)at)];
  return piece->offset + (guint32)(at - piece->at);
}

NzJoined *
nz_joined_slice(const NzJoined *self, gsize start, gsize end)
{
  const NzPiece *pieces = (const NzPiece *)(const void *)self->pieces->data;
  NzJoined *slice = nz_joined_new();
  slice->end = offset_of(self, start);
  if (start >= end) {
    nz_joined_append(slice, "", 0, slice->end);
    return slice;
  }
  guint i = last_not_above(&pieces->at, self->pieces->len, sizeof *pieces, (guint32)start);
  for (gsize at = start; at < end; i++) {
    gsize stop = i + 1 < self->pieces->len ? MIN(pieces[i + 1].at, end) : end;
    nz_joined_append(slice, self->data + at, stop - at,
                     pieces[i].offset + (guint32)(at - pieces[i].at));
    at = stop;
  }
  if (end == self->len)
    slice->end = self->end;
  return slice;
}

NzSpan
nz_joined_span(const NzJoined *self, gsize start, gsize end)
{
  NzSpan span = {offset_of(self, MIN(start, self->len)), 0};
  if (start >= end)
    span.end = span.start;
  else if (end >= self->len)
    span.end = self->end;
  else
    span.end = offset_of(self, end - 1) + 1;
  return span;
}
