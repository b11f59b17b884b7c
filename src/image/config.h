/* SPDX-License-Identifier: Apache-2.0 */
/* The image configuration (OCI image spec config.md; Docker's is the same where it matters). */
#pragma once

#include "image/image.h"

/* Fills IMAGE's platform, os, user, launch, has_config, config_digest and each layer's diff_id and
 * history line from the configuration in BYTES. IMAGE's layers must be there: their number must be
 * that of the diff_ids.
 */
gboolean nz_config_apply(NzImage *image, GBytes *bytes, GError **error);

typedef struct {
  char *os, *architecture, *variant; /* variant may be NULL */
} NzPlatform;

void nz_platform_clear(NzPlatform *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzPlatform, nz_platform_clear)

/* Parses "os/arch" or "os/arch/variant". */
gboolean nz_platform_parse(const char *text, NzPlatform *out, GError **error);

/* TRUE when an image for HAVE ("linux/arm64/v8") serves WANT. */
gboolean nz_platform_matches(const char *have, const NzPlatform *want);
