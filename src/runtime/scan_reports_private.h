/* SPDX-License-Identifier: Apache-2.0 */
/* Between the reader of a report and the images that are kept. */
#pragma once

#include "runtime/scan_reports.h"

/* IMAGE is taken. ID (of its configuration) and DIGEST (of its manifest) are what it is found by;
 * either may be NULL. FALSE: there is no room. */
gboolean nz_scan_reports_keep(NzScanReports *self, const char *id, const char *digest,
                              NzScannedImage *image, GError **error);
