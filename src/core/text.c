/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"

#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

NzIntResult
nz_parse_int(const char *text, gsize len, gint64 *value)
{
  *value = 0;
  gboolean negative = FALSE;
  if (len > 0 && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text++;
    len--;
  }
  if (len == 0)
    return NZ_INT_SYNTAX;

  guint64 sum = 0;
  gboolean overflow = FALSE;
  for (gsize i = 0; i < len; i++) {
    if (!g_ascii_isdigit(text[i]))
      return NZ_INT_SYNTAX;
    guint digit = (guint)(text[i] - '0');
    if (__builtin_mul_overflow(sum, 10u, &sum) || __builtin_add_overflow(sum, digit, &sum))
      overflow = TRUE;
  }
  guint64 limit = negative ? (guint64)G_MAXINT64 + 1 : (guint64)G_MAXINT64;
  if (overflow || sum > limit) {
    *value = negative ? G_MININT64 : G_MAXINT64;
    return NZ_INT_RANGE;
  }
  *value = negative ? (gint64)(0 - sum) : (gint64)sum;
  return NZ_INT_OK;
}

gboolean
nz_parse_octal(const char *text, gsize len, guint64 *value)
{
  guint64 sum = 0;
  if (len == 0 || len > 21)
    return FALSE;
  for (gsize i = 0; i < len; i++) {
    if (text[i] < '0' || text[i] > '7' || (sum >> 61) != 0)
      return FALSE;
    sum = sum << 3 | (guint64)(text[i] - '0');
  }
  *value = sum;
  return TRUE;
}

gboolean
nz_is_printable(gunichar c)
{
  GUnicodeType type = g_unichar_type(c);
  return type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT &&
         type != G_UNICODE_LINE_SEPARATOR && type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

char *
nz_printable(const char *name, gssize len)
{
  if (len < 0)
    len = (gssize)strlen(name);
  const char *p = name, *end = name + len;
  GString *out = g_string_sized_new((gsize)len + 1);
  while (p < end) {
    gunichar c = g_utf8_get_char_validated(p, end - p);
    if (c == 0 || c == (gunichar)-1 || c == (gunichar)-2) {
      g_string_append_printf(out, "\\x%02x", (guint8)*p);
      p++;
      continue;
    }
    const char *next = g_utf8_next_char(p);
    if (!nz_is_printable(c)) {
      for (; p < next; p++)
        g_string_append_printf(out, "\\x%02x", (guint8)*p);
    } else {
      g_string_append_len(out, p, next - p);
    }
    p = next;
  }
  return g_string_free(out, FALSE);
}

guint64
nz_hash_seed(void)
{
  static gsize once;
  static guint64 seed;
  if (g_once_init_enter(&once)) {
    if (getrandom(&seed, sizeof seed, 0) != (gssize)sizeof seed)
      seed = (guint64)g_get_monotonic_time() * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
    g_once_init_leave(&once, 1);
  }
  return seed;
}

guint64
nz_hash64(const void *data, gsize len)
{
  return XXH3_64bits_withSeed(data, len, nz_hash_seed());
}

guint64
nz_hash64_seeded(const void *data, gsize len, guint64 seed)
{
  return XXH3_64bits_withSeed(data, len, seed);
}

guint
nz_str_hash(gconstpointer key)
{
  return (guint)nz_hash64(key, strlen(key));
}

char *
nz_wrap(const char *text, guint indent, guint width)
{
  g_auto(GStrv) words = g_strsplit(text, " ", -1);
  GString *out = g_string_new(NULL);
  guint column = indent;
  for (guint i = 0; words[i]; i++) {
    guint n = (guint)g_utf8_strlen(words[i], -1);
    if (i > 0 && column + 1 + n > width) {
      g_string_append_printf(out, "\n%*s", (int)indent, "");
      column = indent;
    } else if (i > 0) {
      g_string_append_c(out, ' ');
      column++;
    }
    g_string_append(out, words[i]);
    column += n;
  }
  return g_string_free(out, FALSE);
}
