/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes that count:
 *   security.capability                    linux/capability.h
 *   {trusted,user}.overlay.opaque          Linux, Documentation/filesystems/overlayfs.rst
 *   {trusted,user}.fuseoverlayfs.opaque    fuse-overlayfs
 *   user.containers.override_stat          containers/storage: what the file is in the image, where
 *   user.fuseoverlayfs.override_stat       this user could not make it so
 * Other attributes of overlays say that a file's content or name is elsewhere. No engine writes
 * them into a layer that it will commit, so they are refused, not guessed at. */
#include "image/dirwalk_attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/text.h"

/* XATTR_LIST_MAX: no file has more names. */
#define LIST_MAX 65536

/* A file to be asked. */
typedef struct {
  int fd;
  const char *path; /* NULL: FD itself is asked */
} Asked;

static gssize
get(const Asked *self, const char *key, void *value, gsize room)
{
  return self->path ? lgetxattr(self->path, key, value, room)
                    : fgetxattr(self->fd, key, value, room);
}

/* --- override_stat --- */

/* Digits in BASE up to a ':' or the end. */
static gboolean
read_number(const char **at, const char *end, guint base, guint64 max, guint64 *value)
{
  const char *start = *at;
  *value = 0;
  for (; *at < end && **at != ':'; (*at)++) {
    int digit = g_ascii_digit_value(**at);
    if (digit < 0 || (guint)digit >= base)
      return FALSE;
    *value = *value * base + (guint)digit;
    if (*value > max)
      return FALSE;
  }
  return *at > start;
}

static gboolean
skip_colon(const char **at, const char *end)
{
  if (*at >= end || **at != ':')
    return FALSE;
  (*at)++;
  return TRUE;
}

/* What the TYPE of a regular file says that it stands for. Links cannot be made of one. */
static gboolean
set_kind(const char *type, gsize len, NzWalkAttributes *out)
{
  g_autofree char *text = g_strndup(type, len);
  if (strcmp(text, "file") == 0)
    out->kind = NZ_ENTRY_FILE;
  else if (strcmp(text, "char-0-0") == 0)
    out->kind = NZ_ENTRY_WHITEOUT_DEVICE;
  else if (strcmp(text, "pipe") == 0 || strcmp(text, "socket") == 0 ||
           g_str_has_prefix(text, "char-") || g_str_has_prefix(text, "block-"))
    out->kind = NZ_ENTRY_DEVICE;
  else
    return FALSE;
  return TRUE;
}

gboolean
nz_walk_parse_override(const char *text, gsize len, mode_t on_disk, NzWalkAttributes *out)
{
  const char *at = text, *end = text + len;
  guint64 uid, gid, mode;
  if (!read_number(&at, end, 10, G_MAXUINT32, &uid) || !skip_colon(&at, end) ||
      !read_number(&at, end, 10, G_MAXUINT32, &gid) || !skip_colon(&at, end) ||
      !read_number(&at, end, 8, 07777, &mode))
    return FALSE;
  out->kind = S_ISDIR(on_disk)   ? NZ_ENTRY_DIRECTORY
              : S_ISREG(on_disk) ? NZ_ENTRY_FILE
              : S_ISLNK(on_disk) ? NZ_ENTRY_SYMLINK
                                 : NZ_ENTRY_DEVICE;
  if (at < end) {
    if (!skip_colon(&at, end))
      return FALSE;
    gsize n = (gsize)(end - at);
    gboolean same = (S_ISDIR(on_disk) && n == 3 && memcmp(at, "dir", 3) == 0) ||
                    (S_ISLNK(on_disk) && n == 7 && memcmp(at, "symlink", 7) == 0);
    if (!same && (!S_ISREG(on_disk) || !set_kind(at, n, out)))
      return FALSE;
  }
  out->override = TRUE;
  out->uid = (guint32)uid;
  out->gid = (guint32)gid;
  out->mode = (guint16)mode;
  return TRUE;
}

static gboolean
read_override(const Asked *asked, const char *key, mode_t mode, NzWalkAttributes *out,
              GError **error)
{
  char value[128];
  gssize n = get(asked, key, value, sizeof value);
  if (n < 0 && errno != ERANGE)
    return FALSE;
  if (n >= 0 && nz_walk_parse_override(value, (gsize)n, mode, out))
    return TRUE;
  g_autofree char *shown = nz_printable(value, n < 0 ? 0 : n);
  return nz_set_input(error, "its attribute %s is none: %s", key, shown);
}

/* --- all of them --- */

