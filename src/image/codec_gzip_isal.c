/* SPDX-License-Identifier: Apache-2.0 */
/* gzip by ISA-L: any number of members, one after the other (RFC 1952). Each member's CRC is
 * checked, unless a digest over all of the bytes is: then header and trailer are passed over here,
 * which saves a twentieth of the time.
 *
 * ISA-L keeps up to eight bytes of input in its bit buffer and gives back what it did not need, by
 * moving next_in backwards, when a member ends. After output that was full, those bytes may belong
 * to the input of the call before, so the last bytes of each input are kept. */
#include <string.h>

#include "image/compression.h"
#include "image/isal.h"

NZ_LIBRARY_DEFINE(nz_isal, "libisal.so.2", NZ_ISAL)

#define TAIL 8

/* Where in a member the next byte stands. With the CRC, ISA-L takes header and trailer by itself.
 */
typedef enum { WHOLE, HEADER, DATA, TRAILER, FINISHED } Phase;

#define TRAILER_SIZE 8 /* CRC and length */

typedef struct {
  struct inflate_state state;
  struct isal_gzip_header header;
  gboolean unchecked;
  Phase phase;
  guint trailer_left;
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
  isal_gzip_header_init(&self->header);
  self->state.crc_flag = self->unchecked ? ISAL_DEFLATE : ISAL_GZIP;
  self->phase = self->unchecked ? HEADER : WHOLE;
  self->trailer_left = TRAILER_SIZE;
}

static void
gzip_skip_checksum(gpointer codec)
{
  Gzip *self = codec;
  self->unchecked = TRUE;
  begin_member(self);
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

/* Takes what STATE shows of its input, as far as the phase goes. Returns ISA-L's result. */
static int
run_phase(Gzip *self)
{
  struct inflate_state *state = &self->state;
  int result = ISAL_DECOMP_OK;
  switch (self->phase) {
  case HEADER:
    result = isal_read_gzip_header(state, &self->header);
    if (result == ISAL_DECOMP_OK)
      self->phase = DATA;
    break;
  case WHOLE:
  case DATA:
    result = isal_inflate(state);
    if (result < 0 || state->block_state != ISAL_BLOCK_FINISH)
      break;
    self->phase = self->phase == WHOLE ? FINISHED : TRAILER;
    /* Whole bytes in the bit buffer, at most eight, are the trailer's first. */
    self->trailer_left = TRAILER_SIZE - MIN(TRAILER_SIZE, (guint)state->read_in_length / 8);
    if (self->phase == TRAILER && self->trailer_left == 0)
      self->phase = FINISHED;
    break;
  case TRAILER: {
    guint n = MIN(self->trailer_left, state->avail_in);
    state->next_in += n;
    state->avail_in -= n;
    self->trailer_left -= n;
    if (self->trailer_left == 0)
      self->phase = FINISHED;
    break;
  }
  case FINISHED:
    break;
  }
  return result;
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
  *result = run_phase(self);
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
  if (self->phase == FINISHED) {
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
  if (self->phase != FINISHED)
    return NZ_CODEC_MORE;
  return self->n_again > 0 ? NZ_CODEC_MORE : NZ_CODEC_FRAME_END;
}

static void
gzip_free(gpointer codec)
{
  g_free(codec);
}

const NzCodec nz_codec_gzip = {
    .name = "gzip",
    .detect = gzip_detect,
    .open = nz_isal_open,
    .create = gzip_create,
    .step = gzip_step,
    .free = gzip_free,
    .skip_checksum = gzip_skip_checksum,
};
