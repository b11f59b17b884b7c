/* SPDX-License-Identifier: Apache-2.0 */
/* The rpm database reader: databases that rpm made, against what rpm says of them; and databases
 * that nothing should believe. G_TEST_SRCDIR is this file's folder. */
#include "rootfs/rpmdb.h"

#include <sqlite3.h>
#include <string.h>

/* --- what a database says --- */

static void
collect(const char *package, const char *path, gsize path_len, gpointer user_data)
{
  GPtrArray *lines = user_data;
  g_assert_cmpuint(strlen(path), ==, path_len);
  g_assert_cmpint(path[0], ==, '/');
  g_ptr_array_add(lines, g_strdup_printf("%s\t%s\n", package, path));
}

static gint
compare_lines(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All that the database says, one line a file, in the order of `LC_ALL=C sort`. NULL on error. */
static char *
read_lines(const guint8 *data, gsize len, NzRpmdbFormat format, GError **error)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  /* A copy of exact size, so that the sanitizers see a read behind the end. */
  g_autofree guint8 *copy = g_memdup2(data, len);
  if (!nz_rpmdb_read(copy, len, format, collect, lines, error))
    return NULL;
  g_ptr_array_sort(lines, compare_lines);
  g_ptr_array_add(lines, NULL);
  return g_strjoinv(NULL, (char **)lines->pdata);
}

static void
assert_broken(const guint8 *data, gsize len, NzRpmdbFormat format, const char *what)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *lines = read_lines(data, len, format, &error);
  g_assert_null(lines);
  g_assert_error(error, NZ_ERROR, NZ_ERROR_INPUT);
  g_test_message("%s", error->message);
  if (strstr(error->message, what) == NULL)
    g_error("\"%s\" does not say \"%s\"", error->message, what);
}

static char *
load_file(const char *name, gsize *len)
{
  g_autofree char *path = g_test_build_filename(G_TEST_DIST, "..", "data", "rpm", name, NULL);
  g_autoptr(GError) error = NULL;
  char *data = NULL;
  g_file_get_contents(path, &data, len, &error);
  g_assert_no_error(error);
  return data;
}

static char *
load_text(const char *name)
{
  gsize len = 0;
  return load_file(name, &len);
}

static GBytes *
load(const char *name)
{
  gsize len = 0;
  char *data = load_file(name, &len);
  return g_bytes_new_take(data, len);
}

static NzRpmdbFormat
format_of(const char *name)
{
  if (g_str_has_suffix(name, ".sqlite"))
    return NZ_RPMDB_SQLITE;
  return g_str_has_suffix(name, ".ndb") ? NZ_RPMDB_NDB : NZ_RPMDB_BDB;
}

/* --- databases that rpm, or rpm's code, wrote --- */

static const struct {
  const char *database;
  const char *list;
} golden[] = {
    {"real.sqlite", "real.list"}, {"real.ndb", "real.list"}, {"real.bdb", "real.list"},
    {"tiny.ndb", "tiny.list"},    {"tiny.bdb", "tiny.list"},
};

static void
test_says_what_rpm_says(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(golden); i++) {
    g_autoptr(GBytes) database = load(golden[i].database);
    g_autofree char *list = load_text(golden[i].list);
    gsize len = 0;
    const guint8 *data = g_bytes_get_data(database, &len);

    g_autoptr(GError) error = NULL;
    g_autofree char *lines = read_lines(data, len, format_of(golden[i].database), &error);
    g_assert_no_error(error);
    g_assert_cmpstr(lines, ==, list);
  }
}

/* Cut anywhere, a database is either an error or, where only index tables are lost, still whole. */
static void
test_cut_short_is_never_half_an_answer(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(golden); i++) {
    g_autoptr(GBytes) database = load(golden[i].database);
    g_autofree char *list = load_text(golden[i].list);
    gsize len = 0, errors = 0;
    const guint8 *data = g_bytes_get_data(database, &len);

    for (gsize cut = 0; cut < len; cut += 509) {
      g_autofree char *lines = read_lines(data, cut, format_of(golden[i].database), NULL);
      if (lines == NULL)
        errors++;
      else
        g_assert_cmpstr(lines, ==, list);
    }
    g_assert_cmpuint(errors, >, 0);
  }
}

