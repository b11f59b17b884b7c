/* SPDX-License-Identifier: Apache-2.0 */
/* Where reports go: standard output and files, each in its format.
 *
 * Formats and outputs pair up by number: the second --output is the file of the second --format. A
 * format without an output goes to standard output. Files are opened before anything is read, as
 * temporary ones, and appear whole or not at all. Devices and pipes are written as they are. */
#pragma once

#include "report/report.h"

typedef struct NzOutputs NzOutputs;

/* For option tables, G_OPTION_ARG_CALLBACK: collects -f/--format and -o/--output. The latter wants
 * G_OPTION_FLAG_FILENAME. */
gboolean nz_outputs_option(const char *name, const char *value, gpointer data, GError **error);

/* The format of a name, or NULL: nz_report_format_find() or a verb's own. */
typedef const NzReportFormat *(*NzFormatFind)(const char *name);

/* What was collected, opened nowhere. NULL when it is contradictory: wrong usage. INPUTS are paths
 * that may not be written, NULL-terminated. With QUIET there is no report. */
NzOutputs *nz_outputs_new(const char *const *inputs, NzFormatFind find, gboolean quiet,
                          GError **error);

/* Opens all; no thread may run yet, because this may fork. FALSE: one cannot be written. */
gboolean nz_outputs_open(NzOutputs *self, GError **error);

/* Formats for which WHICH is FALSE print OTHER, which is borrowed, and not the common report. */
void nz_outputs_use(NzOutputs *self, gboolean (*which)(const NzReportFormat *format),
                    const NzReport *other);

/* Writes REPORT into each. COLOR is "auto", "always" or "never". An error says which were written.
 */
gboolean nz_outputs_write(NzOutputs *self, const NzReport *report, const char *color,
                          gboolean verbose, GError **error);

/* Without nz_outputs_write() before, all files are as they were. */
void nz_outputs_free(NzOutputs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzOutputs, nz_outputs_free)
