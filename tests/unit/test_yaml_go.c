/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as Kubernetes reads it: tests/data/yaml says what sigs.k8s.io/yaml makes of each text. What
 * we read must be the same; what we refuse is refused aloud. */
#include <jansson.h>

#include "core/limits.h"
#include "core/yaml.h"
#include "kube/manifest_private.h"

/* --- what we read, as JSON --- */

static json_t *to_json(const NzYaml *node);

static json_t *
text_to_json(const NzYaml *node)
{
  NzScalar scalar = nz_kube_scalar(node);
  switch (scalar.kind) {
  case NZ_SCALAR_NULL:
    return json_null();
  case NZ_SCALAR_BOOL:
    return json_boolean(scalar.value);
  case NZ_SCALAR_INT:
    return json_integer(scalar.value);
  case NZ_SCALAR_NUMBER:
    return json_real(g_ascii_strtod(node->text, NULL));
  default:
    return json_string(node->text);
  }
}

/* Go's keys are texts: that of a value, where it is one. */
static char *
key_of(const NzYaml *node)
{
  json_t *value = text_to_json(node);
  char *text = NULL;
  if (json_is_null(value) || json_is_boolean(value))
    text = g_strdup(json_is_null(value) ? "null" : json_is_true(value) ? "true" : "false");
  else if (json_is_integer(value))
    text = g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
  json_decref(value);
  return text ? text : g_strdup(node->text);
}

static json_t *
to_json(const NzYaml *node)
{
  if (node->kind == NZ_YAML_TEXT)
    return text_to_json(node);
  json_t *made = node->kind == NZ_YAML_MAP ? json_object() : json_array();
  for (guint i = 0; i < node->items->len; i++) {
    json_t *value = to_json(node->items->pdata[i]);
    if (node->kind == NZ_YAML_LIST) {
      json_array_append_new(made, value);
      continue;
    }
    g_autofree char *key = key_of(node->keys->pdata[i]);
    json_object_set_new(made, key, value);
  }
  return made;
}

static gboolean
take_first(NzYaml *document, gpointer data, GError **error G_GNUC_UNUSED)
{
  json_t **first = data;
  if (!*first)
    *first = to_json(document);
  nz_yaml_free(document);
  return TRUE;
}

/* NULL: it is refused. */
static json_t *
read_first(const char *text, gsize len)
{
  const NzYamlRules rules = {.depth = NZ_MANIFEST_LEVELS_MAX,
                             .nodes = NZ_MANIFEST_NODES_MAX,
                             .copies = NZ_MANIFEST_COPIES_MAX,
                             .ordered = TRUE};
  json_t *first = NULL;
  g_autoptr(GError) error = NULL;
  if (!nz_yaml_parse_each(text, len, "case", &rules, take_first, &first, &error))
    g_clear_pointer(&first, json_decref);
  g_assert_true(first || error);
  return first;
}

/* --- compared --- */

static json_t *
load_cases(void)
{
  g_autofree char *path =
      g_test_build_filename(G_TEST_DIST, "..", "data", "yaml", "cases.json", NULL);
  json_t *cases = json_load_file(path, JSON_ALLOW_NUL, NULL);
  g_assert_true(json_is_array(cases));
  return cases;
}

/* Numbers by their value: Go writes 1e18 for an integer. */
static gboolean
is_same(const json_t *a, const json_t *b)
{
  if (json_is_number(a) && json_is_number(b))
    return json_is_integer(a) && json_is_integer(b) ? json_integer_value(a) == json_integer_value(b)
                                                    : json_number_value(a) == json_number_value(b);
  if (json_typeof(a) != json_typeof(b) || json_object_size(a) != json_object_size(b) ||
      json_array_size(a) != json_array_size(b))
    return FALSE;
  for (size_t i = 0; i < json_array_size(a); i++)
    if (!is_same(json_array_get(a, i), json_array_get(b, i)))
      return FALSE;
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)a, key, value)
  {
    const json_t *other = json_object_get(b, key);
    if (!other || !is_same(value, other))
      return FALSE;
  }
  return json_is_object(a) || json_is_array(a) || json_equal(a, b);
}

static void
test_same(void)
{
  json_t *cases = load_cases(), *one;
  size_t i, n_same = 0, n_refused = 0;
  json_array_foreach(cases, i, one)
  {
    const json_t *text = json_object_get(one, "yaml"), *go = json_object_get(one, "json");
    json_t *ours = read_first(json_string_value(text), json_string_length(text));
    if (ours && go && !is_same(ours, go)) {
      char *shown = json_dumps(ours, JSON_ENCODE_ANY), *want = json_dumps(one, 0);
      g_test_message("%s, and not %s", want, shown);
      g_test_fail();
      free(shown);
      free(want);
    }
    n_same += ours && go;
    n_refused += !ours && go;
    if (ours)
      json_decref(ours);
  }
  /* A reader that refuses all would pass. */
  g_assert_cmpuint(n_same, >, 2 * n_refused);
  json_decref(cases);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/yaml/go/same", test_same);
  return g_test_run();
}
