/* SPDX-License-Identifier: Apache-2.0 */
/* The verb. What it does is done by a program of its own, nonzero-watch (src/watch): libbpf is not
 * for every start of nonzero to load. Here the words are checked and explained. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/scan_common.h"
#include "cmd/watch_options.h"
#include "core/program.h"
#include "core/text.h"

static const char help[] =
    "Sees each process of each container as it executes a file or changes its user, and judges\n"
    "which of them are root in their own user namespace. It ends at an interrupt, with a verdict\n"
    "for each container: pass, fail, or unknown where something may have been missed.\n"
    "\n"
    "It needs the capabilities BPF, PERFMON, SYS_PTRACE and DAC_READ_SEARCH, and a kernel with\n"
    "BTF (5.13 or later). Without, it looks at /proc every 10 seconds, and says so.\n"
    "\n"
    "Exit codes: 0 every container passes; 1 one fails or cannot be certified; 2 something could\n"
    "not be read; 64 wrong usage.\n";

static const char *
engine_at(guint i)
{
  return i + 1 < NZ_CONTAINER_ENGINES ? nz_container_engine_name((NzContainerEngine)(i + 1)) : NULL;
}

static const char *
action_at(guint i)
{
  return i == 0 ? "kill" : NULL;
}

static NzWordAt
choices(const char *value_name)
{
  if (strcmp(value_name, "ENGINE") == 0)
    return engine_at;
  return strcmp(value_name, "ACTION") == 0 ? action_at : NULL;
}

static int
run(const char *const *args)
{
  g_autofree char *message = NULL;
  if (args[0]) {
    nz_complain("`nonzero watch` takes no argument: --container says which to watch");
    return NZ_EXIT_USAGE;
  }
  if (!nz_watch_options_read(&nz_watch_options, &message)) {
    nz_complain("%s", message);
    return NZ_EXIT_USAGE;
  }
  g_autofree char *program = nz_program_find("nonzero-watch", "NONZERO_WATCH");
  execv(program, nz_command_words);
  g_autofree char *shown = nz_printable(program, -1);
  nz_complain(
      "cannot start %s, which watches (%s); it is part of nonzero where that was built with "
      "libbpf (-Dwatch=enabled): install it as well",
      shown, g_strerror(errno));
  return NZ_EXIT_ERROR;
}

const NzCommand nz_cmd_watch = {
    .name = "watch",
    .synopsis = "",
    .summary = "see every root process of every container as it happens",
    .help = help,
    .add_help = nz_formats_add_help,
    .options = nz_watch_entries,
    .choices = choices,
    .run = run,
};
