/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/text.h"
#include "fetch/protocol.h"

G_DEFINE_QUARK(nz - fetch - error, nz_fetch_error)

/* --- what comes --- */

static gboolean
receive(NzChannel *self, void *buf, gsize n)
{
  for (gsize done = 0; done < n && !self->lost;) {
    gssize got = read(self->fd, (guint8 *)buf + done, n - done);
    if (got > 0)
      done += (gsize)got;
    else if (got == 0 || errno != EINTR)
      self->lost = TRUE;
  }
  return !self->lost;
}

/* The type of the next frame, its payload in *PAYLOAD (owned); 0 when there is none. */
static guint8
receive_frame(NzChannel *self, char **payload, gsize *len)
{
  guint8 header[NZ_FRAME_HEADER];
  guint32 n;
  *payload = NULL;
  if (!receive(self, header, sizeof header))
    return 0;
  memcpy(&n, header + 1, sizeof n);
  *len = GUINT32_FROM_LE(n);
  if (*len > NZ_FRAME_MAX) {
    self->lost = TRUE;
    return 0;
  }
  *payload = g_malloc(*len + 1);
  if (!receive(self, *payload, *len)) {
    g_clear_pointer(payload, g_free);
    return 0;
  }
  return header[0];
}

json_t *
nz_channel_next(NzChannel *self)
{
  while (!self->lost) {
    gsize len;
    g_autofree char *payload = NULL;
    guint8 type = receive_frame(self, &payload, &len);
    if (type == NZ_FRAME_STOP) /* it came too late: the answer had ended */
      continue;
    json_t *request = type == NZ_FRAME_REQUEST ? json_loadb(payload, len, 0, NULL) : NULL;
    if (json_is_object(request))
      return request;
    json_decref(request);
    self->lost = TRUE;
  }
  return NULL;
}

/* While an answer is given nothing can come but STOP, and the end of the channel. */
static gboolean
wait_stop(NzChannel *self, int ms)
{
  struct pollfd p = {self->fd, POLLIN, 0};
  if (self->lost)
    return TRUE;
  int got = poll(&p, 1, ms);
  return got > 0;
}

gboolean
nz_channel_is_stopped(NzChannel *self)
{
  return wait_stop(self, 0);
}

gboolean
nz_channel_sleep(NzChannel *self, guint ms)
{
  gint64 end = g_get_monotonic_time() + (gint64)ms * 1000;
  for (gint64 left = (gint64)ms; left > 0; left = (end - g_get_monotonic_time() + 999) / 1000)
    if (wait_stop(self, (int)left))
      return FALSE;
  return TRUE;
}

/* --- what goes --- */

static gboolean
send_frame(NzChannel *self, guint8 type, const void *data, gsize n)
{
  guint8 header[NZ_FRAME_HEADER] = {type};
  guint32 len = GUINT32_TO_LE((guint32)n);
  memcpy(header + 1, &len, sizeof len);
  struct iovec parts[] = {{header, sizeof header}, {(guint8 *)data, n}};
  for (gsize left = sizeof header + n; left > 0 && !self->lost;) {
    gssize put = writev(self->fd, parts, G_N_ELEMENTS(parts));
    if (put < 0 && errno == EINTR)
      continue;
    self->lost = put <= 0;
    left -= (gsize)MAX(put, 0);
    for (guint i = 0; i < G_N_ELEMENTS(parts) && put > 0; i++) {
      gsize part = MIN((gsize)put, parts[i].iov_len);
      parts[i].iov_base = (guint8 *)parts[i].iov_base + part;
      parts[i].iov_len -= part;
      put -= (gssize)part;
    }
  }
  return !self->lost;
}

gboolean
nz_channel_send_head(NzChannel *self, json_t *head)
{
  char *text = json_dumps(head, JSON_COMPACT);
  gboolean ok =
      text && strlen(text) <= NZ_FRAME_MAX && send_frame(self, NZ_FRAME_HEAD, text, strlen(text));
  free(text);
  json_decref(head);
  return ok;
}

gboolean
nz_channel_send_data(NzChannel *self, const void *data, gsize n)
{
  for (gsize done = 0; done < n;) {
    gsize part = MIN(n - done, NZ_FRAME_MAX);
    if (!send_frame(self, NZ_FRAME_DATA, (const guint8 *)data + done, part))
      return FALSE;
    done += part;
  }
  return TRUE;
}

gboolean
nz_channel_send_end(NzChannel *self)
{
  return send_frame(self, NZ_FRAME_END, NULL, 0);
}

gboolean
nz_channel_send_error(NzChannel *self, const GError *error)
{
  static const char *const codes[] = {NZ_FETCH_CODES};
  guint code =
      (guint)error->code < G_N_ELEMENTS(codes) ? (guint)error->code : (guint)NZ_FETCH_UNAVAILABLE;
  g_autofree char *message = nz_printable(error->message, (gssize)strnlen(error->message, 2000));
  json_t *object = json_pack("{s:s, s:s}", "code", codes[code], "message", message);
  char *text = json_dumps(object, JSON_COMPACT);
  gboolean ok = send_frame(self, NZ_FRAME_ERROR, text, MIN(strlen(text), NZ_FRAME_MAX));
  free(text);
  json_decref(object);
  return ok;
}
