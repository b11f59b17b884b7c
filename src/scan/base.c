/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/base.h"

#include "core/text.h"

struct NzBase {
  char *source;
  NzOpenOptions options;
  GHashTable *found; /* platform, or "" -> NzImage; NULL where there is none */
};

static void
image_free(gpointer data)
{
  nz_image_free(data);
}

NzBase *
nz_base_new(const char *source, const NzOpenOptions *options)
{
  NzBase *self = g_new0(NzBase, 1);
  self->source = g_strdup(source);
  self->options = *options;
  self->found = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, image_free);
  return self;
}

void
nz_base_free(NzBase *self)
{
  if (!self)
    return;
  g_free(self->source);
  g_hash_table_unref(self->found);
  g_free(self);
}

static char *
names_of(const GPtrArray *images)
{
  GString *names = g_string_new(NULL);
  for (guint i = 0; i < images->len; i++)
    g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                           ((const NzImage *)images->pdata[i])->name);
  return g_string_free(names, FALSE);
}

/* One image may have many names. */
static gboolean
are_one(const GPtrArray *images)
{
  const NzImage *first = images->pdata[0];
  for (guint i = 1; i < images->len; i++)
    if (g_strcmp0(first->config_digest, ((const NzImage *)images->pdata[i])->config_digest) != 0)
      return FALSE;
  return TRUE;
}

static NzImage *
open_base(const NzBase *self, const char *platform, GError **error)
{
  g_auto(NzPlatform) parsed = {0};
  gboolean usable = platform && nz_platform_parse(platform, &parsed, NULL);
  NzOpenOptions options = self->options;
  options.platform = usable ? platform : NULL;
  g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func(image_free);
  if (!nz_image_open(self->source, &options, images, error))
    return NULL;
  if (!are_one(images)) {
    g_autofree char *names = names_of(images);
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND,
                "%u images in it%s%s: %s; name one, as PATH:REF or PATH:@N", images->len,
                usable ? " for the platform " : "", usable ? platform : "", names);
    return NULL;
  }
  NzImage *image = g_ptr_array_steal_index(images, 0);
  if (image->has_config)
    return image;
  nz_image_free(image);
  g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_IMAGE,
              "a root filesystem has no layers that could be those of another image");
  return NULL;
}

const NzImage *
nz_base_for(NzBase *self, const NzImage *subject, GError **error)
{
  const char *platform = subject->platform ? subject->platform : "";
  gpointer found;
  if (g_hash_table_lookup_extended(self->found, platform, NULL, &found))
    return found;
  NzImage *image = open_base(self, subject->platform, error);
  g_hash_table_insert(self->found, g_strdup(platform), image);
  return image;
}
