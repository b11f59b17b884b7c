/* SPDX-License-Identifier: Apache-2.0 */
/* The format, in the byte order of the host that wrote it:
 *   file     page, page, ...; the first two are metas, of which the newer one counts
 *   page     id 8, flags 2, count 2, overflow 4; then elements, and with OVERFLOW more pages' bytes
 *   meta     magic 4, version 4, page size 4, flags 4, root bucket 16, freelist 8, pages 8,
 *            transaction 8, FNV-1a 64 over all of that 8
 *   branch   elements: position 4 (from the element), key size 4, page 8
 *   leaf     elements: flags 4, position 4, key size 4, value size 4; a flag says bucket
 *   bucket   page 8, sequence 8; page 0: a leaf page follows, inside the value
 * Keys ascend through all pages of a bucket. That is checked, and with it that no page is met
 * twice.
 */
#include "image/bolt.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"

enum { FLAG_BRANCH = 1, FLAG_LEAF = 2, FLAG_META = 4 };
enum { ITEM_BUCKET = 1 };
enum { PAGE_HEADER = 16, ELEMENT = 16, BUCKET_HEADER = 16, META = 64, META_SUMMED = 56 };

#define MAGIC   0xed0cdaedu
#define VERSION 2u

/* Pages of any system that Linux runs on. */
#define PAGE_MIN 1024u
#define PAGE_MAX (256u * 1024)

typedef struct {
  guint32 page_size;
  guint64 root, n_pages, transaction;
} Meta;

struct NzBolt {
  const guint8 *data; /* NULL: from FD */
  int fd;
  guint64 size;
  Meta meta;
  guint n_read, n_items; /* so far */
};

static guint16
get16(const guint8 *p)
{
  guint16 value;
  memcpy(&value, p, sizeof value);
  return value;
}

static guint32
get32(const guint8 *p)
{
  guint32 value;
  memcpy(&value, p, sizeof value);
  return value;
}

static guint64
get64(const guint8 *p)
{
  guint64 value;
  memcpy(&value, p, sizeof value);
  return value;
}

/* --- pages --- */

/* FALSE without an error when the file ends before. */
static gboolean
read_at(const NzBolt *self, guint64 offset, guint8 *buf, gsize n, GError **error)
{
  if (offset > self->size || n > self->size - offset)
    return FALSE;
  if (self->data) {
    memcpy(buf, self->data + offset, n);
    return TRUE;
  }
  for (gsize done = 0; done < n;) {
    gssize got = pread(self->fd, buf + done, n - done, (off_t)(offset + done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      nz_set_errno(error, errno, "cannot read");
    if (got <= 0)
      return FALSE;
    done += (gsize)got;
  }
  return TRUE;
}

static gboolean
set_broken(guint64 page, const char *what, GError **error)
{
  return nz_set_input(error, "the database is broken: page %" G_GUINT64_FORMAT " %s", page, what);
}

static gboolean
set_too_large(GError **error)
{
  g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
              "the database has nodes of more than %u MiB, or more than %u pages or %u items of "
              "names",
              (guint)(NZ_BOLT_NODE_MAX >> 20), NZ_BOLT_PAGES_MAX, NZ_BOLT_ITEMS_MAX);
  return FALSE;
}

/* The page ID with its overflow, to be freed. */
static guint8 *
read_page(NzBolt *self, guint64 id, gsize *len, GError **error)
{
  const Meta *meta = &self->meta;
  guint8 header[PAGE_HEADER];
  if (id < 2 || id >= meta->n_pages || id > G_MAXINT64 / PAGE_MAX) {
    set_broken(id, "is not in it", error);
    return NULL;
  }
  g_autoptr(GError) failed = NULL;
  guint64 at = id * meta->page_size;
  gboolean ok = read_at(self, at, header, sizeof header, &failed);
  guint64 size = ok ? (get32(header + 12) + (guint64)1) * meta->page_size : 0;
  if (ok && get64(header) != id) {
    set_broken(id, "calls itself another", error);
    return NULL;
  }
  self->n_read += (guint)MIN(size / meta->page_size, NZ_BOLT_PAGES_MAX);
  if (size > NZ_BOLT_NODE_MAX || self->n_read > NZ_BOLT_PAGES_MAX) {
    set_too_large(error);
    return NULL;
  }
  g_autofree guint8 *page = ok ? g_malloc(size) : NULL;
  if (ok && read_at(self, at, page, size, &failed)) {
    *len = size;
    return g_steal_pointer(&page);
  }
  if (failed)
    g_propagate_error(error, g_steal_pointer(&failed));
  else
    set_broken(id, "is past the end of the file", error);
  return NULL;
}

/* --- metas --- */

static guint64
checksum(const guint8 *p, gsize n)
{
  guint64 hash = 0xcbf29ce484222325u;
  for (gsize i = 0; i < n; i++)
    hash = (hash ^ p[i]) * 0x100000001b3u;
  return hash;
}

/* FALSE when there is no valid meta at AT: bolt writes one of the two at a time, and one that is
 * half written is none. */
static gboolean
read_meta(const NzBolt *self, guint64 at, Meta *meta, GError **error)
{
  guint8 bytes[PAGE_HEADER + META];
  const guint8 *p = bytes + PAGE_HEADER;
  if (!read_at(self, at, bytes, sizeof bytes, error) || get32(p) != MAGIC ||
      get32(p + 4) != VERSION || get64(p + META_SUMMED) != checksum(p, META_SUMMED))
    return FALSE;
  *meta = (Meta){get32(p + 8), get64(p + 16), get64(p + 40), get64(p + 48)};
  return meta->page_size >= PAGE_MIN && meta->page_size <= PAGE_MAX &&
         (meta->page_size & (meta->page_size - 1)) == 0;
}

/* The newer of both; where the second is, the first says, or whatever page size it has itself. */
static gboolean
read_metas(const NzBolt *self, Meta *meta, GError **error)
{
  g_autoptr(GError) failed = NULL;
  Meta other;
  gboolean found = read_meta(self, 0, meta, &failed);
  guint32 from = found ? meta->page_size : PAGE_MIN, to = found ? meta->page_size : PAGE_MAX;
  for (guint32 size = from; !failed && size <= to; size *= 2) {
    if (!read_meta(self, size, &other, &failed) || other.page_size != size)
      continue;
    if (!found || other.transaction > meta->transaction)
      *meta = other;
    found = TRUE;
    break;
  }
  if (failed) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  return found || nz_set_input(error, "no bolt database, or a broken one: neither of its two "
                                      "beginnings is whole");
}

static gboolean
begin(NzBolt *self, GError **error)
{
  if (self->size > NZ_BOLT_FILE_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "a database of more than %u GiB",
                (guint)(NZ_BOLT_FILE_MAX >> 30));
    return FALSE;
  }
  return read_metas(self, &self->meta, error);
}

