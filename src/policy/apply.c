/* SPDX-License-Identifier: Apache-2.0 */
/* A policy laid over what the checks found. Nothing that it takes away goes unsaid: what is off or
 * lowered is noted on the subject, and what is excepted stays among its findings. */
#include <string.h>

#include "core/limits.h"
#include "policy/policy_private.h"

/* An exception that may cover findings of the subject at hand. */
typedef struct {
  NzException *exception;
  gboolean active;
  guint matched;
} Candidate;

typedef struct {
  NzPolicy *policy;
  NzSubject *subject;
  GArray *candidates; /* Candidate */
  guint *dropped;     /* how many findings of each rule were taken out */
  guint64 steps;      /* of matching, that are left */
} Work;

static const char *
setting_source(const Work *work, NzSource source)
{
  return source == NZ_SOURCE_COMMAND_LINE ? "the command line" : work->policy->path;
}

static G_GNUC_PRINTF(2, 3) void note(Work *work, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_ptr_array_add(work->subject->notes, g_strdup_vprintf(format, args));
  va_end(args);
}

/* --- levels --- */

static guint
rule_index(const char *rule)
{
  guint i = 0;
  while (nz_check_at(i) && strcmp(nz_check_at(i)->rule, rule) != 0)
    i++;
  return i;
}

/* FALSE when it is taken out. */
static gboolean
set_level(Work *work, NzFinding *f)
{
  guint i = rule_index(f->rule);
  if (i >= work->policy->n_rules)
    return TRUE;
  NzRuleLevel level = work->policy->rules[i].level;
  if (level == NZ_RULE_OFF) {
    work->dropped[i]++;
    return FALSE;
  }
  if (level != NZ_RULE_AS_FOUND)
    f->level = (NzLevel)(level - NZ_RULE_INFO);
  return TRUE;
}

/* In one go: taking them out one by one would move all the others each time. */
static void
set_levels(Work *work)
{
  GPtrArray *findings = work->subject->findings;
  guint kept = 0;
  for (guint i = 0; i < findings->len; i++) {
    NzFinding *f = findings->pdata[i];
    findings->pdata[i] = NULL;
    if (set_level(work, f))
      findings->pdata[kept++] = f;
    else
      nz_finding_free(f);
  }
  g_ptr_array_set_size(findings, (gint)kept);
}

/* --- exceptions --- */

static gboolean
matches(Work *work, const NzException *e, NzMatch match, const char *text)
{
  return !e->globs[match] || (text && nz_glob_match(e->globs[match], text, &work->steps));
}

static void
find_candidates(Work *work)
{
  const NzSubject *s = work->subject;
  /* Of a running container the ledger asks nz_policy_match(), which knows its processes. */
  if (strcmp(s->kind, "container") == 0)
    return;
  for (guint i = 0; i < work->policy->exceptions->len; i++) {
    NzException *e = work->policy->exceptions->pdata[i];
    Candidate candidate = {e, nz_policy_is_active(work->policy, e), 0};
    if (matches(work, e, NZ_MATCH_IMAGE, s->name) && matches(work, e, NZ_MATCH_DIGEST, s->digest) &&
        matches(work, e, NZ_MATCH_NAMESPACE, s->space) &&
        matches(work, e, NZ_MATCH_CONTAINER, s->in_pod) &&
        matches(work, e, NZ_MATCH_EXECUTABLE, NULL))
      g_array_append_val(work->candidates, candidate);
  }
}

/* A part of a source has the name of its file, as from the working directory's root, and the path
 * in the image that it makes, where there is one. */
static gboolean
matches_path(Work *work, const NzException *e, const NzFinding *f)
{
  if (!f->place)
    return matches(work, e, NZ_MATCH_PATH, f->path);
  const char *file = f->place->file;
  while (g_str_has_prefix(file, "./"))
    file += strspn(file + 1, "/") + 1;
  g_autofree char *rooted = *file == '/' ? g_strdup(file) : g_strconcat("/", file, NULL);
  return matches(work, e, NZ_MATCH_PATH, rooted) ||
         (f->path && matches(work, e, NZ_MATCH_PATH, f->path));
}

