/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by toc.c (the reading of a layer), toc_estargz.c and toc_chunked.c (where a table lies),
 * toc_table.c (the table), toc_entry.c (one entry of it) and toc_bodies.c (contents of files).
 *
 * A table is read twice: first to see that it is whole, what its digest is, and which contents will
 * be needed; then into the log. */
#pragma once

#include "image/compression.h"
#include "image/json_cursor.h"
#include "image/tar.h"
#include "image/toc.h"

/* --- where a table lies --- */

typedef struct {
  GBytes *packed;       /* compressed */
  const NzCodec *codec; /* of the table, and of the layer */
  guint64 bodies_end;   /* contents of files lie before this byte of the blob */
  guint64 fetched;      /* bytes of the blob */
  gboolean in_tar;      /* it is the one file of a tar archive, and an entry of the layer */
  guint64 json_size;    /* uncompressed, unless in_tar */
  const char *digest;   /* what the uncompressed table must hash to; NULL: nothing says so */
} NzTocSource;

void nz_toc_source_clear(NzTocSource *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzTocSource, nz_toc_source_clear)

/* Finds the table of LAYER. *FOUND is FALSE, without an error, when there is none that is known. */
gboolean nz_toc_find_estargz(NzRanges *blob, const NzLayer *layer, NzTocSource *out,
                             gboolean *found, GError **error);
gboolean nz_toc_find_chunked(NzRanges *blob, const NzLayer *layer, NzTocSource *out,
                             gboolean *found, GError **error);

/* LENGTH bytes from OFFSET, exactly. */
GBytes *nz_ranges_read(NzRanges *blob, guint64 offset, guint64 length, GError **error);

/* --- one entry --- */

typedef struct {
  NzTarHeader header; /* the tar header that it stands for */
  gboolean is_chunk;  /* no file, but a further part of the last one */
  gboolean is_table;  /* the table itself, which has no entry in it */
  gboolean lossy;     /* a name that JSON cannot hold */
  gint64 offset, inner_offset, chunk_offset, chunk_size;
  const char *digest, *chunk_digest; /* NULL: none, or none that can be checked */
} NzTocEntry;

/* What an entry's pointers point into. */
typedef struct {
  GString *type, *name, *linkname, *digest, *chunk_digest, *scratch;
  GByteArray *capability, *acl;
} NzTocBuffers;

void nz_toc_buffers_init(NzTocBuffers *self);
void nz_toc_buffers_clear(NzTocBuffers *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzTocBuffers, nz_toc_buffers_clear)

/* Reads one object of the table's "entries". FALSE with CURSOR->ran_out and no error: see there. */
gboolean nz_toc_entry_read(NzJsonCursor *cursor, NzTocBuffers *buffers, NzTocEntry *entry,
                           GError **error);

/* --- the table --- */

typedef struct {
  gboolean (*entry)(gpointer data, const NzTocEntry *entry, GError **error);
  gpointer data;
  gint64 version; /* set: what the table says */
} NzTocVisitor;

/* Shows VISITOR all entries of the table, in their order. With CHECK its digest must be right. */
gboolean nz_toc_walk(const NzTocSource *source, gboolean check, NzTocVisitor *visitor,
                     GError **error);

/* --- contents of files --- */

typedef struct NzTocBodies NzTocBodies;

NzTocBodies *nz_toc_bodies_new(NzRanges *blob, const NzTocSource *source);
void nz_toc_bodies_free(NzTocBodies *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzTocBodies, nz_toc_bodies_free)

/* For the first reading: the table's file number FILE will be needed; IS_LIST: only to name
 * packages. Its parts follow. */
void nz_toc_bodies_want(NzTocBodies *self, guint64 file, guint64 size, gboolean is_list);

/* A part of SIZE bytes is in what begins at OFFSET of the blob, past INNER uncompressed bytes. */
void nz_toc_bodies_add_part(NzTocBodies *self, guint64 offset, guint64 inner, guint64 size,
                            const char *digest);

/* Says that something else begins at OFFSET of the blob: what came before ends there. */
void nz_toc_bodies_set_next(NzTocBodies *self, guint64 offset);

/* FALSE when there are too many to remember. */
gboolean nz_toc_bodies_fit(const NzTocBodies *self);

/* After all this: decides what is fetched. */
void nz_toc_bodies_plan(NzTocBodies *self);

/* For the second reading, in the order of files: the content of file number FILE. NULL without an
 * error: it is not worth its bytes. */
GBytes *nz_toc_bodies_read(NzTocBodies *self, guint64 file, GError **error);
