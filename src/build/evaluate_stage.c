/* SPDX-License-Identifier: Apache-2.0 */
/* A stage: what it begins with, its triggers, its instructions in order. */
#include <string.h>

#include "build/evaluate_private.h"
#include "core/text.h"

void
nz_evaluate_settle_rights(NzStageRun *run)
{
  g_autoptr(NzUser) user = nz_accounts_resolve(run->state->accounts, run->state->user);
  run->state->is_root = user->state != NZ_USER_NON_ROOT;
  run->state->user_unknown =
      user->state == NZ_USER_UNKNOWN ||
      (run->origin == NZ_USER_FROM_NONE && run->base && !run->base->user_known);
}

static void
copied_free(gpointer data)
{
  NzCopied *self = data;
  g_free(self->dest);
  g_free(self->context);
  g_free(self->source);
  g_free(self->text);
  g_free(self);
}

void
nz_stage_run_free(NzStageRun *self)
{
  if (!self)
    return;
  nz_stage_state_free(self->state);
  nz_variables_free(self->variables);
  nz_place_free(self->workdir_place);
  g_free(self->user_note);
  g_free(self->user_doubt);
  g_ptr_array_unref(self->volumes);
  g_ptr_array_unref(self->copied);
  g_ptr_array_unref(self->triggers);
  g_free(self);
}

static NzStageRun *
run_new(void)
{
  NzStageRun *self = g_new0(NzStageRun, 1);
  self->volumes = g_ptr_array_new_with_free_func(g_free);
  self->copied = g_ptr_array_new_with_free_func(copied_free);
  self->triggers = g_ptr_array_new();
  return self;
}

/* What a stage on PARENT copies of it, in bytes, about. */
static gsize
copied_size(const NzStageRun *parent)
{
  const NzStageState *state = parent->state;
  gsize n = nz_paths_count(state->paths) + nz_variables_count(parent->variables) +
            state->acts->len + state->packages->len + state->disarmed->len + state->programs->len +
            parent->volumes->len + parent->copied->len + 8;
  const char *passwd = nz_accounts_passwd(state->accounts);
  const char *group = nz_accounts_group(state->accounts);
  return 1024 * n + (passwd ? strlen(passwd) : 0) + (group ? strlen(group) : 0) +
         parent->environment_size;
}

static NzStageRun *
run_on_stage(const NzStageRun *parent)
{
  NzStageRun *self = run_new();
  self->state = nz_stage_state_copy(parent->state);
  self->variables = nz_variables_copy(parent->variables);
  self->user_line = parent->user_line;
  self->user_by_base = parent->user_by_base;
  self->origin = parent->origin;
  self->user_note = g_strdup(parent->user_note);
  self->user_doubt = g_strdup(parent->user_doubt);
  self->entrypoint = parent->entrypoint;
  self->cmd = parent->cmd;
  self->cmd_inherited = TRUE;
  self->workdir_place = nz_place_copy(parent->workdir_place);
  self->base = parent->base;
  self->foreign_shell = FALSE;
  self->windows = parent->windows;
  self->stale = TRUE;
  self->environment_size = parent->environment_size;
  for (guint i = 0; i < parent->volumes->len; i++)
    g_ptr_array_add(self->volumes, g_strdup(parent->volumes->pdata[i]));
  for (guint i = 0; i < parent->copied->len; i++) {
    const NzCopied *c = parent->copied->pdata[i];
    NzCopied *copy = g_new0(NzCopied, 1);
    *copy =
        (NzCopied){g_strdup(c->dest), g_strdup(c->context), g_strdup(c->source), g_strdup(c->text)};
    g_ptr_array_add(self->copied, copy);
  }
  return self;
}

NzBuildBase *
nz_evaluate_base(NzEvaluation *self, const char *name, const char *platform)
{
  for (guint i = 0; i < self->build->bases->len; i++) {
    NzBuildBase *known = self->build->bases->pdata[i];
    if (strcmp(known->name, name) == 0)
      return known;
  }
  NzBuildBase *base;
  if (strcmp(name, "scratch") == 0) {
    base = nz_build_base_new(name);
    base->because = g_strdup("it is empty");
    base->family = NZ_FAMILY_SCRATCH;
    base->user_known = base->accounts_whole = TRUE;
    base->environment = g_new0(char *, 1);
  } else {
    base = self->options->find_base(name, platform, self->options->data);
  }
  g_ptr_array_add(self->build->bases, base);
  return base;
}

/* Images of Windows have users of their own. */
static gboolean
is_windows_image(const char *name)
{
  g_autofree char *lower = g_ascii_strdown(name, -1);
  return strstr(lower, "windows/") || strstr(lower, "nanoserver") || strstr(lower, "servercore");
}

static void
take_base_lists(NzEvaluation *self, const NzBuildBase *base)
{
  NzStageRun *run = self->now;
  for (guint i = 0; base->environment && base->environment[i]; i++) {
    const char *equals = strchr(base->environment[i], '=');
    if (!equals)
      continue;
    g_autofree char *name = g_strndup(base->environment[i], (gsize)(equals - base->environment[i]));
    nz_variables_set(run->variables, name, equals + 1, NZ_VARIABLE_BASE, 0);
  }
  for (guint i = 0; base->volumes && base->volumes[i]; i++)
    nz_evaluate_volume(self, base->volumes[i], self->stage->from->span);
  for (guint i = 0; base->ports && base->ports[i]; i++)
    nz_evaluate_port(self, base->ports[i], self->stage->from->span);
}

