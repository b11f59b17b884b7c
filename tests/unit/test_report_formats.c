/* SPDX-License-Identifier: Apache-2.0 */
/* What the formats html and cnf make of exceptions and of a base image, on subjects made by hand.
 * The rest of them is tried on real scans in tests/cli. */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

static char reason[] = "ticket <PLAT> & \"more\"", owner[] = "team@example.com";
static char other_reason[] = "until the next base", other_owner[] = "ops", day[] = "2027-01-31";
static const NzExcepted forever = {reason, owner, NULL};
static const NzExcepted until = {other_reason, other_owner, day};

static NzSubject *
new_subject(void)
{
  NzSubject *s = nz_subject_new("image");
  s->name = g_strdup("example.com/app:1");
  s->source = g_strdup("app.tar");
  NzUserFile none = {0};
  s->user = nz_user_resolve("1000", &none, &none);
  for (guint i = 0; i < 3; i++) {
    NzLayerFact *layer = g_new0(NzLayerFact, 1);
    layer->index = i;
    g_ptr_array_add(s->layers, layer);
  }
  return s;
}

static NzFinding *
add_finding(NzSubject *s, const char *rule, NzLevel level, const char *path, NzOrigin origin)
{
  NzFinding *f = nz_finding_new(rule, level, "do this", "says this");
  f->path = g_strdup(path);
  f->layer = s->layers->pdata[origin == NZ_ORIGIN_OWN ? 2 : 0];
  f->origin = origin;
  g_ptr_array_add(s->findings, f);
  return f;
}

/* Takes SUBJECT. */
static char *
written(NzSubject *subject, const char *format)
{
  g_autoptr(NzReport) report = nz_report_new();
  nz_subject_conclude(subject);
  g_ptr_array_add(report->subjects, subject);
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  NzReportStyle style = {0};
  nz_report_format_find(format)->write(report, &style, out);
  fclose(out);
  return text;
}

/* The text of a cnf report's item. */
static char *
cnf_item(const char *text, const char *rule)
{
  g_autofree char *start = g_strdup_printf("  - name: \"%s\"\n", rule);
  const char *at = strstr(text, start);
  g_assert_nonnull(at);
  const char *next = strstr(at + strlen(start), "\n  - name: ");
  return g_strndup(at, next ? (gsize)(next - at) : strlen(at));
}

/* --- exceptions --- */

static void
test_a_rule_all_excepted_is_skipped(void)
{
  NzSubject *s = new_subject();
  add_finding(s, "setuid-root", NZ_LEVEL_FAIL, "/a", NZ_ORIGIN_UNKNOWN)->excepted = &forever;
  add_finding(s, "setuid-root", NZ_LEVEL_FAIL, "/b", NZ_ORIGIN_UNKNOWN)->excepted = &until;
  g_autofree char *text = written(s, "cnf");
  g_autofree char *item = cnf_item(text, "setuid-root");
  assert_holds(item, "status: \"skipped\"\n");
  assert_holds(item, "message: \"2 findings, excepted\"\n");
  assert_holds(item, "points: 0\n");
  assert_holds(item, "/a: ticket <PLAT> & \\\"more\\\" (team@example.com)\"");
  assert_holds(item, "/b: until the next base (ops, until 2027-01-31)\"");
  assert_holds(item, "impacted_resources: []");
  assert_holds(text, "  skipped: 1\n");
  assert_holds(text, "exit_code: 0\n");
}

static void
test_a_rule_partly_excepted_fails_by_the_rest(void)
{
  NzSubject *s = new_subject();
  add_finding(s, "setuid-root", NZ_LEVEL_FAIL, "/a", NZ_ORIGIN_UNKNOWN)->excepted = &forever;
  add_finding(s, "setuid-root", NZ_LEVEL_FAIL, "/b", NZ_ORIGIN_UNKNOWN);
  g_autofree char *text = written(s, "cnf");
  g_autofree char *item = cnf_item(text, "setuid-root");
  assert_holds(item, "status: \"failed\"\n");
  assert_holds(item, "name: \"/b\"\n");
  g_assert_null(strstr(item, "name: \"/a\"\n"));
}

