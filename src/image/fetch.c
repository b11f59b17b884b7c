/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner's side of fetching. It runs confined: all that it does with a channel is poll, read
 * and write. The program at the other end is ours, but reads what registries send, so nothing it
 * says is believed: a frame of the wrong kind or length costs the channel. */
#include "image/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/pipe.h"
#include "core/program.h"
#include "core/text.h"
#include "fetch/protocol.h"
#include "image/json.h"
#include "version.h"

typedef struct {
  int fd; /* -1: lost */
  gboolean busy;
} Channel;

struct NzFetch {
  gint refs;
  GMutex mutex;
  GCond freed; /* a channel is free, or lost */
  guint n;
  Channel channels[];
};

/* How long a thread waits before it looks whether it is cancelled. */
#define LOOK_MS 100

/* --- the program --- */

static gboolean
spawn(const int *theirs, guint n, const char *const *options, GError **error)
{
  g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
  g_autofree int *targets = g_new(int, n);
  for (guint i = 0; i < n; i++)
    targets[i] = STDERR_FILENO + 1 + (int)i;
  g_ptr_array_add(argv, nz_program_find("nonzero-fetch", "NONZERO_FETCH"));
  g_ptr_array_add(argv, g_strdup_printf("--channels=%u", n));
  for (guint i = 0; options && options[i]; i++)
    g_ptr_array_add(argv, g_strdup(options[i]));
  g_ptr_array_add(argv, NULL);
  g_autoptr(GError) failed = NULL;
  if (g_spawn_async_with_pipes_and_fds(NULL, (const char *const *)argv->pdata, NULL,
                                       G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                                       NULL, NULL, -1, -1, -1, theirs, targets, n, NULL, NULL, NULL,
                                       NULL, &failed))
    return TRUE;
  g_autofree char *shown = nz_printable(argv->pdata[0], -1);
  g_set_error(error, NZ_ERROR, NZ_ERROR_IO,
              "cannot start %s, which reads registries and engines' sockets (%s); it is part of "
              "nonzero, install it as well",
              shown, failed->message);
  return FALSE;
}

NzFetch *
nz_fetch_start(guint n_channels, const char *const *argv, GError **error)
{
  g_assert(n_channels > 0 && n_channels <= NZ_FETCH_CHANNELS_MAX);
  NzFetch *self = g_malloc0(sizeof *self + n_channels * sizeof(Channel));
  self->refs = 1;
  g_mutex_init(&self->mutex);
  g_cond_init(&self->freed);
  g_autofree int *theirs = g_new0(int, n_channels);
  gboolean ok = TRUE;
  for (guint i = 0; i < n_channels && ok; i++) {
    int pair[2];
    ok = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0;
    if (!ok) {
      nz_set_errno(error, errno, "cannot make a socket");
      break;
    }
    self->channels[self->n++].fd = pair[0];
    theirs[i] = pair[1];
  }
  ok = ok && spawn(theirs, n_channels, argv, error);
  for (guint i = 0; i < self->n; i++)
    close(theirs[i]);
  if (ok)
    return self;
  nz_fetch_unref(self);
  return NULL;
}

NzFetch *
nz_fetch_ref(NzFetch *self)
{
  g_atomic_int_inc(&self->refs);
  return self;
}

void
nz_fetch_unref(NzFetch *self)
{
  if (!self || !g_atomic_int_dec_and_test(&self->refs))
    return;
  for (guint i = 0; i < self->n; i++)
    if (self->channels[i].fd >= 0)
      close(self->channels[i].fd);
  g_mutex_clear(&self->mutex);
  g_cond_clear(&self->freed);
  g_free(self);
}

/* --- frames --- */

static gboolean
set_lost(GError **error)
{
  g_set_error(error, NZ_ERROR, NZ_ERROR_IO,
              "the program that fetches (nonzero-fetch) has ended; try again");
  return FALSE;
}

static gboolean
set_broken(GError **error)
{
  g_set_error(error, NZ_ERROR, NZ_ERROR_IO,
              "the program that fetches (nonzero-fetch) does not keep to its protocol; is it of "
              "the same version, " NZ_VERSION "?");
  return FALSE;
}

