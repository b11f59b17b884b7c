/* SPDX-License-Identifier: Apache-2.0 */
/* The cache as its process uses it: confined to its directory. In sanitizer builds, and where the
 * kernel has neither Landlock nor seccomp, the same without confinement. */
#include "store/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/confine.h"

#define ENTRIES 128u
#define STAY    96u /* more than SQLite holds in memory: to vacuum takes a file */
#define ENTRY   ((gsize)64 * 1024)

typedef struct {
  char *directory, *database;
} Place;

static void
place_init(Place *self)
{
  self->directory = g_dir_make_tmp("nonzero-cache-XXXXXX", NULL);
  g_assert_nonnull(self->directory);
  self->database = g_build_filename(self->directory, "facts.sqlite", NULL);
}

static void
place_clear(Place *self)
{
  g_autoptr(GDir) dir = g_dir_open(self->directory, 0, NULL);
  for (const char *name; (name = g_dir_read_name(dir));) {
    g_autofree char *path = g_build_filename(self->directory, name, NULL);
    g_assert_cmpint(g_remove(path), ==, 0);
  }
  g_assert_cmpint(g_rmdir(self->directory), ==, 0);
  g_free(self->directory);
  g_free(self->database);
}

static NzCache *
open_confined(const Place *place)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(nz_cache_prepare(place->directory, &error));
  nz_confine_keeper(place->directory, NULL);
  NzCache *cache = nz_cache_open(place->directory, TRUE, &error);
  g_assert_no_error(error);
  return cache;
}

static void
key_of(guint i, guint8 key[NZ_CACHE_KEY])
{
  for (guint at = 0; at < NZ_CACHE_KEY; at++)
    key[at] = (guint8)(i + at);
}

static gboolean
has(NzCache *cache, guint i)
{
  guint8 key[NZ_CACHE_KEY];
  key_of(i, key);
  g_autoptr(GBytes) found = nz_cache_get(cache, key);
  return found && g_bytes_get_size(found) == ENTRY;
}

static void
fill(NzCache *cache)
{
  g_autofree guint8 *data = g_malloc(ENTRY);
  for (guint i = 0; i < ENTRIES; i++) {
    guint8 key[NZ_CACHE_KEY];
    key_of(i, key);
    for (gsize at = 0; at < ENTRY; at++)
      data[at] = (guint8)(at * 7 + i);
    g_assert_true(nz_cache_put(cache, key, "layer", data, ENTRY));
  }
}

/* FUNC in a process of its own, as it gives up what others need. */
static void
in_child(void (*func)(const Place *), const Place *place)
{
  int status;
  pid_t pid = fork();
  g_assert_cmpint(pid, >=, 0);
  if (pid == 0) {
    func(place);
    _exit(0);
  }
  g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
  g_assert_cmpint(status, ==, 0);
}

static void
keep_and_prune(const Place *place)
{
  g_autoptr(NzCache) cache = open_confined(place);
  g_autoptr(GError) error = NULL;
  struct stat before, after;
  fill(cache);
  g_assert_true(has(cache, 0) && has(cache, ENTRIES - 1));
  g_assert_cmpint(stat(place->database, &before), ==, 0);
  nz_cache_trim(cache, (ENTRIES - 2) * ENTRY);
  g_auto(NzCacheStat) trimmed = {0};
  g_assert_true(nz_cache_stat(cache, &trimmed, NULL));
  g_assert_cmpuint(trimmed.entries, <, ENTRIES - 2);
  g_assert_cmpuint(trimmed.entries, >, STAY);
  g_assert_cmpuint(nz_cache_prune(cache, STAY * ENTRY, &error), ==, trimmed.entries - STAY);
  g_assert_no_error(error);
  g_assert_cmpint(stat(place->database, &after), ==, 0);
  g_assert_cmpint(after.st_size, <, before.st_size / 5 * 4);
}

static void
test_is_kept_and_pruned_confined(void)
{
  Place place;
  place_init(&place);
  in_child(keep_and_prune, &place);
  place_clear(&place);
}

static void
make_anew(const Place *place)
{
  g_autoptr(NzCache) cache = open_confined(place);
  g_assert_false(has(cache, 0));
  fill(cache);
  g_assert_true(has(cache, 0));
}

static void
test_damaged_one_is_made_anew_confined(void)
{
  Place place;
  place_init(&place);
  g_assert_true(g_file_set_contents(place.database, "this is no database, but a text\n", -1, NULL));
  in_child(make_anew, &place);
  place_clear(&place);
}

static void
test_directory_is_made_before(void)
{
  Place place, inner;
  place_init(&place);
  inner.directory = g_build_filename(place.directory, "a", "b", NULL);
  inner.database = g_build_filename(inner.directory, "facts.sqlite", NULL);
  in_child(make_anew, &inner);
  struct stat st;
  g_assert_cmpint(stat(inner.directory, &st), ==, 0);
  g_assert_cmpint(st.st_mode & 0777, ==, 0700);
  place_clear(&inner);
  g_autofree char *middle = g_build_filename(place.directory, "a", NULL);
  g_assert_cmpint(g_rmdir(middle), ==, 0);
  place_clear(&place);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/cache-confined/is-kept-and-pruned-confined", test_is_kept_and_pruned_confined);
  g_test_add_func("/cache-confined/damaged-one-is-made-anew-confined",
                  test_damaged_one_is_made_anew_confined);
  g_test_add_func("/cache-confined/directory-is-made-before", test_directory_is_made_before);
  return g_test_run();
}
