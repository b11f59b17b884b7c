/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's half of the watcher, loaded: its records, what it keeps of control groups, and what
 * it lost. One thread's. */
#pragma once

#include "core/error.h"
#include "runtime/event.h"

typedef struct NzProbe NzProbe;

/* What the kernel refuses, and what to do about it, as an NZ_ERROR; one of NZ_ERROR_DENIED lacks
 * capabilities. BUFFER: bytes, a power of two. */
NzProbe *nz_probe_new(guint buffer, GError **error);
void nz_probe_free(NzProbe *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzProbe, nz_probe_free)

/* A record of LEN bytes, by its type in HEAD. Valid during the call. */
typedef void (*NzRecordFunc)(const struct nz_head *head, gsize len, gpointer user_data);

/* Looks at all that runs: each root process that was not told of yet is given to FUNC, and all of
 * them are known from then on. */
gboolean nz_probe_find_running(NzProbe *self, NzRecordFunc func, gpointer user_data,
                               GError **error);

/* Readable when there are records. */
int nz_probe_fd(const NzProbe *self);
/* Gives at most MOST records to FUNC; TRUE when there may be more. */
gboolean nz_probe_consume(NzProbe *self, guint most, NzRecordFunc func, gpointer user_data);

/* --- control groups --- */

/* FALSE: it keeps none of that group. */
gboolean nz_probe_place(const NzProbe *self, const struct nz_group *group, struct nz_place *place);
/* The group is no container's, as far as that can be told: nothing more is said of it. */
void nz_probe_ignore(NzProbe *self, const struct nz_group *group);
/* The group is gone. */
void nz_probe_forget(NzProbe *self, const struct nz_group *group);
/* All groups that it keeps: struct nz_group; to be freed. */
GArray *nz_probe_groups(const NzProbe *self);
/* Who is root in the user namespace, NZ_NO_UID: nobody. */
void nz_probe_set_root(NzProbe *self, const struct nz_userns *userns, guint32 root);

/* --- enforcement --- */

/* Whether root of the host, and of user namespaces, is ended; NO_EXCEPTIONS: nothing but a
 * container's first process waits for a decision. */
void nz_probe_enforce(NzProbe *self, gboolean host, gboolean userns, gboolean no_exceptions);
/* PERMIT: NZ_PERMIT_*. */
void nz_probe_permit(NzProbe *self, const struct nz_group *group, const struct nz_file *file,
                     guint8 permit);
void nz_probe_forget_permits(NzProbe *self);

/* The controller of v1 whose hierarchy names groups; NULL: all is in v2's. */
const char *nz_probe_legacy_controller(void);

/* --- what was lost --- */

void nz_probe_losses(const NzProbe *self, guint64 losses[NZ_LOSSES]);
/* Times that a program did not run because it ran already. */
guint64 nz_probe_missed(const NzProbe *self);
/* TRUE: credentials are looked at by sys_exit, which every process of the host pays for. */
gboolean nz_probe_is_costly(const NzProbe *self);