NzBolt *
nz_bolt_new(const void *data, gsize len, GError **error)
{
  g_autoptr(NzBolt) self = g_new0(NzBolt, 1);
  self->data = data;
  self->size = len;
  return begin(self, error) ? g_steal_pointer(&self) : NULL;
}

void
nz_bolt_free(NzBolt *self)
{
  g_free(self);
}

NzBoltBucket
nz_bolt_root(const NzBolt *self)
{
  return (NzBoltBucket){.page = self->meta.root};
}

/* --- items --- */

typedef struct {
  NzBolt *bolt;
  guint64 page; /* for messages: the one that is, or holds, what is looked at */
  const char *key;
  NzBoltVisit visit;
  gpointer data;
  GByteArray *last; /* key */
  gboolean any;     /* there was one */
} Walk;

static int
compare(const guint8 *a, gsize n, const guint8 *b, gsize m)
{
  int order = n == 0 || m == 0 ? 0 : memcmp(a, b, MIN(n, m));
  return order != 0 ? order : (n > m) - (n < m);
}

static gboolean
read_bucket(const Walk *self, NzBoltItem *item, GError **error)
{
  if (item->value_len < BUCKET_HEADER)
    return set_broken(self->page, "has a bucket that is cut short", error);
  item->is_bucket = TRUE;
  item->bucket.page = get64(item->value);
  if (item->bucket.page == 0) {
    item->bucket.inside = item->value + BUCKET_HEADER;
    item->bucket.inside_len = item->value_len - BUCKET_HEADER;
  }
  item->value = NULL;
  item->value_len = 0;
  return TRUE;
}

static gboolean
visit_item(Walk *self, guint32 flags, NzBoltItem *item, GError **error)
{
  if (self->any && compare(self->last->data, self->last->len, item->key, item->key_len) >= 0)
    return set_broken(self->page, "has keys out of order", error);
  self->any = TRUE;
  g_byte_array_set_size(self->last, 0);
  g_byte_array_append(self->last, item->key, (guint)item->key_len);
  gsize len = self->key ? strlen(self->key) : 0;
  if (self->key && compare((const guint8 *)self->key, len, item->key, item->key_len) != 0)
    return TRUE;
  if ((flags & ITEM_BUCKET) && !read_bucket(self, item, error))
    return FALSE;
  return self->visit(self->bolt, item, self->data, error);
}