/* Flipped bits must not crash the reader; what it answers is not looked at. */
static void
test_flipped_bits_are_survived(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(golden); i++) {
    g_autoptr(GBytes) database = load(golden[i].database);
    gsize len = 0;
    const guint8 *data = g_bytes_get_data(database, &len);
    g_autofree guint8 *copy = g_memdup2(data, len);
    for (guint round = 0; round < 400; round++) {
      gsize at = (gsize)g_test_rand_int_range(0, (gint32)len);
      guint8 was = copy[at];
      copy[at] ^= (guint8)(1 << g_test_rand_int_range(0, 8));
      g_autofree char *lines = read_lines(copy, len, format_of(golden[i].database), NULL);
      copy[at] = was;
    }
  }
}

static void
test_each_format_refuses_the_others(void)
{
  static const NzRpmdbFormat formats[] = {NZ_RPMDB_SQLITE, NZ_RPMDB_NDB, NZ_RPMDB_BDB};
  for (gsize i = 0; i < G_N_ELEMENTS(golden); i++) {
    g_autoptr(GBytes) database = load(golden[i].database);
    gsize len = 0;
    const guint8 *data = g_bytes_get_data(database, &len);
    for (gsize f = 0; f < G_N_ELEMENTS(formats); f++) {
      if (formats[f] != format_of(golden[i].database))
        assert_broken(data, len, formats[f], "this is no ");
    }
  }
  for (gsize f = 0; f < G_N_ELEMENTS(formats); f++)
    assert_broken((const guint8 *)"", 0, formats[f], "");
}

/* --- ndb --- */

#define DATA(text) text, sizeof text - 1

/* real.ndb has one page of slots. The one at byte 32 is free; the next is that of package 1. */
static const struct {
  gsize at;
  const char *bytes;
  gsize len;
  const char *what;
} ndb_patches[] = {
    {0, DATA("Rpm_"), "does not begin with RpmP"},
    {4, DATA("\1"), "version 1"},
    {12, DATA("\0\0\0\0"), "with 0 pages"},
    {12, DATA("\0\1\0\0"), "with 256 pages"},
    {12, DATA("\xff\xff\xff\xff"), "cut short"},
    {12, DATA("\2"), "its slot is broken"},
    {32, DATA("slot"), "slot at byte 32 is broken"},
    {4080, DATA("Slop"), "slot at byte 4080 is broken"},
    {52, DATA("\0\0\0\0"), "package 0: its slot is broken"},
    {52, DATA("\x63"), "package 99: the frame"},
    {56, DATA("\1\0\0\0"), "its slot is broken"},
    {56, DATA("\xff\xff\xff\xff"), "behind the end of the file"},
    {60, DATA("\0\0\0\0"), "its slot is broken"},
    {60, DATA("\1\0\0\0"), "its slot is broken"},
    {60, DATA("\xff\xff\xff\xff"), "behind the end of the file"},
    {60, DATA("\x09\0\0\0"), "the frame"},
};

static void
test_ndb_patched(void)
{
  g_autoptr(GBytes) database = load("real.ndb");
  gsize len = 0;
  const guint8 *data = g_bytes_get_data(database, &len);
  for (gsize i = 0; i < G_N_ELEMENTS(ndb_patches); i++) {
    g_autofree guint8 *copy = g_memdup2(data, len);
    memcpy(copy + ndb_patches[i].at, ndb_patches[i].bytes, ndb_patches[i].len);
    assert_broken(copy, len, NZ_RPMDB_NDB, ndb_patches[i].what);
  }
}

/* All slots lead to the blob of the first package. */
static void
test_ndb_slots_that_share_a_blob(void)
{
  g_autoptr(GBytes) database = load("real.ndb");
  gsize len = 0;
  const guint8 *data = g_bytes_get_data(database, &len);
  g_autofree guint8 *copy = g_memdup2(data, len);
  for (gsize at = 32; at < 4096; at += 16)
    memcpy(copy + at, data + 48, 16);
  assert_broken(copy, len, NZ_RPMDB_NDB, "add up to more than the file");
}

