/* SPDX-License-Identifier: Apache-2.0 */
/* What a check may see of an image. Facts are gathered before any check runs; checks open nothing.
 */
#pragma once

#include "core/credentials.h"
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
  const char *role;         /* static: what it is to the image, "the program it starts" */
  gboolean bare;            /* nothing but the path is known or there */
} NzFileFact;

void nz_file_fact_free(gpointer self);

typedef enum {
  NZ_PROGRAM_NONE,  /* the image names none, or nobody can know */
  NZ_PROGRAM_FOUND, /* and it can be executed */
  NZ_PROGRAM_ABSENT,
  NZ_PROGRAM_DENIED, /* it is there, but may not be executed */
} NzProgramState;

/* The first program of the command line, looked up as the runtime does. */
typedef struct {
  NzProgramState state, arbitrary; /* for the run user; for any other uid with group 0 */
  NzFileFact *file;                /* where it was found; path only where it was not */
  gboolean is_script;              /* which is read by an interpreter */
} NzProgramFact;

/* A directory that is there to be written. */
typedef struct {
  NzFileFact *file;   /* bare: it is not in the image, and will be made by root */
  gboolean is_volume; /* else it is the working directory */
  gboolean writable, arbitrary_writable;
} NzStateFact;

/* A line that starts something as another user. */
typedef struct {
  char *where;      /* "/entrypoint.sh line 7", printable */
  char *tool;       /* "gosu" */
  char *user;       /* printable; NULL: the script computes it */
  NzUser *resolved; /* of user, or NULL */
} NzDropFact;

typedef struct {
  char *path; /* bytes, absolute */
  guint line;
  char *text;    /* printable: for whom */
  gboolean ours; /* the run user is one of them */
} NzSudoFact;

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
  /* How it starts. All may be NULL or empty. */
  NzProgramFact program;
  GStrv ports;              /* "80/tcp" */
  GPtrArray *code;          /* NzFileFact: what the run user can write and then run */
  GPtrArray *state;         /* NzStateFact */
  GPtrArray *tools;         /* NzFileFact: sudo and its like that the run user finds on PATH */
  GPtrArray *account_files; /* NzFileFact: passwd and its like that others than root may write */
  GPtrArray *no_password;   /* char *, printable: accounts of uid 0 with an empty password */
  GPtrArray *sudo;          /* NzSudoFact */
  GPtrArray *drops;         /* NzDropFact */
} NzImageFacts;

/* How many facts are in LIST, which may be NULL. */
static inline guint
nz_facts_count(const GPtrArray *list)
{
  return list ? list->len : 0;
}
