/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to the system's log: journald's own protocol, whose fields can be asked for by name, or
 * the socket of any syslog. Nothing blocks; what is not taken is counted. */
#pragma once

#include "core/error.h"
#include "runtime/ledger.h"

typedef struct NzSyslog NzSyslog;

/* KIND is "journald" or "syslog". */
NzSyslog *nz_syslog_new(const char *kind, GError **error);
/* The same, at another socket: for tests. */
NzSyslog *nz_syslog_new_at(const char *kind, const char *path, GError **error);
void nz_syslog_free(NzSyslog *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzSyslog, nz_syslog_free)

/* As syslog(3) has them. */
typedef enum {
  NZ_PRIORITY_ERR = 3,
  NZ_PRIORITY_WARNING = 4,
  NZ_PRIORITY_NOTICE = 5,
  NZ_PRIORITY_INFO = 6,
} NzPriority;

/* A root process. Ask once for each kind of a container: a log is no place for thousands a second.
 */
void nz_syslog_root(NzSyslog *self, const NzRunning *container, const NzRootFact *root,
                    const NzExcepted *excepted);
void nz_syslog_say(NzSyslog *self, NzPriority priority, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

guint64 nz_syslog_lost(const NzSyslog *self);
