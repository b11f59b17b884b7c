/* SPDX-License-Identifier: Apache-2.0 */
/* What .gitignore files say, as gitignore(5) has it. */
#pragma once

#include <glib.h>

typedef struct NzIgnores NzIgnores;

/* Nothing is ignored but ".git". */
NzIgnores *nz_ignores_new(void);
void nz_ignores_free(NzIgnores *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzIgnores, nz_ignores_free)

/* Adds the patterns of TEXT, a .gitignore of DIRECTORY ("" or "a/b", relative to where paths
 * begin). What is added later wins. Returns how many there are now: nz_ignores_cut() goes back to
 * that. */
void nz_ignores_add(NzIgnores *self, const char *directory, const char *text, gsize len);
guint nz_ignores_count(const NzIgnores *self);
void nz_ignores_cut(NzIgnores *self, guint count);

/* TRUE when PATH ("a/b/Dockerfile") is ignored. What lies above it is not: that was asked before.
 */
gboolean nz_ignores_match(const NzIgnores *self, const char *path, gboolean directory);
