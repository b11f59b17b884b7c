/* SPDX-License-Identifier: Apache-2.0 */
/* sudoers(5), what of it matters here:
 *
 *   line     := "Defaults" scope? setting ("," setting)*
 *             | "User_Alias" NAME "=" users (":" NAME "=" users)*
 *             | "@include" PATH | "@includedir" PATH
 *             | users hosts "=" commands (":" hosts "=" commands)*
 *   scope    := "@" hosts | ":" users | "!" commands | ">" users
 *   setting  := "!"* NAME ("=" VALUE)?
 *   users    := user ("," user)*
 *   user     := "!"* ( NAME | "#" UID | "%" GROUP | "%#" GID | "ALL" | ALIAS )
 *   commands := command ("," command)*
 *   command  := ("(" runas ")")? (OPTION "=" VALUE)* (TAG ":")* COMMAND
 *
 * Tags hold for the commands after them too. A backslash at the end of a line joins the next one,
 * but not behind a comment; "#" begins a comment unless digits follow. Quotes and backslashes take
 * their meaning from what stands in or behind them.
 *
 * Hosts are not asked: what a container is called is nobody's business.
 */
#include "core/sudoers.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"

#define BLANKS " \t\r"

enum { AUTHENTICATION_OFF = 1, AUTHENTICATION_ON };

struct NzSudoers {
  GHashTable *aliases; /* name -> members, as written */
  GPtrArray *includes;
  gboolean off;          /* Defaults !authenticate */
  gboolean expanded;     /* see expand_users() */
  gboolean off_for_some; /* the same for a command, or to become somebody */
  GHashTable *by_user;   /* name -> AUTHENTICATION_*: Defaults:name */
  GPtrArray *users;      /* the keys of that, in order; borrowed */
};

/* --- lines --- */

/* TRUE when LINE begins with KEYWORD and then one of ENDS. */
static gboolean
begins_with(const char *line, const char *keyword, const char *ends)
{
  gsize n = strlen(keyword);
  return strncmp(line, keyword, n) == 0 && line[n] && strchr(ends, line[n]);
}

static gboolean
is_include(const char *line)
{
  return (*line == '#' || *line == '@') &&
         (begins_with(line + 1, "include", BLANKS) || begins_with(line + 1, "includedir", BLANKS));
}

/* Cuts off the comment that begins behind FROM; FALSE: there is none. */
static gboolean
cut_comment(GString *line, gsize from, gboolean *quoted)
{
  for (gsize i = from; i < line->len; i++) {
    char c = line->str[i];
    if (c == '\\')
      i++;
    else if (c == '"')
      *quoted = !*quoted;
    if (c != '#' || *quoted || g_ascii_isdigit(line->str[i + 1]) ||
        (i > 0 && line->str[i - 1] == '%'))
      continue;
    if (strspn(line->str, BLANKS) == i && is_include(line->str + i))
      continue;
    g_string_truncate(line, i);
    return TRUE;
  }
  return FALSE;
}

/* Takes the backslash off the end of LINE that joins the next one. */
static gboolean
cut_backslash(GString *line)
{
  gsize end = line->len;
  while (end > 0 && strchr(BLANKS, line->str[end - 1]))
    end--;
  if (end == 0 || line->str[end - 1] != '\\')
    return FALSE;
  g_string_truncate(line, end - 1);
  return TRUE;
}

/* Takes the next logical line from *P; its number is that of its first part. */
static gboolean
next_line(const char **p, const char *end, GString *line, guint *number, guint *next)
{
  g_string_truncate(line, 0);
  *number = *next;
  if (*p >= end)
    return FALSE;
  gboolean quoted = FALSE;
  for (;;) {
    const char *newline = memchr(*p, '\n', (gsize)(end - *p));
    const char *stop = newline ? newline : end;
    gsize from = line->len;
    g_string_append_len(line, *p, (gssize)(stop - *p));
    *p = newline ? newline + 1 : end;
    (*next)++;
    if (cut_comment(line, from, &quoted) || !cut_backslash(line) || *p >= end)
      return TRUE;
  }
}

/* --- words and lists --- */

