/* SPDX-License-Identifier: Apache-2.0 */
/* gzip by ISA-L: any number of members, one after the other (RFC 1952). Each member's CRC is
 * checked.
 *
 * ISA-L keeps up to eight bytes of input in its bit buffer and gives back what it did not need, by
 * moving next_in backwards, when a member ends. After output that was full, those bytes may belong
 * to the input of the call before, so the last bytes of each input are kept. */
#include <string.h>

#include <isa-l/igzip_lib.h>

#include "image/compression.h"

#define TAIL 8

typedef struct {
  struct inflate_state state;
  gboolean finished; /* between two members */
  guint8 tail[TAIL]; /* the last bytes of all input so far, right-aligned */
  gsize n_again;     /* how many of them must be read again */
} Gzip;

static gboolean
gzip_detect(const guint8 *data, gsize n)
{
  return n >= 3 && data[0] == 0x1f && data[1] == 0x8b && data[2] == 8;
}

static void
begin_member(Gzip *self)
{
  isal_inflate_reset(&self->state);
  self->state.crc_flag = ISAL_GZIP;
  self->finished = FALSE;
}

static gpointer
gzip_create(void)
{
  Gzip *self = g_new0(Gzip, 1);
  isal_inflate_init(&self->state);
  begin_member(self);
  return self;
}

static const char *
message_of(int result)
{
  switch (result) {
  case ISAL_INVALID_BLOCK:
    return "invalid block";
  case ISAL_INVALID_SYMBOL:
    return "invalid symbol";
  case ISAL_INVALID_LOOKBACK:
    return "distance too far back";
  case ISAL_INVALID_WRAPPER:
    return "what follows is no gzip member";
  case ISAL_UNSUPPORTED_METHOD:
    return "unknown method";
  case ISAL_INCORRECT_CHECKSUM:
    return "wrong CRC or length";
  default:
    return "invalid data";
  }
}

static void
remember_tail(Gzip *self, const guint8 *in, gsize n)
{
  if (n >= TAIL) {
    memcpy(self->tail, in + n - TAIL, TAIL);
  } else if (n > 0) {
    memmove(self->tail, self->tail + n, TAIL - n);
    memcpy(self->tail + TAIL - n, in, n);
  }
}

/* Feeds IN and returns how many of its bytes were used up: negative when earlier ones came back. */
static gssize
feed(Gzip *self, const guint8 *in, gsize n, guint8 **out, gsize *n_out, int *result)
{
  struct inflate_state *state = &self->state;
  state->next_in = (guint8 *)in;
  state->avail_in = (guint32)n;
  state->next_out = *out;
  state->avail_out = (guint32)*n_out;
  *result = isal_inflate(state);
  *out = state->next_out;
  *n_out = state->avail_out;
  if (*result < 0 || *result == ISAL_NEED_DICT)
    return 0;
  return (gssize)n - (gssize)(gint32)state->avail_in;
}

static NzCodecStatus
gzip_step(gpointer codec, const guint8 **in, gsize *n_in, guint8 **out, gsize *n_out,
          const char **message)
{
  Gzip *self = codec;
  int result = ISAL_DECOMP_OK;
  if (self->finished) {
    if (*n_in + self->n_again == 0)
      return NZ_CODEC_FRAME_END;
    begin_member(self);
  }
  if (self->n_again > 0) {
    gsize n = self->n_again;
    gssize used = feed(self, self->tail + TAIL - n, n, out, n_out, &result);
    self->n_again = (gsize)((gssize)n - used);
  } else {
    gsize n = MIN(*n_in, (gsize)G_MAXUINT32);
    gssize used = feed(self, *in, n, out, n_out, &result);
    if (used < 0) {
      self->n_again = (gsize)-used;
      used = 0;
    }
    remember_tail(self, *in, (gsize)used);
    if (used)
      *in += used;
    *n_in -= (gsize)used;
  }
  if (result < 0 || result == ISAL_NEED_DICT || self->n_again > TAIL) {
    *message = message_of(result);
    return NZ_CODEC_ERROR;
  }
  if (self->state.block_state != ISAL_BLOCK_FINISH)
    return NZ_CODEC_MORE;
  self->finished = TRUE;
  return self->n_again > 0 ? NZ_CODEC_MORE : NZ_CODEC_FRAME_END;
}

static void
gzip_free(gpointer codec)
{
  g_free(codec);
}

const NzCodec nz_codec_gzip = {"gzip", gzip_detect, gzip_create, gzip_step, gzip_free};
