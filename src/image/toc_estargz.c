/* SPDX-License-Identifier: Apache-2.0 */
/* eStargz (stargz-snapshotter docs/estargz.md): gzip members, the last two of which are
 *
 *   table   a tar archive with one file, stargz.index.json
 *   footer  of nothing, with an extra field (RFC 1952) that says where the table begins: "SG", le16
 *           length 22, 16 hex digits, "STARGZ": 51 bytes in all. Older ones leave out the first
 * four
 *
 * An annotation holds the digest of the table. Without it a table is not looked at. */
#include <string.h>

#include "core/limits.h"
#include "image/digest.h"
#include "image/toc_private.h"

/* How much of the end is read at first, in the hope that it holds the table: about what a table of
 * middling files takes. */
#define TAIL_SHARE 256
#define TAIL_MIN   ((guint64)4 * 1024)
#define TAIL_MAX   ((guint64)1024 * 1024)

#define FOOTER_SIZE 51

/* Both kinds of footer, with "?" for bytes that do not matter. Hex digits go where the X are. */
static const char footer_new[] = "\x1f\x8b\x08\x04??????\x1a\0SG\x16\0XXXXXXXXXXXXXXXXSTARGZ"
                                 "\x01\0\0\xff\xff\0\0\0\0\0\0\0\0";
static const char footer_old[] = "\x1f\x8b\x08\x04??????\x16\0XXXXXXXXXXXXXXXXSTARGZ"
                                 "\x01\0\0\xff\xff\0\0\0\0\0\0\0\0";
G_STATIC_ASSERT(sizeof footer_new - 1 == FOOTER_SIZE);

/* Whether the SIZE bytes at DATA end with a footer like PATTERN; *OFFSET is what it says. */
static gboolean
match_footer(const guint8 *data, gsize size, const char *pattern, gsize len, guint64 *offset)
{
  if (size < len)
    return FALSE;
  data += size - len;
  *offset = 0;
  for (gsize i = 0; i < len; i++) {
    if (pattern[i] == 'X') {
      int digit = g_ascii_xdigit_value((char)data[i]);
      if (digit < 0)
        return FALSE;
      *offset = *offset << 4 | (guint64)digit;
    } else if (pattern[i] != '?' && (guint8)pattern[i] != data[i]) {
      return FALSE;
    }
  }
  return TRUE;
}

/* The length of the footer, 0 when there is none. */
static gsize
parse_footer(const guint8 *data, gsize size, guint64 *offset)
{
  if (match_footer(data, size, footer_new, sizeof footer_new - 1, offset))
    return sizeof footer_new - 1;
  if (match_footer(data, size, footer_old, sizeof footer_old - 1, offset))
    return sizeof footer_old - 1;
  return 0;
}

gboolean
nz_toc_find_estargz(NzRanges *blob, const NzLayer *layer, NzTocSource *out, gboolean *found,
                    GError **error)
{
  *found = FALSE;
  if (!layer->stargz_digest || !nz_digest_valid(layer->stargz_digest) || blob->size < FOOTER_SIZE)
    return TRUE;
  guint64 tail = MIN(CLAMP(blob->size / TAIL_SHARE, TAIL_MIN, TAIL_MAX), blob->size);
  guint64 tail_at = blob->size - tail, offset;
  g_autoptr(GBytes) end = nz_ranges_read(blob, tail_at, tail, error);
  if (!end)
    return FALSE;
  gsize footer = parse_footer(g_bytes_get_data(end, NULL), (gsize)tail, &offset);
  if (footer == 0)
    return TRUE;
  guint64 table_end = blob->size - footer;
  if (offset >= table_end)
    return nz_set_input(
        error, "its footer says that it begins at byte %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT,
        offset, blob->size);
  if (table_end - offset > NZ_TOC_MAX)
    return TRUE;
  g_autoptr(GByteArray) packed = g_byte_array_sized_new((guint)(table_end - offset));
  if (offset < tail_at) {
    g_autoptr(GBytes) start = nz_ranges_read(blob, offset, tail_at - offset, error);
    if (!start)
      return FALSE;
    g_byte_array_append(packed, g_bytes_get_data(start, NULL), (guint)(tail_at - offset));
  }
  guint64 from = MAX(offset, tail_at);
  const guint8 *data = g_bytes_get_data(end, NULL);
  g_byte_array_append(packed, data + (from - tail_at), (guint)(table_end - from));
  *out = (NzTocSource){.packed = g_byte_array_free_to_bytes(g_steal_pointer(&packed)),
                       .codec = &nz_codec_gzip,
                       .bodies_end = offset,
                       .in_tar = TRUE,
                       .digest = layer->stargz_digest};
  *found = TRUE;
  return TRUE;
}
