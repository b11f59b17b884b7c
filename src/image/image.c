/* SPDX-License-Identifier: Apache-2.0 */
#include "image/image.h"

#include "core/limits.h"

GBytes *
nz_image_store_read_json(NzImageStore *self, const char *name, GError **error)
{
  g_autoptr(GBytes) bytes = self->klass->read_json(self, name, error);
  if (!bytes)
    return NULL;
  self->json_read += g_bytes_get_size(bytes);
  if (self->json_read <= NZ_JSON_TOTAL_MAX)
    return g_steal_pointer(&bytes);
  g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
              "manifests and configurations of more than %u MiB together, each counted for every "
              "image that has it; name one image with its REF",
              (guint)(NZ_JSON_TOTAL_MAX >> 20));
  return NULL;
}

NzImageStore *
nz_image_store_ref(NzImageStore *self)
{
  g_atomic_int_inc(&self->refs);
  return self;
}

void
nz_image_store_unref(NzImageStore *self)
{
  if (self && g_atomic_int_dec_and_test(&self->refs))
    self->klass->free(self);
}

static void
layer_free(gpointer data)
{
  NzLayer *self = data;
  g_free(self->name);
  g_free(self->digest);
  g_free(self->diff_id);
  g_free(self->media_type);
  g_free(self->created_by);
  g_free(self->facts_key);
  g_free(self->stargz_digest);
  g_free(self->chunked_position);
  g_free(self->chunked_checksum);
  g_free(self);
}

NzImage *
nz_image_new(NzImageStore *store, const char *source)
{
  NzImage *self = g_new0(NzImage, 1);
  self->store = nz_image_store_ref(store);
  self->source = g_strdup(source);
  self->layers = g_ptr_array_new_with_free_func(layer_free);
  return self;
}

void
nz_image_free(NzImage *self)
{
  if (!self)
    return;
  nz_image_store_unref(self->store);
  g_free(self->name);
  g_free(self->source);
  g_free(self->digest);
  g_free(self->platform);
  g_free(self->os);
  g_free(self->config_digest);
  g_free(self->user);
  nz_launch_clear(&self->launch);
  nz_history_clear(&self->history);
  g_free(self->base_name);
  g_free(self->base_digest);
  g_ptr_array_unref(self->layers);
  g_free(self);
}

void
nz_layer_result_clear(NzLayerResult *self)
{
  g_clear_pointer(&self->diff_id, g_free);
}
