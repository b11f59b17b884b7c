/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of a subject made by hand, with names that try to get out of their place. */
#include "report/report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define HOSTILE "/usr/bin/\033[2Jsu\n\xff\u202e"

static NzFinding *
add_finding(NzSubject *s, const char *rule, NzLevel level, const char *path)
{
  NzFinding *f = nz_finding_new(rule, level, "do this", "message of %s", rule);
  f->path = g_strdup(path);
  if (path) {
    f->has_mode = TRUE;
    f->mode = 04755;
    f->gid = 5;
    f->layer = s->layers->pdata[0];
    f->package = g_strdup("pkg\033");
  }
  g_ptr_array_add(s->findings, f);
  return f;
}

static NzSubject *
new_subject(void)
{
  NzSubject *s = nz_subject_new("image");
  s->name = g_strdup("example.com/app:1");
  s->source = g_strdup("oci-archive:app.tar");
  s->platform = g_strdup("linux/amd64");
  s->digest = g_strdup("sha256:abc");
  NzUserFile none = {0};
  s->user = nz_user_resolve("1000\033", &none, &none);
  NzLayerFact *layer = g_new0(NzLayerFact, 1);
  layer->index = 0;
  layer->digest = g_strdup("sha256:def");
  layer->created_by = g_strdup("RUN a\tb\033[31m \xff\n && a line that goes on for longer than "
                               "anyone would want to see in a table");
  g_ptr_array_add(s->layers, layer);
  return s;
}

static NzReport *
new_report(void)
{
  NzReport *report = nz_report_new();
  NzSubject *s = new_subject();
  add_finding(s, "file-capabilities", NZ_LEVEL_INFO, "/b");
  add_finding(s, "setuid-root", NZ_LEVEL_FAIL, "/z");
  add_finding(s, "setuid-root", NZ_LEVEL_FAIL, HOSTILE);
  add_finding(s, "file-capabilities", NZ_LEVEL_WARN, "/a");
  add_finding(s, "image-user", NZ_LEVEL_WARN, NULL)->undecided = TRUE;
  g_ptr_array_add(s->notes, g_strdup("not looked at"));
  nz_subject_conclude(s);
  g_ptr_array_add(report->subjects, s);
  g_ptr_array_add(report->errors, nz_report_error_new("b.tar", "cannot be read"));
  return report;
}

static char *
written(const NzReport *report, const char *format, gboolean color, gboolean verbose)
{
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  NzReportStyle style = {.color = color, .verbose = verbose};
  nz_report_format_find(format)->write(report, &style, out);
  fclose(out);
  return text;
}

/* Nothing but printable UTF-8 and newlines; ESC only where colours are asked for. */
static void
assert_harmless(const char *text, gboolean color)
{
  g_assert_true(g_utf8_validate(text, -1, NULL));
  for (const char *p = text; *p; p++)
    g_assert_false((guint8)*p < ' ' && *p != '\n' && !(color && *p == '\033'));
  g_assert_null(strstr(text, "\u202e"));
  g_assert_null(strstr(text, "\033[2J"));
  g_assert_null(strstr(text, "\033[31m"));
}

/* --- subjects --- */

static void
test_findings_are_sorted_worst_first(void)
{
  g_autoptr(NzReport) report = new_report();
  const NzSubject *s = report->subjects->pdata[0];
  static const char *const want[] = {HOSTILE, "/z", "/a", NULL, "/b"};
  for (guint i = 0; i < s->findings->len; i++)
    g_assert_cmpstr(((const NzFinding *)s->findings->pdata[i])->path, ==, want[i]);
}

static const struct {
  int level; /* -1: no finding */
  gboolean undecided;
  NzVerdict verdict;
} verdicts[] = {
    {-1, FALSE, NZ_VERDICT_PASS},
    {NZ_LEVEL_INFO, FALSE, NZ_VERDICT_PASS},
    {NZ_LEVEL_WARN, FALSE, NZ_VERDICT_PASS},
    {NZ_LEVEL_WARN, TRUE, NZ_VERDICT_UNKNOWN},
    {NZ_LEVEL_FAIL, FALSE, NZ_VERDICT_FAIL},
    {NZ_LEVEL_FAIL, TRUE, NZ_VERDICT_FAIL},
};

