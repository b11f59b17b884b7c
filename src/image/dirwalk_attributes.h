/* SPDX-License-Identifier: Apache-2.0 */
/* The extended attributes of a file that lies in a store, as far as they change what it is. */
#pragma once

#include <sys/stat.h>

#include "image/dirwalk.h"

typedef struct {
  NzCapability capability;
  gboolean opaque;   /* a directory: hides what is below it in lower layers */
  gboolean override; /* kind, mode, uid, gid are to be taken instead of the inode's */
  NzEntryKind kind;
  guint16 mode;
  guint32 uid, gid;
} NzWalkAttributes;

/* Reads those of NAME in the directory FD; of FD itself when NAME is "". FALSE with an error, or
 * with errno and none when the system refused. */
gboolean nz_walk_attributes(int fd, const char *name, mode_t mode, NzDirWalkFlags flags,
                            NzWalkAttributes *out, GError **error);

/* "UID:GID:MODE[:TYPE]" as containers/storage and fuse-overlayfs write it into override_stat.
 * ON_DISK is the mode of the file that has it. */
gboolean nz_walk_parse_override(const char *text, gsize len, mode_t on_disk, NzWalkAttributes *out);
