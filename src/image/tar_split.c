/* SPDX-License-Identifier: Apache-2.0 */
/* tar-split's lines -> the archive (vbatts/tar-split, tar/asm/assemble.go):
 *
 *   archive := ( raw bytes | body )*
 *
 * Raw bytes are all that was no body: headers with what extends them, the padding of the body
 * before, the blocks at the end. All lines in their order give the archive; what is checked here
 * besides is that each body takes as many bytes as the header before it says, which a line's "size"
 * is not:
 *
 *   - of an entry that has no body (a link whose header has a size), it is the header's number, and
 *     nothing stands in the archive;
 *   - of a sparse file it is the size with the holes, and only what is between them stands there.
 *     tar-split itself puts such archives together wrongly; here only the map of PAX 1.0, which it
 *     does not keep, is an error.
 *
 * One header block with nothing before it says so itself; all others are given to the reader of tar
 * headers, whose answer is the one that counts below. */
#include "image/tar_split.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/tar_private.h"
#include "image/tar_split_line.h"

typedef struct {
  char *name;
  guint64 size;    /* of the file */
  guint64 crc;     /* that it must have */
  guint64 left;    /* bytes still to come in the archive */
  guint64 at;      /* where they begin in the file */
  GArray *extents; /* of a sparse file: NzSparseExtent, the current one first; or NULL */
  int fd;          /* -1: not opened yet */
  gboolean whole;  /* nothing of it was skipped, and there are no holes */
  guint64 read_crc;
} Body;

typedef struct {
  NzStream base;
  NzStream *json;
  NzOpenBody open_body;
  gpointer data;
  NzControl *control;

  GByteArray *partial;  /* the beginning of a line whose end is in the next chunk */
  NzSplitLine lines[2]; /* the last and the one before, in turn */
  guint64 n_lines;
  const guint8 *raw; /* of the last line, not handed out yet */
  gsize n_raw;

  GByteArray *head; /* raw bytes since the last body, without those of the last line */
  guint n_head_lines;
  guint padding; /* at their start */

  Body body;
  guint8 *buf;
} SplitStream;

/* --- lines --- */

static gboolean
set_line_limit(GError **error)
{
  g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "more than %u MiB",
              (guint)(NZ_TAR_SPLIT_LINE_MAX >> 20));
  return FALSE;
}

/* The next line, without its end. 1, 0 at the end, -1 on error. It stays as it is until the next
 * call. */
static int
read_line(SplitStream *self, const char **text, gsize *len, GError **error)
{
  g_byte_array_set_size(self->partial, 0);
  for (;;) {
    const guint8 *data;
    gssize got = nz_stream_peek(self->json, &data, error);
    if (got < 0)
      return -1;
    if (got == 0 && self->partial->len == 0)
      return 0;
    const guint8 *newline = got > 0 ? memchr(data, '\n', (gsize)got) : NULL;
    gsize n = newline ? (gsize)(newline - data) : (gsize)got;
    if (got == 0 || self->partial->len + n > NZ_TAR_SPLIT_LINE_MAX) {
      if (got == 0)
        nz_set_input(error, "cut off");
      else
        set_line_limit(error);
      return -1;
    }
    nz_stream_take(self->json, newline ? n + 1 : n);
    if (newline && self->partial->len == 0) {
      *text = (const char *)data;
      *len = n;
      return 1;
    }
    g_byte_array_append(self->partial, data, (guint)n);
    if (newline) {
      *text = (const char *)self->partial->data;
      *len = self->partial->len;
      return 1;
    }
  }
}

/* --- the header before a body --- */

/* The whole header, when it is one block of a regular file, and says SIZE itself. */
static gboolean
is_plain_header(const SplitStream *self, const NzSplitLine *before, guint64 size)
{
  enum { SIZE_AT = 124, SIZE_LEN = 12, TYPE_AT = 156 };
  gint64 stated;
  if (self->n_head_lines != 1 || before->n_raw != self->padding + 512)
    return FALSE;
  const guint8 *block = before->raw + self->padding;
  return block[TYPE_AT] == NZ_TAR_FILE && nz_tar_parse_number(block + SIZE_AT, SIZE_LEN, &stated) &&
         stated == (gint64)size;
}

/* Takes over the sparse map of TAR. FALSE: its pieces are not what the archive has. */
static gboolean
set_extents(Body *body, NzTar *tar)
{
  guint64 sum = 0;
  for (guint i = 0; i < tar->sparse->len; i++)
    sum += (guint64)g_array_index(tar->sparse, NzSparseExtent, i).length;
  if (sum != body->left || (guint64)tar->size != body->size)
    return FALSE;
  body->extents = g_steal_pointer(&tar->sparse);
  body->whole = FALSE;
  return TRUE;
}

