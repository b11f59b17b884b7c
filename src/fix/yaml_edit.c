/* SPDX-License-Identifier: Apache-2.0 */
/* Wanted values laid over maps and lists in lines (block style). */
#include "fix/yaml_edit.h"

#include <string.h>

#include "fix/yaml_edit_private.h"

/* --- how the document is written --- */

/* By how many columns what KEY holds is deeper. */
static gint
depth_below(const NzYaml *key, const NzYaml *value)
{
  return value->flow || value->kind == NZ_YAML_TEXT || value->alias_end > 0
             ? -1
             : (gint)value->column - (gint)key->column;
}

/* The first map and the first list in lines below MAP tell. */
static void
learn(NzYamlEditor *self, const NzYaml *node, gboolean *knows_step, gboolean *knows_dash)
{
  for (guint i = 0; node->items && i < node->items->len; i++) {
    const NzYaml *value = node->items->pdata[i];
    gint depth = node->keys && !node->flow ? depth_below(node->keys->pdata[i], value) : -1;
    gboolean *knows = value->kind == NZ_YAML_MAP ? knows_step : knows_dash;
    if (depth >= (value->kind == NZ_YAML_MAP) && !*knows) {
      *(value->kind == NZ_YAML_MAP ? &self->step : &self->dash) = (guint)MIN(depth, 16);
      *knows = TRUE;
    }
    if (*knows_step && *knows_dash)
      return;
    learn(self, value, knows_step, knows_dash);
  }
}

void
nz_yaml_editor_init(NzYamlEditor *self, NzSourceFile *source, NzYaml *document)
{
  gboolean knows_step = FALSE, knows_dash = FALSE;
  *self = (NzYamlEditor){.source = source, .step = 2};
  self->edits = g_ptr_array_new_with_free_func((GDestroyNotify)nz_edit_free);
  learn(self, document, &knows_step, &knows_dash);
}

NzYamlStyle
nz_yaml_style_at(const NzYamlEditor *self, const NzYaml *map, char quote)
{
  const char *data = self->source->data;
  NzYamlStyle style = {
      .quote = quote, .spaced = TRUE, .end = nz_line_ending(self->source, map->start)};
  gint last = nz_yaml_last_own(map);
  if (last < 0)
    return style;
  const NzYaml *key = map->keys->pdata[last];
  style.quote = nz_yaml_quote_at(self->source, key->start);
  if (map->flow && key->end + 1 < self->source->len)
    style.spaced = g_ascii_isspace(data[key->end + (data[key->end] == ':')]);
  return style;
}

/* --- edits --- */

void
nz_yaml_replace(NzYamlEditor *self, guint32 start, guint32 end, const char *text)
{
  NzPlace *place = nz_source_place(self->source, (NzSpan){start, end});
  g_ptr_array_add(self->edits, nz_edit_new(place, text));
}

void
nz_yaml_give_up(NzYamlEditor *self, const char *why)
{
  if (!self->undone)
    self->undone = why;
}

/* LINES, each with its end, where the line of OFFSET is over. */
static void
add_lines(NzYamlEditor *self, guint32 offset, GString *lines, const char *end)
{
  guint32 next = nz_line_next(self->source, offset);
  if (next == self->source->len && (next == 0 || self->source->data[next - 1] != '\n')) {
    g_string_truncate(lines, lines->len - strlen(end));
    g_string_prepend(lines, end);
  }
  nz_yaml_replace(self, next, next, lines->str);
}

/* --- maps in lines --- */

static gint
find_own(NzYaml *map, const char *key)
{
  gint i = nz_yaml_find(map, key);
  return i >= 0 && nz_yaml_is_own(map, (guint)i) ? i : -1;
}

/* The last entry that SPOT wants new ones after; -1: none. */
static gint
find_after(NzYaml *map, const NzYamlSpot *spot)
{
  gint best = -1;
  for (guint i = 0; spot && spot->after && spot->after[i]; i++) {
    gint at = find_own(map, spot->after[i]);
    if (at >= 0 && (best < 0 || ((NzYaml *)map->keys->pdata[at])->start >
                                    ((NzYaml *)map->keys->pdata[best])->start))
      best = at;
  }
  return best;
}

