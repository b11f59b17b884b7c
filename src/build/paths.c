/* SPDX-License-Identifier: Apache-2.0 */
/* Facts are in a tree by path, with "/" before every other byte: what is below a directory follows
 * it without a gap. */
#include "build/paths.h"

#include <string.h>

#include "core/limits.h"

struct NzPaths {
  GTree *tree; /* path (of the fact) -> NzPathFact */
  guint steps; /* that were taken over many paths at once */
};

static int
compare_paths(gconstpointer pa, gconstpointer pb, gpointer data G_GNUC_UNUSED)
{
  const guchar *a = pa, *b = pb;
  while (*a && *a == *b) {
    a++;
    b++;
  }
  if (*a == *b)
    return 0;
  if (*a == '\0' || *b == '\0')
    return *a == '\0' ? -1 : 1;
  if (*a == '/' || *b == '/')
    return *a == '/' ? -1 : 1;
  return *a < *b ? -1 : 1;
}

static void
fact_free(gpointer data)
{
  NzPathFact *fact = data;
  g_free(fact->path);
  g_free(fact->owner);
  g_free(fact->group);
  g_free(fact->how);
  nz_place_free(fact->place);
  nz_place_free(fact->made);
  g_free(fact);
}

static NzPathFact *
fact_copy(const NzPathFact *fact)
{
  NzPathFact *copy = g_new(NzPathFact, 1);
  *copy = *fact;
  copy->path = g_strdup(fact->path);
  copy->owner = g_strdup(fact->owner);
  copy->group = g_strdup(fact->group);
  copy->how = g_strdup(fact->how);
  copy->place = nz_place_copy(fact->place);
  copy->made = nz_place_copy(fact->made);
  return copy;
}

static void
insert(NzPaths *self, NzPathFact *fact)
{
  g_tree_replace(self->tree, fact->path, fact);
}

NzPaths *
nz_paths_new(void)
{
  NzPaths *self = g_new0(NzPaths, 1);
  self->tree = g_tree_new_full(compare_paths, NULL, NULL, fact_free);
  return self;
}

NzPaths *
nz_paths_copy(const NzPaths *self)
{
  NzPaths *copy = nz_paths_new();
  copy->steps = self->steps;
  for (GTreeNode *node = g_tree_node_first(self->tree); node; node = g_tree_node_next(node))
    insert(copy, fact_copy(g_tree_node_value(node)));
  return copy;
}

void
nz_paths_free(NzPaths *self)
{
  if (!self)
    return;
  g_tree_unref(self->tree);
  g_free(self);
}

guint
nz_paths_count(const NzPaths *self)
{
  return (guint)g_tree_nnodes(self->tree);
}

static gboolean
is_full(const NzPaths *self)
{
  return nz_paths_count(self) >= NZ_BUILD_PATHS_MAX;
}

/* The directory of PATH, in BUFFER, which holds PATH: FALSE at "/". */
static gboolean
to_parent(char *buffer)
{
  char *slash = strrchr(buffer, '/');
  if (!slash || buffer[1] == '\0')
    return FALSE;
  slash[slash == buffer] = '\0';
  return TRUE;
}

static NzPathFact *
fact_new(const char *path)
{
  NzPathFact *fact = g_new0(NzPathFact, 1);
  fact->path = g_strdup(path);
  return fact;
}

/* Names that no system call takes, and trees that no build makes, are not followed. */
static gboolean
is_followed(const char *path)
{
  guint depth = 0, len = 0;
  for (; len < NZ_BUILD_PATH_MAX && path[len]; len++)
    depth += path[len] == '/';
  return *path == '/' && len < NZ_BUILD_PATH_MAX && depth <= NZ_BUILD_PATH_DEPTH_MAX;
}

/* Those above PATH of which nothing is known. In an image of which we do not know the files they
 * may be there, as another's. */
static void
add_parents(NzPaths *self, const char *path)
{
  g_autofree char *above = g_strdup(path);
  if (!to_parent(above) || nz_paths_owner_of(self, above))
    return;
  do {
    if (above[1] == '\0' || is_full(self) || nz_paths_find(self, above))
      return;
    NzPathFact *fact = fact_new(above);
    nz_path_fact_set(fact, "root", "root", 0755, NULL, NULL);
    fact->directory = fact->maybe = TRUE;
    insert(self, fact);
  } while (to_parent(above));
}

NzPathFact *
nz_paths_know(NzPaths *self, const char *path)
{
  NzPathFact *fact = nz_paths_find(self, path);
  if (fact || is_full(self) || !is_followed(path))
    return fact;
  const NzPathFact *above = nz_paths_owner_of(self, path);
  fact = fact_new(path);
  fact->maybe = TRUE;
  if (above) {
    nz_path_fact_set(fact, above->owner, above->group, 0, NULL, NULL);
    fact->maybe = above->maybe;
  }
  insert(self, fact);
  return fact;
}

