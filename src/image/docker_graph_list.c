/* SPDX-License-Identifier: Apache-2.0 */
/* The files of Docker's own store, and which images it lists. What lies where: docker_graph.c. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/openat2.h"
#include "core/text.h"
#include "image/digest.h"
#include "image/docker_graph.h"
#include "image/json.h"

/* --- files of the store --- */

int
nz_docker_open_below(int dir, const char *path, int flags, GError **error)
{
  int fd = nz_openat2(dir, path, flags | O_CLOEXEC | O_NONBLOCK,
                      RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  int saved = errno;
  g_autofree char *shown = nz_printable(path, -1);
  if (fd < 0 && saved == ENOENT)
    nz_set_input(error,
                 "%s is missing: the image was removed while it was read, or the store is damaged",
                 shown);
  else if (fd < 0 && saved == ELOOP)
    nz_set_input(error, "%s is a link, which Docker would not have made", shown);
  else if (fd < 0)
    nz_set_errno(error, saved, "cannot open %s", shown);
  return fd;
}

int
nz_docker_open_root(const char *root, GError **error)
{
  int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    nz_set_errno(error, errno, "cannot open the directory");
  return fd;
}

/* A regular file and its size. */
int
nz_docker_open_file(int dir, const char *path, guint64 *size, GError **error)
{
  int fd = nz_docker_open_below(dir, path, O_RDONLY, error);
  struct stat st;
  if (fd < 0)
    return -1;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
    *size = (guint64)st.st_size;
    return fd;
  }
  g_autofree char *shown = nz_printable(path, -1);
  nz_set_input(error, "%s is no file", shown);
  close(fd);
  return -1;
}

GBytes *
nz_docker_read_file(int dir, const char *path, gsize max, GError **error)
{
  guint64 size;
  int fd = nz_docker_open_file(dir, path, &size, error);
  if (fd < 0)
    return NULL;
  g_autoptr(NzStream) stream = nz_file_stream_new(fd, TRUE, 0, size, NULL);
  if (size > max) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "%s has more than %" G_GSIZE_FORMAT " bytes", path,
                max);
    return NULL;
  }
  g_autofree guint8 *data = g_malloc(size + 1);
  gssize got = nz_stream_read(stream, data, size, error);
  return got < 0 ? NULL : g_bytes_new_take(g_steal_pointer(&data), (gsize)got);
}

/* The one word that a small file holds. */
char *
nz_docker_read_word(int dir, const char *path, GError **error)
{
  g_autoptr(GBytes) bytes = nz_docker_read_file(dir, path, NZ_STORE_WORD_MAX, error);
  gsize n;
  const char *data = bytes ? g_bytes_get_data(bytes, &n) : NULL;
  if (!bytes)
    return NULL;
  return g_strstrip(g_strndup(data ? data : "", data ? n : 0));
}

gboolean
nz_docker_exists(int dir, const char *path)
{
  struct stat st;
  return fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

char *
nz_docker_place(const NzEngineStore *store)
{
  return g_strconcat("image/", ((const NzDockerStore *)store->data)->driver, NULL);
}

/* --- the list --- */

typedef struct {
  const NzEngineStore *store;
  int root;
  char *place; /* "image/DRIVER" */
  GPtrArray *images;
  GHashTable *by_id; /* char * (borrowed) -> NzStoredImage (borrowed) */
  gsize bytes;       /* of names */
} Listing;

static NzStoredImage *
image_of(Listing *self, const char *id)
{
  NzStoredImage *stored = g_hash_table_lookup(self->by_id, id);
  if (stored)
    return stored;
  stored = nz_stored_image_new(self->store, id);
  g_ptr_array_add(self->images, stored);
  g_hash_table_insert(self->by_id, stored->id, stored);
  return stored;
}

static gboolean
check_room(const Listing *self, GError **error)
{
  if (self->images->len <= NZ_STORED_MAX && self->bytes <= NZ_STORED_BYTES_MAX)
    return TRUE;
  g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "more than %u images, or names of more than %u MiB",
              NZ_STORED_MAX, (guint)(NZ_STORED_BYTES_MAX >> 20));
  return FALSE;
}

