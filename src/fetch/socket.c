/* SPDX-License-Identifier: Apache-2.0 */
/* "socket" requests: an engine of this host is asked over its socket. */
#include <string.h>

#include "core/text.h"
#include "fetch/ops.h"
#include "fetch/settings.h"

/* Engines put an archive together before its first byte. */
#define PATIENCE 5

typedef struct {
  NzChannel *channel;
  gboolean begun;
} Answer;

static gboolean
begin(Answer *self, const NzHttpResponse *response, GError **error)
{
  if (self->begun)
    return TRUE;
  self->begun = TRUE;
  return nz_channel_send_head(self->channel,
                              json_pack("{s:I}", "status", (json_int_t)response->status)) ||
         nz_fetch_fail(error, NZ_FETCH_STOPPED, "nobody is there");
}

static gboolean
take(gpointer data, const NzHttpResponse *response, const guint8 *bytes, gsize n, GError **error)
{
  Answer *self = data;
  if (!begin(self, response, error))
    return FALSE;
  if (nz_channel_is_stopped(self->channel) || !nz_channel_send_data(self->channel, bytes, n))
    return nz_fetch_fail(error, NZ_FETCH_STOPPED, "not wanted any more");
  return TRUE;
}

/* One path of a URL, as it goes over the wire. */
static gboolean
is_path(const char *path)
{
  for (const char *p = path; *p; p++)
    if (!g_ascii_isgraph(*p) || *p == '#')
      return FALSE;
  return *path == '/';
}

static gboolean
is_allowed(const char *socket)
{
  const char *const *allowed = (const char *const *)nz_settings.sockets;
  return !nz_settings.no_sockets && (!allowed || g_strv_contains(allowed, socket));
}

gboolean
nz_op_socket(NzWorker *worker, const json_t *request, GError **error)
{
  const char *socket = json_string_value(json_object_get(request, "socket"));
  const char *path = json_string_value(json_object_get(request, "path"));
  if (!socket || !path || !is_path(path) || *socket != '/')
    return nz_fetch_fail(error, NZ_FETCH_INVALID, "no request for a socket");
  if (!is_allowed(socket)) {
    g_autofree char *shown = nz_printable(socket, -1);
    return nz_fetch_fail(error, NZ_FETCH_DENIED, "the socket %s is none that was named", shown);
  }
  g_autofree char *url = g_strconcat("http://localhost", path, NULL);
  NzHttpRequest http = {.url = url, .socket = socket, .idle_factor = PATIENCE};
  g_auto(NzHttpResponse) response = {0};
  Answer self = {worker->channel, FALSE};
  return nz_http_perform(worker->http, &http, take, &self, &response, error) &&
         begin(&self, &response, error);
}
