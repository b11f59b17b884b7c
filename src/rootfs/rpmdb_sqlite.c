/* SPDX-License-Identifier: Apache-2.0 */
/* rpmdb.sqlite: a table Packages (hnum INTEGER PRIMARY KEY, blob BLOB) with the package headers,
 * and index tables that are of no use here. All integers are big-endian; pages count from 1.
 *
 *   file     = page{n}; the first 100 bytes of page 1 are the file's header
 *   page     = kind:8 freeblock:16 n_cells:16 content:16 frag:8 [right:32] cell-place:16{n_cells}
 * ... inner    = kind 5, cell: child:32 rowid:varint; RIGHT is the last child leaf     = kind 13,
 * cell: len:varint rowid:varint payload{local} [overflow:32] overflow = next:32 payload{the page's
 * rest} payload  = header_len:varint type:varint{columns} value{columns}
 *
 * Read here, and not by SQLite: the file may be anyone's and brings its own schema, which is SQL
 * and would have to be run; of a table, the pages are all that is needed, and a start of the
 * program without SQLite is a sixth faster. The threat is what it is for the other containers:
 * places behind the end, loops, and values that add up to more than the file. A page belongs to one
 * place only, so that no more of them are visited than there are. What is in a write-ahead log is
 * not seen: an image that was built with rpm has none left. */
#include "rootfs/rpmdb_private.h"

#include <string.h>

enum {
  HEADER_SIZE = 100,
  INNER = 5,
  LEAF = 13,

  /* Four bytes of page number and some of key: a table of the largest file is five deep. */
  DEPTH_MAX = 20,

  /* rpm's own statement has 100 bytes. */
  SQL_MAX = 400,
};

typedef struct {
  const guint8 *data;
  guint32 page_size, usable; /* some bytes at a page's end may be kept for others */
  guint32 n_pages;
  guint32 pages_left; /* that may be visited */
} Database;

/* What a row of a table is given to. */
typedef gboolean (*RowFunc)(gpointer data, guint64 number, const guint8 *payload, gsize len,
                            GError **error);

static gboolean
broken(GError **error, const char *what)
{
  return nz_set_input(error, "%s", what);
}

/* --- pages and cells --- */

static const guint8 *
visit(Database *self, guint32 number, GError **error)
{
  if (number == 0 || number > self->n_pages) {
    broken(error, "a page lies behind the end of the file, which is cut short");
    return NULL;
  }
  if (self->pages_left == 0) {
    broken(error, "its pages are used more than once");
    return NULL;
  }
  self->pages_left--;
  return self->data + (gsize)(number - 1) * self->page_size;
}

/* 7 bits a byte, the highest first; the ninth has 8. Returns how many bytes there were, 0: cut. */
static gsize
varint(const guint8 *p, gsize left, guint64 *value)
{
  *value = 0;
  for (gsize i = 0; i < MIN(left, 8); i++) {
    *value = *value << 7 | (p[i] & 0x7f);
    if (!(p[i] & 0x80))
      return i + 1;
  }
  if (left < 9)
    return 0;
  *value = *value << 8 | p[8];
  return 9;
}

/* How much of a payload of LEN bytes lies in its leaf. */
static guint64
local_size(const Database *self, guint64 len)
{
  guint64 most = self->usable - 35, least = (self->usable - 12) * 32 / 255 - 23;
  if (len <= most)
    return len;
  guint64 even = least + (len - least) % (self->usable - 4);
  return even <= most ? even : least;
}

/* The payload of LEN bytes whose first LOCAL are at P, followed by the number of the next page. */
static guint8 *
gather(Database *self, const guint8 *p, gsize local, gsize len, GError **error)
{
  g_autofree guint8 *all = g_malloc(len);
  memcpy(all, p, local);
  guint32 next = nz_rpm_be32(p + local);
  for (gsize at = local; at < len;) {
    const guint8 *page = visit(self, next, error);
    if (!page)
      return NULL;
    gsize n = MIN(len - at, self->usable - 4);
    memcpy(all + at, page + 4, n);
    next = nz_rpm_be32(page);
    at += n;
  }
  return g_steal_pointer(&all);
}

