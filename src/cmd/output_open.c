/* SPDX-License-Identifier: Apache-2.0 */
/* Opening one output, and finding out beforehand what would go wrong at the end. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/output_private.h"
#include "core/text.h"

/* Room that a file's system must have when we begin: enough for the report of an image that passes.
 */
#define ROOM ((off_t)4096)

/* The descriptor that a path stands for: it is written on where it is, which opening the file again
 * by that name would not do. -1: none. */
static int
named_descriptor(const char *path)
{
  static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
  if (strcmp(path, "/dev/stdout") == 0)
    return STDOUT_FILENO;
  if (strcmp(path, "/dev/stderr") == 0)
    return STDERR_FILENO;
  for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
    const char *number = path + strlen(folders[i]);
    gint64 fd;
    if (g_str_has_prefix(path, folders[i]) &&
        nz_parse_int(number, strlen(number), &fd) == NZ_INT_OK && fd >= 0 && fd <= G_MAXINT)
      return (int)fd;
  }
  return -1;
}

static int
duplicate(int fd)
{
  int flags = fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) {
    errno = EBADF;
    return -1;
  }
  return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/* /dev/full says so to a write of nothing. */
static int
open_special(const char *path, const struct stat *st)
{
  int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (fd >= 0 && S_ISCHR(st->st_mode) && write(fd, "", 0) < 0) {
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
  }
  return fd;
}

/* What would only be found out at the end: a file that may not be written, a full device. ST is the
 * file's, or NULL where there is none yet. */
static gboolean
prepare_temporary(Output *self, int fd, const struct stat *st)
{
  if (st) {
    int old = open(self->final, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    if (old < 0)
      return FALSE;
    close(old);
    /* It keeps its owner where we may give files away, and who may read it. */
    if (fchown(fd, st->st_uid, st->st_gid) == 0 || st->st_uid == geteuid())
      fchmod(fd, st->st_mode & 0777);
  }
  if (fallocate(fd, 0, 0, ROOM) == 0)
    return ftruncate(fd, 0) == 0;
  return errno != ENOSPC && errno != EDQUOT; /* others: cannot be asked here */
}

/* Beside the file, so that it can be renamed. A link stays, and what it leads to is replaced. */
static int
open_temporary(Output *self, const struct stat *st)
{
  g_autofree char *real = st ? realpath(self->path, NULL) : NULL;
  struct stat link;
  if (!st && lstat(self->path, &link) == 0) {
    errno = ENOENT; /* a link to nothing */
    return -1;
  }
  if (st && !real)
    return -1;
  self->final = g_strdup(real ? real : self->path);
  g_autofree char *dir = g_path_get_dirname(self->final);
  g_autofree char *temporary = g_build_filename(dir, ".nonzero-XXXXXX", NULL);
  int fd = g_mkstemp_full(temporary, O_WRONLY | O_CLOEXEC, 0666);
  if (fd < 0)
    return -1;
  self->temporary = g_steal_pointer(&temporary);
  if (prepare_temporary(self, fd, st))
    return fd;
  int saved = errno;
  close(fd);
  errno = saved;
  return -1;
}

gboolean
nz_output_is_file(const Output *self)
{
  struct stat st;
  return self->path && named_descriptor(self->path) < 0 &&
         (stat(self->path, &st) < 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

static int
open_path(Output *self)
{
  struct stat st;
  int named = named_descriptor(self->path);
  if (named >= 0)
    return duplicate(named);
  if (stat(self->path, &st) < 0)
    return errno == ENOENT ? open_temporary(self, NULL) : -1;
  if (S_ISDIR(st.st_mode)) {
    errno = EISDIR;
    return -1;
  }
  return S_ISREG(st.st_mode) ? open_temporary(self, &st) : open_special(self->path, &st);
}

gboolean
nz_output_open(Output *self, GError **error)
{
  if (!self->path) {
    self->out = stdout;
    return TRUE;
  }
  int fd = open_path(self);
  /* Where standard output was closed, a file must not take its number. */
  if (fd >= 0 && fd <= STDERR_FILENO) {
    int low = fd;
    fd = fcntl(low, F_DUPFD_CLOEXEC, 3);
    close(low);
  }
  self->out = fd < 0 ? NULL : fdopen(fd, "w");
  if (!self->out)
    nz_set_errno(error, errno, "cannot write %s", self->shown);
  return self->out != NULL;
}
