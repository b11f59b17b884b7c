/* SPDX-License-Identifier: Apache-2.0 */
/* Where a report goes: standard output, or a file that appears whole or not at all. */
#pragma once

#include "report/report.h"

typedef struct {
  const char *path;  /* NULL or "-": standard output */
  const char *color; /* "auto", "always", "never" */
  gboolean verbose;
} NzOutputOptions;

/* Writes REPORT as FORMAT. */
gboolean nz_output_write(const NzReport *report, const NzReportFormat *format,
                         const NzOutputOptions *options, GError **error);
