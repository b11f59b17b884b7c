/* SPDX-License-Identifier: Apache-2.0 */
/* GitHub's workflow commands: an annotation a line, and a plain line for each subject.
 *
 *   ::error file=usr/bin/su,title=setuid-root::IMAGE: /usr/bin/su: runs as root ...
 *
 * A runner takes a line that begins with "::" as a command, and one that holds "##[" anywhere. It
 * shows ten annotations of each kind for a step: the first ones, so the order is that of weight. */
#include <string.h>

#include "core/text.h"
#include "report/ci.h"
#include "report/report.h"

static const char *
command_of(NzLevel level)
{
  static const char *const names[] = {
      [NZ_LEVEL_INFO] = "notice", [NZ_LEVEL_WARN] = "warning", [NZ_LEVEL_FAIL] = "error"};
  return names[level];
}

/* Line ends are escaped as nz_printable() does it, before the runner's own escapes: then no text
 * can end its line, whoever unescapes it. ESCAPED lists what else a property cannot hold. */
static void
put(FILE *out, const char *text, const char *escaped)
{
  g_autofree char *clean = nz_printable(text, -1);
  for (const char *p = clean; *p; p++)
    if (strchr(escaped, *p))
      fprintf(out, "%%%02X", (guint8)*p);
    else if (*p == '#' && p[1] == '[')
      fputs("\\x23", out);
    else
      fputc(*p, out);
}

static void
put_plain(FILE *out, const char *text)
{
  put(out, text, "");
}

/* A runner refuses columns where a part goes over lines. */
static void
put_place(FILE *out, const NzPlace *place)
{
  fprintf(out, "line=%u,endLine=%u,", place->line, place->end_line);
  if (place->line == place->end_line)
    fprintf(out, "col=%u,endColumn=%u,", place->column, place->end_column);
}

/* FILE and PLACE may be NULL. */
static void
write_command(FILE *out, const char *command, const char *file, const NzPlace *place,
              const char *title, const char *where, const char *what)
{
  fprintf(out, "::%s ", command);
  if (file) {
    fputs("file=", out);
    put(out, file, "%:,");
    fputc(',', out);
  }
  if (place)
    put_place(out, place);
  fputs("title=", out);
  put(out, title, "%:,");
  fputs("::", out);
  put(out, where, "%");
  fputs(": ", out);
  put(out, what, "%");
  fputc('\n', out);
}

static void
write_finding(FILE *out, const NzSubject *s, const NzFinding *f)
{
  g_autofree char *label = nz_ci_label(s);
  g_autofree char *path = nz_ci_is_file(s, f) ? nz_ci_path(s, f) : NULL;
  g_autofree char *sentence = nz_ci_sentence(f);
  if (!f->excepted) {
    write_command(out, command_of(f->level), path, f->place, f->rule, label, sentence);
    return;
  }
  g_autofree char *why = nz_ci_justification(f->excepted);
  g_autofree char *excused = g_strdup_printf("%s; excepted: %s", sentence, why);
  write_command(out, "notice", path, f->place, f->rule, label, excused);
}

/* An error of a source's reader says where it is. */
static void
write_error(FILE *out, const NzReportError *e)
{
  NzPlace place = {0};
  const char *rest = nz_place_of_message(e->message, e->source, &place.line, &place.column);
  g_autofree char *path = rest ? nz_ci_relative(e->source) : NULL;
  place.end_line = place.line;
  place.end_column = place.column;
  write_command(out, "error", path, rest ? &place : NULL, "not judged", e->source,
                rest ? rest : e->message);
}

/* Of all subjects, those of LEVEL that count; at NZ_LEVEL_INFO also what is excepted. */
static void
write_level(const NzReport *report, NzLevel level, FILE *out)
{
  for (guint i = 0; i < report->subjects->len; i++) {
    const NzSubject *s = report->subjects->pdata[i];
    for (guint j = 0; j < s->findings->len; j++) {
      const NzFinding *f = s->findings->pdata[j];
      if ((f->excepted ? NZ_LEVEL_INFO : f->level) == level)
        write_finding(out, s, f);
    }
  }
}

static void
write_summary(FILE *out, const NzSubject *s)
{
  guint counts[NZ_LEVEL_FAIL + 1] = {0}, excepted = 0;
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (f->excepted)
      excepted++;
    else
      counts[f->level]++;
  }
  g_autofree char *label = nz_ci_label(s);
  fputs("nonzero: ", out);
  put_plain(out, label);
  fprintf(out, ": %s; %u fail, %u warn, %u info", nz_verdict_name(s->verdict),
          counts[NZ_LEVEL_FAIL], counts[NZ_LEVEL_WARN], counts[NZ_LEVEL_INFO]);
  if (excepted > 0)
    fprintf(out, ", %u excepted", excepted);
  fputc('\n', out);
}

static void
write_github(const NzReport *report, const NzReportStyle *style, FILE *out)
{
  write_level(report, NZ_LEVEL_FAIL, out);
  for (guint i = 0; i < report->errors->len; i++) {
    const NzReportError *e = report->errors->pdata[i];
    write_error(out, e);
  }
  write_level(report, NZ_LEVEL_WARN, out);
  if (style->verbose)
    write_level(report, NZ_LEVEL_INFO, out);
  for (guint i = 0; i < report->subjects->len; i++)
    write_summary(out, report->subjects->pdata[i]);
  if (report->errors->len > 0)
    fprintf(out, "nonzero: %u could not be judged\n", report->errors->len);
}

const NzReportFormat nz_format_github = {"github", "GitHub's workflow commands: annotations",
                                         write_github};
