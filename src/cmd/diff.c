/* SPDX-License-Identifier: Apache-2.0 */
#include "report/diff.h"

#include <string.h>

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/scan_common.h"

static char *opt_format, *opt_output;

static const GOptionEntry options[] = {
    {"format", 'f', 0, G_OPTION_ARG_STRING, &opt_format,
     "text (the default), json, or another of scan's: a report of what is new", "FORMAT"},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt_output, "Write the report to FILE", "FILE"},
    NZ_SCAN_OPTIONS,
    {NULL},
};

static const char help[] =
    "OLD and NEW are written as for `nonzero scan`, and must each be one image: name it with\n"
    "its REF, or choose it with --platform.\n"
    "\n"
    "Exit codes: 1 when NEW fails, or cannot be certified, by something that OLD had not;\n"
    "0 otherwise, also when both fail; 2 when one of them cannot be read; 64 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  nonzero diff oci:app:1.0 oci:app:1.1\n"
    "  podman save app | nonzero diff --format json released.tar -\n";

static const NzReportFormat *const diff_formats[] = {&nz_format_diff_text, &nz_format_diff_json};

/* A format that shows both sides, or one of scan's, which shows what is new. */
static const NzReportFormat *
find_format(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(diff_formats); i++)
    if (strcmp(diff_formats[i]->name, name) == 0)
      return diff_formats[i];
  return nz_report_format_find(name);
}

static gboolean
shows_both(const NzReportFormat *format)
{
  for (guint i = 0; i < G_N_ELEMENTS(diff_formats); i++)
    if (diff_formats[i] == format)
      return TRUE;
  return FALSE;
}

static gboolean
check_usage(const char *const *images, const NzReportFormat **format)
{
  *format = find_format(opt_format ? opt_format : "text");
  if (!*format)
    nz_complain("there is no format %s; `nonzero diff --help` names them", opt_format);
  else if (g_strv_length((char **)images) != 2)
    nz_complain("two images are compared, OLD and NEW; `nonzero diff --help` shows how");
  else if (strcmp(images[0], "-") == 0 && strcmp(images[1], "-") == 0)
    nz_complain("only one of the images can be read from standard input");
  else
    return nz_scan_args_check(opt_output);
  return FALSE;
}

static void
set_not_one(const GPtrArray *images, GError **error)
{
  g_autoptr(GString) names = g_string_new(NULL);
  for (guint i = 0; i < images->len; i++) {
    const NzImage *image = images->pdata[i];
    g_string_append_printf(names, "%s%s%s%s%s", i > 0 ? ", " : "", image->name,
                           image->platform ? " (" : "", image->platform ? image->platform : "",
                           image->platform ? ")" : "");
  }
  g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND,
              "%u images in it: %s; name one with its REF, as PATH:REF or PATH:@N, or choose with "
              "--platform",
              images->len, names->str);
}

/* NULL with the error noted. */
static NzSubject *
judge_only(NzScanRun *run, const char *source)
{
  g_autoptr(GPtrArray) images = nz_scan_run_open(run, source);
  if (!images)
    return NULL;
  if (images->len == 1)
    return nz_scan_run_judge(run, source, images, 0);
  g_autoptr(GError) error = NULL;
  set_not_one(images, &error);
  nz_scan_run_note(run, source, NULL, error);
  return NULL;
}

static gboolean
write_report(NzScanRun *run, const NzReportFormat *format, NzSubject **after, GError **error)
{
  NzOutputOptions output = {opt_output, nz_scan_args.color ? nz_scan_args.color : "auto",
                            nz_scan_args.verbose};
  if (nz_scan_args.quiet)
    return TRUE;
  if (!shows_both(format)) {
    nz_diff_keep_new(run->report->diff, *after);
    g_ptr_array_add(run->report->subjects, g_steal_pointer(after));
  }
  return nz_output_write(run->report, format, &output, error);
}

static int
run_diff(const char *const *images)
{
  const NzReportFormat *format;
  if (!check_usage(images, &format))
    return NZ_EXIT_USAGE;
  /* Freed last: what is compared borrows from them. */
  g_autoptr(NzSubject) before = NULL, after = NULL;
  g_auto(NzScanRun) run = {0};
  int code = nz_scan_run_start(&run, "diff", images);
  if (code != NZ_EXIT_PASS)
    return code;
  before = judge_only(&run, images[0]);
  after = judge_only(&run, images[1]);
  nz_scan_run_stop(&run);
  if (!before || !after)
    return NZ_EXIT_ERROR;

  run.report->diff = nz_diff_new(before, after);
  gboolean worse = run.report->diff->worse;
  g_autoptr(GError) error = NULL;
  if (!write_report(&run, format, &after, &error)) {
    nz_complain("%s", error->message);
    return NZ_EXIT_ERROR;
  }
  return worse ? NZ_EXIT_FAIL : NZ_EXIT_PASS;
}

const NzCommand nz_cmd_diff = {
    .name = "diff",
    .synopsis = "OLD NEW",
    .summary = "compare two images: what became root, and what stopped being it?",
    .help = help,
    .options = options,
    .run = run_diff,
};
