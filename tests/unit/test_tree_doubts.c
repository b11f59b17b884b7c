/* SPDX-License-Identifier: Apache-2.0 */
/* Where unpackers differ: which paths are noted as ambiguous, and what they may hide. The notation
 * is told in treekit.h. */
#include "core/limits.h"
#include "treekit.h"

static const struct {
  const char *name, *layers, *want;
} cases[] = {
    /* nothing odd */
    {"plain-layers", "d a, + a/b 4755, l c a | + a/b 4711, + .wh.c 0", ""},
    {"a-directory-twice", "d a, + a/b 4755, d a", ""},
    {"opaque-anywhere", "+ d/a 4755 | + d/b 0755, + d/.wh..wh..opq 0", ""},
    {"a-whiteout-twice", "+ a 4755 | + .wh.a 0, + .wh.a 0", ""},
    {"a-link-of-the-same-layer", "l bin usr/bin, + bin/su 4755", ""},
    /* twice */
    {"a-file-twice", "+ a 0755, + a 0755", "twice a @0"},
    {"the-first-was-setuid", "+ a 4755, + a 0755", "twice a @0!"},
    {"the-first-was-setuid-to-another", "+ a 4755 1000, + a 0755", "twice a @0"},
    {"the-first-was-setuid-but-inert", "+ a 4644, + a 0755", "twice a @0"},
    {"the-second-is-setuid", "+ a 0755, + a 4755", "twice a @0"},
    {"the-first-was-a-passwd", "t etc/passwd, + etc/passwd 0644", "twice etc/passwd @0?"},
    {"a-directory-over-a-file", "+ a 4755, d a", "twice a @0!"},
    {"a-file-over-a-directory", "d a, + a 0755", "twice a @0"},
    {"a-file-over-what-is-in-it", "+ a/b 4755, + a 0755", "twice a @0!"},
    {"by-another-spelling", "l bin usr/bin, + usr/bin/su 4755, + bin/su 0755",
     "twice usr/bin/su @0!"},
    {"once-in-each-layer", "+ a 4755 | + a 0755", ""},
    /* whiteouts */
    {"a-whiteout-before-its-file", "+ a 4755 | + .wh.a 0, + a 0755", "whiteout a @1"},
    {"a-whiteout-after-its-file", "+ a 0755 | + a 4755, + .wh.a 0", "whiteout a @1!"},
    {"a-whiteout-after-what-it-hides", "d e | + d/a 4755, + .wh.d 0", "whiteout d @1!"},
    /* overlay merges the directory with the lower one, which holds what the whiteout hid */
    {"a-whiteout-before-its-directory", "+ a/su 4755 | + .wh.a 0, d a", "whiteout a @1!"},
    {"a-whiteout-of-a-lower-layer", "+ a 4755 | + .wh.a 0 | + a 0755", ""},
    /* links of lower layers */
    {"through-a-lower-link", "l bin usr/bin | + bin/su 4755", "lower-link usr/bin/su @1!"},
    {"through-a-lower-link-over-setuid", "l bin usr/bin, + usr/bin/su 4755 | + bin/su 0755",
     "lower-link usr/bin/su @1!"},
    {"a-whiteout-through-a-lower-link", "l bin usr/bin, + usr/bin/su 4755 | + bin/.wh.su 0",
     "lower-link usr/bin/su @1!"},
    {"opaque-through-a-lower-link", "l bin usr/bin, + usr/bin/su 4755 | + bin/.wh..wh..opq 0",
     "lower-link usr/bin @1!"},
    /* the rest */
    {"below-a-file", "+ a 4755, + a/b 0755", "parent-file a @0!"},
    {"below-a-file-of-a-lower-layer", "+ a 4755 | + a/b 0755", "parent-file a @1!"},
    {"below-a-passwd", "t etc | + etc/x 0644", "parent-file etc @1?"},
    {"climbing-out", "^ su 4755", "outside su @0!"},
    {"climbing-out-over-setuid", "+ su 4755 | ^ su 0755", "outside su @1!"},
    {"device-zero", "0 a", "device a @0"},
    {"another-device", "c a", ""},
    {"a-link-without-the-capabilities", "k a 0755, h b a 0755", "capability b @0"},
    {"a-link-to-a-file-without-any", "+ a 4755, h b a 4755", ""},
};

static void
test_case(gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE(data);
  g_autoptr(GError) error = NULL;
  g_autoptr(NzTree) tree = tree_of(cases[i].layers, &error);
  g_assert_no_error(error);
  g_autofree char *got = tree_doubts(tree);
  g_assert_cmpstr(got, ==, cases[i].want);
}

static void
test_many_are_counted_and_some_are_named(void)
{
  g_autoptr(NzTree) tree = nz_tree_new(TRUE);
  for (guint i = 0; i < NZ_AMBIGUITIES_MAX + 50; i++) {
    /* The last hides a setuid-root program, and is past those that are named. */
    g_autofree char *first = g_strdup_printf("+ f%u %s", i, i == 149 ? "4755" : "0755");
    g_autofree char *second = g_strdup_printf("+ f%u 0755", i);
    g_assert_true(tree_apply(tree, 0, first, NULL));
    g_assert_true(tree_apply(tree, 0, second, NULL));
  }
  guint total, hides;
  const GPtrArray *list = nz_tree_ambiguities(tree, &total, &hides);
  g_assert_cmpuint(list->len, ==, NZ_AMBIGUITIES_MAX);
  g_assert_cmpuint(total, ==, NZ_AMBIGUITIES_MAX + 50);
  g_assert_cmpuint(hides, ==, NZ_HIDES_SETUID_ROOT);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *path = g_strconcat("/tree-doubts/", cases[i].name, NULL);
    g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
  }
  g_test_add_func("/tree-doubts/many-are-counted-and-some-are-named",
                  test_many_are_counted_and_some_are_named);
  return g_test_run();
}
