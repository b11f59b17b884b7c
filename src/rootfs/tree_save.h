/* SPDX-License-Identifier: Apache-2.0 */
/* A tree as bytes, between layers: what the layers so far leave for those that follow. */
#pragma once

#include "rootfs/capture.h"
#include "rootfs/tree.h"

/* Packs SELF, between two layers or before nz_tree_finish(), at the end of OUT. */
void nz_tree_save(const NzTree *self, GByteArray *out);

/* TRUE when it is not worth trying to pack SELF into MAX bytes. */
gboolean nz_tree_is_large(const NzTree *self, gsize max);

/* NULL when DATA is damaged, or of another version. */
NzTree *nz_tree_load(const void *data, gsize len);

/* TRUE when SELF was made without WANTED and holds a file of those whose content, or exact mode,
 * was not kept: its layers must be read again. */
gboolean nz_tree_lacks(const NzTree *self, const NzWanted *wanted);

/* After the last layer: forgets the content of files that SELF keeps for OTHERS, and that are none
 * of OWN, so that what is said of an image does not hang on those that were read before. */
void nz_tree_forget(NzTree *self, const NzWanted *others, const NzWanted *own);
