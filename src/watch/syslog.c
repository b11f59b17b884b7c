/* SPDX-License-Identifier: Apache-2.0 */
/* journald: a datagram of lines FIELD=value (systemd, "Native Journal Protocol"). All our values
 * are printable, so that none needs the form with a length. Syslog: RFC 3164, as libc writes it. */
#include "watch/syslog.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/text.h"

#define IDENTIFIER "nonzero-watch"
#define FACILITY   10 /* authpriv */

/* By which `journalctl MESSAGE_ID=` finds all root processes. */
#define MESSAGE_ROOT "f5a1c0de5e0f4b6a9d0c7a3b1e2d4c6f"

struct NzSyslog {
  gboolean journal;
  char *path;
  int fd; /* -1: not connected */
  guint64 lost;
};

static const struct {
  const char *kind, *path;
} kinds[] = {{"journald", "/run/systemd/journal/socket"}, {"syslog", "/dev/log"}};

static gboolean
connect_to(NzSyslog *self)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  g_strlcpy(address.sun_path, self->path, sizeof address.sun_path);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
    self->fd = fd;
    return TRUE;
  }
  int failed = errno;
  if (fd >= 0)
    close(fd);
  errno = failed;
  return FALSE;
}

NzSyslog *
nz_syslog_new_at(const char *kind, const char *path, GError **error)
{
  g_autoptr(NzSyslog) self = g_new0(NzSyslog, 1);
  self->journal = strcmp(kind, "journald") == 0;
  self->path = g_strdup(path);
  self->fd = -1;
  if (connect_to(self))
    return g_steal_pointer(&self);
  nz_set_errno(error, errno, "cannot reach the system's log at %s", path);
  return NULL;
}

NzSyslog *
nz_syslog_new(const char *kind, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (strcmp(kinds[i].kind, kind) == 0)
      return nz_syslog_new_at(kind, kinds[i].path, error);
  g_autofree char *shown = nz_printable(kind, -1);
  nz_set_input(error, "there is no log called %s; write journald or syslog", shown);
  return NULL;
}

void
nz_syslog_free(NzSyslog *self)
{
  if (!self)
    return;
  if (self->fd >= 0)
    close(self->fd);
  g_free(self->path);
  g_free(self);
}

guint64
nz_syslog_lost(const NzSyslog *self)
{
  return self->lost;
}

/* A log that was started again has a new socket. */
static void
deliver(NzSyslog *self, const GString *text)
{
  for (guint tries = 0; tries < 2; tries++) {
    if (self->fd < 0 && !connect_to(self))
      break;
    if (send(self->fd, text->str, text->len, MSG_NOSIGNAL | MSG_DONTWAIT) == (gssize)text->len)
      return;
    if (errno == EAGAIN || errno == EMSGSIZE)
      break;
    close(self->fd);
    self->fd = -1;
  }
  self->lost++;
}

static void
field(GString *out, const char *name, const char *value)
{
  if (!value || !*value)
    return;
  g_autofree char *shown = nz_printable(value, -1);
  g_string_append_printf(out, "%s=%s\n", name, shown);
}

/* "<84>Nov  3 10:15:00 nonzero-watch[42]: " */
static void
begin_syslog(GString *out, NzPriority priority)
{
  /* Names of months do not follow the locale. */
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  time_t now = time(NULL);
  struct tm local;
  localtime_r(&now, &local);
  g_string_append_printf(out, "<%d>%.3s %2d %02d:%02d:%02d " IDENTIFIER "[%d]: ",
                         FACILITY * 8 + (int)priority, months + (size_t)local.tm_mon * 3,
                         local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, getpid());
}

static GString *
begin(const NzSyslog *self, NzPriority priority, const char *message)
{
  GString *out = g_string_new(NULL);
  if (self->journal) {
    field(out, "MESSAGE", message);
    g_string_append_printf(out,
                           "PRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=" IDENTIFIER "\n",
                           priority, FACILITY);
  } else {
    g_autofree char *shown = nz_printable(message, -1);
    begin_syslog(out, priority);
    g_string_append(out, shown);
  }
  return out;
}

static void
add_fields(GString *out, const NzRunning *c, const NzRootFact *root)
{
  const NzContainerFacts *f = c->facts;
  g_string_append(out, "MESSAGE_ID=" MESSAGE_ROOT "\n");
  field(out, "CONTAINER_ID_FULL", c->ref.id);
  field(out, "NONZERO_ENGINE", nz_container_engine_name(f ? f->ref.engine : c->ref.engine));
  if (f) {
    field(out, "CONTAINER_NAME", f->name);
    field(out, "IMAGE_NAME", f->image);
    field(out, "NONZERO_POD", f->pod);
    field(out, "NONZERO_NAMESPACE", f->space);
  }
  field(out, "NONZERO_CAUSE", nz_root_cause_name(root->cause));
  field(out, "NONZERO_EXECUTABLE", root->executable);
  field(out, "NONZERO_ARGUMENTS", root->arguments);
  field(out, "NONZERO_TERMINAL", root->terminal);
  g_string_append_printf(out, "OBJECT_PID=%u\nNONZERO_HOST_UID=%u\n", root->pid, root->host_uid);
}

void
nz_syslog_root(NzSyslog *self, const NzRunning *c, const NzRootFact *root,
               const NzExcepted *excepted)
{
  g_autofree char *ref = nz_container_ref_text(&c->ref);
  const char *name = c->facts && c->facts->name ? c->facts->name : ref;
  NzPriority priority = excepted        ? NZ_PRIORITY_INFO
                        : root->on_host ? NZ_PRIORITY_WARNING
                                        : NZ_PRIORITY_NOTICE;
  g_autofree char *message = g_strdup_printf(
      "%s: %s (process %u) is root%s: %s%s%s%s%s", name,
      root->executable ? root->executable : "a process", root->pid,
      root->on_host ? "" : " of a user namespace", nz_root_cause_name(root->cause),
      root->terminal ? ", at the terminal " : "", root->terminal ? root->terminal : "",
      excepted ? ", excepted by " : "", excepted ? excepted->owner : "");
  g_autoptr(GString) out = begin(self, priority, message);
  if (self->journal)
    add_fields(out, c, root);
  deliver(self, out);
}

void
nz_syslog_say(NzSyslog *self, NzPriority priority, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  g_autoptr(GString) out = begin(self, priority, message);
  deliver(self, out);
}
