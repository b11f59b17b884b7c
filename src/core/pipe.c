/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pipe.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

int nz_pipe_patience_ms = 3000;

/* After a call on FD failed: TRUE when it is worth another try. */
static gboolean
may_try_again(int fd, short events)
{
  if (errno == EINTR)
    return TRUE;
  if (errno != EAGAIN)
    return FALSE;
  struct pollfd p = {fd, events, 0};
  int got;
  do
    got = poll(&p, 1, nz_pipe_patience_ms);
  while (got < 0 && errno == EINTR);
  return got > 0;
}

gboolean
nz_pipe_read(int fd, void *data, gsize len)
{
  for (guint8 *p = data; len > 0;) {
    gssize n = read(fd, p, len);
    if (n < 0 && may_try_again(fd, POLLIN))
      continue;
    if (n <= 0)
      return FALSE;
    p += n;
    len -= (gsize)n;
  }
  return TRUE;
}

static gboolean
write_all(int fd, const guint8 *p, gsize len)
{
  while (len > 0) {
    gssize n = write(fd, p, len);
    if (n < 0 && may_try_again(fd, POLLOUT))
      continue;
    if (n <= 0)
      return FALSE;
    p += n;
    len -= (gsize)n;
  }
  return TRUE;
}

gboolean
nz_pipe_write(int fd, const void *data, gsize len)
{
  sigset_t pipe_signal, before, pending;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  sigpending(&pending);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  gboolean ok = write_all(fd, data, len);
  const struct timespec now = {0, 0};
  if (!ok && !sigismember(&pending, SIGPIPE))
    while (sigtimedwait(&pipe_signal, NULL, &now) < 0 && errno == EINTR)
      continue;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return ok;
}
