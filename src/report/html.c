/* SPDX-License-Identifier: Apache-2.0 */
/* One page that stands alone: nothing is fetched, and a Content-Security-Policy lets nothing run
 * but the script whose hash it names. Everything is in the markup: without script (or on paper)
 * only filtering is missing. Style and script are files in report/html/, made into html_assets.h.
 */
#include <string.h>

#include "check/check.h"
#include "core/text.h"
#include "html_assets.h"
#include "report/html_private.h"
#include "version.h"

/* --- escaping --- */

void
nz_html_text(FILE *out, const char *text)
{
  static const char *const entities[128] = {
      ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"};
  if (!text)
    return;
  g_autofree char *shown = nz_printable(text, -1);
  for (const char *p = shown; *p; p++) {
    guint8 c = (guint8)*p;
    if (c < 128 && entities[c])
      fputs(entities[c], out);
    else
      fputc(c, out);
  }
}

void
nz_html_sentence(FILE *out, const char *text)
{
  g_auto(GStrv) parts = g_strsplit(text, "`", -1);
  for (guint i = 0; parts[i]; i++) {
    fputs(i % 2 ? "<code>" : "", out);
    nz_html_text(out, parts[i]);
    fputs(i % 2 ? "</code>" : "", out);
  }
}

void
nz_html_badge(FILE *out, const char *word)
{
  fprintf(out, "<span class=\"badge %s\">%s</span>", word, word);
}

/* --- the head --- */

static void
write_document_head(const NzReport *report, FILE *out)
{
  const char *verdict = nz_verdict_name(nz_report_verdict(report));
  const NzSubject *first = report->subjects->len > 0 ? report->subjects->pdata[0] : NULL;
  g_autofree char *subjects = nz_report_subjects(report);
  fputs("<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
        "script-src '" HTML_SCRIPT_HASH "'; style-src '" HTML_STYLE_HASH "'; img-src data:; "
        "base-uri 'none'; form-action 'none'\">\n"
        "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=color-scheme content=\"light dark\">\n"
        "<meta name=referrer content=no-referrer>\n"
        "<meta name=generator content=\"nonzero " NZ_VERSION "\">\n"
        "<link rel=icon href=\"data:,\">\n",
        out);
  fprintf(out, "<title>%s: ", verdict);
  if (report->subjects->len == 1 && first)
    nz_html_text(out, first->name);
  else
    nz_html_text(out, subjects);
  fputs(" - nonzero</title>\n<style>", out);
  fwrite(html_style, 1, sizeof html_style, out);
  fputs("</style>\n", out);
}

/* --- the verdict on all --- */

static const char *
plural(guint n)
{
  return n == 1 ? "" : "s";
}

/* A pass may rest on exceptions and hold warnings: it says no more than is so. */
static void
write_sentence_of_pass(FILE *out, const NzSubject *s, const NzHtmlCounts *counts)
{
  guint warn = counts->levels[NZ_LEVEL_WARN];
  if (s->user && s->user->state == NZ_USER_NON_ROOT && warn + counts->excepted == 0) {
    fputs(" starts as a user other than root, and nothing was found that changes that", out);
    return;
  }
  fputs(" passes", out);
  if (warn > 0)
    fprintf(out, ", with %u warning%s", warn, plural(warn));
  if (counts->excepted > 0)
    fprintf(out, ", because %u finding%s excepted", counts->excepted,
            counts->excepted == 1 ? " is" : "s are");
}

static void
write_sentence_of_one(FILE *out, const NzSubject *s)
{
  NzHtmlCounts counts = nz_html_count(s);
  nz_html_text(out, s->name);
  switch (s->verdict) {
  case NZ_VERDICT_PASS:
    write_sentence_of_pass(out, s, &counts);
    break;
  case NZ_VERDICT_UNKNOWN:
    fprintf(out, ": %u finding%s could not be decided", counts.undecided, plural(counts.undecided));
    break;
  case NZ_VERDICT_FAIL:
    fprintf(out, " %s: %u finding%s %s it",
            s->user && s->user->state == NZ_USER_ROOT ? "starts as root" : "can become root",
            counts.levels[NZ_LEVEL_FAIL], plural(counts.levels[NZ_LEVEL_FAIL]),
            counts.levels[NZ_LEVEL_FAIL] == 1 ? "fails" : "fail");
    break;
  }
}

static void
write_sentence_of_many(FILE *out, const NzReport *report)
{
  guint verdicts[NZ_VERDICT_FAIL + 1] = {0};
  for (guint i = 0; i < report->subjects->len; i++)
    verdicts[((const NzSubject *)report->subjects->pdata[i])->verdict]++;
  g_autofree char *subjects = nz_report_subjects(report);
  fprintf(out, "%s: %u pass, %u fail, %u unknown", subjects, verdicts[NZ_VERDICT_PASS],
          verdicts[NZ_VERDICT_FAIL], verdicts[NZ_VERDICT_UNKNOWN]);
}

static void
write_sentence(FILE *out, const NzReport *report)
{
  if (report->subjects->len == 1)
    write_sentence_of_one(out, report->subjects->pdata[0]);
  else
    write_sentence_of_many(out, report);
  if (report->errors->len > 0)
    fprintf(out, "; %u input%s could not be read", report->errors->len,
            plural(report->errors->len));
}

static NzHtmlCounts
count_all(const NzReport *report)
{
  NzHtmlCounts all = {0};
  for (guint i = 0; i < report->subjects->len; i++) {
    NzHtmlCounts one = nz_html_count(report->subjects->pdata[i]);
    for (guint level = 0; level <= NZ_LEVEL_FAIL; level++)
      all.levels[level] += one.levels[level];
    all.counted += one.counted;
    all.excepted += one.excepted;
  }
  return all;
}

static void
write_counts(FILE *out, const NzReport *report)
{
  NzHtmlCounts all = count_all(report);
  fputs("<ul class=counts>\n", out);
  for (int level = NZ_LEVEL_FAIL; level >= 0; level--)
    fprintf(out, "<li class=%s><strong>%u</strong> %s\n",
            all.levels[level] > 0 ? nz_level_name((NzLevel)level) : "zero", all.levels[level],
            nz_level_name((NzLevel)level));
  if (all.excepted > 0)
    fprintf(out, "<li class=apart><strong>%u</strong> excepted\n", all.excepted);
  fputs("</ul>\n", out);
}

static void
write_origin_of_report(FILE *out, const NzReport *report)
{
  fputs("<p class=meta>", out);
  if (report->command) {
    fputs("<code>", out);
    nz_html_text(out, report->command);
    fputs("</code> ", out);
  }
  if (report->finished > 0) {
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(report->finished / G_USEC_PER_SEC);
    g_autofree char *iso = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
    g_autofree char *people = g_date_time_format(time, "%Y-%m-%d %H:%M UTC");
    fprintf(out, "<time datetime=%s>%s</time> ", iso, people);
  }
  fputs("profile ", out);
  nz_html_text(out, report->profile);
  fputs("</p>\n", out);
}

static void
write_page_head(FILE *out, const NzReport *report)
{
  const char *verdict = nz_verdict_name(nz_report_verdict(report));
  fprintf(out,
          "<body>\n<a class=skip href=#main>Skip to the findings</a>\n"
          "<header class=\"page %s\">\n<p class=brand>nonzero " NZ_VERSION "</p>\n"
          "<h1><span class=verdict>%s</span> ",
          verdict, verdict);
  write_sentence(out, report);
  fputs("</h1>\n", out);
  write_counts(out, report);
  write_origin_of_report(out, report);
  fputs("</header>\n", out);
}

static void
write_errors(FILE *out, const NzReport *report)
{
  if (report->errors->len == 0)
    return;
  fputs("<section class=errors aria-labelledby=errors><h2 id=errors>Could not be read</h2>\n"
        "<p>These were not judged. The verdict on all cannot be better than unknown.</p>\n<ul>\n",
        out);
  for (guint i = 0; i < report->errors->len; i++) {
    const NzReportError *e = report->errors->pdata[i];
    fputs("<li><code>", out);
    nz_html_text(out, e->source);
    fputs("</code> ", out);
    nz_html_text(out, e->message);
    fputc('\n', out);
  }
  fputs("</ul></section>\n", out);
}

/* "Image" and "Images" where all are, "Name" and "Judged" where not. */
static gboolean
all_images(const NzReport *report)
{
  for (guint i = 0; i < report->subjects->len; i++)
    if (strcmp(((const NzSubject *)report->subjects->pdata[i])->kind, "image") != 0)
      return FALSE;
  return TRUE;
}

static void
write_index(FILE *out, const NzReport *report)
{
  if (report->subjects->len < 2)
    return;
  gboolean images = all_images(report);
  fprintf(out,
          "<nav aria-label=%s><table class=index>\n<thead><tr><th scope=col>Verdict<th scope=col>"
          "%s<th scope=col>Starts as<th scope=col>Fail<th scope=col>Warn<th scope=col>Info"
          "</thead>\n<tbody>\n",
          images ? "Images" : "Judged", images ? "Image" : "Name");
  for (guint i = 0; i < report->subjects->len; i++) {
    const NzSubject *s = report->subjects->pdata[i];
    NzHtmlCounts counts = nz_html_count(s);
    fputs("<tr><td>", out);
    nz_html_badge(out, nz_verdict_name(s->verdict));
    fprintf(out, "<td><a href=#s%u>", i);
    nz_html_text(out, s->name);
    fputs("</a> <small>", out);
    nz_html_text(out, nz_kind_is_source(s->kind) ? s->source : s->platform);
    fputs("</small><td>", out);
    fputs(s->user ? nz_user_state_name(s->user->state) : "", out);
    if (s->user && s->user->has_uid)
      fprintf(out, " %u", s->user->uid);
    fprintf(out, "<td>%u<td>%u<td>%u\n", counts.levels[NZ_LEVEL_FAIL], counts.levels[NZ_LEVEL_WARN],
            counts.levels[NZ_LEVEL_INFO]);
  }
  fputs("</table></nav>\n", out);
}

/* --- filters and rules --- */

typedef struct {
  const char *rule;
  guint count; /* of findings that count */
} RuleFound;

static RuleFound *
rule_found(GArray *rules, const char *rule)
{
  for (guint i = 0; i < rules->len; i++)
    if (strcmp(g_array_index(rules, RuleFound, i).rule, rule) == 0)
      return &g_array_index(rules, RuleFound, i);
  RuleFound new = {rule, 0};
  g_array_append_val(rules, new);
  return &g_array_index(rules, RuleFound, rules->len - 1);
}

static GArray *
rules_found(const NzReport *report)
{
  GArray *rules = g_array_new(FALSE, FALSE, sizeof(RuleFound));
  for (guint i = 0; i < report->subjects->len; i++) {
    const NzSubject *s = report->subjects->pdata[i];
    for (guint j = 0; j < s->findings->len; j++) {
      const NzFinding *f = s->findings->pdata[j];
      rule_found(rules, f->rule)->count += !f->excepted;
    }
  }
  return rules;
}

/* Hidden until the script shows it: without script it could do nothing. */
static void
write_controls(FILE *out, const GArray *rules, const NzHtmlCounts *all)
{
  fputs("<div id=controls role=search aria-label=\"Filter findings\" hidden>\n"
        "<label class=text>Filter <input id=text type=search placeholder=\"path, package, rule\" "
        "autocomplete=off spellcheck=false></label>\n<fieldset><legend>Level</legend>\n",
        out);
  for (int level = NZ_LEVEL_FAIL; level >= 0; level--) {
    const char *name = nz_level_name((NzLevel)level);
    fprintf(out,
            "<label><input type=checkbox name=level value=%s checked> %s <span>%u</span></label>\n",
            name, name, all->levels[level]);
  }
  fputs("</fieldset>\n<label>Rule <select id=rule><option value=\"\">all rules</option>\n", out);
  for (guint i = 0; i < rules->len; i++)
    fprintf(out, "<option value=\"%s\">%s (%u)</option>\n", g_array_index(rules, RuleFound, i).rule,
            g_array_index(rules, RuleFound, i).rule, g_array_index(rules, RuleFound, i).count);
  fputs("</select></label>\n<fieldset><legend>Group by</legend>\n", out);
  static const char *const groups[] = {"package", "layer", "rule"};
  for (guint i = 0; i < G_N_ELEMENTS(groups); i++)
    fprintf(out, "<label><input type=radio name=group value=%s%s> %s</label>\n", groups[i],
            i == 0 ? " checked" : "", groups[i]);
  fprintf(out,
          "</fieldset>\n<output id=shown aria-live=polite>%u finding%s</output>\n"
          "<button id=reset type=button hidden>Clear</button>\n</div>\n",
          all->counted, plural(all->counted));
}

static void
write_rules(FILE *out, const GArray *rules)
{
  if (rules->len == 0)
    return;
  fputs("<section class=rules aria-labelledby=rules><h2 id=rules>What the rules mean</h2>\n<dl>\n",
        out);
  for (guint i = 0; i < rules->len; i++) {
    const NzCheck *check = nz_check_find(g_array_index(rules, RuleFound, i).rule);
    if (!check)
      continue;
    fprintf(out, "<dt><code>%s</code>%s<dd><strong>", check->rule,
            check->required ? " <i>required by CBPP-0002</i>" : "");
    nz_html_sentence(out, check->title);
    fputs("</strong> ", out);
    nz_html_sentence(out, check->why);
    if (check->aliases[0]) {
      g_autofree char *names = g_strjoinv(", ", (char **)check->aliases);
      fputs(" <small>Elsewhere: ", out);
      nz_html_text(out, names);
      fputs("</small>", out);
    }
    fputc('\n', out);
  }
  fputs("</dl></section>\n", out);
}

static void
write_html(const NzReport *report, const NzReportStyle *style G_GNUC_UNUSED, FILE *out)
{
  g_autoptr(GArray) rules = rules_found(report);
  NzHtmlCounts all = count_all(report);
  write_document_head(report, out);
  write_page_head(out, report);
  write_errors(out, report);
  write_index(out, report);
  if (all.counted > 0)
    write_controls(out, rules, &all);
  fputs("<main id=main tabindex=-1>\n", out);
  for (guint i = 0; i < report->subjects->len; i++)
    nz_html_subject(out, report->subjects->pdata[i], i);
  write_rules(out, rules);
  fputs("</main>\n<script>", out);
  fwrite(html_script, 1, sizeof html_script, out);
  fputs("</script>\n</body>\n</html>\n", out);
}

const NzReportFormat nz_format_html = {"html", "one page that stands alone, for people",
                                       write_html};
