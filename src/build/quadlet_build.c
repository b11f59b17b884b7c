/* SPDX-License-Identifier: Apache-2.0 */
/* .build units: an image is built of a Containerfile. */
#include <string.h>

#include "build/quadlet_private.h"

static const char section[] = "Build";

static void
take_argument(const char *value, const NzUnitWord *word G_GNUC_UNUSED,
              const NzQuadletFlag *flag G_GNUC_UNUSED, gpointer data)
{
  g_ptr_array_add(((NzService *)data)->arguments, g_strdup(value));
}

static void
take_context(const char *value, const NzUnitWord *word G_GNUC_UNUSED,
             const NzQuadletFlag *flag G_GNUC_UNUSED, gpointer data)
{
  g_ptr_array_add(((NzService *)data)->contexts, g_strdup(value));
}

static void
take_target(const char *value, const NzUnitWord *word G_GNUC_UNUSED,
            const NzQuadletFlag *flag G_GNUC_UNUSED, gpointer data)
{
  NzService *service = data;
  g_free(service->target);
  service->target = g_strdup(value);
}

static const NzQuadletFlag flags[] = {
    {"--build-arg", NULL, FALSE, take_argument},
    {"--build-context", NULL, FALSE, take_context},
    {"--target", NULL, FALSE, take_target},
    {NULL},
};

/* The directory that the builder gets: SetWorkingDirectory=, which may say "unit" or "file", then
 * that of [Service], then that of the file. */
static char *
find_context(const NzUnit *unit, const char *directory, const char *file)
{
  g_autofree char *said = nz_quadlet_get(unit, section, "SetWorkingDirectory", NULL);
  if (!said)
    said = nz_quadlet_get(unit, "Service", "WorkingDirectory", NULL);
  if (said && strcmp(said, "unit") == 0)
    return nz_service_join(directory, ".");
  gboolean of_file = !said || strcmp(said, "file") == 0;
  if (!of_file)
    return nz_service_is_remote(said) || nz_quadlet_is_open(said)
               ? g_steal_pointer(&said)
               : nz_service_join(directory, said);
  g_autofree char *whole = file ? nz_service_join(directory, file) : NULL;
  return whole ? g_path_get_dirname(whole) : nz_service_join(directory, ".");
}

/* BuildArg= has words NAME=value. */
static gboolean
add_arguments(const NzUnit *unit, NzService *service, GError **error)
{
  g_autoptr(GPtrArray) words = nz_unit_words(unit, section, "BuildArg", error);
  for (guint i = 0; words && i < words->len; i++)
    g_ptr_array_add(service->arguments, g_strdup(((NzUnitWord *)words->pdata[i])->text));
  return words != NULL;
}

gboolean
nz_quadlet_read_build(NzQuadlet *self, const NzUnit *unit, const char *directory,
                      NzService *service, GError **error)
{
  g_autofree char *tag = nz_quadlet_get(unit, section, "ImageTag", NULL);
  NzPlace *place = NULL;
  g_autofree char *file = nz_quadlet_get(unit, section, "File", &place);
  nz_place_free(service->build_place);
  service->build_place = place ? place : nz_place_copy(service->place);
  service->context = find_context(unit, directory, file);
  gboolean alone = !file || nz_service_is_remote(file) || nz_service_is_remote(service->context) ||
                   nz_quadlet_is_open(file) || nz_quadlet_is_open(service->context);
  if (file && !alone) {
    /* "file" names the directory of the file: there its base name is. */
    g_autofree char *of_unit = nz_service_join(directory, file);
    g_autofree char *in = g_path_get_dirname(of_unit);
    gboolean same = strcmp(in, service->context) == 0;
    service->dockerfile = same ? g_strdup(of_unit) : nz_service_join(service->context, file);
  } else {
    service->dockerfile = g_strdup(file);
  }
  if (nz_quadlet_is_open(service->context) || (file && nz_quadlet_is_open(file)))
    g_ptr_array_add(self->result->notes,
                    g_strdup_printf("%s: its context has a specifier, which systemd alone knows",
                                    service->name));
  if (tag) {
    g_free(service->image);
    service->image = g_steal_pointer(&tag);
  }
  service->target = nz_quadlet_get(unit, section, "Target", NULL);
  return add_arguments(unit, service, error) &&
         nz_quadlet_args(unit, section, flags, service, error);
}
