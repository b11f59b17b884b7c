/* SPDX-License-Identifier: Apache-2.0 */
/* JUnit XML as Ant, Jenkins and GitLab read it: a subject is a test suite, a rule that ran on it is
 * a test case. What the rule found decides how the case ended:
 *
 *   a finding of level fail that counts          <failure type="fail">
 *   else one that leaves the verdict undecided   <error type="unknown">
 *   else only findings that are excepted         <skipped>, with the reasons
 *   else                                         passed; what was found stands in <system-out>
 *
 * What could not be judged is a suite with one case, which ended in <error type="not-judged">. */
#include <string.h>

#include "check/check.h"
#include "core/text.h"
#include "report/ci.h"
#include "report/report.h"
#include "report/xml.h"

typedef enum { PASSED, SKIPPED, ERRORED, FAILED } Ending;

typedef struct {
  const char *rule;
  GPtrArray *findings; /* const NzFinding */
  Ending ending;
} Case;

typedef struct {
  const NzSubject *subject;
  char *label;
  GPtrArray *cases; /* Case, in the order of the table of checks */
  guint endings[FAILED + 1];
} Suite;

static void
case_free(gpointer data)
{
  Case *self = data;
  g_ptr_array_unref(self->findings);
  g_free(self);
}

static void
suite_free(gpointer data)
{
  Suite *self = data;
  g_free(self->label);
  g_ptr_array_unref(self->cases);
  g_free(self);
}

/* --- findings -> cases --- */

static Case *
get_case(Suite *suite, const char *rule)
{
  for (guint i = 0; i < suite->cases->len; i++) {
    Case *c = suite->cases->pdata[i];
    if (strcmp(c->rule, rule) == 0)
      return c;
  }
  Case *c = g_new0(Case, 1);
  *c = (Case){.rule = rule, .findings = g_ptr_array_new()};
  g_ptr_array_add(suite->cases, c);
  return c;
}

static Ending
ending_of(const Case *c)
{
  Ending ending = c->findings->len > 0 ? SKIPPED : PASSED;
  for (guint i = 0; i < c->findings->len; i++) {
    const NzFinding *f = c->findings->pdata[i];
    if (f->excepted)
      continue;
    if (f->fails)
      return FAILED;
    if (f->undecided)
      ending = ERRORED;
    else if (ending == SKIPPED)
      ending = PASSED;
  }
  return ending;
}

/* Readers take two suites of one name for one, and the cases of the second for those of the first.
 * SEEN counts the names. */
static char *
make_label(const NzSubject *s, GHashTable *seen)
{
  g_autofree char *label = nz_ci_label(s);
  guint n = GPOINTER_TO_UINT(g_hash_table_lookup(seen, label)) + 1;
  g_hash_table_insert(seen, g_strdup(label), GUINT_TO_POINTER(n));
  return n > 1 ? g_strdup_printf("%s #%u", label, n) : g_steal_pointer(&label);
}

static Suite *
suite_new(const NzReport *report, const NzSubject *s, GHashTable *seen)
{
  Suite *self = g_new0(Suite, 1);
  self->subject = s;
  self->label = make_label(s, seen);
  self->cases = g_ptr_array_new_with_free_func(case_free);
  const NzCheck *check;
  for (guint i = 0; (check = nz_check_at(i)); i++)
    if (nz_check_asks(check, s->kind, report->profile))
      get_case(self, check->rule);
  for (guint i = 0; i < s->findings->len; i++) {
    NzFinding *f = s->findings->pdata[i];
    g_ptr_array_add(get_case(self, f->rule)->findings, f);
  }
  for (guint i = 0; i < self->cases->len; i++) {
    Case *c = self->cases->pdata[i];
    c->ending = ending_of(c);
    self->endings[c->ending]++;
  }
  return self;
}

/* --- cases -> XML --- */

/* "app/Dockerfile:7:6: " */
static void
put_place(FILE *out, const NzFinding *f)
{
  if (!f->place)
    return;
  g_autofree char *place = nz_place_text(f->place);
  nz_xml_put(out, place);
  fputs(": ", out);
}

