/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "docs/docs.h"
#include "image/engine.h"

/* GLib adds it to every verb. */
static const GOptionEntry help_entry = {
    "help", 'h', 0, G_OPTION_ARG_NONE, NULL, "Show what the options mean, and leave", NULL};

char *
nz_doc_plain(const char *text)
{
  GString *plain = g_string_new(text);
  g_string_replace(plain, "`", "", 0);
  return g_string_free(plain, FALSE);
}

static char *
join_words(NzWordAt word_at)
{
  GString *words = g_string_new(NULL);
  for (guint i = 0; word_at(i); i++)
    g_string_append_printf(words, "%s%s", i > 0 ? " " : "", word_at(i));
  return g_string_free(words, FALSE);
}

char *
nz_doc_prefixes(void)
{
  GString *prefixes = g_string_new(NULL);
  for (guint i = 0; nz_transport_at(i); i++)
    if (!nz_transport_at(i)->is_name)
      g_string_append_printf(prefixes, "%s%s:", i > 0 ? " " : "", nz_transport_at(i)->name);
  return g_string_free(prefixes, FALSE);
}

char *
nz_doc_name_prefixes(void)
{
  GString *prefixes = g_string_new(NULL);
  for (guint i = 0; nz_engine_at(i); i++)
    g_string_append_printf(prefixes, "%s: ", nz_engine_at(i)->name);
  for (guint i = 0; nz_transport_at(i); i++)
    if (nz_transport_at(i)->is_name)
      g_string_append_printf(prefixes, "%s:// ", nz_transport_at(i)->name);
  g_string_truncate(prefixes, prefixes->len - 1);
  return g_string_free(prefixes, FALSE);
}

static gboolean
takes_value(const GOptionEntry *entry)
{
  if (entry->arg == G_OPTION_ARG_CALLBACK)
    return !(entry->flags & G_OPTION_FLAG_NO_ARG);
  return entry->arg != G_OPTION_ARG_NONE;
}

static gboolean
is_path(const GOptionEntry *entry)
{
  static const char *const names[] = {"FILE", "DIR", "PATH", "IMAGE", NULL};
  return entry->arg == G_OPTION_ARG_FILENAME || entry->arg == G_OPTION_ARG_FILENAME_ARRAY ||
         (entry->flags & G_OPTION_FLAG_FILENAME) ||
         (entry->arg_description && g_strv_contains(names, entry->arg_description));
}

static NzWordAt
find_words(const NzCommand *command, const char *value_name)
{
  NzWordAt own = command->choices ? command->choices(value_name) : NULL;
  return own ? own : nz_choices_find(value_name);
}

static NzDocOption *
option_new(const NzCommand *command, const GOptionEntry *entry)
{
  NzDocOption *self = g_new0(NzDocOption, 1);
  self->entry = entry;
  self->repeats = entry->arg == G_OPTION_ARG_STRING_ARRAY ||
                  entry->arg == G_OPTION_ARG_FILENAME_ARRAY || entry->arg == G_OPTION_ARG_CALLBACK;
  if (!takes_value(entry))
    return self;
  NzWordAt word_at = entry->arg_description ? find_words(command, entry->arg_description) : NULL;
  self->kind = is_path(entry) ? NZ_VALUE_PATH : word_at ? NZ_VALUE_WORDS : NZ_VALUE_TEXT;
  if (self->kind == NZ_VALUE_WORDS)
    self->words = join_words(word_at);
  return self;
}

static void
option_free(gpointer data)
{
  NzDocOption *self = data;
  g_free(self->words);
  g_free(self);
}

/* What can follow the options, from the synopsis: RULE is one of some words, IMAGE or another name
 * in capitals a path, and "check|show" are words themselves. */
static void
read_synopsis(NzDocVerb *self)
{
  GString *words = g_string_new(NULL);
  g_auto(GStrv) parts = g_strsplit_set(self->command->synopsis, " |[].", -1);
  for (guint i = 0; parts[i]; i++) {
    if (!*parts[i] || strcmp(parts[i], "OPTION") == 0)
      continue;
    NzWordAt word_at = find_words(self->command, parts[i]);
    if (!word_at && g_ascii_isupper(*parts[i])) {
      self->paths = TRUE;
      continue;
    }
    g_autofree char *more = word_at ? join_words(word_at) : g_strdup(parts[i]);
    if (g_ascii_isalpha(*more))
      g_string_append_printf(words, "%s%s", words->len > 0 ? " " : "", more);
  }
  self->words = g_string_free(words, FALSE);
}

static void
verb_free(gpointer data)
{
  NzDocVerb *self = data;
  g_ptr_array_unref(self->options);
  g_free(self->words);
  g_free(self);
}

GPtrArray *
nz_doc_verbs(void)
{
  GPtrArray *verbs = g_ptr_array_new_with_free_func(verb_free);
  for (guint i = 0; nz_command_at(i); i++) {
    NzDocVerb *verb = g_new0(NzDocVerb, 1);
    verb->command = nz_command_at(i);
    verb->options = g_ptr_array_new_with_free_func(option_free);
    for (const GOptionEntry *o = verb->command->options; o && o->long_name; o++)
      if (!(o->flags & G_OPTION_FLAG_HIDDEN))
        g_ptr_array_add(verb->options, option_new(verb->command, o));
    g_ptr_array_add(verb->options, option_new(verb->command, &help_entry));
    read_synopsis(verb);
    g_ptr_array_add(verbs, verb);
  }
  return verbs;
}
