/* SPDX-License-Identifier: Apache-2.0 */
/* What was seen of each container, kept until the report: the containers there are, their root
 * processes by kind, and what was lost. Fed by the watcher, read by the report, the metrics and the
 * live view. One thread's.
 *
 * Memory is bounded whatever containers do: kinds of root processes are few for each, and of
 * containers that ended so many are kept; what they had in all stays in the totals. */
#pragma once

#include "check/running_facts.h"
#include "policy/policy.h"
#include "runtime/describe.h"
#include "runtime/scan_reports.h"

typedef struct NzLedger NzLedger;

/* One container. */
typedef struct {
  guint64 key; /* the watcher's own */
  NzContainerRef ref;
  NzContainerFacts *facts; /* NULL: not described yet */
  GPtrArray *roots;        /* NzRootFact */
  guint64 n_roots;         /* sightings of all */
  guint64 seen, lost;      /* events of it, and those that found no room */
  gint64 started, ended;   /* microseconds since 1970; ended 0: it runs */
  char *unseen;            /* see NzRunningFacts */
  NzVerdict verdict;       /* as of the last nz_ledger_judge() */
} NzRunning;

typedef struct {
  guint64 containers, running;           /* all that were ever seen; those that run */
  guint64 verdicts[NZ_VERDICT_FAIL + 1]; /* of those kept, as of the last judging */
  guint64 roots, roots_on_host, roots_in_userns;
  guint64 causes[NZ_ROOT_CAUSES];
  guint64 seen, lost, killed;
  guint64 dropped[NZ_VERDICT_FAIL + 1]; /* ended containers that were not kept */
} NzLedgerTotals;

/* POLICY is shared; NULL: what is built in. */
NzLedger *nz_ledger_new(NzPolicy *policy);
void nz_ledger_free(NzLedger *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzLedger, nz_ledger_free)

/* From now on another policy. */
void nz_ledger_set_policy(NzLedger *self, NzPolicy *policy);

/* From now on what runs is held to what these say of its images. Shared; NULL: to none. */
void nz_ledger_set_scans(NzLedger *self, NzScanReports *scans);
const NzScanReports *nz_ledger_scans(const NzLedger *self);

/* The container KEY, made when it is new; REF names it. Borrowed, until it is dropped. */
NzRunning *nz_ledger_container(NzLedger *self, guint64 key, const NzContainerRef *ref);
/* NULL: it is not known. */
NzRunning *nz_ledger_find(NzLedger *self, guint64 key);

/* What is known of it; owned. Causes that were "started" are now the image's or the runtime's. */
void nz_ledger_describe(NzLedger *self, NzRunning *container, NzContainerFacts *facts);

/* A root process was seen: FACT is copied. Returns the kind that it belongs to, NULL when there was
 * no room for another kind. */
const NzRootFact *nz_ledger_root(NzLedger *self, NzRunning *container, const NzRootFact *fact);

void nz_ledger_count(NzLedger *self, NzRunning *container, guint64 seen, guint64 lost);
/* Records lost of nobody knows whom: no container that runs can be said to pass. */
void nz_ledger_lost_anywhere(NzLedger *self, guint64 lost, const char *why);
void nz_ledger_killed(NzLedger *self, guint64 n);
/* It ended; CONTAINER may be gone afterwards. */
void nz_ledger_ended(NzLedger *self, NzRunning *container, gint64 when);

/* Of containers that ended some are dropped when there are too many. LEAVING is told of each
 * before, with what it came to. */
typedef void (*NzLedgerLeaving)(const NzRunning *container, const NzSubject *subject,
                                gpointer data);
void nz_ledger_on_leaving(NzLedger *self, NzLedgerLeaving leaving, gpointer data);

/* Containers, in the order in which they were first seen: NzRunning. */
const GPtrArray *nz_ledger_all(const NzLedger *self);
const NzLedgerTotals *nz_ledger_totals(const NzLedger *self);

/* A subject for CONTAINER, with the policy applied and concluded. It borrows from the policy and
 * from what scans said. */
NzSubject *nz_ledger_subject(const NzLedger *self, const NzRunning *container);
/* The verdict of each, and in the totals how many have which; returns the worst of all that there
 * ever were. */
NzVerdict nz_ledger_judge(NzLedger *self);
/* Subjects of all that are kept into SUBJECTS. */
void nz_ledger_report(const NzLedger *self, GPtrArray *subjects);
