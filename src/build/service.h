/* SPDX-License-Identifier: Apache-2.0 */
/* Services of Compose files and containers of Podman's Quadlet units: what starts an image, as
 * whom, with which privileges. */
#pragma once

#include "build/source.h"
#include "check/build_facts.h"

typedef struct {
  char *name;     /* of the service or unit, printable */
  NzPlace *place; /* its line */
  char *image;    /* as written, variables replaced; NULL: none */
  NzPlace *image_place;
  /* What it is built of; context is NULL when it is not. Paths are absolute or relative to the
   * working directory, ready to be opened; where the context is remote ("https://..."), it and
   * the Dockerfile's path in it stand as they were written. Without a Dockerfile (NULL) it is the
   * builder's own choice of the context's: Dockerfile, or for Podman Containerfile. */
  char *context, *dockerfile, *dockerfile_inline, *target;
  GPtrArray *arguments; /* char *: "NAME=value", NULL-terminated */
  GPtrArray *contexts;  /* char *: "NAME=value" of additional_contexts, NULL-terminated */
  NzPlace *build_place;
  NzPlace *inline_place; /* of dockerfile_inline */
  char *user;            /* user:, User=, --user; NULL: the image's counts */
  NzPlace *user_place;
  gboolean userns; /* container root is not the host's root, by what the file says */
  NzPlace *userns_place;
  GPtrArray *acts;   /* NzAct: privileged, cap_add, ports below 1024, ... */
  char *unknown;     /* why the user cannot be known from the file: a variable without a value */
  gboolean inactive; /* its profiles are not asked for */
} NzService;

void nz_service_free(NzService *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzService, nz_service_free)

/* What may be read beside the file itself: other files that it names. NULL with an error set, which
 * is NZ_ERROR_NOT_FOUND where there is no such file: a missing .env is none. */
typedef NzSourceFile *(*NzReadSource)(const char *path, gpointer data, GError **error);

typedef struct {
  const char *const *profiles;    /* NULL: none; "*" all */
  const char *const *environment; /* "NAME=value": wins over .env */
  const char *const *env_files;   /* instead of .env; or NULL */
  NzReadSource read;              /* NULL: nothing else is read */
  gpointer data;                  /* of both functions */
  /* The paths of the .conf files in a directory, in any order; NULL: there are none. Drop-ins of
   * units are looked for with it; NULL: they are not. */
  GStrv (*list)(const char *directory, gpointer data);
  /* Where the (first) file stands, for what it names; NULL: as its name says. */
  const char *directory;
} NzServiceOptions;

typedef struct {
  GPtrArray *services; /* NzService, in the order of the files */
  GPtrArray *notes;    /* char * */
} NzServices;

void nz_services_free(NzServices *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzServices, nz_services_free)

/* The services of FILES (NzSourceFile), merged as `docker compose -f A -f B` merges them; the
 * sources must live as long as the result, also those that READ returns. */
NzServices *nz_compose_read(const GPtrArray *files, const NzServiceOptions *options,
                            GError **error);

/* A .container or .build unit, with its drop-ins where READ finds them. */
NzServices *nz_quadlet_read(NzSourceFile *unit, const NzServiceOptions *options, GError **error);
