/* SPDX-License-Identifier: Apache-2.0 */
#include "servicekit.h"

#include <string.h>

#include "core/error.h"

typedef struct {
  const KitCase *kit;
  GPtrArray *sources; /* NzSourceFile */
} Shelf;

static NzSourceFile *
take(Shelf *self, const KitFile *file)
{
  NzSourceFile *source = nz_source_new(file->path, file->text, strlen(file->text));
  g_ptr_array_add(self->sources, source);
  return source;
}

static NzSourceFile *
read_file(const char *path, gpointer data, GError **error)
{
  Shelf *self = data;
  for (const KitFile *file = self->kit->files; file->path; file++)
    if (strcmp(file->path, path) == 0)
      return take(self, file);
  g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND, "%s: there is no such file", path);
  return NULL;
}

static GStrv
list_files(const char *directory, gpointer data)
{
  Shelf *self = data;
  g_autoptr(GPtrArray) found = g_ptr_array_new();
  for (const KitFile *file = self->kit->files; file->path; file++) {
    g_autofree char *of = g_path_get_dirname(file->path);
    if (strcmp(of, directory) == 0 && g_str_has_suffix(file->path, ".conf"))
      g_ptr_array_insert(found, 0, g_strdup(file->path)); /* the other way round */
  }
  g_ptr_array_add(found, NULL);
  return (GStrv)g_ptr_array_steal(found, NULL);
}

/* --- as text --- */

static void
add_place(GString *out, const Shelf *self, const NzPlace *place)
{
  if (!place)
    return;
  g_string_append_c(out, '@');
  if (strcmp(place->file, self->kit->files[0].path) != 0)
    g_string_append_printf(out, "%s:", place->file);
  g_string_append_printf(out, "%u:%u", place->line, place->column);
}

static void
add_text(GString *out, const char *name, const char *text)
{
  if (text)
    g_string_append_printf(out, " %s=%s", name, text);
}

static void
add_list(GString *out, const char *name, const GPtrArray *list)
{
  for (guint i = 0; i + 1 < list->len; i++)
    g_string_append_printf(out, " %s[%s]", name, (const char *)list->pdata[i]);
}

static const char *
kind_name(NzActKind kind)
{
  return kind == NZ_ACT_PRIVILEGED       ? "privileged"
         : kind == NZ_ACT_CAP_ADD        ? "cap"
         : kind == NZ_ACT_NEW_PRIVILEGES ? "new"
         : kind == NZ_ACT_HOST_USERNS    ? "host"
         : kind == NZ_ACT_PORT           ? "port"
                                         : "?";
}

static void
add_service(GString *out, const Shelf *self, const NzService *s)
{
  g_string_append(out, s->name);
  if (s->inactive)
    g_string_append(out, " inactive");
  add_text(out, "image", s->image);
  add_text(out, "context", s->context);
  add_text(out, "dockerfile", s->dockerfile);
  add_text(out, "inline", s->dockerfile_inline);
  add_text(out, "target", s->target);
  add_list(out, "arg", s->arguments);
  add_list(out, "context", s->contexts);
  add_text(out, "user", s->user);
  add_place(out, self, s->user_place);
  add_text(out, "unknown", s->unknown);
  if (s->userns)
    g_string_append(out, " userns");
  for (guint i = 0; i < s->acts->len; i++) {
    const NzAct *act = s->acts->pdata[i];
    g_string_append_printf(out, " %s", kind_name(act->kind));
    if (act->what && *act->what)
      g_string_append_printf(out, "(%s)", act->what);
    add_place(out, self, act->place);
  }
  g_string_append_c(out, '\n');
}

static char *
as_text(const Shelf *self, const NzServices *services, const GError *error)
{
  if (error)
    return g_strdup(error->message);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < services->services->len; i++)
    add_service(out, self, services->services->pdata[i]);
  for (guint i = 0; i < services->notes->len; i++)
    g_string_append_printf(out, "note: %s\n", (const char *)services->notes->pdata[i]);
  return g_string_free(out, FALSE);
}

static NzServiceOptions
options_of(Shelf *shelf)
{
  return (NzServiceOptions){.profiles = shelf->kit->profiles,
                            .environment = shelf->kit->environment,
                            .env_files = shelf->kit->env_files,
                            .read = read_file,
                            .list = list_files,
                            .data = shelf};
}

static char *
run(const KitCase *kit, gboolean quadlet)
{
  g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func((GDestroyNotify)nz_source_free);
  g_autoptr(GPtrArray) given = g_ptr_array_new();
  g_autoptr(GError) error = NULL;
  Shelf shelf = {kit, sources};
  const NzServiceOptions options = options_of(&shelf);
  for (guint i = 0; i < MAX(kit->n_given, 1); i++)
    g_ptr_array_add(given, take(&shelf, &kit->files[i]));
  g_autoptr(NzServices) services = quadlet ? nz_quadlet_read(given->pdata[0], &options, &error)
                                           : nz_compose_read(given, &options, &error);
  g_assert_true((services == NULL) == (error != NULL));
  return as_text(&shelf, services, error);
}

char *
kit_compose(const KitCase *kit)
{
  return run(kit, FALSE);
}

char *
kit_quadlet(const KitCase *kit)
{
  return run(kit, TRUE);
}
