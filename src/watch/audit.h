/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: root sessions of containers, one JSON object a line, in a file that is only ever
 * appended to and rotated by size. A root session is a root process at a terminal, or one that
 * somebody put into a running container from outside.
 *
 * A thread of its own writes. What the disk does not take (it is full, or too slow for the queue)
 * is counted, the watcher never waits for it, and the next line that can be written says how many
 * are missing; numbers in the lines show it, too. */
#pragma once

#include "check/running_facts.h"
#include "core/error.h"
#include "runtime/describe.h"

typedef struct NzAudit NzAudit;

typedef struct {
  const char *path;
  guint64 max; /* bytes of one file; 0: never rotated by us */
  guint keep;  /* how many old ones are kept: PATH.1 is the newest */
} NzAuditOptions;

/* Opens or makes the file, mode 0600, and starts the thread. */
NzAudit *nz_audit_new(const NzAuditOptions *options, GError **error);
/* Writes what waits, for two seconds at most, and ends. */
void nz_audit_free(NzAudit *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzAudit, nz_audit_free)

typedef struct {
  const NzContainerRef *ref;
  const NzContainerFacts *facts; /* or NULL */
  const NzRootFact *root;        /* this one process, not its kind */
  guint64 start;                 /* with its pid: which process */
  gint64 time;                   /* microseconds since 1970 */
  const NzExcepted *excepted;    /* or NULL */
  gboolean killed;
} NzAuditRoot;

/* TRUE when the process is a session, and so in the log. */
gboolean nz_audit_is_session(const NzRootFact *root);
void nz_audit_root(NzAudit *self, const NzAuditRoot *root);
/* A process ended; nothing happens when it was no session. */
void nz_audit_ended(NzAudit *self, guint32 pid, guint64 start, gint64 time);
/* The policy was read anew, or could not be: WHY is then the reason. */
void nz_audit_policy(NzAudit *self, const char *policy, const char *why, gint64 time);

/* Another program moved the file away (logrotate): begin it anew. */
void nz_audit_reopen(NzAudit *self);

/* Lines that were lost. */
guint64 nz_audit_lost(const NzAudit *self);
