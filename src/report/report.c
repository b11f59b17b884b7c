/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <string.h>

#include "core/exit.h"

static const NzReportFormat *const formats[] = {
    &nz_format_text,  &nz_format_json, &nz_format_html,   &nz_format_sarif,
    &nz_format_junit, &nz_format_cnf,  &nz_format_github, &nz_format_gitlab,
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

static void
error_free(gpointer data)
{
  NzReportError *e = data;
  g_free(e->source);
  g_free(e->message);
  g_free(e);
}

NzReport *
nz_report_new(void)
{
  NzReport *self = g_new0(NzReport, 1);
  self->profile = "cbpp-0002";
  self->subjects = g_ptr_array_new_with_free_func((GDestroyNotify)nz_subject_free);
  self->errors = g_ptr_array_new_with_free_func(error_free);
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
nz_report_add_error(NzReport *self, const char *source, const char *message)
{
  NzReportError *e = g_new0(NzReportError, 1);
  *e = (NzReportError){g_strdup(source), g_strdup(message)};
  g_ptr_array_add(self->errors, e);
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
