/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of objects, once their types were looked at. */
#include "kube/manifest_private.h"

NzYaml *
nz_kube_field(NzYaml *map, const char *key)
{
  NzYaml *node = nz_yaml_get(map, key);
  gboolean unset =
      node && node->kind == NZ_YAML_TEXT && nz_kube_scalar(node).kind == NZ_SCALAR_NULL;
  return unset ? NULL : node;
}

static NzYaml *
field_of_kind(NzYaml *map, const char *key, NzYamlKind kind)
{
  NzYaml *node = nz_kube_field(map, key);
  return node && node->kind == kind ? node : NULL;
}

NzKubeBool
nz_kube_bool(NzYaml *map, const char *key)
{
  const NzYaml *node = field_of_kind(map, key, NZ_YAML_TEXT);
  if (!node)
    return NZ_FIELD_UNSET;
  NzScalar scalar = nz_kube_scalar(node);
  if (scalar.kind != NZ_SCALAR_BOOL)
    return NZ_FIELD_UNSET;
  return scalar.value ? NZ_FIELD_TRUE : NZ_FIELD_FALSE;
}

gboolean
nz_kube_item_int(const NzYaml *item, gint64 *value)
{
  gboolean text = item && item->kind == NZ_YAML_TEXT;
  NzScalar scalar = text ? nz_kube_scalar(item) : (NzScalar){NZ_SCALAR_NULL, 0};
  if (scalar.kind != NZ_SCALAR_INT)
    return FALSE;
  *value = scalar.value;
  return TRUE;
}

gboolean
nz_kube_int(NzYaml *map, const char *key, gint64 *value)
{
  return nz_kube_item_int(nz_kube_field(map, key), value);
}

const char *
nz_kube_text(NzYaml *map, const char *key)
{
  const NzYaml *node = field_of_kind(map, key, NZ_YAML_TEXT);
  return node ? node->text : NULL;
}

NzYaml *
nz_kube_list(NzYaml *map, const char *key)
{
  return field_of_kind(map, key, NZ_YAML_LIST);
}

NzYaml *
nz_kube_map(NzYaml *map, const char *key)
{
  return field_of_kind(map, key, NZ_YAML_MAP);
}

/* Of a list or map the start alone is exact. */
NzPlace *
nz_kube_place(const NzManifest *manifest, const NzYaml *node)
{
  NzSpan span = {node->start, node->kind == NZ_YAML_TEXT ? node->end : node->start};
  return nz_source_place(manifest->source, span);
}

NzPlace *
nz_kube_key_place(const NzManifest *manifest, NzYaml *map, const char *key)
{
  gint i = map && map->kind == NZ_YAML_MAP ? nz_yaml_find(map, key) : -1;
  return i < 0 ? NULL : nz_kube_place(manifest, map->keys->pdata[i]);
}
