/* SPDX-License-Identifier: Apache-2.0 */
/* What the formats for services share, and what no scan makes without a policy: excepted findings.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/ci.h"
#include "report/report.h"
#include "report/xml.h"
#include "support.h"

static char reason[] = "needed until the move", owner[] = "team \033<a>", expires[] = "2027-01-31";
static const NzExcepted excepted = {reason, owner, expires};

static char short_reason[] = "r", short_owner[] = "o";
static const NzExcepted without_end = {short_reason, short_owner, NULL};

static NzSubject *
new_subject(const char *name)
{
  NzSubject *s = nz_subject_new("image");
  s->name = g_strdup(name);
  s->source = g_strdup("app.tar");
  s->platform = g_strdup("linux/amd64");
  return s;
}

static NzFinding *
add_finding(NzSubject *s, const char *rule, NzLevel level, const char *path)
{
  NzFinding *f = nz_finding_new(rule, level, "do this", "message of %s", rule);
  f->path = g_strdup(path);
  g_ptr_array_add(s->findings, f);
  return f;
}

static char *
written(const NzReport *report, const char *format, gboolean verbose)
{
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  NzReportStyle style = {.verbose = verbose};
  nz_report_format_find(format)->write(report, &style, out);
  fclose(out);
  return text;
}

/* --- XML --- */

static const struct {
  const char *text, *xml;
} escapes[] = {
    {"", ""},
    {"plain", "plain"},
    {"a<b>c&d\"e'f", "a&lt;b&gt;c&amp;d&quot;e&apos;f"},
    {"]]>", "]]&gt;"},
    {"&amp;", "&amp;amp;"},
    {"\t\n\r", "\\x09\\x0a\\x0d"},
    {"\x01\x1f\x7f\033[", "\\x01\\x1f\\x7f\\x1b["},
    {"\u00e4\u65e5\U0001f600", "\u00e4\u65e5\U0001f600"},
    {"\uffef\uffbd", "\uffef\uffbd"},
    {"\ufffd", "\ufffd"},
    {"\ufffe\uffff", "\\xef\\xbf\\xbe\\xef\\xbf\\xbf"},
    {"\u202e\u2028\xc2\x85", "\\xe2\\x80\\xae\\xe2\\x80\\xa8\\xc2\\x85"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {"\xef", "\\xef"},
    {"\xef\xbf", "\\xef\\xbf"},
    {"\xff\xfe", "\\xff\\xfe"},
};

static void
test_any_bytes_can_stand_in_xml(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(escapes); i++) {
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    nz_xml_put(out, escapes[i].text);
    fclose(out);
    g_assert_cmpstr(text, ==, escapes[i].xml);
    free(text);
  }
}

static void
test_attributes_are_quoted_and_left_out_when_null(void)
{
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  nz_xml_put_attribute(out, "a", "\"x\"");
  nz_xml_put_attribute(out, "b", NULL);
  nz_xml_put_uint(out, "c", 7);
  fclose(out);
  g_assert_cmpstr(text, ==, " a=\"&quot;x&quot;\" c=\"7\"");
  free(text);
}

/* --- paths and lines --- */

static const struct {
  const char *path, *shown;
} paths[] = {
    {"/usr/bin/su", "usr/bin/su"},       {"//usr//bin/", "usr/bin"}, {"/", "."},
    {"/../../etc/passwd", "etc/passwd"}, {"/./a/./b", "a/b"},        {"/...", "..."},
    {"/.hidden/..x", ".hidden/..x"},     {NULL, "img/x:1"},
};

static void
test_paths_are_relative_and_do_not_climb(void)
{
  g_autoptr(NzSubject) s = new_subject("../img/x:1");
  for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
    g_autofree char *shown = nz_ci_path(s, add_finding(s, "r", NZ_LEVEL_INFO, paths[i].path));
    g_assert_cmpstr(shown, ==, paths[i].shown);
  }
}

static void
test_times_are_utc(void)
{
  g_autofree char *time = nz_ci_time(G_GINT64_CONSTANT(1795305342999999));
  g_assert_cmpstr(time, ==, "2026-11-21T23:55:42");
  g_autofree char *far = nz_ci_time(G_MAXINT64);
  g_assert_nonnull(far);
}

