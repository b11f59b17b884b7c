/* SPDX-License-Identifier: Apache-2.0 */
/* What a check says, and the subject it says it of. Reports read these and nothing else. */
#pragma once

#include "core/place.h"
#include "core/user.h"

typedef enum { NZ_LEVEL_INFO, NZ_LEVEL_WARN, NZ_LEVEL_FAIL } NzLevel;
typedef enum { NZ_VERDICT_PASS, NZ_VERDICT_UNKNOWN, NZ_VERDICT_FAIL } NzVerdict;

const char *nz_level_name(NzLevel level);       /* "info", "warn", "fail" */
const char *nz_verdict_name(NzVerdict verdict); /* "pass", "unknown", "fail" */

/* What a subject is, for people: "image", "Dockerfile", "service"; of many, "images". */
const char *nz_kind_noun(const char *kind, guint n);
/* TRUE when it is a source, that is judged before there is an image. */
gboolean nz_kind_is_source(const char *kind);

/* A layer, as findings name it. All strings but index may be NULL. */
typedef struct {
  guint index; /* 0 at the bottom */
  char *digest;
  char *created_by; /* its line of the image's history */
} NzLayerFact;

/* Why a finding does not count: somebody answers for it. */
typedef struct {
  char *reason, *owner; /* printable */
  char *expires;        /* "2027-01-31", or NULL: never */
} NzExcepted;

/* Who brought what a finding is about: the image this one was built on, or its own layers. */
typedef enum { NZ_ORIGIN_UNKNOWN, NZ_ORIGIN_BASE, NZ_ORIGIN_OWN } NzOrigin;

const char *nz_origin_name(NzOrigin origin); /* "base", "own"; NULL when it is not known */

/* The processes that a finding of a running container is about, as they were seen. */
typedef struct {
  const char *cause;     /* static: "image-default", "setuid-binary", ... */
  char *arguments;       /* printable, of the first of them; or NULL */
  char *parents;         /* "sh < runc", of the first; or NULL */
  char *terminal;        /* "pts0"; NULL: none */
  guint32 pid, host_uid; /* of the last, as the host sees them */
  gint64 first, last;    /* microseconds since 1970 */
  guint64 count;
} NzProcessFact;

NzProcessFact *nz_process_fact_new(void);

/* Which container a subject is, when it runs. */
typedef struct {
  const char *engine;     /* static: "docker" */
  char *id, *pod, *space; /* POD and SPACE (its namespace) may be NULL */
  gboolean rootless, sandbox;
} NzContainerFact;

NzContainerFact *nz_container_fact_new(const char *engine, const char *id);

typedef struct {
  const char *rule; /* static: the check's name */
  NzLevel level;
  char *message;
  const char *remedy; /* static, or NULL */
  gboolean undecided; /* the subject's verdict cannot be better than unknown */
  /* Of a file; path is NULL where there is none. */
  char *path; /* bytes, absolute */
  guint16 mode;
  guint32 uid, gid;
  gboolean has_mode;
  const NzLayerFact *layer; /* borrowed from the subject */
  char *package;
  NzOrigin origin;
  NzPlace *place;             /* in a source; NULL: it is about none */
  NzProcessFact *process;     /* NULL: it is about none */
  const NzFix *fix;           /* what mends it; borrowed from the subject; or NULL */
  const NzExcepted *excepted; /* borrowed from the policy; NULL: the finding counts */
  gboolean fails;             /* it fails its subject: nz_subject_conclude() says so */
} NzFinding;

NzFinding *nz_finding_new(const char *rule, NzLevel level, const char *remedy, const char *format,
                          ...) G_GNUC_PRINTF(4, 5);
void nz_finding_free(NzFinding *self);

/* TRUE when it is about whom the image starts as: of these there is one of a rule at most. */
gboolean nz_finding_is_about_user(const NzFinding *self);

/* The image that a subject was built on. All strings but why may be NULL. */
typedef struct {
  char *name, *digest;
  gboolean known; /* where it ends: n_layers counts */
  guint n_layers; /* how many of the subject's layers are its; they are the lowest */
  char *why;      /* a few words: how that is known, or why it is not */
} NzBaseFact;

/* A step on the way to the answer who it starts as: "runAsUser: 0 of the container". */
typedef struct {
  char *text;     /* printable */
  NzPlace *place; /* NULL: it stands nowhere, such as a default */
  guint depth;    /* 0: a step of its own; more: it belongs to the one before that is less deep */
} NzStep;

NzStep *nz_step_new(guint depth, NzPlace *place, char *text); /* takes PLACE and TEXT */
void nz_step_free(gpointer self);

/* Findings of a rule that a policy, or --ignore, took out. */
typedef struct {
  const char *rule; /* static */
  guint n;
} NzLeftOut;

typedef struct {
  const char *kind; /* static: "image", "dockerfile", "compose-service", "quadlet" */
  char *name, *source, *platform, *digest;
  char *image_id;       /* of an image: the digest of its configuration; NULL: it has none */
  char *space, *in_pod; /* of a manifest's container: its namespace, or NULL, and its own name */
  NzVerdict verdict;
  NzLevel fail_on; /* findings of this level or above fail it */
  NzUser *user;
  NzBaseFact *base;           /* or NULL; of a container the image that it was started from */
  NzContainerFact *container; /* or NULL */
  gint64 started, finished;   /* microseconds since 1970; 0: not measured */
  guint64 source_hash;        /* nz_hash64() of what a source held; 0: it is none */
  NzPlace *place;             /* of what decided the user, in a source; or NULL */
  GPtrArray *steps;           /* NzStep: how the user was decided; NULL: nobody asked */
  GPtrArray *fixes;           /* NzFix: how to mend it, in its source */
  GPtrArray *excepted;        /* NzExcepted: what its own source says, for findings to borrow */
  GPtrArray *layers;          /* NzLayerFact */
  GPtrArray *findings;        /* NzFinding, worst first, then by rule, place and path */
  GArray *left_out;           /* NzLeftOut */
  GPtrArray *notes;           /* char *: what was not looked at, and why */
} NzSubject;

NzSubject *nz_subject_new(const char *kind);
void nz_subject_free(NzSubject *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzSubject, nz_subject_free)

/* Sorts the findings, says which of them fail the subject, and sets the verdict: fail if one is of
 * fail_on or above, unknown if one is undecided. Those that are excepted do not count. May be
 * called again after findings were changed.
 */
void nz_subject_conclude(NzSubject *self);

/* About how many bytes SELF holds. */
gsize nz_subject_bytes(const NzSubject *self);
