/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of running containers, what a policy allows them, and how they are judged. */
#include "runtime/ledger.h"

#include <string.h>

#include "core/limits.h"
#include "report/report.h"
#include "support.h"

#define ID     "3f1b0d2c4e5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define PATH   "/docker/" ID
#define DIGEST "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static NzPolicy *
policy_of(const char *text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
  NzPolicy *policy = nz_policy_parse(bytes, "policy", &error);
  g_assert_no_error(error);
  NzDay today;
  g_assert_true(nz_day_parse("2026-06-01", &today));
  nz_policy_set_today(policy, today);
  return policy;
}

/* --- exceptions for processes --- */

#define WHO ", reason: r, owner: o}]"

static const struct {
  const char *keys; /* of the exception, beside the rule */
  NzSighting sighting;
  gboolean covered;
} sightings[] = {
    {"executable: /usr/sbin/cron", {.executable = "/usr/sbin/cron"}, TRUE},
    {"executable: /usr/sbin/cron", {.executable = "/usr/sbin/crond"}, FALSE},
    {"executable: '/usr/**'", {.executable = "/usr/sbin/cron"}, TRUE},
    {"executable: /usr/sbin/cron", {.container = "web"}, FALSE},
    {"path: /usr/sbin/cron", {.executable = "/usr/sbin/cron"}, TRUE},
    {"container: 'db-*'", {.container = "db-1"}, TRUE},
    {"container: 'db-*'", {.container = "web"}, FALSE},
    {"container: 'db-*'", {.executable = "/bin/sh"}, FALSE},
    {"image: 'quay.io/a/**'", {.image = "quay.io/a/b:1"}, TRUE},
    {"image: 'quay.io/a/**'", {.image = "quay.io/b/b:1"}, FALSE},
    {"image: 'quay.io/a/**'", {.container = "quay.io/a/b:1"}, FALSE},
    {"digest: '" DIGEST "'", {.digest = DIGEST}, TRUE},
    {"digest: '" DIGEST "'", {.image = "a"}, FALSE},
    {"namespace: kube-system", {.space = "kube-system"}, TRUE},
    {"namespace: kube-system", {.space = "default"}, FALSE},
    {"namespace: kube-system, executable: /bin/a",
     {.space = "kube-system", .executable = "/bin/a"},
     TRUE},
    {"namespace: kube-system, executable: /bin/a",
     {.space = "kube-system", .executable = "/bin/b"},
     FALSE},
    {"namespace: kube-system, executable: /bin/a", {.space = "kube-system"}, FALSE},
};

static void
an_exception_covers_what_it_names_alone(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(sightings); i++) {
    g_autofree char *text =
        g_strconcat("exceptions: [{rule: root-process, ", sightings[i].keys, WHO, NULL);
    g_autoptr(NzPolicy) policy = policy_of(text);
    NzSighting sighting = sightings[i].sighting;
    g_test_message("%s", text);
    sighting.rule = "root-process";
    g_assert_cmpint(nz_policy_match(policy, &sighting, NULL) != NULL, ==, sightings[i].covered);
    sighting.rule = "root-in-userns";
    g_assert_null(nz_policy_match(policy, &sighting, NULL));
  }
}

static void
an_exception_that_is_over_covers_nothing_and_is_named(void)
{
  g_autoptr(NzPolicy) policy =
      policy_of("exceptions: [{rule: root-process, container: web, expires: 2020-01-01" WHO);
  NzSighting sighting = {.rule = "root-process", .container = "web"};
  const NzException *expired;
  g_assert_null(nz_policy_match(policy, &sighting, &expired));
  g_assert_nonnull(expired);
  g_assert_cmpstr(expired->said.expires, ==, "2020-01-01");
  sighting.container = "db";
  g_assert_null(nz_policy_match(policy, &sighting, &expired));
  g_assert_null(expired);
}

static void
it_is_known_whether_an_executable_decides(void)
{
  g_autoptr(NzPolicy) by_name = policy_of("exceptions: [{rule: root-process, container: web" WHO);
  g_autoptr(NzPolicy) by_file =
      policy_of("exceptions: [{rule: root-process, container: web, executable: /bin/a" WHO);
  g_assert_false(nz_policy_asks_executable(by_name, "root-process"));
  g_assert_true(nz_policy_asks_executable(by_file, "root-process"));
  g_assert_false(nz_policy_asks_executable(by_file, "root-in-userns"));
}

/* --- verdicts --- */

static NzRunning *
add_container(NzLedger *ledger, guint64 key)
{
  NzContainerRef ref;
  g_assert_true(nz_cgroup_container(PATH, &ref));
  return nz_ledger_container(ledger, key, &ref);
}

