/* SPDX-License-Identifier: Apache-2.0 */
/* Images in the store that Podman, Buildah and CRI-O share (containers/storage).
 *
 * An image is a manifest, a configuration and its topmost layer. The manifest is known by the
 * digest that the list of images has, the configuration by the manifest; the layers by their
 * diff_ids. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/containers_layers.h"
#include "image/digest.h"
#include "image/engine.h"
#include "image/json.h"
#include "image/storage_conf.h"

/* NzEngineStore.data */
typedef struct {
  char *driver;
  GPtrArray *paths; /* char *: the store and additional ones, those that are there */
  GPtrArray *roots; /* NzStorageRoot, opened when the store is first listed */
  gboolean trusted_hidden;
  GMutex mutex;
} Store;

/* NzStoredImage.data */
typedef struct {
  NzStorageImage *image;
  NzStorageRoot *root; /* that lists it */
} Stored;

static void
store_free(gpointer data)
{
  Store *self = data;
  g_free(self->driver);
  g_ptr_array_unref(self->paths);
  g_clear_pointer(&self->roots, g_ptr_array_unref);
  g_mutex_clear(&self->mutex);
  g_free(self);
}

static void
stored_free(gpointer data)
{
  Stored *self = data;
  nz_storage_image_free(self->image);
  nz_storage_root_unref(self->root);
  g_free(self);
}

/* --- finding stores --- */

static const char *const drivers[] = {"overlay", "vfs"};

static gboolean
has_images_of(const char *root, const char *driver)
{
  g_autofree char *path = g_strdup_printf("%s/%s-images", root, driver);
  return access(path, F_OK) == 0;
}

/* The driver whose images ROOT has: the one that is configured, where it has them. */
static const char *
driver_of(const char *root, const char *configured)
{
  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < G_N_ELEMENTS(drivers); i++)
      if ((pass == 1 || g_strcmp0(drivers[i], configured) == 0) && has_images_of(root, drivers[i]))
        return drivers[i];
  return NULL;
}

/* TRUE when this process may not see the attributes called "trusted.", by which overlays of root
 * keep what they hide. In user namespaces they have others. */
static gboolean
is_trusted_hidden(void)
{
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{0}};
  g_autofree char *map = NULL;
  if (syscall(SYS_capget, &header, data) == 0 && data[0].effective & 1u << CAP_SYS_ADMIN)
    return FALSE;
  gsize len;
  if (!g_file_get_contents("/proc/self/uid_map", &map, &len, NULL))
    return TRUE;
  return strstr(map, "4294967295") != NULL;
}

