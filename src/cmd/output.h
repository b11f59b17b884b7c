/* SPDX-License-Identifier: Apache-2.0 */
/* Where reports go: standard output and files, each in its format.
 *
 * Formats and outputs pair up by number: the second --output is the file of the second --format. A
 * format without an output goes to standard output. Files are opened before anything is read, as
 * temporary ones, and appear whole or not at all. Devices and pipes are written as they are. */
#pragma once

#include <nonzero.h>
#include <stdio.h>

#include "core/error.h"

typedef struct NzOutputs NzOutputs;

/* For option tables, G_OPTION_ARG_CALLBACK: collects -f/--format and -o/--output. The latter wants
 * G_OPTION_FLAG_FILENAME. */
gboolean nz_outputs_option(const char *name, const char *value, gpointer data, GError **error);

/* What was collected, opened nowhere. NULL when it is contradictory: wrong usage. INPUTS are paths
 * that may not be written, NULL-terminated. With QUIET there is no report. */
NzOutputs *nz_outputs_new(const char *const *inputs, gboolean quiet, GError **error);

/* Opens all; no thread may run yet, because this may fork. FALSE: one cannot be written. */
gboolean nz_outputs_open(NzOutputs *self, GError **error);

/* TRUE when a report will be written as FORMAT. */
gboolean nz_outputs_has(const char *format);

/* TRUE when --format was given. */
gboolean nz_outputs_named_format(void);

/* What no --format was named for is written as FORMAT, a name that holds for good. Before
 * nz_outputs_new(). */
void nz_outputs_default(const char *format);

/* Writes SUBJECT, which is finished, to standard output where the format there can take it before
 * the whole is known. From one thread at a time. */
void nz_outputs_stream(NzOutputs *self, const nonzero_subject *subject, const char *color);

/* Prints WHAT as FORMAT to OUT, as nonzero_report_write() does. */
typedef int (*NzOutputWrite)(gconstpointer what, const char *format, FILE *out, unsigned flags,
                             char **error);

/* Writes WHAT into each by WRITE. COLOR is "auto", "always" or "never". An error says which were
 * written. */
gboolean nz_outputs_write(NzOutputs *self, NzOutputWrite write, gconstpointer what,
                          const char *color, gboolean verbose, GError **error);

/* Without nz_outputs_write() before, all files are as they were. */
void nz_outputs_free(NzOutputs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzOutputs, nz_outputs_free)
