/* SPDX-License-Identifier: Apache-2.0 */
/* The effective filesystem: what layers come to. How they are written is told in treekit.h. */
#include <string.h>

#include "core/limits.h"
#include "treekit.h"

typedef struct {
  const char *name, *layers, *want;
} Case;

/* What is left, as "PATH MODE UID @LAYER". */
static const Case files[] = {
    {"privileged-files-are-kept", "+ usr/bin/su 4755, + usr/bin/wall 2755 7",
     "usr/bin/su 4755 0 @0, usr/bin/wall 2755 7 @0"},
    {"plain-files-are-not", "+ usr/bin/ls 0755, d etc, c dev/null", ""},
    {"files-with-capabilities-are-kept", "k ping 0755", "ping 0755 0 @0"},
    /* replacement */
    {"a-later-layer-replaces", "+ a 4755 | + a 4711 5", "a 4711 5 @1"},
    {"a-plain-file-replaces", "+ a 4755 | + a 0755", ""},
    {"a-directory-replaces-a-file", "+ a 4755 | d a", ""},
    {"a-file-replaces-a-directory", "+ a/b/c 4755 | + a 0644", ""},
    {"a-symlink-replaces-a-directory", "+ a/b 4755 | l a x", ""},
    {"a-device-replaces-a-directory", "+ a/b 4755 | c a", ""},
    {"a-directory-merges-into-a-directory", "+ a/b 4755 | d a, + a/c 4755",
     "a/b 4755 0 @0, a/c 4755 0 @1"},
    {"the-last-of-two-in-a-layer-counts", "+ a 4755, + a 0755", ""},
    {"the-root-directory-may-be-named", "+ a 4755 | d ", "a 4755 0 @0"},
    /* whiteouts */
    {"a-whiteout-hides-a-file", "+ a 4755, + b 4755 | + .wh.a 0", "b 4755 0 @0"},
    {"a-whiteout-hides-a-directory", "+ a/b/c 4755, + ab 4755 | + .wh.a 0", "ab 4755 0 @0"},
    {"a-whiteout-of-nothing-does-nothing", "+ a 4755 | + .wh.b 0, + c/.wh.d 0", "a 4755 0 @0"},
    {"what-was-hidden-can-come-again", "+ a 4755 | + .wh.a 0 | + a 4711", "a 4711 0 @2"},
    {"a-whiteout-name-is-bytes", "+ .wh 4755 | + .wh..wh 0", ""},
    {"a-whiteout-directory-is-a-whiteout", "+ a 4755 | d .wh.a", ""},
    {"opaque-empties-lower-layers", "+ d/a 4755, + d/e/f 4755, + g 4755 | + d/.wh..wh..opq 0",
     "g 4755 0 @0"},
    {"opaque-spares-its-own-layer-before-it",
     "+ d/a 4755 | + d/b 4755, + d/e/f 4755, + d/.wh..wh..opq 0", "d/b 4755 0 @1, d/e/f 4755 0 @1"},
    {"opaque-spares-its-own-layer-after-it", "+ d/a 4755 | + d/.wh..wh..opq 0, + d/b 4755",
     "d/b 4755 0 @1"},
    {"opaque-spares-what-it-replaced", "+ d/a 4755 | + d/a 4711, + d/.wh..wh..opq 0",
     "d/a 4711 0 @1"},
    {"opaque-of-the-root", "+ a 4755 | + .wh..wh..opq 0, + b 4755", "b 4755 0 @1"},
    {"opaque-of-nothing-does-nothing", "+ a 4755 | + d/.wh..wh..opq 0", "a 4755 0 @0"},
    /* symlinked parents */
    {"a-linked-parent-is-followed", "l bin usr/bin, + bin/su 4755", "usr/bin/su 4755 0 @0"},
    {"both-spellings-are-one-file", "l bin usr/bin, + usr/bin/su 4755 | + bin/su 0755", ""},
    {"a-whiteout-through-a-link", "l bin usr/bin, + usr/bin/su 4755 | + bin/.wh.su 0", ""},
    {"opaque-through-a-link", "l bin usr/bin, + usr/bin/su 4755 | + bin/.wh..wh..opq 0", ""},
    {"absolute-links-stay-inside", "l bin /usr/bin, + bin/su 4755", "usr/bin/su 4755 0 @0"},
    {"climbing-links-stay-inside", "l a/bin ../../../usr/bin, + a/bin/su 4755",
     "usr/bin/su 4755 0 @0"},
    {"links-to-links", "l a b, l b /c/../d, + a/su 4755", "d/su 4755 0 @0"},
    {"a-link-to-the-root", "l a /, + a/su 4755", "su 4755 0 @0"},
    {"the-last-component-is-not-followed", "l a b, + b 4755 | + a 4711",
     "a 4711 0 @1, b 4755 0 @0"},
    {"a-directory-replaces-a-link", "l bin usr/bin | d bin, + bin/su 4755", "bin/su 4755 0 @1"},
    /* hard links */
    {"names-share-a-file", "+ a 4755, h b a 4755", "a 4755 0 @0, b 4755 0 @0"},
    {"a-links-mode-is-the-files", "+ a 0755, h b a 4755", "a 4755 0 @0, b 4755 0 @0"},
    {"a-links-mode-clears-the-bit", "+ a 4755, h b a 0755", "a 0755 0 @0, b 0755 0 @0"},
    {"a-links-owner-is-the-files", "+ a 4755 | h b a 4755 1000", "a 4755 1000 @1, b 4755 1000 @1"},
    {"links-across-layers", "+ d/a 0755 | h b d/a 4755", "b 4755 0 @1, d/a 4755 0 @1"},
    {"deleting-one-name-leaves-the-other", "+ a 4755, h b a 4755 | + .wh.a 0", "b 4755 0 @0"},
    {"replacing-one-name-leaves-the-other", "+ a 4755, h b a 4755 | + a 0755", "b 4755 0 @0"},
    {"links-of-links", "+ a 0755, h b a 0755 | h c b 4755",
     "a 4755 0 @1, b 4755 0 @1, c 4755 0 @1"},
    {"links-through-linked-parents", "l bin usr/bin, + usr/bin/a 4755, h b bin/a 4755",
     "b 4755 0 @0, usr/bin/a 4755 0 @0"},
    {"a-link-to-a-symlink", "l a x, h b a 4777", ""},
    {"a-link-that-replaces-the-directory-of-its-file", "+ d/a 4755 | h d d/a 4755", "d 4755 0 @1"},
    {"a-link-to-a-plain-file-in-a-new-directory", "+ d/e/a 0755 | h d/e/b d/e/a 4755",
     "d/e/a 4755 0 @1, d/e/b 4755 0 @1"},
    /* names that look like others */
    {"beginnings-are-no-parents", "+ ab 4755, + a/b 4755 | + .wh.a 0", "ab 4755 0 @0"},
    {"names-are-bytes", "+ \xff\xfe 4755", "\xff\xfe 4755 0 @0"},
};

