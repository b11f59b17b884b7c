/* SPDX-License-Identifier: Apache-2.0 */
/* Users and groups as a build makes them, and what the decision core says of them. */
#include "build/accounts.h"

#include "support.h"

#define PASSWD "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:\n"
#define GROUP  "root:x:0:\napp:x:1000:\nlog:x:4:app\n"

static NzAccounts *
known(void)
{
  return nz_accounts_new(NZ_FAMILY_DEBIAN, PASSWD, GROUP, NULL);
}

static NzAccounts *
strange(void)
{
  return nz_accounts_new(NZ_FAMILY_UNKNOWN, NULL, NULL, "the base is not at hand");
}

/* "non-root 1000:1000", with "?" for what is not known. */
static void
assert_user(const NzAccounts *accounts, const char *declared, const char *want)
{
  g_autoptr(NzUser) user = nz_accounts_resolve(accounts, declared);
  g_autofree char *uid = user->has_uid ? g_strdup_printf("%u", user->uid) : g_strdup("?");
  g_autofree char *gid = user->has_gid ? g_strdup_printf("%u", user->gid) : g_strdup("?");
  g_autofree char *got = g_strdup_printf("%s %s:%s", nz_user_state_name(user->state), uid, gid);
  g_assert_cmpstr(got, ==, want);
  g_assert_cmpstr(user->declared, ==, declared);
}

static void
assert_why(const NzAccounts *accounts, const char *declared, const char *what)
{
  g_autoptr(NzUser) user = nz_accounts_resolve(accounts, declared);
  assert_holds(user->why, what);
}

static void
test_core_decides(void)
{
  g_autoptr(NzAccounts) a = known();
  assert_user(a, NULL, "root 0:0");
  assert_user(a, "app", "non-root 1000:1000");
  assert_user(a, "app:root", "non-root 1000:0");
  assert_user(a, "00", "root 0:0");
  assert_user(a, "web", "wont-start ?:?");
  g_autoptr(NzUser) user = nz_accounts_resolve(a, "app");
  g_assert_cmpuint(user->gids->len, ==, 2); /* log's, too */
}

static void
test_chosen_number_is_none(void)
{
  g_autoptr(NzAccounts) a = known();
  nz_accounts_add_user(a, &(NzNewUser){.name = "web", .uid = -1, .own_group = TRUE});
  assert_user(a, "web", "non-root ?:?");
  assert_user(a, "web:web", "non-root ?:?");
  assert_user(a, "web:4", "non-root ?:4");
  assert_user(a, "web:log", "non-root ?:4");
  assert_why(a, "web", "web is made without a number");
  g_assert_false(nz_accounts_is_fixed(a, "web", NULL, NULL));
  g_autoptr(NzUser) user = nz_accounts_resolve(a, "web");
  g_assert_cmpuint(user->gids->len, ==, 0);
  /* It may be number 1001, with a group that nobody knows. */
  assert_user(a, "1001", "non-root 1001:?");
  assert_user(a, "1000", "non-root 1000:1000");
  assert_user(a, "0", "root 0:0");
  assert_user(a, "web:nobody", "wont-start ?:?");
}

static void
test_number_written_is_fixed(void)
{
  g_autoptr(NzAccounts) a = known();
  guint32 uid = 0, gid = 0;
  nz_accounts_add_user(a, &(NzNewUser){.name = "web", .uid = 7, .own_group = TRUE});
  g_assert_true(nz_accounts_is_fixed(a, "web", &uid, &gid));
  g_assert_cmpuint(uid, ==, 7);
  g_assert_cmpuint(gid, ==, 7);
  g_assert_false(nz_accounts_is_fixed(a, "nobody", NULL, NULL));
  nz_accounts_add_group(a, "made", -1, FALSE);
  nz_accounts_add_user(a, &(NzNewUser){.name = "half", .uid = 8, .group = "made"});
  g_assert_false(nz_accounts_is_fixed(a, "half", NULL, NULL));
}

static void
test_own_group_takes_a_free_number(void)
{
  g_autoptr(NzAccounts) a = known();
  nz_accounts_add_user(a, &(NzNewUser){.name = "web", .uid = 4, .own_group = TRUE});
  assert_user(a, "web", "non-root 4:?"); /* 4 is log's */
}

