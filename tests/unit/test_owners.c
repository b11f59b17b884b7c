/* SPDX-License-Identifier: Apache-2.0 */
/* Package lists: which package owns which path. rpm's databases are in test_rpmdb.c. */
#include "rootfs/owners.h"

#include <string.h>

#include "support.h"

static const struct {
  const char *name;
  NzOwnersFormat format;
  const char *basename, *list;
  gsize n_paths;
  const char *path, *package; /* NULL: nobody owns it */
} cases[] = {
    {"dpkg", NZ_OWNERS_DPKG_LIST, "util-linux.list", "/.\n/usr\n/usr/bin/su\n", 3, "usr/bin/su",
     "util-linux"},
    {"dpkg-with-an-architecture", NZ_OWNERS_DPKG_LIST, "libc6:amd64.list", "/lib/x\n", 1, "lib/x",
     "libc6"},
    {"dpkg-without-a-last-newline", NZ_OWNERS_DPKG_LIST, "a.list", "/a\n/b", 2, "b", "a"},
    {"dpkg-empty", NZ_OWNERS_DPKG_LIST, "a.list", "", 0, "a", NULL},
    {"dpkg-empty-lines", NZ_OWNERS_DPKG_LIST, "a.list", "\n\n/\n//\n/a\n", 1, "a", "a"},
    {"dpkg-not-a-beginning", NZ_OWNERS_DPKG_LIST, "a.list", "/usr/bin/su\n", 1, "usr/bin", NULL},
    {"dpkg-nameless", NZ_OWNERS_DPKG_LIST, ".list", "/a\n", 1, "a", ""},
    {"distroless", NZ_OWNERS_MD5SUMS, "base-files.md5sums",
     "0123456789abcdef0123456789abcdef  usr/bin/su\n"
     "0123456789abcdef0123456789abcdef  etc/x y\n",
     2, "etc/x y", "base-files"},
    {"distroless-short-lines", NZ_OWNERS_MD5SUMS, "a.md5sums",
     "short\n\n0123456789abcdef0123456789abcdef  \n0123456789abcdef0123456789abcdef  a\n", 1, "a",
     "a"},
    {"apk", NZ_OWNERS_APK, "installed",
     "C:Q1x\nP:musl\nV:1\nF:lib\nR:ld.so\n\nC:Q1y\nP:busybox\nF:bin\nM:0:0:755\nR:busybox\n"
     "a:0:0:755\nR:sh\nF:etc\nR:passwd\n",
     4, "bin/sh", "busybox"},
    {"apk-of-the-first-package", NZ_OWNERS_APK, "installed",
     "P:musl\nF:lib\nR:ld.so\n\nP:busybox\nF:bin\nR:sh\n", 2, "lib/ld.so", "musl"},
    {"apk-in-the-root", NZ_OWNERS_APK, "installed", "P:a\nF:\nR:x\n", 1, "x", "a"},
    {"apk-short-lines", NZ_OWNERS_APK, "installed", "P\n:\n\nP:a\nF:d\nR\nR:\nR:x", 2, "d/x", "a"},
    {"apk-nobodys", NZ_OWNERS_APK, "installed", "R:x\nP:a\nR:y\n", 2, "x", ""},
    {"apk-bytes", NZ_OWNERS_APK, "installed", "P:\xff\nF:d\nR:\xfe\n", 1, "d/\xfe", "\xff"},
};

static void
take_first(gpointer value, const char *package, gpointer user_data)
{
  char **first = user_data;
  g_assert_cmpstr(value, ==, "mark");
  if (!*first)
    *first = g_strdup(package);
}

static char *
owner_of(GBytes *owners, const char *path)
{
  guint64 key = nz_owners_key(path, strlen(path), nz_owners_seed(owners));
  g_autoptr(NzOwnersWanted) wanted = nz_owners_wanted_new(NULL);
  nz_owners_want(wanted, key, (gpointer) "mark");
  char *package = NULL;
  nz_owners_lookup(owners, wanted, take_first, &package);
  return package;
}

static GBytes *
read_list(NzOwnersFormat format, const char *basename, const char *list, gsize len)
{
  g_autofree guint8 *copy = g_memdup2(list, len);
  g_autoptr(GError) error = NULL;
  GBytes *owners = nz_owners_read(format, basename, copy, len, &error);
  g_assert_no_error(error);
  return owners;
}

static void
test_case(gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE(data);
  g_autoptr(GBytes) owners =
      read_list(cases[i].format, cases[i].basename, cases[i].list, strlen(cases[i].list));
  g_assert_cmpuint(nz_owners_count(owners), ==, cases[i].n_paths);
  g_autofree char *package = owner_of(owners, cases[i].path);
  g_assert_cmpstr(package, ==, cases[i].package);
}

static void
test_a_long_package_name_is_cut(void)
{
  g_autofree char *name = g_strnfill(100000, 'n');
  g_autofree char *list = g_strdup_printf("P:%s\nF:d\nR:x\nP:b\nF:d\nR:y\n", name);
  g_autoptr(GBytes) owners = read_list(NZ_OWNERS_APK, "installed", list, strlen(list));
  g_autofree char *x = owner_of(owners, "d/x"), *y = owner_of(owners, "d/y");
  g_assert_cmpuint(strlen(x), ==, 255);
  g_assert_cmpstr(y, ==, "b");
}

static void
test_a_broken_rpm_database_is_an_error(void)
{
  static const NzOwnersFormat formats[] = {NZ_OWNERS_RPM_SQLITE, NZ_OWNERS_RPM_NDB,
                                           NZ_OWNERS_RPM_BDB};
  for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
    g_autofree guint8 *data = noise(4096, 1);
    g_autoptr(GError) error = NULL;
    g_assert_null(nz_owners_read(formats[i], "Packages", data, 4096, &error));
    g_assert_nonnull(error);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *path = g_strconcat("/owners/", cases[i].name, NULL);
    g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
  }
  g_test_add_func("/owners/a-long-package-name-is-cut", test_a_long_package_name_is_cut);
  g_test_add_func("/owners/a-broken-rpm-database", test_a_broken_rpm_database_is_an_error);
  return g_test_run();
}
