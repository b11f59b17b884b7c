/* SPDX-License-Identifier: Apache-2.0 */
/* Options as getopt_long reads them: "-rm", "-u1000", "-u 1000", "--uid=1000", "--uid 1000",
 * "--ui 1000", and "--" ends them. */
#include <string.h>

#include "build/effects_private.h"

typedef struct {
  NzShellWord *const *words;
  guint n, at;
  const NzOption *options;
  NzArguments *out;
} Reader;

void
nz_arguments_clear(NzArguments *self)
{
  g_clear_pointer(&self->given, g_array_unref);
  g_clear_pointer(&self->operands, g_ptr_array_unref);
}

static void
give(Reader *r, const NzOption *option, const char *value, const NzShellWord *word)
{
  NzGiven given = {option->name, value, word};
  g_array_append_val(r->out->given, given);
}

/* The next word is OPTION's value, if there is one. */
static void
give_next(Reader *r, const NzOption *option, const NzShellWord *word)
{
  if (r->at + 1 < r->n) {
    r->at++;
    give(r, option, r->words[r->at]->text, r->words[r->at]);
  } else {
    give(r, option, NULL, word);
  }
}

static const NzOption *
find_long(const NzOption *options, const char *name, gsize len)
{
  const NzOption *begins = NULL;
  for (const NzOption *o = options; o->name; o++) {
    if (strncmp(o->name, name, len) != 0)
      continue;
    if (o->name[len] == '\0')
      return o;
    if (!begins)
      begins = o;
  }
  return begins;
}

static void
read_long(Reader *r, const NzShellWord *word, const char *text)
{
  gsize len = strcspn(text, "=");
  const NzOption *option = len ? find_long(r->options, text, len) : NULL;
  if (!option)
    return;
  if (text[len] == '=')
    give(r, option, text + len + 1, word);
  else if (option->value == NZ_VALUE)
    give_next(r, option, word);
  else
    give(r, option, NULL, word);
}

static const NzOption *
find_letter(const NzOption *options, char letter)
{
  for (const NzOption *o = options; o->name; o++) {
    if (o->letter == letter)
      return o;
  }
  return NULL;
}

static void
read_letters(Reader *r, const NzShellWord *word)
{
  for (const char *p = word->text + 1; *p; p++) {
    const NzOption *option = find_letter(r->options, *p);
    if (!option)
      continue;
    if (option->value == NZ_NO_VALUE) {
      give(r, option, NULL, word);
      continue;
    }
    if (p[1] != '\0')
      give(r, option, p + 1, word);
    else if (option->value == NZ_VALUE)
      give_next(r, option, word);
    else
      give(r, option, NULL, word);
    return;
  }
}

NzArguments
nz_arguments_read(NzShellWord *const *words, guint n, const NzOption *options,
                  NzArgumentsStyle style)
{
  NzArguments out = {g_array_new(FALSE, FALSE, sizeof(NzGiven)), g_ptr_array_new()};
  Reader r = {words, n, 1, options, &out};
  for (; r.at < n; r.at++) {
    NzShellWord *word = words[r.at];
    if (word->text[0] != '-' || word->text[1] == '\0') {
      if (style & NZ_ARGS_FIRST)
        break;
      g_ptr_array_add(out.operands, word);
    } else if (strcmp(word->text, "--") == 0) {
      r.at++;
      break;
    } else if (word->text[1] == '-') {
      read_long(&r, word, word->text + 2);
    } else if (style & NZ_ARGS_LONG_DASH) {
      read_long(&r, word, word->text + 1);
    } else {
      read_letters(&r, word);
    }
  }
  for (; r.at < n; r.at++)
    g_ptr_array_add(out.operands, words[r.at]);
  return out;
}

const NzGiven *
nz_given(const NzArguments *self, const char *name)
{
  for (guint i = self->given->len; i-- > 0;) {
    const NzGiven *given = &g_array_index(self->given, NzGiven, i);
    if (strcmp(given->name, name) == 0)
      return given;
  }
  return NULL;
}

const char *
nz_given_value(const NzArguments *self, const char *name)
{
  const NzGiven *given = nz_given(self, name);
  return given ? given->value : NULL;
}

const NzShellWord *
nz_operand(const NzArguments *self, guint i)
{
  return i < self->operands->len ? self->operands->pdata[i] : NULL;
}
