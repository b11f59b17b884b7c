/* SPDX-License-Identifier: Apache-2.0 */
/* For people: is it worse than before, and what is new, gone and changed. */
#include <string.h>

#include "core/text.h"
#include "report/diff.h"
#include "report/smartcols.h"
#include "report/table.h"
#include "report/wrap.h"

static const char red[] = "\033[1;31m", green[] = "\033[32m", faint[] = "\033[2m",
                  plain[] = "\033[1m";

typedef struct {
  FILE *out;
  const NzReportStyle *style;
  const NzDiff *diff;
} Text;

/* --- the head --- */

static void
write_verdict(const Text *self)
{
  const NzDiff *d = self->diff;
  gboolean same = d->n_new + d->n_gone + d->n_changed == 0 && d->user_fields == 0;
  const char *word = d->worse                             ? "WORSE"
                     : same                               ? "SAME"
                     : d->n_new == 0 && d->n_changed == 0 ? "BETTER"
                                                          : "NO WORSE";
  const char *paint = d->worse ? red : same ? plain : green;
  fprintf(self->out, "%s%s%s  %s", self->style->color ? paint : "", word,
          self->style->color ? "\033[0m" : "", d->after->name);
  if (d->after->platform)
    fprintf(self->out, "  (%s)", d->after->platform);
  fputc('\n', self->out);
}

static void
write_side(const Text *self, const char *label, const NzSubject *s)
{
  fprintf(self->out, "  %-8s %s: %s", label, s->source, nz_verdict_name(s->verdict));
  if (self->style->verbose && s->digest)
    fprintf(self->out, "  %s", s->digest);
  fputc('\n', self->out);
}

static void
write_user(const Text *self, const NzUser *user)
{
  g_autofree char *declared = user->declared ? nz_printable(user->declared, -1) : NULL;
  fputs(nz_user_state_name(user->state), self->out);
  if (user->has_uid)
    fprintf(self->out, " %u", user->uid);
  if (user->has_uid && user->has_gid)
    fprintf(self->out, ":%u", user->gid);
  if (declared && *declared)
    fprintf(self->out, " (USER %s)", declared);
}

static void
write_users(const Text *self)
{
  const NzDiff *d = self->diff;
  fputs("  user     ", self->out);
  write_user(self, d->before->user);
  if (d->user_fields) {
    fputs(" -> ", self->out);
    write_user(self, d->after->user);
  } else {
    fputs(", as before", self->out);
  }
  fputc('\n', self->out);
}

static void
write_counts(const Text *self)
{
  const NzDiff *d = self->diff;
  fprintf(self->out, "  findings %u new, %u gone, %u changed, %u as before", d->n_new, d->n_gone,
          d->n_changed, d->n_same);
  if (d->n_excepted > 0)
    fprintf(self->out, "; %u new ones are excepted", d->n_excepted);
  fputc('\n', self->out);
}

/* --- what differs --- */

static gboolean
is_shown(const Text *self, const NzDiffEntry *e)
{
  return self->style->verbose || (e->before && e->before->level > NZ_LEVEL_INFO) ||
         (e->after && e->after->level > NZ_LEVEL_INFO);
}

static const char *
paint_of(const NzDiffEntry *e)
{
  return e->worse ? red : e->kind == NZ_DIFF_GONE ? green : faint;
}

/* Findings that are about no file. */
static void
write_sentences(const Text *self)
{
  for (guint i = 0; i < self->diff->entries->len; i++) {
    const NzDiffEntry *e = &g_array_index(self->diff->entries, NzDiffEntry, i);
    const NzFinding *f = e->after ? e->after : e->before;
    if (f->path || !is_shown(self, e))
      continue;
    fprintf(self->out, "  %s%-8s%s %s %s: %s\n", self->style->color ? paint_of(e) : "",
            nz_diff_kind_name(e->kind), self->style->color ? "\033[0m" : "",
            nz_level_name(f->level), f->rule, f->message);
  }
}

enum {
  COLUMN_WHAT,
  COLUMN_LEVEL,
  COLUMN_RULE,
  COLUMN_PATH,
  COLUMN_MODE,
  COLUMN_OWNER,
  COLUMN_SAYS
};

static const struct {
  const char *name;
  int flags;
} columns[] = {
    [COLUMN_WHAT] = {"WHAT", 0},
    [COLUMN_LEVEL] = {"LEVEL", 0},
    [COLUMN_RULE] = {"RULE", 0},
    [COLUMN_PATH] = {"PATH", 0},
    [COLUMN_MODE] = {"MODE", 0},
    [COLUMN_OWNER] = {"OWNER", 0},
    [COLUMN_SAYS] = {"SAYS", SCOLS_FL_TRUNC},
};

