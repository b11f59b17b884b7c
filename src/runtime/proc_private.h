/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/proc.h"

/* The beginning of the file NAME in the directory FD, with a NUL after it; its length, -1 with
 * errno. */
gssize nz_proc_read(int fd, const char *name, char *buf, gsize size);

/* Where the mounts of a process are listed: their ids as a set, NULL: unreadable. */
GHashTable *nz_proc_mounts(int fd);

/* FALSE: what the process FD executes is not from a mount of its own, as is so with a runtime's
 * process that has not executed anything inside. */
gboolean nz_proc_has_entered(int fd, GHashTable *host_mounts);

/* What status says. */
typedef struct {
  guint32 tgid, ppid, vpid, threads;
  guint32 uid, euid, suid, fsuid;
} NzProcStatus;

/* FALSE: something is missing. */
gboolean nz_proc_status_parse(const char *text, NzProcStatus *status);

/* "pts0" for the number that stat has; empty: none. */
void nz_terminal_name(guint32 number, char name[NZ_TTY_LEN]);
