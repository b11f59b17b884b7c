/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs. What completes them and what their man pages say is made from the same tables, by
 * src/docs. */
#include <string.h>

#include "cmd/cmd.h"

char *nz_command_line;
char **nz_command_words;

static const NzCommand *const commands[] = {&nz_cmd_scan,   &nz_cmd_lint,   &nz_cmd_diff,
                                            &nz_cmd_policy, &nz_cmd_checks, &nz_cmd_images,
                                            &nz_cmd_watch,  &nz_cmd_cache,  &nz_cmd_lsp};

const NzCommand *
nz_command_at(guint i)
{
  return i < G_N_ELEMENTS(commands) ? commands[i] : NULL;
}

const NzCommand *
nz_command_find(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
    if (strcmp(commands[i]->name, name) == 0)
      return commands[i];
  return NULL;
}
