/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of the tree, and what leaves it. */
#include "rootfs/tree_private.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"

/* --- the tree's own memory --- */

#define BLOCK_SIZE    ((gsize)64 * 1024)
#define FIRST_BUCKETS 256u
#define ALIGNMENT     (sizeof(void *))

void *
nz_tree_alloc(NzTree *self, gsize len)
{
  len = (len + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  if (len > self->room_left) {
    gsize size = MAX(len, BLOCK_SIZE);
    self->room = g_malloc0(size);
    self->room_left = size;
    g_ptr_array_add(self->blocks, self->room);
  }
  void *at = self->room;
  self->room += len;
  self->room_left -= len;
  return at;
}

/* --- inodes and nodes --- */

NzInode *
nz_inode_ref(NzInode *self)
{
  self->refs++;
  return self;
}

void
nz_inode_unref(NzInode *self)
{
  if (!self || --self->refs > 0)
    return;
  g_free(self->origin);
  g_clear_pointer(&self->body, g_bytes_unref);
  if (self->pooled)
    return;
  g_free(self->target);
  g_free(self);
}

NzInode *
nz_inode_new(const NzEntry *e, guint layer)
{
  NzInode *self = g_new0(NzInode, 1);
  self->refs = 1;
  self->kind = e->kind == NZ_ENTRY_HARDLINK ? NZ_ENTRY_FILE : e->kind;
  self->mode = e->mode;
  self->uid = e->uid;
  self->gid = e->gid;
  self->layer = layer;
  self->capability = e->capability;
  self->target = e->kind == NZ_ENTRY_SYMLINK ? g_strdup(e->target) : NULL;
  self->body_kind = e->body_kind;
  self->body = e->body ? g_bytes_ref(e->body) : NULL;
  return self;
}

static guint
node_hash(const NzNode *parent, const char *name, gsize len)
{
  return (guint)nz_hash64(name, len) ^ parent->id * 2654435761u;
}

static NzNode **
bucket_of(const NzTree *self, guint hash)
{
  return &self->buckets[hash & (self->n_buckets - 1)];
}

NzNode *
nz_node_find(const NzTree *self, NzNode *parent, const char *name, gsize len)
{
  guint hash = node_hash(parent, name, len);
  NzNode *node = *bucket_of(self, hash);
  while (node && !(node->hash == hash && node->parent == parent && node->len == len &&
                   memcmp(node->name, name, len) == 0))
    node = node->twin;
  return node;
}

static void
put_into_bucket(NzTree *self, NzNode *node)
{
  NzNode **bucket = bucket_of(self, node->hash);
  node->twin = *bucket;
  *bucket = node;
}

static void
grow(NzTree *self)
{
  g_autofree NzNode **old = self->buckets;
  guint n_old = self->n_buckets;
  self->n_buckets *= 2;
  self->buckets = g_new0(NzNode *, self->n_buckets);
  for (guint i = 0; i < n_old; i++)
    for (NzNode *node = old[i], *next; node; node = next) {
      next = node->twin;
      put_into_bucket(self, node);
    }
}

void
nz_node_insert(NzTree *self, NzNode *node)
{
  if (self->n_nodes >= self->n_buckets)
    grow(self);
  put_into_bucket(self, node);
  self->n_nodes++;
}

static void
take_out(NzTree *self, const NzNode *node)
{
  NzNode **at = bucket_of(self, node->hash);
  while (*at != node)
    at = &(*at)->twin;
  *at = node->twin;
  self->n_nodes--;
}

NzNode *
nz_node_add(NzTree *self, NzNode *parent, const char *name, gsize len, GError **error)
{
  self->bytes += len;
  if (self->n_nodes >= NZ_NODES_MAX || self->bytes > NZ_TREE_BYTES_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
                "more than %u links, devices and privileged files, or than %u MiB of their names, "
                "targets and passwd contents",
                NZ_NODES_MAX, (guint)(NZ_TREE_BYTES_MAX >> 20));
    return NULL;
  }
  gsize size = sizeof(NzNode) + len + 1;
  NzNode *node = self->pooling ? nz_tree_alloc(self, size) : g_malloc0(size);
  node->pooled = self->pooling;
  char *copy = (char *)(node + 1);
  memcpy(copy, name, len);
  node->name = copy;
  node->len = (guint)len;
  node->id = ++self->last_id;
  node->layer = self->layer;
  node->parent = parent;
  node->next = parent->first_child;
  if (node->next)
    node->next->prev = node;
  parent->first_child = node;
  node->hash = node_hash(parent, name, len);
  nz_node_insert(self, node);
  return node;
}

