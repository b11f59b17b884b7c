/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/lint.h"

#include <string.h>

#include "build/variables.h"
#include "check/check.h"
#include "core/limits.h"
#include "fix/fix.h"
#include "lint/comments.h"
#include "lint/context.h"
#include "lint/lint_private.h"

/* --- what a build asks for --- */

static NzBuildBase *
find_base(const char *name, const char *platform, gpointer data)
{
  const NzDockerfileLint *lint = data;
  const char *instead = nz_assignment_find(lint->contexts, name);
  if (instead && g_str_has_prefix(instead, NZ_IMAGE_CONTEXT))
    name = instead + strlen(NZ_IMAGE_CONTEXT);
  else if (instead)
    name = instead;
  return lint->options->find_base(name, platform, lint->options->data);
}

static GBytes *
read_context(const char *context, const char *path, gpointer data)
{
  const NzDockerfileLint *lint = data;
  const char *directory = context ? context : lint->directory;
  return directory ? nz_context_read(directory, path) : NULL;
}

static guint16
context_mode(const char *context, const char *path, gpointer data)
{
  const NzDockerfileLint *lint = data;
  const char *directory = context ? context : lint->directory;
  return directory ? nz_context_mode(directory, path) : 0;
}

NzBuild *
nz_lint_build(NzSourceFile *source, const NzDockerfileLint *lint, NzDockerfile **file,
              GError **error)
{
  *file = nz_dockerfile_parse(source, error);
  if (!*file)
    return NULL;
  NzBuildOptions options = {.target = lint->target,
                            .platform = lint->options->platform,
                            .arguments = lint->arguments,
                            .contexts = lint->contexts,
                            .find_base = find_base,
                            .read_context = read_context,
                            .context_mode = context_mode,
                            .data = (gpointer)lint};
  return nz_build_evaluate(*file, &options, error);
}

/* --- judged --- */

NzSubject *
nz_lint_subject(const char *kind, const char *name, const NzSourceFile *source)
{
  NzSubject *subject = nz_subject_new(kind);
  subject->name = g_strdup(name);
  subject->source = g_strdup(source->name);
  subject->started = g_get_real_time();
  return subject;
}

NzSubject *
nz_lint_judge(NzBuild *build, NzSourceFile *source, const NzLintOptions *options)
{
  NzSubject *subject = nz_lint_subject("dockerfile", source->name, source);
  NzBuildFacts facts = {.profile = options->profile,
                        .user = build->user,
                        .user_place = build->user_place,
                        .user_number = build->number,
                        .acts = build->state->acts};
  nz_checks_run_build(&facts, subject->findings);
  for (guint i = 0; i < build->notes->len; i++)
    g_ptr_array_add(subject->notes, g_strdup(build->notes->pdata[i]));
  subject->user = g_steal_pointer(&build->user);
  subject->place = nz_place_copy(build->user_place);
  g_autoptr(NzComments) comments = nz_comments_read(build->file, source, NZ_COMMENTS_OF_LINES);
  nz_comments_apply(comments, subject, 0);
  nz_subject_conclude(subject);
  subject->finished = g_get_real_time();
  return subject;
}

/* --- mended --- */

/* Findings that a source has, told apart without their lines: a fix moves those. */
static guint
count_failures(const NzSubject *subject, gboolean *starts_as_root)
{
  guint n = 0;
  *starts_as_root = FALSE;
  for (guint i = 0; i < subject->findings->len; i++) {
    const NzFinding *f = subject->findings->pdata[i];
    n += f->level == NZ_LEVEL_FAIL || f->undecided;
    *starts_as_root |= strcmp(f->rule, "image-user") == 0;
  }
  return n;
}

static NzSubject *
judge_text(const char *text, gsize len, const NzSourceFile *source, const NzDockerfileLint *lint)
{
  if (len > NZ_SOURCE_MAX)
    return NULL;
  g_autoptr(NzSourceFile) changed = nz_source_new(source->name, text, len);
  g_autoptr(NzDockerfile) file = NULL;
  g_autoptr(NzBuild) build = nz_lint_build(changed, lint, &file, NULL);
  return build ? nz_lint_judge(build, changed, lint->options) : NULL;
}

static void
refuse(GPtrArray *fixes, const char *why)
{
  for (guint i = 0; i < fixes->len; i++) {
    NzFix *fix = fixes->pdata[i];
    if (!fix->refused)
      fix->refused = g_strdup(why);
  }
}

static gboolean
is_any_applied(const GPtrArray *fixes)
{
  for (guint i = 0; i < fixes->len; i++)
    if (!((NzFix *)fixes->pdata[i])->refused)
      return TRUE;
  return FALSE;
}

/* What the fixes make of the source is judged again, and must be better. */
static void
verify(NzSubject *subject, const NzSourceFile *source, const NzDockerfileLint *lint)
{
  if (!is_any_applied(subject->fixes))
    return;
  gsize len = 0;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = nz_fixes_apply(source->data, source->len, subject->fixes, &len, &error);
  g_autoptr(NzSubject) after = text ? judge_text(text, len, source, lint) : NULL;
  gboolean root_before, root_after;
  if (!after || count_failures(after, &root_after) > count_failures(subject, &root_before) ||
      (root_after && !root_before))
    refuse(subject->fixes, error ? error->message : "the result was judged, and is no better");
}

static gboolean
lint_dockerfile(NzSourceFile *source, const char *directory, const NzLintOptions *options,
                GPtrArray *subjects, GError **error)
{
  NzDockerfileLint lint = {options, directory, options->target, options->arguments,
                           options->contexts};
  g_autoptr(NzDockerfile) file = NULL;
  g_autoptr(NzBuild) build = nz_lint_build(source, &lint, &file, error);
  if (!build)
    return FALSE;
  NzSubject *subject = nz_lint_judge(build, source, options);
  g_ptr_array_add(subjects, subject);
  if (options->fix) {
    build->user = subject->user; /* lent */
    nz_fix_dockerfile(build, subject->findings, subject->fixes);
    build->user = NULL;
    verify(subject, source, &lint);
  }
  return TRUE;
}

gboolean
nz_lint_source(NzSourceFile *source, NzSourceKind kind, const char *directory,
               const NzLintOptions *options, GPtrArray *subjects, GError **error)
{
  if (kind == NZ_SOURCE_DOCKERFILE)
    return lint_dockerfile(source, directory, options, subjects, error);
  if (kind == NZ_SOURCE_MANIFEST)
    return nz_lint_manifests(source, options, subjects, error);
  return nz_lint_services(source, kind, options, subjects, error);
}