/* KEY without "trusted." or "user." and PREFIX after it; NULL when it does not begin so. */
static const char *
after_prefix(const char *key, const char *prefix)
{
  gsize skip = g_str_has_prefix(key, "trusted.") ? 8 : g_str_has_prefix(key, "user.") ? 5 : 0;
  return skip > 0 && g_str_has_prefix(key + skip, prefix) ? key + skip + strlen(prefix) : NULL;
}

static gboolean
read_overlay(const Asked *asked, const char *key, const char *name, NzWalkAttributes *out,
             GError **error)
{
  static const char *const harmless[] = {"origin", "impure", "nlink", "uuid", NULL};
  char value[2];
  if (g_strv_contains(harmless, name))
    return TRUE;
  if (strcmp(name, "opaque") == 0) {
    gssize n = get(asked, key, value, sizeof value);
    if (n < 0 && errno != ERANGE)
      return FALSE;
    out->opaque = n == 1 && value[0] == 'y';
    if (out->opaque)
      return TRUE;
  }
  g_autofree char *shown = nz_printable(key, -1);
  return nz_set_input(error,
                      "it has the attribute %s, by which an overlay takes it for something else "
                      "than it is",
                      shown);
}

static gboolean
read_one(const Asked *asked, const char *key, mode_t mode, NzDirWalkFlags flags,
         NzWalkAttributes *out, GError **error)
{
  if (strcmp(key, "security.capability") == 0) {
    guint8 value[64];
    gssize n = get(asked, key, value, sizeof value);
    if (n < 0 && errno == ENODATA)
      return TRUE;
    if (n < 0 && errno != ERANGE) /* longer than any that counts: an invalid one */
      return FALSE;
    nz_capability_parse(value, n < 0 ? 0 : (gsize)n, &out->capability);
    return TRUE;
  }
  const char *rest = after_prefix(key, "overlay.");
  rest = rest ? rest : after_prefix(key, "fuseoverlayfs.");
  gboolean is_override = strcmp(key, "user.containers.override_stat") == 0 ||
                         strcmp(key, "user.fuseoverlayfs.override_stat") == 0;
  if (is_override && flags & NZ_WALK_OVERRIDE_STAT)
    return read_override(asked, key, mode, out, error);
  if (rest && !is_override && flags & NZ_WALK_OVERLAY)
    return read_overlay(asked, key, rest, out, error);
  return TRUE;
}

static gboolean
read_all(const Asked *asked, mode_t mode, NzDirWalkFlags flags, NzWalkAttributes *out,
         GError **error)
{
  if (!(flags & (NZ_WALK_OVERLAY | NZ_WALK_OVERRIDE_STAT)))
    return read_one(asked, "security.capability", mode, flags, out, error) || errno == ENOTSUP;
  char few[256];
  g_autofree char *many = NULL;
  char *names = few;
  gssize n = asked->path ? llistxattr(asked->path, few, sizeof few)
                         : flistxattr(asked->fd, few, sizeof few);
  if (n < 0 && errno == ERANGE) {
    names = many = g_malloc(LIST_MAX);
    n = asked->path ? llistxattr(asked->path, many, LIST_MAX)
                    : flistxattr(asked->fd, many, LIST_MAX);
  }
  if (n < 0)
    return errno == ENOTSUP;
  for (const char *key = names; key < names + n; key += strlen(key) + 1)
    if (!read_one(asked, key, mode, flags, out, error))
      return FALSE;
  return TRUE;
}

gboolean
nz_walk_attributes(int fd, const char *name, mode_t mode, NzDirWalkFlags flags,
                   NzWalkAttributes *out, GError **error)
{
  GError *failed = NULL;
  *out = (NzWalkAttributes){0};
  if (*name == '\0')
    return read_all(&(Asked){fd, NULL}, mode, flags, out, error);
  /* By the directory's descriptor and a name, which lgetxattr(2) has no other way to. */
  g_autofree char *path = g_strdup_printf("/proc/self/fd/%d/%s", fd, name);
  if (read_all(&(Asked){-1, path}, mode, flags, out, &failed))
    return TRUE;
  if (failed || errno != ENOENT) {
    g_propagate_error(error, failed);
    return FALSE;
  }
  /* /proc is not mounted: open the file, at more cost */
  int own = openat(fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (own < 0)
    return FALSE;
  gboolean ok = read_all(&(Asked){own, NULL}, mode, flags, out, error);
  int saved = errno;
  close(own);
  errno = saved;
  return ok;
}
