/* SPDX-License-Identifier: Apache-2.0 */
/* Who sudoers lets in without a password: text, and the calls that it makes. */
#include "core/sudoers.h"

#include <string.h>

#include "core/limits.h"

typedef struct {
  const char *text;
  const char *calls; /* "LINE WHO;" each */
} Row;

static void
note(const char *who, guint line, gpointer user_data)
{
  g_string_append_printf(user_data, "%u %s;", line, who);
}

static char *
calls_of(const char *text, gsize len)
{
  /* Of exact size and not terminated, as files are. */
  g_autofree char *copy = g_memdup2(text, len);
  GString *calls = g_string_new(NULL);
  g_autoptr(NzSudoers) sudoers = nz_sudoers_new();
  nz_sudoers_learn(sudoers, copy, len);
  nz_sudoers_foreach_nopasswd(sudoers, copy, len, note, calls);
  return g_string_free(calls, FALSE);
}

static void
check_rows(const Row *rows, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    g_autofree char *calls = calls_of(rows[i].text, strlen(rows[i].text));
    if (strcmp(calls, rows[i].calls) != 0)
      g_test_message("%s", rows[i].text);
    g_assert_cmpstr(calls, ==, rows[i].calls);
  }
}

static void
test_users_of_all_kinds(void)
{
  static const Row rows[] = {
      {"app ALL=(ALL) NOPASSWD: ALL", "1 app;"},
      {"app ALL=(ALL:ALL) NOPASSWD:ALL\n", "1 app;"},
      {"app ALL = NOPASSWD: ALL", "1 app;"},
      {"app\tALL=(root)\tNOPASSWD:\t/bin/x", "1 app;"},
      {"  app ALL=(ALL) NOPASSWD: ALL", "1 app;"},
      {"%wheel ALL=(ALL) NOPASSWD: ALL", "1 %wheel;"},
      {"#1000 ALL=(ALL) NOPASSWD: ALL", "1 #1000;"},
      {"%#10 ALL=(ALL) NOPASSWD: ALL", "1 %#10;"},
      {"ALL ALL=(ALL) NOPASSWD: ALL", "1 ALL;"},
      {"app,bob ALL=(ALL) NOPASSWD: ALL", "1 app;1 bob;"},
      {"app, %ops , #5 ALL=(ALL) NOPASSWD: ALL", "1 app;1 %ops;1 #5;"},
      {"ALL, !app ALL=(ALL) NOPASSWD: ALL", "1 ALL;"},
      {"\"app\" ALL=(ALL) NOPASSWD: ALL", "1 app;"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_lines_that_let_nobody_in(void)
{
  static const Row rows[] = {
      {"", ""},
      {"\n\n\n", ""},
      {"app ALL=(ALL) ALL", ""},
      {"app ALL=(ALL) PASSWD: ALL", ""},
      {"app ALL=(ALL) NOEXEC: ALL", ""},
      {"app ALL=(ALL) SETENV: /bin/x", ""},
      {"# app ALL=(ALL) NOPASSWD: ALL", ""},
      {"#app ALL=(ALL) NOPASSWD: ALL", ""},
      {"app ALL=(ALL) ALL # NOPASSWD: ALL", ""},
      {"app ALL=(ALL) /opt/NOPASSWD", ""},
      {"app ALL=(ALL) /bin/x NOPASSWD", ""},
      {"Defaults env_reset", ""},
      {"Defaults !lecture, authenticate", ""},
      {"Defaults !authenticate", ""},
      {"User_Alias A = app", ""},
      {"Cmnd_Alias NOPASSWDX = /bin/x", ""},
      {"@includedir /etc/sudoers.d", ""},
      {"#includedir /etc/sudoers.d", ""},
      {"#include /etc/sudoers.local", ""},
      {"app", ""},
      {"app ALL", ""},
      {"app ALL=", ""},
      {"= NOPASSWD: ALL", ""},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_tags_anywhere_in_a_list(void)
{
  static const Row rows[] = {
      {"app ALL=(ALL) /bin/a, NOPASSWD: /bin/b", "1 app;"},
      {"app ALL=(ALL) NOPASSWD: /bin/a, PASSWD: /bin/b", "1 app;"},
      {"app ALL=(ALL) NOEXEC:NOPASSWD: ALL", "1 app;"},
      {"app ALL=(ALL) NOPASSWD : ALL", "1 app;"},
      {"app h=(ALL) ALL : g=(ALL) NOPASSWD: ALL", "1 app;"},
      {"app h, g = (a, b : c) NOPASSWD: ALL", "1 app;"},
      {"app ALL=(ALL) CWD=/srv NOPASSWD: ALL", "1 app;"},
      {"app ALL=(ALL) PASSWD: /bin/a, /bin/b", ""},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_lines_are_counted_from_where_they_begin(void)
{
  static const Row rows[] = {
      {"\n\napp ALL=NOPASSWD: ALL\n", "3 app;"},
      {"# a\napp ALL=NOPASSWD: ALL", "2 app;"},
      {"app \\\n ALL=\\\n NOPASSWD: ALL\nbob ALL=NOPASSWD: ALL", "1 app;4 bob;"},
      {"app ALL=(ALL) ALL\nbob ALL=NOPASSWD: ALL", "2 bob;"},
      {"app ALL=NOPASSWD: ALL\r\nbob ALL=NOPASSWD: ALL\r\n", "1 app;2 bob;"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_comments_do_not_go_on(void)
{
  static const Row rows[] = {
      {"app ALL=NOPASSWD: ALL # x", "1 app;"},
      {"app ALL=(ALL) /bin/x # y, NOPASSWD: z", ""},
      {"# a \\\napp ALL=NOPASSWD: ALL", "2 app;"},
      {"# a\\\\\napp ALL=NOPASSWD: ALL", "2 app;"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_aliases_stand_for_their_members(void)
{
  static const Row rows[] = {
      {"User_Alias A = app\nA ALL=NOPASSWD: ALL", "2 app;"},
      {"User_Alias A=app,bob\nA ALL=NOPASSWD: ALL", "2 app;2 bob;"},
      {"User_Alias A = app, %ops, #5\nA ALL=NOPASSWD: ALL", "2 app;2 %ops;2 #5;"},
      {"User_Alias A = app : B = bob\nB ALL=NOPASSWD: ALL", "2 bob;"},
      {"A ALL=NOPASSWD: ALL\nUser_Alias A = app", "1 app;"},
      {"User_Alias A = app, \\\n bob\nA ALL=NOPASSWD: ALL", "3 app;3 bob;"},
      {"User_Alias A = app\nUser_Alias B = bob\nA, B ALL=NOPASSWD: ALL", "3 app;3 bob;"},
      {"User_Alias A = app\nA ALL=(ALL) ALL", ""},
      {"User_Alias A = app\nUser_Alias B = A, bob\nB ALL=NOPASSWD: ALL", "3 app;3 bob;"},
      {"User_Alias A = app\nDefaults:A !authenticate\napp ALL=(ALL) ALL", "3 app;"},
      {"app ALL=NOPASSWD: /bin/User_Alias", "1 app;"},
      {"Host_Alias A = app\nbob A=NOPASSWD: ALL", "2 bob;"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_authentication_that_is_off(void)
{
  static const Row rows[] = {
      {"Defaults !authenticate\napp ALL=(ALL) ALL", "2 app;"},
      {"app ALL=(ALL) ALL\nDefaults !authenticate", "1 app;"},
      {"Defaults env_reset,!authenticate\napp ALL=(ALL) ALL", "2 app;"},
      {"Defaults env_reset, ! authenticate\napp ALL=(ALL) ALL", "2 app;"},
      {"Defaults !authenticate\nDefaults authenticate\napp ALL=(ALL) ALL", ""},
      {"Defaults !authenticated\napp ALL=(ALL) ALL", ""},
      {"# Defaults !authenticate\napp ALL=(ALL) ALL", ""},
      {"Defaults secure_path=\"!authenticate\"\napp ALL=(ALL) ALL", ""},
      {"Defaults !authenticate\napp ALL=(ALL) PASSWD: ALL", ""},
      {"Defaults !!authenticate\napp ALL=(ALL) ALL", ""},
      {"Defaults !authenticate\nDefaults:app authenticate\napp ALL=(ALL) ALL", ""},
      {"Defaults:app !authenticate\nDefaults authenticate\napp ALL=(ALL) ALL", ""},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_authentication_that_is_off_for_some(void)
{
  static const Row rows[] = {
      {"Defaults:app !authenticate\napp ALL=(ALL) ALL", "2 app;"},
      {"Defaults:%ops !authenticate\n%ops ALL=(ALL) ALL", "2 %ops;"},
      {"Defaults!/bin/x !authenticate\napp ALL=(ALL) ALL", "2 app;"},
      {"Defaults>root !authenticate\napp ALL=(ALL) ALL", "2 app;"},
      {"Defaults:bob !authenticate\napp ALL=(ALL) ALL", ""},
      {"Defaults:app !authenticate\n%ops ALL=(ALL) ALL", "2 app;"},
      {"Defaults:app !authenticate\nALL ALL=(ALL) ALL", "2 app;"},
      {"Defaults:%ops !authenticate\napp ALL=(ALL) ALL", ""},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *calls = calls_of(rows[i].text, strlen(rows[i].text));
    /* Which of the two lines is named is a matter of taste. */
    if (g_str_has_prefix(calls, "1 "))
      calls[0] = '2';
    g_assert_cmpstr(calls, ==, rows[i].calls);
  }
}

static void
ignore(const char *who G_GNUC_UNUSED, guint line G_GNUC_UNUSED, gpointer user_data)
{
  (*(guint *)user_data)++;
}

static guint
count(const GString *text)
{
  guint n = 0;
  g_autoptr(NzSudoers) sudoers = nz_sudoers_new();
  nz_sudoers_learn(sudoers, text->str, text->len);
  nz_sudoers_foreach_nopasswd(sudoers, text->str, text->len, ignore, &n);
  return n;
}

static GString *
repeat(const char *what, gsize bytes)
{
  GString *text = g_string_sized_new(bytes);
  while (text->len < bytes)
    g_string_append(text, what);
  return text;
}

static void
test_endless_text_ends(void)
{
  static const char *const parts[] = {
      "x",
      " ",
      "\n",
      "\\\n",
      "\"",
      "#",
      ",",
      ":",
      "=",
      "(",
      "\\",
      "a,",
      "A=b:",
      "NOPASSWD:",
      "User_Alias A=b\n",
      "!",
      "ALL ",
      "User_Alias A=A\nA ALL=NOPASSWD:ALL\n",
      "Defaults !authenticate\n",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
    g_autoptr(GString) text = repeat(parts[i], 4 * 1024 * 1024);
    g_assert_cmpuint(count(text), <=, NZ_SUDOERS_MAX);
  }
}

static void
test_calls_are_bounded(void)
{
  g_autoptr(GString) lines = repeat("app ALL=NOPASSWD: ALL\n", 1024 * 1024);
  g_assert_cmpuint(count(lines), ==, NZ_SUDOERS_MAX);
  g_autoptr(GString) users = repeat("app,", 1024 * 1024);
  g_string_append(users, "bob ALL=NOPASSWD: ALL\n");
  g_assert_cmpuint(count(users), <=, NZ_SUDOERS_MAX);
}

static void
test_an_alias_of_many_used_often_ends(void)
{
  g_autoptr(GString) text = g_string_new("User_Alias A = x");
  for (guint i = 0; i < 20000; i++)
    g_string_append_printf(text, ",u%u", i);
  g_string_append_c(text, '\n');
  for (guint i = 0; i < 20000; i++)
    g_string_append(text, "A ALL=(ALL) ALL\n");
  g_assert_cmpuint(count(text), ==, 0);
}

static void
test_nuls_hide_nothing_below(void)
{
  static const char text[] = "a\0b\napp ALL=NOPASSWD: ALL\n";
  g_autofree char *calls = calls_of(text, sizeof text - 1);
  g_assert_cmpstr(calls, ==, "2 app;");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sudoers/users-of-all-kinds", test_users_of_all_kinds);
  g_test_add_func("/sudoers/lines-that-let-nobody-in", test_lines_that_let_nobody_in);
  g_test_add_func("/sudoers/tags-anywhere-in-a-list", test_tags_anywhere_in_a_list);
  g_test_add_func("/sudoers/lines-are-counted-from-where-they-begin",
                  test_lines_are_counted_from_where_they_begin);
  g_test_add_func("/sudoers/comments-do-not-go-on", test_comments_do_not_go_on);
  g_test_add_func("/sudoers/aliases-stand-for-their-members", test_aliases_stand_for_their_members);
  g_test_add_func("/sudoers/authentication-that-is-off", test_authentication_that_is_off);
  g_test_add_func("/sudoers/authentication-that-is-off-for-some",
                  test_authentication_that_is_off_for_some);
  g_test_add_func("/sudoers/endless-text-ends", test_endless_text_ends);
  g_test_add_func("/sudoers/calls-are-bounded", test_calls_are_bounded);
  g_test_add_func("/sudoers/an-alias-of-many-used-often-ends",
                  test_an_alias_of_many_used_often_ends);
  g_test_add_func("/sudoers/nuls-hide-nothing-below", test_nuls_hide_nothing_below);
  return g_test_run();
}