static void
test_unknown_base(void)
{
  g_autoptr(NzAccounts) a = strange();
  assert_user(a, "app", "unknown ?:?");
  assert_why(a, "app", "the base is not at hand");
  assert_user(a, "root", "root 0:0");
  assert_why(a, "root", "as in every image that has a passwd file");
  assert_user(a, "1000", "non-root 1000:?");
  nz_accounts_add_user(a, &(NzNewUser){.name = "app", .uid = 5, .own_group = TRUE});
  assert_user(a, "app", "non-root 5:5");
  assert_user(a, "app:app", "non-root 5:5");
  assert_user(a, "app:other", "non-root 5:?"); /* a group makes nobody root */
  assert_user(a, "web", "unknown ?:?");
}

static void
test_extract_of_unknown(void)
{
  g_autoptr(NzAccounts) a = nz_accounts_new(NZ_FAMILY_DEBIAN, PASSWD, GROUP, "all is not known");
  assert_user(a, "app", "non-root 1000:1000");
  assert_user(a, "web", "unknown ?:?");
}

static void
test_no_passwd(void)
{
  g_autoptr(NzAccounts) a = nz_accounts_new(NZ_FAMILY_SCRATCH, NULL, NULL, NULL);
  g_assert_null(nz_accounts_passwd(a));
  assert_user(a, NULL, "root 0:0");
  assert_user(a, "root", "wont-start ?:?");
  nz_accounts_append_passwd(a, "app:x:5:6::/:\n");
  assert_user(a, "app", "non-root 5:6");
  assert_user(a, "app:app", "wont-start 5:?");
}

static void
test_first_of_a_name_counts(void)
{
  g_autoptr(NzAccounts) a = known();
  nz_accounts_add_user(a, &(NzNewUser){.name = "app", .uid = 0, .own_group = TRUE});
  assert_user(a, "app", "non-root 1000:1000");
  nz_accounts_append_passwd(a, "app:x:0:0::/:\n");
  assert_user(a, "app", "non-root 1000:1000");
}

static void
test_text_without_an_end_of_line(void)
{
  g_autoptr(NzAccounts) a = nz_accounts_new(NZ_FAMILY_DEBIAN, "root:x:0:0::/:", "", NULL);
  nz_accounts_add_user(a, &(NzNewUser){.name = "web", .uid = 7, .group = "9"});
  g_assert_cmpstr(nz_accounts_passwd(a), ==, "root:x:0:0::/:\nweb:x:7:9::/:\n");
}

static void
test_changes(void)
{
  g_autoptr(NzAccounts) a = known();
  g_assert_true(nz_accounts_change_user(a, "app", 2000, NULL, NULL));
  assert_user(a, "app", "non-root 2000:1000");
  g_assert_true(nz_accounts_change_user(a, "app", 20, "log", "web"));
  assert_user(a, "web", "non-root 20:4");
  assert_user(a, "app", "wont-start ?:?");
  g_assert_false(nz_accounts_change_user(a, "app", 1, NULL, NULL));
  g_assert_cmpstr(nz_accounts_passwd(a), ==, "root:x:0:0:root:/root:/bin/sh\nweb:x:20:4::/:\n");
}

static void
test_group_change_moves_its_users(void)
{
  g_autoptr(NzAccounts) a = known();
  g_assert_true(nz_accounts_change_group(a, "app", 3000, "apps"));
  assert_user(a, "app", "non-root 1000:3000");
  assert_user(a, "app:apps", "non-root 1000:3000");
  assert_user(a, "app:app", "wont-start 1000:?");
  g_assert_false(nz_accounts_change_group(a, "none", 1, NULL));
}

static void
test_deleted(void)
{
  g_autoptr(NzAccounts) a = known();
  nz_accounts_delete_user(a, "app");
  assert_user(a, "app", "wont-start ?:?");
  g_assert_false(nz_accounts_has_group(a, "app")); /* its own went with it */
  nz_accounts_delete_group(a, "log");
  g_assert_cmpstr(nz_accounts_group(a), ==, "root:x:0:\n");
  nz_accounts_delete_user(a, "app");
}

static void
test_members(void)
{
  g_autoptr(NzAccounts) a = known();
  nz_accounts_add_member(a, "root", "log");
  nz_accounts_add_member(a, "root", "log");
  nz_accounts_add_member(a, "root", "app");
  nz_accounts_add_member(a, "root", "none");
  g_assert_cmpstr(nz_accounts_group(a), ==, "root:x:0:\napp:x:1000:root\nlog:x:4:app,root\n");
}

