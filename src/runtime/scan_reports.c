/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/scan_reports.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/digest.h"
#include "runtime/describe_private.h"
#include "runtime/scan_reports_private.h"

struct NzScanReports {
  gint refs;
  GPtrArray *images;     /* NzScannedImage */
  GHashTable *by_id;     /* digest of a configuration -> NzScannedImage, borrowed */
  GHashTable *by_digest; /* of a manifest; or the image's id, where the report has no other */
  gsize bytes;           /* of all that were read */
  guint kept;            /* images and files */
};

NzScanReports *
nz_scan_reports_new(void)
{
  NzScanReports *self = g_new0(NzScanReports, 1);
  self->refs = 1;
  self->images = g_ptr_array_new_with_free_func((GDestroyNotify)nz_scanned_image_free);
  self->by_id = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  self->by_digest = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  return self;
}

NzScanReports *
nz_scan_reports_ref(NzScanReports *self)
{
  if (self)
    self->refs++;
  return self;
}

void
nz_scan_reports_unref(NzScanReports *self)
{
  if (!self || --self->refs > 0)
    return;
  g_hash_table_unref(self->by_id);
  g_hash_table_unref(self->by_digest);
  g_ptr_array_unref(self->images);
  g_free(self);
}

/* --- what is kept --- */

gboolean
nz_scan_reports_keep(NzScanReports *self, const char *id, const char *digest, NzScannedImage *image,
                     GError **error)
{
  g_ptr_array_add(self->images, image);
  self->kept++;
  for (guint kind = 0; kind < NZ_SCANNED_KINDS; kind++)
    self->kept += g_hash_table_size(image->files[kind]);
  if (self->kept > NZ_SCAN_REPORTS_KEPT_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
                "more than %u images and files that make root, with those of the reports before; "
                "scan and name only the images that run",
                NZ_SCAN_REPORTS_KEPT_MAX);
    return FALSE;
  }
  if (id)
    g_hash_table_replace(self->by_id, g_strdup(id), image);
  if (digest)
    g_hash_table_replace(self->by_digest, g_strdup(digest), image);
  return TRUE;
}

/* "sha256:..." of "quay.io/a/web:1@sha256:..."; NULL: it has none. */
static const char *
digest_of_name(const char *name)
{
  const char *at = name ? strrchr(name, '@') : NULL;
  return at && nz_digest_valid(at + 1) ? at + 1 : NULL;
}

const NzScannedImage *
nz_scan_reports_find(const NzScanReports *self, const NzContainerFacts *container)
{
  const char *id = container->image_id, *digest = digest_of_name(container->image);
  const NzScannedImage *found = id ? g_hash_table_lookup(self->by_id, id) : NULL;
  if (!found && id) /* Docker's image store of containerd goes by the manifest */
    found = g_hash_table_lookup(self->by_digest, id);
  if (!found && digest)
    found = g_hash_table_lookup(self->by_digest, digest);
  return found;
}

/* --- files --- */

static GBytes *
read_file(const char *path, gsize left, GError **error)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    nz_set_errno(error, errno, "cannot open it");
    return NULL;
  }
  g_autoptr(GBytes) bytes = nz_state_read_fd(fd, left, error);
  close(fd);
  if (!bytes && error && g_error_matches(*error, NZ_ERROR, NZ_ERROR_LIMIT)) {
    g_clear_error(error);
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
                "with the reports before it has more than %u MiB; scan and name only the images "
                "that run",
                (guint)(NZ_SCAN_REPORTS_BYTES_MAX >> 20));
  }
  return g_steal_pointer(&bytes);
}

static gboolean
load(NzScanReports *self, const char *path, GError **error)
{
  g_autofree char *shown = nz_printable(path, -1);
  g_autoptr(GBytes) bytes = read_file(path, NZ_SCAN_REPORTS_BYTES_MAX - self->bytes, error);
  gsize len = 0;
  const char *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;
  self->bytes += len;
  if (bytes && nz_scan_reports_add(self, shown, data, len, error))
    return TRUE;
  g_prefix_error(error, "the scan report %s: ", shown);
  return FALSE;
}

NzScanReports *
nz_scan_reports_load(const char *const *files, GError **error)
{
  g_autoptr(NzScanReports) self = nz_scan_reports_new();
  for (guint i = 0; files[i]; i++)
    if (!load(self, files[i], error))
      return NULL;
  return g_steal_pointer(&self);
}