/* Why the store at ROOT cannot be read; NULL: it can. *THERE is FALSE when there is none. */
static char *
look_at(const char *root, gboolean *there)
{
  struct stat st;
  *there = stat(root, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
  if (!*there || access(root, R_OK | X_OK) == 0)
    return NULL;
  return g_strdup_printf("it cannot be read: %s; %s", g_strerror(errno),
                         geteuid() == 0 ? "is it on a filesystem that root may not read?"
                                        : "a store of root's is read as root (sudo), one of a "
                                          "user's as that user");
}

static NzEngineStore *
make_store(const NzStorageConf *conf, const char *root)
{
  NzEngineStore *store = nz_engine_store_new(&nz_engine_containers_storage, root);
  Store *data = g_new0(Store, 1);
  data->paths = g_ptr_array_new_with_free_func(g_free);
  data->trusted_hidden = is_trusted_hidden();
  g_mutex_init(&data->mutex);
  for (guint i = 0; i < conf->roots->len; i++) {
    const char *path = conf->roots->pdata[i];
    gboolean there;
    g_free(look_at(path, &there));
    const char *driver = there ? driver_of(path, conf->driver) : NULL;
    if (driver && !data->driver)
      data->driver = g_strdup(driver);
    if (there)
      g_ptr_array_add(data->paths, g_strdup(path));
    if (there && strcmp(path, root) != 0)
      g_ptr_array_add(store->paths, g_strdup(path));
  }
  store->data = data;
  store->free_data = store_free;
  return store;
}

/* A store that was asked for by name must be there; one that would be usual need not. */
static gboolean
find_stores(const char *spec, GPtrArray *stores, GError **error)
{
  g_auto(NzStorageConf) conf;
  nz_storage_conf_init(&conf);
  gboolean ok =
      spec ? nz_storage_conf_parse(&conf, spec, error) : nz_storage_conf_read(&conf, error);
  if (!ok)
    return FALSE;
  gboolean known = !conf.driver;
  for (guint i = 0; i < G_N_ELEMENTS(drivers); i++)
    known |= g_strcmp0(conf.driver, drivers[i]) == 0;
  const char *root = conf.roots->pdata[0];
  gboolean there;
  g_autofree char *denied = look_at(root, &there);
  for (guint i = 1; !there && i < conf.roots->len; i++) {
    root = conf.roots->pdata[i];
    denied = look_at(root, &there);
  }
  if (!there && spec)
    return nz_set_input(error, "there is no store at %s", (char *)conf.roots->pdata[0]);
  if (!there)
    return TRUE;
  NzEngineStore *store = make_store(&conf, root);
  store->denied = g_steal_pointer(&denied);
  if (!store->denied && !known && !((Store *)store->data)->driver) {
    g_autofree char *shown = nz_printable(conf.driver, -1);
    store->denied = g_strdup_printf("its storage driver, %s, is not read here (overlay and vfs "
                                    "are): `podman save NAME | nonzero scan -`",
                                    shown);
  }
  g_ptr_array_add(stores, store);
  return TRUE;
}

/* --- listing --- */

static const GPtrArray *
roots_of(const NzEngineStore *store, GError **error)
{
  Store *self = store->data;
  const GPtrArray *found = NULL;
  g_autoptr(GError) failed = NULL;
  g_mutex_lock(&self->mutex);
  if (!self->roots) {
    g_autoptr(GPtrArray) roots =
        g_ptr_array_new_with_free_func((GDestroyNotify)nz_storage_root_unref);
    for (guint i = 0; !failed && i < self->paths->len; i++) {
      NzStorageRoot *root = nz_storage_root_new(self->paths->pdata[i],
                                                self->driver ? self->driver : "overlay", &failed);
      if (root)
        g_ptr_array_add(roots, root);
    }
    if (!failed)
      self->roots = g_steal_pointer(&roots);
  }
  if (self->roots)
    found = self->roots;
  g_mutex_unlock(&self->mutex);
  if (failed)
    g_propagate_error(error, g_steal_pointer(&failed));
  return found;
}

static char *
id_of(const NzStorageImage *image)
{
  g_autofree char *digest = g_strconcat("sha256:", image->id, NULL);
  return nz_digest_valid(digest) ? g_steal_pointer(&digest) : g_strdup(image->id);
}

/* IMAGE is owned. */
static NzStoredImage *
make_stored(const NzEngineStore *store, NzStorageRoot *root, NzStorageImage *image)
{
  Stored *data = g_new0(Stored, 1);
  g_autofree char *id = id_of(image);
  NzStoredImage *stored = nz_stored_image_new(store, id);
  data->image = image;
  data->root = nz_storage_root_ref(root);
  stored->data = data;
  stored->free_data = stored_free;
  stored->digest = g_strdup(image->digest);
  stored->created = image->created;
  return stored;
}

typedef struct {
  const NzEngineStore *store;
  GPtrArray *tables; /* of layers */
  GHashTable *by_id; /* NzStoredImage, borrowed */
  GHashTable *named; /* char *: "ID NAME" */
  GPtrArray *images;
} Listing;

/* An image that two stores have is the first one's, by the names of both. IMAGE is owned. */
static void
add_image(Listing *self, NzStorageRoot *root, NzStorageImage *image)
{
  NzStoredImage *stored = g_hash_table_lookup(self->by_id, image->id);
  GPtrArray *names = g_ptr_array_ref(image->names);
  if (stored) {
    nz_storage_image_free(image);
  } else {
    stored = make_stored(self->store, root, image);
    stored->bytes = nz_storage_bytes(self->tables, image->layer);
    g_ptr_array_add(self->images, stored);
    g_hash_table_insert(self->by_id, image->id, stored);
  }
  for (guint i = 0; i < names->len; i++)
    if (g_hash_table_add(self->named, g_strconcat(stored->id, " ", names->pdata[i], NULL)))
      g_ptr_array_add(stored->names, g_strdup(names->pdata[i]));
  g_ptr_array_unref(names);
}

static gboolean
list_images(const NzEngineStore *store, const NzOpenOptions *options G_GNUC_UNUSED,
            GPtrArray *images, GError **error)
{
  const GPtrArray *roots = roots_of(store, error);
  g_autoptr(GPtrArray) tables = roots ? nz_storage_tables(roots, error) : NULL;
  g_autoptr(GHashTable) by_id = g_hash_table_new(nz_str_hash, g_str_equal);
  g_autoptr(GHashTable) named = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  Listing self = {store, tables, by_id, named, images};
  for (guint i = 0; tables && i < roots->len; i++) {
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    gboolean ok = nz_storage_root_images(roots->pdata[i], found, error);
    for (guint k = 0; k < found->len; k++)
      add_image(&self, roots->pdata[i], found->pdata[k]);
    if (!ok)
      return FALSE;
  }
  return tables != NULL;
}

/* --- opening --- */

static GBytes *
read_document(const Stored *stored, const char *key, const char *digest, GError **error)
{
  g_autoptr(GBytes) bytes = nz_storage_root_read(stored->root, stored->image->id, key, error);
  if (!bytes)
    return NULL;
  gsize len;
  const void *data = g_bytes_get_data(bytes, &len);
  g_autofree char *actual = digest ? nz_digest_of(digest, data, len) : NULL;
  if (digest && strcmp(actual, digest) != 0) {
    nz_set_input(error, "wrong digest: expected %s, but the content is %s", digest, actual);
    return NULL;
  }
  return g_steal_pointer(&bytes);
}

static void
add_layers(NzImage *image, const GPtrArray *chain)
{
  for (guint i = 0; i < chain->len; i++) {
    const NzStorageStep *step = chain->pdata[i];
    NzLayer *layer = g_new0(NzLayer, 1);
    layer->index = i;
    layer->name = g_strdup(step->id);
    layer->size = -1;
    g_ptr_array_add(image->layers, layer);
    image->bytes += (guint64)MAX(step->diff_size, 0);
  }
}

/* Which user may write a store decides whom it may speak for: the other images of this user, too,
 * or this one alone. */
static gboolean
is_trusted(const NzStorageStep *step)
{
  uid_t owner = nz_storage_root_owner(step->root);
  return owner == 0 || owner == geteuid();
}

/* The headers of a layer's archive, which the store keeps, are those of its diff_id; the files on
 * disk may be anything. OWN: the store is one of this user's or host's, which made sure of that;
 * one that somebody names may say anything, also of the layers of other images. */
static void
set_facts_keys(const NzImage *image, const GPtrArray *chain, gboolean own)
{
  for (guint i = 0; own && i < chain->len; i++) {
    const NzStorageStep *step = chain->pdata[i];
    NzLayer *layer = image->layers->pdata[i];
    if (step->diff_digest && layer->diff_id && is_trusted(step) && nz_storage_step_is_split(step))
      layer->facts_key = g_strdup(layer->diff_id);
  }
}

/* What the store says of a layer's content must be what the configuration says. */
static gboolean
check_diff_ids(const NzImage *image, const GPtrArray *chain, GError **error)
{
  for (guint i = 0; i < chain->len; i++) {
    const NzStorageStep *step = chain->pdata[i];
    const NzLayer *layer = image->layers->pdata[i];
    if (step->diff_digest && layer->diff_id && strcmp(step->diff_digest, layer->diff_id) != 0)
      return nz_set_input(error, "layer %u is %s in the store, but %s in the configuration", i,
                          step->diff_digest, layer->diff_id);
  }
  return TRUE;
}

/* The configuration's digest from the manifest ROOT, which must be the image's id. Layers that were
 * pulled by their tables of contents give images other ids. */
static gboolean
config_digest_of(const Stored *stored, const json_t *root, const GPtrArray *chain,
                 const char **digest, GError **error)
{
  json_t *config;
  gboolean by_table = FALSE;
  if (!nz_json_get_object(root, "config", &config, error) ||
      (config && !nz_json_get_string(config, "digest", digest, error)))
    return FALSE;
  if (!config || !*digest || !nz_digest_valid(*digest))
    return nz_set_input(error, "the manifest names no configuration: an image of Docker's old "
                               "schema 1 is read from `podman save`");
  for (guint i = 0; i < chain->len; i++)
    by_table |= ((NzStorageStep *)chain->pdata[i])->by_table;
  const char *hex = strchr(*digest, ':') + 1;
  if (!by_table && strcmp(hex, stored->image->id) != 0)
    return nz_set_input(error, "its configuration is %s, which is not its id", *digest);
  return TRUE;
}

/* The chain below the image's layer; below another version of that, with other ids on disk, when
 * the layer itself is gone. */
static GPtrArray *
chain_of(const NzStorageImage *image, const GPtrArray *roots, GError **error)
{
  GPtrArray *chain = nz_storage_chain(roots, image->layer, error);
  for (guint i = 0; !chain && i < image->mapped_layers->len; i++)
    chain = nz_storage_chain(roots, image->mapped_layers->pdata[i], NULL);
  if (chain)
    g_clear_error(error);
  return chain;
}

static gboolean
fill_image(NzImage *image, const Stored *stored, const json_t *manifest, const GPtrArray *chain,
           GError **error)
{
  const char *digest;
  if (!config_digest_of(stored, manifest, chain, &digest, error))
    return FALSE;
  g_autoptr(GBytes) config = read_document(stored, digest, digest, error);
  add_layers(image, chain);
  if (!config || !nz_config_read_base(image, manifest, "annotations", error) ||
      !nz_config_apply(image, config, error)) {
    g_prefix_error(error, "configuration: ");
    return FALSE;
  }
  return check_diff_ids(image, chain, error);
}

/* The name it was asked for by, or its first, or its id. */
static char *
name_of(const NzStoredImage *stored, const char *source)
{
  for (guint i = 0; i < stored->names->len; i++)
    if (g_str_has_suffix(source, stored->names->pdata[i]))
      return nz_printable(stored->names->pdata[i], -1);
  return nz_printable(stored->names->len > 0 ? stored->names->pdata[0] : stored->id, -1);
}

static gboolean
open_one(const NzStoredImage *stored, const json_t *manifest, const char *manifest_digest,
         const NzOpenRequest *request, GPtrArray *images, GError **error)
{
  const Store *store = stored->store->data;
  const Stored *data = stored->data;
  GPtrArray *chain = chain_of(data->image, store->roots, error);
  if (!chain)
    return FALSE;
  g_autoptr(NzImageStore) layers = nz_storage_store_new(chain, store->trusted_hidden);
  g_autoptr(NzImage) image = nz_image_new(layers, request->source);
  image->name = name_of(stored, request->source);
  image->digest = g_strdup(manifest_digest);
  image->diff_ids_unverified = TRUE;
  if (!fill_image(image, data, manifest, chain, error))
    return FALSE;
  set_facts_keys(image, chain, !stored->store->spec);
  g_auto(NzPlatform) want = {0};
  if (request->options->platform) {
    if (!nz_platform_parse(request->options->platform, &want, error))
      return FALSE;
    if (!nz_platform_matches(image->platform, &want)) {
      g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND, "it is for %s, not for %s",
                  image->platform ? image->platform : "no platform", request->options->platform);
      return FALSE;
    }
  }
  if (strcmp(store->driver, "vfs") == 0 && chain->len > 0 && !nz_storage_chain_is_split(chain))
    nz_storage_make_whole(image);
  g_ptr_array_add(images, g_steal_pointer(&image));
  return TRUE;
}

