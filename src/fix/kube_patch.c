/* SPDX-License-Identifier: Apache-2.0 */
/* What is mended in words, and as a strategic merge patch. */
#include <string.h>

#include "core/text.h"
#include "fix/kube_private.h"
#include "fix/yaml_edit_private.h"

/* --- words --- */

static void
tell_values(GString *out, const char *prefix, const NzYaml *want)
{
  static const NzYamlStyle style = {.spaced = TRUE, .end = ""};
  for (guint i = 0; i < want->items->len; i++) {
    const char *key = ((const NzYaml *)want->keys->pdata[i])->text;
    const NzYaml *value = want->items->pdata[i];
    gboolean context = strcmp(key, "securityContext") == 0;
    g_autofree char *path = context ? g_strdup("") : g_strconcat(prefix, key, NULL);
    if (value->kind == NZ_YAML_MAP) {
      g_autofree char *deeper = context ? g_strdup("") : g_strconcat(path, ".", NULL);
      tell_values(out, deeper, value);
      continue;
    }
    g_string_append_printf(out, "%s%s: ", out->len > 0 ? ", " : "", path);
    nz_yaml_put_flow(out, value, &style);
  }
}

static void
tell(GString *out, const char *who, const NzYaml *want)
{
  g_autoptr(GString) values = g_string_new(NULL);
  tell_values(values, "", want);
  if (values->len == 0)
    return;
  g_autofree char *shown = nz_printable(values->str, -1);
  g_string_append_printf(out, "%s%s %s", out->str[out->len - 1] == ':' ? " " : "; ", who, shown);
}

char *
nz_kube_title(const NzKubeMend *self, const NzKubePlan *plan)
{
  const NzKubePod *pod = self->pod;
  GString *out = g_string_new(NULL);
  g_string_printf(out, "%s/%s:", pod->kind, pod->name ? pod->name : "");
  tell(out, "the pod has", plan->pod);
  for (guint i = 0; i < plan->each->len; i++) {
    const NzKubeOne *one = self->each->pdata[i];
    g_autofree char *who = g_strdup_printf("%s has", one->judged->container->name);
    tell(out, who, plan->each->pdata[i]);
  }
  return g_string_free(out, FALSE);
}

/* --- the patch --- */

/* Groups of custom resources have a dot in their names. How their lists merge nobody knows. */
static gboolean
is_custom(const NzKubePod *pod)
{
  const char *api = pod->api_version ? pod->api_version : "";
  const char *slash = strchr(api, '/'), *dot = strchr(api, '.');
  return slash && dot && dot < slash;
}

static const char *
list_of(NzContainerType type)
{
  switch (type) {
  case NZ_CONTAINER_INIT:
  case NZ_CONTAINER_SIDECAR:
    return "initContainers";
  case NZ_CONTAINER_EPHEMERAL:
    return "ephemeralContainers";
  case NZ_CONTAINER_REGULAR:
  default:
    return "containers";
  }
}

/* The map of PATCH at PATH, "spec.template.spec". */
static NzYaml *
walk(NzYaml *patch, const char *path)
{
  g_auto(GStrv) steps = g_strsplit(path, ".", -1);
  for (char **step = steps; *step; step++)
    if (**step)
      patch = nz_want_sub(patch, *step);
  return patch;
}

static gboolean
add_containers(const NzKubeMend *self, const NzKubePlan *plan, NzYaml *spec)
{
  for (guint i = 0; i < plan->each->len; i++) {
    const NzKubeOne *one = self->each->pdata[i];
    const NzYaml *want = plan->each->pdata[i];
    const char *name = nz_kube_text(one->node, "name"),
               *key = list_of(one->judged->container->type);
    if (want->items->len == 0)
      continue;
    if (!name)
      return FALSE;
    NzYaml *item = nz_want_map(), *list = nz_yaml_get(spec, key);
    nz_want_set(item, "name", nz_want_text(name));
    nz_want_merge(item, want);
    if (!list)
      nz_want_set(spec, key, list = nz_want_list());
    nz_yaml_append(list, item);
  }
  return TRUE;
}

char *
nz_kube_patch(const NzKubeMend *self, const NzKubePlan *plan)
{
  const NzKubePod *pod = self->pod;
  NzYaml *metadata = nz_kube_map(pod->object, "metadata");
  const char *name = nz_kube_text(metadata, "name"), *space = nz_kube_text(metadata, "namespace");
  if (is_custom(pod) || !name || !pod->api_version || strchr(pod->path, '['))
    return NULL;
  g_autoptr(NzYaml) patch = nz_want_map();
  nz_want_set(patch, "apiVersion", nz_want_text(pod->api_version));
  nz_want_set(patch, "kind", nz_want_text(pod->kind));
  nz_want_set(nz_want_sub(patch, "metadata"), "name", nz_want_text(name));
  if (space)
    nz_want_set(nz_want_sub(patch, "metadata"), "namespace", nz_want_text(space));
  NzYaml *spec = walk(patch, pod->path);
  nz_want_merge(spec, plan->pod);
  if (!add_containers(self, plan, spec))
    return NULL;
  GString *out = g_string_new(NULL);
  nz_want_print(out, patch, 0);
  return g_string_free(out, FALSE);
}
