/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/limits.h"
#include "core/text.h"
#include "store/sqlite.h"

/* Of the tables, kept in user_version: a database with another one is made anew. */
#define SCHEMA 2

/* How long another process is waited for. */
#define BUSY_MS 1000

/* The time of use is written once in a while only: reading shall not mean writing. */
#define USE_STEP (12 * 60 * 60)

struct NzCache {
  sqlite3 *db; /* NULL: damaged, and could not be made anew */
  char *path;
  gboolean writable; /* as far as the file's mode says */
  gboolean set_up;   /* for writing */
};

/* A value is some hundred pages, each read once: so many more would but be memory to get first. */
static const char for_reading[] = "PRAGMA cache_size = 16";

/* Without waiting for the disk: each entry has its own sum, and a database that a power failure
 * damages is made anew. */
static const char for_writing[] =
    "PRAGMA cache_size = -2000; PRAGMA synchronous = OFF; PRAGMA journal_mode = TRUNCATE;";
static const char tables[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS facts (key BLOB PRIMARY KEY, kind TEXT NOT NULL,"
    " used INTEGER NOT NULL, size INTEGER NOT NULL, sum INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS facts_used ON facts (used, size);"
    "PRAGMA user_version = " G_STRINGIFY(SCHEMA) "; COMMIT;";

char *
nz_cache_default_directory(void)
{
  const char *home = g_getenv("XDG_CACHE_HOME");
  if (home && *home == '/')
    return g_build_filename(home, "nonzero", NULL);
  if (geteuid() == 0)
    return g_strdup("/var/cache/nonzero");
  home = g_getenv("HOME");
  return home && *home == '/' ? g_build_filename(home, ".cache", "nonzero", NULL) : NULL;
}

/* --- statements --- */

/* What a database of ours never says. Our statements are always the same, so that what is wrong
 * with them (SQLITE_ERROR) is wrong with the tables. */
static gboolean
is_damage(int code)
{
  code &= 0xff;
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_FORMAT ||
         code == SQLITE_TOOBIG || code == SQLITE_ERROR;
}

static sqlite3_stmt *
prepare(NzCache *self, const char *sql, int *code)
{
  sqlite3_stmt *statement = NULL;
  *code = sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL);
  return statement;
}

/* The one number that SQL asks for. */
static int
ask_number(NzCache *self, const char *sql, gint64 *number)
{
  int code;
  sqlite3_stmt *statement = prepare(self, sql, &code);
  if (code == SQLITE_OK)
    code = sqlite3_step(statement);
  if (code == SQLITE_ROW) {
    *number = sqlite3_column_int64(statement, 0);
    code = SQLITE_OK;
  }
  sqlite3_finalize(statement);
  return code;
}

/* --- opening --- */

/* Before the first write: reading does without. */
static int
set_up(NzCache *self)
{
  int code = self->set_up ? SQLITE_OK : sqlite3_exec(self->db, for_writing, NULL, NULL, NULL);
  self->set_up = code == SQLITE_OK;
  return code;
}

/* SQLITE_OK, or what is wrong. */
static int
open_database(NzCache *self, gboolean create)
{
  gint64 schema = 0;
  int flags = create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
  int code = sqlite3_open_v2(self->path, &self->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
  if (code != SQLITE_OK)
    return code;
  sqlite3_busy_timeout(self->db, BUSY_MS);
  sqlite3_limit(self->db, SQLITE_LIMIT_LENGTH, (int)NZ_FACTS_ENTRY_MAX + 4096);
  self->writable = sqlite3_db_readonly(self->db, "main") == 0;
  code = ask_number(self, "PRAGMA user_version", &schema);
  /* One that is only to be read says so by its header, which ours never does. */
  gboolean closed = self->writable && sqlite3_db_readonly(self->db, "main") != 0;
  if (code == SQLITE_OK && (closed || (schema != 0 && schema != SCHEMA)))
    return SQLITE_NOTADB;
  if (code == SQLITE_OK)
    code = sqlite3_exec(self->db, for_reading, NULL, NULL, NULL);
  if (code == SQLITE_OK && schema == 0)
    code = self->writable ? set_up(self) : SQLITE_NOTADB;
  if (code == SQLITE_OK && schema == 0)
    code = sqlite3_exec(self->db, tables, NULL, NULL, NULL);
  return code;
}

static void
close_database(NzCache *self)
{
  sqlite3_close(self->db);
  self->db = NULL;
  self->set_up = FALSE;
}

static void
remove_file(const NzCache *self)
{
  g_autofree char *journal = g_strconcat(self->path, "-journal", NULL);
  unlink(journal);
  unlink(self->path);
}

/* Empties the database where it lies, under SQLite's locks: others may be using it, and a file that
 * takes the place of one in use would get that one's journal. Only what cannot be emptied is
 * removed. */
static int
make_anew(NzCache *self)
{
  if (!sqlite3_get_autocommit(self->db))
    sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
  sqlite3_exec(self->db, for_writing, NULL, NULL, NULL); /* as far as that goes */
  sqlite3_exec(self->db, "SELECT * FROM sqlite_schema", NULL, NULL, NULL);
  sqlite3_db_config(self->db, SQLITE_DBCONFIG_RESET_DATABASE, 1, NULL);
  int code = sqlite3_exec(self->db, "VACUUM", NULL, NULL, NULL);
  close_database(self);
  if (is_damage(code))
    remove_file(self);
  code = open_database(self, TRUE);
  if (code != SQLITE_OK)
    close_database(self);
  return code;
}

/* Who may write into the directory could tell us anything. */
static gboolean
check_directory(const char *directory, GError **error)
{
  struct stat st;
  g_autofree char *shown = nz_printable(directory, -1);
  if (stat(directory, &st) < 0) {
    nz_set_errno(error, errno, "%s: cannot look at the cache's directory", shown);
    return FALSE;
  }
  if (S_ISDIR(st.st_mode) && (st.st_uid == geteuid() || st.st_uid == 0) && !(st.st_mode & 0022))
    return TRUE;
  g_set_error(error, NZ_ERROR, NZ_ERROR_IO,
              "%s: the cache's directory is not ours, or others may write into it; remove it, or "
              "choose another with --cache-dir",
              shown);
  return FALSE;
}

static gboolean
make_directory(const char *directory, GError **error)
{
  if (g_file_test(directory, G_FILE_TEST_IS_DIR) || g_mkdir_with_parents(directory, 0700) == 0)
    return TRUE;
  g_autofree char *shown = nz_printable(directory, -1);
  nz_set_errno(error, errno, "%s: cannot make the cache's directory", shown);
  return FALSE;
}

gboolean
nz_cache_prepare(const char *directory, GError **error)
{
  guint8 byte;
  if (!nz_sqlite_open(error))
    return FALSE;
  g_setenv("SQLITE_TMPDIR", directory, TRUE); /* to vacuum takes a file */
  sqlite3_randomness(sizeof byte, &byte);     /* which opens /dev/urandom once */
  return make_directory(directory, error);
}

NzCache *
nz_cache_open(const char *directory, gboolean create, GError **error)
{
  g_autofree char *shown = nz_printable(directory, -1);
  if (!nz_sqlite_open(error) || (create && !make_directory(directory, error)) ||
      !check_directory(directory, error))
    return NULL;
  g_autoptr(NzCache) self = g_new0(NzCache, 1);
  self->path = g_build_filename(directory, "facts.sqlite", NULL);
  mode_t before = umask(0077);
  int code = open_database(self, create);
  if (is_damage(code))
    code = make_anew(self);
  umask(before);
  if (code == SQLITE_OK)
    return g_steal_pointer(&self);
  g_set_error(error, NZ_ERROR, NZ_ERROR_IO, "%s: cannot open the cache: %s", shown,
              sqlite3_errstr(code));
  return NULL;
}

void
nz_cache_close(NzCache *self)
{
  if (!self)
    return;
  close_database(self);
  g_free(self->path);
  g_free(self);
}

/* After CODE of any statement: a damaged database gives place to an empty one, and who holds the
 * lock for so long is not waited for again. */
static void
heal(NzCache *self, int code)
{
  if (is_damage(code))
    make_anew(self);
  else if ((code & 0xff) == SQLITE_BUSY)
    sqlite3_busy_timeout(self->db, 0);
}

static gboolean
may_write(NzCache *self)
{
  int code = self->db && self->writable ? set_up(self) : SQLITE_READONLY;
  if (code != SQLITE_READONLY)
    heal(self, code);
  return code == SQLITE_OK;
}

/* --- entries --- */

/* Of the key too: a damaged index, or one that a power failure left behind, leads from a key to
 * another's row, which is whole. */
static gint64
sum_of(const guint8 *key, const void *data, gsize len)
{
  return (gint64)XXH3_64bits_withSeed(data, len, XXH3_64bits(key, NZ_CACHE_KEY));
}

static gint64
now(void)
{
  return g_get_real_time() / G_USEC_PER_SEC;
}

/* Runs SQL, whose first parameter is KEY and whose second is the time. */
static int
run_on(NzCache *self, const char *sql, const guint8 *key)
{
  int code;
  sqlite3_stmt *statement = prepare(self, sql, &code);
  if (code == SQLITE_OK) {
    sqlite3_bind_blob(statement, 1, key, NZ_CACHE_KEY, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, now());
    code = sqlite3_step(statement);
  }
  sqlite3_finalize(statement);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

typedef struct {
  NzCacheTake take;
  gpointer data;
} Reader;

typedef struct {
  gboolean found, damaged;
  gint64 used;
} Entry;

static int
read_entry(NzCache *self, const guint8 *key, const Reader *reader, Entry *entry)
{
  int code;
  sqlite3_stmt *statement =
      prepare(self, "SELECT data, sum, size, used FROM facts WHERE key = ?1", &code);
  if (code == SQLITE_OK) {
    sqlite3_bind_blob(statement, 1, key, NZ_CACHE_KEY, SQLITE_STATIC);
    code = sqlite3_step(statement);
  }
  if (code == SQLITE_ROW) {
    const void *data = sqlite3_column_blob(statement, 0);
    gsize len = (gsize)sqlite3_column_bytes(statement, 0);
    entry->found = data && (gint64)len == sqlite3_column_int64(statement, 2) &&
                   sum_of(key, data, len) == sqlite3_column_int64(statement, 1);
    entry->damaged = !entry->found;
    entry->used = sqlite3_column_int64(statement, 3);
    if (entry->found)
      reader->take(data, len, reader->data);
    code = SQLITE_OK;
  }
  sqlite3_finalize(statement);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

gboolean
nz_cache_show(NzCache *self, const guint8 key[NZ_CACHE_KEY], NzCacheTake take, gpointer data)
{
  const Reader reader = {take, data};
  Entry entry = {0};
  if (!self->db)
    return FALSE;
  int code = read_entry(self, key, &reader, &entry);
  if (code == SQLITE_OK && entry.damaged && may_write(self))
    code = run_on(self, "DELETE FROM facts WHERE key = ?1 AND ?2", key);
  else if (entry.found && entry.used < now() - USE_STEP && may_write(self))
    code = run_on(self, "UPDATE facts SET used = ?2 WHERE key = ?1", key);
  heal(self, code);
  return entry.found;
}

static void
take_copy(const void *value, gsize len, gpointer data)
{
  *(GBytes **)data = g_bytes_new(value, len);
}

GBytes *
nz_cache_get(NzCache *self, const guint8 key[NZ_CACHE_KEY])
{
  GBytes *found = NULL;
  nz_cache_show(self, key, take_copy, &found);
  return found;
}

gboolean
nz_cache_put(NzCache *self, const guint8 key[NZ_CACHE_KEY], const char *kind, const void *data,
             gsize len)
{
  if (len > NZ_FACTS_ENTRY_MAX || !may_write(self))
    return FALSE;
  int code;
  sqlite3_stmt *statement =
      prepare(self, "INSERT OR REPLACE INTO facts VALUES (?1, ?2, ?3, ?4, ?5, ?6)", &code);
  if (code == SQLITE_OK) {
    sqlite3_bind_blob(statement, 1, key, NZ_CACHE_KEY, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, kind, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, now());
    sqlite3_bind_int64(statement, 4, (sqlite3_int64)len);
    sqlite3_bind_int64(statement, 5, sum_of(key, data, len));
    sqlite3_bind_blob64(statement, 6, data, len, SQLITE_STATIC);
    code = sqlite3_step(statement);
  }
  sqlite3_finalize(statement);
  heal(self, code);
  return code == SQLITE_DONE;
}

void
nz_cache_begin(NzCache *self)
{
  if (may_write(self) && sqlite3_get_autocommit(self->db))
    heal(self, sqlite3_exec(self->db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
}

/* SQLite may have ended it before: on a full disk, or because the database was made anew. */
void
nz_cache_commit(NzCache *self)
{
  if (!self->db || sqlite3_get_autocommit(self->db))
    return;
  int code = sqlite3_exec(self->db, "COMMIT", NULL, NULL, NULL);
  if (code != SQLITE_OK && !sqlite3_get_autocommit(self->db))
    sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
  heal(self, code);
}

/* --- looking after it --- */

static gboolean
set_sqlite(const NzCache *self, const char *what, int code, GError **error)
{
  g_autofree char *shown = nz_printable(self->path, -1);
  g_set_error(error, NZ_ERROR, NZ_ERROR_IO, "%s: cannot %s: %s", shown, what, sqlite3_errstr(code));
  return FALSE;
}

/* Removes what does not fit into MAX, the newest entries kept; *GONE is how many went. */
static int
remove_oldest(NzCache *self, guint64 max, guint64 *gone)
{
  static const char sql[] = "DELETE FROM facts WHERE key IN (SELECT key FROM (SELECT key, sum(size)"
                            " OVER (ORDER BY used DESC, key) AS total FROM facts)"
                            " WHERE total > ?1)";
  int code;
  sqlite3_stmt *statement = prepare(self, sql, &code);
  if (code == SQLITE_OK) {
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)MIN(max, (guint64)G_MAXINT64));
    code = sqlite3_step(statement);
  }
  sqlite3_finalize(statement);
  *gone = code == SQLITE_DONE ? (guint64)sqlite3_changes64(self->db) : 0;
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int
ask_total(NzCache *self, guint64 *total)
{
  gint64 sum = 0;
  int code = ask_number(self, "SELECT coalesce(sum(size), 0) FROM facts", &sum);
  *total = (guint64)MAX(sum, 0);
  return code;
}

void
nz_cache_trim(NzCache *self, guint64 max)
{
  guint64 total, gone;
  if (!may_write(self))
    return;
  int code = ask_total(self, &total);
  if (code == SQLITE_OK && total > max)
    code = remove_oldest(self, max - max / 8, &gone);
  heal(self, code);
}

/* Gives the room of what was removed back, now or before. */
static int
shrink(NzCache *self)
{
  gint64 n_free = 0;
  int code = ask_number(self, "PRAGMA freelist_count", &n_free);
  return code == SQLITE_OK && n_free > 0 ? sqlite3_exec(self->db, "VACUUM", NULL, NULL, NULL)
                                         : code;
}

guint64
nz_cache_prune(NzCache *self, guint64 max, GError **error)
{
  guint64 total = 0, gone = 0;
  gint64 n = 0;
  int code =
      max == 0 ? ask_number(self, "SELECT count(*) FROM facts", &n) : ask_total(self, &total);
  if (max == 0 || is_damage(code)) {
    /* Also where the disk has no room for a journal of all that goes. */
    code = self->writable ? make_anew(self) : SQLITE_READONLY;
    gone = (guint64)n;
  } else {
    if (code == SQLITE_OK && self->writable)
      code = set_up(self);
    if (code == SQLITE_OK && total > max)
      code = remove_oldest(self, max, &gone);
    if (code == SQLITE_OK)
      shrink(self); /* or else the room is for what comes next */
  }
  if (code == SQLITE_OK)
    return gone;
  set_sqlite(self, "prune the cache", code, error);
  return 0;
}

static void
kind_free(gpointer data)
{
  NzCacheKind *kind = data;
  g_free(kind->kind);
  g_free(kind);
}

void
nz_cache_stat_clear(NzCacheStat *self)
{
  g_free(self->path);
  g_clear_pointer(&self->kinds, g_ptr_array_unref);
}

static int
count_kinds(NzCache *self, NzCacheStat *out)
{
  int code;
  sqlite3_stmt *statement = prepare(
      self, "SELECT kind, count(*), sum(size), min(used), max(used) FROM facts GROUP BY kind",
      &code);
  while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
    NzCacheKind *kind = g_new0(NzCacheKind, 1);
    const char *name = (const char *)sqlite3_column_text(statement, 0);
    kind->kind = nz_printable(name ? name : "?", -1);
    kind->entries = (guint64)sqlite3_column_int64(statement, 1);
    kind->bytes = (guint64)sqlite3_column_int64(statement, 2);
    gint64 oldest = sqlite3_column_int64(statement, 3);
    out->oldest = out->oldest == 0 ? oldest : MIN(out->oldest, oldest);
    out->newest = MAX(out->newest, sqlite3_column_int64(statement, 4));
    out->entries += kind->entries;
    out->bytes += kind->bytes;
    g_ptr_array_add(out->kinds, kind);
    code = SQLITE_OK;
  }
  sqlite3_finalize(statement);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

gboolean
nz_cache_stat(NzCache *self, NzCacheStat *out, GError **error)
{
  struct stat st;
  *out = (NzCacheStat){.path = g_strdup(self->path),
                       .kinds = g_ptr_array_new_with_free_func(kind_free)};
  NzCacheStat none = *out;
  int code = count_kinds(self, out);
  if (is_damage(code) && self->writable) {
    g_ptr_array_set_size(out->kinds, 0);
    *out = none;
    code = make_anew(self);
  }
  if (stat(self->path, &st) == 0)
    out->disk = (guint64)st.st_size;
  return code == SQLITE_OK || set_sqlite(self, "read the cache", code, error);
}
