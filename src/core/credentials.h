/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the kernel takes a process for, and what a file's mode allows it. */
#pragma once

#include <glib.h>

typedef struct {
  guint32 uid;
  const guint32 *gids; /* the primary one and the supplementary ones; borrowed */
  guint n_gids;
} NzCredentials;

enum { NZ_MAY_EXECUTE = 1, NZ_MAY_WRITE = 2, NZ_MAY_READ = 4 };

static inline gboolean
nz_credentials_has_group(const NzCredentials *self, guint32 gid)
{
  for (guint i = 0; i < self->n_gids; i++)
    if (self->gids[i] == gid)
      return TRUE;
  return FALSE;
}

/* generic_permission() in Linux' fs/namei.c: the first class that fits counts alone; root may do
 * all but execute what nobody may. WANT is NZ_MAY_*; a directory is searched by NZ_MAY_EXECUTE. */
static inline gboolean
nz_credentials_may(const NzCredentials *self, guint want, guint16 mode, guint32 uid, guint32 gid,
                   gboolean is_directory)
{
  if (self->uid == 0)
    return is_directory || !(want & NZ_MAY_EXECUTE) || (mode & 0111);
  guint shift = self->uid == uid ? 6 : nz_credentials_has_group(self, gid) ? 3 : 0;
  return ((mode >> shift) & want) == want;
}
