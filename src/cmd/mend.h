/* SPDX-License-Identifier: Apache-2.0 */
/* `nonzero lint --fix`: the files of a report, mended. */
#pragma once

#include <glib.h>
#include <nonzero.h>
#include <stdio.h>

/* An NzOutputWrite: the fixes of a report as strategic merge patches, and its proposals as
 * comments.
 */
int nz_mend_write_patch(gconstpointer report, const char *format, FILE *out, unsigned flags,
                        char **error);

/* Writes the files for which REPORT knows fixes, each whole or not at all, and says what was done
 * and what was not; with DIFF prints to standard output what would be changed, and writes nothing.
 * Returns how many were (or would be) changed. *OK becomes FALSE when one could not be. */
guint nz_mend_files(const nonzero_report *report, gboolean diff, gboolean *ok);
