/* SPDX-License-Identifier: Apache-2.0 */
/* Which file belongs to which package, read from an rpm database without librpm: the database comes
 * out of an image, so it is hostile, and it may be of a kind that the rpm at hand does not know. */
#pragma once

#include "core/error.h"

typedef enum {
  NZ_RPMDB_SQLITE, /* rpmdb.sqlite: Fedora 33, RHEL 9, Amazon Linux 2023 and later */
  NZ_RPMDB_NDB,    /* Packages.db: SUSE */
  NZ_RPMDB_BDB,    /* Packages: Berkeley DB, everything before */
} NzRpmdbFormat;

/* Called for every file of every package. PACKAGE and PATH are NUL-terminated and valid during the
 * call. PATH is absolute ("/usr/bin/su") and PATH_LEN (1 to 4095) bytes long; neither need be UTF-8
 * or printable, and PATH is as the package has it: never normalised, links not resolved. Files that
 * several packages own, and files that rpm lists without having installed them (%ghost, left out
 * by --excludedocs), come too, as in `rpm -qal`. */
typedef void (*NzOwnedPathFunc)(const char *package, const char *path, gsize path_len,
                                gpointer user_data);

/* Reads the whole database file DATA[0..LEN) and hands each owned path to FUNC. DATA may be
 * modified in place and is not kept.
 *
 * FALSE with NZ_ERROR_INPUT when any part of the database cannot be read; the message
 * names the package by rpm's number for it, where the fault is inside one. FUNC may have been
 * called by then: what it was told is half an answer and has to be thrown away.
 *
 * Time is linear in LEN plus the bytes of the paths, which are bounded. Beside DATA, memory is that
 * of the largest package header; SQLite's cache (2 MB) comes on top. Holds no state: threads may
 * read different databases at once.
 *
 * A rpmdb.sqlite with a non-empty "-wal" or "-journal" file beside it is not whole without that;
 * the caller has to look for one. */
gboolean nz_rpmdb_read(guint8 *data, gsize len, NzRpmdbFormat format, NzOwnedPathFunc func,
                       gpointer user_data, GError **error);
