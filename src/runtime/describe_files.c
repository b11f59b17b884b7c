/* SPDX-License-Identifier: Apache-2.0 */
/* Files of engines, read without being led astray or made to wait. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/openat2.h"
#include "core/text.h"
#include "runtime/describe_private.h"

GBytes *
nz_state_read_fd(int fd, gsize max, GError **error)
{
  struct stat st;
  /* A FIFO or device would block, or have no end. */
  if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
    nz_set_input(error, "no regular file");
    return NULL;
  }
  if ((guint64)st.st_size > max) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "more than %" G_GSIZE_FORMAT " KiB", max >> 10);
    return NULL;
  }
  gsize size = (gsize)st.st_size, done = 0;
  g_autofree guint8 *data = g_malloc(size + 1);
  while (done < size) {
    gssize n = pread(fd, data + done, size - done, (off_t)done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      nz_set_errno(error, errno, "cannot read");
      return NULL;
    }
    if (n == 0)
      break;
    done += (gsize)n;
  }
  return g_bytes_new_take(g_steal_pointer(&data), done);
}

static gboolean
is_gone(int errnum)
{
  return errnum == ENOENT || errnum == ENOTDIR;
}

GBytes *
nz_state_read(const NzEnginePlaces *places, const char *dir, const char *below, gsize max,
              GError **error)
{
  g_autofree char *path = g_strconcat(places->root, dir, NULL);
  g_autofree char *shown = NULL;
  int base = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  int fd = base < 0 ? -1
                    : nz_openat2(base, below, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                                 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  int failed = errno;
  if (base >= 0)
    close(base);
  if (fd < 0 && is_gone(failed))
    return NULL;
  g_autoptr(GBytes) bytes = NULL;
  if (fd < 0) {
    nz_set_errno(error, failed, "cannot open");
  } else {
    bytes = nz_state_read_fd(fd, max, error);
    close(fd);
  }
  if (!bytes) {
    g_autofree char *whole = g_build_filename(path, below, NULL);
    shown = nz_printable(whole, -1);
    g_prefix_error(error, "%s: ", shown);
  }
  return g_steal_pointer(&bytes);
}

NzJson *
nz_state_read_json(const NzEnginePlaces *places, const char *dir, const char *below, GError **error)
{
  g_autoptr(GBytes) bytes = nz_state_read(places, dir, below, NZ_JSON_MAX, error);
  if (!bytes)
    return NULL;
  g_autoptr(NzJson) json = nz_json_parse(bytes, error);
  if (json && json_is_object(json))
    return g_steal_pointer(&json);
  if (json)
    nz_set_input(error, "no JSON object");
  g_autofree char *whole = g_build_filename(dir, below, NULL);
  g_autofree char *shown = nz_printable(whole, -1);
  g_prefix_error(error, "%s: ", shown);
  return NULL;
}

void
nz_facts_take(char **field, const char *text)
{
  if (*field || !text || !*text)
    return;
  *field = nz_printable(text, (gssize)strnlen(text, NZ_STATE_TEXT_MAX));
}

void
nz_facts_fail(NzContainerFacts *self, GError *error)
{
  if (!error)
    return;
  if (!self->why)
    self->why = g_strdup(error->message);
  g_error_free(error);
}
