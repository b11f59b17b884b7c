/* SPDX-License-Identifier: Apache-2.0 */
/* zstd: any number of frames and skippable frames, one after the other (RFC 8878). */
#include <string.h>

#include <zstd.h>

#include "core/limits.h"
#include "image/compression.h"

static gboolean
zstd_detect(const guint8 *d, gsize n)
{
  if (n < 4)
    return FALSE;
  gboolean frame = memcmp(d, "\x28\xb5\x2f\xfd", 4) == 0;
  gboolean skippable = (d[0] & 0xf0) == 0x50 && memcmp(d + 1, "\x2a\x4d\x18", 3) == 0;
  return frame || skippable;
}

static gpointer
zstd_create(void)
{
  ZSTD_DCtx *context = ZSTD_createDCtx();
  if (!context)
    g_error("out of memory");
  ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, NZ_ZSTD_WINDOW_LOG_MAX);
  return context;
}

static NzCodecStatus
zstd_step(gpointer codec, const guint8 **in, gsize *n_in, guint8 **out, gsize *n_out,
          const char **message)
{
  ZSTD_inBuffer input = {*in, *n_in, 0};
  ZSTD_outBuffer output = {*out, *n_out, 0};
  size_t result = ZSTD_decompressStream(codec, &output, &input);
  if (ZSTD_isError(result)) {
    *message = ZSTD_getErrorName(result);
    return NZ_CODEC_ERROR;
  }
  *in += input.pos;
  *n_in -= input.pos;
  *out += output.pos;
  *n_out -= output.pos;
  return result == 0 ? NZ_CODEC_FRAME_END : NZ_CODEC_MORE;
}

static void
zstd_free(gpointer codec)
{
  ZSTD_freeDCtx(codec);
}

const NzCodec nz_codec_zstd = {
    .name = "zstd",
    .detect = zstd_detect,
    .create = zstd_create,
    .step = zstd_step,
    .free = zstd_free,
};