static void
test_hostile_names_are_no_lines(void)
{
  static const char *const names[] = {"a:x:0:0", "a\nroot2:x:0:0::/:", "", "a,b"};
  g_autoptr(NzAccounts) a = known();
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    nz_accounts_add_user(a, &(NzNewUser){.name = names[i], .uid = 5, .own_group = TRUE});
    nz_accounts_add_group(a, names[i], 5, FALSE);
    nz_accounts_add_member(a, names[i], "log");
    nz_accounts_change_user(a, "app", -1, NULL, names[i]);
  }
  g_assert_cmpstr(nz_accounts_passwd(a), ==, PASSWD);
  g_assert_cmpstr(nz_accounts_group(a), ==, GROUP);
}

static void
test_doubts_leave_what_is_known(void)
{
  g_autoptr(NzAccounts) a = known();
  g_assert_null(nz_accounts_unknown(a));
  nz_accounts_doubt(a, "a script ran");
  nz_accounts_doubt(a, "another ran");
  assert_user(a, "app", "non-root 1000:1000");
  assert_user(a, "web", "unknown ?:?");
  assert_why(a, "web", "a script ran");
  nz_accounts_forget_passwd(a, "sed ran");
  assert_user(a, "app", "unknown ?:?");
  assert_why(a, "app", "sed ran");
  assert_user(a, "root", "root 0:0");
  nz_accounts_set_passwd(a, PASSWD, NULL);
  assert_user(a, "app", "non-root 1000:1000");
}

static void
test_copy_stands_alone(void)
{
  g_autoptr(NzAccounts) a = known();
  nz_accounts_add_user(a, &(NzNewUser){.name = "web", .uid = -1, .own_group = TRUE});
  g_autoptr(NzAccounts) b = nz_accounts_copy(a);
  nz_accounts_delete_user(a, "web");
  assert_user(a, "web", "wont-start ?:?");
  assert_user(b, "web", "non-root ?:?");
  g_assert_cmpint(nz_accounts_family(b), ==, NZ_FAMILY_DEBIAN);
}

/* Many changes of a large file: unknown in the end, and soon. */
static void
test_work_is_bounded(void)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < 20000; i++)
    g_string_append_printf(text, "u%u:x:%u:5::/:\n", i, i + 1);
  g_autoptr(NzAccounts) a = nz_accounts_new(NZ_FAMILY_DEBIAN, text->str, "g:x:5:\n", NULL);
  assert_user(a, "u7", "non-root 8:5");
  gint64 start = g_get_monotonic_time();
  for (gint64 i = 0; i < 20000; i++)
    nz_accounts_change_group(a, "g", 6 + i, NULL);
  g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
  assert_user(a, "u7", "unknown ?:?");
  assert_why(a, "u7", "too many changes");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/accounts/core-decides", test_core_decides);
  g_test_add_func("/accounts/chosen-number-is-none", test_chosen_number_is_none);
  g_test_add_func("/accounts/number-written-is-fixed", test_number_written_is_fixed);
  g_test_add_func("/accounts/own-group-takes-a-free-number", test_own_group_takes_a_free_number);
  g_test_add_func("/accounts/unknown-base", test_unknown_base);
  g_test_add_func("/accounts/extract-of-unknown", test_extract_of_unknown);
  g_test_add_func("/accounts/no-passwd", test_no_passwd);
  g_test_add_func("/accounts/first-of-a-name-counts", test_first_of_a_name_counts);
  g_test_add_func("/accounts/no-end-of-line", test_text_without_an_end_of_line);
  g_test_add_func("/accounts/changes", test_changes);
  g_test_add_func("/accounts/group-change-moves-its-users", test_group_change_moves_its_users);
  g_test_add_func("/accounts/deleted", test_deleted);
  g_test_add_func("/accounts/members", test_members);
  g_test_add_func("/accounts/hostile-names-are-no-lines", test_hostile_names_are_no_lines);
  g_test_add_func("/accounts/doubts-leave-what-is-known", test_doubts_leave_what_is_known);
  g_test_add_func("/accounts/copy-stands-alone", test_copy_stands_alone);
  g_test_add_func("/accounts/work-is-bounded", test_work_is_bounded);
  return g_test_run();
}