static gboolean
read_leaf_cell(Database *self, const guint8 *cell, gsize left, RowFunc func, gpointer data,
               GError **error)
{
  guint64 len, number;
  gsize n = varint(cell, left, &len);
  gsize m = n > 0 ? varint(cell + n, left - n, &number) : 0;
  if (m == 0 || len > (guint64)self->n_pages * self->page_size)
    return broken(error, "a row is broken");
  cell += n + m;
  left -= n + m;
  guint64 local = local_size(self, len);
  if (local + (local < len ? 4 : 0) > left)
    return broken(error, "a row is cut short");
  if (local == len)
    return func(data, number, cell, (gsize)len, error);
  g_autofree guint8 *all = gather(self, cell, (gsize)local, (gsize)len, error);
  return all && func(data, number, all, (gsize)len, error);
}

/* Gives each row of the table whose tree begins at page NUMBER to FUNC, in their order. */
static gboolean
read_table(Database *self, guint32 number, guint depth, RowFunc func, gpointer data, GError **error)
{
  const guint8 *page = visit(self, number, error);
  if (!page)
    return FALSE;
  const guint8 *head = page + (number == 1 ? HEADER_SIZE : 0);
  gboolean inner = head[0] == INNER;
  gsize places = (gsize)(head - page) + (inner ? 12 : 8);
  guint n_cells = (guint)head[3] << 8 | head[4];
  if ((!inner && head[0] != LEAF) || depth == 0 || places + n_cells * 2u > self->usable)
    return broken(error, "a page is no part of a table");
  for (guint i = 0; i < n_cells; i++) {
    gsize at = (gsize)page[places + 2 * i] << 8 | page[places + 2 * i + 1];
    if (at + 4 > self->usable)
      return broken(error, "a cell lies outside of its page");
    gboolean ok = inner ? read_table(self, nz_rpm_be32(page + at), depth - 1, func, data, error)
                        : read_leaf_cell(self, page + at, self->usable - at, func, data, error);
    if (!ok)
      return FALSE;
  }
  return !inner || read_table(self, nz_rpm_be32(head + 8), depth - 1, func, data, error);
}

/* --- rows --- */

typedef enum { VALUE_NONE, VALUE_NUMBER, VALUE_TEXT, VALUE_BLOB } ValueKind;

typedef struct {
  ValueKind kind;
  const guint8 *bytes;
  gsize len;
} Value;

static gboolean
value_of_type(guint64 type, Value *value)
{
  static const guint8 sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
  if (type >= 12) {
    value->kind = type % 2 ? VALUE_TEXT : VALUE_BLOB;
    value->len = (gsize)((type - 12) / 2);
    return TRUE;
  }
  if (type >= G_N_ELEMENTS(sizes))
    return FALSE;
  value->kind = type == 0 ? VALUE_NONE : VALUE_NUMBER;
  value->len = sizes[type];
  return TRUE;
}

/* The first N columns of a row; those that it has not are VALUE_NONE. */
static gboolean
read_columns(const guint8 *payload, gsize len, Value *values, guint n, GError **error)
{
  guint64 header, type;
  gsize at = varint(payload, len, &header);
  if (at == 0 || header < at || header > len)
    return broken(error, "a row is broken");
  gsize body = (gsize)header;
  for (guint i = 0; i < n; i++) {
    values[i] = (Value){.kind = VALUE_NONE};
    if (at >= header)
      continue;
    gsize used = varint(payload + at, (gsize)header - at, &type);
    if (used == 0 || !value_of_type(type, &values[i]) || values[i].len > len - body)
      return broken(error, "a row is broken");
    values[i].bytes = payload + body;
    at += used;
    body += values[i].len;
  }
  return TRUE;
}

static gboolean
is_text(const Value *value, const char *text)
{
  return value->kind == VALUE_TEXT && value->len == strlen(text) &&
         g_ascii_strncasecmp((const char *)value->bytes, text, value->len) == 0;
}

static guint64
number_in(const Value *value)
{
  guint64 number = 0;
  for (gsize i = 0; i < value->len; i++)
    number = number << 8 | value->bytes[i];
  return number;
}

/* --- the schema: page 1 is the table (type, name, tbl_name, rootpage, sql) --- */

typedef struct {
  guint n_found;
  gboolean ordinary, columns;
  guint32 root;
} Schema;

