/* SPDX-License-Identifier: Apache-2.0 */
/* A bolt database, and all that is in it. */
#include <string.h>

#include "image/bolt.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

#define DEPTH_MAX 8

static gboolean
see(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  guint *depth = data;
  static volatile guint8 sink;
  for (gsize i = 0; i < item->key_len; i++)
    sink = item->key[i];
  for (gsize i = 0; i < item->value_len; i++)
    sink = item->value[i];
  (void)sink;
  if (!item->is_bucket || *depth >= DEPTH_MAX)
    return TRUE;
  ++*depth;
  gboolean ok = nz_bolt_each(bolt, &item->bucket, NULL, see, depth, error);
  --*depth;
  return ok;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  /* Of exact size: the sanitizer sees a read behind the end. */
  g_autofree guint8 *copy = g_malloc(size > 0 ? size : 1);
  memcpy(copy, data, size);
  g_autoptr(GError) error = NULL;
  g_autoptr(NzBolt) bolt = nz_bolt_new(copy, size, &error);
  guint depth = 0;
  gboolean ok = bolt != NULL;
  if (bolt) {
    NzBoltBucket root = nz_bolt_root(bolt);
    ok = nz_bolt_each(bolt, &root, NULL, see, &depth, &error);
  }
  if (ok != (error == NULL))
    g_error("an error without a message, or the other way round");
  return 0;
}
