/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of tar-split to the end of their archive. The first byte says how: all bytes read, or by
 * the reader of tar headers with bodies skipped or read. Bodies are zeros of the size asked for. */
#include "image/tar_split.h"

#include <sys/mman.h>
#include <unistd.h>

#include "image/tar.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

#define BODY_MAX ((gsize)256 * 1024)

static int
open_zeros(gpointer data G_GNUC_UNUSED, const char *name, guint64 size, GError **error)
{
  if (!name || size == 0)
    g_error("a body without a name or a size");
  int fd = size > BODY_MAX ? -1 : memfd_create("body", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, (off_t)size) < 0) {
    if (fd >= 0)
      close(fd);
    nz_set_input(error, "too large");
    return -1;
  }
  return fd;
}

static void
read_bytes(NzStream *stream, GError **error)
{
  const guint8 *bytes;
  gssize n;
  while ((n = nz_stream_peek(stream, &bytes, error)) > 0)
    nz_stream_take(stream, (gsize)n);
}

static void
read_headers(NzStream *stream, gboolean bodies, GError **error)
{
  g_autoptr(NzTar) tar = nz_tar_new(stream);
  NzTarHeader h;
  while (nz_tar_next(tar, &h, error) == 1) {
    if (!bodies)
      continue;
    g_autoptr(GBytes) body = nz_tar_read_body(tar, BODY_MAX, error);
    if (!body)
      return;
  }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  if (size == 0)
    return 0;
  g_autoptr(GError) error = NULL;
  NzStream *json = nz_memory_stream_new(data + 1, size - 1);
  g_autoptr(NzStream) stream = nz_tar_split_stream_new(json, open_zeros, NULL, NULL);
  if (data[0] % 3 == 0)
    read_bytes(stream, &error);
  else
    read_headers(stream, data[0] % 3 == 1, &error);
  if (error && !*error->message)
    g_error("an error without a message");
  return 0;
}