/* FALSE when cancelled. Waits as long as the program keeps the channel open: it has the clocks. */
static gboolean
wait_readable(int fd, NzControl *control, GError **error)
{
  struct pollfd p = {fd, POLLIN, 0};
  while (!nz_control_stopped(control, error)) {
    int got = poll(&p, 1, control ? LOOK_MS : -1);
    if (got > 0 || (got < 0 && errno != EINTR))
      return TRUE;
  }
  return FALSE;
}

/* Some bytes, at most N. */
static gssize
receive(int fd, void *buf, gsize n, NzControl *control, GError **error)
{
  if (!wait_readable(fd, control, error))
    return -1;
  gssize got;
  do
    got = read(fd, buf, n);
  while (got < 0 && errno == EINTR);
  if (got > 0)
    return got;
  set_lost(error);
  return -1;
}

static gboolean
receive_all(int fd, guint8 *buf, gsize n, GError **error)
{
  for (gsize done = 0; done < n;) {
    gssize got = receive(fd, buf + done, n - done, NULL, error);
    if (got < 0)
      return FALSE;
    done += (gsize)got;
  }
  return TRUE;
}

/* Cancelled before the frame or not at all, so that the channel stays of use. */
static gboolean
receive_header(int fd, guint8 *type, gsize *len, NzControl *control, GError **error)
{
  guint8 header[NZ_FRAME_HEADER];
  if (!wait_readable(fd, control, error) || !receive_all(fd, header, sizeof header, error))
    return FALSE;
  guint32 n;
  memcpy(&n, header + 1, sizeof n);
  *type = header[0];
  *len = GUINT32_FROM_LE(n);
  return *len <= NZ_FRAME_MAX || set_broken(error);
}

static gboolean
send_frame(int fd, guint8 type, const char *payload, gsize len)
{
  g_autofree guint8 *frame = g_malloc(NZ_FRAME_HEADER + len);
  guint32 n = GUINT32_TO_LE((guint32)len);
  frame[0] = type;
  memcpy(frame + 1, &n, sizeof n);
  if (len > 0)
    memcpy(frame + NZ_FRAME_HEADER, payload, len);
  return nz_pipe_write(fd, frame, NZ_FRAME_HEADER + len);
}

/* --- channels --- */

static Channel *
find_free(NzFetch *self, gboolean *any)
{
  Channel *best = NULL;
  *any = FALSE;
  for (guint i = 0; i < self->n; i++) {
    Channel *c = &self->channels[i];
    *any |= c->fd >= 0;
    if (c->fd >= 0 && !c->busy && !best)
      best = c;
  }
  return best;
}

static Channel *
take_channel(NzFetch *self, NzControl *control, GError **error)
{
  gboolean any;
  Channel *found;
  g_mutex_lock(&self->mutex);
  while (!(found = find_free(self, &any)) && any && !nz_control_stopped(control, error))
    g_cond_wait_until(&self->freed, &self->mutex, g_get_monotonic_time() + LOOK_MS * 1000);
  if (found)
    found->busy = TRUE;
  g_mutex_unlock(&self->mutex);
  if (!found && !any)
    set_lost(error);
  return found;
}

/* KEEP: it can be used again. */
static void
give_channel(NzFetch *self, Channel *channel, gboolean keep)
{
  if (!keep)
    close(channel->fd);
  g_mutex_lock(&self->mutex);
  if (!keep)
    channel->fd = -1;
  channel->busy = FALSE;
  g_cond_broadcast(&self->freed);
  g_mutex_unlock(&self->mutex);
}

/* Says that no more is wanted, and passes over what was on its way: LEFT bytes of a frame, and some
 * frames. FALSE: the channel is of no more use. */
