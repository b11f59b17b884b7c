/* SPDX-License-Identifier: Apache-2.0 */
/* rpmdb.sqlite: a table Packages (hnum INTEGER PRIMARY KEY, blob BLOB) with the package headers,
 * and index tables that are of no use here.
 *
 * The threat: the file brings its own schema, which is SQL, and its own B-trees. SQLite keeps its
 * memory safe by itself; what is done here is to bound its work, and to see that the rows come out
 * of a real table and not out of a program:
 *   - Packages has to be an ordinary table, both columns ordinary: no view, virtual table (which is
 *     code) or generated column. An authorizer allows reading those two columns and nothing else.
 *   - The table itself is scanned (NOT INDEXED): an index may hold other rows than its table.
 *   - Statements, columns and expressions of the schema are kept short, by limits.
 *   - Steps of SQLite's virtual machine are counted: B-trees with loops would never end.
 *   - No value may be longer than the file, and all of them together neither (the sink sees to it).
 */
#include "rootfs/rpmdb_private.h"

#include <sqlite3.h>
#include <string.h>

enum {
  /* Steps of the virtual machine between two calls of the progress handler. */
  STEPS_PER_TICK = 1000,

  /* Reading the schema and looking at Packages' columns. rpm's schema has some 60 entries of ten
   * steps each. More would be costly: SQLite compares each index with its table's others. */
  SCHEMA_TICKS = 50,

  /* Scanning Packages takes five steps a row. */
  SCAN_TICKS = 16 * (NZ_RPM_PACKAGES_MAX / STEPS_PER_TICK + 1),
};

/* rpm's own statements are below 120 bytes; its tables have up to four columns. */
static const struct {
  int id;
  int value;
} limits[] = {
    {SQLITE_LIMIT_SQL_LENGTH, 4096}, {SQLITE_LIMIT_COLUMN, 32},
    {SQLITE_LIMIT_EXPR_DEPTH, 20},   {SQLITE_LIMIT_COMPOUND_SELECT, 1},
    {SQLITE_LIMIT_VDBE_OP, 10000},   {SQLITE_LIMIT_FUNCTION_ARG, 8},
    {SQLITE_LIMIT_ATTACHED, 0},      {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 1}, {SQLITE_LIMIT_WORKER_THREADS, 0},
};

static const struct {
  int id;
  int on;
} switches[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_VIEW, 0}, {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},     {SQLITE_DBCONFIG_DQS_DML, 0},
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3, sqlite3_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)

static gboolean
sqlite_broken(sqlite3 *db, GError **error)
{
  if (sqlite3_errcode(db) == SQLITE_INTERRUPT)
    return nz_set_input(error, "reading it takes more steps than any real database");
  /* SQLite quotes names from the schema, which are the attacker's: no escape sequences from there,
   * and no more than a line. */
  g_autofree char *message = g_strescape(sqlite3_errmsg(db), "\"");
  return nz_set_input(error, "%.200s", message);
}

static int
on_tick(void *user_data)
{
  int *ticks = user_data;
  return --*ticks < 0;
}

static int
authorize(void *user_data G_GNUC_UNUSED, int action, const char *arg1, const char *arg2,
          const char *schema G_GNUC_UNUSED, const char *inner)
{
  /* inner: on behalf of a view or trigger */
  if (inner != NULL)
    return SQLITE_DENY;
  switch (action) {
  case SQLITE_SELECT:
    return SQLITE_OK;
  case SQLITE_PRAGMA:
    return g_ascii_strcasecmp(arg1, "table_xinfo") == 0 ? SQLITE_OK : SQLITE_DENY;
  case SQLITE_READ:
    if (g_ascii_strcasecmp(arg1, "sqlite_master") == 0)
      return SQLITE_OK;
    if (g_ascii_strcasecmp(arg1, "Packages") == 0 &&
        (g_ascii_strcasecmp(arg2, "hnum") == 0 || g_ascii_strcasecmp(arg2, "blob") == 0))
      return SQLITE_OK;
    return SQLITE_DENY;
  default:
    return SQLITE_DENY;
  }
}

