/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of containers/storage (drivers/overlay, drivers/vfs, layers.go):
 *   DRIVER-layers/ID.tar-split.gz   the layer's archive, less its bodies: see tar_split.c
 *   overlay/ID/diff                 its files, whiteouts as overlay has them
 *   vfs/dir/ID                      its files on top of a copy of all layers below
 *
 * A layer is read by its tar-split where there is one. That is what was pulled, and exact. Its
 * files on disk are what overlay makes of it and this host's user namespaces allow: they are read
 * where nothing else is there, and where they cannot be trusted they are refused.
 *
 * Podman may remove the layer meanwhile. It notes that in its list of layers before it touches any
 * file (its older versions do both with a lock held, which is waited for), so a layer that is in
 * the list, unchanged, after it was read, was whole while it was read. */
#include "image/containers_layers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/openat2.h"
#include "core/text.h"
#include "image/compression.h"
#include "image/dirwalk.h"
#include "image/tar_split.h"

typedef struct {
  NzImageStore base;
  GPtrArray *chain; /* NzStorageStep */
  gboolean trusted_hidden;
  gboolean whole; /* of vfs: only the top is read, and it is all */
} LayerStore;

void
nz_storage_step_free(NzStorageStep *self)
{
  if (!self)
    return;
  nz_storage_root_unref(self->root);
  g_free(self->id);
  g_free(self->parent);
  g_free(self->diff_digest);
  g_free(self->created);
  g_free(self);
}

/* --- the chain --- */

GPtrArray *
nz_storage_tables(const GPtrArray *roots, GError **error)
{
  g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func((GDestroyNotify)g_hash_table_unref);
  for (guint i = 0; i < roots->len; i++) {
    GHashTable *table = nz_storage_root_layers(roots->pdata[i], error);
    if (!table)
      return NULL;
    g_ptr_array_add(tables, table);
  }
  return g_steal_pointer(&tables);
}

/* The layer ID, whole, in the first table that has it; *WHICH becomes that table. */
static const NzStorageLayer *
find_layer(const GPtrArray *tables, const char *id, guint *which)
{
  for (guint i = 0; i < tables->len; i++) {
    const NzStorageLayer *layer = g_hash_table_lookup(tables->pdata[i], id);
    if (!layer || layer->incomplete)
      continue;
    *which = i;
    return layer;
  }
  return NULL;
}

gint64
nz_storage_bytes(const GPtrArray *tables, const char *top)
{
  gint64 sum = 0;
  guint steps = 0, which;
  for (const char *id = top; id; steps++) {
    const NzStorageLayer *layer = steps < NZ_LAYERS_MAX ? find_layer(tables, id, &which) : NULL;
    if (!layer || layer->diff_size < 0 || layer->diff_size > G_MAXINT64 - sum)
      return -1;
    sum += layer->diff_size;
    id = layer->parent;
  }
  return sum;
}

static NzStorageStep *
make_step(NzStorageRoot *root, const NzStorageLayer *layer)
{
  NzStorageStep *step = g_new0(NzStorageStep, 1);
  *step = (NzStorageStep){.root = nz_storage_root_ref(root),
                          .id = g_strdup(layer->id),
                          .parent = g_strdup(layer->parent),
                          .diff_digest = g_strdup(layer->diff_digest),
                          .created = g_strdup(layer->created),
                          .diff_size = layer->diff_size,
                          .mapped = layer->mapped,
                          .by_table = layer->by_table};
  return step;
}

static void
reverse(GPtrArray *array)
{
  for (guint i = 0; i < array->len / 2; i++) {
    gpointer swap = array->pdata[i];
    array->pdata[i] = array->pdata[array->len - 1 - i];
    array->pdata[array->len - 1 - i] = swap;
  }
}

