/* SPDX-License-Identifier: Apache-2.0 */
/* Puts temporary files into place at the end, for a process that can no longer rename.
 *
 * A child is forked before the confinement. It holds the names, which nothing can change any more,
 * and waits on a pipe: a byte renames each temporary to its final name, the pipe's end without one
 * removes them. So they are also removed when the scanner is killed, and a scanner that was turned
 * against us can put its own report into place and do nothing else. */
#pragma once

#include "core/error.h"

typedef struct NzCommitter NzCommitter;

/* Forks: no thread may have been started. The N names are copied by that. The child keeps the
 * caller's mask of signals: those that end the scanner should be blocked. */
NzCommitter *nz_committer_start(const char *const *temporaries, const char *const *finals, guint n,
                                GError **error);

/* Renames, with COMMIT, or removes the temporaries, and ends the child. ERRNOS gets an errno for
 * each file, 0 where it worked; it may be NULL without COMMIT. Frees SELF, which may be NULL. */
void nz_committer_finish(NzCommitter *self, gboolean commit, int *errnos);
