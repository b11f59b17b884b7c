/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed streams, known by their first bytes and never by their media type alone.
 *
 * To add a compression: one file with an NzCodec, and one line in the table of compression.c. */
#pragma once

#include "image/stream.h"

typedef enum {
  NZ_CODEC_MORE,      /* needs input, or room for output */
  NZ_CODEC_FRAME_END, /* a member or frame is complete and flushed; another may follow */
  NZ_CODEC_ERROR,     /* *message says what is wrong */
} NzCodecStatus;

typedef struct {
  const char *name; /* "gzip": also the suffix of its OCI media types */
  gboolean (*detect)(const guint8 *data, gsize n);
  /* Opens the library that it needs (core/library.h); NULL: it needs none. */
  gboolean (*open)(GError **error);
  /* NULL in all three: known, but not read here. */
  gpointer (*create)(void);
  /* Turns bytes from *IN into bytes at *OUT and moves both on. With *N_IN = 0 it only flushes. */
  NzCodecStatus (*step)(gpointer codec, const guint8 **in, gsize *n_in, guint8 **out, gsize *n_out,
                        const char **message);
  void (*free)(gpointer codec);
  /* Before the first step: leaves out the format's own checksum. NULL: it cannot, or has none. */
  void (*skip_checksum)(gpointer codec);
} NzCodec;

extern const NzCodec nz_codec_gzip;
extern const NzCodec nz_codec_zstd;

/* The compression of a stream that begins with DATA; NULL when it is none of those known. */
const NzCodec *nz_compression_detect(const guint8 *data, gsize n);

/* The name of the compression called NAME, for good; NULL for any other. */
const char *nz_compression_name(const char *name);

/* Opens what reading layers may need, for a process that will not be able to. What cannot be opened
 * is an error of the stream that needs it. */
void nz_compression_prepare(void);

/* What PARENT (owned) inflates to, all members and frames. More than RATIO times its size (0: no
 * limit), past NZ_BOMB_FREE, is an error. On error PARENT is freed. */
NzStream *nz_inflate_stream_new(NzStream *parent, const NzCodec *codec, guint ratio,
                                GError **error);

/* Before the first byte is taken: says that a digest over the compressed bytes is checked, so that
 * the format's own checksum proves nothing more. */
void nz_inflate_stream_skip_checksum(NzStream *self);
