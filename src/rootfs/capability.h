/* SPDX-License-Identifier: Apache-2.0 */
/* The security.capability attribute (linux/capability.h, struct vfs_cap_data):
 *   le32 magic_etc              revision << 24 | 1 when the effective bit is set
 *   le32 permitted, inheritable revision 1: once; revisions 2 and 3: low words, then high words
 *   le32 rootid                 revision 3: whose namespace's root it serves */
#pragma once

#include <glib.h>

typedef struct {
  guint8 revision;  /* 1, 2 or 3; 0: no attribute */
  gboolean invalid; /* an attribute is there, but the kernel does not honour it */
  gboolean effective;
  guint64 permitted, inheritable;
  guint32 rootid; /* revision 3 */
} NzCapability;

/* Decodes DATA; what the kernel would refuse becomes an invalid one. */
void nz_capability_parse(const guint8 *data, gsize len, NzCapability *out);

static inline gboolean
nz_capability_is_there(const NzCapability *self)
{
  return self->revision != 0 || self->invalid;
}

/* As getcap prints it: "cap_net_bind_service,cap_net_raw=ep", or " [rootid=100000]" after it. */
char *nz_capability_to_text(const NzCapability *self);

/* The first capability in SELF that amounts to root by itself, or NULL: "cap_sys_admin". */
const char *nz_capability_rootlike(const NzCapability *self);
