/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/outlets.h"

#include <string.h>
#include <unistd.h>

#include "cmd/complain.h"
#include "cmd/outlet_options.h"
#include "core/limits.h"
#include "watch/audit.h"
#include "watch/metrics.h"
#include "watch/notify.h"
#include "watch/reload.h"
#include "watch/syslog.h"
#include "watch/view.h"

/* What verdicts depend on: while it stays nothing is judged anew. */
typedef struct {
  guint64 containers, running, roots, lost, reloads;
} Judged;

struct NzOutlets {
  NzWatch *watch;
  NzAudit *audit;
  NzSyslog *log;
  NzMetricsServer *server;
  NzView *view;
  guint tick;  /* milliseconds; 0: never */
  gint64 next; /* monotonic microseconds */
  guint64 reloads, reloads_failed;
  gint64 policy_loaded;
  Judged judged;
  gboolean ever_judged;
};

/* --- begin and end --- */

static gboolean
open_audit(NzOutlets *self, GError **error)
{
  const NzOutletOptions *o = &nz_outlet_options;
  const NzAuditOptions options = {o->audit_log, o->audit_size, (guint)o->audit_keep};
  return !o->audit_log || (self->audit = nz_audit_new(&options, error));
}

static gboolean
open_server(NzOutlets *self, GError **error)
{
  if (!nz_outlet_options.listen)
    return TRUE;
  self->server = nz_metrics_server_new(nz_outlet_options.listen, error);
  if (self->server && !self->watch->options->quiet)
    nz_complain("metrics are at http://%s/metrics%s", nz_metrics_server_address(self->server),
                nz_metrics_server_is_open(self->server) ? ", for everybody who can reach it" : "");
  return self->server != NULL;
}

static gboolean
open_view(NzOutlets *self, GError **error)
{
  const char *when = self->watch->options->color, *no = g_getenv("NO_COLOR");
  gboolean color = when && strcmp(when, "auto") != 0 ? strcmp(when, "always") == 0 : !(no && *no);
  return !nz_outlet_options.live ||
         (self->view = nz_view_new(STDIN_FILENO, STDOUT_FILENO, color, error));
}

static guint
tick_of(const NzOutlets *self)
{
  guint watchdog = nz_notify_watchdog_interval();
  guint own = self->view ? NZ_WATCH_VIEW_MS : self->server ? NZ_WATCH_METRICS_MS : 0;
  return own && watchdog ? MIN(own, watchdog) : MAX(own, watchdog);
}

NzOutlets *
nz_outlets_new(NzWatch *watch, GError **error)
{
  g_autoptr(NzOutlets) self = g_new0(NzOutlets, 1);
  self->watch = watch;
  self->policy_loaded = watch->began;
  if (!open_audit(self, error) ||
      (nz_outlet_options.log && !(self->log = nz_syslog_new(nz_outlet_options.log, error))) ||
      !open_server(self, error) || !open_view(self, error))
    return NULL;
  self->tick = tick_of(self);
  return g_steal_pointer(&self);
}

void
nz_outlets_end(NzOutlets *self)
{
  nz_notify_stopping();
  g_clear_pointer(&self->view, nz_view_free);
}

void
nz_outlets_free(NzOutlets *self)
{
  if (!self)
    return;
  nz_view_free(self->view);
  nz_metrics_server_free(self->server);
  guint64 lost = self->audit ? nz_audit_lost(self->audit) : 0;
  nz_audit_free(self->audit);
  nz_syslog_free(self->log);
  if (lost > 0)
    nz_complain("%" G_GUINT64_FORMAT " lines of the audit log could not be written", lost);
  g_free(self);
}

gboolean
nz_outlets_have_terminal(const NzOutlets *self)
{
  return self->view != NULL;
}

/* --- events --- */

void
nz_outlets_ready(NzOutlets *self)
{
  nz_notify_ready(self->watch->probe ? "watches by BPF" : "watches by looking at /proc");
  nz_outlets_tick(self);
}

/* Of a kind the first alone, and every session: whoever reads a log wants no thousands. */
static gboolean
is_news(const NzTold *told)
{
  const GPtrArray *roots = told->container->roots;
  if (nz_audit_is_session(told->fact))
    return TRUE;
  for (guint i = 0; i < roots->len; i++) {
    const NzRootFact *kind = roots->pdata[i];
    if (kind->cause == told->fact->cause && kind->on_host == told->fact->on_host &&
        g_strcmp0(kind->executable, told->fact->executable) == 0)
      return kind->count == 1;
  }
  return FALSE;
}

void
nz_outlets_root(NzOutlets *self, const NzTold *told, gint64 time)
{
  const NzExcepted *excepted = told->excepted ? &told->excepted->said : NULL;
  if (self->audit) {
    const NzAuditRoot root = {.ref = &told->container->ref,
                              .facts = told->container->facts,
                              .root = told->fact,
                              .start = told->record->head.start,
                              .time = time,
                              .excepted = excepted,
                              .killed = (told->record->flags & NZ_FLAG_KILLED) != 0};
    nz_audit_root(self->audit, &root);
  }
  if (self->log && is_news(told))
    nz_syslog_root(self->log, told->container, told->fact, excepted);
  if (self->view)
    nz_view_root(self->view, told->container, told->fact, excepted != NULL, time);
}

