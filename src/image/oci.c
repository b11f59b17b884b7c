/* SPDX-License-Identifier: Apache-2.0 */
/* OCI image layouts (image-spec image-layout.md, image-index.md, manifest.md):
 *   index.json  index | nested
 *   index       {"manifests": [descriptor, ...]}
 *   manifest    {"config": descriptor, "layers": [descriptor, ...]}
 *   descriptor  {"mediaType", "digest", "size", "platform"?, "annotations"?}
 * A descriptor's blob is blobs/<algorithm>/<hex>; its size and digest must be true. */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/digest.h"
#include "image/json.h"
#include "image/transport.h"

typedef struct {
  const char *media_type; /* NULL: not said */
  const char *digest;
  gint64 size;
  char *name; /* of the blob */
} Descriptor;

static void
descriptor_clear(Descriptor *self)
{
  g_free(self->name);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Descriptor, descriptor_clear)

static gboolean
read_descriptor(const json_t *object, Descriptor *out, GError **error)
{
  json_t *size;
  if (!json_is_object(object))
    return nz_set_input(error, "a descriptor is no object");
  if (!nz_json_get_string(object, "mediaType", &out->media_type, error) ||
      !nz_json_get_string(object, "digest", &out->digest, error) ||
      !nz_json_get(object, "size", &size, error))
    return FALSE;
  if (!out->digest || !nz_digest_valid(out->digest)) {
    g_autofree char *shown = out->digest ? nz_printable(out->digest, -1) : g_strdup("(none)");
    return nz_set_input(error, "a descriptor's digest is none that can be checked: %s", shown);
  }
  if (!json_is_integer(size))
    return nz_set_input(error, "the descriptor of %s has no size", out->digest);
  out->size = json_integer_value(size);
  if (out->size < 0)
    return nz_set_input(error, "the descriptor of %s has a negative size", out->digest);
  out->name = g_strconcat("blobs/", out->digest, NULL);
  *strchr(out->name, ':') = '/';
  return TRUE;
}

/* A JSON blob with the size and digest its descriptor states. */
static GBytes *
read_checked(NzImageStore *store, const Descriptor *d, GError **error)
{
  if ((guint64)d->size > NZ_JSON_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "%s: a document of more than 4 MiB", d->digest);
    return NULL;
  }
  g_autoptr(GBytes) bytes = nz_image_store_read_json(store, d->name, error);
  if (!bytes)
    return NULL;
  gsize len;
  const void *data = g_bytes_get_data(bytes, &len);
  if (len != (gsize)d->size) {
    nz_set_input(error,
                 "%s: its descriptor says %" G_GINT64_FORMAT " bytes, it has %" G_GSIZE_FORMAT,
                 d->digest, d->size, len);
    return NULL;
  }
  g_autofree char *actual = nz_digest_of(d->digest, data, len);
  if (strcmp(actual, d->digest) != 0) {
    nz_set_input(error, "wrong digest: %s holds content of %s", d->digest, actual);
    return NULL;
  }
  return g_steal_pointer(&bytes);
}

/* --- manifests --- */

static gboolean
is_one_of(const char *text, const char *const *table)
{
  return text && g_strv_contains(table, text);
}

static const char *const index_types[] = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json", NULL};
static const char *const manifest_types[] = {"application/vnd.oci.image.manifest.v1+json",
                                             "application/vnd.docker.distribution.manifest.v2+json",
                                             NULL};
static const char *const config_types[] = {"application/vnd.oci.image.config.v1+json",
                                           "application/vnd.docker.container.image.v1+json", NULL};

static gboolean
is_layer_type(const char *type)
{
  return !type || g_str_has_prefix(type, "application/vnd.oci.image.layer.") ||
         g_str_has_prefix(type, "application/vnd.docker.image.rootfs.");
}

/* Annotations are a map: their keys are exact. */
static gboolean
read_annotation(const json_t *descriptor, const char *key, const char **value, GError **error)
{
  json_t *object;
  *value = NULL;
  if (!nz_json_get_object(descriptor, "annotations", &object, error))
    return FALSE;
  *value = json_string_value(json_object_get(object, key));
  return TRUE;
}

static gboolean
copy_annotation(const json_t *descriptor, const char *key, char **copy, GError **error)
{
  const char *value;
  if (!read_annotation(descriptor, key, &value, error))
    return FALSE;
  *copy = g_strdup(value);
  return TRUE;
}

/* Of zstd:chunked layers. Older Podmans (Debian's 4.3) and stargz-snapshotter use the second key.
 */
