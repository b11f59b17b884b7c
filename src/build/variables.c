/* SPDX-License-Identifier: Apache-2.0 */
#include "build/variables.h"

#include <string.h>

#include "core/text.h"

struct NzVariables {
  GPtrArray *list;     /* NzVariable, in the order in which they were declared */
  GHashTable *by_name; /* char * -> NzVariable; made when there are many */
};

/* Up to here a list is as quick as a table, and cheaper to make. */
#define FEW 16u

static void
variable_free(gpointer data)
{
  NzVariable *self = data;
  g_free(self->name);
  g_free(self->value);
  g_free(self);
}

NzVariables *
nz_variables_new(void)
{
  NzVariables *self = g_new0(NzVariables, 1);
  self->list = g_ptr_array_new_with_free_func(variable_free);
  return self;
}

void
nz_variables_free(NzVariables *self)
{
  if (!self)
    return;
  if (self->by_name)
    g_hash_table_unref(self->by_name);
  g_ptr_array_unref(self->list);
  g_free(self);
}

NzVariables *
nz_variables_copy(const NzVariables *self)
{
  NzVariables *copy = nz_variables_new();
  for (guint i = 0; i < self->list->len; i++) {
    const NzVariable *v = self->list->pdata[i];
    nz_variables_set(copy, v->name, v->value, v->kind, v->line);
  }
  return copy;
}

guint
nz_variables_count(const NzVariables *self)
{
  return self->list->len;
}

const NzVariable *
nz_variables_find(const NzVariables *self, const char *name)
{
  if (self->by_name)
    return g_hash_table_lookup(self->by_name, name);
  for (guint i = 0; i < self->list->len; i++) {
    const NzVariable *v = self->list->pdata[i];
    if (strcmp(v->name, name) == 0)
      return v;
  }
  return NULL;
}

static void
add(NzVariables *self, NzVariable *variable)
{
  g_ptr_array_add(self->list, variable);
  if (self->by_name) {
    g_hash_table_insert(self->by_name, variable->name, variable);
  } else if (self->list->len > FEW) {
    self->by_name = g_hash_table_new(nz_str_hash, g_str_equal);
    for (guint i = 0; i < self->list->len; i++) {
      NzVariable *v = self->list->pdata[i];
      g_hash_table_insert(self->by_name, v->name, v);
    }
  }
}

static gboolean
is_environment(NzVariableKind kind)
{
  return kind == NZ_VARIABLE_ENV || kind == NZ_VARIABLE_BASE;
}

void
nz_variables_set(NzVariables *self, const char *name, const char *value, NzVariableKind kind,
                 guint line)
{
  NzVariable *variable = (NzVariable *)nz_variables_find(self, name);
  if (variable && is_environment(variable->kind) && !is_environment(kind))
    return;
  if (!variable) {
    variable = g_new0(NzVariable, 1);
    variable->name = g_strdup(name);
    add(self, variable);
  }
  char *copy = g_strdup(value);
  g_free(variable->value);
  variable->value = copy;
  variable->kind = kind;
  variable->line = line;
}

GPtrArray *
nz_variables_list(const NzVariables *self)
{
  GPtrArray *list = g_ptr_array_new_full(self->list->len + 1, g_free);
  for (guint i = 0; i < self->list->len; i++) {
    const NzVariable *v = self->list->pdata[i];
    if (v->value)
      g_ptr_array_add(list, g_strconcat(v->name, "=", v->value, NULL));
  }
  g_ptr_array_add(list, NULL);
  return list;
}

const char *
nz_assignment_find(const char *const *list, const char *name)
{
  const char *found = NULL;
  gsize n = strlen(name);
  for (; list && *list; list++)
    if (strncmp(*list, name, n) == 0 && (*list)[n] == '=')
      found = *list + n + 1;
  return found;
}
