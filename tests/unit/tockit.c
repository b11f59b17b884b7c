/* SPDX-License-Identifier: Apache-2.0 */
#include "tockit.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "entrylist.h"
#include "image/digest.h"
#include "ranges.h"
#include "support.h"

/* --- making layers --- */

void
toc_pack_zstd(GByteArray *out, const void *data, gsize len)
{
  gsize bound = ZSTD_compressBound(len);
  g_autofree guint8 *packed = g_malloc(bound);
  g_byte_array_append(out, packed, (guint)ZSTD_compress(packed, bound, data, len, 3));
}

void
toc_pack_gzip(GByteArray *out, const void *data, gsize len)
{
  g_autofree guint8 *packed = g_malloc(len + 1024);
  z_stream z = {.next_in = (guint8 *)data, .avail_in = (uInt)len};
  z.next_out = packed;
  z.avail_out = (uInt)(len + 1024);
  g_assert_cmpint(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
  g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
  g_byte_array_append(out, packed, (guint)z.total_out);
  deflateEnd(&z);
}

void
toc_made_clear(TocMade *self)
{
  g_byte_array_unref(self->blob);
  for (guint i = 0; i < self->n; i++)
    g_free(self->digests[i]);
  g_free(self->digest);
  g_free(self->position);
}
void
toc_add_content(TocMade *self, const void *data, gsize len)
{
  self->pack(self->blob, "header", 6);
  self->offsets[self->n] = self->blob->len;
  self->digests[self->n++] = nz_digest_of("sha256:", data, len);
  self->pack(self->blob, data, len);
}

char *
toc_table_text(const TocMade *self, const char *entries)
{
  GString *out = g_string_new("{\"version\":1,\"entries\":[");
  if (*entries == '!') { /* all of it */
    g_string_truncate(out, 0);
    entries++;
  }
  gboolean whole = out->len == 0;
  for (const char *p = entries; *p; p++) {
    guint i = (guint)(p[1] - '1');
    if (*p == '%' && i < self->n)
      g_string_append_printf(out, "%" G_GUINT64_FORMAT, self->offsets[i]);
    else if (*p == '$' && i < self->n)
      g_string_append(out, self->digests[i]);
    else
      g_string_append_c(out, *p == '\'' ? '"' : *p);
    p += (*p == '%' || *p == '$') && i < self->n;
  }
  return g_string_free(whole ? out : g_string_append(out, "]}"), FALSE);
}

void
toc_finish_chunked(TocMade *self, const char *entries)
{
  g_autofree char *table = toc_table_text(self, entries);
  g_autoptr(GByteArray) packed = g_byte_array_new();
  toc_pack_zstd(packed, table, strlen(table));
  guint32 header[2] = {GUINT32_TO_LE(0x184d2a50), GUINT32_TO_LE(packed->len)};
  g_byte_array_append(self->blob, (const guint8 *)header, sizeof header);
  self->digest = nz_digest_of("sha256:", packed->data, packed->len);
  self->table_at = self->blob->len;
  self->table_len = packed->len;
  self->table_size = (guint)strlen(table);
  self->position = g_strdup_printf("%u:%u:%u:1", self->table_at, self->table_len, self->table_size);
  g_byte_array_append(self->blob, packed->data, packed->len);
  self->layer =
      (NzLayer){.size = -1, .chunked_position = self->position, .chunked_checksum = self->digest};
}

void
toc_add_footer(GByteArray *blob, guint64 offset, gboolean old)
{
  g_autofree char *extra = g_strdup_printf("%016" G_GINT64_MODIFIER "xSTARGZ", offset);
  g_byte_array_append(blob, (const guint8 *)"\x1f\x8b\x08\x04\0\0\0\0\0\xff", 10);
  if (old)
    g_byte_array_append(blob, (const guint8 *)"\x16\0", 2);
  else
    g_byte_array_append(blob, (const guint8 *)"\x1a\0SG\x16\0", 6);
  g_byte_array_append(blob, (const guint8 *)extra, 22);
  g_byte_array_append(blob, (const guint8 *)"\x01\0\0\xff\xff\0\0\0\0\0\0\0\0", 13);
}

void
toc_finish_estargz_as(TocMade *self, const char *entries, const char *name, guint mode,
                      gboolean old)
{
  g_autofree char *table = toc_table_text(self, entries);
  g_autoptr(GByteArray) tar = g_byte_array_new();
  TAR(tar, .name = name, .mode = mode, .body = table);
  tar_end(tar);
  self->digest = nz_digest_of("sha256:", table, strlen(table));
  guint64 offset = self->blob->len;
  toc_pack_gzip(self->blob, tar->data, tar->len);
  toc_add_footer(self->blob, offset, old);
  self->layer = (NzLayer){.size = -1, .stargz_digest = self->digest};
}

void
toc_finish_estargz(TocMade *self, const char *entries)
{
  toc_finish_estargz_as(self, entries, "stargz.index.json", 0, FALSE);
}

void
toc_made_init(TocMade *self, TocPack pack)
{
  *self = (TocMade){.blob = g_byte_array_new(), .pack = pack};
}

/* --- reading them --- */

/* The entries by the table, or NULL with *ERROR; *DONE is FALSE when it was not used. */
char *
toc_read_with(const TocMade *made, const NzReadOptions *options, gboolean *done, GError **error)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(1 << 24, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  g_auto(NzLayerResult) result = {0};
  CountedRanges ranges;
  ranges_init_memory(&ranges, made->blob->data, made->blob->len);
  if (!nz_toc_read_layer(&ranges.base, &made->layer, options, log, &result, done, error)) {
    g_assert_false(*done);
    return NULL;
  }
  g_assert_cmpint(result.by_table, ==, *done);
  nz_layer_log_close(log, NULL);
  return entry_list(log, error);
}

char *
toc_read(const TocMade *made, gboolean *done, GError **error)
{
  NzReadOptions options = {.ratio = 250};
  return toc_read_with(made, &options, done, error);
}

void
toc_assert_reads(const TocMade *made, const char *want)
{
  gboolean done;
  g_autoptr(GError) error = NULL;
  g_autofree char *list = toc_read(made, &done, &error);
  g_assert_no_error(error);
  g_assert_true(done);
  g_assert_cmpstr(list, ==, want);
}

void
toc_assert_left(const TocMade *made)
{
  gboolean done;
  g_autoptr(GError) error = NULL;
  g_autofree char *list = toc_read(made, &done, &error);
  g_assert_no_error(error);
  g_assert_false(done);
  g_assert_cmpstr(list, ==, "");
}

void
toc_assert_fails(const TocMade *made, const char *what)
{
  gboolean done;
  g_autoptr(GError) error = NULL;
  g_autofree char *list = toc_read(made, &done, &error);
  g_assert_null(list);
  g_assert_nonnull(error);
  assert_holds(error->message, what);
  assert_holds(error->message, "--verify");
}
