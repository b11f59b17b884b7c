/* SPDX-License-Identifier: Apache-2.0 */
/* Wanted values laid over maps and lists in brackets (flow style), which JSON is. */
#include <string.h>

#include "fix/yaml_edit_private.h"

/* A map or list in brackets, and how what it holds is written. */
typedef struct {
  const NzYaml *node;
  guint32 first;     /* where the last entry begins, with its key */
  guint32 last;      /* where it ends */
  gboolean trailing; /* a comma follows it */
  guint32 comma;     /* behind that */
  gboolean lines;    /* the entry has a line of its own */
  gboolean pretty;   /* and so has the bracket that closes */
  char *indent;      /* and is indented so */
  char *unit;        /* by so much deeper than the bracket that closes */
  char *separator;   /* what is between entries, of one line */
} Brackets;

static void
brackets_clear(Brackets *self)
{
  g_free(self->indent);
  g_free(self->unit);
  g_free(self->separator);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Brackets, brackets_clear)

static char *
indent_at(const NzSourceFile *source, guint32 offset)
{
  guint32 begin = nz_line_begin(source, offset), end = begin;
  while (end < source->len && (source->data[end] == ' ' || source->data[end] == '\t'))
    end++;
  return g_strndup(source->data + begin, end - begin);
}

static char *
unit_of(const NzYamlEditor *editor, const char *indent, const char *outer)
{
  if (g_str_has_prefix(indent, outer) && strlen(indent) > strlen(outer))
    return g_strdup(indent + strlen(outer));
  return strchr(indent, '\t') ? g_strdup("\t") : g_strnfill(editor->step, ' ');
}

static guint32
skip_blanks(const NzSourceFile *source, guint32 offset)
{
  for (; offset < source->len; offset++) {
    if (source->data[offset] == '#')
      offset = nz_line_end(source, offset);
    if (offset >= source->len || !g_ascii_isspace(source->data[offset]))
      break;
  }
  return offset;
}

/* Where entry I begins and ends. FALSE: that cannot be told. */
static gboolean
measure(const NzSourceFile *source, const NzYaml *node, guint i, guint32 *start, guint32 *end)
{
  const NzYaml *value = node->items->pdata[i], *key = node->keys ? node->keys->pdata[i] : NULL;
  *start = key ? key->start : value->start;
  *end = nz_yaml_end(source, key, value);
  /* "{a: }" and "[*x]" */
  return !(key && *end == key->end) && !(!key && value->alias_end > 0);
}

/* FALSE with a reason: it cannot be told where the last entry ends. */
static gboolean
brackets_init(Brackets *self, NzYamlEditor *editor, const NzYaml *node, guint last,
              const char *separator)
{
  NzSourceFile *source = editor->source;
  *self = (Brackets){.node = node};
  guint32 start, end, end_before;
  if (!measure(source, node, last, &self->first, &self->last) || node->alias_end > node->end) {
    nz_yaml_give_up(editor, "the last entry there is written in an unusual way");
    return FALSE;
  }
  self->comma = skip_blanks(source, self->last);
  self->trailing = self->comma < node->end && source->data[self->comma] == ',';
  self->comma++;
  self->lines = nz_line_begins_at(source, self->first);
  self->indent = indent_at(source, self->first);
  self->pretty = self->lines && nz_line_begins_at(source, node->end - 1);
  g_autofree char *outer = indent_at(source, node->end - 1);
  self->unit = unit_of(editor, self->indent, outer);
  self->separator = g_strdup(separator);
  if (last > 0 && measure(source, node, last - 1, &start, &end_before) &&
      end_before < self->first && self->first - end_before <= 4) {
    end = self->first - end_before;
    g_autofree char *between = g_strndup(source->data + end_before, end);
    if (strspn(between, ", ") == end && strchr(between, ',')) {
      g_free(self->separator);
      self->separator = g_steal_pointer(&between);
    }
  }
  return TRUE;
}

