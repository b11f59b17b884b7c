/* SPDX-License-Identifier: Apache-2.0 */
/* For people: the verdict, who it starts as, a table of what was found, and what to do about it. */
#include <string.h>

#include "check/check.h"
#include "core/text.h"
#include "report/advice.h"
#include "report/report.h"
#include "report/smartcols.h"
#include "report/table.h"
#include "report/text_advice.h"
#include "report/text_excepted.h"
#include "report/text_steps.h"
#include "report/wrap.h"

/* Of a layer's history line; the whole of it is in the JSON. */
#define HISTORY_WIDTH 60

typedef struct {
  FILE *out;
  const NzReportStyle *style;
  NzTextAdvice *later; /* explanations of rules that are told once, at the end; NULL: none are */
  GHashTable *fixes;   /* NzFix that were told */
  guint hidden;        /* findings that are told of at the end */
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
write_head(Text *self, const NzReport *report, const NzSubject *s)
{
  static const struct {
    const char *word;
    Paint paint;
  } verdicts[] = {
      [NZ_VERDICT_PASS] = {"PASS", GREEN},
      [NZ_VERDICT_UNKNOWN] = {"UNKNOWN", YELLOW},
      [NZ_VERDICT_FAIL] = {"FAIL", RED},
  };
  gboolean is_source = nz_kind_is_source(s->kind);
  put(self, verdicts[s->verdict].paint, verdicts[s->verdict].word);
  fputs("  ", self->out);
  put(self, BOLD, s->name);
  if (s->platform)
    fprintf(self->out, "  (%s)", s->platform);
  fputc('\n', self->out);
  if (!is_source || strcmp(s->source, s->name) != 0)
    fprintf(self->out, "  source   %s\n", s->source);
  if (report->policy)
    fprintf(self->out, "  policy   %s\n", report->policy);
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
write_user(Text *self, const NzSubject *s)
{
  const NzUser *user = s->user;
  if (!user)
    return;
  g_autofree char *declared = user->declared ? nz_printable(user->declared, -1) : NULL;
  fprintf(self->out, "  user     %s", nz_user_state_name(user->state));
  if (user->has_uid)
    fprintf(self->out, " %u", user->uid);
  if (user->has_uid && user->has_gid)
    fprintf(self->out, ":%u", user->gid);
  if (declared && *declared && !nz_kind_is_source(s->kind)) /* there WHY says it */
    fprintf(self->out, " (USER %s)", declared);
  fprintf(self->out, ": %s\n", user->why);
  if (s->place) {
    g_autofree char *place = nz_place_text(s->place);
    fprintf(self->out, "  decided  %s\n", place);
  }
}

/* Each rule once, in the order of the findings, with how many there are that count. A rule's
 * findings may be of several levels, and so not all together. */
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
    if (f->excepted)
      continue;
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

static void
write_wrapped(Text *self, const char *label, const char *text)
{
  nz_write_wrapped(self->out, label, text);
}

/* What counts of one level, by who brought it. */
typedef struct {
  guint by[NZ_ORIGIN_OWN + 1];
  guint base_files; /* of the base's, those about a file */
} OriginCount;

static OriginCount
count_origins(const NzSubject *s, NzLevel level)
{
  OriginCount counts = {0};
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (f->level != level || f->excepted)
      continue;
    counts.by[f->origin]++;
    counts.base_files += f->origin == NZ_ORIGIN_BASE && f->path;
  }
  return counts;
}

/* The worst level that the base or the image's own layers have findings of decides: while the base
 * brings any of it, building anew brings them back. */
static const char *
what_first(const OriginCount *counts)
{
  if (counts->base_files > 0)
    return "fix the base first: build on an image without them, or mend them in a layer of your "
           "own; "
           "whatever else is built on it has them too";
  if (counts->by[NZ_ORIGIN_BASE] > 0)
    return "fix the base first: build on an image that names a user other than root, or end your "
           "own Dockerfile with one";
  return "fix your own layers first: the base brings none of these";
}

/* FALSE when nothing of LEVEL counts. */
static gboolean
write_origins(Text *self, const NzSubject *s, NzLevel level)
{
  OriginCount counts = count_origins(s, level);
  const guint *by = counts.by;
  if (by[NZ_ORIGIN_BASE] + by[NZ_ORIGIN_OWN] + by[NZ_ORIGIN_UNKNOWN] == 0)
    return FALSE;
  fprintf(self->out, ": %u of level %s from the base, %u own", by[NZ_ORIGIN_BASE],
          nz_level_name(level), by[NZ_ORIGIN_OWN]);
  if (by[NZ_ORIGIN_UNKNOWN] > 0)
    fprintf(self->out, ", %u not known whose", by[NZ_ORIGIN_UNKNOWN]);
  fputc('\n', self->out);
  if (by[NZ_ORIGIN_BASE] + by[NZ_ORIGIN_OWN] > 0)
    write_wrapped(self, "->", what_first(&counts));
  return TRUE;
}

static void
write_base(Text *self, const NzSubject *s)
{
  const NzBaseFact *base = s->base;
  if (base && base->name && strcmp(s->kind, "container") == 0) {
    fprintf(self->out, "  image    %s\n", base->name);
    return;
  }
  if (!base || (!base->known && !self->style->verbose))
    return;
  fprintf(self->out, "  base     %s", base->name ? base->name : "not named");
  if (!base->known) {
    fprintf(self->out, " (%s)\n", base->why);
    return;
  }
  if (s->layers->len == 0) {
    fprintf(self->out, " (%s)\n", base->why);
    return;
  }
  fprintf(self->out, " (lowest %u of %u layers; %s)", base->n_layers, s->layers->len, base->why);
  for (NzLevel level = NZ_LEVEL_FAIL; level >= NZ_LEVEL_WARN; level--)
    if (write_origins(self, s, level))
      return;
  fputc('\n', self->out);
}

/* --- the table --- */

static gboolean
is_shown(const Text *self, const NzFinding *f)
{
  return !f->excepted && (f->level > NZ_LEVEL_INFO || self->style->verbose);
}

enum {
  COLUMN_LEVEL,
  COLUMN_RULE,
  COLUMN_PATH,
  COLUMN_MODE,
  COLUMN_OWNER,
  COLUMN_PACKAGE,
  COLUMN_ORIGIN,
  COLUMN_LAYER
};

static const struct {
  const char *name;
  int flags;
} columns[] = {
    [COLUMN_LEVEL] = {"LEVEL", 0},   [COLUMN_RULE] = {"RULE", 0},
    [COLUMN_PATH] = {"PATH", 0},     [COLUMN_MODE] = {"MODE", SCOLS_FL_RIGHT},
    [COLUMN_OWNER] = {"OWNER", 0},   [COLUMN_PACKAGE] = {"PACKAGE", 0},
    [COLUMN_ORIGIN] = {"ORIGIN", 0}, [COLUMN_LAYER] = {"LAYER", SCOLS_FL_TRUNC},
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
  if (f->origin)
    scols_line_set_data(line, COLUMN_ORIGIN, nz_origin_name(f->origin));
  if (f->layer)
    scols_line_refer_data(line, COLUMN_LAYER, layer_text(f->layer));
}

static gboolean
origins_known(const NzSubject *s)
{
  return s->base && s->base->known;
}

static gboolean
is_in_table(const Text *self, const NzFinding *f)
{
  return f->path && !f->place && is_shown(self, f);
}

static gboolean
has_rows(const Text *self, const NzSubject *s)
{
  for (guint i = 0; i < s->findings->len; i++)
    if (is_in_table(self, s->findings->pdata[i]))
      return TRUE;
  return FALSE;
}

static void
write_table(Text *self, const NzSubject *s)
{
  if (!has_rows(self, s))
    return;
  struct libscols_table *table = nz_table_new(self->out);
  gboolean of_files = strcmp(s->kind, "container") != 0; /* else of processes */
  for (guint i = 0; i < G_N_ELEMENTS(columns); i++) {
    gboolean hidden = (i == COLUMN_ORIGIN && !origins_known(s)) || (i > COLUMN_PATH && !of_files);
    scols_table_new_column(table, columns[i].name, 0,
                           columns[i].flags | (hidden ? SCOLS_FL_HIDDEN : 0));
  }
  scols_table_enable_colors(table, self->style->color);
  for (guint i = 0; i < s->findings->len; i++)
    if (is_in_table(self, s->findings->pdata[i]))
      add_row(self, table, s->findings->pdata[i]);
  fputc('\n', self->out);
  scols_print_table(table);
  scols_unref_table(table);
}

/* Of a source: a line for each, as compilers say it, so that terminals and editors find the place.
 */
static void
write_places(Text *self, const NzSubject *s)
{
  gboolean first = TRUE;
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (!f->place || !is_shown(self, f))
      continue;
    g_autofree char *place = nz_place_text(f->place);
    fputs(first ? "\n" : "", self->out);
    put(self, BOLD, place);
    fputs(": ", self->out);
    put(self, level_paint(f->level), nz_level_name(f->level));
    fprintf(self->out, ": %s: %s\n", f->rule, f->message);
    first = FALSE;
  }
}

