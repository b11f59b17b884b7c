/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/text.h"

gboolean
nz_notify_is_on(void)
{
  const char *path = g_getenv("NOTIFY_SOCKET");
  return path && (*path == '/' || *path == '@') && path[1];
}

static void
send_state(const char *state)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *path = g_getenv("NOTIFY_SOCKET");
  gsize len = nz_notify_is_on() ? strlen(path) : 0;
  if (len == 0 || len >= sizeof address.sun_path)
    return;
  memcpy(address.sun_path, path, len);
  if (*path == '@') /* an abstract name */
    address.sun_path[0] = '\0';
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return;
  /* What is not taken is not sent again: the next beat of the watchdog says as much. */
  gssize sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
                       (const struct sockaddr *)&address,
                       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
  (void)sent;
  close(fd);
}

static void
send_with_status(const char *state, const char *status)
{
  g_autofree char *line = status ? nz_printable(status, -1) : NULL;
  g_autofree char *text =
      g_strconcat(state, line ? "STATUS=" : "", line ? line : "", line ? "\n" : "", NULL);
  send_state(text);
}

void
nz_notify_ready(const char *status)
{
  send_with_status("READY=1\n", status);
}

void
nz_notify_status(const char *status)
{
  send_with_status("", status);
}

void
nz_notify_reloading(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  guint64 us = (guint64)now.tv_sec * G_USEC_PER_SEC + (guint64)now.tv_nsec / 1000;
  g_autofree char *text =
      g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GUINT64_FORMAT "\n", us);
  send_state(text);
}

void
nz_notify_stopping(void)
{
  send_state("STOPPING=1\n");
}

void
nz_notify_watchdog(void)
{
  send_state("WATCHDOG=1\n");
}

/* A number in the environment; 0: there is none. */
static gint64
number(const char *name)
{
  const char *text = g_getenv(name);
  gint64 value;
  return text && nz_parse_int(text, strlen(text), &value) == NZ_INT_OK && value > 0 ? value : 0;
}

guint
nz_notify_watchdog_interval(void)
{
  gint64 us = number("WATCHDOG_USEC"), pid = number("WATCHDOG_PID");
  if (us == 0 || (pid != 0 && pid != getpid()))
    return 0;
  return (guint)CLAMP(us / 2000, 1, G_MAXINT);
}
