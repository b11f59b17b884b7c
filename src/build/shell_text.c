/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, and text that was put together of parts of other text. */
#include <string.h>

#include "build/shell_private.h"
#include "core/limits.h"

/* --- memory --- */

#define BLOCK_FIRST ((gsize)4096)
#define BLOCK_MAX   ((gsize)256 * 1024)

struct ShBlock {
  ShBlock *next;
  gsize used, size;
  max_align_t data[];
};

static ShBlock *
add_block(ShArena *arena, gsize size)
{
  gsize want = arena->blocks ? MIN(arena->blocks->size * 2, BLOCK_MAX) : BLOCK_FIRST;
  gsize room = MAX(want, size);
  ShBlock *block = g_malloc(sizeof *block + room);
  block->next = arena->blocks;
  block->used = 0;
  block->size = room;
  arena->blocks = block;
  return block;
}

gpointer
nz_sh_alloc(ShArena *arena, gsize size)
{
  gsize need = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
  ShBlock *block = arena->blocks;
  if (!block || block->size - block->used < need)
    block = add_block(arena, need);
  gpointer memory = (char *)block->data + block->used;
  block->used += need;
  return memset(memory, 0, size);
}

char *
nz_sh_strndup(ShArena *arena, const char *text, gsize len)
{
  char *copy = nz_sh_alloc(arena, len + 1);
  if (len > 0)
    memcpy(copy, text, len);
  return copy;
}

void
nz_sh_arena_clear(ShArena *arena)
{
  ShBlock *block = arena->blocks;
  while (block) {
    ShBlock *next = block->next;
    g_free(block);
    block = next;
  }
  arena->blocks = NULL;
}

void
nz_sh_exhaust(ShBudget *budget, const char *why, gsize at)
{
  budget->exhausted = TRUE;
  if (budget->unsplit)
    return;
  budget->unsplit = why;
  budget->unsplit_at = at;
}

void
nz_sh_spend(ShBudget *budget, gsize bytes, gsize at)
{
  budget->n_bytes += bytes;
  if (budget->n_bytes > NZ_SHELL_BYTES_MAX)
    nz_sh_exhaust(budget, "more text than is followed", at);
}

/* --- where bytes stand --- */

/* The last piece that begins at or before AT. */
static guint
find_piece(const ShSource *source, gsize at)
{
  guint low = 0, high = source->n_pieces;
  while (high - low > 1) {
    guint middle = low + (high - low) / 2;
    if (source->pieces[middle].at <= at)
      low = middle;
    else
      high = middle;
  }
  return low;
}

gsize
nz_sh_map_start(const ShSource *source, gsize at)
{
  if (!source->pieces)
    return at;
  const ShPiece *piece = &source->pieces[find_piece(source, at)];
  if (piece->flat)
    return at >= source->len ? piece->end : piece->start;
  return MIN(piece->start + (at - piece->at), piece->end);
}

gsize
nz_sh_map_end(const ShSource *source, gsize end)
{
  if (!source->pieces)
    return end;
  if (end == 0)
    return nz_sh_map_start(source, 0);
  const ShPiece *piece = &source->pieces[find_piece(source, end - 1)];
  return piece->flat ? piece->end : MIN(piece->start + (end - piece->at), piece->end);
}

/* --- putting together --- */

static void
add_piece(ShText *text, gsize start, gsize end, gboolean flat, const char *raw)
{
  ShPiece piece = {text->text->len, start, end, flat, raw};
  g_array_append_val(text->pieces, piece);
}

void
nz_sh_text_add_flat(ShText *text, const char *bytes, gsize len, gsize start, gsize end)
{
  if (len == 0)
    return;
  add_piece(text, start, end, TRUE, NULL);
  g_string_append_len(text->text, bytes, (gssize)len);
}

void
nz_sh_text_add_raw(ShText *text, const char *raw, gsize len, gsize start, gsize end)
{
  if (len == 0)
    return;
  add_piece(text, start, end, TRUE, raw);
  g_string_append_len(text->text, raw, (gssize)len);
}

static void
add_of_piece(ShText *text, const ShSource *source, const ShPiece *piece, gsize at, gsize end,
             gboolean *known)
{
  if (piece->raw) {
    *known = FALSE;
    nz_sh_text_add_raw(text, piece->raw, strlen(piece->raw), piece->start, piece->end);
    return;
  }
  if (piece->flat)
    add_piece(text, piece->start, piece->end, TRUE, NULL);
  else
    add_piece(text, piece->start + (at - piece->at), piece->start + (end - piece->at), FALSE, NULL);
  g_string_append_len(text->text, source->data + at, (gssize)(end - at));
}

void
nz_sh_text_add(ShText *text, const ShSource *source, gsize start, gsize end, gboolean *known)
{
  if (start >= end)
    return;
  if (!source->pieces) {
    add_piece(text, start, end, FALSE, NULL);
    g_string_append_len(text->text, source->data + start, (gssize)(end - start));
    return;
  }
  guint i = find_piece(source, start);
  for (gsize at = start; at < end; i++) {
    gsize next = i + 1 < source->n_pieces ? source->pieces[i + 1].at : source->len;
    next = MIN(next, end);
    add_of_piece(text, source, &source->pieces[i], at, next, known);
    at = next;
  }
}

void
nz_sh_text_add_field(ShText *text, const ShField *field)
{
  gsize at = text->text->len, len = strlen(field->word.text);
  if (!field->pieces) {
    nz_sh_text_add_flat(text, field->word.text, len, field->word.start, field->word.end);
    return;
  }
  for (guint i = 0; i < field->n_pieces; i++) {
    ShPiece piece = field->pieces[i];
    piece.at += at;
    g_array_append_val(text->pieces, piece);
  }
  g_string_append_len(text->text, field->word.text, (gssize)len);
}

char *
nz_sh_raw(ShArena *arena, const ShSource *source, gsize start, gsize end, gsize *len)
{
  const char *bytes = source->data + start;
  *len = end - start;
  if (!source->pieces || !memchr(bytes, SH_OPAQUE, *len))
    return nz_sh_strndup(arena, bytes, *len);
  ShText text = {g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(ShPiece))};
  gboolean known = TRUE;
  nz_sh_text_add(&text, source, start, end, &known);
  *len = text.text->len;
  char *copy = nz_sh_strndup(arena, text.text->str, *len);
  g_string_free(text.text, TRUE);
  g_array_unref(text.pieces);
  return copy;
}

/* What cannot be known becomes one byte, and pieces move accordingly. */
ShSource *
nz_sh_source(ShArena *arena, const char *text, gsize len, const ShPiece *pieces, guint n)
{
  ShSource *source = sh_new(arena, ShSource);
  char *data = nz_sh_alloc(arena, len + 1);
  ShPiece *moved = nz_sh_alloc(arena, sizeof(ShPiece) * MAX(n, 1));
  gsize to = 0;
  for (guint i = 0; i < n; i++) {
    gsize next = i + 1 < n ? pieces[i + 1].at : len;
    gsize bytes = next - pieces[i].at;
    moved[i] = pieces[i];
    moved[i].at = to;
    if (pieces[i].raw)
      data[to++] = SH_OPAQUE;
    else {
      memcpy(data + to, text + pieces[i].at, bytes);
      to += bytes;
    }
  }
  *source = (ShSource){data, to, moved, n};
  return source;
}
