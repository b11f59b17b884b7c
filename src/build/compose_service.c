/* SPDX-License-Identifier: Apache-2.0 */
/* What a service says in the end -> NzService. */
#include <string.h>

#include "build/compose_private.h"
#include "core/text.h"

typedef struct {
  NzCompose *compose;
  const NzFields *fields;
  NzService *service;
} Converter;

static char *
text_of(const Converter *self, NzField field, NzPlace **place)
{
  const NzFieldValue *value = nz_fields_last(self->fields, field);
  if (!value || !*value->text)
    return NULL;
  if (place)
    *place = nz_compose_place(value->node);
  return g_strdup(value->text);
}

static guint
n_values(const Converter *self, NzField field)
{
  const GArray *values = self->fields->values[field];
  return values ? values->len : 0;
}

static const NzFieldValue *
value_at(const Converter *self, NzField field, guint i)
{
  return &g_array_index(self->fields->values[field], NzFieldValue, i);
}

/* YAML's own ways to write a number without quotes: 0x3e8, 0o1750. */
static char *
plain_number(const NzYaml *node)
{
  const char *text = node->text;
  guint base = g_str_has_prefix(text, "0x") ? 16 : g_str_has_prefix(text, "0o") ? 8 : 0;
  guint64 number;
  if (!node->plain || base == 0 ||
      !g_ascii_string_to_unsigned(text + 2, base, 0, G_MAXUINT64, &number, NULL))
    return g_strdup(text);
  return g_strdup_printf("%" G_GUINT64_FORMAT, number);
}

static void
convert_user(Converter *self)
{
  NzService *service = self->service;
  const NzFieldValue *value = nz_fields_last(self->fields, NZ_FIELD_USER);
  if (!value)
    return;
  const char *unset = g_hash_table_lookup(self->compose->unset, value->node);
  service->user_place = nz_compose_place(value->node);
  if (*value->text)
    service->user = plain_number(value->node);
  if (unset)
    service->unknown = g_strdup_printf("the variable %s in user: has no value here", unset);
}

static gboolean
convert_privileged(Converter *self, GError **error)
{
  const NzFieldValue *value = nz_fields_last(self->fields, NZ_FIELD_PRIVILEGED);
  gboolean privileged = FALSE;
  if (!value)
    return TRUE;
  if (!nz_service_parse_bool(value->text, &privileged)) {
    g_autofree char *shown = nz_compose_show(value->text);
    return nz_compose_fail(value->node, error, "privileged must be true or false, not \"%s\"",
                           shown);
  }
  if (privileged)
    nz_service_add_act(self->service, NZ_ACT_PRIVILEGED, nz_compose_place(value->node), NULL,
                       "privileged: true");
  return TRUE;
}

/* "CAP_" and case do not count. */
static char *
capability_key(const char *text)
{
  char *key = g_ascii_strup(text, -1);
  if (g_str_has_prefix(key, "CAP_"))
    memmove(key, key + strlen("CAP_"), strlen(key) - strlen("CAP_") + 1);
  return key;
}

/* Each once, where it was said last. */
static void
convert_capabilities(Converter *self)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GPtrArray) kept = g_ptr_array_new();
  for (guint i = n_values(self, NZ_FIELD_CAP_ADD); i-- > 0;) {
    const NzFieldValue *value = value_at(self, NZ_FIELD_CAP_ADD, i);
    if (*value->text && g_hash_table_add(seen, capability_key(value->text)))
      g_ptr_array_add(kept, (gpointer)value);
  }
  for (guint i = kept->len; i-- > 0;) {
    const NzFieldValue *value = kept->pdata[i];
    nz_service_add_capability(self->service, value->text, nz_compose_place(value->node), "cap_add");
  }
}

/* Docker takes the last that speaks of it. */
static void
convert_security(Converter *self)
{
  gboolean set = FALSE;
  const NzYaml *node = NULL;
  for (guint i = 0; i < n_values(self, NZ_FIELD_SECURITY_OPT); i++) {
    const NzFieldValue *value = value_at(self, NZ_FIELD_SECURITY_OPT, i);
    if (nz_service_no_new_privileges(value->text, &set))
      node = value->node;
  }
  if (set)
    return;
  nz_service_add_act(self->service, NZ_ACT_NEW_PRIVILEGES,
                     node ? nz_compose_place(node) : nz_place_copy(self->service->place), NULL,
                     NULL);
}

/* "target" and "protocol" of a port in many words, in few. */
static char *
port_text(NzYaml *node)
{
  if (node->kind == NZ_YAML_TEXT)
    return g_strdup(node->text);
  const NzYaml *target = nz_yaml_get(node, "target");
  const NzYaml *protocol = nz_yaml_get(node, "protocol");
  if (!target || target->kind != NZ_YAML_TEXT)
    return NULL;
  gboolean said = protocol && protocol->kind == NZ_YAML_TEXT && !protocol->empty;
  return g_strconcat(target->text, said ? "/" : NULL, said ? protocol->text : NULL, NULL);
}