/* --- Berkeley DB --- */

static guint32
get_le(const guint8 *p)
{
  guint32 le;
  memcpy(&le, p, sizeof le);
  return GUINT32_FROM_LE(le);
}

static void
put_le(guint8 *p, guint32 value)
{
  guint32 le = GUINT32_TO_LE(value);
  memcpy(p, &le, sizeof le);
}

/* The first page of TYPE, from real.bdb's 4096-byte pages 0 to 10; of type 7, one that goes on. */
static guint8 *
page_of_type(guint8 *data, guint8 type)
{
  for (guint i = 0; i < 11; i++) {
    guint8 *page = data + i * 4096;
    if (page[25] == type && (type != 7 || get_le(page + 16) != 0))
      return page;
  }
  g_assert_not_reached();
}

static guint8 *
first_hash_page(guint8 *data)
{
  return page_of_type(data, 13);
}

/* Item 0 or 1 of the first hash page. */
static guint8 *
item(guint8 *data, guint i)
{
  guint8 *page = first_hash_page(data);
  return page + (page[26 + i * 2] | page[27 + i * 2] << 8);
}

static void
bdb_loop_bucket(guint8 *data)
{
  guint8 *page = first_hash_page(data);
  put_le(page + 16, get_le(page + 8));
}

static void
bdb_leave_file(guint8 *data)
{
  put_le(first_hash_page(data) + 16, 0x7fffffff);
}

static void
bdb_loop_overflow(guint8 *data)
{
  guint8 *page = page_of_type(data, 7);
  put_le(page + 16, get_le(page + 8));
}

static void
bdb_overflow_into_meta(guint8 *data)
{
  put_le(page_of_type(data, 7) + 16, 0);
}

static void
bdb_overflow_too_full(guint8 *data)
{
  memset(page_of_type(data, 7) + 22, 0xff, 2);
}

static void
bdb_overflow_empty(guint8 *data)
{
  memset(page_of_type(data, 7) + 22, 0, 2);
}

static void
bdb_share_overflow(guint8 *data)
{
  guint8 *chains[2] = {NULL, NULL};
  guint8 *page = first_hash_page(data);
  for (guint i = 1, found = 0; i < page[20] && found < 2; i += 2) {
    guint8 *value = item(data, i);
    if (value[0] == 3)
      chains[found++] = value;
  }
  g_assert_nonnull(chains[1]);
  memcpy(chains[1], chains[0], 12);
}

static void
bdb_huge_value(guint8 *data)
{
  guint8 *page = first_hash_page(data);
  for (guint i = 1; i < page[20]; i += 2) {
    if (item(data, i)[0] == 3)
      put_le(item(data, i) + 8, 0xffffffff);
  }
}

static void
bdb_duplicates(guint8 *data)
{
  guint8 *page = first_hash_page(data);
  for (guint i = 1; i < page[20]; i += 2) {
    if (item(data, i)[0] == 3)
      item(data, i)[0] = 4;
  }
}

static void
bdb_odd_count(guint8 *data)
{
  first_hash_page(data)[20] |= 1;
}

static void
bdb_count_of_many(guint8 *data)
{
  first_hash_page(data)[21] = 0xfe;
}

static void
bdb_item_in_head(guint8 *data)
{
  memset(first_hash_page(data) + 26, 4, 1);
  memset(first_hash_page(data) + 27, 0, 1);
}

static void
bdb_items_upwards(guint8 *data)
{
  guint8 *page = first_hash_page(data);
  memcpy(page + 28, page + 26, 2);
}

static void
bdb_key_of_text(guint8 *data)
{
  item(data, 0)[0] = 3;
}

static void
bdb_wrong_number(guint8 *data)
{
  first_hash_page(data)[8] ^= 1;
}

static void
bdb_not_hash(guint8 *data)
{
  first_hash_page(data)[25] = 5;
}

