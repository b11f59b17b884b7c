/* SPDX-License-Identifier: Apache-2.0 */
/* Which files' contents are worth keeping as they stream by, and in what form. */
#pragma once

#include "core/error.h"
#include "rootfs/entry.h"

typedef struct NzCapture NzCapture;

/* Files asked for by their path, beside those that are known by name. */
typedef struct {
  GPtrArray *users; /* char *, cleaned paths: what a link called passwd or group leads to */
  GPtrArray *extra; /* char *, cleaned paths: files whose mode is asked for, and their text */
  guint64 lengths;  /* a bit for each length, modulo 64, that one of these has */
} NzWanted;

NzWanted *nz_wanted_new(void);
void nz_wanted_free(NzWanted *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzWanted, nz_wanted_free)
/* Adds a copy of PATH to LIST, one of the two above, unless it is there or there are
 * NZ_WANTED_MAX. */
void nz_wanted_add(NzWanted *self, GPtrArray *list, const char *path);

/* TRUE when PATH (cleaned) is one of them. WANTED may be NULL. */
gboolean nz_wanted_has(const NzWanted *wanted, const char *path, gsize len);

/* Those of WANTED (may be NULL) that OTHER has not. */
NzWanted *nz_wanted_minus(const NzWanted *wanted, const NzWanted *other);

/* Adds those of OTHER (may be NULL). */
void nz_wanted_merge(NzWanted *self, const NzWanted *other);

/* TRUE when PATH is one of them, and KIND is not what its content would be kept as. */
gboolean nz_wanted_misses(const NzWanted *wanted, const char *path, gsize len, NzBodyKind kind);

/* TRUE when a file called so is likely to be a script that starts something. */
gboolean nz_is_script_name(const char *basename);

/* What to keep of the file of SIZE bytes at PATH (cleaned); NULL: nothing. WANTED may be NULL. */
const NzCapture *nz_capture_for(const char *path, gsize path_len, guint64 size,
                                const NzWanted *wanted);

/* What reading for WANTED alone keeps of the file at PATH, of which KIND and *BODY (may be NULL;
 * not taken) were kept for that and more. *BODY becomes NULL when it is not kept. */
NzBodyKind nz_capture_narrow(const char *path, gsize path_len, NzBodyKind kind, GBytes **body,
                             const NzWanted *wanted);

/* TRUE when all files of CAPTURE are kept, or marked as unreadable; NULL: FALSE. */
gboolean nz_capture_is_certain(const NzCapture *capture);

/* TRUE for what only names the packages that files belong to. */
gboolean nz_capture_is_list(const NzCapture *capture);

/* What a file of CAPTURE is that cannot be read, or is too large to be. */
NzBodyKind nz_capture_unread(const NzCapture *capture);

/* The most bytes worth reading. */
gsize nz_capture_max(const NzCapture *capture);

/* Turns CONTENT (owned) into what is kept. Never fails: a package list that cannot be read yields
 * NULL and *KIND = NZ_BODY_UNREADABLE. */
GBytes *nz_capture_reduce(const NzCapture *capture, const char *path, GBytes *content,
                          NzBodyKind *kind);