/* Where the lines of the first entry begin that SPOT wants new ones before; FALSE: it has none. */
static gboolean
find_before(const NzYamlEditor *self, NzYaml *map, const NzYamlSpot *spot, guint32 *offset)
{
  gboolean found = FALSE;
  for (guint i = 0; spot && spot->before && spot->before[i]; i++) {
    gint at = find_own(map, spot->before[i]);
    if (at < 0)
      continue;
    guint32 start = ((NzYaml *)map->keys->pdata[at])->start;
    if (!nz_line_begins_at(self->source, start) || (found && start > *offset))
      continue;
    *offset = start;
    found = TRUE;
  }
  if (found)
    *offset = nz_line_above_comments(self->source, *offset);
  return found;
}

static void
add_entries(NzYamlEditor *self, NzYaml *map, const NzYaml *want, const GPtrArray *keys, char quote,
            const NzYamlSpot *spot)
{
  NzYamlStyle style = nz_yaml_style_at(self, map, quote);
  g_autoptr(GString) lines = g_string_new(NULL);
  for (guint i = 0; i < keys->len; i++)
    nz_yaml_put_entry(lines, keys->pdata[i], nz_yaml_get((NzYaml *)want, keys->pdata[i]),
                      map->column - 1, self, &style);
  guint32 before = 0;
  gint last = find_after(map, spot);
  if (last < 0 && find_before(self, map, spot, &before)) {
    nz_yaml_replace(self, before, before, lines->str);
    return;
  }
  /* A merge key that stood behind a new key would win over it for some readers. */
  guint32 end = last < 0
                    ? nz_yaml_block_end(self->source, map)
                    : nz_yaml_end(self->source, map->keys->pdata[last], map->items->pdata[last]);
  add_lines(self, end, lines, style.end);
}

/* --- values that are empty, in lines --- */

/* "KEY:", "KEY: null", "KEY: {}": what was written goes, and lines follow. */
static void
fill(NzYamlEditor *self, const NzYaml *map, const NzYaml *key, const NzYaml *value,
     const NzYaml *want, char quote)
{
  const char *data = self->source->data;
  NzYamlStyle style = nz_yaml_style_at(self, map, quote);
  guint32 end = nz_yaml_end(self->source, key, value), colon = key->end;
  while (colon < self->source->len && (data[colon] == ' ' || data[colon] == '\t'))
    colon++;
  if (value->alias_end > 0 || data[colon] != ':') {
    nz_yaml_give_up(self, "what is empty there is written in an unusual way");
    return;
  }
  if (end > key->end) {
    guint32 from = colon + 1;
    while (from < value->start && (data[from] == ' ' || data[from] == '\t'))
      from++;
    if (from != value->start) {
      nz_yaml_give_up(self, "what is empty there is written in an unusual way");
      return;
    }
    nz_yaml_replace(self, colon + 1, end, "");
  }
  g_autoptr(GString) lines = g_string_new(NULL);
  nz_yaml_put_below(lines, want, map->column - 1, self, &style);
  add_lines(self, end, lines, style.end);
}

/* --- texts --- */

static void
replace_text(NzYamlEditor *self, const NzYaml *map, const NzYaml *value, const NzYaml *want,
             char quote)
{
  NzYamlStyle style = nz_yaml_style_at(self, map, quote);
  if (value->alias_end > 0 ||
      memchr(self->source->data + value->start, '\n', value->end - value->start)) {
    nz_yaml_give_up(self, "the value that is to change is an alias, or has several lines");
    return;
  }
  char own = nz_yaml_quote_at(self->source, value->start);
  if (own)
    style.quote = own;
  g_autoptr(GString) text = g_string_new(NULL);
  nz_yaml_put_flow(text, want, &style);
  nz_yaml_replace(self, value->start, value->end, text->str);
}

/* --- lists --- */

static void
append_lines(NzYamlEditor *self, const NzYaml *list, const GPtrArray *items, char quote)
{
  NzYamlStyle style = {quote, TRUE, nz_line_ending(self->source, list->start)};
  g_autoptr(GString) lines = g_string_new(NULL);
  for (guint i = 0; i < items->len; i++)
    nz_yaml_put_item(lines, items->pdata[i], list->column - 1, self, &style);
  add_lines(self, nz_yaml_end(self->source, NULL, list), lines, style.end);
}

/* The whole list, where an item goes: in brackets, as lists of texts mostly are, or with all its
 * lines. */