static gboolean
copy_chunked(const json_t *descriptor, const char *what, char **copy, GError **error)
{
  g_autofree char *key = g_strconcat("io.github.containers.zstd-chunked.", what, NULL);
  g_autofree char *old = g_strconcat("io.containers.zstd-chunked.", what, NULL);
  return copy_annotation(descriptor, key, copy, error) &&
         (*copy || copy_annotation(descriptor, old, copy, error));
}

static gboolean
add_layer(NzImage *image, const json_t *object, GError **error)
{
  g_auto(Descriptor) d = {0};
  if (!read_descriptor(object, &d, error))
    return FALSE;
  if (!is_layer_type(d.media_type)) {
    g_autofree char *shown = nz_printable(d.media_type, -1);
    return nz_set_input(error, "the layer %s is no filesystem layer, but %s", d.digest, shown);
  }
  if (d.media_type && strstr(d.media_type, "+encrypted"))
    return nz_set_input(error,
                        "the layer %s is encrypted; decrypt the image first, for instance "
                        "with `skopeo copy --decryption-key`",
                        d.digest);
  NzLayer *layer = g_new0(NzLayer, 1);
  layer->index = image->layers->len;
  layer->name = g_steal_pointer(&d.name);
  layer->digest = g_strdup(d.digest);
  layer->media_type = g_strdup(d.media_type);
  layer->size = d.size;
  image->bytes += (guint64)d.size;
  g_ptr_array_add(image->layers, layer);
  return copy_annotation(object, "containerd.io/snapshot/stargz/toc.digest", &layer->stargz_digest,
                         error) &&
         copy_chunked(object, "manifest-position", &layer->chunked_position, error) &&
         copy_chunked(object, "manifest-checksum", &layer->chunked_checksum, error);
}

/* Runtimes run an image whose configuration has another media type, so it is one if it says what
 * layers it is made of. */
static gboolean
looks_like_config(NzImageStore *store, const Descriptor *d)
{
  json_t *rootfs = NULL;
  g_autoptr(GBytes) bytes = read_checked(store, d, NULL);
  g_autoptr(NzJson) root = bytes ? nz_json_parse(bytes, NULL) : NULL;
  return root && json_is_object(root) &&
         (!nz_json_get(root, "rootfs", &rootfs, NULL) || rootfs != NULL);
}

/* 1: an image. 0: another kind of artifact (a signature, a chart, an attestation). -1: error. */
static int
fill_image(NzImage *image, const json_t *root, GError **error)
{
  json_t *config, *layers;
  const char *artifact_type;
  if (!nz_json_get_object(root, "config", &config, error) ||
      !nz_json_get_array(root, "layers", &layers, error) ||
      !nz_json_get_string(root, "artifactType", &artifact_type, error))
    return -1;
  g_auto(Descriptor) d = {0};
  if (!config) {
    nz_set_input(error, "no config in the manifest");
    return -1;
  }
  if (!read_descriptor(config, &d, error))
    return -1;
  gboolean typed = !d.media_type || *d.media_type == '\0' || is_one_of(d.media_type, config_types);
  if (!typed && !looks_like_config(image->store, &d))
    return 0;
  if (json_array_size(layers) > NZ_LAYERS_MAX) {
    nz_set_input(error, "more than %u layers", NZ_LAYERS_MAX);
    return -1;
  }
  for (gsize i = 0; i < json_array_size(layers); i++)
    if (!add_layer(image, json_array_get(layers, i), error))
      return -1;
  if (!nz_config_read_base(image, root, "annotations", error))
    return -1;
  g_autoptr(GBytes) bytes = read_checked(image->store, &d, error);
  if (!bytes || !nz_config_apply(image, bytes, error)) {
    g_prefix_error(error, "configuration: ");
    return -1;
  }
  return 1;
}

/* --- indexes --- */

typedef struct {
  NzImageStore *store;
  const NzOpenRequest *request;
  GPtrArray *images;
  NzPlatform want;
  GString *seen; /* platforms that were not asked for, for the error */
  guint n_documents, n_artifacts, n_absent, n_others;
} Listing;

static gboolean list_index(Listing *self, const json_t *root, guint depth, const char *name,
                           GError **error);

/* *PLATFORM is what the descriptor says, or NULL. */
static gboolean
read_platform(const json_t *descriptor, char **platform, GError **error)
{
  json_t *object;
  const char *os, *arch, *variant;
  *platform = NULL;
  if (!nz_json_get_object(descriptor, "platform", &object, error))
    return FALSE;
  if (!object)
    return TRUE;
  if (!nz_json_get_string(object, "os", &os, error) ||
      !nz_json_get_string(object, "architecture", &arch, error) ||
      !nz_json_get_string(object, "variant", &variant, error))
    return FALSE;
  if (!os || !arch)
    return TRUE;
  g_autofree char *text =
      g_strconcat(os, "/", arch, variant && *variant ? "/" : NULL, variant, NULL);
  *platform = nz_printable(text, -1);
  return TRUE;
}

