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

gboolean
nz_identify_path(const char *path, gint pid, NzContainerRef *ref, gboolean *sure)
{
  NzContainerRef candidate;
  if (sure)
    *sure = TRUE;
  if (nz_cgroup_container(path, ref))
    return TRUE;
  if (!nz_cgroup_candidate(path, &candidate))
    return FALSE;
  if (pid <= 0)
    pid = nz_monitor_any_process(&candidate);
  if (is_confirmed(&candidate, pid)) {
    *ref = candidate;
    return TRUE;
  }
  if (sure)
    *sure = pid > 0;
  return FALSE;
}

gboolean
nz_identify_file(const char *text, gsize len, gint pid, NzContainerRef *ref)
{
  NzContainerRef candidate;
  if (nz_cgroup_file_container(text, len, ref))
    return TRUE;
  if (!nz_cgroup_file_candidate(text, len, &candidate) || !is_confirmed(&candidate, pid))
    return FALSE;
  *ref = candidate;
  return TRUE;
}
