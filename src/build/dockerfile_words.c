/* SPDX-License-Identifier: Apache-2.0 */
/* Words, flags and pairs of a line. */
#include <string.h>

#include "build/dockerfile_parse.h"
#include "build/rune.h"

void
nz_line_mark(NzLineParser *parser, NzTokenKind kind, gsize start, gsize end)
{
  NzMark mark = {kind, start, end};
  if (start < end)
    g_array_append_val(parser->marks, mark);
}

/* What divides words in a line. Other spaces of Unicode are a part of them. */
static gboolean
is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

/* The spaces before END, backwards. */
static gsize
space_before(const char *text, gsize start, gsize end)
{
  const char *p = g_utf8_find_prev_char(text + start, text + end);
  gsize n = p ? (gsize)(text + end - p) : 0;
  return n > 0 && nz_rune_space(p, n) == n ? n : 0;
}

void
nz_line_trim(const NzLineParser *parser, gsize *start, gsize *end)
{
  const char *text = parser->line->data;
  gsize n;
  while ((n = nz_rune_space(text + *start, *end - *start)) > 0)
    *start += n;
  while (*end > *start && (n = space_before(text, *start, *end)) > 0)
    *end -= n;
}

gsize
nz_line_word_end(const NzLineParser *parser, gsize start, gsize end)
{
  while (start < end && !is_blank(parser->line->data[start]))
    start++;
  return start;
}

gsize
nz_line_skip_blanks(const NzLineParser *parser, gsize start, gsize end)
{
  while (start < end && is_blank(parser->line->data[start]))
    start++;
  return start;
}

void
nz_word_free(gpointer self)
{
  NzWord *word = self;
  g_free(word->text);
  g_free(word);
}

NzWord *
nz_line_word(const NzLineParser *parser, gsize start, gsize end)
{
  NzWord *word = g_new(NzWord, 1);
  word->text = g_strndup(parser->line->data + start, end - start);
  word->span = nz_joined_span(parser->line, start, end);
  return word;
}

void
nz_line_words(NzLineParser *parser, gsize start, gsize end, GPtrArray *words)
{
  while ((start = nz_line_skip_blanks(parser, start, end)) < end) {
    gsize stop = nz_line_word_end(parser, start, end);
    g_ptr_array_add(words, nz_line_word(parser, start, stop));
    nz_line_mark(parser, NZ_TOKEN_ARGUMENT, start, stop);
    start = stop;
  }
}

/* --- flags --- */

/* A flag as it is read: quotes go, "\" takes the next byte as it is (whatever the file's escape).
 */
typedef struct {
  GString *text;
  gsize equals; /* in the text; 0: none */
  gsize value;  /* in the line */
  gsize end;
} Flag;

static void
read_flag(const NzLineParser *parser, gsize start, gsize end, Flag *flag)
{
  const char *text = parser->line->data;
  char quote = 0;
  gsize at = start;
  for (; at < end; at++) {
    char c = text[at];
    if (!quote && g_ascii_isspace(c))
      break;
    if (quote ? c == quote : c == '"' || c == '\'') {
      quote = (char)(quote ? 0 : c);
      continue;
    }
    if (c == '\\') {
      if (at + 1 == end)
        continue;
      c = text[++at];
    }
    if (c == '=' && flag->equals == 0) {
      flag->equals = flag->text->len;
      flag->value = at + 1;
    }
    g_string_append_c(flag->text, c);
  }
  flag->end = at;
}

static NzDockerFlag *
new_flag(const NzLineParser *parser, gsize start, const Flag *flag)
{
  NzDockerFlag *new = g_new0(NzDockerFlag, 1);
  gsize name_end = flag->equals > 0 ? flag->equals : flag->text->len;
  new->name = g_strndup(flag->text->str + 2, name_end - 2);
  new->span = nz_joined_span(parser->line, start, flag->end);
  gsize value = flag->equals > 0 ? flag->value : flag->end;
  new->value = flag->equals > 0 ? g_strdup(flag->text->str + name_end + 1) : NULL;
  new->value_span = nz_joined_span(parser->line, value, flag->end);
  return new;
}

