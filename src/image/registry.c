/* SPDX-License-Identifier: Apache-2.0 */
/* Images in a registry: docker://NAME[:TAG][@DIGEST]. The program that fetches speaks HTTP; here
 * are what an image is made of, and every digest. Nothing is written to disk.
 *
 * To oci.c this is an image layout whose index.json names one manifest. */
#include <string.h>
#include <sys/utsname.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/digest.h"
#include "image/fetch.h"
#include "image/json.h"
#include "image/reference.h"
#include "image/toc.h"
#include "image/transport.h"

typedef struct {
  NzImageStore base;
  NzFetch *fetch;
  char *name; /* "docker.io/library/nginx" */
  char *text; /* with tag and digest */
  GBytes *top, *index;
  char *top_digest;
  GHashTable *manifests; /* digests that an index names: manifests have an endpoint of their own */
} RegistryStore;

/* --- documents --- */

static void
remember_manifests(RegistryStore *self, GBytes *bytes)
{
  g_autoptr(NzJson) root = nz_json_parse(bytes, NULL);
  json_t *manifests = NULL;
  const char *digest;
  if (!root || !json_is_object(root) || !nz_json_get_array(root, "manifests", &manifests, NULL))
    return;
  for (gsize i = 0; i < json_array_size(manifests); i++) {
    json_t *descriptor = json_array_get(manifests, i);
    if (json_is_object(descriptor) && nz_json_get_string(descriptor, "digest", &digest, NULL) &&
        digest && nz_digest_valid(digest))
      g_hash_table_add(self->manifests, g_strdup(digest));
  }
}

static GBytes *
fetch_manifest(RegistryStore *self, const char *reference, json_t **head, GError **error)
{
  g_autoptr(NzJson) request =
      json_pack("{s:s, s:s, s:s}", "op", "manifest", "name", self->name, "reference", reference);
  GBytes *bytes = nz_fetch_read(self->fetch, request, NZ_JSON_MAX, head, error);
  if (bytes)
    remember_manifests(self, bytes);
  return bytes;
}

static GBytes *
fetch_config(RegistryStore *self, const char *digest, GError **error)
{
  g_autoptr(NzJson) request =
      json_pack("{s:s, s:s, s:s}", "op", "blob", "name", self->name, "digest", digest);
  GBytes *bytes = nz_fetch_read(self->fetch, request, NZ_JSON_MAX, NULL, error);
  if (!bytes && error && g_error_matches(*error, NZ_ERROR, NZ_ERROR_LIMIT))
    g_prefix_error(error, "%s: ", digest);
  return bytes;
}

static GBytes *
registry_read_json(NzImageStore *base, const char *name, GError **error)
{
  RegistryStore *self = (RegistryStore *)base;
  if (strcmp(name, "index.json") == 0)
    return g_bytes_ref(self->index);
  g_autofree char *digest = nz_digest_of_blob_name(name);
  if (g_strcmp0(digest, self->top_digest) == 0)
    return g_bytes_ref(self->top);
  if (!digest) {
    nz_set_input(error, "no such document");
    return NULL;
  }
  return g_hash_table_contains(self->manifests, digest) ? fetch_manifest(self, digest, NULL, error)
                                                        : fetch_config(self, digest, error);
}

static gboolean
registry_has(NzImageStore *base G_GNUC_UNUSED, const char *name)
{
  return strcmp(name, "manifest.json") != 0;
}

/* --- layers --- */

/* Exactly as many bytes as a descriptor says. */
typedef struct {
  NzStream base;
  NzStream *parent; /* owned */
  guint64 size, left;
} Sized;