/* How much of the body is in the archive, by the reader of headers. */
static gboolean
measure_body(SplitStream *self, const NzSplitLine *before, GError **error)
{
  Body *body = &self->body;
  if (self->n_head_lines > 0 && self->head->len <= NZ_TAR_SPLIT_LINE_MAX)
    g_byte_array_append(self->head, before->raw, (guint)before->n_raw);
  if (self->head->len < self->padding || self->head->len > NZ_TAR_SPLIT_LINE_MAX)
    return nz_set_input(error, "a file without a header");
  g_autoptr(NzStream) bytes =
      nz_memory_stream_new(self->head->data + self->padding, self->head->len - self->padding);
  g_autoptr(NzTar) tar = nz_tar_new(bytes);
  NzTarHeader h;
  int got = nz_tar_next(tar, &h, error);
  if (got < 0)
    return FALSE;
  if (got == 0)
    return nz_set_input(error, "a file after the end of the archive");
  body->left = tar->body_left;
  if (tar->sparse ? set_extents(body, tar) : body->left == 0 || body->left == body->size)
    return TRUE;
  return nz_set_input(error, "its size is not what its header says");
}

/* --- bodies --- */

static void
body_end(Body *self)
{
  if (self->fd >= 0)
    close(self->fd);
  self->fd = -1;
  self->left = 0;
  g_clear_pointer(&self->name, g_free);
  g_clear_pointer(&self->extents, g_array_unref);
}

static gboolean
body_begin(SplitStream *self, const NzSplitLine *line, const NzSplitLine *before, GError **error)
{
  Body *body = &self->body;
  *body = (Body){.size = line->size,
                 .left = line->size,
                 .crc = line->crc,
                 .fd = -1,
                 .whole = TRUE,
                 .name = line->size > 0 ? g_strndup(line->name->str, line->name->len) : NULL};
  if (line->size > 0 && !is_plain_header(self, before, line->size) &&
      !measure_body(self, before, error))
    return FALSE;
  self->padding = (guint)(-body->left & 511);
  self->n_head_lines = 0;
  g_byte_array_set_size(self->head, 0);
  if (body->left == 0)
    body_end(body);
  return TRUE;
}

static gboolean
set_changed(const Body *self, const char *what, GError **error)
{
  g_autofree char *shown = nz_printable(self->name, -1);
  return nz_set_input(error, "%s is not the file of the image any more: %s", shown, what);
}

static gboolean
body_open(SplitStream *self, GError **error)
{
  Body *body = &self->body;
  struct stat st;
  body->fd = self->open_body(self->data, body->name, body->size, error);
  if (body->fd < 0)
    return FALSE;
  if (fstat(body->fd, &st) < 0 || !S_ISREG(st.st_mode))
    return set_changed(body, "no regular file", error);
  if ((guint64)st.st_size != body->size)
    return set_changed(body, "its size has changed", error);
  return TRUE;
}

/* N bytes of it are done. The extents that are complete go. */
static void
body_pass(Body *self, guint64 n)
{
  self->left -= n;
  self->at += n;
  while (self->extents && self->extents->len > 0) {
    NzSparseExtent *first = &g_array_index(self->extents, NzSparseExtent, 0);
    guint64 step = MIN(n, (guint64)first->length);
    first->offset += (gint64)step;
    first->length -= (gint64)step;
    n -= step;
    self->at = (guint64)first->offset;
    if (first->length > 0)
      break;
    g_array_remove_index(self->extents, 0);
  }
}

static gssize
body_read(SplitStream *self, guint8 *buf, gsize n, GError **error)
{
  Body *body = &self->body;
  if (body->fd < 0 && !body_open(self, error))
    return -1;
  body_pass(body, 0); /* to the first extent */
  guint64 most = body->left;
  if (body->extents && body->extents->len > 0)
    most = (guint64)g_array_index(body->extents, NzSparseExtent, 0).length;
  gssize got;
  do
    got = pread(body->fd, buf, (gsize)MIN((guint64)n, most), (off_t)body->at);
  while (got < 0 && errno == EINTR);
  if (got < 0) {
    g_autofree char *shown = nz_printable(body->name, -1);
    nz_set_errno(error, errno, "cannot read %s", shown);
    return -1;
  }
  if (got == 0) {
    set_changed(body, "it is shorter", error);
    return -1;
  }
  if (body->whole)
    body->read_crc = nz_crc64(body->read_crc, buf, (gsize)got);
  body_pass(body, (guint64)got);
  if (body->left > 0)
    return got;
  if (body->whole && body->read_crc != body->crc) {
    set_changed(body, "its content has changed", error);
    return -1;
  }
  body_end(body);
  return got;
}

