/* SPDX-License-Identifier: Apache-2.0 */
#include "image/dirwalk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/dirwalk_attributes.h"
#include "rootfs/capture.h"

typedef struct {
  NzDirWalkFlags flags;
  const NzReadOptions *options;
  NzLayerLog *log;
  NzLayerResult *result;
  guint64 mount; /* the id of the root's mount */
  guint32 owner; /* of the root */
  GString *path; /* relative to the root */
  guint depth;
  GHashTable *links; /* Inode -> char *: the first name of files that have more */
} DirWalk;

typedef struct {
  dev_t dev;
  ino_t ino;
} Inode;

static guint
inode_hash(gconstpointer key)
{
  const Inode *self = key;
  return (guint)self->ino * 31 + (guint)self->dev;
}

static gboolean
inode_equal(gconstpointer a, gconstpointer b)
{
  const Inode *x = a, *y = b;
  return x->ino == y->ino && x->dev == y->dev;
}

static gboolean
fail(DirWalk *self, const char *what, GError **error)
{
  int saved = errno;
  g_autofree char *shown = nz_printable(self->path->str, -1);
  nz_set_errno(error, saved, "cannot %s /%s", what, shown);
  return FALSE;
}

static gboolean
read_body(DirWalk *self, int dir, const char *name, guint64 size, NzEntry *e, GError **error)
{
  const NzCapture *capture =
      nz_capture_for(self->path->str, self->path->len, size, self->options->wanted);
  if (!capture)
    return TRUE;
  if (size > nz_capture_max(capture)) {
    e->body_kind = nz_capture_unread(capture);
    return TRUE;
  }
  int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && (errno == EACCES || errno == EPERM) &&
      nz_capture_unread(capture) == NZ_BODY_EXTRA) {
    e->body_kind = NZ_BODY_EXTRA; /* no verdict rests on it */
    return TRUE;
  }
  if (fd < 0)
    return fail(self, "open", error);
  g_autoptr(NzStream) stream = nz_file_stream_new(fd, TRUE, 0, size, self->options->control);
  g_autofree guint8 *data = g_malloc(size + 1);
  if (nz_stream_read(stream, data, size, error) < 0)
    return FALSE;
  e->body = nz_capture_reduce(capture, self->path->str,
                              g_bytes_new_take(g_steal_pointer(&data), size), &e->body_kind);
  return TRUE;
}

static gboolean
read_target(DirWalk *self, int dir, const char *name, char target[NZ_PATH_MAX + 1], GError **error)
{
  gssize n = readlinkat(dir, name, target, NZ_PATH_MAX);
  if (n < 0)
    return fail(self, "read the link", error);
  target[n] = '\0';
  return TRUE;
}

/* An overlay's files have other device numbers than its directories, so mounts are told apart by
 * their ids (Linux 5.8). */
static gboolean
mount_of(int dir, const char *name, guint64 *mount)
{
  struct statx sx;
  int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH);
  if (statx(dir, name, flags, STATX_MNT_ID, &sx) < 0)
    return FALSE;
  *mount = sx.stx_mnt_id;
  return TRUE;
}

/* --- attributes --- */

/* What a mapped store keeps of a capability serves the namespace of its owner's root: in the image
 * it serves root. */
static void
unmap_capability(const DirWalk *self, NzCapability *capability)
{
  if (!(self->flags & NZ_WALK_SHIFTED) || capability->revision != 3 ||
      capability->rootid != self->owner)
    return;
  capability->revision = 2;
  capability->rootid = 0;
}

/* Reads the attributes of NAME in DIR, or of DIR itself, into E. */
static gboolean
apply_attributes(DirWalk *self, int dir, const char *name, mode_t mode, NzEntry *e,
                 gboolean *opaque, GError **error)
{
  NzWalkAttributes a;
  GError *failed = NULL;
  if (!nz_walk_attributes(dir, name, mode, self->flags, &a, &failed)) {
    if (!failed)
      return fail(self, "read the attributes of", error);
    g_autofree char *shown = nz_printable(self->path->str, -1);
    g_propagate_prefixed_error(error, failed, "/%s: ", shown);
    return FALSE;
  }
  *opaque = a.opaque;
  e->capability = a.capability;
  unmap_capability(self, &e->capability);
  if (a.override) {
    e->kind = a.kind;
    e->mode = a.mode;
    e->uid = a.uid;
    e->gid = a.gid;
  } else if (self->flags & NZ_WALK_SHIFTED && self->path->len > 0) {
    g_autofree char *shown = nz_printable(self->path->str, -1);
    return nz_set_input(error,
                        "/%s: who owns it in the image cannot be known: on disk it has the ids of "
                        "another user namespace",
                        shown);
  }
  return TRUE;
}

