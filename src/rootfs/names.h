/* SPDX-License-Identifier: Apache-2.0 */
/* The paths seen so far, by hash: 10 bytes a slot, up to NZ_NAMES_MAX of them.
 *
 * Two questions need every path, not only those of interest: "was this path already in this
 * layer?" and "does any layer hold what this hard link points at?". A false answer takes a
 * collision of 64 bits under a seed the image's author cannot know. */
#pragma once

#include "core/pack.h"

typedef struct NzNames NzNames;

typedef enum {
  NZ_NAME_FILE = 0,
  NZ_NAME_DIRECTORY = 1,
  NZ_NAME_WHITEOUT = 2,
  NZ_NAME_PROGRAM = 3, /* a file that anyone may execute */
} NzNameKind;

NzNames *nz_names_new(void);
void nz_names_free(NzNames *self);
/* All that SELF has, on its own: to lie below others. */
NzNames *nz_names_copy(const NzNames *self);
/* One that begins with all that BELOW has and writes nothing into it. BELOW is owned by all that
 * lie over it, and must be a copy that nobody writes into any more; any thread may do this. */
NzNames *nz_names_over(NzNames *below);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzNames, nz_names_free)

/* Notes that LAYER holds PATH as KIND. Returns TRUE when the path was known before, and then sets
 * what was known of it. */
gboolean nz_names_note(NzNames *self, const char *path, gsize len, guint layer, NzNameKind kind,
                       guint *old_layer, NzNameKind *old_kind);

/* TRUE when PATH was noted. */
gboolean nz_names_find(const NzNames *self, const char *path, gsize len, guint *layer,
                       NzNameKind *kind);

/* How many paths there are. */
gsize nz_names_count(const NzNames *self);
/* How much memory they take. */
gsize nz_names_bytes(const NzNames *self);
/* TRUE when there were more paths than are remembered: a path not found may have been there. */
gboolean nz_names_full(const NzNames *self);

/* Packs SELF at the end of OUT, with the seed of its hashes. */
void nz_names_save(const NzNames *self, GByteArray *out);
/* How many bytes that takes, or a little less. */
gsize nz_names_saved_size(const NzNames *self);
/* Fills SELF, which must be new. FALSE when IN is damaged. */
gboolean nz_names_load(NzNames *self, NzUnpack *in);