static void
test_files(gconstpointer data)
{
  const Case *c = data;
  g_autoptr(GError) error = NULL;
  g_autoptr(NzTree) tree = tree_of(c->layers, &error);
  g_assert_no_error(error);
  g_autofree char *got = tree_files(tree);
  g_assert_cmpstr(got, ==, c->want);
}

static const Case errors[] = {
    {"a-link-to-nothing", "h b a", "a hard link to /a, which no layer holds"},
    {"a-link-to-what-was-hidden", "+ a 0755 | + .wh.a 0, h b a", "which no layer holds"},
    {"a-link-to-a-directory", "d a, h b a", "which is a directory"},
    {"a-link-to-a-directory-of-files", "+ a/b 4755, h c a", "which is a directory"},
    {"a-link-to-itself", "+ a 4755, h a a", "a hard link to itself: /a"},
    {"a-link-to-the-directory-it-lies-in", "+ a/b 0644 | h a/b/c a/b",
     "the directory that it lies in"},
    {"a-link-to-a-directory-that-was-a-file", "+ a/b 04755 | h a/b/c a/b", "that it lies in"},
    {"a-link-to-itself-through-a-link", "l d e, + e/a 4755, h d/a e/a", "a hard link to itself"},
    {"a-link-below-a-file", "+ a 4755, h b a/c", "whose directory is none"},
    {"a-link-to-the-root", "h b ", "whose directory is none"},
    {"a-loop-of-links", "l a b, l b a, + a/c 4755", "a loop of symbolic links above /a/c"},
    {"a-link-to-itself-as-parent", "l a a, + a/c 4755", "a loop of symbolic links"},
    {"a-whiteout-of-nothing", "+ d/.wh. 0", "a whiteout that names nothing: .wh."},
    {"a-whiteout-of-dot", "+ .wh.. 0", "a whiteout that names nothing"},
    {"a-whiteout-of-dot-dot", "+ .wh... 0", "a whiteout that names nothing"},
    {"a-file-instead-of-the-root", "+  0755", "replaces the root directory"},
};

