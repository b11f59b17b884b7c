/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/inputs.h"

#include <stdlib.h>

#include "cmd/cmd.h"
#include "image/transport.h"

char **
nz_inputs_list(const char *const *images, const char *base)
{
  g_autoptr(GStrvBuilder) inputs = g_strv_builder_new();
  g_strv_builder_addv(inputs, (const char **)images);
  if (base)
    g_strv_builder_add(inputs, base);
  return g_strv_builder_end(inputs);
}

char **
nz_inputs_paths(char **inputs)
{
  g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
  for (guint i = 0; inputs[i]; i++) {
    g_autofree char *path = nz_image_path(inputs[i]);
    if (path)
      g_strv_builder_add(paths, path);
  }
  return g_strv_builder_end(paths);
}

void
nz_inputs_confine(nonzero_scanner *scanner, const char *const *inputs, gboolean verbose)
{
  char *summary = NULL;
  nonzero_scanner_confine(scanner, inputs, &summary);
  if (verbose)
    nz_complain("%s", summary);
  free(summary);
}
