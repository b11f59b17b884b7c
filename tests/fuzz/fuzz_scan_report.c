/* SPDX-License-Identifier: Apache-2.0 */
/* A report of a scan, as a watch is given it. */
#include "runtime/scan_reports.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

#define ID "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void
check_text(const char *text)
{
  if (text && !g_utf8_validate(text, -1, NULL))
    g_error("a text that cannot be printed");
}

static void
check_files(const NzScannedImage *image)
{
  for (guint kind = 0; kind < NZ_SCANNED_KINDS; kind++) {
    GHashTableIter i;
    gpointer value;
    g_hash_table_iter_init(&i, image->files[kind]);
    while (g_hash_table_iter_next(&i, NULL, &value)) {
      const NzScannedFile *file = value;
      check_text(file->path);
      check_text(file->package);
      check_text(file->layer.created_by);
      if (nz_scanned_image_find(image, kind, file->path) != file)
        g_error("a file that is not found again");
    }
  }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  g_autoptr(NzScanReports) reports = nz_scan_reports_new();
  g_autoptr(GError) error = NULL;
  const NzContainerFacts container = {.image_id = (char *)ID};
  gboolean ok = nz_scan_reports_add(reports, "r", (const char *)data, size, &error);
  if (ok != !error)
    g_error("an error without a message, or the other way round");
  if (error)
    check_text(error->message);
  const NzScannedImage *image = nz_scan_reports_find(reports, &container);
  if (!image)
    return 0;
  check_text(image->declared);
  check_files(image);
  return 0;
}
