/* SPDX-License-Identifier: Apache-2.0 */
/* Which user starts: the answers of moby/sys user.GetExecUser, one row each. */
#include <string.h>

#include "core/limits.h"
#include "core/user.h"
#include "support.h"

#define PASSWD                                                                                     \
  "root:x:0:0:root:/root:/bin/sh\n"                                                                \
  "app:x:1000:1001::/:\n"                                                                          \
  "toor:x:0:5::/:\n"                                                                               \
  "app:x:0:0::/:\n"                                                                                \
  "letters:x:l000:1000::/:\n"                                                                      \
  "short\n"                                                                                        \
  "big:x:2147483648:1::/:\n"                                                                       \
  "wraps:x:4294967296:1::/:\n"                                                                     \
  "minus:x:-1:1::/:\n"                                                                             \
  "huge:x:99999999999999999999:1::/:\n"                                                            \
  "  spaced:x:77:88::/:  \n"                                                                       \
  "#comment:x:55:55::/:\n"                                                                         \
  "777:x:0:0::/:\n"                                                                                \
  "888:x:9:9::/:\n"                                                                                \
  "twins:x:1500:1500::/:\n"                                                                        \
  "twins:x:1600:1600::/:\n"

#define GROUP                                                                                      \
  "root:x:0:\n"                                                                                    \
  "#app:x:66:\n"                                                                                   \
  "app:x:2000:app\n"                                                                               \
  "letters:x:l1:\n"                                                                                \
  "app:x:3000:\n"

#define NONE     G_MAXUINT32
#define ROOT     NZ_USER_ROOT
#define NON_ROOT NZ_USER_NON_ROOT
#define UNKNOWN  NZ_USER_UNKNOWN
#define REFUSED  NZ_USER_WONT_START

/* uid, gid: NONE when the answer has none. */
static const struct {
  const char *declared;
  NzUserState state;
  guint32 uid, gid;
  const char *why;
} cases[] = {
    /* root by every spelling */
    {NULL, ROOT, 0, 0, "names no user"},
    {"", ROOT, 0, 0, "names no user"},
    {":", ROOT, 0, 0, "user part is empty"},
    {":1000", ROOT, 0, 1000, "user part is empty"},
    {"0", ROOT, 0, 0, "the number 0"},
    {"00", ROOT, 0, 0, "the number 0"},
    {"+0", ROOT, 0, 0, "the number 0"},
    {"-0", ROOT, 0, 0, "the number 0"},
    {"0:1000", ROOT, 0, 1000, "the number 0"},
    {"root", ROOT, 0, 0, "root by name"},
    {"root:app", ROOT, 0, 2000, "root by name"},
    {"root:x", ROOT, 0, NONE, "root by name"}, /* no such group, and root all the same */
    {"toor", ROOT, 0, 5, "under another name"},
    {"letters", ROOT, 0, 1000, "under another name"}, /* a uid that is no number counts as 0 */
    {"short", ROOT, 0, 0, "under another name"},      /* and so does a missing one */
    {"wraps", ROOT, 0, 1, "of which the kernel keeps 0"},
    /* not root */
    {"1000", NON_ROOT, 1000, 1001, "a number other than 0"}, /* the gid is passwd's */
    {"01000", NON_ROOT, 1000, 1001, "a number other than 0"},
    {"+1000", NON_ROOT, 1000, 1001, "a number other than 0"},
    {"4321", NON_ROOT, 4321, 0, "a number other than 0"}, /* unknown to passwd: group root */
    {"2147483647", NON_ROOT, G_MAXINT32, 0, "a number other than 0"},
    {"app", NON_ROOT, 1000, 1001, "gives app the uid 1000"}, /* the first entry wins */
    {"twins", NON_ROOT, 1500, 1500, "gives twins the uid 1500"},
    {"app:", NON_ROOT, 1000, 1001, "gives app"},
    {"app:0", NON_ROOT, 1000, 0, "gives app"},
    {"app:app", NON_ROOT, 1000, 2000, "gives app"}, /* the first group wins, comments are none */
    {"app:letters", NON_ROOT, 1000, 0, "gives app"},
    {"app:9:10", NON_ROOT, 1000, 9, "gives app"},       /* the rest is ignored */
    {"spaced", NON_ROOT, 77, 88, "gives spaced"},       /* lines are trimmed */
    {"#comment", NON_ROOT, 55, 55, "gives #comment"},   /* passwd knows no comments */
    {"888", NON_ROOT, 888, 0, "a number other than 0"}, /* a number is never a name */
    /* does not start */
    {"ROOT", REFUSED, NONE, NONE, "no user ROOT"},
    {"0x0", REFUSED, NONE, NONE, "no user 0x0"},
    {" 0", REFUSED, NONE, NONE, "no user  0"},
    {"nobody", REFUSED, NONE, NONE, "no user nobody"},
    {"app:nobody", REFUSED, 1000, NONE, "no group nobody"},
    {"app:-1", REFUSED, 1000, NONE, "outside 0 to 2147483647"},
    {"app:2147483648", REFUSED, 1000, NONE, "outside 0 to 2147483647"},
    {"-1", REFUSED, NONE, NONE, "below 0"},
    {"a\033b", REFUSED, NONE, NONE, "no user a\\x1bb"},
    /* what runtimes treat differently */
    {"big", UNKNOWN, NONE, NONE, "outside 0 to 2147483647"},
    {"minus", UNKNOWN, NONE, NONE, "outside 0 to 2147483647"},
    {"huge", UNKNOWN, NONE, NONE, "outside 0 to 2147483647"},
};

