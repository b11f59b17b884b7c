/* SPDX-License-Identifier: Apache-2.0 */
/* One subject in the html report: the verdict, who it starts as, what to do first, then the tables
 * and where its layers come from. */
#include <string.h>

#include "check/check.h"
#include "core/text.h"
#include "report/advice.h"
#include "report/html_private.h"

/* Files of one command that are shown at once; more wait behind a line that opens. */
#define FILES_SHOWN 12u

NzHtmlCounts
nz_html_count(const NzSubject *s)
{
  NzHtmlCounts counts = {0};
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (f->excepted) {
      counts.excepted++;
      continue;
    }
    counts.levels[f->level]++;
    counts.counted++;
    counts.undecided += f->undecided;
  }
  return counts;
}

/* --- who it is --- */

static void
write_fact(FILE *out, const char *name, const char *text)
{
  if (!text)
    return;
  fprintf(out, "<div><dt>%s<dd><code>", name);
  nz_html_text(out, text);
  fputs("</code></div>\n", out);
}

static void
write_user(FILE *out, const NzSubject *s)
{
  const NzUser *user = s->user;
  if (!user)
    return;
  fprintf(out, "<div class=user><dt>Starts as<dd><strong class=\"%s\">",
          nz_user_state_name(user->state));
  fputs(nz_user_state_name(user->state), out);
  if (user->has_uid)
    fprintf(out, " %u", user->uid);
  if (user->has_uid && user->has_gid)
    fprintf(out, ":%u", user->gid);
  fputs("</strong>", out);
  if (user->declared && *user->declared) {
    fputs(nz_kind_is_source(s->kind) ? " <code>" : " <code>USER ", out);
    nz_html_text(out, user->declared);
    fputs("</code>", out);
  }
  fputs("<p>", out);
  nz_html_text(out, user->why);
  if (s->place) {
    g_autofree char *text = nz_place_text(s->place);
    fputs(" (<code>", out);
    nz_html_text(out, text);
    fputs("</code>)", out);
  }
  fputs("</p></div>\n", out);
}

static void
write_base(FILE *out, const NzBaseFact *base)
{
  if (!base)
    return;
  fputs("<div><dt>Built on<dd><code>", out);
  nz_html_text(out, base->name ? base->name : base->digest);
  if (base->n_layers == 0)
    fputs("</code><p>", out);
  else if (base->n_layers == 1)
    fputs("</code> (the lowest layer)<p>", out);
  else
    fprintf(out, "</code> (the lowest %u layers)<p>", base->n_layers);
  nz_html_text(out, base->why);
  fputs("</p></div>\n", out);
}

static void
write_head(FILE *out, const NzSubject *s, guint index)
{
  fprintf(out, "<header><h2 id=s%u-h>", index);
  nz_html_badge(out, nz_verdict_name(s->verdict));
  fputc(' ', out);
  nz_html_text(out, s->name);
  if (s->platform) {
    fputs(" <small>", out);
    nz_html_text(out, s->platform);
    fputs("</small>", out);
  }
  fputs("</h2>\n<dl>\n", out);
  write_user(out, s);
  write_base(out, s->base);
  write_fact(out, "Source", s->source);
  write_fact(out, "Digest", s->digest);
  fputs("</dl></header>\n", out);
}

/* --- what to do first --- */

/* A rule that found something that counts. */
typedef struct {
  const char *rule;
  const NzFinding *first;
  guint count, files;
  gboolean undecided;
  gboolean same_message;
} Action;

static gboolean
asks_for_action(const NzFinding *f)
{
  return !f->excepted && (f->level > NZ_LEVEL_INFO || f->undecided);
}

static GArray *
collect_actions(const NzSubject *s)
{
  GArray *actions = g_array_new(FALSE, FALSE, sizeof(Action));
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (!asks_for_action(f))
      continue;
    guint at = 0;
    while (at < actions->len && strcmp(g_array_index(actions, Action, at).rule, f->rule) != 0)
      at++;
    if (at == actions->len) {
      Action new = {.rule = f->rule, .first = f, .same_message = TRUE};
      g_array_append_val(actions, new);
    }
    Action *action = &g_array_index(actions, Action, at);
    action->count++;
    action->files += f->path && !f->place;
    action->undecided |= f->undecided;
    action->same_message &= strcmp(action->first->message, f->message) == 0;
  }
  return actions;
}

