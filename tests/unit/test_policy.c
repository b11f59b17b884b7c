/* SPDX-License-Identifier: Apache-2.0 */
/* Days, names that were nearly right, and a policy laid over a subject. */
#include "policy/policy.h"

#include <string.h>

#include "core/limits.h"
#include "core/nearest.h"
#include "support.h"

/* --- days --- */

static const char *const days[] = {"1970-01-01", "2024-02-29", "2026-12-31", "2000-02-29",
                                   "9999-12-31"};

static const char *const no_days[] = {
    "",           "2026-02-29", "2026-02-30",           "2100-02-29",  "2026-13-01",
    "2026-00-01", "2026-01-00", "2026-01-32",           "2026-1-1",    "2026/01/01",
    "1969-12-31", "26-01-01",   "2026-01-1 ",           "2026-01-011", "+026-01-01",
    "2026-+1-01", "2026--1-01", "2026-01-01T00:00:00Z", "0000-01-01",  "tomorrow",
};

static void
test_days_that_exist_are_read_and_written_back(void)
{
  NzDay last = 0;
  for (guint i = 0; i < G_N_ELEMENTS(days); i++) {
    NzDay day;
    g_assert_true(nz_day_parse(days[i], &day));
    g_autofree char *back = nz_day_format(day);
    g_assert_cmpstr(back, ==, days[i]);
    g_assert_cmpuint(day, !=, last);
    last = day;
  }
  for (guint i = 0; i < G_N_ELEMENTS(no_days); i++) {
    NzDay day;
    g_test_message("%s", no_days[i]);
    g_assert_false(nz_day_parse(no_days[i], &day));
  }
}

static void
test_days_follow_one_another(void)
{
  NzDay a, b;
  g_assert_true(nz_day_parse("2026-02-28", &a) && nz_day_parse("2026-03-01", &b));
  g_assert_cmpuint(b, ==, a + 1);
  g_assert_true(nz_day_parse("2023-12-31", &a) && nz_day_parse("2024-01-01", &b));
  g_assert_cmpuint(b, ==, a + 1);
}

static void
test_today_is_the_day_in_utc(void)
{
  g_autoptr(GDateTime) before = g_date_time_new_now_utc();
  g_autofree char *today = nz_day_format(nz_day_today());
  g_autoptr(GDateTime) after = g_date_time_new_now_utc();
  g_autofree char *early = g_date_time_format(before, "%Y-%m-%d");
  g_autofree char *late = g_date_time_format(after, "%Y-%m-%d");
  g_assert_true(strcmp(today, early) == 0 || strcmp(today, late) == 0);
}

/* --- names --- */

static const struct {
  const char *a, *b;
  guint distance;
} distances[] = {
    {"", "", 0},           {"", "abc", 3},           {"rules", "rules", 0},
    {"RULES", "rules", 0}, {"rule", "rules", 1},     {"ruels", "rules", 1},
    {"pules", "rules", 1}, {"kitten", "sitting", 3}, {"rulles", "rules", 1},
    {"ab", "ba", 1},       {"abcd", "", 4},
};

static void
test_distance_counts_letters(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(distances); i++) {
    g_test_message("%s, %s", distances[i].a, distances[i].b);
    g_assert_cmpuint(nz_edit_distance(distances[i].a, distances[i].b), ==, distances[i].distance);
    g_assert_cmpuint(nz_edit_distance(distances[i].b, distances[i].a), ==, distances[i].distance);
  }
  g_autofree char *longer = g_strnfill(65, 'a');
  g_assert_cmpuint(nz_edit_distance(longer, "a"), ==, G_MAXUINT);
}

static void
test_hint_names_what_is_near_or_all_there_are(void)
{
  static const char *const names[] = {"profile", "rules", "exceptions", NULL};
  static const struct {
    const char *word, *hint;
  } cases[] = {
      {"rule", "; did you mean rules?"},
      {"excpetions", "; did you mean exceptions?"},
      {"include", "; there are profile, rules and exceptions"},
      {"", "; there are profile, rules and exceptions"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *hint = nz_nearest_hint(cases[i].word, names);
    g_assert_cmpstr(hint, ==, cases[i].hint);
  }
}

/* --- applied --- */

static NzPolicy *
parse(const char *text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
  NzPolicy *policy = nz_policy_parse(bytes, "p", &error);
  g_assert_no_error(error);
  return policy;
}

static NzSubject *
subject_with(guint n, const char *path)
{
  NzSubject *s = nz_subject_new("image");
  s->name = g_strdup("example.com/app:1");
  for (guint i = 0; i < n; i++) {
    NzFinding *f = nz_finding_new("setuid-root", NZ_LEVEL_FAIL, "mend it", "m");
    f->path = g_strdup(path);
    g_ptr_array_add(s->findings, f);
  }
  nz_subject_conclude(s);
  return s;
}

static void
test_what_is_built_in_changes_nothing(void)
{
  g_autoptr(NzPolicy) policy = nz_policy_new();
  g_autoptr(NzSubject) s = subject_with(2, "/bin/su");
  nz_policy_apply(policy, s);
  g_assert_cmpint(s->verdict, ==, NZ_VERDICT_FAIL);
  g_assert_cmpuint(s->findings->len, ==, 2);
  g_assert_cmpuint(s->notes->len, ==, 0);
}

static void
test_an_exception_of_a_namespace_or_executable_covers_no_image(void)
{
  static const char *const keys[] = {"namespace: prod", "executable: /bin/su"};
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    g_autofree char *text = g_strdup_printf(
        "exceptions: [{rule: setuid-root, path: /bin/su, %s, reason: r, owner: o}]", keys[i]);
    g_autoptr(NzPolicy) policy = parse(text);
    g_autoptr(NzSubject) s = subject_with(1, "/bin/su");
    nz_policy_apply(policy, s);
    g_assert_cmpint(s->verdict, ==, NZ_VERDICT_FAIL);
  }
}

