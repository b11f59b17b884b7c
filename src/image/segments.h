/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's tar archive, read in two places at once.
 *
 * A tar archive is a chain: where a header lies is known when the one before it is read. But bodies
 * are skipped, and what takes time are the many small reads, so a second thread pays if it can
 * begin elsewhere. It looks near the middle of what is left for a block that is a tar header, and
 * reads the chain from there: a segment. Whichever thread has no more to read splits what the other
 * has left, and so on, because headers lie dense in some places and thin in others.
 *
 * A body may hold a tar archive, too, and whoever made the image chose the bytes. So a segment
 * counts only if the segment before it counts and its chain arrives at the very block where this
 * one begins, with nothing pending that would change how that block is read. The first segment
 * begins with the archive and always counts. A chain that passes over a segment's begin goes on, as
 * if it were not there, to those behind it. The entries and the error are therefore those of one
 * reader, whatever lies in the bodies. */
#pragma once

#include "image/image.h"
#include "image/tar.h"

/* Asked before each header is read: TRUE ends the reading there. */
typedef gboolean (*NzReadUntil)(NzTar *tar, gpointer data);

/* The entries of the archive in STREAM (borrowed), to its end or UNTIL (may be NULL), into LOG.
 * In layer.c. */
gboolean nz_layer_read_entries(NzStream *stream, const NzReadOptions *options, NzLayerLog *log,
                               NzReadUntil until, gpointer data, GError **error);

typedef struct {
  guint64 min;  /* what must be left of the archive for a second thread */
  guint64 part; /* and of a segment, to be split */
  /* For tests: where segments begin, in order, instead of where it pays. */
  const guint64 *starts;
  guint n_starts;
  guint *n_counted; /* not NULL: set to how many counted in the end, with the first */
} NzSegmentPlan;

/* The entries of the archive of SIZE bytes in STREAM (borrowed), into LOG. A second thread helps
 * once options->spare has a processor for it, if STREAM can be read at any place. */
gboolean nz_segments_read(NzStream *stream, guint64 size, const NzSegmentPlan *plan,
                          const NzReadOptions *options, NzLayerLog *log, GError **error);
