/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/tree.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "rootfs/names.h"

typedef struct Node Node;
struct Node {
  Node *parent, *first_child, *next, *prev;
  NzInode *inode; /* NULL: a directory */
  guint id, layer;
  guint opaque_layer; /* 1 + the last layer that emptied it of lower ones; 0: none */
  guint len;
  const char *name; /* in the same allocation */
};

struct NzTree {
  Node *root;
  GHashTable *nodes; /* all but the root, by (parent, name) */
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
};

/* --- inodes and nodes --- */

static NzInode *
inode_ref(NzInode *self)
{
  self->refs++;
  return self;
}

static void
inode_unref(NzInode *self)
{
  if (!self || --self->refs > 0)
    return;
  g_free(self->target);
  g_free(self->origin);
  g_clear_pointer(&self->body, g_bytes_unref);
  g_free(self);
}

static NzInode *
inode_new(const NzEntry *e, guint layer)
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
node_hash(gconstpointer key)
{
  const Node *n = key;
  return (guint)nz_hash64(n->name, n->len) ^ n->parent->id * 2654435761u;
}

static gboolean
node_equal(gconstpointer a, gconstpointer b)
{
  const Node *x = a, *y = b;
  return x->parent == y->parent && x->len == y->len && memcmp(x->name, y->name, x->len) == 0;
}

static Node *
node_find(const NzTree *self, Node *parent, const char *name, gsize len)
{
  Node key = {.parent = parent, .name = name, .len = (guint)len};
  return g_hash_table_lookup(self->nodes, &key);
}

static Node *
node_add(NzTree *self, Node *parent, const char *name, gsize len, GError **error)
{
  self->bytes += len;
  if (g_hash_table_size(self->nodes) >= NZ_NODES_MAX || self->bytes > NZ_TREE_BYTES_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
                "more than %u links, devices and privileged files, or than %u MiB of their names, "
                "targets and passwd contents",
                NZ_NODES_MAX, (guint)(NZ_TREE_BYTES_MAX >> 20));
    return NULL;
  }
  Node *node = g_malloc0(sizeof(Node) + len + 1);
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
  g_hash_table_add(self->nodes, node);
  return node;
}

static void
node_free(Node *node)
{
  inode_unref(node->inode);
  g_free(node);
}

static void
node_detach(NzTree *self, Node *node)
{
  g_hash_table_remove(self->nodes, node);
  if (node->prev)
    node->prev->next = node->next;
  else
    node->parent->first_child = node->next;
  if (node->next)
    node->next->prev = node->prev;
  node_free(node);
}

NzTree *
nz_tree_new(gboolean whiteouts)
{
  NzTree *self = g_new0(NzTree, 1);
  self->root = g_new0(Node, 1);
  self->root->name = "";
  self->nodes = g_hash_table_new(node_hash, node_equal);
  self->whiteouts = whiteouts;
  self->names = nz_names_new();
  self->ambiguities = g_ptr_array_new();
  return self;
}

static void
ambiguity_free(NzAmbiguity *self)
{
  g_free(self->path);
  g_free(self);
}

void
nz_tree_free(NzTree *self)
{
  if (!self)
    return;
  GHashTableIter iter;
  gpointer node;
  g_hash_table_iter_init(&iter, self->nodes);
  while (g_hash_table_iter_next(&iter, &node, NULL))
    node_free(node);
  g_hash_table_unref(self->nodes);
  g_free(self->root);
  nz_names_free(self->names);
  g_ptr_array_set_free_func(self->ambiguities, (GDestroyNotify)ambiguity_free);
  g_ptr_array_unref(self->ambiguities);
  g_free(self);
}

/* --- removal --- */

typedef struct {
  gboolean same_layer; /* something of the layer at work was removed */
  guint hid_same;      /* NZ_HIDES_* of that */
  guint hid_lower;     /* of what lower layers had put there */
} Removed;

static guint
hid_all(const Removed *removed)
{
  return removed->hid_same | removed->hid_lower;
}

/* Remembers what a removal took from lower layers: an overlay may show it again when a directory
 * comes where a whiteout or a file of the same layer was. */
static void
settle(NzTree *self, const Removed *removed)
{
  self->layer_hid |= removed->hid_lower;
  self->ever_hid |= removed->hid_lower;
}

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

/* The same of what an entry brings. */
static guint
entry_hides(const NzEntry *e)
{
  gboolean file = e->kind == NZ_ENTRY_FILE || e->kind == NZ_ENTRY_HARDLINK;
  return (file && nz_mode_is_setuid_root(e->mode, e->uid) ? NZ_HIDES_SETUID_ROOT : 0) |
         (e->body_kind == NZ_BODY_TEXT ? NZ_HIDES_USERS : 0);
}