static NzContainerFacts *
facts_of(const char *image_user, NzStartCause start)
{
  NzContainerFacts *facts = g_new0(NzContainerFacts, 1);
  g_assert_true(nz_cgroup_container(PATH, &facts->ref));
  facts->name = g_strdup("web");
  facts->image = g_strdup("quay.io/a/web:1");
  facts->image_id = g_strdup(DIGEST);
  facts->image_user = g_strdup(image_user);
  facts->start = start;
  return facts;
}

static const NzRootFact *
add_root(NzLedger *ledger, NzRunning *c, const char *executable, NzRootCause cause,
         gboolean on_host)
{
  NzRootFact fact = {.executable = (char *)executable,
                     .cause = cause,
                     .on_host = on_host,
                     .host_uid = on_host ? 0 : 100000,
                     .pid = 42,
                     .count = 1};
  return nz_ledger_root(ledger, c, &fact);
}

static const char *
rules_of(const NzSubject *subject)
{
  static char text[256];
  *text = '\0';
  for (guint i = 0; i < subject->findings->len; i++) {
    const NzFinding *f = subject->findings->pdata[i];
    g_strlcat(text, i > 0 ? " " : "", sizeof text);
    g_strlcat(text, f->excepted ? "!" : "", sizeof text);
    g_strlcat(text, f->rule, sizeof text);
  }
  return text;
}

typedef struct {
  const char *what;
  const char *policy; /* or NULL */
  const char *image_user;
  gboolean root, root_in_userns;
  guint64 lost, lost_anywhere;
  NzVerdict verdict;
  NzUserState state;
  const char *rules;
} Case;

static const Case cases[] = {
    {"nothing", NULL, "1000", FALSE, FALSE, 0, 0, NZ_VERDICT_PASS, NZ_USER_NON_ROOT, ""},
    {"root", NULL, "", TRUE, FALSE, 0, 0, NZ_VERDICT_FAIL, NZ_USER_ROOT, "root-process"},
    {"root, and the image says another", NULL, "1000", TRUE, FALSE, 0, 0, NZ_VERDICT_FAIL,
     NZ_USER_ROOT, "root-process runtime-drift"},
    {"root, and the image names another", NULL, "app", TRUE, FALSE, 0, 0, NZ_VERDICT_FAIL,
     NZ_USER_ROOT, "root-process runtime-drift"},
    {"root, and the image is not known", NULL, NULL, TRUE, FALSE, 0, 0, NZ_VERDICT_FAIL,
     NZ_USER_ROOT, "root-process"},
    {"root of a user namespace", NULL, "root", FALSE, TRUE, 0, 0, NZ_VERDICT_FAIL,
     NZ_USER_ROOT_IN_USERNS, "root-in-userns"},
    {"root of both", NULL, "0", TRUE, TRUE, 0, 0, NZ_VERDICT_FAIL, NZ_USER_ROOT,
     "root-in-userns root-process"},
    {"lost", NULL, "1000", FALSE, FALSE, 3, 0, NZ_VERDICT_UNKNOWN, NZ_USER_UNKNOWN, "events-lost"},
    {"lost of nobody knows whom", NULL, "1000", FALSE, FALSE, 0, 3, NZ_VERDICT_UNKNOWN,
     NZ_USER_UNKNOWN, "events-lost"},
    {"lost, and root", NULL, "0", TRUE, FALSE, 3, 0, NZ_VERDICT_FAIL, NZ_USER_ROOT,
     "root-process events-lost"},
    {"excepted", "exceptions: [{rule: root-process, image: 'quay.io/a/*'" WHO, "0", TRUE, FALSE, 0,
     0, NZ_VERDICT_PASS, NZ_USER_ROOT, "!root-process"},
    {"excepted by its program", "exceptions: [{rule: root-process, executable: /bin/web" WHO, "0",
     TRUE, FALSE, 0, 0, NZ_VERDICT_PASS, NZ_USER_ROOT, "!root-process"},
    {"another program is excepted", "exceptions: [{rule: root-process, executable: /bin/cron" WHO,
     "0", TRUE, FALSE, 0, 0, NZ_VERDICT_FAIL, NZ_USER_ROOT, "root-process"},
    {"excepted until then",
     "exceptions: [{rule: root-process, container: web, expires: 2020-01-01" WHO, "0", TRUE, FALSE,
     0, 0, NZ_VERDICT_FAIL, NZ_USER_ROOT, "root-process expired-exception"},
    {"an image's name is not a container's", "exceptions: [{rule: root-process, image: web" WHO,
     "0", TRUE, FALSE, 0, 0, NZ_VERDICT_FAIL, NZ_USER_ROOT, "root-process"},
    {"off", "rules: {root-process: off}", "0", TRUE, FALSE, 0, 0, NZ_VERDICT_PASS, NZ_USER_ROOT,
     ""},
    {"user namespaces are the decision", "rules: {root-in-userns: warn}", "0", FALSE, TRUE, 0, 0,
     NZ_VERDICT_PASS, NZ_USER_ROOT_IN_USERNS, "root-in-userns"},
};

