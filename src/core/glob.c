/* SPDX-License-Identifier: Apache-2.0 */
/* The pattern is a list of tokens, and a state is how many of them are done. All states that the
 * text so far may have led to are carried along together, so that nothing is ever tried twice: the
 * time is bounded by the product of both lengths, whatever the pattern. */
#include "core/glob.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"

typedef enum { LITERAL, ANY, SET, STAR, GLOBSTAR, FOLDERS } Kind;

typedef struct {
  gunichar from, to;
} Range;

typedef struct {
  Kind kind;
  gunichar c;            /* of a LITERAL */
  gboolean negated;      /* of a SET */
  guint range, n_ranges; /* of a SET */
} Token;

struct NzGlob {
  GArray *tokens; /* Token */
  GArray *ranges; /* Range: of all sets */
  guint n_plain;  /* literals at the start */
  char *suffix;   /* literals at the end */
};

/* A byte that is not UTF-8: larger than any character. */
#define RAW_BYTE 0x80000000u

static gunichar
next_char(const char **text)
{
  gunichar c = g_utf8_get_char_validated(*text, -1);
  if (c == (gunichar)-1 || c == (gunichar)-2) {
    c = RAW_BYTE | (guint8) * *text;
    (*text)++;
  } else {
    *text = g_utf8_next_char(*text);
  }
  return c;
}

/* --- reading a pattern --- */

static gboolean
read_set_member(const char **p, gunichar *c, GError **error)
{
  *c = next_char(p);
  if (*c == '\\')
    *c = **p ? next_char(p) : 0;
  if (*c == 0)
    return nz_set_input(error, "[ is not closed by ]");
  if (*c == '/')
    return nz_set_input(error, "a set in [ ] cannot hold /");
  return TRUE;
}

/* What is behind '[', up to and with ']'. A ']' that comes first is one of the set. */
static gboolean
read_set(NzGlob *self, const char **p, Token *token, GError **error)
{
  token->kind = SET;
  token->range = self->ranges->len;
  token->negated = **p == '!' || **p == '^';
  if (token->negated)
    (*p)++;
  do {
    Range range;
    if (!read_set_member(p, &range.from, error))
      return FALSE;
    range.to = range.from;
    if ((*p)[0] == '-' && (*p)[1] != ']' && (*p)[1] != '\0') {
      (*p)++;
      if (!read_set_member(p, &range.to, error))
        return FALSE;
      if (range.to < range.from)
        return nz_set_input(error, "a range in [ ] runs backwards");
    }
    g_array_append_val(self->ranges, range);
  } while (**p != ']');
  (*p)++;
  token->n_ranges = self->ranges->len - token->range;
  return TRUE;
}

static Kind
read_stars(const char **p, gboolean at_start)
{
  if (**p != '*')
    return STAR;
  while (**p == '*')
    (*p)++;
  if (!at_start || **p != '/')
    return GLOBSTAR;
  (*p)++;
  return FOLDERS;
}

static gboolean
read_token(NzGlob *self, const char *pattern, const char **p, GError **error)
{
  gboolean at_start = *p == pattern || (*p)[-1] == '/';
  Token token = {.kind = LITERAL, .c = next_char(p)};
  switch (token.c) {
  case '*':
    token.kind = read_stars(p, at_start);
    break;
  case '?':
    token.kind = ANY;
    break;
  case '[':
    if (!read_set(self, p, &token, error))
      return FALSE;
    break;
  case '\\':
    if (!**p)
      return nz_set_input(error, "it ends in \\, which must stand before a character");
    token.c = next_char(p);
    break;
  default:
    break;
  }
  g_array_append_val(self->tokens, token);
  return TRUE;
}

static char *
plain_end(const NzGlob *self)
{
  guint i = self->tokens->len;
  while (i > 0 && g_array_index(self->tokens, Token, i - 1).kind == LITERAL)
    i--;
  GString *end = g_string_new(NULL);
  for (; i < self->tokens->len; i++)
    g_string_append_unichar(end, g_array_index(self->tokens, Token, i).c);
  return g_string_free(end, FALSE);
}

