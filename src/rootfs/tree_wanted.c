/* SPDX-License-Identifier: Apache-2.0 */
/* What a tree that is loaded holds for others, and what it lacks. */
#include "rootfs/tree_save.h"

#include <string.h>

#include "rootfs/tree_private.h"

/* Files are asked for by the path in their entry. What lies behind links may have been named by it
 * as well. */
static gboolean
lacks_one(const NzTree *tree, const NzWanted *wanted, const char *path)
{
  g_auto(NzWalk) w = {.path = g_string_new(NULL)};
  if (nz_walk(tree, path, strlen(path), FALSE, &w) != NZ_WALK_OK)
    return FALSE;
  if (w.beyond == 0)
    return w.node->inode && w.node->inode->kind == NZ_ENTRY_FILE &&
           nz_wanted_misses(wanted, path, strlen(path), w.node->inode->body_kind);
  guint layer;
  NzNameKind kind;
  if (!nz_names_find(tree->names, w.path->str, w.path->len, &layer, &kind))
    return nz_names_full(tree->names);
  return kind == NZ_NAME_FILE || kind == NZ_NAME_PROGRAM;
}

gboolean
nz_tree_lacks(const NzTree *self, const NzWanted *wanted)
{
  const GPtrArray *lists[] = {wanted->users, wanted->extra};
  for (guint l = 0; l < G_N_ELEMENTS(lists); l++)
    for (guint i = 0; i < lists[l]->len; i++)
      if (lacks_one(self, wanted, lists[l]->pdata[i]))
        return TRUE;
  return FALSE;
}

/* NODE's file, at PATH, has no content any more. */
static void
forget_content(NzTree *self, NzNode *node, const char *path)
{
  NzRemoved removed = {0};
  NzInode *inode = node->inode;
  if (inode->refs > 1 && !inode->origin)
    inode->origin = g_strdup(path);
  if (inode->refs > 1 || (inode->mode & NZ_MODE_SETID) ||
      nz_capability_is_there(&inode->capability))
    return;
  if (!nz_program_is_notable(inode->mode, inode->uid) || !nz_node_note(self, node))
    nz_node_remove(self, node, &removed);
}

static void
forget_one(NzTree *self, const char *path, const NzWanted *own)
{
  g_auto(NzWalk) w = {.path = g_string_new(NULL)};
  if (nz_walk(self, path, strlen(path), FALSE, &w) != NZ_WALK_OK || w.beyond > 0)
    return;
  NzInode *inode = w.node->inode;
  if (!inode || inode->kind != NZ_ENTRY_FILE || inode->body_kind == NZ_BODY_NONE)
    return;
  GBytes *body = inode->body;
  NzBodyKind kind = nz_capture_narrow(path, strlen(path), inode->body_kind, &body, own);
  if (kind == NZ_BODY_NONE) { /* or by the name that it has through links */
    body = inode->body;
    kind = nz_capture_narrow(w.path->str, w.path->len, inode->body_kind, &body, own);
  }
  inode->body_kind = kind;
  if (!body)
    g_clear_pointer(&inode->body, g_bytes_unref);
  if (kind == NZ_BODY_NONE)
    forget_content(self, w.node, w.path->str);
}

void
nz_tree_forget(NzTree *self, const NzWanted *others, const NzWanted *own)
{
  const GPtrArray *lists[] = {others->users, others->extra};
  for (guint l = 0; l < G_N_ELEMENTS(lists); l++)
    for (guint i = 0; i < lists[l]->len; i++)
      forget_one(self, lists[l]->pdata[i], own);
}