/* BuildKit's provenance and SBOM manifests are for no platform. The annotation that says so too is
 * not asked: runtimes do not, and anyone can write it. */
static gboolean
is_attestation(const char *platform)
{
  return g_strcmp0(platform, "unknown/unknown") == 0;
}

static gboolean
is_wanted(Listing *self, const char *platform)
{
  if (!self->want.os || nz_platform_matches(platform, &self->want))
    return TRUE;
  self->n_others++;
  if (platform && !strstr(self->seen->str, platform))
    g_string_append_printf(self->seen, "%s%s", self->seen->len ? ", " : "", platform);
  return FALSE;
}

/* What people call the image: a whole reference as it stands; a bare tag, which is what most
 * layouts hold, behind the name it was asked for by. */
static char *
name_of(const Listing *self, const char *name)
{
  const char *source = self->request->source;
  if (!name)
    return nz_printable(source, -1);
  if (strpbrk(name, "/:") || self->request->ref)
    return nz_printable(strpbrk(name, "/:") ? name : source, -1);
  g_autofree char *joined = g_strconcat(source, ":", name, NULL);
  return nz_printable(joined, -1);
}

static gboolean
list_manifest(Listing *self, const json_t *root, const Descriptor *d, const char *platform,
              const char *name, GError **error)
{
  g_autoptr(NzImage) image = nz_image_new(self->store, self->request->source);
  image->digest = g_strdup(d->digest);
  image->name = name_of(self, name);
  image->platform = g_strdup(platform);
  int got = fill_image(image, root, error);
  if (got < 0)
    return FALSE;
  if (got == 0)
    self->n_artifacts++;
  else if (is_wanted(self, image->platform))
    g_ptr_array_add(self->images, g_steal_pointer(&image));
  return TRUE;
}

/* A document may be a manifest or an index, never both (CVE-2021-41190), whatever its type says. */
static gboolean
list_document(Listing *self, const json_t *root, const Descriptor *d, const char *platform,
              guint depth, const char *name, GError **error)
{
  json_t *manifests, *layers, *config;
  const char *own_type;
  if (!nz_json_get(root, "manifests", &manifests, error) ||
      !nz_json_get(root, "layers", &layers, error) ||
      !nz_json_get(root, "config", &config, error) ||
      !nz_json_get_string(root, "mediaType", &own_type, error))
    return FALSE;
  if (manifests && (layers || config))
    return nz_set_input(error, "index and manifest at once: readers would take it for one or the "
                               "other (CVE-2021-41190)");
  gboolean typed_index = is_one_of(own_type ? own_type : d->media_type, index_types);
  gboolean typed_manifest = is_one_of(own_type ? own_type : d->media_type, manifest_types);
  if ((typed_index && !manifests) || (typed_manifest && manifests))
    return nz_set_input(error, "its media type contradicts its content");
  if (manifests)
    return list_index(self, root, depth + 1, name, error);
  if (!layers && !config)
    return nz_set_input(error, "neither manifest nor index");
  return list_manifest(self, root, d, platform, name, error);
}

/* A document of an unknown type is an artifact if it is neither manifest nor index: runtimes go by
 * the content too. */
static gboolean
is_artifact(const Descriptor *d, const json_t *root)
{
  json_t *manifests = NULL, *config = NULL;
  gboolean typed = !d->media_type || *d->media_type == '\0' ||
                   is_one_of(d->media_type, index_types) ||
                   is_one_of(d->media_type, manifest_types);
  if (typed)
    return FALSE;
  if (!root || !json_is_object(root))
    return TRUE;
  gboolean clear = nz_json_get(root, "manifests", &manifests, NULL) &&
                   nz_json_get(root, "config", &config, NULL);
  return clear && !manifests && !config;
}

static gboolean
list_descriptor(Listing *self, const json_t *object, guint depth, const char *name,
                const char *platform, GError **error)
{
  g_auto(Descriptor) d = {0};
  if (!read_descriptor(object, &d, error))
    return FALSE;
  if (++self->n_documents > NZ_IMAGES_MAX)
    return nz_set_input(error, "more than %u manifests", NZ_IMAGES_MAX);
  if (self->store->partial && !self->store->klass->has(self->store, d.name)) {
    self->n_absent++;
    return TRUE;
  }
  g_autoptr(GError) failed = NULL;
  g_autoptr(GBytes) bytes = read_checked(self->store, &d, &failed);
  g_autoptr(NzJson) root = bytes ? nz_json_parse(bytes, &failed) : NULL;
  if (is_artifact(&d, root)) {
    self->n_artifacts++;
    return TRUE;
  }
  if (root && !json_is_object(root))
    nz_set_input(&failed, "no JSON object");
  if (failed || !list_document(self, root, &d, platform, depth, name, &failed)) {
    g_propagate_prefixed_error(error, g_steal_pointer(&failed), "manifest %s: ", d.digest);
    return FALSE;
  }
  return TRUE;
}

