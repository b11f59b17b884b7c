/* SPDX-License-Identifier: Apache-2.0 */
/* A plain root filesystem in a directory, as one layer. Nothing in it is followed: no links, and no
 * mount points, whose files are not the filesystem's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/transport.h"
#include "rootfs/capture.h"

typedef struct {
  NzImageStore base;
  char *path;
} DirStore;

typedef struct {
  const NzReadOptions *options;
  NzLayerLog *log;
  NzLayerResult *result;
  guint64 mount; /* the id of the root's mount */
  GString *path; /* relative to the root */
  guint depth;
} DirWalk;

static gboolean
fail(DirWalk *self, const char *what, GError **error)
{
  int saved = errno;
  g_autofree char *shown = nz_printable(self->path->str, -1);
  nz_set_errno(error, saved, "cannot %s /%s", what, shown);
  return FALSE;
}

/* The attribute by the directory's descriptor and a name, which lgetxattr(2) has no other way to.
 */
static gboolean
read_capability(DirWalk *self, int dir, const char *name, NzEntry *e, GError **error)
{
  guint8 value[64];
  g_autofree char *path = g_strdup_printf("/proc/self/fd/%d/%s", dir, name);
  gssize n = lgetxattr(path, "security.capability", value, sizeof value);
  if (n < 0 && errno == ENOENT) { /* /proc is not mounted: open the file, at more cost */
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
      return fail(self, "open", error);
    n = fgetxattr(fd, "security.capability", value, sizeof value);
    int saved = errno;
    close(fd);
    errno = saved;
  }
  if (n < 0 && (errno == ENODATA || errno == ENOTSUP))
    return TRUE;
  if (n < 0 && errno != ERANGE) /* longer than any that counts: an invalid one */
    return fail(self, "read the attributes of", error);
  nz_capability_parse(value, n < 0 ? 0 : (gsize)n, &e->capability);
  return TRUE;
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

static gboolean walk_directory(DirWalk *self, int fd, GError **error);

static gboolean
descend(DirWalk *self, int dir, const char *name, GError **error)
{
  if (self->depth >= NZ_DIRECTORY_DEPTH_MAX)
    return nz_set_input(error, "directories nested more than %u deep", NZ_DIRECTORY_DEPTH_MAX);
  int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return fail(self, "open", error);
  self->depth++;
  gboolean ok = walk_directory(self, fd, error);
  self->depth--;
  return ok;
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
  char target[NZ_PATH_MAX + 1];
  NzEntry e = {.kind = NZ_ENTRY_DEVICE,
               .path = self->path->str,
               .path_len = self->path->len,
               .mode = (guint16)(st.st_mode & 07777),
               .uid = st.st_uid,
               .gid = st.st_gid};
  gboolean is_directory = S_ISDIR(st.st_mode);
  if (is_directory) {
    e.kind = NZ_ENTRY_DIRECTORY;
  } else if (S_ISLNK(st.st_mode)) {
    e.kind = NZ_ENTRY_SYMLINK;
    e.target = target;
    if (!read_target(self, dir, name, target, error))
      return FALSE;
  } else if (S_ISREG(st.st_mode)) {
    e.kind = NZ_ENTRY_FILE;
    if (!read_capability(self, dir, name, &e, error) ||
        !read_body(self, dir, name, (guint64)st.st_size, &e, error))
      return FALSE;
  }
  G_GNUC_UNUSED g_autoptr(GBytes) body = e.body;
  if (!nz_layer_log_append(self->log, &e, error))
    return FALSE;
  return !is_directory || descend(self, dir, name, error);
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

static gboolean
dir_read_layer(NzImageStore *base, const NzLayer *layer G_GNUC_UNUSED, const NzReadOptions *options,
               NzLayerLog *log, NzLayerResult *result, GError **error)
{
  DirStore *store = (DirStore *)base;
  int fd = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  guint64 mount;
  if (fd < 0 || !mount_of(fd, "", &mount)) {
    nz_set_errno(error, errno, "cannot open the directory");
    if (fd >= 0)
      close(fd);
    return FALSE;
  }
  g_autoptr(GString) path = g_string_new(NULL);
  DirWalk self = {options, log, result, mount, path, 0};
  return walk_directory(&self, fd, error);
}

static void
dir_free(NzImageStore *base)
{
  g_free(((DirStore *)base)->path);
  g_free(base);
}

static const NzImageStoreClass dir_class = {.read_layer = dir_read_layer, .free = dir_free};

static gboolean
open_rootdir(const NzOpenRequest *request, GPtrArray *images, GError **error)
{
  struct stat st;
  if (stat(request->path, &st) < 0) {
    nz_set_errno(error, errno, "cannot open the directory");
    return FALSE;
  }
  if (!S_ISDIR(st.st_mode)) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_IMAGE, "no directory");
    return FALSE;
  }
  DirStore *self = g_new0(DirStore, 1);
  self->base = (NzImageStore){&dir_class, 1, TRUE, FALSE};
  self->path = g_strdup(request->path);
  g_autoptr(NzImageStore) store = &self->base;
  NzImage *image = nz_image_new(store, request->source);
  image->name = nz_printable(request->path, -1);
  NzLayer *layer = g_new0(NzLayer, 1);
  layer->size = -1;
  g_ptr_array_add(image->layers, layer);
  g_ptr_array_add(images, image);
  return TRUE;
}

const NzTransport nz_transport_dir = {"dir", "a root filesystem in a directory", open_rootdir};
