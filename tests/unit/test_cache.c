/* SPDX-License-Identifier: Apache-2.0 */
/* The cache on disk, and the process that keeps it: what is put is got, whoever else writes, and
 * whatever becomes of the file. */
#include "core/pipe.h"
#include "store/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/limits.h"
#include "store/cache_process.h"
#include "support.h"

typedef struct {
  char *dir, *file;
} Place;

static void
setup(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  place->dir = g_dir_make_tmp("nonzero-cache-XXXXXX", NULL);
  place->file = g_build_filename(place->dir, "facts.sqlite", NULL);
}

static void
teardown(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *journal = g_strconcat(place->file, "-journal", NULL);
  g_chmod(place->dir, 0700);
  g_remove(journal);
  g_remove(place->file);
  g_rmdir(place->dir);
  g_free(place->dir);
  g_free(place->file);
}

static NzCache *
must_open(const Place *place)
{
  g_autoptr(GError) error = NULL;
  NzCache *cache = nz_cache_open(place->dir, TRUE, &error);
  g_assert_no_error(error);
  return cache;
}

typedef struct {
  guint8 bytes[NZ_CACHE_KEY];
} Key;

static Key
key_of(guint n)
{
  Key key = {{0}};
  memcpy(key.bytes, &n, sizeof n);
  return key;
}

/* Of 100 bytes and more, and told apart. */
static GBytes *
value_of(guint n, gsize len)
{
  return g_bytes_new_take(noise(len, n + 1), len);
}

static gboolean
put(NzCache *cache, guint n, gsize len)
{
  Key key = key_of(n);
  g_autoptr(GBytes) value = value_of(n, len);
  return nz_cache_put(cache, key.bytes, n % 2 ? "layer" : "stack", g_bytes_get_data(value, NULL),
                      len);
}

/* TRUE when it is there; it must then be the right one. */
static gboolean
has(NzCache *cache, guint n, gsize len)
{
  Key key = key_of(n);
  g_autoptr(GBytes) got = nz_cache_get(cache, key.bytes), want = value_of(n, len);
  g_assert_true(!got || g_bytes_equal(got, want));
  return got != NULL;
}

/* Without waiting for the disk. */
static void
overwrite(const Place *place, const void *bytes, gsize len)
{
  int fd = open(place->file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  g_assert_cmpint(write(fd, bytes, len), ==, (gssize)len);
  g_assert_cmpint(ftruncate(fd, (off_t)len), ==, 0);
  close(fd);
}

static void
sql(const Place *place, const char *text)
{
  sqlite3 *db;
  g_assert_cmpint(sqlite3_open(place->file, &db), ==, SQLITE_OK);
  sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
  g_assert_cmpint(sqlite3_exec(db, text, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close(db);
}

/* --- the plain way --- */

static void
test_what_is_put_is_got(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  static const gsize lengths[] = {1, 100, 4096, 100000, 3000000};
  NzCache *cache = must_open(place);
  for (guint round = 0; round < 2; round++) {
    for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
      g_assert_true(round == 1 || put(cache, i, lengths[i]));
      g_assert_true(has(cache, i, lengths[i]));
    }
    g_assert_false(has(cache, 99, 1));
    nz_cache_close(cache);
    cache = must_open(place);
  }
  nz_cache_close(cache);
}

static void
test_the_last_that_is_put_counts(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(NzCache) cache = must_open(place);
  Key key = key_of(7);
  g_assert_true(put(cache, 1, 50));
  g_assert_true(nz_cache_put(cache, key.bytes, "layer", "old", 3));
  g_assert_true(put(cache, 7, 5000));
  g_assert_true(has(cache, 7, 5000));
  g_assert_true(has(cache, 1, 50));
}

static void
test_nothing_is_a_value_too(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(NzCache) cache = must_open(place);
  Key key = key_of(7);
  nz_cache_put(cache, key.bytes, "layer", "", 0);
  g_autoptr(GBytes) got = nz_cache_get(cache, key.bytes);
  g_assert_true(!got || g_bytes_get_size(got) == 0);
}

static void
test_what_is_too_large_is_not_kept(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(NzCache) cache = must_open(place);
  g_assert_true(put(cache, 1, NZ_FACTS_ENTRY_MAX));
  g_assert_false(put(cache, 2, NZ_FACTS_ENTRY_MAX + 1));
  g_assert_true(has(cache, 1, NZ_FACTS_ENTRY_MAX));
  g_assert_false(has(cache, 2, NZ_FACTS_ENTRY_MAX + 1));
}

static void
test_nobody_else_may_read_it(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  struct stat st;
  g_autofree char *deeper = g_build_filename(place->dir, "a", "b", NULL);
  g_autofree char *file = g_build_filename(deeper, "facts.sqlite", NULL);
  g_autofree char *journal = g_strconcat(file, "-journal", NULL);
  g_autofree char *above = g_path_get_dirname(deeper);
  mode_t before = umask(0);
  g_autoptr(NzCache) cache = nz_cache_open(deeper, TRUE, NULL);
  g_assert_cmpuint(umask(before), ==, 0); /* as it was */
  g_assert_true(put(cache, 1, 100));
  const char *const paths[] = {deeper, file, journal};
  const mode_t modes[] = {0700, 0600, 0600};
  for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
    g_assert_cmpint(stat(paths[i], &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 07777, ==, modes[i]);
    if (i > 0)
      g_remove(paths[i]);
  }
  g_rmdir(deeper);
  g_rmdir(above);
}

/* --- where it is --- */

static void
refuse(const char *dir, const char *why)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NzCache) cache = nz_cache_open(dir, TRUE, &error);
  g_assert_null(cache);
  assert_error_says(&error, NZ_ERROR_IO, why);
}

