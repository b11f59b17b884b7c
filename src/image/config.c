/* SPDX-License-Identifier: Apache-2.0 */
#include "image/config.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/digest.h"
#include "image/json.h"

void
nz_platform_clear(NzPlatform *self)
{
  g_free(self->os);
  g_free(self->architecture);
  g_free(self->variant);
  *self = (NzPlatform){0};
}

/* Names that containerd and Docker take for each other. */
static char *
usual_name(const char *name)
{
  static const char *const same[][2] = {
      {"x86_64", "amd64"}, {"x86-64", "amd64"}, {"aarch64", "arm64"},
      {"i386", "386"},     {"armhf", "arm"},
  };
  g_autofree char *lower = g_ascii_strdown(name, -1);
  for (guint i = 0; i < G_N_ELEMENTS(same); i++)
    if (strcmp(lower, same[i][0]) == 0)
      return g_strdup(same[i][1]);
  return g_steal_pointer(&lower);
}

gboolean
nz_platform_parse(const char *text, NzPlatform *out, GError **error)
{
  g_auto(GStrv) parts = g_strsplit(text, "/", -1);
  guint n = g_strv_length(parts);
  gboolean empty = FALSE;
  for (guint i = 0; i < n; i++)
    empty |= *parts[i] == '\0';
  if (n < 2 || n > 3 || empty)
    return nz_set_input(error,
                        "%s is no platform; write OS/ARCH or OS/ARCH/VARIANT, such as "
                        "linux/arm64",
                        text);
  *out = (NzPlatform){usual_name(parts[0]), usual_name(parts[1]), g_strdup(parts[2])};
  return TRUE;
}

/* The variant that is meant where none is said. */
static const char *
variant_or_default(const char *architecture, const char *variant)
{
  if (variant)
    return variant;
  if (strcmp(architecture, "arm64") == 0)
    return "v8";
  return strcmp(architecture, "arm") == 0 ? "v7" : "";
}

gboolean
nz_platform_matches(const char *have_text, const NzPlatform *want)
{
  g_auto(NzPlatform) have = {0};
  if (!have_text || !nz_platform_parse(have_text, &have, NULL))
    return FALSE;
  if (strcmp(have.os, want->os) != 0 || strcmp(have.architecture, want->architecture) != 0)
    return FALSE;
  return !want->variant ||
         strcmp(variant_or_default(have.architecture, have.variant), want->variant) == 0;
}

static gboolean
read_platform(NzImage *image, const json_t *root, GError **error)
{
  const char *os, *architecture, *variant;
  if (!nz_json_get_string(root, "os", &os, error) ||
      !nz_json_get_string(root, "architecture", &architecture, error) ||
      !nz_json_get_string(root, "variant", &variant, error))
    return FALSE;
  if ((os && strlen(os) > NZ_PLATFORM_MAX) ||
      (architecture && strlen(architecture) > NZ_PLATFORM_MAX) ||
      (variant && strlen(variant) > NZ_PLATFORM_MAX))
    return nz_set_input(error, "a platform name of more than %" G_GSIZE_FORMAT " bytes",
                        NZ_PLATFORM_MAX);
  image->os = os && *os ? nz_printable(os, -1) : NULL;
  if (os && *os && architecture && *architecture) {
    g_autofree char *text =
        g_strconcat(os, "/", architecture, variant && *variant ? "/" : NULL, variant, NULL);
    g_free(image->platform);
    image->platform = nz_printable(text, -1);
  }
  return TRUE;
}

static gboolean
read_diff_ids(NzImage *image, const json_t *root, GError **error)
{
  json_t *rootfs, *diff_ids = NULL;
  if (!nz_json_get_object(root, "rootfs", &rootfs, error) ||
      (rootfs && !nz_json_get_array(rootfs, "diff_ids", &diff_ids, error)))
    return FALSE;
  gsize n = diff_ids ? json_array_size(diff_ids) : 0;
  if (n != image->layers->len)
    return nz_set_input(error,
                        "the configuration lists %" G_GSIZE_FORMAT " layers (diff_ids), the "
                        "manifest %u; the image is damaged or forged",
                        n, image->layers->len);
  for (guint i = 0; i < image->layers->len; i++) {
    NzLayer *layer = image->layers->pdata[i];
    const char *text = json_string_value(json_array_get(diff_ids, i));
    if (!text || !nz_digest_valid(text))
      return nz_set_input(error, "diff_id %u is no digest", i);
    layer->diff_id = g_strdup(text);
  }
  return TRUE;
}

