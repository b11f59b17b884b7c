/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/decide.h"

#include <string.h>

#include "core/text.h"
#include "kube/decide_private.h"

void
nz_kube_decision_free(NzKubeDecision *self)
{
  if (!self)
    return;
  nz_user_free(self->user);
  nz_place_free(self->place);
  g_free(self->refused);
  g_ptr_array_unref(self->steps);
  g_ptr_array_unref(self->acts);
  g_free(self);
}

/* --- fields --- */

static NzYaml *
within(NzYaml *context, const char *key)
{
  return key ? nz_kube_map(context, key) : context;
}

NzEffective
nz_decide_effective(const NzDecide *self, const char *key_of_map, const char *key)
{
  NzYaml *contexts[] = {self->container->context, self->pod->context};
  for (guint i = 0; i < G_N_ELEMENTS(contexts); i++) {
    NzYaml *map = within(contexts[i], key_of_map);
    NzYaml *node = nz_kube_field(map, key);
    if (node)
      return (NzEffective){.node = node, .map = map, .of_pod = i == 1};
  }
  return (NzEffective){0};
}

NzKubeBool
nz_decide_bool(const NzEffective *field, const char *key)
{
  return field->node ? nz_kube_bool(field->map, key) : NZ_FIELD_UNSET;
}

const char *
nz_decide_whose(const NzEffective *field)
{
  return field->of_pod ? "of the pod" : "of the container";
}

NzPlace *
nz_decide_place(const NzDecide *self, const NzYaml *node)
{
  static const char *const keys[] = {"securityContext", "name"};
  if (node)
    return nz_kube_place(self->manifest, node);
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    NzPlace *place = nz_kube_key_place(self->manifest, self->container->node, keys[i]);
    if (place)
      return place;
  }
  return nz_kube_place(self->manifest, self->container->node);
}

NzYaml *
nz_decide_image_node(const NzDecide *self)
{
  return nz_kube_field(self->container->node, "image");
}

/* --- what is said --- */

void
nz_decide_step(NzDecide *self, guint depth, const NzYaml *node, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  char *text = g_strdup_vprintf(format, args);
  va_end(args);
  NzPlace *place = node ? nz_kube_place(self->manifest, node) : NULL;
  g_ptr_array_add(self->decision->steps, nz_step_new(depth, place, text));
}

NzAct *
nz_decide_act(NzDecide *self, NzActKind kind, const NzYaml *node, const char *what, const char *how)
{
  NzAct *act = nz_act_new(kind, nz_decide_place(self, node), what, how);
  act->in_pod = TRUE;
  g_ptr_array_add(self->decision->acts, act);
  return act;
}

void
nz_decide_set_user(NzDecide *self, NzUser *user, const NzYaml *node)
{
  NzKubeDecision *decision = self->decision;
  nz_user_free(decision->user);
  nz_place_free(decision->place);
  decision->user = user;
  decision->place = nz_decide_place(self, node);
}

void
nz_decide_refuse(NzDecide *self, const char *who, const NzYaml *node, char *message)
{
  NzKubeDecision *decision = self->decision;
  g_autofree char *raw = message;
  g_autofree char *declared = decision->user ? g_strdup(decision->user->declared) : NULL;
  decision->refused = nz_printable(raw, -1);
  NzUser *user = nz_user_new_unknown(declared, NULL);
  user->state = NZ_USER_WONT_START;
  user->why = g_strdup_printf("%s refuses it: %s", who, decision->refused);
  nz_decide_set_user(self, user, node);
  nz_decide_act(self, NZ_ACT_REFUSED, node, who, decision->refused);
  nz_decide_step(self, 0, node, "%s", user->why);
}

/* --- the image --- */

gboolean
nz_decide_knows_image(const NzDecide *self)
{
  return self->image && self->image->user_known && !self->image->unknown;
}

char *
nz_decide_image_text(const NzDecide *self)
{
  g_autofree char *name = nz_printable(self->container->image ? self->container->image : "", -1);
  if (!self->image || !self->image->because)
    return g_strdup_printf("the image %s", name);
  return g_strdup_printf("the image %s (%s)", name, self->image->because);
}

char *
nz_decide_image_unknown(const NzDecide *self, const char *field)
{
  if (!self->container->image)
    return g_strdup_printf("it names no image, and neither it nor the pod sets %s; a patch of "
                           "Kustomize is judged by what `kubectl kustomize` makes of it",
                           field);
  g_autofree char *name = nz_printable(self->container->image, -1);
  const char *why = self->image && self->image->unknown ? self->image->unknown
                    : self->image                       ? "nobody has written it down"
                                                        : "nobody looked for it";
  return g_strdup_printf("the image %s decides, and is not known: %s; %s would settle it, or "
                         "--image NAME=USER",
                         name, why, field);
}