NzGlob *
nz_glob_new(const char *pattern, GError **error)
{
  if (!*pattern) {
    nz_set_input_error(error, "it is empty");
    return NULL;
  }
  if (strlen(pattern) > NZ_GLOB_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "it is longer than %u bytes", NZ_GLOB_MAX);
    return NULL;
  }
  g_autoptr(NzGlob) self = g_new0(NzGlob, 1);
  self->tokens = g_array_new(FALSE, FALSE, sizeof(Token));
  self->ranges = g_array_new(FALSE, FALSE, sizeof(Range));
  for (const char *p = pattern; *p;)
    if (!read_token(self, pattern, &p, error))
      return NULL;
  while (self->n_plain < self->tokens->len &&
         g_array_index(self->tokens, Token, self->n_plain).kind == LITERAL)
    self->n_plain++;
  self->suffix = plain_end(self);
  return g_steal_pointer(&self);
}

void
nz_glob_free(NzGlob *self)
{
  if (!self)
    return;
  g_array_unref(self->tokens);
  g_array_unref(self->ranges);
  g_free(self->suffix);
  g_free(self);
}

gboolean
nz_glob_narrows(const NzGlob *self)
{
  for (guint i = 0; i < self->tokens->len; i++) {
    const Token *t = &g_array_index(self->tokens, Token, i);
    if (t->kind == LITERAL && g_unichar_isalnum(t->c))
      return TRUE;
  }
  return FALSE;
}

/* --- matching --- */

static gboolean
in_set(const NzGlob *self, const Token *t, gunichar c)
{
  gboolean found = FALSE;
  for (guint i = 0; i < t->n_ranges && !found; i++) {
    const Range *r = &g_array_index(self->ranges, Range, t->range + i);
    found = r->from <= c && c <= r->to;
  }
  return found != t->negated;
}

/* Reaches state I, and those behind tokens that match nothing. FOLDERS may match nothing only where
 * a folder begins, which is where it is reached. */
static void
reach(const NzGlob *self, guint8 *states, guint i)
{
  states[i] = TRUE;
  while (i < self->tokens->len && g_array_index(self->tokens, Token, i).kind >= STAR)
    states[++i] = TRUE;
}

/* Takes C from state I into NEXT. */
static void
step(const NzGlob *self, guint i, gunichar c, guint8 *next)
{
  const Token *t = &g_array_index(self->tokens, Token, i);
  switch (t->kind) {
  case LITERAL:
    if (t->c == c)
      reach(self, next, i + 1);
    break;
  case ANY:
    if (c != '/')
      reach(self, next, i + 1);
    break;
  case SET:
    if (c != '/' && in_set(self, t, c))
      reach(self, next, i + 1);
    break;
  case STAR:
    if (c != '/')
      reach(self, next, i);
    break;
  case GLOBSTAR:
    reach(self, next, i);
    break;
  case FOLDERS:
    if (c == '/')
      reach(self, next, i);
    else
      next[i] = TRUE;
    break;
  }
}

/* The literals at both ends settle most questions. The text behind those at the start, or NULL. */
static const char *
skip_plain(const NzGlob *self, const char *text)
{
  if (!g_str_has_suffix(text, self->suffix))
    return NULL;
  for (guint i = 0; i < self->n_plain; i++)
    if (!*text || next_char(&text) != g_array_index(self->tokens, Token, i).c)
      return NULL;
  return text;
}

static gboolean
spend(guint64 *budget, guint64 steps)
{
  gboolean enough = *budget > steps;
  *budget = enough ? *budget - steps : 0;
  return enough;
}

gboolean
nz_glob_match(const NzGlob *self, const char *text, guint64 *budget)
{
  guint n = self->tokens->len;
  if (!spend(budget, 1) || !(text = skip_plain(self, text)))
    return FALSE;
  guint8 sets[2][NZ_GLOB_MAX + 1];
  guint8 *now = sets[0], *next = sets[1];
  memset(now, 0, n + 1);
  reach(self, now, self->n_plain);
  gboolean alive = TRUE;
  while (*text && alive) {
    if (!spend(budget, n + 1))
      return FALSE;
    gunichar c = next_char(&text);
    memset(next, 0, n + 1);
    for (guint i = self->n_plain; i < n; i++)
      if (now[i])
        step(self, i, c, next);
    alive = memchr(next, TRUE, n + 1) != NULL;
    guint8 *swap = now;
    now = next;
    next = swap;
  }
  return alive && now[n];
}