static gboolean open_stored(const NzStoredImage *stored, const NzOpenRequest *request,
                            GPtrArray *images, gboolean in_index, GError **error);

static gboolean
has_digest(const NzStorageImage *image, const char *digest)
{
  return g_strcmp0(image->digest, digest) == 0 || g_strcmp0(image->manifest_digest, digest) == 0;
}

/* A manifest list (`podman manifest create`): those of its images that are in the store. */
static gboolean
open_index(const NzStoredImage *stored, const json_t *manifests, const NzOpenRequest *request,
           GPtrArray *images, GError **error)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)nz_stored_image_free);
  g_autoptr(GError) failed = NULL;
  guint before = images->len;
  if (json_array_size(manifests) > NZ_IMAGES_MAX)
    return nz_set_input(error, "more than %u manifests", NZ_IMAGES_MAX);
  if (!list_images(stored->store, request->options, all, error))
    return FALSE;
  for (gsize i = 0; i < json_array_size(manifests); i++) {
    const char *digest = json_string_value(json_object_get(json_array_get(manifests, i), "digest"));
    for (guint k = 0; digest && k < all->len; k++) {
      const NzStoredImage *one = all->pdata[k];
      if (!has_digest(((Stored *)one->data)->image, digest) ||
          open_stored(one, request, images, TRUE, &failed))
        continue;
      if (!g_error_matches(failed, NZ_ERROR, NZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
      }
      g_clear_error(&failed);
    }
  }
  if (images->len > before)
    return TRUE;
  g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND,
              "a list of manifests, none of which is in the store%s%s",
              request->options->platform ? " for the platform " : "",
              request->options->platform ? request->options->platform : "");
  return FALSE;
}

