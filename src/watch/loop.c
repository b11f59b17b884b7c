/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for records, descriptions, the clock and signals, in one thread. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cmd/complain.h"
#include "core/exit.h"
#include "core/limits.h"
#include "watch/enforce.h"
#include "watch/outlets.h"
#include "watch/priority.h"
#include "watch/reload.h"

/* How often the kernel's accounts are read, and how many records are taken before others have their
 * turn. */
#define ACCOUNT_MS   5000
#define RECORDS_ONCE 256

/* How long the end waits for descriptions that are on their way. */
#define LAST_WAIT_MS 2000

static gint64
now_ms(void)
{
  return g_get_monotonic_time() / 1000;
}

int
nz_watch_open_signals(void)
{
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, NULL);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* TRUE: it is time to end. */
static gboolean
take_signals(NzWatch *self, int fd)
{
  struct signalfd_siginfo info;
  gboolean end = FALSE;
  while (read(fd, &info, sizeof info) == (gssize)sizeof info)
    if (info.ssi_signo == SIGHUP)
      nz_outlets_reload(self->outlets);
    else
      end = TRUE;
  return end;
}

/* --- one look --- */

static void
wait_for_descriptions(NzWatch *self)
{
  gint64 until = now_ms() + LAST_WAIT_MS;
  nz_watch_take_descriptions(self);
  while (nz_describer_waiting(self->describer) > 0 && now_ms() < until) {
    struct pollfd p = {nz_describer_fd(self->describer), POLLIN, 0};
    poll(&p, 1, (int)MAX(until - now_ms(), 0));
    nz_watch_take_descriptions(self);
  }
  nz_watch_take_descriptions(self);
  nz_watch_flush_waiting(self, TRUE);
}

static gboolean
look(NzWatch *self)
{
  g_autoptr(GError) error = NULL;
  if (nz_watch_look(self, &error))
    return TRUE;
  nz_complain("%s", error->message);
  return FALSE;
}

/* --- the loop --- */

typedef struct {
  gint64 end, next; /* milliseconds; END 0: not before a signal */
  int signals;
} Clock;

static int
patience(const NzWatch *self, const Clock *clock, gboolean more)
{
  gint64 now = now_ms(), until = clock->next;
  int waiting = nz_watch_patience(self), outlets = nz_outlets_patience(self->outlets);
  if (clock->end)
    until = MIN(until, clock->end);
  if (waiting >= 0)
    until = MIN(until, now + waiting);
  if (outlets >= 0)
    until = MIN(until, now + outlets);
  return more ? 0 : (int)CLAMP(until - now, 0, G_MAXINT);
}

static gboolean
do_regular_work(NzWatch *self, Clock *clock)
{
  if (now_ms() < clock->next)
    return TRUE;
  nz_watch_new_day(self);
  clock->next = now_ms() + (self->probe ? ACCOUNT_MS : (gint64)self->options->interval);
  if (!self->probe)
    return look(self);
  nz_watch_account(self);
  return TRUE;
}

/* FALSE: it cannot go on. */
static gboolean
watch(NzWatch *self, Clock *clock)
{
  gboolean more = FALSE, ok = TRUE;
  while (ok && !self->broken && (!clock->end || now_ms() < clock->end)) {
    struct pollfd fds[] = {{clock->signals, POLLIN, 0},
                           {nz_describer_fd(self->describer), POLLIN, 0},
                           {self->probe ? nz_probe_fd(self->probe) : -1, POLLIN, 0},
                           {nz_outlets_fd(self->outlets), POLLIN, 0}};
    if (poll(fds, G_N_ELEMENTS(fds), patience(self, clock, more)) < 0 && errno != EINTR) {
      nz_complain("cannot wait for events: %s", g_strerror(errno));
      return FALSE;
    }
    if (fds[0].revents && take_signals(self, clock->signals))
      break;
    if (fds[3].revents && !nz_outlets_keys(self->outlets))
      break;
    more = self->probe && (more || fds[2].revents) &&
           nz_probe_consume(self->probe, RECORDS_ONCE, nz_watch_record, self);
    if (fds[1].revents)
      nz_watch_take_descriptions(self);
    nz_watch_flush_waiting(self, FALSE);
    ok = do_regular_work(self, clock);
    nz_tell_flush(self);
    nz_outlets_tick(self->outlets);
    nz_priority_share(more);
  }
  return ok;
}

int
nz_watch_run(NzWatch *self)
{
  g_autoptr(GError) error = NULL;
  Clock clock = {.signals = self->signals, .next = now_ms()};
  if (self->options->duration)
    clock.end = now_ms() + self->options->duration;
  nz_tell_start(self);
  gboolean ok = TRUE;
  nz_enforce_begin(self);
  if (self->probe && !nz_watch_find_running(self, &error)) {
    nz_complain("%s", error->message);
    ok = FALSE;
  }
  if (ok)
    nz_outlets_ready(self->outlets);
  if (self->options->once)
    ok = ok && do_regular_work(self, &clock);
  else
    ok = ok && watch(self, &clock);
  nz_enforce_end(self);
  if (self->probe)
    nz_watch_account(self);
  wait_for_descriptions(self);
  nz_outlets_end(self->outlets);
  int code = nz_watch_report(self, stdout);
  nz_tell_flush(self);
  return ok && !self->broken ? code : NZ_EXIT_ERROR;
}
