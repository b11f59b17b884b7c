/* SPDX-License-Identifier: Apache-2.0 */
/* Packed form of a tree; numbers are LEB128:
 *   version, the tree's own fields, inodes, nodes, names, ambiguities.
 * A node is written before those below it, and the children of a node from the last to the first,
 * so that adding them again gives the same order. What is read back is checked as if it came from
 * anybody: a cache file can be damaged. */
#include "rootfs/tree_save.h"

#include <string.h>

#include "core/limits.h"
#include "core/pack.h"
#include "rootfs/tree_private.h"

/* To be raised with every change of what a tree keeps or of how it is packed. */
#define VERSION 3

enum { END = 0, NODE = 1 }; /* before each child, and after the last */

/* --- saving --- */

typedef struct {
  const NzTree *tree;
  GByteArray *out;
  GHashTable *inodes; /* NzInode -> its number, from 1 */
  GPtrArray *order;
} Saver;

static void
collect_inodes(Saver *self, const NzNode *node)
{
  if (node->inode && !g_hash_table_contains(self->inodes, node->inode)) {
    g_ptr_array_add(self->order, node->inode);
    g_hash_table_insert(self->inodes, node->inode, GUINT_TO_POINTER(self->order->len));
  }
  for (const NzNode *child = node->first_child; child; child = child->next)
    collect_inodes(self, child);
}

static void
save_text(GByteArray *out, const char *text)
{
  nz_pack_number(out, text != NULL);
  if (text)
    nz_pack_bytes(out, text, strlen(text));
}

static void
save_inode(GByteArray *out, const NzInode *inode)
{
  nz_pack_number(out, inode->kind);
  nz_pack_number(out, inode->mode);
  nz_pack_number(out, inode->uid);
  nz_pack_number(out, inode->gid);
  nz_pack_number(out, inode->layer);
  nz_pack_bytes(out, &inode->capability,
                nz_capability_is_there(&inode->capability) ? sizeof inode->capability : 0);
  save_text(out, inode->target);
  save_text(out, inode->origin);
  nz_pack_number(out, inode->body_kind);
  nz_pack_number(out, inode->body != NULL);
  if (inode->body) {
    gsize len;
    const void *data = g_bytes_get_data(inode->body, &len);
    nz_pack_bytes(out, data, len);
  }
}

static void
save_node(Saver *self, const NzNode *node)
{
  GByteArray *out = self->out;
  nz_pack_number(out, node->layer);
  nz_pack_number(out, node->opaque_layer);
  nz_pack_number(out, GPOINTER_TO_UINT(g_hash_table_lookup(self->inodes, node->inode)));
  nz_pack_number(out, node->has_owner | node->notable << 1);
  if (node->has_owner) {
    nz_pack_number(out, node->mode);
    nz_pack_number(out, node->uid);
    nz_pack_number(out, node->gid);
    nz_pack_number(out, node->owner_layer);
  }
  const NzNode *child = node->first_child;
  while (child && child->next)
    child = child->next;
  for (; child; child = child->prev) {
    nz_pack_number(out, NODE);
    nz_pack_bytes(out, child->name, child->len);
    save_node(self, child);
  }
  nz_pack_number(out, END);
}

static void
save_fields(const NzTree *tree, GByteArray *out)
{
  nz_pack_number(out, VERSION);
  nz_pack_number(out, tree->whiteouts);
  nz_pack_number(out, tree->layer);
  nz_pack_number(out, tree->layer_hid);
  nz_pack_number(out, tree->ever_hid);
  nz_pack_number(out, tree->n_ambiguities);
  nz_pack_number(out, tree->hides);
  nz_pack_number(out, tree->bytes);
  nz_pack_number(out, tree->link_bytes);
  nz_pack_number(out, tree->notable_full);
}

static void
save_ambiguities(const NzTree *tree, GByteArray *out)
{
  nz_pack_number(out, tree->ambiguities->len);
  for (guint i = 0; i < tree->ambiguities->len; i++) {
    const NzAmbiguity *a = tree->ambiguities->pdata[i];
    nz_pack_number(out, a->kind);
    nz_pack_bytes(out, a->path, strlen(a->path));
    nz_pack_number(out, a->layer);
    nz_pack_number(out, a->hides);
  }
}

