/* SPDX-License-Identifier: Apache-2.0 */
#include "lsp/document.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"

/* PATH as findings name it: patterns of a policy then mean the same here as where the program runs
 * in the workspace's folder. */
static char *
name_of(const char *path, const char *root)
{
  gsize n = root ? strlen(root) : 0;
  gboolean within = n > 0 && strncmp(path, root, n) == 0 && path[n] == '/' && path[n + 1];
  return nz_printable(within ? path + n + 1 : path, -1);
}

/* What editors call files whose names say nothing. */
static gboolean
kind_of_language(const char *language, NzSourceKind *kind)
{
  static const struct {
    const char *language;
    NzSourceKind kind;
  } kinds[] = {{"dockerfile", NZ_SOURCE_DOCKERFILE},
               {"dockercompose", NZ_SOURCE_COMPOSE},
               {"yaml.docker-compose", NZ_SOURCE_COMPOSE}};
  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (g_strcmp0(language, kinds[i].language) == 0) {
      *kind = kinds[i].kind;
      return TRUE;
    }
  return FALSE;
}

/* "a/compose.override.yaml" of "a/compose.yaml" is merged over it, and is nothing by itself. */
#define OVERRIDE ".override."

static char *
override_of(const char *name)
{
  const char *dot = strrchr(name, '.');
  g_autofree char *path =
      dot ? g_strdup_printf("%.*s" OVERRIDE "%s", (int)(dot - name), name, dot + 1) : NULL;
  return path && g_file_test(path, G_FILE_TEST_EXISTS) ? g_steal_pointer(&path) : NULL;
}

NzDocument *
nz_document_new(const char *uri, const char *root, const char *language, const NzJudge *judge)
{
  NzDocument *self = g_new0(NzDocument, 1);
  g_autofree char *path = g_filename_from_uri(uri, NULL, NULL);
  self->uri = g_strdup(uri);
  self->directory = path ? g_path_get_dirname(path) : NULL;
  self->name = name_of(path ? path : uri, path ? root : NULL);
  self->is_source =
      (path && judge->kind_of(path, &self->kind)) || kind_of_language(language, &self->kind);
  self->is_nameless = path && !self->is_source;
  if (self->is_source && self->kind == NZ_SOURCE_COMPOSE && strstr(self->name, OVERRIDE))
    self->is_source = FALSE;
  self->subjects = g_ptr_array_new_with_free_func((GDestroyNotify)nz_subject_free);
  return self;
}

void
nz_document_free(NzDocument *self)
{
  if (!self)
    return;
  g_ptr_array_unref(self->subjects); /* they borrow from the policy */
  nz_policy_free(self->policy);
  nz_lines_free(self->lines);
  g_free(self->uri);
  g_free(self->directory);
  g_free(self->name);
  g_free(self->failure);
  g_free(self->policy_failure);
  g_free(self);
}

/* --- its text --- */

void
nz_document_set(NzDocument *self, const char *text, gsize len, NzUnits units)
{
  g_clear_pointer(&self->lines, nz_lines_free);
  if (len <= NZ_LSP_DOCUMENT_MAX)
    self->lines = nz_lines_new(text, len, units);
}

gboolean
nz_document_change(NzDocument *self, const json_t *change, NzUnits units)
{
  const json_t *text = json_object_get(change, "text"), *range = json_object_get(change, "range");
  gsize start, end, len = json_string_length(text);
  if (!json_is_string(text))
    return FALSE;
  if (!range) {
    nz_document_set(self, json_string_value(text), len, units);
    return TRUE;
  }
  if (!self->lines) /* what it was is not known; the editor may send all of it one day */
    return TRUE;
  if (!nz_lines_offsets(self->lines, range, &start, &end))
    return FALSE;
  if (self->lines->text->len - (end - start) + len > NZ_LSP_DOCUMENT_MAX)
    g_clear_pointer(&self->lines, nz_lines_free);
  else
    nz_lines_replace(self->lines, start, end, json_string_value(text), len);
  return TRUE;
}

