/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pack.h"

#include <string.h>

void
nz_pack_number(GByteArray *out, guint64 n)
{
  guint8 bytes[10];
  guint len = 0;
  for (; n >= 0x80; n >>= 7)
    bytes[len++] = (guint8)(n | 0x80);
  bytes[len++] = (guint8)n;
  g_byte_array_append(out, bytes, len);
}

void
nz_pack_bytes(GByteArray *out, const void *data, gsize len)
{
  nz_pack_number(out, len);
  if (len > 0)
    g_byte_array_append(out, data, (guint)len);
}

guint64
nz_unpack_number(NzUnpack *self, guint64 max)
{
  guint64 n = 0;
  for (guint shift = 0; !self->broken && self->at < self->len && shift < 64; shift += 7) {
    guint8 c = self->data[self->at++];
    guint64 bits = c & 0x7f;
    if (bits << shift >> shift != bits)
      break;
    n |= bits << shift;
    if (c & 0x80)
      continue;
    if (n > max)
      break;
    return n;
  }
  self->broken = TRUE;
  return 0;
}

const guint8 *
nz_unpack_raw(NzUnpack *self, gsize n)
{
  static const guint8 nothing[1];
  if (self->broken || n > self->len - self->at) {
    self->broken = TRUE;
    return nothing;
  }
  const guint8 *found = self->data + self->at;
  self->at += n;
  return found;
}

const guint8 *
nz_unpack_bytes(NzUnpack *self, gsize *len)
{
  *len = (gsize)nz_unpack_number(self, G_MAXSIZE);
  const guint8 *found = nz_unpack_raw(self, *len);
  if (self->broken)
    *len = 0;
  return found;
}

char *
nz_unpack_string(NzUnpack *self)
{
  gsize len;
  const guint8 *data = nz_unpack_bytes(self, &len);
  if (memchr(data, '\0', len)) {
    self->broken = TRUE;
    len = 0;
  }
  return g_strndup((const char *)data, len);
}

gboolean
nz_unpack_is_done(const NzUnpack *self)
{
  return !self->broken && self->at == self->len;
}
