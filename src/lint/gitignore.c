/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/gitignore.h"

#include <string.h>

#include "core/glob.h"
#include "core/limits.h"

typedef struct {
  char *directory; /* where it was said: "" or "a/b/" */
  NzGlob *glob;    /* over what follows that */
  gboolean negated, directories_only;
} Pattern;

struct NzIgnores {
  GPtrArray *patterns; /* Pattern */
};

static void
pattern_free(gpointer data)
{
  Pattern *self = data;
  g_free(self->directory);
  nz_glob_free(self->glob);
  g_free(self);
}

NzIgnores *
nz_ignores_new(void)
{
  NzIgnores *self = g_new0(NzIgnores, 1);
  self->patterns = g_ptr_array_new_with_free_func(pattern_free);
  return self;
}

void
nz_ignores_free(NzIgnores *self)
{
  if (!self)
    return;
  g_ptr_array_unref(self->patterns);
  g_free(self);
}

guint
nz_ignores_count(const NzIgnores *self)
{
  return self->patterns->len;
}

void
nz_ignores_cut(NzIgnores *self, guint count)
{
  g_ptr_array_set_size(self->patterns, (gint)count);
}

/* Blanks at the end go, unless a backslash stands before the last. */
static void
trim(GString *line)
{
  while (line->len > 0 && strchr(" \t\r", line->str[line->len - 1])) {
    if (line->len > 1 && line->str[line->len - 2] == '\\')
      return;
    g_string_truncate(line, line->len - 1);
  }
}

/* Git writes [^a] too, where globs have [!a]. */
static void
translate_classes(GString *text)
{
  for (gsize i = 0; i + 1 < text->len; i++)
    if (text->str[i] == '[' && text->str[i + 1] == '^' && (i == 0 || text->str[i - 1] != '\\'))
      text->str[i + 1] = '!';
}

static void
add_line(NzIgnores *self, const char *directory, GString *line)
{
  trim(line);
  gboolean negated = line->len > 0 && line->str[0] == '!';
  if (negated)
    g_string_erase(line, 0, 1);
  if (line->len == 0 || line->str[0] == '#' || self->patterns->len >= NZ_IGNORES_MAX)
    return;
  gboolean only = line->str[line->len - 1] == '/';
  if (only)
    g_string_truncate(line, line->len - 1);
  /* A slash before the end ties it to the directory; without one it holds at any depth below. */
  gboolean tied = strchr(line->str, '/') != NULL;
  if (line->len > 0 && line->str[0] == '/')
    g_string_erase(line, 0, 1);
  if (!tied)
    g_string_prepend(line, "**/");
  translate_classes(line);
  NzGlob *glob = nz_glob_new(line->str, NULL);
  if (!glob)
    return;
  Pattern *pattern = g_new0(Pattern, 1);
  pattern->directory = *directory ? g_strconcat(directory, "/", NULL) : g_strdup("");
  pattern->glob = glob;
  pattern->negated = negated;
  pattern->directories_only = only;
  g_ptr_array_add(self->patterns, pattern);
}

void
nz_ignores_add(NzIgnores *self, const char *directory, const char *text, gsize len)
{
  const char *end = text + len;
  while (text < end) {
    const char *eol = memchr(text, '\n', (gsize)(end - text));
    gsize n = (gsize)((eol ? eol : end) - text);
    g_autoptr(GString) line = g_string_new_len(text, (gssize)MIN(n, NZ_GLOB_MAX));
    if (g_utf8_validate(line->str, (gssize)line->len, NULL))
      add_line(self, directory, line);
    text += n + (eol ? 1 : 0);
  }
}

gboolean
nz_ignores_match(const NzIgnores *self, const char *path, gboolean directory)
{
  const char *slash = strrchr(path, '/');
  if (directory && strcmp(slash ? slash + 1 : path, ".git") == 0)
    return TRUE;
  for (guint i = self->patterns->len; i > 0; i--) {
    const Pattern *p = self->patterns->pdata[i - 1];
    gsize n = strlen(p->directory);
    guint64 budget = NZ_GLOB_STEPS_MAX;
    if (p->directories_only && !directory)
      continue;
    if (strncmp(path, p->directory, n) == 0 && nz_glob_match(p->glob, path + n, &budget))
      return !p->negated;
  }
  return FALSE;
}