static void
test_errors(gconstpointer data)
{
  const Case *c = data;
  g_autoptr(GError) error = NULL;
  g_autoptr(NzTree) tree = tree_of(c->layers, &error);
  g_assert_null(tree);
  assert_error_says(&error, NZ_ERROR_INPUT, c->want);
}

/* --- lookups --- */

static const struct {
  const char *name, *layers, *path;
  NzLookup result;
  const char *canonical; /* of what is there */
} lookups[] = {
    {"a-kept-file", "t etc/passwd", "etc/passwd", NZ_LOOKUP_FOUND, "etc/passwd"},
    {"through-links", "l etc/passwd ../usr/passwd, t usr/passwd", "etc/passwd", NZ_LOOKUP_FOUND,
     "usr/passwd"},
    {"through-a-linked-directory", "l etc /private/etc, t private/etc/passwd", "etc/passwd",
     NZ_LOOKUP_FOUND, "private/etc/passwd"},
    {"a-device", "c etc/passwd", "etc/passwd", NZ_LOOKUP_FOUND, "etc/passwd"},
    {"nothing", "t etc/group", "etc/passwd", NZ_LOOKUP_ABSENT, NULL},
    {"a-dangling-link", "l etc/passwd x", "etc/passwd", NZ_LOOKUP_ABSENT, NULL},
    {"below-a-file", "t etc", "etc/passwd", NZ_LOOKUP_ABSENT, NULL},
    {"a-hidden-file", "t etc/passwd | + etc/.wh.passwd 0", "etc/passwd", NZ_LOOKUP_ABSENT, NULL},
    {"a-hidden-plain-file", "+ a 0755 | + .wh.a 0", "a", NZ_LOOKUP_ABSENT, NULL},
    /* That names went with their directory is not kept: a plain file, or none. */
    {"in-a-hidden-directory", "t etc/passwd | + .wh.etc 0", "etc/passwd", NZ_LOOKUP_UNKEPT, NULL},
    {"in-an-opaque-directory", "t etc/passwd | + etc/.wh..wh..opq 0", "etc/passwd",
     NZ_LOOKUP_UNKEPT, NULL},
    {"in-a-replaced-directory", "t etc/passwd | + etc 0644 | d etc", "etc/passwd", NZ_LOOKUP_UNKEPT,
     NULL},
    {"a-directory", "d etc/passwd", "etc/passwd", NZ_LOOKUP_DIRECTORY, "etc/passwd"},
    {"a-directory-by-its-content", "+ a/b 4755", "a", NZ_LOOKUP_DIRECTORY, "a"},
    {"the-root", "", "", NZ_LOOKUP_DIRECTORY, ""},
    {"a-loop", "l a b, l b a", "a", NZ_LOOKUP_LOOP, NULL},
    {"a-plain-file", "+ a 0755", "a", NZ_LOOKUP_UNKEPT, "a"},
    {"a-link-to-a-plain-file", "l etc/passwd /data/users, + data/users 0644", "etc/passwd",
     NZ_LOOKUP_UNKEPT, "data/users"},
};

static void
test_lookup(gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE(data);
  g_autoptr(GError) error = NULL;
  g_autoptr(NzTree) tree = tree_of(lookups[i].layers, &error);
  g_assert_no_error(error);
  g_autoptr(GString) canonical = g_string_new(NULL);
  const NzInode *inode = NULL;
  g_assert_cmpint(nz_tree_lookup(tree, lookups[i].path, canonical, &inode), ==, lookups[i].result);
  if (lookups[i].canonical)
    g_assert_cmpstr(canonical->str, ==, lookups[i].canonical);
  if (lookups[i].result == NZ_LOOKUP_FOUND)
    g_assert_nonnull(inode);
}

static void
test_a_link_to_a_plain_file_says_where_the_content_is(void)
{
  g_autoptr(NzTree) tree = tree_of("+ data/users 0644, h etc/passwd data/users 0644", NULL);
  g_autoptr(GString) canonical = g_string_new(NULL);
  const NzInode *inode = NULL;
  g_assert_cmpint(nz_tree_lookup(tree, "etc/passwd", canonical, &inode), ==, NZ_LOOKUP_FOUND);
  g_assert_cmpint(inode->body_kind, ==, NZ_BODY_NONE);
  g_assert_cmpstr(inode->origin, ==, "data/users");
}

/* --- without whiteouts --- */

