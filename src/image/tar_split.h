/* SPDX-License-Identifier: Apache-2.0 */
/* tar-split: what engines keep of a layer's tar archive beside its unpacked files, so that they can
 * put it together again (vbatts/tar-split, tar/storage/entry.go): all header bytes, and for each
 * file a line that says where its body was. */
#pragma once

#include "image/stream.h"

/* Opens the body of the file called NAME (bytes as in the header, not cleaned) of SIZE bytes, for
 * reading from its start: a descriptor, or -1 with an error. After one of NZ_ERROR_DENIED the body
 * can still be skipped. */
typedef int (*NzOpenBody)(gpointer data, const char *name, guint64 size, GError **error);

/* The tar archive that JSON (owned: the uncompressed lines) describes, byte for byte. A body that
 * is skipped costs nothing; one that is read is opened by OPEN_BODY, and must be what the CRC64 of
 * its line says when it is read whole. */
NzStream *nz_tar_split_stream_new(NzStream *json, NzOpenBody open_body, gpointer data,
                                  NzControl *control);