static void
test_a_directory_that_others_may_write_is_refused(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  static const mode_t open_modes[] = {0770, 0777, 0702, 01777, 0720};
  for (gsize i = 0; i < G_N_ELEMENTS(open_modes); i++) {
    g_chmod(place->dir, open_modes[i]);
    refuse(place->dir, "is not ours, or others may write into it");
    g_assert_cmpint(access(place->file, F_OK), ==, -1);
  }
  g_chmod(place->dir, 0755);
  g_autoptr(NzCache) cache = must_open(place);
  g_assert_nonnull(cache);
}

static void
test_a_directory_of_another_is_refused(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  if (geteuid() != 0) {
    g_test_skip("needs root, to give a directory away");
    return;
  }
  g_assert_cmpint(chown(place->dir, 12345, 12345), ==, 0);
  refuse(place->dir, "is not ours");
  g_assert_cmpint(access(place->file, F_OK), ==, -1);
  g_assert_cmpint(chown(place->dir, 0, 0), ==, 0);
}

static void
test_a_link_to_such_a_directory_is_refused(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *link = g_strconcat(place->dir, ".link", NULL);
  g_assert_cmpint(symlink("/tmp", link), ==, 0);
  refuse(link, "is not ours, or others may write into it");
  g_remove(link);
}

static void
test_a_place_that_cannot_be_made_is_an_error(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *below = g_build_filename(place->file, "x", NULL);
  overwrite(place, "a file", 6);
  refuse(below, "cannot make the cache's directory");
  refuse("/proc/nonzero/x", "cannot make the cache's directory");
}

static void
test_without_create_nothing_is_made(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NzCache) cache = nz_cache_open(place->dir, FALSE, &error);
  g_assert_null(cache);
  g_assert_error(error, NZ_ERROR, NZ_ERROR_IO);
  g_assert_cmpint(access(place->file, F_OK), ==, -1);
}

static void
test_the_default_place(void)
{
  g_autofree char *cache = g_strdup(g_getenv("XDG_CACHE_HOME")), *home = g_strdup(g_getenv("HOME"));
  static const struct {
    const char *cache, *home, *root, *user;
  } cases[] = {
      {"/c", "/h", "/c/nonzero", "/c/nonzero"},
      {"c", "/h", "/var/cache/nonzero", "/h/.cache/nonzero"}, /* the specification: to be ignored */
      {"", "/h", "/var/cache/nonzero", "/h/.cache/nonzero"},
      {NULL, "/h", "/var/cache/nonzero", "/h/.cache/nonzero"},
      {NULL, NULL, "/var/cache/nonzero", NULL},
      {NULL, "", "/var/cache/nonzero", NULL},
      {NULL, "h", "/var/cache/nonzero", NULL},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    const char *const values[] = {cases[i].cache, cases[i].home};
    const char *const variables[] = {"XDG_CACHE_HOME", "HOME"};
    for (guint v = 0; v < 2; v++)
      if (values[v])
        g_setenv(variables[v], values[v], TRUE);
      else
        g_unsetenv(variables[v]);
    g_autofree char *got = nz_cache_default_directory();
    g_assert_cmpstr(got, ==, geteuid() == 0 ? cases[i].root : cases[i].user);
  }
  if (cache)
    g_setenv("XDG_CACHE_HOME", cache, TRUE);
  if (home)
    g_setenv("HOME", home, TRUE);
}

/* --- looking after it --- */

static void
test_prune_removes_what_was_not_used_for_longest(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(NzCache) cache = must_open(place);
  g_autoptr(GError) error = NULL;
  for (guint i = 0; i < 10; i++)
    g_assert_true(put(cache, i, 1000));
  /* Number 3 is the oldest, then 0, 1, 2, 4, ... */
  sql(place, "UPDATE facts SET used = used + hex(substr(key, 1, 1)) * 10;"
             "UPDATE facts SET used = 5 WHERE hex(substr(key, 1, 1)) = '03'");
  g_assert_cmpuint(nz_cache_prune(cache, 10000, &error), ==, 0);
  g_assert_cmpuint(nz_cache_prune(cache, 7500, &error), ==, 3);
  g_assert_no_error(error);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpint(has(cache, i, 1000), ==, i != 3 && i > 1);
  g_assert_cmpuint(nz_cache_prune(cache, 0, &error), ==, 7);
  g_assert_false(has(cache, 9, 1000));
  g_assert_true(put(cache, 9, 1000));
  g_assert_true(has(cache, 9, 1000));
}

