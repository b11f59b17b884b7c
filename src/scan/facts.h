/* SPDX-License-Identifier: Apache-2.0 */
/* What was learned of layers, for the next image that has them: kept in memory for this run, and in
 * the cache on disk for the next ones.
 *
 * Two kinds are kept. Of a layer: its entries, by the layer's own key. Of a stack, the lowest
 * layers of an image: the tree that they make, by the keys of them all. A tree costs a thirtieth of
 * reading its layers, and images that share a base share its tree.
 *
 * A layer has a key (NzLayer.facts_key) when its store vouches for its content: a blob in a
 * registry, which is hashed as it comes; a layer of an engine's own store, by its diff_id. Files
 * that anyone may exchange, archives, layouts and stores that are named by their directory, have
 * none. */
#pragma once

#include "image/image.h"
#include "rootfs/tree.h"
#include "store/cache_process.h"

typedef struct NzFacts NzFacts;

/* CACHE (borrowed) may be NULL: then in memory alone. Any thread may use it. */
NzFacts *nz_facts_new(NzCacheProcess *cache);
void nz_facts_free(NzFacts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzFacts, nz_facts_free)

typedef struct {
  NzTree *tree;     /* of the lowest layers, to be owned; NULL: nothing was known */
  guint n_layers;   /* how many */
  gsize n_paths;    /* how many paths they have */
  guint keep[2];    /* stacks of so many layers are worth keeping, in this order; 0: none */
  NzWanted *wanted; /* what its layers are to be read for: that of the options, and what was asked
                     * for when they were read before */
  NzWanted *others; /* the latter alone: to be forgotten in the end */

  NzFacts *facts;           /* borrowed */
  GArray *keys;             /* of the stacks of 1, 2, ... layers */
  guint promised, promises; /* stacks from PROMISED layers on, PROMISES of them, that other images
                             * may wait for */
} NzStackStart;

/* Where the stacking of IMAGE can begin. The results of layers that are known go into RESULTS.
 * Where another image is just reading layers that this one has too, it waits for those: they would
 * not be read sooner twice. */
void nz_facts_begin(NzFacts *self, const NzImage *image, const NzReadOptions *options,
                    NzLayerResult *results, NzStackStart *start);
void nz_stack_start_clear(NzStackStart *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzStackStart, nz_stack_start_clear)

/* TRUE when another image waits for the stack of START's N_LAYERS lowest layers. */
gboolean nz_facts_awaited(const NzStackStart *start, guint n_layers);
/* How many images wait for others' layers now: so many threads have nothing to do. */
guint nz_facts_waiting(NzFacts *self);
/* START's image is past that stack, whether it was kept or not. */
void nz_facts_passed(NzStackStart *start, guint n_layers);

/* Keeps TREE, made for WANTED of IMAGE's N_LAYERS lowest layers: on disk, and in memory too when it
 * is FOR_OTHERS of this run. */
void nz_facts_keep(NzFacts *self, const NzImage *image, guint n_layers, gboolean for_others,
                   const NzWanted *wanted, const NzLayerResult *results, const NzTree *tree);

/* Reads LAYER into LOG: from the facts when they have it, else by its store, and then keeps it. */
gboolean nz_facts_read_layer(NzFacts *self, NzImageStore *store, const NzLayer *layer,
                             const NzReadOptions *options, NzLayerLog *log, NzLayerResult *result,
                             GError **error);
