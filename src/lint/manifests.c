/* SPDX-License-Identifier: Apache-2.0 */
/* Containers of Kubernetes manifests: each is judged by what its pod says of it, and by its image.
 */
#include <string.h>

#include "check/check.h"
#include "kube/decide.h"
#include "lint/comments.h"
#include "lint/lint_private.h"

/* "Deployment/prod/web app" */
static char *
subject_name(const NzKubePod *pod, const NzKubeContainer *container)
{
  return g_strconcat(pod->kind, "/", pod->namespace ? pod->namespace : "",
                     pod->namespace ? "/" : "", pod->name ? pod->name : "", " ", container->name,
                     NULL);
}

static NzBuildBase *
find_image(const NzKubeContainer *container, const NzLintOptions *options)
{
  if (!container->image || !*container->image || !options->find_base)
    return NULL;
  return options->find_base(container->image, NULL, options->data);
}

static NzSubject *
judge(const NzManifest *manifest, const NzKubePod *pod, const NzKubeContainer *container,
      const NzLintOptions *options)
{
  g_autofree char *name = subject_name(pod, container);
  NzSubject *subject = nz_lint_subject("workload-container", name, manifest->source);
  g_autoptr(NzBuildBase) image = find_image(container, options);
  g_autoptr(NzKubeDecision) decision = nz_kube_decide(manifest, pod, container, image);
  subject->user = g_steal_pointer(&decision->user);
  subject->place = g_steal_pointer(&decision->place);
  NzBuildFacts facts = {.profile = options->profile,
                        .user = subject->user,
                        .user_place = subject->place,
                        .acts = decision->acts};
  nz_checks_run_build(&facts, subject->findings);
  nz_comments_apply(NULL, manifest->source, subject);
  nz_subject_conclude(subject);
  subject->finished = g_get_real_time();
  return subject;
}

/* What was not covered is said with the first subject, or where there is none, beside the report.
 */
static void
tell_notes(const NzManifest *manifest, const NzLintOptions *options, NzSubject *first)
{
  for (guint i = 0; i < manifest->notes->len; i++) {
    const char *note = manifest->notes->pdata[i];
    if (first) {
      g_ptr_array_add(first->notes, g_strdup(note));
    } else if (options->uncovered) {
      g_autofree char *text = g_strdup_printf("%s: %s", manifest->source->name, note);
      options->uncovered(text, options->data);
    }
  }
}

static void
tell_nothing(const NzManifest *manifest, const NzLintOptions *options)
{
  if (!options->named || !options->uncovered || manifest->notes->len > 0)
    return;
  g_autofree char *text =
      g_strdup_printf("%s: no pod is in it: there is nothing to judge", manifest->source->name);
  options->uncovered(text, options->data);
}

gboolean
nz_lint_manifests(NzSourceFile *source, const NzLintOptions *options, GPtrArray *subjects,
                  GError **error)
{
  g_autoptr(GError) failed = NULL;
  g_autoptr(NzManifest) manifest = nz_manifest_read(source, &failed);
  if (!manifest && !options->named && options->uncovered &&
      g_error_matches(failed, NZ_ERROR, NZ_ERROR_TEMPLATE)) {
    g_autofree char *text = g_strdup_printf("not covered: %s", failed->message);
    options->uncovered(text, options->data);
    return TRUE;
  }
  if (!manifest) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  guint first = subjects->len;
  for (guint i = 0; i < manifest->pods->len; i++) {
    const NzKubePod *pod = manifest->pods->pdata[i];
    for (guint j = 0; j < pod->containers->len; j++)
      g_ptr_array_add(subjects, judge(manifest, pod, pod->containers->pdata[j], options));
  }
  tell_notes(manifest, options, subjects->len > first ? subjects->pdata[first] : NULL);
  if (subjects->len == first)
    tell_nothing(manifest, options);
  return TRUE;
}