static void
test_in_a_directory_whiteouts_are_names(void)
{
  g_autoptr(NzTree) tree = nz_tree_new(FALSE);
  static const char *const lines[] = {"+ a 4755", "+ .wh.a 4755", "+ d/.wh..wh..opq 4755",
                                      "+ .wh..wh.plnk/x 4755", "+ .wh. 4755"};
  for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
    g_assert_true(tree_apply(tree, 0, lines[i], NULL));
  g_autofree char *got = tree_files(tree);
  g_assert_cmpstr(got, ==,
                  ".wh. 4755 0 @0, .wh..wh.plnk/x 4755 0 @0, .wh.a 4755 0 @0, a 4755 0 @0, "
                  "d/.wh..wh..opq 4755 0 @0");
}

/* --- limits --- */

static NzTree *
chain_of_links(guint n)
{
  NzTree *tree = nz_tree_new(TRUE);
  for (guint i = 0; i < n; i++) {
    g_autofree char *line = g_strdup_printf("l l%u l%u", i, i + 1);
    g_assert_true(tree_apply(tree, 0, line, NULL));
  }
  g_autofree char *last = g_strdup_printf("d l%u", n);
  g_assert_true(tree_apply(tree, 0, last, NULL));
  return tree;
}

static void
test_forty_links_are_followed_and_no_more(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NzTree) good = chain_of_links(NZ_SYMLINKS_MAX);
  g_assert_true(tree_apply(good, 1, "+ l0/su 4755", &error));
  g_autofree char *got = tree_files(good);
  g_assert_cmpstr(got, ==, "l40/su 4755 0 @1");
  g_autoptr(NzTree) bad = chain_of_links(NZ_SYMLINKS_MAX + 1);
  g_assert_false(tree_apply(bad, 1, "+ l0/su 4755", &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "a loop of symbolic links");
}

static void
test_paths_of_many_components(void)
{
  g_autoptr(GString) path = g_string_new("a");
  while (path->len + 2 <= NZ_PATH_MAX)
    g_string_append(path, "/a");
  g_autofree char *line = g_strdup_printf("+ %s 4755", path->str);
  g_autoptr(NzTree) tree = tree_of(line, NULL);
  g_autofree char *got = tree_files(tree), *want = g_strdup_printf("%s 4755 0 @0", path->str);
  g_assert_cmpstr(got, ==, want);
  g_assert_true(tree_apply(tree, 1, "+ .wh.a 0", NULL));
  g_autofree char *rest = tree_files(tree);
  g_assert_cmpstr(rest, ==, "");
}

/* Links to links, each a whole path deep, lead deeper than any path: names of megabytes. */
static void
test_links_cannot_lead_deeper_than_a_path(void)
{
  g_autoptr(NzTree) tree = nz_tree_new(TRUE);
  g_autoptr(GError) error = NULL;
  gboolean ok = TRUE;
  for (guint i = 0; ok && i < 4; i++) {
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_printf(line, "l l%u l%u", i + 1, i);
    while (line->len < NZ_PATH_MAX)
      g_string_append(line, "/a");
    ok = tree_apply(tree, 0, line->str, &error);
  }
  ok = ok && tree_apply(tree, 0, "+ l4/su 4755", &error);
  g_assert_false(ok);
  assert_error_says(&error, NZ_ERROR_LIMIT, "");
}

static void
add_cases(const char *prefix, const Case *cases, gsize n, GTestDataFunc func)
{
  for (gsize i = 0; i < n; i++) {
    g_autofree char *path = g_strconcat(prefix, cases[i].name, NULL);
    g_test_add_data_func(path, &cases[i], func);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  add_cases("/tree/", files, G_N_ELEMENTS(files), test_files);
  add_cases("/tree/errors/", errors, G_N_ELEMENTS(errors), test_errors);
  for (gsize i = 0; i < G_N_ELEMENTS(lookups); i++) {
    g_autofree char *path = g_strconcat("/tree/lookup/", lookups[i].name, NULL);
    g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_lookup);
  }
  g_test_add_func("/tree/lookup/a-link-to-a-plain-file-says-where",
                  test_a_link_to_a_plain_file_says_where_the_content_is);
  g_test_add_func("/tree/in-a-directory-whiteouts-are-names",
                  test_in_a_directory_whiteouts_are_names);
  g_test_add_func("/tree/forty-links-are-followed-and-no-more",
                  test_forty_links_are_followed_and_no_more);
  g_test_add_func("/tree/paths-of-many-components", test_paths_of_many_components);
  g_test_add_func("/tree/links-cannot-lead-deeper-than-a-path",
                  test_links_cannot_lead_deeper_than_a_path);
  return g_test_run();
}
