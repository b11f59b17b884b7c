/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/context.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/openat2.h"

static GBytes *
read_all(int fd, gsize size)
{
  /* What grows while it is read is cut at what it was. */
  g_autofree char *data = g_malloc(size + 1);
  gsize n = 0;
  while (n < size) {
    ssize_t got = read(fd, data + n, size - n);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    n += (gsize)got;
  }
  data[n] = '\0';
  return g_bytes_new_take(g_steal_pointer(&data), n);
}

static int
open_below(const char *directory, const char *path, int flags)
{
  int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return -1;
  path += strspn(path, "/");
  int fd = nz_openat2(dir, path, flags | O_CLOEXEC, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
  close(dir);
  return fd;
}

GBytes *
nz_context_read(const char *directory, const char *path)
{
  int fd = open_below(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return NULL;
  struct stat st;
  GBytes *bytes = NULL;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (guint64)st.st_size <= NZ_SOURCE_MAX)
    bytes = read_all(fd, (gsize)st.st_size);
  close(fd);
  return bytes;
}

guint16
nz_context_mode(const char *directory, const char *path)
{
  int fd = open_below(directory, path, O_PATH);
  if (fd < 0)
    return 0;
  struct stat st;
  gboolean regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
  close(fd);
  return regular ? (guint16)(st.st_mode & 07777) : 0;
}
