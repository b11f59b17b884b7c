/* SPDX-License-Identifier: Apache-2.0 */
/* BuildKit makes a regular expression of a pattern: "*" is ".*" or ".*?", "?" is ".", and "." is
 * any character but the end of a line. A pattern is a row of pieces with stars between them. To
 * match it, each piece is looked for as early as it can stand, and, for the longest match, the last
 * one as late as it can: no other choice could make more of the text match. */
#include "build/pattern.h"

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

/* No characters: they are above all of Unicode. */
#define ANY  0x110000u
#define STAR 0x110001u

typedef struct {
  gunichar *pattern; /* characters, ANY, STAR */
  glong pattern_len;
  gunichar *value;
  glong value_len;
  guint64 *budget;
} Match;

static void
match_clear(Match *self)
{
  g_free(self->pattern);
  g_free(self->value);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Match, match_clear)

static void
reverse(gunichar *text, glong len)
{
  for (glong i = 0; i < len / 2; i++) {
    gunichar c = text[i];
    text[i] = text[len - 1 - i];
    text[len - 1 - i] = c;
  }
}

/* Backwards, but an escape stays before what it escapes. */
static void
reverse_pattern(gunichar *text, glong len)
{
  g_autofree gunichar *copy = g_memdup2(text, (gsize)len * sizeof *text);
  for (glong i = 0; i < len; i++) {
    gunichar *out = text + (len - 1 - i);
    if (copy[i] == '\\' && i + 1 < len) {
      out[-1] = '\\';
      out[0] = copy[++i];
    } else {
      *out = copy[i];
    }
  }
}

/* Stars and escapes of the pattern, in place. */
static gboolean
compile(Match *self, const char *shown, GError **error)
{
  gunichar *out = self->pattern;
  for (glong i = 0; i < self->pattern_len; i++) {
    gunichar c = self->pattern[i];
    if (c == '\\') {
      gunichar next = i + 1 < self->pattern_len ? self->pattern[i + 1] : 0;
      /* The escape was needed for "${...}", and is no part of the pattern. */
      if (next == '}' || next == '/')
        continue;
      if (next != '*' && next != '?' && next != '\\') {
        g_autofree char *text = nz_printable(shown, -1);
        return nz_set_input(error, "the pattern \"%s\" has a \"\\\" before what needs none", text);
      }
      c = next;
      i++;
    } else if (c == '*') {
      c = STAR;
    } else if (c == '?') {
      c = ANY;
    }
    *out++ = c;
  }
  self->pattern_len = out - self->pattern;
  return TRUE;
}

static gboolean
match_init(Match *self, const char *pattern, const char *value, gboolean backwards, GError **error)
{
  g_autofree char *valid = g_utf8_make_valid(value, -1);
  self->pattern = g_utf8_to_ucs4_fast(pattern, -1, &self->pattern_len);
  self->value = g_utf8_to_ucs4_fast(valid, -1, &self->value_len);
  if (backwards) {
    reverse_pattern(self->pattern, self->pattern_len);
    reverse(self->value, self->value_len);
  }
  return compile(self, pattern, error);
}

static gboolean
spend(const Match *self, guint64 steps)
{
  gboolean enough = *self->budget >= steps;
  *self->budget -= enough ? steps : *self->budget;
  return enough;
}

static gboolean
fits(gunichar want, gunichar have)
{
  return want == ANY ? have != '\n' : want == have;
}

/* Does PIECE, of LEN tokens without a star, match at AT? */
static gboolean
piece_at(const Match *self, const gunichar *piece, glong len, glong at)
{
  if (len > self->value_len - at)
    return FALSE;
  glong i = 0;
  while (i < len && fits(piece[i], self->value[at + i]))
    i++;
  spend(self, (guint64)i + 1);
  return i == len;
}

/* Where a star that begins at AT must end. */
static glong
line_end(const Match *self, glong at)
{
  while (at < self->value_len && self->value[at] != '\n')
    at++;
  return at;
}

/* Where PIECE matches first (last, if LATE) in AT to the end of its line; -1: nowhere. */
static glong
find_piece(const Match *self, const gunichar *piece, glong len, glong at, gboolean late)
{
  glong stop = line_end(self, at), found = -1;
  spend(self, (guint64)(stop - at));
  for (glong i = at; i <= stop && *self->budget > 0; i++) {
    glong place = late ? stop - (i - at) : i;
    if (piece_at(self, piece, len, place)) {
      found = place;
      break;
    }
  }
  return found;
}

/* No match begins here, or none does in the rest of the line. */
#define NOT_HERE    (-1)
#define NOT_IN_LINE (-2)

/* The end of the match that begins at AT. */
static glong
match_at(const Match *self, glong at, gboolean greedy)
{
  const gunichar *p = self->pattern, *end = p + self->pattern_len;
  gboolean star = FALSE;
  for (;;) {
    const gunichar *piece = p;
    while (p < end && *p != STAR)
      p++;
    if (star && piece == end)
      return greedy ? line_end(self, at) : at;
    if (star)
      at = find_piece(self, piece, p - piece, at, greedy && p == end);
    else if (!piece_at(self, piece, p - piece, at))
      return NOT_HERE;
    if (at < 0)
      return NOT_IN_LINE;
    at += p - piece;
    if (p == end)
      return at;
    star = TRUE;
    p++;
  }
}

