/* SPDX-License-Identifier: Apache-2.0 */
/* Where a registry is spoken to: its host, how, and by which certificates. */
#pragma once

#include "fetch/http.h"

typedef struct {
  char *host;        /* as names have it: "docker.io" */
  char *path;        /* of the repository there */
  char *base;        /* "https://registry-1.docker.io", no slash at its end */
  char *ca;          /* a file; NULL: the system's */
  char *cert, *key;  /* NULL: none */
  gboolean insecure; /* said so by a configuration: no certificates are checked, HTTP will do */
  gboolean mirror;   /* it stands in for another */
  gboolean no_tags, no_digests; /* manifests are not asked for by these there */
} NzEndpoint;

void nz_endpoint_free(NzEndpoint *self);

/* The endpoints for the repository PATH of HOST, in the order in which they are asked: its mirrors,
 * and itself. NULL when a configuration blocks it or cannot be read. */
GPtrArray *nz_endpoints_for(const char *host, const char *path, GError **error);

/* Sets REQUEST's certificates. */
void nz_endpoint_set_tls(const NzEndpoint *self, NzHttpRequest *request);

/* URL's "scheme://host[:port]" in lower case with the port always there; NULL: it is no http or
 * https URL that may be asked for. */
char *nz_url_origin(const char *url);
/* Its host alone. */
char *nz_url_host(const char *url);
