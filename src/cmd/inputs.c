/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/inputs.h"

#include "cmd/cmd.h"
#include "confine/confine.h"
#include "image/transport.h"
#include "scan/scan.h"

static void
add_path(GStrvBuilder *paths, const char *image)
{
  g_autofree char *path = nz_image_path(image);
  if (path)
    g_strv_builder_add(paths, path);
}

char **
nz_inputs_list(const char *const *images, const char *base)
{
  g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
  for (guint i = 0; images[i]; i++)
    add_path(paths, images[i]);
  if (base)
    add_path(paths, base);
  return g_strv_builder_end(paths);
}

void
nz_inputs_confine(const char *const *paths, gboolean verbose)
{
  g_autofree char *summary = NULL;
  nz_scan_prepare();
  nz_confine(paths, &summary);
  if (verbose)
    nz_complain("%s", summary);
}