void
nz_outlets_ended(NzOutlets *self, guint32 pid, guint64 start, gint64 time)
{
  if (self->audit)
    nz_audit_ended(self->audit, pid, start, time);
}

void
nz_outlets_lost(NzOutlets *self, const NzRunning *container, guint64 lost, const char *why)
{
  if (self->log)
    nz_syslog_say(self->log, NZ_PRIORITY_WARNING,
                  "%" G_GUINT64_FORMAT " events of %s were lost: %s", lost,
                  container ? container->ref.id : "containers that are not known", why);
}

/* --- the clock --- */

int
nz_outlets_fd(const NzOutlets *self)
{
  return self->view ? STDIN_FILENO : -1;
}

int
nz_outlets_patience(const NzOutlets *self)
{
  if (self->tick == 0)
    return -1;
  return (int)CLAMP((self->next - g_get_monotonic_time()) / 1000 + 1, 0, (gint64)self->tick);
}

static void
judge(NzOutlets *self)
{
  const NzLedgerTotals *t = nz_ledger_totals(self->watch->ledger);
  const Judged now = {t->containers, t->running, t->roots, t->lost, self->reloads};
  if (self->ever_judged && memcmp(&now, &self->judged, sizeof now) == 0)
    return;
  nz_ledger_judge(self->watch->ledger);
  self->judged = now;
  self->ever_judged = TRUE;
}

static void
set_page(NzOutlets *self)
{
  const GPtrArray *all = nz_ledger_all(self->watch->ledger);
  NzMetrics metrics = {
      .totals = nz_ledger_totals(self->watch->ledger),
      .mode = self->watch->probe ? "bpf" : "poll",
      .audit_lost = self->audit ? nz_audit_lost(self->audit) : 0,
      .log_lost = self->log ? nz_syslog_lost(self->log) : 0,
      .reloads = self->reloads,
      .reloads_failed = self->reloads_failed,
      .policy_loaded = self->policy_loaded,
      .began = self->watch->began,
  };
  for (guint i = 0; i < all->len; i++) {
    const NzRunning *c = all->pdata[i];
    if (!c->ended)
      metrics.verdicts[c->verdict]++;
  }
  GString *page = g_string_sized_new(4096);
  nz_metrics_write(&metrics, page);
  nz_metrics_server_set(self->server, page);
}

static void
draw(NzOutlets *self)
{
  const NzViewInfo info = {.mode = self->watch->probe ? "bpf" : "polling",
                           .now = g_get_real_time(),
                           .began = self->watch->began};
  nz_view_draw(self->view, self->watch->ledger, &info);
}

void
nz_outlets_tick(NzOutlets *self)
{
  if (self->tick == 0 || g_get_monotonic_time() < self->next)
    return;
  self->next = g_get_monotonic_time() + (gint64)self->tick * 1000;
  nz_notify_watchdog();
  if (self->server || self->view)
    judge(self);
  if (self->server)
    set_page(self);
  if (self->view)
    draw(self);
}

gboolean
nz_outlets_keys(NzOutlets *self)
{
  if (!self->view)
    return TRUE;
  gboolean go_on = nz_view_keys(self->view);
  if (go_on)
    draw(self);
  return go_on;
}

/* --- SIGHUP --- */

static void
say_policy(NzOutlets *self, const char *why)
{
  const char *path = nz_policy_path(self->watch->policy);
  if (self->audit)
    nz_audit_policy(self->audit, path, why, g_get_real_time());
  if (self->log && why)
    nz_syslog_say(self->log, NZ_PRIORITY_ERR, "the policy was not read anew: %s", why);
  else if (self->log)
    nz_syslog_say(self->log, NZ_PRIORITY_NOTICE, "the policy was read anew: %s",
                  path ? path : "what is built in");
}

static gboolean
reload_policy(NzOutlets *self)
{
  g_autoptr(GError) error = NULL;
  if (nz_watch_reload_policy(self->watch, &error)) {
    self->reloads++;
    self->policy_loaded = g_get_real_time();
  } else {
    self->reloads_failed++;
  }
  say_policy(self, error ? error->message : NULL);
  if (!nz_outlets_have_terminal(self) && error)
    nz_complain("the policy was not read anew, the one before stays: %s", error->message);
  return !error;
}

static gboolean
reload_scans(NzOutlets *self)
{
  g_autoptr(GError) error = NULL;
  if (nz_watch_read_scans(self->watch, &error)) {
    self->ever_judged = FALSE;
    return TRUE;
  }
  if (self->log)
    nz_syslog_say(self->log, NZ_PRIORITY_ERR, "the scan reports were not read anew: %s",
                  error->message);
  if (!nz_outlets_have_terminal(self))
    nz_complain("the scan reports were not read anew, those before stay: %s", error->message);
  return FALSE;
}

void
nz_outlets_reload(NzOutlets *self)
{
  nz_notify_reloading();
  if (self->audit)
    nz_audit_reopen(self->audit);
  gboolean policy = reload_policy(self), scans = reload_scans(self);
  nz_notify_ready(!policy  ? "watches; the policy could not be read anew, the one before stays"
                  : !scans ? "watches; the scan reports could not be read anew, those before stay"
                           : "watches; the policy was read anew");
}