static const NzUserFile passwd = {PASSWD, sizeof PASSWD - 1, NULL};
static const NzUserFile group = {GROUP, sizeof GROUP - 1, NULL};

static void
assert_ids(const NzUser *user, guint32 uid, guint32 gid)
{
  g_assert_cmpint(user->has_uid, ==, uid != NONE);
  if (user->has_uid)
    g_assert_cmpuint(user->uid, ==, uid);
  g_assert_cmpint(user->has_gid, ==, gid != NONE);
  if (user->has_gid)
    g_assert_cmpuint(user->gid, ==, gid);
}

static void
test_users_resolve_as_runtimes_resolve_them(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_test_message("USER %s", cases[i].declared);
    g_autoptr(NzUser) user = nz_user_resolve(cases[i].declared, &passwd, &group);
    g_assert_cmpstr(nz_user_state_name(user->state), ==, nz_user_state_name(cases[i].state));
    assert_holds(user->why, cases[i].why);
    assert_ids(user, cases[i].uid, cases[i].gid);
    g_assert_cmpstr(user->declared, ==, cases[i].declared);
    g_assert_false(user->hostile);
  }
}

/* --- hostile --- */

static void
test_numbers_above_the_range_are_hostile(void)
{
  static const char *const numbers[] = {"2147483648", "4294967296", "4294967296:5",
                                        "9223372036854775807", "18446744073709551616"};
  for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
    g_autoptr(NzUser) user = nz_user_resolve(numbers[i], &passwd, &group);
    g_assert_cmpint(user->state, ==, NZ_USER_WONT_START);
    g_assert_true(user->hostile);
    assert_holds(user->why, "CVE-2024-40635");
  }
}

static void
test_a_number_that_passwd_names_root_is_hostile(void)
{
  g_autoptr(NzUser) user = nz_user_resolve("777", &passwd, &group);
  g_assert_cmpint(user->state, ==, NZ_USER_NON_ROOT);
  g_assert_cmpuint(user->uid, ==, 777);
  g_assert_true(user->hostile);
  assert_holds(user->why, "look names up first start as root");
}

/* --- names or numbers --- */

static void
test_only_names_are_by_name(void)
{
  static const struct {
    const char *declared;
    gboolean by_name;
  } rows[] = {{"app", TRUE}, {"root", TRUE}, {"nobody", TRUE}, {"1000", FALSE},
              {"+5", FALSE}, {"", FALSE},    {":app", FALSE},  {"1000:app", FALSE}};
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(NzUser) user = nz_user_resolve(rows[i].declared, &passwd, &group);
    g_assert_cmpint(user->by_name, ==, rows[i].by_name);
  }
}

/* --- files that are not there, or cannot be known --- */

