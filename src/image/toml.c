/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar (toml.io, v1.0.0), less what no engine's configuration has:
 *
 *   document := ( blank | comment | "[" key "]" | "[[" key "]]" | key "=" value )*   one a line
 *   key      := part ( "." part )*          part := [A-Za-z0-9_-]+ | string of one line
 *   value    := string | integer | boolean | array | inline table | other
 *   other    := a float, a date, an integer of another base: null, as if there were none
 *   string   := "..." with escapes | '...' without | either in three quotes, over lines
 *   array    := "[" value ("," value)* ","? "]"      over lines, with comments
 *   inline   := "{" key "=" value ("," key "=" value)* "}"
 *
 * A key that is given twice is an error, as TOML wants. */
#include "image/toml.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/pipe.h"
#include "core/text.h"

typedef struct {
  const char *at, *end;
  guint line, depth;
  json_t *root;
  json_t *table; /* where keys go; borrowed */
  GError **error;
} Toml;

/* Always FALSE or NULL. */
static gpointer
fail(Toml *self, const char *what)
{
  if (self->error && !*self->error)
    nz_set_input(self->error, "line %u: %s", self->line, what);
  return NULL;
}

static gboolean
bad(Toml *self, const char *what)
{
  fail(self, what);
  return FALSE;
}

static char
look(const Toml *self)
{
  char c = 0;
  if (self->at < self->end)
    c = *self->at;
  return c;
}

static gboolean
take(Toml *self, const char *literal)
{
  gsize n = strlen(literal);
  if ((gsize)(self->end - self->at) < n || memcmp(self->at, literal, n) != 0)
    return FALSE;
  self->at += n;
  return TRUE;
}

static void
skip_blanks(Toml *self)
{
  while (look(self) == ' ' || look(self) == '\t')
    self->at++;
}

static void
skip_comment(Toml *self)
{
  skip_blanks(self);
  if (look(self) == '#')
    while (self->at < self->end && *self->at != '\n')
      self->at++;
}

static gboolean
take_newline(Toml *self)
{
  if (!take(self, "\n") && !take(self, "\r\n"))
    return FALSE;
  self->line++;
  return TRUE;
}

/* Blanks, comments and line ends. */
static void
skip_lines(Toml *self)
{
  do
    skip_comment(self);
  while (take_newline(self));
}

/* --- strings --- */

static gboolean
read_unicode(Toml *self, guint digits, GString *out)
{
  gunichar c = 0;
  for (guint i = 0; i < digits; i++) {
    int digit = g_ascii_xdigit_value(look(self));
    if (digit < 0)
      return bad(self, "an escape that is none");
    c = c << 4 | (gunichar)digit;
    self->at++;
  }
  if (c == 0 || !g_unichar_validate(c))
    return bad(self, "an escape that is no character");
  g_string_append_unichar(out, c);
  return TRUE;
}

static gboolean
read_escape(Toml *self, gboolean lines, GString *out)
{
  static const char escapes[] = "\"\\bfnrt", means[] = "\"\\\b\f\n\r\t";
  if (take(self, "u"))
    return read_unicode(self, 4, out);
  if (take(self, "U"))
    return read_unicode(self, 8, out);
  const char *found = look(self) ? strchr(escapes, look(self)) : NULL;
  if (found) {
    g_string_append_c(out, means[found - escapes]);
    self->at++;
    return TRUE;
  }
  /* At the end of a line: what follows is joined to it. */
  skip_blanks(self);
  if (!lines || !take_newline(self))
    return bad(self, "an escape that is none");
  do
    skip_blanks(self);
  while (take_newline(self));
  return TRUE;
}

/* After the opening QUOTE, one or three of it. */
static gboolean
read_quoted(Toml *self, const char *quote, GString *out)
{
  gboolean lines = strlen(quote) == 3, escapes = *quote == '"';
  if (lines)
    take_newline(self);
  for (;;) {
    if (take(self, quote)) {
      /* Up to two more belong to the text. */
      for (guint i = 0; lines && i < 2 && look(self) == *quote; i++, self->at++)
        g_string_append_c(out, *quote);
      return TRUE;
    }
    char c = look(self);
    if (self->at == self->end || (c == '\n' && !lines))
      return bad(self, "a string without its end");
    if (c == '\n' || (c == '\r' && lines && self->at + 1 < self->end && self->at[1] == '\n')) {
      take_newline(self);
      g_string_append_c(out, '\n');
      continue;
    }
    if (((guint8)c < 0x20 && c != '\t') || c == 0x7f)
      return bad(self, "a control character in a string");
    self->at++;
    if (c == '\\' && escapes) {
      if (!read_escape(self, lines, out))
        return FALSE;
    } else {
      g_string_append_c(out, c);
    }
  }
}

