/* SPDX-License-Identifier: Apache-2.0 */
/* Stages, run instruction by instruction: a table says what each kind does to the stage's state. */
#include <string.h>

#include "build/evaluate_private.h"
#include "core/limits.h"
#include "core/text.h"

/* --- places and words --- */

NzPlace *
nz_evaluate_place(NzEvaluation *self, NzSpan span)
{
  /* What the base image triggers stands nowhere in this file but in its FROM. */
  if (self->triggered_by_base)
    span = self->stage->from->span;
  return nz_source_place(self->build->file->source, span);
}

gboolean
nz_evaluate_error_at(NzEvaluation *self, NzSpan span, GError **error)
{
  if (error && *error) {
    g_autoptr(NzPlace) place = nz_evaluate_place(self, span);
    g_prefix_error(error, "%s:%u:%u: ", place->file, place->line, place->column);
  }
  return FALSE;
}

gboolean
nz_evaluate_count(NzEvaluation *self, NzSpan span, gsize work, GError **error)
{
  self->work += MIN(work, NZ_EVALUATE_WORK_MAX);
  if (self->work < NZ_EVALUATE_WORK_MAX)
    return TRUE;
  g_set_error_literal(error, NZ_ERROR, NZ_ERROR_LIMIT,
                      "its stages and commands make more work than the limit allows");
  return nz_evaluate_error_at(self, span, error);
}

guint
nz_evaluate_line(NzEvaluation *self, NzSpan span)
{
  if (self->triggered_by_base)
    span = self->stage->from->span;
  return nz_source_line(self->build->file->source, span.start, NULL);
}

static const char *
find_variable(const char *name, gpointer data)
{
  const NzVariable *v = nz_variables_find(data, name);
  return v ? v->value : NULL;
}

char *
nz_evaluate_word(NzEvaluation *self, const NzInstruction *in, const char *word, GPtrArray *used,
                 GPtrArray *unset, GError **error)
{
  /* Most words are plain. */
  if (!strpbrk(word, "$'\"\\`"))
    return g_strdup(word);
  NzExpand how = {.lookup = find_variable,
                  .data = self->now->variables,
                  .escape = self->build->file->escape,
                  .used = used,
                  .unset = unset,
                  .budget = &self->budget};
  char *text = nz_expand_word(word, &how, error);
  if (!text)
    nz_evaluate_error_at(self, in->span, error);
  return text;
}

char *
nz_evaluate_heredoc(NzEvaluation *self, const char *text)
{
  NzExpand how = {.lookup = find_variable,
                  .data = self->now->variables,
                  .escape = '\\',
                  .plain_quotes = TRUE,
                  .budget = &self->budget};
  return nz_expand_word(text, &how, NULL);
}

/* --- instructions --- */

static gboolean
run_env(NzEvaluation *self, const NzInstruction *in, GError **error)
{
  /* All values are expanded before the first is set: "ENV a=1 b=$a" has the old a. */
  g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < in->pairs->len; i++) {
    const NzDockerPair *pair = in->pairs->pdata[i];
    char *value = nz_evaluate_word(self, in, pair->value ? pair->value : "", NULL, NULL, error);
    if (!value)
      return FALSE;
    g_ptr_array_add(values, value);
  }
  for (guint i = 0; i < in->pairs->len; i++) {
    const NzDockerPair *pair = in->pairs->pdata[i];
    nz_variables_set(self->now->variables, pair->key, values->pdata[i], NZ_VARIABLE_ENV,
                     nz_evaluate_line(self, pair->span));
  }
  self->now->stale = TRUE;
  return TRUE;
}

static gboolean
run_arg(NzEvaluation *self, const NzInstruction *in, GError **error)
{
  for (guint i = 0; i < in->pairs->len; i++) {
    const NzDockerPair *pair = in->pairs->pdata[i];
    const char *given = nz_assignment_find(self->options->arguments, pair->key);
    const NzVariable *global = nz_variables_find(self->globals, pair->key);
    g_autofree char *value = NULL;
    if (!given && pair->value &&
        !(value = nz_evaluate_word(self, in, pair->value, NULL, NULL, error)))
      return FALSE;
    if (!given && !pair->value && global)
      value = g_strdup(global->value);
    /* "ARG v" after "ARG v=1" takes nothing away. */
    if (!given && !value && nz_variables_find(self->now->variables, pair->key))
      continue;
    nz_variables_set(self->now->variables, pair->key, given ? given : value,
                     given ? NZ_VARIABLE_OPTION : NZ_VARIABLE_ARG,
                     nz_evaluate_line(self, pair->span));
  }
  self->now->stale = TRUE;
  return TRUE;
}

