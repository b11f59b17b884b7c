/* SPDX-License-Identifier: Apache-2.0 */
/* Values held to their types. The API server decodes JSON into Go's structs: a value of another
 * type refuses the whole object, with the message that is told here. A name that no field has is
 * refused too, where fields are validated strictly (kubectl asks for that), and dropped elsewhere.
 */
#include <string.h>

#include "core/nearest.h"
#include "core/text.h"
#include "kube/manifest_private.h"

typedef struct {
  NzManifest *manifest;
  GError **error;
} Checker;

static gboolean check_map(const Checker *self, const NzKubeType *type, NzYaml *node,
                          const NzKubePath *path);

/* --- messages --- */

/* Go says no indices. */
static char *
path_text(const NzKubePath *path, gboolean indices)
{
  GString *text = g_string_new(NULL);
  for (; path; path = path->up) {
    g_autofree char *key = nz_printable(path->key, -1);
    g_autofree char *index =
        indices && path->index >= 0 ? g_strdup_printf("[%d]", path->index) : g_strdup("");
    g_autofree char *part = g_strconcat(key, index, text->len > 0 ? "." : "", NULL);
    g_string_prepend(text, part);
  }
  return g_string_free(text, FALSE);
}

char *
nz_kube_path_text(const NzKubePath *path)
{
  return path_text(path, TRUE);
}

static char *
go_name(const NzKubeFieldType *field, gboolean list)
{
  static const char *const names[] = {[NZ_TYPE_BOOL] = "bool",
                                      [NZ_TYPE_INT32] = "int32",
                                      [NZ_TYPE_INT64] = "int64",
                                      [NZ_TYPE_TEXT] = "string"};
  const NzKubeType *type = field->type;
  if (!type)
    return g_strconcat(list ? "[]" : "", names[MIN(field->kind, NZ_TYPE_TEXT)], NULL);
  gboolean open = type->values != NZ_TYPE_ANY || type->n_fields == 0;
  return g_strconcat(list ? "[]" : "", open ? "map[string]string" : "v1.", open ? NULL : type->name,
                     NULL);
}

static const char *
wanted(const NzKubeFieldType *field, gboolean list)
{
  static const char *const names[] = {[NZ_TYPE_BOOL] = "true or false",
                                      [NZ_TYPE_INT32] = "an integer of 32 bits",
                                      [NZ_TYPE_INT64] = "an integer of 64 bits",
                                      [NZ_TYPE_TEXT] = "a string",
                                      [NZ_TYPE_MAP] = "a map"};
  return list ? "a list" : names[field->kind];
}

/* What JSON has in NODE's place. */
static char *
json_name(const NzYaml *node)
{
  static const char *const names[] = {[NZ_SCALAR_NULL] = "null",
                                      [NZ_SCALAR_BOOL] = "bool",
                                      [NZ_SCALAR_INT] = "number",
                                      [NZ_SCALAR_NUMBER] = "number ",
                                      [NZ_SCALAR_TEXT] = "string"};
  if (node->kind != NZ_YAML_TEXT)
    return g_strdup(node->kind == NZ_YAML_LIST ? "array" : "object");
  NzScalar scalar = nz_kube_scalar(node);
  g_autofree char *shown = nz_printable(node->text, -1);
  return g_strconcat(names[scalar.kind], scalar.kind == NZ_SCALAR_NUMBER ? shown : NULL, NULL);
}

/* `runAsUser: "1000"` */
static char *
as_written(const NzYaml *node, const char *key)
{
  if (node->kind != NZ_YAML_TEXT)
    return g_strdup_printf("%s has a %s", key, node->kind == NZ_YAML_LIST ? "list" : "map");
  g_autofree char *shown = nz_printable(node->text, MIN(strlen(node->text), 60));
  const char *quote = node->plain ? "" : "\"";
  return g_strdup_printf("%s: %s%s%s", key, quote, shown, quote);
}

