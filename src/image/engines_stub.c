/* SPDX-License-Identifier: Apache-2.0 */
/* Engines that are not written yet. */
#include "image/engine.h"

static gboolean
find_none(const char *spec G_GNUC_UNUSED, GPtrArray *stores G_GNUC_UNUSED,
          GError **error G_GNUC_UNUSED)
{
  return TRUE;
}

__attribute__((weak)) const NzEngine nz_engine_containers_storage = {
    .name = "containers-storage", .title = "Podman, Buildah, CRI-O", .find = find_none};

/* --- what these engines need, and is not written yet either --- */

#include "image/dirwalk.h"

__attribute__((weak)) gboolean
nz_directory_read(int fd G_GNUC_UNUSED, NzDirWalkFlags flags G_GNUC_UNUSED,
                  const NzReadOptions *options G_GNUC_UNUSED, NzLayerLog *log G_GNUC_UNUSED,
                  NzLayerResult *result G_GNUC_UNUSED, GError **error)
{
  return nz_set_input(error, "directories of layers are not read yet");
}
