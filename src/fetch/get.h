/* SPDX-License-Identifier: Apache-2.0 */
/* One document or blob of a registry: with logins, redirects, tries, and from where it broke. */
#pragma once

#include "fetch/endpoint.h"
#include "fetch/ops.h"

typedef struct {
  NzWorker *worker;
  const NzEndpoint *endpoint;
  const char *what;      /* for people: "app:1.0", "the blob sha256:..." */
  const char *place;     /* below "/v2/PATH/": "manifests/1.0" */
  const char *accept;    /* "Accept: ...", or NULL */
  gint64 size;           /* of the whole; -1: not known */
  gint64 offset, length; /* the part that is wanted; LENGTH -1: all */
  gsize max;             /* what may come at most; 0: as much as is wanted */
  guint max_seconds;     /* 0: as long as bytes come */

  /* What came so far. */
  gboolean begun; /* the head was sent: from then on nothing can be begun anew */
  guint64 done;
  char *etag;
  char *broke;      /* why a try before this one ended */
  gboolean reached; /* there was an HTTP answer */
} NzGet;

void nz_get_clear(NzGet *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzGet, nz_get_clear)

gboolean nz_get_run(NzGet *self, GError **error);
