/* SPDX-License-Identifier: Apache-2.0 */
/* `include`: other Compose files with their own directory and .env, whose services are added. */
#include <string.h>

#include "build/compose_private.h"
#include "core/limits.h"

typedef struct {
  NzCompose *compose;
  NzProject *project;
  const NzComposeChain *chain;
  NzYaml *entry;
} Reader;

/* A text or a list of texts, each as a path from DIRECTORY. */
static GPtrArray *
read_paths(const NzYaml *value, const char *key, const char *directory, GPtrArray *nodes,
           GError **error)
{
  g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
  guint n = value->kind == NZ_YAML_LIST ? value->items->len : 1;
  for (guint i = 0; i < n; i++) {
    const NzYaml *item = value->kind == NZ_YAML_LIST ? value->items->pdata[i] : value;
    if (item->kind != NZ_YAML_TEXT || item->empty) {
      nz_compose_fail(item, error, "%s must be a path, or a list of paths", key);
      return NULL;
    }
    gboolean remote = nz_service_is_remote(item->text);
    g_ptr_array_add(paths, remote ? g_strdup(item->text) : nz_service_join(directory, item->text));
    if (nodes)
      g_ptr_array_add(nodes, (gpointer)item);
  }
  return g_steal_pointer(&paths);
}

/* The variables that count in what is included: those around it, then its own .env. */
static NzComposeEnv *
read_env(Reader *self, const char *directory, GError **error)
{
  const NzComposeFile *file = self->chain->file;
  NzComposeEnv *env = nz_compose_env_new(self->compose, file->env);
  const NzYaml *said = nz_yaml_get(self->entry, "env_file");
  if (!said || said->empty) {
    g_autofree char *path = nz_service_join(directory, ".env");
    return nz_compose_env_read(self->compose, env, path, TRUE, error) ? env : NULL;
  }
  g_autoptr(GPtrArray) paths = read_paths(said, "env_file", file->directory, NULL, error);
  for (guint i = 0; paths && i < paths->len; i++) {
    g_autoptr(GError) wrong = NULL;
    if (!nz_compose_env_read(self->compose, env, paths->pdata[i], FALSE, &wrong)) {
      nz_compose_fail(said, error, "%s", wrong->message);
      return NULL;
    }
  }
  return paths ? env : NULL;
}

static gboolean
check_cycle(const Reader *self, const char *path, const NzYaml *node, GError **error)
{
  for (const NzComposeChain *c = self->chain; c; c = c->outer)
    if (strcmp(c->file->path, path) == 0)
      return nz_compose_fail(node, error, "the file includes itself, by way of %u more",
                             self->chain->depth - c->depth);
  if (self->chain->depth < NZ_COMPOSE_DEPTH_MAX)
    return TRUE;
  g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "%s:%u:%u: files include others %u deep",
              NZ_NODE_SOURCE(node)->name, node->line, node->column, NZ_COMPOSE_DEPTH_MAX);
  return FALSE;
}

static gboolean
is_same(const NzYaml *a, const NzYaml *b)
{
  return a->start == b->start && strcmp(NZ_NODE_SOURCE(a)->name, NZ_NODE_SOURCE(b)->name) == 0;
}

/* The same service may come by two ways, but not two of one name. */
static gboolean
import(Reader *self, const NzProject *included, GError **error)
{
  NzProject *project = self->project;
  for (guint i = 0; i < included->list->len; i++) {
    NzFields *fields = included->list->pdata[i];
    if (!fields)
      continue;
    guint at = GPOINTER_TO_UINT(g_hash_table_lookup(project->index, fields->name));
    const NzFields *other = at ? project->list->pdata[at - 1] : NULL;
    if (!other) {
      g_ptr_array_add(project->list, fields);
      g_hash_table_replace(project->index, (gpointer)fields->name,
                           GUINT_TO_POINTER(project->list->len));
    } else if (!is_same(other->key, fields->key)) {
      g_autofree char *shown = nz_compose_show(fields->name);
      return nz_compose_fail(self->entry, error, "it brings a second service %s", shown);
    }
  }
  return TRUE;
}

/* Several paths are one project: the later are laid over the first. */
static gboolean
include_files(Reader *self, const GPtrArray *paths, const GPtrArray *nodes, const char *directory,
              GError **error)
{
  NzComposeEnv *env = read_env(self, directory, error);
  g_autoptr(NzProject) included = nz_project_new();
  for (guint i = 0; env && i < paths->len; i++) {
    if (!check_cycle(self, paths->pdata[i], nodes->pdata[i], error))
      return FALSE;
    NzComposeFile *file = nz_compose_file_load(self->compose, NULL, paths->pdata[i], directory, env,
                                               nodes->pdata[i], error);
    if (!file || !nz_project_add_file(self->compose, included, file, self->chain, error))
      return FALSE;
  }
  return env && import(self, included, error);
}

static gboolean
include_entry(Reader *self, GError **error)
{
  const NzComposeFile *file = self->chain->file;
  NzYaml *entry = self->entry;
  gboolean map = entry->kind == NZ_YAML_MAP;
  const NzYaml *path = map ? nz_yaml_get(entry, "path") : (const NzYaml *)entry;
  if (!path || (!map && path->kind != NZ_YAML_TEXT))
    return nz_compose_fail(entry, error, "include takes paths, or maps with path:");
  g_autoptr(GPtrArray) nodes = g_ptr_array_new();
  g_autoptr(GPtrArray) paths = read_paths(path, "path", file->directory, nodes, error);
  if (!paths || paths->len == 0)
    return paths != NULL;
  const NzYaml *said = map ? nz_yaml_get(entry, "project_directory") : NULL;
  if (said && said->kind != NZ_YAML_TEXT)
    return nz_compose_fail(said, error, "project_directory must be a path");
  g_autofree char *directory = said && !said->empty ? nz_service_join(file->directory, said->text)
                                                    : nz_compose_directory(paths->pdata[0]);
  return include_files(self, paths, nodes, directory, error);
}

gboolean
nz_compose_include(NzCompose *self, NzProject *project, NzYaml *include,
                   const NzComposeChain *chain, GError **error)
{
  Reader reader = {self, project, chain, include};
  if (include->empty)
    return TRUE;
  if (include->kind != NZ_YAML_LIST)
    return include_entry(&reader, error);
  for (guint i = 0; i < include->items->len; i++) {
    reader.entry = include->items->pdata[i];
    if (!include_entry(&reader, error))
      return FALSE;
  }
  return TRUE;
}