/* TEXT, or as much of it as fits, with a mark that there was more. */
static char *
cut(const char *text, gsize max)
{
  if (strlen(text) <= max)
    return g_strdup(text);
  const char *end = g_utf8_find_prev_char(text, text + max);
  g_autofree char *head = g_strndup(text, (gsize)(end - text));
  return g_strconcat(head, "...", NULL);
}

/* Entries of the history that made a layer, in order, belong to the layers in order. */
static gboolean
read_history(NzImage *image, const json_t *root, GError **error)
{
  json_t *history;
  if (!nz_json_get_array(root, "history", &history, error))
    return FALSE;
  for (gsize i = 0; i < json_array_size(history); i++) {
    const json_t *entry = json_array_get(history, i);
    gboolean empty;
    const char *created_by, *comment;
    if (!json_is_object(entry))
      return nz_set_input(error, "history entry %" G_GSIZE_FORMAT " is no object", i);
    if (!nz_json_get_bool(entry, "empty_layer", &empty, error) ||
        !nz_json_get_string(entry, "created_by", &created_by, error) ||
        !nz_json_get_string(entry, "comment", &comment, error))
      return FALSE;
    guint layer = image->history.n_layers;
    nz_history_add(&image->history, created_by, comment, empty);
    if (empty || layer >= image->layers->len || !created_by || !*created_by)
      continue;
    ((NzLayer *)image->layers->pdata[layer])->created_by = cut(created_by, NZ_CREATED_BY_MAX);
  }
  nz_history_end(&image->history);
  return TRUE;
}

gboolean
nz_config_read_base(NzImage *image, const json_t *object, const char *key, GError **error)
{
  json_t *map;
  if (!nz_json_get_object(object, key, &map, error))
    return FALSE;
  if (!map || image->base_said_by)
    return TRUE;
  /* Keys of maps are exact. */
  const char *name = json_string_value(json_object_get(map, "org.opencontainers.image.base.name"));
  const char *digest =
      json_string_value(json_object_get(map, "org.opencontainers.image.base.digest"));
  if (name && *name && strlen(name) <= NZ_BASE_NAME_MAX)
    image->base_name = nz_printable(name, -1);
  if (digest && nz_digest_valid(digest))
    image->base_digest = g_strdup(digest);
  if (image->base_name || image->base_digest)
    image->base_said_by = strcmp(key, "annotations") == 0 ? "annotations" : "labels";
  return TRUE;
}

/* --- config: the user, and how it starts --- */

/* The strings in ARRAY, up to MAX; anything else in it is an error. */
static gboolean
read_strings(const json_t *config, const char *key, guint max, GStrv *out, NzLaunch *launch,
             GError **error)
{
  json_t *array;
  if (!nz_json_get(config, key, &array, error))
    return FALSE;
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  if (json_is_string(array)) { /* Docker's StrSlice */
    g_strv_builder_add(builder, json_string_value(array));
    *out = g_strv_builder_end(builder);
    return TRUE;
  }
  if (array && !json_is_array(array) && !json_is_null(array))
    return nz_set_input(error, "%s of the configuration is no list", key);
  gsize n = json_array_size(array);
  for (gsize i = 0; i < n; i++) {
    const char *text = json_string_value(json_array_get(array, i));
    if (!text)
      return nz_set_input(error, "%s of the configuration has a member that is no string", key);
    if (i >= max || strlen(text) > NZ_ARG_MAX) {
      launch->cut = TRUE;
      break;
    }
    g_strv_builder_add(builder, text);
  }
  *out = g_strv_builder_end(builder);
  return TRUE;
}