/* ENTRIES (char *), each as it is to stand there. */
static void
add(NzYamlEditor *editor, const Brackets *self, const GPtrArray *entries, const char *end)
{
  g_autoptr(GString) text = g_string_new(NULL);
  NzSourceFile *source = editor->source;
  guint32 after = self->trailing ? self->comma : self->last;
  guint32 line_end = nz_line_end(source, after), rest = skip_blanks(source, after);
  /* What follows in the line must be a comment, or nothing. */
  gboolean lines = self->lines && rest >= line_end;
  for (guint i = 0; i < entries->len; i++) {
    if (lines)
      g_string_append_printf(text, "%s%s%s%s%s", !self->trailing && i > 0 ? "," : "", end,
                             self->indent, (char *)entries->pdata[i], self->trailing ? "," : "");
    else
      g_string_append_printf(text, "%s%s", self->separator, (char *)entries->pdata[i]);
  }
  if (!lines) {
    nz_yaml_replace(editor, self->last, self->last, text->str);
    return;
  }
  if (!self->trailing && line_end == self->last)
    g_string_prepend_c(text, ',');
  else if (!self->trailing)
    nz_yaml_replace(editor, self->last, self->last, ",");
  nz_yaml_replace(editor, line_end, line_end, text->str);
}

static void
put_value(GString *out, const NzYaml *want, const Brackets *b, const NzYamlStyle *style)
{
  /* YAML in brackets is mostly short; JSON that has lines has a line for everything. */
  if (b->pretty && style->quote == '"')
    nz_yaml_put_pretty(out, want, b->indent, b->unit, style);
  else
    nz_yaml_put_flow(out, want, style);
}

void
nz_yaml_flow_add(NzYamlEditor *self, NzYaml *map, const NzYaml *want, const GPtrArray *keys,
                 char quote)
{
  NzYamlStyle style = nz_yaml_style_at(self, map, quote);
  gint last = nz_yaml_last_own(map);
  g_auto(Brackets) b = {0};
  if (last < 0 || !brackets_init(&b, self, map, (guint)last, style.spaced ? ", " : ",") ||
      memmem(self->source->data + b.last, map->end - b.last, "<<", 2)) {
    nz_yaml_give_up(self, "a merge key is the last that it holds");
    return;
  }
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < keys->len; i++) {
    GString *entry = g_string_new(NULL);
    nz_yaml_put_key(entry, keys->pdata[i], &style);
    g_string_append(entry, style.spaced || !style.quote ? ": " : ":");
    put_value(entry, nz_yaml_get((NzYaml *)want, keys->pdata[i]), &b, &style);
    g_ptr_array_add(entries, g_string_free(entry, FALSE));
  }
  add(self, &b, entries, style.end);
}

void
nz_yaml_flow_append(NzYamlEditor *self, NzYaml *list, const GPtrArray *items, char quote)
{
  const NzYaml *last = list->items->pdata[list->items->len - 1];
  NzYamlStyle style = {
      .quote = quote, .spaced = TRUE, .end = nz_line_ending(self->source, list->start)};
  char own = nz_yaml_quote_at(self->source, last->start);
  if (own)
    style.quote = own;
  g_auto(Brackets) b;
  if (!brackets_init(&b, self, list, list->items->len - 1, ", "))
    return;
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < items->len; i++) {
    GString *entry = g_string_new(NULL);
    put_value(entry, items->pdata[i], &b, &style);
    g_ptr_array_add(entries, g_string_free(entry, FALSE));
  }
  add(self, &b, entries, style.end);
}

void
nz_yaml_flow_fill(NzYamlEditor *self, const NzYaml *map, const NzYaml *value, const NzYaml *want,
                  char quote)
{
  NzYamlStyle style = nz_yaml_style_at(self, map, quote);
  const char *data = self->source->data;
  gboolean nothing = value->kind == NZ_YAML_TEXT && value->text[0] == '\0';
  gsize n = value->end - value->start;
  if (nothing || value->alias_end > 0 || (n > 0 && memchr(data + value->start, '#', n))) {
    nz_yaml_give_up(self, "what is empty there is written in an unusual way");
    return;
  }
  g_autoptr(GString) text = g_string_new(NULL);
  gint last = nz_yaml_last_own(map);
  g_auto(Brackets) b = {.node = map};
  guint32 first = ((const NzYaml *)map->keys->pdata[MAX(last, 0)])->start;
  b.pretty =
      nz_line_begins_at(self->source, first) && nz_line_begins_at(self->source, map->end - 1);
  b.indent = indent_at(self->source, first);
  g_autofree char *outer = indent_at(self->source, map->end - 1);
  b.unit = unit_of(self, b.indent, outer);
  put_value(text, want, &b, &style);
  nz_yaml_replace(self, value->start, value->end, text->str);
}