static void
a_container_is_judged(gconstpointer data)
{
  const Case *c = data;
  g_autoptr(NzPolicy) policy = c->policy ? policy_of(c->policy) : NULL;
  g_autoptr(NzLedger) ledger = nz_ledger_new(policy);
  NzRunning *running = add_container(ledger, 1);
  nz_ledger_describe(ledger, running, facts_of(c->image_user, NZ_START_UNKNOWN));
  if (c->root)
    add_root(ledger, running, "/bin/web", NZ_ROOT_STARTED, TRUE);
  if (c->root_in_userns)
    add_root(ledger, running, "/bin/web", NZ_ROOT_STARTED, FALSE);
  nz_ledger_count(ledger, running, 10, c->lost);
  if (c->lost_anywhere)
    nz_ledger_lost_anywhere(ledger, c->lost_anywhere, "no room");
  g_autoptr(NzSubject) subject = nz_ledger_subject(ledger, running);
  g_assert_cmpint(subject->verdict, ==, c->verdict);
  g_assert_cmpint(subject->user->state, ==, c->state);
  g_assert_cmpstr(rules_of(subject), ==, c->rules);
  g_assert_cmpstr(subject->kind, ==, "container");
  g_assert_cmpstr(subject->name, ==, "web");
  g_assert_cmpstr(subject->source, ==, "docker:" ID);
  g_assert_cmpint(nz_ledger_judge(ledger), ==, c->verdict);
  g_assert_cmpuint(nz_ledger_totals(ledger)->verdicts[c->verdict], ==, 1);
}

static void
a_step_of_a_build_may_be_root(void)
{
  static const char *const paths[] = {"/docker/buildkit/rl2dmkqg4tbl6sn0fwnscjvg9",
                                      "/buildah-buildah1532737740"};
  for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
    g_autoptr(NzLedger) ledger = nz_ledger_new(NULL);
    NzContainerRef ref;
    g_assert_true(nz_cgroup_container(paths[i], &ref));
    NzRunning *c = nz_ledger_container(ledger, 1, &ref);
    add_root(ledger, c, "/usr/bin/apt-get", NZ_ROOT_STARTED, TRUE);
    g_autoptr(NzSubject) subject = nz_ledger_subject(ledger, c);
    g_assert_cmpint(subject->verdict, ==, NZ_VERDICT_PASS);
    g_assert_cmpint(subject->user->state, ==, NZ_USER_ROOT);
    g_assert_cmpstr(rules_of(subject), ==, "root-process");
  }
}

/* --- what is kept --- */

static void
processes_of_one_kind_are_counted_together(void)
{
  g_autoptr(NzLedger) ledger = nz_ledger_new(NULL);
  NzRunning *c = add_container(ledger, 1);
  for (guint i = 0; i < 1000; i++)
    g_assert_nonnull(add_root(ledger, c, "/bin/a", NZ_ROOT_INHERITED, TRUE));
  const NzRootFact *other = add_root(ledger, c, "/bin/a", NZ_ROOT_SETUID_BINARY, TRUE);
  g_assert_cmpuint(other->count, ==, 1);
  g_assert_cmpuint(c->roots->len, ==, 2);
  g_assert_cmpuint(((const NzRootFact *)c->roots->pdata[0])->count, ==, 1000);
  g_assert_cmpuint(nz_ledger_totals(ledger)->roots, ==, 1001);
  g_assert_cmpuint(nz_ledger_totals(ledger)->causes[NZ_ROOT_INHERITED], ==, 1000);
}

