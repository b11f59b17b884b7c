/* SPDX-License-Identifier: Apache-2.0 */
/* A line on standard error while a long scan runs, on a terminal only. */
#pragma once

#include <glib.h>
#include <nonzero.h>

typedef struct NzProgress NzProgress;

/* Watches how much SCANNER has read. NULL when standard error is no terminal, or with QUIET. */
NzProgress *nz_progress_start(const nonzero_scanner *scanner, gboolean quiet);

/* Says what is being read, and how large it is (0: not known). */
void nz_progress_set(NzProgress *self, const char *what, guint64 total);

/* Stops and wipes the line. */
/* Takes the line away, until it is drawn again. */
void nz_progress_hide(NzProgress *self);
void nz_progress_stop(NzProgress *self);
