/* SPDX-License-Identifier: Apache-2.0 */
/* The set of paths seen so far. */
#include "rootfs/names.h"

#include <string.h>

#include "core/limits.h"

static gboolean
note(NzNames *names, const char *path, guint layer, NzNameKind kind, guint *old_layer,
     NzNameKind *old_kind)
{
  return nz_names_note(names, path, strlen(path), layer, kind, old_layer, old_kind);
}

static void
test_a_path_is_known_from_its_second_time_on(void)
{
  g_autoptr(NzNames) names = nz_names_new();
  guint layer = 99;
  NzNameKind kind = NZ_NAME_WHITEOUT;
  g_assert_false(note(names, "a", 0, NZ_NAME_FILE, &layer, &kind));
  g_assert_cmpuint(layer, ==, 99);
  g_assert_true(note(names, "a", 3, NZ_NAME_DIRECTORY, &layer, &kind));
  g_assert_cmpuint(layer, ==, 0);
  g_assert_cmpint(kind, ==, NZ_NAME_FILE);
  g_assert_true(note(names, "a", 3, NZ_NAME_WHITEOUT, &layer, &kind));
  g_assert_cmpuint(layer, ==, 3);
  g_assert_cmpint(kind, ==, NZ_NAME_DIRECTORY);
}

static void
test_finding_does_not_note(void)
{
  g_autoptr(NzNames) names = nz_names_new();
  guint layer;
  NzNameKind kind;
  g_assert_false(nz_names_find(names, "a", 1, &layer, &kind));
  g_assert_false(nz_names_find(names, "a", 1, &layer, &kind));
  note(names, "a", 7, NZ_NAME_DIRECTORY, &layer, &kind);
  g_assert_true(nz_names_find(names, "ab", 1, &layer, &kind));
  g_assert_cmpuint(layer, ==, 7);
  g_assert_cmpint(kind, ==, NZ_NAME_DIRECTORY);
  g_assert_false(nz_names_find(names, "ab", 2, &layer, &kind));
}

static gboolean
note_number(NzNames *names, guint i, guint layer)
{
  char path[32];
  gsize len = (gsize)g_snprintf(path, sizeof path, "d/%u", i);
  guint old_layer;
  NzNameKind old_kind;
  return nz_names_note(names, path, len, layer, NZ_NAME_FILE, &old_layer, &old_kind);
}

static void
test_it_grows_and_forgets_nothing(void)
{
  g_autoptr(NzNames) names = nz_names_new();
  for (guint i = 0; i < 100000; i++)
    g_assert_false(note_number(names, i, i % 1024));
  for (guint i = 0; i < 100000; i++) {
    char path[32];
    gsize len = (gsize)g_snprintf(path, sizeof path, "d/%u", i);
    guint layer;
    NzNameKind kind;
    g_assert_true(nz_names_find(names, path, len, &layer, &kind));
    g_assert_cmpuint(layer, ==, i % 1024);
  }
  g_assert_false(nz_names_full(names));
}

static void
test_it_says_when_it_is_full(void)
{
  g_autoptr(NzNames) names = nz_names_new();
  for (guint i = 0; i < NZ_NAMES_MAX; i++)
    note_number(names, i, 0);
  g_assert_false(nz_names_full(names));
  g_assert_false(note_number(names, NZ_NAMES_MAX, 0));
  g_assert_true(nz_names_full(names));
  g_assert_true(note_number(names, 5, 1)); /* what is in stays in */
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/names/a-path-is-known-from-its-second-time-on",
                  test_a_path_is_known_from_its_second_time_on);
  g_test_add_func("/names/finding-does-not-note", test_finding_does_not_note);
  g_test_add_func("/names/it-grows-and-forgets-nothing", test_it_grows_and_forgets_nothing);
  g_test_add_func("/names/it-says-when-it-is-full", test_it_says_when_it_is_full);
  return g_test_run();
}
