/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/inputs.h"
#include "core/error.h"
#include "core/text.h"
#include "report/jsonw.h"
#include "report/table.h"

static char *opt_format;
static gboolean opt_verbose;

static const GOptionEntry options[] = {
    {"format", 'f', 0, G_OPTION_ARG_STRING, &opt_format, "How to print the list", "FORMAT"},
    {"verbose", 'v', 0, G_OPTION_ARG_NONE, &opt_verbose, "Show whole ids, and the stores", NULL},
    {NULL},
};

static const char help[] = "Lists what `nonzero scan --all` judges, and what `nonzero scan NAME` "
                           "finds: a name that is in\n"
                           "several engines is that of the first.\n";

/* --- as text --- */

/* "sha256:0123456789ab" */
static char *
short_id(const char *id)
{
  const char *colon = strchr(id, ':');
  return g_strndup(id, (colon ? (gsize)(colon - id) + 1 : 0) + 12);
}

static char *
day_of(gint64 seconds)
{
  g_autoptr(GDateTime) when = seconds > 0 ? g_date_time_new_from_unix_utc(seconds) : NULL;
  return when ? g_date_time_format(when, "%Y-%m-%d") : g_strdup("");
}

static void
add_row(const nonzero_stored *stored, void *data)
{
  GPtrArray *rows = data;
  char **row = g_new0(char *, 7);
  guint n = 0;
  row[n++] = g_strdup(stored->engine);
  row[n++] = stored->name ? nz_printable(stored->name, -1) : g_strdup("(no name)");
  row[n++] = opt_verbose ? nz_printable(stored->id, -1) : short_id(stored->id);
  row[n++] = stored->bytes >= 0 ? g_format_size((guint64)stored->bytes) : g_strdup("");
  row[n++] = day_of(stored->created);
  if (opt_verbose)
    row[n++] = g_strdup(stored->store);
  g_ptr_array_add(rows, row);
}

/* --- as JSON --- */

static void
write_stored(const nonzero_stored *stored, void *data)
{
  NzJsonw *w = data;
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "engine", stored->engine);
  nz_jsonw_string(w, "store", stored->store);
  nz_jsonw_string(w, "name", stored->name);
  nz_jsonw_string(w, "id", stored->id);
  if (stored->bytes >= 0)
    nz_jsonw_uint(w, "bytes", (guint64)stored->bytes);
  if (stored->created > 0)
    nz_jsonw_uint(w, "created", (guint64)stored->created);
  nz_jsonw_string(w, "source", stored->source);
  nz_jsonw_end_object(w);
}

/* --- the verb --- */

static void
on_error(const char *source, const char *message, void *data G_GNUC_UNUSED)
{
  nz_complain("%s: %s", source, message);
}

/* Lists all images of ENGINE, or of all when it is NULL. FALSE when some could not be. */
static gboolean
list(nonzero_scanner *scanner, const char *engine)
{
  static const char *const heads[] = {"ENGINE", "NAME", "ID", "SIZE", "CREATED", NULL};
  static const char *const more[] = {"ENGINE", "NAME", "ID", "SIZE", "CREATED", "STORE", NULL};
  if (opt_format && strcmp(opt_format, "json") == 0) {
    g_autoptr(NzJsonw) w = nz_jsonw_new(stdout);
    nz_jsonw_begin_object(w, NULL);
    nz_jsonw_begin_array(w, "images");
    int failed = nonzero_scanner_images(scanner, engine, write_stored, w);
    nz_jsonw_end_array(w);
    nz_jsonw_bool(w, "complete", failed == 0);
    nz_jsonw_end_object(w);
    return failed == 0;
  }
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
  int failed = nonzero_scanner_images(scanner, engine, add_row, rows);
  if (rows->len > 0)
    nz_table_print(opt_verbose ? more : heads, rows, stdout);
  else if (failed == 0)
    printf("no images\n");
  return failed == 0;
}

static int
run_images(const char *const *argv)
{
  if (argv[0] && argv[1]) {
    nz_complain("images: name one engine, or none for all");
    return NZ_EXIT_USAGE;
  }
  if (opt_format && strcmp(opt_format, "json") != 0 && strcmp(opt_format, "text") != 0) {
    nz_complain("--format is text or json");
    return NZ_EXIT_USAGE;
  }
  static const nonzero_events events = {.error = on_error};
  g_auto(GStrv) inputs = nz_inputs_engines(argv);
  if (!inputs)
    return NZ_EXIT_USAGE;
  nonzero_scanner *scanner = nonzero_scanner_new();
  nonzero_scanner_set(scanner, "no-cache", NULL, NULL);
  nonzero_scanner_set_events(scanner, &events, NULL);
  nz_inputs_confine(scanner, (const char *const *)inputs, opt_verbose);
  gboolean whole = list(scanner, argv[0]);
  nonzero_scanner_free(scanner);
  if (fflush(stdout) != 0) {
    nz_complain("cannot write the list");
    return NZ_EXIT_ERROR;
  }
  return whole ? NZ_EXIT_PASS : NZ_EXIT_ERROR;
}

static void
add_help(GString *text)
{
  const char *name;
  g_string_append(text, "\nENGINE is one of, in the order in which a name is looked for\n");
  for (size_t i = 0; (name = nonzero_engine_name(i)); i++)
    g_string_append_printf(text, "  %-19s %s\n", name, nonzero_engine_title(i));
}

static const char *
engine_at(guint i)
{
  return nonzero_engine_name(i);
}

static const char *
format_at(guint i)
{
  static const char *const words[] = {"text", "json", NULL};
  return i < G_N_ELEMENTS(words) ? words[i] : NULL;
}

static NzWordAt
choices(const char *value_name)
{
  if (strcmp(value_name, "ENGINE") == 0)
    return engine_at;
  return strcmp(value_name, "FORMAT") == 0 ? format_at : NULL;
}

const NzCommand nz_cmd_images = {
    .name = "images",
    .synopsis = "[ENGINE]",
    .summary = "list the images of this host's engines",
    .help = help,
    .add_help = add_help,
    .options = options,
    .choices = choices,
    .run = run_images,
};
