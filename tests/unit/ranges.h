/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of a file or of memory, as a registry would give them, counted. */
#pragma once

#include "image/toc.h"

typedef struct {
  NzRanges base;
  int fd;
  const guint8 *data; /* NULL: FD counts. Borrowed */
  guint64 n_bytes, n_requests;
} CountedRanges;

void ranges_init_memory(CountedRanges *self, const void *data, gsize len);
void ranges_init_file(CountedRanges *self, int fd);
