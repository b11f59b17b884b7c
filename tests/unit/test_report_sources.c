/* SPDX-License-Identifier: Apache-2.0 */
/* What every format says of sources: Dockerfiles, services, units; their places and their fixes. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
#include "support.h"

static NzPlace *
place_at(const char *file, guint line, guint column, guint end_line, guint end_column)
{
  NzPlace *self = g_new0(NzPlace, 1);
  self->file = g_strdup(file);
  self->line = line;
  self->column = column;
  self->end_line = end_line;
  self->end_column = end_column;
  self->start = 1000 * line + column;
  self->end = 1000 * end_line + end_column;
  return self;
}

static NzFinding *
add_finding(NzSubject *s, const char *rule, NzLevel level, NzPlace *place, const char *message)
{
  NzFinding *f = nz_finding_new(rule, level, "do this", "%s", message);
  f->place = place;
  g_ptr_array_add(s->findings, f);
  return f;
}

static NzFix *
add_fix(NzSubject *s, const char *title, const char *refused, NzPlace *place, const char *text)
{
  NzFix *fix = nz_fix_new(title);
  fix->refused = g_strdup(refused);
  g_ptr_array_add(fix->edits, nz_edit_new(place, text));
  g_ptr_array_add(s->fixes, fix);
  return fix;
}

static NzSubject *
new_subject(const char *kind, const char *name, const char *source, const char *user)
{
  NzSubject *s = nz_subject_new(kind);
  s->name = g_strdup(name);
  s->source = g_strdup(source);
  NzUserFile none = {0};
  s->user = nz_user_resolve(user, &none, &none);
  return s;
}

#define FILE_NAME "app/Dockerfile"

/* A Dockerfile with two findings of one rule, and one of which a fix is but a proposal. */
static NzSubject *
new_dockerfile(void)
{
  NzSubject *s = new_subject("dockerfile", FILE_NAME, FILE_NAME, "0");
  g_free(s->user->why);
  s->user->why = g_strdup("USER 0 in line 7 is root");
  s->place = place_at(FILE_NAME, 7, 6, 7, 7);
  add_finding(s, "setuid-root", NZ_LEVEL_FAIL, place_at(FILE_NAME, 9, 5, 10, 3), "sets u+s on b")
      ->path = g_strdup("/usr/bin/b");
  add_finding(s, "setuid-root", NZ_LEVEL_FAIL, place_at(FILE_NAME, 4, 9, 4, 17), "sets u+s on a");
  NzFinding *user =
      add_finding(s, "image-user", NZ_LEVEL_FAIL, place_at(FILE_NAME, 7, 6, 7, 7), "it is root");
  user->fix = add_fix(s, "start as 65532", NULL, place_at(FILE_NAME, 7, 6, 7, 7), "65532:65532");
  NzFinding *drops = add_finding(s, "drops-root", NZ_LEVEL_WARN, place_at(FILE_NAME, 11, 1, 11, 20),
                                 "gosu drops to app");
  drops->fix = add_fix(s, "start as app", "it may need root before",
                       place_at(FILE_NAME, 11, 1, 11, 1), "USER app\nWORKDIR /\033[2J\n");
  nz_subject_conclude(s);
  return s;
}

static NzReport *
new_report(void)
{
  NzReport *report = nz_report_new();
  g_ptr_array_add(report->subjects, new_dockerfile());
  return report;
}

static char *
written_as(const NzReport *report, const char *format, gboolean verbose)
{
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  NzReportStyle style = {.verbose = verbose};
  nz_report_format_find(format)->write(report, &style, out);
  fclose(out);
  return text;
}

static char *
written(const NzReport *report, const char *format)
{
  return written_as(report, format, FALSE);
}