/* For people: of each variable that a USER is made of, where it got its value. */
static char *
describe_variables(NzEvaluation *self, const GPtrArray *used)
{
  static const char *const origins[] = {[NZ_VARIABLE_BASE] = "of the base image",
                                        [NZ_VARIABLE_PLATFORM] = "of the platform",
                                        [NZ_VARIABLE_ARG] = "by ARG",
                                        [NZ_VARIABLE_OPTION] = "by --build-arg",
                                        [NZ_VARIABLE_ENV] = "by ENV"};
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < used->len; i++) {
    const NzVariable *v = nz_variables_find(self->now->variables, used->pdata[i]);
    g_autofree char *name = nz_printable(used->pdata[i], -1);
    g_string_append(text, i > 0 ? ", " : "");
    if (!v && nz_variables_find(self->globals, used->pdata[i])) {
      g_string_append_printf(
          text, "%s is unset: an ARG before FROM counts in a stage only if `ARG %s` says it again",
          name, name);
    } else if (!v || !v->value) {
      g_string_append_printf(text, "%s is unset", name);
    } else {
      g_autofree char *value = nz_printable(v->value, -1);
      g_string_append_printf(text, "%s is \"%s\" %s", name, value, origins[v->kind]);
      if (v->line > 0)
        g_string_append_printf(text, " in line %u", v->line);
    }
  }
  return g_string_free(text, FALSE);
}

static gboolean
is_environment_known(const NzStageRun *run)
{
  return run->base && !run->base->unknown;
}

static gboolean
run_user(NzEvaluation *self, const NzInstruction *in, GError **error)
{
  NzStageRun *run = self->now;
  g_autoptr(GPtrArray) used = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *user = nz_evaluate_word(self, in, in->rest->data, used, NULL, error);
  if (!user)
    return FALSE;
  g_free(run->state->user);
  run->state->user = g_steal_pointer(&user);
  run->state->user_unknown = FALSE;
  run->origin = NZ_USER_FROM_LINE;
  run->user_line = in;
  run->user_by_base = self->triggered_by_base;
  g_clear_pointer(&run->user_note, g_free);
  if (used->len > 0)
    run->user_note = describe_variables(self, used);
  g_clear_pointer(&run->user_doubt, g_free);
  for (guint i = 0; i < used->len && !is_environment_known(run); i++)
    if (!nz_variables_find(run->variables, used->pdata[i]))
      run->user_doubt = g_strdup(used->pdata[i]);
  nz_evaluate_settle_rights(run);
  return TRUE;
}

static gboolean
run_workdir(NzEvaluation *self, const NzInstruction *in, GError **error)
{
  g_autofree char *path = nz_evaluate_word(self, in, in->rest->data, NULL, NULL, error);
  if (!path)
    return FALSE;
  NzStageRun *run = self->now;
  char *absolute = nz_build_path(run->state->workdir, path);
  g_free(run->state->workdir);
  run->state->workdir = absolute;
  nz_place_free(run->workdir_place);
  run->workdir_place = nz_evaluate_place(self, in->span);
  nz_effects_workdir(run->state, absolute, run->workdir_place);
  return TRUE;
}

typedef void (*Take)(NzEvaluation *self, const char *word, NzSpan span);

static gboolean
run_words(NzEvaluation *self, const NzInstruction *in, Take take, GError **error)
{
  for (guint i = 0; i < in->words->len; i++) {
    const NzWord *word = in->words->pdata[i];
    g_autofree char *text = nz_evaluate_word(self, in, word->text, NULL, NULL, error);
    if (!text)
      return FALSE;
    take(self, text, word->span);
  }
  return TRUE;
}

