/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of containers/storage: which images and layers a store has. Everything is opened below
 * the store's root, and no link is followed. */
#pragma once

#include "core/error.h"

/* One directory with images and layers. Shared by threads. */
typedef struct NzStorageRoot NzStorageRoot;

typedef struct {
  char *id, *parent;   /* PARENT: NULL for none */
  char *diff_digest;   /* of its uncompressed content, or NULL */
  char *created;       /* as written */
  gint64 diff_size;    /* -1: not said */
  gboolean incomplete; /* being made or removed */
  gboolean mapped;     /* its files have the ids of another user namespace on disk */
  gboolean by_table;   /* it was pulled by its table of contents */
} NzStorageLayer;

typedef struct {
  char *id;
  char *layer;                      /* the topmost, or NULL */
  char *digest;                     /* of its manifest, or NULL */
  char *manifest_digest;            /* what the document "manifest" hashes to, or NULL */
  GPtrArray *names, *mapped_layers; /* char * */
  gint64 created;                   /* seconds since 1970, 0: not known */
} NzStorageImage;

void nz_storage_image_free(NzStorageImage *self);

/* The directory PATH; DRIVER is "overlay" or "vfs". */
NzStorageRoot *nz_storage_root_new(const char *path, const char *driver, GError **error);
NzStorageRoot *nz_storage_root_ref(NzStorageRoot *self);
void nz_storage_root_unref(NzStorageRoot *self);
const char *nz_storage_root_path(const NzStorageRoot *self);
const char *nz_storage_root_driver(const NzStorageRoot *self);
/* The owner of the directory itself. */
guint32 nz_storage_root_owner(const NzStorageRoot *self);

/* Opens the file or directory that FORMAT names below the root. -1 with errno. */
int nz_storage_root_open(NzStorageRoot *self, int flags, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* A document of an image, "manifest" for instance. */
GBytes *nz_storage_root_read(NzStorageRoot *self, const char *id, const char *key, GError **error);

/* Adds its images (NzStorageImage) to IMAGES; of each its part as the list says. */
gboolean nz_storage_root_images(NzStorageRoot *self, GPtrArray *images, GError **error);

/* Its layers as they are now: id -> NzStorageLayer. Read again when a list has changed. To be
 * unreferenced. */
GHashTable *nz_storage_root_layers(NzStorageRoot *self, GError **error);

/* TRUE when a process holds the lock with which layers are changed. */
gboolean nz_storage_root_is_written(NzStorageRoot *self);
