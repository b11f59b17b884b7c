/* SPDX-License-Identifier: Apache-2.0 */
/* Two images compared. */
#include <string.h>

#include "api/scanner.h"
#include "report/diff.h"

nonzero_diff *
nonzero_scanner_diff(nonzero_scanner *self, const char *before, const char *after)
{
  gboolean ok = nz_scanner_judge_only(self, before);
  ok = nz_scanner_judge_only(self, after) && ok;
  nonzero_report *both = nonzero_scanner_finish(self);
  if (!ok) {
    nonzero_report_free(both);
    return NULL;
  }
  nonzero_diff *diff = g_new0(nonzero_diff, 1);
  diff->both = both;
  diff->comparison = nz_report_new();
  diff->comparison->profile = both->report->profile;
  diff->comparison->policy = g_strdup(both->report->policy);
  diff->comparison->command = g_strdup(both->report->command);
  diff->comparison->started = both->report->started;
  diff->comparison->finished = both->report->finished;
  /* What was scanned before without being reported comes before them. */
  gpointer *last = both->report->subjects->pdata + both->report->subjects->len;
  diff->comparison->diff = nz_diff_new(last[-2], last[-1]);
  return diff;
}

void
nonzero_diff_free(nonzero_diff *diff)
{
  if (!diff)
    return;
  nz_report_free(diff->comparison);
  nonzero_report_free(diff->both);
  g_free(diff);
}

int
nonzero_diff_is_worse(const nonzero_diff *diff)
{
  return diff->comparison->diff->worse;
}

/* A format that shows both sides, or NULL. */
static const NzReportFormat *
find_diff_format(const char *name)
{
  static const NzReportFormat *const formats[] = {&nz_format_diff_text, &nz_format_diff_json};
  for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
    if (strcmp(formats[i]->name, name) == 0)
      return formats[i];
  return NULL;
}

/* The other formats print a report on NEW that holds its new findings alone. */
static int
write_new(const nonzero_diff *diff, const NzReportFormat *format, FILE *out, unsigned flags,
          char **error)
{
  const NzReport *all = diff->both->report;
  NzSubject fresh;
  nz_diff_only_new(diff->comparison->diff, diff->comparison->diff->after, &fresh);
  g_autoptr(GPtrArray) findings = fresh.findings;
  g_autoptr(GPtrArray) subjects = g_ptr_array_new(); /* borrowed */
  g_ptr_array_add(subjects, &fresh);
  NzReport report = *all;
  report.subjects = subjects;
  return nz_api_write(&report, format, out, flags, error);
}

int
nonzero_diff_write(const nonzero_diff *diff, const char *format, FILE *out, unsigned flags,
                   char **error)
{
  const NzReportFormat *both = find_diff_format(format);
  if (both)
    return nz_api_write(diff->comparison, both, out, flags, error);
  const NzReportFormat *other = nz_report_format_find(format);
  if (other)
    return write_new(diff, other, out, flags, error);
  nz_api_set_error(error, "there is no such format");
  return -1;
}
