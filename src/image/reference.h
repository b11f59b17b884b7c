/* SPDX-License-Identifier: Apache-2.0 */
/* Names of images, as distribution/reference reads them (reference.go, normalize.go):
 *
 *   reference  name [":" tag] ["@" digest]
 *   name       [host "/"] component ["/" component]*
 *   host       (dns name | IPv4 | "[" IPv6 "]") [":" port]
 *   component  [a-z0-9]+ (("." | "_" | "__" | "-"+) [a-z0-9]+)*
 *   tag        [A-Za-z0-9_] [A-Za-z0-9_.-]{0,127}
 *
 * What stands before the first "/" is a host if it has a "." or ":", is "localhost", or has a
 * capital letter; without one it is docker.io, whose images without "/" are in library/. */
#pragma once

#include "core/error.h"

typedef struct {
  char *host;   /* "docker.io", "localhost:5000"; as written */
  char *path;   /* "library/nginx" */
  char *tag;    /* NULL: none was written */
  char *digest; /* valid (nz_digest_valid()); NULL: none was written */
} NzReference;

/* FALSE says what is wrong with TEXT. */
gboolean nz_reference_parse(const char *text, NzReference *out, GError **error);

/* "docker.io/library/nginx". */
char *nz_reference_name(const NzReference *self);

/* The same with ":tag" and "@digest", as far as they were written; ":latest" when neither was. */
char *nz_reference_text(const NzReference *self);

void nz_reference_clear(NzReference *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzReference, nz_reference_clear)