static gssize
sized_next(NzStream *base, const guint8 **data, GError **error)
{
  Sized *self = (Sized *)base;
  gssize got = nz_stream_peek(self->parent, data, error);
  if (got < 0)
    return -1;
  if (got == 0 && self->left > 0) {
    nz_set_input(
        error, "it ends after %" G_GUINT64_FORMAT " bytes, its descriptor says %" G_GUINT64_FORMAT,
        self->size - self->left, self->size);
    return -1;
  }
  if ((guint64)got > self->left) {
    nz_set_input(error, "it goes on past the %" G_GUINT64_FORMAT " bytes of its descriptor",
                 self->size);
    return -1;
  }
  nz_stream_take(self->parent, (gsize)got);
  self->left -= (guint64)got;
  return got;
}

static void
sized_free(NzStream *base)
{
  nz_stream_free(((Sized *)base)->parent);
  g_free(base);
}

static const NzStreamClass sized_class = {.next = sized_next, .free = sized_free};

static NzStream *
sized_stream_new(NzStream *parent, guint64 size)
{
  Sized *self = g_new0(Sized, 1);
  nz_stream_init(&self->base, &sized_class);
  self->parent = parent;
  self->size = self->left = size;
  return &self->base;
}

static gboolean
read_whole_layer(RegistryStore *self, const NzLayer *layer, const NzReadOptions *options,
                 NzLayerLog *log, NzLayerResult *result, GError **error)
{
  g_autoptr(NzJson) request = json_pack("{s:s, s:s, s:s, s:I}", "op", "blob", "name", self->name,
                                        "digest", layer->digest, "size", (json_int_t)layer->size);
  g_autoptr(GError) failed = NULL;
  NzStream *stream = nz_fetch_open(self->fetch, request, options->control, NULL, &failed);
  gboolean foreign = layer->media_type && (strstr(layer->media_type, ".foreign.") ||
                                           strstr(layer->media_type, "nondistributable"));
  if (failed && foreign && g_error_matches(failed, NZ_ERROR, NZ_ERROR_NOT_FOUND))
    return nz_set_input(
        error,
        "the layer %s is foreign: the registry names other places for it, which are "
        "not asked; save the image with an engine that has it, and scan that",
        layer->digest);
  if (!stream) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  guint64 size = (guint64)layer->size;
  return nz_layer_read(sized_stream_new(stream, size), size, layer->digest, options, log, result,
                       error);
}

/* Parts of a layer. */
typedef struct {
  NzRanges base;
  RegistryStore *store;
  const NzLayer *layer;
  NzControl *control;
  guint n_read;
} Parts;

static GBytes *
read_part(NzRanges *base, guint64 offset, gsize length, GError **error)
{
  Parts *self = (Parts *)base;
  if (length == 0)
    return g_bytes_new(NULL, 0);
  g_autoptr(NzJson) request =
      json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "op", "blob", "name", self->store->name, "digest",
                self->layer->digest, "size", (json_int_t)base->size, "offset", (json_int_t)offset,
                "length", (json_int_t)length);
  g_autoptr(NzStream) stream =
      nz_fetch_open(self->store->fetch, request, self->control, NULL, error);
  g_autofree guint8 *data = stream ? g_malloc(length) : NULL;
  gssize got = stream ? nz_stream_read(stream, data, length, error) : -1;
  if (got >= 0 && (gsize)got < length)
    nz_set_input(error, "a part of it ends early");
  if (got < 0 || (gsize)got < length)
    return NULL;
  self->n_read++;
  return g_bytes_new_take(g_steal_pointer(&data), length);
}

/* *DONE is FALSE without an error when the layer has no table, or the registry gives no parts. */
static gboolean
read_by_table(RegistryStore *self, const NzLayer *layer, const NzReadOptions *options,
              NzLayerLog *log, NzLayerResult *result, gboolean *done, GError **error)
{
  Parts parts = {{(guint64)layer->size, read_part}, self, layer, options->control, 0};
  g_autoptr(GError) failed = NULL;
  *done = FALSE;
  if (nz_toc_read_layer(&parts.base, layer, options, log, result, done, &failed))
    return TRUE;
  if (parts.n_read == 0 && g_error_matches(failed, NZ_ERROR, NZ_ERROR_INPUT))
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&failed));
  return FALSE;
}

