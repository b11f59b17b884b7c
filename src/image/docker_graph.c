/* SPDX-License-Identifier: Apache-2.0 */
/* The store of Docker's graph drivers (moby image/store.go, layer/filestore.go), below the data
 * root:
 *   image/DRIVER/repositories.json              {"Repositories": {REPOSITORY: {NAME: id}}}
 *   image/DRIVER/imagedb/content/sha256/<hex>   a configuration, whose digest is the image's id
 *   image/DRIVER/imagedb/metadata/sha256/<hex>/parent   an image that was a step on the way to it
 *   image/DRIVER/layerdb/sha256/<chain>/        diff, parent, cache-id, tar-split.json.gz
 *   DRIVER/<cache-id>/diff                      files, by most drivers
 * A layer's chain id is its diff_id, or the SHA-256 over that of the layer below, a space, and it.
 *
 * Files may be read while Docker works: it makes a directory whole before it gives it its name, so
 * all that can happen is that one is gone. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/openat2.h"
#include "core/text.h"
#include "image/compression.h"
#include "image/digest.h"
#include "image/dirwalk.h"
#include "image/docker_graph.h"
#include "image/json.h"
#include "image/tar_split.h"

/* Where a driver keeps a layer's files, around the cache-id. */
typedef struct {
  const char *name, *before, *after;
  gboolean merged; /* with all files of the layers below */
} Driver;

static const Driver drivers[] = {
    {"overlay2", "overlay2/", "/diff", FALSE},
    {"fuse-overlayfs", "fuse-overlayfs/", "/diff", FALSE},
    {"vfs", "vfs/dir/", "", TRUE},
};

const char *const nz_docker_drivers[] = {"overlay2", "fuse-overlayfs", "vfs", NULL};

static const Driver *
find_driver(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(drivers); i++)
    if (strcmp(drivers[i].name, name) == 0)
      return &drivers[i];
  g_return_val_if_reached(NULL);
}

/* --- a layer --- */

typedef struct {
  NzImageStore base;
  int root;
  char *place;
  const Driver *driver;
  gboolean shifted;
  GPtrArray *chains; /* char *, by the layer's index */
} GraphStore;

/* What the entry of a layer says of it, checked against what the image says. DIR is the entry. */
static char *
read_cache_id(const GraphStore *self, const NzLayer *layer, int dir, GError **error)
{
  g_autofree char *diff = nz_docker_read_word(dir, "diff", error);
  if (!diff)
    return NULL;
  gboolean has_parent = nz_docker_exists(dir, "parent");
  g_autofree char *parent = has_parent ? nz_docker_read_word(dir, "parent", error) : NULL;
  if (has_parent && !parent)
    return NULL;
  const char *below = layer->index > 0 ? self->chains->pdata[layer->index - 1] : NULL;
  if (strcmp(diff, layer->diff_id) != 0 || g_strcmp0(parent, below) != 0) {
    nz_set_input(error, "its entry is for another diff_id, or another layer below it");
    return NULL;
  }
  g_autofree char *id = nz_docker_read_word(dir, "cache-id", error);
  if (!id)
    return NULL;
  gsize n = strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz-");
  if (n > 0 && n <= NAME_MAX && id[n] == '\0')
    return g_steal_pointer(&id);
  g_autofree char *shown = nz_printable(id, (gssize)strnlen(id, 80));
  nz_set_input(error, "its cache-id is no name that Docker gives: %s", shown);
  return NULL;
}

static int
open_files(const GraphStore *self, const NzLayer *layer, int entry, GError **error)
{
  g_autofree char *id = read_cache_id(self, layer, entry, error);
  if (!id)
    return -1;
  g_autofree char *path = g_strconcat(self->driver->before, id, self->driver->after, NULL);
  return nz_docker_open_below(self->root, path, O_RDONLY | O_DIRECTORY, error);
}

/* Links in the layer lead where they would in a root of its own; the file itself is none. */
static int
open_body(gpointer data, const char *name, guint64 size, GError **error)
{
  int dir = *(const int *)data;
  g_autoptr(GString) clean = g_string_new(NULL);
  gboolean outside;
  nz_path_clean(name, clean, &outside);
  g_autofree char *shown = nz_printable(clean->str, -1);
  int fd = nz_openat2(dir, clean->len > 0 ? clean->str : ".",
                      O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
                      RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
  struct stat st;
  if (fd < 0 && (errno == EACCES || errno == EPERM)) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_DENIED, "the content of /%s may not be read: use sudo",
                shown);
    return -1;
  }
  if (fd < 0) {
    nz_set_errno(error, errno, "the content of /%s is not where Docker keeps it", shown);
    return -1;
  }
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (guint64)st.st_size == size)
    return fd;
  nz_set_input(error, "the content of /%s was changed where Docker keeps it", shown);
  close(fd);
  return -1;
}

