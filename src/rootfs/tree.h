/* SPDX-License-Identifier: Apache-2.0 */
/* The effective filesystem of an image: its layers stacked, as a runtime would find it.
 *
 * Kept are the names that later layers can still change or be changed by: files that give
 * privilege, files whose content is needed, links, devices, and the directories above them. A plain
 * file leaves nothing but the removal of what was at its path, and some bytes in the set of names.
 * Programs and directories that others than root may change, or that not everyone may use, are
 * kept too, up to NZ_NOTABLE_MAX of them.
 *
 * The rules (OCI image spec "Layer Filesystem Changeset", and what unpackers do where it is
 * silent):
 *   - parents that are symbolic links are followed, inside the root; the last component is not;
 *   - a directory over a directory merges; anything else replaces the whole subtree;
 *   - ".wh.NAME" removes NAME; ".wh..wh..opq" removes what lower layers put into its directory,
 *     wherever it stands in its layer; other names that begin with ".wh..wh." mean nothing, but
 * what is below a directory of such a name is there;
 *   - hard links share an inode, across layers too; the header that came last gives it its mode
 *     and owner, because unpackers chown (which drops setuid bits and capabilities) and then chmod
 *     and set attributes;
 *   - where unpackers differ, the last entry counts and the path is noted as ambiguous. */
#pragma once

#include "core/credentials.h"
#include "core/error.h"
#include "rootfs/entry.h"

typedef struct {
  gint refs;
  NzEntryKind kind; /* never DIRECTORY or HARDLINK */
  guint16 mode;
  guint32 uid, gid;
  guint layer; /* whose header gave mode and owner */
  NzCapability capability;
  char *target; /* of a symlink */
  char *origin; /* the path of the entry that holds the content, when only links to it are kept */
  NzBodyKind body_kind;
  GBytes *body;
  gboolean pooled; /* it lies, with its target, in memory of the tree's */
} NzInode;

typedef enum {
  NZ_AMBIGUOUS_TWICE,       /* a path twice in one layer */
  NZ_AMBIGUOUS_WHITEOUT,    /* a whiteout beside what it hides, in one layer */
  NZ_AMBIGUOUS_LOWER_LINK,  /* through a symbolic link that a lower layer made */
  NZ_AMBIGUOUS_PARENT_FILE, /* below what is a file */
  NZ_AMBIGUOUS_CAPABILITY,  /* a hard link whose header lacks the file's capabilities */
  NZ_AMBIGUOUS_OUTSIDE,     /* a name that climbs out of the root */
  NZ_AMBIGUOUS_DEVICE,      /* character device 0:0 */
  NZ_AMBIGUOUS_OVERLAY,     /* an attribute that an overlay filesystem obeys */
  NZ_AMBIGUOUS_GLOBAL,      /* a global PAX header whose name may be taken */
  NZ_AMBIGUOUS_CROWDED,     /* more paths than are told apart, and something was removed */
  NZ_AMBIGUOUS_N_KINDS,
} NzAmbiguousKind;

/* What another reading of the layer would have kept. */
enum { NZ_HIDES_SETUID_ROOT = 1, NZ_HIDES_USERS = 2 };

typedef struct {
  NzAmbiguousKind kind;
  char *path;
  guint layer;
  guint hides;
} NzAmbiguity;

typedef struct NzTree NzTree;

/* WHITEOUTS: names that begin with ".wh." have their meaning in layers, and none in a directory. */
NzTree *nz_tree_new(gboolean whiteouts);
void nz_tree_free(NzTree *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzTree, nz_tree_free)

/* Applies the next entry. LAYER never goes down. */
gboolean nz_tree_apply(NzTree *self, guint layer, const NzEntry *entry, GError **error);

/* After the last entry: notes what the whole of them leaves in doubt. */
void nz_tree_finish(NzTree *self);

typedef enum {
  NZ_LOOKUP_FOUND, /* *inode */
  NZ_LOOKUP_ABSENT,
  NZ_LOOKUP_DIRECTORY,
  NZ_LOOKUP_LOOP,   /* of symbolic links */
  NZ_LOOKUP_UNKEPT, /* a plain file, or none: nothing is kept of it */
} NzLookup;

/* Looks PATH (cleaned) up, links followed. *CANONICAL is where it led. *INODE is borrowed. */
NzLookup nz_tree_lookup(const NzTree *self, const char *path, GString *canonical,
                        const NzInode **inode);

typedef enum {
  NZ_STAT_ABSENT,
  NZ_STAT_FILE,
  NZ_STAT_DIRECTORY,
  NZ_STAT_OTHER,
  NZ_STAT_UNKNOWN
} NzStatKind;

typedef struct {
  NzStatKind kind;
  /* FALSE: nothing but the name is kept, because only root may change it and, if it is a directory
   * or a program, everyone may use it. Mode and owner then say just that. A file that is neither
   * may be anyone's. */
  gboolean exact;
  guint16 mode;
  guint32 uid, gid;
  guint layer;          /* with exact: whose header said so */
  const NzInode *inode; /* of a file with exact; borrowed */
} NzStat;

/* What is at PATH (cleaned), links followed. *CANONICAL is where it led. */
void nz_tree_stat(const NzTree *self, const char *path, GString *canonical, NzStat *out);

/* TRUE when WHO may pass all directories above PATH (canonical). */
gboolean nz_tree_can_reach(const NzTree *self, const char *path, const NzCredentials *who);

/* Calls FUNC for each name of a regular file that is kept, in no order. */
typedef void (*NzTreeFunc)(const char *path, const NzInode *inode, gpointer user_data);
void nz_tree_foreach(const NzTree *self, NzTreeFunc func, gpointer user_data);

/* Calls FUNC for each name in DIRECTORY (cleaned, links followed) that is kept, of files, links and
 * devices; the last that came first. The path is canonical but for the name itself, and the inode
 * that of a link, not of what it leads to. */
void nz_tree_list(const NzTree *self, const char *directory, NzTreeFunc func, gpointer user_data);

/* The ambiguous paths, NzAmbiguity, at most NZ_AMBIGUITIES_MAX; *TOTAL is how many there were, and
 * *HIDES what all of them together hide. */
const GPtrArray *nz_tree_ambiguities(const NzTree *self, guint *total, guint *hides);

/* TRUE when there were more files and directories that others than root may change than are kept:
 * what is not found by its exact attributes may be one of them. */
gboolean nz_tree_is_notable_full(const NzTree *self);

/* How many paths its layers had. */
gsize nz_tree_count(const NzTree *self);

/* TRUE when there were more paths than could be told apart: see rootfs/names.h. */
gboolean nz_tree_is_crowded(const NzTree *self);