static void
test_findings_make_the_verdict(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(verdicts); i++) {
    g_autoptr(NzSubject) s = new_subject();
    if (verdicts[i].level >= 0)
      add_finding(s, "r", (NzLevel)verdicts[i].level, NULL)->undecided = verdicts[i].undecided;
    nz_subject_conclude(s);
    g_assert_cmpstr(nz_verdict_name(s->verdict), ==, nz_verdict_name(verdicts[i].verdict));
  }
}

static void
test_a_failure_outweighs_what_is_undecided(void)
{
  g_autoptr(NzSubject) s = new_subject();
  add_finding(s, "b", NZ_LEVEL_FAIL, NULL);
  add_finding(s, "a", NZ_LEVEL_WARN, NULL)->undecided = TRUE;
  nz_subject_conclude(s);
  g_assert_cmpint(s->verdict, ==, NZ_VERDICT_FAIL);
}

static void
test_subjects_and_errors_make_the_reports_verdict(void)
{
  g_autoptr(NzReport) report = nz_report_new();
  g_assert_cmpint(nz_report_verdict(report), ==, NZ_VERDICT_UNKNOWN);
  g_ptr_array_add(report->subjects, new_subject());
  g_assert_cmpint(nz_report_verdict(report), ==, NZ_VERDICT_PASS);
  g_ptr_array_add(report->errors, nz_report_error_new("a", "b"));
  g_assert_cmpint(nz_report_verdict(report), ==, NZ_VERDICT_UNKNOWN);
  NzSubject *s = new_subject();
  s->verdict = NZ_VERDICT_FAIL;
  g_ptr_array_add(report->subjects, s);
  g_assert_cmpint(nz_report_verdict(report), ==, NZ_VERDICT_FAIL);
}

/* --- text --- */

static void
test_text_begins_with_the_verdict(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *text = written(report, "text", FALSE, FALSE);
  g_assert_true(g_str_has_prefix(text, "FAIL  example.com/app:1  (linux/amd64)\n"));
  assert_holds(text, "source   oci-archive:app.tar\n");
  assert_holds(text, "2 setuid-root");
  assert_holds(text, " 4755 ");
  assert_holds(text, "not looked at");
}

static void
test_hostile_names_do_no_harm(void)
{
  g_autoptr(NzReport) report = new_report();
  for (guint i = 0; i < 4; i++) {
    gboolean color = (i & 1) != 0, verbose = (i & 2) != 0;
    g_autofree char *text = written(report, "text", color, verbose);
    assert_harmless(text, color);
    assert_holds(text, "/usr/bin/\\x1b[2Jsu\\x0a\\xff\\xe2\\x80\\xae");
  }
  g_autofree char *json = written(report, "json", FALSE, FALSE);
  assert_harmless(json, FALSE);
}

static void
test_colours_are_there_when_asked_for(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *plain = written(report, "text", FALSE, TRUE);
  g_autofree char *painted = written(report, "text", TRUE, TRUE);
  g_assert_null(strchr(plain, '\033'));
  g_assert_true(g_str_has_prefix(painted, "\033["));
}

static void
test_info_is_shown_when_verbose(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *brief = written(report, "text", FALSE, FALSE);
  g_autofree char *verbose = written(report, "text", FALSE, TRUE);
  assert_holds(brief, "1 finding of level info is not shown");
  g_assert_null(strstr(verbose, "are not shown"));
  g_assert_null(strstr(brief, " /b "));
  assert_holds(verbose, " /b ");
}

/* How often WHAT stands at the beginning of a line. */
static guint
lines_with(const char *text, const char *what)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  guint n = 0;
  for (guint i = 0; lines[i]; i++)
    n += g_str_has_prefix(lines[i], what);
  return n;
}

/* A rule whose findings are of two levels is still one rule. */
static void
test_each_rule_is_counted_and_explained_once(void)
{
  g_autoptr(NzReport) report = nz_report_new();
  NzSubject *s = new_subject();
  add_finding(s, "file-capabilities", NZ_LEVEL_WARN, "/a");
  add_finding(s, "user-not-numeric", NZ_LEVEL_WARN, NULL);
  add_finding(s, "file-capabilities", NZ_LEVEL_INFO, "/b");
  nz_subject_conclude(s);
  g_ptr_array_add(report->subjects, s);
  g_autofree char *text = written(report, "text", FALSE, TRUE);
  g_assert_cmpuint(lines_with(text, "file-capabilities:"), ==, 1);
  assert_holds(text, "2 file-capabilities");
}

