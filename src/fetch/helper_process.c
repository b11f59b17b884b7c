/* SPDX-License-Identifier: Apache-2.0 */
/* An order is a message: the helper's NAME, and with it the ends of three pipes, which are its
 * standard input, its standard output, and where its end is told. Each has a process that waits for
 * it, so that the one that takes orders never does. */
#include "fetch/helper_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/limits.h"

enum { IN, OUT, STATUS, N_ENDS };

typedef union {
  struct cmsghdr header;
  char space[CMSG_SPACE(N_ENDS * sizeof(int))];
} Ends;

static int order = -1; /* where to ask; -1: there is nobody */

gboolean
nz_helper_is_name(const char *name)
{
  gsize n = strlen(name);
  return n > 0 && n <= NZ_HELPER_NAME_MAX &&
         n == strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
}

/* --- who waits for a helper --- */

static void
on_child(int signal_number G_GNUC_UNUSED)
{
}

/* Its end, by itself or because nobody listens to STATUS any more. */
static gboolean
wait_for(pid_t pid, int status)
{
  int code;
  sigset_t child, all;
  pid_t ended;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, &all); /* but while poll waits: none is missed */
  while ((ended = waitpid(pid, &code, WNOHANG)) == 0) {
    struct pollfd p = {status, 0, 0};
    if (ppoll(&p, 1, NULL, &all) > 0)
      kill(pid, SIGKILL);
  }
  return ended == pid && WIFEXITED(code) && WEXITSTATUS(code) == 0;
}

static void
tell(int status, char how, const char *why)
{
  g_autofree char *text = g_strdup_printf("%c%s", how, why);
  if (write(status, text, strlen(text)) < 0)
    return; /* nobody wants to know */
}

static void G_GNUC_NORETURN
run(const char *name, const int ends[N_ENDS])
{
  g_autofree char *program = g_strconcat("docker-credential-", name, NULL);
  const char *const argv[] = {program, "get", NULL};
  g_autoptr(GError) error = NULL;
  GPid pid;
  signal(SIGCHLD, on_child);
  signal(SIGPIPE, SIG_DFL);
  gboolean started = g_spawn_async_with_pipes_and_fds(
      NULL, argv, NULL,
      G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
      ends[IN], ends[OUT], -1, NULL, NULL, 0, &pid, NULL, NULL, NULL, &error);
  close(ends[IN]);
  close(ends[OUT]);
  if (!started)
    tell(ends[STATUS], NZ_HELPER_NOT_STARTED, error->message);
  else
    tell(ends[STATUS], wait_for(pid, ends[STATUS]) ? NZ_HELPER_WELL : NZ_HELPER_ILL, "");
  _exit(0);
}

/* --- who takes orders --- */

/* The pipes of the message. FALSE: it has others. */
static gboolean
take_ends(struct msghdr *message, int ends[N_ENDS])
{
  const struct cmsghdr *c = CMSG_FIRSTHDR(message);
  if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
      c->cmsg_len != CMSG_LEN(N_ENDS * sizeof(int)))
    return FALSE;
  memcpy(ends, CMSG_DATA(c), N_ENDS * sizeof(int));
  return TRUE;
}

/* The one who asks may have been taken over: the name is looked at here. FALSE: it has ended, or is
 * not who we know. */
static gboolean
serve_one(int fd)
{
  char name[NZ_HELPER_NAME_MAX + 1];
  int ends[N_ENDS];
  Ends control;
  struct iovec text = {name, sizeof name - 1};
  struct msghdr message = {
      .msg_iov = &text, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  gssize n;
  do
    n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n <= 0 || !take_ends(&message, ends))
    return FALSE;
  name[n] = '\0';
  if (!nz_helper_is_name(name))
    return FALSE;
  pid_t pid = fork();
  if (pid == 0)
    run(name, ends);
  if (pid < 0)
    tell(ends[STATUS], NZ_HELPER_NOT_STARTED, g_strerror(errno));
  for (guint i = 0; i < N_ENDS; i++)
    close(ends[i]);
  return TRUE;
}

static void G_GNUC_NORETURN
serve(int fd)
{
  prctl(PR_SET_NAME, "nonzero-helpers", 0, 0, 0);
  signal(SIGCHLD, SIG_IGN);
  if (dup2(fd, STDERR_FILENO + 1) < 0 || fcntl(STDERR_FILENO + 1, F_SETFD, FD_CLOEXEC) < 0)
    _exit(1);
  if (syscall(SYS_close_range, (unsigned)STDERR_FILENO + 2, ~0u, 0u) != 0) /* Linux 5.9 */
    for (int other = STDERR_FILENO + 2; other < 1024; other++)
      close(other);
  while (serve_one(STDERR_FILENO + 1))
    continue;
  _exit(0);
}

void
nz_helper_process_start(void)
{
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
    return;
  pid_t pid = fork();
  if (pid == 0)
    serve(pair[1]);
  close(pair[1]);
  if (pid < 0)
    close(pair[0]);
  else
    order = pair[0];
}

/* --- who asks --- */

static gboolean
ask(const char *name, const int ends[N_ENDS])
{
  Ends control = {.space = {0}};
  struct iovec text = {(char *)name, strlen(name)};
  struct msghdr message = {
      .msg_iov = &text, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  struct cmsghdr *c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(N_ENDS * sizeof(int));
  memcpy(CMSG_DATA(c), ends, N_ENDS * sizeof(int));
  gssize n;
  do
    n = sendmsg(order, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n >= 0;
}

static void
close_all(const int pairs[N_ENDS][2], guint end)
{
  int saved = errno;
  for (guint i = 0; i < N_ENDS; i++)
    if (pairs[i][end] >= 0)
      close(pairs[i][end]);
  errno = saved;
}

gboolean
nz_helper_run(const char *name, NzHelper *helper)
{
  int pairs[N_ENDS][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
  gboolean ok = order >= 0;
  errno = ok ? 0 : ECHILD;
  for (guint i = 0; i < N_ENDS && ok; i++)
    ok = pipe2(pairs[i], O_CLOEXEC) == 0;
  const int theirs[] = {[IN] = pairs[IN][0], [OUT] = pairs[OUT][1], [STATUS] = pairs[STATUS][1]};
  ok = ok && ask(name, theirs);
  const int left[N_ENDS][2] = {
      {theirs[IN], pairs[IN][1]}, {theirs[OUT], pairs[OUT][0]}, {theirs[STATUS], pairs[STATUS][0]}};
  close_all(left, 0);
  if (!ok)
    close_all(left, 1);
  *helper = (NzHelper){left[IN][1], left[OUT][1], left[STATUS][1]};
  return ok;
}
