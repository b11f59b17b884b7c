/* SPDX-License-Identifier: Apache-2.0 */
/* The cache in a process of its own. What parses hostile layers is confined and cannot open or
 * write any file; this process, forked before that, can do nothing but look keys up and keep
 * values. It is confined to the cache's directory, and ends when the scanner does. One that is held
 * up by a disk, or stopped, is done without. */
#pragma once

#include "store/cache.h"

typedef struct NzCacheProcess NzCacheProcess;

/* Starts it on the database in DIRECTORY (made when it is not there). To be called while there is
 * one thread. NULL with an error when no process can be had. Whether the database can be used is
 * known to the process alone: without it nothing is found and nothing kept. */
NzCacheProcess *nz_cache_process_start(const char *directory, GError **error);

/* As nz_cache_get() and nz_cache_put(); from any thread. Putting does not wait. */
GBytes *nz_cache_process_get(NzCacheProcess *self, const guint8 key[NZ_CACHE_KEY]);
void nz_cache_process_put(NzCacheProcess *self, const guint8 key[NZ_CACHE_KEY], const char *kind,
                          const void *data, gsize len);

/* Waits until all that was put is written, and what is too much for NZ_CACHE_BYTES_MAX is gone. */
void nz_cache_process_stop(NzCacheProcess *self);