/* --- all --- */

/* The path of the container in its object, as the API server prints it. */
static char *
path_of(const NzKubePod *pod, const NzKubeContainer *container)
{
  static const char *const lists[] = {
      [NZ_CONTAINER_REGULAR] = "containers",
      [NZ_CONTAINER_INIT] = "initContainers",
      [NZ_CONTAINER_SIDECAR] = "initContainers",
      [NZ_CONTAINER_EPHEMERAL] = "ephemeralContainers",
  };
  return g_strdup_printf("%s.%s[%u]", pod->path, lists[container->type], container->index);
}

static const char *const os_labels[] = {"kubernetes.io/os", "beta.kubernetes.io/os", NULL};

/* A term of nodeAffinity that no node of another system meets. */
static gboolean
wants_windows(NzYaml *term)
{
  NzYaml *all = nz_kube_list(term, "matchExpressions");
  for (guint i = 0; all && i < all->items->len; i++) {
    NzYaml *one = all->items->pdata[i];
    const char *key = nz_kube_text(one, "key"), *how = nz_kube_text(one, "operator");
    NzYaml *values = nz_kube_list(one, "values");
    if (!key || !g_strv_contains(os_labels, key) || g_strcmp0(how, "In") != 0 || !values ||
        values->items->len != 1)
      continue;
    const NzYaml *value = values->items->pdata[0];
    if (value->kind == NZ_YAML_TEXT && strcmp(value->text, "windows") == 0)
      return TRUE;
  }
  return FALSE;
}

/* Of the terms one is enough, so all must say it. */
static gboolean
requires_windows(NzYaml *spec)
{
  NzYaml *affinity = nz_kube_map(nz_kube_map(spec, "affinity"), "nodeAffinity");
  NzYaml *required = nz_kube_map(affinity, "requiredDuringSchedulingIgnoredDuringExecution");
  NzYaml *terms = nz_kube_list(required, "nodeSelectorTerms");
  for (guint i = 0; terms && i < terms->items->len; i++)
    if (!wants_windows(terms->items->pdata[i]))
      return FALSE;
  return terms && terms->items->len > 0;
}

gboolean
nz_kube_runs_on_windows(const NzKubePod *pod)
{
  const char *os = nz_kube_text(nz_kube_map(pod->spec, "os"), "name");
  NzYaml *selector = nz_kube_map(pod->spec, "nodeSelector");
  for (guint i = 0; !os && os_labels[i]; i++)
    os = nz_kube_text(selector, os_labels[i]);
  return os ? strcmp(os, "windows") == 0 : requires_windows(pod->spec);
}

NzImageNeed
nz_kube_image_need(const NzKubePod *pod, const NzKubeContainer *container)
{
  NzDecide self = {.pod = pod, .container = container};
  gboolean windows = nz_kube_runs_on_windows(pod);
  NzEffective user = windows ? nz_decide_effective(&self, "windowsOptions", "runAsUserName")
                             : nz_decide_effective(&self, NULL, "runAsUser");
  NzEffective gate = nz_decide_effective(&self, NULL, "runAsNonRoot");
  if (user.node || !container->image)
    return NZ_IMAGE_NOTHING;
  /* A name is refused, whatever its number. */
  return windows || nz_decide_bool(&gate, "runAsNonRoot") == NZ_FIELD_TRUE ? NZ_IMAGE_CONFIG
                                                                           : NZ_IMAGE_USER;
}

NzKubeDecision *
nz_kube_decide(const NzManifest *manifest, const NzKubePod *pod, const NzKubeContainer *container,
               const NzBuildBase *image)
{
  g_autofree char *path = path_of(pod, container);
  NzKubeDecision *decision = g_new0(NzKubeDecision, 1);
  decision->steps = g_ptr_array_new_with_free_func(nz_step_free);
  decision->acts = g_ptr_array_new_with_free_func((GDestroyNotify)nz_act_free);
  NzDecide self = {.manifest = manifest,
                   .pod = pod,
                   .container = container,
                   .image = image,
                   .windows = nz_kube_runs_on_windows(pod),
                   .path = path,
                   .decision = decision};
  if (container->type == NZ_CONTAINER_EPHEMERAL)
    nz_decide_step(
        &self, 0, NULL,
        "an ephemeral container: `kubectl debug` adds it to a pod that is there; the API "
        "server takes none that is created with one");
  if (!nz_decide_validate(&self)) {
    if (self.windows)
      nz_decide_windows(&self);
    else
      nz_decide_linux(&self);
  }
  nz_decide_acts(&self);
  return decision;
}
