/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of an evaluation: which user, and what decided it. */
#include <string.h>

#include "build/evaluate_private.h"
#include "core/limits.h"
#include "core/text.h"

static NzUser *
resolve_windows(const NzStageRun *run)
{
  g_autoptr(NzUser) user = nz_user_new_unknown(run->state->user, "");
  const char *name = run->state->user ? run->state->user : "";
  gboolean nano = run->base && strstr(run->base->name, "nanoserver");
  gboolean admin = g_ascii_strcasecmp(name, "ContainerAdministrator") == 0 ||
                   (*name == '\0' && !nano && run->origin == NZ_USER_FROM_NONE);
  gboolean plain = g_ascii_strcasecmp(name, "ContainerUser") == 0 || (*name == '\0' && nano);
  g_free(user->why);
  user->state = admin ? NZ_USER_ROOT : plain ? NZ_USER_NON_ROOT : NZ_USER_UNKNOWN;
  user->by_name = *name != '\0';
  user->why = g_strdup(admin   ? "ContainerAdministrator is root's equal in a container of Windows"
                       : plain ? "ContainerUser has no rights of an administrator"
                               : "it is a user of Windows, of whose rights nothing is known");
  return g_steal_pointer(&user);
}

static NzUser *
resolve(const NzStageRun *run)
{
  if (run->windows ||
      g_ascii_strncasecmp(run->state->user ? run->state->user : "", "Container", 9) == 0)
    return resolve_windows(run);
  if (run->origin != NZ_USER_FROM_LINE && !run->base->user_known) {
    g_autofree char *shown = nz_printable(run->base->name, -1);
    g_autofree char *why =
        g_strdup_printf("no USER follows, and whom %s starts as is not known: %s", shown,
                        run->base->unknown ? run->base->unknown : "nobody has written it down");
    return nz_user_new_unknown(NULL, why);
  }
  if (run->user_doubt) {
    g_autofree char *shown = nz_printable(run->user_doubt, -1);
    g_autofree char *base = nz_printable(run->base->name, -1);
    g_autofree char *why = g_strdup_printf("whether the base image %s sets %s is not known: %s",
                                           base, shown, run->base->unknown);
    return nz_user_new_unknown(run->state->user, why);
  }
  return nz_accounts_resolve(run->state->accounts, run->state->user);
}

static char *
describe_origin(NzEvaluation *self, const NzStageRun *run)
{
  g_autofree char *base = nz_printable(run->base ? run->base->name : "", -1);
  const char *because = run->base && run->base->because ? run->base->because : "";
  if (run->origin == NZ_USER_FROM_LINE) {
    g_autofree char *declared = nz_printable(run->state->user, -1);
    GString *text = g_string_new(*declared == '\0' ? "the empty USER" : "USER ");
    g_string_append(text, declared);
    if (run->user_by_base)
      g_string_append_printf(text, ", which the base image %s triggers", base);
    else
      g_string_append_printf(text, " in line %u", nz_evaluate_line(self, run->user_line->span));
    if (run->user_note)
      g_string_append_printf(text, " (%s)", run->user_note);
    return g_string_free(text, FALSE);
  }
  if (run->origin == NZ_USER_FROM_BASE) {
    g_autofree char *declared = nz_printable(run->base->user, -1);
    return g_strdup_printf("no USER follows, and the base image %s starts as %s (%s)", base,
                           declared, because);
  }
  if (!run->base->user_known)
    return g_strdup("");
  return g_strdup_printf("no USER follows, and the base image %s names none (%s)", base, because);
}

