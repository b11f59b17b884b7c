/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked for: one function for each "op" of protocol.h. It sends head and data; who
 * calls it sends what ends the answer. To add one: a function, and a line in the table of main.c.
 */
#pragma once

#include "fetch/http.h"

typedef struct {
  NzChannel *channel;
  NzHttp *http;
} NzWorker;

gboolean nz_op_manifest(NzWorker *worker, const json_t *request, GError **error);
gboolean nz_op_blob(NzWorker *worker, const json_t *request, GError **error);
gboolean nz_op_socket(NzWorker *worker, const json_t *request, GError **error);
