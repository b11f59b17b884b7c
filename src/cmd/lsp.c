/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd.h"
#include "lint/lint.h"
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

/* What is typed must be answered at once: no store is looked into. */
static NzBuildBase *
find_base(const char *name, const char *platform G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
  NzBuildBase *base = nz_build_base_well_known(name);
  if (base)
    return base;
  base = nz_build_base_new(name);
  base->unknown = g_strdup("it is in no table, and an editor's server looks no further; "
                           "`nonzero lint` does");
  return base;
}

static int
run(const char *const *args)
{
  static const NzJudge judge = {nz_lint_source, nz_source_kind, find_base, NULL};
  if (args[0]) {
    nz_complain("`nonzero lsp` takes no argument: editors say what is open");
    return NZ_EXIT_USAGE;
  }
  return nz_lsp_serve(stdin, stdout, &judge);
}

const NzCommand nz_cmd_lsp = {
    .name = "lsp",
    .synopsis = "",
    .summary = "serve an editor: findings, explanations and fixes as you type",
    .help = help,
    .options = options,
    .run = run,
};
