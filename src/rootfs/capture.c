/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/capture.h"

#include <string.h>

#include "core/limits.h"
#include "rootfs/owners.h"

struct NzCapture {
  const char *dir;      /* the directory's last components */
  const char *basename; /* NULL: any that ends with SUFFIX */
  const char *suffix;
  gsize max;
  NzBodyKind kind;
  NzOwnersFormat format; /* of NZ_BODY_OWNERS */
};

/* Matched at the end of the path, because the whole of it may be reached through links. */
static const NzCapture table[] = {
    {"etc", "passwd", NULL, NZ_PASSWD_MAX, NZ_BODY_TEXT, 0},
    {"etc", "group", NULL, NZ_PASSWD_MAX, NZ_BODY_TEXT, 0},
    {"dpkg/info", NULL, ".list", NZ_PACKAGE_LIST_MAX, NZ_BODY_OWNERS, NZ_OWNERS_DPKG_LIST},
    {"dpkg/status.d", NULL, ".md5sums", NZ_PACKAGE_LIST_MAX, NZ_BODY_OWNERS, NZ_OWNERS_MD5SUMS},
    {"apk/db", "installed", NULL, NZ_PACKAGE_LIST_MAX, NZ_BODY_OWNERS, NZ_OWNERS_APK},
    {"rpm", "rpmdb.sqlite", NULL, NZ_RPMDB_MAX, NZ_BODY_OWNERS, NZ_OWNERS_RPM_SQLITE},
    /* What SQLite has not yet put into the database: if there is any, the database is not whole. */
    {"rpm", "rpmdb.sqlite-wal", NULL, 0, NZ_BODY_OWNERS, NZ_OWNERS_RPM_SQLITE},
    {"rpm", "Packages.db", NULL, NZ_RPMDB_MAX, NZ_BODY_OWNERS, NZ_OWNERS_RPM_NDB},
    {"rpm", "Packages", NULL, NZ_RPMDB_MAX, NZ_BODY_OWNERS, NZ_OWNERS_RPM_BDB},
};

static const NzCapture wanted_text = {NULL, NULL, NULL, NZ_PASSWD_MAX, NZ_BODY_TEXT, 0};

/* TRUE when the LEN bytes at PATH are DIR or end with "/DIR". */
static gboolean
dir_ends_with(const char *path, gsize len, const char *dir)
{
  gsize n = strlen(dir);
  if (len < n || path[len - 1] != dir[n - 1] || memcmp(path + len - n, dir, n) != 0)
    return FALSE;
  return len == n || path[len - n - 1] == '/';
}

const NzCapture *
nz_capture_for(const char *path, guint64 size, const char *const *wanted)
{
  if (wanted && g_strv_contains(wanted, path))
    return &wanted_text;
  const char *slash = strrchr(path, '/');
  if (!slash)
    return NULL;
  const char *basename = slash + 1;
  for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
    const NzCapture *c = &table[i];
    if (dir_ends_with(path, (gsize)(slash - path), c->dir) &&
        (c->basename ? strcmp(basename, c->basename) == 0 : g_str_has_suffix(basename, c->suffix)))
      return size > 0 || c->kind == NZ_BODY_TEXT ? c : NULL;
  }
  return NULL;
}

gsize
nz_capture_max(const NzCapture *capture)
{
  return capture->max;
}

GBytes *
nz_capture_reduce(const NzCapture *capture, const char *path, GBytes *content, NzBodyKind *kind)
{
  *kind = capture->kind;
  if (capture->kind == NZ_BODY_TEXT)
    return content;
  gsize len;
  g_autofree guint8 *data = g_bytes_unref_to_data(content, &len);
  const char *slash = strrchr(path, '/');
  g_autoptr(GError) ignored = NULL;
  GBytes *owners = nz_owners_read(capture->format, slash ? slash + 1 : path, data, len, &ignored);
  if (!owners)
    *kind = NZ_BODY_UNREADABLE;
  return owners;
}
