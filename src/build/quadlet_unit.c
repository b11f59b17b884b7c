/* SPDX-License-Identifier: Apache-2.0 */
/* Units with what is dropped into them. */
#include <string.h>

#include "build/quadlet_private.h"
#include "core/limits.h"
#include "core/text.h"

char *
nz_quadlet_value(const NzUnitEntry *entry)
{
  char *text = g_strdup(entry->value);
  gsize start = strspn(text, "\""), len = strlen(text);
  while (len > start && text[len - 1] == '"')
    len--;
  memmove(text, text + start, len - start);
  text[len - start] = '\0';
  return text;
}

NzPlace *
nz_quadlet_place(const NzUnitEntry *entry)
{
  return nz_source_place(entry->source, entry->span);
}

char *
nz_quadlet_get(const NzUnit *unit, const char *section, const char *key, NzPlace **place)
{
  const NzUnitEntry *entry = nz_unit_last(unit, section, key);
  g_autofree char *text = entry ? nz_quadlet_value(entry) : NULL;
  if (!text || !*text)
    return NULL;
  if (place)
    *place = nz_quadlet_place(entry);
  return g_steal_pointer(&text);
}

gboolean
nz_quadlet_is_open(const char *text)
{
  for (; (text = strpbrk(text, "%$")); text += 2)
    if (text[1] != text[0])
      return TRUE;
  return FALSE;
}

/* Directories of drop-ins, from those of many units to those of one: "container.d",
 * "a-.container.d", "a-b@.container.d", "a-b@c.container.d". */
static GPtrArray *
drop_in_directories(const char *name, const char *directory)
{
  GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
  const char *dot = strrchr(name, '.');
  if (!dot || dot == name)
    return all;
  g_autofree char *type = g_strconcat(dot + 1, ".d", NULL);
  g_ptr_array_add(all, nz_service_join(directory, type));
  for (const char *p = name; p < dot && all->len < NZ_COMPOSE_FILES_MAX; p++) {
    if ((*p != '-' && *p != '@') || p + 1 == dot)
      continue;
    g_autofree char *part = g_strdup_printf("%.*s%s.d", (int)(p + 1 - name), name, dot);
    g_ptr_array_add(all, nz_service_join(directory, part));
  }
  g_autofree char *own = g_strconcat(name, ".d", NULL);
  g_ptr_array_add(all, nz_service_join(directory, own));
  return all;
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The base names of drop-ins -> their paths: of one name the nearest to the unit counts. */
static GHashTable *
find_drop_ins(const NzQuadlet *self, const char *name, const char *directory)
{
  GHashTable *found = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, g_free);
  g_autoptr(GPtrArray) directories = drop_in_directories(name, directory);
  for (guint i = 0; i < directories->len; i++) {
    g_auto(GStrv) paths = self->options->list(directories->pdata[i], self->options->data);
    for (guint k = 0; paths && paths[k]; k++)
      if (g_str_has_suffix(paths[k], ".conf"))
        g_hash_table_replace(found, g_path_get_basename(paths[k]), g_strdup(paths[k]));
  }
  return found;
}

static gboolean
add_drop_ins(NzQuadlet *self, NzUnit *unit, const char *name, const char *directory, GError **error)
{
  if (!self->options->list || !self->options->read)
    return TRUE;
  g_autoptr(GHashTable) found = find_drop_ins(self, name, directory);
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  GHashTableIter iter;
  gpointer key;
  g_hash_table_iter_init(&iter, found);
  while (g_hash_table_iter_next(&iter, &key, NULL))
    g_ptr_array_add(names, key);
  g_ptr_array_sort(names, compare_names);
  if (names->len > NZ_COMPOSE_FILES_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "more than %u drop-ins", NZ_COMPOSE_FILES_MAX);
    return FALSE;
  }
  for (guint i = 0; i < names->len; i++) {
    const char *path = g_hash_table_lookup(found, names->pdata[i]);
    NzSourceFile *source = self->options->read(path, self->options->data, error);
    if (!source || !nz_unit_read(unit, source, error))
      return FALSE;
  }
  return TRUE;
}

NzUnit *
nz_quadlet_load(NzQuadlet *self, NzSourceFile *source, const char *directory, GError **error)
{
  g_autoptr(NzUnit) unit = nz_unit_new();
  g_autofree char *name = g_path_get_basename(source->name);
  if (!nz_unit_read(unit, source, error) || !add_drop_ins(self, unit, name, directory, error))
    return NULL;
  return g_steal_pointer(&unit);
}

gboolean
nz_quadlet_join(NzQuadlet *self, const NzUnitEntry *entry, const char *directory, const char *name,
                NzUnit **unit, GError **error)
{
  g_autoptr(GError) wrong = NULL;
  g_autofree char *path = nz_service_join(directory, name);
  g_autofree char *shown = nz_printable(name, -1);
  *unit = NULL;
  NzSourceFile *source =
      self->options->read ? self->options->read(path, self->options->data, &wrong) : NULL;
  if (!source && self->options->read && !g_error_matches(wrong, NZ_ERROR, NZ_ERROR_NOT_FOUND))
    return nz_unit_fail(entry->source, entry->span.start, error, "%s",
                        wrong ? wrong->message : shown);
  if (!source) {
    nz_services_note(self->result, entry->source, entry->span.start,
                     "the unit %s is not beside this one, and not looked at", shown);
    return TRUE;
  }
  *unit = nz_quadlet_load(self, source, directory, error);
  return *unit != NULL;
}
