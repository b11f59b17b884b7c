/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the watcher share.
 *
 *   the kernel's records (probe.c) | a look at /proc (poll.c)
 *     -> whose they are (groups.c) -> waiting for a description, where one is needed (waiting.c)
 *     -> judged and kept (judge.c; runtime/ledger.h) -> told (tell.c: events.c, lines.c)
 *   at the end -> report.c
 *
 * One thread does all that; engines' files are read by another (runtime/describe.h). */
#pragma once

#include <stdio.h>

#include "cmd/watch_options.h"
#include "report/report.h"
#include "runtime/ledger.h"
#include "runtime/proc.h"
#include "watch/probe.h"

typedef struct {
  struct nz_group id;
  guint64 key;     /* of its container; 0: it is none's */
  guint64 told;    /* root records that arrived */
  guint64 missing; /* root records that did not, and are accounted for */
  guint64 kept;    /* root records that there were, by the kernel's account */
  guint64 seen, lost, killed;
  char *path; /* below its hierarchy's root; NULL: not known */
  gboolean legacy;
} NzGroupState;

void nz_group_state_free(NzGroupState *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzGroupState, nz_group_state_free)

/* A container by the name that its path gives it. */
typedef struct {
  char *name;
  guint64 key;
  guint groups;   /* of it, that we know */
  gboolean asked; /* for its description */
  gboolean asked_again, awaited;
  guint looks; /* descriptions that found nothing */
} NzKnown;

void nz_known_free(NzKnown *self);

typedef struct NzOutlets NzOutlets;

typedef struct {
  const NzWatchOptions *options;
  NzPolicy *policy;
  NzProbe *probe; /* NULL: polling */
  NzLedger *ledger;
  NzDescriber *describer;
  NzOutlets *outlets;    /* who is told beside standard output: outlets.h */
  char *fallback;        /* why we poll although nobody asked for that; or NULL */
  GHashTable *groups;    /* struct nz_group -> NzGroupState */
  GHashTable *names;     /* name -> NzKnown, which is in `known`, too */
  GHashTable *known;     /* key -> NzKnown */
  GHashTable *polled;    /* processes that polling has told of: see poll.c */
  GQueue waiting;        /* see waiting.c */
  GPtrArray *filters[2]; /* NzGlob: names, namespaces */
  guint64 next_key;
  gint64 boot_offset; /* microseconds from CLOCK_BOOTTIME to 1970 */
  gint64 began;
  guint64 lost_anywhere;
  gboolean ndjson, lines;            /* what is printed as it happens */
  guint64 left[NZ_VERDICT_FAIL + 1]; /* containers that were dropped before the report */
  gboolean broken;                   /* standard output takes no more */
  int signals;
  guint64 own;          /* the key of the container that we are in; 0: none */
  gboolean enforced[2]; /* root of the host; root of a user namespace */
  gboolean hidden;      /* /proc shows us not all, and that was said */
} NzWatch;

/* --- time --- */

gint64 nz_watch_time(const NzWatch *self, guint64 boottime);

/* --- groups.c --- */

/* The group's state; NULL: it is no container's. PID is a process in it, or 0. */
NzGroupState *nz_watch_group(NzWatch *self, const struct nz_group *group, gint pid);
/* The container REF names; PID is one of its processes, or 0. */
NzRunning *nz_watch_container(NzWatch *self, const NzContainerRef *ref, gint pid);
NzRunning *nz_watch_running(NzWatch *self, guint64 key);
/* Counts what the kernel kept, finds groups that we were not told of, and those that are gone. */
void nz_watch_account(NzWatch *self);
void nz_watch_forget_names(NzWatch *self);

/* --- waiting.c --- */

/* TRUE when the record is kept until CONTAINER is described. EXECUTABLE and FILE as for
 * nz_watch_judge(). */
gboolean nz_watch_defer(NzWatch *self, const NzRunning *container,
                        const struct nz_root_record *record, const char *executable,
                        const char *file);
/* Answers of the describer, and what waited for them or too long. */
void nz_watch_take_descriptions(NzWatch *self);
void nz_watch_flush_waiting(NzWatch *self, gboolean all);
/* Milliseconds until something has waited too long; -1: nothing waits. */
int nz_watch_patience(const NzWatch *self);

/* --- judge.c --- */

/* A record of the kernel's, of any type. */
void nz_watch_record(const struct nz_head *head, gsize len, gpointer self);
/* A root process; EXECUTABLE is what it is known to execute, or NULL. */
void nz_watch_root(NzWatch *self, NzRunning *container, const struct nz_root_record *record,
                   const char *executable);
/* The same, without waiting. FILE is the place of its executable among the container's files, where
 * that was asked and is sure; or NULL. */
void nz_watch_judge(NzWatch *self, NzRunning *container, struct nz_root_record *record,
                    const char *executable, const char *file);
gboolean nz_watch_matches(const NzWatch *self, const NzRunning *container);

/* --- poll.c --- */

gboolean nz_watch_look(NzWatch *self, GError **error);
/* With the kernel's half loaded: what ran before. */
gboolean nz_watch_find_running(NzWatch *self, GError **error);

/* --- tell.c: what is printed as it happens --- */

typedef struct {
  const NzRunning *container;
  const struct nz_root_record *record;
  const NzRootFact *fact;
  NzRootCause cause, origin;
  const NzException *excepted; /* or NULL */
} NzTold;

void nz_tell_start(NzWatch *self);
void nz_tell_container(NzWatch *self, const NzRunning *container);
void nz_tell_root(NzWatch *self, const NzTold *told);
void nz_tell_lost(NzWatch *self, const NzRunning *container, guint64 lost, const char *why);
void nz_tell_flush(NzWatch *self);

/* --- report.c --- */

/* Judges, prints the report, and gives the exit code. */
int nz_watch_report(NzWatch *self, FILE *out);
/* An NzLedgerLeaving; DATA is the NzWatch. */
void nz_watch_leaving(const NzRunning *container, const NzSubject *subject, gpointer data);
/* How many containers that were asked for came to VERDICT: those of REPORT, and those that left. */
guint64 nz_watch_count(const NzWatch *self, const NzReport *report, NzVerdict verdict);

/* --- loop.c --- */

/* Blocks signals for all threads that are started from now on, and gives the descriptor that they
 * are read from. */
int nz_watch_open_signals(void);
int nz_watch_run(NzWatch *self);
