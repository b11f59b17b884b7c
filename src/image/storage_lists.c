/* SPDX-License-Identifier: Apache-2.0 */
/* containers/storage (images.go, layers.go, store.go):
 *   DRIVER-images/images.json    [ {"id", "digest", "names", "layer", "mapped-layers", "created",
 *                                   "big-data-digests"}, ... ]
 *   DRIVER-images/ID/KEY         documents; a KEY of other characters than [0-9a-z.] is "=" and its
 *                                base64
 *   DRIVER-layers/layers.json    [ {"id", "parent", "created", "diff-digest", "diff-size",
 *                                   "flags", "uidmap", "gidmap", "toc-digest"}, ... ]
 *   DRIVER-layers/volatile-layers.json   the same
 *   DRIVER-layers/layers.lock    fcntl(2) locks
 * Lists are replaced by renaming a new one over them, so what is read is whole. */
#include "image/storage_lists.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/openat2.h"
#include "core/text.h"
#include "image/digest.h"
#include "image/json.h"

/* Which state of a file was read. */
typedef struct {
  guint64 ino, size;
  gint64 sec, nsec;
} Identity;

struct NzStorageRoot {
  gint refs;
  char *path, *driver;
  guint32 owner;
  int dir;
  GMutex mutex;       /* of what follows */
  GHashTable *layers; /* NULL: not read yet */
  Identity read[2];   /* of layers.json, volatile-layers.json */
};

static const char *const layer_lists[2] = {"layers.json", "volatile-layers.json"};

/* --- files --- */

NzStorageRoot *
nz_storage_root_new(const char *path, const char *driver, GError **error)
{
  struct stat st;
  g_autofree char *shown = nz_printable(path, -1);
  int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0 || fstat(dir, &st) < 0) {
    nz_set_errno(error, errno, "cannot open %s", shown);
    if (dir >= 0)
      close(dir);
    return NULL;
  }
  NzStorageRoot *self = g_new0(NzStorageRoot, 1);
  self->refs = 1;
  self->path = g_strdup(path);
  self->driver = g_strdup(driver);
  self->owner = st.st_uid;
  self->dir = dir;
  g_mutex_init(&self->mutex);
  return self;
}

NzStorageRoot *
nz_storage_root_ref(NzStorageRoot *self)
{
  g_atomic_int_inc(&self->refs);
  return self;
}

void
nz_storage_root_unref(NzStorageRoot *self)
{
  if (!self || !g_atomic_int_dec_and_test(&self->refs))
    return;
  close(self->dir);
  g_free(self->path);
  g_free(self->driver);
  g_mutex_clear(&self->mutex);
  g_clear_pointer(&self->layers, g_hash_table_unref);
  g_free(self);
}

const char *
nz_storage_root_path(const NzStorageRoot *self)
{
  return self->path;
}

const char *
nz_storage_root_driver(const NzStorageRoot *self)
{
  return self->driver;
}

guint32
nz_storage_root_owner(const NzStorageRoot *self)
{
  return self->owner;
}

int
nz_storage_root_open(NzStorageRoot *self, int flags, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *path = g_strdup_vprintf(format, args);
  va_end(args);
  return nz_openat2(self->dir, path, flags | O_CLOEXEC | O_NOFOLLOW,
                    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

/* Reads what FD (owned) has, MAX bytes at most. */
static GBytes *
read_fd(int fd, gsize max, struct stat *st, GError **error)
{
  if (fstat(fd, st) < 0 || !S_ISREG(st->st_mode)) {
    close(fd);
    nz_set_input(error, "no file");
    return NULL;
  }
  g_autoptr(NzStream) stream = nz_file_stream_new(fd, TRUE, 0, (guint64)st->st_size, NULL);
  if ((guint64)st->st_size > max) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "a document of more than %u MiB",
                (guint)(max >> 20));
    return NULL;
  }
  gsize size = (gsize)st->st_size;
  g_autofree guint8 *data = g_malloc(size + 1);
  if (nz_stream_read(stream, data, size, error) < 0)
    return NULL;
  return g_bytes_new_take(g_steal_pointer(&data), size);
}

/* The list NAME of DRIVER-KIND, parsed; NULL without an error when there is none. */
static NzJson *
read_list(NzStorageRoot *self, const char *kind, const char *name, Identity *identity,
          GError **error)
{
  struct stat st = {0};
  int fd = nz_storage_root_open(self, O_RDONLY | O_NONBLOCK, "%s-%s/%s", self->driver, kind, name);
  *identity = (Identity){0};
  if (fd < 0 && errno == ENOENT)
    return NULL;
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GError) failed = NULL;
  if (fd < 0)
    nz_set_errno(&failed, errno, "cannot open");
  else
    bytes = read_fd(fd, NZ_STORAGE_LIST_MAX, &st, &failed);
  *identity = (Identity){st.st_ino, (guint64)st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec};
  NzJson *root = NULL;
  if (bytes && g_bytes_get_size(bytes) == 0) /* the library takes it for an empty list */
    root = json_array();
  else if (bytes)
    root = nz_json_parse(bytes, &failed);
  if (root && !json_is_array(root)) {
    json_decref(root);
    root = NULL;
    nz_set_input(&failed, "no list");
  }
  if (!root)
    g_propagate_prefixed_error(error, g_steal_pointer(&failed), "%s-%s/%s: ", self->driver, kind,
                               name);
  return root;
}

