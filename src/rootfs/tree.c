/* SPDX-License-Identifier: Apache-2.0 */
/* Applying entries. */
#include "rootfs/tree_private.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"

/* --- what a removal hides --- */

/* Remembers what a removal took from lower layers: an overlay may show it again when a directory
 * comes where a whiteout or a file of the same layer was. */
static void
settle(NzTree *self, const NzRemoved *removed)
{
  self->layer_hid |= removed->hid_lower;
  self->ever_hid |= removed->hid_lower;
}

/* The same of what an entry brings. */
static guint
entry_hides(const NzEntry *e)
{
  gboolean file = e->kind == NZ_ENTRY_FILE || e->kind == NZ_ENTRY_HARDLINK;
  return (file && nz_mode_is_setuid_root(e->mode, e->uid) ? NZ_HIDES_SETUID_ROOT : 0) |
         (e->body_kind == NZ_BODY_TEXT ? NZ_HIDES_USERS : 0);
}

static void
note_ambiguity(NzTree *self, NzAmbiguousKind kind, const char *path, guint hides)
{
  self->n_ambiguities++;
  self->hides |= hides;
  if (self->ambiguities->len >= NZ_AMBIGUITIES_MAX)
    return;
  NzAmbiguity *a = g_new0(NzAmbiguity, 1);
  *a = (NzAmbiguity){kind, g_strdup(path), self->layer, hides};
  g_ptr_array_add(self->ambiguities, a);
}

/* --- the directory of an entry --- */

/* Walks to the directory that will hold BASE. A file on the way gives place to a directory, as it
 * does where each layer is unpacked apart (overlay2). */
static gboolean
walk_to_parent(NzTree *self, const NzEntry *e, gsize parent_len, NzWalk *w, GError **error)
{
  for (;;) {
    w->node = self->root;
    switch (nz_walk(self, e->path, parent_len, TRUE, w)) {
    case NZ_WALK_OK:
      /* The last component of a parent that is a file: the walk ends on it. */
      if (w->beyond > 0 || !w->node->inode)
        return TRUE;
      break;
    case NZ_WALK_NOT_DIRECTORY:
      break;
    case NZ_WALK_TOO_LONG: {
      g_autofree char *name = nz_printable(e->path, (gssize)e->path_len);
      g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "/%s leads deeper than %u bytes", name,
                  NZ_PATH_MAX);
      return FALSE;
    }
    case NZ_WALK_LOOP: {
      g_autofree char *name = nz_printable(e->path, (gssize)e->path_len);
      return nz_set_input(error, "a loop of symbolic links above /%s", name);
    }
    }
    NzRemoved removed = {0};
    g_autofree char *file = g_strdup(w->path->str);
    nz_node_remove(self, w->node, &removed);
    settle(self, &removed);
    note_ambiguity(self, NZ_AMBIGUOUS_PARENT_FILE, file, nz_removed_all(&removed));
  }
}

/* --- entries --- */

/* Whatever else it is, a file like this is kept. */
static gboolean
is_kept(const NzEntry *e)
{
  return e->kind != NZ_ENTRY_FILE || (e->mode & NZ_MODE_SETID) ||
         nz_capability_is_there(&e->capability) || e->body_kind != NZ_BODY_NONE;
}

static NzNameKind
name_kind(const NzEntry *e)
{
  if (e->kind == NZ_ENTRY_DIRECTORY)
    return NZ_NAME_DIRECTORY;
  return e->kind == NZ_ENTRY_FILE && (e->mode & 0001) ? NZ_NAME_PROGRAM : NZ_NAME_FILE;
}

/* Remembers that what lower layers had below PATH is gone, whatever comes there later. */
static void
note_emptied(NzTree *self, const char *path)
{
  g_autofree char *marker = g_strconcat(path, NZ_EMPTIED, NULL);
  guint layer;
  NzNameKind kind;
  nz_names_note(self->names, marker, strlen(marker), self->layer, NZ_NAME_WHITEOUT, &layer, &kind);
}

static gboolean
apply_opaque(NzTree *self, NzWalk *w)
{
  note_emptied(self, w->path->str);
  NzRemoved removed = {0};
  /* Once a layer is enough: nothing lower comes back below NODE. */
  if (w->beyond == 0 && w->node->opaque_layer != self->layer + 1) {
    nz_node_remove_below(self, w->node, TRUE, &removed);
    w->node->opaque_layer = self->layer + 1;
  }
  settle(self, &removed);
  if (w->lower_link)
    note_ambiguity(self, NZ_AMBIGUOUS_LOWER_LINK, w->path->str, nz_removed_all(&removed));
  return TRUE;
}

