/* SPDX-License-Identifier: Apache-2.0 */
#include "core/privdrop.h"

#include <string.h>

#include "core/limits.h"

/* How a tool is told the user. */
typedef struct {
  const char *name;
  const char *option;       /* "-u", "--reuid": the user follows; NULL: it is the first operand */
  const char *long_option;  /* the same with "=", or NULL */
  const char *const *takes; /* options that take a value, before the operand; or NULL */
} Tool;

static const char *const su_takes[] = {"-s", "--shell", "-c",      "--command",    "-g",
                                       "-G", "-w",      "--group", "--supp-group", NULL};

static const Tool tools[] = {
    {"gosu", NULL, NULL, NULL},
    {"su-exec", NULL, NULL, NULL},
    {"s6-setuidgid", NULL, NULL, NULL},
    {"setuidgid", NULL, NULL, NULL},
    {"s6-applyuidgid", "-u", NULL, NULL},
    {"setpriv", "--reuid", "--reuid", NULL},
    {"runuser", "-u", "--user", su_takes},
    {"sudo", "-u", "--user", NULL},
    {"chpst", "-u", NULL, NULL},
    {"su", NULL, NULL, su_takes},
};

/* Words after which a command stands. */
static const char *const before_command[] = {"exec",  "then",  "do",   "else",    "if",    "!",
                                             "--",    "time",  "env",  "command", "nohup", "eval",
                                             "while", "until", "elif", NULL};

typedef struct {
  GPtrArray *words; /* char *, of one command */
  guint line;
  NzPrivdropFunc func;
  gpointer user_data;
  guint n_found;
} Scanner;

static const Tool *
find_tool(const char *word)
{
  const char *slash = strrchr(word, '/');
  const char *base = slash ? slash + 1 : word;
  for (guint i = 0; i < G_N_ELEMENTS(tools); i++)
    if (strcmp(base, tools[i].name) == 0)
      return &tools[i];
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

/* What the shell replaces cannot be known. */
static const char *
known_user(const char *word)
{
  return word && *word && !strpbrk(word, "$`*?\\") ? word : NULL;
}

/* The user that TOOL is told by the words from I on. FALSE: it is not used to become one. */
static gboolean
find_user(const Tool *tool, const GPtrArray *words, guint i, const char **user)
{
  for (; i < words->len; i++) {
    const char *word = words->pdata[i];
    gsize n = tool->long_option ? strlen(tool->long_option) : 0;
    if (tool->option && strcmp(word, tool->option) == 0) {
      *user = i + 1 < words->len ? words->pdata[i + 1] : NULL;
      return i + 1 < words->len;
    }
    if (n > 0 && strncmp(word, tool->long_option, n) == 0 && word[n] == '=') {
      *user = word + n + 1;
      return TRUE;
    }
    if (tool->takes && g_strv_contains(tool->takes, word)) {
      i++;
      continue;
    }
    if (*word == '-')
      continue;
    if (tool->option) /* the command: no user was named */
      return FALSE;
    *user = word;
    return TRUE;
  }
  return FALSE;
}

static void
end_command(Scanner *self)
{
  guint i = 0;
  for (; i < self->words->len; i++) {
    const char *word = self->words->pdata[i];
    /* "set -- gosu app" puts the command together for a later exec "$@". */
    gboolean set = strcmp(word, "set") == 0 && i + 1 < self->words->len &&
                   strcmp(self->words->pdata[i + 1], "--") == 0;
    if (!set && !g_strv_contains(before_command, word) && !is_assignment(word))
      break;
  }
  const Tool *tool = i < self->words->len ? find_tool(self->words->pdata[i]) : NULL;
  const char *user = NULL;
  if (tool && find_user(tool, self->words, i + 1, &user) && self->n_found < NZ_DROPS_MAX) {
    self->n_found++;
    self->func(tool->name, known_user(user), self->line, self->user_data);
  }
  g_ptr_array_set_size(self->words, 0);
}

static void
end_word(Scanner *self, GString *word, gboolean *open)
{
  if (*open && self->words->len < NZ_SHELL_WORDS_MAX)
    g_ptr_array_add(self->words, g_strndup(word->str, word->len));
  g_string_truncate(word, 0);
  *open = FALSE;
}

/* A line as the shell splits it, without expanding anything. */
static void
read_line(Scanner *self, const char *p, const char *end)
{
  g_autoptr(GString) word = g_string_new(NULL);
  gboolean open = FALSE;
  char quote = 0;
  for (; p < end; p++) {
    if (quote) {
      if (*p == quote)
        quote = 0;
      else
        g_string_append_c(word, *p);
    } else if (*p == '\'' || *p == '"') {
      quote = *p;
      open = TRUE;
    } else if (*p == '#' && !open) {
      break;
    } else if (*p == ' ' || *p == '\t' || *p == '\r') {
      end_word(self, word, &open);
    } else if (strchr(";&|(){}", *p) && !(*p == '{' && word->len > 0) &&
               !(*p == '}' && memchr(word->str, '{', word->len))) {
      end_word(self, word, &open);
      end_command(self);
    } else {
      g_string_append_c(word, *p);
      open = TRUE;
    }
  }
  end_word(self, word, &open);
}

void
nz_privdrop_foreach(const char *text, gsize len, NzPrivdropFunc func, gpointer user_data)
{
  Scanner self = {.line = 1, .func = func, .user_data = user_data};
  self.words = g_ptr_array_new_with_free_func(g_free);
  const char *end = text + len;
  guint line = 0;
  for (const char *p = text; p < end;) {
    const char *newline = memchr(p, '\n', (gsize)(end - p));
    const char *stop = newline ? newline : end;
    line++;
    if (self.words->len == 0)
      self.line = line;
    gboolean joined = stop > p && stop[-1] == '\\';
    read_line(&self, p, joined ? stop - 1 : stop);
    if (!joined)
      end_command(&self);
    p = newline ? newline + 1 : end;
  }
  end_command(&self);
  g_ptr_array_unref(self.words);
}
