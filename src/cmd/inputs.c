/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/inputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/limits.h"
#include "core/text.h"
#include "image/transport.h"

char **
nz_inputs_list(const char *const *images, const char *base)
{
  g_autoptr(GStrvBuilder) inputs = g_strv_builder_new();
  g_strv_builder_addv(inputs, (const char **)images);
  if (base)
    g_strv_builder_add(inputs, base);
  return g_strv_builder_end(inputs);
}

char **
nz_inputs_paths(char **inputs)
{
  g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
  for (guint i = 0; inputs[i]; i++) {
    g_autofree char *path = nz_image_path(inputs[i]);
    if (path)
      g_strv_builder_add(paths, path);
  }
  return g_strv_builder_end(paths);
}

void
nz_inputs_confine(nonzero_scanner *scanner, const char *const *inputs, gboolean verbose)
{
  char *summary = NULL;
  nonzero_scanner_confine(scanner, inputs, &summary);
  if (verbose)
    nz_complain("%s", summary);
  free(summary);
}

/* --- engines --- */

static gboolean
is_engine(const char *name)
{
  g_autoptr(GString) all = g_string_new(NULL);
  const char *known;
  for (size_t i = 0; (known = nonzero_engine_name(i)); i++) {
    if (strcmp(known, name) == 0)
      return TRUE;
    g_string_append_printf(all, "%s%s (%s)", i > 0 ? ", " : "", known, nonzero_engine_title(i));
  }
  g_autofree char *shown = nz_printable(name, -1);
  nz_complain("there is no engine %s; there are %s", shown, all->str);
  return FALSE;
}

char **
nz_inputs_engines(const char *const *names)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  const char *name;
  for (guint i = 0; names[i]; i++)
    if (!is_engine(names[i]))
      return NULL;
  for (size_t i = 0; (name = nonzero_engine_name(i)); i++) {
    g_autofree char *source = g_strconcat(name, ":", NULL);
    if (!names[0] || g_strv_contains(names, name))
      g_strv_builder_add(builder, source);
  }
  return g_strv_builder_end(builder);
}

/* --- a list --- */

/* A line less its end and blanks; NULL with a message printed when it is none. */
static char *
check_line(char *line, gsize len, const char *path, guint at)
{
  static const char mark[] = "\xef\xbb\xbf"; /* that editors of Windows begin files with */
  if (len > NZ_REFERENCE_MAX)
    nz_complain("%s:%u: a line of more than %u bytes", path, at, (guint)NZ_REFERENCE_MAX);
  else if (strlen(line) != len)
    nz_complain("%s:%u: has a zero byte in it, so it is no list of images", path, at);
  else
    return g_strstrip(at == 1 && g_str_has_prefix(line, mark) ? line + strlen(mark) : line);
  return NULL;
}

/* The next line, less its end, and how long it is; all of LINE, and more, where it does not fit.
 * -1 at the end of FILE. */
static gssize
read_line(FILE *file, char *line, gsize size)
{
  gsize len = 0;
  int c = EOF;
  while (len + 1 < size && (c = getc_unlocked(file)) != EOF && c != '\n')
    line[len++] = (char)c;
  line[len] = '\0';
  return len == 0 && c == EOF ? -1 : (gssize)len;
}

/* Adds what the lines of FILE name to BUILDER. FALSE with a message printed. */
static gboolean
read_lines(FILE *file, const char *path, GStrvBuilder *builder)
{
  char line[NZ_REFERENCE_MAX + 2];
  guint n = 0;
  gssize len;
  for (guint at = 1; (len = read_line(file, line, sizeof line)) >= 0; at++) {
    const char *name = check_line(line, (gsize)len, path, at);
    if (!name)
      return FALSE;
    if (*name == '\0' || *name == '#')
      continue;
    if (++n > NZ_REFERENCES_MAX) {
      nz_complain("%s: names more than %u images", path, NZ_REFERENCES_MAX);
      return FALSE;
    }
    g_strv_builder_add(builder, name);
  }
  if (ferror(file))
    nz_complain("%s: %s", path, g_strerror(errno));
  else if (n == 0)
    nz_complain("%s: names no image", path);
  return n > 0 && !ferror(file);
}

char **
nz_inputs_read(const char *path)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  gboolean is_stdin = strcmp(path, "-") == 0;
  g_autofree char *shown = is_stdin ? g_strdup("standard input") : nz_printable(path, -1);
  FILE *file = is_stdin ? stdin : fopen(path, "re");
  if (!file) {
    nz_complain("%s: %s", shown, g_strerror(errno));
    return NULL;
  }
  gboolean ok = read_lines(file, shown, builder);
  if (!is_stdin)
    fclose(file);
  return ok ? g_strv_builder_end(builder) : NULL;
}