/* What to do about NODE. */
static const char *
advice(const NzKubeFieldType *field, const NzYaml *node, gboolean list)
{
  gboolean number = field->kind == NZ_TYPE_INT32 || field->kind == NZ_TYPE_INT64;
  if (list)
    return node->kind == NZ_YAML_TEXT ? "write [ ] around it" : "write a list";
  if (field->kind == NZ_TYPE_MAP)
    return "write fields and values below it";
  if (node->kind != NZ_YAML_TEXT)
    return "write one value";
  if (field->kind == NZ_TYPE_TEXT && nz_kube_scalar(node).kind == NZ_SCALAR_BOOL)
    return "write it in quotes, as without them it is a bool in YAML 1.1";
  if (field->kind == NZ_TYPE_TEXT)
    return "write it in quotes";
  if (nz_kube_scalar(node).kind != NZ_SCALAR_TEXT)
    return number ? "write a whole number" : "write true or false";
  NzYaml bare = *node;
  bare.plain = TRUE;
  bare.tag = NULL;
  NzScalarKind kind = nz_kube_scalar(&bare).kind;
  if (!node->plain && kind == (number ? NZ_SCALAR_INT : NZ_SCALAR_BOOL))
    return "write it without quotes";
  return number ? "write a number" : "write true or false";
}

static gboolean
fail(const Checker *self, const NzKubeType *type, const NzKubeFieldType *field, const NzYaml *node,
     const NzKubePath *path, gboolean list)
{
  g_autofree char *where = path_text(path, FALSE);
  g_autofree char *key = nz_printable(path->key, -1);
  g_autofree char *written = as_written(node, key);
  g_autofree char *got = json_name(node);
  g_autofree char *go = go_name(field, list);
  return nz_yaml_fail(node, self->manifest->source->name, self->error,
                      "%s, where %s belongs: %s (the API server refuses the object: json: cannot "
                      "unmarshal %s into Go struct field %s.%s of type %s)",
                      written, wanted(field, list), advice(field, node, list), got, type->name,
                      where, go);
}

/* --- names that no field has --- */

/* The field that KEY was meant to be; NULL: it is near to none. */
static const char *
find_meant(const NzKubeType *type, const char *key)
{
  for (guint i = 0; i < type->n_fields; i++) {
    const char *name = type->fields[i].name;
    /* Where not all fields are known, another may be near: "port" to "ports" is no slip. */
    if (g_ascii_strcasecmp(key, name) == 0 ||
        (type->whole && strlen(name) >= 8 && nz_edit_distance(key, name) <= 2))
      return name;
  }
  return NULL;
}

static const NzKubeFieldType *
find_field(const NzKubeType *type, const char *name)
{
  for (guint i = 0; i < type->n_fields; i++)
    if (*type->fields[i].name == *name && strcmp(type->fields[i].name, name) == 0)
      return &type->fields[i];
  return NULL;
}

