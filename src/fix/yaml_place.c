/* SPDX-License-Identifier: Apache-2.0 */
/* Where things of YAML end, and the lines they stand in. */
#include <string.h>

#include "fix/yaml_edit_private.h"

/* --- lines --- */

guint32
nz_line_begin(const NzSourceFile *source, guint32 offset)
{
  return nz_source_line_begin(source, offset, NULL);
}

guint32
nz_line_next(const NzSourceFile *source, guint32 offset)
{
  guint32 next;
  nz_source_line_begin(source, offset, &next);
  return next;
}

guint32
nz_line_end(const NzSourceFile *source, guint32 offset)
{
  guint32 end = nz_line_next(source, offset);
  if (end > offset && source->data[end - 1] == '\n')
    end--;
  if (end > offset && source->data[end - 1] == '\r')
    end--;
  return end;
}

gboolean
nz_line_begins_at(const NzSourceFile *source, guint32 offset)
{
  while (offset > 0 && (source->data[offset - 1] == ' ' || source->data[offset - 1] == '\t'))
    offset--;
  return offset == 0 || source->data[offset - 1] == '\n';
}

static gboolean
is_comment(const NzSourceFile *source, guint32 begin)
{
  while (begin < source->len && (source->data[begin] == ' ' || source->data[begin] == '\t'))
    begin++;
  return begin < source->len && source->data[begin] == '#';
}

guint32
nz_line_above_comments(const NzSourceFile *source, guint32 offset)
{
  guint32 begin = nz_line_begin(source, offset);
  while (begin > 0) {
    guint32 above = nz_line_begin(source, begin - 1);
    if (!is_comment(source, above))
      break;
    begin = above;
  }
  return begin;
}

const char *
nz_line_ending(const NzSourceFile *source, guint32 offset)
{
  guint32 next = nz_line_next(source, offset);
  if (next == source->len && source->data[next > 0 ? next - 1 : 0] != '\n')
    next = nz_line_begin(source, offset);
  return next >= 2 && source->data[next - 2] == '\r' ? "\r\n" : "\n";
}

char
nz_yaml_quote_at(const NzSourceFile *source, guint32 offset)
{
  char c = source->data[offset];
  if (c != '"' && c != '\'')
    return '\0';
  return c;
}

/* --- ends --- */

/* What was copied for an alias, or came by a merge key, keeps the place where it was written. */
static gboolean
is_within(const NzYaml *node, guint32 start)
{
  return start >= node->start && start < node->end;
}

gboolean
nz_yaml_is_own(const NzYaml *map, guint i)
{
  return is_within(map, ((const NzYaml *)map->keys->pdata[i])->start);
}

gint
nz_yaml_last_own(const NzYaml *map)
{
  gint last = -1;
  guint32 start = 0;
  for (guint i = 0; i < map->keys->len; i++) {
    guint32 at = ((const NzYaml *)map->keys->pdata[i])->start;
    if (nz_yaml_is_own(map, i) && (last < 0 || at > start)) {
      last = (gint)i;
      start = at;
    }
  }
  return last;
}

static guint32
trim(const NzSourceFile *source, guint32 start, guint32 end)
{
  while (end > start && g_ascii_isspace(source->data[end - 1]))
    end--;
  return end;
}

/* Back over comments and empty lines, which belong to what follows. */
static guint32
trim_comments(const NzSourceFile *source, guint32 start, guint32 end)
{
  for (;;) {
    end = trim(source, start, end);
    guint32 begin = nz_line_begin(source, end);
    if (begin <= start || !is_comment(source, begin))
      return end;
    end = begin;
  }
}

/* The lines after the text of a block scalar belong to it if it keeps them ("|+"). */
static guint32
text_end(const NzSourceFile *source, const NzYaml *value)
{
  gboolean keeps = g_str_has_suffix(value->text, "\n\n") || strcmp(value->text, "\n") == 0;
  guint32 begin = nz_line_begin(source, value->end);
  return keeps && begin > value->start ? begin - 1 : trim(source, value->start, value->end);
}

guint32
nz_yaml_block_end(const NzSourceFile *source, const NzYaml *value)
{
  guint32 end = trim_comments(source, value->start, value->end);
  for (guint i = 0; i < value->items->len; i++) {
    const NzYaml *item = value->items->pdata[i];
    const NzYaml *key = value->keys ? value->keys->pdata[i] : NULL;
    if (is_within(value, key ? key->start : item->start))
      end = MAX(end, nz_yaml_end(source, key, item));
  }
  return end;
}

guint32
nz_yaml_end(const NzSourceFile *source, const NzYaml *key, const NzYaml *value)
{
  if (value->alias_end > 0)
    return value->alias_end;
  if (value->kind == NZ_YAML_TEXT && value->empty && value->start <= (key ? key->start : 0))
    return key ? key->end : value->start;
  if (value->kind == NZ_YAML_TEXT)
    return text_end(source, value);
  return value->flow ? value->end : nz_yaml_block_end(source, value);
}
