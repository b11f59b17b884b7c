/* SPDX-License-Identifier: Apache-2.0 */
/* What containerd's database says of images (containerd metadata/buckets.go). Buckets, in buckets:
 *   v1 / NAMESPACE / images / NAME / createdat    a time as Go's MarshalBinary writes it
 *                                  / target       / digest, mediatype; size: a signed varint */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/openat2.h"
#include "core/text.h"
#include "image/bolt.h"
#include "image/containerd.h"
#include "image/digest.h"

void
nz_containerd_target_free(gpointer target)
{
  NzContainerdTarget *self = target;
  if (!self)
    return;
  g_free(self->root);
  g_free(self->name);
  g_free(self->media_type);
  g_free(self->digest);
  g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzContainerdTarget, nz_containerd_target_free)

typedef struct {
  const NzEngineStore *store;
  const char *root, *only;
  GPtrArray *images;   /* NzStoredImage: what was found in this reading */
  GHashTable *by_hash; /* "NAMESPACE DIGEST" -> the image, borrowed */
  char *space;         /* the namespace that is being read */
  gint64 created;
  NzContainerdTarget *target; /* the image that is being read */
  gsize bytes;                /* of all names */
} Listing;

/* --- values --- */

static gboolean
is_key(const NzBoltItem *item, const char *key)
{
  return item->key_len == strlen(key) && memcmp(item->key, key, item->key_len) == 0;
}

/* Version, seconds since the year 1, nanoseconds, zone. */
static gint64
read_time(const NzBoltItem *item)
{
  enum { SECONDS_AT = 1, SECONDS_TO = 9 };
  const gint64 year_1970 = G_GINT64_CONSTANT(62135596800);
  guint64 seconds = 0;
  if (item->value_len < SECONDS_TO)
    return 0;
  for (guint i = SECONDS_AT; i < SECONDS_TO; i++)
    seconds = seconds << 8 | item->value[i];
  return seconds > (guint64)year_1970 && seconds <= G_MAXINT64 ? (gint64)seconds - year_1970 : 0;
}

/* Seven bits a byte, the lowest first; then zigzag. -1: none, or one below zero. */
static gint64
read_size(const NzBoltItem *item)
{
  guint64 value = 0;
  gsize n = item->value_len;
  if (n == 0 || n > 9)
    return -1;
  for (gsize i = 0; i < n; i++) {
    if (!(item->value[i] & 0x80) != (i == n - 1))
      return -1;
    value |= (guint64)(item->value[i] & 0x7f) << (7 * i);
  }
  return value & 1 ? -1 : (gint64)(value >> 1);
}

/* Text of a key or value; NULL when it is none. */
static char *
read_text(const guint8 *bytes, gsize n)
{
  if (n == 0 || n > NZ_STORE_WORD_MAX || !g_utf8_validate((const char *)bytes, (gssize)n, NULL))
    return NULL;
  return g_strndup((const char *)bytes, n);
}

/* --- an image --- */

static gboolean
visit_target(NzBolt *bolt G_GNUC_UNUSED, const NzBoltItem *item, gpointer data,
             GError **error G_GNUC_UNUSED)
{
  NzContainerdTarget *target = ((Listing *)data)->target;
  if (item->is_bucket)
    return TRUE;
  if (is_key(item, "digest")) {
    g_free(target->digest);
    target->digest = read_text(item->value, item->value_len);
  } else if (is_key(item, "mediatype")) {
    g_free(target->media_type);
    target->media_type = read_text(item->value, item->value_len);
  } else if (is_key(item, "size")) {
    target->size = read_size(item);
  }
  return TRUE;
}

static gboolean
visit_field(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  Listing *self = data;
  if (item->is_bucket && is_key(item, "target"))
    return nz_bolt_each(bolt, &item->bucket, NULL, visit_target, self, error);
  if (!item->is_bucket && is_key(item, "createdat"))
    self->created = read_time(item);
  return TRUE;
}

/* The kubelet's plugin gives each image a name that is its id: "sha256:<hex>" of the configuration.
 */
static void
add_name(const Listing *self, NzStoredImage *stored, const char *name)
{
  if (nz_digest_valid(name)) {
    g_free(stored->id);
    stored->id = g_strdup(name);
    g_free(stored->digest);
    stored->digest = g_strdup(self->target->digest);
  } else if (self->only) {
    g_ptr_array_add(stored->names, g_strdup(name));
  } else {
    g_ptr_array_add(stored->names, g_strconcat(self->space, "/", name, NULL));
  }
}

