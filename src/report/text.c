/* SPDX-License-Identifier: Apache-2.0 */
/* For people: the verdict, who it starts as, a table of what was found, and what to do about it. */
#include <string.h>

#include <libsmartcols/libsmartcols.h>

#include "check/check.h"
#include "core/text.h"
#include "report/report.h"

/* Of a layer's history line; the whole of it is in the JSON. */
#define HISTORY_WIDTH 60

/* Of running text, terminal or not: longer lines are hard to read. */
#define TEXT_WIDTH 96

typedef struct {
  FILE *out;
  const NzReportStyle *style;
} Text;

typedef enum { BOLD, RED, YELLOW, GREEN, FAINT } Paint;

static const char *const sequences[] = {
    [BOLD] = "\033[1m",   [RED] = "\033[1;31m", [YELLOW] = "\033[33m",
    [GREEN] = "\033[32m", [FAINT] = "\033[2m",
};

static void
put(Text *self, Paint paint, const char *text)
{
  if (self->style->color)
    fprintf(self->out, "%s%s\033[0m", sequences[paint], text);
  else
    fputs(text, self->out);
}

static Paint
level_paint(NzLevel level)
{
  static const Paint paints[] = {
      [NZ_LEVEL_INFO] = FAINT, [NZ_LEVEL_WARN] = YELLOW, [NZ_LEVEL_FAIL] = RED};
  return paints[level];
}

/* --- the head --- */

static void
write_head(Text *self, const NzSubject *s)
{
  static const struct {
    const char *word;
    Paint paint;
  } verdicts[] = {
      [NZ_VERDICT_PASS] = {"PASS", GREEN},
      [NZ_VERDICT_UNKNOWN] = {"UNKNOWN", YELLOW},
      [NZ_VERDICT_FAIL] = {"FAIL", RED},
  };
  put(self, verdicts[s->verdict].paint, verdicts[s->verdict].word);
  fputs("  ", self->out);
  put(self, BOLD, s->name);
  if (s->platform)
    fprintf(self->out, "  (%s)", s->platform);
  fputc('\n', self->out);
  fprintf(self->out, "  source   %s\n", s->source);
  if (self->style->verbose) {
    if (s->digest)
      fprintf(self->out, "  digest   %s\n", s->digest);
    for (guint i = 0; i < s->layers->len; i++) {
      const NzLayerFact *layer = s->layers->pdata[i];
      fprintf(self->out, "  layer %-2u %s\n", i, layer->digest ? layer->digest : "(no digest)");
    }
  }
}

static void
write_user(Text *self, const NzUser *user)
{
  g_autofree char *declared = user->declared ? nz_printable(user->declared, -1) : NULL;
  fprintf(self->out, "  user     %s", nz_user_state_name(user->state));
  if (user->has_uid)
    fprintf(self->out, " %u", user->uid);
  if (user->has_uid && user->has_gid)
    fprintf(self->out, ":%u", user->gid);
  if (declared && *declared)
    fprintf(self->out, " (USER %s)", declared);
  fprintf(self->out, ": %s\n", user->why);
}

/* Each rule once, in the order of the findings, with how many there are. A rule's findings may be
 * of several levels, and so not all together. */
typedef struct {
  const char *rule;
  guint count, first;
} RuleCount;

static GArray *
count_rules(const NzSubject *s)
{
  GArray *counts = g_array_new(FALSE, FALSE, sizeof(RuleCount));
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    guint at = 0;
    while (at < counts->len && strcmp(g_array_index(counts, RuleCount, at).rule, f->rule) != 0)
      at++;
    if (at == counts->len) {
      RuleCount new = {f->rule, 0, i};
      g_array_append_val(counts, new);
    }
    g_array_index(counts, RuleCount, at).count++;
  }
  return counts;
}

/* "7 setuid-root, 2 file-capabilities" */
static void
write_counts(Text *self, const NzSubject *s)
{
  g_autoptr(GArray) counts = count_rules(s);
  fputs("  found    ", self->out);
  if (counts->len == 0)
    fputs("nothing", self->out);
  for (guint i = 0; i < counts->len; i++) {
    const RuleCount *c = &g_array_index(counts, RuleCount, i);
    fprintf(self->out, "%s%u %s", i > 0 ? ", " : "", c->count, c->rule);
  }
  fputc('\n', self->out);
}