static gboolean
add_repository(Listing *self, const json_t *names, GError **error)
{
  if (!json_is_object(names))
    return nz_set_input(error, "repositories.json: a repository is no object");
  for (void *i = json_object_iter((json_t *)names); i;
       i = json_object_iter_next((json_t *)names, i)) {
    const char *name = json_object_iter_key(i), *at = strrchr(name, '@');
    const char *id = json_string_value(json_object_iter_value(i));
    g_autofree char *shown = nz_printable(name, -1);
    if (!id || !nz_digest_valid(id) || !g_str_has_prefix(id, "sha256:"))
      return nz_set_input(error, "repositories.json: %s has no id", shown);
    self->bytes += strlen(name);
    if (!check_room(self, error))
      return FALSE;
    NzStoredImage *stored = image_of(self, id);
    g_ptr_array_add(stored->names, g_strdup(name));
    if (at && nz_digest_valid(at + 1) && !stored->digest)
      stored->digest = g_strdup(at + 1);
  }
  return TRUE;
}

static gboolean
add_named(Listing *self, GError **error)
{
  g_autofree char *path = g_strconcat(self->place, "/repositories.json", NULL);
  json_t *repositories;
  g_autoptr(GBytes) bytes = nz_docker_read_file(self->root, path, NZ_STORE_LIST_MAX, error);
  if (!bytes)
    return FALSE;
  g_autoptr(NzJson) root = nz_json_parse(bytes, error);
  if (root && !json_is_object(root))
    nz_set_input(error, "no JSON object");
  if (!root || !json_is_object(root) ||
      !nz_json_get_object(root, "Repositories", &repositories, error)) {
    g_prefix_error(error, "%s: ", path);
    return FALSE;
  }
  for (void *i = json_object_iter(repositories); i; i = json_object_iter_next(repositories, i))
    if (!add_repository(self, json_object_iter_value(i), error))
      return FALSE;
  return TRUE;
}

/* Names first, so that the tag comes before "NAME@DIGEST". */
static int
by_tag(gconstpointer a, gconstpointer b)
{
  const char *x = *(const char *const *)a, *y = *(const char *const *)b;
  int order = (strchr(x, '@') != NULL) - (strchr(y, '@') != NULL);
  return order != 0 ? order : strcmp(x, y);
}

/* The ids in a directory of the store that has one entry for each. */
static GPtrArray *
list_ids(Listing *self, const char *name, GError **error)
{
  g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *path = g_strconcat(self->place, name, NULL);
  if (!nz_docker_exists(self->root, path))
    return g_steal_pointer(&ids);
  int fd = nz_docker_open_below(self->root, path, O_RDONLY | O_DIRECTORY, error);
  DIR *dir = fd < 0 ? NULL : fdopendir(fd);
  struct dirent *entry;
  while (dir && (entry = readdir(dir)) && ids->len <= NZ_STORED_MAX) {
    g_autofree char *id = g_strconcat("sha256:", entry->d_name, NULL);
    if (nz_digest_valid(id))
      g_ptr_array_add(ids, g_steal_pointer(&id));
  }
  if (dir)
    closedir(dir);
  return dir ? g_steal_pointer(&ids) : NULL;
}

/* Images without a name, less those that are but steps of a build. */
static gboolean
add_nameless(Listing *self, GError **error)
{
  g_autoptr(GPtrArray) ids = list_ids(self, "/imagedb/content/sha256", error);
  g_autoptr(GPtrArray) children = ids ? list_ids(self, "/imagedb/metadata/sha256", error) : NULL;
  g_autoptr(GHashTable) steps = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  if (!children)
    return FALSE;
  for (guint i = 0; i < children->len; i++) {
    const char *hex = (const char *)children->pdata[i] + strlen("sha256:");
    g_autofree char *path =
        g_strconcat(self->place, "/imagedb/metadata/sha256/", hex, "/parent", NULL);
    char *parent =
        nz_docker_exists(self->root, path) ? nz_docker_read_word(self->root, path, NULL) : NULL;
    if (parent)
      g_hash_table_add(steps, parent);
  }
  for (guint i = 0; i < ids->len; i++)
    if (!g_hash_table_contains(steps, ids->pdata[i]))
      image_of(self, ids->pdata[i]);
  return check_room(self, error);
}

gboolean
nz_docker_graph_list(const NzEngineStore *store, GPtrArray *images, GError **error)
{
  g_autofree char *place = nz_docker_place(store);
  g_autoptr(GHashTable) by_id = g_hash_table_new(nz_str_hash, g_str_equal);
  guint before = images->len;
  int root = nz_docker_open_root(store->root, error);
  if (root < 0)
    return FALSE;
  Listing self = {store, root, place, images, by_id, 0};
  gboolean ok = add_named(&self, error) && add_nameless(&self, error);
  close(root);
  for (guint i = before; i < images->len; i++)
    g_ptr_array_sort(((NzStoredImage *)images->pdata[i])->names, by_tag);
  return ok;
}
