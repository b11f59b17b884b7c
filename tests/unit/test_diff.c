/* SPDX-License-Identifier: Apache-2.0 */
/* Two subjects made by hand: what is new, what is worse, and what a report of the new holds. */
#include "core/diff.h"

#include "support.h"

static char reason[] = "because", owner[] = "me";
static const NzExcepted excepted = {.reason = reason, .owner = owner};

/* A finding in short. */
typedef struct {
  const char *rule; /* NULL: no finding */
  NzLevel level;
  gboolean undecided, excepted;
  const char *path, *message;
} Short;

static void
add(NzSubject *s, const Short *in)
{
  if (!in->rule)
    return;
  NzFinding *f = nz_finding_new(in->rule, in->level, NULL, "%s", in->message ? in->message : "m");
  f->path = g_strdup(in->path);
  f->undecided = in->undecided;
  f->excepted = in->excepted ? &excepted : NULL;
  g_ptr_array_add(s->findings, f);
}

static NzSubject *
subject_of(const Short *findings, guint n)
{
  NzSubject *s = nz_subject_new("image");
  NzUserFile none = {0};
  s->user = nz_user_resolve("5", &none, &none);
  for (guint i = 0; i < n; i++)
    add(s, &findings[i]);
  nz_subject_conclude(s);
  return s;
}

#define FAILS    NZ_LEVEL_FAIL, FALSE, FALSE, "/a", NULL
#define WARNS    NZ_LEVEL_WARN, FALSE, FALSE, "/a", NULL
#define DOUBTS   NZ_LEVEL_WARN, TRUE, FALSE, "/a", NULL
#define EXCEPTED NZ_LEVEL_FAIL, FALSE, TRUE, "/a", NULL

static const struct {
  const char *what;
  Short before, after;
  guint n_new, n_gone, n_changed, n_same, n_excepted;
  gboolean worse;
} cases[] = {
    {"nothing", {NULL}, {NULL}, 0, 0, 0, 0, 0, FALSE},
    {"new", {NULL}, {"r", FAILS}, 1, 0, 0, 0, 0, TRUE},
    {"new warning", {NULL}, {"r", WARNS}, 1, 0, 0, 0, 0, FALSE},
    {"new doubt", {NULL}, {"r", DOUBTS}, 1, 0, 0, 0, 0, TRUE},
    {"gone", {"r", FAILS}, {NULL}, 0, 1, 0, 0, 0, FALSE},
    {"same", {"r", FAILS}, {"r", FAILS}, 0, 0, 0, 1, 0, FALSE},
    {"same doubt", {"r", DOUBTS}, {"r", DOUBTS}, 0, 0, 0, 1, 0, FALSE},
    {"level changed to fail", {"r", WARNS}, {"r", FAILS}, 1, 0, 0, 0, 0, TRUE},
    {"level changed to warn", {"r", FAILS}, {"r", WARNS}, 0, 0, 1, 0, 0, FALSE},
    {"no longer decided", {"r", WARNS}, {"r", DOUBTS}, 1, 0, 0, 0, 0, TRUE},
    {"decided now", {"r", DOUBTS}, {"r", WARNS}, 0, 0, 1, 0, 0, FALSE},
    {"decided, and fails", {"r", DOUBTS}, {"r", FAILS}, 1, 0, 0, 0, 0, TRUE},
    {"new and excepted", {NULL}, {"r", EXCEPTED}, 0, 0, 0, 0, 1, FALSE},
    {"excepted now", {"r", FAILS}, {"r", EXCEPTED}, 0, 0, 1, 0, 0, FALSE},
    {"excepted still", {"r", EXCEPTED}, {"r", EXCEPTED}, 0, 0, 0, 1, 0, FALSE},
    {"no longer excepted", {"r", EXCEPTED}, {"r", FAILS}, 1, 0, 0, 0, 0, TRUE},
    {"another rule", {"r", FAILS}, {"s", FAILS}, 1, 1, 0, 0, 0, TRUE},
    {"another path",
     {"r", FAILS},
     {"r", NZ_LEVEL_FAIL, FALSE, FALSE, "/b", NULL},
     1,
     1,
     0,
     0,
     0,
     TRUE},
    {"no path, another message",
     {"r", NZ_LEVEL_WARN, FALSE, FALSE, NULL, "a"},
     {"r", NZ_LEVEL_WARN, FALSE, FALSE, NULL, "b"},
     1,
     1,
     0,
     0,
     0,
     FALSE},
    {"no path, the same message",
     {"r", NZ_LEVEL_WARN, FALSE, FALSE, NULL, "a"},
     {"r", NZ_LEVEL_WARN, FALSE, FALSE, NULL, "a"},
     0,
     0,
     0,
     1,
     0,
     FALSE},
    {"the user, another message",
     {"image-user", NZ_LEVEL_FAIL, FALSE, FALSE, NULL, "a"},
     {"image-user", NZ_LEVEL_FAIL, FALSE, FALSE, NULL, "b"},
     0,
     0,
     0,
     1,
     0,
     FALSE},
    {"a path, another message",
     {"r", WARNS},
     {"r", NZ_LEVEL_WARN, FALSE, FALSE, "/a", "b"},
     0,
     0,
     1,
     0,
     0,
     FALSE},
};

