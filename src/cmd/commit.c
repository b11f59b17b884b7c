/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/commit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct NzCommitter {
  int order, reply;
  guint n;
};

/* --- the child: system calls alone, it holds a copy of everything. Signals stay blocked: Ctrl-C
 * and the like go to the scanner too, and its end is our order --- */

/* Nobody's pipe or terminal is kept open by us. Only the two pipes stay, as 0 and 1. */
static gboolean
keep_only(int order, int reply)
{
  int in = fcntl(order, F_DUPFD, 3), out = fcntl(reply, F_DUPFD, 3);
  if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0)
    return FALSE;
  if (syscall(SYS_close_range, 2u, ~0u, 0u) != 0) /* Linux 5.9 */
    for (int fd = 2; fd < 1024; fd++)
      close(fd);
  return TRUE;
}

static void G_GNUC_NORETURN
serve(const char *const *temporaries, const char *const *finals, guint n, int order, int reply)
{
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* our memory is not for the scanner, without Landlock too */
  char byte;
  gssize got = -1;
  gboolean kept = keep_only(order, reply);
  if (kept)
    do
      got = read(0, &byte, 1);
    while (got < 0 && errno == EINTR);
  for (guint i = 0; i < n; i++) {
    int result = 0;
    if (got == 1 && rename(temporaries[i], finals[i]) != 0)
      result = errno;
    if (got != 1 || result != 0)
      unlink(temporaries[i]);
    if (!kept) /* 1 is standard output still; the scanner takes our end for an answer */
      continue;
    if (write(1, &result, sizeof result) != sizeof result)
      continue; /* nobody listens; the files matter all the same */
  }
  _exit(0);
}

/* --- the scanner's side --- */

static void
close_both(int fds[2])
{
  close(fds[0]);
  close(fds[1]);
}

NzCommitter *
nz_committer_start(const char *const *temporaries, const char *const *finals, guint n,
                   GError **error)
{
  int order[2], reply[2];
  if (pipe2(order, O_CLOEXEC) < 0) {
    nz_set_errno(error, errno, "cannot make a pipe");
    return NULL;
  }
  if (pipe2(reply, O_CLOEXEC) < 0) {
    nz_set_errno(error, errno, "cannot make a pipe");
    close_both(order);
    return NULL;
  }
  pid_t pid = fork();
  if (pid == 0) {
    close(order[1]);
    serve(temporaries, finals, n, order[0], reply[1]);
  }
  close(order[0]);
  close(reply[1]);
  if (pid < 0) {
    nz_set_errno(error, errno, "cannot start a process");
    close(order[1]);
    close(reply[0]);
    return NULL;
  }
  NzCommitter *self = g_new0(NzCommitter, 1);
  *self = (NzCommitter){order[1], reply[0], n};
  return self;
}

static gboolean
read_result(NzCommitter *self, int *result)
{
  gssize got;
  do
    got = read(self->reply, result, sizeof *result);
  while (got < 0 && errno == EINTR);
  return got == sizeof *result; /* pipes do not cut what is this small */
}

void
nz_committer_finish(NzCommitter *self, gboolean commit, int *errnos)
{
  if (!self)
    return;
  gboolean asked = commit && write(self->order, "y", 1) == 1;
  close(self->order);
  /* Its answer is waited for in any case: then the files are where they will be. */
  for (guint i = 0; i < self->n; i++) {
    int result;
    gboolean got = read_result(self, &result);
    if (errnos)
      errnos[i] = !got || (commit && !asked) ? EPIPE : result;
  }
  close(self->reply);
  g_free(self);
}