static gboolean
read_string(Toml *self, gboolean may_have_lines, GString *out)
{
  static const char *const quotes[] = {"\"\"\"", "'''", "\"", "'"};
  for (guint i = may_have_lines ? 0 : 2; i < G_N_ELEMENTS(quotes); i++)
    if (take(self, quotes[i]))
      return read_quoted(self, quotes[i], out);
  return bad(self, "no string");
}

/* --- keys --- */

static gboolean
is_bare(char c)
{
  return g_ascii_isalnum(c) || c == '_' || c == '-';
}

static gboolean
read_part(Toml *self, GString *out)
{
  g_string_truncate(out, 0);
  skip_blanks(self);
  if (look(self) == '"' || look(self) == '\'') {
    if (!read_string(self, FALSE, out))
      return FALSE;
  } else {
    while (is_bare(look(self)))
      g_string_append_c(out, *self->at++);
    if (out->len == 0)
      return bad(self, "a key was expected");
  }
  skip_blanks(self);
  return TRUE;
}

/* The table called KEY in TABLE, made when there is none; the last one of an array of tables. */
static json_t *
table_below(Toml *self, json_t *table, const char *key)
{
  json_t *found = json_object_get(table, key);
  if (!found) {
    json_object_set_new(table, key, json_object());
    return json_object_get(table, key);
  }
  if (json_is_array(found) && json_array_size(found) > 0)
    found = json_array_get(found, json_array_size(found) - 1);
  return json_is_object(found) ? found : fail(self, "a key that has a value is used as a table");
}

/* Reads "a.b.c": the table that c goes into, and c in LAST. */
static json_t *
read_key(Toml *self, json_t *table, GString *last)
{
  guint depth = 0;
  for (;;) {
    if (!read_part(self, last))
      return NULL;
    if (!take(self, "."))
      return table;
    if (++depth > NZ_TOML_DEPTH_MAX)
      return fail(self, "a key of too many parts");
    table = table_below(self, table, last->str);
    if (!table)
      return NULL;
  }
}

/* --- values --- */

static json_t *read_value(Toml *self);

static json_t *
read_array(Toml *self)
{
  json_t *array = json_array();
  for (;;) {
    skip_lines(self);
    if (take(self, "]"))
      return array;
    json_t *value = read_value(self);
    if (!value)
      break;
    json_array_append_new(array, value);
    skip_lines(self);
    if (look(self) != ']' && !take(self, ",")) {
      fail(self, "a , or ] was expected");
      break;
    }
  }
  json_decref(array);
  return NULL;
}

static gboolean read_pair(Toml *self, json_t *table);

static json_t *
read_inline_table(Toml *self)
{
  json_t *table = json_object();
  skip_blanks(self);
  if (take(self, "}"))
    return table;
  while (read_pair(self, table)) {
    skip_blanks(self);
    if (take(self, "}"))
      return table;
    if (!take(self, ",")) {
      fail(self, "a , or } was expected");
      break;
    }
  }
  json_decref(table);
  return NULL;
}

static json_t *
read_integer(Toml *self)
{
  g_autoptr(GString) text = g_string_new(NULL);
  const char *start = self->at;
  while (self->at < self->end &&
         (is_bare(*self->at) || *self->at == '+' || *self->at == '.' || *self->at == ':')) {
    if (*self->at != '_')
      g_string_append_c(text, *self->at);
    self->at++;
  }
  gint64 value;
  if (self->at == start)
    return fail(self, "a value was expected");
  const char *digits = text->str + strspn(text->str, "+-");
  gboolean octal = digits[0] == '0' && digits[1] != '\0';
  if (!octal && nz_parse_int(text->str, text->len, &value) == NZ_INT_OK)
    return json_integer(value);
  return g_ascii_isdigit(digits[0]) ? json_null()
                                    : fail(self, "a value of a kind that is not read here");
}

static json_t *
read_string_value(Toml *self)
{
  g_autoptr(GString) text = g_string_new(NULL);
  if (!read_string(self, TRUE, text))
    return NULL;
  json_t *value = json_stringn(text->str, text->len);
  return value ? value : fail(self, "a string that is no UTF-8");
}