/* The archive as Docker would put it together again. FD is the compressed tar-split. */
static gboolean
read_by_tar_split(int fd, guint64 size, int files, const NzReadOptions *options, NzLayerLog *log,
                  NzLayerResult *result, GError **error)
{
  NzStream *packed = nz_file_stream_new(fd, TRUE, 0, size, options->control);
  NzStream *json = nz_inflate_stream_new(packed, &nz_codec_gzip, options->ratio, error);
  if (!json) {
    g_prefix_error(error, "tar-split.json.gz: ");
    return FALSE;
  }
  NzStream *tar = nz_tar_split_stream_new(json, open_body, &files, options->control);
  /* How long the archive is stands nowhere; long enough for a thread to hash it. */
  guint64 length = options->verify ? G_MAXINT64 : 0;
  return nz_layer_read(tar, length, NULL, options, log, result, error);
}

static const char lost_split[] = "its tar-split.json.gz is lost, and ";

/* The files as they are now. */
static gboolean
read_by_files(const GraphStore *self, int files, const NzReadOptions *options, NzLayerLog *log,
              NzLayerResult *result, GError **error)
{
  if (options->verify)
    return nz_set_input(error, "%swithout it no diff_id can be checked", lost_split);
  if (self->driver->merged)
    return nz_set_input(
        error,
        "%sthe driver %s keeps this layer mixed with those below it; pull the image "
        "again, or use `docker save NAME | nonzero scan -`",
        lost_split, self->driver->name);
  if (self->shifted)
    return nz_set_input(error,
                        "%son disk its files belong to the users of a user namespace; pull the "
                        "image again",
                        lost_split);
  /* Docker writes no attribute override_stat; one that is there came with the image. */
  return nz_directory_read(files, NZ_WALK_OVERLAY, options, log, result, error);
}

static gboolean
read_from(const GraphStore *self, int entry, int files, const NzReadOptions *options,
          NzLayerLog *log, NzLayerResult *result, GError **error)
{
  guint64 size;
  if (!nz_docker_exists(entry, "tar-split.json.gz"))
    return read_by_files(self, files, options, log, result, error);
  int fd = nz_docker_open_file(entry, "tar-split.json.gz", &size, error);
  return fd >= 0 && read_by_tar_split(fd, size, files, options, log, result, error);
}

static gboolean
graph_read_layer(NzImageStore *base, const NzLayer *layer, const NzReadOptions *options,
                 NzLayerLog *log, NzLayerResult *result, GError **error)
{
  const GraphStore *self = (const GraphStore *)base;
  g_autofree char *path = g_strconcat(self->place, "/", layer->name, NULL);
  int entry = nz_docker_open_below(self->root, path, O_RDONLY | O_DIRECTORY, error);
  if (entry < 0)
    return FALSE;
  int files = open_files(self, layer, entry, error);
  gboolean ok = files >= 0 && read_from(self, entry, files, options, log, result, error);
  if (files >= 0)
    close(files);
  close(entry);
  return ok;
}

static void
graph_free(NzImageStore *base)
{
  GraphStore *self = (GraphStore *)base;
  close(self->root);
  g_free(self->place);
  g_ptr_array_unref(self->chains);
  g_free(self);
}

static const NzImageStoreClass graph_class = {.read_layer = graph_read_layer, .free = graph_free};

/* --- an image --- */

static gboolean
add_layers(NzImage *image, GBytes *config, GError **error)
{
  json_t *rootfs, *diff_ids;
  g_autoptr(NzJson) root = nz_json_parse(config, error);
  if (!root || !nz_json_get_object(root, "rootfs", &rootfs, error) ||
      !nz_json_get_array(rootfs, "diff_ids", &diff_ids, error))
    return FALSE;
  if (json_array_size(diff_ids) > NZ_LAYERS_MAX)
    return nz_set_input(error, "more than %u layers", NZ_LAYERS_MAX);
  for (gsize i = 0; i < json_array_size(diff_ids); i++) {
    NzLayer *layer = g_new0(NzLayer, 1);
    layer->index = (guint)i;
    layer->size = -1;
    g_ptr_array_add(image->layers, layer);
  }
  image->diff_ids_unverified = TRUE;
  return TRUE;
}

