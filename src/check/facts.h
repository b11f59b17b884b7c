/* SPDX-License-Identifier: Apache-2.0 */
/* What a check may see of an image. Facts are gathered before any check runs; checks open nothing.
 */
#pragma once

#include "core/finding.h"
#include "rootfs/capability.h"
#include "rootfs/tree.h"

/* A regular file that gives privilege: setuid, setgid or file capabilities. */
typedef struct {
  char *path; /* bytes, absolute */
  guint16 mode;
  guint32 uid, gid;
  NzCapability capability;
  const NzLayerFact *layer; /* whose header gave these; NULL for a directory */
  char *package;            /* or NULL */
} NzFileFact;

/* A layer whose content is not what its media type says. */
typedef struct {
  const NzLayerFact *layer;
  char *media_type;
  const char *compression; /* NULL: none */
} NzMismatchFact;

typedef struct {
  const char *profile; /* "cbpp-0002", "openshift"; NULL as the first */
  const NzUser *user;
  GPtrArray *files;             /* NzFileFact */
  GPtrArray *uid0;              /* char *, printable: names other than root with uid 0 */
  const GPtrArray *ambiguities; /* NzAmbiguity */
  guint n_ambiguities;          /* how many there were */
  guint ambiguities_hide;       /* NZ_HIDES_* of all */
  const GPtrArray *layers;      /* NzLayerFact */
  GPtrArray *mismatches;        /* NzMismatchFact */
} NzImageFacts;