static void
put_line(FILE *out, const NzFinding *f)
{
  g_autofree char *sentence = nz_ci_sentence(f);
  fprintf(out, "%s%s  ", f->excepted ? "excepted " : "", nz_level_name(f->level));
  put_place(out, f);
  nz_xml_put(out, sentence);
  if (f->has_mode)
    fprintf(out, "; mode %04o, owner %u:%u", f->mode, f->uid, f->gid);
  if (f->package) {
    fputs(", package ", out);
    nz_xml_put(out, f->package);
  }
  if (f->layer)
    fprintf(out, ", layer %u", f->layer->index);
  if (f->excepted) {
    g_autofree char *why = nz_ci_justification(f->excepted);
    fputs("; ", out);
    nz_xml_put(out, why);
  }
  fputc('\n', out);
}

/* All that the rule found, one a line, and what to do; remedies are few, and each is said once. */
static void
put_findings(FILE *out, const Case *c)
{
  const char *said = NULL;
  for (guint i = 0; i < c->findings->len; i++)
    put_line(out, c->findings->pdata[i]);
  for (guint i = 0; i < c->findings->len; i++) {
    const NzFinding *f = c->findings->pdata[i];
    if (!f->remedy || f->excepted || (said && strcmp(said, f->remedy) == 0))
      continue;
    said = f->remedy;
    fputs("to do: ", out);
    nz_xml_put(out, said);
    fputc('\n', out);
  }
}

/* The first that counts for the ending, and how many more there are. */
static char *
summary_of(const Case *c)
{
  const NzFinding *first = NULL;
  guint n = 0;
  for (guint i = 0; i < c->findings->len; i++) {
    const NzFinding *f = c->findings->pdata[i];
    if (f->excepted || (c->ending == FAILED ? !f->fails : !f->undecided))
      continue;
    if (n++ == 0)
      first = f;
  }
  if (!first) /* a case that did not pass has one */
    return g_strdup("");
  g_autofree char *what = nz_ci_sentence(first);
  g_autofree char *place = first->place ? nz_place_text(first->place) : NULL;
  g_autofree char *sentence =
      place ? g_strdup_printf("%s: %s", place, what) : g_steal_pointer(&what);
  return n > 1 ? g_strdup_printf("%s, and %u more", sentence, n - 1) : g_steal_pointer(&sentence);
}

static void
write_problem(FILE *out, const Case *c, const char *tag, const char *type)
{
  g_autofree char *summary = summary_of(c);
  fprintf(out, "      <%s", tag);
  nz_xml_put_attribute(out, "type", type);
  nz_xml_put_attribute(out, "message", summary);
  fputc('>', out);
  put_findings(out, c);
  fprintf(out, "</%s>\n", tag);
}

static void
write_skipped(FILE *out, const Case *c)
{
  fputs("      <skipped>", out);
  for (guint i = 0; i < c->findings->len; i++)
    put_line(out, c->findings->pdata[i]);
  fputs("</skipped>\n", out);
}

static void
write_case(FILE *out, const Case *c, const char *label)
{
  fputs("    <testcase", out);
  nz_xml_put_attribute(out, "name", c->rule);
  nz_xml_put_attribute(out, "classname", label);
  if (c->findings->len == 0) {
    fputs("/>\n", out);
    return;
  }
  fputs(">\n", out);
  if (c->ending == FAILED)
    write_problem(out, c, "failure", "fail");
  else if (c->ending == ERRORED)
    write_problem(out, c, "error", "unknown");
  else if (c->ending == SKIPPED)
    write_skipped(out, c);
  if (c->ending == PASSED || c->ending == SKIPPED) {
    fputs("      <system-out>", out);
    put_findings(out, c);
    fputs("</system-out>\n", out);
  }
  fputs("    </testcase>\n", out);
}

static void
put_time(FILE *out, gint64 started, gint64 finished)
{
  gint64 took = started > 0 && finished > started ? finished - started : 0;
  fprintf(out, " time=\"%" G_GINT64_FORMAT ".%06" G_GINT64_FORMAT "\"", took / G_USEC_PER_SEC,
          took % G_USEC_PER_SEC);
}

