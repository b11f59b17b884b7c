/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/helper.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "fetch/helper_process.h"

/* A helper may ask a person for a password. */
#define HELPER_SECONDS 60u

/* Reads until the end, the limit, or the time is over. FALSE: none but the first. */
static gboolean
read_answer(NzChannel *channel, int fd, GString *out)
{
  gint64 end = g_get_monotonic_time() + HELPER_SECONDS * (gint64)G_USEC_PER_SEC;
  while (g_get_monotonic_time() < end && out->len <= NZ_HELPER_ANSWER_MAX) {
    struct pollfd p[] = {{fd, POLLIN, 0}, {channel->fd, POLLIN, 0}};
    char buf[4096];
    if (poll(p, 2, 200) < 0 && errno != EINTR)
      return FALSE;
    if (p[1].revents)
      return FALSE; /* nobody wants the answer any more */
    if (!p[0].revents)
      continue;
    gssize got = read(fd, buf, sizeof buf);
    if (got == 0)
      return TRUE;
    if (got > 0)
      g_string_append_len(out, buf, got);
    else if (errno != EINTR)
      return FALSE;
  }
  return FALSE;
}

static gboolean
fail_to_start(GError **error, const char *name, const char *why)
{
  return nz_fetch_fail(error, NZ_FETCH_DENIED,
                       "the credential helper docker-credential-%s cannot be started (%s); install "
                       "it, or log in without it",
                       name, why);
}

static void
write_server(int fd, const char *server)
{
  gsize n = strlen(server);
  if (write(fd, server, n) != (gssize)n) /* a pipe takes what is this small at once */
    return;
}

static void
close_helper(NzHelper *helper)
{
  const int fds[] = {helper->in, helper->out, helper->status};
  for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
    if (fds[i] >= 0)
      close(fds[i]);
}

static gboolean
run(NzChannel *channel, const char *name, const char *server, GString *out, gboolean *well,
    GError **error)
{
  NzHelper helper;
  g_autoptr(GString) how = g_string_new(NULL);
  if (!nz_helper_run(name, &helper))
    return fail_to_start(error, name, g_strerror(errno));
  write_server(helper.in, server);
  close(helper.in);
  helper.in = -1;
  gboolean whole = read_answer(channel, helper.out, out) && out->len <= NZ_HELPER_ANSWER_MAX &&
                   read_answer(channel, helper.status, how);
  close_helper(&helper);
  *well = how->str[0] == NZ_HELPER_WELL;
  if (how->str[0] == NZ_HELPER_NOT_STARTED)
    return fail_to_start(error, name, how->str + 1);
  return whole || nz_fetch_fail(error, NZ_FETCH_DENIED,
                                "the credential helper docker-credential-%s gave no answer in %u "
                                "seconds, or one of more than %u KiB",
                                name, HELPER_SECONDS, (guint)(NZ_HELPER_ANSWER_MAX >> 10));
}

gboolean
nz_helper_get(NzChannel *channel, const char *name, const char *server, json_t **answer,
              GError **error)
{
  *answer = NULL;
  if (!nz_helper_is_name(name)) {
    g_autofree char *shown = nz_printable(name, -1);
    return nz_fetch_fail(error, NZ_FETCH_DENIED, "%s is no name of a credential helper", shown);
  }
  g_autoptr(GString) out = g_string_new(NULL);
  gboolean well = FALSE;
  if (!run(channel, name, server, out, &well, error))
    return FALSE;
  if (!well) /* "credentials not found in native keychain", and the like */
    return TRUE;
  *answer = json_loadb(out->str, out->len, 0, NULL);
  if (json_is_object(*answer))
    return TRUE;
  json_decref(g_steal_pointer(answer));
  return nz_fetch_fail(error, NZ_FETCH_DENIED,
                       "the credential helper docker-credential-%s answered with no JSON", name);
}
