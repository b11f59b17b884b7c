/* SPDX-License-Identifier: Apache-2.0 */
#include "image/stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"

void
nz_stream_init(NzStream *self, const NzStreamClass *klass)
{
  *self = (NzStream){.klass = klass};
}

void
nz_stream_free(NzStream *self)
{
  if (!self)
    return;
  g_free(self->sniffed);
  self->klass->free(self);
}

gssize
nz_stream_peek(NzStream *self, const guint8 **data, GError **error)
{
  if (self->n_ready == 0 && self->n_held > 0) {
    self->ready = self->held;
    self->n_ready = self->n_held;
    self->n_held = 0;
  }
  if (self->n_ready == 0) {
    gssize n = self->klass->next(self, &self->ready, error);
    if (n <= 0)
      return n;
    self->n_ready = (gsize)n;
  }
  *data = self->ready;
  return (gssize)self->n_ready;
}

void
nz_stream_take(NzStream *self, gsize n)
{
  g_assert(n <= self->n_ready);
  self->ready += n;
  self->n_ready -= n;
  self->position += n;
}

/* Reads shorter than this go through the stream's own buffer. */
#define DIRECT_READ_MIN ((gsize)16 * 1024)

/* One step of reading: some bytes, 0 at the end. */
static gssize
read_some(NzStream *self, guint8 *buf, gsize n, GError **error)
{
  if (n >= DIRECT_READ_MIN && self->n_ready == 0 && self->n_held == 0 && self->klass->read) {
    gssize got = self->klass->read(self, buf, n, error);
    if (got > 0)
      self->position += (guint64)got;
    return got;
  }
  const guint8 *data;
  gssize got = nz_stream_peek(self, &data, error);
  if (got <= 0)
    return got;
  gsize take = MIN((gsize)got, n);
  memcpy(buf, data, take);
  nz_stream_take(self, take);
  return (gssize)take;
}

gssize
nz_stream_read(NzStream *self, void *buf, gsize n, GError **error)
{
  gsize done = 0;
  while (done < n) {
    gssize got = read_some(self, (guint8 *)buf + done, n - done, error);
    if (got < 0)
      return -1;
    if (got == 0)
      break;
    done += (gsize)got;
  }
  return (gssize)done;
}

gint64
nz_stream_skip(NzStream *self, guint64 n, GError **error)
{
  guint64 left = n;
  while (left > 0) {
    if (self->n_ready == 0 && self->n_held == 0 && self->klass->skip) {
      gint64 passed = self->klass->skip(self, left, error);
      if (passed < 0)
        return -1;
      self->position += (guint64)passed;
      return (gint64)(n - left) + passed;
    }
    const guint8 *data;
    gssize got = nz_stream_peek(self, &data, error);
    if (got < 0)
      return -1;
    if (got == 0)
      break;
    gsize take = (gsize)MIN((guint64)got, left);
    nz_stream_take(self, take);
    left -= take;
  }
  return (gint64)(n - left);
}

gssize
nz_stream_sniff(NzStream *self, void *buf, gsize n, GError **error)
{
  g_assert(self->position == 0);
  const guint8 *data = NULL;
  gssize ready = nz_stream_peek(self, &data, error);
  if (ready <= 0)
    return ready;
  /* Enough lies ready; or it was sniffed before, and there is no more. */
  if ((gsize)ready >= n || self->sniffed) {
    memcpy(buf, data, MIN((gsize)ready, n));
    return MIN(ready, (gssize)n);
  }
  g_autofree guint8 *copy = g_malloc(n);
  gssize got = nz_stream_read(self, copy, n, error);
  if (got < 0)
    return -1;
  memcpy(buf, copy, (gsize)got);
  self->position = 0;
  self->held = self->ready;
  self->n_held = self->n_ready;
  self->sniffed = g_steal_pointer(&copy);
  self->ready = self->sniffed;
  self->n_ready = (gsize)got;
  return got;
}