/* Once the diff_ids are known. OWN: the store is this host's Docker's, which made sure that a layer
 * is what its diff_id says; one that somebody names may say anything. */
static void
name_layers(GraphStore *store, NzImage *image, gboolean own)
{
  for (guint i = 0; i < image->layers->len; i++) {
    NzLayer *layer = image->layers->pdata[i];
    const char *below = i > 0 ? store->chains->pdata[i - 1] : NULL;
    g_autofree char *both = below ? g_strconcat(below, " ", layer->diff_id, NULL) : NULL;
    char *chain = both ? nz_digest_of("sha256:", both, strlen(both)) : g_strdup(layer->diff_id);
    g_ptr_array_add(store->chains, chain);
    layer->name = g_strconcat("layerdb/", chain, NULL);
    *strchr(layer->name, ':') = '/';
    g_autofree char *split =
        g_strconcat(store->place, "/", layer->name, "/tar-split.json.gz", NULL);
    if (own && nz_docker_exists(store->root, split))
      layer->facts_key = g_strdup(layer->diff_id);
  }
}

/* The configuration, which is what its name says. */
static GBytes *
read_config(const GraphStore *store, const char *id, GError **error)
{
  g_autofree char *path =
      g_strconcat(store->place, "/imagedb/content/sha256/", id + strlen("sha256:"), NULL);
  g_autoptr(GBytes) bytes = nz_docker_read_file(store->root, path, NZ_JSON_MAX, error);
  if (!bytes)
    return NULL;
  gsize len;
  const void *data = g_bytes_get_data(bytes, &len);
  g_autofree char *actual = nz_digest_of(id, data, len);
  if (strcmp(actual, id) == 0)
    return g_steal_pointer(&bytes);
  nz_set_input(error, "configuration: wrong digest: %s holds content of %s", id, actual);
  return NULL;
}

static gboolean
check_platform(const NzImage *image, const char *platform, GError **error)
{
  g_auto(NzPlatform) want = {0};
  if (!platform)
    return TRUE;
  if (!nz_platform_parse(platform, &want, error))
    return FALSE;
  if (nz_platform_matches(image->platform, &want))
    return TRUE;
  g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND, "no image for the platform %s; it is for %s",
              platform, image->platform ? image->platform : "none that it names");
  return FALSE;
}

static GraphStore *
store_new(const NzEngineStore *from, GError **error)
{
  const NzDockerStore *docker = from->data;
  int root = nz_docker_open_root(from->root, error);
  if (root < 0)
    return NULL;
  GraphStore *self = g_new0(GraphStore, 1);
  self->base = (NzImageStore){&graph_class, 1, TRUE, TRUE};
  self->root = root;
  self->place = nz_docker_place(from);
  self->driver = find_driver(docker->driver);
  self->shifted = docker->shifted;
  self->chains = g_ptr_array_new_with_free_func(g_free);
  return self;
}

gboolean
nz_docker_graph_open(const NzStoredImage *stored, const NzOpenRequest *request, GPtrArray *images,
                     GError **error)
{
  GraphStore *self = store_new(stored->store, error);
  if (!self)
    return FALSE;
  g_autoptr(NzImageStore) store = &self->base;
  g_autoptr(NzImage) image = nz_image_new(store, request->source);
  g_autoptr(GBytes) config = read_config(self, stored->id, error);
  if (!config)
    return FALSE;
  if (!add_layers(image, config, error) || !nz_config_apply(image, config, error)) {
    g_prefix_error(error, "configuration: ");
    return FALSE;
  }
  name_layers(self, image, !stored->store->spec);
  const char *whole = nz_stored_image_name(stored, request->source);
  g_autofree char *name = nz_docker_short_name(whole ? whole : request->source);
  image->name = nz_printable(name, -1);
  image->digest = g_strdup(stored->id);
  if (!check_platform(image, request->options->platform, error))
    return FALSE;
  g_ptr_array_add(images, g_steal_pointer(&image));
  return TRUE;
}
