/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a container: its name, image, pod, and the user it was made to start as, from
 * the state that its engine keeps in files. Read beside the event path, once for each container, by
 * a thread of its own: no event waits for a disk.
 *
 * The files are the engine's, but what stands in them is in part the user's: all is read with
 * bounds, nothing is followed that could lead elsewhere, and nothing blocks. What cannot be read
 * leaves its field NULL, and WHY says so; a container is never passed over for it. */
#pragma once

#include "core/user.h"
#include "runtime/container.h"

typedef enum {
  NZ_CONTAINER_KIND_UNKNOWN,
  NZ_CONTAINER_KIND_CONTAINER,
  NZ_CONTAINER_KIND_SANDBOX, /* holds the namespaces of a pod; runs nothing of the user's */
} NzContainerKind;

/* Who decided that the first process is root, as far as that is known. */
typedef enum {
  NZ_START_UNKNOWN,
  NZ_START_NOT_ROOT,
  NZ_START_IMAGE,   /* image-default: the image says root, or nothing */
  NZ_START_RUNTIME, /* runtime-user: the image says another user */
} NzStartCause;

typedef struct {
  NzContainerRef ref; /* engine as its state says, where the path did not tell */
  char *name;         /* "web"; in a pod, the container's name there */
  char *image;        /* "docker.io/library/nginx:1", as the engine writes it */
  char *image_id;     /* "sha256:<hex>": of its configuration */
  char *pod, *space;  /* of Kubernetes: the pod's name and namespace */
  char *declared;   /* the user that the engine was asked for, with what the image says; or NULL */
  char *image_user; /* the image's USER; "" where it has none, NULL: not known */
  gboolean has_uid; /* the first process' user in its namespace, from the runtime's bundle */
  guint32 uid, gid;
  NzContainerKind kind;
  NzStartCause start;
  gboolean userns; /* it has a user namespace of its own */
  gboolean privileged;
  guint hooks;  /* programs that the runtime runs as root before or beside it */
  char *bundle; /* the directory of config.json; for people */
  char *why;    /* what could not be read; NULL: nothing */
} NzContainerFacts;

void nz_container_facts_free(NzContainerFacts *self);
/* FALSE: nothing was found of it. */
gboolean nz_container_facts_known(const NzContainerFacts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzContainerFacts, nz_container_facts_free)

/* Where engines keep their state on this host, as their configurations say. Found at the start,
 * and again on SIGHUP. */
typedef struct NzEnginePlaces NzEnginePlaces;
NzEnginePlaces *nz_engine_places_new(void);
/* Below another root than "/": for tests, and for a watcher in a container that sees the host at
 * /host. */
NzEnginePlaces *nz_engine_places_new_below(const char *root);
void nz_engine_places_free(NzEnginePlaces *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzEnginePlaces, nz_engine_places_free)

/* Reads it now. Ask early: what is gone when a container ends cannot be read later. PID is any
 * process of the container, or 0: the monitor above it (conmon, a shim of containerd) knows where
 * the bundle is, wherever the engine was told to keep it. Never NULL. */
NzContainerFacts *nz_container_describe(const NzEnginePlaces *places, const NzContainerRef *ref,
                                        gint pid);

/* --- beside the event path --- */

typedef struct NzDescriber NzDescriber;

/* Starts the thread. PLACES is owned. */
NzDescriber *nz_describer_new(NzEnginePlaces *places);
/* Ends it; answers not taken are lost. */
void nz_describer_free(NzDescriber *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzDescriber, nz_describer_free)

/* Asks for the container that REF says; KEY comes back with the answer. Never blocks. FALSE: too
 * many are waiting; ask again later. */
gboolean nz_describer_ask(NzDescriber *self, const NzContainerRef *ref, gint pid, guint64 key);

/* Readable while there are answers: for poll(). */
int nz_describer_fd(const NzDescriber *self);

/* The next answer, to be freed; NULL: there is none now. */
NzContainerFacts *nz_describer_take(NzDescriber *self, guint64 *key);

/* Asks that have no answer yet. */
guint nz_describer_waiting(const NzDescriber *self);