static gboolean
open_memory(sqlite3 **db_out, guint8 *data, gsize len, int *ticks, GError **error)
{
  /* A database in WAL mode (2) wants a file for its shared memory. As rollback journal (1) it is
   * read as it stands, which is what it holds without its WAL. */
  if (len > 19 && data[18] == 2 && data[19] == 2)
    data[18] = data[19] = 1;

  sqlite3 *opened = NULL;
  int rc = sqlite3_open_v2(":memory:", &opened,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, NULL);
  g_autoptr(sqlite3) db = opened;
  if (rc != SQLITE_OK)
    return nz_set_input(error, "SQLite could not start: %s", sqlite3_errstr(rc));

  for (gsize i = 0; i < G_N_ELEMENTS(limits); i++)
    sqlite3_limit(db, limits[i].id, limits[i].value);
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, (int)CLAMP(len, 65536, G_MAXINT));
  for (gsize i = 0; i < G_N_ELEMENTS(switches); i++)
    sqlite3_db_config(db, switches[i].id, switches[i].on, NULL);

  if (sqlite3_deserialize(db, "main", data, (sqlite3_int64)len, (sqlite3_int64)len,
                          SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
    return sqlite_broken(db, error);

  /* Nothing of the file has been read so far. */
  sqlite3_set_authorizer(db, authorize, NULL);
  sqlite3_progress_handler(db, STEPS_PER_TICK, on_tick, ticks);
  *db_out = g_steal_pointer(&db);
  return TRUE;
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql, GError **error)
{
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_NO_VTAB, &statement, NULL) != SQLITE_OK)
    sqlite_broken(db, error);
  return statement;
}

/* Packages is a table with pages of its own: not a view, not a virtual table. Asked of the schema's
 * rows, because naming a virtual table in a statement already runs its code. */
static gboolean
check_table(sqlite3 *db, GError **error)
{
  g_autoptr(sqlite3_stmt) rows = prepare(db,
                                         "SELECT type, rootpage FROM main.sqlite_master"
                                         " WHERE name = 'Packages' COLLATE NOCASE",
                                         error);
  if (rows == NULL)
    return FALSE;

  int rc = sqlite3_step(rows);
  if (rc == SQLITE_DONE)
    return nz_set_input(error, "it has no table Packages");
  if (rc != SQLITE_ROW)
    return sqlite_broken(db, error);
  const char *type = (const char *)sqlite3_column_text(rows, 0);
  if (g_strcmp0(type, "table") != 0 || sqlite3_column_int64(rows, 1) < 2)
    return nz_set_input(error, "Packages is no ordinary table");
  if (sqlite3_step(rows) != SQLITE_DONE)
    return nz_set_input(error, "Packages is there twice");
  return TRUE;
}

/* hnum and blob are stored, not computed. */
static gboolean
check_columns(sqlite3 *db, GError **error)
{
  g_autoptr(sqlite3_stmt) rows = prepare(db, "PRAGMA main.table_xinfo(Packages)", error);
  if (rows == NULL)
    return FALSE;

  gboolean has_hnum = FALSE, has_blob = FALSE;
  int rc;
  while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
    /* cid, name, type, notnull, dflt_value, pk, hidden */
    const char *name = (const char *)sqlite3_column_text(rows, 1);
    gboolean ordinary = sqlite3_column_int(rows, 6) == 0;
    if (name == NULL)
      return sqlite_broken(db, error);
    if (g_ascii_strcasecmp(name, "hnum") == 0)
      has_hnum = ordinary;
    else if (g_ascii_strcasecmp(name, "blob") == 0)
      has_blob = ordinary;
  }
  if (rc != SQLITE_DONE)
    return sqlite_broken(db, error);
  if (!has_hnum || !has_blob)
    return nz_set_input(error, "Packages has no ordinary columns hnum and blob");
  return TRUE;
}

static gboolean
read_rows(sqlite3 *db, NzRpmSink *sink, GError **error)
{
  g_autoptr(sqlite3_stmt) rows =
      prepare(db, "SELECT hnum, blob FROM main.Packages NOT INDEXED", error);
  if (rows == NULL)
    return FALSE;

  int rc;
  while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
    guint64 number = (guint64)sqlite3_column_int64(rows, 0);
    if (sqlite3_column_type(rows, 1) != SQLITE_BLOB)
      return nz_set_input(error, "package %" G_GUINT64_FORMAT ": its header is no blob", number);
    const guint8 *blob = sqlite3_column_blob(rows, 1);
    int len = sqlite3_column_bytes(rows, 1);
    if (blob == NULL && len > 0)
      return sqlite_broken(db, error);
    if (!nz_rpm_sink_add(sink, number, blob, (gsize)len, error))
      return FALSE;
  }
  return rc == SQLITE_DONE || sqlite_broken(db, error);
}

gboolean
nz_rpmdb_read_sqlite(guint8 *data, gsize len, NzRpmSink *sink, GError **error)
{
  /* Left to SQLite, an empty file would be a database without tables. */
  if (len < 512 || memcmp(data, "SQLite format 3", 16) != 0)
    return nz_set_input(error, "this is no SQLite database");

  int ticks = SCHEMA_TICKS;
  sqlite3 *opened = NULL;
  if (!open_memory(&opened, data, len, &ticks, error))
    return FALSE;
  g_autoptr(sqlite3) db = opened;
  if (!check_table(db, error) || !check_columns(db, error))
    return FALSE;

  ticks = SCAN_TICKS;
  return read_rows(db, sink, error);
}
