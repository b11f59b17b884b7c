/* SPDX-License-Identifier: Apache-2.0 */
/* Pods in objects of kinds that are not known: custom resources say nowhere what of them becomes a
 * pod, but most that make pods have a PodSpec in them as Kubernetes has it.
 *
 * A PodSpec is a map whose `containers` is a list of maps, each of which has a name or an image,
 * and one at least an image. A map with an image and another field of a container, outside of
 * these, is but half like one: a step of a pipeline, a container that an operator makes. */
#include <string.h>

#include "core/text.h"
#include "kube/manifest_private.h"

/* TRUE for a text that is written. */
static gboolean
has_text(NzYaml *map, const char *key)
{
  const char *text = nz_kube_text(map, key);
  return text && *text;
}

static gboolean
is_pod_spec(NzYaml *map)
{
  NzYaml *list = nz_kube_list(map, "containers");
  gboolean image = FALSE;
  for (guint i = 0; list && i < list->items->len; i++) {
    NzYaml *item = list->items->pdata[i];
    if (item->kind != NZ_YAML_MAP || !(has_text(item, "name") || has_text(item, "image")))
      return FALSE;
    image |= has_text(item, "image");
  }
  return image;
}

static gboolean
is_half_container(NzYaml *map)
{
  static const char *const others[] = {"args",      "command",         "env",    "imagePullPolicy",
                                       "resources", "securityContext", "script", "source",
                                       "ports",     "volumeMounts"};
  if (!has_text(map, "image"))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(others); i++)
    if (nz_kube_field(map, others[i]))
      return TRUE;
  return FALSE;
}

static gboolean search(NzYaml *node, NzYaml *parent, const NzKubePath *path,
                       const NzKubeShapes *shapes, GError **error);

static gboolean
search_items(NzYaml *node, const NzKubePath *path, const NzKubeShapes *shapes, GError **error)
{
  NzKubePath here = *path;
  for (guint i = 0; i < node->items->len; i++) {
    here.index = (gint)i;
    if (!search(node->items->pdata[i], NULL, &here, shapes, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean search_fields(NzYaml *node, const NzKubePath *path, gboolean inside,
                              const NzKubeShapes *shapes, GError **error);

/* The containers of a pod, LIST at PATH: they are none of another, but may hold one. */
static gboolean
search_containers(NzYaml *list, const NzKubePath *path, const NzKubeShapes *shapes, GError **error)
{
  NzKubePath here = *path;
  for (guint i = 0; list->kind == NZ_YAML_LIST && i < list->items->len; i++) {
    NzYaml *item = list->items->pdata[i];
    here.index = (gint)i;
    if (item->kind == NZ_YAML_MAP && !search_fields(item, &here, FALSE, shapes, error))
      return FALSE;
  }
  return TRUE;
}

/* INSIDE: NODE is a PodSpec. The items of a list were read as objects. */
static gboolean
search_fields(NzYaml *node, const NzKubePath *path, gboolean inside, const NzKubeShapes *shapes,
              GError **error)
{
  static const char *const taken[] = {"containers", "initContainers", "ephemeralContainers", NULL};
  for (guint i = 0; i < node->items->len; i++) {
    const NzYaml *key = node->keys->pdata[i];
    NzYaml *value = node->items->pdata[i];
    const NzKubePath here = {path, key->text, -1};
    gboolean containers = inside && g_strv_contains(taken, key->text);
    if (!path && value->kind == NZ_YAML_LIST && strcmp(key->text, "items") == 0)
      continue;
    if (!(containers ? search_containers(value, &here, shapes, error)
                     : search(value, node, &here, shapes, error)))
      return FALSE;
  }
  return TRUE;
}

/* PARENT is the map that NODE is a value of. */
static gboolean
search(NzYaml *node, NzYaml *parent, const NzKubePath *path, const NzKubeShapes *shapes,
       GError **error)
{
  if (node->kind == NZ_YAML_LIST)
    return !path || search_items(node, path, shapes, error);
  if (node->kind != NZ_YAML_MAP)
    return TRUE;
  gboolean pod = is_pod_spec(node);
  /* The metadata beside `spec` is the pod's. */
  NzYaml *metadata =
      pod && path && strcmp(path->key, "spec") == 0 ? nz_kube_map(parent, "metadata") : NULL;
  if (pod && !shapes->pod(node, metadata, path, shapes->data, error))
    return FALSE;
  if (!pod && is_half_container(node))
    shapes->half(node, path, shapes->data);
  return search_fields(node, path, pod, shapes, error);
}

gboolean
nz_kube_find_shapes(NzYaml *object, const NzKubeShapes *shapes, GError **error)
{
  return search(object, NULL, NULL, shapes, error);
}
