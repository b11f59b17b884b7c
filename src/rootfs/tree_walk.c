/* SPDX-License-Identifier: Apache-2.0 */
/* From a path to the node it leads to, links followed. */
#include "rootfs/tree_private.h"

#include <string.h>

#include "core/limits.h"

/* --- walking a path --- */

void
nz_walk_clear(NzWalk *w)
{
  g_string_free(w->path, TRUE);
}
static void
walk_up(const NzTree *self, NzWalk *w)
{
  if (w->beyond > 0)
    w->beyond--;
  else if (w->node != self->root)
    w->node = w->node->parent;
  const char *slash = strrchr(w->path->str, '/');
  g_string_truncate(w->path, slash ? (gsize)(slash - w->path->str) : 0);
}

void
nz_walk_down(NzWalk *w, NzNode *child, const char *name, gsize len)
{
  if (w->path->len > 0)
    g_string_append_c(w->path, '/');
  g_string_append_len(w->path, name, (gssize)len);
  if (child)
    w->node = child;
  else
    w->beyond++;
}

/* Walks PATH from the root. Stops at a file that is used as a directory, on it. */
NzWalkResult
nz_walk(const NzTree *self, const char *path, gsize path_len, gboolean follow_last, NzWalk *w)
{
  g_autoptr(GString) todo = g_string_new_len(path, (gssize)path_len);
  gsize at = 0;
  guint links = 0;
  g_string_truncate(w->path, 0);
  w->node = self->root;
  w->beyond = 0;
  while (at < todo->len) {
    const char *name = todo->str + at;
    const char *slash = strchrnul(name, '/');
    gsize len = (gsize)(slash - name);
    at += len + (*slash == '/');
    gboolean last = strspn(todo->str + at, "/") == todo->len - at;
    if (len == 0 || (len == 1 && name[0] == '.'))
      continue;
    if (len == 2 && name[0] == '.' && name[1] == '.') {
      walk_up(self, w);
      continue;
    }
    NzNode *child = w->beyond == 0 ? nz_node_find(self, w->node, name, len) : NULL;
    const NzInode *inode = child ? child->inode : NULL;
    if (inode && inode->kind == NZ_ENTRY_SYMLINK && (!last || follow_last)) {
      if (++links > NZ_SYMLINKS_MAX)
        return NZ_WALK_LOOP;
      w->lower_link |= child->layer < self->layer;
      if (inode->target[0] == '/') {
        w->node = self->root;
        w->beyond = 0;
        g_string_truncate(w->path, 0);
      }
      w->link_bytes += strlen(inode->target) + 1;
      g_string_erase(todo, 0, (gssize)at);
      g_string_prepend_c(todo, '/');
      g_string_prepend(todo, inode->target);
      at = 0;
      continue;
    }
    nz_walk_down(w, child, name, len);
    if (w->path->len > NZ_PATH_MAX)
      return NZ_WALK_TOO_LONG;
    if (inode && !last)
      return NZ_WALK_NOT_DIRECTORY;
  }
  return NZ_WALK_OK;
}

/* The node for the last component of a walk's parent, with the directories above it. */
NzNode *
nz_node_make(NzTree *self, NzWalk *w, const char *base, gsize base_len, GError **error)
{
  /* The last w->beyond components of w->path are not kept yet. */
  const char *p = w->path->str + w->path->len;
  for (guint i = 0; i < w->beyond; i++) {
    do
      p--;
    while (p > w->path->str && p[-1] != '/');
    if (i + 1 < w->beyond)
      p--;
  }
  NzNode *node = w->node;
  while (w->beyond > 0) {
    const char *slash = strchrnul(p, '/');
    node = nz_node_add(self, node, p, (gsize)(slash - p), error);
    if (!node)
      return NULL;
    w->node = node;
    w->beyond--;
    p = slash + 1;
  }
  return nz_node_add(self, node, base, base_len, error);
}