/* Decides the verdict. */
static gboolean
is_urgent(const Action *action)
{
  return action->first->fails || action->undecided;
}

/* The line to be pasted, as the text report has it. */
static void
write_command(FILE *out, const NzSubject *s, const Action *action)
{
  const char *command = nz_advice_command(action->rule);
  if (!command || action->files == 0)
    return;
  if (action->files > FILES_SHOWN)
    fprintf(out, "<details><summary>Dockerfile line for all %u files</summary>\n", action->files);
  fprintf(out, "<pre><code>%s", command);
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (!asks_for_action(f) || !f->path || f->place || strcmp(f->rule, action->rule) != 0)
      continue;
    g_autofree char *argument = nz_advice_argument(f->path);
    fputs(" \\\n    ", out);
    nz_html_text(out, argument);
  }
  fputs("</code></pre>\n", out);
  if (action->files > FILES_SHOWN)
    fputs("</details>\n", out);
}

static void
write_action(FILE *out, const NzSubject *s, const Action *action)
{
  const NzCheck *check = nz_check_find(action->rule);
  const char *remedy = action->first->remedy ? action->first->remedy : check ? check->remedy : NULL;
  fputs("<li><h4>", out);
  nz_html_badge(out, nz_level_name(action->first->level));
  fprintf(out, " %s", action->rule);
  if (action->count > 1)
    fprintf(out, " <span>%u</span>", action->count);
  fputs("</h4>\n<p>", out);
  gboolean titled = check && action->files > 0;
  if (titled)
    nz_html_sentence(out, check->title);
  if (action->same_message) {
    fputs(titled ? ": " : "", out);
    nz_html_sentence(out, action->first->message);
  }
  fputs("</p>\n", out);
  if (remedy) {
    fputs("<p class=do>", out);
    nz_html_sentence(out, remedy);
    fputs("</p>\n", out);
  }
  write_command(out, s, action);
  fputs("</li>\n", out);
}

/* Whose the findings are that decide, or all that count where none does. */
static void
write_origin(FILE *out, const NzSubject *s)
{
  NzHtmlCounts counts = nz_html_count(s);
  NzLevel worst = counts.levels[NZ_LEVEL_FAIL] > 0 ? NZ_LEVEL_FAIL : NZ_LEVEL_WARN;
  guint origins[NZ_ORIGIN_OWN + 1] = {0};
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (!f->excepted && f->level == worst)
      origins[f->origin]++;
  }
  guint base = origins[NZ_ORIGIN_BASE], own = origins[NZ_ORIGIN_OWN];
  if (base + own == 0)
    return;
  guint all = base + own + origins[NZ_ORIGIN_UNKNOWN];
  fprintf(out, "<li class=origin><h4>%s</h4>\n<p>",
          base >= own ? "Fix the base image first" : "Fix this image's own layers first");
  if (base >= own && s->base && s->base->name) {
    fputs("<code>", out);
    nz_html_text(out, s->base->name);
    fputs("</code>", out);
  } else {
    fputs(base >= own ? "The base image" : "Its own layers", out);
  }
  fprintf(out, " %s %u of %u finding%s of level %s. ", base >= own ? "brings" : "bring",
          MAX(base, own), all, all == 1 ? "" : "s", nz_level_name(worst));
  fputs(base >= own ? "Build on one without them, or take them away in a layer of your own."
                    : "They are made by this image's Dockerfile.",
        out);
  fputs("</p></li>\n", out);
}

static guint
write_actions_if(FILE *out, const NzSubject *s, const GArray *actions, gboolean urgent)
{
  guint n = 0;
  for (guint i = 0; i < actions->len; i++) {
    const Action *action = &g_array_index(actions, Action, i);
    if (is_urgent(action) == urgent) {
      if (out)
        write_action(out, s, action);
      n++;
    }
  }
  return n;
}