static gboolean
apply_whiteout(NzTree *self, NzWalk *w, const char *name, gsize len, GError **error)
{
  if (len == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
    return nz_set_input(error, "a whiteout that names nothing: .wh.%s", name);
  NzNode *node = w->beyond == 0 ? nz_node_find(self, w->node, name, len) : NULL;
  nz_walk_down(w, NULL, name, len);
  NzRemoved removed = {0};
  if (node)
    nz_node_remove(self, node, &removed);
  settle(self, &removed);
  guint layer;
  NzNameKind kind;
  gboolean known = nz_names_note(self->names, w->path->str, w->path->len, self->layer,
                                 NZ_NAME_WHITEOUT, &layer, &kind);
  gboolean beside = known && layer == self->layer && kind != NZ_NAME_WHITEOUT;
  if (beside || removed.same_layer)
    note_ambiguity(self, NZ_AMBIGUOUS_WHITEOUT, w->path->str, removed.hid_same);
  if (!known || kind == NZ_NAME_DIRECTORY)
    note_emptied(self, w->path->str);
  if (w->lower_link)
    note_ambiguity(self, NZ_AMBIGUOUS_LOWER_LINK, w->path->str, nz_removed_all(&removed));
  return TRUE;
}

/* Finds the inode that a hard link shares, and makes one for a plain file that was not kept. */
static NzInode *
find_link_target(NzTree *self, const NzEntry *e, const char *own_path, GError **error)
{
  g_auto(NzWalk) w = {.path = g_string_new(NULL)};
  const char *slash = strrchr(e->target, '/');
  gsize parent_len = slash ? (gsize)(slash - e->target) : 0;
  const char *base = slash ? slash + 1 : e->target;
  gsize base_len = strlen(base);
  g_autofree char *shown = nz_printable(e->target, -1);
  if (nz_walk(self, e->target, parent_len, TRUE, &w) != NZ_WALK_OK ||
      (w.beyond == 0 && w.node->inode) || base_len == 0) {
    nz_set_input(error, "a hard link to /%s, whose directory is none", shown);
    return NULL;
  }
  NzNode *node = w.beyond == 0 ? nz_node_find(self, w.node, base, base_len) : NULL;
  g_autofree char *path =
      w.path->len > 0 ? g_strconcat(w.path->str, "/", base, NULL) : g_strdup(base);
  if (strcmp(path, own_path) == 0) {
    nz_set_input(error, "a hard link to itself: /%s", shown);
    return NULL;
  }
  if (g_str_has_prefix(own_path, path) && own_path[strlen(path)] == '/') {
    nz_set_input(error, "a hard link to /%s, which is the directory that it lies in", shown);
    return NULL;
  }
  if (node && node->inode)
    return nz_inode_ref(node->inode);

  guint layer = self->layer;
  NzNameKind kind = NZ_NAME_FILE;
  gboolean known = nz_names_find(self->names, path, strlen(path), &layer, &kind);
  if (node || (known && kind == NZ_NAME_DIRECTORY)) {
    nz_set_input(error, "a hard link to /%s, which is a directory", shown);
    return NULL;
  }
  if ((!known && !nz_names_full(self->names)) || (known && kind == NZ_NAME_WHITEOUT)) {
    nz_set_input(error, "a hard link to /%s, which no layer holds", shown);
    return NULL;
  }
  node = nz_node_make(self, &w, base, base_len, error);
  if (!node)
    return NULL;
  node->layer = layer;
  NzEntry plain = {.kind = NZ_ENTRY_FILE};
  node->inode = nz_inode_new(&plain, layer);
  node->inode->origin = g_steal_pointer(&path);
  return nz_inode_ref(node->inode);
}

/* A link's header speaks for the inode, because unpackers chown and chmod by it. A chown takes the
 * capabilities too; Podman leaves it out when the owner stays the same. */
static void
apply_link_header(NzTree *self, NzInode *inode, const NzEntry *e, const char *path)
{
  gboolean same_owner = inode->uid == e->uid && inode->gid == e->gid;
  gboolean drops =
      nz_capability_is_there(&inode->capability) && !nz_capability_is_there(&e->capability);
  inode->uid = e->uid;
  inode->gid = e->gid;
  inode->layer = self->layer;
  if (inode->kind == NZ_ENTRY_SYMLINK)
    return;
  inode->mode = e->mode;
  inode->capability = e->capability;
  if (drops && same_owner)
    note_ambiguity(self, NZ_AMBIGUOUS_CAPABILITY, path, 0);
}

static NzInode *
inode_for(NzTree *self, const NzEntry *e, const char *path, GError **error)
{
  if (e->kind != NZ_ENTRY_HARDLINK) {
    self->bytes += (e->target ? strlen(e->target) : 0) + (e->body ? g_bytes_get_size(e->body) : 0);
    return nz_inode_new(e, self->layer);
  }
  NzInode *inode = find_link_target(self, e, path, error);
  if (inode)
    apply_link_header(self, inode, e, path);
  return inode;
}

/* What was at PATH goes, unless a directory meets a directory. */
static void
make_room(NzTree *self, const NzEntry *e, NzNode *node, const char *path, gboolean lower_link)
{
  NzRemoved removed = {0};
  gboolean is_directory = e->kind == NZ_ENTRY_DIRECTORY;
  if (node && (node->inode || !is_directory))
    nz_node_remove(self, node, &removed);
  settle(self, &removed);

  guint old_layer = 0;
  NzNameKind old_kind = NZ_NAME_FILE;
  gboolean known = nz_names_note(self->names, path, strlen(path), self->layer, name_kind(e),
                                 &old_layer, &old_kind);
  gboolean here = known && old_layer == self->layer;
  gboolean was_file = old_kind == NZ_NAME_FILE || old_kind == NZ_NAME_PROGRAM;
  /* Nobody may have named the directory that a file took the place of: it is told by what comes
   * in its own place. */
  if (known && (is_directory ? was_file && !here : old_kind == NZ_NAME_DIRECTORY))
    note_emptied(self, path);
  guint back = is_directory ? self->layer_hid : 0;
  if (here && old_kind == NZ_NAME_WHITEOUT)
    note_ambiguity(self, NZ_AMBIGUOUS_WHITEOUT, path, back);
  else if ((here && !(is_directory && old_kind == NZ_NAME_DIRECTORY)) || removed.same_layer)
    note_ambiguity(self, NZ_AMBIGUOUS_TWICE, path, removed.hid_same | back);

  /* In another reading the entry is elsewhere, and what comes later may not reach it there. */
  guint moved = nz_removed_all(&removed) | entry_hides(e);
  if (lower_link)
    note_ambiguity(self, NZ_AMBIGUOUS_LOWER_LINK, path, moved);
  if (e->outside)
    note_ambiguity(self, NZ_AMBIGUOUS_OUTSIDE, path, moved);
  if (e->kind == NZ_ENTRY_WHITEOUT_DEVICE)
    note_ambiguity(self, NZ_AMBIGUOUS_DEVICE, path, 0);
  if (e->overlay_attribute)
    note_ambiguity(self, NZ_AMBIGUOUS_OVERLAY, path, NZ_HIDES_SETUID_ROOT | NZ_HIDES_USERS);
}

/* A global PAX header describes nothing, but it has a name, and containerd and Podman remove what
 * is there before they pass it over: a file, or the whiteout that hides one. */
static gboolean
apply_global(NzTree *self, const NzEntry *e, GError **error)
{
  g_auto(NzWalk) w = {.path = g_string_new(NULL)};
  guint layer;
  NzNameKind kind;
  NzWalkResult result = nz_walk(self, e->path, e->path_len, FALSE, &w);
  const char *slash = strrchr(e->path, '/');
  gboolean is_new = result == NZ_WALK_OK && w.beyond > 0 && !w.lower_link &&
                    !g_str_has_prefix(slash ? slash + 1 : e->path, ".wh.") &&
                    !nz_names_find(self->names, w.path->str, w.path->len, &layer, &kind);
  if (!is_new) {
    g_autofree char *name = nz_printable(e->path, (gssize)e->path_len);
    return nz_set_input(error,
                        "a global PAX header by the name of /%s, which some unpackers remove "
                        "for it",
                        name);
  }
  if (nz_names_full(self->names))
    note_ambiguity(self, NZ_AMBIGUOUS_GLOBAL, w.path->str, NZ_HIDES_SETUID_ROOT | NZ_HIDES_USERS);
  return TRUE;
}

/* Walks to the parent of E once more, after nodes on the way came or went. */
static void
walk_again(const NzTree *self, const NzEntry *e, NzWalk *w)
{
  const char *slash = strrchr(e->path, '/');
  nz_walk(self, e->path, slash ? (gsize)(slash - e->path) : 0, TRUE, w);
}

static void
set_owner(const NzTree *self, NzNode *directory, const NzEntry *e)
{
  directory->has_owner = TRUE;
  directory->mode = e->mode;
  directory->uid = e->uid;
  directory->gid = e->gid;
  directory->owner_layer = self->layer;
}

/* NODE is what is kept of the directory, or NULL. */
static gboolean
apply_directory(NzTree *self, const NzEntry *e, NzWalk *w, NzNode *node, const char *base,
                gsize base_len, GError **error)
{
  if (!nz_directory_is_notable(e->mode, e->uid)) {
    if (node)
      node->has_owner = FALSE;
    return TRUE;
  }
  if (!node && self->n_notable >= NZ_NOTABLE_MAX) {
    self->notable_full = TRUE;
    return TRUE;
  }
  if (!node)
    node = nz_node_make(self, w, base, base_len, error);
  if (!node)
    return FALSE;
  nz_node_note(self, node);
  set_owner(self, node, e);
  return TRUE;
}

static gboolean
apply_entry(NzTree *self, const NzEntry *e, NzWalk *w, const char *base, gsize base_len,
            GError **error)
{
  g_autofree char *path =
      w->path->len > 0 ? g_strconcat(w->path->str, "/", base, NULL) : g_strdup(base);
  NzInode *inode = NULL;
  gboolean is_directory = e->kind == NZ_ENTRY_DIRECTORY, kept = is_kept(e);
  gboolean notable = !kept && nz_program_is_notable(e->mode, e->uid);
  if (notable && self->n_notable >= NZ_NOTABLE_MAX) {
    self->notable_full = TRUE;
    notable = FALSE;
  }
  if (!is_directory && (kept || notable)) {
    inode = inode_for(self, e, path, error);
    if (!inode)
      return FALSE;
  }
  if (e->kind == NZ_ENTRY_HARDLINK)
    walk_again(self, e, w); /* looking for the target may have made nodes on the way */
  NzNode *node = w->beyond == 0 ? nz_node_find(self, w->node, base, base_len) : NULL;
  NzNode *directory = is_directory && node && !node->inode ? node : NULL;
  guint n_before = self->n_nodes;
  make_room(self, e, node, path, w->lower_link);
  if (!inode && !is_directory)
    return TRUE;
  if (self->n_nodes < n_before)
    walk_again(self, e, w); /* directories left empty are gone too */
  if (is_directory)
    return apply_directory(self, e, w, directory, base, base_len, error);
  node = nz_node_make(self, w, base, base_len, error);
  if (!node) {
    nz_inode_unref(inode);
    return FALSE;
  }
  node->inode = inode;
  if (notable)
    nz_node_note(self, node);
  return TRUE;
}

/* Counts what following links cost. */
static gboolean
charge_links(NzTree *self, const NzWalk *w, GError **error)
{
  self->link_bytes += w->link_bytes;
  if (self->link_bytes <= NZ_LINK_BYTES_MAX)
    return TRUE;
  g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
              "more than 1 GiB of symbolic link targets on the way of its entries");
  return FALSE;
}

