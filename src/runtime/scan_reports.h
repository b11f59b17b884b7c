/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of `nonzero scan --format json`, for what runs to be held to: of each image who it starts
 * as, its verdict, and which of its files make root. All else in them is passed over.
 *
 * They are files that an operator names, but who wrote them is not known: all is bounded, and what
 * is no such report is refused as a whole. */
#pragma once

#include "check/scanned_image.h"
#include "core/error.h"
#include "runtime/describe.h"

typedef struct NzScanReports NzScanReports;

/* Reads FILES, NULL-terminated. Of an image that is in several the last counts. */
NzScanReports *nz_scan_reports_load(const char *const *files, GError **error);

NzScanReports *nz_scan_reports_new(void);
NzScanReports *nz_scan_reports_ref(NzScanReports *self);
void nz_scan_reports_unref(NzScanReports *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzScanReports, nz_scan_reports_unref)

/* Adds what the LEN bytes at DATA say; NAME, printable, is what they are called. After an error
 * SELF is good for nothing. */
gboolean nz_scan_reports_add(NzScanReports *self, const char *name, const char *data, gsize len,
                             GError **error);

/* What was said of the image that CONTAINER was started from: by its id, else by a digest. NULL:
 * nothing. */
const NzScannedImage *nz_scan_reports_find(const NzScanReports *self,
                                           const NzContainerFacts *container);
