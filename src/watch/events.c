/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/events.h"

#include <string.h>
#include <time.h>

#include "core/text.h"
#include "report/json_parts.h"
#include "version.h"

void
nz_time_text(gint64 when, char text[32])
{
  time_t seconds = (time_t)(when / G_USEC_PER_SEC);
  struct tm tm = {0};
  gmtime_r(&seconds, &tm);
  gsize n = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &tm);
  g_snprintf(text + n, 32 - n, ".%06uZ", (guint)(when % G_USEC_PER_SEC));
}

static void
write_time(NzJsonw *w, const char *key, gint64 when)
{
  char text[32];
  if (when <= 0)
    return;
  nz_time_text(when, text);
  nz_jsonw_string(w, key, text);
}

static NzJsonw *
begin(FILE *out, const char *event, gint64 when)
{
  NzJsonw *w = nz_jsonw_new_line(out);
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "event", event);
  write_time(w, "time", when);
  return w;
}

/* NULL and "" are left out. */
static void
write_text(NzJsonw *w, const char *key, const char *text)
{
  if (text && *text)
    nz_jsonw_string(w, key, text);
}

static void
write_container(NzJsonw *w, const NzRunning *container)
{
  const NzContainerFacts *f = container->facts;
  nz_jsonw_begin_object(w, "container");
  nz_jsonw_string(w, "id", container->ref.id);
  nz_jsonw_string(w, "engine", nz_container_engine_name(f ? f->ref.engine : container->ref.engine));
  write_text(w, "name", f ? f->name : NULL);
  write_text(w, "image", f ? f->image : NULL);
  write_text(w, "image_id", f ? f->image_id : NULL);
  write_text(w, "pod", f ? f->pod : NULL);
  write_text(w, "namespace", f ? f->space : NULL);
  nz_jsonw_end_object(w);
}

/* --- start --- */

static void
write_scan_reports(NzJsonw *w, char *const *files)
{
  if (!files)
    return;
  nz_jsonw_begin_array(w, "scan_reports");
  for (guint i = 0; files[i]; i++)
    nz_jsonw_string(w, NULL, files[i]);
  nz_jsonw_end_array(w);
}

void
nz_event_start(const NzWatch *self, FILE *out)
{
  g_autoptr(NzJsonw) w = begin(out, "start", self->began);
  nz_jsonw_string(w, "schema", "nonzero/watch/v1");
  nz_jsonw_string(w, "version", NZ_VERSION);
  nz_jsonw_string(w, "mode", self->probe ? "bpf" : "proc");
  if (self->options->once)
    nz_jsonw_true(w, "once");
  else if (!self->probe)
    nz_jsonw_uint(w, "interval_ms", self->options->interval);
  nz_jsonw_string(w, "fallback", self->fallback);
  nz_jsonw_string(w, "policy", nz_policy_path(self->policy));
  write_scan_reports(w, self->options->scan_reports);
  nz_jsonw_end_object(w);
}

/* --- containers --- */

static const char *
kind_name(NzContainerKind kind)
{
  return kind == NZ_CONTAINER_KIND_SANDBOX ? "sandbox" : NULL;
}

void
nz_event_container(const NzRunning *container, FILE *out)
{
  const NzContainerFacts *f = container->facts;
  g_autoptr(NzJsonw) w = begin(out, "container", container->started);
  write_container(w, container);
  if (f) {
    write_text(w, "kind", kind_name(f->kind));
    nz_jsonw_string(w, "user", f->declared);
    nz_jsonw_string(w, "image_user", f->image_user);
    if (f->has_uid)
      nz_jsonw_uint(w, "uid", f->uid);
    if (f->userns)
      nz_jsonw_true(w, "user_namespace");
    if (f->privileged)
      nz_jsonw_true(w, "privileged");
    write_text(w, "incomplete", f->why);
  }
  nz_jsonw_end_object(w);
}

/* --- root processes --- */