/* --- parts of the lists --- */

/* Names of directories and files come from it. */
static gboolean
is_id(const char *text)
{
  gsize n = text ? strlen(text) : 0;
  if (n == 0 || n > 128 || *text == '.')
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!g_ascii_isalnum(text[i]) && !strchr("_.-", text[i]))
      return FALSE;
  return TRUE;
}

static gboolean
read_id(const json_t *object, const char *key, gboolean required, char **out, GError **error)
{
  const char *text;
  if (!nz_json_get_string(object, key, &text, error))
    return FALSE;
  *out = NULL;
  if (!required && (!text || !*text))
    return TRUE;
  if (!is_id(text)) {
    g_autofree char *shown = nz_printable(text ? text : "(none)", -1);
    return nz_set_input(error, "\"%s\" is no id: %s", key, shown);
  }
  *out = g_strdup(text);
  return TRUE;
}

static gboolean
read_digest(const json_t *object, const char *key, char **out, GError **error)
{
  const char *text;
  if (!nz_json_get_string(object, key, &text, error))
    return FALSE;
  if (text && *text && !nz_digest_valid(text))
    return nz_set_input(error, "\"%s\" is no digest", key);
  *out = text && *text ? g_strdup(text) : NULL;
  return TRUE;
}

/* Strings of the list at KEY; with IDS they must be ids. */
static gboolean
read_strings(const json_t *object, const char *key, gboolean ids, GPtrArray *out, GError **error)
{
  json_t *list;
  if (!nz_json_get_array(object, key, &list, error))
    return FALSE;
  for (gsize i = 0; i < json_array_size(list); i++) {
    const char *text = json_string_value(json_array_get(list, i));
    if (!text || (ids && !is_id(text)))
      return nz_set_input(error, "\"%s\" has a member that is none", key);
    g_ptr_array_add(out, g_strdup(text));
  }
  return TRUE;
}

/* --- images --- */

void
nz_storage_image_free(NzStorageImage *self)
{
  if (!self)
    return;
  g_free(self->id);
  g_free(self->layer);
  g_free(self->digest);
  g_free(self->manifest_digest);
  g_ptr_array_unref(self->names);
  g_ptr_array_unref(self->mapped_layers);
  g_free(self);
}

static gboolean
fill_image(NzStorageImage *self, const json_t *object, GError **error)
{
  json_t *digests;
  const char *created;
  if (!json_is_object(object))
    return nz_set_input(error, "no object");
  if (!read_id(object, "id", TRUE, &self->id, error) ||
      !read_id(object, "layer", FALSE, &self->layer, error) ||
      !read_digest(object, "digest", &self->digest, error) ||
      !read_strings(object, "names", FALSE, self->names, error) ||
      !read_strings(object, "mapped-layers", TRUE, self->mapped_layers, error) ||
      !nz_json_get_string(object, "created", &created, error) ||
      !nz_json_get_object(object, "big-data-digests", &digests, error))
    return FALSE;
  g_autoptr(GDateTime) time = created ? g_date_time_new_from_iso8601(created, NULL) : NULL;
  self->created = time ? MAX(g_date_time_to_unix(time), 0) : 0;
  return !digests || read_digest(digests, "manifest", &self->manifest_digest, error);
}

gboolean
nz_storage_root_images(NzStorageRoot *self, GPtrArray *images, GError **error)
{
  Identity ignored;
  g_autoptr(GError) failed = NULL;
  g_autoptr(NzJson) list = read_list(self, "images", "images.json", &ignored, &failed);
  if (failed) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  if (json_array_size(list) > NZ_STORAGE_IMAGES_MAX)
    return nz_set_input(error, "more than %u images", NZ_STORAGE_IMAGES_MAX);
  for (gsize i = 0; i < json_array_size(list); i++) {
    NzStorageImage *image = g_new0(NzStorageImage, 1);
    image->names = g_ptr_array_new_with_free_func(g_free);
    image->mapped_layers = g_ptr_array_new_with_free_func(g_free);
    if (!fill_image(image, json_array_get(list, i), error)) {
      nz_storage_image_free(image);
      g_prefix_error(error, "%s-images/images.json: image %" G_GSIZE_FORMAT ": ", self->driver, i);
      return FALSE;
    }
    g_ptr_array_add(images, image);
  }
  return TRUE;
}

/* The name of the file that holds KEY. */
static char *
file_of_key(const char *key)
{
  if (key[strspn(key, ".0123456789abcdefghijklmnopqrstuvwxyz")] == '\0')
    return g_strdup(key);
  g_autofree char *encoded = g_base64_encode((const guchar *)key, strlen(key));
  return g_strconcat("=", encoded, NULL);
}