/* The first exception that is in force covers the finding; those that are over are counted. */
static void
except(Work *work, NzFinding *f)
{
  for (guint i = 0; i < work->candidates->len; i++) {
    Candidate *c = &g_array_index(work->candidates, Candidate, i);
    if ((c->active && f->excepted) || !nz_exception_is_about(c->exception, f->rule) ||
        !matches_path(work, c->exception, f))
      continue;
    c->matched++;
    if (c->active) {
      f->excepted = &c->exception->said;
      c->exception->used++;
    }
  }
}

static void
add_expired(Work *work)
{
  for (guint i = 0; i < work->candidates->len; i++) {
    const Candidate *c = &g_array_index(work->candidates, Candidate, i);
    const NzException *e = c->exception;
    if (c->active || c->matched == 0)
      continue;
    NzFinding *f = nz_finding_new(
        nz_check_expired_exception.rule, NZ_LEVEL_WARN, nz_check_expired_exception.remedy,
        "the exception in line %u of %s for %s%s%s was over after %s, and %u finding%s it covered "
        "count%s again; %s answered for it",
        e->line, work->policy->path, e->rule, e->patterns[NZ_MATCH_PATH] ? " on " : "",
        e->patterns[NZ_MATCH_PATH] ? e->patterns[NZ_MATCH_PATH] : "", e->said.expires, c->matched,
        c->matched == 1 ? "" : "s", c->matched == 1 ? "s" : "", e->said.owner);
    if (set_level(work, f))
      g_ptr_array_add(work->subject->findings, f);
    else
      nz_finding_free(f);
  }
}

/* --- what is said --- */

static gboolean
is_lowered(const NzCheck *check, NzRuleLevel level)
{
  return check->required && (level == NZ_RULE_INFO || level == NZ_RULE_WARN);
}

static void
note_rule(Work *work, guint i)
{
  static const char required[] =
      "; CBPP-0002 asks for this rule, and a pass without it is one by decision";
  const NzCheck *check = nz_check_at(i);
  const NzRuleSetting *setting = &work->policy->rules[i];
  gboolean by_command = setting->source == NZ_SOURCE_COMMAND_LINE;
  if (setting->level == NZ_RULE_OFF && (by_command || check->required || work->dropped[i] > 0))
    note(work, "%s %s %s: %u finding%s left out%s", setting_source(work, setting->source),
         by_command ? "ignores" : "turns off", check->rule, work->dropped[i],
         work->dropped[i] == 1 ? "" : "s", check->required ? required : "");
  else if (is_lowered(check, setting->level))
    note(work, "%s lowers %s to %s%s", setting_source(work, setting->source), check->rule,
         nz_rule_level_name(setting->level), required);
}

static void
count_left_out(Work *work, guint i)
{
  const NzLeftOut left = {nz_check_at(i)->rule, work->dropped[i]};
  if (left.n > 0)
    g_array_append_val(work->subject->left_out, left);
}

static void
add_notes(Work *work)
{
  const NzPolicy *policy = work->policy;
  for (guint i = 0; i < policy->n_rules; i++) {
    note_rule(work, i);
    count_left_out(work, i);
  }
  if (policy->fail_on < NZ_LEVEL_FAIL)
    note(work, "findings of level %s fail the %s too: %s says so",
         policy->fail_on == NZ_LEVEL_WARN ? "warn" : "info or warn",
         nz_kind_noun(work->subject->kind, 1), setting_source(work, policy->fail_on_source));
  if (policy->today_said && policy->exceptions->len > 0) {
    g_autofree char *day = nz_day_format(policy->today);
    note(work, "exceptions were judged as of %s, as --today says", day);
  }
  if (work->steps == 0)
    note(
        work,
        "the policy's patterns are too costly for this %s or those before it: some exceptions were "
        "not applied, and what they cover counts",
        nz_kind_noun(work->subject->kind, 1));
}

void
nz_policy_apply(NzPolicy *self, NzSubject *subject)
{
  g_autoptr(GArray) candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
  g_autofree guint *dropped = g_new0(guint, self->n_rules);
  guint64 steps = MIN(NZ_GLOB_STEPS_MAX, self->steps);
  Work work = {self, subject, candidates, dropped, steps};
  set_levels(&work);
  find_candidates(&work);
  for (guint i = 0; i < subject->findings->len && candidates->len > 0; i++)
    except(&work, subject->findings->pdata[i]);
  self->steps -= steps - work.steps;
  add_expired(&work);
  add_notes(&work);
  subject->fail_on = self->fail_on;
  nz_subject_conclude(subject);
}
