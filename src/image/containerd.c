/* SPDX-License-Identifier: Apache-2.0 */
/* containerd: where its roots are, and an image's content in them. What the database says of it is
 * an index with one entry, and blobs lie as in an OCI layout. */
#include "image/containerd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "image/json.h"
#include "image/toml.h"

/* --- where --- */

gboolean
nz_containerd_is_readable(const char *root)
{
  g_autofree char *database = g_build_filename(root, NZ_CONTAINERD_DATABASE, NULL);
  g_autofree char *content = g_build_filename(root, NZ_CONTAINERD_CONTENT, "blobs", NULL);
  if (access(database, R_OK) < 0)
    return FALSE;
  return access(content, X_OK) == 0 || errno == ENOENT; /* nothing was ever pulled */
}

static void
add_store(const char *root, gboolean must, GPtrArray *stores)
{
  gboolean readable = nz_containerd_is_readable(root);
  gboolean refused = !readable && (errno == EACCES || errno == EPERM);
  if (!readable && !refused && !must)
    return;
  NzEngineStore *store = nz_engine_store_new(&nz_engine_containerd, root);
  g_ptr_array_add(stores, store);
  g_autofree char *shown = nz_printable(root, -1);
  if (refused)
    store->denied = g_strdup_printf("%s may be read by root only: use sudo", shown);
  else if (!readable)
    store->denied = g_strdup_printf(
        "%s is no root of containerd: there is no " NZ_CONTAINERD_DATABASE " in it", shown);
}

char *
nz_containerd_system_root(GError **error)
{
  static const char config[] = "/etc/containerd/config.toml";
  g_autoptr(GError) failed = NULL;
  g_autoptr(NzJson) json = access(config, R_OK) == 0 ? nz_toml_read(config, &failed) : NULL;
  const char *root = NULL;
  if (failed || (json && !nz_json_get_string(json, "root", &root, &failed))) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return NULL;
  }
  return g_strdup(root && *root == '/' ? root : "/var/lib/containerd");
}

static gboolean
find(const char *spec, GPtrArray *stores, GError **error)
{
  static const char *const others[] = {"/var/lib/rancher/k3s/agent/containerd",
                                       "/var/lib/rancher/rke2/agent/containerd",
                                       "/var/lib/k0s/containerd"};
  if (spec) {
    add_store(spec, TRUE, stores);
    return TRUE;
  }
  g_autofree char *root = nz_containerd_system_root(error);
  if (!root)
    return FALSE;
  add_store(root, FALSE, stores);
  for (guint i = 0; i < G_N_ELEMENTS(others); i++)
    add_store(others[i], FALSE, stores);
  g_autofree char *rootless = g_build_filename(g_get_user_data_dir(), "containerd", NULL);
  add_store(rootless, FALSE, stores);
  return TRUE;
}

static gboolean
list(const NzEngineStore *store, const NzOpenOptions *options G_GNUC_UNUSED, GPtrArray *images,
     GError **error)
{
  return nz_containerd_list(store, store->root, NULL, images, error);
}

/* --- content --- */

static const char missing[] =
    "containerd does not have it any more: the image was removed while it was read, or layers are "
    "thrown away once they are unpacked (discard_unpacked_layers in containerd's configuration); "
    "`ctr -n NAMESPACE content fetch NAME` brings them back";

static GBytes *
index_of(const NzContainerdTarget *target, const char *name, GError **error)
{
  g_autoptr(NzJson) index =
      json_pack("{s:i, s:[{s:s*, s:s, s:I, s:{s:s}}]}", "schemaVersion", 2, "manifests",
                "mediaType", target->media_type, "digest", target->digest, "size",
                (json_int_t)target->size, "annotations", "io.containerd.image.name", name);
  char *text = index ? json_dumps(index, JSON_COMPACT) : NULL;
  if (text)
    return g_bytes_new_with_free_func(text, strlen(text), free, text);
  nz_set_input(error, "its record in the database is broken");
  return NULL;
}

/* A blob's content is what its name says, or reading it is an error. */
static void
set_keys(GPtrArray *images, guint from)
{
  for (guint i = from; i < images->len; i++) {
    const GPtrArray *layers = ((const NzImage *)images->pdata[i])->layers;
    for (guint j = 0; j < layers->len; j++) {
      NzLayer *layer = layers->pdata[j];
      layer->facts_key = g_strdup(layer->digest);
    }
  }
}

gboolean
nz_containerd_listed(const NzStoredImage *stored)
{
  return stored->free_data == nz_containerd_target_free;
}

gboolean
nz_containerd_open(const NzStoredImage *stored, const NzOpenRequest *request, GPtrArray *images,
                   GError **error)
{
  const NzContainerdTarget *target = stored->data;
  g_autofree char *content = g_build_filename(target->root, NZ_CONTAINERD_CONTENT, NULL);
  const char *name = nz_stored_image_name(stored, request->source);
  g_autoptr(GBytes) index = index_of(target, name ? name : target->name, error);
  int dir = index ? open(content, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (dir < 0) {
    if (index)
      nz_set_errno(error, errno, "cannot open " NZ_CONTAINERD_CONTENT);
    return FALSE;
  }
  NzOpenRequest whole = *request;
  whole.ref = NULL;
  g_autoptr(NzImageStore) store = nz_layout_store_new(dir, g_steal_pointer(&index), missing);
  g_autofree char *blob = g_strconcat("blobs/", target->digest, NULL);
  *strchr(blob, ':') = '/';
  guint before = images->len;
  if (!store->klass->has(store, blob))
    return nz_set_input(error, "%s is missing: %s", blob, missing);
  if (!nz_oci_list(store, &whole, images, error))
    return FALSE;
  set_keys(images, before);
  return TRUE;
}

const NzEngine nz_engine_containerd = {
    .name = "containerd",
    .title = "containerd",
    .help = "[[ROOT]][NAMESPACE/]NAME",
    .find = find,
    .list = list,
    .open = nz_containerd_open,
};