static void
kinds_beyond_the_bound_are_counted_and_said(void)
{
  g_autoptr(NzLedger) ledger = nz_ledger_new(NULL);
  NzRunning *c = add_container(ledger, 1);
  for (guint i = 0; i < NZ_ROOT_KINDS_MAX + 10; i++) {
    g_autofree char *name = g_strdup_printf("/bin/%u", i);
    g_assert_cmpint(add_root(ledger, c, name, NZ_ROOT_INHERITED, TRUE) != NULL, ==,
                    i < NZ_ROOT_KINDS_MAX);
  }
  g_assert_cmpuint(c->n_roots, ==, NZ_ROOT_KINDS_MAX + 10);
  g_autoptr(NzSubject) subject = nz_ledger_subject(ledger, c);
  g_assert_cmpuint(subject->findings->len, ==, NZ_ROOT_KINDS_MAX);
  gboolean said = FALSE;
  for (guint i = 0; i < subject->notes->len; i++)
    said |= strstr(subject->notes->pdata[i], "10 root processes of more kinds") != NULL;
  g_assert_true(said);
}

static void
what_started_it_is_known_once_it_is_described(void)
{
  static const struct {
    NzStartCause start;
    NzRootCause cause;
  } starts[] = {{NZ_START_IMAGE, NZ_ROOT_IMAGE_DEFAULT},
                {NZ_START_RUNTIME, NZ_ROOT_RUNTIME_USER},
                {NZ_START_UNKNOWN, NZ_ROOT_STARTED}};
  for (gsize i = 0; i < G_N_ELEMENTS(starts); i++) {
    g_autoptr(NzLedger) ledger = nz_ledger_new(NULL);
    NzRunning *c = add_container(ledger, 1);
    const NzRootFact *before = add_root(ledger, c, "/bin/a", NZ_ROOT_STARTED, TRUE);
    nz_ledger_describe(ledger, c, facts_of("", starts[i].start));
    g_assert_cmpint(before->cause, ==, starts[i].cause);
    g_assert_true(add_root(ledger, c, "/bin/a", NZ_ROOT_STARTED, TRUE) == before);
    g_assert_cmpuint(nz_ledger_totals(ledger)->causes[starts[i].cause], ==, 2);
  }
}

static void
ended_containers_are_bounded_and_what_failed_is_not_forgotten(void)
{
  g_autoptr(NzLedger) ledger = nz_ledger_new(NULL);
  guint n = NZ_ENDED_MAX * 3;
  for (guint i = 0; i < n; i++) {
    NzRunning *c = add_container(ledger, i + 1);
    if (i == 0)
      add_root(ledger, c, "/bin/a", NZ_ROOT_SET_ID, TRUE);
    nz_ledger_ended(ledger, c, 1);
  }
  g_assert_cmpuint(nz_ledger_all(ledger)->len, <=, NZ_ENDED_MAX);
  g_assert_nonnull(nz_ledger_find(ledger, 1));
  g_assert_null(nz_ledger_find(ledger, 2));
  g_assert_nonnull(nz_ledger_find(ledger, n));
  g_assert_cmpint(nz_ledger_judge(ledger), ==, NZ_VERDICT_FAIL);
  const NzLedgerTotals *totals = nz_ledger_totals(ledger);
  g_assert_cmpuint(totals->containers, ==, n);
  g_assert_cmpuint(totals->running, ==, 0);
  g_assert_cmpuint(nz_ledger_all(ledger)->len + totals->dropped[NZ_VERDICT_PASS], ==, n);
}

/* Each once, the oldest first, with its verdict. */
static void
take_leaving(const NzRunning *container, const NzSubject *subject, gpointer data)
{
  guint64 *n = data;
  g_assert_cmpuint(container->key, ==, ++*n);
  g_assert_cmpint(subject->verdict, ==, NZ_VERDICT_FAIL);
}

static void
failures_that_found_no_room_still_fail_the_whole(void)
{
  g_autoptr(NzLedger) ledger = nz_ledger_new(NULL);
  guint64 left = 0;
  nz_ledger_on_leaving(ledger, take_leaving, &left);
  for (guint i = 0; i < NZ_ENDED_MAX + 1; i++) {
    NzRunning *c = add_container(ledger, i + 1);
    add_root(ledger, c, "/bin/a", NZ_ROOT_SET_ID, TRUE);
    nz_ledger_ended(ledger, c, 1);
  }
  g_assert_cmpuint(nz_ledger_totals(ledger)->dropped[NZ_VERDICT_FAIL], ==, NZ_ENDED_MAX / 4);
  g_assert_cmpuint(left, ==, NZ_ENDED_MAX / 4);
  NzRunning *clean = add_container(ledger, G_MAXUINT64);
  nz_ledger_describe(ledger, clean, facts_of("1000", NZ_START_NOT_ROOT));
  g_assert_cmpint(nz_ledger_judge(ledger), ==, NZ_VERDICT_FAIL);
}