gboolean
nz_tree_apply(NzTree *self, guint layer, const NzEntry *e, GError **error)
{
  if (layer != self->layer) {
    self->layer = layer;
    self->layer_hid = 0;
  }
  if (e->kind == NZ_ENTRY_GLOBAL)
    return apply_global(self, e, error);
  if (e->path_len == 0) {
    if (e->kind == NZ_ENTRY_DIRECTORY) {
      set_owner(self, self->root, e);
      return TRUE;
    }
    return nz_set_input(error, "an entry that replaces the root directory by a file");
  }
  const char *slash = strrchr(e->path, '/');
  const char *base = slash ? slash + 1 : e->path;
  gsize base_len = e->path_len - (gsize)(base - e->path);
  g_auto(NzWalk) w = {.path = g_string_sized_new(e->path_len + 1)};
  if (!walk_to_parent(self, e, slash ? (gsize)(slash - e->path) : 0, &w, error) ||
      !charge_links(self, &w, error))
    return FALSE;
  if (self->whiteouts && g_str_has_prefix(base, ".wh.")) {
    if (strcmp(base, ".wh..wh..opq") == 0)
      return apply_opaque(self, &w);
    if (g_str_has_prefix(base, ".wh..wh."))
      return TRUE;
    return apply_whiteout(self, &w, base + 4, base_len - 4, error);
  }
  return apply_entry(self, e, &w, base, base_len, error);
}

void
nz_tree_finish(NzTree *self)
{
  if (nz_names_full(self->names) && self->ever_hid)
    note_ambiguity(self, NZ_AMBIGUOUS_CROWDED, "", self->ever_hid);
}
