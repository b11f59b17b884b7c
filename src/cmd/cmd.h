/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs. To add one: a file with a const NzCommand, and a line in the table of main.c. */
#pragma once

#include <glib.h>

#include "core/exit.h"

typedef struct {
  const char *name;
  const char *synopsis; /* what follows the name: "[OPTION...] IMAGE..." */
  const char *summary;  /* one line */
  const char *help;     /* printed after the options */
  /* Adds to the help what stands in tables; may be NULL. */
  void (*add_help)(GString *help);
  const GOptionEntry *options;
  /* ARGV holds what is left after the options, NULL-terminated, without the verb. */
  int (*run)(const char *const *argv);
} NzCommand;

extern const NzCommand nz_cmd_checks, nz_cmd_diff, nz_cmd_scan;

/* Prints "nonzero: MESSAGE" to standard error. */
void nz_complain(const char *format, ...) G_GNUC_PRINTF(1, 2);
