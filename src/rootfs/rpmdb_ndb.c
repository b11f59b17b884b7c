/* SPDX-License-Identifier: Apache-2.0 */
/* Packages.db, rpm's own "ndb" database. All integers are little-endian; places are counted in
 * blocks of 16 bytes.
 *
 *   file   = slotpage{slotnpages} blob-area                   a multiple of 16 bytes
 *   page 0 = header slot{254}, other slot pages = slot{256}   4096 bytes each
 *   header = "RpmP" version:32 generation:32 slotnpages:32 nextpkgidx:32 byte{12}
 *   slot   = "Slot" pkgidx:32 blkoff:32 blkcnt:32             blkoff 0: the slot is free
 *   blob   = "BlbS" pkgidx:32 time:32 len:32 byte{len} 0{pad} adler32:32 len:32 "BlbE"
 *
 * A blob begins at block blkoff and fills blkcnt blocks exactly. Like rpm's own reader, this one
 * does not look at the checksum: it guards against nothing that an attacker does. */
#include "rootfs/rpmdb_private.h"

#include <string.h>

enum {
  BLOCK = 16,
  PAGE = 4096,
  HEADER_SIZE = 32,
  SLOT_SIZE = 16,
  BLOB_HEAD = 16,
  BLOB_TAIL = 12,
};

static gboolean
read_blob(const guint8 *data, gsize len, const guint8 *slot, guint32 n_pages, NzRpmSink *sink,
          GError **error)
{
  guint32 number = nz_rpm_le32(slot + 4);
  guint64 start = (guint64)nz_rpm_le32(slot + 8) * BLOCK;
  guint64 size = (guint64)nz_rpm_le32(slot + 12) * BLOCK;

  if (number == 0 || start < (guint64)n_pages * PAGE || size < BLOB_HEAD + BLOB_TAIL)
    return nz_set_input(error, "package %u: its slot is broken", number);
  if (start > len || size > len - start)
    return nz_set_input(error, "package %u lies behind the end of the file, which is cut short",
                        number);

  const guint8 *blob = data + start;
  const guint8 *tail = blob + size - BLOB_TAIL;
  guint64 blob_len = nz_rpm_le32(blob + 12);
  guint64 whole = (BLOB_HEAD + blob_len + BLOB_TAIL + BLOCK - 1) / BLOCK * BLOCK;
  if (memcmp(blob, "BlbS", 4) != 0 || nz_rpm_le32(blob + 4) != number || whole != size ||
      nz_rpm_le32(tail + 4) != blob_len || memcmp(tail + 8, "BlbE", 4) != 0)
    return nz_set_input(error, "package %u: the frame around its header is broken", number);

  return nz_rpm_sink_add(sink, number, blob + BLOB_HEAD, (gsize)blob_len, error);
}

gboolean
nz_rpmdb_read_ndb(guint8 *data, gsize len, NzRpmSink *sink, GError **error)
{
  if (len < HEADER_SIZE || memcmp(data, "RpmP", 4) != 0)
    return nz_set_input(error, "this is no ndb database: it does not begin with RpmP");
  if (nz_rpm_le32(data + 4) != 0)
    return nz_set_input(error, "version %u is not known", nz_rpm_le32(data + 4));

  guint32 n_pages = nz_rpm_le32(data + 12);
  if (len % BLOCK != 0 || n_pages == 0 || n_pages > len / PAGE)
    return nz_set_input(error,
                        "the file is cut short: %" G_GSIZE_FORMAT " bytes with %u pages of slots",
                        len, n_pages);

  const guint8 *end = data + (gsize)n_pages * PAGE;
  for (const guint8 *slot = data + HEADER_SIZE; slot < end; slot += SLOT_SIZE) {
    if (memcmp(slot, "Slot", 4) != 0)
      return nz_set_input(error, "the slot at byte %" G_GSIZE_FORMAT " is broken",
                          (gsize)(slot - data));
    if (nz_rpm_le32(slot + 8) == 0)
      continue;
    if (!read_blob(data, len, slot, n_pages, sink, error))
      return FALSE;
  }
  return TRUE;
}
