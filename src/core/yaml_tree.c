/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of a YAML document: finding, copying, merging. */
#include <string.h>

#include "core/text.h"
#include "core/yaml.h"

/* Maps below this are searched key by key. */
#define INDEX_MIN 16u

/* A list or map is one piece of memory with its lists, a text with its bytes. */
typedef struct {
  NzYaml node;
  NzYamlList items, keys;
} Branch;

NzYaml *
nz_yaml_new(NzYamlKind kind)
{
  if (kind == NZ_YAML_TEXT)
    return nz_yaml_new_text("", 0);
  Branch *self = g_new0(Branch, 1);
  self->node.kind = kind;
  self->node.items = &self->items;
  self->node.keys = kind == NZ_YAML_MAP ? &self->keys : NULL;
  return &self->node;
}

NzYaml *
nz_yaml_new_text(const char *text, gsize len)
{
  NzYaml *self = g_malloc(sizeof *self + len + 1);
  *self = (NzYaml){.kind = NZ_YAML_TEXT, .text = (char *)(self + 1)};
  if (len > 0)
    memcpy(self->text, text, len);
  self->text[len] = '\0';
  return self;
}

void
nz_yaml_set_text(NzYaml *self, char *text)
{
  if (self->text != (char *)(self + 1))
    g_free(self->text);
  self->text = text;
}

/* Room is 4, 8, 16, ...: it follows from the length. */
static void
append(NzYamlList *list, NzYaml *item)
{
  g_assert(list);
  guint n = list->len;
  if (n == 0 || (n >= 4 && (n & (n - 1)) == 0))
    list->pdata = g_renew(gpointer, list->pdata, n == 0 ? 4 : 2 * n);
  list->pdata[list->len++] = item;
}

void
nz_yaml_append(NzYaml *list, NzYaml *item)
{
  append(list->items, item);
}

static void
free_all(NzYamlList *list)
{
  for (guint i = 0; list && i < list->len; i++)
    nz_yaml_free(list->pdata[i]);
  if (list)
    g_free(list->pdata);
}

void
nz_yaml_free(NzYaml *self)
{
  if (!self)
    return;
  if (self->kind == NZ_YAML_TEXT)
    nz_yaml_set_text(self, NULL);
  g_free(self->tag);
  g_clear_pointer(&self->index, g_hash_table_unref);
  free_all(self->items);
  free_all(self->keys);
  g_free(self);
}

void
nz_yaml_error(const char *name, guint line, guint column, GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(error, NZ_ERROR, NZ_ERROR_INPUT, "%s:%u:%u: %s", name, line, column, text);
}

static void
index_key(NzYaml *map, guint i)
{
  const NzYaml *key = map->keys->pdata[i];
  g_hash_table_insert(map->index, key->text, GUINT_TO_POINTER(i + 1));
}

gint
nz_yaml_find(NzYaml *map, const char *key)
{
  guint n = map->keys->len;
  if (n < INDEX_MIN) {
    for (guint i = 0; i < n; i++)
      if (strcmp(((const NzYaml *)map->keys->pdata[i])->text, key) == 0)
        return (gint)i;
    return -1;
  }
  if (!map->index) {
    map->index = g_hash_table_new(nz_str_hash, g_str_equal);
    for (guint i = 0; i < n; i++)
      index_key(map, i);
  }
  return GPOINTER_TO_INT(g_hash_table_lookup(map->index, key)) - 1;
}

NzYaml *
nz_yaml_get(NzYaml *map, const char *key)
{
  gint i = map && map->kind == NZ_YAML_MAP ? nz_yaml_find(map, key) : -1;
  return i < 0 ? NULL : map->items->pdata[i];
}

void
nz_yaml_add(NzYaml *map, NzYaml *key, NzYaml *value)
{
  append(map->keys, key);
  append(map->items, value);
  if (map->index)
    index_key(map, map->keys->len - 1);
}

void
nz_yaml_take_missing(NzYaml *map, NzYaml *from)
{
  for (guint i = 0; i < from->keys->len; i++) {
    const NzYaml *key = from->keys->pdata[i];
    if (nz_yaml_find(map, key->text) >= 0)
      continue;
    nz_yaml_add(map, g_steal_pointer(&from->keys->pdata[i]),
                g_steal_pointer(&from->items->pdata[i]));
  }
}

static gboolean
copy_all(const NzYamlList *from, NzYamlList *to, guint depth, guint *left)
{
  for (guint i = 0; from && i < from->len; i++) {
    NzYaml *item = nz_yaml_copy(from->pdata[i], depth, left);
    if (!item)
      return FALSE;
    append(to, item);
  }
  return TRUE;
}

NzYaml *
nz_yaml_copy(const NzYaml *self, guint depth, guint *left)
{
  if (depth == 0 || *left == 0)
    return NULL;
  (*left)--;
  g_autoptr(NzYaml) copy = self->kind == NZ_YAML_TEXT
                               ? nz_yaml_new_text(self->text, strlen(self->text))
                               : nz_yaml_new(self->kind);
  const NzYaml own = *copy;
  *copy = *self;
  copy->text = own.text;
  copy->items = own.items;
  copy->keys = own.keys;
  copy->index = NULL;
  copy->tag = g_strdup(self->tag);
  if (!copy_all(self->keys, copy->keys, depth - 1, left) ||
      !copy_all(self->items, copy->items, depth - 1, left))
    return NULL;
  return g_steal_pointer(&copy);
}