static void
explain(NzEvaluation *self, const NzStageRun *run)
{
  NzBuild *build = self->build;
  build->because = describe_origin(self, run);
  if (*build->because != '\0') {
    g_autofree char *why = g_steal_pointer(&build->user->why);
    build->user->why = run->origin == NZ_USER_FROM_NONE && !run->windows
                           ? g_strdup_printf("%s, so it starts as root", build->because)
                           : g_strdup_printf("%s: %s", build->because, why);
  }
  guint32 uid, gid;
  if (build->user->by_name && build->user->state == NZ_USER_NON_ROOT) {
    g_auto(GStrv) parts = g_strsplit(run->state->user, ":", 2);
    if (nz_accounts_is_fixed(run->state->accounts, parts[0], &uid, &gid) && build->user->has_uid)
      build->number = build->user->has_gid
                          ? g_strdup_printf("%u:%u", build->user->uid, build->user->gid)
                          : g_strdup_printf("%u", build->user->uid);
  }
}

static void
place_user(NzEvaluation *self, const NzStageRun *run)
{
  const NzStage *bottom = self->build->stages->pdata[self->build->target];
  while (bottom->parent >= 0)
    bottom = self->build->stages->pdata[bottom->parent];
  NzSpan span = bottom->from->span;
  if (run->user_line && !run->user_by_base)
    span = run->user_line->span;
  self->build->user_place = nz_source_place(self->build->file->source, span);
}

static void
take_answer(NzEvaluation *self, NzStageRun *run)
{
  NzBuild *build = self->build;
  self->now = run;
  self->stage = build->stages->pdata[build->target];
  build->origin = run->origin;
  build->user_line = run->user_line;
  build->base = run->base;
  build->windows = run->windows;
  build->entrypoint = run->entrypoint;
  build->cmd = run->cmd;
  build->user = resolve(run);
  explain(self, run);
  place_user(self, run);
  nz_evaluate_start(self);
  build->volumes = g_ptr_array_ref(run->volumes);
  g_ptr_array_add(build->volumes, NULL);
  build->workdir_place = g_steal_pointer(&run->workdir_place);
  build->state = g_steal_pointer(&run->state);
  if (!run->windows)
    nz_effects_conclude(build->state, build->user, (const char *const *)build->volumes->pdata,
                        build->workdir_place);
}

NzBuild *
nz_build_evaluate(NzDockerfile *file, const NzBuildOptions *options, GError **error)
{
  g_autoptr(NzBuild) build = g_new0(NzBuild, 1);
  build->file = file;
  build->bases = g_ptr_array_new_with_free_func((GDestroyNotify)nz_build_base_free);
  build->notes = g_ptr_array_new_with_free_func(g_free);
  build->trigger_sources = g_ptr_array_new_with_free_func((GDestroyNotify)nz_source_free);
  build->trigger_instructions = g_ptr_array_new_with_free_func((GDestroyNotify)nz_instruction_free);
  NzEvaluation self = {.build = build,
                       .options = options,
                       .globals = nz_variables_new(),
                       .budget = NZ_EXPAND_WORK_MAX};
  gboolean ok = nz_stages_read(&self, error);
  guint n = build->stages->len;
  self.runs = g_new0(NzStageRun *, n + 1);
  NzStageRun *run = ok ? nz_evaluate_stage(&self, build->target, error) : NULL;
  if (run)
    take_answer(&self, run);
  for (guint i = 0; i < n; i++)
    nz_stage_run_free(self.runs[i]);
  g_free(self.runs);
  nz_variables_free(self.globals);
  return run ? g_steal_pointer(&build) : NULL;
}

void
nz_build_free(NzBuild *self)
{
  if (!self)
    return;
  g_clear_pointer(&self->stages, g_ptr_array_unref);
  nz_stage_state_free(self->state);
  nz_user_free(self->user);
  nz_place_free(self->user_place);
  nz_place_free(self->workdir_place);
  g_free(self->because);
  g_free(self->script);
  g_free(self->script_text);
  g_free(self->number);
  g_clear_pointer(&self->bases, g_ptr_array_unref);
  g_clear_pointer(&self->volumes, g_ptr_array_unref);
  g_clear_pointer(&self->notes, g_ptr_array_unref);
  g_clear_pointer(&self->trigger_instructions, g_ptr_array_unref);
  g_clear_pointer(&self->trigger_sources, g_ptr_array_unref);
  g_free(self);
}
