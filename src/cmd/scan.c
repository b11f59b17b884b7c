/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/scan.h"

#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "core/limits.h"
#include "core/text.h"
#include "image/transport.h"

static char *opt_format, *opt_output, *opt_platform, *opt_user, *opt_color, *opt_profile;
static gboolean opt_verify, opt_quiet, opt_verbose;
static int opt_max_ratio = NZ_BOMB_RATIO;

static const GOptionEntry options[] = {
    {"format", 'f', 0, G_OPTION_ARG_STRING, &opt_format, "How to report; the formats stand below",
     "FORMAT"},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt_output, "Write the report to FILE", "FILE"},
    {"platform", 'p', 0, G_OPTION_ARG_STRING, &opt_platform,
     "Judge only the images for OS/ARCH[/VARIANT]", "PLATFORM"},
    {"user", 'u', 0, G_OPTION_ARG_STRING, &opt_user,
     "Judge as if started with this user, as `docker run --user` does", "USER[:GROUP]"},
    {"profile", 0, 0, G_OPTION_ARG_STRING, &opt_profile,
     "cbpp-0002 (the default), or openshift: must work under any uid with group 0", "PROFILE"},
    {"verify", 0, 0, G_OPTION_ARG_NONE, &opt_verify,
     "Read file bodies too, and check each layer's diff_id", NULL},
    {"max-ratio", 0, 0, G_OPTION_ARG_INT, &opt_max_ratio,
     "What a layer may inflate to, in times its size (250; 0: no limit)", "N"},
    {"color", 0, 0, G_OPTION_ARG_STRING, &opt_color, "auto (the default), always or never", "WHEN"},
    {"quiet", 'q', 0, G_OPTION_ARG_NONE, &opt_quiet, "Print no report; the exit code tells", NULL},
    {"verbose", 'v', 0, G_OPTION_ARG_NONE, &opt_verbose,
     "Show findings of level info, digests, and other tools' names for the rules", NULL},
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
    "  nonzero scan --user 1000 dir:/srv/rootfs\n";

static void
add_help(GString *text)
{
  const NzReportFormat *format;
  g_string_append(text, "\nFORMAT is one of\n");
  for (guint i = 0; (format = nz_report_format_at(i)); i++)
    g_string_append_printf(text, "  %-8s %s%s\n", format->name, format->help,
                           i == 0 ? " (the default)" : "");
}

static const NzReportFormat *
find_format(const char *name)
{
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

/* FALSE with a message printed when the options contradict themselves or mean nothing. */
static gboolean
check_usage(const char *const *images, const NzReportFormat **format)
{
  g_auto(NzPlatform) platform = {0};
  g_autoptr(GError) error = NULL;
  *format = find_format(opt_format ? opt_format : "text");
  if (!*format)
    return FALSE;
  if (!images[0])
    nz_complain("no image named; `nonzero scan --help` shows how");
  else if (opt_quiet && (opt_verbose || opt_output))
    nz_complain("--quiet contradicts --%s", opt_verbose ? "verbose" : "output");
  else if (opt_max_ratio < 0)
    nz_complain("--max-ratio must not be negative");
  else if (opt_platform && !nz_platform_parse(opt_platform, &platform, &error))
    nz_complain("--platform: %s", error->message);
  else if (opt_profile && !g_strv_contains(nz_profiles, opt_profile))
    nz_complain("--profile is cbpp-0002 or openshift");
  else if (opt_color &&
           !g_strv_contains((const char *const[]){"auto", "always", "never", NULL}, opt_color))
    nz_complain("--color is auto, always or never");
  else
    return TRUE;
  return FALSE;
}

static void
note_error(NzReport *report, const char *source, const char *image, const GError *error)
{
  g_autofree char *shown = nz_printable(source, -1);
  g_autofree char *message =
      image ? g_strdup_printf("%s: %s", image, error->message) : g_strdup(error->message);
  nz_complain("%s: %s", shown, message);
  nz_report_add_error(report, shown, message);
}

static void
scan_source(const char *source, const NzScanOptions *scan, NzProgress *progress, NzReport *report)
{
  NzOpenOptions open = {.platform = opt_platform, .read = scan->read};
  g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)nz_image_free);
  g_autoptr(GError) error = NULL;
  g_autofree char *shown = nz_printable(source, -1);
  nz_progress_set(progress, strcmp(source, "-") == 0 ? "standard input" : shown, 0);
  if (!nz_image_open(source, &open, images, &error)) {
    note_error(report, source, NULL, error);
    return;
  }
  for (guint i = 0; i < images->len; i++) {
    const NzImage *image = images->pdata[i];
    g_autoptr(GError) failed = NULL;
    nz_progress_set(progress, image->name, image->store->rereadable ? image->bytes : 0);
    NzSubject *subject = nz_scan_image(image, scan, &failed);
    if (subject)
      g_ptr_array_add(report->subjects, subject);
    else
      note_error(report, source, images->len > 1 ? image->name : NULL, failed);
  }
}

static int
run(const char *const *images)
{
  const NzReportFormat *format;
  if (!check_usage(images, &format))
    return NZ_EXIT_USAGE;
  NzControl control = {0};
  NzScanOptions scan = {
      .profile = opt_profile ? opt_profile : nz_profiles[0],
      .user = opt_user,
      .read = {.ratio = (guint)opt_max_ratio, .verify = opt_verify, .control = &control}};
  g_autoptr(NzReport) report = nz_report_new();
  report->profile = scan.profile;
  g_autofree char *all = g_strjoinv(" ", (char **)images);
  g_autofree char *shown = nz_printable(all, -1);
  report->command = g_strconcat("nonzero scan ", shown, NULL);
  report->started = g_get_real_time();
  NzProgress *progress = nz_progress_start(&control, opt_quiet);
  for (guint i = 0; images[i]; i++)
    scan_source(images[i], &scan, progress, report);
  nz_progress_stop(progress);
  report->finished = g_get_real_time();

  /* When nothing could be judged there is no report to print. */
  if (!opt_quiet && report->subjects->len > 0) {
    NzOutputOptions output = {opt_output, opt_color ? opt_color : "auto", opt_verbose};
    g_autoptr(GError) error = NULL;
    if (!nz_output_write(report, format, &output, &error)) {
      nz_complain("%s", error->message);
      return NZ_EXIT_ERROR;
    }
  }
  return nz_report_exit_code(report);
}

const NzCommand nz_cmd_scan = {
    .name = "scan",
    .synopsis = "IMAGE...",
    .summary = "judge images: do their processes start as non-root, and can they become root?",
    .help = help,
    .add_help = add_help,
    .options = options,
    .run = run,
};
