/* SPDX-License-Identifier: Apache-2.0 */
/* Layers with a table of contents. The first byte holds the kind and options. Then
 *   kind 0: the contents, a marker, and the text of a zstd:chunked table, which gets its digest
 * here kind 1: an eStargz blob, footer and all, whose table gets its digest here where it inflates
 *   kind 2: a position annotation, a marker, and a zstd:chunked blob */
#include <string.h>
#include <zstd.h>

#include "image/digest.h"
#include "image/toc.h"
#include "rootfs/layer_log.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

#define MARKER  "\xff\xfftable\xff\xff"
#define LOG_MAX ((gsize)8 * 1024 * 1024)

static const char zeros[] =
    "sha256:0000000000000000000000000000000000000000000000000000000000000000";

typedef struct {
  NzRanges base;
  const guint8 *data;
} Blob;

static GBytes *
read_range(NzRanges *base, guint64 offset, gsize length, GError **error G_GNUC_UNUSED)
{
  const Blob *self = (const Blob *)base;
  if (offset > base->size || length > base->size - offset)
    g_error("a range that is not in the blob");
  return g_bytes_new(self->data + offset, length);
}

/* The entries in LOG; what is wrong with them ends the run. */
static guint
count_entries(NzLayerLog *log)
{
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  NzEntry entry;
  guint n = 0;
  while (nz_log_cursor_next(cursor, &entry, NULL) == 1) {
    if (entry.path_len != strlen(entry.path) || entry.path[0] == '/')
      g_error("a path that is not clean");
    n++;
  }
  return n;
}

/* TRUE unless the digest was wrong: then *ACTUAL is the right one. */
static gboolean
read_blob(const guint8 *data, gsize len, const NzLayer *layer, char **actual)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(LOG_MAX, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  g_auto(NzLayerResult) result = {0};
  NzReadOptions options = {.ratio = 250};
  Blob blob = {{len, read_range}, data};
  GError *error = NULL;
  gboolean done;
  gboolean ok = nz_toc_read_layer(&blob.base, layer, &options, log, &result, &done, &error);
  if (ok != (error == NULL) || (done && !ok) || done != result.by_table)
    g_error("a result that contradicts itself");
  const char *but = error ? strstr(error->message, "but the content is sha256:") : NULL;
  if (but && strstr(error->message, zeros))
    *actual = g_strndup(strstr(but, "sha256:"), strlen(zeros));
  nz_layer_log_close(log, error);
  if (count_entries(log) > 0 && ok && !done)
    g_error("a log that was written by a table that was not used");
  return !*actual;
}

static void
read_text(const guint8 *contents, gsize n_contents, const guint8 *text, gsize n_text)
{
  gsize bound = ZSTD_compressBound(n_text), at = n_contents + 8;
  g_autofree guint8 *blob = g_malloc0(at + bound);
  memcpy(blob, contents, n_contents);
  gsize n = ZSTD_compress(blob + at, bound, text, n_text, 1);
  g_autofree char *digest = nz_digest_of(zeros, blob + at, n);
  g_autofree char *position = g_strdup_printf(
      "%" G_GSIZE_FORMAT ":%" G_GSIZE_FORMAT ":%" G_GSIZE_FORMAT ":1", at, n, n_text);
  g_autofree char *ignored = NULL;
  NzLayer layer = {.size = -1, .chunked_position = position, .chunked_checksum = digest};
  read_blob(blob, at + n, &layer, &ignored);
}

static void
read_twice(const guint8 *data, gsize len, NzLayer *layer, char **digest)
{
  g_autofree char *first = g_strdup(zeros), *actual = NULL, *ignored = NULL;
  *digest = first;
  if (!read_blob(data, len, layer, &actual)) {
    *digest = actual;
    read_blob(data, len, layer, &ignored);
  }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  if (size == 0)
    return 0;
  const guint8 *rest = data + 1;
  gsize n = size - 1;
  const guint8 *marker = memmem(rest, n, MARKER, strlen(MARKER));
  gsize before = marker ? (gsize)(marker - rest) : 0;
  const guint8 *after = marker ? marker + strlen(MARKER) : rest;
  gsize n_after = (gsize)(data + size - after);
  NzLayer layer = {.size = -1};
  if (data[0] % 3 == 0) {
    read_text(rest, before, after, n_after);
  } else if (data[0] % 3 == 1) {
    read_twice(rest, n, &layer, &layer.stargz_digest);
  } else {
    g_autofree char *position = g_strndup((const char *)rest, before);
    layer.chunked_position = position;
    read_twice(after, n_after, &layer, &layer.chunked_checksum);
  }
  return 0;
}