static void
note_removed(const NzTree *self, const Node *node, Removed *removed)
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
static void
remove_below(NzTree *self, Node *node, gboolean lower_only, Removed *removed)
{
  for (Node *child = node->first_child, *next; child; child = next) {
    next = child->next;
    remove_below(self, child, lower_only, removed);
    gboolean keep = child->first_child || (lower_only && child->layer >= self->layer);
    if (keep)
      continue;
    note_removed(self, child, removed);
    node_detach(self, child);
  }
}

static void
remove_subtree(NzTree *self, Node *node, Removed *removed)
{
  remove_below(self, node, FALSE, removed);
  note_removed(self, node, removed);
  Node *parent = node->parent;
  node_detach(self, node);
  while (parent != self->root && !parent->inode && !parent->first_child) {
    node = parent;
    parent = node->parent;
    node_detach(self, node);
  }
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

/* --- walking a path --- */

typedef enum { WALK_OK, WALK_LOOP, WALK_NOT_DIRECTORY, WALK_TOO_LONG } WalkResult;

typedef struct {
  Node *node;          /* the deepest that is kept on the way */
  guint beyond;        /* components of PATH below it, of which nothing is kept */
  GString *path;       /* canonical: no links in it */
  gsize link_bytes;    /* of targets that were walked */
  gboolean lower_link; /* a link that a layer below the one at work made was followed */
} Walk;

static void
walk_clear(Walk *w)
{
  g_string_free(w->path, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Walk, walk_clear)

static void
walk_up(const NzTree *self, Walk *w)
{
  if (w->beyond > 0)
    w->beyond--;
  else if (w->node != self->root)
    w->node = w->node->parent;
  const char *slash = strrchr(w->path->str, '/');
  g_string_truncate(w->path, slash ? (gsize)(slash - w->path->str) : 0);
}

static void
walk_down(Walk *w, Node *child, const char *name, gsize len)
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
static WalkResult
walk(const NzTree *self, const char *path, gsize path_len, gboolean follow_last, Walk *w)
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
    Node *child = w->beyond == 0 ? node_find(self, w->node, name, len) : NULL;
    const NzInode *inode = child ? child->inode : NULL;
    if (inode && inode->kind == NZ_ENTRY_SYMLINK && (!last || follow_last)) {
      if (++links > NZ_SYMLINKS_MAX)
        return WALK_LOOP;
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
    walk_down(w, child, name, len);
    if (w->path->len > NZ_PATH_MAX)
      return WALK_TOO_LONG;
    if (inode && !last)
      return WALK_NOT_DIRECTORY;
  }
  return WALK_OK;
}

/* Walks to the directory that will hold BASE. A file on the way gives place to a directory, as it
 * does where each layer is unpacked apart (overlay2). */
static gboolean
walk_to_parent(NzTree *self, const NzEntry *e, gsize parent_len, Walk *w, GError **error)
{
  for (;;) {
    w->node = self->root;
    switch (walk(self, e->path, parent_len, TRUE, w)) {
    case WALK_OK:
      /* The last component of a parent that is a file: the walk ends on it. */
      if (w->beyond > 0 || !w->node->inode)
        return TRUE;
      break;
    case WALK_NOT_DIRECTORY:
      break;
    case WALK_TOO_LONG: {
      g_autofree char *name = nz_printable(e->path, (gssize)e->path_len);
      g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "/%s leads deeper than %u bytes", name,
                  NZ_PATH_MAX);
      return FALSE;
    }
    case WALK_LOOP: {
      g_autofree char *name = nz_printable(e->path, (gssize)e->path_len);
      return nz_set_input(error, "a loop of symbolic links above /%s", name);
    }
    }
    Removed removed = {0};
    g_autofree char *file = g_strdup(w->path->str);
    remove_subtree(self, w->node, &removed);
    settle(self, &removed);
    note_ambiguity(self, NZ_AMBIGUOUS_PARENT_FILE, file, hid_all(&removed));
  }
}

/* The node for the last component of a walk's parent, with the directories above it. */
static Node *
node_make(NzTree *self, Walk *w, const char *base, gsize base_len, GError **error)
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
  Node *node = w->node;
  while (w->beyond > 0) {
    const char *slash = strchrnul(p, '/');
    node = node_add(self, node, p, (gsize)(slash - p), error);
    if (!node)
      return NULL;
    w->node = node;
    w->beyond--;
    p = slash + 1;
  }
  return node_add(self, node, base, base_len, error);
}

