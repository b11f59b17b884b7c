/* SPDX-License-Identifier: Apache-2.0 */
#include "image/json_cursor.h"

#include <string.h>

#include "core/text.h"

/* FALSE at the end of the window. */
static gboolean
skip_space(NzJsonCursor *self)
{
  while (self->p < self->end &&
         (*self->p == ' ' || *self->p == '\n' || *self->p == '\t' || *self->p == '\r'))
    self->p++;
  self->ran_out = self->p == self->end;
  return !self->ran_out;
}

gboolean
nz_json_cursor_take(NzJsonCursor *self, char c)
{
  if (!skip_space(self) || *self->p != c)
    return FALSE;
  self->p++;
  return TRUE;
}

gboolean
nz_json_cursor_next(NzJsonCursor *self, char close, gboolean *first, gboolean *more)
{
  gboolean is_first = *first;
  *first = FALSE;
  *more = FALSE;
  if (!skip_space(self))
    return FALSE;
  if (*self->p == close) {
    self->p++;
    return TRUE;
  }
  *more = TRUE;
  return is_first || nz_json_cursor_take(self, ',');
}

static gboolean
take_word(NzJsonCursor *self, const char *word)
{
  gsize n = strlen(word), left = (gsize)(self->end - self->p);
  if (left < n) {
    self->ran_out = memcmp(self->p, word, left) == 0;
    return FALSE;
  }
  if (memcmp(self->p, word, n) != 0)
    return FALSE;
  self->p += n;
  return TRUE;
}

gboolean
nz_json_cursor_text(NzJsonCursor *self, NzJsonText *text, gboolean *is_null)
{
  if (!skip_space(self))
    return FALSE;
  if (is_null) {
    *is_null = *self->p == 'n';
    if (*is_null)
      return take_word(self, "null");
  }
  if (*self->p != '"')
    return FALSE;
  const char *p = self->p + 1;
  *text = (NzJsonText){.text = p};
  for (;; p++) {
    if (p == self->end) {
      self->ran_out = TRUE;
      return FALSE;
    }
    guchar c = (guchar)*p;
    if (c == '"')
      break;
    if (c < 0x20)
      return FALSE;
    if (c != '\\')
      continue;
    text->escaped = TRUE;
    if (++p == self->end) {
      self->ran_out = TRUE;
      return FALSE;
    }
  }
  text->len = (gsize)(p - text->text);
  self->p = p + 1;
  return TRUE;
}

gboolean
nz_json_cursor_key(NzJsonCursor *self, NzJsonText *key)
{
  return nz_json_cursor_text(self, key, NULL) && nz_json_cursor_take(self, ':');
}

gboolean
nz_json_cursor_int(NzJsonCursor *self, gint64 *value)
{
  if (!skip_space(self))
    return FALSE;
  if (*self->p == 'n')
    return take_word(self, "null");
  const char *p = self->p;
  if (*p == '-')
    p++;
  const char *digits = p;
  while (p < self->end && g_ascii_isdigit(*p))
    p++;
  if (p == self->end) { /* more digits may follow */
    self->ran_out = TRUE;
    return FALSE;
  }
  gboolean is_float = *p == '.' || *p == 'e' || *p == 'E';
  if (p == digits || (*digits == '0' && p > digits + 1) || is_float ||
      nz_parse_int(self->p, (gsize)(p - self->p), value) != NZ_INT_OK)
    return FALSE;
  self->p = p;
  return TRUE;
}

/* A number, or a word. */
static gboolean
skip_word(NzJsonCursor *self)
{
  const char *start = self->p;
  while (self->p < self->end &&
         (g_ascii_isalnum(*self->p) || *self->p == '-' || *self->p == '+' || *self->p == '.'))
    self->p++;
  self->ran_out = self->p == self->end;
  return !self->ran_out && self->p > start;
}

gboolean
nz_json_cursor_skip(NzJsonCursor *self)
{
  guint64 depth = 0;
  NzJsonText ignored;
  do {
    if (!skip_space(self))
      return FALSE;
    switch (*self->p) {
    case '"':
      if (!nz_json_cursor_text(self, &ignored, NULL))
        return FALSE;
      break;
    case '{':
    case '[':
      depth++;
      self->p++;
      break;
    case '}':
    case ']':
    case ',':
    case ':':
      if (depth == 0)
        return FALSE;
      depth -= *self->p == '}' || *self->p == ']';
      self->p++;
      break;
    default:
      if (!skip_word(self))
        return FALSE;
    }
  } while (depth > 0);
  return TRUE;
}

gboolean
nz_json_cursor_object(NzJsonCursor *self, gboolean *is_null)
{
  if (!skip_space(self))
    return FALSE;
  *is_null = *self->p == 'n';
  return *is_null ? take_word(self, "null") : nz_json_cursor_take(self, '{');
}

/* --- the text of a string --- */

static gboolean
four_hex(const char *p, const char *end, gunichar *value)
{
  *value = 0;
  if (end - p < 4)
    return FALSE;
  for (guint i = 0; i < 4; i++) {
    int digit = g_ascii_xdigit_value(p[i]);
    if (digit < 0)
      return FALSE;
    *value = *value << 4 | (gunichar)digit;
  }
  return TRUE;
}

/* What stands after "\u": *P is moved past it. Half of a pair becomes U+FFFD, as in Go. */
static gboolean
unicode_escape(const char **p, const char *end, GString *out)
{
  gunichar c, low;
  if (!four_hex(*p, end, &c))
    return FALSE;
  *p += 4;
  if (c >= 0xd800 && c < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' &&
      four_hex(*p + 2, end, &low) && low >= 0xdc00 && low < 0xe000) {
    *p += 6;
    c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
  }
  g_string_append_unichar(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
  return TRUE;
}

static gboolean
unescape(const NzJsonText *text, GString *out)
{
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *p = text->text, *end = p + text->len;
  while (p < end) {
    const char *backslash = memchr(p, '\\', (gsize)(end - p));
    g_string_append_len(out, p, (backslash ? backslash : end) - p);
    if (!backslash)
      return TRUE;
    char c = backslash[1]; /* there is one: a backslash never ends a string */
    p = backslash + 2;
    const char *known = c ? strchr(from, c) : NULL;
    if (known)
      g_string_append_c(out, to[known - from]);
    else if (c != 'u' || !unicode_escape(&p, end, out))
      return FALSE;
  }
  return TRUE;
}

gboolean
nz_json_text_decode(const NzJsonText *text, GString *out, gboolean *lossy)
{
  g_string_truncate(out, 0);
  if (!text->escaped)
    g_string_append_len(out, text->text, (gssize)text->len);
  else if (!unescape(text, out))
    return FALSE;
  for (gsize i = 0; i < out->len; i++) {
    if ((guchar)out->str[i] < 0x80)
      continue;
    *lossy |= strstr(out->str + i, "\xef\xbf\xbd") != NULL ||
              !g_utf8_validate(out->str + i, (gssize)(out->len - i), NULL);
    break;
  }
  return TRUE;
}