/* Whether REF, if one was given, names this entry of the top index: by its name or "@N". */
static gboolean
is_asked_for(const Listing *self, const char *name, gsize index, guint depth)
{
  const char *ref = self->request->ref;
  gint64 n;
  if (!ref || depth > 0)
    return TRUE;
  if (ref[0] == '@')
    return nz_parse_int(ref + 1, strlen(ref + 1), &n) == NZ_INT_OK && n == (gint64)index;
  return g_strcmp0(name, ref) == 0;
}

/* One entry of an index. What is not asked for, or is for another platform, is not read, and so may
 * be missing. */
static gboolean
list_entry(Listing *self, const json_t *object, gsize index, guint depth, const char *name,
           GError **error)
{
  const char *own_name, *ref_name;
  g_autofree char *platform = NULL;
  if (!json_is_object(object))
    return nz_set_input(error, "a descriptor is no object");
  if (!read_annotation(object, "io.containerd.image.name", &own_name, error) ||
      !read_annotation(object, "org.opencontainers.image.ref.name", &ref_name, error) ||
      !read_platform(object, &platform, error))
    return FALSE;
  if (!is_asked_for(self, ref_name, index, depth) &&
      !(own_name && is_asked_for(self, own_name, index, depth)))
    return TRUE;
  gboolean named = self->request->ref && depth == 0;
  if (is_attestation(platform) && !named) {
    self->n_artifacts++;
    return TRUE;
  }
  if (platform && !is_wanted(self, platform))
    return TRUE;
  return list_descriptor(self, object, depth,
                         own_name   ? own_name
                         : ref_name ? ref_name
                                    : name,
                         platform, error);
}

static gboolean
list_index(Listing *self, const json_t *root, guint depth, const char *name, GError **error)
{
  if (depth > NZ_INDEX_DEPTH_MAX)
    return nz_set_input(error, "indexes nested more than %u deep", NZ_INDEX_DEPTH_MAX);
  json_t *manifests;
  if (!nz_json_get_array(root, "manifests", &manifests, error))
    return FALSE;
  if (!manifests)
    return nz_set_input(error, "no manifests in the index");
  for (gsize i = 0; i < json_array_size(manifests); i++) {
    if (!list_entry(self, json_array_get(manifests, i), i, depth, name, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
nothing_found(const Listing *self, GError **error)
{
  const char *ref = self->request->ref;
  g_autofree char *shown = ref ? nz_printable(ref, -1) : NULL;
  if (self->n_absent > 0)
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND,
                "none of its images%s%s was pulled: the index names %u that are not here; pull the "
                "platform that is meant%s%s",
                self->want.os ? " for the platform " : "",
                self->want.os ? self->request->options->platform : "", self->n_absent,
                self->seen->len ? "; there are: " : "", self->seen->str);
  else if (self->want.os)
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND, "no image for the platform %s%s%s",
                self->request->options->platform, self->seen->len ? "; there are: " : "",
                self->seen->str);
  else if (shown)
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND, "index.json: no image called %s", shown);
  else
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_IMAGE, "index.json: no container image in it%s",
                self->n_artifacts ? ", only other artifacts" : "");
  return FALSE;
}

gboolean
nz_oci_list(NzImageStore *store, const NzOpenRequest *request, GPtrArray *images, GError **error)
{
  g_autoptr(GString) seen = g_string_new(NULL);
  g_auto(NzPlatform) want = {0};
  if (request->options->platform && !nz_platform_parse(request->options->platform, &want, error))
    return FALSE;
  Listing self = {store, request, images, want, seen, 0, 0, 0, 0};
  guint before = images->len;
  g_autoptr(GBytes) bytes = store->klass->read_json(store, "index.json", error);
  g_autoptr(NzJson) root = bytes ? nz_json_parse(bytes, error) : NULL;
  if (root && !json_is_object(root))
    nz_set_input(error, "no JSON object");
  if (!root || !json_is_object(root) || !list_index(&self, root, 0, NULL, error)) {
    g_prefix_error(error, "index.json: ");
    return FALSE;
  }
  if (images->len == before)
    return nothing_found(&self, error);
  if (self.n_artifacts > 0)
    ((NzImage *)images->pdata[before])->n_artifacts = self.n_artifacts;
  ((NzImage *)images->pdata[before])->n_absent = self.n_absent;
  if (request->options->platform_implied)
    ((NzImage *)images->pdata[before])->n_others = self.n_others;
  return TRUE;
}
