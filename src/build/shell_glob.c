/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of case and of ${v#p}: "*", "?", "[...]", backslashes. */
#include <string.h>

#include "build/shell_private.h"
#include "core/limits.h"

/* What is tried costs at most the product of both lengths. */
static gboolean
may_match(ShBudget *budget, gsize pattern, gsize text)
{
  gsize cost = (pattern + 1) * (text + 1);
  if (cost > NZ_SHELL_MATCH_MAX - budget->n_matched)
    return FALSE;
  budget->n_matched += cost;
  return TRUE;
}

/* [...]: *NEXT is behind it. A "[" without "]" is a byte as any other: NULL. */
static const char *
match_set(const char *p, char c, gboolean *is_in)
{
  gboolean negated = p[1] == '!' || p[1] == '^', found = FALSE;
  const char *at = p + (negated ? 2 : 1);
  for (const char *first = at; *at && (*at != ']' || at == first); at++) {
    if (*at == '\\' && at[1])
      at++;
    char low = *at;
    if (at[1] == '-' && at[2] && at[2] != ']')
      at += 2;
    found |= (guchar)c >= (guchar)low && (guchar)c <= (guchar)*at;
  }
  if (*at != ']')
    return NULL;
  *is_in = found != negated;
  return at + 1;
}

/* One element of the pattern that is no "*": behind it when it matches C, else NULL. */
static const char *
match_one(const char *p, char c)
{
  gboolean is_in;
  if (*p == '?')
    return p + 1;
  if (*p == '[') {
    const char *next = match_set(p, c, &is_in);
    if (next)
      return is_in ? next : NULL;
  }
  if (*p == '\\' && p[1])
    p++;
  return *p == c ? p + 1 : NULL;
}

static gboolean
matches(const char *p, const char *text, gsize len)
{
  const char *star = NULL;
  gsize at = 0, again = 0;
  while (at < len) {
    const char *next = *p && *p != '*' ? match_one(p, text[at]) : NULL;
    if (*p == '*') {
      star = ++p;
      again = at;
    } else if (next) {
      p = next;
      at++;
    } else if (star) {
      p = star;
      at = ++again;
    } else
      return FALSE;
  }
  while (*p == '*')
    p++;
  return *p == '\0';
}

/* Patterns of bash alone, and classes, are not followed. */
static gboolean
is_followed(const char *pattern)
{
  return !strstr(pattern, "[:") && !strstr(pattern, "*(") && !strstr(pattern, "?(") &&
         !strstr(pattern, "+(") && !strstr(pattern, "@(") && !strstr(pattern, "!(");
}

ShMatch
nz_sh_match(ShBudget *budget, const char *pattern, const char *text, gsize len)
{
  if (!is_followed(pattern) || !may_match(budget, strlen(pattern), len))
    return SH_MATCH_UNKNOWN;
  return matches(pattern, text, len) ? SH_MATCH : SH_NO_MATCH;
}

char *
nz_sh_trim(ShBudget *budget, const char *text, const char *pattern, gboolean suffix,
           gboolean longest)
{
  gsize len = strlen(text);
  if (!is_followed(pattern) || !may_match(budget, strlen(pattern) * (len + 1), len))
    return NULL;
  for (gsize i = 0; i <= len; i++) {
    gsize n = longest ? len - i : i; /* bytes that go */
    if (matches(pattern, suffix ? text + len - n : text, n))
      return suffix ? nz_sh_strndup(budget->arena, text, len - n)
                    : nz_sh_strndup(budget->arena, text + n, len - n);
  }
  return nz_sh_strndup(budget->arena, text, len);
}

/* How many bytes at the begin of TEXT match, the most; -1: none do. */
static gssize
longest_match(const char *text, gsize len, const char *pattern)
{
  for (gsize n = len + 1; n > 0; n--)
    if (matches(pattern, text, n - 1))
      return (gssize)(n - 1);
  return -1;
}

char *
nz_sh_replace(ShBudget *budget, const char *text, const char *pattern, const char *with,
              gboolean all)
{
  gsize len = strlen(text);
  if (!is_followed(pattern) || !may_match(budget, strlen(pattern) * (len + 1), len * (len + 1)))
    return NULL;
  g_autoptr(GString) out = g_string_new(NULL);
  gboolean done = *pattern == '\0';
  for (gsize at = 0; at < len;) {
    gssize n = done ? -1 : longest_match(text + at, len - at, pattern);
    if (n > 0) {
      g_string_append(out, with);
      at += (gsize)n;
      done = !all;
    } else
      g_string_append_c(out, text[at++]);
  }
  budget->n_bytes += out->len;
  return nz_sh_strndup(budget->arena, out->str, out->len);
}
