/* SPDX-License-Identifier: Apache-2.0 */
/* Judges source files: Dockerfiles, Compose files, Quadlet units, Kubernetes manifests. */
#pragma once

#include "build/evaluate.h"
#include "build/service.h"
#include "core/error.h"

typedef enum {
  NZ_SOURCE_DOCKERFILE,
  NZ_SOURCE_COMPOSE,
  NZ_SOURCE_QUADLET,
  NZ_SOURCE_MANIFEST,
} NzSourceKind;

/* What PATH is by its name; FALSE: none of these. Kept to base names: "Dockerfile", "x.Dockerfile",
 * "Dockerfile.x", "Containerfile*", "compose.yaml", "docker-compose.prod.yml", "x.container",
 * "x.build". */
gboolean nz_source_kind(const char *path, NzSourceKind *kind);

/* TRUE for names that manifests have, and much else: "x.yaml", "x.yml", "x.json". What they hold
 * says what they are. */
gboolean nz_source_may_be_manifest(const char *path);

/* What is built for where nobody says. */
#if defined(__aarch64__)
#define NZ_HOST_PLATFORM "linux/arm64"
#else
#define NZ_HOST_PLATFORM "linux/amd64"
#endif

typedef struct {
  const char *profile;
  const char *target;           /* NULL: the last stage */
  const char *platform;         /* never NULL */
  const char *const *arguments; /* --build-arg "NAME=value" */
  const char *const *contexts;  /* --build-context "NAME=value" */
  const char *const *profiles;  /* of Compose */
  const char *const *env_files;
  const char *const *environment; /* for Compose: what wins over .env; NULL: nothing */
  const char *const *overrides;   /* files to merge over a Compose file; NULL: none */
  gboolean fix;                   /* find out how to mend it */
  gboolean explain;               /* keep the steps by which users were decided */
  gboolean named;                 /* somebody asked for this file itself */
  /* Tells what was not covered of a file that gave no subject; any thread. NULL: nobody listens. */
  void (*uncovered)(const char *text, gpointer data);
  NzFindBase find_base;
  /* The image of a container, of which it is known what it will be asked. */
  NzBuildBase *(*find_image)(const char *name, NzImageNeed need, gpointer data);
  gpointer data;
} NzLintOptions;

/* The file at PATH; "-": standard input. A missing one is NZ_ERROR_NOT_FOUND. */
NzSourceFile *nz_source_read(const char *path, GError **error);

/* As above, of at most MAX bytes. NULL without an error: WANTED (NULL: there is none) was FALSE for
 * the beginning, which is all of a file below NZ_SOURCE_HEAD. */
NzSourceFile *nz_source_read_wanted(const char *path, gsize max,
                                    gboolean (*wanted)(const char *data, gsize len),
                                    GError **error);

/* Judges SOURCE: adds an NzSubject to SUBJECTS for a Dockerfile, one for each service or container
 * of another file. Files beside it are read relative to DIRECTORY (NULL: none are). */
gboolean nz_lint_source(NzSourceFile *source, NzSourceKind kind, const char *directory,
                        const NzLintOptions *options, GPtrArray *subjects, GError **error);