gsize
nz_line_flags(NzLineParser *parser, gsize start, gsize end, GPtrArray *flags)
{
  const char *text = parser->line->data;
  g_autoptr(GString) read = NULL;
  for (;;) {
    while (start < end && g_ascii_isspace(text[start]))
      start++;
    if (end - start < 2 || text[start] != '-' || text[start + 1] != '-')
      return start;
    if (!read)
      read = g_string_sized_new(64);
    g_string_truncate(read, 0);
    Flag flag = {.text = read};
    read_flag(parser, start, end, &flag);
    nz_line_mark(parser, NZ_TOKEN_FLAG, start, flag.end);
    if (g_str_equal(read->str, "--"))
      return flag.end;
    g_ptr_array_add(flags, new_flag(parser, start, &flag));
    start = flag.end;
  }
}

/* --- pairs --- */

/* The end of the word at START, in which quotes hold blanks and escapes hold quotes. *LAST is it
 * without an escape at the very end, which is passed over. */
static gsize
quoted_word_end(const NzLineParser *parser, gsize start, gsize end, gsize *last)
{
  const char *text = parser->line->data;
  char quote = 0;
  gsize at = start;
  while (at < end) {
    char c = text[at];
    if (!quote && nz_rune_space(text + at, end - at) > 0)
      break;
    if (c == parser->escape && quote != '\'') {
      if (at + 1 == end) {
        *last = at;
        return end;
      }
      at++;
    } else if (quote ? c == quote : c == '"' || c == '\'') {
      quote = (char)(quote ? 0 : c);
    }
    gboolean bad;
    at += nz_rune_length(text + at, end - at, &bad);
  }
  *last = at;
  return at;
}

static void
add_pair(const NzLineParser *parser, gsize start, gsize end, const char *equals, GPtrArray *pairs)
{
  const char *text = parser->line->data;
  NzDockerPair *pair = g_new0(NzDockerPair, 1);
  gsize key_end = equals ? (gsize)(equals - text) : end;
  gsize value = equals ? key_end + 1 : end;
  pair->key = g_strndup(text + start, key_end - start);
  pair->value = equals ? g_strndup(text + value, end - value) : NULL;
  pair->span = nz_joined_span(parser->line, start, end);
  pair->value_span = nz_joined_span(parser->line, value, end);
  g_ptr_array_add(pairs, pair);
}

/* "KEY VALUE": the value is all that follows. */
static gboolean
old_pair(NzLineParser *parser, gsize start, gsize end, NzInstruction *instruction, GError **error)
{
  gsize key_end = nz_line_word_end(parser, start, end);
  gsize value = nz_line_skip_blanks(parser, key_end, end);
  if (key_end == end)
    return nz_line_refuse(parser, start, error,
                          "%s needs a value here: write NAME=VALUE, or NAME VALUE",
                          nz_docker_kind_name(instruction->kind));
  const char *text = parser->line->data;
  NzDockerPair *pair = g_new0(NzDockerPair, 1);
  pair->key = g_strndup(text + start, key_end - start);
  pair->value = g_strndup(text + value, end - value);
  pair->span = nz_joined_span(parser->line, start, end);
  pair->value_span = nz_joined_span(parser->line, value, end);
  g_ptr_array_add(instruction->pairs, pair);
  nz_line_mark(parser, NZ_TOKEN_ARGUMENT, start, key_end);
  nz_line_mark(parser, NZ_TOKEN_ARGUMENT, value, end);
  return TRUE;
}

static const char *
find_equals(const NzLineParser *parser, gsize start, gsize end)
{
  return memchr(parser->line->data + start, '=', end - start);
}

gboolean
nz_line_pairs(NzLineParser *parser, gsize start, gsize end, NzInstruction *instruction,
              GError **error)
{
  gboolean arg = instruction->kind == NZ_DOCKER_ARG;
  const char *name = nz_docker_kind_name(instruction->kind);
  gsize n;
  for (gsize at = start; at < end;) {
    while ((n = nz_rune_space(parser->line->data + at, end - at)) > 0)
      at += n;
    gsize last, stop = quoted_word_end(parser, at, end, &last);
    if (last == at)
      break;
    const char *equals = find_equals(parser, at, last);
    if (!equals && !arg && at == start)
      return old_pair(parser, start, end, instruction, error);
    if (!equals && !arg)
      return nz_line_refuse(parser, at, error, "%s: this has no \"=\", and must be NAME=VALUE",
                            name);
    if (equals == parser->line->data + at)
      return nz_line_refuse(parser, at, error, "%s: the name before \"=\" is missing", name);
    add_pair(parser, at, last, equals, instruction->pairs);
    nz_line_mark(parser, NZ_TOKEN_ARGUMENT, at, stop);
    at = stop;
  }
  return TRUE;
}
