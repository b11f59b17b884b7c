/* SPDX-License-Identifier: Apache-2.0 */
/* An archive's headers to the end. The first byte says how the bytes arrive and what is done with
 * the bodies: skipped, read, or read as a blob of their own. */
#include "image/tar.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

#define BODY_MAX ((gsize)1024 * 1024)

static void
check_header(const NzTarHeader *h)
{
  if (!h->name || !h->linkname || h->size < 0 || (h->capability && h->capability_len == 0))
    g_error("a header that no reader may be given");
}

/* FALSE: the body cannot be read, and so the archive cannot be read further. */
static gboolean
read_body(NzTar *tar, guint how)
{
  g_autoptr(GError) error = NULL;
  if (how == 1) {
    g_autoptr(GBytes) body = nz_tar_read_body(tar, BODY_MAX, &error);
    if ((body == NULL) != (error != NULL) || (body && g_bytes_get_size(body) > BODY_MAX))
      g_error("a body without bounds, or an error without a message");
    return body || error->code == NZ_ERROR_LIMIT;
  }
  if (how == 2) {
    guint64 offset, length;
    if (!nz_tar_body_extent(tar, &offset, &length, &error))
      return error != NULL;
    g_autoptr(NzStream) body = nz_tar_open_body(tar);
    /* As a blob's reader does: all of it, or nothing more of this archive. */
    return nz_stream_skip(body, length, &error) == (gint64)length;
  }
  return TRUE;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  if (size == 0)
    return 0;
  g_autoptr(NzStream) whole = nz_memory_stream_new(data + 1, size - 1);
  g_autoptr(NzStream) stream = nz_slice_stream_new(whole, size - 1);
  g_autoptr(NzTar) tar = nz_tar_new(stream);
  g_autoptr(GError) error = NULL;
  NzTarHeader h;
  int got;
  guint64 last_offset = 0;
  while ((got = nz_tar_next(tar, &h, &error)) == 1) {
    guint64 offset, length;
    if (!nz_tar_body_extent(tar, &offset, &length, NULL))
      continue;
    if (offset <= last_offset || offset > size)
      g_error("the archive runs backwards");
    last_offset = offset;
    if (h.type == NZ_TAR_GLOBAL)
      continue;
    check_header(&h);
    if (!read_body(tar, data[0] % 3))
      return 0;
  }
  if ((got < 0) != (error != NULL))
    g_error("an error without a message, or the other way round");
  return 0;
}
