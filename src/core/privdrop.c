/* SPDX-License-Identifier: Apache-2.0 */
#include "core/privdrop.h"

#include <string.h>

#include "core/limits.h"

/* How a tool is told the user, and the group where it can be. */
typedef struct {
  const char *name;
  const char *user, *group; /* long options; NULL: none */
  char u, g;                /* the same, short; 0: none */
  gboolean operand;         /* the first operand is the user, unless an option was */
  const char *values;       /* short options that take a value */
  const char *long_values;  /* long ones, each between spaces */
} Tool;

#define SU_VALUES " command session-command shell supp-group whitelist-environment "

static const Tool tools[] = {
    {"gosu", NULL, NULL, 0, 0, TRUE, "", ""},
    {"su-exec", NULL, NULL, 0, 0, TRUE, "", ""},
    {"s6-setuidgid", NULL, NULL, 0, 0, TRUE, "", ""},
    {"setuidgid", NULL, NULL, 0, 0, TRUE, "", ""},
    {"s6-applyuidgid", NULL, NULL, 'u', 'g', FALSE, "G", ""},
    {"setpriv", "reuid", "regid", 0, 0, FALSE, "",
     " ruid euid rgid egid groups ambient-caps inh-caps bounding-set securebits pdeathsig "
     "selinux-label apparmor-profile "},
    {"runuser", "user", "group", 'u', 'g', TRUE, "cGsw", SU_VALUES},
    {"su", NULL, "group", 0, 'g', TRUE, "cGsw", SU_VALUES},
    {"sudo", "user", "group", 'u', 'g', FALSE, "CDhpRrTtU",
     " close-from chdir host prompt chroot role command-timeout type other-user "},
    {"chpst", NULL, NULL, 'u', 0, FALSE, "UbeCnlLmdopfcrt/", ""},
};

/* Words after which a command stands, and their short options that take a value. */
typedef struct {
  const char *name;
  const char *values; /* NULL: with an option it is no command that follows */
} Prefix;

static const Prefix prefixes[] = {
    {"exec", "a"},     {"then", NULL},     {"do", NULL},    {"else", NULL},     {"elif", NULL},
    {"if", NULL},      {"while", NULL},    {"until", NULL}, {"!", NULL},        {"time", "fo"},
    {"env", "uCS"},    {"command", NULL},  {"nohup", ""},   {"eval", NULL},     {"nice", "n"},
    {"setsid", ""},    {"ionice", "cnpu"}, {"tini", "pe"},  {"dumb-init", "r"}, {"catatonit", ""},
    {"stdbuf", "ioe"},
};

typedef struct {
  GPtrArray *words; /* char *, of one command */
  GString *word;    /* the one that is being read */
  gboolean open;    /* it has begun */
  guint line;
  NzPrivdropFunc func;
  gpointer user_data;
  guint n_found;
} Scanner;

/* --- one command --- */

static const char *
basename_of(const char *word)
{
  const char *slash = strrchr(word, '/');
  return slash ? slash + 1 : word;
}

static const Tool *
find_tool(const char *word)
{
  const char *base = basename_of(word);
  for (guint i = 0; i < G_N_ELEMENTS(tools); i++)
    if (strcmp(base, tools[i].name) == 0)
      return &tools[i];
  return NULL;
}

static const Prefix *
find_prefix(const char *word)
{
  const char *base = basename_of(word);
  for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++)
    if (strcmp(base, prefixes[i].name) == 0)
      return &prefixes[i];
  return NULL;
}

static gboolean
is_assignment(const char *word)
{
  const char *equals = strchr(word, '=');
  if (!equals || equals == word)
    return FALSE;
  for (const char *p = word; p < equals; p++)
    if (!g_ascii_isalnum(*p) && *p != '_')
      return FALSE;
  return TRUE;
}

/* The words of a command, and what they say so far. */
typedef struct {
  const GPtrArray *words;
  guint at;
  const char *user, *group;
} Call;

static const char *
next_word(Call *call)
{
  return call->at < call->words->len ? call->words->pdata[call->at++] : NULL;
}

static gboolean
is_listed(const char *list, const char *name, gsize len)
{
  g_autofree char *key = g_strdup_printf(" %.*s ", (int)len, name);
  return strstr(list, key) != NULL;
}

static gboolean
is_name(const char *option, const char *name, gsize len)
{
  return option && strlen(option) == len && memcmp(option, name, len) == 0;
}

static void
read_long_option(const Tool *tool, const char *name, Call *call)
{
  gsize len = strcspn(name, "=");
  gboolean is_user = is_name(tool->user, name, len), is_group = is_name(tool->group, name, len);
  if (!is_user && !is_group && !is_listed(tool->long_values, name, len))
    return;
  const char *value = name[len] == '=' ? name + len + 1 : next_word(call);
  if (is_user)
    call->user = value;
  else if (is_group)
    call->group = value;
}

static void
read_short_options(const Tool *tool, const char *p, Call *call)
{
  for (; *p; p++) {
    gboolean is_user = tool->u == *p, is_group = tool->g == *p;
    if (!is_user && !is_group && !strchr(tool->values, *p))
      continue;
    const char *value = p[1] ? p + 1 : next_word(call);
    if (is_user)
      call->user = value;
    else if (is_group)
      call->group = value;
    return;
  }
}

