/* SPDX-License-Identifier: Apache-2.0 */
/* Who owns what a build has made, as far as it tells: paths, owners, modes. */
#pragma once

#include "core/place.h"

typedef struct NzPaths NzPaths;

typedef struct {
  char *path;          /* absolute, clean */
  char *owner, *group; /* as written, "app" or "1000"; NULL: not known */
  guint16 mode;        /* 07777; 0: not known */
  gboolean directory;
  gboolean code;         /* what is run: a program or script, or a directory of them */
  gboolean tree;         /* everything below got the same owner (chown -R, COPY --chown) */
  gboolean maybe;        /* owner and mode are but likely */
  gboolean volume;       /* VOLUME alone says that it is there */
  gboolean made_as_data; /* made empty, by itself: mkdir, install -d */
  char *how;      /* "chown -R app": what gave it its owner or mode on purpose; NULL: nothing */
  NzPlace *place; /* of what did it last */
  NzPlace *made;  /* of what made it; NULL: it was there before, or above what was made */
} NzPathFact;

NzPaths *nz_paths_new(void);
guint nz_paths_count(const NzPaths *self);
NzPaths *nz_paths_copy(const NzPaths *self);
void nz_paths_free(NzPaths *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzPaths, nz_paths_free)

/* "/app/" followed by this stands for what is in /app and has no fact of its own, where that is
 * another's than /app itself (COPY --chown into a directory that was there). */
#define NZ_PATHS_INSIDE "*"

/* A file or directory is there (mkdir, COPY, WORKDIR): those above that are not known too, as
 * root's. The result may be changed until the next call. At most NZ_BUILD_PATHS_MAX are kept: NULL
 * past it. */
NzPathFact *nz_paths_add(NzPaths *self, const char *path, gboolean directory, const char *owner,
                         const char *group, const NzPlace *place);
/* What is done to PATH shows that it is there: as nz_paths_add(), but it was not made now. */
NzPathFact *nz_paths_know(NzPaths *self, const char *path);
/* Sets the owner (NULL: stays), group (likewise) and mode (0: stays) on purpose. */
void nz_path_fact_set(NzPathFact *fact, const char *owner, const char *group, guint16 mode,
                      const char *how, const NzPlace *place);
/* The fact of exactly PATH, or NULL. */
NzPathFact *nz_paths_find(const NzPaths *self, const char *path);
/* What is known of PATH: its own fact, or that of the nearest above it whose owner holds for all
 * below. NULL: nothing. */
const NzPathFact *nz_paths_owner_of(const NzPaths *self, const char *path);
/* All that are PATH or below it, in order of path. */
GPtrArray *nz_paths_below(const NzPaths *self, const char *path);
/* PATH and all below it are gone. */
void nz_paths_remove(NzPaths *self, const char *path);
/* PATH and all below it are called NEW_PATH from now on. */
void nz_paths_rename(NzPaths *self, const char *path, const char *new_path);

/* STEPS are taken over what nz_paths_below() gave. FALSE: there were more than NZ_BUILD_STEPS_MAX,
 * and now nothing is known, nor is what it gave. */
gboolean nz_paths_spend(NzPaths *self, guint steps);
