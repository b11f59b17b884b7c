/* SPDX-License-Identifier: Apache-2.0 */
/* What we use of libsmartcols, which is opened when it is needed: see core/library.h. Until then,
 * where it cannot be opened and in a static program, for which Debian has none, tables are those of
 * plain_table.c. */
#pragma once

#include <libsmartcols/libsmartcols.h>

#include "core/library.h"

#define NZ_SMARTCOLS(F)                                                                            \
  F(scols_cell_set_color)                                                                          \
  F(scols_line_get_cell)                                                                           \
  F(scols_line_refer_data)                                                                         \
  F(scols_line_set_data)                                                                           \
  F(scols_new_table)                                                                               \
  F(scols_print_table)                                                                             \
  F(scols_table_enable_colors)                                                                     \
  F(scols_table_enable_noencoding)                                                                 \
  F(scols_table_new_column)                                                                        \
  F(scols_table_new_line)                                                                          \
  F(scols_table_set_stream)                                                                        \
  F(scols_unref_table)

typedef struct {
  NZ_SMARTCOLS(NZ_LIBRARY_MEMBER)
} NzSmartcols;

extern NzSmartcols nz_smartcols;
gboolean nz_smartcols_open(GError **error);

#define NZ_SMARTCOLS_PLAIN(name) extern __typeof__(name) nz_plain_##name;
NZ_SMARTCOLS(NZ_SMARTCOLS_PLAIN)

#define scols_cell_set_color          nz_smartcols.scols_cell_set_color
#define scols_line_get_cell           nz_smartcols.scols_line_get_cell
#define scols_line_refer_data         nz_smartcols.scols_line_refer_data
#define scols_line_set_data           nz_smartcols.scols_line_set_data
#define scols_new_table               nz_smartcols.scols_new_table
#define scols_print_table             nz_smartcols.scols_print_table
#define scols_table_enable_colors     nz_smartcols.scols_table_enable_colors
#define scols_table_enable_noencoding nz_smartcols.scols_table_enable_noencoding
#define scols_table_new_column        nz_smartcols.scols_table_new_column
#define scols_table_new_line          nz_smartcols.scols_table_new_line
#define scols_table_set_stream        nz_smartcols.scols_table_set_stream
#define scols_unref_table             nz_smartcols.scols_unref_table
