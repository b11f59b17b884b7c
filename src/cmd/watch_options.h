/* SPDX-License-Identifier: Apache-2.0 */
/* What `nonzero watch` can be told, for the verb, which knows the words, and for the program that
 * does it (src/watch). */
#pragma once

#include <glib.h>

#include "runtime/container.h"

typedef struct {
  gboolean once, no_bpf, quiet, verbose, dry_run;
  char *format, *enforce, *color;
  char *interval_text, *duration_text, *buffer_text;
  char **containers, **spaces, **engine_names, **scan_reports;
  /* What these mean, once nz_watch_options_read() was TRUE. Milliseconds; 0: not given. */
  guint interval, duration;
  guint buffer; /* bytes */
  gboolean engines[NZ_CONTAINER_ENGINES];
  gboolean kill;
} NzWatchOptions;

extern NzWatchOptions nz_watch_options;
extern const GOptionEntry nz_watch_entries[];

/* FALSE when they contradict each other or mean nothing; *MESSAGE, to be freed, says why. */
gboolean nz_watch_options_read(NzWatchOptions *self, char **message);

/* "250ms", "10s", "5m", "2h", "1d": milliseconds. FALSE: it is none, or longer than a year. */
gboolean nz_duration_parse(const char *text, guint64 *milliseconds);
