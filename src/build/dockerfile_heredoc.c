/* SPDX-License-Identifier: Apache-2.0 */
/* Where a line begins heredocs. As in BuildKit, the line is split into words as an expansion would
 * split it (with "\" as its escape, whatever the file's is); a line whose quotes or variables are
 * broken begins none. */
#include <string.h>

#include "build/dockerfile_parse.h"
#include "build/expand.h"

void
nz_heredoc_start_free(gpointer self)
{
  NzHeredocStart *start = self;
  g_free(start->name);
  g_free(start);
}

static guint
count_quotes(const char *text)
{
  guint n = 0;
  for (; (text = strpbrk(text, "'\"")); text++)
    n++;
  return n;
}

/* "3<<-  'EOF'": what follows, or NULL. */
static const char *
after_operator(const char *word, gboolean *chomp)
{
  while (g_ascii_isdigit(*word))
    word++;
  if (word[0] != '<' || word[1] != '<')
    return NULL;
  word += 2;
  *chomp = *word == '-';
  word += *chomp;
  word += strspn(word, "\t\n\f\r ");
  return *word && !strchr(word, '<') ? word : NULL;
}

/* *START stays NULL when WORD begins none. */
static gboolean
read_start(const char *word, NzHeredocStart **start, GError **error)
{
  gboolean chomp;
  const char *rest = after_operator(word, &chomp);
  if (!rest)
    return TRUE;
  NzExpand how = {.escape = '\\', .keep_unset = TRUE};
  g_auto(GStrv) words = nz_expand_words(rest, &how, error);
  if (!words)
    return FALSE;
  if (!words[0] || words[1])
    return TRUE;
  how.keep_raw = TRUE;
  g_auto(GStrv) raw = nz_expand_words(rest, &how, error);
  if (!raw)
    return FALSE;
  *start = g_new0(NzHeredocStart, 1);
  (*start)->name = g_strdup(words[0]);
  (*start)->chomp = chomp;
  /* Quotes that are gone were quotes; what was escaped is in both. */
  (*start)->expand = !raw[0] || count_quotes(raw[0]) == count_quotes(words[0]);
  return TRUE;
}

GPtrArray *
nz_heredoc_starts(const char *line, GError **error)
{
  g_autoptr(GPtrArray) starts = g_ptr_array_new_with_free_func(nz_heredoc_start_free);
  NzExpand how = {.escape = '\\', .keep_raw = TRUE, .keep_unset = TRUE};
  g_autoptr(GError) failed = NULL;
  g_auto(GStrv) words = nz_expand_words(line, &how, &failed);
  /* What is too much for us might begin one for a builder. */
  if (!words && failed->code == NZ_ERROR_LIMIT) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return NULL;
  }
  for (guint i = 0; words && words[i]; i++) {
    NzHeredocStart *start = NULL;
    if (!read_start(words[i], &start, error))
      return NULL;
    if (start)
      g_ptr_array_add(starts, start);
  }
  return g_steal_pointer(&starts);
}

gboolean
nz_heredoc_is_start(const char *word)
{
  NzHeredocStart *start = NULL;
  gboolean is = read_start(word, &start, NULL) && start;
  if (start)
    nz_heredoc_start_free(start);
  return is;
}
