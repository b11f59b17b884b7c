/* SPDX-License-Identifier: Apache-2.0 */
/* What `docker save` writes (moby image/tarexport):
 *   manifest.json  [ {"Config": NAME, "RepoTags": [TAG, ...] | null, "Layers": [NAME, ...]} , ... ]
 * Names are members of the archive. Since Docker 25 they are blobs/sha256/<hex>, whose digest is
 * checked; before, nothing vouches for a layer but its diff_id. */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/digest.h"
#include "image/json.h"
#include "image/transport.h"

static gboolean
add_layers(NzImage *image, const json_t *names, GError **error)
{
  if (json_array_size(names) > NZ_LAYERS_MAX)
    return nz_set_input(error, "more than %u layers", NZ_LAYERS_MAX);
  for (gsize i = 0; i < json_array_size(names); i++) {
    const char *name = json_string_value(json_array_get(names, i));
    if (!name)
      return nz_set_input(error, "the name of layer %" G_GSIZE_FORMAT " is no string", i);
    NzLayer *layer = g_new0(NzLayer, 1);
    g_ptr_array_add(image->layers, layer);
    layer->index = (guint)i;
    layer->name = g_strdup(name);
    layer->size = -1;
    layer->digest = nz_digest_of_blob_name(name);
    if (!layer->digest)
      image->diff_ids_unverified = TRUE;
  }
  return TRUE;
}

static gboolean
read_config(NzImage *image, const char *name, GError **error)
{
  g_autoptr(GBytes) bytes = nz_image_store_read_json(image->store, name, error);
  g_autofree char *shown = nz_printable(name, -1);
  if (!bytes || !nz_config_apply(image, bytes, error)) {
    g_prefix_error(error, "configuration %s: ", shown);
    return FALSE;
  }
  g_autofree char *digest = nz_digest_of_blob_name(name);
  if (digest) {
    gsize len;
    const void *data = g_bytes_get_data(bytes, &len);
    g_autofree char *actual = nz_digest_of(digest, data, len);
    if (strcmp(actual, digest) != 0)
      return nz_set_input(error, "configuration %s: wrong digest: its content is %s", shown,
                          actual);
  }
  image->digest = g_strdup(image->config_digest);
  return TRUE;
}

/* A reference in full, as Docker reads it: "app" is docker.io/library/app:latest. */
static char *
full_reference(const char *ref)
{
  const char *slash = strchr(ref, '/');
  gsize n = slash ? (gsize)(slash - ref) : 0;
  gboolean has_domain = slash && (memchr(ref, '.', n) || memchr(ref, ':', n) ||
                                  (n == strlen("localhost") && memcmp(ref, "localhost", n) == 0));
  const char *last = strrchr(ref, '/');
  gboolean has_tag = strchr(last ? last : ref, ':') != NULL;
  return g_strconcat(has_domain ? ""
                     : slash    ? "docker.io/"
                                : "docker.io/library/",
                     ref, has_tag ? "" : ":latest", NULL);
}

static gboolean
has_tag(const json_t *tags, const char *ref)
{
  g_autofree char *wanted = full_reference(ref);
  for (gsize i = 0; i < json_array_size(tags); i++) {
    const char *tag = json_string_value(json_array_get(tags, i));
    g_autofree char *full = tag ? full_reference(tag) : NULL;
    if (g_strcmp0(full, wanted) == 0)
      return TRUE;
  }
  return FALSE;
}

/* Whether REF ("name:tag", or "@N" for the Nth image) asks for this entry. */
static gboolean
is_asked_for(const json_t *tags, gsize index, const char *ref)
{
  gint64 n;
  if (!ref)
    return TRUE;
  if (ref[0] == '@')
    return nz_parse_int(ref + 1, strlen(ref + 1), &n) == NZ_INT_OK && n == (gint64)index;
  return has_tag(tags, ref);
}

static gboolean
add_entry(NzImageStore *store, const NzOpenRequest *request, const json_t *entry, gsize index,
          gboolean also_oci, GPtrArray *images, GError **error)
{
  const char *config;
  json_t *tags, *layers;
  if (!json_is_object(entry))
    return nz_set_input(error, "is no object");
  if (!nz_json_get_string(entry, "Config", &config, error) ||
      !nz_json_get_array(entry, "RepoTags", &tags, error) ||
      !nz_json_get_array(entry, "Layers", &layers, error))
    return FALSE;
  if (!is_asked_for(tags, index, request->ref))
    return TRUE;
  if (!config)
    return nz_set_input(error, "names no Config");
  g_autoptr(NzImage) image = nz_image_new(store, request->source);
  const char *tag = json_string_value(json_array_get(tags, 0));
  image->name = tag ? nz_printable(tag, -1) : nz_printable(request->source, -1);
  g_autoptr(GError) failed = NULL;
  if (!add_layers(image, layers, error))
    return FALSE;
  if (!read_config(image, config, &failed)) {
    /* Docker 25 with containerd's store leaves the layers to index.json. Without it such an entry
     * cannot be loaded, and an image that has no layers is one. */
    if (!layers && also_oci)
      return TRUE;
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  g_auto(NzPlatform) want = {0};
  if (request->options->platform) {
    if (!nz_platform_parse(request->options->platform, &want, error))
      return FALSE;
    if (!nz_platform_matches(image->platform, &want))
      return TRUE;
  }
  g_ptr_array_add(images, g_steal_pointer(&image));
  return TRUE;
}

gboolean
nz_docker_list(NzImageStore *store, const NzOpenRequest *request, gboolean also_oci,
               GPtrArray *images, GError **error)
{
  guint before = images->len;
  g_autoptr(GBytes) bytes = store->klass->read_json(store, "manifest.json", error);
  g_autoptr(NzJson) root = bytes ? nz_json_parse(bytes, error) : NULL;
  if (!root) {
    g_prefix_error(error, "manifest.json: ");
    return FALSE;
  }
  if (!json_is_array(root))
    return nz_set_input(error, "manifest.json: not a list of images, as `docker save` writes it");
  if (json_array_size(root) > NZ_IMAGES_MAX)
    return nz_set_input(error, "manifest.json: more than %u images", NZ_IMAGES_MAX);
  for (gsize i = 0; i < json_array_size(root); i++)
    if (!add_entry(store, request, json_array_get(root, i), i, also_oci, images, error)) {
      g_prefix_error(error, "manifest.json: image %" G_GSIZE_FORMAT ": ", i);
      return FALSE;
    }
  if (images->len > before)
    return TRUE;
  g_autofree char *ref = request->ref ? nz_printable(request->ref, -1) : NULL;
  g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND, "manifest.json: no image%s%s%s%s",
              ref ? " called " : "", ref ? ref : "",
              request->options->platform ? " for the platform " : "",
              request->options->platform ? request->options->platform : "");
  return FALSE;
}
