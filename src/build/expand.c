/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar, as BuildKit's frontend/dockerfile/shell reads it (E is the escape, "\\" or "`"):
 *
 *   text     any of: E c, 'quoted', "double", $dollar, other characters
 *   'quoted' all up to the next "'"
 *   "double" up to the next "\"": E before E, "\"" or "$" escapes it, "$" is a variable
 *   $dollar  $name, ${name}, ${name-text} ${name:-text}, likewise + and ?,
 *            ${name#text} ${name##text} ${name%text} ${name%%text}, ${name/text/text},
 * ${name//text/text} name     digits; or one of @*#?-$!0; or letters, digits and "_"
 *
 * A "$" before none of these is a "$". What variables hold is not read again. */
#include "build/expand.h"

#include <string.h>

#include "build/pattern.h"
#include "build/rune.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

typedef struct {
  const char *p;
  const NzExpand *how;
  gboolean raw_escapes;
  guint depth;
  guint64 *budget;
} Lexer;

/* Words of a text, beside the text itself. */
typedef struct {
  GPtrArray *list; /* char * */
  GString *word;
} Words;

static gboolean read_dollar(Lexer *lexer, GString *out, GError **error);

/* --- characters --- */

/* As Go does when it writes what it read as a rune. */
static void
append_character(GString *out, const char *p, gsize len, gboolean bad)
{
  if (bad)
    g_string_append(out, NZ_RUNE_ERROR);
  else
    g_string_append_len(out, p, (gssize)len);
}

static void
take_character(Lexer *lexer, GString *out)
{
  gboolean bad;
  gsize len = nz_rune_length(lexer->p, G_MAXINT, &bad);
  append_character(out, lexer->p, len, bad);
  lexer->p += len;
}

/* --- limits --- */

static gboolean
limit(GError **error, const char *what)
{
  g_set_error_literal(error, NZ_ERROR, NZ_ERROR_LIMIT, what);
  return FALSE;
}

/* Adds what a variable holds or was replaced by. */
static gboolean
append_value(Lexer *lexer, GString *out, const char *value, GError **error)
{
  gsize len = strlen(value);
  if (len > NZ_SOURCE_MAX - MIN(out->len, NZ_SOURCE_MAX))
    return limit(error, "its variables make it longer than the limit of 2 MiB");
  if (*lexer->budget <= len)
    return limit(error, "its variables make more work than the limit allows");
  *lexer->budget -= len + 1;
  gsize before = out->len;
  g_string_append_len(out, value, (gssize)len);
  /* It comes from elsewhere, and all that reads it here takes it for UTF-8. */
  if (!g_utf8_validate(value, (gssize)len, NULL)) {
    g_autofree char *valid = g_utf8_make_valid(value, (gssize)len);
    g_string_truncate(out, before);
    g_string_append(out, valid);
  }
  return TRUE;
}

/* --- variables --- */

static void
remember(GPtrArray *names, const char *name)
{
  if (!names || names->len >= NZ_EXPAND_NAMES_MAX)
    return;
  for (guint i = 0; i < names->len; i++)
    if (g_str_equal(names->pdata[i], name))
      return;
  g_ptr_array_add(names, g_strdup(name));
}

static const char *
look_up(Lexer *lexer, const char *name)
{
  const NzExpand *how = lexer->how;
  remember(how->used, name);
  return how->lookup ? how->lookup(name, how->data) : NULL;
}

static gsize
name_length(const char *p)
{
  if (*p && strchr("@*#?-$!", *p))
    return 1;
  gboolean bad;
  const char *begin = p;
  gboolean number = FALSE;
  while (*p) {
    gsize len = nz_rune_length(p, G_MAXINT, &bad);
    gunichar c = bad ? 0xfffd : g_utf8_get_char(p);
    gboolean digit = g_unichar_isdigit(c);
    if (p == begin)
      number = digit;
    if (number ? !digit : !digit && c != '_' && !g_unichar_isalpha(c))
      break;
    p += len;
  }
  return (gsize)(p - begin);
}

/* --- quotes --- */

static gboolean
read_single(Lexer *lexer, GString *out, GError **error)
{
  gboolean raw = lexer->how->keep_raw;
  if (raw)
    g_string_append_c(out, '\'');
  for (lexer->p++; *lexer->p != '\'';) {
    if (!*lexer->p)
      return nz_set_input(error, "a \"'\" has no second one that ends what is quoted");
    take_character(lexer, out);
  }
  lexer->p++;
  if (raw)
    g_string_append_c(out, '\'');
  return TRUE;
}

static gboolean
read_double(Lexer *lexer, GString *out, GError **error)
{
  gboolean raw = lexer->how->keep_raw;
  char escape = lexer->how->escape;
  if (raw)
    g_string_append_c(out, '"');
  for (lexer->p++; *lexer->p != '"';) {
    if (!*lexer->p)
      return nz_set_input(error, "a '\"' has no second one that ends what is quoted");
    if (*lexer->p == '$') {
      if (!read_dollar(lexer, out, error))
        return FALSE;
      continue;
    }
    if (*lexer->p == escape) {
      char next = lexer->p[1];
      gboolean escapes = next == '"' || next == '$' || next == escape;
      if (lexer->raw_escapes)
        g_string_append_c(out, escape);
      /* One at the very end is passed over. One before something else stays, twice if raw. */
      if (escapes || !next)
        lexer->p++;
      if (!next)
        continue;
    }
    take_character(lexer, out);
  }
  lexer->p++;
  if (raw)
    g_string_append_c(out, '"');
  return TRUE;
}

/* --- text --- */

static void
end_word(Words *words)
{
  if (words->word->len > 0)
    g_ptr_array_add(words->list, g_strndup(words->word->str, words->word->len));
  g_string_truncate(words->word, 0);
}

/* What stood in quotes, or after an escape: blanks in it divide nothing. */
static void
add_whole(Words *words, const char *text, gsize len)
{
  if (words)
    g_string_append_len(words->word, text, (gssize)len);
}

static void
add_split(Words *words, const char *text, gsize len)
{
  if (!words)
    return;
  for (const char *p = text, *end = text + len; p < end; p = g_utf8_next_char(p)) {
    if (nz_rune_is_space(g_utf8_get_char(p)))
      end_word(words);
    else
      g_string_append_len(words->word, p, g_utf8_next_char(p) - p);
  }
}

static gboolean
read_quote(Lexer *lexer, GString *out, Words *words, GError **error)
{
  gsize before = out->len;
  gboolean ok = *lexer->p == '\'' ? read_single(lexer, out, error) : read_double(lexer, out, error);
  if (ok)
    add_whole(words, out->str + before, out->len - before);
  return ok;
}

static void
read_escape(Lexer *lexer, GString *out, Words *words)
{
  gsize before = out->len;
  if (lexer->raw_escapes)
    g_string_append_c(out, *lexer->p);
  lexer->p++;
  /* At the end of the text it escapes nothing. */
  if (*lexer->p)
    take_character(lexer, out);
  add_whole(words, out->str + before, out->len - before);
}

/* "<<" takes the blanks after it into its word: "<< EOF" is a heredoc. */
static void
read_less(Lexer *lexer, GString *out, Words *words)
{
  const char *begin = lexer->p++;
  if (*lexer->p == '<') {
    lexer->p++;
    lexer->p += strspn(lexer->p, " \t");
  }
  g_string_append_len(out, begin, lexer->p - begin);
  add_whole(words, begin, (gsize)(lexer->p - begin));
}

static gboolean
read_one(Lexer *lexer, GString *out, Words *words, GError **error)
{
  char c = *lexer->p;
  gsize before = out->len;
  if (c == '$') {
    if (!read_dollar(lexer, out, error))
      return FALSE;
    add_split(words, out->str + before, out->len - before);
    return TRUE;
  }
  if ((c == '\'' || c == '"') && !lexer->how->plain_quotes)
    return read_quote(lexer, out, words, error);
  if (c == lexer->how->escape) {
    read_escape(lexer, out, words);
  } else if (c == '<') {
    read_less(lexer, out, words);
  } else {
    take_character(lexer, out);
    add_split(words, out->str + before, out->len - before);
  }
  return TRUE;
}

/* Up to STOP, which is taken too, or, if it is 0, the end of the text. */
static gboolean
read_text(Lexer *lexer, char stop, GString *out, Words *words, GError **error)
{
  while (*lexer->p != stop) {
    if (!*lexer->p)
      return nz_set_input(error, "\"${\" is not ended: \"%c\" is missing", stop);
    if (!read_one(lexer, out, words, error))
      return FALSE;
  }
  if (stop)
    lexer->p++;
  return TRUE;
}

/* The text inside of "${...}" up to STOP. */
static GString *
read_inner(Lexer *lexer, char stop, gboolean raw_escapes, GError **error)
{
  if (lexer->depth >= NZ_EXPAND_DEPTH_MAX) {
    limit(error, "its variables nest deeper than the limit of 64");
    return NULL;
  }
  gboolean before = lexer->raw_escapes;
  lexer->raw_escapes = raw_escapes;
  lexer->depth++;
  g_autoptr(GString) out = g_string_new(NULL);
  gboolean ok = read_text(lexer, stop, out, NULL, error);
  lexer->depth--;
  lexer->raw_escapes = before;
  return ok ? g_steal_pointer(&out) : NULL;
}

/* --- ${...} --- */

typedef struct {
  const char *name, *value; /* value is NULL when it is unset */
  gboolean colon;           /* ":" before the modifier: to be empty is to be unset */
  char modifier;
  const char *text; /* after the modifier */
} Substitution;

static gboolean
refuse(const Substitution *sub, GError **error)
{
  g_autofree char *name = nz_printable(sub->name, -1);
  if (*sub->text) {
    g_autofree char *text = nz_printable(sub->text, -1);
    return nz_set_input(error, "%s: %s", name, text);
  }
  return nz_set_input(error, "the variable %s may not be %s here, and is", name,
                      sub->value ? "empty" : "unset");
}

static gboolean
trim(Lexer *lexer, const Substitution *sub, GString *out, GError **error)
{
  const char *pattern = sub->text;
  gboolean greedy = *pattern == sub->modifier;
  g_autofree char *value = nz_pattern_trim(pattern + greedy, sub->value ? sub->value : "",
                                           sub->modifier == '#', greedy, lexer->budget, error);
  return value && append_value(lexer, out, value, error);
}

static gboolean
substitute(Lexer *lexer, const Substitution *sub, GString *out, GError **error)
{
  gboolean has = sub->value && (!sub->colon || *sub->value);
  switch (sub->modifier) {
  case '-':
    return append_value(lexer, out, has ? sub->value : sub->text, error);
  case '+':
    return !has || append_value(lexer, out, sub->text, error);
  case '?':
    return has ? append_value(lexer, out, sub->value, error) : refuse(sub, error);
  default:
    return trim(lexer, sub, out, error);
  }
}

static gboolean
unknown_modifier(GError **error)
{
  return nz_set_input(error, "\"${\" has what is no modifier of a variable here: known are - + ? "
                             "(after \":\" too), # ## %% %%%% / //");
}

static gboolean
read_modified(Lexer *lexer, const char *name, GString *out, GError **error)
{
  Substitution sub = {.name = name, .colon = *lexer->p == ':'};
  const char *written = lexer->p;
  lexer->p += sub.colon;
  sub.modifier = *lexer->p;
  if (!sub.modifier)
    return nz_set_input(error, "\"${\" is not ended: \"}\" is missing");
  if (!strchr("-+?#%", sub.modifier))
    return unknown_modifier(error);
  const char *modifier_end = ++lexer->p;
  gboolean pattern = sub.modifier == '#' || sub.modifier == '%';
  g_autoptr(GString) text = read_inner(lexer, '}', pattern, error);
  if (!text)
    return FALSE;
  sub.text = text->str;
  sub.value = look_up(lexer, name);
  if (!sub.value && pattern)
    remember(lexer->how->unset, name);
  if (!sub.value && lexer->how->keep_unset) {
    g_string_append_printf(out, "${%s%.*s", name, (int)(modifier_end - written), written);
    return append_value(lexer, out, text->str, error) && g_string_append_c(out, '}');
  }
  return substitute(lexer, &sub, out, error);
}

static gboolean
read_replaced(Lexer *lexer, const char *name, GString *out, GError **error)
{
  gboolean all = lexer->p[1] == '/';
  lexer->p += 1 + all;
  g_autoptr(GString) pattern = read_inner(lexer, '/', TRUE, error);
  g_autoptr(GString) text = pattern ? read_inner(lexer, '}', TRUE, error) : NULL;
  if (!text)
    return FALSE;
  const char *value = look_up(lexer, name);
  if (!value)
    remember(lexer->how->unset, name);
  g_autofree char *replaced = NULL;
  if (!value && lexer->how->keep_unset)
    replaced = g_strdup_printf("${%s/%s/%s}", name, pattern->str, text->str);
  else
    replaced =
        nz_pattern_replace(pattern->str, value ? value : "", text->str, all, lexer->budget, error);
  return replaced && append_value(lexer, out, replaced, error);
}

/* $name or ${name}. */
static gboolean
append_variable(Lexer *lexer, const char *name, const char *format, GString *out, GError **error)
{
  const char *value = look_up(lexer, name);
  if (value)
    return append_value(lexer, out, value, error);
  remember(lexer->how->unset, name);
  if (!lexer->how->keep_unset)
    return TRUE;
  for (; *format; format++) {
    if (*format == 'n')
      g_string_append(out, name);
    else
      g_string_append_c(out, *format);
  }
  return TRUE;
}

static char *
take_name(Lexer *lexer)
{
  gsize len = name_length(lexer->p);
  char *name = g_strndup(lexer->p, len);
  lexer->p += len;
  return name;
}

static gboolean
read_dollar(Lexer *lexer, GString *out, GError **error)
{
  lexer->p++;
  if (*lexer->p != '{') {
    g_autofree char *name = take_name(lexer);
    if (*name)
      return append_variable(lexer, name, "$n", out, error);
    g_string_append_c(out, '$');
    return TRUE;
  }
  lexer->p++;
  if (*lexer->p && strchr("{}:", *lexer->p))
    return nz_set_input(error, "\"${\" has no variable's name after it");
  g_autofree char *name = take_name(lexer);
  switch (*lexer->p) {
  case '\0':
    return nz_set_input(error, "\"${\" is not ended: \"}\" is missing");
  case '}':
    lexer->p++;
    return append_variable(lexer, name, "${n}", out, error);
  case '/':
    return read_replaced(lexer, name, out, error);
  default:
    return read_modified(lexer, name, out, error);
  }
}

/* --- all of it --- */

static gboolean
expand(const char *text, const NzExpand *how, GString *out, Words *words, GError **error)
{
  guint64 own = NZ_EXPAND_WORK_MAX;
  Lexer lexer = {text, how, how->keep_raw, 0, how->budget ? how->budget : &own};
  /* Go's text/scanner passes over a byte order mark. */
  if (g_str_has_prefix(text, "\xef\xbb\xbf"))
    lexer.p += 3;
  return read_text(&lexer, '\0', out, words, error);
}

/* Is there nothing to be done? */
static gboolean
is_plain(const char *word, char escape)
{
  for (; *word; word++)
    if (*word == '$' || *word == '\'' || *word == '"' || *word == escape || (guchar)*word >= 0x80)
      return FALSE;
  return TRUE;
}

char *
nz_expand_word(const char *word, const NzExpand *how, GError **error)
{
  if (is_plain(word, how->escape))
    return g_strdup(word);
  g_autoptr(GString) out = g_string_sized_new(strlen(word) + 16);
  if (!expand(word, how, out, NULL, error))
    return NULL;
  return g_string_free(g_steal_pointer(&out), FALSE);
}

GStrv
nz_expand_words(const char *text, const NzExpand *how, GError **error)
{
  g_autoptr(GString) out = g_string_new(NULL);
  g_autoptr(GString) word = g_string_new(NULL);
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
  Words words = {list, word};
  if (!expand(text, how, out, &words, error))
    return NULL;
  end_word(&words);
  g_ptr_array_add(list, NULL);
  return (GStrv)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}
