/* SPDX-License-Identifier: Apache-2.0 */
/* A tree that many begin with: the layers that images share are stacked once, and each image goes
 * on with a tree of its own. To have one more costs little: it is a copy of one piece of memory,
 * and the set of names, which is most of a tree, is shared. */
#pragma once

#include "rootfs/tree.h"

typedef struct NzFrozenTree NzFrozenTree;

/* SELF as it is between two layers. */
NzFrozenTree *nz_tree_freeze(const NzTree *self);
NzFrozenTree *nz_frozen_tree_ref(NzFrozenTree *self);
void nz_frozen_tree_unref(NzFrozenTree *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzFrozenTree, nz_frozen_tree_unref)

/* A tree that goes on where SELF's left off. Any thread may ask for one. */
NzTree *nz_tree_thaw(const NzFrozenTree *self);

/* How much memory SELF takes, or a little less. */
gsize nz_frozen_tree_bytes(const NzFrozenTree *self);
