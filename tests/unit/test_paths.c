/* SPDX-License-Identifier: Apache-2.0 */
/* Who owns what a build has made. */
#include "build/paths.h"

#include <string.h>

#include "core/limits.h"

static void
assert_owner(const NzPaths *paths, const char *path, const char *owner)
{
  const NzPathFact *fact = nz_paths_owner_of(paths, path);
  g_assert_cmpstr(fact ? fact->owner : NULL, ==, owner);
}

static char *
list_below(const NzPaths *paths, const char *path)
{
  g_autoptr(GPtrArray) facts = nz_paths_below(paths, path);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < facts->len; i++)
    g_string_append_printf(out, "%s%s", i ? " " : "", ((NzPathFact *)facts->pdata[i])->path);
  return g_string_free(out, FALSE);
}

#define assert_below(paths, path, want)                                                            \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *got_ = list_below(paths, path);                                               \
    g_assert_cmpstr(got_, ==, want);                                                               \
  }                                                                                                \
  G_STMT_END

static void
test_what_is_above_is_there(void)
{
  g_autoptr(NzPaths) paths = nz_paths_new();
  NzPathFact *fact = nz_paths_add(paths, "/a/b/c", TRUE, "app", NULL, NULL);
  g_assert_false(fact->maybe);
  assert_owner(paths, "/a/b/c", "app");
  assert_owner(paths, "/a/b", "root");
  g_assert_true(nz_paths_find(paths, "/a/b")->maybe); /* the base may have it as another's */
  g_assert_null(nz_paths_find(paths, "/"));
}

static void
test_directory_stays_whose_it_was(void)
{
  g_autoptr(NzPaths) paths = nz_paths_new();
  nz_paths_add(paths, "/a", TRUE, "app", NULL, NULL);
  nz_paths_add(paths, "/a", TRUE, "root", NULL, NULL);
  assert_owner(paths, "/a", "app");
}

static void
test_file_is_made_anew(void)
{
  g_autoptr(NzPaths) paths = nz_paths_new();
  NzPathFact *fact = nz_paths_add(paths, "/f", FALSE, "app", "app", NULL);
  nz_path_fact_set(fact, NULL, NULL, 04755, "chmod 4755", NULL);
  fact = nz_paths_add(paths, "/f", FALSE, "root", "root", NULL);
  g_assert_cmpuint(fact->mode, ==, 0);
  g_assert_null(fact->how);
  assert_owner(paths, "/f", "root");
}

static void
test_tree_holds_for_all_below(void)
{
  g_autoptr(NzPaths) paths = nz_paths_new();
  nz_paths_add(paths, "/a", TRUE, "app", NULL, NULL)->tree = TRUE;
  nz_paths_add(paths, "/a/other", TRUE, "root", NULL, NULL);
  assert_owner(paths, "/a/x/y", "app");
  assert_owner(paths, "/a/other", "root");
  assert_owner(paths, "/a/other/x", NULL);
  assert_owner(paths, "/ab", NULL);
  assert_owner(paths, "/", NULL);
  g_assert_null(nz_paths_find(paths, "/a/x"));
}

static void
test_inside_may_be_anothers(void)
{
  g_autoptr(NzPaths) paths = nz_paths_new();
  nz_paths_add(paths, "/a", TRUE, "root", NULL, NULL);
  NzPathFact *inside = nz_paths_know(paths, "/a/" NZ_PATHS_INSIDE);
  nz_path_fact_set(inside, "app", NULL, 0, NULL, NULL);
  inside->tree = TRUE;
  assert_owner(paths, "/a", "root");
  assert_owner(paths, "/a/x", "app");
  assert_owner(paths, "/a/x/y", "app");
}

static void
test_order_is_that_of_the_tree(void)
{
  static const char *const names[] = {"/a-b", "/a", "/a/c", "/a/b/d", "/a.b", "/b"};
  g_autoptr(NzPaths) paths = nz_paths_new();
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    nz_paths_add(paths, names[i], TRUE, "root", NULL, NULL);
  assert_below(paths, "/a", "/a /a/b /a/b/d /a/c");
  assert_below(paths, "/a/", "/a/b /a/b/d /a/c");
  assert_below(paths, "/", "/a /a/b /a/b/d /a/c /a-b /a.b /b");
  assert_below(paths, "/none", "");
}