static void
test_what_is_used_is_not_the_oldest(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(NzCache) cache = must_open(place);
  put(cache, 0, 1000);
  put(cache, 1, 1000);
  sql(place, "UPDATE facts SET used = 5");
  g_assert_true(has(cache, 0, 1000));
  g_assert_cmpuint(nz_cache_prune(cache, 1000, NULL), ==, 1);
  g_assert_true(has(cache, 0, 1000));
}

static goffset
size_of(const Place *place)
{
  struct stat st;
  return stat(place->file, &st) == 0 ? st.st_size : -1;
}

static void
test_prune_gives_the_room_back(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(NzCache) cache = must_open(place);
  for (guint i = 0; i < 10; i++)
    put(cache, i, 100000);
  g_assert_cmpint(size_of(place), >, 1000000);
  nz_cache_prune(cache, 500000, NULL);
  g_assert_cmpint(size_of(place), <, 600000);
  nz_cache_prune(cache, 0, NULL);
  g_assert_cmpint(size_of(place), <, 30000);
}

static void
test_trimming_leaves_the_file_and_some_room(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(NzCache) cache = must_open(place);
  g_auto(NzCacheStat) stat = {0};
  for (guint i = 0; i < 16; i++)
    put(cache, i, 100000);
  goffset before = size_of(place);
  nz_cache_trim(cache, 1600000);
  g_assert_true(nz_cache_stat(cache, &stat, NULL));
  g_assert_cmpuint(stat.entries, ==, 16);
  nz_cache_stat_clear(&stat);
  nz_cache_trim(cache, 1500000);
  g_assert_true(nz_cache_stat(cache, &stat, NULL));
  g_assert_cmpuint(stat.entries, ==, 13); /* 7/8 of it */
  g_assert_cmpint(size_of(place), ==, before);
  /* The next ones go where the others were, and pruning to what is there gives the rest back. */
  put(cache, 100, 100000);
  g_assert_cmpint(size_of(place), ==, before);
  g_assert_cmpuint(nz_cache_prune(cache, 1500000, NULL), ==, 0);
  g_assert_cmpint(size_of(place), <, before - 100000);
}

static void
test_stat_counts(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(NzCache) cache = must_open(place);
  g_auto(NzCacheStat) stat = {0};
  g_assert_true(nz_cache_stat(cache, &stat, NULL));
  g_assert_cmpuint(stat.entries, ==, 0);
  g_assert_cmpint(stat.oldest, ==, 0);
  nz_cache_stat_clear(&stat);
  for (guint i = 0; i < 5; i++)
    put(cache, i, 1000);
  sql(place, "UPDATE facts SET used = 77 WHERE hex(substr(key, 1, 1)) = '02'");
  g_assert_true(nz_cache_stat(cache, &stat, NULL));
  g_assert_cmpuint(stat.entries, ==, 5);
  g_assert_cmpuint(stat.bytes, ==, 5000);
  g_assert_cmpuint(stat.kinds->len, ==, 2);
  g_assert_cmpuint(((NzCacheKind *)stat.kinds->pdata[0])->entries, ==, 2); /* "layer" */
  g_assert_cmpint(stat.oldest, ==, 77);
  g_assert_cmpint(stat.newest, >, 1700000000);
  g_assert_cmpint((goffset)stat.disk, ==, size_of(place));
  g_assert_cmpstr(stat.path, ==, place->file);
}

/* --- damage --- */

static void
fill(const Place *place)
{
  g_autoptr(NzCache) cache = must_open(place);
  for (guint i = 0; i < 6; i++)
    g_assert_true(put(cache, i, 1500));
}

/* It can be opened, gives nothing that is wrong, keeps what is new, and can be looked after. */
static guint
use_damaged(const Place *place)
{
  guint left = 0;
  {
    g_autoptr(NzCache) cache = must_open(place);
    for (guint i = 0; i < 6; i++)
      left += has(cache, i, 1500);
    put(cache, 6, 1500); /* may be what tells of the damage */
    put(cache, 7, 1500);
  }
  g_autoptr(NzCache) cache = must_open(place);
  g_auto(NzCacheStat) stat = {0};
  g_autoptr(GError) error = NULL;
  g_assert_true(nz_cache_stat(cache, &stat, &error));
  g_assert_no_error(error);
  for (guint i = 0; i < 9; i++)
    has(cache, i, 1500);
  /* What finds the damage is lost with all the rest. */
  g_assert_true(put(cache, 8, 1500) || put(cache, 8, 1500));
  g_assert_true(has(cache, 8, 1500));
  nz_cache_prune(cache, 0, &error);
  g_assert_no_error(error);
  g_assert_true(put(cache, 9, 1500));
  g_assert_true(has(cache, 9, 1500));
  return left;
}

