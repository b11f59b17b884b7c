/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/identify.h"

#include "runtime/describe_private.h"

/* Whether containerd vouches for what a path looks like. */
static gboolean
is_confirmed(const NzContainerRef *candidate, gint pid)
{
  g_auto(NzMonitor) monitor = {0};
  return nz_containerd_has(candidate) || (pid > 0 && nz_monitor_find(pid, candidate, &monitor) &&
                                          g_strcmp0(monitor.space, candidate->space) == 0);
}

/* Whether the container that a path names would be one inside the candidate, made by it: the
 * outermost counts. */
static gboolean
is_outside(const NzContainerRef *candidate, const NzContainerRef *named)
{
  return candidate->root_len < named->root_len;
}

gboolean
nz_identify_path(const char *path, gint pid, NzContainerRef *ref, gboolean *sure)
{
  NzContainerRef candidate;
  if (sure)
    *sure = TRUE;
  gboolean known = nz_cgroup_container(path, ref);
  gboolean possible = nz_cgroup_candidate(path, &candidate);
  if (known && !(possible && is_outside(&candidate, ref)))
    return TRUE;
  if (!possible)
    return FALSE;
  if (pid <= 0 && !known)
    pid = nz_monitor_any_process(&candidate);
  if (is_confirmed(&candidate, pid)) {
    *ref = candidate;
    return TRUE;
  }
  if (sure)
    *sure = pid > 0;
  return known;
}

gboolean
nz_identify_file(const char *text, gsize len, gint pid, NzContainerRef *ref)
{
  NzContainerRef candidate;
  gboolean known = nz_cgroup_file_container(text, len, ref);
  gboolean possible =
      nz_cgroup_file_candidate(text, len, &candidate) && (!known || is_outside(&candidate, ref));
  if (!possible || !is_confirmed(&candidate, pid))
    return known;
  *ref = candidate;
  return TRUE;
}