GPtrArray *
nz_storage_chain(const GPtrArray *roots, const char *top, GError **error)
{
  g_autoptr(GPtrArray) chain = g_ptr_array_new_with_free_func((GDestroyNotify)nz_storage_step_free);
  g_autoptr(GPtrArray) tables = nz_storage_tables(roots, error);
  if (!tables)
    return NULL;
  for (const char *id = top; id;) {
    guint which;
    const NzStorageLayer *layer = find_layer(tables, id, &which);
    if (!layer || chain->len >= NZ_LAYERS_MAX) {
      if (layer)
        nz_set_input(error, "more than %u layers, or layers that are their own parents",
                     NZ_LAYERS_MAX);
      else
        nz_set_input(error,
                     "the layer %s is not in the store, or not whole: it is being pulled or "
                     "removed, or the store is damaged",
                     id);
      return NULL;
    }
    g_ptr_array_add(chain, make_step(roots->pdata[which], layer));
    id = layer->parent;
  }
  reverse(chain);
  return g_steal_pointer(&chain);
}

static int
open_split(const NzStorageStep *step)
{
  return nz_storage_root_open(step->root, O_RDONLY | O_NONBLOCK, "%s-layers/%s.tar-split.gz",
                              nz_storage_root_driver(step->root), step->id);
}

gboolean
nz_storage_step_is_split(const NzStorageStep *step)
{
  int fd = open_split(step);
  gboolean missing = fd < 0 && errno == ENOENT;
  if (fd >= 0)
    close(fd);
  return !missing;
}

gboolean
nz_storage_chain_is_split(const GPtrArray *chain)
{
  for (guint i = 0; i < chain->len; i++)
    if (!nz_storage_step_is_split(chain->pdata[i]))
      return FALSE;
  return TRUE;
}

/* --- reading one --- */

static gboolean
is_vfs(const NzStorageStep *step)
{
  return strcmp(nz_storage_root_driver(step->root), "vfs") == 0;
}

/* The directory with the layer's files. */
static int
open_files(const NzStorageStep *step, int flags, GError **error)
{
  int fd = is_vfs(step)
               ? nz_storage_root_open(step->root, flags | O_DIRECTORY, "vfs/dir/%s", step->id)
               : nz_storage_root_open(step->root, flags | O_DIRECTORY, "overlay/%s/diff", step->id);
  if (fd < 0)
    nz_set_errno(error, errno, "cannot open the layer's files");
  return fd;
}

typedef struct {
  const NzStorageStep *step;
  int dir; /* -1: not opened yet */
} Bodies;

/* Links below the directory hold as they did in the image: none leads out of it. */
static int
open_body(gpointer data, const char *name, guint64 size G_GNUC_UNUSED, GError **error)
{
  Bodies *self = data;
  g_autoptr(GString) path = g_string_new(NULL);
  gboolean outside;
  if (self->dir < 0)
    self->dir = open_files(self->step, O_PATH, error);
  if (self->dir < 0)
    return -1;
  nz_path_clean(name, path, &outside);
  int fd = nz_openat2(self->dir, path->len > 0 ? path->str : ".",
                      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                      RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
  if (fd >= 0)
    return fd;
  int saved = errno;
  g_autofree char *shown = nz_printable(path->str, -1);
  if (saved == EACCES || saved == EPERM)
    g_set_error(error, NZ_ERROR, NZ_ERROR_DENIED,
                "%s belongs to another user of the image: `podman unshare nonzero scan` may read "
                "it",
                shown);
  else
    nz_set_errno(error, saved, "cannot open %s", shown);
  return -1;
}

static gboolean
read_split(const NzStorageStep *step, int fd, const NzReadOptions *options, NzLayerLog *log,
           NzLayerResult *result, GError **error)
{
  struct stat st;
  Bodies bodies = {step, -1};
  if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
    close(fd);
    return nz_set_input(error, "its tar-split is no file");
  }
  /* What the archive has in bytes is what counts as progress, so the file itself does not. */
  NzStream *file = nz_file_stream_new(fd, TRUE, 0, (guint64)st.st_size, NULL);
  NzStream *json = nz_inflate_stream_new(file, &nz_codec_gzip, options->ratio, error);
  if (!json)
    return FALSE;
  NzStream *archive = nz_tar_split_stream_new(json, open_body, &bodies, options->control);
  gboolean ok =
      nz_layer_read(archive, (guint64)MAX(step->diff_size, 0), NULL, options, log, result, error);
  if (bodies.dir >= 0)
    close(bodies.dir);
  return ok;
}