/* An undecided finding stays undecided at any level. */
static void
test_a_lower_level_decides_nothing(void)
{
  g_autoptr(NzPolicy) policy = parse("rules: {setuid-root: info}");
  g_autoptr(NzSubject) s = subject_with(1, "/bin/su");
  ((NzFinding *)s->findings->pdata[0])->undecided = TRUE;
  nz_policy_apply(policy, s);
  g_assert_cmpint(s->verdict, ==, NZ_VERDICT_UNKNOWN);
}

/* Paths and patterns that together would take minutes. */
static void
test_costly_patterns_end_in_a_note_and_findings_that_count(void)
{
  GString *pattern = g_string_new("/");
  while (pattern->len + 5 < NZ_GLOB_MAX)
    g_string_append(pattern, "**a");
  g_string_append(pattern, "c?");
  g_autofree char *stars = g_string_free(pattern, FALSE);
  g_autofree char *path = g_strnfill(NZ_PATH_MAX, 'a');
  path[0] = '/';
  path[NZ_PATH_MAX - 1] = 'b';
  g_autofree char *text = g_strdup_printf(
      "exceptions: [{rule: setuid-root, path: \"%s\", reason: r, owner: o}]", stars);
  g_autoptr(NzPolicy) policy = parse(text);
  guint n = (guint)(NZ_GLOB_STEPS_MAX / ((guint64)NZ_PATH_MAX * NZ_GLOB_MAX / 2)) + 10;
  g_autoptr(NzSubject) s = subject_with(n, path);
  nz_policy_apply(policy, s);
  g_assert_cmpint(s->verdict, ==, NZ_VERDICT_FAIL);
  g_assert_cmpuint(s->notes->len, ==, 1);
  assert_holds(s->notes->pdata[0], "too costly");
}

/* --- sources --- */

static const struct {
  const char *file, *path, *pattern;
  gboolean excepted;
} in_sources[] = {
    {"Dockerfile", NULL, "/Dockerfile", TRUE},
    {"./Dockerfile", NULL, "/Dockerfile", TRUE},
    {".//a/Dockerfile", NULL, "/a/*", TRUE},
    {"a/b/Dockerfile.dev", NULL, "**/Dockerfile.*", TRUE},
    {"/srv/app/Dockerfile", NULL, "/srv/**", TRUE},
    {"a/Dockerfile", NULL, "/Dockerfile", FALSE},
    {"Dockerfile", NULL, "/usr/bin/sudo", FALSE},
    {"Dockerfile", "/usr/bin/sudo", "/usr/bin/sudo", TRUE},
    {"Dockerfile", "/usr/bin/su", "/usr/bin/sudo", FALSE},
};

static void
test_paths_of_exceptions_match_the_names_of_sources(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(in_sources); i++) {
    g_autofree char *text = g_strdup_printf(
        "exceptions:\n  - rule: setuid-root\n    path: '%s'\n    reason: r\n    owner: o\n",
        in_sources[i].pattern);
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    g_autoptr(GError) error = NULL;
    g_autoptr(NzPolicy) policy = nz_policy_parse(bytes, "p", &error);
    g_assert_no_error(error);
    g_autoptr(NzSubject) s = nz_subject_new("dockerfile");
    s->name = g_strdup(in_sources[i].file);
    NzFinding *f = nz_finding_new("setuid-root", NZ_LEVEL_FAIL, NULL, "m");
    NzPlace place = {.file = s->name, .line = 1, .column = 1, .end_line = 1, .end_column = 2};
    f->place = nz_place_copy(&place);
    f->path = g_strdup(in_sources[i].path);
    g_ptr_array_add(s->findings, f);
    nz_policy_apply(policy, s);
    g_assert_cmpint(f->excepted != NULL, ==, in_sources[i].excepted);
    g_assert_cmpint(s->verdict, ==, in_sources[i].excepted ? NZ_VERDICT_PASS : NZ_VERDICT_FAIL);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/day/read", test_days_that_exist_are_read_and_written_back);
  g_test_add_func("/day/order", test_days_follow_one_another);
  g_test_add_func("/day/today", test_today_is_the_day_in_utc);
  g_test_add_func("/nearest/distance", test_distance_counts_letters);
  g_test_add_func("/nearest/hint", test_hint_names_what_is_near_or_all_there_are);
  g_test_add_func("/policy/built-in", test_what_is_built_in_changes_nothing);
  g_test_add_func("/policy/not-of-images",
                  test_an_exception_of_a_namespace_or_executable_covers_no_image);
  g_test_add_func("/policy/undecided", test_a_lower_level_decides_nothing);
  g_test_add_func("/policy/costly", test_costly_patterns_end_in_a_note_and_findings_that_count);
  g_test_add_func("/policy/sources", test_paths_of_exceptions_match_the_names_of_sources);
  return g_test_run();
}
