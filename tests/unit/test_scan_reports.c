/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of scans as a watch reads them, hostile ones among them, and what runs held to them. */
#include "runtime/scan_reports.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/limits.h"
#include "runtime/ledger.h"
#include "runtime/proc.h"
#include "support.h"

#define PATH   "/docker/3f1b0d2c4e5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define ID     "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OTHER  "sha256:0000000000000000000000000000000000000000000000000000000000000000"

/* --- the reader --- */

#define SUBJECT(id, verdict, state, findings)                                                      \
  "{\"kind\":\"image\",\"name\":\"a\",\"digest\":\"" DIGEST "\",\"image_id\":\"" id                \
  "\",\"verdict\":\"" verdict "\",\"user\":{\"state\":\"" state                                    \
  "\",\"declared\":\"1000\"},\"findings\":[" findings "]}"
#define REPORT(subjects)                                                                           \
  "{\"schema\":\"nonzero/report/v1\",\"profile\":\"cbpp-0002\",\"subjects\":[" subjects "]}"
#define FINDING(rule, path)                                                                        \
  "{\"rule\":\"" rule "\",\"level\":\"fail\",\"path\":\"" path                                     \
  "\",\"layer\":{\"index\":3,\"digest\":\"" DIGEST                                                 \
  "\",\"created_by\":\"RUN apt\"},\"package\":\"login\",\"origin\":\"base\"}"
#define SU    FINDING("setuid-root", "/usr/bin/su")
#define PING  FINDING("file-capabilities", "/usr/bin/ping")
#define WHOLE REPORT(SUBJECT(ID, "fail", "non-root", SU "," PING))

static NzScanReports *
read_text(const char *text, GError **error)
{
  g_autoptr(NzScanReports) self = nz_scan_reports_new();
  gsize len = strlen(text);
  g_autofree char *exact = g_memdup2(text, MAX(len, 1)); /* no NUL behind it */
  return nz_scan_reports_add(self, "r.json", exact, len, error) ? g_steal_pointer(&self) : NULL;
}

static NzScanReports *
reports_of(const char *text)
{
  g_autoptr(GError) error = NULL;
  NzScanReports *self = read_text(text, &error);
  g_assert_no_error(error);
  return self;
}

static void
an_image_and_its_files_are_read(void)
{
  g_autoptr(NzScanReports) reports = reports_of(WHOLE);
  NzContainerFacts facts = {.image_id = (char *)ID};
  const NzScannedImage *image = nz_scan_reports_find(reports, &facts);
  g_assert_nonnull(image);
  g_assert_cmpint(image->verdict, ==, NZ_VERDICT_FAIL);
  g_assert_cmpint(image->state, ==, NZ_USER_NON_ROOT);
  g_assert_cmpstr(image->declared, ==, "1000");
  g_assert_cmpstr(image->report, ==, "r.json");
  const NzScannedFile *file = nz_scanned_image_find(image, NZ_SCANNED_SETUID, "/usr/bin/su");
  g_assert_nonnull(file);
  g_assert_true(file->has_layer);
  g_assert_cmpuint(file->layer.index, ==, 3);
  g_assert_cmpstr(file->layer.digest, ==, DIGEST);
  g_assert_cmpstr(file->layer.created_by, ==, "RUN apt");
  g_assert_cmpstr(file->package, ==, "login");
  g_assert_cmpint(file->origin, ==, NZ_ORIGIN_BASE);
  g_assert_null(nz_scanned_image_find(image, NZ_SCANNED_CAPABLE, "/usr/bin/su"));
  g_assert_nonnull(nz_scanned_image_find(image, NZ_SCANNED_CAPABLE, "/usr/bin/ping"));
}