void
nz_tree_save(const NzTree *tree, GByteArray *out)
{
  g_autoptr(GHashTable) inodes = g_hash_table_new(NULL, NULL);
  g_autoptr(GPtrArray) order = g_ptr_array_new();
  Saver self = {tree, out, inodes, order};
  save_fields(tree, self.out);
  collect_inodes(&self, tree->root);
  nz_pack_number(self.out, order->len);
  for (guint i = 0; i < order->len; i++)
    save_inode(self.out, order->pdata[i]);
  save_node(&self, tree->root);
  nz_names_save(tree->names, self.out);
  save_ambiguities(tree, self.out);
}

gboolean
nz_tree_is_large(const NzTree *tree, gsize max)
{
  return tree->bytes + nz_names_saved_size(tree->names) > max;
}

/* --- loading --- */

typedef struct {
  NzTree *tree;
  NzUnpack in;
  gsize bytes; /* of all that was ever kept, which is what the limit is for */
  NzInode **inodes;
  gsize n_inodes;
} Loader;

static char *
load_text(NzUnpack *in)
{
  return nz_unpack_number(in, 1) ? nz_unpack_string(in) : NULL;
}

/* The same in memory of the tree's. */
static char *
load_target(Loader *self)
{
  NzUnpack *in = &self->in;
  if (!nz_unpack_number(in, 1))
    return NULL;
  gsize len;
  const guint8 *text = nz_unpack_bytes(in, &len);
  char *target = nz_tree_alloc(self->tree, len + 1);
  memcpy(target, text, len);
  if (memchr(target, '\0', len))
    in->broken = TRUE;
  return target;
}

static NzInode *
load_inode(Loader *self)
{
  NzUnpack *in = &self->in;
  NzInode *inode = nz_tree_alloc(self->tree, sizeof *inode);
  gsize len;
  inode->refs = 1;
  inode->pooled = TRUE;
  inode->kind = (NzEntryKind)nz_unpack_number(in, NZ_ENTRY_WHITEOUT_DEVICE);
  inode->mode = (guint16)nz_unpack_number(in, 07777);
  inode->uid = (guint32)nz_unpack_number(in, G_MAXUINT32);
  inode->gid = (guint32)nz_unpack_number(in, G_MAXUINT32);
  inode->layer = (guint)nz_unpack_number(in, NZ_LAYERS_MAX);
  const guint8 *capability = nz_unpack_bytes(in, &len);
  if (len == sizeof inode->capability)
    memcpy(&inode->capability, capability, len);
  else if (len != 0)
    in->broken = TRUE;
  inode->target = load_target(self);
  inode->origin = load_text(in);
  inode->body_kind = (NzBodyKind)nz_unpack_number(in, NZ_BODY_EXTRA);
  if (nz_unpack_number(in, 1)) {
    const guint8 *body = nz_unpack_bytes(in, &len);
    inode->body = g_bytes_new(body, len);
  }
  if (inode->kind == NZ_ENTRY_DIRECTORY || inode->kind == NZ_ENTRY_HARDLINK ||
      inode->kind == NZ_ENTRY_GLOBAL ||
      (inode->kind == NZ_ENTRY_SYMLINK) != (inode->target != NULL) ||
      !nz_body_kind_fits(inode->body_kind, inode->body != NULL))
    in->broken = TRUE;
  return inode;
}

static void
load_inodes(Loader *self)
{
  /* Each takes more than ten bytes. */
  self->n_inodes = (gsize)nz_unpack_number(&self->in, self->in.len / 10);
  self->inodes = g_new0(NzInode *, self->n_inodes + 1);
  for (gsize i = 0; i < self->n_inodes && !self->in.broken; i++)
    self->inodes[i] = load_inode(self);
}

static void
load_attributes(Loader *self, NzNode *node)
{
  NzUnpack *in = &self->in;
  node->layer = (guint)nz_unpack_number(in, NZ_LAYERS_MAX);
  node->opaque_layer = (guint)nz_unpack_number(in, NZ_LAYERS_MAX);
  gsize inode = (gsize)nz_unpack_number(in, self->n_inodes);
  if (inode > 0)
    node->inode = nz_inode_ref(self->inodes[inode - 1]);
  guint flags = (guint)nz_unpack_number(in, 3);
  node->has_owner = (flags & 1) != 0;
  node->notable = (flags & 2) != 0;
  self->tree->n_notable += node->notable;
  if (!node->has_owner)
    return;
  node->mode = (guint16)nz_unpack_number(in, 07777);
  node->uid = (guint32)nz_unpack_number(in, G_MAXUINT32);
  node->gid = (guint32)nz_unpack_number(in, G_MAXUINT32);
  node->owner_layer = (guint)nz_unpack_number(in, NZ_LAYERS_MAX);
}