NzStream *
nz_stream_at(NzStream *self, guint64 offset, NzControl *control)
{
  NzStream *other = self->klass->at ? self->klass->at(self, offset, control) : NULL;
  if (other)
    other->position = offset;
  return other;
}

gboolean
nz_control_is_cancelled(NzControl *control)
{
  gboolean cancelled = FALSE;
  for (; control && !cancelled; control = control->parent)
    cancelled = g_atomic_int_get(&control->cancelled) != 0;
  return cancelled;
}

gboolean
nz_control_stopped(NzControl *control, GError **error)
{
  if (!nz_control_is_cancelled(control))
    return FALSE;
  g_set_error_literal(error, NZ_ERROR, NZ_ERROR_CANCELLED, "cancelled");
  return TRUE;
}

void
nz_control_count(NzControl *control, gssize n)
{
  for (; control; control = control->parent)
    g_atomic_pointer_add(&control->bytes_in, n);
}

void
nz_control_expect(NzControl *control, guint64 n)
{
  /* G_MAXINT64 is a reader's way to say "much". */
  if (control && n < G_MAXINT64)
    g_atomic_pointer_set(&control->expected, (gsize)n);
}

/* --- a range of a file ---
 * After a skip the next thing read is a tar header, often followed by a small body and the next
 * header: a short read serves them. Reads that follow each other grow to a whole chunk. */

#define FILE_READ_MIN ((gsize)2 * 1024)

typedef struct {
  NzStream base;
  int fd;
  gboolean own_fd;
  guint64 start, length;
  guint64 offset, left;
  gsize read_size;
  NzControl *control;
  guint8 *buf;
} FileStream;

static gssize
file_read(NzStream *base, guint8 *buf, gsize n, GError **error)
{
  FileStream *self = (FileStream *)base;
  if (self->left == 0)
    return 0;
  if (nz_control_stopped(self->control, error))
    return -1;
  n = (gsize)MIN((guint64)n, self->left);
  gssize got;
  do
    got = pread(self->fd, buf, n, (off_t)self->offset);
  while (got < 0 && errno == EINTR);
  if (got < 0) {
    nz_set_errno(error, errno, "cannot read");
    return -1;
  }
  if (got == 0) {
    nz_set_input(error,
                 "the file is truncated: it ends %" G_GUINT64_FORMAT " bytes before it should",
                 self->left);
    return -1;
  }
  self->offset += (guint64)got;
  self->left -= (guint64)got;
  nz_control_count(self->control, got);
  return got;
}

static gssize
file_next(NzStream *base, const guint8 **data, GError **error)
{
  FileStream *self = (FileStream *)base;
  if (!self->buf)
    self->buf = g_malloc(NZ_CHUNK_SIZE);
  gssize got = file_read(base, self->buf, self->read_size, error);
  self->read_size = MIN(self->read_size * 2, NZ_CHUNK_SIZE);
  *data = self->buf;
  return got;
}

static gint64
file_skip(NzStream *base, guint64 n, GError **error)
{
  FileStream *self = (FileStream *)base;
  if (nz_control_stopped(self->control, error))
    return -1;
  n = MIN(n, self->left);
  self->offset += n;
  self->left -= n;
  self->read_size = FILE_READ_MIN;
  nz_control_count(self->control, (gssize)n);
  return (gint64)n;
}

static void
file_free(NzStream *base)
{
  FileStream *self = (FileStream *)base;
  if (self->own_fd)
    close(self->fd);
  g_free(self->buf);
  g_free(self);
}

static NzStream *
file_at(NzStream *base, guint64 offset, NzControl *control)
{
  const FileStream *self = (const FileStream *)base;
  return nz_file_stream_new(self->fd, FALSE, self->start + offset,
                            self->length - MIN(offset, self->length), control);
}