GBytes *
nz_storage_root_read(NzStorageRoot *self, const char *id, const char *key, GError **error)
{
  struct stat st;
  g_autofree char *file = file_of_key(key);
  int fd =
      nz_storage_root_open(self, O_RDONLY | O_NONBLOCK, "%s-images/%s/%s", self->driver, id, file);
  if (fd < 0 && errno == ENOENT) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND, "is not in the store");
    return NULL;
  }
  if (fd < 0) {
    nz_set_errno(error, errno, "cannot open it");
    return NULL;
  }
  return read_fd(fd, NZ_JSON_MAX, &st, error);
}

/* --- layers --- */

static void
layer_free(gpointer data)
{
  NzStorageLayer *self = data;
  g_free(self->id);
  g_free(self->parent);
  g_free(self->diff_digest);
  g_free(self->created);
  g_free(self);
}

/* A map that is there and moves ids: one of all ids to themselves is none. */
static gboolean
is_mapped(const json_t *object, const char *key, gboolean *mapped, GError **error)
{
  json_t *maps;
  if (!nz_json_get_array(object, key, &maps, error))
    return FALSE;
  for (gsize i = 0; i < json_array_size(maps); i++) {
    const json_t *map = json_array_get(maps, i);
    json_t *inside, *outside;
    if (!json_is_object(map) || !nz_json_get(map, "container_id", &inside, error) ||
        !nz_json_get(map, "host_id", &outside, error))
      return FALSE;
    *mapped |= !json_is_integer(inside) || !json_is_integer(outside) ||
               json_integer_value(inside) != json_integer_value(outside);
  }
  return TRUE;
}

static gboolean
fill_layer(NzStorageLayer *self, const json_t *object, GError **error)
{
  json_t *size, *flags, *toc;
  const char *created;
  if (!json_is_object(object))
    return nz_set_input(error, "no object");
  if (!read_id(object, "id", TRUE, &self->id, error) ||
      !read_id(object, "parent", FALSE, &self->parent, error) ||
      !read_digest(object, "diff-digest", &self->diff_digest, error) ||
      !nz_json_get_string(object, "created", &created, error) ||
      !nz_json_get(object, "diff-size", &size, error) ||
      !nz_json_get(object, "toc-digest", &toc, error) ||
      !nz_json_get_object(object, "flags", &flags, error) ||
      !is_mapped(object, "uidmap", &self->mapped, error) ||
      !is_mapped(object, "gidmap", &self->mapped, error))
    return FALSE;
  self->created = g_strdup(created ? created : "");
  self->diff_size = json_is_integer(size) ? json_integer_value(size) : -1;
  self->incomplete = json_is_true(json_object_get(flags, "incomplete"));
  self->by_table = toc != NULL;
  return TRUE;
}

static gboolean
add_layers(NzStorageRoot *self, guint which, GHashTable *layers, Identity *identity, GError **error)
{
  g_autoptr(GError) failed = NULL;
  g_autoptr(NzJson) list = read_list(self, "layers", layer_lists[which], identity, &failed);
  for (gsize i = 0; !failed && i < json_array_size(list); i++) {
    NzStorageLayer *layer = g_new0(NzStorageLayer, 1);
    if (fill_layer(layer, json_array_get(list, i), &failed)) {
      g_hash_table_replace(layers, layer->id, layer);
      continue;
    }
    layer_free(layer);
    g_prefix_error(&failed, "%s-layers/%s: layer %" G_GSIZE_FORMAT ": ", self->driver,
                   layer_lists[which], i);
  }
  if (failed)
    g_propagate_error(error, g_steal_pointer(&failed));
  return !failed;
}

static gboolean
is_current(NzStorageRoot *self)
{
  for (guint i = 0; i < G_N_ELEMENTS(layer_lists); i++) {
    struct stat st = {0};
    const Identity *read = &self->read[i];
    g_autofree char *path = g_strdup_printf("%s-layers/%s", self->driver, layer_lists[i]);
    if (fstatat(self->dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
      return FALSE;
    if (read->ino != st.st_ino || read->size != (guint64)st.st_size ||
        read->sec != st.st_mtim.tv_sec || read->nsec != st.st_mtim.tv_nsec)
      return FALSE;
  }
  return TRUE;
}

GHashTable *
nz_storage_root_layers(NzStorageRoot *self, GError **error)
{
  GHashTable *found = NULL;
  g_mutex_lock(&self->mutex);
  if (!self->layers || !is_current(self)) {
    g_autoptr(GHashTable) layers =
        g_hash_table_new_full(nz_str_hash, g_str_equal, NULL, layer_free);
    g_clear_pointer(&self->layers, g_hash_table_unref);
    if (add_layers(self, 0, layers, &self->read[0], error) &&
        add_layers(self, 1, layers, &self->read[1], error))
      self->layers = g_steal_pointer(&layers);
  }
  if (self->layers)
    found = g_hash_table_ref(self->layers);
  g_mutex_unlock(&self->mutex);
  return found;
}

gboolean
nz_storage_root_is_written(NzStorageRoot *self)
{
  struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
  int fd = nz_storage_root_open(self, O_RDONLY | O_NONBLOCK, "%s-layers/layers.lock", self->driver);
  if (fd < 0)
    return FALSE;
  gboolean written = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
  close(fd);
  return written;
}