static gboolean
spent(const Match *self, GError **error)
{
  if (*self->budget > 0)
    return FALSE;
  g_set_error_literal(error, NZ_ERROR, NZ_ERROR_LIMIT,
                      "its patterns need more than the work that variables may make");
  return TRUE;
}

char *
nz_pattern_trim(const char *pattern, const char *value, gboolean start, gboolean greedy,
                guint64 *budget, GError **error)
{
  g_auto(Match) match = {.budget = budget};
  if (!match_init(&match, pattern, value, !start, error))
    return NULL;
  glong end = match_at(&match, 0, greedy);
  if (spent(&match, error))
    return NULL;
  if (end < 0)
    return g_strdup(value);
  gunichar *rest = match.value + end;
  glong len = match.value_len - end;
  if (!start)
    reverse(rest, len);
  return g_ucs4_to_utf8(rest, len, NULL, NULL, NULL);
}

static void
append_characters(GString *out, const gunichar *text, glong len)
{
  for (glong i = 0; i < len; i++)
    g_string_append_unichar(out, text[i]);
}

static gboolean
is_name_character(gunichar c)
{
  return c == '_' || g_unichar_isalpha(c) || g_unichar_isdigit(c);
}

/* "$name" or "${name}" at P: the name and what follows; NULL: it is but a "$". */
static const char *
template_name(const char *p, const char **name, gsize *len)
{
  gboolean brace = p[1] == '{';
  const char *begin = p + (brace ? 2 : 1), *end = begin;
  while (*end && is_name_character(g_utf8_get_char(end)))
    end = g_utf8_next_char(end);
  if (end == begin || (brace && *end != '}'))
    return NULL;
  *name = begin;
  *len = (gsize)(end - begin);
  return end + brace;
}

/* What Go's regexp.Expand makes of TEXT, where the only group is that of the whole match. */
static void
append_template(GString *out, const char *text, const gunichar *match, glong match_len)
{
  while (*text) {
    const char *name, *after;
    gsize len;
    if (*text != '$') {
      g_string_append_c(out, *text++);
    } else if (text[1] == '$') {
      g_string_append_c(out, '$');
      text += 2;
    } else if ((after = template_name(text, &name, &len))) {
      if (len == 1 && *name == '0')
        append_characters(out, match, match_len);
      text = after;
    } else {
      g_string_append_c(out, *text++);
    }
  }
}

/* The leftmost match from AT on; FALSE: there is none. */
static gboolean
find_match(const Match *self, glong at, glong *begin, glong *end)
{
  for (; at <= self->value_len && *self->budget > 0; at++) {
    *begin = at;
    *end = match_at(self, at, TRUE);
    if (*end >= 0)
      return TRUE;
    if (*end == NOT_IN_LINE)
      at = line_end(self, at);
  }
  return FALSE;
}

static gboolean
too_long(const GString *out, GError **error)
{
  if (out->len <= NZ_SOURCE_MAX)
    return FALSE;
  g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
              "its variables make it longer than the limit of %" G_GSIZE_FORMAT " bytes",
              NZ_SOURCE_MAX);
  return TRUE;
}

/* As Go's ReplaceAllString: no match of nothing right after another match counts. */
static gboolean
replace_all(const Match *self, const char *text, GString *out, GError **error)
{
  glong done = 0, begin, end;
  for (glong at = 0; find_match(self, at, &begin, &end);) {
    append_characters(out, self->value + done, begin - done);
    if (end > done || begin == 0)
      append_template(out, text, self->value + begin, end - begin);
    if (too_long(out, error) || !spend(self, (guint64)(end - done) + 1))
      return FALSE;
    done = end;
    at = MAX(end, at + 1);
  }
  append_characters(out, self->value + done, self->value_len - done);
  return TRUE;
}

char *
nz_pattern_replace(const char *pattern, const char *value, const char *text, gboolean all,
                   guint64 *budget, GError **error)
{
  g_auto(Match) match = {.budget = budget};
  if (!match_init(&match, pattern, value, FALSE, error))
    return NULL;
  g_autoptr(GString) out = g_string_sized_new(64);
  glong begin, end;
  if (all) {
    if (!replace_all(&match, text, out, error)) {
      if (error && !*error)
        spent(&match, error);
      return NULL;
    }
  } else if (find_match(&match, 0, &begin, &end)) {
    append_characters(out, match.value, begin);
    g_string_append(out, text);
    append_characters(out, match.value + end, match.value_len - end);
  } else {
    g_string_append(out, value);
  }
  if (spent(&match, error) || too_long(out, error))
    return NULL;
  return g_string_free(g_steal_pointer(&out), FALSE);
}
