/* SPDX-License-Identifier: Apache-2.0 */
/* The image that others were built on, as somebody names it: opened when first asked for, once for
 * each platform. Of its layers nothing is read. */
#pragma once

#include "image/transport.h"

typedef struct NzBase NzBase;

/* SOURCE as nz_image_open() takes it. The platform of OPTIONS is not asked. */
NzBase *nz_base_new(const char *source, const NzOpenOptions *options);
void nz_base_free(NzBase *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzBase, nz_base_free)

/* The base of SUBJECT: the one image for its platform. NULL with an error when there is none or are
 * several, and NULL without when that was said before. */
const NzImage *nz_base_for(NzBase *self, const NzImage *subject, GError **error);
