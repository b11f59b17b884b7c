/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's images, by three ways: docker_graph.c reads the store of its graph drivers,
 * containerd_list.c that of its containerd, docker_api.c asks the daemon. */
#pragma once

#include "image/engine.h"

/* What docker_daemon.c found of a data root (NzEngineStore.root). */
typedef struct {
  const char *driver;  /* whose store can be read; NULL: none */
  char *containerd[3]; /* roots of containerd that may have Docker's namespace; NULL at the end */
  gboolean shifted;    /* owners on disk are those of a user namespace */
} NzDockerStore;

/* The drivers whose stores docker_graph.c reads, in the order in which Docker prefers them; NULL at
 * the end. */
extern const char *const nz_docker_drivers[];

/* Docker's "a:1" for "docker.io/library/a:1". */
char *nz_docker_short_name(const char *name);

gboolean nz_docker_graph_list(const NzEngineStore *store, GPtrArray *images, GError **error);
gboolean nz_docker_graph_open(const NzStoredImage *stored, const NzOpenRequest *request,
                              GPtrArray *images, GError **error);

gboolean nz_docker_api_list(const NzEngineStore *store, const NzOpenOptions *options,
                            GPtrArray *images, GError **error);
gboolean nz_docker_api_open(const NzStoredImage *stored, const NzOpenRequest *request,
                            GPtrArray *images, GError **error);
