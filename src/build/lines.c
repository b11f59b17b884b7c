/* SPDX-License-Identifier: Apache-2.0 */
#include "build/lines.h"

#include <string.h>

#include "core/text.h"

gboolean
nz_lines_next(const GString *text, gsize *at, NzLine *line)
{
  if (!text || *at >= text->len)
    return FALSE;
  const char *newline = memchr(text->str + *at, '\n', text->len - *at);
  line->start = *at;
  line->end = newline ? (gsize)(newline - text->str) : text->len;
  *at = line->end + 1;
  return TRUE;
}

/* Field N of LINE, of TEXT; FALSE when there are fewer. */
gboolean
nz_lines_field(const GString *text, const NzLine *line, guint n, NzLine *field)
{
  gsize start = line->start;
  for (;; n--) {
    const char *colon = memchr(text->str + start, ':', line->end - start);
    gsize stop = colon ? (gsize)(colon - text->str) : line->end;
    *field = (NzLine){start, stop};
    if (n == 0)
      return TRUE;
    if (!colon)
      return FALSE;
    start = stop + 1;
  }
}

static gboolean
line_is_of(const GString *text, const NzLine *line, const char *name, gsize len)
{
  return line->end - line->start > len && text->str[line->start + len] == ':' &&
         memcmp(text->str + line->start, name, len) == 0;
}

/* The first line whose name is NAME. */
gboolean
nz_lines_find(const GString *text, const char *name, NzLine *line)
{
  gsize len = strlen(name);
  for (gsize at = 0; nz_lines_next(text, &at, line);) {
    if (line_is_of(text, line, name, len))
      return TRUE;
  }
  return FALSE;
}

gint64
nz_lines_number(const GString *text, const NzLine *line, guint n)
{
  NzLine field;
  gint64 value = 0;
  if (nz_lines_field(text, line, n, &field))
    nz_parse_int(text->str + field.start, field.end - field.start, &value);
  return value;
}

void
nz_lines_set(GString *text, const NzLine *line, guint n, const char *value)
{
  NzLine field;
  if (!nz_lines_field(text, line, n, &field))
    return;
  g_string_erase(text, (gssize)field.start, (gssize)(field.end - field.start));
  g_string_insert(text, (gssize)field.start, value);
}

void
nz_lines_set_number(GString *text, const NzLine *line, guint n, gint64 value)
{
  char shown[32];
  g_snprintf(shown, sizeof shown, "%" G_GINT64_FORMAT, value);
  nz_lines_set(text, line, n, shown);
}

void
nz_lines_remove(GString *text, const NzLine *line)
{
  gsize end = MIN(line->end + 1, text->len);
  g_string_erase(text, (gssize)line->start, (gssize)(end - line->start));
}