static void
test_every_damaged_block_is_told_and_mended(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *whole = NULL;
  gsize len;
  guint left = 0, n_blocks = 0;
  fill(place);
  g_assert_true(g_file_get_contents(place->file, &whole, &len, NULL));
  for (guint way = 0; way < 3; way++)
    for (gsize at = 0; at < len; at += 512, n_blocks++) {
      g_autofree char *damaged = g_memdup2(whole, len);
      g_autofree guint8 *garbage = noise(512, (guint32)at + 7);
      for (guint i = 0; i < 512; i++)
        damaged[at + i] = way == 0 ? (char)garbage[i] : way == 1 ? 0 : (char)~damaged[at + i];
      overwrite(place, damaged, len);
      left += use_damaged(place);
    }
  /* Most entries are not in the block that is damaged. */
  g_assert_cmpuint(left, >, n_blocks * 2);
}

static void
test_every_damaged_byte_of_what_is_not_data(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *whole = NULL;
  gsize len;
  fill(place);
  g_assert_true(g_file_get_contents(place->file, &whole, &len, NULL));
  g_autoptr(GRand) rand = g_rand_new_with_seed(5);
  for (guint i = 0; i < 120; i++) {
    /* The header and the schema, then anywhere. */
    gsize at = i < 110 ? i : (gsize)g_rand_int_range(rand, 110, (gint32)len);
    g_autofree char *damaged = g_memdup2(whole, len);
    damaged[at] ^= (char)(1 << g_rand_int_range(rand, 0, 8));
    overwrite(place, damaged, len);
    use_damaged(place);
  }
}

static void
test_a_file_that_is_cut_is_mended(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *whole = NULL;
  gsize len;
  fill(place);
  g_assert_true(g_file_get_contents(place->file, &whole, &len, NULL));
  for (gsize cut = 0; cut < len; cut += 1300) {
    overwrite(place, whole, cut);
    use_damaged(place);
  }
}

static void
test_what_is_no_database_is_made_one(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  static const char *const texts[] = {"", "x", "a text file\n", "SQLite format 3"};
  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
    overwrite(place, texts[i], strlen(texts[i]));
    g_assert_cmpuint(use_damaged(place), ==, 0);
  }
  g_autofree guint8 *garbage = noise(100000, 1);
  overwrite(place, garbage, 100000);
  g_assert_cmpuint(use_damaged(place), ==, 0);
}

static void
test_other_tables_are_made_anew(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  static const char *const changes[] = {
      "PRAGMA user_version = 1",
      "PRAGMA user_version = 99",
      "DROP TABLE facts",
      "ALTER TABLE facts DROP COLUMN sum",
      "ALTER TABLE facts ADD COLUMN more INTEGER NOT NULL DEFAULT 1",
      "ALTER TABLE facts RENAME TO others",
      "DROP TABLE facts; CREATE VIEW facts AS SELECT 1 AS key",
      "PRAGMA user_version = 0; DROP TABLE facts; CREATE TABLE facts (a)",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
    fill(place);
    sql(place, changes[i]);
    use_damaged(place);
  }
}

static void
test_an_entry_whose_sum_is_wrong_is_left_out_and_removed(Place *place,
                                                         gconstpointer data G_GNUC_UNUSED)
{
  static const char *const changes[] = {
      "UPDATE facts SET sum = sum + 1",  "UPDATE facts SET size = size - 1",
      "UPDATE facts SET data = 'text'",  "UPDATE facts SET data = zeroblob(1500)",
      "UPDATE facts SET data = 1500",    "UPDATE facts SET data = CAST('' AS BLOB), size = 0",
      "UPDATE facts SET sum = 'a word'",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
    fill(place);
    sql(place, changes[i]);
    g_autoptr(NzCache) cache = must_open(place);
    g_auto(NzCacheStat) stat = {0};
    for (guint n = 0; n < 6; n++)
      g_assert_false(has(cache, n, 1500));
    g_assert_true(nz_cache_stat(cache, &stat, NULL));
    g_assert_cmpuint(stat.entries, ==, 0);
  }
}

/* As an index does that a power failure left behind: the key leads to another's row. */
static void
test_what_belongs_to_another_key_is_not_given(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  fill(place);
  sql(place, "CREATE TEMP TABLE t AS SELECT * FROM facts;"
             "UPDATE facts SET (size, sum, data) = (SELECT size, sum, data FROM t WHERE"
             " hex(substr(t.key, 1, 1)) = '05') WHERE hex(substr(key, 1, 1)) = '02'");
  g_autoptr(NzCache) cache = must_open(place);
  g_assert_true(has(cache, 5, 1500));
  g_assert_false(has(cache, 2, 1500));
  g_assert_true(has(cache, 1, 1500));
}

static void
test_an_entry_that_says_it_is_huge_costs_no_memory(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  fill(place);
  sql(place, "UPDATE facts SET data = zeroblob(100000000), size = 100000000 WHERE"
             " hex(substr(key, 1, 1)) = '02'");
  g_autoptr(NzCache) cache = must_open(place);
  Key key = key_of(2);
  gint64 before = sqlite3_memory_highwater(TRUE);
  g_autoptr(GBytes) got = nz_cache_get(cache, key.bytes);
  g_assert_null(got);
  g_assert_cmpint(sqlite3_memory_highwater(FALSE) - before, <, 2 * (gint64)NZ_FACTS_ENTRY_MAX);
  g_assert_true(put(cache, 2, 1500));
  g_assert_true(has(cache, 2, 1500));
}