/* Takes the word at *P, which ends at a blank or at one of STOP; its quotes and backslashes are
 * taken off. */
static char *
take_word(const char **p, const char *stop)
{
  GString *word = g_string_new(NULL);
  gboolean quoted = FALSE;
  for (; **p; (*p)++) {
    if (**p == '"') {
      quoted = !quoted;
      continue;
    }
    if (!quoted && (strchr(BLANKS, **p) || strchr(stop, **p)))
      break;
    if (**p == '\\' && (*p)[1])
      (*p)++;
    g_string_append_c(word, **p);
  }
  return g_string_free(word, FALSE);
}

typedef struct {
  const char *p; /* after the last member: what follows the list */
  gboolean ended;
} List;

/* The next member that is not excluded; NULL: there is none. */
static char *
next_member(List *list)
{
  while (!list->ended) {
    gboolean excluded = FALSE;
    list->p += strspn(list->p, BLANKS);
    for (; *list->p == '!'; list->p += 1 + strspn(list->p + 1, BLANKS))
      excluded = !excluded;
    g_autofree char *word = take_word(&list->p, ",=");
    const char *after = list->p + strspn(list->p, BLANKS);
    list->ended = *after != ',';
    if (!list->ended)
      list->p = after + 1;
    if (*word && !excluded)
      return g_steal_pointer(&word);
  }
  return NULL;
}

/* --- what holds for all lines --- */

static void
set_user(NzSudoers *self, char *name, int authentication)
{
  gboolean known = g_hash_table_contains(self->by_user, name);
  if (!known && self->users->len >= NZ_SUDOERS_MAX) {
    g_free(name);
    return;
  }
  if (!known)
    g_ptr_array_add(self->users, name);
  g_hash_table_insert(self->by_user, name, GINT_TO_POINTER(authentication));
}

static void
set_users(NzSudoers *self, List names, int authentication)
{
  for (char *name; (name = next_member(&names));)
    set_user(self, name, authentication);
}

static void
set_authentication(NzSudoers *self, char scope, List names, gboolean off)
{
  if (scope == ':') {
    set_users(self, names, off ? AUTHENTICATION_OFF : AUTHENTICATION_ON);
  } else if (scope == '!' || scope == '>') {
    self->off_for_some |= off;
  } else {
    self->off = off;
    g_hash_table_remove_all(self->by_user);
    g_ptr_array_set_size(self->users, 0);
  }
}

/* What is said for an alias of users is said for its members. */
static void
expand_users(NzSudoers *self)
{
  for (guint i = 0; i < self->users->len && !self->expanded; i++) {
    gconstpointer name = self->users->pdata[i];
    const char *members = g_hash_table_lookup(self->aliases, name);
    int authentication = GPOINTER_TO_INT(g_hash_table_lookup(self->by_user, name));
    if (members)
      set_users(self, (List){.p = members}, authentication);
  }
  self->expanded = TRUE;
}

/* P is behind "Defaults". */
static void
read_defaults(NzSudoers *self, const char *p)
{
  char scope = *p;
  if (!strchr("@:!>", scope))
    scope = ' ';
  List names = {.p = scope == ' ' ? p : p + 1}, list = names;
  for (char *name; scope != ' ' && (name = next_member(&list));)
    g_free(name);
  for (p = list.p; *p; p += *p == ',') {
    gboolean off = FALSE;
    for (; *p == '!' || strchr(BLANKS, *p); p++) {
      if (*p == '\0')
        return;
      off ^= *p == '!';
    }
    g_autofree char *name = take_word(&p, ",=+-");
    p += strspn(p, BLANKS);
    if (strcmp(name, "authenticate") == 0)
      set_authentication(self, scope, names, off);
    for (gboolean quoted = FALSE; *p && (quoted || *p != ','); p++) {
      if (*p == '\\' && p[1])
        p++;
      else if (*p == '"')
        quoted = !quoted;
    }
  }
}

