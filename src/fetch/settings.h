/* SPDX-License-Identifier: Apache-2.0 */
/* What the program that fetches was told: options, and the environment. Set once, before threads.
 */
#pragma once

#include <glib.h>

typedef struct {
  gint channels;
  gboolean plain_http;
  gboolean no_sockets;
  char **sockets;          /* the only ones that may be connected to; NULL: any */
  char *tls_ca, *authfile; /* NULL: not said */
  char *registries_conf;   /* NULL: the system's and the user's */
  char *certs_dir;         /* NULL: those of Podman and Docker */
  /* Times: what tests shorten. */
  guint connect_seconds, idle_seconds, backoff_ms;
  const char *system_ca; /* a file; NULL: the library's */
  gboolean has_proxy;    /* what is connected to is not what a URL names */
} NzSettings;

extern NzSettings nz_settings;