static gboolean
stop_answer(int fd, gsize left)
{
  guint8 buf[4096], type = NZ_FRAME_DATA;
  gsize total = 0;
  if (!send_frame(fd, NZ_FRAME_STOP, NULL, 0))
    return FALSE;
  for (;;) {
    for (gsize n; left > 0; left -= n) {
      n = MIN(left, sizeof buf);
      if (!receive_all(fd, buf, n, NULL))
        return FALSE;
    }
    if (type == NZ_FRAME_END || type == NZ_FRAME_ERROR)
      return TRUE;
    if (total > NZ_FETCH_DRAIN_MAX || !receive_header(fd, &type, &left, NULL, NULL))
      return FALSE;
    total += left + NZ_FRAME_HEADER;
  }
}

/* --- an answer --- */

typedef struct {
  NzStream base;
  NzFetch *fetch;
  Channel *channel; /* NULL: the answer has ended, or the channel was given up */
  NzControl *control;
  gsize left;    /* of the DATA frame that is being read */
  GError *ended; /* what ended it; NULL with no channel: its end */
  guint8 buf[NZ_FRAME_MAX];
} Answer;

static void
end_answer(Answer *self, gboolean keep)
{
  if (self->channel)
    give_channel(self->fetch, g_steal_pointer(&self->channel), keep);
}

/* What is cancelled is stopped when the stream is freed. */
static void
lose_unless_cancelled(Answer *self, const GError *failed)
{
  if (!g_error_matches(failed, NZ_ERROR, NZ_ERROR_CANCELLED))
    end_answer(self, FALSE);
}

/* {"code", "message"} -> an error. */
static gboolean
set_said(const char *text, gsize len, GError **error)
{
  static const char *const codes[] = {NZ_FETCH_CODES};
  static const NzError errors[] = {NZ_ERROR_NOT_FOUND, NZ_ERROR_IO, NZ_ERROR_IO, NZ_ERROR_INPUT,
                                   NZ_ERROR_LIMIT};
  G_STATIC_ASSERT(G_N_ELEMENTS(codes) == G_N_ELEMENTS(errors));
  g_autoptr(GBytes) bytes = g_bytes_new(text, len);
  g_autoptr(NzJson) root = nz_json_parse(bytes, NULL);
  const char *code = root ? json_string_value(json_object_get(root, "code")) : NULL;
  const char *message = root ? json_string_value(json_object_get(root, "message")) : NULL;
  for (guint i = 0; code && message && i < G_N_ELEMENTS(codes); i++) {
    if (strcmp(codes[i], code) != 0)
      continue;
    g_autofree char *shown = nz_printable(message, (gssize)strnlen(message, NZ_FETCH_MESSAGE_MAX));
    g_set_error_literal(error, NZ_ERROR, (int)errors[i], shown);
    return TRUE;
  }
  return set_broken(error);
}

/* The next frame's payload in self->buf, but for DATA, whose payload is left to read. FALSE ends
 * the answer. */
