/* SPDX-License-Identifier: Apache-2.0 */
/* The watcher's turn on a busy host. Records wait in a buffer of the kernel's that does not grow:
 * with a dozen runnable processes for each processor an ordinary one waits some 40 ms, in which a
 * busy container fills it. So its one thread that reads them comes before all that are not of real
 * time (SCHED_RR, the lowest priority); it sleeps when there is nothing to read, and pauses when
 * there always is. */
#pragma once

#include <glib.h>

/* For this thread and those that it starts. Needs CAP_SYS_NICE; without, all stays as it is. */
void nz_priority_take(void);

/* Threads that are started from now on are ordinary ones. */
void nz_priority_keep(void);

/* To be called between batches. BUSY: more is there already. Pauses where that has been so for
 * long, so that others have a part of the processor whatever happens. */
void nz_priority_share(gboolean busy);