static const NzYaml *
port_node(NzYaml *node)
{
  const NzYaml *target = nz_yaml_get(node, "target");
  return target ? target : node;
}

/* What is no port, for a variable is empty here, is no reason to judge nothing. */
static void
convert_ports(Converter *self)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < n_values(self, NZ_FIELD_PORTS); i++) {
    NzYaml *node = value_at(self, NZ_FIELD_PORTS, i)->node;
    char *text = port_text(node);
    if (!text || g_hash_table_contains(seen, text)) {
      g_free(text);
      continue;
    }
    g_hash_table_add(seen, text);
    if (!nz_service_add_port(self->service, text, nz_compose_place(port_node(node)), "ports"))
      nz_services_note(self->compose->result, NZ_NODE_SOURCE(node), node->start,
                       "this is no port, and not looked at");
  }
}

static void
convert_userns(Converter *self)
{
  const NzFieldValue *value = nz_fields_last(self->fields, NZ_FIELD_USERNS);
  if (!value || !*value->text)
    return;
  g_autofree char *shown = nz_compose_show(value->text);
  g_autofree char *how = g_strdup_printf("userns_mode: %s", shown);
  nz_service_set_userns(self->service, value->text, nz_compose_place(value->node), how);
}

/* The last of each name, in the order of the first. */
static void
convert_pairs(const Converter *self, NzField field, GPtrArray *pairs)
{
  g_autoptr(GHashTable) index = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < n_values(self, field); i++) {
    const char *text = value_at(self, field, i)->text;
    char *name = g_strndup(text, strcspn(text, "="));
    guint at = GPOINTER_TO_UINT(g_hash_table_lookup(index, name));
    if (at) {
      g_free(pairs->pdata[at - 1]);
      pairs->pdata[at - 1] = g_strdup(text);
      g_free(name);
      continue;
    }
    g_ptr_array_add(pairs, g_strdup(text));
    g_hash_table_insert(index, name, GUINT_TO_POINTER(pairs->len));
  }
}

static void
convert_build(Converter *self)
{
  NzService *service = self->service;
  if (self->fields->build) {
    service->build_place = nz_compose_place(self->fields->build);
    service->context = text_of(self, NZ_FIELD_CONTEXT, NULL);
    if (!service->context)
      service->context = nz_service_join(self->fields->build_directory, ".");
    g_autofree char *dockerfile = text_of(self, NZ_FIELD_DOCKERFILE, NULL);
    gboolean remote =
        nz_service_is_remote(service->context) || (dockerfile && nz_service_is_remote(dockerfile));
    if (dockerfile && !remote)
      service->dockerfile = nz_service_join(service->context, dockerfile);
    else
      service->dockerfile = g_steal_pointer(&dockerfile);
    service->dockerfile_inline = text_of(self, NZ_FIELD_INLINE, &service->inline_place);
    service->target = text_of(self, NZ_FIELD_TARGET, NULL);
    convert_pairs(self, NZ_FIELD_ARGUMENTS, service->arguments);
    convert_pairs(self, NZ_FIELD_CONTEXTS, service->contexts);
  }
  g_ptr_array_add(service->arguments, NULL);
  g_ptr_array_add(service->contexts, NULL);
}

/* COMPOSE_PROFILES counts where none were asked for. */
static gboolean
is_active(const Converter *self)
{
  guint n = n_values(self, NZ_FIELD_PROFILES);
  const char *const *asked = self->compose->options->profiles;
  const NzComposeFile *first = self->compose->all_files->pdata[0];
  const char *said = asked ? NULL : nz_compose_env_find("COMPOSE_PROFILES", first->env);
  g_auto(GStrv) words = said ? g_strsplit(said, ",", -1) : NULL;
  for (guint i = 0; words && words[i]; i++)
    g_strstrip(words[i]);
  if (words)
    asked = (const char *const *)words;
  if (n == 0 || !asked)
    return n == 0;
  if (g_strv_contains(asked, "*"))
    return TRUE;
  for (guint i = 0; i < n; i++)
    if (g_strv_contains(asked, value_at(self, NZ_FIELD_PROFILES, i)->text))
      return TRUE;
  return FALSE;
}

gboolean
nz_compose_convert(NzCompose *compose, const NzFields *fields, GError **error)
{
  NzService *service = nz_service_new(fields->name, nz_compose_place(fields->key));
  g_ptr_array_add(compose->result->services, service);
  Converter self = {compose, fields, service};
  service->image = text_of(&self, NZ_FIELD_IMAGE, &service->image_place);
  convert_build(&self);
  convert_user(&self);
  convert_userns(&self);
  if (!convert_privileged(&self, error))
    return FALSE;
  convert_capabilities(&self);
  convert_security(&self);
  convert_ports(&self);
  service->inactive = !is_active(&self);
  return TRUE;
}
