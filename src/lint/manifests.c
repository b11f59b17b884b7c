/* SPDX-License-Identifier: Apache-2.0 */
/* Containers of Kubernetes manifests: each is judged by what its pod says of it, and by its image.
 */
#include <string.h>

#include "check/check.h"
#include "kube/decide.h"
#include "kube/pod_security.h"
#include "lint/annotations.h"
#include "lint/comments.h"
#include "lint/lint_private.h"

/* A manifest whose containers are judged. */
typedef struct {
  const NzManifest *manifest;
  const NzLintOptions *options;
  NzComments *comments;
  const NzKubePod *pod;   /* at hand */
  GHashTable *violations; /* a container of it, or NULL for its own -> GPtrArray of NzPodViolation:
                             what is violated of the profile */
} Work;

/* "Deployment/prod/web app" */
static char *
subject_name(const NzKubePod *pod, const NzKubeContainer *container)
{
  return g_strconcat(pod->kind, "/", pod->namespace ? pod->namespace : "",
                     pod->namespace ? "/" : "", pod->name ? pod->name : "", " ", container->name,
                     NULL);
}

static NzBuildBase *
find_image(const NzKubePod *pod, const NzKubeContainer *container, const NzLintOptions *options)
{
  if (!container->image || !*container->image || !options->find_image)
    return NULL;
  return options->find_image(container->image, nz_kube_image_need(pod, container), options->data);
}

/* By whom they are: a pod may have thousands of containers. */
static GHashTable *
group_violations(const GPtrArray *violations)
{
  GHashTable *groups = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
  for (guint i = 0; i < violations->len; i++) {
    NzPodViolation *v = violations->pdata[i];
    GPtrArray *group = g_hash_table_lookup(groups, v->container);
    if (!group)
      g_hash_table_insert(groups, (gpointer)v->container, group = g_ptr_array_new());
    g_ptr_array_add(group, v);
  }
  return groups;
}

static void
add_violations(GHashTable *groups, const NzKubeContainer *whose, const NzKubeContainer *container,
               GPtrArray *acts)
{
  const GPtrArray *group = g_hash_table_lookup(groups, whose);
  if (group)
    nz_pod_violation_acts(group, container, acts);
}

/* Under a profile of pods VIOLATIONS are all that counts. */
static void
run_checks(NzSubject *subject, const NzKubeContainer *container, const NzKubeDecision *decision,
           GHashTable *violations, const NzLintOptions *options)
{
  const char *pods = nz_profile_of_pods(options->profile);
  g_autoptr(GPtrArray) forbidden = g_ptr_array_new_with_free_func((GDestroyNotify)nz_act_free);
  add_violations(violations, NULL, container, forbidden);
  add_violations(violations, container, container, forbidden);
  NzBuildFacts facts = {.profile = pods ? pods : options->profile,
                        .user = subject->user,
                        .user_place = subject->place,
                        .acts = pods ? forbidden : decision->acts,
                        .in_pod = TRUE};
  nz_checks_run_build(&facts, subject->findings);
}

void
nz_lint_judged_free(gpointer data)
{
  NzLintJudged *self = data;
  nz_subject_free(self->kube.subject);
  nz_build_base_free(self->image);
  g_free(self);
}

static NzLintJudged *
judge(const Work *work, const NzKubeContainer *container)
{
  const NzManifest *manifest = work->manifest;
  const NzKubePod *pod = work->pod;
  const NzLintOptions *options = work->options;
  g_autofree char *name = subject_name(pod, container);
  NzSubject *subject = nz_lint_subject("workload-container", name, manifest->source);
  subject->space = g_strdup(pod->namespace);
  subject->in_pod = g_strdup(container->name);
  g_autoptr(NzBuildBase) image = find_image(pod, container, options);
  g_autoptr(NzKubeDecision) decision = nz_kube_decide(manifest, pod, container, image);
  subject->user = g_steal_pointer(&decision->user);
  subject->place = g_steal_pointer(&decision->place);
  if (options->explain)
    subject->steps = g_ptr_array_ref(decision->steps);
  run_checks(subject, container, decision, work->violations, options);
  nz_comments_apply(work->comments, subject, container->node->line);
  /* Other tools' annotations mean other tools' checks; a cluster's admission knows none. */
  if (!nz_profile_of_pods(options->profile))
    nz_annotations_apply(manifest, pod, subject);
  nz_subject_conclude(subject);
  subject->finished = g_get_real_time();
  NzLintJudged *judged = g_new0(NzLintJudged, 1);
  judged->image = options->fix ? g_steal_pointer(&image) : NULL;
  judged->kube = (NzKubeJudged){.container = container, .subject = subject, .image = judged->image};
  return judged;
}

void
nz_lint_judge_manifest(const NzManifest *manifest, const NzLintOptions *options, GPtrArray *judged)
{
  g_autoptr(NzComments) comments =
      nz_comments_read(NULL, manifest->source, NZ_COMMENTS_OF_DOCUMENTS);
  Work work = {.manifest = manifest, .options = options, .comments = comments};
  for (guint i = 0; i < manifest->pods->len; i++) {
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func(nz_pod_violation_free);
    work.pod = manifest->pods->pdata[i];
    nz_pod_profile_judge(options->profile, manifest, work.pod, violations);
    g_autoptr(GHashTable) groups = group_violations(violations);
    work.violations = groups;
    for (guint j = 0; j < work.pod->containers->len; j++)
      g_ptr_array_add(judged, judge(&work, work.pod->containers->pdata[j]));
  }
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
  g_autoptr(GPtrArray) judged = g_ptr_array_new_with_free_func(nz_lint_judged_free);
  nz_lint_judge_manifest(manifest, options, judged);
  if (options->fix)
    nz_lint_mend_manifest(manifest, options, judged);
  for (guint i = 0; i < judged->len; i++)
    g_ptr_array_add(subjects, g_steal_pointer(&((NzLintJudged *)judged->pdata[i])->kube.subject));
  tell_notes(manifest, options, subjects->len > first ? subjects->pdata[first] : NULL);
  if (subjects->len == first)
    tell_nothing(manifest, options);
  return TRUE;
}