NzPathFact *
nz_paths_add(NzPaths *self, const char *path, gboolean directory, const char *owner,
             const char *group, const NzPlace *place)
{
  NzPathFact *fact = nz_paths_find(self, path);
  /* A directory that is there stays whose it was. */
  if (fact && fact->directory && directory)
    return fact;
  if (!fact) {
    if (is_full(self) || !is_followed(path))
      return NULL;
    add_parents(self, path);
    if (is_full(self))
      return NULL;
    fact = fact_new(path);
    insert(self, fact);
  }
  g_clear_pointer(&fact->how, g_free);
  fact->directory = directory;
  fact->tree = fact->code = fact->maybe = fact->made_as_data = fact->volume = FALSE;
  fact->mode = 0;
  nz_path_fact_set(fact, owner, group, 0, NULL, place);
  nz_place_free(fact->made);
  fact->made = nz_place_copy(place);
  return fact;
}

static void
set_text(char **field, const char *text)
{
  if (!text || (*field && strcmp(*field, text) == 0))
    return;
  g_autofree char *old = *field;
  *field = g_strdup(text);
}

void
nz_path_fact_set(NzPathFact *fact, const char *owner, const char *group, guint16 mode,
                 const char *how, const NzPlace *place)
{
  fact->volume = fact->volume && !owner;
  set_text(&fact->owner, owner);
  set_text(&fact->group, group);
  set_text(&fact->how, how);
  if (mode)
    fact->mode = mode;
  if (!place)
    return;
  NzPlace *old = fact->place;
  fact->place = nz_place_copy(place);
  nz_place_free(old);
}

NzPathFact *
nz_paths_find(const NzPaths *self, const char *path)
{
  return g_tree_lookup(self->tree, path);
}

/* The pseudo-fact of what is in the directory in BUFFER, which has room for it. */
static NzPathFact *
find_inside(const NzPaths *self, char *buffer)
{
  gsize len = strlen(buffer);
  g_strlcpy(buffer + len, buffer[1] == '\0' ? NZ_PATHS_INSIDE : "/" NZ_PATHS_INSIDE, 3);
  NzPathFact *fact = nz_paths_find(self, buffer);
  buffer[len] = '\0';
  return fact;
}

const NzPathFact *
nz_paths_owner_of(const NzPaths *self, const char *path)
{
  if (!is_followed(path))
    return NULL;
  const NzPathFact *fact = nz_paths_find(self, path);
  char above[NZ_BUILD_PATH_MAX + 4];
  g_strlcpy(above, path, sizeof above);
  while (!fact && to_parent(above)) {
    fact = find_inside(self, above);
    if (fact)
      return fact;
    fact = nz_paths_find(self, above);
    /* What is in a directory that is known by itself alone is not. */
    if (fact && !fact->tree)
      return NULL;
  }
  return fact;
}

static gboolean
is_below(const char *path, const char *top)
{
  gsize len = strlen(top);
  while (len > 0 && top[len - 1] == '/')
    len--;
  return strncmp(path, top, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

GPtrArray *
nz_paths_below(const NzPaths *self, const char *path)
{
  GPtrArray *out = g_ptr_array_new();
  for (GTreeNode *node = g_tree_lower_bound(self->tree, path); node;
       node = g_tree_node_next(node)) {
    NzPathFact *fact = g_tree_node_value(node);
    if (!is_below(fact->path, path))
      break;
    g_ptr_array_add(out, fact);
  }
  return out;
}

gboolean
nz_paths_spend(NzPaths *self, guint steps)
{
  self->steps += MIN(steps, NZ_BUILD_STEPS_MAX);
  if (self->steps < NZ_BUILD_STEPS_MAX)
    return TRUE;
  g_tree_remove_all(self->tree);
  return FALSE;
}

void
nz_paths_remove(NzPaths *self, const char *path)
{
  g_autoptr(GPtrArray) gone = nz_paths_below(self, path);
  if (!nz_paths_spend(self, gone->len))
    return;
  for (guint i = 0; i < gone->len; i++)
    g_tree_remove(self->tree, ((NzPathFact *)gone->pdata[i])->path);
}

void
nz_paths_rename(NzPaths *self, const char *path, const char *new_path)
{
  g_autoptr(GPtrArray) moved = nz_paths_below(self, path);
  if (strcmp(path, "/") == 0 || is_below(new_path, path) || !nz_paths_spend(self, moved->len))
    return;
  nz_paths_remove(self, new_path);
  for (guint i = 0; i < moved->len; i++) {
    NzPathFact *old = moved->pdata[i];
    NzPathFact *fact = fact_copy(old);
    g_free(fact->path);
    fact->path = g_strconcat(new_path, old->path + strlen(path), NULL);
    g_tree_remove(self->tree, old->path);
    if (is_followed(fact->path))
      insert(self, fact);
    else
      fact_free(fact);
  }
}