static json_t *
read_value(Toml *self)
{
  json_t *value;
  skip_blanks(self);
  if (look(self) == '"' || look(self) == '\'')
    return read_string_value(self);
  if (take(self, "true"))
    return json_true();
  if (take(self, "false"))
    return json_false();
  if (look(self) != '[' && look(self) != '{')
    return read_integer(self);
  if (self->depth >= NZ_TOML_DEPTH_MAX)
    return fail(self, "values nested too deep");
  self->depth++;
  value = take(self, "[") ? read_array(self) : take(self, "{") ? read_inline_table(self) : NULL;
  self->depth--;
  return value;
}

/* key = value */
static gboolean
read_pair(Toml *self, json_t *table)
{
  g_autoptr(GString) last = g_string_new(NULL);
  json_t *into = read_key(self, table, last);
  if (!into)
    return FALSE;
  if (!take(self, "="))
    return bad(self, "an = was expected");
  json_t *value = read_value(self);
  if (!value)
    return FALSE;
  if (json_object_get(into, last->str)) {
    json_decref(value);
    return bad(self, "a key that was given before");
  }
  if (json_object_setn_new(into, last->str, last->len, value) < 0)
    return bad(self, "a key that is no UTF-8");
  return TRUE;
}

/* --- the document --- */

/* [a.b] or [[a.b]], after the first bracket. */
static gboolean
read_table(Toml *self, GHashTable *seen)
{
  g_autoptr(GString) last = g_string_new(NULL);
  gboolean array = take(self, "[");
  json_t *into = read_key(self, self->root, last);
  if (!into)
    return FALSE;
  if (!take(self, array ? "]]" : "]"))
    return bad(self, "a ] was expected");
  if (!array) {
    self->table = table_below(self, into, last->str);
    if (self->table && !g_hash_table_add(seen, self->table))
      return bad(self, "a table that was there before");
    return self->table != NULL;
  }
  json_t *list = json_object_get(into, last->str);
  if (!list) {
    json_object_set_new(into, last->str, list = json_array());
    g_hash_table_add(seen, list);
  } else if (!g_hash_table_contains(seen, list)) {
    return bad(self, "a key that has a value is used as a list of tables");
  }
  self->table = json_object();
  json_array_append_new(list, self->table);
  return TRUE;
}

static gboolean
read_document(Toml *self)
{
  /* Tables that have had their [header], and arrays that were made by [[one]]. */
  g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
  take(self, "\xef\xbb\xbf");
  for (;;) {
    skip_lines(self);
    if (self->at == self->end)
      return TRUE;
    gboolean ok = take(self, "[") ? read_table(self, seen) : read_pair(self, self->table);
    if (!ok)
      return FALSE;
    skip_comment(self);
    if (self->at < self->end && !take_newline(self))
      return bad(self, "more after the end of a value");
  }
}

NzJson *
nz_toml_parse(const char *text, gsize len, GError **error)
{
  g_autoptr(GError) failed = NULL;
  NzJson *root = json_object();
  Toml self = {
      .at = text, .end = text + len, .line = 1, .root = root, .table = root, .error = &failed};
  if (read_document(&self))
    return root;
  json_decref(root);
  g_propagate_error(error, g_steal_pointer(&failed));
  return NULL;
}

NzJson *
nz_toml_read(const char *path, GError **error)
{
  g_autofree char *shown = nz_printable(path, -1);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat st;
  if (fd < 0 && errno == ENOENT)
    return NULL;
  if (fd < 0 || fstat(fd, &st) < 0) {
    nz_set_errno(error, errno, "cannot read %s", shown);
    if (fd >= 0)
      close(fd);
    return NULL;
  }
  if (!S_ISREG(st.st_mode) || (guint64)st.st_size > NZ_TOML_MAX) {
    close(fd);
    nz_set_input(error, "%s: no file of configuration, or larger than 1 MiB", shown);
    return NULL;
  }
  g_autofree char *text = g_malloc((gsize)st.st_size + 1);
  gboolean ok = nz_pipe_read(fd, text, (gsize)st.st_size);
  close(fd);
  if (!ok) {
    nz_set_input(error, "%s: cannot be read to its end", shown);
    return NULL;
  }
  NzJson *root = nz_toml_parse(text, (gsize)st.st_size, error);
  if (!root)
    g_prefix_error(error, "%s: ", shown);
  return root;
}