/* --- its verdicts --- */

void
nz_document_find_policy(NzDocument *self)
{
  g_autoptr(GError) error = NULL;
  g_ptr_array_set_size(self->subjects, 0);
  g_clear_pointer(&self->policy, nz_policy_free);
  g_clear_pointer(&self->policy_failure, g_free);
  self->policy = nz_policy_search_from(self->directory, &error);
  if (error)
    self->policy_failure = g_strdup(error->message);
  if (!self->policy)
    self->policy = nz_policy_new();
}

/* The reader's errors begin with where they are. */
static void
set_failure(NzDocument *self, const char *message)
{
  guint line = 1, column = 1;
  const char *rest = nz_place_of_message(message, self->name, &line, &column);
  self->failure = g_strdup(rest ? rest : message);
  self->failed_at = rest && self->lines ? nz_lines_offset_of_place(self->lines, line, column) : 0;
}

/* Every other word that is typed may make a manifest of what was none. */
static void
look_for_manifest(NzDocument *self, const NzJudge *judge)
{
  self->kind = NZ_SOURCE_MANIFEST;
  self->is_source = self->lines && judge->is_manifest &&
                    judge->is_manifest(self->name, self->lines->text->str, self->lines->text->len);
}

static void
apply_policy(NzDocument *self)
{
  nz_policy_begin_anew(self->policy);
  for (guint i = 0; i < self->subjects->len; i++)
    nz_policy_apply(self->policy, self->subjects->pdata[i]);
}

void
nz_document_judge(NzDocument *self, const NzJudge *judge)
{
  g_ptr_array_set_size(self->subjects, 0);
  g_clear_pointer(&self->failure, g_free);
  if (self->is_nameless)
    look_for_manifest(self, judge);
  if (!self->is_source)
    return;
  if (!self->lines || self->lines->text->len > NZ_SOURCE_MAX) {
    set_failure(self, "it is larger than a source may be, and is not judged");
    return;
  }
  const char *profile = self->policy ? nz_policy_profile(self->policy) : NULL;
  g_autofree char *override =
      self->kind == NZ_SOURCE_COMPOSE && self->directory ? override_of(self->name) : NULL;
  const char *const overrides[] = {override, NULL};
  g_auto(GStrv) environment = g_get_environ(); /* Compose's variables */
  NzLintOptions options = {.profile = profile ? profile : nz_profiles[0],
                           .platform = NZ_HOST_PLATFORM,
                           .environment = (const char *const *)environment,
                           .overrides = override ? overrides : NULL,
                           .fix = TRUE,
                           .find_base = judge->find_base,
                           .find_image = judge->find_image,
                           .data = judge->data};
  g_autoptr(GError) error = NULL;
  g_autoptr(NzSourceFile) source =
      nz_source_new(self->name, self->lines->text->str, self->lines->text->len);
  if (!judge->lint(source, self->kind, self->directory, &options, self->subjects, &error)) {
    g_ptr_array_set_size(self->subjects, 0);
    set_failure(self, error ? error->message : "it could not be judged");
    return;
  }
  apply_policy(self);
}

/* --- where --- */

gboolean
nz_document_holds(const NzDocument *self, const NzPlace *place)
{
  return place && strcmp(place->file, self->name) == 0;
}

void
nz_document_part(const NzDocument *self, const NzSubject *s, const NzFinding *f, gsize *start,
                 gsize *end)
{
  const NzPlace *place = nz_document_holds(self, f->place)   ? f->place
                         : nz_document_holds(self, s->place) ? s->place
                                                             : NULL;
  gsize len = self->lines->text->len;
  *start = place ? MIN(place->start, len) : 0;
  *end = place ? MIN(MAX(place->end, place->start), len) : nz_lines_end(self->lines, 0);
}
