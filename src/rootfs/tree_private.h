/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the tree share: nodes (tree_node.c), walking (tree_walk.c), applying entries
 * (tree.c) and questions (tree_query.c). */
#pragma once

#include "rootfs/names.h"
#include "rootfs/tree.h"

typedef struct NzNode NzNode;
struct NzNode {
  NzNode *parent, *first_child, *next, *prev;
  NzNode *twin;   /* the next of the same bucket */
  NzInode *inode; /* NULL: a directory */
  guint hash;     /* of its parent and name */
  guint id, layer;
  guint opaque_layer; /* 1 + the last layer that emptied it of lower ones; 0: none */
  guint len;
  const char *name; /* goes with the node's memory */
  /* Of a directory that is not as most are: see nz_directory_is_notable(). */
  gboolean has_owner;
  guint16 mode;
  guint32 uid, gid;
  guint owner_layer; /* whose header said so */
  gboolean notable;  /* kept for its mode and owner alone: counted in n_notable */
  gboolean pooled;   /* its memory is the tree's */
};

struct NzTree {
  NzNode *root;
  /* All nodes but the root, by parent and name. Not a GHashTable: this one can be copied as it
   * lies, see tree_freeze.c. */
  NzNode **buckets;
  guint n_buckets; /* a power of two */
  guint n_nodes;
  guint last_id;
  guint layer;
  gboolean whiteouts;
  NzNames *names;
  guint layer_hid; /* NZ_HIDES_* of what this layer has removed from lower ones so far */
  guint ever_hid;  /* the same of all layers */
  gsize bytes;     /* of names, targets and bodies kept */
  GPtrArray *ambiguities;
  guint n_ambiguities, hides;
  guint64 link_bytes; /* of targets that were walked for all entries */
  guint n_notable;    /* nodes that are kept for their mode and owner alone */
  gboolean notable_full;
  /* Memory that goes with the tree: what is read from what was kept lies in it, because one
   * allocation for each node would cost more than reading it. */
  GPtrArray *blocks;
  guint8 *room;
  gsize room_left;
  gboolean pooling; /* nodes that are added lie there */
};

/* The name under which the set of names remembers when a directory was last emptied. */
#define NZ_EMPTIED "/.wh..wh..opq"

/* LEN bytes, all 0, that live as long as the tree does. */
void *nz_tree_alloc(NzTree *self, gsize len);

/* --- inodes and nodes --- */

NzInode *nz_inode_ref(NzInode *self);
void nz_inode_unref(NzInode *self);
/* What E brings; a hard link to a file that was not kept makes a file too. */
NzInode *nz_inode_new(const NzEntry *e, guint layer);

/* The child of PARENT called NAME, or NULL. */
NzNode *nz_node_find(const NzTree *self, NzNode *parent, const char *name, gsize len);
/* Adds one, which must not be there; NULL when there are too many. */
NzNode *nz_node_add(NzTree *self, NzNode *parent, const char *name, gsize len, GError **error);
/* Puts NODE, whose hash is set, into the table. */
void nz_node_insert(NzTree *self, NzNode *node);

typedef struct {
  gboolean same_layer; /* something of the layer at work was removed */
  guint hid_same;      /* NZ_HIDES_* of that */
  guint hid_lower;     /* of what lower layers had put there */
} NzRemoved;

static inline guint
nz_removed_all(const NzRemoved *removed)
{
  return removed->hid_same | removed->hid_lower;
}

/* Removes NODE, what is below it, and the directories above it that are left empty. */
void nz_node_remove(NzTree *self, NzNode *node, NzRemoved *removed);
/* Removes what is below NODE; with LOWER_ONLY, what layers below the one at work put there. */
void nz_node_remove_below(NzTree *self, NzNode *node, gboolean lower_only, NzRemoved *removed);

/* What of a directory's attributes is worth a node. */
static inline gboolean
nz_directory_is_notable(guint16 mode, guint32 uid)
{
  return uid != 0 || (mode & 0022) || !(mode & 0001);
}

/* Of a program's: those that all may run and only root may change are told by their name. */
static inline gboolean
nz_program_is_notable(guint16 mode, guint32 uid)
{
  return (mode & 0111) && (uid != 0 || (mode & 0022) || !(mode & 0001));
}

/* Counts NODE as kept for its mode and owner alone; FALSE when there are too many of those. */
gboolean nz_node_note(NzTree *self, NzNode *node);

/* --- walking a path --- */

typedef enum { NZ_WALK_OK, NZ_WALK_LOOP, NZ_WALK_NOT_DIRECTORY, NZ_WALK_TOO_LONG } NzWalkResult;

typedef struct {
  NzNode *node;        /* the deepest that is kept on the way */
  guint beyond;        /* components of PATH below it, of which nothing is kept */
  GString *path;       /* canonical: no links in it */
  gsize link_bytes;    /* of targets that were walked */
  gboolean lower_link; /* a link that a layer below the one at work made was followed */
} NzWalk;

void nz_walk_clear(NzWalk *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzWalk, nz_walk_clear)

/* Walks PATH from the root. Stops at a file that is used as a directory, on it. */
NzWalkResult nz_walk(const NzTree *self, const char *path, gsize path_len, gboolean follow_last,
                     NzWalk *w);
/* One step, to CHILD; NULL: to NAME, of which nothing is kept. */
void nz_walk_down(NzWalk *w, NzNode *child, const char *name, gsize len);
/* The node for BASE in the directory that W leads to, made with the directories above it. */
NzNode *nz_node_make(NzTree *self, NzWalk *w, const char *base, gsize base_len, GError **error);
