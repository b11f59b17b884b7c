/* SPDX-License-Identifier: Apache-2.0 */
/* sudoers(5), what of it matters here:
 *
 *   line     := "Defaults" scope? settings | "User_Alias" NAME "=" users | users hosts "=" commands
 *   users    := user ("," user)*
 *   user     := "!"* ( NAME | "#" UID | "%" GROUP | "%#" GID | "ALL" | ALIAS )
 *   commands := ( "(" runas ")" )? (TAG ":")* COMMAND ("," ...)*
 *
 * A backslash at the end of a line joins the next one; "#" begins a comment unless digits follow.
 */
#include "core/sudoers.h"

#include <string.h>

#include "core/limits.h"

typedef struct {
  GHashTable *aliases; /* name -> members, as written */
  gboolean no_authentication;
  NzSudoersFunc func;
  gpointer user_data;
  guint n_reported;
} Sudoers;

/* Takes the next logical line from *P; its number is that of its first part. */
static gboolean
next_line(const char **p, const char *end, GString *line, guint *number, guint *next)
{
  g_string_truncate(line, 0);
  *number = *next;
  if (*p >= end)
    return FALSE;
  for (;;) {
    const char *newline = memchr(*p, '\n', (gsize)(end - *p));
    const char *stop = newline ? newline : end;
    g_string_append_len(line, *p, (gssize)(stop - *p));
    *p = newline ? newline + 1 : end;
    (*next)++;
    if (line->len == 0 || line->str[line->len - 1] != '\\' || *p >= end)
      return TRUE;
    g_string_truncate(line, line->len - 1);
  }
}

/* Cuts a comment off: "#" at a word's beginning, unless it is a uid. */
static void
strip_comment(GString *line)
{
  for (gsize i = 0; i < line->len; i++) {
    if (line->str[i] != '#' || g_ascii_isdigit(line->str[i + 1]))
      continue;
    if (i > 0 && (line->str[i - 1] == '%' || line->str[i - 1] == '\\'))
      continue;
    g_string_truncate(line, i);
    return;
  }
}

static void
report(Sudoers *self, const char *who, guint line)
{
  if (self->n_reported >= NZ_SUDOERS_MAX)
    return;
  self->n_reported++;
  self->func(who, line, self->user_data);
}

/* Each member of USERS; of an alias, its members. */
static void
report_users(Sudoers *self, const char *users, gboolean aliases, guint line)
{
  g_auto(GStrv) list = g_strsplit(users, ",", NZ_SUDOERS_MAX);
  for (guint i = 0; list[i]; i++) {
    const char *user = g_strstrip(list[i]);
    if (*user == '\0' || *user == '!') /* an exclusion lets nobody in */
      continue;
    const char *members = aliases ? g_hash_table_lookup(self->aliases, user) : NULL;
    if (members)
      report_users(self, members, FALSE, line);
    else
      report(self, user, line);
  }
}

/* "users hosts = commands" -> the users: what stands before the last word in front of "=". */
static char *
users_of(const char *line, const char *equals)
{
  const char *end = equals;
  while (end > line && g_ascii_isspace(end[-1]))
    end--;
  while (end > line && !g_ascii_isspace(end[-1])) /* the hosts */
    end--;
  while (end > line && (g_ascii_isspace(end[-1]) || end[-1] == ','))
    end--;
  return g_strndup(line, (gsize)(end - line));
}

static void
read_rule(Sudoers *self, const char *line, guint number)
{
  const char *equals = strchr(line, '=');
  if (!equals || (!strstr(equals, "NOPASSWD") && !self->no_authentication))
    return;
  g_autofree char *users = users_of(line, equals);
  report_users(self, users, TRUE, number);
}

static void
read_alias(Sudoers *self, const char *definition)
{
  /* Several definitions stand on one line, between colons. */
  g_auto(GStrv) parts = g_strsplit(definition, ":", NZ_SUDOERS_MAX);
  for (guint i = 0; parts[i]; i++) {
    char *equals = strchr(parts[i], '=');
    if (!equals)
      continue;
    *equals = '\0';
    g_hash_table_replace(self->aliases, g_strdup(g_strstrip(parts[i])), g_strdup(equals + 1));
  }
}

static void
read_line(Sudoers *self, char *line, gboolean rules, guint number)
{
  line = g_strstrip(line);
  gboolean is_defaults = g_str_has_prefix(line, "Defaults");
  if (rules) {
    if (*line && *line != '@' && !is_defaults && !strstr(line, "_Alias"))
      read_rule(self, line, number);
  } else if (is_defaults && (line[8] == ' ' || line[8] == '\t')) {
    self->no_authentication |= strstr(line, "!authenticate") != NULL;
  } else if (g_str_has_prefix(line, "User_Alias")) {
    read_alias(self, line + strlen("User_Alias"));
  }
}

void
nz_sudoers_foreach_nopasswd(const char *text, gsize len, NzSudoersFunc func, gpointer user_data)
{
  Sudoers self = {.func = func, .user_data = user_data};
  self.aliases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr(GString) line = g_string_new(NULL);
  /* Aliases and defaults may come after what they apply to. */
  for (guint rules = 0; rules < 2; rules++) {
    const char *p = text;
    guint number = 1, next = 1;
    while (next_line(&p, text + len, line, &number, &next)) {
      strip_comment(line);
      read_line(&self, line->str, rules != 0, number);
    }
  }
  g_hash_table_unref(self.aliases);
}
