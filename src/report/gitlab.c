/* SPDX-License-Identifier: Apache-2.0 */
/* GitLab's Code Quality report: one array of issues. Excepted findings are left out; what could not
 * be judged is an issue too, since the format has no other place to say it. */
#include "core/text.h"
#include "report/ci.h"
#include "report/jsonw.h"
#include "report/report.h"

static const char *
severity_of(NzLevel level)
{
  static const char *const names[] = {
      [NZ_LEVEL_INFO] = "info", [NZ_LEVEL_WARN] = "major", [NZ_LEVEL_FAIL] = "critical"};
  return names[level];
}

static void
write_issue(NzJsonw *w, const char *rule, const char *severity, const char *description,
            const char *path, guint line, guint end_line, const char *fingerprint)
{
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "description", description);
  nz_jsonw_string(w, "check_name", rule);
  nz_jsonw_string(w, "fingerprint", fingerprint);
  nz_jsonw_string(w, "severity", severity);
  nz_jsonw_begin_object(w, "location");
  nz_jsonw_string(w, "path", path);
  nz_jsonw_begin_object(w, "lines");
  nz_jsonw_uint(w, "begin", line);
  if (end_line > line)
    nz_jsonw_uint(w, "end", end_line);
  nz_jsonw_end_object(w);
  nz_jsonw_end_object(w);
  nz_jsonw_end_object(w);
}

static void
write_subject(NzJsonw *w, const NzSubject *s, NzFingerprints *fingerprints)
{
  g_autofree char *label = nz_ci_label(s);
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (f->excepted)
      continue;
    g_autofree char *sentence = nz_ci_sentence(f);
    g_autofree char *description = g_strdup_printf("%s: %s", label, sentence);
    g_autofree char *path = nz_ci_path(s, f);
    g_autofree char *fingerprint = nz_fingerprints_next(fingerprints, s, f);
    write_issue(w, f->rule, severity_of(f->level), description, path, f->place ? f->place->line : 1,
                f->place ? f->place->end_line : 1, fingerprint);
  }
}

static void
write_gitlab(const NzReport *report, const NzReportStyle *style G_GNUC_UNUSED, FILE *out)
{
  g_autoptr(NzFingerprints) fingerprints = nz_fingerprints_new();
  g_autoptr(NzJsonw) w = nz_jsonw_new(out);
  nz_jsonw_begin_array(w, NULL);
  for (guint i = 0; i < report->errors->len; i++) {
    const NzReportError *e = report->errors->pdata[i];
    g_autofree char *description = g_strdup_printf("%s: %s", e->source, e->message);
    g_autofree char *fingerprint = nz_fingerprints_next_of(fingerprints, "not-judged", description);
    g_autofree char *path = nz_ci_relative(e->source);
    guint line = 1, column;
    nz_place_of_message(e->message, e->source, &line, &column);
    write_issue(w, "not-judged", "blocker", description, path, line, line, fingerprint);
  }
  for (guint i = 0; i < report->subjects->len; i++)
    write_subject(w, report->subjects->pdata[i], fingerprints);
  nz_jsonw_end_array(w);
}

const NzReportFormat nz_format_gitlab = {"gitlab", "GitLab's code quality report", write_gitlab};
