/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts that become another user: text, and the calls that it makes. */
#include "core/privdrop.h"

#include <string.h>

#include "core/limits.h"

typedef struct {
  const char *text;
  const char *calls; /* "LINE TOOL USER;" each; "?" for a user that is computed */
} Row;

static void
note(const char *tool, const char *user, guint line, gpointer user_data)
{
  g_string_append_printf(user_data, "%u %s %s;", line, tool, user ? user : "?");
}

static char *
calls_of(const char *text, gsize len)
{
  /* Of exact size and not terminated, as files are. */
  g_autofree char *copy = g_memdup2(text, len);
  GString *calls = g_string_new(NULL);
  nz_privdrop_foreach(copy, len, note, calls);
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
test_each_tool_says_to_whom(void)
{
  static const Row rows[] = {
      {"gosu app x", "1 gosu app;"},
      {"exec gosu app \"$@\"", "1 gosu app;"},
      {"exec gosu app:ops \"$@\"", "1 gosu app:ops;"},
      {"exec gosu 1000:1000 x", "1 gosu 1000:1000;"},
      {"su-exec app x", "1 su-exec app;"},
      {"/sbin/su-exec app x", "1 su-exec app;"},
      {"setpriv --reuid=app x", "1 setpriv app;"},
      {"setpriv --reuid app x", "1 setpriv app;"},
      {"setpriv --reuid=999 --clear-groups x", "1 setpriv 999;"},
      {"setpriv --init-groups --reuid 999 -- x", "1 setpriv 999;"},
      {"s6-setuidgid app x", "1 s6-setuidgid app;"},
      {"su app", "1 su app;"},
      {"su - app", "1 su app;"},
      {"su -l app -c x", "1 su app;"},
      {"su app -s /bin/sh -c 'x y'", "1 su app;"},
      {"su -s /bin/sh app -c 'x y'", "1 su app;"},
      {"su -s /bin/sh -c 'x y' app", "1 su app;"},
      {"su --shell=/bin/sh app", "1 su app;"},
      {"runuser -u app -- x", "1 runuser app;"},
      {"runuser --user=app -- x", "1 runuser app;"},
      {"runuser -u app x", "1 runuser app;"},
      {"runuser --user app x", "1 runuser app;"},
      {"su --whitelist-environment A app -c x", "1 su app;"},
      {"sudo -Eu app x", "1 sudo app;"},
      {"exec -a name gosu app x", "1 gosu app;"},
      {"runuser -l app -c x", "1 runuser app;"},
      {"runuser - app -c x", "1 runuser app;"},
      {"runuser app -c x", "1 runuser app;"},
      {"chpst -u app x", "1 chpst app;"},
      {"chpst -e /env -u app:ops x", "1 chpst app:ops;"},
      {"s6-applyuidgid -u 999 -g 998 -G 70 x", "1 s6-applyuidgid 999:998;"},
      {"setpriv --groups 70 --reuid app x", "1 setpriv app;"},
      {"setpriv --pdeathsig keep --reuid=app --regid=$G x", "1 setpriv ?;"},
      {"su -g ops app", "1 su app:ops;"},
      {"sudo -u app -g ops x", "1 sudo app:ops;"},
      {"sudo -u '#999' x", "1 sudo 999;"},
      {"sudo --user=app -- x", "1 sudo app;"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_setpriv_may_name_a_group(void)
{
  g_autofree char *calls = calls_of("setpriv --reuid=999 --regid=998 x", 33);
  if (strcmp(calls, "1 setpriv 999;") != 0)
    g_assert_cmpstr(calls, ==, "1 setpriv 999:998;");
}

static void
test_commands_begin_where_the_shell_says(void)
{
  static const Row rows[] = {
      {"x; gosu app y", "1 gosu app;"},
      {"x;gosu app y", "1 gosu app;"},
      {"x && gosu app y", "1 gosu app;"},
      {"x||gosu app y", "1 gosu app;"},
      {"x | gosu app y", "1 gosu app;"},
      {"x & gosu app y", "1 gosu app;"},
      {"(gosu app y)", "1 gosu app;"},
      {"{ gosu app y; }", "1 gosu app;"},
      {"! gosu app y", "1 gosu app;"},
      {"if x; then gosu app y; fi", "1 gosu app;"},
      {"if x; then y; else gosu app y; fi", "1 gosu app;"},
      {"if gosu app x; then y; fi", "1 gosu app;"},
      {"while gosu app x; do y; done", "1 gosu app;"},
      {"for i in 1; do gosu app y; done", "1 gosu app;"},
      {"case $1 in a) gosu app y;; esac", "1 gosu app;"},
      {"f() { gosu app y; }", "1 gosu app;"},
      {"A=b C=d gosu app y", "1 gosu app;"},
      {"env A=b gosu app y", "1 gosu app;"},
      {"nice gosu app y", "1 gosu app;"},
      {"nohup gosu app y", "1 gosu app;"},
      {"tini -- gosu app y", "1 gosu app;"},
      {"exec dumb-init gosu app y", "1 gosu app;"},
      {"exec env -i A=b gosu app y", "1 gosu app;"},
      {"command gosu app y", "1 gosu app;"},
      {"exec gosu app y", "1 gosu app;"},
      {"\texec\t gosu  app\ty", "1 gosu app;"},
      {"set -- gosu app \"$@\"", "1 gosu app;"},
      {"set -- su-exec app", "1 su-exec app;"},
      {"gosu app y >/dev/null 2>&1", "1 gosu app;"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_words_that_are_no_commands(void)
{
  static const Row rows[] = {
      {"", ""},
      {"\n\n", ""},
      {"# gosu app x", ""},
      {"x # gosu app y", ""},
      {"echo gosu app", ""},
      {"echo \"gosu app\"", ""},
      {"printf gosu", ""},
      {"which gosu", ""},
      {"command -v gosu", ""},
      {"type su-exec", ""},
      {"apt-get install gosu su-exec sudo", ""},
      {"gosu", ""},
      {"gosu --version", ""},
      {"gosu -h", ""},
      {"su --help", ""},
      {"setpriv --dump", ""},
      {"setpriv --no-new-privs x", ""},
      {"mygosu app x", ""},
      {"gosux app x", ""},
      {"gosu-extra app x", ""},
      {"gosu=app x", ""},
      {"/gosu/app x", ""},
      {"chmod +x /bin/gosu", ""},
      {"[ -x /bin/gosu ]", ""},
      {"test -x gosu", ""},
      {"$gosu app x", ""},
      {"set -eu", ""},
      {"set -- x gosu", ""},
      {"sudo x -u app", ""},
      {"runuser -c x", ""},
      {"x \\; gosu app", ""},
      {"echo \"\\\"; gosu app x\"", ""},
      {"x # y \\\ngosu", ""},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_users_that_the_script_computes(void)
{
  static const Row rows[] = {
      {"gosu $U x", "1 gosu ?;"},
      {"gosu \"$U\" x", "1 gosu ?;"},
      {"gosu ${U} x", "1 gosu ?;"},
      {"gosu \"${U:-app}\" x", "1 gosu ?;"},
      {"gosu $U:$G x", "1 gosu ?;"},
      {"gosu app:$G x", "1 gosu ?;"},
      {"gosu `id -u` x", "1 gosu ?;"},
      {"gosu $(id -u app) x", "1 gosu ?;"},
      {"setpriv --reuid=$U x", "1 setpriv ?;"},
      {"setpriv --reuid \"$U\" x", "1 setpriv ?;"},
      {"su -s /bin/sh \"$U\" -c x", "1 su ?;"},
      {"runuser -u $U -- x", "1 runuser ?;"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_quotes_and_continued_lines(void)
{
  static const Row rows[] = {
      {"gosu 'app' x", "1 gosu app;"},     {"gosu \"app\" x", "1 gosu app;"},
      {"\"gosu\" app x", "1 gosu app;"},   {"gosu a\"p\"'p' x", "1 gosu app;"},
      {"gosu \\\n  app x", "1 gosu app;"}, {"gosu ap\\\np x", "1 gosu app;"},

  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_lines_are_counted(void)
{
  static const Row rows[] = {
      {"\n\ngosu app x", "3 gosu app;"},
      {"a \\\n b\ngosu app x", "3 gosu app;"},
      {"a 'b\nc'\ngosu app x", "3 gosu app;"},
      {"a \"b\nc\"\ngosu app x", "3 gosu app;"},
      {"# it's\ngosu app x", "2 gosu app;"},
      {"# a \\\ngosu app x", "2 gosu app;"},
      {"gosu app x\nsu-exec web y\n", "1 gosu app;2 su-exec web;"},
      {"gosu app x; gosu web y", "1 gosu app;1 gosu web;"},
      {"a\r\ngosu app x\r\n", "2 gosu app;"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_a_list_of_words_is_one_command(void)
{
  static const struct {
    const char *args[6];
    const char *calls;
  } rows[] = {
      {{"gosu", "app", "x"}, "1 gosu app;"},
      {{"/sbin/tini", "-g", "--", "/bin/su-exec", "app:ops", "x"}, "1 su-exec app:ops;"},
      {{"echo", "; gosu app x"}, ""},
      {{"gosu"}, ""},
      {{NULL}, ""},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GString) calls = g_string_new(NULL);
    guint n = 0;
    while (n < G_N_ELEMENTS(rows[i].args) && rows[i].args[n])
      n++;
    nz_privdrop_foreach_arg(rows[i].args, n, note, calls);
    g_assert_cmpstr(calls->str, ==, rows[i].calls);
  }
}

static void
ignore(const char *tool G_GNUC_UNUSED, const char *user G_GNUC_UNUSED, guint line G_GNUC_UNUSED,
       gpointer user_data)
{
  (*(guint *)user_data)++;
}

static guint
count(const GString *text)
{
  guint n = 0;
  nz_privdrop_foreach(text->str, text->len, ignore, &n);
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
      "x",  " ",      "\n",      "\\\n",     "\"",   "'",     "`",       "$(",
      "${", "(",      "#",       "gosu ",    "A=b ", "exec ", "set -- ", "a;",
      "\\", "su -c ", "<<EOF\n", "setpriv ", "env ", "if ",   "\"$(",    "su - ",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
    g_autoptr(GString) text = repeat(parts[i], 4 * 1024 * 1024);
    g_assert_cmpuint(count(text), <=, NZ_DROPS_MAX);
  }
}

static void
test_calls_are_bounded(void)
{
  g_autoptr(GString) text = repeat("gosu app x\n", 1024 * 1024);
  g_assert_cmpuint(count(text), ==, NZ_DROPS_MAX);
}

static void
test_nuls_end_nothing(void)
{
  static const char text[] = "a\0b\ngosu app x\n";
  g_autofree char *calls = calls_of(text, sizeof text - 1);
  g_assert_cmpstr(calls, ==, "2 gosu app;");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/privdrop/each-tool-says-to-whom", test_each_tool_says_to_whom);
  g_test_add_func("/privdrop/setpriv-may-name-a-group", test_setpriv_may_name_a_group);
  g_test_add_func("/privdrop/commands-begin-where-the-shell-says",
                  test_commands_begin_where_the_shell_says);
  g_test_add_func("/privdrop/words-that-are-no-commands", test_words_that_are_no_commands);
  g_test_add_func("/privdrop/users-that-the-script-computes", test_users_that_the_script_computes);
  g_test_add_func("/privdrop/quotes-and-continued-lines", test_quotes_and_continued_lines);
  g_test_add_func("/privdrop/lines-are-counted", test_lines_are_counted);
  g_test_add_func("/privdrop/a-list-of-words-is-one-command", test_a_list_of_words_is_one_command);
  g_test_add_func("/privdrop/endless-text-ends", test_endless_text_ends);
  g_test_add_func("/privdrop/calls-are-bounded", test_calls_are_bounded);
  g_test_add_func("/privdrop/nuls-end-nothing", test_nuls_end_nothing);
  return g_test_run();
}
