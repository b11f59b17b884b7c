/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of a YAML document: finding, copying, merging. */
#include <string.h>

#include "core/text.h"
#include "core/yaml.h"

/* Maps below this are searched key by key. */
#define INDEX_MIN 16u

void
nz_yaml_free(NzYaml *self)
{
  if (!self)
    return;
  g_free(self->text);
  g_free(self->tag);
  g_clear_pointer(&self->index, g_hash_table_unref);
  g_clear_pointer(&self->items, g_ptr_array_unref);
  g_clear_pointer(&self->keys, g_ptr_array_unref);
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
  g_ptr_array_add(map->keys, key);
  g_ptr_array_add(map->items, value);
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
copy_all(const GPtrArray *from, GPtrArray **to, guint depth, guint *left)
{
  if (!from)
    return TRUE;
  *to = g_ptr_array_new_full(from->len, (GDestroyNotify)nz_yaml_free);
  for (guint i = 0; i < from->len; i++) {
    NzYaml *item = nz_yaml_copy(from->pdata[i], depth, left);
    if (!item)
      return FALSE;
    g_ptr_array_add(*to, item);
  }
  return TRUE;
}

NzYaml *
nz_yaml_copy(const NzYaml *self, guint depth, guint *left)
{
  if (depth == 0 || *left == 0)
    return NULL;
  (*left)--;
  g_autoptr(NzYaml) copy = g_new(NzYaml, 1);
  *copy = *self;
  copy->text = g_strdup(self->text);
  copy->tag = g_strdup(self->tag);
  copy->items = copy->keys = NULL;
  copy->index = NULL;
  if (!copy_all(self->keys, &copy->keys, depth - 1, left) ||
      !copy_all(self->items, &copy->items, depth - 1, left))
    return NULL;
  return g_steal_pointer(&copy);
}
