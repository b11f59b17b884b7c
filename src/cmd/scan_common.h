/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs that judge images share: options, outputs, progress and messages around a scanner
 * of libnonzero, which does the work. */
#pragma once

#include <glib.h>
#include <nonzero.h>

#include "cmd/output.h"
#include "cmd/policy_options.h"
#include "cmd/progress.h"

typedef struct {
  char *platform, *user, *color, *profile, *max_ratio, *cache_dir, *tls_ca, *authfile, *jobs;
  gboolean verify, quiet, verbose, no_cache, plain_http, pull, user_only;
} NzScanArgs;

extern NzScanArgs nz_scan_args;

/* Lines of a verb's table that fill nz_scan_args. */
/* clang-format off */
#define NZ_SCAN_OPTIONS                                                                            \
  {"platform", 'p', 0, G_OPTION_ARG_STRING, &nz_scan_args.platform,                                \
   "Judge only the images for OS/ARCH[/VARIANT]; all: for any", "PLATFORM"},                                     \
  {"user", 'u', 0, G_OPTION_ARG_STRING, &nz_scan_args.user,                                        \
   "Judge as if started with this user, as `docker run --user` does", "USER[:GROUP]"},             \
  {"profile", 0, 0, G_OPTION_ARG_STRING, &nz_scan_args.profile,                                    \
   "cbpp-0002 (the default), or openshift: must work under any uid with group 0", "PROFILE"},      \
  {"user-only", 0, 0, G_OPTION_ARG_NONE, &nz_scan_args.user_only,                                  \
   "Ask only who it starts as: of a registry a few kilobytes are read", NULL},                     \
  {"verify", 0, 0, G_OPTION_ARG_NONE, &nz_scan_args.verify,                                        \
   "Read file bodies too, and check each layer's diff_id", NULL},                                  \
  {"max-ratio", 0, 0, G_OPTION_ARG_STRING, &nz_scan_args.max_ratio,                                \
   "What a layer may inflate to, in times its size (250; 0: no limit)", "N"},                      \
  {"pull", 0, 0, G_OPTION_ARG_NONE, &nz_scan_args.pull,                                            \
   "Look for a NAME that no engine has in its registry", NULL},                                    \
  {"plain-http", 0, 0, G_OPTION_ARG_NONE, &nz_scan_args.plain_http,                                \
   "Speak to registries without TLS", NULL},                                                       \
  {"tls-ca", 0, 0, G_OPTION_ARG_FILENAME, &nz_scan_args.tls_ca,                                    \
   "Trust the CAs in FILE too, for registries", "FILE"},                                           \
  {"authfile", 0, 0, G_OPTION_ARG_FILENAME, &nz_scan_args.authfile,                                \
   "Where logins for registries are, instead of Podman's and Docker's files", "FILE"},             \
  NZ_POLICY_OPTIONS,                                                                               \
  {"cache-dir", 0, 0, G_OPTION_ARG_FILENAME, &nz_scan_args.cache_dir,                              \
   "Keep what is learned of layers in DIR; `nonzero cache --help` says more", "DIR"},              \
  {"no-cache", 0, 0, G_OPTION_ARG_NONE, &nz_scan_args.no_cache,                                    \
   "Neither use nor keep what was learned of layers before", NULL},                                \
  {"color", 0, 0, G_OPTION_ARG_STRING, &nz_scan_args.color,                                        \
   "auto (the default), always or never", "WHEN"},                                                 \
  {"quiet", 'q', 0, G_OPTION_ARG_NONE, &nz_scan_args.quiet,                                        \
   "Print no report; the exit code tells", NULL},                                                  \
  {"verbose", 'v', 0, G_OPTION_ARG_NONE, &nz_scan_args.verbose,                                    \
   "Show findings of level info, digests, and other tools' names for the rules", NULL}
/* clang-format on */

/* Adds the list of formats to a verb's help. */
void nz_formats_add_help(GString *text);

typedef struct {
  nonzero_scanner *scanner;
  NzOutputs *outputs;
  NzProgress *progress;
  guint n_expected, n_judged; /* of many images; else 0 */
} NzScanRun;

/* Begins the run of a verb: makes a scanner of the options, opens the outputs, and confines the
 * process to reading IMAGES and BASE, which may be NULL. NZ_EXIT_PASS, or the exit code with a
 * message printed. */
int nz_scan_run_start(NzScanRun *self, const char *const *images, const char *base);
/* The first half of that: a scanner with its options and policy. */
int nz_scan_run_begin(NzScanRun *self, const char *base);
/* Sets another option of the scanner; VALUE may be NULL: nothing is set. FALSE with a message
 * printed. */
gboolean nz_scan_run_set(NzScanRun *self, const char *option, const char *value);
/* The second half, for sources: opens the outputs, and with CONFINE gives up to change files. */
int nz_scan_run_open_sources(NzScanRun *self, const char *const *paths, gboolean confine);
/* Says that N inputs will be judged: with many, progress counts them. */
void nz_scan_run_expect(NzScanRun *self, guint n);
/* After the last image was judged. */
void nz_scan_run_stop(NzScanRun *self);
/* Writes WHAT, a report, into the outputs. FALSE with a message printed. */
gboolean nz_scan_run_write(NzScanRun *self, NzOutputWrite write, gconstpointer what);

void nz_scan_run_clear(NzScanRun *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzScanRun, nz_scan_run_clear)
