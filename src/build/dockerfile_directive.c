/* SPDX-License-Identifier: Apache-2.0 */
/* "# syntax=...", "# escape=...", "# check=..." at the top of a Dockerfile. */
#include <string.h>

#include "build/dockerfile_parse.h"
#include "build/rune.h"

typedef enum { DIRECTIVE_SYNTAX, DIRECTIVE_ESCAPE, DIRECTIVE_CHECK, DIRECTIVE_N } Directive;

static const char *const directives[] = {"syntax", "escape", "check", NULL};

/* The directive of a comment of DATA, from its "#" at START to END; its value is between *VALUE and
 * *VALUE_END. */
static Directive
find_directive(const char *data, gsize start, gsize end, gsize *value, gsize *value_end)
{
  static const char blanks[] = "\t\f\r ";
  gsize name = start + 1, n;
  while ((n = nz_rune_space(data + name, end - name)) > 0)
    name += n;
  gsize name_end = name;
  while (name_end < end && g_ascii_isalnum(data[name_end]))
    name_end++;
  gsize at = name_end + strspn(data + name_end, blanks);
  Directive found = DIRECTIVE_SYNTAX;
  while (found < DIRECTIVE_N &&
         (strlen(directives[found]) != name_end - name ||
          g_ascii_strncasecmp(directives[found], data + name, name_end - name) != 0))
    found++;
  if (found == DIRECTIVE_N || at >= end || data[at] != '=' || at + 1 == end)
    return DIRECTIVE_N;
  at++;
  *value = at + strspn(data + at, blanks);
  *value_end = end;
  while (*value_end > *value && strchr(blanks, data[*value_end - 1]))
    --*value_end;
  /* It must be something, if but a blank. */
  if (*value >= end) {
    *value = end - 1;
    *value_end = end;
  }
  return found;
}

static gboolean
set_value(NzDockerfile *file, Directive directive, const char *value, guint32 at, GError **error)
{
  if (directive == DIRECTIVE_SYNTAX)
    file->syntax = g_strdup(value);
  else if (directive == DIRECTIVE_CHECK)
    file->check = g_strdup(value);
  else if (!g_str_equal(value, "\\") && !g_str_equal(value, "`"))
    return nz_dockerfile_refuse(file->source, at, error,
                                "the directive escape must be \"\\\" or \"`\"");
  else
    file->escape = *value;
  return TRUE;
}

gboolean
nz_dockerfile_directive(NzDockerfile *file, gsize start, gsize end, guint *seen, gboolean *found,
                        GError **error)
{
  const char *data = file->source->data;
  gsize value, value_end;
  Directive directive = find_directive(data, start, end, &value, &value_end);
  *found = directive < DIRECTIVE_N;
  if (!*found)
    return TRUE;
  if (*seen & 1u << directive)
    return nz_dockerfile_refuse(file->source, (guint32)start, error,
                                "the directive %s is there twice", directives[directive]);
  *seen |= 1u << directive;
  g_autofree char *text = g_strndup(data + value, value_end - value);
  return set_value(file, directive, text, (guint32)start, error);
}
