/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/owners.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "rootfs/rpmdb.h"

/* Of a package name that is kept. */
#define PACKAGE_NAME_MAX 255

typedef struct {
  GByteArray *out;
  char *package;
  gsize count_at; /* where the open record's count is */
  guint32 count;
  gsize total;
} Builder;

static void
close_record(Builder *b)
{
  if (b->package)
    memcpy(b->out->data + b->count_at, &b->count, sizeof b->count);
  g_clear_pointer(&b->package, g_free);
}

static void
open_record(Builder *b, const char *package)
{
  close_record(b);
  guint16 n = (guint16)MIN(strlen(package), (gsize)G_MAXUINT16);
  b->package = g_strdup(package);
  b->count = 0;
  b->count_at = b->out->len;
  g_byte_array_append(b->out, (const guint8 *)&b->count, sizeof b->count);
  g_byte_array_append(b->out, (const guint8 *)&n, sizeof n);
  g_byte_array_append(b->out, (const guint8 *)package, n);
}

static void
add_path(const char *package, const char *path, gsize len, gpointer user_data)
{
  Builder *b = user_data;
  while (len > 0 && *path == '/') {
    path++;
    len--;
  }
  if (len == 0 || len > NZ_PATH_MAX || b->total >= NZ_OWNED_PATHS_MAX)
    return;
  if (!b->package || strcmp(b->package, package) != 0)
    open_record(b, package);
  guint64 key = nz_owners_key(path, len, nz_hash_seed());
  g_byte_array_append(b->out, (const guint8 *)&key, sizeof key);
  b->count++;
  b->total++;
}

guint64
nz_owners_key(const char *path, gsize len, guint64 seed)
{
  return nz_hash64_seeded(path, len, seed);
}

/* The next line of P..END without its newline; FALSE at the end. */
static gboolean
next_line(const char **p, const char *end, const char **line, gsize *len)
{
  if (*p >= end)
    return FALSE;
  const char *newline = memchr(*p, '\n', (gsize)(end - *p));
  const char *stop = newline ? newline : end;
  *line = *p;
  *len = (gsize)(stop - *p);
  *p = newline ? newline + 1 : end;
  return TRUE;
}

/* "libc6:amd64.list" -> "libc6" */
static char *
package_of(const char *basename, const char *suffix)
{
  gsize n = strlen(basename) - strlen(suffix);
  const char *colon = memchr(basename, ':', n);
  return g_strndup(basename, colon ? (gsize)(colon - basename) : n);
}

static void
read_dpkg_list(Builder *b, const char *basename, const char *p, gsize len)
{
  g_autofree char *package = package_of(basename, ".list");
  const char *line;
  gsize n;
  for (const char *end = p ? p + len : p; next_line(&p, end, &line, &n);)
    add_path(package, line, n, b);
}

static void
read_md5sums(Builder *b, const char *basename, const char *p, gsize len)
{
  g_autofree char *package = package_of(basename, ".md5sums");
  const char *line;
  gsize n;
  for (const char *end = p ? p + len : p; next_line(&p, end, &line, &n);)
    if (n > 34)
      add_path(package, line + 34, n - 34, b);
}

static void
read_apk(Builder *b, const char *p, gsize len)
{
  g_autofree char *package = g_strdup("");
  g_autoptr(GString) path = g_string_new(NULL);
  gsize dir_len = 0;
  const char *line;
  gsize n;
  for (const char *end = p ? p + len : p; next_line(&p, end, &line, &n);) {
    if (n < 2 || line[1] != ':')
      continue;
    switch (line[0]) {
    case 'P':
      g_free(package);
      package = g_strndup(line + 2, MIN(n - 2, (gsize)PACKAGE_NAME_MAX));
      break;
    case 'F':
      g_string_truncate(path, 0);
      g_string_append_len(path, line + 2, (gssize)MIN(n - 2, (gsize)NZ_PATH_MAX));
      if (path->len > 0)
        g_string_append_c(path, '/');
      dir_len = path->len;
      break;
    case 'R':
      g_string_truncate(path, dir_len);
      g_string_append_len(path, line + 2, (gssize)n - 2);
      add_path(package, path->str, path->len, b);
      break;
    default:
      break;
    }
  }
}

