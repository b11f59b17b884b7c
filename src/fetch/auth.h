/* SPDX-License-Identifier: Apache-2.0 */
/* What is put into the header Authorization (RFC 9110, and distribution's token authentication). */
#pragma once

#include "fetch/endpoint.h"
#include "fetch/ops.h"

/* One challenge of a WWW-Authenticate header. */
typedef struct {
  char *realm, *service, *scope; /* NULL: not said */
  gboolean bearer;               /* else basic */
} NzChallenge;

void nz_challenge_clear(NzChallenge *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzChallenge, nz_challenge_clear)

/* The challenge of HEADER to answer: bearer before basic. FALSE: there is none that we know. */
gboolean nz_challenge_parse(const char *header, NzChallenge *out);

/* "Authorization: ..." for ENDPOINT, as far as it is known and not over; or NULL. */
char *nz_auth_header(const NzEndpoint *endpoint);

/* Answers the challenge of a response with status 401 from ENDPOINT, to a request that had USED (or
 * NULL) for its header. Afterwards nz_auth_header() is another. LOOPBACK: the registry is on this
 * host, and so may be who gives tokens. */
gboolean nz_auth_answer(NzWorker *worker, const NzEndpoint *endpoint, const char *challenge,
                        const char *used, gboolean loopback, GError **error);
