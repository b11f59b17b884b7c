/* SPDX-License-Identifier: Apache-2.0 */
/* text   = { byte | "$$" | "$" NAME | "${" NAME [ OPERATOR text ] "}" }
 * OPERATOR is ":-", "-", ":?", "?", ":+" or "+"; with a colon an empty value is none. The text
 * after it ends at the brace that closes its own "${". */
#include "build/interpolate.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"

typedef struct {
  const NzInterpolation *how;
  GString *out;
  gsize written; /* bytes of all texts, those that were thrown away too */
  guint depth;
} Reader;

static gboolean
fail(GError **error, const char *text, const char *what)
{
  gsize len = strcspn(text, "\n");
  g_autofree char *shown = nz_printable(text, (gssize)MIN(len, 40));
  return nz_set_input(error, "%s at \"%s%s\"; a dollar sign of its own is written $$", what, shown,
                      strlen(text) > len || len > 40 ? "..." : "");
}

/* Nested defaults may be written over and over: "${a:-${b:-...}}" is read once at each level. */
static gboolean
append(Reader *self, const char *text, gsize len, GError **error)
{
  self->written += len;
  if (self->written > NZ_SOURCE_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "variables grow past %u MiB",
                (guint)(NZ_SOURCE_MAX >> 20));
    return FALSE;
  }
  g_string_append_len(self->out, text, (gssize)len);
  return TRUE;
}

static gsize
name_length(const char *text)
{
  gsize n = 0;
  while (g_ascii_isalpha(text[n]) || text[n] == '_' || (n > 0 && g_ascii_isdigit(text[n])))
    n++;
  return n;
}

static const char *read_text(Reader *self, const char *p, gboolean nested, GError **error);

/* The text after an operator, in *WORD; what follows it. It is read even where it will not count,
 * as Compose does. */
static const char *
read_word(Reader *self, const char *p, gboolean counts, GString **word, GError **error)
{
  NzInterpolation quiet = *self->how;
  if (!counts)
    quiet.unset = NULL;
  Reader inner = {
      .how = &quiet, .out = g_string_new(NULL), .written = self->written, .depth = self->depth + 1};
  p = read_text(&inner, p, TRUE, error);
  self->written = inner.written;
  *word = inner.out;
  return p;
}

static gboolean
missing(GError **error, const char *name, const char *message)
{
  g_autofree char *shown = nz_printable(message, -1);
  return nz_set_input(error, "the variable %s has no value, and must have one%s%s", name,
                      *shown ? ": " : "", shown);
}

/* At what follows the name; returns what follows the brace. */
static const char *
read_operator(Reader *self, const char *p, const char *name, GError **error)
{
  const char *start = p;
  gboolean colon = *p == ':';
  char sign = p[colon];
  if (!sign || !strchr("-?+", sign)) {
    fail(error, start, "no way to say a variable");
    return NULL;
  }
  const char *value = self->how->lookup(name, self->how->data);
  gboolean has = value && (!colon || *value);
  gboolean counts = sign == '+' ? has : !has;
  g_autoptr(GString) word = NULL;
  p = read_word(self, p + colon + 1, counts, &word, error);
  if (!p)
    return NULL;
  if (sign == '?' && !has) {
    missing(error, name, word->str);
    return NULL;
  }
  const char *chosen = sign == '+' ? (has ? word->str : "") : has ? value : word->str;
  return append(self, chosen, strlen(chosen), error) ? p : NULL;
}

static const char *
read_plain(Reader *self, const char *name, const char *rest, GError **error)
{
  const char *value = self->how->lookup(name, self->how->data);
  if (!value && self->how->unset)
    self->how->unset(name, self->how->data);
  return append(self, value ? value : "", value ? strlen(value) : 0, error) ? rest : NULL;
}

/* At a dollar sign. */
static const char *
read_variable(Reader *self, const char *p, GError **error)
{
  if (p[1] == '$')
    return append(self, "$", 1, error) ? p + 2 : NULL;
  gboolean braced = p[1] == '{';
  gsize len = name_length(p + 1 + braced);
  const char *rest = p + 1 + braced + len;
  if (len == 0 || (braced && !*rest)) {
    if (self->how->lenient)
      return append(self, p, 1, error) ? p + 1 : NULL;
    fail(error, p, len == 0 ? "a dollar sign without a variable's name" : "a brace is not closed");
    return NULL;
  }
  g_autofree char *name = g_strndup(p + 1 + braced, len);
  if (!braced)
    return read_plain(self, name, rest, error);
  return *rest == '}' ? read_plain(self, name, rest + 1, error)
                      : read_operator(self, rest, name, error);
}

/* Returns what follows the text: its end, or what is behind the closing brace of a NESTED one. */
static const char *
read_text(Reader *self, const char *p, gboolean nested, GError **error)
{
  if (self->depth > NZ_EXPAND_DEPTH_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "variables nest deeper than %u",
                NZ_EXPAND_DEPTH_MAX);
    return NULL;
  }
  while (p && *p) {
    if (nested && *p == '}')
      return p + 1;
    gsize plain = strcspn(p, nested ? "$}" : "$");
    if (plain > 0)
      p = append(self, p, plain, error) ? p + plain : NULL;
    else
      p = read_variable(self, p, error);
  }
  if (p && nested) {
    nz_set_input(error, "the brace of a variable is not closed");
    return NULL;
  }
  return p;
}

char *
nz_interpolate(const char *text, const NzInterpolation *how, GError **error)
{
  if (!strchr(text, '$'))
    return g_strdup(text);
  g_autoptr(GString) out = g_string_new(NULL);
  Reader reader = {.how = how, .out = out};
  return read_text(&reader, text, FALSE, error) ? g_string_free(g_steal_pointer(&out), FALSE)
                                                : NULL;
}