static const struct {
  void (*mutate)(guint8 *data);
  const char *what;
} bdb_mutations[] = {
    {bdb_loop_bucket, "two chains lead to page"},
    {bdb_leave_file, "a chain leads to page 2147483647 of 10"},
    {bdb_loop_overflow, "two chains lead to page"},
    {bdb_overflow_into_meta, "a chain leads to page 0"},
    {bdb_overflow_too_full, "overflow page"},
    {bdb_overflow_empty, "overflow page"},
    {bdb_share_overflow, "two chains lead to page"},
    {bdb_huge_value, "does not fit into the file"},
    {bdb_duplicates, "of kind 4"},
    {bdb_odd_count, "items"},
    {bdb_count_of_many, "items"},
    {bdb_item_in_head, "item 0 of hash page"},
    {bdb_items_upwards, "item 1 of hash page"},
    {bdb_key_of_text, "no package number"},
    {bdb_wrong_number, "is no hash page"},
    {bdb_not_hash, "is no hash page"},
};

static const struct {
  gsize at;
  const char *bytes;
  gsize len;
  const char *what;
} bdb_patches[] = {
    {12, DATA("\0\6\x15\x61"), "big-endian machine"},
    {12, DATA("\0\5\x31\x62"), "big-endian machine"},
    {12, DATA("\x62\x31\5\0"), "a B-tree"},
    {12, DATA("\1\2\3\4"), "no Berkeley DB hash table"},
    {16, DATA("\7"), "version 7"},
    {16, DATA("\x0b"), "version 11"},
    {20, DATA("\0\0\0\0"), "meta page"},
    {20, DATA("\xff\xff"), "meta page"},
    {20, DATA("\0\1\0\0"), "meta page"},
    {20, DATA("\0\0\2\0"), "meta page"},
    {24, DATA("\1"), "encrypted"},
    {25, DATA("\x0d"), "meta page"},
    {26, DATA("\1"), "checksummed"},
    {32, DATA("\x0b"), "pages 0 to 11"},
    {32, DATA("\xff\xff\xff\xff"), "cut short"},
    {72, DATA("\x0b"), "meta page"},
    {72, DATA("\xff\xff\xff\xff"), "meta page"},
    {96, DATA("\0\0\0\0"), "a chain leads to page 0"},
    {96, DATA("\xff\xff\xff\xff"), "a chain leads to page 4294967295"},
    {100, DATA("\xff\xff\xff\xff"), "a chain leads to page 4294967296"},
    {100, DATA("\0\0\0\0"), "two chains lead to page 1"},
};

static void
test_bdb_patched(void)
{
  g_autoptr(GBytes) database = load("real.bdb");
  gsize len = 0;
  const guint8 *data = g_bytes_get_data(database, &len);
  for (gsize i = 0; i < G_N_ELEMENTS(bdb_patches); i++) {
    g_autofree guint8 *copy = g_memdup2(data, len);
    memcpy(copy + bdb_patches[i].at, bdb_patches[i].bytes, bdb_patches[i].len);
    assert_broken(copy, len, NZ_RPMDB_BDB, bdb_patches[i].what);
  }
}

static void
test_bdb_broken_pages(void)
{
  g_autoptr(GBytes) database = load("real.bdb");
  gsize len = 0;
  const guint8 *data = g_bytes_get_data(database, &len);
  for (gsize i = 0; i < G_N_ELEMENTS(bdb_mutations); i++) {
    g_autofree guint8 *copy = g_memdup2(data, len);
    bdb_mutations[i].mutate(copy);
    assert_broken(copy, len, NZ_RPMDB_BDB, bdb_mutations[i].what);
  }
}

/* libdb 4.3 (CentOS 5) kept the items of a hash page unsorted, and said so. */
static void
test_bdb_of_version_8(void)
{
  g_autoptr(GBytes) database = load("tiny.bdb");
  g_autofree char *list = load_text("tiny.list");
  gsize len = 0;
  const guint8 *data = g_bytes_get_data(database, &len);
  g_autofree guint8 *copy = g_memdup2(data, len);
  copy[16] = 8;
  for (gsize page = 1024; page < len; page += 1024) {
    if (copy[page + 25] == 13)
      copy[page + 25] = 2;
  }
  g_autofree char *lines = read_lines(copy, len, NZ_RPMDB_BDB, NULL);
  g_assert_cmpstr(lines, ==, list);
}

