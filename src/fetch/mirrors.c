/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/mirrors.h"

#include <string.h>
#include <unistd.h>

#include "core/text.h"
#include "fetch/fetch_error.h"
#include "fetch/settings.h"
#include "image/json.h"
#include "image/toml.h"

static void
location_free(gpointer data)
{
  g_free(((NzLocation *)data)->name);
  g_free(data);
}

/* --- the files --- */

/* All [[registry]] tables; of several with one prefix, the last counts. */
typedef struct {
  GHashTable *by_prefix; /* -> json_t, borrowed from DOCUMENTS */
  GPtrArray *documents;
} Configuration;

static void
configuration_clear(Configuration *self)
{
  g_clear_pointer(&self->by_prefix, g_hash_table_unref);
  g_clear_pointer(&self->documents, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Configuration, configuration_clear)

static const char *
text_of(const json_t *table, const char *key)
{
  const char *text = json_string_value(json_object_get(table, key));
  return text && *text ? text : NULL;
}

static gboolean
read_file(Configuration *self, const char *path, gboolean must, GError **error)
{
  g_autoptr(GError) failed = NULL;
  g_autofree char *shown = nz_printable(path, -1);
  gboolean none = strcmp(path, "/dev/null") == 0;
  json_t *root = none ? NULL : nz_toml_read(path, &failed), *table;
  gsize i;
  if (failed)
    return nz_fetch_fail(error, NZ_FETCH_UNAVAILABLE, "%s", failed->message);
  if (!root)
    return !must || none || nz_fetch_fail(error, NZ_FETCH_UNAVAILABLE, "%s: no such file", shown);
  g_ptr_array_add(self->documents, root);
  json_array_foreach(json_object_get(root, "registry"), i, table)
  {
    const char *prefix = text_of(table, "prefix");
    prefix = prefix ? prefix : text_of(table, "location");
    if (prefix)
      g_hash_table_replace(self->by_prefix, g_strdup(prefix), table);
  }
  return TRUE;
}

static int
by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean
read_folder(Configuration *self, const char *folder, GError **error)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
  const char *name;
  while (dir && (name = g_dir_read_name(dir)))
    if (g_str_has_suffix(name, ".conf"))
      g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
  g_ptr_array_sort(paths, by_name);
  for (guint i = 0; i < paths->len; i++)
    if (!read_file(self, paths->pdata[i], FALSE, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_all(Configuration *self, GError **error)
{
  const char *said = nz_settings.registries_conf ? nz_settings.registries_conf
                                                 : g_getenv("CONTAINERS_REGISTRIES_CONF");
  if (said && *said)
    return read_file(self, said, TRUE, error);
  g_autofree char *own = g_build_filename(g_get_user_config_dir(), "containers", NULL);
  g_autofree char *file = g_build_filename(own, "registries.conf", NULL);
  g_autofree char *folder = g_build_filename(own, "registries.conf.d", NULL);
  gboolean has_own = access(file, R_OK) == 0;
  return read_file(self, has_own ? file : "/etc/containers/registries.conf", FALSE, error) &&
         read_folder(self, "/etc/containers/registries.conf.d", error) &&
         read_folder(self, folder, error);
}

/* --- which of them is about a name --- */

/* How much of NAME PREFIX is; 0: nothing. "*.example.com" is all hosts below that. */
static gsize
prefix_length(const char *prefix, const char *name)
{
  gsize n = strlen(prefix);
  if (g_str_has_prefix(prefix, "*.")) {
    gsize host = strcspn(name, "/");
    gsize suffix = n - 1;
    return host > suffix && memcmp(name + host - suffix, prefix + 1, suffix) == 0 ? host : 0;
  }
  return strncmp(name, prefix, n) == 0 && (name[n] == '/' || name[n] == '\0') ? n : 0;
}

static json_t *
find_table(const Configuration *self, const char *name, gsize *length)
{
  GHashTableIter iter;
  gpointer key, value;
  json_t *best = NULL;
  gsize best_key = 0;
  *length = 0;
  g_hash_table_iter_init(&iter, self->by_prefix);
  while (g_hash_table_iter_next(&iter, &key, &value)) {
    gsize n = prefix_length(key, name);
    if (n > 0 && (!best || strlen(key) > best_key)) {
      best = value;
      best_key = strlen(key);
      *length = n;
    }
  }
  return best;
}

/* The first LENGTH bytes of NAME make way for LOCATION, unless that is NULL. */
static void
add_location(GPtrArray *all, const char *name, gsize length, const char *location,
             const json_t *table, gboolean mirror)
{
  const char *pull = mirror ? text_of(table, "pull-from-mirror") : NULL;
  NzLocation *self = g_new0(NzLocation, 1);
  self->name = location ? g_strconcat(location, name + length, NULL) : g_strdup(name);
  self->insecure = json_is_true(json_object_get(table, "insecure"));
  self->mirror = mirror;
  self->no_tags = g_strcmp0(pull, "digest-only") == 0;
  self->no_digests = g_strcmp0(pull, "tag-only") == 0;
  g_ptr_array_add(all, self);
}

static void
add_mirrors(GPtrArray *all, const char *name, gsize length, const json_t *table)
{
  gboolean digests = json_is_true(json_object_get(table, "mirror-by-digest-only"));
  json_t *mirror;
  gsize i;
  json_array_foreach(json_object_get(table, "mirror"), i, mirror)
  {
    const char *location = text_of(mirror, "location");
    if (!location)
      continue;
    add_location(all, name, length, location, mirror, TRUE);
    ((NzLocation *)all->pdata[all->len - 1])->no_tags |= digests;
  }
}

GPtrArray *
nz_locations_for(const char *name, GError **error)
{
  g_auto(Configuration)
      conf = {.by_prefix = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
              .documents = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref)};
  if (!read_all(&conf, error))
    return NULL;
  gsize length;
  json_t *table = find_table(&conf, name, &length);
  if (json_is_true(json_object_get(table, "blocked"))) {
    nz_fetch_fail(error, NZ_FETCH_DENIED, "%s is blocked by registries.conf", name);
    return NULL;
  }
  GPtrArray *all = g_ptr_array_new_with_free_func(location_free);
  if (table)
    add_mirrors(all, name, length, table);
  add_location(all, name, length, text_of(table, "location"), table, FALSE);
  return all;
}
