/* SPDX-License-Identifier: Apache-2.0 */
/* Which files' contents are worth keeping as they stream by, and in what form. */
#pragma once

#include "core/error.h"
#include "rootfs/entry.h"

typedef struct NzCapture NzCapture;

/* What to keep of the file of SIZE bytes at PATH (cleaned); NULL: nothing. WANTED
 * (NULL-terminated, or NULL) names further files whose text is asked for. */
const NzCapture *nz_capture_for(const char *path, guint64 size, const char *const *wanted);

/* The most bytes worth reading. */
gsize nz_capture_max(const NzCapture *capture);

/* Turns CONTENT (owned) into what is kept. Never fails: a package list that cannot be read yields
 * NULL and *KIND = NZ_BODY_UNREADABLE. */
GBytes *nz_capture_reduce(const NzCapture *capture, const char *path, GBytes *content,
                          NzBodyKind *kind);
