/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of a layer, as it will be on disk: what a runtime's lchown and chmod make of a header.
 */
#pragma once

#include <glib.h>

#include "rootfs/capability.h"

typedef enum {
  NZ_ENTRY_FILE,
  NZ_ENTRY_DIRECTORY,
  NZ_ENTRY_SYMLINK,
  NZ_ENTRY_HARDLINK,        /* target: the path of the other name, in any layer */
  NZ_ENTRY_DEVICE,          /* character and block devices, fifos, sockets */
  NZ_ENTRY_GLOBAL,          /* no file, but the name of a global PAX header */
  NZ_ENTRY_WHITEOUT_DEVICE, /* character device 0:0, which overlay takes for a whiteout */
} NzEntryKind;

/* What is kept of a file's content. */
typedef enum {
  NZ_BODY_NONE,
  NZ_BODY_TEXT,       /* the content itself: passwd, group */
  NZ_BODY_UNREADABLE, /* wanted, but past its limit or broken */
  NZ_BODY_OWNERS,     /* a package list, reduced to hashes of paths: see rootfs/owners.h */
  NZ_BODY_EXTRA,      /* the content of a file that decides no user: shadow, sudoers, a script; it
                       * may be missing, where it is too large */
} NzBodyKind;

/* FALSE for a kind that there is not, or not WITH_BODY, or not without. */
static inline gboolean
nz_body_kind_fits(NzBodyKind kind, gboolean with_body)
{
  gboolean must = kind == NZ_BODY_TEXT || kind == NZ_BODY_OWNERS;
  return kind <= NZ_BODY_EXTRA && (with_body ? must || kind == NZ_BODY_EXTRA : !must);
}

#define NZ_MODE_SETUID 04000
#define NZ_MODE_SETGID 02000
#define NZ_MODE_STICKY 01000
#define NZ_MODE_SETID  (NZ_MODE_SETUID | NZ_MODE_SETGID)

typedef struct {
  NzEntryKind kind;
  const char *path; /* bytes, cleaned: relative, no ".", "..", "//" or trailing slash; "" = root */
  gsize path_len;
  const char *target; /* symlinks: as written; hardlinks: cleaned like path */
  guint16 mode;       /* 07777 */
  guint32 uid, gid;
  gboolean outside;           /* the name climbed out of the root ("../x") and was held at it */
  gboolean overlay_attribute; /* it has a trusted.overlay or user.overlay attribute */
  NzCapability capability;    /* revision 0: none */
  NzBodyKind body_kind;
  GBytes *body; /* borrowed */
} NzEntry;

/* The root way an entry opens by itself, for anyone who can execute it. */
static inline gboolean
nz_mode_is_setuid_root(guint16 mode, guint32 uid)
{
  return uid == 0 && (mode & NZ_MODE_SETUID) && (mode & 0111);
}

/* Cleans PATH as Go's path.Clean("/" + PATH) does and drops the leading slash. *OUTSIDE is set when
 * ".." would have left the root. */
void nz_path_clean(const char *path, GString *out, gboolean *outside);

/* TRUE when the LEN bytes at PATH are as that leaves them, and hold no NUL. */
gboolean nz_path_is_clean(const char *path, gsize len);

/* The owner that lchown(2) leaves: Go hands the number on as it is, the kernel keeps 32 bits, and
 * 2^32-1 means "unchanged", so the file stays with root, who created it. */
guint32 nz_effective_id(gint64 id);
