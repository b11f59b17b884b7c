/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/ownership.h"

#include <string.h>

#include "core/limits.h"
#include "rootfs/owners.h"

/* Where package managers keep their lists; the paths that count are what these lead to. */
static const char *const databases[] = {
    "var/lib/dpkg/info", "var/lib/dpkg/status.d", "lib/apk/db",    "usr/lib/apk/db",
    "var/lib/rpm",       "usr/lib/sysimage/rpm",  "usr/share/rpm",
};

typedef struct {
  GHashTable *directories; /* canonical, char * */
  const GPtrArray *files;  /* NzFileFact: those that are asked for */
  GHashTable *by_seed;     /* guint64 * -> NzOwnersWanted of GPtrArray of NzFileFact */
  gsize n_paths;
  gboolean unreadable;
} Lookup;

static void
want(NzOwnersWanted *wanted, guint64 seed, const char *path, NzFileFact *file)
{
  guint64 key = nz_owners_key(path, strlen(path), seed);
  GPtrArray *files = nz_owners_wanted(wanted, key);
  if (!files) {
    files = g_ptr_array_new();
    nz_owners_want(wanted, key, files);
  }
  g_ptr_array_add(files, file);
}

/* A list may name a file by the way it was packaged, a merged /usr by the other. */
static void
want_file(NzOwnersWanted *wanted, guint64 seed, NzFileFact *file)
{
  const char *path = file->path + 1;
  want(wanted, seed, path, file);
  if (g_str_has_prefix(path, "usr/")) {
    want(wanted, seed, path + 4, file);
  } else {
    g_autofree char *merged = g_strconcat("usr/", path, NULL);
    want(wanted, seed, merged, file);
  }
}

/* What is asked of lists of SEED: those that were read in one run have one. */
static NzOwnersWanted *
wanted_of(Lookup *self, guint64 seed)
{
  NzOwnersWanted *wanted = g_hash_table_lookup(self->by_seed, &seed);
  if (wanted)
    return wanted;
  wanted = nz_owners_wanted_new((GDestroyNotify)g_ptr_array_unref);
  for (guint i = 0; i < self->files->len; i++)
    want_file(wanted, seed, self->files->pdata[i]);
  g_hash_table_insert(self->by_seed, g_memdup2(&seed, sizeof seed), wanted);
  return wanted;
}

static void
found(gpointer value, const char *package, gpointer user_data G_GNUC_UNUSED)
{
  GPtrArray *files = value;
  for (guint i = 0; i < files->len; i++) {
    NzFileFact *file = files->pdata[i];
    if (!file->package)
      file->package = g_strdup(package);
  }
}

static void
ask(const char *path, const NzInode *inode, gpointer user_data)
{
  Lookup *self = user_data;
  gboolean is_list = inode->body_kind == NZ_BODY_OWNERS;
  if (!is_list && inode->body_kind != NZ_BODY_UNREADABLE)
    return;
  g_autofree char *dir = g_path_get_dirname(path);
  if (!g_hash_table_contains(self->directories, dir))
    return;
  if (!is_list || !inode->body) {
    self->unreadable = TRUE;
    return;
  }
  self->n_paths += nz_owners_count(inode->body);
  if (self->n_paths <= NZ_OWNED_PATHS_MAX)
    nz_owners_lookup(inode->body, wanted_of(self, nz_owners_seed(inode->body)), found, NULL);
}

void
nz_ownership_fill(const NzTree *tree, GPtrArray *files, GPtrArray *notes)
{
  if (files->len == 0)
    return;
  Lookup self = {
      .directories = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
      .files = files,
      .by_seed = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                       (GDestroyNotify)nz_owners_wanted_free),
  };
  g_autoptr(GString) canonical = g_string_new(NULL);
  for (guint i = 0; i < G_N_ELEMENTS(databases); i++) {
    const NzInode *inode;
    if (nz_tree_lookup(tree, databases[i], canonical, &inode) == NZ_LOOKUP_DIRECTORY)
      g_hash_table_add(self.directories, g_strdup(canonical->str));
  }
  nz_tree_foreach(tree, ask, &self);
  if (self.unreadable)
    g_ptr_array_add(notes, g_strdup("a package list could not be read; packages may be missing"));
  if (self.n_paths >= NZ_OWNED_PATHS_MAX)
    g_ptr_array_add(notes, g_strdup("the package lists are larger than what is read of them; "
                                    "packages may be missing"));
  g_hash_table_unref(self.directories);
  g_hash_table_unref(self.by_seed);
}
