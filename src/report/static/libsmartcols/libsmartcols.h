/* SPDX-License-Identifier: Apache-2.0 */
/* The part of libsmartcols that reports use, for a static build: Debian has no static library of
 * it. A table is printed as wide as it is; it is not cut to the terminal. */
#pragma once

#include <stdio.h>

enum { SCOLS_FL_TRUNC = 1 << 0, SCOLS_FL_RIGHT = 1 << 2, SCOLS_FL_HIDDEN = 1 << 5 };

struct libscols_table;
struct libscols_column;
struct libscols_line;
struct libscols_cell;

struct libscols_table *scols_new_table(void);
void scols_unref_table(struct libscols_table *table);
struct libscols_column *scols_table_new_column(struct libscols_table *table, const char *name,
                                               double width, int flags);
int scols_table_enable_colors(struct libscols_table *table, int enable);
int scols_table_enable_noencoding(struct libscols_table *table, int enable);
int scols_table_set_stream(struct libscols_table *table, FILE *stream);
struct libscols_line *scols_table_new_line(struct libscols_table *table,
                                           struct libscols_line *parent);
int scols_line_set_data(struct libscols_line *line, size_t column, const char *data);
/* Takes DATA, which is of malloc(). */
int scols_line_refer_data(struct libscols_line *line, size_t column, char *data);
struct libscols_cell *scols_line_get_cell(struct libscols_line *line, size_t column);
int scols_cell_set_color(struct libscols_cell *cell, const char *sequence);
int scols_print_table(struct libscols_table *table);
