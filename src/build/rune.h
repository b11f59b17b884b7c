/* SPDX-License-Identifier: Apache-2.0 */
/* Characters as Go sees them, in bytes that may be no UTF-8. */
#pragma once

#include <glib.h>

/* What Go reads where there is no UTF-8. */
#define NZ_RUNE_ERROR "\xef\xbf\xbd"

/* Bytes of the character at P, of LEFT bytes; 1 for a byte that is no UTF-8, which is *BAD. */
static inline gsize
nz_rune_length(const char *p, gsize left, gboolean *bad)
{
  guchar byte = (guchar)*p;
  gunichar c = byte < 0x80 ? byte : g_utf8_get_char_validated(p, (gssize)left);
  *bad = c == (gunichar)-1 || c == (gunichar)-2;
  return *bad ? 1 : g_utf8_skip[byte];
}

/* unicode.IsSpace. */
static inline gboolean
nz_rune_is_space(gunichar c)
{
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 ||
         (c > 0xff && g_unichar_isspace(c));
}

/* How many of the LEN bytes of P are a space at its begin; 0: none. */
static inline gsize
nz_rune_space(const char *p, gsize len)
{
  gboolean bad;
  if (len == 0)
    return 0;
  if ((guchar)*p < 0x80)
    return nz_rune_is_space((guchar)*p) ? 1 : 0;
  gsize n = nz_rune_length(p, len, &bad);
  return !bad && nz_rune_is_space(g_utf8_get_char(p)) ? n : 0;
}
