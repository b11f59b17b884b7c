/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/mend.h"
#include "cmd/scan_common.h"
#include "core/text.h"

static char *opt_target, *opt_where, *opt_emit;
static char **opt_build_args, **opt_contexts, **opt_bases, **opt_images, **opt_profiles,
    **opt_env_files, **opt_overrides;
static gboolean opt_explain, opt_fix, opt_diff, opt_no_images;

static const GOptionEntry options[] = {
    {"format", 'f', 0, G_OPTION_ARG_CALLBACK, nz_outputs_option,
     "How to report; the formats stand below", "FORMAT"},
    {"output", 'o', G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, nz_outputs_option,
     "Write the report to FILE; the Nth --output is of the Nth --format", "FILE"},
    {"target", 't', 0, G_OPTION_ARG_STRING, &opt_target,
     "Judge this stage of Dockerfiles instead of the last", "STAGE"},
    {"build-arg", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt_build_args,
     "The value of an ARG; may be repeated", "NAME=VALUE"},
    {"build-context", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt_contexts,
     "A directory, or docker-image://NAME, that stages take for NAME; may be repeated",
     "NAME=VALUE"},
    {"base", 'b', 0, G_OPTION_ARG_STRING_ARRAY, &opt_bases,
     "The user that the base image NAME starts as, or an image that stands for it "
     "(oci-archive:FILE); may be repeated",
     "NAME=USER"},
    {"image", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt_images,
     "The user that the image NAME starts as, or an image that stands for it "
     "(oci-archive:FILE); may be repeated",
     "NAME=USER"},
    {"images", 0, 0, G_OPTION_ARG_STRING, &opt_where,
     "Where images are looked for: local (the default), the engines of this host; registry, their "
     "registries too; none",
     "WHERE"},
    {"no-images", 0, 0, G_OPTION_ARG_NONE, &opt_no_images, "The same as --images none", NULL},
    {"plain-http", 0, 0, G_OPTION_ARG_NONE, &nz_scan_args.plain_http,
     "Speak to registries without TLS", NULL},
    {"tls-ca", 0, 0, G_OPTION_ARG_FILENAME, &nz_scan_args.tls_ca,
     "Trust the CAs in FILE too, for registries", "FILE"},
    {"authfile", 0, 0, G_OPTION_ARG_FILENAME, &nz_scan_args.authfile,
     "Where logins for registries are, instead of Podman's and Docker's files", "FILE"},
    {"platform", 'p', 0, G_OPTION_ARG_STRING, &nz_scan_args.platform,
     "Build for OS/ARCH[/VARIANT] instead of this host's", "PLATFORM"},
    {"compose-profile", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt_profiles,
     "A profile of Compose files that is active; * for all; may be repeated", "NAME"},
    {"env-file", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &opt_env_files,
     "Variables for Compose files, instead of those in .env; may be repeated", "FILE"},
    {"override", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &opt_overrides,
     "A Compose file to merge over each that is named; may be repeated", "FILE"},
    {"explain", 0, 0, G_OPTION_ARG_NONE, &opt_explain,
     "Of containers of manifests print how it was decided who they start as, instead of findings",
     NULL},
    {"fix", 0, 0, G_OPTION_ARG_NONE, &opt_fix,
     "Mend Dockerfiles and manifests: start as non-root, take away what leads back to root", NULL},
    {"diff", 0, 0, G_OPTION_ARG_NONE, &opt_diff,
     "With --fix: change nothing, print what would be changed", NULL},
    {"emit", 0, 0, G_OPTION_ARG_STRING, &opt_emit,
     "Instead of a report, and of --fix: write what mends the manifests as strategic merge patches "
     "of Kustomize (patch)",
     "WHAT"},
    {"profile", 0, 0, G_OPTION_ARG_STRING, &nz_scan_args.profile,
     "cbpp-0002 (the default); of pods baseline or restricted, with a version (restricted:v1.31), "
     "openshift:restricted-v2 or openshift:nonroot-v2",
     "PROFILE"},
    {"jobs", 'j', 0, G_OPTION_ARG_STRING, &nz_scan_args.jobs,
     "How many files at once; as many as there are processors", "N"},
    NZ_POLICY_OPTIONS,
    {"color", 0, 0, G_OPTION_ARG_STRING, &nz_scan_args.color, "auto (the default), always or never",
     "WHEN"},
    {"quiet", 'q', 0, G_OPTION_ARG_NONE, &nz_scan_args.quiet,
     "Print no report; the exit code tells", NULL},
    {"verbose", 'v', 0, G_OPTION_ARG_NONE, &nz_scan_args.verbose,
     "Show findings of level info, and other tools' names for the rules", NULL},
    {NULL},
};

static const char help[] =
    "PATH is a Dockerfile (Containerfile), a Compose file, a Quadlet unit (.container, .build), a\n"
    "Kubernetes manifest (YAML or JSON), a directory to look through for these (.gitignore is\n"
    "honoured), or - for standard input: `helm template CHART | nonzero lint -`. Without PATH it "
    "is\n"
    "the working directory.\n"
    "\n"
    "Exit codes: 0 all pass; 1 one fails or cannot be certified; 2 something could not be read;\n"
    "64 wrong usage.\n";

