/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/rpmdb_private.h"

#include <string.h>

static const struct {
  const char *name;
  gboolean (*read)(guint8 *data, gsize len, NzRpmSink *sink, GError **error);
} containers[] = {
    [NZ_RPMDB_SQLITE] = {"sqlite", nz_rpmdb_read_sqlite},
    [NZ_RPMDB_NDB] = {"ndb", nz_rpmdb_read_ndb},
    [NZ_RPMDB_BDB] = {"Berkeley DB", nz_rpmdb_read_bdb},
};

gboolean
nz_rpm_sink_add(NzRpmSink *sink, guint64 number, const guint8 *blob, gsize len, GError **error)
{
  if (len > sink->bytes_left)
    return nz_set_input(error,
                        "package %" G_GUINT64_FORMAT ": the package headers add up to more "
                        "than the file holds",
                        number);
  sink->bytes_left -= len;

  if (sink->n_packages == NZ_RPM_PACKAGES_MAX)
    return nz_set_input(error, "more than %d packages", NZ_RPM_PACKAGES_MAX);
  sink->n_packages++;

  if (nz_rpmheader_read(sink, blob, len, error))
    return TRUE;
  g_prefix_error(error, "package %" G_GUINT64_FORMAT ": ", number);
  return FALSE;
}

gboolean
nz_rpm_sink_path(NzRpmSink *sink, const char *package, const char *dir, gsize dir_len,
                 const char *base, gsize base_len, GError **error)
{
  if (dir_len > NZ_RPM_PATH_MAX || base_len > NZ_RPM_PATH_MAX - dir_len)
    return nz_set_input(error, "a path of more than %d bytes", NZ_RPM_PATH_MAX);
  gsize len = dir_len + base_len;

  if (sink->n_files == NZ_RPM_FILES_MAX)
    return nz_set_input(error, "more than %d files in all packages", NZ_RPM_FILES_MAX);
  if (len > NZ_RPM_PATHS_MAX - sink->path_bytes)
    return nz_set_input(error, "paths of more than %d bytes in all packages", NZ_RPM_PATHS_MAX);

  memcpy(sink->path, dir, dir_len);
  memcpy(sink->path + dir_len, base, base_len);
  sink->path[len] = '\0';
  if (sink->path[0] != '/')
    return nz_set_input(error, "a path that does not begin with '/'");

  sink->n_files++;
  sink->path_bytes += len;
  sink->func(package, sink->path, len, sink->user_data);
  return TRUE;
}

gboolean
nz_rpmdb_read(guint8 *data, gsize len, NzRpmdbFormat format, NzOwnedPathFunc func,
              gpointer user_data, GError **error)
{
  g_return_val_if_fail(format < G_N_ELEMENTS(containers), FALSE);

  NzRpmSink sink = {.func = func, .user_data = user_data, .bytes_left = len};
  if (containers[format].read(data, len, &sink, error))
    return TRUE;
  g_prefix_error(error, "rpm database (%s): ", containers[format].name);
  return FALSE;
}
