/* SPDX-License-Identifier: Apache-2.0 */
/* The results file of the CNF test suite (lfn-cnti/testsuite, schema_version 1), so that what reads
 * its results reads ours: no keys but that schema's, and of those each one.
 *
 * An item is a rule over all subjects. A rule that CBPP-0002 asks for is `essential`, any other
 * `normal`; there is nothing to be had for one that did not pass. What could not be decided is an
 * `error` and never `passed`, and so is a rule that found nothing where an image could not be read.
 * A rule all of whose findings are excepted is `skipped`. */
#include <string.h>

#include "check/check.h"
#include "core/text.h"
#include "report/ci.h"
#include "report/report.h"
#include "version.h"

typedef enum { PASSED, FAILED, SKIPPED, NOT_APPLICABLE, ERRED, N_STATUSES } Status;

static const char *const status_names[] = {
    [PASSED] = "passed",     [FAILED] = "failed", [SKIPPED] = "skipped",
    [NOT_APPLICABLE] = "na", [ERRED] = "error",
};

/* What each type is worth there. */
#define POINTS_ESSENTIAL 100u
#define POINTS_NORMAL    5u

typedef struct {
  const char *rule;
  const NzCheck *check; /* NULL: a finding that no check of ours made */
  gboolean essential;
  GPtrArray *findings; /* NzFinding, all of them */
  GPtrArray *subjects; /* NzSubject of each */
  guint n_fail, n_undecided, n_warn, n_excepted, n_info;
  Status status;
} Item;

static void
item_free(gpointer data)
{
  Item *self = data;
  g_ptr_array_unref(self->findings);
  g_ptr_array_unref(self->subjects);
  g_free(self);
}

/* --- which items there are --- */

static Item *
item_for(GPtrArray *items, const char *rule)
{
  for (guint i = 0; i < items->len; i++) {
    Item *item = items->pdata[i];
    if (strcmp(item->rule, rule) == 0)
      return item;
  }
  Item *item = g_new0(Item, 1);
  item->rule = rule;
  item->check = nz_check_find(rule);
  item->essential = item->check && item->check->required;
  item->findings = g_ptr_array_new();
  item->subjects = g_ptr_array_new();
  g_ptr_array_add(items, item);
  return item;
}

static void
count(Item *item, const NzFinding *f)
{
  if (f->excepted)
    item->n_excepted++;
  else if (f->fails)
    item->n_fail++;
  else if (f->undecided)
    item->n_undecided++;
  else if (f->level == NZ_LEVEL_WARN)
    item->n_warn++;
  else
    item->n_info++;
}

static Status
conclude(const Item *item, guint n_unread)
{
  if (item->n_fail > 0)
    return FAILED;
  if (item->n_undecided > 0)
    return ERRED;
  if (item->n_warn > 0)
    return FAILED;
  if (n_unread > 0)
    return ERRED;
  return item->n_excepted > 0 ? SKIPPED : PASSED;
}

/* Of a source only those that read sources, of an image only those that read images. */
static gboolean
asks_any(const NzCheck *check, const NzReport *report)
{
  for (guint i = 0; i < report->subjects->len; i++)
    if (nz_check_asks(check, ((const NzSubject *)report->subjects->pdata[i])->kind,
                      report->profile))
      return TRUE;
  return report->subjects->len == 0 && nz_check_runs(check, report->profile);
}

static GPtrArray *
collect(const NzReport *report)
{
  GPtrArray *items = g_ptr_array_new_with_free_func(item_free);
  const NzCheck *check;
  for (guint i = 0; (check = nz_check_at(i)); i++)
    if (asks_any(check, report))
      item_for(items, check->rule);
  for (guint i = 0; i < report->subjects->len; i++) {
    NzSubject *s = report->subjects->pdata[i];
    for (guint j = 0; j < s->findings->len; j++) {
      NzFinding *f = s->findings->pdata[j];
      Item *item = item_for(items, f->rule);
      count(item, f);
      g_ptr_array_add(item->findings, f);
      g_ptr_array_add(item->subjects, s);
    }
  }
  for (guint i = 0; i < items->len; i++) {
    Item *item = items->pdata[i];
    item->status = conclude(item, report->errors->len);
  }
  return items;
}

/* --- YAML --- */

/* Always in double quotes, where YAML 1.2 has escapes for everything and words such as `no` mean
 * themselves. What is not seen, or is no UTF-8, becomes the text \xNN. */
static void
put_quoted(FILE *out, const char *text)
{
  g_autofree char *shown = nz_printable(text, -1);
  fputc('"', out);
  for (const char *p = shown; *p; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    if (c == '"' || c == '\\')
      fprintf(out, "\\%c", (char)c);
    else if (c < ' ' || (c & 0xfffe) == 0xfffe) /* nobody may write U+FFFE as it is */
      fprintf(out, "\\U%08x", c);
    else
      fwrite(p, 1, (gsize)(g_utf8_next_char(p) - p), out);
  }
  fputc('"', out);
}

