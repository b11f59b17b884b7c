/* SPDX-License-Identifier: Apache-2.0 */
/* unit = { blank line | comment | "[" section "]" | key "=" value }
 * A comment's first character is "#" or ";". A line that ends with "\" goes on in the next, with a
 * space for the backslash; comments between such lines do not count. */
#include "build/unit.h"

#include <string.h>

#include "core/text.h"

static void
entry_free(gpointer data)
{
  NzUnitEntry *self = data;
  g_free(self->key);
  g_free(self->value);
  g_array_unref(self->pieces);
  g_free(self);
}

NzUnit *
nz_unit_new(void)
{
  NzUnit *self = g_new(NzUnit, 1);
  self->entries = g_ptr_array_new_with_free_func(entry_free);
  self->sections = g_ptr_array_new_with_free_func(g_free);
  return self;
}

void
nz_unit_free(NzUnit *self)
{
  if (!self)
    return;
  g_ptr_array_unref(self->entries);
  g_ptr_array_unref(self->sections);
  g_free(self);
}

gboolean
nz_unit_fail(NzSourceFile *source, guint32 at, GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  guint column = 0;
  guint line = nz_source_line(source, at, &column);
  return nz_set_input(error, "%s:%u:%u: %s", source->name, line, column, text);
}

/* --- lines --- */

typedef struct {
  NzUnit *unit;
  NzSourceFile *source;
  guint32 at;          /* the next line */
  const char *section; /* the one at hand; NULL: none yet */
  GString *line;       /* joined */
  GArray *pieces;      /* NzPiece */
} Reader;

static gboolean
is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* The bytes of the next line, without its end. */
static const char *
take_line(Reader *self, gsize *len)
{
  const char *line = self->source->data + self->at;
  gsize left = self->source->len - self->at;
  *len = 0;
  while (*len < left && line[*len] != '\n')
    (*len)++;
  self->at += (guint32)(*len + (*len < left));
  while (*len > 0 && line[*len - 1] == '\r')
    (*len)--;
  return line;
}

static gboolean
is_comment(const char *line, gsize len)
{
  gsize i = 0;
  while (i < len && is_blank(line[i]))
    i++;
  return i < len && (line[i] == '#' || line[i] == ';');
}

/* The next line with those that continue it. */
static void
join_line(Reader *self)
{
  g_string_truncate(self->line, 0);
  g_array_set_size(self->pieces, 0);
  gboolean more = TRUE;
  while (more && self->at < self->source->len) {
    gsize len;
    const char *line = take_line(self, &len);
    if (is_comment(line, len)) {
      more = self->line->len > 0;
      continue;
    }
    NzPiece piece = {(guint32)self->line->len, (guint32)(line - self->source->data)};
    g_array_append_val(self->pieces, piece);
    more = len > 0 && line[len - 1] == '\\';
    g_string_append_len(self->line, line, (gssize)(len - more));
    if (more)
      g_string_append_c(self->line, ' ');
  }
}

/* Where byte I of the joined text stands. */
static guint32
offset_of(const GArray *pieces, guint32 i)
{
  guint low = 0, high = pieces->len;
  while (high - low > 1) {
    guint middle = low + (high - low) / 2;
    if (g_array_index(pieces, NzPiece, middle).at <= i)
      low = middle;
    else
      high = middle;
  }
  const NzPiece *piece = &g_array_index(pieces, NzPiece, low);
  return piece->offset + (i - piece->at);
}

/* Bytes START to END of the joined text; the last byte's place ends it. */
static NzSpan
span_of(const GArray *pieces, gsize start, gsize end)
{
  guint32 from = offset_of(pieces, (guint32)start);
  return (NzSpan){from, end > start ? offset_of(pieces, (guint32)end - 1) + 1 : from};
}

