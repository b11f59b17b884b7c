/* SPDX-License-Identifier: Apache-2.0 */
/* Engines: where images lie on this host without being saved first: Podman's store, Docker's,
 * containerd's.
 *
 * An engine says where its stores are, which images a store holds, and opens one of them. What name
 * an image is asked for by is the same for all, and in engine.c.
 *
 * To add one: a file with a const NzEngine, and a line in the table of engine.c. */
#pragma once

#include "image/fetch.h"
#include "image/transport.h"

typedef struct NzEngine NzEngine;

/* One place with images. */
typedef struct {
  const NzEngine *engine;
  char *root;         /* a directory, or the engine's socket; for people and for the engine */
  char *spec;         /* what it was asked for by, set by engine.c; NULL: nothing */
  GPtrArray *paths;   /* char *: what must be readable to list and open its images, ROOT too */
  char *denied;       /* it is there, but this user may not read it: why, and what to do. Or NULL */
  gboolean by_socket; /* the engine is asked, through NzOpenOptions.fetch */
  gpointer data;      /* the engine's own */
  GDestroyNotify free_data;
} NzEngineStore;

/* An image in a store, before it is opened. */
typedef struct {
  const NzEngineStore *store; /* borrowed */
  GPtrArray *names;           /* char *, as the engine writes them, whole: "docker.io/library/a:1",
                               * "docker.io/library/a@sha256:..."; may be empty */
  char *space;                /* containerd's namespace, which NAMES begin with, and a slash; NULL:
                               * there are none */
  char *id;                   /* what the engine calls it: "sha256:<hex>" */
  char *digest;               /* of its manifest or index, where that is another; or NULL */
  gint64 bytes;               /* of its layers; -1: not known */
  gint64 created;             /* seconds since 1970; 0: not known */
  gpointer data;              /* the engine's own */
  GDestroyNotify free_data;
} NzStoredImage;

struct NzEngine {
  const char *name;  /* of its transport: "containers-storage" */
  const char *title; /* "Podman, Buildah, CRI-O" */
  const char *help;  /* what stands after "NAME:" */

  /* Adds the stores of this host and user to STORES (NzEngineStore), as environment and
   * configuration say; with SPEC (what a source has in brackets before the image's name; NULL:
   * nothing), the one it describes. None is no error. Called before the process is confined: it may
   * read configuration and look for directories, but parses nothing that images bring. */
  gboolean (*find)(const char *spec, GPtrArray *stores, GError **error);

  /* Adds what STORE holds to IMAGES (NzStoredImage). Of images nothing is read but what the store's
   * own lists say. */
  gboolean (*list)(const NzEngineStore *store, const NzOpenOptions *options, GPtrArray *images,
                   GError **error);

  /* Opens STORED: adds an NzImage for each platform that is there and asked for. */
  gboolean (*open)(const NzStoredImage *stored, const NzOpenRequest *request, GPtrArray *images,
                   GError **error);
};

extern const NzEngine nz_engine_containers_storage, nz_engine_docker_daemon, nz_engine_containerd;

NzEngineStore *nz_engine_store_new(const NzEngine *engine, const char *root);
void nz_engine_store_free(NzEngineStore *self);
NzStoredImage *nz_stored_image_new(const NzEngineStore *store, const char *id);
void nz_stored_image_free(NzStoredImage *self);

/* --- all of them --- */

/* The engine number I, in the order in which a name without a prefix is looked for; NULL past the
 * last. The one called NAME, or NULL. */
const NzEngine *nz_engine_at(guint i);
const NzEngine *nz_engine_find(const char *name);

/* The engine that SOURCE names before its colon, or NULL; *REST becomes what stands after it. */
const NzEngine *nz_engine_of(const char *source, const char **rest);

/* What was found on this host. Filled before the process is confined. */
NzHost *nz_host_new(void);
void nz_host_free(NzHost *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzHost, nz_host_free)

/* Finds the stores that SOURCE, as nz_image_open() takes it, may be in: none for a path that is
 * there, those of all engines for a bare name. Where that fails, for instance by a configuration
 * that cannot be read, a store that is denied says why. */
void nz_host_prepare(NzHost *self, const char *source);
/* Finds the stores of ENGINE; NULL: of all. */
void nz_host_prepare_all(NzHost *self, const NzEngine *engine);

/* The stores found, NzEngineStore, in the engines' order. */
const GPtrArray *nz_host_stores(const NzHost *self);
/* TRUE when one of them is asked through a socket. */
gboolean nz_host_needs_fetch(const NzHost *self);

/* What STORE holds, listed once: NzStoredImage. */
const GPtrArray *nz_host_list(NzHost *self, const NzEngineStore *store,
                              const NzOpenOptions *options, GError **error);

/* Opens the image called NAME of ENGINE (NULL: of the first that has it). NAME is what people
 * write: a name without its registry, tag or both, a digest, an id or its beginning. *FOUND is
 * FALSE, with an error that says where it was looked for and what is near, when none has it. */
gboolean nz_engine_open(const NzEngine *engine, const char *name, const NzOpenRequest *request,
                        GPtrArray *images, gboolean *found, GError **error);

/* Opens STORED, which nz_host_list() gave. */
gboolean nz_stored_image_open(const NzStoredImage *stored, const NzOpenOptions *options,
                              GPtrArray *images, GError **error);

/* "containers-storage:docker.io/library/a:1": what nz_image_open() takes for STORED. */
char *nz_stored_image_source(const NzStoredImage *stored);

/* The same for an image of a list, in a form by which nz_image_open() with SELF finds it and no
 * other: a store may give one name to two. NULL: they have all forms in common. Called before
 * images are opened side by side. */
const char *nz_host_source(NzHost *self, const NzStoredImage *stored);

/* --- names (engine_name.c) --- */

/* NAME with the registry that is meant where it has none: "docker.io/library/a" for "a". */
char *nz_name_with_registry(const char *name);

/* How NAME stands to STORED. */
typedef enum {
  NZ_NAME_NO,
  NZ_NAME_ID,    /* the beginning of its id */
  NZ_NAME_SHORT, /* its name less its registry */
  NZ_NAME_WHOLE, /* its name, "docker.io/library/" and ":latest" added as engines do; its whole id
                  * or digest */
} NzNameMatch;

NzNameMatch nz_name_match(const NzStoredImage *stored, const char *name);

/* The name of STORED, less its namespace, by which SOURCE asked for it, or its first; NULL when it
 * has none. */
const char *nz_stored_image_name(const NzStoredImage *stored, const char *source);

/* What of NAMES (char *) may have been meant by NAME: "; did you mean docker.io/library/nginx:1,
 * docker.io/library/nginx:2?", for people; or "". */
char *nz_name_hint(const char *name, const GPtrArray *names);
