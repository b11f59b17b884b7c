/* SPDX-License-Identifier: Apache-2.0 */
/* Shell patterns as "${v#p}" and "${v/p/r}" of Dockerfiles know them: "*", "?" and "\\" before one
 * of both or itself; no brackets. */
#pragma once

#include <glib.h>

/* VALUE without what PATTERN matches at its START (else at its end); the longest match if GREEDY.
 * PATTERN is valid UTF-8. BUDGET is how many characters may still be compared. */
char *nz_pattern_trim(const char *pattern, const char *value, gboolean start, gboolean greedy,
                      guint64 *budget, GError **error);

/* VALUE with TEXT instead of the first match of PATTERN, of ALL of them. In the latter case "$0" in
 * TEXT is the match and other "$NAME" are nothing, as in Go's regexp.ReplaceAllString. */
char *nz_pattern_replace(const char *pattern, const char *value, const char *text, gboolean all,
                         guint64 *budget, GError **error);