static void
test_justifications_say_who_and_until_when(void)
{
  g_autofree char *all = nz_ci_justification(&excepted);
  g_assert_cmpstr(all, ==, "needed until the move (owner: team \\x1b<a>; until 2027-01-31)");
  g_autofree char *some = nz_ci_justification(&without_end);
  g_assert_cmpstr(some, ==, "r (owner: o)");
}

/* --- fingerprints --- */

/* Of one finding, by itself. */
static char *
fingerprint(const char *name, const char *platform, const char *rule, const char *path,
            const char *message)
{
  g_autoptr(NzFingerprints) all = nz_fingerprints_new();
  g_autoptr(NzSubject) s = new_subject(name);
  g_free(s->platform);
  s->platform = g_strdup(platform);
  NzFinding *f = add_finding(s, rule, NZ_LEVEL_WARN, path);
  g_free(f->message);
  f->message = g_strdup(message);
  return nz_fingerprints_next(all, s, f);
}

static void
test_fingerprints_are_those_of_yesterday(void)
{
  g_autofree char *one = fingerprint("a", "p", "r", "/x", "m");
  /* printf 'r\0image\0a\0p\0/x\0m\0' | sha256sum */
  g_assert_cmpstr(one, ==, "ff9e80c6ae0b4ebdd505ef382f4577d163b0146e1b20960b6731ca7437213ab9");
}

static void
test_fingerprints_pass_over_numbers_of_a_message(void)
{
  g_autofree char *one = fingerprint("a", "p", "r", NULL, "layer 2 is declared as x");
  g_autofree char *two = fingerprint("a", "p", "r", NULL, "layer 17 is declared as x");
  g_autofree char *other = fingerprint("a", "p", "r", NULL, "layer 2 is declared as y");
  g_assert_cmpstr(one, ==, two);
  g_assert_cmpstr(one, !=, other);
}

/* Each differs from the first, and from the others. */
static const char *const fields[][5] = {
    {"a", "p", "r", "/x", "m"}, {"b", "p", "r", "/x", "m"},   {"a", "q", "r", "/x", "m"},
    {"a", "p", "s", "/x", "m"}, {"a", "p", "r", "/y", "m"},   {"a", "p", "r", "/x", "n"},
    {"a", "p", "r", NULL, "m"}, {"ap", NULL, "r", "/x", "m"}, {"a", "p", "r", "/xm", ""},
};

static void
test_fingerprints_differ_by_each_field(void)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
    const char *const *f = fields[i];
    g_assert_true(g_hash_table_add(seen, fingerprint(f[0], f[1], f[2], f[3], f[4])));
  }
}

static void
test_fingerprints_are_given_once(void)
{
  g_autoptr(NzFingerprints) all = nz_fingerprints_new();
  g_autoptr(NzFingerprints) again = nz_fingerprints_new();
  g_autoptr(NzSubject) s = new_subject("a");
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  const NzFinding *f = add_finding(s, "r", NZ_LEVEL_WARN, "/x");
  for (guint i = 0; i < 100; i++) {
    char *one = nz_fingerprints_next(all, s, f);
    g_autofree char *same = nz_fingerprints_next(again, s, f);
    g_assert_cmpstr(one, ==, same);
    g_assert_true(g_hash_table_add(seen, one));
  }
}

/* --- exceptions --- */

/* One rule excepted whole, one in part. */
static NzReport *
new_report(void)
{
  NzReport *report = nz_report_new();
  NzSubject *s = new_subject("example.com/app:1");
  add_finding(s, "setuid-root", NZ_LEVEL_FAIL, "/excepted")->excepted = &excepted;
  add_finding(s, "setgid-root", NZ_LEVEL_WARN, "/part")->excepted = &without_end;
  add_finding(s, "setgid-root", NZ_LEVEL_WARN, "/counts");
  nz_subject_conclude(s);
  g_ptr_array_add(report->subjects, s);
  return report;
}