static const struct {
  const char *image, *id;
  gboolean found;
} images[] = {
    {NULL, ID, TRUE},
    {NULL, DIGEST, TRUE}, /* as Docker with containerd's image store calls it */
    {"quay.io/a/web@" DIGEST, NULL, TRUE},
    {"quay.io/a/web:1@" DIGEST, OTHER, TRUE},
    {"quay.io/a/web@" OTHER, NULL, FALSE},
    {"quay.io/a/web:1", OTHER, FALSE},
    {"a", NULL, FALSE}, /* a name is nobody's proof */
    {NULL, NULL, FALSE},
};

static void
images_are_found_by_id_and_digest_alone(void)
{
  g_autoptr(NzScanReports) reports = reports_of(WHOLE);
  for (gsize i = 0; i < G_N_ELEMENTS(images); i++) {
    NzContainerFacts facts = {.image = (char *)images[i].image, .image_id = (char *)images[i].id};
    g_test_message("%s %s", images[i].image, images[i].id);
    g_assert_cmpint(nz_scan_reports_find(reports, &facts) != NULL, ==, images[i].found);
  }
}

static void
the_last_report_of_an_image_counts(void)
{
  static const char newer[] = REPORT(SUBJECT(ID, "pass", "root", ""));
  g_autoptr(GError) error = NULL;
  g_autoptr(NzScanReports) reports = reports_of(WHOLE);
  NzContainerFacts facts = {.image_id = (char *)ID};
  g_assert_true(nz_scan_reports_add(reports, "newer.json", newer, strlen(newer), &error));
  g_assert_cmpstr(nz_scan_reports_find(reports, &facts)->report, ==, "newer.json");
}

/* Whether all files that make root are named: {setuid, capabilities}. */
static const struct {
  const char *what, *text;
  gboolean complete[NZ_SCANNED_KINDS];
} completes[] = {
    {"all was looked at", WHOLE, {TRUE, TRUE}},
    {"the user alone was asked",
     "{\"subjects\":[" SUBJECT(ID, "pass", "non-root", "") "],\"profile\":\"user-only\",\"schema\":"
                                                           "\"nonzero/report/v1\"}",
     {FALSE, FALSE}},
    {"layers that unpack in two ways",
     REPORT(SUBJECT(ID, "unknown", "non-root",
                    "{\"rule\":\"ambiguous-layer\",\"level\":\"warn\",\"undecided\":true}")),
     {FALSE, FALSE}},
    {"a rule was off",
     REPORT("{\"kind\":\"image\",\"image_id\":\"" ID "\",\"verdict\":\"pass\",\"findings\":[],"
            "\"left_out\":[{\"rule\":\"setuid-root\",\"findings\":2}]}"),
     {FALSE, TRUE}},
    {"a rule that matters not was off",
     REPORT("{\"kind\":\"image\",\"image_id\":\"" ID "\",\"verdict\":\"pass\",\"findings\":[],"
            "\"left_out\":[{\"rule\":\"low-port\",\"findings\":2}]}"),
     {TRUE, TRUE}},
};

static void
what_a_scan_did_not_look_at_is_not_said_to_be_missing(void)
{
  NzContainerFacts facts = {.image_id = (char *)ID};
  for (gsize i = 0; i < G_N_ELEMENTS(completes); i++) {
    g_autoptr(NzScanReports) reports = reports_of(completes[i].text);
    const NzScannedImage *image = nz_scan_reports_find(reports, &facts);
    g_test_message("%s", completes[i].what);
    for (guint kind = 0; kind < NZ_SCANNED_KINDS; kind++)
      g_assert_cmpint(image->complete[kind], ==, completes[i].complete[kind]);
  }
}