/* --- entries --- */

static gboolean
is_kept(const NzEntry *e)
{
  return e->kind != NZ_ENTRY_FILE || (e->mode & NZ_MODE_SETID) ||
         nz_capability_is_there(&e->capability) || e->body_kind != NZ_BODY_NONE;
}

static gboolean
apply_opaque(NzTree *self, Walk *w)
{
  Removed removed = {0};
  /* Once a layer is enough: nothing lower comes back below NODE. */
  if (w->beyond == 0 && w->node->opaque_layer != self->layer + 1) {
    remove_below(self, w->node, TRUE, &removed);
    w->node->opaque_layer = self->layer + 1;
  }
  settle(self, &removed);
  if (w->lower_link)
    note_ambiguity(self, NZ_AMBIGUOUS_LOWER_LINK, w->path->str, hid_all(&removed));
  return TRUE;
}

static gboolean
apply_whiteout(NzTree *self, Walk *w, const char *name, gsize len, GError **error)
{
  if (len == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
    return nz_set_input(error, "a whiteout that names nothing: .wh.%s", name);
  Node *node = w->beyond == 0 ? node_find(self, w->node, name, len) : NULL;
  walk_down(w, NULL, name, len);
  Removed removed = {0};
  if (node)
    remove_subtree(self, node, &removed);
  settle(self, &removed);
  guint layer;
  NzNameKind kind;
  gboolean known = nz_names_note(self->names, w->path->str, w->path->len, self->layer,
                                 NZ_NAME_WHITEOUT, &layer, &kind);
  gboolean beside = known && layer == self->layer && kind != NZ_NAME_WHITEOUT;
  if (beside || removed.same_layer)
    note_ambiguity(self, NZ_AMBIGUOUS_WHITEOUT, w->path->str, removed.hid_same);
  if (w->lower_link)
    note_ambiguity(self, NZ_AMBIGUOUS_LOWER_LINK, w->path->str, hid_all(&removed));
  return TRUE;
}

/* Finds the inode that a hard link shares, and makes one for a plain file that was not kept. */
static NzInode *
find_link_target(NzTree *self, const NzEntry *e, const char *own_path, GError **error)
{
  g_auto(Walk) w = {.path = g_string_new(NULL)};
  const char *slash = strrchr(e->target, '/');
  gsize parent_len = slash ? (gsize)(slash - e->target) : 0;
  const char *base = slash ? slash + 1 : e->target;
  gsize base_len = strlen(base);
  g_autofree char *shown = nz_printable(e->target, -1);
  if (walk(self, e->target, parent_len, TRUE, &w) != WALK_OK || (w.beyond == 0 && w.node->inode) ||
      base_len == 0) {
    nz_set_input(error, "a hard link to /%s, whose directory is none", shown);
    return NULL;
  }
  Node *node = w.beyond == 0 ? node_find(self, w.node, base, base_len) : NULL;
  g_autofree char *path =
      w.path->len > 0 ? g_strconcat(w.path->str, "/", base, NULL) : g_strdup(base);
  if (strcmp(path, own_path) == 0) {
    nz_set_input(error, "a hard link to itself: /%s", shown);
    return NULL;
  }
  if (node && node->inode)
    return inode_ref(node->inode);

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
  node = node_make(self, &w, base, base_len, error);
  if (!node)
    return NULL;
  node->layer = layer;
  NzEntry plain = {.kind = NZ_ENTRY_FILE};
  node->inode = inode_new(&plain, layer);
  node->inode->origin = g_steal_pointer(&path);
  return inode_ref(node->inode);
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
    return inode_new(e, self->layer);
  }
  NzInode *inode = find_link_target(self, e, path, error);
  if (inode)
    apply_link_header(self, inode, e, path);
  return inode;
}

