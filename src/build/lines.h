/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of lines of fields, "name:x:1000:...": passwd and group, as they are changed. Which of them
 * count is the decision core's to say. */
#pragma once

#include <glib.h>

/* A part of a text: a line without its end, or a field. */
typedef struct {
  gsize start, end;
} NzLine;

/* The line at *AT, which is moved behind it. TEXT may be NULL. */
gboolean nz_lines_next(const GString *text, gsize *at, NzLine *line);
/* Field N of LINE, of TEXT; FALSE when there are fewer. */
gboolean nz_lines_field(const GString *text, const NzLine *line, guint n, NzLine *field);
/* The first line whose name is NAME. */
gboolean nz_lines_find(const GString *text, const char *name, NzLine *line);
/* The number in field N; 0 when there is none. */
gint64 nz_lines_number(const GString *text, const NzLine *line, guint n);
/* What is behind field N moves: LINE's end counts no more. */
void nz_lines_set(GString *text, const NzLine *line, guint n, const char *value);
void nz_lines_set_number(GString *text, const NzLine *line, guint n, gint64 value);
void nz_lines_remove(GString *text, const NzLine *line);