/* TRUE when *P begins with WORD, which it then is behind. */
static gboolean
skip(const char **p, const char *word)
{
  gsize n = strlen(word);
  if (strncmp(*p, word, n) != 0)
    return FALSE;
  *p += n;
  return TRUE;
}

/* TRUE for the statement by which rpm makes its table, however it is spaced and quoted: both
 * columns are stored as they are, and nothing comes before them. */
static gboolean
is_rpms_table(const Value *sql)
{
  char text[SQL_MAX + 1];
  gsize n = 0;
  if (sql->kind != VALUE_TEXT || sql->len > SQL_MAX)
    return FALSE;
  for (gsize i = 0; i < sql->len; i++)
    if (sql->bytes[i] > ' ' && !strchr("'\"`[]", sql->bytes[i]))
      text[n++] = g_ascii_tolower((char)sql->bytes[i]);
  text[n] = '\0';
  const char *p = text;
  if (!skip(&p, "createtablepackages(hnumintegerprimarykey"))
    return FALSE;
  skip(&p, "autoincrement");
  if (!skip(&p, ",blobblob"))
    return FALSE;
  skip(&p, "notnull");
  return strcmp(p, ")") == 0;
}

static gboolean
look_at_schema_row(gpointer data, guint64 number G_GNUC_UNUSED, const guint8 *payload, gsize len,
                   GError **error)
{
  enum { TYPE, NAME, TABLE, ROOT, SQL, N_COLUMNS };
  Schema *self = data;
  Value row[N_COLUMNS];
  if (!read_columns(payload, len, row, N_COLUMNS, error))
    return FALSE;
  if (!is_text(&row[NAME], "Packages"))
    return TRUE;
  guint64 root = row[ROOT].kind == VALUE_NUMBER ? number_in(&row[ROOT]) : 0;
  self->n_found++;
  self->root = (guint32)MIN(root, G_MAXUINT32);
  self->ordinary = is_text(&row[TYPE], "table") && root >= 2;
  self->columns = is_rpms_table(&row[SQL]);
  return TRUE;
}

static gboolean
find_packages(Database *self, guint32 *root, GError **error)
{
  Schema schema = {0};
  if (!read_table(self, 1, DEPTH_MAX, look_at_schema_row, &schema, error))
    return FALSE;
  if (schema.n_found == 0)
    return broken(error, "it has no table Packages");
  if (schema.n_found > 1)
    return broken(error, "Packages is there twice");
  if (!schema.ordinary)
    return broken(error, "Packages is no ordinary table");
  if (!schema.columns)
    return broken(error, "Packages has no ordinary columns hnum and blob");
  *root = schema.root;
  return TRUE;
}

/* --- packages --- */

static gboolean
add_package(gpointer data, guint64 number, const guint8 *payload, gsize len, GError **error)
{
  Value row[2]; /* hnum, which is the row's own number, and blob */
  if (!read_columns(payload, len, row, G_N_ELEMENTS(row), error))
    return FALSE;
  if (row[1].kind != VALUE_BLOB)
    return nz_set_input(error, "package %" G_GUINT64_FORMAT ": its header is no blob", number);
  return nz_rpm_sink_add(data, number, row[1].bytes, row[1].len, error);
}

static gboolean
open_database(Database *self, const guint8 *data, gsize len, GError **error)
{
  if (len < 512 || memcmp(data, "SQLite format 3", 16) != 0)
    return broken(error, "this is no SQLite database");
  guint32 size = (guint32)data[16] << 8 | data[17], encoding = nz_rpm_be32(data + 56);
  if (size == 1)
    size = 65536;
  if (size < 512 || (size & (size - 1)) != 0 || size - data[20] < 480)
    return broken(error, "its pages have no size that there is");
  if (encoding > 1)
    return broken(error, "its texts are no UTF-8");
  guint32 n_pages = (guint32)MIN(len / size, G_MAXUINT32);
  *self = (Database){data, size, size - data[20], n_pages, n_pages};
  return TRUE;
}

gboolean
nz_rpmdb_read_sqlite(guint8 *data, gsize len, NzRpmSink *sink, GError **error)
{
  Database database;
  guint32 root;
  return open_database(&database, data, len, error) && find_packages(&database, &root, error) &&
         read_table(&database, root, DEPTH_MAX, add_package, sink, error);
}
