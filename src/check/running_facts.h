/* SPDX-License-Identifier: Apache-2.0 */
/* What was seen of a running container, for the checks that judge it. */
#pragma once

#include "check/scanned_image.h"

/* How a process came to be root. */
typedef enum {
  NZ_ROOT_UNKNOWN,
  NZ_ROOT_IMAGE_DEFAULT,
  NZ_ROOT_RUNTIME_USER,
  NZ_ROOT_STARTED, /* one of the two above, until the container is described */
  NZ_ROOT_EXEC_INJECTED,
  NZ_ROOT_SETUID_BINARY,
  NZ_ROOT_FILE_CAPABILITIES,
  NZ_ROOT_SET_ID,
  NZ_ROOT_USER_NAMESPACE, /* made one in which it is root: unshare -r */
  NZ_ROOT_INHERITED,
  NZ_ROOT_CAUSES
} NzRootCause;

/* "image-default", "runtime-user", "started", ... */
const char *nz_root_cause_name(NzRootCause cause);

/* Root processes of one kind: one executable, cause and user namespace. */
typedef struct {
  char *executable; /* as the container names it, printable; or NULL */
  char *file;      /* its place among the container's files, printable, where that is sure; or NULL:
                    * EXECUTABLE may be a link. Looked up where a file made it root */
  char *arguments; /* of the first of them, printable, bounded; or NULL */
  char *parents;   /* "sh < runc < conmon", of the first; or NULL */
  char *terminal;  /* "pts0": somebody sits there; or NULL */
  NzRootCause cause;
  guint32 pid, host_uid; /* of the last, as the host sees them */
  gboolean on_host;      /* root of the host; else of a user namespace */
  gboolean nested;       /* of a container in this one: its files are others */
  gint64 first, last;    /* microseconds since 1970 */
  guint64 count;
} NzRootFact;

NzRootFact *nz_root_fact_new(void);
void nz_root_fact_free(NzRootFact *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzRootFact, nz_root_fact_free)

/* All pointers are borrowed. */
typedef struct {
  const char *image_user;        /* the image's USER; "" where it has none, NULL: not known */
  const GPtrArray *roots;        /* NzRootFact */
  guint64 n_roots;               /* sightings, with those that found no room in ROOTS */
  guint64 lost;                  /* records that may have been of root processes */
  const char *unseen;            /* what else may not have been seen, and why; or NULL */
  gboolean build;                /* it is a step of a build, which BuildKit or Buildah runs */
  gboolean userns;               /* the container has a user namespace of its own */
  const NzScannedImage *scanned; /* what a scan said of its image; NULL: nothing is known */
} NzRunningFacts;

/* Where the image has the file that made ROOT root, by the scan of it. */
typedef enum {
  NZ_FILE_NOT_KNOWN,   /* no file did; or which one it was, or what the image has, is not sure */
  NZ_FILE_OF_IMAGE,    /* *FILE says where */
  NZ_FILE_NOT_OF_IMAGE /* no file of the image with that name does so */
} NzFileSource;

NzFileSource nz_running_file_source(const NzRunningFacts *facts, const NzRootFact *root,
                                    const NzScannedFile **file);
