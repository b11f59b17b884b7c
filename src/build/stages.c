/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of a Dockerfile: where each begins, what it is called, and what it is built on. */
#include <string.h>

#include "build/evaluate_private.h"
#include "core/limits.h"
#include "core/text.h"

static void
stage_free(gpointer data)
{
  NzStage *self = data;
  g_free(self->name);
  g_free(self->base);
  g_free(self);
}

/* --- ARG before the first FROM --- */

static const char *
find_global(const char *name, gpointer data)
{
  const NzVariable *v = nz_variables_find(data, name);
  return v ? v->value : NULL;
}

static char *
expand_global(NzEvaluation *self, const NzInstruction *in, const char *word, GError **error)
{
  NzExpand how = {.lookup = find_global,
                  .data = self->globals,
                  .escape = self->build->file->escape,
                  .budget = &self->budget};
  char *text = nz_expand_word(word, &how, error);
  if (!text)
    nz_evaluate_error_at(self, in->span, error);
  return text;
}

static gboolean
add_global(NzEvaluation *self, const NzInstruction *in, GError **error)
{
  for (guint i = 0; i < in->pairs->len; i++) {
    const NzDockerPair *pair = in->pairs->pdata[i];
    const char *given = nz_assignment_find(self->options->arguments, pair->key);
    g_autofree char *value = NULL;
    if (!given && pair->value && !(value = expand_global(self, in, pair->value, error)))
      return FALSE;
    nz_variables_set(self->globals, pair->key, given ? given : value,
                     given ? NZ_VARIABLE_OPTION : NZ_VARIABLE_ARG,
                     nz_source_line(self->build->file->source, in->span.start, NULL));
  }
  return TRUE;
}

/* TARGETPLATFORM and its like: "linux/arm64/v8" in parts. */
static void
add_platform(NzEvaluation *self)
{
  static const char *const prefixes[] = {"TARGET", "BUILD"};
  const char *platform = self->options->platform;
  g_auto(GStrv) parts = g_strsplit(platform, "/", 3);
  guint n = g_strv_length(parts);
  const struct {
    const char *suffix, *value;
  } values[] = {{"PLATFORM", platform},
                {"OS", n > 0 ? parts[0] : ""},
                {"ARCH", n > 1 ? parts[1] : ""},
                {"VARIANT", n > 2 ? parts[2] : ""}};
  for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++)
    for (guint j = 0; j < G_N_ELEMENTS(values); j++) {
      g_autofree char *name = g_strconcat(prefixes[i], values[j].suffix, NULL);
      const char *given = nz_assignment_find(self->options->arguments, name);
      nz_variables_set(self->globals, name, given ? given : values[j].value, NZ_VARIABLE_PLATFORM,
                       0);
    }
}

/* --- FROM --- */

gint
nz_stages_find(const NzBuild *build, const char *word, guint n, gboolean by_index)
{
  g_autofree char *name = g_ascii_strdown(word, -1);
  for (guint i = n; i > 0; i--) {
    const NzStage *stage = build->stages->pdata[i - 1];
    if (stage->name && strcmp(stage->name, name) == 0)
      return (gint)i - 1;
  }
  guint64 index;
  if (by_index && g_ascii_string_to_unsigned(word, 10, 0, G_MAXINT, &index, NULL) && index < n)
    return (gint)index;
  return -1;
}

static gboolean
has_capitals(const char *text)
{
  for (; *text; text++)
    if (g_ascii_isupper(*text))
      return TRUE;
  return FALSE;
}

/* FROM [--platform=P] IMAGE [AS NAME] */
static gboolean
add_stage(NzEvaluation *self, guint at, const NzInstruction *in, GError **error)
{
  NzBuild *build = self->build;
  if (build->stages->len >= NZ_STAGES_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "more stages than the limit of %u", NZ_STAGES_MAX);
    return nz_evaluate_error_at(self, in->span, error);
  }
  NzStage *stage = g_new0(NzStage, 1);
  stage->index = build->stages->len;
  stage->from = in;
  stage->parent = -1;
  stage->first = stage->end = at;
  g_ptr_array_add(build->stages, stage);
  const NzWord *image = in->words->pdata[0];
  stage->base = expand_global(self, in, image->text, error);
  if (!stage->base)
    return FALSE;
  if (*stage->base == '\0') {
    g_autofree char *shown = nz_printable(image->text, -1);
    nz_set_input(error, "the base image %s is an empty name: give its ARG a value with --build-arg",
                 shown);
    return nz_evaluate_error_at(self, image->span, error);
  }
  /* Builders differ on whether "FROM BUILD" means the stage "build": then it is an image that
   * nobody has. */
  if (!has_capitals(stage->base))
    stage->parent = nz_stages_find(build, stage->base, stage->index, FALSE);
  if (in->words->len == 3) {
    const NzWord *name = in->words->pdata[2];
    stage->name = g_ascii_strdown(name->text, -1);
  }
  return TRUE;
}

static gboolean
choose_target(NzEvaluation *self, GError **error)
{
  NzBuild *build = self->build;
  build->target = build->stages->len - 1;
  if (!self->options->target || *self->options->target == '\0')
    return TRUE;
  gint found = nz_stages_find(build, self->options->target, build->stages->len, TRUE);
  if (found < 0) {
    g_autofree char *shown = nz_printable(self->options->target, -1);
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND, "%s: there is no stage %s",
                build->file->source->name, shown);
    return FALSE;
  }
  build->target = (guint)found;
  return TRUE;
}

gboolean
nz_stages_read(NzEvaluation *self, GError **error)
{
  NzBuild *build = self->build;
  build->stages = g_ptr_array_new_with_free_func(stage_free);
  add_platform(self);
  const GPtrArray *all = build->file->instructions;
  for (guint i = 0; i < all->len; i++) {
    const NzInstruction *in = all->pdata[i];
    if (in->kind == NZ_DOCKER_FROM) {
      if (!add_stage(self, i, in, error))
        return FALSE;
    } else if (build->stages->len == 0 && !add_global(self, in, error)) {
      return FALSE;
    }
    if (build->stages->len > 0)
      ((NzStage *)build->stages->pdata[build->stages->len - 1])->end = i + 1;
  }
  return choose_target(self, error);
}
