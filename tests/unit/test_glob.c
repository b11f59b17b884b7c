/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns for paths and names. */
#include "core/glob.h"
#include "core/text.h"

#include <string.h>

#include "core/limits.h"
#include "support.h"

static gboolean
match(const char *pattern, const char *text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NzGlob) glob = nz_glob_new(pattern, &error);
  g_assert_no_error(error);
  guint64 budget = G_MAXUINT64;
  return nz_glob_match(glob, text, &budget);
}

static const struct {
  const char *pattern, *text;
} matching[] = {
    {"/usr/bin/su", "/usr/bin/su"},
    {"/usr/bin/*", "/usr/bin/su"},
    {"/usr/bin/*", "/usr/bin/"},
    {"/usr/*/su", "/usr/bin/su"},
    {"/usr/**", "/usr/bin/su"},
    {"/usr/**", "/usr/"},
    {"**", ""},
    {"**", "/a/b"},
    {"/usr/**/su", "/usr/su"},
    {"/usr/**/su", "/usr/bin/su"},
    {"/usr/**/su", "/usr/a/b/c/su"},
    {"**/su", "/usr/bin/su"},
    {"**/su", "/su"},
    {"**/su", "su"},
    {"/**/**/su", "/a/su"},
    {"/a**b", "/a/x/b"},
    {"/a**b", "/ab"},
    {"/opt**/x", "/opt/lib/x"},
    {"*.so.?", "a.so.1"},
    {"/s?", "/su"},
    {"/s?", "/s\xc3\xa9"},
    {"/s?", "/s\xff"},
    {"/[st]u", "/su"},
    {"/[a-z]u", "/su"},
    {"/[!a-f]u", "/su"},
    {"/[^a-f]u", "/su"},
    {"/[]x]u", "/]u"},
    {"/[a-]u", "/-u"},
    {"/[\\]]u", "/]u"},
    {"/[\xc3\xa0-\xc3\xbf]u", "/\xc3\xa9u"},
    {"/\\*", "/*"},
    {"/\\[a]", "/[a]"},
    {"/a*b*c", "/aXbYbZc"},
    {"example.com/**:*", "example.com/team/app:1.0"},
    {"{a,b}", "{a,b}"},
};

static const struct {
  const char *pattern, *text;
} other[] = {
    {"/usr/bin/su", "/usr/bin/sudo"},
    {"/usr/bin/su", "/usr/bin/s"},
    {"/usr/bin/su", "/usr/bin/SU"},
    {"su", "/usr/bin/su"},
    {"/usr/*", "/usr/bin/su"},
    {"/usr/*/su", "/usr/su"},
    {"/usr/**/su", "/usr/xsu"},
    {"/usr/**/su", "/usr/bin/xsu"},
    {"/usr/**/su", "/usrsu"},
    {"/a/**/b/**/c", "/a/b/xc"},
    {"/opt**/x", "/optx"},
    {"/s?", "/s"},
    {"/s?", "/s/"},
    {"/s?", "/sud"},
    {"/s[!a]", "/s/"},
    {"/[a-c]u", "/su"},
    {"/[!s]u", "/su"},
    {"/[s\xc3\xbf]u", "/\xffu"},
    {"/\\*", "/x"},
    {"/\xc3\xbf", "/\xff"},
    {"*", "a/b"},

};

/* Bytes that are no UTF-8 would not be TAP. */
static void
say(const char *pattern, const char *text)
{
  g_autofree char *shown_pattern = nz_printable(pattern, -1), *shown = nz_printable(text, -1);
  g_test_message("%s on %s", shown_pattern, shown);
}

static void
test_patterns_match_all_of_a_text_or_not(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(matching); i++) {
    say(matching[i].pattern, matching[i].text);
    g_assert_true(match(matching[i].pattern, matching[i].text));
  }
  for (gsize i = 0; i < G_N_ELEMENTS(other); i++) {
    say(other[i].pattern, other[i].text);
    g_assert_false(match(other[i].pattern, other[i].text));
  }
}

static const struct {
  const char *pattern, *says;
} broken[] = {
    {"", "empty"},          {"/a[b", "not closed"},       {"/a[", "not closed"},
    {"/a[]", "not closed"}, {"/a[\\", "not closed"},      {"/a[b/c]", "cannot hold /"},
    {"/a\\", "ends in \\"}, {"/[z-a]", "runs backwards"},
};

static void
test_broken_patterns_are_errors(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(nz_glob_new(broken[i].pattern, &error));
    assert_error_says(&error, NZ_ERROR_INPUT, broken[i].says);
  }
}

static void
test_length_is_bounded(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *longest = g_strnfill(NZ_GLOB_MAX, '?');
  g_autofree char *longer = g_strnfill(NZ_GLOB_MAX + 1, '?');
  g_autofree char *text = g_strnfill(NZ_GLOB_MAX, 'x');
  g_assert_true(match(longest, text));
  g_assert_null(nz_glob_new(longer, &error));
  assert_error_says(&error, NZ_ERROR_LIMIT, "longer than");
}

static void
test_what_narrows_holds_a_letter_or_digit(void)
{
  static const char *const wide[] = {"*",  "**",  "/**", "**/*",    "/**/*",
                                     "/*", "*:*", "?**", "/[!a]**", NULL};
  static const char *const narrow[] = {"/usr/**", "**/su", "*1*", "**\xc3\xa9**", NULL};
  for (guint i = 0; wide[i]; i++) {
    g_autoptr(NzGlob) glob = nz_glob_new(wide[i], NULL);
    g_assert_false(nz_glob_narrows(glob));
  }
  for (guint i = 0; narrow[i]; i++) {
    g_autoptr(NzGlob) glob = nz_glob_new(narrow[i], NULL);
    g_assert_true(nz_glob_narrows(glob));
  }
}

/* Stars before a text that almost fits are what backtracking takes 2^n steps for. */
static void
test_steps_are_bounded_by_the_product_of_the_lengths(void)
{
  GString *pattern = g_string_new(NULL);
  while (pattern->len + 5 < NZ_GLOB_MAX)
    g_string_append(pattern, "**a");
  g_string_append(pattern, "c?");
  g_autofree char *stars = g_string_free(pattern, FALSE);
  g_autofree char *text = g_strnfill(NZ_PATH_MAX, 'a');
  text[NZ_PATH_MAX - 1] = 'b';
  g_autoptr(NzGlob) glob = nz_glob_new(stars, NULL);
  guint64 budget = G_MAXUINT64;
  g_assert_false(nz_glob_match(glob, text, &budget));
  g_assert_cmpuint(G_MAXUINT64 - budget, <=, (guint64)NZ_PATH_MAX * NZ_GLOB_MAX + 1);
}

static void
test_no_budget_is_no_match(void)
{
  g_autoptr(NzGlob) glob = nz_glob_new("**a", NULL);
  guint64 enough = 100, little = 8;
  g_assert_true(nz_glob_match(glob, "aaaa", &enough));
  g_assert_cmpuint(enough, >, 0);
  g_assert_false(nz_glob_match(glob, "aaaa", &little));
  g_assert_cmpuint(little, ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/glob/match", test_patterns_match_all_of_a_text_or_not);
  g_test_add_func("/glob/broken", test_broken_patterns_are_errors);
  g_test_add_func("/glob/length", test_length_is_bounded);
  g_test_add_func("/glob/narrows", test_what_narrows_holds_a_letter_or_digit);
  g_test_add_func("/glob/steps", test_steps_are_bounded_by_the_product_of_the_lengths);
  g_test_add_func("/glob/budget", test_no_budget_is_no_match);
  return g_test_run();
}
