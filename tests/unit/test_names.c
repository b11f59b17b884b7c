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

static guint
layer_of(const NzNames *names, const char *path)
{
  guint layer = 99;
  NzNameKind kind;
  return nz_names_find(names, path, strlen(path), &layer, &kind) ? layer : 99;
}

static void
test_those_over_one_share_it_and_keep_their_own(void)
{
  guint layer;
  NzNameKind kind;
  g_autoptr(NzNames) first = nz_names_new();
  note(first, "shared", 1, NZ_NAME_FILE, &layer, &kind);
  NzNames *below = nz_names_copy(first);
  g_autoptr(NzNames) one = nz_names_over(below);
  g_autoptr(NzNames) two = nz_names_over(below);
  nz_names_free(below); /* those over it have it still */
  g_assert_true(note(one, "shared", 2, NZ_NAME_DIRECTORY, &layer, &kind));
  g_assert_cmpuint(layer, ==, 1);
  for (guint i = 0; i < 10000; i++)
    g_assert_false(note_number(one, i, 3));
  g_assert_cmpuint(layer_of(one, "shared"), ==, 2);
  g_assert_cmpuint(layer_of(two, "shared"), ==, 1);
  g_assert_cmpuint(layer_of(first, "shared"), ==, 1);
  g_assert_cmpuint(layer_of(one, "d/9999"), ==, 3);
  g_assert_cmpuint(layer_of(two, "d/9999"), ==, 99);
  g_assert_cmpuint(nz_names_count(one), ==, 10001);
  g_assert_cmpuint(nz_names_count(two), ==, 1);
}

/* A copy is what lies below the next, and what is saved. */
static void
test_a_copy_has_what_is_own_and_what_is_below(void)
{
  guint layer;
  NzNameKind kind;
  NzNames *below = nz_names_new();
  for (guint i = 0; i < 3000; i++)
    note_number(below, i, 1);
  g_autoptr(NzNames) over = nz_names_over(below);
  nz_names_free(below);
  for (guint i = 2000; i < 5000; i++)
    note_number(over, i, 2);
  g_autoptr(NzNames) copy = nz_names_copy(over);
  g_autoptr(NzNames) higher = nz_names_over(copy);
  note(over, "later", 3, NZ_NAME_FILE, &layer, &kind);
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  nz_names_save(higher, bytes);
  g_autoptr(NzNames) loaded = nz_names_new();
  NzUnpack in = {.data = bytes->data, .len = bytes->len};
  g_assert_true(nz_names_load(loaded, &in));
  const NzNames *all[] = {copy, higher, loaded};
  for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
    g_assert_cmpuint(nz_names_count(all[i]), ==, 5000);
    g_assert_cmpuint(layer_of(all[i], "d/1999"), ==, 1);
    g_assert_cmpuint(layer_of(all[i], "d/2000"), ==, 2);
    g_assert_cmpuint(layer_of(all[i], "d/4999"), ==, 2);
    g_assert_cmpuint(layer_of(all[i], "later"), ==, 99);
  }
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
  g_test_add_func("/names/those-over-one-share-it-and-keep-their-own",
                  test_those_over_one_share_it_and_keep_their_own);
  g_test_add_func("/names/a-copy-has-what-is-own-and-what-is-below",
                  test_a_copy_has_what_is_own_and_what_is_below);
  return g_test_run();
}