static void
write_property(FILE *out, const char *name, const char *value)
{
  if (!value)
    return;
  fputs("      <property", out);
  nz_xml_put_attribute(out, "name", name);
  nz_xml_put_attribute(out, "value", value);
  fputs("/>\n", out);
}

static void
write_properties(FILE *out, const NzSubject *s)
{
  fputs("    <properties>\n", out);
  write_property(out, "verdict", nz_verdict_name(s->verdict));
  write_property(out, "source", s->source);
  write_property(out, "platform", s->platform);
  write_property(out, "digest", s->digest);
  if (s->user) {
    write_property(out, "user", nz_user_state_name(s->user->state));
    write_property(out, "user.why", s->user->why);
  }
  fputs("    </properties>\n", out);
}

static void
write_suite(FILE *out, const Suite *suite, guint id)
{
  const NzSubject *s = suite->subject;
  fputs("  <testsuite", out);
  nz_xml_put_attribute(out, "name", suite->label);
  nz_xml_put_uint(out, "id", id);
  nz_xml_put_uint(out, "tests", suite->cases->len);
  nz_xml_put_uint(out, "failures", suite->endings[FAILED]);
  nz_xml_put_uint(out, "errors", suite->endings[ERRORED]);
  nz_xml_put_uint(out, "skipped", suite->endings[SKIPPED]);
  put_time(out, s->started, s->finished);
  if (s->started > 0) {
    g_autofree char *time = nz_ci_time(s->started);
    nz_xml_put_attribute(out, "timestamp", time);
  }
  fputs(">\n", out);
  write_properties(out, s);
  for (guint i = 0; i < suite->cases->len; i++)
    write_case(out, suite->cases->pdata[i], suite->label);
  if (s->notes->len > 0) {
    fputs("    <system-out>", out);
    for (guint i = 0; i < s->notes->len; i++) {
      nz_xml_put(out, s->notes->pdata[i]);
      fputc('\n', out);
    }
    fputs("</system-out>\n", out);
  }
  fputs("  </testsuite>\n", out);
}

static void
write_unjudged(FILE *out, const NzReportError *e, guint id)
{
  fputs("  <testsuite", out);
  nz_xml_put_attribute(out, "name", e->source);
  nz_xml_put_uint(out, "id", id);
  fputs(" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n    <testcase name=\"can be "
        "judged\"",
        out);
  nz_xml_put_attribute(out, "classname", e->source);
  fputs(">\n      <error type=\"not-judged\"", out);
  nz_xml_put_attribute(out, "message", e->message);
  fputc('>', out);
  nz_xml_put(out, e->message);
  fputs("</error>\n    </testcase>\n  </testsuite>\n", out);
}

static void
write_head(FILE *out, const NzReport *report, const GPtrArray *suites)
{
  guint tests = report->errors->len, failures = 0, errors = report->errors->len;
  for (guint i = 0; i < suites->len; i++) {
    const Suite *suite = suites->pdata[i];
    tests += suite->cases->len;
    failures += suite->endings[FAILED];
    errors += suite->endings[ERRORED];
  }
  fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"nonzero\"", out);
  nz_xml_put_uint(out, "tests", tests);
  nz_xml_put_uint(out, "failures", failures);
  nz_xml_put_uint(out, "errors", errors);
  put_time(out, report->started, report->finished);
  fputs(">\n", out);
}

static void
write_junit(const NzReport *report, const NzReportStyle *style G_GNUC_UNUSED, FILE *out)
{
  g_autoptr(GPtrArray) suites = g_ptr_array_new_with_free_func(suite_free);
  g_autoptr(GHashTable) seen = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < report->subjects->len; i++)
    g_ptr_array_add(suites, suite_new(report, report->subjects->pdata[i], seen));
  write_head(out, report, suites);
  for (guint i = 0; i < suites->len; i++)
    write_suite(out, suites->pdata[i], i);
  for (guint i = 0; i < report->errors->len; i++)
    write_unjudged(out, report->errors->pdata[i], suites->len + i);
  fputs("</testsuites>\n", out);
}

const NzReportFormat nz_format_junit = {"junit", "JUnit XML, for Jenkins, GitLab and others",
                                        write_junit};
