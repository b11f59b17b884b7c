/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "core/nearest.h"
#include "core/text.h"
#include "version.h"

static void
print_help(FILE *out)
{
  fputs("Usage: nonzero COMMAND [OPTION...] ...\n\n"
        "Proves that no container process runs as root, or says why one does.\n\n"
        "Commands:\n",
        out);
  for (guint i = 0; nz_command_at(i); i++)
    fprintf(out, "  %-10s %s\n", nz_command_at(i)->name, nz_command_at(i)->summary);
  fputs("\n`nonzero COMMAND --help` describes one. `man nonzero` describes all.\n\n"
        "Exit codes: 0 every subject passes, 1 one fails or cannot be certified,\n"
        "2 something could not be read or written, 64 wrong usage.\n",
        out);
}

/* GLib passes over the value in "--quiet=5"; we do not. */
static const char *
find_unwanted_value(const NzCommand *command, char **args)
{
  for (guint i = 1; args[i] && strcmp(args[i], "--") != 0; i++) {
    const char *equals = g_str_has_prefix(args[i], "--") ? strchr(args[i], '=') : NULL;
    for (const GOptionEntry *o = command->options; equals && o->long_name; o++) {
      gsize n = (gsize)(equals - args[i]) - 2;
      if (o->arg == G_OPTION_ARG_NONE && strlen(o->long_name) == n &&
          memcmp(args[i] + 2, o->long_name, n) == 0)
        return o->long_name;
    }
  }
  return NULL;
}

/* What may have been meant by an option that there is not; NULL when nothing is near. */
static char *
hint_at_option(const NzCommand *command, const GError *error)
{
  if (!g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION))
    return NULL;
  const char *word = strstr(error->message, "--");
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (const GOptionEntry *o = command->options; o->long_name; o++)
    g_ptr_array_add(names, (gpointer)o->long_name);
  g_ptr_array_add(names, NULL);
  g_autofree char *option = word ? g_strndup(word + 2, strcspn(word + 2, "=")) : g_strdup("");
  const char *near = nz_nearest(option, (const char *const *)names->pdata);
  return near ? g_strdup_printf("did you mean --%s? ", near) : NULL;
}

static const char *
nearest_command(const char *word)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (guint i = 0; nz_command_at(i); i++)
    g_ptr_array_add(names, (gpointer)nz_command_at(i)->name);
  g_ptr_array_add(names, NULL);
  return nz_nearest(word, (const char *const *)names->pdata);
}

static int
run_command(const NzCommand *command, int argc, char **argv)
{
  g_autoptr(GOptionContext) context = g_option_context_new(command->synopsis);
  g_autofree char *summary = g_strconcat("nonzero ", command->name, ": ", command->summary, NULL);
  g_option_context_add_main_entries(context, command->options, NULL);
  g_option_context_set_summary(context, summary);
  g_autoptr(GString) help = g_string_new(command->help);
  if (command->add_help)
    command->add_help(help);
  g_option_context_set_description(context, help->str);
  g_autofree char *prgname = g_strconcat("nonzero ", command->name, NULL);
  g_set_prgname(prgname);
  /* Paths are bytes: nothing is converted from the locale. */
  g_auto(GStrv) args = g_new0(char *, (gsize)argc + 1);
  for (int i = 0; i < argc; i++)
    args[i] = g_strdup(argv[i]);
  nz_command_words = argv;
  g_autofree char *line = g_strjoinv(" ", args);
  g_autofree char *typed = nz_command_line = g_strconcat("nonzero ", line, NULL);
  const char *unwanted = find_unwanted_value(command, args);
  if (unwanted) {
    nz_complain("--%s takes no value", unwanted);
    return NZ_EXIT_USAGE;
  }
  g_autoptr(GError) error = NULL;
  if (!g_option_context_parse_strv(context, &args, &error)) {
    g_autofree char *message = nz_printable(error->message, -1);
    g_autofree char *hint = hint_at_option(command, error);
    nz_complain("%s; %s`nonzero %s --help` lists the options", message, hint ? hint : "",
                command->name);
    return NZ_EXIT_USAGE;
  }
  /* GLib leaves the "--" that ends the options. */
  const char *const *rest = (const char *const *)args + 1;
  return command->run(rest + (rest[0] && strcmp(rest[0], "--") == 0));
}

/* What was closed when we began stays of no use, and its number is nobody's: a message must not end
 * in a file or pipe of ours that was opened as number 2. */
static void
reserve_standard_descriptors(void)
{
  int fd = 0;
  while (fd >= 0 && fd <= STDERR_FILENO)
    fd = fcntl(fd, F_GETFD) < 0 ? open("/", O_PATH) : fd + 1;
}

/* What GLib cannot go on without: memory, threads. Its own way out looks at what standard error is,
 * by a call that a confined process dies of, and the message would be lost. */
static GLogWriterOutput
log_writer(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
           gpointer data G_GNUC_UNUSED)
{
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp(fields[i].key, "MESSAGE") == 0)
      fprintf(stderr, "nonzero: %s\n", (const char *)fields[i].value);
  if (level & (G_LOG_LEVEL_ERROR | G_LOG_FLAG_FATAL))
    _exit(NZ_EXIT_ERROR);
  return G_LOG_WRITER_HANDLED;
}

int
main(int argc, char **argv)
{
  reserve_standard_descriptors();
  setlocale(LC_CTYPE, "");
  signal(SIGPIPE, SIG_IGN); /* a closed pipe is a write error, and said so */
  signal(SIGXFSZ, SIG_IGN); /* and so is a file that may not grow */
  g_log_set_writer_func(log_writer, NULL, NULL);
  if (argc < 2) {
    print_help(stderr);
    return NZ_EXIT_USAGE;
  }
  const char *verb = argv[1];
  if (strcmp(verb, "help") == 0 && argc > 2 && nz_command_find(argv[2])) {
    char *help[] = {argv[2], (char *)"--help", NULL};
    return run_command(nz_command_find(argv[2]), 2, help);
  }
  if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 || strcmp(verb, "help") == 0) {
    print_help(stdout);
    return NZ_EXIT_PASS;
  }
  if (strcmp(verb, "--version") == 0 || strcmp(verb, "-V") == 0 || strcmp(verb, "version") == 0) {
    puts("nonzero " NZ_VERSION);
    return NZ_EXIT_PASS;
  }
  const NzCommand *command = nz_command_find(verb);
  if (command)
    return run_command(command, argc - 1, argv + 1);
  g_autofree char *shown = nz_printable(verb, -1);
  const char *near = nearest_command(verb);
  g_autofree char *hint = near ? g_strdup_printf("did you mean %s? ", near) : g_strdup("");
  nz_complain("there is no command %s; %s`nonzero --help` lists them", shown, hint);
  return NZ_EXIT_USAGE;
}