static void
test_what_is_new_and_what_is_worse(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_test_message("%s", cases[i].what);
    g_autoptr(NzSubject) before = subject_of(&cases[i].before, 1);
    g_autoptr(NzSubject) after = subject_of(&cases[i].after, 1);
    g_autoptr(NzDiff) diff = nz_diff_new(before, after);
    g_assert_cmpuint(diff->n_new, ==, cases[i].n_new);
    g_assert_cmpuint(diff->n_gone, ==, cases[i].n_gone);
    g_assert_cmpuint(diff->n_changed, ==, cases[i].n_changed);
    g_assert_cmpuint(diff->n_same, ==, cases[i].n_same);
    g_assert_cmpuint(diff->n_excepted, ==, cases[i].n_excepted);
    g_assert_cmpint(diff->worse, ==, cases[i].worse);
    g_assert_cmpuint(diff->entries->len, ==, diff->n_new + diff->n_gone + diff->n_changed);
  }
}

/* One path may have several findings of a rule. Those that say the same are the same. */
static void
test_each_finding_is_paired_with_one(void)
{
  static const Short before[] = {{"r", NZ_LEVEL_WARN, FALSE, FALSE, "/a", "one"},
                                 {"r", NZ_LEVEL_WARN, FALSE, FALSE, "/a", "two"}};
  static const Short after[] = {{"r", NZ_LEVEL_WARN, FALSE, FALSE, "/a", "two"},
                                {"r", NZ_LEVEL_WARN, FALSE, FALSE, "/a", "two"},
                                {"r", NZ_LEVEL_WARN, FALSE, FALSE, "/a", "two"}};
  g_autoptr(NzSubject) x = subject_of(before, G_N_ELEMENTS(before));
  g_autoptr(NzSubject) y = subject_of(after, G_N_ELEMENTS(after));
  g_autoptr(NzDiff) diff = nz_diff_new(x, y);
  g_assert_cmpuint(diff->n_same, ==, 1);
  g_assert_cmpuint(diff->n_changed, ==, 1);
  g_assert_cmpuint(diff->n_new, ==, 1);
  g_assert_cmpuint(diff->n_gone, ==, 0);
}

static void
test_only_the_new_are_kept_for_other_formats(void)
{
  static const Short before[] = {{"old", FAILS}, {"raised", WARNS}, {"gone", FAILS}};
  static const Short after[] = {
      {"old", FAILS}, {"raised", FAILS}, {"new", WARNS}, {"excepted", EXCEPTED}};
  g_autoptr(NzSubject) x = subject_of(before, G_N_ELEMENTS(before));
  g_autoptr(NzSubject) y = subject_of(after, G_N_ELEMENTS(after));
  g_autoptr(NzDiff) diff = nz_diff_new(x, y);
  NzSubject fresh;
  nz_diff_only_new(diff, y, &fresh);
  g_autoptr(GPtrArray) findings = fresh.findings;
  g_assert_cmpuint(findings->len, ==, 2);
  g_assert_cmpstr(((const NzFinding *)findings->pdata[0])->rule, ==, "raised");
  g_assert_cmpstr(((const NzFinding *)findings->pdata[1])->rule, ==, "new");
  g_assert_cmpint(fresh.verdict, ==, NZ_VERDICT_FAIL);

  g_autoptr(NzSubject) z = subject_of(after, G_N_ELEMENTS(after));
  g_autoptr(NzSubject) same = subject_of(after, G_N_ELEMENTS(after));
  g_autoptr(NzDiff) none = nz_diff_new(z, same);
  nz_diff_only_new(none, same, &fresh);
  g_autoptr(GPtrArray) nothing = fresh.findings;
  g_assert_cmpuint(nothing->len, ==, 0);
  g_assert_cmpint(fresh.verdict, ==, NZ_VERDICT_PASS);
  g_assert_cmpuint(same->findings->len, >, 0);
}

/* Lines move when something is put before them: two findings of one rule in one file stay two, and
 * the same two. */
static void
test_findings_of_a_source_are_the_same_on_other_lines(void)
{
  g_autoptr(NzSubject) before = nz_subject_new("dockerfile");
  g_autoptr(NzSubject) after = nz_subject_new("dockerfile");
  NzSubject *const subjects[] = {before, after};
  static const guint lines[2][3] = {{3, 9, 0}, {4, 10, 12}};
  static char file[] = "Dockerfile";
  for (guint i = 0; i < 2; i++) {
    for (guint j = 0; j < 3 && lines[i][j] > 0; j++) {
      NzFinding *f = nz_finding_new("setuid-root", NZ_LEVEL_FAIL, NULL, "m");
      NzPlace place = {.file = file, .line = lines[i][j], .start = 100 * lines[i][j]};
      f->place = nz_place_copy(&place);
      g_ptr_array_add(subjects[i]->findings, f);
    }
    nz_subject_conclude(subjects[i]);
  }
  g_autoptr(NzDiff) diff = nz_diff_new(before, after);
  g_assert_cmpuint(diff->n_same, ==, 2);
  g_assert_cmpuint(diff->n_new, ==, 1);
  const NzDiffEntry *entry = &g_array_index(diff->entries, NzDiffEntry, 0);
  g_assert_cmpuint(entry->after->place->line, ==, 12);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/diff/cases", test_what_is_new_and_what_is_worse);
  g_test_add_func("/diff/pairs", test_each_finding_is_paired_with_one);
  g_test_add_func("/diff/keep-new", test_only_the_new_are_kept_for_other_formats);
  g_test_add_func("/diff/lines-move", test_findings_of_a_source_are_the_same_on_other_lines);
  return g_test_run();
}
