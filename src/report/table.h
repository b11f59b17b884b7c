/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of text for people, as wide as they must be. */
#pragma once

#include <stdio.h>

#include "core/error.h"

/* Opens libsmartcols where OUT is a terminal for UTF-8, for a process that will not be able to. It
 * fits tables to the terminal's width; elsewhere they are as wide as they are, and it takes too
 * long to load. */
void nz_table_prepare(FILE *out);

/* An empty one, to be printed to OUT. */
struct libscols_table *nz_table_new(FILE *out);

/* Prints HEADS (NULL-terminated) and ROWS (GStrv, as long; printable text) to OUT. */
void nz_table_print(const char *const *heads, const GPtrArray *rows, FILE *out);