static void
test_a_pass_says_so(void)
{
  g_autoptr(NzReport) report = nz_report_new();
  NzSubject *s = new_subject();
  nz_subject_conclude(s);
  g_ptr_array_add(report->subjects, s);
  g_autofree char *text = written(report, "text", FALSE, FALSE);
  g_assert_true(g_str_has_prefix(text, "PASS  "));
  assert_holds(text, "found    nothing\n");
}

/* --- json --- */

static const char *
text_at(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

static void
test_json_holds_the_contract(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *text = written(report, "json", FALSE, FALSE);
  json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
  g_assert_nonnull(root);
  g_assert_cmpstr(text_at(root, "schema"), ==, "nonzero/report/v1");
  g_assert_cmpstr(text_at(root, "profile"), ==, "cbpp-0002");
  g_assert_cmpstr(text_at(root, "verdict"), ==, "fail");
  const json_t *subject = json_array_get(json_object_get(root, "subjects"), 0);
  g_assert_cmpstr(text_at(subject, "name"), ==, "example.com/app:1");
  g_assert_cmpstr(text_at(subject, "platform"), ==, "linux/amd64");
  g_assert_cmpstr(text_at(json_object_get(subject, "user"), "state"), ==, "wont-start");
  const json_t *findings = json_object_get(subject, "findings");
  g_assert_cmpuint(json_array_size(findings), ==, 5);
  const json_t *first = json_array_get(findings, 0);
  g_assert_cmpstr(text_at(first, "rule"), ==, "setuid-root");
  g_assert_cmpstr(text_at(first, "level"), ==, "fail");
  g_assert_cmpstr(text_at(first, "mode"), ==, "4755");
  g_assert_cmpstr(text_at(first, "path"), ==, "/usr/bin/\033[2Jsu\n\\xff\u202e");
  g_assert_cmpint(json_integer_value(json_object_get(first, "uid")), ==, 0);
  const json_t *user = json_array_get(findings, 3);
  g_assert_cmpstr(text_at(user, "rule"), ==, "image-user");
  g_assert_null(json_object_get(user, "path"));
  g_assert_null(json_object_get(user, "mode"));
  g_assert_null(json_object_get(user, "layer"));
  const json_t *error = json_array_get(json_object_get(root, "errors"), 0);
  g_assert_cmpstr(text_at(error, "source"), ==, "b.tar");
  json_decref(root);
}

static void
test_formats_are_found_by_name(void)
{
  g_assert_true(nz_report_format_find("text") == &nz_format_text);
  g_assert_true(nz_report_format_find("json") == &nz_format_json);
  g_assert_null(nz_report_format_find("xml"));
  g_assert_nonnull(nz_report_format_at(0));
  g_assert_null(nz_report_format_at(99));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/report/" name, func)
  ADD("findings-are-sorted-worst-first", test_findings_are_sorted_worst_first);
  ADD("findings-make-the-verdict", test_findings_make_the_verdict);
  ADD("a-failure-outweighs-what-is-undecided", test_a_failure_outweighs_what_is_undecided);
  ADD("subjects-and-errors-make-the-verdict", test_subjects_and_errors_make_the_reports_verdict);
  ADD("text-begins-with-the-verdict", test_text_begins_with_the_verdict);
  ADD("hostile-names-do-no-harm", test_hostile_names_do_no_harm);
  ADD("colours-are-there-when-asked-for", test_colours_are_there_when_asked_for);
  ADD("info-is-shown-when-verbose", test_info_is_shown_when_verbose);
  ADD("each-rule-is-counted-and-explained-once", test_each_rule_is_counted_and_explained_once);
  ADD("a-pass-says-so", test_a_pass_says_so);
  ADD("json-holds-the-contract", test_json_holds_the_contract);
  ADD("formats-are-found-by-name", test_formats_are_found_by_name);
  return g_test_run();
}
