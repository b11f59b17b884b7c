/* SPDX-License-Identifier: Apache-2.0 */
/* Who may write and use what is in the tree: modes that are kept, and those that are told by the
 * name alone. How layers are written is told in treekit.h; "d PATH MODE UID" gives a directory's.
 */
#include <string.h>

#include "core/limits.h"
#include "treekit.h"

static const struct {
  const char *name, *layers, *path, *want;
} cases[] = {
    {"nothing-there", "+ a 0755", "b", "absent"},
    {"a-program-of-root-is-told-by-its-name", "+ a 0755", "a", "file 0755 0 by name"},
    {"a-plain-file-is-told-by-its-name", "+ a 0644", "a", "file 0644 0 by name"},
    {"a-plain-file-of-another-is-not-kept", "+ a 0666 7", "a", "file 0644 0 by name"},
    {"a-program-of-another-is-kept", "+ a 0755 7", "a", "file 0755 7 @0"},
    {"a-program-that-all-may-write-is-kept", "+ a 0777", "a", "file 0777 0 @0"},
    {"a-program-that-not-all-may-run-is-kept", "+ a 0750", "a", "file 0750 0 @0"},
    {"a-later-layer-counts", "+ a 0777 | + a 0700 5", "a", "file 0700 5 @1"},
    {"a-later-plain-file-counts", "+ a 0777 | + a 0755", "a", "file 0755 0 by name"},
    {"a-whiteout-removes-a-kept-program", "+ a 0777 | + .wh.a 0", "a", "absent"},
    {"a-whiteout-removes-a-name", "+ a 0755 | + .wh.a 0", "a", "absent"},
    {"a-whiteout-of-the-folder-removes-what-is-kept", "+ d/a 0777 | + .wh.d 0", "d/a", "absent"},
    {"links-are-followed", "l a b, l b c/d, + c/d 0700 3", "a", "file 0700 3 @0"},
    {"hard-links-have-the-last-header", "+ a 0777, h b a 0711 4", "a", "file 0711 4 @0"},
    {"a-device", "c a", "a", "other"},
    {"a-loop-is-nothing", "l a b, l b a", "a", "absent"},
    {"below-a-file-is-nothing", "+ a 0777", "a/b", "absent"},

    {"a-folder-of-root-is-told-by-its-name", "d a 0755", "a", "directory 0755 0 by name"},
    {"a-folder-of-another", "d a 0755 7", "a", "directory 0755 7 @0"},
    {"a-folder-that-all-may-write", "d a 1777", "a", "directory 1777 0 @0"},
    {"a-folder-that-not-all-may-enter", "d a 0700", "a", "directory 0700 0 @0"},
    {"a-folder-above-a-kept-file", "+ a/b 4755", "a", "directory 0755 0 by name"},
    {"its-header-may-come-after", "+ a/b 4755, d a 0700 3", "a", "directory 0700 3 @0"},
    {"a-later-header-counts", "d a 0777 | d a 0755 9", "a", "directory 0755 9 @1"},
    {"a-later-header-of-root-counts", "d a 0777 | d a 0755", "a", "directory 0755 0 by name"},
    {"a-file-replaces-it", "d a 0777 | + a 0644", "a", "file 0644 0 by name"},
    {"a-whiteout-removes-it", "d a 0777, d a/b 0777 | + .wh.a 0", "a/b", "absent"},
    {"opaque-removes-lower-folders", "d a/b 0777 | d a 0755, + a/.wh..wh..opq 0", "a/b", "absent"},
    {"a-folder-that-came-again-is-empty", "d d, + d/a 0755 | + .wh.d 0 | d d", "d/a", "absent"},
    {"a-folder-over-a-file-is-empty", "d d, + d/a 0755 | + d 0644 | d d", "d/a", "absent"},
    {"a-file-over-a-folder-nobody-named", "+ d/a 0755 | + d 0644", "d/a", "absent"},
    {"a-file-far-above", "+ d/e/a 0755 | + d 0755", "d/e/a", "absent"},
    {"a-folder-over-a-file-over-one-nobody-named", "+ d/a 0755 | + d 0644 | d d", "d/a", "absent"},
    {"a-file-where-a-folder-came-later", "+ d 0644 | + d/a 0755", "d/a", "file 0755 0 by name"},
    {"a-file-below-what-replaced-a-file", "+ d 0644 | d d, + d/a 0755", "d/a",
     "file 0755 0 by name"},
    {"opaque-of-the-root-empties-all", "d d, + d/a 0755 | + .wh..wh..opq 0, d d", "d/a", "absent"},
    {"what-came-later-is-there", "+ d/a 0755 | + .wh.d 0 | + d/a 0755", "d/a",
     "file 0755 0 by name"},
    {"opaque-spares-its-own-layer", "d a/b 0777 | d a/b 0770 6, + a/.wh..wh..opq 0", "a/b",
     "directory 0770 6 @1"},
    {"what-stays-for-its-own-files-loses-the-lower-mode",
     "d a/b 0777 | + a/b/c 4755, + a/.wh..wh..opq 0", "a/b", "directory 0755 0 by name"},
    {"the-root", "d  0700 8", "", "directory 0700 8 @0"},
    {"through-a-link", "l bin usr/bin, d usr/bin 0775 2", "bin", "directory 0775 2 @0"},
    {"an-empty-folder-stays-when-its-child-goes", "d a 0777, + a/b 4755 | + a/.wh.b 0", "a",
     "directory 0777 0 @0"},
};