static NzStageRun *
run_on_base(NzEvaluation *self, const char *name)
{
  const NzDockerFlag *flag = nz_instruction_flag(self->stage->from, "platform");
  NzBuildBase *base = nz_evaluate_base(self, name, flag && flag->value ? flag->value : NULL);
  g_autofree char *unknown = NULL;
  if (!base->accounts_whole)
    unknown = base->unknown
                  ? g_strdup(base->unknown)
                  : g_strdup_printf("all users of the base image %s are not known", base->name);
  NzStageRun *run = run_new();
  run->base = base;
  run->windows = is_windows_image(name) || g_str_has_prefix(self->options->platform, "windows/");
  run->state =
      nz_stage_state_new(nz_accounts_new(base->family, base->passwd, base->group, unknown));
  run->state->user = g_strdup(base->user);
  if (base->workdir && *base->workdir) {
    g_free(run->state->workdir);
    run->state->workdir = nz_build_path("/", base->workdir);
  }
  run->origin = base->user && *base->user ? NZ_USER_FROM_BASE : NZ_USER_FROM_NONE;
  run->variables = nz_variables_new();
  run->stale = TRUE;
  run->state->user_unknown = !base->user_known;
  nz_evaluate_settle_rights(run);
  return run;
}

/* --- triggers --- */

static gboolean
run_triggers_of_base(NzEvaluation *self, const NzBuildBase *base, GError **error)
{
  for (guint i = 0; base->triggers && base->triggers[i]; i++) {
    g_autofree char *shown = nz_printable(base->name, -1);
    g_autofree char *name = g_strdup_printf("ONBUILD of %s", shown);
    NzSourceFile *source = nz_source_new(name, base->triggers[i], strlen(base->triggers[i]));
    g_ptr_array_add(self->build->trigger_sources, source);
    NzInstruction *in = nz_instruction_parse(source, error);
    if (!in)
      return nz_evaluate_error_at(self, self->stage->from->span, error);
    g_ptr_array_add(self->build->trigger_instructions, in);
    guint n = self->now->state->acts->len;
    self->triggered_by_base = TRUE;
    self->trigger_source = source;
    gboolean ok = nz_evaluate_instruction(self, in, error);
    for (guint j = n; j < self->now->state->acts->len; j++) {
      NzAct *act = self->now->state->acts->pdata[j];
      nz_place_free(act->place);
      act->place = nz_evaluate_place(self, in->span);
    }
    self->triggered_by_base = FALSE;
    self->trigger_source = NULL;
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

static gboolean
run_triggers_of_stage(NzEvaluation *self, const NzStageRun *parent, GError **error)
{
  for (guint i = 0; i < parent->triggers->len; i++)
    if (!nz_evaluate_instruction(self, parent->triggers->pdata[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
run_stage(NzEvaluation *self, NzStage *stage, const NzStageRun *parent, GError **error)
{
  if (parent ? !run_triggers_of_stage(self, parent, error)
             : !run_triggers_of_base(self, self->now->base, error))
    return FALSE;
  const GPtrArray *all = self->build->file->instructions;
  for (guint i = stage->first + 1; i < stage->end; i++)
    if (!nz_evaluate_instruction(self, all->pdata[i], error))
      return FALSE;
  return TRUE;
}

gboolean
nz_evaluate_from(NzEvaluation *self, const char *word, NzSpan span, const NzStageRun **stage,
                 GError **error)
{
  gint i = nz_stages_find(self->build, word, self->build->stages->len, TRUE);
  guint64 index;
  if (i >= 0 && self->runs[i] && !self->runs[i]->done) {
    g_autofree char *shown = nz_printable(word, -1);
    if (self->runs[i] == self->now)
      nz_set_input(error, "the stage copies from itself");
    else
      nz_set_input(error, "the stage and %s wait for each other", shown);
    return nz_evaluate_error_at(self, span, error);
  }
  if (i < 0 && g_ascii_string_to_unsigned(word, 10, 0, G_MAXINT, &index, NULL)) {
    nz_set_input(error, "there is no stage %" G_GUINT64_FORMAT, index);
    return nz_evaluate_error_at(self, span, error);
  }
  *stage = i >= 0 ? nz_evaluate_stage(self, (guint)i, error) : NULL;
  return i < 0 || *stage;
}

NzStageRun *
nz_evaluate_stage(NzEvaluation *self, guint i, GError **error)
{
  if (self->runs[i])
    return self->runs[i];
  NzStage *stage = self->build->stages->pdata[i];
  const NzStageRun *parent = NULL;
  if (stage->parent >= 0 && !(parent = nz_evaluate_stage(self, (guint)stage->parent, error)))
    return NULL;
  if (parent && !nz_evaluate_count(self, stage->from->span, copied_size(parent), error))
    return NULL;
  NzStageRun *before = self->now;
  NzStage *stage_before = self->stage;
  self->stage = stage;
  self->now = self->runs[i] = parent ? run_on_stage(parent) : run_on_base(self, stage->base);
  if (!parent)
    take_base_lists(self, self->now->base);
  gboolean ok = run_stage(self, stage, parent, error);
  self->now->done = TRUE;
  self->now = before;
  self->stage = stage_before;
  return ok ? self->runs[i] : NULL;
}
