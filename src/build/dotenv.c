/* SPDX-License-Identifier: Apache-2.0 */
/* file  = { blank line | "#" comment | [ "export " ] NAME [ ("=" | ":") value ] }
 * value = bare, to the end of the line or to " #"; or '...' as it is; or "..." with \n \r \t \f
 * \b \\ \" \$. Quoted ones may have several lines. Variables count in bare and "..." values. */
#include "build/dotenv.h"

#include <string.h>

#include "build/interpolate.h"
#include "core/text.h"

typedef struct {
  NzSourceFile *source;
  const char *p, *end;
  NzLookup lookup;
  gpointer data;
  GHashTable *values;
} Reader;

static gboolean
fail(const Reader *self, const char *at, GError **error, const char *what)
{
  guint column = 0;
  guint line = nz_source_line(self->source, (guint32)(at - self->source->data), &column);
  return nz_set_input(error, "%s:%u:%u: %s", self->source->name, line, column, what);
}

static gboolean
is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void
skip_blanks(Reader *self)
{
  while (self->p < self->end && is_blank(*self->p))
    self->p++;
}

static void
skip_line(Reader *self)
{
  while (self->p < self->end && *self->p != '\n')
    self->p++;
  self->p += self->p < self->end;
}

static const char *
find_value(const char *name, gpointer data)
{
  const Reader *self = data;
  const char *value = self->lookup ? self->lookup(name, self->data) : NULL;
  return value ? value : g_hash_table_lookup(self->values, name);
}

static char *
replace(Reader *self, const char *at, char *text, GError **error)
{
  g_autofree char *raw = text;
  const NzInterpolation how = {.lookup = find_value, .data = self, .lenient = TRUE};
  g_autoptr(GError) wrong = NULL;
  char *value = nz_interpolate(raw, &how, &wrong);
  if (!value)
    fail(self, at, error, wrong->message);
  return value;
}

static gboolean
is_name_byte(char c)
{
  return g_ascii_isalnum(c) || strchr("_.-[]", c);
}

static char *
read_name(Reader *self, GError **error)
{
  if (self->end - self->p > 7 && memcmp(self->p, "export", 6) == 0 && is_blank(self->p[6])) {
    self->p += 6;
    skip_blanks(self);
  }
  const char *start = self->p;
  while (self->p < self->end && *self->p && is_name_byte(*self->p))
    self->p++;
  if (self->p > start)
    return g_strndup(start, (gsize)(self->p - start));
  fail(self, start, error, "no variable's name; a line is NAME=value");
  return NULL;
}

static char *
read_bare(Reader *self, GError **error)
{
  const char *start = self->p;
  skip_line(self);
  const char *stop = self->p > start && self->p[-1] == '\n' ? self->p - 1 : self->p;
  for (const char *p = start; p < stop; p++)
    if (*p == '#' && (p == start || is_blank(p[-1])))
      stop = p;
  while (stop > start && is_blank(stop[-1]))
    stop--;
  return replace(self, start, g_strndup(start, (gsize)(stop - start)), error);
}

/* Behind the last quote nothing but a comment counts. */
static gboolean
end_quoted(Reader *self, GError **error)
{
  self->p++;
  skip_blanks(self);
  if (self->p < self->end && *self->p != '\n' && *self->p != '#')
    return fail(self, self->p, error, "text behind a quoted value");
  skip_line(self);
  return TRUE;
}

static char *
read_single(Reader *self, GError **error)
{
  const char *start = self->p++;
  while (self->p < self->end && *self->p != '\'')
    self->p += *self->p == '\\' && self->end - self->p > 1 && self->p[1] == '\'' ? 2 : 1;
  if (self->p >= self->end) {
    fail(self, start, error, "a quote that is not closed");
    return NULL;
  }
  const char *stop = self->p;
  return end_quoted(self, error) ? g_strndup(start + 1, (gsize)(stop - start - 1)) : NULL;
}

static void
unescape(GString *text, char c)
{
  static const char from[] = "nrtfbav\\\"", to[] = "\n\r\t\f\b\a\v\\\"";
  const char *found = strchr(from, c);
  if (c == '$')
    g_string_append(text, "$$");
  else if (found)
    g_string_append_c(text, to[found - from]);
  else {
    g_string_append_c(text, '\\');
    g_string_append_c(text, c);
  }
}

static char *
read_double(Reader *self, GError **error)
{
  const char *start = self->p++;
  g_autoptr(GString) text = g_string_new(NULL);
  while (self->p < self->end && *self->p != '"') {
    if (*self->p == '\\' && self->end - self->p > 1 && self->p[1]) {
      unescape(text, self->p[1]);
      self->p += 2;
    } else
      g_string_append_c(text, *self->p++);
  }
  if (self->p >= self->end) {
    fail(self, start, error, "a quote that is not closed");
    return NULL;
  }
  if (!end_quoted(self, error))
    return NULL;
  return replace(self, start, g_string_free(g_steal_pointer(&text), FALSE), error);
}

static char *
read_value(Reader *self, GError **error)
{
  skip_blanks(self);
  if (self->p < self->end && *self->p == '\'')
    return read_single(self, error);
  if (self->p < self->end && *self->p == '"')
    return read_double(self, error);
  return read_bare(self, error);
}

static gboolean
read_line(Reader *self, GError **error)
{
  g_autofree char *name = read_name(self, error);
  if (!name)
    return FALSE;
  skip_blanks(self);
  const char *known = self->lookup ? self->lookup(name, self->data) : NULL;
  g_autofree char *value = NULL;
  if (self->p < self->end && (*self->p == '=' || *self->p == ':')) {
    self->p++;
    value = read_value(self, error);
    if (!value)
      return FALSE;
  } else if (self->p < self->end && *self->p != '\n' && *self->p != '#')
    return fail(self, self->p, error, "no \"=\" behind a variable's name");
  else
    skip_line(self);
  if (known) {
    g_free(value);
    value = g_strdup(known);
  }
  if (value)
    g_hash_table_replace(self->values, g_steal_pointer(&name), g_steal_pointer(&value));
  return TRUE;
}

gboolean
nz_dotenv_read(NzSourceFile *source, NzLookup lookup, gpointer data, GHashTable *values,
               GError **error)
{
  Reader reader = {.source = source,
                   .p = source->data,
                   .end = source->data + source->len,
                   .lookup = lookup,
                   .data = data,
                   .values = values};
  const char *nul = memchr(source->data, 0, source->len);
  if (nul)
    return fail(&reader, nul, error, "a NUL byte: this is no text");
  if (source->len >= 3 && memcmp(source->data, "\xef\xbb\xbf", 3) == 0)
    reader.p += 3;
  while (skip_blanks(&reader), reader.p < reader.end) {
    if (*reader.p == '\n' || *reader.p == '#')
      skip_line(&reader);
    else if (!read_line(&reader, error))
      return FALSE;
  }
  return TRUE;
}
