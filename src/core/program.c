/* SPDX-License-Identifier: Apache-2.0 */
#include "core/program.h"

#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

#include "places.h"

char *
nz_program_find(const char *name, const char *variable)
{
  const char *said = secure_getenv(variable);
  if (said && *said)
    return g_strdup(said);
  g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
  g_autofree char *folder = self ? g_path_get_dirname(self) : NULL;
  g_autofree char *beside = folder ? g_build_filename(folder, name, NULL) : NULL;
  if (beside && access(beside, X_OK) == 0)
    return g_steal_pointer(&beside);
  return g_build_filename(NZ_LIBEXECDIR, name, NULL);
}