static gboolean
read_section(Reader *self, gsize start, gsize end, GError **error)
{
  const char *text = self->line->str;
  guint32 at = offset_of(self->pieces, (guint32)start);
  if (end - start < 3 || text[end - 1] != ']')
    return nz_unit_fail(self->source, at, error, "a section is written [Name]");
  g_autofree char *name = g_strndup(text + start + 1, end - start - 2);
  guint i;
  if (!g_ptr_array_find_with_equal_func(self->unit->sections, name, g_str_equal, &i)) {
    i = self->unit->sections->len;
    g_ptr_array_add(self->unit->sections, g_steal_pointer(&name));
  }
  self->section = self->unit->sections->pdata[i];
  return TRUE;
}

/* Its pieces, counted from byte FROM of the line on. */
static GArray *
pieces_from(const GArray *pieces, gsize from)
{
  GArray *mine = g_array_new(FALSE, FALSE, sizeof(NzPiece));
  NzPiece first = {0, offset_of(pieces, (guint32)from)};
  g_array_append_val(mine, first);
  for (guint i = 0; i < pieces->len; i++) {
    NzPiece piece = g_array_index(pieces, NzPiece, i);
    if (piece.at <= from)
      continue;
    piece.at -= (guint32)from;
    g_array_append_val(mine, piece);
  }
  return mine;
}

static gboolean
read_entry(Reader *self, gsize start, gsize end, GError **error)
{
  const char *text = self->line->str;
  guint32 at = offset_of(self->pieces, (guint32)start);
  const char *equals = memchr(text + start, '=', end - start);
  if (!equals || equals == text + start)
    return nz_unit_fail(self->source, at, error, "a line of a unit is Key=value");
  if (!self->section)
    return nz_unit_fail(self->source, at, error, "a key stands before any [Section]");
  gsize key_end = (gsize)(equals - text), value = key_end + 1;
  while (key_end > start && is_blank(text[key_end - 1]))
    key_end--;
  while (value < end && is_blank(text[value]))
    value++;
  NzUnitEntry *entry = g_new0(NzUnitEntry, 1);
  entry->section = self->section;
  entry->key = g_strndup(text + start, key_end - start);
  entry->value = g_strndup(text + value, end - value);
  entry->source = self->source;
  entry->key_span = span_of(self->pieces, start, key_end);
  entry->span = span_of(self->pieces, value, end);
  entry->pieces = pieces_from(self->pieces, value);
  g_ptr_array_add(self->unit->entries, entry);
  return TRUE;
}

static gboolean
read_line(Reader *self, GError **error)
{
  gsize start = 0, end = self->line->len;
  while (start < end && is_blank(self->line->str[start]))
    start++;
  while (end > start && is_blank(self->line->str[end - 1]))
    end--;
  if (start == end)
    return TRUE;
  gboolean section = self->line->str[start] == '[';
  return (section ? read_section : read_entry)(self, start, end, error);
}

gboolean
nz_unit_read(NzUnit *self, NzSourceFile *source, GError **error)
{
  gsize first = strlen(source->data);
  if (first < source->len)
    return nz_unit_fail(source, (guint32)first, error, "a NUL byte: this is no text");
  g_autoptr(GString) line = g_string_new(NULL);
  g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(NzPiece));
  Reader reader = {.unit = self, .source = source, .line = line, .pieces = pieces};
  if (source->len >= 3 && memcmp(source->data, "\xef\xbb\xbf", 3) == 0)
    reader.at = 3;
  while (reader.at < source->len) {
    join_line(&reader);
    if (!read_line(&reader, error))
      return FALSE;
  }
  return TRUE;
}

/* --- questions --- */

gboolean
nz_unit_has(const NzUnit *self, const char *section)
{
  return g_ptr_array_find_with_equal_func(self->sections, section, g_str_equal, NULL);
}

