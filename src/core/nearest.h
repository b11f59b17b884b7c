/* SPDX-License-Identifier: Apache-2.0 */
/* Which known name was meant. */
#pragma once

#include <glib.h>

/* How many letters must be added, dropped, changed or swapped with the next to turn A into B,
 * in any case; G_MAXUINT when one is longer than 64 bytes. */
guint nz_edit_distance(const char *a, const char *b);

/* The one of NAMES (NULL-terminated) that is near to WORD, or NULL. */
const char *nz_nearest(const char *word, const char *const *names);

/* "; did you mean X?" when one of the NAMES (NULL-terminated) is near to WORD, "; there are X, Y
 * and Z" when none is. */
char *nz_nearest_hint(const char *word, const char *const *names);