static void
put_string(FILE *out, const char *key, const char *text)
{
  fprintf(out, "%s: ", key);
  put_quoted(out, text);
  fputc('\n', out);
}

static void G_GNUC_PRINTF(3, 4) put_text(FILE *out, const char *key, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  put_string(out, key, text);
}

static void
put_list(FILE *out, const char *key, const GPtrArray *texts)
{
  fprintf(out, "    %s:%s\n", key, texts->len > 0 ? "" : " []");
  for (guint i = 0; i < texts->len; i++) {
    fputs("      - ", out);
    put_quoted(out, texts->pdata[i]);
    fputc('\n', out);
  }
}

/* RFC 3339 with nine digits, as the suite writes it; a string, for YAML has a type for times. */
static void
put_time(FILE *out, const char *key, gint64 microseconds)
{
  g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(microseconds / G_USEC_PER_SEC);
  g_autofree char *text = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
  put_text(out, key, "%s.%06d000Z", text, (int)(microseconds % G_USEC_PER_SEC));
}

/* --- an item --- */

/* The image and, as one name may stand for several, its platform. */
static char *
subject_label(const NzSubject *s)
{
  if (nz_kind_is_source(s->kind))
    return nz_ci_label(s);
  return s->platform ? g_strdup_printf("%s (%s)", s->name, s->platform) : g_strdup(s->name);
}

static const char *
plural(guint n)
{
  return n == 1 ? "" : "s";
}

static void
put_nothing_found(FILE *out, const NzReport *report)
{
  g_autofree char *subjects = nz_report_subjects(report);
  put_text(out, "    message", "nothing found in %s", subjects);
}

static void
put_message(FILE *out, const NzReport *report, const Item *item)
{
  guint counted = item->n_fail + item->n_undecided + item->n_warn;
  const char *title = item->check ? item->check->title : item->rule;
  if (counted > 0)
    put_text(out, "    message", "%s: %u finding%s%s", title, counted, plural(counted),
             item->status == ERRED ? ", not decided" : "");
  else if (item->status == ERRED)
    put_text(out, "    message", "%u input%s could not be read", report->errors->len,
             plural(report->errors->len));
  else if (item->status == SKIPPED)
    put_text(out, "    message", "%u finding%s, excepted", item->n_excepted,
             plural(item->n_excepted));
  else
    put_nothing_found(out, report);
}

static void
add_excepted(GPtrArray *details, const Item *item)
{
  for (guint i = 0; i < item->findings->len; i++) {
    const NzFinding *f = item->findings->pdata[i];
    if (!f->excepted)
      continue;
    g_autofree char *label = subject_label(item->subjects->pdata[i]);
    g_autofree char *place = f->place ? nz_place_text(f->place) : NULL;
    g_ptr_array_add(details, g_strdup_printf("excepted in %s: %s: %s (%s%s%s)", label,
                                             place     ? place
                                             : f->path ? f->path
                                                       : f->message,
                                             f->excepted->reason, f->excepted->owner,
                                             f->excepted->expires ? ", until " : "",
                                             f->excepted->expires ? f->excepted->expires : ""));
  }
}

static void
put_details(FILE *out, const NzReport *report, const Item *item)
{
  g_autoptr(GPtrArray) details = g_ptr_array_new_with_free_func(g_free);
  if (item->n_info > 0)
    g_ptr_array_add(details, g_strdup_printf("%u finding%s of level info, not counted",
                                             item->n_info, plural(item->n_info)));
  add_excepted(details, item);
  for (guint i = 0; i < report->errors->len; i++) {
    const NzReportError *e = report->errors->pdata[i];
    g_ptr_array_add(details, g_strdup_printf("not judged: %s: %s", e->source, e->message));
  }
  put_list(out, "details", details);
}

static gboolean
is_counted(const NzFinding *f)
{
  return !f->excepted && (f->fails || f->level > NZ_LEVEL_INFO || f->undecided);
}

static void
put_remediation(FILE *out, const Item *item)
{
  g_autoptr(GPtrArray) texts = g_ptr_array_new();
  for (guint i = 0; i < item->findings->len; i++) {
    const NzFinding *f = item->findings->pdata[i];
    if (is_counted(f) && f->remedy &&
        !g_ptr_array_find_with_equal_func(texts, f->remedy, g_str_equal, NULL))
      g_ptr_array_add(texts, (gpointer)f->remedy);
  }
  put_list(out, "remediation", texts);
}

/* A part of a source; what holds it is `container`, as an image is of its files. */
static void
put_source(FILE *out, const NzSubject *s, const NzFinding *f)
{
  g_autofree char *label = subject_label(s);
  g_autofree char *place = nz_place_text(f->place);
  put_string(out, "      - kind", "File");
  put_string(out, "        name", place);
  put_string(out, "        container", label);
  put_string(out, "        reason", f->message);
}