static void
test_excepted_findings_stand_apart_with_who_answers(void)
{
  NzSubject *s = new_subject();
  add_finding(s, "setuid-root", NZ_LEVEL_FAIL, "/a", NZ_ORIGIN_UNKNOWN)->excepted = &forever;
  add_finding(s, "setuid-root", NZ_LEVEL_FAIL, "/b", NZ_ORIGIN_UNKNOWN)->excepted = &until;
  add_finding(s, "setuid-root", NZ_LEVEL_FAIL, "/c", NZ_ORIGIN_UNKNOWN);
  g_autofree char *page = written(s, "html");
  char *apart = strstr(page, "<table class=excepted");
  g_assert_nonnull(apart);
  assert_holds(apart,
               "<td>ticket &lt;PLAT&gt; &amp; &quot;more&quot;<td>team@example.com<td>never");
  assert_holds(apart, "<td>until the next base<td>ops<td>2027-01-31");
  assert_holds(page, "example.com/app:1 can become root: 1 finding fails it");
  *apart = '\0';
  assert_holds(page, "<td>/c");
  g_assert_null(strstr(page, "<td>/a"));
  g_assert_null(strstr(page, "    /a")); /* nor among the files of the Dockerfile line */
}

static void
test_a_pass_by_exception_says_so(void)
{
  NzSubject *s = new_subject();
  add_finding(s, "image-user", NZ_LEVEL_FAIL, NULL, NZ_ORIGIN_UNKNOWN)->excepted = &forever;
  g_autofree char *page = written(s, "html");
  assert_holds(page, "example.com/app:1 passes, because 1 finding is excepted</h1>");
  assert_holds(page, "Nothing was found that counts.");
}

/* --- base or own --- */

static const struct {
  guint base, own;
  const char *first; /* NULL: nothing is said */
  const char *number;
} origins[] = {
    {2, 1, "Fix the base image first", "<code>debian:12</code> brings 2 of 3 findings"},
    {1, 2, "Fix this image's own layers first", "Its own layers bring 2 of 3 findings"},
    {0, 1, "Fix this image's own layers first", "Its own layers bring 1 of 1 finding of"},
    {0, 0, NULL, NULL},
};

static void
test_it_says_which_to_fix_first(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(origins); i++) {
    NzSubject *s = new_subject();
    s->base = g_new0(NzBaseFact, 1);
    s->base->name = g_strdup("debian:12");
    s->base->n_layers = 2;
    for (guint n = 0; n < origins[i].base; n++)
      add_finding(s, "setuid-root", NZ_LEVEL_FAIL, "/a", NZ_ORIGIN_BASE);
    for (guint n = 0; n < origins[i].own; n++)
      add_finding(s, "setuid-root", NZ_LEVEL_FAIL, "/b", NZ_ORIGIN_OWN);
    g_autofree char *page = written(s, "html");
    assert_holds(page, "(the lowest 2 layers)");
    if (!origins[i].first) {
      g_assert_null(strstr(page, "class=origin"));
      continue;
    }
    const char *action = strstr(page, "class=origin");
    g_assert_nonnull(action);
    assert_holds(action, origins[i].first);
    assert_holds(action, origins[i].number);
  }
}

/* --- many --- */

static guint
count_of(const char *text, const char *what)
{
  guint n = 0;
  for (const char *p = text; (p = strstr(p, what)); p++)
    n++;
  return n;
}

/* The table is in bodies of which a browser lays out those in sight. */
static void
test_a_long_table_is_in_bodies(void)
{
  NzSubject *s = new_subject();
  for (guint i = 0; i < 1000; i++) {
    g_autofree char *path = g_strdup_printf("/f%u", i);
    add_finding(s, "setuid-root", NZ_LEVEL_FAIL, path, NZ_ORIGIN_UNKNOWN);
  }
  g_autofree char *page = written(s, "html");
  g_assert_cmpuint(count_of(page, "<tbody"), ==, 1000 / 50);
  g_assert_cmpuint(count_of(page, "<td>setuid-root<td>/f"), ==, 1000);
  assert_holds(page, "<summary>Dockerfile line for all 1000 files</summary>");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/report-formats/" name, func)
  ADD("a-rule-all-excepted-is-skipped", test_a_rule_all_excepted_is_skipped);
  ADD("a-rule-partly-excepted-fails-by-the-rest", test_a_rule_partly_excepted_fails_by_the_rest);
  ADD("excepted-findings-stand-apart", test_excepted_findings_stand_apart_with_who_answers);
  ADD("a-pass-by-exception-says-so", test_a_pass_by_exception_says_so);
  ADD("it-says-which-to-fix-first", test_it_says_which_to_fix_first);
  ADD("a-long-table-is-in-bodies", test_a_long_table_is_in_bodies);
  return g_test_run();
}
