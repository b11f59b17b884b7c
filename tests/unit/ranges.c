/* SPDX-License-Identifier: Apache-2.0 */
#include "ranges.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static GBytes *
read_range(NzRanges *base, guint64 offset, gsize length, GError **error)
{
  CountedRanges *self = (CountedRanges *)base;
  self->n_bytes += length;
  self->n_requests++;
  g_assert_cmpuint(offset, <=, base->size);
  g_assert_cmpuint(length, <=, base->size - offset);
  /* Memory of its own size, so that a reader that goes past it is seen. */
  g_autofree guint8 *copy = g_malloc(length);
  if (self->data)
    memcpy(copy, self->data + offset, length);
  else if (pread(self->fd, copy, length, (off_t)offset) != (gssize)length)
    return nz_set_input(error, "cannot read the file") ? NULL : NULL;
  return g_bytes_new_take(g_steal_pointer(&copy), length);
}

void
ranges_init_memory(CountedRanges *self, const void *data, gsize len)
{
  *self = (CountedRanges){.base = {.size = len, .read = read_range}, .fd = -1, .data = data};
}

void
ranges_init_file(CountedRanges *self, int fd)
{
  struct stat st = {0};
  g_assert_no_errno(fstat(fd, &st));
  *self = (CountedRanges){.base = {.size = (guint64)st.st_size, .read = read_range}, .fd = fd};
}
