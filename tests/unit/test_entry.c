/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and owners as an unpacker makes them of a header. */
#include "rootfs/entry.h"

#include <string.h>

static const struct {
  const char *path, *clean;
  gboolean outside;
} paths[] = {
    {"usr/bin/su", "usr/bin/su", FALSE},
    {"/usr/bin/su", "usr/bin/su", FALSE},
    {"./usr//bin/./su/", "usr/bin/su", FALSE},
    {"///", "", FALSE},
    {"", "", FALSE},
    {".", "", FALSE},
    {"./", "", FALSE},
    {"a/..", "", FALSE},
    {"a/../b", "b", FALSE},
    {"a/b/../../c", "c", FALSE},
    {"a/b/..", "a", FALSE},
    {"..", "", TRUE},
    {"../a", "a", TRUE},
    {"/../a", "a", TRUE},
    {"a/../../b", "b", TRUE},
    {"a/../../b/..", "", TRUE},
    {"...", "...", FALSE},
    {"a/...b", "a/...b", FALSE},
    {"..a/.b", "..a/.b", FALSE},
    {" /\n", " /\n", FALSE},
    {"\xff/\xfe", "\xff/\xfe", FALSE},
    {"a\\..\\b", "a\\..\\b", FALSE},
};

static void
test_paths_are_cleaned_as_go_cleans_them(void)
{
  g_autoptr(GString) out = g_string_new("left from before");
  for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
    gboolean outside = !paths[i].outside;
    g_test_message("path %" G_GSIZE_FORMAT, i);
    nz_path_clean(paths[i].path, out, &outside);
    g_assert_cmpstr(out->str, ==, paths[i].clean);
    g_assert_cmpint(outside, ==, paths[i].outside);
  }
}

static const struct {
  gint64 id;
  guint32 effective;
} ids[] = {
    {0, 0},
    {1000, 1000},
    {G_MAXINT32, G_MAXINT32},
    {G_GINT64_CONSTANT(2147483648), 2147483648u},
    {G_GINT64_CONSTANT(4294967294), 4294967294u},
    {G_GINT64_CONSTANT(4294967295), 0}, /* "unchanged": root made the file */
    {-1, 0},
    {G_GINT64_CONSTANT(4294967296), 0}, /* the kernel keeps 32 bits */
    {G_GINT64_CONSTANT(4294967297), 1},
    {-2, 4294967294u},
    {G_MAXINT64, 0},
    {G_MININT64, 0},
};

static void
test_owners_are_what_lchown_leaves(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(ids); i++)
    g_assert_cmpuint(nz_effective_id(ids[i].id), ==, ids[i].effective);
}

static const struct {
  guint16 mode;
  guint32 uid;
  gboolean is;
} modes[] = {
    {04755, 0, TRUE},  {04001, 0, TRUE},     {04010, 0, TRUE},  {04100, 0, TRUE}, {06755, 0, TRUE},
    {04644, 0, FALSE}, {04755, 1000, FALSE}, {02755, 0, FALSE}, {0755, 0, FALSE},
};

static void
test_setuid_root_takes_the_bit_the_owner_and_an_x(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(modes); i++)
    g_assert_cmpint(nz_mode_is_setuid_root(modes[i].mode, modes[i].uid), ==, modes[i].is);
}

static void
test_what_is_clean(void)
{
  static const struct {
    const char *path;
    gboolean clean;
  } cases[] = {{"", TRUE},    {"a", TRUE},    {"a/b", TRUE},   {"...", TRUE},    {".a/..b", TRUE},
               {"/", FALSE},  {"/a", FALSE},  {"a/", FALSE},   {"a//b", FALSE},  {".", FALSE},
               {"..", FALSE}, {"a/.", FALSE}, {"../a", FALSE}, {"a/../b", FALSE}};
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    g_assert_cmpint(nz_path_is_clean(cases[i].path, strlen(cases[i].path)), ==, cases[i].clean);
  g_assert_false(nz_path_is_clean("a\0b", 3));
  g_assert_true(nz_path_is_clean("a/b/", 3)); /* what is behind the end does not count */
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/entry/paths-are-cleaned-as-go-cleans-them",
                  test_paths_are_cleaned_as_go_cleans_them);
  g_test_add_func("/entry/what-is-clean", test_what_is_clean);
  g_test_add_func("/entry/owners-are-what-lchown-leaves", test_owners_are_what_lchown_leaves);
  g_test_add_func("/entry/setuid-root-takes-the-bit-the-owner-and-an-x",
                  test_setuid_root_takes_the_bit_the_owner_and_an_x);
  return g_test_run();
}
