/* SPDX-License-Identifier: Apache-2.0 */
/* GNU sparse files: the archive holds the extents that have data, one after the other.
 *   old GNU ('S')  map in the header at 386, four (offset[12], length[12]), "is extended" at 482;
 *                  then blocks of 21 pairs, "is extended" at 504
 *   PAX 0.0, 0.1   map in PAX records: "offset,length,offset,length,..."
 *   PAX 1.0        map at the head of the body: count, then offset and length, a line each,
 *                  padded to a block
 * The map matters here only to give the right content of a passwd that is stored so, and because
 * archive/tar refuses an entry whose map is wrong. */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/tar_private.h"

static gboolean
bad_map(NzTar *self, GError **error)
{
  return nz_tar_bad(self, error, "a wrong sparse map");
}

static gboolean
add_extent(NzTar *self, gint64 offset, gint64 length, GError **error)
{
  if (self->sparse->len * sizeof(NzSparseExtent) > NZ_TAR_SPARSE_MAP_MAX)
    return nz_tar_bad(self, error, "a sparse map of more than 1 MiB");
  NzSparseExtent e = {offset, length};
  g_array_append_val(self->sparse, e);
  return TRUE;
}

/* --- old GNU --- */

static gboolean
read_old_map(NzTar *self, NzTarHeader *h, GError **error)
{
  guint8 block[512];
  memcpy(block, self->block, sizeof block);
  if (nz_tar_block_format(block) != NZ_TAR_FORMAT_GNU)
    return bad_map(self, error);
  if (!nz_tar_parse_number(block + 483, 12, &h->size))
    return bad_map(self, error);
  guint at = 386, pairs = 4, extended_at = 482;
  for (;;) {
    for (guint i = 0; i < pairs && block[at + i * 24] != 0; i++) {
      gint64 offset, length;
      if (!nz_tar_parse_number(block + at + i * 24, 12, &offset) ||
          !nz_tar_parse_number(block + at + i * 24 + 12, 12, &length))
        return bad_map(self, error);
      if (!add_extent(self, offset, length, error))
        return FALSE;
    }
    if (block[extended_at] == 0)
      break;
    if (nz_tar_read_block(self, block, error) != 1)
      return error && *error ? FALSE : bad_map(self, error);
    at = 0;
    pairs = 21;
    extended_at = 504;
    if (self->sparse->len * sizeof(NzSparseExtent) > NZ_TAR_SPARSE_MAP_MAX)
      return nz_tar_bad(self, error, "a sparse map of more than 1 MiB");
  }
  self->body_at = self->stream->position;
  return TRUE;
}

/* --- PAX 0.0 and 0.1 --- */

static gboolean
read_map_01(NzTar *self, const NzPax *pax, GError **error)
{
  const NzPaxValue *map = &pax->values[NZ_PAX_SPARSE_MAP];
  const NzPaxValue *blocks = &pax->values[NZ_PAX_SPARSE_NUMBLOCKS];
  gint64 n_blocks;
  if (nz_parse_int(blocks->value, blocks->len, &n_blocks) != NZ_INT_OK)
    return bad_map(self, error);
  const char *p = map->value, *end = map->len ? p + map->len : p;
  gint64 numbers[2];
  guint n = 0;
  while (map->len > 0) {
    const char *comma = memchr(p, ',', (gsize)(end - p));
    const char *stop = comma ? comma : end;
    if (nz_parse_int(p, (gsize)(stop - p), &numbers[n % 2]) != NZ_INT_OK)
      return bad_map(self, error);
    if (n % 2 == 1 && !add_extent(self, numbers[0], numbers[1], error))
      return FALSE;
    n++;
    if (!comma)
      break;
    p = comma + 1;
  }
  return n % 2 == 0 && n / 2 == n_blocks ? TRUE : bad_map(self, error);
}

/* --- PAX 1.0 --- */

/* The next line of the map; reads blocks of the body as they are needed. */
static gboolean
next_number(NzTar *self, GString *buf, gsize *used, gint64 *value, GError **error)
{
  for (;;) {
    const char *line = buf->str + *used;
    const char *newline = memchr(line, '\n', buf->len - *used);
    if (newline) {
      gsize n = (gsize)(newline - line);
      *used += n + 1;
      return nz_parse_int(line, n, value) == NZ_INT_OK ? TRUE : bad_map(self, error);
    }
    if (buf->len >= NZ_TAR_SPARSE_MAP_MAX)
      return nz_tar_bad(self, error, "a sparse map of more than 1 MiB");
    char block[512];
    gssize got = nz_tar_read_raw(self, block, sizeof block, error);
    if (got < 0)
      return FALSE;
    if (got != sizeof block)
      return bad_map(self, error);
    g_string_append_len(buf, block, sizeof block);
  }
}