static const struct {
  const char *text, *message;
} refused[] = {
    {"", "no report of `nonzero scan --format json`"},
    {"[]", "no report of"},
    {"null", "no report of"},
    {"{}", "no report of"},
    {"<html>", "no report of"},
    {"{\"name\": \"package.json\"}", "no report of"},
    {"{\"event\": \"subject\"}\n{\"event\": \"summary\"}", "no report of"},
    {"{\"schema\":\"nonzero/diff/v1\"}", "it is of nonzero/diff/v1"},
    {"{\"schema\":5}", "no report of"},
    {"{\"schema\":\"nonzero/report/v1\",", "it ends before its end"},
    {"{\"schema\":\"nonzero/report/v1\"} {}", "behind the report's end"},
    {"{\"schema\":\"nonzero/report/v1\",\n\"subjects\":{}}", "line 2: no JSON, or not what"},
    {REPORT("5"), "not what nonzero/report/v1 has there"},
    {REPORT("null"), "not what"},
    {REPORT("{}"), "a subject without its kind, verdict or findings"},
    {REPORT("{\"kind\":\"image\",\"verdict\":\"pass\"}"), "a subject without"},
    {REPORT("{\"kind\":\"dockerfile\",\"verdict\":\"pass\",\"findings\":[]}"), "it is of no image"},
    {REPORT(SUBJECT(ID, "good", "root", "")), "good is no word that is known"},
    {REPORT(SUBJECT(ID, "pass", "toor", "")), "toor is no word that is known"},
    {REPORT(SUBJECT("sha256:12", "pass", "root", "")), "sha256:12 is no digest"},
    {REPORT(SUBJECT(ID, "pass", "root", "{\"level\":\"fail\"}")), "a finding without a rule"},
    {REPORT(SUBJECT(ID, "pass", "root", "{\"rule\":\"a\",\"rule\":\"b\"}")), "two keys \"rule\""},
    {REPORT(SUBJECT(ID, "pass", "root", "{\"rule\":\"a\",\"layer\":{\"index\":-1}}")), "number -1"},
    {REPORT(SUBJECT(ID, "pass", "root", "{\"rule\":\"a\",\"layer\":{\"index\":1e3}}")), "not what"},
    {REPORT(SUBJECT(ID, "pass", "root", "{\"rule\":\"a\",\"path\":\"\\q\"}")), "not what"},
    {REPORT(SUBJECT(ID, "\\u001b[31m", "root", "")), "\\x1b[31m is no word"},
};

static void
what_is_no_report_is_refused(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
    g_autoptr(GError) error = NULL;
    g_test_message("%s", refused[i].text);
    g_assert_null(read_text(refused[i].text, &error));
    assert_error_says(&error, NZ_ERROR_INPUT, refused[i].message);
  }
}

static void
every_cut_is_refused(void)
{
  for (gsize n = 0; n < strlen(WHOLE); n++) {
    g_autofree char *cut = g_strndup(WHOLE, n);
    g_autoptr(GError) error = NULL;
    g_assert_null(read_text(cut, &error));
    g_assert_nonnull(error);
  }
}