static void
test_stat(gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT(data);
  static const char *const kinds[] = {"absent", "file", "directory", "other", "unknown"};
  g_autoptr(GError) error = NULL;
  g_autoptr(NzTree) tree = tree_of(cases[i].layers, &error);
  g_assert_no_error(error);
  g_autoptr(GString) canonical = g_string_new(NULL);
  NzStat st;
  nz_tree_stat(tree, cases[i].path, canonical, &st);
  g_autoptr(GString) got = g_string_new(kinds[st.kind]);
  if (st.kind == NZ_STAT_FILE || st.kind == NZ_STAT_DIRECTORY)
    g_string_append_printf(got, " %04o %u", st.mode, st.uid);
  if (got->len > 10 && !st.exact)
    g_string_append(got, " by name");
  else if (got->len > 10)
    g_string_append_printf(got, " @%u", st.layer);
  g_assert_cmpstr(got->str, ==, cases[i].want);
}

static void
test_reach_asks_every_folder_above(void)
{
  g_autoptr(NzTree) tree = tree_of("d a 0700 5, d a/b 0755, + a/b/c 4755", NULL);
  NzCredentials owner = {.uid = 5}, other = {.uid = 6}, root = {.uid = 0};
  g_assert_true(nz_tree_can_reach(tree, "a/b/c", &owner));
  g_assert_false(nz_tree_can_reach(tree, "a/b/c", &other));
  g_assert_true(nz_tree_can_reach(tree, "a/b/c", &root));
  g_assert_true(nz_tree_can_reach(tree, "a", &other));
  g_assert_false(nz_tree_can_reach(tree, "a/not/kept", &other));
}

static void
add_name(const char *path, const NzInode *inode, gpointer user_data)
{
  g_string_append_printf(user_data, "%s%s;", path, inode->target ? "@" : "");
}

static void
test_list_tells_what_is_kept_in_one_folder(void)
{
  g_autoptr(NzTree) tree =
      tree_of("l bin usr/bin, + usr/bin/a 4755, + usr/bin/b 0755, + usr/bin/d/c 4755, "
              "l usr/bin/e a, + usr/f 4755",
              NULL);
  static const char *const folders[] = {"usr/bin", "bin"};
  for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
    g_autoptr(GString) names = g_string_new(NULL);
    nz_tree_list(tree, folders[i], add_name, names);
    g_assert_cmpstr(names->str, ==, "usr/bin/e@;usr/bin/a;");
  }
  g_autoptr(GString) none = g_string_new(NULL);
  nz_tree_list(tree, "usr/bin/a", add_name, none);
  nz_tree_list(tree, "absent", add_name, none);
  g_assert_cmpstr(none->str, ==, "");
}

static void
test_past_the_limit_nothing_is_said_of_names(void)
{
  g_autoptr(NzTree) tree = nz_tree_new(TRUE);
  for (guint i = 0; i <= NZ_NOTABLE_MAX; i++) {
    g_autofree char *line = g_strdup_printf("+ a%u 0777", i);
    g_assert_true(tree_apply(tree, 0, line, NULL));
  }
  g_assert_true(nz_tree_is_notable_full(tree));
  g_autoptr(GString) canonical = g_string_new(NULL);
  g_autofree char *last = g_strdup_printf("a%u", NZ_NOTABLE_MAX);
  NzStat st;
  nz_tree_stat(tree, "a0", canonical, &st);
  g_assert_true(st.exact);
  nz_tree_stat(tree, last, canonical, &st);
  g_assert_cmpint(st.kind, ==, NZ_STAT_UNKNOWN);
}

/* access(2) by owner, group and others: the first class that fits counts alone. */
static void
test_credentials(void)
{
  static const guint32 gids[] = {10, 20};
  static const struct {
    guint32 uid;
    guint want;
    guint16 mode;
    guint32 owner, group;
    gboolean is_directory, may;
  } table[] = {
      {5, NZ_MAY_EXECUTE, 0100, 5, 0, FALSE, TRUE},
      {5, NZ_MAY_EXECUTE, 0011, 5, 10, FALSE, FALSE}, /* the owner is no other */
      {6, NZ_MAY_EXECUTE, 0010, 5, 20, FALSE, TRUE},
      {6, NZ_MAY_EXECUTE, 0101, 5, 20, FALSE, FALSE}, /* a member of the group is no other */
      {6, NZ_MAY_EXECUTE, 0001, 5, 30, FALSE, TRUE},
      {6, NZ_MAY_WRITE, 0755, 5, 30, FALSE, FALSE},
      {6, NZ_MAY_WRITE | NZ_MAY_READ, 0004, 5, 30, FALSE, FALSE},
      {0, NZ_MAY_WRITE, 0000, 5, 5, FALSE, TRUE},
      {0, NZ_MAY_EXECUTE, 0666, 5, 5, FALSE, FALSE},
      {0, NZ_MAY_EXECUTE, 0001, 5, 5, FALSE, TRUE},
      {0, NZ_MAY_EXECUTE, 0000, 5, 5, TRUE, TRUE},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
    NzCredentials who = {table[i].uid, gids, G_N_ELEMENTS(gids)};
    g_test_message("row %" G_GSIZE_FORMAT, i);
    g_assert_cmpint(nz_credentials_may(&who, table[i].want, table[i].mode, table[i].owner,
                                       table[i].group, table[i].is_directory),
                    ==, table[i].may);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *path = g_strconcat("/tree-stat/", cases[i].name, NULL);
    g_test_add_data_func(path, GUINT_TO_POINTER(i), test_stat);
  }
  g_test_add_func("/tree-stat/reach-asks-every-folder-above", test_reach_asks_every_folder_above);
  g_test_add_func("/tree-stat/list", test_list_tells_what_is_kept_in_one_folder);
  g_test_add_func("/tree-stat/past-the-limit", test_past_the_limit_nothing_is_said_of_names);
  g_test_add_func("/credentials/classes", test_credentials);
  return g_test_run();
}