/* Appends an entry called NAME in the directory of the path. */
static gboolean
append_whiteout(DirWalk *self, const char *name, GError **error)
{
  g_autoptr(GString) path = g_string_new_len(self->path->str, (gssize)self->path->len);
  if (path->len > 0)
    g_string_append_c(path, '/');
  g_string_append(path, name);
  NzEntry e = {.kind = NZ_ENTRY_FILE, .path = path->str, .path_len = path->len};
  return nz_layer_log_append(self->log, &e, error);
}

/* The entry at the path is a whiteout of it. */
static gboolean
append_hidden(DirWalk *self, const char *name, GError **error)
{
  gsize len = self->path->len;
  g_autofree char *marker = g_strconcat(".wh.", name, NULL);
  g_string_truncate(self->path, len > strlen(name) ? len - strlen(name) - 1 : 0);
  gboolean ok = append_whiteout(self, marker, error);
  if (self->path->len > 0)
    g_string_append_c(self->path, '/');
  g_string_append(self->path, name);
  return ok;
}

/* --- entries --- */

static gboolean walk_directory(DirWalk *self, int fd, GError **error);

static gboolean
descend(DirWalk *self, int dir, const char *name, NzEntry *e, mode_t mode, GError **error)
{
  gboolean opaque = FALSE;
  if (self->depth >= NZ_DIRECTORY_DEPTH_MAX)
    return nz_set_input(error, "directories nested more than %u deep", NZ_DIRECTORY_DEPTH_MAX);
  int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return fail(self, "open", error);
  gboolean ok = self->flags == 0 || apply_attributes(self, fd, "", mode, e, &opaque, error);
  ok = ok && nz_layer_log_append(self->log, e, error) &&
       (!opaque || append_whiteout(self, ".wh..wh..opq", error));
  if (!ok) {
    close(fd);
    return FALSE;
  }
  self->depth++;
  ok = walk_directory(self, fd, error);
  self->depth--;
  return ok;
}

/* The other name of a file that was met before becomes a link to that. */
static gboolean
find_first_name(DirWalk *self, const struct stat *st, NzEntry *e, GError **error)
{
  Inode inode = {st->st_dev, st->st_ino};
  if (st->st_nlink < 2)
    return TRUE;
  e->target = g_hash_table_lookup(self->links, &inode);
  if (e->target) {
    e->kind = NZ_ENTRY_HARDLINK;
    return TRUE;
  }
  if (g_hash_table_size(self->links) >= NZ_NODES_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "more than %u files with several names",
                NZ_NODES_MAX);
    return FALSE;
  }
  g_hash_table_insert(self->links, g_memdup2(&inode, sizeof inode), g_strdup(self->path->str));
  return TRUE;
}

static gboolean
walk_file(DirWalk *self, int dir, const char *name, const struct stat *st, NzEntry *e,
          GError **error)
{
  gboolean opaque;
  e->kind = NZ_ENTRY_FILE;
  if (!apply_attributes(self, dir, name, st->st_mode, e, &opaque, error))
    return FALSE;
  if (e->kind != NZ_ENTRY_FILE)
    return TRUE;
  return find_first_name(self, st, e, error) &&
         (e->kind == NZ_ENTRY_HARDLINK ||
          read_body(self, dir, name, (guint64)st->st_size, e, error));
}

/* A device, fifo or socket. No override_stat stands on those. */
static gboolean
check_special(DirWalk *self, GError **error)
{
  if (!(self->flags & NZ_WALK_SHIFTED))
    return TRUE;
  g_autofree char *shown = nz_printable(self->path->str, -1);
  return nz_set_input(error, "/%s: a device among files of another user namespace", shown);
}

