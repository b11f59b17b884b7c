/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the finished tree. */
#include "rootfs/tree_private.h"

#include <string.h>

/* --- questions --- */

NzLookup
nz_tree_lookup(const NzTree *self, const char *path, GString *canonical, const NzInode **inode)
{
  g_auto(NzWalk) w = {.path = g_string_new(NULL)};
  NzWalkResult result = nz_walk(self, path, strlen(path), TRUE, &w);
  g_string_assign(canonical, w.path->str);
  if (result == NZ_WALK_LOOP)
    return NZ_LOOKUP_LOOP;
  if (result == NZ_WALK_NOT_DIRECTORY || result == NZ_WALK_TOO_LONG)
    return NZ_LOOKUP_ABSENT;
  if (w.beyond == 0) {
    *inode = w.node->inode;
    return w.node->inode ? NZ_LOOKUP_FOUND : NZ_LOOKUP_DIRECTORY;
  }
  guint layer;
  NzNameKind kind;
  if (!nz_names_find(self->names, w.path->str, w.path->len, &layer, &kind))
    return nz_names_full(self->names) ? NZ_LOOKUP_UNKEPT : NZ_LOOKUP_ABSENT;
  if (kind == NZ_NAME_WHITEOUT)
    return NZ_LOOKUP_ABSENT;
  return kind == NZ_NAME_DIRECTORY ? NZ_LOOKUP_DIRECTORY : NZ_LOOKUP_UNKEPT;
}

/* TRUE when a later layer emptied a directory above PATH, which LAYER held, or put a file there. */
static gboolean
is_emptied(const NzTree *self, const GString *path, guint layer)
{
  g_autoptr(GString) above = g_string_new_len(path->str, (gssize)path->len);
  do {
    const char *slash = strrchr(above->str, '/');
    g_string_truncate(above, slash ? (gsize)(slash - above->str) : 0);
    gsize n = above->len;
    guint emptied, replaced;
    NzNameKind kind;
    if (nz_names_find(self->names, above->str, n, &replaced, &kind) && replaced > layer &&
        (kind == NZ_NAME_FILE || kind == NZ_NAME_PROGRAM))
      return TRUE;
    g_string_append(above, NZ_EMPTIED);
    if (nz_names_find(self->names, above->str, above->len, &emptied, &kind) && emptied > layer)
      return TRUE;
    g_string_truncate(above, n);
  } while (above->len > 0);
  return FALSE;
}

static void
stat_by_name(const NzTree *self, const GString *path, NzStat *out)
{
  guint layer;
  NzNameKind kind;
  if (nz_names_full(self->names)) {
    out->kind = NZ_STAT_UNKNOWN;
    return;
  }
  if (!nz_names_find(self->names, path->str, path->len, &layer, &kind) ||
      is_emptied(self, path, layer))
    return;
  static const NzStat by_kind[] = {
      [NZ_NAME_FILE] = {.kind = NZ_STAT_FILE, .mode = 0644},
      [NZ_NAME_DIRECTORY] = {.kind = NZ_STAT_DIRECTORY, .mode = 0755},
      [NZ_NAME_WHITEOUT] = {.kind = NZ_STAT_ABSENT},
      [NZ_NAME_PROGRAM] = {.kind = NZ_STAT_FILE, .mode = 0755},
  };
  *out = by_kind[kind];
  if (self->notable_full && out->kind != NZ_STAT_ABSENT)
    out->kind = NZ_STAT_UNKNOWN;
}

static void
stat_directory(const NzNode *node, NzStat *out)
{
  *out = (NzStat){.kind = NZ_STAT_DIRECTORY, .mode = 0755};
  if (!node->has_owner)
    return;
  out->exact = TRUE;
  out->mode = node->mode;
  out->uid = node->uid;
  out->gid = node->gid;
  out->layer = node->owner_layer;
}

void
nz_tree_stat(const NzTree *self, const char *path, GString *canonical, NzStat *out)
{
  g_auto(NzWalk) w = {.path = g_string_new(NULL)};
  *out = (NzStat){0};
  NzWalkResult result = nz_walk(self, path, strlen(path), TRUE, &w);
  g_string_assign(canonical, w.path->str);
  if (result != NZ_WALK_OK)
    return;
  const NzInode *inode = w.node->inode;
  if (w.beyond > 0) {
    stat_by_name(self, w.path, out);
  } else if (!inode) {
    stat_directory(w.node, out);
  } else {
    *out = (NzStat){.kind = inode->kind == NZ_ENTRY_FILE ? NZ_STAT_FILE : NZ_STAT_OTHER,
                    .exact = TRUE,
                    .mode = inode->mode,
                    .uid = inode->uid,
                    .gid = inode->gid,
                    .layer = inode->layer,
                    .inode = inode};
  }
}

gboolean
nz_tree_can_reach(const NzTree *self, const char *path, const NzCredentials *who)
{
  g_auto(NzWalk) w = {.path = g_string_new(NULL)};
  const char *slash = strrchr(path, '/');
  nz_walk(self, path, slash ? (gsize)(slash - path) : 0, TRUE, &w);
  for (const NzNode *node = w.node; node; node = node->parent)
    if (node->has_owner &&
        !nz_credentials_may(who, NZ_MAY_EXECUTE, node->mode, node->uid, node->gid, TRUE))
      return FALSE;
  return TRUE;
}

void
nz_tree_list(const NzTree *self, const char *directory, NzTreeFunc func, gpointer user_data)
{
  g_auto(NzWalk) w = {.path = g_string_new(NULL)};
  if (nz_walk(self, directory, strlen(directory), TRUE, &w) != NZ_WALK_OK || w.beyond > 0)
    return;
  g_autoptr(GString) path = g_string_new(w.path->str);
  if (path->len > 0)
    g_string_append_c(path, '/');
  gsize n = path->len;
  for (const NzNode *node = w.node->first_child; node; node = node->next) {
    if (!node->inode)
      continue;
    g_string_truncate(path, n);
    g_string_append_len(path, node->name, (gssize)node->len);
    func(path->str, node->inode, user_data);
  }
}

/* Not by the table of nodes: in the order in which they were added, most lie side by side. Depth is
 * bounded by NZ_PATH_MAX. */
static void
foreach_below(const NzNode *parent, GString *path, NzTreeFunc func, gpointer user_data)
{
  gsize n = path->len;
  for (const NzNode *node = parent->first_child; node; node = node->next) {
    gboolean is_file = node->inode && node->inode->kind == NZ_ENTRY_FILE;
    if (!is_file && !node->first_child)
      continue;
    g_string_append_len(path, node->name, (gssize)node->len);
    if (is_file)
      func(path->str, node->inode, user_data);
    if (node->first_child) {
      g_string_append_c(path, '/');
      foreach_below(node, path, func, user_data);
    }
    g_string_truncate(path, n);
  }
}

void
nz_tree_foreach(const NzTree *self, NzTreeFunc func, gpointer user_data)
{
  g_autoptr(GString) path = g_string_new(NULL);
  foreach_below(self->root, path, func, user_data);
}

const GPtrArray *
nz_tree_ambiguities(const NzTree *self, guint *total, guint *hides)
{
  *total = self->n_ambiguities;
  *hides = self->hides;
  return self->ambiguities;
}

gsize
nz_tree_count(const NzTree *self)
{
  return nz_names_count(self->names);
}

gboolean
nz_tree_is_crowded(const NzTree *self)
{
  return nz_names_full(self->names);
}

gboolean
nz_tree_is_notable_full(const NzTree *self)
{
  return self->notable_full;
}
