/* SPDX-License-Identifier: Apache-2.0 */
#include "image/json.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"

NzJson *
nz_json_parse(GBytes *bytes, GError **error)
{
  gsize len;
  const char *data = g_bytes_get_data(bytes, &len);
  json_error_t failed;
  if (len == 0) {
    nz_set_input(error, "not valid JSON: it is empty");
    return NULL;
  }
  NzJson *root = json_loadb(data, len, JSON_REJECT_DUPLICATES, &failed);
  if (!root) {
    g_autofree char *text = nz_printable(failed.text, -1);
    nz_set_input(error, "not valid JSON: line %d, column %d: %s", failed.line, failed.column, text);
  }
  return root;
}

/* Go folds case by Unicode's simple folding: besides ASCII, U+017F is an s and U+212A a k. */
gboolean
nz_json_key_is(const char *a, const char *key)
{
  while (*a && *key) {
    char c = *a;
    gsize step = 1;
    if (strncmp(a, "\xc5\xbf", 2) == 0) {
      c = 's';
      step = 2;
    } else if (strncmp(a, "\xe2\x84\xaa", 3) == 0) {
      c = 'k';
      step = 3;
    }
    if (g_ascii_tolower(c) != g_ascii_tolower(*key))
      return FALSE;
    a += step;
    key++;
  }
  return *a == *key;
}

gboolean
nz_json_get(const json_t *object, const char *key, json_t **value, GError **error)
{
  *value = NULL;
  guint hits = 0;
  for (void *i = json_object_iter((json_t *)object); i;
       i = json_object_iter_next((json_t *)object, i)) {
    if (!nz_json_key_is(json_object_iter_key(i), key))
      continue;
    *value = json_object_iter_value(i);
    hits++;
  }
  if (hits > 1)
    return nz_set_input(error, "two keys that both mean \"%s\"; readers take one or the other",
                        key);
  if (json_is_null(*value))
    *value = NULL;
  return TRUE;
}

static gboolean
get_typed(const json_t *object, const char *key, json_type type, const char *type_name,
          json_t **value, GError **error)
{
  if (!nz_json_get(object, key, value, error))
    return FALSE;
  if (*value && json_typeof(*value) != type)
    return nz_set_input(error, "\"%s\" is not %s", key, type_name);
  return TRUE;
}

gboolean
nz_json_get_string(const json_t *object, const char *key, const char **value, GError **error)
{
  json_t *found;
  *value = NULL;
  if (!get_typed(object, key, JSON_STRING, "a string", &found, error))
    return FALSE;
  *value = found ? json_string_value(found) : NULL;
  return TRUE;
}

gboolean
nz_json_get_array(const json_t *object, const char *key, json_t **value, GError **error)
{
  return get_typed(object, key, JSON_ARRAY, "an array", value, error);
}

gboolean
nz_json_get_object(const json_t *object, const char *key, json_t **value, GError **error)
{
  return get_typed(object, key, JSON_OBJECT, "an object", value, error);
}

gboolean
nz_json_get_bool(const json_t *object, const char *key, gboolean *value, GError **error)
{
  json_t *found;
  *value = FALSE;
  if (!nz_json_get(object, key, &found, error))
    return FALSE;
  if (found && !json_is_boolean(found))
    return nz_set_input(error, "\"%s\" is neither true nor false", key);
  *value = json_is_true(found);
  return TRUE;
}
