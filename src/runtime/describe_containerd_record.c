/* SPDX-License-Identifier: Apache-2.0 */
/* What containerd's database says of a container:
 *   v1 / NAMESPACE / containers / ID / image                    the image's name
 *                                    / createdat
 *                                    / extensions / EXTENSION   of CRI: the image itself
 *                  / images / NAME / target / digest            of its index or manifest, today
 *                                  / updatedat
 * A name may have been given to another image since the container was made of it. CRI keeps which
 * image it was; of others the times tell that it may have been. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/openat2.h"
#include "image/bolt.h"
#include "image/containerd.h"
#include "image/digest.h"
#include "runtime/describe_private.h"

/* A protobuf Any, in whose value is JSON: {"Version":"v1","Metadata":{"ImageRef":"sha256:...",...}}
 */
#define EXTENSION "io.cri-containerd.container.metadata"

/* Of Go's time.MarshalBinary: seconds and nanoseconds, the most significant byte first. */
enum { TIME_LEN = 12 };

typedef struct {
  const char *space, *id;
  NzContainerdRecord *record;
  guint8 created[TIME_LEN], named[TIME_LEN]; /* zeros: not known */
} Lookup;

/* --- the way to an item --- */

typedef struct {
  const char *const *path; /* what is left of it; NULL ends it */
  NzBoltVisit visit;
  gpointer data;
} Way;

static gboolean
go_on(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  const Way *way = data;
  if (!*way->path)
    return way->visit(bolt, item, way->data, error);
  Way rest = {way->path + 1, way->visit, way->data};
  return !item->is_bucket || nz_bolt_each(bolt, &item->bucket, *way->path, go_on, &rest, error);
}

/* Shows VISIT what PATH leads to from BUCKET, if there is such an item. */
static gboolean
follow(NzBolt *bolt, const NzBoltBucket *bucket, const char *const *path, NzBoltVisit visit,
       gpointer data, GError **error)
{
  Way way = {path + 1, visit, data};
  return nz_bolt_each(bolt, bucket, *path, go_on, &way, error);
}

/* --- values --- */

static gboolean
take_text(NzBolt *bolt G_GNUC_UNUSED, const NzBoltItem *item, gpointer data,
          GError **error G_GNUC_UNUSED)
{
  char **into = data;
  if (item->is_bucket || item->value_len > NZ_STATE_TEXT_MAX ||
      memchr(item->value, '\0', item->value_len))
    return TRUE;
  g_free(*into);
  *into = g_strndup((const char *)item->value, item->value_len);
  return TRUE;
}

static gboolean
take_time(NzBolt *bolt G_GNUC_UNUSED, const NzBoltItem *item, gpointer data,
          GError **error G_GNUC_UNUSED)
{
  if (!item->is_bucket && item->value_len > TIME_LEN) /* a version stands before it */
    memcpy(data, item->value + 1, TIME_LEN);
  return TRUE;
}

/* The value, field 2, of a protobuf Any, whose fields are all a length and bytes. */
static gboolean
find_any_value(const guint8 *p, gsize len, const guint8 **value, gsize *value_len)
{
  enum { BYTES = 2, VALUE = 2 };
  while (len > 0) {
    guint64 n = 0;
    guint shift = 0;
    gsize at = 1;
    do {
      if (at == len || shift > 28)
        return FALSE;
      n |= (guint64)(p[at] & 0x7f) << shift;
      shift += 7;
    } while (p[at++] & 0x80);
    if ((*p & 7) != BYTES || n > len - at)
      return FALSE;
    if (*p >> 3 == VALUE) {
      *value = p + at;
      *value_len = n;
      return TRUE;
    }
    p += at + n;
    len -= at + n;
  }
  return FALSE;
}

static gboolean
take_metadata(NzBolt *bolt G_GNUC_UNUSED, const NzBoltItem *item, gpointer data, GError **error)
{
  char **into = data;
  const guint8 *value;
  gsize len;
  json_t *metadata;
  const char *image = NULL;
  if (item->is_bucket || !find_any_value(item->value, item->value_len, &value, &len))
    return TRUE;
  g_autoptr(GBytes) bytes = g_bytes_new(value, len);
  g_autoptr(NzJson) json = nz_json_parse(bytes, error);
  if (!json || !nz_json_get_object(json, "Metadata", &metadata, error) ||
      (metadata && !nz_json_get_string(metadata, "ImageRef", &image, error))) {
    g_prefix_error(error, "what CRI keeps of the container: ");
    return FALSE;
  }
  if (image && nz_digest_valid(image)) {
    g_free(*into);
    *into = g_strdup(image);
  }
  return TRUE;
}

/* --- the record --- */

typedef struct {
  const char *path[3];
  NzBoltVisit visit;
  gpointer data;
} Field;

static gboolean
take_fields(NzBolt *bolt, const NzBoltItem *item, const Field *fields, gsize n, GError **error)
{
  for (gsize i = 0; item->is_bucket && i < n; i++)
    if (!follow(bolt, &item->bucket, fields[i].path, fields[i].visit, fields[i].data, error))
      return FALSE;
  return TRUE;
}

static gboolean
take_container(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  Lookup *self = data;
  const Field fields[] = {
      {{"image"}, take_text, &self->record->image},
      {{"createdat"}, take_time, self->created},
      {{"extensions", EXTENSION}, take_metadata, &self->record->config},
  };
  return take_fields(bolt, item, fields, G_N_ELEMENTS(fields), error);
}

static gboolean
take_image(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  Lookup *self = data;
  const Field fields[] = {
      {{"target", "digest"}, take_text, &self->record->target},
      {{"updatedat"}, take_time, self->named},
  };
  return take_fields(bolt, item, fields, G_N_ELEMENTS(fields), error);
}

static gboolean
read_database(NzBolt *bolt, gpointer data, GError **error)
{
  Lookup *self = data;
  nz_containerd_record_clear(self->record);
  memset(self->created, 0, TIME_LEN);
  memset(self->named, 0, TIME_LEN);
  NzBoltBucket root = nz_bolt_root(bolt);
  const char *const container[] = {"v1", self->space, "containers", self->id, NULL};
  if (!follow(bolt, &root, container, take_container, self, error))
    return FALSE;
  const char *const image[] = {"v1", self->space, "images", self->record->image, NULL};
  if (self->record->image && !follow(bolt, &root, image, take_image, self, error))
    return FALSE;
  self->record->renamed = memcmp(self->named, self->created, TIME_LEN) > 0;
  return TRUE;
}

void
nz_containerd_record_clear(NzContainerdRecord *self)
{
  g_free(self->image);
  g_free(self->target);
  g_free(self->config);
  *self = (NzContainerdRecord){0};
}

gboolean
nz_containerd_record_read(const NzEnginePlaces *places, const char *root, const char *space,
                          const char *id, NzContainerdRecord *record, GError **error)
{
  g_autofree char *path = g_strconcat(places->root, root, NULL);
  int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  int fd = dir < 0 ? -1
                   : nz_openat2(dir, NZ_CONTAINERD_DATABASE, O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                                RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  int failed = errno;
  if (dir >= 0)
    close(dir);
  if (fd < 0) {
    if (failed != ENOENT && failed != ENOTDIR)
      nz_set_errno(error, failed, "%s/" NZ_CONTAINERD_DATABASE, root);
    return FALSE;
  }
  Lookup lookup = {.space = space, .id = id, .record = record};
  gboolean ok = nz_bolt_snapshot(fd, read_database, &lookup, error);
  close(fd);
  return ok && record->image;
}
