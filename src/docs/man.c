/* SPDX-License-Identifier: Apache-2.0 */
/* Man pages, in the macros of man(7): what the tables hold, around prose. */
#include <string.h>

#include "check/check.h"
#include "docs/docs.h"
#include "report/report.h"
#include "version.h"

typedef struct {
  GString *out;
  const GPtrArray *verbs;
  const NzDocVerb *verb; /* NULL: the page of the whole program */
} Page;

/* A line of text that troff prints as it is. Hyphens become minus signs where LITERAL. */
static void
put(Page *page, const char *text, gboolean literal)
{
  if (*text == '.' || *text == '\'')
    g_string_append(page->out, "\\&");
  for (const char *c = text; *c; c++) {
    if (*c == '\\')
      g_string_append(page->out, "\\e");
    else if (*c == '-' && literal)
      g_string_append(page->out, "\\-");
    else
      g_string_append_c(page->out, *c);
  }
}

/* Running text of ours: what stands in backquotes is to be typed. */
static void
put_text(Page *page, const char *text)
{
  g_auto(GStrv) parts = g_strsplit(text, "`", -1);
  for (guint i = 0; parts[i]; i++) {
    gboolean typed = i % 2 == 1;
    g_string_append(page->out, typed ? "\\fB" : "");
    put(page, parts[i], typed);
    g_string_append(page->out, typed ? "\\fR" : "");
  }
  g_string_append_c(page->out, '\n');
}

static void
put_bold(Page *page, const char *macro, const char *text)
{
  g_string_append_printf(page->out, "%s\\fB", macro);
  put(page, text, TRUE);
  g_string_append(page->out, "\\fR");
}

/* --- the parts --- */

static void
put_commands(Page *page)
{
  for (guint i = 0; i < page->verbs->len; i++) {
    const NzCommand *command = ((const NzDocVerb *)page->verbs->pdata[i])->command;
    g_string_append(page->out, ".TP\n");
    put_bold(page, "", "nonzero ");
    put_bold(page, "", command->name);
    g_string_append(page->out, " \\fI");
    put(page, command->synopsis, TRUE);
    g_string_append(page->out, "\\fR\n");
    g_autofree char *sentence =
        g_strconcat(command->summary, g_str_has_suffix(command->summary, "?") ? "" : ".", NULL);
    put_text(page, sentence);
    g_string_append_printf(page->out, "See\n.BR nonzero\\-%s (1).\n", command->name);
  }
}

static void
put_option(Page *page, const NzDocOption *o)
{
  const GOptionEntry *entry = o->entry;
  g_string_append(page->out, ".TP\n");
  if (entry->short_name)
    g_string_append_printf(page->out, "\\fB\\-%c\\fR, ", entry->short_name);
  put_bold(page, "", "--");
  put_bold(page, "", entry->long_name);
  if (o->kind != NZ_VALUE_NONE) {
    g_string_append(page->out, "=\\fI");
    put(page, entry->arg_description ? entry->arg_description : "VALUE", TRUE);
    g_string_append(page->out, "\\fR");
  }
  g_string_append_c(page->out, '\n');
  g_autofree char *sentence = g_strconcat(entry->description ? entry->description : "", ".", NULL);
  put_text(page, sentence);
  if (o->kind != NZ_VALUE_WORDS)
    return;
  /* Of platforms any is allowed. */
  gboolean open_ended = g_strcmp0(entry->arg_description, "PLATFORM") == 0;
  g_string_append_printf(page->out, "%s:\n\\fB", open_ended ? "Such as" : "One of");
  put(page, o->words, TRUE);
  g_string_append(page->out, "\\fR.\n");
}

static void
put_options(Page *page)
{
  for (guint i = 0; page->verb && i < page->verb->options->len; i++)
    put_option(page, page->verb->options->pdata[i]);
}

/* What `nonzero VERB --help` prints below the options, as it is there. */
static void
put_help(Page *page)
{
  const NzCommand *command = page->verb ? page->verb->command : NULL;
  if (!command || !command->help)
    return;
  g_string_append(page->out, ".nf\n");
  g_autoptr(GString) help = g_string_new(command->help);
  if (command->add_help)
    command->add_help(help);
  g_auto(GStrv) lines = g_strsplit(g_strchomp(help->str), "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    put(page, lines[i], TRUE);
    g_string_append_c(page->out, '\n');
  }
  g_string_append(page->out, ".fi\n");
}

static void
put_formats(Page *page)
{
  for (guint i = 0; nz_report_format_at(i); i++) {
    put_bold(page, ".TP\n", nz_report_format_at(i)->name);
    g_string_append_c(page->out, '\n');
    put_text(page, nz_report_format_at(i)->help);
  }
}

