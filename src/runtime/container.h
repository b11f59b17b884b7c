/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a process is in, by the path of its control group alone: no file is opened and
 * nothing allocated, so that it can be asked in the event path.
 *
 * Who writes the path: the part above and at a container's own group is the host's engine's; what
 * is below may be the container's, where its groups are delegated to it. So the container is the
 * outermost that the path names, and one inside it (Docker in Docker, a node of kind) is told apart
 * by `inner` only: nobody passes for another container by making a directory. */
#pragma once

#include <glib.h>

typedef enum {
  NZ_CONTAINER_ANY, /* a container, of an engine that the path does not tell */
  NZ_CONTAINER_DOCKER,
  NZ_CONTAINER_PODMAN,
  NZ_CONTAINER_CONTAINERD,
  NZ_CONTAINER_CRIO,
  NZ_CONTAINER_NERDCTL,
  NZ_CONTAINER_BUILDKIT,
  NZ_CONTAINER_BUILDAH,
  NZ_CONTAINER_RUNTIME, /* runc or crun, started without an engine */
  NZ_CONTAINER_LXC,
  NZ_CONTAINER_NSPAWN,
  NZ_CONTAINER_ENGINES
} NzContainerEngine;

/* "docker", "podman", "containerd", "cri-o", "nerdctl", "buildkit", "buildah", "runtime", "lxc",
 * "systemd-nspawn"; "unknown" for NZ_CONTAINER_ANY. */
const char *nz_container_engine_name(NzContainerEngine engine);

/* Finds it by that name, as --engine takes it; FALSE: there is none. */
gboolean nz_container_engine_find(const char *name, NzContainerEngine *engine);

#define NZ_CONTAINER_ID_MAX 76 /* containerd's bound on names (identifiers.Validate) */
#define NZ_POD_ID_MAX       64 /* Podman's pods; a pod's UID of Kubernetes has 36 */

typedef struct {
  NzContainerEngine engine;
  char id[NZ_CONTAINER_ID_MAX + 1];
  char space[NZ_CONTAINER_ID_MAX + 1]; /* containerd's namespace, or "" */
  char pod[NZ_POD_ID_MAX + 1];         /* the pod's UID with hyphens, Podman's pod id, or "" */
  gboolean kubernetes;                 /* below kubepods */
  gboolean rootless;                   /* of an engine that a user other than root runs */
  guint32 owner;                       /* that user; 0 where rootless is FALSE */
  gsize root_len; /* so many bytes of the path are the container's own group: a key that all its
                     processes share */
  char inner[NZ_CONTAINER_ID_MAX + 1]; /* the innermost container inside this one, or "" */
  NzContainerEngine inner_engine;
} NzContainerRef;

/* PATH is that of a cgroup below its hierarchy's root, as /proc/PID/cgroup has it ("/docker/<id>"),
 * of v1 or v2. FALSE: it is in none; REF is then untouched. */
gboolean nz_cgroup_container(const char *path, NzContainerRef *ref);

/* The same for the text of /proc/PID/cgroup, of v1, v2 and hybrid hosts: the unified hierarchy's
 * line where that says a container, else systemd's, else the first that does. */
gboolean nz_cgroup_file_container(const char *text, gsize len, NzContainerRef *ref);

/* Clients of containerd call their namespaces and containers what they like: any "/NAMESPACE/ID" at
 * the root of the hierarchy may be one, or a group that somebody made. For paths that the above do
 * not know; who confirms it is identify.h. */
gboolean nz_cgroup_candidate(const char *path, NzContainerRef *ref);
gboolean nz_cgroup_file_candidate(const char *text, gsize len, NzContainerRef *ref);

/* "docker:0123456789ab": for people. To be freed. */
char *nz_container_ref_text(const NzContainerRef *ref);