/* Where KEY would have counted; NULL: nowhere. */
static const char *
find_home(const NzKubeType *type, const char *key)
{
  static const struct {
    const NzKubeType *type;
    const char *where;
  } homes[] = {
      {&nz_kube_type_context, "a container's securityContext"},
      {&nz_kube_type_pod_context, "the pod's securityContext"},
      {&nz_kube_type_pod, "the pod's spec"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(homes); i++)
    if (homes[i].type != type && find_field(homes[i].type, key))
      return homes[i].where;
  return NULL;
}

static gboolean
check_unknown(const Checker *self, const NzKubeType *type, const NzYaml *key,
              const NzKubePath *path)
{
  const NzKubePath here = {path, key->text, -1};
  const char *meant = find_meant(type, key->text);
  const char *home = meant ? NULL : find_home(type, key->text);
  if (!meant && !(type->whole || (home && type == &nz_kube_type_pod)))
    return TRUE;
  g_autofree char *where = path_text(&here, TRUE);
  g_autofree char *shown = nz_printable(key->text, -1);
  if (meant)
    return nz_yaml_fail(key, self->manifest->source->name, self->error,
                        "%s is no field: did you mean %s? (the API server refuses it or drops it: "
                        "unknown field \"%s\")",
                        shown, meant, where);
  nz_kube_note(self->manifest, key,
               "%s is no field here%s%s: the API server refuses it or drops it (unknown field "
               "\"%s\")",
               shown, home ? ", but of " : "", home ? home : "", where);
  return TRUE;
}

/* --- values --- */

static gboolean
check_scalar(const NzKubeFieldType *field, const NzYaml *node)
{
  if (node->kind != NZ_YAML_TEXT)
    return FALSE;
  NzScalar scalar = nz_kube_scalar(node);
  switch (field->kind) {
  case NZ_TYPE_BOOL:
    return scalar.kind == NZ_SCALAR_BOOL;
  case NZ_TYPE_INT32:
    return scalar.kind == NZ_SCALAR_INT && scalar.value >= G_MININT32 && scalar.value <= G_MAXINT32;
  case NZ_TYPE_INT64:
    return scalar.kind == NZ_SCALAR_INT;
  case NZ_TYPE_TEXT:
    return scalar.kind == NZ_SCALAR_TEXT;
  default:
    return TRUE;
  }
}

/* One value of FIELD, a field of TYPE; ITEM: one of its list. */
static gboolean
check_value(const Checker *self, const NzKubeType *type, const NzKubeFieldType *field, NzYaml *node,
            const NzKubePath *path)
{
  if (field->kind == NZ_TYPE_MAP)
    return node->kind == NZ_YAML_MAP ? check_map(self, field->type, node, path)
                                     : fail(self, type, field, node, path, FALSE);
  return check_scalar(field, node) || fail(self, type, field, node, path, FALSE);
}

static gboolean
is_null(const NzYaml *node)
{
  return node->kind == NZ_YAML_TEXT && nz_kube_scalar(node).kind == NZ_SCALAR_NULL;
}

static gboolean
check_field(const Checker *self, const NzKubeType *type, const NzKubeFieldType *field, NzYaml *node,
            const NzKubePath *up)
{
  NzKubePath path = {up, field->name, -1};
  if (is_null(node) || field->kind == NZ_TYPE_ANY)
    return TRUE;
  if (!field->list)
    return check_value(self, type, field, node, &path);
  if (node->kind != NZ_YAML_LIST)
    return fail(self, type, field, node, &path, TRUE);
  for (guint i = 0; i < node->items->len; i++) {
    NzYaml *item = node->items->pdata[i];
    path.index = (gint)i;
    /* Go makes an empty one of a null; no list here may have such. */
    if (!check_value(self, type, field, item, &path))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_values(const Checker *self, const NzKubeType *type, NzYaml *node, const NzKubePath *path)
{
  const NzKubeFieldType any = {.kind = type->values};
  for (guint i = 0; i < node->items->len; i++) {
    NzYaml *value = node->items->pdata[i];
    const NzKubePath here = {path, ((NzYaml *)node->keys->pdata[i])->text, -1};
    if (!is_null(value) && !check_scalar(&any, value))
      return fail(self, type, &any, value, &here, FALSE);
  }
  return TRUE;
}

static gboolean
check_map(const Checker *self, const NzKubeType *type, NzYaml *node, const NzKubePath *path)
{
  if (type->values != NZ_TYPE_ANY)
    return check_values(self, type, node, path);
  for (guint i = 0; i < node->keys->len; i++) {
    const NzYaml *key = node->keys->pdata[i];
    const NzKubeFieldType *field = find_field(type, key->text);
    if (!(field ? check_field(self, type, field, node->items->pdata[i], path)
                : check_unknown(self, type, key, path)))
      return FALSE;
  }
  return TRUE;
}

gboolean
nz_kube_check(NzManifest *self, const NzKubeType *type, NzYaml *node, const NzKubePath *path,
              GError **error)
{
  const Checker checker = {self, error};
  return check_map(&checker, type, node, path);
}