static void
read_aliases(NzSudoers *self, const char *definition)
{
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
read_include(NzSudoers *self, const char *p)
{
  p += strcspn(p, BLANKS);
  p += strspn(p, BLANKS);
  char *path = take_word(&p, "");
  if (*path && self->includes->len < NZ_SUDOERS_MAX)
    g_ptr_array_add(self->includes, path);
  else
    g_free(path);
}

#define DEFAULTS      "Defaults"
#define DEFAULTS_ENDS " \t@:!>"

static gboolean
is_alias(const char *line)
{
  static const char *const kinds[] = {"User_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias",
                                      "Runas_Alias"};
  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (begins_with(line, kinds[i], BLANKS))
      return TRUE;
  return FALSE;
}

void
nz_sudoers_learn(NzSudoers *self, const char *text, gsize len)
{
  g_autoptr(GString) line = g_string_new(NULL);
  const char *p = text;
  guint number, next = 1;
  self->expanded = FALSE;
  while (next_line(&p, text + len, line, &number, &next)) {
    const char *at = line->str + strspn(line->str, BLANKS);
    if (is_include(at))
      read_include(self, at);
    else if (begins_with(at, DEFAULTS, DEFAULTS_ENDS))
      read_defaults(self, at + strlen(DEFAULTS));
    else if (begins_with(at, "User_Alias", BLANKS))
      read_aliases(self, at + strlen("User_Alias"));
  }
}

const GPtrArray *
nz_sudoers_includes(const NzSudoers *self)
{
  return self->includes;
}

NzSudoers *
nz_sudoers_new(void)
{
  NzSudoers *self = g_new0(NzSudoers, 1);
  self->aliases = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, g_free);
  self->includes = g_ptr_array_new_with_free_func(g_free);
  self->by_user = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  self->users = g_ptr_array_new();
  return self;
}

void
nz_sudoers_free(NzSudoers *self)
{
  if (!self)
    return;
  g_hash_table_unref(self->aliases);
  g_ptr_array_unref(self->includes);
  g_hash_table_unref(self->by_user);
  g_ptr_array_unref(self->users);
  g_free(self);
}

/* --- rules --- */

/* What asks for a password; the larger wins for a rule of several commands. */
typedef enum { ASKS, ASKS_BY_DEFAULT, LETS_IN } Password;

static const struct {
  const char *name;
  Password password;
  gboolean decides;
} tags[] = {
    {"NOPASSWD", LETS_IN, TRUE},   {"PASSWD", ASKS, TRUE},       {"EXEC", ASKS, FALSE},
    {"NOEXEC", ASKS, FALSE},       {"SETENV", ASKS, FALSE},      {"NOSETENV", ASKS, FALSE},
    {"FOLLOW", ASKS, FALSE},       {"NOFOLLOW", ASKS, FALSE},    {"MAIL", ASKS, FALSE},
    {"NOMAIL", ASKS, FALSE},       {"INTERCEPT", ASKS, FALSE},   {"NOINTERCEPT", ASKS, FALSE},
    {"LOG_INPUT", ASKS, FALSE},    {"NOLOG_INPUT", ASKS, FALSE}, {"LOG_OUTPUT", ASKS, FALSE},
    {"NOLOG_OUTPUT", ASKS, FALSE},
};

