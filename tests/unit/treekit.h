/* SPDX-License-Identifier: Apache-2.0 */
/* Trees as text: layers written as lines, and what they come to as lines. */
#pragma once

#include "rootfs/tree.h"
#include "support.h"

/* Applies one entry to layer LAYER. LINE is
 *   "+ PATH MODE [UID]"     a file       "d PATH"          a directory
 *   "l PATH TARGET"         a symlink    "h PATH TARGET [MODE [UID]]"   a hard link
 *   "c PATH"                a device     "0 PATH"          character device 0:0
 *   "t PATH"                a file whose text is kept (passwd)
 *   "k PATH MODE [UID]"     a file with capabilities
 *   "^ PATH MODE"           a file whose name climbed out of the root
 * and PATH may name a whiteout. */
gboolean tree_apply(NzTree *tree, guint layer, const char *line, GError **error);

/* Lines divided by ", ", and layers by " | ", applied to a new tree. */
NzTree *tree_of(const char *layers, GError **error);

/* The regular files kept, "PATH MODE UID @LAYER", sorted and joined by ", ". */
char *tree_files(const NzTree *tree);

/* The ambiguities, "KIND PATH @LAYER", with "!" for a hidden setuid-root program and "?" for hidden
 * users, joined by ", ". */
char *tree_doubts(const NzTree *tree);