/* "BEFORE -> AFTER", or one of them. */
static char *
both(const char *before, const char *after)
{
  if (before && after && strcmp(before, after) != 0)
    return g_strdup_printf("%s -> %s", before, after);
  return g_strdup(after ? after : before);
}

static char *
mode_of(const NzFinding *f)
{
  return f && f->has_mode ? g_strdup_printf("%04o", f->mode) : NULL;
}

static char *
owner_of(const NzFinding *f)
{
  return f && f->has_mode ? g_strdup_printf("%u:%u", f->uid, f->gid) : NULL;
}

static void
put_both(struct libscols_line *line, guint column, char *(*text_of)(const NzFinding *),
         const NzDiffEntry *e)
{
  g_autofree char *before = text_of(e->before), *after = text_of(e->after);
  char *text = both(before, after);
  if (text)
    scols_line_refer_data(line, column, text);
}

static void
add_row(const Text *self, struct libscols_table *table, const NzDiffEntry *e)
{
  struct libscols_line *line = scols_table_new_line(table, NULL);
  if (!line)
    g_error("out of memory");
  const NzFinding *f = e->after ? e->after : e->before;
  scols_line_set_data(line, COLUMN_RULE, f->rule);
  scols_line_set_data(line, COLUMN_WHAT, nz_diff_kind_name(e->kind));
  if (self->style->color)
    scols_cell_set_color(scols_line_get_cell(line, COLUMN_WHAT), paint_of(e));
  scols_line_refer_data(line, COLUMN_LEVEL,
                        both(e->before ? nz_level_name(e->before->level) : NULL,
                             e->after ? nz_level_name(e->after->level) : NULL));
  scols_line_refer_data(line, COLUMN_PATH, nz_printable(f->path, -1));
  put_both(line, COLUMN_MODE, mode_of, e);
  put_both(line, COLUMN_OWNER, owner_of, e);
  if (strncmp(f->rule, "set", 3) != 0) /* the modes say it */
    scols_line_refer_data(line, COLUMN_SAYS,
                          both(e->before ? e->before->message : NULL, f->message));
}

static guint
write_table(const Text *self)
{
  struct libscols_table *table = nz_table_new(self->out);
  for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
    scols_table_new_column(table, columns[i].name, 0, columns[i].flags);
  scols_table_enable_colors(table, self->style->color);
  guint rows = 0, hidden = 0;
  for (guint i = 0; i < self->diff->entries->len; i++) {
    const NzDiffEntry *e = &g_array_index(self->diff->entries, NzDiffEntry, i);
    const NzFinding *f = e->after ? e->after : e->before;
    hidden += !is_shown(self, e);
    if (!f->path || !is_shown(self, e))
      continue;
    add_row(self, table, e);
    rows++;
  }
  if (rows > 0) {
    fputc('\n', self->out);
    scols_print_table(table);
  }
  scols_unref_table(table);
  return hidden;
}

/* What to do about what is new, each rule once. */
static void
write_advice(const Text *self)
{
  g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < self->diff->entries->len; i++) {
    const NzDiffEntry *e = &g_array_index(self->diff->entries, NzDiffEntry, i);
    if (e->kind != NZ_DIFF_NEW || !is_shown(self, e) || !e->after->remedy ||
        !g_hash_table_add(told, (gpointer)e->after->rule))
      continue;
    fprintf(self->out, "\n%s\n", e->after->rule);
    nz_write_wrapped(self->out, "to do", e->after->remedy);
  }
}

static void
write_notes(const Text *self, guint hidden)
{
  const NzSubject *before = self->diff->before, *after = self->diff->after;
  gboolean other_platform = g_strcmp0(before->platform, after->platform) != 0;
  if (hidden > 0 || other_platform || after->notes->len > 0)
    fputc('\n', self->out);
  if (hidden > 0)
    fprintf(self->out, "note: %u differences of level info are not shown; --verbose shows them\n",
            hidden);
  if (other_platform)
    fprintf(self->out, "note: the platforms differ: %s, and %s\n",
            before->platform ? before->platform : "none named",
            after->platform ? after->platform : "none named");
  for (guint i = 0; i < after->notes->len; i++)
    fprintf(self->out, "note: %s\n", (const char *)after->notes->pdata[i]);
}

static void
write_text(const NzReport *report, const NzReportStyle *style, FILE *out)
{
  Text self = {out, style, report->diff};
  write_verdict(&self);
  write_side(&self, "old", self.diff->before);
  write_side(&self, "new", self.diff->after);
  write_users(&self);
  write_counts(&self);
  write_sentences(&self);
  guint hidden = write_table(&self);
  write_advice(&self);
  write_notes(&self, hidden);
}

const NzReportFormat nz_format_diff_text = {"text", "for people", write_text};
