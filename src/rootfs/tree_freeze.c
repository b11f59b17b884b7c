/* SPDX-License-Identifier: Apache-2.0 */
/* All nodes, inodes and texts of a frozen tree lie in one block of memory:
 *   the nodes, the root first; the inodes; the names and targets.
 * What points into the block is moved by as much as a copy of the block lies elsewhere. */
#include "rootfs/tree_freeze.h"

#include <string.h>

#include "rootfs/tree_private.h"

struct NzFrozenTree {
  gint refs;
  NzTree *tree;  /* its root is the block's begin */
  gsize size;    /* of the block */
  guint n_nodes; /* with the root */
  guint n_inodes;
  gsize bodies; /* bytes of them */
};

/* --- freezing --- */

typedef struct {
  NzFrozenTree *frozen;
  GHashTable *inodes; /* NzInode -> its number, from 1 */
  gsize text;         /* bytes of names and targets */
  NzNode *next_node;
  NzInode *next_inode, *first_inode;
  char *next_text;
} Freezer;

/* Depth is bounded by NZ_PATH_MAX. */
static void
measure(Freezer *self, const NzNode *node)
{
  NzFrozenTree *frozen = self->frozen;
  NzInode *inode = node->inode;
  frozen->n_nodes++;
  self->text += (gsize)node->len + 1;
  if (inode && !g_hash_table_contains(self->inodes, inode)) {
    g_hash_table_insert(self->inodes, inode, GUINT_TO_POINTER(++frozen->n_inodes));
    self->text += inode->target ? strlen(inode->target) + 1 : 0;
    frozen->bodies += inode->body ? g_bytes_get_size(inode->body) : 0;
  }
  for (const NzNode *child = node->first_child; child; child = child->next)
    measure(self, child);
}

static char *
put_text(Freezer *self, const char *text, gsize len)
{
  char *at = self->next_text;
  memcpy(at, text, len);
  self->next_text += len + 1; /* the block is all 0 */
  return at;
}

/* What an inode has beside the block's memory, and each tree for itself. */
static void
own_contents(NzInode *inode)
{
  inode->origin = g_strdup(inode->origin);
  if (inode->body)
    g_bytes_ref(inode->body);
}

/* Inodes come in the order of their numbers: measure() met them in this one. */
static NzInode *
put_inode(Freezer *self, const NzInode *from)
{
  guint number = GPOINTER_TO_UINT(g_hash_table_lookup(self->inodes, from));
  NzInode *inode = self->first_inode + number - 1;
  if (inode < self->next_inode)
    return inode;
  self->next_inode++;
  *inode = *from;
  inode->pooled = TRUE;
  if (from->target)
    inode->target = put_text(self, from->target, strlen(from->target));
  own_contents(inode);
  return inode;
}

static NzNode *
put_node(Freezer *self, const NzNode *from, NzNode *parent)
{
  NzNode *node = self->next_node++;
  *node = *from;
  node->pooled = TRUE;
  node->parent = parent;
  node->first_child = node->next = node->prev = node->twin = NULL;
  node->name = put_text(self, from->name, from->len);
  node->inode = from->inode ? put_inode(self, from->inode) : NULL;
  if (parent)
    nz_node_insert(self->frozen->tree, node);
  NzNode *last = NULL;
  for (const NzNode *child = from->first_child; child; child = child->next) {
    NzNode *put = put_node(self, child, node);
    put->prev = last;
    *(last ? &last->next : &node->first_child) = put;
    last = put;
  }
  return node;
}

static GPtrArray *
copy_ambiguities(const GPtrArray *from)
{
  GPtrArray *copy = g_ptr_array_new();
  for (guint i = 0; i < from->len; i++) {
    NzAmbiguity *a = g_memdup2(from->pdata[i], sizeof *a);
    a->path = g_strdup(a->path);
    g_ptr_array_add(copy, a);
  }
  return copy;
}

/* FROM's own fields, for a tree whose nodes lie in BLOCK (owned). NAMES is owned. */
static NzTree *
tree_in(const NzTree *from, guint8 *block, NzNames *names)
{
  NzTree *self = g_memdup2(from, sizeof *from);
  self->root = (NzNode *)block;
  self->names = names;
  self->ambiguities = copy_ambiguities(from->ambiguities);
  self->blocks = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(self->blocks, block);
  self->room = NULL;
  self->room_left = 0;
  return self;
}

NzFrozenTree *
nz_tree_freeze(const NzTree *self)
{
  NzFrozenTree *frozen = g_new0(NzFrozenTree, 1);
  g_autoptr(GHashTable) inodes = g_hash_table_new(NULL, NULL);
  Freezer freezer = {.frozen = frozen, .inodes = inodes};
  measure(&freezer, self->root);
  gsize nodes = frozen->n_nodes * sizeof(NzNode);
  gsize fixed = nodes + frozen->n_inodes * sizeof(NzInode);
  frozen->size = fixed + freezer.text;
  guint8 *block = g_malloc0(frozen->size);
  frozen->refs = 1;
  frozen->tree = tree_in(self, block, nz_names_copy(self->names));
  frozen->tree->n_nodes = 0;
  frozen->tree->buckets = g_new0(NzNode *, self->n_buckets);
  freezer.next_node = frozen->tree->root;
  freezer.next_inode = freezer.first_inode = (NzInode *)(block + nodes);
  freezer.next_text = (char *)block + fixed;
  put_node(&freezer, self->root, NULL);
  return frozen;
}

NzFrozenTree *
nz_frozen_tree_ref(NzFrozenTree *self)
{
  g_atomic_int_inc(&self->refs);
  return self;
}

void
nz_frozen_tree_unref(NzFrozenTree *self)
{
  if (!self || !g_atomic_int_dec_and_test(&self->refs))
    return;
  nz_tree_free(self->tree);
  g_free(self);
}

gsize
nz_frozen_tree_bytes(const NzFrozenTree *self)
{
  return self->size + self->bodies + self->tree->n_buckets * sizeof(NzNode *) +
         nz_names_bytes(self->tree->names);
}

/* --- thawing --- */

/* POINTER, into the block or NULL, for a copy of it that lies OFFSET further. */
static gpointer
moved(gconstpointer pointer, guintptr offset)
{
  return pointer ? (gpointer)((guintptr)pointer + offset) : NULL;
}

static void
move_node(NzNode *node, guintptr offset)
{
  node->parent = moved(node->parent, offset);
  node->first_child = moved(node->first_child, offset);
  node->next = moved(node->next, offset);
  node->prev = moved(node->prev, offset);
  node->twin = moved(node->twin, offset);
  node->inode = moved(node->inode, offset);
  node->name = moved(node->name, offset);
}

NzTree *
nz_tree_thaw(const NzFrozenTree *self)
{
  const NzTree *from = self->tree;
  guint8 *block = g_memdup2(from->root, self->size);
  guintptr offset = (guintptr)block - (guintptr)from->root;
  NzTree *tree = tree_in(from, block, nz_names_over(from->names));
  for (guint i = 0; i < self->n_nodes; i++)
    move_node(&tree->root[i], offset);
  NzInode *inodes = (NzInode *)(tree->root + self->n_nodes);
  for (guint i = 0; i < self->n_inodes; i++) {
    inodes[i].target = moved(inodes[i].target, offset);
    own_contents(&inodes[i]);
  }
  tree->buckets = g_new(NzNode *, from->n_buckets);
  for (guint i = 0; i < from->n_buckets; i++)
    tree->buckets[i] = moved(from->buckets[i], offset);
  return tree;
}
