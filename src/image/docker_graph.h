/* SPDX-License-Identifier: Apache-2.0 */
/* Between docker_graph.c and docker_graph_list.c: files of the store, none of them through a link.
 */
#pragma once

#include "image/docker_daemon.h"

/* "image/DRIVER", below the data root. */
char *nz_docker_place(const NzEngineStore *store);

int nz_docker_open_root(const char *root, GError **error);
int nz_docker_open_below(int dir, const char *path, int flags, GError **error);
/* A regular file, and its size. */
int nz_docker_open_file(int dir, const char *path, guint64 *size, GError **error);
GBytes *nz_docker_read_file(int dir, const char *path, gsize max, GError **error);
/* The one word that a small file holds. */
char *nz_docker_read_word(int dir, const char *path, GError **error);
gboolean nz_docker_exists(int dir, const char *path);