static gboolean
registry_read_layer(NzImageStore *base, const NzLayer *layer, const NzReadOptions *options,
                    NzLayerLog *log, NzLayerResult *result, GError **error)
{
  RegistryStore *self = (RegistryStore *)base;
  gboolean done = FALSE;
  if (!options->verify && nz_toc_is_promised(layer) &&
      !read_by_table(self, layer, options, log, result, &done, error))
    return FALSE;
  return done || read_whole_layer(self, layer, options, log, result, error);
}

static void
registry_free(NzImageStore *base)
{
  RegistryStore *self = (RegistryStore *)base;
  nz_fetch_unref(self->fetch);
  g_free(self->name);
  g_free(self->text);
  g_free(self->top_digest);
  g_clear_pointer(&self->top, g_bytes_unref);
  g_clear_pointer(&self->index, g_bytes_unref);
  g_hash_table_unref(self->manifests);
  g_free(self);
}

static const NzImageStoreClass registry_class = {registry_read_json, registry_has,
                                                 registry_read_layer, registry_free};

/* --- the manifest that the name leads to --- */

static gboolean
check_top(RegistryStore *self, const NzReference *ref, const json_t *head, GError **error)
{
  gsize len;
  const void *data = g_bytes_get_data(self->top, &len);
  const char *said = json_string_value(json_object_get(head, "digest"));
  const char *want = ref->digest ? ref->digest : said && nz_digest_valid(said) ? said : NULL;
  self->top_digest = nz_digest_of(want ? want : "sha256:", data, len);
  if (!want || strcmp(want, self->top_digest) == 0)
    return TRUE;
  return nz_set_input(error, "wrong digest: %s %s, but what the registry sent is %s",
                      ref->digest ? "asked for" : "the registry says", want, self->top_digest);
}

/* Docker's image manifest of version 2, schema 1. */
static gboolean
check_schema(const json_t *root, const char *type, GError **error)
{
  json_t *version = NULL, *layers = NULL;
  gboolean old = type && strstr(type, "docker.distribution.manifest.v1+");
  if (!nz_json_get(root, "schemaVersion", &version, error) ||
      !nz_json_get(root, "fsLayers", &layers, error))
    return FALSE;
  if (!old && !layers && !(json_is_integer(version) && json_integer_value(version) == 1))
    return TRUE;
  return nz_set_input(error, "its manifest is of Docker's schema 1, which engines no longer pull; "
                             "build or push the image again with a tool of this decade");
}

static GBytes *
make_index(const RegistryStore *self, const char *type)
{
  static const char *const known[] = {"application/vnd.oci.image.index.v1+json",
                                      "application/vnd.oci.image.manifest.v1+json",
                                      "application/vnd.docker.distribution.manifest.list.v2+json",
                                      "application/vnd.docker.distribution.manifest.v2+json", NULL};
  g_autoptr(NzJson) descriptor = json_pack("{s:s, s:I, s:{s:s}}", "digest", self->top_digest,
                                           "size", (json_int_t)g_bytes_get_size(self->top),
                                           "annotations", "io.containerd.image.name", self->text);
  if (type && g_strv_contains(known, type))
    json_object_set_new(descriptor, "mediaType", json_string(type));
  g_autoptr(NzJson) root = json_pack("{s:i, s:[O]}", "schemaVersion", 2, "manifests", descriptor);
  char *text = json_dumps(root, JSON_COMPACT);
  return g_bytes_new_with_free_func(text, strlen(text), free, text);
}

