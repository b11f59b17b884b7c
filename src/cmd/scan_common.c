/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/scan_common.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/inputs.h"

NzScanArgs nz_scan_args;

void
nz_formats_add_help(GString *text)
{
  const char *name;
  g_string_append(text, "\nFORMAT is one of\n");
  for (size_t i = 0; (name = nonzero_format_name(i)); i++)
    g_string_append_printf(text, "  %-8s %s%s\n", name, nonzero_format_help(i),
                           i == 0 ? " (the default)" : "");
}

/* --- events --- */

static void
show_count(NzScanRun *self)
{
  g_autofree char *text = g_strdup_printf("%u of %u images", self->n_judged, self->n_expected);
  nz_progress_count(self->progress, text);
}

static void
on_image(const char *name, uint64_t bytes, void *data)
{
  const NzScanRun *self = data;
  if (self->n_expected < 2)
    nz_progress_set(self->progress, name, bytes);
}

static void
on_subject(const nonzero_subject *subject, void *data)
{
  NzScanRun *self = data;
  nz_progress_hide(self->progress);
  nz_outputs_stream(self->outputs, subject, nz_scan_args.color ? nz_scan_args.color : "auto");
  self->n_judged++;
  if (self->n_expected > 1)
    show_count(self);
}

static void
on_error(const char *source, const char *message, void *data)
{
  nz_progress_hide(((NzScanRun *)data)->progress);
  /* That of a source file begins with its place. */
  gsize n = strlen(source);
  if (strncmp(message, source, n) == 0 && message[n] == ':')
    nz_complain("%s", message);
  else
    nz_complain("%s: %s", source, message);
}

static void
on_note(const char *text, void *data)
{
  if (!nz_scan_args.verbose)
    return;
  nz_progress_hide(((NzScanRun *)data)->progress);
  nz_complain("note: %s", text);
}

/* No pass may hide it. */
static void
on_uncovered(const char *text, void *data)
{
  nz_progress_hide(((NzScanRun *)data)->progress);
  nz_complain("%s", text);
}

/* --- the beginning --- */

gboolean
nz_scan_run_set(NzScanRun *self, const char *option, const char *value)
{
  char *error = NULL;
  if (!value || nonzero_scanner_set(self->scanner, option, value, &error) == 0)
    return TRUE;
  nz_complain("--%s: %s", option, error);
  free(error);
  return FALSE;
}

static gboolean
set_options(NzScanRun *self, const char *base)
{
  const NzScanArgs *args = &nz_scan_args;
  const NzPolicyOptions *policy = &nz_policy_options;
  const struct {
    const char *name, *value;
  } options[] = {
      {"platform", args->platform},
      {"user", args->user},
      {"profile", args->user_only ? "user-only" : args->profile},
      {"max-ratio", args->max_ratio},
      {"base", base},
      {"fail-on", policy->fail_on},
      {"today", policy->today},
      {"verify", args->verify ? "" : NULL},
      {"cache-dir", args->cache_dir},
      {"no-cache", args->no_cache ? "" : NULL},
      {"plain-http", args->plain_http ? "" : NULL},
      {"tls-ca", args->tls_ca},
      {"authfile", args->authfile},
      {"pull", args->pull ? "" : NULL},
      {"jobs", args->jobs},
  };
  for (guint i = 0; i < G_N_ELEMENTS(options); i++)
    if (!nz_scan_run_set(self, options[i].name, options[i].value))
      return FALSE;
  for (guint i = 0; policy->ignore && policy->ignore[i]; i++)
    if (!nz_scan_run_set(self, "ignore", policy->ignore[i]))
      return FALSE;
  return TRUE;
}

/* FALSE with a message printed when the options contradict themselves or mean nothing. */
static gboolean
check_usage(NzScanRun *self, const char *base)
{
  static const char *const colors[] = {"auto", "always", "never", NULL};
  const NzScanArgs *args = &nz_scan_args;
  if (args->quiet && args->verbose)
    nz_complain("--quiet contradicts --verbose");
  else if (args->color && !g_strv_contains(colors, args->color))
    nz_complain("--color is auto, always or never");
  else if (args->user_only && (args->profile || args->verify))
    nz_complain("--user-only contradicts --%s", args->profile ? "profile" : "verify");
  else if (nz_policy_options.none && nz_policy_options.file)
    nz_complain("--no-policy contradicts --policy");
  else
    return set_options(self, base);
  return FALSE;
}

