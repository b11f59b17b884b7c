/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "image/json.h"
#include "runtime/describe.h"

struct NzEnginePlaces {
  char *root;            /* before every path that an engine wrote: "" or "/host" */
  GPtrArray *docker;     /* char *: data roots */
  GPtrArray *states;     /* char *: state directories of containerd */
  GPtrArray *containerd; /* char *: its roots */
  GPtrArray *graphs;     /* char *: graph roots of containers/storage */
  GPtrArray *runs;       /* char *: its run roots */
};

/* Adds where UID's own Podman keeps its containers, graph root and run root, to ROOTS. */
void nz_places_add_rootless(const NzEnginePlaces *self, guint32 uid, GPtrArray *roots);

/* What the process above a container's first says of it. */
typedef struct {
  NzContainerEngine engine; /* NZ_CONTAINER_ANY: none was found */
  char *bundle;             /* the directory of config.json */
  char *name;               /* that conmon was told; or NULL */
  char *space;              /* of containerd, or NULL */
  char *run;                /* the run root of containers/storage, or NULL */
} NzMonitor;

void nz_monitor_clear(NzMonitor *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzMonitor, nz_monitor_clear)

/* Looks upward from PID. FALSE: there is none, or it is not one that we know. */
gboolean nz_monitor_find(gint pid, const NzContainerRef *ref, NzMonitor *monitor);
/* The same from any process of the container: all of /proc is looked through. */
gboolean nz_monitor_search(const NzContainerRef *ref, NzMonitor *monitor);
/* A process of the container, found like that; 0: there is none. */
gint nz_monitor_any_process(const NzContainerRef *ref);
/* The same from its command line (arguments, each with its NUL) and working directory. */
gboolean nz_monitor_parse(const char *cmdline, gsize len, const char *cwd,
                          const NzContainerRef *ref, NzMonitor *monitor);

/* One description on its way. */
typedef struct {
  const NzEnginePlaces *places;
  NzContainerFacts *facts;
  NzMonitor monitor;
  NzJson *config; /* the bundle's config.json, or NULL */
} NzDescription;

/* Reads the file BELOW of the directory DIR, MAX bytes at most. Links in DIR are followed, as an
 * administrator may have made them; in BELOW none is. NULL without an error: it is not there. */
GBytes *nz_state_read(const NzEnginePlaces *places, const char *dir, const char *below, gsize max,
                      GError **error);
/* All of FD (borrowed), which must be a file of MAX bytes at most. */
GBytes *nz_state_read_fd(int fd, gsize max, GError **error);
/* The same as nz_state_read(), parsed: one object. */
NzJson *nz_state_read_json(const NzEnginePlaces *places, const char *dir, const char *below,
                           GError **error);

/* TEXT goes to *FIELD, made printable and cut, unless that has something or TEXT is empty. */
void nz_facts_take(char **field, const char *text);
/* What could not be read; the first counts. ERROR is freed. */
void nz_facts_fail(NzContainerFacts *self, GError *error);

/* Reads config.json in the directory BUNDLE (which may be gone). TRUE: it was there. */
gboolean nz_bundle_read(NzDescription *self, const char *bundle);

/* The USER and the digest of a configuration of an image. */
gboolean nz_image_config_take(NzContainerFacts *self, GBytes *config, GError **error);

/* What containerd's database says of a container. */
typedef struct {
  char *image;      /* its name */
  char *target;     /* digest that the name stands for now, or NULL */
  gboolean renamed; /* the name was given anew since the container was made */
  char *config; /* digest of the configuration of the image that it was made of, where CRI says */
} NzContainerdRecord;

void nz_containerd_record_clear(NzContainerdRecord *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzContainerdRecord, nz_containerd_record_clear)

/* Of the containerd at ROOT. FALSE without an error: it has no such container, or is not there. */
gboolean nz_containerd_record_read(const NzEnginePlaces *places, const char *root,
                                   const char *space, const char *id, NzContainerdRecord *record,
                                   GError **error);

void nz_describe_docker(NzDescription *self);
void nz_describe_podman(NzDescription *self);
void nz_describe_containerd(NzDescription *self);

/* Whether a containerd whose state is in a usual place has this container. */
gboolean nz_containerd_has(const NzContainerRef *ref);
/* The i-th of those places; NULL: there are no more. */
const char *nz_containerd_state(guint i);