/* --- the table --- */

static gboolean
is_shown(const Text *self, const NzFinding *f)
{
  return f->level > NZ_LEVEL_INFO || self->style->verbose;
}

enum {
  COLUMN_LEVEL,
  COLUMN_RULE,
  COLUMN_PATH,
  COLUMN_MODE,
  COLUMN_OWNER,
  COLUMN_PACKAGE,
  COLUMN_LAYER
};

static const struct {
  const char *name;
  int flags;
} columns[] = {
    [COLUMN_LEVEL] = {"LEVEL", 0},
    [COLUMN_RULE] = {"RULE", 0},
    [COLUMN_PATH] = {"PATH", 0},
    [COLUMN_MODE] = {"MODE", SCOLS_FL_RIGHT},
    [COLUMN_OWNER] = {"OWNER", 0},
    [COLUMN_PACKAGE] = {"PACKAGE", 0},
    [COLUMN_LAYER] = {"LAYER", SCOLS_FL_TRUNC},
};

static char *
layer_text(const NzLayerFact *layer)
{
  if (!layer->created_by)
    return g_strdup_printf("%u", layer->index);
  g_autofree char *flat = g_strdup(layer->created_by);
  g_strdelimit(flat, "\n\t\r", ' ');
  g_autofree char *clean = nz_printable(g_strstrip(flat), -1);
  if (g_utf8_strlen(clean, -1) > HISTORY_WIDTH) {
    g_autofree char *cut = g_utf8_substring(clean, 0, HISTORY_WIDTH - 3);
    return g_strdup_printf("%u: %s...", layer->index, cut);
  }
  return g_strdup_printf("%u: %s", layer->index, clean);
}

static void
add_row(const Text *self, struct libscols_table *table, const NzFinding *f)
{
  struct libscols_line *line = scols_table_new_line(table, NULL);
  if (!line)
    g_error("out of memory");
  scols_line_set_data(line, COLUMN_LEVEL, nz_level_name(f->level));
  if (self->style->color)
    scols_cell_set_color(scols_line_get_cell(line, COLUMN_LEVEL), sequences[level_paint(f->level)]);
  scols_line_set_data(line, COLUMN_RULE, f->rule);
  scols_line_refer_data(line, COLUMN_PATH, nz_printable(f->path, -1));
  if (f->has_mode) {
    scols_line_refer_data(line, COLUMN_MODE, g_strdup_printf("%04o", f->mode));
    scols_line_refer_data(line, COLUMN_OWNER, g_strdup_printf("%u:%u", f->uid, f->gid));
  }
  if (f->package)
    scols_line_refer_data(line, COLUMN_PACKAGE, nz_printable(f->package, -1));
  if (f->layer)
    scols_line_refer_data(line, COLUMN_LAYER, layer_text(f->layer));
}

static void
write_table(Text *self, const NzSubject *s)
{
  struct libscols_table *table = scols_new_table();
  if (!table)
    g_error("out of memory");
  for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
    scols_table_new_column(table, columns[i].name, 0, columns[i].flags);
  scols_table_enable_colors(table, self->style->color);
  scols_table_set_stream(table, self->out);
  scols_table_enable_noencoding(table, 1);
  guint rows = 0;
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (!f->path || !is_shown(self, f))
      continue;
    add_row(self, table, f);
    rows++;
  }
  if (rows > 0) {
    fputc('\n', self->out);
    scols_print_table(table);
  }
  scols_unref_table(table);
}

/* Findings that are about no file. */
static void
write_sentences(Text *self, const NzSubject *s)
{
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (f->path || !is_shown(self, f))
      continue;
    fputs("  ", self->out);
    put(self, level_paint(f->level), nz_level_name(f->level));
    fprintf(self->out, "     %s: %s\n", f->rule, f->message);
  }
}

/* What the table has no column for: capabilities, ambiguities. */
static void
write_messages(Text *self, const NzSubject *s)
{
  gboolean first = TRUE;
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    gboolean in_title = g_str_has_prefix(f->rule, "setuid") || g_str_has_prefix(f->rule, "setgid");
    if (!f->path || !is_shown(self, f) || (in_title && !self->style->verbose))
      continue;
    g_autofree char *path = nz_printable(f->path, -1);
    fprintf(self->out, "%s  %s: %s\n", first ? "\n" : "", path, f->message);
    first = FALSE;
  }
}

