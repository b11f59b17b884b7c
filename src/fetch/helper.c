/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"

/* A helper may ask a person for a password. */
#define HELPER_SECONDS 60u

/* It becomes a part of a program's name, and must not lead to another folder. */
static gboolean
is_name(const char *name)
{
  return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789_.-")] == '\0';
}

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

static void
write_server(int fd, const char *server)
{
  gsize n = strlen(server);
  if (write(fd, server, n) != (gssize)n) /* a pipe takes what is this small at once */
    return;
}

/* TRUE when it ended well. */
static gboolean
end(GPid pid, gboolean whole)
{
  int status = 0;
  if (!whole)
    kill(pid, SIGKILL);
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
    continue;
  return whole && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static gboolean
run(NzChannel *channel, const char *program, const char *server, GString *out, gboolean *well,
    GError **error)
{
  const char *argv[] = {program, "get", NULL};
  GPid pid;
  int in, answer;
  g_autoptr(GError) failed = NULL;
  if (!g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
                                G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                    G_SPAWN_STDERR_TO_DEV_NULL,
                                NULL, NULL, &pid, &in, &answer, NULL, &failed))
    return nz_fetch_fail(error, NZ_FETCH_DENIED,
                         "the credential helper %s cannot be started (%s); install it, or log in "
                         "without it",
                         program, failed->message);
  write_server(in, server);
  close(in);
  gboolean whole = read_answer(channel, answer, out);
  close(answer);
  *well = end(pid, whole);
  return whole || nz_fetch_fail(error, NZ_FETCH_DENIED,
                                "the credential helper %s gave no answer in %u seconds, or one of "
                                "more than %u KiB",
                                program, HELPER_SECONDS, (guint)(NZ_HELPER_ANSWER_MAX >> 10));
}

gboolean
nz_helper_get(NzChannel *channel, const char *name, const char *server, json_t **answer,
              GError **error)
{
  *answer = NULL;
  if (!is_name(name)) {
    g_autofree char *shown = nz_printable(name, -1);
    return nz_fetch_fail(error, NZ_FETCH_DENIED, "%s is no name of a credential helper", shown);
  }
  g_autofree char *program = g_strconcat("docker-credential-", name, NULL);
  g_autoptr(GString) out = g_string_new(NULL);
  gboolean well = FALSE;
  if (!run(channel, program, server, out, &well, error))
    return FALSE;
  if (!well) /* "credentials not found in native keychain", and the like */
    return TRUE;
  *answer = json_loadb(out->str, out->len, 0, NULL);
  if (json_is_object(*answer))
    return TRUE;
  json_decref(g_steal_pointer(answer));
  return nz_fetch_fail(error, NZ_FETCH_DENIED, "the credential helper %s answered with no JSON",
                       program);
}
