/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/scan_common.h"

#include <string.h>

#include "check/check.h"
#include "cmd/cmd.h"
#include "core/limits.h"
#include "core/text.h"
#include "image/transport.h"

NzScanArgs nz_scan_args = {.max_ratio = NZ_BOMB_RATIO};

void
nz_formats_add_help(GString *text)
{
  const NzReportFormat *format;
  g_string_append(text, "\nFORMAT is one of\n");
  for (guint i = 0; (format = nz_report_format_at(i)); i++)
    g_string_append_printf(text, "  %-8s %s%s\n", format->name, format->help,
                           i == 0 ? " (the default)" : "");
}

const NzReportFormat *
nz_format_or_complain(const char *name)
{
  name = name ? name : "text";
  const NzReportFormat *format = nz_report_format_find(name);
  if (format)
    return format;
  g_autofree char *shown = nz_printable(name, -1);
  g_autoptr(GString) names = g_string_new(NULL);
  for (guint i = 0; (format = nz_report_format_at(i)); i++)
    g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", format->name);
  nz_complain("there is no format %s; the formats are %s", shown, names->str);
  return NULL;
}

gboolean
nz_scan_args_check(const char *output)
{
  const NzScanArgs *args = &nz_scan_args;
  static const char *const colors[] = {"auto", "always", "never", NULL};
  g_auto(NzPlatform) platform = {0};
  g_autoptr(GError) error = NULL;
  if (args->quiet && (args->verbose || output))
    nz_complain("--quiet contradicts --%s", args->verbose ? "verbose" : "output");
  else if (args->max_ratio < 0)
    nz_complain("--max-ratio must not be negative");
  else if (args->platform && !nz_platform_parse(args->platform, &platform, &error))
    nz_complain("--platform: %s", error->message);
  else if (args->profile && !g_strv_contains(nz_profiles, args->profile))
    nz_complain("--profile is cbpp-0002 or openshift");
  else if (args->color && !g_strv_contains(colors, args->color))
    nz_complain("--color is auto, always or never");
  else
    return TRUE;
  return FALSE;
}

int
nz_scan_run_start(NzScanRun *self, const char *verb, const char *const *images)
{
  const NzScanArgs *args = &nz_scan_args;
  int code = NZ_EXIT_PASS;
  self->policy = nz_policy_options_load(args->verbose, &code);
  if (!self->policy)
    return code;
  self->report = nz_report_new();
  nz_policy_options_describe(self->policy, args->profile, self->report);
  self->options = (NzScanOptions){
      .profile = self->report->profile,
      .user = args->user,
      .read = {.ratio = (guint)args->max_ratio, .verify = args->verify, .control = &self->control}};
  g_autofree char *all = g_strjoinv(" ", (char **)images);
  g_autofree char *shown = nz_printable(all, -1);
  self->report->command = g_strconcat("nonzero ", verb, " ", shown, NULL);
  self->report->started = g_get_real_time();
  self->progress = nz_progress_start(&self->control, args->quiet);
  return NZ_EXIT_PASS;
}

void
nz_scan_run_stop(NzScanRun *self)
{
  nz_progress_stop(g_steal_pointer(&self->progress));
  self->report->finished = g_get_real_time();
  if (nz_scan_args.verbose)
    nz_policy_options_note_unused(self->policy);
}

void
nz_scan_run_clear(NzScanRun *self)
{
  nz_progress_stop(self->progress);
  nz_report_free(self->report);
  nz_policy_free(self->policy);
}

void
nz_scan_run_note(NzScanRun *self, const char *source, const char *image, const GError *error)
{
  g_autofree char *shown = nz_printable(source, -1);
  g_autofree char *message =
      image ? g_strdup_printf("%s: %s", image, error->message) : g_strdup(error->message);
  nz_complain("%s: %s", shown, message);
  nz_report_add_error(self->report, shown, message);
}

GPtrArray *
nz_scan_run_open(NzScanRun *self, const char *source)
{
  NzOpenOptions open = {.platform = nz_scan_args.platform, .read = self->options.read};
  g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)nz_image_free);
  g_autoptr(GError) error = NULL;
  g_autofree char *shown = nz_printable(source, -1);
  nz_progress_set(self->progress, strcmp(source, "-") == 0 ? "standard input" : shown, 0);
  if (nz_image_open(source, &open, images, &error))
    return g_steal_pointer(&images);
  nz_scan_run_note(self, source, NULL, error);
  return NULL;
}

NzSubject *
nz_scan_run_judge(NzScanRun *self, const char *source, const GPtrArray *images, guint which)
{
  const NzImage *image = images->pdata[which];
  g_autoptr(GError) error = NULL;
  nz_progress_set(self->progress, image->name, image->store->rereadable ? image->bytes : 0);
  NzSubject *subject = nz_scan_image(image, &self->options, &error);
  if (!subject)
    nz_scan_run_note(self, source, images->len > 1 ? image->name : NULL, error);
  else
    nz_policy_apply(self->policy, subject);
  return subject;
}