static gboolean
walk_entry(DirWalk *self, int dir, const char *name, GError **error)
{
  struct stat st;
  guint64 mount;
  if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !mount_of(dir, name, &mount))
    return errno == ENOENT ? TRUE : fail(self, "look at", error);
  if (mount != self->mount) {
    self->result->n_mounts++;
    return TRUE;
  }
  if (self->flags & NZ_WALK_OVERLAY && S_ISCHR(st.st_mode) && st.st_rdev == 0)
    return append_hidden(self, name, error);
  char target[NZ_PATH_MAX + 1];
  NzEntry e = {.kind = NZ_ENTRY_DEVICE,
               .path = self->path->str,
               .path_len = self->path->len,
               .mode = (guint16)(st.st_mode & 07777),
               .uid = st.st_uid,
               .gid = st.st_gid};
  if (S_ISDIR(st.st_mode)) {
    e.kind = NZ_ENTRY_DIRECTORY;
    return descend(self, dir, name, &e, st.st_mode, error);
  }
  if (S_ISLNK(st.st_mode)) {
    e.kind = NZ_ENTRY_SYMLINK;
    e.target = target;
    if (!read_target(self, dir, name, target, error))
      return FALSE;
  } else if (S_ISREG(st.st_mode)) {
    if (!walk_file(self, dir, name, &st, &e, error))
      return FALSE;
  } else if (!check_special(self, error)) {
    return FALSE;
  }
  G_GNUC_UNUSED g_autoptr(GBytes) body = e.body;
  if (e.kind == NZ_ENTRY_WHITEOUT_DEVICE && self->flags & NZ_WALK_OVERLAY)
    return append_hidden(self, name, error);
  return nz_layer_log_append(self->log, &e, error);
}

/* FD is owned. */
static gboolean
walk_directory(DirWalk *self, int fd, GError **error)
{
  DIR *dir = fdopendir(fd);
  if (!dir) {
    fail(self, "read", error);
    close(fd);
    return FALSE;
  }
  gboolean ok = TRUE;
  gsize len = self->path->len;
  while (ok) {
    errno = 0;
    struct dirent *d = readdir(dir);
    if (!d) {
      ok = errno == 0 || fail(self, "read", error);
      break;
    }
    if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
      continue;
    if (len > 0)
      g_string_append_c(self->path, '/');
    g_string_append(self->path, d->d_name);
    ok = walk_entry(self, dirfd(dir), d->d_name, error);
    g_string_truncate(self->path, len);
  }
  closedir(dir);
  return ok;
}

/* The root's own entry, which in a layer may change its mode. */
static gboolean
append_root(DirWalk *self, int fd, const struct stat *st, GError **error)
{
  gboolean opaque;
  NzEntry e = {.kind = NZ_ENTRY_DIRECTORY,
               .path = "",
               .mode = (guint16)(st->st_mode & 07777),
               .uid = st->st_uid,
               .gid = st->st_gid};
  if (self->flags == 0)
    return TRUE;
  if (!apply_attributes(self, fd, "", st->st_mode, &e, &opaque, error))
    return FALSE;
  gboolean unknown = self->flags & NZ_WALK_SHIFTED && e.uid == st->st_uid;
  return (unknown || nz_layer_log_append(self->log, &e, error)) &&
         (!opaque || append_whiteout(self, ".wh..wh..opq", error));
}

gboolean
nz_directory_read(int fd, NzDirWalkFlags flags, const NzReadOptions *options, NzLayerLog *log,
                  NzLayerResult *result, GError **error)
{
  struct stat st;
  guint64 mount;
  int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0 || fstat(own, &st) < 0 || !mount_of(own, "", &mount)) {
    nz_set_errno(error, errno, "cannot open the directory");
    if (own >= 0)
      close(own);
    return FALSE;
  }
  g_autoptr(GString) path = g_string_new(NULL);
  g_autoptr(GHashTable) links = g_hash_table_new_full(inode_hash, inode_equal, g_free, g_free);
  DirWalk self = {flags, options, log, result, mount, st.st_uid, path, 0, links};
  if (!append_root(&self, own, &st, error)) {
    close(own);
    return FALSE;
  }
  return walk_directory(&self, own, error);
}
