/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs that judge images share: options, how images are opened and judged, and what
 * becomes of errors. */
#pragma once

#include "cmd/policy_options.h"
#include "cmd/progress.h"
#include "report/report.h"
#include "scan/scan.h"

typedef struct {
  char *platform, *user, *color, *profile;
  gboolean verify, quiet, verbose;
  int max_ratio;
} NzScanArgs;

extern NzScanArgs nz_scan_args;

/* Lines of a verb's table that fill nz_scan_args. */
/* clang-format off */
#define NZ_SCAN_OPTIONS                                                                            \
  {"platform", 'p', 0, G_OPTION_ARG_STRING, &nz_scan_args.platform,                                \
   "Judge only the images for OS/ARCH[/VARIANT]", "PLATFORM"},                                     \
  {"user", 'u', 0, G_OPTION_ARG_STRING, &nz_scan_args.user,                                        \
   "Judge as if started with this user, as `docker run --user` does", "USER[:GROUP]"},             \
  {"profile", 0, 0, G_OPTION_ARG_STRING, &nz_scan_args.profile,                                    \
   "cbpp-0002 (the default), or openshift: must work under any uid with group 0", "PROFILE"},      \
  {"verify", 0, 0, G_OPTION_ARG_NONE, &nz_scan_args.verify,                                        \
   "Read file bodies too, and check each layer's diff_id", NULL},                                  \
  {"max-ratio", 0, 0, G_OPTION_ARG_INT, &nz_scan_args.max_ratio,                                   \
   "What a layer may inflate to, in times its size (250; 0: no limit)", "N"},                      \
  NZ_POLICY_OPTIONS,                                                                               \
  {"color", 0, 0, G_OPTION_ARG_STRING, &nz_scan_args.color,                                        \
   "auto (the default), always or never", "WHEN"},                                                 \
  {"quiet", 'q', 0, G_OPTION_ARG_NONE, &nz_scan_args.quiet,                                        \
   "Print no report; the exit code tells", NULL},                                                  \
  {"verbose", 'v', 0, G_OPTION_ARG_NONE, &nz_scan_args.verbose,                                    \
   "Show findings of level info, digests, and other tools' names for the rules", NULL}
/* clang-format on */

/* Adds the list of formats to a verb's help. */
void nz_formats_add_help(GString *text);
/* The format called NAME (NULL: the default), or NULL with a message printed. */
const NzReportFormat *nz_format_or_complain(const char *name);

/* FALSE with a message printed when the options contradict themselves or mean nothing. OUTPUT is
 * where the report goes, or NULL. */
gboolean nz_scan_args_check(const char *output);

typedef struct {
  NzControl control;
  NzScanOptions options;
  NzProgress *progress;
  NzReport *report;
  NzPolicy *policy; /* findings in the report borrow from it */
} NzScanRun;

/* Begins and ends the run of VERB on IMAGES; what is judged goes into the report. Returns the exit
 * code, with a message printed, when the policy cannot be read; else 0. */
int nz_scan_run_start(NzScanRun *self, const char *verb, const char *const *images);
void nz_scan_run_stop(NzScanRun *self);
void nz_scan_run_clear(NzScanRun *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzScanRun, nz_scan_run_clear)

/* Prints an error, and puts it into the report. IMAGE says which of the source's, or is NULL. */
void nz_scan_run_note(NzScanRun *self, const char *source, const char *image, const GError *error);

/* The images of SOURCE, or NULL with the error noted. */
GPtrArray *nz_scan_run_open(NzScanRun *self, const char *source);

/* Judges one of IMAGES, those of SOURCE. NULL with the error noted. */
NzSubject *nz_scan_run_judge(NzScanRun *self, const char *source, const GPtrArray *images,
                             guint which);
