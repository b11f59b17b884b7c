/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a process is in, where the path of its control group does not tell by itself:
 * containers of containerd in a namespace of any name. containerd keeps a directory for each, and a
 * shim above it says its namespace. Cheap where the path does tell, and asked once for each group.
 */
#pragma once

#include "runtime/container.h"

/* PATH as for nz_cgroup_container(). PID is a process of the group, or 0: then one is looked for.
 * FALSE: no container's; *SURE (or NULL) then says whether it can be relied upon: no process was
 * there to ask. */
gboolean nz_identify_path(const char *path, gint pid, NzContainerRef *ref, gboolean *sure);

/* TEXT is that of /proc/PID/cgroup. PID 0: no process is asked. */
gboolean nz_identify_file(const char *text, gsize len, gint pid, NzContainerRef *ref);
