/* SPDX-License-Identifier: Apache-2.0 */
/* Packages, a Berkeley DB hash table (versions 8 to 10, which have one layout), read without libdb,
 * which trusts what it opens. rpm wrote it in the byte order of its machine; this reader knows
 * little-endian.
 *
 *   file     = page{last_page+1}                      page 0 is the meta page
 *   meta     = lsn:64 pgno:32 magic:32 version:32 page_size:32 encrypt:8 type:8 flags:8 unused:8
 *              free:32 last_page:32 ... @72 max_bucket:32 ... @96 spares:32{32}
 *   page     = lsn:64 pgno:32 prev:32 next:32 n:16 hf:16 level:8 type:8      26 bytes
 *   hash     = page with type 2 or 13, then offset:16{n}; items are at these offsets, packed from
 *              the page's end downwards, keys and values taking turns
 *   item     = 1 byte{..}                             it reaches to where the one before it begins
 *            | 3 byte{3} pgno:32 len:32               its bytes are on a chain of overflow pages
 *   overflow = page with type 7; hf bytes of data follow, the rest is on page next
 *
 *   bucket b begins on page b + spares[bits(b)], where bits() is the number of binary digits, and
 *   goes on along next.
 *
 * rpm's keys are 32-bit package numbers, the values package headers; number 0 holds the last number
 * that was given out. Every page but the meta page belongs to one chain, so a page that comes by a
 * second time is an error, and the walk ends. */
#include "rootfs/rpmdb_private.h"

#include <string.h>

enum {
  META_SIZE = 512,
  PAGE_HEAD = 26,
  PAGE_SIZE_MIN = 512, /* libdb's limits */
  PAGE_SIZE_MAX = 65536,

  HASH_MAGIC = 0x061561,
  BTREE_MAGIC = 0x053162,
  VERSION_MIN = 8,
  VERSION_MAX = 10,

  PAGE_HASH_UNSORTED = 2,
  PAGE_OVERFLOW = 7,
  PAGE_HASH_META = 8,
  PAGE_HASH = 13,

  ITEM_DATA = 1,
  ITEM_OVERFLOW = 3,
  ITEM_OVERFLOW_SIZE = 12,

  META_FLAGS_KNOWN = 0, /* 1: pages carry checksums, 2: partitioned. rpm used neither. */
};

typedef struct {
  const guint8 *data;
  gsize len;
  guint32 page_size;
  guint32 last_page;
  guint32 max_bucket;
  const guint8 *spares;
  guint8 *seen; /* by page number: it was part of a chain */
  GByteArray *value;
  NzRpmSink *sink;
} Table;

typedef struct {
  const guint8 *bytes;
  guint32 len;
} Item;

