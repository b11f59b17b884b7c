/* SPDX-License-Identifier: Apache-2.0 */
/* Base or own: who brought what was found. Nothing here changes a finding's level or the verdict:
 * what an image says of its base, and what its history looks like, anyone can write. */
#pragma once

#include "core/finding.h"
#include "image/image.h"

/* Sets SUBJECT's base and the origin of its findings. BASE is the image that somebody says IMAGE
 * was built on: its layers must be the lowest, or a note says that they are not. NULL: what IMAGE
 * itself says, and a guess from its history. USER_IS_OWN: the user is the image's, not --user's. */
void nz_origin_judge(const NzImage *image, const NzImage *base, gboolean user_is_own,
                     NzSubject *subject);
