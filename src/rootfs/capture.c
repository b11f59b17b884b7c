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
    {"etc", "shadow", NULL, NZ_PASSWD_MAX, NZ_BODY_EXTRA, 0},
    /* Its backup, which has the same content and may share its inode. */
    {"etc", "shadow-", NULL, NZ_PASSWD_MAX, NZ_BODY_EXTRA, 0},
    {"etc", "sudoers", NULL, NZ_EXTRA_MAX, NZ_BODY_EXTRA, 0},
    {"etc/sudoers.d", NULL, "", NZ_EXTRA_MAX, NZ_BODY_EXTRA, 0},
    {"dpkg/info", NULL, ".list", NZ_PACKAGE_LIST_MAX, NZ_BODY_OWNERS, NZ_OWNERS_DPKG_LIST},
    {"dpkg/status.d", NULL, ".md5sums", NZ_PACKAGE_LIST_MAX, NZ_BODY_OWNERS, NZ_OWNERS_MD5SUMS},
    {"apk/db", "installed", NULL, NZ_PACKAGE_LIST_MAX, NZ_BODY_OWNERS, NZ_OWNERS_APK},
    {"rpm", "rpmdb.sqlite", NULL, NZ_RPMDB_MAX, NZ_BODY_OWNERS, NZ_OWNERS_RPM_SQLITE},
    /* What SQLite has not yet put into the database: if there is any, the database is not whole. */
    {"rpm", "rpmdb.sqlite-wal", NULL, 0, NZ_BODY_OWNERS, NZ_OWNERS_RPM_SQLITE},
    {"rpm", "Packages.db", NULL, NZ_RPMDB_MAX, NZ_BODY_OWNERS, NZ_OWNERS_RPM_NDB},
    {"rpm", "Packages", NULL, NZ_RPMDB_MAX, NZ_BODY_OWNERS, NZ_OWNERS_RPM_BDB},
};

static const NzCapture wanted_users = {NULL, NULL, NULL, NZ_PASSWD_MAX, NZ_BODY_TEXT, 0};
static const NzCapture wanted_extra = {NULL, NULL, NULL, NZ_EXTRA_MAX, NZ_BODY_EXTRA, 0};

/* Where scripts lie that start a container. One that is reached through a link is known by its name
 * alone when it passes by. */
static const char *const script_folders[] = {
    "",    "app",     "bin",       "opt",           "sbin",           "scripts",
    "srv", "usr/bin", "usr/local", "usr/local/bin", "usr/local/sbin", "usr/sbin",
};

static gboolean
is_start_script(const char *path, const char *basename)
{
  gsize n = basename > path ? (gsize)(basename - path) - 1 : 0;
  if (n > strlen("usr/local/sbin") || !nz_is_script_name(basename))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(script_folders); i++)
    if (strlen(script_folders[i]) == n && memcmp(script_folders[i], path, n) == 0)
      return TRUE;
  return FALSE;
}

gboolean
nz_is_script_name(const char *basename)
{
  return g_str_has_suffix(basename, ".sh") || strstr(basename, "entrypoint");
}

NzWanted *
nz_wanted_new(void)
{
  NzWanted *self = g_new0(NzWanted, 1);
  self->users = g_ptr_array_new_with_free_func(g_free);
  self->extra = g_ptr_array_new_with_free_func(g_free);
  return self;
}

void
nz_wanted_free(NzWanted *self)
{
  if (!self)
    return;
  g_ptr_array_unref(self->users);
  g_ptr_array_unref(self->extra);
  g_free(self);
}

static gboolean
contains(const GPtrArray *list, const char *path)
{
  for (guint i = 0; i < list->len; i++)
    if (strcmp(list->pdata[i], path) == 0)
      return TRUE;
  return FALSE;
}

static guint64
length_bit(gsize len)
{
  return (guint64)1 << (len & 63);
}

void
nz_wanted_add(NzWanted *self, GPtrArray *list, const char *path)
{
  if (list->len >= NZ_WANTED_MAX || contains(list, path))
    return;
  g_ptr_array_add(list, g_strdup(path));
  self->lengths |= length_bit(strlen(path));
}

static const NzCapture *
find_wanted(const NzWanted *wanted, const char *path, gsize len)
{
  if (!wanted || !(wanted->lengths & length_bit(len)))
    return NULL;
  if (contains(wanted->users, path))
    return &wanted_users;
  return contains(wanted->extra, path) ? &wanted_extra : NULL;
}