/* *IS_INDEX: it is for several platforms. */
static gboolean
read_top(RegistryStore *self, const NzReference *ref, gboolean *is_index, GError **error)
{
  g_autoptr(NzJson) head = NULL;
  const char *reference = ref->digest ? ref->digest : ref->tag ? ref->tag : "latest";
  self->top = fetch_manifest(self, reference, &head, error);
  if (!self->top || !check_top(self, ref, head, error))
    return FALSE;
  const char *type = json_string_value(json_object_get(head, "type"));
  json_t *manifests = NULL;
  g_autoptr(NzJson) root = nz_json_parse(self->top, error);
  if (!root)
    return FALSE;
  if (!json_is_object(root))
    return nz_set_input(error, "the manifest is no JSON object");
  if (!check_schema(root, type, error) || !nz_json_get(root, "manifests", &manifests, error))
    return FALSE;
  *is_index = manifests != NULL;
  self->index = make_index(self, type);
  return TRUE;
}

/* --- the transport --- */

/* What an engine on this host would pull. Which variant of an architecture that is, engines do not
 * agree on: all are judged. */
static char *
host_platform(void)
{
  struct utsname system;
  g_auto(NzPlatform) platform = {0};
  g_autofree char *text =
      uname(&system) == 0 ? g_strconcat("linux/", system.machine, NULL) : g_strdup("linux/amd64");
  if (g_str_has_prefix(text, "linux/armv"))
    return g_strdup("linux/arm");
  return nz_platform_parse(text, &platform, NULL)
             ? g_strconcat(platform.os, "/", platform.architecture, NULL)
             : g_steal_pointer(&text);
}

/* What is learned of a layer is learned of its digest; by a table that its manifest names, of that
 * too. */
static void
set_facts_keys(const NzImage *image)
{
  for (guint i = 0; i < image->layers->len; i++) {
    NzLayer *layer = image->layers->pdata[i];
    g_autofree char *table = nz_toc_key(layer);
    layer->facts_key =
        table ? g_strconcat(layer->digest, " ", table, NULL) : g_strdup(layer->digest);
  }
}

static gboolean
list(RegistryStore *self, const NzOpenRequest *request, gboolean is_index, GPtrArray *images,
     GError **error)
{
  g_autofree char *host = NULL;
  NzOpenOptions options = *request->options;
  NzOpenRequest inner = {.source = request->source, .path = request->path, .options = &options};
  if (!options.platform && !options.all_platforms && is_index) {
    host = host_platform();
    options.platform = host;
    options.platform_implied = TRUE;
  }
  guint before = images->len;
  if (!nz_oci_list(&self->base, &inner, images, error))
    return FALSE;
  for (guint i = before; i < images->len; i++)
    set_facts_keys(images->pdata[i]);
  return TRUE;
}

static gboolean
open_registry(const NzOpenRequest *request, GPtrArray *images, GError **error)
{
  g_auto(NzReference) ref = {0};
  if (!g_str_has_prefix(request->path, "//"))
    return nz_set_input(error, "write docker://NAME[:TAG], with two slashes");
  if (!nz_reference_parse(request->path + 2, &ref, error))
    return FALSE;
  if (!request->options->fetch) {
    const GError *why = request->options->fetch_failed;
    g_set_error(error, NZ_ERROR, NZ_ERROR_IO, "%s",
                why ? why->message : "registries cannot be reached from here");
    return FALSE;
  }
  RegistryStore *self = g_new0(RegistryStore, 1);
  self->base =
      (NzImageStore){.klass = &registry_class, .refs = 1, .rereadable = TRUE, .whiteouts = TRUE};
  g_autoptr(NzImageStore) store = &self->base;
  self->fetch = nz_fetch_ref(request->options->fetch);
  self->name = nz_reference_name(&ref);
  self->text = nz_reference_text(&ref);
  self->manifests = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  gboolean is_index;
  return read_top(self, &ref, &is_index, error) && list(self, request, is_index, images, error);
}

const NzTransport nz_transport_registry = {
    .name = "docker", .help = "an image in a registry", .open = open_registry, .is_name = TRUE};
