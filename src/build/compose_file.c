/* SPDX-License-Identifier: Apache-2.0 */
/* One Compose file: its documents, with variables replaced in all their texts, as Compose does it
 * before anything is looked at. */
#include <string.h>

#include "build/compose_private.h"
#include "build/interpolate.h"
#include "core/limits.h"
#include "core/text.h"

typedef struct {
  NzCompose *compose;
  NzComposeFile *file;
  NzYaml *node; /* the text at hand */
} Reader;

static const char *
find(const char *name, gpointer data)
{
  const Reader *self = data;
  return nz_compose_env_find(name, self->file->env);
}

static void
note_unset(const char *name, gpointer data)
{
  const Reader *self = data;
  NzCompose *compose = self->compose;
  if (!g_hash_table_contains(compose->unset, self->node))
    g_hash_table_insert(compose->unset, self->node, g_strdup(name));
  if (g_hash_table_contains(compose->noted, name))
    return;
  g_hash_table_add(compose->noted, g_strdup(name));
  nz_services_note(compose->result, self->file->source, self->node->start,
                   "the variable %s has no value; an empty text is taken", name);
}

static gboolean
replace_text(Reader *self, NzYaml *node, GError **error)
{
  if (!strchr(node->text, '$'))
    return TRUE;
  self->node = node;
  const NzInterpolation how = {.lookup = find, .data = self, .unset = note_unset};
  g_autoptr(GError) wrong = NULL;
  char *text = nz_interpolate(node->text, &how, &wrong);
  if (!text)
    return nz_compose_fail(node, error, "%s", wrong->message);
  nz_yaml_set_text(node, text);
  return TRUE;
}

/* Keys stay as they are. */
static gboolean
replace_all(Reader *self, NzYaml *node, GError **error)
{
  if (node->kind == NZ_YAML_TEXT)
    return replace_text(self, node, error);
  for (guint i = 0; i < node->items->len; i++)
    if (!replace_all(self, node->items->pdata[i], error))
      return FALSE;
  return TRUE;
}

/* Compose sets it: what the first file says, unless the environment does. */
static void
set_project_name(const NzComposeFile *file)
{
  static const char name[] = "COMPOSE_PROJECT_NAME";
  const NzYaml *said = nz_yaml_get(file->documents->pdata[0], "name");
  if (said && said->kind == NZ_YAML_TEXT && !said->empty && !strchr(said->text, '$') &&
      !nz_compose_env_find(name, file->env))
    g_hash_table_replace(file->env->values, g_strdup(name), g_strdup(said->text));
}

static gboolean
check_documents(const NzComposeFile *file, GError **error)
{
  if (file->documents->len <= NZ_COMPOSE_FILES_MAX)
    return TRUE;
  const NzYaml *first = file->documents->pdata[NZ_COMPOSE_FILES_MAX];
  g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "%s:%u:%u: more than %u documents",
              file->source->name, first->line, first->column, NZ_COMPOSE_FILES_MAX);
  return FALSE;
}

static gboolean
parse(NzCompose *self, NzComposeFile *file, GError **error)
{
  NzSourceFile *source = file->source;
  const NzYamlRules rules = {
      .depth = NZ_COMPOSE_LEVELS_MAX, .nodes = NZ_COMPOSE_NODES_MAX, .owner = source};
  file->documents = nz_yaml_parse_open(source->data, source->len, source->name, &rules, error);
  if (!file->documents || !check_documents(file, error))
    return FALSE;
  if (self->all_files->len == 1)
    set_project_name(file);
  Reader reader = {.compose = self, .file = file};
  for (guint i = 0; i < file->documents->len; i++) {
    NzYaml *document = file->documents->pdata[i];
    if (document->kind != NZ_YAML_MAP && !document->empty)
      return nz_compose_fail(document, error, "a Compose file must be a map (services: ...)");
    if (!replace_all(&reader, document, error))
      return FALSE;
    nz_compose_note_keys(self, document);
  }
  return TRUE;
}

/* Says who asked for the file. */
static gboolean
ask(NzCompose *self, const char *path, const NzYaml *node, NzSourceFile **source, GError **error)
{
  g_autofree char *shown = nz_compose_show(path);
  if (self->all_files->len >= NZ_COMPOSE_FILES_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "%s: more than %u Compose files",
                NZ_NODE_SOURCE(node)->name, NZ_COMPOSE_FILES_MAX);
    return FALSE;
  }
  if (nz_service_is_remote(path))
    return nz_compose_fail(node, error, "%s is not read: it is not a file here", shown);
  if (!self->options->read)
    return nz_compose_fail(node, error, "%s is not read: no other files are, here", shown);
  g_autoptr(GError) wrong = NULL;
  *source = self->options->read(path, self->options->data, &wrong);
  return *source ? TRUE
                 : nz_compose_fail(node, error, "%s", wrong ? wrong->message : "not to be read");
}

NzComposeFile *
nz_compose_file_load(NzCompose *self, NzSourceFile *source, const char *path, const char *directory,
                     NzComposeEnv *env, const NzYaml *node, GError **error)
{
  g_autofree char *id =
      g_strdup_printf("%s\n%s\n%p", path, directory ? directory : "", (const void *)env);
  NzComposeFile *file = source ? NULL : g_hash_table_lookup(self->files, id);
  if (file || (!source && !ask(self, path, node, &source, error)))
    return file;
  file = g_new0(NzComposeFile, 1);
  g_ptr_array_add(self->all_files, file);
  file->source = source;
  file->path = g_strdup(path);
  file->directory = g_strdup(directory);
  file->env = env;
  if (!parse(self, file, error))
    return NULL;
  g_hash_table_replace(self->files, g_steal_pointer(&id), file);
  return file;
}

char *
nz_compose_directory(const char *path)
{
  const char *slash = strrchr(path, '/');
  if (!slash)
    return NULL;
  return slash == path ? g_strdup("/") : g_strndup(path, (gsize)(slash - path));
}

NzPlace *
nz_compose_place(const NzYaml *node)
{
  return nz_source_place(NZ_NODE_SOURCE(node), (NzSpan){node->start, MAX(node->start, node->end)});
}

char *
nz_compose_show(const char *text)
{
  g_autofree char *all = nz_printable(text, -1);
  if (g_utf8_strlen(all, -1) <= 80)
    return g_steal_pointer(&all);
  g_autofree char *start = g_utf8_substring(all, 0, 80);
  return g_strconcat(start, "...", NULL);
}
