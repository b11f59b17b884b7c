/* SPDX-License-Identifier: Apache-2.0 */
/* Which source files there are. */
#pragma once

#include "lint/lint.h"

typedef struct {
  char *path;
  NzSourceKind kind;
  gboolean named;       /* it was asked for itself */
  gboolean unknown;     /* its name does not say what it is: what it holds does */
  GPtrArray *overrides; /* char *: Compose files to merge over it; NULL-terminated; or NULL */
} NzFound;

void nz_found_free(gpointer self);

/* Adds to FOUND (NzFound) the file PATH, or the source files in and below the directory PATH, in
 * order, but for what .gitignore files leave out. "-" is standard input. */
gboolean nz_lint_discover(const char *path, GPtrArray *found, GError **error);

/* TRUE when DATA, LEN bytes and a NUL, begins as a manifest does. */
gboolean nz_source_is_manifest(const char *data, gsize len);

/* What a file holds, where its name does not say: a unit, a manifest, a Compose file, else a
 * Dockerfile. */
NzSourceKind nz_source_guess(const NzSourceFile *source);