static const char *
text_at(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

static int
number_at(const json_t *object, const char *key)
{
  const json_t *value = json_object_get(object, key);
  return json_is_integer(value) ? (int)json_integer_value(value) : -1;
}

static json_t *
parsed(const char *text)
{
  json_error_t error;
  json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  if (!root)
    g_error("line %d: %s", error.line, error.text);
  return root;
}

/* --- places --- */

static const struct {
  const char *message, *file;
  guint line, column; /* 0: it says no place */
  const char *rest;
} messages[] = {
    {"Dockerfile:3:14: unknown flag", "Dockerfile", 3, 14, "unknown flag"},
    {"a:b:1:2: c: d", "a:b", 1, 2, "c: d"},
    {"Dockerfile:3: unknown flag", "Dockerfile", 0, 0, NULL},
    {"Dockerfile:3:14 unknown flag", "Dockerfile", 0, 0, NULL},
    {"Dockerfile:0:1: x", "Dockerfile", 0, 0, NULL},
    {"Dockerfile:1234567890:1: x", "Dockerfile", 0, 0, NULL},
    {"Dockerfile::1: x", "Dockerfile", 0, 0, NULL},
    {"other:3:14: x", "Dockerfile", 0, 0, NULL},
    {"Dockerfile", "Dockerfile", 0, 0, NULL},
    {"", "Dockerfile", 0, 0, NULL},
};

static void
test_errors_of_readers_say_where(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(messages); i++) {
    guint line = 0, column = 0;
    const char *rest = nz_place_of_message(messages[i].message, messages[i].file, &line, &column);
    g_assert_cmpstr(rest, ==, messages[i].rest);
    if (!rest)
      continue;
    g_assert_cmpuint(line, ==, messages[i].line);
    g_assert_cmpuint(column, ==, messages[i].column);
  }
}

static void
test_findings_of_one_rule_stay_in_the_order_of_the_file(void)
{
  g_autoptr(NzSubject) s = new_dockerfile();
  static const struct {
    const char *rule;
    guint line;
  } want[] = {{"image-user", 7}, {"setuid-root", 4}, {"setuid-root", 9}, {"drops-root", 11}};
  g_assert_cmpuint(s->findings->len, ==, G_N_ELEMENTS(want));
  for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
    const NzFinding *f = s->findings->pdata[i];
    g_assert_cmpstr(f->rule, ==, want[i].rule);
    g_assert_cmpuint(f->place->line, ==, want[i].line);
  }
}

/* --- text --- */

static void
test_text_says_places_as_compilers_do(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *text = written(report, "text");
  g_assert_true(g_str_has_prefix(text, "FAIL  app/Dockerfile\n  user     root 0"));
  g_assert_null(strstr(text, "(USER 0)"));
  assert_holds(text, ": USER 0 in line 7 is root\n  decided  app/Dockerfile:7:6\n");
  assert_holds(text, "\napp/Dockerfile:7:6: fail: image-user: it is root\n"
                     "app/Dockerfile:4:9: fail: setuid-root: sets u+s on a\n"
                     "app/Dockerfile:9:5: fail: setuid-root: sets u+s on b\n"
                     "app/Dockerfile:11:1: warn: drops-root: gosu drops to app\n");
  g_assert_null(strstr(text, "PACKAGE"));
  g_assert_null(strstr(text, "LAYER"));
  g_assert_null(strstr(text, "as in  RUN chmod"));
}

static void
test_text_tells_fixes_from_proposals(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *brief = written(report, "text");
  assert_holds(brief, "\nfix: start as 65532\n  `nonzero lint --fix` applies it\n");
  g_assert_null(strstr(brief, "    65532:65532\n"));
  assert_holds(brief, "\nproposal: start as app\n  but    it may need root before\n"
                      "  at app/Dockerfile:11:1 insert:\n    USER app\n    WORKDIR /\\x1b[2J\n");
  g_autofree char *verbose = written_as(report, "text", TRUE);
  assert_holds(verbose, "  at app/Dockerfile:7:6 write instead:\n    65532:65532\n");
}

static void
test_text_leaves_a_source_of_no_place_its_sentence(void)
{
  g_autoptr(NzReport) report = nz_report_new();
  NzSubject *s = new_subject("compose-service", "web", "compose.yaml", "0");
  add_finding(s, "image-user", NZ_LEVEL_FAIL, NULL, "nobody says who it starts as");
  nz_subject_conclude(s);
  g_ptr_array_add(report->subjects, s);
  g_autofree char *text = written(report, "text");
  assert_holds(text, "FAIL  web\n  source   compose.yaml\n");
  assert_holds(text, "  fail     image-user: nobody says who it starts as\n");
}

/* --- how many of what --- */

static const struct {
  const char *kinds[5]; /* NULL-terminated */
  const char *text;
} counted[] = {
    {{NULL}, "0 images"},
    {{"image", NULL}, "1 image"},
    {{"image", "image", NULL}, "2 images"},
    {{"dockerfile", NULL}, "1 Dockerfile"},
    {{"compose-service", "compose-service", "compose-service", NULL}, "3 services"},
    {{"dockerfile", "compose-service", "dockerfile", NULL}, "2 Dockerfiles and 1 service"},
    {{"quadlet", "dockerfile", "compose-service", "quadlet", NULL},
     "2 units, 1 Dockerfile and 1 service"},
    {{"of-tomorrow", NULL}, "1 subject"},
};

