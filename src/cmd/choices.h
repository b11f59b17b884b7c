/* SPDX-License-Identifier: Apache-2.0 */
/* The words that a value may be, by the name that help gives it: FORMAT, RULE, LEVEL. Completions
 * and man pages are made from them. To add one: a line in the table of choices.c. */
#pragma once

#include <glib.h>

/* The word number I, NULL past the last. */
typedef const char *(*NzWordAt)(guint i);

/* NULL: any text will do. */
NzWordAt nz_choices_find(const char *value_name);
