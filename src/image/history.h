/* SPDX-License-Identifier: Apache-2.0 */
/* What an image's history tells of the image it was built on. Nothing in a configuration says where
 * a base ends; builders leave two signs, and both are guesses:
 *
 *   FROM     Buildah writes the comment "FROM NAME" to the first entry of a build, up to 1.36
 *            without --layers to its last. "FROM HEX" is a step of the same build.
 *   CMD      a Dockerfile ends with its CMD or ENTRYPOINT; one that a later entry's layer, or
 *            another CMD or ENTRYPOINT, follows is the end of somebody else's.
 *
 * The topmost sign counts. An instruction that made no layer has an entry all the same. */
#pragma once

#include <glib.h>

/* A place in the history: so many entries, and so many layers, are below it. */
typedef struct {
  guint entries, layers;
} NzHistoryMark;

typedef struct {
  guint n_entries, n_layers;
  NzHistoryMark base; /* no layers: no sign of a base */
  const char *sign;   /* "FROM", "CMD", "ENTRYPOINT"; or NULL */
  char *from;         /* printable: the base's name, if its sign is FROM */
  guint n_doubtful;   /* so many of the base's topmost entries may be the image's own */
  guint user_at;      /* which entry is the last USER, counted from 1; 0: none is */
  char *user;         /* and what it says */
  /* While it is read. */
  NzHistoryMark cmd, entrypoint, ended, said; /* ended: by CMD or ENTRYPOINT; said: by FROM */
  const char *ended_by;
  const char *last_word; /* what the last entry is: "CMD", "ENTRYPOINT", or NULL */
  guint last_layer;      /* the entry, counted from 1 */
  guint n_before_said;   /* entries without a layer right below it */
  gboolean said_by_layer;
} NzHistory;

/* Takes in the next entry, from the bottom up. CREATED_BY and COMMENT are hostile, and may be NULL.
 */
void nz_history_add(NzHistory *self, const char *created_by, const char *comment, gboolean empty);

/* After the last: sets base, sign and doubtful. */
void nz_history_end(NzHistory *self);

void nz_history_clear(NzHistory *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzHistory, nz_history_clear)