static void
test_subjects_are_counted_by_what_they_are(void)
{
  static const char *const formats[] = {"text", "summary", "html"};
  for (gsize i = 0; i < G_N_ELEMENTS(counted); i++) {
    g_autoptr(NzReport) report = nz_report_new();
    for (const char *const *kind = counted[i].kinds; *kind; kind++)
      g_ptr_array_add(report->subjects, new_subject(*kind, "n", "s", "5"));
    g_autofree char *subjects = nz_report_subjects(report);
    g_assert_cmpstr(subjects, ==, counted[i].text);
    g_autofree char *line = g_strconcat(counted[i].text, ": ", NULL);
    for (gsize f = 0; report->subjects->len > 1 && f < G_N_ELEMENTS(formats); f++) {
      g_autofree char *text = written(report, formats[f]);
      assert_holds(text, line);
    }
  }
}

static void
test_a_summary_says_which_file_a_service_is_of(void)
{
  g_autoptr(NzReport) report = new_report();
  g_ptr_array_add(report->subjects, new_subject("compose-service", "web", "a/compose.yaml", "5"));
  g_autofree char *text = written(report, "summary");
  assert_holds(text, "3 fail   1 warn  app/Dockerfile\n");
  assert_holds(text, "0 fail   0 warn  web (a/compose.yaml)\n");
}

/* --- json --- */

static void
assert_range(const json_t *object, int line, int column, int end_line, int end_column)
{
  g_assert_cmpint(number_at(object, "line"), ==, line);
  g_assert_cmpint(number_at(object, "column"), ==, column);
  g_assert_cmpint(number_at(object, "end_line"), ==, end_line);
  g_assert_cmpint(number_at(object, "end_column"), ==, end_column);
}

static void
check_json_subject(const json_t *subject)
{
  g_assert_cmpstr(text_at(subject, "kind"), ==, "dockerfile");
  const json_t *user = json_object_get(subject, "user");
  g_assert_cmpstr(text_at(user, "file"), ==, FILE_NAME);
  assert_range(user, 7, 6, 7, 7);
  const json_t *findings = json_object_get(subject, "findings");
  const json_t *first = json_array_get(findings, 0), *last = json_array_get(findings, 2);
  g_assert_cmpint(number_at(first, "fix"), ==, 0);
  g_assert_null(json_object_get(first, "path"));
  g_assert_null(json_object_get(last, "fix"));
  g_assert_cmpstr(text_at(last, "file"), ==, FILE_NAME);
  g_assert_cmpstr(text_at(last, "path"), ==, "/usr/bin/b");
  assert_range(last, 9, 5, 10, 3);
  const json_t *fixes = json_object_get(subject, "fixes");
  g_assert_cmpuint(json_array_size(fixes), ==, 2);
  const json_t *fix = json_array_get(fixes, 0), *proposal = json_array_get(fixes, 1);
  g_assert_cmpstr(text_at(fix, "title"), ==, "start as 65532");
  g_assert_cmpstr(text_at(fix, "file"), ==, FILE_NAME);
  g_assert_null(json_object_get(fix, "refused"));
  const json_t *edit = json_array_get(json_object_get(fix, "edits"), 0);
  assert_range(edit, 7, 6, 7, 7);
  g_assert_cmpstr(text_at(edit, "text"), ==, "65532:65532");
  g_assert_cmpstr(text_at(proposal, "refused"), ==, "it may need root before");
}

static void
test_json_holds_places_and_fixes(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *text = written(report, "json");
  json_t *root = parsed(text);
  check_json_subject(json_array_get(json_object_get(root, "subjects"), 0));
  json_decref(root);
  g_autofree char *lines = written(report, "ndjson");
  *strchr(lines, '\n') = '\0';
  root = parsed(lines);
  g_assert_cmpstr(text_at(root, "event"), ==, "subject");
  check_json_subject(root);
  json_decref(root);
}

/* --- sarif --- */

static const json_t *
at(const json_t *value, const char *key, guint index)
{
  return json_array_get(json_object_get(value, key), index);
}

static void
assert_region(const json_t *region, int line, int column, int end_line, int end_column)
{
  g_assert_cmpint(number_at(region, "startLine"), ==, line);
  g_assert_cmpint(number_at(region, "startColumn"), ==, column);
  g_assert_cmpint(number_at(region, "endLine"), ==, end_line);
  g_assert_cmpint(number_at(region, "endColumn"), ==, end_column);
}

