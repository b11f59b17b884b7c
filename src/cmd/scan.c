/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/scan_common.h"

static char *opt_base;

static const GOptionEntry options[] = {
    {"format", 'f', 0, G_OPTION_ARG_CALLBACK, nz_outputs_option,
     "How to report; the formats stand below", "FORMAT"},
    {"output", 'o', G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, nz_outputs_option,
     "Write the report to FILE; the Nth --output is of the Nth --format", "FILE"},
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
    "  docker://NAME[:TAG]        an image in a registry, also NAME@DIGEST\n"
    "  -                          any archive on standard input\n"
    "  PATH                       any of these, told by its content\n"
    "REF is a tag, or @N for the Nth image from 0, and may be left out: all images are judged.\n"
    "\n"
    "Examples:\n"
    "  nonzero scan app.tar\n"
    "  podman save app | nonzero scan -\n"
    "  nonzero scan --platform linux/arm64 --format json oci:layout:latest\n"
    "  nonzero scan --user 1000 dir:/srv/rootfs\n"
    "  nonzero scan --base oci:debian:12 oci:app:latest\n"
    "  nonzero scan -f sarif -o app.sarif -f json -o app.json -f text app.tar\n";

static int
write_report(gconstpointer report, const char *format, FILE *out, unsigned flags, char **error)
{
  return nonzero_report_write(report, format, out, flags, error);
}

static int
run_scan(const char *const *images)
{
  if (!images[0]) {
    nz_complain("no image named; `nonzero scan --help` shows how");
    return NZ_EXIT_USAGE;
  }
  g_auto(NzScanRun) run = {0};
  int code = nz_scan_run_start(&run, images, opt_base);
  if (code != NZ_EXIT_PASS)
    return code;
  for (guint i = 0; images[i]; i++)
    nonzero_scanner_scan(run.scanner, images[i]);
  nz_scan_run_stop(&run);

  nonzero_report *report = nonzero_scanner_finish(run.scanner);
  code = nonzero_report_exit_code(report);
  /* When nothing could be judged there is no report to print. */
  if (nonzero_report_n_subjects(report) > 0 && !nz_scan_run_write(&run, write_report, report))
    code = NZ_EXIT_ERROR;
  nonzero_report_free(report);
  return code;
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
