/* SPDX-License-Identifier: Apache-2.0 */
/* An image configuration. The first byte is the number of layers that the manifest lists. */
#include "image/config.h"
#include "image/digest.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static void
store_free(NzImageStore *self G_GNUC_UNUSED)
{
}

static const NzImageStoreClass store_class = {.free = store_free};

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  if (size == 0)
    return 0;
  NzImageStore store = {&store_class, 1, TRUE, TRUE};
  g_autoptr(NzImage) image = nz_image_new(&store, "s");
  for (guint i = 0; i < data[0] % 8u; i++) {
    NzLayer *layer = g_new0(NzLayer, 1);
    layer->index = i;
    g_ptr_array_add(image->layers, layer);
  }
  g_autoptr(GBytes) bytes = g_bytes_new(data + 1, size - 1);
  g_autoptr(GError) error = NULL;
  gboolean ok = nz_config_apply(image, bytes, &error);
  if (ok != (error == NULL))
    g_error("an error without a message, or the other way round");
  if (!ok)
    return 0;
  if (!image->has_config || !image->user || !nz_digest_valid(image->config_digest))
    g_error("an image without its user");
  for (guint i = 0; i < image->layers->len; i++)
    if (!nz_digest_valid(((const NzLayer *)image->layers->pdata[i])->diff_id))
      g_error("a diff_id that is none");
  NzPlatform want = {(char *)"linux", (char *)"arm64", (char *)"v8"};
  nz_platform_matches(image->platform, &want);
  return 0;
}
