/* SPDX-License-Identifier: Apache-2.0 */
/* What progress looks like, as text: the line of what is read, and a bar for each layer at work.
 *
 *   app.tar: 170.1 MB, 61 %, 3 of 7 layers
 *     sha256:0123456789ab  [########------]  43 %  51.2 MB of 118.9 MB
 *     sha256:ba9876543210  [##############]  99 %  20.2 MB of 20.4 MB */
#pragma once

#include <glib.h>
#include <nonzero.h>

typedef struct {
  const char *what;   /* printable */
  guint64 done;       /* bytes */
  guint64 total;      /* 0: not known */
  gboolean is_counts; /* WHAT counts images, so that layers are of many */
  const nonzero_layer_progress *layers;
  gsize n_layers;
} NzProgressView;

/* The lines, divided by "\n", none wider than COLUMNS - 1, no more than ROWS - 1; the first is
 * always there. Layers that have just begun, and the only one of an image, have no line. */
char *nz_progress_draw(const NzProgressView *view, guint columns, guint rows);