static void
test_removed_and_renamed(void)
{
  g_autoptr(NzPaths) paths = nz_paths_new();
  nz_paths_add(paths, "/a/b", TRUE, "app", NULL, NULL);
  nz_paths_add(paths, "/a/b/c", FALSE, "web", NULL, NULL);
  nz_paths_add(paths, "/n/old", FALSE, "root", NULL, NULL);
  nz_paths_rename(paths, "/a/b", "/n");
  assert_below(paths, "/", "/a /n /n/c");
  assert_owner(paths, "/n/c", "web");
  nz_paths_rename(paths, "/n", "/n/inside"); /* which no mv does */
  assert_below(paths, "/n", "/n /n/c");
  nz_paths_remove(paths, "/n");
  assert_below(paths, "/", "/a");
}

static void
test_copy_stands_alone(void)
{
  g_autoptr(NzPaths) paths = nz_paths_new();
  nz_paths_add(paths, "/a", TRUE, "app", NULL, &(NzPlace){.file = (char *)"D", .line = 3});
  g_autoptr(NzPaths) copy = nz_paths_copy(paths);
  nz_paths_remove(paths, "/a");
  assert_owner(copy, "/a", "app");
  g_assert_cmpuint(nz_paths_find(copy, "/a")->made->line, ==, 3);
}

static void
test_number_is_bounded(void)
{
  g_autoptr(NzPaths) paths = nz_paths_new();
  for (guint i = 0; i < NZ_BUILD_PATHS_MAX + 10; i++) {
    g_autofree char *path = g_strdup_printf("/p%u", i);
    NzPathFact *fact = nz_paths_add(paths, path, FALSE, "root", NULL, NULL);
    g_assert_true((fact != NULL) == (i < NZ_BUILD_PATHS_MAX));
  }
  g_assert_null(nz_paths_add(paths, "/x/y", FALSE, "root", NULL, NULL));
}

static void
test_long_and_deep_paths_are_not_followed(void)
{
  g_autoptr(NzPaths) paths = nz_paths_new();
  g_autoptr(GString) deep = g_string_new(NULL), wide = g_string_new("/");
  for (guint i = 0; i < NZ_BUILD_PATH_DEPTH_MAX + 1; i++)
    g_string_append(deep, "/d");
  for (guint i = 0; i < NZ_BUILD_PATH_MAX; i++)
    g_string_append_c(wide, 'w');
  g_assert_null(nz_paths_add(paths, deep->str, TRUE, "root", NULL, NULL));
  g_assert_null(nz_paths_add(paths, wide->str, TRUE, "root", NULL, NULL));
  g_assert_null(nz_paths_know(paths, wide->str));
  g_assert_null(nz_paths_owner_of(paths, wide->str));
  assert_below(paths, "/", "");
}

static void
test_steps_are_bounded(void)
{
  g_autoptr(NzPaths) paths = nz_paths_new();
  nz_paths_add(paths, "/a", TRUE, "root", NULL, NULL);
  g_assert_true(nz_paths_spend(paths, NZ_BUILD_STEPS_MAX - 1));
  g_assert_false(nz_paths_spend(paths, 1));
  assert_below(paths, "/", "");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/paths/what-is-above-is-there", test_what_is_above_is_there);
  g_test_add_func("/paths/directory-stays-whose-it-was", test_directory_stays_whose_it_was);
  g_test_add_func("/paths/file-is-made-anew", test_file_is_made_anew);
  g_test_add_func("/paths/tree-holds-for-all-below", test_tree_holds_for_all_below);
  g_test_add_func("/paths/inside-may-be-anothers", test_inside_may_be_anothers);
  g_test_add_func("/paths/order-is-that-of-the-tree", test_order_is_that_of_the_tree);
  g_test_add_func("/paths/removed-and-renamed", test_removed_and_renamed);
  g_test_add_func("/paths/copy-stands-alone", test_copy_stands_alone);
  g_test_add_func("/paths/number-is-bounded", test_number_is_bounded);
  g_test_add_func("/paths/long-and-deep-are-not-followed",
                  test_long_and_deep_paths_are_not_followed);
  g_test_add_func("/paths/steps-are-bounded", test_steps_are_bounded);
  return g_test_run();
}