/* --- others --- */

/* In a process of its own; its exit code is whether all went well. */
static pid_t
fork_writer(const Place *place, guint from, guint n)
{
  pid_t pid = fork();
  if (pid != 0)
    return pid;
  g_autoptr(NzCache) cache = nz_cache_open(place->dir, TRUE, NULL);
  gboolean ok = cache != NULL;
  for (guint i = from; i < from + n && ok; i++)
    ok = put(cache, i, 3000) && has(cache, i, 3000);
  _exit(ok ? 0 : 1);
}

static int
wait_for(pid_t pid)
{
  int status;
  g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
  return status;
}

static void
test_two_processes_write_at_once(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  pid_t pids[4];
  for (guint i = 0; i < 4; i++)
    pids[i] = fork_writer(place, 100 * i, 40);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpint(wait_for(pids[i]), ==, 0);
  g_autoptr(NzCache) cache = must_open(place);
  for (guint i = 0; i < 4; i++)
    for (guint k = 0; k < 40; k++)
      g_assert_true(has(cache, 100 * i + k, 3000));
}

static void
test_many_that_find_it_damaged_at_once_mend_it(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  for (guint round = 0; round < 5; round++) {
    pid_t pids[4];
    g_autofree guint8 *garbage = noise(20000, round + 1);
    overwrite(place, garbage, 20000);
    for (guint i = 0; i < 4; i++)
      pids[i] = fork_writer(place, 100 * i, 10);
    for (guint i = 0; i < 4; i++)
      wait_for(pids[i]); /* what one puts, another may take for damage: then it is lost */
    g_autoptr(NzCache) cache = must_open(place);
    for (guint i = 0; i < 400; i++)
      has(cache, i, 3000);
    g_assert_true(put(cache, 1000, 3000));
    g_assert_true(has(cache, 1000, 3000));
    g_autofree char *journal = g_strconcat(place->file, "-journal", NULL);
    g_remove(journal);
  }
}

static void
test_a_cache_that_is_open_goes_on_when_another_mends_it(Place *place,
                                                        gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(NzCache) one = must_open(place), two = must_open(place);
  for (guint i = 0; i < 6; i++)
    put(one, i, 1500);
  g_assert_true(has(two, 3, 1500));
  int fd = open(place->file, O_WRONLY | O_CLOEXEC);
  g_autofree guint8 *garbage = noise(16384, 3);
  g_assert_cmpint(pwrite(fd, garbage, 16384, 0), ==, 16384);
  close(fd);
  for (guint round = 0; round < 3; round++)
    for (guint i = 0; i < 6; i++) {
      put(round % 2 ? one : two, i, 1500);
      has(one, i, 1500);
      has(two, i, 1500);
    }
  g_assert_true(put(one, 20, 1500) && has(two, 20, 1500));
  g_assert_true(put(two, 21, 1500) && has(one, 21, 1500));
}

static void
test_a_file_that_is_removed_meanwhile_is_no_harm(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(NzCache) old = must_open(place);
  put(old, 1, 1500);
  g_remove(place->file);
  g_autoptr(NzCache) new = must_open(place);
  g_assert_true(put(new, 2, 1500));
  put(old, 3, 1500);
  has(old, 1, 1500);
  g_assert_true(put(new, 4, 1500));
  g_assert_true(has(new, 2, 1500) && has(new, 4, 1500));
  g_assert_false(has(new, 3, 1500));
}

static void
test_who_holds_the_lock_is_waited_for_once(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(NzCache) cache = must_open(place);
  sqlite3 *other;
  g_assert_true(put(cache, 1, 1500));
  g_assert_cmpint(sqlite3_open(place->file, &other), ==, SQLITE_OK);
  g_assert_cmpint(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), ==, SQLITE_OK);
  gint64 started = g_get_monotonic_time();
  for (guint i = 0; i < 20; i++) {
    g_assert_false(has(cache, 1, 1500));
    g_assert_false(put(cache, 2, 1500));
  }
  g_assert_cmpint(g_get_monotonic_time() - started, <, 4 * G_USEC_PER_SEC);
  sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
  sqlite3_close(other);
  g_assert_true(has(cache, 1, 1500));
}

static void
test_a_database_that_cannot_be_written_is_read(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  if (geteuid() != 0) {
    g_test_skip("needs root, to become another");
    return;
  }
  fill(place);
  g_chmod(place->dir, 0755);
  g_chmod(place->file, 0644);
  pid_t pid = fork();
  if (pid == 0) { /* the directory is root's: what is in it can be trusted */
    if (setgid(65534) != 0 || setuid(65534) != 0)
      _exit(2);
    g_autoptr(NzCache) cache = nz_cache_open(place->dir, TRUE, NULL);
    if (!cache || !has(cache, 3, 1500) || put(cache, 9, 1500))
      _exit(1);
    nz_cache_trim(cache, 0);
    _exit(has(cache, 3, 1500) ? 0 : 1);
  }
  g_assert_cmpint(wait_for(pid), ==, 0);
  g_autoptr(NzCache) cache = must_open(place);
  g_assert_true(has(cache, 5, 1500));
}

