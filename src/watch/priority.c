/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/priority.h"

#include <sched.h>
#include <sys/resource.h>

/* For how long nothing else may run at a stretch, and the pause after that: microseconds. Linux
 * itself stops real time after 950 ms of a second. */
#define STRETCH_US 40000
#define PAUSE_US   10000

/* Above the lowest, which the thread that describes containers has. */
static const struct sched_param priority = {.sched_priority = 2};

static gint64 busy_since;
static gboolean taken;

void
nz_priority_take(void)
{
  taken = sched_setscheduler(0, SCHED_RR, &priority) == 0;
  if (!taken)
    setpriority(PRIO_PROCESS, 0, -10);
}

void
nz_priority_keep(void)
{
  if (taken)
    sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &priority);
}

void
nz_priority_share(gboolean busy)
{
  gint64 now = g_get_monotonic_time();
  if (!busy || !taken || busy_since == 0) {
    busy_since = busy ? now : 0;
  } else if (now - busy_since > STRETCH_US) {
    g_usleep(PAUSE_US);
    busy_since = g_get_monotonic_time();
  }
}
