/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs. To add one: a file with a const NzCommand, and a line in the table of commands.c. Its
 * completions and man page follow from what it holds; man/VERB.man, where there is one, adds prose
 * to the page. */
#pragma once

#include <glib.h>

#include "cmd/choices.h"
#include "cmd/complain.h"
#include "core/exit.h"

typedef struct {
  const char *name;
  const char *synopsis; /* what follows the options: "IMAGE...", "show|check [FILE]" */
  const char *summary;  /* one line */
  const char *help;     /* printed after the options */
  /* Adds to the help what stands in tables; may be NULL. */
  void (*add_help)(GString *help);
  const GOptionEntry *options;
  /* The words of values that mean something else in this verb; what it does not know is asked of
   * nz_choices_find(). Or NULL. */
  NzWordAt (*choices)(const char *value_name);
  /* ARGV holds what is left after the options, NULL-terminated, without the verb. */
  int (*run)(const char *const *argv);
} NzCommand;

extern const NzCommand nz_cmd_cache, nz_cmd_checks, nz_cmd_diff, nz_cmd_images, nz_cmd_lint,
    nz_cmd_lsp, nz_cmd_policy, nz_cmd_scan, nz_cmd_watch;

/* The verb number I, NULL past the last; the verb called NAME, or NULL. */
const NzCommand *nz_command_at(guint i);
const NzCommand *nz_command_find(const char *name);

/* What was typed, words divided by spaces, once a command runs. */
extern char *nz_command_line;
/* The same as it was typed, from the verb on. */
extern char **nz_command_words;
