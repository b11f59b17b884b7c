/* SPDX-License-Identifier: Apache-2.0 */
/* Wanted values as text. */
#include "core/text.h"
#include "fix/yaml_edit_private.h"

static void
put_indent(GString *out, guint indent)
{
  for (guint i = 0; i < indent; i++)
    g_string_append_c(out, ' ');
}

static gboolean
is_printable(const char *text)
{
  for (const char *p = text; *p; p = g_utf8_next_char(p))
    if (!nz_is_printable(g_utf8_get_char(p)))
      return FALSE;
  return TRUE;
}

/* What is not seen is written as a number, which only double quotes can hold. JSON's are pairs of
 * UTF-16 above the first plane. */
static void
put_escaped(GString *out, gunichar c)
{
  if (c > 0xffff)
    g_string_append_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
  else
    g_string_append_printf(out, "\\u%04x", c);
}

static void
put_quoted(GString *out, const char *text, char quote)
{
  if (!is_printable(text))
    quote = '"';
  g_string_append_c(out, quote);
  for (const char *p = text; *p; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    if (!nz_is_printable(c)) {
      put_escaped(out, c);
      continue;
    }
    if (*p == quote || (quote == '"' && *p == '\\'))
      g_string_append_c(out, quote == '"' ? '\\' : '\'');
    g_string_append_unichar(out, c);
  }
  g_string_append_c(out, quote);
}

static void
put_text(GString *out, const char *text, const NzYamlStyle *style)
{
  if (style->quote)
    put_quoted(out, text, style->quote);
  else if (nz_want_needs_quotes(text))
    put_quoted(out, text, '"');
  else
    g_string_append(out, text);
}

void
nz_yaml_put_scalar(GString *out, const NzYaml *want, const NzYamlStyle *style)
{
  if (want->plain)
    g_string_append(out, want->text);
  else
    put_text(out, want->text, style);
}

void
nz_yaml_put_key(GString *out, const char *key, const NzYamlStyle *style)
{
  put_text(out, key, style);
}

/* --- in brackets --- */

static const char *
key_of(const NzYaml *map, guint i)
{
  return ((const NzYaml *)map->keys->pdata[i])->text;
}

void
nz_yaml_put_flow(GString *out, const NzYaml *want, const NzYamlStyle *style)
{
  if (want->kind == NZ_YAML_TEXT) {
    nz_yaml_put_scalar(out, want, style);
    return;
  }
  gboolean map = want->kind == NZ_YAML_MAP;
  g_string_append_c(out, map ? '{' : '[');
  for (guint i = 0; i < want->items->len; i++) {
    if (i > 0)
      g_string_append(out, style->spaced ? ", " : ",");
    if (map) {
      nz_yaml_put_key(out, key_of(want, i), style);
      g_string_append(out, style->spaced || !style->quote ? ": " : ":");
    }
    nz_yaml_put_flow(out, want->items->pdata[i], style);
  }
  g_string_append_c(out, map ? '}' : ']');
}

void
nz_yaml_put_pretty(GString *out, const NzYaml *want, const char *indent, const char *unit,
                   const NzYamlStyle *style)
{
  if (want->kind == NZ_YAML_TEXT || want->items->len == 0) {
    nz_yaml_put_flow(out, want, style);
    return;
  }
  gboolean map = want->kind == NZ_YAML_MAP;
  g_autofree char *deeper = g_strconcat(indent, unit, NULL);
  g_string_append_c(out, map ? '{' : '[');
  for (guint i = 0; i < want->items->len; i++) {
    g_string_append_printf(out, "%s%s%s", i > 0 ? "," : "", style->end, deeper);
    if (map) {
      nz_yaml_put_key(out, key_of(want, i), style);
      g_string_append(out, style->spaced || !style->quote ? ": " : ":");
    }
    nz_yaml_put_pretty(out, want->items->pdata[i], deeper, unit, style);
  }
  g_string_append_printf(out, "%s%s%c", style->end, indent, map ? '}' : ']');
}

/* --- in lines --- */

void
nz_yaml_put_below(GString *out, const NzYaml *want, guint indent, const NzYamlEditor *editor,
                  const NzYamlStyle *style)
{
  for (guint i = 0; i < want->items->len; i++) {
    const NzYaml *value = want->items->pdata[i];
    if (want->kind == NZ_YAML_MAP)
      nz_yaml_put_entry(out, key_of(want, i), value, indent + editor->step, editor, style);
    else
      nz_yaml_put_item(out, value, indent + editor->dash, editor, style);
  }
}

void
nz_yaml_put_entry(GString *out, const char *key, const NzYaml *want, guint indent,
                  const NzYamlEditor *editor, const NzYamlStyle *style)
{
  put_indent(out, indent);
  nz_yaml_put_key(out, key, style);
  g_string_append_c(out, ':');
  gboolean below = want->kind != NZ_YAML_TEXT && want->items->len > 0;
  if (!below) {
    g_string_append_c(out, ' ');
    nz_yaml_put_flow(out, want, style);
  }
  g_string_append(out, style->end);
  if (below)
    nz_yaml_put_below(out, want, indent, editor, style);
}

void
nz_yaml_put_item(GString *out, const NzYaml *want, guint indent, const NzYamlEditor *editor,
                 const NzYamlStyle *style)
{
  if (want->kind != NZ_YAML_MAP || want->items->len == 0) {
    put_indent(out, indent);
    g_string_append(out, "- ");
    nz_yaml_put_flow(out, want, style);
    g_string_append(out, style->end);
    return;
  }
  gsize at = out->len;
  for (guint i = 0; i < want->items->len; i++)
    nz_yaml_put_entry(out, key_of(want, i), want->items->pdata[i], indent + 2, editor, style);
  out->str[at + indent] = '-';
}

void
nz_want_print(GString *out, const NzYaml *want, guint indent)
{
  static const NzYamlStyle style = {.spaced = TRUE, .end = "\n"};
  static const NzYamlEditor editor = {.step = 2, .dash = 0};
  for (guint i = 0; i < want->items->len; i++)
    nz_yaml_put_entry(out, key_of(want, i), want->items->pdata[i], indent, &editor, &style);
}