static void
rewrite(NzYamlEditor *self, const NzYaml *key, const NzYaml *list, const NzYaml *want, char quote)
{
  guint32 start = list->flow ? list->start : key->end, end = nz_yaml_end(self->source, key, list);
  const char *data = self->source->data;
  if (memchr(data + start, '#', end - start) || list->alias_end > 0) {
    nz_yaml_give_up(self, "the list that is to lose an item has comments, or is an alias");
    return;
  }
  NzYamlStyle style = {quote, TRUE, nz_line_ending(self->source, list->start)};
  g_autoptr(GString) text = g_string_new(list->flow ? NULL : ":");
  if (list->flow || want->items->len == 0) {
    g_string_append(text, list->flow ? "" : " ");
    nz_yaml_put_flow(text, want, &style);
  } else {
    g_string_append(text, style.end);
    for (guint i = 0; i < want->items->len; i++)
      nz_yaml_put_item(text, want->items->pdata[i], list->column - 1, self, &style);
    g_string_truncate(text, text->len - strlen(style.end));
  }
  nz_yaml_replace(self, start, end, text->str);
}

/* What WANT keeps of the list is in its order; what it adds comes after. */
static void
edit_list(NzYamlEditor *self, const NzYaml *key, NzYaml *list, const NzYaml *want, char quote)
{
  g_autoptr(GPtrArray) added = g_ptr_array_new();
  guint kept = 0;
  for (guint i = 0; i < list->items->len; i++)
    kept += kept < want->items->len && nz_want_is(want->items->pdata[kept], list->items->pdata[i]);
  if (kept < list->items->len) {
    rewrite(self, key, list, want, quote);
    return;
  }
  for (guint i = kept; i < want->items->len; i++)
    g_ptr_array_add(added, want->items->pdata[i]);
  if (added->len == 0)
    return;
  if (list->flow)
    nz_yaml_flow_append(self, list, added, quote);
  else
    append_lines(self, list, added, quote);
}

/* --- all --- */

static void edit_map(NzYamlEditor *self, NzYaml *map, const NzYaml *want, char quote,
                     const NzYamlSpot *spot);

static gboolean
is_empty(const NzYaml *value)
{
  return value->kind == NZ_YAML_TEXT ? value->empty : value->items->len == 0;
}

static void
edit_value(NzYamlEditor *self, NzYaml *map, guint i, const NzYaml *want, char quote)
{
  const NzYaml *key = map->keys->pdata[i];
  NzYaml *value = map->items->pdata[i];
  quote = nz_yaml_quote_at(self->source, key->start);
  self->shared |= value->shared;
  if (want->kind != NZ_YAML_MAP && nz_want_is((NzYaml *)want, value))
    return;
  if (is_empty(value) && want->kind != NZ_YAML_TEXT) {
    if (map->flow)
      nz_yaml_flow_fill(self, map, value, want, quote);
    else
      fill(self, map, key, value, want, quote);
  } else if (value->kind != want->kind && !is_empty(value)) {
    nz_yaml_give_up(self, "there is something else than is expected");
  } else if (want->kind == NZ_YAML_MAP) {
    edit_map(self, value, want, quote, NULL);
  } else if (want->kind == NZ_YAML_LIST) {
    edit_list(self, key, value, want, quote);
  } else if (value->start == key->start) {
    nz_yaml_give_up(self, "a key has no value there");
  } else {
    replace_text(self, map, value, want, quote);
  }
}

static void
edit_map(NzYamlEditor *self, NzYaml *map, const NzYaml *want, char quote, const NzYamlSpot *spot)
{
  g_autoptr(GPtrArray) missing = g_ptr_array_new();
  for (guint i = 0; i < want->keys->len; i++) {
    const char *key = ((const NzYaml *)want->keys->pdata[i])->text;
    const NzYaml *value = want->items->pdata[i];
    gint at = nz_yaml_find(map, key);
    /* A text that a merge key brings gives way to one that the map has itself. */
    if (at < 0 || (value->kind == NZ_YAML_TEXT && !nz_yaml_is_own(map, (guint)at)))
      g_ptr_array_add(missing, (gpointer)key);
    else
      edit_value(self, map, (guint)at, value, quote);
  }
  if (missing->len == 0)
    return;
  self->shared |= map->shared;
  if (map->flow)
    nz_yaml_flow_add(self, map, want, missing, quote);
  else
    add_entries(self, map, want, missing, quote, spot);
}

void
nz_yaml_edit(NzYamlEditor *self, NzYaml *map, const NzYaml *want, const NzYamlSpot *spot)
{
  edit_map(self, map, want, nz_yaml_style_at(self, map, 0).quote, spot);
}