static void
test_sarif_suppresses_what_is_excepted(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *text = written(report, "sarif", FALSE);
  json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
  g_assert_nonnull(root);
  const json_t *run = json_array_get(json_object_get(root, "runs"), 0);
  const json_t *results = json_object_get(run, "results");
  static const gboolean suppressed[] = {TRUE, FALSE, TRUE};
  g_assert_cmpuint(json_array_size(results), ==, G_N_ELEMENTS(suppressed));
  for (guint i = 0; i < G_N_ELEMENTS(suppressed); i++) {
    const json_t *list = json_object_get(json_array_get(results, i), "suppressions");
    g_assert_cmpuint(json_array_size(list), ==, suppressed[i] ? 1 : 0);
  }
  const json_t *one =
      json_array_get(json_object_get(json_array_get(results, 0), "suppressions"), 0);
  g_assert_cmpstr(json_string_value(json_object_get(one, "kind")), ==, "external");
  g_assert_cmpstr(json_string_value(json_object_get(one, "status")), ==, "accepted");
  g_assert_cmpstr(json_string_value(json_object_get(one, "justification")), ==,
                  "needed until the move (owner: team \\x1b<a>; until 2027-01-31)");
  json_decref(root);
}

static void
test_junit_skips_a_rule_whose_findings_are_all_excepted(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *text = written(report, "junit", FALSE);
  assert_holds(text, " failures=\"0\" errors=\"0\" skipped=\"1\"");
  assert_holds(text, "<skipped>excepted fail  /excepted: message of setuid-root; "
                     "needed until the move (owner: team \\x1b&lt;a&gt;; until 2027-01-31)\n");
  assert_holds(text, "excepted warn  /part: message of setgid-root; r (owner: o)\n");
  g_assert_null(strstr(text, "<failure"));
}

static void
test_github_tells_exceptions_when_verbose(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *brief = written(report, "github", FALSE);
  g_autofree char *verbose = written(report, "github", TRUE);
  g_assert_null(strstr(brief, "/excepted"));
  g_assert_null(strstr(brief, "::error"));
  assert_holds(brief, "::warning file=counts,title=setgid-root::");
  assert_holds(brief, ": pass; 0 fail, 1 warn, 0 info, 2 excepted\n");
  assert_holds(verbose, "::notice file=excepted,title=setuid-root::");
  assert_holds(verbose, "; excepted: needed until the move (owner: team \\x1b<a>; ");
}

static void
test_gitlab_leaves_exceptions_out(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *text = written(report, "gitlab", TRUE);
  json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
  g_assert_cmpuint(json_array_size(root), ==, 1);
  assert_holds(text, "\"path\": \"counts\"");
  json_decref(root);
}

/* --- rules of others --- */

/* A rule that the table of checks does not have is reported all the same. */
static void
test_no_format_loses_a_rule_without_a_check(void)
{
  static const char *const formats[] = {"sarif", "junit", "github", "gitlab"};
  g_autoptr(NzReport) report = nz_report_new();
  NzSubject *s = new_subject("a");
  g_clear_pointer(&s->platform, g_free);
  add_finding(s, "of-tomorrow", NZ_LEVEL_FAIL, NULL);
  nz_subject_conclude(s);
  g_ptr_array_add(report->subjects, s);
  for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
    g_autofree char *text = written(report, formats[i], FALSE);
    assert_holds(text, "of-tomorrow");
    assert_holds(text, "message of of-tomorrow");
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/formats-ci/" name, func)
  ADD("any-bytes-can-stand-in-xml", test_any_bytes_can_stand_in_xml);
  ADD("attributes-are-quoted", test_attributes_are_quoted_and_left_out_when_null);
  ADD("paths-are-relative-and-do-not-climb", test_paths_are_relative_and_do_not_climb);
  ADD("times-are-utc", test_times_are_utc);
  ADD("justifications-say-who-and-until-when", test_justifications_say_who_and_until_when);
  ADD("fingerprints-are-those-of-yesterday", test_fingerprints_are_those_of_yesterday);
  ADD("fingerprints-pass-over-numbers", test_fingerprints_pass_over_numbers_of_a_message);
  ADD("fingerprints-differ-by-each-field", test_fingerprints_differ_by_each_field);
  ADD("fingerprints-are-given-once", test_fingerprints_are_given_once);
  ADD("sarif-suppresses-what-is-excepted", test_sarif_suppresses_what_is_excepted);
  ADD("junit-skips-what-is-excepted", test_junit_skips_a_rule_whose_findings_are_all_excepted);
  ADD("github-tells-exceptions-when-verbose", test_github_tells_exceptions_when_verbose);
  ADD("gitlab-leaves-exceptions-out", test_gitlab_leaves_exceptions_out);
  ADD("no-format-loses-a-rule", test_no_format_loses_a_rule_without_a_check);
  return g_test_run();
}
