/* SPDX-License-Identifier: Apache-2.0 */
/* The image configuration (OCI image spec config.md; Docker's is the same where it matters). */
#pragma once

#include "image/image.h"
#include "image/json.h"

/* Fills IMAGE's platform, os, user, launch, has_config, config_digest, history, what the labels say
 * of its base, and each layer's diff_id and history line from the configuration in BYTES. IMAGE's
 * layers must be there: their number must be that of the diff_ids.
 */
gboolean nz_config_apply(NzImage *image, GBytes *bytes, GError **error);

/* Takes the base image's name and digest from the map called KEY in OBJECT, a manifest's
 * annotations or a configuration's labels, unless they are known. Labels come second: they are
 * inherited, and may be those that the base had of its own base. */
gboolean nz_config_read_base(NzImage *image, const json_t *object, const char *key, GError **error);

typedef struct {
  char *os, *architecture, *variant; /* variant may be NULL */
} NzPlatform;

void nz_platform_clear(NzPlatform *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzPlatform, nz_platform_clear)

/* Parses "os/arch" or "os/arch/variant". */
gboolean nz_platform_parse(const char *text, NzPlatform *out, GError **error);

/* TRUE when an image for HAVE ("linux/arm64/v8") serves WANT. */
gboolean nz_platform_matches(const char *have, const NzPlatform *want);
