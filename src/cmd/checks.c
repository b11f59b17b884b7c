/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "cmd/cmd.h"
#include "core/nearest.h"
#include "core/text.h"
#include "report/jsonw.h"

static gboolean opt_json;

static const GOptionEntry options[] = {
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "Print all there is to know of them, as JSON",
     NULL},
    {NULL},
};

static const char help[] =
    "RULE is a rule's name, or what another tool calls it. Without one, all rules are listed.\n"
    "\n"
    "Examples:\n"
    "  nonzero checks\n"
    "  nonzero checks setuid-root\n"
    "  nonzero checks DL3002\n";

/* --- as JSON --- */

static void
write_check(const NzCheck *check, gpointer user_data)
{
  NzJsonw *w = user_data;
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "rule", check->rule);
  nz_jsonw_string(w, "title", check->title);
  if (check->required)
    nz_jsonw_true(w, "required");
  nz_jsonw_string(w, "level", check->level);
  nz_jsonw_string(w, "profile", check->profile);
  nz_jsonw_string(w, "why", check->why);
  nz_jsonw_string(w, "remedy", check->remedy);
  nz_jsonw_begin_array(w, "names");
  for (guint i = 0; check->aliases[i]; i++)
    nz_jsonw_string(w, NULL, check->aliases[i]);
  nz_jsonw_end_array(w);
  nz_jsonw_begin_array(w, "sources");
  g_auto(GStrv) sources = g_strsplit(check->sources ? check->sources : "", "\n", -1);
  for (guint i = 0; sources[i]; i++)
    nz_jsonw_string(w, NULL, sources[i]);
  nz_jsonw_end_array(w);
  nz_jsonw_end_object(w);
}

/* --- for people --- */

static void
print_line(const NzCheck *check)
{
  gsize word = strcspn(check->level, " ;");
  printf("%-27s %-5.*s%-12s %s\n", check->rule, (int)word, check->level,
         check->required  ? "required"
         : check->profile ? check->profile
                          : "",
         check->title);
}

static void
print_paragraph(const char *label, const char *text)
{
  g_autofree char *wrapped = nz_wrap(text, 10, 78);
  printf("%-9s %s\n", label, wrapped);
}

static void
print_check(const NzCheck *check, gpointer user_data)
{
  gboolean *first = user_data;
  if (!*first)
    putchar('\n');
  *first = FALSE;
  printf("%s: %s\n\n", check->rule, check->title);
  print_paragraph("why", check->why);
  print_paragraph("to do", check->remedy);
  print_paragraph("level", check->level);
  if (check->required)
    print_paragraph("", "CBPP-0002 asks for it: it decides the verdict");
  if (check->profile) {
    g_autofree char *profile =
        g_strconcat("only with --profile ", nz_profile_option(check->profile), NULL);
    print_paragraph("when", profile);
  }
  g_autofree char *names = g_strjoinv(", ", (char **)check->aliases);
  if (*names)
    print_paragraph("also", names);
  g_auto(GStrv) sources = g_strsplit(check->sources ? check->sources : "", "\n", -1);
  for (guint i = 0; sources[i]; i++)
    print_paragraph(i == 0 ? "sources" : "", sources[i]);
}

/* --- either --- */

static int
complain_unknown(const char *name)
{
  g_autofree char *shown = nz_printable(name, -1);
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (guint i = 0; nz_check_at(i); i++)
    g_ptr_array_add(names, (gpointer)nz_check_at(i)->rule);
  g_ptr_array_add(names, NULL);
  const char *near = nz_nearest(name, (const char *const *)names->pdata);
  g_autofree char *hint = near ? g_strdup_printf("did you mean %s? ", near) : g_strdup("");
  nz_complain("no rule is called %s; %s`nonzero checks` lists them", shown, hint);
  return NZ_EXIT_USAGE;
}

static void
ignore(const NzCheck *check G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
}

static void
run_json(const char *const *names)
{
  g_autoptr(NzJsonw) w = nz_jsonw_new(stdout);
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "schema", "nonzero/checks/v1");
  nz_jsonw_begin_array(w, "checks");
  for (guint i = 0; !names[0] && nz_check_at(i); i++)
    write_check(nz_check_at(i), w);
  for (guint i = 0; names[i]; i++)
    nz_check_foreach_named(names[i], write_check, w);
  nz_jsonw_end_array(w);
  nz_jsonw_end_object(w);
}

static void
run_text(const char *const *names)
{
  gboolean first = TRUE;
  for (guint i = 0; !names[0] && nz_check_at(i); i++)
    print_line(nz_check_at(i));
  for (guint i = 0; names[i]; i++)
    nz_check_foreach_named(names[i], print_check, &first);
}

static int
run(const char *const *names)
{
  for (guint i = 0; names[i]; i++)
    if (nz_check_foreach_named(names[i], ignore, NULL) == 0)
      return complain_unknown(names[i]);
  (opt_json ? run_json : run_text)(names);
  if (fflush(stdout) == 0 && !ferror(stdout))
    return NZ_EXIT_PASS;
  nz_complain("cannot write to standard output");
  return NZ_EXIT_ERROR;
}

const NzCommand nz_cmd_checks = {
    .name = "checks",
    .synopsis = "[RULE...]",
    .summary = "list the rules, or explain one: why, how to fix, sources, other tools' names",
    .help = help,
    .options = options,
    .run = run,
};
