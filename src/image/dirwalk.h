/* SPDX-License-Identifier: Apache-2.0 */
/* A directory tree -> the entries of a layer. Nothing in it is followed: no links, and no mount
 * points, whose files are not the tree's. */
#pragma once

#include "image/image.h"

typedef enum {
  /* The upper directory of an overlay: a character device 0:0 hides what is below, as does an
   * attribute overlay.opaque of a directory. They become ".wh." entries. */
  NZ_WALK_OVERLAY = 1 << 0,
  /* Owner, mode and kind are what user.containers.override_stat says, where it does
   * (containers/storage, rootless or mapped). */
  NZ_WALK_OVERRIDE_STAT = 1 << 1,
  /* The owners on disk are ids of another user namespace: a file whose override_stat does not say
   * who owns it is an error. */
  NZ_WALK_SHIFTED = 1 << 2,
} NzDirWalkFlags;

/* Writes what is below FD, a directory (borrowed), into LOG. */
gboolean nz_directory_read(int fd, NzDirWalkFlags flags, const NzReadOptions *options,
                           NzLayerLog *log, NzLayerResult *result, GError **error);
