/* SPDX-License-Identifier: Apache-2.0 */
#include "check/scanned_image.h"

#include "core/text.h"

NzScannedFile *
nz_scanned_file_new(void)
{
  return g_new0(NzScannedFile, 1);
}

void
nz_scanned_file_free(NzScannedFile *self)
{
  if (!self)
    return;
  g_free(self->path);
  g_free(self->layer.digest);
  g_free(self->layer.created_by);
  g_free(self->package);
  g_free(self);
}

NzScannedImage *
nz_scanned_image_new(const char *report)
{
  NzScannedImage *self = g_new0(NzScannedImage, 1);
  self->report = g_strdup(report);
  self->state = NZ_USER_UNKNOWN;
  self->verdict = NZ_VERDICT_UNKNOWN;
  for (guint kind = 0; kind < NZ_SCANNED_KINDS; kind++)
    self->files[kind] =
        g_hash_table_new_full(nz_str_hash, g_str_equal, NULL, (GDestroyNotify)nz_scanned_file_free);
  return self;
}

void
nz_scanned_image_free(NzScannedImage *self)
{
  if (!self)
    return;
  for (guint kind = 0; kind < NZ_SCANNED_KINDS; kind++)
    g_hash_table_unref(self->files[kind]);
  g_free(self->report);
  g_free(self->declared);
  g_free(self);
}

void
nz_scanned_image_add(NzScannedImage *self, NzScannedKind kind, NzScannedFile *file)
{
  g_hash_table_replace(self->files[kind], file->path, file);
}

const NzScannedFile *
nz_scanned_image_find(const NzScannedImage *self, NzScannedKind kind, const char *path)
{
  return g_hash_table_lookup(self->files[kind], path);
}
