/* SPDX-License-Identifier: Apache-2.0 */
/* Layers with tables of contents, made by hand, and what is read of them. */
#pragma once

#include "image/toc.h"

typedef void (*TocPack)(GByteArray *out, const void *data, gsize len);

/* A layer in the making. Text of the table may say %1, %2, ...: where the first, second, ...
 * content begins; and $1, $2, ...: its digest. */
typedef struct {
  GByteArray *blob;
  TocPack pack;
  guint64 offsets[8];
  char *digests[8];
  guint n;
  NzLayer layer;
  char *digest, *position;
  guint table_at, table_len, table_size; /* of toc_finish_chunked() */
} TocMade;

void toc_pack_zstd(GByteArray *out, const void *data, gsize len);
void toc_pack_gzip(GByteArray *out, const void *data, gsize len);
void toc_made_clear(TocMade *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TocMade, toc_made_clear)
void toc_add_content(TocMade *self, const void *data, gsize len);
char *toc_table_text(const TocMade *self, const char *entries);
void toc_finish_chunked(TocMade *self, const char *entries);
void toc_add_footer(GByteArray *blob, guint64 offset, gboolean old);
void toc_finish_estargz_as(TocMade *self, const char *entries, const char *name, guint mode,
                           gboolean old);
void toc_finish_estargz(TocMade *self, const char *entries);
void toc_made_init(TocMade *self, TocPack pack);
char *toc_read_with(const TocMade *made, const NzReadOptions *options, gboolean *done,
                    GError **error);
char *toc_read(const TocMade *made, gboolean *done, GError **error);
void toc_assert_reads(const TocMade *made, const char *want);
void toc_assert_left(const TocMade *made);
void toc_assert_fails(const TocMade *made, const char *what);