/* Names of one namespace that stand for the same are one image. */
static gboolean
take_image(Listing *self, GError **error)
{
  NzContainerdTarget *target = self->target;
  self->bytes += strlen(target->name) + strlen(self->space);
  if (self->bytes > NZ_STORED_BYTES_MAX || self->images->len >= NZ_STORED_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
                "more than %u images, or names of more than %u MiB", NZ_STORED_MAX,
                (guint)(NZ_STORED_BYTES_MAX >> 20));
    return FALSE;
  }
  g_autofree char *key = g_strconcat(self->space, " ", target->digest, NULL);
  NzStoredImage *stored = g_hash_table_lookup(self->by_hash, key);
  if (stored) {
    add_name(self, stored, target->name);
    return TRUE;
  }
  stored = nz_stored_image_new(self->store, target->digest);
  g_ptr_array_add(self->images, stored);
  g_hash_table_insert(self->by_hash, g_steal_pointer(&key), stored);
  stored->space = self->only ? NULL : g_strdup(self->space);
  stored->created = self->created;
  add_name(self, stored, target->name);
  stored->data = g_steal_pointer(&self->target);
  stored->free_data = nz_containerd_target_free;
  return TRUE;
}

static gboolean
visit_image(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  Listing *self = data;
  if (!item->is_bucket)
    return TRUE;
  g_autofree char *shown = nz_printable((const char *)item->key, (gssize)MIN(item->key_len, 256));
  nz_containerd_target_free(self->target);
  self->target = g_new0(NzContainerdTarget, 1);
  self->target->root = g_strdup(self->root);
  self->target->name = read_text(item->key, item->key_len);
  self->target->size = -1;
  self->created = 0;
  if (!self->target->name)
    return nz_set_input(error, "an image's name is no text: %s", shown);
  if (!nz_bolt_each(bolt, &item->bucket, NULL, visit_field, self, error))
    return FALSE;
  if (!self->target->digest || !nz_digest_valid(self->target->digest) || self->target->size < 0)
    return nz_set_input(error, "the image %s has no digest or no size", shown);
  return take_image(self, error);
}

/* --- down to the images --- */

static gboolean
visit_images(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  return !item->is_bucket || nz_bolt_each(bolt, &item->bucket, NULL, visit_image, data, error);
}

static gboolean
visit_namespace(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  Listing *self = data;
  if (!item->is_bucket)
    return TRUE;
  g_free(self->space);
  self->space = read_text(item->key, item->key_len);
  if (!self->space)
    return nz_set_input(error, "a namespace's name is no text");
  return nz_bolt_each(bolt, &item->bucket, "images", visit_images, self, error);
}

static gboolean
visit_version(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  Listing *self = data;
  return !item->is_bucket ||
         nz_bolt_each(bolt, &item->bucket, self->only, visit_namespace, self, error);
}

static gboolean
read_database(NzBolt *bolt, gpointer data, GError **error)
{
  Listing *self = data;
  g_hash_table_remove_all(self->by_hash);
  g_ptr_array_set_size(self->images, 0);
  self->bytes = 0;
  NzBoltBucket root = nz_bolt_root(bolt);
  return nz_bolt_each(bolt, &root, "v1", visit_version, self, error);
}

/* --- the file --- */

static int
open_database(const char *root, GError **error)
{
  int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  int fd = dir < 0 ? -1
                   : nz_openat2(dir, NZ_CONTAINERD_DATABASE, O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                                RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
  int saved = errno;
  if (dir >= 0)
    close(dir);
  struct stat st;
  if (fd < 0) {
    nz_set_errno(error, saved, "cannot open " NZ_CONTAINERD_DATABASE);
    return -1;
  }
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
    return fd;
  nz_set_input(error, NZ_CONTAINERD_DATABASE " is no file");
  close(fd);
  return -1;
}

gboolean
nz_containerd_list(const NzEngineStore *store, const char *root, const char *only,
                   GPtrArray *images, GError **error)
{
  g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)nz_stored_image_free);
  g_autoptr(GHashTable) by_hash = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  Listing self = {.store = store, .root = root, .only = only, .images = found, .by_hash = by_hash};
  int fd = open_database(root, error);
  if (fd < 0)
    return FALSE;
  gboolean ok = nz_bolt_snapshot(fd, read_database, &self, error);
  close(fd);
  nz_containerd_target_free(self.target);
  g_free(self.space);
  if (!ok) {
    g_prefix_error(error, NZ_CONTAINERD_DATABASE ": ");
    return FALSE;
  }
  g_ptr_array_extend_and_steal(images, g_steal_pointer(&found));
  return TRUE;
}
