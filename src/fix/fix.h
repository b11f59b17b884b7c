/* SPDX-License-Identifier: Apache-2.0 */
/* How to mend a source: edits, as small as they can be. */
#pragma once

#include "build/evaluate.h"
#include "core/place.h"

/* Adds to FIXES what would make the image of BUILD start as non-root and still work, and what takes
 * away its ways back to root; FINDINGS (NzFinding) are what was found, each that a fix mends gets
 * it (f->fix). A fix that would be a guess says so (refused) and stays a proposal. Nothing is added
 * where nothing is to mend, so that applying twice changes nothing. */
void nz_fix_dockerfile(const NzBuild *build, GPtrArray *findings, GPtrArray *fixes);

/* DATA with the edits of FIXES (NzFix) that are not refused; the caller's. *LEN is its length. NULL
 * with an error when edits overlap. */
char *nz_fixes_apply(const char *data, gsize len, const GPtrArray *fixes, gsize *new_len,
                     GError **error);

/* The same with those that are refused, too. */
char *nz_fixes_apply_all(const char *data, gsize len, const GPtrArray *fixes, gsize *new_len,
                         GError **error);

/* A unified diff of A to B with three lines of context, as patch(1) takes it; "" when they are
 * equal. */
char *nz_unified_diff(const char *name, const char *a, gsize a_len, const char *b, gsize b_len);
