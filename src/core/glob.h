/* SPDX-License-Identifier: Apache-2.0 */
// Patterns for paths and names, case-sensitive, over the whole text:
//
//   *     any characters but '/'        ?      one character but '/'
//   **    any characters                [a-z]  one of these; [!a-z] one of the others; never '/'
//   **/   whole folders, also none      \x      x itself
//
// where the third stands at the start or behind a '/': "/usr/**/su" is also "/usr/su". A character
// of the text that is not UTF-8 is one byte, which only wildcards match.
#pragma once

#include <glib.h>

typedef struct NzGlob NzGlob;

/* NULL with an error that says what is wrong, without a place. PATTERN is UTF-8. */
NzGlob *nz_glob_new(const char *pattern, GError **error);
void nz_glob_free(NzGlob *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzGlob, nz_glob_free)

/* Whether all of TEXT matches, in at most length times pattern steps, which are taken from
 * *BUDGET. When that is used up the answer is FALSE and *BUDGET 0. */
gboolean nz_glob_match(const NzGlob *self, const char *text, guint64 *budget);

/* Whether it holds at least one letter or digit that must be there. One that does not, such as
 * "**" or "*", says nothing about a name. */
gboolean nz_glob_narrows(const NzGlob *self);