NzWanted *
nz_wanted_minus(const NzWanted *wanted, const NzWanted *other)
{
  NzWanted *left = nz_wanted_new();
  for (guint i = 0; wanted && i < wanted->users->len; i++)
    if (!contains(other->users, wanted->users->pdata[i]))
      nz_wanted_add(left, left->users, wanted->users->pdata[i]);
  for (guint i = 0; wanted && i < wanted->extra->len; i++)
    if (!contains(other->extra, wanted->extra->pdata[i]))
      nz_wanted_add(left, left->extra, wanted->extra->pdata[i]);
  return left;
}

void
nz_wanted_merge(NzWanted *self, const NzWanted *other)
{
  for (guint i = 0; other && i < other->users->len; i++)
    nz_wanted_add(self, self->users, other->users->pdata[i]);
  for (guint i = 0; other && i < other->extra->len; i++)
    nz_wanted_add(self, self->extra, other->extra->pdata[i]);
}

gboolean
nz_wanted_misses(const NzWanted *wanted, const char *path, gsize len, NzBodyKind kind)
{
  const NzCapture *asked = find_wanted(wanted, path, len);
  if (!asked || kind == NZ_BODY_TEXT)
    return FALSE;
  return asked->kind == NZ_BODY_TEXT || kind != NZ_BODY_EXTRA;
}

gboolean
nz_wanted_has(const NzWanted *wanted, const char *path, gsize len)
{
  return find_wanted(wanted, path, len) != NULL;
}

/* TRUE when the LEN bytes at PATH are DIR or end with "/DIR". */
static gboolean
dir_ends_with(const char *path, gsize len, const char *dir)
{
  gsize n = strlen(dir);
  if (len < n || path[len - 1] != dir[n - 1] || memcmp(path + len - n, dir, n) != 0)
    return FALSE;
  return len == n || path[len - n - 1] == '/';
}

static const NzCapture *
find_known(const char *path, const char *slash, const char *basename)
{
  for (gsize i = 0; slash && i < G_N_ELEMENTS(table); i++) {
    const NzCapture *c = &table[i];
    if (dir_ends_with(path, (gsize)(slash - path), c->dir) &&
        (c->basename ? strcmp(basename, c->basename) == 0 : g_str_has_suffix(basename, c->suffix)))
      return c;
  }
  return NULL;
}

/* What a file is by its own name comes first: who asks for a passwd as a script shall not make it
 * one for other images that have the layer. */
const NzCapture *
nz_capture_for(const char *path, gsize path_len, guint64 size, const NzWanted *wanted)
{
  const char *slash = strrchr(path, '/');
  const char *basename = slash ? slash + 1 : path;
  const NzCapture *asked = find_wanted(wanted, path, path_len);
  const NzCapture *known = find_known(path, slash, basename);
  if (asked && (!known || known->kind == NZ_BODY_EXTRA))
    return asked;
  if (size <= NZ_SCRIPT_BY_NAME_MAX && is_start_script(path, basename))
    return &wanted_extra;
  return known && (size > 0 || known->kind != NZ_BODY_OWNERS) ? known : NULL;
}

NzBodyKind
nz_capture_narrow(const char *path, gsize path_len, NzBodyKind kind, GBytes **body,
                  const NzWanted *wanted)
{
  gsize len = *body ? g_bytes_get_size(*body) : 0;
  if (kind != NZ_BODY_TEXT && kind != NZ_BODY_EXTRA)
    return kind;
  const NzCapture *capture = nz_capture_for(path, path_len, len, wanted);
  if (!capture || len > capture->max)
    *body = NULL;
  if (!capture)
    return NZ_BODY_NONE;
  return capture->kind == NZ_BODY_EXTRA ? NZ_BODY_EXTRA : kind;
}

gsize
nz_capture_max(const NzCapture *capture)
{
  return capture->max;
}

gboolean
nz_capture_is_certain(const NzCapture *capture)
{
  return capture && capture->kind != NZ_BODY_EXTRA;
}

gboolean
nz_capture_is_list(const NzCapture *capture)
{
  return capture->kind == NZ_BODY_OWNERS;
}

NzBodyKind
nz_capture_unread(const NzCapture *capture)
{
  return capture->kind == NZ_BODY_EXTRA ? NZ_BODY_EXTRA : NZ_BODY_UNREADABLE;
}

GBytes *
nz_capture_reduce(const NzCapture *capture, const char *path, GBytes *content, NzBodyKind *kind)
{
  *kind = capture->kind;
  if (capture->kind != NZ_BODY_OWNERS)
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
