/* SPDX-License-Identifier: Apache-2.0 */
/* gzip by zlib, where ISA-L does not build: half as fast, otherwise the same. */
#include <zlib.h>

#include "image/compression.h"

typedef struct {
  z_stream z;
  gboolean finished;
} Gzip;

static gboolean
gzip_detect(const guint8 *data, gsize n)
{
  return n >= 3 && data[0] == 0x1f && data[1] == 0x8b && data[2] == 8;
}

static gpointer
gzip_create(void)
{
  Gzip *self = g_new0(Gzip, 1);
  if (inflateInit2(&self->z, 15 + 16) != Z_OK) /* 16: a gzip wrapper and nothing else */
    g_error("out of memory");
  return self;
}

static NzCodecStatus
gzip_step(gpointer codec, const guint8 **in, gsize *n_in, guint8 **out, gsize *n_out,
          const char **message)
{
  Gzip *self = codec;
  if (self->finished) {
    if (*n_in == 0)
      return NZ_CODEC_FRAME_END;
    inflateReset(&self->z);
    self->finished = FALSE;
  }
  self->z.next_in = (guint8 *)*in;
  self->z.avail_in = (uInt)MIN(*n_in, (gsize)G_MAXUINT32);
  self->z.next_out = *out;
  self->z.avail_out = (uInt)*n_out;
  uInt before = self->z.avail_in;
  int result = inflate(&self->z, Z_NO_FLUSH);
  gsize used = before - self->z.avail_in;
  *in += used;
  *n_in -= used;
  *out = self->z.next_out;
  *n_out = self->z.avail_out;
  if (result == Z_STREAM_END) {
    self->finished = TRUE;
    return NZ_CODEC_FRAME_END;
  }
  if (result == Z_OK || result == Z_BUF_ERROR)
    return NZ_CODEC_MORE;
  *message = self->z.msg ? self->z.msg : "invalid data";
  return NZ_CODEC_ERROR;
}

static void
gzip_free(gpointer codec)
{
  Gzip *self = codec;
  inflateEnd(&self->z);
  g_free(self);
}

const NzCodec nz_codec_gzip = {
    .name = "gzip",
    .detect = gzip_detect,
    .create = gzip_create,
    .step = gzip_step,
    .free = gzip_free,
};