static int
write_report(gconstpointer report, const char *format, FILE *out, unsigned flags, char **error)
{
  return nonzero_report_write(report, format, out, flags, error);
}

/* FALSE with a message printed. */
static gboolean
set_all(NzScanRun *run, const char *option, char **values)
{
  for (guint i = 0; values && values[i]; i++)
    if (!nz_scan_run_set(run, option, values[i]))
      return FALSE;
  return TRUE;
}

/* Those who read these reports show how a finding is mended. */
static gboolean
wants_fixes(void)
{
  return opt_fix || opt_emit || nz_outputs_has("json") || nz_outputs_has("sarif") ||
         nz_outputs_has("html");
}

static gboolean
set_options(NzScanRun *run, const char *const *paths)
{
  if (opt_fix && g_strv_contains(paths, "-")) {
    nz_complain("--fix changes files, and standard input is none");
    return FALSE;
  }
  if (opt_diff && !opt_fix) {
    nz_complain("--diff goes with --fix");
    return FALSE;
  }
  if (opt_emit && strcmp(opt_emit, "patch") != 0) {
    g_autofree char *shown = nz_printable(opt_emit, -1);
    nz_complain("--emit %s: patch is all that there is", shown);
    return FALSE;
  }
  if (opt_emit && (opt_fix || opt_explain || nz_outputs_named_format())) {
    nz_complain("--emit goes without --fix, --explain and --format: it changes nothing, and stands "
                "for the report");
    return FALSE;
  }
  if (opt_no_images && opt_where && strcmp(opt_where, "none") != 0) {
    nz_complain("--no-images contradicts --images %s", opt_where);
    return FALSE;
  }
  return nz_scan_run_set(run, "target", opt_target) &&
         nz_scan_run_set(run, "explain", opt_explain ? "" : NULL) &&
         nz_scan_run_set(run, "images", opt_where) && set_all(run, "image", opt_images) &&
         nz_scan_run_set(run, "fix", wants_fixes() ? "" : NULL) &&
         nz_scan_run_set(run, "no-images", opt_no_images ? "" : NULL) &&
         set_all(run, "build-arg", opt_build_args) && set_all(run, "build-context", opt_contexts) &&
         set_all(run, "known-base", opt_bases) && set_all(run, "compose-profile", opt_profiles) &&
         set_all(run, "env-file", opt_env_files) && set_all(run, "override", opt_overrides);
}

static int
finish(NzScanRun *run, const char *const *paths, nonzero_report *report)
{
  int code = nonzero_report_exit_code(report);
  if (nonzero_report_n_subjects(report) > 0) {
    if (!nz_scan_run_write(run, opt_emit ? nz_mend_write_patch : write_report, report))
      code = NZ_EXIT_ERROR;
  } else if (code != NZ_EXIT_ERROR) {
    g_autofree char *all = g_strjoinv(", ", (char **)paths);
    nz_complain("%s: nothing that starts a container is there: nothing was judged", all);
    code = NZ_EXIT_ERROR;
  }
  return code;
}

/* What a fix makes possible is mended in another round; after so many there is something wrong. */
#define ROUNDS_MAX 5

/* Files that were mended are judged again, as they are now. */
static nonzero_report *
mend(NzScanRun *run, const char *const *paths, nonzero_report *report, gboolean *ok)
{
  for (guint round = 0; round < ROUNDS_MAX; round++) {
    if (nz_mend_files(report, paths, opt_diff, ok) == 0 || opt_diff)
      break;
    nonzero_report_free(report);
    nonzero_scanner_lint(run->scanner, paths);
    report = nonzero_scanner_finish(run->scanner);
    if (!*ok)
      break;
  }
  return report;
}

static int
run_lint(const char *const *paths)
{
  static const char *const here[] = {".", NULL};
  g_auto(NzScanRun) run = {0};
  gboolean ok = TRUE;
  paths = paths[0] ? paths : here;
  int code = nz_scan_run_begin(&run, NULL);
  if (code != NZ_EXIT_PASS)
    return code;
  if (!set_options(&run, paths))
    return NZ_EXIT_USAGE;
  code = nz_scan_run_open_sources(&run, paths, !opt_fix || opt_diff);
  if (code != NZ_EXIT_PASS)
    return code;
  nonzero_scanner_lint(run.scanner, paths);
  nonzero_report *report = nonzero_scanner_finish(run.scanner);
  if (opt_fix)
    report = mend(&run, paths, report, &ok);
  code = opt_diff ? nonzero_report_exit_code(report) : finish(&run, paths, report);
  nonzero_report_free(report);
  return ok ? code : NZ_EXIT_ERROR;
}

const NzCommand nz_cmd_lint = {
    .name = "lint",
    .synopsis = "[PATH...]",
    .summary =
        "judge Dockerfiles, Compose files, Quadlet units and Kubernetes manifests: which user "
        "will they start?",
    .help = help,
    .add_help = nz_formats_add_help,
    .options = options,
    .run = run_lint,
};