/* Why the files on disk do not say what the layer is; NULL when they do. */
static const char *
why_not_by_files(const LayerStore *self, const NzReadOptions *options)
{
  if (options->verify)
    return "nothing in the store can verify it: its tar-split is missing";
  if (self->trusted_hidden)
    return "its tar-split is missing, and the attributes of its files can only be seen by root "
           "(CAP_SYS_ADMIN)";
  return NULL;
}

static gboolean
read_files(const LayerStore *self, const NzStorageStep *step, const NzReadOptions *options,
           NzLayerLog *log, NzLayerResult *result, GError **error)
{
  const char *why = why_not_by_files(self, options);
  NzDirWalkFlags flags = NZ_WALK_OVERRIDE_STAT;
  if (why)
    return nz_set_input(error, "%s", why);
  if (!is_vfs(step))
    flags |= NZ_WALK_OVERLAY;
  if (step->mapped || nz_storage_root_owner(step->root) != 0)
    flags |= NZ_WALK_SHIFTED;
  int fd = open_files(step, O_RDONLY, error);
  if (fd < 0)
    return FALSE;
  gboolean ok = nz_directory_read(fd, flags, options, log, result, error);
  close(fd);
  return ok;
}

/* --- what may have happened meanwhile --- */

static void
wait_for_writer(NzStorageRoot *root, NzControl *control)
{
  for (guint ms = 0; ms < NZ_STORAGE_WAIT_MS && nz_storage_root_is_written(root); ms += 20) {
    if (nz_control_is_cancelled(control))
      return;
    g_usleep(20 * 1000);
  }
}

static gboolean
is_still_there(const NzStorageStep *step, GError **error)
{
  g_autoptr(GHashTable) layers = nz_storage_root_layers(step->root, error);
  if (!layers)
    return FALSE;
  const NzStorageLayer *now = g_hash_table_lookup(layers, step->id);
  if (now && !now->incomplete && strcmp(now->created, step->created) == 0 &&
      g_strcmp0(now->parent, step->parent) == 0)
    return TRUE;
  g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND,
              "the layer %s was removed while it was read; scan again", step->id);
  return FALSE;
}

static gboolean
layers_read_layer(NzImageStore *base, const NzLayer *layer, const NzReadOptions *options,
                  NzLayerLog *log, NzLayerResult *result, GError **error)
{
  LayerStore *self = (LayerStore *)base;
  g_autoptr(GError) failed = NULL;
  const NzStorageStep *step = self->chain->pdata[self->whole ? self->chain->len - 1 : layer->index];
  int fd = self->whole ? -1 : open_split(step);
  if (!self->whole && fd < 0 && errno != ENOENT)
    nz_set_errno(&failed, errno, "cannot open its tar-split");
  else if (fd >= 0)
    read_split(step, fd, options, log, result, &failed);
  else if (read_files(self, step, options, log, result, &failed))
    wait_for_writer(step->root, options->control);
  if (g_error_matches(failed, NZ_ERROR, NZ_ERROR_CANCELLED) || is_still_there(step, error)) {
    if (!failed)
      return TRUE;
    g_propagate_error(error, g_steal_pointer(&failed));
  }
  return FALSE;
}

static void
layers_free(NzImageStore *base)
{
  LayerStore *self = (LayerStore *)base;
  g_ptr_array_unref(self->chain);
  g_free(self);
}

static const NzImageStoreClass layers_class = {.read_layer = layers_read_layer,
                                               .free = layers_free};

NzImageStore *
nz_storage_store_new(GPtrArray *chain, gboolean trusted_hidden)
{
  LayerStore *self = g_new0(LayerStore, 1);
  self->base = (NzImageStore){&layers_class, 1, TRUE, TRUE};
  self->chain = chain;
  self->trusted_hidden = trusted_hidden;
  return &self->base;
}

void
nz_storage_make_whole(NzImage *image)
{
  LayerStore *self = (LayerStore *)image->store;
  self->whole = TRUE;
  self->base.whiteouts = FALSE;
  NzLayer *layer = image->layers->pdata[0];
  g_ptr_array_set_size(image->layers, 1);
  g_clear_pointer(&layer->diff_id, g_free);
  g_clear_pointer(&layer->created_by, g_free);
  g_free(layer->name);
  layer->name = g_strdup(((NzStorageStep *)self->chain->pdata[self->chain->len - 1])->id);
}