/* Findings that are about no file. */
static void
write_sentences(Text *self, const NzSubject *s)
{
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (f->path || f->place || !is_shown(self, f))
      continue;
    fputs("  ", self->out);
    put(self, level_paint(f->level), nz_level_name(f->level));
    fprintf(self->out, "     %s: %s%s\n", f->rule, f->message,
            f->origin == NZ_ORIGIN_BASE ? " (from the base)" : "");
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
    if (!f->path || f->place || !is_shown(self, f) || (in_title && !self->style->verbose))
      continue;
    g_autofree char *path = nz_printable(f->path, -1);
    fprintf(self->out, "%s  %s: %s\n", first ? "\n" : "", path, f->message);
    first = FALSE;
  }
}

/* --- the advice --- */

/* The lines for the Dockerfile that mend all of a rule's files, to be pasted as they are. */
static void
write_command(Text *self, const NzSubject *s, const RuleCount *c)
{
  const char *command = nz_advice_command(c->rule);
  const NzFinding *one = s->findings->pdata[c->first];
  if (!command || !one->path || one->place) /* a source is mended where it makes the file so */
    return;
  fprintf(self->out, "  as in  %s", command);
  for (guint i = c->first; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (f->excepted || !f->path || strcmp(f->rule, c->rule) != 0)
      continue;
    g_autofree char *quoted = nz_advice_argument(f->path);
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
    if (self->later && nz_kind_is_source(s->kind)) {
      nz_text_advice_add(self->later, check, s, s->findings->pdata[c->first]);
      continue;
    }
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

/* The text of a proposal, each line as it would stand in the file. */
static void
write_edit(Text *self, const NzEdit *edit)
{
  g_autofree char *place = nz_place_text(edit->place);
  gboolean inserts = edit->place->start == edit->place->end;
  fprintf(self->out, "  at %s %s:\n", place,
          *edit->text == '\0' ? "take away what stands there"
          : inserts           ? "insert"
                              : "write instead");
  g_auto(GStrv) lines = g_strsplit(edit->text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    g_autofree char *shown = nz_printable(lines[i], -1);
    if (*shown || lines[i + 1])
      fprintf(self->out, "    %s\n", shown);
  }
}

static void
write_fixes(Text *self, const NzSubject *s)
{
  for (guint i = 0; i < s->fixes->len; i++) {
    NzFix *fix = s->fixes->pdata[i];
    if (!g_hash_table_add(self->fixes, fix)) /* one of the pod, and told with another container */
      continue;
    g_autofree char *title = nz_printable(fix->title, -1);
    g_autofree char *refused = fix->refused ? nz_printable(fix->refused, -1) : NULL;
    fputc('\n', self->out);
    put(self, BOLD, refused ? "proposal" : "fix");
    fprintf(self->out, ": %s\n", title);
    if (!refused)
      fputs("  `nonzero lint --fix` applies it\n", self->out);
    else
      write_wrapped(self, "but", refused);
    for (guint j = 0; (refused || self->style->verbose) && j < fix->edits->len; j++)
      write_edit(self, fix->edits->pdata[j]);
  }
}

static void
write_hidden(const Text *self, guint hidden)
{
  if (hidden > 0)
    fprintf(self->out, "note: %u finding%s of level info %s not shown; --verbose shows %s\n",
            hidden, hidden == 1 ? "" : "s", hidden == 1 ? "is" : "are",
            hidden == 1 ? "it" : "them");
}

static void
write_notes(Text *self, const NzSubject *s)
{
  guint hidden = 0;
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    hidden += !f->excepted && !is_shown(self, f);
  }
  if (self->later && nz_kind_is_source(s->kind)) {
    self->hidden += hidden;
    hidden = 0;
  }
  if (hidden > 0 || s->notes->len > 0)
    fputc('\n', self->out);
  write_hidden(self, hidden);
  for (guint i = 0; i < s->notes->len; i++)
    fprintf(self->out, "note: %s\n", (const char *)s->notes->pdata[i]);
}

static void
write_summary(Text *self, const NzReport *report)
{
  guint counts[NZ_VERDICT_FAIL + 1];
  nz_report_count(report, counts);
  g_autofree char *subjects = nz_report_subjects(report);
  fprintf(self->out, "\n%s: %u pass, %u fail, %u unknown", subjects, counts[NZ_VERDICT_PASS],
          counts[NZ_VERDICT_FAIL], counts[NZ_VERDICT_UNKNOWN]);
  if (report->errors->len > 0)
    fprintf(self->out, "; %u could not be read", report->errors->len);
  fputc('\n', self->out);
}

static void
write_subject(Text *self, const NzReport *report, const NzSubject *s)
{
  write_head(self, report, s);
  write_user(self, s);
  nz_text_write_steps(s, self->style->color, self->out);
  write_counts(self, s);
  if (s->steps) /* they were asked for, and the findings were not */
    return;
  write_base(self, s);
  write_sentences(self, s);
  write_places(self, s);
  write_table(self, s);
  write_messages(self, s);
  write_advice(self, s);
  write_fixes(self, s);
  nz_text_write_excepted(s, self->out);
  write_notes(self, s);
}

static guint
count_sources(const NzReport *report)
{
  guint n = 0;
  for (guint i = 0; i < report->subjects->len; i++)
    n += nz_kind_is_source(((const NzSubject *)report->subjects->pdata[i])->kind);
  return n;
}

/* Sources are many, and their rules few. */
static void
write_text(const NzReport *report, const NzReportStyle *style, FILE *out)
{
  g_autoptr(GHashTable) fixes = g_hash_table_new(NULL, NULL);
  g_autoptr(NzTextAdvice) later = count_sources(report) > 1 ? nz_text_advice_new() : NULL;
  Text self = {.out = out, .style = style, .later = later, .fixes = fixes};
  for (guint i = 0; i < report->subjects->len; i++) {
    if (i > 0)
      fputc('\n', out);
    write_subject(&self, report, report->subjects->pdata[i]);
  }
  if (later)
    nz_text_advice_write(later, style, out);
  if (self.hidden > 0)
    fputc('\n', out);
  write_hidden(&self, self.hidden);
  if (report->subjects->len + report->errors->len > 1)
    write_summary(&self, report);
}

const NzReportFormat nz_format_text = {"text", "for people", write_text};
