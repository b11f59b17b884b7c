/* SPDX-License-Identifier: Apache-2.0 */
/* Wanted values: made, laid one over another, and compared with what was read. */
#include <string.h>

#include "fix/yaml_edit_private.h"

/* --- made --- */

static NzYaml *
new_value(NzYamlKind kind)
{
  return nz_yaml_new(kind);
}

NzYaml *
nz_want_map(void)
{
  return new_value(NZ_YAML_MAP);
}

NzYaml *
nz_want_list(void)
{
  return new_value(NZ_YAML_LIST);
}

NzYaml *
nz_want_text(const char *text)
{
  return nz_yaml_new_text(text, strlen(text));
}

NzYaml *
nz_want_bare(const char *text)
{
  NzYaml *self = nz_want_text(text);
  self->plain = TRUE;
  return self;
}

NzYaml *
nz_want_copy(const NzYaml *self)
{
  guint left = G_MAXUINT; /* what was read was bounded then */
  return nz_yaml_copy(self, G_MAXUINT, &left);
}

void
nz_want_set(NzYaml *want, const char *key, NzYaml *value)
{
  gint i = nz_yaml_find(want, key);
  if (i < 0) {
    nz_yaml_add(want, nz_want_text(key), value);
    return;
  }
  nz_yaml_free(want->items->pdata[i]);
  want->items->pdata[i] = value;
}

NzYaml *
nz_want_sub(NzYaml *want, const char *key)
{
  NzYaml *sub = nz_yaml_get(want, key);
  if (!sub)
    nz_want_set(want, key, sub = nz_want_map());
  return sub;
}

void
nz_want_merge(NzYaml *want, const NzYaml *from)
{
  for (guint i = 0; i < from->keys->len; i++) {
    const char *key = ((const NzYaml *)from->keys->pdata[i])->text;
    const NzYaml *value = from->items->pdata[i];
    NzYaml *old = nz_yaml_get(want, key);
    if (old && old->kind == NZ_YAML_MAP && value->kind == NZ_YAML_MAP)
      nz_want_merge(old, value);
    else
      nz_want_set(want, key, nz_want_copy(value));
  }
}

/* --- compared --- */

gboolean
nz_want_needs_quotes(const char *text)
{
  static const char *const words[] = {"true", "false", "null", "yes", "no",
                                      "on",   "off",   "y",    "n",   NULL};
  if (!g_ascii_isalpha(*text) && *text != '/')
    return TRUE;
  g_autofree char *lower = g_ascii_strdown(text, -1);
  if (g_strv_contains(words, lower))
    return TRUE;
  for (const char *p = text; *p; p++)
    if (!g_ascii_isalnum(*p) && !strchr("._-/", *p))
      return TRUE;
  return FALSE;
}

gboolean
nz_want_is(NzYaml *want, NzYaml *value)
{
  if (want->kind != value->kind)
    return FALSE;
  if (want->kind == NZ_YAML_TEXT)
    return strcmp(want->text, value->text) == 0 && !value->tag &&
           (want->plain ? value->plain : !value->plain || !nz_want_needs_quotes(want->text));
  if (want->items->len != value->items->len)
    return FALSE;
  for (guint i = 0; i < want->items->len; i++) {
    NzYaml *one = want->items->pdata[i];
    NzYaml *other = want->keys ? nz_yaml_get(value, ((NzYaml *)want->keys->pdata[i])->text)
                               : value->items->pdata[i];
    if (!other || !nz_want_is(one, other))
      return FALSE;
  }
  return TRUE;
}

static gboolean is_met(NzYaml *before, NzYaml *now, NzYaml *want, GHashTable *wants);

static gboolean
is_entry_met(NzYaml *before, NzYaml *value, const char *key, NzYaml *want, GHashTable *wants)
{
  NzYaml *old = nz_yaml_get(before, key), *wanted = nz_yaml_get(want, key);
  if (wanted && !(old && old->kind == NZ_YAML_MAP && wanted->kind == NZ_YAML_MAP))
    return nz_want_is(wanted, value);
  return old && is_met(old, value, wanted ? wanted : g_hash_table_lookup(wants, old), wants);
}

static gboolean
is_map_met(NzYaml *before, NzYaml *now, NzYaml *want, GHashTable *wants)
{
  guint n = before->keys->len;
  for (guint i = 0; want && i < want->keys->len; i++)
    n += nz_yaml_find(before, ((NzYaml *)want->keys->pdata[i])->text) < 0;
  if (now->keys->len != n)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!is_entry_met(before, now->items->pdata[i], ((NzYaml *)now->keys->pdata[i])->text, want,
                      wants))
      return FALSE;
  return TRUE;
}

/* A NULL is a value of WANTS that is not there. */
static gboolean
is_met(NzYaml *before, NzYaml *now, NzYaml *want, GHashTable *wants)
{
  if (before->kind != now->kind || g_strcmp0(before->tag, now->tag) != 0)
    return FALSE;
  if (before->kind == NZ_YAML_TEXT)
    return before->plain == now->plain && before->empty == now->empty &&
           strcmp(before->text, now->text) == 0;
  if (before->kind == NZ_YAML_MAP)
    return is_map_met(before, now, want, wants);
  if (before->items->len != now->items->len)
    return FALSE;
  for (guint i = 0; i < before->items->len; i++) {
    NzYaml *old = before->items->pdata[i];
    if (!is_met(old, now->items->pdata[i], g_hash_table_lookup(wants, old), wants))
      return FALSE;
  }
  return TRUE;
}

gboolean
nz_want_is_met(NzYaml *before, NzYaml *now, GHashTable *wants)
{
  return is_met(before, now, g_hash_table_lookup(wants, before), wants);
}
