/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of bolt databases (bbolt, file format 2), in which containerd keeps its names.
 *
 * The daemon that owns a database holds a lock on it all its life, so nothing waits for that lock
 * here. Bolt never writes over a page that its last transaction uses: what is read stays true as
 * long as no other transaction was committed meanwhile, and that is looked at in the end. */
#pragma once

#include "core/error.h"

typedef struct NzBolt NzBolt;

/* A bucket: pages of its own, or inside its parent's (valid as long as the item that has it). */
typedef struct {
  guint64 page;
  const guint8 *inside; /* a page, or NULL */
  gsize inside_len;
} NzBoltBucket;

typedef struct {
  const guint8 *key, *value;
  gsize key_len, value_len;
  gboolean is_bucket; /* BUCKET is set, VALUE is not */
  NzBoltBucket bucket;
} NzBoltItem;

/* ITEM is valid during the call. */
typedef gboolean (*NzBoltVisit)(NzBolt *bolt, const NzBoltItem *item, gpointer data,
                                GError **error);

/* Reads the database in memory; DATA is borrowed. */
NzBolt *nz_bolt_new(const void *data, gsize len, GError **error);
void nz_bolt_free(NzBolt *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzBolt, nz_bolt_free)

/* The bucket of buckets. */
NzBoltBucket nz_bolt_root(const NzBolt *self);

/* Shows VISIT the items of BUCKET in their order; with KEY that one alone. */
gboolean nz_bolt_each(NzBolt *self, const NzBoltBucket *bucket, const char *key, NzBoltVisit visit,
                      gpointer data, GError **error);

/* Calls READ with the database in the file FD (borrowed) as it stands. If a transaction came in
 * between, READ is called anew, and must forget what it took in before; an error when that does not
 * end. */
gboolean nz_bolt_snapshot(int fd, gboolean (*read)(NzBolt *bolt, gpointer data, GError **error),
                          gpointer data, GError **error);
