/* SPDX-License-Identifier: Apache-2.0 */
/* Where containers/storage keeps its images, as its configuration and environment say. */
#pragma once

#include "core/error.h"

typedef struct {
  char *driver;     /* "overlay"; NULL: not said */
  GPtrArray *roots; /* char *: graphroot, then additional image stores */
} NzStorageConf;

void nz_storage_conf_init(NzStorageConf *self);
void nz_storage_conf_clear(NzStorageConf *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzStorageConf, nz_storage_conf_clear)

/* What Podman run by this user would use. */
gboolean nz_storage_conf_read(NzStorageConf *self, GError **error);

/* "[DRIVER@]GRAPHROOT[+RUNROOT][:OPTION,...]", as skopeo takes it in brackets. */
gboolean nz_storage_conf_parse(NzStorageConf *self, const char *spec, GError **error);