static int
compare_strings(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of the object at KEY, sorted. */
static gboolean
read_keys(json_t *config, const char *key, guint max, GStrv *out, NzLaunch *launch, GError **error)
{
  json_t *object;
  if (!nz_json_get_object(config, key, &object, error))
    return FALSE;
  g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
  for (void *iter = json_object_iter(object); iter; iter = json_object_iter_next(object, iter)) {
    const char *name = json_object_iter_key(iter);
    if (keys->len >= max || strlen(name) > NZ_PATH_MAX) {
      launch->cut = TRUE;
      continue;
    }
    g_ptr_array_add(keys, g_strdup(name));
  }
  g_ptr_array_sort(keys, compare_strings);
  g_ptr_array_add(keys, NULL);
  *out = (GStrv)g_ptr_array_free(g_steal_pointer(&keys), FALSE);
  return TRUE;
}

/* The last PATH counts, as in every environment. */
static gboolean
read_path(const json_t *config, NzLaunch *launch, GError **error)
{
  json_t *env;
  if (!nz_json_get_array(config, "Env", &env, error))
    return FALSE;
  for (gsize i = 0; i < json_array_size(env); i++) {
    const char *text = json_string_value(json_array_get(env, i));
    if (!text)
      return nz_set_input(error, "Env of the configuration has a member that is no string");
    if (!g_str_has_prefix(text, "PATH="))
      continue;
    launch->cut |= strlen(text) > NZ_ARG_MAX;
    g_free(launch->path);
    launch->path = g_strndup(text + strlen("PATH="), NZ_ARG_MAX);
  }
  return TRUE;
}

/* What only a build on this image asks for: what is no string is left out. */
static GStrv
read_for_builds(const json_t *config, const char *key, guint max)
{
  const json_t *array = NULL;
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  if (!nz_json_get(config, key, (json_t **)&array, NULL))
    return NULL;
  for (gsize i = 0; i < json_array_size(array) && i < max; i++) {
    const char *text = json_string_value(json_array_get(array, i));
    if (text && strlen(text) <= NZ_ARG_MAX)
      g_strv_builder_add(builder, text);
  }
  return g_strv_builder_end(builder);
}

static gboolean
read_launch(NzImage *image, json_t *config, GError **error)
{
  NzLaunch *launch = &image->launch;
  const char *workdir = NULL;
  if (!read_strings(config, "Entrypoint", NZ_ARGS_MAX, &launch->entrypoint, launch, error) ||
      !read_strings(config, "Cmd", NZ_ARGS_MAX, &launch->cmd, launch, error) ||
      !read_keys(config, "Volumes", NZ_VOLUMES_MAX, &launch->volumes, launch, error) ||
      !read_keys(config, "ExposedPorts", NZ_PORTS_MAX, &launch->ports, launch, error) ||
      !read_path(config, launch, error) ||
      !nz_json_get_string(config, "WorkingDir", &workdir, error))
    return FALSE;
  launch->environment = read_for_builds(config, "Env", NZ_ENVIRONMENT_MAX);
  launch->triggers = read_for_builds(config, "OnBuild", NZ_ARGS_MAX);
  if (workdir && strlen(workdir) > NZ_PATH_MAX)
    launch->cut = TRUE;
  else
    launch->workdir = g_strdup(workdir);
  return TRUE;
}

static gboolean
read_config(NzImage *image, const json_t *root, GError **error)
{
  json_t *config;
  const char *user = NULL;
  if (!nz_json_get_object(root, "config", &config, error) ||
      (config && (!nz_json_get_string(config, "User", &user, error) ||
                  !nz_config_read_base(image, config, "Labels", error))))
    return FALSE;
  if (user && strlen(user) > NZ_USER_MAX)
    return nz_set_input(error, "a User of more than %" G_GSIZE_FORMAT " bytes", NZ_USER_MAX);
  image->has_config = TRUE;
  image->user = g_strdup(user ? user : "");
  return !config || read_launch(image, config, error);
}

gboolean
nz_config_apply(NzImage *image, GBytes *bytes, GError **error)
{
  g_autoptr(NzJson) root = nz_json_parse(bytes, error);
  if (!root)
    return FALSE;
  if (!json_is_object(root))
    return nz_set_input(error, "the configuration is no JSON object");
  gsize len;
  const void *data = g_bytes_get_data(bytes, &len);
  image->config_digest = nz_digest_of("sha256:", data, len);
  return read_platform(image, root, error) && read_diff_ids(image, root, error) &&
         read_history(image, root, error) && read_config(image, root, error);
}
