/* SPDX-License-Identifier: Apache-2.0 */
/* As containers/storage reads it (types/options.go, storage.conf(5)):
 *   - the system's file: $CONTAINERS_STORAGE_CONF, $XDG_CONFIG_HOME/containers/storage.conf,
 *     /etc/containers/storage.conf or /usr/share/containers/storage.conf, the first that is there;
 *   - for a user without root, only its driver and rootless_storage_path count, unless the user has
 * a file too, which then counts instead of all of it;
 *   - $STORAGE_DRIVER goes before the files' driver, $STORAGE_OPTS before their options. */
#include "image/storage_conf.h"

#include <string.h>
#include <unistd.h>

#include "core/text.h"
#include "image/toml.h"

#define SYSTEM_ROOT "/var/lib/containers/storage"

/* One file. */
typedef struct {
  char *driver, *graphroot, *rootless_path, *imagestore;
  GPtrArray *additional;
  gboolean there;
} File;

static void
file_clear(File *self)
{
  g_free(self->driver);
  g_free(self->graphroot);
  g_free(self->rootless_path);
  g_free(self->imagestore);
  g_clear_pointer(&self->additional, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(File, file_clear)

void
nz_storage_conf_init(NzStorageConf *self)
{
  *self = (NzStorageConf){.roots = g_ptr_array_new_with_free_func(g_free)};
}

void
nz_storage_conf_clear(NzStorageConf *self)
{
  g_free(self->driver);
  g_clear_pointer(&self->roots, g_ptr_array_unref);
}

/* --- files --- */

static gboolean
copy_string(const json_t *table, const char *key, char **out, GError **error)
{
  const char *value;
  if (!nz_json_get_string(table, key, &value, error))
    return FALSE;
  *out = value && *value ? g_strdup(value) : NULL;
  return TRUE;
}

static gboolean
read_options(File *self, const json_t *storage, GError **error)
{
  json_t *options, *stores = NULL;
  if (!nz_json_get_object(storage, "options", &options, error) ||
      (options && !nz_json_get_array(options, "additionalimagestores", &stores, error)))
    return FALSE;
  for (gsize i = 0; i < json_array_size(stores); i++) {
    const char *path = json_string_value(json_array_get(stores, i));
    if (!path)
      return nz_set_input(error, "additionalimagestores has a member that is no string");
    g_ptr_array_add(self->additional, g_strdup(path));
  }
  return TRUE;
}

static gboolean
read_file(File *self, const char *path, GError **error)
{
  g_autoptr(GError) failed = NULL;
  json_t *storage;
  self->additional = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(NzJson) root = nz_toml_read(path, &failed);
  if (failed) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  self->there = root != NULL;
  if (!root)
    return TRUE;
  gboolean ok =
      nz_json_get_object(root, "storage", &storage, error) &&
      (!storage || (copy_string(storage, "driver", &self->driver, error) &&
                    copy_string(storage, "graphroot", &self->graphroot, error) &&
                    copy_string(storage, "imagestore", &self->imagestore, error) &&
                    copy_string(storage, "rootless_storage_path", &self->rootless_path, error) &&
                    read_options(self, storage, error)));
  if (!ok)
    g_prefix_error(error, "%s: ", path);
  return ok;
}

/* --- the environment --- */

/* Whose store it is: the user who started `podman unshare`, or this one. */
static guint
user_of_store(void)
{
  const char *text = g_getenv("_CONTAINERS_ROOTLESS_UID");
  gint64 uid;
  if (text && nz_parse_int(text, strlen(text), &uid) == NZ_INT_OK && uid >= 0 && uid <= G_MAXUINT32)
    return (guint)uid;
  return (guint)geteuid();
}

static gsize
name_length(const char *text)
{
  gsize n = 0;
  while (g_ascii_isalnum(text[n]) || text[n] == '_')
    n++;
  return n;
}

/* $NAME and ${NAME}; $UID is the user's id, whatever the environment says. */
static char *
expand(const char *path, guint uid)
{
  g_autoptr(GString) out = g_string_new(NULL);
  while (*path) {
    gboolean braced = path[0] == '$' && path[1] == '{';
    const char *start = path + (braced ? 2 : 1);
    gsize n = *path == '$' ? name_length(start) : 0;
    if (n == 0 || (braced && start[n] != '}')) {
      g_string_append_c(out, *path++);
      continue;
    }
    g_autofree char *name = g_strndup(start, n);
    const char *value = g_getenv(name);
    if (strcmp(name, "UID") == 0)
      g_string_append_printf(out, "%u", uid);
    else if (value)
      g_string_append(out, value);
    path = start + n + (braced ? 1 : 0);
  }
  return g_canonicalize_filename(out->str, "/");
}

static char *
below(const char *variable, const char *below_home, const char *path)
{
  const char *dir = g_getenv(variable);
  if (dir && *dir)
    return g_build_filename(dir, path, NULL);
  return g_build_filename(g_get_home_dir(), below_home, path, NULL);
}

static char *
system_file(void)
{
  const char *set = g_getenv("CONTAINERS_STORAGE_CONF"), *config = g_getenv("XDG_CONFIG_HOME");
  g_autofree char *own =
      config && *config ? g_build_filename(config, "containers/storage.conf", NULL) : NULL;
  if (set)
    return g_strdup(set);
  if (own && access(own, F_OK) == 0)
    return g_steal_pointer(&own);
  return g_strdup(access("/etc/containers/storage.conf", F_OK) == 0
                      ? "/etc/containers/storage.conf"
                      : "/usr/share/containers/storage.conf");
}

/* "overlay.imagestore=/a,vfs.imagestore=/b": the stores in it. */
static void
add_from_options(GPtrArray *roots, const char *options, guint uid)
{
  g_auto(GStrv) list = g_strsplit(options, ",", -1);
  for (guint i = 0; list[i]; i++) {
    const char *equals = strchr(list[i], '=');
    if (!equals)
      continue;
    g_autofree char *key = g_strndup(list[i], (gsize)(equals - list[i]));
    g_strstrip(key);
    if ((g_str_has_suffix(key, ".imagestore") || g_str_has_suffix(key, ".additionalimagestore")) &&
        equals[1] == '/')
      g_ptr_array_add(roots, expand(equals + 1, uid));
  }
}

static void
set_driver(NzStorageConf *self, const char *driver)
{
  if (!driver || !*driver)
    return;
  g_free(self->driver);
  self->driver = g_strdup(strcmp(driver, "overlay2") == 0 ? "overlay" : driver);
}

/* What FILE says goes into SELF; DEFAULT_ROOT where it says no root. */
static void
apply(NzStorageConf *self, const File *file, const char *root, guint uid)
{
  const char *options = g_getenv("STORAGE_OPTS");
  set_driver(self, file->driver);
  set_driver(self, g_getenv("STORAGE_DRIVER"));
  g_ptr_array_add(self->roots, expand(root, uid));
  if (file->imagestore)
    g_ptr_array_add(self->roots, expand(file->imagestore, uid));
  if (options)
    add_from_options(self->roots, options, uid);
  for (guint i = 0; !options && i < file->additional->len; i++)
    g_ptr_array_add(self->roots, expand(file->additional->pdata[i], uid));
}

static gboolean
read_rootless(NzStorageConf *self, const File *system, guint uid, GError **error)
{
  const char *set = g_getenv("CONTAINERS_STORAGE_CONF");
  g_autofree char *data = below("XDG_DATA_HOME", ".local/share", "containers/storage");
  g_autofree char *path =
      set ? g_strdup(set) : below("XDG_CONFIG_HOME", ".config", "containers/storage.conf");
  g_auto(File) own = {0};
  if (!read_file(&own, path, error))
    return FALSE;
  const char *usual = system->rootless_path ? system->rootless_path : data;
  if (!own.there) {
    g_auto(File)
        driver_only = {.driver = g_strdup(system->driver), .additional = g_ptr_array_new()};
    apply(self, &driver_only, usual, uid);
    return TRUE;
  }
  apply(self, &own,
        own.graphroot       ? own.graphroot
        : own.rootless_path ? own.rootless_path
                            : usual,
        uid);
  return TRUE;
}

gboolean
nz_storage_conf_read(NzStorageConf *self, GError **error)
{
  guint uid = user_of_store();
  g_autofree char *path = system_file();
  g_auto(File) system = {0};
  if (!read_file(&system, path, error))
    return FALSE;
  if (uid != 0)
    return read_rootless(self, &system, uid, error);
  apply(self, &system, system.graphroot ? system.graphroot : SYSTEM_ROOT, uid);
  return TRUE;
}

gboolean
nz_storage_conf_parse(NzStorageConf *self, const char *spec, GError **error)
{
  const char *at = strchr(spec, '@');
  const char *root = at ? at + 1 : spec;
  g_autofree char *driver = at ? g_strndup(spec, (gsize)(at - spec)) : NULL;
  g_autofree char *path = g_strndup(root, strcspn(root, "+:"));
  const char *options = strchr(root, ':');
  if (*path != '/' || (driver && !*driver)) {
    g_autofree char *shown = nz_printable(spec, -1);
    return nz_set_input(error,
                        "[%s] names no store; write [DRIVER@/PATH], for instance "
                        "[overlay@/var/lib/containers/storage]",
                        shown);
  }
  set_driver(self, driver);
  g_ptr_array_add(self->roots, g_canonicalize_filename(path, "/"));
  if (options)
    add_from_options(self->roots, options + 1, (guint)geteuid());
  return TRUE;
}
