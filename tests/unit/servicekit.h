/* SPDX-License-Identifier: Apache-2.0 */
/* Compose files and units that are in memory alone, and what is read of them as text. */
#pragma once

#include "build/service.h"

typedef struct {
  const char *path, *text;
} KitFile;

typedef struct {
  const KitFile *files; /* up to one without a path; the first is the one to be read */
  guint n_given;        /* how many of them are given (-f); 0: one */
  const char *const *environment, *const *profiles, *const *env_files;
} KitCase;

/* A service a line, or the error:
 *   "web image=nginx user=1000@3:11 acts=cap(SYS_ADMIN)@5:9"
 * then notes, each behind "note: ". Places of other files than the first have their names. */
char *kit_compose(const KitCase *kit);
char *kit_quadlet(const KitCase *kit);
