/* SPDX-License-Identifier: Apache-2.0 */
/* Users and groups as a build makes them: a base image's passwd and group, and what commands have
 * done to them since. What the decision core is asked with. */
#pragma once

#include "core/user.h"

/* How a distribution makes users. */
typedef enum {
  NZ_FAMILY_UNKNOWN,
  NZ_FAMILY_DEBIAN,     /* and Ubuntu: useradd, adduser of Debian */
  NZ_FAMILY_ALPINE,     /* BusyBox: adduser, addgroup */
  NZ_FAMILY_REDHAT,     /* Fedora, CentOS, UBI, SUSE: useradd */
  NZ_FAMILY_DISTROLESS, /* no shell: a passwd file alone */
  NZ_FAMILY_SCRATCH,
} NzFamily;

typedef struct NzAccounts NzAccounts;

/* What begins with the bytes of PASSWD and GROUP; UNKNOWN (not NULL): why what is there cannot be
 * known, "the base image debian:12 is not at hand". Accounts that PASSWD names are known even so.
 */
NzAccounts *nz_accounts_new(NzFamily family, const char *passwd, const char *group,
                            const char *unknown);
NzAccounts *nz_accounts_copy(const NzAccounts *self);
void nz_accounts_free(NzAccounts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzAccounts, nz_accounts_free)

NzFamily nz_accounts_family(const NzAccounts *self);

/* The whole file is replaced: by what is known (TEXT), or not (UNKNOWN says why). */
void nz_accounts_set_passwd(NzAccounts *self, const char *text, const char *unknown);
void nz_accounts_set_group(NzAccounts *self, const char *text, const char *unknown);
/* What passwd or group hold now, as far as it is known. */
const char *nz_accounts_passwd(const NzAccounts *self);
const char *nz_accounts_group(const NzAccounts *self);

typedef struct {
  const char *name;
  gint64 uid;         /* -1: as the tool chooses (then it is no fixed number) */
  const char *group;  /* primary: a name or number; NULL: one of its own, or the tool's way */
  gboolean own_group; /* a group of the same name is made */
  gboolean system;    /* from the range of system accounts */
} NzNewUser;

void nz_accounts_add_user(NzAccounts *self, const NzNewUser *user);
void nz_accounts_add_group(NzAccounts *self, const char *name, gint64 gid, gboolean system);
/* -1: stays; a NULL name stays. FALSE: there is no such user that is known. */
gboolean nz_accounts_change_user(NzAccounts *self, const char *name, gint64 uid, const char *group,
                                 const char *new_name);
void nz_accounts_delete_user(NzAccounts *self, const char *name);
gboolean nz_accounts_change_group(NzAccounts *self, const char *name, gint64 gid,
                                  const char *new_name);
void nz_accounts_delete_group(NzAccounts *self, const char *name);
void nz_accounts_add_member(NzAccounts *self, const char *user, const char *group);
/* Something was done to them that cannot be followed: from now on what is not known is unknown. */
void nz_accounts_doubt(NzAccounts *self, const char *why);
/* The same, and what was known is not either: a file was rewritten. */
void nz_accounts_forget(NzAccounts *self, const char *why);
void nz_accounts_forget_passwd(NzAccounts *self, const char *why);
void nz_accounts_forget_group(NzAccounts *self, const char *why);
/* Whole lines that are written at the end of passwd and group. */
void nz_accounts_append_passwd(NzAccounts *self, const char *text);
void nz_accounts_append_group(NzAccounts *self, const char *text);

/* A walk over BYTES of them is done. FALSE: there were more than NZ_ACCOUNTS_WORK_MAX, and nothing
 * is known any more. */
gboolean nz_accounts_spend(NzAccounts *self, gsize bytes);

gboolean nz_accounts_has_user(const NzAccounts *self, const char *name);
gboolean nz_accounts_has_group(const NzAccounts *self, const char *name);
/* Why there may be accounts that are not known; NULL: all are. */
const char *nz_accounts_unknown(const NzAccounts *self);

/* The decision core's answer. A user whose number a tool chose is non-root without a uid. */
NzUser *nz_accounts_resolve(const NzAccounts *self, const char *declared);
/* TRUE when NAME has an entry and its numbers are written down somewhere (-u 1000), not chosen. */
gboolean nz_accounts_is_fixed(const NzAccounts *self, const char *name, guint32 *uid, guint32 *gid);