GBytes *
nz_owners_read(NzOwnersFormat format, const char *basename, guint8 *data, gsize len, GError **error)
{
  Builder b = {.out = g_byte_array_new()};
  guint64 seed = nz_hash_seed();
  gboolean ok = TRUE;
  g_byte_array_append(b.out, (const guint8 *)&seed, sizeof seed);
  switch (format) {
  case NZ_OWNERS_DPKG_LIST:
    read_dpkg_list(&b, basename, (const char *)data, len);
    break;
  case NZ_OWNERS_MD5SUMS:
    read_md5sums(&b, basename, (const char *)data, len);
    break;
  case NZ_OWNERS_APK:
    read_apk(&b, (const char *)data, len);
    break;
  case NZ_OWNERS_RPM_SQLITE:
    ok = nz_rpmdb_read(data, len, NZ_RPMDB_SQLITE, add_path, &b, error);
    break;
  case NZ_OWNERS_RPM_NDB:
    ok = nz_rpmdb_read(data, len, NZ_RPMDB_NDB, add_path, &b, error);
    break;
  case NZ_OWNERS_RPM_BDB:
    ok = nz_rpmdb_read(data, len, NZ_RPMDB_BDB, add_path, &b, error);
    break;
  }
  close_record(&b);
  g_autoptr(GBytes) out = g_byte_array_free_to_bytes(b.out);
  return ok ? g_steal_pointer(&out) : NULL;
}

/* --- asking --- */

typedef struct {
  const guint8 *name, *hashes; /* N of these, unaligned */
  guint16 name_len;
  guint32 n;
} Record;

/* Takes the record at *AT, and moves on. FALSE at the end, and where there is none whole. */
static gboolean
next_record(GBytes *owners, gsize *at, Record *record)
{
  gsize len;
  const guint8 *data = g_bytes_get_data(owners, &len);
  if (len < *at || len - *at < sizeof record->n + sizeof record->name_len)
    return FALSE;
  memcpy(&record->n, data + *at, sizeof record->n);
  memcpy(&record->name_len, data + *at + sizeof record->n, sizeof record->name_len);
  *at += sizeof record->n + sizeof record->name_len;
  record->name = data + *at;
  record->hashes = record->name + record->name_len;
  gsize size = record->name_len + (gsize)record->n * sizeof(guint64);
  gboolean whole = len - *at >= size;
  *at += size;
  return whole;
}

guint64
nz_owners_seed(GBytes *owners)
{
  gsize len;
  guint64 seed = 0;
  const guint8 *data = g_bytes_get_data(owners, &len);
  if (len >= sizeof seed)
    memcpy(&seed, data, sizeof seed);
  return seed;
}

gsize
nz_owners_count(GBytes *owners)
{
  gsize at = sizeof(guint64), total = 0;
  Record record;
  while (next_record(owners, &at, &record))
    total += record.n;
  return total;
}

/* A table of keys, and before it a bit for each: most paths belong to no file that is asked for. */
#define FILTER_BITS 4096u

struct NzOwnersWanted {
  GHashTable *values; /* guint64 * -> anything */
  guint64 filter[FILTER_BITS / 64];
};

NzOwnersWanted *
nz_owners_wanted_new(GDestroyNotify free_value)
{
  NzOwnersWanted *self = g_new0(NzOwnersWanted, 1);
  self->values = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_value);
  return self;
}

void
nz_owners_wanted_free(NzOwnersWanted *self)
{
  g_hash_table_unref(self->values);
  g_free(self);
}

void
nz_owners_want(NzOwnersWanted *self, guint64 key, gpointer value)
{
  self->filter[key % FILTER_BITS / 64] |= (guint64)1 << (key % 64);
  g_hash_table_insert(self->values, g_memdup2(&key, sizeof key), value);
}

gpointer
nz_owners_wanted(const NzOwnersWanted *self, guint64 key)
{
  gboolean may_be = ((self->filter[key % FILTER_BITS / 64] >> (key % 64)) & 1) != 0;
  return may_be ? g_hash_table_lookup(self->values, &key) : NULL;
}

void
nz_owners_lookup(GBytes *owners, const NzOwnersWanted *wanted, NzOwnerFound found,
                 gpointer user_data)
{
  gsize at = sizeof(guint64);
  Record record;
  while (next_record(owners, &at, &record)) {
    for (guint32 i = 0; i < record.n; i++) {
      guint64 key;
      memcpy(&key, record.hashes + (gsize)i * sizeof key, sizeof key);
      gpointer value = nz_owners_wanted(wanted, key);
      if (!value)
        continue;
      g_autofree char *package = g_strndup((const char *)record.name, record.name_len);
      found(value, package, user_data);
    }
  }
}