GPtrArray *
nz_unit_all(const NzUnit *self, const char *section, const char *key)
{
  GPtrArray *all = g_ptr_array_new();
  for (guint i = 0; i < self->entries->len; i++) {
    const NzUnitEntry *entry = self->entries->pdata[i];
    if (strcmp(entry->key, key) != 0 || strcmp(entry->section, section) != 0)
      continue;
    if (*entry->value)
      g_ptr_array_add(all, (gpointer)entry);
    else
      g_ptr_array_set_size(all, 0);
  }
  return all;
}

const NzUnitEntry *
nz_unit_last(const NzUnit *self, const char *section, const char *key)
{
  g_autoptr(GPtrArray) all = nz_unit_all(self, section, key);
  return all->len > 0 ? all->pdata[all->len - 1] : NULL;
}

/* --- words --- */

static void
word_free(gpointer data)
{
  NzUnitWord *self = data;
  g_free(self->text);
  g_free(self);
}

/* Of \x41, \101, \u0041 and \U00000041, at the first digit; how many bytes it took, 0: it is none.
 */
static gsize
read_code(const char *p, guint digits, guint base, GString *text)
{
  gunichar code = 0;
  for (guint i = 0; i < digits; i++) {
    gint digit = g_ascii_xdigit_value(p[i]);
    if (digit < 0 || (guint)digit >= base)
      return 0;
    code = code * base + (gunichar)digit;
  }
  gboolean byte = digits < 4;
  if (code == 0 || (byte ? code > 255 : !g_unichar_validate(code)))
    return 0;
  if (byte)
    g_string_append_c(text, (char)code);
  else
    g_string_append_unichar(text, code);
  return digits;
}

/* At what follows a backslash; how many bytes it took. What is no escape keeps its backslash. */
static gsize
unescape(const char *p, GString *text)
{
  static const char from[] = "abfnrtvs\\\"'", to[] = "\a\b\f\n\r\t\v \\\"'";
  const char *found = *p ? strchr(from, *p) : NULL;
  if (found) {
    g_string_append_c(text, to[found - from]);
    return 1;
  }
  gsize n = *p == 'x'   ? read_code(p + 1, 2, 16, text)
            : *p == 'u' ? read_code(p + 1, 4, 16, text)
            : *p == 'U' ? read_code(p + 1, 8, 16, text)
                        : 0;
  if (n > 0)
    return n + 1;
  n = read_code(p, 3, 8, text);
  if (n == 0)
    g_string_append_c(text, '\\');
  return n;
}

/* Reads one word from *P on; FALSE: a quote is not closed. */
static gboolean
read_word(const char **p, GString *text)
{
  char quote = '\0';
  for (; **p && (quote || !is_blank(**p)); (*p)++) {
    if (**p == '\\')
      *p += unescape(*p + 1, text);
    else if (quote && **p == quote)
      quote = '\0';
    else if (!quote && (**p == '"' || **p == '\''))
      quote = **p;
    else
      g_string_append_c(text, **p);
  }
  return !quote;
}

static gboolean
split(const NzUnitEntry *entry, GPtrArray *words, GError **error)
{
  const char *p = entry->value;
  while (*p) {
    if (is_blank(*p)) {
      p++;
      continue;
    }
    gsize start = (gsize)(p - entry->value);
    g_autoptr(GString) text = g_string_new(NULL);
    if (!read_word(&p, text))
      return nz_unit_fail(entry->source, offset_of(entry->pieces, (guint32)start), error,
                          "a quote is not closed");
    NzUnitWord *word = g_new(NzUnitWord, 1);
    word->text = g_string_free(g_steal_pointer(&text), FALSE);
    word->span = span_of(entry->pieces, start, (gsize)(p - entry->value));
    word->entry = entry;
    g_ptr_array_add(words, word);
  }
  return TRUE;
}

GPtrArray *
nz_unit_words(const NzUnit *self, const char *section, const char *key, GError **error)
{
  g_autoptr(GPtrArray) all = nz_unit_all(self, section, key);
  g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(word_free);
  for (guint i = 0; i < all->len; i++)
    if (!split(all->pdata[i], words, error))
      return NULL;
  return g_steal_pointer(&words);
}