/* --- together --- */

static void
test_what_is_put_together_is_there_together(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(NzCache) cache = must_open(place);
  g_autoptr(NzCache) other = must_open(place);
  nz_cache_begin(cache);
  for (guint i = 0; i < 10; i++)
    g_assert_true(put(cache, i, 1500));
  g_assert_true(has(cache, 3, 1500));
  g_assert_false(has(other, 3, 1500));
  nz_cache_commit(cache);
  for (guint i = 0; i < 10; i++)
    g_assert_true(has(other, i, 1500));
  nz_cache_commit(cache); /* nothing to do */
  g_assert_true(put(other, 20, 1500));
}

static void
test_who_is_killed_between_leaves_what_was_before(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  fill(place);
  pid_t pid = fork();
  if (pid == 0) {
    g_autoptr(NzCache) cache = nz_cache_open(place->dir, TRUE, NULL);
    nz_cache_begin(cache);
    for (guint i = 100; i < 140; i++) /* more than SQLite keeps in memory */
      put(cache, i, 200000);
    kill(getpid(), SIGKILL);
  }
  wait_for(pid);
  g_autoptr(NzCache) cache = must_open(place);
  g_assert_true(has(cache, 3, 1500));
  for (guint i = 100; i < 140; i++)
    g_assert_false(has(cache, i, 200000));
  g_assert_true(put(cache, 100, 1500));
}

static void
test_damage_in_between_is_mended(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(NzCache) cache = must_open(place);
  for (guint i = 0; i < 200; i++)
    g_assert_true(put(cache, i, 1500));
  g_autofree guint8 *zeros = g_malloc0(65536);
  nz_cache_begin(cache);
  sqlite3_release_memory(G_MAXINT);
  overwrite(place, zeros, 65536);
  for (guint i = 200; i < 260; i++)
    put(cache, i, 1500);
  nz_cache_commit(cache);
  g_autoptr(NzCache) again = must_open(place);
  put(again, 1, 1500); /* which may be what finds it */
  g_assert_true(put(again, 2, 1500) && has(again, 2, 1500));
}

/* --- the process --- */

static gboolean
process_has(NzCacheProcess *process, guint n, gsize len)
{
  Key key = key_of(n);
  g_autoptr(GBytes) got = nz_cache_process_get(process, key.bytes), want = value_of(n, len);
  g_assert_true(!got || g_bytes_equal(got, want));
  return got != NULL;
}

static void
process_put(NzCacheProcess *process, guint n, gsize len)
{
  Key key = key_of(n);
  g_autoptr(GBytes) value = value_of(n, len);
  nz_cache_process_put(process, key.bytes, "layer", g_bytes_get_data(value, NULL), len);
}

static void
test_the_process_keeps_what_it_is_given(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  static const gsize lengths[] = {1, 5000, 70000, 2000000, NZ_FACTS_ENTRY_MAX};
  for (guint round = 0; round < 2; round++) {
    NzCacheProcess *process = nz_cache_process_start(place->dir, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
      if (round == 0)
        process_put(process, i, lengths[i]);
      g_assert_true(process_has(process, i, lengths[i]));
    }
    process_put(process, 50, NZ_FACTS_ENTRY_MAX + 1);
    g_assert_false(process_has(process, 50, NZ_FACTS_ENTRY_MAX + 1));
    g_assert_true(process_has(process, 0, 1));
    nz_cache_process_stop(process);
  }
}

static void
test_the_process_writes_all_in_the_end(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  NzCacheProcess *process = nz_cache_process_start(place->dir, NULL);
  for (guint i = 0; i < 3 * NZ_CACHE_BATCH_MAX; i++) {
    process_put(process, i, 60000); /* more than it keeps in memory */
    if (i % 50 == 0)
      g_assert_true(process_has(process, i, 60000));
  }
  nz_cache_process_stop(process);
  g_autoptr(NzCache) cache = must_open(place);
  for (guint i = 0; i < 3 * NZ_CACHE_BATCH_MAX; i++)
    g_assert_true(has(cache, i, 60000));
}

static gpointer
use_from_a_thread(gpointer data)
{
  gpointer *both = data;
  guint from = GPOINTER_TO_UINT(both[1]);
  for (guint i = 0; i < 30; i++) {
    process_put(both[0], from + i, 20000);
    g_assert_true(process_has(both[0], from + i, 20000));
  }
  return NULL;
}

