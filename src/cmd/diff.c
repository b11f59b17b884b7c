/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/scan_common.h"

static const GOptionEntry options[] = {
    {"format", 'f', 0, G_OPTION_ARG_CALLBACK, nz_outputs_option,
     "text (the default), json, or another of scan's: a report of what is new", "FORMAT"},
    {"output", 'o', G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, nz_outputs_option,
     "Write the report to FILE; the Nth --output is of the Nth --format", "FILE"},
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

static int
write_diff(gconstpointer diff, const char *format, FILE *out, unsigned flags, char **error)
{
  return nonzero_diff_write(diff, format, out, flags, error);
}

static gboolean
check_usage(const char *const *images)
{
  if (g_strv_length((char **)images) != 2)
    nz_complain("two images are compared, OLD and NEW; `nonzero diff --help` shows how");
  else if (strcmp(images[0], "-") == 0 && strcmp(images[1], "-") == 0)
    nz_complain("only one of the images can be read from standard input");
  else
    return TRUE;
  return FALSE;
}

static int
run_diff(const char *const *images)
{
  if (!check_usage(images))
    return NZ_EXIT_USAGE;
  g_auto(NzScanRun) run = {0};
  int code = nz_scan_run_start(&run, images, NULL);
  if (code != NZ_EXIT_PASS)
    return code;
  nonzero_diff *diff = nonzero_scanner_diff(run.scanner, images[0], images[1]);
  nz_scan_run_stop(&run);
  if (!diff)
    return NZ_EXIT_ERROR;
  code = nonzero_diff_is_worse(diff) ? NZ_EXIT_FAIL : NZ_EXIT_PASS;
  if (!nz_scan_run_write(&run, write_diff, diff))
    code = NZ_EXIT_ERROR;
  nonzero_diff_free(diff);
  return code;
}

const NzCommand nz_cmd_diff = {
    .name = "diff",
    .synopsis = "OLD NEW",
    .summary = "compare two images: what became root, and what stopped being it?",
    .help = help,
    .options = options,
    .run = run_diff,
};
