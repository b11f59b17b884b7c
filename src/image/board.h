/* SPDX-License-Identifier: Apache-2.0 */
/* Which layers are being read, for whoever looks on from another thread. Who reads one puts it on
 * the board and takes it off; how far it is stands in its control, which nobody has to tell. */
#pragma once

#include "image/image.h"

/* Lines of a board. Layers that find no free one are read without being shown. */
#define NZ_BOARD_LINES 16u

typedef struct {
  char name[24]; /* "sha256:0123456789ab", or "layer 3": our own words, whatever the image says */
  guint64 bytes_read; /* so far */
  guint64 bytes;      /* of all of it; 0: not known */
  gint64 since;       /* when its reading began, by g_get_monotonic_time() */
  guint n_layers;     /* of its image */
  guint n_done;       /* those of them that were read */
} NzBoardLine;

NzBoard *nz_board_new(void);
void nz_board_free(NzBoard *self);

/* Puts LAYER on the board (NULL: does nothing). It is one of N_LAYERS, of which *N_DONE (atomic)
 * were read; CONTROL is its own, and both live until it is taken off. Returns its line. */
guint nz_board_add(NzBoard *self, const NzLayer *layer, NzControl *control, guint n_layers,
                   gint *n_done);
void nz_board_remove(NzBoard *self, guint line);

/* Copies up to MAX lines that are in use, in the order of their places; returns how many. */
gsize nz_board_look(NzBoard *self, NzBoardLine *out, gsize max);
