/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and bytes, packed one after the other, and read back from bytes that may be damaged. */
#pragma once

#include <glib.h>

/* --- writing: at the end of OUT --- */

/* Seven bits a byte, low ones first (LEB128). */
void nz_pack_number(GByteArray *out, guint64 n);
/* Its length, then DATA. */
void nz_pack_bytes(GByteArray *out, const void *data, gsize len);

/* --- reading --- */

typedef struct {
  const guint8 *data;
  gsize len, at;
  gboolean broken; /* something was read past the end, or was out of its bounds: what was returned
                    * then is 0, and so is all that follows */
} NzUnpack;

/* A number of at most MAX. */
guint64 nz_unpack_number(NzUnpack *self, guint64 max);
/* What nz_pack_bytes() wrote: points into the data. Never NULL, *LEN is 0 when it is broken. */
const guint8 *nz_unpack_bytes(NzUnpack *self, gsize *len);
/* N bytes as they stand. */
const guint8 *nz_unpack_raw(NzUnpack *self, gsize n);
/* The same as a string of its own, which must hold no NUL. */
char *nz_unpack_string(NzUnpack *self);
/* TRUE when all was read and nothing was broken. */
gboolean nz_unpack_is_done(const NzUnpack *self);
