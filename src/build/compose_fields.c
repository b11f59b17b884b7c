/* SPDX-License-Identifier: Apache-2.0 */
/* What a service says that counts here, and how later files are laid over earlier ones: texts are
 * replaced, lists grow, and of lists with keys (args) the last of a key counts in the end. */
#include <string.h>

#include "build/compose_private.h"
#include "core/limits.h"

typedef struct {
  NzCompose *compose;
  const NzComposeFile *file;
  NzFields *fields;
} Reader;

typedef struct Key Key;
struct Key {
  const char *name;
  NzField field;
  gboolean (*read)(Reader *self, const Key *key, NzYaml *value, GError **error);
};

NzFields *
nz_fields_new(NzCompose *self, NzYaml *key)
{
  NzFields *fields = g_new0(NzFields, 1);
  fields->key = key;
  fields->name = key->text;
  g_ptr_array_add(self->all_fields, fields);
  return fields;
}

const NzFieldValue *
nz_fields_last(const NzFields *fields, NzField field)
{
  const GArray *values = fields->values[field];
  return values && values->len > 0 ? &g_array_index(values, NzFieldValue, values->len - 1) : NULL;
}

static gboolean
count(NzCompose *self, const NzYaml *node, guint n, GError **error)
{
  if (n <= self->left) {
    self->left -= n;
    return TRUE;
  }
  g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "%s:%u:%u: services pass on more than %u values",
              NZ_NODE_SOURCE(node)->name, node->line, node->column, NZ_COMPOSE_NODES_MAX);
  return FALSE;
}

static gboolean
add(Reader *self, NzField field, const char *text, NzYaml *node, GError **error)
{
  if (!count(self->compose, node, 1, error))
    return FALSE;
  GArray **values = &self->fields->values[field];
  if (!*values)
    *values = g_array_new(FALSE, FALSE, sizeof(NzFieldValue));
  NzFieldValue value = {text, node};
  g_array_append_val(*values, value);
  return TRUE;
}

static void
clear(NzFields *fields, NzField field)
{
  if (fields->values[field])
    g_array_set_size(fields->values[field], 0);
}

/* --- values --- */

static gboolean
want_text(const Key *key, const NzYaml *value, GError **error)
{
  return value->kind == NZ_YAML_TEXT ||
         nz_compose_fail(value, error, "%s must be a text", key->name);
}

static gboolean
read_text(Reader *self, const Key *key, NzYaml *value, GError **error)
{
  if (!want_text(key, value, error))
    return FALSE;
  clear(self->fields, key->field);
  return add(self, key->field, value->text, value, error);
}

/* Of a list; PORTS take maps, too. */
static gboolean
read_list(Reader *self, const Key *key, NzYaml *value, GError **error)
{
  if (value->kind != NZ_YAML_LIST)
    return nz_compose_fail(value, error, "%s must be a list", key->name);
  for (guint i = 0; i < value->items->len; i++) {
    NzYaml *item = value->items->pdata[i];
    gboolean map = item->kind == NZ_YAML_MAP && key->field == NZ_FIELD_PORTS;
    if (!map && (item->kind != NZ_YAML_TEXT || item->empty))
      return nz_compose_fail(item, error, "%s must be a list of texts", key->name);
    if (!add(self, key->field, map ? "" : item->text, item, error))
      return FALSE;
  }
  return TRUE;
}

static const char *
keep(Reader *self, char *text)
{
  const char *kept = g_string_chunk_insert(self->compose->texts, text);
  g_free(text);
  return kept;
}

/* Where the builder looks for it. */
static const char *
path_from(Reader *self, const char *path)
{
  gboolean other = nz_service_is_remote(path) || g_str_has_prefix(path, "service:");
  return other ? path : keep(self, nz_service_join(self->file->directory, path));
}

static gboolean
read_context(Reader *self, const Key *key, NzYaml *value, GError **error)
{
  if (!want_text(key, value, error))
    return FALSE;
  clear(self->fields, key->field);
  return add(self, key->field, path_from(self, value->text), value, error);
}

/* A value that is not given is that of the environment, if it has one. */
static gboolean
add_pair(Reader *self, const Key *key, const char *name, const char *text, NzYaml *node,
         GError **error)
{
  if (!text)
    text = nz_compose_env_find(name, self->file->env);
  if (!text)
    return TRUE;
  if (key->field == NZ_FIELD_CONTEXTS)
    text = path_from(self, text);
  return add(self, key->field, keep(self, g_strdup_printf("%s=%s", name, text)), node, error);
}

static gboolean
read_pair(Reader *self, const Key *key, NzYaml *item, GError **error)
{
  if (item->kind != NZ_YAML_TEXT || item->empty)
    return nz_compose_fail(item, error, "%s must be NAME=value", key->name);
  gsize len = strcspn(item->text, "=");
  g_autofree char *name = g_strndup(item->text, len);
  return add_pair(self, key, name, item->text[len] ? item->text + len + 1 : NULL, item, error);
}

