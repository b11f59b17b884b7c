/* SPDX-License-Identifier: Apache-2.0 */
/* One line of tar-split's JSON: see tar_split.c. */
#pragma once

#include "core/error.h"

typedef enum { NZ_SPLIT_BODY = 1, NZ_SPLIT_RAW = 2 } NzSplitType;

/* What the last line said. The buffers are used again for the next. */
typedef struct {
  NzSplitType type;
  guint64 size; /* of a body */
  guint64 crc;  /* of a body of more than no bytes */
  GString *name;
  guint8 *raw; /* of NZ_SPLIT_RAW: bytes of the archive */
  gsize n_raw, raw_room;
} NzSplitLine;

void nz_split_line_init(NzSplitLine *self);
void nz_split_line_clear(NzSplitLine *self);

/* Reads TEXT, a line without its end, which must be number POSITION, from 0. */
gboolean nz_split_line_parse(NzSplitLine *self, const char *text, gsize len, guint64 position,
                             GError **error);

/* CRC-64 as Go's hash/crc64 has it for ISO 3309: goes on from CRC, which is 0 at the start. */
guint64 nz_crc64(guint64 crc, const guint8 *data, gsize n);