static const NzStreamClass file_class = {file_next, file_read, file_skip, file_free, file_at};

NzStream *
nz_file_stream_new(int fd, gboolean own_fd, guint64 offset, guint64 length, NzControl *control)
{
  FileStream *self = g_new0(FileStream, 1);
  nz_stream_init(&self->base, &file_class);
  self->fd = fd;
  self->own_fd = own_fd;
  self->start = self->offset = offset;
  self->length = self->left = length;
  self->read_size = FILE_READ_MIN;
  self->control = control;
  return &self->base;
}

/* --- a pipe --- */

typedef struct {
  NzStream base;
  int fd;
  NzControl *control;
  guint8 buf[NZ_CHUNK_SIZE];
} PipeStream;

static gssize
pipe_next(NzStream *base, const guint8 **data, GError **error)
{
  PipeStream *self = (PipeStream *)base;
  if (nz_control_stopped(self->control, error))
    return -1;
  gssize got;
  do
    got = read(self->fd, self->buf, sizeof self->buf);
  while (got < 0 && errno == EINTR);
  if (got < 0) {
    nz_set_errno(error, errno, "cannot read");
    return -1;
  }
  nz_control_count(self->control, got);
  *data = self->buf;
  return got;
}

static void
plain_free(NzStream *base)
{
  g_free(base);
}

static const NzStreamClass pipe_class = {.next = pipe_next, .free = plain_free};

NzStream *
nz_pipe_stream_new(int fd, NzControl *control)
{
  PipeStream *self = g_new(PipeStream, 1);
  nz_stream_init(&self->base, &pipe_class);
  self->fd = fd;
  self->control = control;
  return &self->base;
}

/* --- a slice of another stream --- */

typedef struct {
  NzStream base;
  NzStream *parent;
  guint64 left;
} SliceStream;

static gssize
slice_next(NzStream *base, const guint8 **data, GError **error)
{
  SliceStream *self = (SliceStream *)base;
  if (self->left == 0)
    return 0;
  gssize got = nz_stream_peek(self->parent, data, error);
  if (got < 0)
    return -1;
  if (got == 0) {
    nz_set_input(error,
                 "the archive is truncated: it ends %" G_GUINT64_FORMAT " bytes before it should",
                 self->left);
    return -1;
  }
  gsize n = (gsize)MIN((guint64)got, self->left);
  nz_stream_take(self->parent, n);
  self->left -= n;
  return (gssize)n;
}

static const NzStreamClass slice_class = {.next = slice_next, .free = plain_free};

NzStream *
nz_slice_stream_new(NzStream *parent, guint64 length)
{
  SliceStream *self = g_new0(SliceStream, 1);
  nz_stream_init(&self->base, &slice_class);
  self->parent = parent;
  self->left = length;
  return &self->base;
}

/* --- memory --- */

typedef struct {
  NzStream base;
  const guint8 *data;
  gsize len;
  gboolean given;
} MemoryStream;

static gssize
memory_next(NzStream *base, const guint8 **data, GError **error G_GNUC_UNUSED)
{
  MemoryStream *self = (MemoryStream *)base;
  *data = self->data;
  gssize n = self->given ? 0 : (gssize)self->len;
  self->given = TRUE;
  return n;
}

static NzStream *
memory_at(NzStream *base, guint64 offset, NzControl *control G_GNUC_UNUSED)
{
  const MemoryStream *self = (const MemoryStream *)base;
  gsize passed = (gsize)MIN(offset, self->len);
  return nz_memory_stream_new(self->data + passed, self->len - passed);
}

static const NzStreamClass memory_class = {
    .next = memory_next, .at = memory_at, .free = plain_free};

NzStream *
nz_memory_stream_new(const void *data, gsize len)
{
  MemoryStream *self = g_new0(MemoryStream, 1);
  nz_stream_init(&self->base, &memory_class);
  self->data = data;
  self->len = len;
  return &self->base;
}