static void
table_clear(Table *t)
{
  g_clear_pointer(&t->seen, g_free);
  g_clear_pointer(&t->value, g_byte_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Table, table_clear)

static gboolean
open_magic(const guint8 *data, gsize len, GError **error)
{
  if (len < META_SIZE)
    return nz_set_input(error, "the file is cut short: it has no meta page");

  switch (nz_rpm_le32(data + 12)) {
  case HASH_MAGIC:
    break;
  case BTREE_MAGIC:
    return nz_set_input(error, "a B-tree, as rpm 5 wrote it; only hash tables can be read");
  case GUINT32_SWAP_LE_BE_CONSTANT(HASH_MAGIC):
  case GUINT32_SWAP_LE_BE_CONSTANT(BTREE_MAGIC):
    return nz_set_input(error, "written on a big-endian machine; only little-endian can be read");
  default:
    return nz_set_input(error, "this is no Berkeley DB hash table");
  }

  guint32 version = nz_rpm_le32(data + 16);
  if (version < VERSION_MIN || version > VERSION_MAX)
    return nz_set_input(error, "hash table version %u; %d to %d can be read", version, VERSION_MIN,
                        VERSION_MAX);
  return TRUE;
}

static gboolean
open_table(Table *t, const guint8 *data, gsize len, GError **error)
{
  if (!open_magic(data, len, error))
    return FALSE;

  t->data = data;
  t->len = len;
  t->page_size = nz_rpm_le32(data + 20);
  t->last_page = nz_rpm_le32(data + 32);
  t->max_bucket = nz_rpm_le32(data + 72);
  t->spares = data + 96;

  if (data[24] != 0 || data[26] != META_FLAGS_KNOWN)
    return nz_set_input(error, "encrypted, checksummed or partitioned tables cannot be read");
  if (data[25] != PAGE_HASH_META || t->page_size < PAGE_SIZE_MIN || t->page_size > PAGE_SIZE_MAX ||
      (t->page_size & (t->page_size - 1)) != 0 || t->max_bucket > t->last_page)
    return nz_set_input(error, "the meta page is broken");
  if (t->last_page >= len / t->page_size)
    return nz_set_input(error,
                        "the file is cut short: %" G_GSIZE_FORMAT " bytes for pages 0 to %u of %u",
                        len, t->last_page, t->page_size);

  t->seen = g_new0(guint8, (gsize)t->last_page + 1);
  t->value = g_byte_array_new();
  return TRUE;
}

/* The page NUMBER, which no chain has had so far. */
static const guint8 *
take_page(Table *t, guint64 number, GError **error)
{
  if (number == 0 || number > t->last_page) {
    nz_set_input(error, "a chain leads to page %" G_GUINT64_FORMAT " of %u", number, t->last_page);
    return NULL;
  }
  if (t->seen[number]) {
    nz_set_input(error, "two chains lead to page %" G_GUINT64_FORMAT, number);
    return NULL;
  }
  t->seen[number] = TRUE;
  return t->data + (gsize)number * t->page_size;
}

/* Gathers the LEN bytes of the chain that begins at page NUMBER. */
static gboolean
read_overflow(Table *t, guint32 number, guint32 len, GError **error)
{
  g_byte_array_set_size(t->value, 0);
  if (len > t->sink->bytes_left)
    return nz_set_input(error, "a value of %u bytes does not fit into the file", len);

  while (t->value->len < len) {
    const guint8 *page = take_page(t, number, error);
    if (page == NULL)
      return FALSE;
    guint32 part = nz_rpm_le16(page + 22);
    if (nz_rpm_le32(page + 8) != number || page[25] != PAGE_OVERFLOW || part == 0 ||
        part > t->page_size - PAGE_HEAD || part > len - t->value->len)
      return nz_set_input(error, "the overflow page %u is broken", number);
    g_byte_array_append(t->value, page + PAGE_HEAD, part);
    number = nz_rpm_le32(page + 16);
  }
  return TRUE;
}

/* The item I of a hash PAGE with N items; the one before has been read, or I is 0. */
static gboolean
read_item(const Table *t, const guint8 *page, guint32 n, guint32 i, Item *item, GError **error)
{
  const guint8 *offsets = page + PAGE_HEAD;
  guint32 begin = nz_rpm_le16(offsets + i * 2);
  guint32 end = i == 0 ? t->page_size : nz_rpm_le16(offsets + (i - 1) * 2);
  if (begin < PAGE_HEAD + n * 2 || begin >= end)
    return nz_set_input(error, "item %u of hash page %u is broken", i, nz_rpm_le32(page + 8));
  *item = (Item){.bytes = page + begin, .len = end - begin};
  return TRUE;
}

static gboolean
read_pair(Table *t, const Item *key, const Item *value, GError **error)
{
  if (key->bytes[0] != ITEM_DATA || key->len != 1 + sizeof(guint32))
    return nz_set_input(error, "a key is no package number");
  guint32 number = nz_rpm_le32(key->bytes + 1);
  if (number == 0)
    return TRUE;

  if (value->bytes[0] == ITEM_DATA)
    return nz_rpm_sink_add(t->sink, number, value->bytes + 1, value->len - 1, error);

  if (value->bytes[0] != ITEM_OVERFLOW || value->len != ITEM_OVERFLOW_SIZE)
    return nz_set_input(error, "package %u: its value is of kind %u, which rpm never wrote", number,
                        value->bytes[0]);
  if (!read_overflow(t, nz_rpm_le32(value->bytes + 4), nz_rpm_le32(value->bytes + 8), error)) {
    g_prefix_error(error, "package %u: ", number);
    return FALSE;
  }
  return nz_rpm_sink_add(t->sink, number, t->value->data, t->value->len, error);
}

static gboolean
read_hash_page(Table *t, const guint8 *page, GError **error)
{
  guint32 n = nz_rpm_le16(page + 20);
  if (n % 2 != 0 || n > (t->page_size - PAGE_HEAD) / 2)
    return nz_set_input(error, "hash page %u is broken: %u items", nz_rpm_le32(page + 8), n);

  for (guint32 i = 0; i < n; i += 2) {
    Item key = {0}, value = {0};
    if (!read_item(t, page, n, i, &key, error) || !read_item(t, page, n, i + 1, &value, error) ||
        !read_pair(t, &key, &value, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_bucket(Table *t, guint32 bucket, GError **error)
{
  guint bits = bucket == 0 ? 0 : g_bit_storage(bucket);
  if (bits >= 32)
    return nz_set_input(error, "the meta page is broken");

  guint64 number = (guint64)bucket + nz_rpm_le32(t->spares + bits * 4);
  do {
    const guint8 *page = take_page(t, number, error);
    if (page == NULL)
      return FALSE;
    if (nz_rpm_le32(page + 8) != number ||
        (page[25] != PAGE_HASH && page[25] != PAGE_HASH_UNSORTED))
      return nz_set_input(error, "page %" G_GUINT64_FORMAT " of bucket %u is no hash page", number,
                          bucket);
    if (!read_hash_page(t, page, error))
      return FALSE;
    number = nz_rpm_le32(page + 16);
  } while (number != 0);
  return TRUE;
}

gboolean
nz_rpmdb_read_bdb(guint8 *data, gsize len, NzRpmSink *sink, GError **error)
{
  g_auto(Table) t = {.sink = sink};
  if (!open_table(&t, data, len, error))
    return FALSE;

  for (guint32 bucket = 0; bucket <= t.max_bucket; bucket++) {
    if (!read_bucket(&t, bucket, error))
      return FALSE;
  }
  return TRUE;
}