/* What was at PATH goes, unless a directory meets a directory. */
static void
make_room(NzTree *self, const NzEntry *e, Node *node, const char *path, gboolean lower_link)
{
  Removed removed = {0};
  gboolean is_directory = e->kind == NZ_ENTRY_DIRECTORY;
  if (node && (node->inode || !is_directory))
    remove_subtree(self, node, &removed);
  settle(self, &removed);

  guint old_layer = 0;
  NzNameKind old_kind = NZ_NAME_FILE;
  gboolean known =
      nz_names_note(self->names, path, strlen(path), self->layer,
                    is_directory ? NZ_NAME_DIRECTORY : NZ_NAME_FILE, &old_layer, &old_kind);
  gboolean here = known && old_layer == self->layer;
  guint back = is_directory ? self->layer_hid : 0;
  if (here && old_kind == NZ_NAME_WHITEOUT)
    note_ambiguity(self, NZ_AMBIGUOUS_WHITEOUT, path, back);
  else if ((here && !(is_directory && old_kind == NZ_NAME_DIRECTORY)) || removed.same_layer)
    note_ambiguity(self, NZ_AMBIGUOUS_TWICE, path, removed.hid_same | back);

  /* In another reading the entry is elsewhere, and what comes later may not reach it there. */
  guint moved = hid_all(&removed) | entry_hides(e);
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
  g_auto(Walk) w = {.path = g_string_new(NULL)};
  guint layer;
  NzNameKind kind;
  WalkResult result = walk(self, e->path, e->path_len, FALSE, &w);
  const char *slash = strrchr(e->path, '/');
  gboolean is_new = result == WALK_OK && w.beyond > 0 && !w.lower_link &&
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
walk_again(const NzTree *self, const NzEntry *e, Walk *w)
{
  const char *slash = strrchr(e->path, '/');
  walk(self, e->path, slash ? (gsize)(slash - e->path) : 0, TRUE, w);
}

static gboolean
apply_entry(NzTree *self, const NzEntry *e, Walk *w, const char *base, gsize base_len,
            GError **error)
{
  g_autofree char *path =
      w->path->len > 0 ? g_strconcat(w->path->str, "/", base, NULL) : g_strdup(base);
  NzInode *inode = NULL;
  if (is_kept(e) && e->kind != NZ_ENTRY_DIRECTORY) {
    inode = inode_for(self, e, path, error);
    if (!inode)
      return FALSE;
  }
  if (e->kind == NZ_ENTRY_HARDLINK)
    walk_again(self, e, w); /* looking for the target may have made nodes on the way */
  Node *node = w->beyond == 0 ? node_find(self, w->node, base, base_len) : NULL;
  guint n_before = g_hash_table_size(self->nodes);
  make_room(self, e, node, path, w->lower_link);
  if (!inode)
    return TRUE;
  if (g_hash_table_size(self->nodes) < n_before)
    walk_again(self, e, w); /* directories left empty are gone too */
  node = node_make(self, w, base, base_len, error);
  if (!node) {
    inode_unref(inode);
    return FALSE;
  }
  node->inode = inode;
  return TRUE;
}

/* Counts what following links cost. */
static gboolean
charge_links(NzTree *self, const Walk *w, GError **error)
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
    if (e->kind == NZ_ENTRY_DIRECTORY)
      return TRUE;
    return nz_set_input(error, "an entry that replaces the root directory by a file");
  }
  const char *slash = strrchr(e->path, '/');
  const char *base = slash ? slash + 1 : e->path;
  gsize base_len = e->path_len - (gsize)(base - e->path);
  g_auto(Walk) w = {.path = g_string_sized_new(e->path_len + 1)};
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

/* --- questions --- */

NzLookup
nz_tree_lookup(const NzTree *self, const char *path, GString *canonical, const NzInode **inode)
{
  g_auto(Walk) w = {.path = g_string_new(NULL)};
  WalkResult result = walk(self, path, strlen(path), TRUE, &w);
  g_string_assign(canonical, w.path->str);
  if (result == WALK_LOOP)
    return NZ_LOOKUP_LOOP;
  if (result == WALK_NOT_DIRECTORY || result == WALK_TOO_LONG)
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

void
nz_tree_foreach(const NzTree *self, NzTreeFunc func, gpointer user_data)
{
  GHashTableIter iter;
  gpointer key;
  g_autoptr(GString) path = g_string_new(NULL);
  g_hash_table_iter_init(&iter, self->nodes);
  while (g_hash_table_iter_next(&iter, &key, NULL)) {
    const Node *node = key;
    if (!node->inode || node->inode->kind != NZ_ENTRY_FILE)
      continue;
    g_string_truncate(path, 0);
    for (const Node *n = node; n->parent; n = n->parent) {
      if (path->len > 0)
        g_string_prepend_c(path, '/');
      g_string_prepend_len(path, n->name, (gssize)n->len);
    }
    func(path->str, node->inode, user_data);
  }
}

const GPtrArray *
nz_tree_ambiguities(const NzTree *self, guint *total, guint *hides)
{
  *total = self->n_ambiguities;
  *hides = self->hides;
  return self->ambiguities;
}

gboolean
nz_tree_is_crowded(const NzTree *self)
{
  return nz_names_full(self->names);
}