gboolean
nz_node_note(NzTree *self, NzNode *node)
{
  if (node->notable)
    return TRUE;
  if (self->n_notable >= NZ_NOTABLE_MAX) {
    self->notable_full = TRUE;
    return FALSE;
  }
  node->notable = TRUE;
  self->n_notable++;
  return TRUE;
}

static void
node_free(NzNode *node)
{
  nz_inode_unref(node->inode);
  if (!node->pooled)
    g_free(node);
}

static void
node_detach(NzTree *self, NzNode *node)
{
  take_out(self, node);
  if (node->prev)
    node->prev->next = node->next;
  else
    node->parent->first_child = node->next;
  if (node->next)
    node->next->prev = node->prev;
  self->n_notable -= node->notable;
  node_free(node);
}

NzTree *
nz_tree_new(gboolean whiteouts)
{
  NzTree *self = g_new0(NzTree, 1);
  self->root = g_new0(NzNode, 1);
  self->root->name = "";
  self->n_buckets = FIRST_BUCKETS;
  self->buckets = g_new0(NzNode *, FIRST_BUCKETS);
  self->whiteouts = whiteouts;
  self->names = nz_names_new();
  self->ambiguities = g_ptr_array_new();
  self->blocks = g_ptr_array_new_with_free_func(g_free);
  return self;
}

static void
ambiguity_free(NzAmbiguity *self)
{
  g_free(self->path);
  g_free(self);
}

static void
free_below(NzNode *node)
{
  for (NzNode *child = node->first_child, *next; child; child = next) {
    next = child->next;
    free_below(child);
    node_free(child);
  }
}

void
nz_tree_free(NzTree *self)
{
  if (!self)
    return;
  free_below(self->root);
  g_free(self->buckets);
  if (!self->root->pooled)
    g_free(self->root);
  nz_names_free(self->names);
  g_ptr_array_set_free_func(self->ambiguities, (GDestroyNotify)ambiguity_free);
  g_ptr_array_unref(self->ambiguities);
  g_ptr_array_unref(self->blocks);
  g_free(self);
}

/* --- removal --- */

static guint
hides_of(const NzInode *inode)
{
  guint hides = 0;
  if (inode->kind == NZ_ENTRY_FILE && nz_mode_is_setuid_root(inode->mode, inode->uid))
    hides |= NZ_HIDES_SETUID_ROOT;
  if (inode->body_kind == NZ_BODY_TEXT)
    hides |= NZ_HIDES_USERS;
  return hides;
}

static void
note_removed(const NzTree *self, const NzNode *node, NzRemoved *removed)
{
  if (!node->inode)
    return;
  guint hides = hides_of(node->inode);
  if (node->layer == self->layer) {
    removed->same_layer = TRUE;
    removed->hid_same |= hides;
  } else {
    removed->hid_lower |= hides;
  }
}

/* Removes what is below NODE; with LOWER_ONLY, what layers below the one at work put there. Depth
 * is bounded by NZ_PATH_MAX. */
void
nz_node_remove_below(NzTree *self, NzNode *node, gboolean lower_only, NzRemoved *removed)
{
  for (NzNode *child = node->first_child, *next; child; child = next) {
    next = child->next;
    nz_node_remove_below(self, child, lower_only, removed);
    gboolean here =
        child->layer >= self->layer || (child->has_owner && child->owner_layer >= self->layer);
    if (child->first_child || (lower_only && here)) {
      child->has_owner &= child->owner_layer >= self->layer;
      continue;
    }
    note_removed(self, child, removed);
    node_detach(self, child);
  }
}

void
nz_node_remove(NzTree *self, NzNode *node, NzRemoved *removed)
{
  nz_node_remove_below(self, node, FALSE, removed);
  note_removed(self, node, removed);
  NzNode *parent = node->parent;
  node_detach(self, node);
  while (parent != self->root && !parent->inode && !parent->first_child && !parent->has_owner) {
    node = parent;
    parent = node->parent;
    node_detach(self, node);
  }
}
