/* SPDX-License-Identifier: Apache-2.0 */
/* Places in a document as editors count them: lines from 0, which end with \n, \r\n or \r, and in
 * them units of UTF-8 (bytes) or UTF-16. */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef enum { NZ_UNITS_UTF16, NZ_UNITS_UTF8 } NzUnits;

/* UTF-8 with its lines. */
typedef struct {
  GString *text;
  GArray *lines; /* guint32: where each begins; the first at 0 */
  NzUnits units;
} NzLines;

NzLines *nz_lines_new(const char *text, gsize len, NzUnits units);
void nz_lines_free(NzLines *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzLines, nz_lines_free)

/* LEN bytes of WITH instead of bytes START to END (exclusive). */
void nz_lines_replace(NzLines *self, gsize start, gsize end, const char *with, gsize len);

/* A Position's byte; past a line's end its end, past the last line the text's end. FALSE when it is
 * no Position. */
gboolean nz_lines_offset(const NzLines *self, const json_t *position, gsize *offset);
/* Both ends of a Range; the second is never before the first. */
gboolean nz_lines_offsets(const NzLines *self, const json_t *range, gsize *start, gsize *end);

/* Where the byte OFFSET is, as a Position; bytes START to END as a Range. */
json_t *nz_lines_position(const NzLines *self, gsize offset);
json_t *nz_lines_range(const NzLines *self, gsize start, gsize end);

/* The number of the line of OFFSET, from 0; where line number I ends, without its line end. */
guint nz_lines_line(const NzLines *self, gsize offset);
gsize nz_lines_end(const NzLines *self, guint i);

/* Where the column, which counts code points from 1, of a line that ends with \n alone, from 1, is:
 * as our own messages count. */
gsize nz_lines_offset_of_place(const NzLines *self, guint line, guint column);