static void
test_the_process_serves_many_threads(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  NzCacheProcess *process = nz_cache_process_start(place->dir, NULL);
  gpointer both[6][2];
  GThread *threads[6];
  for (guint i = 0; i < 6; i++) {
    both[i][0] = process;
    both[i][1] = GUINT_TO_POINTER(i * 1000);
    threads[i] = g_thread_new("user", use_from_a_thread, both[i]);
  }
  for (guint i = 0; i < 6; i++)
    g_thread_join(threads[i]);
  nz_cache_process_stop(process);
}

/* The process id of the one that has our database open; 0: none has. */
static pid_t
find_process(const Place *place)
{
  g_autoptr(GDir) all = g_dir_open("/proc", 0, NULL);
  const char *name;
  while ((name = g_dir_read_name(all))) {
    if (!g_ascii_isdigit(*name))
      continue;
    for (guint fd = 3; fd < 10; fd++) {
      g_autofree char *path = g_strdup_printf("/proc/%s/fd/%u", name, fd);
      g_autofree char *target = g_file_read_link(path, NULL);
      guint64 pid;
      if (target && strcmp(target, place->file) == 0 &&
          g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT, &pid, NULL) && (pid_t)pid != getpid())
        return (pid_t)pid;
    }
  }
  return 0;
}

static gboolean
needs_root(void)
{
  if (geteuid() == 0)
    return FALSE;
  g_test_skip("needs root, to find a process whose memory is nobody's to read");
  return TRUE;
}

/* On a busy host one that was killed holds its locks for a while yet. It is nobody's child to wait
 * for. */
static void
kill_and_wait(pid_t pid)
{
  kill(pid, SIGKILL);
  for (guint i = 0; kill(pid, 0) == 0; i++) {
    g_assert_cmpuint(i, <, 60000);
    g_usleep(1000);
  }
}

static void
test_the_process_may_die_at_any_time(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  if (needs_root())
    return;
  g_assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR); /* as with who uses the library */
  for (guint i = 0; i < 4; i++) {
    NzCacheProcess *process = nz_cache_process_start(place->dir, NULL);
    process_put(process, 1, 100000);
    g_assert_true(process_has(process, 1, 100000));
    pid_t pid = find_process(place);
    g_assert_cmpint(pid, >, 0);
    kill_and_wait(pid);
    if (i == 1)
      g_assert_false(process_has(process, 1, 100000));
    for (guint n = 2; n < 5 && i > 1; n++)
      process_put(process, n, 3000000);
    g_assert_true(i == 0 || !process_has(process, 1, 100000));
    nz_cache_process_stop(process);
  }
  NzCacheProcess *process = nz_cache_process_start(place->dir, NULL);
  g_assert_true(process_has(process, 1, 100000));
  nz_cache_process_stop(process);
  g_assert_cmpint(kill(getpid(), 0), ==, 0);
}

static void
test_a_process_that_is_stopped_is_done_without(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  if (needs_root())
    return;
  NzCacheProcess *process = nz_cache_process_start(place->dir, NULL);
  process_put(process, 1, 1000);
  g_assert_true(process_has(process, 1, 1000));
  pid_t pid = find_process(place);
  kill(pid, SIGSTOP);
  int before = nz_pipe_patience_ms;
  nz_pipe_patience_ms = 200;
  gint64 started = g_get_monotonic_time();
  g_assert_false(process_has(process, 1, 1000));
  for (guint n = 2; n < 9; n++)
    process_put(process, n, 3000000);
  nz_cache_process_stop(process);
  g_assert_cmpint(g_get_monotonic_time() - started, <, 2 * G_USEC_PER_SEC);
  nz_pipe_patience_ms = before;
  kill(pid, SIGKILL);
}

static void
test_the_process_is_nobodys_child_and_holds_nothing(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  if (needs_root())
    return;
  int pipes[2], high;
  g_assert_cmpint(pipe(pipes), ==, 0); /* without O_CLOEXEC, and as high as can be */
  high = fcntl(pipes[1], F_DUPFD, 200);
  NzCacheProcess *process = nz_cache_process_start(place->dir, NULL);
  g_assert_false(process_has(process, 1, 10));
  g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
  g_assert_cmpint(errno, ==, ECHILD);
  pid_t pid = find_process(place);
  g_autofree char *fds = g_strdup_printf("/proc/%d/fd", pid);
  g_autoptr(GDir) dir = g_dir_open(fds, 0, NULL);
  const char *name;
  guint n = 0;
  while ((name = g_dir_read_name(dir))) {
    g_autofree char *path = g_build_filename(fds, name, NULL),
                    *target = g_file_read_link(path, NULL);
    n++;
    g_assert_true(strcmp(target, "/dev/null") == 0 || g_str_has_prefix(target, "pipe:") ||
                  g_str_has_prefix(target, place->file));
  }
  g_assert_cmpuint(n, <=, 7); /* three of /dev/null, two pipes, the database, its journal */
  close(pipes[1]);
  close(high);
  guint8 byte;
  g_assert_cmpint(read(pipes[0], &byte, 1), ==, 0); /* nobody else has its end */
  close(pipes[0]);
  nz_cache_process_stop(process);
  for (guint i = 0; i < 100 && find_process(place) != 0; i++)
    g_usleep(10000);
  g_assert_cmpint(find_process(place), ==, 0);
}