static const char *
when_name(guint8 when)
{
  static const char *const names[] = {[NZ_WHEN_EXEC] = "exec",
                                      [NZ_WHEN_SET_ID] = "set-id",
                                      [NZ_WHEN_EXIT] = "exit",
                                      [NZ_WHEN_FOUND] = "found"};
  return when < G_N_ELEMENTS(names) ? names[when] : NULL;
}

/* What it calls itself, which proves nothing. */
static void
write_name(NzJsonw *w, const char comm[NZ_COMM_LEN])
{
  g_autofree char *name = g_strndup(comm, NZ_COMM_LEN);
  nz_jsonw_string(w, "name", name);
}

static void
write_arguments(NzJsonw *w, const struct nz_root_record *record)
{
  gsize at = record->file_len, end = at + record->args_len;
  if (record->args_len == 0 || end > sizeof record->text)
    return;
  nz_jsonw_begin_array(w, "arguments");
  while (at < end) {
    gsize n = strnlen(record->text + at, end - at);
    g_autofree char *one = g_strndup(record->text + at, n);
    nz_jsonw_string(w, NULL, one);
    at += n + 1;
  }
  nz_jsonw_end_array(w);
  if (record->flags & NZ_FLAG_ARGS_CUT)
    nz_jsonw_true(w, "arguments_cut");
}

static void
write_parents(NzJsonw *w, const struct nz_root_record *record)
{
  if (record->n_parents == 0)
    return;
  nz_jsonw_begin_array(w, "parents");
  for (guint i = 0; i < MIN(record->n_parents, NZ_PARENTS); i++) {
    const struct nz_parent *parent = &record->parents[i];
    nz_jsonw_begin_object(w, NULL);
    nz_jsonw_uint(w, "pid", parent->pid);
    write_name(w, parent->comm);
    nz_jsonw_end_object(w);
  }
  nz_jsonw_end_array(w);
}

static void
write_process(NzJsonw *w, const struct nz_root_record *record)
{
  nz_jsonw_uint(w, "pid", record->head.pid);
  if (record->flags & NZ_FLAG_THREAD)
    nz_jsonw_uint(w, "tid", record->tid);
  if (record->vpid)
    nz_jsonw_uint(w, "container_pid", record->vpid);
  nz_jsonw_uint(w, "parent_pid", record->ppid);
  write_parents(w, record);
  nz_jsonw_begin_object(w, "host_uids");
  nz_jsonw_uint(w, "real", record->uid);
  nz_jsonw_uint(w, "effective", record->euid);
  nz_jsonw_uint(w, "saved", record->suid);
  nz_jsonw_uint(w, "filesystem", record->fsuid);
  nz_jsonw_end_object(w);
  nz_jsonw_uint(w, "user_namespace", record->userns.inum);
}

void
nz_event_root(const NzTold *told, gint64 when, FILE *out)
{
  const struct nz_root_record *record = told->record;
  g_autoptr(NzJsonw) w = begin(out, "root", when);
  write_container(w, told->container);
  nz_jsonw_string(w, "state", told->fact->on_host ? "root-on-host" : "root-in-userns");
  nz_jsonw_uint(w, "uid", 0);
  nz_jsonw_uint(w, "host_uid", told->fact->host_uid);
  nz_jsonw_string(w, "cause", nz_root_cause_name(told->cause));
  if (told->origin != told->cause)
    nz_jsonw_string(w, "origin", nz_root_cause_name(told->origin));
  nz_jsonw_string(w, "when", when_name(record->when));
  nz_jsonw_string(w, "executable", told->fact->executable);
  write_name(w, record->comm);
  write_arguments(w, record);
  write_text(w, "terminal", told->fact->terminal);
  write_process(w, record);
  nz_json_write_excepted(w, told->excepted ? &told->excepted->said : NULL);
  if (record->flags & (NZ_FLAG_KILLED | NZ_FLAG_WOULD_KILL))
    nz_jsonw_string(w, "action", record->flags & NZ_FLAG_KILLED ? "killed" : "would-kill");
  nz_jsonw_end_object(w);
}

