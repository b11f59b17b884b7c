/* SPDX-License-Identifier: Apache-2.0 */
/* Compose files -> services: see compose_private.h for the way. */
#include <string.h>

#include "build/compose_private.h"
#include "core/limits.h"
#include "core/text.h"

/* --- the project: services of several files --- */

NzProject *
nz_project_new(void)
{
  NzProject *self = g_new(NzProject, 1);
  self->list = g_ptr_array_new();
  self->index = g_hash_table_new(nz_str_hash, g_str_equal);
  return self;
}

void
nz_project_free(NzProject *self)
{
  if (!self)
    return;
  g_ptr_array_unref(self->list);
  g_hash_table_unref(self->index);
  g_free(self);
}

/* Lays FIELDS over what there is of the same name. */
static gboolean
lay_over(NzCompose *self, NzProject *project, NzFields *fields, GError **error)
{
  guint at = GPOINTER_TO_UINT(g_hash_table_lookup(project->index, fields->name));
  NzFields *before = at ? project->list->pdata[at - 1] : NULL;
  if (before && !fields->removed)
    return nz_fields_merge(self, before, fields, error);
  if (before)
    project->list->pdata[at - 1] = NULL;
  if (fields->removed)
    return TRUE;
  g_ptr_array_add(project->list, fields);
  g_hash_table_replace(project->index, (gpointer)fields->name,
                       GUINT_TO_POINTER(project->list->len));
  return TRUE;
}

static gboolean
add_document(NzCompose *self, NzProject *project, const NzProject *included, NzComposeFile *file,
             guint number, GError **error)
{
  NzYaml *services = nz_yaml_get(file->documents->pdata[number], "services");
  if (!services || services->empty)
    return TRUE;
  if (services->kind != NZ_YAML_MAP)
    return nz_compose_fail(services, error, "services must be a map");
  if (services->tag &&
      (strcmp(services->tag, "!reset") == 0 || strcmp(services->tag, "!override") == 0)) {
    g_ptr_array_set_size(project->list, 0);
    g_hash_table_remove_all(project->index);
  }
  for (guint i = 0; i < services->keys->len; i++) {
    const NzYaml *key = services->keys->pdata[i];
    gboolean done = FALSE; /* with an earlier document, which resolved it for all of them */
    for (guint k = 0; k < number && !done; k++) {
      NzYaml *other = nz_yaml_get(file->documents->pdata[k], "services");
      done = nz_yaml_get(other, key->text) != NULL;
    }
    if (done)
      continue;
    if (g_hash_table_contains(included->index, key->text)) {
      g_autofree char *shown = nz_compose_show(key->text);
      return nz_compose_fail(key, error, "a service %s is included already", shown);
    }
    NzFields *fields = nz_compose_resolve(self, file, key->text, error);
    if (!fields || !lay_over(self, project, fields, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
nz_project_add_file(NzCompose *self, NzProject *project, NzComposeFile *file,
                    const NzComposeChain *outer, GError **error)
{
  const NzComposeChain chain = {outer, file, outer ? outer->depth + 1 : 0};
  g_autoptr(NzProject) included = nz_project_new();
  for (guint i = 0; i < file->documents->len; i++) {
    NzYaml *include = nz_yaml_get(file->documents->pdata[i], "include");
    if (include && !nz_compose_include(self, included, include, &chain, error))
      return FALSE;
  }
  for (guint i = 0; i < included->list->len; i++)
    if (!lay_over(self, project, included->list->pdata[i], error))
      return FALSE;
  for (guint i = 0; i < file->documents->len; i++)
    if (!add_document(self, project, included, file, i, error))
      return FALSE;
  return TRUE;
}

/* --- variables --- */

static void
add_environment(NzComposeEnv *env, const char *const *environment)
{
  for (; environment && *environment; environment++) {
    const char *equals = strchr(*environment, '=');
    if (equals)
      g_hash_table_replace(env->values, g_strndup(*environment, (gsize)(equals - *environment)),
                           g_strdup(equals + 1));
  }
}

static NzComposeEnv *
read_environment(NzCompose *self, const char *directory, GError **error)
{
  const NzServiceOptions *options = self->options;
  NzComposeEnv *outer = nz_compose_env_new(self, NULL);
  add_environment(outer, options->environment);
  NzComposeEnv *env = nz_compose_env_new(self, outer);
  if (!options->env_files) {
    g_autofree char *path = nz_service_join(directory, ".env");
    return nz_compose_env_read(self, env, path, TRUE, error) ? env : NULL;
  }
  for (const char *const *path = options->env_files; *path; path++)
    if (!nz_compose_env_read(self, env, *path, FALSE, error))
      return NULL;
  return env;
}

/* --- the reader --- */

static void
file_free(gpointer data)
{
  NzComposeFile *self = data;
  g_clear_pointer(&self->documents, g_ptr_array_unref);
  g_free(self->path);
  g_free(self->directory);
  g_free(self);
}

static void
env_free(gpointer data)
{
  NzComposeEnv *self = data;
  g_hash_table_unref(self->values);
  g_free(self);
}

static void
fields_free(gpointer data)
{
  NzFields *self = data;
  for (guint i = 0; i < NZ_FIELD_N; i++)
    if (self->values[i])
      g_array_unref(self->values[i]);
  g_free(self);
}

static void
init(NzCompose *self, const NzServiceOptions *options)
{
  self->options = options;
  self->result = nz_services_new();
  self->files = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  self->all_files = g_ptr_array_new_with_free_func(file_free);
  self->all_envs = g_ptr_array_new_with_free_func(env_free);
  self->all_fields = g_ptr_array_new_with_free_func(fields_free);
  self->texts = g_string_chunk_new(1024);
  self->unset = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  self->noted = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  self->left = NZ_COMPOSE_NODES_MAX;
}

static void
done(NzCompose *self)
{
  g_hash_table_unref(self->noted);
  g_hash_table_unref(self->unset);
  g_string_chunk_free(self->texts);
  g_ptr_array_unref(self->all_fields);
  g_ptr_array_unref(self->all_envs);
  g_ptr_array_unref(self->all_files);
  g_hash_table_unref(self->files);
  nz_services_free(self->result);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzCompose, done)

/* Paths of all files begin where the first stands. */
static gboolean
read_files(NzCompose *self, const GPtrArray *files, NzProject *project, GError **error)
{
  NzSourceFile *first = files->pdata[0];
  g_autofree char *directory = self->options->directory ? g_strdup(self->options->directory)
                                                        : nz_compose_directory(first->name);
  NzComposeEnv *env = read_environment(self, directory, error);
  for (guint i = 0; env && i < files->len; i++) {
    NzSourceFile *source = files->pdata[i];
    const char *slash = strrchr(source->name, '/');
    g_autofree char *path = i > 0 ? nz_service_join(NULL, source->name)
                                  : nz_service_join(directory, slash ? slash + 1 : source->name);
    NzComposeFile *file = nz_compose_file_load(self, source, path, directory, env, NULL, error);
    if (!file || !nz_project_add_file(self, project, file, NULL, error))
      return FALSE;
  }
  return env != NULL;
}

NzServices *
nz_compose_read(const GPtrArray *files, const NzServiceOptions *options, GError **error)
{
  g_auto(NzCompose) self = {0};
  init(&self, options);
  g_autoptr(NzProject) project = nz_project_new();
  if (files->len > 0 && !read_files(&self, files, project, error))
    return NULL;
  for (guint i = 0; i < project->list->len; i++)
    if (project->list->pdata[i] && !nz_compose_convert(&self, project->list->pdata[i], error))
      return NULL;
  return g_steal_pointer(&self.result);
}