/* --- SQLite --- */

#define HEADER_P                                                                                   \
  "x'00000001000000020000"                                                                         \
  "03e80000000600000000000000017000'"
#define PACKAGES "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB);"
#define COUNT(n) "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT " #n ") "

static const struct {
  const char *name;
  const char *sql;
  const char *what; /* NULL: it is good, and says nothing */
} sqlite_cases[] = {
    {"a package without files", PACKAGES "INSERT INTO Packages VALUES (1, " HEADER_P ")", NULL},
    {"no packages", PACKAGES, NULL},
    {"other tables",
     PACKAGES "CREATE TABLE Name (key TEXT, hnum INT); INSERT INTO Name VALUES (1, 2)", NULL},
    {"statistics",
     PACKAGES "CREATE INDEX i ON Packages (blob); INSERT INTO Packages VALUES (1, " HEADER_P ");"
              "ANALYZE",
     NULL},

    {"no table", "CREATE TABLE Name (key)", "no table Packages"},
    {"a view", "CREATE VIEW Packages AS SELECT 1 AS hnum, " HEADER_P " AS blob",
     "no ordinary table"},
    {"a view without end",
     "CREATE VIEW Packages AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
     " SELECT i AS hnum, x'00' AS blob FROM n",
     "no ordinary table"},
    {"a virtual table", "CREATE VIRTUAL TABLE Packages USING fts5(hnum, blob)",
     "no ordinary table"},
    {"a generated column",
     "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB AS (zeroblob(1000000000)));"
     "INSERT INTO Packages (hnum) VALUES (1)",
     "no ordinary columns"},
    {"no blob", "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY)", "no ordinary columns"},
    {"a number as header", PACKAGES "INSERT INTO Packages VALUES (3, 17)",
     "package 3: its header is no blob"},
    {"text as header", PACKAGES "INSERT INTO Packages VALUES (3, 'x')", "header is no blob"},
    {"nothing as header", PACKAGES "INSERT INTO Packages VALUES (3, NULL)", "header is no blob"},
    {"an empty header", PACKAGES "INSERT INTO Packages VALUES (3, x'')",
     "package 3: the header is cut short"},
    {"a broken second package",
     PACKAGES "INSERT INTO Packages VALUES (1, " HEADER_P "), (2, x'0000000000000000')",
     "package 2: a header of 0 entries"},
    {"hidden in an index",
     PACKAGES "INSERT INTO Packages VALUES (5, x'00'); CREATE INDEX i ON Packages (blob);"
              "PRAGMA writable_schema = ON;"
              "UPDATE sqlite_master SET sql = 'CREATE INDEX i ON Packages (blob) WHERE 0'"
              " WHERE name = 'i'",
     "package 5: the header is cut short"},
    {"a virtual table that calls itself a table",
     "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB); PRAGMA writable_schema = ON;"
     "UPDATE sqlite_master SET sql = 'CREATE VIRTUAL TABLE Packages USING fts5(hnum, blob)'",
     ""},
    {"a row that says it is a table",
     "CREATE TABLE x (hnum, blob); PRAGMA writable_schema = ON;"
     "UPDATE sqlite_master SET name = 'Packages', tbl_name = 'Packages',"
     " sql = 'CREATE VIEW Packages AS SELECT 1 AS hnum, 2 AS blob'",
     ""},
    {"two tables",
     PACKAGES "PRAGMA writable_schema = ON; INSERT INTO sqlite_master SELECT * FROM sqlite_master",
     ""},
    {"another's long statement",
     PACKAGES "CREATE TABLE x (a DEFAULT 1); PRAGMA writable_schema = ON;"
              "UPDATE sqlite_master SET sql = 'CREATE TABLE x (a DEFAULT \"' ||"
              " hex(zeroblob(3000)) || '\")' WHERE name = 'x'",
     NULL},
    {"a large schema",
     PACKAGES "PRAGMA writable_schema = ON;" COUNT(
         20000) "INSERT INTO sqlite_master SELECT 'table', 't' || i, 't' || i, 2,"
                " 'CREATE TABLE t' || i || '(a)' FROM n",
     NULL},
    {"a long statement",
     "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB /*                              "
     "                                                                                            "
     "                                                                                            "
     "                                                                                            "
     "                                                                           */)",
     "no ordinary columns"},
    {"columns in another order", "CREATE TABLE Packages (blob BLOB, hnum INTEGER PRIMARY KEY)",
     "no ordinary columns"},
    {"a table that is its index",
     "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB) WITHOUT ROWID",
     "no ordinary columns"},
    {"an index that calls itself a table",
     PACKAGES "INSERT INTO Packages VALUES (1, x'00'); CREATE INDEX i ON Packages (blob);"
              "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage ="
              " (SELECT rootpage FROM sqlite_master WHERE name = 'i') WHERE name = 'Packages'",
     "a page is no part of a table"},
    {"a table behind the end",
     PACKAGES "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = 99",
     "behind the end"},
    {"a table that is the schema",
     PACKAGES "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = 1",
     "no ordinary table"},
    {"other quotes and spaces",
     "CREATE  TABLE \"Packages\"(hnum integer primary key autoincrement , [blob] BLOB NOT\tNULL)",
     NULL},
    {"texts in UTF-16", "PRAGMA encoding = 'UTF-16';" PACKAGES, "no UTF-8"},
    {"too many packages",
     PACKAGES COUNT(200000) "INSERT INTO Packages SELECT i, " HEADER_P " FROM n",
     "more than 131072 packages"},
};

