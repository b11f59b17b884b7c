/* SPDX-License-Identifier: Apache-2.0 */
/* Layers, compressed or not, into logs and from there into one tree, as a scan does it. The first
 * byte holds the options; what follows is cut into layers at the marker. */
#include <string.h>

#include "image/image.h"
#include "rootfs/layer_log.h"
#include "rootfs/tree.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

#define LAYERS_MAX 8
#define MARKER     "\xff\xffnext layer\xff\xff"

/* No bomb can grow past this in one run, so that the fuzzer's time goes into odd input. */
#define LOG_MAX ((gsize)8 * 1024 * 1024)

static gboolean
read_layer(const guint8 *data, gsize len, guint index, gboolean verify, NzTree *tree)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(LOG_MAX, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, index);
  g_auto(NzLayerResult) result = {0};
  NzReadOptions options = {.ratio = 250, .verify = verify};
  g_autoptr(NzStream) stream = nz_memory_stream_new(data, len);
  GError *error = NULL;
  gboolean ok = nz_layer_read(g_steal_pointer(&stream), len, NULL, &options, log, &result, &error);
  if (ok != (error == NULL))
    g_error("an error without a message, or the other way round");
  if (ok && verify != (result.diff_id != NULL))
    g_error("a layer that was read and not hashed");
  nz_layer_log_close(log, error);

  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  NzEntry entry;
  int got;
  g_autoptr(GError) failed = NULL;
  while ((got = nz_log_cursor_next(cursor, &entry, &failed)) == 1) {
    if (entry.path_len != strlen(entry.path) || entry.path[0] == '/')
      g_error("a path that is not clean");
    if (!nz_tree_apply(tree, index, &entry, &failed))
      return FALSE;
  }
  return got == 0;
}

static void
see(const char *path, const NzInode *inode, gpointer user_data)
{
  const NzTree *tree = user_data;
  g_autoptr(GString) canonical = g_string_new(NULL);
  const NzInode *found = NULL;
  if (nz_tree_lookup(tree, path, canonical, &found) != NZ_LOOKUP_FOUND || found != inode ||
      strcmp(canonical->str, path) != 0)
    g_error("a file that is not where the tree says");
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  if (size == 0)
    return 0;
  g_autoptr(NzTree) tree = nz_tree_new((data[0] & 1) == 0);
  const guint8 *p = data + 1, *end = data + size;
  for (guint i = 0; i < LAYERS_MAX && p < end; i++) {
    const guint8 *marker = memmem(p, (gsize)(end - p), MARKER, strlen(MARKER));
    const guint8 *stop = marker ? marker : end;
    if (!read_layer(p, (gsize)(stop - p), i, (data[0] & 2) != 0, tree))
      return 0;
    p = marker ? marker + strlen(MARKER) : end;
  }
  nz_tree_foreach(tree, see, tree);
  guint total, hides;
  if (nz_tree_ambiguities(tree, &total, &hides)->len > total)
    g_error("more ambiguities than there are");
  return 0;
}
