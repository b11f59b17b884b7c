/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log's file: whole lines or none, rotation, and a count of what found no room. */
#pragma once

#include "watch/audit.h"

typedef struct NzAuditFile NzAuditFile;

NzAuditFile *nz_audit_file_new(const NzAuditOptions *options, GError **error);
void nz_audit_file_free(NzAuditFile *self);

/* Of the next line; each is given once, so that a number that is missing is a line that was lost.
 */
guint64 nz_audit_file_next_number(NzAuditFile *self);
/* Takes TEXT (of malloc), LEN bytes with a line's end. Never waits for the disk. */
void nz_audit_file_put(NzAuditFile *self, char *text, gsize len);
void nz_audit_file_reopen(NzAuditFile *self);
guint64 nz_audit_file_lost(const NzAuditFile *self);