static void
another_policy_judges_anew(void)
{
  g_autoptr(NzLedger) ledger = nz_ledger_new(NULL);
  add_root(ledger, add_container(ledger, 1), "/bin/a", NZ_ROOT_SET_ID, TRUE);
  g_assert_cmpint(nz_ledger_judge(ledger), ==, NZ_VERDICT_FAIL);
  g_autoptr(NzPolicy) policy =
      policy_of("exceptions: [{rule: root-process, executable: /bin/a" WHO);
  nz_ledger_set_policy(ledger, policy);
  g_assert_cmpint(nz_ledger_judge(ledger), ==, NZ_VERDICT_PASS);
}

/* --- reports --- */

static char *
report_as(const NzReport *report, const NzReportFormat *format)
{
  NzReportStyle style = {0};
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  format->write(report, &style, out);
  fclose(out);
  return text;
}

static NzReport *
some_report(const NzLedger *ledger)
{
  NzReport *report = nz_report_new();
  report->profile = "cbpp-0002";
  nz_ledger_report(ledger, report->subjects);
  return report;
}

static void
every_format_reports_what_runs(void)
{
  g_autoptr(NzLedger) ledger = nz_ledger_new(NULL);
  NzRunning *c = add_container(ledger, 1);
  nz_ledger_describe(ledger, c, facts_of("1000", NZ_START_RUNTIME));
  add_root(ledger, c, "/bin/shell", NZ_ROOT_STARTED, TRUE);
  g_autoptr(NzReport) report = some_report(ledger);
  const NzReportFormat *format;
  for (guint i = 0; (format = nz_report_format_at(i)); i++) {
    g_autofree char *text = report_as(report, format);
    g_test_message("%s: %s", format->name, text);
    assert_holds(text, "web");
    if (format != &nz_format_summary)
      assert_holds(text, "root-process");
  }
}

static void
the_json_report_says_who_what_and_since_when(void)
{
  static const char *const parts[] = {
      "\"kind\": \"container\"",
      "\"verdict\": \"fail\"",
      "\"state\": \"root\"",
      "\"declared\": \"1000\"",
      "\"name\": \"quay.io/a/web:1\"",
      "\"engine\": \"docker\"",
      "\"id\": \"" ID "\"",
      "\"cause\": \"runtime-user\"",
      "\"terminal\": \"pts0\"",
      "\"arguments\": \"sh -c true\"",
      "\"pid\": 42",
      "\"host_uid\": 0",
      "\"first_seen\": \"2026-06-01T00:00:00Z\"",
      "\"path\": \"/bin/sh\"",
  };
  g_autoptr(NzLedger) ledger = nz_ledger_new(NULL);
  NzRunning *c = add_container(ledger, 1);
  NzRootFact fact = {.executable = (char *)"/bin/sh",
                     .arguments = (char *)"sh -c true",
                     .terminal = (char *)"pts0",
                     .cause = NZ_ROOT_STARTED,
                     .on_host = TRUE,
                     .pid = 42,
                     .count = 1,
                     .first = G_GINT64_CONSTANT(1780272000000000)};
  nz_ledger_describe(ledger, c, facts_of("1000", NZ_START_RUNTIME));
  nz_ledger_root(ledger, c, &fact);
  g_autoptr(NzReport) report = some_report(ledger);
  g_autofree char *text = report_as(report, &nz_format_json);
  for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
    assert_holds(text, parts[i]);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/ledger/exceptions", an_exception_covers_what_it_names_alone);
  g_test_add_func("/ledger/expired", an_exception_that_is_over_covers_nothing_and_is_named);
  g_test_add_func("/ledger/asks-executable", it_is_known_whether_an_executable_decides);
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *path = g_strdup_printf("/ledger/judged/%s", cases[i].what);
    g_test_add_data_func(path, &cases[i], a_container_is_judged);
  }
  g_test_add_func("/ledger/builds", a_step_of_a_build_may_be_root);
  g_test_add_func("/ledger/kinds", processes_of_one_kind_are_counted_together);
  g_test_add_func("/ledger/many-kinds", kinds_beyond_the_bound_are_counted_and_said);
  g_test_add_func("/ledger/started", what_started_it_is_known_once_it_is_described);
  g_test_add_func("/ledger/ended", ended_containers_are_bounded_and_what_failed_is_not_forgotten);
  g_test_add_func("/ledger/dropped", failures_that_found_no_room_still_fail_the_whole);
  g_test_add_func("/ledger/reload", another_policy_judges_anew);
  g_test_add_func("/ledger/formats", every_format_reports_what_runs);
  g_test_add_func("/ledger/json", the_json_report_says_who_what_and_since_when);
  return g_test_run();
}
