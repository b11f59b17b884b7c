/* SPDX-License-Identifier: Apache-2.0 */
/* `extends`: what another service says, under what this one says. */
#include <string.h>

#include "build/compose_private.h"
#include "core/limits.h"

/* Who extends whom: from the service that was asked for to the one at hand. */
typedef struct Link Link;
struct Link {
  const Link *outer;
  const NzComposeFile *file;
  const char *name;
  guint depth;
};

static NzFields *resolve(NzCompose *self, NzComposeFile *file, const char *name, const NzYaml *node,
                         const Link *outer, GError **error);

static gboolean
check_cycle(const NzComposeFile *file, const char *name, const NzYaml *node, const Link *outer,
            GError **error)
{
  for (const Link *link = outer; link; link = link->outer)
    if (strcmp(link->file->path, file->path) == 0 && strcmp(link->name, name) == 0) {
      g_autofree char *shown = nz_compose_show(name);
      return nz_compose_fail(node, error, "the service %s extends itself, by way of %u more", shown,
                             outer->depth - link->depth);
    }
  if (outer && outer->depth >= NZ_COMPOSE_DEPTH_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "%s:%u:%u: services extend others %u deep",
                NZ_NODE_SOURCE(node)->name, node->line, node->column, NZ_COMPOSE_DEPTH_MAX);
    return FALSE;
  }
  return TRUE;
}

/* The file that EXTENDS names: FILE itself where it names none. */
static NzComposeFile *
find_file(NzCompose *self, NzComposeFile *file, NzYaml *extends, GError **error)
{
  const NzYaml *path = nz_yaml_get(extends, "file");
  if (!path || path->empty)
    return file;
  if (path->kind != NZ_YAML_TEXT) {
    nz_compose_fail(path, error, "file must be a path");
    return NULL;
  }
  gboolean remote = nz_service_is_remote(path->text);
  g_autofree char *whole =
      remote ? g_strdup(path->text) : nz_service_join(file->directory, path->text);
  if (strcmp(whole, file->path) == 0)
    return file;
  g_autofree char *directory = nz_compose_directory(whole);
  return nz_compose_file_load(self, NULL, whole, directory, file->env, path, error);
}

/* What EXTENDS, a key of a service of FILE, stands for. */
static NzFields *
read_extends(NzCompose *self, NzComposeFile *file, NzYaml *extends, const Link *link,
             GError **error)
{
  const NzYaml *name =
      extends->kind == NZ_YAML_MAP ? nz_yaml_get(extends, "service") : (const NzYaml *)extends;
  if (!name || name->kind != NZ_YAML_TEXT || name->empty) {
    nz_compose_fail(extends, error, "extends must be a service's name, or a map with service:");
    return NULL;
  }
  NzComposeFile *other = find_file(self, file, extends, error);
  return other ? resolve(self, other, name->text, name, link, error) : NULL;
}

/* Lays what one document of FILE says of a service over FIELDS. */
static gboolean
read_document(NzCompose *self, NzFields *fields, NzComposeFile *file, NzYaml *node,
              const Link *link, GError **error)
{
  NzYaml *extends = nz_yaml_get(node, "extends");
  if (extends && !extends->empty && !(extends->tag && strcmp(extends->tag, "!reset") == 0)) {
    const NzFields *base = read_extends(self, file, extends, link, error);
    if (!base || !nz_fields_merge(self, fields, base, error))
      return FALSE;
  }
  return nz_fields_read(self, fields, file, node, error);
}

/* NODE asks for it; NULL: nobody does but the file. */
static NzFields *
resolve(NzCompose *self, NzComposeFile *file, const char *name, const NzYaml *node,
        const Link *outer, GError **error)
{
  if (node && !check_cycle(file, name, node, outer, error))
    return NULL;
  const Link link = {outer, file, name, outer ? outer->depth + 1 : 0};
  NzFields *fields = NULL;
  for (guint i = 0; i < file->documents->len; i++) {
    NzYaml *services = nz_yaml_get(file->documents->pdata[i], "services");
    gint at = services && services->kind == NZ_YAML_MAP ? nz_yaml_find(services, name) : -1;
    if (at < 0)
      continue;
    if (!fields)
      fields = nz_fields_new(self, services->keys->pdata[at]);
    if (!read_document(self, fields, file, services->items->pdata[at], &link, error))
      return NULL;
  }
  if (!fields && node) {
    g_autofree char *shown = nz_compose_show(name);
    nz_compose_fail(node, error, "there is no service %s in %s", shown, file->source->name);
  }
  return fields;
}

NzFields *
nz_compose_resolve(NzCompose *self, NzComposeFile *file, const char *name, GError **error)
{
  return resolve(self, file, name, NULL, NULL, error);
}