static void
test_the_process_ends_though_another_holds_our_end(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  NzCacheProcess *process = nz_cache_process_start(place->dir, NULL);
  process_put(process, 1, 1000);
  pid_t holder = fork(); /* with copies of our ends of the pipes */
  if (holder == 0) {
    g_usleep(20 * G_USEC_PER_SEC);
    _exit(0);
  }
  gint64 started = g_get_monotonic_time();
  nz_cache_process_stop(process);
  g_assert_cmpint(g_get_monotonic_time() - started, <, 3 * G_USEC_PER_SEC);
  g_autoptr(NzCache) cache = must_open(place);
  g_assert_true(has(cache, 1, 1000));
  kill(holder, SIGKILL);
  wait_for(holder);
}

static void
test_without_a_database_the_process_keeps_nothing(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_chmod(place->dir, 0777);
  NzCacheProcess *process = nz_cache_process_start(place->dir, NULL);
  for (guint i = 0; i < 5; i++) {
    process_put(process, i, 1000000);
    g_assert_false(process_has(process, i, 1000000));
  }
  nz_cache_process_stop(process);
  g_assert_cmpint(access(place->file, F_OK), ==, -1);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add("/cache/" name, Place, NULL, setup, func, teardown)
  ADD("what-is-put-is-got", test_what_is_put_is_got);
  ADD("the-last-that-is-put-counts", test_the_last_that_is_put_counts);
  ADD("nothing-is-a-value-too", test_nothing_is_a_value_too);
  ADD("what-is-put-together-is-there-together", test_what_is_put_together_is_there_together);
  ADD("who-is-killed-between", test_who_is_killed_between_leaves_what_was_before);
  ADD("damage-in-between-is-mended", test_damage_in_between_is_mended);
  ADD("the-process-writes-all-in-the-end", test_the_process_writes_all_in_the_end);
  ADD("what-is-too-large-is-not-kept", test_what_is_too_large_is_not_kept);
  ADD("nobody-else-may-read-it", test_nobody_else_may_read_it);
  ADD("a-directory-that-others-may-write", test_a_directory_that_others_may_write_is_refused);
  ADD("a-directory-of-another", test_a_directory_of_another_is_refused);
  ADD("a-link-to-such-a-directory", test_a_link_to_such_a_directory_is_refused);
  ADD("a-place-that-cannot-be-made", test_a_place_that_cannot_be_made_is_an_error);
  ADD("without-create-nothing-is-made", test_without_create_nothing_is_made);
  g_test_add_func("/cache/the-default-place", test_the_default_place);
  ADD("prune-removes-the-oldest", test_prune_removes_what_was_not_used_for_longest);
  ADD("what-is-used-is-not-the-oldest", test_what_is_used_is_not_the_oldest);
  ADD("prune-gives-the-room-back", test_prune_gives_the_room_back);
  ADD("trimming-leaves-the-file", test_trimming_leaves_the_file_and_some_room);
  ADD("stat-counts", test_stat_counts);
  ADD("every-damaged-block", test_every_damaged_block_is_told_and_mended);
  ADD("every-damaged-byte-of-what-is-not-data", test_every_damaged_byte_of_what_is_not_data);
  ADD("a-file-that-is-cut", test_a_file_that_is_cut_is_mended);
  ADD("what-is-no-database", test_what_is_no_database_is_made_one);
  ADD("other-tables", test_other_tables_are_made_anew);
  ADD("a-wrong-sum", test_an_entry_whose_sum_is_wrong_is_left_out_and_removed);
  ADD("what-belongs-to-another-key", test_what_belongs_to_another_key_is_not_given);
  ADD("an-entry-that-says-it-is-huge", test_an_entry_that_says_it_is_huge_costs_no_memory);
  ADD("two-processes-write-at-once", test_two_processes_write_at_once);
  ADD("many-find-it-damaged-at-once", test_many_that_find_it_damaged_at_once_mend_it);
  ADD("another-mends-it", test_a_cache_that_is_open_goes_on_when_another_mends_it);
  ADD("a-file-that-is-removed-meanwhile", test_a_file_that_is_removed_meanwhile_is_no_harm);
  ADD("who-holds-the-lock", test_who_holds_the_lock_is_waited_for_once);
  ADD("a-database-that-cannot-be-written", test_a_database_that_cannot_be_written_is_read);
  ADD("the-process-keeps-what-it-is-given", test_the_process_keeps_what_it_is_given);
  ADD("the-process-serves-many-threads", test_the_process_serves_many_threads);
  ADD("the-process-may-die", test_the_process_may_die_at_any_time);
  ADD("a-process-that-is-stopped", test_a_process_that_is_stopped_is_done_without);
  ADD("the-process-is-nobodys-child", test_the_process_is_nobodys_child_and_holds_nothing);
  ADD("another-holds-our-end", test_the_process_ends_though_another_holds_our_end);
  ADD("without-a-database", test_without_a_database_the_process_keeps_nothing);
  return g_test_run();
}
