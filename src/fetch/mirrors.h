/* SPDX-License-Identifier: Apache-2.0 */
/* registries.conf (containers-registries.conf(5), version 2): which places stand in for a registry,
 * or a part of it. */
#pragma once

#include <glib.h>

typedef struct {
  char *name;        /* "host/path" of the repository there */
  gboolean insecure; /* its certificate need not be right; plain HTTP will do */
  gboolean mirror;
  gboolean no_tags;    /* it is asked by digest only */
  gboolean no_digests; /* and this one by tag only */
} NzLocation;

/* Where the repository NAME ("docker.io/library/nginx") is to be had, mirrors first, as NzLocation.
 * NULL: it is blocked, or the configuration cannot be read. */
GPtrArray *nz_locations_for(const char *name, GError **error);