static gboolean
next_frame(Answer *self, guint8 *type, gsize *len, GError **error)
{
  int fd = self->channel->fd;
  g_autoptr(GError) failed = NULL;
  if (!receive_header(fd, type, len, self->control, &failed) ||
      (*type != NZ_FRAME_DATA && !receive_all(fd, self->buf, *len, &failed))) {
    lose_unless_cancelled(self, failed);
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  if (*type == NZ_FRAME_DATA)
    self->left = *len;
  if (*type == NZ_FRAME_ERROR) {
    end_answer(self, set_said((const char *)self->buf, *len, error));
    return FALSE;
  }
  return TRUE;
}

/* 1: there are bytes. 0: the end. -1: an error. */
static int
next_data(Answer *self, GError **error)
{
  while (self->left == 0) {
    guint8 type;
    gsize len;
    if (!next_frame(self, &type, &len, error))
      return -1;
    if (type == NZ_FRAME_END) {
      end_answer(self, TRUE);
      return 0;
    }
    if (type != NZ_FRAME_DATA) {
      end_answer(self, FALSE);
      set_broken(error);
      return -1;
    }
  }
  return 1;
}

static gssize
answer_read(NzStream *base, guint8 *buf, gsize n, GError **error)
{
  Answer *self = (Answer *)base;
  if (!self->channel && !self->ended)
    return 0;
  int more = self->ended ? -1 : next_data(self, &self->ended);
  gssize got = more;
  if (more > 0) {
    got = receive(self->channel->fd, buf, MIN(n, self->left), self->control, &self->ended);
    if (got < 0)
      lose_unless_cancelled(self, self->ended);
  }
  if (got < 0 && error)
    *error = g_error_copy(self->ended);
  if (got > 0) {
    self->left -= (gsize)got;
    nz_control_count(self->control, got);
  }
  return got;
}

static gssize
answer_next(NzStream *base, const guint8 **data, GError **error)
{
  Answer *self = (Answer *)base;
  *data = self->buf;
  return answer_read(base, self->buf, sizeof self->buf, error);
}

static void
answer_free(NzStream *base)
{
  Answer *self = (Answer *)base;
  if (self->channel)
    end_answer(self, stop_answer(self->channel->fd, self->left));
  g_clear_error(&self->ended);
  nz_fetch_unref(self->fetch);
  g_free(self);
}

static const NzStreamClass answer_class = {
    .next = answer_next, .read = answer_read, .free = answer_free};

static gboolean
send_request(Channel *channel, const json_t *request)
{
  char *text = json_dumps(request, JSON_COMPACT);
  gboolean ok = text && strlen(text) <= NZ_FRAME_MAX &&
                send_frame(channel->fd, NZ_FRAME_REQUEST, text, strlen(text));
  free(text);
  return ok;
}

/* FALSE: the answer has ended with an error. */
static gboolean
read_head(Answer *self, json_t **head, GError **error)
{
  guint8 type;
  gsize len;
  if (!next_frame(self, &type, &len, error))
    return FALSE;
  g_autoptr(GBytes) bytes = type == NZ_FRAME_HEAD ? g_bytes_new(self->buf, len) : NULL;
  g_autoptr(NzJson) root = bytes ? nz_json_parse(bytes, NULL) : NULL;
  if (!json_is_object(root)) {
    end_answer(self, FALSE);
    return set_broken(error);
  }
  if (head)
    *head = g_steal_pointer(&root);
  return TRUE;
}

/* A channel on which REQUEST was sent. One that was lost while nobody looked is passed over. */
static Channel *
begin(NzFetch *self, const json_t *request, NzControl *control, GError **error)
{
  for (;;) {
    Channel *channel = take_channel(self, control, error);
    if (!channel)
      return NULL;
    if (send_request(channel, request))
      return channel;
    give_channel(self, channel, FALSE);
  }
}

NzStream *
nz_fetch_open(NzFetch *self, const json_t *request, NzControl *control, json_t **head,
              GError **error)
{
  if (head)
    *head = NULL;
  Channel *channel = begin(self, request, control, error);
  if (!channel)
    return NULL;
  Answer *answer = g_new(Answer, 1);
  nz_stream_init(&answer->base, &answer_class);
  answer->fetch = nz_fetch_ref(self);
  answer->channel = channel;
  answer->control = control;
  answer->left = 0;
  answer->ended = NULL;
  if (read_head(answer, head, error))
    return &answer->base;
  nz_stream_free(&answer->base);
  return NULL;
}

GBytes *
nz_fetch_read(NzFetch *self, const json_t *request, gsize max, json_t **head, GError **error)
{
  g_autoptr(NzJson) own = NULL;
  g_autoptr(NzStream) stream = nz_fetch_open(self, request, NULL, &own, error);
  g_autoptr(GByteArray) all = g_byte_array_new();
  while (stream) {
    const guint8 *data;
    gssize n = nz_stream_peek(stream, &data, error);
    if (n < 0)
      return NULL;
    if (n == 0)
      break;
    if ((gsize)n > max - all->len) {
      g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
                  "an answer of more than %" G_GSIZE_FORMAT " bytes", max);
      return NULL;
    }
    g_byte_array_append(all, data, (guint)n);
    nz_stream_take(stream, (gsize)n);
  }
  if (!stream)
    return NULL;
  if (head)
    *head = g_steal_pointer(&own);
  return g_byte_array_free_to_bytes(g_steal_pointer(&all));
}