static void
write_actions(FILE *out, const NzSubject *s, guint index)
{
  g_autoptr(GArray) actions = collect_actions(s);
  if (actions->len == 0)
    return;
  guint urgent = write_actions_if(NULL, s, actions, TRUE);
  fprintf(out,
          "<section class=todo aria-labelledby=s%u-t><h3 id=s%u-t>What to do first</h3>\n<ol>\n",
          index, index);
  write_origin(out, s);
  write_actions_if(out, s, actions, urgent > 0);
  fputs("</ol>\n", out);
  /* What does not decide the verdict waits behind a line. */
  if (urgent > 0 && urgent < actions->len) {
    fprintf(out, "<details><summary>Worth doing as well: %u more</summary>\n<ol>\n",
            actions->len - urgent);
    write_actions_if(out, s, actions, FALSE);
    fputs("</ol></details>\n", out);
  }
  fputs("</section>\n", out);
}

/* --- how to mend a source --- */

static void
write_edit(FILE *out, const NzEdit *edit)
{
  g_autofree char *place = nz_place_text(edit->place);
  fputs("<p>At <code>", out);
  nz_html_text(out, place);
  if (*edit->text == '\0') {
    fputs("</code> take away what stands there</p>\n", out);
    return;
  }
  fprintf(out, "</code> %s</p>\n<pre><code>",
          edit->place->start == edit->place->end ? "insert" : "write instead");
  g_auto(GStrv) lines = g_strsplit(edit->text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    fputs(i > 0 ? "\n" : "", out);
    nz_html_text(out, lines[i]);
  }
  fputs("</code></pre>\n", out);
}

static void
write_fixes(FILE *out, const NzSubject *s, guint index)
{
  if (s->fixes->len == 0)
    return;
  fprintf(out, "<section aria-labelledby=s%u-m><h3 id=s%u-m>How to mend it</h3>\n<ul>\n", index,
          index);
  for (guint i = 0; i < s->fixes->len; i++) {
    const NzFix *fix = s->fixes->pdata[i];
    fputs("<li><h4>", out);
    nz_html_text(out, fix->title);
    fputs("</h4>\n<p>", out);
    if (fix->refused) {
      fputs("A proposal, to be looked at: ", out);
      nz_html_text(out, fix->refused);
    } else {
      fputs("<code>nonzero lint --fix</code> applies it", out);
    }
    fputs("</p>\n", out);
    for (guint j = 0; j < fix->edits->len; j++)
      write_edit(out, fix->edits->pdata[j]);
    fputs("</li>\n", out);
  }
  fputs("</ul></section>\n", out);
}

/* --- the rest --- */

static void
write_layers(FILE *out, const NzSubject *s, guint index)
{
  if (s->layers->len == 0)
    return;
  fprintf(out,
          "<details class=layers open><summary><h3>Layers <span>%u</span></h3></summary>\n"
          "<ol start=0>\n",
          s->layers->len);
  for (guint i = 0; i < s->layers->len; i++) {
    const NzLayerFact *layer = s->layers->pdata[i];
    fprintf(out, "<li id=s%u-l%u><code>", index, layer->index);
    g_autofree char *flat = g_strdup(layer->created_by ? layer->created_by : "(no history)");
    nz_html_text(out, g_strstrip(g_strdelimit(flat, "\n\t\r", ' ')));
    fputs("</code>", out);
    if (s->base)
      fprintf(out, " <i>%s</i>", layer->index < s->base->n_layers ? "base" : "own");
    fputs("<small>", out);
    nz_html_text(out, layer->digest ? layer->digest : "no digest");
    fputs("</small>\n", out);
  }
  fputs("</ol></details>\n", out);
}

static void
write_notes(FILE *out, const NzSubject *s, guint index)
{
  if (s->notes->len == 0)
    return;
  fprintf(out, "<section aria-labelledby=s%u-n><h3 id=s%u-n>Notes</h3>\n<ul class=notes>\n", index,
          index);
  for (guint i = 0; i < s->notes->len; i++) {
    fputs("<li>", out);
    nz_html_text(out, s->notes->pdata[i]);
    fputc('\n', out);
  }
  fputs("</ul></section>\n", out);
}

void
nz_html_subject(FILE *out, const NzSubject *s, guint index)
{
  fprintf(out, "<article id=s%u aria-labelledby=s%u-h class=\"%s\">\n", index, index,
          nz_verdict_name(s->verdict));
  write_head(out, s, index);
  write_actions(out, s, index);
  nz_html_findings(out, s, index);
  nz_html_excepted(out, s, index);
  write_fixes(out, s, index);
  write_notes(out, s, index);
  write_layers(out, s, index);
  fputs("</article>\n", out);
}
