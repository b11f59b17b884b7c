/* SPDX-License-Identifier: Apache-2.0 */
/* What a build begins with: the image that FROM names. */
#pragma once

#include "build/accounts.h"

typedef struct {
  char *name;    /* "debian:12" */
  char *because; /* how it is known: "as containers-storage has it", "by the table of well-known
                    images", "--base"; printable */
  char *unknown; /* why nothing is known of it; NULL: it is known */
  char *user;    /* as declared, NULL: nothing is */
  gboolean user_known;
  NzFamily family;
  char *passwd, *group;    /* contents, or NULL */
  gboolean accounts_whole; /* passwd and group are the image's own, not an extract */
  GStrv environment;       /* "NAME=value"; NULL: not known */
  GStrv triggers;          /* ONBUILD; NULL: none */
  GStrv volumes, ports;    /* may be NULL */
  GStrv entrypoint, cmd;   /* may be NULL */
  char *workdir;           /* or NULL */
} NzBuildBase;

/* What is asked of an image where looking costs much, as in a registry: nothing, for it decides
 * nothing; its configuration; the number of its user's name, too; all that a build needs. */
typedef enum { NZ_IMAGE_NOTHING, NZ_IMAGE_CONFIG, NZ_IMAGE_USER, NZ_IMAGE_ALL } NzImageNeed;

NzBuildBase *nz_build_base_new(const char *name);
NzBuildBase *nz_build_base_copy(const NzBuildBase *self);
void nz_build_base_free(NzBuildBase *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzBuildBase, nz_build_base_free)

/* The table of well-known images (well_known.tsv): a new NzBuildBase, or NULL. A tag that is not in
 * the table is known by its image's line for any tag, where there is one. A tag beside a digest is
 * believed where that cannot make a root image a user's. */
NzBuildBase *nz_build_base_well_known(const char *name);
