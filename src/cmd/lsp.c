/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd.h"
#include "lsp/server.h"

static gboolean opt_stdio;

static const GOptionEntry options[] = {
    {"stdio", 0, 0, G_OPTION_ARG_NONE, &opt_stdio,
     "Speak on standard input and output, as always; editors say it", NULL},
    {NULL},
};

static const char help[] =
    "Speaks the Language Server Protocol 3.17 on standard input and output, for editors:\n"
    "what `nonzero lint` finds as it is typed, an explanation under the cursor, and fixes.\n"
    "docs/EDITORS.md has settings for VS Code, Neovim and Helix.\n"
    "\n"
    "Base images are known by the table of well-known images alone. Nothing is fetched or run.\n";

static int
run(const char *const *args)
{
  if (args[0]) {
    nz_complain("`nonzero lsp` takes no argument: editors say what is open");
    return NZ_EXIT_USAGE;
  }
  return nz_lsp_serve(stdin, stdout, &nz_lsp_judge);
}

const NzCommand nz_cmd_lsp = {
    .name = "lsp",
    .synopsis = "",
    .summary = "serve an editor: findings, explanations and fixes as you type",
    .help = help,
    .options = options,
    .run = run,
};