static guint8 *
sqlite_of(const char *sql, sqlite3_int64 *len)
{
  sqlite3 *db = NULL;
  char *message = NULL;
  g_assert_cmpint(sqlite3_open(":memory:", &db), ==, SQLITE_OK);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
  if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
    g_error("%s: %s", sql, message);
  guint8 *data = sqlite3_serialize(db, "main", len, 0);
  g_assert_nonnull(data);
  sqlite3_close(db);
  return data;
}

static void
test_sqlite_schemas(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(sqlite_cases); i++) {
    g_test_message("%s", sqlite_cases[i].name);
    sqlite3_int64 len = 0;
    guint8 *data = sqlite_of(sqlite_cases[i].sql, &len);
    if (sqlite_cases[i].what != NULL) {
      assert_broken(data, (gsize)len, NZ_RPMDB_SQLITE, sqlite_cases[i].what);
    } else {
      g_autoptr(GError) error = NULL;
      g_autofree char *lines = read_lines(data, (gsize)len, NZ_RPMDB_SQLITE, &error);
      g_assert_no_error(error);
      g_assert_cmpstr(lines, ==, "");
    }
    sqlite3_free(data);
  }
}

/* rpm leaves the file marked as one with a write-ahead log; other tools do not. */
static void
test_sqlite_with_and_without_wal(void)
{
  g_autoptr(GBytes) database = load("real.sqlite");
  gsize len = 0;
  const guint8 *data = g_bytes_get_data(database, &len);
  g_assert_cmpuint(data[18], ==, 2);
  g_autofree guint8 *copy = g_memdup2(data, len);
  copy[18] = copy[19] = 1;
  g_autofree char *with = read_lines(data, len, NZ_RPMDB_SQLITE, NULL);
  g_autofree char *without = read_lines(copy, len, NZ_RPMDB_SQLITE, NULL);
  g_assert_nonnull(with);
  g_assert_cmpstr(with, ==, without);
}

/* An overflow page whose chain leads back to it: one value reads the file many times over. */
static void
test_sqlite_chains_with_loops(void)
{
  sqlite3_int64 len = 0;
  guint8 *data = sqlite_of(
      "PRAGMA page_size = 512;" PACKAGES "INSERT INTO Packages VALUES (1, zeroblob(100000))", &len);
  for (gsize page = 2 * 512; page + 512 < (gsize)len; page += 512) {
    guint32 self = GUINT32_TO_BE((guint32)(page / 512 + 1));
    memcpy(data + page, &self, sizeof self);
  }
  assert_broken(data, (gsize)len, NZ_RPMDB_SQLITE, "");
  sqlite3_free(data);
}

