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
__attribute__((weak)) const NzEngine nz_engine_docker_daemon = {
    .name = "docker-daemon", .title = "Docker", .find = find_none};
__attribute__((weak)) const NzEngine nz_engine_containerd = {
    .name = "containerd", .title = "containerd", .find = find_none};