/* --- the stream --- */

/* Goes on to the next line. 1, 0 at the end, -1 on error. */
static int
advance(SplitStream *self, GError **error)
{
  const char *text;
  gsize len;
  int got = read_line(self, &text, &len, error);
  if (got == 0 && self->n_lines > 0)
    return 0;
  if (got == 0) { /* what a crash leaves of it; even an empty archive has a line */
    nz_set_input(error, "tar-split: it is empty");
    return -1;
  }
  NzSplitLine *before = &self->lines[self->n_lines & 1], *line = &self->lines[~self->n_lines & 1];
  gboolean ok = got > 0 && nz_split_line_parse(line, text, len, self->n_lines, error);
  if (ok && line->type == NZ_SPLIT_BODY) {
    ok = body_begin(self, line, before, error);
  } else if (ok) {
    if (self->n_head_lines++ > 0 && self->head->len <= NZ_TAR_SPLIT_LINE_MAX)
      g_byte_array_append(self->head, before->raw, (guint)before->n_raw);
    self->raw = line->raw;
    self->n_raw = line->n_raw;
  }
  self->n_lines++;
  if (!ok)
    g_prefix_error(error, "tar-split, line %" G_GUINT64_FORMAT ": ", self->n_lines);
  return ok ? 1 : -1;
}

/* To where bytes are to be had. 1, 0 at the end, -1 on error. */
static int
settle(SplitStream *self, GError **error)
{
  int got = 1;
  while (got == 1 && self->n_raw == 0 && self->body.left == 0) {
    if (nz_control_stopped(self->control, error))
      return -1;
    got = advance(self, error);
  }
  return got;
}

static gssize
split_read(NzStream *base, guint8 *buf, gsize n, GError **error)
{
  SplitStream *self = (SplitStream *)base;
  int got = settle(self, error);
  if (got <= 0)
    return got;
  gssize done;
  if (self->n_raw > 0) {
    done = (gssize)MIN(n, self->n_raw);
    memcpy(buf, self->raw, (gsize)done);
    self->raw += done;
    self->n_raw -= (gsize)done;
  } else {
    done = nz_control_stopped(self->control, error) ? -1 : body_read(self, buf, n, error);
  }
  if (done > 0)
    nz_control_count(self->control, done);
  return done;
}

static gssize
split_next(NzStream *base, const guint8 **data, GError **error)
{
  SplitStream *self = (SplitStream *)base;
  int got = settle(self, error);
  if (got <= 0)
    return got;
  if (self->n_raw == 0) {
    if (!self->buf)
      self->buf = g_malloc(NZ_CHUNK_SIZE);
    *data = self->buf;
    return split_read(base, self->buf, NZ_CHUNK_SIZE, error);
  }
  gsize n = self->n_raw;
  *data = self->raw;
  self->n_raw = 0;
  nz_control_count(self->control, (gssize)n);
  return (gssize)n;
}

static gint64
split_skip(NzStream *base, guint64 n, GError **error)
{
  SplitStream *self = (SplitStream *)base;
  guint64 left = n;
  while (left > 0) {
    int got = settle(self, error);
    if (got < 0)
      return -1;
    if (got == 0)
      break;
    guint64 step = MIN(left, self->n_raw > 0 ? self->n_raw : self->body.left);
    if (self->n_raw > 0) {
      self->raw += step;
      self->n_raw -= (gsize)step;
    } else {
      self->body.whole = FALSE;
      body_pass(&self->body, step);
      if (self->body.left == 0)
        body_end(&self->body);
    }
    left -= step;
    nz_control_count(self->control, (gssize)step);
  }
  return (gint64)(n - left);
}

static void
split_free(NzStream *base)
{
  SplitStream *self = (SplitStream *)base;
  body_end(&self->body);
  nz_split_line_clear(&self->lines[0]);
  nz_split_line_clear(&self->lines[1]);
  g_byte_array_unref(self->partial);
  g_byte_array_unref(self->head);
  nz_stream_free(self->json);
  g_free(self->buf);
  g_free(self);
}

static const NzStreamClass split_class = {
    .next = split_next, .read = split_read, .skip = split_skip, .free = split_free};

NzStream *
nz_tar_split_stream_new(NzStream *json, NzOpenBody open_body, gpointer data, NzControl *control)
{
  SplitStream *self = g_new0(SplitStream, 1);
  nz_stream_init(&self->base, &split_class);
  self->json = json;
  self->open_body = open_body;
  self->data = data;
  self->control = control;
  self->partial = g_byte_array_new();
  self->head = g_byte_array_new();
  nz_split_line_init(&self->lines[0]);
  nz_split_line_init(&self->lines[1]);
  self->body.fd = -1;
  return &self->base;
}