/* FALSE with a message printed: where and what is wrong with the file. */
static gboolean
read_policy(NzScanRun *self)
{
  const NzPolicyOptions *policy = &nz_policy_options;
  char *error = NULL;
  if (policy->none || nonzero_scanner_set(self->scanner, policy->file ? "policy" : "policy-search",
                                          policy->file, &error) == 0)
    return TRUE;
  nz_complain("%s", error);
  free(error);
  return FALSE;
}

/* Opens the outputs, none of which may be one of PATHS. */
static int
open_outputs(NzScanRun *self, const char *const *paths)
{
  g_autoptr(GError) error = NULL;
  self->outputs = nz_outputs_new(paths, nz_scan_args.quiet, &error);
  if (self->outputs && nz_outputs_open(self->outputs, &error))
    return NZ_EXIT_PASS;
  nz_complain("%s", error->message);
  return self->outputs ? NZ_EXIT_ERROR : NZ_EXIT_USAGE;
}

int
nz_scan_run_begin(NzScanRun *self, const char *base)
{
  static const nonzero_events events = {.image = on_image,
                                        .error = on_error,
                                        .subject = on_subject,
                                        .note = on_note,
                                        .uncovered = on_uncovered};
  self->scanner = nonzero_scanner_new();
  nonzero_scanner_set_events(self->scanner, &events, self);
  nonzero_scanner_set_command(self->scanner, nz_command_line);
  if (!check_usage(self, base))
    return NZ_EXIT_USAGE;
  return read_policy(self) ? NZ_EXIT_PASS : NZ_EXIT_ERROR;
}

int
nz_scan_run_start(NzScanRun *self, const char *const *images, const char *base)
{
  int code = nz_scan_run_begin(self, base);
  if (code != NZ_EXIT_PASS)
    return code;
  g_auto(GStrv) inputs = nz_inputs_list(images, base);
  g_auto(GStrv) paths = nz_inputs_paths(inputs);
  code = open_outputs(self, (const char *const *)paths);
  if (code != NZ_EXIT_PASS)
    return code;
  /* From here on nothing but the outputs and the inputs can be reached. */
  nz_inputs_confine(self->scanner, (const char *const *)inputs, nz_scan_args.verbose);
  self->progress = nz_progress_start(self->scanner, nz_scan_args.quiet);
  return NZ_EXIT_PASS;
}

int
nz_scan_run_open_sources(NzScanRun *self, const char *const *paths, gboolean confine)
{
  int code = open_outputs(self, paths);
  if (code != NZ_EXIT_PASS || !confine)
    return code;
  char *summary = NULL;
  if (nonzero_scanner_confine_sources(self->scanner, paths, &summary) != 0 || nz_scan_args.verbose)
    nz_complain("note: %s", summary);
  free(summary);
  return NZ_EXIT_PASS;
}

/* --- the end --- */

void
nz_scan_run_expect(NzScanRun *self, guint n)
{
  self->n_expected = n;
  if (n > 1)
    show_count(self);
}

void
nz_scan_run_stop(NzScanRun *self)
{
  nz_progress_stop(g_steal_pointer(&self->progress));
}

gboolean
nz_scan_run_write(NzScanRun *self, NzOutputWrite write, gconstpointer what)
{
  g_autoptr(GError) error = NULL;
  const char *color = nz_scan_args.color ? nz_scan_args.color : "auto";
  if (nz_outputs_write(self->outputs, write, what, color, nz_scan_args.verbose, &error))
    return TRUE;
  nz_complain("%s", error->message);
  return FALSE;
}

void
nz_scan_run_clear(NzScanRun *self)
{
  nz_progress_stop(self->progress);
  nonzero_scanner_free(self->scanner);
  nz_outputs_free(self->outputs);
}