/* A file of an image, or the image itself. `container` says which image a file is in. */
static void
put_resource(FILE *out, const NzSubject *s, const NzFinding *f)
{
  if (f->place) {
    put_source(out, s, f);
    return;
  }
  g_autofree char *label = subject_label(s);
  g_autofree char *kind = g_strdup(s->kind);
  kind[0] = g_ascii_toupper(kind[0]);
  put_string(out, "      - kind", f->path ? "File" : kind);
  put_string(out, "        name", f->path ? f->path : label);
  if (f->path)
    put_string(out, "        container", label);
  if (f->has_mode)
    put_text(out, "        reason", "%s (mode %04o, owner %u:%u)", f->message, f->mode, f->uid,
             f->gid);
  else
    put_string(out, "        reason", f->message);
}

static void
put_resources(FILE *out, const Item *item)
{
  guint n = item->n_fail + item->n_undecided + item->n_warn;
  fprintf(out, "    impacted_resources:%s\n", n > 0 ? "" : " []");
  for (guint i = 0; i < item->findings->len; i++)
    if (is_counted(item->findings->pdata[i]))
      put_resource(out, item->subjects->pdata[i], item->findings->pdata[i]);
}

static guint
item_worth(const Item *item)
{
  return item->essential ? POINTS_ESSENTIAL : POINTS_NORMAL;
}

static guint
item_points(const Item *item)
{
  return item->status == PASSED ? item_worth(item) : 0;
}

/* Rules run together: each took as long as its subjects did. */
static void
put_times(FILE *out, const NzReport *report)
{
  gint64 started = report->started, finished = report->finished;
  for (guint i = 0; i < report->subjects->len; i++) {
    const NzSubject *s = report->subjects->pdata[i];
    started = i == 0 && s->started > 0 ? s->started : started;
    finished = s->finished > 0 ? s->finished : finished;
  }
  finished = MAX(started, finished);
  gint64 took = finished - started;
  put_time(out, "    start_time", started);
  put_time(out, "    end_time", finished);
  fprintf(out, "    task_runtime: %d.%06d\n", (int)(took / G_USEC_PER_SEC),
          (int)(took % G_USEC_PER_SEC));
}

static void
put_item(FILE *out, const NzReport *report, const Item *item)
{
  put_string(out, "  - name", item->rule);
  put_string(out, "    status", status_names[item->status]);
  put_message(out, report, item);
  put_string(out, "    type", item->essential ? "essential" : "normal");
  fprintf(out, "    points: %u\n", item_points(item));
  put_times(out, report);
  put_details(out, report, item);
  put_remediation(out, item);
  put_resources(out, item);
}

/* --- the file --- */

static void
put_summary(FILE *out, const GPtrArray *items)
{
  guint statuses[N_STATUSES] = {0}, essential = 0, essential_passed = 0, points = 0, worth = 0;
  for (guint i = 0; i < items->len; i++) {
    const Item *item = items->pdata[i];
    statuses[item->status]++;
    essential += item->essential;
    essential_passed += item->essential && item->status == PASSED;
    points += item_points(item);
    worth += item_worth(item);
  }
  fprintf(out, "summary:\n  total: %u\n", items->len);
  for (guint i = 0; i < N_STATUSES; i++)
    fprintf(out, "  %s: %u\n", status_names[i], statuses[i]);
  fprintf(out, "  max_passed: %u\n", items->len - statuses[NOT_APPLICABLE]);
  fprintf(out, "  essential_passed: %u\n  essential_max_passed: %u\n", essential_passed, essential);
  fprintf(out, "  points: %u\n  maximum_points: %u\n", points, worth);
}

/* By exit code, as the suite does. */
static const char *
run_status(int code)
{
  static const char *const names[] = {"passed", "failed", "error"};
  return names[CLAMP(code, 0, 2)];
}

static void
write_cnf(const NzReport *report, const NzReportStyle *style G_GNUC_UNUSED, FILE *out)
{
  g_autoptr(GPtrArray) items = collect(report);
  int code = nz_report_exit_code(report);
  fputs("---\n", out);
  put_string(out, "name", "cnf testsuite"); /* the schema wants these very words */
  put_string(out, "testsuite_version", "nonzero " NZ_VERSION);
  fputs("schema_version: 1\n", out);
  put_string(out, "status", run_status(code));
  put_string(out, "command", report->command ? report->command : "nonzero");
  fprintf(out, "exit_code: %d\n", code);
  put_summary(out, items);
  fputs("items:\n", out);
  for (guint i = 0; i < items->len; i++)
    put_item(out, report, items->pdata[i]);
}

const NzReportFormat nz_format_cnf = {"cnf", "the CNF test suite's results file, schema_version 1",
                                      write_cnf};