static const NzUserFile absent = {NULL, 0, NULL};
static const NzUserFile unknown = {NULL, 0, "it is a device"};

static const struct {
  const char *declared;
  const NzUserFile *passwd, *group;
  NzUserState state;
  guint32 uid, gid;
} missing[] = {
    {"1000", &absent, &absent, NON_ROOT, 1000, 0},
    {"", &absent, &absent, ROOT, 0, 0},
    {"app", &absent, &absent, REFUSED, NONE, NONE},
    {"root", &absent, &absent, REFUSED, NONE, NONE},
    {"1000:app", &absent, &absent, REFUSED, 1000, NONE},
    {"1000:5", &absent, &absent, NON_ROOT, 1000, 5},
    {"app", &unknown, &group, UNKNOWN, NONE, NONE},
    {"1000", &unknown, &group, NON_ROOT, 1000, NONE},
    {"0", &unknown, &group, ROOT, 0, NONE},
    {"1000:5", &unknown, &group, NON_ROOT, 1000, 5},
    {"1000:app", &passwd, &unknown, NON_ROOT, 1000, NONE},
    {"0:app", &passwd, &unknown, ROOT, 0, NONE},
};

static void
test_files_that_are_missing_or_unknown(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(missing); i++) {
    g_test_message("row %" G_GSIZE_FORMAT ": USER %s", i, missing[i].declared);
    g_autoptr(NzUser) user =
        nz_user_resolve(missing[i].declared, missing[i].passwd, missing[i].group);
    g_assert_cmpstr(nz_user_state_name(user->state), ==, nz_user_state_name(missing[i].state));
    assert_ids(user, missing[i].uid, missing[i].gid);
  }
}

static void
test_a_line_that_scanners_refuse_stops_the_start(void)
{
  g_autofree char *text = g_strnfill(NZ_PASSWD_LINE_MAX, 'x');
  NzUserFile file = {text, NZ_PASSWD_LINE_MAX, NULL};
  g_autoptr(NzUser) user = nz_user_resolve("1000", &file, &group);
  g_assert_cmpint(user->state, ==, NZ_USER_WONT_START);
  file.len--;
  g_autoptr(NzUser) shorter = nz_user_resolve("1000", &file, &group);
  g_assert_cmpint(shorter->state, ==, NZ_USER_NON_ROOT);
}

static void
test_an_unknown_user_says_why(void)
{
  g_autoptr(NzUser) user = nz_user_new_unknown("ContainerUser", "a Windows image");
  g_assert_cmpint(user->state, ==, NZ_USER_UNKNOWN);
  g_assert_cmpstr(user->why, ==, "a Windows image");
  g_assert_false(user->has_uid);
}

static gboolean
stop_at_second(const char *name G_GNUC_UNUSED, gsize name_len G_GNUC_UNUSED,
               gint64 uid G_GNUC_UNUSED, gint64 gid G_GNUC_UNUSED, gpointer user_data)
{
  return ++*(guint *)user_data < 2;
}

static void
test_passwd_is_read_until_the_reader_stops(void)
{
  guint calls = 0;
  g_assert_true(nz_passwd_foreach(&passwd, stop_at_second, &calls));
  g_assert_cmpuint(calls, ==, 2);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/user/resolve-as-runtimes-resolve-them",
                  test_users_resolve_as_runtimes_resolve_them);
  g_test_add_func("/user/numbers-above-the-range-are-hostile",
                  test_numbers_above_the_range_are_hostile);
  g_test_add_func("/user/a-number-that-passwd-names-root-is-hostile",
                  test_a_number_that_passwd_names_root_is_hostile);
  g_test_add_func("/user/only-names-are-by-name", test_only_names_are_by_name);
  g_test_add_func("/user/files-that-are-missing-or-unknown",
                  test_files_that_are_missing_or_unknown);
  g_test_add_func("/user/a-line-that-scanners-refuse-stops-the-start",
                  test_a_line_that_scanners_refuse_stops_the_start);
  g_test_add_func("/user/an-unknown-user-says-why", test_an_unknown_user_says_why);
  g_test_add_func("/user/passwd-is-read-until-the-reader-stops",
                  test_passwd_is_read_until_the_reader_stops);
  return g_test_run();
}
