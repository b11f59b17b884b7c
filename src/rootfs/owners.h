/* SPDX-License-Identifier: Apache-2.0 */
/* Which package owns a file: package lists, reduced to 64-bit hashes of the paths in them.
 *
 * A list is read where it streams by, before it is known which paths will be asked for; a hash for
 * each path keeps that to 8 bytes. Packed: the seed of the hashes, then records of le32 n,
 * le16 name_len, name, n x u64. They may outlive the process in a cache; what is damaged ends
 * there. */
#pragma once

#include "core/error.h"

typedef enum {
  NZ_OWNERS_DPKG_LIST, /* var/lib/dpkg/info/PACKAGE[:ARCH].list: a path a line */
  NZ_OWNERS_MD5SUMS,   /* var/lib/dpkg/status.d/PACKAGE.md5sums (distroless): "MD5  path" a line */
  NZ_OWNERS_APK,       /* lib/apk/db/installed: P:package, F:directory, R:file */
  NZ_OWNERS_RPM_SQLITE,
  NZ_OWNERS_RPM_NDB,
  NZ_OWNERS_RPM_BDB,
} NzOwnersFormat;

/* Reduces the list in DATA (LEN bytes, writable and no longer of use afterwards), found in a file
 * called BASENAME. */
GBytes *nz_owners_read(NzOwnersFormat format, const char *basename, guint8 *data, gsize len,
                       GError **error);

/* How many paths a reduced list names. */
gsize nz_owners_count(GBytes *owners);

/* The seed of a reduced list's hashes; 0 when it is damaged. */
guint64 nz_owners_seed(GBytes *owners);

/* The key under which NzOwnersWanted holds PATH (relative, cleaned), for lists of SEED. */
guint64 nz_owners_key(const char *path, gsize len, guint64 seed);

/* What is asked of lists of one seed: values, never NULL, by their keys. */
typedef struct NzOwnersWanted NzOwnersWanted;
NzOwnersWanted *nz_owners_wanted_new(GDestroyNotify free_value);
void nz_owners_wanted_free(NzOwnersWanted *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzOwnersWanted, nz_owners_wanted_free)
void nz_owners_want(NzOwnersWanted *self, guint64 key, gpointer value);
/* The value of KEY, or NULL. */
gpointer nz_owners_wanted(const NzOwnersWanted *self, guint64 key);

/* Looks for all keys of WANTED, made with OWNERS' seed, in it and calls FOUND for each that is
 * there. PACKAGE is valid during the call. */
typedef void (*NzOwnerFound)(gpointer value, const char *package, gpointer user_data);
void nz_owners_lookup(GBytes *owners, const NzOwnersWanted *wanted, NzOwnerFound found,
                      gpointer user_data);
