/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/scan_common.h"
#include "core/text.h"
#include "scan/base.h"

static char *opt_format, *opt_output, *opt_base;

static const GOptionEntry options[] = {
    {"format", 'f', 0, G_OPTION_ARG_STRING, &opt_format, "How to report; the formats stand below",
     "FORMAT"},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt_output, "Write the report to FILE", "FILE"},
    {"base", 0, 0, G_OPTION_ARG_FILENAME, &opt_base,
     "Say of each finding whether it came from this image, on which the others were built",
     "IMAGE"},
    NZ_SCAN_OPTIONS,
    {NULL},
};

static const char help[] =
    "IMAGE is one of\n"
    "  docker-archive:PATH[:REF]  an archive as `docker save` and `podman save` write it\n"
    "  oci-archive:PATH[:REF]     an OCI image layout in a tar file\n"
    "  oci:PATH[:REF]             an OCI image layout in a directory\n"
    "  dir:PATH                   a root filesystem in a directory\n"
    "  -                          any archive on standard input\n"
    "  PATH                       any of these, told by its content\n"
    "REF is a tag, or @N for the Nth image from 0, and may be left out: all images are judged.\n"
    "\n"
    "Examples:\n"
    "  nonzero scan app.tar\n"
    "  podman save app | nonzero scan -\n"
    "  nonzero scan --platform linux/arm64 --format json oci:layout:latest\n"
    "  nonzero scan --user 1000 dir:/srv/rootfs\n"
    "  nonzero scan --base oci:debian:12 oci:app:latest\n";

/* FALSE with a message printed when the options contradict themselves or mean nothing. */
static gboolean
check_usage(const char *const *images, const NzReportFormat **format)
{
  *format = nz_format_or_complain(opt_format);
  if (!*format)
    return FALSE;
  if (!images[0])
    nz_complain("no image named; `nonzero scan --help` shows how");
  else if (opt_base && strcmp(opt_base, "-") == 0)
    nz_complain("--base cannot be read from standard input; save it to a file");
  else
    return nz_scan_args_check(opt_output);
  return FALSE;
}

static void
scan_source(NzScanRun *run, const char *source, NzBase *base)
{
  g_autoptr(GPtrArray) images = nz_scan_run_open(run, source);
  for (guint i = 0; images && i < images->len; i++) {
    g_autoptr(GError) error = NULL;
    run->options.base = base ? nz_base_for(base, images->pdata[i], &error) : NULL;
    if (error)
      nz_scan_run_note(run, opt_base, "--base", error);
    NzSubject *subject = nz_scan_run_judge(run, source, images, i);
    if (subject)
      g_ptr_array_add(run->report->subjects, subject);
  }
}

static int
run_scan(const char *const *images)
{
  const NzReportFormat *format;
  if (!check_usage(images, &format))
    return NZ_EXIT_USAGE;
  g_auto(NzScanRun) run = {0};
  int code = nz_scan_run_start(&run, "scan", images);
  if (code != NZ_EXIT_PASS)
    return code;
  g_autoptr(NzBase) base = opt_base ? nz_base_new(opt_base, &run.options.read) : NULL;
  for (guint i = 0; images[i]; i++)
    scan_source(&run, images[i], base);
  nz_scan_run_stop(&run);

  /* When nothing could be judged there is no report to print. */
  if (!nz_scan_args.quiet && run.report->subjects->len > 0) {
    NzOutputOptions output = {opt_output, nz_scan_args.color ? nz_scan_args.color : "auto",
                              nz_scan_args.verbose};
    g_autoptr(GError) error = NULL;
    if (!nz_output_write(run.report, format, &output, &error)) {
      nz_complain("%s", error->message);
      return NZ_EXIT_ERROR;
    }
  }
  return nz_report_exit_code(run.report);
}

const NzCommand nz_cmd_scan = {
    .name = "scan",
    .synopsis = "IMAGE...",
    .summary = "judge images: do their processes start as non-root, and can they become root?",
    .help = help,
    .add_help = nz_formats_add_help,
    .options = options,
    .run = run_scan,
};