static gboolean
read_map_10(NzTar *self, GError **error)
{
  g_autoptr(GString) buf = g_string_new(NULL);
  gsize used = 0;
  gint64 count;
  if (!next_number(self, buf, &used, &count, error))
    return FALSE;
  if (count < 0)
    return bad_map(self, error);
  for (gint64 i = 0; i < count; i++) {
    gint64 offset, length;
    if (!next_number(self, buf, &used, &offset, error) ||
        !next_number(self, buf, &used, &length, error) || !add_extent(self, offset, length, error))
      return FALSE;
  }
  return TRUE;
}

/* --- all of them --- */

static gboolean
value_is(const NzPaxValue *v, const char *want)
{
  return v->len == strlen(want) && memcmp(v->value, want, v->len) == 0;
}

typedef enum { NOT_SPARSE, SPARSE_01, SPARSE_10 } PaxSparse;

static PaxSparse
pax_sparse_version(const NzPax *pax)
{
  const NzPaxValue *major = &pax->values[NZ_PAX_SPARSE_MAJOR];
  const NzPaxValue *minor = &pax->values[NZ_PAX_SPARSE_MINOR];
  if (value_is(major, "0") && (value_is(minor, "0") || value_is(minor, "1")))
    return SPARSE_01;
  if (value_is(major, "1") && value_is(minor, "0"))
    return SPARSE_10;
  if (major->len > 0 || minor->len > 0)
    return NOT_SPARSE;
  return pax->values[NZ_PAX_SPARSE_MAP].len > 0 ? SPARSE_01 : NOT_SPARSE;
}

/* Extents in order, apart, inside the file, and as long together as the body. */
static gboolean
map_is_valid(NzTar *self, const NzTarHeader *h)
{
  if (h->size < 0)
    return FALSE;
  gint64 before = 0;
  for (guint i = 0; i < self->sparse->len; i++) {
    NzSparseExtent e = g_array_index(self->sparse, NzSparseExtent, i);
    gint64 end;
    if (e.offset < 0 || e.length < 0 || __builtin_add_overflow(e.offset, e.length, &end) ||
        end > h->size || e.offset < before)
      return FALSE;
    before = end;
  }
  return TRUE;
}

gboolean
nz_tar_read_sparse(NzTar *self, const NzPax *pax, NzTarHeader *h, GError **error)
{
  PaxSparse version = pax_sparse_version(pax);
  if (h->type != NZ_TAR_GNU_SPARSE && version == NOT_SPARSE)
    return TRUE;
  self->sparse = g_array_new(FALSE, FALSE, sizeof(NzSparseExtent));
  if (h->type == NZ_TAR_GNU_SPARSE) {
    if (!read_old_map(self, h, error))
      return FALSE;
  } else {
    const NzPaxValue *name = &pax->values[NZ_PAX_SPARSE_NAME];
    const NzPaxValue *size = &pax->values[NZ_PAX_SPARSE_SIZE];
    if (name->len > 0) {
      g_string_truncate(self->name, 0);
      g_string_append_len(self->name, name->value, (gssize)name->len);
    }
    if (size->len == 0)
      size = &pax->values[NZ_PAX_SPARSE_REALSIZE];
    if (size->len > 0 && nz_parse_int(size->value, size->len, &h->size) != NZ_INT_OK)
      return bad_map(self, error);
    if (!(version == SPARSE_10 ? read_map_10(self, error) : read_map_01(self, pax, error)))
      return FALSE;
  }
  gboolean header_only = h->type >= NZ_TAR_HARDLINK && h->type <= NZ_TAR_FIFO;
  if (header_only || !map_is_valid(self, h))
    return bad_map(self, error);
  return TRUE;
}

/* The extents' bytes at their places in OUT, which is zeroed and as long as the file. */
static gboolean
read_extents(NzTar *self, guint8 *out, GError **error)
{
  for (guint i = 0; i < self->sparse->len; i++) {
    NzSparseExtent e = g_array_index(self->sparse, NzSparseExtent, i);
    gssize got = nz_tar_read_raw(self, out + e.offset, (gsize)e.length, error);
    if (got < 0)
      return FALSE;
    if (got != e.length)
      return bad_map(self, error);
  }
  return TRUE;
}

GBytes *
nz_tar_read_body(NzTar *self, gsize max, GError **error)
{
  guint64 size = self->sparse ? (guint64)self->size : self->body_left;
  if (size > max) {
    g_autofree char *name = nz_printable(self->name->str, (gssize)self->name->len);
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
                "%s is larger than the %" G_GSIZE_FORMAT " bytes that are read of it", name, max);
    return NULL;
  }
  g_autofree guint8 *data = g_malloc0((gsize)size + 1);
  if (self->sparse) {
    if (!read_extents(self, data, error))
      return NULL;
  } else if (nz_tar_read_raw(self, data, (gsize)size, error) < 0) {
    return NULL;
  }
  return g_bytes_new_take(g_steal_pointer(&data), (gsize)size);
}
