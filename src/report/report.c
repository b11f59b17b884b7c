/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <string.h>

#include "core/exit.h"

static const NzReportFormat *const formats[] = {
    &nz_format_text, &nz_format_json,   &nz_format_html,   &nz_format_sarif,   &nz_format_junit,
    &nz_format_cnf,  &nz_format_github, &nz_format_gitlab, &nz_format_summary, &nz_format_ndjson,
};

const NzReportFormat *
nz_report_format_at(guint i)
{
  return i < G_N_ELEMENTS(formats) ? formats[i] : NULL;
}

const NzReportFormat *
nz_report_format_find(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
    if (strcmp(formats[i]->name, name) == 0)
      return formats[i];
  return NULL;
}

NzReportError *
nz_report_error_new(const char *source, const char *message)
{
  NzReportError *self = g_new0(NzReportError, 1);
  *self = (NzReportError){g_strdup(source), g_strdup(message)};
  return self;
}

void
nz_report_error_free(NzReportError *self)
{
  g_free(self->source);
  g_free(self->message);
  g_free(self);
}

NzReport *
nz_report_new(void)
{
  NzReport *self = g_new0(NzReport, 1);
  self->profile = "cbpp-0002";
  self->subjects = g_ptr_array_new_with_free_func((GDestroyNotify)nz_subject_free);
  self->errors = g_ptr_array_new_with_free_func((GDestroyNotify)nz_report_error_free);
  return self;
}

void
nz_report_free(NzReport *self)
{
  if (!self)
    return;
  g_free(self->policy);
  g_free(self->command);
  nz_diff_free(self->diff);
  g_ptr_array_unref(self->subjects);
  g_ptr_array_unref(self->errors);
  g_free(self);
}

void
nz_report_count(const NzReport *self, guint counts[NZ_VERDICT_FAIL + 1])
{
  for (guint i = 0; i <= NZ_VERDICT_FAIL; i++)
    counts[i] = 0;
  for (guint i = 0; i < self->subjects->len; i++)
    counts[((const NzSubject *)self->subjects->pdata[i])->verdict]++;
}

char *
nz_report_subjects(const NzReport *self)
{
  g_autoptr(GPtrArray) kinds = g_ptr_array_new(); /* in the order in which they come up */
  for (guint i = 0; i < self->subjects->len; i++) {
    const NzSubject *s = self->subjects->pdata[i];
    if (!g_ptr_array_find_with_equal_func(kinds, s->kind, g_str_equal, NULL))
      g_ptr_array_add(kinds, (gpointer)s->kind);
  }
  if (kinds->len == 0)
    g_ptr_array_add(kinds, (gpointer) "image");
  GString *text = g_string_new(NULL);
  for (guint k = 0; k < kinds->len; k++) {
    guint n = 0;
    for (guint i = 0; i < self->subjects->len; i++)
      n += strcmp(((const NzSubject *)self->subjects->pdata[i])->kind, kinds->pdata[k]) == 0;
    g_string_append_printf(text, "%s%u %s",
                           k == 0                ? ""
                           : k == kinds->len - 1 ? " and "
                                                 : ", ",
                           n, nz_kind_noun(kinds->pdata[k], n));
  }
  return g_string_free(text, FALSE);
}

NzVerdict
nz_report_verdict(const NzReport *self)
{
  gboolean proven = self->errors->len == 0 && self->subjects->len > 0;
  NzVerdict verdict = proven ? NZ_VERDICT_PASS : NZ_VERDICT_UNKNOWN;
  for (guint i = 0; i < self->subjects->len; i++)
    verdict = MAX(verdict, ((const NzSubject *)self->subjects->pdata[i])->verdict);
  return verdict;
}

int
nz_report_exit_code(const NzReport *self)
{
  if (self->errors->len > 0)
    return NZ_EXIT_ERROR;
  return nz_report_verdict(self) == NZ_VERDICT_PASS ? NZ_EXIT_PASS : NZ_EXIT_FAIL;
}
