/* SPDX-License-Identifier: Apache-2.0 */
#include "image/compression.h"

#include <string.h>

#include "core/limits.h"

static gboolean
is_bzip2(const guint8 *data, gsize n)
{
  return n >= 3 && memcmp(data, "BZh", 3) == 0;
}

static gboolean
is_xz(const guint8 *data, gsize n)
{
  return n >= 6 && memcmp(data,
                          "\xfd"
                          "7zXZ\0",
                          6) == 0;
}

static const NzCodec codec_bzip2 = {.name = "bzip2", .detect = is_bzip2};
static const NzCodec codec_xz = {.name = "xz", .detect = is_xz};

static const NzCodec *const codecs[] = {&nz_codec_gzip, &nz_codec_zstd, &codec_bzip2, &codec_xz};

const NzCodec *
nz_compression_detect(const guint8 *data, gsize n)
{
  for (gsize i = 0; i < G_N_ELEMENTS(codecs); i++)
    if (codecs[i]->detect(data, n))
      return codecs[i];
  return NULL;
}

const char *
nz_compression_name(const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS(codecs); i++)
    if (strcmp(codecs[i]->name, name) == 0)
      return codecs[i]->name;
  return NULL;
}

void
nz_compression_prepare(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(codecs); i++)
    if (codecs[i]->open)
      codecs[i]->open(NULL);
}

typedef struct {
  NzStream base;
  NzStream *parent;
  const NzCodec *codec;
  gpointer state;
  gboolean in_frame; /* the input must not end here */
  gboolean flushing; /* the last output was full: there may be more without input */
  guint ratio;
  guint64 total_out;
  guint8 buf[NZ_CHUNK_SIZE];
} InflateStream;

static gboolean
is_bomb(InflateStream *self, GError **error)
{
  guint64 in = self->parent->position;
  if (self->ratio == 0 || self->total_out < NZ_BOMB_FREE || self->total_out / self->ratio <= in)
    return FALSE;
  g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
              "%" G_GUINT64_FORMAT " bytes of %s data inflate to more than %u times as many, as a "
              "decompression bomb does; if you trust it, allow more with --max-ratio",
              in, self->codec->name, self->ratio);
  return TRUE;
}

static gssize
inflate_next(NzStream *base, const guint8 **data, GError **error)
{
  InflateStream *self = (InflateStream *)base;
  guint8 *out = self->buf;
  gsize room = sizeof self->buf;
  guint stalls = 0; /* steps that moved nothing: a codec may need a few between two members */
  while (room == sizeof self->buf) {
    const guint8 *in = NULL;
    gssize got = 0;
    if (!self->flushing) {
      got = nz_stream_peek(self->parent, &in, error);
      if (got < 0)
        return -1;
      if (got == 0) {
        if (!self->in_frame)
          return 0;
        nz_set_input(error, "the %s data is truncated", self->codec->name);
        return -1;
      }
    }
    gsize left = (gsize)got;
    const char *message = NULL;
    NzCodecStatus status = self->codec->step(self->state, &in, &left, &out, &room, &message);
    gsize taken = (gsize)got - left;
    if (taken > 0)
      nz_stream_take(self->parent, taken);
    stalls = taken == 0 && room == sizeof self->buf ? stalls + 1 : 0;
    if (status == NZ_CODEC_ERROR || stalls > 8) {
      nz_set_input(error, "the %s data is corrupt%s%s, near byte %" G_GUINT64_FORMAT,
                   self->codec->name, message ? ": " : "", message ? message : "",
                   self->parent->position);
      return -1;
    }
    self->in_frame = status == NZ_CODEC_MORE;
    self->flushing = status == NZ_CODEC_MORE && room == 0;
  }
  gsize n = sizeof self->buf - room;
  self->total_out += n;
  if (is_bomb(self, error))
    return -1;
  *data = self->buf;
  return (gssize)n;
}

static void
inflate_free(NzStream *base)
{
  InflateStream *self = (InflateStream *)base;
  self->codec->free(self->state);
  nz_stream_free(self->parent);
  g_free(self);
}

static const NzStreamClass inflate_class = {.next = inflate_next, .free = inflate_free};

NzStream *
nz_inflate_stream_new(NzStream *parent, const NzCodec *codec, guint ratio, GError **error)
{
  if (!codec->create) {
    nz_set_input(error,
                 "%s compression is not read here; convert the image with "
                 "`skopeo copy --dest-compress-format gzip`",
                 codec->name);
    nz_stream_free(parent);
    return NULL;
  }
  if (codec->open && !codec->open(error)) {
    nz_stream_free(parent);
    return NULL;
  }
  InflateStream *self = g_new(InflateStream, 1);
  nz_stream_init(&self->base, &inflate_class);
  self->parent = parent;
  self->codec = codec;
  self->state = codec->create();
  self->in_frame = FALSE;
  self->flushing = FALSE;
  self->ratio = ratio;
  self->total_out = 0;
  return &self->base;
}

void
nz_inflate_stream_skip_checksum(NzStream *base)
{
  InflateStream *self = (InflateStream *)base;
  if (self->codec->skip_checksum)
    self->codec->skip_checksum(self->state);
}
