/* SPDX-License-Identifier: Apache-2.0 */
/* A store of JSON documents out of the input, listed as OCI and as Docker would. The input is lines
 * of "NAME\n" and a document, divided by the marker. A blob may be asked for by a digest that the
 * input cannot know, so that a name "*" stands for every name. */
#include <string.h>

#include "image/digest.h"
#include "image/transport.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

#define MARKER "\n--\n"

typedef struct {
  NzImageStore base;
  GHashTable *documents; /* char * -> GBytes */
} Store;

static GBytes *
store_read_json(NzImageStore *base, const char *name, GError **error)
{
  Store *self = (Store *)base;
  GBytes *bytes = g_hash_table_lookup(self->documents, name);
  if (!bytes)
    bytes = g_hash_table_lookup(self->documents, "*");
  if (!bytes)
    nz_set_input(error, "missing");
  return bytes ? g_bytes_ref(bytes) : NULL;
}

static gboolean
store_has(NzImageStore *base, const char *name)
{
  return g_hash_table_contains(((Store *)base)->documents, name);
}

static void
store_free(NzImageStore *base)
{
  Store *self = (Store *)base;
  g_hash_table_unref(self->documents);
  g_free(self);
}

static const NzImageStoreClass store_class = {
    .read_json = store_read_json, .has = store_has, .free = store_free};

/* Each document is stored under its name, and under the one a descriptor of it would have. */
static void
add_document(Store *self, const guint8 *data, gsize len)
{
  const guint8 *newline = memchr(data, '\n', len);
  if (!newline)
    return;
  char *name = g_strndup((const char *)data, (gsize)(newline - data));
  const guint8 *body = newline + 1;
  gsize body_len = len - (gsize)(body - data);
  GBytes *bytes = g_bytes_new(body, body_len);
  g_autofree char *digest = nz_digest_of("sha256:", body, body_len);
  char *blob = g_strconcat("blobs/", digest, NULL);
  *strchr(blob, ':') = '/';
  g_hash_table_replace(self->documents, name, g_bytes_ref(bytes));
  g_hash_table_replace(self->documents, blob, bytes);
}

static NzImageStore *
store_new(const guint8 *data, gsize len)
{
  Store *self = g_new0(Store, 1);
  self->base = (NzImageStore){&store_class, 1, TRUE, TRUE};
  self->documents =
      g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
  const guint8 *end = data + len;
  while (data < end) {
    const guint8 *marker = memmem(data, (gsize)(end - data), MARKER, strlen(MARKER));
    const guint8 *stop = marker ? marker : end;
    add_document(self, data, (gsize)(stop - data));
    data = marker ? marker + strlen(MARKER) : end;
  }
  return &self->base;
}

static void
check_images(GPtrArray *images, gboolean ok, const GError *error)
{
  if (ok != (error == NULL) || (ok && images->len == 0))
    g_error("an error without a message, or no image and no error");
  for (guint i = 0; i < images->len; i++) {
    const NzImage *image = images->pdata[i];
    if (!image->name || !image->has_config || !image->user)
      g_error("an image that is not whole");
    for (guint l = 0; l < image->layers->len; l++) {
      const NzLayer *layer = image->layers->pdata[l];
      if (layer->index != l || !layer->name || !nz_digest_valid(layer->diff_id))
        g_error("a layer that is not whole");
    }
  }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  if (size == 0)
    return 0;
  g_autoptr(NzImageStore) store = store_new(data + 1, size - 1);
  NzOpenOptions options = {.platform = data[0] & 1 ? "linux/arm64/v8" : NULL};
  NzOpenRequest request = {
      .source = "s", .path = "s", .options = &options, .ref = data[0] & 2 ? "app:1" : NULL};
  for (guint round = 0; round < 3; round++) {
    g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)nz_image_free);
    g_autoptr(GError) error = NULL;
    gboolean ok = round == 0   ? nz_oci_list(store, &request, images, &error)
                  : round == 1 ? nz_docker_list(store, &request, (data[0] & 4) != 0, images, &error)
                               : nz_store_list(store, NZ_FORMAT_ANY, &request, images, &error);
    check_images(images, ok, error);
  }
  return 0;
}