static void
put_labelled(Page *page, const char *label, const char *text)
{
  g_string_append_printf(page->out, ".RS\n.PP\n%s:\n", label);
  put_text(page, text);
  g_string_append(page->out, ".RE\n");
}

static void
put_rule(Page *page, const NzCheck *check)
{
  put_bold(page, ".TP\n", check->rule);
  g_string_append(page->out, check->required ? " *\n" : "\n");
  g_autofree char *title = g_strdup(check->title);
  *title = g_ascii_toupper(*title);
  g_string_append_printf(page->out, "%s.\n", title);
  if (check->profile)
    g_string_append_printf(page->out, "Only with\n.BR \"\\-\\-profile %s\" .\n",
                           nz_profile_option(check->profile));
  if (check->why)
    put_text(page, check->why);
  if (check->remedy)
    put_labelled(page, "To do", check->remedy);
  g_autofree char *aliases = check->aliases ? g_strjoinv(", ", (char **)check->aliases) : NULL;
  if (aliases && *aliases)
    put_labelled(page, "Elsewhere called", aliases);
  if (check->sources) {
    g_auto(GStrv) lines = g_strsplit(check->sources, "\n", -1);
    g_autofree char *sources = g_strjoinv("; ", lines);
    put_labelled(page, "Sources", sources);
  }
}

static void
put_rules(Page *page)
{
  for (guint i = 0; nz_check_at(i); i++)
    put_rule(page, nz_check_at(i));
}

static void
put_see_also(Page *page)
{
  if (page->verb)
    g_string_append(page->out, ".BR nonzero (1),\n");
  for (guint i = 0; i < page->verbs->len; i++) {
    const NzDocVerb *verb = page->verbs->pdata[i];
    if (verb != page->verb)
      g_string_append_printf(page->out, ".BR nonzero\\-%s (1),\n", verb->command->name);
  }
}

static const struct {
  const char *name;
  void (*put)(Page *page);
} parts[] = {
    {"commands", put_commands}, {"options", put_options}, {"help", put_help},
    {"formats", put_formats},   {"rules", put_rules},     {"see-also", put_see_also},
};

/* --- the page --- */

/* Of a verb that nobody wrote about. */
static const char no_prose[] = ".SH DESCRIPTION\n"
                               ".\\\" @help\n"
                               ".SH OPTIONS\n"
                               ".\\\" @options\n"
                               ".SH EXIT STATUS\n"
                               "As\n"
                               ".BR nonzero (1)\n"
                               "says.\n"
                               ".SH SEE ALSO\n"
                               ".\\\" @see-also\n"
                               ".BR capabilities (7)\n";

static void
put_head(Page *page, const char *date)
{
  const NzCommand *command = page->verb ? page->verb->command : NULL;
  g_autofree char *name = command ? g_strconcat("nonzero-", command->name, NULL) : NULL;
  g_autofree char *title = g_ascii_strup(name ? name : "nonzero", -1);
  g_string_append_printf(page->out,
                         ".\\\" SPDX-License-Identifier: Apache-2.0\n"
                         ".\\\" Made from the option tables and man/*.man.\n"
                         ".TH %s 1 %s \"nonzero %s\" \"User Commands\"\n"
                         ".SH NAME\n",
                         title, date, NZ_VERSION);
  put(page, name ? name : "nonzero", TRUE);
  g_string_append(page->out, " \\- ");
  put_text(page, command ? command->summary
                         : "prove that no container process runs as root, or say why one does");
  g_string_append(page->out, ".SH SYNOPSIS\n");
  if (command) {
    g_string_append_printf(page->out, ".B nonzero %s\n.RI [ OPTION ]...\n\\fI", command->name);
    put(page, command->synopsis, TRUE);
    g_string_append(page->out, "\\fR\n");
  } else {
    g_string_append(page->out, ".B nonzero\n.I COMMAND\n.RI [ OPTION ]...\\&\n.br\n"
                               ".B nonzero\n.RB { \\-\\-help | \\-\\-version }\n");
  }
}

static gboolean
put_part(Page *page, const char *line)
{
  static const char mark[] = ".\\\" @";
  if (!g_str_has_prefix(line, mark))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
    if (strcmp(parts[i].name, line + strlen(mark)) == 0) {
      parts[i].put(page);
      return TRUE;
    }
  g_error("man page: there is no part %s", line + strlen(mark));
}

char *
nz_doc_man(const GPtrArray *verbs, const NzDocVerb *verb, const char *prose, const char *date)
{
  Page page = {g_string_new(NULL), verbs, verb};
  put_head(&page, date);
  g_autofree char *text = g_strchomp(g_strdup(prose ? prose : no_prose));
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    if (!put_part(&page, lines[i]))
      g_string_append_printf(page.out, "%s\n", lines[i]);
  return g_string_free(page.out, FALSE);
}
