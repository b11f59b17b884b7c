/* SPDX-License-Identifier: Apache-2.0 */
/* zstd:chunked (containers/storage pkg/chunked/internal): zstd frames, and at the end skippable
 * ones that hold the table, a zstd frame itself, and more. Two annotations say where and what it
 * is:
 *
 *   manifest-position  OFFSET ":" LENGTH ":" UNCOMPRESSED-LENGTH ":" TYPE, in decimal; 1 is the
 * only type manifest-checksum  the digest of the LENGTH compressed bytes
 *
 * stargz-snapshotter writes the same. */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/digest.h"
#include "image/toc_private.h"

/* A skippable frame begins with its mark and length. */
#define FRAME_HEADER 8u

static gboolean
parse_position(const char *text, guint64 numbers[4])
{
  for (guint i = 0; i < 4; i++) {
    gsize n = strcspn(text, ":");
    gint64 value;
    if (n == 0 || !g_ascii_isdigit(*text) || nz_parse_int(text, n, &value) != NZ_INT_OK)
      return FALSE;
    numbers[i] = (guint64)value;
    text += n;
    if (*text++ != (i < 3 ? ':' : '\0'))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_digest(GBytes *packed, const char *expected, GError **error)
{
  gsize len;
  const void *data = g_bytes_get_data(packed, &len);
  g_autofree char *actual = nz_digest_of(expected, data, len);
  if (strcmp(actual, expected) == 0)
    return TRUE;
  return nz_set_input(error, "wrong digest: expected %s, but the content is %s", expected, actual);
}

gboolean
nz_toc_find_chunked(NzRanges *blob, const NzLayer *layer, NzTocSource *out, gboolean *found,
                    GError **error)
{
  guint64 numbers[4];
  *found = FALSE;
  if (!layer->chunked_position || !layer->chunked_checksum ||
      !nz_digest_valid(layer->chunked_checksum))
    return TRUE;
  if (!parse_position(layer->chunked_position, numbers)) {
    g_autofree char *shown =
        nz_printable(layer->chunked_position, (gssize)strnlen(layer->chunked_position, 80));
    return nz_set_input(error, "its position is none: %s", shown);
  }
  guint64 offset = numbers[0], length = numbers[1], size = numbers[2];
  if (numbers[3] != 1 || length > NZ_TOC_MAX || size > NZ_TOC_JSON_MAX)
    return TRUE;
  if (offset < FRAME_HEADER || length == 0 || offset > blob->size || length > blob->size - offset)
    return nz_set_input(error,
                        "it is not in the layer: %" G_GUINT64_FORMAT " bytes from byte "
                        "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT,
                        length, offset, blob->size);
  g_autoptr(GBytes) packed = nz_ranges_read(blob, offset, length, error);
  if (!packed || !check_digest(packed, layer->chunked_checksum, error))
    return FALSE;
  *out = (NzTocSource){.packed = g_steal_pointer(&packed),
                       .codec = &nz_codec_zstd,
                       .bodies_end = offset - FRAME_HEADER,
                       .json_size = size};
  *found = TRUE;
  return TRUE;
}
