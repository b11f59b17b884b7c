/* SPDX-License-Identifier: Apache-2.0 */
/* For bash-completion 2, which loads the file when `nonzero` is first completed. */
#include <string.h>

#include "docs/docs.h"

static void
write_values(GString *out, const NzDocVerb *verb)
{
  for (guint i = 0; i < verb->options->len; i++) {
    const NzDocOption *o = verb->options->pdata[i];
    if (o->kind == NZ_VALUE_NONE)
      continue;
    g_string_append_printf(out, "    %s:--%s", verb->command->name, o->entry->long_name);
    if (o->entry->short_name)
      g_string_append_printf(out, "|%s:-%c", verb->command->name, o->entry->short_name);
    g_string_append(out, ")\n");
    if (o->kind == NZ_VALUE_WORDS) {
      g_string_append_printf(out, "      COMPREPLY=($(compgen -W '%s' -- \"$cur\"))\n", o->words);
      if (strchr(o->words, ':'))
        g_string_append(out, "      __ltrim_colon_completions \"$cur\"\n");
    } else if (o->kind == NZ_VALUE_PATH)
      g_string_append(out, "      _filedir\n");
    g_string_append(out, "      return ;;\n");
  }
}

static void
write_rest(GString *out, const NzDocVerb *verb)
{
  g_string_append_printf(out, "    %s)\n      options='", verb->command->name);
  for (guint i = 0; i < verb->options->len; i++) {
    const GOptionEntry *entry = ((const NzDocOption *)verb->options->pdata[i])->entry;
    g_string_append_printf(out, "%s--%s", i > 0 ? " " : "", entry->long_name);
  }
  g_string_append_printf(out, "'\n      arguments='%s'\n      paths=%s ;;\n", verb->words,
                         verb->paths ? "yes" : "");
}

/* "a:* | b:*" */
static char *
pattern_of(const char *prefixes)
{
  g_auto(GStrv) each = g_strsplit(prefixes, " ", -1);
  g_autofree char *joined = g_strjoinv("* | ", each);
  return g_strconcat(joined, "*", NULL);
}

static void
write_paths(GString *out)
{
  g_autofree char *paths = nz_doc_prefixes(), *names = nz_doc_name_prefixes();
  g_autofree char *path_pattern = pattern_of(paths), *name_pattern = pattern_of(names);
  g_string_append_printf(out,
                         "_nonzero_paths() {\n"
                         "  local prefix=''\n"
                         "  case $cur in\n"
                         "    %s)\n"
                         "      return ;;\n"
                         "    %s)\n"
                         "      prefix=${cur%%%%:*}:\n"
                         "      cur=${cur#*:} ;;\n"
                         "    ?*)\n"
                         "      COMPREPLY+=($(compgen -W '%s %s' -- \"$cur\"))\n"
                         "      [[ ${#COMPREPLY[@]} -gt 0 ]] && compopt -o nospace ;;\n"
                         "  esac\n"
                         "  _filedir\n"
                         "  cur=$prefix$cur\n"
                         "  [[ -z $prefix ]] || COMPREPLY=(\"${COMPREPLY[@]/#/$prefix}\")\n"
                         "  __ltrim_colon_completions \"$cur\"\n"
                         "}\n\n",
                         name_pattern, path_pattern, paths, names);
}

char *
nz_doc_bash(const GPtrArray *verbs)
{
  GString *out = g_string_new("# bash completion for nonzero; made from its option tables.\n"
                              "# shellcheck shell=bash disable=SC2034,SC2154,SC2207\n\n");
  write_paths(out);
  g_string_append(out, "_nonzero() {\n"
                       "  local cur prev words cword split\n"
                       "  _init_completion -s -n : || return\n"
                       "  if [[ $cword -eq 1 ]]; then\n"
                       "    COMPREPLY=($(compgen -W '");
  for (guint i = 0; i < verbs->len; i++)
    g_string_append_printf(out, "%s ", ((const NzDocVerb *)verbs->pdata[i])->command->name);
  g_string_append(out, "--help --version' -- \"$cur\"))\n"
                       "    return\n"
                       "  fi\n"
                       "  local verb=${words[1]} options='' paths=''\n"
                       "  case $verb:$prev in\n");
  for (guint i = 0; i < verbs->len; i++)
    write_values(out, verbs->pdata[i]);
  g_string_append(out, "  esac\n"
                       "  $split && return\n"
                       "  local arguments=''\n"
                       "  case $verb in\n");
  for (guint i = 0; i < verbs->len; i++)
    write_rest(out, verbs->pdata[i]);
  g_string_append(out, "  esac\n"
                       "  if [[ $cur == -* ]]; then\n"
                       "    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
                       "    return\n"
                       "  fi\n"
                       "  COMPREPLY=($(compgen -W \"$arguments\" -- \"$cur\"))\n"
                       "  [[ -z $paths ]] || _nonzero_paths\n"
                       "}\n"
                       "complete -F _nonzero nonzero\n");
  return g_string_free(out, FALSE);
}
