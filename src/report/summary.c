/* SPDX-License-Identifier: Apache-2.0 */
/* Many subjects: a line for each, and what they have in common: the packages that bring most, and
 * the layers that bring something to many. */
#include <string.h>

#include "core/text.h"
#include "report/ci.h"
#include "report/report.h"
#include "report/table.h"

/* What is shown of each list. */
#define SHOWN 10u

static const char *const words[] = {
    [NZ_VERDICT_PASS] = "PASS", [NZ_VERDICT_UNKNOWN] = "UNKNOWN", [NZ_VERDICT_FAIL] = "FAIL"};
static const char *const paints[] = {[NZ_VERDICT_PASS] = "\033[32m",
                                     [NZ_VERDICT_UNKNOWN] = "\033[33m",
                                     [NZ_VERDICT_FAIL] = "\033[1;31m"};

/* --- a line --- */

static char *
user_text(const NzUser *user)
{
  if (!user || !user->has_uid)
    return g_strdup(user ? nz_user_state_name(user->state) : "unknown");
  return user->has_gid ? g_strdup_printf("%u:%u", user->uid, user->gid)
                       : g_strdup_printf("%u", user->uid);
}

/* How many findings count, that fail the subject and others. */
static void
count_findings(const NzSubject *s, guint *fails, guint *warnings)
{
  *fails = *warnings = 0;
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    *fails += f->fails;
    *warnings += !f->fails && !f->excepted && f->level == NZ_LEVEL_WARN;
  }
}

static void
write_line(const NzSubject *s, const NzReportStyle *style, FILE *out)
{
  guint fails, warnings;
  count_findings(s, &fails, &warnings);
  g_autofree char *user = user_text(s->user);
  g_autofree char *label = nz_ci_label(s);
  fprintf(out, "%s%-7s%s  user %-11s  %3u fail %3u warn  %s\n",
          style->color ? paints[s->verdict] : "", words[s->verdict], style->color ? "\033[0m" : "",
          user, fails, warnings, label);
}

/* --- what they have in common --- */

typedef struct {
  char *key;
  const char *shown; /* of a layer: its line of history, or NULL */
  guint findings, images;
  const NzSubject *last; /* whose findings were counted last */
} Common;

static void
common_free(gpointer data)
{
  Common *self = data;
  g_free(self->key);
  g_free(self);
}

static void
count(GHashTable *table, const char *key, const char *shown, const NzSubject *subject)
{
  Common *one = g_hash_table_lookup(table, key);
  if (!one) {
    one = g_new0(Common, 1);
    one->key = g_strdup(key);
    one->shown = shown;
    g_hash_table_insert(table, one->key, one);
  }
  one->findings++;
  one->images += one->last != subject;
  one->last = subject;
}

static void
count_subject(const NzSubject *s, GHashTable *packages, GHashTable *layers)
{
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (f->excepted || !f->fails)
      continue;
    if (f->package && f->has_mode && (f->mode & 04000))
      count(packages, f->package, NULL, s);
    if (f->layer && f->layer->digest)
      count(layers, f->layer->digest, f->layer->created_by, s);
  }
}

static int
by_findings(gconstpointer a, gconstpointer b)
{
  const Common *x = *(Common *const *)a, *y = *(Common *const *)b;
  if (x->findings != y->findings)
    return x->findings > y->findings ? -1 : 1;
  return strcmp(x->key, y->key);
}

static int
by_images(gconstpointer a, gconstpointer b)
{
  const Common *x = *(Common *const *)a, *y = *(Common *const *)b;
  if (x->images != y->images)
    return x->images > y->images ? -1 : 1;
  return by_findings(a, b);
}

/* The values of TABLE that at least MIN images have, sorted. */
static GPtrArray *
sorted(GHashTable *table, guint min, GCompareFunc order)
{
  GPtrArray *list = g_ptr_array_new();
  GHashTableIter iter;
  gpointer value;
  g_hash_table_iter_init(&iter, table);
  while (g_hash_table_iter_next(&iter, NULL, &value))
    if (((const Common *)value)->images >= min)
      g_ptr_array_add(list, value);
  g_ptr_array_sort(list, order);
  return list;
}

static void
write_more(guint n, FILE *out)
{
  if (n > SHOWN)
    fprintf(out, "and %u more\n", n - SHOWN);
}

static void
write_packages(GHashTable *table, FILE *out)
{
  static const char *const heads[] = {"PACKAGE", "SETUID FILES", "IMAGES", NULL};
  g_autoptr(GPtrArray) list = sorted(table, 1, by_findings);
  if (list->len == 0)
    return;
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
  for (guint i = 0; i < MIN(list->len, SHOWN); i++) {
    const Common *one = list->pdata[i];
    char **row = g_new0(char *, 4);
    row[0] = nz_printable(one->key, -1);
    row[1] = g_strdup_printf("%u", one->findings);
    row[2] = g_strdup_printf("%u", one->images);
    g_ptr_array_add(rows, row);
  }
  fputs("\nThe packages that bring most setuid files:\n", out);
  nz_table_print(heads, rows, out);
  write_more(list->len, out);
}

static void
write_layers(GHashTable *table, FILE *out)
{
  static const char *const heads[] = {"LAYER", "IMAGES", "FINDINGS IN EACH", "CREATED BY", NULL};
  g_autoptr(GPtrArray) list = sorted(table, 2, by_images);
  if (list->len == 0)
    return;
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
  for (guint i = 0; i < MIN(list->len, SHOWN); i++) {
    const Common *one = list->pdata[i];
    char **row = g_new0(char *, 5);
    g_autofree char *history = nz_printable(one->shown ? one->shown : "", -1);
    row[0] = g_strndup(one->key, strlen("sha256:") + 12);
    row[1] = g_strdup_printf("%u", one->images);
    row[2] = g_strdup_printf("%u", one->findings / one->images);
    row[3] = g_utf8_substring(history, 0, MIN(48, g_utf8_strlen(history, -1)));
    g_ptr_array_add(rows, row);
  }
  fputs("\nShared layers, and to how many images they bring what fails them:\n", out);
  nz_table_print(heads, rows, out);
  write_more(list->len, out);
}

static void
write_summary(const NzReport *report, const NzReportStyle *style, FILE *out)
{
  g_autoptr(GHashTable) packages =
      g_hash_table_new_full(nz_str_hash, g_str_equal, NULL, common_free);
  g_autoptr(GHashTable) layers = g_hash_table_new_full(nz_str_hash, g_str_equal, NULL, common_free);
  guint counts[NZ_VERDICT_FAIL + 1];
  for (guint i = 0; i < report->subjects->len; i++) {
    const NzSubject *s = report->subjects->pdata[i];
    if (!style->streamed)
      write_line(s, style, out);
    count_subject(s, packages, layers);
  }
  write_packages(packages, out);
  write_layers(layers, out);
  nz_report_count(report, counts);
  g_autofree char *subjects = nz_report_subjects(report);
  fprintf(out, "\n%s: %u pass, %u fail, %u unknown", subjects, counts[NZ_VERDICT_PASS],
          counts[NZ_VERDICT_FAIL], counts[NZ_VERDICT_UNKNOWN]);
  if (report->errors->len > 0)
    fprintf(out, "; %u could not be judged", report->errors->len);
  fputc('\n', out);
}

const NzReportFormat nz_format_summary = {
    "summary", "one line an image, and what they have in common; the default of --all and --from",
    write_summary, write_line};