static gboolean
is_node_name(const guint8 *name, gsize len)
{
  return len > 0 && len <= NZ_PATH_MAX && !memchr(name, '/', len) &&
         nz_path_is_clean((const char *)name, len);
}

/* PATH_LEN: of NODE's path, and a slash. */
static void
load_node(Loader *self, NzNode *node, gsize path_len)
{
  NzUnpack *in = &self->in;
  load_attributes(self, node);
  while (nz_unpack_number(in, NODE) == NODE) {
    gsize len;
    const guint8 *name = nz_unpack_bytes(in, &len);
    NzNode *child = NULL;
    if (is_node_name(name, len) && path_len + len <= NZ_PATH_MAX && !node->inode &&
        !nz_node_find(self->tree, node, (const char *)name, len))
      child = nz_node_add(self->tree, node, (const char *)name, len, NULL);
    if (!child) {
      in->broken = TRUE;
      return;
    }
    load_node(self, child, path_len + len + 1);
  }
}

static void
load_fields(Loader *self)
{
  NzTree *tree = self->tree;
  NzUnpack *in = &self->in;
  if (nz_unpack_number(in, G_MAXUINT64) != VERSION)
    in->broken = TRUE;
  tree->whiteouts = (gboolean)nz_unpack_number(in, 1);
  tree->layer = (guint)nz_unpack_number(in, NZ_LAYERS_MAX);
  tree->layer_hid = (guint)nz_unpack_number(in, NZ_HIDES_SETUID_ROOT | NZ_HIDES_USERS);
  tree->ever_hid = (guint)nz_unpack_number(in, NZ_HIDES_SETUID_ROOT | NZ_HIDES_USERS);
  tree->n_ambiguities = (guint)nz_unpack_number(in, G_MAXUINT);
  tree->hides = (guint)nz_unpack_number(in, NZ_HIDES_SETUID_ROOT | NZ_HIDES_USERS);
  self->bytes = (gsize)nz_unpack_number(in, NZ_TREE_BYTES_MAX);
  tree->link_bytes = nz_unpack_number(in, NZ_LINK_BYTES_MAX);
  tree->notable_full = (gboolean)nz_unpack_number(in, 1);
}

static void
load_ambiguities(Loader *self)
{
  NzUnpack *in = &self->in;
  guint n = (guint)nz_unpack_number(in, NZ_AMBIGUITIES_MAX);
  for (guint i = 0; i < n && !in->broken; i++) {
    NzAmbiguity *a = g_new0(NzAmbiguity, 1);
    a->kind = (NzAmbiguousKind)nz_unpack_number(in, NZ_AMBIGUOUS_N_KINDS - 1);
    a->path = nz_unpack_string(in);
    a->layer = (guint)nz_unpack_number(in, NZ_LAYERS_MAX);
    a->hides = (guint)nz_unpack_number(in, NZ_HIDES_SETUID_ROOT | NZ_HIDES_USERS);
    g_ptr_array_add(self->tree->ambiguities, a);
  }
}

NzTree *
nz_tree_load(const void *data, gsize len)
{
  g_autoptr(NzTree) tree = nz_tree_new(TRUE);
  Loader self = {.tree = tree, .in = {.data = data, .len = len}};
  load_fields(&self);
  load_inodes(&self);
  tree->pooling = TRUE;
  if (!self.in.broken)
    load_node(&self, tree->root, 0);
  tree->pooling = FALSE;
  tree->bytes = self.bytes;
  if (tree->root->inode)
    self.in.broken = TRUE;
  g_clear_pointer(&tree->root->inode, nz_inode_unref);
  if (!self.in.broken && !nz_names_load(tree->names, &self.in))
    self.in.broken = TRUE;
  load_ambiguities(&self);
  for (gsize i = 0; i < self.n_inodes; i++)
    nz_inode_unref(self.inodes[i]);
  g_free(self.inodes);
  gboolean ok = nz_unpack_is_done(&self.in) && tree->n_notable <= NZ_NOTABLE_MAX &&
                tree->n_ambiguities >= tree->ambiguities->len;
  return ok ? g_steal_pointer(&tree) : NULL;
}
