/* SPDX-License-Identifier: Apache-2.0 */
/* Credential helpers: docker-credential-NAME get, the server on standard input, JSON on standard
 * output. */
#pragma once

#include "fetch/channel.h"

/* *ANSWER stays NULL when the helper knows nothing of SERVER. */
gboolean nz_helper_get(NzChannel *channel, const char *name, const char *server, json_t **answer,
                       GError **error);