/* An inner page whose children are itself, and a row that says it is larger than the file. */
static void
test_sqlite_trees_with_loops(void)
{
  sqlite3_int64 len = 0;
  guint8 *data = sqlite_of("PRAGMA page_size = 512;" PACKAGES COUNT(
                               500) "INSERT INTO Packages SELECT i, zeroblob(100) FROM n",
                           &len);
  guint8 *root = data + 512;
  g_assert_cmpuint(root[0], ==, 5);
  memcpy(root + 8, "\0\0\0\2", 4); /* the last child */
  g_autofree guint8 *copy = g_memdup2(data, (gsize)len);
  gsize cell = (gsize)root[12] << 8 | root[13];
  memcpy(copy + 512 + cell, "\0\0\0\2", 4); /* the first */
  assert_broken(copy, (gsize)len, NZ_RPMDB_SQLITE, "no part of a table");
  sqlite3_free(data);
}

static void
test_sqlite_pages_of_every_size(void)
{
  for (guint size = 512; size <= 65536; size *= 2) {
    g_autofree char *sql =
        g_strdup_printf("PRAGMA page_size = %u;" PACKAGES COUNT(
                            40) "INSERT INTO Packages SELECT i, " HEADER_P
                                " FROM n; INSERT INTO Packages VALUES (77, zeroblob(300000))",
                        size);
    sqlite3_int64 len = 0;
    guint8 *data = sqlite_of(sql, &len);
    /* All packages are come past, to the last one, which was put together from many pages. */
    assert_broken(data, (gsize)len, NZ_RPMDB_SQLITE, "package 77: a header of 0 entries");
    sqlite3_free(data);
  }
}

/* --- what the fuzzer found --- */

static void
test_fuzzer_findings(void)
{
  g_autofree char *folder = g_test_build_filename(G_TEST_DIST, "..", "data", "rpm", NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
  g_assert_no_error(error);
  for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
    if (!g_str_has_prefix(name, "crash-"))
      continue;
    g_test_message("%s", name);
    g_autoptr(GBytes) database = load(name);
    gsize len = 0;
    const guint8 *data = g_bytes_get_data(database, &len);
    g_autofree char *lines = read_lines(data, len, format_of(name), NULL);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/rpmdb/says-what-rpm-says", test_says_what_rpm_says);
  g_test_add_func("/rpmdb/cut-short-is-never-half-an-answer",
                  test_cut_short_is_never_half_an_answer);
  g_test_add_func("/rpmdb/flipped-bits-are-survived", test_flipped_bits_are_survived);
  g_test_add_func("/rpmdb/each-format-refuses-the-others", test_each_format_refuses_the_others);
  g_test_add_func("/rpmdb/ndb/patched", test_ndb_patched);
  g_test_add_func("/rpmdb/ndb/slots-that-share-a-blob", test_ndb_slots_that_share_a_blob);
  g_test_add_func("/rpmdb/bdb/patched", test_bdb_patched);
  g_test_add_func("/rpmdb/bdb/broken-pages", test_bdb_broken_pages);
  g_test_add_func("/rpmdb/bdb/of-version-8", test_bdb_of_version_8);
  g_test_add_func("/rpmdb/sqlite/schemas", test_sqlite_schemas);
  g_test_add_func("/rpmdb/sqlite/with-and-without-wal", test_sqlite_with_and_without_wal);
  g_test_add_func("/rpmdb/sqlite/chains-with-loops", test_sqlite_chains_with_loops);
  g_test_add_func("/rpmdb/sqlite/trees-with-loops", test_sqlite_trees_with_loops);
  g_test_add_func("/rpmdb/sqlite/pages-of-every-size", test_sqlite_pages_of_every_size);
  g_test_add_func("/rpmdb/fuzzer-findings", test_fuzzer_findings);
  return g_test_run();
}
