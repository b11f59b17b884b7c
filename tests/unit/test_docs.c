/* SPDX-License-Identifier: Apache-2.0 */
/* Completions and pages of a made-up verb, whose words mean something to shells and to troff. */
#include <stdio.h>
#include <string.h>

#include "docs/docs.h"

static const GOptionEntry options[] = {
    {"odd", 'o', 0, G_OPTION_ARG_STRING, NULL, ".it's [odd]: a\\b, as `x --y` does", "WORD"},
    {"rule", 'r', 0, G_OPTION_ARG_STRING_ARRAY, NULL, "A rule", "RULE"},
    {"from", 0, 0, G_OPTION_ARG_CALLBACK, NULL, "An image", "IMAGE"},
    {"switch", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, NULL, "A switch", NULL},
    {"file", 0, 0, G_OPTION_ARG_FILENAME, NULL, NULL, NULL},
    {"format", 0, 0, G_OPTION_ARG_STRING, NULL, "Of the record", "FORMAT"},
    {"secret", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, NULL, "Not told", NULL},
    {NULL},
};

static const char *
own_format_at(guint i)
{
  return i == 0 ? "csv" : NULL;
}

static NzWordAt
own_choices(const char *value_name)
{
  return strcmp(value_name, "FORMAT") == 0 ? own_format_at : NULL;
}

static const NzCommand made_up = {
    .name = "made-up",
    .synopsis = "check|show [RULE]",
    .summary = "what nobody's verb does: nothing",
    .help = ".first\n\n'second\n",
    .options = options,
    .choices = own_choices,
};
static const NzCommand bare = {.name = "bare", .synopsis = "FILE...", .summary = "has no options"};
static const NzCommand *const commands[] = {&made_up, &bare};

/* In place of src/cmd/commands.c. */
const NzCommand *
nz_command_at(guint i)
{
  return i < G_N_ELEMENTS(commands) ? commands[i] : NULL;
}

static GPtrArray *verbs;

static void
assert_holds(const char *text, const char *part)
{
  if (!strstr(text, part))
    g_error("no <%s> in:\n%s", part, text);
}

static void
test_kinds_of_values(void)
{
  const NzDocVerb *verb = verbs->pdata[0];
  static const struct {
    NzValueKind kind;
    gboolean repeats;
  } expected[] = {{NZ_VALUE_TEXT, FALSE}, {NZ_VALUE_WORDS, TRUE}, {NZ_VALUE_PATH, TRUE},
                  {NZ_VALUE_NONE, TRUE},  {NZ_VALUE_PATH, FALSE}, {NZ_VALUE_WORDS, FALSE},
                  {NZ_VALUE_NONE, FALSE}};
  g_assert_cmpuint(verb->options->len, ==, G_N_ELEMENTS(expected));
  for (guint i = 0; i < verb->options->len; i++) {
    const NzDocOption *o = verb->options->pdata[i];
    g_assert_cmpint(o->kind, ==, expected[i].kind);
    g_assert_cmpint(o->repeats, ==, expected[i].repeats);
  }
}

static void
test_arguments_follow_the_synopsis(void)
{
  const NzDocVerb *first = verbs->pdata[0], *second = verbs->pdata[1];
  g_assert_true(g_str_has_prefix(first->words, "check show image-user setuid-root "));
  g_assert_false(first->paths);
  g_assert_cmpstr(second->words, ==, "");
  g_assert_true(second->paths);
}

static void
test_bash(void)
{
  g_autofree char *text = nz_doc_bash(verbs);
  assert_holds(text, "compgen -W 'made-up bare --help --version'");
  assert_holds(text, "    made-up:--odd|made-up:-o)\n      return ;;");
  assert_holds(text, "    made-up:--file)\n      _filedir\n");
  assert_holds(text, "options='--odd --rule --from --switch --file --format --help'");
  assert_holds(text, "    made-up:--format)\n      COMPREPLY=($(compgen -W 'csv' -- ");
  g_assert_null(strstr(text, "secret"));
}

static void
test_zsh_escapes(void)
{
  g_autofree char *text = nz_doc_zsh(verbs);
  assert_holds(text,
               "'(-o --odd)'{-o+,--odd=}'[.it'\\''s \\[odd\\]\\: a\\\\b, as x --y does]:WORD:'");
  assert_holds(text, "'*'{-r+,--rule=}'[A rule]:RULE:(image-user ");
  assert_holds(text, "'made-up:what nobody'\\''s verb does\\: nothing'");
  assert_holds(text, "'*''--from=[An image]:IMAGE:_files'");
  g_assert_null(strstr(text, "secret"));
}

static void
test_fish_escapes(void)
{
  g_autofree char *text = nz_doc_fish(verbs);
  assert_holds(text, "-l odd -s o -x -d '.it\\'s [odd]: a\\\\b, as x --y does'\n");
  assert_holds(text, "-a made-up -d 'what nobody\\'s verb does: nothing'\n");
  assert_holds(text, "-n '__nonzero_verb bare' -F\n");
  g_assert_null(strstr(text, "secret"));
}

static void
test_man_escapes(void)
{
  g_autofree char *text = nz_doc_man(verbs, verbs->pdata[0], NULL, "2026-01-01");
  assert_holds(text, ".TH NONZERO-MADE-UP 1 2026-01-01 ");
  assert_holds(text, "\\fB\\-o\\fR, \\fB\\-\\-\\fR\\fBodd\\fR=\\fIWORD\\fR\n"
                     "\\&.it's [odd]: a\\eb, as \\fBx \\-\\-y\\fR does.\n");
  assert_holds(text, ".nf\n\\&.first\n\n\\&'second\n.fi\n");
  g_assert_null(strstr(text, "secret"));
}

static void
test_prose_stands_around_what_is_made(void)
{
  g_autofree char *text =
      nz_doc_man(verbs, verbs->pdata[1], ".SH ONE\nfirst\n.\\\" @options\nlast\n", "2026-01-01");
  const char *first = strstr(text, ".SH ONE\nfirst\n.TP\n");
  g_assert_nonnull(first);
  assert_holds(first, "\\fBhelp\\fR\n");
  g_assert_true(g_str_has_suffix(text, "\nlast\n"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  verbs = nz_doc_verbs();
  g_test_add_func("/docs/kinds-of-values", test_kinds_of_values);
  g_test_add_func("/docs/arguments-follow-the-synopsis", test_arguments_follow_the_synopsis);
  g_test_add_func("/docs/bash", test_bash);
  g_test_add_func("/docs/zsh-escapes", test_zsh_escapes);
  g_test_add_func("/docs/fish-escapes", test_fish_escapes);
  g_test_add_func("/docs/man-escapes", test_man_escapes);
  g_test_add_func("/docs/prose", test_prose_stands_around_what_is_made);
  int status = g_test_run();
  g_ptr_array_unref(verbs);
  return status;
}
