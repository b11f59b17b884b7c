/* SPDX-License-Identifier: Apache-2.0 */
#include "build/compose_private.h"
#include "build/dotenv.h"
#include "core/text.h"

const char *
nz_compose_env_find(const char *name, gpointer env)
{
  const NzComposeEnv *self = env;
  const char *value = self->parent ? nz_compose_env_find(name, self->parent) : NULL;
  return value ? value : g_hash_table_lookup(self->values, name);
}

NzComposeEnv *
nz_compose_env_new(NzCompose *self, NzComposeEnv *parent)
{
  NzComposeEnv *env = g_new0(NzComposeEnv, 1);
  env->parent = parent;
  env->values = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, g_free);
  g_ptr_array_add(self->all_envs, env);
  return env;
}

gboolean
nz_compose_env_read(NzCompose *self, NzComposeEnv *env, const char *path, gboolean maybe,
                    GError **error)
{
  if (!self->options->read) {
    if (maybe)
      return TRUE;
    g_autofree char *shown = nz_printable(path, -1);
    return nz_set_input(error, "%s: no other files are read here", shown);
  }
  g_autoptr(GError) missing = NULL;
  NzSourceFile *source = self->options->read(path, self->options->data, &missing);
  if (!source && maybe && g_error_matches(missing, NZ_ERROR, NZ_ERROR_NOT_FOUND))
    return TRUE;
  if (!source) {
    g_propagate_error(error, g_steal_pointer(&missing));
    return FALSE;
  }
  return nz_dotenv_read(source, env->parent ? nz_compose_env_find : NULL, env->parent, env->values,
                        error);
}