static gboolean
read_pairs(Reader *self, const Key *key, NzYaml *value, GError **error)
{
  if (value->kind == NZ_YAML_TEXT)
    return nz_compose_fail(value, error, "%s must be a map, or a list of NAME=value", key->name);
  for (guint i = 0; i < value->items->len; i++) {
    NzYaml *item = value->items->pdata[i];
    if (value->kind == NZ_YAML_LIST) {
      if (!read_pair(self, key, item, error))
        return FALSE;
      continue;
    }
    const NzYaml *name = value->keys->pdata[i];
    if (!want_text(key, item, error) ||
        !add_pair(self, key, name->text, item->empty ? NULL : item->text, item, error))
      return FALSE;
  }
  return TRUE;
}

/* --- keys --- */

static const Key build_keys[] = {
    {"context", NZ_FIELD_CONTEXT, read_context},
    {"dockerfile", NZ_FIELD_DOCKERFILE, read_text},
    {"dockerfile_inline", NZ_FIELD_INLINE, read_text},
    {"target", NZ_FIELD_TARGET, read_text},
    {"args", NZ_FIELD_ARGUMENTS, read_pairs},
    {"additional_contexts", NZ_FIELD_CONTEXTS, read_pairs},
};

static gboolean read_build(Reader *self, const Key *key, NzYaml *value, GError **error);

static const Key service_keys[] = {
    {"image", NZ_FIELD_IMAGE, read_text},
    {"user", NZ_FIELD_USER, read_text},
    {"privileged", NZ_FIELD_PRIVILEGED, read_text},
    {"userns_mode", NZ_FIELD_USERNS, read_text},
    {"cap_add", NZ_FIELD_CAP_ADD, read_list},
    {"security_opt", NZ_FIELD_SECURITY_OPT, read_list},
    {"ports", NZ_FIELD_PORTS, read_list},
    {"profiles", NZ_FIELD_PROFILES, read_list},
    {"build", NZ_FIELD_CONTEXT, read_build},
};

static gboolean
is_tagged(const NzYaml *node, const char *tag)
{
  return node->tag && strcmp(node->tag, tag) == 0;
}

static void
forget(NzFields *fields, const Key *key)
{
  NzField last = key->read == read_build ? NZ_FIELD_N - 1 : key->field;
  for (NzField field = key->field; field <= last; field++) {
    clear(fields, field);
    fields->replaces[field] = TRUE;
  }
  if (key->read == read_build)
    fields->build = NULL;
}

static gboolean
read_key(Reader *self, const Key *key, NzYaml *value, GError **error)
{
  gboolean reset = is_tagged(value, "!reset");
  if (reset || is_tagged(value, "!override"))
    forget(self->fields, key);
  return reset || value->empty || key->read(self, key, value, error);
}

static gboolean
read_keys(Reader *self, const Key *keys, guint n, NzYaml *map, GError **error)
{
  for (guint i = 0; i < n; i++) {
    NzYaml *value = nz_yaml_get(map, keys[i].name);
    if (value && !read_key(self, &keys[i], value, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_build(Reader *self, const Key *key, NzYaml *value, GError **error)
{
  self->fields->build = value;
  self->fields->build_directory = self->file->directory;
  if (value->kind == NZ_YAML_TEXT)
    return read_context(self, &build_keys[0], value, error);
  if (value->kind == NZ_YAML_MAP)
    return read_keys(self, build_keys, G_N_ELEMENTS(build_keys), value, error);
  return nz_compose_fail(value, error, "%s must be a path or a map", key->name);
}

gboolean
nz_fields_read(NzCompose *self, NzFields *fields, const NzComposeFile *file, NzYaml *node,
               GError **error)
{
  Reader reader = {.compose = self, .file = file, .fields = fields};
  fields->replaces_all |= is_tagged(node, "!override") || is_tagged(node, "!reset");
  fields->removed = is_tagged(node, "!reset");
  if (node->empty || fields->removed)
    return TRUE;
  if (node->kind != NZ_YAML_MAP)
    return nz_compose_fail(node, error, "a service must be a map");
  return read_keys(&reader, service_keys, G_N_ELEMENTS(service_keys), node, error);
}

/* --- merging --- */

static gboolean
is_list(NzField field)
{
  return field == NZ_FIELD_CAP_ADD || field == NZ_FIELD_SECURITY_OPT || field == NZ_FIELD_PORTS ||
         field == NZ_FIELD_PROFILES || field == NZ_FIELD_ARGUMENTS || field == NZ_FIELD_CONTEXTS;
}

gboolean
nz_fields_merge(NzCompose *self, NzFields *fields, const NzFields *other, GError **error)
{
  for (NzField field = 0; field < NZ_FIELD_N; field++) {
    const GArray *more = other->values[field];
    gboolean replaces = other->replaces[field] || other->replaces_all;
    fields->replaces[field] |= replaces;
    if (replaces || (more && more->len > 0 && !is_list(field)))
      clear(fields, field);
    if (!more || more->len == 0)
      continue;
    if (!count(self, other->key, more->len, error))
      return FALSE;
    if (!fields->values[field])
      fields->values[field] = g_array_new(FALSE, FALSE, sizeof(NzFieldValue));
    g_array_append_vals(fields->values[field], more->data, more->len);
  }
  if (other->build || other->replaces[NZ_FIELD_CONTEXT] || other->replaces_all) {
    fields->build = other->build;
    fields->build_directory = other->build_directory;
  }
  fields->removed = other->removed;
  return TRUE;
}
