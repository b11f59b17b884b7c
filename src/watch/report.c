/* SPDX-License-Identifier: Apache-2.0 */
/* The end: each container's verdict, and the exit code. */
#include <string.h>
#include <unistd.h>

#include "cmd/complain.h"
#include "core/exit.h"
#include "report/report.h"
#include "watch/events.h"

/* Those that were asked for; a pod's sandbox runs nothing to be judged, unless something did. */
static gboolean
is_reported(const NzWatch *self, const NzRunning *container)
{
  gboolean sandbox = container->facts && container->facts->kind == NZ_CONTAINER_KIND_SANDBOX;
  return nz_watch_matches(self, container) && !(sandbox && container->n_roots == 0);
}

static gboolean
wants_color(const char *when)
{
  if (when && strcmp(when, "auto") != 0)
    return strcmp(when, "always") == 0;
  const char *no = g_getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) && !(no && *no);
}

static void
add_subjects(NzWatch *self, NzReport *report)
{
  const GPtrArray *all = nz_ledger_all(self->ledger);
  for (guint i = 0; i < all->len; i++) {
    const NzRunning *container = all->pdata[i];
    if (!is_reported(self, container))
      continue;
    NzSubject *subject = nz_ledger_subject(self->ledger, container);
    g_ptr_array_add(report->subjects, subject);
    if (self->ndjson)
      nz_event_verdict(container, subject, stdout);
  }
}

void
nz_watch_leaving(const NzRunning *container, const NzSubject *subject, gpointer data)
{
  NzWatch *self = data;
  if (!is_reported(self, container))
    return;
  self->left[subject->verdict]++;
  if (self->ndjson)
    nz_event_verdict(container, subject, stdout);
}

guint64
nz_watch_count(const NzWatch *self, const NzReport *report, NzVerdict verdict)
{
  guint counts[NZ_VERDICT_FAIL + 1];
  nz_report_count(report, counts);
  return counts[verdict] + self->left[verdict];
}

/* Those that left are in no list of the report: it says how many they were. */
static void
note_those_that_left(const NzWatch *self, NzReport *report)
{
  const guint64 *left = self->left;
  guint64 n = left[NZ_VERDICT_PASS] + left[NZ_VERDICT_UNKNOWN] + left[NZ_VERDICT_FAIL];
  if (n == 0 || report->subjects->len == 0)
    return;
  NzSubject *first = report->subjects->pdata[0];
  g_ptr_array_add(
      first->notes,
      g_strdup_printf("%" G_GUINT64_FORMAT " more containers ended long before this report and "
                      "are not in it: %" G_GUINT64_FORMAT " pass, %" G_GUINT64_FORMAT
                      " fail, %" G_GUINT64_FORMAT " unknown",
                      n, left[NZ_VERDICT_PASS], left[NZ_VERDICT_FAIL], left[NZ_VERDICT_UNKNOWN]));
}

int
nz_watch_report(NzWatch *self, FILE *out)
{
  const NzWatchOptions *options = self->options;
  g_autoptr(NzReport) report = nz_report_new();
  report->profile = "cbpp-0002";
  report->policy = g_strdup(nz_policy_path(self->policy));
  report->command = g_strdup("nonzero watch");
  report->started = self->began;
  report->finished = g_get_real_time();
  add_subjects(self, report);
  note_those_that_left(self, report);
  if (self->hidden)
    g_ptr_array_add(report->errors, nz_report_error_new("/proc", "others' processes are hidden"));
  else if (report->subjects->len == 0 && !options->quiet)
    nz_complain("no container was seen: nothing was judged");
  if (self->ndjson) {
    nz_event_summary(self, report, out);
  } else if (!options->quiet && report->subjects->len > 0) {
    const NzReportStyle style = {.color = wants_color(options->color), .verbose = options->verbose};
    nz_report_format_find(options->format ? options->format : "text")->write(report, &style, out);
  }
  return nz_report_exit_code(report);
}