/* --- losses --- */

void
nz_event_lost(const NzRunning *container, guint64 lost, const char *why, FILE *out)
{
  g_autoptr(NzJsonw) w = begin(out, "lost", g_get_real_time());
  if (container)
    write_container(w, container);
  nz_jsonw_uint(w, "lost", lost);
  nz_jsonw_string(w, "why", why);
  nz_jsonw_end_object(w);
}

/* --- the end --- */

static void
write_kind(NzJsonw *w, const NzRootFact *root)
{
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "executable", root->executable);
  nz_jsonw_string(w, "arguments", root->arguments);
  nz_jsonw_string(w, "state", root->on_host ? "root-on-host" : "root-in-userns");
  nz_jsonw_uint(w, "host_uid", root->host_uid);
  nz_jsonw_string(w, "cause", nz_root_cause_name(root->cause));
  write_text(w, "terminal", root->terminal);
  nz_jsonw_string(w, "parents", root->parents);
  nz_jsonw_uint(w, "count", root->count);
  write_time(w, "first", root->first);
  write_time(w, "last", root->last);
  nz_jsonw_end_object(w);
}

void
nz_event_verdict(const NzRunning *container, const NzSubject *subject, FILE *out)
{
  g_autoptr(NzJsonw) w = begin(out, "verdict", g_get_real_time());
  write_container(w, container);
  nz_jsonw_string(w, "verdict", nz_verdict_name(subject->verdict));
  nz_jsonw_string(w, "why", subject->user ? subject->user->why : NULL);
  nz_jsonw_uint(w, "seen", container->seen);
  nz_jsonw_uint(w, "lost", container->lost);
  nz_jsonw_uint(w, "root_processes", container->n_roots);
  write_text(w, "unseen", container->unseen);
  write_time(w, "since", container->started);
  write_time(w, "ended", container->ended);
  nz_jsonw_begin_array(w, "kinds");
  for (guint i = 0; i < container->roots->len; i++)
    write_kind(w, container->roots->pdata[i]);
  nz_jsonw_end_array(w);
  nz_jsonw_begin_array(w, "findings");
  for (guint i = 0; i < subject->findings->len; i++)
    nz_json_write_finding(w, NULL, subject, subject->findings->pdata[i]);
  nz_jsonw_end_array(w);
  nz_json_write_notes(w, subject->notes);
  nz_jsonw_end_object(w);
}

void
nz_event_summary(const NzWatch *self, const NzReport *report, FILE *out)
{
  const NzLedgerTotals *totals = nz_ledger_totals(self->ledger);
  guint64 pass = nz_watch_count(self, report, NZ_VERDICT_PASS);
  guint64 fail = nz_watch_count(self, report, NZ_VERDICT_FAIL);
  guint64 unknown = nz_watch_count(self, report, NZ_VERDICT_UNKNOWN);
  g_autoptr(NzJsonw) w = begin(out, "summary", g_get_real_time());
  nz_jsonw_string(w, "mode", self->probe ? "bpf" : "proc");
  write_time(w, "since", self->began);
  nz_jsonw_string(w, "verdict", nz_verdict_name(nz_report_verdict(report)));
  nz_jsonw_uint(w, "containers", pass + fail + unknown);
  nz_jsonw_uint(w, "pass", pass);
  nz_jsonw_uint(w, "fail", fail);
  nz_jsonw_uint(w, "unknown", unknown);
  nz_jsonw_uint(w, "seen", totals->seen);
  nz_jsonw_uint(w, "lost", totals->lost);
  nz_jsonw_uint(w, "root_processes", totals->roots);
  nz_jsonw_uint(w, "errors", report->errors->len);
  nz_jsonw_end_object(w);
}