/* Reads what TOOL is told, up to its command. FALSE: it is not used to become a user. */
static gboolean
read_call(const Tool *tool, Call *call)
{
  const char *word;
  gboolean options = TRUE;
  while ((word = next_word(call))) {
    if (options && strcmp(word, "--") == 0) {
      options = FALSE;
    } else if (options && strncmp(word, "--", 2) == 0) {
      read_long_option(tool, word + 2, call);
    } else if (options && *word == '-') {
      read_short_options(tool, word + 1, call);
    } else {
      if (tool->operand && !call->user)
        call->user = word;
      break;
    }
  }
  return call->user != NULL;
}

/* "user" or "user:group"; NULL where the shell replaces some of it. */
static char *
known_user(const Tool *tool, const Call *call)
{
  const char *user = call->user;
  if (strcmp(tool->name, "sudo") == 0 && user[0] == '#' && g_ascii_isdigit(user[1]))
    user++;
  g_autofree char *whole = call->group ? g_strconcat(user, ":", call->group, NULL) : g_strdup(user);
  return *user && !strpbrk(whole, "$`*?\\") ? g_steal_pointer(&whole) : NULL;
}

/* Passes over the options of PREFIX. FALSE: no command follows them. */
static gboolean
skip_options(const Prefix *prefix, const GPtrArray *words, guint *i)
{
  for (; *i < words->len; (*i)++) {
    const char *word = words->pdata[*i];
    if (*word != '-')
      return TRUE;
    if (strcmp(word, "--") == 0) {
      (*i)++;
      return TRUE;
    }
    if (!prefix->values)
      return FALSE;
    if (word[1] && !word[2] && strchr(prefix->values, word[1]))
      (*i)++;
  }
  return FALSE;
}

/* The index of the program that WORDS start; their number when there is none. */
static guint
find_command(const GPtrArray *words)
{
  guint i = 0;
  while (i < words->len) {
    const char *word = words->pdata[i];
    /* "set -- gosu app" puts the command together for a later exec "$@". */
    if (strcmp(word, "set") == 0 && i + 1 < words->len && strcmp(words->pdata[i + 1], "--") == 0) {
      i += 2;
      continue;
    }
    const Prefix *prefix = find_prefix(word);
    if (!prefix && !is_assignment(word))
      return i;
    i++;
    if (prefix && !skip_options(prefix, words, &i))
      return words->len;
  }
  return i;
}

static void
end_command(Scanner *self)
{
  guint i = find_command(self->words);
  const Tool *tool = i < self->words->len ? find_tool(self->words->pdata[i]) : NULL;
  Call call = {.words = self->words, .at = i + 1};
  if (tool && self->n_found < NZ_DROPS_MAX && read_call(tool, &call)) {
    g_autofree char *user = known_user(tool, &call);
    self->n_found++;
    self->func(tool->name, user, self->line, self->user_data);
  }
  g_ptr_array_set_size(self->words, 0);
}

/* --- the text --- */

static void
end_word(Scanner *self)
{
  if (self->open && self->words->len < NZ_SHELL_WORDS_MAX)
    g_ptr_array_add(self->words, g_strndup(self->word->str, self->word->len));
  g_string_truncate(self->word, 0);
  self->open = FALSE;
}

static gboolean
is_operator(const Scanner *self, char c)
{
  const GString *word = self->word;
  return strchr(";&|(){}", c) && !(c == '{' && word->len > 0) &&
         !(c == '}' && memchr(word->str, '{', word->len));
}

/* One character that no quotes hold. */
static void
read_plain(Scanner *self, char c)
{
  if (c == ' ' || c == '\t' || c == '\r') {
    end_word(self);
  } else if (is_operator(self, c)) {
    end_word(self);
    end_command(self);
  } else {
    g_string_append_c(self->word, c);
    self->open = TRUE;
  }
}

/* A line as the shell splits it, without expanding anything. Quotes end with it: what stands in
 * those that do not is taken as commands. TRUE: it goes on in the next line. */
static gboolean
read_line(Scanner *self, const char *p, const char *end)
{
  char quote = 0;
  for (; p < end; p++) {
    if (*p == '\\' && quote != '\'') {
      if (p + 1 == end)
        return TRUE;
      if (quote && !strchr("$`\"\\", p[1]))
        g_string_append_c(self->word, *p);
      g_string_append_c(self->word, *++p);
      self->open = TRUE;
    } else if (*p == quote) {
      quote = 0;
    } else if (quote) {
      g_string_append_c(self->word, *p);
    } else if (*p == '\'' || *p == '"') {
      quote = *p;
      self->open = TRUE;
    } else if (*p == '#' && !self->open) {
      return FALSE;
    } else {
      read_plain(self, *p);
    }
  }
  return FALSE;
}

void
nz_privdrop_foreach(const char *text, gsize len, NzPrivdropFunc func, gpointer user_data)
{
  Scanner self = {.line = 1, .func = func, .user_data = user_data};
  self.words = g_ptr_array_new_with_free_func(g_free);
  self.word = g_string_new(NULL);
  const char *end = text + len;
  guint line = 0;
  for (const char *p = text; p < end;) {
    const char *newline = memchr(p, '\n', (gsize)(end - p));
    line++;
    if (self.words->len == 0 && !self.open)
      self.line = line;
    if (!read_line(&self, p, newline ? newline : end)) {
      end_word(&self);
      end_command(&self);
    }
    p = newline ? newline + 1 : end;
  }
  end_word(&self);
  end_command(&self);
  g_ptr_array_unref(self.words);
  g_string_free(self.word, TRUE);
}

void
nz_privdrop_foreach_arg(const char *const *args, guint n, NzPrivdropFunc func, gpointer user_data)
{
  Scanner self = {.line = 1, .func = func, .user_data = user_data};
  self.words = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add(self.words, g_strdup(args[i]));
  end_command(&self);
  g_ptr_array_unref(self.words);
}