void
nz_evaluate_volume(NzEvaluation *self, const char *word, NzSpan span)
{
  if (*word == '\0' || self->now->volumes->len >= NZ_VOLUMES_MAX)
    return;
  g_autoptr(NzPlace) place = nz_evaluate_place(self, span);
  g_ptr_array_add(self->now->volumes, nz_build_path("/", word));
  nz_effects_volume(self->now->state, word, place);
}

void
nz_evaluate_port(NzEvaluation *self, const char *word, NzSpan span)
{
  NzStageState *state = self->now->state;
  g_autofree char *shown = nz_printable(word, -1);
  if (state->acts->len < NZ_ACTS_MAX)
    g_ptr_array_add(state->acts,
                    nz_act_new(NZ_ACT_PORT, nz_evaluate_place(self, span), shown, "EXPOSE"));
}

/* A VOLUME of this file: a directory that the engine makes where the image has none. */
static void
add_own_volume(NzEvaluation *self, const char *word, NzSpan span)
{
  g_autoptr(NzPlace) place = nz_evaluate_place(self, span);
  nz_evaluate_volume(self, word, span);
  nz_effects_volume(self->now->state, word, place);
}

static gboolean
run_volume(NzEvaluation *self, const NzInstruction *in, GError **error)
{
  return run_words(self, in, add_own_volume, error);
}

static gboolean
run_expose(NzEvaluation *self, const NzInstruction *in, GError **error)
{
  return run_words(self, in, nz_evaluate_port, error);
}

static gboolean
run_entrypoint(NzEvaluation *self, const NzInstruction *in, GError **error G_GNUC_UNUSED)
{
  self->now->entrypoint = in;
  /* A CMD that was there before, the base's or this file's, counts no more unless it comes after;
   * BuildKit keeps one of the same file. */
  if (self->now->cmd_inherited)
    self->now->cmd = NULL;
  return TRUE;
}

static gboolean
run_cmd(NzEvaluation *self, const NzInstruction *in, GError **error G_GNUC_UNUSED)
{
  self->now->cmd = in;
  self->now->cmd_inherited = FALSE;
  return TRUE;
}

static gboolean
run_shell(NzEvaluation *self, const NzInstruction *in, GError **error G_GNUC_UNUSED)
{
  static const char *const known[] = {"sh",  "bash", "dash",    "ash", "ksh",
                                      "zsh", "mksh", "busybox", NULL};
  if (in->words->len == 0)
    return TRUE;
  const NzWord *first = in->words->pdata[0];
  g_autofree char *name = g_path_get_basename(first->text);
  self->now->foreign_shell = !g_strv_contains(known, name);
  return TRUE;
}

static gboolean
run_onbuild(NzEvaluation *self, const NzInstruction *in, GError **error G_GNUC_UNUSED)
{
  if (in->inner)
    g_ptr_array_add(self->now->triggers, in->inner);
  return TRUE;
}

typedef gboolean (*Run)(NzEvaluation *self, const NzInstruction *in, GError **error);

static const Run runs[NZ_DOCKER_N] = {
    [NZ_DOCKER_ADD] = nz_evaluate_copy,
    [NZ_DOCKER_ARG] = run_arg,
    [NZ_DOCKER_CMD] = run_cmd,
    [NZ_DOCKER_COPY] = nz_evaluate_copy,
    [NZ_DOCKER_ENTRYPOINT] = run_entrypoint,
    [NZ_DOCKER_ENV] = run_env,
    [NZ_DOCKER_EXPOSE] = run_expose,
    [NZ_DOCKER_ONBUILD] = run_onbuild,
    [NZ_DOCKER_RUN] = nz_evaluate_run,
    [NZ_DOCKER_SHELL] = run_shell,
    [NZ_DOCKER_USER] = run_user,
    [NZ_DOCKER_VOLUME] = run_volume,
    [NZ_DOCKER_WORKDIR] = run_workdir,
};

gboolean
nz_evaluate_instruction(NzEvaluation *self, const NzInstruction *in, GError **error)
{
  return !runs[in->kind] || runs[in->kind](self, in, error);
}
