/* SPDX-License-Identifier: Apache-2.0 */
/* The layers of one image in containers/storage. */
#pragma once

#include "image/image.h"
#include "image/storage_lists.h"

/* A layer, and in which of several stores it lies. */
typedef struct {
  NzStorageRoot *root;
  char *id, *parent, *diff_digest, *created;
  gint64 diff_size;
  gboolean mapped, by_table;
} NzStorageStep;

void nz_storage_step_free(NzStorageStep *self);

/* The layers of each of ROOTS (NzStorageRoot), as they are now: GHashTable of NzStorageLayer. */
GPtrArray *nz_storage_tables(const GPtrArray *roots, GError **error);

/* The bytes of TOP and all layers below it, uncompressed; -1 when one does not say, or is not
 * there.
 */
gint64 nz_storage_bytes(const GPtrArray *tables, const char *top);

/* The chain of layers from the bottom up to TOP (NULL: none), each in the first of ROOTS
 * (NzStorageRoot) that has it: NzStorageStep. */
GPtrArray *nz_storage_chain(const GPtrArray *roots, const char *top, GError **error);

/* Images of a store in which attributes called "trusted." cannot be seen by this process. CHAIN is
 * owned. */
NzImageStore *nz_storage_store_new(GPtrArray *chain, gboolean trusted_hidden);

/* TRUE when there is what tar-split keeps of the layer's archive; for all layers of CHAIN. */
gboolean nz_storage_step_is_split(const NzStorageStep *step);
gboolean nz_storage_chain_is_split(const GPtrArray *chain);

/* Makes IMAGE, whose store has one layer only, the whole tree at the top of its chain. */
void nz_storage_make_whole(NzImage *image);
