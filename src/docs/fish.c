/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "docs/docs.h"

static void
append_quoted(GString *out, const char *text)
{
  g_autofree char *plain = nz_doc_plain(text);
  g_string_append_c(out, '\'');
  for (const char *c = plain; *c; c++) {
    if (strchr("'\\", *c))
      g_string_append_c(out, '\\');
    g_string_append_c(out, *c);
  }
  g_string_append_c(out, '\'');
}

static void
write_option(GString *out, const char *verb, const NzDocOption *o)
{
  g_string_append_printf(out, "complete -c nonzero -n '__nonzero_verb %s' -l %s", verb,
                         o->entry->long_name);
  if (o->entry->short_name)
    g_string_append_printf(out, " -s %c", o->entry->short_name);
  if (o->kind == NZ_VALUE_PATH)
    g_string_append(out, " -r -F");
  else if (o->kind == NZ_VALUE_TEXT)
    g_string_append(out, " -x");
  else if (o->kind == NZ_VALUE_WORDS)
    g_string_append_printf(out, " -x -a '%s'", o->words);
  g_string_append(out, " -d ");
  append_quoted(out, o->entry->description ? o->entry->description : "");
  g_string_append_c(out, '\n');
}

static void
write_verb(GString *out, const NzDocVerb *verb)
{
  const char *name = verb->command->name;
  g_string_append_printf(out, "\ncomplete -c nonzero -n __nonzero_no_verb -a %s -d ", name);
  append_quoted(out, verb->command->summary);
  g_string_append_c(out, '\n');
  for (guint i = 0; i < verb->options->len; i++)
    write_option(out, name, verb->options->pdata[i]);
  if (*verb->words)
    g_string_append_printf(out, "complete -c nonzero -n '__nonzero_verb %s' -a '%s'\n", name,
                           verb->words);
  if (!verb->paths)
    return;
  g_autofree char *paths = nz_doc_prefixes(), *names = nz_doc_name_prefixes();
  g_string_append_printf(out, "complete -c nonzero -n '__nonzero_verb %s' -F\n", name);
  g_string_append_printf(out, "complete -c nonzero -n '__nonzero_verb %s' -a '%s %s'\n", name,
                         paths, names);
}

char *
nz_doc_fish(const GPtrArray *verbs)
{
  GString *out =
      g_string_new("# fish completion for nonzero; made from its option tables.\n\n"
                   "function __nonzero_verb\n"
                   "    set -l words (commandline -opc)\n"
                   "    test (count $words) -ge 2; and test \"$words[2]\" = $argv[1]\n"
                   "end\n\n"
                   "function __nonzero_no_verb\n"
                   "    test (count (commandline -opc)) -eq 1\n"
                   "end\n\n"
                   "complete -c nonzero -f\n"
                   "complete -c nonzero -n __nonzero_no_verb -s h -l help -d 'Show the commands'\n"
                   "complete -c nonzero -n __nonzero_no_verb -s V -l version -d 'Show the "
                   "version'\n");
  for (guint i = 0; i < verbs->len; i++)
    write_verb(out, verbs->pdata[i]);
  return g_string_free(out, FALSE);
}