/* Passes over a tag or an option at *P; FALSE: there is none. */
static gboolean
take_tag(const char **p, Password *password)
{
  gsize n = strspn(*p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
  const char *after = *p + n + strspn(*p + n, BLANKS);
  if (n > 0 && (*p)[n] == '=') { /* CWD=/x and its like */
    *p += n;
    g_free(take_word(p, ",:"));
    return TRUE;
  }
  for (guint i = 0; *after == ':' && i < G_N_ELEMENTS(tags); i++) {
    if (strlen(tags[i].name) != n || memcmp(tags[i].name, *p, n) != 0)
      continue;
    if (tags[i].decides)
      *password = tags[i].password;
    *p = after + 1;
    return TRUE;
  }
  return FALSE;
}

/* Passes over one command, to what ends it: "," or ":" or nothing. */
static const char *
skip_command(const char *p, Password *password)
{
  p += strspn(p, BLANKS);
  if (*p == '(') {
    p += strcspn(p, ")");
    p += *p == ')';
  }
  do
    p += strspn(p, BLANKS);
  while (take_tag(&p, password));
  for (gboolean quoted = FALSE; *p && (quoted || (*p != ',' && *p != ':')); p++) {
    if (*p == '\\' && p[1])
      p++;
    else if (*p == '"')
      quoted = !quoted;
  }
  return p;
}

/* P is behind the users. */
static Password
read_commands(const char *p)
{
  Password all = ASKS;
  while ((p = strchr(p, '='))) {
    Password password = ASKS_BY_DEFAULT;
    do {
      p = skip_command(p + 1, &password);
      all = MAX(all, password);
    } while (*p == ',');
  }
  return all;
}

typedef struct {
  const NzSudoers *sudoers;
  NzSudoersFunc func;
  gpointer user_data;
  guint n_reported, n_seen;
} Reader;

static void
report(Reader *self, const char *who, guint line)
{
  if (self->n_reported >= NZ_SUDOERS_MAX)
    return;
  self->n_reported++;
  self->func(who, line, self->user_data);
}

/* Reports WHO if the Defaults let him in; of all or of a group, those whom they let in. */
static void
report_by_default(Reader *self, const char *who, guint line)
{
  const NzSudoers *sudoers = self->sudoers;
  int own = GPOINTER_TO_INT(g_hash_table_lookup(sudoers->by_user, who));
  int all = GPOINTER_TO_INT(g_hash_table_lookup(sudoers->by_user, "ALL"));
  gboolean off = own ? own == AUTHENTICATION_OFF : sudoers->off || all == AUTHENTICATION_OFF;
  if (off || sudoers->off_for_some) {
    report(self, who, line);
    return;
  }
  gboolean many = strcmp(who, "ALL") == 0 || *who == '%';
  for (guint i = 0; many && i < sudoers->users->len; i++) {
    const char *name = sudoers->users->pdata[i];
    int theirs = GPOINTER_TO_INT(g_hash_table_lookup(sudoers->by_user, name));
    if (theirs == AUTHENTICATION_OFF)
      report(self, name, line);
  }
}

static void
report_user(Reader *self, const char *who, Password password, guint line)
{
  if (password == LETS_IN)
    report(self, who, line);
  else
    report_by_default(self, who, line);
}

/* Each member of USERS; of an alias, its members. */
static void
report_users(Reader *self, const char *users, guint depth, Password password, guint line)
{
  List list = {.p = users};
  while (self->n_seen < NZ_SUDOERS_USERS_MAX && self->n_reported < NZ_SUDOERS_MAX) {
    g_autofree char *user = next_member(&list);
    if (!user)
      break;
    self->n_seen++;
    const char *members =
        depth < NZ_SUDOERS_DEPTH_MAX ? g_hash_table_lookup(self->sudoers->aliases, user) : NULL;
    if (members)
      report_users(self, members, depth + 1, password, line);
    else
      report_user(self, user, password, line);
  }
}

static const char *
skip_users(const char *users)
{
  List list = {.p = users};
  for (char *user; (user = next_member(&list));)
    g_free(user);
  return list.p;
}

static void
read_rule(Reader *self, const char *line, guint number)
{
  const NzSudoers *sudoers = self->sudoers;
  Password password = read_commands(skip_users(line));
  gboolean defaults = sudoers->off || sudoers->off_for_some || sudoers->users->len > 0;
  if (password == LETS_IN || (password == ASKS_BY_DEFAULT && defaults))
    report_users(self, line, 0, password, number);
}

void
nz_sudoers_foreach_nopasswd(NzSudoers *sudoers, const char *text, gsize len, NzSudoersFunc func,
                            gpointer user_data)
{
  Reader self = {.sudoers = sudoers, .func = func, .user_data = user_data};
  expand_users(sudoers);
  g_autoptr(GString) line = g_string_new(NULL);
  const char *p = text;
  guint number, next = 1;
  while (self.n_reported < NZ_SUDOERS_MAX && next_line(&p, text + len, line, &number, &next)) {
    const char *at = line->str + strspn(line->str, BLANKS);
    if (*at && *at != '@' && !is_include(at) && !is_alias(at) &&
        !begins_with(at, DEFAULTS, DEFAULTS_ENDS))
      read_rule(&self, at, number);
  }
}