/* --- the advice --- */

static void
write_wrapped(Text *self, const char *label, const char *text)
{
  g_autofree char *wrapped = nz_wrap(text, 9, TEXT_WIDTH);
  fprintf(self->out, "  %-7s%s\n", label, wrapped);
}

/* What takes the privilege from a file, by rule. */
static const char *
command_against(const char *rule)
{
  if (g_str_has_prefix(rule, "setuid-") || g_str_has_prefix(rule, "setgid-"))
    return "RUN chmod a-s";
  return strcmp(rule, "file-capabilities") == 0 ? "RUN setcap -r" : NULL;
}

/* The lines for the Dockerfile that mend all of a rule's files, to be pasted as they are. */
static void
write_command(Text *self, const NzSubject *s, const RuleCount *c)
{
  const char *command = command_against(c->rule);
  if (!command)
    return;
  fprintf(self->out, "  as in  %s", command);
  for (guint i = c->first; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (strcmp(f->rule, c->rule) != 0)
      continue;
    gboolean plain = strspn(f->path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789/._-+") == strlen(f->path);
    g_autofree char *shown = nz_printable(f->path, -1);
    g_autofree char *quoted = plain ? g_strdup(shown) : g_shell_quote(shown);
    fprintf(self->out, " \\\n           %s", quoted);
  }
  fputc('\n', self->out);
}

static void
write_advice(Text *self, const NzSubject *s)
{
  g_autoptr(GArray) counts = count_rules(s);
  for (guint i = 0; i < counts->len; i++) {
    const RuleCount *c = &g_array_index(counts, RuleCount, i);
    const NzCheck *check = nz_check_find(c->rule);
    if (!check || !is_shown(self, s->findings->pdata[c->first]))
      continue;
    fputc('\n', self->out);
    put(self, BOLD, c->rule);
    fprintf(self->out, ": %s\n", check->title);
    write_wrapped(self, "why", check->why);
    write_wrapped(self, "to do", ((const NzFinding *)s->findings->pdata[c->first])->remedy);
    write_command(self, s, c);
    if (self->style->verbose && check->aliases[0]) {
      g_autofree char *names = g_strjoinv(", ", (char **)check->aliases);
      write_wrapped(self, "also", names);
    }
  }
}

static void
write_notes(Text *self, const NzSubject *s)
{
  guint hidden = 0;
  for (guint i = 0; i < s->findings->len; i++)
    hidden += !is_shown(self, s->findings->pdata[i]);
  if (hidden > 0 || s->notes->len > 0)
    fputc('\n', self->out);
  if (hidden > 0)
    fprintf(self->out, "note: %u findings of level info are not shown; --verbose shows them\n",
            hidden);
  for (guint i = 0; i < s->notes->len; i++)
    fprintf(self->out, "note: %s\n", (const char *)s->notes->pdata[i]);
}

static void
write_summary(Text *self, const NzReport *report)
{
  guint counts[NZ_VERDICT_FAIL + 1] = {0};
  for (guint i = 0; i < report->subjects->len; i++)
    counts[((const NzSubject *)report->subjects->pdata[i])->verdict]++;
  fprintf(self->out, "\n%u images: %u pass, %u fail, %u unknown", report->subjects->len,
          counts[NZ_VERDICT_PASS], counts[NZ_VERDICT_FAIL], counts[NZ_VERDICT_UNKNOWN]);
  if (report->errors->len > 0)
    fprintf(self->out, "; %u could not be read", report->errors->len);
  fputc('\n', self->out);
}

static void
write_text(const NzReport *report, const NzReportStyle *style, FILE *out)
{
  Text self = {out, style};
  for (guint i = 0; i < report->subjects->len; i++) {
    const NzSubject *s = report->subjects->pdata[i];
    if (i > 0)
      fputc('\n', out);
    write_head(&self, s);
    write_user(&self, s->user);
    write_counts(&self, s);
    write_sentences(&self, s);
    write_table(&self, s);
    write_messages(&self, s);
    write_advice(&self, s);
    write_notes(&self, s);
  }
  if (report->subjects->len + report->errors->len > 1)
    write_summary(&self, report);
}

const NzReportFormat nz_format_text = {"text", "for people", write_text};
