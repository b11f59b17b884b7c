/* SPDX-License-Identifier: Apache-2.0 */
/* Between the parts of the rpm database reader: three containers (SQLite, ndb, Berkeley DB) find
 * the package headers, and give each to the sink; the header reader finds the paths in it.
 *
 * To add a container: a file rpmdb_NAME.c with one function like the three below, a value in
 * NzRpmdbFormat, and a line in the table of rpmdb.c. */
#pragma once

#include "core/limits.h"
#include "rootfs/rpmdb.h"

typedef struct {
  NzOwnedPathFunc func;
  gpointer user_data;
  /* What the headers still to come may weigh. No container shares bytes between packages, so
   * headers that add up to more than the file come from loops or overlaps: this is what keeps the
   * work linear in the file's size. */
  gsize bytes_left;
  guint n_packages;
  guint n_files;
  gsize path_bytes;
  char path[NZ_RPM_PATH_MAX + 1];
} NzRpmSink;

/* Takes the header BLOB[0..LEN) of the package that the database knows as NUMBER. */
gboolean nz_rpm_sink_add(NzRpmSink *sink, guint64 number, const guint8 *blob, gsize len,
                         GError **error);

/* Hands DIR and BASE, put together, to the caller's function. PACKAGE is NUL-terminated. */
gboolean nz_rpm_sink_path(NzRpmSink *sink, const char *package, const char *dir, gsize dir_len,
                          const char *base, gsize base_len, GError **error);

gboolean nz_rpmheader_read(NzRpmSink *sink, const guint8 *blob, gsize len, GError **error);

gboolean nz_rpmdb_read_sqlite(guint8 *data, gsize len, NzRpmSink *sink, GError **error);
gboolean nz_rpmdb_read_ndb(guint8 *data, gsize len, NzRpmSink *sink, GError **error);
gboolean nz_rpmdb_read_bdb(guint8 *data, gsize len, NzRpmSink *sink, GError **error);

static inline guint16
nz_rpm_le16(const guint8 *p)
{
  return (guint16)(p[0] | p[1] << 8);
}

static inline guint32
nz_rpm_le32(const guint8 *p)
{
  return (guint32)p[0] | (guint32)p[1] << 8 | (guint32)p[2] << 16 | (guint32)p[3] << 24;
}

static inline guint32
nz_rpm_be32(const guint8 *p)
{
  return (guint32)p[0] << 24 | (guint32)p[1] << 16 | (guint32)p[2] << 8 | (guint32)p[3];
}
