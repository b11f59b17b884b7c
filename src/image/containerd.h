/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's root, which Docker may keep its images in too:
 *   io.containerd.metadata.v1.bolt/meta.db      names, by namespace: see containerd_list.c
 *   io.containerd.content.v1.content/blobs/...  manifests, configurations, layers, by digest */
#pragma once

#include "image/engine.h"

/* The root of this host's containerd, as its configuration says. */
char *nz_containerd_system_root(GError **error);

/* TRUE when ROOT is one, and this user may read it. With errno set where it is not. */
gboolean nz_containerd_is_readable(const char *root);

/* Adds the images of the containerd at ROOT to IMAGES: of the namespace ONLY, whose name then does
 * not stand before theirs; NULL: of all. */
gboolean nz_containerd_list(const NzEngineStore *store, const char *root, const char *only,
                            GPtrArray *images, GError **error);

/* TRUE when STORED came from nz_containerd_list(). */
gboolean nz_containerd_listed(const NzStoredImage *stored);
gboolean nz_containerd_open(const NzStoredImage *stored, const NzOpenRequest *request,
                            GPtrArray *images, GError **error);

/* --- between containerd.c and containerd_list.c --- */

#define NZ_CONTAINERD_DATABASE "io.containerd.metadata.v1.bolt/meta.db"
#define NZ_CONTAINERD_CONTENT  "io.containerd.content.v1.content"

/* A descriptor, of a manifest or an index. */
typedef struct {
  char *root; /* where the image was listed */
  char *name; /* as containerd writes it */
  char *media_type, *digest;
  gint64 size;
} NzContainerdTarget;

void nz_containerd_target_free(gpointer target);
