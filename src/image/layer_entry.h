/* SPDX-License-Identifier: Apache-2.0 */
/* One tar header -> one entry of a layer: what a runtime makes of it. For the headers of an
 * archive, and for those that a table of contents stands for. */
#pragma once

#include "image/image.h"
#include "image/tar.h"

typedef struct {
  const NzReadOptions *options;
  NzLayerLog *log;
  GString *path, *target;
  /* The whole content of the file that HEADER describes, MAX bytes at most. NULL without an error:
   * it is not to be had. */
  GBytes *(*read_body)(gpointer data, const NzTarHeader *header, gsize max, GError **error);
  gpointer data;
} NzEntryWriter;

void nz_entry_writer_clear(NzEntryWriter *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzEntryWriter, nz_entry_writer_clear)

/* Appends the entry that HEADER makes to the log, with its content where that is needed. */
gboolean nz_entry_writer_add(NzEntryWriter *self, const NzTarHeader *header, GError **error);
