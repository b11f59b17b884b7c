/* SPDX-License-Identifier: Apache-2.0 */
/* The cache on disk: what was learned of layers, by key. One SQLite database in a directory of its
 * own, which only its owner may read.
 *
 * It may be removed at any time, used by many processes at once, and killed at any moment. What is
 * damaged is left out or removed; a disk that is full or cannot be written makes it smaller or
 * empty, never an error of the scan. */
#pragma once

#include "core/error.h"

#define NZ_CACHE_KEY 32 /* bytes of a key: a SHA-256 */

typedef struct NzCache NzCache;

/* Where it is by default: $XDG_CACHE_HOME/nonzero or ~/.cache/nonzero, /var/cache/nonzero for root;
 * NULL when there is no home. */
char *nz_cache_default_directory(void);

/* Makes DIRECTORY, and whatever SQLite would look for outside of it later: for a process that will
 * be confined to it, before it opens a cache. FALSE: there is no directory. */
gboolean nz_cache_prepare(const char *directory, GError **error);

/* Opens the database in DIRECTORY, and makes both with CREATE. One that is no database, or of
 * another version, is made anew. Without permission to write it is only read. */
NzCache *nz_cache_open(const char *directory, gboolean create, GError **error);
void nz_cache_close(NzCache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzCache, nz_cache_close)

/* The value of KEY, whole and as it was written, or NULL. */
GBytes *nz_cache_get(NzCache *self, const guint8 key[NZ_CACHE_KEY]);

/* The same without a copy: shows the value to TAKE, during which others cannot write. FALSE: there
 * is none. */
typedef void (*NzCacheTake)(const void *value, gsize len, gpointer data);
gboolean nz_cache_show(NzCache *self, const guint8 key[NZ_CACHE_KEY], NzCacheTake take,
                       gpointer data);

/* Sets the value of KEY. FALSE when it could not be kept: the disk is full or read-only. */
gboolean nz_cache_put(NzCache *self, const guint8 key[NZ_CACHE_KEY], const char *kind,
                      const void *data, gsize len);

/* What is put between these two is written together, which costs less; others cannot write
 * meanwhile. What goes wrong is as with nz_cache_put(). */
void nz_cache_begin(NzCache *self);
void nz_cache_commit(NzCache *self);

/* When there is more than MAX bytes, removes what was not used for longest, and a little more, so
 * that it is not done for every entry. The file keeps its size: what comes next needs the room. */
void nz_cache_trim(NzCache *self, guint64 max);

/* Removes what was not used for longest until MAX bytes are left, and gives the room back. Returns
 * how many entries went. */
guint64 nz_cache_prune(NzCache *self, guint64 max, GError **error);

typedef struct {
  char *kind;
  guint64 entries, bytes;
} NzCacheKind;

typedef struct {
  char *path;
  GPtrArray *kinds; /* NzCacheKind */
  guint64 entries, bytes, disk;
  gint64 oldest, newest; /* use, seconds since 1970; 0: nothing in it */
} NzCacheStat;

gboolean nz_cache_stat(NzCache *self, NzCacheStat *out, GError **error);
void nz_cache_stat_clear(NzCacheStat *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzCacheStat, nz_cache_stat_clear)