/* The N bytes at POSITION from the element at P; NULL when they are not in the page, which ends at
 * END. */
static const guint8 *
span(const guint8 *p, const guint8 *end, guint32 position, guint64 n)
{
  gsize left = (gsize)(end - p);
  return position <= left && n <= left - position ? p + position : NULL;
}

static gboolean walk_page(Walk *self, guint64 id, guint depth, GError **error);

static gboolean
walk_leaf(Walk *self, const guint8 *p, const guint8 *end, GError **error)
{
  guint32 key_len = get32(p + 8), value_len = get32(p + 12);
  const guint8 *key = span(p, end, get32(p + 4), (guint64)key_len + value_len);
  if (!key)
    return set_broken(self->page, "has an item that is not in it", error);
  NzBoltItem item = {
      .key = key, .key_len = key_len, .value = key + key_len, .value_len = value_len};
  return visit_item(self, get32(p), &item, error);
}

static gboolean
walk_elements(Walk *self, const guint8 *page, gsize len, guint depth, GError **error)
{
  guint64 id = self->page;
  guint flags = len < PAGE_HEADER ? 0 : get16(page + 8);
  guint count = len < PAGE_HEADER ? 0 : get16(page + 10);
  if ((flags != FLAG_BRANCH && flags != FLAG_LEAF) || (flags == FLAG_BRANCH && depth == 0))
    return set_broken(id, "is neither branch nor leaf", error);
  if ((gsize)count * ELEMENT > len - PAGE_HEADER)
    return set_broken(id, "has more items than fit", error);
  for (guint i = 0; i < count; i++) {
    const guint8 *p = page + PAGE_HEADER + (gsize)i * ELEMENT;
    self->page = id;
    if (++self->bolt->n_items > NZ_BOLT_ITEMS_MAX)
      return set_too_large(error);
    if (flags == FLAG_LEAF ? !walk_leaf(self, p, page + len, error)
                           : !walk_page(self, get64(p + 8), depth - 1, error))
      return FALSE;
  }
  return TRUE;
}

/* DEPTH: so many levels of branches may still come. */
static gboolean
walk_page(Walk *self, guint64 id, guint depth, GError **error)
{
  gsize len;
  g_autofree guint8 *page = read_page(self->bolt, id, &len, error);
  self->page = id;
  return page && walk_elements(self, page, len, depth, error);
}

gboolean
nz_bolt_each(NzBolt *self, const NzBoltBucket *bucket, const char *key, NzBoltVisit visit,
             gpointer data, GError **error)
{
  g_autoptr(GByteArray) last = g_byte_array_new();
  Walk walk = {self, bucket->page, key, visit, data, last, FALSE};
  if (bucket->inside)
    return walk_elements(&walk, bucket->inside, bucket->inside_len, 0, error);
  return walk_page(&walk, bucket->page, NZ_BOLT_DEPTH_MAX, error);
}

/* --- a file that changes --- */

/* Whether what was read is what the last transaction left. The next one writes only to pages that
 * the last does not use; the one after it may write anywhere. */
static gboolean
is_current(const NzBolt *self)
{
  Meta meta;
  return read_metas(self, &meta, NULL) && meta.transaction == self->meta.transaction;
}

gboolean
nz_bolt_snapshot(int fd, gboolean (*read)(NzBolt *bolt, gpointer data, GError **error),
                 gpointer data, GError **error)
{
  for (guint i = 0; i < NZ_BOLT_TRIES_MAX; i++) {
    struct stat st;
    if (i > 0)
      g_usleep(NZ_BOLT_WAIT);
    if (fstat(fd, &st) < 0) {
      nz_set_errno(error, errno, "cannot look at it");
      return FALSE;
    }
    NzBolt self = {.fd = fd, .size = (guint64)st.st_size};
    g_autoptr(GError) failed = NULL;
    if (!begin(&self, error))
      return FALSE;
    gboolean ok = read(&self, data, &failed);
    if (!is_current(&self))
      continue;
    if (!ok)
      g_propagate_error(error, g_steal_pointer(&failed));
    return ok;
  }
  g_set_error(error, NZ_ERROR, NZ_ERROR_IO,
              "it was written to each of the %u times it was read; try again when fewer images are "
              "pulled or removed at once",
              NZ_BOLT_TRIES_MAX);
  return FALSE;
}