static void
what_is_deep_large_or_much_is_bounded(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *deep = g_strnfill(1000000, '[');
  g_autofree char *in_it = g_strconcat("{\"x\":", deep, NULL);
  g_assert_null(read_text(in_it, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "no report of");

  g_autofree char *text = g_strnfill(NZ_SCAN_REPORT_TEXT_MAX + 1, 'a');
  g_autofree char *large =
      g_strconcat("{\"schema\":\"nonzero/report/v1\",\"profile\":\"", text, NULL);
  g_autofree char *whole = g_strconcat(large, "\"}", NULL);
  g_assert_null(read_text(whole, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "a text of more than 32 KiB");

  g_autoptr(GString) many = g_string_new(NULL);
  for (guint i = 0; i <= NZ_SCAN_REPORTS_KEPT_MAX; i++)
    g_string_append_printf(many, "%s{\"rule\":\"setuid-root\",\"path\":\"/%u\"}", i ? "," : "", i);
  g_autofree char *report =
      g_strconcat("{\"schema\":\"nonzero/report/v1\",\"subjects\":[{\"kind\":\"image\",\"verdict\":"
                  "\"fail\",\"findings\":[",
                  many->str, "]}]}", NULL);
  g_assert_null(read_text(report, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "files that make root");
}

/* --- files --- */

static NzScanReports *
load(const char *path, GError **error)
{
  const char *const files[] = {path, NULL};
  return nz_scan_reports_load(files, error);
}

static void
what_is_no_file_is_said_and_waits_for_nobody(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp("nonzero-XXXXXX", NULL);
  g_autofree char *fifo = g_build_filename(dir, "fifo", NULL);
  g_autofree char *large = g_build_filename(dir, "large", NULL);
  g_assert_null(load("/nonexistent/r.json", &error));
  assert_error_says(&error, NZ_ERROR_IO, "the scan report /nonexistent/r.json: cannot open it");
  g_assert_null(load(dir, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "no regular file");
  g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
  g_assert_null(load(fifo, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "no regular file");
  g_assert_true(g_file_set_contents(large, WHOLE, -1, NULL));
  g_assert_cmpint(truncate(large, (off_t)NZ_SCAN_REPORTS_BYTES_MAX + 1), ==, 0);
  g_assert_null(load(large, &error));
  assert_error_says(&error, NZ_ERROR_LIMIT, "more than 32 MiB");
  g_remove(large);
  g_remove(fifo);
  g_rmdir(dir);
}

/* --- what runs, held to it --- */

#define PASSED REPORT(SUBJECT(ID, "pass", "non-root", ""))
#define ROOT   REPORT(SUBJECT(ID, "fail", "root", ""))

typedef struct {
  const char *what, *report, *image_id, *image_user;
  NzRootFact root; /* without an executable: none runs */
  const char *rules, *said, *note;
  gboolean has_layer;
} Drift;

#define SETUID(asked, sure)                                                                        \
  {                                                                                                \
    .executable = (char *)(asked), .file = (char *)(sure), .cause = NZ_ROOT_SETUID_BINARY,         \
    .on_host = TRUE, .count = 1                                                                    \
  }
#define BY_USER                                                                                    \
  {                                                                                                \
    .executable = (char *)"/app", .cause = NZ_ROOT_RUNTIME_USER, .on_host = TRUE, .count = 1       \
  }
#define NO_IMAGE "no scan report given names its image"

static const Drift drifts[] = {
    {"passed, and root runs", PASSED, ID, NULL, BY_USER, "root-process runtime-drift",
     "the scan in r.json passed this image as user 1000, and root runs in the container: /app "
     "(runtime-user)",
     NULL, FALSE},
    {"the image says so, too: one finding", PASSED, ID, "1000", BY_USER,
     "root-process runtime-drift",
     "the image says USER 1000, the scan in r.json passed this image as user 1000, and root runs",
     NULL, FALSE},
    {"failed, but not as root", WHOLE, ID, NULL, BY_USER, "root-process runtime-drift",
     "the scan in r.json says that this image starts as user 1000, and root runs", NULL, FALSE},
    {"root, as the scan says", ROOT, ID, "", BY_USER, "root-process", NULL, NULL, FALSE},
    {"another user than the scan says",
     ROOT,
     ID,
     "",
     {0},
     "",
     NULL,
     "the scan in r.json says that its image starts as root; it is run as another user",
     FALSE},
    {"all is well", PASSED, ID, "1000", {0}, "", NULL, NULL, FALSE},
    {"another image", PASSED, OTHER, "1000", {0}, "", NULL, NO_IMAGE, FALSE},
    {"another image, and root", PASSED, OTHER, "1000", BY_USER, "root-process runtime-drift",
     "the image says USER 1000, and root runs", NO_IMAGE, FALSE},
    {"a file of the image", WHOLE, ID, NULL, SETUID("/usr/bin/su", "/usr/bin/su"),
     "root-process runtime-drift",
     "; the image has /usr/bin/su, of layer 3, of its base image, of the package login (r.json)",
     NULL, TRUE},
    {"a file of the image by a link", WHOLE, ID, NULL, SETUID("/bin/su", "/usr/bin/su"),
     "root-process runtime-drift", "; the image has /usr/bin/su, of layer 3", NULL, TRUE},
    {"a file of the image, and the process is gone", WHOLE, ID, NULL, SETUID("/usr/bin/su", NULL),
     "root-process runtime-drift", "; the image has /usr/bin/su, of layer 3", NULL, TRUE},
    {"a file that came later", WHOLE, ID, NULL, SETUID("/vol/su", "/vol/su"),
     "root-process runtime-drift runtime-drift",
     "by the scan in r.json the image has no setuid file of this name: it came later", NULL, FALSE},
    {"a file that may be a link", WHOLE, ID, NULL, SETUID("/vol/su", NULL),
     "root-process runtime-drift", NULL, NULL, FALSE},
    {"by capabilities that came later",
     WHOLE,
     ID,
     NULL,
     {.executable = (char *)"/usr/bin/su",
      .file = (char *)"/usr/bin/su",
      .cause = NZ_ROOT_FILE_CAPABILITIES,
      .on_host = TRUE,
      .count = 1},
     "root-process runtime-drift runtime-drift",
     "has no file with capabilities of this name",
     NULL,
     FALSE},
    {"inherited: no file did it",
     WHOLE,
     ID,
     NULL,
     {.executable = (char *)"/vol/su",
      .file = (char *)"/vol/su",
      .cause = NZ_ROOT_INHERITED,
      .on_host = TRUE,
      .count = 1},
     "root-process runtime-drift",
     NULL,
     NULL,
     FALSE},
    {"of a container in it",
     WHOLE,
     ID,
     NULL,
     {.executable = (char *)"/usr/bin/su",
      .file = (char *)"/usr/bin/su",
      .cause = NZ_ROOT_SETUID_BINARY,
      .on_host = TRUE,
      .nested = TRUE,
      .count = 1},
     "root-process runtime-drift",
     NULL,
     NULL,
     FALSE},
    {"a scan of the user alone knows no files",
     "{\"schema\":\"nonzero/report/v1\",\"profile\":\"user-only\",\"subjects\":[" SUBJECT(
         ID, "fail", "root", "") "]}",
     ID, NULL, SETUID("/vol/su", "/vol/su"), "root-process", NULL, NULL, FALSE},
};

static gboolean
holds(const NzSubject *subject, const char *said)
{
  for (guint i = 0; i < subject->findings->len; i++)
    if (strstr(((const NzFinding *)subject->findings->pdata[i])->message, said))
      return TRUE;
  return FALSE;
}

static NzContainerFacts *
facts_of(const Drift *d)
{
  NzContainerFacts *facts = g_new0(NzContainerFacts, 1);
  g_assert_true(nz_cgroup_container(PATH, &facts->ref));
  facts->image = g_strdup("quay.io/a/web:1");
  facts->image_id = g_strdup(d->image_id);
  facts->image_user = g_strdup(d->image_user);
  return facts;
}

static void
assert_rules(const NzSubject *subject, const char *rules)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < subject->findings->len; i++)
    g_string_append_printf(text, "%s%s", i ? " " : "",
                           ((const NzFinding *)subject->findings->pdata[i])->rule);
  g_assert_cmpstr(text->str, ==, rules);
}

static void
what_runs_is_held_to_the_scan(gconstpointer data)
{
  const Drift *d = data;
  g_autoptr(NzLedger) ledger = nz_ledger_new(NULL);
  g_autoptr(NzScanReports) reports = reports_of(d->report);
  NzContainerRef ref;
  g_assert_true(nz_cgroup_container(PATH, &ref));
  NzRunning *running = nz_ledger_container(ledger, 1, &ref);
  nz_ledger_set_scans(ledger, reports);
  nz_ledger_describe(ledger, running, facts_of(d));
  if (d->root.executable)
    nz_ledger_root(ledger, running, &d->root);
  g_autoptr(NzSubject) subject = nz_ledger_subject(ledger, running);
  assert_rules(subject, d->rules);
  g_assert_true(!d->said || holds(subject, d->said));
  g_assert_cmpuint(subject->notes->len, ==, d->note ? 1 : 0);
  if (d->note)
    g_assert_cmpstr(subject->notes->pdata[0], ==, d->note);
  if (d->root.executable) {
    const NzFinding *first = subject->findings->pdata[0];
    g_assert_cmpint(first->layer != NULL, ==, d->has_layer);
    g_assert_cmpstr(first->package, ==, d->has_layer ? "login" : NULL);
  }
}

static void
a_place_that_is_known_later_counts_for_all(void)
{
  static const NzRootFact gone = SETUID("/vol/su", NULL), there = SETUID("/vol/su", "/vol/su");
  g_autoptr(NzLedger) ledger = nz_ledger_new(NULL);
  NzContainerRef ref;
  g_assert_true(nz_cgroup_container(PATH, &ref));
  NzRunning *running = nz_ledger_container(ledger, 1, &ref);
  nz_ledger_root(ledger, running, &gone);
  const NzRootFact *kind = nz_ledger_root(ledger, running, &there);
  g_assert_cmpuint(kind->count, ==, 2);
  g_assert_cmpstr(kind->file, ==, "/vol/su");
}

static const struct {
  const char *found, *asked, *cwd;
  gboolean is;
} asks[] = {
    {"/usr/bin/su", "/usr/bin/su", NULL, TRUE},
    {"/usr/bin/su", "/bin/su", NULL, TRUE},
    {"/usr/bin/su", "/sbin/su", NULL, FALSE},
    {"/bin/sh", "/bin/su", NULL, FALSE},
    {"/tmp/a", "./a", "/tmp", TRUE},
    {"/tmp/a", "a", "/tmp", TRUE},
    {"/tmp/a", ".//a", "/tmp", FALSE},
    {"/a", "a", "/", TRUE},
    {"/tmp/a", "../tmp/a", "/tmp", FALSE},
    {"/tmp/a", "a", NULL, FALSE},
    {"/tmp/a", "", "/tmp", FALSE},
    {"/tmp/a", "/proc/self/fd/3", NULL, FALSE},
    {"/tmp/a (deleted)", "/tmp/a", NULL, FALSE},
    {"(unreachable)/a", "/a", NULL, FALSE},
};

static void
a_link_is_not_taken_for_what_it_leads_to(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(asks); i++) {
    g_test_message("%s %s", asks[i].found, asks[i].asked);
    g_assert_cmpint(nz_proc_is_asked(asks[i].found, asks[i].asked, asks[i].cwd), ==, asks[i].is);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/scan-reports/read", an_image_and_its_files_are_read);
  g_test_add_func("/scan-reports/found", images_are_found_by_id_and_digest_alone);
  g_test_add_func("/scan-reports/last", the_last_report_of_an_image_counts);
  g_test_add_func("/scan-reports/complete", what_a_scan_did_not_look_at_is_not_said_to_be_missing);
  g_test_add_func("/scan-reports/refused", what_is_no_report_is_refused);
  g_test_add_func("/scan-reports/cut", every_cut_is_refused);
  g_test_add_func("/scan-reports/bounds", what_is_deep_large_or_much_is_bounded);
  g_test_add_func("/scan-reports/files", what_is_no_file_is_said_and_waits_for_nobody);
  for (gsize i = 0; i < G_N_ELEMENTS(drifts); i++) {
    g_autofree char *path = g_strdup_printf("/scan-reports/drift/%s", drifts[i].what);
    g_test_add_data_func(path, &drifts[i], what_runs_is_held_to_the_scan);
  }
  g_test_add_func("/scan-reports/later", a_place_that_is_known_later_counts_for_all);
  g_test_add_func("/scan-reports/asked", a_link_is_not_taken_for_what_it_leads_to);
  return g_test_run();
}
