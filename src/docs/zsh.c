/* SPDX-License-Identifier: Apache-2.0 */
/* For zsh's compsys. Specifications stand in single quotes, and within them `[`, `]` and `:` mean
 * something to _arguments. */
#include <string.h>

#include "docs/docs.h"

static void
append_escaped(GString *out, const char *text)
{
  g_autofree char *plain = nz_doc_plain(text);
  for (const char *c = plain; *c; c++) {
    if (*c == '\'')
      g_string_append(out, "'\\''");
    else {
      if (strchr("[]:\\", *c))
        g_string_append_c(out, '\\');
      g_string_append_c(out, *c);
    }
  }
}

/* '(-f --format)'{-f+,--format=}'[text or json]:FORMAT:(text json)' */
static void
write_option(GString *out, const NzDocOption *o)
{
  const GOptionEntry *entry = o->entry;
  gboolean value = o->kind != NZ_VALUE_NONE;
  const char *equals = value ? "=" : "";
  g_string_append(out, "        ");
  if (o->repeats)
    g_string_append(out, "'*'");
  if (entry->short_name && !o->repeats)
    g_string_append_printf(out, "'(-%c --%s)'", entry->short_name, entry->long_name);
  if (entry->short_name)
    g_string_append_printf(out, "{-%c%s,--%s%s}'[", entry->short_name, value ? "+" : "",
                           entry->long_name, equals);
  else
    g_string_append_printf(out, "'--%s%s[", entry->long_name, equals);
  append_escaped(out, entry->description ? entry->description : "");
  g_string_append_c(out, ']');
  if (value) {
    g_string_append_c(out, ':');
    append_escaped(out, entry->arg_description ? entry->arg_description : "VALUE");
    g_string_append_c(out, ':');
  }
  if (o->kind == NZ_VALUE_WORDS) {
    g_string_append_c(out, '(');
    append_escaped(out, o->words);
    g_string_append_c(out, ')');
  } else if (o->kind == NZ_VALUE_PATH)
    g_string_append(out, "_files");
  g_string_append(out, "' \\\n");
}

static void
write_verb(GString *out, const NzDocVerb *verb)
{
  g_string_append_printf(out, "    %s)\n      _arguments -s -S \\\n", verb->command->name);
  for (guint i = 0; i < verb->options->len; i++)
    write_option(out, verb->options->pdata[i]);
  g_string_append(out, "        '*:");
  append_escaped(out, verb->command->synopsis);
  const char *paths = verb->paths ? "yes" : "no";
  g_string_append_printf(out, ": _nonzero_rest %s%s%s' ;;\n", paths, *verb->words ? " " : "",
                         verb->words);
}

char *
nz_doc_zsh(const GPtrArray *verbs)
{
  g_autofree char *paths = nz_doc_prefixes(), *names = nz_doc_name_prefixes();
  GString *out = g_string_new("#compdef nonzero\n"
                              "# zsh completion for nonzero; made from its option tables.\n\n");
  g_string_append_printf(out,
                         "_nonzero_rest() {\n"
                         "  local paths=$1 prefix\n"
                         "  shift\n"
                         "  (( $# )) && compadd -- \"$@\"\n"
                         "  [[ $paths == yes ]] || return 0\n"
                         "  for prefix in %s; do\n"
                         "    [[ $PREFIX == $prefix* ]] && return 0\n"
                         "  done\n"
                         "  for prefix in %s; do\n"
                         "    compset -P $prefix && { _files; return }\n"
                         "  done\n"
                         "  compadd -S '' -- %s %s\n"
                         "  _files\n"
                         "}\n\n",
                         names, paths, paths, names);
  g_string_append(out, "_nonzero() {\n"
                       "  local curcontext=\"$curcontext\" state line\n"
                       "  local -a verbs\n"
                       "  _arguments -C \\\n"
                       "    '(- *)'{-h,--help}'[Show what the commands are]' \\\n"
                       "    '(- *)'{-V,--version}'[Show the version]' \\\n"
                       "    '1:command:->command' '*::argument:->argument' && return\n"
                       "  if [[ $state == command ]]; then\n"
                       "    verbs=(\n");
  for (guint i = 0; i < verbs->len; i++) {
    const NzCommand *command = ((const NzDocVerb *)verbs->pdata[i])->command;
    g_string_append_printf(out, "      '%s:", command->name);
    append_escaped(out, command->summary);
    g_string_append(out, "'\n");
  }
  g_string_append(out, "    )\n"
                       "    _describe command verbs\n"
                       "    return\n"
                       "  fi\n"
                       "  case $words[1] in\n");
  for (guint i = 0; i < verbs->len; i++)
    write_verb(out, verbs->pdata[i]);
  g_string_append(out, "  esac\n}\n\n_nonzero \"$@\"\n");
  return g_string_free(out, FALSE);
}
