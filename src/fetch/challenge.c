/* SPDX-License-Identifier: Apache-2.0 */
/* WWW-Authenticate (RFC 9110, 11.6.1), several of which may be in one line:
 *   challenges  challenge ("," challenge)*
 *   challenge   scheme [parameter ("," parameter)*]
 *   parameter   token "=" (token | quoted string) */
#include <string.h>

#include "core/text.h"
#include "fetch/auth.h"

void
nz_challenge_clear(NzChallenge *self)
{
  g_free(self->realm);
  g_free(self->service);
  g_free(self->scope);
  *self = (NzChallenge){0};
}

typedef struct {
  const char *at;
} Scanner;

static void
skip_blanks(Scanner *self, const char *blanks)
{
  self->at += strspn(self->at, blanks);
}

/* NULL: there is none. */
static char *
next_token(Scanner *self)
{
  gsize n = 0;
  while (g_ascii_isgraph(self->at[n]) && !strchr("\",=;", self->at[n]))
    n++;
  char *token = n > 0 ? g_strndup(self->at, n) : NULL;
  self->at += n;
  return token;
}

/* A quoted string, or a bare word. NULL: it has no end, or is none. */
static char *
next_value(Scanner *self)
{
  if (*self->at != '"') {
    gsize n = strcspn(self->at, ", \t");
    char *value = g_strndup(self->at, n);
    self->at += n;
    return value;
  }
  g_autoptr(GString) value = g_string_new(NULL);
  for (self->at++; *self->at && *self->at != '"'; self->at++) {
    if (*self->at == '\\' && self->at[1])
      self->at++;
    g_string_append_c(value, *self->at);
  }
  if (*self->at != '"')
    return NULL;
  self->at++;
  return g_string_free(g_steal_pointer(&value), FALSE);
}

static void
set_parameter(NzChallenge *self, const char *name, char *value)
{
  char **place = g_ascii_strcasecmp(name, "realm") == 0     ? &self->realm
                 : g_ascii_strcasecmp(name, "service") == 0 ? &self->service
                 : g_ascii_strcasecmp(name, "scope") == 0   ? &self->scope
                                                            : NULL;
  if (!place) {
    g_free(value);
    return;
  }
  g_free(*place);
  *place = value;
}

/* Whether CHALLENGE of SCHEME is better than OUT; then it takes its place. */
static gboolean
choose(NzChallenge *challenge, const char *scheme, NzChallenge *out, gboolean found)
{
  gboolean bearer = g_ascii_strcasecmp(scheme, "Bearer") == 0 && challenge->realm;
  gboolean basic = g_ascii_strcasecmp(scheme, "Basic") == 0;
  if ((!bearer && !basic) || (found && (out->bearer || !bearer)))
    return found;
  nz_challenge_clear(out);
  *out = *challenge;
  out->bearer = bearer;
  *challenge = (NzChallenge){0};
  return TRUE;
}

gboolean
nz_challenge_parse(const char *header, NzChallenge *out)
{
  Scanner s = {header};
  g_auto(NzChallenge) current = {0};
  g_autofree char *scheme = NULL;
  gboolean found = FALSE;
  for (;;) {
    skip_blanks(&s, " \t,");
    g_autofree char *word = next_token(&s);
    if (!word)
      break;
    const char *after = s.at;
    skip_blanks(&s, " \t");
    if (*s.at == '=' && scheme) {
      s.at++;
      skip_blanks(&s, " \t");
      char *value = next_value(&s);
      if (!value)
        break;
      set_parameter(&current, word, value);
      continue;
    }
    s.at = after;
    if (scheme)
      found = choose(&current, scheme, out, found);
    nz_challenge_clear(&current);
    g_free(scheme);
    scheme = g_steal_pointer(&word);
  }
  return scheme ? choose(&current, scheme, out, found) : found;
}