static void
test_sarif_has_regions_and_fixes(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *text = written(report, "sarif");
  json_t *root = parsed(text);
  const json_t *run = at(root, "runs", 0);
  g_assert_cmpstr(text_at(run, "columnKind"), ==, "unicodeCodePoints");
  const json_t *artifact = json_object_get(at(run, "artifacts", 0), "location");
  g_assert_cmpstr(text_at(artifact, "uri"), ==, FILE_NAME);
  const json_t *result = at(run, "results", 2);
  const json_t *physical = json_object_get(at(result, "locations", 0), "physicalLocation");
  g_assert_cmpstr(text_at(json_object_get(physical, "artifactLocation"), "uri"), ==, FILE_NAME);
  assert_region(json_object_get(physical, "region"), 9, 5, 10, 3);
  g_assert_null(json_object_get(result, "fixes"));
  const json_t *fix = at(at(run, "results", 0), "fixes", 0);
  const json_t *change = at(fix, "artifactChanges", 0);
  g_assert_cmpstr(text_at(json_object_get(change, "artifactLocation"), "uri"), ==, FILE_NAME);
  const json_t *replacement = at(change, "replacements", 0);
  assert_region(json_object_get(replacement, "deletedRegion"), 7, 6, 7, 7);
  g_assert_cmpstr(text_at(json_object_get(replacement, "insertedContent"), "text"), ==,
                  "65532:65532");
  json_decref(root);
}

static void
test_sarif_applies_no_proposal(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *text = written(report, "sarif");
  json_t *root = parsed(text);
  const json_t *result = at(at(root, "runs", 0), "results", 3);
  g_assert_cmpstr(text_at(result, "ruleId"), ==, "drops-root");
  g_assert_null(json_object_get(result, "fixes"));
  json_decref(root);
}

/* --- the formats of services --- */

static void
test_github_says_line_and_column(void)
{
  g_autoptr(NzReport) report = new_report();
  g_ptr_array_add(report->errors,
                  nz_report_error_new("b/Dockerfile", "b/Dockerfile:3:14: an unknown flag"));
  g_autofree char *text = written(report, "github");
  assert_holds(text, "::error file=app/Dockerfile,line=7,endLine=7,col=6,endColumn=7,"
                     "title=image-user::app/Dockerfile: it is root\n");
  assert_holds(text, "::error file=app/Dockerfile,line=9,endLine=10,title=setuid-root::");
  assert_holds(text, "::error file=b/Dockerfile,line=3,endLine=3,col=14,endColumn=14,"
                     "title=not judged::b/Dockerfile: an unknown flag\n");
}

static void
test_gitlab_says_lines(void)
{
  g_autoptr(NzReport) report = new_report();
  g_ptr_array_add(report->errors,
                  nz_report_error_new("b/Dockerfile", "b/Dockerfile:3:14: an unknown flag"));
  g_autofree char *text = written(report, "gitlab");
  json_t *root = parsed(text);
  static const int lines[][2] = {{3, -1}, {7, -1}, {4, -1}, {9, 10}, {11, -1}};
  g_assert_cmpuint(json_array_size(root), ==, G_N_ELEMENTS(lines));
  for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
    const json_t *location = json_object_get(json_array_get(root, i), "location");
    const json_t *where = json_object_get(location, "lines");
    g_assert_cmpstr(text_at(location, "path"), ==, i == 0 ? "b/Dockerfile" : FILE_NAME);
    g_assert_cmpint(number_at(where, "begin"), ==, lines[i][0]);
    g_assert_cmpint(number_at(where, "end"), ==, lines[i][1]);
  }
  json_decref(root);
}

static void
test_junit_and_cnf_say_places(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *junit = written(report, "junit");
  assert_holds(junit, "fail  app/Dockerfile:4:9: sets u+s on a\n");
  assert_holds(junit, "message=\"app/Dockerfile:4:9: sets u+s on a, and 1 more\"");
  g_autofree char *cnf = written(report, "cnf");
  assert_holds(cnf, "        name: \"app/Dockerfile:9:5\"\n"
                    "        container: \"app/Dockerfile\"\n"
                    "        reason: \"sets u+s on b\"\n");
}

