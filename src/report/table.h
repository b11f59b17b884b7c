/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of text for people, as wide as they must be. */
#pragma once

#include <glib.h>
#include <stdio.h>

/* Prints HEADS (NULL-terminated) and ROWS (GStrv, as long; printable text) to OUT. */
void nz_table_print(const char *const *heads, const GPtrArray *rows, FILE *out);
