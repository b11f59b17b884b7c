/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of an image's scripts and of its command line that drop root. */
#pragma once

#include "scan/launch.h"

/* TRUE when INODE's content was kept and begins as a script does. INODE may be NULL. */
gboolean nz_is_script(const NzInode *inode);

/* Adds what the script at CANONICAL, and the Entrypoint with its Cmd, do to DROPS (NzDropFact). */
void nz_drops_read_script(const NzLaunchInput *in, const char *canonical, const NzInode *inode,
                          GPtrArray *drops);
void nz_drops_read_command_line(const NzLaunchInput *in, GPtrArray *drops);

void nz_drop_free(gpointer self);