/* What judges images alone is no test of a Dockerfile that passed. */
static void
test_no_rule_of_images_passes_a_dockerfile(void)
{
  static const char *const formats[] = {"junit", "cnf"};
  g_autoptr(NzReport) sources = new_report();
  g_autoptr(NzReport) images = nz_report_new();
  g_ptr_array_add(images->subjects, new_subject("image", "a", "a.tar", "5"));
  for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
    g_autofree char *source = written(sources, formats[i]);
    g_autofree char *image = written(images, formats[i]);
    g_assert_null(strstr(source, "ambiguous-layer"));
    assert_holds(image, "ambiguous-layer");
  }
}

static void
test_html_says_places_and_fixes(void)
{
  g_autoptr(NzReport) report = new_report();
  g_autofree char *page = written(report, "html");
  assert_holds(page, "<td>app/Dockerfile:4:9<small>sets u+s on a</small>");
  assert_holds(page, "<th scope=col>Place<");
  assert_holds(page, "<th colspan=7 scope=rowgroup>app/Dockerfile <span>4</span>");
  assert_holds(page, "(<code>app/Dockerfile:7:6</code>)");
  assert_holds(page, "<h4>start as 65532</h4>\n<p><code>nonzero lint --fix</code> applies it");
  assert_holds(page, "A proposal, to be looked at: it may need root before");
  assert_holds(page, "<pre><code>USER app\nWORKDIR /\\x1b[2J\n</code></pre>");
  g_assert_null(strstr(page, "RUN chmod a-s"));
}

/* A place of which nothing is known but a name must not fail a writer. */
static void
test_no_format_needs_more_than_a_name(void)
{
  for (guint i = 0; nz_report_format_at(i); i++) {
    g_autoptr(NzReport) report = nz_report_new();
    NzSubject *s = new_subject("quadlet", "app.container", "app.container", NULL);
    add_finding(s, "setuid-root", NZ_LEVEL_FAIL, NULL, "no place");
    add_finding(s, "of-tomorrow", NZ_LEVEL_FAIL, place_at("app.container", 1, 1, 1, 1), "empty");
    g_ptr_array_add(s->fixes, nz_fix_new("no edits"));
    nz_subject_conclude(s);
    g_ptr_array_add(report->subjects, s);
    g_autofree char *text = written_as(report, nz_report_format_at(i)->name, TRUE);
    assert_holds(text, "app.container");
  }
}

/* For tests/cli/test_report_sources.py: "test_report_sources --write FORMAT". */
static int
write_report(const char *format)
{
  g_autoptr(NzReport) report = new_report();
  g_ptr_array_add(report->subjects, new_subject("compose-service", "web", "a/compose.yaml", "5"));
  g_ptr_array_add(report->subjects, new_subject("quadlet", "b.container", "b.container", ""));
  g_ptr_array_add(report->errors,
                  nz_report_error_new("b/Dockerfile", "b/Dockerfile:3:14: an unknown flag"));
  g_autofree char *text = written(report, format);
  fputs(text, stdout);
  return 0;
}

int
main(int argc, char **argv)
{
  if (argc == 3 && strcmp(argv[1], "--write") == 0)
    return write_report(argv[2]);
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/report-sources/" name, func)
  ADD("errors-of-readers-say-where", test_errors_of_readers_say_where);
  ADD("findings-are-in-the-files-order", test_findings_of_one_rule_stay_in_the_order_of_the_file);
  ADD("text-says-places-as-compilers-do", test_text_says_places_as_compilers_do);
  ADD("text-tells-fixes-from-proposals", test_text_tells_fixes_from_proposals);
  ADD("text-says-what-has-no-place", test_text_leaves_a_source_of_no_place_its_sentence);
  ADD("subjects-are-counted-by-kind", test_subjects_are_counted_by_what_they_are);
  ADD("a-summary-says-which-file", test_a_summary_says_which_file_a_service_is_of);
  ADD("json-holds-places-and-fixes", test_json_holds_places_and_fixes);
  ADD("sarif-has-regions-and-fixes", test_sarif_has_regions_and_fixes);
  ADD("sarif-applies-no-proposal", test_sarif_applies_no_proposal);
  ADD("github-says-line-and-column", test_github_says_line_and_column);
  ADD("gitlab-says-lines", test_gitlab_says_lines);
  ADD("junit-and-cnf-say-places", test_junit_and_cnf_say_places);
  ADD("no-rule-of-images-passes-a-dockerfile", test_no_rule_of_images_passes_a_dockerfile);
  ADD("html-says-places-and-fixes", test_html_says_places_and_fixes);
  ADD("no-format-needs-more-than-a-name", test_no_format_needs_more_than_a_name);
  return g_test_run();
}
