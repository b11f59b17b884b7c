/* SPDX-License-Identifier: Apache-2.0 */
/* Lines on standard error while a long scan runs, on a terminal only: what is read, and the layers
 * at work. progress_draw.h says what they look like. A dumb terminal has the first alone. */
#pragma once

#include <glib.h>
#include <nonzero.h>

typedef struct NzProgress NzProgress;

/* Watches how much SCANNER has read. NULL when standard error is no terminal, or with QUIET. */
NzProgress *nz_progress_start(const nonzero_scanner *scanner, gboolean quiet);

/* Says what is being read, and how large it is (0: not known). */
void nz_progress_set(NzProgress *self, const char *what, guint64 total);

/* Says how many of many images were judged: "3 of 12 images". */
void nz_progress_count(NzProgress *self, const char *counts);

/* Takes the lines away, so that something else can be written now. */
void nz_progress_hide(NzProgress *self);

/* Stops and wipes the lines. */
void nz_progress_stop(NzProgress *self);