static gboolean
open_stored(const NzStoredImage *stored, const NzOpenRequest *request, GPtrArray *images,
            gboolean in_index, GError **error)
{
  const Stored *data = stored->data;
  json_t *manifests;
  g_autoptr(GError) failed = NULL;
  g_autoptr(GBytes) bytes = read_document(data, "manifest", data->image->manifest_digest, &failed);
  g_autoptr(NzJson) root = bytes ? nz_json_parse(bytes, &failed) : NULL;
  if (root && !json_is_object(root))
    nz_set_input(&failed, "no JSON object");
  if (failed) {
    g_propagate_prefixed_error(error, g_steal_pointer(&failed), "manifest: ");
    return FALSE;
  }
  if (!nz_json_get_array(root, "manifests", &manifests, error))
    return FALSE;
  if (manifests && in_index)
    return nz_set_input(error, "a list of manifests in another");
  if (manifests)
    return open_index(stored, manifests, request, images, error);
  gsize len;
  const void *text = g_bytes_get_data(bytes, &len);
  g_autofree char *digest = nz_digest_of("sha256:", text, len);
  return open_one(stored, root, digest, request, images, error);
}

/* TRUE when the list of images has STORED no more. */
static gboolean
is_gone(const NzStoredImage *stored)
{
  const Stored *data = stored->data;
  g_autoptr(GPtrArray) now = g_ptr_array_new_with_free_func((GDestroyNotify)nz_storage_image_free);
  if (!nz_storage_root_images(data->root, now, NULL))
    return FALSE;
  for (guint i = 0; i < now->len; i++)
    if (strcmp(((NzStorageImage *)now->pdata[i])->id, data->image->id) == 0)
      return FALSE;
  return TRUE;
}

static gboolean
open_image(const NzStoredImage *stored, const NzOpenRequest *request, GPtrArray *images,
           GError **error)
{
  g_autoptr(GError) failed = NULL;
  if (open_stored(stored, request, images, FALSE, &failed))
    return TRUE;
  if (is_gone(stored))
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND,
                "the image was removed while it was read; scan again");
  else
    g_propagate_error(error, g_steal_pointer(&failed));
  return FALSE;
}

const NzEngine nz_engine_containers_storage = {
    .name = "containers-storage",
    .title = "Podman, Buildah, CRI-O",
    .help = "[[DRIVER@]ROOT]NAME: an image of Podman, Buildah or CRI-O",
    .find = find_stores,
    .list = list_images,
    .open = open_image,
};
